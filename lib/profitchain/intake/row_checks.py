"""What can be wrong with a row by itself, whatever the period and the other tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

import ibis
import ibis.expr.types as ir

from profitchain.exports.file_rows import LEFT_OUT
from profitchain.intake import reasons
from profitchain.sources import casts
from profitchain.sources.company import Company
from profitchain.sources.schemas import ColumnSchema
from profitchain.sources.typed_tables import TypedTable, given_name

RowKind = Literal["used", "broken", "later", "cancelled", "left_out"]
_KIND_OF: dict[str, RowKind] = {
    "cancelled": "cancelled",
    "unpaid": "cancelled",
    "refunded": "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reason for which a row is not used, the rows it holds for, and the column it is about."""

    reason: str
    kind: RowKind
    holds: ir.BooleanValue
    column: str | None = None


def is_sound(table: TypedTable, company: Company) -> ir.BooleanValue:
    """Return of each row whether it keeps to its schema and was not cancelled."""
    checks = [*schema_checks(table), *cancelled_checks(table, company)]
    wrong = [check.holds.fill_null(False) for check in checks]
    return ~reduce(or_, wrong) if wrong else ibis.literal(True)


def schema_checks(table: TypedTable) -> list[Check]:
    """Return what a schema asks of each row: cells that must be there, readable, in range."""
    empty, unreadable, wrong = [], [], []
    for column in table.present:
        cell, value = table.rows[given_name(column.name)], table.value(column.name)
        if column.required and column.kind != "score":
            empty.append(_broken(reasons.EMPTY, cell.isnull(), column))
        if column.kind in reasons.UNREADABLE:
            read = casts.period_start(value) if column.kind == "period" else value
            template = reasons.UNREADABLE[column.kind]
            unreadable.append(_broken(template, cell.notnull() & read.isnull(), column))
        wrong += _wrong_values(column, value)
    return [*empty, *unreadable, *wrong]


def _wrong_values(column: ColumnSchema, value: ir.Value) -> list[Check]:
    checks = []
    if column.scale is not None:
        low, high = column.scale
        outside = ~value.between(low, high)
        checks.append(_broken(reasons.OUTSIDE, outside, column, low=f"{low:g}", high=f"{high:g}"))
    if column.whole:
        inside = value if column.scale is None else value.clip(*map(float, column.scale))
        checks.append(_broken(reasons.NOT_WHOLE, inside != inside.floor(), column))
    if column.one_of:
        other = value.notin(column.one_of)
        checks.append(_broken(reasons.NONE_OF, other, column, words=", ".join(column.one_of)))
    return checks


def _broken(template: str, holds: ir.BooleanValue, column: ColumnSchema, **values: str) -> Check:
    reason = template.format(column=column.name, **values)
    return Check(reason=reason, kind="broken", holds=holds, column=column.name)


def left_out_checks(table: TypedTable) -> list[Check]:
    """Return the checks for rows that an export's format, or a later export, leaves out."""
    if LEFT_OUT not in table.rows.columns:
        return []
    why = table.rows[LEFT_OUT]
    return [
        Check(reason=reason, kind=_KIND_OF.get(word, "left_out"), holds=why == word)
        for word, reason in reasons.BY_FORMAT.items()
    ]


def cancelled_checks(table: TypedTable, company: Company) -> list[Check]:
    """Return the check for orders whose status says that they were cancelled."""
    if table.schema.table != "orders" or "status" not in table.source_names:
        return []
    words = [status.strip().lower() for status in company.cancelled_statuses]
    holds = table.value("status").lower().isin(words)
    return [Check(reason=reasons.CANCELLED, kind="cancelled", holds=holds, column="status")]
