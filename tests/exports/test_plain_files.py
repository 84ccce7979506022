"""Files of no known export, as firms and public collections have them: what init makes of each."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from profitchain.core.errors import CompanyError
from profitchain.intake.intake import open_intake
from profitchain.intake.new_company import write_company
from profitchain.sources.company import load_company

DAYS = ["01/13/2026", "02/14/2026", "03/15/2026", "04/16/2026"]


def lines(head, *rows):
    return "\n".join([head, *rows]) + "\n"


def drafted(folder, files):
    """Write files, let init draft from them alone, and return the tables that it reads."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    made = write_company(folder)
    assert made.fault is None, made.fault
    intake = open_intake(load_company(folder))
    tables = {name: table.to_pandas() for name, table in intake.tables.items()}
    intake.close()
    return tables, made.says


FILES = {
    "a row an item": (
        lines(
            "Order ID,Order Date,Customer ID,State,Product ID,Sales,Discount,Profit",
            *(f"A{k},{day},c{k % 2},Ohio,p{n},10.1234,0.2,1.5" for k, day in enumerate(DAYS)
              for n in range(3)),
        ),
        [("A0", "c0", 3037), ("A1", "c1", 3037), ("A2", "c0", 3037), ("A3", "c1", 3037)],
        "one row an item: an order is the sum of its rows",
    ),
    "no number": (
        lines("customer_id,trans_date,tran_amount",
              *(f"c{k % 2},{day},{k + 1}" for k, day in enumerate(DAYS))),
        [("1", "c0", 100), ("2", "c1", 200), ("3", "c0", 300), ("4", "c1", 400)],
        "each row is an order: no column numbers them",
    ),
    "no customer": (
        lines("Invoice ID,City,Total,Date", *(f"i{k},Rome,5,{day}" for k, day in enumerate(DAYS))),
        [(f"i{k}", None, 500) for k in range(4)],
        "no column names the customer, so all are guests",
    ),
    "refunds beside": (
        lines("order_id,member_id,paid_amount,refund_amount,order_date",
              *(f"o{k},m{k},9.5,{'0.5' if k else ''},{day}" for k, day in enumerate(DAYS))),
        [("o0", "m0", 950), ("o1", "m1", 900), ("o2", "m2", 900), ("o3", "m3", 900)],
        "'refund_amount' is taken off 'paid_amount'",
    ),
    "paid, net of refunds": (
        lines("order_id,member_id,total,paid_amount,refund_amount,order_date",
              *(f"o{k},m{k},9,{9 - 3 * k},{3 * k},{day}" for k, day in enumerate(DAYS))),
        [("o0", "m0", 900), ("o1", "m1", 600), ("o2", "m2", 300), ("o3", "m3", 0)],
        "revenue: paid_amount",
    ),
    "no money": (
        lines("orderID,customerID,orderDate,shipVia",
              *(f"{k + 10},c{k % 3},{day},{k % 3 + 1}" for k, day in enumerate(DAYS))),
        [("10", "c0", None), ("11", "c1", None), ("12", "c2", None), ("13", "c0", None)],
        "columns order_id: orderID",
    ),
    "items without a number or money": (
        lines("Member_number,Date,itemDescription",
              *(f"m{k % 2},{day},{item}" for k, day in enumerate(DAYS) for item in ("ale", "tea"))),
        [("m0 01/13/2026", "m0", None), ("m0 03/15/2026", "m0", None),
         ("m1 02/14/2026", "m1", None), ("m1 04/16/2026", "m1", None)],
        "an order is what a customer bought at one time",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text, orders, says", FILES.values(), ids=FILES)
def test_init_makes_orders_of_a_plain_file(text, orders, says, tmp_path):
    tables, words = drafted(tmp_path, {"export.csv": text})
    rows = tables["orders"].sort_values("order_id").reindex(
        columns=["order_id", "customer_id", "revenue"])  # fmt: skip
    made = [(a, None if b != b else b, None if c != c else c) for a, b, c in rows.to_numpy()]
    assert made == orders
    assert says in words
    assert "State" not in words and "Discount" not in words


def test_a_list_of_prices_is_no_order(tmp_path):
    text = lines("update_time,id,title,price", *(f"{day},A1,soap,5" for day in DAYS))
    (tmp_path / "prices.csv").write_text(text)
    with pytest.raises(CompanyError, match="could not be told"):
        write_company(tmp_path)


def test_answers_without_a_number_go_by_their_row_and_parts_of_dates_are_no_question(tmp_path):
    rows = [f"{day},{k + 1},{k % 4 + 1},{k + 6},fine,1" for k, day in enumerate(DAYS)]
    text = lines("Survey date,Month,Quarter,NPS,content,feedback", *rows)
    tables, _ = drafted(tmp_path, {"answers.csv": text})
    assert tables["responses"]["response_id"].tolist() == ["1", "2", "3", "4"]
    assert tables["responses"]["comment"].tolist() == ["fine"] * 4
    assert list(load_company(tmp_path).questions) == ["nps"]


def test_contracts_are_told_by_their_starts_and_ends(tmp_path):
    text = lines("subscription_id,account_id,start_date,end_date,plan_tier,mrr_amount",
                 *(f"s{k},a{k},2026-0{k + 1}-03,{'2026-09-01' if k else ''},pro,20"
                   for k in range(4)))  # fmt: skip
    tables, _ = drafted(tmp_path, {"export.csv": text})
    rows = tables["subscriptions"]
    assert (len(rows), rows["amount"].sum(), rows["ended_on"].isna().sum()) == (4, 8000, 1)


def test_a_snapshot_of_customers_is_pointed_to_its_recipe(tmp_path):
    text = lines("customerID,tenure,MonthlyCharges,Churn", *(f"c{k},{k},9.5,No" for k in range(4)))
    (tmp_path / "telco.csv").write_text(text)
    with pytest.raises(CompanyError, match=r"telco.csv: one row a customer.*a snapshot with a"):
        write_company(tmp_path)


def test_the_widest_of_several_sheets_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["what", "means"])
    sheet = book.create_sheet("Sales 2026")
    for row in (["Order ID", "Customer ID", "Order Date", "Amount"],
                *([f"o{k}", "c1", day, 5] for k, day in enumerate(DAYS))):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    tables, _ = drafted(tmp_path, {})
    assert len(tables["orders"]) == 4


def test_what_a_draft_leaves_out_is_named_and_its_files_stand_in_a_person_s_order(tmp_path):
    book, header = openpyxl.Workbook(), ["Order ID", "Customer ID", "Order Date", "Amount"]
    book.active.title, later = "January", book.create_sheet("February")
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    for sheet, name in ((book.active, "a"), (later, "b"), (hidden, "c")):
        for row in (header, *([f"{name}{k}", "c1", day, 5] for k, day in enumerate(DAYS))):
            sheet.append(row)
    book.save(tmp_path / "orders-10.xlsx")
    rows = (f"o{k},c{k % 5},2026-01-{k + 1:02},9.50" for k in range(28))
    (tmp_path / "orders-9.csv").write_text(lines(",".join(header), *rows))
    (tmp_path / "older.xls").write_bytes(b"")
    (tmp_path / "2025").mkdir()
    (tmp_path / "2025" / "orders.csv").write_text(lines(",".join(header)))
    text = write_company(tmp_path).path.read_text(encoding="utf-8")
    assert text.index("orders-9.csv") < text.index("orders-10.xlsx")
    assert "orders-10.xlsx, sheet 'February': Only sheet 'January' is read." in text
    assert "older.xls: Its kind can't be read" in text and "2025: Files of a folder" in text
    assert "Old" not in text


@pytest.mark.parametrize(
    ("days", "every"), [(25, "week"), (70, "month"), (200, "quarter"), (5, None)]
)
def test_periods_are_as_long_as_whole_ones_lie_in_the_files(tmp_path, days, every):
    sold = pd.date_range("2026-01-13", periods=days)
    rows = (f"o{k},c{k % 5},{day.date()},9.50" for k, day in enumerate(sold))
    (tmp_path / "sales.csv").write_text(lines("order_id,customer_id,order_date,total", *rows))
    made = write_company(tmp_path)
    if every is None:
        assert made.fault == "Not one whole week lies between the first and the last of orders."
        return
    firm, text = load_company(tmp_path), made.path.read_text(encoding="utf-8")
    assert (firm.report_every, firm.year_starts) == (every, "")
    assert '# fiscal_year_starts: "04-01"' in text


def test_a_fiscal_year_is_drafted_where_periods_are_named_by_it(tmp_path):
    sold = pd.date_range("2025-04-01", periods=300)
    rows = (f"o{k},c{k % 5},{day.date()},9.50" for k, day in enumerate(sold))
    (tmp_path / "sales.csv").write_text(lines("order_id,customer_id,order_date,total", *rows))
    books = lines("period,measure,amount", "2025FY04Q1,orders,91", "2025FY04Q2,orders,92")
    (tmp_path / "control_totals.csv").write_text(books)
    assert write_company(tmp_path).fault is None
    assert load_company(tmp_path).year_starts == "04"
