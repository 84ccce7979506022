"""The words on what silence leaves unknown: weights, and how far the silent could move a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import evidence, interval, number, period_label, plain
from profitchain.core.i18n import N_, _, following, pgettext
from profitchain.core.periods import Period
from profitchain.effects.nonresponse_bounds import CASES
from profitchain.effects.response_propensity import MOST_TIMES_THE_MEDIAN, Weights
from profitchain.measures.satisfaction import measures_of
from profitchain.sources.company import Company, Question
from profitchain.words import captions
from profitchain.words.captions import PER_POINT, Caption, described, source
from profitchain.words.measures import label
from profitchain.words.prose import listed, sentence
from profitchain.words.reasons import control_name, text
from profitchain.words.repeat_effect import upward, with_notes
from profitchain.words.scores import percent, spread

CLEAR = 0.01  # of the scale
SETS = (N_("the score"), N_("the link"))  # what weights are for


def score_sentence(
    scores: pd.DataFrame, moved: MaybeEstimate, main: Question, facts: Mapping[str, int]
) -> str:
    """Return what weighting does to the score, and what it can't do (`scores`: two rows)."""
    before, weighted = (Estimate.of(row) for row in scores.itertuples())
    verbs = pgettext("all who", "were asked"), pgettext("all who", "bought")
    return sentence(
        "Weighted to stand for all who {did}, the score of “{label}” is **{now:number}** "
        "({now:evidence}) in place of {before:number}: {change}. Weights make up for what history "
        "and groups tell, **not for a readiness to answer that follows the score itself**.",
        otherwise="What the score would be had everybody answered can't be said: {why}",
        now=weighted, before=before, moved=moved, change=moved_words(moved),
        did=verbs[0 if facts.get("invited") else 1], label=main.label,
    )  # fmt: skip


def weighted_beside(
    weighted: MaybeEstimate,
    moved: MaybeEstimate,
    ends: Sequence[MaybeEstimate],
    main: Question,
) -> str:
    """Return what stands below a score that who answered has clearly moved, else "".

    Clearly: the interval of the difference leaves zero out, and it is a hundredth of the scale or
    more (two points of NPS, one in a hundred satisfied).

    Parameters
    ----------
    moved : the weighted score less the plain one.
    ends : the score had all who did not answer been unhappy, and happy.
    """
    low, high = measures_of(main)[0].bounds or main.scale
    if not isinstance(moved, Estimate) or moved.spans_zero:
        return ""
    if abs(moved.value) < CLEAR * (high - low):
        return ""
    low_words, high_words = case_words(main)
    outer = sentence(
        "The silent all {low_words}: {low:number}; all {high_words}: {high:number}.", otherwise="",
        low=ends[0], high=ends[1], low_words=low_words, high_words=high_words,
    )  # fmt: skip
    inner = sentence(
        "Weighted for who answered: {weighted:number} ({ends}).", otherwise="", weighted=weighted,
        ends=interval(weighted, bare=True) if isinstance(weighted, Estimate) else "",
    )  # fmt: skip
    return following(inner, outer)


def effect_sentence(effects: pd.DataFrame, moved: MaybeEstimate, days: int) -> str:
    """Return what weighting does to the link with repeat orders (`effects`: two rows, shares)."""
    before, weighted = (Estimate.of(row, unit="share") for row in effects.itertuples())
    aside = ""
    if isinstance(weighted, Estimate):
        aside = evidence(weighted, difference=True)
        if weighted.spans_zero:
            aside = _("{evidence}; the interval spans zero", evidence=aside)
    return sentence(
        "With weights, the slope of one more point is **{now:difference_number}** ({aside}) in "
        "ordering again within {days} days, in place of {before:difference_number}: {change}.",
        otherwise="What weighting does to the link with repeat orders can't be said: {why}",
        now=weighted, before=before, moved=moved, change=moved_words(moved), days=days,
        aside=aside,
    )  # fmt: skip


def limits_sentence(bounds: Mapping[str, MaybeEstimate], main: Question) -> str:
    """Return how far the silent could move the score, in words that claim no more."""
    low, high, late = (bounds[case] for case in CASES)
    words = case_words(main)
    tail = sentence(
        "Were they like those who answered late it would be **{late:number}** ({late:evidence}).",
        otherwise="Whether they are like those who answered late can't be said: {why}", late=late,
    )  # fmt: skip
    ends = sentence(
        "Had all who did not answer been {low_words}, the score would be **{low:number}** "
        "({low:evidence}); all {high_words}, **{high:number}** ({high:evidence}). Nothing in the "
        "tables says where between them it lies.",
        otherwise="How far silence could move it can't be said: {why}",
        low=low, high=high, low_words=words[0], high_words=words[1],
    )  # fmt: skip
    if isinstance(low, NotEstimable) or isinstance(high, NotEstimable):
        return ends
    return following(ends, tail)


def weights_sentence(weighted: Weights | NotEstimable) -> str:
    """Return what the chance of answering was told from, and what became of other columns."""
    if isinstance(weighted, NotEstimable):
        return _("No weights: {why}", why=text(weighted))
    if weighted.model is None:
        return _("Hardly anybody is missing, so each answer counts for one.")
    used = weighted.model.design.controls
    clause = _("The chance of answering is told from nothing but the share who answered")
    if used.names:
        names = listed(map(control_name, used.used))
        clause = _("The chance of answering is told from {what}", what=names)
    clauses = with_notes(clause, used)
    return _("{clauses}. An answer counts for one over its chance.", clauses=clauses)


def weights_table(sets: Mapping[str, tuple[Weights | NotEstimable, MaybeEstimate]]) -> pd.DataFrame:
    """Return how unequal weights are: one row a set of answers; none where there are no weights.

    Parameters
    ----------
    sets : by name, the weights and the effective number of answers.
    """
    rows = [
        {
            "weights for": name,
            "answers": effective.n,
            "smallest": np.min(weighted.by_row[weighted.by_row > 0]),
            "largest": np.max(weighted.by_row),
            "cut": weighted.trimmed,
            "effective answers": effective.value,
        }
        for name, (weighted, effective) in sets.items()
        if isinstance(weighted, Weights) and isinstance(effective, Estimate)
    ]
    return pd.DataFrame(rows)


def bounds_frame(
    first: pd.DataFrame, bounds: Mapping[str, MaybeEstimate], main: Question
) -> pd.DataFrame:
    """Return the number as answered and weighted (`first`), then in each case; late if known."""
    labels = [_("Others all {kind}", kind=words) for words in case_words(main)]
    labels.append(_("Others like late answers"))
    rest = to_frame([bounds[case] for case in CASES], label=labels)
    rest = rest.iloc[: len(CASES) - isinstance(bounds["late"], NotEstimable)]
    return pd.concat([first[list(rest)], rest], ignore_index=True)


def weights_caption(table: pd.DataFrame) -> Caption:
    """Return the caption of how unequal the weights are."""
    message = _("No weights could be found")
    if len(table):
        effective = table["effective answers"].iloc[0] / table["answers"].iloc[0]
        message = _("Weighting leaves as much to tell as {share} of the answers",
                    share=percent(effective))  # fmt: skip
    return {
        "message": message,
        "measure": _(
            "How much an answer counts for, 1 on average; cut: answers whose weight was brought "
            "down to {times} times the median; effective answers: how many of equal weight would "
            "tell as much",
            times=f"{MOST_TIMES_THE_MEDIAN:g}",
        ),
        "source": _("Answers to the main question"),
        "units": {"answers": "count", "cut": "count", "smallest": "score", "largest": "score"},
    }


def score_caption(
    scores: pd.DataFrame, moved: MaybeEstimate, main: Question, period: Period
) -> Caption:
    """Return the caption of the score as answered and weighted."""
    return _of_score(scores, moved_message(_("the score"), moved), main, period)


def cases_caption(cases: pd.DataFrame, main: Question, period: Period) -> Caption:
    """Return the caption of the score in each case of silence."""
    message = cases_message(cases, _("the score"), measures_of(main)[0].unit)
    caption = _of_score(cases, message, main, period)
    return caption | {"source": source(_("Requests to answer"), _most(cases))}


def effect_caption(effects: pd.DataFrame, moved: MaybeEstimate, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points), two ways."""
    message = moved_message(_("the link"), moved)
    return captions.per_point(message, firm, effects, slopes=True)


def link_cases_caption(cases: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points) in each case of silence."""
    message = cases_message(cases, _("the link"), PER_POINT)
    caption = captions.per_point(message, firm, cases, slopes=True)
    followed = _("Requests followed to the end of their window")
    return caption | {"source": source(followed, _most(cases))}


def _of_score(scores: pd.DataFrame, message: str, main: Question, period: Period) -> Caption:
    measure = measures_of(main)[0]
    return {
        "message": message,
        "measure": _(
            "{label}, requests of {period}; 95% intervals",
            label=label(measure),
            period=period_label(period),
        ),
        "source": source(
            _("Answers to “{question}”", question=main.label), int(scores["n"].iloc[0])
        ),
        "description": described(message, spread(scores)),
        "unit": measure.unit,
    }


def _most(rows: pd.DataFrame) -> int:
    return int(rows["n"].max())


def case_words(main: Question) -> tuple[str, str]:
    """Return what the silent are taken to be, unhappy and happy, by the question's kind."""
    if main.kind == "nps":
        return pgettext("the silent", "detractors"), pgettext("the silent", "promoters")
    if main.kind == "csat":
        return pgettext("the silent", "dissatisfied"), pgettext("the silent", "satisfied")
    if main.kind == "ces":
        harder = pgettext("the silent", "in the harder half")
        return harder, pgettext("the silent", "in the easier half")
    lower = pgettext("the silent", "in the lower half")
    return lower, pgettext("the silent", "in the upper half")


def moved_words(moved: MaybeEstimate) -> str:
    """Return by how much weights move a number, inside a sentence."""
    if isinstance(moved, NotEstimable) or moved.spans_zero:
        return sentence("no clear difference ({moved:difference_interval})", moved=moved)
    higher = N_("**{size} higher** (interval of the difference {moved:difference_interval})")
    lower = N_("**{size} lower** (interval of the difference {moved:difference_interval})")
    size = number(upward(moved), difference=True)
    return sentence(higher if moved.value > 0 else lower, size=size, moved=moved)


def moved_message(what: str, moved: MaybeEstimate) -> str:
    """Return an exhibit's message on what weights do to a number (`what`: its name in words)."""
    if isinstance(moved, NotEstimable):
        return _("What weighting does to {what} can't be said", what=what)
    if moved.spans_zero:
        return _("Weighting does not clearly move {what}", what=what)
    up = N_("Weighting moves {what} up by {size}")
    down = N_("Weighting moves {what} down by {size}")
    size = number(upward(moved), difference=True)
    return _(up if moved.value > 0 else down, what=what, size=size)


def cases_message(cases: pd.DataFrame, what: str, unit: str) -> str:
    """Return between which numbers the score or the link lies, over all the cases."""
    values = cases["value"].dropna()
    if len(values) < 3:
        return _("How far silence could move {what}: too few to say", what=what)
    low, high = (plain(end, unit, bare=True) for end in (values.min(), values.max()))
    return _("In these cases {what} lies between {low} and {high}", what=what, low=low, high=high)
