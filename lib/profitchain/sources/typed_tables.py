"""Gives each column of a table the type of its contract, beside the cells as they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.core.errors import did_you_mean
from profitchain.sources import casts, warehouse_casts
from profitchain.sources.company import Company
from profitchain.sources.connections import SPOKEN
from profitchain.sources.date_number_formats import End, find_conventions
from profitchain.sources.loading import Raw
from profitchain.sources.schemas import DATES, NUMERIC, ColumnSchema, TableSchema

SOUND = "__sound"
WHO, MARK = "__who", "__mark"  # in pieces of orders: `number_of` and `md5_digits` of the customer
_TEXTS = ("id", "text", "period")
_YEARS = (1900, 2199)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A table's rows with, beside the source's own columns, `__given_<column>` and `__is_<column>`.

    The first is the cell, null where nothing was given; the second its typed value, null where it
    can't be read. `theirs` gives the source's name of each contract column that is there, `how` the
    way in which it is written. Rows that are read from `pieces` lack the source's own columns;
    those for which a check of the row by itself holds are `aside`, if there are any.
    """

    contract: TableSchema
    raw: Raw
    rows: ir.Table
    present: tuple[ColumnSchema, ...]
    theirs: dict[str, str]
    how: dict[str, str] = field(default_factory=dict)
    pieces: tuple[Path, ...] = ()
    aside: ir.Table | None = None

    def value(self, column: str) -> ir.Value:
        """Return a column's typed value."""
        return self.rows[typed(column)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How a table is to be read: its zone, the firm's zone and minor units, each column's way."""

    zone: str
    local: str
    minor_units: int
    how: dict[str, str]


def given(column: str) -> str:
    """Return the name under which a column's cell stands, null where nothing was given."""
    return f"__given_{column}"


def typed(column: str) -> str:
    """Return the name under which a column's typed value stands."""
    return f"__is_{column}"


def key_text(rows: ir.Table, keys: list[str]) -> ir.StringValue:
    """Return a key in one text: as many distinct ones as rows proves the key unique."""
    if len(keys) == 1:
        return rows[keys[0]]
    text = [rows[key].cast("string").fill_null("") + "\x1f" for key in keys]
    return sum(text[1:], text[0])


def type_columns(
    con: Any, contract: TableSchema, raw: Raw, company: Company, end: End | None
) -> tuple[Typed | None, list[str]]:
    """Return a table with typed columns, or every fault for which it can't be read.

    Each step is a view of its own, so that the engine works out every value once.
    """
    if raw.warehouse:
        return _by_their_types(con, contract, raw, company)
    theirs, faults = match_columns(contract, raw, company)
    source, table = company.tables[contract.table], contract.table
    present = tuple(c for c in contract.columns if c.name in theirs)
    plain = {_trimmed(c.name): _trim(raw.relation[theirs[c.name]], c) for c in present}
    rows = _stage(con, f"trimmed_{table}", raw.relation, plain)
    cells = {given(c.name): _cell(rows[_trimmed(c.name)], c, source.missing) for c in present}
    rows = _stage(con, f"given_{table}", rows, cells)
    zone = source.time_zone or company.time_zone
    named = rows.select(**{c.name: rows[given(c.name)] for c in present}) if present else rows
    written = find_conventions(named, contract, source, zone=zone, end=end)
    faults += written.faults
    if faults:
        return None, faults
    reading = _Reading(
        zone=zone, local=company.time_zone, minor_units=company.minor_units, how=written.how
    )
    stamps = [_stamps(rows, c, reading, excel=raw.excel) for c in present if c.kind in DATES]
    rows = _stage(con, f"stamps_{table}", rows, {k: v for each in stamps for k, v in each.items()})
    values = {typed(c.name): _value(rows, c, reading) for c in present}
    rows = _stage(con, f"typed_{table}", rows, values)
    return Typed(
        contract=contract, raw=raw, rows=rows, present=present, theirs=theirs, how=written.how
    ), []


def _by_their_types(
    con: Any, contract: TableSchema, raw: Raw, company: Company
) -> tuple[Typed | None, list[str]]:
    """Return a warehouse's table with typed columns: cast from their types, nothing is parsed."""
    theirs, faults = match_columns(contract, raw, company)
    source, kinds = company.tables[contract.table], raw.relation.schema()
    present = tuple(c for c in contract.columns if c.name in theirs)
    engine = SPOKEN[con.name]
    found = [
        warehouse_casts.type_fault(c, theirs[c.name], kinds[theirs[c.name]], engine)
        for c in present
    ]
    faults = [*faults, *filter(None, found)]
    if faults:
        return None, faults
    zone, local = source.time_zone or company.time_zone, company.time_zone
    cells, values = {}, {}
    for column in present:
        name = theirs[column.name]
        cell = warehouse_casts.cell(raw.relation[name], column, source.missing)
        cells[given(column.name)] = cell
        values[typed(column.name)] = (
            warehouse_casts.moment_or_day(
                cell, column, fixed=name in raw.instants, zone=zone, local=local
            )
            if column.kind in DATES
            else warehouse_casts.typed_value(cell, column, minor_units=company.minor_units)
        )
    rows = raw.relation.mutate(**cells, **values)
    return Typed(contract=contract, raw=raw, rows=rows, present=present, theirs=theirs), []


def match_columns(
    contract: TableSchema, raw: Raw, company: Company
) -> tuple[dict[str, str], list[str]]:
    """Return ours -> theirs for the columns that are there, and a fault for each that must be."""
    renamed = company.tables[contract.table].columns
    theirs = {name.strip().lower(): name for name in reversed(raw.columns)}
    ours = [column.name for column in contract.columns]
    faults = [
        f"columns: '{name}' is not a column of {contract.table}. {did_you_mean(name, ours)}"
        for name in renamed
        if name not in ours
    ]
    matched: dict[str, str] = {}
    for column in contract.columns:
        wanted = renamed.get(column.name, column.name)
        found = wanted if wanted in raw.columns else theirs.get(wanted.strip().lower())
        if found is not None:
            matched[column.name] = found
        elif column.required or column.name in renamed:
            faults.append(_missing_column(column.name, wanted, contract, raw))
    return matched, faults


def _missing_column(ours: str, wanted: str, contract: TableSchema, raw: Raw) -> str:
    named = "" if wanted == ours else f" (our {ours})"
    return (
        f"Column '{wanted}'{named} is missing. {did_you_mean(wanted, raw.columns)} Say in "
        f"company.yml which one it is: tables: {contract.table}: columns: {{{ours}: <name>}}."
    )


def _stage(con: Any, name: str, rows: ir.Table, values: dict[str, ir.Value]) -> ir.Table:
    return con.create_view(name, rows.mutate(**values)) if values else rows


def _trimmed(column: str) -> str:
    return f"__trimmed_{column}"


def _trim(value: ir.Value, column: ColumnSchema) -> ir.Value:
    """Return a source's cell, text trimmed; what must be text becomes text."""
    if column.kind in _TEXTS or value.type().is_string():
        return casts.plain_text(value)
    if value.type().is_floating():
        return ibis.ifelse(value.isnan(), ibis.null(value.type()), value)
    return value


def _cell(value: ir.Value, column: ColumnSchema, missing: Sequence[str]) -> ir.Value:
    """Return a trimmed cell, null where it says that nothing was given."""
    if not value.type().is_string():
        return value
    if missing:
        value = ibis.ifelse(value.isin(list(missing)), ibis.null("string"), value)
    if column.kind == "id":
        return casts.unmarked(value)
    return value if column.kind in _TEXTS else casts.available(value)


def _stamps(
    rows: ir.Table, column: ColumnSchema, reading: _Reading, *, excel: bool
) -> dict[str, ir.Value]:
    """Return a date column as it is written, still to be put in its time zone."""
    cell, how = rows[given(column.name)], reading.how[column.name]
    if column.kind == "month":
        cell = casts.month_text(cell)
    stamp = casts.stamp(cell, how)
    wall, name = stamp.wall, typed(column.name)
    if excel and "%" in how:
        wall = ibis.coalesce(wall, casts.stamp(cell, casts.ISO).wall)
    return {f"{name}_wall": wall, f"{name}_fixed": stamp.fixed}


def _value(rows: ir.Table, column: ColumnSchema, reading: _Reading) -> ir.Value:
    cell, name = rows[given(column.name)], typed(column.name)
    if column.kind in DATES:
        stamp = casts.Stamp(wall=rows[f"{name}_wall"], fixed=rows[f"{name}_fixed"])
        if column.kind == "time":
            return casts.moment(stamp, reading.zone)
        day = casts.day(stamp, zone=reading.zone, local=reading.local)
        return (
            day.truncate("M").cast("timestamp(6)").cast("date") if column.kind == "month" else day
        )
    if column.kind in NUMERIC:
        how = reading.how[column.name]
        if column.kind == "money":
            return casts.amount(cell, decimal=how, minor_units=reading.minor_units)
        return casts.number(cell, decimal=how)
    if column.kind == "year":
        year = casts.number(cell, decimal=".").try_cast("int64")
        return ibis.ifelse(year.between(*_YEARS), year, ibis.null("int64"))
    return casts.flag(cell) if column.kind == "flag" else cell
