"""The rules by which the evidence for the link is graded, each with its limit in the open.

A rule asks a question of the evidence that is answered yes, no or, where the firm's data can't
tell, not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.estimates import Estimate
from profitchain.planning import smallest_detectable
from profitchain.specifications import NONE

Grade = Literal["too few data", "contradictory", "weak", "moderate", "strong"]
CHECKS = ("placebo", "lead")  # these should be zero where the adjusted effect is right
STRONGER = ("within", "shock", "experiment")

TELLING = 0.1  # of the repeat rate: an effect of this size per point should not go unseen
SURE = 0.05  # level of the two checks together, so that they seldom cry wolf
SLIGHT = 0.1  # of the adjusted effect: a check below it is no matter
HALF = 0.5  # of the adjusted effect: a noisy score can hide so much from a stronger design
OPPOSED = 0.05  # share of specifications that may be clear the other way by chance
MOST_UNCLEAR = 0.25  # share of specifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a verdict rests on.

    `rungs` : one row a design: rung, role ("estimate", "check", "shown"), value, low, high, n.
    `compared` : `sensitivity.benchmarks`; `curve` : `specifications.specification_curve`.
    `repeat_rate` : the share of answers followed by an order, 0 to 1.
    """

    rungs: pd.DataFrame
    compared: pd.DataFrame
    curve: pd.DataFrame
    repeat_rate: float

    @classmethod
    def of(
        cls,
        rungs: pd.DataFrame,
        *,
        compared: pd.DataFrame,
        curve: pd.DataFrame,
        cells: pd.DataFrame,
    ) -> Evidence:
        """Return the evidence with the repeat rate of the cells that it was found in."""
        rate = float(cells["repeats"].sum() / max(cells["n"].sum(), 1))
        return cls(rungs=rungs, compared=compared, curve=curve, repeat_rate=rate)

    def get(self, rung: str) -> pd.Series | None:
        """Return a design that gave a number and may be judged, else None."""
        rows = self.rungs[(self.rungs["rung"] == rung) & self.rungs["value"].notna()]
        rows = rows[rows["role"] != "shown"]
        return rows.iloc[0] if len(rows) else None

    def rows(self, names: Sequence[str]) -> list[pd.Series]:
        """Return those of some designs that gave a number and may be judged."""
        return [row for row in map(self.get, names) if row is not None]

    @property
    def direction(self) -> float:
        """The sign of the adjusted effect."""
        return float(np.sign(self.get("adjusted")["value"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what it asks, the grade where the answer is no, and the answers as clauses.

    `yes` is empty where it is no reason to believe the link.
    """

    key: str
    holds: Callable[[Evidence], bool | None]
    asks: str
    otherwise: Grade
    no: str
    yes: str = ""


def detectable(row: pd.Series) -> float:
    """Return the smallest effect that a design like this one would show four times in five."""
    return smallest_detectable(_estimate(row))


def alarms(evidence: Evidence) -> dict[str, float]:
    """Return the checks that are clear, with their size in the direction of the effect.

    Clear at 5% together (Hochberg 1988, Biometrika 75: 800-802): one of two alone at half of that,
    or both. The two ask much the same, for which his step-up keeps its level and Holm's loses power
    (in invented worlds they correlate at 0.99).
    """
    rows = evidence.rows(CHECKS)
    return {
        str(row["rung"]): evidence.direction * float(row["value"])
        for row, p in zip(rows, _together([_p_value(row) for row in rows]), strict=True)
        if p < SURE
    }


def _together(p_values: Sequence[float]) -> Sequence[float]:
    from statsmodels.stats.multitest import multipletests

    return multipletests(p_values, method="simes-hochberg")[1] if p_values else p_values


def _enough(evidence: Evidence) -> bool:
    row = evidence.get("adjusted")
    if row is None:
        return False
    return bool(_clear(row) != 0 or detectable(row) <= TELLING * evidence.repeat_rate)


def _none_opposes(evidence: Evidence) -> bool | None:
    stronger = evidence.rows(STRONGER)
    if not stronger:
        return None
    own = _clear(evidence.get("adjusted"))
    return own == 0 or not any(_clear(row) == -own for row in stronger)


def _placebo_is_smaller(evidence: Evidence) -> bool | None:
    if evidence.get("placebo") is None:
        return None
    size = alarms(evidence).get("placebo", 0.0)
    return bool(size < abs(evidence.get("adjusted")["value"]))


def _one_direction(evidence: Evidence) -> bool | None:
    shares = _clear_shares(evidence.curve)
    return None if shares is None else min(shares["positive"], shares["negative"]) < OPPOSED


def _adjusted_clear(evidence: Evidence) -> bool:
    return _clear(evidence.get("adjusted")) != 0


def _weighted_clear(evidence: Evidence) -> bool | None:
    row = evidence.get("weighted")
    return None if row is None else _clear(row) == evidence.direction


def _quiet(check: str) -> Callable[[Evidence], bool | None]:
    def test(evidence: Evidence) -> bool | None:
        if evidence.get(check) is None:
            return None
        limit = SLIGHT * abs(evidence.get("adjusted")["value"])
        return bool(alarms(evidence).get(check, 0.0) <= limit)

    return test


def _checked(evidence: Evidence) -> bool:
    needed = HALF * abs(evidence.get("adjusted")["value"])
    return any(detectable(row) <= needed for row in evidence.rows(CHECKS))


def _half_is_left(evidence: Evidence) -> bool | None:
    stronger = evidence.rows(STRONGER)
    if not stronger:
        return None
    needed = HALF * abs(evidence.get("adjusted")["value"])
    return all(bool(_far_end(row, evidence.direction) >= needed) for row in stronger)


def _survives(evidence: Evidence) -> bool | None:
    once = evidence.compared[evidence.compared["times"] == 1]
    if once.empty:
        return None
    near = np.where(evidence.direction > 0, once["low"], -once["high"])
    return bool((near > 0).all())


def _holds_elsewhere(evidence: Evidence) -> bool | None:
    shares = _clear_shares(evidence.curve)
    return None if shares is None else shares["unclear"] <= MOST_UNCLEAR


def _confirmed(evidence: Evidence) -> bool:
    """Whether a stronger design confirms; within customers, only if their own average agrees."""
    agreeing = [row["rung"] for row in evidence.rows(STRONGER) if _agrees(row, evidence)]
    average = evidence.rungs[evidence.rungs["rung"] == "within_fixed_effects"]
    if not any(_agrees(row, evidence) for _, row in average.iterrows()):
        agreeing = [rung for rung in agreeing if rung != "within"]
    return bool(agreeing)


def _agrees(row: pd.Series, evidence: Evidence) -> bool:
    """Whether a design is clear in the effect's direction with an interval that overlaps its."""
    own = evidence.get("adjusted")
    overlaps = row["low"] <= own["high"] and own["low"] <= row["high"]
    return bool(_clear(row) == evidence.direction and overlaps)


def _estimate(row: pd.Series) -> Estimate:
    numbers = {name: float(row[name]) for name in ("value", "low", "high")}
    return Estimate(**numbers, n=int(row["n"]), unit="share")


def _p_value(row: pd.Series) -> float:
    """Return the two-sided p-value that a 95% interval implies; 1 where it has no width."""
    error = (row["high"] - row["low"]) / (2 * stats.norm.ppf(0.975))
    return float(2 * stats.norm.sf(abs(row["value"]) / error)) if error > 0 else 1.0


def _clear(row: pd.Series) -> float:
    """Return on which side of zero an interval lies: 1, -1, or 0 where it holds zero."""
    return float(row["low"] > 0) - float(row["high"] < 0)


def _far_end(row: pd.Series, direction: float) -> float:
    return float(row["high"] if direction > 0 else -row["low"])


def _clear_shares(curve: pd.DataFrame) -> dict[str, float] | None:
    """Return the shares of specifications by what they say, those left aside that adjust nothing.

    Comparing customers as they come is no answer to the question where something can be adjusted.
    """
    said = curve[curve["clear"] != ""]
    adjusted = said[said["adjusted_for"] != NONE]
    said = adjusted if len(adjusted) else said
    if said.empty:
        return None
    return {
        side: float((said["clear"] == side).mean()) for side in ("positive", "negative", "unclear")
    }


RULES = (
    Rule(
        key="enough",
        holds=_enough,
        asks="The adjusted effect is clear of zero, or the answers would show an effect of a tenth "
        "of the repeat rate four times in five",
        otherwise="too few data",
        no="a link that matters could hide among so few answers",
    ),
    Rule(
        key="none_opposes",
        holds=_none_opposes,
        asks="No stronger design (within customers, shock, experiment) is clear the other way",
        otherwise="contradictory",
        no="a stronger design points the other way",
    ),
    Rule(
        key="placebo_smaller",
        holds=_placebo_is_smaller,
        asks="What came before the answer does not go with the score as much as what came after "
        "(clear at 5% by Hochberg)",
        otherwise="contradictory",
        no="the score goes as much with what came before it as with what follows",
    ),
    Rule(
        key="one_direction",
        holds=_one_direction,
        asks="Fewer than 5% of the ways of counting are clear in the direction opposite to most",
        otherwise="contradictory",
        no="other sensible ways of counting are clear in the opposite direction",
    ),
    Rule(
        key="clear",
        holds=_adjusted_clear,
        asks="The adjusted effect is clear of zero",
        otherwise="weak",
        yes="it is clear after comparing like with like",
        no="it is not clear after comparing like with like, although there are enough answers",
    ),
    Rule(
        key="weighted",
        holds=_weighted_clear,
        asks="It stays clear when those who answered are weighted to stand for all",
        otherwise="weak",
        no="it is no longer clear when answers are weighted to stand for all customers",
    ),
    Rule(
        key="placebo",
        holds=_quiet("placebo"),
        asks="What came before the answer does not go with the score (clear at 5% by Hochberg, in "
        "the same direction and more than a tenth of the effect)",
        otherwise="weak",
        yes="the score does not tell of what came before it",
        no="the score goes with what came before it, which it can't have changed",
    ),
    Rule(
        key="lead",
        holds=_quiet("lead"),
        asks="The next answer's score does not go with what came before it (same limits)",
        otherwise="weak",
        yes="later scores do not tell of earlier orders",
        no="later scores go with earlier orders, which they can't have changed",
    ),
    Rule(
        key="checked",
        holds=_checked,
        asks="At least one of these two checks was sharp enough to show half of the effect, four "
        "times in five",
        otherwise="weak",
        no="no check was sharp enough to show hidden habits",
    ),
    Rule(
        key="half_left",
        holds=_half_is_left,
        asks="No stronger design rules out half of the effect",
        otherwise="weak",
        no="a stronger design rules out even half of it",
    ),
    Rule(
        key="survives",
        holds=_survives,
        asks="It stays clear beside something hidden as strong as the strongest control",
        otherwise="weak",
        yes="it would outlive something hidden as strong as anything we adjust for",
        no="something hidden as strong as our strongest control would explain it",
    ),
    Rule(
        key="specifications",
        holds=_holds_elsewhere,
        asks="At least three quarters of the ways of counting are clear (those that adjust for "
        "nothing left aside)",
        otherwise="weak",
        yes="it does not hang on how it is counted",
        no="it hangs on how it is counted",
    ),
    Rule(
        key="confirmed",
        holds=_confirmed,
        asks="A stronger design is clear in the same direction, and its interval overlaps",
        otherwise="moderate",
        yes="a stronger design confirms it",
        no="no stronger design confirms it yet",
    ),
)
