"""Goals, benchmarks and actions: chances that come true, positions, verdicts, bad rows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import Estimate
from profitchain.core.periods import Period
from profitchain.watch.actions import BEFORE_AFTER, BY_GROUP, BY_LOT, judged
from profitchain.watch.goals import goal, standing
from profitchain.watch.series import Series

PERIODS = Period("2026Q3").last(14)
NOW = PERIODS[-1]


def series_of(values, *, split="", group="", error=2.0, id="nps") -> Series:
    frame = pd.DataFrame(
        {"period": [p.name for p in PERIODS[-len(values):]], "value": values,
         "variance": error**2, "n": 1000, "customers": 900}
    )  # fmt: skip
    return Series(id=id, split=split, group=group, unit="points", frame=frame)


@pytest.mark.worlds
def test_of_goals_with_a_chance_of_60_to_80_percent_about_that_share_is_reached():
    rng, chances, reached = np.random.default_rng(3), [], []
    for _ in range(500):
        level = 30 + np.cumsum(rng.normal(0, 1.0, 15)) + rng.normal(0, 2.0, 15)
        series = series_of(level[:14])
        target = level[13] + rng.normal(-1.5, 2.5)
        seen = goal({"nps": series}, metric="nps", target=float(target), by=date(2026, 12, 31),
                    period=NOW)  # fmt: skip
        chances.append(seen.chance.value)
        reached.append(level[14] >= target)
    chances, reached = np.array(chances), np.array(reached)
    inside = (chances >= 0.6) & (chances <= 0.8)
    assert inside.sum() > 50
    assert reached[inside].mean() == pytest.approx(chances[inside].mean(), abs=0.12)


@pytest.mark.parametrize(("target", "state"), [(20.0, "reached"), (40.0, "missed")])
def test_a_goal_in_the_past_was_reached_or_not(target, state):
    seen = goal({"nps": series_of([30.0] * 14)}, metric="nps", target=target,
                by=date(2026, 3, 31), period=NOW)  # fmt: skip
    assert seen.state == state and seen.chance.why.key == "goal_is_past"


def test_a_goal_of_nothing_known_says_what_is_near():
    known = {"nps": series_of([30.0] * 14)}
    seen = goal(known, metric="npss", target=1, by=date(2026, 12, 31), period=NOW)
    assert seen.chance.why.key == "unknown_metric" and "nps" in dict(seen.chance.why.values)["hint"]
    far = goal(known, metric="nps", target=1, by=date(2040, 12, 31), period=NOW)
    assert far.chance.why.key == "goal_too_far"
    thin = goal({"nps": series_of([30.0] * 3)}, metric="nps", target=1, by=date(2026, 12, 31),
                period=NOW)  # fmt: skip
    assert thin.chance.why.key == "too_few_periods_to_watch"
    long_ago = goal(known, metric="nps", target=1, by=date(2001, 12, 31), period=NOW)
    assert long_ago.now.why.key == "period_missing"


OWN = {"nps": Estimate(value=30, low=25, high=35, n=900, unit="points")}


@pytest.mark.parametrize(
    ("low", "high", "position"),
    [
        (10, 20, "above"),
        (40, 50, "below"),
        (30, 40, "can't tell"),
        (34, 60, "can't tell"),
        (25, 35, "within"),
        (0, 90, "within"),
        (26, 90, "can't tell"),
    ],
)
def test_a_position_goes_by_the_whole_interval(low, high, position):
    row = {"metric": "nps", "value": 30, "source": "x", "low": low, "high": high, "year": 2025}
    assert standing(row | {"definition": "0 to 10"}, OWN).position == position
    assert standing(row, OWN).position == "not comparable"
    assert standing(row | {"definition": "0 to 10", "year": None}, OWN).position == "not comparable"


def test_a_benchmark_without_a_range_is_its_value():
    row = {"metric": "nps", "value": 20, "source": "x", "year": 2025, "definition": "d"}
    assert standing(row, OWN).position == "above"
    assert standing(row | {"metric": "npz"}, OWN).own.why.key == "unknown_metric"


def two_groups(effect: float, common: float = 0.0, error: float = 1.5) -> list[Series]:
    rng = np.random.default_rng(9)
    course = np.r_[np.zeros(11), np.full(3, common)]
    touched = 30 + course + np.r_[np.zeros(11), np.full(3, effect)] + rng.normal(0, error, 14)
    other = 30 + course + rng.normal(0, error, 14)
    return [
        series_of((touched + other) / 2, error=error),
        series_of(touched, split="region", group="North", error=error),
        series_of(other, split="region", group="South", error=error),
    ]


ROW = {"action": "a", "started_on": date(2026, 1, 1), "metric": "nps", "expected_low": 3.0,
       "region": "North", "owner": "Ann", "ended_on": date(2026, 9, 30)}  # fmt: skip


def verdict_of(series, **other):
    return judged(ROW | other, series, period=NOW, segments=["region"])


def test_an_action_is_judged_by_its_group_against_others():
    kept = verdict_of(two_groups(12, common=-10))
    assert kept.verdict == "kept" and kept.design == BY_GROUP and not kept.due
    assert kept.effect.low <= 12 <= kept.effect.high and kept.effect.low > 0
    dropped = verdict_of(two_groups(-8, common=10))
    assert dropped.verdict == "dropped" and dropped.due
    misled = verdict_of(two_groups(0, common=10), region=None)
    assert misled.design == BEFORE_AFTER and misled.verdict == "kept"  # and is called so


def test_an_action_is_judged_in_money_where_a_point_has_a_worth():
    worth = {"nps": Estimate(value=1000.0, low=900.0, high=1100.0, n=500, unit="EUR")}

    def in_money(cost, **other):
        row = ROW | {"cost": cost} | other
        return judged(row, two_groups(12), period=NOW, segments=["region"], worth=worth)

    found = in_money(5000.0)
    effect = found.effect
    half = np.hypot(1000 * (effect.high - effect.value), effect.value * 100)
    assert found.money.value == pytest.approx(1000 * effect.value * 273 / 365)
    assert found.money.high - found.money.value == pytest.approx(half * 273 / 365)
    assert found.verdict == "kept" and found.is_in_money
    assert in_money(20_000.0).verdict == "dropped"
    assert in_money(20_000.0, ended_on=None).verdict == "can't tell"  # it may pay yet
    assert in_money(found.money.value).verdict == "can't tell"
    assert not in_money(None).is_in_money and in_money(None).verdict == "kept"


def test_a_draw_by_lot_comes_before_any_other_design():
    lot = {"a": Estimate(value=-400.0, low=-900.0, high=-100.0, n=800, unit="EUR")}
    found = judged(ROW | {"cost": 0.0, "metric": None}, two_groups(12), period=NOW,
                   segments=["region"], by_lot=lot)  # fmt: skip
    assert found.design == BY_LOT and found.verdict == "dropped" and found.money == lot["a"]


def test_an_action_to_come_one_just_begun_and_one_without_a_clear_effect():
    assert verdict_of(two_groups(5), started_on=date(2026, 11, 1)).verdict == "planned"
    assert verdict_of(two_groups(5), started_on=date(2026, 9, 20)).verdict == "running"
    unclear = verdict_of(two_groups(0), expected_low=None)
    assert unclear.verdict == "can't tell" and unclear.due
    soon = verdict_of(two_groups(12), ended_on=date(2026, 12, 1))
    assert soon.due and soon.verdict == "kept"


def test_actions_without_a_measure_or_with_an_unknown_one_or_group_say_so():
    assert verdict_of(two_groups(5), metric=None).effect.why.key == "no_metric_named"
    assert verdict_of(two_groups(5), metric="npss").effect.why.key == "unknown_metric"
    assert verdict_of(two_groups(5), region="Moon").effect.why.key == "no_such_group"
    assert verdict_of(two_groups(5), started_on=date(2019, 1, 1)).effect.why.key == (
        "nothing_before_action"
    )
