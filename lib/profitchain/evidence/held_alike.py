"""The effect of a point with calendar time, places and history held alike: groups, not columns.

A shock that hits a month, or a shop in a month, moves scores and repeats together and leaves no
trace in a customer's history. So every check compares answers of the same calendar month, within
each segment where the answers allow it, beside classes of what is known of the customer before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.stats.absorbed import slope
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import estimates
from profitchain.stats.model_design import refusal
from profitchain.stats.model_matrix import FEWEST_IN_LEVEL, MONTH, NUMERIC, column_of, named_levels
from profitchain.stats.ratios import CLUSTERED

CLASSES = 10  # of a number known before: groups of about as many answers
A_GROUP = 10  # answers for each group of months and places, on average

Groups = list[np.ndarray]  # of each factor: the group of every row, from 0


def with_month(cells: pd.DataFrame, controls: Sequence[str]) -> list[str]:
    """Return the controls and the calendar month, where the cells tell it."""
    return [*controls, *([MONTH] if MONTH in cells and MONTH not in controls else [])]


def effect_alike(
    answers: pd.DataFrame, *, controls: Sequence[str], places: Sequence[str] = ()
) -> Quantities | NotEstimable:
    """Return the effect of a point on a repeat, history and months by place held alike.

    Linear probability; errors by customer.

    Parameters
    ----------
    answers : one row an answer
        Reads score, repeat, cluster, answered_on, the controls and the places.
    places : segments that a shock of one month may hit by themselves.
    """
    if why := refusal(answers.rename(columns={"repeat": "repeats"}).assign(n=1)):
        return NotEstimable(why, n=len(answers))
    return slope(
        answers["repeat"].to_numpy(float),
        answers["score"].to_numpy(float),
        answers["cluster"].to_numpy(),
        factors=groups(answers, controls=controls, places=places),
    )


def stated(effect: Quantities | NotEstimable, *, level: float = 0.95) -> MaybeEstimate:
    """Return such an effect as an Estimate in "share" per point, or why there is none."""
    if isinstance(effect, NotEstimable):
        return effect
    method = f"linear probability, months by segment and classes of history; {CLUSTERED}"
    return estimates(effect, unit="share", level=level, method=method)[0]


def groups(
    rows: pd.DataFrame,
    *,
    controls: Sequence[str],
    places: Sequence[str],
    weights: np.ndarray | None = None,
) -> Groups:
    """Return what is held alike: months by place, then each control in classes or levels.

    Months are those of `calendar_months`; controls that the rows don't have are left out.
    """
    there = [name for name in dict.fromkeys(controls) if name != MONTH and column_of(name) in rows]
    factors = months_by_place(rows, places, weights)
    for name in there:
        column = rows[column_of(name)]
        factors.append(classes(column) if name in NUMERIC else _codes(named_levels(column)))
    return factors


def months_by_place(
    rows: pd.DataFrame, places: Sequence[str], weights: np.ndarray | None = None
) -> Groups:
    """Return calendar months by each place in turn, as many places as the answers can carry.

    Thin groups of a month join. Without any place that fits: the months alone.
    """
    month = calendar_months(rows)
    months = int(month.max(initial=0)) + 1
    room = (len(rows) if weights is None else float(np.sum(weights))) / A_GROUP
    factors: Groups = []
    for place in dict.fromkeys(places):
        if place not in rows:
            continue
        codes = _within(month, _codes(named_levels(rows[place])), weights)
        count = int(codes.max(initial=0)) + 1
        if months < count <= room:
            factors.append(codes)
            room -= count
    return factors or [month]


def calendar_months(rows: pd.DataFrame) -> np.ndarray:
    """Return each row's calendar month as a number from 0, by its day or as its cell names it.

    Requests that name no month are told apart by the period of asking.
    """
    if "answered_on" not in rows:
        named = [name for name in (MONTH, "period") if name in rows]
        return _codes(rows[named[0]] if named else pd.Series(0, index=rows.index))
    day = pd.to_datetime(rows["answered_on"]).dt
    return _codes(12 * day.year + day.month)


def classes(values: pd.Series) -> np.ndarray:
    """Return each number's class, by tenths of the rows; missing or negative ones have one."""
    numbers = values.to_numpy(float, na_value=np.nan)
    none = np.isnan(numbers) | (numbers < 0)
    if none.all():
        return np.zeros(len(numbers), np.int64)
    parts = np.linspace(0, 1, CLASSES + 1)[1:-1]
    edges = np.unique(np.quantile(numbers[~none], parts, method="nearest"))
    return np.where(none, 0, 1 + np.searchsorted(edges, numbers))


def _within(month: np.ndarray, level: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return groups of month and level; the thin ones of a month are one group of it."""
    levels = int(level.max(initial=0)) + 2
    codes = month * levels + level + 1
    sizes = np.bincount(codes, weights)
    return _codes(np.where(sizes[codes] < FEWEST_IN_LEVEL, month * levels, codes))


def _codes(labels: pd.Series | np.ndarray) -> np.ndarray:
    return np.asarray(pd.factorize(labels)[0], np.int64)
