"""Whether actions pay: the change that each is expected to bring, times what a point is worth.

One expected change, one worth, and the share of the firm that is touched, which is counted; nothing
further is multiplied. The change is drawn from the range that its owner gave, read as an 80%
interval of a normal distribution, the worth from its own 95% interval, both independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import months_before
from profitchain.effects.value_of_a_point import money_to_speak_of, worth_of_the_year
from profitchain.measures.satisfaction import answers_to, measures_of, public_id
from profitchain.panel.edition import Edition
from profitchain.sources.settings import Question

RANGE_LEVEL = 0.80
POINTS = (np.arange(401) + 0.5) / 401  # of each distribution
MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """What an action is expected to bring in a year against its cost, or why that is not said.

    `margin` of a year; `roi` is (margin - cost) / cost; `loss` the chance that it costs more than
    it brings; `payback` months until it has paid (NaN: never, as expected); `price` the highest
    cost of a point of its metric that still pays; `perfect` what knowing all would be worth now,
    `sample` what as many answers again would be.
    """

    action: str
    metric: str
    cost: float
    margin: MaybeEstimate
    roi: MaybeEstimate
    loss: MaybeEstimate
    price: MaybeEstimate
    payback: float = np.nan
    perfect: float = np.nan
    sample: float = np.nan
    state: str = "planned"


def payoffs(edition: Edition) -> list[Payoff] | NotEstimable:
    """Return the payoff of each action that is planned or runs, in the order of their start."""
    if not edition.has("actions"):
        return NotEstimable("needs_table", table="actions")
    rows = edition.table("actions").sort_values(["started_on", "action"])
    day, after = edition.period.last_day, edition.period.shift(1).first_day
    first = months_before(after, 0 - MONTHS)
    started = pd.to_datetime(rows["started_on"]).dt.date
    rows = rows.assign(state=np.where(started > day, "planned", "runs"))[started < first]
    if "ended_on" in rows:
        ended = pd.to_datetime(rows["ended_on"]).dt.date
        rows = rows[ended.isna() | (ended > day)]
    if rows.empty:
        return NotEstimable("no_actions_ahead")
    worth = worth_by_metric(edition)
    return [payoff(row, worth, edition) for row in rows.to_dict("records")]


def worth_by_metric(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return the worth of one more point of the metric that is known: the main question's."""
    main = edition.company.main
    if main is None or not edition.has("worth_cells"):
        return {}
    name = public_id(main, edition.company.all_questions)
    if money_to_speak_of(edition) != "margin":
        return {name: NotEstimable("margin_not_own")}
    total = worth_of_the_year(edition, "margin").total
    gain = gain_of_a_point(edition.table("score_cells"), main)
    if isinstance(total, Estimate) and gain > 0:
        return {name: total.times(1 / gain)}
    return {name: total if isinstance(total, NotEstimable) else NotEstimable("nobody_can_rise")}


def gain_of_a_point(cells: pd.DataFrame, question: Question) -> float:
    """Return by how much the published measure rises if each answer is one point better.

    None above the top of the scale; so points of an NPS and points of its answers are not confused.
    Arithmetic on the answers given: no claim about what follows.
    """
    rows = cells[cells["question"] == question.name]
    best = question.scale[0] if question.easy_is == "low" else question.scale[1]
    up = -1 if question.easy_is == "low" else 1
    raised = rows.assign(score=np.where(rows["score"] == best, best, rows["score"] + up))
    measure = measures_of(question)[0]
    if measure.numerator == measure.denominator or rows.empty:
        return 0.0
    ends = []
    for part in (rows, raised):
        sums = answers_to(part, question)
        ends.append(float(sums[measure.numerator].sum() / sums[measure.denominator].sum()))
    return up * (ends[1] - ends[0]) if measure.unit == "score" else ends[1] - ends[0]


def payoff(row: dict[str, object], worth: dict[str, MaybeEstimate], edition: Edition) -> Payoff:
    """Return one action's payoff; a cell that is missing is a reason, never a guess."""
    name, metric = str(row["action"]), row.get("metric")
    metric = "" if metric is None or pd.isna(metric) else str(metric).strip()
    cost = _number(row, "cost")
    low, high = _number(row, "expected_low"), _number(row, "expected_high")
    state = str(row.get("state", "planned"))
    each = worth.get(metric, NotEstimable("worth_of_metric_unknown"))
    share = share_touched(edition, row)
    why = _unusable(metric, cost, low, high) or (each if isinstance(each, NotEstimable) else None)
    if why is None and share <= 0:
        why = NotEstimable("nobody_touched")
    if why is not None or isinstance(each, NotEstimable):
        why = why or NotEstimable("worth_of_metric_unknown")
        return Payoff(action=name, metric=metric, cost=cost, margin=why, roi=why, loss=why,
                      price=why, state=state)  # fmt: skip
    return paid(name, metric, cost=cost, change=(low, high), worth=each.times(share), state=state)


def paid(
    name: str,
    metric: str,
    *,
    cost: float,
    change: tuple[float, float],
    worth: Estimate,
    state: str = "planned",
) -> Payoff:
    """Return what a change within a range brings against its cost, at a worth of each point.

    Both are normal and independent, each cut into 401 equally likely parts: no draw of chance.
    Value of perfect information: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory.

    Parameters
    ----------
    change : low and high end of an 80% interval, in points of the metric.
    worth : margin of a year that goes with one point, all touched by the action taken together.
    """
    moved, money = _normal(*change, RANGE_LEVEL), _normal(worth.low, worth.high, worth.level)
    margin = np.outer(moved, money).ravel()
    middle = float(moved.mean() * money.mean())
    ends = np.quantile(margin, [0.025, 0.975])
    earned = Estimate(value=middle, low=float(min(ends[0], middle)),
                      high=float(max(ends[1], middle)), n=worth.n, unit=worth.unit,
                      method="product of two normal distributions")  # fmt: skip
    lost = float(np.mean(margin < cost))
    sure = Estimate(value=lost, low=lost, high=lost, n=worth.n, unit="share")
    roi: MaybeEstimate = NotEstimable("no_cost_given", n=worth.n)
    if cost > 0:
        low, high = ((end - cost) / cost for end in (earned.low, earned.high))
        roi = Estimate(value=(middle - cost) / cost, low=low, high=high, n=worth.n,
                       unit="ratio", method=earned.method)  # fmt: skip
    now = max(middle - cost, 0.0)
    half = float((worth.high - worth.low) / 2)
    later = _normal(worth.value - half / np.sqrt(2), worth.value + half / np.sqrt(2), worth.level)
    known = np.maximum(moved.mean() * later - cost, 0.0).mean()
    return Payoff(
        action=name, metric=metric, cost=cost, margin=earned, roi=roi, loss=sure, price=worth,
        payback=MONTHS * cost / middle if middle > 0 else np.nan,
        perfect=max(float(np.maximum(margin - cost, 0.0).mean()) - now, 0.0),
        sample=max(float(known) - now, 0.0), state=state,
    )  # fmt: skip


def share_touched(edition: Edition, row: dict[str, object]) -> float:
    """Return which share of the last year's revenue the customers of an action's segments bring."""
    named = {name: str(row[name]) for name in edition.company.segments
             if name in row and row[name] is not None and not pd.isna(row[name])}  # fmt: skip
    if not named:
        return 1.0
    if not edition.has("customers"):
        return 0.0
    rows = edition.table("customers")
    rows = rows[rows["back"] == 0]
    money = rows["revenue"].clip(lower=0) if "revenue" in rows else rows["orders"]
    touched = pd.Series(True, index=rows.index)
    for name, value in named.items():
        touched &= rows[name].astype(str) == value if name in rows else False
    if int(touched.sum()) < edition.smallest or not money.sum():
        return 0.0
    return float(money[touched].sum() / money.sum())


def _unusable(metric: str, cost: float, low: float, high: float) -> NotEstimable | None:
    """Return which cell of an action is missing or can't be: metric, range or cost."""
    if not metric:
        return NotEstimable("action_without_metric")
    if np.isnan(low) or np.isnan(high):
        return NotEstimable("action_without_range")
    if low > high:
        return NotEstimable("action_range_reversed")
    if np.isnan(cost):
        return NotEstimable("action_without_cost")
    if cost < 0:
        return NotEstimable("action_cost_negative")
    return None


def _number(row: dict[str, object], name: str) -> float:
    value = row.get(name)
    return np.nan if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type]


def _normal(low: float, high: float, level: float) -> np.ndarray:
    """Return equally likely values of the normal distribution that has such an interval."""
    middle, half = (low + high) / 2, (high - low) / 2
    spread = half / float(stats.norm.ppf((1 + level) / 2))
    return np.asarray(middle + spread * stats.norm.ppf(POINTS))
