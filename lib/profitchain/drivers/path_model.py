"""What lies behind several questions each, and how one such cause leads to another.

Partial least squares (Wold 1982) with the consistent correction (PLSc): composites of a block's
questions, mode A, factorial scheme; their reliability rho A takes out what single questions say by
chance, and paths are regressions among what is left. As the satisfaction indices of countries are
modelled. Which block leads to which is the firm's claim, not a finding.

References
----------
Dijkstra and Henseler (2015), MIS Quarterly 39: 297-316; Fornell, Johnson, Anderson, Cha and
Bryant (1996), J. Marketing 60(4): 7-18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable

MOST_ROUNDS = 300
CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class PathModel:
    """Blocks' reliability, questions' loadings, paths between blocks and each block's R2.

    `paths` has a row a block and a column a block that it leads to, NaN where the firm drew none.
    """

    reliability: pd.Series
    loadings: pd.Series
    paths: pd.DataFrame
    r2: pd.Series


def path_model(
    covariance: pd.DataFrame,
    blocks: Mapping[str, Sequence[str]],
    leads_to: Mapping[str, Sequence[str]],
) -> PathModel | NotEstimable:
    """Return the path model of a covariance matrix.

    Parameters
    ----------
    covariance : of all questions, by name.
    blocks : by name, its questions.
    leads_to : for each block that others lead to, those others.
    """
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / spread / spread[:, None]
    names = list(blocks)
    linked = np.zeros((len(names), len(names)), bool)
    for end, starts in leads_to.items():
        for start in starts:
            linked[names.index(start), names.index(end)] = True
    weights = _weights(correlation, blocks, linked | linked.T)
    if weights is None:
        return NotEstimable("path_model_not_stable")
    composite = weights.T @ correlation.to_numpy() @ weights
    rho = np.array([_rho(correlation, blocks[name], weights[:, at], correlation.columns)
                    for at, name in enumerate(names)])  # fmt: skip
    if not ((rho > 0) & (rho <= 1 + CLOSE_ENOUGH)).all():
        return NotEstimable("path_model_not_stable")
    apart = composite / np.sqrt(rho) / np.sqrt(rho)[:, None]
    np.fill_diagonal(apart, 1.0)
    paths, r2 = np.full(linked.shape, np.nan), {}
    for to, name in enumerate(names):
        if len(causes := np.flatnonzero(linked[:, to])):
            slopes = np.linalg.solve(apart[np.ix_(causes, causes)], apart[causes, to])
            paths[causes, to], r2[name] = slopes, float(slopes @ apart[causes, to])
    single = [len(questions) == 1 for questions in blocks.values()]
    loadings = weights * np.where(single, 1.0, np.sqrt(rho) / (weights**2).sum(axis=0))
    return PathModel(
        reliability=pd.Series(rho, index=names),
        loadings=pd.Series(loadings.sum(axis=1), index=correlation.columns),
        paths=pd.DataFrame(paths, index=names, columns=names), r2=pd.Series(r2, dtype=float),
    )  # fmt: skip


def _weights(
    correlation: pd.DataFrame, blocks: Mapping[str, Sequence[str]], beside: np.ndarray
) -> np.ndarray | None:
    """Return the questions' weights in each block (questions x blocks), or None if none settle."""
    inside = np.column_stack([correlation.columns.isin(questions) for questions in blocks.values()])
    matrix = correlation.to_numpy()
    weights = _unit(inside.astype(float), matrix)
    for _round in range(MOST_ROUNDS):
        inner = weights.T @ matrix @ weights * beside
        new = _unit(matrix @ weights @ inner * inside, matrix)
        if np.abs(np.abs(new) - np.abs(weights)).max() < CLOSE_ENOUGH:
            signs = np.sign((matrix @ new * inside).sum(axis=0))
            return np.asarray(new * signs)
        weights = new
    return None


def _unit(weights: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return weights whose composites have variance 1."""
    return np.asarray(weights / np.sqrt(np.einsum("qb,qr,rb->b", weights, matrix, weights)))


def _rho(
    correlation: pd.DataFrame, questions: Sequence[str], weights: np.ndarray, columns: pd.Index
) -> float:
    """Return the reliability of a composite: 1 for a single question."""
    if len(questions) == 1:
        return 1.0
    w = weights[columns.isin(questions)]
    inner = correlation.loc[columns.isin(questions), columns.isin(questions)].to_numpy()
    off = inner - np.diag(np.diag(inner))
    squares = np.outer(w, w) - np.diag(w**2)
    return float((w @ w) ** 2 * (w @ off @ w) / (w @ squares @ w))
