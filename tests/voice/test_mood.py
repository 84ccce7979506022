"""Mood is learnt on the firm's own scores, and says of itself how often it is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from scipy.special import expit

from profitchain.core.estimates import NotEstimable
from profitchain.stats.forecast_scores import auc
from profitchain.voice import cleaning, mood

GOOD, BAD = ("great", "lovely", "quick", "thanks"), ("late", "broken", "rude", "never")
FILL = tuple(f"word{number}" for number in range(60))


def invented(draw: np.random.Generator, many: int) -> tuple[list[str], np.ndarray]:
    is_low = (draw.random(many) < 0.3).astype(int)
    texts = [
        " ".join([*draw.choice(FILL, 4), *draw.choice(BAD if low else GOOD, 1)])
        if draw.random() < 0.8
        else " ".join(draw.choice(FILL, 5))
        for low in is_low
    ]
    return texts, is_low


def test_n_grams_have_one_column_wherever_they_stand():
    counts = mood.hashed_ngrams(["ab", "xaby", "ab ab", ""], (2, 3))
    assert counts.sum(axis=1).tolist() == [3 + 2, 5 + 4, 6 + 5, 1]
    shared = counts[[0]].multiply(counts[[1]])
    assert shared.sum() == 1  # "ab" alone, blanks are letters too
    assert counts[[0]].multiply(counts[[2]]).count_nonzero() == 5
    assert mood.hashed_ngrams([], (2, 4)).shape == (0, mood.COLUMNS)


def test_thousands_of_n_grams_fall_into_nearly_as_many_columns():
    letters = np.random.default_rng(3).integers(97, 123, (5000, 4))
    texts = sorted({"".join(map(chr, row)) for row in letters})
    columns = mood.hashed_ngrams(texts, (6, 6)).sum(axis=0)
    assert (columns > 0).sum() > 0.98 * len(texts)  # by chance 1% share a column


def test_the_logit_is_where_its_penalised_likelihood_is_flat_and_as_newton_finds_it():
    draw = np.random.default_rng(1)
    rows = sparse.csr_array(draw.normal(size=(200, 5)))
    labels = (draw.random(200) < expit(rows @ np.array([1, -1, 0.5, 0, 0]) - 0.4)).astype(int)
    weights, offset = mood.logistic(rows, labels)
    design = np.column_stack([rows.toarray(), np.ones(200)])
    penalty = np.diag([mood.PENALTY] * 5 + [0.0])
    values = np.zeros(6)
    for _step in range(30):
        mean = expit(design @ values)
        slope = design.T @ (labels - mean) - penalty @ values
        values += np.linalg.solve((design.T * (mean * (1 - mean))) @ design + penalty, slope)
    assert [*weights, offset] == pytest.approx(values, abs=2e-3)


def test_platt_s_sigmoid_is_a_logit_on_his_targets():
    draw = np.random.default_rng(4)
    margins = draw.normal(size=400)
    labels = (draw.random(400) < expit(2 * margins - 1)).astype(int)
    targets = np.where(labels == 1, (labels.sum() + 1) / (labels.sum() + 2),
                       1 / (400 - labels.sum() + 2))  # fmt: skip
    outside = sm.GLM(targets, sm.add_constant(margins), family=sm.families.Binomial()).fit()
    assert mood.platt(margins, labels)[::-1] == pytest.approx(tuple(outside.params), abs=1e-3)


def test_what_a_model_says_of_its_error_holds_for_other_customers():
    draw = np.random.default_rng(9)
    texts, is_low = invented(draw, 600)
    model = mood.learn(texts, is_low, np.arange(600))
    others, theirs = invented(draw, 2000)
    chances = model.chances(others)
    there = auc(theirs, chances, np.arange(2000)).value
    assert model.auc.low <= there <= model.auc.high and there > 0.8
    assert model.gap < 0.06 and mood.calibration_gap(chances, theirs) < 0.06
    assert chances.mean() == pytest.approx(theirs.mean(), abs=0.03)


def test_customers_who_repeat_themselves_do_not_make_mood_look_good():
    draw = np.random.default_rng(6)
    own = [" ".join(draw.choice(FILL, 5)) for _customer in range(100)]
    labels = (draw.random(100) < 0.4).astype(int)
    texts = [f"{text} {turn}" for text in own for turn in range(4)]
    model = mood.learn(texts, np.repeat(labels, 4), np.repeat(np.arange(100), 4))
    assert model.auc.low < 0.5 < model.auc.high


def test_customers_who_write_alike_do_not_make_mood_look_good():
    draw = np.random.default_rng(8)
    own = [" ".join(draw.choice(FILL, 5)) for _text in range(100)]
    texts, labels = own * 4, np.tile((draw.random(100) < 0.4).astype(int), 4)
    model = mood.learn(texts, labels, np.arange(400))
    assert model.auc.low < 0.5 < model.auc.high
    assert isinstance(mood.learn(["late"] * 400, labels, np.arange(400)), mood.MoodModel)


@pytest.mark.parametrize(
    ("many", "low", "why"), [(299, 100, "too_few_labelled_texts"), (300, 49, "too_few_of_a_mood")]
)
def test_too_few_labels_teach_nothing(many, low, why):
    result = mood.learn(["x"] * many, (np.arange(many) < low).astype(int), np.arange(many))
    assert isinstance(result, NotEstimable) and result.why.key == why


@pytest.mark.parametrize(("labels", "auc_of_note"), [(300, 0.915), (1000, 0.931)])
def test_real_reviews_are_read_as_well_as_measured(shared_data, labels, auc_of_note):
    reviews = pd.read_parquet(shared_data("olist") / "reviews.parquet")
    reviews = reviews[reviews["review_comment_message"].notna()]
    texts = reviews["review_comment_message"].map(cleaning.cleaned).map(cleaning.folded)
    reviews = reviews.assign(text=texts)[texts != ""].sample(frac=1, random_state=7)
    learnt, rest = reviews.iloc[:labels], reviews.iloc[labels : labels + 2000]
    low, other = ((part["review_score"] <= 3).astype(int).to_numpy() for part in (learnt, rest))
    model = mood.learn(learnt["text"].tolist(), low, learnt["customer_unique_id"].to_numpy())
    chances = model.chances(rest["text"].tolist())
    found = auc(other, chances, np.arange(len(other))).value
    assert found == pytest.approx(auc_of_note, abs=0.02)
    assert model.auc.value == pytest.approx(auc_of_note, abs=0.03)
    assert mood.calibration_gap(chances, other) < 0.05
    assert chances.mean() == pytest.approx(other.mean(), abs=0.04)
