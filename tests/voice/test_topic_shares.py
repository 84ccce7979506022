"""Shares of topics stand for all who answered, with intervals that hold; scores are screened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from profitchain.core.estimates import Estimate
from profitchain.sources.settings import Question
from profitchain.voice import group_shares, shares, topic_scores

NPS = Question(name="nps", kind="nps")
STARS = Question(name="stars", kind="csat", scale=(1, 5))
SCORES = np.arange(1, 6)
AMONG_ALL = np.array([0.12, 0.08, 0.1, 0.25, 0.45])
COMMENTS = np.array([0.78, 0.7, 0.6, 0.45, 0.38])  # Olist's habit: the angry write
WORLDS = 80
SPEAKS = np.array([0.4, 0.3, 0.15, 0.05, 0.02])


def world(seed: int, answers: int = 900) -> shares.Texts:
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame({"score": draw.choice(SCORES, answers, p=AMONG_ALL).astype(float)})
    at = rows["score"].to_numpy(int) - 1
    rows["customer"] = [f"c{one}" for one in draw.integers(0, answers, answers)]
    rows["speaks of late"] = (draw.random(answers) < SPEAKS[at]).astype(int)
    rows = rows.assign(period="2026Q1", month="2026-01", source="responses", text="x", folded="x")
    rows["group"] = shares.groups_of(rows["score"], STARS)
    rows["speaks of no_topic"] = 1 - rows["speaks of late"]
    all_answers = rows.groupby(["period", "score", "group"], as_index=False).size()
    return shares.Texts(
        rows=rows[draw.random(answers) < COMMENTS[at]].reset_index(drop=True),
        answers=all_answers.rename(columns={"size": "n"}), question=STARS, topics=("late",),
        came=answers, span=("2026Q1",), before=(),
    )  # fmt: skip


def test_weighted_shares_stand_for_all_answers_and_unweighted_ones_do_not():
    truth = float(AMONG_ALL @ SPEAKS)
    inside, plain, widths = 0, 0, []
    for seed in range(WORLDS):
        texts = world(seed)
        rows = texts.comments(texts.span)
        estimate = shares.share(rows, "late", smallest=1)
        assert isinstance(estimate, Estimate)
        inside += estimate.low <= truth <= estimate.high
        widths.append(estimate.high - estimate.low)
        unweighted = shares.share(rows.assign(weight=1.0), "late", smallest=1)
        plain += unweighted.low <= truth <= unweighted.high
    assert inside / WORLDS >= 0.91  # 95% less two errors of 2.4%; post-stratified: rather above
    assert plain / WORLDS < 0.6
    assert np.mean(widths) < 0.075


def test_a_weight_is_answers_by_comments_and_few_comments_of_a_score_share_their_group_s():
    comments = pd.DataFrame({"score": [0.0] * 6 + [6.0] * 2 + [10.0] * 5})
    comments["group"] = shares.groups_of(comments["score"], NPS)
    answers = pd.DataFrame({"score": [0.0, 6.0, 10.0], "n": [12, 12, 50]})
    answers["group"] = shares.groups_of(answers["score"], NPS)
    assert shares.comment_weights(comments, answers).round(6).unique().tolist() == [3.0, 10.0]
    enough = comments[comments["score"] != 6]
    assert shares.comment_weights(enough, answers).unique().tolist() == [2.0, 10.0]


def test_without_weights_the_interval_is_wilson_s_on_customers():
    rows = pd.DataFrame(
        {"customer": range(400), "weight": 1.0, "speaks of late": [1] * 60 + [0] * 340}
    )
    estimate = shares.share(rows, "late", smallest=1)
    low, high = sm.stats.proportion_confint(60, 400, method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=4e-4)  # t, not normal
    twice = pd.concat([rows, rows])
    assert shares.share(twice, "late", smallest=1).low == pytest.approx(estimate.low)


@pytest.mark.parametrize(
    ("rows", "speak", "why"),
    [(199, 50, "too_few_texts"), (200, 9, "group_too_small"), (200, 10, ""), (200, 0, "")],
)
def test_a_share_of_few_is_not_given(rows, speak, why):
    frame = pd.DataFrame({"customer": range(rows), "weight": 1.0})
    frame["speaks of late"] = (frame["customer"] < speak).astype(int)
    estimate = shares.share(frame, "late", smallest=10)
    assert (estimate.why.key if hasattr(estimate, "why") else "") == why


def test_comment_rates_are_texts_by_answers():
    texts = world(3)
    rates = shares.comment_rates(texts, smallest=10).set_index("group")
    assert rates.loc["all", "value"] == pytest.approx(len(texts.rows) / 900)
    assert rates.loc["dissatisfied", "value"] > rates.loc["satisfied", "value"]
    assert (rates["low"] < rates["value"]).all() and (rates["value"] < rates["high"]).all()


def test_no_texts_give_no_numbers_and_no_error():
    texts = world(1)
    none = shares.Texts(
        rows=texts.rows.iloc[:0], answers=texts.answers.iloc[:0], question=STARS, topics=("late",),
        came=0, span=("2026Q1",), before=(),
    )  # fmt: skip
    assert shares.topic_shares(none, smallest=10)["value"].isna().all()
    assert group_shares.by_score_group(none, smallest=10)["value"].isna().all()
    assert shares.comment_rates(none, smallest=10)["value"].isna().all()
    assert topic_scores.topic_scores(none)["value"].isna().all()


def test_scores_of_topics_are_statsmodels_clustered_least_squares():
    draw = np.random.default_rng(5)
    many = 900
    rows = pd.DataFrame({"customer": draw.integers(0, 600, many), "period": "2026Q1"})
    rows["speaks of late"] = (draw.random(many) < 0.2).astype(int)
    rows["speaks of refund"] = ((draw.random(many) < 0.6) & (rows["speaks of late"] == 1)).astype(
        int
    )  # rides along
    rows["speaks of refund"] |= (draw.random(many) < 0.05).astype(int)
    rows["speaks of rare"] = (np.arange(many) < 4).astype(int)
    rows["month"] = draw.choice(["2026-01", "2026-02"], many)
    rows["score"] = (
        8 - 2 * rows["speaks of late"] + (rows["month"] == "2026-02") + draw.normal(0, 2, many)
    )
    rows = rows.assign(source="responses", group="")
    answers = rows.groupby(["period", "score", "group"], as_index=False).size()
    texts = shares.Texts(
        rows=rows, answers=answers.rename(columns={"size": "n"}), question=NPS,
        topics=("late", "refund", "rare"), came=many, span=("2026Q1",), before=(),
    )  # fmt: skip
    found = topic_scores.topic_scores(texts, smallest=10).set_index("topic")
    design = (
        rows[["speaks of late", "speaks of refund"]]
        .assign(feb=rows["month"] == "2026-02", one=1)
        .astype(float)
    )
    outside = sm.OLS(rows["score"], design).fit(
        cov_type="cluster", cov_kwds={"groups": rows["customer"]}
    )
    assert found.loc["late", "value"] == pytest.approx(outside.params["speaks of late"])
    half = (found["high"] - found["low"])["late"] / 2
    assert half == pytest.approx(1.96 * outside.bse["speaks of late"], rel=0.01)
    assert found["clear"].to_dict() == {"late": True, "refund": False, "rare": False}
    assert found.loc["rare", "why"].key == "group_too_small"
