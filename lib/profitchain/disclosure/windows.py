"""Which groups rolling windows show together alone, beside the windows that were published before.

Two windows of a year that lie a month apart differ by two months: what came, and what fell out.
Where a firm's first year is inside them, each of them tells what is new. Counts of answers and sums
of money add up alike, so one audit holds for both; customers counted over windows do not add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from profitchain.core.periods import Period, months_before
from profitchain.disclosure.audit import A_DAY, TOTAL, Release, Span, audited, span_name
from profitchain.disclosure.ledger import Entry, windows_in
from profitchain.sources.company import Company
from profitchain.stats.disclosure_control import pooled

FOLLOWED, BUYERS = "followed", "buyers"  # whom windows are of
FOLLOWED_SIZES = "followed_sizes"  # customers by period, segment and group: no page may read it
A_YEAR = 365  # days
ALL_MONTHS = 12 * 200
AS_LONG_BEFORE = 2  # windows that began so many windows' lengths ago tell of others no longer

Pools = Mapping[str, frozenset[str]]


def lookback_of(company: Company, period: Period) -> Span:
    """Return the first day of the lookback and the first one after the period."""
    end = period.last_day + A_DAY
    return months_before(end, company.lookback_months or ALL_MONTHS), end


def audited_windows(
    company: Company, period: Period, folder: Path, entries: Sequence[Entry], together: Pools
) -> dict[str, Release]:
    """Return what the edition's windows show, by whom they are of.

    Parameters
    ----------
    folder : the edition's, with its summaries.
    together : the groups of too few in the last year and this one.
    """
    return {
        of: _audited(Release(period=period, together=first, window=span), of, entries, counted,
                     smallest=company.privacy.smallest_group)
        for of, span, counted, first in _populations(company, period, folder, together)
    }  # fmt: skip


def _populations(
    company: Company, period: Period, folder: Path, together: Pools
) -> Iterator[tuple[str, Span, pd.DataFrame, Pools]]:
    path = folder / f"{FOLLOWED_SIZES}.parquet"
    if path.exists():
        yield FOLLOWED, lookback_of(company, period), pd.read_parquet(path), together
    path, end = folder / "customers.parquet", period.last_day + A_DAY
    if path.exists():
        customers = pd.read_parquet(path)
        segments = [segment for segment in company.segments if segment in customers]
        now, span = customers[customers["back"] == 0], (months_before(end, 12), end)
        pools = {name: pooled(now, name, company.privacy.smallest_group) for name in segments}
        yield BUYERS, span, _buyers(customers, segments, period, span), pools


def _audited(
    first: Release, of: str, entries: Sequence[Entry], counted: pd.DataFrame, *, smallest: int
) -> Release:
    known = list(windows_in(entries, of))
    own = [window for window in known if window.period == first.period]
    length = first.span[1] - first.span[0]
    near = [window for window in known
            if window.span[1] + (AS_LONG_BEFORE - 1) * length > first.span[0]]  # fmt: skip
    trend = [Release(period=each) for each in first.period.reach()]
    since = Period.containing(trend[0].period.first_day, "year", first.period.year_starts).first_day
    new = audited(
        own[-1] if own else first, [*near, *trend], counted, smallest=smallest, since=since
    )
    if new.total:
        return new
    groups = counted.groupby("segment")["group"].unique()
    return replace(
        first, together={name: frozenset(groups.get(name, ())) for name in first.together}
    )


def _buyers(
    customers: pd.DataFrame, segments: Sequence[str], period: Period, span: Span
) -> pd.DataFrame:
    """Return who bought in each of the last periods, and in the window."""
    each = customers[customers["period_orders"] > 0]
    names = {back: str(period.shift(-back)) for back in each["back"].unique()}
    now = customers[(customers["back"] == 0) & (customers["last_age_days"] < A_YEAR)]
    rows = pd.concat(
        [each.assign(period=each["back"].map(names)), now.assign(period=span_name(span))]
    )
    parts = [
        rows.assign(segment=segment, group=rows[segment] if segment else TOTAL)
        for segment in (TOTAL, *segments)
    ]
    sizes = pd.concat(parts).groupby(["period", "segment", "group"])["row"].nunique()
    return sizes.reset_index(name="customers")
