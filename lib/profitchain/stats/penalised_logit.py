"""A logit that stays finite where the terms tell perfectly who did and who didn't.

Firth's penalty (1993, Biometrika 80: 27-38; Heinze and Schemper 2002, Statistics in Medicine 21:
2409-2419) adds to each cell `h` half answers with and `h` half answers without, `h` its leverage:
as many in all as the model has terms, whatever the number of answers.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from profitchain.stats.model_matrix import BLOCK

STEPS = 200
LONGEST = 5.0  # step on the logit scale
SETTLED = 1e-8


def penalised(columns: np.ndarray, total: np.ndarray, n: np.ndarray) -> np.ndarray | None:
    """Return the coefficients that maximise the penalised likelihood, or None if none settle.

    Parameters
    ----------
    columns : cells x terms.
    total, n : each cell's events, of how many.
    """
    values = np.zeros(columns.shape[1])
    for _step in range(STEPS):
        try:
            leverage, inverse = _leverage(columns, n, values)
        except np.linalg.LinAlgError:
            return None
        mean = expit(columns @ values)
        step = inverse @ ((total - n * mean + leverage * (0.5 - mean)) @ columns)
        longest = np.abs(step).max()
        if not np.isfinite(longest):
            return None
        values += step * min(1.0, LONGEST / longest)
        if longest < SETTLED:
            return values
    return None


def shifted_mean(columns: np.ndarray, n: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the means from which the model's equations, penalty and all, are what is left over."""
    mean = expit(columns @ values)
    leverage = _leverage(columns, n, values)[0]
    a_row = np.divide(leverage, n, where=n > 0, out=np.zeros(len(n)))
    return np.asarray(mean - a_row * (0.5 - mean))


def halves(columns: np.ndarray, n: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return what the half answers that the penalty adds bring to the equations' variance.

    Where all came back, or none, the answers have nothing left over, and their errors alone would
    make the rate certain. With the half answers as answers of their own a score with nobody back
    has the variance that its likelihood gives: that of one answer in two.
    """
    mean = expit(columns @ values)
    weight = _leverage(columns, n, values)[0] / 2 * ((1 - mean) ** 2 + mean**2)
    return np.asarray(columns.T @ (columns * weight[:, None]))


def _leverage(
    columns: np.ndarray, n: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's leverage (in all the number of terms), and the inverse information."""
    weight = n * expit(columns @ values) * expit(-(columns @ values))
    information = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(n), BLOCK):
        rows = columns[start : start + BLOCK]
        information += rows.T @ (rows * weight[start : start + BLOCK, None])
    inverse = np.linalg.inv(information)
    return weight * np.einsum("ij,jk,ik->i", columns, inverse, columns, optimize=True), inverse
