"""Which measures lie off their own past by more than chance, over everything that is looked at.

Each value is set against the exponentially weighted mean of those before it (Roberts 1959,
Technometrics 1: 239-250). What it may differ by has two parts: the sampling error of both, and how
much the measure moves from period to period beyond that, as its earlier forecasts were missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from profitchain.core.estimates import NotEstimable
from profitchain.core.periods import Period
from profitchain.stats.ratios import benjamini_hochberg
from profitchain.watch.series import LOG, Series

WEIGHT = 0.3  # of the newest value in the mean of the past
FEWEST_PAST, FEWEST_N = 4, 30
YEARS_OF_SEASON = 2
NOMINAL = 0.09  # false discoveries are 10% at most: short pasts make p-values a little too small
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A measure's value set against what its past predicted.

    `value`, `expected`, `low` and `high` (the 95% prediction interval of `value`) are in the
    measure's unit; of totals they are totals. `p` is two-sided; `alarm` tells whether it stands
    out after all looks (Benjamini-Hochberg, below 10%).
    """

    series: Series
    value: float
    expected: float
    low: float
    high: float
    n: int
    periods: int
    p: float
    alarm: bool = False

    @property
    def change(self) -> float:
        """Value less expected; of totals as a share of what was expected."""
        if self.series.scale == LOG:
            return self.value / self.expected - 1
        return self.value - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """All looks of a period, the least likely first, and how many could not be taken."""

    looks: tuple[Look, ...]
    skipped: int

    @property
    def raised(self) -> tuple[Look, ...]:
        return tuple(look for look in self.looks if look.alarm)


def alarms(series: Sequence[Series], period: Period) -> Alarms | NotEstimable:
    """Return every measure of a period against its own past, and which stand out.

    Parameters
    ----------
    series : what is watched; those without the period or with a thin past are skipped.

    References
    ----------
    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57: 289-300.
    """
    pasts = {one.name: prepared(one, period) for one in series}
    ready = {name: past for name, past in pasts.items() if past is not None}
    usable = [one for one in series if one.name in ready]
    if not usable:
        longest = max((len(one.frame) for one in series), default=0)
        return NotEstimable("too_few_periods_to_watch", n=longest, needed=FEWEST_PAST + 1)
    spread = spreads(usable, ready)
    looks = [_look(one, ready[one.name], spread[one.id]) for one in usable]
    kept = benjamini_hochberg([look.p for look in looks]) <= NOMINAL
    judged = [replace(look, alarm=bool(told)) for look, told in zip(looks, kept, strict=True)]
    judged.sort(key=lambda look: (look.p, look.series.name))
    return Alarms(looks=tuple(judged), skipped=len(series) - len(usable))


@dataclass(frozen=True, slots=True)
class Past:
    """A series ready to be judged: values and variances with season out, the period's last."""

    values: np.ndarray
    variances: np.ndarray
    season: float
    n: int


def prepared(series: Series, period: Period) -> Past | None:
    """Return a series up to a period; None where that or enough of its past is missing.

    None as well of one whose error isn't known, as customers have always been alike.
    """
    frame = series.frame[(series.frame["n"] >= FEWEST_N) & (series.frame["variance"] > 0)]
    ordinals = np.array([Period(name).ordinal for name in frame["period"]], dtype=int)
    keep = ordinals <= period.ordinal
    frame, ordinals = frame[keep], ordinals[keep]
    if not len(frame) or ordinals[-1] != period.ordinal or len(frame) <= FEWEST_PAST:
        return None
    values, variances = frame["value"].to_numpy(float), frame["variance"].to_numpy(float)
    n = int(frame["n"].iloc[-1])
    if series.scale == LOG:
        return _growth(values, variances, ordinals, series.per_year, n)
    season, unsure = _season(values[:-1], variances[:-1], ordinals, series.per_year)
    return Past(values - season, np.append(variances[:-1], variances[-1] + unsure),
                float(season[-1]), n)  # fmt: skip


def _growth(
    values: np.ndarray, variances: np.ndarray, ordinals: np.ndarray, per_year: int, n: int
) -> Past | None:
    """Return a total's growth on the year where two years are known, else on the period before.

    `season` is the (log) total that the last growth starts from.
    """
    years = len(values) >= YEARS_OF_SEASON * per_year + FEWEST_PAST // 2
    lag = per_year if years else 1
    at = {ordinal: k for k, ordinal in enumerate(ordinals)}
    pairs = [(at[o], at[o - lag]) for o in ordinals if o - lag in at]
    if len(pairs) <= FEWEST_PAST or pairs[-1][0] != len(values) - 1:
        return None
    now, then = (np.array(side) for side in zip(*pairs, strict=True))
    growth = values[now] - values[then]
    return Past(growth, variances[now] + variances[then], float(values[then[-1]]), n)


def _season(
    past: np.ndarray, variances: np.ndarray, ordinals: np.ndarray, per_year: int
) -> tuple[np.ndarray, float]:
    """Return each period's part of the year and the last one's error, as a variance.

    The parts are drawn to zero as far as chance explains them.

    Nothing where less than `YEARS_OF_SEASON` years are known. The shrinkage is James and Stein's
    (1961), positive part.
    """
    none = np.zeros(len(ordinals))
    if per_year == 1 or len(past) < YEARS_OF_SEASON * per_year:
        return none, 0.0
    parts = ordinals % per_year
    rest = past - _smooth(past, per_year)
    means, errors = np.zeros(per_year), np.zeros(per_year)
    for part in range(per_year):
        inside = parts[:-1] == part
        if inside.any():
            means[part] = rest[inside].mean()
            errors[part] = max(rest[inside].var(ddof=1) if inside.sum() > 1 else 0.0,
                               variances[inside].mean()) / inside.sum()  # fmt: skip
    means -= means.mean()
    signal = float((means**2).sum())
    noise = float(errors.sum()) * (per_year - 3) / per_year if per_year > 3 else errors.sum()
    noise *= 2.0  # half a season that chance made up is worse than half of one left in
    keep = max(0.0, 1 - noise / signal) if signal > 0 else 0.0
    return keep * means[parts], float(errors[parts[-1]]) if keep > 0 else 0.0


def _smooth(past: np.ndarray, per_year: int) -> np.ndarray:
    """Return the mean of the year around each value: of the year's periods nearest to it."""
    starts = np.clip(np.arange(len(past)) - per_year // 2, 0, max(len(past) - per_year, 0))
    return np.array([past[start : start + per_year].mean() for start in starts])


def mean_weights(k: int) -> np.ndarray:
    """Return the weights of `k` values in the mean of the past, the newest last; they add to 1."""
    weights: np.ndarray = (1 - WEIGHT) ** np.arange(k - 1, -1, -1)
    return weights / float(weights.sum())


def _misses(past: Past) -> list[tuple[float, float, float]]:
    """Return, for each earlier value that can be predicted: miss, its variance, share of spread."""
    found = []
    for k in range(2, len(past.values) - 1):
        weights = mean_weights(k)
        miss = past.values[k] - weights @ past.values[:k]
        variance = past.variances[k] + weights**2 @ past.variances[:k]
        found.append((float(miss), float(variance), float(1 + weights @ weights)))
    return found


def spreads(
    series: Iterable[Series], ready: Mapping[tuple[str, str, str], Past]
) -> dict[str, tuple[float, float]]:
    """Return each measure's spread from period to period, as a variance, and its freedom.

    All its groups tell of it: what is missed beyond the sampling error, none below zero.
    """
    misses: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    lengths: dict[str, int] = defaultdict(int)
    for one in series:
        found = _misses(ready[one.name])
        misses[one.id] += found
        lengths[one.id] = max(lengths[one.id], len(found))
    spread = {}
    for id, several in misses.items():
        if not several:
            spread[id] = (0.0, 1.0)
            continue
        miss, variance, share = np.array(several).T
        weight = 1 / variance**2
        excess = float(weight @ (miss**2 - variance)) / float(weight @ share)
        error = float(np.sqrt(2 / (weight @ share**2)))
        unsure = 1 + float(np.sqrt(2 / max(lengths[id], 1)))  # all its groups share one shock
        freedom = max(lengths[id] / 2, 1.0)  # forecasts from the same past miss alike
        spread[id] = (max(excess, 0.0) * unsure + error, freedom)
    return spread


def _look(series: Series, past: Past, spread: tuple[float, float]) -> Look:
    tau, freedom = spread
    weights = mean_weights(len(past.values) - 1)
    expected = float(weights @ past.values[:-1])
    sampling = float(past.variances[-1] + weights**2 @ past.variances[:-1])
    moving = tau * float(1 + weights @ weights)
    error = np.sqrt(sampling + moving)
    share = moving / (sampling + moving)
    df = freedom / share**2 if share > 0 else np.inf
    distance = (past.values[-1] - expected) / error
    p = float(2 * stats.t.sf(abs(distance), df))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, df)) * error
    ends = [past.values[-1], expected, expected - reach, expected + reach]
    value, middle, low, high = (_back(series, end + past.season) for end in ends)
    return Look(series=series, value=value, expected=middle, low=low, high=high, n=past.n,
                periods=len(past.values) - 1, p=p)  # fmt: skip


def _back(series: Series, value: float) -> float:
    return float(np.exp(value)) if series.scale == LOG else float(value)
