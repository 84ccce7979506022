"""Finds out how a text column writes its dates and numbers, or says that it can't be known.

Only rows before the period's end are evidence, so that later rows can't change how earlier ones
are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from profitchain.sources import casts
from profitchain.sources.casts import DAY_FIRST, ISO, MONTH_FIRST, SLASHED
from profitchain.sources.schemas import DATES, NUMERIC, ColumnSchema, TableSchema
from profitchain.sources.settings import Source

_POINT = (
    r"^[+-]?(\d*\.(\d{1,2}|\d{4,})|0?\.\d{3}|\d{4,}\.\d{3}|\d{1,3}(,\d{3})+\.\d*"
    r"|\d{1,3}(,\d{3}){2,})$"
)
_COMMA = _POINT.replace(r"\.", "~").replace(",(", r"\.(").replace("(,", r"(\.").replace("~", ",")
_EITHER = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
_DOT_AND_THREE = 4
_NAMED = {"iso": ISO, "unix": "unix", "unix_ms": "unix_ms"}
_SORTS = {  # two ways of writing, in words, and how to declare one
    "dates": (
        (DAY_FIRST, MONTH_FIRST), ("the day first", "the month first"),
        "date_format: day first (or: month first)",
    ),
    "numbers": (
        (".", ","), ("with a decimal point", "with a decimal comma"), "decimal: ',' (or: '.')",
    ),
}  # fmt: skip
_Sums = Callable[[ColumnSchema], dict[str, ir.Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The first instant after the period, in UTC, and the first local day after it."""

    at: datetime
    day: date

    def in_zone(self, zone: str) -> datetime:
        """Return the first instant after the period as wall time in a zone."""
        return self.at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFormats:
    """How a table's columns are written: date format or decimal mark by our column name."""

    by_column: dict[str, str]
    faults: tuple[str, ...]


def is_later(value: ir.Value, end: End | None) -> ir.BooleanValue:
    """Return whether a moment or a day lies after the period; never null."""
    if end is None:
        return ibis.literal(False)
    limit = end.day if value.type().is_date() else end.at
    return (value >= ibis.literal(limit)).fill_null(False)


def find_formats(
    named: ir.Table, schema: TableSchema, source: Source, *, zone: str, end: End | None
) -> ColumnFormats:
    """Return how each column of a table is written, with a fault for each that can't be known.

    `named` has one row per row of the source, its columns called by our names.
    """
    formats = {c.name: _declared(c, source) for c in schema.columns if c.name in named.columns}
    undeclared = [c for c in schema.columns if c.name in formats and formats[c.name] is None]
    odd = _odd_columns(named, [c for c in undeclared if named[c.name].type().is_string()])
    dates = [column for column in odd if column.kind in DATES]
    numbers = [column for column in odd if column.kind in NUMERIC]
    faults: list[str] = []
    for column, row in _evidence(named, dates, lambda c: _date_evidence(named[c.name], zone, end)):
        formats[column.name] = _settle(column, row, faults, sort="dates")
    before = _not_later(named, schema, formats, zone=zone, end=end) if numbers else named
    for column, row in _evidence(before, numbers, lambda c: _number_evidence(before[c.name], c)):
        formats[column.name] = _settle(column, row, faults, sort="numbers")
    usual = {c.name: "." if c.kind in NUMERIC else ISO for c in schema.columns}
    by_column = {name: written or usual[name] for name, written in formats.items()}
    return ColumnFormats(by_column=by_column, faults=tuple(faults))


def _declared(column: ColumnSchema, source: Source) -> str | None:
    if column.kind in NUMERIC:
        return source.decimal
    declared = source.format_of(column.name)
    return _NAMED.get(declared, declared) if declared else None


def _odd_columns(named: ir.Table, columns: list[ColumnSchema]) -> list[ColumnSchema]:
    """Return the columns with a cell that isn't plainly written, found without regexes."""
    signs: dict[str, ir.Value] = {}
    for column in columns:
        text = named[column.name]
        if column.kind in DATES:
            signs[column.name] = (text.substr(4, 1) != "-").any().fill_null(False)
        elif column.kind in NUMERIC:
            grouped = text.contains(".") & (text.length() - text.find(".") == _DOT_AND_THREE)
            signs[column.name] = (text.contains(",") | grouped).any().fill_null(False)
    if not signs:
        return []
    is_odd = named.aggregate(**signs).to_pandas().iloc[0]
    return [column for column in columns if column.name in signs and is_odd[column.name]]


def _evidence(
    table: ir.Table, columns: list[ColumnSchema], sums_of: _Sums
) -> list[tuple[ColumnSchema, dict[str, Any]]]:
    """Count, in one pass, what speaks for each way of writing in each column."""
    if not columns:
        return []
    sums = [sums_of(column) for column in columns]
    named = {f"{k}_{name}": value for k, of in enumerate(sums) for name, value in of.items()}
    row = table.aggregate(**named).to_pandas().iloc[0]
    rows = [{name: row[f"{k}_{name}"] for name in of} for k, of in enumerate(sums)]
    return list(zip(columns, rows, strict=True))


def _date_evidence(text: ir.StringValue, zone: str, end: End | None) -> dict[str, ir.Value]:
    text = ibis.ifelse(text.substr(4, 1) == "-", ibis.null("string"), text)
    a = text.re_extract(SLASHED, 1).nullif("").try_cast("int64")
    b = text.re_extract(SLASHED, 2).nullif("").try_cast("int64")
    later = [
        ibis.literal(False)
        if end is None
        else (casts.parse_slashed(text, order) >= ibis.literal(end.in_zone(zone))).fill_null(False)
        for order in (DAY_FIRST, MONTH_FIRST)
    ]
    unsure = (a <= 12) & (b <= 12) & (a != b) & ~(later[0] & later[1])
    return {
        "first": ((a > 12) & (b <= 12) & ~later[0]).fill_null(False).sum(),
        "second": ((b > 12) & (a <= 12) & ~later[1]).fill_null(False).sum(),
        "open": unsure.fill_null(False).sum(),
        "some": a.count(),
        "example": text.min(where=unsure),
    }


def _number_evidence(text: ir.StringValue, column: ColumnSchema) -> dict[str, ir.Value]:
    dot = text.find(".")
    plain = ~text.contains(",") & text.try_cast("float64").notnull()
    sure = plain & (dot >= 0) & (text.length() - dot != _DOT_AND_THREE)
    rest = ibis.ifelse(plain & ((dot < 0) | sure), ibis.null("string"), text)
    bare = casts.without_grouping(casts.without_currency(rest) if column.kind == "money" else rest)
    unsure = bare.re_search(_EITHER)
    return {
        "first": (sure | bare.re_search(_POINT)).fill_null(False).sum(),
        "second": bare.re_search(_COMMA).fill_null(False).sum(),
        "open": unsure.fill_null(False).sum(),
        "some": ibis.literal(0),
        "example": text.min(where=unsure),
    }


def _settle(column: ColumnSchema, row: dict, faults: list[str], *, sort: str) -> str | None:
    """Return the way of writing that the column proves, or add a fault."""
    first, second, unsure = (int(row[name] or 0) for name in ("first", "second", "open"))
    ways, (this, other), mend = _SORTS[sort]
    if first and second:
        faults.append(
            f"Column '{column.name}' writes {sort} in two ways: {first} rows {this}, {second} rows "
            f"{other}. Write them one way, or declare the right one: {mend}; the others are then "
            "set aside."
        )
    elif unsure and not (first or second):
        faults.append(
            f"Column '{column.name}' can be read in two ways, as in '{row['example']}': {this} or "
            f"{other}, and no row settles it. Declare it in company.yml: {mend}."
        )
    if second:
        return ways[1]
    return ways[0] if first or row["some"] else None


def _not_later(
    named: ir.Table, schema: TableSchema, formats: dict, *, zone: str, end: End | None
) -> ir.Table:
    """Return the rows that don't lie after the period, as far as their time can be read."""
    column = next((c for c in schema.columns if c.name == schema.dated_by), None)
    if end is None or column is None or column.name not in formats or column.kind not in DATES:
        return named
    at = casts.parse_stamp(casts.month_text(named[column.name]), formats[column.name] or ISO)
    limit = ibis.ifelse(at.fixed, ibis.literal(end.at), ibis.literal(end.in_zone(zone)))
    return named.filter((at.wall < limit).fill_null(True))
