"""The sentences and captions on who answered, and on what their silence leaves unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import digits, evidence, period_label
from profitchain.core.i18n import N_, _, following, pgettext
from profitchain.core.periods import Period
from profitchain.effects.nonresponse_bounds import CASES
from profitchain.effects.response_propensity import MOST_TIMES_THE_MEDIAN, Weights
from profitchain.measures.satisfaction import measures_of
from profitchain.sources.company import Company, Question
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.stats.sampling_weights import of_all, stands_for
from profitchain.words import captions
from profitchain.words.captions import PER_POINT, Caption, source
from profitchain.words.measures import label
from profitchain.words.prose import first_capital, listed, sentence
from profitchain.words.reasons import control_name, text
from profitchain.words.repeat_effect import with_notes
from profitchain.words.scores import brief, percent, segments_message, spread
from profitchain.words.silence_words import case_words, cases_message, moved_message, moved_words

THIS_PAGE = N_("This page")
SETS = (N_("the score"), N_("the link"))  # what weights are for


def known_sentence(facts: Mapping[str, int]) -> str:
    """Return whether it is known who was asked, and what the page counts where it isn't."""
    if facts.get("invited"):
        return _("Who was asked is known: invitations name the answers that they led to.")
    return _(
        "**Who was asked is not known**: no invitations name the answers that they led to. So "
        "there is no response rate here; the page compares customers who bought and answered with "
        "customers who bought and did not, asked or not."
    )


def score_sentence(
    scores: pd.DataFrame, moved: MaybeEstimate, main: Question, facts: Mapping[str, int]
) -> str:
    """Return what weighting does to the score, and what it can't do (`scores`: two rows)."""
    before, weighted = scores.itertuples()
    if why := _unsaid(weighted, before, moved):
        return _("What the score would be had everybody answered can't be said: {why}", why=why)
    asked, bought = pgettext("all who", "were asked"), pgettext("all who", "bought")
    return sentence(
        "Weighted to stand for all who {did}, the score of “{label}” is **{now:number}** "
        "({now:evidence}) in place of {before:number}: {change}. Weights make up for what history "
        "and groups tell, **not for a readiness to answer that follows the score itself**.",
        did=asked if facts.get("invited") else bought, label=main.label,
        now=_as_said(weighted), before=_as_said(before), change=moved_words(moved),
    )  # fmt: skip


def effect_sentence(effects: pd.DataFrame, moved: MaybeEstimate, days: int) -> str:
    """Return what weighting does to the link with repeat orders (`effects`: two rows, shares)."""
    before, weighted = effects.itertuples()
    if why := _unsaid(weighted, before, moved):
        return _("What weighting does to the link with repeat orders can't be said: {why}", why=why)
    now = _as_said(weighted, "share")
    aside = evidence(now, difference=True)
    if now.spans_zero:
        aside = _("{evidence}; the interval spans zero", evidence=aside)
    return sentence(
        "With weights, one more point goes with a difference of **{now:difference_number}** "
        "({aside}) in ordering again within {days} days, in place of "
        "{before:difference_number}: {change}.",
        now=now, before=_as_said(before, "share"), days=days, change=moved_words(moved),
        aside=aside,
    )  # fmt: skip


def limits_sentence(bounds: Mapping[str, MaybeEstimate], main: Question) -> str:
    """Return how far the silent could move the score, in words that claim no more."""
    low, high, late = (bounds[case] for case in CASES)
    words = case_words(main)
    for end in (low, high):
        if isinstance(end, NotEstimable):
            return _("How far silence could move it can't be said: {why}", why=text(end))
    tail = sentence(
        "Were they like those who answered late it would be **{late:number}** ({late:evidence}).",
        otherwise="Whether they are like those who answered late can't be said: {why}", late=late,
    )  # fmt: skip
    told = sentence(
        "Had all who did not answer been {low_words}, the score would be **{low:number}** "
        "({low:evidence}); all {high_words}, **{high:number}** ({high:evidence}). Nothing in the "
        "tables says where between them it lies.",
        low=low, high=high, low_words=words[0], high_words=words[1],
    )  # fmt: skip
    return following(told, tail)


def weights_sentence(weighted: Weights | NotEstimable) -> str:
    """Return what the chance of answering was told from, and what became of other columns."""
    if isinstance(weighted, NotEstimable):
        return _("No weights: {why}", why=text(weighted))
    if weighted.model is None:
        return _("Hardly anybody is missing, so each answer counts for one.")
    known = weighted.model.design.controls
    told = _("The chance of answering is told from nothing but the share who answered")
    if known.used:
        names = listed(map(control_name, known.used))
        told = _("The chance of answering is told from {what}", what=names)
    clauses = with_notes(told, known)
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
            "smallest": np.min(weighted.each[weighted.each > 0]),
            "largest": np.max(weighted.each),
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


def missing_table(profile: pd.DataFrame) -> pd.DataFrame:
    """Return who is missing as a table, differences in percentage points."""
    shown = profile.assign(answered_unit="share", silent_unit="share")
    numbers = [f"difference_{part}" for part in ("value", "low", "high")]
    shown[numbers] = shown[numbers] * 100
    return shown.assign(difference_unit="percentage points")


def rate_caption(rate: MeasureSeries, period: Period, facts: Mapping[str, int]) -> Caption:
    """Return the caption of the rate over time."""
    return captions.trend(rate, period, rows=_rows(facts))


def groups_caption(
    measure: Measure, groups: pd.DataFrame, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of the rate by group."""
    told = captions.segments(measure, groups, period)
    n = int(groups.groupby("segment")["n"].sum().max()) if len(groups) else 0
    return told | {"source": source(_rows(facts), n, period)}


def history_caption(
    measure: Measure, groups: pd.DataFrame, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of the rate by history before asking."""
    told = groups_caption(measure, groups, period, facts)
    named = groups.assign(group=[_(str(name)) for name in groups["group"]])
    message = segments_message(_("By history"), named)
    return told | {"message": message, "description": _described(message, spread(named))}


def missing_caption(
    profile: pd.DataFrame, n: int, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of who is missing: the largest clear difference (`n` requests)."""
    known = profile.dropna(subset=["difference_value"])
    clear = known[(known["difference_low"] > 0) | (known["difference_high"] < 0)]
    message = _("No group is clearly rarer among those who answered")
    if len(clear):
        most = clear.loc[clear["difference_value"].abs().idxmax()]
        shares = [percent(most[f"{side}_value"]) for side in ("answered", "silent")]
        message = brief(
            _(
                "{segment}, {group}: {answered} of those who answered, {silent} of the others",
                segment=first_capital(_(str(most["segment"]).replace("_", " "))),
                group=_(most["group"]),
                answered=shares[0],
                silent=shares[1],
            ),
            _("Some groups are rarer among those who answered"),
        )
    return {
        "message": message,
        "measure": _(
            "Share of each group among those who answered and among those who did not, {period}; "
            "95% intervals",
            period=period_label(period),
        ),
        "source": source(_rows(facts), n, period),
    }


def weights_caption(table: pd.DataFrame) -> Caption:
    """Return the caption of how unequal the weights are."""
    message = _("No weights could be found")
    if len(table):
        kept = table["effective answers"].iloc[0] / table["answers"].iloc[0]
        message = _("Weighting leaves as much to tell as {share} of the answers",
                    share=percent(kept))  # fmt: skip
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
    told = _of_score(cases, message, main, period)
    return told | {"source": source(_("Requests to answer"), _most(cases))}


def effect_caption(effects: pd.DataFrame, moved: MaybeEstimate, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points), two ways."""
    return captions.per_point(moved_message(_("the link"), moved), firm, effects)


def link_cases_caption(cases: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points) in each case of silence."""
    told = captions.per_point(cases_message(cases, _("the link"), PER_POINT), firm, cases)
    followed = _("Requests followed to the end of their window")
    return told | {"source": source(followed, _most(cases))}


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
        "description": _described(message, spread(scores)),
        "unit": measure.unit,
    }


def counted_sentence(facts: Mapping[str, int]) -> str:
    """Return how many of the period's answers belong to no request, and of whom this is told."""
    return following(_unasked_sentence(facts), *captions.drawn_sentences(THIS_PAGE, facts))


def _unasked_sentence(facts: Mapping[str, int]) -> str:
    unasked = facts.get("unasked", 0)
    count = digits(of_all(pd.Series([unasked]), stands_for(facts)).iloc[0], 0)
    if facts.get("invited") and not unasked:
        return _(
            "None of the period's answers to the main question came without an invitation; such "
            "answers are left out here."
        )
    if facts.get("invited"):
        return _(
            "{count} of the period's answers to the main question came without an invitation; such "
            "answers are left out here.",
            count=count,
        )
    return _(
        "A customer counts once a period, from the first purchase in it on, with the last answer "
        "that followed a purchase of that period; {count} of the period's answers to the main "
        "question are left out.",
        count=count,
    )


def _rows(facts: Mapping[str, int]) -> str:
    return _("Invitations") if facts.get("invited") else _("Customers who bought")


def _unsaid(weighted: Any, before: Any, moved: MaybeEstimate) -> str:
    """Return the first reason why two rows, or their difference, can't be said; "" if none."""
    return text(weighted.why or before.why or getattr(moved, "why", ""))


def _described(message: str, numbers: str) -> str:
    return following(_("{message}.", message=message), numbers)


def _most(rows: pd.DataFrame) -> int:
    return int(rows["n"].max())


def _as_said(row: object, unit: str = "") -> Estimate:
    ends = {"value": row.value, "low": row.low, "high": row.high}
    return Estimate(**ends, n=int(row.n), unit=unit or row.unit)
