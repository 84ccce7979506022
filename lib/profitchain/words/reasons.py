"""Why a number can't be given, in words: each reason's sentence, and estimates that may be missing.

One message a key: a text, or (one, many, the value that counts), or a function of the values.
Values that are reasons themselves are said first; everything else is filled in as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason
from profitchain.core.formats import TOO_FEW, evidence, in_brackets, number
from profitchain.core.i18n import N_, _, ngettext

Message = str | tuple[str, str, str] | Callable[[Mapping[str, object]], str]

RECORDED = "as_recorded"  # a reason that an edition gave, in its words

STATS: dict[str, Message] = {}

MEASURES: dict[str, Message] = {}

EFFECTS: dict[str, Message] = {}

EVIDENCE: dict[str, Message] = {}

LIFETIME: dict[str, Message] = {}

EXHIBITS: dict[str, Message] = {
    "too_few_to_say": N_("Too few to say."),
    "asked_unknown": N_(
        "Who was asked is not known: needs `invitations` with the `response_id` of each answer."
    ),
    "books_say_zero": N_("The books say 0."),
}

REASONS = {RECORDED: "{text}", **STATS, **MEASURES, **EFFECTS, **EVIDENCE, **LIFETIME, **EXHIBITS}


def text(reason: Reason | NotEstimable | str) -> str:
    """Return a reason as one sentence in the spoken language; "" where there is none."""
    if isinstance(reason, NotEstimable):
        reason = reason.why
    if isinstance(reason, str):
        return _(reason)
    said = {name: text(v) if isinstance(v, Reason) else v for name, v in reason.values}
    message = REASONS[reason.key]
    if callable(message):
        return message(said)
    if isinstance(message, tuple):
        one, many, counted = message
        return ngettext(one, many, said[counted], **said)
    return _(message, **said)


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose reasons (columns `why` and `…_why`) are sentences."""
    whys = [name for name in map(str, frame.columns) if name.endswith("why")]
    told = {name: [text(why) if isinstance(why, Reason) else why for why in frame[name]]
            for name in whys}  # fmt: skip
    return frame.assign(**told) if told else frame


def with_interval(said: MaybeEstimate, *, difference: bool = False) -> str:
    """Return a figure with its interval and its n; a count in full stands alone.

    Examples
    --------
    >>> with_interval(Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share"))
    '31.2% (95% interval 28.9% to 33.6%; n = 1,204)'
    """
    if isinstance(said, NotEstimable):
        return in_brackets(_(TOO_FEW), text(said))
    figure = number(said, difference=difference)
    if said.low == said.high:
        return figure
    return in_brackets(figure, evidence(said, difference=difference))
