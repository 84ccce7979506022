"""What was known of every customer at the end of a period, and what they bought after it.

Expressions are as in `panel`: lazy, money in minor units, instants in UTC. A customer is known from
the first purchase on. Rows are published to nobody: `row` tells one customer from another and means
nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import ibis
from ibis.expr.types import Column, Table

from profitchain.core.periods import Period, months_before, starts_at
from profitchain.panel.context import Context, purchases
from profitchain.panel.customers import DRAWS, among
from profitchain.panel.panel import (
    SECONDS_A_DAY,
    as_text,
    cells,
    looked_up,
    of_literals,
    segment_columns,
    total,
    with_margin,
)
from profitchain.panel.response_windows import contact_sums
from profitchain.sources.casts import from_utc, seconds
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths, whole_sum

SNAPSHOTS_BACK = 6  # a risk model learns from at most so many earlier ends of periods
QUARTER_HOUR = 900  # seconds; no zone's clock differs from UTC by anything finer
SAMPLED = 40_000  # customers; five moments of them are as many rows as a risk model learns from
LATEST = 2  # snapshots that hold all customers


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTables:
    """What all snapshots of a firm share.

    `people`: one row a customer: customer_id, row, cluster, sampled. `days`: one row a customer and
    local day with a purchase: customer_id, day (days since 1970), first (the customer's first such
    day), orders, revenue.
    """

    context: Context
    people: Table
    days: Table


def people(customers: Table, many: int, *, of: int) -> Table:
    """Return customer_id, row, cluster, sampled: one row a customer.

    `sampled` is 1 for about 40,000 customers, drawn by chance; for all if there are fewer.

    Parameters
    ----------
    customers : those of `firm_customers.customer_clusters`, or of them those who were drawn.
    many : how many they are.
    of : how many they were drawn from.
    """
    number = ibis.row_number().over(ibis.window(order_by=customers.customer_id))
    limit = DRAWS if many <= SAMPLED else max(DRAWS * SAMPLED // of, 1)
    sampled = ibis.ifelse(customers.draw < limit, 1, 0)
    return customers.select("customer_id", "cluster", row=number, sampled=sampled)


def purchase_days(context: Context) -> Table:
    """Return customer_id, day, first, orders, revenue: one row a customer and day with a purchase.

    Days are local and count from 1970; several orders on one day are one occasion.
    """
    bought = purchases(context.tables["orders"])
    local = from_utc(bought.ordered_at, context.company.time_zone)
    bought = bought.mutate(day=_day_number(local))
    days = bought.group_by("customer_id", "day").aggregate(
        orders=bought.count(), revenue=bought.revenue.sum().cast("int64")
    )
    first = days.group_by("customer_id").aggregate(first=days.day.min())
    return days.join(first, "customer_id", how="inner")


def customers(tables: SnapshotTables) -> Table:
    """Return one row a customer and snapshot: `back` 0 is the period's end, 1 that before it.

    Snapshots reach back six periods, or to the first order; from the second on they hold only
    `sampled` rows. Columns: `back` and those of `_snapshots`.
    """
    first = tables.days.day.min().execute()
    ends = [tables.context.period.shift(-back) for back in range(SNAPSHOTS_BACK + 1)]
    backs = [back for back, at in enumerate(ends) if not back or _number_of(at) >= first]
    moments = [(back, ends[back], ends[back].shift(1) if back else None) for back in backs]
    parts = [_snapshots(tables, moments[:LATEST])]
    if moments[LATEST:]:
        people = tables.people.filter(tables.people.sampled == 1)
        context = among(
            tables.context,
            lambda rows, key: rows.semi_join(people.select(**{key: people.customer_id}), key),
            keep=lambda _, rows: rows,
        )
        few = replace(tables, people=people, context=context)
        parts.append(_snapshots(few, moments[LATEST:]))
    stacked = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return stacked.order_by("back", "row")


def holdout(tables: SnapshotTables) -> Table | None:
    """Return the snapshot at which models are fitted to be tried on what came after it, up to now.

    It lies a year before the period's end, or half of the known history where that is less; None
    where there are no two periods. Columns: those of `_snapshots`, and holdout_days, calibrated_to.
    """
    period, first = tables.context.period, tables.days.day.min().execute()
    spans = 1
    while _number_of(period.shift(-spans)) >= first:
        spans += 1
    periods = min(period.per_year, spans // 2)
    if not periods:
        return None
    end = period.shift(-periods)
    part = _snapshots(tables, [(periods, end, period)]).drop("back")
    return part.mutate(
        holdout_days=ibis.literal((period.last_day - end.last_day).days, "int64"),
        calibrated_to=ibis.literal(end.last_day.isoformat()),
    ).order_by("row")


def repeat_days(tables: SnapshotTables) -> Table:
    """Return day, new, repeats: first purchases and later purchase days, by day since the first."""
    days = tables.days.mutate(
        new=ibis.ifelse(tables.days.day == tables.days["first"], 1, 0),
        since=tables.days.day - tables.days.day.min().over(ibis.window()),
    )
    days = days.select("new", day=days.since, repeats=1 - days.new)
    return cells(days, ["day"], new=days.new.sum(), repeats=days.repeats.sum())


def _snapshots(
    tables: SnapshotTables, moments: Sequence[tuple[int, Period, Period | None]]
) -> Table:
    """Return one row a customer and moment: what was known at the end of a period, by `back`.

    Columns: back, row, cluster, sampled, repeats, last_age_days, age_days, repeat_revenue; orders,
    revenue, margin, discount, quantity, contacts, complaints, contact_cost in the lookback; the
    same of the period itself (period_...); score, score_age_days, member, referrals, segments as
    known then; next_orders, next_revenue, next_margin: after it to the end of another period, and
    next_held_out, whether the lot held back the first offer of that time (1, 0, or NULL without
    one): NULL where that is None.

    Parameters
    ----------
    moments : `back`, the period at whose end a customer is seen, the one to whose end followed.
    """
    context, when = tables.context, _moments(tables.context, moments)
    base = _rhythm(tables, when)
    for part in [_bought(context, when), *_of_tables(context, when)]:
        sums = [name for name in part.columns if name not in {*_EACH, *_NOT_SUMS}]
        base = base.left_join(part, _EACH).drop("customer_id_right", "back_right")
        base = base.mutate(**{name: base[name].fill_null(0) for name in sums})
    followed = base.back.isin([back for back, _, until in moments if until is not None])
    after = [name for name in base.columns if name.startswith("next_")]
    base = base.mutate(**{name: ibis.ifelse(followed, base[name], None) for name in after})
    return _with_segments(context, base).drop("customer_id")


_EACH = ("customer_id", "back")
_NOT_SUMS = ("score", "score_age_days", "next_held_out")


def _moments(context: Context, moments: Sequence[tuple[int, Period, Period | None]]) -> Table:
    """Return back, day (of the end, since 1970), and the instants since, starts, ends, until."""
    zone = context.company.time_zone
    rows = [
        {
            "back": back,
            "day": _number_of(at),
            "since": lookback_start(context, at),
            "starts": at.starts_at(zone),
            "ends": at.ends_at(zone),
            "until": (until or at).ends_at(zone),
        }
        for back, at, until in moments
    ]
    instants = dict.fromkeys(("since", "starts", "ends", "until"), "timestamp(6)")
    return of_literals(rows, {"back": "int64", "day": "int64", **instants})


def lookback_start(context: Context, at: Period) -> datetime:
    """Return the first instant of the lookback that ends with a period."""
    first = months_before(at.shift(1).first_day, context.lookback_months)
    return starts_at(first, context.company.time_zone)


def _rhythm(tables: SnapshotTables, when: Table) -> Table:
    """Return what BG/NBD reads: days with a purchase less one, age at the last one, age."""
    days = tables.days.semi_join(tables.people, "customer_id")
    days = days.cross_join(when.select("back", now=when.day)).filter(lambda t: t.day <= t.now)
    later = ibis.ifelse(days.day > days["first"], days.revenue, 0)
    lives = days.group_by(*_EACH, "first", "now").aggregate(
        repeats=(days.count() - 1).cast("int64"),
        last=days.day.max(),
        repeat_revenue=later.sum().cast("int64"),
    )
    lives = lives.select(
        *_EACH,
        "repeats",
        "repeat_revenue",
        last_age_days=lives["last"] - lives["first"],
        age_days=lives["now"] - lives["first"],
    )
    return tables.people.join(lives, "customer_id", how="inner")


def _bought(context: Context, when: Table) -> Table:
    """Return orders, revenue, margin, discount by customer and span, refunds netted."""
    orders = with_margin(context).cross_join(when)
    orders = orders.filter(orders.ordered_at >= orders.since, orders.ordered_at < orders.until)
    at, ends = orders.ordered_at, orders.ends
    spans = {"": at < ends, "period_": (at >= orders.starts) & (at < ends), "next_": at >= ends}
    money = {n: orders[n].fill_null(0) for n in ("revenue", "margin") if n in orders.columns}
    what = {"orders": ibis.ifelse(orders.revenue >= 0, 1, 0), **money}
    sums = {
        span + name: total(inside, value) for span, inside in spans.items()
        for name, value in what.items()
    }  # fmt: skip
    if "discount" in orders.columns:
        sums["discount"] = total(spans[""], orders.discount.fill_null(0))
    return orders.group_by(*_EACH).aggregate(**sums)


def _of_tables(context: Context, when: Table) -> list[Table]:
    """Return what further tables say of customers in a lookback: one frame a table given."""
    makers = {
        "order_lines": _quantities,
        "contacts": _contacts,
        "responses": _latest_scores,
        "memberships": _members,
        "referrals": _referrals,
        "offers": _lots,
    }
    parts = [make(context, when) for name, make in makers.items() if name in context.tables]
    return [part for part in parts if part is not None]


def _in_lookback(rows: Table, at: str, when: Table) -> Table:
    """Return rows once for each moment in whose lookback they lie."""
    rows = rows.cross_join(when.select("back", "since", "ends"))
    return rows.filter(rows[at] >= rows.since, rows[at] < rows.ends)


def _quantities(context: Context, when: Table) -> Table | None:
    lines = context.tables["order_lines"]
    if "quantity" not in lines.columns:
        return None
    orders = purchases(context.tables["orders"]).select("order_id", "customer_id", "ordered_at")
    lines = lines.select("order_id", "quantity").join(orders, "order_id", how="inner")
    lines = _in_lookback(lines, "ordered_at", when)
    return lines.group_by(*_EACH).aggregate(quantity=exact_sum(millionths(lines.quantity), PLACES))


def _contacts(context: Context, when: Table) -> Table:
    inside = _in_lookback(context.tables["contacts"], "opened_at", when)
    return inside.group_by(*_EACH).aggregate(contact_sums(inside))


def _latest_scores(context: Context, when: Table) -> Table | None:
    main, rows = context.company.main, context.tables["responses"]
    if main is None:
        return None
    rows = rows.select("customer_id", "response_id", "responded_at", score=rows[main.column])
    rows = _in_lookback(rows.filter(rows.score.notnull()), "responded_at", when)
    newest = ibis.window(
        group_by=[rows.customer_id, rows.back],
        order_by=[rows.responded_at.desc(), rows.response_id.desc()],
    )
    latest = rows.mutate(place=ibis.row_number().over(newest)).filter(lambda t: t.place == 0)
    age = (seconds(latest.ends) - seconds(latest.responded_at)) // SECONDS_A_DAY
    return latest.select(*_EACH, "score", score_age_days=age.cast("int64"))


def _members(context: Context, when: Table) -> Table:
    joined = context.tables["memberships"].cross_join(when.select("back", "ends"))
    joined = joined.filter(joined.joined_at < joined.ends).select(*_EACH).distinct()
    return joined.mutate(member=ibis.literal(1, "int64"))


def _referrals(context: Context, when: Table) -> Table:
    rows = context.tables["referrals"]
    rows = rows.filter(rows.referrer_id.notnull()).cross_join(when.select("back", "ends"))
    rows = rows.filter(rows.referred_at < rows.ends)
    counts = rows.group_by("referrer_id", "back").aggregate(referrals=rows.count())
    return counts.rename(customer_id="referrer_id")


def _lots(context: Context, when: Table) -> Table | None:
    offers = context.tables["offers"]
    if "is_holdout" not in offers.columns:
        return None
    drawn = offers.filter(offers.is_holdout.notnull())
    drawn = drawn.select("customer_id", "offer_id", "offered_at", "is_holdout")
    rows = drawn.cross_join(when.select("back", "ends", "until"))
    rows = rows.filter(rows.offered_at >= rows.ends, rows.offered_at < rows.until)
    earliest = ibis.window(
        group_by=[rows.customer_id, rows.back], order_by=[rows.offered_at, rows.offer_id]
    )
    first = rows.mutate(place=ibis.row_number().over(earliest)).filter(lambda t: t.place == 0)
    return first.select(*_EACH, next_held_out=ibis.ifelse(first.is_holdout, 1, 0))


def _with_segments(context: Context, base: Table) -> Table:
    if "customers" not in context.tables:
        return base
    where, segments = context.tables["customers"], segment_columns(context.company)
    base = looked_up(base, where, "customer_id", segments)
    return as_text(base, [name for name in segments if name in where.columns])


def _number_of(period: Period) -> int:
    """Return a period's last day as days since 1970."""
    return period.last_day.toordinal() - _EPOCH


_FIRST_INSTANT = datetime(1970, 1, 1)
_EPOCH = 719_163  # date(1970, 1, 1).toordinal()


def _day_number(local: Column) -> Column:
    return (seconds(local) // SECONDS_A_DAY).cast("int64")


def months(context: Context) -> Table:
    """Return all that was ever bought: month (2026-03), orders, revenue, quantity if known.

    `first_day` and `last_day` are the first and last of the month's days (1 to 31) with an order.
    Orders are first summed by quarters of an hour, of which few have to be put in local time.
    """
    bought = purchases(context.tables["orders"])
    bought = bought.mutate(quarter=(seconds(bought.ordered_at) // QUARTER_HOUR).cast("int64"))
    lines = context.tables.get("order_lines")
    if lines is not None and "quantity" in lines.columns:
        units = whole_sum(millionths(lines.quantity))
        units = lines.group_by("order_id").aggregate(quantity=units)
        bought = bought.left_join(units, "order_id")
    sums = {"orders": bought.count(), "revenue": bought.revenue.sum().cast("int64")}
    if "quantity" in bought.columns:
        sums["quantity"] = whole_sum(bought.quantity.fill_null(0))
    quarters = bought.group_by("quarter").aggregate(**sums)
    at = ibis.timestamp(_FIRST_INSTANT) + (quarters.quarter * QUARTER_HOUR).as_interval("s")
    quarters = quarters.mutate(local=from_utc(at, context.company.time_zone))
    year, month = quarters.local.year(), quarters.local.month()
    quarters = quarters.mutate(
        month=year.cast("string") + "-" + month.cast("string").lpad(2, "0"),
        day=quarters.local.day().cast("int64"),
    )
    totals = {name: quarters[name].sum().cast("int64") for name in ("orders", "revenue")}
    totals |= {"first_day": quarters.day.min(), "last_day": quarters.day.max()}
    if "quantity" in quarters.columns:
        totals["quantity"] = exact_sum(quarters.quantity, PLACES)
    return cells(quarters, ["month"], **totals)


def cost_sums(context: Context) -> Table:
    """Return purpose, amount: what the books say was spent in the months of the lookback."""
    costs = context.tables["costs"]
    first = months_before(context.period.shift(1).first_day, context.lookback_months)
    month = costs.month.cast("date")
    inside = costs.filter(month >= ibis.date(first), month <= ibis.date(context.period.last_day))
    return cells(inside, ["purpose"], amount=inside.amount.sum().cast("int64"))
