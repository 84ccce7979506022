"""Forecasts of the next periods, chosen and bounded by their own errors from earlier origins.

From each origin of the series every method says what it would have said then, knowing nothing
later. Methods are compared from the same origins; the interval is as wide as the chosen one's
errors were. Tashman (2000), Int. J. Forecasting 16: 437-450; mean absolute scaled error: Hyndman
and Koehler (2006), Int. J. Forecasting 22: 679-688.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.outlook.smoothing import SHORTEST, smoothed

PERIODS = 4  # ahead
NAIVE, SMOOTHED, MEAN = "naive", "smoothing", "mean"
FEWEST_ORIGINS = 4  # from which a method was tried
FEWEST_ERRORS = 3  # for a horizon to have an interval of its own
BETTER = 0.9  # a method replaces the mean of all where its error is at most so much of it
LEVELS = (0.80, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """One measure of a firm by steps (months, or weeks), the earliest first.

    `per` steps are a period, `season` a year. `windows` is given where a period isn't the sum of
    its steps, as customers: what the `per` steps to each step's end came to, NaN before the first
    whole ones.
    """

    values: np.ndarray
    per: int
    season: int
    windows: np.ndarray | None = None

    def until(self, count: int) -> Steps:
        """Return the first `count` steps."""
        windows = None if self.windows is None else self.windows[:count]
        return replace(self, values=self.values[:count], windows=windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the next periods bring, each with its interval at both levels, and who says so.

    `errors` : mean absolute error of each method one period ahead, from the same `origins`; `tried`
    counts those from which the method in use has errors.
    `naive` : what the (seasonal) naive says of the same periods.
    """

    method: str
    values: np.ndarray
    low: Mapping[float, np.ndarray]
    high: Mapping[float, np.ndarray]
    naive: np.ndarray
    errors: Mapping[str, float]
    origins: int
    tried: int
    seasonal: bool
    mase: MaybeEstimate
    tracks: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def estimate(self, ahead: int, unit: str, *, level: float = 0.95) -> Estimate:
        """Return the period so many ahead, 1 for the next; n counts the errors it rests on."""
        at = ahead - 1
        ends = float(self.low[level][at]), float(self.high[level][at])
        return Estimate(value=float(self.values[at]), low=ends[0], high=ends[1], n=self.tried,
                        unit=unit, level=level, method=self.method)  # fmt: skip


def needed_steps(per: int) -> int:
    """Return how many steps a series must have: those to begin with, and some tries."""
    return SHORTEST + per + FEWEST_ORIGINS - 1


def predict(
    steps: Steps, *, others: Mapping[str, np.ndarray] | None = None
) -> Forecast | NotEstimable:
    """Return the next four periods, by the method that erred least, or why there is no forecast.

    The plain mean of all methods is used unless one of them erred at least a tenth less from the
    same origins; so one lucky method does not replace it.

    Parameters
    ----------
    others : further methods by name: as `tracks`, one row an origin, one column a period ahead.
    """
    count = len(steps.values)
    needed = needed_steps(steps.per)
    short = NotEstimable("history_too_short_to_forecast", n=count, needed=needed)
    if count < needed:
        return short
    if not (steps.values > 0).any():
        return NotEstimable("nothing_counted")
    came = arrived(steps)
    tracks = every_track(steps) | dict(others or {})
    tracks = {name: track for name, track in tracks.items() if _is_tried(track, came)}
    if not tracks:
        return short
    tracks[MEAN] = mean_track(tracks)
    errors, origins = compared(tracks, came)
    method = method_used(errors)
    tried = int(np.isfinite(tracks[method][:, 0] - came[:, 0]).sum())
    logs = _can_take_logs(tracks[method], came)
    low, high = _bounds(tracks[method], came, steps.per, logs=logs)
    return Forecast(
        method=method, values=np.maximum(tracks[method][-1], 0.0), low=low, high=high,
        naive=tracks.get(NAIVE, tracks[method])[-1], errors=errors, origins=origins, tried=tried,
        seasonal=has_season(steps), mase=scaled_error(tracks, came, method, steps.per),
        tracks=tracks,
    )  # fmt: skip


def has_season(steps: Steps) -> bool:
    """Tell whether two whole years are known, so that a season can be told from chance."""
    return bool(steps.season) and len(steps.values) >= 2 * steps.season


def arrived(steps: Steps) -> np.ndarray:
    """Return what came in the periods after each origin, NaN where they aren't over."""
    count, per = len(steps.values), steps.per
    ends = window_sums(steps.values, per) if steps.windows is None else steps.windows
    came = np.full((count + 1, PERIODS), np.nan)
    for ahead in range(PERIODS):
        reach = (ahead + 1) * per
        origins = np.arange(0, max(count - reach + 1, 0))
        came[origins, ahead] = ends[origins + reach - 1]
    return came


def every_track(steps: Steps) -> dict[str, np.ndarray]:
    """Return what naive and smoothing say from each origin of each period ahead."""
    season = steps.season if has_season(steps) else 0
    ahead = smoothed(steps.values, steps=PERIODS * steps.per, season=season)
    smooth = ahead.reshape(len(ahead), PERIODS, steps.per).sum(axis=2) * _overlap(steps)[:, None]
    return {NAIVE: naive_track(steps, season), SMOOTHED: smooth}


def naive_track(steps: Steps, season: int) -> np.ndarray:
    """Return the same periods a year before; without two years, the last one over and over."""
    ends = window_sums(steps.values, steps.per) if steps.windows is None else steps.windows
    count, per = len(steps.values), steps.per
    track = np.full((count + 1, PERIODS), np.nan)
    for ahead in range(1, PERIODS + 1):
        back = season * -(-ahead * per // season) if season else ahead * per
        origins = np.arange(max(per, back - ahead * per + per), count + 1)
        track[origins, ahead - 1] = ends[origins + ahead * per - back - 1]
    return track


def mean_track(tracks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the plain mean of all methods, where an origin lacks one that of the others.

    Naive and smoothing must be there, if they are tried at all.
    """
    stack = np.array(list(tracks.values()))
    known = np.isfinite(stack)
    needed = [known[place] for place, name in enumerate(tracks) if name in (NAIVE, SMOOTHED)]
    whole = np.all(needed, axis=0) if needed else known.all(axis=0)
    sums = np.where(known, stack, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(np.where(whole, sums, np.nan))


def window_sums(values: np.ndarray, per: int) -> np.ndarray:
    """Return for each step the sum of the `per` steps to its end, NaN before the first whole."""
    sums = np.full(len(values), np.nan)
    if len(values) >= per:
        sums[per - 1 :] = np.convolve(values, np.ones(per), "valid")
    return sums


def compared(tracks: Mapping[str, np.ndarray], came: np.ndarray) -> tuple[dict[str, float], int]:
    """Return each method's mean absolute error one period ahead, and from how many origins."""
    first = {name: np.abs(track[:, 0] - came[:, 0]) for name, track in tracks.items()}
    known = np.all([np.isfinite(error) for error in first.values()], axis=0)
    return {name: float(error[known].mean()) for name, error in first.items()}, int(known.sum())


def method_used(errors: Mapping[str, float]) -> str:
    """Return the method that is used: the mean of all unless another erred clearly less."""
    best = min(errors, key=lambda name: errors[name])
    return best if errors[best] <= BETTER * errors[MEAN] else MEAN


def scaled_error(
    tracks: Mapping[str, np.ndarray], came: np.ndarray, method: str, per: int
) -> MaybeEstimate:
    """Return the chosen method's mean absolute error as times that of the naive; below 1 is better.

    One period ahead, from the same origins; the interval allows for windows that overlap (Bartlett
    weights, t by how many don't), after Diebold and Mariano (1995), JBES 13: 253-263.
    """
    if NAIVE not in tracks:
        return NotEstimable("history_too_short_to_forecast", needed=needed_steps(per))
    own, naive = (np.abs(tracks[name][:, 0] - came[:, 0]) for name in (method, NAIVE))
    known = np.isfinite(own) & np.isfinite(naive)
    own, naive = own[known], naive[known]
    if len(own) < FEWEST_ORIGINS or naive.sum() <= 0:
        return NotEstimable("too_few_origins", n=len(own), needed=FEWEST_ORIGINS)
    ratio = own.mean() / naive.mean()
    apart = own - ratio * naive
    count = len(apart)
    at = np.flatnonzero(known)
    shared = np.maximum(1 - np.abs(at[:, None] - at) / per, 0.0)
    error = np.sqrt(max(float(apart @ shared @ apart), 0.0)) / count / naive.mean()
    half = float(stats.t.ppf(0.975, _independent(at, per))) * float(error)
    value = float(ratio)
    return Estimate(value=value, low=max(value - half, 0.0), high=value + half,
                    n=count, unit="ratio", method="rolling origin")  # fmt: skip


def _bounds(
    track: np.ndarray, came: np.ndarray, per: int, *, logs: bool
) -> tuple[dict[float, np.ndarray], dict[float, np.ndarray]]:
    """Return low and high ends of each period ahead, by level, from errors at earlier origins."""
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = np.log(came / track) if logs else came - track
    now = track[-1]
    low, high = ({level: np.empty(PERIODS) for level in LEVELS} for _ in range(2))
    spread, freedom = 0.0, 1.0
    for at in range(PERIODS):
        known = np.flatnonzero(np.isfinite(missed[:, at]))
        errors = missed[known, at]
        own = float(np.sqrt(np.mean(errors**2))) if len(errors) >= FEWEST_ERRORS else 0.0
        if own:
            freedom = _independent(known, per * (at + 1))
        spread = max(own, spread * (1.0 if own else float(np.sqrt((at + 1) / max(at, 1)))))
        for level in LEVELS:
            half = float(stats.t.ppf((1 + level) / 2, freedom)) * spread
            ends = (now[at] * np.exp([-half, half])) if logs else now[at] + np.array([-half, half])
            low[level][at], high[level][at] = np.maximum(ends, 0.0)
    return low, high


def _independent(origins: np.ndarray, overlap: int) -> float:
    """Return for how many errors that don't overlap those of these origins count, as freedom."""
    alone = 1.0 + float(origins[-1] - origins[0]) / overlap
    return max(min(alone, float(len(origins))), 2.0)


def _can_take_logs(track: np.ndarray, came: np.ndarray) -> bool:
    known = np.isfinite(track) & np.isfinite(came)
    return bool((track[known] > 0).all() and (came[known] > 0).all() and (track[-1] > 0).all())


def _is_tried(track: np.ndarray, came: np.ndarray) -> bool:
    known = np.isfinite(track[:, 0]) & np.isfinite(came[:, 0])
    return bool(known.sum() >= FEWEST_ORIGINS and np.isfinite(track[-1]).all())


def _overlap(steps: Steps) -> np.ndarray:
    """Return by origin what a period comes to of the sum of its steps: 1 unless customers repeat.

    The mean of the last year's windows known at each origin.
    """
    count = len(steps.values)
    if steps.windows is None:
        return np.ones(count + 1)
    sums = window_sums(steps.values, steps.per)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(sums > 0, steps.windows / sums, np.nan)
    parts = np.full(count + 1, np.nan)
    for seen in range(steps.per, count + 1):
        last = shares[max(seen - 12, 0) : seen]
        parts[seen] = np.nanmean(last) if np.isfinite(last).any() else 1.0
    return parts
