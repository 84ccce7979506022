"""What is held alike is held alike: equal to dummies in statsmodels, on cells as on rows."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from certify.link_firms import CONTROLS, PLACES, LinkFirm, link_firm
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.evidence import answering, held_alike
from profitchain.evidence.held_alike import effect_alike, groups, stated
from profitchain.evidence.next_score import SHOWN, earlier_returns, next_score_check
from profitchain.stats.absorbed import absorbed, slope
from profitchain.words import reasons

FIRM = LinkFirm(name="for tests", effect=0.03, shocks=1.0, habit=0.4, answers=1200)
HOW = {"controls": CONTROLS, "places": PLACES}


@pytest.fixture(scope="module")
def firm() -> tuple[pd.DataFrame, pd.DataFrame]:
    return link_firm(FIRM, np.random.default_rng(5))


def by_dummies(outcome, regressor, clusters, factors, weights=None):
    """Return statsmodels' slope and error with a column for each group."""
    columns = [pd.get_dummies(codes, dtype=float).to_numpy() for codes in factors]
    design = np.column_stack([regressor, *columns])
    keep = [0]  # the regressor, then whatever is independent
    for place in range(1, design.shape[1]):
        if np.linalg.matrix_rank(design[:, [*keep, place]]) > len(keep):
            keep.append(place)
    rows = np.repeat(np.arange(len(outcome)), 1 if weights is None else weights.astype(int))
    model = sm.OLS(outcome[rows], design[np.ix_(rows, keep)]).fit(
        cov_type="cluster", cov_kwds={"groups": np.asarray(clusters)[rows]}
    )
    return model.params[0], model.bse[0]


def test_the_slope_is_that_of_a_column_for_each_group():
    rng = np.random.default_rng(1)
    factors = [rng.integers(0, 12, 600), rng.integers(0, 4, 600), rng.integers(0, 3, 600)]
    x = rng.standard_normal(600) + 0.2 * factors[0]
    y = 0.3 * x + 0.1 * factors[0] - 0.2 * factors[1] + rng.standard_normal(600)
    who = rng.integers(0, 150, 600)
    found = slope(y, x, who, factors=factors)
    expected = by_dummies(y, x, who, factors)
    assert_allclose([found.values[0], found.covariance[0, 0] ** 0.5], expected, rtol=1e-8)


def test_cells_and_rows_give_the_same_slope():
    rng = np.random.default_rng(2)
    cells = pd.DataFrame({"x": rng.integers(0, 11, 300), "f": rng.integers(0, 9, 300)})
    cells["n"], cells["who"] = rng.integers(1, 6, 300), rng.integers(0, 90, 300)
    cells["y"] = rng.integers(0, 2, 300).astype(float)
    by_cell = slope(cells["y"], cells["x"], cells["who"], factors=[cells["f"].to_numpy()],
                    weights=cells["n"].to_numpy())  # fmt: skip
    rows = cells.loc[cells.index.repeat(cells["n"])]
    by_row = slope(rows["y"], rows["x"], rows["who"], factors=[rows["f"].to_numpy()])
    assert by_cell.n == by_row.n == len(rows)
    assert_allclose(by_cell.values, by_row.values, rtol=1e-10)
    assert_allclose(by_cell.covariance, by_row.covariance, rtol=1e-10)
    assert by_cell.effective == pytest.approx(by_row.effective)


def test_levels_are_fitted_beside_one_another():
    codes = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 0, 1, 1, 1])
    truth = np.array([1.0, 2.0, 4.0])[codes[0]] + np.array([0.0, 10.0])[codes[1]]
    found = absorbed(truth[:, None], codes)
    assert_allclose(found.left, 0, atol=1e-9)
    assert_allclose(np.diff(found.levels[0][:, 0]), [1, 2], atol=1e-9)
    assert found.terms == 4


def test_nothing_left_of_the_score_is_said():
    same = np.arange(40) % 4
    found = slope(np.ones(40), same, np.arange(40), factors=[same])
    assert found == NotEstimable("effects_not_apart", n=40)


def test_the_check_is_the_next_score_less_what_this_score_explains(firm):
    answers, _asked = firm
    recent = answers[answers["in_lookback"]]
    effect = effect_alike(recent, **HOW)
    found = next_score_check(answers, effect, **HOW, within_days=90)
    returns = earlier_returns(answers, places=PLACES, within_days=90)
    held = groups(returns, **HOW)
    whole = returns["repeat"].to_numpy(float), returns["score"].to_numpy(float)
    r = by_dummies(*whole, returns["cluster"], held)[0]
    both = returns[returns["this_score"].notna()]
    parts = both["this_score"].to_numpy(float), both["score"].to_numpy(float)
    q = by_dummies(*parts, both["cluster"], groups(both, **HOW))[0]
    b = by_dummies(
        recent["repeat"].to_numpy(float), recent["score"].to_numpy(float), recent["cluster"],
        groups(recent, **HOW),
    )[0]  # fmt: skip
    spread = []
    for rows in (answers, returns):
        month = pd.to_datetime(rows["answered_on"]).dt.to_period("M")
        rate = rows.groupby(month)["repeat"].transform("mean")
        spread.append((rate * (1 - rate)).mean())
    r = r * spread[0] / spread[1]
    assert_allclose(effect.values, b, rtol=1e-8)
    assert_allclose(found.told.values, r - b * q, rtol=1e-8)
    assert_allclose(found.left.values, b - SHOWN * (r - b * q), rtol=1e-8)


def test_a_return_is_held_alike_by_the_month_of_its_own_order_not_of_the_answer_after_it(firm):
    answers, _asked = firm
    month = pd.to_datetime(answers["answered_on"]).dt.strftime("%Y-%m")
    how = {**HOW, "controls": [*HOW["controls"], "month"], "within_days": 90}
    effect = effect_alike(answers[answers["in_lookback"]], **HOW)
    plain = next_score_check(answers, effect, **HOW, within_days=90)
    named = next_score_check(answers.assign(month=month), effect, **how)
    assert_allclose(named.told.values, plain.told.values, rtol=1e-12)


@pytest.mark.worlds
def test_the_error_of_what_is_left_is_that_of_customers_drawn_again(firm):
    answers, _asked = firm
    error = found_left(answers).covariance[0, 0] ** 0.5
    rng, places = np.random.default_rng(3), list(answers.groupby("person").indices.values())
    again = []
    for _draw in range(40):
        drawn = [places[one] for one in rng.integers(0, len(places), len(places))]
        names = np.repeat(np.arange(len(drawn)), [len(part) for part in drawn])
        world = answers.take(np.concatenate(drawn)).assign(person=names, cluster=names)
        again.append(found_left(world.reset_index(drop=True)).values[0])
    assert 0.7 < error / np.std(again) < 1.3


def found_left(answers: pd.DataFrame):
    how = {"controls": CONTROLS, "places": ()}
    effect = effect_alike(answers[answers["in_lookback"]], **how)
    return next_score_check(answers, effect, **how, within_days=90).left


def test_returns_are_those_to_the_order_before_seen_whether_quick_or_slow(firm):
    answers, _asked = firm
    returns = earlier_returns(answers, places=PLACES, within_days=90)
    assert (returns["prior_orders"] >= 1).all()
    assert (returns["repeat"] == (returns["gap_before_days"] <= 90)).all()
    assert returns["answered_on"].max() <= answers["answered_on"].max() - pd.Timedelta(days=90)
    by_order = answers.set_index(["person", "prior_orders"])["score"]
    known = returns[returns["this_score"].notna()].head(50)
    for row in known.itertuples():
        assert (row.person, row.prior_orders) in by_order.index


def test_thin_places_of_a_month_join_and_too_many_places_are_left_out():
    day = pd.to_datetime(np.resize(["2025-01-10", "2025-02-10"], 400))
    shop = np.resize([*"aaabbbbbbc"], 400)
    rows = pd.DataFrame({"answered_on": day, "shop": shop, "one": np.arange(400).astype(str)})
    (factor,) = held_alike.months_by_place(rows, ["shop", "one", "nowhere"])
    sizes = np.bincount(factor)
    assert sizes.sum() == 400 and sizes.min() >= 10 and len(sizes) <= 6
    (months,) = held_alike.months_by_place(rows, ["one"])
    assert len(np.unique(months)) == 2


def test_the_month_is_held_where_cells_tell_it():
    cells = pd.DataFrame({"month": [1], "score": [5]})
    assert held_alike.with_month(cells, ["tenure"]) == ["tenure", "month"]
    assert held_alike.with_month(cells, ["month"]) == ["month"]
    assert held_alike.with_month(cells[["score"]], ["tenure"]) == ["tenure"]


def test_answering_gaps_are_found_and_taken_off_towards_zero(firm):
    chosen = replace(FIRM, habit=0.0, chosen=0.45, effect=0.0, answers=4000)
    answers, asked = link_firm(chosen, np.random.default_rng(2))
    gap = answering.answering_gap(asked, **HOW)
    assert 0.03 < gap < 0.12
    base = stated(effect_alike(answers[answers["in_lookback"]], **HOW))
    for value in (base, replace(base, value=-base.value, low=-base.high, high=-base.low)):
        less = answering.effect_besides(value, asked, **HOW)
        assert abs(less.value - value.value) == pytest.approx(0.5 * gap * 0.24, rel=0.1)
        assert np.sign(value.value) * (value.value - less.value) > 0


def test_all_who_were_asked_answered_and_nothing_is_taken_off(firm):
    answers, asked = firm
    base = stated(effect_alike(answers[answers["in_lookback"]], **HOW))
    assert answering.effect_besides(base, asked[asked["answered"] == 1], **HOW) == base
    nobody = answering.effect_besides(base, None, **HOW)
    assert "nobody knows who was asked" in reasons.text(nobody)


def test_where_nobody_knows_who_was_asked_the_most_is_taken_off(firm):
    orders = pd.DataFrame({"prior_orders": 1, "month": 1, "answered": [1, 1, 0, 0]})
    orders = orders.assign(n=[30, 10, 160, 200], repeats=[30, 0, 160, 0])
    gap = answering.answering_gap(orders, controls=["prior_orders"])
    assert gap == pytest.approx(30 / 190 - 10 / 210)
    base = Estimate(value=0.05, low=0.04, high=0.06, n=40, unit="share")
    parts = [
        answering.effect_besides(base, orders, controls=CONTROLS, invited=invited).value
        for invited in (True, False)
    ]
    share = 0.75 * 0.25 * answering.ASSUMED
    assert base.value - parts[0] == pytest.approx(gap * share)
    assert base.value - parts[1] == pytest.approx(gap * share / (30 / 190))


def test_half_a_million_answers_take_seconds():
    answers, _asked = link_firm(replace(FIRM, answers=500), np.random.default_rng(1))
    copies = 500_000 // len(answers) + 1
    many = pd.concat([answers] * copies, ignore_index=True)
    copy = np.arange(len(many)) // len(answers)
    many["person"] = many["cluster"] = many["person"] + 100_000 * copy
    started = time.process_time()
    effect = effect_alike(many, **HOW)
    found = next_score_check(many, effect, **HOW, within_days=90)
    assert isinstance(stated(found.left), Estimate)
    assert time.process_time() - started < 20
