"""How good the evidence for the link is: a grade by written rules, the same for every firm.

The first rule that is answered no sets the grade; nobody's mood does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from profitchain.core.estimates import GRADES, Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _
from profitchain.evidence.grading_rules import RULES, Evidence, Grade, Rule

ANSWERS = {True: N_("yes"), False: N_("no"), None: N_("can't be said")}
NOT_ASKED = N_("not asked")
MOST_REASONS = 3
SUPPORT = ("clear", "placebo", "lead", "survives", "specifications")  # said of a good grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The grade, the clauses that carry it, what a higher one lacks, and the answer to each rule.

    All of them are messages, to be looked up where they are shown.

    `lacking` is empty but for a moderate grade. `direction` is the adjusted effect's sign (0: it
    has none). `answers` (one row a rule, in the order of `RULES`): rule, otherwise, answer ("yes",
    "no", "can't be said", "not asked": an earlier answer has settled the grade).
    """

    grade: Grade
    reasons: tuple[str, ...]
    lacking: str
    direction: float
    n: int
    answers: pd.DataFrame

    @property
    def said(self) -> MaybeEstimate:
        """The grade as it is recorded: 0 contradictory, 1 weak, 2 moderate, 3 strong."""
        if self.grade not in GRADES:
            why = _("Too few data: {reason}.", reason=_(self.reasons[0]))
            return NotEstimable(why, n=self.n)
        code = float(GRADES.index(self.grade))
        return Estimate(
            value=code, low=code, high=code, n=self.n, unit="grade", method="by the page's rules"
        )


def verdict(evidence: Evidence) -> Verdict:
    """Return the grade of the evidence by `RULES`: the first rule that is answered no sets it.

    What can't be said breaks no rule; where something must be there, its absence is a no. Once the
    grade is weak the other rules are still asked, so that all that is weak is named.
    """
    grade, answered = "", []
    for rule in RULES:
        held = None if _settled(grade) else rule.holds(evidence)
        answered.append(NOT_ASKED if _settled(grade) else ANSWERS[held])
        grade = grade or (rule.otherwise if held is False else "")
    grade = grade or "strong"
    said = list(zip(RULES, answered, strict=True))
    adjusted = evidence.get("adjusted")
    return Verdict(
        grade=grade,
        reasons=_reasons(grade, said),
        lacking=said[-1][0].no if grade == "moderate" else "",
        direction=0.0 if adjusted is None else evidence.direction,
        n=0 if adjusted is None else int(adjusted["n"]),
        answers=pd.DataFrame(
            {
                "rule": [rule.asks for rule in RULES],
                "otherwise": [rule.otherwise for rule in RULES],
                "answer": answered,
            }
        ),
    )


def _settled(grade: str) -> bool:
    return grade not in ("", "weak")


def _reasons(grade: Grade, said: Sequence[tuple[Rule, str]]) -> tuple[str, ...]:
    """Return what a grade rests on: the rules that broke, or the most telling ones that held."""
    if grade in ("moderate", "strong"):
        held = {rule.key: rule.yes for rule, answer in said if answer == ANSWERS[True]}
        support = [held[key] for key in SUPPORT if key in held]
        confirmed = [held["confirmed"]] if "confirmed" in held else []
        return tuple(support[: MOST_REASONS - len(confirmed)] + confirmed)
    broken = [rule for rule, answer in said if answer == ANSWERS[False]]
    return tuple(rule.no for rule in broken if rule.otherwise != "moderate")[:MOST_REASONS]
