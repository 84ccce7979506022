"""Whether those whom an event touched changed more than the rest, when shocks hit whole regions.

Customers of one region share its luck, so that customers counted singly cry wolf in 7% to 37% of
firms where nothing happened. Each region is one number here: its mean after less its mean before.
The touched ones against the rest, by the pooled variance with R - 2 degrees of freedom (Donald and
Lang 2007, Rev. Econ. Stat. 89: 221-233), and by all ways to have named as many regions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import NotEstimable
from profitchain.stats.glm import Quantities

FEWEST_REGIONS, FEWEST_OF_A_SIDE = 8, 4  # touched, and not
MOST_WAYS = 20_000  # assignments that are gone through; of more, so many are drawn
SURE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChanges:
    """The change of each region (regions x outcomes), and which were touched; `n` answers."""

    changes: np.ndarray
    touched: np.ndarray
    n: int

    @property
    def counts(self) -> dict[str, int]:
        """How many regions there are, were touched, and were not."""
        touched = int(self.touched.sum())
        return {
            "regions": len(self.touched),
            "touched": touched,
            "rest": len(self.touched) - touched,
        }

    @property
    def is_valid(self) -> bool:
        """Whether there are regions enough on both sides for the test to be believed."""
        counts = self.counts
        sides = min(counts["touched"], counts["rest"])
        return counts["regions"] >= FEWEST_REGIONS and sides >= FEWEST_OF_A_SIDE


def mean_changes(
    rows: pd.DataFrame, after: np.ndarray, outcomes: list[str], *, smallest: int = 1
) -> RegionChanges:
    """Return each region's mean after less before, of those with answers enough on both sides.

    Parameters
    ----------
    rows : one row an answer; reads `region`, `touched` (the same for all of a region), outcomes.
    after : which answers lie after; the others lie before.
    """
    by = [rows["region"].to_numpy(), np.asarray(after, bool)]
    means = rows[outcomes].groupby(by).mean().unstack()
    sizes = rows.groupby(by).size().unstack(fill_value=0)
    both = sizes.shape[1] == 2
    kept = sizes.index[sizes.min(axis=1) >= smallest] if both else sizes.index[:0]
    parts = [
        (means[outcome][True] - means[outcome][False]).loc[kept].to_numpy(float) if both else []
        for outcome in outcomes
    ]
    touched = rows.groupby("region")["touched"].first().loc[kept].to_numpy(bool)
    return RegionChanges(changes=np.column_stack(parts), touched=touched, n=len(rows))


def touched_against_rest(regions: RegionChanges) -> Quantities | NotEstimable:
    """Return how much more the touched changed than the rest: a t test's numbers, by outcome."""
    counts = regions.counts
    if min(counts["touched"], counts["rest"]) < 1 or counts["regions"] < 3:
        return NotEstimable("few_regions_to_compare", n=regions.n)
    touched, changes = regions.touched, regions.changes
    means = [changes[side].mean(axis=0) for side in (touched, ~touched)]
    left = changes - np.where(touched[:, None], *means)
    scale = (1 / counts["touched"] + 1 / counts["rest"]) / (counts["regions"] - 2)
    return Quantities(
        values=means[0] - means[1],
        errors=pd.DataFrame(left * np.sqrt(scale)),
        n=regions.n,
        effective=counts["regions"] - 1,
    )


def t_test(moves: Quantities, outcome: int) -> float:
    """Return the two-sided p-value of one outcome."""
    error = np.sqrt(moves.covariance[outcome, outcome])
    return float(2 * stats.t.sf(abs(moves.values[outcome]) / error, moves.df)) if error else 0.0


def permutation_test(regions: RegionChanges, outcome: int) -> float:
    """Return the share of ways to name as many regions that differ as much, two-sided."""
    touched, of_each = regions.touched, regions.changes[:, outcome]
    many, some = len(touched), int(touched.sum())
    if comb(many, some) <= MOST_WAYS:
        named = np.array(list(combinations(range(many), some)))
        sums, extra = of_each[named].sum(axis=1), 0
    else:
        rng = np.random.default_rng(0)
        order = rng.random((MOST_WAYS - 1, many)).argpartition(some - 1, axis=1)[:, :some]
        sums, extra = of_each[order].sum(axis=1), 1
    apart = np.abs(sums / some - (of_each.sum() - sums) / (many - some))
    own = abs(of_each[touched].mean() - of_each[~touched].mean())
    return float((np.sum(apart >= own * (1 - 1e-9) - 1e-15) + extra) / (len(sums) + extra))


def drift_before(rows: pd.DataFrame, outcome: str) -> Quantities | NotEstimable:
    """Return by how much more a step the touched regions drifted before than the rest.

    Parameters
    ----------
    rows : the answers before; reads `region`, `touched`, `step` and the outcome.
    """
    frame = rows[["region", "touched", "step", outcome]].astype({"step": float, outcome: float})
    theirs = frame.groupby("region")
    steps = frame["step"] - theirs["step"].transform("mean")
    sums = (
        pd.DataFrame(
            {"across": steps * frame[outcome], "square": steps**2, "region": frame["region"]}
        )
        .groupby("region")
        .sum()
    )
    sums = sums[sums["square"] > 0]
    touched = theirs["touched"].first().loc[sums.index].to_numpy(bool)
    slopes = (sums["across"] / sums["square"]).to_numpy()[:, None]
    return touched_against_rest(RegionChanges(changes=slopes, touched=touched, n=len(rows)))


def of_outcome(moves: Quantities, outcome: int) -> Quantities:
    """Return one of the outcomes alone."""
    weights = np.eye(len(moves.values))[outcome]
    return replace(moves.combine(weights))
