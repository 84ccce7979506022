"""Alarms: quiet firms stay quiet, drops are found, thin pasts are said to be thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import NotEstimable
from profitchain.core.periods import Period
from profitchain.stats.ratios import benjamini_hochberg
from profitchain.watch.alarms import Alarms, alarms
from profitchain.watch.series import LOG, Series, of_clusters, of_sums

GROUPS = (("", "", 1.0), *(("region", str(g), 0.25) for g in range(4)), ("tier", "a", 0.6),
          ("tier", "b", 0.4))  # fmt: skip
SPREADS = {"nps": (30.0, 75.0), "csat": (0.7, 0.45), "ces": (5.3, 1.4)}


def firm(
    rng: np.random.Generator, periods: list[Period], *, n: int = 1000, moves: float = 0.0,
    season: float = 0.0, drop: float = 0.0,
) -> list[Series]:  # fmt: skip
    """Return a firm's measures; `moves` and `season` in NPS points, `drop` in the last two."""
    several, many = [], len(periods)
    for id, (mean, sd) in SPREADS.items():
        unit = sd / 75
        course = mean + rng.normal(0, moves * unit, many)
        course += rng.normal(0, season * unit, 4)[np.arange(many) % 4]
        course[-2:] -= drop * (id == "nps")
        for split, group, share in GROUPS:
            size = int(n * share)
            error = sd / np.sqrt(size)
            frame = pd.DataFrame(
                {"period": [p.name for p in periods], "value": course + rng.normal(0, error, many),
                 "variance": error**2, "n": size, "customers": size}
            )  # fmt: skip
            several.append(Series(id=id, split=split, group=group, unit="points", frame=frame))
    return several


def quarters(many: int) -> list[Period]:
    return Period("2026Q4").last(many)


def false_share(firms: int, periods: int, *, looked_at: int = 8, **how: float) -> float:
    rng, every, false = np.random.default_rng(7), quarters(periods), 0
    for _ in range(firms):
        series = firm(rng, every, **how)
        for period in every[-looked_at:]:
            found = alarms(series, period)
            assert isinstance(found, Alarms)
            false += bool(found.raised)
    return false / (firms * looked_at)


def found_share(firms: int, periods: int, **how: float) -> float:
    rng, every, hits = np.random.default_rng(8), quarters(periods), 0
    for _ in range(firms):
        series = firm(rng, every, drop=10, **how)
        hits += any(
            look.series.id == "nps" and look.change < 0
            for period in every[-2:]
            for look in alarms(series, period).raised
        )
    return hits / firms


def test_quiet_firms_raise_few_alarms_and_a_drop_is_found():
    assert false_share(6, 14, looked_at=4, moves=1.0) <= 0.25  # 24 periods: chance allows some
    assert found_share(6, 14, moves=1.0) >= 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("moves", "season"), [(0.0, 0.0), (1.0, 0.0), (1.0, 3.0)])
def test_at_most_a_tenth_of_quiet_periods_raise_an_alarm(moves, season):
    assert false_share(200, 18, moves=moves, season=season) <= 0.10


@pytest.mark.slow
def test_four_of_five_drops_of_ten_points_are_found_within_two_periods():
    assert found_share(100, 12) >= 0.8


def test_an_alarm_knows_its_limits_and_says_by_how_much():
    rng = np.random.default_rng(1)
    found = alarms(firm(rng, quarters(10), drop=25), Period("2026Q3"))
    first = found.raised[0]
    assert first.series.id == "nps" and first.value < first.low < first.expected < first.high
    assert first.change == pytest.approx(first.value - first.expected)
    assert first.p == min(look.p for look in found.looks)


def test_a_total_is_compared_by_its_growth_on_the_year():
    periods = quarters(16)
    season = np.tile([1.0, 1.0, 1.0, 2.0], 4)  # a Christmas peak, each year the same
    rng = np.random.default_rng(3)
    total = 1000 * season * 1.02 ** np.arange(16) * np.exp(rng.normal(0, 0.02, 16))

    def look(last: float):
        values = np.append(total[:-1], total[-1] * last)
        frame = pd.DataFrame(
            {"period": [p.name for p in periods], "value": np.log(values),
             "variance": 1 / values, "n": values.astype(int), "customers": 500}
        )  # fmt: skip
        orders = Series(id="orders", split="", group="", unit="share", frame=frame, scale=LOG)
        (found,) = alarms([orders], periods[-1]).looks
        return found

    assert look(1.0).low < look(1.0).value < look(1.0).high
    assert look(0.5).value < look(0.5).low and look(0.5).change == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize("many", [1, 3, 4])
def test_a_short_past_is_said_to_be_short(many):
    found = alarms(firm(np.random.default_rng(0), quarters(many)), Period("2026Q4"))
    assert isinstance(found, NotEstimable) and found.why.key == "too_few_periods_to_watch"


def test_eight_months_are_enough_for_a_level_and_a_missing_month_is_left_out():
    months = Period("2026-08").last(8)
    series = [
        Series(id=one.id, split=one.split, group=one.group, unit=one.unit, per_year=12,
               frame=one.frame.drop(index=4).reset_index(drop=True))
        for one in firm(np.random.default_rng(0), months)
    ]  # fmt: skip
    found = alarms(series, months[-1])
    assert isinstance(found, Alarms) and {look.periods for look in found.looks} == {6}
    gone = [Series(id=s.id, split="", group="", unit="", frame=s.frame.iloc[:-1]) for s in series]
    assert isinstance(alarms(gone, months[-1]), NotEstimable)


def test_few_answers_are_no_look():
    found = alarms(firm(np.random.default_rng(0), quarters(10), n=100), Period("2026Q4"))
    assert {look.series.group for look in found.looks} == {"", "a", "b"} and found.skipped == 12


def test_false_discoveries_are_as_statsmodels_has_them():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(5).uniform(0, 1, 60) ** 3
    told = multipletests(p, 0.10, method="fdr_bh")[0]
    assert (benjamini_hochberg(p) <= 0.10).tolist() == told.tolist()


def test_sums_give_the_variance_that_rows_of_customers_give():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"period": "2026Q4", "cluster": rng.integers(0, 40, 200),
                         "x": rng.normal(3, 1, 200), "n": 1.0})  # fmt: skip
    found = of_clusters(rows, total="x", n="n").iloc[0]
    from profitchain.stats.ratios import linearise

    linear = linearise(rows, "x", "n")
    assert found["value"] == pytest.approx(linear.value)
    assert found["variance"] == pytest.approx(linear.variance, rel=0.05)
    assert len(of_sums(pd.DataFrame(columns=["period", "customers", "n", "total", "nn", "sn",
                                             "ss"], dtype=float))) == 0  # fmt: skip


def test_customers_who_are_all_alike_tell_no_error():
    rows = pd.DataFrame({"period": [p.name for p in quarters(6)], "customers": 40, "n": 40.0,
                         "total": 4000.0, "nn": 40.0, "sn": 4000.0, "ss": 400_000.0})  # fmt: skip
    constant = Series(id="nps", split="", group="", unit="points", frame=of_sums(rows))
    assert isinstance(alarms([constant], quarters(1)[0]), NotEstimable)
    mixed = rows.copy()
    mixed.loc[:4, "ss"] *= 1.2
    variance = of_sums(mixed)["variance"]
    assert variance.iloc[-1] == pytest.approx(variance.iloc[:-1].mean()) and variance.all()
    seen = Series(id="nps", split="", group="", unit="points", frame=of_sums(mixed))
    assert isinstance(alarms([seen], quarters(1)[0]), Alarms)
