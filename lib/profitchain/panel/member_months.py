"""Who joined which programme and when, what customers bought month by month; what was drawn by lot.

Months are numbered 12 x year + month - 1 in the firm's zone. `person` tells one customer from
another and means nothing else. Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Column, Table, Value

from profitchain.core.periods import months_before, starts_at
from profitchain.panel.context import Context
from profitchain.panel.panel import cells, looked_up, of_literals, total, with_margin
from profitchain.sources import temp_tables
from profitchain.sources.casts import from_utc
from profitchain.sources.lot_files import CALL_DAYS, LotFile, closed_lists, lot_files

MONTHS = 36  # that are kept singly; what lies before them is put together
NOWHERE = ""
_AS_SQL = "%Y-%m-%d %H:%M:%S"
_LISTED = {"customer_id": "string", "starts_on": "string", "left_alone": "int64",
           "since": "string", "until": "string"}  # fmt: skip
_ASSIGNED = {"customer_id": "string", "arm": "string", "stratum": "string", "reached": "int64"}


def programme_summaries(
    context: Context, people: Table, *, con: Any
) -> Iterator[tuple[str, Table]]:
    """Yield who joined, what customers bought by month, and what those of each test bought.

    Parameters
    ----------
    people : one row a customer: customer_id, cluster.
    con : the engine, which keeps who has which number.
    """
    folder, last_day = context.company.folder, context.period.last_day
    listed = closed_lists(folder, last_day)
    if len(listed):
        yield "call_outcomes", call_outcomes(context, people, listed, con=con)
    tests = lot_files(folder, last_day)
    if "memberships" in context.tables:
        numbered = temp_tables.materialise(con, "numbered", _numbered(people))
        yield "programme_joins", programme_joins(context, numbered)
        yield "programme_people", programme_people(context, numbered)
        yield "programme_months", programme_months(context, numbered)
    if not tests:
        return
    yield "test_designs", test_designs(tests, last_day)
    outcomes = []
    for k, test in enumerate(tests):
        if not test.rows.empty:
            assigned = temp_tables.hand_over(con, f"lot_{k}", test.rows, _ASSIGNED)
            outcomes.append(test_outcomes(context, people, test, assigned))
    if outcomes:
        rows = ibis.union(*outcomes) if len(outcomes) > 1 else outcomes[0]
        yield (
            "test_outcomes",
            rows.order_by("test", "arm", "stratum", "money_then", "money_now", "reached"),
        )


def programme_joins(context: Context, numbered: Table) -> Table:
    """Return programme, person, joined: one row a member.

    Who joined twice joined first; who joined after the period's end hasn't.
    """
    rows = context.tables["memberships"]
    rows = rows.filter(rows.joined_at < context.ends_at)
    first = rows.group_by("programme", "customer_id")
    members = first.aggregate(joined_at=rows.joined_at.min())
    members = members.inner_join(numbered.select("customer_id", "person"), "customer_id")
    joined = _month(context, members.joined_at)
    return members.select("programme", "person", joined=joined).order_by(["programme", "person"])


def programme_people(context: Context, numbered: Table) -> Table:
    """Return person, place, first (month of the first purchase), earlier: one row a customer.

    `earlier` counts purchases before the months that are kept singly; `place` is the value of the
    first segment that `customers` has.
    """
    orders = context.tables["orders"]
    bought = orders.revenue >= 0
    earlier = bought & (orders.ordered_at < _months_start_at(context))
    found = orders.filter(bought).group_by("customer_id").aggregate(at=orders.ordered_at.min())
    early = orders.group_by("customer_id").aggregate(earlier=total(earlier, 1))
    rows = numbered.inner_join(found, "customer_id").left_join(early, "customer_id")
    rows = rows.drop("customer_id_right")
    place: Value = ibis.literal(NOWHERE)
    customers = context.tables.get("customers")
    names = [
        s for s in context.company.segments if customers is not None and s in customers.columns
    ]
    if names:
        rows = looked_up(rows, customers, "customer_id", names[:1])
        place = rows[names[0]].cast("string").fill_null(NOWHERE)
    rows = rows.mutate(place=place, first=_month(context, rows.at))
    return rows.select("person", "place", "first", "earlier").order_by("person")


def programme_months(context: Context, numbered: Table) -> Table:
    """Return person, month, orders, revenue, margin: one row a customer and month with orders."""
    orders = with_margin(context)
    orders = orders.filter(orders.ordered_at >= _months_start_at(context))
    rows = orders.inner_join(numbered.select("customer_id", "person"), "customer_id")
    rows = rows.mutate(month=_month(context, rows.ordered_at))
    sums = {"orders": total(rows.revenue >= 0, 1), "revenue": rows.revenue.sum().cast("int64")}
    if "margin" in rows.columns:
        sums["margin"] = rows.margin.fill_null(0).sum().cast("int64")
    return cells(rows, ["person", "month"], **sums)


def test_designs(tests: list[LotFile], ends_on: date) -> Table:
    """Return test, action, starts_on, days, known_days, share, assigned, fault: one row a test."""
    rows = [
        {
            "test": test.name, "action": test.action, "starts_on": test.starts_on.isoformat(),
            "days": test.days, "share": test.share, "assigned": len(test.rows),
            "known_days": min(test.days, (ends_on - test.starts_on).days + 1), "fault": test.fault,
        }
        for test in tests
    ]  # fmt: skip
    numbers = dict.fromkeys(("days", "known_days", "assigned"), "int64")
    texts = dict.fromkeys(("test", "action", "starts_on", "fault"), "string")
    return of_literals(rows, texts | numbers | {"share": "float64"})


def test_outcomes(context: Context, people: Table, test: LotFile, assigned: Table) -> Table:
    """Return test, arm, stratum, reached, money_then, money_now: a test's customers.

    One row a customer of the assignment whom the firm knows: `money_then` is bought in as long
    before the start as the test lasts, `money_now` from it on, to its end or the period's;
    margin, or revenue where none is known. `reached` is 1 where the file says that the action
    reached the customer, NULL where it doesn't say.
    """
    orders = with_margin(context)
    money = orders.margin if "margin" in orders.columns else orders.revenue
    zone = context.company.time_zone
    since, at, until = (ibis.timestamp(starts_at(day, zone)) for day in test.span)
    now = (orders.ordered_at >= at) & (orders.ordered_at < until)
    now = now & (orders.ordered_at < context.ends_at)
    then = (orders.ordered_at >= since) & (orders.ordered_at < at)
    bought = orders.group_by("customer_id").aggregate(
        before=total(then, money.fill_null(0)), after=total(now, money.fill_null(0))
    )
    rows = assigned.semi_join(people, "customer_id")
    rows = rows.left_join(bought, "customer_id")
    return rows.select(
        "arm", "stratum", "reached",
        test=ibis.literal(test.name),
        money_then=rows.before.fill_null(0), money_now=rows.after.fill_null(0),
    )  # fmt: skip


def call_outcomes(context: Context, people: Table, listed: pd.DataFrame, *, con: Any) -> Table:
    """Return starts_on, left_alone, customers, ordered: one row a list and arm.

    `ordered` counts those with a purchase in the days after the list, called or not.

    Parameters
    ----------
    listed : as `lot_files.closed_lists`.
    """
    zone, length = context.company.time_zone, timedelta(days=CALL_DAYS)
    since, until = (
        [f"{starts_at(day + later, zone):{_AS_SQL}}" for day in listed["starts_on"]]
        for later in (timedelta(), length)
    )
    rows = listed.assign(starts_on=listed["starts_on"].astype(str), since=since, until=until)
    drawn = temp_tables.hand_over(con, "listed", rows, _LISTED).semi_join(people, "customer_id")
    orders = context.tables["orders"]
    bought = orders.filter(orders.revenue >= 0).select("customer_id", "ordered_at")
    pairs = drawn.inner_join(bought, "customer_id")
    inside = (pairs.ordered_at >= pairs.since.cast("timestamp")) & (
        pairs.ordered_at < pairs.until.cast("timestamp")
    )
    came = pairs.filter(inside).select("customer_id").distinct().mutate(came=1)
    both = drawn.left_join(came, "customer_id")
    sums = {"customers": both.count(), "ordered": both.came.fill_null(0).sum().cast("int64")}
    return cells(both, ["starts_on", "left_alone"], **sums)


def _numbered(people: Table) -> Table:
    order = ibis.window(order_by=people.customer_id)
    return people.select("customer_id", person=ibis.row_number().over(order))


def _months_start_at(context: Context) -> Value:
    first = months_before(context.period.shift(1).first_day, MONTHS)
    return ibis.timestamp(starts_at(first, context.company.time_zone))


def _month(context: Context, instant: Column) -> Value:
    local = from_utc(instant, context.company.time_zone)
    return (local.year() * 12 + local.month() - 1).cast("int64")
