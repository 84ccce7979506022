"""Why a number can't be given, in words, and estimates that may be missing.

The messages stand in reasons.yml by key; here is how their values are written. Values that are
reasons themselves are said first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason
from profitchain.core.formats import MINUS, TOO_FEW, evidence, in_brackets, number
from profitchain.core.group_names import group_name, segment_name
from profitchain.core.i18n import N_, _, listed, ngettext
from profitchain.words import catalogue
from profitchain.words.catalogue import words_of

Values = Mapping[str, Any]
HIDDEN = "group_too_small"
RECORDED = "as_recorded"  # a reason that an edition gave, in its words
MESSAGES = catalogue.read("reasons") | {RECORDED: "{text}"}
OUTCOMES = words_of("reasons", "outcomes")
CONTROLS = words_of("reasons", "controls")
LEVELS = (N_("not known"), N_("all others"), N_("(others)"))  # of a control, beside the firm's own
MONEY = words_of("reasons", "money")


def outcome_name(outcome: str) -> str:
    """Return what an outcome, a column of cells, is called in words."""
    return _(OUTCOMES.get(outcome, outcome))


def control_name(control: str) -> str:
    """Return what a control is called in words; a segment's name is the firm's own."""
    if control in CONTROLS:
        return _(CONTROLS[control])
    name = segment_name(control)
    return control.replace("_", " ") if name == control else name


def touched_words(touched: Iterable[Iterable[tuple[str, object]]]) -> str:
    """Return what tells the touched of an event from the rest: "region North, tier gold"."""
    segments = [
        _in_a_row(
            [
                _("{name} {value}", name=segment_name(name), value=group_name(name, value))
                for name, value in named
            ]
            or [""]
        )
        for named in touched
    ]
    return reduce(
        lambda first, second: _("{first}; {second}", first=first, second=second), segments
    )


def _in_a_row(words: Sequence[str]) -> str:
    return reduce(lambda first, second: _("{first}, {second}", first=first, second=second), words)


WAYS: dict[str, Callable[[Any], str]] = {  # to write a value, by their name in reasons.yml
    "control": control_name,
    "event": lambda event: group_name("event", event),
    "money": lambda money: _(MONEY[money]),
    "outcome": outcome_name,
    "signed": lambda points: f"{points:z.2f}".replace("-", MINUS),
    "touched": touched_words,
    "words": _,
}


def _came_back(values: Values, did: str) -> str:
    n = values["customers"]
    who = ngettext("Only {n} customer", "Only {n} customers", n) if n else _("No customer")
    return _("{who} {did}; {needed} are needed.", who=who, did=_(did), needed=values["needed"])


def _two_sides(values: Values) -> str:
    if not values["sides"]:
        return _("{what} must have two values; found: none.", what=values["what"])
    sides = listed(values["sides"][:5])
    return _("{what} must have two values; found: {values}.", what=values["what"], values=sides)


def _scenario(values: Values) -> str:
    words = dict(values)
    if "group" in words:
        words["group"] = group_name(words["segment"], words["group"])
        words["segment"] = segment_name(words["segment"])
    return _(words["template"], **{name: _(value) for name, value in words.items()})


def _levels_joined(values: Values) -> str:
    control, joined = values["control"], values["joined"]
    named = _(joined) if joined in LEVELS else group_name(control, joined)
    words = {"control": control_name(control), "joined": named}
    return _(MESSAGES["control_levels_joined"], **words)


SENTENCES: dict[str, Callable[[Values], str]] = {  # those that are more than one message
    "control_levels_joined": _levels_joined,
    "not_two_sides": _two_sides,
    "scenario": _scenario,
    "too_few_came_back": lambda values: _came_back(values, N_("came back on a later day")),
    "too_few_came_back_and_paid": lambda values: _came_back(values, N_("came back and paid")),
}


def text(reason: Reason | NotEstimable | str) -> str:
    """Return a reason as one sentence in the spoken language; "" where there is none."""
    if isinstance(reason, NotEstimable):
        reason = reason.why
    if isinstance(reason, str):
        return _(reason)
    values: dict[str, Any] = {
        name: text(value) if isinstance(value, Reason) else value for name, value in reason.values
    }
    if reason.key in SENTENCES:
        return SENTENCES[reason.key](values)
    message = MESSAGES[reason.key]
    if isinstance(message, str):
        return _(message, **values)
    return _written(message, values)


def _written(message: Mapping[str, Any], values: Values) -> str:
    written = dict(values) | {
        name: WAYS[how](values[name]) if how in WAYS else format(values[name], how)
        for name, how in message.get("formats", {}).items()
    }
    if "one" in message:
        return ngettext(message["one"], message["many"], values[message["counts"]], **written)
    words = {name: _(more) for name, more in message.items() if name not in ("text", "formats")}
    return _(message["text"], **written, **words)


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose reasons are sentences, whatever columns they stand in.

    Examples
    --------
    >>> why = Reason.of(RECORDED, text="Too few to say.")
    >>> in_words(pd.DataFrame({"value": [float("nan")], "why": [why]}))["why"].tolist()
    ['Too few to say.']
    """
    if not isinstance(frame, pd.DataFrame):
        raise ParameterError(f"A table is needed, not {type(frame).__name__}. Pass a DataFrame.")
    names = [
        name
        for name, column in frame.items()
        if column.dtype == object and any(isinstance(cell, Reason) for cell in column)
    ]
    texts = {
        name: [text(cell) if isinstance(cell, Reason) else cell for cell in frame[name]]
        for name in names
    }
    if "why" in names and "n" in frame:  # the n of what is not shown isn't none
        hidden = [getattr(cell, "key", "") == HIDDEN for cell in frame["why"]]
        texts |= {"n": frame["n"].mask(hidden)} if any(hidden) else {}
    return frame.assign(**texts) if names else frame


def with_interval(said: MaybeEstimate, *, difference: bool = False) -> str:
    """Return a figure with its interval and its n; a count in full stands alone.

    Examples
    --------
    >>> from profitchain.core.estimates import Estimate
    >>> with_interval(Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share"))
    '31.2% (95% interval 28.9% to 33.6%; n = 1,204)'
    """
    if not isinstance(said, Estimate | NotEstimable):
        raise ParameterError(
            f"{said!r} has no interval. Pass an Estimate or NotEstimable, as repeat_effect returns."
        )
    if isinstance(said, NotEstimable):
        return in_brackets(_(TOO_FEW), text(said))
    figure = number(said, difference=difference)
    if said.low == said.high:
        return figure
    return in_brackets(figure, evidence(said, difference=difference))
