"""The words on an event that touched some regions and not others."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.core.group_names import group_name
from profitchain.core.i18n import _
from profitchain.effects.power import smallest_effect
from profitchain.evidence.event_study import Shock
from profitchain.stats.comparisons import in_percentage_points
from profitchain.words import reasons
from profitchain.words.captions import PER_POINT, Caption, source
from profitchain.words.designs import described
from profitchain.words.prose import sentence
from profitchain.words.reasons import touched_words
from profitchain.words.scores import brief


def pre_trend_sentence(drift: MaybeEstimate) -> str:
    """Return whether those touched by the event moved like the rest before it, and who could see.

    A test that finds nothing says how much it would have found.
    """
    if isinstance(drift, NotEstimable):
        why = reasons.text(drift)
        return _("Whether both moved alike before the event can't be said: {why}", why=why)
    if not drift.spans_zero:
        return sentence(
            "Before the event they did **not** move alike: the touched drifted from the rest by "
            "{drift:difference} a month. What follows is no proof.",
            drift=drift,
        )
    return sentence(
        "Before the event there is no sign that they moved apart; but only a drift of "
        "{seen:difference_number} a month or more would have shown, four times in five.",
        seen=smallest_effect(drift),
    )


def event_chart(study: pd.DataFrame, event: Shock | NotEstimable) -> pd.DataFrame:
    """Return the months around an event, repeats in percentage points, each outcome named.

    Without an event: one row with the reason, so that the chart says it.
    """
    if isinstance(event, NotEstimable):
        return to_frame([event], period=[0], outcome=[""])
    share = study["outcome"] == "repeat"
    names = {"score": _("Score, in points"), "repeat": _("Repeat orders, in percentage points")}
    both = study.where(~share, in_percentage_points(study))
    return both.assign(
        outcome=study["outcome"].map(names), unit=share.map({True: PER_POINT, False: "score"})
    )


def event_caption(study: pd.DataFrame, event: Shock | NotEstimable) -> Caption:
    """Return the caption of the months around an event, or of why there is none."""
    if isinstance(event, NotEstimable):
        message = _("No event from outside to learn from")
        measure = _("Difference by month from the month before the event; 95% intervals")
    else:
        named = _("Before and after “{event}”", event=group_name("event", event.event))
        message = brief(named, _("Before and after the event"))
        measure = _(
            "Difference by month from the month before the event; {touched} against the other "
            "regions; 95% intervals by how regions differ",
            touched=touched_words(event.touched),
        )
    return {
        "message": message,
        "measure": measure,
        "source": source(_("Answers"), int(study["n"].max()) if len(study) else 0),
        "description": described(message, _("The numbers stand in the table.")),
        "x_label": _("months since the event"),
        "panels": "outcome",
    }
