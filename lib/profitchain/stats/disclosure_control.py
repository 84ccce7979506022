"""Which groups of customers are not shown: the small ones, and those that would give them away.

Totals stand beside groups. Where a single group is too small to show, all others and the total
would tell it by subtraction; so the next smallest is held back too (complementary suppression:
Cox 1980, JASA 75: 377-385).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.stats.clusters import is_shared, totals

T = TypeVar("T")
OTHERS = "(others)"  # groups that are shown together alone


def withheld(sizes: pd.Series, smallest: int, *, already: pd.Series | None = None) -> pd.Series:
    """Return which groups must not be shown: one truth a group, in the order given.

    Those of fewer than `smallest` customers; and where these are a single group, or fewer than
    `smallest` together, the next smallest of the others. Empty groups can be shown: there is
    nobody in them.

    Parameters
    ----------
    sizes : customers, by group; their total is known to the reader.
    already : groups that are held back for another reason, if any.

    Examples
    --------
    >>> sizes = pd.Series({"a": 50, "b": 3, "c": 20, "d": 0})
    >>> withheld(sizes, 10).tolist(), withheld(sizes, 3).tolist()
    ([False, True, True, False], [False, False, False, False])
    """
    hidden = sizes.between(1, smallest - 1)
    if already is not None:
        hidden |= already.reindex(sizes.index, fill_value=False)
    for group in sizes[~hidden & (sizes > 0)].sort_values(kind="stable").index:
        if not hidden.any() or (hidden.sum() > 1 and sizes[hidden].sum() >= smallest):
            break
        hidden[group] = True
    return hidden


def pooled(rows: pd.DataFrame, segment: str, smallest: int) -> frozenset[str]:
    """Return the groups of a segment that are shown together alone, as `OTHERS`.

    Parameters
    ----------
    rows : several rows a customer (`cluster`), each with the group that it belongs to.
    """
    sizes = rows.groupby(segment, sort=True)["cluster"].nunique()
    hidden = withheld(sizes, smallest)
    while hidden.any() and not hidden.all():
        together = rows.loc[rows[segment].isin(hidden.index[hidden]), "cluster"].nunique()
        if together >= smallest:  # one customer may be in two groups
            break
        hidden = withheld(sizes, smallest, already=hidden | (sizes == sizes[~hidden].min()))
    return frozenset(map(str, hidden.index[hidden]))


def customers_by(rows: pd.DataFrame, group: str, counts: str) -> pd.Series:
    """Return the customers (`cluster`) of each group with anything in the column `counts`."""
    names = sorted(rows[group].unique())
    if is_shared(rows):
        parts = (totals(rows[rows[group] == name], [counts])[counts] for name in names)
        return pd.Series([int((part != 0).sum()) for part in parts], index=names)
    inside = rows[rows[counts] != 0].groupby(group)["cluster"].nunique()
    return inside.reindex(names, fill_value=0)


def unless_withheld(
    hidden: pd.Series, sizes: pd.Series, smallest: int, estimate: Callable[[str], T]
) -> dict[str, T | NotEstimable]:
    """Return each group's estimate, or why it is not shown (`hidden`: one truth a group)."""
    return {
        group: too_small(int(sizes[group]), smallest) if hidden[group] else estimate(group)
        for group in hidden.index
    }


def too_small(n: int, smallest: int) -> NotEstimable:
    """Return why a group of `n` is not shown: without its n, and alike for small and large ones."""
    return NotEstimable("group_too_small", smallest=smallest) if n else NotEstimable("nobody")
