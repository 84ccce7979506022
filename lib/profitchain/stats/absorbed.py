"""Straight-line slopes with many groups held fixed at once, without a column for each of them.

The groups of a factor (calendar months by store, classes of orders so far) enter the normal
equations as counts of pairs, so half a million answers beside hundreds of groups take a tenth of a
second (cf. Wong et al. 2021, J. Open Source Softw. 6(63): 3241, on compressed regressions). What
remains of score and outcome gives the slope (Frisch and Waugh 1933, Econometrica 1: 387-401).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.stats.glm import Quantities
from profitchain.stats.model_design import kish

Codes = Sequence[np.ndarray]  # of each factor: the group, a whole number from 0, of every row
LEAST_LEFT = 1e-9  # share of the regressor's squares that the factors must leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed:
    """What additive factors explain of some columns, and what they leave.

    `left` (rows x columns); `levels`: of each factor, the groups' levels (groups x columns);
    `terms` counts the independent groups.
    """

    left: np.ndarray
    levels: tuple[np.ndarray, ...]
    terms: int


def absorbed(columns: np.ndarray, factors: Codes, weights: np.ndarray | None = None) -> Absorbed:
    """Return the least-squares levels of the groups of all factors, fitted beside one another."""
    columns = np.asarray(columns, float)
    factors = factors or [np.zeros(len(columns), np.int64)]
    sizes = [int(codes.max(initial=0)) + 1 for codes in factors]
    starts = np.append(0, np.cumsum(sizes))
    gram = np.zeros((starts[-1], starts[-1]))
    across = np.zeros((starts[-1], columns.shape[1]))
    for i, codes in enumerate(factors):
        rows = slice(starts[i], starts[i + 1])
        for place, column in enumerate(columns.T):
            of_each = column if weights is None else column * weights
            across[rows, place] = np.bincount(codes, of_each, sizes[i])
        for j in range(i, len(factors)):
            pairs = codes.astype(np.int64) * sizes[j] + factors[j]
            counts = np.bincount(pairs, weights, sizes[i] * sizes[j]).reshape(sizes[i], sizes[j])
            gram[rows, starts[j] : starts[j + 1]] = counts
            gram[starts[j] : starts[j + 1], rows] = counts.T
    values, vectors = np.linalg.eigh(gram)
    real = values > values[-1] * 1e-11 * len(gram)
    inverse = (vectors[:, real] / values[real]) @ vectors[:, real].T
    levels = np.split(inverse @ across, starts[1:-1])
    left = columns - sum(of_each[codes] for of_each, codes in zip(levels, factors, strict=True))
    return Absorbed(left=left, levels=tuple(levels), terms=int(real.sum()))


def slope(
    outcome: np.ndarray,
    regressor: np.ndarray,
    clusters: np.ndarray,
    *,
    factors: Codes,
    weights: np.ndarray | None = None,
) -> Quantities | NotEstimable:
    """Return the slope of an outcome on a regressor, every factor's groups held fixed.

    One row an answer, or a cell of `weights` answers with their mean outcome and one cluster. The
    errors are those of statsmodels' `cov_type="cluster"` with a 0/1 column for each group.
    """
    weight = np.ones(len(outcome)) if weights is None else np.asarray(weights, float)
    n = round(float(weight.sum()))
    codes, names = pd.factorize(clusters)
    if len(names) < 2:
        return NotEstimable("answers_of_one_customer", n=n)
    columns = np.column_stack([regressor, outcome]).astype(float)
    rest = absorbed(columns, factors, weights)
    x, y = rest.left.T
    square = float(weight @ x**2)
    whole = float(weight @ (columns[:, 0] - np.average(columns[:, 0], weights=weight)) ** 2)
    if square <= LEAST_LEFT * max(whole, LEAST_LEFT) or n <= rest.terms + 1:
        return NotEstimable("effects_not_apart", n=n)
    value = float(weight @ (x * y)) / square
    count = len(names)
    factor = count / (count - 1) * (n - 1) / (n - rest.terms - 1)
    brought = np.bincount(codes, weight * x * (y - value * x), count) / square
    return Quantities(
        values=np.array([value]),
        errors=pd.DataFrame(np.sqrt(factor) * brought, index=names),
        n=n,
        effective=kish(np.bincount(codes, weight, count)),
    )
