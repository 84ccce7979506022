"""What events did to scores, NPS and repeats: touched against the rest, or before and after.

Where an event touched some regions, the differences are those of page 09's event study: each region
is one number, told from luck by all ways to have named as many regions. Where it touched everybody
nothing is left to compare with but the time before, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.event_answers import (
    A_YEAR,
    FEWEST_A_SIDE,
    Shock,
    changes_of,
    events_apart,
    in_segments,
)
from profitchain.effects.region_changes import SURE, permutation_test, touched_against_rest
from profitchain.panel.edition import Edition
from profitchain.sources.settings import Question
from profitchain.stats.margins import estimates
from profitchain.stats.ratios import change

NPS = "nps"
UNITS = {"score": "score", "repeat": "share", NPS: "points"}
BY_REGION = "touched regions against the rest (Donald and Lang)"
BEFORE_AFTER = "before and after, no comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEffect:
    """What one event did: by outcome (score, repeat as a share, nps in points where asked).

    `apart` tells whether it touched some and not others; then `regions` are those compared,
    `touched` of them touched, `is_valid` whether they are enough, and `chance` the share of ways to
    name as many regions whose scores differ as much (None: can't be said).
    """

    event: str
    day: date
    apart: bool
    outcomes: Mapping[str, MaybeEstimate]
    regions: int = 0
    touched: int = 0
    is_valid: bool = False
    chance: float | None = None

    @property
    def main(self) -> MaybeEstimate:
        """NPS points where that is asked, else the score."""
        return self.outcomes.get(NPS, self.outcomes["score"])

    @property
    def is_sure(self) -> bool:
        """Whether the touched clearly changed: by enough regions, their spread, and all ways."""
        is_clear = isinstance(self.main, Estimate) and not self.main.spans_zero
        return is_clear and self.is_valid and self.chance is not None and self.chance < SURE


def event_effects(edition: Edition) -> list[EventEffect] | NotEstimable:
    """Return what each event did, the latest first, or why nothing can be said."""
    if not edition.has("events"):
        return NotEstimable("needs_table", table="events")
    if edition.company.main is None or not edition.has("ladder_cells"):
        return NotEstimable("needs_main_question")
    answers = with_points(edition.table("ladder_cells"), edition.company.main)
    return effects_of_events(answers, edition.table("events"), smallest=edition.smallest)


def effects_of_events(
    answers: pd.DataFrame, events: pd.DataFrame, *, smallest: int = 10
) -> list[EventEffect]:
    """Return what each event did, the latest first.

    Parameters
    ----------
    answers : one row an answer whose window has closed
        Reads answered_on, score, repeat, nps where it is there, cluster, and the segments named.
    events : event, happened_on, and columns of segments: empty ones mean that it touched all.
    """
    extra = (NPS,) if NPS in answers else ()
    pairs = list(events_apart(answers, events, smallest=smallest, extra=extra))
    apart = [
        _apart(shock if around is None else around, around is not None, extra)
        for shock, around in pairs
    ]
    columns = [name for name in events if name in answers]
    to_all = events[columns].isna().all(axis=1) if columns else pd.Series(True, index=events.index)
    rows = events[to_all].drop_duplicates(["event", "happened_on"])
    days = sorted(pd.to_datetime(rows["happened_on"]))
    others = [(pd.Timestamp(shock.day), in_segments(answers, shock.touched)) for shock, _ in pairs]
    found = apart + [_of_all(answers, row, days, others, extra) for row in rows.itertuples()]
    return sorted(found, key=lambda one: (one.day, one.event), reverse=True)


def with_points(answers: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return answers with `nps` (100, 0 or -100) where the question asks for it."""
    if question.kind != NPS:
        return answers
    score = answers["score"].astype(float)
    return answers.assign(nps=np.select([score >= 9, score <= 6], [100.0, -100.0], 0.0))


def _apart(shock: Shock, has_answers: bool, extra: tuple[str, ...]) -> EventEffect:
    named: dict[str, Any] = {"event": shock.event, "day": shock.day, "apart": True}
    outcomes = ["score", "repeat", *extra]
    if not has_answers:
        few = NotEstimable("few_answers_around", n=len(shock.answers), needed=FEWEST_A_SIDE)
        return EventEffect(**named, outcomes=dict.fromkeys(outcomes, few))
    changes = changes_of(shock, extra)
    counts, moves = changes.counts, touched_against_rest(changes)
    if isinstance(moves, NotEstimable):
        return EventEffect(**named, outcomes=dict.fromkeys(outcomes, moves),
                           regions=counts["regions"], touched=counts["touched"])  # fmt: skip
    values = estimates(moves, unit="share", method=BY_REGION)
    return EventEffect(
        **named,
        outcomes={
            name: value.times(1.0, UNITS[name]) if isinstance(value, Estimate) else value
            for name, value in zip(outcomes, values, strict=True)
        },
        regions=counts["regions"], touched=counts["touched"], is_valid=changes.is_valid,
        chance=permutation_test(changes, outcomes.index(extra[0] if extra else "score")),
    )  # fmt: skip


def _of_all(
    answers: pd.DataFrame, row: object, days: list[pd.Timestamp],
    others: list[tuple[pd.Timestamp, np.ndarray]], extra: tuple[str, ...],
) -> EventEffect:  # fmt: skip
    """Return how answers changed from before an event that touched everybody to after it.

    Whom one of the `others` touched in that time is left out.
    """
    day = pd.Timestamp(row.happened_on)  # type: ignore[attr-defined]
    start = max([day - A_YEAR, *(other for other in days if other < day)])
    stop = min([day + A_YEAR, *(other for other in days if other > day)])
    disturbed = [touched for at, touched in others if start < at < stop]
    if disturbed:
        answers = answers[~np.logical_or.reduce(disturbed)]
    when = pd.to_datetime(answers["answered_on"])
    before = answers[(when >= start) & (when < day)]
    after = answers[(when >= day) & (when < stop)]
    few = min(len(before), len(after)) < FEWEST_A_SIDE
    why = NotEstimable("few_answers_around", n=len(before) + len(after), needed=FEWEST_A_SIDE)
    outcomes: dict[str, MaybeEstimate] = {
        name: why if few else _changed(after, before, name) for name in ["score", "repeat", *extra]
    }
    return EventEffect(event=str(row.event), day=day.date(), apart=False,  # type: ignore[attr-defined]
                       outcomes=outcomes)  # fmt: skip


def _changed(after: pd.DataFrame, before: pd.DataFrame, outcome: str) -> MaybeEstimate:
    sides = [
        side.assign(outcome=side[outcome].astype(float), n=1)[["cluster", "outcome", "n"]]
        for side in (after, before)
    ]
    found = change(*sides, numerator="outcome", denominator="n", unit=UNITS[outcome])
    if isinstance(found, NotEstimable):
        return found
    ends = {"low": float(found.low), "high": float(found.high)}
    return Estimate(value=found.value, **ends, n=len(after) + len(before), unit=found.unit,
                    method=BEFORE_AFTER)  # fmt: skip
