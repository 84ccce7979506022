"""What can be wrong with a row by itself, whatever the period and the other tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Literal

import ibis
import ibis.expr.types as ir
import yaml

from profitchain.exports.file_rows import LEFT_OUT
from profitchain.intake import reasons
from profitchain.sources.company import Company
from profitchain.sources.date_words import period_start
from profitchain.sources.schemas import ColumnSchema
from profitchain.sources.typed_tables import TypedTable, given_name

# Of a key: such a row sums others up. In an event's, words may stand before and after.
_SUM = (
    r"((zwischen|end|gesamt|teil)?summe|sum|(grand |sub[ -]?|sous-)?totals?|totale|total "
    r"g[ée]n[ée]ra?l|somme|suma|gesamt|ergebnis|übertrag|average|durchschnitt|[Σσ])"
)
_CHINESE_SUM = "(合计|合計|总计|總計|小计|小計|累计|累計|汇总|彙總|共计|共計|平均)"
TOTAL = f"^({_SUM}|{_CHINESE_SUM}):?$"
TOTAL_OF_EVENTS = rf"{_CHINESE_SUM}|(^|[ :]){_SUM}([ :.].*)?$"
_FILE = Path(__file__).with_name("statuses.yml")
_PLUGIN = "wc "  # WooCommerce's mark before each of its words
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
        if column.required and column.kind != "score" and not column.may_be_empty:
            is_empty = cell.isnull() | value.isnull() if column.kind == "id" else cell.isnull()
            empty.append(_broken(reasons.EMPTY, is_empty, column))
        if column.kind in reasons.UNREADABLE:
            read = period_start(value) if column.kind == "period" else value
            template = reasons.UNREADABLE[column.kind]
            unreadable.append(_broken(template, cell.notnull() & read.isnull(), column))
        wrong += _wrong_values(column, value)
        if column.kind == "id" and table.schema.unique[:1] == (column.name,):
            small = value.lower()
            is_event = table.schema.table in ("orders", "responses")  # a firm may be called so
            is_total = small.re_search(TOTAL_OF_EVENTS if is_event else TOTAL)
            wrong.append(_broken(reasons.TOTAL, is_total, column))
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
    """Return the checks for orders that are no sales: by their status, or by their price."""
    if table.schema.table != "orders":
        return []
    checks, has_money = [], "revenue" in table.source_names
    if "status" in table.source_names:
        words = [status.strip().lower() for status in company.cancelled_statuses]
        holds = table.value("status").lower().isin(words)
        checks.append(_no_sale(reasons.CANCELLED, holds, "status"))
        known, form = status_words(company), status_form(table.value("status"))
        holds = form.isin(sorted(known.left_out))
        if known.refunded:
            returned = form.isin(sorted(known.refunded))
            if has_money:
                returned &= ~(table.value("revenue") < 0).fill_null(False)
            holds |= returned
        checks.append(_no_sale(reasons.NO_SALE, holds, "status"))
    if company.free_orders == "left_out" and has_money:
        checks.append(_no_sale(reasons.FREE, table.value("revenue") == 0, "revenue"))
    return checks


def _no_sale(reason: str, holds: ir.BooleanValue, column: str) -> Check:
    return Check(reason=reason, kind="cancelled", holds=holds, column=column)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWords:
    """Words of a status in one form: sales, no sales, given back unless below zero, both."""

    counted: frozenset[str]
    left_out: frozenset[str]
    refunded: frozenset[str]
    partly_refunded: frozenset[str]

    @property
    def known(self) -> frozenset[str]:
        """All words whose meaning is known."""
        return self.counted | self.left_out | self.refunded | self.partly_refunded


def status_words(company: Company) -> StatusWords:
    """Return what words mean in this firm: what company.yml says goes first."""
    known, own = _known(), company.statuses
    counted = {one_form(word) for word in own.counted}
    left_out = {one_form(word) for word in (*own.left_out, *company.cancelled_statuses)} - counted
    said = counted | left_out
    return StatusWords(
        counted=frozenset(counted | known["counted"] - said),
        left_out=frozenset(left_out | known["left_out"] - said),
        refunded=frozenset(known["refunded"] - said),
        partly_refunded=frozenset(known["partly_refunded"] - said),
    )


def one_form(word: str) -> str:
    """Return a word of a status as words are compared.

    Examples
    --------
    >>> one_form("wc-on-hold"), one_form(" Partially_Refunded ")
    ('on hold', 'partially refunded')
    """
    return " ".join(re.split(r"[\s_-]+", word.strip().lower())).removeprefix(_PLUGIN)


def status_form(status: ir.StringValue) -> ir.StringValue:
    """Return a column of statuses as words are compared: see `one_form`."""
    plain = status.strip().lower().re_replace(r"[\s_-]+", " ")
    return plain.re_replace(f"^{_PLUGIN}", "")


@cache
def _known() -> dict[str, frozenset[str]]:
    lists = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        kind: frozenset(str(word) for words in lines for word in words)
        for kind, lines in lists.items()
    }
