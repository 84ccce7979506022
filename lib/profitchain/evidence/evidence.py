"""What a grade of the link rests on: each design's number, and which of them are clear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate
from profitchain.effects.power import smallest_detectable

BASE = "alike"  # the design that every rule is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a grade rests on.

    `effects` : one row a design, as `designs.effects_by_design` returns.
    `repeat_rate` : the share of answers followed by an order, 0 to 1.
    """

    effects: pd.DataFrame
    repeat_rate: float

    @classmethod
    def of(cls, effects: pd.DataFrame, cells: pd.DataFrame) -> Evidence:
        """Return the evidence with the repeat rate of the cells that it was found in."""
        rate = float(cells["repeats"].sum() / max(cells["n"].sum(), 1))
        return cls(effects=effects, repeat_rate=rate)

    @property
    def rarer_rate(self) -> float:
        """The share that came back, or that stayed away where that is less: 0 to 0.5."""
        return min(self.repeat_rate, 1 - self.repeat_rate)

    def rows(self, *designs: str) -> list[pd.Series]:
        """Return those of some designs that gave a number and may be judged."""
        judged = self.effects[self.effects["value"].notna() & (self.effects["role"] != "shown")]
        by_design = {row["design"]: row for _place, row in judged.iterrows()}
        return [by_design[design] for design in designs if design in by_design]

    @property
    def base(self) -> pd.Series:
        """The row of the effect with all held alike; every rule but the first needs it."""
        return self.rows(BASE)[0]

    @property
    def direction(self) -> float:
        """The sign of that effect."""
        return float(np.sign(self.base["value"]))

    def stays(self, design: str) -> bool | None:
        """Whether a design is clear in the effect's direction; None where it gave no number."""
        rows = self.rows(design)
        return clear(rows[0]) == self.direction if rows else None


def detectable(row: pd.Series) -> float:
    """Return the smallest effect that a design like this one would show four times in five."""
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    return smallest_detectable(
        Estimate(value=value, low=low, high=high, n=int(row["n"]), unit="share")
    )


def clear(row: pd.Series) -> float:
    """Return on which side of zero an interval lies: 1, -1, or 0 where it holds zero."""
    return float(row["low"] > 0) - float(row["high"] < 0)


def farthest(row: pd.Series) -> float:
    """Return how far from zero an interval reaches."""
    return float(max(abs(row["low"]), abs(row["high"])))
