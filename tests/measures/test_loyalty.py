"""Loyalty by hand and against an outside Kaplan-Meier."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable, counted
from profitchain.core.periods import Period
from profitchain.measures.loyalty import (
    cohort_retention,
    cohort_table,
    courses,
    growth_on_year,
    loyalty_series,
    repeat_rate_series,
    share_again_within,
    time_to_next_order,
    totals,
)
from profitchain.words.loyalty import cohorts
from profitchain.words.measures import definition

NOW = Period("2026Q1")
EDITION = SimpleNamespace(period=NOW, periods=NOW.last(4))


def activity() -> pd.DataFrame:
    """Return ten customers of 2025Q4, six of whom return, and four new ones in 2026Q1."""
    before = pd.DataFrame({"period": "2025Q4", "cluster": range(10), "active": 1, "orders": 1})
    before = before.assign(revenue=50.0, new=1, new_revenue=50.0, previously_active=0, retained=0)
    now = pd.DataFrame({"period": "2026Q1", "cluster": range(14)})
    came, is_new = np.r_[[1] * 6, [0] * 4, [1] * 4], np.r_[[0] * 10, [1] * 4]
    now = now.assign(active=came, orders=2 * came, revenue=60.0 * came, new=is_new)
    now = now.assign(new_revenue=60.0 * is_new, previously_active=1 - is_new)
    now = now.assign(retained=now["previously_active"] * came)
    return pd.concat([before, now], ignore_index=True)


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("retention_rate", 0.6),
        ("churn_rate", 0.4),
        ("purchase_frequency", 2.0),
        ("average_order_value", 30.0),
        ("revenue_per_customer", 60.0),
        ("returning_revenue_share", 0.6),
        ("new_revenue_share", 0.4),
    ],
)
def test_a_measure_of_loyalty_is_what_a_count_by_hand_gives(id: str, expected: float) -> None:
    told = {one.measure.id: one for one in loyalty_series(activity(), "EUR", NOW.last(2))}
    assert told[id].now.value == pytest.approx(expected)


def test_retention_and_churn_add_up_and_mirror_their_intervals() -> None:
    told = {one.measure.id: one.now for one in loyalty_series(activity(), "EUR", NOW.last(2))}
    keep, lose = told["retention_rate"], told["churn_rate"]
    assert keep.value + lose.value == pytest.approx(1)
    assert keep.low + lose.high == pytest.approx(1)


def test_a_first_period_has_no_retention_and_says_so() -> None:
    told = {
        one.measure.id: one for one in loyalty_series(activity(), "EUR", Period("2025Q4").last(1))
    }
    assert isinstance(told["retention_rate"].now, NotEstimable)


def test_totals_are_counted_and_a_period_without_orders_says_so() -> None:
    found = totals(activity(), NOW, "EUR")
    names = ("orders", "revenue", "active_customers", "new_customers")
    assert [found[name].value for name in names] == [
        20, 600, 10, 4,
    ]  # fmt: skip
    assert isinstance(totals(activity(), Period("2030Q1"), "EUR")["orders"], NotEstimable)


def test_a_repeat_belongs_to_the_period_in_which_the_window_closes() -> None:
    cells = pd.DataFrame(
        {"closes": ["2025Q4"] * 20 + ["2026Q1"] * 20, "cluster": range(40), "n": 1,
         "repeats": [0] * 20 + [1] * 5 + [0] * 15}
    )  # fmt: skip
    told = repeat_rate_series(cells, 90, NOW.last(2))
    assert told.now.value == 0.25
    assert told.change.value == 0.25
    assert "90 days" in definition(told.measure)


def test_nobody_asked_means_no_repeat_rate() -> None:
    nothing = pd.DataFrame({"closes": [], "cluster": [], "n": [], "repeats": []})
    assert isinstance(repeat_rate_series(nothing, 90, NOW.last(2)).now, NotEstimable)


def test_growth_is_said_where_the_year_before_is_whole() -> None:
    periods = ["2024Q4", "2025Q1", "2026Q1", "2026Q1"]
    rows = pd.DataFrame({"period": periods, "revenue": [1.0, 80, 60, 40], "orders": [1, 4, 3, 2]})
    grown = growth_on_year(rows, NOW)
    assert (grown.value, grown.n) == (pytest.approx(0.25), 5)
    for nothing in (rows.iloc[1:], rows.drop(columns="revenue"), rows.iloc[[0, 2]]):
        assert isinstance(growth_on_year(nothing, NOW), NotEstimable)


def test_what_was_counted_in_full_comes_with_its_course_but_guests_without() -> None:
    sums = totals(activity(), NOW, "EUR") | {"guest_orders": counted(3, unit="orders")}
    found = courses(sums, activity(), NOW.last(2))
    assert found["orders"].trend["value"].tolist() == [10, 20]
    assert found["guest_orders"] == sums["guest_orders"] and "new_customers" not in found


COHORTS = pd.DataFrame(
    {
        "cohort": ["2025Q3", "2025Q3", "2025Q4", "2025Q4", "2026Q1"],
        "period": ["2025Q3", "2026Q1", "2025Q4", "2026Q1", "2026Q1"],
        "active": [40, 10, 50, 20, 30],
    }
)


def test_a_cohort_that_skipped_a_period_shows_zero_and_the_future_stays_empty() -> None:
    found = cohort_retention(COHORTS).set_index(["cohort", "offset"])["value"]
    assert found[("2025Q3", 1)] == 0
    assert found[("2025Q3", 2)] == 0.25
    assert found[("2025Q4", 1)] == 0.4
    assert ("2025Q4", 2) not in found.index


def test_a_cohort_table_reads_one_line_a_cohort() -> None:
    wide = cohort_table(cohort_retention(COHORTS))
    assert wide.columns.tolist() == ["cohort", "customers", "+1", "+2"]
    assert wide["cohort"].tolist() == ["2025Q3", "2025Q4"]
    assert np.isnan(wide.loc[1, "+2"])


def test_a_firm_where_nobody_began_has_no_cohort_and_says_so() -> None:
    """As the summary has it: text columns, no row."""
    none = COHORTS.iloc[:0].astype({"cohort": "str", "period": "str"})
    found = cohort_retention(none, smallest=10)
    assert found.empty and cohort_table(found).columns.tolist() == ["cohort", "customers"]
    assert cohorts(found, edition=EDITION).says == "none_began"
    assert cohorts(cohort_retention(COHORTS, smallest=1000), edition=EDITION).says == "few"
    shown = cohorts(cohort_retention(COHORTS), edition=EDITION)
    assert (shown.says, shown.values["share"]) == ("next", "22%")  # 20 of the 90 who had a chance


def test_small_cohorts_are_left_out() -> None:
    assert set(cohort_retention(COHORTS, smallest=45)["cohort"]) == {"2025Q4"}


# The remission times of 21 leukemia patients on 6-MP: Gehan (1965), with the Kaplan-Meier
# estimates that textbooks print (Kleinbaum and Klein 2012, Survival Analysis, table 2.3).
GEHAN = pd.DataFrame(
    {
        "days": [6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 34, 35],
        "event": [1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0],
        "n": [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1],
    }
)
PUBLISHED = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}


def test_time_to_the_next_order_gives_the_published_kaplan_meier_table() -> None:
    curve = time_to_next_order(GEHAN).set_index("days")
    found = {day: round(1 - curve.loc[day, "value"], 4) for day in PUBLISHED}
    assert found == PUBLISHED
    assert (curve["low"] <= curve["value"]).all()
    assert (curve["value"] <= curve["high"]).all()


def test_the_share_who_ordered_again_is_read_off_the_curve() -> None:
    found = share_again_within(time_to_next_order(GEHAN), 12)
    assert isinstance(found, Estimate)
    assert (round(found.value, 4), found.n) == (round(1 - 0.7529, 4), 21)


@pytest.mark.parametrize("events", [0, 4])
def test_hardly_any_returns_is_too_few_to_say(events: int) -> None:
    gaps = pd.DataFrame({"days": [10, 90], "event": [1, 0], "n": [events, 100]})
    found = time_to_next_order(gaps)
    assert isinstance(found, NotEstimable)
    assert isinstance(share_again_within(found, 30), NotEstimable)
