"""Which of a customer's orders came before an answer and which after it, as far as can be known.

An answer is followed from after the order that it is about. An instant at midnight, in the firm's
zone or in UTC, is a day without its time: what happened on that day has no order among itself, but
for the answer's own order, which came first.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.panel.context import Context
from profitchain.sources.casts import from_utc, seconds

A_DAY = 86_400  # seconds
QUARTER_HOUR = 900  # zones differ from UTC by whole ones


def is_a_day(at: Column, zone: str) -> Value:
    """Tell whether an instant is a day alone."""
    in_utc = seconds(at) % A_DAY == 0
    local = seconds(from_utc(at, zone)) % A_DAY == 0
    return ibis.ifelse(seconds(at) % QUARTER_HOUR == 0, in_utc | local, False)


def with_own_order(context: Context, rows: Table) -> Table:
    """Return answers with `own_at`: when the order was placed that they are about, else NULL."""
    orders = context.tables["orders"]
    if not {"order_id"} <= {*rows.columns} & {*orders.columns}:
        return rows
    own = orders.select("order_id", own_key=orders[context.key], own_at="ordered_at")
    rows = rows.left_join(own, "order_id").drop("order_id_right")
    same = rows.own_key == rows[context.key]
    return rows.mutate(own_at=ibis.ifelse(same, rows.own_at, None)).drop("own_key")


def with_instants(context: Context, rows: Table, at: str) -> Table:
    """Return rows with the instants around one: `known_at`, `followed_from`, `own_at`.

    History lies strictly before `known_at`, what follows strictly after `followed_from`.
    """
    instant = rows[at]
    own = rows.own_at if "own_at" in rows.columns else ibis.null("timestamp(6)")
    is_day = is_a_day(instant, context.company.time_zone)
    own_that_day = is_day & (own >= instant) & (seconds(own) - seconds(instant) < A_DAY)
    rest = ibis.ifelse(is_day, A_DAY - 1, 0).as_interval("s")
    return rows.mutate(
        own_at=own,
        known_at=ibis.ifelse(own_that_day, own + ibis.interval(seconds=1), instant),
        followed_from=ibis.greatest(instant + rest, ibis.coalesce(own, instant)),
    )


def placed(pairs: Table, zone: str) -> tuple[Value, Value, Value]:
    """Return of pairs with orders which came before, which after, and which can't be placed.

    Parameters
    ----------
    pairs : ordered_at, and `with_instants`.
    """
    is_own = (pairs.ordered_at == pairs.own_at).fill_null(False)
    earlier = is_before(pairs.ordered_at, pairs.known_at, zone)
    before = earlier | (is_own & (pairs.ordered_at < pairs.known_at))
    after = pairs.ordered_at > pairs.followed_from
    return before, after, ~before & ~after & ~is_own


def is_before(at: Column, known_at: Column, zone: str) -> Value:
    """Tell whether something came before an instant for certain: not if it may be of that day."""
    gap = seconds(known_at) - seconds(at)
    return (at < known_at) & ~((gap >= 0) & (gap < A_DAY) & is_a_day(at, zone))
