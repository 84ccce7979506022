"""What loyal customers try and tell, as claims put it: new products, and answers when asked."""

from __future__ import annotations

import pandas as pd

from profitchain.benefits.complaint_handling import difference_within
from profitchain.claims.from_scores import as_points, share_of
from profitchain.claims.verdicts import LEVEL, Figure, all_of, at_99
from profitchain.core.estimates import NotEstimable
from profitchain.panel.edition import Edition
from profitchain.panel.loyal_years import LOYAL
from profitchain.stats.ratios import change

LOYAL_FROM = 3  # orders before
FEWEST = 20  # orders on either side


def feedback_and_new_products(edition: Edition) -> Figure | NotEstimable:
    """Return the less clear of two: more feedback, and more new products tried, by the loyal."""
    both = {"feedback": feedback_of_loyal(edition), "new products": new_products_of_loyal(edition)}
    readings = {n: one.own if isinstance(one, Figure) else one for n, one in both.items()}
    return all_of(readings, design="followed")


def feedback_of_loyal(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more of those with three orders before answered when asked."""
    if not edition.has("asked_cells"):
        return NotEstimable("needs_table", table="invitations")
    return feedback_of(edition.table("asked_cells"), edition.smallest)


def feedback_of(cells: pd.DataFrame, smallest: int = 0) -> Figure | NotEstimable:
    """Return the difference of response rates: three orders or more before, against one.

    Parameters
    ----------
    cells : one row a combination and cluster; reads prior_orders, cluster, n, answered.
    """
    many = pd.to_numeric(cells["prior_orders"], errors="coerce")
    rows = cells.assign(given=cells["answered"] * cells["n"])
    apart = change(rows[many >= LOYAL_FROM], rows[many <= 1], **share_of("given"),
                   smallest=smallest, level=LEVEL)  # fmt: skip
    return Figure.of(as_points(apart), "followed")


def new_products_of_loyal(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more orders of the loyal than of the new hold a new product."""
    if not edition.has("new_product_cells"):
        return NotEstimable("needs_table", table="order_lines")
    return new_products_of(edition.table("new_product_cells"), edition.smallest)


def new_products_of(cells: pd.DataFrame, smallest: int = 0) -> Figure | NotEstimable:
    """Return the difference of the shares of orders, within months that had a new product.

    Parameters
    ----------
    cells : one row a month, loyalty (loyal or new) and cluster; reads orders and tried.
    """
    if cells.empty:
        return NotEstimable("no_new_products")
    rows = cells.assign(handled=cells["loyalty"] == LOYAL, n=cells["orders"], came=cells["tried"])
    mixed = rows.groupby("month")["handled"].transform("nunique") == 2
    fewest = rows[mixed].groupby("handled")["n"].sum().reindex([True, False]).fillna(0).min()
    if fewest < (needed := max(smallest, FEWEST)):
        return NotEstimable("too_few_customers", n=int(fewest), needed=needed)
    apart = difference_within(rows, outcome="came", many="n", strata=["month"])
    return Figure.of(as_points(at_99(apart)), "followed")
