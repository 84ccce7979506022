"""Turns what people write in cells into instants, days, integer money, scores and flags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from itertools import pairwise
from operator import or_
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from profitchain.sources.engine_functions import builtin, by_span

DAY_FIRST, MONTH_FIRST, ISO, ROC, EXCEL = "day first", "month first", "iso", "roc", "excel"
UNIX = {"unix": 1_000_000, "unix_ms": 1_000}
_EXCEL_DAYS = (20_000, 80_000)  # day numbers of 1954 to 2119
_EXCEL_AT_1970, _SECONDS_A_DAY = 25_569, 86_400
_ISO = (
    r"^(19|20|21)\d\d[-/]\d{1,2}[-/]\d{1,2}"
    r"([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?)?$"
)
_WALL = r"^[-/\d]+([T ][\d:]+([.,]\d+)?)?"
_OFFSET = r":\d{2}(?:[.,]\d+)? ?([+-]\d{2}(?::?\d{2})?)$"
SLASHED = r"^(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20|21)\d\d)(?:,?[ T]+(.*))?$"
DAY_NUMBER = r"^[2-7]\d{4}([.,]\d+)?$"
SHORT_YEAR = r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d\d)(?:,?[ T]+(.*))?$"
_WIDE_BLANKS = (
    r"^[\s\v\p{Z}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+|[\s\v\p{Z}\x{200B}-\x{200F}\x{2060}\x{FEFF}]+$"
)
NULL = "\\N"  # as databases dump it
_NOT_AVAILABLE = ("na", "n/a", "nan", "null", "none", "-", "#n/a", "\\n")
_LONGEST_MARK = max(map(len, _NOT_AVAILABLE))
_TRUE = (
    "true",
    "t",
    "yes",
    "y",
    "1",
    "1.0",
    "on",
    "ja",
    "j",
    "wahr",
    "oui",
    "vrai",
    "sí",
    "si",
    "sim",
    "是",
    "对",
    "對",
    "有",
    "真",
    "✓",
    "✔",
    "√",
    "☑",
)
_FALSE = (
    "false",
    "f",
    "no",
    "n",
    "0",
    "0.0",
    "off",
    "nein",
    "falsch",
    "non",
    "faux",
    "não",
    "nao",
    "否",
    "不",
    "不是",
    "无",
    "無",
    "没有",
    "沒有",
    "假",
    "✗",
    "✘",
    "×",
    "☐",
)
_FIRST_YEAR, _LAST_YEAR = 1995, 2045
YEARS = (1900, 2199)  # that a cell may mean
LARGEST_AMOUNT = 9.0e15
_BLANKS, _FIRST_MARK = " \t\n\r\v\f", "!"  # what is stripped, and the first sign after all that


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment as written: in UTC where `fixed` (it had an offset), else a zone's wall time."""

    wall: ir.TimestampValue
    fixed: ir.BooleanValue


_FIXED = ibis.literal(True)
_strptime = builtin("try_strptime", "string", "array<string>", returns="timestamp")
_strptime_offset = builtin("try_strptime", "string", "string", returns="timestamp('UTC')")
_epoch_us = builtin("epoch_us", "timestamp('UTC')", returns="int64")
_from_epoch_us = builtin("make_timestamp", "int64", returns="timestamp")
bytes_of = builtin("strlen", "string", returns="int64")
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
    is_wide = bytes_of(text) != text.length()
    wide = ibis.ifelse(is_wide, text.re_replace(_WIDE_BLANKS, "").nullif(""), text)
    return ibis.ifelse(untidy & ~is_wide, text.strip().nullif(""), wide)


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
        return Stamp(wall=_since_1970(value.try_cast("float64") * UNIX[written]), fixed=_FIXED)
    if written == EXCEL:
        return Stamp(wall=_of_day_number(value), fixed=ibis.literal(False))
    if not kind.is_string():
        return Stamp(wall=ibis.null("timestamp(6)"), fixed=ibis.literal(False))
    if written in (ISO, ROC):
        return _iso(value)
    if written in (DAY_FIRST, MONTH_FIRST):
        return _iso(slashed_as_iso(value, written))
    if "%z" in written:
        at = _from_epoch_us(_epoch_us(_strptime_offset(value, written)))
        return Stamp(wall=at, fixed=ibis.literal(True))
    return Stamp(wall=_strptime(value, ibis.array([written])), fixed=ibis.literal(False))


def slashed_as_iso(text: ir.StringValue, order: str) -> ir.StringValue:
    """Return text such as 3/4/2026 21:05 in ISO, the day or the month first; other text as it is.

    A year of two digits is one from 1970 to 2069.
    """
    turned = r"\3-\2-\1 \4" if order == DAY_FIRST else r"\3-\1-\2 \4"
    century = ibis.ifelse(text.re_extract(SHORT_YEAR, 3) < "70", "20", "19")
    short = century + text.re_replace(SHORT_YEAR, turned)
    iso = ibis.ifelse(text.re_search(SHORT_YEAR), short, text.re_replace(SLASHED, turned))
    return ibis.ifelse(is_year_first(text), text, iso.rstrip())


def slashed_wall(text: ir.StringValue, order: str) -> ir.TimestampValue:
    """Return the wall time of text such as 3/4/2026 21:05, whatever offset follows it."""
    return slashed_as_iso(text, order).re_extract(_WALL, 0).try_cast("timestamp")


def is_year_first(text: ir.StringValue) -> ir.BooleanValue:
    """Tell whether text begins as 2026-03-04 does."""
    return (text.substr(4, 1) == "-") & (text.substr(2, 1) != "-")


def not_year_first(text: ir.StringValue) -> ir.StringValue:
    """Return a date's text, null where it begins as 2026-03-04 does."""
    return ibis.ifelse(is_year_first(text), ibis.null("string"), text)


def _short(text: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(text.substr(-3, 1) == "-", ibis.null("string"), text)  # 26-03-04 is no day


def day_or_month(text: ir.StringValue, *, place: int) -> ir.IntegerValue:
    """Return a date's first or second number, which may be its day or its month."""
    long = text.re_extract(SLASHED, place).nullif("")
    number = ibis.coalesce(long, _short(text).re_extract(SHORT_YEAR, place))
    return number.nullif("").try_cast("int64")


def short_year(text: ir.StringValue) -> ir.IntegerValue:
    """Return a date's year of two digits, at its end."""
    return _short(text).re_extract(SHORT_YEAR, 3).nullif("").try_cast("int64")


def real_date(text: ir.StringValue) -> ir.TimestampValue:
    """Return the moment of a cell that a spreadsheet took for a date: in ISO, or a day's number."""
    day_number = ibis.ifelse(text.re_search(DAY_NUMBER), text, ibis.null("string"))
    iso = ibis.ifelse(is_year_first(text), text, ibis.null("string"))
    return ibis.coalesce(parse_stamp(iso, ISO).wall, parse_stamp(day_number, EXCEL).wall)


def _since_1970(microseconds: ir.FloatingValue) -> ir.TimestampValue:
    """Return a moment, null where it lies in no year that a cell may mean."""
    within = microseconds.between(*(_epoch_of(year) * 1e6 for year in (YEARS[0], YEARS[1] + 1)))
    whole = ibis.ifelse(within, microseconds, ibis.null("float64")).round().try_cast("int64")
    return _from_epoch_us(whole)


def _epoch_of(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def _of_day_number(value: ir.Value) -> ir.TimestampValue:
    """Return the moment that a spreadsheet writes as 45660.52, to the second."""
    text = value.replace(",", ".") if value.type().is_string() else value
    days = text.try_cast("float64")
    seconds_ = ((days - _EXCEL_AT_1970) * _SECONDS_A_DAY).round()
    return _since_1970(
        ibis.ifelse(days.between(*_EXCEL_DAYS), seconds_ * 1e6, ibis.null("float64"))
    )


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


def moment(wall: ir.TimestampValue, fixed: ir.BooleanValue, *, zone: str) -> ir.TimestampValue:
    """Return a stamp in UTC, where it has no offset of its own as wall time in `zone`."""
    return ibis.ifelse(fixed, wall, to_utc(wall, zone))


def day(wall: ir.TimestampValue, fixed: ir.BooleanValue, *, zone: str, local: str) -> ir.DateValue:
    """Return a stamp's calendar day: its own where it has no offset, else the day in `local`."""
    naive = wall if zone == local else from_utc(to_utc(wall, zone), local)
    return ibis.ifelse(fixed, from_utc(wall, local), naive).date()


def month_text(value: ir.Value) -> ir.Value:
    """Return text such as 2026-03 with a first day added, anything else as it is."""
    if not value.type().is_string():
        return value
    short = value.re_search(r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$")
    return ibis.ifelse(short, value + "-01", value)


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
