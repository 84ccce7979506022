"""Brings dates as people and programs write them to ISO, or to 3/4/2026 with its order open.

Month names, AM and 下午, zone words, 20260304, 2026年3月4日 and years of the Republic of China
become plain here; what is none of these stays as it is and sets its row aside.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from profitchain.core import periods
from profitchain.sources.engine_functions import builtin

_PLAIN = r"^(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})([T ]\d{1,2}:\d{2}(:\d{2})?)?$"
_YEAR = r"((?:19|20|21)\d{2})"
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "JAN",
            "FEB",
            "MAR|MÄR|MRZ",
            "APR",
            "MAY|MAI",
            "JUN",
            "JUL",
            "AUG",
            "SEP",
            "OCT|OKT",
            "NOV",
            "DEC|DEZ",
        ),
        start=1,
    )
    for word in words.split("|")
}
_MONTH = re.compile(rf"(?<![A-ZÄ])({'|'.join(_MONTHS)})[A-ZÄ]*\.?")
_WEEKDAY = re.compile(
    r"^(?:(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*[.,]* |(?:MO|DI|MI|DO|FR|SA|SO)[.,]+ ?)"
    r"|[(]?(?:星期|週|周|禮拜|礼拜)[一二三四五六日天][)]?|[(][月火水木金土日一二三四五六][)]"
)
_REPUBLIC = re.compile(r"^(?:中華民國|中华民国|民國|民国) ?(\d{1,3}) ?(?=[年/.-])")
_ROC_DIGITS = re.compile(r"^(\d{2,3})(\d{2})(\d{2})\b")
_ROC_YEAR = re.compile(r"^(\d{1,3})(?=[-/.]\d)")
_REPUBLIC_BEGAN, _SECONDS_A_DAY = 1911, 86_400
_CHARACTERS = [
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r" ?年 ?(?=\d)", "-"), (r" ?月 ?(?=\d)", "-"), (r" ?[年月日]", " "),
        (r" ?[時时點点] ?(?=\d)", ":"), (r" ?[時时點点]", ":00"), (r" ?分 ?(?=\d)", ":"),
        (r" ?[分秒]", ""),
        (r"(?:上午|凌晨|早上|午前) ?(\d{1,2}(?::\d{1,2}){0,2})", r"\1 AM"),
        (r"(?:下午|晚上|午後|午后|傍晚|中午) ?(\d{1,2}(?::\d{1,2}){0,2})", r"\1 PM"),
        (r" ?(?:上午|凌晨|早上|午前)$", " AM"), (r" ?(?:下午|晚上|午後|午后|傍晚|中午)$", " PM"),
    )
]  # fmt: skip
_REWRITTEN = [  # of what is in capitals, a month's name and its blanks as #
    (re.compile(pattern), plain)
    for pattern, plain in (
        (rf"^#(\d{{1,2}})(?:ST|ND|RD|TH)?,? ?{_YEAR}\b,?(.*)$", r"\2-#-\1\3"),
        (rf"^(\d{{1,2}})(?:ST|ND|RD|TH)?\.?[-/]?#[-/,]? ?{_YEAR}\b,?(.*)$", r"\2-#-\1\3"),
        (r"^(\d{1,2})-?#-?(\d{2})\b,?(.*)$", r"20\2-#-\1\3"),
        (rf"^{_YEAR}[-/]?#[-/]?(\d{{1,2}})\b,?(.*)$", r"\1-#-\2\3"),
        (rf"^#(\d{{1,2}}) ([\d:.]+)( [A-Z]+)? {_YEAR}$", r"\4-#-\1 \2\3"),
        (rf"^{_YEAR}(\d{{2}})(\d{{2}})((?:[T ]\d.*)?)$", r"\1-\2-\3\4"),
        (rf"^{_YEAR}(\d{{2}})(\d{{2}})(\d{{2}})(\d{{2}})(\d{{2}})(.*)$", r"\1-\2-\3 \4:\5:\6\7"),
        (rf"^{_YEAR}(\d{{2}})(\d{{2}})(\d{{2}})(\d{{2}})$", r"\1-\2-\3 \4:\5"),
        (r"^([\d-]{8,10})[T ](\d{2})(\d{2})(\d{2})?(?=Z|$)", r"\1 \2:\3:\4"),
        (rf"^{_YEAR} ?[-./] ?(\d{{1,2}}) ?[-./] ?(\d{{1,2}})\.?,?((?:[T ].*)?)$", r"\1-\2-\3\4"),
        (r":(?=Z|$)", ""),
    )
]
_CLOCK = re.compile(r",? ?\b(\d{1,2})((?::\d{1,2}){0,2}(?:[.,]\d+)?) ?([AP])M\b")
_DIGITAL = re.compile(r"(?<![0-9:])([0-9]{1,2}):[0-9]{2}(:[0-9]{2})?(?![0-9:])")
_ZONE = re.compile(r"(?<=[\d]) ?\(?([A-Z]{3,4})\)?$")
_BEHIND_UTC = re.compile(r" ?(?:GMT|UTC) ?([+-])(\d{1,2}):?(\d{2})?(?: ?\(.*\))?$")
_HOURS = {  # ahead of UTC, of words that mean one zone
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HKT": 8, "SGT": 8, "JST": 9,
    "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip


def plain_dates(text: ir.StringValue, zone: str, *, roc: bool = False) -> ir.StringValue:
    """Return dates and moments in ISO, or as 3/4/2026 9:05; what is neither stays as it is.

    A zone word becomes an offset: the zone's own where `zone` uses that word. `roc`: years of one
    to three digits count from 1911.
    """
    tidied = _plain_dates(text, zone, roc)
    return tidied if roc else ibis.ifelse(text.re_search(_PLAIN), text, tidied)


def plain_months(text: ir.StringValue) -> ir.StringValue:
    """Return months as 2026-03 where they are written as 2026/3, 202603, Mar 2026 or 2026年3月."""
    return _plain_months(text)


def period_start(text: ir.StringValue) -> ir.DateValue:
    """Return the first day of a period by its name, as `core.periods` has it; null if none is."""
    fiscal = f"FY(?:{periods.YEAR_STARTS})"

    def part(before: str, named: str, after: str) -> ir.StringValue:
        return text.re_extract(f"^{before}({named}){after}$", 1).nullif("")

    months = f"(?:(?:{fiscal})?(?:Q[1-4])?|-(?:{periods.MONTH}))"
    year, week_year = (
        part("", periods.YEAR, months),
        part("", periods.YEAR, f"-W(?:{periods.WEEK})"),
    )
    quarter = part(f"(?:{periods.YEAR})(?:{fiscal})?Q", "[1-4]", "").cast("int64")
    starts = part(f"(?:{periods.YEAR})FY", periods.YEAR_STARTS, "(?:Q[1-4])?")
    starts = ibis.coalesce(starts, part(f"(?:{periods.YEAR})-", periods.MONTH, ""), "01")
    day = starts.substr(2, 2).nullif("").fill_null("01")
    start = (year + "-" + starts.substr(0, 2) + "-" + day).cast("timestamp")
    start += (ibis.coalesce(quarter - 1, 0) * 3).as_interval("M")
    return ibis.coalesce(
        start.cast("date"), _monday(week_year, part("(?:....)-W", periods.WEEK, ""))
    )


def _monday(year: ir.StringValue, week: ir.StringValue) -> ir.DateValue:
    """Return the first day of a week of ISO's; null of a week 53 in a year of 52."""
    first = (year + "-01-04").cast("timestamp").truncate("W")
    days = (week.cast("int64") - 1) * periods.DAYS_A_WEEK
    monday = first + (days * _SECONDS_A_DAY).as_interval("s")
    thursday = first + ((days + 3) * _SECONDS_A_DAY).as_interval("s")
    is_week = thursday.year().cast("string") == year
    return ibis.ifelse(is_week, monday.cast("date"), ibis.null("date"))


def plain_date(text: str, zone: str, roc: bool) -> str:
    """Return one cell of `plain_dates`.

    Examples
    --------
    >>> plain_date("Mar 4, 2026 10:00:00 PM PST", "UTC", False)
    '2026-03-4 22:00:00 -08:00'
    >>> plain_date("民國114年3月4日 下午 02:26", "UTC", False)
    '2025-3-4 14:26'
    """
    clock = _DIGITAL.search(text)
    if clock is None:
        return _plain(text, zone, roc)
    hour = int(clock[1])
    like = 11 if hour < 12 else 12 if hour == 12 else 13  # as noon and midnight tell them apart
    alike = f"{like}:11{clock[2] and ':11'}"
    plain = _plain(f"{text[: clock.start()]}{alike}{text[clock.end() :]}", zone, roc)
    head, mark, tail = plain.partition(alike[2:])
    if not mark or not head[-2:].isdigit():
        return _plain.__wrapped__(text, zone, roc)
    hour += int(head[-2:]) - like
    return f"{head[:-2]}{hour:02}{clock[0][len(clock[1]) :]}{tail}"


@lru_cache(maxsize=1 << 15)
def _plain(text: str, zone: str, roc: bool) -> str:
    """Return a date plainly written; all moments of a day come with the same clock."""
    written = _WEEKDAY.sub("", _tidy(text)).strip()
    if republic := _REPUBLIC.match(written):
        written = f"{int(republic[1]) + _REPUBLIC_BEGAN}{written[republic.end() :]}"
    if not written.isascii():
        for pattern, plain in _CHARACTERS:
            written = pattern.sub(plain, written)
    written = _ROC_DIGITS.sub(r"\1/\2/\3", written) if roc else written
    if roc and (year := _ROC_YEAR.match(written)):
        written = f"{int(year[1]) + _REPUBLIC_BEGAN}{written[year.end() :]}"
    written = re.sub(r"\b([AP])\. ?M\.?", r"\1M", written.strip())
    written = _rewritten(written)
    return " ".join(_with_offset(_CLOCK.sub(_on_the_day_clock, written), zone).split())


def plain_month(text: str) -> str:
    """Return one cell of `plain_months`.

    Examples
    --------
    >>> [plain_month(text) for text in ("2026/3", "202603", "Mar 2026", "2026年3月", "spring")]
    ['2026-03', '2026-03', '2026-03', '2026-03', 'spring']
    """
    written = re.sub(r" ?年 ?", "-", _tidy(text)).removesuffix("月").strip()
    if name := _MONTH.search(written):
        year = re.search(rf"\b{_YEAR}\b", written)
        written = f"{year[1]}-{_MONTHS[name[1]]}" if year else written
    parts = re.fullmatch(rf"{_YEAR}[-/.]?(\d{{1,2}})", written)
    return f"{parts[1]}-{int(parts[2]):02}" if parts else text


def _tidy(text: str) -> str:
    """Return text in capitals and half-width signs, its blanks single."""
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())


def _rewritten(text: str) -> str:
    name = _MONTH.search(text)
    if name:
        text = f"{text[: name.start()].rstrip()}#{text[name.end() :].lstrip()}"
    for pattern, plain in _REWRITTEN:
        text = pattern.sub(plain, text)
    return text.replace("#", f"{_MONTHS[name[1]]:02}") if name else text


def _on_the_day_clock(clock: re.Match[str]) -> str:
    """Return 9:05 PM as 21:05; of a clock that goes to 24 the word says nothing."""
    hour = int(clock[1]) % 12 + 12 * (clock[3] == "P") if int(clock[1]) <= 12 else int(clock[1])
    return f" {hour:02}{clock[2] or ':00'}"


def _with_offset(text: str, zone: str) -> str:
    """Return text with +01:00 in place of CET, GMT+1 and their like."""
    if behind := _BEHIND_UTC.search(text):
        return f"{text[: behind.start()]} {behind[1]}{int(behind[2]):02}:{behind[3] or '00'}"
    word = _ZONE.search(text)
    if word is None:
        return text
    minutes = _offsets(zone).get(word[1])
    if minutes is None:
        return text
    sign = "-" if minutes < 0 else "+"
    return f"{text[: word.start()]} {sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


@cache
def _offsets(zone: str) -> dict[str, int]:
    """Return minutes ahead of UTC by zone word; a zone's own words come first."""
    offsets = {word: hours * 60 for word, hours in _HOURS.items()}
    for month in (1, 7):
        at = datetime(2025, month, 1, tzinfo=ZoneInfo(zone))
        ahead = at.utcoffset()
        if ahead is not None and (at.tzname() or "").isalpha():
            offsets[at.tzname() or ""] = int(ahead.total_seconds()) // 60
    return offsets


def teach(con: Any) -> None:
    """Make the functions of this module known to a DuckDB connection."""
    text, flag = "VARCHAR", "BOOLEAN"
    con.create_function("plain_date", _of_dates, [text, text, flag], text, type="arrow")
    con.create_function("plain_month", _of_months, [text], text, type="arrow")


def _of_dates(texts: Any, zones: Any, rocs: Any) -> Any:
    import pyarrow as pa

    cells = zip(texts.to_pylist(), zones.to_pylist(), rocs.to_pylist(), strict=True)
    return pa.array([plain_date(*cell) for cell in cells], pa.string())


def _of_months(texts: Any) -> Any:
    import pyarrow as pa

    return pa.array([plain_month(text) for text in texts.to_pylist()], pa.string())


_plain_dates = builtin("plain_date", "string", "string", "boolean", returns="string")
_plain_months = builtin("plain_month", "string", returns="string")
