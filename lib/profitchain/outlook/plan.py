"""Whether actions pay: the change that each is expected to bring, times what a point is worth.

One expected change, one worth, and the share of the firm that is touched, which is counted; nothing
further is multiplied. The change is drawn from the range that its owner gave, read as an 80%
interval of a normal distribution, the worth from its own 95% interval, both independent. Where the
action was drawn by lot, what it raised margin by takes the place of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import months_before
from profitchain.effects.value_of_a_point import customers_touched, share_touched, worth_by_metric
from profitchain.panel.edition import Edition

RANGE_LEVEL = 0.80
POINTS = (np.arange(401) + 0.5) / 401  # of each distribution
MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Payoff:
    """What an action is expected to bring in a year against its cost, or why that is not said.

    `margin` of a year; `roi` is (margin - cost) / cost; `loss` the chance that it costs more than
    it brings; `payback` months until it has paid (NaN: never, as expected); `price` the highest
    cost of a point of its metric that still pays; `perfect` what knowing all would be worth now,
    `sample` what as many answers (customers drawn) again would be. `by_lot`: a lot says so, not a
    range and a worth.
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
    by_lot: bool = False


def payoffs(
    edition: Edition, by_lot: Mapping[str, MaybeEstimate] | None = None
) -> list[Payoff] | NotEstimable:
    """Return the payoff of each action that is planned or runs, in the order of their start.

    Parameters
    ----------
    by_lot : what a year of an action raises a customer's margin by, as `lots.a_year_by_action`.
    """
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
    drawn = by_lot or {}
    return [payoff(row, worth, edition, by_lot=drawn.get(str(row["action"])))
            for row in rows.to_dict("records")]  # fmt: skip


def payoff(
    row: dict[str, object], worth: dict[str, MaybeEstimate], edition: Edition, *,
    by_lot: MaybeEstimate | None = None,
) -> Payoff:  # fmt: skip
    """Return one action's payoff; a cell that is missing is a reason, never a guess."""
    name, metric = str(row["action"]), row.get("metric")
    metric = "" if metric is None or pd.isna(metric) else str(metric).strip()
    cost = _number(row, "cost")
    low, high = _number(row, "expected_low"), _number(row, "expected_high")
    state = str(row.get("state", "planned"))
    if isinstance(by_lot, Estimate) and cost >= 0:
        return drawn(name, metric, cost=cost, state=state,
                     margin=by_lot.times(customers_touched(edition, row)))  # fmt: skip
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
    named = {"action": name, "metric": metric, "cost": cost, "state": state, "price": worth}
    return _weighed(named, earned, margin, moved.mean() * _halved(worth))


def drawn(name: str, metric: str, *, cost: float, margin: Estimate, state: str) -> Payoff:
    """Return what an action brings against its cost, as a lot says: `margin` of a year."""
    named = {"action": name, "metric": metric, "cost": cost, "state": state, "by_lot": True,
             "price": NotEstimable("drawn_by_lot", n=margin.n)}  # fmt: skip
    outcomes = _normal(margin.low, margin.high, margin.level)
    return _weighed(named, margin, outcomes, _halved(margin))


def _weighed(
    named: dict[str, Any], margin: Estimate, outcomes: np.ndarray, later: np.ndarray
) -> Payoff:
    """Return a payoff from equally likely margins, now and as known after as many answers again."""
    cost, n, middle = float(named["cost"]), margin.n, margin.value
    lost = float(np.mean(outcomes < cost))
    roi: MaybeEstimate = NotEstimable("no_cost_given", n=n)
    if cost > 0:
        low, high = ((end - cost) / cost for end in (margin.low, margin.high))
        roi = Estimate(value=(middle - cost) / cost, low=low, high=high, n=n, unit="ratio",
                       method=margin.method)  # fmt: skip
    now = max(middle - cost, 0.0)
    return Payoff(
        **named, margin=margin, roi=roi,
        loss=Estimate(value=lost, low=lost, high=lost, n=n, unit="share"),
        payback=MONTHS * cost / middle if middle > 0 else np.nan,
        perfect=max(float(np.maximum(outcomes - cost, 0.0).mean()) - now, 0.0),
        sample=max(float(np.maximum(later - cost, 0.0).mean()) - now, 0.0),
    )  # fmt: skip


def _halved(known: Estimate) -> np.ndarray:
    """Return where an estimate's value may come to lie once half of its variance has gone."""
    half = float((known.high - known.low) / 2) / np.sqrt(2)
    return _normal(known.value - half, known.value + half, known.level)


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
