"""What this firm's customers are worth from now on, by the model that fits how they buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.lifetime import by_group, contractual, expected_value, holdout_test
from profitchain.lifetime.by_group import ScoreGroupComparison
from profitchain.lifetime.contractual import ContractValue
from profitchain.lifetime.expected_value import Expectation, LifetimeModels
from profitchain.lifetime.holdout_test import HoldoutTest, MaybeHoldout
from profitchain.panel.edition import Edition
from profitchain.stats.ratios import change, ratio
from profitchain.stats.sampling_weights import factor

UNDER_CONTRACT = "under_contract"
A_YEAR = 12  # months


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerValue:
    """What is expected of the customers known at the period's end.

    `mean` (a customer) and `total` (all) are the discounted `money` of `horizon_months`; under
    contract of all time, by the formula of retention. All of it is withheld where the model failed
    its trial. `share_alive` is the mean chance to be alive, over the range of both models;
    `orders` and `brought` are a customer's days with an order and undiscounted money by the months
    ahead (12 and the horizon). `of_active`: `mean` of those alone who bought in the period. `value`
    is customer by customer.
    """

    models: LifetimeModels | NotEstimable
    contract: ContractValue
    horizon_months: int
    money: str
    mean: MaybeEstimate
    total: MaybeEstimate
    share_alive: MaybeEstimate
    new_customer: MaybeEstimate
    of_active: MaybeEstimate
    orders: Mapping[int, MaybeEstimate]
    brought: Mapping[int, MaybeEstimate]
    value: Expectation | None = None
    under_contract: bool = False

    @property
    def orders_12_months(self) -> MaybeEstimate:
        """A customer's expected days with an order in the next 12 months."""
        return self.orders[A_YEAR]


def value_ahead(
    edition: Edition, trial: MaybeHoldout, *, horizon_months: int = 36
) -> CustomerValue:
    """Return what is expected of an edition's customers, by the model that did better on the past.

    Parameters
    ----------
    trial : what `back_test` says of the models; where there was none, the likelier one is used.
    """
    firm = edition.company
    activity = edition.table("activity")
    contract = contractual.value_under_contract(
        activity[activity["guest"] == 0] if "guest" in activity else activity,
        edition.period,
        currency=firm.currency, yearly_discount=firm.discount_rate,
    )  # fmt: skip
    if firm.contractual:
        mean = contract.value(firm.first_payment)
        total = mean.times(contract.active) if isinstance(mean, Estimate) else mean
        unknown = _unknown(NotEstimable(UNDER_CONTRACT), contract, horizon_months)
        return replace(unknown, mean=mean, total=total, under_contract=True)
    months = edition.table("drawn_months" if edition.has("drawn_months") else "months")
    paid = expected_value.paid_within(months, edition.period, firm.lookback_months)
    models = expected_value.fit_models(
        customers_now(edition), paid, currency=firm.currency,
        model=trial.models.purchases.name if isinstance(trial, HoldoutTest) else None,
    )  # fmt: skip
    if isinstance(models, NotEstimable):
        return _unknown(models, contract, horizon_months)
    if (why := holdout_test.failure(trial)) is not None:
        unknown = _unknown(why, contract, horizon_months)
        return replace(unknown, models=models, money=models.money)
    return _expected(models, contract, horizon_months, firm.discount_rate)


def customers_now(edition: Edition) -> pd.DataFrame:
    """Return one row a customer as they stand at the period's end."""
    customers = edition.table("customers")
    return customers[customers["back"] == 0].reset_index(drop=True)


def value_by_group(
    ahead: CustomerValue, edition: Edition
) -> tuple[pd.DataFrame, ScoreGroupComparison | None]:
    """Return what customers are worth by group, and score groups of like age and segments.

    The frame is that of `by_group.value_by_all_groups`; without a value, it has no rows.
    """
    if ahead.value is None:
        return pd.DataFrame(columns=by_group.COLUMNS), None
    firm = edition.company
    return by_group.value_by_all_groups(
        ahead.value, firm.main,
        unit=firm.currency, smallest=edition.smallest, segments=firm.segments,
    )  # fmt: skip


def back_test(edition: Edition) -> MaybeHoldout:
    """Return what the model, fitted to an earlier end of a period, expected and what then came."""
    if edition.company.contractual:
        return NotEstimable(UNDER_CONTRACT)
    if not edition.has("holdout"):
        return NotEstimable("history_too_short")
    then, days = edition.table("holdout"), edition.table("repeat_days")
    if then.empty:
        return NotEstimable("nobody_yet_so_long_ago")
    return holdout_test.compare_with_holdout(
        then, customers_now(edition), days,
        currency=edition.company.currency, smallest=edition.smallest,
    )  # fmt: skip


def spend_by_repeats(customers: pd.DataFrame, currency: str) -> dict[str, MaybeEstimate]:
    """Return what customers pay on a later purchase day, by how often they came back.

    Gamma-Gamma takes the means of those who came back `once` and `more` often for the same;
    `apart` is the second less the first.
    """
    back = customers[(customers["repeats"] > 0) & (customers["repeat_revenue"] > 0)]
    rows = back.assign(paid=back["repeat_revenue"] / back["repeats"], n=1)
    once, more = rows[rows["repeats"] == 1], rows[rows["repeats"] > 1]
    mean = partial(ratio, numerator="paid", denominator="n", unit=currency)
    apart = change(more, once, numerator="paid", denominator="n", unit=currency)
    return {"once": mean(once), "more": mean(more), "apart": apart}


def _expected(
    models: LifetimeModels, contract: ContractValue, months: int, yearly_discount: float
) -> CustomerValue:
    alive, mean = expected_value.alive(models), expected_value.mean_estimate
    orders = {span: expected_value.orders(alive, months=span) for span in (A_YEAR, months)}
    ahead = {"months": months, "yearly_discount": yearly_discount}
    of_all = replace(
        _unknown(models.no_money or NotEstimable("too_few_bought"), contract, months),
        models=models,
        money=models.money,
        share_alive=expected_value.share_alive(models),
        new_customer=expected_value.new_customer_value(models, **ahead),
        orders={span: mean(days, "orders") for span, days in orders.items()},
        brought={},
    )
    if models.no_money:
        return of_all
    value = expected_value.money(expected_value.orders(alive, **ahead))
    brought = {span: expected_value.money(days) for span, days in orders.items()}
    bought = (models.customers["period_orders"] > 0).to_numpy()
    n, unit = int(bought.sum()), models.currency
    return replace(
        of_all,
        mean=mean(value, unit),
        total=mean(value, unit).times(len(models.customers) * factor(models.customers)),
        of_active=NotEstimable("too_few_bought", n=n) if n < 2 else mean(value, unit, bought),
        brought={span: mean(money, unit) for span, money in brought.items()},
        value=value,
    )


def _unknown(why: NotEstimable, contract: ContractValue, months: int) -> CustomerValue:
    return CustomerValue(
        models=why,
        contract=contract,
        horizon_months=months,
        money=contract.money,
        mean=why,
        total=why,
        share_alive=why,
        new_customer=why,
        of_active=why,
        orders={A_YEAR: why},
        brought={months: why},
    )
