"""From groups that behave alike to what is published under stable ids."""

from __future__ import annotations

import math

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _
from profitchain.exhibits.findings import Recorded, finding
from profitchain.measures.clustering import ClusteringTrial
from profitchain.measures.segment_comparisons import SegmentComparison
from profitchain.words.measures import WORDS

GAIN = N_("Squared error saved by clusters found in the data, less that by groups by rule")


def of_fair_groups(found: SegmentComparison) -> list[Recorded]:
    """Return each group's measures drawn to the mean, and by segment how unlike groups are.

    Ids: `retention_rate_shrunk` and the like by `segment: group`; `segment_heterogeneity_p` by
    measure and segment (unit p, Holm over all of them).
    """
    groups = [
        finding(
            f"{row.measure}_shrunk",
            _estimate(row),
            label=_("{measure}, drawn to the mean", measure=_(WORDS[row.measure][0])),
            group=f"{row.segment}: {row.group}",
        )
        for row in found.groups.itertuples()
    ]
    tests = [
        finding(
            "segment_heterogeneity_p",
            _of_p(row),
            label=_("Test that the groups of a segment are alike, p"),
            group=f"{WORDS[row.measure][0]} by {row.segment}",
        )
        for row in found.segments.itertuples()
    ]
    return [*groups, *tests]


def of_clustering(tried: ClusteringTrial | NotEstimable) -> list[Recorded]:
    """Return the clusters' gain over groups by rule (share of squared error, out of time)."""
    gain = tried if isinstance(tried, NotEstimable) else tried.gain
    return [finding("clustering_gain", gain, label=_(GAIN))]


def _estimate(row: object) -> MaybeEstimate:
    if row.why or math.isnan(row.shrunk_value):
        return NotEstimable(row.why or "too_few", n=int(row.n))
    low, high = float(row.shrunk_low), float(row.shrunk_high)
    return Estimate(value=float(row.shrunk_value), low=low, high=high, n=int(row.n), unit=row.unit)


def _of_p(row: object) -> MaybeEstimate:
    if row.why or pd.isna(row.p_adjusted):
        return NotEstimable(row.why or "too_few", n=int(row.n))
    p = float(row.p_adjusted)
    return Estimate(value=p, low=p, high=p, n=int(row.n), unit="p")
