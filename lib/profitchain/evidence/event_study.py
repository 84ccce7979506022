"""What an event that touched some customers and not others did to their scores and repeats.

Difference in differences: how much more the touched changed than the rest, from the months before
the event to those after it. It assumes that without the event both would have changed alike; the
months before let one look whether they did. The events table names regions (any segment); shocks
hit a region and month together, so regions are what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.evidence.instrumental_variables import FEWEST_A_SIDE, ratio_of
from profitchain.evidence.region_changes import (
    FEWEST_OF_A_SIDE,
    FEWEST_REGIONS,
    SURE,
    RegionChanges,
    drift_before,
    mean_changes,
    permutation_test,
    t_test,
    touched_against_rest,
)
from profitchain.panel.edition import Edition
from profitchain.stats.margins import estimates

OUTCOMES = ["score", "repeat"]
SCORE, REPEAT = range(2)  # their places
UNCLEAR = ("permutation_unclear_score", "permutation_unclear_repeat")
A_YEAR = pd.DateOffset(months=12)  # looked at before the event, and after it
QUARTER = 3  # months a step where the touched are too few for steps of a month
A_MONTH = 3  # times the smallest group a month, of the touched, for steps of a month
FEWEST_STEPS = 3  # before the event, to see a drift
BY_REGION = "touched regions against the rest (Donald and Lang)"

Segments = tuple[tuple[str, object], ...]  # columns and the values that tell who was touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """An event and the answers around it.

    `answers` has one row an answer: score, repeat, region (a number: what the event's columns tell
    apart), touched (bool, alike within a region), step (of `months` months, 0 the first from the
    day of the event, -1 the last before it). Touched is whoever belongs to one of the `touched`
    segments. `until` is the day of the next event that touched the
    same customers, if one came within a year.
    """

    event: str
    day: date
    touched: tuple[Segments, ...]
    until: date | None
    months: int
    smallest: int
    answers: pd.DataFrame


def usable_event(edition: Edition) -> Shock | NotEstimable:
    """Return the latest event whose doing can be seen, with the answers around it, or why none."""
    for table, name in {"events": "events", "ladder_cells": "responses"}.items():
        if not edition.has(table):
            return NotEstimable("design_not_measured", what=Reason.of("needs_events", table=name))
    answers, events = edition.table("ladder_cells"), edition.table("events")
    return latest_event(answers, events, smallest=edition.smallest)


def event_study(edition: Edition, *, level: float = 0.95) -> pd.DataFrame:
    """Return how the touched differed from the rest, month by month, against the last one before.

    Returns
    -------
    One row a month and outcome: period (months from the event, -1 the last before it: 0 by
    construction), outcome ("score" in points, "repeat" as a share), value, low, high, n (answers),
    why. Quarters where months hold too few answers: then period counts their first months. No rows
    without a usable event.
    """
    shock = usable_event(edition)
    if isinstance(shock, NotEstimable):
        return to_frame([], period=[], outcome=[])
    return differences_by_step(shock, level=level)


def pre_trends(edition: Edition) -> MaybeEstimate:
    """Return by how much a month the repeats of the touched drifted from the rest's before it."""
    shock = usable_event(edition)
    return shock if isinstance(shock, NotEstimable) else trend_before(shock)


def latest_event(
    answers: pd.DataFrame, events: pd.DataFrame, *, smallest: int = 10
) -> Shock | NotEstimable:
    """Return the latest event that touched some and not others, with enough answers around it.

    Parameters
    ----------
    answers : one row an answer whose window has closed
        Reads answered_on, score, repeat, cluster and the segments that events name.
    events : event, happened_on and segment columns; empty ones mean that it touched all.
    """
    happened = sorted(_happenings(answers, events), key=lambda row: row[0].day, reverse=True)
    for shock, touched in happened:
        others = [(pd.Timestamp(other.day), mask) for other, mask in happened if other is not shock]
        around = _with_answers(replace(shock, smallest=smallest), touched=touched, others=others)
        if around is not None:
            return around
    return NotEstimable("no_event_to_learn_from", n=len(answers))


def event_effect(shock: Shock, *, level: float = 0.95) -> MaybeEstimate:
    """Return the effect of a point by this event, where regions let it be told.

    From eight regions on, at least four of them touched and four not; scores and, for an effect
    clear of zero, repeats must be clear by the regions' t and by permutation.
    """
    regions = changes_of(shock)
    event = Reason.of("the_event", event=shock.event, touched=shock.touched)
    if not regions.is_valid:
        needed = {"needed": FEWEST_REGIONS, "each": FEWEST_OF_A_SIDE}
        return NotEstimable("few_regions", n=regions.n, what=event, **regions.counts, **needed)
    moves = touched_against_rest(regions)
    if isinstance(moves, NotEstimable):
        return moves
    for place in (SCORE, REPEAT):
        chance = permutation_test(regions, place)
        if chance >= SURE and (place == SCORE or t_test(moves, place) < SURE):
            return NotEstimable(UNCLEAR[place], n=regions.n, what=event, share=chance)
    effect = ratio_of(moves, mover=event, level=level)
    if isinstance(effect, NotEstimable):
        return effect
    return replace(effect, method=f"ratio of two differences (Fieller's interval); {BY_REGION}")


def changes_of(shock: Shock) -> RegionChanges:
    """Return by how much score and repeats of each region changed, from before to after."""
    after = (shock.answers["step"] >= 0).to_numpy()
    return mean_changes(shock.answers, after, OUTCOMES, smallest=shock.smallest)


def differences_by_step(shock: Shock, *, level: float = 0.95) -> pd.DataFrame:
    """Return the event study of a shock; as `event_study`."""
    answers, rows, labels = shock.answers, [], []
    sizes = answers.groupby("step").size()
    for step in sizes.index:
        moved = _since_the_last_before(shock, int(step), level)
        rows += moved
        labels += [(outcome, int(step)) for outcome in OUTCOMES]
    order = sorted(range(len(labels)), key=lambda place: OUTCOMES.index(labels[place][0]))
    frame = to_frame(
        [rows[place] for place in order],
        period=[labels[place][1] * shock.months for place in order],
        outcome=[labels[place][0] for place in order],
    )
    frame["n"] = [int(sizes[labels[place][1]]) for place in order]
    return frame


def trend_before(shock: Shock, *, level: float = 0.95) -> MaybeEstimate:
    """Return how fast, a month, the touched regions' repeats drifted from the rest's before it.

    Its interval says what such a test could have seen: a wide one has seen nothing.
    """
    before = shock.answers[shock.answers["step"] < 0]
    if before["step"].nunique() < FEWEST_STEPS:
        return NotEstimable("few_months_before_event", n=len(before))
    drift = drift_before(before, "repeat")
    if isinstance(drift, NotEstimable):
        return drift
    a_month = drift.combine(np.array([1 / shock.months]))
    return estimates(a_month, unit="share", level=level, method=BY_REGION)[0]


def _since_the_last_before(shock: Shock, step: int, level: float) -> list[MaybeEstimate]:
    """Return how score and repeats of the touched moved from the last step before to this one."""
    if step == -1:
        n = int((shock.answers["step"] == -1).sum())
        nothing = Estimate(value=0.0, low=0.0, high=0.0, n=n, unit="share", level=level)
        return [nothing, nothing]
    rows = shock.answers[shock.answers["step"].isin([-1, step])]
    sizes = rows.groupby(["step", "touched"]).size()
    if len(sizes) < 4 or sizes.min() < shock.smallest:
        few = NotEstimable("few_on_one_side", n=len(rows), fewest=shock.smallest)
        return [few, few]
    moves = touched_against_rest(mean_changes(rows, (rows["step"] == step).to_numpy(), OUTCOMES))
    if isinstance(moves, NotEstimable):
        return [moves, moves]
    return [*estimates(moves, unit="share", level=level, method=BY_REGION)]


def _happenings(answers: pd.DataFrame, events: pd.DataFrame) -> Iterator[tuple[Shock, np.ndarray]]:
    """Yield each event that touched only some, all answers told by region, and the touched."""
    columns = [name for name in events if name in answers]
    events = events.assign(happened_on=pd.to_datetime(events["happened_on"]))
    for (day, event), rows in events.groupby(["happened_on", "event"], sort=True):
        touched, segments = np.zeros(len(answers), bool), []
        for row in rows[columns].to_dict("records"):
            named = {name: value for name, value in row.items() if pd.notna(value)}
            hits = [(answers[name] == value).to_numpy() for name, value in named.items()]
            touched |= np.logical_and.reduce(hits) if hits else True
            segments.append(tuple(named.items()))
        if touched.any() and not touched.all():
            told_by = list(dict.fromkeys(name for named in segments for name, _value in named))
            region = answers.groupby(told_by, sort=True, dropna=False, observed=True).ngroup()
            shock = Shock(
                event=str(event), day=day.date(), touched=tuple(segments), until=None, months=1,
                smallest=0, answers=answers.assign(region=region),
            )  # fmt: skip
            yield shock, touched


def _with_answers(
    shock: Shock,
    *,
    touched: np.ndarray,
    others: list[tuple[pd.Timestamp, np.ndarray]],
) -> Shock | None:
    """Return an event with the answers around it; None if they are too few.

    It lasts until the next `others` that touched the same customers; those whom others touched in
    between are no comparison.
    """
    answers, day = shock.answers, pd.Timestamp(shock.day)
    same = [when for when, mask in others if (mask & touched).any()]
    start = max([day - A_YEAR, *(when for when in same if when < day)])
    until = min([when for when in same if day < when < day + A_YEAR], default=None)
    stop = until or day + A_YEAR
    when = pd.to_datetime(answers["answered_on"])
    disturbed = [mask for at, mask in others if start < at < stop and at != day]
    rest = ~np.logical_or.reduce([touched, *disturbed])
    inside = ((when >= start) & (when < stop)).to_numpy() & (touched | rest)
    rows = answers.loc[inside, [*OUTCOMES, "region"]].assign(touched=touched[inside])
    month = _months_from(day, when[inside])
    sides = rows.groupby([rows["touched"], month >= 0]).size()
    if len(sides) < 4 or sides.min() < FEWEST_A_SIDE:
        return None
    touched_a_month = sides[True].sum() / max(month.nunique(), 1)
    months = 1 if touched_a_month >= A_MONTH * shock.smallest else QUARTER
    return replace(
        shock,
        until=None if until is None else until.date(),
        months=months,
        answers=rows.assign(step=month // months).reset_index(drop=True),
    )


def _months_from(day: pd.Timestamp, when: pd.Series) -> pd.Series:
    """Return whole months from a day to others: 0 from it on, -1 in the month before it."""
    months = 12 * (when.dt.year - day.year) + when.dt.month - day.month
    return months - (when.dt.day < min(day.day, 28)).astype(int)
