"""One table's checked rows as a frame, read anew for an analyst to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from profitchain.core.errors import ContractError, ParameterError, did_you_mean
from profitchain.core.periods import Period
from profitchain.intake.intake import end_of, judge_all
from profitchain.intake.row_account import faults_in_words
from profitchain.intake.table_checks import JudgedTable, used_rows
from profitchain.sources.company import Company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.typed_tables import MARK, WHO

LARGEST = 2**63 - 1  # of whole numbers in an engine
JUDGED_BY = {  # the tables against which a table's rows are checked
    "orders": ("rates",),
    "responses": ("rates", "customers", "orders"),
    "invitations": ("rates", "customers", "orders", "responses"),
    "order_lines": ("rates", "orders"),
}


def checked_rows(
    company: Company,
    period: Period | None,
    table: str,
    *,
    columns: Sequence[str] | None = None,
    where: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Return the used rows of a table as they stood at a period's end (None: all that there is).

    As `Edition.rows` says. Only the rows and columns that are asked for leave the engine.

    Raises
    ------
    ParameterError, where a column or value can't be meant; ContractError, where a table can't be
    used.
    """
    columns = _names(columns)
    if where is not None and not isinstance(where, Mapping):
        raise ParameterError(
            f"where={where!r} isn't conditions by column. Write them as "
            "where={'customer_id': 'C1', 'revenue': slice(100, None)}."
        )
    end = end_of(company, period)
    only = ("identities", *JUDGED_BY.get(table, ()), table)
    with open_engine(company) as (con, scratch):
        judged, faults = judge_all(con, company, end, scratch=scratch, only=only)
        if faults:
            raise ContractError(faults_in_words(faults, company))
        own = _own_columns(judged[table], columns, where)
        rows = used_rows(judged[table], end, own=own)
        rows = rows.drop(*(name for name in (WHO, MARK) if name in rows.columns))
        money = [c.name for c in judged[table].table.present if c.kind == "money"]
        rows = rows.mutate(**{name: rows[name] / float(company.minor_units) for name in money})
        for name in [*(columns or ()), *(where or {})]:
            _refuse_unknown(name, table, rows.columns)
        for name, value in (where or {}).items():
            rows = rows.filter(_holds(rows[name], value, company.time_zone))
        rows = rows.order_by(_order(judged[table], rows))
        frame = rows.select(*(rows.columns if columns is None else columns)).to_pandas()
        close(con)
    return _in_zone(frame, rows.schema(), company.time_zone)


def _names(columns: Sequence[str] | None) -> list[str] | None:
    """Return the columns that were asked for, each once."""
    if columns is None:
        return None
    names = [] if isinstance(columns, str) else list(dict.fromkeys(columns))
    if not names:
        raise ParameterError(
            f"columns={columns!r} isn't a list of names. Write it as columns=['customer_id'], or "
            "leave it out for all."
        )
    return names


def _own_columns(
    judged: JudgedTable, columns: Sequence[str] | None, where: Mapping[str, object] | None
) -> dict[str, str]:
    """Return under which name each of the source's further columns goes, if any is asked for.

    One that is called like a column of ours goes by `own_<name>`.
    """
    read = set(judged.table.source_names.values())
    others = [name for name in judged.table.raw.columns if name not in read]
    own = {f"own_{name}" if name in judged.table.source_names else name: name for name in others}
    asked = set(own) if columns is None else {*columns, *(where or {})}
    return own if asked & set(own) else {}


def _refuse_unknown(name: str, table: str, known: Sequence[str]) -> None:
    if name not in known:
        raise ParameterError(
            f"'{name}' is no column of {table}. {did_you_mean(str(name), known)} "
            f"edition.rows('{table}').columns lists all."
        )


def _order(judged: JudgedTable, rows: ir.Table) -> list[str]:
    """Return by which columns rows stand in the same order each time."""
    schema = judged.table.schema
    keys = [schema.dated_by, *schema.unique] if schema.unique else rows.columns
    return [name for name in dict.fromkeys(keys) if name in rows.columns]


def _holds(column: ir.Column, value: object, zone: str) -> ir.BooleanValue:
    """Return whether a column is a value, one of a list, or within a slice or a period."""
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return _holds_any(column, list(value), zone)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return column.isnull()
    if isinstance(value, Period):
        value = slice(value.first_day, value.last_day + timedelta(days=1))
    if column.type().is_timestamp() and _is_day(value):
        day = _stamp(value, column.get_name()).date()
        value = slice(day, day + timedelta(days=1))
    if isinstance(value, slice):
        if value.step is not None:
            raise ParameterError(f"{value!r} has a step. Write slice(low, high).")
        ends = [None if end is None else _literal(column, end, zone) for end in
                (value.start, value.stop)]  # fmt: skip
        above = ibis.literal(True) if ends[0] is None else column >= ends[0]
        return above if ends[1] is None else above & (column < ends[1])
    return column == _literal(column, value, zone)


def _holds_any(column: ir.Column, values: list[object], zone: str) -> ir.BooleanValue:
    """Return whether a column is one of these; days and periods may be among moments."""
    if not column.type().is_timestamp():
        given = [value for value in values if value is not None]
        among = column.isin([_literal(column, value, zone) for value in given])
        return among if len(given) == len(values) else among | column.isnull()
    if len(values) < 2:
        return _holds(column, values[0], zone) if values else ibis.literal(False)
    halves = values[: len(values) // 2], values[len(values) // 2 :]  # so as to nest only little
    return _holds_any(column, halves[0], zone) | _holds_any(column, halves[1], zone)


def _literal(column: ir.Column, value: object, zone: str) -> ir.Value:
    """Return a value as a constant of a column's own kind, never as words of a query."""
    kind, name = column.type(), column.get_name()
    if kind.is_temporal():
        return _moment(value, name, zone) if kind.is_timestamp() else _day(value, name)
    value = value.item() if isinstance(value, np.generic) else value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int) and abs(value) > LARGEST:
        value = float(value)
    if (kind.is_numeric() and is_number) or (kind.is_boolean() and isinstance(value, bool)):
        return ibis.literal(value)
    if kind.is_string() and isinstance(value, str) and "\0" not in value:
        return ibis.literal(value)
    what = "numbers" if kind.is_numeric() else "True and False" if kind.is_boolean() else "text"
    raise ParameterError(
        f"where: '{name}' holds {what}, so it can't be {value!r}. Give such a value, a list of "
        "them, or a slice: slice(low, high) is from low to below high."
    )


def _is_day(value: object) -> bool:
    """Tell whether a value is a day as such, not a moment of it."""
    if isinstance(value, str):
        return len(value.strip()) <= len("2026-03-31")
    return isinstance(value, date) and not isinstance(value, datetime)


def _stamp(value: object, name: str) -> pd.Timestamp:
    try:
        if not isinstance(value, str | date):  # a datetime is a date
            raise ValueError
        return pd.Timestamp(value)
    except ValueError:
        raise ParameterError(
            f"where: '{name}' holds dates, so it can't be {value!r}. Write a day as '2026-03-31', "
            "or give a Period, or slice('2026-01-01', '2026-04-01')."
        ) from None


def _day(value: object, name: str) -> ir.Value:
    return ibis.date(_stamp(value, name).date())


def _moment(value: object, name: str, zone: str) -> ir.Value:
    """Return a moment in UTC, as the engine has it; one without a zone is in the firm's."""
    stamp = _stamp(value, name)
    if stamp.tzinfo is None:  # of an hour that comes twice the first, of none the next that is
        stamp = stamp.tz_localize(ZoneInfo(zone), ambiguous=True, nonexistent="shift_forward")
    return ibis.timestamp(stamp.tz_convert("UTC").tz_localize(None).to_pydatetime())


def _in_zone(frame: pd.DataFrame, kinds: ibis.Schema, zone: str) -> pd.DataFrame:
    """Return a frame whose moments are in a time zone, and whose days are dates of pandas."""
    for name in frame.columns:
        if kinds[name].is_timestamp():
            frame[name] = pd.to_datetime(frame[name]).dt.tz_localize("UTC").dt.tz_convert(zone)
        elif kinds[name].is_date():
            frame[name] = pd.to_datetime(frame[name])
    return frame
