"""How good the evidence for the link is: a grade by written rules, the same for every firm.

A rule asks a question of the evidence that is answered yes, no or, where the firm's data can't
tell, not at all. The first rule that is answered no sets the grade; nobody's mood does. What each
rule asks stands in `words.grading_rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.estimates import GRADES, Estimate, MaybeEstimate, NotEstimable, Reason
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

ANSWERS = {True: "yes", False: "no", None: "can't be said"}
NOT_ASKED = "not asked"
MOST_REASONS = 3
SUPPORT = ("clear", "placebo", "lead", "survives", "specifications")  # said of a good grade


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its key, whether the evidence keeps it, and the grade where it does not."""

    key: str
    holds: Callable[[Evidence], bool | None]
    otherwise: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """The grade, the rules that carry it, the one that a higher grade lacks, every rule's answer.

    `reasons` are keys of rules: kept ones of a moderate or strong grade, else broken ones.
    `lacking` is empty but for a moderate grade. `direction` is the adjusted effect's sign (0: it
    has none). `answers` (one row a rule, in the order of `RULES`): rule (key), otherwise, answer
    ("yes", "no", "can't be said", "not asked": an earlier answer has settled the grade).
    """

    grade: Grade
    reasons: tuple[str, ...]
    lacking: str
    direction: float
    n: int
    answers: pd.DataFrame

    @property
    def estimate(self) -> MaybeEstimate:
        """The grade as it is recorded: 0 contradictory, 1 weak, 2 moderate, 3 strong."""
        if self.grade not in GRADES:
            return NotEstimable("too_few_data", n=self.n, reason=Reason.of("could_hide_among_few"))
        code = float(GRADES.index(self.grade))
        return Estimate(
            value=code, low=code, high=code, n=self.n, unit="grade", method="by the page's rules"
        )


def grading(evidence: Evidence) -> Grading:
    """Return the grade of the evidence by `RULES`: the first rule that is answered no sets it.

    What can't be said breaks no rule; where something must be there, its absence is a no. Once the
    grade is weak the other rules are still asked, so that all that is weak is named.
    """
    grade: Grade | None = None
    answers: dict[str, str] = {}
    broken: list[Rule] = []
    for rule in RULES:
        if grade not in (None, "weak"):
            answers[rule.key] = NOT_ASKED
            continue
        is_kept = rule.holds(evidence)
        answers[rule.key] = ANSWERS[is_kept]
        if is_kept is False:
            broken.append(rule)
            grade = grade or rule.otherwise
    grade = grade or "strong"
    reasons = [rule.key for rule in broken if rule.otherwise != "moderate"]
    if grade in ("moderate", "strong"):
        confirmed = [key for key in ("confirmed",) if answers[key] == "yes"]
        support = [key for key in SUPPORT if answers[key] == "yes"]
        reasons = support[: MOST_REASONS - len(confirmed)] + confirmed
    adjusted = evidence.rows("adjusted")
    return Grading(
        grade=grade,
        reasons=tuple(reasons[:MOST_REASONS]),
        lacking=RULES[-1].key if grade == "moderate" else "",
        direction=evidence.direction if adjusted else 0.0,
        n=int(adjusted[0]["n"]) if adjusted else 0,
        answers=pd.DataFrame(
            {
                "rule": [rule.key for rule in RULES],
                "otherwise": [rule.otherwise for rule in RULES],
                "answer": [answers[rule.key] for rule in RULES],
            }
        ),
    )


def _enough(evidence: Evidence) -> bool:
    """Whether the adjusted effect is clear, or one of a tenth of the repeat rate would show."""
    return any(
        clear(row) != 0 or detectable(row) <= TELLING * evidence.repeat_rate
        for row in evidence.rows("adjusted")
    )


def _none_opposes(evidence: Evidence) -> bool | None:
    stronger, own = evidence.rows(*STRONGER), clear(evidence.adjusted)
    return own == 0 or all(clear(row) != -own for row in stronger) if stronger else None


def _placebo_is_smaller(evidence: Evidence) -> bool | None:
    if not evidence.rows("placebo"):
        return None
    return alarms(evidence).get("placebo", 0.0) < evidence.size


def _one_direction(evidence: Evidence) -> bool | None:
    shares = clear_shares(evidence.curve)
    return None if shares is None else min(shares["positive"], shares["negative"]) < OPPOSED


def _weighted_clear(evidence: Evidence) -> bool | None:
    rows = evidence.rows("weighted")
    return clear(rows[0]) == evidence.direction if rows else None


def _quiet(check: str) -> Callable[[Evidence], bool | None]:
    def test(evidence: Evidence) -> bool | None:
        if not evidence.rows(check):
            return None
        return alarms(evidence).get(check, 0.0) <= SLIGHT * evidence.size

    return test


def _checked(evidence: Evidence) -> bool:
    return any(detectable(row) <= HALF * evidence.size for row in evidence.rows(*CHECKS))


def _half_is_left(evidence: Evidence) -> bool | None:
    stronger, needed = evidence.rows(*STRONGER), HALF * evidence.size
    return all(far_end(row, evidence.direction) >= needed for row in stronger) if stronger else None


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
    agreeing = {row["design"] for row in evidence.rows(*STRONGER) if _agrees(row, evidence)}
    average = evidence.effects[evidence.effects["design"] == "within_fixed_effects"]
    if not any(_agrees(row, evidence) for _place, row in average.iterrows()):
        agreeing.discard("within")
    return bool(agreeing)


def _agrees(row: pd.Series, evidence: Evidence) -> bool:
    """Whether a design is clear in the effect's direction with an interval that overlaps its."""
    own = evidence.adjusted
    overlaps = row["low"] <= own["high"] and own["low"] <= row["high"]
    return bool(clear(row) == evidence.direction and overlaps)


RULES = (
    Rule("enough", _enough, "too few data"),
    Rule("none_opposes", _none_opposes, "contradictory"),
    Rule("placebo_smaller", _placebo_is_smaller, "contradictory"),
    Rule("one_direction", _one_direction, "contradictory"),
    Rule("clear", lambda evidence: clear(evidence.adjusted) != 0, "weak"),
    Rule("weighted", _weighted_clear, "weak"),
    Rule("placebo", _quiet("placebo"), "weak"),
    Rule("lead", _quiet("lead"), "weak"),
    Rule("checked", _checked, "weak"),
    Rule("half_left", _half_is_left, "weak"),
    Rule("survives", _survives, "weak"),
    Rule("specifications", _holds_elsewhere, "weak"),
    Rule("confirmed", _confirmed, "moderate"),
)
