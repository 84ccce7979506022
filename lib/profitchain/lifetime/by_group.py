"""What customers of different groups are worth: as they are, and of like age and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.lifetime import expected_value
from profitchain.lifetime.expected_value import Foreseen, Outlook
from profitchain.measures.satisfaction import GROUPS, answers_to
from profitchain.sources.company import Question
from profitchain.stats.ratios import said_frame

NO_ANSWER = "no answer"
CAME_BACK = ("never came back", "came back once", "came back more often")
BANDS = 5  # of customers' age, as many customers in each
ANSWER, HISTORY = "Latest answer", "Repeats so far"
ALIKE = "Latest answer, among like customers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreGroupComparison:
    """Score groups of like age and segments: each one's level, and the best less the worst."""

    levels: pd.DataFrame
    difference: MaybeEstimate
    best: str
    worst: str


def answer_groups(customers: pd.DataFrame, question: Question | None) -> pd.Series | None:
    """Return each customer's group by the latest answer, or None if nobody was asked.

    Parameters
    ----------
    customers : one row a customer
        Reads `score`, the latest answer to the question (NaN without).
    """
    if question is None or "score" not in customers:
        return None
    given = customers["score"].notna()
    rows = customers.loc[given, ["score"]].assign(question=question.name, n=1)
    names = list(GROUPS[question.kind])
    found = pd.Series(NO_ANSWER, index=customers.index)
    if given.any():
        found[given] = answers_to(rows, question)[names].astype(float).idxmax(axis=1)
    return found.str.replace("_", " ")


def came_back(customers: pd.DataFrame) -> pd.Series:
    """Return whether each customer (`repeats`) came back never, once or more often."""
    return customers["repeats"].clip(upper=2).map(dict(enumerate(CAME_BACK)))


def value_by_group(
    view: Outlook, foreseen: Foreseen, group: pd.Series, *, unit: str, smallest: int = 0
) -> pd.DataFrame:
    """Return the mean of a foreseen number in each group, as its customers are.

    Returns
    -------
    One row a group: group, value, low, high (NaN where unsaid), n, why, unit.
    """
    names = [*_in_order(group)]
    told = [
        _mean(view, foreseen, (group == name).to_numpy(), unit=unit, smallest=smallest)
        for name in names
    ]
    return said_frame(told, group=names).assign(unit=unit)


def alike(
    view: Outlook,
    foreseen: Foreseen,
    group: pd.Series,
    question: Question,
    *,
    segments: Sequence[str] = (),
    unit: str,
    smallest: int = 0,
) -> ScoreGroupComparison:
    """Return what score groups are worth if all had the same mix of ages and segments.

    Least squares on groups, `age_days` (a line that may jump at fifths) and segments, among
    customers who answered, standardised to their mix. Each customer's number is the model's, which
    knows of purchases alone: a difference goes with the group, and may be older than the answer.
    """
    worst, _middle, best = (name.replace("_", " ") for name in GROUPS[question.kind])
    sizes = group[group != NO_ANSWER].value_counts()
    shown = [name for name in _in_order(group) if sizes.get(name, 0) >= max(smallest, 2)]
    inside = group.isin(shown).to_numpy()
    why = NotEstimable("too_few_answers_of_different_groups", n=int(inside.sum()))
    if len(shown) < 2:
        return ScoreGroupComparison(levels=value_by_group(view, foreseen, group[:0], unit=unit),
                        difference=why, best=best, worst=worst)  # fmt: skip
    rows = view.customers[inside]
    design = np.column_stack([group[inside] == name for name in shown]).astype(float)
    mix = _mix(rows, segments)
    design = np.column_stack([design, mix])
    told = [
        _combined(view, foreseen, design, inside, np.r_[unit_row, mix.mean(axis=0)], unit=unit)
        for unit_row in np.eye(len(shown))
    ]
    apart = why
    if {best, worst} <= set(shown):
        contrast = np.zeros(design.shape[1])
        contrast[[shown.index(best), shown.index(worst)]] = 1, -1
        apart = _combined(view, foreseen, design, inside, contrast, unit=unit)
    levels = said_frame(told, group=shown).assign(unit=unit, n=sizes[shown].to_numpy())
    return ScoreGroupComparison(levels=levels, difference=apart, best=best, worst=worst)


def every_group(
    view: Outlook,
    foreseen: Foreseen,
    question: Question | None,
    *,
    segments: Sequence[str] = (),
    unit: str,
    smallest: int = 0,
) -> tuple[pd.DataFrame, ScoreGroupComparison | None]:
    """Return a number by all groups that the firm knows of, and score groups of like customers.

    Returns
    -------
    One row a group, as `value_by_group` with a column `segment` first; and `alike`, or None where
    nobody was asked.
    """
    rows, how = view.customers, {"unit": unit, "smallest": smallest}
    answered = answer_groups(rows, question)
    parts, compared = {}, None
    if answered is not None and (answered != NO_ANSWER).any():
        compared = alike(view, foreseen, answered, question, segments=segments, **how)
        parts = {ANSWER: answered}
    parts |= {HISTORY: came_back(rows)}
    parts |= {name: rows[name].astype(str) for name in segments if name in rows}
    frames = {name: value_by_group(view, foreseen, group, **how) for name, group in parts.items()}
    if compared is not None and len(compared.levels):
        frames = {ANSWER: frames.pop(ANSWER), ALIKE: compared.levels} | frames
    stacked = [frame.assign(segment=name) for name, frame in frames.items()]
    found = pd.concat(stacked, ignore_index=True)
    return found[["group", "value", "low", "high", "n", "why", "unit", "segment"]], compared


def _mean(
    view: Outlook, foreseen: Foreseen, inside: np.ndarray, *, unit: str, smallest: int
) -> MaybeEstimate:
    n = int(inside.sum())
    if n < max(smallest, 2):
        return NotEstimable("group_too_small", n=n, smallest=smallest)
    return expected_value.mean_said(view, foreseen, unit, inside)


def _combined(
    view: Outlook,
    foreseen: Foreseen,
    design: np.ndarray,
    inside: np.ndarray,
    contrast: np.ndarray,
    *,
    unit: str,
) -> MaybeEstimate:
    """Return a combination of least-squares coefficients, of the rows that are `inside`."""
    inverse = np.linalg.pinv(design.T @ design)
    each = design @ (inverse @ contrast)
    values = foreseen.values[inside]
    residuals = values - design @ (inverse @ (design.T @ values))
    weights, own = np.zeros(len(inside)), np.zeros(len(inside))
    weights[inside], own[inside] = each, each * residuals
    n = int(inside.sum())
    return expected_value.said(
        expected_value.linearised(view, foreseen, weights, own=own, n=n), unit
    )


def _mix(rows: pd.DataFrame, segments: Sequence[str]) -> np.ndarray:
    """Return age, and dummies of fifths of age and of segments, one of each left out."""
    bands = pd.qcut(rows["age_days"], BANDS, duplicates="drop", labels=False)
    parts = [bands, *(rows[name].astype(str) for name in segments if name in rows)]
    dummies = [pd.get_dummies(part, drop_first=True, dtype=float).to_numpy() for part in parts]
    return np.column_stack([rows["age_days"] / rows["age_days"].max(), *dummies])


def _in_order(group: pd.Series) -> list[str]:
    """Return the groups' names: score groups and histories in their order, others by name."""
    known = [name.replace("_", " ") for names in GROUPS.values() for name in names]
    order = [*dict.fromkeys(known), NO_ANSWER, *CAME_BACK]
    places = {name: place for place, name in enumerate(order)}
    return sorted(group.unique(), key=lambda name: (places.get(name, 0), str(name)))
