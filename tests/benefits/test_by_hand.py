"""Offers, growth, costs, prices and the bridge, each counted by hand on a few rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from profitchain.benefits import acquisition, grades, growth, offers, prices, whole_worth
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.stats.event_rates import event_rate, rate_ratio, rate_slope


def offered(*rows: tuple) -> pd.DataFrame:
    columns = ["lot", "cluster", "n", "accepted", "revenue", "cost"]
    return pd.DataFrame(rows, columns=columns)


def customers_of(
    lot: str, many: int, accepted: int, start: int, amount: float = 30.0
) -> list[tuple]:
    return [
        (lot, start + at, 1, int(at < accepted), amount * (at < accepted), 1.0)
        for at in range(many)
    ]


SHOWN = [*customers_of("offered", 100, 12, 0), *customers_of("held out", 100, 7, 100)]


def lift_of(cells: pd.DataFrame, **how: object) -> offers.OfferLift:
    how = {"margin": (0.4, 50.0)} | how
    return offers.offer_lift(cells, kind="cross_sell", currency="EUR", **how)


def test_a_lift_is_what_the_held_out_would_not_have_bought_anyway():
    found = lift_of(offered(*SHOWN))
    assert found.lift.value == pytest.approx(0.05) and found.offered == 100
    assert found.incremental.value == pytest.approx(5 / 12)
    money = 0.05 * 100 * (0.4 * 30) - 100 * 1.0  # five more, each 12 of margin, an offer costs 1
    assert found.money.value == pytest.approx(money)
    assert found.lift.low < 0 < found.lift.high  # 12 against 7 of a hundred is no proof


def test_money_takes_amounts_as_accepted_not_a_mean_order():
    cheap = lift_of(offered(*SHOWN).drop(columns="cost"))
    without = lift_of(offered(*SHOWN).drop(columns=["cost", "revenue"]))
    assert cheap.money.value == pytest.approx(5 * 12)
    assert without.money.value == pytest.approx(5 * 50)


def test_without_a_hold_out_there_is_a_rate_and_no_lift():
    found = lift_of(offered(*customers_of("not drawn", 50, 10, 0)))
    assert found.rate.value == pytest.approx(0.2)
    for number in (found.lift, found.incremental, found.money):
        assert isinstance(number, NotEstimable) and number.why.key == "no_hold_out"


def year_cells() -> pd.DataFrame:
    ways = {  # came: customers, before, orders, revenue_before, revenue, margin, of each
        "kept": (1, 1, 2, 100.0, 90.0, 45.0),
        "lost": (0, 1, 0, 100.0, 0.0, 0.0),
        "reactivated": (1, 0, 1, 0.0, 50.0, 25.0),
        "referred": (1, 0, 1, 0.0, 40.0, 20.0),
        "won": (1, 0, 1, 0.0, 60.0, 30.0),
    }
    many = {"kept": 60, "lost": 40, "reactivated": 5, "referred": 10, "won": 20}
    rows = [(way, *ways[way]) for way, count in many.items() for _one in range(count)]
    columns = ["came", "customers", "before", "orders", "revenue_before", "revenue", "margin"]
    return pd.DataFrame(rows, columns=columns).assign(cluster=range(len(rows)))


def test_growth_ties_to_the_books():
    cells = year_cells()
    steps = growth.bridge_of(cells, currency="EUR").set_index("step")["value"]
    assert steps.to_dict() == {
        "year before": 10_000, "lost": -4_000, "change of the kept": -600, "reactivated": 250,
        "referred": 400, "won": 1_200, "this year": 7_250,
    }  # fmt: skip
    assert steps.iloc[:-1].sum() == steps["this year"] == cells["revenue"].sum()
    found = growth.net_retention(cells, knows_referrals=True)
    assert found["net_revenue_retention"].value == pytest.approx(0.54)
    assert found["earned_growth"].value == pytest.approx(0.54 + 0.04 - 1)
    unknown = growth.net_retention(cells, knows_referrals=False)
    assert isinstance(unknown["earned_growth"], NotEstimable)


def test_a_step_of_few_customers_is_told_with_another_alone():
    cells = year_cells()
    steps = growth.bridge_of(cells, currency="EUR", smallest=10).set_index("step")
    assert steps["value"].to_dict() == {
        "year before": 10_000, "lost": -4_000, "change of the kept": -600,
        growth.NEW: 650, "won": 1_200, "this year": 7_250,
    }  # fmt: skip
    assert (steps["n"] >= 10).all() and steps["n"][growth.NEW] == 15
    left = cells.drop(cells.index[cells["came"] == "lost"][9:])
    steps = growth.bridge_of(left, currency="EUR", smallest=10).set_index("step")
    assert steps.loc[growth.PAST].loc[["value", "n"]].tolist() == [-1_500, 69]
    assert steps["value"].iloc[:-1].sum() == steps["value"]["this year"]
    few = cells[~cells["came"].isin(["won", "referred"])]
    assert growth.bridge_of(few, currency="EUR", smallest=10)["why"].notna().all()
    found = growth.net_retention(cells, knows_referrals=True, smallest=11)
    assert isinstance(found["earned_growth"], NotEstimable)
    assert found["net_revenue_retention"].value == pytest.approx(0.54)


def test_a_first_year_has_no_growth():
    cells = year_cells().query("came == 'won'")
    found = growth.net_retention(cells, knows_referrals=True)["net_revenue_retention"]
    assert isinstance(found, NotEstimable) and found.why.key == "no_year_before"


@pytest.mark.parametrize(("retention", "more"), [(0.6, 0.20), (0.8, 0.28), (0.9, 0.41)])
def test_five_points_of_retention_are_no_five_percent_rule(retention: float, more: float):
    parts = {"frequency": 1.0, "basket": 1.0, "margin": 1.0, "retention": retention}
    better = growth.value_to_come(parts | {"retention": retention + 0.05}, 0.10)
    assert better / growth.value_to_come(parts, 0.10) - 1 == pytest.approx(more, abs=0.01)


def test_levers_tell_points_from_percent_and_never_pass_one():
    frame = growth.levers_of(year_cells(), discount=0.10)
    value = frame.set_index(["lever", "step"])["value"]
    assert value["basket", "+1%"] == pytest.approx(0.01)
    assert value["retention", "+1 point"] == pytest.approx((0.61 / 0.49) / (0.60 / 0.50) - 1)
    assert value["retention", "+1%"] == pytest.approx((0.606 / 0.494) / (0.60 / 0.50) - 1)
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    whole = {"frequency": 1.0, "basket": 1.0, "margin": 1.0, "retention": 1.3}
    assert growth.value_to_come(whole, 0.10) < 0.999 / 0.101 + 1e-9


def test_the_value_to_come_is_the_sum_that_it_stands_for():
    parts = {"frequency": 2.0, "basket": 50.0, "margin": 0.3, "retention": 0.8}
    years = np.arange(1, 400)
    by_sum = float((30.0 * (0.8 / 1.1) ** years).sum())
    assert growth.value_to_come(parts, 0.10) == pytest.approx(by_sum)


MONTHS = pd.DataFrame({
    "channel": ["ads"] * 3 + ["friends"] * 3, "months": [1, 2, 3] * 2, "new": [50] * 3 + [20] * 3,
    "customers": [50, 40, 30, 20, 20, 20], "margin": [500.0, 800.0, 900.0, 400.0, 400.0, 400.0],
})  # fmt: skip
COSTS = pd.DataFrame({
    "purpose": ["acquisition", "acquisition", "retention", "service", "programme", "referral"],
    "channel": ["ads", "", "", "", "", ""], "amount": [900.0, 100.0, 200.0, 300.0, 50.0, 0.0],
})  # fmt: skip


def test_a_newcomer_costs_what_was_spent_to_win_and_is_paid_back_by_margin():
    frame = acquisition.by_channel(COSTS, MONTHS, currency="EUR").set_index("channel")
    assert frame.loc["ads", "value"] == pytest.approx(900 / 50)
    assert frame.loc["all", "value"] == pytest.approx(1_000 / 70)  # service is no acquisition
    assert frame.loc["ads", "payback_months"] == 2  # 10, 20, 30 of margin so far
    assert "" not in frame.index and frame.loc["ads", "low"] < 18 < frame.loc["ads", "high"]
    dear = COSTS.assign(amount=COSTS["amount"] * 10)
    assert np.isnan(acquisition.by_channel(dear, MONTHS, currency="EUR")["payback_months"]).all()


def test_winning_by_keeping_depends_on_a_rule_that_is_said():
    found = acquisition.cost_ratios(COSTS, year_cells())
    new, kept = 30, 65
    assert found["left out"].value == pytest.approx((1_000 / new) / (250 / kept))
    share = new / (new + kept)
    by_customers = ((1_000 + 300 * share) / new) / ((250 + 300 * (1 - share)) / kept)
    assert found["by customers"].value == pytest.approx(by_customers)
    share = 1_600 / 7_250
    by_revenue = ((1_000 + 300 * share) / new) / ((250 + 300 * (1 - share)) / kept)
    assert found["by revenue"].value == pytest.approx(by_revenue)
    unpurposed = COSTS.assign(purpose="service")
    gone = acquisition.cost_ratios(unpurposed, year_cells())["left out"]
    assert isinstance(gone, NotEstimable) and gone.why.key == "costs_without_purpose"


def test_rates_count_time_at_risk():
    long = pd.DataFrame({"cluster": range(20), "events": [2] * 20, "time": [4.0] * 20})
    short = pd.DataFrame({"cluster": range(20, 40), "events": [1] * 20, "time": [2.0] * 20})
    how = {"events": "events", "exposure": "time"}
    rate = event_rate(long, **how, per=100)
    assert (rate.value, rate.n) == (50, 40)
    assert rate_ratio(long, short, **how).value == pytest.approx(
        1.0
    )  # twice as many, twice as long
    none = event_rate(long.assign(events=0), **how, per=100)
    assert none.value == 0 and none.high == pytest.approx(100 * 3.69 / 80, rel=0.01)


def test_a_slope_is_that_of_weighted_least_squares():
    draw = np.random.default_rng(3)
    score, time = draw.integers(0, 11, 200).astype(float), draw.uniform(1, 3, 200)
    events = draw.poisson(time * (0.1 + 0.02 * score))
    cells = pd.DataFrame({"cluster": range(200), "score": score, "time": time, "events": events})
    slope = rate_slope(cells, events="events", exposure="time")
    by_numpy = np.polyfit(score, events / time, 1, w=np.sqrt(time))[0]
    assert slope.value == pytest.approx(by_numpy)


def test_the_same_basket_is_held_fixed():
    cells = pd.DataFrame({"cluster": range(40), "lines": 5, "apart": [10.0, -5.0] * 20,
                          "at_new_price": 100.0, "new_part": 0.0})  # fmt: skip
    found = prices.difference_of(cells)
    assert found.value == pytest.approx(0.025) and found.n == 200
    assert isinstance(prices.difference_of(cells.head(3)), NotEstimable)


def money(value: float, half: float) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=9, unit="EUR")


def test_the_bridge_adds_its_lines_and_needs_the_first():
    gap = NotEstimable("needs_table", table="contacts")
    total = whole_worth.sum_of({"a": money(100, 10), "b": money(20, 5), "c": gap})
    assert (total.value, total.low, total.high) == (120, 105, 135)
    assert whole_worth.sum_of({"a": gap, "b": money(20, 5)}) is gap


def test_a_product_carries_both_errors():
    found = whole_worth.product(replace_unit(money(10, 3)), money(50, 20))
    assert found.value == 500 and found.high - 500 == pytest.approx(np.hypot(3 * 50, 20 * 10))


def replace_unit(estimate: Estimate) -> Estimate:
    return estimate.times(1.0, unit="ratio")


class FirmOfNewcomers:
    """An edition that knows newcomers' margin by month and nothing else."""

    company = SimpleNamespace(currency="EUR")
    stands_for = 1.0

    def has(self, name: str) -> bool:
        return name == "newcomer_months"

    def table(self, _name: str) -> pd.DataFrame:
        margin = [400.0, 600.0, 700.0]  # of twenty: each month brings less than the one before
        squares = [8_000.0, 18_000.0, 24_500.0]
        return pd.DataFrame({"channel": "referral", "months": [1, 2, 3], "customers": 20, "new": 20,
                             "margin": margin, "squares": squares})  # fmt: skip


def test_the_margin_of_the_referred_is_what_came_not_the_first_month_repeated():
    assert whole_worth.referred_newcomer(FirmOfNewcomers()).value == pytest.approx(35.0)


def test_a_grade_is_earned_by_lot_alone():
    clear, unclear = money(100, 10), money(10, 100)
    assert grades.grade_of(clear) == grades.grade_of(unclear, by_lot=True) == "weak"
    assert grades.grade_of(clear, by_lot=True) == "strong"
    assert grades.grade_of(clear, by_lot=True, looks=3) == "moderate"
    assert grades.grade_of(NotEstimable("needs_table", table="offers")) == "too few data"
    lift = lift_of(offered(*SHOWN))
    assert grades.grades({"offers": [lift], "price": clear, "levers": pd.DataFrame()}) == {
        "cross_sell": "weak", "price": "weak",
    }  # fmt: skip
