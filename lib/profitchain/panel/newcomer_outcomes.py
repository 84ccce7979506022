"""What became of newcomers: who of the referred ordered, and who stayed, by how they came.

A referrer is loyal by the orders before the referral, not by what followed. Expressions are as in
`panel`.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis.expr.types import Table

from profitchain.panel.context import Context, purchases
from profitchain.panel.event_order import is_before
from profitchain.panel.experiences import with_clusters_of, year_starts_at
from profitchain.panel.panel import cells, looked_up, total, with_margin

CONVERTING_DAYS = 91  # a referred customer who ordered so soon was won
LOYAL_ORDERS = 3  # before the referral
FIRST_YEAR_DAYS = 365


def newcomer_summaries(
    context: Context, people: Table, everybodys_orders: Table
) -> Iterator[tuple[str, Table]]:
    """Yield what became of the referred, and of newcomers by channel, as far as tables are given.

    Parameters
    ----------
    people : one row a customer: customer_id, cluster.
    everybodys_orders : the orders of all customers, of whom some may be drawn.
    """
    if "referrals" in context.tables:
        yield "conversion_cells", conversion_cells(context, people, everybodys_orders)
    customers = context.tables.get("customers")
    if customers is not None and "acquisition_channel" in customers.columns:
        yield "channel_cells", channel_cells(context, people)


def conversion_cells(context: Context, customers: Table, everybodys_orders: Table) -> Table:
    """Return loyal, cluster (of the referrer), referred, ordered, customers_before.

    One row a referrer's loyalty before the referral; of the lookback, known for `CONVERTING_DAYS`.
    Who was a customer before is no newcomer and counts in `customers_before` alone.
    """
    rows = context.tables["referrals"]
    rows = rows.select("referral_id", "referrer_id", "customer_id", "referred_at")
    until = rows.referred_at + ibis.interval(days=CONVERTING_DAYS)
    rows = rows.mutate(until=until).filter(
        lambda t: t.until < context.ends_at, lambda t: t.referred_at >= context.lookback_starts_at
    )
    bought = purchases(everybodys_orders).select("customer_id", "ordered_at")
    rows = _counted(rows, "customer_id", bought, {
        "before": lambda t: t.ordered_at < t.referred_at,
        "after": lambda t: (t.ordered_at >= t.referred_at) & (t.ordered_at <= t.until),
    })  # fmt: skip
    own = purchases(context.tables["orders"]).select("customer_id", "ordered_at")
    zone = context.company.time_zone
    rows = _counted(rows, "referrer_id", own, {
        "prior": lambda t: is_before(t.ordered_at, t.referred_at, zone),
    })  # fmt: skip
    rows = rows.drop("customer_id").rename(customer_id="referrer_id")
    rows = with_clusters_of(context, rows.mutate(loyal=rows.prior >= LOYAL_ORDERS), customers)
    is_new = rows.before == 0
    return cells(
        rows, ["loyal", "cluster"],
        referred=total(is_new, 1), ordered=total(is_new & (rows.after > 0), 1),
        customers_before=total(~is_new, 1),
    )  # fmt: skip


def channel_cells(context: Context, people: Table) -> Table:
    """Return channel, cluster, customers, retained, and margin where known, of the first year.

    Of those whose first order lies in the year before the last one, each followed for 365 days:
    `retained` ordered a second time in them; margin is all of theirs, less what was paid back.
    """
    orders = with_margin(context)
    bought = purchases(orders)
    first = bought.group_by("customer_id").aggregate(first=bought.ordered_at.min())
    first = first.filter(
        first["first"] >= year_starts_at(context, 2), first["first"] < year_starts_at(context)
    )
    rows = orders.join(first, "customer_id")
    ends = rows["first"] + ibis.interval(days=FIRST_YEAR_DAYS)
    rows = rows.filter(rows.ordered_at >= rows["first"], rows.ordered_at < ends)
    money = {"margin": rows.margin.fill_null(0).sum().cast("int64")} \
        if "margin" in rows.columns else {}  # fmt: skip
    each = rows.group_by("customer_id").aggregate(purchases=total(rows.revenue >= 0, 1), **money)
    names = ["acquisition_channel"]
    each = looked_up(each, context.tables["customers"], "customer_id", names)
    each = with_clusters_of(context, each.mutate(channel=each.acquisition_channel), people)
    each = each.filter(each.channel.notnull())
    sums = {name: each[name].sum().cast("int64") for name in money}
    retained = total(each.purchases > 1, 1)
    return cells(each, ["channel", "cluster"], customers=each.count(), retained=retained, **sums)


def _counted(rows: Table, key: str, orders: Table, conditions: dict) -> Table:  # type: ignore[type-arg]
    """Return referrals with how many orders of one of the two customers meet each condition."""
    orders = orders.rename(**{key: "customer_id"}) if key != "customer_id" else orders
    pairs = rows.select("referral_id", key, "referred_at", "until").join(orders, key)
    counts = {name: total(condition(pairs), 1) for name, condition in conditions.items()}
    found = pairs.group_by("referral_id").aggregate(**counts)
    rows = rows.left_join(found, "referral_id").drop("referral_id_right")
    return rows.mutate(**{name: rows[name].fill_null(0) for name in counts})
