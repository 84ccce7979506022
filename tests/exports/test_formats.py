"""Each known export is recognised by its header alone, and its rows are read as they are meant."""

from __future__ import annotations

import csv

import pytest
from export_samples import BENEATH, BERLIN, QUESTIONS, SAMPLES

from profitchain.core.errors import CompanyError
from profitchain.exports.file_parts import read_parts
from profitchain.exports.known_exports import known_exports, recognised
from profitchain.sources.company import load_company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.schemas import SCHEMAS, schema_of

ENCODINGS = {"google_play": "utf-16", "taobao_orders": "gb18030", "wjx": "gb18030"}
SUFFIXES = {
    "amazon_orders": "\t",
    "amazon_shipments": "\t",
    "prestashop": ";",
    "ebay_orders_de": ";",
}
PREAMBLES = {"ebay_orders": "\n", "ebay_transactions": "Transaction report\nSeller,shop\n\n"}
AMOUNT = {"orders": "revenue", "order_lines": "revenue", "responses": "q"}
WHO = {"orders": "customer_id", "responses": "customer_id", "contacts": "customer_id",
       "order_lines": "product_id"}  # fmt: skip
HEADERS = {  # exports that are not known, or known by another name than their sample's file
    "alchemer": None, "etsy_statement": None, "klaviyo": None,
    "paypal_short": None,
    "stripe_balance": None, "stripe_itemized": None,
    "amazon_all": "amazon_orders", "amazon_fba": "amazon_shipments",
    "ebay_orders_report_de": "ebay_orders_de", "ebay_orders_report_en": "ebay_orders",
    "ebay_transaction_report_de": "ebay_transactions_de", "ebay_transaction_report_en":
    "ebay_transactions", "etsy_direct": "etsy_payments", "etsy_sold_order_items": "etsy_items",
    "etsy_sold_orders": "etsy_orders", "microsoft_forms_zh": "ms_forms_zh", "microsoft_forms":
    "ms_forms", "paypal_activity_de": "paypal_de", "paypal_activity_en": "paypal",
    "qualtrics_3": "qualtrics", "shopee_orders_zh": "shopee_tw", "shopify_orders": "shopify",
    "stripe_unified": "stripe_payments", "taobao_tmall_order_detail": "taobao_items",
    "taobao_tmall_order_list": "taobao_orders", "taobao_tmall_sub": "taobao_suborders",
    "woocommerce_advanced": "woo_advanced", "woocommerce_analytics": "woo_analytics",
    "woocommerce_order_csv": "woo_csv_export", "woocommerce_webtoffee": "woo_webtoffee",
    "youzan_order_goods": "youzan_goods", "magento2": "magento2_grid",
}  # fmt: skip


def write(path, rows, *, name=""):
    """Write rows as the export's system would: its delimiter, encoding, preamble, header rows."""
    header = list(dict.fromkeys(cell for row in rows for cell in row))
    with path.open("w", encoding=ENCODINGS.get(name, "utf-8-sig"), newline="") as file:
        file.write(PREAMBLES.get(name, ""))
        out = csv.DictWriter(file, header, delimiter=SUFFIXES.get(name, ","), restval="")
        out.writeheader()
        out.writerows([*BENEATH.get(name, []), *rows])


def without(row, column):
    """Return a row that lacks a column."""
    return {name: cell for name, cell in row.items() if name != column}


def company_of(folder, table, source, column="Score"):
    """Return a company of one table; of answers, with one question."""
    text = f"name: X\ncurrency: EUR\ntime_zone: {BERLIN}\ntables:\n"
    orders = "  orders: {file: none.csv}\n" if table != "orders" else ""
    text += f"{orders}  {table}: {source}\n"
    if table == "responses":
        text += f"questions: {{q: {{column: '{column}', kind: rating, scale: [0, 10]}}}}\n"
    (folder / "company.yml").write_text(text, encoding="utf-8")
    return load_company(folder)


def rows_of(company, table, column="Score"):
    """Return a table's rows as (id, who, when, amount, why), in the order of their files."""
    with open_engine(company) as (con, scratch):
        schema = schema_of(table, company)
        raw, faults = read_parts(con, schema, company, end=None, scratch=scratch)
        if raw is None:
            close(con)
            return faults
        frame = raw.relation.to_pandas().sort_values(["__file", "__row"], ignore_index=True)
        close(con)
    frame = frame.astype(object).where(frame.notna(), None)
    key = SCHEMAS[table].unique[0] if SCHEMAS[table].unique else "order_id"
    amount = {**AMOUNT, "responses": column}.get(table)
    blank = [None] * len(frame)
    number = [None if v is None else float(v) for v in frame.get(amount, blank)]
    when = [v and v.removesuffix("Z") for v in frame.get(SCHEMAS[table].dated_by, blank)]
    return list(
        zip(frame[key], frame.get(WHO.get(table), blank), when, number, frame["__left_out"],
            strict=True)
    )  # fmt: skip


def test_every_known_export_has_a_sample():
    assert known_exports().keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_an_export_is_read_as_it_is_meant(name, tmp_path):
    table, rows, expected = SAMPLES[name]
    assert recognised(rows[0], table=table) == name
    write(tmp_path / "export.csv", rows, name=name)
    column = QUESTIONS.get(name, "Score")
    company = company_of(tmp_path, table, f"{{file: export.csv, format: {name}}}", column)
    got = rows_of(company, table, column)
    assert [(str(row[0]) if row[0] else None, *row[1:]) for row in got] == [
        (row[0], row[1], row[2], pytest.approx(row[3]) if row[3] is not None else None, row[4])
        for row in expected
    ]


def test_real_headers_are_recognised_each_by_its_own_format(shared_data):
    for path in sorted(shared_data("export_headers").glob("*.csv")):
        line = path.read_text(encoding="utf-8-sig").splitlines()[0]
        header = next(csv.reader([line], delimiter=max(",;\t", key=line.count)))
        near = [known for start, known in HEADERS.items() if path.name.startswith(start)]
        names = [name for name in known_exports() if path.name.startswith(name.split("_")[0])]
        name = recognised(header)
        assert name == near[0] if near else name in names, path.name
        shuffled = [cell.upper() for cell in reversed(header)]
        assert recognised(shuffled) == name, path.name


def test_a_status_that_nobody_knows_stops_and_says_how_to_say_what_it_means(tmp_path):
    _, rows, _ = SAMPLES["shopify"]
    write(tmp_path / "export.csv", [{**row, "Financial Status": "lost"} for row in rows])
    company = company_of(tmp_path, "orders", "{file: export.csv, format: shopify}")
    (fault,) = rows_of(company, "orders")
    assert "'lost' (7 rows)" in fault and 'status_words: {counted: ["lost"]}' in fault
    words = "{file: export.csv, format: shopify, status_words: {counted: [Lost]}}"
    assert len(rows_of(company_of(tmp_path, "orders", words), "orders")) == 7


def test_a_column_that_a_format_needs_and_others_that_it_can_do_without(tmp_path):
    _, rows, expected = SAMPLES["stripe_payments"]
    write(tmp_path / "export.csv", [without(row, "Mode") for row in rows])
    company = company_of(tmp_path, "orders", "{file: export.csv, format: stripe_payments}")
    assert len(rows_of(company, "orders")) == len(expected)
    write(
        tmp_path / "export.csv", [{k: v for k, v in row.items() if k != "Amount"} for row in rows]
    )
    with pytest.raises(CompanyError, match="needs the columns 'Amount'"):
        rows_of(company, "orders")


def test_totals_that_differ_within_an_order_are_not_taken_for_the_orders_own(tmp_path):
    _, rows, _ = SAMPLES["wix"]
    rows = [{**row, "Total": str(10 + k)} for k, row in enumerate(rows)]
    write(tmp_path / "export.csv", rows)
    (fault,) = rows_of(company_of(tmp_path, "orders", "{file: export.csv, format: wix}"), "orders")
    assert "'Total' differs between rows of one order in 1 orders" in fault
