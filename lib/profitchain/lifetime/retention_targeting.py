"""What is at stake with those who may leave, and how many of them it would pay to call.

Money is margin where the firm knows or assumes it, else revenue. A contact is taken to keep, of
those who would leave, the share `success_rate`; nothing in these data says what that share is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime.churn_model import (
    ChurnForecast,
    MaybeForecast,
    beats_a_coin,
    lookback_base,
    recency_days,
)
from profitchain.lifetime.time_to_order import satisfaction_groups
from profitchain.sources.company import Question
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.model_design import kish
from profitchain.stats.ols import least_squares
from profitchain.stats.ratios import Linearised, stated
from profitchain.stats.sampling_weights import STANDS_FOR, factor, of_all

Cost = Literal["given", "counted", "assumed"]
THIRDS = ("lowest third", "middle third", "highest third")
NOT_ANSWERED = "no answer"
ASSUMED_COST = 0.01  # of what a customer brought in the lookback, where nothing is known
PLACES = 60  # on the curve of profit
FEWEST_OF_EACH = 30  # who stayed and who did not, to see what keeping one is worth
METHOD = "parameters by the delta method, and who of them leaves by chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionValue:
    """What keeping a customer is worth over so many `periods`: a constant and a slope on money."""

    line: Quantities
    periods: int

    def of(self, rows: pd.DataFrame) -> pd.Series:
        """Return the value of keeping each customer."""
        return pd.Series(_value_columns(rows) @ self.line.values, index=rows.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPlan:
    """Whom a contact would pay for, under the assumptions named.

    `gains`: one row a customer of the present base, the most worthwhile first: row, risk, value
    (of keeping the customer), expected_gain (of contacting, cost paid). `cost` is that of one
    contact, `cost_is` where it comes from.
    """

    forecast: ChurnForecast
    gains: pd.DataFrame
    cost: float
    cost_is: Cost
    success_rate: float
    retention: RetentionValue

    @property
    def break_even(self) -> float:
        """The success rate at which calling everybody gains nothing; above 1: it never pays."""
        mean = float((self.gains["risk"] * self.gains["value"]).mean())
        return self.cost / mean if mean > 0 else float("inf")

    @property
    def worthwhile(self) -> int:
        """How many rows' expected gain is above nothing."""
        return int((self.gains["expected_gain"] > 0).sum())

    @property
    def to_call(self) -> int:
        """How many of all customers it pays to contact."""
        return self.among_all(self.worthwhile)

    def among_all(self, rows: int) -> int:
        """Return for how many customers so many rows stand."""
        return int(of_all(pd.Series([rows]), factor(self.gains)).iloc[0])


MaybePlan = ContactPlan | NotEstimable


def money_column(customers: pd.DataFrame) -> str:
    """Return which column is the value of a customer: margin, or revenue where no margin is."""
    return "margin" if "margin" in customers else "revenue"


def value_at_risk(forecast: MaybeForecast, *, currency: str, smallest: int = 0) -> MaybeEstimate:
    """Return what customers who are predicted to order nothing brought in the lookback.

    The sum over the base of the chance to order nothing in the next period times what the customer
    brought. The interval holds the model's error and the chance of who of them it will be; it does
    not know of a period that is unlike the ones before.
    """
    if isinstance(forecast, NotEstimable):
        return forecast
    return _at_risk(forecast, np.ones(len(forecast.now), bool), currency, smallest)


def at_risk_by_group(
    forecast: MaybeForecast, question: Question | None, *, currency: str, smallest: int = 0
) -> pd.DataFrame:
    """Return the value at risk by satisfaction and by value: segment, group, value, low, high, n.

    `share` is that of what the group brought; `why` says why a group is not shown.
    """
    if isinstance(forecast, NotEstimable):
        return to_frame([], segment=[], group=[]).assign(share=[])
    now, money = forecast.now, forecast.now[money_column(forecast.now)]
    third = np.ceil(money.rank(method="average", pct=True) * 3).clip(1, 3).astype(int) - 1
    thirds = pd.Categorical.from_codes(third, categories=list(THIRDS))
    segments = {"value": pd.Series(thirds, index=now.index)}
    if question is not None and "score" in now:
        segments["satisfaction"] = score_groups(now, question)
    frames = []
    for segment, group in segments.items():
        names = [str(name) for name in group.cat.categories]
        members = [(group == name).to_numpy() for name in names]
        risks = [_at_risk(forecast, inside, currency, smallest) for inside in members]
        brought = np.array([factor(now) * float(money[inside].sum()) for inside in members])
        frame = to_frame(risks, segment=[segment] * len(names), group=names)
        share = frame["value"] / np.where(brought > 0, brought, np.nan)
        frames.append(frame.assign(share=share))
    groups = pd.concat(frames, ignore_index=True)
    return groups[groups["n"] > 0]


def expected_inactive_share(forecast: MaybeForecast, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the present base predicted to order nothing in the next period."""
    if isinstance(forecast, NotEstimable):
        return forecast
    n = len(forecast.now)
    if n < smallest:
        return NotEstimable("group_too_small", n=n, smallest=smallest)
    whole = _expected_sum(forecast, np.full(n, 1 / n), n=n)
    return stated(whole, unit="share", bounds=(0.0, 1.0), method=METHOD)


def plan_contacts(
    customers: pd.DataFrame,
    forecast: MaybeForecast,
    *,
    success_rate: float,
    contact_cost: float = 0.0,
) -> MaybePlan:
    """Return whom of the present base a contact would pay for.

    Parameters
    ----------
    customers : as in `churn_model.forecast_churn`, also with `margin` or `revenue`, its `period_`
        one, `contacts` and `contact_cost`.
    success_rate : share of those who would order nothing that a contact keeps, 0 to 1.
    contact_cost : of one contact; 0: the mean of the firm's own, else `ASSUMED_COST` of what a
        customer brought in the lookback.
    """
    if not 0 < success_rate <= 1 or contact_cost < 0:
        raise ParameterError(
            f"success_rate is {success_rate:g} and contact_cost {contact_cost:g}. A share above 0 "
            "and up to 1 is kept, at a cost of 0 or more: change them in the notebook's parameters."
        )
    if isinstance(forecast, NotEstimable):
        return forecast
    now = forecast.now
    if not beats_a_coin(forecast):
        return NotEstimable("no_better_than_a_coin", n=len(now))
    retention = retention_value(customers, forecast)
    if isinstance(retention, NotEstimable):
        return retention
    cost, source = cost_of_a_contact(now, contact_cost)
    gains = pd.DataFrame({"row": now["row"], "risk": now["chance"], "value": retention.of(now)})
    if STANDS_FOR in now:
        gains[STANDS_FOR] = now[STANDS_FOR]
    gains["expected_gain"] = success_rate * gains["risk"] * gains["value"] - cost
    gains = gains.sort_values(["expected_gain", "row"], ascending=[False, True])
    return ContactPlan(
        forecast=forecast, gains=gains, cost=cost, cost_is=source,
        success_rate=success_rate, retention=retention,
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


def profit_curve(plan: ContactPlan, *, success_rate: float) -> pd.DataFrame:
    """Return the expected profit of contacting the first so many customers of a plan.

    Customers stand in the plan's order; with another success rate than the plan's the curve says
    what the same calls would bring. The interval holds the errors of the chances, of what a kept
    customer is worth and of who was drawn. One row a number: customers, value, low, high.
    """
    gains, forecast, weight = plan.gains, plan.forecast, factor(plan.gains)
    risk, value = gains["risk"].to_numpy(), gains["value"].to_numpy()
    now = forecast.now.loc[gains.index]
    by_chance = (value * risk * (1 - risk))[:, None] * forecast.model.columns(now)
    slopes = np.column_stack([by_chance, risk[:, None] * _value_columns(now)])
    both = stacked([forecast.model.coefficients, plan.retention.line])
    places = np.unique(np.linspace(0, len(gains), PLACES + 1).round().astype(int))
    places = np.union1d(places, [plan.worthwhile])
    summed = np.vstack([np.zeros(slopes.shape[1]), np.cumsum(slopes, axis=0)])
    summed = summed[places] * success_rate
    gain = success_rate * risk * value - plan.cost
    variance = np.einsum("ij,jk,ik->i", summed, both.covariance, summed)
    variance = variance + (1 - 1 / weight) * np.append(0.0, np.cumsum(gain**2))[places]
    half = weight * stats.t.ppf(0.975, both.df) * np.sqrt(variance)
    values = weight * np.append(0.0, np.cumsum(gain))[places]
    columns = {"value": values, "low": values - half, "high": values + half}
    return pd.DataFrame({"customers": of_all(pd.Series(places), weight), **columns})


def profit_curves(plan: MaybePlan) -> pd.DataFrame:
    """Return the plan's curve, and that of the same calls if only half as many are kept.

    One row a number and success rate: customers, value, low, high, success_rate, why.
    """
    if isinstance(plan, NotEstimable):
        return to_frame([plan], customers=[0], success_rate=[np.nan])
    curves = [
        profit_curve(plan, success_rate=rate).assign(success_rate=rate)
        for rate in (plan.success_rate, plan.success_rate / 2)
    ]
    return pd.concat(curves, ignore_index=True).assign(why="")


def expected_profit(plan: MaybePlan, *, currency: str) -> MaybeEstimate:
    """Return the expected profit of contacting those whom it pays to contact, cost paid."""
    if isinstance(plan, NotEstimable):
        return plan
    curve = profit_curve(plan, success_rate=plan.success_rate)
    row = curve[curve["customers"] == plan.to_call].iloc[0]
    return Estimate(
        value=float(row["value"]), low=float(row["low"]), high=float(row["high"]),
        n=len(plan.gains), unit=currency, method="parameters by the delta method",
    )  # fmt: skip


def at_risk_list(plan: MaybePlan, question: Question | None) -> pd.DataFrame:
    """Return the present base, the most worthwhile to contact first: for the firm's own use.

    One row a customer: row (to be joined to the firm's own numbers), risk (chance to order nothing
    in the next period), value (of keeping the customer), expected_gain, rank, score_group,
    recency_days.
    """
    columns = ["row", "risk", "value", "expected_gain", "rank", "score_group", "recency_days"]
    if isinstance(plan, NotEstimable):
        return pd.DataFrame(columns=columns)
    now = plan.forecast.now
    groups = pd.Series(NOT_ANSWERED, index=now.index)
    if question is not None and "score" in now:
        groups = score_groups(now, question).astype(str)
    rows = plan.gains.assign(
        rank=range(1, len(now) + 1), score_group=groups, recency_days=recency_days(now)
    )
    return rows[columns].reset_index(drop=True)


def score_groups(rows: pd.DataFrame, question: Question) -> pd.Series:
    """Return each customer's group by the latest score, with one for those who gave none."""
    return satisfaction_groups(rows, question).cat.rename_categories({"": NOT_ANSWERED})


def cost_of_a_contact(now: pd.DataFrame, parameter: float) -> tuple[float, Cost]:
    """Return what a contact costs, and where that comes from (`parameter`: 0 where not given)."""
    if parameter > 0:
        return parameter, "given"
    if "contact_cost" in now and now["contacts"].sum() > 0 and now["contact_cost"].sum() > 0:
        return float(now["contact_cost"].sum() / now["contacts"].sum()), "counted"
    return ASSUMED_COST * max(float(now[money_column(now)].mean()), 0.0), "assumed"


def _at_risk(
    forecast: ChurnForecast, inside: np.ndarray, currency: str, smallest: int
) -> MaybeEstimate:
    n = int(inside.sum())
    if n < max(smallest, 1):
        return NotEstimable("group_too_small", n=n, smallest=smallest)
    money = forecast.now[money_column(forecast.now)].to_numpy(float)
    weight = factor(forecast.now)
    whole = _expected_sum(forecast, np.where(inside, money, 0.0), n=n, weight=weight)
    return stated(whole, unit=currency, method=METHOD)


def _expected_sum(
    forecast: ChurnForecast, amounts: np.ndarray, *, n: int, weight: float = 1.0
) -> Linearised:
    """Return the expected sum of amounts over those who will leave, with its errors.

    They are the model's; of who of them it will be; and of who was drawn, where each row stands
    for `weight` customers (each of them drawn or not by itself).
    """
    chance, coefficients = forecast.now["chance"].to_numpy(), forecast.model.coefficients
    variance = chance * (1 - chance)
    slopes = (amounts * variance) @ forecast.model.columns(forecast.now)
    of_model = coefficients.errors.to_numpy() @ slopes
    scatter = amounts * np.sqrt(variance)
    by_lot = weight * (weight - 1) * float(((amounts * chance) ** 2).sum())
    by_chance = np.sqrt(weight * (scatter @ scatter) + by_lot)
    return Linearised(
        value=weight * float(amounts @ chance),
        errors=pd.Series(np.append(weight * of_model, by_chance)),
        n=n,
        effective=min(coefficients.effective, kish(np.abs(scatter)) if scatter.any() else 2.0),
    )


def _value_columns(rows: pd.DataFrame) -> np.ndarray:
    """Return the columns on which the value of keeping a customer stands."""
    return np.column_stack([np.ones(len(rows)), rows[money_column(rows)].to_numpy(float)])
