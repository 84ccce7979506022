"""Reads one file of a table by its own settings, an export by its format, into plain texts.

What comes out is written one way (our names, ISO times in UTC, decimal points), so that files that
are written differently can stand in one table. A cell that can't be read stays as it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.core.errors import CompanyError
from profitchain.exports.cells_by_format import (
    ITEM_OUT,
    KEY,
    LATER_BY,
    ORDER_OUT,
    REFUND,
    ZONE,
    Laid,
    factor,
    lay_out,
    operand,
)
from profitchain.exports.known_exports import ExportFormat, header_place, known_exports
from profitchain.exports.money_signs import signs_of
from profitchain.exports.net_of_refunds import is_net
from profitchain.exports.one_file import read_file
from profitchain.exports.row_words import in_zones, unknown_words, unknown_zones, why_by_status
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import End
from profitchain.sources.loading import RawTable, paths_of
from profitchain.sources.schemas import DATES, ColumnSchema, TableSchema
from profitchain.sources.settings import Source
from profitchain.sources.temp_tables import materialise
from profitchain.sources.typed_tables import given_name, type_columns, typed_name

LEFT_OUT = "__left_out"
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file's rows as texts under our names, with `__file`, `__row` and why one is left out.

    A file without a format keeps its own columns beside them. `signs` has the cells by column and
    by what stands beside an amount's digits; `folded` rows of the file were further rows of an
    order; `net_unsure` says of how many it can't be told whether they are net of refunds.
    """

    rows: ir.Table
    raw: RawTable
    signs: Counter[tuple[str, str]] = field(default_factory=Counter)
    folded: int = 0
    net_unsure: Mapping[str, int | str] = field(default_factory=dict)


def read_part(
    con: Any, schema: TableSchema, source: Source, company: Company, *,
    name: str, end: End | None, scratch: Path,
) -> tuple[Part | None, list[str]]:  # fmt: skip
    """Return one file of a table, or the faults for which it can't be read."""
    if source.format is None:
        raw = read_file(con, name, source, company, scratch)
        later = source.later_by
        own = replace(schema, table=name)
        if later:
            own = replace(own, columns=(*own.columns, ColumnSchema(name=LATER_BY, kind="time")))
            source = source.model_copy(update={"columns": {**source.columns, LATER_BY: later}})
        table, faults = type_columns(con, own, raw, _alone(company, name, source), end)
        if table is None:
            return None, faults
        cells = {c.name: _cell(table.rows, c.name) for c in table.present}
        taken = {*table.source_names.values(), later}
        ours = {column.name for column in own.columns}
        unread = [n for n in raw.columns if n not in taken and n.lower() not in ours]
        rows = _written(table.rows, cells, list(table.present), company, *unread)
        rows = rows.mutate(**{LEFT_OUT: ibis.null("string")})
        return Part(rows=rows, raw=raw, signs=signs_of(table.rows, table.present)), []
    known = known_exports()[source.format]
    if schema.table not in known.tables:
        raise CompanyError(
            f"tables: {schema.table}: format: {source.format} gives {', '.join(known.tables)} and "
            f"no {schema.table}."
        )
    source = _with_hints(source, known, company)
    raw = read_file(con, name, source, company, scratch)
    laid = lay_out(con, schema, raw, source, known)
    plainly = source.model_copy(update={"columns": {}})
    table, faults = type_columns(con, laid.schema, laid.raw, _alone(company, name, plainly), end)
    if table is None:
        return None, faults
    return _by_format(con, schema, laid, table.rows, source=source, company=company)


def _alone(company: Company, name: str, source: Source) -> Company:
    """Return the company with one file as a table of its own."""
    return company.model_copy(update={"tables": {**company.tables, name: source}})


def _with_hints(source: Source, known: ExportFormat, company: Company) -> Source:
    """Return the settings of a file: those of company.yml, else of its format and header."""
    hints = dict(known.reads)
    paths = paths_of(source.file or "", company)
    if paths[0].suffix.lower() in _TEXT_SUFFIXES:
        hints |= header_place(paths[0], known, source)
    hints = {key: value for key, value in hints.items() if key not in source.model_fields_set}
    if isinstance(source.missing, list):
        hints["missing"] = [*known.reads.get("missing", []), *source.missing]
    if any(rules.zone for rules in known.tables.values()):
        hints["time_zone"] = "UTC"  # the wall time, put in its own zone below
    return source.model_copy(update=hints)


def _cell(rows: ir.Table, name: str) -> tuple[ir.Value, ir.Value]:
    return rows[given_name(name)], rows[typed_name(name)]


def _by_format(
    con: Any, schema: TableSchema, laid: Laid, rows: ir.Table, *, source: Source, company: Company
) -> tuple[Part | None, list[str]]:
    known = known_exports()[source.format or ""]
    rules = known.tables[schema.table]
    rows = materialise(con, f"read_{laid.schema.table}", rows.select(
        FILE, ROW, *laid.marks, *(n for c in laid.schema.columns for n in
        (given_name(c.name), typed_name(c.name)))))  # fmt: skip
    came, signs = int(rows.count().execute()), signs_of(rows, laid.schema.columns)
    faults = [*unknown_words(rows, rules, source, company), *unknown_zones(rows, rules)]
    if rules.row_is == "item":
        faults += _disagreements(rows, laid, source)
        rows = _folded(rows, laid)
    if faults:
        return None, faults
    net, net_unsure = is_net(rows, laid)
    cells = _cells(rows, laid, net=net)
    present = [column for column in schema.columns if column.name in cells]
    if rules.zone and ZONE in laid.marks:
        for name in [c.name for c in present if c.kind == "time"]:
            given, wall = cells[name]
            cells[name] = given, in_zones(wall, rows, rules.zone.names, company)
    if REFUND in laid.marks and rules.refunds:
        _mark_refunds(cells, present, rows[REFUND], rules.refunds.prefix)
    if LATER_BY in [c.name for c in laid.schema.columns]:
        cells[LATER_BY] = _cell(rows, LATER_BY)
        present.append(ColumnSchema(name=LATER_BY, kind="time"))
    why = ibis.coalesce(
        rows[ORDER_OUT],
        why_by_status(rows, rules, source, company, paid_back=_paid_back(rows, laid)),
    )
    why = ibis.coalesce(rows[ITEM_OUT], why)
    written = _written(rows.mutate(**{LEFT_OUT: why}), cells, present, company, LEFT_OUT)
    folded = came - int(rows.count().execute())
    return Part(rows=written, raw=laid.raw, signs=signs, folded=folded, net_unsure=net_unsure), []


def _disagreements(rows: ir.Table, laid: Laid, source: Source) -> list[str]:
    """Return a fault where an amount that should be of the order differs between its rows."""
    rule = laid.cells.get("revenue")
    if rule is None or rule.per == "item":
        return []
    faults = []
    for number, (_, names) in enumerate(rule.amounts):
        value = rows[typed_name(operand("revenue", number))]
        apart = rows.group_by(KEY).having(value.nunique() > 1).aggregate(n=rows.count())
        orders = int(apart.count().execute())
        if orders:
            faults.append(
                f"{source.file}: '{names[0]}' differs between rows of one order in {orders:,} "
                f"orders, so that it is not of the order, as format {source.format} takes it. "
                "Leave format: out and sum it up in a query:."
            )
    return faults


def _folded(rows: ir.Table, laid: Laid) -> ir.Table:
    """Return one row an order: its cells from the first row that has them, its items summed up.

    An item that is left out adds nothing, unless all of an order's are.
    """
    stays = rows[ITEM_OUT].isnull()
    sums: dict[str, ir.Value] = {
        "__first": rows[ROW].min(),
        ITEM_OUT: ibis.ifelse(stays.any(), ibis.null("string"), rows[ITEM_OUT].min()),
    }
    for mark in laid.marks:
        if mark not in (KEY, ITEM_OUT):
            filled = rows[mark].notnull()
            first = [rows[mark].argmin(rows[ROW], where=w) for w in (filled & stays, filled)]
            sums[mark] = ibis.coalesce(*first)
    for column in laid.schema.columns:
        given, value = _cell(rows, column.name)
        ours = column.name.rpartition("__")[0] or column.name
        if ours in laid.cells and laid.cells[ours].per == "item" and column.kind == "money":
            if factor(ours) in [c.name for c in laid.schema.columns]:
                value = value * rows[typed_name(factor(ours))].fill_null(1)
            total = ibis.coalesce(value.sum(where=stays), value.sum())
            bad = given.argmin(rows[ROW], where=given.notnull() & value.isnull())
            some = given.argmin(rows[ROW], where=given.notnull())
            sums[typed_name(column.name)] = ibis.ifelse(
                bad.notnull(), ibis.null("int64"), total.round().cast("int64")
            )
            sums[given_name(column.name)] = ibis.coalesce(bad, some)
        else:
            filled = given.notnull()
            sums[given_name(column.name)] = given.argmin(rows[ROW], where=filled)
            sums[typed_name(column.name)] = value.argmin(rows[ROW], where=filled & value.notnull())
    grouped = rows.mutate(__in=rows[FILE].fill_null("")).group_by("__in", KEY).aggregate(**sums)
    return grouped.mutate(**{FILE: grouped["__in"].nullif(""), ROW: grouped["__first"]})


def _cells(rows: ir.Table, laid: Laid, *, net: bool) -> dict[str, tuple[ir.Value, ir.Value]]:
    """Return each column of ours as (what was given, its value), amounts added up.

    Where what was paid is `net` already, nothing is subtracted from it.
    """
    have = {column.name for column in laid.schema.columns}
    cells: dict[str, tuple[ir.Value, ir.Value]] = {}
    for name, rule in laid.cells.items():
        if name in have:
            cells[name] = _cell(rows, name)
        elif rule.amounts:
            parts = [(sign, *_cell(rows, operand(name, k))) for k, (sign, _) in
                     enumerate(rule.amounts) if sign > 0 or (sign < 0 and not net)]  # fmt: skip
            times = None
            if factor(name) in have and rule.per == "order":
                times = rows[typed_name(factor(name))].fill_null(1)
            cells[name] = _added_up(parts, times)
    return cells


def _added_up(
    parts: list[tuple[int, ir.Value, ir.Value]], times: ir.Value | None
) -> tuple[ir.Value, ir.Value]:
    """Return the first cell and the sum; null where none is given or one is unreadable."""
    total: ir.Value = ibis.literal(0)
    for sign, _, value in parts:
        amount = value.fill_null(0) * (times if times is not None and sign > 0 else 1)
        total = total + amount * sign
    plus = [(given, value) for sign, given, value in parts if sign > 0]
    bad = [given.notnull() & value.isnull() for _, given, value in parts]
    worst = ibis.cases(*((is_bad, given.cast("string")) for is_bad, (_, given, _) in
                         zip(bad, parts, strict=True)))  # fmt: skip
    first = ibis.coalesce(*(given.cast("string") for given, _ in plus))
    some = ibis.coalesce(*(value for _, value in plus)).notnull() & worst.isnull()
    return ibis.coalesce(worst, first), ibis.ifelse(some, total.round().cast("int64"), None)


def _paid_back(rows: ir.Table, laid: Laid) -> ir.Value:
    """Return whether something is subtracted from a row's revenue: what was paid back."""
    rule = laid.cells.get("revenue")
    back = [
        rows[typed_name(operand("revenue", k))].fill_null(0) != 0
        for k, (sign, _) in enumerate(rule.amounts if rule else [])
        if sign < 0
    ]
    return reduce(or_, back, ibis.literal(False))


def _mark_refunds(
    cells: dict[str, tuple[ir.Value, ir.Value]],
    present: list[ColumnSchema],
    is_refund: ir.Value,
    prefix: str,
) -> None:
    """Let refunds be below zero, with an id of their own."""
    refund = is_refund.fill_null(False)
    for column in present:
        given, value = cells[column.name]
        if column.kind == "money":
            cells[column.name] = given, ibis.ifelse(refund, -value.abs(), value)
        elif column.name == "order_id" and prefix:
            own = ibis.ifelse(refund, ibis.literal(prefix) + given.cast("string"), given)
            cells[column.name] = own, own


def _written(
    rows: ir.Table,
    cells: dict[str, tuple[ir.Value, ir.Value]],
    present: list[ColumnSchema],
    company: Company,
    *keep: str,
) -> ir.Table:
    """Return all cells as text written one way; what can't be read as it came."""
    texts = {}
    for column in present:
        given, value = cells[column.name]
        if column.kind not in ("id", "text", "period"):
            plainly = _as_text(value, column, company)
            given = ibis.ifelse(value.notnull(), plainly, given.cast("string"))
        texts[column.name] = given.cast("string")
    return rows.select(FILE, ROW, **{n: rows[n].cast("string") for n in keep}, **texts)


def _as_text(value: ir.Value, column: ColumnSchema, company: Company) -> ir.Value:
    if column.kind == "time":
        return value.cast("string") + "Z"
    if column.kind in DATES:
        return value.cast("string")
    if column.kind == "money":
        return (value / float(company.minor_units)).cast("string")
    return value.cast("string")
