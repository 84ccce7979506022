"""What answers say of a score and of what may drive it, put together where they are alike.

Of the answers of the trend's periods and of the lookback. Expressions are as in `panel`.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from profitchain.core.errors import NotMeasured
from profitchain.core.i18n import _
from profitchain.panel.context import LONG_AGO, Context
from profitchain.panel.panel import cells, segment_columns
from profitchain.sources.company import Company
from profitchain.sources.settings import EXPERIENCED, OF_A_DRIVER, Question

ASKED, COLUMN = "asked_", "column_"  # before the names of questions and of further columns


def asked(company: Company) -> bool:
    """Tell whether a firm has a score and anything that may drive it."""
    drives = [question.kind in EXPERIENCED for question in company.questions.values()]
    return company.main is not None and (any(drives) or bool(company.drivers))


def refuse_without(company: Company) -> None:
    """Raise NotMeasured for a firm that asks of nothing that may drive its score."""
    if not asked(company):
        what = _("needs a score, and questions of `kind: driver` or columns under `drivers:`.")
        raise NotMeasured(_("Not measured: {what}", what=what))


def questions_kept(company: Company) -> list[Question]:
    """Return the questions whose answers are kept beside the main one's."""
    in_blocks = {name for block in company.blocks.values() for name in block.questions}
    kinds = (*EXPERIENCED, *OF_A_DRIVER)
    questions = company.questions.items()
    return [question for name, question in questions if question.kind in kinds or name in in_blocks]


def driver_cells(context: Context, *rows: Table) -> Table:
    """Return one row a combination alike among the answers to the main question.

    Parameters
    ----------
    rows : `panel.answers`, and `unnamed.anonymous_answers` where there are some.

    Returns
    -------
    period ("earlier" before the trend's), in_lookback (1 or 0, by when it was answered), segments,
    cluster, score, each question's answer under `asked_NAME`, each further column's text under
    `column_NAME` (both empty where none was given), n.
    """
    parts = [_of_drivers(context, some) for some in rows]
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    keys = [name for name in every.columns if name != "n"]
    return cells(every, keys, n=lambda table: table.count())


def _of_drivers(context: Context, rows: Table) -> Table:
    company = context.company
    rows = rows.filter(rows[context.score_column].notnull(), rows.responded_at < context.ends_at)
    columns = {
        "period": context.period_of(rows.responded_at).fill_null(LONG_AGO),
        "in_lookback": ibis.ifelse(rows.responded_at >= context.lookback_starts_at, 1, 0),
        "cluster": rows.cluster,
        "score": rows[context.score_column],
    }
    columns |= {ASKED + q.name: rows[q.column] for q in questions_kept(company)}
    columns |= {
        COLUMN + name: rows[name].cast("string") if name in rows.columns else ibis.null("string")
        for name in company.drivers
    }
    rows = rows.select(*segment_columns(company), **columns)
    return rows.filter((rows.in_lookback == 1) | (rows.period != LONG_AGO))
