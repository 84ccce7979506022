"""What customers bought, period by period: who came, who came back, and after how long."""

from __future__ import annotations

import itertools

import ibis
from ibis.expr.types import Column, Table

from profitchain.panel import outlook_steps
from profitchain.panel.context import Context, purchases
from profitchain.panel.panel import SECONDS_A_DAY, cells, of_literals, total, with_margin
from profitchain.sources.casts import seconds
from profitchain.sources.engine_functions import by_span
from profitchain.sources.typed_tables import MARK, WHO

MARK_TOO = f"{MARK}_too"
BITS_OF_INT32 = 30
EARLIER = 1  # the bit of all that was bought before the periods that have one of their own


def buyers(context: Context) -> Table:
    """Return one row a customer of the orders: the context's key, and when was bought, in bits.

    `seen` holds a bit for each period with a purchase: 1 for all before those of the trend and the
    one before it, 2 for that one, then 4, 8 and so on; it is 0 for customers with refunds alone.
    Beside it stand `outlook_steps.step_sums`.
    Where the key is `__who`, `__mark` and `__mark_too` are the smallest and largest of the
    customer's; where they differ, two customers share a number.
    """
    is_number = context.key == WHO
    orders = outlook_steps.with_steps(context, *([MARK] if is_number else []))
    marks = {MARK: orders[MARK].min(), MARK_TOO: orders[MARK].max()} if is_number else {}
    sums = outlook_steps.step_sums(context, orders)
    rows = orders.group_by(context.key).aggregate(**sums, **marks)
    periods = context.periods_and_one_before
    seen = ibis.ifelse(outlook_steps.bought_before(context, rows, periods[0]), EARLIER, 0)
    for period in periods:
        bit = _bits(context)[period.name]
        seen = seen | ibis.ifelse(outlook_steps.bought_in(context, rows, period), bit, 0)
    return rows.mutate(seen=seen.cast(_kind_of_bits(context)))


def sharing_a_number(customers: Table) -> Table:
    """Return those `buyers` whose number stands for two customers: once in 100,000 large firms."""
    return customers.filter(customers[MARK] != customers[MARK_TOO])


def activity(context: Context, customers: Table, guests: Table | None = None) -> Table:
    """Return one row a trend period and cluster: what was bought, and by how many customers.

    Columns: period, cluster, orders, revenue and margin (minor units; refunds netted), new_revenue
    (of customers whose first purchase lies in the period), and counts of customers: active, new,
    previously_active, retained (both). Where
    guests bought, `guest` is 1 in the rows of their orders and 0 in those of customers.

    Parameters
    ----------
    customers : `buyers` with `cluster`.
    guests : `unnamed.guests_activity`, where there are some.
    """
    parts = [_money(context, customers), _counts(context, customers)]
    if guests is not None:
        parts.append(guests)
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    filled = [
        part.select(
            **{n: part[n] if n in part.columns else ibis.literal(0, "int64") for n in names}
        )
        for part in parts
    ]
    rows, keys = ibis.union(*filled), ["period", "cluster"]
    sums = {name: rows[name].sum().cast("int64") for name in names if name not in keys}
    if guests is not None:
        sums["guest"] = ibis.ifelse(rows.cluster < 0, 1, 0).max()
    return cells(rows, keys, **sums)


def cohorts(context: Context, customers: Table) -> Table:
    """Return cohort, period, active: how many of each cohort bought in each trend period.

    Parameters
    ----------
    customers : `buyers`.
    """
    bits = _bits(context)
    names = [period.name for period in context.period.trend()]
    pairs = [
        {"cohort": first, "period": then, "first": bits[first], "now": bits[then]}
        for first, then in itertools.combinations_with_replacement(names, 2)
    ]
    kinds = {"cohort": "string", "period": "string", "first": "int64", "now": "int64"}
    rows = _alike(customers, "seen").cross_join(of_literals(pairs, kinds))
    rows = rows.filter(_is_first(rows.seen, rows["first"]), (rows.seen & rows.now) != 0)
    return cells(rows, ["cohort", "period"], active=rows.n.sum().cast("int64"))


def _bits(context: Context) -> dict[str, int]:
    return {period.name: 2 << k for k, period in enumerate(context.periods_and_one_before)}


def _kind_of_bits(context: Context) -> str:
    return "int32" if len(_bits(context)) < BITS_OF_INT32 else "int64"


def _is_first(seen: Column, bit: Column) -> Column:
    """Tell whether a period's bit is the lowest one that is set."""
    return ((seen & bit) != 0) & ((seen & (bit - 1)) == 0)


def _alike(customers: Table, *keys: str) -> Table:
    """Return how many customers share the same keys, and the same periods among them."""
    return customers.group_by(*keys).aggregate(n=customers.count())


def _money(context: Context, customers: Table) -> Table:
    orders, bits = with_margin(context), [_bits(context)[period.name] for period in context.periods]
    orders = orders.mutate(
        bit=by_span(orders.ordered_at, context.starts, [0, *bits, 0], kind=_kind_of_bits(context))
    )
    rows = orders.filter(orders.bit > 0).join(customers, context.key, how="inner")
    is_new = _is_first(rows.seen, rows.bit)
    money = {name: rows[name].sum() for name in ("revenue", "margin") if name in rows.columns}
    sums = {
        "orders": ibis.ifelse(rows.revenue >= 0, 1, 0).sum(),
        **money,
        "new_revenue": total(is_new, rows.revenue),
    }
    sums_by = rows.group_by("bit", "cluster").aggregate(
        **{name: value.cast("int64") for name, value in sums.items()}
    )
    names = zip(bits, context.periods, strict=True)
    period = ibis.cases(*((sums_by.bit == bit, period.name) for bit, period in names))
    return sums_by.mutate(period=period).drop("bit")


def _counts(context: Context, customers: Table) -> Table:
    bits = _bits(context)
    steps = [
        {"period": now.name, "now": bits[now.name], "before": bits[before.name]}
        for before, now in itertools.pairwise(context.periods_and_one_before)
    ]
    kinds = {"period": "string", "now": "int64", "before": "int64"}
    rows = _alike(customers, "cluster", "seen").cross_join(of_literals(steps, kinds))
    is_now, was = (rows.seen & rows.now) != 0, (rows.seen & rows.before) != 0
    rows = rows.filter(is_now | was)
    return rows.group_by("period", "cluster").aggregate(
        active=total(is_now, rows.n),
        new=total(_is_first(rows.seen, rows.now), rows.n),
        previously_active=total(was, rows.n),
        retained=total(is_now & was, rows.n),
    )


def gaps(context: Context) -> Table:
    """Return days, event, n: time from each customer's first purchase of the lookback to the next.

    One row a customer, so that rows are independent; event 0 is censored at the period's end.
    """
    bought = purchases(context.tables["orders"])
    recent = bought.filter(bought.ordered_at >= context.lookback_starts_at)
    first = recent.group_by("customer_id").aggregate(first=recent.ordered_at.min())
    pairs = first.join(recent.select("customer_id", "ordered_at"), "customer_id", how="inner")
    later = ibis.ifelse(pairs.ordered_at > pairs["first"], pairs.ordered_at, None).min()
    returns = pairs.group_by("customer_id", "first").aggregate(later=later)
    until = seconds(ibis.coalesce(returns.later, context.ends_at))
    days = (until - seconds(returns["first"])) // SECONDS_A_DAY
    returns = returns.mutate(days=days, event=ibis.ifelse(returns.later.notnull(), 1, 0))
    return cells(returns, ["days", "event"], n=returns.count())


def control_totals(context: Context) -> Table:
    """Return period, measure, amount: what the firm's books say (amount times minor units)."""
    books = context.tables["control_totals"]
    return books.select("period", "measure", "amount").order_by("period", "measure")
