"""Whether those who skip a question change what drivers count: the shares with skips filled in.

By EM (Gaussian moments, missing at random): every answer to the score counts, with whatever it says
of the drivers. A check beside the shares of whole answers, never in their place: its intervals
weren't measured, and skips that hang on what would have been said are beyond it. What was not
applicable is nothing to fill in, and enters as it does there.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.drivers.moments import Driver, columns_of
from profitchain.drivers.shares import EXACT_TO, DriverShares, relative_weights, shapley

MOST_ROUNDS = 500
CLOSE_ENOUGH = 1e-9  # of a column's standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipCheck:
    """The shares of whole answers beside those with skips filled in (`filled`), by driver.

    `answers` are those to the score, whole or not.
    """

    drivers: tuple[Driver, ...]
    whole: list[Estimate]
    filled: np.ndarray
    answers: int

    @property
    def apart(self) -> list[int]:
        """The places of drivers whose share lies outside its interval once skips are filled in."""
        pairs = enumerate(zip(self.whole, self.filled, strict=True))
        return [at for at, (whole, filled) in pairs if not whole.low <= filled <= whole.high]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """Answers that say something of the same columns: their number, sums and sums of products."""

    given: np.ndarray
    n: float
    sums: np.ndarray
    products: np.ndarray


def skip_check(
    cells: pd.DataFrame, drivers: Sequence[Driver], shares: DriverShares
) -> SkipCheck | NotEstimable | None:
    """Return the check of skips; None where nobody skipped a question that one may skip.

    Parameters
    ----------
    cells : as `moments.read_drivers`.
    drivers : those that the shares are of, in their order.

    References
    ----------
    Dempster, Laird and Rubin (1977), JRSS B 39: 1-38; Little and Rubin (2002), Statistical Analysis
    with Missing Data: 11.
    """
    may_skip = [driver for driver in drivers if driver.blank == "skipped"]
    whole = [driver.column for driver in may_skip if driver.kind == "category"]  # no moments
    rows = cells[cells[["score", *whole]].notna().all(axis=1)].reset_index(drop=True)
    if not rows[[driver.column for driver in may_skip]].isna().any(axis=None):
        return None
    n = rows["n"].to_numpy(float)
    parts = [_columns(rows, driver) for driver in drivers]
    widths = np.cumsum([0, *(part.shape[1] for part in parts)])
    of = [list(range(*span)) for span in itertools.pairwise(widths)]
    covariance = em_covariance(np.column_stack([*parts, rows["score"].to_numpy(float)]), n)
    if covariance is None:
        return NotEstimable("no_stable_fit", n=int(n.sum()))
    way = shapley(covariance, of)[0] if len(of) <= EXACT_TO else relative_weights(covariance, of)
    return SkipCheck(drivers=tuple(drivers), whole=shares.estimates(), filled=way / way.sum(),
                     answers=int(n.sum()))  # fmt: skip


def em_covariance(columns: np.ndarray, n: np.ndarray) -> np.ndarray | None:
    """Return the covariance of columns some of whose cells are missing at random (NaN).

    None if it doesn't settle. `n` is how many rows each row stands for.
    """
    shift, scale = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)
    if not (scale > 0).all():
        return None
    patterns = _patterns((columns - shift) / scale, n)
    mean, covariance = np.zeros(len(scale)), np.eye(len(scale))
    for _round in range(MOST_ROUNDS):
        before = covariance
        mean, covariance = _round_of(patterns, mean, covariance)
        if np.abs(covariance - before).max() < CLOSE_ENOUGH:
            return np.asarray(covariance * np.outer(scale, scale))
    return None


def _columns(rows: pd.DataFrame, driver: Driver) -> np.ndarray:
    """Return what a driver enters as; NaN where it was skipped."""
    if driver.blank == "not_applicable" or driver.kind == "category":
        return columns_of(rows, driver)[0]
    return np.asarray(rows[driver.column].to_numpy(float, na_value=np.nan)[:, None])


def _patterns(columns: np.ndarray, n: np.ndarray) -> list[_Pattern]:
    has = ~np.isnan(columns)
    kinds = pd.DataFrame(has).groupby(list(range(has.shape[1])), sort=False).indices
    found = []
    for of in kinds.values():
        given = has[of[0]]
        values, weights = columns[np.ix_(of, np.flatnonzero(given))], n[of]
        found.append(
            _Pattern(given=given, n=weights.sum(), sums=weights @ values,
                     products=values.T @ (values * weights[:, None]))
        )  # fmt: skip
    return found


def _round_of(
    patterns: Sequence[_Pattern], mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance once each missing cell is what these expect of it."""
    size = len(mean)
    total, sums, products = 0.0, np.zeros(size), np.zeros((size, size))
    for pattern in patterns:
        seen, lost = np.flatnonzero(pattern.given), np.flatnonzero(~pattern.given)
        fill, rest = np.zeros((size, len(seen))), np.zeros((size, size))
        fill[seen, np.arange(len(seen))] = 1.0
        inner = covariance[np.ix_(seen, seen)]
        slopes = np.linalg.solve(inner, covariance[np.ix_(seen, lost)]).T
        fill[lost] = slopes
        across = covariance[np.ix_(lost, seen)]
        rest[np.ix_(lost, lost)] = covariance[np.ix_(lost, lost)] - slopes @ across.T
        off = np.zeros(size)
        off[lost] = mean[lost] - slopes @ mean[seen]
        moved = fill @ pattern.sums
        beside = np.outer(moved, off)
        total, sums = total + pattern.n, sums + moved + pattern.n * off
        products += fill @ pattern.products @ fill.T + beside + beside.T
        products += pattern.n * (np.outer(off, off) + rest)
    new = sums / total
    return new, products / total - np.outer(new, new)
