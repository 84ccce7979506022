"""From what customers are worth from now on to what the page publishes under stable ids."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import _
from profitchain.exhibits.findings import Recorded, finding
from profitchain.lifetime.by_group import ALIKE, ScoreGroupComparison
from profitchain.lifetime.customer_value import CustomerValue
from profitchain.lifetime.holdout_test import HoldoutTest


def of_prospects(ahead: CustomerValue) -> list[Recorded]:
    """Return what customers are worth from now on, how many are alive, what they will order."""
    words = {"money": _(ahead.money), "months": ahead.horizon_months}
    span = _("{money}, next {months} months, discounted", **words)
    if ahead.under_contract:
        span = _("{money}, to come, discounted", **words)
    told = {
        "lifetime_value_mean": (ahead.mean, _("Lifetime value of a customer ({span})", span=span)),
        "lifetime_value_total": (
            ahead.total,
            _("Lifetime value of all customers ({span})", span=span),
        ),
        "lifetime_value_new": (
            ahead.new_customer,
            _("Lifetime value of a new customer ({span})", span=span),
        ),
        "share_alive": (ahead.share_alive, _("Mean chance to be still a customer")),
        "expected_orders_12m": (
            ahead.orders_12_months,
            _("Expected days with an order, a customer, 12 months"),
        ),
    }
    return [finding(id, said, label=label) for id, (said, label) in told.items()]


def of_groups(groups: pd.DataFrame, compared: ScoreGroupComparison | None) -> list[Recorded]:
    """Return what customers are worth by group, and the score groups' difference, both alike."""
    label = _("Lifetime value of a customer")
    found = [
        finding("lifetime_value_mean", _said(row), label=label, group=f"{row.segment}: {row.group}")
        for row in groups[groups["segment"] != ALIKE].itertuples()
    ]
    if compared is None:
        return found
    words = _(
        "Lifetime value, {best} less {worst}, among like customers",
        best=_(compared.best),
        worst=_(compared.worst),
    )
    return [*found, finding("lifetime_value_difference", compared.difference, label=words)]


def of_holdout(tried: HoldoutTest | NotEstimable) -> list[Recorded]:
    """Return how much was expected for what then happened: purchase days, and money."""
    parts = {"lifetime_holdout_ratio": "ratio", "lifetime_holdout_money_ratio": "money_ratio"}
    words = (_("Purchase days expected by those that came"), _("Money expected by what came"))
    return [
        finding(id, tried if isinstance(tried, NotEstimable) else getattr(tried, part), label=label)
        for (id, part), label in zip(parts.items(), words, strict=True)
    ]


def _said(row: object) -> Estimate | NotEstimable:
    if row.why:
        return NotEstimable(row.why, n=int(row.n))
    return Estimate(value=row.value, low=row.low, high=row.high, n=int(row.n), unit=row.unit)
