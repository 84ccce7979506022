"""Small invented rows of each known export, messy as they come, and what they must be read as.

`SAMPLES[name]` is (table, rows, expected): a row is a dict of cells by the export's own column
names; expected are (id, customer, instant in UTC or day, amount or score, why it is left out).
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Expected = tuple[str, str | None, str | None, float | None, str | None]

BERLIN = "Europe/Berlin"  # the company's zone in all samples: an hour ahead of UTC in January
SAMPLES: dict[str, tuple[str, list[Row], list[Expected]]] = {}


def sample(name: str, table: str, columns: str, rows: str, expected: list[Expected]) -> None:
    """Add a sample, its columns and cells divided by | and its rows by line breaks."""
    names = [column.strip() for column in columns.split("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in rows.strip().splitlines()]
    assert all(len(row) == len(names) for row in cells), (name, [len(row) for row in cells])
    SAMPLES[name] = table, [dict(zip(names, row, strict=True)) for row in cells], expected


sample(
    "shopify", "orders",
    "Name|Email|Financial Status|Created at|Total|Refunded Amount|Cancelled at|Lineitem quantity|"
    "Lineitem name|Lineitem price|Currency",
    """
    #1|Ann@X.com|paid|2026-01-05 10:00:00 +0100|30.00|0.00||1|Mug|10.00|EUR
    #1|Ann@X.com||2026-01-05 10:00:00 +0100||||2|Cup|10.00|
    #2|bob@x.com|partially_refunded|2026-01-06 10:00:00 +0100|20.00|5.50||1|Mug|20.00|EUR
    #3|bob@x.com|refunded|2026-01-07 10:00:00 +0100|20.00|20.00||1|Mug|20.00|EUR
    #4|cy@x.com|voided|2026-01-08 10:00:00 +0100|20.00|0||1|Mug|20.00|EUR
    #5|cy@x.com|pending|2026-01-08 10:00:00 +0100|20.00|0||1|Mug|20.00|EUR
    #6|cy@x.com|paid|2026-01-08 10:00:00 +0100|20.00|0|2026-01-09 10:00:00 +0100|1|Mug|20.00|EUR
    #7||paid|2026-01-08 10:00:00 +0100|9.00|0||1|Mug|9.00|EUR
    """,
    [
        ("#1", "ann@x.com", "2026-01-05 09:00:00", 30, None),
        ("#2", "bob@x.com", "2026-01-06 09:00:00", 14.5, None),
        ("#3", "bob@x.com", "2026-01-07 09:00:00", 0, None),
        ("#4", "cy@x.com", "2026-01-08 09:00:00", 20, "cancelled"),
        ("#5", "cy@x.com", "2026-01-08 09:00:00", 20, "unpaid"),
        ("#6", "cy@x.com", "2026-01-08 09:00:00", 20, "cancelled"),
        ("#7", None, "2026-01-08 09:00:00", 9, None),
    ],
)  # fmt: skip
sample(
    "squarespace", "orders",
    "Order ID|Email|Financial Status|Created at|Total|Amount Refunded|Lineitem name|"
    "Lineitem variant|Payment Reference",
    """
    1|Ann@x.com|PAID|2026-01-05 10:00:00|30.00|4.00|Mug|red|p1
    1||||||Cup|blue|
    2|bob@x.com|PENDING|2026-01-05 11:00:00|8.00||Mug|red|p2
    """,
    [
        ("1", "ann@x.com", "2026-01-05 09:00:00", 26, None),
        ("2", "bob@x.com", "2026-01-05 10:00:00", 8, "unpaid"),
    ],
)  # fmt: skip
sample(
    "etsy_orders", "orders",
    "Sale Date|Order ID|Buyer User ID|Order Value|Discount Amount|Order Total|"
    "Adjusted Order Total|Status",
    """
    01/13/26|900|ann|30.00|3.00|29.10|0|
    1/14/2026|901||10.00|0|10.70|0|
    01/15/26|902|bob|5.00|0|5|0|Canceled
    """,
    [
        ("900", "ann", "2026-01-12 23:00:00", 27, None),
        ("901", None, "2026-01-13 23:00:00", 10, None),
        ("902", "bob", "2026-01-14 23:00:00", 5, "cancelled"),
    ],
)  # fmt: skip
sample(
    "etsy_items", "orders",
    "Sale Date|Item Name|Buyer|Item Total|Discount Amount|Transaction ID|Listing ID|Order ID",
    """
    01/13/26|Mug|Ann|20.00|2.00|t1|l1|900
    01/13/26|Cup|Ann|10.00|0.00|t2|l2|900
    01/14/26|Cup|Bob|10.00|0.00|t3|l2|901
    """,
    [
        ("900", "Ann", "2026-01-12 23:00:00", 28, None),
        ("901", "Bob", "2026-01-13 23:00:00", 10, None),
    ],
)  # fmt: skip
sample(
    "etsy_payments", "orders",
    "Payment ID|Buyer Username|Order ID|Gross Amount|Refund Amount|Posted Gross|Order Date|Status",
    """
    p1|ann|900|30.00|5.00|30.00|01/13/2026|SETTLED
    p2|bob|901|10.00||10.00|01/14/2026|Paid
    """,
    [
        ("900", "ann", "2026-01-12 23:00:00", 25, None),
        ("901", "bob", "2026-01-13 23:00:00", 10, None),
    ],
)  # fmt: skip
sample(
    "amazon_orders", "orders",
    "amazon-order-id|purchase-date|order-status|sales-channel|item-status|item-price|"
    "item-promotion-discount|currency",
    """
    1-1|2026-01-05T10:00:00+00:00|Shipped|Amazon.de|Shipped|20.00|2.00|EUR
    1-1|2026-01-05T10:00:00+00:00|Shipped|Amazon.de|Cancelled|50.00||EUR
    1-1|2026-01-05T10:00:00+00:00|Shipped|Amazon.de|Shipped|7.50||EUR
    1-2|2026-01-06T10:00:00+00:00|Canceled|Amazon.de|Cancelled|||EUR
    1-3|2026-01-06T10:00:00+00:00|Pending|Amazon.de|Unshipped|5.00||EUR
    1-4|2026-01-06T10:00:00+00:00|Shipped|Non-Amazon DE|Shipped|5.00||EUR
    """,
    [
        ("1-1", None, "2026-01-05 10:00:00", 25.5, None),
        ("1-2", None, "2026-01-06 10:00:00", None, "cancelled"),
        ("1-3", None, "2026-01-06 10:00:00", 5, "unpaid"),
        ("1-4", None, "2026-01-06 10:00:00", 5, "no_sale"),
    ],
)  # fmt: skip
sample(
    "amazon_shipments", "orders",
    "amazon-order-id|shipment-id|purchase-date|buyer-email|quantity-shipped|item-price|"
    "item-promotion-discount|sales-channel",
    """
    1-1|s1|2026-01-05T10:00:00+00:00|Ann@marketplace.amazon.de|1|20.00|2.00|Amazon.de
    1-1|s2|2026-01-05T10:00:00+00:00|Ann@marketplace.amazon.de|1|10.00||Amazon.de
    """,
    [("1-1", "ann@marketplace.amazon.de", "2026-01-05 10:00:00", 28, None)],
)  # fmt: skip
sample(
    "ebay_orders", "orders",
    "Sales Record Number|Order Number|Buyer Username|Item Number|Sold For|Quantity|Sale Date",
    """
    10|05-1|ann|111|$10.00|2|Jan-05-26
    11|05-1|ann|112|$5.00|1|Jan-05-26
    12||bob|111|$10.00|1|Jan-06-26
    2 record(s) downloaded||||||
    Seller ID : shop||||||
    """,
    [
        ("05-1", "ann", "2026-01-04 23:00:00", 25, None),
        ("12", "bob", "2026-01-05 23:00:00", 10, None),
        ("2 record(s) downloaded", None, None, None, "footer"),
        ("Seller ID : shop", None, None, None, "footer"),
    ],
)  # fmt: skip
sample(
    "ebay_orders_de", "orders",
    "Verkaufsprotokollnummer|Bestellnummer|Nutzername des Käufers|Artikelnummer|Verkauft für|"
    "Anzahl|Verkauft am",
    """
    10|05-1|ann|111|1.116,99 €|1|10-Dez-25
    11|05-2|bob|111|5,00 €|2|11-Mrz-26
    """,
    [
        ("05-1", "ann", "2025-12-09 23:00:00", 1116.99, None),
        ("05-2", "bob", "2026-03-10 23:00:00", 10, None),
    ],
)  # fmt: skip
sample(
    "ebay_transactions", "orders",
    "Transaction creation date|Type|Order number|Buyer username|Item subtotal|"
    "Gross transaction amount|Transaction ID",
    """
    Jan 5, 2026|Order|05-1|ann|20.00|25.00|1
    Jan 5, 2026|Order|05-1|ann|10.00|12.00|2
    Jan 9, 2026|Refund|05-1|ann|--|($12.00)|3
    Jan 9, 2026|Payout|--|--|--|-30.00|--
    """,
    [
        ("05-1", "ann", "2026-01-04 23:00:00", 30, None),
        ("R 05-1", "ann", "2026-01-08 23:00:00", -12, None),
        (None, None, "2026-01-08 23:00:00", -30, "no_sale"),
    ],
)  # fmt: skip
sample(
    "ebay_transactions_de", "orders",
    "Datum der Transaktionserstellung|Typ|Bestellnummer|Nutzername des Käufers|"
    "Zwischensumme Artikel|Transaktionsbetrag (inkl. Kosten)",
    """
    29. Dez 2025|Bestellung|05-1|ann|20,50|25,00
    30. Dez 2025|Andere Gebühr|--|--|--|-3,00
    """,
    [
        ("05-1", "ann", "2025-12-28 23:00:00", 20.5, None),
        (None, None, "2025-12-29 23:00:00", -3, "no_sale"),
    ],
)  # fmt: skip
sample(
    "stripe_payments", "orders",
    "id|Created date (UTC)|Amount|Amount Refunded|Currency|Captured|Status|Mode|Customer ID|"
    "Customer Email",
    """
    ch_1|2026-01-05 10:00:00|30.00|4.00|usd|true|Paid|Live|cus_A|Ann@x.com
    ch_2|2026-01-05 11:00:00|30.00|0.00|usd|false|Failed|Live|cus_A|ann@x.com
    ch_3|2026-01-05 12:00:00|10.00|10.00|usd|true|Refunded|Live|cus_B|
    ch_4|2026-01-05 12:00:00|10.00|0.00|usd|true|Paid|Test|cus_B|
    """,
    [
        ("ch_1", "ann@x.com", "2026-01-05 10:00:00", 26, None),
        ("ch_2", "ann@x.com", "2026-01-05 11:00:00", 30, "unpaid"),
        ("ch_3", "cus_B", "2026-01-05 12:00:00", 0, None),
        ("ch_4", "cus_B", "2026-01-05 12:00:00", 10, "test"),
    ],
)  # fmt: skip
sample(
    "paypal", "orders",
    "Date|Time|TimeZone|Name|Type|Status|Currency|Gross|Transaction ID|From Email Address|"
    "Balance Impact",
    """
    01/13/2026|10:00:00|PST|Ann|Express Checkout Payment|Completed|USD|1,030.00|T1|Ann@x.com|Credit
    07/14/2026|10:00:00|PDT|Ann|Payment Refund|Completed|USD|-30.00|T2|shop@x.com|Debit
    07/14/2026|11:00:00|PDT|Bank|General Withdrawal|Completed|USD|-500.00|T3|shop@x.com|Debit
    07/15/2026|11:00:00|PDT|Bob|Website Payment|Pending|USD|20.00|T4|bob@x.com|Credit
    07/15/2026|11:00:00|PDT|Bob|Website Payment|Completed|USD|20.00|T5|bob@x.com|Memo
    """,
    [
        ("T1", "ann@x.com", "2026-01-13 18:00:00", 1030, None),
        ("T2", "shop@x.com", "2026-07-14 17:00:00", -30, None),
        ("T3", "shop@x.com", "2026-07-14 18:00:00", -500, "no_sale"),
        ("T4", "bob@x.com", "2026-07-15 18:00:00", 20, "unpaid"),
        ("T5", "bob@x.com", "2026-07-15 18:00:00", 20, "no_sale"),
    ],
)  # fmt: skip
sample(
    "paypal_de", "orders",
    "Datum|Uhrzeit|Zeitzone|Typ|Status|Währung|Brutto|Transaktionscode|Absender E-Mail-Adresse|"
    "Auswirkung auf Guthaben",
    """
    03.04.2026|10:00:00|CEST|Allgemeine Zahlung|Abgeschlossen|EUR|1.030,50|T1|Ann@x.com|Haben
    04.04.2026|10:00:00|CEST|Rückzahlung|Abgeschlossen|EUR|-30,50|T2|ann@x.com|Soll
    04.04.2026|10:00:00|CEST|Allgemeine Abbuchung|Abgeschlossen|EUR|-30,50|T3||Soll
    """,
    [
        ("T1", "ann@x.com", "2026-04-03 08:00:00", 1030.5, None),
        ("T2", "ann@x.com", "2026-04-04 08:00:00", -30.5, None),
        ("T3", None, "2026-04-04 08:00:00", -30.5, "no_sale"),
    ],
)  # fmt: skip
SQUARE = "Date|Time|Time Zone|Gross Sales|Net Sales|Transaction ID|Event Type|Customer ID"
sample(
    "square_items", "orders", SQUARE + "|Item|Qty",
    """
    2026-01-05|10:00:00|Eastern Time (US & Canada)|$8.00|$7.05|t1|Payment|C1|Tea|1
    2026-01-05|10:00:00|Eastern Time (US & Canada)|$1,002.00|$1,002.00|t1|Payment|C1|Pot|1
    2026-07-05|10:00:00|Eastern Time (US & Canada)|-$8.00|-$7.05|t2|Refund|C1|Tea|-1
    2026-07-06|10:00:00|Pacific Time (US & Canada)|$2.00|$2.00|t3|Payment||Tea|1
    """,
    [
        ("t1", "C1", "2026-01-05 15:00:00", 1009.05, None),
        ("t2", "C1", "2026-07-05 14:00:00", -7.05, None),
        ("t3", None, "2026-07-06 17:00:00", 2, None),
    ],
)  # fmt: skip
sample(
    "square_transactions", "orders", SQUARE + "|Total Collected",
    """
    10/15/2026|2:30:00 PM|Eastern Time (US & Canada)|$8.00|$7.05|t1|Payment|C1|$8.10
    10/16/2026|2:30:00 PM|Eastern Time (US & Canada)|$0.00|$0.00|t2|No Sale||$0.00
    """,
    [
        ("t1", "C1", "2026-10-15 18:30:00", 7.05, None),
        ("t2", None, "2026-10-16 18:30:00", 0, "no_sale"),
    ],
)  # fmt: skip
sample(
    "wix", "orders",
    "Order number|Date created|Time|Contact email|Item|Total|Refunded amount|Payment status|"
    "Fulfillment status",
    """
    10|Jan 8, 2026|9:15:51 AM|Ann@x.com|Mug|30.00|5.00|Paid|Fulfilled
    10|Jan 8, 2026|9:15:51 AM|Ann@x.com|Cup|30.00|5.00|Paid|Fulfilled
    11|Jan 9, 2026|9:15:51 PM|bob@x.com|Cup|12.00|0.00|Unpaid|Unfulfilled
    """,
    [
        ("10", "ann@x.com", "2026-01-08 08:15:51", 25, None),
        ("11", "bob@x.com", "2026-01-09 20:15:51", 12, "unpaid"),
    ],
)  # fmt: skip
sample(
    "woo_advanced", "orders",
    "Order Number|Order Status|Order Date|Email (Billing)|Order Total Amount|Order Refund Amount",
    """
    7|wc-completed|2026-01-15 12:00:00|Ann@x.com|40.00|5.00
    7|wc-completed|2026-01-15 12:00:00|Ann@x.com|40.00|5.00
    8|Cancelled|2026-01-16 12:00:00|bob@x.com|10.00|0
    9|refunded|2026-01-16 12:00:00|bob@x.com|10.00|0
    """,
    [
        ("7", "ann@x.com", "2026-01-15 11:00:00", 35, None),
        ("8", "bob@x.com", "2026-01-16 11:00:00", 10, "cancelled"),
        ("9", "bob@x.com", "2026-01-16 11:00:00", 10, "refunded"),
    ],
)  # fmt: skip
sample(
    "woo_webtoffee", "orders",
    "order_id|order_number|order_date|status|order_total|order_currency|customer_id|billing_email|"
    "line_item_1",
    """
    7|W7|2026-01-15 12:00:00|completed|40.00|EUR|0|Ann@x.com|name:Mug
    8|W8|2026-01-16 12:00:00|failed|10.00|EUR|3|bob@x.com|name:Mug
    """,
    [
        ("W7", "ann@x.com", "2026-01-15 11:00:00", 40, None),
        ("W8", "bob@x.com", "2026-01-16 11:00:00", 10, "unpaid"),
    ],
)  # fmt: skip
sample(
    "woo_csv_export", "orders",
    "order_id|order_number|date|status|order_total|billing_email|line_items",
    "7|#7|2026-01-15 12:00:00|processing|40.00|Ann@x.com|name:Mug",
    [("#7", "ann@x.com", "2026-01-15 11:00:00", 40, None)],
)  # fmt: skip
sample(
    "woo_analytics", "orders",
    "Date|Order #|N. Revenue (formatted)|Status|Customer|Customer type|Items sold|Net Sales",
    """
    2026-01-15 12:00:00|7|€40.00|completed|Ann A|new|1|40.00
    2026-01-16 12:00:00|8|€40.00|on-hold|Ann A|returning|1|40.00
    """,
    [
        ("7", None, "2026-01-15 11:00:00", 40, None),
        ("8", None, "2026-01-16 11:00:00", 40, "unpaid"),
    ],
)  # fmt: skip
sample(
    "bigcommerce", "orders",
    "Order ID|Order Status|Order Date|Order Time|Order Total (inc tax)|Subtotal (inc tax)|"
    "Refund Amount|Customer Email|Product Details",
    """
    7|Shipped|13/01/2026|12:00:00|40.00|38.00|2.50|Ann@x.com|x
    8|Declined|14/01/2026|12:00:00|40.00|38.00|0|bob@x.com|x
    """,
    [
        ("7", "ann@x.com", "2026-01-13 11:00:00", 37.5, None),
        ("8", "bob@x.com", "2026-01-14 11:00:00", 40, "cancelled"),
    ],
)  # fmt: skip
sample(
    "magento2_grid", "orders",
    "ID|Purchase Point|Purchase Date|Grand Total (Base)|Status|Customer Email|Total Refunded",
    """
    000000007|Main|2026-01-15 12:00:00|EGP 1,200.00|complete|Ann@x.com|EGP 200.00
    000000008|Main|2026-01-15 12:00:00|EGP 90.00|closed|bob@x.com|EGP 90.00
    000000009|Main|2026-01-15 12:00:00|EGP 90.00|canceled|bob@x.com|
    """,
    [
        ("000000007", "ann@x.com", "2026-01-15 11:00:00", 1000, None),
        ("000000008", "bob@x.com", "2026-01-15 11:00:00", 0, None),
        ("000000009", "bob@x.com", "2026-01-15 11:00:00", 90, "cancelled"),
    ],
)  # fmt: skip
sample(
    "prestashop", "orders", "ID|Reference|Customer|Total|Payment|Status|Date",
    """
    7|XKB|A. Ann|40.00|Card|Payment accepted|2026-01-15 12:00:00
    8|XKC|A. Ann|40.00|Card|Payment error|2026-01-15 12:00:00
    """,
    [
        ("7", None, "2026-01-15 11:00:00", 40, None),
        ("8", None, "2026-01-15 11:00:00", 40, "unpaid"),
    ],
)  # fmt: skip
sample(
    "shopee", "orders",
    "Order ID|Order Status|Order Creation Date|Deal Price|Quantity|Total Amount|Username (Buyer)",
    """
    2301|Completed|2026-01-15 12:00|10.00|2|33.00|ann
    2301|Completed|2026-01-15 12:00|5.00|1|33.00|ann
    2302|Cancelled|2026-01-15 12:00|5.00|1|5.00|bob
    """,
    [
        ("2301", "ann", "2026-01-15 11:00:00", 25, None),
        ("2302", "bob", "2026-01-15 11:00:00", 5, "cancelled"),
    ],
)  # fmt: skip
sample(
    "shopee_tw", "orders", "訂單編號|訂單狀態|訂單成立日期|買家總支付金額|買家帳號",
    """
    2301|已完成|2026-01-15 12:00|330|ann
    2301|已完成|2026-01-15 12:00|330|ann
    2302|不成立|2026-01-15 12:00|50|bob
    """,
    [
        ("2301", "ann", "2026-01-15 04:00:00", 330, None),
        ("2302", "bob", "2026-01-15 04:00:00", 50, "cancelled"),
    ],
)  # fmt: skip
sample(
    "lazada", "orders",
    "orderItemId|orderNumber|createTime|customerEmail|paidPrice|refundAmount|status",
    """
    1|L1|01 May 2026 12:34|Ann@x.com|10.00|0|canceled
    2|L1|01 May 2026 12:34|Ann@x.com|10.00|0|delivered
    3|L1|01 May 2026 12:34|Ann@x.com|12.00|2.00|confirmed
    4|L2|02 May 2026 12:34|bob@x.com|12.00|0|canceled
    """,
    [
        ("L1", "ann@x.com", "2026-05-01 10:34:00", 20, None),
        ("L2", "bob@x.com", "2026-05-02 10:34:00", 12, "cancelled"),
    ],
)  # fmt: skip
sample(
    "taobao_orders", "orders",
    "订单编号|买家会员名|总金额|买家实际支付金额|退款金额|订单状态|订单创建时间|收货地址 ",
    """
    ="19301234567890123"|安|30.00|30.00|5.00|交易成功|2026-01-15 12:00:00|x
    ="19301234567890124"|安|10.00|10.00||买家已付款，等待卖家发货|2026/1/16 12:00|x
    ="19301234567890125"|博|10.00|10.00|0.00|交易关闭|2026-01-15 12:00:00|x
    ="19301234567890126"|博|10.00|0.00|0.00|等待买家付款|2026-01-15 12:00:00|x
    """,
    [
        ("19301234567890123", "安", "2026-01-15 04:00:00", 25, None),
        ("19301234567890124", "安", "2026-01-16 04:00:00", 10, None),
        ("19301234567890125", "博", "2026-01-15 04:00:00", 10, "cancelled"),
        ("19301234567890126", "博", "2026-01-15 04:00:00", 0, "unpaid"),
    ],
)  # fmt: skip
sample(
    "taobao_items", "order_lines", "订单编号|标题|价格|购买数量|商品属性|订单状态|商家编码",
    """
    ="1930"|杯子|10.00|2|红|交易成功|M1
    ="1931"|杯子|10.00|1|红|交易关闭|M1
    """,
    [("1930", "M1", None, 20, None), ("1931", "M1", None, 10, "cancelled")],
)  # fmt: skip
sample(
    "taobao_suborders", "orders",
    "子订单编号|主订单编号|标题|买家应付货款|买家实际支付金额|退款金额|订单状态|订单创建时间",
    """
    1|10|杯|20.00|20.00|5.00|交易成功|2026-01-15 12:00:00
    2|10|壶|30.00|30.00|0|交易关闭|2026-01-15 12:00:00
    """,
    [("10", None, "2026-01-15 04:00:00", 15, None)],
)  # fmt: skip
sample(
    "jd", "orders", "订单号|商品ID|订购数量|下单时间|京东价|订单金额|订单状态|下单帐号",
    """
    1|p1|1|2026-01-15 10:00:00|300|500.00|完成|ann
    1|p2|1|2026-01-15 10:00:00|200|500.00|完成|ann
    2|p2|1|2026-01-15 10:00:00|200|200.00|取消|bob
    """,
    [
        ("1", "ann", "2026-01-15 02:00:00", 500, None),
        ("2", "bob", "2026-01-15 02:00:00", 200, "cancelled"),
    ],
)  # fmt: skip
sample(
    "youzan", "orders",
    "订单号|订单状态|订单创建时间|买家付款时间|订单实付金额|订单已退款金额|全部商品名称|买家手机号",
    """
    E1|交易完成|2026-01-15 10:00:00|2026-01-15 10:01:00|50.00|8.00|茶|13800000001
    E2|已关闭|2026-01-15 10:00:00||50.00|0|茶|13800000002
    """,
    [
        ("E1", "13800000001", "2026-01-15 02:00:00", 42, None),
        ("E2", "13800000002", "2026-01-15 02:00:00", 50, "cancelled"),
    ],
)  # fmt: skip
sample(
    "youzan_goods", "order_lines",
    "订单号|商品名称|商品编码|订单商品状态|商品单价|商品数量|商品已退款金额",
    "E1|茶|T1|交易完成|10.00|3|4.00",
    [("E1", "T1", None, 26, None)],
)  # fmt: skip
sample(
    "pinduoduo", "orders",
    "订单成交时间|订单号|订单状态|用户实付金额(元)|商家实收金额(元)|商品数量(件)|售后状态|发货时间",
    """
    2026-01-15 10:00:00|P1|已收货|20.00|19.00|1|无售后或售后取消|
    |P2|已发货，待收货|20.00|19.00|1|无售后或售后取消|2026-01-16 10:00:00
    2026-01-15 10:00:00|P3|已收货|20.00|19.00|1|退款成功|
    """,
    [
        ("P1", None, "2026-01-15 02:00:00", 19, None),
        ("P2", None, "2026-01-16 02:00:00", 19, None),
        ("P3", None, "2026-01-15 02:00:00", 19, "refunded"),
    ],
)  # fmt: skip
sample(
    "douyin", "orders",
    "主订单编号|子订单编号|选购商品|订单应付金额|订单提交时间|订单状态|售后状态",
    """
    D1|D1a|茶|20.00|2026-01-15 10:00:00|已完成|-
    D1|D1b|壶|30.00|2026-01-15 10:00:00|已完成|退款成功
    D2|D2a|壶|30.00|2026-01-15 10:00:00|已关闭|-
    """,
    [
        ("D1", None, "2026-01-15 02:00:00", 20, None),
        ("D2", None, "2026-01-15 02:00:00", 30, "cancelled"),
    ],
)  # fmt: skip
sample(
    "hubspot_deals", "orders",
    "Record ID|Deal Name|Deal Stage|Amount|Close Date|Associated Company IDs",
    """
    1|Big|Closed Won|1000|2026-01-15 10:00|77
    2|Small|contractsent|50|2026-01-16 10:00|78
    """,
    [
        ("1", "77", "2026-01-15 09:00:00", 1000, None),
        ("2", "78", "2026-01-16 09:00:00", 50, "no_sale"),
    ],
)  # fmt: skip
sample(
    "zoho_deals", "orders",
    "Record Id|Deal Owner.id|Deal Name|Amount|Closing Date|Account Name.id|Stage",
    """
    zcrm_1|o|Big|1000|2026-01-15|zcrm_77|Closed Won
    zcrm_2|o|Small|50|2026-01-16|zcrm_78|Qualification
    """,
    [
        ("zcrm_1", "zcrm_77", "2026-01-14 23:00:00", 1000, None),
        ("zcrm_2", "zcrm_78", "2026-01-15 23:00:00", 50, "no_sale"),
    ],
)  # fmt: skip
sample(
    "shopify_customers", "customers",
    "First Name|Last Name|Email|Accepts Email Marketing|Total Spent|Total Orders|Tax Exempt",
    "Ann|A|Ann@X.com|yes|10|1|no",
    [("ann@x.com", None, None, None, None)],
)  # fmt: skip
sample(
    "zendesk", "contacts",
    "Summation column|Id|Requester|Requester email|Created at|Solved at|Group|Satisfaction Score",
    "1|5|Ann|Ann@x.com|2026-01-15 10:00:00|2026-01-16 10:00:00|Returns|Good",
    [("5", "ann@x.com", "2026-01-15 09:00:00", None, None)],
)  # fmt: skip
sample(
    "freshdesk", "contacts",
    "Ticket ID|Subject|Status|Agent interactions|Customer interactions|Created time|Closed time|"
    "Type|Contact ID|Full name",
    """
    5|Where?|Closed|1|2|2026-01-15 10:00:00|2026-01-16 10:00:00|Delivery|99|Ann
    6|Win!!|Spam|0|1|2026-01-15 10:00:00||Other|98|X
    """,
    [
        ("5", "99", "2026-01-15 09:00:00", None, None),
        ("6", "98", "2026-01-15 09:00:00", None, "spam"),
    ],
)  # fmt: skip

# Surveys: the question's column is called as `QUESTIONS` says, else Score.
QUESTIONS = {
    "qualtrics": "Q1", "qualtrics_legacy": "Q1", "trustpilot": "Review Stars",
    "google_play": "Star Rating", "wjx": "3、您有多大可能推荐我们？",
}  # fmt: skip
BENEATH = {  # further header rows
    "qualtrics": [{"ResponseId": "Antwort-ID", "Q1": "How likely?"},
                  {"ResponseId": '{"ImportId":"_recordId"}', "Q1": '{"ImportId":"QID1"}'}],
    "qualtrics_legacy": [{"V1": "ResponseID", "Q1": "How likely?"}],
    "surveymonkey": [{"Score": "Response"}],
}  # fmt: skip
sample(
    "qualtrics", "responses",
    "RecordedDate|Status|Finished|Progress|ResponseId|ExternalReference|RecipientEmail|"
    "DistributionChannel|Q1",
    """
    2026-01-15 10:00:00|IP Address|True|100|R_1|C1||email|9
    2026-01-15 10:00:00|0|1|100|R_2||Ann@x.com|email|10
    2026-01-15 10:00:00|Survey Preview|True|100|R_3|||preview|10
    2026-01-15 10:00:00|1|1|100|R_4|||gl|10
    2026-01-15 10:00:00|IP-Adresse|False|40|R_5|C2||email|3
    2026-01-15 10:00:00|Spam|True|100|R_6|C2||email|3
    """,
    [
        ("R_1", "C1", "2026-01-15 09:00:00", 9, None),
        ("R_2", "ann@x.com", "2026-01-15 09:00:00", 10, None),
        ("R_3", None, "2026-01-15 09:00:00", 10, "preview"),
        ("R_4", None, "2026-01-15 09:00:00", 10, "preview"),
        ("R_5", "C2", "2026-01-15 09:00:00", 3, "unfinished"),
        ("R_6", "C2", "2026-01-15 09:00:00", 3, "spam"),
    ],
)  # fmt: skip
sample(
    "qualtrics_legacy", "responses", "V1|V2|V3|V4|V5|V6|V7|V8|V9|V10|Q1",
    """
    R_1|set|Ann|C1|ann@x.com|1.2.3.4|0|2026-01-15 09:58:00|2026-01-15 10:00:00|1|9
    R_2|set|Ann|C1|ann@x.com|1.2.3.4|1|2026-01-15 09:58:00|2026-01-15 10:00:00|1|9
    """,
    [
        ("R_1", "C1", "2026-01-15 09:00:00", 9, None),
        ("R_2", "C1", "2026-01-15 09:00:00", 9, "preview"),
    ],
)  # fmt: skip
sample(
    "surveymonkey", "responses",
    "Respondent ID|Collector ID|Start Date|End Date|Email Address|Custom Data 1|Score",
    """
    1001|5|01/15/2026 09:58:00 AM|01/15/2026 10:00:00 AM|Ann@x.com||9
    1002|5|01/15/2026 09:58:00 AM||bob@x.com||3
    """,
    [
        ("1001", "ann@x.com", "2026-01-15 09:00:00", 9, None),
        ("1002", "bob@x.com", "2026-01-15 08:58:00", 3, "unfinished"),
    ],
)  # fmt: skip
sample(
    "typeform", "responses",
    "#|Score|email|Response Type|Start Date (UTC)|Submit Date (UTC)|Network ID",
    """
    a1|9|Ann@x.com|completed|2026-01-15 09:58:00|2026-01-15 10:00:00|n
    a2|3|bob@x.com|partial|2026-01-15 09:58:00||n
    """,
    [
        ("a1", "ann@x.com", "2026-01-15 10:00:00", 9, None),
        ("a2", "bob@x.com", "2026-01-15 09:58:00", 3, "unfinished"),
    ],
)  # fmt: skip
sample(
    "google_forms", "responses", "Zeitstempel|E-Mail-Adresse|Score",
    "15.01.2026 10:00:00|Ann@x.com|9",
    [("row 2", "ann@x.com", "2026-01-15 09:00:00", 9, None)],
)  # fmt: skip
sample(
    "ms_forms", "responses", "ID|Start time|Completion time|Email|Name|Score",
    """
    1|1/15/26 9:58:45|1/15/26 10:00:45|anonymous||9
    2|1/15/26 9:58:45|1/15/26 10:00:45|Ann@x.com|Ann|8
    """,
    [
        ("1", None, "2026-01-15 09:00:45", 9, None),
        ("2", "ann@x.com", "2026-01-15 09:00:45", 8, None),
    ],
)  # fmt: skip
sample(
    "ms_forms_zh", "responses", "ID|开始时间|完成时间|电子邮件|姓名|Score",
    "1|2026/1/15 9:58:45|2026/1/15 10:00:45|anonymous||9",
    [("1", None, "2026-01-15 09:00:45", 9, None)],
)  # fmt: skip
sample(
    "tally", "responses", "Submission ID|Respondent ID|Submitted at|Score|email",
    "s1|r1|2026-01-15 10:00:00|9|Ann@x.com",
    [("s1", "ann@x.com", "2026-01-15 09:00:00", 9, None)],
)  # fmt: skip
sample(
    "wjx", "responses",
    "序号|提交答卷时间|所用时间|来源|来源详情|来自IP|"
    "3、您有多大可能推荐我们？|会员名",
    """
    1|2026/01/15 12:00:00|10秒|链接|直接|1.2.3.4(广东)|9|安
    2|2026/01/15 12:00:00|10秒|链接|直接|1.2.3.4(广东)|-3|博
    """,
    [
        ("1", "安", "2026-01-15 04:00:00", 9, None),
        ("2", "博", "2026-01-15 04:00:00", None, None),
    ],
)  # fmt: skip
sample(
    "tencent", "responses", "编号|开始答题时间|结束答题时间|答题时长|Score|会员名",
    "1|2026/1/15 12:00|2026/1/15 12:01|60|9|安",
    [("1", "安", "2026-01-15 04:01:00", 9, None)],
)  # fmt: skip
sample(
    "trustpilot", "responses", "Review Id|Review Created (UTC)|Review Stars|Review Content",
    "v1|2026-01-15 10:00:00|4|fine",
    [("v1", None, "2026-01-15 10:00:00", 4, None)],
)  # fmt: skip
sample(
    "google_play", "responses",
    "Package Name|Star Rating|Review Submit Date and Time|Review Submit Millis Since Epoch|"
    "Review Text|Review Link",
    "com.x|2|2026-01-15T10:00:00Z|1768471200000|slow|https://play/x",
    [("https://play/x", None, "2026-01-15 10:00:00", 2, None)],
)  # fmt: skip
