"""What each measure is called, how it is defined, why it can't be given, what its columns hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from profitchain.core.i18n import N_, NN_, _, ngettext
from profitchain.stats.comparisons import Measure, MeasureSeries

Message = str | tuple[str, str, str] | Callable[[Mapping[str, Any]], str]

LABELS = {  # by a measure's id, or its key where many questions are measured alike
    "net_promoter_score": N_("Net promoter score"),
    "mean_score": N_("{question}, mean"),
    "satisfied_share": "{question}",
    "effort_score_low_is_easy": "{question}",
    "effort_score_high_is_easy": "{question}",
    "easy_share": N_("{question}, easy"),
    "top_two_box": N_("{question}, top two box"),
    "response_rate": N_("Response rate"),
    "active_customers_who_answered": N_("Share of active customers who answered"),
    "repeat_rate": N_("Repeat purchase rate"),
    "retention_rate": N_("Retention rate"),
    "churn_rate": N_("Churn rate"),
    "purchase_frequency": N_("Purchase frequency"),
    "average_order_value": N_("Average order value"),
    "revenue_per_customer": N_("Revenue per customer"),
    "new_revenue_share": N_("Revenue from new customers"),
    "returning_revenue_share": N_("Revenue from returning customers"),
    "margin_per_customer": N_("Margin per customer"),
    "latest_score": N_("Latest score"),
}
DEFINITIONS = {
    "net_promoter_score": N_(
        "share answering 9 or 10 less share answering 0 to 6, in points from −100 to 100"
    ),
    "mean_score": N_("mean score on a scale of {low} to {high}"),
    "satisfied_share": N_(
        "share of valid answers at {good} or above, on a scale of {low} to {high}"
    ),
    "effort_score_low_is_easy": N_(
        "mean effort score on a scale of {low} to {high}, where low is easy"
    ),
    "effort_score_high_is_easy": N_(
        "mean effort score on a scale of {low} to {high}, where high is easy"
    ),
    "easy_share": N_("share of valid answers on the easy side of the scale's middle"),
    "top_two_box": N_("share of valid answers at {below_high} or {high}"),
    "response_rate": N_(
        "share of invitations answered by the end of the period in which they were sent"
    ),
    "active_customers_who_answered": N_(
        "share of the customers who bought in a period and answered after that, by its end"
    ),
    "retention_rate": N_(
        "of the customers who bought in the previous period, the share who bought again"
    ),
    "churn_rate": N_("of the customers who bought in the previous period, the share who did not"),
    "purchase_frequency": N_("orders per active customer"),
    "average_order_value": N_("net revenue per order"),
    "revenue_per_customer": N_("net revenue per active customer"),
    "new_revenue_share": N_(
        "share of net revenue from customers whose first order was in this period"
    ),
    "returning_revenue_share": N_(
        "share of net revenue from customers whose first order was in an earlier period"
    ),
}
MONEY = {"margin": N_("margin"), "revenue": N_("revenue")}
MONEY |= {"period_revenue": N_("revenue of the period")}
REASONS: dict[str, Message] = {  # why a measure can't be given, as in `words.reasons`
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
        "All {money} together is not above zero.", money=_(MONEY[values["money"]])
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
    "nobody_watched": lambda values: ngettext(
        "Nobody was watched for {n} day (the longest: {longest}).",
        "Nobody was watched for {n} days (the longest: {longest}).",
        values["days"],
        longest=f"{values['longest']:.0f}",
    ),
    "not_measured_here": N_("Not measured here."),
    "nothing_varies": N_("Nothing varies."),
    "one_group_by_rule": N_("The rule put all customers into one group: nothing to try against."),
    "satisfaction_not_known": N_(
        "Satisfaction is not known: needs table `responses` and a main question."
    ),
    "three_periods_needed": N_(
        "Needs three periods: one to learn from, one to try, one that follows."
    ),
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
COLUMN_VALUES = (  # what stands in columns as it is; tables and charts translate it
    *(N_("Champions"), N_("Regulars"), N_("Big spenders"), N_("Occasional"), N_("New")),
    *(N_("Gone quiet"), N_("Cooling"), N_("Lapsed"), N_("All who ordered")),
    *(N_("Loyal"), N_("Hostages"), N_("At risk"), N_("Deserters"), N_("No answer, high value")),
    *(N_("No answer, low value"), N_("No answer"), N_("No order")),
    *(N_("detractors"), N_("passives"), N_("promoters"), N_("dissatisfied"), N_("neutral")),
    *(N_("satisfied"), N_("hard"), N_("easy"), N_("low"), N_("middle"), N_("top two")),
    *(N_("orders before"), N_("last order before"), N_("no order"), N_("1 order")),
    *(N_("2–3 orders"), N_("4 or more orders"), N_("never"), N_("up to 30 days")),
    *(N_("31–90 days"), N_("91–365 days"), N_("over a year")),
    *(N_("all answers"), N_("all requests"), N_("orders per customer")),
    *(N_("above the rest"), N_("below the rest"), N_("can't be told from the rest")),
    *(N_("above the others"), N_("below the others"), N_("can't be told apart")),
    *(N_("agrees"), N_("differs"), N_("groups by rule (RFM)"), N_("clusters")),
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
    *(N_("Financial"), N_("Relational"), N_("Strategic"), N_("Operational"), N_("Data")),
    *(N_("Technology"), N_("Human")),
)


def label(measure: Measure) -> str:
    """Return what a measure is called."""
    return _(LABELS[measure.key or measure.id], **_values(measure))


def definition(measure: Measure) -> str:
    """Return how a measure is defined, as a clause."""
    if measure.id == "repeat_rate":
        return ngettext(
            "share of answers followed by an order within {n} day",
            "share of answers followed by an order within {n} days",
            int(measure.values["within_days"]),
        )
    return _(DEFINITIONS[measure.key or measure.id], **_values(measure))


def trends(stories: Iterable[MeasureSeries]) -> pd.DataFrame:
    """Return the trends of several measures below each other, with columns `measure` and `unit`."""
    frames = [
        series.trend.assign(measure=label(series.measure), unit=series.measure.unit)
        for series in stories
    ]
    return pd.concat(frames, ignore_index=True)


def _values(measure: Measure) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in measure.values.items()
    }
