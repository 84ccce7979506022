"""The rules by which the evidence for the link is graded, each with its limit in the open.

A rule asks a question of the evidence that is answered yes, no or, where the firm's data can't
tell, not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.i18n import N_
from profitchain.evidence.evidence import (
    CHECKS,
    Evidence,
    alarms,
    clear,
    clear_shares,
    detectable,
    far_end,
)

Grade = Literal["too few data", "contradictory", "weak", "moderate", "strong"]
STRONGER = ("within", "shock", "experiment")

TELLING = 0.1  # of the repeat rate: an effect of this size per point should not go unseen
SLIGHT = 0.1  # of the adjusted effect: a check below it is no matter
HALF = 0.5  # of the adjusted effect: a noisy score can hide so much from a stronger design
OPPOSED = 0.05  # share of specifications that may be clear the other way by chance
MOST_UNCLEAR = 0.25  # share of specifications


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


def _enough(evidence: Evidence) -> bool:
    row = evidence.get("adjusted")
    if row is None:
        return False
    return bool(clear(row) != 0 or detectable(row) <= TELLING * evidence.repeat_rate)


def _none_opposes(evidence: Evidence) -> bool | None:
    stronger = evidence.rows(STRONGER)
    if not stronger:
        return None
    own = clear(evidence.get("adjusted"))
    return own == 0 or not any(clear(row) == -own for row in stronger)


def _placebo_is_smaller(evidence: Evidence) -> bool | None:
    if evidence.get("placebo") is None:
        return None
    size = alarms(evidence).get("placebo", 0.0)
    return bool(size < abs(evidence.get("adjusted")["value"]))


def _one_direction(evidence: Evidence) -> bool | None:
    shares = clear_shares(evidence.curve)
    return None if shares is None else min(shares["positive"], shares["negative"]) < OPPOSED


def _adjusted_clear(evidence: Evidence) -> bool:
    return clear(evidence.get("adjusted")) != 0


def _weighted_clear(evidence: Evidence) -> bool | None:
    row = evidence.get("weighted")
    return None if row is None else clear(row) == evidence.direction


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
    return all(bool(far_end(row, evidence.direction) >= needed) for row in stronger)


def _survives(evidence: Evidence) -> bool | None:
    once = evidence.compared[evidence.compared["times"] == 1]
    if once.empty:
        return None
    near = np.where(evidence.direction > 0, once["low"], -once["high"])
    return bool((near > 0).all())


def _holds_elsewhere(evidence: Evidence) -> bool | None:
    shares = clear_shares(evidence.curve)
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
    return bool(clear(row) == evidence.direction and overlaps)


RULES = (
    Rule(
        key="enough",
        holds=_enough,
        asks=N_(
            "The adjusted effect is clear of zero, or the answers would show an effect of a tenth "
            "of the repeat rate four times in five"
        ),
        otherwise="too few data",
        no=N_("a link that matters could hide among so few answers"),
    ),
    Rule(
        key="none_opposes",
        holds=_none_opposes,
        asks=N_("No stronger design (within customers, shock, experiment) is clear the other way"),
        otherwise="contradictory",
        no=N_("a stronger design points the other way"),
    ),
    Rule(
        key="placebo_smaller",
        holds=_placebo_is_smaller,
        asks=N_(
            "What came before the answer does not go with the score as much as what came after "
            "(clear at 5% by Hochberg)"
        ),
        otherwise="contradictory",
        no=N_("the score goes as much with what came before it as with what follows"),
    ),
    Rule(
        key="one_direction",
        holds=_one_direction,
        asks=N_(
            "Fewer than 5% of the ways of counting are clear in the direction opposite to most"
        ),
        otherwise="contradictory",
        no=N_("other sensible ways of counting are clear in the opposite direction"),
    ),
    Rule(
        key="clear",
        holds=_adjusted_clear,
        asks=N_("The adjusted effect is clear of zero"),
        otherwise="weak",
        yes=N_("it is clear after comparing like with like"),
        no=N_("it is not clear after comparing like with like, although there are enough answers"),
    ),
    Rule(
        key="weighted",
        holds=_weighted_clear,
        asks=N_("It stays clear when those who answered are weighted to stand for all"),
        otherwise="weak",
        no=N_("it is no longer clear when answers are weighted to stand for all customers"),
    ),
    Rule(
        key="placebo",
        holds=_quiet("placebo"),
        asks=N_(
            "What came before the answer does not go with the score (clear at 5% by Hochberg, in "
            "the same direction and more than a tenth of the effect)"
        ),
        otherwise="weak",
        yes=N_("the score does not tell of what came before it"),
        no=N_("the score goes with what came before it, which it can't have changed"),
    ),
    Rule(
        key="lead",
        holds=_quiet("lead"),
        asks=N_("The next answer's score does not go with what came before it (same limits)"),
        otherwise="weak",
        yes=N_("later scores do not tell of earlier orders"),
        no=N_("later scores go with earlier orders, which they can't have changed"),
    ),
    Rule(
        key="checked",
        holds=_checked,
        asks=N_(
            "At least one of these two checks was sharp enough to show half of the effect, four "
            "times in five"
        ),
        otherwise="weak",
        no=N_("no check was sharp enough to show hidden habits"),
    ),
    Rule(
        key="half_left",
        holds=_half_is_left,
        asks=N_("No stronger design rules out half of the effect"),
        otherwise="weak",
        no=N_("a stronger design rules out even half of it"),
    ),
    Rule(
        key="survives",
        holds=_survives,
        asks=N_("It stays clear beside something hidden as strong as the strongest control"),
        otherwise="weak",
        yes=N_("it would outlive something hidden as strong as anything we adjust for"),
        no=N_("something hidden as strong as our strongest control would explain it"),
    ),
    Rule(
        key="specifications",
        holds=_holds_elsewhere,
        asks=N_(
            "At least three quarters of the ways of counting are clear (those that adjust for "
            "nothing left aside)"
        ),
        otherwise="weak",
        yes=N_("it does not hang on how it is counted"),
        no=N_("it hangs on how it is counted"),
    ),
    Rule(
        key="confirmed",
        holds=_confirmed,
        asks=N_("A stronger design is clear in the same direction, and its interval overlaps"),
        otherwise="moderate",
        yes=N_("a stronger design confirms it"),
        no=N_("no stronger design confirms it yet"),
    ),
)
