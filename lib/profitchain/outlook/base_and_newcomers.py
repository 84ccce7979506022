"""Orders to come of those who are customers already, by the lifetime model, and of newcomers.

At the ends of past periods the model is fitted on what was known then, or one period earlier;
newcomers are taken to come and order as in the year before. Both are put into the season that was
known. Fader, Hardie and Lee (2005), Marketing Science 24: 275-284.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.lifetime import bgnbd_gammagamma
from profitchain.lifetime.bgnbd_gammagamma import FittedModel, PurchaseModel
from profitchain.lifetime.expected_value import purchases_if_alive
from profitchain.outlook.history import History
from profitchain.outlook.rolling import PERIODS
from profitchain.outlook.smoothing import starts
from profitchain.panel.edition import Edition

NAME = "base and newcomers"
MODEL: PurchaseModel = "MBG/NBD"
MOST_FITTED = 1_500  # customers of a snapshot that its parameters are found from
FITTED_EVERY = 2  # periods; in between the earlier fit serves
DAYS_A_YEAR = 365
YEAR = 12  # pseudo-origins of newcomers at most


def base_and_newcomers(edition: Edition, past: History) -> np.ndarray | NotEstimable:
    """Return the orders of the next periods from the ends of past periods: one row an origin.

    As `rolling.Forecast.tracks`: NaN where no snapshot of customers lies.
    """
    if edition.company.contractual or edition.by_contract:
        return NotEstimable("under_contract")
    if not edition.has("customers"):
        return NotEstimable("needs_named_customers")
    snapshots = edition.table("customers")
    older = max(edition.facts.get("customers", 0) - int(past.first_buyers.sum()), 0)
    count = len(past.sums)
    track = np.full((count + 1, PERIODS), np.nan)
    model: FittedModel | None = None
    why = NotEstimable("history_too_short_to_forecast", n=count, needed=past.per)
    for back, customers in sorted(snapshots.groupby("back"), reverse=True):
        origin = count - int(back) * past.per
        if origin < past.per:
            continue
        if model is None or back % FITTED_EVERY == 0:
            fitted = _model(customers)
            if isinstance(fitted, NotEstimable):
                why = fitted
            else:
                model = fitted
        if model is not None:
            known = older + int(past.first_buyers[: origin + 1].sum())
            base = _base(model, customers, past, origin=origin, known=known)
            track[origin] = base + _newcomers(past, origin)
    if np.isnan(track[-1]).any():
        return why
    return track


def as_money(orders: np.ndarray, past: History, money: str) -> np.ndarray:
    """Return orders as money: at what an order of the year before each origin brought."""
    sums = past.sums[["orders", money]].rolling(past.season, min_periods=1).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        basket = (sums[money] / sums["orders"]).to_numpy(float)
    return np.asarray(orders * np.r_[np.nan, basket][:, None])


def season_of(past: History, origin: int) -> np.ndarray:
    """Return by place in the year (from the first step on) what the season multiplies.

    1 on the mean. Of the two years before an origin; 1 everywhere where less is known, or a step
    has no order.
    """
    last = past.sums["orders"].to_numpy(float)[max(origin - 2 * past.season, 0) : origin]
    if len(last) < 2 * past.season or not (last > 0).all():
        return np.ones(past.season)
    seasons = np.exp(starts(np.log(last), past.season, 1)[2][:, 0])
    return np.roll(seasons / seasons.mean(), origin % past.season)


def _model(customers: pd.DataFrame) -> FittedModel | NotEstimable:
    """Return the model of a sample of customers, or why there is none: never the sample's count."""
    step = max(len(customers) // MOST_FITTED, 1)
    model = bgnbd_gammagamma.fit_purchases(customers.iloc[::step].reset_index(drop=True), MODEL)
    if isinstance(model, NotEstimable) and model.why.key == "too_few_came_back":
        return NotEstimable("too_few_came_back_to_predict", n=model.n)
    return model


def _base(
    model: FittedModel, customers: pd.DataFrame, past: History, *, origin: int, known: int
) -> np.ndarray:
    """Return what the customers known at an origin order in each of the next periods."""
    repeats, last, age = (
        customers[name].to_numpy(float) for name in ("repeats", "last_age_days", "age_days")
    )
    alive = bgnbd_gammagamma.alive(model.logs.values, repeats, last, age, model=MODEL)
    days = past.per * DAYS_A_YEAR / past.season
    reach = [0.0] + [
        float(alive @ purchases_if_alive(model.logs.values, repeats, age, days=days * ahead,
                                         model=MODEL)) / len(customers)
        for ahead in range(1, PERIODS + 1)
    ]  # fmt: skip
    ordered = float(past.cohorts[:-1, :origin].sum())
    per_day = max(ordered / known / max(float((repeats + 1).mean()), 1e-9), 1.0)
    return np.asarray(known * per_day * np.diff(reach) * _season_ahead(past, origin))


def _newcomers(past: History, origin: int) -> np.ndarray:
    """Return the orders of customers whose first order lies ahead, and of guests, by period ahead.

    The mean of what the origins of the year before saw, without their season, in that to come.
    """
    seasons, per = season_of(past, origin), past.per
    found = np.zeros(PERIODS)
    for ahead in range(PERIODS):
        reach = (ahead + 1) * per
        seen = range(max(origin - reach - YEAR + 1, 0), origin - reach + 1)
        if not seen:
            found[ahead] = found[ahead - 1] if ahead else 0.0
            continue
        sums = []
        for at in seen:
            window = slice(at + ahead * per, at + reach)
            orders = past.cohorts[at + 1 :, window].sum()  # row at + 1 is the step after the origin
            places = np.arange(window.start, window.stop) % past.season
            sums.append(orders / seasons[places].mean())
        found[ahead] = float(np.mean(sums))
    return np.asarray(found * _season_ahead(past, origin))


def _season_ahead(past: History, origin: int) -> np.ndarray:
    seasons = season_of(past, origin)
    places = (origin + np.arange(PERIODS * past.per)) % past.season
    return np.asarray(seasons[places].reshape(PERIODS, past.per).mean(axis=1))
