"""Judges each row of a table by its contract: used, later than the period, cancelled or broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from profitchain import casting, keeping, reasons
from profitchain.company import Company
from profitchain.contracts import Column, Contract
from profitchain.conventions import End, is_later
from profitchain.delimited import FILE, ROW
from profitchain.typed import Typed, given, typed

RowKind = Literal["used", "broken", "later", "cancelled"]
OUTCOME = "__outcome"
USED = 0
REPEATED, CONFLICTING = 1001, 1002


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One reason for which a row is not used, the rows it holds for, and the column it is about."""

    reason: str
    kind: RowKind
    holds: ir.BooleanValue
    column: str | None = None


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
    checks = [*_later(table, end), *_contract_checks(table), *also, *_cancelled(table, company)]
    outcomes = {n: (c.reason, c.kind, c.column) for n, c in enumerate(checks, start=1)}
    number = ibis.cases(
        *((check.holds.fill_null(False), n) for n, check in enumerate(checks, start=1)), else_=USED
    )
    rows = table.rows.mutate(**{OUTCOME: number.cast("int64")})
    if table.raw.warehouse:
        return _judged_there(con, table, rows, outcomes)
    if not table.raw.lasting:
        rows = con.create_table(f"judged_{table.contract.table}", _lean(rows, table))
        con.raw_sql(f"DROP TABLE {table.raw.name}")
    judged = Judged(table=table, rows=rows, cells=_with_cells(rows, table), outcomes=outcomes)
    return _set_repeats_aside(con, judged) if table.contract.unique else judged


def _with_cells(rows: ir.Table, table: Typed) -> ir.Table:
    """Return rows with the source's own columns, looked up by their place where they lack them."""
    if not table.bare:
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
    return casting.period_start(value) if column.kind == "period" else value


def _contract_checks(table: Typed) -> list[Check]:
    empty: list[Check] = []
    unreadable: list[Check] = []
    wrong: list[Check] = []
    for column in table.present:
        cell, value = table.rows[given(column.name)], table.value(column.name)
        if column.required and column.kind != "score":
            reason = reasons.EMPTY.format(column=column.name)
            empty.append(_broken(reason, cell.isnull(), column))
        if column.kind in reasons.UNREADABLE:
            read = casting.period_start(value) if column.kind == "period" else value
            reason = reasons.UNREADABLE[column.kind].format(column=column.name)
            unreadable.append(_broken(reason, cell.notnull() & read.isnull(), column))
        wrong += _wrong_values(column, value)
    return [*empty, *unreadable, *wrong]


def _wrong_values(column: Column, value: ir.Value) -> list[Check]:
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


def _broken(reason: str, holds: ir.BooleanValue, column: Column) -> Check:
    return Check(reason=reason, kind="broken", holds=holds, column=column.name)


def _cancelled(table: Typed, company: Company) -> list[Check]:
    if table.contract.table != "orders" or "status" not in table.theirs:
        return []
    words = [status.strip().lower() for status in company.cancelled_statuses]
    holds = table.value("status").lower().isin(words)
    return [Check(reason=reasons.CANCELLED, kind="cancelled", holds=holds, column="status")]


def _set_repeats_aside(con: Any, judged: Judged) -> Judged:
    """Set aside all but one of the rows that share a key: the earliest, then the first by value."""
    contract, rows = judged.table.contract, judged.rows
    keys = [typed(name) for name in contract.unique if name in judged.table.theirs]
    outcomes = judged.outcomes
    sound = rows.filter(_is_sound(rows, outcomes))
    sound = sound.mutate(__key=_key_text(sound, keys).hash())
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


def _repeat_outcomes(contract: Contract) -> dict[int, tuple[str, RowKind, str | None]]:
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


def _key_text(rows: ir.Table, keys: list[str]) -> ir.StringValue:
    """Return a key in one text: as many distinct ones as rows proves the key unique."""
    if len(keys) == 1:
        return rows[keys[0]]
    text = [rows[key].cast("string").fill_null("") + "\x1f" for key in keys]
    return sum(text[1:], text[0])


def _judged_there(con: Any, table: Typed, rows: ir.Table, outcomes: dict) -> Judged:
    """Return a warehouse's rows judged: typed values and outcomes are kept, its cells stay there.

    Its rows have no place, so repeats are told apart by a window, over those that share a key.
    """
    name, contract = f"judged_{table.contract.table}", table.contract
    values = [typed(column.name) for column in table.present]
    kept = keeping.keep(con, name, rows.select(*values, OUTCOME))
    keys = [typed(name) for name in contract.unique if name in table.theirs]
    if not keys:
        return Judged(table=table, rows=kept, cells=rows, outcomes=outcomes)
    sound = kept.filter(_is_sound(kept, outcomes))
    sound = sound.select(__shared=_key_text(sound, keys))
    shared = sound.group_by("__shared").having(sound.count() > 1).aggregate(__n=sound.count())
    shared = keeping.keep(con, f"shared_{contract.table}", shared.select("__shared"))
    if not int(shared.count().execute()):
        return Judged(table=table, rows=kept, cells=rows, outcomes=outcomes)
    keeping.let_go(con, name)
    rows = _told_apart(rows, shared, table, keys, outcomes=outcomes)
    return Judged(
        table=table,
        rows=keeping.keep(con, f"{name}_apart", rows.select(*values, OUTCOME)),
        cells=rows,
        outcomes=outcomes | _repeat_outcomes(contract),
    )


def _told_apart(
    rows: ir.Table, shared: ir.Table, table: Typed, keys: list[str], *, outcomes: dict
) -> ir.Table:
    """Return all rows, those that share a key with an earlier one set aside."""
    columns = rows.columns
    rows = rows.mutate(__key=_key_text(rows, keys))
    rows = rows.left_join(shared, rows["__key"] == shared["__shared"])
    is_suspect = _is_sound(rows, outcomes) & rows["__shared"].notnull()
    ranked = _ranked(rows.filter(is_suspect), table, keys)
    outcome = ibis.ifelse(ranked["__place"] > 0, _why(ranked), ranked[OUTCOME]).cast("int64")
    apart = ranked.mutate(**{OUTCOME: outcome}).select(*columns)
    return rows.filter(~is_suspect).select(*columns).union(apart)


def used_rows(judged: Judged, end: End | None) -> ir.Table:
    """Return the rows that are used, under our names; what happened later is not known yet."""
    kept = judged.rows.filter(judged.rows[OUTCOME] == USED)
    columns: dict[str, ir.Value] = {}
    for column in judged.table.present:
        value = kept[typed(column.name)]
        unknown_yet = (
            column.kind in ("time", "date") and column.name != judged.table.contract.dated_by
        )
        if unknown_yet and end is not None:
            value = ibis.ifelse(is_later(value, end), ibis.null(value.type()), value)
        columns[column.name] = value
    return kept.select(**columns)
