"""From value today to what is published under stable ids."""

from __future__ import annotations

from collections.abc import Mapping

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _
from profitchain.exhibits.findings import Recorded, finding
from profitchain.measures.rfm import ValueGroups, group_shares, group_sizes
from profitchain.measures.value_satisfaction_matrix import Fields, field_sizes, not_satisfied_share

LABELS = {
    "top_decile_revenue_share": N_("Revenue carried by the top tenth of the period's customers"),
    "top_decile_margin_share": N_("Margin carried by the top tenth of the period's customers"),
    "top_decile_revenue_share_lookback": N_("Revenue carried by the top tenth, lookback"),
    "top_decile_margin_share_lookback": N_("Margin carried by the top tenth, lookback"),
    "revenue_gini": N_("Gini index of revenue over the period's customers"),
    "margin_gini": N_("Gini index of margin over the period's customers"),
    "profit_per_customer": N_("Profit per customer after cost to serve, lookback"),
    "loss_making_share": N_("Customers who cost more than their margin, lookback"),
    "answered_customers_share": N_("Customers of the lookback with an answer"),
    "orders_per_customer_lookback": N_("Orders per customer, lookback"),
    "days_between_purchases": N_("Days between purchases, median customer"),
    "high_value_dissatisfied_share": N_("Not satisfied, of customers of high value with an answer"),
}
SHARES = {
    "revenue": N_("Share of the lookback's revenue"),
    "margin": N_("Share of the lookback's margin"),
}


def of_value(said: Mapping[str, MaybeEstimate]) -> list[Recorded]:
    """Return figures of the whole firm as findings (`said`: by the ids of `LABELS`)."""
    return [finding(id, one, label=_(LABELS[id])) for id, one in said.items()]


def of_groups(groups: ValueGroups, *, smallest: int) -> list[Recorded]:
    """Return each value group's customers and its shares of revenue and margin."""
    told = [
        _by_group(
            "value_group_customers",
            _("Customers of the value group"),
            group_sizes(groups, smallest=smallest),
        )
    ]
    for money in dict.fromkeys(["revenue", groups.money]):
        shares = group_shares(groups, money, smallest=smallest)
        label = _(SHARES[money])
        told.append(_by_group(f"value_group_{money}_share", label, shares))
    return [one for part in told for one in part]


def of_fields(
    found: Fields | NotEstimable, answered: MaybeEstimate, *, smallest: int
) -> list[Recorded]:
    """Return the customers of the four fields, who answered, and who isn't satisfied."""
    high = not_satisfied_share(found, high=True, smallest=smallest)
    said = {"answered_customers_share": answered, "high_value_dissatisfied_share": high}
    sizes = field_sizes(found, smallest=smallest)
    return [*of_value(said), *_by_group("four_field_customers", _("Customers in the field"), sizes)]


def of_rhythm(said: Mapping[str, MaybeEstimate]) -> list[Recorded]:
    """Return orders per customer and the days between purchases (`said`: as `rhythm.rhythm`)."""
    ids = {
        "orders_per_customer_lookback": said["orders_per_customer"],
        "days_between_purchases": said["days_between"],
    }
    return of_value(ids)


def _by_group(id: str, label: str, said: Mapping[str, MaybeEstimate]) -> list[Recorded]:
    return [finding(id, one, label=label, group=group) for group, one in said.items()]
