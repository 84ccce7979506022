"""What the firm does: which actions are due, and what became of each, by the best design at hand.

Where an action was drawn by lot, the lot says what it brought. Else, where it names a group, that
group's change is set against all others' of its segment; else the time after it against the time
before, which other things may have changed as well. Such a change times the worth of a point is the
money that goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, product
from profitchain.core.periods import Period
from profitchain.effects.value_of_a_point import share_touched, worth_by_metric
from profitchain.panel.edition import Edition
from profitchain.watch.goals import LOWER_IS_BETTER, unknown_metric
from profitchain.watch.series import Series

PLANNED, RUNNING, KEPT, DROPPED, CANT_TELL = "planned", "running", "kept", "dropped", "can't tell"
BY_LOT, BY_GROUP, BEFORE_AFTER = "by lot", "group against others", "before and after"
MONTHS_BEFORE, LEVEL, DAYS_A_YEAR = 3, 0.95, 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action and what became of it.

    `effect` is the change of its measure that goes with it, `money` the margin so far, by `design`;
    `verdict` is planned, running (no whole period since its start), kept, dropped or can't tell: in
    money where that and its cost are known (surely more than it cost; surely less, once it's over,
    or below zero), else by its measure (better beyond chance; surely less than was expected, or
    worse). `due` tells that it needs somebody: its end lies in the coming period, or has come
    without a clear effect.
    """

    action: str
    owner: str
    metric: str
    started_on: date
    ended_on: date | None
    where: str
    cost: float | None
    design: str
    effect: MaybeEstimate
    money: MaybeEstimate
    verdict: str
    due: bool

    @property
    def is_in_money(self) -> bool:
        """Whether the verdict is one on money."""
        return isinstance(self.money, Estimate) and self.cost is not None


def actions(
    edition: Edition, series: Sequence[Series], by_lot: Mapping[str, MaybeEstimate] | None = None
) -> list[Action] | NotEstimable:
    """Return the firm's actions, those due first, or why there are none.

    Parameters
    ----------
    by_lot : what actions brought so far by a draw by lot, by their names: `lots.money_by_action`.
    """
    if not edition.has("actions"):
        return NotEstimable("needs_table", table="actions")
    rows = edition.table("actions")
    if rows.empty:
        return NotEstimable("nothing_counted")
    segments = [name for name in edition.company.segments if name in rows]
    worth = worth_by_metric(edition) if "metric" in rows else {}
    found = [
        judged(row, series, period=edition.period, segments=segments, by_lot=by_lot or {},
               worth=_of_touched(worth, row, edition))
        for row in rows.to_dict("records")
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.due, one.started_on, one.action))


def _of_touched(
    worth: Mapping[str, MaybeEstimate], row: Mapping[str, Any], edition: Edition
) -> dict[str, MaybeEstimate]:
    """Return the worth of a point of an action's measure among those it touches.

    Of several segments none is compared, so that its change is that of all. Better is up, or down.
    """
    named = [name for name in edition.company.segments if not pd.isna(row.get(name))]
    main = edition.company.main
    share = 1.0 if len(named) > 1 else share_touched(edition, row)
    share *= -1 if main is not None and main.easy_is == "low" else 1
    nobody = NotEstimable("nobody_touched")
    return {
        name: one if isinstance(one, NotEstimable) else one.times(share) if share else nobody
        for name, one in worth.items()
        if name == row["metric"]
    }


def judged(
    row: Mapping[str, Any], series: Sequence[Series], *, period: Period, segments: Sequence[str],
    worth: Mapping[str, MaybeEstimate] | None = None,
    by_lot: Mapping[str, MaybeEstimate] | None = None,
) -> Action:  # fmt: skip
    """Return what became of one action by a period's end.

    Parameters
    ----------
    row : action, started_on, and where given metric, owner, cost, ended_on, expected_low and the
        segments' columns.
    series : `series.all_series`.
    worth : by measure, the margin of a year that goes with one point more of it, of those touched.
    """
    name, cost = str(row["action"]), None if pd.isna(row.get("cost")) else float(row["cost"])
    metric = "" if pd.isna(row.get("metric")) else str(row["metric"])
    touched = [(s, str(row[s])) for s in segments if not pd.isna(row.get(s))]
    where = touched[0] if len(touched) == 1 else ("", "")
    starts, ends = _day(row["started_on"]), _day(row.get("ended_on"))
    assert starts is not None  # the contract requires it
    effect = _effect(metric, series, where, starts, ends, period=period)
    design = BY_GROUP if where[0] else BEFORE_AFTER
    days = (min(ends or period.last_day, period.last_day) - starts).days + 1
    money = _money(effect, (worth or {}).get(metric), days)
    if isinstance(drawn := (by_lot or {}).get(name), Estimate):
        design, money = BY_LOT, drawn
    verdict = _verdict(effect, metric, row.get("expected_low"), starts > period.last_day)
    if isinstance(money, Estimate) and cost is not None:
        verdict = _in_money(money, cost, is_over=ends is not None and ends <= period.last_day)
    return Action(
        action=name, owner=_text(row.get("owner")), metric=metric, started_on=starts,
        ended_on=ends, where=where[1], cost=cost, design=design, effect=effect, money=money,
        verdict=verdict, due=_is_due(verdict, ends, period),
    )  # fmt: skip


def _money(effect: MaybeEstimate, worth: MaybeEstimate | None, days: int) -> MaybeEstimate:
    """Return the margin that goes with a change of the measure for so many days."""
    if worth is None or isinstance(worth, NotEstimable) or isinstance(effect, NotEstimable):
        return effect if isinstance(effect, NotEstimable) else (
            worth or NotEstimable("worth_of_metric_unknown"))  # fmt: skip
    money = product(worth, effect)
    return money if isinstance(money, NotEstimable) else money.times(days / DAYS_A_YEAR)


def _in_money(money: Estimate, cost: float, *, is_over: bool) -> str:
    if money.low > cost:
        return KEPT
    return DROPPED if money.high < (cost if is_over else 0.0) else CANT_TELL


def _effect(
    metric: str, series: Sequence[Series], where: tuple[str, str], starts: date, ends: date | None,
    *, period: Period,
) -> MaybeEstimate:  # fmt: skip
    alike = [one for one in series if one.id == metric]
    if not alike:
        return unknown_metric(metric, {one.id: one for one in series})
    if starts > period.last_day:
        return NotEstimable("action_not_begun")
    contrast = _contrast(alike, where)
    if isinstance(contrast, NotEstimable):
        return contrast
    first = Period.containing(starts, period.every, period.year_starts)
    begins = first if starts == first.first_day or _early(starts, first) else first.shift(1)
    length = max(1, round(MONTHS_BEFORE / period.months))
    last = period
    if ends is not None:
        until = Period.containing(ends, period.every, period.year_starts)
        last = min(period, max(until, begins, key=lambda p: p.ordinal), key=lambda p: p.ordinal)
    at = contrast.set_index(pd.Index([Period(name).ordinal for name in contrast["period"]]))
    before = at[(at.index < first.ordinal) & (at.index >= first.ordinal - length)]
    after = at[(at.index >= begins.ordinal) & (at.index <= last.ordinal)]
    if after.empty:
        return NotEstimable("action_too_new")
    if before.empty:
        return NotEstimable("nothing_before_action")
    spread = _spread(at[at.index < first.ordinal])
    return _difference(before, after, spread, unit="share" if alike[0].scale else alike[0].unit)


def _early(day: date, period: Period) -> bool:
    """Tell whether a day lies in a period's first third, so that the period shows the action."""
    return (day - period.first_day).days * 3 <= (period.last_day - period.first_day).days


def _contrast(alike: Sequence[Series], where: tuple[str, str]) -> pd.DataFrame | NotEstimable:
    """Return period, value, variance, n: a group less all others of its segment, or all."""
    split, group = where
    if not split:
        whole = [one.frame for one in alike if not one.split]
        return whole[0] if whole else NotEstimable("nothing_counted")
    inside = [one.frame for one in alike if (one.split, one.group) == where]
    others = [one.frame for one in alike if one.split == split and one.group != group]
    if not inside or not others:
        return NotEstimable("no_such_group", group=group)
    rest = pd.concat(others)
    weight = rest["n"] / rest.groupby("period")["n"].transform("sum")
    rest = rest.assign(value=weight * rest["value"], variance=weight**2 * rest["variance"])
    rest = rest.groupby("period")[["value", "variance"]].sum()
    both = inside[0].merge(rest, left_on="period", right_index=True, suffixes=("", "_rest"))
    return both.assign(
        value=both["value"] - both["value_rest"], variance=both["variance"] + both["variance_rest"]
    )


def _spread(before: pd.DataFrame) -> float:
    """Return how much a contrast moves from period to period beyond sampling, as a variance."""
    if len(before) < 3:
        return 0.0
    steps = np.diff(before["value"].to_numpy(float))
    variances = before["variance"].to_numpy(float)
    excess = (np.median(np.abs(steps)) / 0.6745) ** 2 - (variances[1:] + variances[:-1]).mean()
    return max(float(excess) / 2, 0.0)


def _difference(
    before: pd.DataFrame, after: pd.DataFrame, spread: float, *, unit: str
) -> MaybeEstimate:
    value = float(after["value"].mean() - before["value"].mean())
    variance = sum(
        float(side["variance"].sum()) / len(side) ** 2 + spread / len(side)
        for side in (before, after)
    )
    if not variance:
        return NotEstimable("always_alike", n=int(after["n"].sum()))
    reach = float(stats.norm.ppf(0.5 + LEVEL / 2) * np.sqrt(variance))
    return Estimate(value=value, low=value - reach, high=value + reach, n=int(after["n"].sum()),
                    unit=unit)  # fmt: skip


def _verdict(effect: MaybeEstimate, metric: str, expected: Any, planned: bool) -> str:
    if planned:
        return PLANNED
    if isinstance(effect, NotEstimable):
        return RUNNING if effect.why.key == "action_too_new" else CANT_TELL
    sign = -1 if metric in LOWER_IS_BETTER else 1
    low, high = sorted([sign * effect.low, sign * effect.high])
    hoped = 0.0 if pd.isna(expected) else max(sign * float(expected), 0.0)
    if low > 0:
        return KEPT
    return DROPPED if high < hoped or high < 0 else CANT_TELL


def _is_due(verdict: str, ends: date | None, period: Period) -> bool:
    if ends is None or verdict == PLANNED:
        return False
    if ends <= period.last_day:
        return verdict in (CANT_TELL, DROPPED)
    return ends <= period.shift(1).last_day


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
