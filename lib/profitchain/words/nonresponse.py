"""What silence leaves unknown: weights, and how far the silent could move a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import interval, number
from profitchain.core.i18n import N_, _, following, pgettext
from profitchain.effects.nonresponse_bounds import CASES
from profitchain.effects.response_propensity import MOST_TIMES_THE_MEDIAN, Weights
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.sources.company import Question
from profitchain.stats.comparisons import MeasureSeries, in_percentage_points
from profitchain.words.measures import label
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import listed, sentence
from profitchain.words.reasons import control_name, text
from profitchain.words.repeat_effect import upward, with_notes
from profitchain.words.response import rate_answer
from profitchain.words.scores import percent, spread

CLEAR = 0.01  # of the scale
OF_LINK = {"lower": "link_lower", "higher": "link_higher", "alike": "link_alike"}
FEWEST_CASES = 3  # below, nothing is said of how far silence could move a number
SETS = (N_("the score"), N_("the link"))  # what weights are for


def answer(
    rate: MeasureSeries,
    scores: pd.DataFrame,
    score_moved: MaybeEstimate,
    effects: pd.DataFrame,
    effect_moved: MaybeEstimate,
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return the rate, then what weights do to the score and to the link with repeat orders."""
    asked, bought = pgettext("all who", "were asked"), pgettext("all who", "bought")
    did = {"did": asked if edition.facts.get("invited") else bought}
    return [
        rate_answer(rate, edition),
        weighting_said(scores, score_moved, did),
        weighting_said(effects.assign(unit="share"), effect_moved, {}, of_link=True),
    ]


def weighting_said(
    both: pd.DataFrame, moved: MaybeEstimate, values: Mapping[str, object], *, of_link: bool = False
) -> Said:
    """Return what weights do to a number (`both`: as answered, and weighted)."""
    before, now = (Estimate.of(row) for row in both.itertuples())
    missing = [one for one in (now, before, moved) if isinstance(one, NotEstimable)]
    if missing:
        return Said("link_unknown" if of_link else "unknown", {"why": text(missing[0])})
    shown = {"now": now, "before": before, "moved": moved, **values}
    key = moved_key(moved)
    return Said(OF_LINK[key] if of_link else key, shown | {"size": _size(moved)})


def moved_key(moved: MaybeEstimate) -> str:
    """Return which way weights move a number: a key of a message."""
    if isinstance(moved, NotEstimable):
        return "unknown"
    if moved.spans_zero:
        return "alike"
    return "higher" if moved.value > 0 else "lower"


def _size(moved: MaybeEstimate) -> str:
    return number(upward(moved), difference=True) if isinstance(moved, Estimate) else ""


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
        "{label} weighted for who answered: {weighted:number} ({ends}).", otherwise="",
        label=label(measures_of(main)[0]), weighted=weighted,
        ends=interval(weighted, bare=True) if isinstance(weighted, Estimate) else "",
    )  # fmt: skip
    return following(inner, outer)


def limits(bounds: Mapping[str, MaybeEstimate], *, edition: Edition) -> list[Said]:
    """Return how far the silent could move the score, in words that claim no more."""
    low, high, late = (bounds[case] for case in CASES)
    missing = [one for one in (low, high) if isinstance(one, NotEstimable)]
    if missing:
        return [Said("no_ends", {"why": text(missing[0])})]
    unhappy, happy = case_words(_main(edition))
    ends = Said("ends", {"low": low, "high": high, "unhappy": unhappy, "happy": happy})
    if isinstance(late, NotEstimable):
        return [ends, Said("no_late", {"why": text(late)})]
    return [ends]


def told_from(weighted: Weights | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return what the chance of answering is estimated from, and what became of other columns."""
    if isinstance(weighted, NotEstimable):
        return [Said("no_weights", {"why": text(weighted)})]
    if weighted.model is None:
        return [Said("hardly_missing")]
    used = weighted.model.design.controls
    clause = _("The chance of answering is estimated from nothing but the share who answered")
    if used.names:
        names = listed(map(control_name, used.used))
        clause = _("The chance of answering is estimated from {what}", what=names)
    return [Said("told_from", {"clauses": with_notes(clause, used)})]


def how_unequal(
    sets: Mapping[str, tuple[Weights | NotEstimable, MaybeEstimate]], *, edition: Edition
) -> Presentation:
    """Return how unequal weights are, and to how many answers of equal weight they come."""
    table = weights_table(sets)
    values: dict[str, object] = {"times": f"{MOST_TIMES_THE_MEDIAN:g}"}
    if table.empty:
        return Presentation(table, "none", values)
    effective = table["effective answers"].iloc[0] / table["answers"].iloc[0]
    return Presentation(table, "share", values | {"share": percent(effective)})


weights = how_unequal


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


def score_cases(
    scores: pd.DataFrame,
    moved: MaybeEstimate,
    bounds: Mapping[str, MaybeEstimate],
    *,
    edition: Edition,
) -> Presentation:
    """Return the score as answered, weighted and in each case of silence."""
    cases = bounds_frame(scores, bounds, _main(edition))
    measure = measures_of(_main(edition))[0]
    values = {"size": _size(moved), "label": label(measure), "unit": measure.unit}
    values |= {"rows": source(_("Requests to answer"), _most(cases)), "spread": spread(cases)}
    return Presentation(cases, moved_key(moved), values)


def effect_cases(
    effects: pd.DataFrame, bounds: Mapping[str, MaybeEstimate], *, edition: Edition
) -> Presentation:
    """Return the slope of one point (percentage points), weighted and in each case of silence."""
    cases = in_percentage_points(bounds_frame(effects, bounds, _main(edition)))
    followed = _("Requests followed to the end of their window")
    values = {
        "rows": source(followed, _most(cases)),
        "spread": spread(cases),
    }
    known = cases.dropna(subset=["value"])
    clear = (known["low"] > 0) | (known["high"] < 0)
    one_way = known["value"].gt(0).nunique() == 1
    says = "some_clear"
    if len(known) < FEWEST_CASES:
        says = "few"
    elif clear.all() and one_way:
        says = "all_clear"
    elif not clear.iloc[:2].any():
        says = "unclear"
    return Presentation(cases, says, values)


def bounds_frame(
    first: pd.DataFrame, bounds: Mapping[str, MaybeEstimate], main: Question
) -> pd.DataFrame:
    """Return the number as answered and weighted (`first`), then in each case; late if known."""
    labels = [_("Others all {kind}", kind=words) for words in case_words(main)]
    labels.append(_("Others like late answers"))
    rest = to_frame([bounds[case] for case in CASES], label=labels)
    rest = rest.iloc[: len(CASES) - isinstance(bounds["late"], NotEstimable)]
    return pd.concat([first[list(rest)], rest], ignore_index=True)


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


def _main(edition: Edition) -> Question:
    main = edition.company.main
    assert main is not None  # without it, the page has nothing to say
    return main


def _most(rows: pd.DataFrame) -> int:
    return int(rows["n"].max())
