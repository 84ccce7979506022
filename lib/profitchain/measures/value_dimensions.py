"""The seven dimensions of customer value, as far as a firm's tables can measure them.

Financial, relational, strategic, operational, data, technology and human value are often named
together. Each gets one figure here, or what would be needed; none of them is a satisfaction score.
"""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.measures.rfm import money_of, ordered, per_customer, share_of, withheld_groups
from profitchain.stats.disclosure_control import too_small
from profitchain.stats.ratios import ratio


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
    now : one row a customer, as `rfm.grouped` returns.
    profit : profit per customer of the lookback.
    answered : share of the lookback's customers of whom an answer is known.

    Returns
    -------
    One row a dimension: dimension, measured_by (a figure's name, "" for none), value, low, high, n
    (NaN where unsaid: it may be too few to show), why, unit.
    """
    nothing = NotEstimable("not_measured_here")
    measured = {
        "Financial": _financial(now, profit, currency, smallest),
        "Relational": ("came_back_share", _came_back(now, smallest)),
        "Strategic": _strategic(now, smallest),
        "Operational": ("contacts_per_hundred", _contacts(now, smallest)),
        "Data": ("answered_share", answered),
        "Technology": ("", nothing),
        "Human": ("", nothing),
    }
    names, estimates = zip(*measured.values(), strict=True)
    table = to_frame(estimates, dimension=list(measured), measured_by=names)
    table["n"] = table["n"].where(table["value"].notna())
    return table.assign(unit=[getattr(estimate, "unit", "") for estimate in estimates])


def _financial(
    now: pd.DataFrame, profit: MaybeEstimate, currency: str, smallest: int
) -> tuple[str, MaybeEstimate]:
    if isinstance(profit, Estimate):
        return "profit_per_customer", profit
    money, rows = money_of(now), ordered(now)
    mean = per_customer(rows, rows[money], unit=currency, smallest=smallest)
    return f"{money}_per_customer", mean


def _came_back(now: pd.DataFrame, smallest: int) -> MaybeEstimate:
    rows = ordered(now)
    back = rows["repeats"] > 0
    return per_customer(rows, back, unit="share", bounds=(0.0, 1.0), smallest=smallest)


def _strategic(now: pd.DataFrame, smallest: int) -> tuple[str, MaybeEstimate]:
    if "referrals" in now:
        referrals = _per_hundred(ordered(now), "referrals", "customers", smallest)
        return "referrals_per_hundred", referrals
    new, name = now["group"] == "New", "revenue_from_new_share"
    if withheld_groups(now, smallest)["New"]:
        return name, too_small(int(new.sum()), smallest)
    return name, share_of(now, new, "period_revenue", smallest=smallest)


def _contacts(now: pd.DataFrame, smallest: int) -> MaybeEstimate:
    if "contacts" not in now:
        return NotEstimable("needs_contacts")
    return _per_hundred(ordered(now), "contacts", "orders", smallest)


def _per_hundred(
    rows: pd.DataFrame, numerator: str, denominator: str, smallest: int
) -> MaybeEstimate:
    if len(rows) < smallest:
        return too_small(len(rows), smallest)
    rows = rows.assign(customers=1)
    estimate = ratio(rows, numerator=numerator, denominator=denominator, unit="count")
    return estimate.times(100) if isinstance(estimate, Estimate) else estimate
