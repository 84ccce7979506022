"""From customers drawn by chance to all: how many they are and what they bring, and how sure.

Of a firm with very many customers only some, drawn by chance, are kept one by one. Each of their
rows then stands for as many customers as its `stands_for` says: all there are over those drawn,
the expansion factor of survey samplers (Cochran 1977, Sampling Techniques, 3rd ed., ch. 2). Shares
and means need nothing of it; counts and sums are multiplied by it. Where nobody is drawn there is
no such column, each row stands for itself, and everything here gives back what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, counted
from profitchain.stats.ratios import wilson

STANDS_FOR = "stands_for"
Sums = TypeVar("Sums", pd.Series, pd.DataFrame)


def stands_for(facts: Mapping[str, int]) -> float:
    """Return for how many customers each one drawn stands, 1.0 where nobody is drawn.

    Parameters
    ----------
    facts : an edition's: `customers` and `customers_drawn`.
    """
    return facts.get("customers", 1) / max(facts.get("customers_drawn", 1), 1)


def factor(rows: pd.DataFrame) -> float:
    """Return for how many customers each row stands: 1.0 where nobody is drawn.

    Parameters
    ----------
    rows : one row a customer
        Reads `stands_for` where there is one: the same in every row.
    """
    return float(rows[STANDS_FOR].iloc[0]) if STANDS_FOR in rows and len(rows) else 1.0


def group_size(inside: int, rows: pd.DataFrame, *, level: float = 0.95) -> Estimate:
    """Return how many of all customers are in a group: counted in full, or told from those drawn.

    Wilson's interval for their share; the more of all are drawn, the narrower it is (Cochran 1977,
    sec. 3.2).

    Parameters
    ----------
    inside : rows in the group. `rows` : one row a customer, as in `factor`.
    """
    weight, n = factor(rows), len(rows)
    if weight == 1:
        return counted(inside, unit="customers")
    quantile = float(scipy.stats.norm.ppf((1 + level) / 2))
    low, high = wilson(inside / n, n / (1 - 1 / weight), quantile)
    return Estimate(
        value=inside * weight, low=low * n * weight, high=high * n * weight, n=n, unit="customers",
        level=level, method="Wilson, customers drawn by chance",
    )  # fmt: skip


def of_all(sums: Sums, weight: float, *, squares: pd.Series | None = None) -> Sums:
    """Return sums over drawn customers as sums over all, rounded to the digits that they support.

    Parameters
    ----------
    sums : one row a group; counts of customers, or sums of money.
    weight : for how many customers each row stands, as `factor` returns.
    squares : the sums of the squares of what was summed, by group; by default `sums` are counts.

    Examples
    --------
    >>> of_all(pd.Series([40_321, 7]), 20.0).tolist(), of_all(pd.Series([40_321, 7]), 1.0).tolist()
    ([806000.0, 140.0], [40321, 7])
    """
    if weight == 1:
        return sums
    squares = sums if squares is None else squares
    errors = weight * np.sqrt(squares.clip(lower=1).astype(float))
    steps = 10 ** np.floor(np.log10(errors))
    return sums.mul(weight, axis=0).div(steps, axis=0).round().mul(steps, axis=0)
