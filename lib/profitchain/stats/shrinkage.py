"""Whether groups differ at all, by how much beyond chance, and what to expect of each of them.

The mean of a small group is mostly luck. So it is drawn towards the mean of all groups, the more
the less it rests on (Efron and Morris 1975, JASA 70: 311-319). Customers' money is skewed, which
makes the usual tests see differences where there are none (in worlds without any, Welch's test
found some in 8% to 75% of them): here the same statistics are computed for groups whose customers
are drawn from all alike, and that tells how large chance alone makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from profitchain.core.estimates import NotEstimable

DRAWS = 1999
MOST_DRAWN = 500  # customers of a drawn group; a larger group's mean scatters less, by the root
SEED = 20260930
STEPS = 400  # of the standard deviation between groups, over which the estimates are averaged
FEWEST_TO_SHRINK = 3  # with two groups, nothing can be learnt of how groups differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """How much groups differ in one measure.

    `q`: Cochran's (1954, Biometrics 10: 101-129); `p`: how often chance alone makes it as large;
    `tau`: the standard deviation between the groups' true means, in the measure's unit (Paule and
    Mandel 1982, J. Res. NBS 87: 377-385); `i_squared`: the share of `q` beyond chance; `p_group`:
    for each group, how often chance alone sets it as far apart from all others.
    """

    q: float
    p: float
    tau: float
    i_squared: float
    p_group: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeans:
    """What all computations need of groups: `n` customers, their `mean`, the variance of each mean.

    `names` in the order of the arrays.
    """

    names: pd.Index
    n: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def group_means(values: pd.Series, group: pd.Series) -> GroupMeans:
    """Return each group's size, mean and the variance of its mean.

    Parameters
    ----------
    values : one a customer.
    group : the group that the customer belongs to; every group has two customers or more.
    """
    by_group = values.groupby(group)
    n = by_group.size().to_numpy(float)
    residual = values - by_group.transform("mean")
    inside = by_group.var(ddof=1).to_numpy(float)
    spread = variances(n, inside, _kurtosis(residual.to_numpy(float)))
    mean = by_group.mean()
    return GroupMeans(names=mean.index, n=n, mean=mean.to_numpy(float), variance=spread / n)


def variances(n: np.ndarray, inside: np.ndarray, kurtosis: float) -> np.ndarray:
    """Return the groups' variances, each drawn to the pooled one as far as it is chance.

    A group's own variance is known to (kurtosis - 1) / n of its square; where the groups' variances
    scatter no more than that, they share one. So a small group that nobody in spent much does not
    pass for one that is known exactly.

    Parameters
    ----------
    n, inside : customers and variance between customers by group; the last axis runs over groups.
    """
    pooled = np.sum((n - 1) * inside, axis=-1, keepdims=True) / np.sum(n - 1)
    noise = np.maximum(kurtosis - 1, 0.0) / n
    apart = (inside / np.where(pooled > 0, pooled, 1.0) - 1) ** 2
    beyond = np.average(apart - noise, axis=-1, weights=np.broadcast_to(n, apart.shape))
    beyond = np.maximum(beyond, 0.0)[..., None]
    own = beyond / np.where(beyond + noise > 0, beyond + noise, 1.0)
    shrunk_variances: np.ndarray = pooled + own * (inside - pooled)
    return shrunk_variances


def heterogeneity(values: pd.Series, group: pd.Series) -> Heterogeneity | NotEstimable:
    """Return how much groups differ, and how often chance alone would make them differ as much.

    Parameters
    ----------
    values, group : as in `group_means`.
    """
    groups = group_means(values, group)
    if len(groups.n) < 2:
        return NotEstimable("only_one_group", n=len(values))
    if not groups.variance.min() > 0:
        return NotEstimable("all_customers_alike", n=len(values))
    q, apart = _statistics(groups.n, groups.mean, groups.variance)
    q_drawn, apart_drawn = _by_chance(values.to_numpy(float), groups.n)
    return Heterogeneity(
        q=float(q),
        p=float((1 + (q_drawn >= q).sum()) / (DRAWS + 1)),
        tau=float(np.sqrt(paule_mandel(groups.mean, groups.variance))),
        i_squared=max(1 - (len(groups.n) - 1) / float(q), 0.0) if q > 0 else 0.0,
        p_group=(1 + (apart_drawn >= apart).sum(axis=0)) / (DRAWS + 1),
    )


def cochran_q(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the weighted sum of squares of means about their common mean (over the last axis)."""
    weight = 1 / variance
    middle = np.sum(weight * mean, axis=-1, keepdims=True) / weight.sum(axis=-1, keepdims=True)
    return np.asarray(np.sum(weight * (mean - middle) ** 2, axis=-1))


def paule_mandel(mean: np.ndarray, variance: np.ndarray) -> float:
    """Return the variance between groups at which Cochran's Q is what it should be; 0 if below."""
    df = len(mean) - 1

    def excess(between: float) -> float:
        return float(cochran_q(mean, variance + between)) - df

    if df < 1 or excess(0.0) <= 0:
        return 0.0
    top = float(np.var(mean, ddof=1)) + float(variance.max())
    while excess(top) > 0:
        top *= 2
    return float(optimize.brentq(excess, 0.0, top, xtol=1e-14 * max(top, 1.0)))


def shrunk(groups: GroupMeans, *, level: float = 0.95) -> pd.DataFrame:
    """Return what to expect of each group: its mean, drawn to that of all, with an interval.

    The standard deviation between groups is not known, so the estimates are averaged over all that
    it may be, a flat prior on it (Rubin 1981, J. Educ. Stat. 6: 377-401; Gelman 2006, Bayesian
    Analysis 1: 515-534); the interval carries that doubt and the one about the mean of all, which
    an interval at the best guess leaves out (Morris 1983, JASA 78: 47-55). Fewer than three groups
    stay as they are.

    Returns
    -------
    One row a group, by name: value, low, high, in the unit of the means.
    """
    middle, variance = groups.mean, groups.variance
    if len(middle) >= FEWEST_TO_SHRINK and variance.min() > 0:
        middle, variance = _averaged(groups.mean, groups.variance)
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(variance)
    ends = {"value": middle, "low": middle - half, "high": middle + half}
    return pd.DataFrame(ends, index=groups.names)


def _averaged(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the groups' true means, over all that tau may be."""
    place = (np.arange(STEPS) + 0.5) / STEPS
    tau = np.sqrt(np.median(variance) + np.var(mean)) * place / (1 - place)  # from 0 to infinity
    total = variance + tau[:, None] ** 2
    weight = (1 / total).sum(axis=1)
    centre = (mean / total).sum(axis=1) / weight
    squares = ((mean - centre[:, None]) ** 2 / total).sum(axis=1)
    log = -0.5 * (np.log(total).sum(axis=1) + np.log(weight) + squares) - 2 * np.log(1 - place)
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    drawn = variance / total  # how far each group is drawn to the centre
    at = mean + drawn * (centre[:, None] - mean)
    inside = (1 - drawn) * variance + drawn**2 / weight[:, None]
    middle = chance @ at
    return middle, chance @ (inside + (at - middle) ** 2)


def _statistics(
    n: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return Cochran's Q, and how far each group lies from all others, in standard errors."""
    total = n.sum()
    rest = (np.sum(n * mean, axis=-1, keepdims=True) - n * mean) / (total - n)
    squares = np.sum(n**2 * variance, axis=-1, keepdims=True)
    doubt = variance + (squares - n**2 * variance) / (total - n) ** 2
    return cochran_q(mean, variance), np.abs(mean - rest) / np.sqrt(doubt)


def _by_chance(values: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same statistics, `DRAWS` times, of groups drawn from all customers alike.

    A group of more than `MOST_DRAWN` is drawn at that size, and what it misses the overall mean
    and variance by is scaled down by the root of the sizes.
    """
    rng = np.random.default_rng(SEED)
    values = values - values.mean()
    overall = float(np.mean(values**2))
    mean, inside = np.empty((2, DRAWS, len(n)))
    for place, size in enumerate(n):
        drawn = values[rng.integers(len(values), size=(DRAWS, int(min(size, MOST_DRAWN))))]
        smaller = np.sqrt(drawn.shape[1] / size)
        mean[:, place] = smaller * drawn.mean(axis=1)
        inside[:, place] = overall + smaller * (drawn.var(axis=1, ddof=1) - overall)
    spread = np.maximum(variances(n, inside, _kurtosis(values)), overall * 1e-9)
    return _statistics(n, mean, spread / n)


def _kurtosis(residuals: np.ndarray) -> float:
    second = float(np.mean(residuals**2))
    return float(np.mean(residuals**4)) / second**2 if second > 0 else 1.0
