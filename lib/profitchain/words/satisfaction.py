"""What the page on satisfaction may say: the scores, their groups and who is more satisfied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, to_frame
from profitchain.core.formats import digits, period_label
from profitchain.core.i18n import N_, _
from profitchain.measures import satisfaction
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.words import measures
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import period_word, short_names
from profitchain.words.scores import (
    courses,
    measures_moved,
    most_rows,
    moves_sentence,
    percent,
    score_sentence,
    segments_of,
    trend_of,
)

ANSWERS = N_("Survey answers")


def answer(stories: Sequence[MeasureSeries], *, edition: Edition) -> list[Said | str]:
    """Return the main score and its changes, which others moved, and how many are anonymous."""
    story, *others = stories
    sentences = [score_sentence(story, edition.period), moves_sentence(others, edition.period)]
    unnamed, n = edition.facts.get("anonymous_now", 0), story.now.n
    if not unnamed:
        return [one for one in sentences if one]
    values = {"count": unnamed, "n": digits(unnamed, 0), "total": digits(n, 0)}
    return [
        *filter(None, sentences),
        Said("all_anonymous" if unnamed == n else "anonymous", values),
    ]


def main_score(story: MeasureSeries, *, edition: Edition) -> Presentation:
    """Return the main score over time."""
    return trend_of(story, edition.period, ANSWERS)


def groups(shares: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the main question's three groups over time, the worst left and the best right."""
    wide = satisfaction.wide_groups(shares)
    wide = wide.replace({"period": short_names(edition.periods)})
    shown = shares_of_groups(shares, edition=edition)
    main = edition.company.main
    assert main is not None  # without it, the page has nothing to say
    middle = satisfaction.GROUPS[main.kind][1]
    return Presentation(wide, shown.says, shown.values, {"middle": middle})


def shares_of_groups(shares: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the three groups of the period, each with its interval."""
    rows, period = satisfaction.shares_in(shares, edition.period), edition.period
    values: dict[str, object] = {"every": period_word(period)}
    values |= {"rows": source(ANSWERS, int(rows["n"].max()), period)}
    seen = rows.dropna(subset=["value"])
    if seen.empty:
        return Presentation(rows, "few", values)
    for name, row in (("worst", seen.iloc[0]), ("best", seen.iloc[-1])):
        values |= {name: _(row["group"]), f"share_of_{name}": percent(row["value"])}
    return Presentation(rows, "shares", values)


group_shares = shares_of_groups


def changes(stories: Sequence[MeasureSeries], *, edition: Edition) -> Presentation:
    """Return every question's score and its changes."""
    key, values = measures_moved(stories, edition.period)
    rows = {"rows": source(ANSWERS, most_rows(stories), edition.period)}
    return Presentation(measures.changes_table(stories, edition.period), key, {**values, **rows})


def all_trends(stories: Sequence[MeasureSeries], *, edition: Edition) -> Presentation:
    """Return every question's score over time."""
    return courses(stories, edition.period, ANSWERS)


def all_scores(
    scores: Sequence[tuple[Measure, MaybeEstimate]], *, edition: Edition
) -> Presentation:
    """Return every measure of every question, with its definition."""
    most = max(estimate.n for _measure, estimate in scores)
    return Presentation(
        scores_table(scores), "what", {"rows": source(ANSWERS, most, edition.period)}
    )


def by_segment(measure: Measure, groups: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the main score by group of customers, and which groups stand apart."""
    return segments_of(
        measure, groups, _("Survey answers, {period}", period=period_label(edition.period))
    )


def scores_table(scores: Iterable[tuple[Measure, MaybeEstimate]]) -> pd.DataFrame:
    """Return scores in rows: measure, definition, value, low, high, n, why, unit."""
    counted, estimates = zip(*scores, strict=True)
    labels = [measures.label(measure) for measure in counted]
    definitions = [measures.definition(measure) for measure in counted]
    frame = to_frame(estimates, measure=labels, definition=definitions)
    return frame.assign(unit=[measure.unit for measure in counted])
