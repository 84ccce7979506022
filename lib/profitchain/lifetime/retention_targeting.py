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
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.lifetime.churn_features import recency_days
from profitchain.lifetime.churn_model import Foresight, base, foretells
from profitchain.lifetime.time_to_order import satisfaction_groups
from profitchain.sources.company import Question
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.model_design import kish
from profitchain.stats.ols import least_squares
from profitchain.stats.ratios import Linearised, said_frame, stated
from profitchain.stats.sampling_weights import STANDS_FOR, factor, of_all

Cost = Literal["given", "counted", "assumed"]
THIRDS = ("lowest third", "middle third", "highest third")
NOT_ANSWERED = "no answer"
ASSUMED_COST = 0.01  # of what a customer brought in the lookback, where nothing is known
PLACES = 60  # on the curve of profit
FEWEST_OF_EACH = 30  # who stayed and who did not, to see what keeping one is worth
METHOD = "parameters by the delta method, and who of them leaves by chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOfKeeping:
    """What keeping a customer is worth over so many `periods`: a constant and a slope on money."""

    line: Quantities
    periods: int

    def of(self, rows: pd.DataFrame) -> pd.Series:
        """Return the value of keeping each customer."""
        return pd.Series(_worth_columns(rows) @ self.line.values, index=rows.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whom a contact would pay for, under the assumptions named.

    `gains`: one row a customer of the present base, the most worthwhile first: row, risk, value
    (of keeping the customer), expected_gain (of contacting, cost paid). `cost` is that of one
    contact, `cost_is` where it comes from.
    """

    gains: pd.DataFrame
    cost: float
    cost_is: Cost
    success_rate: float
    kept: ValueOfKeeping

    @property
    def break_even(self) -> float:
        """The success rate at which calling everybody gains nothing; above 1: it never pays."""
        kept = float((self.gains["risk"] * self.gains["value"]).mean())
        return self.cost / kept if kept > 0 else float("inf")

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


def money_of(customers: pd.DataFrame) -> str:
    """Return which column is the value of a customer: margin, or revenue where no margin is."""
    return "margin" if "margin" in customers else "revenue"


def value_at_risk(
    seen: Foresight | NotEstimable, *, currency: str, smallest: int = 0
) -> MaybeEstimate:
    """Return what customers who are foretold to order nothing brought in the lookback.

    The sum over the base of the chance to order nothing in the next period times what the customer
    brought. The interval holds the model's error and the chance of who of them it will be; it does
    not know of a period that is unlike the ones before.
    """
    if isinstance(seen, NotEstimable):
        return seen
    return _at_risk(seen, np.ones(len(seen.now), bool), currency, smallest)


def at_risk_by_group(
    seen: Foresight | NotEstimable, question: Question | None, *, currency: str, smallest: int = 0
) -> pd.DataFrame:
    """Return the value at risk by satisfaction and by value: segment, group, value, low, high, n.

    `share` is that of what the group brought; `why` says why a group is not shown.
    """
    if isinstance(seen, NotEstimable):
        return said_frame([], segment=[], group=[]).assign(share=[])
    now, money = seen.now, seen.now[money_of(seen.now)]
    parts = {"value": _thirds(money)}
    if question is not None and "score" in now:
        parts["satisfaction"] = score_groups(now, question)
    rows = [(name, str(group)) for name, part in parts.items() for group in part.cat.categories]
    inside = [(parts[name] == group).to_numpy() for name, group in rows]
    said = [_at_risk(seen, one, currency, smallest) for one in inside]
    brought = [factor(now) * float(money[one].sum()) for one in inside]
    frame = said_frame(said, segment=[r[0] for r in rows], group=[r[1] for r in rows])
    share = frame["value"] / np.where(np.array(brought) > 0, brought, np.nan)
    return frame[frame["n"] > 0].assign(share=share)


def expected_quiet(seen: Foresight | NotEstimable, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the present base foretold to order nothing in the next period."""
    if isinstance(seen, NotEstimable):
        return seen
    n = len(seen.now)
    if n < smallest:
        return _too_small(smallest, n)
    whole = _summed(seen, np.full(n, 1 / n))
    return stated(whole, unit="share", bounds=(0.0, 1.0), method=METHOD)


def plan(
    customers: pd.DataFrame,
    seen: Foresight | NotEstimable,
    *,
    success_rate: float,
    contact_cost: float = 0.0,
) -> Plan | NotEstimable:
    """Return whom of the present base a contact would pay for.

    Parameters
    ----------
    customers : as in `leaving.foresee`
        Reads also `margin` or `revenue`, its `period_` one, `contacts` and `contact_cost`.
    success_rate : share of those who would order nothing that a contact keeps, 0 to 1.
    contact_cost : of one contact; 0: the mean of the firm's own, else `ASSUMED_COST` of what a
        customer brought in the lookback.
    """
    if not 0 < success_rate <= 1 or contact_cost < 0:
        raise ParameterError(
            f"success_rate is {success_rate:g} and contact_cost {contact_cost:g}. A share above 0 "
            "and up to 1 is kept, at a cost of 0 or more: change them in the notebook's parameters."
        )
    if isinstance(seen, NotEstimable):
        return seen
    if not foretells(seen):
        return NotEstimable("no_better_than_a_coin", n=len(seen.now))
    kept = kept_value(customers, seen)
    if isinstance(kept, NotEstimable):
        return kept
    cost, where = _cost(seen.now, contact_cost)
    gains = pd.DataFrame(
        {"row": seen.now["row"], "risk": seen.now["chance"], "value": kept.of(seen.now)}
    )
    if STANDS_FOR in seen.now:
        gains[STANDS_FOR] = seen.now[STANDS_FOR]
    gains["expected_gain"] = success_rate * gains["risk"] * gains["value"] - cost
    return Plan(
        gains=gains.sort_values(["expected_gain", "row"], ascending=[False, True]),
        cost=cost,
        cost_is=where,
        success_rate=success_rate,
        kept=kept,
    )


def kept_value(customers: pd.DataFrame, seen: Foresight) -> ValueOfKeeping | NotEstimable:
    """Return what a customer brings more who orders in the next period, over that and those after.

    Seen from the base a year ago, or from a later one where that holds too few who stayed or who
    did not: a straight line of what each brought since on the lookback's money, for those who
    ordered in the next period and for those who did not, at the same foretold chance; a kept
    customer counts the difference.
    """
    for periods in range(min(seen.per_year, int(customers["back"].max())), 0, -1):
        then = base(customers[customers["sampled"] == 1], periods)
        stayed = int((then["next_orders"] > 0).sum())
        if min(stayed, len(then) - stayed) >= FEWEST_OF_EACH:
            line = _line_of_keeping(customers, seen, then, periods)
            return (
                line
                if isinstance(line, NotEstimable)
                else ValueOfKeeping(line=line, periods=periods)
            )
    return NotEstimable("too_few_to_value_keeping", n=len(seen.now))


def profit_curve(seen: Foresight, found: Plan, *, success_rate: float) -> pd.DataFrame:
    """Return the expected profit of contacting the first so many customers of a plan.

    Customers stand in the plan's order; with another success rate than the plan's the curve says
    what the same calls would bring. The interval holds the errors of the chances, of what a kept
    customer is worth and of who was drawn. One row a number: customers, value, low, high.
    """
    gains, each_row = found.gains, factor(found.gains)
    risk, value = gains["risk"].to_numpy(), gains["value"].to_numpy()
    now = seen.now.loc[gains.index]
    signs, worth = seen.model.columns(now), _worth_columns(now)
    each = np.column_stack([(value * risk * (1 - risk))[:, None] * signs, risk[:, None] * worth])
    both = stacked([seen.model.coefficients, found.kept.line])
    places = np.unique(np.linspace(0, len(gains), PLACES + 1).round().astype(int))
    places = np.union1d(places, [found.worthwhile])
    tilt = np.vstack([np.zeros(each.shape[1]), np.cumsum(each, axis=0)])[places] * success_rate
    gain = success_rate * risk * value - found.cost
    variance = np.einsum("ij,jk,ik->i", tilt, both.covariance, tilt)
    variance = variance + (1 - 1 / each_row) * np.append(0.0, np.cumsum(gain**2))[places]
    half = each_row * stats.t.ppf(0.975, both.df) * np.sqrt(variance)
    values = each_row * np.append(0.0, np.cumsum(gain))[places]
    customers = of_all(pd.Series(places), each_row)
    return pd.DataFrame(
        {"customers": customers, "value": values, "low": values - half, "high": values + half}
    )


def profit_curves(seen: Foresight | NotEstimable, found: Plan | NotEstimable) -> pd.DataFrame:
    """Return the plan's curve, and that of the same calls if only half as many are kept.

    One row a number and success rate: customers, value, low, high, success_rate, why.
    """
    if isinstance(seen, NotEstimable) or isinstance(found, NotEstimable):
        why = seen if isinstance(seen, NotEstimable) else found
        return said_frame([why], customers=[0], success_rate=[np.nan])
    drawn = [
        profit_curve(seen, found, success_rate=rate).assign(success_rate=rate)
        for rate in (found.success_rate, found.success_rate / 2)
    ]
    return pd.concat(drawn, ignore_index=True).assign(why="")


def best_profit(
    seen: Foresight | NotEstimable, found: Plan | NotEstimable, *, currency: str
) -> MaybeEstimate:
    """Return the expected profit of contacting those whom it pays to contact, cost paid."""
    if isinstance(seen, NotEstimable) or isinstance(found, NotEstimable):
        return seen if isinstance(seen, NotEstimable) else found
    curve = profit_curve(seen, found, success_rate=found.success_rate)
    row = curve[curve["customers"] == found.to_call].iloc[0]
    return Estimate(
        value=float(row["value"]), low=float(row["low"]), high=float(row["high"]),
        n=len(found.gains), unit=currency, method="parameters by the delta method",
    )  # fmt: skip


def at_risk_list(
    seen: Foresight | NotEstimable, found: Plan | NotEstimable, question: Question | None = None
) -> pd.DataFrame:
    """Return the present base, the most worthwhile to contact first: for the firm's own use.

    One row a customer: row (to be joined to the firm's own numbers), risk (chance to order nothing
    in the next period), value (of keeping the customer), expected_gain, rank, score_group,
    recency_days.
    """
    columns = ["row", "risk", "value", "expected_gain", "rank", "score_group", "recency_days"]
    if isinstance(seen, NotEstimable) or isinstance(found, NotEstimable):
        return pd.DataFrame(columns=columns)
    now = seen.now
    told = pd.DataFrame({"recency_days": recency_days(now)}, index=now.index)
    asked = question is not None and "score" in now
    told["score_group"] = score_groups(now, question).astype(str) if asked else NOT_ANSWERED
    rank = np.arange(1, len(found.gains) + 1)
    return found.gains.assign(rank=rank).join(told)[columns].reset_index(drop=True)


def score_groups(rows: pd.DataFrame, question: Question) -> pd.Series:
    """Return each customer's group by the latest score, with one for those who gave none."""
    return satisfaction_groups(rows, question).cat.rename_categories({"": NOT_ANSWERED})


def _thirds(money: pd.Series) -> pd.Series:
    """Return whether each customer belongs to the lowest, middle or highest third by money."""
    place = np.ceil(money.rank(method="average", pct=True) * 3).clip(1, 3).astype(int) - 1
    names = pd.Categorical.from_codes(place, categories=list(THIRDS), ordered=True)
    return pd.Series(names, index=money.index)


def _at_risk(seen: Foresight, inside: np.ndarray, currency: str, smallest: int) -> MaybeEstimate:
    n = int(inside.sum())
    if n < max(smallest, 1):
        return _too_small(smallest, n)
    money = seen.now[money_of(seen.now)].to_numpy(float)
    whole = _summed(seen, np.where(inside, money, 0.0), n=n, each=factor(seen.now))
    return stated(whole, unit=currency, method=METHOD)


def _too_small(smallest: int, n: int) -> NotEstimable:
    return NotEstimable("group_too_small", n=n, smallest=smallest)


def _summed(
    seen: Foresight, weights: np.ndarray, *, n: int | None = None, each: float = 1.0
) -> Linearised:
    """Return the sum of weights over those who will leave, foretold, with its errors.

    They are the model's; of who of them it will be; and of who was drawn, where each row stands
    for more customers than one (each of them drawn or not by itself).
    """
    chance, coefficients = seen.now["chance"].to_numpy(), seen.model.coefficients
    slopes = _slopes(chance)
    tilt = (weights * slopes) @ seen.model.columns(seen.now)
    learnt = coefficients.errors.to_numpy() @ tilt
    scatter = weights * np.sqrt(slopes)
    by_lot = each * (each - 1) * float(((weights * chance) ** 2).sum())
    errors = pd.Series(np.append(each * learnt, np.sqrt(each * (scatter @ scatter) + by_lot)))
    effective = min(coefficients.effective, kish(np.abs(scatter)) if scatter.any() else 2.0)
    value = each * float(weights @ chance)
    return Linearised(value=value, errors=errors, n=n or len(chance), effective=effective)


def _slopes(chance: pd.Series | np.ndarray) -> np.ndarray:
    return np.asarray(chance * (1 - chance))


def _line_of_keeping(
    customers: pd.DataFrame, seen: Foresight, then: pd.DataFrame, periods: int
) -> Quantities | NotEstimable:
    """Return what those who stayed brought since, less like leavers: a constant and a slope."""
    money = money_of(customers)
    since = customers[customers["back"] < periods].groupby("row")[f"period_{money}"].sum()
    stayed = (then["next_orders"] > 0).to_numpy(float)
    before = then[money].to_numpy(float)
    return least_squares(
        np.column_stack([stayed, stayed * before]),
        since.reindex(then["row"]).fillna(0.0).to_numpy(float)[:, None],
        then["cluster"].to_numpy(),
        others=np.column_stack([np.ones(len(then)), before, seen.model.chances(then)]),
    )


def _worth_columns(rows: pd.DataFrame) -> np.ndarray:
    """Return the columns on which the value of keeping a customer stands."""
    return np.column_stack([np.ones(len(rows)), rows[money_of(rows)].to_numpy(float)])


def _cost(now: pd.DataFrame, given: float) -> tuple[float, Cost]:
    """Return what a contact costs, and where that comes from."""
    if given > 0:
        return given, "given"
    if "contact_cost" in now and now["contacts"].sum() > 0 and now["contact_cost"].sum() > 0:
        return float(now["contact_cost"].sum() / now["contacts"].sum()), "counted"
    return ASSUMED_COST * max(float(now[money_of(now)].mean()), 0.0), "assumed"
