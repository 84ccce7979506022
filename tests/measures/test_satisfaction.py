"""Scores by hand: the three groups, valid answers only, every edge of every scale."""

from __future__ import annotations

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.measures.satisfaction import (
    all_scores,
    answers_to,
    group_shares,
    measures_of,
    score_series,
    wide_groups,
)
from profitchain.sources.company import Question
from profitchain.words.measures import definition
from profitchain.words.satisfaction import scores_table

NOW = Period("2026Q1")
NPS = Question(name="nps", kind="nps")
CSAT = Question(name="csat", kind="csat", satisfied_from=4)
EASY_HIGH = Question(name="ces", kind="ces", easy_is="high")
EASY_LOW = Question(name="ces", kind="ces", easy_is="low")
RATING = Question(name="taste", kind="rating", scale=(1, 5))


def cells(question: Question, scores: list[float], period: str = "2026Q1") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question": question.name,
            "period": period,
            "cluster": range(len(scores)),
            "score": [float(score) for score in scores],
            "n": 1,
        }
    )


EVERY_SCORE = list(range(11))


@pytest.mark.parametrize(
    ("question", "scores", "expected"),
    [
        (NPS, EVERY_SCORE, 100 * (2 - 7) / 11),
        (NPS, [6] * 5 + [7] * 5, -50.0),
        (NPS, [8] * 5 + [9] * 5, 50.0),
        (NPS, [0] * 6, -100.0),
        (CSAT, [1, 2, 3, 4, 5, 5, 4, 3], 0.5),
        (EASY_HIGH, [1, 4, 7, 7, 6], 5.0),
        (EASY_LOW, [1, 4, 7, 7, 6], 5.0),
        (RATING, [1, 2, 3, 4, 5, 5], 20 / 6),
    ],
)
def test_a_headline_score_is_what_a_count_by_hand_gives(
    question: Question, scores: list[float], expected: float
) -> None:
    found = score_series(cells(question, scores), [question], [NOW])[0].now
    assert found.value == pytest.approx(expected)
    assert found.n == len(scores)


@pytest.mark.parametrize(
    ("question", "scores", "expected"),
    [
        (NPS, EVERY_SCORE, [7, 2, 2]),
        (CSAT, [1, 2, 3, 4, 5], [2, 1, 2]),
        (EASY_HIGH, [1, 2, 3, 4, 5, 6, 7], [3, 1, 3]),
        (EASY_LOW, [1, 2, 4, 5, 6], [2, 1, 2]),
        (RATING, [1, 2, 3, 4, 5, 5], [2, 1, 3]),
    ],
)
def test_three_groups_from_worst_to_best_hold_every_answer_once(
    question: Question, scores: list[float], expected: list[int]
) -> None:
    shares = wide_groups(group_shares(cells(question, scores), question, [NOW]))
    assert (shares.iloc[0, 1:].astype(float) * len(scores)).round(9).tolist() == expected


def test_an_empty_answer_to_one_question_lowers_no_share() -> None:
    both = pd.concat([cells(CSAT, [5] * 6 + [1] * 2), cells(NPS, [9] * 20)])
    assert score_series(both, [CSAT], [NOW])[0].now.value == 0.75
    assert score_series(both, [CSAT], [NOW])[0].now.n == 8


def test_the_share_finding_it_easy_follows_the_stated_direction() -> None:
    scores = [1, 1, 1, 1, 7, 7]
    by_measure = {
        question.easy_is: scores_table(
            all_scores(cells(question, scores), [question], NOW)
        ).set_index("measure")
        for question in (EASY_HIGH, EASY_LOW)
    }
    assert by_measure["high"].loc["CES, easy", "value"] == pytest.approx(2 / 6)
    assert by_measure["low"].loc["CES, easy", "value"] == pytest.approx(4 / 6)


def test_every_measure_says_its_definition_and_its_unit() -> None:
    for question in (NPS, CSAT, EASY_HIGH, RATING):
        assert all(definition(measure) and measure.unit for measure in measures_of(question))


def test_the_public_names_follow_the_kind_and_the_first_question_of_a_kind_has_it() -> None:
    review = Question(name="review", kind="csat", satisfied_from=4)
    second = Question(name="delivery", kind="csat", satisfied_from=4)
    rows = pd.concat([cells(review, [5] * 9), cells(second, [1] * 9)])
    ids = [one.measure.id for one in score_series(rows, [review, second], [NOW])]
    assert ids == ["csat", "delivery"]


def test_a_period_without_answers_is_unsaid_and_others_stand() -> None:
    told = score_series(cells(NPS, [9] * 12 + [0] * 3), [NPS], NOW.last(2))[0]
    assert isinstance(told.now, Estimate)
    assert isinstance(told.change, NotEstimable)


def test_answers_keep_their_number_whatever_the_cells() -> None:
    rows = cells(NPS, [3, 3, 10])
    packed = (
        rows.assign(cluster=1)
        .groupby(["question", "period", "cluster", "score"], as_index=False)["n"]
        .sum()
    )
    assert (
        answers_to(packed, NPS)["balance"].sum() == answers_to(rows, NPS)["balance"].sum() == -100
    )
