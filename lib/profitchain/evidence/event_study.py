"""What an event that touched some customers and not others did to their scores and repeats.

Difference in differences: how much more the touched changed than the rest, from the months before
the event to those after it. It assumes that without the event both would have changed alike; the
months before let one look whether they did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _, ngettext
from profitchain.evidence.instrumental_variables import FEWEST_A_SIDE, ratio_of
from profitchain.panel.edition import Edition
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import Wald, estimates, wald_test
from profitchain.stats.ols import dummies, least_squares
from profitchain.stats.ratios import said_frame

OUTCOMES = ("score", "repeat")
YEAR = 12  # months looked at before the event, and after it
MONTHS, QUARTERS = 1, 3  # months a step
A_MONTH = 3  # times the smallest group a month, of the touched, for steps of a month
NONE = N_(
    "No event touched some customers and not others, with enough answers before and after it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """An event and the answers around it.

    `answers` has one row an answer: score, repeat, cluster, touched (bool), step (of `months`
    months, 0 the first from the day of the event, -1 the last before it). `until` is the day of the
    next event that touched the same customers, if one came within a year.
    """

    event: str
    day: date
    touched: str
    until: date | None
    months: int
    smallest: int
    answers: pd.DataFrame

    @property
    def words(self) -> str:
        """The event as the beginning of a sentence."""
        return _("The event “{event}” ({touched})", event=self.event, touched=self.touched)


def found(edition: Edition) -> Shock | NotEstimable:
    """Return the latest event whose doing can be seen, with the answers around it, or why none."""
    if not edition.has("events"):
        return NotEstimable(_without("events"))
    if not edition.has("ladder_cells"):
        return NotEstimable(_without("responses"))
    answers, events = edition.table("ladder_cells"), edition.table("events")
    return latest(answers, events, smallest=edition.smallest)


def event_study(edition: Edition, *, level: float = 0.95) -> pd.DataFrame:
    """Return how the touched differed from the rest, month by month, against the last one before.

    Returns
    -------
    One row a month and outcome: period (months from the event, -1 the last before it: 0 by
    construction), outcome ("score" in points, "repeat" as a share), value, low, high, n (answers),
    why. Quarters where months hold too few answers: then period counts their first months. No rows
    without a usable event.
    """
    shock = found(edition)
    if isinstance(shock, NotEstimable):
        return said_frame([], period=[], outcome=[])
    return study_of(shock, level=level)


def pre_trends(edition: Edition) -> Wald | NotEstimable:
    """Return the test that before the event the repeats of the touched moved with the rest's."""
    shock = found(edition)
    return shock if isinstance(shock, NotEstimable) else trends_before(shock)


def latest(
    answers: pd.DataFrame, events: pd.DataFrame, *, smallest: int = 10
) -> Shock | NotEstimable:
    """Return the latest event that touched some and not others, with enough answers around it.

    Parameters
    ----------
    answers : one row an answer whose window has closed
        Reads answered_on, score, repeat, cluster and the segments that events name.
    events : event, happened_on and segment columns; empty ones mean that it touched all.
    """
    happened = sorted(_happenings(answers, events), key=lambda one: one[0], reverse=True)
    for day, event, words, touched in happened:
        others = [(when, mask) for when, *_named, mask in happened if mask is not touched]
        shock = _around(answers, day, touched, others=others, smallest=smallest)
        if shock is not None:
            return _named(shock, event=event, day=day, words=words, smallest=smallest)
    return NotEstimable(_(NONE), n=len(answers))


def effect_of(shock: Shock, *, level: float = 0.95) -> MaybeEstimate:
    """Return the effect of a point by this event."""
    moved = moved_by(shock)
    return (
        moved if isinstance(moved, NotEstimable) else ratio_of(moved, what=shock.words, level=level)
    )


def moved_by(shock: Shock) -> Quantities | NotEstimable:
    """Return by how much the event moved score and repeats: difference in differences.

    Every month has its own level, the touched theirs.
    """
    rows = shock.answers
    touched = rows["touched"].to_numpy(float)
    return least_squares(
        (touched * (rows["step"] >= 0).to_numpy())[:, None],
        rows[[*OUTCOMES]].to_numpy(float),
        rows["cluster"].to_numpy(),
        others=np.column_stack([dummies(rows["step"].to_numpy()), touched]),
    )


def study_of(shock: Shock, *, level: float = 0.95) -> pd.DataFrame:
    """Return the event study of a shock; as `event_study`."""
    sizes = shock.answers.groupby(["step", "touched"]).size().unstack(fill_value=0)
    steps, moved = _by_step(shock)
    known = {}
    if isinstance(moved, Quantities):
        said = iter(estimates(moved, unit="share", level=level))
        known = {(step, outcome): next(said) for outcome in OUTCOMES for step in steps}
    labels, rows = [], []
    for outcome in OUTCOMES:
        for step in sizes.index:
            n = int(sizes.loc[step].sum())
            why = _fewer_than(shock.smallest) if n else ""
            labels.append((step * shock.months, outcome))
            rows.append(known.get((step, outcome), NotEstimable(why, n=n)))
    period, outcome = zip(*labels, strict=True)
    frame = said_frame(rows, period=period, outcome=outcome)
    frame["n"] = [int(sizes.loc[at // shock.months].sum()) for at in period]
    reference = frame["period"] == -shock.months
    frame.loc[reference, ["value", "low", "high", "why"]] = [0.0, 0.0, 0.0, ""]
    return frame


def trends_before(shock: Shock) -> Wald | NotEstimable:
    """Return the joint test that the steps before the last one differ by nothing, in repeats."""
    steps, moved = _by_step(shock)
    before = [place for place, step in enumerate(steps) if step < -1]
    if isinstance(moved, NotEstimable) or not before:
        why = _("Too few months before the event to see a trend.")
        return NotEstimable(why, n=len(shock.answers))
    places = [len(steps) + place for place in before]  # the repeats follow the scores
    return wald_test(moved.combine(np.eye(2 * len(steps))[places]), "no trend before the event")


def _by_step(shock: Shock) -> tuple[list[int], Quantities | NotEstimable]:
    """Return the steps with enough answers, and what is of the touched alone in each."""
    sizes = shock.answers.groupby(["step", "touched"]).size().unstack(fill_value=0)
    enough = sizes.index[(sizes.min(axis=1) >= shock.smallest) & (len(sizes.columns) == 2)]
    steps = [int(step) for step in enough if step != -1]
    if -1 not in enough or not steps:
        return [], NotEstimable(_("Too few answers in the last month before the event."))
    rows = shock.answers[shock.answers["step"].isin(enough)]
    touched = rows["touched"].to_numpy(float)
    step = rows["step"].to_numpy()
    parts = touched[:, None] * (step[:, None] == np.array(steps))
    others = np.column_stack([dummies(step), touched])
    outcomes = rows[[*OUTCOMES]].to_numpy(float)
    return steps, least_squares(parts, outcomes, rows["cluster"].to_numpy(), others=others)


def _happenings(
    answers: pd.DataFrame, events: pd.DataFrame
) -> Iterator[tuple[pd.Timestamp, str, str, np.ndarray]]:
    """Yield day, event, the touched in words and by answer, of events that touched only some."""
    segments = [name for name in events if name in answers]
    events = events.assign(happened_on=pd.to_datetime(events["happened_on"]))
    for (day, event), rows in events.groupby(["happened_on", "event"], sort=True):
        touched, words = np.zeros(len(answers), bool), []
        for row in rows[segments].to_dict("records"):
            named = {name: value for name, value in row.items() if pd.notna(value)}
            hit = [(answers[name] == value).to_numpy() for name, value in named.items()]
            touched |= np.logical_and.reduce(hit) if hit else True
            words.append(_where(named))
        if touched.any() and not touched.all():
            yield day, str(event), reduce(_or_where, words), touched


def _where(named: Mapping[str, object]) -> str:
    """Return what tells the touched from the rest: region North, tier gold."""
    if not named:
        return ""
    return reduce(
        lambda first, second: _("{first}, {second}", first=first, second=second),
        [_("{name} {value}", name=name, value=value) for name, value in named.items()],
    )


def _or_where(first: str, second: str) -> str:
    return _("{first}; {second}", first=first, second=second)


def _without(table: str) -> str:
    return _("Not measured: {what}", what=_("needs table `{table}`.", table=table))


def _fewer_than(smallest: int) -> str:
    return ngettext(
        "Fewer than {n} answer on one side.", "Fewer than {n} answers on one side.", smallest
    )


def _around(
    answers: pd.DataFrame,
    day: pd.Timestamp,
    touched: np.ndarray,
    *,
    others: list[tuple[pd.Timestamp, np.ndarray]],
    smallest: int,
) -> tuple[pd.DataFrame, int, pd.Timestamp | None] | None:
    """Return the answers around an event, months a step and its end; None if they are too few."""
    same = [when for when, mask in others if (mask & touched).any()]
    year = pd.DateOffset(months=YEAR)
    start = max([day - year, *(when for when in same if when < day)])
    ends = min([when for when in same if when > day], default=None)
    stop = min(day + year, ends or day + year)
    when = pd.to_datetime(answers["answered_on"])
    disturbed = [mask for at, mask in others if start < at < stop and at != day]
    rest = ~np.logical_or.reduce([touched, *disturbed])
    inside = ((when >= start) & (when < stop)).to_numpy() & (touched | rest)
    rows = answers.loc[inside, ["score", "repeat", "cluster"]].assign(touched=touched[inside])
    month = _months_from(day, when[inside])
    sides = rows.groupby([rows["touched"], month >= 0]).size()
    if len(sides) < 4 or sides.min() < FEWEST_A_SIDE:
        return None
    of_touched = sides[True].sum() / max(month.nunique(), 1)
    months = MONTHS if of_touched >= A_MONTH * smallest else QUARTERS
    ended = None if ends is None or ends >= day + year else ends
    return rows.assign(step=month // months).reset_index(drop=True), months, ended


def _named(
    shock: tuple[pd.DataFrame, int, pd.Timestamp | None],
    *,
    event: str,
    day: pd.Timestamp,
    words: str,
    smallest: int,
) -> Shock:
    rows, months, until = shock
    return Shock(
        event=event,
        day=day.date(),
        touched=words,
        until=None if until is None else until.date(),
        months=months,
        smallest=smallest,
        answers=rows,
    )


def _months_from(day: pd.Timestamp, when: pd.Series) -> pd.Series:
    """Return whole months from a day to others: 0 from it on, -1 in the month before it."""
    months = 12 * (when.dt.year - day.year) + when.dt.month - day.month
    return months - (when.dt.day < min(day.day, 28)).astype(int)
