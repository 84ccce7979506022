"""What a new customer costs, by channel, when that is paid back, and winning against keeping.

A cost for each customer has no meaning without its purpose, so only costs of the purposes
acquisition and referral stand against newcomers. What serves both (purpose service, and a
programme) is shared by three stated rules, side by side: no one of them is the true one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.panel.edition import Edition
from profitchain.stats.event_rates import garwood

WINNING, KEEPING = ("acquisition", "referral"), ("retention", "programme")
REFERRAL = "referral"
RULES = ("left out", "by customers", "by revenue")
FEWEST_NEW = 10
METHOD = "costs in full; Garwood for the number of customers"


def acquisition_cost(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return channel, value, low, high, n (newcomers), why, payback_months (NaN: not in a year)."""
    if not edition.has("channel_costs"):
        return NotEstimable("needs_table", table="costs")
    if not edition.has("newcomer_months"):
        return NotEstimable("margin_not_own")
    return by_channel(
        edition.table("channel_costs"), edition.table("newcomer_months"),
        currency=edition.company.currency, scale=edition.stands_for, smallest=edition.smallest,
    )  # fmt: skip


def by_channel(
    costs: pd.DataFrame,
    months: pd.DataFrame,
    *,
    currency: str,
    scale: float = 1.0,
    smallest: int = 0,
) -> pd.DataFrame:
    """Return what a newcomer of each channel cost in the year, and of all, the dearest first.

    Parameters
    ----------
    costs : purpose, channel, amount; only the purpose acquisition counts, and referral's rewards
        for a channel of that name.
    months : channel, months, customers, margin (sum of those known so long), new.
    """
    new = months.groupby("channel")["new"].first() * scale
    own = costs[costs["purpose"] == "acquisition"].groupby("channel")["amount"].sum()
    rewards = costs.loc[costs["purpose"] == REFERRAL, "amount"].sum()
    if rewards and REFERRAL in new.index:
        own[REFERRAL] = own.get(REFERRAL, 0.0) + rewards
    names = [name for name in own.index if name and name in new.index]
    spent = {"all": float(own.sum())} | {name: float(own[name]) for name in names}
    many = {"all": float(new.sum())} | {name: float(new[name]) for name in names}
    values = {
        name: each(spent[name], many[name], currency, max(smallest, FEWEST_NEW)) for name in spent
    }
    curves = {
        name: months if name == "all" else months[months["channel"] == name] for name in spent
    }
    frame = to_frame(values.values(), channel=list(values))
    frame["payback_months"] = [payback(curves[name], values[name]) for name in values]
    return frame.sort_values("value", ascending=False, ignore_index=True)


def each(spent: float, many: float, currency: str, fewest: int) -> MaybeEstimate:
    """Return a sum of money for each of some customers, whose number is a draw (Poisson)."""
    n = round(many)
    if n < fewest:
        return NotEstimable("too_few_customers", n=n, needed=fewest)
    low, high = garwood(n)
    return Estimate(value=spent / n, low=spent / high, high=spent / low, n=n, unit=currency,
                    method=METHOD)  # fmt: skip


def payback(months: pd.DataFrame, cost: MaybeEstimate) -> float:
    """Return after how many months a newcomer's margin has made up for the cost; NaN: not so soon.

    Parameters
    ----------
    months : months, customers, margin: of the customers known so long, their margin to then.
    """
    if isinstance(cost, NotEstimable):
        return np.nan
    sums = months.groupby("months")[["customers", "margin"]].sum()
    mean = sums["margin"] / sums["customers"].where(sums["customers"] >= FEWEST_NEW)
    paid = mean.index[mean >= cost.value]
    return float(paid.min()) if len(paid) else np.nan


def winning_to_keeping(edition: Edition) -> dict[str, MaybeEstimate] | NotEstimable:
    """Return by rule how many times keeping a customer a year what winning one costs."""
    if not edition.has("channel_costs"):
        return NotEstimable("needs_table", table="costs")
    return cost_ratios(edition.table("channel_costs"), edition.table("growth_cells"))


def cost_ratios(costs: pd.DataFrame, cells: pd.DataFrame) -> dict[str, MaybeEstimate]:
    """Return winning one customer by keeping one for a year, under three rules for shared costs.

    Parameters
    ----------
    costs : purpose, amount.
    cells : came, customers, revenue of the year, as `growth_cells`; newcomers are won and referred.
    """
    amounts = costs.groupby("purpose")["amount"].sum()
    win, keep = (float(amounts.reindex(names).sum()) for names in (WINNING, KEEPING))
    shared = float(amounts.get("service", 0.0))
    is_new = cells["came"].isin(["won", "referred"])
    new, kept = (float(cells.loc[rows, "customers"].sum()) for rows in (is_new, ~is_new))
    money_new, money = float(cells.loc[is_new, "revenue"].sum()), float(cells["revenue"].sum())
    if min(new, kept) < FEWEST_NEW:
        return dict.fromkeys(
            RULES, NotEstimable("too_few_customers", n=int(min(new, kept)), needed=FEWEST_NEW)
        )
    if win <= 0 or keep <= 0:
        return dict.fromkeys(RULES, NotEstimable("costs_without_purpose", n=int(new)))
    parts = {"left out": (0.0, 0.0)}
    for rule, share in (("by customers", new / (new + kept)), ("by revenue", money_new / money)):
        parts[rule] = (share * shared, (1 - share) * shared)
    error = np.exp(1.96 * np.sqrt(1 / new + 1 / kept))
    values = {rule: ((win + a) / new) / ((keep + b) / kept) for rule, (a, b) in parts.items()}
    one = Estimate(value=1.0, low=1 / error, high=error, n=int(new + kept), unit="ratio",
                   method="costs in full; numbers of customers are draws")  # fmt: skip
    return {rule: replace(one.times(value), unit="ratio") for rule, value in values.items()}
