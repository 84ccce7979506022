"""One measure compared: with its own past, and between groups of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted, to_frame
from profitchain.core.periods import Period
from profitchain.stats.disclosure_control import customers_by, unless_withheld, withheld
from profitchain.stats.ratios import change, difference, holm, ratio

ABOVE, BELOW = "above the rest", "below the rest"
NOT_APART = "can't be told from the rest"
ABOVE_OTHERS, BELOW_OTHERS = "above the others", "below the others"
ALIKE = "can't be told apart"
EVERYBODY = "all"  # the one segment of a firm that has declared none


class RatioParts(TypedDict):
    """The keyword arguments that tell `ratio` and `change` what a measure is."""

    numerator: str
    denominator: str
    unit: str
    bounds: tuple[float, float] | None
    counts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A ratio of two summed columns.

    `bounds` are the ends of the scale in `unit`, None where there are none; `counts` is the column
    whose sum is n, where it isn't the denominator. `words.measures` names and defines it by its
    `id`, or by `key` where many questions are measured alike, and fills in `values`.
    """

    id: str
    numerator: str
    denominator: str
    unit: str
    counts: str = ""
    bounds: tuple[float, float] | None = None
    key: str = ""
    values: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def parts(self) -> RatioParts:
        """The keyword arguments that `ratio` and `change` need."""
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "unit": self.unit,
            "bounds": self.bounds,
            "counts": self.counts,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSeries:
    """A measure in one period, its changes, and its last periods (`trend`: as `trend` returns)."""

    measure: Measure
    now: MaybeEstimate
    change: MaybeEstimate
    change_on_year: MaybeEstimate
    trend: pd.DataFrame


class Course(NamedTuple):
    """What was counted in full in one period, and in the last ones (`trend`: as `trend` gives)."""

    now: MaybeEstimate
    trend: pd.DataFrame


def measure_series(
    sums: pd.DataFrame, measure: Measure, periods: Sequence[Period], *, smallest: int = 0
) -> MeasureSeries:
    """Return a measure in the last of some periods, against the one before and a year before.

    Parameters
    ----------
    sums : as in `ratios.ratio`, with a column `period` (its name).
    """
    now = periods[-1]
    return MeasureSeries(
        measure=measure,
        now=_in_period(sums, now, measure, smallest),
        change=change_since(sums, measure, now, now.previous, smallest=smallest),
        change_on_year=change_since(sums, measure, now, now.year_before, smallest=smallest),
        trend=trend(sums, measure, periods, smallest=smallest),
    )


def trend(
    sums: pd.DataFrame, measure: Measure, periods: Sequence[Period], *, smallest: int = 0
) -> pd.DataFrame:
    """Return a measure period by period.

    Parameters
    ----------
    sums : as in `ratio`, with a column `period` (its name).

    Returns
    -------
    One row a period, in the order given: period, value, low, high (NaN where unsaid), n, why.
    """
    estimates = [_in_period(sums, period, measure, smallest) for period in periods]
    return to_frame(estimates, period=[str(period) for period in periods])


def change_since(
    sums: pd.DataFrame, measure: Measure, now: Period, before: Period, *, smallest: int = 0
) -> MaybeEstimate:
    """Return a measure's change from one period to another (`sums` as in `trend`)."""
    period = sums["period"]
    return change(
        sums[period == str(now)], sums[period == str(before)], **measure.parts, smallest=smallest
    )


def by_groups(
    sums: pd.DataFrame,
    measure: Measure,
    segments: Sequence[str],
    *,
    smallest: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return a measure for each group of some segments, and whether it differs from all the others.

    Many groups are compared at once, so p-values are Holm's (1979, Scand. J. Stat. 6: 65-70) over
    all of them.

    Parameters
    ----------
    sums : as in `ratio`, with a column for each segment.

    Returns
    -------
    One row a group, in each segment the largest value first: segment, group, value, low, high
    (NaN where unsaid), n, why, difference (from the rest of its segment), p_adjusted, verdict
    ("above the rest", "below the rest", "can't be told from the rest"; "" where unsaid).
    """
    if not segments:
        sums, segments = sums.assign(**{EVERYBODY: "all answers"}), [EVERYBODY]
    frame = pd.concat(
        [_groups(sums, measure, segment, smallest) for segment in segments], ignore_index=True
    )
    frame["p_adjusted"] = holm(frame["p_adjusted"])
    frame["verdict"] = [
        verdict_of(row.difference, row.p_adjusted, 1 - level) for row in frame.itertuples()
    ]
    return frame


def verdict_of(difference: float, p_adjusted: float, alpha: float) -> str:
    """Return what may be said of a group's difference from the rest: "" where nothing can be."""
    if np.isnan(difference):
        return ""
    if np.isnan(p_adjusted) or p_adjusted >= alpha:
        return NOT_APART
    return ABOVE if difference > 0 else BELOW


def period_totals(
    sums: pd.DataFrame, column: str, periods: Sequence[Period], *, unit: str
) -> pd.DataFrame:
    """Return what was counted in full, period by period, in the form of `trend`."""
    total, names = sums.groupby("period")[column].sum(), [str(period) for period in periods]
    estimates = [
        counted(total[name], unit=unit) if name in total.index else NotEstimable("nothing_counted")
        for name in names
    ]
    return to_frame(estimates, period=names)


def is_clear(estimate: Estimate, *, of: int) -> bool:
    """Tell whether one of several estimates tried differs from zero for all that (Bonferroni).

    Its interval is widened as a normal one, each side by itself.

    Examples
    --------
    >>> change = Estimate(value=4.2, low=0.2, high=8.2, n=900, unit="points")
    >>> is_clear(change, of=1), is_clear(change, of=5)
    (True, False)
    """
    normal, tail = NormalDist(), (1 - estimate.level) / 2
    wider = normal.inv_cdf(1 - tail / max(of, 1)) / normal.inv_cdf(1 - tail)
    near = estimate.low if estimate.value > 0 else estimate.high
    return abs(estimate.value) > wider * abs(estimate.value - near)


def in_percentage_points(shares: pd.DataFrame) -> pd.DataFrame:
    """Return differences of shares (value, low, high) times 100, for charts and tables."""
    return shares.assign(**{name: shares[name] * 100 for name in ("value", "low", "high")})


def _in_period(
    sums: pd.DataFrame, period: Period, measure: Measure, smallest: int
) -> MaybeEstimate:
    return ratio(sums[sums["period"] == str(period)], **measure.parts, smallest=smallest)


def _groups(sums: pd.DataFrame, measure: Measure, segment: str, smallest: int) -> pd.DataFrame:
    """Return one segment's groups with their differences from the rest and plain p-values."""
    sizes = customers_by(sums, segment, measure.denominator)
    inside = [sums[sums[segment] == group] for group in sizes.index]
    by_name = dict(zip(sizes.index, inside, strict=True))
    estimates = unless_withheld(
        withheld(sizes, smallest), sizes, smallest,
        lambda group: ratio(by_name[group], **measure.parts, smallest=smallest),
    ).values()  # fmt: skip
    frame = to_frame(estimates, segment=[segment] * len(sizes), group=sizes.index)
    names = {"numerator": measure.numerator, "denominator": measure.denominator}
    tests = [
        difference(rows, sums.drop(rows.index), **names)
        if isinstance(estimate, Estimate)
        else (np.nan, np.nan)
        for rows, estimate in zip(inside, estimates, strict=True)
    ]
    frame[["difference", "p_adjusted"]] = np.array(tests, dtype=float).reshape(-1, 2)
    return frame.sort_values(["value", "group"], ascending=[False, True], ignore_index=True)
