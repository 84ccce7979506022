"""Who a firm's customers are, in which cluster each is, and who is drawn where they are many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.intake.hashing import md5_digits, number_of
from profitchain.panel.context import Context
from profitchain.sources.typed_tables import MARK, WHO

EXACT_CLUSTERS = 200_000  # above this many, customers share 256 buckets
DRAWN_FROM = 500_000  # customers; above, single lives are kept of fewer, drawn by chance
DRAWN = 250_000
DRAWS = 16**3
_DRAW_BITS = 12


def with_clusters(rows: Table, *, exact: bool, engine: str = "duckdb") -> Table:
    """Return rows with `cluster`: the customer's rank, or one of 256 buckets of its md5.

    `draw`, from 0 to 4095, comes from the three digits of the md5 that follow.
    """
    rows = rows.mutate(__digits=md5_digits(rows.customer_id, engine))
    if exact:
        cluster = ibis.dense_rank().over(ibis.window(order_by=rows.customer_id)).cast("int64")
    else:
        cluster = bucket_of(rows["__digits"])
    return rows.mutate(cluster=cluster, draw=draw_of(rows["__digits"])).drop("__digits")


def bucket_of(digits: Column) -> Value:
    """Return the bucket, from 0 to 255, that the first two of `md5_digits` are."""
    return (digits >> _DRAW_BITS).cast("int64")


def draw_of(digits: Column) -> Value:
    """Return chance's number, from 0 to 4095, that the other three are."""
    return (digits & (DRAWS - 1)).cast("int64")


def only_asked(context: Context, buyers: Table) -> Table:
    """Return who answered or was invited and never ordered: one row a customer.

    Columns: the context's key, and `__mark` where that is `__who`.

    Parameters
    ----------
    buyers : one row a customer of the orders, told apart by the same key.
    """
    tables = [context.tables[n] for n in ("responses", "invitations") if n in context.tables]
    parts = [_told_apart(table, context.key) for table in tables]
    if not parts:
        keys = ["customer_id"] if context.key == "customer_id" else [WHO, MARK]
        return buyers.select(*keys).filter(ibis.literal(False))
    people = ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct()
    return people.filter(people[context.key].notnull()).anti_join(buyers, context.key)


def _told_apart(rows: Table, key: str) -> Table:
    if key == "customer_id":
        return rows.select(key)
    who = rows.customer_id
    return rows.select(**{WHO: number_of(who), MARK: md5_digits(who)})


def customer_clusters(
    context: Context, buyers: Table | None = None, *, exact: bool | None = None
) -> Table:
    """Return one row a customer: the context's key, cluster, draw, and what is known of buyers.

    Customers are those with an order, an answer or an invitation. `draw` is chance's number from 0
    to 4095, the same for a customer in every edition; it isn't there where the key is `__who`.

    Parameters
    ----------
    buyers : one row a customer of the orders; in its other columns, numbers, others have 0.
    exact : whether each is a cluster of its own; by their number if that isn't said.
    """
    if buyers is None:
        buyers = context.by_id().tables["orders"].select("customer_id").distinct()
    others = only_asked(context, buyers)
    extra = [name for name in buyers.columns if name not in others.columns]
    others = others.mutate(**{name: ibis.literal(0, buyers[name].type()) for name in extra})
    people = buyers.union(others.select(*buyers.columns))
    if context.key == WHO:
        return people.mutate(cluster=bucket_of(people[MARK])).drop(MARK)
    if exact is None:
        exact = int(people.count().execute()) <= EXACT_CLUSTERS
    return with_clusters(people, exact=exact, engine=context.engine)


def share_drawn(many: int, some: int) -> int:
    """Return below which `draw` about `some` of `many` customers lie, of 4096."""
    return max(DRAWS * some // many, 1)


def of_drawn(context: Context, below: int, *, keep: Callable[[str, Table], Table]) -> Context:
    """Return the context as far as customers are in it whose `draw` is below a number.

    Parameters
    ----------
    keep : lets the engine keep a table under a name.
    """

    def drawn_rows(rows: Table, key: str) -> Table:
        has_mark = key == "customer_id" and MARK in rows.columns
        digits = rows[MARK] if has_mark else md5_digits(rows[key], context.engine)
        return rows.filter(draw_of(digits) < below)

    return among(context, drawn_rows, keep=keep).by_id()


def among(
    context: Context, rows_of: Callable[[Table, str], Table], *, keep: Callable[[str, Table], Table]
) -> Context:
    """Return the context as far as some customers are in it: each table with what is theirs.

    Tables that know no customers stay as they are, but for `order_lines`, which follow the orders.

    Parameters
    ----------
    rows_of : filters a table by the column that names its customers.
    keep : lets the engine keep a table under a name.
    """
    tables = dict(context.tables)
    for name, table in context.tables.items():
        key = "referrer_id" if name == "referrals" else "customer_id"
        if key in table.columns:
            tables[name] = keep(name, rows_of(table, key))
    if "order_lines" in tables:
        tables["order_lines"] = keep(
            "order_lines", tables["order_lines"].semi_join(tables["orders"], "order_id")
        )
    return replace(context, tables=tables)
