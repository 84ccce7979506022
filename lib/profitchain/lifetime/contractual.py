"""What a customer under contract is worth: margin, retention and discount in one formula.

Where customers sign up and sign off, retention is observed, and with a constant margin m a period,
retention r and discount d a customer is worth m r / (1 + d - r) if the first payment comes with the
next period, and m (1 + d) / (1 + d - r) if it comes now (Gupta and Lehmann 2003, J. Interact. Mark.
17(1): 9-24). Without contracts a customer who skips a period is not lost, so both are too low.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.stats.ratios import Linearised, linearise, stated

METHOD = "95% interval clustered by customer (delta method)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractValue:
    """The formulas' values per active customer, and what enters them.

    `retention` is a share a period; `margin` is `money` ("margin", or revenue where no margin is
    known) of an active customer and period. `next_payment` and `payment_now` are the two formulas;
    `source` is average revenue x retention / (1 - churn) x lifetime as it is often written, which
    comes to revenue / churn. `active` counts the customers of the last period.
    """

    retention: MaybeEstimate
    margin: MaybeEstimate
    next_payment: MaybeEstimate
    payment_now: MaybeEstimate
    source: MaybeEstimate
    money: str
    active: int

    def value(self, first_payment: str) -> MaybeEstimate:
        """Return the formula that fits when the first payment comes: "next" period or "now"."""
        return self.payment_now if first_payment == "now" else self.next_payment


def value_under_contract(
    activity: pd.DataFrame, period: Period, *, currency: str, yearly_discount: float
) -> ContractValue:
    """Return what an active customer is worth by retention, from the periods of the last year.

    Parameters
    ----------
    activity : one row a period and cluster
        Reads `previously_active`, `retained`, `active` (customers), `revenue` and `margin` (if
        known), money in `currency`.
    """
    names = [str(period.shift(-back)) for back in range(period.per_year)]
    year = activity[activity["period"].isin(names)]
    money = "margin" if "margin" in activity else "revenue"
    retention = linearise(year, "retained", "previously_active")
    margin, revenue = linearise(year, money, "active"), linearise(year, "revenue", "active")
    discount = (1 + yearly_discount) ** (1 / period.per_year) - 1
    return ContractValue(
        retention=retention
        if isinstance(retention, NotEstimable)
        else stated(retention, unit="share", bounds=(0.0, 1.0), method=METHOD),
        margin=margin
        if isinstance(margin, NotEstimable)
        else stated(margin, unit=currency, method=METHOD),
        next_payment=_formula(margin, retention, discount, now=False, unit=currency),
        payment_now=_formula(margin, retention, discount, now=True, unit=currency),
        source=_formula(revenue, retention, 0.0, now=True, unit=currency),
        money=money,
        active=int(activity.loc[activity["period"] == str(period), "active"].sum()),
    )


def value_of_retention(margin: float, retention: float, discount: float, *, now: bool) -> float:
    """Return the value of a margin each period, kept with a chance, discounted a period.

    Examples
    --------
    >>> round(value_of_retention(100, 0.8, 0.1, now=False), 2)
    266.67
    >>> round(value_of_retention(100, 0.8, 0.1, now=True), 2)
    366.67
    """
    paid = 1 + discount if now else retention
    return margin * paid / (1 + discount - retention)


def _formula(
    margin: Linearised | NotEstimable,
    retention: Linearised | NotEstimable,
    discount: float,
    *,
    now: bool,
    unit: str,
) -> MaybeEstimate:
    """Return a formula's value, the errors of margin and retention carried along."""
    if isinstance(margin, NotEstimable):
        return margin
    if isinstance(retention, NotEstimable):
        return retention
    left = 1 + discount - retention.value
    if left <= 0:
        return NotEstimable("value_without_an_end", n=retention.n)
    if retention.value >= 1:  # its error is unknown: a value would look far surer than it is
        return NotEstimable("nobody_left_yet", n=retention.n)
    value = value_of_retention(margin.value, retention.value, discount, now=now)
    by_margin = value / margin.value if margin.value else 0.0
    by_retention = value / left if now else margin.value * (1 + discount) / left**2
    errors = (by_margin * margin.errors).add(by_retention * retention.errors, fill_value=0.0)
    effective = min(margin.effective, retention.effective)
    linear = Linearised(value=value, errors=errors, n=retention.n, effective=effective)
    return stated(linear, unit=unit, method=METHOD)
