"""The words of the grade of the evidence: what each rule asks, and its answers as clauses."""

from __future__ import annotations

from math import exp

import pandas as pd

from profitchain.core.estimates import MaybeEstimate
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, clauses
from profitchain.evidence.answering import ASSUMED
from profitchain.evidence.grading_rules import ANSWERS as ANSWERED
from profitchain.evidence.grading_rules import Grading
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.catalogue import words_of
from profitchain.words.designs import agreement
from profitchain.words.hidden_confounding import needed_strength
from profitchain.words.presentation import Presentation, Said

TOO_FEW_DATA, NO_LINK = N_("too few data"), N_("no link that matters")  # others: `core.formats`
ANSWERS = (N_("yes"), N_("no"), N_("can't be said"), N_("not asked"))
OPENING = {1.0: "more", -1.0: "less", 0.0: "either_way"}
WHOLE = {TOO_FEW_DATA: "too_few", NO_LINK: "no_link"}  # grades that are a sentence of their own
ASKS = words_of("grading_rules", "asks")
OPEN = words_of("grading_rules", "open")  # what a rule that is not kept leaves open
UNJUDGED = words_of("grading_rules", "unjudged")  # what stays open as these data can't tell
BY_CHANCE = words_of("grading_rules", "by_chance")


def answer(
    grading: Grading,
    robust: MaybeEstimate,
    sure: MaybeEstimate,
    compared: pd.DataFrame,
    curve: pd.DataFrame,
    *,
    edition: Edition,
) -> list[Said]:
    """Return the grade with its reasons, what something hidden would need, whether ways agree."""
    return [grade(grading), needed_strength(robust, sure, compared), agreement(curve)]


def grade(grading: Grading) -> Said:
    """Return the grade with its reasons."""
    if grading.grade in WHOLE:
        return Said(WHOLE[grading.grade])
    key = OPENING[0.0 if grading.grade == "contradictory" else grading.direction]
    if grading.grade == "moderate":
        key = "moderate_more" if key == "more" else "moderate_less"
    return Said(key, {"grade": _(grading.grade), "reasons": _reasons(grading)})


def _reasons(grading: Grading) -> str:
    if grading.grade == "strong":
        return clauses(_(BY_CHANCE[name]) for name in grading.confirmed_by)
    if grading.grade == "contradictory":
        return _(OPEN["none_opposes"])
    answers = dict(zip(grading.answers["rule"], grading.answers["answer"], strict=True))
    return clauses(
        _((UNJUDGED if answers[rule] == ANSWERED[None] else OPEN)[rule]) for rule in grading.broken
    )


def rules(grading: Grading, *, edition: Edition) -> Presentation:
    """Return the rules of the grade with the answer that this edition gives to each."""
    odds = digits(exp(ASSUMED), 2)
    texts = [_(ASKS[rule], odds=odds) for rule in grading.answers["rule"]]
    why = [reasons.text(reason) if reason else "" for reason in grading.answers["why"]]
    names = {"otherwise": "if not", "answer": "here"}
    table = grading.answers.drop(columns=["rule", "why"]).rename(columns=names)
    table.insert(0, "the rule", texts)
    table = table.assign(reason=why) if any(why) else table
    return Presentation(table, "graded", {"grade": _(grading.grade), "n": grading.n})
