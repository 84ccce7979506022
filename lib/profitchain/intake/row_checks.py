"""What can be wrong with a row by itself, whatever the period and the other tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

import ibis
import ibis.expr.types as ir

from profitchain.intake import reasons
from profitchain.sources import casts
from profitchain.sources.company import Company
from profitchain.sources.schemas import ColumnSchema
from profitchain.sources.typed_tables import Typed, given

RowKind = Literal["used", "broken", "later", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reason for which a row is not used, the rows it holds for, and the column it is about."""

    reason: str
    kind: RowKind
    holds: ir.BooleanValue
    column: str | None = None


def is_sound(table: Typed, company: Company) -> ir.BooleanValue:
    """Tell of each row whether it keeps its contract and was not cancelled."""
    checks = [*contract_checks(table), *cancelled(table, company)]
    wrong = [check.holds.fill_null(False) for check in checks]
    return ~reduce(or_, wrong) if wrong else ibis.literal(True)


def contract_checks(table: Typed) -> list[Check]:
    """Return what a contract asks of each row: cells that must be there, readable, in range."""
    empty: list[Check] = []
    unreadable: list[Check] = []
    wrong: list[Check] = []
    for column in table.present:
        cell, value = table.rows[given(column.name)], table.value(column.name)
        if column.required and column.kind != "score":
            reason = reasons.EMPTY.format(column=column.name)
            empty.append(_broken(reason, cell.isnull(), column))
        if column.kind in reasons.UNREADABLE:
            read = casts.period_start(value) if column.kind == "period" else value
            reason = reasons.UNREADABLE[column.kind].format(column=column.name)
            unreadable.append(_broken(reason, cell.notnull() & read.isnull(), column))
        wrong += _wrong_values(column, value)
    return [*empty, *unreadable, *wrong]


def _wrong_values(column: ColumnSchema, value: ir.Value) -> list[Check]:
    found = []
    if column.scale is not None:
        low, high = column.scale
        ends = {"low": f"{low:g}", "high": f"{high:g}"}
        reason = reasons.OUTSIDE.format(column=column.name, **ends)
        found.append(_broken(reason, ~value.between(low, high), column))
    if column.whole:
        reason = reasons.NOT_WHOLE.format(column=column.name)
        inside = value if column.scale is None else value.clip(*map(float, column.scale))
        found.append(_broken(reason, inside != inside.floor(), column))
    if column.one_of:
        reason = reasons.NONE_OF.format(column=column.name, words=", ".join(column.one_of))
        found.append(_broken(reason, value.notin(column.one_of), column))
    return found


def _broken(reason: str, holds: ir.BooleanValue, column: ColumnSchema) -> Check:
    return Check(reason=reason, kind="broken", holds=holds, column=column.name)


def cancelled(table: Typed, company: Company) -> list[Check]:
    """Return the check for orders whose status says that they were cancelled."""
    if table.contract.table != "orders" or "status" not in table.theirs:
        return []
    words = [status.strip().lower() for status in company.cancelled_statuses]
    holds = table.value("status").lower().isin(words)
    return [Check(reason=reasons.CANCELLED, kind="cancelled", holds=holds, column="status")]
