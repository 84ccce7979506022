"""Reporting periods: which instants belong to an edition, and which periods come before it."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from profitchain.core.errors import PeriodError

Every = Literal["week", "month", "quarter", "year"]
LENGTHS: tuple[Every, ...] = ("week", "month", "quarter", "year")

MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
WEEKS_A_YEAR = 52
TREND_PERIODS, TREND_WEEKS = 8, 13
DAYS_A_WEEK = 7
_DAYS = (  # of each month, after its first, on which a year may start: each is in every year
    r"(?:0[13578]|1[02])(?:0[2-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[2-9]|[12]\d|30)"
    r"|02(?:0[2-9]|1\d|2[0-8])"
)
YEAR_STARTS = rf"0[2-9]|1[0-2]|{_DAYS}"  # a month, or a month and day; not 1 January
YEAR, WEEK, MONTH = r"[12]\d{3}", r"0[1-9]|[1-4]\d|5[0-3]", r"0[1-9]|1[0-2]"
_PATTERN = re.compile(
    rf"(?P<year>{YEAR})(?:-W(?P<week>{WEEK})|-(?P<month>{MONTH})"
    rf"|(?:FY(?P<starts>{YEAR_STARTS}))?(?:Q(?P<quarter>[1-4]))?)"
)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A week, month, quarter or year, named as ISO would: `2026-W14`, `2026-03`, `2026Q1`, `2026`.

    A week is ISO's, from Monday to Sunday. `2026FY04` is the fiscal year that starts in April 2026
    and `2026FY04Q1` its first quarter; `2026FY1231` starts on 31 December 2026, and its quarters
    three months one after the other from that day.

    Examples
    --------
    >>> Period("2026Q1").previous, Period("2026-01").previous, Period("2026").year_before
    (Period('2025Q4'), Period('2025-12'), Period('2025'))
    >>> Period("2026Q1").first_day, Period("2026Q1").last_day
    (datetime.date(2026, 1, 1), datetime.date(2026, 3, 31))
    >>> Period("2026-W01").previous, Period("2026FY04Q1").previous
    (Period('2025-W52'), Period('2025FY04Q4'))
    >>> Period("2026FY04Q4").first_day, Period("2026FY1231Q1").last_day
    (datetime.date(2027, 1, 1), datetime.date(2027, 3, 30))
    """

    name: str

    def __init__(self, name: str | Period) -> None:
        name = str(name).strip()
        parts = _PATTERN.fullmatch(name)
        if not parts or (parts["week"] == "53" and not _has_week_53(int(parts["year"]))):
            raise PeriodError(
                f"'{name}' is not a period. Write a quarter as 2026Q1, a month as 2026-03, a year "
                "as 2026, a week as 2026-W14; a fiscal quarter as 2026FY04Q1 and a fiscal year as "
                "2026FY04, where the year starts in April 2026."
            )
        object.__setattr__(self, "name", name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Period({self.name!r})"

    @classmethod
    def containing(cls, day: date, every: Every, year_starts: str = "") -> Period:
        """Return the period of the given length in which a day falls.

        Parameters
        ----------
        year_starts : of a firm with fiscal quarters and years, as in their names: "04", "1231".

        Examples
        --------
        >>> Period.containing(date(2026, 3, 31), "quarter", "04")
        Period('2025FY04Q4')
        """
        if every == "week":
            return cls(f"{day:%G-W%V}")
        if every == "month":
            return cls(f"{day:%Y-%m}")
        if not year_starts:
            quarter = f"Q{(day.month - 1) // 3 + 1}" if every == "quarter" else ""
            return cls(f"{day.year}{quarter}")
        year = cls(f"{day.year}FY{year_starts}")
        if day < year.first_day:
            year = year.previous
        if every == "year":
            return year
        quarters = [cls(f"{year}Q{number}") for number in (4, 3, 2, 1)]
        return next(quarter for quarter in quarters if quarter.first_day <= day)

    @property
    def every(self) -> Every:
        """The period's length: week, month, quarter or year; fiscal ones are quarters and years."""
        parts = self._parts
        return (
            "week" if parts["week"] else "month" if parts["month"]
            else "quarter" if parts["quarter"] else "year"
        )  # fmt: skip

    @property
    def year_starts(self) -> str:
        """When the fiscal year starts that the period is of: "04", "1231"; "" of a calendar one."""
        return self._parts["starts"] or ""

    @property
    def quarter(self) -> int | None:
        """Which quarter of its year it is, from 1; None if it is none."""
        return int(self._parts["quarter"]) if self._parts["quarter"] else None

    @property
    def week(self) -> int | None:
        """Which of ISO's weeks of its year it is, from 1; None if it is none."""
        return int(self._parts["week"]) if self._parts["week"] else None

    @property
    def year_name(self) -> str:
        """What its year is called: 2026, of a fiscal one 2026/27."""
        year = int(self._parts["year"])
        return f"{year}/{(year + 1) % 100:02}" if self.year_starts else str(year)

    @property
    def _parts(self) -> re.Match[str]:
        parts = _PATTERN.fullmatch(self.name)
        assert parts is not None  # else there would be no such period
        return parts

    @property
    def first_day(self) -> date:
        """The period's first day."""
        parts, year = self._parts, int(self.name[:4])
        if parts["week"]:
            return date.fromisocalendar(year, int(parts["week"]), 1)
        starts = parts["starts"] or parts["month"] or "01"
        start = year * 12 + int(starts[:2]) - 1 + 3 * (int(parts["quarter"] or 1) - 1)
        return _day_of(start, int(starts[2:] or 1))

    @property
    def last_day(self) -> date:
        """The period's last day."""
        return self.shift(1).first_day - timedelta(days=1)

    @property
    def previous(self) -> Period:
        """The period just before this one."""
        return self.shift(-1)

    @property
    def year_before(self) -> Period:
        """The same period a year earlier: of a week the one of the same number, 52 for 53."""
        week = self._parts["week"]
        if week:
            return Period(f"{int(self.name[:4]) - 1}-W{min(int(week), WEEKS_A_YEAR):02}")
        return self.shift(-self.per_year)

    @property
    def per_year(self) -> int:
        """How many such periods a year holds: 52, 12, 4 or 1."""
        return WEEKS_A_YEAR if self.every == "week" else 12 // MONTHS_IN[self.every]

    @property
    def months(self) -> float:
        """How many months it has on the mean: 12/52, 1, 3 or 12."""
        return 12 / self.per_year

    @property
    def ordinal(self) -> int:
        """The period's place in the row of all periods of its length."""
        first, year = self.first_day, int(self.name[:4])
        if self.every == "week":
            return (first.toordinal() - 1) // DAYS_A_WEEK
        if self.year_starts:
            return year if self.quarter is None else year * 4 + self.quarter - 1
        return (first.year * 12 + first.month - 1) // MONTHS_IN[self.every]

    def shift(self, by: int) -> Period:
        """Return the period `by` periods later (earlier, when negative)."""
        at = self.ordinal + by
        if self.every == "week":
            return Period.containing(date.fromordinal(at * DAYS_A_WEEK + 1), "week")
        if self.year_starts:
            year = f"FY{self.year_starts}"
            return Period(f"{at}{year}" if self.quarter is None else
                          f"{at // 4}{year}Q{at % 4 + 1}")  # fmt: skip
        months = at * MONTHS_IN[self.every]
        return Period.containing(date(months // 12, months % 12 + 1, 1), self.every)

    def trend(self) -> list[Period]:
        """Return the last eight periods, or as many as reach back to the same a year before.

        Of weeks they are the last thirteen.
        """
        if self.every == "week":
            return self.last(TREND_WEEKS)
        return self.last(max(TREND_PERIODS, self.per_year + 1))

    def reach(self) -> list[Period]:
        """Return the periods that are summed up: the trend's, back to the same a year before."""
        return self.last(max(len(self.trend()), self.ordinal - self.year_before.ordinal + 1))

    def last(self, k: int) -> list[Period]:
        """Return the last `k` periods, the earliest first and this one last."""
        return [self.shift(-back) for back in range(k - 1, -1, -1)]

    def starts_at(self, time_zone: str = "UTC") -> datetime:
        """Return the period's first instant, as UTC without a zone mark."""
        return _utc(self.first_day, time_zone)

    def ends_at(self, time_zone: str = "UTC") -> datetime:
        """Return the first instant after the period, as UTC without a zone mark."""
        return _utc(self.last_day + timedelta(days=1), time_zone)


def starts_at(day: date, time_zone: str) -> datetime:
    """Return a local day's first instant, as UTC without a zone mark."""
    return _utc(day, time_zone)


def months_before(instant_day: date, months: int) -> date:
    """Return the first day of a span of `months` whole months that ends the day before.

    Examples
    --------
    >>> months_before(date(2026, 4, 1), 12), months_before(date(2026, 4, 6), 1)
    (datetime.date(2025, 4, 1), datetime.date(2026, 3, 6))
    """
    return _day_of(instant_day.year * 12 + instant_day.month - 1 - months, instant_day.day)


def last_complete(last_order: date, every: Every, year_starts: str = "") -> Period:
    """Return the last period that data covers to its end, judged by the last order's day alone.

    Examples
    --------
    >>> last_complete(date(2018, 9, 3), "quarter"), last_complete(date(2018, 9, 30), "quarter")
    (Period('2018Q2'), Period('2018Q3'))
    >>> last_complete(date(2026, 12, 30), "year", "1231")
    Period('2025FY1231')
    """
    running = Period.containing(last_order, every, year_starts)
    return running if last_order == running.last_day else running.previous


def _day_of(months: int, day: int) -> date:
    """Return a day of a month (counted from January of year 0), its last where it has fewer."""
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day, monthrange(year, month)[1]))


def _has_week_53(year: int) -> bool:
    return date(year, 12, 28).isocalendar().week == WEEKS_A_YEAR + 1


def _utc(day: date, time_zone: str) -> datetime:
    local = datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
