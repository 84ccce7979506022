"""What calling unhappy customers did: who was to be called against who was left alone by lot.

Intention to treat: all who were drawn count, called or not. Lists are strata, for shares left alone
may differ (Mantel and Haenszel's difference; Greenland and Robins 1985, Biometrics 41: 55-68), with
the error that holds where strata are thin (Sato 1989, Biometrics 45: 1323-1324).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition

FEWEST_AN_ARM = 30
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """By how much more of those to be called ordered again than of those left alone, as a share.

    `called`, `left_alone` and `lists` count customers, and lists whose days are over.
    """

    effect: MaybeEstimate
    called: int
    left_alone: int
    lists: int


def calling(edition: Edition) -> Calling | NotEstimable:
    """Return what calling did so far; why nothing is known where the lot left nobody alone."""
    if not edition.has("call_outcomes"):
        return NotEstimable("no_lists_closed")
    return effect_of(edition.table("call_outcomes"), smallest=edition.smallest)


def effect_of(rows: pd.DataFrame, *, smallest: int = 0) -> Calling:
    """Return the effect from sums of lists.

    Lists count in blocks in which each arm has `smallest` customers, so that two editions'
    figures, one taken from the other, tell of no fewer.

    Parameters
    ----------
    rows : one row a list and arm: starts_on, left_alone (1 or 0), customers, ordered.
    """
    counts = rows.pivot_table(index="starts_on", columns="left_alone", fill_value=0.0,
                              values=["customers", "ordered"], aggfunc="sum")  # fmt: skip
    arms = pd.MultiIndex.from_product([["customers", "ordered"], [0, 1]])
    counts = counts.reindex(columns=arms, fill_value=0.0).sort_index()
    counts = counts.iloc[: _whole_blocks(counts["customers"].to_numpy(), smallest)]
    n0, n1 = (counts["customers", arm].to_numpy(float) for arm in (1, 0))
    x0, x1 = (counts["ordered", arm].to_numpy(float) for arm in (1, 0))
    held = {"called": int(n1.sum()), "left_alone": int(n0.sum()), "lists": len(counts)}
    fewest, needed = int(min(n0.sum(), n1.sum())), max(smallest, FEWEST_AN_ARM)
    n = held["called"] + held["left_alone"]
    if fewest < needed:
        why = NotEstimable("few_in_an_arm", n=n, fewest=fewest, needed=needed)
        return Calling(effect=why, **held)
    return Calling(effect=_difference(x0, n0, x1, n1), **held)


def _whole_blocks(arms: np.ndarray, smallest: int) -> int:
    """Return how many lists, from the first on, are whole blocks."""
    whole, pending = 0, np.zeros(2)
    for place, both in enumerate(arms, start=1):
        pending = pending + both
        if pending.min() >= smallest:
            whole, pending = place, np.zeros(2)
    return whole


def _difference(x0: np.ndarray, n0: np.ndarray, x1: np.ndarray, n1: np.ndarray) -> MaybeEstimate:
    total = n0 + n1
    weight = n0 * n1 / total
    value = float((x1 * n0 - x0 * n1) @ (1 / total) / weight.sum())
    slant = (n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2) @ (1 / total**2)
    spread = (x1 * (n0 - x0) + x0 * (n1 - x1)) @ (1 / (2 * total))
    variance = float((value * slant + spread) / weight.sum() ** 2)
    n = int(total.sum())
    if variance <= 0:
        return NotEstimable("always_alike", n=n)
    reach = float(stats.norm.ppf(0.5 + LEVEL / 2) * np.sqrt(variance))
    return Estimate(value=value, low=value - reach, high=value + reach, n=n, unit="share",
                    method="by lot, intention to treat; Mantel-Haenszel")  # fmt: skip
