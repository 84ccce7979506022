"""What page 15 publishes, by the ids of the record."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.programmes.events import EventEffect
from profitchain.programmes.lots import LotEffect
from profitchain.programmes.memberships import DESIGNS, ProgrammeEffects


def published_effects(
    programmes: list[ProgrammeEffects] | NotEstimable,
    events: list[EventEffect] | NotEstimable,
    tests: list[LotEffect],
) -> dict[str, pd.DataFrame | NotEstimable]:
    """Return the largest programme's effect by design, each event's and each test's.

    Where there is no programme, `lot` is a year of the latest test.
    """
    numbers: dict[str, pd.DataFrame | NotEstimable] = {}
    effects: dict[str, MaybeEstimate] = {}
    if not isinstance(programmes, NotEstimable):
        effects = dict(programmes[0].effects)
    elif tests:
        effects["lot"] = tests[-1].a_year
    if tests:
        values, actions = [test.effect for test in tests], [test.action for test in tests]
        numbers["test_effect"] = _with_units(values, action=actions)
    named = [name for name in DESIGNS if name in effects]
    if named:
        numbers["programme_effect"] = _with_units([effects[n] for n in named], design=named)
    elif isinstance(programmes, NotEstimable):
        numbers["programme_effect"] = programmes
    if isinstance(events, NotEstimable):
        return numbers | {"event_effect": events}
    names = [f"{one.event}, {one.day.isoformat()}" for one in events]
    return numbers | {"event_effect": _with_units([one.main for one in events], event=names)}


def _with_units(values: list[MaybeEstimate], **labels: list[str]) -> pd.DataFrame:
    return to_frame(values, **labels).assign(unit=[getattr(one, "unit", "") for one in values])
