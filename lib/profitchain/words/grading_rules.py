"""The words of the grade of the evidence: what each rule asks, and its answers as clauses."""

from __future__ import annotations

import pandas as pd

from profitchain.core.i18n import N_, _, clauses
from profitchain.evidence.grading_rules import Grading
from profitchain.words.captions import FOLLOWED, Caption, source
from profitchain.words.evidence_reasons import COULD_HIDE

TOO_FEW_DATA = N_("too few data")  # the other grades are marked in `core.formats`
ANSWERS = (N_("yes"), N_("no"), N_("can't be said"), N_("not asked"))
OPENING = {
    1.0: N_("The evidence that satisfied customers come back more is **{grade}**: {reasons}."),
    -1.0: N_("The evidence that satisfied customers come back less is **{grade}**: {reasons}."),
    0.0: N_("The evidence on whether satisfied customers come back more is **{grade}**: "
            "{reasons}."),
}  # fmt: skip
ASKS = {
    "enough": N_("The adjusted effect is clear of zero, or the answers would show an effect of a "
                 "tenth of the repeat rate four times in five"),
    "none_opposes": N_("No stronger design (within customers, shock, experiment) is clear the "
                       "other way"),
    "placebo_smaller": N_("What came before the answer does not go with the score as much as what "
                          "came after (clear at 5% by Hochberg)"),
    "one_direction": N_("Fewer than 5% of the ways of counting are clear in the direction "
                        "opposite to most"),
    "clear": N_("The adjusted effect is clear of zero"),
    "weighted": N_("It stays clear when those who answered are weighted to stand for all"),
    "placebo": N_("What came before the answer does not go with the score (clear at 5% by "
                  "Hochberg, in the same direction and more than a tenth of the effect)"),
    "lead": N_("The next answer's score does not go with what came before it (same limits)"),
    "checked": N_("At least one of these two checks was sharp enough to show half of the effect, "
                  "four times in five"),
    "half_left": N_("No stronger design rules out half of the effect"),
    "survives": N_("It stays clear beside something hidden as strong as the strongest control"),
    "specifications": N_("At least three quarters of the ways of counting are clear (those that "
                         "adjust for nothing left aside)"),
    "confirmed": N_("A stronger design is clear in the same direction, and its interval overlaps"),
}  # fmt: skip
BROKEN = {
    "enough": COULD_HIDE,
    "none_opposes": N_("a stronger design points the other way"),
    "placebo_smaller": N_("the score goes as much with what came before it as with what follows"),
    "one_direction": N_("other sensible ways of counting are clear in the opposite direction"),
    "clear": N_("it is not clear after comparing like with like, although there are enough "
                "answers"),
    "weighted": N_("it is no longer clear when answers are weighted to stand for all customers"),
    "placebo": N_("the score goes with what came before it, which it can't have changed"),
    "lead": N_("later scores go with earlier orders, which they can't have changed"),
    "checked": N_("no check was sharp enough to show hidden habits"),
    "half_left": N_("a stronger design rules out even half of it"),
    "survives": N_("something hidden as strong as our strongest control would explain it"),
    "specifications": N_("it hangs on how it is counted"),
    "confirmed": N_("no stronger design confirms it yet"),
}  # fmt: skip
KEPT = {  # those that are a reason to believe the link
    "clear": N_("it is clear after comparing like with like"),
    "placebo": N_("the score does not tell of what came before it"),
    "lead": N_("later scores do not tell of earlier orders"),
    "survives": N_("it would outlive something hidden as strong as anything we adjust for"),
    "specifications": N_("it does not hang on how it is counted"),
    "confirmed": N_("a stronger design confirms it"),
}


def grade_sentence(grading: Grading) -> str:
    """Return the page's first sentence: the grade in words, with its reasons."""
    words = KEPT if grading.grade in ("moderate", "strong") else BROKEN
    reasons = clauses(_(words[rule]) for rule in grading.reasons)
    if grading.grade == TOO_FEW_DATA:
        return _(
            "There are **too few data** to say whether satisfied customers come back more: "
            "{reasons}.",
            reasons=reasons,
        )
    if grading.lacking:
        lacking = _(BROKEN[grading.lacking])
        reasons = _("{reasons}, but {lacking}", reasons=reasons, lacking=lacking)
    opening = OPENING[0.0 if grading.grade == "contradictory" else grading.direction]
    return _(opening, grade=_(grading.grade), reasons=reasons)


def rules_table(grading: Grading) -> pd.DataFrame:
    """Return the rules of the grade with the answer that this edition gives to each."""
    rules = grading.answers["rule"].map(ASKS)
    names = {"rule": "the rule", "otherwise": "if not", "answer": "here"}
    return grading.answers.assign(rule=rules).rename(columns=names)


def rules_caption(grading: Grading) -> Caption:
    """Return the caption of the rules."""
    return {
        "message": _("By these rules the evidence is: {grade}", grade=_(grading.grade)),
        "measure": _(
            "Asked in this order; the first no sets the grade, and without any it is strong"
        ),
        "source": source(_(FOLLOWED), grading.n),
    }
