"""What the page hands to the record: alarms, hours of contacts, positions, chances of goals."""

from __future__ import annotations

from collections.abc import Sequence

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.watch.alarms import Alarms
from profitchain.watch.contacts import Waiting
from profitchain.watch.goals import ABOVE, BELOW, GREY, OPEN, Goal, Standing

POSITIONS = {ABOVE: 1.0, BELOW: -1.0}


def watch_record(
    looks: Alarms | NotEstimable,
    waits: Waiting | NotEstimable,
    aims: Sequence[Goal] | NotEstimable,
    places: Sequence[Standing] | NotEstimable,
) -> dict[str, MaybeEstimate | dict[str, MaybeEstimate]]:
    """Return the page's findings by id; a position is 1 above the range, -1 below, 0 unclear."""
    number: MaybeEstimate = (
        looks
        if isinstance(looks, NotEstimable)
        else counted(len(looks.raised), unit="alarms", n=len(looks.looks))
    )
    hours = (waits, waits) if isinstance(waits, NotEstimable) else (waits.first, waits.close)
    return {
        "alarms": number,
        "first_response_hours": hours[0],
        "hours_to_close": hours[1],
        "benchmark_position": {
            one.metric: _position(one)
            for one in ([] if isinstance(places, NotEstimable) else places)
        },
        "goal_probability": {
            f"{one.metric} {one.by:%Y-%m-%d}": one.chance
            for one in ([] if isinstance(aims, NotEstimable) else aims)
            if one.state == OPEN
        },
    }


def _position(one: Standing) -> MaybeEstimate:
    if one.position == GREY:
        return NotEstimable("benchmark_not_defined")
    if not isinstance(one.own, Estimate):
        return one.own
    return counted(POSITIONS.get(one.position, 0.0), unit="ratio", n=one.own.n)
