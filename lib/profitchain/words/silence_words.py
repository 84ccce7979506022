"""How weights, and those who were silent, move a number, in few words."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import number, plain
from profitchain.core.i18n import _, pgettext
from profitchain.sources.company import Question
from profitchain.words.prose import sentence


def case_words(main: Question) -> tuple[str, str]:
    """Return what the silent are taken to be, unhappy and happy, by the question's kind."""
    if main.kind == "nps":
        return pgettext("the silent", "detractors"), pgettext("the silent", "promoters")
    if main.kind == "csat":
        return pgettext("the silent", "dissatisfied"), pgettext("the silent", "satisfied")
    if main.kind == "ces":
        harder = pgettext("the silent", "in the harder half")
        return harder, pgettext("the silent", "in the easier half")
    lower = pgettext("the silent", "in the lower half")
    return lower, pgettext("the silent", "in the upper half")


def moved_words(moved: Estimate) -> str:
    """Return by how much weights move a number, inside a sentence."""
    if moved.spans_zero:
        return sentence("no clear difference ({moved:difference_interval})", moved=moved)
    size = number(moved if moved.value > 0 else moved.times(-1), difference=True)
    if moved.value > 0:
        return sentence(
            "**{size} higher** (interval of the difference {moved:difference_interval})",
            size=size, moved=moved,
        )  # fmt: skip
    return sentence(
        "**{size} lower** (interval of the difference {moved:difference_interval})",
        size=size, moved=moved,
    )  # fmt: skip


def moved_message(what: str, moved: MaybeEstimate) -> str:
    """Return an exhibit's message on what weights do to a number (`what`: its name in words)."""
    if isinstance(moved, NotEstimable):
        return _("What weighting does to {what} can't be said", what=what)
    if moved.spans_zero:
        return _("Weighting does not clearly move {what}", what=what)
    size = number(moved if moved.value > 0 else moved.times(-1), difference=True)
    if moved.value > 0:
        return _("Weighting moves {what} up by {size}", what=what, size=size)
    return _("Weighting moves {what} down by {size}", what=what, size=size)


def cases_message(cases: pd.DataFrame, what: str, unit: str) -> str:
    """Return between which numbers the score or the link lies, over all the cases."""
    known = cases["value"].dropna()
    if len(known) < 3:
        return _("How far silence could move {what}: too few to say", what=what)
    low, high = (plain(end, unit, bare=True) for end in (known.min(), known.max()))
    return _("In these cases {what} lies between {low} and {high}", what=what, low=low, high=high)
