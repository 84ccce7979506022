"""What followed complaints, contacts and orders: who came back, who asked again, what came back.

Whether a complaint was handled is settled some days after it was made, and what its customer does
is counted from then on, so that nobody is handled for having stayed. Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis.expr.types import Table

from profitchain.panel.context import Context, purchases
from profitchain.panel.event_order import is_before
from profitchain.panel.experiences import (
    scored_answers,
    with_clusters_of,
    with_last_score,
)
from profitchain.panel.panel import cells, total
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths

HANDLED_DAYS = 3  # a complaint closed so soon was handled in time
FOLLOWED_DAYS = 91  # how long its customer is followed from then on
RESOLVED_DAYS = 14  # another contact on the topic so soon: the first one didn't resolve it
RETURN_DAYS = 60  # how long an order is followed to its return
MOST_PRIOR = 3  # orders before a complaint: as many or more are alike


def service_summaries(context: Context, people: Table) -> Iterator[tuple[str, Table]]:
    """Yield what followed complaints, contacts and orders, as far as tables are given.

    Parameters
    ----------
    people : one row a customer: customer_id, cluster.
    """
    contacts = context.tables.get("contacts")
    if contacts is not None:
        yield "contact_repeats", contact_repeats(context, people)
        if "is_complaint" in contacts.columns and handled_by(contacts) is not None:
            yield "handling_cells", handling_cells(context, people)
    if context.company.main is not None and "responses" in context.tables:
        yield "return_cells", return_cells(context, people)


def handled_by(contacts: Table) -> str | None:
    """Return the column that says when a contact was handled: closed, else first answered."""
    names = (name for name in ("closed_at", "first_response_at") if name in contacts.columns)
    return next(names, None)


def handling_cells(context: Context, customers: Table) -> Table:
    """Return handled, score (before; NULL: none), prior, cluster, n, came, both, before, after.

    One row a kind of complaint: handled within `HANDLED_DAYS` or left, the last score and the
    orders (up to `MOST_PRIOR`) before it. `came` counts those whose customers ordered within
    `FOLLOWED_DAYS` of the day by which it was settled; of `both`, scored before and in that time,
    the sums of scores are `before` and `after`. Those whose time closed in the lookback.
    """
    rows = context.tables["contacts"]
    rows = rows.filter(rows.is_complaint.fill_null(False), rows.customer_id.notnull())
    settled = rows.opened_at + ibis.interval(days=HANDLED_DAYS)
    at = rows[str(handled_by(rows))]
    rows = rows.select("contact_id", "customer_id", "opened_at", settled=settled,
                       handled=(at <= settled).fill_null(False))  # fmt: skip
    rows = rows.mutate(until=rows.settled + ibis.interval(days=FOLLOWED_DAYS))
    rows = rows.filter(rows.until < context.ends_at, rows.until >= context.lookback_starts_at)
    rows = with_last_score(context, rows, "contact_id", "opened_at")
    rows = _with_orders_around(context, rows)
    rows = with_clusters_of(context, _with_next_score(context, rows), customers)
    both = rows.score.notnull() & rows.next_score.notnull()
    return cells(
        rows, ["handled", "score", "prior", "cluster"],
        n=rows.count(), came=total(rows.later > 0, 1), both=total(both, 1),
        before=exact_sum(ibis.ifelse(both, millionths(rows.score), 0), PLACES),
        after=exact_sum(ibis.ifelse(both, millionths(rows.next_score), 0), PLACES),
    )  # fmt: skip


def contact_repeats(context: Context, customers: Table) -> Table:
    """Return cluster, contacts, again: contacts of the lookback, and those followed by another.

    Another of the same customer and topic within `RESOLVED_DAYS`; contacts of the period's last
    days, who may still ask again, are left out.
    """
    rows = context.tables["contacts"]
    rows = rows.filter(rows.customer_id.notnull())
    topic = rows.topic if "topic" in rows.columns else ibis.null("string")
    rows = rows.select("customer_id", "contact_id", "opened_at", topic=topic.fill_null(""))
    window = ibis.window(
        group_by=[rows.customer_id, rows.topic], order_by=[rows.opened_at, rows.contact_id]
    )
    rows = rows.mutate(following=rows.opened_at.lead().over(window))
    within = ibis.interval(days=RESOLVED_DAYS)
    rows = rows.filter(
        rows.opened_at >= context.lookback_starts_at, rows.opened_at < context.ends_at - within
    )
    rows = with_clusters_of(context, rows, customers)
    again = (rows.following <= rows.opened_at + within).fill_null(False)
    return cells(rows, ["cluster"], contacts=rows.count(), again=total(again, 1))


def return_cells(context: Context, customers: Table) -> Table:
    """Return score, cluster, orders, revenue, refunds, paid_back: what was paid back of orders.

    One row a last score before an order of the lookback. A refund (a row below zero) belongs to one
    order of its customer in the `RETURN_DAYS` before: the last one of exactly its amount, else the
    last one of as much. Orders of the last such days may still come back and are left out.
    """
    rows = context.tables["orders"].select("customer_id", "order_id", "ordered_at", "revenue")
    bought, back = purchases(rows), rows.filter(rows.revenue < 0)
    back = back.select("customer_id", refund_id="order_id", back_at="ordered_at",
                       refunded=-back.revenue)  # fmt: skip
    pairs = bought.join(back, "customer_id")
    pairs = pairs.filter(
        pairs.back_at >= pairs.ordered_at,
        pairs.back_at <= pairs.ordered_at + ibis.interval(days=RETURN_DAYS),
        pairs.refunded <= pairs.revenue,
    )
    is_exact = ibis.ifelse(pairs.refunded == pairs.revenue, 1, 0)
    likeliest = ibis.window(
        group_by=pairs.refund_id,
        order_by=[is_exact.desc(), pairs.ordered_at.desc(), pairs.order_id.desc()],
    )
    pairs = pairs.mutate(place=ibis.row_number().over(likeliest))
    own = pairs.filter(pairs.place == 0).group_by("order_id")
    own = own.aggregate(refunds=lambda t: t.count(), paid_back=lambda t: t.refunded.sum())
    followed = context.ends_at - ibis.interval(days=RETURN_DAYS)
    bought = bought.filter(bought.ordered_at >= context.lookback_starts_at,
                           bought.ordered_at < followed)  # fmt: skip
    rows = with_last_score(context, bought, "order_id", "ordered_at")
    rows = rows.filter(rows.score.notnull()).left_join(own, "order_id").drop("order_id_right")
    rows = with_clusters_of(context, rows, customers)
    sums = {name: rows[name].fill_null(0).sum().cast("int64")
            for name in ("revenue", "refunds", "paid_back")}  # fmt: skip
    return cells(rows, ["score", "cluster"], orders=rows.count(), **sums)


def _with_orders_around(context: Context, rows: Table) -> Table:
    """Return complaints with `prior`, orders before (up to `MOST_PRIOR`), and `later` ones."""
    orders = purchases(context.tables["orders"]).select("customer_id", "ordered_at")
    pairs = rows.select("contact_id", "customer_id", "opened_at", "settled", "until")
    pairs = pairs.join(orders, "customer_id")
    earlier = is_before(pairs.ordered_at, pairs.opened_at, context.company.time_zone)
    later = (pairs.ordered_at > pairs.settled) & (pairs.ordered_at <= pairs.until)
    counts = pairs.group_by("contact_id").aggregate(prior=total(earlier, 1), later=total(later, 1))
    rows = rows.left_join(counts, "contact_id").drop("contact_id_right")
    prior = ibis.least(rows.prior.fill_null(0), MOST_PRIOR)
    return rows.mutate(prior=prior, later=rows.later.fill_null(0))


def _with_next_score(context: Context, rows: Table) -> Table:
    """Return complaints with `next_score`, the first one given while they are followed."""
    if context.company.main is None or "responses" not in context.tables:
        return rows.mutate(next_score=ibis.null("float64"))
    given = scored_answers(context).select("customer_id", "responded_at", "id", given="score")
    pairs = rows.select("contact_id", "customer_id", "settled", "until").join(given, "customer_id")
    pairs = pairs.filter(pairs.responded_at > pairs.settled, pairs.responded_at <= pairs.until)
    first = ibis.window(group_by=pairs.contact_id, order_by=[pairs.responded_at, pairs.id])
    pairs = pairs.mutate(place=ibis.row_number().over(first))
    nearest = pairs.filter(pairs.place == 0).select("contact_id", next_score="given")
    return rows.left_join(nearest, "contact_id").drop("contact_id_right")
