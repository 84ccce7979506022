"""What an analyst reads of a firm: checked tables, summaries, and a hint for a wrong name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from editions import write_company

from profitchain.core.errors import NotMeasured, ParameterError
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition, open_edition

NPS = {"nps": {"column": "nps", "kind": "nps"}}


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Edition:
    """A firm in New York: 400 orders from October to May, one of them broken, one cancelled."""
    days = pd.date_range("2025-10-01", periods=400, freq="14h")
    orders = pd.DataFrame({"order_id": [f"O{k:03d}" for k in range(400)]})
    orders["customer_id"] = [f"C{k % 50:02d}" for k in range(400)]
    orders["ordered_at"] = days.strftime("%Y-%m-%d %H:%M:%S")
    orders["revenue"] = [f"{10 + k % 7}.29" for k in range(400)]
    orders["status"] = "paid"
    orders["coupon"] = [f"00{k % 3}" for k in range(400)]  # known to no contract
    orders.loc[5, "revenue"] = "much"
    orders.loc[6, "status"] = "cancelled"
    responses = orders[["customer_id"]].assign(responded_at=orders["ordered_at"], nps=8)
    responses.insert(0, "response_id", orders["order_id"].str.replace("O", "R"))
    responses.loc[0, "nps"] = 12
    company = write_company(
        tmp_path_factory.mktemp("firm") / "shop",
        {"orders": orders.sample(frac=1, random_state=1), "responses": responses},
        questions=NPS, main_question="nps", controls=[], time_zone="America/New_York",
    )  # fmt: skip
    return open_edition(company, "2026Q1")


@pytest.fixture(scope="module")
def every(edition) -> pd.DataFrame:
    return edition.rows("orders")


def test_rows_are_those_used_in_order_of_time_with_the_firms_own_columns(edition):
    rows = edition.rows("orders")
    assert rows["order_id"].is_monotonic_increasing and len(rows) == 312 - 2
    assert not {"O005", "O006"} & set(rows["order_id"])
    assert rows["coupon"].head(3).tolist() == ["000", "001", "002"]
    assert rows["revenue"].head(3).tolist() == [10.29, 11.29, 12.29]
    assert rows["ordered_at"].iloc[1] == pd.Timestamp("2025-10-01 14:00", tz="America/New_York")
    assert rows["ordered_at"].max() < pd.Timestamp("2026-04-01", tz="America/New_York")


def test_tables_count_what_is_used_and_what_was_set_aside(edition):
    tables = edition.tables.set_index("table")
    assert tables.loc["orders", ["rows", "set_aside"]].tolist() == [310, 90]
    assert len(edition.rows("responses")) == tables.loc["responses", "rows"]
    assert "revenue" in tables.loc["orders", "columns"]
    assert "orders 310" in repr(edition) and "2026Q1" in repr(edition)
    assert len(repr(edition)) < 200


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"customer_id": "C07"}, lambda r: r.customer_id == "C07"),
        ({"customer_id": ["C07", "C08"]}, lambda r: r.customer_id.isin(["C07", "C08"])),
        ({"revenue": 12.29}, lambda r: r.revenue == 12.29),
        ({"revenue": slice(12, 15)}, lambda r: r.revenue.between(12, 15, inclusive="left")),
        ({"ordered_at": Period("2025-12")}, lambda r: r.ordered_at.dt.month == 12),
        ({"ordered_at": slice("2026-03-01", None)}, lambda r: r.ordered_at.dt.month == 3),
        ({"coupon": "001", "customer_id": "C07"},
         lambda r: (r.coupon == "001") & (r.customer_id == "C07")),
        ({"coupon": None}, lambda r: r.coupon.isna()),
        ({"coupon": [None, "001"]}, lambda r: r.coupon.isna() | (r.coupon == "001")),
        ({"revenue": np.int64(12)}, lambda r: r.revenue == 12),
        ({"revenue": slice(None, 10**30)}, lambda r: r.revenue > 0),
        ({"revenue": float("nan")}, lambda r: r.revenue.isna()),
        ({"ordered_at": "2025-12-25"}, lambda r: r.ordered_at.dt.strftime("%m%d") == "1225"),
        ({"ordered_at": date(2025, 12, 25)}, lambda r: r.ordered_at.dt.strftime("%m%d") == "1225"),
        ({"ordered_at": [Period("2025-12"), "2026-02-01"]},
         lambda r: r.ordered_at.dt.strftime("%m%d").str.match("12|0201")),
        ({"ordered_at": slice("2026-03-08 02:30", None)},  # an hour that no clock showed
         lambda r: r.ordered_at >= pd.Timestamp("2026-03-08 03:00", tz="America/New_York")),
        ({"customer_id": pd.Series(["C07"])}, lambda r: r.customer_id == "C07"),
        ({"customer_id": "' OR 1=1 --"}, lambda r: r.customer_id == ""),
    ],
)  # fmt: skip
def test_conditions_hold_as_they_do_in_pandas(edition, every, where, holds):
    expected = every[holds(every)].reset_index(drop=True)
    pd.testing.assert_frame_equal(edition.rows("orders", where=where), expected)


def test_only_the_columns_asked_for_are_read(edition):
    rows = edition.rows("orders", columns=["coupon", "revenue"], where={"customer_id": "C07"})
    assert list(rows.columns) == ["coupon", "revenue"] and len(rows) == 7


def test_a_long_list_of_days_and_a_column_named_twice_are_read(edition):
    days = [str(day.date()) for day in pd.date_range("2020-01-01", "2026-03-31")]
    rows = edition.rows("orders", columns=["revenue", "revenue"], where={"ordered_at": days})
    assert rows.shape == (310, 1)


def test_every_summary_says_what_its_rows_are(edition):
    summaries = edition.summaries
    hidden = {"customer_ids", "group_sizes", "followed_sizes", "score_sums"}  # not for pages
    kept = {path.stem for path in edition.folder.glob("*.parquet")} - hidden
    assert set(summaries["summary"]) == kept
    for row in summaries.itertuples():
        assert len(edition.table(row.summary)) == row.rows
        assert row.columns.split(", ") == list(edition.table(row.summary).columns)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda e: e.rows("oders"), ParameterError, "Did you mean 'orders'"),
        (lambda e: e.rows("offers"), NotMeasured, "It names orders and responses"),
        (lambda e: e.rows("link_cells"), ParameterError, r"edition.table\('link_cells'\)"),
        (lambda e: e.table("link_cels"), ParameterError, "Did you mean 'link_cells'"),
        (lambda e: e.table("orders"), ParameterError, r"edition.rows\('orders'\)"),
        (lambda e: e.table("customer_ids"), ParameterError, "no summary"),
        (lambda e: e.table("cost_sums"), NotMeasured, "has not given"),
        (lambda e: e.rows("orders", columns=["revenu"]), ParameterError, "Did you mean 'revenue'"),
        (lambda e: e.rows("orders", where={"nps": 1}), ParameterError, "no column of orders"),
        (lambda e: e.rows("orders", where={"revenue": "12"}), ParameterError, "holds numbers"),
        (lambda e: e.rows("orders", where={"customer_id": 7}), ParameterError, "holds text"),
        (lambda e: e.rows("orders", where={"ordered_at": 7}), ParameterError, "holds dates"),
        (lambda e: e.rows("orders", columns="revenue"), ParameterError, "list of names"),
        (lambda e: e.rows("orders", columns=[]), ParameterError, "list of names"),
        (lambda e: e.rows("orders", columns=[5]), ParameterError, "no column of orders"),
        (lambda e: e.rows("orders", where="revenue > 1"), ParameterError, "conditions by column"),
        (lambda e: e.rows("orders", where={"revenue": slice(0, 9, 2)}), ParameterError, "a step"),
        (lambda e: e.rows("orders", where={"customer_id": "C\0"}), ParameterError, "holds text"),
        (lambda e: e.rows(None), ParameterError, "no table 'None'"),
        (lambda e: e.table(["months"]), ParameterError, "no summary"),
        (lambda e: open_edition(None), ParameterError, "no folder"),
        (
            lambda e: open_edition(e.company.folder, "2026Q1", needs="orders"),
            ParameterError,
            r"needs=\['orders'\]",
        ),
        (
            lambda e: open_edition(e.company.folder, "2026Q1", lookback_month=3),
            ParameterError,
            "Did you mean 'lookback_months'",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_what_there_is(edition, call, error, words):
    with pytest.raises(error, match=words):
        call(edition)


def test_reading_rows_changes_nothing_in_the_firms_folder(edition):
    def state(folder: Path) -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*") if ".store" not in p.parts}

    before = state(edition.company.folder)
    edition.rows("orders", columns=["revenue"])
    assert state(edition.company.folder) == before
