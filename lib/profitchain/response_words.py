"""The sentences and captions on who answered, and on what their silence leaves unknown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from profitchain import captions
from profitchain.captions import PER_POINT, Caption, source
from profitchain.company import Company, Question
from profitchain.comparisons import Measure, Story
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import digits, number, period_label, plain
from profitchain.narration import brief, percent, segments_message, spread
from profitchain.nonresponse import CASES
from profitchain.periods import Period
from profitchain.ratios import said_frame
from profitchain.readiness import MOST_TIMES_THE_MEDIAN, Weights
from profitchain.satisfaction import measures_of
from profitchain.wording import listed, sentence

CASE_WORDS = {
    "nps": ("detractors", "promoters"),
    "csat": ("dissatisfied", "satisfied"),
    "ces": ("in the harder half", "in the easier half"),
}
HALVES = ("in the lower half", "in the upper half")


def known_sentence(facts: Mapping[str, int]) -> str:
    """Return whether it is known who was asked, and what the page counts where it isn't."""
    if facts.get("invited"):
        return "Who was asked is known: invitations name the answers that they led to."
    return (
        "**Who was asked is not known**: no invitations name the answers that they led to. So "
        "there is no response rate here; the page compares customers who bought and answered with "
        "customers who bought and did not, asked or not."
    )


def score_sentence(
    scores: pd.DataFrame, moved: Said, main: Question, facts: Mapping[str, int]
) -> str:
    """Return what weighting does to the score, and what it can't do (`scores`: two rows)."""
    before, weighted = scores.itertuples()
    why = weighted.why or before.why or (moved.why if isinstance(moved, Unsaid) else "")
    if why:
        return f"What the score would be had everybody answered can't be said: {why}"
    return sentence(
        "Weighted to stand for all who {all}, the score of “{label}” is **{now:number}** "
        "({now:evidence}) in place of {before:number}: {change}. Weights make up for what history "
        "and groups tell, **not for a readiness to answer that follows the score itself**.",
        all="were asked" if facts.get("invited") else "bought", label=main.label,
        now=_as_said(weighted), before=_as_said(before), change=_moved_words(moved),
    )  # fmt: skip


def effect_sentence(effects: pd.DataFrame, moved: Said, days: int) -> str:
    """Return what weighting does to the link with repeat orders (`effects`: two rows, shares)."""
    before, weighted = effects.itertuples()
    why = weighted.why or before.why or (moved.why if isinstance(moved, Unsaid) else "")
    if why:
        return f"What weighting does to the link with repeat orders can't be said: {why}"
    now = _as_said(weighted, "share")
    return sentence(
        "With weights, one more point goes with a difference of **{now:difference_number}** "
        "({now:difference_evidence}{zero}) in ordering again within {days} days, in place of "
        "{before:difference_number}: {change}.",
        now=now, before=_as_said(before, "share"), days=days, change=_moved_words(moved),
        zero="; the interval spans zero" if now.spans_zero else "",
    )  # fmt: skip


def limits_sentence(bounds: Mapping[str, Said], main: Question) -> str:
    """Return how far the silent could move the score, in words that claim no more."""
    low, high, late = (bounds[case] for case in CASES)
    words = CASE_WORDS.get(main.kind, HALVES)
    if isinstance(low, Unsaid) or isinstance(high, Unsaid):
        return sentence("{low}", otherwise="How far silence could move it can't be said: {why}",
                        low=low, high=high)  # fmt: skip
    tail = sentence(
        "Were they like those who answered late it would be **{late:number}** ({late:evidence}).",
        otherwise="Whether they are like those who answered late can't be said: {why}", late=late,
    )  # fmt: skip
    return sentence(
        "Had all who did not answer been {low_words}, the score would be **{low:number}** "
        "({low:evidence}); all {high_words}, **{high:number}** ({high:evidence}). Nothing in the "
        "tables says where between them it lies. {tail}",
        tail=tail, low=low, high=high, low_words=words[0], high_words=words[1],
    )  # fmt: skip


def weights_sentence(weighted: Weights | Unsaid) -> str:
    """Return what the chance of answering was told from, and what became of other columns."""
    if isinstance(weighted, Unsaid):
        return f"No weights: {weighted.why}"
    if weighted.model is None:
        return "Hardly anybody is missing, so each answer counts for one."
    known = weighted.model.design.controls
    used = f"from {listed(known.used)}" if known.used else "from nothing but the share who answered"
    clauses = "; ".join([f"The chance of answering is told {used}", *known.notes])
    return f"{clauses}. An answer counts for one over its chance."


def weights_table(sets: Mapping[str, tuple[Weights | Unsaid, Said]]) -> pd.DataFrame:
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


def bounds_frame(first: pd.DataFrame, bounds: Mapping[str, Said], main: Question) -> pd.DataFrame:
    """Return the number as answered and weighted (`first`), then in each case; late if known."""
    low, high = CASE_WORDS.get(main.kind, HALVES)
    labels = [f"Others all {low}", f"Others all {high}", "Others like late answers"]
    rest = said_frame([bounds[case] for case in CASES], label=labels)
    rest = rest.iloc[: len(CASES) - isinstance(bounds["late"], Unsaid)]
    return pd.concat([first[list(rest)], rest], ignore_index=True)


def missing_table(profile: pd.DataFrame) -> pd.DataFrame:
    """Return who is missing as a table, differences in percentage points."""
    shown = profile.assign(answered_unit="share", silent_unit="share")
    numbers = [f"difference_{part}" for part in ("value", "low", "high")]
    shown[numbers] = shown[numbers] * 100
    return shown.assign(difference_unit="percentage points")


def rate_caption(rate: Story, period: Period, facts: Mapping[str, int]) -> Caption:
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
    message = segments_message("By history", groups)
    told = groups_caption(measure, groups, period, facts)
    return told | {"message": message, "description": f"{message}. {spread(groups)}"}


def missing_caption(
    profile: pd.DataFrame, n: int, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of who is missing: the largest clear difference (`n` requests)."""
    known = profile.dropna(subset=["difference_value"])
    clear = known[(known["difference_low"] > 0) | (known["difference_high"] < 0)]
    message = "No group is clearly rarer among those who answered"
    if len(clear):
        most = clear.loc[clear["difference_value"].abs().idxmax()]
        shares = [percent(most[f"{side}_value"]) for side in ("answered", "silent")]
        message = brief(
            f"{_capital(most['segment'])}, {most['group']}: {shares[0]} of those who answered, "
            f"{shares[1]} of the others",
            "Some groups are rarer among those who answered",
        )
    return {
        "message": message,
        "measure": "Share of each group among those who answered and among those who did not, "
        f"{period_label(period)}; 95% intervals",
        "source": source(_rows(facts), n, period),
    }


def weights_caption(table: pd.DataFrame) -> Caption:
    """Return the caption of how unequal the weights are."""
    message = "No weights could be found"
    if len(table):
        kept = table["effective answers"].iloc[0] / table["answers"].iloc[0]
        message = f"Weighting leaves as much to tell as {percent(kept)} of the answers"
    return {
        "message": message,
        "measure": "How much an answer counts for, 1 on average; cut: answers whose weight was "
        f"brought down to {MOST_TIMES_THE_MEDIAN:g} times the median; effective answers: how many "
        "of equal weight would tell as much",
        "source": "Answers to the main question",
        "units": {"answers": "count", "cut": "count", "smallest": "score", "largest": "score"},
    }


def score_caption(scores: pd.DataFrame, moved: Said, main: Question, period: Period) -> Caption:
    """Return the caption of the score as answered and weighted."""
    return _of_score(scores, _moved_message("score", moved), main, period)


def cases_caption(cases: pd.DataFrame, main: Question, period: Period) -> Caption:
    """Return the caption of the score in each case of silence."""
    told = _of_score(cases, _cases_message(cases, "score", measures_of(main)[0].unit), main, period)
    return told | {"source": source("Requests to answer", _most(cases))}


def effect_caption(effects: pd.DataFrame, moved: Said, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points), two ways."""
    return captions.per_point(_moved_message("link", moved), firm, effects)


def link_cases_caption(cases: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the effect of one point (percentage points) in each case of silence."""
    told = captions.per_point(_cases_message(cases, "link", PER_POINT), firm, cases)
    return told | {"source": source("Requests followed to the end of their window", _most(cases))}


def _of_score(scores: pd.DataFrame, message: str, main: Question, period: Period) -> Caption:
    measure = measures_of(main)[0]
    return {
        "message": message,
        "measure": f"{measure.label}, requests of {period_label(period)}; 95% intervals",
        "source": source(f"Answers to “{main.label}”", int(scores["n"].iloc[0])),
        "description": f"{message}. {spread(scores)}",
        "unit": measure.unit,
    }


def _cases_message(cases: pd.DataFrame, what: str, unit: str) -> str:
    """Return between which numbers the score or the link lies, over all the cases."""
    known = cases["value"].dropna()
    if len(known) < 3:
        return f"How far silence could move the {what}: too few to say"
    low, high = (plain(end, unit, bare=True) for end in (known.min(), known.max()))
    return f"In these cases the {what} lies between {low} and {high}"


def counted_sentence(facts: Mapping[str, int]) -> str:
    """Return how many of the period's answers belong to no request."""
    unasked, answers = facts.get("unasked", 0), "of the period's answers to the main question"
    if facts.get("invited"):
        count = digits(unasked, 0) if unasked else "None"
        return f"{count} {answers} came without an invitation; such answers are left out here."
    return (
        "A customer counts once a period, from the first purchase in it on, with the last answer "
        f"that followed a purchase of that period; {digits(unasked, 0)} {answers} are left out."
    )


def _rows(facts: Mapping[str, int]) -> str:
    return "Invitations" if facts.get("invited") else "Customers who bought"


def _capital(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _most(rows: pd.DataFrame) -> int:
    return int(rows["n"].max())


def _as_said(row: object, unit: str = "") -> Estimate:
    ends = {"value": row.value, "low": row.low, "high": row.high}
    return Estimate(**ends, n=int(row.n), unit=unit or row.unit)


def _moved_words(moved: Estimate) -> str:
    if moved.spans_zero:
        return sentence("no clear difference ({moved:difference_interval})", moved=moved)
    size = number(moved if moved.value > 0 else moved.times(-1), difference=True)
    way = "higher" if moved.value > 0 else "lower"
    return sentence("**{size} {way}** (interval of the difference {moved:difference_interval})",
                    size=size, way=way, moved=moved)  # fmt: skip


def _moved_message(what: str, moved: Said) -> str:
    if isinstance(moved, Unsaid):
        return f"What weighting does to the {what} can't be said"
    if moved.spans_zero:
        return f"Weighting does not clearly move the {what}"
    size = number(moved if moved.value > 0 else moved.times(-1), difference=True)
    return f"Weighting moves the {what} {'up' if moved.value > 0 else 'down'} by {size}"
