"""What customers bought, period by period: who came, who came back, and after how long."""

from __future__ import annotations

import itertools

import ibis
from ibis.expr.types import Table

from profitchain.casting import seconds
from profitchain.panel import SECONDS_A_DAY, Scene, cells, purchases, with_margin

DAYS_A_YEAR = 365


def customer_periods(scene: Scene, clusters: Table) -> Table:
    """Return one row a customer and trend period in which the customer bought, or bought before.

    Columns: cohort (period of the first purchase ever, NULL if before the trend), period, active,
    orders, revenue and margin (minor units; refunds netted), previously_active.
    """
    orders = with_margin(scene).join(clusters, "customer_id", how="inner")
    bought = orders.revenue >= 0
    first = ibis.ifelse(bought, orders.ordered_at, None).min()
    period = scene.period_of(orders.ordered_at, one_before=True)
    orders = orders.mutate(period=period, bought=bought)
    orders = orders.mutate(first=first.over(ibis.window(group_by=orders.customer_id)))
    within = orders.filter(orders.period.notnull())
    money = {n: within[n].sum().cast("int64") for n in ("revenue", "margin") if n in within.columns}
    bought_here = ibis.ifelse(within.bought, 1, 0).sum().cast("int64")
    now = within.group_by("customer_id", "cluster", "first", "period").aggregate(
        orders=bought_here, **money
    )
    now = now.mutate(
        active=ibis.ifelse(now.orders > 0, 1, 0).cast("int64"),
        previously_active=ibis.literal(0, "int64"),
    )
    now = now.mutate(cohort=scene.period_of(now["first"])).drop("first")
    nothing = {name: ibis.literal(0, "int64") for name in (*money, "orders", "active")}
    steps = itertools.pairwise(period.name for period in scene.periods_and_one_before)
    next_period = ibis.cases(*((now.period == here, there) for here, there in steps))
    then = now.filter(now.active == 1).mutate(
        period=next_period, previously_active=ibis.literal(1, "int64"), **nothing
    )
    both = ibis.union(now, then.filter(then.period.notnull()).select(*now.columns))
    both = both.filter(both.period != scene.periods_and_one_before[0].name)
    keys = ["customer_id", "cluster", "cohort", "period"]
    return both.group_by(keys).aggregate(
        {name: both[name].sum().cast("int64") for name in both.columns if name not in keys}
    )


def activity(rows: Table) -> Table:
    """Return customer_periods summed by period and cluster, with new and retained customers."""
    is_new = (rows.cohort == rows.period).fill_null(False)
    rows = rows.mutate(
        new=ibis.ifelse(is_new, rows.active, 0),
        new_revenue=ibis.ifelse(is_new, rows.revenue, 0),
        retained=rows.active * rows.previously_active,
    )
    keys = ["period", "cluster"]
    sums = [n for n in rows.columns if n not in {*keys, "customer_id", "cohort"}]
    return cells(rows, keys, **{name: rows[name].sum() for name in sums})


def cohorts(rows: Table) -> Table:
    """Return cohort, period, active: how many of each cohort bought in each trend period."""
    kept = rows.filter(rows.cohort.notnull(), rows.active == 1)
    return cells(kept, ["cohort", "period"], active=kept.active.sum())


def gaps(scene: Scene) -> Table:
    """Return days, event, n: time from each customer's first purchase of the lookback to the next.

    One row a customer, so that rows are independent; event 0 is censored at the period's end.
    """
    bought = purchases(scene.tables["orders"])
    recent = bought.filter(bought.ordered_at >= scene.lookback_starts_at)
    first = recent.group_by("customer_id").aggregate(first=recent.ordered_at.min())
    pairs = first.join(recent.select("customer_id", "ordered_at"), "customer_id", how="inner")
    later = ibis.ifelse(pairs.ordered_at > pairs["first"], pairs.ordered_at, None).min()
    each = pairs.group_by("customer_id", "first").aggregate(later=later)
    until = seconds(ibis.coalesce(each.later, scene.ends_at))
    days = (until - seconds(each["first"])) // SECONDS_A_DAY
    each = each.mutate(days=days, event=ibis.ifelse(each.later.notnull(), 1, 0))
    return cells(each, ["days", "event"], n=each.count())


def active_windows(scene: Scene) -> Table:
    """Return span, back, customers, days_known: who bought in each window of the last year.

    Span "window" is one of `repeat_within_days`, the latest of which (`back` 0) ends with the
    period and each other where the next begins, as many as lie wholly within 365 days (one at
    least); span "year" is those 365 days. `days_known` is how far back the orders reach.
    """
    bought = purchases(scene.tables["orders"])
    before_end = seconds(scene.ends_at) - seconds(bought.ordered_at)
    bought = bought.mutate(ago=before_end).filter(lambda t: t.ago > 0)
    reach = bought.aggregate(days_known=(bought.ago.max() // SECONDS_A_DAY).cast("int64"))
    spans = {"window": scene.company.repeat_within_days, "year": DAYS_A_YEAR}
    parts = [_active_in(bought, span, days) for span, days in spans.items()]
    return ibis.union(*parts).cross_join(reach).order_by("span", "back")


def _active_in(bought: Table, span: str, days: int) -> Table:
    """Return how many customers bought in each span of so many days (`ago`: seconds, above 0)."""
    back = ((bought.ago - 1) // (days * SECONDS_A_DAY)).cast("int64")
    within = bought.mutate(back=back).filter(lambda t: t.back < max(DAYS_A_YEAR // days, 1))
    each = within.group_by("back").aggregate(customers=within.customer_id.nunique())
    return each.select("back", "customers", span=ibis.literal(span))


def control_totals(scene: Scene) -> Table:
    """Return period, measure, amount: what the firm's books say (amount times minor units)."""
    books = scene.tables["control_totals"]
    return books.select("period", "measure", "amount").order_by("period", "measure")
