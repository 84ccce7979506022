"""Gives each column of a table the type of its schema, beside the cells as they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.core.periods import starts_at
from profitchain.sources import casts, id_forms, number_words, warehouse_casts
from profitchain.sources.column_matching import match_columns
from profitchain.sources.company import Company
from profitchain.sources.connections import ENGINE_NAMES
from profitchain.sources.date_number_formats import End, find_formats, is_later, odd_columns
from profitchain.sources.date_words import plain_dates, plain_months
from profitchain.sources.engine_functions import Call, CellMacros, directly
from profitchain.sources.loading import RawTable
from profitchain.sources.number_words import (
    TEXTS,
    Emptied,
    emptied_scores,
    given_cell,
    without_emptied,
    worded_score,
)
from profitchain.sources.schemas import DATES, NUMERIC, ColumnSchema, TableSchema, ambiguous_missing
from profitchain.sources.settings import MatchIds, Source
from profitchain.sources.temp_tables import view, worked_out_once

SOUND = "__sound"
WHO, MARK = "__who", "__mark"  # in pieces of orders: `number_of` and `md5_digits` of the customer
_SLASHED = (casts.DAY_FIRST, casts.MONTH_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedTable:
    """A table's rows with, beside the source's own columns, `__given_<column>` and `__is_<column>`.

    The first is the cell, null where nothing was given; the second its typed value, null where it
    can't be read. `source_names` gives the source's name of each column that is `present`,
    `formats` the way in which it is written, `emptied` the values of scores that count as nothing
    given. Rows that are read from `parquet_cache` lack the source's own columns; those for which a
    check of the row by itself holds are `aside`, if there are any; of those that are large not
    every row is looked at again for what is doubtful.
    """

    schema: TableSchema
    raw: RawTable
    rows: ir.Table
    present: tuple[ColumnSchema, ...]
    source_names: dict[str, str]
    formats: dict[str, str] = field(default_factory=dict)
    emptied: tuple[Emptied, ...] = ()
    pieces: tuple[Path, ...] = ()
    aside: ir.Table | None = None
    is_large: bool = False

    @property
    def values(self) -> list[str]:
        """The names of the columns of typed values."""
        return [typed_name(column.name) for column in self.present]

    @property
    def cell_names(self) -> list[str]:
        """The names of the columns of cells."""
        return [given_name(column.name) for column in self.present]

    @property
    def keys(self) -> list[str]:
        """The names of the typed columns that no two rows may share."""
        return [typed_name(name) for name in self.schema.unique if name in self.source_names]

    def value(self, column: str) -> ir.Value:
        """Return a column's typed value."""
        return self.rows[typed_name(column)]


def given_name(column: str) -> str:
    """Return the name under which a column's cell stands, null where nothing was given."""
    return f"__given_{column}"


def typed_name(column: str) -> str:
    """Return the name under which a column's typed value stands."""
    return f"__is_{column}"


def plain_name(column: str) -> str:
    """Return the name under which a date's cell stands without words."""
    return f"__plain_{column}"


def key_text(rows: ir.Table, keys: list[str]) -> ir.StringValue:
    """Return a key in one text: as many distinct ones as rows proves the key unique."""
    if len(keys) == 1:
        return rows[keys[0]]
    text = [rows[key].cast("string").fill_null("") + "\x1f" for key in keys]
    return sum(text[1:], text[0])


def type_columns(
    con: Any, schema: TableSchema, raw: RawTable, company: Company, end: End | None
) -> tuple[TypedTable | None, list[str]]:
    """Return a table with typed columns, or the faults for which it can't be read."""
    source_names, faults = match_columns(schema, raw, company)
    present = tuple(c for c in schema.columns if c.name in source_names)
    table = TypedTable(
        schema=schema, raw=raw, rows=raw.relation, present=present, source_names=source_names
    )
    table, more = _cast(con, table, company) if raw.warehouse else _parsed(con, table, company, end)
    faults += [*more, *ambiguous_missing(schema, company.tables[schema.table])]
    if not faults:
        table, faults = _scored(con, table, end)
    return (None if faults else table), faults


def _parsed(
    con: Any, table: TypedTable, company: Company, end: End | None
) -> tuple[TypedTable, Sequence[str]]:
    """Return a table with each cell parsed, or the faults of its formats.

    Each step is a view of its own, so that the engine works out every value once.
    """
    raw, present, name, call = table.raw, table.present, table.schema.table, CellMacros(con)
    source = raw.source or company.tables[name]
    rows = _with_cells(con, table, source, call)
    zone = source.time_zone or company.time_zone
    named = rows.select(**{c.name: rows[given_name(c.name)] for c in present}) if present else rows
    odd = odd_columns(named, table.schema, source, call)
    worded = {c.name: c for c in odd if c.kind in DATES}
    plain = {
        plain_name(n): _plain(rows[given_name(n)], c, source.format_of(n), zone)
        for n, c in worded.items()
    }
    rows = _stage(con, f"plain_{name}", rows, plain)
    cells_of = {c.name: (plain_name if c.name in worded else given_name)(c.name) for c in present}
    named = rows.select(**{n: rows[cell] for n, cell in cells_of.items()}) if present else rows
    names = [c.name for c in odd]
    written = find_formats(named, table.schema, source, odd=names, zone=zone, end=end, call=call)
    if written.faults:
        return table, written.faults
    formats, stamps = written.by_column, dict[str, ir.Value]()
    slashed = {n: w for n, w in formats.items() if n in worded and w in _SLASHED}
    turned = {
        plain_name(n): call(casts.slashed_as_iso, rows[cells_of[n]], order=w)
        for n, w in slashed.items()
    }
    rows = _stage(con, f"turned_{name}", rows, turned)
    for c in (c for c in present if c.kind in DATES):
        way = casts.ISO if c.name in slashed else formats[c.name]
        stamps |= _stamps(rows[cells_of[c.name]], c, way, excel=raw.excel, call=call)
    rows = _stage(con, f"stamps_{name}", rows, stamps)
    values = [_value(rows, c, formats[c.name], zone, company, call=call) for c in present]
    rows = _stage(con, f"typed_{name}", rows, dict(zip(table.values, values, strict=True)))
    table = replace(table, rows=rows, formats=formats)
    rows = _stage(con, f"settled_{name}", rows, _settled(table, company, call, embedded=True))
    return replace(table, rows=rows), ()


def _with_cells(con: Any, table: TypedTable, source: Source, call: Call) -> ir.Table:
    """Return a table's rows with each cell as it was given, trimmed."""
    raw, present, name = table.raw.relation, table.present, table.schema.table
    trimmed = {
        f"__trimmed_{c.name}": _trim(raw[table.source_names[c.name]], c, source, call)
        for c in present
    }
    rows = _stage(con, f"trimmed_{name}", raw, trimmed)
    cells = [given_cell(rows[f"__trimmed_{c.name}"], c, source, call=call) for c in present]
    return _stage(con, f"given_{name}", rows, dict(zip(table.cell_names, cells, strict=True)))


def _settled(
    table: TypedTable, company: Company, call: Call, *, embedded: bool
) -> dict[str, ir.Value]:
    """Return typed values where they are others than their cells: ids in one form, old scores."""
    name, dated_by = table.schema.table, table.schema.dated_by
    key, values = next(iter(table.schema.unique), None), dict[str, ir.Value]()
    for column in table.present:
        value = table.value(column.name)
        if column.kind == "id":
            refers = id_forms.refers(column.name, table=name, key=key)
            how = {"match": company.match_ids, "embedded": embedded, "refers": refers}
            values[typed_name(column.name)] = call(_id_in_one_form, value, **how)
        elif column.since is not None and dated_by in table.source_names:
            first = ibis.timestamp(starts_at(column.since, company.time_zone))
            old = table.value(dated_by) < first
            for of_cell in (given_name(column.name), typed_name(column.name)):
                cell = table.rows[of_cell]
                values[of_cell] = ibis.ifelse(old, ibis.null(cell.type()), cell)
    return values


def _id_in_one_form(
    text: ir.StringValue, *, match: MatchIds, embedded: bool, refers: bool
) -> ir.StringValue:
    text = id_forms.tidy_id(text, match, embedded=embedded)
    return id_forms.somebody(text) if refers else text


def _scored(con: Any, table: TypedTable, end: End | None) -> tuple[TypedTable, list[str]]:
    """Return a table whose scores are null where they hold a code, or the faults of questions."""
    names = {c.name: (given_name(c.name), typed_name(c.name)) for c in table.present}
    scores = [(c, *names[c.name]) for c in table.present if c.kind == "score"]
    if not scores:
        return table, []
    dated = table.schema.dated_by
    counts = ~is_later(table.value(dated), end) if dated in names and end else ibis.literal(True)
    moments = typed_name(dated) if dated in names else None
    emptied, faults = emptied_scores(table.rows, scores, counts=counts, dated=moments)
    if faults or not emptied:
        return table, faults
    kept = without_emptied(table.rows, emptied, names)
    rows = table.rows.mutate(**kept)
    if not table.raw.warehouse:
        rows = view(con, f"scored_{table.schema.table}", rows)
    return replace(table, rows=rows, emptied=emptied), []


def _cast(con: Any, table: TypedTable, company: Company) -> tuple[TypedTable, Sequence[str]]:
    """Return a warehouse's table with each cell cast from its type, or the faults of its types."""
    source, relation = company.tables[table.schema.table], table.raw.relation
    kinds, engine = relation.schema(), ENGINE_NAMES[con.name]
    columns = [(column, table.source_names[column.name]) for column in table.present]
    faults = [
        warehouse_casts.type_fault(c, source_name, kinds[source_name], engine)
        for c, source_name in columns
    ]
    if any(faults):
        return table, [fault for fault in faults if fault]
    zone, local = source.time_zone or company.time_zone, company.time_zone
    cells, values = [], []
    for column, source_name in columns:
        cell = given_cell(warehouse_casts.trim(relation[source_name], column), column, source)
        cells.append(cell)
        if column.kind in DATES:
            fixed = source_name in table.raw.instants
            value = warehouse_casts.moment_or_day(cell, column, fixed=fixed, zone=zone, local=local)
        else:
            value = warehouse_casts.typed_cell(cell, column, minor_units=company.minor_units)
        values.append(value)
    added = dict(zip([*table.cell_names, *table.values], [*cells, *values], strict=True))
    table = replace(table, rows=relation.mutate(**added))
    rows = table.rows.mutate(**_settled(table, company, directly, embedded=False))
    return replace(table, rows=worked_out_once(con, rows)), ()


def _stage(con: Any, name: str, rows: ir.Table, values: dict[str, ir.Value]) -> ir.Table:
    return view(con, name, rows.mutate(**values)) if values else rows


def _trim(value: ir.Value, column: ColumnSchema, source: Source, call: Call) -> ir.Value:
    """Return a source's cell, text trimmed; what must be text becomes text.

    So do numbers in place of dates, 20260304, unless the firm declares that days are counted.
    """
    if column.kind in TEXTS or value.type().is_string():
        return call(casts.trimmed_text, value)
    is_counted = source.format_of(column.name) in (*casts.UNIX, casts.EXCEL)
    if column.kind in DATES and value.type().is_numeric() and not is_counted:
        return call(casts.trimmed_text, value)
    if value.type().is_floating():
        return ibis.ifelse(value.isnan(), ibis.null(value.type()), value)
    return value


def _plain(
    cell: ir.StringValue, column: ColumnSchema, declared: str | None, zone: str
) -> ir.StringValue:
    """Return a date without words."""
    cell = plain_months(cell) if column.kind == "month" else cell
    return plain_dates(cell, zone, roc=declared == casts.ROC)


def _stamps(
    cell: ir.Value, column: ColumnSchema, written: str, *, excel: bool, call: Call
) -> dict[str, ir.Value]:
    """Return a date column as it is written, still to be put in its time zone."""
    name = typed_name(column.name)
    if column.kind == "month":
        cell = call(casts.month_text, cell)
    return {
        f"{name}_wall": call(_wall, cell, written=written, excel=excel),
        f"{name}_fixed": call(_is_fixed, cell, written=written),
    }


def _wall(cell: ir.Value, *, written: str, excel: bool) -> ir.TimestampValue:
    """Return a moment as it is written; in a spreadsheet text, dates and day numbers may mix."""
    wall = casts.parse_stamp(cell, written).wall
    if not excel or written in casts.UNIX:
        return wall
    others = {casts.ISO, casts.EXCEL} - {written}
    return ibis.coalesce(wall, *(casts.parse_stamp(cell, w).wall for w in sorted(others)))


def _is_fixed(cell: ir.Value, *, written: str) -> ir.BooleanValue:
    return casts.parse_stamp(cell, written).fixed


def _value(
    rows: ir.Table, column: ColumnSchema, written: str, zone: str, company: Company, *, call: Call
) -> ir.Value:
    cell, name = rows[given_name(column.name)], typed_name(column.name)
    if column.kind in DATES:
        stamp = rows[f"{name}_wall"], rows[f"{name}_fixed"]
        if column.kind == "time":
            return call(casts.moment, *stamp, zone=zone)
        day = call(casts.day, *stamp, zone=zone, local=company.time_zone)
        is_month = column.kind == "month"
        return day.truncate("M").cast("timestamp(6)").cast("date") if is_month else day
    if column.kind == "money":
        minor_units = company.minor_units
        return call(number_words.parse_amount, cell, decimal=written, minor_units=minor_units)
    if column.kind in NUMERIC:
        number = call(number_words.parse_number, cell, decimal=written)
        is_worded = column.kind == "score" and cell.type().is_string()
        return ibis.coalesce(number, worded_score(cell, column)) if is_worded else number
    if column.kind == "year":
        year = call(number_words.parse_number, cell, decimal=".").try_cast("int64")
        return ibis.ifelse(year.between(*casts.YEARS), year, ibis.null("int64"))
    return call(casts.parse_flag, cell) if column.kind == "flag" else cell
