"""Exponential smoothing with a damped trend, from every origin of a series in one pass.

All settings of a grid run side by side; at each origin the one counts whose one-step errors up to
there were smallest, so no forecast knows what came after it. Gardner and McKenzie (1985),
Management Science 31: 1237-1246; Hyndman et al. (2008), Forecasting with Exponential Smoothing.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

ALPHAS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
SLOPES = ((0.0, 1.0), (0.05, 0.9), (0.15, 0.9), (0.3, 0.9), (0.1, 0.98), (0.2, 0.8))  # beta/alpha
GAMMAS = (0.05, 0.15, 0.4)
SHORTEST = 6  # values before the first forecast without season
TERMS = 4  # what a model without season is taken to have been fitted with


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothedPass:
    """Forecasts from each origin (values seen: 0 to n) for each step ahead, and how they were.

    `aic` is Akaike's criterion on the one-step errors after the first season; NaN before.
    """

    ahead: np.ndarray
    aic: np.ndarray


def smoothed(values: np.ndarray, *, steps: int, season: int) -> np.ndarray:
    """Return forecasts, one row an origin (0 to n values seen), one column a step ahead.

    Positive series are smoothed in logarithms, so that seasons grow with the level. The season is
    used from two whole ones on, where Akaike's criterion prefers it. NaN before `SHORTEST` values.

    Parameters
    ----------
    values : one a step, the earliest first. season : steps of a year; 0 for none.
    """
    is_positive = bool((values > 0).all())
    y = np.log(values) if is_positive else values.astype(float)
    plain = one_pass(y, steps=steps, season=0, later=season)
    ahead = plain.ahead
    if season and len(y) > 2 * season:
        seasonal = one_pass(y, steps=steps, season=season, later=season)
        better = seasonal.aic < plain.aic  # NaN compares false
        ahead = np.where(better[:, None], seasonal.ahead, plain.ahead)
    return np.exp(ahead) if is_positive else ahead


def one_pass(y: np.ndarray, *, steps: int, season: int, later: int = 0) -> SmoothedPass:
    """Return what every origin forecasts; `later`: errors count for the criterion from there on."""
    alpha, beta, phi, gamma = grid(season)
    first = 2 * season if season else SHORTEST
    level, slope, seasons = starts(y, season, len(alpha))
    ahead, aic = np.full((len(y) + 1, steps), np.nan), np.full(len(y) + 1, np.nan)
    squares, late = np.zeros(len(alpha)), np.zeros(len(alpha))
    for seen, value in enumerate(y, start=1):
        place = (seen - 1) % season if season else 0
        expected = level + phi * slope
        error = value - expected - seasons[place]
        level = expected + alpha * error
        slope = phi * slope + beta * error
        seasons[place] += gamma * error
        squares += error**2 if seen > 3 else 0
        late += error**2 if seen > later else 0
        if seen < first:
            continue
        best = int(np.argmin(squares))
        damped = np.cumsum(phi[best] ** np.arange(1, steps + 1))
        places = (seen + np.arange(steps)) % season if season else np.zeros(steps, int)
        ahead[seen] = level[best] + damped * slope[best] + seasons[places, best]
        count = seen - later
        if count > 1:
            mean_square = max(float(late[best]) / count, 1e-12)
            terms = TERMS + max(season - 1, 0)
            aic[seen] = count * np.log(mean_square) + 2 * terms
    return SmoothedPass(ahead=ahead, aic=aic)


def grid(season: int) -> tuple[np.ndarray, ...]:
    """Return alpha, beta, phi and gamma of every setting, one a place."""
    gammas = GAMMAS if season else (0.0,)
    rows = [(a, a * b, phi, g * (1 - a))
            for a, (b, phi), g in itertools.product(ALPHAS, SLOPES, gammas)]  # fmt: skip
    alpha, beta, phi, gamma = np.array(rows).T
    return alpha, beta, phi, gamma


def starts(y: np.ndarray, season: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return level, slope and seasons before the first value, the same for every setting.

    With a season, of its first two: half of their difference a season is the slope.
    """
    if not season:
        return np.full(count, y[:3].mean()), np.zeros(count), np.zeros((1, count))
    first, second = y[:season], y[season : 2 * season]
    rise = (second.mean() - first.mean()) / season
    middle, at = np.r_[first, second].mean(), np.arange(2 * season) - (season - 0.5)
    left = (np.r_[first, second] - middle - rise * at).reshape(2, season).mean(axis=0)
    seasons = np.repeat((left - left.mean())[:, None], count, axis=1)
    level = middle + rise * (-1 - (season - 0.5))
    return np.full(count, level), np.full(count, rise), seasons
