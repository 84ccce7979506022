"""Judges each row of a table by its contract: used, later than the period, cancelled or broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.intake import parquet_cache, reasons
from profitchain.intake.row_checks import Check, RowKind, cancelled, contract_checks
from profitchain.sources import casts, temp_tables
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import End, is_later
from profitchain.sources.schemas import TableSchema
from profitchain.sources.typed_tables import MARK, WHO, Typed, key_text, typed

OUTCOME = "__outcome"
USED = 0
REPEATED, CONFLICTING = 1001, 1002


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A typed table whose rows carry the number of their outcome in `__outcome`; 0 is "used".

    `outcomes` maps each other number to its reason, kind and column. `cells` are the same rows with
    the source's own columns, which a warehouse doesn't keep in `rows` but can look up.
    """

    table: Typed
    rows: ir.Table
    cells: ir.Table
    outcomes: dict[int, tuple[str, RowKind, str | None]]

    def numbers(self, *kinds: RowKind) -> list[int]:
        """Return the numbers of the outcomes of these kinds."""
        return [n for n, (_, kind, _) in self.outcomes.items() if kind in kinds]


def judge(
    con: Any, table: Typed, company: Company, end: End | None, *, also: Sequence[Check] = ()
) -> Judged:
    """Return the rows with their outcome: the first check that holds, then repeated keys."""
    by_itself = _by_itself(table, company, end)
    checks = list(enumerate([*by_itself, *also], start=1))
    outcomes = {n: (check.reason, check.kind, check.column) for n, check in checks}
    rows = _judged_apart(table, company, end, also) if table.pieces else _numbered(table, checks)
    if table.raw.warehouse:
        return _judged_there(con, table, rows, outcomes)
    if not table.raw.lasting:
        rows = con.create_table(f"judged_{table.contract.table}", _lean(rows, table))
        con.raw_sql(f"DROP TABLE {table.raw.name}")
    judged = Judged(table=table, rows=rows, cells=_with_cells(rows, table), outcomes=outcomes)
    return _set_repeats_aside(con, judged) if table.contract.unique else judged


def _by_itself(table: Typed, company: Company, end: End | None) -> list[Check]:
    return [*_later(table, end), *contract_checks(table), *cancelled(table, company)]


def _judged_apart(
    table: Typed, company: Company, end: End | None, also: Sequence[Check]
) -> ir.Table:
    """Return the rows of pieces: of sound ones no cell is then read but for a sum."""
    later = _later(table, end)
    before = len(_by_itself(table, company, end))
    others = [*enumerate(later, start=1), *enumerate(also, start=before + 1)]
    sound = _numbered(table, others)
    kept = [name for name in (FILE, ROW, WHO, MARK) if name in sound.columns]
    kept += [*(typed(column.name) for column in table.present), OUTCOME]
    if table.aside is None:
        return sound.select(*kept)
    aside = replace(table, rows=table.aside)
    checks = list(enumerate(_by_itself(aside, company, end), start=1))
    return sound.select(*kept).union(_numbered(aside, checks).select(*kept))


def _numbered(table: Typed, checks: Sequence[tuple[int, Check]]) -> ir.Table:
    """Return rows with the number of the first check that holds, USED where none does."""
    holding = [(check.holds.fill_null(False), number) for number, check in checks]
    number = ibis.cases(*holding, else_=USED) if holding else ibis.literal(USED)
    return table.rows.mutate(**{OUTCOME: number.cast("int64")})


def _with_cells(rows: ir.Table, table: Typed) -> ir.Table:
    """Return rows with the source's own columns, looked up by their place where they lack them."""
    if not table.pieces:
        return rows
    source = table.raw.relation
    source = source.mutate(__in=source[FILE].fill_null(""), __at=source[ROW]).drop(FILE, ROW)
    here = rows.mutate(__in=rows[FILE].fill_null(""))
    places = [here[ROW] == source["__at"], here["__in"] == source["__in"]]
    return here.join(source, places).select(*rows.columns, *table.raw.columns)


def _lean(rows: ir.Table, table: Typed) -> ir.Table:
    """Return the source's own columns, the typed values and the outcome, and nothing else."""
    values = [typed(column.name) for column in table.present]
    return rows.select(FILE, ROW, *table.raw.columns, *values, OUTCOME)


def _later(table: Typed, end: End | None) -> list[Check]:
    at = _dated(table)
    if at is None or end is None:
        return []
    return [Check(reason=reasons.LATER, kind="later", holds=is_later(at, end))]


def _dated(table: Typed) -> ir.Value | None:
    """Return the moment or day that places a row in time, if it has one."""
    column = next((c for c in table.present if c.name == table.contract.dated_by), None)
    if column is None:
        return None
    value = table.value(column.name)
    if column.kind == "year":
        return (value.cast("string") + "-01-01").cast("date")
    return casts.period_start(value) if column.kind == "period" else value


def _set_repeats_aside(con: Any, judged: Judged) -> Judged:
    """Set aside all but one of the rows that share a key: the earliest, then the first by value."""
    contract, rows = judged.table.contract, judged.rows
    keys = [typed(name) for name in contract.unique if name in judged.table.theirs]
    if judged.table.pieces and parquet_cache.all_differ(con, judged.table, keys):
        return judged
    outcomes = judged.outcomes
    sound = rows.filter(_is_sound(rows, outcomes))
    sound = sound.mutate(__key=key_text(sound, keys).hash())
    seen = sound.aggregate(rows=sound.count(), keys=sound["__key"].nunique()).to_pandas().iloc[0]
    if seen["rows"] == seen["keys"]:
        return judged
    suspects = sound.group_by("__key").having(sound.count() > 1).aggregate(__n=sound.count())
    losers = con.create_table(
        f"repeats_{contract.table}",
        _losers(_with_cells(sound.semi_join(suspects, "__key"), judged.table), judged, keys),
    )
    found = _with_losers(rows, losers)
    outcomes = outcomes | _repeat_outcomes(contract)
    cells = _with_cells(found, judged.table)
    return Judged(table=judged.table, rows=found, cells=cells, outcomes=outcomes)


def _repeat_outcomes(contract: TableSchema) -> dict[int, tuple[str, RowKind, str | None]]:
    same = reasons.SAME_KEY.format(columns=" and ".join(contract.unique))
    return {
        REPEATED: (reasons.REPEATED, "broken", contract.unique[0]),
        CONFLICTING: (same, "broken", contract.unique[0]),
    }


def _is_sound(rows: ir.Table, outcomes: dict) -> ir.BooleanValue:
    cancelled = [n for n, (_, kind, _) in outcomes.items() if kind == "cancelled"]
    return rows[OUTCOME].isin([USED, *cancelled])


def _losers(suspects: ir.Table, judged: Judged, keys: list[str]) -> ir.Table:
    ranked = _ranked(suspects, judged.table, keys)
    return ranked.filter(ranked["__place"] > 0).select(
        __in=ranked[FILE].fill_null(""), __at=ranked[ROW], __why=_why(ranked)
    )


def _ranked(suspects: ir.Table, table: Typed, keys: list[str]) -> ir.Table:
    """Return rows that share keys with their place by key, and by key and values."""
    values = [typed(column.name) for column in table.present]
    dated = [typed(table.contract.dated_by)] if table.contract.dated_by else []
    order = [suspects[name].asc(nulls_first=False) for name in (*dated, *values) if name in values]
    order += [suspects[name].cast("string") for name in table.raw.columns]
    order += [suspects[FILE], suspects[ROW]]
    place = ibis.row_number().over(group_by=keys, order_by=order)
    copy = ibis.row_number().over(group_by=[*keys, *values], order_by=order)
    return suspects.mutate(__place=place, __copy=copy)


def _why(ranked: ir.Table) -> ir.IntegerValue:
    return ibis.ifelse(ranked["__copy"] > 0, REPEATED, CONFLICTING).cast("int64")


def _with_losers(rows: ir.Table, losers: ir.Table) -> ir.Table:
    here = rows.mutate(__in=rows[FILE].fill_null(""))
    joined = here.left_join(losers, [here[ROW] == losers["__at"], here["__in"] == losers["__in"]])
    outcome = ibis.coalesce(joined["__why"], joined[OUTCOME]).cast("int64")
    return joined.mutate(**{OUTCOME: outcome}).select(*rows.columns)


def _judged_there(con: Any, table: Typed, rows: ir.Table, outcomes: dict) -> Judged:
    """Return a warehouse's rows judged: typed values and outcomes are kept, its cells stay there.

    Its rows have no place, so repeats are told apart by a window, over those that share a key.
    """
    name, contract = f"judged_{table.contract.table}", table.contract
    values = [typed(column.name) for column in table.present]
    kept = temp_tables.materialise(con, name, rows.select(*values, OUTCOME))
    keys = [typed(name) for name in contract.unique if name in table.theirs]
    if not keys:
        return Judged(table=table, rows=kept, cells=rows, outcomes=outcomes)
    sound = kept.filter(_is_sound(kept, outcomes))
    sound = sound.select(__shared=key_text(sound, keys))
    shared = sound.group_by("__shared").having(sound.count() > 1).aggregate(__n=sound.count())
    shared = temp_tables.materialise(con, f"shared_{contract.table}", shared.select("__shared"))
    if not int(shared.count().execute()):
        return Judged(table=table, rows=kept, cells=rows, outcomes=outcomes)
    temp_tables.drop(con, name)
    rows = _told_apart(rows, shared, table, keys, outcomes=outcomes)
    return Judged(
        table=table,
        rows=temp_tables.materialise(con, f"{name}_apart", rows.select(*values, OUTCOME)),
        cells=rows,
        outcomes=outcomes | _repeat_outcomes(contract),
    )


def _told_apart(
    rows: ir.Table, shared: ir.Table, table: Typed, keys: list[str], *, outcomes: dict
) -> ir.Table:
    """Return all rows, those that share a key with an earlier one set aside."""
    columns = rows.columns
    rows = rows.mutate(__key=key_text(rows, keys))
    rows = rows.left_join(shared, rows["__key"] == shared["__shared"])
    is_suspect = _is_sound(rows, outcomes) & rows["__shared"].notnull()
    ranked = _ranked(rows.filter(is_suspect), table, keys)
    outcome = ibis.ifelse(ranked["__place"] > 0, _why(ranked), ranked[OUTCOME]).cast("int64")
    apart = ranked.mutate(**{OUTCOME: outcome}).select(*columns)
    return rows.filter(~is_suspect).select(*columns).union(apart)


def used_rows(judged: Judged, end: End | None, *, own: Mapping[str, str] | None = None) -> ir.Table:
    """Return the rows that are used, under our names; what happened later is not known yet.

    Orders that were read from pieces keep `__who` and `__mark`, by which joins are quicker. `own`
    names further columns of the source to keep: the name to give them, and their own.
    """
    rows = judged.cells if own else judged.rows
    kept = rows.filter(rows[OUTCOME] == USED)
    columns: dict[str, ir.Value] = {}
    for column in judged.table.present:
        value = kept[typed(column.name)]
        unknown_yet = (
            column.kind in ("time", "date") and column.name != judged.table.contract.dated_by
        )
        if unknown_yet and end is not None:
            value = ibis.ifelse(is_later(value, end), ibis.null(value.type()), value)
        columns[column.name] = value
    numbered = [name for name in (WHO, MARK) if name in kept.columns]
    further = {name: kept[theirs] for name, theirs in (own or {}).items()}
    return kept.select(**columns, **further, **{name: kept[name] for name in numbered})
