"""What a contact with those who may leave is worth, and from which success rate on it pays.

How many of those who would stay away a contact keeps, no history tells: only a lot does. So there
is the success rate at which a contact breaks even and the size of a test that would tell it; and a
plan whom to contact only where offers with a hold-out have measured success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.effects.power import arm_for_rates
from profitchain.lifetime.churn_model import (
    ChurnForecast,
    MaybeForecast,
    beats_a_coin,
    lookback_base,
    recency_days,
)
from profitchain.lifetime.retention_targeting import NOT_ANSWERED, money_column, score_groups
from profitchain.sources.company import Question
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.ols import least_squares
from profitchain.stats.ratios import Linearised, linearise, stated
from profitchain.stats.sampling_weights import STANDS_FOR, factor, of_all

Cost = Literal["given", "counted"]
PLACES = 60  # on the curve of break-even rates
TOP = 0.1  # of the base: those with whom most is at stake
FEWEST_OF_EACH = 30  # who stayed and who did not, to see what keeping one is worth
METHOD = "parameters by the delta method"
BY_LOT = "share kept, offered against held out by lot; clustered by customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionValue:
    """What keeping a customer is worth over so many `periods`: a constant and a slope on money."""

    line: Quantities
    periods: int

    def of(self, rows: pd.DataFrame) -> pd.Series:
        """Return the value of keeping each customer."""
        return pd.Series(_value_columns(rows) @ self.line.values, index=rows.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactValue:
    """What contacts with the present base are worth.

    `customers`: one row a customer, most at stake first: row, risk (chance to order nothing next),
    value (of keeping the customer, in `money`), at_stake (their product: what a contact would bring
    that surely keeps). `cost` is that of one contact and `cost_is` where it comes from, or why it
    is not known. `success` is the share kept of those who would stay away, as measured by lot.
    """

    forecast: ChurnForecast
    customers: pd.DataFrame
    money: str
    cost: float | NotEstimable
    cost_is: Cost | None
    success: MaybeEstimate
    retention: RetentionValue

    @property
    def top(self) -> int:
        """How many rows are those with whom most is at stake."""
        return max(round(TOP * len(self.customers)), 1)

    def among_all(self, rows: int) -> int:
        """Return for how many customers so many rows stand."""
        return int(of_all(pd.Series([rows]), factor(self.customers)).iloc[0])


MaybeContactValue = ContactValue | NotEstimable


def contact_value(
    customers: pd.DataFrame, forecast: MaybeForecast, *, contact_cost: float = 0.0
) -> MaybeContactValue:
    """Return what contacts with the present base are worth, or why that can't be said.

    Parameters
    ----------
    customers : as in `churn_model.forecast_churn`, also with `margin` or `revenue`, its `period_`
        one, `contacts`, `contact_cost` and `next_held_out` (of `measured_success`).
    contact_cost : of one contact; 0: the mean of the firm's own.
    """
    if contact_cost < 0:
        raise ParameterError(
            f"contact_cost is {contact_cost:g}. A contact costs 0 or more (0: the mean of table "
            "contacts): change it in the notebook's parameters."
        )
    if isinstance(forecast, NotEstimable):
        return forecast
    now = forecast.now
    if not beats_a_coin(forecast):
        return NotEstimable("no_better_than_a_coin", n=len(now))
    retention = retention_value(customers, forecast)
    if isinstance(retention, NotEstimable):
        return retention
    rows = pd.DataFrame({"row": now["row"], "risk": now["chance"], "value": retention.of(now)})
    if STANDS_FOR in now:
        rows[STANDS_FOR] = now[STANDS_FOR]
    rows["at_stake"] = rows["risk"] * rows["value"]
    cost, source = cost_of_a_contact(now, contact_cost)
    return ContactValue(
        forecast=forecast,
        customers=rows.sort_values(["at_stake", "row"], ascending=[False, True]),
        money=money_column(now), cost=cost, cost_is=source,
        success=measured_success(customers), retention=retention,
    )  # fmt: skip


def retention_value(
    customers: pd.DataFrame, forecast: ChurnForecast
) -> RetentionValue | NotEstimable:
    """Return what a customer brings more who orders in the next period, over that and those after.

    Seen from the base a year ago, or from a later one where that holds too few who stayed or who
    did not: a straight line of what each brought since on the lookback's money, for those who
    ordered in the next period and for those who did not, at the same predicted chance; a kept
    customer counts the difference.
    """
    money = money_column(customers)
    for periods in range(min(forecast.per_year, int(customers["back"].max())), 0, -1):
        then = lookback_base(customers[customers["sampled"] == 1], periods)
        has_stayed = (then["next_orders"] > 0).to_numpy(float)
        if min(has_stayed.sum(), len(then) - has_stayed.sum()) < FEWEST_OF_EACH:
            continue
        since = customers[customers["back"] < periods].groupby("row")[f"period_{money}"].sum()
        before = then[money].to_numpy(float)
        line = least_squares(
            np.column_stack([has_stayed, has_stayed * before]),
            since.reindex(then["row"]).fillna(0.0).to_numpy(float)[:, None],
            then["cluster"].to_numpy(),
            others=np.column_stack([np.ones(len(then)), before, forecast.model.chances(then)]),
        )
        if isinstance(line, NotEstimable):
            return line
        return RetentionValue(line=line, periods=periods)
    return NotEstimable("too_few_to_value_keeping", n=len(forecast.now))


def measured_success(customers: pd.DataFrame) -> MaybeEstimate:
    """Return the share kept, by offers, of those who would have ordered nothing in a period.

    The lot makes those who were offered something and those held out alike, so that the difference
    in who orders nothing is the offer's doing.

    Parameters
    ----------
    customers : one row a customer and snapshot
        Reads `cluster`, `back`, `sampled`, `orders`, `next_orders` and `next_held_out` (1 the lot
        held back the offer of the period after, 0 it did not, NaN no offer was due).
    """
    if "next_held_out" not in customers:
        return NotEstimable("success_not_measured")
    rows = lookback_base(customers[(customers["back"] > 0) & (customers["sampled"] == 1)])
    rows = rows[rows["next_held_out"].notna()]
    rows = rows.assign(away=(rows["next_orders"] == 0).astype(int), n=1)
    arms = [rows[rows["next_held_out"] == held] for held in (0, 1)]
    fewest = min(min(arm["away"].sum(), len(arm) - arm["away"].sum()) for arm in arms)
    if fewest < FEWEST_OF_EACH:
        return NotEstimable("success_measured_on_too_few", n=len(rows), needed=FEWEST_OF_EACH)
    offered, held = (linearise(arm, "away", "n") for arm in arms)
    if isinstance(offered, NotEstimable):
        return offered
    if isinstance(held, NotEstimable):
        return held
    left = offered.value / held.value
    errors = (left * held.errors / held.value).sub(offered.errors / held.value, fill_value=0.0)
    effective = min(offered.effective, held.effective)
    kept = Linearised(value=1 - left, errors=errors, n=len(rows), effective=effective)
    return stated(kept, unit="share", method=BY_LOT)


def worth_at_most(plan: MaybeContactValue, *, currency: str, top: bool = False) -> MaybeEstimate:
    """Return what a contact that surely keeps brings, on average: of all, or of the `top` tenth."""
    if isinstance(plan, NotEstimable):
        return plan
    first = plan.top if top else len(plan.customers)
    means, halves = _means_at_stake(plan, np.array([first]))
    value, half = float(means[0]), float(halves[0])
    ends = {"value": value, "low": value - half, "high": value + half}
    return Estimate(**ends, n=first, unit=currency, method=METHOD)


def break_even(plan: MaybeContactValue, *, top: bool = False) -> MaybeEstimate:
    """Return the share kept at which contacting all, or the `top` tenth, costs what it brings."""
    if isinstance(plan, NotEstimable):
        return plan
    first = plan.top if top else len(plan.customers)
    rate = break_even_rates(plan, np.array([first]))
    if isinstance(rate, NotEstimable):
        return rate
    if not rate["value"].le(1).all():
        return NotEstimable("pays_at_no_rate", n=first)
    return Estimate.of(rate.assign(n=first).iloc[0], unit="share")


def break_even_curve(plan: MaybeContactValue) -> pd.DataFrame:
    """Return the break-even rate of contacting the first so many, most at stake first.

    One row a number: customers, value, low, high (shares), why. It ends where no rate is enough.
    """
    nothing = NotEstimable("pays_at_no_rate") if isinstance(plan, ContactValue) else plan
    rates: pd.DataFrame | NotEstimable = nothing
    if isinstance(plan, ContactValue):
        places = np.linspace(0, len(plan.customers), PLACES + 1).round().astype(int)
        rates = break_even_rates(plan, np.unique(places)[1:])
    if isinstance(rates, NotEstimable):
        return to_frame([rates], customers=[0])
    rates = rates[rates["value"] <= 1]
    return rates if len(rates) else to_frame([nothing], customers=[0])


def break_even_rates(plan: ContactValue, places: np.ndarray) -> pd.DataFrame | NotEstimable:
    """Return the break-even rate of contacting the first so many (`places`), as the curve has it.

    Where contacts bring nothing it is infinite. Intervals are even in the logarithm.
    """
    n = len(plan.customers)
    if plan.money != "margin":
        return NotEstimable("no_margin", n=n)
    if isinstance(plan.cost, NotEstimable):
        return plan.cost
    means, halves = _means_at_stake(plan, places)
    with np.errstate(divide="ignore", over="ignore"):
        rate = np.where(means > 0, plan.cost / means, np.inf)
        factors = np.exp(halves / np.abs(means))
    columns = {"value": rate, "low": rate / factors, "high": np.minimum(rate * factors, 1)}
    called = of_all(pd.Series(places), factor(plan.customers))
    return pd.DataFrame({"customers": called, **columns}).assign(why="")


def arm_of_a_test(plan: MaybeContactValue) -> MaybeEstimate:
    """Return how many customers each arm of a test needs to tell the break-even rate from nothing.

    Drawn by lot from the present base: some are contacted, as many are not.
    """
    rate = break_even(plan)
    if isinstance(plan, NotEstimable) or isinstance(rate, NotEstimable):
        return plan if isinstance(plan, NotEstimable) else rate
    away = float(plan.customers["risk"].mean())
    arm = float(arm_for_rates(away, away * (1 - rate.value)))
    return Estimate(value=arm, low=arm, high=arm, n=rate.n, unit="customers")


def worthwhile(plan: ContactValue) -> MaybeEstimate:
    """Return how many of all customers a contact pays for at the measured success, if it is clear.

    Unit "customers"; its own interval, for it is a decision and no estimate.
    """
    rows = _paying(plan)
    if isinstance(rows, NotEstimable):
        return rows
    count = float(plan.among_all(rows))
    return Estimate(value=count, low=count, high=count, n=len(plan.customers), unit="customers")


def expected_gain(plan: MaybeContactValue, *, currency: str) -> MaybeEstimate:
    """Return the margin that contacting the worthwhile is expected to bring, contacts paid.

    At the success that offers with a hold-out have measured; its error is carried, as are those of
    the chances and of what a kept customer is worth.
    """
    if isinstance(plan, NotEstimable):
        return plan
    rows = _paying(plan)
    if isinstance(rows, NotEstimable):
        return rows
    if isinstance(plan.success, NotEstimable) or isinstance(plan.cost, NotEstimable) or not rows:
        return NotEstimable("pays_for_nobody", n=len(plan.customers))
    means, halves = _means_at_stake(plan, np.array([rows]))
    mean, half, success = float(means[0]), float(halves[0]), plan.success
    of_success = (success.high - success.low) / 2 * mean
    half = float(np.hypot(success.value * half, of_success))
    called = plan.among_all(rows)
    value, half = called * (success.value * mean - plan.cost), called * half
    ends = {"value": value, "low": value - half, "high": value + half}
    return Estimate(**ends, n=len(plan.customers), unit=currency, method=METHOD)


def at_risk_list(plan: MaybeContactValue, question: Question | None) -> pd.DataFrame:
    """Return the present base, most at stake first: for the firm's own use.

    One row a customer: row (to be joined to the firm's own numbers), risk (chance to order nothing
    in the next period), value (of keeping the customer), at_stake (risk times value), rank,
    score_group, recency_days.
    """
    columns = ["row", "risk", "value", "at_stake", "rank", "score_group", "recency_days"]
    if isinstance(plan, NotEstimable):
        return pd.DataFrame(columns=columns)
    now = plan.forecast.now
    groups = pd.Series(NOT_ANSWERED, index=now.index)
    if question is not None and "score" in now:
        groups = score_groups(now, question).astype(str)
    rows = plan.customers.assign(
        rank=range(1, len(now) + 1), score_group=groups, recency_days=recency_days(now)
    )
    return rows[columns].reset_index(drop=True)


def cost_of_a_contact(
    now: pd.DataFrame, parameter: float
) -> tuple[float | NotEstimable, Cost | None]:
    """Return what a contact costs, and where that comes from (`parameter`: 0 where not given)."""
    if parameter > 0:
        return parameter, "given"
    if "contact_cost" in now and now["contacts"].sum() > 0 and now["contact_cost"].sum() > 0:
        return float(now["contact_cost"].sum() / now["contacts"].sum()), "counted"
    return NotEstimable("contact_cost_not_known", n=len(now)), None


def _paying(plan: ContactValue) -> int | NotEstimable:
    """Return how many rows, of the first, bring more at the measured success than they cost."""
    if isinstance(plan.success, NotEstimable):
        return plan.success
    if plan.success.low <= 0:
        return NotEstimable("success_not_clear", n=plan.success.n)
    if plan.money != "margin":
        return NotEstimable("no_margin", n=len(plan.customers))
    if isinstance(plan.cost, NotEstimable):
        return plan.cost
    return int((plan.success.value * plan.customers["at_stake"] > plan.cost).sum())


def _means_at_stake(plan: ContactValue, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean at stake of the first so many, and half of its 95% interval.

    It holds the errors of the chances, of what a kept customer is worth and of who was drawn.
    """
    risk, value = (plan.customers[name].to_numpy(float) for name in ("risk", "value"))
    now = plan.forecast.now.loc[plan.customers.index]
    by_chance = (value * risk * (1 - risk))[:, None] * plan.forecast.model.columns(now)
    slopes = np.column_stack([by_chance, risk[:, None] * _value_columns(now)])
    both = stacked([plan.forecast.model.coefficients, plan.retention.line])
    slopes = np.cumsum(slopes, axis=0)[places - 1] / places[:, None]
    variance = np.einsum("ij,jk,ik->i", slopes, both.covariance, slopes)
    by_lot = 1 - 1 / factor(plan.customers)
    variance = variance + by_lot * np.cumsum((risk * value) ** 2)[places - 1] / places**2
    means = np.cumsum(risk * value)[places - 1] / places
    return means, stats.t.ppf(0.975, both.df) * np.sqrt(variance)


def _value_columns(rows: pd.DataFrame) -> np.ndarray:
    """Return the columns on which the value of keeping a customer stands."""
    return np.column_stack([np.ones(len(rows)), rows[money_column(rows)].to_numpy(float)])
