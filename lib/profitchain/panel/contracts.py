"""Contracts as what is paid for them: a payment a month while each runs.

A firm that has `subscriptions` and no `orders` is followed by these payments, so that every page
speaks of them: who pays in a period is active, who pays in the next one stayed. What an answer is
followed by is renewal: a payment in the last month of the window.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table, Value

from profitchain.core.errors import PeriodError
from profitchain.core.periods import Period
from profitchain.panel.context import Context
from profitchain.sources.casts import seconds, to_utc
from profitchain.sources.temp_tables import materialise

MONTH_DAYS = 31  # within which a contract that runs is paid for
SECONDS_A_DAY = 86_400


def payments(context: Context) -> Table:
    """Return order_id, customer_id, ordered_at, plan and revenue (a month's amount, if known).

    One row a month and contract: on the day that it started, and on that day of each later month
    (the month's last where it is shorter) before the day that it ended and the period's end.
    """
    rows = context.tables["subscriptions"]
    end = ibis.date(context.period.shift(1).first_day)
    number = ibis.row_number().over(
        ibis.window(order_by=[rows.customer_id, rows.started_on, *_of(rows, "plan", "amount")])
    )
    ended = rows.ended_on if "ended_on" in rows.columns else ibis.null("date")
    rows = rows.mutate(contract=number, until=ibis.least(ibis.coalesce(ended, end), end))
    started, until = (12 * day.year() + day.month() for day in (rows.started_on, rows.until))
    months = ibis.greatest(until - started, 0) + 1  # no more than it can have been paid for
    rows = rows.mutate(month_number=ibis.range(0, months).unnest())
    due = rows.started_on.cast("timestamp") + rows.month_number.as_interval("M")
    rows = rows.mutate(due=due)
    runs = (rows.due.date() < rows.until) | ((rows.month_number == 0) & (rows.started_on < end))
    rows = rows.filter(runs)
    columns = {
        "order_id": rows.contract.cast("string") + "-" + rows.month_number.cast("string"),
        "customer_id": rows.customer_id,
        "ordered_at": to_utc(rows.due, context.company.time_zone),
    }
    if "amount" in rows.columns:
        columns["revenue"] = rows.amount
    columns |= {name: rows[name] for name in _of(rows, "plan")}
    return rows.select(**columns)


def followed_by_payments(con: Any, context: Context) -> Context:
    """Return the context of a firm without orders with its contracts' payments in their place."""
    if "subscriptions" not in context.tables or "orders" in context.tables:
        return context
    if context.period.every == "week":
        month = Period.containing(context.period.last_day, "month")
        raise PeriodError(
            f"{context.period} is a week, but contracts are followed by what is paid each month. "
            f"Ask for a month, as {month.previous}, a quarter or a year."
        )
    orders = materialise(con, "payments", payments(context))
    return replace(context, tables={**context.tables, "orders": orders}, by_contract=True)


def lengths(context: Context) -> Table:
    """Return days, event, n: how long each customer's contracts ran in a row, by the period's end.

    One row a distinct length; `event` is 1 where the last of them ended, 0 where one still runs.
    From the first start to the last end: a pause in between is not counted as an end.
    """
    rows = context.tables["subscriptions"]
    end = ibis.date(context.period.shift(1).first_day)
    ended = rows.ended_on if "ended_on" in rows.columns else ibis.null("date")
    rows = rows.mutate(ended=ended).filter(rows.started_on < end)
    rows = rows.mutate(
        runs=ibis.ifelse(rows.ended.isnull() | (rows.ended >= end), 1, 0),
        until=ibis.least(ibis.coalesce(rows.ended, end), end),
    )
    each = rows.group_by("customer_id").aggregate(
        first=rows.started_on.min(), last=rows.until.max(), runs=rows.runs.max()
    )
    last = ibis.ifelse(each.runs == 1, end, each["last"])
    days = seconds(last.cast("timestamp")) - seconds(each["first"].cast("timestamp"))
    each = each.mutate(days=(days // SECONDS_A_DAY).cast("int64"), event=1 - each.runs)
    counted = each.group_by("days", "event").aggregate(n=each.count())
    return counted.order_by("days", "event")


def renewed(last_at: Value, ends: Value) -> Value:
    """Tell whether a customer was still paying when a window ended, by the last payment known."""
    return (last_at > ends - ibis.interval(days=MONTH_DAYS)).fill_null(False)


def _of(table: Table, *names: str) -> list[str]:
    return [name for name in names if name in table.columns]


def last_end(subscriptions: Table, period: Period | None) -> pd.Timestamp | None:
    """Return the last day on which a contract ended, by the period's end; None if none did."""
    if "ended_on" not in subscriptions.columns or period is None:
        return None
    known = subscriptions.filter(subscriptions.ended_on <= ibis.date(period.last_day))
    last = known.aggregate(last=known.ended_on.max().cast("timestamp")).to_pandas()["last"].iloc[0]
    return None if pd.isna(last) else last
