"""What each measure is called and how it is defined: measures.yml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.i18n import N_, _, ngettext
from profitchain.core.periods import Period
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.words import catalogue
from profitchain.words.prose import sentence

LABELS, DEFINITIONS = (catalogue.read("measures")[part] for part in ("labels", "definitions"))


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


def totals_sentence(totals: Mapping[str, MaybeEstimate], period: Period) -> str:
    """Return what was bought in a period, counted in full, and how much of it by guests."""
    if "guest_orders" in totals:
        return _with_guests(totals, period)
    if "revenue" not in totals:
        return sentence(
            "In {period}, {active:number} placed {orders:number}; what they paid is not known.",
            period=period,
            active=totals["active_customers"],
            orders=totals["orders"],
        )
    return sentence(
        "In {period}, {active:number} placed {orders:number} worth {revenue:number}.",
        period=period,
        active=totals["active_customers"],
        orders=totals["orders"],
        revenue=totals["revenue"],
    )


def _with_guests(totals: Mapping[str, MaybeEstimate], period: Period) -> str:
    """Return what was bought in a period in which guests bought (`loyalty.totals`)."""
    if "revenue" not in totals:
        return sentence(
            "In {period}, {active:number} and guests placed {orders:number}, of which "
            "{guest_orders:number} were guests' and can't be followed; what they paid is not "
            "known.",
            period=period,
            active=totals["active_customers"],
            orders=totals["orders"],
            guest_orders=totals["guest_orders"],
        )
    template = N_(
        "In {period}, {active:number} and guests placed {orders:number} worth {revenue:number}. "
        "Of these, {guest_orders:number} worth {guest_revenue:number} were guests': they count in "
        "orders, revenue and order value, and can't be followed."
    )
    customers = totals["active_customers"]
    if isinstance(customers, Estimate) and not customers.value:
        template = N_(
            "In {period}, guests placed {orders:number} worth {revenue:number}: nobody knows whose "
            "orders these are, so they can't be followed."
        )
    return sentence(
        template,
        period=period,
        active=customers,
        orders=totals["orders"],
        revenue=totals["revenue"],
        guest_orders=totals["guest_orders"],
        guest_revenue=totals["guest_revenue"],
    )


def _values(measure: Measure) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in measure.values.items()
    }
