"""What the page on loyalty may say: who comes back, how often, what they spend, and how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number
from profitchain.core.i18n import N_, _
from profitchain.measures.loyalty import cohort_table, growth_on_year
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import MeasureSeries
from profitchain.words.captions import drawn_from
from profitchain.words.measures import changes_table, definition_sentence
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import period_word, periods_word, short_names
from profitchain.words.reasons import with_interval
from profitchain.words.scores import (
    COMPLEMENTS,
    courses,
    measures_moved,
    moves_sentence,
    percent,
    score_sentence,
    trend_of,
)

ORDERS = N_("Orders")


def answer(
    stories: Sequence[MeasureSeries],
    totals: Mapping[str, MaybeEstimate],
    activity: pd.DataFrame,
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return retention and its changes, which other measures moved, and what was bought."""
    main = next(series for series in stories if series.measure.id == "retention_rate")
    others = [series for series in stories if series is not main]
    grown = growth_on_year(activity, edition.period)
    sentences = [
        score_sentence(main, edition.period),
        moves_sentence(others, edition.period),
    ]
    return [*filter(None, sentences), _bought(totals, _growth(grown))]


def _bought(totals: Mapping[str, MaybeEstimate], growth: str) -> Said:
    """Return what was bought in the period, counted in full, and how much of it by guests."""
    active = totals["active_customers"]
    values = {"growth": growth, "active": active, **totals}
    if "guest_orders" not in totals:
        return Said("bought" if "revenue" in totals else "bought_money_unknown", values)
    if "revenue" not in totals:
        return Said("guests_too_money_unknown", values)
    only = isinstance(active, Estimate) and not active.value
    return Said("guests_only" if only else "guests_too", values)


def _growth(grown: MaybeEstimate) -> str:
    if isinstance(grown, NotEstimable):
        return ""
    share = percent(abs(grown.value))
    if grown.value < 0:
        return _(", {share} less than a year before", share=share)
    return _(", {share} more than a year before", share=share)


def retention_over_time(series: MeasureSeries, *, edition: Edition) -> Presentation:
    """Return the retention rate over time."""
    return trend_of(series, edition.period, N_("Customers of the period before"))


retention = retention_over_time


def measures(stories: Sequence[MeasureSeries], *, edition: Edition) -> Presentation:
    """Return every measure but the mirror images, and its changes."""
    shown = _without_complements(stories)
    key, values = measures_moved(shown, edition.period)
    return Presentation(changes_table(shown, edition.period), key, values)


def trends(stories: Sequence[MeasureSeries], *, edition: Edition) -> Presentation:
    """Return every measure but the mirror images over time."""
    return courses(_without_complements(stories), edition.period, ORDERS)


def _without_complements(stories: Sequence[MeasureSeries]) -> list[MeasureSeries]:
    return [series for series in stories if series.measure.id not in COMPLEMENTS]


def cohorts(shares: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the cohorts wide, and how many bought again in the period after their first."""
    wide = cohort_table(shares).replace({"cohort": short_names(edition.periods)})
    values = {"next": period_word(edition.period), "periods": periods_word(edition.period)}
    values |= {"customers": digits(shares.drop_duplicates("cohort")["customers"].sum(), 0)}
    half = (shares["high"] - shares["low"]).max() / 2 if len(shares) else 0.0
    values |= {"half": f"{100 * half:.1f}"}
    says = "none_began" if shares.attrs.get("cohorts") == 0 else "few"
    following_first = shares[shares["offset"] == 1].dropna(subset=["value"])
    if len(following_first):
        says = "next"
        mean = np.average(following_first["value"], weights=following_first["customers"])
        values |= {"share": percent(mean)}
    return Presentation(wide, says, values, {"tidy": shares})


def next_order(days: pd.DataFrame, again: MaybeEstimate, *, edition: Edition) -> Presentation:
    """Return the time to the next order, or to the end of contracts (`again`: in the window)."""
    window, contract = edition.company.repeat_within_days, edition.by_contract
    what = N_("Share of customers who ordered again, by days since an order")
    rows = N_("Orders; each customer once")
    if contract:
        what = N_("Share of customers whose contracts had all ended, by days since the first began")
        rows = N_("Contracts; each customer once")
    note = source(rows, again.n)
    values = {
        "what": _(what),
        "rows": note if contract else drawn_from(note, edition.stands_for),
        "share": number(again),
        "ends": with_interval(again),
    }
    if isinstance(again, NotEstimable):
        return Presentation(days, "ended_few" if contract else "few", values)
    mark = {"mark": (window, again.value)}
    return Presentation(days, "ended" if contract else "again", values, mark)


def definitions(stories: Sequence[MeasureSeries], *, edition: Edition) -> list[str]:
    """Return how each measure is defined."""
    return [definition_sentence(series.measure) for series in _without_complements(stories)]
