"""What an action costs that is to mend a driver, beside what mending that driver is worth.

Of the table `actions`: those whose metric is a driver question, and that name a cost. An action for
some segments alone isn't compared, as the worth is of the whole firm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable, counted
from profitchain.drivers.mending import Mending
from profitchain.drivers.moments import Driver
from profitchain.panel.edition import Edition
from profitchain.panel.panel import segment_columns
from profitchain.stats.sampling_weights import STANDS_FOR

YEAR = 365  # days, as those of the worth


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCost:
    """An action's cost, and the worth of what it is to mend: that no answer of a year is low.

    `customers` are those served in that year. `at_most` is the highest cost a customer that still
    pays, if every low answer is mended; `must_mend` the share of low answers (0 to 1, more if it
    can't pay) that must be mended for the year's worth to reach the cost.
    """

    action: str
    driver: Driver
    cost: Estimate
    worth: Estimate
    customers: int

    @property
    def each(self) -> Estimate:
        return self.cost.times(1 / self.customers)

    @property
    def at_most(self) -> Estimate:
        return self.worth.times(1 / self.customers)

    @property
    def must_mend(self) -> float:
        return self.cost.value / self.worth.value if self.worth.value > 0 else np.inf

    @property
    def pays(self) -> bool | None:
        """Whether mending every low answer would pay for it; None where that can't be told."""
        inside = self.worth.low < self.cost.value < self.worth.high
        return None if inside or self.worth.value <= 0 else self.cost.value <= self.worth.low


def action_costs(edition: Edition, found: Mending) -> list[ActionCost]:
    """Return the actions for the whole firm that name a driver and a cost, by their start."""
    worths, firm = found.worth, edition.company
    if "actions" not in firm.tables or isinstance(worths, NotEstimable):
        return []
    rows = edition.rows("actions")
    if "cost" not in rows or not (customers := customers_served(edition)):
        return []
    segments = [name for name in segment_columns(firm) if name in rows]
    everywhere = rows[segments].isna().all(axis=1)
    rows = rows[everywhere & (rows["cost"] > 0)].sort_values(["started_on", "action"])
    of = {driver.name: (driver, worth) for driver, worth in zip(found.drivers, worths, strict=True)}
    return [
        ActionCost(action=str(row.action), driver=of[row.metric][0], worth=of[row.metric][1],
                   cost=counted(float(row.cost), unit=firm.currency, n=customers),
                   customers=customers)
        for row in rows.itertuples()
        if row.metric in of
    ]  # fmt: skip


def customers_served(edition: Edition) -> int:
    """Return how many customers bought in the last 365 days."""
    if not edition.has("customers"):
        return 0
    customers = edition.table("customers")
    since = customers["age_days"] - customers["last_age_days"]
    last_year = (customers["back"] == 0) & (since < YEAR)
    weights = customers[STANDS_FOR] if STANDS_FOR in customers else pd.Series(1.0, customers.index)
    return round(float(weights[last_year].sum()))
