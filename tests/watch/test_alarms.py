"""Alarms: quiet firms stay quiet, drops are found, thin pasts are said to be thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from certify.alarm_firms import (
    FALSE_AT_MOST,
    FOUND_AT_LEAST,
    LAST,
    QuietFirm,
    certify_alarms,
    false_share,
    found_share,
    measures_of,
    section,
)
from profitchain.core.estimates import NotEstimable
from profitchain.core.periods import Period
from profitchain.stats.ratios import benjamini_hochberg
from profitchain.watch.alarms import Alarms, alarms
from profitchain.watch.series import LOG, Series, of_clusters, of_sums


def quarters(many: int) -> list[Period]:
    return LAST.last(many)


def test_quiet_firms_raise_few_alarms_and_a_drop_is_found():
    kind = QuietFirm(moves=1.0, quarters=14)
    assert false_share(kind, 6, looked_at=4) <= 0.25  # 24 periods: chance allows some
    assert found_share(kind, 6) >= 0.5


@pytest.mark.slow
def test_at_most_a_tenth_of_quiet_periods_raise_an_alarm_and_four_of_five_drops_are_found():
    """200 firms of each of six kinds, 8 periods: three and a half minutes of one core."""
    tried = certify_alarms(200)
    assert (tried["false"] <= FALSE_AT_MOST).all(), tried
    quiet = tried[tried["moves"] + tried["season"] <= 1]
    assert len(quiet) == 3 and (quiet["found"] >= FOUND_AT_LEAST).all(), tried
    assert "| 0 | 0 | 18 | 200 |" in section(tried)


def test_an_alarm_knows_its_limits_and_says_by_how_much():
    rng = np.random.default_rng(1)
    found = alarms(measures_of(QuietFirm(quarters=10), rng, drop=25), Period("2026Q3"))
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
    found = alarms(
        measures_of(QuietFirm(quarters=many), np.random.default_rng(0)), Period("2026Q4")
    )
    assert isinstance(found, NotEstimable) and found.why.key == "too_few_periods_to_watch"


def test_eight_months_are_enough_for_a_level_and_a_missing_month_is_left_out():
    months = Period("2026-08").last(8)
    series = [
        Series(id=one.id, split=one.split, group=one.group, unit=one.unit, per_year=12,
               frame=one.frame.assign(period=[month.name for month in months])
               .drop(index=4).reset_index(drop=True))
        for one in measures_of(QuietFirm(quarters=8), np.random.default_rng(0))
    ]  # fmt: skip
    found = alarms(series, months[-1])
    assert isinstance(found, Alarms) and {look.periods for look in found.looks} == {6}
    gone = [Series(id=s.id, split="", group="", unit="", frame=s.frame.iloc[:-1]) for s in series]
    assert isinstance(alarms(gone, months[-1]), NotEstimable)


def test_few_answers_are_no_look():
    found = alarms(
        measures_of(QuietFirm(quarters=10, answers=100), np.random.default_rng(0)), Period("2026Q4")
    )
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
