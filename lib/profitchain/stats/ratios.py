"""How sure we are of a ratio of sums, when customers are independent and their rows are not.

Every mean, share, score and rate of the suite is such a ratio: satisfied / answered,
revenue / orders, retained / previously active. Its variance is the linearised one for
clustered samples (Cochran 1977, Sampling Techniques, 3rd ed., ch. 6 and 9A); on a bounded
scale the interval is Wilson's (1927, JASA 22: 209-212) with the effective number of answers that
this variance implies (Kish 1965; Korn and Graubard 1998, Survey Methodology 24: 193-201), so that
it never leaves the scale and does not shrink to nothing when everybody agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.stats.clusters import totals as totals_of
from profitchain.stats.disclosure_control import too_small

FEWEST_CLUSTERS = 4.5  # below this many effective customers an interval would be guesswork
CLUSTERED = "95% interval clustered by customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linearised:
    """A ratio and the part of its error that each cluster brings.

    `errors` holds one a cluster: their squares add up to the variance. `effective` is how many
    clusters of equal weight would tell as much.
    """

    value: float
    errors: pd.Series
    n: int
    effective: float

    @property
    def variance(self) -> float:
        return float(self.errors @ self.errors)

    @property
    def df(self) -> float:
        return max(self.effective - 1, 1.0)


def ratio(
    sums: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    unit: str,
    bounds: tuple[float, float] | None = None,
    counts: str = "",
    smallest: int = 0,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the ratio of two sums with an interval that is robust to repeated customers.

    Parameters
    ----------
    sums : one row a cluster (or several rows a cluster)
        Reads `cluster` and the two named columns.
    bounds : ends of the scale; None for ratios without any.
    counts : the column whose sum is n, where it isn't the denominator (a share of revenue).
    smallest : fewer customers in the denominator, and nothing is said (privacy).

    Returns
    -------
    Estimate in `unit`, its `n` the sum of `counts` or of the denominator; or NotEstimable.
    """
    linear = linearise(sums, numerator, denominator, smallest=smallest, counts=counts)
    if isinstance(linear, NotEstimable):
        return linear
    return stated(linear, unit=unit, bounds=bounds, level=level)


def stated(
    linear: Linearised,
    *,
    unit: str,
    bounds: tuple[float, float] | None = None,
    level: float = 0.95,
    method: str = CLUSTERED,
) -> Estimate:
    """Return a linearised number with its interval: Wilson's where the scale has `bounds`."""
    low, high = _interval(linear, bounds, level)
    ends = {"value": linear.value, "low": low, "high": high}
    return Estimate(**ends, n=linear.n, unit=unit, level=level, method=method)


def change(
    now: pd.DataFrame,
    before: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    unit: str,
    bounds: tuple[float, float] | None = None,
    counts: str = "",
    smallest: int = 0,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return one ratio less another, for instance this period's less the last one's.

    Customers found in both make the two depend on each other; that covariance counts. The
    interval joins the two ratios' own (MOVER: Zou and Donner 2008, Stat. Med. 27: 1693-1702).
    """
    first, second = (
        linearise(sums, numerator, denominator, smallest=smallest, counts=counts)
        for sums in (now, before)
    )
    if isinstance(first, NotEstimable):
        return first
    if isinstance(second, NotEstimable):
        return second
    (low1, high1), (low2, high2) = (_interval(side, bounds, level) for side in (first, second))
    shared = 2 * _correlation(first, second)
    down, up = first.value - low1, high1 - first.value
    down2, up2 = second.value - low2, high2 - second.value
    value = first.value - second.value
    return Estimate(
        value=value,
        low=value - np.sqrt(max(down**2 + up2**2 - shared * down * up2, 0.0)),
        high=value + np.sqrt(max(up**2 + down2**2 - shared * up * down2, 0.0)),
        n=first.n, unit=unit, level=level, method=CLUSTERED,
    )  # fmt: skip


def holm(p_values: pd.Series | Sequence[float]) -> np.ndarray:
    """Return Holm's adjusted p-values; those that are NaN stay so and do not count.

    Holm (1979), Scandinavian Journal of Statistics 6: 65-70. As statsmodels' `multipletests`, which
    would let Python collect its garbage at every call, half a second in a process full of frames.

    Examples
    --------
    >>> holm([0.04, 0.001, 0.03]).tolist()
    [0.06, 0.003, 0.06]
    """
    try:
        adjusted = np.array(p_values, float)
    except (TypeError, ValueError):
        adjusted = np.array(np.inf)
    if adjusted.ndim != 1 or ((adjusted < 0) | (adjusted > 1)).any():
        raise ParameterError(
            "P-values are numbers from 0 to 1. Give a list or a column of them, NaN where there is "
            "none."
        )
    tested = np.flatnonzero(~np.isnan(adjusted))
    order = tested[np.argsort(adjusted[tested], kind="stable")]
    scaled = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1)
    return adjusted


def benjamini_hochberg(p_values: pd.Series | Sequence[float]) -> np.ndarray:
    """Return p-values adjusted so that false discoveries are held; NaN don't count and stay.

    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57: 289-300, as scipy has it.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, np.nan]).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    adjusted = np.array(p_values, float)
    tested = ~np.isnan(adjusted)
    if tested.any():
        adjusted[tested] = scipy.stats.false_discovery_control(adjusted[tested])
    return adjusted


def linearise(
    sums: pd.DataFrame, numerator: str, denominator: str, *, smallest: int = 0, counts: str = ""
) -> Linearised | NotEstimable:
    """Return the ratio of two sums with each cluster's part of its error (as in `ratio`)."""
    columns = [numerator, denominator, counts or denominator]
    totals = totals_of(sums, list(dict.fromkeys(columns)))
    totals = totals[totals.to_numpy().any(axis=1)]
    above, below, counted = (totals[name].to_numpy() for name in columns)
    clusters, n = totals.index, below.sum()
    if n <= 0:
        return NotEstimable("nothing_counted")
    if np.count_nonzero(below) < smallest:
        return too_small(int(n), smallest)
    shares = below / n
    effective = float(1 / (shares @ shares))
    if effective < FEWEST_CLUSTERS:
        if len(clusters) < FEWEST_CLUSTERS:
            return NotEstimable("too_few_customers", n=int(n))
        return NotEstimable("one_customer_too_large", n=int(n))
    value = float(above.sum() / n)
    residuals = (above - value * below) / n
    errors = pd.Series(residuals * np.sqrt(len(clusters) / (len(clusters) - 1)), index=clusters)
    return Linearised(value=value, errors=errors, n=int(counted.sum()), effective=effective)


def _interval(
    linear: Linearised, bounds: tuple[float, float] | None, level: float
) -> tuple[float, float]:
    quantile = float(scipy.stats.t.ppf((1 + level) / 2, linear.df))
    if bounds is None or not bounds[0] <= linear.value <= bounds[1]:
        half = quantile * np.sqrt(linear.variance)
        return linear.value - half, linear.value + half
    bottom, span = bounds[0], bounds[1] - bounds[0]
    share = (linear.value - bottom) / span
    spread = share * (1 - share)
    is_spread = linear.variance > 0 and spread > 0
    effective_n = spread * span**2 / linear.variance if is_spread else linear.effective
    low, high = wilson(share, effective_n, quantile)
    return min(bottom + span * low, linear.value), max(bottom + span * high, linear.value)


def wilson(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's interval for a share.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0.5, 10, 1.96)]
    [0.2366, 0.7634]
    >>> wilson(0.0, 10, 1.96)[0]
    0.0
    """
    shrink = 1 + quantile**2 / n
    middle = (share + quantile**2 / (2 * n)) / shrink
    half = quantile / shrink * np.sqrt(share * (1 - share) / n + quantile**2 / (4 * n**2))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def _correlation(first: Linearised, second: Linearised) -> float:
    scale = np.sqrt(first.variance * second.variance)
    if scale == 0:
        return 0.0
    left, right = first.errors.align(second.errors, join="inner")
    return float(np.clip((left @ right) / scale, -1, 1))


def difference(
    now: pd.DataFrame, before: pd.DataFrame, *, numerator: str, denominator: str
) -> tuple[float, float]:
    """Return one ratio less another and its two-sided p-value (Welch's t); NaN where unsaid.

    Parameters
    ----------
    now, before : as in `change`.
    """
    first, second = (linearise(sums, numerator, denominator) for sums in (now, before))
    if isinstance(first, NotEstimable) or isinstance(second, NotEstimable):
        return np.nan, np.nan
    apart = first.value - second.value
    errors = first.errors.sub(second.errors, fill_value=0.0)
    variance = float(errors @ errors)
    if variance == 0:
        return apart, 1.0 if apart == 0 else np.nan
    squares = first.variance**2 / first.df + second.variance**2 / second.df
    df = (first.variance + second.variance) ** 2 / squares
    return apart, float(2 * scipy.stats.t.sf(abs(apart) / np.sqrt(variance), df))
