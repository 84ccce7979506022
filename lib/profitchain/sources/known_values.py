"""Values of company.yml that must be known: zones, currencies, languages, dates, exports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from profitchain.core import i18n, periods
from profitchain.core.errors import did_you_mean

TABLE_NAMES = (
    "orders", "responses", "customers", "subscriptions", "invitations", "order_lines", "contacts",
    "costs", "referrals", "offers", "memberships", "events", "mentions", "benchmarks",
    "control_totals", "rates", "identities", "goals", "actions",
)  # fmt: skip
NAMED_FORMATS = ("iso", "day first", "month first", "unix", "unix_ms", "excel", "roc")
DATE_LETTERS = {
    "Y": "2026", "y": "26", "m": "month", "b": "Mar", "B": "March", "d": "day", "j": "day of the "
    "year", "H": "hour", "I": "hour to 12", "p": "AM or PM", "M": "minute", "S": "second",
    "f": "microseconds", "g": "milliseconds", "z": "+0100", "Z": "zone", "a": "Wed",
    "A": "Wednesday",
}  # fmt: skip
_MORE_LETTERS = "nwuUWVGcxX%"
FORMATS = Path(__file__).with_name("formats")  # one file an export that is known


def _known_table(name: str) -> str:
    if name not in TABLE_NAMES:
        raise PydanticCustomError("unknown_table", "is unknown")  # company.py says which there are
    return name


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        near = did_you_mean(name, sorted(available_timezones()))
        hint = near if near.startswith("Did") else "Write it as Europe/Berlin."
        raise ValueError(f"'{name}' is no time zone. {hint}")
    return name


def _year_start(given: Any) -> Any:
    """Return when a fiscal year starts as periods are named: "04", "1231"; "" on 1 January."""
    parts = str(given).strip().split("-")
    if (
        isinstance(given, bool)
        or len(parts) > 2
        or not all(re.fullmatch(r"\d{1,2}", part) for part in parts)
    ):
        parts = [""]
    start = "".join(part.zfill(2) for part in parts)
    start = start.removesuffix("01") if len(start) == 4 else start
    if start != "01" and not re.fullmatch(periods.YEAR_STARTS, start):
        raise ValueError(
            f"'{given}' is no month or day on which every year has a start. Write the month's "
            "number, as in fiscal_year_starts: 4, or month and day, as in fiscal_year_starts: "
            '"12-31".'
        )
    return "" if start == "01" else start


def _known_currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError(f"'{code}' is no currency. Write its ISO 4217 code, such as EUR or USD.")
    return code


def _known_language(tag: str) -> str:
    if tag not in i18n.available():
        raise ValueError(f"There are no pages in '{tag}'. {did_you_mean(tag, i18n.available())}")
    return tag


def _known_format(pattern: str) -> str:
    if "%" not in pattern and pattern not in NAMED_FORMATS:
        raise ValueError(
            f"date_format '{pattern}' is unknown. Write a pattern such as '%d/%m/%Y %H:%M', or one "
            f"of: {', '.join(NAMED_FORMATS)}."
        )
    for sign in re.findall("%-?(.?)", pattern):
        if sign not in DATE_LETTERS and (not sign or sign not in _MORE_LETTERS):
            raise ValueError(
                f"date_format '{pattern}': %{sign} is unknown. Known are: "
                f"{', '.join(f'%{letter} ({what})' for letter, what in DATE_LETTERS.items())}."
            )
    return pattern


def _known_export(name: str) -> str:
    names = sorted(path.stem for path in FORMATS.glob("*.yml"))
    if name not in names:
        near = did_you_mean(name, names)
        raise ValueError(f"'{name}' is no export that is known here. {near}")
    return name


TableName = Annotated[str, AfterValidator(_known_table)]
Language = Annotated[str, AfterValidator(_known_language)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
YearStart = Annotated[str, BeforeValidator(_year_start)]
Currency = Annotated[str, AfterValidator(_known_currency)]
DateFormat = Annotated[str, AfterValidator(_known_format)]
ExportFormat = Annotated[str, AfterValidator(_known_export)]
Why = Literal[  # a row of an export is left out; `counted`: it is not
    "counted", "cancelled", "unpaid", "refunded",
    "test", "preview", "spam", "unfinished", "no_sale", "footer",
]  # fmt: skip


def _as_word(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (
        f"{value:g}"
        if is_number and float(value).is_integer()
        else str(value)
        if is_number
        else value
    )


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Word = Annotated[str, BeforeValidator(_as_word)]  # a cell's text, which YAML takes for a number
Words = Annotated[list[Word], BeforeValidator(_as_list)]
Label = Word | dict[Language, str]  # what pages call something: once, or by language
