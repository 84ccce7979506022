"""From anybody's tables to checked rows: nothing guessed, nothing lost, nothing from the future."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import ibis
import openpyxl
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profitchain.core.errors import CompanyError, ContractError, PeriodError
from profitchain.core.periods import Period
from profitchain.intake.fingerprints import fingerprint
from profitchain.intake.intake import Intake, check_report, last_period, open_intake
from profitchain.sources import query_sandbox
from profitchain.sources.casts import from_utc, to_utc
from profitchain.sources.company import Company, load_company

Q1 = Period("2026Q1")
ORDERS = "order_id,customer_id,ordered_at,revenue\n"
ANSWERS = "response_id,customer_id,responded_at,nps\n"
ONE_ORDER = ORDERS + "o1,c1,2026-01-05T10:00,12.50\n"
SECRET = "hunter2-swordfish"
ANY = {"set_aside": 1, "shared_keys": 1, "other_money": 1}  # limits: rows are looked at here

Shop = Callable[..., Company]


@pytest.fixture
def shop(tmp_path) -> Shop:
    """A function from files' contents and settings to a company in a folder of its own."""

    def made(files: dict[str, str | bytes] | None = None, **changes: object) -> Company:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            data = text if isinstance(text, bytes) else text.encode()
            (folder / name).write_bytes(data)
        given = {
            "name": "Tiny", "currency": "EUR", "tables": {"orders": {"file": "orders.csv"}},
            "limits": ANY,
        }  # fmt: skip
        if "responses" in changes.get("tables", {}):
            given["questions"] = {"nps": {"kind": "nps"}}
        (folder / "company.yml").write_text(yaml.safe_dump(given | changes), encoding="utf-8")
        return load_company(folder)

    return made


def rows_of(intake: Intake, table: str = "orders") -> list[dict]:
    frame = intake.tables[table].to_pandas()
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def account_of(intake: Intake, table: str = "orders") -> dict[str, int]:
    account = intake.account[intake.account["table"] == table]
    return dict(zip(account["outcome"], account["rows"], strict=True))


def quarantine_of(company: Company, table: str = "orders") -> list[dict[str, str]]:
    with (company.folder / "quarantine" / f"{table}.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def refusal(company: Company, period: Period | None = Q1) -> str:
    with pytest.raises((ContractError, CompanyError)) as refused:
        open_intake(company, period)
    return str(refused.value)


# --- how a file is written -------------------------------------------------------------------

TEXT = ORDERS + "Grün,c1,2026-01-05T10:00,12.50\n"


@pytest.mark.parametrize(
    ("data", "settings_of_table"),
    [
        (TEXT.encode(), {}),
        (TEXT.encode("utf-8-sig"), {}),
        (TEXT.encode("utf-16"), {}),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), {}),
        (TEXT.encode("utf-16-le"), {}),
        (TEXT.encode("cp1252"), {"encoding": "cp1252"}),
        (TEXT.replace(",", ";").encode(), {}),
        (TEXT.replace(",", "\t").encode(), {}),
        (TEXT.replace(",", "|").encode(), {}),
        (TEXT.replace(",", "~").encode(), {"delimiter": "~"}),
        (("sep=;\n" + TEXT.replace(",", ";")).encode(), {}),
        (TEXT.replace("\n", "\r\n").encode(), {}),
        (TEXT.rstrip().encode(), {}),
        (("Exported by shop\n\n" + TEXT).encode(), {"skip_rows_before_header": 2}),
    ],
)
def test_a_csv_file_is_read_however_it_is_written(shop, data, settings_of_table):
    company = shop(
        {"orders.csv": data}, tables={"orders": {"file": "orders.csv"} | settings_of_table}
    )
    (row,) = rows_of(open_intake(company, Q1))
    assert (row["order_id"], row["customer_id"], row["revenue"]) == ("Grün", "c1", 1250)


def test_a_file_that_is_not_utf8_is_not_guessed_at(shop):
    told = refusal(shop({"orders.csv": TEXT.encode("cp1252")}))
    assert "orders.csv can't be read as UTF-8" in told
    assert "encoding: cp1252" in told


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file(shop):
    told = refusal(shop({"orders.csv": ORDERS + 'o1,"c1,2026-01-05,1\no2,c2,2026-01-06,2\n'}))
    assert "quotation mark in row 2 is never closed" in told


WORDED = "shop,response_id,responded_at,nps,comment,city\n"


@pytest.mark.parametrize(
    ("first", "comment"),
    [
        ("north", "slow\nold, dear and far, sadly"),  # begins as rows do that begin with a word
        ("12", "slow:\n1, the post\n2, the shop"),  # ... with a number
        ("north", "The good:\nfood, drinks, wifi, seats, staff, 'toilets'"),
    ],
)
def test_a_comment_of_several_lines_is_no_row_that_was_swallowed(shop, first, comment):
    quoted = comment.replace("'", '""')
    text = WORDED + f'{first},r1,2026-01-05,9,"{quoted}",Rome\n{first},r2,2026-01-06,8,,Bonn\n'
    tables = {"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}}
    company = shop({"orders.csv": ONE_ORDER, "responses.csv": text}, tables=tables)
    comments = [row["comment"] for row in rows_of(open_intake(company, Q1), "responses")]
    assert comments == [comment.replace("'", '"'), None]


@pytest.mark.parametrize("firsts", [("north", "south", "west"), ("12", "13", "14")])
def test_rows_between_two_stray_quotation_marks_are_refused(shop, firsts):
    rows = [f"{first},r{k},2026-01-05,9,fine,Rome" for k, first in enumerate(firsts)]
    text = WORDED + "\n".join(rows).replace("r0,", 'r0,"', 1).replace("r2,", 'r2",', 1) + "\n"
    tables = {"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}}
    told = refusal(shop({"orders.csv": ONE_ORDER, "responses.csv": text}, tables=tables))
    assert "quotation mark in row 2 opens a cell that goes on" in told


def test_a_comma_too_many_sets_the_row_aside_instead_of_shifting_its_cells(shop):
    company = shop({"orders.csv": ONE_ORDER + "o2,c2,2026-01-06,1,000\no3,c3,2026-01-07,3\n"})
    intake = open_intake(company, Q1)
    assert [row["order_id"] for row in rows_of(intake)] == ["o1", "o3"]
    assert account_of(intake)["more cells than the header has columns"] == 1
    (row,) = quarantine_of(company)
    assert (row["row"], row["order_id"]) == ("3", "o2,c2,2026-01-06,1,000")


def test_cells_may_hold_line_breaks_and_quotes_and_rows_may_be_short(shop):
    text = (
        ANSWERS.strip()
        + ",comment\n"
        + 'r1,c1,2026-01-05,9,"Good ""shop"",\nfast"\nr2,c1,2026-01-06,8\n'
    )
    company = shop(
        {"orders.csv": ONE_ORDER, "responses.csv": text},
        tables={"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}},
    )
    comments = [row["comment"] for row in rows_of(open_intake(company, Q1), "responses")]
    assert comments == ['Good "shop",\nfast', None]


def test_several_csv_files_are_one_table_and_say_which_file_a_bad_row_is_in(shop):
    files = {"o-01.csv": ONE_ORDER, "o-02.csv": ORDERS + "o2,c2,never,1\no3,c3,2026-02-03,3\n"}
    company = shop(files, tables={"orders": {"file": "o-*.csv"}})
    intake = open_intake(company, Q1)
    assert {row["order_id"] for row in rows_of(intake)} == {"o1", "o3"}
    assert [row["row"] for row in quarantine_of(company)] == ["o-02.csv:2"]


def test_ids_keep_their_zeros_and_lose_the_apostrophe_of_spreadsheets(shop):
    text = ORDERS + "00123,'0045 ,2026-01-05,1\n"
    (row,) = rows_of(open_intake(shop({"orders.csv": text}), Q1))
    assert (row["order_id"], row["customer_id"]) == ("00123", "0045")


# --- Parquet, DuckDB, Excel, queries -----------------------------------------------------------


def write_parquet(folder: Path, select: str, name: str = "orders.parquet") -> None:
    folder.mkdir(exist_ok=True)
    duckdb.sql(f"COPY ({select}) TO '{folder / name}' (FORMAT parquet)")


TYPED = (
    "SELECT 7 AS order_id, 'c1' AS customer_id, TIMESTAMP '2026-01-05 10:00' AS ordered_at, "
    "CAST(12.345 AS DECIMAL(9, 3)) AS revenue, CAST('NaN' AS DOUBLE) AS margin, 1e0 AS discount"
)


def test_parquet_keeps_its_types(shop):
    company = shop(tables={"orders": {"file": "orders.parquet"}}, time_zone="Europe/Berlin")
    write_parquet(company.folder, TYPED)
    intake = open_intake(company, Q1)
    (row,) = rows_of(intake)
    assert row == {
        "order_id": "7",
        "customer_id": "c1",
        "ordered_at": pd.Timestamp("2026-01-05 09:00"),
        "revenue": 1235,
        "margin": None,
        "discount": 100,
    }
    types = {name: str(kind) for name, kind in intake.tables["orders"].schema().items()}
    assert types["ordered_at"].startswith("timestamp")
    assert types["revenue"] == "int64"


def test_a_glob_of_parquet_files_is_one_table(shop):
    company = shop(tables={"orders": {"file": "o/*.parquet"}})
    for k in (1, 2):
        select = TYPED.replace("7 AS", f"{k} AS")
        write_parquet(company.folder / "o", select, f"{k}.parquet")
    intake = open_intake(company, Q1)
    assert sorted(row["order_id"] for row in rows_of(intake)) == ["1", "2"]
    assert [(one.name, one.rows) for one in intake.inputs] == [("o/*.parquet", 2)]


@pytest.mark.parametrize(
    "source",
    [
        {"database": "shop.duckdb", "table": "orders"},
        {"database": "shop.duckdb", "table": "sales.orders"},
        {"database": "shop.duckdb", "table": "orders_view"},
        {"database": "shop.duckdb", "query": "SELECT * FROM orders WHERE revenue > 0;"},
        {"database": "shop.duckdb", "query": "SELECT * FROM orders -- all of them"},
    ],
)
def test_a_duckdb_file_gives_a_table_a_view_or_a_query(shop, source):
    company = shop(tables={"orders": source})
    with duckdb.connect(str(company.folder / "shop.duckdb")) as con:
        con.sql(f"CREATE TABLE orders AS {TYPED}")
        con.sql("CREATE SCHEMA sales")
        con.sql("CREATE TABLE sales.orders AS FROM orders")
        con.sql("CREATE VIEW orders_view AS FROM orders")
    (row,) = rows_of(open_intake(company, Q1))
    assert (row["order_id"], row["revenue"]) == ("7", 1235)


@pytest.mark.parametrize(
    "source",
    [{"table": "till_now"}, {"query": "SELECT * FROM Others"}, {"query": "SELECT * FROM by_macro"}],
)
def test_a_view_that_asks_for_the_clock_is_refused(shop, source):
    """Straight away, through another view, or in a macro; views beside it do no harm."""
    company = shop(tables={"orders": {"database": "shop.duckdb"} | source})
    with duckdb.connect(str(company.folder / "shop.duckdb")) as con:
        con.sql(f"CREATE TABLE orders AS {TYPED}")
        con.sql("CREATE VIEW till_now AS FROM orders WHERE ordered_at < now()")
        con.sql('CREATE VIEW "an AS SELECT 1" AS FROM till_now')
        con.sql('CREATE VIEW others(order_id, a, b, c) AS FROM "an AS SELECT 1"')
        con.sql("CREATE MACRO by_now(d) AS d < current_date")
        con.sql("CREATE VIEW by_macro AS SELECT * FROM orders WHERE by_now(ordered_at)")
        con.sql("CREATE VIEW steady AS FROM orders")
    assert " asks for " in refusal(company)
    steady = shop(tables={"orders": {"database": "shop.duckdb", "table": "steady"}})
    assert len(rows_of(open_intake(steady, Q1))) == 1


def test_an_excel_sheet_is_read_with_its_real_dates_and_numbers(shop):
    company = shop(
        tables={"orders": {"file": "book.xlsx", "sheet": "Sales", "date_format": "%d.%m.%Y"}}
    )
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Sales")
    for row in (
        ["order_id", "customer_id", "ordered_at", "revenue"],
        [1001, "c1", datetime(2026, 1, 5, 10, 30), 12.125],
        ["00123", "c2", "06.01.2026", "1,234.50"],
        [None, None, None, None],
    ):
        sheet.append(row)
    book.save(company.folder / "book.xlsx")
    rows = rows_of(open_intake(company, Q1))
    assert [(r["order_id"], r["ordered_at"], r["revenue"]) for r in rows] == [
        ("1001", pd.Timestamp("2026-01-05 10:30"), 1213),
        ("00123", pd.Timestamp("2026-01-06"), 123450),
    ]


def test_all_workbooks_of_a_pattern_are_read(shop):
    company = shop(tables={"orders": {"file": "orders-*.xlsx"}})
    for month in (1, 2):
        book = openpyxl.Workbook()
        book.active.append(["order_id", "customer_id", "ordered_at", "revenue"])
        book.active.append([f"O{month}", "c1", datetime(2026, month, 5), month])
        book.save(company.folder / f"orders-{month}.xlsx")
    (company.folder / "~$orders-2.xlsx").write_bytes(b"open in Excel")
    rows = rows_of(open_intake(company, Q1))
    assert [(r["order_id"], r["revenue"]) for r in rows] == [("O1", 100), ("O2", 200)]


def test_a_pattern_that_means_files_of_several_kinds_is_refused(shop):
    company = shop({"orders-1.csv": "order_id\n"}, tables={"orders": {"file": "orders-*"}})
    openpyxl.Workbook().save(company.folder / "orders-2.xlsx")
    says = refusal(company)
    assert "orders-* means files of several kinds: orders-1.csv, orders-2.xlsx." in says


def test_a_workbook_with_sheets_of_the_same_columns_is_asked_about(shop):
    company = shop(tables={"orders": {"file": "book.xlsx"}})
    book = openpyxl.Workbook()
    book.active.title = "orders"
    for sheet in (book.active, book.create_sheet("Nachtrag"), book.create_sheet("Notes")):
        header = ["order_id", "customer_id", "ordered_at", "revenue"]
        sheet.append(["remarks"] if sheet.title == "Notes" else header)
    book.save(company.folder / "book.xlsx")
    says = refusal(company)
    assert "book.xlsx has the same columns on several sheets: orders, Nachtrag." in says
    assert "files: [{file: book.xlsx, sheet: orders}, {file: book.xlsx, sheet: Nachtrag}]" in says


def test_a_text_of_three_decimals_or_thousands_among_numbers_is_asked_about(shop):
    source = {"file": "book.xlsx"}
    company = shop(tables={"orders": source})
    book = openpyxl.Workbook()
    for row in (
        ["order_id", "customer_id", "ordered_at", "revenue"],
        [1, "c1", datetime(2026, 1, 5), 12.5],
        [2, "c2", datetime(2026, 1, 6), "1.234"],
    ):
        book.active.append(row)  # fmt: skip
    book.save(company.folder / "book.xlsx")
    assert "book.xlsx, row 3: '1.234' is a text in a column of numbers" in refusal(company)
    for mark, cents in ((",", 123400), (".", 123)):
        told = shop(tables={"orders": source | {"decimal": mark}})
        book.save(told.folder / "book.xlsx")
        assert [row["revenue"] for row in rows_of(open_intake(told, Q1))] == [1250, cents]


def test_a_file_of_a_pattern_that_lacks_its_header_is_refused(shop):
    head = "order_id,customer_id,ordered_at,revenue\n"
    files = {"orders-1.csv": f"{head}a,c1,2026-01-05,1\n", "orders-2.csv": "b,c2,2026-02-05,2\n"}
    company = shop(files, tables={"orders": {"file": "orders-*.csv"}})
    assert "orders-2.csv has no column of orders-1.csv" in refusal(company)
    (company.folder / "orders-2.csv").write_text(f"{head.upper()}b,c2,2026-02-05,2\n")
    assert len(rows_of(open_intake(company, Q1))) == 2  # capitals are no other names


def test_a_workbook_of_several_sheets_is_asked_about(shop):
    company = shop(tables={"orders": {"file": "book.xlsx"}})
    book = openpyxl.Workbook()
    book.create_sheet("Sales")
    book.save(company.folder / "book.xlsx")
    assert "book.xlsx has 2 sheets. Say which: sheet:" in refusal(company)


SHOPIFY = """Name,Email,Financial Status,Created at,Total,Lineitem name,Lineitem price
#1001,a@x.org,paid,2025-10-07 09:50:26 +0200,30.00,Lamp,10.00
#1001,a@x.org,,2025-10-07 09:50:26 +0200,,Shade,20.00
#1002,b@x.org,voided,2025-10-08 09:50:26 +0200,5.00,Bulb,5.00
"""


def test_a_query_makes_one_row_of_shopifys_several_lines_an_order(shop):
    query = """
        SELECT "Name" AS order_id, any_value("Email") AS customer_id,
          min("Created at") AS ordered_at, max("Total") AS revenue,
          max("Financial Status") AS status
        FROM export GROUP BY "Name"
    """
    company = shop(
        {"orders_export.csv": SHOPIFY},
        tables={"orders": {"files": {"export": "orders_export.csv"}, "query": query}},
    )
    intake = open_intake(company, Period("2025Q4"))
    (row,) = rows_of(intake)
    assert (row["order_id"], row["revenue"]) == ("#1001", 3000)
    assert row["ordered_at"] == pd.Timestamp("2025-10-07 07:50:26")
    assert account_of(intake) == {"used": 1, "cancelled": 1}


QUALTRICS = (
    "RecordedDate,ResponseId,ExternalReference,Q1\n"
    "Recorded Date,Response ID,External Data Reference,How likely?\n"
    '"{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}","{}","{""ImportId"":""QID1""}"\n'
    "2026-01-18 08:28:09,R_1,c1,9\n"
)
SURVEYMONKEY = (
    "Respondent ID,End Date,Custom Data 1,How likely?,\n"
    ",,,Response,Because it is quick\n"
    "118,01/18/2026 08:28:09 AM,c1,9,yes\n"
)
TYPEFORM = "#,How likely?,Submit Date (UTC),customer\nabc,9,2026-01-18 08:28:09,c1\n"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            QUALTRICS,
            {
                "skip_rows_after_header": 2,
                "columns": {
                    "response_id": "ResponseId",
                    "customer_id": "ExternalReference",
                    "responded_at": "RecordedDate",
                    "nps": "Q1",
                },
            },
        ),
        (
            SURVEYMONKEY,
            {
                "skip_rows_after_header": 1,
                "columns": {
                    "response_id": "Respondent ID",
                    "customer_id": "Custom Data 1",
                    "responded_at": "End Date",
                    "nps": "How likely?",
                    "comment": "Because it is quick",
                },
            },
        ),
        (
            TYPEFORM,
            {
                "columns": {
                    "response_id": "#",
                    "customer_id": "customer",
                    "responded_at": "Submit Date (UTC)",
                    "nps": "How likely?",
                }
            },
        ),
    ],
)
def test_an_export_of_a_survey_tool_is_read_as_it_comes(shop, text, source):
    company = shop(
        {"orders.csv": ONE_ORDER, "survey.csv": text},
        tables={"orders": {"file": "orders.csv"}, "responses": {"file": "survey.csv"} | source},
    )
    (row,) = rows_of(open_intake(company, Q1), "responses")
    assert (row["customer_id"], row["nps"]) == ("c1", 9.0)
    assert row["responded_at"] == pd.Timestamp("2026-01-18 08:28:09")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("DROP TABLE export", "must be one SELECT"),
        ("SELECT 1; SELECT 2", "must be one SELECT"),
        ("SELECT * FROM read_csv('x.csv')", "names a file itself"),
        ("SELECT * FROM 'x.csv'", "names a file itself"),
        ("SELECT nothing FROM export", "The engine says:"),
        ("SELEC * FROM export", "syntax error"),
        ("SELECT * FROM export WHERE ordered_at < now()", "asks for now, so that the same tables"),
        ("SELECT * FROM export WHERE ordered_at < CURRENT_DATE", "asks for CURRENT_DATE"),
        ('SELECT *, "now"() AS n FROM export', "asks for now"),
        ("SELECT * FROM export WHERE random/**/() < 1", "asks for random"),
        ("SELECT *, age(TIMESTAMP '2026-01-01') AS a FROM export", "asks for age"),
        ("SELECT * FROM export USING SAMPLE 1", "asks for a sample"),
        ("SELECT *, current_setting('threads') AS a FROM export", "asks for current_setting"),
        ("SELECT * FROM export, information_schema.tables", "names a file itself"),
        ("SELECT * FROM export, duckdb_settings", "names a file itself"),
        ("SELECT * FROM query('SELECT 1')", "names a file itself"),
        ("SELECT *, (SELECT count(*) FROM duckdb_secrets()) FROM export", "reaches for the net"),
        ("SELECT range, 1 AS a FROM range(10000000000)", "gives more than 1,000 rows"),
    ],
)
def test_a_query_that_is_more_than_a_select_from_its_files_is_refused(
    shop, monkeypatch, query, told
):
    monkeypatch.setattr(query_sandbox, "MOST_ROWS", 1000)
    source = {"files": {"export": "orders.csv"}, "query": query}
    assert told in refusal(shop({"orders.csv": ONE_ORDER}, tables={"orders": source}))


# --- dates, numbers, time zones ------------------------------------------------------------------


def moments(shop: Shop, stamps: list[str], *, zone: str = "UTC", **source: object) -> list:
    lines = "".join(f'o{k},c,"{stamp}",1\n' for k, stamp in enumerate(stamps))
    company = shop(
        {"orders.csv": ORDERS + lines},
        tables={"orders": {"file": "orders.csv"} | source},
        time_zone=zone,
    )
    intake = open_intake(company)
    by_id = {row["order_id"]: str(row["ordered_at"]) for row in rows_of(intake)}
    return [by_id.get(f"o{k}") for k in range(len(stamps))]


@pytest.mark.parametrize(
    ("stamp", "zone", "utc"),
    [
        ("2026-01-05", "UTC", "2026-01-05 00:00:00"),
        ("2026-01-05 10:00", "UTC", "2026-01-05 10:00:00"),
        ("2026-01-05T10:00:01.5", "UTC", "2026-01-05 10:00:01.500000"),
        ("2026-01-05 10:00:01,250", "UTC", "2026-01-05 10:00:01.250000"),
        ("2026-01-05T10:00:00Z", "Europe/Berlin", "2026-01-05 10:00:00"),
        ("2026-01-05 10:00:00 UTC", "Europe/Berlin", "2026-01-05 10:00:00"),
        ("2026-01-05 09:50:26 +0200", "Asia/Tokyo", "2026-01-05 07:50:26"),
        ("2026-01-05T09:50:26-03:30", "UTC", "2026-01-05 13:20:26"),
        ("2026-01-05T09:50+05", "UTC", "2026-01-05 04:50:00"),
        ("2026/1/5 9:05", "UTC", "2026-01-05 09:05:00"),
        ("2026-01-05 10:00", "Europe/Berlin", "2026-01-05 09:00:00"),
        ("2026-07-05 10:00", "Europe/Berlin", "2026-07-05 08:00:00"),
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29 01:30:00"),  # left out by the clocks
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25 00:30:00"),  # comes twice: the first
        ("2026-01-05", "Asia/Kolkata", "2026-01-04 18:30:00"),
    ],
)
def test_a_moment_is_kept_in_utc(shop, stamp, zone, utc):
    assert moments(shop, [stamp], zone=zone) == [utc]


def test_a_tables_own_time_zone_comes_before_the_firms(shop):
    found = moments(shop, ["2026-01-05 10:00"], zone="Europe/Berlin", time_zone="Asia/Tokyo")
    assert found == ["2026-01-05 01:00:00"]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"]
)
def test_the_clocks_change_when_python_says_so(zone):
    walls = pd.date_range("2017-01-01", "2019-01-01", freq="30min")
    utc = ZoneInfo("UTC")
    expected = [at.replace(tzinfo=ZoneInfo(zone)).astimezone(utc) for at in walls.to_pydatetime()]
    back = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in expected]
    frame = pd.DataFrame({"wall": walls, "at": [at.replace(tzinfo=None) for at in expected]})
    table = ibis.memtable(frame)
    found = ibis.duckdb.connect().to_pandas(
        table.select("wall", "at", utc=to_utc(table.wall, zone), back=from_utc(table["at"], zone))
    )
    found = found.sort_values("wall")
    assert found["utc"].tolist() == found["at"].tolist()
    assert found["back"].tolist() == back


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["3/4/2026", "13/04/2026 9:05"], ["2026-04-03 00:00:00", "2026-04-13 09:05:00"]),
        (["3/4/2026 9:05 PM", "4/13/2026"], ["2026-03-04 21:05:00", "2026-04-13 00:00:00"]),
        (["3.4.2026", "31.12.2025, 23:59:59"], ["2026-04-03 00:00:00", "2025-12-31 23:59:59"]),
        (["05/05/2026", "2026-01-02"], ["2026-05-05 00:00:00", "2026-01-02 00:00:00"]),
    ],
)
def test_the_order_of_day_and_month_is_read_off_the_column(shop, stamps, expected):
    assert moments(shop, stamps) == expected


@pytest.mark.parametrize(
    ("stamps", "told"),
    [
        (["3/4/2026", "05/06/2026"], "can be read in two ways, as in '05/06/2026'"),
        (["13/4/2026", "4/13/2026"], "writes dates in two ways"),
    ],
)
def test_an_ambiguous_order_of_day_and_month_is_an_error_and_not_a_guess(shop, stamps, told):
    with pytest.raises(ContractError) as refused:
        moments(shop, stamps)
    assert told in str(refused.value)
    assert "'ordered_at'" in str(refused.value)
    assert "date_format: day first" in str(refused.value)


TURNED = [f"2026-{month:02}-{month:02}" for month in range(1, 11)]  # as a spreadsheet saves them
DAY_NUMBERS = ["46023", "46055"] * 5  # the 1st of January, the 2nd of February 2026


@pytest.mark.parametrize("real", [TURNED, DAY_NUMBERS])
@pytest.mark.parametrize("text", ["25/3/2026", "3/25/2026"])
def test_days_and_months_that_a_spreadsheet_turned_round_are_refused(shop, real, text):
    with pytest.raises(ContractError, match=f"10 cells are dates, all of .* such as '{text}'"):
        moments(shop, [*real, text])
    order = "day first" if text.startswith("25") else "month first"
    if real is TURNED:
        assert moments(shop, [*real, text], date_format=order)[-1] == "2026-03-25 00:00:00"
        assert moments(shop, [*real[:9], text])[-1] == "2026-03-25 00:00:00"  # too few to tell
        assert moments(shop, [*real, "2026-01-13", text])[-1] == "2026-03-25 00:00:00"


@pytest.mark.parametrize(
    ("date_format", "stamp", "utc"),
    [
        ("day first", "03/04/2026", "2026-04-03 00:00:00"),
        ("month first", "03/04/2026", "2026-03-04 00:00:00"),
        ("%d/%m/%y %H:%M", "03/04/26 07:08", "2026-04-03 07:08:00"),
        ("%d %b %Y", "3 Apr 2026", "2026-04-03 00:00:00"),
        ("%d/%m/%Y %H:%M %z", "03/04/2026 07:08 +0200", "2026-04-03 05:08:00"),
        ("unix", "1775200080", "2026-04-03 07:08:00"),
        ("unix_ms", "1775200080000", "2026-04-03 07:08:00"),
        ({"ordered_at": "%Y%m%d"}, "20260403", "2026-04-03 00:00:00"),
    ],
)
def test_a_declared_date_format_is_followed(shop, date_format, stamp, utc):
    assert moments(shop, [stamp], date_format=date_format) == [utc]


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-02-30",
        "0000-00-00",
        "1775200080",
        "infinity",
        "2026-13-01",
        "26-01-05",
        "epoch",
        "2026-01-05 25:00",
        "2026-01-05 10:00:00+99:99x",
        "0001-01-01",
    ],
)
def test_what_is_no_moment_sets_the_row_aside(shop, stamp):
    assert moments(shop, ["2026-01-05", stamp]) == ["2026-01-05 00:00:00", None]


def amounts(shop: Shop, texts: list[str], **source: object) -> list:
    lines = "".join(f'o{k},c,2026-01-05,"{text}"\n' for k, text in enumerate(texts))
    company = shop(
        {"orders.csv": ORDERS + lines}, tables={"orders": {"file": "orders.csv"} | source}
    )
    by_id = {row["order_id"]: row["revenue"] for row in rows_of(open_intake(company))}
    return [by_id.get(f"o{k}") for k in range(len(texts))]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["12.50", "-3", "1e3", ".5", "0.005"], [1250, -300, 100000, 50, 1]),
        (["1,234.56", "1,234"], [123456, 123400]),
        (["1.234,56", "1.234"], [123456, 123400]),
        (["1 234,56", "12'345,00", "7"], [123456, 1234500, 700]),
        (["12,5", "1234"], [1250, 123400]),
        (
            ["€12.50", "EUR 12.50", "12.50 €", "(12.50)", "R$ 1,012.50", "-$3.00"],
            [1250, 1250, 1250, -1250, 101250, -300],
        ),
        (["1.2345", "1.234"], [123, 123]),
        (["12.50", "12.5.0", "x", "1,23,4", "inf"], [1250, None, None, None, None]),
    ],
)
def test_an_amount_is_read_by_the_marks_that_its_column_proves(shop, texts, expected):
    assert amounts(shop, texts) == expected


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["1.234", "7"], "can be read in two ways, as in '1.234'"),
        (["1,234"], "can be read in two ways, as in '1,234'"),
        (["12.50", "12,50"], "writes numbers in two ways"),
    ],
)
def test_a_thousandfold_error_is_never_a_guess(shop, texts, told):
    with pytest.raises(ContractError) as refused:
        amounts(shop, texts)
    assert told in str(refused.value)
    assert "decimal: ','" in str(refused.value)


def test_a_declared_decimal_mark_is_followed(shop):
    assert amounts(shop, ["1.234", "2,5", "7"], decimal=",") == [123400, 250, 700]
    assert amounts(shop, ["1.234", "2,500.5"], decimal=".") == [123, 250050]


# --- contracts ------------------------------------------------------------------------------------

BAD_ORDERS = (
    ORDERS.strip() + ",status,margin\n"
    "o1,c1,2026-01-05T10:00,12.50,paid,1\n"
    "o1,c1,2026-01-05 10:00:00,12.5,paid,1.00\n"
    "o1,c1,2026-01-06,99,paid,1\n"
    "o2,,2026-01-06,1,paid,1\n"
    ",c2,2026-01-06,1,paid,1\n"
    "o3,c2,2026-01-06,,paid,1\n"
    "o4,c2,someday,1,paid,1\n"
    "o5,c2,2026-01-07,1,paid,a lot\n"
    "o6,c3,2026-01-08,-5,Refunded,\n"
    "o7,c4,2026-01-09,7,CANCELLED,1\n"
    "o8,c5,2026-04-01,7,paid,1\n"
    "o9,c5,2026-03-31 23:59:59,7,paid,1\n"
)


def test_every_row_is_used_or_set_aside_for_a_reason(shop):
    company = shop({"orders.csv": BAD_ORDERS})
    intake = open_intake(company, Q1)
    assert account_of(intake) == {
        "used": 4,
        "repeats an earlier row exactly": 1,
        "another row has the same order_id": 1,
        "no order_id": 1,
        "no revenue": 1,
        "ordered_at can't be read as a time": 1,
        "margin can't be read as an amount": 1,
        "cancelled": 1,
        "after the period's end": 1,
    }
    assert {row["order_id"]: row["revenue"] for row in rows_of(intake)} == {
        "o1": 1250,
        "o2": 100,  # a guest's
        "o6": -500,
        "o9": 700,
    }
    kinds = intake.account.groupby("kind")["rows"].sum().to_dict()
    assert kinds == {"used": 4, "broken": 6, "cancelled": 1, "later": 1}
    assert [(one.name, one.rows) for one in intake.inputs] == [("orders.csv", 12)]
    assert intake.inputs[0].sha256 == hashlib.sha256(BAD_ORDERS.encode()).hexdigest()


BOTH = {"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"orders.csv": ONE_ORDER.replace("revenue", "Total")}, "columns: {revenue: Total}"),
        ({"orders.csv": ONE_ORDER.replace("revenue", "實付金額")}, "columns: {revenue: 實付金額}"),
        (
            {"responses.csv": ANSWERS.replace("customer_id", "E-mail") + "r1,c1,2026-01-06,9\n"},
            "columns: {customer_id: E-mail}",
        ),
    ],
)
def test_a_column_that_may_be_the_one_that_lacks_is_asked_about(shop, files, told):
    answers = ANSWERS + "r1,c1,2026-01-06,9\n"
    company = shop({"orders.csv": ONE_ORDER, "responses.csv": answers} | files, tables=BOTH)
    assert told in refusal(company)


def test_the_check_says_that_amounts_lack(shop):
    files = {"orders.csv": "order_id,customer_id,ordered_at\no1,c1,2026-01-05\n"}
    assert "orders: there is no revenue." in check_report(open_intake(shop(files), Q1))


def test_answers_alone_say_which_period_is_the_last(shop):
    alone = {"responses": {"file": "responses.csv"}}
    files = {"responses.csv": ANSWERS + "r1,c1,2026-01-06,9\nr2,,2026-03-31,8\n"}
    assert str(last_period(shop(files, tables=alone))) == "2026Q1"
    empty = {"responses.csv": ANSWERS}
    assert "Answers are what this firm's pages are made from" in refusal(shop(empty, tables=alone))


def test_the_quarantine_holds_broken_rows_as_they_came_and_is_rewritten_whole(shop):
    formulas = ORDERS + "=1+1,c1,someday,-5\n@x,+c1,2026-01-05,abc\no1,c1,2026-01-05,1\n"
    company = shop({"orders.csv": formulas})
    open_intake(company, Q1)
    assert quarantine_of(company) == [
        {
            "reason": "ordered_at can't be read as a time",
            "row": "2",
            "order_id": "'=1+1",
            "customer_id": "c1",
            "ordered_at": "someday",
            "revenue": "-5",
        },
        {
            "reason": "revenue can't be read as an amount",
            "row": "3",
            "order_id": "'@x",
            "customer_id": "'+c1",
            "ordered_at": "2026-01-05",
            "revenue": "abc",
        },
    ]
    open_intake(shop({"orders.csv": ONE_ORDER}), Q1)
    assert not (company.folder / "quarantine").exists()


def test_a_folder_that_cannot_be_written_is_told_and_not_a_crash(shop):
    company = shop({"orders.csv": BAD_ORDERS, "quarantine": "a file in the way"})
    intake = open_intake(company, Q1)
    assert "could not be written to quarantine/orders.csv" in intake.notes[0]
    assert intake.notes[0] in check_report(intake)


def answered(shop: Shop, rows: str, *, customers: str | None = None, orders: str = ONE_ORDER):
    tables = {"orders": {"file": "orders.csv"}, "responses": {"file": "responses.csv"}}
    files = {"orders.csv": orders, "responses.csv": ANSWERS + rows}
    if customers is not None:
        tables["customers"] = {"file": "customers.csv"}
        files["customers.csv"] = customers
    return shop(files, tables=tables)


def test_a_score_must_lie_on_its_scale_and_an_empty_one_is_no_fault(shop):
    rows = "r1,c1,2026-01-05,11\nr2,c1,2026-01-05,-1\nr3,c1,2026-01-05,7.5\n"
    rows += "r4,c1,2026-01-05,\nr5,c1,2026-01-05,10\nr6,c1,2026-01-05,good\nr7,c1,2026-01-05,NA\n"
    intake = open_intake(answered(shop, rows), Q1)
    assert account_of(intake, "responses") == {
        "used": 3,
        "nps lies outside its scale 0 to 10": 2,
        "nps is not a whole number": 1,
        "nps can't be read as a number": 1,
    }


@pytest.mark.parametrize(
    ("customers", "unknown"),
    [(None, 0), ("customer_id\nc2\n", 1), ("customer_id\nc2\nc3\n", 0)],
)
def test_an_answer_of_somebody_unknown_is_set_aside_where_customers_are_known(
    shop, customers, unknown
):
    rows = "r1,c1,2026-01-05,9\nr2,c2,2026-01-05,9\nr3,c3,2026-01-05,9\n"
    intake = open_intake(answered(shop, rows, customers=customers), Q1)
    assert account_of(intake, "responses").get("unknown customer", 0) == unknown


def test_a_buyer_whose_order_was_cancelled_is_known(shop):
    orders = ORDERS.strip() + ",status\no1,c1,2026-01-05,1,paid\no2,c9,2026-01-05,1,voided\n"
    company = answered(shop, "r1,c9,2026-01-06,9\n", customers="customer_id\nc1\n", orders=orders)
    assert account_of(open_intake(company, Q1), "responses") == {"used": 1}


def test_order_lines_share_the_fate_of_their_order(shop):
    orders = (
        ORDERS.strip()
        + ",status\no1,c1,2026-01-05,1,\no2,c1,2026-01-05,1,voided\no3,c1,2026-05-05,1,\n"
    )
    lines = "order_id,product_id,revenue\no1,p,1\no1,p,1\no2,p,1\no3,p,1\no4,p,1\n"
    company = shop(
        {"orders.csv": orders, "order_lines.csv": lines},
        tables={name: {"file": f"{name}.csv"} for name in ("orders", "order_lines")},
    )
    assert account_of(open_intake(company, Q1), "order_lines") == {
        "used": 2,
        "its order was cancelled": 1,
        "its order lies after the period's end": 1,
        "no usable order has this order_id": 1,
    }


def test_what_happened_to_a_row_after_the_end_is_not_known_yet(shop):
    files = {
        "orders.csv": ONE_ORDER,
        "contacts.csv": "contact_id,customer_id,opened_at,closed_at,is_complaint\n"
        "k1,c1,2026-03-30,2026-04-02,yes\nk2,c1,2026-03-30,2026-03-31,0\n",
        "responses.csv": ANSWERS + "r1,c1,2026-01-05,9\nr2,c1,2026-04-05,9\n",
        "invitations.csv": "customer_id,invited_at,response_id\n"
        "c1,2026-01-04,r1\nc1,2026-03-31,r2\n",
    }
    company = shop(files, tables={name[:-4]: {"file": name} for name in files})
    intake = open_intake(company, Q1)
    contacts = {row["contact_id"]: row for row in rows_of(intake, "contacts")}
    assert contacts["k1"]["closed_at"] is None
    assert contacts["k2"]["closed_at"] == pd.Timestamp("2026-03-31")
    assert (contacts["k1"]["is_complaint"], contacts["k2"]["is_complaint"]) == (True, False)
    invited = sorted(rows_of(intake, "invitations"), key=lambda row: row["invited_at"])
    assert [row["response_id"] for row in invited] == ["r1", None]


def test_the_other_tables_have_their_own_checks(shop):
    files = {
        "orders.csv": ONE_ORDER,
        "costs.csv": "month,purpose,amount\n2026-01,service,10\n2026-02-14,acquisition,5\n"
        "2026-04,service,1\n2026-01,fun,1\nlast,service,1\n",
        "control_totals.csv": "period,measure,amount\n2026Q1,revenue,10\n2026-02,orders,3\n"
        "2026,revenue,1\n2026Q2,revenue,1\n2026Q7,revenue,1\n",
        "benchmarks.csv": "metric,value,source,year\nnps,40,x,2025\nnps,41,x,2027\nnps,42,x,old\n",
        "offers.csv": "offer_id,customer_id,offered_at,kind\nf1,c1,2026-01-01,upsell\n"
        "f2,c1,2026-01-01,gift\n",
    }
    company = shop(files, tables={name[:-4]: {"file": name} for name in files})
    intake = open_intake(company, Q1)
    used = {table: account_of(intake, table) for table in intake.tables}
    assert used["costs"] == {
        "used": 2,
        "after the period's end": 1,
        "month can't be read as a month": 1,
        "purpose is none of acquisition, retention, service, referral, programme": 1,
    }
    assert used["control_totals"] == {
        "used": 3,
        "after the period's end": 1,
        "period can't be read as a period": 1,
    }
    assert used["benchmarks"] == {
        "used": 1,
        "after the period's end": 1,
        "year can't be read as a year": 1,
    }
    assert used["offers"] == {"used": 1, "kind is none of cross_sell, upsell": 1}
    months = sorted(str(row["month"])[:10] for row in rows_of(intake, "costs"))
    assert months == ["2026-01-01", "2026-02-01"]


def test_all_faults_of_all_tables_are_told_at_once_with_the_mend(shop):
    company = shop(
        {
            "orders.csv": "Name,customer,ordered_at,revenue\n#1,c1,3/4/2026,1\n",
            "responses.csv": ANSWERS + "r1,c1,someday,9\nr2,c1,someday,12\n",
        },
        tables={
            "orders": {"file": "orders.csv", "columns": {"order_id": "Nmae", "orderd_at": "x"}},
            "responses": {"file": "responses.csv"},
        },
    )
    told = refusal(company)
    assert "'orders' (orders.csv) can't be used:" in told
    assert "'orderd_at' is not a column of orders. Did you mean 'ordered_at'?" in told
    assert "Column 'Nmae' (our order_id) is missing. Did you mean 'Name'?" in told
    assert "Column 'customer_id' is missing. Did you mean 'customer'?" in told
    assert "can be read in two ways, as in '3/4/2026'" in told
    assert "'responses' (responses.csv) can't be used:" in told
    assert "None of its 2 rows can be used" in told
    assert "row 2: 'someday'; row 3: 'someday'" in told
    assert "date_format:" in told


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        (ORDERS, "It holds no rows"),
        (ORDERS + "o1,c1,2026-01-05,a,b\n", "None of its 1 rows can be used"),
        ("\n", "has no header"),
    ],
)
def test_orders_without_a_usable_row_stop_the_run(shop, orders, told):
    assert told in refusal(shop({"orders.csv": orders}))


def test_a_period_before_the_first_order_is_refused(shop):
    with pytest.raises(PeriodError, match="No usable order lies before the end of 2025Q4"):
        open_intake(shop({"orders.csv": ONE_ORDER}), Period("2025Q4"))


def test_a_segment_that_no_table_has_is_told(shop):
    company = shop(
        {"orders.csv": ONE_ORDER.replace("customer_id", "customer_id")}, segments=["regoin"]
    )
    assert "Segment 'regoin' is a column of no table" in refusal(company)


def test_a_missing_file_is_named_without_its_path(shop):
    told = refusal(shop({"order.csv": ONE_ORDER}))
    assert told == "There is no file orders.csv. Did you mean 'order.csv'?"


@pytest.mark.parametrize("where", ["file", "query", "table"])
def test_a_secret_is_never_told(shop, monkeypatch, where):
    monkeypatch.setenv("SHOP_DATA", SECRET)
    source = {
        "file": {"file": "${SHOP_DATA}/orders.csv"},
        "query": {"files": {"o": "orders.csv"}, "query": "SELECT '${SHOP_DATA}' FROM o WHERE bad"},
        "table": {"database": "shop.duckdb", "table": "${SHOP_DATA}"},
    }[where]
    company = shop({"orders.csv": ONE_ORDER}, tables={"orders": source})
    duckdb.connect(str(company.folder / "shop.duckdb")).close()
    told = refusal(company)
    assert SECRET not in told
    assert str(company.folder) not in told


def test_a_secret_in_a_working_query_is_in_no_record(shop, monkeypatch):
    monkeypatch.setenv("SHOP_ID", "c1")
    query = "SELECT * FROM o WHERE customer_id = '${SHOP_ID}'"
    company = shop(
        {"orders.csv": ONE_ORDER}, tables={"orders": {"files": {"o": "orders.csv"}, "query": query}}
    )
    intake = open_intake(company, Q1)
    assert [one.name for one in intake.inputs] == ["query for orders"]
    before = fingerprint(company)
    monkeypatch.setenv("SHOP_ID", "c2")
    assert fingerprint(company) != before


# --- what the whole must keep ---------------------------------------------------------------------

WORDS = [
    "o1",
    "o2",
    "o3",
    "c1",
    "",
    "2026-01-05",
    "2026-03-31T23:59:59",
    "2026-04-01",
    "3/4/2026",
    "12.50",
    "-1",
    "1,234",
    "x",
    '"q"',
    "=1",
    "a;b",
    "NA",
    "cancelled",
    "a,b",
    "ü",
]
CELLS = st.sampled_from(WORDS)
SALES = [word for word in WORDS if word not in ("", "cancelled")]
ROWS = st.lists(st.tuples(*[CELLS] * 5), max_size=12)


@given(ROWS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_in_are_rows_used_and_set_aside(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("dirty")
    sure = ("sure", "c1", "2026-01-05", "0.50", "")
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["order_id", "customer_id", "ordered_at", "revenue", "status"])
        out.writerows([sure, *rows])
    tables = {"orders": {"file": "orders.csv", "date_format": "day first", "decimal": "."}}
    given = {"name": "Dirty", "currency": "EUR", "tables": tables}
    given |= {"limits": ANY, "statuses": {"counted": SALES}}
    text = yaml.safe_dump(given)
    (folder / "company.yml").write_text(text, encoding="utf-8")
    intake = open_intake(load_company(folder), Q1)
    assert intake.account["rows"].sum() == len(rows) + 1 == intake.inputs[0].rows
    used = rows_of(intake)
    assert account_of(intake)["used"] == len(used)
    assert len({row["order_id"] for row in used}) == len(used)
    broken = intake.account.query("kind == 'broken'")["rows"].sum()
    path = folder / "quarantine" / "orders.csv"
    assert broken == (len(quarantine_of(load_company(folder))) if path.exists() else 0)


@given(st.data())
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_deleting_later_rows_changes_no_used_row(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("asof")
    cell = st.sampled_from
    orders = data.draw(
        st.lists(
            st.tuples(
                cell(["o1", "o2", "o3", "o4"]),
                cell(["c1", "c2"]),
                cell(["13/03/2026", "02/03/2026", "14/04/2026", "05/06/2026", "31/03/2026 23:59"]),
                cell(["1.50", "2", "1.234", "x"]),
            ),
            max_size=8,
        )
    )
    answers = data.draw(
        st.lists(
            st.tuples(
                cell(["r1", "r2", "r3"]),
                cell(["c1", "c2", "c3"]),
                cell(["2026-03-01", "2026-04-01"]),
                cell(["9", "5", "11"]),
            ),
            max_size=6,
        )
    )
    always = [("first", "c1", "13/01/2026", "0.50")]
    tables = {name: {"file": f"{name}.csv"} for name in ("orders", "responses", "customers")}
    given = {
        "name": "A",
        "currency": "EUR",
        "tables": tables,
        "questions": {"nps": {"kind": "nps"}},
        "limits": ANY,
    }
    (folder / "company.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    (folder / "customers.csv").write_text("customer_id\nc1\n", encoding="utf-8")

    def used(keep: Callable[[str], bool]) -> list:
        for name, head, rows in (
            ("orders", ORDERS, always + orders),
            ("responses", ANSWERS, [("r0", "c1", "2026-01-01", "3"), *answers]),
        ):
            lines = [",".join(row) for row in rows if keep(row[2])]
            (folder / f"{name}.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        intake = open_intake(load_company(folder), Q1)
        return [sorted(map(str, rows_of(intake, name))) for name in ("orders", "responses")]

    assert used(lambda stamp: True) == used(
        lambda stamp: not re.match(r"14/04|05/06|2026-04", stamp)
    )


def test_later_rows_prove_nothing_about_earlier_ones(shop):
    early, late = "o1,c1,03/02/2026,1\n", "o2,c1,25/04/2026,1\n"
    for rows in (early, early + late):
        assert "can be read in two ways" in refusal(shop({"orders.csv": ORDERS + rows}))


def test_the_order_of_rows_changes_no_used_row(shop):
    lines = BAD_ORDERS.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    first = rows_of(open_intake(shop({"orders.csv": BAD_ORDERS}), Q1))
    second = rows_of(open_intake(shop({"orders.csv": turned}), Q1))
    assert sorted(map(str, first)) == sorted(map(str, second))


@pytest.mark.parametrize(
    ("last", "zone", "every", "period"),
    [
        ("2026-03-31", "UTC", "quarter", "2026Q1"),
        ("2026-03-30", "UTC", "quarter", "2025Q4"),
        ("2026-03-31T23:30:00Z", "Europe/Berlin", "quarter", "2026Q1"),
        ("2026-03-30T23:30:00Z", "Europe/Berlin", "month", "2026-03"),
        ("2026-12-31", "UTC", "year", "2026"),
    ],
)
def test_the_last_period_is_the_last_that_orders_cover_to_its_end(shop, last, zone, every, period):
    text = ORDERS + f"o1,c1,{last},1\no2,c1,2025-01-01,1\n"
    company = shop({"orders.csv": text}, time_zone=zone, report_every=every)
    assert last_period(company) == Period(period)


def test_a_fingerprint_changes_with_the_data_and_the_settings_only(shop):
    company = shop({"orders.csv": ONE_ORDER})
    first = fingerprint(company)
    os.utime(company.folder / "orders.csv", (0, 0))
    assert fingerprint(company) == first
    assert fingerprint(shop({"orders.csv": ONE_ORDER + "o2,c1,2026-01-06,1\n"})) != first
    assert fingerprint(shop({"orders.csv": ONE_ORDER}, name="Other")) != first


def test_the_profile_tells_what_is_missing_and_from_when_to_when(shop):
    intake = open_intake(shop({"orders.csv": BAD_ORDERS}), Q1)
    profile = intake.profile.set_index("column")
    assert profile.loc["margin", "missing_share"] == pytest.approx(1 / 4)
    assert profile.loc["order_id", "distinct"] == 4
    assert profile.loc["ordered_at", ["first", "last"]].tolist() == [
        "2026-01-05 10:00:00",
        "2026-03-31 23:59:59",
    ]


def test_the_report_of_the_check_reads_like_an_account(shop):
    told = check_report(open_intake(shop({"orders.csv": BAD_ORDERS}), Q1))
    assert "orders (orders.csv): 12 rows in = 4 used + 8 set aside" in told
    assert "1 row: margin can't be read as an amount (row 9: 'a lot')" in told


# --- a real company ------------------------------------------------------------------------------


def test_cdnow_loads_and_holds_the_customers_of_the_published_figures(
    shared_data, repo, monkeypatch
):
    monkeypatch.setenv("CDNOW_DATA", str(shared_data("cdnow")))
    orders = open_intake(load_company(repo / "data/cdnow"), None).tables["orders"].to_pandas()
    assert len(orders) == 6_919
    assert orders["customer_id"].nunique() == 2_357
    assert orders["revenue"].sum() == 24_409_194  # what the sample's own file adds up to
    assert orders["order_id"].is_unique


def test_olist_loads_and_every_row_is_accounted_for(shared_data, repo, tmp_path, monkeypatch):
    monkeypatch.setenv("OLIST_DATA", str(shared_data("olist")))
    (tmp_path / "company.yml").write_bytes((repo / "data/olist/company.yml").read_bytes())
    intake = open_intake(load_company(tmp_path), None)
    rows_in = dict(intake.account.groupby("table")["rows"].sum())
    assert rows_in == {
        "orders": 21_263,
        "responses": 20_795,
        "customers": 20_702,
        "order_lines": 23_670,
    }
    assert account_of(intake) == {"used": 20_995, "cancelled": 146 + 121, "no revenue": 1}
    assert account_of(intake, "responses") == {"used": 20_795}
    answers = intake.tables["responses"].to_pandas()
    assert answers["response_id"].is_unique
    late = answers.groupby("delivery")["review"].mean()
    assert late["on time"] == pytest.approx(4.29, abs=0.02)
    assert late["overdue"] < 2.27 < late["late"] < late["on time"]
    assert last_period(load_company(tmp_path)) == Period("2018Q2")


PUBLISHED = {
    "olist_orders_dataset": "order_id,customer_id,order_status,order_purchase_timestamp,"
    "order_delivered_customer_date,order_estimated_delivery_date\n"
    "o1,k1,delivered,2018-01-02 10:00:00,2018-01-09 10:00:00,2018-01-08 00:00:00\n"
    "o2,k2,delivered,2018-03-02 10:00:00,2018-03-09 10:00:00,2018-03-20 00:00:00\n",
    "olist_customers_dataset": "customer_id,customer_unique_id,customer_state\n"
    "k1,p1,SP\nk2,p1,RS\n",
    "olist_order_payments_dataset": "order_id,payment_value\no1,10.50\no1,1.00\no2,5\n",
    "olist_order_reviews_dataset": "review_id,order_id,review_score,review_comment_title,"
    "review_comment_message,review_creation_date,review_answer_timestamp\n"
    "r1,o1,2,,Atrasou,2018-01-09 00:00:00,2018-01-11 10:00:00\n",
    "olist_order_items_dataset": "order_id,product_id,price\no1,p,9.00\n",
    "olist_products_dataset": "product_id,product_category_name\np,cama_mesa_banho\n",
    "product_category_name_translation": "product_category_name,product_category_name_english\n"
    "cama_mesa_banho,bed_bath_table\n",
}


def test_the_readme_of_olist_maps_the_published_files(repo, tmp_path, monkeypatch):
    readme = (repo / "data/olist/README.md").read_text(encoding="utf-8")
    tables = yaml.safe_load(re.search(r"```yaml\n(.*?)```", readme, re.DOTALL)[1])
    given = yaml.safe_load((repo / "data/olist/company.yml").read_text(encoding="utf-8"))
    (tmp_path / "company.yml").write_text(yaml.safe_dump(given | tables), encoding="utf-8")
    for name, text in PUBLISHED.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OLIST_DATA", str(tmp_path))
    intake = open_intake(load_company(tmp_path), Period("2018Q1"))
    orders = {row["order_id"]: row for row in rows_of(intake)}
    assert orders["o1"]["revenue"] == 1150
    assert {row["customer_id"] for row in orders.values()} == {"p1"}
    assert orders["o1"]["ordered_at"] == pd.Timestamp("2018-01-02 10:00") + timedelta(hours=2)
    (answer,) = rows_of(intake, "responses")
    assert (answer["response_id"], answer["delivery"]) == ("r1-o1", "late")
    assert rows_of(intake, "customers") == [{"customer_id": "p1", "region": "South"}]
    assert rows_of(intake, "order_lines")[0]["category"] == "bed_bath_table"


def test_a_file_of_ten_thousand_columns_is_refused(shop):
    names = ",".join(f"c{number}" for number in range(10_000))
    text = ORDERS.replace("\n", f",{names}\n") + "o1,c1,2026-01-05,1" + "," * 10_000 + "\n"
    assert "has 10,004 columns, and 2,000 at most" in refusal(shop({"orders.csv": text}))
