"""What loyal customers pay for the same product in the same month, against new ones.

Loyal: three orders or more before the month; new: none. So nobody is loyal by what is judged. The
basket is held fixed: each product and month weighs as the loyal bought it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition
from profitchain.panel.loyal_years import LOYAL, NEW
from profitchain.stats.clusters import totals
from profitchain.stats.comparisons import RatioParts
from profitchain.stats.ratios import CLUSTERED, change, ratio

FEWEST_LINES = 100


def price_difference(edition: Edition) -> MaybeEstimate:
    """Return how much more the loyal pay for the same, as a share of what the new pay."""
    if not edition.has("price_cells"):
        return NotEstimable("needs_table", table="order_lines")
    return difference_of(edition.table("price_cells"))


def difference_of(cells: pd.DataFrame) -> MaybeEstimate:
    """Return the price of the loyal's basket above the same at new customers' prices, as a share.

    Both sides' error counts, by customer (linearised; Cochran 1977, Sampling Techniques, ch. 6).

    Parameters
    ----------
    cells : one row a cluster, as `loyal_years.price_cells`; n counts lines.
    """
    lines = int(cells["lines"].sum()) if len(cells) else 0
    base = float(cells["at_new_price"].sum()) if lines else 0.0
    if lines < FEWEST_LINES or base <= 0:
        return NotEstimable("too_few_lines", n=lines, needed=FEWEST_LINES)
    value = float(cells["apart"].sum()) / base
    own = cells["apart"] - value * cells["at_new_price"] - (1 + value) * cells["new_part"]
    errors = totals(cells.assign(own=own / base), ["own"])["own"].to_numpy()
    many = len(errors)
    quantile = float(scipy.stats.t.ppf(0.975, max(many - 1, 1)))
    half = quantile * float(np.sqrt(errors @ errors * many / max(many - 1, 1)))
    return Estimate(value=value, low=value - half, high=value + half, n=lines, unit="share",
                    method=CLUSTERED)  # fmt: skip


def discount_shares(edition: Edition) -> dict[str, MaybeEstimate] | NotEstimable:
    """Return what share of the list price was let off: loyal, new, and the difference."""
    if not edition.has("discount_cells"):
        return NotEstimable("no_such_column", column="discount")
    cells = edition.table("discount_cells")
    cells = cells.assign(listed=cells["revenue"] + cells["discount"])
    how = RatioParts(
        numerator="discount", denominator="listed", unit="share", bounds=(0.0, 1.0), counts="orders"
    )
    smallest = edition.smallest
    loyal, new = (cells[cells["loyalty"] == name] for name in (LOYAL, NEW))
    return {
        "loyal": ratio(loyal, **how, smallest=smallest),
        "new": ratio(new, **how, smallest=smallest),
        "difference": change(loyal, new, **how, smallest=smallest),
    }
