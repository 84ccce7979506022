"""How often something happens for each unit of exposure, when customers are independent.

Counts are Poisson or wider: Garwood's exact interval (1936, Biometrika 28: 437-442) for as many
independent events as the clusters make of them. A slope is that of the rate on a score, by the
score equations of a Poisson model with identity link and the clusters' own errors (sandwich; Liang
and Zeger 1986, Biometrika 73: 13-22).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.stats.clusters import totals
from profitchain.stats.ratios import Linearised, linearise

FEWEST_EVENTS, FEWEST_A_SIDE = 10, 3
METHOD = "Garwood, clustered by customer"


def garwood(count: float, *, spread: float = 1.0, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a Poisson mean; `spread` is the mean size of its clusters.

    Examples
    --------
    >>> [round(end, 3) for end in garwood(10)]
    [4.795, 18.39]
    """
    tail, of_one = (1 - level) / 2, count / spread
    low = scipy.stats.chi2.ppf(tail, 2 * of_one) / 2 if count else 0.0
    return float(low * spread), float(scipy.stats.chi2.isf(tail, 2 * of_one + 2) / 2 * spread)


def event_rate(
    sums: pd.DataFrame, *, events: str, exposure: str, per: float = 1.0, smallest: int = 0
) -> MaybeEstimate:
    """Return how many events came for each `per` of exposure; n counts the events.

    Parameters
    ----------
    sums : one row a cluster (or several rows a cluster); reads `cluster` and the two columns.
    smallest : fewer customers behind the exposure, and nothing is said (privacy).
    """
    linear = linearise(sums, events, exposure)
    if isinstance(linear, NotEstimable):
        return linear
    if len(linear.errors) < smallest:
        return NotEstimable("too_few_customers", n=len(linear.errors), needed=smallest)
    count = float(sums[events].sum())
    low, high = garwood(count, spread=_spread(linear, count))
    each = per * linear.value / count if count else per / float(sums[exposure].sum())
    return Estimate(value=count * each, low=low * each, high=high * each, n=round(count),
                    unit="ratio", method=METHOD)  # fmt: skip


def rate_ratio(
    above: pd.DataFrame, below: pd.DataFrame, *, events: str, exposure: str
) -> MaybeEstimate:
    """Return one rate as so many times another; its interval by the delta method on the logarithm.

    Customers found in both are taken for others, which widens the interval of like customers.
    """
    n = int(above[events].sum() + below[events].sum())
    sides = [linearise(sums, events, exposure) for sums in (above, below)]
    for sums, side in zip((above, below), sides, strict=True):
        if isinstance(side, NotEstimable):
            return side
        if sums[events].sum() < FEWEST_A_SIDE:
            return NotEstimable("too_few_events", n=n, needed=FEWEST_A_SIDE)
    first, second = (side for side in sides if isinstance(side, Linearised))
    error = np.sqrt(sum(side.variance / side.value**2 for side in (first, second)))
    value = first.value / second.value
    factor = float(np.exp(scipy.stats.norm.ppf(0.975) * error))
    return Estimate(value=value, low=value / factor, high=value * factor, n=n, unit="ratio",
                    method="delta method on the logarithm, clustered by customer")  # fmt: skip


def rate_slope(
    cells: pd.DataFrame, *, events: str, exposure: str, score: str = "score"
) -> MaybeEstimate:
    """Return how much the rate differs for one more point of a score; n counts the events.

    Parameters
    ----------
    cells : one row a cluster and score; reads `cluster`, the score and the two columns.
    """
    n = int(cells[events].sum())
    weight = cells[exposure].to_numpy(float)
    if n < FEWEST_EVENTS or weight.sum() <= 0:
        return NotEstimable("too_few_events", n=n, needed=FEWEST_EVENTS)
    at = cells[score].to_numpy(float)
    at = at - np.average(at, weights=weight)
    count = cells[events].to_numpy(float)
    spread = float(weight @ at**2)
    if spread <= 0:
        return NotEstimable("all_scores_the_same", n=n)
    slope = float(at @ count) / spread
    left = count - weight * (count.sum() / weight.sum() + slope * at)
    parts = totals(cells.assign(part=at * left / spread), ["part"])["part"]
    many = len(parts)
    error = float(np.sqrt((parts @ parts) * many / max(many - 1, 1)))
    half = float(scipy.stats.t.ppf(0.975, max(many - 1, 1))) * error
    return Estimate(value=slope, low=slope - half, high=slope + half, n=n, unit="ratio",
                    method="straight line of the rate, clustered by customer")  # fmt: skip


def _spread(linear: Linearised, count: float) -> float:
    """Return how many events tell as much as one independent one: 1 or more."""
    if not count:
        return 1.0
    return max(1.0, linear.variance * count / linear.value**2)
