"""Reporting periods: which instants belong to an edition, and which periods come before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from profitchain.core.errors import PeriodError

Every = Literal["month", "quarter", "year"]

MONTHS_IN: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_PATTERN = re.compile(r"[12]\d{3}(Q[1-4]|-(0[1-9]|1[0-2]))?")
TREND_PERIODS = 8


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month, quarter or year, named as ISO would: `2026-03`, `2026Q1`, `2026`.

    Examples
    --------
    >>> Period("2026Q1").previous, Period("2026-01").previous, Period("2026").year_before
    (Period('2025Q4'), Period('2025-12'), Period('2025'))
    >>> Period("2026Q1").first_day, Period("2026Q1").last_day
    (datetime.date(2026, 1, 1), datetime.date(2026, 3, 31))
    """

    name: str

    def __init__(self, name: str | Period) -> None:
        name = str(name).strip()
        if not _PATTERN.fullmatch(name):
            raise PeriodError(
                f"'{name}' is not a period. Write a quarter as 2026Q1, a month as 2026-03 "
                "or a year as 2026."
            )
        object.__setattr__(self, "name", name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Period({self.name!r})"

    @classmethod
    def containing(cls, day: date, every: Every) -> Period:
        """Return the period of the given length in which a day falls."""
        if every == "month":
            return cls(f"{day:%Y-%m}")
        if every == "quarter":
            return cls(f"{day.year}Q{(day.month - 1) // 3 + 1}")
        return cls(f"{day.year}")

    @property
    def every(self) -> Every:
        """The period's length: month, quarter or year."""
        return "quarter" if "Q" in self.name else "month" if "-" in self.name else "year"

    @property
    def first_day(self) -> date:
        """The period's first day."""
        year, part = int(self.name[:4]), self.name[5:]
        return date(year, 3 * int(part) - 2 if "Q" in self.name else int(part or 1), 1)

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
        """The same period a year earlier."""
        return self.shift(-self.per_year)

    @property
    def per_year(self) -> int:
        """How many such periods a year holds: 12, 4 or 1."""
        return 12 // MONTHS_IN[self.every]

    @property
    def ordinal(self) -> int:
        """The period's place in the row of all periods of its length."""
        first = self.first_day
        return (first.year * 12 + first.month - 1) // MONTHS_IN[self.every]

    def shift(self, by: int) -> Period:
        """Return the period `by` periods later (earlier, when negative)."""
        months = (self.ordinal + by) * MONTHS_IN[self.every]
        return Period.containing(date(months // 12, months % 12 + 1, 1), self.every)

    def trend(self) -> list[Period]:
        """Return the last eight periods, or as many as reach back to the same a year before."""
        return self.last(max(TREND_PERIODS, self.per_year + 1))

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
    >>> months_before(date(2026, 4, 1), 12)
    datetime.date(2025, 4, 1)
    """
    total = instant_day.year * 12 + instant_day.month - 1 - months
    return date(total // 12, total % 12 + 1, 1)


def last_complete(last_order: date, every: Every) -> Period:
    """Return the last period that data covers to its end, judged by the last order's day alone.

    Examples
    --------
    >>> last_complete(date(2018, 9, 3), "quarter"), last_complete(date(2018, 9, 30), "quarter")
    (Period('2018Q2'), Period('2018Q3'))
    """
    running = Period.containing(last_order, every)
    return running if last_order == running.last_day else running.previous


def _utc(day: date, time_zone: str) -> datetime:
    local = datetime.combine(day, time(), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
