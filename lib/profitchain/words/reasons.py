"""Why a number can't be given, in words: each reason's sentence, and estimates that may be missing.

One message a key: a text, or (one, many, the value that counts), or a function of the values.
Values that are reasons themselves are said first; everything else is filled in as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason
from profitchain.core.formats import MINUS, TOO_FEW, evidence, in_brackets, number
from profitchain.core.i18n import N_, NN_, _, listed, ngettext

Values = Mapping[str, Any]
Message = str | tuple[str, str, str] | Callable[[Values], str]

RECORDED = "as_recorded"  # a reason that an edition gave, in its words


def formatted(message: str | tuple[str, str, str], **forms: Callable[[Any], str]) -> Message:
    """Return a message before which some of its values are formatted: `total="{:,}".format`."""
    return lambda values: _filled(
        message, {**values, **{name: form(values[name]) for name, form in forms.items()}}
    )


def _filled(message: Message, values: Values) -> str:
    if callable(message):
        return message(values)
    if isinstance(message, tuple):
        one, many, counted = message
        return ngettext(one, many, values[counted], **values)
    return _(message, **values)


STATS: dict[str, Message] = {}

MEASURES: dict[str, Message] = {}

EFFECTS: dict[str, Message] = {}


COULD_HIDE = N_("a link that matters could hide among so few answers")


def touched_words(touched: Iterable[Iterable[tuple[str, object]]]) -> str:
    """Return what tells the touched of an event from the rest: "region North, tier gold"."""
    segments = [
        [_("{name} {value}", name=name, value=value) for name, value in segment]
        for segment in touched
    ]
    return _joined(
        N_("{first}; {second}"), [_joined(N_("{first}, {second}"), parts) for parts in segments]
    )


def _joined(message: str, parts: list[str]) -> str:
    return reduce(lambda first, second: _(message, first=first, second=second), parts or [""])


def _sides(values: Values) -> str:
    if not values["sides"]:
        return _("{what} must have two values; found: none.", what=values["what"])
    sides = listed(values["sides"][:5])
    return _("{what} must have two values; found: {values}.", what=values["what"], values=sides)


def _points(number: float) -> str:
    return f"{number:z.2f}".replace("-", MINUS)


EVIDENCE: dict[str, Message] = {
    "design_not_measured": N_("Not measured: {what}"),
    "nobody_knows_who_was_asked": N_("nobody knows who was asked."),
    "needs_events": N_("needs table `{table}`."),
    "needs_lot": N_("needs an experiment, or offers with a hold-out."),
    "nobody_answered_twice": N_("No customer answered a second time."),
    "few_quick_returns": formatted(
        (
            *NN_(
                "Of {total} returns before an answer only {n} was quick: too few to compare.",
                "Of {total} returns before an answer only {n} were quick: too few to compare.",
            ),
            "fewest",
        ),
        total="{:,}".format,
    ),
    "few_slow_returns": formatted(
        (
            *NN_(
                "Of {total} returns before an answer only {n} was slow: too few to compare.",
                "Of {total} returns before an answer only {n} were slow: too few to compare.",
            ),
            "fewest",
        ),
        total="{:,}".format,
    ),
    "prompting_unknown": N_(
        "Their own average is not used: nobody can tell how answers come about."
    ),
    "prompted_more": N_(
        "Their own average is not used: of those who came back, {points} in a hundred more "
        "answered again."
    ),
    "prompted_fewer": N_(
        "Their own average is not used: of those who came back, {points} in a hundred fewer "
        "answered again."
    ),
    "an_event": N_("an event that touched only some"),
    "event_named": N_("“{event}”"),
    "the_event": formatted(N_("The event “{event}” ({touched})"), touched=touched_words),
    "the_experiment": N_("The experiment `{column}`"),
    "offers_held_out": N_("The offers with a hold-out"),
    "no_event_to_learn_from": N_(
        "No event touched some customers and not others, with enough answers before and after it."
    ),
    "few_on_one_side": (
        *NN_("Fewer than {n} answer on one side.", "Fewer than {n} answers on one side."),
        "fewest",
    ),
    "few_months_before_event": N_("Too few months before the event to see a trend."),
    "few_in_month_before_event": N_("Too few answers in the last month before the event."),
    "moved_too_little_to_compare": N_("{what} left too little variation to compare."),
    "score_not_moved": formatted(
        N_(
            "{what} did not move satisfaction clearly (by {by} points, {low} to {high}), so can't "
            "say what it is worth."
        ),
        by=_points,
        low=_points,
        high=_points,
    ),
    "not_two_sides": _sides,
    "few_on_one_side_of_lot": (
        *NN_("{what} has only {n} answer on one side.", "{what} has only {n} answers on one side."),
        "fewest",
    ),
    "few_pairs_of_answers": (
        *NN_(
            "Only {n} time did a customer answer twice within {days} days: at least {fewest} are "
            "needed to tell how noisy the score is.",
            "Only {n} times did a customer answer twice within {days} days: at least {fewest} are "
            "needed to tell how noisy the score is.",
        ),
        "pairs",
    ),
    "pairs_all_the_same": N_("All answers of these customers are the same."),
    "few_customers_answered_twice": N_("Too few customers answered twice within weeks."),
    "noise_leaves_nothing": formatted(
        N_(
            "A reliability of {reliability} leaves nothing beyond the {explained} that the "
            "controls tell of the score."
        ),
        reliability="{:.2f}".format,
        explained="{:.2f}".format,
    ),
    "no_specification_gave_a_number": N_("No specification gave a number."),
    "all_on_one_side_of_cut": N_("All answers lie on one side of the cut."),
    "scores_tell_perfectly": N_("The scores (or controls) tell perfectly who came back."),
    "too_few_data": N_("Too few data: {reason}."),
    "could_hide_among_few": COULD_HIDE,
}

LIFETIME: dict[str, Message] = {}

REASONS = {RECORDED: "{text}", **STATS, **MEASURES, **EFFECTS, **EVIDENCE, **LIFETIME}


def text(reason: Reason | NotEstimable | str) -> str:
    """Return a reason as one sentence in the spoken language; "" where there is none."""
    if isinstance(reason, NotEstimable):
        reason = reason.why
    if isinstance(reason, str):
        return _(reason)
    values = {name: text(v) if isinstance(v, Reason) else v for name, v in reason.values}
    return _filled(REASONS[reason.key], values)


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
    >>> from profitchain.core.estimates import Estimate
    >>> with_interval(Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share"))
    '31.2% (95% interval 28.9% to 33.6%; n = 1,204)'
    """
    if isinstance(said, NotEstimable):
        return in_brackets(_(TOO_FEW), text(said))
    figure = number(said, difference=difference)
    if said.low == said.high:
        return figure
    return in_brackets(figure, evidence(said, difference=difference))
