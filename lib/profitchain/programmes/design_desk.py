"""How a test of an action should be drawn: who by lot, for how long, and what effect would show.

The smallest effect is that which four of five such tests would find (two-sided at 5%), from what
this firm's own customers vary by, less what their buying before tells of it (CUPED).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import NotEstimable
from profitchain.programmes.lots import FEWEST_AN_ARM
from profitchain.sources.lot_files import HELD, TREATED

POWER, TWO_SIDED = 0.8, 0.05
ORDERS_FROM = (2, 3, 6)  # classes of orders so far, in which the lot is drawn evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTest:
    """A test as drawn: `rows` has customer_id, arm and stratum; money is a customer's, over it.

    `smallest` is the smallest effect that would show, `mean` what a customer brings in as long,
    `told` the share of their variance that buying before tells.
    """

    rows: pd.DataFrame
    smallest: float
    mean: float
    told: float

    @property
    def treated(self) -> int:
        """How many were drawn for the action."""
        return int((self.rows["arm"] == TREATED).sum())

    @property
    def held(self) -> int:
        """How many were held back."""
        return len(self.rows) - self.treated


def drawn_test(customers: pd.DataFrame, *, share: float, seed: int) -> DrawnTest | NotEstimable:
    """Return a test of an action on some customers.

    Parameters
    ----------
    customers : one row a customer
        Reads customer_id, segment (text), orders (so far), and money of the last days, as long as
        the test will last, and of as many days before these (`now`, `before`).
    share : of them to be treated, between 0 and 1; seed: of the lot.
    """
    few = int(min(share, 1 - share) * len(customers))
    if few < FEWEST_AN_ARM:
        return NotEstimable("few_in_an_arm", n=len(customers), fewest=few, needed=FEWEST_AN_ARM)
    group = np.digitize(customers["orders"], ORDERS_FROM)
    strata = (
        customers["segment"].astype(str) + " / " + pd.Series(group, customers.index).astype(str)
    )
    rows = by_lot(customers["customer_id"], strata, share=share, seed=seed)
    now, before = (customers[name].to_numpy(float) for name in ("now", "before"))
    told = 0.0
    if now.std() > 0 and before.std() > 0:
        told = float(np.corrcoef(now, before)[0, 1] ** 2)
    treated = int((rows["arm"] == TREATED).sum())
    spread = float(now.std(ddof=1)) * np.sqrt(1 - told)
    smallest = smallest_shown(spread, treated, len(rows) - treated)
    return DrawnTest(rows=rows, smallest=smallest, mean=float(now.mean()), told=told)


def by_lot(customers: pd.Series, strata: pd.Series, *, share: float, seed: int) -> pd.DataFrame:
    """Return customer_id, arm, stratum, by customer: each stratum split as evenly as can be.

    Customers are shuffled within their strata and every so manieth is treated, from a start that is
    drawn too, so that the whole has the share asked for. The same seed, the same lot, in whatever
    order customers come.
    """
    rows = pd.DataFrame({"customer_id": customers.astype(str), "stratum": strata.astype(str)})
    rows = rows.sort_values("customer_id", ignore_index=True)
    rng = np.random.default_rng(seed)
    rows = rows.assign(__chance=rng.random(len(rows)))
    rows = rows.sort_values(["stratum", "__chance"], ignore_index=True)
    counted = np.floor(np.arange(len(rows) + 1) * share + rng.random())
    rows["arm"] = np.where(np.diff(counted) > 0, TREATED, HELD)
    rows = rows.sort_values("customer_id", ignore_index=True)
    return rows[["customer_id", "arm", "stratum"]]


def smallest_shown(spread: float, treated: int, held: int) -> float:
    """Return the difference of two means that would be found in four of five tests.

    Examples
    --------
    >>> round(smallest_shown(10.0, 392, 392), 2)
    2.0
    """
    quantiles = scipy.stats.norm.ppf([1 - TWO_SIDED / 2, POWER])
    return float(quantiles.sum() * spread * np.sqrt(1 / treated + 1 / held))
