"""Where the score tells perfectly who came back: Firth's fit, against its likelihood and in worlds.

The penalised likelihood is maximised here row by row by scipy, which knows nothing of leverages.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from link_worlds import compressed
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit

from profitchain.core.estimates import Estimate
from profitchain.effects.dose_response import adjusted_rates, linearity, score_groups
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.stats.glm import PENALISED, fit, fitted
from profitchain.stats.margins import estimates, standardised
from profitchain.stats.model_design import build
from profitchain.stats.model_matrix import as_it_is, categories
from profitchain.stats.penalised_logit import penalised

pytestmark = pytest.mark.filterwarnings("error")
CLOSE = 2e-4  # scipy's simplex and gradients stop a little before the top
WORLDS = 100


def separated(
    rng: np.random.Generator, *, size: int = 400, middle: float = 0.8, customers: int = 0
) -> pd.DataFrame:
    """Return answers from 1 to 5: after 1 and 2 nobody returns, after 4 and 5 everybody."""
    score = rng.integers(1, 6, size).astype(float)
    back = np.where(score == 3, rng.random(size) < middle, score > 3).astype(int)
    return pd.DataFrame(
        {
            "score": score, "n": 1, "repeats": back,
            "orders": back, "spend": back * 20.0, "margin": back * 5.0,
            "cluster": rng.integers(0, customers, size) if customers else np.arange(size),
            "prior_orders": rng.poisson(2, size), "recency_days": 20, "tenure_days": 90,
        }
    )  # fmt: skip


def highest(columns: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Return where log likelihood + log |information| / 2 is highest (Firth 1993), by scipy."""

    def less(values: np.ndarray) -> float:
        mean = np.clip(expit(columns @ values), 1e-15, 1 - 1e-15)
        information = columns.T @ (columns * (mean * (1 - mean))[:, None])
        likelihood = back @ np.log(mean) + (1 - back) @ np.log(1 - mean)
        return -likelihood - np.linalg.slogdet(information)[1] / 2

    found = minimize(less, np.zeros(columns.shape[1]), method="BFGS", options={"gtol": 1e-7})
    return minimize(less, found.x, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12,
                                                                  "maxiter": 20_000}).x  # fmt: skip


@pytest.mark.parametrize("basis", [as_it_is, categories([2, 3, 4, 5])], ids=["line", "categories"])
def test_the_fit_is_where_the_penalised_likelihood_is_highest(basis):
    rows = separated(np.random.default_rng(1), size=150)
    design = build(rows, basis, controls=["prior_orders"])
    model = fit(design)
    assert model.penalised
    assert_allclose(
        model.coefficients.values, highest(design.columns, rows["repeats"].to_numpy()), rtol=CLOSE,
        atol=CLOSE,
    )  # fmt: skip


def test_one_score_by_itself_gets_half_an_answer_with_and_half_without():
    """A saturated Firth logit is (events + 1/2) / (n + 1) in each group: a closed form."""
    rows = separated(np.random.default_rng(2))
    model = fitted(rows, categories([2, 3, 4, 5]))
    sums = rows.groupby("score")[["repeats", "n"]].sum()
    expected = (sums["repeats"] + 0.5) / (sums["n"] + 1)
    assert_allclose(standardised(model, [1, 2, 3, 4, 5]).values, expected, rtol=1e-8)


def test_cells_give_what_single_answers_give():
    rows = separated(np.random.default_rng(3), customers=90)
    cells = compressed(rows)
    assert len(cells) < len(rows)
    for basis in (as_it_is, categories([2, 3, 4, 5])):
        by_row, by_cell = (fitted(frame, basis, controls=["prior_orders"]).coefficients
                           for frame in (rows, cells))  # fmt: skip
        assert_allclose(by_cell.values, by_row.values, rtol=1e-8)
        assert_allclose(by_cell.covariance, by_row.covariance, rtol=1e-8)


def test_where_nothing_is_separated_no_fit_is_penalised_and_the_penalty_is_small():
    rng = np.random.default_rng(4)
    rows = separated(rng, size=4000).assign(
        repeats=lambda x: rng.random(4000) < 0.2 + x["score"] / 10
    )
    rows = rows.assign(repeats=rows["repeats"].astype(int))
    plain = fitted(rows, as_it_is)
    assert not plain.penalised
    design = plain.design
    firth = penalised(design.columns, design.total, design.n)
    errors = np.sqrt(np.diag(plain.coefficients.covariance))
    assert (np.abs(firth - plain.coefficients.values) < errors / 20).all()


@pytest.mark.worlds
def test_the_intervals_hold_the_truth_in_nearly_separated_worlds():
    """Chances of 1, 50 and 99 in a hundred; two answers of a customer go together."""
    chances = np.array([0.01, 0.01, 0.5, 0.99, 0.99])
    steps = np.append(np.diff(chances), 0.0) / 5  # one point more, none above the top
    rates_hold, effects_hold = [], []
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        score = np.repeat(rng.permutation(np.arange(200) % 5 + 1), 2)
        luck = np.where(rng.random(400) < 0.5, np.repeat(rng.random(200), 2), rng.random(400))
        rows = separated(rng).assign(score=score.astype(float), cluster=np.repeat(range(200), 2))
        rows["repeats"] = (luck < chances[score - 1]).astype(int)
        model = fitted(rows, categories([2, 3, 4, 5]))
        if model.penalised:
            means = standardised(model, [1, 2, 3, 4, 5])
            rates = estimates(means, unit="share", share=True)
            rates_hold += [x.low <= p <= x.high for x, p in zip(rates, chances, strict=True)]
            effect = estimates(means.combine(np.array([-1, 0, 0, 0, 1]) / 5), unit="share")[0]
            effects_hold.append(effect.low <= steps.sum() <= effect.high)
    assert len(effects_hold) > WORLDS / 2
    assert np.mean(rates_hold) >= 0.9
    assert np.mean(effects_hold) >= 0.9


def test_the_effect_is_told_as_penalised_and_every_score_stands_by_itself():
    rows = separated(np.random.default_rng(5))
    effect = repeat_effect(rows, controls=["prior_orders"])
    assert isinstance(effect, Estimate)
    assert PENALISED in effect.method
    sums = rows.groupby("score")[["repeats", "n"]].sum()
    by_hand = (sums["repeats"] + 0.5) / (sums["n"] + 1)
    gains = by_hand.diff().shift(-1).fillna(0) @ (sums["n"] / 400)
    assert repeat_effect(rows).value == pytest.approx(gains, rel=1e-8)
    assert effect.low < gains < effect.high
    rates = adjusted_rates(rows, controls=["prior_orders"])
    assert (rates["why"] == "").all()
    assert rates["merged"].eq("").all()
    assert (rates["value"].to_numpy()[[0, 1]] < 0.02).all()
    assert (rates["value"].to_numpy()[[3, 4]] > 0.98).all()
    assert linearity(rows).why.key == "bend_where_all_or_none"


@pytest.mark.worlds
def test_the_effect_s_interval_holds_what_a_cliff_is_worth():
    """From 4 to 10; of those who gave 9 or more 995 in a thousand come back, of the others 5."""
    held = []
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        score = rng.integers(4, 11, 300).astype(float)
        back = (rng.random(300) < np.where(score >= 9, 0.995, 0.005)).astype(int)
        rows = separated(rng, size=300).assign(score=score, repeats=back)
        effect = repeat_effect(rows)
        if PENALISED in effect.method:
            held.append(effect.low <= 0.99 * (score == 8).mean() <= effect.high)
    assert len(held) > WORLDS / 2
    assert np.mean(held) >= 0.95


def test_a_score_with_none_back_joins_its_neighbour_unless_most_answers_are_so():
    rows = separated(np.random.default_rng(6), size=2000)
    rng = np.random.default_rng(7)
    rows["repeats"] = np.where(rows["score"] > 1, rng.random(2000) < 0.5, 0).astype(int)
    assert score_groups(rows, smallest=10)["lowest"].tolist() == [1, 3, 4, 5]
    sure = rows.assign(repeats=np.where(rows["score"] > 3, 1, rows["repeats"]))
    assert score_groups(sure, smallest=10)["lowest"].tolist() == [1, 2, 3, 4, 5]
