"""Shares of drivers: closed forms, relaimpo's published example, every order by statsmodels."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from driver_worlds import DRIVERS, NAMES, answered, cells_of

import profitchain as pc
from profitchain.core.errors import ContractError, ParameterError
from profitchain.core.estimates import NotEstimable
from profitchain.drivers.moments import Driver, moments, read_drivers
from profitchain.drivers.shares import (
    DriverShares,
    driver_shares,
    relative_weights,
    shapley,
)

# swiss: Agriculture, Examination, Education, Catholic, Infant.Mortality, Fertility (R's datasets)
SWISS = """
-.686542208617
-.639522518948 .698415296288
.401095053049 -.572741806064 -.153858917091
-.060858608417 -.114021596482 -.099321845821 .175495907597
.353079183620 -.645882706457 -.663788857035 .463684700652 .416556031435"""
# relaimpo's calc.relimp(swiss, type = "lmg"): Groemping (2006), J. Stat. Software 17(1)
RELAIMPO = [0.05709122, 0.17117303, 0.26013468, 0.10557015, 0.11276592]
EACH = [[0], [1], [2], [3]]


def lower_triangle(text: str) -> np.ndarray:
    """Return the correlation matrix below whose diagonal these numbers stand."""
    lines = text.split("\n")[1:]
    matrix = np.eye(len(lines) + 1)
    for at, line in enumerate(lines, 1):
        matrix[at, :at] = matrix[:at, at] = [float(number) for number in line.split()]
    return matrix


def shares_of(rows: pd.DataFrame, drivers: tuple[Driver, ...] = DRIVERS) -> DriverShares:
    found = driver_shares(read_drivers(rows, drivers))
    assert isinstance(found, DriverShares), found
    return found


def test_shares_are_those_that_relaimpo_publishes():
    lmg, _forms = shapley(lower_triangle(SWISS), [[at] for at in range(5)])
    assert lmg == pytest.approx(RELAIMPO, abs=5e-9)


def test_shares_of_unrelated_drivers_are_squared_correlations():
    matrix = np.eye(4)
    matrix[3, :3] = matrix[:3, 3] = [0.5, 0.3, 0.1]
    assert shapley(matrix, EACH[:3])[0] == pytest.approx([0.25, 0.09, 0.01])
    assert relative_weights(matrix, EACH[:3]) == pytest.approx([0.25, 0.09, 0.01])


def test_shares_are_the_mean_rise_of_r2_over_every_order_of_entry():
    rows = answered(np.random.default_rng(1), 500)
    columns = rows[list(NAMES)].to_numpy()
    r2 = {(): 0.0}
    rises = np.zeros(4)
    for order in permutations(range(4)):
        for at in range(1, 5):
            key = tuple(sorted(order[:at]))
            if key not in r2:
                design = sm.add_constant(columns[:, list(key)])
                r2[key] = sm.OLS(rows["score"].to_numpy(), design).fit().rsquared
            rises[order[at - 1]] += r2[key] - r2[tuple(sorted(order[: at - 1]))]
    found = shares_of(rows)
    assert found.total.values == pytest.approx(rises / 24, abs=1e-12)
    assert found.r2.value == pytest.approx(r2[0, 1, 2, 3], abs=1e-12)
    assert found.explained.values.sum() == pytest.approx(1)


def test_the_influence_function_is_the_slope_by_an_answer_s_weight():
    answers = read_drivers(answered(np.random.default_rng(2), 300), DRIVERS)
    sums = moments(answers)
    _lmg, forms = shapley(sums.covariance, answers.of)
    whole = answers.n.sum()
    for row in (0, 17):
        ends = []
        for step in (1e-4, -1e-4):
            n = answers.n.copy()
            n[row] += step
            ends.append(shapley(moments(replace(answers, n=n)).covariance, answers.of)[0])
        of_row = np.append(answers.columns[row], answers.outcome[row] - answers.outcome.mean())
        off = of_row - sums.mean
        by_form = np.einsum("i,kij,j->k", off, forms, off) / whole
        assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(by_form, abs=1e-9)


def test_cells_give_what_their_rows_give():
    rows = answered(np.random.default_rng(3), 800).assign(cluster=lambda r: r["cluster"] % 9)
    single, together = shares_of(rows), shares_of(cells_of(rows))
    assert together.explained.values == pytest.approx(single.explained.values, abs=1e-12)
    assert together.explained.covariance == pytest.approx(single.explained.covariance, abs=1e-12)


def test_many_drivers_are_shared_out_by_relative_weights_near_the_exact_ones():
    rng, weights = np.random.default_rng(4), tuple(np.linspace(0.1, 0.6, 13))
    rows = answered(rng, 1200, weights=weights, rho=0.3)
    drivers = tuple(Driver(name=f"driver{at}", column=f"driver{at}") for at in range(13))
    found = shares_of(rows, drivers)
    assert "Johnson" in found.method
    exact = shares_of(rows, drivers[:12])
    assert "LMG" in exact.method
    ends = [relative_weights(moments(read_drivers(rows, drivers[:12])).covariance,
                             [[at] for at in range(12)])]  # fmt: skip
    assert ends[0] / ends[0].sum() == pytest.approx(exact.explained.values, abs=0.02)
    errors = np.sqrt(np.diag(found.explained.covariance))
    assert (errors > 0.002).all()
    assert (errors < 0.05).all()


def test_the_jackknife_of_relative_weights_agrees_with_the_exact_shares_errors():
    from profitchain.drivers.shares import _by_jackknife, _exact

    sums = moments(read_drivers(answered(np.random.default_rng(5), 2000), DRIVERS))
    (_w, jackknife), (_l, exact) = _by_jackknife(sums, EACH), _exact(sums, EACH)
    errors = [np.sqrt((part**2).sum()) for part in (jackknife, exact)]
    assert errors[0].to_numpy() == pytest.approx(errors[1].to_numpy(), rel=0.1)


def test_a_driver_that_not_everybody_had_is_one_player_with_two_columns():
    rows = answered(np.random.default_rng(6), 1500)
    rows.loc[np.random.default_rng(7).random(1500) < 0.6, "service"] = np.nan
    service = replace(DRIVERS[2], blank="not_applicable")
    answers = read_drivers(rows, (*DRIVERS[:2], service, DRIVERS[3]))
    assert answers.answers == 1500
    assert answers.of == ((0,), (1,), (2, 3), (4,))
    asked = rows["service"].notna().astype(float)
    centred = (rows["service"] - rows["service"].mean()).fillna(0.0)
    columns = np.column_stack([rows["quality"], rows["delivery"], asked, centred, rows["price"]])
    fit = sm.OLS(rows["score"], sm.add_constant(columns)).fit()
    found = driver_shares(answers)
    assert found.r2.value == pytest.approx(fit.rsquared, abs=1e-12)
    served = shares_of(rows[rows["service"].notna()])
    assert found.explained.values[2] < served.explained.values[2]  # two questions, two answers


def test_a_category_enters_with_all_its_levels_and_rare_ones_together():
    rows = answered(np.random.default_rng(8), 900)
    rows["channel"] = np.where(rows["score"] > 7, "web", "shop")
    rows.loc[:4, "channel"] = ["a", "b", "c", "d", None]
    channel = Driver(name="channel", column="channel", kind="category", blank="not_applicable")
    answers = read_drivers(rows, (DRIVERS[0], channel))
    assert answers.of == ((0,), (1, 2))
    assert driver_shares(answers).explained.values[1] > 0.5


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda rows: rows.head(150), "too_few_answers"),
        (lambda rows: rows.assign(score=10.0), "all_scores_the_same"),
        (lambda rows: rows.assign(quality=5.0, service=1.0, price=2.0), "fewer_than_two_drivers"),
        (lambda rows: rows.assign(score=rows["price"] + rows["quality"]),
         "score_is_made_of_drivers"),
        (lambda rows: rows.assign(price=rows["quality"] + rows["service"]), "drivers_not_apart"),
        (lambda rows: rows.assign(score=np.random.default_rng(0).integers(0, 11, 600)),
         "drivers_explain_too_little"),
    ],
)  # fmt: skip
def test_what_no_answers_can_tell_is_said(change, key):
    answers = read_drivers(change(answered(np.random.default_rng(9))), DRIVERS)
    found = answers if isinstance(answers, NotEstimable) else driver_shares(answers)
    assert isinstance(found, NotEstimable)
    assert found.why.key == key
    assert str(found)


def test_a_driver_that_never_varies_stands_aside_and_the_others_are_told():
    answers = read_drivers(answered(np.random.default_rng(10)).assign(price=4.0), DRIVERS)
    assert [driver.name for driver in answers.constant] == ["price"]
    assert len(driver_shares(answers).explained.values) == 3


def coverage(rng: np.random.Generator, worlds: int, n: int, **world: float) -> np.ndarray:
    truth = shares_of(answered(rng, 200_000, **world)).explained.values
    hit = np.zeros(4)
    for _world in range(worlds):
        ends = [(e.low, e.high) for e in shares_of(answered(rng, n, **world)).estimates()]
        hit += [low <= true <= high for (low, high), true in zip(ends, truth, strict=True)]
    return hit / worlds


@pytest.mark.worlds
def test_intervals_cover_the_shares_of_related_drivers_under_a_ceiling():
    assert coverage(np.random.default_rng(11), 150, 600).mean() == pytest.approx(0.95, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "centre"), [(0.2, 6.0), (0.45, 8.2), (0.7, 8.2)])
def test_intervals_cover_in_many_worlds(rho, centre):
    rng = np.random.default_rng(round(100 * rho + centre))
    hit = coverage(rng, 1000, 1500, rho=rho, centre=centre, skipped=0.08)
    assert 0.93 <= hit.mean() <= 0.97
    assert hit.min() >= 0.91


@pytest.mark.slow
def test_a_driver_said_to_be_first_in_nine_of_ten_is_so():
    rng, said, right = np.random.default_rng(12), [], []
    for _world in range(600):
        weights = tuple(rng.uniform(0.1, 1.0, 4))
        first = shares_of(answered(rng, 1000, weights=weights)).first
        if first.max() >= 0.9:
            said.append(first.max())
            right.append(first.argmax() == np.argmax(weights))
    assert len(said) > 150
    assert np.mean(right) == pytest.approx(np.mean(said), abs=0.04)
    assert np.mean(right) >= 0.9


def test_first_is_a_draw_of_lots_between_equals_and_sure_where_one_is_far_ahead():
    equal = shares_of(answered(np.random.default_rng(13), 4000, weights=(0.6,) * 4))
    assert equal.first.max() < 0.99
    apart = shares_of(answered(np.random.default_rng(14), 4000, weights=(1.2, 0.3, 0.3, 0.3)))
    assert apart.first[0] > 0.999


def test_the_public_face_reads_any_frame_by_column_name():
    rows = answered(np.random.default_rng(15), skipped=0.05)
    frame = pc.driver_shares(rows, outcome="score", drivers=list(NAMES), customer="cluster")
    own = shares_of(rows)
    assert frame["value"].to_numpy() == pytest.approx(own.explained.values)
    assert frame["low"].to_numpy() == pytest.approx([e.low for e in own.estimates()])
    assert frame.attrs["left_out"] == int(rows[list(NAMES)].isna().any(axis=1).sum())
    assert frame.attrs["r2"].value == pytest.approx(own.r2.value)


def test_the_public_face_says_what_can_t_be_used():
    rows = answered(np.random.default_rng(16))
    with pytest.raises(ParameterError, match="at least two"):
        pc.driver_shares(rows, outcome="score", drivers=["quality"])
    with pytest.raises(ParameterError, match="Did you mean 'price'"):
        pc.driver_shares(rows, outcome="score", drivers=["quality", "prize"])
    with pytest.raises(ParameterError, match="not among the drivers"):
        pc.driver_shares(rows, outcome="score", drivers=["quality", "price"], not_applicable=["x"])
    with pytest.raises(ContractError, match="'quality' holds inf"):
        pc.driver_shares(rows.assign(quality=np.inf), outcome="score", drivers=["quality", "price"])
    few = pc.driver_shares(rows.head(50), outcome="score", drivers=["quality", "price"])
    assert few["why"].map(lambda why: why.key).tolist() == ["too_few_answers"] * 2
