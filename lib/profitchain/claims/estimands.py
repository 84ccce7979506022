"""Every estimand by name: the function that computes a firm's own number, and in which unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from profitchain.claims import (
    from_answers,
    from_books,
    from_customers,
    from_scores,
    from_trying,
)
from profitchain.claims.verdicts import Figure
from profitchain.core.estimates import NotEstimable
from profitchain.panel.edition import Edition

UNITS = ("percent", "points", "ratio", "score", "correlation", "p")
DIRECTIONAL = "directional"  # of a claim: its sign alone


class Estimand(NamedTuple):
    """A function of an edition, and the unit of its figure."""

    figure: Callable[[Edition], Figure | NotEstimable]
    unit: str


_IN_UNIT: Mapping[str, tuple[Callable[[Edition], Figure | NotEstimable], ...]] = {
    "percent": (
        from_scores.repeat_gain_per_10_nps,
        from_scores.spend_gain_per_point,
        from_scores.spend_gain_per_5_percent,
        from_scores.churn_gap,
        from_scores.complaint_gap,
        from_scores.contacts_per_5_percent,
        from_customers.value_of_promoters,
        from_customers.profit_of_loyal,
        from_customers.spend_of_members,
        from_customers.repeats_of_members,
        from_customers.price_of_loyal,
        from_customers.margin_of_referred,
        from_books.winning_above_keeping,
        from_books.cost_of_referred,
        from_books.cost_saved_by_referrals,
        from_books.return_on_rewards,
        from_books.value_of_retention,
        from_books.sales_of_offers,
        from_books.margin_of_offers,
        from_books.brought_by_offers,
        from_answers.share_of_quality,
        from_answers.score_per_1_percent_value,
    ),
    "points": (
        from_scores.repeat_by_score,
        from_scores.complaints_by_score,
        from_scores.repeats_and_referrals,
        from_scores.offers_taken,
        from_trying.feedback_and_new_products,
        from_trying.feedback_of_loyal,
        from_trying.new_products_of_loyal,
        from_answers.quality_above_others,
        from_customers.return_after_handling,
        from_customers.orders_of_loyal_referrals,
    ),
    "ratio": (from_customers.referrals_of_loyal, from_books.winning_by_keeping),
    "score": (from_answers.service_and_value, from_answers.quality_offsets_price),
    "correlation": (from_answers.value_and_score,),
    "p": (from_scores.bent_curve, from_customers.value_by_channel),
}
ESTIMANDS: Mapping[str, Estimand] = {
    function.__name__: Estimand(function, unit)
    for unit, functions in _IN_UNIT.items()
    for function in functions
}
