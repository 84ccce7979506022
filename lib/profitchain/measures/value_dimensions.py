"""The seven dimensions of customer value, as far as a firm's tables can measure them.

Financial, relational, strategic, operational, data, technology and human value are often named
together. Each gets one figure here, or what would be needed; none of them is a satisfaction score.
"""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.measures.disclosure_control import too_small
from profitchain.measures.rfm import ordered, share_of, withheld_groups
from profitchain.stats.ratios import ratio, said_frame


def dimensions(
    now: pd.DataFrame,
    *,
    profit: MaybeEstimate,
    answered: MaybeEstimate,
    currency: str,
    smallest: int = 0,
) -> pd.DataFrame:
    """Return the seven dimensions, each with one figure or the reason why there is none.

    Parameters
    ----------
    now : one row a customer, as `value_groups.grouped` returns.
    profit : profit per customer of the lookback.
    answered : share of the lookback's customers of whom an answer is known.

    Returns
    -------
    One row a dimension: dimension, measured_by (a figure's name, "" for none), value, low, high, n
    (NaN where unsaid: it may be too few to show), why, unit.
    """
    measured = {
        "Financial": _financial(now, profit, currency, smallest),
        "Relational": ("came_back_share", _came_back(now, smallest)),
        "Strategic": _strategic(now, smallest),
        "Operational": _operational(now, smallest),
        "Data": ("answered_share", answered),
        "Technology": ("", NotEstimable("not_measured_here")),
        "Human": ("", NotEstimable("not_measured_here")),
    }
    words, said = zip(*measured.values(), strict=True)
    units = [getattr(one, "unit", "") for one in said]
    table = said_frame(said, dimension=list(measured), measured_by=words)
    table["n"] = table["n"].where(table["value"].notna())
    return table.assign(unit=units)


def _financial(
    now: pd.DataFrame, profit: MaybeEstimate, currency: str, smallest: int
) -> tuple[str, MaybeEstimate]:
    if not isinstance(profit, NotEstimable):
        return "profit_per_customer", profit
    column = "margin" if "margin" in now else "revenue"
    return f"{column}_per_customer", _per_customer(now, column, currency, smallest)


def _per_customer(now: pd.DataFrame, column: str, unit: str, smallest: int) -> MaybeEstimate:
    rows = ordered(now).assign(customers=1)
    return ratio(rows, numerator=column, denominator="customers", unit=unit, smallest=smallest)


def _came_back(now: pd.DataFrame, smallest: int) -> MaybeEstimate:
    rows = ordered(now)
    rows = rows.assign(back=(rows["repeats"] > 0).astype(int), customers=1)
    how = {"unit": "share", "bounds": (0.0, 1.0), "smallest": smallest}
    return ratio(rows, numerator="back", denominator="customers", **how)


def _strategic(now: pd.DataFrame, smallest: int) -> tuple[str, MaybeEstimate]:
    if "referrals" in now:
        return "referrals_per_hundred", _per_hundred(
            ordered(now), "referrals", "customers", smallest
        )
    new = now["group"] == "New"
    if withheld_groups(now, smallest)["New"]:
        return "revenue_from_new_share", too_small(int(new.sum()), smallest)
    return "revenue_from_new_share", share_of(now, new, "period_revenue", smallest=smallest)


def _operational(now: pd.DataFrame, smallest: int) -> tuple[str, MaybeEstimate]:
    if "contacts" not in now:
        return "contacts_per_hundred", NotEstimable("needs_contacts")
    return "contacts_per_hundred", _per_hundred(ordered(now), "contacts", "orders", smallest)


def _per_hundred(
    rows: pd.DataFrame, numerator: str, denominator: str, smallest: int
) -> MaybeEstimate:
    if len(rows) < smallest:
        return too_small(len(rows), smallest)
    rows = rows.assign(customers=1)
    said = ratio(rows, numerator=numerator, denominator=denominator, unit="count")
    return said if isinstance(said, NotEstimable) else said.times(100)
