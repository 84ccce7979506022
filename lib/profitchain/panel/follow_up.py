"""What customers bought in the year after an answer, by age, and the year's orders that are judged.

The worth of a point asks what better experiences of the last 365 days would have brought by their
end. Each answer is followed for a year in three bands of days, in which money counts by the share
of the year's orders that are old enough to have come so far (`weights`): what follows a late
experience lies beyond the year. Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.panel.context import Context, purchases
from profitchain.panel.panel import (
    HISTORY,
    SECONDS_A_DAY,
    as_text,
    cells,
    looked_up,
    of_literals,
    total,
    with_margin,
    with_window,
)
from profitchain.sources.casts import seconds
from profitchain.sources.company import BUILT_IN_CONTROLS
from profitchain.stats.model_matrix import MONTH

DAYS_A_YEAR = 365
BANDS = ((0, 90), (90, 180), (180, 365))  # days since an answer
CLASSES = (1, 2, 3, 5, 9, 17, 33)  # each class of prior orders begins with one of these
MILLIONTHS = 10**6  # in which shares are added up, in whole numbers: the same sum in any order
CLOSED_WITHIN = 2 * DAYS_A_YEAR  # before the period's end


def year_totals(context: Context, first: datetime | None) -> Table:
    """Return one row: orders, spend and margin of the last 365 days, days_known of all orders.

    Where guests bought, what they did in that time stands beside it: guest_orders and the like.

    Parameters
    ----------
    first : the instant of the first purchase of all, None where there are refunds alone.
    """
    days = (context.starts[-1] - first.replace(microsecond=0)).days if first else 0
    year = _year_sums(context).mutate(days_known=ibis.literal(days, "int64"))
    if "orders" not in context.unnamed:
        return year
    guests = _year_sums(replace(context, tables=context.unnamed))
    return year.cross_join(guests.rename({f"guest_{name}": name for name in guests.columns}))


def _year_sums(context: Context) -> Table:
    orders = _of_the_year(context, with_margin(context))
    sums = {"orders": total(orders.revenue >= 0, 1), "spend": total(True, orders.revenue)}
    if "margin" in orders.columns:
        sums["margin"] = total(True, orders.margin)
    return orders.aggregate(**{name: amount.fill_null(0) for name, amount in sums.items()})


def order_classes(context: Context) -> Table:
    """Return prior_orders (the least of a class), categories, orders: of the last 365 days.

    An order counts among its own prior orders, as it does when its customer answers after it.
    """
    bought = purchases(context.tables["orders"])
    names = _categories(context)
    own = [name for name in names if name in bought.columns]
    bought = bought.select("customer_id", "order_id", "ordered_at", *own)
    by_customer = ibis.window(
        group_by=bought.customer_id, order_by=[bought.ordered_at, bought.order_id]
    )
    bought = bought.mutate(nth=ibis.row_number().over(by_customer) + 1)
    bought = _of_the_year(context, bought)
    if "customers" in context.tables:
        bought = looked_up(bought, context.tables["customers"], "customer_id", names)
    known = [name for name in names if name in bought.columns]
    lowest = ibis.cases(*((bought.nth >= least, least) for least in reversed(CLASSES)))
    bought = as_text(bought.mutate(prior_orders=lowest.cast("int64")), known)
    return cells(bought, ["prior_orders", *known], orders=bought.count())


def usual_delay(rows: Table) -> Value:
    """Return the days from an order to the answer after it that half of the answers take at most.

    Parameters
    ----------
    rows : `panel.lives`. 0 where no answer came after an order.
    """
    rows = rows.filter(rows.recency_days >= 0)
    counts = rows.group_by("recency_days").aggregate(n=rows.count())
    counts = counts.mutate(
        so_far=counts.n.sum().over(ibis.cumulative_window(order_by=counts.recency_days)),
        all=counts.n.sum().over(ibis.window()),
    )
    return counts.filter(counts.so_far * 2 >= counts["all"]).recency_days.min().fill_null(0)


def weights(context: Context, delay: int) -> Table:
    """Return age (whole days since an answer), weight (millionths).

    A weight is the share of the last 365 days' orders that are older than that at the period's
    end, the answer coming `delay` days after its order.
    """
    orders = _of_the_year(context, purchases(context.tables["orders"]).select("ordered_at"))
    orders = orders.mutate(day=_days_between(orders.ordered_at, context.ends_at))
    days = orders.group_by("day").aggregate(n=orders.count())
    pairs = whole_numbers("age").cross_join(days)
    is_older, as_old = pairs.day > pairs.age + delay, pairs.day == pairs.age + delay
    counts = pairs.group_by("age").aggregate(
        old=(total(is_older, pairs.n) * 2 + total(as_old, pairs.n)), all=total(True, pairs.n)
    )
    share = (counts.old * (MILLIONTHS // 2) / counts["all"]).floor()
    return counts.select("age", weight=share.cast("int64"))


def worth_cells(context: Context, answers: Table, rows: Table, by_age: Table) -> Table:
    """Return what followed answers, one row a band and a combination alike.

    Parameters
    ----------
    answers, rows : `panel.answers` and `panel.lives` of the same firm.
    by_age : `weights`.

    Returns
    -------
    band (1 to 3), month (of the band's end, in months since year 0), recent (1: it ended within
    the last 365 days), score, categories, cluster, history; n, repeats (answers with an order in
    the band), spend and margin of the band's orders, each times its age's weight.
    """
    instants = with_window(context, answers).select("row", "customer_id", "followed_from")
    later = _later(context, instants, by_age)
    own = ["row", "score", *_categories(context), "cluster", *HISTORY]
    joined = instants.select("row", "followed_from").join(rows.select(*own), "row", how="inner")
    joined = joined.left_join(later, "row").drop("row_right")
    bands = [_band(context, joined, place) for place in range(1, len(BANDS) + 1)]
    stacked = ibis.union(*bands)
    money = [name for name in ("spend", "margin") if name in stacked.columns]
    keys = ["band", "month", "recent", *own[1:]]
    sums = {name: stacked[name].sum().cast("int64") for name in money}
    summed = cells(stacked, keys, n=stacked.count(), repeats=stacked.repeat.sum(), **sums)
    return summed.mutate(**{name: summed[name].cast("float64") / MILLIONTHS for name in money})


def _later(context: Context, instants: Table, by_age: Table) -> Table:
    """Return, for each `row`, by band: whether there was an order, and weighted money."""
    orders = with_margin(context)
    pairs = instants.join(orders, "customer_id", how="inner")
    after = seconds(pairs.ordered_at) - seconds(pairs.followed_from)
    pairs = pairs.mutate(after=after, age=(after // SECONDS_A_DAY).cast("int64"))
    inside = (pairs.after > 0) & (pairs.after <= BANDS[-1][1] * SECONDS_A_DAY)
    pairs = pairs.filter(inside).join(by_age, "age", how="inner")
    sums: dict[str, Value] = {}
    for place, (start, end) in enumerate(BANDS, start=1):
        is_in = (pairs.after > start * SECONDS_A_DAY) & (pairs.after <= end * SECONDS_A_DAY)
        came = ibis.ifelse(is_in & (pairs.revenue >= 0), 1, 0)
        sums |= {
            f"repeat_{place}": came.max(),
            f"spend_{place}": _weighted(is_in, pairs.revenue, pairs),
        }
        if "margin" in pairs.columns:
            sums[f"margin_{place}"] = _weighted(is_in, pairs.margin, pairs)
    return pairs.group_by("row").aggregate(**sums)


def _band(context: Context, joined: Table, place: int) -> Table:
    """Return the answers that were followed to the end of a band, with what came in it."""
    ends = joined.followed_from + ibis.interval(days=BANDS[place - 1][1])
    end = context.starts[-1]
    joined = joined.mutate(
        band=ibis.literal(place, "int64"),
        month=(ends.year() * 12 + ends.month() - 1).cast("int64"),
        recent=ibis.ifelse(ends >= ibis.timestamp(end - timedelta(days=DAYS_A_YEAR)), 1, 0),
        ends=ends,
    )
    since = ibis.timestamp(end - timedelta(days=CLOSED_WITHIN))
    joined = joined.filter(joined.ends < context.ends_at, joined.ends >= since)
    names = [n for n in ("repeat", "spend", "margin") if f"{n}_{place}" in joined.columns]
    sums = {name: joined[f"{name}_{place}"].fill_null(0).cast("int64") for name in names}
    keys = ["band", "month", "recent", "score", *_categories(context), "cluster", *HISTORY]
    return joined.select(*keys, **sums)


def _weighted(is_in: Value, amount: Column, pairs: Table) -> Value:
    return total(is_in, amount * pairs.weight)


def _categories(context: Context) -> list[str]:
    """Return the controls that are categories of the firm's own."""
    controls = dict.fromkeys(context.company.controls)
    return [name for name in controls if name not in (*BUILT_IN_CONTROLS, MONTH)]


def _of_the_year(context: Context, orders: Table) -> Table:
    start = ibis.timestamp(context.starts[-1] - timedelta(days=DAYS_A_YEAR))
    return orders.filter(orders.ordered_at >= start, orders.ordered_at < context.ends_at)


def _days_between(start: Column, end: Value) -> Value:
    return ((seconds(end) - seconds(start)) // SECONDS_A_DAY).cast("int64")


def whole_numbers(name: str) -> Table:
    """Return 0 to 399 in one column, put together by digits so that any engine can make them."""
    ones, tens, hundreds = (
        _digits(digit, range(0, many * step, step))
        for digit, many, step in (("ones", 10, 1), ("tens", 10, 10), ("hundreds", 4, 100))
    )
    joined = ones.cross_join(tens).cross_join(hundreds)
    return joined.select(**{name: joined.ones + joined.tens + joined.hundreds})


def _digits(name: str, numbers: Sequence[int]) -> Table:
    return of_literals([{name: number} for number in numbers], {name: "int64"})
