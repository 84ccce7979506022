"""Which complete periods lack an edition, and publishing each of them, the earliest first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from profitchain.core.errors import ParameterError, ProfitchainError, of_the_system
from profitchain.core.period_names import period_asked
from profitchain.core.periods import Period
from profitchain.exhibits.findings_history import whole_editions
from profitchain.intake.first_period import first_period
from profitchain.intake.intake import last_period
from profitchain.sources.company import find_company, load_company


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
