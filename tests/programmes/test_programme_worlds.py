"""Invented firms whose programme and test do what is planted, with shocks and habits in them."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import Estimate
from profitchain.programmes import lots, memberships
from profitchain.programmes.design_desk import drawn_test
from profitchain.programmes.member_panel import panels

MANY = int(os.environ.get("PROFITCHAIN_WORLDS", "300"))
MONTHS, REGIONS, CUSTOMERS = 30, 4, 1500


def firm(seed: int, effect: float, *, drift: float = 0.0, shocks: float = 1.0):
    """Return the panel of a firm: who buys more by habit joins sooner, and months hit regions.

    `effect` is money a member a year by joining; `drift` what members' monthly money rises by,
    month by month, in the half year before they join.
    """
    rng = np.random.default_rng(seed)
    habit = rng.gamma(2, 0.5, CUSTOMERS)
    region = rng.integers(0, REGIONS, CUSTOMERS)
    luck = np.exp(shocks * 0.3 * rng.normal(size=(REGIONS, MONTHS)))
    first = rng.integers(0, 6, CUSTOMERS)
    joins = rng.random(CUSTOMERS) < np.clip(0.15 + 0.4 * habit, 0, 0.9)
    joined = np.where(joins, rng.integers(8, MONTHS + 12, CUSTOMERS), 10**6)
    month = np.arange(MONTHS)
    orders = rng.poisson(0.8 * habit[:, None] * luck[region])
    orders[month < first[:, None]] = 0
    orders[np.arange(CUSTOMERS), first] = 1
    money = orders * rng.gamma(4, 5, orders.shape)
    since = month - joined[:, None]
    money += np.where(since >= 0, effect / 12, 0.0)
    money += drift * np.clip(since + 8, 0, 6) * (joined < 10**6)[:, None]
    who, at = np.nonzero((orders > 0) | (money != 0))
    months = pd.DataFrame({"person": who, "month": at, "orders": orders[who, at],
                           "revenue": 2 * money[who, at], "margin": money[who, at]})  # fmt: skip
    people = pd.DataFrame({"person": np.arange(CUSTOMERS), "place": region.astype(str),
                           "first": first, "earlier": 0})  # fmt: skip
    inside = np.flatnonzero(joined < MONTHS)
    joins = pd.DataFrame({"programme": "Club", "person": inside, "joined": joined[inside]})
    (panel,) = panels(joins, people, months, last=MONTHS - 1)
    return panel


def covered(estimates: list, truth: float) -> float:
    assert all(isinstance(one, Estimate) for one in estimates)
    return float(np.mean([one.low <= truth <= one.high for one in estimates]))


def in_band(share: float, worlds: int) -> bool:
    slack = 2.6 * np.sqrt(0.05 * 0.95 / worlds)
    return 0.93 - slack <= share <= 0.97 + slack


def by_joining(seed: int, effect: float, **how: float):
    panel = firm(seed, effect, **how)
    return memberships.in_money(memberships.by_joining(panel, "money"), unit="EUR")


@pytest.mark.worlds
@pytest.mark.parametrize("effect", [0.0, 60.0])
def test_joining_itself_is_covered(effect):
    worlds = 40
    found = [by_joining(seed, effect) for seed in range(worlds)]
    assert in_band(covered(found, effect), worlds)
    error = np.std([one.value for one in found]) / np.sqrt(worlds)
    assert abs(np.mean([one.value for one in found]) - effect) < 3 * error


@pytest.mark.worlds
@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 60.0])
def test_joining_itself_is_covered_in_many_worlds(effect):
    found = [by_joining(seed, effect) for seed in range(MANY)]
    assert 0.93 <= covered(found, effect) <= 0.97 or MANY < 300


@pytest.mark.worlds
def test_who_joins_by_habit_fools_the_raw_gap_and_not_joining_itself():
    panel = firm(1, 0.0)
    found = memberships.effects_of(panel, currency="EUR")
    assert found.effects["raw"].low > 0 and found.relatives["raw"].value > 0.2
    assert found.effects["did"].spans_zero and found.holds and found.best == "did"
    assert found.grade in ("moderate", "weak")


@pytest.mark.worlds
def test_a_drift_before_joining_is_called_doubtful():
    found = memberships.effects_of(firm(2, 0.0, drift=6.0), currency="EUR")
    assert found.drift.low > 0 and not found.holds and found.grade == "weak"


def world_of_a_lot(seed: int, effect: float):
    """Return a test in a firm of long-tailed habits."""
    rng = np.random.default_rng(seed)
    n = 400
    habit = rng.gamma(0.6, 1.5, n)
    before = rng.poisson(2 * habit) * rng.gamma(3, 7, n)
    people = pd.DataFrame({
        "customer_id": [f"{k:04}" for k in range(n)], "segment": rng.choice(["N", "S"], n),
        "orders": rng.integers(1, 6, n), "now": before, "before": before,
    })  # fmt: skip
    drawn = drawn_test(people, share=0.5, seed=seed).rows
    after = rng.poisson(2 * habit) * rng.gamma(3, 7, n) + effect * (drawn["arm"] == "treated")
    rows = drawn.assign(money_then=before, money_now=after,
                        reached=pd.array([None] * n, "Int64"))  # fmt: skip

    class design:
        test, action, days, known_days, share, fault = "t", "A", 90, 90, 0.5, ""

    return lots.lot_effect(design, rows, currency="EUR")


@pytest.mark.worlds
@pytest.mark.parametrize("effect", [0.0, 8.0])
def test_a_draw_by_lot_is_covered(effect):
    found = [world_of_a_lot(seed, effect) for seed in range(300)]
    for estimates in ([one.effect for one in found], [one.plain for one in found]):
        assert in_band(covered(estimates, effect), 300)
    widths = [
        (one.effect.high - one.effect.low) / (one.plain.high - one.plain.low) for one in found
    ]
    assert np.mean(widths) < 0.9
