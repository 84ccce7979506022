"""How satisfied customers are: the scores, their groups, and how each is counted.

The net promoter score's cut points are Reichheld's (2003, HBR 81(12): 46-54): 0-6 detractors,
7-8 passives, 9-10 promoters. A denominator is always the valid answers to that one question, never
everybody who was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from profitchain.core.i18n import N_, _
from profitchain.core.periods import Period
from profitchain.sources.company import Question
from profitchain.stats.comparisons import Measure, MeasureSeries, measure_series, trend
from profitchain.stats.ratios import ratio, said_frame

PUBLIC_IDS = ("nps", "csat", "ces")
PROMOTERS_FROM, DETRACTORS_TO = 9, 6
GROUPS: dict[str, tuple[str, str, str]] = {
    "nps": (N_("detractors"), N_("passives"), N_("promoters")),
    "csat": (N_("dissatisfied"), N_("neutral"), N_("satisfied")),
    "ces": (N_("hard"), N_("neutral"), N_("easy")),
    "rating": (N_("low"), N_("middle"), "top_two"),
    "driver": ("low", "middle", "top_two"),
}
TOP_TWO = N_("top two")  # how `top_two` is shown
_PARTS = {
    "mean": N_("{question}, mean"),
    "easy": N_("{question}, easy"),
    "top_two_box": N_("{question}, top two box"),
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
    low, high = (f"{end:g}" for end in question.scale)
    scale = {"low": low, "high": high}
    average = _("mean score on a scale of {low} to {high}", **scale)
    mean = _measure(question, "mean", "total", "score", average)
    best = GROUPS[question.kind][2]
    if question.kind == "nps":
        balance = _measure(question, "", "balance", "points", _(_NPS))
        return (replace(balance, label=_("Net promoter score")), mean)
    if question.kind == "csat":
        good = f"{question.satisfied_at:g}"
        return (_share(question, "", best, _(_CSAT, good=good, **scale)), mean)
    if question.kind == "ces":
        ease = _("share of valid answers on the easy side of the scale's middle")
        return (
            _measure(question, "", "total", "score", _(_CES[question.easy_is], **scale)),
            _share(question, "easy", best, ease),
        )
    below_high = f"{question.scale[1] - 1:g}"
    top_two = _(
        "share of valid answers at {below_high} or {high}", below_high=below_high, high=high
    )
    return (mean, _share(question, "top_two_box", best, top_two))


_NPS = N_("share answering 9 or 10 less share answering 0 to 6, in points from −100 to 100")
_CSAT = N_("share of valid answers at {good} or above, on a scale of {low} to {high}")
_CES = {
    "low": N_("mean effort score on a scale of {low} to {high}, where low is easy"),
    "high": N_("mean effort score on a scale of {low} to {high}, where high is easy"),
}


def all_scores(
    cells: pd.DataFrame, questions: Sequence[Question], period: Period, *, smallest: int = 0
) -> pd.DataFrame:
    """Return every measure of every question in one period.

    Returns
    -------
    One row a measure: measure, definition, value, low, high, n, why, unit.
    """
    found = [
        (measure, ratio(rows[rows["period"] == str(period)], **measure.parts, smallest=smallest))
        for question in questions
        for rows in [answers_to(cells, question)]
        for measure in measures_of(question)
    ]
    measures = [measure for measure, _one in found]
    labels = {"measure": [m.label for m in measures], "definition": [m.means for m in measures]}
    frame = said_frame([said for _one, said in found], **labels)
    return frame.assign(unit=[m.unit for m in measures])


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
        trend(rows, _share(question, name, name, ""), periods, smallest=smallest).assign(group=name)
        for name in GROUPS[question.kind]
    ]
    return pd.concat(frames, ignore_index=True)


def stories(
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


def public_id(question: Question, questions: Sequence[Question]) -> str:
    """Return under which id a question's headline measure is published.

    The first question of kind nps, csat or ces has the finding of that name; others their own.
    """
    first = next(one for one in questions if one.kind == question.kind)
    if question.kind in PUBLIC_IDS and first == question:
        return question.kind
    return measures_of(question)[0].id


def in_period(cells: pd.DataFrame, question: Question, period: Period) -> pd.DataFrame:
    """Return one question's answers of one period, as `answers_to` does."""
    return answers_to(cells[cells["period"] == str(period)], question)


def shares_in(shares: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return one period's group shares: group, value, low, high, n, why, unit."""
    rows = shares[shares["period"] == str(period)].drop(columns="period")
    words = rows["group"].str.replace("_", " ")
    return rows.assign(group=words, unit="share").reset_index(drop=True)[
        ["group", "value", "low", "high", "n", "why", "unit"]
    ]


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


def _measure(question: Question, part: str, numerator: str, unit: str, means: str) -> Measure:
    bounds = {"share": (0.0, 1.0), "points": (-100.0, 100.0)}.get(unit, question.scale)
    return Measure(
        id=f"{question.name}_{part}" if part else question.name,
        label=_(_PARTS[part], question=question.label) if part in _PARTS else question.label,
        numerator=numerator,
        denominator="answers",
        unit=unit,
        bounds=bounds,
        means=means,
    )


def _share(question: Question, part: str, numerator: str, means: str) -> Measure:
    return _measure(question, part, numerator, "share", means)


def wide_groups(shares: pd.DataFrame) -> pd.DataFrame:
    """Return group shares with one row a period and one column a group, worst to best."""
    wide = shares.pivot(index="period", columns="group", values="value")
    wide = wide[list(dict.fromkeys(shares["group"]))].dropna().reset_index()
    return wide.rename_axis(columns=None)
