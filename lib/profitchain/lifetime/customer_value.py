"""What this firm's customers are worth from now on, by the model that fits how they buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.lifetime import by_group as lifetime_groups
from profitchain.lifetime import contractual, expected_value, holdout_test
from profitchain.lifetime.by_group import ScoreGroupComparison
from profitchain.lifetime.contractual import Contract
from profitchain.lifetime.expected_value import Foreseen, Outlook
from profitchain.lifetime.holdout_test import HeldOut
from profitchain.panel.edition import Edition
from profitchain.stats.ratios import change, ratio
from profitchain.stats.sampling_weights import factor

UNDER_CONTRACT = "under_contract"
A_YEAR = 12  # months
GROUP_COLUMNS = ["group", "value", "low", "high", "n", "why", "unit", "segment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """What is expected of the customers known at the period's end.

    `mean` (a customer) and `total` (all) are the discounted `money` of `horizon_months`; under
    contract of all time, by the formula of retention. `share_alive` is the mean chance to be alive;
    `orders` and `brought` are a customer's days with an order and undiscounted money by the months
    ahead (12 and the horizon). `of_active`: `mean` of those alone who bought in the period. `value`
    is customer by customer.
    """

    view: Outlook | NotEstimable
    contract: Contract
    horizon_months: int
    money: str
    mean: MaybeEstimate
    total: MaybeEstimate
    share_alive: MaybeEstimate
    new_customer: MaybeEstimate
    of_active: MaybeEstimate
    orders: Mapping[int, MaybeEstimate]
    brought: Mapping[int, MaybeEstimate]
    value: Foreseen | None = None
    under_contract: bool = False

    @property
    def orders_12_months(self) -> MaybeEstimate:
        """A customer's expected days with an order in the next 12 months."""
        return self.orders[A_YEAR]


def prospects(edition: Edition, *, horizon_months: int = 36) -> Prospects:
    """Return what is expected of an edition's customers."""
    firm = edition.company
    terms = {"currency": firm.currency, "yearly_discount": firm.discount_rate}
    contract = contractual.contract(edition.table("activity"), edition.period, **terms)
    if firm.contractual:
        return _under_contract(contract, firm.first_payment, horizon_months)
    months = edition.table("drawn_months" if edition.has("drawn_months") else "months")
    paid = expected_value.paid_within(months, edition.period, firm.lookback_months)
    view = expected_value.outlook(known_now(edition), paid, currency=firm.currency)
    if isinstance(view, NotEstimable):
        return _unknown(view, contract, horizon_months)
    return _foreseen(view, contract, horizon_months, firm.discount_rate)


def known_now(edition: Edition) -> pd.DataFrame:
    """Return one row a customer as they stand at the period's end."""
    customers = edition.table("customers")
    return customers[customers["back"] == 0].reset_index(drop=True)


def by_group(
    ahead: Prospects, edition: Edition
) -> tuple[pd.DataFrame, ScoreGroupComparison | None]:
    """Return what customers are worth by group, and score groups of like age and segments.

    The frame is that of `lifetime_groups.every_group`; without a value, it has no rows.
    """
    if ahead.value is None:
        return pd.DataFrame(columns=GROUP_COLUMNS), None
    firm = edition.company
    how = {"unit": firm.currency, "smallest": edition.smallest, "segments": firm.segments}
    return lifetime_groups.every_group(ahead.view, ahead.value, firm.main, **how)


def tried(edition: Edition) -> HeldOut | NotEstimable:
    """Return what the model, fitted to an earlier end of a period, expected and what then came."""
    if edition.company.contractual:
        return NotEstimable(UNDER_CONTRACT)
    if not edition.has("holdout"):
        return NotEstimable("history_too_short")
    then, days = edition.table("holdout"), edition.table("repeat_days")
    if then.empty:
        return NotEstimable("nobody_yet_so_long_ago")
    return holdout_test.held_out(then, known_now(edition), days, currency=edition.company.currency)


def spend_by_repeats(customers: pd.DataFrame, currency: str) -> dict[str, MaybeEstimate]:
    """Return what customers pay on a later purchase day, by how often they came back.

    Gamma-Gamma takes the means of those who came back `once` and `more` often for the same;
    `apart` is the second less the first.
    """
    back = customers[(customers["repeats"] > 0) & (customers["repeat_revenue"] > 0)]
    each = back.assign(paid=back["repeat_revenue"] / back["repeats"], n=1)
    once, more = (each[each["repeats"] > 1 if often else each["repeats"] == 1] for often in (0, 1))
    of = {"numerator": "paid", "denominator": "n", "unit": currency}
    return {"once": ratio(once, **of), "more": ratio(more, **of), "apart": change(more, once, **of)}


def _foreseen(view: Outlook, contract: Contract, months: int, yearly_discount: float) -> Prospects:
    there = expected_value.alive(view)
    spans = {span: expected_value.orders(view, there, months=span) for span in (A_YEAR, months)}
    terms = {"months": months, "yearly_discount": yearly_discount}
    brought: dict[int, MaybeEstimate] = {}
    worth = None
    mean = total = active = view.no_money
    if not view.no_money:
        for span, orders in spans.items():
            money = expected_value.money(view, orders)
            brought[span] = expected_value.mean_said(view, money, view.currency)
        worth = expected_value.money(view, expected_value.orders(view, there, **terms))
        mean = expected_value.mean_said(view, worth, view.currency)
        total = mean.times(len(view.customers) * factor(view.customers))
        active = _of_active(view, worth)
    return Prospects(
        view=view,
        contract=contract,
        horizon_months=months,
        money=view.money,
        mean=mean,
        total=total,
        share_alive=expected_value.mean_said(view, there, "share"),
        new_customer=expected_value.of_a_new_customer(view, **terms),
        of_active=active,
        orders={n: expected_value.mean_said(view, days, "orders") for n, days in spans.items()},
        brought=brought,
        value=worth,
    )


def _of_active(view: Outlook, worth: Foreseen) -> MaybeEstimate:
    bought = (view.customers["period_orders"] > 0).to_numpy()
    if bought.sum() < 2:
        return NotEstimable("too_few_bought", n=int(bought.sum()))
    return expected_value.mean_said(view, worth, view.currency, bought)


def _under_contract(contract: Contract, first_payment: str, months: int) -> Prospects:
    mean = contract.value(first_payment)
    total = mean.times(contract.active) if isinstance(mean, Estimate) else mean
    known = _unknown(NotEstimable(UNDER_CONTRACT), contract, months)
    return replace(known, mean=mean, total=total, under_contract=True)


def _unknown(why: NotEstimable, contract: Contract, months: int) -> Prospects:
    names = ("mean", "total", "share_alive", "new_customer", "of_active")
    return Prospects(
        view=why,
        contract=contract,
        horizon_months=months,
        money=contract.money,
        orders={A_YEAR: why},
        brought={months: why},
        **dict.fromkeys(names, why),
    )
