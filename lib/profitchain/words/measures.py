"""What each measure is called and how it is defined, and what its columns hold, in words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from profitchain.core.i18n import N_, NN_, _, ngettext
from profitchain.stats.comparisons import Measure, MeasureSeries

_EFFORT = {
    "low": N_("mean effort score on a scale of {low} to {high}, where low is easy"),
    "high": N_("mean effort score on a scale of {low} to {high}, where high is easy"),
}
WORDS: dict[str, tuple[str, str | tuple[str, str, str]]] = {  # id or key: label and definition
    "net_promoter_score": (
        N_("Net promoter score"),
        N_("share answering 9 or 10 less share answering 0 to 6, in points from −100 to 100"),
    ),
    "mean_score": (N_("{question}, mean"), N_("mean score on a scale of {low} to {high}")),
    "satisfied_share": (
        "{question}",
        N_("share of valid answers at {good} or above, on a scale of {low} to {high}"),
    ),
    "effort_score_low_is_easy": ("{question}", _EFFORT["low"]),
    "effort_score_high_is_easy": ("{question}", _EFFORT["high"]),
    "easy_share": (
        N_("{question}, easy"),
        N_("share of valid answers on the easy side of the scale's middle"),
    ),
    "top_two_box": (
        N_("{question}, top two box"),
        N_("share of valid answers at {below_high} or {high}"),
    ),
    "response_rate": (
        N_("Response rate"),
        N_("share of invitations answered by the end of the period in which they were sent"),
    ),
    "active_customers_who_answered": (
        N_("Share of active customers who answered"),
        N_("share of the customers who bought in a period and answered after that, by its end"),
    ),
    "repeat_rate": (
        N_("Repeat purchase rate"),
        (
            *NN_(
                "share of answers followed by an order within {n} day",
                "share of answers followed by an order within {n} days",
            ),
            "within_days",
        ),
    ),
    "retention_rate": (
        N_("Retention rate"),
        N_("of the customers who bought in the previous period, the share who bought again"),
    ),
    "churn_rate": (
        N_("Churn rate"),
        N_("of the customers who bought in the previous period, the share who did not"),
    ),
    "purchase_frequency": (N_("Purchase frequency"), N_("orders per active customer")),
    "average_order_value": (N_("Average order value"), N_("net revenue per order")),
    "revenue_per_customer": (N_("Revenue per customer"), N_("net revenue per active customer")),
    "new_revenue_share": (
        N_("Revenue from new customers"),
        N_("share of net revenue from customers whose first order was in this period"),
    ),
    "returning_revenue_share": (
        N_("Revenue from returning customers"),
        N_("share of net revenue from customers whose first order was in an earlier period"),
    ),
    "margin_per_customer": (N_("Margin per customer"), ""),
    "latest_score": (N_("Latest score"), ""),
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
    return _(WORDS[measure.key or measure.id][0], **_values(measure))


def definition(measure: Measure) -> str:
    """Return how a measure is defined, as a clause."""
    words = WORDS[measure.key or measure.id][1]
    if isinstance(words, tuple):
        one, many, counted = words
        return ngettext(one, many, measure.values[counted])
    return _(words, **_values(measure))


def trends(stories: Iterable[MeasureSeries]) -> pd.DataFrame:
    """Return the trends of several measures below each other, with columns `measure` and `unit`."""
    frames = [
        series.trend.assign(measure=label(series.measure), unit=series.measure.unit)
        for series in stories
    ]
    return pd.concat(frames, ignore_index=True)


def _values(measure: Measure) -> dict[str, object]:
    return {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in measure.values.items()
    }
