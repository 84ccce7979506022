"""What a forecast rests on: orders by steps of time and first step.

A step is a month (of a firm that reports by weeks, a week), counted back from the period's end, so
that periods are whole steps whenever their year begins. Expressions are as in `panel`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.core.periods import MONTHS_IN, Period, months_before, starts_at
from profitchain.intake.hashing import any_bits
from profitchain.panel.context import Context
from profitchain.panel.follow_up import whole_numbers
from profitchain.panel.panel import cells, with_margin
from profitchain.sources.engine_functions import by_span

MOST_STEPS = {"month": 120, "week": 260}
BITS = 53  # of a word: those that a float holds, for engines divide by way of it
GUESTS = -1  # the first step of those whom nobody knows
LONG_AGO = 9_999


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


def step_cohorts(context: Context, customers: Table) -> Table:
    """Return first, back, gap, customers, orders, revenue, margin (if known): all orders by steps.

    One row a customer's step of the first purchase, a step with orders (`back`: 0 is the last of
    the period), and how many steps later the customer bought next, at most those of a period;
    guests and refunds alone stand under the first step `GUESTS`, with gap 0 and no customer. Money
    is net of refunds, `orders` counts purchases. What lies further back than `MOST_STEPS` is known
    by its first step alone, `LONG_AGO`.

    Parameters
    ----------
    customers : `purchases.buyers`.
    """
    parts = [_orders_by_step(context, customers)]
    if "orders" in context.unnamed:
        guests = replace(context, tables={**context.tables, "orders": context.unnamed["orders"]})
        rows = _at_steps(context, with_margin(guests))
        parts.append(_summed(rows.mutate(first=GUESTS, gap=0)))
    rows = _stacked(_customers_by_step(context, customers), *parts)
    rows = rows.filter(rows.back != LONG_AGO)
    names = [name for name in rows.columns if name not in ("first", "back", "gap")]
    sums = {name: rows[name].sum().cast("int64") for name in names}
    return cells(rows, ["first", "back", "gap"], **sums)


def with_steps(context: Context, *also: str) -> Table:
    """Return the orders, as `panel.with_margin` has them, with `back`: the step of each."""
    return _at_steps(context, with_margin(context, *also))


def step_sums(context: Context, orders: Table) -> dict[str, Value]:
    """Return what is kept of a customer's steps: `first`, and in bits all those with a purchase.

    The bits are in words, each of which begins where the last steps of the one before it come
    again: what comes next to a step, within a period, is in the same word.

    Parameters
    ----------
    orders : `with_steps`, to be grouped by customer.
    """
    place, bought = _place(context, orders.back), orders.revenue >= 0
    sums: dict[str, Value] = {"first": ibis.ifelse(bought, orders.back, None).max()}
    for name, start in _words(context).items():
        inside = bought & (place >= start) & (place < start + BITS)
        bits = ibis.ifelse(inside, _bit(ibis.ifelse(inside, place - start, 0)), 0)
        sums[name] = any_bits(bits, context.engine).cast("int64")
    return sums


def bought_in(context: Context, customers: Table, period: Period) -> Value:
    """Tell whether customers bought in a period, of whole steps."""
    first = step_starts(context.period).index(period.first_day) + 1
    return _bought_between(context, customers, first, first + steps_of(period)[1])


def bought_before(context: Context, customers: Table, period: Period) -> Value:
    """Tell whether customers bought before a period."""
    end = step_starts(context.period).index(period.first_day) + 1
    return _bought_between(context, customers, 0, end)


def _bought_between(context: Context, customers: Table, first: int, end: int) -> Value:
    """Tell whether a step has a purchase whose number is at least `first` and below `end`."""
    known = ibis.literal(False)
    for name, start in _words(context).items():
        bits = sum(1 << k for k in range(BITS) if first <= start + k < end)
        known = known | ((customers[name] & bits) != 0) if bits else known
    return known


def _customers_by_step(context: Context, customers: Table) -> Table:
    """Return first, back, gap and how many customers bought in that step: a row those alike."""
    alike = customers.group_by("first", *_words(context)).aggregate(customers=customers.count())
    many = len(step_starts(context.period))
    steps = whole_numbers("back").filter(lambda t: t.back < many)
    rows = _with_gap(context, alike.cross_join(steps))
    rows = rows.filter(rows.gap > 0)
    kinds = {name: rows[name].cast("int64") for name in ("first", "back", "gap", "customers")}
    return rows.select(**kinds)


def _orders_by_step(context: Context, customers: Table) -> Table:
    """Return first, back, gap and the sums of orders with their customer's first step and gap."""
    orders = with_steps(context)
    rows = _with_gap(context, orders.join(customers, context.key, how="inner"))
    return _summed(rows.mutate(first=ibis.ifelse(rows.gap > 0, rows["first"], GUESTS)))


def _with_gap(context: Context, rows: Table) -> Table:
    """Return rows with the steps to the customer's next purchase; 0 without one in this step."""
    per, place, words = steps_of(context.period)[1], _place(context, rows.back), _words(context)
    word = ibis.cases(
        *((place < start + BITS - per, rows[name]) for name, start in words.items()),
        else_=ibis.literal(0, "int64"),
    )
    rows = rows.mutate(__from=word // _bit(place % (BITS - per)))
    gaps = [((rows["__from"] & (1 << gap)) != 0, gap) for gap in range(1, per)]
    gap = ibis.cases(*gaps, else_=per) if gaps else ibis.literal(per)
    return rows.mutate(gap=ibis.ifelse((rows["__from"] & 1) != 0, gap, 0)).drop("__from")


def _place(context: Context, back: Column) -> Value:
    """Return a step's number, counted from the earliest, which is 1; 0 is all before it."""
    many = len(step_starts(context.period))
    return ibis.ifelse(back == LONG_AGO, 0, many - back)


def _words(context: Context) -> dict[str, int]:
    """Return the number of the step that each word of bits begins with."""
    many, per = len(step_starts(context.period)) + 1, steps_of(context.period)[1]
    return {f"word_{k}": start for k, start in enumerate(range(0, many, BITS - per))}


def _bit(place: Value) -> Value:
    """Return the number with this bit alone: exact, and so is what is divided by it."""
    return (ibis.literal(2.0) ** place).round().cast("int64")


def _at_steps(context: Context, orders: Table) -> Table:
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


def _summed(rows: Table) -> Table:
    kinds = {name: rows[name].cast("int64") for name in ("first", "back", "gap")}
    return rows.mutate(**kinds).group_by(*kinds).aggregate(**_sums(rows))


def _stacked(customers: Table, *orders: Table) -> Table:
    """Return rows one beneath the other, 0 in what the others know."""
    names = dict.fromkeys([*customers.columns, *orders[0].columns])
    zero = ibis.literal(0, "int64")
    return ibis.union(
        *(
            rows.select(**{name: rows[name] if name in rows.columns else zero for name in names})
            for rows in (customers, *orders)
        )
    )
