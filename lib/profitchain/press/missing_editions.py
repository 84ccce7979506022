"""Which complete periods lack an edition, and publishing each of them, the earliest first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from profitchain.core.errors import (
    ContractError,
    ParameterError,
    PeriodError,
    ProfitchainError,
    of_the_system,
)
from profitchain.core.period_names import period_asked
from profitchain.core.periods import Every, Period
from profitchain.exhibits.findings_history import whole_editions
from profitchain.intake import gate_values, row_account
from profitchain.intake.intake import judge_all, last_period, leading_table
from profitchain.sources.company import Company, find_company, load_company
from profitchain.sources.engine import close, open_engine
from profitchain.sources.schemas import SCHEMAS

HOLIDAYS = 0.1  # of a period may lack rows at its start, and it still counts as covered


def missing_periods(company: str | Path, out: Path, since: str = "") -> list[Period]:
    """Return the complete periods of a firm that have no whole edition in `out`, earliest first.

    Parameters
    ----------
    since : the first period to look at, by default the first that the tables cover; what kind it
        is of (month, quarter, …) says which periods are looked for.

    Raises ParameterError where `since` lies before all data or after the last complete period.
    """
    firm = load_company(find_company(company))
    asked = period_asked(since, firm.year_starts) if since else None
    if asked:
        firm = firm.model_copy(update={"report_every": asked.every})
    first, last = first_period(firm), last_period(firm)
    start = max(first, asked or first, key=lambda period: period.first_day)
    if start.first_day > last.first_day:
        raise ParameterError(f"{start} is not over yet: the last complete period is {last}.")
    made = {folder.name for folder in whole_editions(out / firm.slug)}
    every = [start.shift(by) for by in range(last.ordinal - start.ordinal + 1)]
    return [period for period in every if str(period) not in made]


def publish_each(periods: Sequence[Period], publish: Callable[[str], object]) -> int:
    """Publish periods one after the other; where one fails, the others go on. 1 if one failed."""
    failed = []
    for place, period in enumerate(periods, 1):
        print(f"{period}: edition {place} of {len(periods)}", file=sys.stderr)
        try:
            publish(str(period))
        except Exception as error:
            told = str(error) if isinstance(error, ProfitchainError) else of_the_system(error)
            if not told:
                raise
            failed.append(str(period))
            print(f"{period} failed: {told}", file=sys.stderr)
    if failed:
        print(f"{len(failed)} of {len(periods)} failed: {', '.join(failed)}.", file=sys.stderr)
    elif not periods:
        print("No complete period lacks an edition.", file=sys.stderr)
    return int(bool(failed))


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
