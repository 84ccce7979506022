"""How much of the business few customers carry: the Lorenz curve, the top tenth, the Gini index.

Customers are independent, so errors are those of influence functions: of a share of a sorted total
Beach and Davidson's (1983, Rev. Econ. Stud. 50: 723-735), of the Gini index Davidson's (2009, J.
Econometrics 150: 30-40). Where few customers make most of the error, it is itself unsure and the
figure more likely too low than too high. So Student's t has as many degrees of freedom as the
variance is worth (Satterthwaite 1946, Biometrics Bull. 2: 110-114), and the interval reaches
further to the side to which the errors are skewed (Johnson 1978, JASA 73: 536-544). Measured in
1,500 invented firms each, the top tenth's 95% intervals so held the truth, with 100 customers and
with 300: exponential money in 94 and 95 of 100, lognormal (sigma 1) in 90 and 94, Pareto (tail 2.5)
in 88 and 93; without both in 93 and 94, 86 and 90, 78 and 86. The Gini index's held it more often.
Where a few customers carry nearly all (Pareto, tail 1.5) both hold it in 80 to 87: too narrow.

Refunds make some customers' sums negative; they stay in. The curve from the top then rises above 1
before it comes down to it, and the Gini index may exceed 1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.stats.ratios import FEWEST_CLUSTERS, Linearised, stated

TOP = 0.1
PLACES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
FEWEST_CUSTOMERS = 100  # the top tenth of fewer is a handful of people's luck


def top_share(
    amounts: pd.Series, *, clusters: pd.Series | None = None, top: float = TOP, smallest: int = 0
) -> MaybeEstimate:
    """Return which share of all money the top tenth of the customers brings.

    The tenth is exact: of 105 customers it is ten and half of the next.

    Parameters
    ----------
    amounts : one row a customer, money.
    clusters : each customer's cluster; by default each customer is one.
    top : which share of customers, the largest first.
    """
    if too_few := _too_few(amounts, smallest):
        return too_few
    values = amounts.to_numpy(float)
    count = top * len(values)
    if count < smallest - 1e-9:
        return NotEstimable("top_too_small", n=len(amounts), smallest=smallest)
    largest, whole = np.sort(values)[::-1], int(count + 1e-9)
    limit = largest[min(whole, len(values) - 1)]  # the amount at which the top begins
    share = float((largest[:whole].sum() + (count - whole) * limit) / largest.sum())
    influence = np.where(values > limit, values - limit, 0.0) + top * limit - share * values
    errors = influence / values.mean() / len(values)
    return _with_interval(share, errors, amounts, clusters, unit="share")


def gini(
    amounts: pd.Series, *, clusters: pd.Series | None = None, smallest: int = 0
) -> MaybeEstimate:
    """Return the Gini index: 0 if all bring the same, 1 if one customer brings all.

    Parameters
    ----------
    amounts, clusters : as in `top_share`.
    """
    if too_few := _too_few(amounts, smallest):
        return too_few
    values = amounts.to_numpy(float)
    order = np.argsort(values, kind="stable")
    rising, n = values[order], len(values)
    mean, place = rising.mean(), (np.arange(1, n + 1) - 0.5) / n
    index = 2 * (rising @ place) / n / mean - 1
    above = (rising.sum() - np.cumsum(rising)) / n
    larger = np.empty(n)  # mean of the larger one, of this customer and any other
    larger[order] = rising * place + above + rising / (2 * n)
    errors = (2 * larger - (index + 1) * (values + mean)) / mean / n
    return _with_interval(index, errors, amounts, clusters, unit="ratio")


def curve(
    amounts: pd.Series, *, clusters: pd.Series | None = None, smallest: int = 0
) -> pd.DataFrame:
    """Return the Lorenz curve from the top: the share of money that the top customers bring.

    Places with fewer than `smallest` customers on either side are left out: the top hundredth of
    a hundred customers is one of them.

    Returns
    -------
    One row a place: customers (share of customers, the largest first, 0 to 1), value, low, high
    (share of money), n, why.
    """
    top = top_share(amounts, clusters=clusters, smallest=smallest)
    if isinstance(top, NotEstimable):
        return to_frame([top], customers=[TOP])
    n = len(amounts)
    places = [at for at in PLACES if min(at, 1 - at) * n > max(smallest, 1) - 1e-9]
    inside = [top_share(amounts, clusters=clusters, top=at) for at in places]
    ends = [Estimate(value=end, low=end, high=end, n=n, unit="share") for end in (0.0, 1.0)]
    return to_frame([ends[0], *inside, ends[1]], customers=[0.0, *places, 1.0])


def of_period(now: pd.DataFrame, money: str) -> dict[str, pd.Series]:
    """Return net money (`amounts`) and `clusters` of the customers who ordered in the period.

    Parameters
    ----------
    now : one row a customer
        Reads `period_orders`, `cluster` and `period_revenue` or `period_margin`.
    """
    rows = now[now["period_orders"] > 0]
    return {"amounts": rows[f"period_{money}"], "clusters": rows["cluster"]}


def shares(now: pd.DataFrame, *, smallest: int = 0) -> dict[str, MaybeEstimate]:
    """Return what the top tenth carries, and the Gini indices, by the findings' ids."""
    lookback = now[now["orders"] > 0]
    estimates: dict[str, MaybeEstimate] = {}
    for money in ("revenue", "margin"):
        if money in now:
            year = {"amounts": lookback[money], "clusters": lookback["cluster"]}
            period = of_period(now, money)
            estimates |= {
                f"top_decile_{money}_share": top_share(**period, smallest=smallest),
                f"top_decile_{money}_share_lookback": top_share(**year, smallest=smallest),
                f"{money}_gini": gini(**period, smallest=smallest),
            }
    return estimates


def curves(now: pd.DataFrame, *, smallest: int = 0) -> pd.DataFrame:
    """Return the period's Lorenz curves of revenue and, where known, margin (column `money`)."""
    frames = [
        curve(**of_period(now, money), smallest=smallest).assign(money=money)
        for money in ("revenue", "margin")
        if money in now
    ]
    return pd.concat(frames, ignore_index=True).assign(unit="share")


def _with_interval(
    value: float,
    errors: np.ndarray,
    amounts: pd.Series,
    clusters: pd.Series | None,
    *,
    unit: str,
) -> MaybeEstimate:
    groups = np.arange(len(errors)) if clusters is None else clusters.to_numpy()
    summed = pd.Series(errors).groupby(groups).sum()
    money = amounts.abs().to_numpy(float)
    weight = pd.Series(money).groupby(groups).sum() / money.sum()
    effective = float(1 / (weight @ weight))
    if effective < FEWEST_CLUSTERS:
        return NotEstimable("hardly_anybody_brings_money", n=len(amounts))
    summed *= np.sqrt(len(summed) / (len(summed) - 1))
    worth = min(effective, 1 + _degrees_of_freedom(summed))
    linear = Linearised(value=value, errors=summed, n=len(amounts), effective=worth)
    estimate = stated(linear, unit=unit, bounds=(0.0, 1.0))
    far = _skewed(summed)
    high = max(estimate.high, min(estimate.high + max(far, 0.0), 1.0))
    return replace(estimate, low=estimate.low + min(far, 0.0), high=high)


def _degrees_of_freedom(errors: pd.Series) -> float:
    """Return how many independent normal errors would tell the variance as well as these do."""
    squares = float((errors**2).sum())
    if squares <= 0:
        return np.inf
    kurtosis = len(errors) * float((errors**4).sum()) / squares**2
    return 2 * len(errors) / max(kurtosis - 1, 1e-9)


def _skewed(errors: pd.Series, level: float = 0.95) -> float:
    """Return how much further an interval must reach to the side to which its errors are skewed."""
    squares = (errors**2).sum()
    if squares <= 0:
        return 0.0
    skewness = (errors**3).sum() / squares**1.5  # over the root of their number
    z = stats.norm.ppf((1 + level) / 2)
    return float(skewness * (2 * z**2 + 1) / 6 * np.sqrt(squares))


def _too_few(amounts: pd.Series, smallest: int) -> NotEstimable | None:
    n, fewest = len(amounts), max(smallest, FEWEST_CUSTOMERS)
    if n < fewest:
        return NotEstimable("too_few_ordered", n=n, customers=n, fewest=fewest)
    return NotEstimable("no_money_to_share", n=n) if amounts.sum() <= 0 else None
