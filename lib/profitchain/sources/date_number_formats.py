"""Finds out how a text column writes its dates and numbers, or says that it can't be known.

Only rows before the period's end are evidence, so that later rows can't change how earlier ones
are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from profitchain.sources import casts
from profitchain.sources.casts import DAY_FIRST, EXCEL, ISO, MONTH_FIRST, ROC
from profitchain.sources.date_words import plain_dates, plain_months
from profitchain.sources.engine_functions import Call
from profitchain.sources.number_words import (
    LAKHS,
    with_plain_signs,
    without_currency,
    without_grouping,
)
from profitchain.sources.schemas import DATES, NUMERIC, ColumnSchema, TableSchema
from profitchain.sources.settings import Source

_POINT = (
    r"^[+-]?(\d*\.(\d{1,2}|\d{4,})|0?\.\d{3}|\d{4,}\.\d{3}|\d{1,3}(,\d{3})+\.\d*"
    r"|\d{1,3}(,\d{3}){2,})$"
)
_COMMA = _POINT.replace(r"\.", "~").replace(",(", r"\.(").replace("(,", r"(\.").replace("~", ",")
_EITHER = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
_DOT_AND_THREE = 4
_MONTHS, _TURNED = 12, 10  # cells that are dates, none of a day after the 12th
_USUAL_LENGTHS, _LENGTHS_IN_UTC = (10, 19), (20, 24)  # bytes
_LIKELY_YEARS = (1990, 2100)
_KNOWN = (ISO, DAY_FIRST, MONTH_FIRST, "%y/%m/%d", "%y-%m-%d", "%y/%m/%d %H:%M", "%Y-%d-%m")
_COUNTED = ("unix", "unix_ms", EXCEL)
_WORDED = (None, ISO, DAY_FIRST, MONTH_FIRST, ROC)  # formats of dates that may hold words
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
    named: ir.Table, schema: TableSchema, source: Source, *, odd: Sequence[str], zone: str,
    end: End | None, call: Call,
) -> ColumnFormats:  # fmt: skip
    """Return how each column of a table is written, with a fault for each that can't be known.

    `named` has one row per row of the source, its columns called by our names, its dates plain;
    `odd` names the columns that aren't all plainly written.
    """
    formats = {c.name: _declared(c, source) for c in schema.columns if c.name in named.columns}
    unsettled = [c for c in schema.columns if c.name in odd and formats[c.name] is None]
    dates = [column for column in unsettled if column.kind in DATES]
    numbers = [column for column in unsettled if column.kind in NUMERIC]
    faults: list[str] = []
    limit = end.in_zone(zone) if end else None
    for column, row in _evidence(
        named, dates, lambda c: _date_evidence(named[c.name], limit, call)
    ):
        formats[column.name] = _settle_dates(column, row, faults)
    before = _not_later(named, schema, formats, zone=zone, end=end) if numbers else named
    evidence = _evidence(before, numbers, lambda c: _number_evidence(before[c.name], c, call))
    for column, row in evidence:
        formats[column.name] = _settle(column, row, faults, sort="numbers")
    usual = {c.name: "." if c.kind in NUMERIC else ISO for c in schema.columns}
    by_column = {name: written or usual[name] for name, written in formats.items()}
    return ColumnFormats(by_column=by_column, faults=tuple(faults))


def _declared(column: ColumnSchema, source: Source) -> str | None:
    if column.kind in NUMERIC:
        return source.decimal
    return source.format_of(column.name)


def odd_columns(
    named: ir.Table, schema: TableSchema, source: Source, call: Call
) -> list[ColumnSchema]:
    """Return the columns with a cell that isn't plainly written, found without regexes.

    Not those of dates in a pattern of the firm's own, nor of numbers whose mark it declares.
    """
    signs: dict[str, ir.Value] = {}
    for column in schema.columns:
        if column.name not in named.columns or not named[column.name].type().is_string():
            continue
        text, declared = named[column.name], _declared(column, source)
        if column.kind in DATES and declared in _WORDED:
            signs[column.name] = call(_is_odd_date, text).any().fill_null(False)
        elif column.kind in NUMERIC and declared is None:
            signs[column.name] = call(_is_odd_number, text).any().fill_null(False)
    if not signs:
        return []
    is_odd = named.aggregate([sign.name(name) for name, sign in signs.items()]).to_pandas().iloc[0]
    return [column for column in schema.columns if column.name in signs and is_odd[column.name]]


def _is_odd_number(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether a number could have a decimal comma, or holds other digits than 0 to 9."""
    grouped = text.contains(".") & (text.length() - text.find(".") == _DOT_AND_THREE)
    return text.contains(",") | grouped | (casts.bytes_of(text) != text.length())


def _is_odd_date(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether a date doesn't begin as 2026-03-04 does, or holds a word.

    The usual ones are known by their length, for looking at their last sign takes longer.
    """
    size, begins = casts.bytes_of(text), casts.is_year_first(text)
    is_usual = size.isin(_USUAL_LENGTHS) & ~text.like("%M")
    is_usual |= size.isin(_LENGTHS_IN_UTC) & text.like("%Z")
    last = text.right(1)
    word = ((last > "9") & (last != "Z")) | text.contains("GMT") | text.contains("UTC")
    return ibis.ifelse(is_usual, ~begins, ~begins | word) | (size != text.length())


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


def _date_evidence(text: ir.StringValue, limit: datetime | None, call: Call) -> dict[str, ir.Value]:
    given = text.count()
    day_numbers = text.re_search(casts.DAY_NUMBER).fill_null(False).sum()
    real = call(casts.real_date, text)
    real = real if limit is None else ibis.ifelse(real < limit, real, ibis.null(real.type()))
    text = call(casts.not_year_first, text)
    a, b = (call(casts.day_or_month, text, place=place) for place in (1, 2))
    year = call(casts.short_year, text)
    later = [call(_is_after, text, order=way, limit=limit) for way in (DAY_FIRST, MONTH_FIRST)]
    unsure = (a <= 12) & (b <= 12) & (a != b) & ~(later[0] & later[1])
    is_short = year.notnull() & ~(later[0] & later[1])
    return {
        "first": ((a > 12) & (b <= 12) & ~later[0]).fill_null(False).sum(),
        "second": ((b > 12) & (a <= 12) & ~later[1]).fill_null(False).sum(),
        "open": unsure.fill_null(False).sum(),
        "some": a.count(),
        "example": text.min(where=unsure),
        "given": given,
        "real": real.count(),
        "early": (real.day() <= _MONTHS).fill_null(False).sum(),
        "late": text.max(where=(a > _MONTHS) | (b > _MONTHS)),
        "day_numbers": day_numbers,
        "short": text.min(where=is_short),
        "middle": b.max(where=is_short),
        "heads": a.max(where=is_short) - a.min(where=is_short),
        "tails": year.max(where=is_short) - year.min(where=is_short),
        "days": ibis.greatest(
            year.max(where=is_short), 32 * (year.min(where=is_short) < 1).cast("int64")
        ),
    }


def _is_after(text: ir.StringValue, *, order: str, limit: datetime | None) -> ir.BooleanValue:
    """Return whether a date, read in an order of day and month, lies after the period."""
    if limit is None:
        return ibis.literal(False)
    return (casts.slashed_wall(text, order) >= ibis.literal(limit)).fill_null(False)


def _settle_dates(column: ColumnSchema, row: dict, faults: list[str]) -> str | None:
    """Return how a column of dates is written, or add a fault."""
    if row["given"] and row["given"] == row["day_numbers"]:
        return EXCEL
    if (row["first"] or row["second"]) and row["real"] == row["early"] >= _TURNED:
        faults.append(
            f"Column '{column.name}': {row['real']:,} cells are dates, all of the 1st to 12th of a "
            f"month, and others are text such as '{row['late']}'. A spreadsheet has turned day and "
            "month round wherever it could. Give the file as it was before a spreadsheet saved it; "
            "or, if all dates are right, declare how the others are written: date_format: day "
            "first (or: month first)."
        )
    short, middle, heads, tails, days = (
        row[k] for k in ("short", "middle", "heads", "tails", "days")
    )
    if isinstance(short, str) and middle <= 12 and days <= 31 and tails >= heads:
        faults.append(
            f"Column '{column.name}' can be read in two ways, as in '{short}': the year first or "
            "last, and no row settles it. Declare it in company.yml: date_format: day first (or: "
            "month first, or '%y/%m/%d')."
        )
        return None
    return _settle(column, row, faults, sort="dates")


def _number_evidence(text: ir.StringValue, column: ColumnSchema, call: Call) -> dict[str, ir.Value]:
    sure, is_money = call(_is_surely_plain, text), column.kind == "money"
    bare = call(_bare_number, text, is_money=is_money)
    unsure = bare.re_search(_EITHER)
    return {
        "first": (sure | bare.re_search(_POINT) | bare.re_search(LAKHS)).fill_null(False).sum(),
        "second": bare.re_search(_COMMA).fill_null(False).sum(),
        "open": unsure.fill_null(False).sum(),
        "some": ibis.literal(0),
        "example": text.min(where=unsure),
    }


def _is_surely_plain(text: ir.StringValue) -> ir.BooleanValue:
    dot = text.find(".")
    plain = ~text.contains(",") & text.try_cast("float64").notnull()
    return plain & (dot >= 0) & (text.length() - dot != _DOT_AND_THREE)


def _bare_number(text: ir.StringValue, *, is_money: bool) -> ir.StringValue:
    """Return a number's digits and marks where they leave open which mark is which."""
    plain = ~text.contains(",") & text.try_cast("float64").notnull()
    settled = plain & ((text.find(".") < 0) | _is_surely_plain(text))
    rest = with_plain_signs(ibis.ifelse(settled, ibis.null("string"), text))
    return without_grouping(without_currency(rest) if is_money else rest)


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


def format_that_reads(
    rows: ir.Table, column: str, *, kind: str = "time", zone: str = "UTC"
) -> tuple[str, ...]:
    """Return the date formats that read all given cells of a column, as company.yml names them.

    More than one where the day and the month could change places; none where no known format does.
    """
    text = casts.trimmed_text(rows[column])
    text = casts.na_as_null(plain_months(text) if kind == "month" else text)
    plain, roc = plain_dates(text, zone), plain_dates(text, zone, roc=True)
    cells = rows.select(cell=text, plain=plain, roc=roc).cache()  # each is looked at many times
    given = int(cells.aggregate(n=cells.cell.count()).to_pandas()["n"].iloc[0])
    candidates = dict.fromkeys(_KNOWN, cells.plain) | {ROC: cells.roc}
    candidates |= dict.fromkeys(_COUNTED, cells.cell)
    reads = [
        written
        for written, cell in candidates.items()
        if given and _readable_cells(cells, cell, written) == given
    ]
    sure = [written for written in reads if written in (ISO, *_COUNTED)]
    return tuple(sure or reads)


def _readable_cells(cells: ir.Table, cell: ir.StringValue, written: str) -> int:
    """Return how many cells a format reads as dates of this time."""
    if written in (DAY_FIRST, MONTH_FIRST):
        cells = cells.mutate(iso=casts.slashed_as_iso(cell, written)).cache()
        cell, written = cells.iso, ISO
    year = casts.parse_stamp(cell, written).wall.year()
    likely = year.between(*_LIKELY_YEARS).fill_null(False).sum()
    return int(cells.aggregate(n=likely).to_pandas()["n"].iloc[0] or 0)
