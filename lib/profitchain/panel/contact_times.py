"""How long contacts waited for an answer and their close, and what followed them.

Expressions are as in `panel`. What comes after the period is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis.expr.types import Table, Value

from profitchain.panel.context import Context
from profitchain.panel.panel import cells
from profitchain.sources.casts import seconds
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths

FIRST, CLOSED, BACKLOG = "first response", "close", "backlog"
STEPS = {FIRST: "first_response_at", CLOSED: "closed_at"}
TENTH_OF_AN_HOUR = 360  # seconds
ANSWERED_DAYS, FOLLOWED_DAYS = 2, 90
WAITING, HAPPENED, BEFORE_OPENED = 0, 1, -1


def contact_summaries(context: Context, answers: Table | None) -> Iterator[tuple[str, Table]]:
    """Yield `contact_times` and, where times and orders are known, `contact_sequels`.

    Parameters
    ----------
    answers : one row an answer: who, at, score; None where there are none.
    """
    if not set(STEPS.values()) & set(context.tables["contacts"].columns):
        return
    yield "contact_times", contact_times(context)
    if "orders" in context.tables:
        yield "contact_sequels", contact_sequels(context, answers)


def contact_times(context: Context) -> Table:
    """Return period, step, hours, event, contacts.

    One row a period of opening, a step and a number of hours, in tenths: `event` is 1 where the
    step was taken after them, 0 where it was still waited for at the period's end (of the
    edition), -1 where it lies before the opening. The step `backlog` has the contacts that were
    open at each period's own end.
    """
    contacts = context.tables["contacts"]
    opened = contacts.mutate(period=context.period_of(contacts.opened_at))
    rows = opened.filter(opened.period.notnull())
    parts = [
        _of_step(context, rows, step, rows[column])
        for step, column in STEPS.items()
        if column in contacts.columns
    ]
    if "closed_at" in contacts.columns:
        parts += _backlogs(context, contacts)
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    keys = ["period", "step", "hours", "event"]
    return every.group_by(keys).aggregate(contacts=every.contacts.sum()).order_by(keys)


def _of_step(context: Context, rows: Table, step: str, at: Value) -> Table:
    until = ibis.coalesce(at, context.ends_at)
    took = (seconds(until) - seconds(rows.opened_at)) // TENTH_OF_AN_HOUR
    event = ibis.cases((at.isnull(), WAITING), (at < rows.opened_at, BEFORE_OPENED), else_=HAPPENED)
    return rows.select(
        "period", step=ibis.literal(step),
        hours=ibis.ifelse(event == BEFORE_OPENED, 0.0, took / 10.0).cast("float64"),
        event=event.cast("int64"), contacts=ibis.literal(1, "int64"),
    )  # fmt: skip


def _backlogs(context: Context, contacts: Table) -> list[Table]:
    zone = context.company.time_zone
    parts = []
    for period in context.periods:
        end = ibis.timestamp(period.ends_at(zone))
        open_then = (contacts.opened_at < end) & (
            contacts.closed_at.isnull() | (contacts.closed_at >= end)
        )
        count = contacts.aggregate(contacts=ibis.ifelse(open_then, 1, 0).sum().cast("int64"))
        parts.append(
            count.select(
                period=ibis.literal(period.name), step=ibis.literal(BACKLOG),
                hours=ibis.literal(0.0), event=ibis.literal(WAITING, "int64"),
                contacts=count.contacts,
            )
        )  # fmt: skip
    return parts


def contact_sequels(context: Context, answers: Table | None) -> Table:
    """Return answered, cluster, n, ordered, scored, total: what followed contacts of the lookback.

    One row a cluster of customers and whether a contact was answered within `ANSWERED_DAYS`: how
    many were followed for `FOLLOWED_DAYS` from then on, how many of them had an order in these
    days, how many an answer to the main question, and the sum of those (first) scores.
    """
    contacts = context.tables["contacts"]
    steps = [contacts[c] for c in STEPS.values() if c in contacts.columns]
    first = ibis.least(*steps) if len(steps) > 1 else steps[0]
    if len(steps) > 1:
        first = ibis.coalesce(first, *steps)
    known = contacts.opened_at + ibis.interval(days=ANSWERED_DAYS)
    rows = contacts.select(
        "contact_id", "customer_id", since=known,
        answered=ibis.ifelse((first < known).fill_null(False), 1, 0),
        until=known + ibis.interval(days=FOLLOWED_DAYS),
    )  # fmt: skip
    rows = rows.filter(rows.until < context.ends_at, rows.until >= context.lookback_starts_at)
    orders = context.tables["orders"]
    bought = orders.filter(orders.revenue >= 0).select("customer_id", at="ordered_at")
    rows = _followed(rows, bought).mutate(ordered=lambda t: ibis.ifelse(t["at"].notnull(), 1, 0))
    rows = rows.drop("at")
    if answers is not None and "score" in answers.columns:
        given = answers.filter(answers.score.notnull())
        rows = _followed(rows, given.select("at", "score", customer_id="who"))
        score = rows.score
    else:
        score = ibis.null("float64")
    rows = rows.mutate(score=score, cluster=ibis.dense_rank().over(order_by=rows.customer_id))
    return cells(
        rows, ["answered", "cluster"], n=rows.count(), ordered=rows.ordered.sum().cast("int64"),
        scored=rows.score.count(), total=exact_sum(millionths(rows.score), PLACES).fill_null(0.0),
    )  # fmt: skip


def _followed(rows: Table, events: Table) -> Table:
    """Return rows with each one's first event after `since` and by `until`; NULL if none."""
    pairs = rows.select("contact_id", "customer_id", "since", "until").join(events, "customer_id")
    inside = pairs.filter(pairs["at"] > pairs.since, pairs["at"] <= pairs.until)
    names = [name for name in events.columns if name != "customer_id"]  # `at` first
    order = [inside[name] for name in names]
    place = ibis.row_number().over(group_by=inside.contact_id, order_by=order)
    first = inside.mutate(place=place).filter(lambda t: t.place == 0)
    return rows.left_join(first.select("contact_id", *names), "contact_id").drop("contact_id_right")
