"""Writes one invented shop's orders and answers as several systems export them, messy as they come.

The canonical frames are the truth: what `init` reads from any of the exports must equal them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ZONE = "Europe/Berlin"
Rows = list[dict[str, Any]]


def canonical_shop(seed: int = 7, orders: int = 240) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return orders (order_id, customer_id, ordered_at in UTC, revenue) and answers (…, nps).

    Revenue is net of `refunded`; every seventh order has several items.
    """
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 540 * 24 * 60, orders))
    start = pd.Timestamp("2025-01-01", tz="UTC")
    who = [f"u{n}@mail.example" for n in rng.integers(0, 60, orders)]
    gross = rng.integers(500, 20_000, orders) / 100
    refunded = np.where(rng.random(orders) < 0.1, np.round(gross / 4, 2), 0.0)
    bought = pd.DataFrame({
        "order_id": [f"A{1000 + k}" for k in range(orders)],
        "customer_id": who,
        "ordered_at": [start + pd.Timedelta(minutes=int(m)) for m in minutes],
        "gross": gross,
        "refunded": refunded,
        "revenue": np.round(gross - refunded, 2),
    })  # fmt: skip
    asked = bought[rng.random(orders) < 0.6]
    answered = pd.DataFrame({
        "response_id": [f"R{k}" for k in range(len(asked))],
        "customer_id": asked["customer_id"].to_numpy(),
        "responded_at": [at + pd.Timedelta(days=3, minutes=7) for at in asked["ordered_at"]],
        "nps": rng.integers(0, 11, len(asked)),
    })  # fmt: skip
    return bought, answered


def _local(at: pd.Timestamp, form: str, zone: str = ZONE) -> str:
    return at.tz_convert(zone).strftime(form)


def _write(path: Path, rows: Rows, *, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.DictWriter(file, names, delimiter=delimiter, restval="")
        out.writeheader()
        out.writerows(rows)


def shopify(folder: Path, orders: pd.DataFrame) -> None:
    """One row an item, the order's cells on the first alone; unpaid orders among them."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        at = _local(o.ordered_at, "%Y-%m-%d %H:%M:%S %z")
        status = "partially_refunded" if o.refunded else "paid"
        rows.append({
            "Name": o.order_id, "Email": o.customer_id.upper() if k % 5 == 0 else o.customer_id,
            "Financial Status": status, "Currency": "EUR", "Total": f"{o.gross:.2f}",
            "Refunded Amount": f"{o.refunded:.2f}", "Created at": at, "Lineitem quantity": 1,
            "Lineitem name": "Mug", "Lineitem price": f"{o.gross:.2f}", "Cancelled at": "",
        })  # fmt: skip
        if k % 7 == 0:
            rows.append({"Name": o.order_id, "Email": o.customer_id, "Created at": at,
                         "Lineitem quantity": 1, "Lineitem name": "Card",
                         "Lineitem price": "0.00"})  # fmt: skip
        if k % 11 == 0:
            void = {"voided": k % 2, "pending": 1 - k % 2}
            rows.append(rows[-1] | {"Name": f"V{k}", "Email": o.customer_id, "Created at": at,
                        "Financial Status": max(void, key=lambda word: void[word]),
                        "Total": "99.00", "Refunded Amount": "0.00"})  # fmt: skip
    _write(folder / "orders_export.csv", rows)


def woo(folder: Path, orders: pd.DataFrame) -> None:
    """One row an item with the order's total repeated; site time without an offset."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        row = {"Order Number": o.order_id,
               "Order Status": "Completed" if k % 2 else "wc-processing",
               "Order Date": _local(o.ordered_at, "%Y-%m-%d %H:%M:%S"),
               "Email (Billing)": o.customer_id, "SKU": "M1", "Name": "Mug",
               "Order Line Total": "1.00", "Order Refund Amount": f"{o.refunded:.2f}",
               "Order Total Amount": f"{o.gross:.2f}", "Currency": "EUR"}  # fmt: skip
        rows += [row, *([{**row, "SKU": "C1"}] * 2 if k % 7 == 0 else [])]
        if k % 11 == 0:
            word = ("Cancelled", "Failed", "Pending payment")[k % 3]
            rows.append({**row, "Order Number": f"V{k}", "Order Status": word})
    _write(folder / "orders-2026.csv", rows)


def stripe(folder: Path, orders: pd.DataFrame) -> None:
    """One row a payment in UTC; failed, uncaptured and test payments among them."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        row = {"id": o.order_id, "Created date (UTC)": f"{o.ordered_at:%Y-%m-%d %H:%M:%S}",
               "Amount": f"{o.gross:.2f}", "Amount Refunded": f"{o.refunded:.2f}",
               "Currency": "eur", "Captured": "true", "Status": "Paid", "Mode": "Live",
               "Customer Email": o.customer_id, "Customer ID": ""}  # fmt: skip
        rows.append(row)
        if k % 8 == 0:
            rows.append({**row, "id": f"F{k}", "Captured": "false", "Status": "Failed"})
        if k % 13 == 0:
            rows.append({**row, "id": f"T{k}", "Mode": "Test"})
    _write(folder / "unified_payments.csv", rows)


def square(folder: Path, orders: pd.DataFrame) -> None:
    """One row an item with $ and a zone a row; two downloads that overlap."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        parts = [o.revenue] if k % 7 else [round(o.revenue - 1, 2), 1.0]
        rows += [{
            "Date": _local(o.ordered_at, "%Y-%m-%d", "America/New_York"),
            "Time": _local(o.ordered_at, "%H:%M:%S", "America/New_York"),
            "Time Zone": "Eastern Time (US & Canada)", "Item": "Tea", "Qty": 1,
            "Gross Sales": f"${part:,.2f}", "Net Sales": f"${part:,.2f}",
            "Transaction ID": o.order_id, "Event Type": "Payment", "Customer ID": o.customer_id,
        } for part in parts]  # fmt: skip
    cut, early = len(rows) // 2, [row["Transaction ID"] for row in rows]
    while early[cut] == early[cut - 1]:
        cut += 1
    _write(folder / "items-1.csv", rows[: cut + 1 + (early[cut] == early[cut + 1])])
    _write(folder / "items-2.csv", rows[cut:])


def taobao(folder: Path, orders: pd.DataFrame) -> None:
    """One row an order in GBK, ids as formulas, China time; closed and unpaid orders among them."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        row = {"订单编号": f'="{o.order_id}"', "买家会员名": o.customer_id,
               "总金额": f"{o.gross:.2f}", "买家实际支付金额": f"{o.gross:.2f}",
               "订单状态": "交易成功",
               "收货地址 ": "某地", "联系手机": "'13800000000",
               "订单创建时间": _local(o.ordered_at, "%Y-%m-%d %H:%M:%S", "Asia/Shanghai"),
               "退款金额": f"{o.refunded:.2f}"}  # fmt: skip
        rows.append(row)
        if k % 9 == 0:
            word = ("交易关闭", "等待买家付款")[k % 2]
            rows.append({**row, "订单编号": f'="V{k}"', "订单状态": word})
    _write(folder / "ExportOrderList.csv", rows, encoding="gb18030")


def amazon(folder: Path, orders: pd.DataFrame) -> None:
    """One row an item shipped, tab-separated, with an offset; an alias names the buyer."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        parts = [o.revenue] if k % 7 else [round(o.revenue - 1, 2), 1.0]
        rows += [{
            "amazon-order-id": o.order_id, "shipment-id": f"s{k}-{n}",
            "purchase-date": f"{o.ordered_at:%Y-%m-%dT%H:%M:%S}+00:00",
            "buyer-email": o.customer_id, "quantity-shipped": 1, "currency": "EUR",
            "item-price": f"{part + 2:.2f}", "item-promotion-discount": "2.00",
            "sales-channel": "Amazon.de",
        } for n, part in enumerate(parts)]  # fmt: skip
    _write(folder / "shipments.txt", rows, encoding="utf-8", delimiter="\t")


def bigcommerce(folder: Path, orders: pd.DataFrame) -> None:
    """One row an order, the day first, in the shop's time; declined orders among them."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        row = {"Order ID": o.order_id, "Order Status": "Shipped" if k % 2 else "Completed",
               "Order Date": _local(o.ordered_at, "%d/%m/%Y"),
               "Order Time": _local(o.ordered_at, "%H:%M:%S"),
               "Subtotal (inc tax)": f"{o.gross:.2f}", "Order Total (inc tax)": f"{o.gross:.2f}",
               "Refund Amount": f"{o.refunded:.2f}", "Customer Email": o.customer_id,
               "Order Currency Code": "EUR", "Product Details": "Mug"}  # fmt: skip
        rows.append(row)
        if k % 10 == 0:
            rows.append({**row, "Order ID": f"V{k}", "Order Status": "Declined"})
    _write(folder / "orders.csv", rows)


def paypal(folder: Path, orders: pd.DataFrame) -> None:
    """One row a booking in German, the zone named in each row; withdrawals and memos among them."""
    rows: Rows = []
    for k, o in enumerate(orders.itertuples()):
        money = f"{o.revenue:,.2f}".translate(str.maketrans(",.", ".,"))
        row = {"Datum": _local(o.ordered_at, "%d.%m.%Y"),
               "Uhrzeit": _local(o.ordered_at, "%H:%M:%S"),
               "Zeitzone": _local(o.ordered_at, "%Z"), "Typ": "Allgemeine Zahlung",
               "Status": "Abgeschlossen", "Währung": "EUR", "Brutto": money,
               "Absender E-Mail-Adresse": o.customer_id, "Transaktionscode": o.order_id,
               "Auswirkung auf Guthaben": "Haben"}  # fmt: skip
        rows.append(row)
        if k % 9 == 0:
            rows.append({**row, "Typ": "Allgemeine Abbuchung", "Transaktionscode": f"W{k}",
                         "Brutto": "-100,00", "Auswirkung auf Guthaben": "Soll"})  # fmt: skip
            rows.append({**row, "Transaktionscode": f"M{k}", "Auswirkung auf Guthaben": "Memo"})
    _write(folder / "Download.csv", rows)


def qualtrics(folder: Path, answers: pd.DataFrame) -> None:
    """Three header rows; previews, spam and unfinished answers among the answers."""
    ask = "How likely are you to recommend us?"
    rows: Rows = [
        {"StartDate": "Start Date", "Status": "Response Type", "Progress": "Progress",
         "Finished": "Finished", "RecordedDate": "Recorded Date", "ResponseId": "Response ID",
         "RecipientEmail": "Recipient Email", "ExternalReference": "External Data Reference",
         "DistributionChannel": "Distribution Channel", "Q1": ask},
        {"ResponseId": '{"ImportId":"_recordId"}', "Q1": '{"ImportId":"QID1"}'},
    ]  # fmt: skip
    for k, a in enumerate(answers.itertuples()):
        at = _local(a.responded_at, "%Y-%m-%d %H:%M:%S")
        row = {"StartDate": at, "Status": "IP Address", "Progress": 100, "Finished": "True",
               "RecordedDate": at, "ResponseId": a.response_id,
               "RecipientEmail": a.customer_id.title() if k % 4 == 0 else a.customer_id,
               "DistributionChannel": "email", "Q1": a.nps}  # fmt: skip
        rows.append(row)
        if k % 6 == 0:
            rows.append({**row, "ResponseId": f"P{k}", "Status": "Survey Preview", "Q1": 10})
            rows.append({**row, "ResponseId": f"U{k}", "Finished": "False", "Q1": 0})
    _write(folder / "qualtrics.csv", rows)


def typeform(folder: Path, answers: pd.DataFrame) -> None:
    """One header row, times in UTC; partial answers among the answers."""
    rows: Rows = []
    for k, a in enumerate(answers.itertuples()):
        at = f"{a.responded_at:%Y-%m-%d %H:%M:%S}"
        row = {"#": a.response_id, "How likely are you to recommend us?": a.nps,
               "user": a.customer_id, "Response Type": "completed", "Start Date (UTC)": at,
               "Stage Date (UTC)": "", "Submit Date (UTC)": at, "Network ID": "n",
               "Tags": "", "Ending": "e"}  # fmt: skip
        rows.append(row)
        if k % 6 == 0:
            rows.append({**row, "#": f"P{k}", "Response Type": "partial", "Submit Date (UTC)": ""})
    _write(folder / "responses.csv", rows)


def wjx(folder: Path, answers: pd.DataFrame) -> None:
    """GBK, China time, -3 where a question was skipped."""
    rows: Rows = []
    for a in answers.itertuples():
        rows.append({
            "序号": a.response_id, "所用时间": "10秒", "来源": "链接", "来源详情": "直接",
            "提交答卷时间": _local(a.responded_at, "%Y/%m/%d %H:%M:%S", "Asia/Shanghai"),
            "来自IP": "1.2.3.4(广东)", "1、您有多大可能推荐我们？": a.nps, "2、其他": "-3",
            "会员名": a.customer_id,
        })  # fmt: skip
    _write(folder / "问卷.csv", rows, encoding="gb18030")


ORDERS: dict[str, Callable[[Path, pd.DataFrame], None]] = {
    "shopify": shopify, "woo_advanced": woo, "stripe_payments": stripe, "square_items": square,
    "taobao_orders": taobao, "amazon_shipments": amazon, "bigcommerce": bigcommerce,
    "paypal_de": paypal,
}  # fmt: skip
ANSWERS: dict[str, Callable[[Path, pd.DataFrame], None]] = {
    "qualtrics": qualtrics, "typeform": typeform, "wjx": wjx,
}  # fmt: skip
