"""What a forecast rests on: orders by steps of time and first step.

A step is a month (of a firm that reports by weeks, a week), counted back from the period's end, so
that periods are whole steps whenever their year begins. Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import ibis
from ibis.expr.types import Table

from profitchain.core.periods import MONTHS_IN, Period, months_before, starts_at
from profitchain.panel.context import Context
from profitchain.panel.panel import cells, with_margin
from profitchain.sources.spans import by_span

MOST_STEPS = {"month": 120, "week": 260}
GUESTS = -1  # the first step of those whom nobody knows
LONG_AGO = 9_999


def outlook_summaries(context: Context) -> Iterator[tuple[str, Table]]:
    """Yield orders by steps."""
    yield "step_cohorts", step_cohorts(context)


def steps_of(period: Period) -> tuple[str, int]:
    """Return what a step is of periods of this length, and how many a period has."""
    return ("week", 1) if period.every == "week" else ("month", MONTHS_IN[period.every])


def step_starts(period: Period) -> list[date]:
    """Return the first day of each step, the earliest first; the last ends with the period."""
    after, (unit, _per) = period.shift(1).first_day, steps_of(period)
    backs = range(MOST_STEPS[unit], 0, -1)
    if unit == "week":
        return [after - timedelta(weeks=back) for back in backs]
    return [months_before(after, back) for back in backs]


def step_cohorts(context: Context) -> Table:
    """Return first, back, gap, customers, orders, revenue, margin (if known): all orders by steps.

    One row a customer's step of the first purchase, a step with orders (`back`: 0 is the last of
    the period), and how many steps later the customer bought next, at most those of a period;
    guests and refunds alone stand under the first step `GUESTS`, with gap 0 and no customer. Money
    is net of refunds, `orders` counts purchases. What lies further back than `MOST_STEPS` is known
    by its first step alone, `LONG_AGO`.
    """
    orders = _at_steps(context, context, context.key)
    pairs = orders.group_by([context.key, "back"]).aggregate(**_sums(orders))
    bought = pairs.filter(pairs.orders > 0)
    mine = ibis.window(group_by=bought[context.key])
    later = ibis.window(group_by=bought[context.key], order_by=bought.back.desc())
    bought = bought.mutate(first=bought.back.max().over(mine), next=bought.back.lead().over(later))
    per = steps_of(context.period)[1]
    bought = bought.mutate(gap=ibis.least((bought.back - bought.next).fill_null(per), per))
    parts = [_counted(bought.filter(bought.back != LONG_AGO), customers=1)]
    others = [pairs.filter((pairs.orders == 0) & (pairs.back != LONG_AGO))]
    if "orders" in context.unnamed:
        guests = replace(context, tables={**context.tables, "orders": context.unnamed["orders"]})
        rows = _at_steps(context, guests, "order_id")
        by_step = rows.group_by("back").aggregate(**_sums(rows))
        others.append(by_step.filter(by_step.back != LONG_AGO))
    parts += [_counted(rows.mutate(first=GUESTS, gap=0), customers=0) for rows in others]
    rows = ibis.union(*parts)
    names = [name for name in rows.columns if name not in ("first", "back", "gap")]
    sums = {name: rows[name].sum().cast("int64") for name in names}
    return cells(rows, ["first", "back", "gap"], **sums)


def _at_steps(context: Context, whose: Context, key: str) -> Table:
    orders = with_margin(whose, "order_id") if key == "order_id" else with_margin(whose)
    zone, days = context.company.time_zone, step_starts(context.period)
    starts = [starts_at(day, zone) for day in days]
    backs = [LONG_AGO, *range(len(days) - 1, -1, -1)]
    return orders.mutate(back=by_span(orders.ordered_at, starts, backs, kind="int64"))


def _sums(rows: Table) -> dict[str, ibis.Value]:
    sums = {"orders": ibis.ifelse(rows.revenue >= 0, 1, 0).sum().cast("int64")}
    for name in ("revenue", "margin"):
        if name in rows.columns:
            sums[name] = rows[name].fill_null(0).sum().cast("int64")
    return sums


def _counted(rows: Table, *, customers: int) -> Table:
    names = [name for name in ("orders", "revenue", "margin") if name in rows.columns]
    kinds = {name: rows[name].cast("int64") for name in ("first", "back", "gap")}
    return rows.select(
        **kinds, customers=ibis.literal(customers, "int64"), **{name: rows[name] for name in names}
    )
