"""From what customers are worth from now on to what the page publishes under stable ids."""

from __future__ import annotations

import pandas as pd

from profitchain.estimates import Estimate, Unsaid
from profitchain.findings import Recorded, finding
from profitchain.holdouts import HeldOut
from profitchain.lifetime_groups import ALIKE, Compared
from profitchain.lifetime_value import Prospects


def of_prospects(ahead: Prospects) -> list[Recorded]:
    """Return what customers are worth from now on, how many are alive, what they will order."""
    when = "to come" if ahead.under_contract else f"next {ahead.horizon_months} months"
    span = f"{ahead.money}, {when}, discounted"
    told = {
        "lifetime_value_mean": (ahead.mean, f"Lifetime value of a customer ({span})"),
        "lifetime_value_total": (ahead.total, f"Lifetime value of all customers ({span})"),
        "lifetime_value_new": (ahead.new_customer, f"Lifetime value of a new customer ({span})"),
        "share_alive": (ahead.share_alive, "Mean chance to be still a customer"),
        "expected_orders_12m": (
            ahead.orders_12_months,
            "Expected days with an order, a customer, 12 months",
        ),
    }
    return [finding(id, said, label=label) for id, (said, label) in told.items()]


def of_groups(groups: pd.DataFrame, compared: Compared | None) -> list[Recorded]:
    """Return what customers are worth by group, and the score groups' difference, both alike."""
    label = "Lifetime value of a customer"
    found = [
        finding("lifetime_value_mean", _said(row), label=label, group=f"{row.segment}: {row.group}")
        for row in groups[groups["segment"] != ALIKE].itertuples()
    ]
    if compared is None:
        return found
    words = f"Lifetime value, {compared.best} less {compared.worst}, among like customers"
    return [*found, finding("lifetime_value_difference", compared.difference, label=words)]


def of_holdout(tried: HeldOut | Unsaid) -> list[Recorded]:
    """Return how much was expected for what then happened: purchase days, and money."""
    parts = {"lifetime_holdout_ratio": "ratio", "lifetime_holdout_money_ratio": "money_ratio"}
    words = ("Purchase days expected by those that came", "Money expected by what came")
    return [
        finding(id, tried if isinstance(tried, Unsaid) else getattr(tried, part), label=label)
        for (id, part), label in zip(parts.items(), words, strict=True)
    ]


def _said(row: object) -> Estimate | Unsaid:
    if row.why:
        return Unsaid(why=row.why, n=int(row.n))
    return Estimate(value=row.value, low=row.low, high=row.high, n=int(row.n), unit=row.unit)
