"""Events that touched some customers and not others, and the answers around each.

The events table names regions (any segment) and days. An event lasts until the next one that
touched the same customers, a year at most; whom others touched in between are no comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.effects.region_changes import RegionChanges, mean_changes

OUTCOMES = ["score", "repeat"]
A_YEAR = pd.DateOffset(months=12)  # looked at before the event, and after it
QUARTER = 3  # months a step where the touched are too few for steps of a month
A_MONTH = 3  # times the smallest group a month, of the touched, for steps of a month
FEWEST_A_SIDE = 20  # answers

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
    usable = (around for _, around in events_apart(answers, events, smallest=smallest) if around)
    return next(usable, NotEstimable("no_event_to_learn_from", n=len(answers)))


def events_apart(
    answers: pd.DataFrame, events: pd.DataFrame, *, smallest: int = 10, extra: tuple[str, ...] = ()
) -> Iterator[tuple[Shock, Shock | None]]:
    """Yield each event that touched some and not others, the latest first, and with its answers.

    None in place of the second where there are too few answers around it.

    Parameters
    ----------
    answers, events : as for `latest_event`.
    extra : further outcomes among the columns of the answers.
    """
    happened = sorted(_happenings(answers, events), key=lambda row: row[0].day, reverse=True)
    for shock, touched in happened:
        others = [(pd.Timestamp(other.day), mask) for other, mask in happened if other is not shock]
        own = replace(shock, smallest=smallest)
        yield own, _with_answers(own, touched=touched, others=others, extra=extra)


def in_segments(answers: pd.DataFrame, segments: Sequence[Segments]) -> np.ndarray:
    """Return which answers belong to one of some segments; one that names nothing holds all."""
    inside = np.zeros(len(answers), bool)
    for named in segments:
        hits = [(answers[name] == value).to_numpy() for name, value in named]
        inside |= np.logical_and.reduce(hits) if hits else True
    return inside


def changes_of(shock: Shock, extra: tuple[str, ...] = ()) -> RegionChanges:
    """Return by how much score, repeats and `extra` of each region changed, before to after."""
    after = (shock.answers["step"] >= 0).to_numpy()
    return mean_changes(shock.answers, after, [*OUTCOMES, *extra], smallest=shock.smallest)


def _happenings(answers: pd.DataFrame, events: pd.DataFrame) -> Iterator[tuple[Shock, np.ndarray]]:
    """Yield each event that touched only some, all answers told by region, and the touched."""
    columns = [name for name in events if name in answers]
    events = events.assign(happened_on=pd.to_datetime(events["happened_on"]))
    for (day, event), rows in events.groupby(["happened_on", "event"], sort=True):
        segments: list[Segments] = [
            tuple((name, value) for name, value in row.items() if pd.notna(value))
            for row in rows[columns].to_dict("records")
        ]
        touched = in_segments(answers, segments)
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
    extra: tuple[str, ...],
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
    rows = answers.loc[inside, [*OUTCOMES, *extra, "region"]].assign(touched=touched[inside])
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
