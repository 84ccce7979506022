"""How ready customers are to answer, by what is known of them, and the weights that this gives.

Every function reads *asked*: one row for each distinct combination of what was known of a request
to answer, with `n` (answers, or requests without one), `score` (NaN where the main question was not
answered), `cluster`, `late`, and where a request can have several answers `asks`: 1 in one row of
each, 0 in those of its further answers. The chance of answering is a logit on the history before
the request and on every text column (segments, touchpoint); each answer's weight is one over the
chance of its request (Horvitz and Thompson 1952, JASA 47: 663-685).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason
from profitchain.stats.glm import Fit, Quantities, fit, levels_of
from profitchain.stats.model_design import (
    EVENTS_PER_TERM,
    FEWEST_CUSTOMERS,
    FEWEST_EVENTS,
    Design,
    kish,
)
from profitchain.stats.model_matrix import as_it_is, control_columns, independent

HISTORY = ("prior_orders", "recency", "tenure")  # the last is the first to be left out
MOST_TIMES_THE_MEDIAN = 5.0
ANSWERED = "those who answered"
NOT_SEGMENTS = ("period", "closes")
SUMS = ("n", "repeats", "orders", "spend", "margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What an answer of each row counts for, 0 where there is none.

    Over the answers they sum to the number of answers. `slopes` (rows x parameters) says how a
    weight moves with the `parameters` that it was estimated from, None where it is simply given;
    `trimmed` counts the answers whose weight was cut; `model` is the logit behind them.
    """

    by_row: np.ndarray
    slopes: np.ndarray
    parameters: Quantities | None = None
    trimmed: int = 0
    model: Fit | None = None


def propensity(requests: pd.DataFrame, controls: Sequence[str] = ()) -> Fit | NotEstimable:
    """Return the logit of answering the main question on what was known of everybody asked.

    Where a few requests can't carry it, or parts of the history part them perfectly, tenure is
    left out, then recency, then prior orders; the model's notes say so.

    Parameters
    ----------
    controls : further columns than the history and the text columns.
    """
    answers = answers_of(requests) * asks_of(requests)
    if refused := _no_model(requests, answers):
        return refused
    is_number = pd.api.types.is_numeric_dtype
    texts = [
        name for name in requests if not is_number(requests[name]) and name not in NOT_SEGMENTS
    ]
    refusals = []
    for count in range(len(HISTORY), -1, -1):
        model = _fitted(requests, answers, [*HISTORY[:count], *texts, *controls])
        if isinstance(model, Fit):
            notes = [Reason.of("control_not_carried", control=name) for name in HISTORY[count:]]
            used = model.design.controls
            used = replace(used, notes=(*used.notes, *notes))
            return replace(model, design=replace(model.design, controls=used))
        refusals.append(model)
    return refusals[0]


def weights(requests: pd.DataFrame, controls: Sequence[str] = ()) -> Weights | NotEstimable:
    """Return one over each answer's chance, none above five times the median.

    Potter (1990, Proc. ASA Section on Survey Research Methods: 225-230) cuts weights to lower the
    error as a whole; Lee, Lessler and Stuart (2011, PLoS ONE 6(3): e18174) find that little
    cutting does best where the chances come from a logit, and that a bad model is not mended by
    it. A percentile always cuts somebody; five times the median cuts only where a few would
    outweigh all the others. Where hardly anybody is missing, each answer counts for one.
    """
    answers = answers_of(requests)
    if requests["n"].sum() - answers.sum() < FEWEST_EVENTS and answers.any():
        return equal_weights(requests)
    model = propensity(requests, controls)
    if isinstance(model, NotEstimable):
        return model
    chance, _slope, _curvature = levels_of(model.predictor, binary=True)
    raw = np.where(answers > 0, 1 / chance, 0.0)
    most = MOST_TIMES_THE_MEDIAN * _median(raw, answers)
    cut = raw > most
    slopes = np.where(cut, 0.0, -(1 - chance) * raw)[:, None] * model.design.columns
    weight = np.minimum(raw, most)
    scale = answers.sum() / (answers @ weight)
    return Weights(
        by_row=scale * weight, slopes=scale * slopes, parameters=model.coefficients,
        trimmed=round(answers[cut].sum()), model=model,
    )  # fmt: skip


def equal_weights(requests: pd.DataFrame) -> Weights:
    """Return 1 for each answer."""
    weight = (answers_of(requests) > 0).astype(float)
    return Weights(by_row=weight, slopes=np.empty((len(requests), 0)))


def late_weights(requests: pd.DataFrame) -> Weights | NotEstimable:
    """Return weights by which those who answered late stand for all who did not answer.

    Each late answer counts for one and a share of the others (their number, estimated as any
    weight): the continuum of resistance (Lin and Schaeffer 1995, Public Opin. Q. 59: 236-258).
    """
    answers, n = answers_of(requests), requests["n"].to_numpy(float)
    late, silent = answers * requests["late"].to_numpy(float), n - answers
    if late.sum() < FEWEST_EVENTS:
        key = "too_few_late_answers" if late.any() else "no_late_answer"
        count, n_answers = round(late.sum()), round(answers.sum())
        return NotEstimable(key, count=count, n=n_answers)
    ratio = silent.sum() / late.sum()
    errors = by_cluster((silent - ratio * late) / late.sum(), requests["cluster"].to_numpy())
    is_late = (late > 0).astype(float)
    scale = answers.sum() / n.sum()
    return Weights(
        by_row=scale * ((answers > 0) + ratio * is_late),
        slopes=scale * is_late[:, None],
        parameters=replace(errors, values=np.array([ratio])),
    )


def effective_answers(requests: pd.DataFrame, weighted: Weights | NotEstimable) -> MaybeEstimate:
    """Return how many answers of equal weight would tell as much (Kish 1965, sec. 11.7)."""
    if isinstance(weighted, NotEstimable):
        return weighted
    answers = answers_of(requests)
    value = float((answers @ weighted.by_row) ** 2 / (answers @ weighted.by_row**2))
    method = "square of the sum of weights over the sum of their squares"
    ends = {"value": value, "low": value, "high": value, "n": round(answers.sum())}
    return Estimate(**ends, unit="answers", method=method)


def answers_of(requests: pd.DataFrame) -> np.ndarray:
    """Return how many requests of each row have an answer to the main question: all or none."""
    return np.where(requests["score"].notna(), requests["n"], 0).astype(float)


def asks_of(requests: pd.DataFrame) -> np.ndarray:
    """Return 1 for rows that stand for requests, 0 for those of their further answers."""
    ones = np.ones(len(requests))
    return requests["asks"].to_numpy(float) if "asks" in requests else ones


def as_many(requests: pd.DataFrame) -> pd.DataFrame:
    """Return the requests with each silent one counted for as many answers as the others had."""
    answers = answers_of(requests)
    answered = float(answers @ asks_of(requests))
    each = answers.sum() / answered if answered else 1.0
    sums = [name for name in SUMS if name in requests]
    times = np.where(answers > 0, 1.0, each)
    return requests.assign(**{name: requests[name] * times for name in sums})


def too_few(requests: pd.DataFrame) -> NotEstimable | None:
    """Return why answers come from too few customers to say anything, or None."""
    answers = (
        pd.Series(answers_of(requests)).groupby(requests["cluster"].to_numpy()).sum().to_numpy()
    )
    customers, n = int(np.count_nonzero(answers)), round(answers.sum())
    if customers < FEWEST_CUSTOMERS:
        counts = {"customers": customers, "fewest": round(FEWEST_CUSTOMERS)}
        return NotEstimable(Reason.of("too_few_customers_answered", **counts), n=n)
    if kish(answers) < FEWEST_CUSTOMERS:
        return NotEstimable("few_gave_most_answers", customers=customers, n=n)
    return None


def by_cluster(amounts: np.ndarray, clusters: np.ndarray) -> Quantities:
    """Return row-wise errors summed by cluster, with the factor G / (G - 1)."""
    codes, names = pd.factorize(clusters)
    sums = np.bincount(codes, amounts, len(names)) * np.sqrt(len(names) / (len(names) - 1))
    errors = pd.DataFrame(sums[:, None], index=names)
    return Quantities(values=np.zeros(1), errors=errors, n=0, effective=np.inf)


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    below = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _fitted(
    requests: pd.DataFrame, answers: np.ndarray, terms: Sequence[str]
) -> Fit | NotEstimable:
    """Return the logit of answering on these terms, or why there can be none."""
    n = requests["n"].to_numpy(float) * asks_of(requests)
    cells = requests.assign(n=n, repeats=answers)
    before = control_columns(cells, terms, outcome="repeats", who=ANSWERED)
    columns = np.column_stack([np.ones(len(requests)), *before.parts])
    keep = independent(columns, n)
    rarer = round(min(answers.sum(), (n - answers).sum()))
    if rarer < EVENTS_PER_TERM * (keep.sum() - 1):
        counts = {"rarer": rarer, "terms": int(keep.sum()) - 1}
        return NotEstimable(
            Reason.of("too_few_requests_for_terms", **counts), n=round(answers.sum())
        )
    design = Design(
        columns=columns[:, keep], score_terms=0, total=answers, n=n,
        clusters=requests["cluster"].to_numpy(), binary=True, basis=as_it_is,
        controls=before.keeping(keep[1:]),
    )  # fmt: skip
    once = n > 0  # further answers have the chance of their request, and tell nothing of it
    told = replace(
        design, columns=design.columns[once], total=answers[once], n=n[once],
        clusters=design.clusters[once],
    )  # fmt: skip
    model = fit(told, separable=False)  # where nobody of a kind answers, no weight stands for them
    if isinstance(model, NotEstimable):
        return NotEstimable("answering_perfectly_told", n=round(answers.sum()))
    return replace(model, design=design)


def _no_model(requests: pd.DataFrame, answered: np.ndarray) -> NotEstimable | None:
    """Return why the chance of answering can't be told, or None."""
    n, answers = round(requests["n"] @ asks_of(requests)), round(answered.sum())
    if n == 0:
        return NotEstimable("nobody_asked")
    if min(answers, n - answers) < FEWEST_EVENTS:
        counts = {"answers": answers, "requests": n}
        return NotEstimable(Reason.of("too_few_on_one_side", **counts), n=answers)
    return too_few(requests)
