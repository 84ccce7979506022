"""Guests' orders and anonymous answers: counted as money and scores, followed to nobody.

Both count in full in whatever needs no customer. Each is independent of all others there, as if it
were a customer of its own: nobody knows which of them are of one person.
"""

from __future__ import annotations

from dataclasses import replace

import ibis
from ibis.expr.types import Table

from profitchain.intake.hashing import md5_digits
from profitchain.panel.context import Context, purchases
from profitchain.panel.customers import EXACT_CLUSTERS, bucket_of
from profitchain.panel.panel import as_text, cells, looked_up, segment_columns, total, with_margin

KEYS = {"orders": "order_id", "responses": "response_id"}  # which name each row
GUEST = "guest"  # in `activity`: 1 in the rows of guests; not there without any


def set_apart(context: Context) -> Context:
    """Return the context with what belongs to nobody known taken out of its tables, if any does."""
    tables, unnamed = dict(context.tables), {}
    for name in KEYS:
        rows = tables.get(name)
        if rows is None:
            continue
        if "customer_id" not in rows.columns:
            rows = rows.mutate(customer_id=ibis.null("string"))
        without = rows.filter(rows.customer_id.isnull())
        if int(without.count().execute()):
            tables[name], unnamed[name] = rows.filter(rows.customer_id.notnull()), without
        else:
            tables[name] = rows
    return replace(context, tables=tables, unnamed=unnamed)


def counts(context: Context) -> dict[str, int]:
    """Return how many orders are guests', and how many answers are anonymous, as far as any are.

    `no_customers`: all orders are guests'; `unlinked`: no answer can be followed to orders, since
    all of the ones or of the others name nobody (1).
    """
    facts = {}
    empty = [n for n in context.unnamed if not int(context.tables[n].count().execute())]
    if "orders" in empty:
        facts["no_customers"] = 1
    if empty and set(KEYS) <= set(context.tables):
        facts["unlinked"] = 1
    if (guests := context.unnamed.get("orders")) is not None:
        facts["guest_orders"] = int(purchases(guests).count().execute())
    if (answers := context.unnamed.get("responses")) is not None:
        named = context.tables["responses"].count().execute()
        facts["anonymous"] = int(answers.count().execute())
        facts["answers"] = int(named) + facts["anonymous"]
        if context.company.main is not None:
            now = context.period_of(answers.responded_at) == context.period.name
            scored = answers.filter(answers[context.score_column].notnull(), now)
            facts["anonymous_now"] = int(scored.count().execute())
    return facts


def with_own_clusters(context: Context, name: str, rows: Table) -> Table:
    """Return rows with `cluster`, below zero: each its own; of very many, one of 256 buckets."""
    key = rows[KEYS[name]]
    if int(rows.count().execute()) > EXACT_CLUSTERS:
        place = bucket_of(md5_digits(key, context.engine))
    else:
        place = ibis.row_number().over(ibis.window(order_by=key)).cast("int64")
    return rows.mutate(cluster=-1 - place)


def guests_activity(context: Context) -> Table:
    """Return one row a trend period and cluster of guests: orders, revenue, margin if known."""
    guests = replace(context, tables={**context.tables, "orders": context.unnamed["orders"]})
    orders = with_margin(guests, "order_id")
    orders = orders.mutate(period=context.period_of(orders.ordered_at))
    rows = with_own_clusters(context, "orders", orders.filter(orders.period.notnull()))
    sums = {"orders": total(rows.revenue >= 0, 1), "revenue": total(True, rows.revenue)}
    if "margin" in rows.columns:
        sums["margin"] = total(True, rows.margin)
    return cells(rows, ["period", "cluster"], **sums)


def anonymous_answers(context: Context) -> Table:
    """Return one row an anonymous answer: responded_at, scores, cluster, segments as text.

    A segment is looked up on the answer itself, else with its order, whoever placed that.
    """
    segments = segment_columns(context.company)
    rows = with_own_clusters(context, "responses", context.unnamed["responses"])
    missing = [name for name in segments if name not in rows.columns]
    if missing and "order_id" in rows.columns and "orders" in context.tables:
        rows = looked_up(rows, context.all_orders(missing), "order_id", missing)
    missing = [name for name in segments if name not in rows.columns]
    rows = rows.mutate(**{name: ibis.null("string") for name in missing})
    return as_text(rows, segments)
