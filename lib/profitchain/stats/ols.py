"""Straight-line regressions of several outcomes at once, their errors robust to repeated customers.

For the designs that compare changes or rest on a draw by lot: there a difference in shares is what
is wanted, for each answer alike, and several outcomes must be known to err together.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.stats.glm import Quantities
from profitchain.stats.model_design import kish
from profitchain.stats.model_matrix import independent


def least_squares(
    regressors: np.ndarray, outcomes: np.ndarray, clusters: np.ndarray, *, others: np.ndarray
) -> Quantities | NotEstimable:
    """Return the coefficients of the regressors on each outcome, outcome after outcome.

    One row an answer. `others` are further columns (put a constant there; none after `demeaned`).
    The errors are those of statsmodels' `cov_type="cluster"` on the columns that are independent.
    """
    columns = np.column_stack([others, regressors])
    keep = independent(columns, np.ones(len(columns)))
    terms = int(keep.sum())
    if not keep[others.shape[1] :].all() or len(columns) <= terms:
        return NotEstimable("effects_not_apart", n=len(columns))
    columns, places = columns[:, keep], np.arange(terms - regressors.shape[1], terms)
    bread = np.linalg.inv(columns.T @ columns)
    coefficients = bread @ columns.T @ outcomes
    codes, names = pd.factorize(clusters)
    count, rows = len(names), len(columns)
    if count < 2:
        return NotEstimable("answers_of_one_customer", n=rows)
    pulls = columns @ bread[:, places]
    brought = [
        np.bincount(codes, pull * left, count)
        for left in (outcomes - columns @ coefficients).T
        for pull in pulls.T
    ]
    factor = count / (count - 1) * (rows - 1) / (rows - terms)
    return Quantities(
        values=coefficients[places].T.ravel(),
        errors=pd.DataFrame(np.sqrt(factor) * np.column_stack(brought), index=names),
        n=rows,
        effective=kish(np.bincount(codes).astype(float)),
    )


def demeaned(columns: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return columns less their group's mean: what fixed effects of the groups leave.

    Frisch and Waugh (1933, Econometrica 1: 387-401).
    """
    codes, names = pd.factorize(groups)
    sizes = np.bincount(codes, minlength=len(names))
    means = [np.bincount(codes, column, len(names)) / sizes for column in columns.T]
    return np.asarray(columns - np.column_stack(means)[codes])


def dummies(groups: np.ndarray) -> np.ndarray:
    """Return one 0/1 column a group: together they hold the constant."""
    codes, names = pd.factorize(groups, sort=True)
    return np.asarray(codes[:, None] == np.arange(len(names)), float)
