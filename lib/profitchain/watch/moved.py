"""Why a score moved: the same customers, other customers who answered, or the unhappy who left.

The parts add up to the change. Those who answered in both periods are what the others are set
against in each (Melitz and Polanec 2015, RAND J. Econ. 46: 362-375).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.panel.moved_scores import AMOUNTS, BOTH, CAME, GONE, SILENT

SAME, OTHERS_ANSWERED, UNHAPPY_LEFT = "same", "others", "left"
PARTS = (SAME, OTHERS_ANSWERED, UNHAPPY_LEFT)
KINDS = (BOTH, CAME, GONE, SILENT)
FEWEST = 10  # customers who answered in both periods
STEP = 1e-6
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A score's change from one period to another, and its parts, which add up to it.

    `customers` counts those of each kind; `against` is the earlier period's name.
    """

    against: str
    change: Estimate
    parts: Mapping[str, Estimate]
    customers: Mapping[str, int]


def why_moved(edition: Edition, *, on_year: bool = False) -> Moved | NotEstimable:
    """Return why the main score moved since the period before, or since a year before."""
    if not edition.has("moved_sums") or edition.company.main is None:
        return NotEstimable("needs_main_question")
    period = edition.period.year_before if on_year else edition.period.previous
    if {str(period), str(edition.period)} & set(edition.gate.hidden):
        return NotEstimable("group_too_small", smallest=edition.smallest)
    sums = edition.table("moved_sums")
    unit = measures_of(edition.company.main)[0].unit
    smallest = max(edition.smallest, FEWEST)
    return decomposed(sums[sums["against"] == str(period)], unit=unit, smallest=smallest)


def decomposed(sums: pd.DataFrame, *, unit: str, smallest: int = FEWEST) -> Moved | NotEstimable:
    """Return a score's change taken apart.

    Parameters
    ----------
    sums : one row a kind of customer: against, kind, customers, t0, n0, t1, n1 (sums of values
        and answers before and now) and sums of their products over customers (`t0_n0`, …).
    smallest : fewer customers in both periods, or in a kind that isn't empty, and nothing is said.

    Returns
    -------
    Parts in `unit`: the same customers' change; others answered (newcomers, and those silent
    now); the unhappy left. Intervals by the delta method, customers being independent.
    """
    rows = sums.set_index("kind")
    counts = {kind: int(rows["customers"].get(kind, 0)) for kind in KINDS}
    if counts[BOTH] < smallest:
        return NotEstimable("too_few_in_both", n=counts[BOTH], needed=smallest)
    if any(0 < counts[kind] < smallest for kind in KINDS):
        return NotEstimable("group_too_small", smallest=smallest)
    names = [f"{a}" for a in AMOUNTS]
    totals = np.array([[float(rows[a].get(kind, 0)) for a in names] for kind in KINDS])
    n = int(totals[:, 1].sum() + totals[:, 3].sum())
    covariances = [_covariance(rows, kind) for kind in KINDS]

    def estimate(part: Callable[[np.ndarray], float]) -> Estimate:
        value, variance = part(totals), 0.0
        for k, covariance in enumerate(covariances):
            slope = _slope(part, totals, k)
            variance += float(slope @ covariance @ slope)
        reach = float(stats.norm.ppf(0.5 + LEVEL / 2) * np.sqrt(max(variance, 0.0)))
        return Estimate(value=value, low=value - reach, high=value + reach, n=n, unit=unit)

    parts = {name: estimate(lambda t, name=name: _parts(t)[name]) for name in PARTS}  # type: ignore[misc]
    change = estimate(lambda t: sum(_parts(t).values()))
    return Moved(against=str(sums["against"].iloc[0]), change=change, parts=parts, customers=counts)


def _parts(totals: np.ndarray) -> dict[str, float]:
    """Return the parts of the change, from totals by kind (rows) and `AMOUNTS` (columns)."""
    (bt0, bn0, bt1, bn1), (_, _, ct1, cn1), (gt0, gn0, _, _), (st0, sn0, _, _) = totals
    before, now = bn0 + gn0 + sn0, bn1 + cn1
    mean0, mean1 = bt0 / bn0, bt1 / bn1
    came = (ct1 - cn1 * mean1) / now
    return {
        SAME: float(mean1 - mean0),
        OTHERS_ANSWERED: float(came + (sn0 * mean0 - st0) / before),
        UNHAPPY_LEFT: float((gn0 * mean0 - gt0) / before),
    }


def _slope(part: Callable[[np.ndarray], float], totals: np.ndarray, kind: int) -> np.ndarray:
    slopes = np.zeros(len(AMOUNTS))
    for at in range(len(AMOUNTS)):
        step = STEP * max(abs(totals[kind, at]), 1.0)
        up, down = totals.copy(), totals.copy()
        up[kind, at] += step
        down[kind, at] -= step
        slopes[at] = (part(up) - part(down)) / (2 * step)
    return slopes


def _covariance(rows: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the covariance of a kind's totals: of sums over a number of customers by chance."""
    found = np.zeros((len(AMOUNTS), len(AMOUNTS)))
    if kind not in rows.index:
        return found
    for i, a in enumerate(AMOUNTS):
        for j, b in enumerate(AMOUNTS):
            name = f"{a}_{b}" if i <= j else f"{b}_{a}"
            found[i, j] = float(rows.at[kind, name])
    return found
