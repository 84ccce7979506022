"""Why a number can't be given, in words: each reason's sentence, and estimates that may be missing.

One message a key: a text, or (one, many, the value that counts), or a function of the values.
Values that are reasons themselves are said first; everything else is filled in as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason
from profitchain.core.formats import TOO_FEW, evidence, in_brackets, number
from profitchain.core.i18n import N_, NN_, _, ngettext

Message = str | tuple[str, str, str] | Callable[[Mapping[str, object]], str]

RECORDED = "as_recorded"  # a reason that an edition gave, in its words

STATS: dict[str, Message] = {}

MEASURES: dict[str, Message] = {}

EFFECTS: dict[str, Message] = {}

EVIDENCE: dict[str, Message] = {}


def _too_few_repeaters(did: str) -> Message:
    def message(values: Mapping[str, object]) -> str:
        n = values["customers"]
        who = ngettext("Only {n} customer", "Only {n} customers", n) if n else _("No customer")
        return _("{who} {did}; {needed} are needed.", who=who, did=_(did), needed=values["needed"])

    return message


LIFETIME: dict[str, Message] = {
    "too_few_came_back": _too_few_repeaters(N_("came back on a later day")),
    "too_few_came_back_and_paid": _too_few_repeaters(N_("came back and paid")),
    "no_best_fit": N_("The model found no best fit to these customers."),
    "spend_without_a_mean": N_(
        "What customers spend varies so widely that its mean can't be told (q may be 1 or "
        "less: it is {q})."
    ),
    "nothing_left_of_payments": N_("Nothing was left of the payments of the lookback."),
    "nothing_happened": N_("Nothing happened that could have been foreseen."),
    "too_few_purchase_days": (
        *NN_(
            "Only {n} purchase day followed; {needed} are needed.",
            "Only {n} purchase days followed; {needed} are needed.",
        ),
        "days",
    ),
    "too_few_answers_of_different_groups": N_(
        "Too few customers gave answers of different groups."
    ),
    "group_too_small": (
        *NN_(
            "Fewer than {n} customer: too small a group to show.",
            "Fewer than {n} customers: too small a group to show.",
        ),
        "smallest",
    ),
    "value_without_an_end": N_("Nobody was lost, and nothing is discounted: the value has no end."),
    "under_contract": N_(
        "Under contract nobody leaves unseen: retention is counted, not told from silence."
    ),
    "history_too_short": N_("The history is too short to hold back a part of it."),
    "nobody_yet_so_long_ago": N_("Nobody was a customer yet so long ago."),
    "too_few_bought": N_("Too few bought in this period."),
    "nobody_answered": N_("No customer answered the main question within the lookback."),
    "too_few_orders_after_an_answer": lambda values: ngettext(
        "Too few to say: {again} of {count} customer with an answer ordered again.",
        "Too few to say: {again} of {count} customers with an answer ordered again.",
        values["customers"],
        again=f"{values['again']:,}",
        count=f"{values['customers']:,}",
    ),
    "too_few_groups_with_orders": N_("Too few groups with enough orders to compare."),
    "one_score_only": N_("Every answer gives the same score ({score}): nothing to compare."),
    "too_few_different_scores": N_("Too few different scores to compare."),
    "too_few_orders_for_the_terms": (
        *NN_(
            "Only {n} next order for {terms} terms: {needed} each are needed.",
            "Only {n} next orders for {terms} terms: {needed} each are needed.",
        ),
        "orders",
    ),
    "orders_told_perfectly": N_("No finite hazard ratio fits: a term tells perfectly who orders."),
    "no_scores_that_differ": N_("No scores that differ."),
    "satisfaction_untried": N_("There are no scores that differ, so satisfaction can't be tried."),
    "leavers_told_perfectly": N_("The signs tell perfectly who left, so no finite model fits."),
    "too_few_period_ends": N_(
        "{needed} ends of periods with customers are needed, to learn from, to try the model on "
        "and to look ahead from; the orders reach back over {known}."
    ),
    "too_few_stayed_away": N_(
        "Only {rarer} of {count} customers at the ends of earlier periods stayed away: "
        "{fewest} are needed to learn from."
    ),
    "too_few_ordered_again": N_(
        "Only {rarer} of {count} customers at the ends of earlier periods ordered again: "
        "{fewest} are needed to learn from."
    ),
    "no_better_than_a_coin": N_(
        "Who stays away was not foretold better than by a coin, so any choice is a draw."
    ),
    "too_few_to_value_keeping": N_(
        "Too few customers stayed, or stayed away, to see what keeping one is worth."
    ),
}

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
    """Return a frame whose reasons (columns `why` and `…_why`) are sentences.

    Examples
    --------
    >>> why = Reason.of(RECORDED, text="Too few to say.")
    >>> in_words(pd.DataFrame({"value": [float("nan")], "why": [why]}))["why"].tolist()
    ['Too few to say.']
    """
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
