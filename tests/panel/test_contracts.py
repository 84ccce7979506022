"""A firm with contracts: what is paid for them stands for orders, and staying for coming back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from editions import write_company

from profitchain.core.errors import CompanyError, NotMeasured, PeriodError
from profitchain.core.periods import Period
from profitchain.intake.intake import last_period
from profitchain.measures.loyalty import share_again_within, time_to_next_order
from profitchain.panel import contracts
from profitchain.panel.context import Context
from profitchain.panel.edition import Edition, open_edition
from profitchain.sources.company import load_company

NPS = {"nps": {"kind": "nps"}}
END = pd.Timestamp("2026-04-01")
PERIOD = "2026Q1"


def firm(folder: Path, **keys: object) -> Path:
    """Write 200 contracts of three years, ended or running, and an answer to most of them."""
    draw = np.random.default_rng(4)
    who = [f"C{number:03d}" for number in range(200)]
    start = pd.Timestamp("2023-05-01") + pd.to_timedelta(draw.integers(0, 1060, 200), unit="D")
    months = draw.geometric(0.05, 200)
    end = pd.Series(
        [at + pd.DateOffset(months=int(n)) for at, n in zip(start, months, strict=True)]
    )
    subscriptions = pd.DataFrame({"customer_id": who, "started_on": start.date})
    subscriptions["ended_on"] = end.where(end < "2026-04-20").dt.date
    subscriptions["amount"] = draw.choice([9.9, 19.9], 200)
    subscriptions.loc[200] = ["late", date(2026, 4, 2), None, 9.9]
    asked = start + pd.to_timedelta(draw.integers(5, 400, 200), unit="D")
    responses = pd.DataFrame({"response_id": who, "customer_id": who, "responded_at": asked})
    responses["nps"] = draw.integers(0, 11, 200)
    responses = responses[(responses["responded_at"] < end) & (responses["responded_at"] < END)]
    tables = {"subscriptions": subscriptions, "responses": responses}
    keys = {"questions": NPS, "gross_margin": 0.5} | keys
    return write_company(folder / "club", tables, **keys)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Path:
    return firm(tmp_path_factory.mktemp("club"))


@pytest.fixture(scope="module")
def edition(company) -> Edition:
    return open_edition(company, PERIOD)


def paid(company: Path) -> pd.DataFrame:
    """Return the payments before April 2026, one by one, with nothing but pandas."""
    rows = pd.read_csv(company / "subscriptions.csv", parse_dates=["started_on", "ended_on"])
    each = []
    for row in rows.itertuples():
        until = min(row.ended_on, END) if pd.notna(row.ended_on) else END
        dues = [row.started_on + pd.DateOffset(months=k) for k in range(60)]
        dues = [due for k, due in enumerate(dues) if due < until or (k == 0 and due < END)]
        each += [(row.customer_id, due, row.amount) for due in dues]
    return pd.DataFrame(each, columns=["customer_id", "at", "amount"])


def test_the_periods_payments_and_who_stayed_are_those_counted_by_hand(company, edition):
    expected, activity = paid(company), edition.table("activity").groupby("period").sum()
    by_quarter = expected.groupby(expected["at"].dt.to_period("Q").astype(str))
    for period in ("2025Q3", PERIOD):
        now = by_quarter.get_group(period)
        before = set(by_quarter.get_group(str(Period(period).previous))["customer_id"])
        told = activity.loc[period]
        assert told["orders"] == len(now)
        assert told["revenue"] == pytest.approx(now["amount"].sum())
        assert told["margin"] == pytest.approx(now["amount"].sum() / 2)
        assert told["retained"] == len(before & set(now["customer_id"]))
        assert told["previously_active"] == len(before)


def test_an_answer_is_followed_by_renewal_and_not_by_the_next_payment(company, edition):
    answers = pd.read_csv(company / "responses.csv", parse_dates=["responded_at"])
    last = paid(company).groupby("customer_id")["at"].max()
    answers["ends"] = answers["responded_at"] + pd.Timedelta(days=90)
    closed = answers[(answers["ends"] < END) & (answers["ends"] >= "2025-04-01")]
    stayed = closed["customer_id"].map(last) > closed["ends"] - pd.Timedelta(days=31)
    cells = edition.table("link_cells").query("in_lookback")
    assert (cells["n"].sum(), cells["repeats"].sum()) == (len(closed), stayed.sum())
    windows = edition.table("window_cells").query("window == 90")
    assert (windows["n"].sum(), windows["repeats"].sum()) == (len(closed), stayed.sum())
    assert 0 < stayed.sum() < len(closed)


def test_how_long_contracts_last_is_kaplan_and_meiers_curve(company, edition):
    rows = pd.read_csv(company / "subscriptions.csv", parse_dates=["started_on", "ended_on"])
    rows = rows[rows["started_on"] < END]
    ended = rows["ended_on"] < END
    days = (rows["ended_on"].where(ended, END) - rows["started_on"]).dt.days
    left, share = 1.0, {}
    for day in sorted(days[ended].unique()):
        left *= 1 - (ended & (days == day)).sum() / (days >= day).sum()
        share[day] = 1 - left
    found = share_again_within(time_to_next_order(edition.table("gaps")), 365)
    assert found.value == pytest.approx([s for day, s in share.items() if day <= 365][-1])


def test_it_pays_every_period_so_it_is_valued_under_contract(company, edition):
    assert edition.by_contract and edition.company.contractual
    assert not edition.company.asks_only and edition.facts["days_uncovered"] == 0
    assert str(last_period(load_company(company))) == PERIOD
    assert open_edition(company, PERIOD, needs=["orders.revenue"]).folder == edition.folder
    with pytest.raises(NotMeasured, match="needs table `costs`"):
        open_edition(company, PERIOD, needs=["costs"])


@pytest.mark.parametrize(
    ("started", "ended", "due"),
    [
        ("2026-01-31", None, ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("2025-11-15", "2026-01-15", ["2025-11-15", "2025-12-15"]),
        ("2026-01-10", "2026-01-10", ["2026-01-10"]),
        ("2026-02-01", "2026-12-31", ["2026-02-01", "2026-03-01"]),
        ("2026-05-01", None, []),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Taipei"])
def test_a_contract_is_paid_for_monthly_until_it_ends(company, started, ended, due, zone):
    rows = {"customer_id": ["a"], "started_on": [date.fromisoformat(started)], "amount": [990]}
    rows["ended_on"] = pd.array([ended and date.fromisoformat(ended)], dtype="date32[pyarrow]")
    tables = {"subscriptions": ibis.memtable(pd.DataFrame(rows))}
    told = load_company(company).model_copy(update={"time_zone": zone})
    context = Context(company=told, period=Period(PERIOD), tables=tables)
    found = ibis.duckdb.connect().to_pandas(contracts.payments(context))
    local = found["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(zone).sort_values()
    assert local.dt.strftime("%Y-%m-%d").tolist() == due
    assert set(found["revenue"]) <= {990} and found["order_id"].is_unique


def test_a_period_in_which_contracts_end_is_covered_though_none_began(tmp_path):
    days = [date(2025, 1, 1 + k) for k in range(20)]
    ends = [date(2026, 3, 1) if k < 5 else None for k in range(20)]
    table = pd.DataFrame({"customer_id": range(1, 21), "started_on": days, "ended_on": ends})
    folder = write_company(tmp_path / "club", {"subscriptions": table}, report_every="month")
    activity = open_edition(folder, "2026-03").table("activity")
    now = activity[activity["period"] == "2026-03"]
    assert (now["previously_active"].sum(), now["retained"].sum()) == (20, 15)
    with pytest.raises(PeriodError, match="No contract began or ended in 2026-04"):
        open_edition(folder, "2026-04")


@pytest.mark.parametrize(
    ("ends", "period"),
    [
        ([None] * 58, "2025-01"),  # the last began on 27 February
        (["2025-01-12"] + ["2025-03-01"] * 9 + [None] * 48, "2025-02"),
        (["2025-01-12"] + ["2025-03-10"] * 9 + [None] * 48, "2025-01"),  # may be only agreed upon
        (["2026-03-01"] * 58, "2025-01"),
        ([None] * 38 + ["2026-03-01"] * 20, "2026-02"),  # of those who began at once, some left
    ],
)
def test_the_last_period_is_that_in_which_contracts_are_still_known(tmp_path, ends, period):
    days = pd.date_range("2025-01-01", periods=58).date
    table = pd.DataFrame({"customer_id": range(1, 59), "started_on": days, "ended_on": ends})
    folder = write_company(tmp_path / "club", {"subscriptions": table}, report_every="month")
    assert str(last_period(load_company(folder))) == period


def test_a_firm_needs_orders_contracts_or_answers(tmp_path):
    with pytest.raises(CompanyError, match="none of orders, subscriptions, responses is there"):
        load_company(write_company(tmp_path, {"customers": pd.DataFrame({"customer_id": []})}))
