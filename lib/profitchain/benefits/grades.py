"""How good the evidence for each part is: one rule for all, that of the link's grades.

A draw by lot that is clear is strong; clear beside other looks of the same lot, it is moderate.
What was only observed stays weak: it goes with the score, and none of the rules that carry a higher
grade (an answer's lasting, its lateness, who answers) was asked of it. Repeat margin is no part of
this: its grade is that of the link itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from profitchain.benefits.after_scores import AfterScores
from profitchain.benefits.channels import Conversion
from profitchain.benefits.complaint_handling import ComplaintHandling
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable

STRONG, MODERATE, WEAK, TOO_FEW = "strong", "moderate", "weak", "too few data"


def grade_of(number: MaybeEstimate, *, by_lot: bool = False, looks: int = 1) -> str:
    """Return the grade of a number's evidence: "strong", "moderate", "weak" or "too few data".

    Parameters
    ----------
    by_lot : whether a lot drew the two sides that it compares; its null is then 0.
    looks : how many numbers the same lot was asked for.

    Examples
    --------
    >>> clear = Estimate(value=0.05, low=0.02, high=0.08, n=900, unit="share")
    >>> grade_of(clear, by_lot=True), grade_of(clear, by_lot=True, looks=3), grade_of(clear)
    ('strong', 'moderate', 'weak')
    """
    if isinstance(number, NotEstimable):
        return TOO_FEW
    if not by_lot or number.spans_zero:
        return WEAK
    return STRONG if looks == 1 else MODERATE


def grades(parts: Mapping[str, object]) -> dict[str, str]:
    """Return the grade of each part that says what goes with what; parts that count do not.

    Parameters
    ----------
    parts : by name, what a function of this package returns.
    """
    found = {}
    for name, part in parts.items():
        if isinstance(part, list):
            found |= {lift.kind: grade_of(lift.lift, by_lot=True) for lift in part}
        elif (number := _main_number(part)) is not None:
            found[name] = grade_of(number)
    return found


def _main_number(part: object) -> MaybeEstimate | None:
    """Return the number that stands for a part; None where it has no table, or compares nothing."""
    if isinstance(part, AfterScores):
        return part.slope
    if isinstance(part, ComplaintHandling | Conversion):
        return part.difference
    return part if isinstance(part, Estimate) else None
