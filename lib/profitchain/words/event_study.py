"""The words on an event that touched some regions and not others."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.core.group_names import group_name
from profitchain.core.i18n import _, length
from profitchain.effects.event_answers import Shock
from profitchain.effects.power import smallest_effect
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import in_percentage_points
from profitchain.words import reasons
from profitchain.words.captions import PER_POINT
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import touched_words

LONGEST_NAME = 10  # words of an event that a message names


def pre_trend(drift: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return whether those touched by the event moved like the rest before it, and who could see.

    A test that finds nothing says how much it would have found.
    """
    if isinstance(drift, NotEstimable):
        return [Said("no_pre_trend", {"why": reasons.text(drift)})]
    if not drift.spans_zero:
        return [Said("drifted", {"drift": drift})]
    return [Said("no_drift", {"seen": smallest_effect(drift)})]


def event(study: pd.DataFrame, shock: Shock | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the months around an event, repeats in percentage points, each outcome named.

    Without an event: one row with the reason, so that the chart says it.
    """
    if isinstance(shock, NotEstimable):
        rows = to_frame([shock], period=[0], outcome=[""])
        return Presentation(rows, "none", {"n": 0, "touched": _("the touched")})
    share = study["outcome"] == "repeat"
    names = {"score": _("Score, in points"), "repeat": _("Repeat orders, in percentage points")}
    both = study.where(~share, in_percentage_points(study))
    rows = both.assign(
        outcome=study["outcome"].map(names), unit=share.map({True: PER_POINT, False: "score"})
    )
    name = group_name("event", shock.event)
    says = "named" if length(name) <= LONGEST_NAME else "unnamed"
    values = {"event": name, "touched": touched_words(shock.touched)}
    return Presentation(rows, says, values)
