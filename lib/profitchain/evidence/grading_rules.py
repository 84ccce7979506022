"""How good the evidence for the link is: a grade by written rules, the same for every firm.

A rule is kept or it is not; where a firm's data can't tell, it is not kept. The first rule that
isn't sets the grade; nobody's mood does. Answers that customers gave of themselves end at
*moderate*: a cause of one order's score and its repeat looks like an effect in all of them, and
the more so the more answers there are. What each rule asks stands in `words.grading_rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from profitchain.core.estimates import GRADES, Estimate, MaybeEstimate, NotEstimable, Reason
from profitchain.evidence.evidence import BASE, Evidence, clear, detectable, farthest

Grade = Literal["too few data", "no link that matters", *GRADES]  # type: ignore[valid-type]
BY_CHANCE = ("experiment", "shock")  # a draw by lot, an event valid by regions
OTHERS = (*BY_CHANCE, "within")  # may speak against the effect

TELLING = 0.1  # of the repeat rate, or of its rest where less: so much per point matters

ANSWERS = {True: "yes", False: "no", None: "can't be said"}
NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its key, whether the evidence keeps it, and the grade where it does not.

    `design` is the row of the effects whose `why` says why it can't be judged.
    """

    key: str
    holds: Callable[[Evidence], bool | None]
    otherwise: str
    design: str = BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """The grade, the rules that carry it, the one that a higher grade lacks, every rule's answer.

    `broken`: keys of the rules that are not kept, but for the last; `confirmed_by` the designs that
    make a grade strong. `direction` is the effect's sign (0: it has none). `answers` (one row a
    rule, in the order of `RULES`): rule (key), otherwise, answer ("yes", "no", "can't be said",
    "not asked": an earlier answer has settled the grade), why (of "can't be said").
    """

    grade: str
    broken: tuple[str, ...]
    confirmed_by: tuple[str, ...]
    direction: float
    n: int
    answers: pd.DataFrame

    @property
    def estimate(self) -> MaybeEstimate:
        """The grade as it is recorded: 0 contradictory, 1 weak, 2 moderate, 3 strong.

        Where there are too few data, or no link that matters was found, there is nothing to grade.
        """
        if self.grade == "no link that matters":
            return NotEstimable("no_link_that_matters", n=self.n)
        if self.grade not in GRADES:
            return NotEstimable("too_few_data", n=self.n, reason=Reason.of("could_hide_among_few"))
        code = float(GRADES.index(self.grade))
        return Estimate(
            value=code, low=code, high=code, n=self.n, unit="grade", method="by the page's rules"
        )


def grading(evidence: Evidence) -> Grading:
    """Return the grade of the evidence by `RULES`: the first rule that is not kept sets it.

    Once the grade is weak the other rules are still asked, so that all that is weak is named.
    """
    grade, answers, broken = "", [], []
    for rule in RULES:
        if grade not in ("", "weak"):
            answers.append(NOT_ASKED)
            continue
        is_kept = rule.holds(evidence)
        answers.append(ANSWERS[is_kept])
        if not is_kept:
            broken.append(rule.key)
            grade = grade or rule.otherwise
    base = evidence.rows(BASE)
    if grade == "weak" and broken[0] == "clear" and _nothing_matters(evidence):
        grade = "no link that matters"
    grade = grade or "strong"
    return Grading(
        grade=grade,
        broken=tuple(key for key in broken if key != RULES[-1].key),
        confirmed_by=tuple(
            name for name in BY_CHANCE if grade == "strong" and evidence.stays(name)
        ),
        direction=evidence.direction if base else 0.0,
        n=int(base[0]["n"]) if base else 0,
        answers=pd.DataFrame(
            {
                "rule": [rule.key for rule in RULES],
                "otherwise": [rule.otherwise for rule in RULES],
                "answer": answers,
                "why": _why(evidence, answers),
            }
        ),
    )


def _why(evidence: Evidence, answers: list[str]) -> list[object]:
    """Return of each rule that can't be judged the reason that its design gives, else ""."""
    reasons = dict(zip(evidence.effects["design"], evidence.effects["why"], strict=True))
    return [
        reasons.get(rule.design, "") if answer == ANSWERS[None] else ""
        for rule, answer in zip(RULES, answers, strict=True)
    ]


def _enough(evidence: Evidence) -> bool:
    """Whether the effect is clear, or one that matters would show."""
    return any(
        clear(row) != 0 or detectable(row) <= TELLING * evidence.rarer_rate
        for row in evidence.rows(BASE)
    )


def _nothing_matters(evidence: Evidence) -> bool:
    """Whether the interval leaves out all that matters per point."""
    return farthest(evidence.base) < TELLING * evidence.rarer_rate


def _none_opposes(evidence: Evidence) -> bool:
    """Whether no other design is clear the other way, nor the next score tells as much.

    Nothing opposes an effect that isn't clear itself.
    """
    own = clear(evidence.base)
    if own == 0:
        return True
    told = [own * row["value"] for row in evidence.rows("next_score") if clear(row) == own]
    as_much = any(value >= own * evidence.base["value"] for value in told)
    return not as_much and all(clear(row) != -own for row in evidence.rows(*OTHERS))


def _clear_by(design: str) -> Callable[[Evidence], bool | None]:
    return lambda evidence: evidence.stays(design)


def _by_chance(evidence: Evidence) -> bool | None:
    kept = [evidence.stays(design) for design in BY_CHANCE]
    return any(kept) if any(one is not None for one in kept) else None


RULES = (
    Rule("enough", _enough, "too few data"),
    Rule("none_opposes", _none_opposes, "contradictory"),
    Rule("clear", _clear_by(BASE), "weak"),
    Rule("lasting", _clear_by("lasting"), "weak", "lasting"),
    Rule("late", _clear_by("late"), "weak", "late"),
    Rule("answering", _clear_by("answering"), "weak", "answering"),
    Rule("by_chance", _by_chance, "moderate", "shock"),
)
