"""Whether actions pay: closed forms, the points of a metric, and cells that are missing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.effects import value_of_a_point
from profitchain.outlook import plan
from profitchain.sources.settings import Question

WORTH = Estimate(value=1000.0, low=804.0, high=1196.0, n=500, unit="EUR")  # spread: 100
SURE = Estimate(value=1000.0, low=1000.0, high=1000.0, n=500, unit="EUR")
Z80 = float(stats.norm.ppf(0.9))


def test_margin_return_and_payback_by_hand():
    found = plan.paid("a", "nps", cost=1500.0, change=(2.0, 4.0), worth=WORTH)
    assert found.margin.value == pytest.approx(3000)
    assert found.roi.value == pytest.approx(1.0)
    assert found.payback == pytest.approx(6.0)
    assert found.price == WORTH


def test_the_chance_of_a_loss_is_the_normal_distributions_where_the_worth_is_sure():
    found = plan.paid("a", "nps", cost=2500.0, change=(2.0, 4.0), worth=SURE)
    assert found.loss.value == pytest.approx(stats.norm.cdf(-0.5 * Z80), abs=0.002)


def test_the_joint_draw_agrees_with_draws_of_chance():
    rng = np.random.default_rng(8)
    moved = rng.normal(3, 1 / Z80, 400_000)
    margin = moved * rng.normal(1000, 100, 400_000)
    found = plan.paid("a", "nps", cost=2800.0, change=(2.0, 4.0), worth=WORTH)
    assert found.loss.value == pytest.approx((margin < 2800).mean(), abs=0.004)
    assert found.margin.low == pytest.approx(np.quantile(margin, 0.025), rel=0.02)
    assert found.margin.high == pytest.approx(np.quantile(margin, 0.975), rel=0.02)


def test_knowing_all_is_worth_the_unit_normal_loss():
    """Where worth is sure: spread x (phi(d) - d (1 - Phi(d))), Raiffa and Schlaifer (1961)."""
    found = plan.paid("a", "nps", cost=2500.0, change=(2.0, 4.0), worth=SURE)
    spread = 1000 / Z80
    away = 500 / spread
    expected = spread * (stats.norm.pdf(away) - away * stats.norm.sf(away))
    assert found.perfect == pytest.approx(expected, rel=0.01)
    assert found.sample == 0


def test_more_answers_are_worth_less_than_knowing_all():
    found = plan.paid("a", "nps", cost=3000.0, change=(2.9, 3.1), worth=WORTH)
    assert 0 < found.sample < found.perfect


def test_an_action_that_costs_nothing_has_no_return_but_no_loss():
    found = plan.paid("a", "nps", cost=0.0, change=(1.0, 2.0), worth=WORTH)
    assert isinstance(found.roi, NotEstimable) and found.roi.why.key == "no_cost_given"
    assert found.loss.value == pytest.approx(0, abs=0.01) and found.payback == 0


def test_an_action_expected_to_do_harm_never_pays():
    found = plan.paid("a", "nps", cost=10.0, change=(-3.0, -1.0), worth=WORTH)
    assert found.roi.value < 0 and np.isnan(found.payback) and found.loss.value > 0.9


@pytest.mark.parametrize("size", [1e-9, 1e12])
def test_extreme_amounts_stay_finite(size):
    worth = Estimate(value=size, low=-size, high=3 * size, n=9, unit="EUR")
    found = plan.paid("a", "nps", cost=size, change=(-1e3, 1e3), worth=worth)
    assert np.isfinite([found.roi.value, found.roi.low, found.roi.high, found.perfect]).all()


def firm(**columns: object) -> SimpleNamespace:
    return SimpleNamespace(
        company=SimpleNamespace(segments=["region"]), smallest=10,
        has=lambda name: True, table=lambda name: customers(), **columns,
    )  # fmt: skip


def customers() -> pd.DataFrame:
    return pd.DataFrame({"back": 0, "revenue": 10.0, "region": ["North"] * 30 + ["South"] * 70})


ROW = {"action": "a", "metric": "nps", "cost": 100.0, "expected_low": 1.0, "expected_high": 2.0}


def test_an_action_of_one_region_touches_its_share_of_revenue():
    whole = plan.payoff(ROW, {"nps": WORTH}, firm())
    part = plan.payoff(ROW | {"region": "North"}, {"nps": WORTH}, firm())
    assert part.margin.value == pytest.approx(0.3 * whole.margin.value)


def test_an_action_that_was_drawn_by_lot_goes_by_the_lot():
    a_year = Estimate(value=30.0, low=10.4, high=49.6, n=800, unit="EUR")  # spread: 10
    rows = ROW | {"region": "South", "cost": 1400.0, "expected_low": np.nan, "metric": None}
    found = plan.payoff(rows, {}, firm(stands_for=1.0), by_lot=a_year)
    assert found.by_lot and found.margin.value == pytest.approx(70 * 30)
    assert found.loss.value == pytest.approx(stats.norm.cdf(-1), abs=0.002)
    assert found.roi.value == pytest.approx(0.5) and found.payback == pytest.approx(8)
    assert found.price.why.key == "drawn_by_lot"
    unknown = plan.payoff(ROW, {"nps": WORTH}, firm(), by_lot=NotEstimable("lot_broken"))
    assert not unknown.by_lot and isinstance(unknown.margin, Estimate)


@pytest.mark.parametrize(
    "cells, key",
    [
        ({"metric": None}, "action_without_metric"),
        ({"metric": " "}, "action_without_metric"),
        ({"metric": "repeat_rate"}, "worth_of_metric_unknown"),
        ({"expected_low": np.nan}, "action_without_range"),
        ({"expected_low": 5.0}, "action_range_reversed"),
        ({"cost": None}, "action_without_cost"),
        ({"cost": -1.0}, "action_cost_negative"),
        ({"region": "Atlantis"}, "nobody_touched"),
    ],
)
def test_a_cell_that_is_missing_or_wrong_is_a_stated_outcome(cells, key):
    found = plan.payoff(ROW | cells, {"nps": WORTH}, firm())
    assert isinstance(found.roi, NotEstimable) and found.roi.why.key == key
    assert isinstance(found.loss, NotEstimable)


def test_points_of_the_nps_are_not_points_of_its_answers():
    """One point up for all: 6 becomes passive, 8 becomes promoter, 10 stays."""
    cells = pd.DataFrame({"question": "nps", "score": [0, 6, 8, 10], "n": [10, 20, 30, 40]})
    nps = Question(name="nps", column="nps", kind="nps", scale=(0, 10), label="x")
    assert value_of_a_point.gain_of_a_point(cells, nps) == pytest.approx(20 + 30)
    top = cells.assign(score=10)
    assert value_of_a_point.gain_of_a_point(top, nps) == 0
