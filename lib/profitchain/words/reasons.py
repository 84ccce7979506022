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
    "too_few": N_("Too few to say."),
    "too_few_came_back": (
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
    "too_few_ordered_again": (
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

EFFECTS: dict[str, Message] = {}

EVIDENCE: dict[str, Message] = {}

LIFETIME: dict[str, Message] = {}

REASONS = {RECORDED: "{text}", **STATS, **MEASURES, **EFFECTS, **EVIDENCE, **LIFETIME}


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
