"""What an event that touched some customers and not others did to their scores and repeats.

Difference in differences: how much more the touched changed than the rest, from the months before
the event to those after it. It assumes that without the event both would have changed alike; the
months before let one look whether they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.evidence.instrumental_variables import FEWEST_A_SIDE, ratio_of
from profitchain.panel.edition import Edition
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import Wald, estimates, wald_test
from profitchain.stats.ols import dummies, least_squares

OUTCOMES = ["score", "repeat"]
A_YEAR = pd.DateOffset(months=12)  # looked at before the event, and after it
QUARTER = 3  # months a step where the touched are too few for steps of a month
A_MONTH = 3  # times the smallest group a month, of the touched, for steps of a month

Segments = tuple[tuple[str, object], ...]  # columns and the values that tell who was touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """An event and the answers around it.

    `answers` has one row an answer: score, repeat, cluster, touched (bool), step (of `months`
    months, 0 the first from the day of the event, -1 the last before it). Touched is whoever
    belongs to one of the `touched` segments. `until` is the day of the next event that touched the
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


def pre_trends(edition: Edition) -> Wald | NotEstimable:
    """Return the test that before the event the repeats of the touched moved with the rest's."""
    shock = usable_event(edition)
    return shock if isinstance(shock, NotEstimable) else trends_before(shock)


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
        around = _with_answers(
            replace(shock, smallest=smallest), answers, touched=touched, others=others
        )
        if around is not None:
            return around
    return NotEstimable("no_event_to_learn_from", n=len(answers))


def event_effect(shock: Shock, *, level: float = 0.95) -> MaybeEstimate:
    """Return the effect of a point by this event."""
    moves = event_moves(shock)
    if isinstance(moves, NotEstimable):
        return moves
    event = Reason.of("the_event", event=shock.event, touched=shock.touched)
    return ratio_of(moves, mover=event, level=level)


def event_moves(shock: Shock) -> Quantities | NotEstimable:
    """Return by how much the event moved score and repeats: difference in differences.

    Every month has its own level, the touched theirs.
    """
    after = (shock.answers["step"] >= 0).to_numpy()
    return _of_the_touched(shock.answers, after[:, None])


def differences_by_step(shock: Shock, *, level: float = 0.95) -> pd.DataFrame:
    """Return the event study of a shock; as `event_study`."""
    sizes = shock.answers.groupby("step").size()
    steps, moves = _by_step(shock)
    by_row: dict[tuple[str, int], MaybeEstimate] = {}
    if isinstance(moves, Quantities):
        rows = [(outcome, step) for outcome in OUTCOMES for step in steps]
        by_row |= zip(rows, estimates(moves, unit="share", level=level), strict=True)
    labels = [(outcome, int(step)) for outcome in OUTCOMES for step in sizes.index]
    few = NotEstimable("few_on_one_side", fewest=shock.smallest)
    frame = to_frame(
        [by_row.get(label, few) for label in labels],
        period=[step * shock.months for _outcome, step in labels],
        outcome=[outcome for outcome, _step in labels],
    )
    frame["n"] = [int(sizes[step]) for _outcome, step in labels]
    reference = frame["period"] == -shock.months
    frame.loc[reference, ["value", "low", "high", "why"]] = [0.0, 0.0, 0.0, ""]
    return frame


def trends_before(shock: Shock) -> Wald | NotEstimable:
    """Return the joint test that the steps before the last one differ by nothing, in repeats."""
    steps, moves = _by_step(shock)
    before = [place for place, step in enumerate(steps) if step < -1]
    if isinstance(moves, NotEstimable) or not before:
        return NotEstimable("few_months_before_event", n=len(shock.answers))
    places = [len(steps) + place for place in before]  # the repeats follow the scores
    return wald_test(moves.combine(np.eye(2 * len(steps))[places]), "no trend before the event")


def _by_step(shock: Shock) -> tuple[list[int], Quantities | NotEstimable]:
    """Return the steps with enough answers, and what is of the touched alone in each."""
    sizes = shock.answers.groupby(["step", "touched"]).size().unstack(fill_value=0)
    enough = sizes.index[(sizes.min(axis=1) >= shock.smallest) & (len(sizes.columns) == 2)]
    steps = [int(step) for step in enough if step != -1]
    if -1 not in enough or not steps:
        return [], NotEstimable("few_in_month_before_event")
    rows = shock.answers[shock.answers["step"].isin(enough)]
    return steps, _of_the_touched(rows, rows["step"].to_numpy()[:, None] == np.array(steps))


def _of_the_touched(rows: pd.DataFrame, times: np.ndarray) -> Quantities | NotEstimable:
    """Return by how much more score and repeats of the touched moved in each of some times."""
    touched = rows["touched"].to_numpy(float)
    return least_squares(
        touched[:, None] * times,
        rows[OUTCOMES].to_numpy(float),
        rows["cluster"].to_numpy(),
        others=np.column_stack([dummies(rows["step"].to_numpy()), touched]),
    )


def _happenings(answers: pd.DataFrame, events: pd.DataFrame) -> Iterator[tuple[Shock, np.ndarray]]:
    """Yield each event that touched only some, as yet without answers, and which it touched."""
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
            shock = Shock(
                event=str(event), day=day.date(), touched=tuple(segments), until=None, months=1,
                smallest=0, answers=answers,
            )  # fmt: skip
            yield shock, touched


def _with_answers(
    shock: Shock,
    answers: pd.DataFrame,
    *,
    touched: np.ndarray,
    others: list[tuple[pd.Timestamp, np.ndarray]],
) -> Shock | None:
    """Return an event with the answers around it; None if they are too few.

    It lasts until the next `others` that touched the same customers; those whom others touched in
    between are no comparison.
    """
    day = pd.Timestamp(shock.day)
    same = [when for when, mask in others if (mask & touched).any()]
    start = max([day - A_YEAR, *(when for when in same if when < day)])
    until = min([when for when in same if day < when < day + A_YEAR], default=None)
    stop = until or day + A_YEAR
    when = pd.to_datetime(answers["answered_on"])
    disturbed = [mask for at, mask in others if start < at < stop and at != day]
    rest = ~np.logical_or.reduce([touched, *disturbed])
    inside = ((when >= start) & (when < stop)).to_numpy() & (touched | rest)
    rows = answers.loc[inside, [*OUTCOMES, "cluster"]].assign(touched=touched[inside])
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
