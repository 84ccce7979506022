"""The ordered probit against statsmodels, and what follows from it: effects, money, both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from driver_worlds import DRIVERS, NAMES, answered, cells_of
from statsmodels.miscmodels.ordinal_model import OrderedModel

from certify.driver_answers import WORTH, known_curve
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.drivers.halo import TwoSides, bent_probit, equal_slopes, two_sides
from profitchain.drivers.mending import Mending, mending, one_point_more, probit_of
from profitchain.drivers.moments import DriverAnswers, read_drivers
from profitchain.drivers.ordered_probit import OrderedProbit, fit_ordered_probit
from profitchain.stats.glm import Quantities

QUIET = {"warn_convergence": False, "skip_hessian": True}
NO_MONEY = NotEstimable("no_orders_to_worth")


def fitted(rows: pd.DataFrame) -> tuple[DriverAnswers, OrderedProbit]:
    answers = read_drivers(rows, DRIVERS)
    model = probit_of(answers)
    assert isinstance(answers, DriverAnswers)
    assert isinstance(model, OrderedProbit)
    return answers, model


def sides_of(answers: DriverAnswers) -> list[TwoSides]:
    found = two_sides(answers, probit_of(answers), bent_probit(answers))
    assert isinstance(found, list)
    return found


def test_coefficients_and_likelihood_are_statsmodels():
    answers, model = fitted(answered(np.random.default_rng(1), 400))
    outside = OrderedModel(answers.outcome, answers.columns, distr="probit")
    found = outside.fit(method="bfgs", disp=0, gtol=1e-9, maxiter=500, **QUIET)
    assert model.slopes.values == pytest.approx(found.params[:4], abs=2e-5)
    assert model.thresholds == pytest.approx(
        outside.transform_threshold_params(found.params[4:])[1:-1], abs=1e-4
    )
    shares = model.shares(answers.columns)
    assert shares == pytest.approx(found.predict(), abs=2e-5)


def test_errors_are_the_sandwich_of_statsmodels_scores_and_hessian():
    rows = answered(np.random.default_rng(2), 400).assign(cluster=range(400))
    answers, model = fitted(rows)
    outside = OrderedModel(answers.outcome, answers.columns, distr="probit")
    found = outside.fit(method="bfgs", disp=0, gtol=1e-9, maxiter=500, **QUIET)
    bread = np.linalg.inv(-outside.hessian(found.params))
    scores = outside.score_obs(found.params)
    meat = bread @ scores.T @ scores @ bread
    own = np.sqrt(np.diag(model.slopes.covariance))
    assert own == pytest.approx(np.sqrt(np.diag(meat)[:4]), rel=0.03)  # expected, not observed


def test_cells_fit_as_their_rows_do():
    rows = answered(np.random.default_rng(3), 800).assign(cluster=lambda r: r["cluster"] % 40)
    (_a, single), (_b, together) = fitted(rows), fitted(cells_of(rows))
    assert together.slopes.values == pytest.approx(single.slopes.values, abs=1e-8)
    assert together.slopes.covariance == pytest.approx(single.slopes.covariance, abs=1e-8)


def test_one_point_more_is_the_mean_difference_among_those_with_room():
    answers, model = fitted(answered(np.random.default_rng(4), 900))
    effects = one_point_more(answers, model).set_index(["driver", "outcome"])["value"]
    better = answers.columns.copy()
    better[:, 1] += 1
    room = answers.columns[:, 1] < 5
    change = (model.shares(better) - model.shares(answers.columns))[room].mean(axis=0)
    assert effects["delivery", "mean"] == pytest.approx(change @ model.levels)
    assert effects["delivery", "promoters"] == pytest.approx(change[model.levels >= 9].sum())
    assert effects["delivery", "detractors"] == pytest.approx(change[model.levels <= 6].sum())


@pytest.mark.worlds
def test_the_error_of_a_moved_share_is_that_of_drawing_customers_anew():
    rng = np.random.default_rng(5)
    rows = answered(rng, 600)

    def moved(some: pd.DataFrame) -> Quantities:
        _answers, model = fitted(some)
        lifted = np.maximum(model.points, [4, 1, 1, 1])
        return model.moved(lifted).combine(model.levels)

    both = rows.groupby("cluster").indices
    again = []
    for _draw in range(80):
        drawn = rng.integers(0, len(both), len(both))
        picked = np.concatenate([both[who] for who in drawn])
        again.append(moved(rows.iloc[picked].assign(cluster=np.repeat(drawn, 2))).values[0])
    error = float(np.sqrt(moved(rows).covariance[0, 0]))
    assert np.std(again) == pytest.approx(error, rel=0.25)


def test_worth_is_the_moved_shares_times_the_curve_and_the_best_is_the_dearest():
    answers, model = fitted(answered(np.random.default_rng(6), 5000))
    found = mending(answers, model, known_curve(model.levels))
    assert isinstance(found, Mending)
    lifted = answers.columns.copy()
    lifted[:, 0] = np.maximum(lifted[:, 0], 4)
    change = (model.shares(lifted) - model.shares(answers.columns)).mean(axis=0)
    assert found.worth[0].value == pytest.approx(1000 * change @ WORTH[model.levels.astype(int)])
    assert found.worth[0].unit == "EUR"
    assert found.gain[0].value == pytest.approx(change @ model.levels)
    assert found.room[0] == pytest.approx((answers.columns[:, 0] < 4).mean())
    assert found.best.argmax() == np.argmax([worth.value for worth in found.worth])
    assert found.first == [0]


def test_an_unsure_curve_widens_the_money_and_not_the_choice():
    answers, model = fitted(answered(np.random.default_rng(7), 2000))
    sure, unsure = (
        mending(answers, model, known_curve(model.levels, errors)) for errors in (0.0, 0.4)
    )
    widths = [found.worth[0].high - found.worth[0].low for found in (sure, unsure)]
    assert widths[1] > 2 * widths[0]
    assert unsure.best == pytest.approx(sure.best, abs=0.05)


def test_without_money_the_score_chooses_and_says_why_there_is_none():
    answers, model = fitted(answered(np.random.default_rng(8), 1500))
    found = mending(answers, model, NO_MONEY)
    assert found.worth == NO_MONEY
    assert found.best.argmax() == np.argmax([gain.value for gain in found.gain])


def test_where_money_may_be_nothing_the_score_chooses():
    answers, model = fitted(answered(np.random.default_rng(8), 1500))
    found = mending(answers, model, known_curve(model.levels, 2.0))
    assert all(worth.low < 0 < worth.high for worth in found.worth)
    assert not found.by_worth
    assert found.best.tolist() == mending(answers, model, NO_MONEY).best.tolist()
    assert mending(answers, model, known_curve(model.levels, 0.1)).by_worth


def test_where_no_answer_is_low_nothing_is_to_mend():
    rows = answered(np.random.default_rng(18), 1500)
    rows[[*NAMES]] = rows[[*NAMES]].clip(lower=4)
    found = mending(*fitted(rows), NO_MONEY)
    assert found.why.key == "no_answer_is_low"
    rows.loc[:59, "price"] = 2
    assert mending(*fitted(rows), NO_MONEY).best[3] > 0.99


def test_equals_are_not_told_apart():
    rng, alone = np.random.default_rng(9), []
    for _world in range(20):
        found = mending(*fitted(answered(rng, 800, weights=(0.6,) * 4)), NO_MONEY)
        alone.append(len(found.first) == 1)
    assert np.mean(alone) < 0.5


def test_one_within_a_twentieth_of_the_surely_best_is_named_beside_it():
    found = mending(*fitted(answered(np.random.default_rng(6), 5000)), NO_MONEY)
    sizes, sure = np.array([1.0, 0.96, 0.94, 0.2]), np.array([0.97, 0.03, 0.0, 0.0])
    gain = [Estimate(value=size, low=size - 1, high=size + 1, n=9, unit="score") for size in sizes]
    assert replace(found, best=sure, gain=gain).first == [0, 1]
    gain[1] = replace(gain[1], value=0.94)
    assert replace(found, best=sure, gain=gain).first == [0]


def test_what_was_not_applicable_is_not_mended():
    rows = answered(np.random.default_rng(10), 2000)
    rows.loc[rows.index % 2 == 0, "quality"] = np.nan
    drivers = (replace(DRIVERS[0], blank="not_applicable"), *DRIVERS[1:])
    answers = read_drivers(rows, drivers)
    model = probit_of(answers)
    found = mending(answers, model, NO_MONEY)
    assert found.room[0] == pytest.approx((rows["quality"] < 4).mean())
    untouched = answers.with_answer(model.points, 0, np.full(len(model.points), np.nan))
    assert (untouched == model.points).all()
    more = one_point_more(answers, model)
    assert more.loc[more["driver"] == "quality", "n"].iloc[0] == (rows["quality"] < 5).sum()


def test_a_mood_behind_all_answers_is_not_taken_for_drivers_that_differ():
    rng = np.random.default_rng(11)
    alike = [
        equal_slopes(*fitted(answered(rng, 600, weights=(0.0,) * 4, halo=1.5, rho=0.6))).p > 0.05
        for _world in range(40)
    ]
    assert np.mean(alike) >= 0.85
    apart = [equal_slopes(*fitted(answered(rng, 600))).p < 0.05 for _world in range(20)]
    assert np.mean(apart) >= 0.8


@pytest.mark.worlds
def test_a_ceiling_is_not_taken_for_a_penalty():
    rng, false = np.random.default_rng(12), []
    for _world in range(25):
        answers, _model = fitted(answered(rng, 600))
        false.append(any(side.kind != "performance" for side in sides_of(answers)))
    assert np.mean(false) <= 0.12


def test_a_penalty_below_the_middle_makes_a_driver_basic():
    rows = answered(np.random.default_rng(13), 6000)
    punished = rows["score"] + 1.2 * np.minimum(rows["delivery"] - 3, 0)
    answers, _model = fitted(rows.assign(score=np.clip(np.rint(punished), 0, 10)))
    kinds = {side.driver.name: side.kind for side in sides_of(answers)}
    assert kinds == dict.fromkeys(NAMES, "performance") | {"delivery": "basic"}
    below, above = next(s for s in sides_of(answers) if s.driver.name == "delivery").sides["value"]
    assert below > above


def test_no_probit_fits_a_score_that_one_driver_tells_perfectly():
    columns = np.repeat([[1.0], [5.0]], 50, axis=0)
    score = np.repeat([3.0, 8.0], 50)
    found = fit_ordered_probit(score, columns, np.ones(100), np.arange(100))
    assert isinstance(found, NotEstimable)


def true_worth(rng: np.random.Generator, **world: float) -> np.ndarray:
    """Return each driver's worth in the world, an experience better through that driver alone."""
    answers, model = fitted(answered(rng, 400_000, **world))
    return np.array(
        [worth.value for worth in mending(answers, model, known_curve(model.levels)).worth]
    )


@pytest.mark.slow
def test_money_covers():
    rng = np.random.default_rng(14)
    truth, hit = true_worth(rng), []
    for _world in range(1000):
        answers, model = fitted(answered(rng, 1000, skipped=0.05))
        worths = mending(answers, model, known_curve(model.levels)).worth
        hit.append([w.low <= true <= w.high for w, true in zip(worths, truth, strict=True)])
    assert 0.93 <= np.mean(hit) <= 0.97
    assert np.mean(hit, axis=0).min() >= 0.92


@pytest.mark.slow
def test_false_penalties_are_five_in_a_hundred():
    rng, false = np.random.default_rng(17), []
    for _world in range(1000):
        answers, _model = fitted(answered(rng, 1000))
        false.append(any(side.kind != "performance" for side in sides_of(answers)))
    assert np.mean(false) <= 0.05
