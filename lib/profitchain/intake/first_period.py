"""Which period a firm's tables cover first, so that all periods without an edition can be named."""

from __future__ import annotations

from datetime import date, timedelta

from profitchain.core.errors import ContractError, PeriodError
from profitchain.core.periods import Every, Period
from profitchain.intake import gate_values, row_account
from profitchain.intake.intake import judge_all, leading_table
from profitchain.sources.company import Company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.schemas import SCHEMAS

HOLIDAYS = 0.1  # of a period may lack rows at its start, and it still counts as covered


def first_period(company: Company) -> Period:
    """Return the first period that the orders (or contracts, or answers) cover, by the data alone.

    A day far before all others, as one of the year 1970, does not count.
    """
    lead = leading_table(company)
    with open_engine(company) as (con, scratch):
        judged, faults = judge_all(con, company, None, scratch=scratch, only=(lead,))
        if faults:
            raise ContractError(row_account.faults_in_words(faults, company))
        at, zone = str(SCHEMAS[lead].dated_by), company.time_zone
        pauses = gate_values.pauses_of(judged[lead].rows, at, zone)
        close(con)
    if pauses.empty:
        raise PeriodError("There are no usable rows, so there is no period to report on.")
    days = gate_values.usual_days(pauses) or (int(pauses["first"].iloc[0]),)
    day = date(1970, 1, 1) + timedelta(days=days[0])
    return first_covered(day, company.report_every, company.year_starts)


def first_covered(first_day: date, every: Every, year_starts: str = "") -> Period:
    """Return the first period that data covers from its start, but for a few days.

    Examples
    --------
    >>> first_covered(date(2024, 1, 2), "quarter"), first_covered(date(2024, 2, 1), "quarter")
    (Period('2024Q1'), Period('2024Q2'))
    """
    running = Period.containing(first_day, every, year_starts)
    missing = (first_day - running.first_day).days
    length = (running.last_day - running.first_day).days + 1
    return running if missing <= HOLIDAYS * length else running.shift(1)
