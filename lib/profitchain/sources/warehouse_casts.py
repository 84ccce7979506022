"""Gives a warehouse's typed columns our schema's types, by casts that every engine has alike."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from profitchain.sources import casts
from profitchain.sources.schemas import DATES, NUMERIC, ColumnSchema

_TEXTS = ("id", "text")
_DIGITS = 18  # of an amount's decimal form, as in `number_words.parse_amount`
_EARLIEST, _LATEST = "0001-01-01", "9999-12-31"
_HALF = 0.5
_FINITE = 1e308  # not every engine's test for infinity finds it


def type_fault(column: ColumnSchema, name: str, kind: dt.DataType, engine: str) -> str | None:
    """Return why a column's type can't serve its kind, and how to mend it; None if it can."""
    is_text, is_number = kind.is_string(), kind.is_numeric() and not kind.is_boolean()
    if column.kind in DATES:
        fits, needed = kind.is_timestamp() or kind.is_date(), "a timestamp or date"
        cast = "TIMESTAMP" if column.kind == "time" else "DATE"
    elif column.kind in (*NUMERIC, "year"):
        fits, needed, cast = is_number, "a number", "DECIMAL(18, 2)"
    elif column.kind == "flag":
        fits, needed = kind.is_boolean() or is_text or kind.is_integer(), "true or false"
        cast = "BOOLEAN"
    elif column.kind == "period":
        fits, needed, cast = is_text, "text such as 2026Q1", "VARCHAR"
    else:
        fits = is_text or kind.is_numeric() or kind.is_date() or kind.is_uuid()
        needed, cast = "text or a number", "VARCHAR"
    if fits:
        return None
    return (
        f"Column '{name}' is of type {kind} in {engine}, but must be {needed}. Cast it there: "
        f"query: SELECT ..., CAST({name} AS {cast}) AS {column.name} FROM ..., or make a view "
        "that does and name it by table:."
    )


def trim(value: ir.Value, column: ColumnSchema) -> ir.Value:
    """Return a cell as it was given, null where nothing was; keys and text as trimmed text.

    Whole floats are then written without a point.
    """
    kind = value.type()
    if kind.is_string():
        return value.strip().nullif("")
    if kind.is_floating():
        value = ibis.ifelse(value.isnan(), ibis.null(kind), value)
    if column.kind not in _TEXTS:
        return value
    if kind.is_floating():
        whole, number = _whole(value)
        return ibis.ifelse(whole, number.cast("string"), value.cast("string"))
    return value.cast("string")


def display_text(value: ir.Value, *, warehouse: bool) -> ir.StringValue:
    """Return a cell as the firm may see it: alike on every engine but for long or vast numbers."""
    kind = value.type()
    if not warehouse or kind.is_string():
        return value.cast("string")
    if kind.is_timestamp():
        return value.strftime("%Y-%m-%d %H:%M:%S.%f").re_replace(r"\.?0*$", "")
    if kind.is_floating():
        whole, number = _whole(value)
        named = ibis.cases((value.isnan(), "nan"), (value > 0, "inf"), else_="-inf")
        odd = value.isnan() | (value.abs() > _FINITE)
        return ibis.cases(
            (odd, named), (whole, number.cast("string") + ".0"), else_=value.cast("string")
        )
    return value.cast("string")


def typed_cell(cell: ir.Value, column: ColumnSchema, *, minor_units: int) -> ir.Value:
    """Return a cell as its schema's type, null where it can't be read."""
    match column.kind:
        case "money":
            return _amount(cell, minor_units)
        case "number" | "score":
            return _number(cell)
        case "year":
            year = _rounded(_number(cell)).cast("int64")
            return ibis.ifelse(year.between(*casts.YEARS), year, ibis.null("int64"))
        case "flag":
            return casts.parse_flag(cell)
        case _:
            return cell


def moment_or_day(
    cell: ir.Value, column: ColumnSchema, *, fixed: bool, zone: str, local: str
) -> ir.Value:
    """Return a moment in UTC, or a calendar day: a moment without zone is wall time in `zone`."""
    wall = cell.cast("timestamp")
    possible = wall.between(ibis.timestamp(_EARLIEST), ibis.timestamp(_LATEST))  # not "infinity"
    wall = ibis.ifelse(possible, wall, ibis.null("timestamp"))
    stamp = casts.Stamp(wall=wall, fixed=ibis.literal(fixed))
    if column.kind == "time":
        return wall if fixed else casts.moment(stamp.wall, stamp.fixed, zone=zone)
    day = casts.day(stamp.wall, stamp.fixed, zone=zone, local=local)
    return day.cast("timestamp").truncate("M").cast("date") if column.kind == "month" else day


def _number(value: ir.Value) -> ir.FloatingValue:
    number = value.cast("float64")
    odd = number.isnan() | (number.abs() > _FINITE)
    return ibis.ifelse(odd, ibis.null("float64"), number)


def _amount(value: ir.Value, minor_units: int) -> ir.IntegerValue:
    """Return money in integer minor units, rounded half away from zero."""
    places = len(str(minor_units)) - 1
    if value.type().is_floating():
        value = ibis.ifelse(value.abs() < casts.LARGEST_AMOUNT, value, ibis.null(value.type()))
        return _rounded(value.cast("float64") * float(minor_units)).cast("int64")
    small = value.abs() < 10 ** (_DIGITS - places) - 1
    value = ibis.ifelse(small, value, ibis.null(value.type())).cast(dt.Decimal(_DIGITS, places))
    return (value * minor_units).cast("int64")


def _whole(value: ir.FloatingValue) -> tuple[ir.BooleanValue, ir.IntegerValue]:
    """Return whether a number is whole and small, and if so it; some engines' floor is an int."""
    small = (value.abs() < casts.LARGEST_AMOUNT).fill_null(False)
    number = ibis.ifelse(small, value, 0.0).floor().cast("int64")
    return small & (value == number), number


def _rounded(value: ir.FloatingValue) -> ir.FloatingValue:
    """Return a number without its fraction, half away from zero: engines round halves otherwise."""
    size = value.abs()
    size = ibis.ifelse(size < casts.LARGEST_AMOUNT * 1000, size, ibis.null("float64"))
    up = ibis.ifelse(size - size.floor() >= _HALF, 1.0, 0.0)
    return ibis.ifelse(value < 0, -1.0, 1.0) * (size.floor() + up)
