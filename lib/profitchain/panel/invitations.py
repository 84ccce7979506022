"""Whom the firm asked, who answered, what was known before, and what followed for both.

With `invitations` that name the answers they led to, a request is an invitation. Without them
nobody knows who was asked: then it is a customer and a period in which they bought, from their
first purchase in it on, and may have several answers. An answer belongs to the purchase that it
follows. All answers stay: the last of a customer's would be the one that no order followed.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from profitchain.panel.context import Context, purchases
from profitchain.panel.event_order import with_instants, with_own_order
from profitchain.panel.panel import OUTCOMES, as_text, cells, histories, looked_up, segment_columns
from profitchain.sources.casts import seconds
from profitchain.stats.model_matrix import MONTH

EARLIER = "earlier"  # a period before those of the trend
OPEN = "open"  # the window has not closed by the period's end
LATE_FROM = (2, 3)  # of the ranks: the slowest third; ties at its edge count as early


def by_invitation(context: Context) -> bool:
    """Tell whether some invitation names an answer of ours, so that it is known who was asked."""
    sent = context.tables.get("invitations")
    if sent is None or "response_id" not in sent.columns:
        return False
    return bool(sent.semi_join(context.tables["responses"], "response_id").count().execute())


def requests(context: Context, clusters: Table, *, invited: bool) -> Table:
    """Return one row an answer to a request, and one for each request without an answer.

    Columns: customer_id, cluster, asked_at, response_id, responded_at, score (of the main question;
    NULL where it was not answered), touchpoint where the invitations carry it.
    """
    answers = context.tables["responses"]
    answers = with_own_order(context, answers.filter(answers.responded_at < context.ends_at))
    own = [name for name in ("own_at",) if name in answers.columns]
    answers = answers.select(
        "response_id", "customer_id", "responded_at", *own, score=answers[context.score_column]
    )
    rows = (_invitations if invited else _buyers)(context, answers)
    return rows.join(clusters.select("customer_id", "cluster"), "customer_id", how="inner")


def asked_panel(context: Context, rows: Table, *, invited: bool) -> Table:
    """Return those rows with what was known before the request, and what was bought after.

    Parameters
    ----------
    rows : as `requests` returns.

    Returns
    -------
    period and month (of asking), segments and touchpoint (text), cluster, prior_orders,
    recency_days (-1 without an earlier order), tenure_days (all strictly before asking), answered,
    in_time (some answer to it by the end of the period of asking, as each period's own edition saw
    it) and late (among the slowest third; 0/1), asks (without invitations: 1 in one row of each
    request, 0 in those of its further answers), score, closes (the period in which the window after
    the answer, or after asking where there is none, ends), in_lookback, and within that window
    repeat, orders, spend, margin (minor units; 0 while it is open).
    """
    rows = _dated(rows, context)
    rows = _told_apart(rows, context, invited=invited)
    own = ["row", "period", MONTH, "answered", "in_time", "late", "score", "closes", "in_lookback"]
    own += ["cluster", *([] if invited else ["asks"]), *asked_about(context, rows)]
    joined = histories(rows, context)
    joined = joined.select(*own, *(name for name in joined.columns if name not in rows.columns))
    outcomes = [name for name in ("repeat", *OUTCOMES) if name in joined.columns]
    is_open = joined.closes == OPEN
    closed_only = {name: ibis.ifelse(is_open, 0, joined[name]).cast("int64") for name in outcomes}
    passing = ("row", "next_at", "unplaced", "last_at")
    return joined.mutate(**closed_only).drop(*(n for n in passing if n in joined.columns))


def asked_cells(rows: Table) -> Table:
    """Return these rows compressed: one a distinct combination, n and summed outcomes."""
    outcomes = [name for name in OUTCOMES if name in rows.columns]
    keys = [name for name in rows.columns if name not in {*outcomes, "repeat"}]
    sums = {name: rows[name].sum() for name in outcomes}
    return cells(rows, keys, n=rows.count(), repeats=rows.repeat.sum(), **sums)


def unasked(context: Context, rows: Table) -> int:
    """Return how many of the period's answers to the main question belong to no request."""
    answers = context.tables["responses"]
    now = context.period_of(answers.responded_at) == context.period.name
    answers = answers.filter(answers[context.score_column].notnull(), now)
    requests = rows.filter(rows.response_id.notnull())
    return int(answers.anti_join(requests, "response_id").count().execute())


def asked_about(context: Context, rows: Table) -> list[str]:
    """Return the columns that are known of everybody asked: segments of customers, touchpoint."""
    customers = context.tables.get("customers")
    names = () if customers is None else customers.columns
    segments = [name for name in segment_columns(context.company) if name in names]
    return [*segments, *(["touchpoint"] if "touchpoint" in rows.columns else [])]


def _invitations(context: Context, answers: Table) -> Table:
    """Return the invitations with their answers; reminders of one answer count once, as the first.

    An answer of another customer than the one invited is none.
    """
    sent = context.tables["invitations"]
    about = [name for name in ("touchpoint",) if name in sent.columns]
    sent = sent.filter(sent.invited_at < context.ends_at)
    first = ibis.row_number().over(
        ibis.window(group_by=sent.response_id, order_by=[sent.invited_at, sent.customer_id])
    )
    sent = sent.mutate(again=ibis.ifelse(sent.response_id.isnull(), 0, first))
    sent = sent.filter(sent.again == 0)
    sent = sent.select("customer_id", *about, asked_at="invited_at", named="response_id")
    same = [sent.named == answers.response_id, sent.customer_id == answers.customer_id]
    return sent.left_join(answers, same).drop("named", "customer_id_right")


def _buyers(context: Context, answers: Table) -> Table:
    """Return who bought in each period, with every answer that followed a purchase of it.

    Of an answer without a time of day, a purchase of its day counts as one that it follows.
    """
    window = ibis.interval(days=context.company.repeat_within_days)
    bought = purchases(context.tables["orders"]).select("customer_id", "ordered_at")
    bought = bought.filter(bought.ordered_at < context.ends_at)
    answers = with_instants(context, answers.filter(answers.score.notnull()), "responded_at")
    pairs = answers.join(bought, "customer_id", how="inner")
    pairs = pairs.filter(pairs.ordered_at <= pairs.followed_from)
    after = pairs.group_by(*answers.columns).aggregate(ordered_at=pairs.ordered_at.max())
    after = after.drop("known_at", "followed_from")
    kept_from = context.lookback_starts_at - window
    bought, after = (rows.filter(rows.ordered_at >= kept_from) for rows in (bought, after))
    bought, after = (
        rows.mutate(period=context.period_of(rows.ordered_at).fill_null(EARLIER))
        for rows in (bought, after)
    )
    active = bought.group_by("customer_id", "period").aggregate(asked_at=bought.ordered_at.min())
    rows = active.left_join(after.drop("ordered_at"), ["customer_id", "period"])
    return rows.drop("customer_id_right", "period_right", "period")


def _dated(rows: Table, context: Context) -> Table:
    """Return requests with period, window and row number, without those that no number needs."""
    window = ibis.interval(days=context.company.repeat_within_days)
    followed = ibis.coalesce(rows.responded_at, rows.asked_at)
    rows = with_instants(context, rows.mutate(followed=followed), "followed")
    rows = rows.mutate(
        row=ibis.row_number().over(
            ibis.window(order_by=[rows.customer_id, rows.asked_at, rows.response_id])
        ),
        known_at=rows.asked_at,
        window_ends=followed + window,
        month=context.month_of(rows.asked_at),
        period=context.period_of(rows.asked_at).fill_null(EARLIER),
        answered=ibis.ifelse(rows.responded_at.notnull(), 1, 0),
    )
    closed = rows.window_ends < context.ends_at
    rows = rows.mutate(
        in_lookback=closed & (rows.window_ends >= context.lookback_starts_at),
        closes=ibis.ifelse(closed, context.period_of(rows.window_ends).fill_null(EARLIER), OPEN),
    )
    return rows.filter(rows.in_lookback | (rows.period != EARLIER))


def _told_apart(rows: Table, context: Context, *, invited: bool) -> Table:
    """Return requests with segments, and answers told apart: in time or not, early or late."""
    if "customers" in context.tables:
        names = [*segment_columns(context.company), "joined_on"]
        rows = looked_up(rows, context.tables["customers"], "customer_id", names)
    rows = as_text(rows, asked_about(context, rows))
    same = context.period_of(rows.responded_at).fill_null(EARLIER) == rows.period
    in_time = (rows.answered == 1) & (same | (rows.responded_at < rows.asked_at))
    rows = rows.mutate(in_time=ibis.ifelse(in_time.fill_null(False), 1, 0))
    delay = seconds(rows.responded_at) - seconds(rows.asked_at)
    slower = ibis.rank().over(ibis.window(group_by=rows.answered, order_by=delay))
    alike = rows.count().over(ibis.window(group_by=rows.answered))
    part, whole = LATE_FROM
    slow = (slower > 0) & (slower * whole >= (alike - 1) * part)
    is_late = (rows.answered == 1) & slow & ibis.literal(invited)
    rows = rows.mutate(late=ibis.ifelse(is_late, 1, 0))
    return rows if invited else _several_answers(rows)


def _several_answers(rows: Table) -> Table:
    """Return the rows with one of each request marked: of the lookback where there is one."""
    request = [rows.customer_id, rows.asked_at]
    order = [rows.in_lookback.desc(), rows.responded_at, rows.response_id]
    place = ibis.row_number().over(ibis.window(group_by=request, order_by=order))
    in_time = rows.in_time.max().over(ibis.window(group_by=request))
    return rows.mutate(in_time=in_time, asks=ibis.ifelse(place == 0, 1, 0))
