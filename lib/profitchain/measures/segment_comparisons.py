"""Which of the firm's own groups of customers truly differ: luck taken out, all told fairly.

A group that was looked at because it stands out will stand out less next time. So every group of a
segment is compared at once, drawn to the mean as far as its size demands, and named only where the
segment differs beyond chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import ABOVE_OTHERS, ALIKE, BELOW_OTHERS, Measure
from profitchain.stats.disclosure_control import unless_withheld, withheld
from profitchain.stats.ratios import holm, ratio
from profitchain.stats.shrinkage import group_means, heterogeneity, shrunk

FEWEST = 5  # customers in a group: below, its variance can't be told
APART = (ABOVE_OTHERS, BELOW_OTHERS)
CURVE = 80  # places along a funnel
FUNNEL = {"low_998": 0.001, "low_95": 0.025, "high_95": 0.975, "high_998": 0.999}
_SEGMENT = (
    *("measure", "segment", "groups", "n", "q", "p", "p_adjusted", "tau", "i_squared"),
    *("unit", "verdict", "why"),
)
_GROUP = (
    *("measure", "segment", "group", "n", "raw_value", "raw_low", "raw_high"),
    *("shrunk_value", "shrunk_low", "shrunk_high", "unit", "p_adjusted", "verdict", "why"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureByCustomer:
    """One measure by customer: `rows` holds cluster, value, n (1 each) and the segments."""

    measure: Measure
    rows: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentComparison:
    """What a fair comparison found.

    `segments`: one row a measure and segment: measure, segment, groups, n, q, p, p_adjusted (Holm
    over all rows), tau, i_squared, unit, verdict ("differ", "can't be told apart"; "" with `why`).
    `groups`: one row a measure, segment and group: n, raw_value, raw_low, raw_high, shrunk_value,
    shrunk_low, shrunk_high, unit, p_adjusted (Holm within the segment), verdict, why.
    """

    segments: pd.DataFrame
    groups: pd.DataFrame

    def of(self, measure: str) -> pd.DataFrame:
        """Return the groups' rows of one measure that can be shown."""
        rows = self.groups[(self.groups["measure"] == measure) & (self.groups["why"] == "")]
        return rows.reset_index(drop=True)


def segments_in(customers: pd.DataFrame, segments: Sequence[str]) -> list[str]:
    """Return the declared segments that stand in table `customers`."""
    return [name for name in segments if name in customers]


def retention(customers: pd.DataFrame) -> MeasureByCustomer:
    """Return who came back: of those who bought in the previous period, 1 if in this one, else 0.

    Parameters
    ----------
    customers : one row a customer and snapshot
        Reads `back`, `period_orders`, `next_orders`, `cluster` and the segments.
    """
    before = customers[(customers["back"] == 1) & (customers["period_orders"] > 0)]
    came = (before["next_orders"] > 0).astype(float)
    return _by_customer("retention_rate", before, came, unit="share", bounds=(0.0, 1.0))


def all_measures(
    customers: pd.DataFrame, currency: str, question: Question | None
) -> list[MeasureByCustomer]:
    """Return every measure by customer that the firm's tables allow.

    Retention; margin (revenue if that is not known) in the lookback of each who ordered in it; each
    customer's latest answer to the main question within the lookback.
    """
    now = customers[customers["back"] == 0]
    buyers, money = now[now["orders"] > 0], "margin" if "margin" in customers else "revenue"
    measures = [
        retention(customers),
        _by_customer(f"{money}_per_customer", buyers, buyers[money], unit=currency),
    ]
    if question is not None and "score" in customers:
        rows = now[now["score"].notna()]
        bounds = question.scale
        measures.append(
            _by_customer("latest_score", rows, rows["score"], unit="score", bounds=bounds)
        )
    return measures


def compared_fairly(
    measures: Sequence[MeasureByCustomer],
    segments: Sequence[str],
    *,
    smallest: int = 0,
    level: float = 0.95,
) -> SegmentComparison:
    """Return each measure by group: raw, drawn to the mean, and whether groups truly differ.

    Groups are named only in segments that differ (Holm over measures and segments), and then by
    Holm within the segment.

    Parameters
    ----------
    smallest : groups of fewer customers are not shown, and not compared.
    """
    parts = [
        _of_segment(measure, segment, max(smallest, FEWEST))
        for measure in measures
        for segment in segments
    ]
    heads = pd.DataFrame([head for head, _rows in parts], columns=list(_SEGMENT))
    heads["p_adjusted"] = holm(heads["p"].astype(float))
    differs = (heads["p_adjusted"] < 1 - level).to_numpy()
    heads["verdict"] = np.where(heads["why"] != "", "", np.where(differs, "differ", ALIKE))
    frames = [
        _judged(rows, differ, 1 - level)
        for (_head, rows), differ in zip(parts, differs, strict=True)
    ]
    groups = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(_GROUP))
    return SegmentComparison(segments=heads, groups=groups)


def overall(measure: MeasureByCustomer, *, smallest: int = 0) -> MaybeEstimate:
    """Return a measure over all customers."""
    return ratio(measure.rows, **measure.measure.parts, smallest=smallest)


def funnel(measure: MeasureByCustomer, groups: pd.DataFrame) -> pd.DataFrame:
    """Return within which limits the shares of groups lie that are drawn by lot from everybody.

    Spiegelhalter (2005, Stat. Med. 24: 1185-1202): limits that hold 95% and 99.8% of groups of a
    size, smoothed between whole counts. The target being the mean of the same customers, groups are
    drawn without replacement, so that the limits close where a group is everybody.

    Parameters
    ----------
    measure : one whose values are 0 and 1.
    groups : one row a group that the funnel is drawn for: customers.

    Returns
    -------
    One row a size: customers, low_998, low_95, high_95, high_998 (shares).
    """
    everybody, good = len(measure.rows), int(measure.rows["value"].sum())
    counts = groups["customers"].dropna()
    if counts.empty:
        return pd.DataFrame(columns=["customers", *FUNNEL], dtype=float)
    start, end = max(0.8 * counts.min(), 1), min(1.25 * counts.max(), everybody)
    sizes = np.unique(np.round(np.geomspace(start, end, CURVE)).astype(int))
    limits = {name: _quantile(share, everybody, good, sizes) for name, share in FUNNEL.items()}
    return pd.DataFrame({"customers": sizes} | limits)


def outside_funnel(groups: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Return the groups outside the limits that hold 95% of groups of their size.

    Parameters
    ----------
    groups : one row a group: customers, value (share).
    limits : as `funnel` returns.
    """
    low, high = (
        np.interp(groups["customers"].astype(float), limits["customers"], limits[f"{end}_95"])
        if len(limits)
        else np.zeros(len(groups))
        for end in ("low", "high")
    )
    return groups[(groups["value"] < low) | (groups["value"] > high)]


def over_dispersion(groups: pd.DataFrame, measure: MeasureByCustomer) -> float:
    """Return how widely groups scatter in a funnel: 1 if as chance alone would, NaN without any.

    The mean of the squared distances in standard errors (Spiegelhalter 2005's phi, its ends not
    drawn in: that would put chance at 0.68).

    Parameters
    ----------
    groups : one row a group: customers, value (share).
    """
    everybody, share = len(measure.rows), float(measure.rows["value"].mean())
    part = groups[groups["customers"] < everybody]
    if part.empty or not 0 < share < 1:
        return float("nan")
    n = part["customers"].to_numpy(float)
    chance = share * (1 - share) / n * (everybody - n) / (everybody - 1)
    return float(((part["value"].to_numpy(float) - share) ** 2 / chance).mean())


def _by_customer(
    id: str,
    rows: pd.DataFrame,
    values: pd.Series,
    *,
    unit: str,
    bounds: tuple[float, float] | None = None,
) -> MeasureByCustomer:
    measure = Measure(id=id, numerator="value", denominator="n", unit=unit, bounds=bounds)
    return MeasureByCustomer(measure=measure, rows=rows.assign(value=values.astype(float), n=1))


def _of_segment(
    by_customer: MeasureByCustomer, segment: str, smallest: int
) -> tuple[dict[str, object], pd.DataFrame]:
    """Return how much a segment's groups differ, and each of them with its plain p-value."""
    rows, measure = by_customer.rows, by_customer.measure
    groups = list(rows.groupby(segment, sort=True))
    sizes = pd.Series({name: len(part) for name, part in groups}, dtype=int)
    estimates = list(
        unless_withheld(
            withheld(sizes, smallest), sizes, smallest,
            lambda name: ratio(dict(groups)[name], **measure.parts, smallest=smallest),
        ).values()
    )  # fmt: skip
    raw = to_frame(estimates, group=[str(name) for name, _part in groups])
    labels = {"measure": measure.id, "segment": segment}
    frame = raw.rename(columns={name: f"raw_{name}" for name in ("value", "low", "high")})
    frame = frame.assign(**labels, unit=measure.unit, p_adjusted=np.nan, verdict="")
    names = [
        name
        for (name, _part), estimate in zip(groups, estimates, strict=True)
        if isinstance(estimate, Estimate)
    ]
    large = rows[rows[segment].isin(names)]
    frame = _with_shrunk(frame, large, segment, measure)
    head = labels | {"groups": len(names), "n": len(large), "unit": measure.unit, "why": ""}
    spread = (
        heterogeneity(large["value"], large[segment])
        if names
        else NotEstimable("no_group_large_enough", n=len(rows), smallest=smallest)
    )
    if isinstance(spread, NotEstimable):
        return head | {"why": spread.why, "p": np.nan}, frame[list(_GROUP)]
    frame.loc[frame["why"] == "", "p_adjusted"] = holm(pd.Series(spread.p_group))
    numbers = {name: getattr(spread, name) for name in ("q", "p", "tau", "i_squared")}
    return head | numbers, frame[list(_GROUP)]


def _with_shrunk(
    frame: pd.DataFrame, rows: pd.DataFrame, segment: str, measure: Measure
) -> pd.DataFrame:
    if rows.empty:
        return frame.assign(shrunk_value=np.nan, shrunk_low=np.nan, shrunk_high=np.nan)
    drawn = shrunk(group_means(rows["value"], rows[segment]))
    if measure.bounds:
        drawn = drawn.clip(*measure.bounds)
    drawn.index = drawn.index.map(str)
    drawn = drawn.add_prefix("shrunk_").reset_index(names="group")
    return frame.merge(drawn, how="left", on="group")


def _judged(rows: pd.DataFrame, differs: bool, alpha: float) -> pd.DataFrame:
    """Return groups with their verdicts, the largest first."""
    others = (rows["raw_value"] * rows["n"]).sum() / max(rows.loc[rows["why"] == "", "n"].sum(), 1)
    named = differs & (rows["p_adjusted"] < alpha)
    side = np.where(rows["raw_value"] > others, ABOVE_OTHERS, BELOW_OTHERS)
    verdict = np.where(rows["why"] != "", "", np.where(named, side, ALIKE))
    return rows.assign(verdict=verdict).sort_values(
        ["raw_value", "group"], ascending=[False, True], ignore_index=True
    )


def _quantile(share: float, everybody: int, good: int, sizes: np.ndarray) -> np.ndarray:
    """Return a quantile of groups' shares, smoothed between whole counts (Spiegelhalter 2005)."""
    count = stats.hypergeom.ppf(share, everybody, good, sizes)
    reached = stats.hypergeom.cdf(count, everybody, good, sizes)
    chance = stats.hypergeom.pmf(count, everybody, good, sizes)
    quantile: np.ndarray = np.clip((count - (reached - share) / chance) / sizes, 0.0, 1.0)
    return quantile
