"""What an event that touched some customers and not others did to their scores and repeats.

Difference in differences: how much more the touched changed than the rest, from the months before
the event to those after it. It assumes that without the event both would have changed alike; the
months before let one look whether they did. The events table names regions (any segment); shocks
hit a region and month together, so regions are what is counted.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.effects.event_answers import OUTCOMES, Shock, changes_of, latest_event
from profitchain.effects.region_changes import (
    FEWEST_OF_A_SIDE,
    FEWEST_REGIONS,
    SURE,
    drift_before,
    mean_changes,
    permutation_test,
    t_test,
    touched_against_rest,
)
from profitchain.evidence.instrumental_variables import ratio_of
from profitchain.panel.edition import Edition
from profitchain.stats.margins import estimates

SCORE, REPEAT = range(2)  # their places
UNCLEAR = ("permutation_unclear_score", "permutation_unclear_repeat")
FEWEST_STEPS = 3  # before the event, to see a drift
BY_REGION = "touched regions against the rest (Donald and Lang)"


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
