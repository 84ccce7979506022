"""What measures are called and how they are defined (measures.yml), and figures of findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import TOO_FEW, as_difference
from profitchain.core.i18n import _, ngettext
from profitchain.core.periods import Period
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.words import catalogue
from profitchain.words.reasons import with_interval

LEVELS = {("claim", ""): 0.99, ("repeat_effect_per_point_by_design", "lasting"): 0.9}  # else 95%
LABELS, DEFINITIONS = (catalogue.read("measures")[part] for part in ("labels", "definitions"))


def label(measure: Measure) -> str:
    """Return what a measure is called."""
    return _(LABELS[measure.key or measure.id], **_values(measure))


def definition(measure: Measure) -> str:
    """Return how a measure is defined, as a clause."""
    if measure.id == "repeat_rate":
        return ngettext(
            "of answers whose {n} day ended in the period, the share followed by an order",
            "of answers whose {n} days ended in the period, the share followed by an order",
            int(measure.values["within_days"]),
        )
    return _(DEFINITIONS[measure.key or measure.id], **_values(measure))


def definition_sentence(measure: Measure) -> str:
    """Return what a measure is called and how it is defined."""
    return _("**{label}**: {meaning}.", label=label(measure), meaning=definition(measure))


def trends(stories: Iterable[MeasureSeries]) -> pd.DataFrame:
    """Return the trends of several measures below each other, with columns `measure` and `unit`."""
    frames = [
        series.trend.assign(measure=label(series.measure), unit=series.measure.unit)
        for series in stories
    ]
    return pd.concat(frames, ignore_index=True)


def changes_table(several: Iterable[MeasureSeries], period: Period) -> pd.DataFrame:
    """Return measures in rows: the figure, its changes on the period before and on the year.

    Differences of shares are in percentage points. Each figure has the columns value, low, high,
    unit, why and verdict under its prefix, so that the table shows them as one.
    """
    rows = [
        {
            "measure": label(series.measure),
            **_cell("now_", series.now),
            **_change_cell(f"change_on_the_{period.every}_", series.change),
            **_change_cell("change_on_the_year_", series.change_on_year),
            "n": series.now.n,
        }
        for series in several
    ]
    return pd.DataFrame(rows)


def _change_cell(prefix: str, change: MaybeEstimate) -> dict[str, object]:
    cell = _cell(prefix, as_difference(change))
    if isinstance(change, Estimate):
        return cell | {f"{prefix}verdict": change.verdict}
    nothing = {} if change.n else {f"{prefix}why": _("nothing to compare with")}
    return cell | nothing | {f"{prefix}verdict": TOO_FEW}


def _cell(prefix: str, estimate: MaybeEstimate) -> dict[str, object]:
    """Return a figure as columns: value, low, high (NaN where unsaid), unit, why."""
    parts = {"value": np.nan, "low": np.nan, "high": np.nan, "unit": "", "why": ""}
    return {prefix + name: getattr(estimate, name, empty) for name, empty in parts.items()}


def _values(measure: Measure) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in measure.values.items()
    }


def is_change(id: str) -> bool:
    """Whether a finding says how much another one moved."""
    return id.endswith(("_change", "_change_on_year"))


def is_difference(id: str) -> bool:
    """Whether a finding is a difference, so that shares are said in percentage points."""
    return is_change(id) or "_effect_" in id


def figure_words(id: str, group: str | None, estimate: MaybeEstimate) -> str:
    """Return a finding's figure with its interval, at its own level, and its n."""
    level = LEVELS.get((id, group or ""), LEVELS.get((id, "")))
    if isinstance(estimate, Estimate) and level:
        estimate = replace(estimate, level=level)
    return with_interval(estimate, difference=is_difference(id))
