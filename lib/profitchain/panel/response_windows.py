"""What came before and after an answer in the same customer's own life: gaps, earlier, later ones.

The designs that ask how wrong a comparison of customers could be need more than the panel: the
customer's previous and next answer, how quick the last return *before* the answer was, how soon the
next order came after it, what chance had assigned. Expressions are as in `panel`; nothing here is
ever published.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.core.errors import CompanyError
from profitchain.panel.context import Context, purchases
from profitchain.panel.contracts import renewed
from profitchain.panel.event_order import is_before, with_instants, with_own_order
from profitchain.panel.panel import (
    HISTORY,
    SECONDS_A_DAY,
    UNKNOWN,
    cells,
    closed,
    looked_up,
    segment_columns,
)
from profitchain.sources.casts import seconds
from profitchain.stats.model_matrix import MONTH

WINDOWS = (30, 60, 90, 180, 365)  # days
ASSIGNED = "assigned"
MOST_ORDERS = 20  # that are told apart
OFFERED, HELD_OUT = "offered", "held out"


def followed(context: Context, rows: Table) -> Table:
    """Return one row a valid answer to the main question, with the customer's life around it.

    Parameters
    ----------
    rows : `panel.lives`.

    Returns
    -------
    Those columns, and: gap_before_days (between the last two purchases before the answer; -1 if
    fewer), tenure_then (days from the first purchase to the last but one), days_to_next (to the
    next purchase; NULL if none yet), previous_score (NULL without such an answer), nth (1 for the
    customer's first answer), answered_again (0/1), assigned (text, NULL if nothing).
    """
    joined = _assigned(context, rows).join(_around(context, rows), "row", how="inner")
    by_customer = ibis.window(
        group_by=joined.customer_id, order_by=[joined.responded_at, joined.response_id]
    )
    return joined.mutate(
        nth=ibis.row_number().over(by_customer) + 1,
        previous_score=joined.score.lag().over(by_customer),
        days_to_next=_days(joined.responded_at, joined.next_at),
        answered_again=ibis.ifelse(joined.score.lead().over(by_customer).notnull(), 1, 0),
    )


def ladder_cells(context: Context, rows: Table) -> Table:
    """Return what `evidence.designs` reads: one row an answer whose window has closed.

    Parameters
    ----------
    rows : `followed`.

    Returns
    -------
    person (an int that tells one customer from another and means nothing else), nth, answered_on
    (day), month, closes, in_lookback, and the columns of `followed` that hold no instant and no id.
    """
    person = ibis.dense_rank().over(ibis.window(order_by=rows.customer_id))
    rows = rows.mutate(person=person, answered_on=rows.responded_at.cast("date"))
    rows = closed(context, rows)
    own = ["person", "nth", "answered_on", MONTH, "closes", "in_lookback", "score", "repeat"]
    own += ["cluster"]
    around = ["gap_before_days", "tenure_then", "days_to_next", "previous_score"]
    around += ["answered_again", ASSIGNED]
    columns = [*own, *segment_columns(context.company), *HISTORY, *around]
    return rows.select(*columns).order_by("person", "nth")


def answered_orders(context: Context) -> Table:
    """Return prior_orders, month, answered, n, repeats: the orders whose window has closed.

    Where nobody knows who was asked, these tell whether those who come back answer more. An answer
    belongs to its own order, else to the one that it follows, of its day at the latest; `repeats`
    counts orders followed by another in the window.
    """
    bought = purchases(context.tables["orders"])
    bought = bought.filter(bought.customer_id.notnull(), bought.ordered_at < context.ends_at)
    given = with_own_order(context, context.tables["responses"])
    given = with_instants(context, given, "responded_at")
    given = given.filter(given[context.score_column].notnull())
    both = ibis.union(
        bought.select("customer_id", at="ordered_at", is_order=ibis.literal(1, "int64")),
        given.select("customer_id", at="followed_from", is_order=ibis.literal(0, "int64")),
    )
    theirs = ibis.window(group_by=both.customer_id, order_by=[both["at"], both.is_order.desc()])
    both = both.mutate(answered=1 - both.is_order.lead().over(theirs).fill_null(1))
    rows = both.filter(both.is_order == 1)
    theirs = ibis.window(group_by=rows.customer_id, order_by=[rows["at"], rows.answered])
    ends = rows["at"] + ibis.interval(days=context.company.repeat_within_days)
    rows = rows.mutate(
        prior_orders=ibis.least(ibis.row_number().over(theirs), MOST_ORDERS),
        month=12 * rows["at"].year() + rows["at"].month(),
        repeat=ibis.ifelse((rows["at"].lead().over(theirs) <= ends).fill_null(False), 1, 0),
        ends=ends,
    )
    rows = rows.filter(rows.ends < context.ends_at, rows.ends >= context.lookback_starts_at)
    keys = ["prior_orders", "month", "answered"]
    return cells(rows, keys, n=rows.count(), repeats=rows.repeat.sum())


def window_cells(context: Context, rows: Table) -> Table:
    """Return window (days), the panel's keys, n, repeats: the link's cells for several windows.

    Each window has only the answers that closed it within the lookback months, so n differs.

    Parameters
    ----------
    rows : `panel.lives`.
    """
    keys = ["score", MONTH, *segment_columns(context.company), "cluster", *HISTORY]
    parts = []
    for days in sorted({*WINDOWS, context.company.repeat_within_days}):
        ends = rows.responded_at + ibis.interval(days=days)
        inside = rows.filter(ends < context.ends_at, ends >= context.lookback_starts_at)
        ends = inside.responded_at + ibis.interval(days=days)
        came = (inside.next_at <= ends).fill_null(False)
        if context.by_contract:
            came = renewed(inside.last_at, ends)
        parts.append(
            inside.select(*keys, window=ibis.literal(days, "int64"), repeat=ibis.ifelse(came, 1, 0))
        )
    stacked = ibis.union(*parts)
    return cells(stacked, ["window", *keys], n=stacked.count(), repeats=stacked.repeat.sum())


def return_times(context: Context, rows: Table) -> Table:
    """Return one row a customer who answered in the lookback: how long from then to the next order.

    Parameters
    ----------
    rows : `panel.lives`.

    Returns
    -------
    cluster, score, days (to the next purchase strictly after the customer's first answer of the
    lookback, or to the period's end), event (1 bought, 0 not seen to), prior_orders, recency_days
    (-1 without an earlier order), tenure_days, segments; contacts and complaints in the year before
    the answer where the firm has contacts.
    """
    rows = rows.filter(rows.responded_at >= context.lookback_starts_at)
    order = ibis.window(group_by=rows.customer_id, order_by=[rows.responded_at, rows.response_id])
    rows = rows.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place == 0)
    until = seconds(ibis.coalesce(rows.next_at, context.ends_at))
    rows = rows.mutate(
        days=(until - seconds(rows.responded_at)) // SECONDS_A_DAY,
        event=ibis.ifelse(rows.next_at.notnull(), 1, 0),
    )
    columns = ["cluster", "score", "days", "event", "prior_orders", "recency_days", "tenure_days"]
    columns += segment_columns(context.company)
    contacts = context.tables.get("contacts")
    if contacts is not None:
        before = _contacts_before(context, rows, contacts)
        rows = rows.left_join(before, "customer_id").drop("customer_id_right")
        counts = [n for n in before.columns if n != "customer_id"]
        rows = rows.mutate(**{name: rows[name].fill_null(0) for name in counts})
        columns += counts
    return rows.order_by("customer_id").select(*columns)


def _contacts_before(context: Context, rows: Table, contacts: Table) -> Table:
    year, zone = ibis.interval(days=365), context.company.time_zone
    pairs = rows.select("customer_id", "known_at").join(contacts, "customer_id", how="inner")
    pairs = pairs.filter(
        is_before(pairs.opened_at, pairs.known_at, zone), pairs.opened_at >= pairs.known_at - year
    )
    sums = contact_sums(pairs)
    sums.pop("contact_cost", None)
    return pairs.group_by("customer_id").aggregate(sums)


def contact_sums(contacts: Table) -> dict[str, Value]:
    """Return the sums that contacts allow: contacts, and complaints and contact_cost if known."""
    sums = {"contacts": contacts.count()}
    if "is_complaint" in contacts.columns:
        sums["complaints"] = ibis.ifelse(contacts.is_complaint.fill_null(False), 1, 0).sum()
    if "cost" in contacts.columns:
        sums["contact_cost"] = contacts.cost.fill_null(0).sum().cast("int64")
    return sums


def events(context: Context) -> Table:
    """Return event, happened_on and the segment values that each event touched (NULL: all)."""
    happened = context.tables["events"]
    named = [name for name in segment_columns(context.company) if name in happened.columns]
    columns = ["event", "happened_on", *named]
    return happened.select(*columns).order_by(["happened_on", "event", *named])


def _around(context: Context, answers: Table) -> Table:
    """Return, for each `row`, the gap before it and the tenure before that gap."""
    bought = purchases(context.tables["orders"]).select("customer_id", "ordered_at")
    bought = bought.semi_join(answers, "customer_id")
    by_customer = ibis.window(group_by=bought.customer_id, order_by=bought.ordered_at)
    bought = bought.mutate(one_earlier=bought.ordered_at.lag().over(by_customer))
    pairs = answers.select("row", "customer_id", "known_at").left_join(bought, "customer_id")
    before = pairs.ordered_at < pairs.known_at
    around = pairs.group_by("row").aggregate(
        first=ibis.ifelse(before, pairs.ordered_at, None).min(),
        last=ibis.ifelse(before, pairs.ordered_at, None).max(),
        last_but_one=ibis.ifelse(before, pairs.one_earlier, None).max(),
    )
    return around.select(
        "row",
        gap_before_days=_days(around.last_but_one, around["last"]).fill_null(-1),
        tenure_then=_days(around["first"], around.last_but_one).fill_null(0),
    )


def _assigned(context: Context, answers: Table) -> Table:
    """Return the answers with `assigned`: by the firm's experiment, else by its latest offer."""
    column, customers = context.company.experiment, context.tables.get("customers")
    if column:
        if customers is not None:
            answers = looked_up(answers, customers, "customer_id", [column])
        if column not in answers.columns:
            raise CompanyError(
                f"company.yml names the experiment '{column}', but neither customers nor responses "
                "has such a column. Rename a column to it under `columns`, or take it out."
            )
        return answers.mutate(assigned=answers[column].cast("string").nullif(UNKNOWN))
    offers = context.tables.get("offers")
    if offers is None or "is_holdout" not in offers.columns:
        return answers.mutate(assigned=ibis.null("string"))
    latest = _latest_offers(context, answers, offers)
    return answers.left_join(latest, "row").drop("row_right")


def _latest_offers(context: Context, answers: Table, offers: Table) -> Table:
    """Return row, assigned: what the lot said of the last offer within a window before it."""
    window = ibis.interval(days=context.company.repeat_within_days)
    drawn = offers.filter(offers.is_holdout.notnull())
    drawn = drawn.select("customer_id", "offer_id", "offered_at", "is_holdout")
    pairs = answers.select("row", "customer_id", "known_at").join(drawn, "customer_id")
    pairs = pairs.filter(
        is_before(pairs.offered_at, pairs.known_at, context.company.time_zone),
        pairs.offered_at >= pairs.known_at - window,
    )
    newest = ibis.window(
        group_by=pairs.row, order_by=[pairs.offered_at.desc(), pairs.offer_id.desc()]
    )
    pairs = pairs.mutate(place=ibis.row_number().over(newest))
    pairs = pairs.filter(pairs.place == 0)
    lot = ibis.ifelse(pairs.is_holdout, HELD_OUT, OFFERED)
    return pairs.select("row", assigned=lot)


def _days(start: Column, end: Column) -> Column:
    return ((seconds(end) - seconds(start)) // SECONDS_A_DAY).cast("int64")
