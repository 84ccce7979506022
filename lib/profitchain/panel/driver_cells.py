"""What answers say of a score and of what may drive it, put together where they are alike.

Of many answers, few combinations are alike as long as each customer is a cluster: there customers
share in 256 clusters, and in 64 where periods or groups are compared. Expressions are as in
`panel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ibis
from ibis.expr.types import Table

from profitchain.core.errors import NotMeasured
from profitchain.core.i18n import _
from profitchain.panel.context import Context
from profitchain.panel.panel import cells, segment_columns
from profitchain.sources.company import Company
from profitchain.sources.settings import OF_A_DRIVER, Question
from profitchain.stats import clusters

ASKED, COLUMN = "asked_", "column_"  # before the names of questions and of further columns
BUCKETS, FEWER_BUCKETS = 256, 64  # of customers, where answers are many
_NOTHING = ibis.null("string")


def asked(company: Company) -> bool:
    """Tell whether a firm has a score and anything that may drive it."""
    return company.main is not None and bool(company.driving or company.drivers)


def refuse_without(company: Company) -> None:
    """Raise NotMeasured for a firm that asks of nothing that may drive its score."""
    if not asked(company):
        what = _("needs a score, and questions of `kind: driver` or columns under `drivers:`.")
        raise NotMeasured(_("Not measured: {what}", what=what))


def driver_summaries(context: Context, *rows: Table) -> Iterator[tuple[str, Table]]:
    """Yield the three of them by name, as far as there are any; rows as `driver_cells` reads."""
    many = sum(int(some.count().execute()) for some in rows) > clusters.MANY
    yield "driver_cells", driver_cells(context, *rows, many=many)
    yield "driver_periods", driver_periods(context, *rows, many=many)
    by_segment = driver_segments(context, *rows, many=many)
    if by_segment is not None:
        yield "driver_segments", by_segment


def driver_cells(context: Context, *rows: Table, many: bool = False) -> Table:
    """Return one row a combination alike among the lookback's answers to the main question.

    Parameters
    ----------
    rows : `panel.answers`, and `unnamed.anonymous_answers` where there are some.
    many : whether customers share in clusters, so that many answers are few combinations.

    Returns
    -------
    cluster, score, each question's answer under `asked_NAME`, each further column's text under
    `column_NAME` (both empty where none was given), n.
    """
    lately = [_lately(context, some) for some in rows]
    return _alike(_every(context, lately, [], _kept(context.company)), BUCKETS if many else 0)


def driver_periods(context: Context, *rows: Table, many: bool = False) -> Table:
    """Return the same of the trend's periods, of drivers alone: period, then as `driver_cells`."""
    parts = []
    for some in rows:
        period = context.period_of(some.responded_at)
        parts.append(some.mutate(period=period).filter(period.notnull()))
    every = _every(context, parts, ["period"], context.company.driving)
    return _alike(every, FEWER_BUCKETS if many else 0)


def driver_segments(context: Context, *rows: Table, many: bool = False) -> Table | None:
    """Return the same of the lookback, segment by segment; None where the firm has none.

    One row a segment's group and combination alike: the segments (all but one empty), then as
    `driver_cells`.
    """
    lately = [_lately(context, some) for some in rows]
    names = [name for name in segment_columns(context.company) if name in context.company.segments]
    if not names:
        return None
    every = _every(context, lately, names, context.company.driving)
    others = [dict.fromkeys(set(names) - {name}, _NOTHING) for name in names]
    parts = [every.mutate(**empty) for empty in others]
    return _alike(ibis.union(*parts) if len(parts) > 1 else every, FEWER_BUCKETS if many else 0)


def _kept(company: Company) -> list[Question]:
    """Return the questions whose answers are kept of the lookback beside the main one's."""
    named = {name for block in company.blocks.values() for name in block.questions}
    named |= {question.name for question in company.driving}
    questions = company.questions.items()
    return [
        question for name, question in questions if question.kind in OF_A_DRIVER or name in named
    ]


def _lately(context: Context, rows: Table) -> Table:
    return rows.filter(rows.responded_at >= context.lookback_starts_at)


def _every(
    context: Context, parts: Sequence[Table], keys: Sequence[str], questions: Sequence[Question]
) -> Table:
    """Return the answers to the main question as of the period's end, one row each."""
    selected = []
    for rows in parts:
        score = rows[context.score_column]
        rows = rows.filter(score.notnull(), rows.responded_at < context.ends_at)
        columns = {"cluster": rows.cluster, "score": rows[context.score_column]}
        columns |= {ASKED + question.name: rows[question.column] for question in questions}
        columns |= {
            COLUMN + name: rows[name].cast("string") if name in rows.columns else _NOTHING
            for name in context.company.driving_columns
        }
        selected.append(rows.select(*keys, **columns))
    return ibis.union(*selected) if len(selected) > 1 else selected[0]


def _alike(every: Table, buckets: int) -> Table:
    """Return one row a combination alike; with `buckets`, so many groups of customers."""
    if buckets:
        every = every.mutate(cluster=every.cluster % buckets)
    return cells(every, every.columns, n=lambda table: table.count())
