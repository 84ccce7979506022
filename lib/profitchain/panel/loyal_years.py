"""What the year's customers brought by how they came: kept, back, referred, won; and what they pay.

Whoever is loyal was so before: earlier orders are counted to the first day of the order's month.
Expressions are as in `panel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import ibis
from ibis.expr.types import Table

from profitchain.panel import experiences, newcomer_outcomes, service_outcomes
from profitchain.panel.context import Context, purchases
from profitchain.panel.experiences import with_clusters_of, year_starts_at
from profitchain.panel.panel import SECONDS_A_DAY, cells, looked_up, total, with_margin
from profitchain.sources.casts import from_utc, seconds
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths, whole

Keep: TypeAlias = Callable[[str, Table], Table]
LOYAL_FROM = 3  # orders before the month
LOYAL, NEW, BETWEEN = "loyal", "new", "between"
PAYBACK_MONTHS = 12
MONTH_SECONDS = 365 * SECONDS_A_DAY // 12
NO_CHANNEL = ""
NEW_DAYS, KNOWN_DAYS = 91, 365  # after its first sale; of books, till that tells what is new
FINE = 1_000  # parts of a minor unit in which shares of prices are added up


def benefit_summaries(
    context: Context, people: Table, everybody: Mapping[str, Table], *, keep: Keep
) -> Iterator[tuple[str, Table]]:
    """Yield growth, newcomers, prices, and what followed scores, as far as tables are given.

    Parameters
    ----------
    people : one row a customer: customer_id, cluster.
    everybody : the tables of all customers, of whom some may be drawn.
    keep : lets the engine keep a table under a name.
    """
    tables, referrals = context.tables, everybody.get("referrals")
    yield "growth_cells", growth_cells(context, people, referrals)
    newcomers = newcomer_months(context, keep=keep)
    if newcomers is not None:
        yield "newcomer_months", newcomers
    if "costs" in tables:
        yield "channel_costs", channel_costs(context)
    if "order_lines" in tables:
        yield "price_cells", price_cells(context, people)
        yield "new_product_cells", new_product_cells(context, people)
    if "discount" in tables["orders"].columns:
        yield "discount_cells", discount_cells(context, people)
    if "offers" in tables:
        yield "offer_cells", experiences.offer_cells(context, people)
    if context.company.main is not None and "responses" in tables:
        yield "year_exposure", experiences.year_exposure(context)
        if "referrals" in tables:
            yield "referral_cells", experiences.referral_cells(context, people)
        if "contacts" in tables:
            yield "complaint_cells", experiences.complaint_cells(context, people)
    yield from service_outcomes.service_summaries(context, people)
    yield from newcomer_outcomes.newcomer_summaries(context, people, everybody["orders"])


def growth_cells(context: Context, customers: Table, referrals: Table | None) -> Table:
    """Return cluster, came, customers, before, orders, revenue_before, revenue, margin, discount.

    One row a cluster and way to have come: kept (bought in the year before the last one and in the
    last one), lost (in the former alone), reactivated (bought earlier), referred, won. `before`
    counts customers of the year before; `orders` and the rest are of the year to the period's end.

    Parameters
    ----------
    customers : customer_id, cluster.
    referrals : the table of referrals of all customers, if there is one.
    """
    orders = with_margin(context)
    year, before = year_starts_at(context), year_starts_at(context, 2)
    now = orders.ordered_at >= year
    then = (orders.ordered_at >= before) & ~now
    bought = orders.revenue >= 0
    sums = {
        "earlier": total(bought & ~now & ~then, 1),
        "bought_then": total(bought & then, 1),
        "orders": total(bought & now, 1),
        "revenue_before": total(then, orders.revenue),
    }
    sums |= {name: total(now, orders[name].fill_null(0))
             for name in ("revenue", "margin", "discount") if name in orders.columns}  # fmt: skip
    people = orders.group_by("customer_id").aggregate(**sums)
    people = _with_referred(context, people, referrals)
    came = ibis.cases(
        ((people.bought_then > 0) & (people.orders > 0), "kept"),
        (people.bought_then > 0, "lost"),
        (people.earlier > 0, "reactivated"),
        (people.referred, "referred"),
        else_="won",
    )
    people = people.mutate(came=came)
    people = people.filter((people.orders > 0) | (people.bought_then > 0) | (people.revenue != 0)
                           | (people.revenue_before != 0))  # fmt: skip
    people = with_clusters_of(context, people, customers)
    names = [name for name in sums if name not in ("earlier", "bought_then")]
    added = {name: people[name].sum().cast("int64") for name in names}
    active = total(people.orders > 0, 1)
    then_active = total(people.bought_then > 0, 1)
    return cells(people, ["came", "cluster"], customers=active, before=then_active, **added)


def newcomer_months(context: Context, *, keep: Keep) -> Table | None:
    """Return channel, months, customers, margin, squares, new: newcomers' margin by age.

    One row a channel and number of months: of those newcomers of the last two years who are known
    for so long, the sums of each one's margin since the first order and of its square (in whole
    units); `new` counts all whose first order lies in the last year. None where no margin is known.
    """
    orders = with_margin(context)
    if "margin" not in orders.columns:
        return None
    bought = purchases(orders)
    first = bought.group_by("customer_id").aggregate(first=bought.ordered_at.min())
    first = first.filter(first["first"] >= year_starts_at(context, 2))
    rows = orders.join(first, "customer_id").filter(lambda t: t.ordered_at >= t["first"])
    age = (seconds(rows.ordered_at) - seconds(rows["first"])) // MONTH_SECONDS
    months = range(1, PAYBACK_MONTHS + 1)
    each = rows.group_by("customer_id").aggregate(
        first=rows["first"].min(),
        **{f"to_{month}": total(age < month, rows.margin.fill_null(0)) for month in months},
    )
    known = (seconds(context.ends_at) - seconds(each["first"])) // MONTH_SECONDS
    each = _with_channel(context, each.mutate(known=known))
    unit = context.company.minor_units
    sums = {"new": total(each["first"] >= year_starts_at(context), 1)}
    for month in months:
        is_known, money = each.known >= month, each[f"to_{month}"]
        sums[f"n_{month}"] = total(is_known, 1)
        sums[f"sum_{month}"] = total(is_known, money)
        squared = whole(ibis.ifelse(is_known, money, 0)) * whole(money)
        sums[f"sq_{month}"] = exact_sum(squared) / (unit * unit)
    wide = keep("newcomers", each.group_by("channel").aggregate(**sums))
    parts = [
        wide.select("channel", "new", months=ibis.literal(month, "int64"),
                    customers=wide[f"n_{month}"], margin=wide[f"sum_{month}"],
                    squares=wide[f"sq_{month}"])
        for month in months
    ]  # fmt: skip
    return ibis.union(*parts).order_by(["channel", "months"])


def channel_costs(context: Context) -> Table:
    """Return purpose, channel, amount: what was spent in the year to the period's end."""
    costs = context.tables["costs"]
    channel = costs.channel if "channel" in costs.columns else ibis.null("string")
    rows = costs.mutate(channel=channel.fill_null(NO_CHANNEL))
    at = rows.month.cast("timestamp")
    rows = rows.filter(at >= year_starts_at(context) - ibis.interval(days=1), at < context.ends_at)
    return cells(rows, ["purpose", "channel"], amount=rows.amount.sum().cast("int64"))


def price_cells(context: Context, customers: Table) -> Table:
    """Return cluster, apart, at_new_price, new_part, lines: what the loyal pay for the same.

    Of lines of the same product and month: `apart` is what the loyal paid above the mean price of
    the new, `at_new_price` what it would have been at that price; `new_part` is what the new paid
    above their own mean, weighted to the loyal's basket (their part of the error). An order's
    discount is spread over its lines. Thousandths of minor units.
    """
    rows = _net_lines(context)
    keys = ["product_id", "month"]
    loyal, new, parts = rows.loyalty == LOYAL, rows.loyalty == NEW, millionths(rows.quantity)
    means = rows.group_by(keys).aggregate(
        loyal_quantity=exact_sum(ibis.ifelse(loyal, parts, 0), PLACES),
        new_quantity=exact_sum(ibis.ifelse(new, parts, 0), PLACES),
        new_net=exact_sum(ibis.ifelse(new, millionths(rows.net), 0), PLACES),
    )
    means = means.filter(means.loyal_quantity > 0, means.new_quantity > 0)
    rows = rows.join(means, keys).filter(lambda t: t.loyalty != BETWEEN)
    at_price = rows.quantity * rows.new_net / rows.new_quantity
    loyal = rows.loyalty == LOYAL
    above = rows.net - at_price
    amounts = {
        "apart": ibis.ifelse(loyal, above, 0.0),
        "at_new_price": ibis.ifelse(loyal, at_price, 0.0),
        "new_part": ibis.ifelse(loyal, 0.0, above * rows.loyal_quantity / rows.new_quantity),
    }
    rows = rows.mutate(
        **{name: (part * FINE).round().cast("int64") for name, part in amounts.items()}
    )
    rows = with_clusters_of(context, rows, customers)
    added = {name: rows[name].sum().cast("int64") for name in amounts}
    return cells(rows, ["cluster"], **added, lines=rows.count())


def discount_cells(context: Context, customers: Table) -> Table:
    """Return loyalty, cluster, orders, revenue, discount of the year's orders."""
    rows = with_clusters_of(context, _by_loyalty(context), customers)
    sums = {name: rows[name].fill_null(0).sum().cast("int64") for name in ("revenue", "discount")}
    return cells(rows, ["loyalty", "cluster"], orders=rows.count(), **sums)


def new_product_cells(context: Context, customers: Table) -> Table:
    """Return month, loyalty, cluster, orders, tried: orders with a product new in the range.

    Of the year's orders whose lines are known, in months in which somebody bought such a product:
    it was first sold within three months, a year or more after the first line of the books.
    """
    orders = purchases(context.tables["orders"]).select("order_id", "ordered_at")
    lines = context.tables["order_lines"]
    lines = lines.filter(lines.revenue >= 0).select("order_id", "product_id")
    sold = lines.join(orders, "order_id").mutate(at=lambda t: seconds(t.ordered_at))
    first = sold.group_by("product_id").aggregate(began=sold["at"].min())
    first = first.mutate(opened=first.began.min().over(ibis.window()))
    first = first.filter(first.began - first.opened >= KNOWN_DAYS * SECONDS_A_DAY)
    of_new = sold.join(first, "product_id")
    of_new = of_new.filter(of_new["at"] - of_new.began < NEW_DAYS * SECONDS_A_DAY)
    tried = of_new.select("order_id").distinct().mutate(tried=ibis.literal(1))
    rows = _by_loyalty(context).semi_join(lines, "order_id").left_join(tried, "order_id")
    rows = rows.drop("order_id_right").mutate(tried=rows.tried.fill_null(0))
    rows = rows.semi_join(rows.filter(rows.tried == 1).select("month").distinct(), "month")
    rows = with_clusters_of(context, rows.filter(rows.loyalty != BETWEEN), customers)
    keys = ["month", "loyalty", "cluster"]
    return cells(rows, keys, orders=rows.count(), tried=rows.tried.sum().cast("int64"))


def _by_loyalty(context: Context) -> Table:
    """Return the year's purchases with `month` and `loyalty`, by orders before that month."""
    orders = purchases(context.tables["orders"])
    local = from_utc(orders.ordered_at, context.company.time_zone)
    orders = orders.mutate(month=local.year() * 12 + local.month())
    order = [orders.ordered_at, orders.order_id]
    nth = ibis.row_number().over(ibis.window(group_by=orders.customer_id, order_by=order))
    of_month = ibis.row_number().over(
        ibis.window(group_by=[orders.customer_id, orders.month], order_by=order)
    )
    orders = orders.mutate(prior=nth - of_month)
    loyalty = ibis.cases(
        (orders.prior >= LOYAL_FROM, LOYAL), (orders.prior == 0, NEW), else_=BETWEEN
    )
    return orders.mutate(loyalty=loyalty).filter(orders.ordered_at >= year_starts_at(context))


def _net_lines(context: Context) -> Table:
    """Return customer_id, product_id, month, loyalty, quantity, net: lines less their discount."""
    orders = _by_loyalty(context).select(
        "order_id", "customer_id", "month", "loyalty", paid="revenue"
    )
    lines = context.tables["order_lines"]
    quantity = lines.quantity if "quantity" in lines.columns else ibis.literal(1.0)
    lines = lines.select("order_id", "product_id", line="revenue",
                         quantity=quantity.cast("float64").fill_null(1.0))  # fmt: skip
    lines = lines.filter(lines.quantity > 0, lines.line >= 0)
    of_order = lines.group_by("order_id").aggregate(listed=lines.line.sum())
    rows = lines.join(orders, "order_id").join(of_order, "order_id")
    rows = rows.filter(rows.listed > 0)
    factor = ibis.least(rows.paid / rows.listed, 1.0)  # above 1, it is delivery
    return rows.mutate(net=rows.line * factor).drop("paid", "listed", "line")


def _with_channel(context: Context, people: Table) -> Table:
    customers = context.tables.get("customers")
    if customers is None or "acquisition_channel" not in customers.columns:
        return people.mutate(channel=ibis.literal(NO_CHANNEL))
    people = looked_up(people, customers, "customer_id", ["acquisition_channel"])
    return people.mutate(channel=people.acquisition_channel.fill_null(NO_CHANNEL))


def _with_referred(context: Context, people: Table, referrals: Table | None) -> Table:
    """Return customers with `referred`: whether anybody is known to have told them of the firm."""
    referred = ibis.literal(False)
    customers = context.tables.get("customers")
    if customers is not None and "referred_by" in customers.columns:
        people = looked_up(people, customers, "customer_id", ["referred_by"])
        referred = referred | people.referred_by.notnull()
    if referrals is not None:
        named = referrals.select("customer_id").distinct().mutate(is_named=ibis.literal(True))
        people = people.left_join(named, "customer_id").drop("customer_id_right")
        base = (
            people.referred_by.notnull() if "referred_by" in people.columns else ibis.literal(False)
        )
        referred = base | people.is_named.fill_null(False)
    return people.mutate(referred=referred)
