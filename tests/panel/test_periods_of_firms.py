"""Weeks and fiscal quarters hold what pandas counts in them, and a year before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from editions import write_company

from profitchain.core.errors import CompanyError, PeriodError
from profitchain.core.estimates import Estimate
from profitchain.core.periods import Period
from profitchain.intake.intake import last_period
from profitchain.lifetime.expected_value import paid_within
from profitchain.measures import data_quality, loyalty, satisfaction
from profitchain.panel.edition import Edition, open_edition
from profitchain.sources.company import Company, load_company

ORDERS, CUSTOMERS, LAST = 5_000, 90, "2026-07-05 20:00"  # a Sunday, the end of a week of ISO's
KINDS = {  # report_every, fiscal_year_starts; the last whole period, and pandas' name of its kind
    "weeks": ("week", None, "2026-W27", "W-SUN"),
    "quarters": ("quarter", 4, "2026FY04Q1", "Q-MAR"),
}
MANY = 1e-9  # sums of amounts in cents


def shop() -> dict[str, pd.DataFrame]:
    draw = np.random.default_rng(11)
    hours = np.sort(draw.integers(0, 24 * 800, ORDERS))[::-1]
    orders = pd.DataFrame({"order_id": [f"O{number:04d}" for number in range(ORDERS)]})
    orders["customer_id"] = [f"C{number}" for number in draw.integers(0, CUSTOMERS, ORDERS)]
    orders["ordered_at"] = pd.Timestamp(LAST) - pd.to_timedelta(hours - hours.min(), unit="h")
    orders["revenue"] = draw.uniform(5, 80, ORDERS).round(2)
    responses = orders.sample(3_500, random_state=1)[["order_id", "customer_id", "ordered_at"]]
    responses["responded_at"] = responses.pop("ordered_at") + pd.Timedelta(hours=20)
    responses["nps"] = draw.integers(0, 11, len(responses))
    responses.insert(0, "response_id", responses["order_id"].str.replace("O", "R"))
    responses = responses[responses["responded_at"] <= LAST]
    return {"orders": orders, "responses": responses}


@pytest.fixture(scope="module", params=KINDS)
def firm(request, tmp_path_factory) -> tuple[Edition, dict[str, pd.DataFrame], str]:
    every, starts, name, freq = KINDS[request.param]
    tables, now = shop(), Period(name)
    inside = tables["orders"]["ordered_at"].dt.to_period(freq).dt.start_time.dt.date
    books = {"period": [name, str(now.year_before), "2026-W53"], "measure": "orders"}
    books["amount"] = [int((inside == now.first_day).sum()), 1, 2]
    keys = {"report_every": every, "main_question": "nps", "repeat_within_days": 30}
    keys |= {} if starts is None else {"fiscal_year_starts": starts}
    folder = write_company(
        tmp_path_factory.mktemp("firms") / request.param,
        tables | {"control_totals": pd.DataFrame(books)},
        questions={"nps": {"kind": "nps"}}, **keys,
    )  # fmt: skip
    return open_edition(folder), tables, freq


def test_the_last_whole_period_is_what_is_reported_on(firm):
    edition, _, freq = firm
    assert str(edition.period) in {name for *_, name, of in KINDS.values() if of == freq}


def test_each_period_holds_what_pandas_counts_in_it(firm):
    edition, tables, freq = firm
    orders = tables["orders"].assign(of=tables["orders"]["ordered_at"].dt.to_period(freq))
    first = orders.groupby("customer_id")["ordered_at"].min().dt.to_period(freq)
    buyers = orders.groupby("of")["customer_id"].agg(set)
    activity = edition.table("activity").groupby("period").sum()
    for period in edition.periods:
        of = pd.Timestamp(period.first_day).to_period(freq)
        if of not in buyers.index:
            assert str(period) not in activity.index
            continue
        here, ours = orders[orders["of"] == of], activity.loc[str(period)]
        before = buyers.get(of - 1, set())
        assert ours["orders"] == len(here)
        assert ours["revenue"] == pytest.approx(here["revenue"].sum(), rel=MANY)
        assert ours["active"] == len(buyers[of])
        assert ours["new"] == (first == of).sum()
        assert ours["previously_active"] == len(before)
        assert ours["retained"] == len(buyers[of] & before)


def test_scores_and_their_changes_are_those_of_pandas(firm):
    edition, tables, freq = firm
    answers = tables["responses"]
    points = answers["nps"].map(lambda score: 100 * (int(score >= 9) - int(score <= 6)))
    means = points.groupby(answers["responded_at"].dt.to_period(freq)).mean()
    [story] = satisfaction.score_series(
        edition.table("score_cells"), edition.company.all_questions, edition.periods
    )
    at = {
        name: pd.Timestamp(period.first_day).to_period(freq)
        for name, period in (("now", edition.period), ("before", edition.period.previous),
                             ("year", edition.period.year_before))
    }  # fmt: skip
    assert story.now.value == pytest.approx(means[at["now"]])
    assert story.change.value == pytest.approx(means[at["now"]] - means[at["before"]])
    assert isinstance(story.change_on_year, Estimate)
    assert story.change_on_year.value == pytest.approx(means[at["now"]] - means[at["year"]])


def test_cohorts_are_those_of_the_trend(firm):
    edition, _, _ = firm
    cohorts, shown = edition.table("cohorts"), {str(period) for period in edition.periods}
    assert set(cohorts["cohort"]) | set(cohorts["period"]) <= shown
    assert set(loyalty.cohort_retention(cohorts)["offset"]) <= set(range(1, len(shown)))


def test_the_books_name_periods_likewise(firm):
    edition, _, _ = firm
    totals = loyalty.totals(edition.table("activity"), edition.period, "EUR")
    compared = data_quality.compare_with_books(
        totals, data_quality.books_of(edition), edition.period, tolerance=0
    )
    assert compared["verdict"].tolist() == [data_quality.AGREES]
    assert len(edition.table("control_totals")) == 2  # the third lies after the period


def test_a_lookback_that_begins_within_a_month_takes_its_days_alone():
    names = [str(period) for period in Period("2026-04").last(14)]
    months = pd.DataFrame({"month": names, "revenue": 300.0})
    assert paid_within(months, Period("2026-03"), 12) == 12 * 300
    assert paid_within(months, Period("2026-W14"), 12) == pytest.approx(300 * (12 + 25 / 30))


def company(folder: Path, **keys: object) -> Company:
    orders = pd.DataFrame({
        "order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": [1, 2],
        "ordered_at": ["2024-01-05", "2026-12-30"],
    })  # fmt: skip
    return load_company(write_company(folder, {"orders": orders}, **keys))


@pytest.mark.parametrize(
    ("starts", "every", "period"),
    [
        (4, "quarter", "2026FY04Q2"),
        ("12-31", "year", "2025FY1231"),
        ("12-31", "quarter", "2025FY1231Q4"),
        ("04-01", "month", "2026-11"),
        (1, "quarter", "2026Q3"),
        ("1-1", "year", "2025"),
        (4, "week", "2026-W52"),
    ],
)
def test_a_year_starts_when_company_yml_says(tmp_path, starts, every, period):
    firm = company(tmp_path, fiscal_year_starts=starts, report_every=every)
    assert last_period(firm) == Period(period)


@pytest.mark.parametrize("starts", [0, 13, "02-29", "04-31", "April", "2026-04", True, None, 4.5])
def test_what_is_no_start_of_a_year_is_refused_with_what_to_write(tmp_path, starts):
    if starts is None:
        assert company(tmp_path, fiscal_year_starts=starts).year_starts == ""
        return
    with pytest.raises(CompanyError, match=r"as in fiscal_year_starts: 4, or month and day"):
        company(tmp_path, fiscal_year_starts=starts)


def test_contracts_are_not_followed_by_weeks(tmp_path):
    rows = pd.DataFrame({"customer_id": ["a", "b"], "started_on": ["2025-01-03", "2025-02-01"]})
    folder = write_company(tmp_path / "club", {"subscriptions": rows}, report_every="week")
    with pytest.raises(CompanyError, match="report_every: week can't be"):
        load_company(folder)
    says = yaml.safe_load((folder / "company.yml").read_text())
    (folder / "company.yml").write_text(yaml.safe_dump(says | {"report_every": "month"}))
    with pytest.raises(PeriodError, match=r"is a week, but contracts .* Ask for a month, as"):
        open_edition(folder, "2025-W05")


def test_what_is_asked_of_a_fiscal_firm_is_refused_where_it_may_mean_two_things(tmp_path):
    firm = company(tmp_path, fiscal_year_starts=4)
    with pytest.raises(PeriodError, match="Write 2026FY04Q1 for April–June 2026, or 2025FY04Q4"):
        open_edition(firm.folder, "2026Q1")
    assert Period("2026FY04Q1").first_day == date(2026, 4, 1)
