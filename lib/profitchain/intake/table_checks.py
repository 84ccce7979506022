"""Judges each row of a table by its schema: used, later than the period, cancelled or broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.exports.file_parts import in_file_order
from profitchain.intake import parquet_cache, reasons
from profitchain.intake.hashing import all_differ, number_of
from profitchain.intake.row_checks import (
    Check,
    RowKind,
    cancelled_checks,
    left_out_checks,
    schema_checks,
)
from profitchain.sources import temp_tables
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import End, is_later
from profitchain.sources.date_words import period_start
from profitchain.sources.schemas import PLANS, TableSchema
from profitchain.sources.typed_tables import MARK, WHO, TypedTable, key_text, typed_name
from profitchain.sources.warehouse_casts import display_text

OUTCOME = "__outcome"
USED = 0
REPEATED, CONFLICTING, AGAIN, REPLACED, EDITED = 1001, 1002, 1003, 1004, 1005


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTable:
    """A typed table whose rows carry the number of their outcome in `__outcome`; 0 is "used".

    `outcomes` maps each other number to its reason, kind and column. `cells` are the same rows with
    the source's own columns, which `rows` lack of a warehouse; there `kept` are the rows with the
    text of each own cell of those that broke, so that nobody has to judge them again.
    """

    table: TypedTable
    rows: ir.Table
    cells: ir.Table
    outcomes: dict[int, tuple[str, RowKind, str | None]]
    kept: ir.Table | None = None

    def numbers(self, *kinds: RowKind) -> list[int]:
        """Return the numbers of the outcomes of these kinds."""
        return [n for n, (_, kind, _) in self.outcomes.items() if kind in kinds]

    def broken(self) -> ir.Table:
        """Return outcome, place and the source's own columns of the rows that broke."""
        rows = self.cells if self.kept is None else self.kept
        rows = rows.filter(rows[OUTCOME].isin(self.numbers("broken")))
        if self.kept is None:
            return rows
        own = {name: rows[f"__cell_{k}"] for k, name in enumerate(self.table.raw.columns)}
        place = {FILE: ibis.null("string"), ROW: ibis.null("int64")}
        return rows.select(OUTCOME, **place, **own)


Judged = dict[str, JudgedTable]  # by the table's name


def judge(
    con: Any, table: TypedTable, company: Company, end: End | None, *, also: Sequence[Check] = ()
) -> JudgedTable:
    """Return the rows with their outcome: the first check that holds, then repeated keys."""
    checks = list(enumerate([*_by_itself(table, company, end), *also], start=1))
    outcomes = {n: (check.reason, check.kind, check.column) for n, check in checks}
    rows = _judged_apart(table, company, end, also) if table.pieces else _numbered(table, checks)
    if table.raw.warehouse:
        return _judged_there(con, table, rows, outcomes)
    if not table.raw.lasting:
        lean = rows.select(FILE, ROW, *table.raw.columns, *table.values, OUTCOME)
        rows = temp_tables.materialise(con, f"judged_{table.schema.table}", lean)
        con.raw_sql(f"DROP TABLE {table.raw.name}")
    judged = JudgedTable(table=table, rows=rows, cells=_with_cells(rows, table), outcomes=outcomes)
    return _set_repeats_aside(con, judged) if table.schema.unique else judged


def _by_itself(table: TypedTable, company: Company, end: End | None) -> list[Check]:
    return [
        *_later(table, end),
        *left_out_checks(table),
        *schema_checks(table),
        *cancelled_checks(table, company),
    ]


def _judged_apart(
    table: TypedTable, company: Company, end: End | None, also: Sequence[Check]
) -> ir.Table:
    """Return the rows of pieces: of sound ones no cell is then read but for a sum."""
    later, first = _later(table, end), 1 + len(_by_itself(table, company, end))
    sound = _numbered(table, [*enumerate(later, start=1), *enumerate(also, start=first)])
    columns = [name for name in (FILE, ROW, WHO, MARK) if name in sound.columns]
    columns += [*table.values, OUTCOME]
    if table.aside is None:
        return sound.select(*columns)
    aside = replace(table, rows=table.aside)
    judged = _numbered(aside, list(enumerate(_by_itself(aside, company, end), start=1)))
    return sound.select(*columns).union(judged.select(*columns))


def _numbered(table: TypedTable, checks: Sequence[tuple[int, Check]]) -> ir.Table:
    """Return rows with the number of the first check that holds, USED where none does."""
    holding = [(check.holds.fill_null(False), number) for number, check in checks]
    number = ibis.cases(*holding, else_=USED) if holding else ibis.literal(USED)
    return table.rows.mutate(**{OUTCOME: number.cast("int64")})


def _with_cells(rows: ir.Table, table: TypedTable) -> ir.Table:
    """Return rows with the source's own columns, looked up by their place where they lack them."""
    if not table.pieces:
        return rows
    source = table.raw.relation
    source = source.mutate(__in=source[FILE].fill_null(""), __at=source[ROW]).drop(FILE, ROW)
    here = rows.mutate(__in=rows[FILE].fill_null(""))
    places = [here[ROW] == source["__at"], here["__in"] == source["__in"]]
    return here.join(source, places).select(*rows.columns, *table.raw.columns)


def _later(table: TypedTable, end: End | None) -> list[Check]:
    """Return the check by the moment or day that places a row in time, if it has one."""
    column = next((c for c in table.present if c.name == table.schema.dated_by), None)
    if column is None or end is None:
        return []
    at = table.value(column.name)
    if column.kind == "year":
        at = (at.cast("string") + "-01-01").cast("date")
    elif column.kind == "period":
        at = period_start(at)
    return [Check(reason=reasons.LATER, kind="later", holds=is_later(at, end))]


def _set_repeats_aside(con: Any, judged: JudgedTable) -> JudgedTable:
    """Set aside all but one of the rows that share a key.

    Of several files the last one's row stays, by `in_file_order`; of an answer its last version;
    else the earliest row, then the first by value.
    """
    table, rows = judged.table, judged.rows
    if table.pieces and parquet_cache.keys_are_unique(con, table):
        return judged
    sound = rows.filter(_is_sound(rows, judged.outcomes))
    many = parquet_cache.rows_in(table.pieces)
    if all_differ(con, number_of(key_text(sound, table.keys)), at_most=many):
        return judged
    sound = sound.mutate(__key=key_text(sound, table.keys).hash())
    shared = sound.group_by("__key").having(sound.count() > 1).aggregate(__n=sound.count())
    ranked = _ranked(_with_cells(sound.semi_join(shared, "__key"), table), table)
    losers = ranked.filter(ranked["__place"] > 0).select(
        __in=ranked[FILE].fill_null(""), __at=ranked[ROW], __why=_why(ranked)
    )
    losers = temp_tables.materialise(con, f"repeats_{table.schema.table}", losers)
    here = rows.mutate(__in=rows[FILE].fill_null(""))
    joined = here.left_join(losers, [here[ROW] == losers["__at"], here["__in"] == losers["__in"]])
    outcome = ibis.coalesce(joined["__why"], joined[OUTCOME]).cast("int64")
    rows = joined.mutate(**{OUTCOME: outcome}).select(*rows.columns)
    outcomes = judged.outcomes | _repeat_outcomes(table.schema)
    return replace(judged, rows=rows, cells=_with_cells(rows, table), outcomes=outcomes)


def _repeat_outcomes(schema: TableSchema) -> dict[int, tuple[str, RowKind, str | None]]:
    same = reasons.SAME_KEY.format(columns=" and ".join(schema.unique))
    return {
        REPEATED: (reasons.REPEATED, "broken", schema.unique[0]),
        CONFLICTING: (same, "broken", schema.unique[0]),
        AGAIN: (reasons.BY_FORMAT["again"], "left_out", None),
        REPLACED: (reasons.BY_FORMAT["replaced"], "left_out", None),
        EDITED: (reasons.EDITED, "left_out", None),
    }


def _is_sound(rows: ir.Table, outcomes: dict) -> ir.BooleanValue:
    cancelled = [n for n, (_, kind, _) in outcomes.items() if kind == "cancelled"]
    return rows[OUTCOME].isin([USED, *cancelled])


def _ranked(suspects: ir.Table, table: TypedTable) -> ir.Table:
    """Return rows that share keys with their place by key, and by key and values."""
    dated = [typed_name(table.schema.dated_by)] if table.schema.dated_by else []
    versions, answers = _has_versions(table), table.schema.table == "responses"
    file = in_file_order(suspects[FILE])
    order = [file.desc()] if versions else []
    for name in dict.fromkeys((*dated, *table.values)):  # a key that comes twice counts as its last
        if name in table.values:
            latest = answers and name in dated
            ascending = suspects[name].asc(nulls_first=False)
            order.append(suspects[name].desc(nulls_first=False) if latest else ascending)
    order += [suspects[name].cast("string") for name in table.raw.columns]
    order += [suspects[ROW]] if versions else [file, suspects[ROW]]
    place = ibis.row_number().over(group_by=table.keys, order_by=order)
    copy = ibis.row_number().over(group_by=[*table.keys, *table.values], order_by=order)
    older, edited = ibis.literal(False), ibis.literal(False)
    if versions:
        older = file < file.max().over(group_by=table.keys)
    if answers and dated[0] in table.values:
        at = suspects[dated[0]]
        edited = (at < at.max().over(group_by=table.keys)).fill_null(False)
    return suspects.mutate(__place=place, __copy=copy, __older=older, __edited=edited)


def _has_versions(table: TypedTable) -> bool:
    """Tell whether rows come from several files, of which a later one knows better."""
    return not table.raw.warehouse and table.raw.source is None


def _why(ranked: ir.Table) -> ir.IntegerValue:
    is_copy, older = ranked["__copy"] > 0, ranked["__older"].fill_null(False)
    return ibis.cases(
        (older & is_copy, AGAIN),
        (older, REPLACED),
        (is_copy, REPEATED),
        (ranked["__edited"], EDITED),
        else_=CONFLICTING,
    ).cast("int64")


def _judged_there(con: Any, table: TypedTable, rows: ir.Table, outcomes: dict) -> JudgedTable:
    """Return a warehouse's rows judged: of typed values and outcomes a temporary table is made.

    Its rows have no place, so repeats are told apart by a window, over those that share a key.
    """
    name, columns = f"judged_{table.schema.table}", [*table.values, OUTCOME]
    rows = temp_tables.worked_out_once(con, rows)
    kept = temp_tables.materialise(con, name, _with_broken_cells(rows, table, outcomes))
    values = kept.select(*columns)
    judged = JudgedTable(table=table, rows=values, cells=rows, outcomes=outcomes, kept=kept)
    if not table.keys:
        return judged
    sound = values.filter(_is_sound(values, outcomes))
    sound = sound.select(__shared=key_text(sound, table.keys))
    shared = sound.group_by("__shared").having(sound.count() > 1).aggregate(__n=sound.count())
    shared = shared.select("__shared")
    shared = temp_tables.materialise(con, f"shared_{table.schema.table}", shared)
    if not int(shared.count().execute()):
        return judged
    apart = _told_apart(rows, shared, table, outcomes)
    outcomes_now = outcomes | _repeat_outcomes(table.schema)
    again = _with_broken_cells(apart, table, outcomes_now).cast(kept.schema())
    others = _not_shared(kept, shared, table, outcomes)
    kept = temp_tables.materialise(con, f"{name}_apart", others.union(again))
    temp_tables.drop(con, name)
    cells = _not_shared(rows, shared, table, outcomes).union(apart)
    values = kept.select(*columns)
    return JudgedTable(table=table, rows=values, cells=cells, outcomes=outcomes_now, kept=kept)


def _with_broken_cells(rows: ir.Table, table: TypedTable, outcomes: dict) -> ir.Table:
    """Return typed values and outcome, and as text each of the source's own cells where one broke.

    Of the other rows nothing more is kept: an empty cell takes one bit.
    """
    broken = rows[OUTCOME].isin([n for n, (_, kind, _) in outcomes.items() if kind == "broken"])
    nothing = ibis.null("string")
    cells = {
        f"__cell_{k}": ibis.ifelse(broken, display_text(rows[name], warehouse=True), nothing)
        for k, name in enumerate(table.raw.columns)
    }
    return rows.select(*table.values, OUTCOME, **cells)


def _not_shared(rows: ir.Table, shared: ir.Table, table: TypedTable, outcomes: dict) -> ir.Table:
    """Return the rows that share their key with no other, or are not used anyhow."""
    joined = rows.mutate(__key=key_text(rows, table.keys))
    joined = joined.left_join(shared, joined["__key"] == shared["__shared"])
    alone = joined["__shared"].isnull() | ~_is_sound(joined, outcomes)
    return joined.filter(alone).select(*rows.columns)


def _told_apart(rows: ir.Table, shared: ir.Table, table: TypedTable, outcomes: dict) -> ir.Table:
    """Return the rows that share a key, those that share it with an earlier one set aside."""
    keyed = rows.filter(_is_sound(rows, outcomes)).mutate(__key=key_text(rows, table.keys))
    suspects = keyed.semi_join(shared, keyed["__key"] == shared["__shared"])
    ranked = _ranked(suspects, table)
    outcome = ibis.ifelse(ranked["__place"] > 0, _why(ranked), ranked[OUTCOME]).cast("int64")
    return ranked.mutate(**{OUTCOME: outcome}).select(*rows.columns)


def used_rows(
    judged: JudgedTable, end: End | None, *, own: Mapping[str, str] | None = None
) -> ir.Table:
    """Return the rows that are used, under our names; what happened later is not known yet.

    Orders that were read from pieces keep `__who` and `__mark`, by which joins are quicker. `own`
    names further columns of the source to keep: the name to give them, and their own.
    """
    rows = judged.cells if own else judged.rows
    used = rows.filter(rows[OUTCOME] == USED)
    columns: dict[str, ir.Value] = {}
    schema = judged.table.schema
    for column in judged.table.present:
        value = used[typed_name(column.name)]
        happens = column.kind in ("time", "date") and column.name != schema.dated_by
        if happens and schema.table not in PLANS and end is not None:
            value = ibis.ifelse(is_later(value, end), ibis.null(value.type()), value)
        columns[column.name] = value
    columns |= {name: used[source_column] for name, source_column in (own or {}).items()}
    columns |= {name: used[name] for name in (WHO, MARK) if name in used.columns}
    return used.select(**columns)
