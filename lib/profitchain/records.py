"""From what a page has computed to what it publishes under stable ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from profitchain.comparisons import Story, period_totals
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.findings import Recorded, finding
from profitchain.periods import Period

TOTALS = {
    "orders": ("Orders", "orders"),
    "revenue": ("Revenue", "revenue"),
    "active_customers": ("Active customers", "active"),
}


def of_stories(stories: Iterable[Story]) -> list[Recorded]:
    """Return each measure as a finding, with its two changes and its trend."""
    return [
        finding(
            story.measure.id,
            story.now,
            label=story.measure.label,
            change=story.change,
            change_on_year=story.change_on_year,
            trend=story.trend,
        )
        for story in stories
    ]


def of_totals(
    totals: Mapping[str, Said], activity: pd.DataFrame, periods: Sequence[Period]
) -> list[Recorded]:
    """Return what was counted in full, as findings with their trends.

    Parameters
    ----------
    totals : as `loyalty.totals` returns.
    activity : one row a period and cluster.
    """
    return [
        finding(
            id,
            totals[id],
            label=label,
            trend=period_totals(activity, column, periods, unit=getattr(totals[id], "unit", "")),
        )
        for id, (label, column) in TOTALS.items()
    ]


def of_groups(id: str, label: str, groups: pd.DataFrame, unit: str) -> list[Recorded]:
    """Return one finding a group, named `segment: group`.

    Parameters
    ----------
    groups : one row a group: segment, group, value, low, high, n, why.
    """
    return [
        finding(id, _said(row, unit), label=label, group=f"{row.segment}: {row.group}")
        for row in groups.itertuples()
    ]


def of_amounts(amounts: Mapping[str, Said]) -> list[Recorded]:
    """Return the effects of one point on orders, spend and margin as findings."""
    return [
        finding(f"{name}_effect_per_point", said, label=f"Effect of one point on {name}")
        for name, said in amounts.items()
    ]


def of_moves(moves: pd.DataFrame) -> list[Recorded]:
    """Return what ten NPS points go with, one finding a mechanism."""
    return [
        finding(
            "repeat_effect_per_10_nps",
            _said(row, "share"),
            label="Effect of ten NPS points on repeat orders",
            group=row.mechanism,
        )
        for row in moves.itertuples()
    ]


def of_test(test: object) -> Said:
    """Return a test's p-value as it is recorded, or why there is none."""
    return test if isinstance(test, Unsaid) else test.estimate


def _said(row: object, unit: str) -> Said:
    if row.why:
        return Unsaid(why=row.why, n=int(row.n))
    return Estimate(value=row.value, low=row.low, high=row.high, n=int(row.n), unit=unit)
