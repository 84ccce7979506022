"""What customers of different groups are worth: as they are, and of like age and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime import expected_value
from profitchain.lifetime.expected_value import Expectation
from profitchain.measures.satisfaction import GROUPS, answers_to
from profitchain.sources.company import Question
from profitchain.stats.disclosure_control import unless_withheld, withheld

NO_ANSWER = "no answer"
CAME_BACK = ("never came back", "came back once", "came back more often")
BANDS = 5  # of customers' age, as many customers in each
ANSWER, HISTORY = "Latest answer", "Repeats so far"
ALIKE = "Latest answer, among like customers"
COLUMNS = ["group", "value", "low", "high", "n", "why", "unit", "segment"]


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
    has_answered = customers["score"].notna()
    rows = customers.loc[has_answered, ["score"]].assign(question=question.name, n=1)
    groups = pd.Series(NO_ANSWER, index=customers.index)
    if has_answered.any():
        counts = answers_to(rows, question)[list(GROUPS[question.kind])]
        groups[has_answered] = counts.astype(float).idxmax(axis=1)
    return groups.str.replace("_", " ")


def repeat_groups(customers: pd.DataFrame) -> pd.Series:
    """Return whether each customer (`repeats`) came back never, once or more often."""
    return customers["repeats"].clip(upper=2).map(dict(enumerate(CAME_BACK)))


def value_by_group(
    expected: Expectation, group: pd.Series, *, unit: str, smallest: int = 0
) -> pd.DataFrame:
    """Return the mean of an expected number in each group, as its customers are.

    Returns
    -------
    One row a group: group, value, low, high (NaN where there is none), n, why, unit.
    """
    least = max(smallest, 2)
    sizes = group.value_counts().reindex(_in_order(group))
    means = unless_withheld(
        withheld(sizes, least), sizes, least,
        lambda name: expected_value.mean_estimate(expected, unit, (group == name).to_numpy()),
    )  # fmt: skip
    return to_frame(means.values(), group=sizes.index).assign(unit=unit)


def compare_score_groups(
    expected: Expectation,
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
    names = [name for name in _in_order(group) if sizes.get(name, 0) >= max(smallest, 2)]
    inside = group.isin(names).to_numpy()
    difference: MaybeEstimate = NotEstimable(
        "too_few_answers_of_different_groups", n=int(inside.sum())
    )
    if len(names) < 2:
        levels = value_by_group(expected, group[:0], unit=unit)
        return ScoreGroupComparison(levels=levels, difference=difference, best=best, worst=worst)
    mix = _mix(expected.models.customers[inside], segments)
    dummies = np.column_stack([group[inside] == name for name in names]).astype(float)
    design = np.column_stack([dummies, mix])

    def combined(contrast: np.ndarray) -> MaybeEstimate:
        return _combined(expected, design, inside, contrast, unit=unit)

    means = [combined(np.r_[dummy, mix.mean(axis=0)]) for dummy in np.eye(len(names))]
    if {best, worst} <= set(names):
        contrast = np.zeros(design.shape[1])
        contrast[[names.index(best), names.index(worst)]] = 1, -1
        difference = combined(contrast)
    levels = to_frame(means, group=names).assign(unit=unit, n=sizes[names].to_numpy())
    return ScoreGroupComparison(levels=levels, difference=difference, best=best, worst=worst)


def value_by_all_groups(
    expected: Expectation,
    question: Question | None,
    *,
    segments: Sequence[str] = (),
    unit: str,
    smallest: int = 0,
) -> tuple[pd.DataFrame, ScoreGroupComparison | None]:
    """Return a number by all groups that the firm knows of, and score groups of like customers.

    Returns
    -------
    One row a group, as `value_by_group` with a column `segment` last; and `compare_score_groups`,
    or None where nobody was asked.
    """
    rows, comparison = expected.models.customers, None
    groups = {HISTORY: repeat_groups(rows)}
    groups |= {name: rows[name].astype(str) for name in segments if name in rows}
    answers = answer_groups(rows, question)
    if question is not None and answers is not None and (answers != NO_ANSWER).any():
        comparison = compare_score_groups(
            expected, answers, question, segments=segments, unit=unit, smallest=smallest
        )
        groups = {ANSWER: answers} | groups
    frames = {
        name: value_by_group(expected, group, unit=unit, smallest=smallest)
        for name, group in groups.items()
    }
    if comparison is not None and len(comparison.levels):
        frames = {ANSWER: frames.pop(ANSWER), ALIKE: comparison.levels} | frames
    stacked = [frame.assign(segment=name) for name, frame in frames.items()]
    return pd.concat(stacked, ignore_index=True)[COLUMNS], comparison


def _combined(
    expected: Expectation,
    design: np.ndarray,
    inside: np.ndarray,
    contrast: np.ndarray,
    *,
    unit: str,
) -> MaybeEstimate:
    """Return a combination of least-squares coefficients, of the rows that are `inside`."""
    inverse = np.linalg.pinv(design.T @ design)
    row_weights = design @ (inverse @ contrast)
    values = expected.values[inside]
    residuals = values - design @ (inverse @ (design.T @ values))
    weights, own = np.zeros(len(inside)), np.zeros(len(inside))
    weights[inside], own[inside] = row_weights, row_weights * residuals
    n = int(inside.sum())
    linear = expected_value.linearised_sum(expected, weights, own=own, n=n)
    return expected_value.bounded_estimate(linear, unit)


def _mix(rows: pd.DataFrame, segments: Sequence[str]) -> np.ndarray:
    """Return age, and dummies of fifths of age and of segments, one of each left out."""
    bands = pd.qcut(rows["age_days"], BANDS, duplicates="drop", labels=False)
    parts = [bands, *(rows[name].astype(str) for name in segments if name in rows)]
    dummies = [pd.get_dummies(part, drop_first=True, dtype=float).to_numpy() for part in parts]
    return np.column_stack([rows["age_days"] / rows["age_days"].max(), *dummies])


def _in_order(group: pd.Series) -> list[str]:
    """Return the groups' names: score groups and histories in their order, others by name."""
    score_groups = [name.replace("_", " ") for names in GROUPS.values() for name in names]
    order = [*dict.fromkeys(score_groups), NO_ANSWER, *CAME_BACK]
    places = {name: place for place, name in enumerate(order)}
    return sorted(group.unique(), key=lambda name: (places.get(name, 0), str(name)))
