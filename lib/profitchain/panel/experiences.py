"""What followed by the score that a customer had given before: offers taken, referrals, complaints.

The score is always the last one given strictly before, within a year. Expressions are as in
`panel`.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.core.periods import months_before, starts_at
from profitchain.intake.hashing import md5_digits
from profitchain.panel.context import Context, purchases
from profitchain.panel.customers import bucket_of
from profitchain.panel.event_order import is_before
from profitchain.panel.panel import cells, total
from profitchain.panel.response_windows import HELD_OUT, OFFERED
from profitchain.sources.casts import seconds

SCORE_LASTS = 365  # days
REFERRING_DAYS = 91  # a quarter: how long an experience is followed to referrals
COMPLAINT_DAYS = 30  # how long an order is followed to complaints
NOT_DRAWN = "not drawn"


def offer_cells(context: Context, customers: Table) -> Table:
    """Return kind, lot, score (NULL: none before), cluster, n, accepted, revenue, cost.

    Of the offers of the lookback; revenue of those accepted and cost of all, where given.

    Parameters
    ----------
    customers : one row a customer: customer_id, cluster.
    """
    offers = context.tables["offers"]
    offers = offers.filter(offers.offered_at >= context.lookback_starts_at)
    lot = ibis.literal(NOT_DRAWN)
    if "is_holdout" in offers.columns:
        drawn = ibis.ifelse(offers.is_holdout, HELD_OUT, OFFERED)
        lot = ibis.ifelse(offers.is_holdout.isnull(), NOT_DRAWN, drawn)
    rows = with_last_score(context, offers.mutate(lot=lot), "offer_id", "offered_at")
    if "accepted" not in rows.columns:
        rows = rows.mutate(accepted=ibis.null("boolean"))
    rows = with_clusters_of(context, rows.filter(rows.accepted.notnull()), customers)
    sums = {"n": rows.count(), "accepted": total(rows.accepted, 1)}
    if "amount" in rows.columns:
        sums["revenue"] = total(rows.accepted, rows.amount.fill_null(0))
    if "cost" in rows.columns:
        sums["cost"] = rows.cost.fill_null(0).sum().cast("int64")
    return cells(rows, ["kind", "lot", "score", "cluster"], **sums)


def referral_cells(context: Context, customers: Table) -> Table:
    """Return score, cluster, answers, exposure (seconds), referrals: what followed answers.

    An answer of the lookback is followed for a quarter, to the customer's next order or answer, or
    to the period's end, whatever comes first.
    """
    orders = purchases(context.tables["orders"])
    given = scored_answers(context)
    nothing = {"id": ibis.null("string"), "score": ibis.null("float64")}
    events = given.select("customer_id", "id", "score", at=given.responded_at).union(
        orders.select("customer_id", at=orders.ordered_at, **nothing)
        .select("customer_id", "id", "score", "at")
    )  # fmt: skip
    by_customer = ibis.window(group_by=events.customer_id, order_by=[events.at, events.id])
    rows = events.mutate(until=_until(context, events.at, by_customer, REFERRING_DAYS))
    rows = rows.filter(rows.id.notnull(), rows.at >= context.lookback_starts_at)
    told = context.tables["referrals"].select("referrer_id", "referred_at")
    pairs = rows.select("customer_id", "id", "at", "until").join(
        told, rows.customer_id == told.referrer_id
    )
    pairs = pairs.filter(pairs.referred_at > pairs.at, pairs.referred_at <= pairs.until)
    found = pairs.group_by("id").aggregate(referrals=pairs.count())
    rows = with_clusters_of(context, rows.left_join(found, "id").drop("id_right"), customers)
    return cells(
        rows, ["score", "cluster"],
        answers=rows.count(),
        exposure=(seconds(rows.until) - seconds(rows.at)).sum().cast("int64"),
        referrals=rows.referrals.fill_null(0).sum().cast("int64"),
    )  # fmt: skip


def complaint_cells(context: Context, customers: Table) -> Table:
    """Return score, cluster, orders, contacts, complaints and their costs, as far as known.

    One order counts with what its customer wrote or called about within thirty days and before the
    next order: so what concerns an earlier order is no part of it. The score was given before.
    """
    orders = purchases(context.tables["orders"]).select("customer_id", "order_id", "ordered_at")
    by_customer = ibis.window(
        group_by=orders.customer_id, order_by=[orders.ordered_at, orders.order_id]
    )
    orders = orders.mutate(until=_until(context, orders.ordered_at, by_customer, COMPLAINT_DAYS))
    followed = context.ends_at - ibis.interval(days=COMPLAINT_DAYS)
    first = context.lookback_starts_at
    orders = orders.filter(orders.ordered_at >= first, orders.ordered_at < followed)
    rows = with_last_score(context, orders, "order_id", "ordered_at")
    rows = rows.filter(rows.score.notnull())
    contacts = context.tables["contacts"].drop("contact_id")
    pairs = rows.select("customer_id", "order_id", "ordered_at", "until")
    pairs = pairs.join(contacts, "customer_id")
    pairs = pairs.filter(pairs.opened_at >= pairs.ordered_at, pairs.opened_at < pairs.until)
    sums = {"contacts": pairs.count()}
    bad = pairs.is_complaint.fill_null(False) if "is_complaint" in pairs.columns else None
    if bad is not None:
        sums["complaints"] = total(bad, 1)
    if "cost" in pairs.columns:
        sums["contact_cost"] = pairs.cost.fill_null(0).sum().cast("int64")
        if bad is not None:
            sums["complaint_cost"] = total(bad, pairs.cost.fill_null(0))
    found = pairs.group_by("order_id").aggregate(**sums)
    rows = rows.left_join(found, "order_id").drop("order_id_right")
    rows = with_clusters_of(context, rows, customers)
    added = {name: rows[name].fill_null(0).sum().cast("int64") for name in sums}
    return cells(rows, ["score", "cluster"], orders=rows.count(), **added)


def year_exposure(context: Context) -> Table:
    """Return orders and exposure (seconds) of the last 365 days: each followed like an answer."""
    orders = purchases(context.tables["orders"]).select("customer_id", "order_id", "ordered_at")
    by_customer = ibis.window(
        group_by=orders.customer_id, order_by=[orders.ordered_at, orders.order_id]
    )
    rows = orders.mutate(until=_until(context, orders.ordered_at, by_customer, REFERRING_DAYS))
    rows = rows.filter(rows.ordered_at >= context.ends_at - ibis.interval(days=365))
    spent = (seconds(rows.until) - seconds(rows.ordered_at)).sum()
    return rows.aggregate(orders=rows.count(), exposure=spent.fill_null(0).cast("int64"))


def with_last_score(context: Context, rows: Table, key: str, at: str) -> Table:
    """Return rows with `score`: the last one given strictly before an instant; NULL where none.

    Parameters
    ----------
    key : the column that tells rows apart.
    at : the column of instants.
    """
    if context.company.main is None or "responses" not in context.tables:
        return rows.mutate(score=ibis.null("float64"))
    pairs = rows.select(key, "customer_id", at).join(scored_answers(context), "customer_id")
    pairs = pairs.filter(
        is_before(pairs.responded_at, pairs[at], context.company.time_zone),
        pairs.responded_at >= pairs[at] - ibis.interval(days=SCORE_LASTS),
    )
    newest = ibis.window(group_by=pairs[key], order_by=[pairs.responded_at.desc(), pairs.id.desc()])
    latest = pairs.mutate(place=ibis.row_number().over(newest))
    latest = latest.filter(latest.place == 0).select(key, "score")
    return rows.left_join(latest, key).drop(f"{key}_right")


def with_clusters_of(context: Context, rows: Table, customers: Table) -> Table:
    """Return rows with `cluster`: the customer's, or a bucket below zero of who never ordered."""
    known = customers.select("customer_id", "cluster")
    rows = rows.left_join(known, "customer_id").drop("customer_id_right")
    stranger = -1 - bucket_of(md5_digits(rows.customer_id, context.engine))
    return rows.mutate(cluster=ibis.coalesce(rows.cluster, stranger).cast("int64"))


def year_starts_at(context: Context, back: int = 1) -> Value:
    """Return the first instant of the year to the period's end, or of one `back` years before."""
    first = months_before(context.period.shift(1).first_day, 12 * back)
    return ibis.timestamp(starts_at(first, context.company.time_zone))


def scored_answers(context: Context) -> Table:
    """Return customer_id, responded_at, id, score of all answers to the main question."""
    rows = context.tables["responses"]
    rows = rows.filter(rows[context.score_column].notnull())
    score = rows[context.score_column].cast("float64")
    return rows.select("customer_id", "responded_at", id=rows.response_id, score=score)


def _until(context: Context, at: Column, by_customer: object, days: int) -> Value:
    """Return when the following of an event ends: the next one, so many days, or the period."""
    following = at.lead().over(by_customer)
    return ibis.least(
        ibis.coalesce(following, context.ends_at), at + ibis.interval(days=days), context.ends_at
    )
