"""What customers are worth from now on: who is still there, what they will buy, what it brings.

Given that a customer is alive, the rate of buying is gamma (r + x, alpha + T) and the chance to
leave beta (a, b + k), who could have left k times (BG/NBD: k = x; MBG/NBD: k = x + 1), so that
purchases at time s from now come at the rate
(r + x)/(alpha + T) 2F1(r + x + 1, a; a + b + k; -s/(alpha + T)). The integral over s, discounted,
is done by Gauss and Legendre; without a discount it is the closed form of Fader, Hardie and Lee
(2005), whose a = 1 needs no care here. It depends on the customer by x and T alone, smoothly in
log(alpha + T), so it is worked out at a few such places and read between them (Chebyshev).

Each number is carried as its values, one a customer, and their slopes in the parameters: errors of
means then hold both which customers there happen to be and how well the parameters are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.polynomial import chebyshev, legendre
from scipy.special import hyp2f1

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import Period, months_before
from profitchain.lifetime import bgnbd_gammagamma
from profitchain.lifetime.bgnbd_gammagamma import DAYS_A_WEEK, STEP, FittedModel
from profitchain.stats.glm import Quantities
from profitchain.stats.model_design import kish
from profitchain.stats.ratios import Linearised, stated

DAYS_A_YEAR = 365
MONTHS_A_YEAR = 12
EVER = 12 * 200
PLACES = 20  # of log(alpha + T), and of time ahead: nine digits hold
PURCHASE_COUNT, SPEND_COUNT = len(bgnbd_gammagamma.PURCHASES), len(bgnbd_gammagamma.SPEND)
RATE = PURCHASE_COUNT + SPEND_COUNT  # where the margin rate stands among the parameters
BOTH_MODELS = "from the lower end of one model's 95% interval to the upper end of the other's"
CARRIED = "95% interval clustered by customer; parameters' errors included (delta method)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeModels:
    """The fitted models of one snapshot, and the customers that they speak of.

    `purchases` is the model in use, `rival` the other one of `PURCHASE_MODELS`, if it could be
    fitted.
    `parameters`: the logs of r, alpha, a, b, p, q, v, then the margin rate: what is left, of each
    unit of money that customers pay, as `money` ("margin", or "revenue" net of refunds). Where
    money can't be expected, `no_money` says why.
    """

    customers: pd.DataFrame
    purchases: FittedModel
    spend: FittedModel | NotEstimable
    parameters: Quantities
    money: str
    currency: str
    no_money: NotEstimable | None = None
    rival: FittedModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A number expected of each of the `models`' customers.

    `slopes` are those in the models' parameters (customers x parameters).
    """

    models: LifetimeModels
    values: np.ndarray
    slopes: np.ndarray

    def times(self, other: Expectation) -> Expectation:
        """Return the product, customer by customer."""
        slopes = self.slopes * other.values[:, None] + other.slopes * self.values[:, None]
        return replace(self, values=self.values * other.values, slopes=slopes)


def fit_models(
    customers: pd.DataFrame, paid: float, *, currency: str, model: str | None = None
) -> LifetimeModels | NotEstimable:
    """Return the fitted models of one snapshot, or why there are none.

    Parameters
    ----------
    customers : one row a customer of one snapshot
        Reads what `bgnbd_gammagamma` reads, and `revenue` and `margin` (if known) of the lookback.
    paid : what these customers paid within the lookback, refunds not netted (`paid_within`).
    model : of purchases; None: the one with the higher likelihood, both having four parameters.
    """
    fits = [
        bgnbd_gammagamma.fit_purchases(customers, name) for name in bgnbd_gammagamma.PURCHASE_MODELS
    ]
    fitted = [fit for fit in fits if isinstance(fit, FittedModel)]
    if not fitted:
        return next(fit for fit in fits if isinstance(fit, NotEstimable))
    fitted.sort(key=lambda fit: (fit.name == model, fit.log_likelihood), reverse=True)
    purchases, *others = fitted
    spend = bgnbd_gammagamma.fit_spend(customers)
    money = "margin" if "margin" in customers else "revenue"
    rate = margin_rate(customers, paid, money)
    unknown = [model for model in (spend, rate) if isinstance(model, NotEstimable)]
    return LifetimeModels(
        customers=customers,
        purchases=purchases,
        spend=spend,
        parameters=_side_by_side(
            purchases.logs,
            spend.logs if isinstance(spend, FittedModel) else _nothing(SPEND_COUNT),
            rate if isinstance(rate, Quantities) else _nothing(1),
        ),
        money=money,
        currency=currency,
        no_money=unknown[0] if unknown else None,
        rival=others[0] if others else None,
    )


def using_rival(models: LifetimeModels) -> LifetimeModels | None:
    """Return the same with the other model of purchases in use, or None if it could not be fitted.

    Their parameters have the same places, so those of money stay as they are.
    """
    if models.rival is None:
        return None
    logs, old, errors = models.rival.logs, models.parameters, models.parameters.errors.copy()
    errors.iloc[:, :PURCHASE_COUNT] = logs.errors.reindex(errors.index).to_numpy()
    parameters = replace(old, values=np.r_[logs.values, old.values[PURCHASE_COUNT:]], errors=errors)
    return replace(models, purchases=models.rival, rival=models.purchases, parameters=parameters)


def paid_within(months: pd.DataFrame, last: Period, lookback_months: int | None) -> float:
    """Return what customers paid in the months of a lookback that ends with a period.

    Of a lookback that begins within a month, as of a week, that month counts by its days.

    Parameters
    ----------
    months : one row a month: `month` (2026-03), `revenue` of purchases, refunds not netted.
    """
    first = months_before(last.shift(1).first_day, lookback_months or EVER)
    name, start, end = months["month"].astype(str), f"{first:%Y-%m}", f"{last.last_day:%Y-%m}"
    before = (name == start) * (first.day - 1) / pd.Timestamp(first).days_in_month
    return float((months["revenue"] * (1 - before))[name.between(start, end)].sum())


def margin_rate(customers: pd.DataFrame, paid: float, money: str) -> Quantities | NotEstimable:
    """Return what is left as `money` of a unit that customers pay, within the lookback.

    Margin and revenue are net of refunds, payments are not: so refunds come off. How much of the
    payments was refunded is counted in full; margin per net revenue has its sampling error.
    """
    net = float(customers["revenue"].sum())
    if net <= 0 or paid <= 0:
        return NotEstimable("nothing_left_of_payments", n=len(customers))
    earned = float(customers[money].sum())
    rate = earned / net
    by_cluster = customers.groupby("cluster")[list({"revenue", money})].sum()
    errors = (by_cluster[money] - rate * by_cluster["revenue"]) / paid
    return Quantities(
        values=np.array([earned / paid]),
        errors=errors.to_frame(0),
        n=len(customers),
        effective=kish(customers["cluster"].value_counts().to_numpy()),
    )


def alive(models: LifetimeModels) -> Expectation:
    """Return each customer's chance to be alive."""
    rows, model = models.customers, models.purchases.name
    history = [rows[name].to_numpy(float) for name in ("repeats", "last_age_days", "age_days")]
    return _expectation(models, 0, lambda logs: bgnbd_gammagamma.alive(logs, *history, model=model))


def share_alive(models: LifetimeModels) -> Estimate:
    """Return the mean chance to be alive; its interval reaches over those of both models.

    Nobody sees who has left, and models that predict alike may say quite different shares.
    """
    both = [models, using_rival(models)]
    shares = [mean_estimate(alive(each), "share") for each in both if each is not None]
    ends = [end for share in shares for end in (share.low, share.high)]
    return replace(shares[0], low=min(ends), high=max(ends), method=BOTH_MODELS)


def orders(alive: Expectation, *, months: float, yearly_discount: float = 0.0) -> Expectation:
    """Return each customer's expected days with a purchase in the months to come.

    Parameters
    ----------
    alive : each customer's chance to be alive, as the function of that name returns.
    yearly_discount : what a purchase in a year counts less than one now, as a rate.
    """
    rows, days = alive.models.customers, months * DAYS_A_YEAR / MONTHS_A_YEAR
    ahead = partial(purchases_if_alive, days=days, model=alive.models.purchases.name)
    repeats, age = rows["repeats"].to_numpy(float), rows["age_days"].to_numpy(float)
    discount_a_day = float(np.log1p(yearly_discount)) / DAYS_A_YEAR

    def if_alive(logs: np.ndarray) -> np.ndarray:
        return ahead(logs, repeats, age, discount_a_day=discount_a_day)

    return alive.times(_expectation(alive.models, 0, if_alive))


def payment_expected(models: LifetimeModels) -> Expectation:
    """Return what each customer is expected to pay on a day with a purchase."""
    rows = models.customers
    repeats, paid = rows["repeats"].to_numpy(float), rows["repeat_revenue"].to_numpy(float)

    def payment(logs: np.ndarray) -> np.ndarray:
        p, q, v = np.exp(logs)
        return np.asarray(p * (v + paid) / (p * repeats + q - 1))

    return _expectation(models, PURCHASE_COUNT, payment)


def money(orders: Expectation) -> Expectation:
    """Return what each customer's expected orders bring, in the models' money."""
    paid = orders.times(payment_expected(orders.models))
    slopes = np.zeros_like(paid.slopes)
    slopes[:, RATE] = 1
    rate = np.full(len(slopes), paid.models.parameters.values[RATE])
    return paid.times(replace(paid, values=rate, slopes=slopes))


def new_customer_value(
    models: LifetimeModels, *, months: float, yearly_discount: float = 0.0
) -> MaybeEstimate:
    """Return what is expected of one who has just bought first, that first purchase not counted."""
    if models.no_money:
        return models.no_money
    names = ("repeats", "last_age_days", "age_days", "repeat_revenue")
    newcomer = pd.DataFrame({name: [0.0] for name in names}).assign(cluster=-1)
    chance = alive(replace(models, customers=newcomer))
    value = money(orders(chance, months=months, yearly_discount=yearly_discount))
    linear = replace(mean(value), n=models.parameters.n)
    return bounded_estimate(linear, models.currency, positive=linear.value > 0)


def mean(expected: Expectation, inside: np.ndarray | None = None) -> Linearised:
    """Return a number's mean over customers (all, or those `inside`), with its errors."""
    inside = np.ones(len(expected.values), dtype=bool) if inside is None else inside
    n = int(inside.sum())
    weights = inside / n
    value = float(weights @ expected.values)
    own = weights * (expected.values - value)
    return linearised_sum(expected, weights, own=own, n=n)


def linearised_sum(
    expected: Expectation, weights: np.ndarray, *, own: np.ndarray, n: int
) -> Linearised:
    """Return a weighted sum of a number, its errors those of customers and of parameters.

    Parameters
    ----------
    weights : one a customer. `own` : what each customer brings to the sum's error.
    """
    models, errors = expected.models, expected.models.parameters.errors
    codes = errors.index.get_indexer(models.customers["cluster"])
    has_code = codes >= 0
    counts = np.bincount(codes[has_code & (weights != 0)])
    counts = counts[counts > 0]
    total = errors.to_numpy() @ (weights @ expected.slopes)
    if len(counts) > 1:
        factor = np.sqrt(len(counts) / (len(counts) - 1))
        total = total + factor * np.bincount(codes[has_code], own[has_code], len(errors))
    return Linearised(
        value=float(weights @ expected.values),
        errors=pd.Series(total, index=errors.index),
        n=n,
        effective=kish(counts) if len(counts) else models.parameters.effective,
    )


def bounded_estimate(linear: Linearised, unit: str, *, positive: bool = False) -> Estimate:
    """Return an expected number with its interval: a share stays within 0 and 1.

    `positive`: it can't be below 0, so its interval is even in its logarithm.
    """
    if unit == "share" or not positive or linear.value <= 0:
        bounds = (0.0, 1.0) if unit == "share" else None
        return stated(linear, unit=unit, bounds=bounds, method=CARRIED)
    errors = linear.errors / linear.value
    log = stated(replace(linear, value=float(np.log(linear.value)), errors=errors), unit=unit)
    low, high = float(np.exp(log.low)), float(np.exp(log.high))
    return replace(log, value=linear.value, low=low, high=high, method=CARRIED)


def mean_estimate(expected: Expectation, unit: str, inside: np.ndarray | None = None) -> Estimate:
    """Return a number's mean over customers (all, or those `inside`), with its interval."""
    models = expected.models
    rate = models.parameters.values[RATE]
    unsure = unit == models.currency and rate < 2 * np.sqrt(
        models.parameters.covariance[RATE, RATE]
    )
    positive = not unsure and bool((expected.values >= 0).all())
    return bounded_estimate(mean(expected, inside), unit, positive=positive)


def purchases_if_alive(
    logs: np.ndarray,
    repeats: np.ndarray,
    age_days: np.ndarray,
    *,
    days: float,
    discount_a_day: float = 0.0,
    model: str = "BG/NBD",
) -> np.ndarray:
    """Return the purchases expected of customers who are alive, within so many days ahead."""
    r, alpha, a, b = np.exp(logs)
    counts, at_count = np.unique(repeats, return_inverse=True)
    ages, at_age = np.unique(age_days, return_inverse=True)
    scale = np.log(alpha + ages / DAYS_A_WEEK)
    middle, half = (scale[0] + scale[-1]) / 2, (scale[-1] - scale[0]) / 2
    places = chebyshev.chebpts1(PLACES)
    between = (scale - middle) / half if half > 0 else np.zeros(len(scale))
    inverse = np.linalg.inv(chebyshev.chebvander(places, PLACES - 1))
    reading = chebyshev.chebvander(between, PLACES - 1) @ inverse
    spans = np.exp(middle + half * places)  # alpha + T, in weeks
    ahead, widths = _times_ahead(spans, days / DAYS_A_WEEK)
    widths = widths * np.exp(-discount_a_day * DAYS_A_WEEK * ahead)
    shape = (r + counts)[:, None, None]
    stays = a + b + bgnbd_gammagamma.chances_to_leave(model, counts)
    left = _still_there(shape + 1, a, stays[:, None, None], ahead / spans[:, None])
    table = (r + counts)[:, None] / spans * np.einsum("xkq,kq->xk", left, widths)
    return np.asarray((reading @ table.T)[at_age, at_count])


def purchases_of_new(logs: np.ndarray, days: np.ndarray, model: str = "BG/NBD") -> np.ndarray:
    """Return the repeats expected within so many days (one number each) of the first purchase."""
    r, alpha, a, b = np.exp(logs)
    ahead, widths = _times_ahead(np.full(len(days), alpha), days / DAYS_A_WEEK)
    chances = bgnbd_gammagamma.chances_to_leave(model, np.zeros(1))[0]
    stays = b / (a + b) if chances else 1.0
    left = _still_there(np.array(r + 1), a, np.array(a + b + chances), ahead / alpha)
    return np.asarray(r / alpha * stays * (left * widths).sum(axis=1))


def _times_ahead(spans: np.ndarray, weeks: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times ahead and their weights (spans x places), even in log(1 + time/span)."""
    points, weights = legendre.leggauss(PLACES)
    top = np.log1p(weeks / spans)[:, None]
    logs = top * (points + 1) / 2
    widths = spans[:, None] * np.exp(logs) * top / 2 * weights
    return spans[:, None] * np.expm1(logs), widths


def _still_there(shape: np.ndarray, a: float, c: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return 2F1(shape, a; c; -time), by the two of Pfaff's forms that lose no digits.

    The first adds up positive terms but may overflow; where both do, nothing is left.
    """
    inside = time / (1 + time)
    with np.errstate(all="ignore"):
        first = np.exp(-shape * np.log1p(time)) * hyp2f1(shape, c - a, c, inside)
        off = ~((first >= 0) & (first <= 1))
        if off.any():
            parts = [np.broadcast_to(part, first.shape)[off] for part in (shape, c, time, inside)]
            shape, c, time, inside = parts
            second = np.exp(-a * np.log1p(time)) * hyp2f1(c - shape, a, c, inside)
            first[off] = np.where((second >= 0) & (second <= 1), second, 0.0)
    return np.asarray(first)


def _expectation(
    models: LifetimeModels, first: int, function: Callable[[np.ndarray], np.ndarray]
) -> Expectation:
    """Return a function of the parameters from `first` on, with central differences as slopes."""
    count = SPEND_COUNT if first else PURCHASE_COUNT
    logs = models.parameters.values[first : first + count]
    slopes = np.zeros((len(models.customers), len(models.parameters.values)))
    for place, step in enumerate(STEP * np.eye(count)):
        if models.parameters.errors.iloc[:, first + place].any():
            rise = function(logs + step) - function(logs - step)
            slopes[:, first + place] = rise / (2 * STEP)
    return Expectation(models=models, values=function(logs), slopes=slopes)


def _nothing(count: int) -> Quantities:
    """Return so many parameters that are missing: 0, without error."""
    none = pd.DataFrame(columns=range(count))
    return Quantities(values=np.zeros(count), errors=none, n=0, effective=0.0)


def _side_by_side(first: Quantities, *others: Quantities) -> Quantities:
    """Return numbers estimated side by side as one; who is not among others brings no error."""
    index = first.errors.index
    errors = [part.errors.reindex(index, fill_value=0.0).to_numpy(float) for part in others]
    return replace(
        first,
        values=np.concatenate([first.values, *(part.values for part in others)]),
        errors=pd.DataFrame(np.column_stack([first.errors.to_numpy(), *errors]), index=index),
    )
