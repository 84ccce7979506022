"""Which groups of customers are not shown: the small ones, and those that would give them away.

Totals stand beside groups. Where a single group is too small to show, all others and the total
would tell it by subtraction; so the next smallest is held back too (complementary suppression:
Cox 1980, JASA 75: 377-385).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable


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


def unless_withheld(
    hidden: pd.Series, sizes: pd.Series, smallest: int, estimate: Callable[[str], MaybeEstimate]
) -> dict[str, MaybeEstimate]:
    """Return each group's estimate, or why it is not shown (`hidden`: one truth a group)."""
    return {
        group: too_small(int(sizes[group]), smallest) if hidden[group] else estimate(group)
        for group in hidden.index
    }


def too_small(n: int, smallest: int) -> NotEstimable:
    """Return why a group of `n` is not shown."""
    if not n or n >= smallest:
        return NotEstimable("beside_a_small_group" if n else "nobody", n=n)
    return NotEstimable("group_too_small", n=n, smallest=smallest)
