"""Whether goals will be reached by their days, and where the firm stands beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.errors import did_you_mean
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.measures import loyalty, response_rate, satisfaction
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import measure_series
from profitchain.watch.alarms import WEIGHT, mean_weights, prepared, spreads
from profitchain.watch.series import LOG, Series

LOWER_IS_BETTER = ("churn_rate", "complaints_per_100_orders")
REACHED, MISSED, OPEN = "reached", "missed", "open"
ABOVE, BELOW, CANT_TELL, GREY = "above", "below", "can't tell", "not comparable"
Position = Literal["above", "below", "within", "can't tell", "not comparable"]
FURTHEST = 8  # periods ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal: what is to be reached by when, and where it stands.

    `state` is reached or missed of one whose day has come (`now` is that period's value), else
    open: `chance` is that the measure reaches the target in its period.
    """

    metric: str
    target: float
    by: date
    unit: str
    state: str
    now: MaybeEstimate
    chance: MaybeEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The firm's own figure beside a stated range; grey without a definition and a year."""

    metric: str
    own: MaybeEstimate
    low: float
    high: float
    position: Position
    source: str
    year: int | None


def goals(edition: Edition, series: Sequence[Series]) -> list[Goal] | NotEstimable:
    """Return the firm's goals, the next first, or why there are none."""
    if not edition.has("goals"):
        return NotEstimable("needs_table", table="goals")
    rows = edition.table("goals").sort_values(["by", "metric"])
    if rows.empty:
        return NotEstimable("nothing_counted")
    of_all = {one.id: one for one in series if not one.split}
    return [
        goal(of_all, metric=str(row.metric), target=float(row.target),
             by=pd.Timestamp(row.by).date(), period=edition.period, others=series)
        for row in rows.itertuples()
    ]  # fmt: skip


def goal(
    of_all: Mapping[str, Series], *, metric: str, target: float, by: date, period: Period,
    others: Sequence[Series] = (),
) -> Goal:  # fmt: skip
    """Return where a goal stands at a period's end.

    Parameters
    ----------
    of_all : each measure's series of all customers, by id.
    others : series by group, which tell as well how much a measure moves from period to period.
    """
    about: dict[str, Any] = {"metric": metric, "target": target, "by": by}
    one = of_all.get(metric)
    if one is None:
        why = unknown_metric(metric, of_all)
        return Goal(**about, unit="", state=OPEN, now=why, chance=why)
    when = Period.containing(by, period.every, period.year_starts)
    if when.ordinal <= period.ordinal:
        now = value_in(one, when)
        if isinstance(now, NotEstimable):
            return Goal(**about, unit=one.total or one.unit, state=OPEN, now=now, chance=now)
        lower = metric in LOWER_IS_BETTER
        reached = now.value <= target if lower else now.value >= target
        state = REACHED if reached else MISSED
        why = NotEstimable("goal_is_past", n=now.n)
        return Goal(**about, unit=one.total or one.unit, state=state, now=now, chance=why)
    alike = [other for other in others if other.id == metric] or [one]
    chance = chance_of(one, target, when, period, alike=alike)
    return Goal(
        **about, unit=one.total or one.unit, state=OPEN, now=value_in(one, period), chance=chance
    )


def unknown_metric(metric: str, known: Mapping[str, object]) -> NotEstimable:
    """Return that a measure isn't known, with the nearest that is."""
    if not metric.strip():
        return NotEstimable("no_metric_named")
    return NotEstimable("unknown_metric", metric=metric, hint=did_you_mean(metric, known))


def value_in(series: Series, period: Period, level: float = 0.95) -> MaybeEstimate:
    """Return a series' value in a period with its interval; of totals the total."""
    rows = series.frame[series.frame["period"] == str(period)]
    if rows.empty:
        return NotEstimable("period_missing", period=str(period))
    value, variance = float(rows["value"].iloc[0]), float(rows["variance"].iloc[0])
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(variance)
    ends = [value, value - reach, value + reach]
    if series.scale == LOG:
        ends = [float(np.exp(end)) for end in ends]
    return Estimate(value=ends[0], low=ends[1], high=ends[2], n=int(rows["n"].iloc[0]),
                    unit=series.total or series.unit)  # fmt: skip


def chance_of(
    series: Series, target: float, when: Period, period: Period, *, alike: Sequence[Series]
) -> MaybeEstimate:
    """Return the chance that a measure reaches a target in a later period.

    Its level moves as it did: the forecast's variance `h` periods ahead is that of one ahead,
    times 1 + (h - 1) w² (Muth 1960, JASA 55: 299-306), w the weight of the newest value.
    """
    ahead = when.ordinal - period.ordinal
    past = prepared(series, period)
    if len(series.frame) and not series.frame["variance"].any():
        return NotEstimable("always_alike", n=int(series.frame["n"].iloc[-1]))
    if past is None:
        return NotEstimable("too_few_periods_to_watch", n=len(series.frame), needed=5)
    if ahead > FURTHEST or (series.scale == LOG and ahead > series.per_year):
        return NotEstimable("goal_too_far", n=past.n)
    pasts = {one.name: prepared(one, period) for one in alike}
    known = {name: past for name, past in pasts.items() if past is not None}
    usable = [one for one in alike if one.name in known]
    tau, freedom = spreads(usable, known)[series.id]
    weights = mean_weights(len(past.values))
    middle = float(weights @ past.values) + _base(series, when, period)
    sampling = float(past.variances[-1] + weights**2 @ past.variances)
    variance = (sampling + tau * float(1 + weights @ weights)) * (1 + (ahead - 1) * WEIGHT**2)
    goal_at = np.log(target) if series.scale == LOG and target > 0 else target
    above = float(stats.t.sf((goal_at - middle) / np.sqrt(variance), max(freedom, 3.0)))
    chance = 1 - above if series.id in LOWER_IS_BETTER else above
    return Estimate(value=chance, low=chance, high=chance, n=past.n, unit="share",
                    method="own history")  # fmt: skip


def _base(series: Series, when: Period, period: Period) -> float:
    """Return the (log) total that a total's growth starts from; 0 of other measures."""
    if series.scale != LOG:
        return 0.0
    at = series.frame.set_index("period")["value"]
    year = str(when.year_before)
    return float(at[year]) if year in at.index else float(at.iloc[-1])


def standings(edition: Edition) -> list[Standing] | NotEstimable:
    """Return where the firm stands beside each benchmark, or why there are none."""
    if not edition.has("benchmarks"):
        return NotEstimable("needs_table", table="benchmarks")
    own, rows = figures(edition), edition.table("benchmarks")
    if rows.empty:
        return NotEstimable("nothing_counted")
    return [standing(row, own) for row in rows.to_dict("records")]


def standing(row: Mapping[str, Any], own: Mapping[str, MaybeEstimate]) -> Standing:
    """Return where the firm stands beside one benchmark.

    Parameters
    ----------
    row : metric, value, source, and where given year, low, high, definition.
    own : the firm's figures by id.
    """
    metric = str(row["metric"])
    value = float(row["value"])
    low, high = (value if pd.isna(row.get(name)) else float(row[name]) for name in ("low", "high"))
    figure = own.get(metric, unknown_metric(metric, own))
    year = None if pd.isna(row.get("year")) else int(row["year"])
    defined = isinstance(row.get("definition"), str) and bool(str(row["definition"]).strip())
    position: Position = "can't tell"
    if year is None or not defined:
        position = "not comparable"
    elif isinstance(figure, Estimate):
        position = _beside(figure, low, high)
    return Standing(metric=metric, own=figure, low=low, high=high, position=position,
                    source=str(row.get("source") or ""), year=year)  # fmt: skip


def _beside(figure: Estimate, low: float, high: float) -> Position:
    if low <= figure.low and figure.high <= high:
        return "within"
    return "above" if figure.low > high else "below" if figure.high < low else "can't tell"


def figures(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return the period's figures by id, as their own pages publish them."""
    firm, now, smallest = edition.company, edition.period, edition.smallest
    found: dict[str, MaybeEstimate] = {}
    if edition.has("score_cells"):
        cells = edition.table("score_cells")
        stories = satisfaction.score_series(cells, firm.all_questions, [now], smallest=smallest)
        found |= {story.measure.id: story.now for story in stories}
    if edition.has("activity"):
        activity = edition.table("activity")
        stories = loyalty.loyalty_series(activity, firm.currency, [now], smallest=smallest)
        found |= {story.measure.id: story.now for story in stories}
        found |= loyalty.totals(activity, now, firm.currency)
    if edition.has("link_cells") and "cluster" in edition.table("link_cells"):
        cells, days = edition.table("link_cells"), firm.repeat_within_days
        found["repeat_rate"] = loyalty.repeat_rate_series(cells, days, [now], smallest=smallest).now
    if edition.has("asked_cells") and edition.facts.get("invited"):
        requests = response_rate.requests_of(edition.table("asked_cells"))
        rate = response_rate.rate_of(invited=True)
        found["response_rate"] = measure_series(requests, rate, [now], smallest=smallest).now
    return found
