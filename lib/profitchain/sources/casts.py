"""Turns what people write in cells into instants, days, integer money, scores and flags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from itertools import pairwise
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

DAY_FIRST, MONTH_FIRST, ISO = "day first", "month first", "iso"
UNIX = {"unix": 1_000_000, "unix_ms": 1_000}
_ISO = (
    r"^(19|20|21)\d\d[-/]\d{1,2}[-/]\d{1,2}"
    r"([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?)?$"
)
_WALL = r"^[-/\d]+([T ][\d:]+([.,]\d+)?)?"
_OFFSET = r":\d{2}(?:[.,]\d+)? ?([+-]\d{2}(?::?\d{2})?)$"
SLASHED = r"^(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20|21)\d\d)(?:,?[ T]+(.*))?$"
_GROUPS = r"(\d)['’\s\x{00A0}\x{202F}](\d{3})"
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_NOT_AVAILABLE = ("na", "n/a", "nan", "null", "none", "-", "#n/a")
_LONGEST_MARK = max(map(len, _NOT_AVAILABLE))
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_FIRST_YEAR, _LAST_YEAR = 1995, 2045
YEARS = (1900, 2199)  # that a cell may mean
LARGEST_AMOUNT = 9.0e15
_BLANKS, _FIRST_MARK = " \t\n\r\v\f", "!"  # what is stripped, and the first sign after all that


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment as written: in UTC where `fixed` (it had an offset), else a zone's wall time."""

    wall: ir.TimestampValue
    fixed: ir.BooleanValue


def builtin(name: str, *kinds: str, returns: str) -> Callable[..., Any]:
    """Return a function that an engine has itself, of one or two values of the named types."""
    return ibis.udf.scalar.builtin(lambda _a, _b: None, name=name, signature=(kinds, returns))


_strptime = builtin("try_strptime", "string", "array<string>", returns="timestamp")
_strptime_offset = builtin("try_strptime", "string", "string", returns="timestamp('UTC')")
_epoch_us = builtin("epoch_us", "timestamp('UTC')", returns="int64")
_from_epoch_us = builtin("make_timestamp", "int64", returns="timestamp")
_is_finite = builtin("isfinite", "float64", returns="boolean")
_microseconds = builtin("to_microseconds", "int64", returns="interval('us')")


def trimmed_text(value: ir.Value) -> ir.StringValue:
    """Return a value as trimmed text, null where empty."""
    kind = value.type()
    if kind.is_floating():
        whole = (value == value.floor()) & (value.abs() < LARGEST_AMOUNT)
        value = ibis.ifelse(whole, value.try_cast("int64").cast("string"), value.cast("string"))
    elif kind.is_timestamp() and kind.timezone:
        value = _from_epoch_us(_epoch_us(value)).cast("string")
    if kind.is_integer() or kind.is_boolean():
        return value.cast("string")
    text = value.cast("string")
    ends = [text.like(f"%{blank}") for blank in _BLANKS]
    untidy = reduce(or_, ends, text < _FIRST_MARK)  # stripping every cell takes ten times longer
    return ibis.ifelse(untidy, text.strip().nullif(""), text)


def na_as_null(text: ir.StringValue) -> ir.StringValue:
    """Return text of dates, numbers and flags, where NA, null and their like mean nothing given."""
    cell = ibis.ifelse(text.lower().isin(_NOT_AVAILABLE), ibis.null("string"), text)
    return ibis.ifelse(text.length() <= _LONGEST_MARK, cell, text)


def parse_stamp(value: ir.Value, written: str) -> Stamp:
    """Return a moment as it is written: text as `written` says, typed values as they are."""
    kind = value.type()
    if kind.is_timestamp() and kind.timezone:
        return Stamp(wall=_from_epoch_us(_epoch_us(value)), fixed=ibis.literal(True))
    if kind.is_timestamp() or kind.is_date():
        return Stamp(wall=value.cast("timestamp(6)"), fixed=ibis.literal(False))
    if written in UNIX:
        microseconds = (value.try_cast("float64") * UNIX[written]).round().try_cast("int64")
        return Stamp(wall=_from_epoch_us(microseconds), fixed=ibis.literal(True))
    if not kind.is_string():
        return Stamp(wall=ibis.null("timestamp(6)"), fixed=ibis.literal(False))
    if written in (ISO, DAY_FIRST, MONTH_FIRST):
        iso = _iso(value)
        wall = (
            iso.wall if written == ISO else ibis.coalesce(iso.wall, parse_slashed(value, written))
        )
        return Stamp(wall=wall, fixed=iso.fixed & iso.wall.notnull())  # not the M of 9:05 PM
    if "%z" in written:
        at = _from_epoch_us(_epoch_us(_strptime_offset(value, written)))
        return Stamp(wall=at, fixed=ibis.literal(True))
    return Stamp(wall=_strptime(value, ibis.array([written])), fixed=ibis.literal(False))


def parse_slashed(text: ir.StringValue, order: str) -> ir.TimestampValue:
    """Return the wall time of text such as 3/4/2026 9:05 PM, the day or the month first."""
    tidy = text.re_replace(SLASHED, r"\1/\2/\3 \4").strip()
    head = "%d/%m/%Y" if order == DAY_FIRST else "%m/%d/%Y"
    at = _strptime(tidy, ibis.array([head + clock for clock in _CLOCKS]))
    return ibis.ifelse(text.re_search(SLASHED), at, ibis.null("timestamp"))


def _iso(text: ir.StringValue) -> Stamp:
    """Return an ISO stamp; the plain shapes are told by their length, for regexes are slow."""
    plain = text.like("____-__-__ __:__:__") | text.like("____-__-__")
    wall = text.try_cast("timestamp(6)")
    usual = plain & wall.year().between(*YEARS)
    fixed = ibis.ifelse(usual, False, text.re_search(r":.*([A-Z]|[+-]\d{2}(:?\d{2})?)$"))
    local = text.re_extract(_WALL, 0).replace(",", ".").try_cast("timestamp(6)")
    offset = text.re_extract(_OFFSET, 1)
    digits = offset.re_replace("[^0-9]", "")
    hours = digits.substr(0, 2).try_cast("int64")
    rest = ibis.coalesce(digits.substr(2, 2).nullif("").try_cast("int64"), 0)
    minutes = ibis.ifelse(offset.startswith("-"), -1, 1) * (hours * 60 + rest)
    at = ibis.ifelse(offset != "", local - _microseconds(minutes * 60_000_000), local)
    at = ibis.ifelse(text.re_search(_ISO), at, ibis.null("timestamp"))
    return Stamp(wall=ibis.ifelse(usual, wall, at), fixed=fixed)


def moment(stamp: Stamp, zone: str) -> ir.TimestampValue:
    """Return a stamp in UTC, where it has no offset of its own as wall time in `zone`."""
    return ibis.ifelse(stamp.fixed, stamp.wall, to_utc(stamp.wall, zone))


def day(stamp: Stamp, *, zone: str, local: str) -> ir.DateValue:
    """Return a stamp's calendar day: its own where it has no offset, else the day in `local`."""
    naive = stamp.wall if zone == local else from_utc(to_utc(stamp.wall, zone), local)
    return ibis.ifelse(stamp.fixed, from_utc(stamp.wall, local), naive).date()


def month_text(value: ir.Value) -> ir.Value:
    """Return text such as 2026-03 with a first day added, anything else as it is."""
    if not value.type().is_string():
        return value
    short = value.re_search(r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$")
    return ibis.ifelse(short, value + "-01", value)


def period_start(text: ir.StringValue) -> ir.DateValue:
    """Return the first day of a period written as 2026Q1, 2026-03 or 2026; null if it is none."""
    quarter = text.re_extract(r"^\d{4}Q([1-4])$", 1).nullif("").cast("int64")
    in_month = text.re_extract(r"^\d{4}-(0[1-9]|1[0-2])$", 1).nullif("").cast("int64")
    year = text.re_extract(r"^([12]\d{3})(Q[1-4]|-(0[1-9]|1[0-2]))?$", 1).nullif("")
    first = ibis.coalesce(in_month, quarter * 3 - 2, 1)
    return (year + "-" + first.cast("string").lpad(2, "0") + "-01").cast("date")


def parse_number(value: ir.Value, *, decimal: str) -> ir.FloatingValue:
    """Return a number; text may group thousands and must use `decimal` as its decimal mark."""
    if value.type().is_boolean() or value.type().is_temporal():
        return ibis.null("float64")
    if value.type().is_string():
        texts = (_plain(value, decimal), _digits(value, decimal))
        value = ibis.coalesce(*(text.try_cast("float64") for text in texts))
    result = value.try_cast("float64")
    return ibis.ifelse(_is_finite(result), result, ibis.null("float64"))


def parse_amount(value: ir.Value, *, decimal: str, minor_units: int) -> ir.IntegerValue:
    """Return money in integer minor units, rounded half away from zero."""
    kind = value.type()
    if kind.is_boolean() or kind.is_temporal():
        return ibis.null("int64")
    exact = f"decimal(18, {len(str(minor_units)) - 1})"
    if kind.is_string():
        texts = (_plain(value, decimal), _digits(without_currency(value), decimal))
        value = ibis.coalesce(*(text.try_cast(exact) for text in texts))
    elif kind.is_floating():
        value = ibis.ifelse(value.abs() < LARGEST_AMOUNT, value, ibis.null(kind))
    else:
        value = value.try_cast(exact)
    return (value.cast("float64") * minor_units).round().try_cast("int64")


def _plain(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Return text without grouping marks, its decimal mark a point; null if it has any."""
    other = "," if decimal == "." else "."
    bare = text if decimal == "." else text.replace(",", ".")
    return ibis.ifelse(text.contains(other), ibis.null("string"), bare)


def without_currency(text: ir.StringValue) -> ir.StringValue:
    """Return text without currency mark; accountants' (12.00) is -12.00."""
    before = r"^([+-]?)\s*([A-Z]{2,3}|[A-Z]{0,2}\p{Sc}|kr\.?)\s*([+-]?[\d.,])"
    bare = text.re_replace(before, r"\1\3")
    bare = bare.re_replace(r"\s*([A-Z]{3}|\p{Sc}|kr\.?)$", "")
    return bare.re_replace(r"^\((.*)\)$", r"-\1")


def without_grouping(text: ir.StringValue) -> ir.StringValue:
    """Return text without the spaces and apostrophes that group thousands."""
    return text.re_replace(_GROUPS, r"\1\2").re_replace(_GROUPS, r"\1\2")


def _digits(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """Return text as a plain number, or null if its marks stand where they can't."""
    group, mark, other = (",", r"\.", ",") if decimal == "." else (".", ",", r"\.")
    tidy = without_grouping(text)
    grouped = rf"^[+-]?\d{{1,3}}({other}\d{{3}})+({mark}\d*)?$"
    plain = rf"^[+-]?(\d+{mark}?|\d*{mark}\d+)([eE][+-]?\d+)?$"
    without = tidy.replace(group, "")
    bare = ibis.cases((tidy.re_search(plain), tidy), (tidy.re_search(grouped), without))
    return bare if decimal == "." else bare.replace(",", ".")


def parse_flag(value: ir.Value) -> ir.BooleanValue:
    """Return true or false from yes/no, true/false, 1/0 and their first letters."""
    if value.type().is_boolean():
        return value
    text = trimmed_text(value).lower()
    return ibis.cases((text.isin(_TRUE), True), (text.isin(_FALSE), False))


def seconds(at: ir.TimestampValue) -> ir.IntegerValue:
    """Return whole seconds since 1970: some engines would keep the fraction, others drop it."""
    return at.epoch_seconds().floor()


def to_utc(wall: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return wall time as UTC: an hour that comes twice is the first, as Python reads it.

    An hour that a clock change leaves out is read by the clock before the change.
    """
    changes = _clock_changes(zone)
    starts = [at + max(before, after) for (_, before), (at, after) in pairwise(changes)]
    return _shifted(wall, starts, [-offset for _, offset in changes])


def from_utc(at: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return a moment in UTC as wall time in a zone."""
    changes = _clock_changes(zone)
    return _shifted(at, [start for start, _ in changes[1:]], [offset for _, offset in changes])


def _shifted(
    at: ir.TimestampValue, starts: list[datetime], offsets: list[timedelta]
) -> ir.TimestampValue:
    if not any(offsets):
        return at
    shifts = [int(offset.total_seconds()) for offset in offsets]
    return at + by_span(at, starts, shifts, kind="int64").as_interval("s")


def by_span(
    at: ir.TimestampValue, starts: Sequence[datetime], values: Sequence[object], *, kind: str
) -> ir.Value:
    """Return the value of the span that an instant lies in, found by halving.

    `starts` says where each span but the first begins, in their order; `values` is one longer, and
    of no instant the last one is taken; `kind` is Ibis' name of the values' type.
    """
    if not starts:
        return ibis.literal(values[0], kind)
    half = len(starts) // 2
    return ibis.ifelse(
        at < ibis.timestamp(starts[half]),
        by_span(at, starts[:half], values[: half + 1], kind=kind),
        by_span(at, starts[half + 1 :], values[half + 1 :], kind=kind),
    )


@cache
def _clock_changes(zone: str) -> list[tuple[datetime, timedelta]]:
    """Return (moment in UTC, offset since then), the first with the offset before all changes."""
    moment, week = datetime(_FIRST_YEAR, 1, 1), timedelta(days=7)
    changes = [(moment, _offset(moment, zone))]
    while moment.year < _LAST_YEAR:
        if _offset(moment + week, zone) != changes[-1][1]:
            change = _first_second(moment, moment + week, zone)
            changes.append((change, _offset(change, zone)))
        moment += week
    return changes


def _offset(at: datetime, zone: str) -> timedelta:
    offset = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None  # the moment has a zone
    return offset


def _first_second(low: datetime, high: datetime, zone: str) -> datetime:
    """Return the first second after `low` that has the offset of `high`."""
    offset = _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        low, high = (low, middle) if _offset(middle, zone) == offset else (middle, high)
    return high
