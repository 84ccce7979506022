"""How satisfied customers are: the scores, their groups, and how each is counted.

The net promoter score's cut points are Reichheld's (2003, HBR 81(12): 46-54): 0-6 detractors,
7-8 passives, 9-10 promoters. A denominator is always the valid answers to that one question, never
everybody who was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import Measure, MeasureSeries, measure_series, trend
from profitchain.stats.ratios import ratio

PUBLIC_IDS = ("nps", "csat", "ces")
PROMOTERS_FROM, DETRACTORS_TO = 9, 6
GROUPS = {  # by a question's kind, worst to best
    "nps": ("detractors", "passives", "promoters"),
    "csat": ("dissatisfied", "neutral", "satisfied"),
    "ces": ("hard", "neutral", "easy"),
    "rating": ("low", "middle", "top_two"),
    "driver": ("low", "middle", "top_two"),
    "value": ("low", "middle", "top_two"),
    "expectation": ("low", "middle", "top_two"),
    "importance": ("low", "middle", "top_two"),
}


def answers_to(cells: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return one question's answers, with the sums that its measures are made of.

    Parameters
    ----------
    cells : one row a distinct question, period, segments, cluster and score
        Reads `question`, `score` and `n` (answers).

    Returns
    -------
    The question's rows with `answers`, `total` (sum of scores), the question's three `GROUPS`
    from worst to best and, for NPS, `balance` (100 a promoter, -100 a detractor): sums over the
    answers of the row.
    """
    rows = cells[cells["question"] == question.name]
    score, n = rows["score"], rows["n"]
    worst, middle, best = GROUPS[question.kind]
    is_worst, is_best = _cut(question, score)
    sums = {"answers": n, "total": score * n, worst: n * is_worst, best: n * is_best}
    sums[middle] = n - sums[worst] - sums[best]
    sums["balance"] = 100 * (sums[best] - sums[worst])
    return rows.assign(**sums)


def measures_of(question: Question) -> tuple[Measure, ...]:
    """Return how a question is measured, its headline measure first."""
    best = GROUPS[question.kind][2]
    mean = _measure(question, "mean", "total", "score", key="mean_score")
    if question.kind == "nps":
        return (_measure(question, "", "balance", "points", key="net_promoter_score"), mean)
    if question.kind == "csat":
        return (_measure(question, "", best, "share", key="satisfied_share"), mean)
    if question.kind == "ces":
        effort = f"effort_score_{question.easy_is}_is_easy"
        return (
            _measure(question, "", "total", "score", key=effort),
            _measure(question, "easy", best, "share", key="easy_share"),
        )
    return (mean, _measure(question, "top_two_box", best, "share", key="top_two_box"))


def all_scores(
    cells: pd.DataFrame, questions: Sequence[Question], period: Period, *, smallest: int = 0
) -> list[tuple[Measure, MaybeEstimate]]:
    """Return every measure of every question in one period."""
    return [
        (measure, ratio(rows, **measure.parts, smallest=smallest))
        for question in questions
        for rows in [in_period(cells, question, period)]
        for measure in measures_of(question)
    ]


def group_shares(
    cells: pd.DataFrame, question: Question, periods: Sequence[Period], *, smallest: int = 0
) -> pd.DataFrame:
    """Return the shares of a question's three groups, worst to best, period by period.

    Returns
    -------
    One row a period and group: period, group, value, low, high (shares), n, why.
    """
    rows = answers_to(cells, question)
    frames = [
        trend(rows, share, periods, smallest=smallest).assign(group=share.numerator)
        for name in GROUPS[question.kind]
        for share in [_measure(question, name, name, "share", key="group_share")]
    ]
    return pd.concat(frames, ignore_index=True)


def score_series(
    cells: pd.DataFrame,
    questions: Sequence[Question],
    periods: Sequence[Period],
    *,
    smallest: int = 0,
) -> list[MeasureSeries]:
    """Return each question's headline measure in the last of some periods, with its past."""
    return [
        measure_series(
            answers_to(cells, question),
            replace(measures_of(question)[0], id=public_id(question, questions)),
            periods,
            smallest=smallest,
        )
        for question in questions
    ]


def responses(story: MeasureSeries) -> int | NotEstimable:
    """Return how many answers a measure rests on, or why that isn't shown."""
    now = story.now
    if isinstance(now, NotEstimable) and now.why.key == "group_too_small":
        return now
    return now.n


def public_id(question: Question, questions: Sequence[Question]) -> str:
    """Return under which id a question's headline measure is published.

    The first question of kind nps, csat or ces has the finding of that name; others their own.
    """
    first = next(other for other in questions if other.kind == question.kind)
    is_first = question.kind in PUBLIC_IDS and first == question
    return question.kind if is_first else measures_of(question)[0].id


def in_period(cells: pd.DataFrame, question: Question, period: Period) -> pd.DataFrame:
    """Return one question's answers of one period, as `answers_to` does."""
    return answers_to(cells[cells["period"] == str(period)], question)


def shares_in(shares: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return one period's group shares: group, value, low, high, n, why, unit."""
    rows = shares[shares["period"] == str(period)].assign(unit="share").reset_index(drop=True)
    rows["group"] = rows["group"].str.replace("_", " ")
    return rows[["group", "value", "low", "high", "n", "why", "unit"]]


def wide_groups(shares: pd.DataFrame) -> pd.DataFrame:
    """Return group shares with one row a period and one column a group, worst to best."""
    wide = shares.pivot(index="period", columns="group", values="value")
    wide = wide[list(dict.fromkeys(shares["group"]))].dropna().reset_index()
    return wide.rename_axis(columns=None)


def _cut(question: Question, score: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tell which scores are in a question's worst group, and which in its best."""
    low, high = question.scale
    if question.kind == "nps":
        return score <= DETRACTORS_TO, score >= PROMOTERS_FROM
    if question.kind == "ces":
        middle = (low + high) / 2
        below, above = score < middle, score > middle
        return (below, above) if question.easy_is == "high" else (above, below)
    best_from = question.satisfied_at if question.kind == "csat" else high - 1
    return score < best_from - 1, score >= best_from


def _measure(question: Question, part: str, numerator: str, unit: str, *, key: str) -> Measure:
    low, high = question.scale
    ends = {"low": low, "high": high, "below_high": high - 1, "good": question.satisfied_at}
    return Measure(
        id=f"{question.name}_{part}" if part else question.name,
        key=key,
        values={"question": str(question.label), **ends},
        numerator=numerator,
        denominator="answers",
        unit=unit,
        bounds={"share": (0.0, 1.0), "points": (-100.0, 100.0)}.get(unit, question.scale),
    )
