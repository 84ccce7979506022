"""Fits on cells equal row-level statsmodels; refusals are sentences; nothing warns or crashes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from link_worlds import CONTROLS, compressed, confounded, rows
from numpy.testing import assert_allclose
from scipy.special import expit

from profitchain.core.estimates import NotEstimable
from profitchain.stats import glm
from profitchain.stats.glm import Fit, fit, fitted
from profitchain.stats.margins import average_effect, estimates, stacked, standardised, wald_test
from profitchain.stats.model_design import build, kish
from profitchain.stats.model_matrix import (
    as_it_is,
    broken_line,
    categories,
    control_columns,
    independent,
    restricted_cubic,
    spline_knots,
)
from profitchain.words.reasons import text

pytestmark = pytest.mark.filterwarnings("error")
EXACT = {"rtol": 1e-8, "atol": 1e-10}  # the same sums in another order
NUMERICAL = 2e-3  # marginaleffects differentiates numerically, twice for a slope's error

# tests/references/link_marginaleffects.py; marginaleffects 0.6.0 with statsmodels 0.15.0
MARGINALEFFECTS = {
    "slope": (0.009684797227531294, 0.010751952977279633),
    "spend": (1.7031943752465453, 0.6416391524126427),
    "steps": ([0.012856123270179376, 0.05520479500928599], [0.0443512697069713, 0.057603992558554]),
}

BASES = {
    "straight": as_it_is,
    "categories": categories([7, 9]),
    "broken": broken_line([6, 8]),
    "spline": restricted_cubic([2, 6, 8, 10]),
}


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """600 answers of 200 customers: most answer several times."""
    return confounded(np.random.default_rng(7), answers=600, customers=200)[0]


def row_level(answers: pd.DataFrame, basis: object, outcome: str) -> object:
    columns = build(answers, basis, controls=CONTROLS, outcome=outcome).columns
    family = sm.families.Binomial() if outcome == "repeats" else sm.families.Poisson()
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": answers["cluster"]}, "use_t": True}
    return sm.GLM(answers[outcome], columns, family=family).fit(tol=1e-12, **clustered)


def fit_of(cells: pd.DataFrame, basis: object = as_it_is, **options: object) -> Fit:
    model = fitted(cells, basis, **options)
    assert isinstance(model, Fit), model
    return model


@pytest.mark.parametrize("many", [0, glm.MANY], ids=["own steps", "statsmodels"])
@pytest.mark.parametrize("outcome", ["repeats", "spend"])
@pytest.mark.parametrize("basis", BASES.values(), ids=BASES)
def test_a_fit_on_cells_is_the_row_level_fit_of_statsmodels(
    answers, basis, outcome, many, monkeypatch
):
    monkeypatch.setattr(glm, "MANY", many)
    cells = compressed(answers)
    ours = fit_of(cells, basis, controls=CONTROLS, outcome=outcome).coefficients
    theirs = row_level(answers, basis, outcome)
    assert len(cells) < len(answers)
    assert_allclose(ours.values, theirs.params, **EXACT)
    assert_allclose(ours.covariance, theirs.cov_params(), **EXACT)


def test_the_average_effect_and_its_error_are_those_of_get_margeff(answers):
    columns = build(answers, as_it_is, controls=CONTROLS).columns
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": answers["cluster"]}, "use_t": True}
    logit = sm.Logit(answers["repeats"], columns).fit(disp=0, tol=1e-12, **clustered)
    theirs = logit.get_margeff(at="overall")
    ours = average_effect(fit_of(compressed(answers), controls=CONTROLS))
    assert_allclose(ours.values[0], theirs.margeff[0], **EXACT)
    assert_allclose(np.sqrt(ours.covariance[0, 0]), theirs.margeff_se[0], **EXACT)


@pytest.mark.parametrize(("outcome", "reference"), [("repeats", "slope"), ("spend", "spend")])
def test_average_effects_agree_with_marginaleffects(answers, outcome, reference):
    ours = average_effect(fit_of(answers, controls=CONTROLS, outcome=outcome))
    value, error = MARGINALEFFECTS[reference]
    assert_allclose(ours.values[0], value, rtol=1e-6)
    assert_allclose(np.sqrt(ours.covariance[0, 0]), error, rtol=NUMERICAL)


def test_standardised_groups_and_their_steps_agree_with_marginaleffects(answers):
    groups = standardised(fit_of(answers, BASES["categories"], controls=CONTROLS), [0, 7, 9])
    steps = groups.combine(np.array([[-1, 1, 0], [0, -1, 1]]))
    assert_allclose(steps.values, MARGINALEFFECTS["steps"][0], rtol=1e-6)
    errors = np.sqrt(np.diag(steps.covariance))
    assert_allclose(errors, MARGINALEFFECTS["steps"][1], rtol=NUMERICAL)


def test_a_two_by_two_table_gives_its_own_rates():
    cells = rows(score=[0, 1], n=[40, 60], repeats=[10, 30], cluster=[0, 1])
    many = pd.concat([cells] * 30, ignore_index=True).assign(cluster=np.arange(60))
    found = standardised(fit_of(many), [0, 1])
    assert_allclose(found.values, [0.25, 0.5], rtol=1e-10)


def test_joined_fits_of_the_same_answers_covary_fully(answers):
    once = average_effect(fit_of(answers))
    twice = stacked([once, once]).combine(np.array([[1, -1]]))
    assert_allclose(twice.covariance, 0, atol=1e-15)


def test_the_wald_test_of_one_coefficient_is_its_t_test(answers):
    ours = fit_of(answers, controls=CONTROLS).coefficients
    one = ours.combine(np.eye(len(ours.values))[:1])
    test = wald_test(one, "")
    theirs = row_level(answers, as_it_is, "repeats")
    assert_allclose(test.statistic, theirs.tvalues.iloc[0] ** 2, **EXACT)
    equal = answers.assign(cluster=np.arange(len(answers)))
    singles = fit_of(equal, controls=CONTROLS).coefficients
    assert singles.df == pytest.approx(len(answers) - 1)
    assert 0 < test.p < 1


def test_a_share_stays_between_zero_and_one():
    rng = np.random.default_rng(2)
    score = rng.integers(0, 11, 60)
    cells = rows(score=score, repeats=(rng.random(60) < expit(score - 6.0)).astype(int))
    for one in estimates(standardised(fit_of(cells), [0, 10]), unit="share", share=True):
        assert 0 < one.low < one.value < one.high < 1


def test_refunds_may_turn_a_sum_negative(answers):
    spend = answers["spend"].where(answers.index % 40 != 0, -3.0)
    found = average_effect(fit_of(answers.assign(spend=spend), outcome="spend"))
    assert np.isfinite(found.values).all() and np.isfinite(found.covariance).all()


def plain(n: int = 400, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    score = rng.integers(0, 11, n)
    known = {"score": score, "repeats": (rng.random(n) < 0.2 + 0.03 * score).astype(int)}
    return rows(**(known | columns))


def one_customer(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.assign(cluster=np.where(np.arange(len(cells)) < 300, 0, cells["cluster"]))


def half_return(cells: pd.DataFrame) -> pd.DataFrame:
    """Two scores: none of those who gave the lower return, some of the others do."""
    pleased = cells["score"] > 5
    return cells.assign(score=pleased * 10, repeats=cells["repeats"] * pleased)


REFUSED = {
    "no answers": (plain().iloc[:0], "no answers"),
    "one score": (plain(score=7), "no two scores to compare"),
    "ten answers": (plain(10), "at least 20 are needed"),
    "hardly any repeat": (plain(repeats=[1] * 4 + [0] * 396), "Only 4 of 400"),
    "hardly any without": (plain(repeats=[0] * 4 + [1] * 396), "All but 4 of 400"),
    "one customer answers 300 times": (one_customer(plain()), "makes up much"),
    "one customer only": (plain(cluster=1), "makes up much"),
}
SEPARATED = {
    "complete separation": plain().assign(repeats=lambda x: (x.score > 5) * 1),
    "quasi separation": half_return(plain()),
}


@pytest.mark.parametrize(("cells", "why"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_fitted_is_refused_in_words(cells, why):
    model = fitted(cells, as_it_is)
    assert isinstance(model, NotEstimable)
    assert why in text(model)
    assert text(model).endswith(".")
    assert model.n == len(cells)


@pytest.mark.parametrize("cells", SEPARATED.values(), ids=SEPARATED)
def test_what_has_no_finite_fit_is_penalised_or_refused_in_words(cells):
    model = fitted(cells, as_it_is)
    assert model.penalised and np.isfinite(model.coefficients.values).all()
    refused = fit(build(cells, as_it_is), separable=False)
    assert "perfectly" in text(refused) and text(refused).endswith(".")
    assert refused.n == len(cells)


def test_too_many_terms_for_the_repeats_are_refused():
    cells = plain(repeats=[1] * 12 + [0] * 388, tier=list("abcd") * 100)
    cells["repeats"] = cells["repeats"].sample(frac=1, random_state=1).to_numpy()
    assert isinstance(fitted(cells, as_it_is), Fit)
    controls = ["prior_orders", "recency", "tenure"]
    history = np.random.default_rng(1).integers(0, 90, (400, 3))
    cells[["prior_orders", "recency_days", "tenure_days"]] = history
    model = fitted(cells, as_it_is, controls=controls)
    assert isinstance(model, NotEstimable) and "for 4 terms" in text(model)


def test_controls_that_can_not_help_are_dropped_and_named():
    cells = plain(tier="gold", tenure_days=5).assign(
        prior_orders=lambda x: x.score.astype(int), region=["n", "s"] * 200, again=["x", "y"] * 200
    )
    asked = ["tier", "tenure", "region", "again", "nonsense"]
    model = fit_of(cells, controls=asked)
    assert model.design.controls.used == ("region",)
    told = "; ".join(map(text, model.design.controls.notes))
    for words in (
        "tier is the same for everyone",
        "days as a customer is the same for everyone",
        "again repeats what the score or other controls tell",
        "nonsense is not in the data",
    ):
        assert words in told


def test_a_control_that_is_the_score_is_dropped_and_named():
    cells = plain().assign(band=lambda x: x["score"].map(lambda score: f"gave {score:02d}"))
    model = fit_of(cells, categories(range(1, 11)), controls=["band"])
    assert model.design.controls.used == ()
    assert "band repeats what the score" in text(model.design.controls.notes[-1])


@pytest.mark.parametrize("back", [0, 1])
def test_a_category_in_which_all_or_none_return_joins_another(back):
    tier = np.array(["a", "b", "c"])[np.arange(400) % 3]
    cells = plain(tier=tier)
    cells.loc[cells["tier"] == "c", "repeats"] = back
    model = fit_of(cells, controls=["tier"])
    assert model.design.columns.shape[1] == 3
    assert "tier: thin groups joined to" in text(model.design.controls.notes[0])


def test_rare_categories_stand_together():
    tier = np.array(["a", "b", *"cdef"])[np.r_[np.arange(380) % 2, np.arange(20) % 4 + 2]]
    known = control_columns(plain(tier=tier), ["tier"], outcome="repeats")
    assert [len(part) for part in known.parts] == [400, 400]
    assert [*map(text, known.notes)] == ["tier: thin groups joined to all others"]


def test_no_earlier_order_is_not_a_recency_of_zero_days():
    recency = np.where(np.arange(400) % 2, -1, 30)
    known = control_columns(plain(recency_days=recency), ["recency"], outcome="repeats")
    assert_allclose(np.unique(np.column_stack(known.parts), axis=0), [[0, 1], [np.log(31), 0]])


def test_a_restricted_cubic_spline_is_straight_beyond_its_knots():
    columns = restricted_cubic([2, 5, 8])(np.array([0.0, 1.0, 8.0, 9.0, 10.0]))
    assert_allclose(columns[:2, 1], 0)
    assert_allclose(np.diff(columns[2:, 1], n=2), 0, atol=1e-12)
    middle = restricted_cubic([2, 5, 8])(np.array([4.0]))[0, 1]
    assert_allclose(middle, 2**3 / 6**2)  # Harrell's formula by hand


@pytest.mark.parametrize("weights", [[1] * 11, [0.1] * 9 + [50, 50], [1] + [0.01] * 9 + [99]])
def test_knots_are_distinct_scores(weights):
    knots = spline_knots(np.arange(11), np.array(weights, float))
    assert 3 <= len(knots) <= 5
    assert set(knots) <= set(range(11))


def test_a_column_that_others_sum_to_is_found():
    first, second = np.random.default_rng(3).random((2, 50))
    columns = np.column_stack([first, second, first + second, np.zeros(50)])
    assert independent(columns, np.ones(50)).tolist() == [True, True, False, False]


def test_equal_customers_count_fully():
    assert kish(np.full(17, 4.0)) == pytest.approx(17)
