"""What the invented shop sells: baskets, prices, discounts, margins, refunds, cancellations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo.arrow_columns import ids, money, stamps, whole, words
from demo.behaviour import DAY, LENGTH, START, choose, stream
from demo.world import World

# product, category, price in 2024 (EUR), cost share, weight in the quarters of the year
CATALOGUE = (
    ("table lamp, brass", "lighting", 89.90, 0.46, (5, 3, 4, 9)),
    ("floor lamp, oak", "lighting", 189.00, 0.50, (2, 1, 2, 4)),
    ("pendant, paper", "lighting", 49.90, 0.40, (5, 4, 4, 6)),
    ("lantern, glass", "lighting", 34.90, 0.42, (3, 5, 6, 9)),
    ("reading light", "lighting", 59.90, 0.48, (4, 2, 3, 5)),
    ("string lights", "lighting", 19.90, 0.38, (2, 4, 5, 12)),
    ("bulb, warm white", "lighting", 7.90, 0.45, (7, 5, 6, 9)),
    ("wool blanket", "textiles", 79.90, 0.50, (5, 1, 2, 9)),
    ("linen duvet cover", "textiles", 119.00, 0.52, (3, 3, 3, 3)),
    ("cushion cover", "textiles", 24.90, 0.40, (7, 7, 7, 8)),
    ("bath towels, pair", "textiles", 39.90, 0.46, (5, 5, 5, 5)),
    ("rug, jute", "textiles", 149.00, 0.55, (2, 2, 2, 2)),
    ("table runner", "textiles", 29.90, 0.42, (3, 3, 3, 6)),
    ("curtains, pair", "textiles", 69.90, 0.48, (3, 3, 3, 3)),
    ("stoneware plates, four", "kitchen", 44.90, 0.47, (5, 5, 5, 7)),
    ("mug, hand glazed", "kitchen", 16.90, 0.40, (8, 6, 6, 11)),
    ("carafe", "kitchen", 27.90, 0.43, (3, 5, 5, 4)),
    ("chopping board, oak", "kitchen", 38.90, 0.50, (4, 4, 4, 5)),
    ("enamel pot", "kitchen", 64.90, 0.53, (3, 2, 2, 4)),
    ("storage jars, three", "kitchen", 22.90, 0.44, (6, 6, 6, 6)),
    ("tea towel set", "kitchen", 14.90, 0.38, (7, 7, 7, 9)),
    ("stool, ash", "furniture", 99.00, 0.56, (2, 2, 2, 2)),
    ("side table", "furniture", 159.00, 0.57, (2, 2, 2, 2)),
    ("bookshelf", "furniture", 329.00, 0.60, (1, 1, 1, 1)),
    ("armchair", "furniture", 489.00, 0.58, (1, 1, 1, 1)),
    ("coat rack", "furniture", 69.00, 0.52, (2, 1, 2, 2)),
    ("candle, beeswax", "decor", 12.90, 0.42, (7, 4, 5, 14)),
    ("vase, terracotta", "decor", 32.90, 0.40, (5, 7, 5, 5)),
    ("mirror, round", "decor", 84.90, 0.50, (2, 2, 2, 2)),
    ("picture frame", "decor", 18.90, 0.38, (6, 5, 5, 8)),
    ("basket, willow", "decor", 36.90, 0.45, (4, 4, 4, 4)),
    ("incense set", "decor", 9.90, 0.35, (4, 3, 3, 6)),
    ("planter", "garden", 29.90, 0.46, (4, 11, 6, 1)),
    ("watering can", "garden", 34.90, 0.48, (2, 8, 5, 1)),
    ("outdoor cushion", "garden", 42.90, 0.47, (1, 8, 6, 0.5)),
    ("fire bowl", "garden", 139.00, 0.56, (0.5, 2, 3, 2)),
)
CATEGORIES = tuple(dict.fromkeys(product[1] for product in CATALOGUE))
PRICE_FACTOR = {2024: 1.0, 2025: 1.03, 2026: 1.06}
LINES_SHARE = {
    0: (0.54, 0.28, 0.13, 0.05),
    1: (0.46, 0.31, 0.16, 0.07),
    2: (0.38, 0.32, 0.20, 0.10),
}
QUANTITY_SHARE = (0.86, 0.11, 0.03)
DISCOUNT_SHARE, DISCOUNT_SHARE_NOVEMBER = 0.15, 0.45
DISCOUNT_STEPS = np.array([5, 10, 15, 20])  # percent
FULFILMENT = 390  # cents an order
SALES_CHANNELS = ("web", "app", "marketplace", "phone")
SALES_CHANNEL_SHARE = (0.56, 0.27, 0.13, 0.04)
REFUNDED_SHARE, CANCELLED_SHARE = 0.018, 0.012


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """The shop's orders and their lines, with the whole cents that other tables need.

    `value` and `margin`: cents of each order of the world, in its order. `lines` are None where
    they weren't asked for.
    """

    orders: pa.Table
    lines: pa.Table | None
    value: np.ndarray
    margin: np.ndarray
    books: pd.DataFrame


def sell(world: World, *, with_lines: bool = True) -> Sales:
    """Return what each order of the world consisted of, as the shop's two tables."""
    rng, n = stream(world.settings.seed, "goods"), len(world.orders)
    lines = _lines(world, rng)
    gross = np.bincount(lines["order"], lines["amount"], n).astype(np.int64)
    cost = np.bincount(lines["order"], lines["cost"], n)
    discount = _discount(world, gross, rng)
    margin = (gross - discount - cost - FULFILMENT).astype(np.int64)
    ledger = _ledger(world, gross - discount, margin, discount)
    numbers = np.full(n, -1)
    ordinary = (ledger["kind"] == ORDERED).to_numpy()
    numbers[ledger["order"].to_numpy()[ordinary]] = ledger["number"].to_numpy()[ordinary]
    return Sales(
        orders=_orders_table(ledger),
        lines=_lines_table(lines, numbers) if with_lines else None,
        value=gross - discount,
        margin=margin,
        books=ledger[ledger["kind"] != CANCELLED],
    )


ORDERED, REFUNDED, CANCELLED = range(3)
STATUSES = ("completed", "refunded", "cancelled")


def order_ids(sales: Sales) -> pa.Array:
    """Return the id of each order of the world, in its order."""
    ordinary = sales.books[sales.books["kind"] == ORDERED].sort_values("order")
    return ids("O", ordinary["number"].to_numpy(), 7)


def _lines(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row an order and product, in order of the orders: amounts and costs in cents."""
    tier = world.people["tier"].to_numpy()[world.orders["customer"]]
    count = np.ones(len(tier), dtype=np.int64)
    for code, shares in LINES_SHARE.items():
        count[tier == code] = 1 + choose(rng, shares, int((tier == code).sum()))
    order = np.repeat(np.arange(len(tier)), count)
    placed = START + world.orders["placed"].to_numpy().astype("timedelta64[s]")
    month = placed.astype("datetime64[M]").astype(int)
    product = _products((month % 12 // 3)[order], rng)
    codes = np.sort(order * len(CATALOGUE) + product)
    order, product = np.divmod(codes[np.diff(codes, prepend=-1) > 0], len(CATALOGUE))
    price = _prices()[(month // 12 + 1970 - min(PRICE_FACTOR))[order], product]
    quantity = 1 + choose(rng, QUANTITY_SHARE, len(order)).astype(np.int64)
    share = np.array([item[3] for item in CATALOGUE])[product]
    lines = {"order": order, "product": product, "quantity": quantity, "price": price}
    amount = price * quantity
    return pd.DataFrame(lines | {"amount": amount, "cost": np.rint(amount * share)}, copy=False)


def _products(quarter: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    product = np.empty(len(quarter), dtype=np.int64)
    for part in range(4):
        here = quarter == part
        shares = tuple(item[4][part] for item in CATALOGUE)
        product[here] = choose(rng, shares, int(here.sum()))
    return product


def _prices() -> np.ndarray:
    """Return cents by year and product: raised every January, ending in 90 cents or whole euros."""
    base = np.array([item[2] for item in CATALOGUE])
    raised = np.rint(base * np.array(list(PRICE_FACTOR.values()))[:, None])
    return (raised * 100 - np.where(base % 1 > 0, 10, 0)).astype(np.int64)


def _discount(world: World, gross: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    placed = START + world.orders["placed"].to_numpy().astype("timedelta64[s]")
    november = placed.astype("datetime64[M]").astype(int) % 12 == 10
    reduced = rng.random(len(gross)) < np.where(november, DISCOUNT_SHARE_NOVEMBER, DISCOUNT_SHARE)
    percent = DISCOUNT_STEPS[rng.integers(0, len(DISCOUNT_STEPS), len(gross))]
    return np.where(reduced, np.rint(gross * percent / 100), 0).astype(np.int64)


def _ledger(
    world: World, value: np.ndarray, margin: np.ndarray, discount: np.ndarray
) -> pd.DataFrame:
    """Return one row an entry of the order book, in order of time, numbered among its like."""
    rng, n = stream(world.settings.seed, "order book"), len(world.orders)
    placed = world.orders["placed"].to_numpy()
    bought = pd.DataFrame(
        {
            "order": np.arange(n),
            "customer": world.orders["customer"].to_numpy(),
            "at": placed,
            "revenue": value,
            "margin": margin,
            "discount": discount,
            "channel": choose(rng, SALES_CHANNEL_SHARE, n),
            "kind": ORDERED,
        }
    )
    back_at = (placed // DAY + rng.integers(5, 41, n)) * DAY + rng.integers(9 * 3600, 17 * 3600, n)
    refunded = (rng.random(n) < REFUNDED_SHARE) & (back_at < LENGTH)
    refunds = bought[refunded].assign(at=back_at[refunded], kind=REFUNDED)
    refunds = refunds.assign(revenue=-refunds["revenue"], margin=-refunds["margin"], discount=0)
    # a cancelled order is a slip by day, minutes before the customer orders the same again
    slips = (rng.random(n) < CANCELLED_SHARE) & (placed % DAY > 8 * 3600)
    minutes = rng.integers(2, 90, n)
    slipped = bought[slips].assign(at=(placed - minutes * 60)[slips], kind=CANCELLED)
    # by kind and order already, so that a stable sort leaves them so within an instant
    ledger = pd.concat([bought, refunds, slipped], ignore_index=True)
    ledger = ledger.sort_values("at", kind="stable", ignore_index=True)
    back = ledger["kind"] == REFUNDED
    return ledger.assign(number=np.where(back, back.cumsum(), (~back).cumsum()))


def _orders_table(ledger: pd.DataFrame) -> pa.Table:
    back = (ledger["kind"] == REFUNDED).to_numpy()
    numbers = ledger["number"].to_numpy()
    plain, returned = ids("O", numbers, 7), ids("R", numbers, 6)
    return pa.table(
        {
            "order_id": pc.if_else(pa.array(back), returned, plain),
            "customer_id": ids("C", ledger["customer"].to_numpy() + 1, 6),
            "ordered_at": stamps(ledger["at"].to_numpy()),
            "revenue": money(ledger["revenue"].to_numpy()),
            "margin": money(ledger["margin"].to_numpy()),
            "discount": money(ledger["discount"].to_numpy()),
            "channel": words(SALES_CHANNELS, ledger["channel"].to_numpy()),
            "status": words(STATUSES, ledger["kind"].to_numpy()),
        }
    )


def _lines_table(lines: pd.DataFrame, numbers: np.ndarray) -> pa.Table:
    product = lines["product"].to_numpy()
    category = [CATEGORIES.index(item[1]) for item in CATALOGUE]
    table = pa.table(
        {
            "order_id": ids("O", numbers[lines["order"].to_numpy()], 7),
            "product_id": ids("P", product + 1, 2),
            "category": words(CATEGORIES, np.array(category)[product]),
            "quantity": whole(lines["quantity"].to_numpy()),
            "unit_price": money(lines["price"].to_numpy()),
            "revenue": money(lines["amount"].to_numpy()),
        }
    )
    return table
