"""What all who were asked would have said and done: scores and effects by weights on the answers.

That weights are estimated counts in every interval: M-estimation, the estimates' equations stacked
on those of the weights (Stefanski and Boos 2002, Am. Stat. 56: 29-38). `requests` is as in
`response_propensity`, with what followed each request: `repeats`, `orders`, `spend`, `margin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.effects.repeat_effect import adjustment, lookback
from profitchain.effects.response_propensity import (
    Weights,
    answers_of,
    by_cluster,
    equal_weights,
    too_few,
    weights,
)
from profitchain.measures.satisfaction import answers_to, measures_of
from profitchain.sources.company import Question
from profitchain.stats.glm import Fit, Quantities, bread_of, fit, levels_of
from profitchain.stats.margins import estimates, stacked, steps
from profitchain.stats.model_design import Outcome, build, kish
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import CLUSTERED, stated

AS_ANSWERED_AND_WEIGHTED = (Reason("as_answered"), Reason("weighted"))


def weighted_score(
    requests: pd.DataFrame, question: Question, *, level: float = 0.95
) -> MaybeEstimate:
    """Return the main question's headline score if everybody asked had answered.

    It holds where those who answer and those who don't, alike in all that is known of them, would
    give the same scores. Unit and bounds are those of the measure (`satisfaction.measures_of`).
    """
    return score_by(requests, question, weights(requests), level=level)


def score_by(
    requests: pd.DataFrame,
    question: Question,
    weighted: Weights | NotEstimable,
    *,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the main question's headline score with given weights."""
    if isinstance(weighted, NotEstimable):
        return weighted
    if refused := too_few(requests):
        return refused
    measure = measures_of(question)[0]
    mean = _mean(requests, contributions(question, requests["score"]), weighted)
    return stated(mean.linear, unit=measure.unit, bounds=measure.bounds, level=level)


def score_moved(
    requests: pd.DataFrame, question: Question, *, level: float = 0.95
) -> MaybeEstimate:
    """Return the weighted score less the plain one, their errors taken together."""
    weighted = weights(requests)
    if isinstance(weighted, NotEstimable):
        return weighted
    if refused := too_few(requests):
        return refused
    what = contributions(question, requests["score"])
    sides = [
        _mean(requests, what, weighted_answers)
        for weighted_answers in (weighted, equal_weights(requests))
    ]
    return stated(_difference(sides).linear, unit=measures_of(question)[0].unit, level=level)


def contributions(question: Question, scores: pd.Series) -> np.ndarray:
    """Return what an answer of each score adds to the headline score: 100, 0 or -100 for NPS."""
    rows = pd.DataFrame({"question": question.name, "score": scores.to_numpy(float), "n": 1})
    amounts = answers_to(rows, question)[measures_of(question)[0].numerator].to_numpy(float)
    return np.where(rows["score"].isna(), 0.0, amounts)


def weighted_effect(
    requests: pd.DataFrame,
    *,
    controls: Sequence[str],
    outcome: Outcome = "repeats",
    unit: str = "share",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the adjusted effect of one point among everybody asked, by weights on the answers.

    The average marginal effect of a weighted logit (Poisson mean model for amounts), averaged with
    the weights; over the answers whose window closed in the lookback.
    """
    rows = lookback(requests)
    return effect_by(
        rows, weights(rows), controls=controls, outcome=outcome, unit=unit, level=level
    )


def effect_by(
    requests: pd.DataFrame,
    weighted: Weights | NotEstimable,
    *,
    controls: Sequence[str],
    outcome: Outcome = "repeats",
    unit: str = "share",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the adjusted effect of one point with given weights."""
    result = _effect(requests, weighted, controls, outcome)
    if isinstance(result, NotEstimable):
        return result
    effect, model = result
    kind = "logit" if outcome == "repeats" else "Poisson mean model"
    method = f"average marginal effect (weighted {kind}); {adjustment(model)}; {CLUSTERED}"
    return estimates(effect, unit=unit, level=level, method=method)[0]


def effect_moved(
    requests: pd.DataFrame, *, controls: Sequence[str], level: float = 0.95
) -> MaybeEstimate:
    """Return the weighted effect of a point on repeats less the plain one, over the lookback."""
    sides = []
    for answer_weights in (weights(requests), equal_weights(requests)):
        side = _effect(requests, answer_weights, controls, "repeats")
        if isinstance(side, NotEstimable):
            return side
        sides.append(side[0])
    moved = _difference(sides)
    return estimates(moved, unit="share", level=level, method=CLUSTERED)[0]


def compare_scores(requests: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the score as answered and weighted: label, value, low, high, n, why, unit."""
    both = equal_weights(requests), weights(requests)
    scores = [score_by(requests, question, answer_weights) for answer_weights in both]
    frame = to_frame(scores, label=AS_ANSWERED_AND_WEIGHTED)
    return frame.assign(unit=measures_of(question)[0].unit)


def compare_effects(requests: pd.DataFrame, *, controls: Sequence[str]) -> pd.DataFrame:
    """Return the effect of one point as answered and weighted: label, value (shares), n, why."""
    both = equal_weights(requests), weights(requests)
    effects = [effect_by(requests, answer_weights, controls=controls) for answer_weights in both]
    return to_frame(effects, label=AS_ANSWERED_AND_WEIGHTED)


def weighted_fit(
    requests: pd.DataFrame, weighted: Weights, controls: Sequence[str], outcome: Outcome
) -> tuple[Fit, np.ndarray] | NotEstimable:
    """Return the outcome's model with weighted answers, and the rows of `requests` it stands on."""
    rows = np.flatnonzero(weighted.by_row)
    design = build(requests.iloc[rows], as_it_is, controls=controls, outcome=outcome)
    if isinstance(design, NotEstimable):
        return design
    weight = weighted.by_row[rows]
    model = fit(replace(design, n=design.n * weight, total=design.total * weight))
    return model if isinstance(model, NotEstimable) else (model, rows)


def _effect(
    requests: pd.DataFrame,
    weighted: Weights | NotEstimable,
    controls: Sequence[str],
    outcome: Outcome,
) -> tuple[Quantities, Fit] | NotEstimable:
    """Return the weighted average marginal effect with all that its error is made of, and its fit.

    Its parts: the model's coefficients, whom the average is over, and the weights' parameters,
    which move both.
    """
    if isinstance(weighted, NotEstimable):
        return weighted
    fitted = weighted_fit(requests, weighted, controls, outcome)
    if isinstance(fitted, NotEstimable):
        return fitted
    model, rows = fitted
    design, beta = model.design, model.coefficients.values[0]
    mean, slope, curvature = levels_of(model.predictor, binary=design.binary)
    share = design.n / design.n.sum()
    gradient, each = beta * (share * curvature) @ design.columns, beta * slope
    gradient[0] += share @ slope
    if model.penalised:
        each, gradients = steps(model)
        gradient = share @ gradients
    value = share @ each
    around = share * (each - value)
    parts = [model.coefficients.combine(gradient), by_cluster(around, design.clusters)]
    if weighted.parameters is not None:
        relative = weighted.slopes[rows] / weighted.by_row[rows, None]
        residuals = (design.total - design.n * mean)[:, None] * relative
        moved = (
            gradient @ bread_of(design, model.coefficients.values) @ design.columns.T @ residuals
        )
        parts.append(weighted.parameters.combine(moved + around @ relative))
    errors = stacked(parts).combine(np.ones(len(parts)))
    answers = round(answers_of(requests).sum())
    effective = model.coefficients.effective
    return replace(errors, values=np.array([value]), n=answers, effective=effective), model


def _mean(requests: pd.DataFrame, what: np.ndarray, weighted: Weights) -> Quantities:
    """Return the weighted mean over the answers of what each adds."""
    n = answers_of(requests)
    mass = n * weighted.by_row
    rows = mass > 0
    value = float(mass @ what / mass.sum()) if np.ptp(what[rows]) else float(what[rows][0])
    residuals = n * (what - value) / mass.sum()
    clusters = requests["cluster"].to_numpy()[rows]
    parts = [by_cluster((weighted.by_row * residuals)[rows], clusters)]
    if weighted.parameters is not None:
        parts.append(weighted.parameters.combine(residuals @ weighted.slopes))
    errors = stacked(parts).combine(np.ones(len(parts)))
    of_each = np.bincount(pd.factorize(clusters)[0], mass[rows])
    return replace(errors, values=np.array([value]), n=round(n.sum()), effective=kish(of_each))


def _difference(sides: Sequence[Quantities]) -> Quantities:
    """Return the first number less the second, with the n of one: both are of the same answers."""
    return replace(stacked(sides).combine(np.array([1.0, -1.0])), n=sides[0].n)
