"""What the firm does: which actions are due, and what became of each, by the best design at hand.

Where an action names a group, that group's change is set against all others' of its segment; else
the time after it against the time before, which other things may have changed as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.watch.goals import LOWER_IS_BETTER, unknown_metric
from profitchain.watch.series import Series

PLANNED, RUNNING, KEPT, DROPPED, CANT_TELL = "planned", "running", "kept", "dropped", "can't tell"
BY_GROUP, BEFORE_AFTER = "group against others", "before and after"
MONTHS_BEFORE, LEVEL = 3, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action and what became of it.

    `effect` is the change of its measure that goes with it, by `design`; `verdict` is planned,
    running (no whole period since its start), kept (its measure got better beyond chance), dropped
    (surely less than was expected, or worse) or can't tell. `due` tells that it needs somebody: its
    end lies in the coming period, or has come without a clear effect.
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
    verdict: str
    due: bool


def actions(edition: Edition, series: Sequence[Series]) -> list[Action] | NotEstimable:
    """Return the firm's actions, those due first, or why there are none."""
    if not edition.has("actions"):
        return NotEstimable("needs_table", table="actions")
    rows = edition.table("actions")
    if rows.empty:
        return NotEstimable("nothing_counted")
    segments = [name for name in edition.company.segments if name in rows]
    found = [
        judged(row, series, period=edition.period, segments=segments)
        for row in rows.to_dict("records")
    ]
    return sorted(found, key=lambda one: (not one.due, one.started_on, one.action))


def judged(
    row: Mapping[str, Any], series: Sequence[Series], *, period: Period, segments: Sequence[str]
) -> Action:
    """Return what became of one action by a period's end.

    Parameters
    ----------
    row : action, started_on, and where given metric, owner, cost, ended_on, expected_low and the
        segments' columns.
    series : `series.all_series`.
    """
    metric = "" if pd.isna(row.get("metric")) else str(row["metric"])
    touched = [(s, str(row[s])) for s in segments if not pd.isna(row.get(s))]
    where = touched[0] if len(touched) == 1 else ("", "")
    starts, ends = _day(row["started_on"]), _day(row.get("ended_on"))
    assert starts is not None  # the contract requires it
    effect = _effect(metric, series, where, starts, ends, period=period)
    design = BY_GROUP if where[0] else BEFORE_AFTER
    verdict = _verdict(effect, metric, row.get("expected_low"), starts > period.last_day)
    return Action(
        action=str(row["action"]), owner=_text(row.get("owner")), metric=metric,
        started_on=starts, ended_on=ends, where=where[1],
        cost=None if pd.isna(row.get("cost")) else float(row["cost"]),
        design=design, effect=effect, verdict=verdict, due=_is_due(verdict, ends, period),
    )  # fmt: skip


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
