"""What a grade of the link rests on: each design's number, and which of them are clear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate
from profitchain.effects.power import smallest_detectable
from profitchain.evidence.specification_curve import NONE

CHECKS = ("placebo", "lead")  # these should be zero where the adjusted effect is right
SURE = 0.05  # level of the two checks together, so that they seldom cry wolf


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a grade rests on.

    `effects` : one row a design: design, role ("estimate", "check", "shown"), value, low, high, n.
    `compared` : as `benchmarks` returns; `curve` : as `specification_curve`.
    `repeat_rate` : the share of answers followed by an order, 0 to 1.
    """

    effects: pd.DataFrame
    compared: pd.DataFrame
    curve: pd.DataFrame
    repeat_rate: float

    @classmethod
    def of(
        cls,
        effects: pd.DataFrame,
        *,
        compared: pd.DataFrame,
        curve: pd.DataFrame,
        cells: pd.DataFrame,
    ) -> Evidence:
        """Return the evidence with the repeat rate of the cells that it was found in."""
        rate = float(cells["repeats"].sum() / max(cells["n"].sum(), 1))
        return cls(effects=effects, compared=compared, curve=curve, repeat_rate=rate)

    def rows(self, *designs: str) -> list[pd.Series]:
        """Return those of some designs that gave a number and may be judged."""
        judged = self.effects[self.effects["value"].notna() & (self.effects["role"] != "shown")]
        by_design = {row["design"]: row for _place, row in judged.iterrows()}
        return [by_design[design] for design in designs if design in by_design]

    @property
    def adjusted(self) -> pd.Series:
        """The row of the adjusted effect; every rule but the first needs that there is one."""
        return self.rows("adjusted")[0]

    @property
    def direction(self) -> float:
        """The sign of the adjusted effect."""
        return float(np.sign(self.adjusted["value"]))

    @property
    def size(self) -> float:
        """The adjusted effect without its sign, a share per point."""
        return float(abs(self.adjusted["value"]))


def detectable(row: pd.Series) -> float:
    """Return the smallest effect that a design like this one would show four times in five."""
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    return smallest_detectable(
        Estimate(value=value, low=low, high=high, n=int(row["n"]), unit="share")
    )


def alarms(evidence: Evidence) -> dict[str, float]:
    """Return the checks that are clear, with their size in the direction of the effect.

    Clear at 5% together (Hochberg 1988, Biometrika 75: 800-802): one of two alone at half of that,
    or both. The two ask much the same, for which his step-up keeps its level and Holm's loses power
    (in invented worlds they correlate at 0.99).
    """
    from statsmodels.stats.multitest import multipletests

    rows = evidence.rows(*CHECKS)
    p_values = [_p_value(row) for row in rows]
    together = multipletests(p_values, method="simes-hochberg")[1] if rows else []
    return {
        str(row["design"]): evidence.direction * float(row["value"])
        for row, p in zip(rows, together, strict=True)
        if p < SURE
    }


def clear(row: pd.Series) -> float:
    """Return on which side of zero an interval lies: 1, -1, or 0 where it holds zero."""
    return float(row["low"] > 0) - float(row["high"] < 0)


def clear_shares(curve: pd.DataFrame) -> dict[str, float] | None:
    """Return the shares of specifications by what they say, those left aside that adjust nothing.

    Comparing customers as they come is no answer to the question where something can be adjusted.
    """
    rows = curve[curve["clear"] != ""]
    adjusted = rows[rows["adjusted_for"] != NONE]
    sides = (adjusted if len(adjusted) else rows)["clear"]
    if sides.empty:
        return None
    return {side: float((sides == side).mean()) for side in ("positive", "negative", "unclear")}


def far_end(row: pd.Series, direction: float) -> float:
    """Return the end of an interval that lies farthest in a direction, 1 or -1; along it."""
    return float(row["high"] if direction > 0 else -row["low"])


def _p_value(row: pd.Series) -> float:
    """Return the two-sided p-value that a 95% interval implies; 1 where it has no width."""
    error = (row["high"] - row["low"]) / (2 * stats.norm.ppf(0.975))
    return float(2 * stats.norm.sf(abs(row["value"]) / error)) if error > 0 else 1.0
