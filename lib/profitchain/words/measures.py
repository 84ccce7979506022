"""What each measure is called and how it is defined: measures.yml."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from profitchain.core.i18n import _, ngettext
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.words import catalogue

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


def _values(measure: Measure) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in measure.values.items()
    }
