"""What customers wrote in the periods of the trend, and how often they called or spoke of the firm.

Texts are the only rows of customers that an edition keeps as they came: words can't be summed up
before they are read. Who wrote them stands there as digits of a hash, no id.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
from ibis.expr.types import Table

from profitchain.intake.hashing import hex_md5
from profitchain.panel.context import Context
from profitchain.panel.panel import as_text, cells, looked_up, segment_columns
from profitchain.sources.settings import Question

DIGITS = 16  # of a hash that stands for a customer
SOURCES = {  # table: key, when, text
    "responses": ("response_id", "responded_at", "comment"),
    "contacts": ("contact_id", "opened_at", "text"),
    "mentions": ("mention_id", "posted_at", "text"),
}


def texts(context: Context) -> Table | None:
    """Return one row a text: source, key, customer, period, month, score, effort, segments, topic.

    `customer` tells who wrote from others (anonymous: each its own), `score` and `effort` are the
    answers to the main question and to that on effort, where there are such; `topic` is a
    contact's own. None of a firm that gives no texts.
    """
    given = [_part(context, name, rows) for name in SOURCES for rows in _rows(context, name)]
    parts = [part for part in given if part is not None]
    if not parts:
        return None
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return every.order_by(["source", "customer", "key"])


def contact_counts(context: Context) -> Table:
    """Return period, topic, is_complaint (1, 0; -1 unknown), contacts, squares.

    `squares` are those of each customer's contacts, summed: how little the contacts of one customer
    tell of others.
    """
    rows = context.tables["contacts"]
    said = ibis.ifelse(rows.is_complaint, 1, 0) if "is_complaint" in rows.columns else ibis.null()
    rows = rows.mutate(
        period=context.period_of(rows.opened_at),
        topic=(rows.topic if "topic" in rows.columns else ibis.null("string")).fill_null(""),
        is_complaint=said.cast("int64").fill_null(-1),
    )
    rows = rows.filter(rows.period.notnull())
    keys = ["period", "topic", "is_complaint"]
    each = rows.group_by([*keys, "customer_id"]).aggregate(contacts=rows.count())
    sums = {"contacts": each.contacts.sum(), "squares": (each.contacts * each.contacts).sum()}
    return cells(each, keys, **{name: value.cast("int64") for name, value in sums.items()})


def mention_counts(context: Context) -> Table:
    """Return period, platform, polarity (1, 0, -1; NULL unknown), rating, mentions."""
    rows = context.tables["mentions"]
    word = rows.polarity.lower().strip() if "polarity" in rows.columns else ibis.null("string")
    polarity = ibis.cases((word == "positive", 1), (word == "neutral", 0), (word == "negative", -1))
    rows = rows.mutate(
        period=context.period_of(rows.posted_at),
        polarity=polarity.cast("int64"),
        rating=(rows.rating if "rating" in rows.columns else ibis.null()).cast("float64"),
    )
    rows = rows.filter(rows.period.notnull())
    return cells(rows, ["period", "platform", "polarity", "rating"], mentions=rows.count())


def _rows(context: Context, name: str) -> list[Table]:
    tables: tuple[Mapping[str, Table], ...] = (context.tables, context.unnamed)
    return [each[name] for each in tables if name in each]


def _part(context: Context, name: str, rows: Table) -> Table | None:
    """Return a table's texts in the periods of the trend; None where it has no such column."""
    key, when, text = SOURCES[name]
    if text not in rows.columns:
        return None
    segments = segment_columns(context.company)
    effort = next((q for q in context.company.all_questions if q.kind == "ces"), None)
    rows = rows.mutate(period=context.period_of(rows[when]), month=context.month_of(rows[when]))
    rows = rows.filter(rows.period.notnull() & (rows[text].strip() != ""))
    if "customer_id" not in rows.columns:
        rows = rows.mutate(customer_id=ibis.null("string"))
    elif "customers" in context.tables:
        rows = looked_up(rows, context.tables["customers"], "customer_id", segments)
    lacking = [column for column in segments if column not in rows.columns]
    rows = as_text(rows.mutate(**dict.fromkeys(lacking, ibis.null("string"))), segments)
    who = ibis.coalesce(rows.customer_id, ibis.literal("\n") + rows[key])
    return rows.select(
        "period", "month", *segments,
        source=ibis.literal(name),
        key=rows[key],
        customer=hex_md5(who, context.engine).substr(0, DIGITS),
        score=_answer_to(context.company.main, rows),
        effort=_answer_to(effort, rows),
        topic=rows.topic if name == "contacts" and "topic" in rows.columns else ibis.null("string"),
        text=rows[text],
    )  # fmt: skip


def _answer_to(question: Question | None, rows: Table) -> ibis.Value:
    """Return the answer to a question, NULL where rows carry none."""
    known = question is not None and question.column in rows.columns
    given = rows[question.column] if known and question else ibis.null()
    return given.cast("float64")
