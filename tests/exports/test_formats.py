"""Each known export is recognised by its header alone, and its rows are read as they are meant."""

from __future__ import annotations

import csv
from contextlib import closing

import pytest
from export_samples import BENEATH, BERLIN, QUESTIONS, SAMPLES

from profitchain.core.errors import CompanyError, ContractError
from profitchain.core.periods import Period
from profitchain.exports.file_parts import read_parts
from profitchain.exports.known_exports import known_exports, recognised
from profitchain.intake.intake import open_intake
from profitchain.sources.company import load_company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.schemas import SCHEMAS, schema_of
from profitchain.words.data import doubts_in_words

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


@pytest.mark.edition
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


ORDERS = [
    "订单编号",
    "买家会员名",
    "总金额",
    "买家实际支付金额",
    "退款金额",
    "订单状态",
    "订单创建时间",
]
ITEMS = [
    "子订单编号",
    "主订单编号",
    "标题",
    "买家应付货款",
    "买家实际支付金额",
    "退款金额",
    "订单状态",
    "订单创建时间",
]


def tmall(total, paid, refund, columns=ORDERS):
    """Rows of orders, or of orders of one item, by their total, what was paid and paid back."""
    return [
        dict(zip(columns, (*ids, *amounts, "交易成功", "2026-01-15 12:00:00"), strict=True))
        for k, amounts in enumerate(zip(total, paid, refund, strict=True))
        for ids in [(f"o{k}", f"b{k}") if columns is ORDERS else (f"i{k}", f"o{k}", "杯")]
    ]


TOTAL, BACK, KEPT = (100, 80, 60, 40, 30), (100, 30, 0, 0, 20), (0, 50, 60, 40, 10)


@pytest.mark.parametrize("name", ["taobao_orders", "taobao_suborders"])
@pytest.mark.parametrize(
    ("paid", "total", "revenue", "unsure"),
    [
        (KEPT, TOTAL, KEPT, 0),  # as real exports have it: net already
        (TOTAL, TOTAL, KEPT, 0),  # what was paid first
        (KEPT, [""] * 5, KEPT, 0),  # more was paid back than paid
        (TOTAL, [""] * 5, KEPT, 0),  # one was paid back whole
        ((90, 50, 60, 40, 10), [95, 90, 60, 40, 99], (90, 50, 60, 40, 10), 3),  # no sum fits
        ((0, 50, 60, 40, 30), TOTAL, (0, 50, 60, 40, 30), 3),  # sums of both kinds
    ],
    ids=["net", "gross", "net without total", "gross without total", "none fits", "both"],
)
def test_a_refund_is_taken_off_once(tmp_path, name, paid, total, revenue, unsure):
    back = (20, *BACK[1:]) if paid[0] == 90 else BACK
    rows = tmall(total, paid, back, ORDERS if name == "taobao_orders" else ITEMS)
    write(tmp_path / "export.csv", rows, name="taobao_orders")
    company = company_of(tmp_path, "orders", f"{{file: export.csv, format: {name}}}")
    assert [row[3] for row in rows_of(company, "orders")] == list(revenue)
    with open_engine(company) as (con, scratch):
        schema = schema_of("orders", company)
        raw, _ = read_parts(con, schema, company, end=None, scratch=scratch)
        told = [(doubt["n"], doubt["file"]) for doubt in raw.net_unsure]
        close(con)
    assert told == ([(unsure, "export.csv")] if unsure else [])


def test_what_no_file_shows_of_refunds_is_told(tmp_path):
    rows = tmall([""] * 3, [50, 60, 70], [20, 0, 10])
    write(tmp_path / "export.csv", rows, name="taobao_orders")
    company = company_of(tmp_path, "orders", "{file: export.csv, format: taobao_orders}")
    with pytest.raises(ContractError, match=r"other money than EUR.*'CNY' \(3 rows\)"):
        open_intake(company, Period("2026Q1"))
    company = company.model_copy(update={"currency": "CNY"})
    with closing(open_intake(company, Period("2026Q1"))) as intake:
        says = [doubt["says"] for doubt in doubts_in_words(intake.doubts, company)]
    assert says == [
        "**export.csv does not show whether what was paid is net of refunds** (2 refunded orders): "
        "nothing is taken off. The column 总金额 of a complete export would tell."
    ]
