"""Why a number can't be given, in words: each reason's sentence, and estimates that may be missing.

One message a key: a text, or (one, many, the value that counts), or a function of the values.
Values that are reasons themselves are said first; everything else is filled in as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason
from profitchain.core.formats import TOO_FEW, evidence, in_brackets, number
from profitchain.core.i18n import N_, NN_, _, ngettext

Message = str | tuple[str, str, str] | Callable[[Mapping[str, Any]], str]

RECORDED = "as_recorded"  # a reason that an edition gave, in its words

OUTCOMES = {
    "n": N_("answers"),
    "repeats": N_("repeats"),
    "orders": N_("orders"),
    "spend": N_("spend"),
    "margin": N_("margin"),
}
CONTROLS = {
    "prior_orders": N_("prior orders"),
    "recency": N_("days since the last order"),
    "tenure": N_("days as a customer"),
}
LEVELS = (N_("not known"), N_("all others"))  # of a control, beside the firm's own
WHO = (N_("those who came back"), N_("those who answered"))


def outcome_name(outcome: str) -> str:
    """Return what an outcome, a column of cells, is called in words."""
    return _(OUTCOMES.get(outcome, outcome))


def control_name(control: str) -> str:
    """Return what a control is called in words; a segment's name is the firm's own."""
    return _(CONTROLS[control]) if control in CONTROLS else control.replace("_", " ")


def _written(*message: str, **how: str | Callable[[Any], str]) -> Message:
    """Return a message whose values are written by format specifications, or by functions.

    `message` is a text, or (one, many, the value that counts).
    """

    def written(values: Mapping[str, Any]) -> str:
        texts = dict(values) | {
            name: way(values[name]) if callable(way) else format(values[name], way)
            for name, way in how.items()
        }
        if len(message) == 1:
            return _(message[0], **texts)
        one, many, counted = message
        return ngettext(one, many, values[counted], **texts)

    return written


def _levels(names: Sequence[str]) -> str:
    words = [_(name) if name in LEVELS else name for name in names]
    return reduce(lambda first, second: _("{first}, {second}", first=first, second=second), words)


STATS: dict[str, Message] = {
    "too_few_to_say": N_("Too few to say."),
    "nothing_counted": N_("Nothing was counted here."),
    "group_too_small": (
        *NN_(
            "Fewer than {n} customer: too small a group to show.",
            "Fewer than {n} customers: too small a group to show.",
        ),
        "smallest",
    ),
    "too_few_customers": (
        *NN_("Too few to say: only {n} customer.", "Too few to say: only {n} customers."),
        "customers",
    ),
    "one_customer_too_large": _written(
        N_("Too few to say: one customer makes up {share} of what was counted."), share=".0%"
    ),
    "no_window_closed": N_("There are no answers yet whose window has closed."),
    "all_scores_the_same": _written(
        N_("Every answer gives the same score ({score}): nothing to compare."), score="g"
    ),
    "too_few_answers": (
        *NN_(
            "Only {n} answer: at least {fewest} are needed.",
            "Only {n} answers: at least {fewest} are needed.",
        ),
        "answers",
    ),
    "too_few_repeats": _written(
        *NN_(
            "Only {n} of {total} answers was followed by an order: too few to compare.",
            "Only {n} of {total} answers were followed by an order: too few to compare.",
        ),
        "repeats",
        total=",",
    ),
    "too_few_without_repeat": _written(
        N_("All but {count} of {total} answers had an order after them: too few without."),
        total=",",
    ),
    "scores_not_apart": N_("Too few different scores to tell these effects apart."),
    "too_few_events_for_terms": N_(
        "Only {events} answers with the rarer outcome for {terms} terms of the model: at least "
        "{each} for each are needed. Fewer controls may do."
    ),
    "too_few_answers_for_terms": N_(
        "Only {events} answers for {terms} terms of the model: at least {each} for each are "
        "needed. Fewer controls may do."
    ),
    "no_such_outcome": _written(N_("The data have no {what}."), what=outcome_name),
    "outcome_all_zero": _written(N_("There are no {what} to compare."), what=outcome_name),
    "one_customer_is_most": _written(
        N_("Too few customers: one of {count} makes up {share} of all {what}."),
        count=",",
        share=".0%",
        what=outcome_name,
    ),
    "perfectly_told": N_(
        "The scores (or controls) tell perfectly who came back, so no finite effect fits."
    ),
    "no_stable_fit": N_("No stable effect fits these amounts."),
    "effects_not_apart": N_("These answers can't tell the effects apart."),
    "answers_of_one_customer": N_("All answers are one customer's."),
    "only_one_group": N_("Only one group: nothing to compare."),
    "all_customers_alike": N_("All customers are alike in this."),
    "too_few_of_either_kind": _written(
        N_("{left} of {count} customers left: at least {needed} of either kind are needed."),
        left=",",
        count=",",
    ),
    "all_chances_the_same": N_("All are told the same chance."),
    # what became of a control
    "control_repeats_others": _written(
        N_("{control} repeats what the score or other controls tell"), control=control_name
    ),
    "control_not_in_data": _written(N_("{control} is not in the data"), control=control_name),
    "control_hardly_varies": _written(
        N_("{control} left out, as it hardly varies among {who}"), control=control_name, who=_
    ),
    "control_constant": _written(N_("{control} is the same for everyone"), control=control_name),
    "control_levels_joined": _written(
        N_("{control}: {levels} joined to {joined}"),
        control=control_name,
        levels=_levels,
        joined=lambda level: _levels([level]),
    ),
}

MONEY = {"margin": N_("margin"), "revenue": N_("revenue")}
MONEY |= {"period_revenue": N_("revenue of the period")}
MEASURES: dict[str, Message] = {
    "beside_a_small_group": N_("Not shown, so that a smaller group can't be told by subtraction."),
    "few_not_satisfied": (
        *NN_(
            "Fewer than {n} of them is not satisfied.", "Fewer than {n} of them are not satisfied."
        ),
        "smallest",
    ),
    "few_satisfied": (
        *NN_("Fewer than {n} of them is satisfied.", "Fewer than {n} of them are satisfied."),
        "smallest",
    ),
    "hardly_anybody_brings_money": N_("Too few to say: hardly anybody brings money here."),
    "money_not_above_zero": lambda values: _(
        "All {money} together is not above zero.", money=_(MONEY[str(values["money"])])
    ),
    "needs_contacts": N_("Needs table `contacts`."),
    "needs_main_question": N_("Needs table `responses` and a main question."),
    "no_closed_window": lambda values: _(
        "Not measured: {what}", what=_("no answer in table `responses` has a closed window.")
    ),
    "no_clusters": N_("No {k} clusters could be found."),
    "no_costs": N_("No cost to serve is known: needs `costs`, or `cost` in contacts."),
    "no_group_large_enough": N_("No group has {smallest} customers or more."),
    "no_margin": N_("Margin is not known: needs `margin` in orders, or `gross_margin`."),
    "no_money_to_share": N_("All money together is not above zero: there is nothing to share."),
    "no_orders_in_month": N_("No orders in this month of any year."),
    "no_orders_in_period": N_("No orders in {period}."),
    "no_such_column": N_("Not known: no table holds `{column}`."),
    "nobody": N_("Nobody."),
    "nobody_ordered": N_("Nobody ordered within the lookback."),
    "nobody_watched": (
        *NN_(
            "Nobody was watched for {n} day (the longest: {longest}).",
            "Nobody was watched for {n} days (the longest: {longest}).",
        ),
        "days",
    ),
    "not_measured_here": N_("Not measured here."),
    "nothing_counted": N_("Nothing was counted here."),
    "nothing_varies": N_("Nothing varies."),
    "one_group_by_rule": N_("The rule put all customers into one group: nothing to try against."),
    "satisfaction_not_known": N_(
        "Satisfaction is not known: needs table `responses` and a main question."
    ),
    "three_periods_needed": N_(
        "Needs three periods: one to learn from, one to try, one that follows."
    ),
    "too_few_to_say": N_("Too few to say."),
    "too_few_repeat_customers": (
        *NN_("Too few to say: {n} customer came back.", "Too few to say: {n} customers came back."),
        "customers",
    ),
    "too_few_different_customers": N_("Too few different customers for {k} clusters."),
    "too_few_ordered": (
        *NN_(
            "Too few to say: {n} customer ordered, and it needs {fewest}.",
            "Too few to say: {n} customers ordered, and it needs {fewest}.",
        ),
        "customers",
    ),
    "too_few_next_orders": (
        *NN_(
            "Too few to say: {n} customer ordered again.",
            "Too few to say: {n} customers ordered again.",
        ),
        "customers",
    ),
    "too_few_to_show": N_("too few to show"),
    "too_small_a_group": (
        *NN_(
            "Fewer than {n} customer: too small a group to show.",
            "Fewer than {n} customers: too small a group to show.",
        ),
        "smallest",
    ),
    "top_too_small": (
        *NN_(
            "Fewer than {n} customer at the top: too small a group to show.",
            "Fewer than {n} customers at the top: too small a group to show.",
        ),
        "smallest",
    ),
    "two_years_needed": (
        *NN_(
            "Needs two whole years of orders; {n} of {all} months is missing.",
            "Needs two whole years of orders; {n} of {all} months are missing.",
        ),
        "months",
    ),
}

EFFECTS: dict[str, Message] = {
    "all_or_none_back": N_("At every score all or none came back, or too few answered."),
    "too_few_scores_for_a_bend": N_(
        "Fewer than four scores were given often enough to tell a bend."
    ),
    "too_few_in_band": (
        *NN_(
            "Fewer than {n} answer that tells of a slope in this band.",
            "Fewer than {n} answers that tell of a slope in this band.",
        ),
        "smallest",
    ),
    "no_net_promoter_question": N_(
        "The main question is not a net promoter question, so NPS points mean nothing here."
    ),
    "scores_outside_nps": N_("The Net Promoter Score needs answers from 0 to 10."),
    "group_gave_no_answers": _written(N_("No answers are from {group}."), group=_),
    "none_of_group_back": _written(N_("None of the {group} came back."), group=_),
    "all_of_group_back": _written(N_("All of the {group} came back."), group=_),
    "no_such_segment": N_("The data have no segment '{segment}'."),
    "no_window_closed_in_period": N_("No window of an answer closed in this period."),
    "no_effect_to_plan_for": N_(
        "The effect's interval spans zero: there is no effect to plan for."
    ),
    "of_those_back": N_("Of those who came back: {why}"),
    "margin_not_known": lambda _values: _(
        "Not measured: {what}",
        what=_("orders carry no margin and company.yml no gross_margin."),
    ),
    "nobody_bought_in_a_year": N_("Nobody bought within the last year."),
    "nobody_bought_in_windows": N_("Nobody bought within the windows of the last year."),
    "no_money": N_("The data have no money to speak of."),
    "ends_not_apart": N_(
        "Too few answers in some part of the scale to tell its bottom from its top."
    ),
    "too_few_customers_answered": (
        *NN_(
            "Only {n} customer answered: at least {fewest} are needed.",
            "Only {n} customers answered: at least {fewest} are needed.",
        ),
        "customers",
    ),
    "few_gave_most_answers": _written(
        N_("Too few of {customers} customers gave most of the answers."), customers=","
    ),
    "no_late_answer": N_("No answer is known to have come late."),
    "too_few_late_answers": (
        *NN_(
            "Only {n} answer is known to have come late.",
            "Only {n} answers are known to have come late.",
        ),
        "count",
    ),
    "too_few_requests_for_terms": (
        *NN_(
            "Only {n} request on one side for {terms} terms of the model.",
            "Only {n} requests on one side for {terms} terms of the model.",
        ),
        "rarer",
    ),
    "answering_perfectly_told": N_(
        "What is known of customers tells perfectly who answers: nobody stands for the rest."
    ),
    "control_not_carried": _written(
        N_("{control} left out, as no stable fit carries it"), control=control_name
    ),
    "nobody_asked": N_("Nobody is known to have been asked."),
    "too_few_on_one_side": _written(
        N_("{answers} of {requests} requests were answered: too few on one side to compare."),
        requests=",",
    ),
    # labels
    "as_answered": N_("As answered"),
    "weighted": N_("Weighted"),
    "span": _written(N_("{low} to {high}"), low="g", high="g"),
    "present_mean": _written(N_("{mean} (now)"), mean=".3g"),
    "scenario": lambda values: _(
        values["template"], **{name: _(value) for name, value in values.items()}
    ),
}

EVIDENCE: dict[str, Message] = {}


def _too_few_repeaters(did: str) -> Message:
    def message(values: Mapping[str, Any]) -> str:
        n = values["customers"]
        who = ngettext("Only {n} customer", "Only {n} customers", n) if n else _("No customer")
        return _("{who} {did}; {needed} are needed.", who=who, did=_(did), needed=values["needed"])

    return message


LIFETIME: dict[str, Message] = {
    "too_few_came_back": _too_few_repeaters(N_("came back on a later day")),
    "too_few_came_back_and_paid": _too_few_repeaters(N_("came back and paid")),
    "no_best_fit": N_("The model found no best fit to these customers."),
    "spend_without_a_mean": _written(
        N_(
            "What customers spend varies so widely that its mean can't be told (q may be 1 or "
            "less: it is {q})."
        ),
        q=".2f",
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
    "value_without_an_end": N_("Nobody was lost, and nothing is discounted: the value has no end."),
    "under_contract": N_(
        "Under contract nobody leaves unseen: retention is counted, not told from silence."
    ),
    "history_too_short": N_("The history is too short to hold back a part of it."),
    "nobody_yet_so_long_ago": N_("Nobody was a customer yet so long ago."),
    "too_few_bought": N_("Too few bought in this period."),
    "nobody_answered": N_("No customer answered the main question within the lookback."),
    "too_few_orders_after_an_answer": _written(
        *NN_(
            "Too few to say: {again} of {count} customer with an answer ordered again.",
            "Too few to say: {again} of {count} customers with an answer ordered again.",
        ),
        "count",
        again=",",
        count=",",
    ),
    "too_few_groups_with_orders": N_("Too few groups with enough orders to compare."),
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
    "too_few_stayed_away": _written(
        N_(
            "Only {rarer} of {count} customers at the ends of earlier periods stayed away: "
            "{fewest} are needed to learn from."
        ),
        rarer=",",
        count=",",
    ),
    "too_few_ordered_again": _written(
        N_(
            "Only {rarer} of {count} customers at the ends of earlier periods ordered again: "
            "{fewest} are needed to learn from."
        ),
        rarer=",",
        count=",",
    ),
    "no_better_than_a_coin": N_(
        "Who stays away was not foretold better than by a coin, so any choice is a draw."
    ),
    "too_few_to_value_keeping": N_(
        "Too few customers stayed, or stayed away, to see what keeping one is worth."
    ),
}

EXHIBITS: dict[str, Message] = {
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
    values: dict[str, Any] = {
        name: text(value) if isinstance(value, Reason) else value for name, value in reason.values
    }
    message = REASONS[reason.key]
    if callable(message):
        return message(values)
    if isinstance(message, tuple):
        one, many, counted = message
        return ngettext(one, many, values[counted], **values)
    return _(message, **values)


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose reasons are sentences, whatever columns they stand in."""
    names = [
        name
        for name, column in frame.items()
        if column.dtype == object and any(isinstance(cell, Reason) for cell in column)
    ]
    texts = {
        name: [text(cell) if isinstance(cell, Reason) else cell for cell in frame[name]]
        for name in names
    }
    return frame.assign(**texts) if names else frame


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
