"""A firm's past by steps (months, or weeks), as forecasts read it: orders, customers, money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.periods import Period
from profitchain.outlook.rolling import Steps
from profitchain.panel.edition import Edition
from profitchain.panel.outlook_steps import GUESTS, steps_of

CUSTOMERS = "customers"
SEASONS = {"month": 12, "week": 52}
UNLIKELY = 0.001  # so seldom a firm of this pace has so many days without an order


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Sums of each step, the earliest first; the last ends with the period.

    The first step with an order is left out, for it may be a part of one. `sums` has orders,
    customers, and revenue and margin where known; `windows` how many customers bought in the `per`
    steps to each step's end; `cohorts` the orders by first step (rows; the last are guests) and
    step; `first_buyers` who bought first before all steps, then in each. `empty` steps have no
    order.
    """

    period: Period
    sums: pd.DataFrame
    windows: np.ndarray
    cohorts: np.ndarray
    first_buyers: np.ndarray
    per: int
    season: int

    @property
    def empty(self) -> int:
        return int((self.sums["orders"] == 0).sum())

    @property
    def measures(self) -> list[str]:
        """What is predicted: orders, customers, and money where known."""
        return list(self.sums)

    def steps(self, measure: str) -> Steps:
        """Return one measure as a series to be predicted."""
        windows = self.windows if measure == CUSTOMERS else None
        values = self.sums[measure].to_numpy(float)
        return Steps(values=values, per=self.per, season=self.season, windows=windows)

    def by_period(self, measure: str) -> dict[str, float]:
        """Return what each whole period came to, the earliest first."""
        count = len(self.sums) // self.per
        names = [str(self.period.shift(-back)) for back in range(count)]
        ends = [len(self.sums) - back * self.per for back in range(count)]
        if measure == CUSTOMERS:
            values = [float(self.windows[end - 1]) for end in ends]
        else:
            series = self.sums[measure].to_numpy(float)
            values = [float(series[end - self.per : end].sum()) for end in ends]
        return dict(reversed(list(zip(names, values, strict=True))))


def history(edition: Edition) -> History:
    """Return an edition's past by steps."""
    rows = edition.table("step_cohorts")
    if edition.assumed_margin is not None:
        rows = rows.drop(columns="margin", errors="ignore")
    return history_of(rows, edition.period)


def history_of(rows: pd.DataFrame, period: Period) -> History:
    """Return the past by steps.

    Parameters
    ----------
    rows : first, back, gap, customers, orders, revenue, margin, as `outlook_steps.step_cohorts`.
    """
    unit, per = steps_of(period)
    bought = rows[rows["orders"] > 0]
    count = int(bought["back"].max()) if len(bought) else 0  # the earliest step is left out
    backs = range(count - 1, -1, -1)
    names = [name for name in ("orders", CUSTOMERS, "revenue", "margin") if name in rows]
    sums = rows.groupby("back")[names].sum().reindex(backs, fill_value=0.0)
    return History(
        period=period, sums=sums.reset_index(drop=True), windows=_windows(rows, count, per),
        cohorts=_cohorts(rows, count), first_buyers=_first_buyers(rows, count),
        per=per, season=SEASONS[unit],
    )  # fmt: skip


def ended_early(edition: Edition, past: History) -> bool:
    """Tell whether orders end so long before the period does that some must be missing."""
    days = edition.facts.get("days_uncovered", 0)
    year = past.sums["orders"].to_numpy(float)[-past.season :]
    pace = year.sum() / max(len(year) * 365 / past.season, 1)
    return bool(np.exp(-pace * days) < UNLIKELY)


def _windows(rows: pd.DataFrame, count: int, per: int) -> np.ndarray:
    """Return the customers of the windows that end with each step: the last purchase counts."""
    found = np.full(count, np.nan)
    known = rows[rows["first"] != GUESTS]
    by_gap = known.groupby(["back", "gap"])[CUSTOMERS].sum()
    table = by_gap.unstack(fill_value=0).reindex(columns=range(1, per + 1), fill_value=0)
    last = table.reindex(range(count), fill_value=0).to_numpy(float)
    for end in range(count - per + 1):
        found[count - 1 - end] = sum(last[end + age, age:].sum() for age in range(per))
    return found


def _cohorts(rows: pd.DataFrame, count: int) -> np.ndarray:
    """Return orders by first step (0: before all; then each; the last row guests) and step."""
    table = np.zeros((count + 2, count))
    inside = rows[(rows["back"] < count) & (rows["orders"] > 0)]
    first = np.where(inside["first"] == GUESTS, -1, np.minimum(inside["first"], count))
    place = np.where(first == -1, count + 1, count - first)
    np.add.at(table, (place, count - 1 - inside["back"].to_numpy()), inside["orders"].to_numpy())
    return table


def _first_buyers(rows: pd.DataFrame, count: int) -> np.ndarray:
    first = rows[rows["first"] == rows["back"]].groupby("back")[CUSTOMERS].sum()
    places = np.maximum(count - first.index.to_numpy(int), 0)
    return np.bincount(places, weights=first.to_numpy(float), minlength=count + 1)
