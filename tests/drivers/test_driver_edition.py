"""A firm's own drivers, from company.yml to figures: counted again in pandas, and true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driver_worlds import DRIVERS, NAMES, answered, firm

import profitchain as pc
from profitchain.core.estimates import NotEstimable
from profitchain.drivers.comparisons import shares_by_segment, shares_over_time
from profitchain.drivers.from_edition import DriverFigures, drift_of, driver_figures, segments_of
from profitchain.drivers.shares import DriverShares
from profitchain.stats.disclosure_control import OTHERS

Known = tuple[pc.Edition, DriverFigures]


@pytest.fixture(scope="module")
def known(example: Path) -> Known:
    edition = pc.open_edition(example, "2026Q3")
    return edition, driver_figures(edition)


def test_the_figures_are_those_of_the_answers_themselves(known):
    edition, figures = known
    rows = edition.rows("responses")
    rows = rows[rows["responded_at"] >= "2025-10-01"]
    columns = [f"q_{name}" for name in NAMES]
    assert figures.answered == rows["nps"].notna().sum()
    usable = rows.dropna(subset=["nps", *columns])
    assert figures.usable == len(usable)
    own = pc.driver_shares(usable, outcome="nps", drivers=columns, customer="customer_id")
    assert figures.shares.explained.values == pytest.approx(own["value"].to_numpy(), abs=1e-10)
    assert [e.low for e in figures.shares.estimates()] == pytest.approx(own["low"].to_numpy())
    means = rows.loc[rows["nps"].notna(), columns].mean()
    assert figures.performance["value"].to_numpy() == pytest.approx((means - 1) * 25)


def test_in_the_example_two_drivers_are_not_told_apart_and_money_is_known(known):
    _edition, figures = known
    first = [figures.mending.drivers[place].name for place in figures.mending.first]
    assert set(first) == {"quality", "delivery"}
    assert all(worth.unit == "EUR" and worth.low > 0 for worth in figures.mending.worth)


def test_drift_reads_the_trend_s_periods(known):
    edition, _figures = known
    frame, tests = drift_of(edition)
    assert frame["period"].nunique() == 8
    assert set(tests) == {("", name) for name in NAMES}


def test_kinds_columns_and_blanks_of_company_yml_come_through(tmp_path):
    rng = np.random.default_rng(1)
    rows = answered(rng, 1200)
    rows.loc[rng.random(1200) < 0.5, "service"] = np.nan
    rows["hoped"] = np.clip(rows["delivery"] + 1, 1, 5)
    rows["matters"] = 5
    rows.loc[:5, "matters"] = 1
    rows["branch"], rows["days_late"] = (
        rng.choice(["north", "south"], 1200),
        rng.integers(0, 4, 1200),
    )
    edition = firm(
        tmp_path, rows, drivers=["branch", "days_late"],
        questions={"service": {"kind": "driver", "blank": "not_applicable"},
                   "price": {"kind": "value"},
                   "hoped": {"kind": "expectation", "of": "delivery"},
                   "matters": {"kind": "importance", "of": "price"}},
        blocks={"product": {"questions": ["quality", "price"]},
                "delight": {"questions": ["nps"], "follows": ["product"]}},
    )  # fmt: skip
    figures = driver_figures(edition)
    assert figures.usable == 1200
    assert [driver.name for driver in figures.drivers[:4]] == [*NAMES]
    assert [driver.kind for driver in figures.drivers[4:]] == ["category", "number"]
    assert isinstance(figures.served, DriverShares)
    assert figures.served.r2.n == rows["service"].notna().sum()
    assert figures.gaps["driver"].tolist() == ["delivery"]
    gap = (rows["delivery"] - rows["hoped"]).mean() * 25
    assert figures.gaps["value"].iloc[0] == pytest.approx(gap)
    assert figures.stated["value"].iloc[0] == pytest.approx((rows["matters"].mean() - 1) * 25)
    assert figures.paths.paths.loc["product", "delight"] > 0.3
    assert isinstance(figures.mending.worth, NotEstimable)
    assert figures.mending.worth.why.key == "no_orders_to_worth"
    assert figures.shares.explained.values[4:].max() < 0.05
    page = pc.page("04_drivers", edition)
    assert page.show("asked", figures).data["driver"].tolist()[:2] == ["Price", "Delivery"]
    assert len(page.show("served", figures).data) == 6
    assert page.show("paths", figures).data["leads_to"].tolist() == ["delight"]
    assert page.show("one-more", figures).data["driver"].tolist()[0] == "Quality"


def test_an_effort_question_whose_low_end_is_easy_is_turned_round(tmp_path):
    rows = answered(np.random.default_rng(2), 800)
    effort = np.clip(8 - rows["score"] * 0.7, 1, 7).round()
    questions = {"effort": {"kind": "ces", "easy_is": "low", "column": "effort"}}
    edition = firm(
        tmp_path, rows.assign(effort=effort), questions=questions, main_question="effort"
    )
    figures = driver_figures(edition)
    assert all(gain.value > 0 for gain in figures.mending.gain)


def test_a_measured_question_under_drivers_drives_as_one_of_that_kind(tmp_path):
    rows = answered(np.random.default_rng(3), 800)
    plain = driver_figures(firm(tmp_path / "plain", rows))
    questions = {"quality": {"kind": "csat"},
                 "delivery": {"kind": "ces", "easy_is": "low", "scale": [1, 5]}}  # fmt: skip
    effort = rows.assign(delivery=6 - rows["delivery"])
    edition = firm(
        tmp_path / "measured", effort, questions=questions, drivers=["quality", "delivery"]
    )
    measured = driver_figures(edition)
    assert measured.names == plain.names
    assert measured.shares.explained.values == pytest.approx(plain.shares.explained.values)
    assert measured.performance["value"].tolist() == pytest.approx(plain.performance["value"])
    gains, as_plain = ([gain.value for gain in f.mending.gain] for f in (measured, plain))
    assert gains == pytest.approx(as_plain)


def test_what_matters_is_not_said_to_drift_where_it_does_not():
    rng, found = np.random.default_rng(4), []
    for _world in range(20):
        rows = answered(rng, 2400)
        rows["period"] = np.repeat(["a", "b", "c", "d"], 600)
        _frame, tests = shares_over_time(rows, DRIVERS, ["a", "b", "c", "d"])
        found.append(min(test.p for test in tests.values()) < 0.05)
    assert np.mean(found) <= 0.2


def test_what_matters_is_said_to_drift_where_it_does():
    rng = np.random.default_rng(5)
    rows = pd.concat([
        answered(rng, 1500).assign(period="a"),
        answered(rng, 1500, weights=(0.3, 0.5, 0.7, 0.85)).assign(period="b"),
    ], ignore_index=True)  # fmt: skip
    frame, tests = shares_over_time(rows, DRIVERS, ["a", "b", "none"])
    assert tests["", "price"].p < 0.01
    assert frame.loc[frame["period"] == "none", "value"].isna().all()


def test_groups_whose_answers_spread_unlike_are_not_compared():
    rng = np.random.default_rng(6)
    rows = pd.concat([
        answered(rng, 900).assign(region="all sorts"),
        answered(rng, 900).assign(region="alike"),
    ], ignore_index=True)  # fmt: skip
    narrow = rows["region"] == "alike"
    rows.loc[narrow, "price"] = rows.loc[narrow, "price"].clip(3, 4)
    frame, tests = shares_by_segment(rows, DRIVERS, ["region"])
    why = frame[frame["group"] == "alike"]["why"].map(lambda reason: reason.key)
    assert (why == "answers_spread_unlike").all()
    assert tests == {}


def test_groups_too_small_to_be_shown_are_compared_together(tmp_path):
    rows = answered(np.random.default_rng(31), 1200)
    rows["region"] = np.array(["North", "South"])[rows["cluster"] % 2]
    rows.loc[rows["cluster"].isin([300, 301]), "region"] = "Isle"
    rows.loc[rows["cluster"].isin([400, 401, 402]), "region"] = "Cape"
    edition = firm(tmp_path, rows, segments=["region"])
    shown = set(edition.table("driver_segments")["region"])
    assert OTHERS in shown
    assert len(shown) == 2
    assert shown < {"North", "South", OTHERS}
    assert set(segments_of(edition)[0]["group"]) == shown
