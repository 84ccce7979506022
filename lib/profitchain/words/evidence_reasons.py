"""Why a design gives no number, and what moved satisfaction, in words: a part of `reasons`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

from profitchain.core.formats import MINUS
from profitchain.core.i18n import N_, NN_, _, listed, ngettext

if TYPE_CHECKING:
    from profitchain.words.reasons import Message, Values

KEYS = (  # of evidence, translated where they are shown: designs, sets of controls, choices, sides
    *(N_("raw"), N_("adjusted"), N_("weighted"), N_("within"), N_("within_fixed_effects")),
    *(N_("placebo"), N_("lead"), N_("shock"), N_("experiment")),
    *(N_("none"), N_("all"), N_("all and all segments")),
    *(N_("score as"), N_("adjusted for"), N_("days followed")),
    *(N_("positive"), N_("negative"), N_("unclear")),
)
COULD_HIDE = N_("a link that matters could hide among so few answers")


def touched_words(touched: Iterable[Iterable[tuple[str, object]]]) -> str:
    """Return what tells the touched of an event from the rest: "region North, tier gold"."""
    return reduce(
        lambda first, second: _("{first}; {second}", first=first, second=second),
        [_segment_words(segment) for segment in touched],
    )


def _segment_words(segment: Iterable[tuple[str, object]]) -> str:
    return reduce(
        lambda first, second: _("{first}, {second}", first=first, second=second),
        [_("{name} {value}", name=name, value=value) for name, value in segment] or [""],
    )


def _few_quick(values: Values) -> str:
    return ngettext(
        "Of {total} returns before an answer only {n} was quick: too few to compare.",
        "Of {total} returns before an answer only {n} were quick: too few to compare.",
        values["fewest"], total=f"{values['total']:,}",
    )  # fmt: skip


def _few_slow(values: Values) -> str:
    return ngettext(
        "Of {total} returns before an answer only {n} was slow: too few to compare.",
        "Of {total} returns before an answer only {n} were slow: too few to compare.",
        values["fewest"], total=f"{values['total']:,}",
    )  # fmt: skip


def _event(values: Values) -> str:
    touched = touched_words(values["touched"])
    return _("The event “{event}” ({touched})", event=values["event"], touched=touched)


def _not_moved(values: Values) -> str:
    points = {name: f"{values[name]:z.2f}".replace("-", MINUS) for name in ("by", "low", "high")}
    return _(
        "{what} did not move satisfaction clearly (by {by} points, {low} to {high}), so can't say "
        "what it is worth.",
        what=values["what"], **points,
    )  # fmt: skip


def _sides(values: Values) -> str:
    if not values["sides"]:
        return _("{what} must have two values; found: none.", what=values["what"])
    sides = listed(values["sides"][:5])
    return _("{what} must have two values; found: {values}.", what=values["what"], values=sides)


def _noise(values: Values) -> str:
    return _(
        "A reliability of {reliability} leaves nothing beyond the {explained} that the controls "
        "tell of the score.",
        reliability=f"{values['reliability']:.2f}", explained=f"{values['explained']:.2f}",
    )  # fmt: skip


EVIDENCE: dict[str, Message] = {
    "design_not_measured": N_("Not measured: {what}"),
    "nobody_knows_who_was_asked": N_("nobody knows who was asked."),
    "needs_events": N_("needs table `{table}`."),
    "needs_lot": N_("needs an experiment, or offers with a hold-out."),
    "nobody_answered_twice": N_("No customer answered a second time."),
    "few_quick_returns": _few_quick,
    "few_slow_returns": _few_slow,
    "prompting_unknown": N_("Their own average is not used: nobody can tell how answers come "
                            "about."),
    "prompted_more": N_("Their own average is not used: of those who came back, {points} in a "
                        "hundred more answered again."),
    "prompted_fewer": N_("Their own average is not used: of those who came back, {points} in a "
                         "hundred fewer answered again."),
    "an_event": N_("an event that touched only some"),
    "event_named": N_("“{event}”"),
    "the_event": _event,
    "the_experiment": N_("The experiment `{column}`"),
    "offers_held_out": N_("The offers with a hold-out"),
    "no_event_to_learn_from": N_("No event touched some customers and not others, with enough "
                                 "answers before and after it."),
    "few_on_one_side": (*NN_("Fewer than {n} answer on one side.",
                             "Fewer than {n} answers on one side."), "fewest"),
    "few_months_before_event": N_("Too few months before the event to see a trend."),
    "few_in_month_before_event": N_("Too few answers in the last month before the event."),
    "moved_too_little_to_compare": N_("{what} left too little variation to compare."),
    "score_not_moved": _not_moved,
    "not_two_sides": _sides,
    "few_on_one_side_of_lot": (*NN_("{what} has only {n} answer on one side.",
                                    "{what} has only {n} answers on one side."), "fewest"),
    "few_pairs_of_answers": (
        *NN_("Only {n} time did a customer answer twice within {days} days: at least {fewest} are "
             "needed to tell how noisy the score is.",
             "Only {n} times did a customer answer twice within {days} days: at least {fewest} are "
             "needed to tell how noisy the score is."),
        "pairs",
    ),
    "pairs_all_the_same": N_("All answers of these customers are the same."),
    "few_customers_answered_twice": N_("Too few customers answered twice within weeks."),
    "noise_leaves_nothing": _noise,
    "no_specification_gave_a_number": N_("No specification gave a number."),
    "all_on_one_side_of_cut": N_("All answers lie on one side of the cut."),
    "scores_tell_perfectly": N_("The scores (or controls) tell perfectly who came back."),
    "too_few_data": N_("Too few data: {reason}."),
    "could_hide_among_few": COULD_HIDE,
}  # fmt: skip
