"""How far silence could move score and effect: if all who did not answer were of one kind.

Three cases: all of them unhappy, all of them happy, or all like those who answered late. What the
silent bought afterwards is known, and counts. `requests` is as in `nonresponse_weights`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate
from profitchain.effects.nonresponse_weights import contributions, effect_by, score_by
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.effects.response_propensity import as_many, late_weights, too_few
from profitchain.measures.satisfaction import DETRACTORS_TO, PROMOTERS_FROM, measures_of
from profitchain.sources.company import Question
from profitchain.stats.ratios import ratio

CASES = ("unhappy", "happy", "late")


def bounds_of_score(requests: pd.DataFrame, question: Question) -> dict[str, MaybeEstimate]:
    """Return the headline score of all who were asked, in each of the three cases (`CASES`).

    For a net promoter score, or a share of satisfied answers, the first two are the lowest and the
    highest that it can be, whatever the silent think (Manski 1989, J. Human Resources 24: 343-360).
    For a mean they give the silent the mean of the low, or high, scores that others gave.
    """
    if refused := too_few(requests):
        return dict.fromkeys(CASES, refused)
    measure, counted = measures_of(question)[0], as_many(requests)
    sums = pd.DataFrame({"cluster": counted["cluster"], measure.denominator: counted["n"]})
    bounds = {
        case: ratio(sums.assign(**{measure.numerator: counted["n"] * filled}), **measure.parts)
        for case, score in imputed_scores(requests, question).items()
        for filled in [contributions(question, requests["score"].fillna(score))]
    }
    return bounds | {"late": score_by(requests, question, late_weights(requests))}


def bounds_of_effect(
    requests: pd.DataFrame, question: Question, *, controls: Sequence[str]
) -> dict[str, MaybeEstimate]:
    """Return the adjusted effect of one point in each case (`requests`: the lookback).

    In the first two all the silent have one score, the mean of the low, or high, scores given, and
    their own history and orders. They show how much hangs on the silent; they are no outer limits.
    """
    if refused := too_few(requests):
        return dict.fromkeys(CASES, refused)
    counted = as_many(requests)
    bounds = {
        case: repeat_effect(counted.assign(score=counted["score"].fillna(score)), controls=controls)
        for case, score in imputed_scores(requests, question).items()
    }
    return bounds | {"late": effect_by(requests, late_weights(requests), controls=controls)}


def imputed_scores(requests: pd.DataFrame, question: Question) -> Mapping[str, float]:
    """Return which score the silent are given: the mean of the unhappy answers, of the happy ones.

    Where nobody gave such a score, the end of the scale.
    """
    answers = requests[requests["score"].notna()]
    ends = reversed(question.scale) if _hard_is_high(question) else question.scale
    return {
        case: float(np.average(answers.loc[side, "score"], weights=answers.loc[side, "n"]))
        if side.any()
        else float(end)
        for case, side, end in zip(CASES, _sides(question, answers["score"]), ends, strict=False)
    }


def _sides(question: Question, score: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tell which answers are unhappy and which happy: by the question's cut, else by halves."""
    if question.kind == "nps":
        return score <= DETRACTORS_TO, score >= PROMOTERS_FROM
    if question.kind == "csat":
        return score < question.satisfied_at, score >= question.satisfied_at
    middle = sum(question.scale) / 2
    halves = score < middle, score > middle
    return halves[::-1] if _hard_is_high(question) else halves


def _hard_is_high(question: Question) -> bool:
    return question.kind == "ces" and question.easy_is == "low"
