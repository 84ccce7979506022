"""Forecasts from earlier origins: held to hand counts, to statsmodels, and to what then came."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from certify.forecasts import monthly
from profitchain.core.estimates import NotEstimable
from profitchain.outlook import rolling, smoothing
from profitchain.outlook.rolling import Forecast, Steps, predict


@pytest.mark.parametrize("season", [0, 12])
def test_one_pass_forecasts_as_statsmodels_with_the_same_settings(season):
    """The same recursion, outside this library: to 1e-8 once settings and starts are given."""
    y = np.log(monthly("st", 48, np.random.default_rng(5)))
    alpha, beta, phi, gamma = smoothing.grid(season)
    level, slope, seasons = smoothing.starts(y, season, 1)
    ours = smoothing.one_pass(y, steps=6, season=season)
    theirs = []
    known = {"initial_level": level[0], "initial_trend": slope[0]}
    if season:
        known["initial_seasonal"] = seasons[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for a, b, p, g in zip(alpha, beta, phi, gamma, strict=True):
            model = ExponentialSmoothing(
                y, trend="add", damped_trend=True, seasonal="add" if season else None,
                seasonal_periods=season or None, initialization_method="known", **known,
            )  # fmt: skip
            setting = {"smoothing_level": a, "smoothing_trend": b, "damping_trend": p}
            setting |= {"smoothing_seasonal": g} if season else {}
            fitted = model.fit(optimized=False, **setting)
            errors = y - fitted.fittedvalues
            theirs.append((float(errors[3:] @ errors[3:]), fitted.forecast(6)))
    best = min(theirs, key=lambda pair: pair[0])[1]
    assert np.allclose(ours.ahead[-1], best, atol=1e-8)


def test_smoothing_errs_hardly_more_than_statsmodels_fitted_to_the_end():
    rng = np.random.default_rng(11)
    ours, theirs = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(6):
            values = monthly("st", 51, rng)
            y = np.log(values[:48])
            fit = ExponentialSmoothing(y, trend="add", damped_trend=True, seasonal="add",
                                       seasonal_periods=12).fit()  # fmt: skip
            came = values[48:].sum()
            theirs.append(abs(np.log(np.exp(fit.forecast(3)).sum() / came)))
            mine = smoothing.smoothed(values[:48], steps=3, season=12)[-1].sum()
            ours.append(abs(np.log(mine / came)))
    assert np.mean(ours) < 1.25 * np.mean(theirs) + 0.01


def test_no_origin_knows_what_came_after_it():
    values = monthly("sta", 60, np.random.default_rng(1))
    changed = values.copy()
    changed[50:] *= 3
    for track, other in zip(
        rolling.every_track(Steps(values=values, per=3, season=12)).values(),
        rolling.every_track(Steps(values=changed, per=3, season=12)).values(),
        strict=True,
    ):
        assert np.array_equal(track[:51], other[:51], equal_nan=True)
        assert not np.array_equal(track[51:], other[51:], equal_nan=True)


def test_the_naive_says_the_same_period_a_year_before():
    values = np.arange(1.0, 37.0)
    naive = rolling.naive_track(Steps(values=values, per=3, season=12), 12)[-1]
    assert naive.tolist() == [25 + 26 + 27, 28 + 29 + 30, 31 + 32 + 33, 34 + 35 + 36]
    short = rolling.naive_track(Steps(values=values[:14], per=3, season=12), 0)[-1]
    assert short.tolist() == [12 + 13 + 14] * 4


def test_the_naive_of_years_ahead_repeats_the_last_year():
    values = np.tile(np.arange(1.0, 13.0), 4)
    naive = rolling.naive_track(Steps(values=values, per=12, season=12), 12)[-1]
    assert naive.tolist() == [78.0] * 4


def test_the_mean_is_used_unless_another_erred_a_tenth_less():
    assert rolling.method_used({"naive": 10, "smoothing": 9.5, "mean": 11}) == "smoothing"
    assert rolling.method_used({"naive": 10, "smoothing": 9.5, "mean": 10}) == "mean"


def test_the_scaled_error_by_hand():
    came = np.full((9, 4), np.nan)
    came[:8, 0] = 10.0
    naive, ours = came.copy(), came.copy()
    naive[:8, 0] += [4, -4, 4, -4, 2, -2, 2, -2]
    ours[:8, 0] += [1, -1, 1, -1, 2, -2, 2, -2]
    tracks = {"naive": naive, "smoothing": ours}
    found = rolling.scaled_error(tracks, came, "smoothing", 1)
    assert found.value == pytest.approx(1.5 / 3.0)
    apart = np.array([1, 1, 1, 1, 2, 2, 2, 2]) - 0.5 * np.array([4, 4, 4, 4, 2, 2, 2, 2])
    half = 2.306004 * np.sqrt(apart @ apart) / 8 / 3.0
    assert found.high - found.value == pytest.approx(half, rel=1e-5)


@pytest.mark.parametrize("per, needed", [(1, 10), (3, 12), (12, 21)])
def test_a_short_history_is_said_not_forecast(per, needed):
    values = np.full(needed - 1, 100.0) + np.arange(needed - 1) % 3
    why = predict(Steps(values=values, per=per, season=12))
    assert isinstance(why, NotEstimable)
    assert why.why.key == "history_too_short_to_forecast" and why.n == needed - 1
    longer = np.full(needed, 100.0) + np.arange(needed) % 3
    assert isinstance(predict(Steps(values=longer, per=per, season=12)), Forecast)


def test_less_than_two_years_have_no_season():
    values = monthly("s", 40, np.random.default_rng(2))
    assert not predict(Steps(values=values[:23], per=1, season=12)).seasonal
    assert predict(Steps(values=values[:24], per=1, season=12)).seasonal


@pytest.mark.parametrize(
    "values",
    [
        np.r_[np.full(20, 50.0), 0.0, np.full(15, 55.0)],
        np.r_[np.zeros(30), np.full(6, 9.0)],
        np.full(40, 7.0),
        np.r_[np.full(39, 1e-3), 1e12],
        np.r_[np.full(20, -5.0), np.full(20, 30.0)],
        1e15 * np.ones(36),
    ],
)
def test_odd_series_have_finite_ordered_intervals(values):
    found = predict(Steps(values=values, per=3, season=12))
    assert isinstance(found, Forecast)
    for level in rolling.LEVELS:
        assert np.isfinite(found.values).all() and np.isfinite(found.high[level]).all()
        assert (found.low[level] <= found.values).all()
        assert (found.values <= found.high[level]).all()
    assert (found.low[0.95] <= found.low[0.80]).all()
    found.estimate(1, "orders")


def test_a_firm_without_any_order_counts_nothing():
    why = predict(Steps(values=np.zeros(30), per=1, season=12))
    assert why.why.key == "nothing_counted"


def test_customers_of_a_period_are_not_the_sum_of_its_months():
    months = np.full(40, 100.0)
    windows = np.r_[np.nan, np.nan, np.full(38, 240.0)]
    found = predict(Steps(values=months, per=3, season=12, windows=windows))
    assert found.values == pytest.approx([240.0] * 4)
