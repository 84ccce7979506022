"""Which period somebody means who asks for one, at a firm whose years may start at any day."""

from __future__ import annotations

import re
from typing import NoReturn

from profitchain.core import i18n
from profitchain.core.errors import PeriodError
from profitchain.core.formats import period_heading
from profitchain.core.periods import Period

_YEAR_OR_QUARTER = re.compile(
    r"(?P<fiscal>FY)? ?(?P<year>\d{4}|(?<=FY)\d\d|(?<=FY )\d\d)(?P<both>/\d\d)?"
    r" ?(?P<also_fiscal>FY)? ?(?:Q(?P<quarter>[1-4]))?",
    flags=re.I,
)
_WEEK = re.compile(r"(?P<year>\d{4})[- ]?W(?P<week>\d{1,2})", flags=re.I)
SHORT = 2  # digits of a year


def period_asked(name: str, year_starts: str = "") -> Period:
    """Return the period that a name means; raise PeriodError, with the name to write, if unclear.

    Of a firm with fiscal years, 2026Q1 and FY2026 may mean two things each; 2026/27 is one.

    Parameters
    ----------
    year_starts : when the firm's fiscal year starts: "04", "1231"; "" on 1 January.

    Examples
    --------
    >>> period_asked("2026Q1"), period_asked("2026/27 Q1", "04")
    (Period('2026Q1'), Period('2026FY04Q1'))
    >>> period_asked("FY2026Q1", "04")
    Traceback (most recent call last):
    profitchain.core.errors.PeriodError: 'FY2026Q1' may mean two things, for the firm's fiscal \
year does not start on 1 January (company.yml, fiscal_year_starts). Write 2026FY04Q1 for \
April–June 2026, or 2025FY04Q1 for April–June 2025.
    """
    name = str(name).strip()
    if week := _WEEK.fullmatch(name):
        return _week(name, f"{week['year']}-W{int(week['week']):02}")
    asked = _YEAR_OR_QUARTER.fullmatch(name)
    is_fiscal = bool(asked and (asked["fiscal"] or asked["also_fiscal"] or asked["both"]))
    if not asked or not (is_fiscal or year_starts):
        return Period(name)
    year, part = int(asked["year"]), f"Q{asked['quarter']}" if asked["quarter"] else ""
    year += 2000 if len(asked["year"]) == SHORT else 0
    if not year_starts:
        raise PeriodError(
            f"'{name}' is not a period of this firm, whose years start on 1 January. Write "
            f"{year}{part}; or say in company.yml when its fiscal year starts, as in "
            f"fiscal_year_starts: 4, and write {year}FY04{part}."
        )
    meant = Period(f"{year}FY{year_starts}{part}")
    if asked["both"] and int(asked["both"][1:]) == (year + 1) % 100:
        return meant
    calendar = Period(f"{year}{part}")
    same_day = Period.containing(calendar.first_day, calendar.every, year_starts)
    _refuse(name, meant, meant.year_before if is_fiscal else same_day)


def _refuse(name: str, meant: Period, other: Period) -> NoReturn:
    with i18n.speaking(i18n.SOURCE):
        raise PeriodError(
            f"'{name}' may mean two things, for the firm's fiscal year does not start on 1 January "
            f"(company.yml, fiscal_year_starts). Write {meant} for {period_heading(meant)}, or "
            f"{other} for {period_heading(other)}."
        )


def _week(name: str, right: str) -> Period:
    if name == right:
        return Period(name)
    raise PeriodError(f"'{name}' is not a period. Did you mean the week {Period(right)}?")
