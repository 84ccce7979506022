"""Answers put together in groups give the fit of the single answers, clusters and all."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from link_worlds import confounded
from numpy.testing import assert_allclose

from profitchain.stats import model_design
from profitchain.stats.compression import band, together
from profitchain.stats.glm import Fit, fitted
from profitchain.stats.margins import average_effect
from profitchain.stats.model_matrix import as_it_is
from profitchain.words.reasons import text

pytestmark = pytest.mark.filterwarnings("error")
CONTROLS = ("prior_orders", "recency", "tenure", "tier")
EXACT = {"rtol": 1e-8, "atol": 1e-10}


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    cells = confounded(rng, answers=6000, customers=1500)[0]
    prior = cells["prior_orders"].to_numpy()
    recency = np.where(prior > 0, rng.geometric(0.02, len(cells)), -1)
    return cells.assign(recency_days=recency, tenure_days=rng.integers(0, 900, len(cells)))


def in_groups(cells: pd.DataFrame, **options: object) -> Fit:
    with patch.object(model_design, "MANY", 100):
        found = fitted(cells, as_it_is, controls=CONTROLS, **options)
    assert isinstance(found, Fit), found
    return found


def banded(answers: pd.DataFrame) -> pd.DataFrame:
    """Return single answers, each with the values that its group has in the model."""
    groups, members = together(answers, CONTROLS, "repeats")
    values = groups[["prior_orders", "recency_days", "tenure_days"]].iloc[members.of]
    return answers.assign(**values.reset_index(drop=True))


@pytest.mark.parametrize("outcome", ["repeats", "spend"])
def test_groups_give_the_row_level_fit_on_the_same_values(answers, outcome):
    found = in_groups(answers, outcome=outcome)
    single = model_design.build(banded(answers), as_it_is, controls=CONTROLS, outcome=outcome)
    family = sm.families.Binomial() if outcome == "repeats" else sm.families.Poisson()
    theirs = sm.GLM(answers[outcome], single.columns, family=family).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": answers["cluster"]}, use_t=True
    )
    assert len(found.design.n) < 0.9 * len(answers)
    assert_allclose(found.coefficients.values, theirs.params, **EXACT)
    assert_allclose(found.coefficients.covariance, theirs.cov_params(), **EXACT)
    assert found.coefficients.effective == pytest.approx(
        fitted(answers, as_it_is, outcome=outcome).coefficients.effective
    )


def test_bands_hardly_move_the_effect_of_a_point(answers):
    exact, grouped = fitted(answers, as_it_is, controls=CONTROLS), in_groups(answers)
    error = np.sqrt(np.diag(exact.coefficients.covariance))
    moved = np.abs(grouped.coefficients.values - exact.coefficients.values) / error
    assert moved[0] < 0.01
    assert moved.max() < 0.15
    ours, theirs = average_effect(grouped), average_effect(exact)
    assert_allclose(ours.covariance, theirs.covariance, rtol=0.01)


def test_groups_keep_sums_and_mean_logarithms(answers):
    groups, members = together(answers, CONTROLS, "spend")
    for name in ("n", "repeats", "spend"):
        assert groups[name].sum() == pytest.approx(answers[name].sum())
    assert (groups["recency_days"] == -1).sum() > 0
    known = answers["tenure_days"].groupby(members.of).agg(lambda days: np.log1p(days).mean())
    assert_allclose(np.log1p(groups["tenure_days"]), known, rtol=1e-12)
    assert members.answers.sum() == len(answers)


def test_an_outcome_that_is_not_there_is_refused_in_words_at_any_size(answers):
    with patch.object(model_design, "MANY", 100):
        found = fitted(answers.drop(columns="margin"), as_it_is, outcome="margin")
    assert "no margin" in text(found)


def test_keys_that_lie_far_apart_give_the_same_groups(answers, monkeypatch):
    close, members = together(answers, CONTROLS, "repeats")
    monkeypatch.setattr("profitchain.stats.compression.CLOSE", 0)
    monkeypatch.setattr("profitchain.stats.compression.SPACE", 1000)
    far, others = together(answers, CONTROLS, "repeats")
    assert len(close) == len(far)
    pairs = pd.DataFrame({"close": members.of, "far": others.of})
    assert len(pairs.drop_duplicates()) == len(close)


def test_bands_are_four_to_a_doubling_and_exact_below():
    numbers = np.arange(-1, 3000)
    bands = band(numbers)
    assert (np.diff(bands[:9]) > 0).all()
    assert (np.diff(bands) >= 0).all()
    assert band(numbers[1:] * 2 + 1).tolist() == (bands[1:] + 4).tolist()
