"""What was known of a customer before an answer, what followed, and the small sums kept of both.

Every function takes and gives Ibis expressions, so the work stays in the engine. Instants are
UTC without a zone mark and money is in minor units, as `intake` leaves them. "Before" and "after"
are strict, as far as they are known (`event_order`): an order at the very instant of the answer
counts as neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import Column, Table, Value

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.core.i18n import N_
from profitchain.intake.hashing import number_of
from profitchain.panel.context import Context
from profitchain.panel.contracts import renewed
from profitchain.panel.customers import with_clusters
from profitchain.panel.event_order import placed, with_instants, with_own_order
from profitchain.sources.casts import seconds
from profitchain.sources.company import BUILT_IN_CONTROLS, Company
from profitchain.sources.typed_tables import WHO
from profitchain.stats.model_matrix import MONTH

UNKNOWN = N_("(unknown)")
SECONDS_A_DAY = 86_400
HISTORY = ("prior_orders", "recency_days", "tenure_days")
OUTCOMES = ("orders", "spend", "margin")
SMALL = ("cluster", *HISTORY, "n", "repeats")  # 32 bits do


def answers(context: Context, customers: Table) -> Table:
    """Return one row an answered survey: ids, scores, cluster, segments as text, joined_on, own_at.

    A segment is looked up with the customer, else on the answer itself, else with its order.

    Parameters
    ----------
    customers : `firm_customers.customer_clusters`.
    """
    segments = segment_columns(context.company)
    rows = context.tables["responses"]
    columns = ["response_id", "customer_id", "responded_at", *_of(rows, "order_id", *segments)]
    columns += [question.column for question in context.company.questions.values()]
    columns += _of(rows, context.company.experiment or "", *context.company.driving_columns)
    rows = rows.select(*dict.fromkeys(columns))
    if context.key == WHO:
        rows = with_clusters(rows, exact=False).drop("draw")
        rows = rows.mutate(**{WHO: number_of(rows.customer_id)})
    else:
        rows = rows.join(customers.select("customer_id", "cluster"), "customer_id", how="inner")
    if "customers" in context.tables:
        rows = looked_up(rows, context.tables["customers"], "customer_id", [*segments, "joined_on"])
    if "order_id" in rows.columns and "orders" in context.tables:
        wanted = dict.fromkeys([*segments, *context.company.driving_columns])
        missing = [name for name in wanted if name not in rows.columns]
        rows = looked_up(rows, context.all_orders(missing), "order_id", missing)
        rows = with_own_order(context, rows)
    _refuse_strays(segments, rows, context)
    return as_text(rows, segments).drop(*_of(rows, "order_id"))


def score_cells(context: Context, *rows: Table) -> Table:
    """Return question, period, segments, cluster, score, n: the answers of the trend's periods.

    Parameters
    ----------
    rows : `answers`, and `unnamed.anonymous_answers` where there are some.
    """
    stacked = [_of_trend(context, some) for some in rows]
    keys = ["question", "period", *segment_columns(context.company), "cluster", "score"]
    every = ibis.union(*stacked) if len(stacked) > 1 else stacked[0]
    return cells(every, keys, n=lambda t: t.count())


def _of_trend(context: Context, rows: Table) -> Table:
    """Return one row an answer of the trend's periods to a question."""
    rows = rows.mutate(period=context.period_of(rows.responded_at)).filter(
        lambda t: t.period.notnull()
    )
    segments = segment_columns(context.company)
    parts = [
        rows.filter(rows[question.column].notnull()).select(
            "period", *segments, "cluster", question=ibis.literal(name), score=question.column
        )
        for name, question in context.company.questions.items()
    ]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def lives(context: Context, rows: Table) -> Table:
    """Return one row a valid answer to the main question, with what came before it and after it.

    Parameters
    ----------
    rows : `answers`.

    Returns
    -------
    row and response_id, customer_id, responded_at, known_at, followed_from, window_ends, month (of
    the answer, "2026-03"), score, segments, cluster, before_own (1: the answer is older than the
    order that it is about), unplaced (1: an order of the same day may lie before or after it),
    prior_orders, recency_days (-1 without an earlier order), tenure_days, next_at (the next
    purchase, NULL if none yet), and within `repeat_within_days` after it, as far as it is known:
    repeat (0/1), orders, spend, margin (minor units).
    """
    answers = with_window(context, rows)
    own = ["row", "response_id", "customer_id", "responded_at", "known_at", "followed_from"]
    own += ["window_ends", MONTH, "score", "cluster", "before_own"]
    own += _of(answers, *segment_columns(context.company), context.company.experiment or "")
    rows = histories(answers, context)
    new = [name for name in rows.columns if name not in answers.columns]
    return rows.select(*dict.fromkeys(own), *new)


def panel(context: Context, rows: Table) -> Table:
    """Return the lives whose window closed in trend or lookback: one row an answer.

    Columns: score, month, segments, cluster, closes (period in which its window ends), in_lookback,
    prior_orders, recency_days, tenure_days, repeat, orders, spend, margin.

    Parameters
    ----------
    rows : `lives`. Answers whose window is still open at the period's end are left out.
    """
    rows = closed(context, rows)
    columns = ["score", MONTH, "closes", "in_lookback", "cluster"]
    columns += segment_columns(context.company)
    columns += ["prior_orders", "recency_days", "tenure_days", "repeat"]
    return rows.select(*columns, *_of(rows, "orders", "spend", "margin"))


def with_window(context: Context, rows: Table) -> Table:
    """Return the answers to the main question, with score, row and the instants of `histories`.

    `row` tells one from another; where the engine has numbered them, it is that number.
    """
    window = ibis.interval(days=context.company.repeat_within_days)
    rows = rows.mutate(score=rows[context.score_column])
    rows = rows.filter(rows.score.notnull())
    if "row" not in rows.columns:
        rows = rows.mutate(row=rows.response_id)
    rows = with_instants(context, rows, "responded_at")
    older = (rows.own_at > rows.responded_at) & (rows.known_at == rows.responded_at)
    return rows.mutate(
        window_ends=rows.responded_at + window,
        before_own=ibis.ifelse(older.fill_null(False), 1, 0),
        month=context.month_of(rows.responded_at),
    )


def closed(context: Context, rows: Table) -> Table:
    """Return the rows whose window closed in trend or lookback, with closes and in_lookback."""
    closes = context.period_of(rows.window_ends)
    rows = rows.mutate(
        closes=closes.fill_null("earlier"),
        in_lookback=rows.window_ends >= context.lookback_starts_at,
    )
    in_time = rows.filter(rows.window_ends < context.ends_at)
    return in_time.filter(in_time.in_lookback | (in_time.closes != "earlier"))


def customers_followed(context: Context, rows: Table) -> Value:
    """Return how many customers gave those of the `lives` that the link is fitted on."""
    rows = closed(context, rows)
    return rows.filter(rows.in_lookback).customer_id.nunique()


def order_of_events(rows: Table) -> dict[str, int]:
    """Return how many of the `lives` are older than their own order, and how many can't be placed.

    Not placed are answers on a day with another order, where one of both has no time of day.
    """
    older, unplaced = (rows.filter(rows[name] == 1) for name in ("before_own", "unplaced"))
    return {
        "before_own_order": int(older.count().execute()),
        "unplaced": int(unplaced.count().execute()),
    }


def link_cells(context: Context, rows: Table) -> Table:
    """Return the panel compressed: one row a distinct combination, with n and summed outcomes."""
    outcomes = [name for name in OUTCOMES if name in rows.columns]
    keys = [name for name in rows.columns if name not in {*outcomes, "repeat"}]
    sums = {"n": rows.count(), "repeats": rows.repeat.sum()}
    sums |= {name: rows[name].sum() for name in outcomes}
    return cells(rows, keys, **sums).cast(dict.fromkeys(SMALL, "int32"))


def still_open(context: Context, rows: Table) -> int:
    """Return how many answers to the main question wait for their window to close."""
    rows = with_window(context, rows)
    return int(rows.filter(rows.window_ends >= context.ends_at).count().execute())


def margins_assumed(context: Context) -> int:
    """Return how many orders carry no margin of their own and take `gross_margin` instead."""
    if context.company.gross_margin is None:
        return 0
    names = ("tables", "unnamed") if "orders" in context.unnamed else ("tables",)
    orders = [getattr(context, name)["orders"] for name in names]
    has_margin = "margin" in orders[0].columns
    lacking = [rows.filter(rows.margin.isnull()) if has_margin else rows for rows in orders]
    return sum(int(rows.count().execute()) for rows in lacking)


def histories(rows: Table, context: Context) -> Table:
    """Return the rows with the customer's orders before each and within its window after it.

    Reads row (its own mark), the context's key, joined_on where known, `with_instants` and
    `window_ends`, to which what came after counts as outcome.
    """
    orders = with_margin(context)
    instants = ("known_at", "followed_from", "own_at", "window_ends")
    pairs = rows.select("row", context.key, *instants).left_join(orders, context.key)
    bought = pairs.revenue >= 0
    earlier, later, unplaced = placed(pairs, context.company.time_zone)
    before, after = bought & earlier, later & (pairs.ordered_at <= pairs.window_ends)
    at, soon = pairs.ordered_at, after & bought
    sums = {
        "unplaced": ibis.ifelse((bought & unplaced).any().fill_null(False), 1, 0),
        "prior_orders": at.count(where=before),
        "last_before": at.max(where=before),
        "first_before": at.min(where=before),
        "orders": at.count(where=soon),
        "spend": pairs.revenue.sum(where=after).fill_null(0).cast("int64"),
        "next_at": at.min(where=bought & later),
    }
    if "margin" in pairs.columns:
        sums["margin"] = pairs.margin.sum(where=after).fill_null(0).cast("int64")
    if context.by_contract:
        sums["last_at"] = at.max(where=later)
    return _described(rows.join(pairs.group_by("row").aggregate(**sums), "row", how="inner"))


def _described(sums: Table) -> Table:
    """Return the histories in days: recency, tenure (from joining, if known), and the repeat."""
    at = seconds(sums.known_at)
    recency = (at - seconds(sums.last_before)) // SECONDS_A_DAY
    tenure = (at - seconds(sums.first_before)) // SECONDS_A_DAY
    if "joined_on" in sums.columns:
        joined = (at - seconds(sums.joined_on.cast("timestamp"))) // SECONDS_A_DAY
        tenure = ibis.greatest(tenure.fill_null(0), joined.fill_null(0))
    came_back = sums.orders > 0
    if "last_at" in sums.columns:
        came_back = renewed(sums.last_at, sums.window_ends)
    described = sums.mutate(
        recency_days=recency.fill_null(-1).cast("int64"),
        tenure_days=ibis.greatest(tenure.fill_null(0), 0).cast("int64"),
        repeat=ibis.ifelse(came_back, 1, 0),
    )
    return described.drop("last_before", "first_before")


def cells(rows: Table, keys: Sequence[str], **sums: Value) -> Table:
    """Return sums by keys, in the keys' order so that the same data give the same bytes."""
    return rows.group_by(list(keys)).aggregate(**sums).order_by(list(keys))


def of_literals(rows: Sequence[Mapping[str, object]], kinds: Mapping[str, str]) -> Table:
    """Return a few rows as a table that any engine can read, for nothing is handed over to it."""
    values = tuple(tuple(row[name] for name in kinds) for row in rows)
    return _of_literals(values, tuple(kinds.items()))


@lru_cache(maxsize=200)
def _of_literals(rows: tuple[tuple[object, ...], ...], kinds: tuple[tuple[str, str], ...]) -> Table:
    literals = [
        {name: ibis.literal(value, kind) for value, (name, kind) in zip(row, kinds, strict=True)}
        for row in rows or [[None] * len(kinds)]
    ]
    parts = [ibis.literal(0).as_table().select(**literal) for literal in literals]
    table = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return table if rows else table.filter(ibis.literal(False))


def total(condition: Value, amount: Value | int) -> Value:
    """Return the sum of an amount over the rows for which a condition holds."""
    return ibis.ifelse(condition, amount, 0).sum().cast("int64")


def _of(table: Table, *names: str) -> list[str]:
    return [name for name in names if name in table.columns]


def with_margin(context: Context, *also: str) -> Table:
    """Return orders with margin: their own where given, else gross_margin of revenue, else none.

    Parameters
    ----------
    also : further columns of orders to keep.
    """
    orders = context.tables["orders"]
    rate = context.company.gross_margin
    assumed = None if rate is None else _share_of(orders.revenue, rate)
    if "margin" in orders.columns:
        own = orders.margin if assumed is None else ibis.coalesce(orders.margin, assumed)
        orders = orders.mutate(margin=own)
    elif assumed is not None:
        orders = orders.mutate(margin=assumed)
    names = _of(orders, "margin", "discount", *also)
    return orders.select(context.key, "ordered_at", "revenue", *names)


def _share_of(amount: Column, rate: float) -> Value:
    """Return a share of an amount, rounded half away from zero: a decimal is so everywhere."""
    exact = ibis.literal(Decimal(str(rate)), dt.Decimal(18, 9))
    return (amount * exact).round().cast("int64")


def segment_columns(company: Company) -> list[str]:
    """Return the columns that split answers: segments, then those controls that are not history."""
    names = dict.fromkeys([*company.segments, *company.controls])
    return [name for name in names if name not in (*BUILT_IN_CONTROLS, MONTH)]


def looked_up(rows: Table, where: Table, key: str, names: Sequence[str]) -> Table:
    """Return rows with those of the named columns that another table has, found by its key."""
    columns = [name for name in names if name in where.columns]
    if not columns:
        return rows
    rows = rows.select(*(name for name in rows.columns if name not in columns))
    return rows.left_join(where.select(key, *columns), key).drop(f"{key}_right")


def as_text(rows: Table, names: Sequence[str]) -> Table:
    """Return rows with some columns as text, those that are missing under one name."""
    return rows.mutate(**{name: rows[name].cast("string").fill_null(UNKNOWN) for name in names})


def _refuse_strays(segments: Sequence[str], rows: Table, context: Context) -> None:
    if missing := [name for name in segments if name not in rows.columns]:
        tables = [context.tables.get(name) for name in ("customers", "responses", "orders")]
        columns = [name for table in tables if table is not None for name in table.columns]
        raise CompanyError(
            f"company.yml names the segment or control '{missing[0]}', but neither customers, "
            "responses nor orders has such a column. Rename a column to it under `columns`, or "
            f"take it out. {did_you_mean(missing[0], [*BUILT_IN_CONTROLS, *columns])}"
        )
