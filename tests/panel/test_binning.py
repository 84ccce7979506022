"""A large firm's answers, put together in the engine, give the numbers of the single answers."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from link_worlds import confounded
from numpy.testing import assert_allclose

from profitchain.effects.effect_by_segment import effect_by_segment
from profitchain.effects.one_more_point import repeat_effect_per_point
from profitchain.effects.power import deviation
from profitchain.effects.repeat_effect import effect_of_a_point, lookback, raw_rates, repeat_effect
from profitchain.evidence.hidden_confounding import straight_line
from profitchain.panel import binning
from profitchain.stats import model_design
from profitchain.stats.clusters import Cells, clusters, totals, with_answers
from profitchain.stats.compression import band
from profitchain.stats.glm import Fit, fitted
from profitchain.stats.margins import average_effect
from profitchain.stats.model_matrix import as_it_is, categories
from profitchain.words.reasons import text

CONTROLS = ("prior_orders", "recency", "tenure", "tier")
EXACT = {"rtol": 1e-8, "atol": 1e-10}  # the same sums in another order
KEPT = 1e-6  # numbers of the history are written with six decimals
SUMMED = ["n", "repeats", "orders", "spend", "margin"]


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """6,000 answers of 1,500 customers, with refunds of some who did not come back."""
    rng = np.random.default_rng(3)
    found = confounded(rng, answers=6000, customers=1500)[0]
    prior, n = found["prior_orders"].to_numpy(), len(found)
    refund = np.where((found["repeats"] == 0) & (rng.random(n) < 0.05), 7.0, 0.0)
    return found.assign(
        spend=found["spend"] - refund,
        recency_days=np.where(prior > 0, rng.geometric(0.02, n), -1),
        tenure_days=rng.integers(0, 900, n),
        region=rng.choice(["North", "South"], n),
        closes=rng.choice(["2025Q4", "2026Q1"], n),
        in_lookback=rng.random(n) < 0.7,
    )


@pytest.fixture(scope="module")
def cells(answers) -> Cells:
    return put_together(answers)


@pytest.fixture(scope="module")
def single(answers, cells) -> pd.DataFrame:
    """The same as one row an answer, each with the numbers of its cell."""
    return one_by_one(cells)


def put_together(answers: pd.DataFrame, controls: tuple[str, ...] = ("tier",)) -> Cells:
    con = ibis.duckdb.connect()
    rows = con.create_table("rows", answers.drop(columns="n").rename(columns={"repeats": "repeat"}))
    groups, behind = binning.link_tables(rows, controls)
    return with_answers(groups.execute(), behind.execute())


def plain(cells: Cells) -> pd.DataFrame:
    return pd.DataFrame(cells).astype({"tier": str, "region": str, "closes": str})


def one_by_one(cells: Cells) -> pd.DataFrame:
    rows = plain(cells).loc[np.repeat(cells.index, cells["n"])].reset_index(drop=True)
    place = np.arange(len(rows)) - rows["first"]
    rows["repeats"] = (place >= rows["n"] - rows["repeats"]).astype(int)
    who = cells.answers.clusters.astype(np.int64)
    return rows.assign(n=1, cluster=who, **cells.answers.sums)


def test_cells_keep_every_sum_and_the_mean_logarithm_of_their_answers(answers, cells):
    assert 100 < len(cells) < 0.95 * len(answers)
    keys = ["score", "tier", "region", "closes", "in_lookback"]
    coded = answers.assign(**{name: band(answers[name].to_numpy()) for name in binning.HISTORY})
    by_hand = coded.groupby([*keys, *binning.HISTORY])[SUMMED].sum()
    logs = answers[list(binning.HISTORY)].clip(lower=0).transform(np.log1p)
    means = logs.groupby([coded[name] for name in by_hand.index.names]).mean()
    found = plain(cells)
    for name in binning.HISTORY:
        found[name] = band(np.rint(cells[name]).astype(int))
    found = found.set_index(by_hand.index.names)[SUMMED]
    pd.testing.assert_frame_equal(
        found.sort_index(), by_hand.sort_index(), check_dtype=False, rtol=1e-12
    )
    kept = np.log1p(cells[list(binning.HISTORY)].clip(lower=0)).set_axis(found.index)
    assert_allclose(kept.sort_index(), means.sort_index(), atol=KEPT)
    assert (cells["recency_days"] == -1).any()


def test_each_answer_lies_in_its_cell_those_with_a_repeat_last(answers, cells, single):
    keys = ["score", "tier", "region", "closes", "in_lookback", "cluster", "repeats"]
    ours, theirs = (rows.groupby(keys)[SUMMED].sum() for rows in (single, answers))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
    sums = single.groupby(np.repeat(np.arange(len(cells)), cells["n"]))[SUMMED].sum()
    pd.testing.assert_frame_equal(sums, pd.DataFrame(cells)[SUMMED], check_dtype=False)


def test_numbers_to_six_stand_alone_and_engine_and_frames_know_the_same_bands():
    numbers = pd.DataFrame({name: np.arange(-1, 4000) for name in binning.HISTORY})
    rows = numbers.assign(score=1.0, repeat=0, cluster=0)
    groups = put_together(rows.assign(n=1).rename(columns={"repeat": "repeats"}), ())
    expected = pd.Series(numbers["recency_days"]).groupby(band(numbers["recency_days"].to_numpy()))
    assert groups["n"].tolist() == expected.size().tolist()
    assert groups["recency_days"].tolist()[:8] == [-1, 0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("basis", [as_it_is, categories([7, 9])], ids=["straight", "classes"])
@pytest.mark.parametrize("outcome", ["repeats", "spend"])
def test_a_fit_on_what_was_put_together_is_that_of_single_answers(cells, single, outcome, basis):
    """With every control, no two cells come together that the engine kept apart."""
    controls = [*CONTROLS, "region", "closes", "in_lookback"]
    ours = fit_of(cells, basis, controls=controls, outcome=outcome)
    columns = model_design.build(single, basis, controls=controls, outcome=outcome).columns
    family = sm.families.Binomial() if outcome == "repeats" else sm.families.Poisson()
    theirs = sm.GLM(single[outcome], columns, family=family).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": single["cluster"]}, use_t=True
    )
    assert len(ours.design.n) == len(cells)
    assert_allclose(ours.coefficients.values, theirs.params, **EXACT)
    assert_allclose(ours.coefficients.covariance, theirs.cov_params(), **EXACT)


def test_what_a_model_does_not_read_keeps_nothing_apart(answers, cells):
    ours = fit_of(cells, controls=CONTROLS)
    alone = fit_of(put_together(answers.drop(columns=["region", "closes", "in_lookback"])),
                   controls=CONTROLS)  # fmt: skip
    assert len(ours.design.n) == len(alone.design.n) < 0.8 * len(cells)
    assert_allclose(ours.coefficients.values, alone.coefficients.values, rtol=1e-5)
    assert_allclose(ours.coefficients.covariance, alone.coefficients.covariance, rtol=1e-5)


def test_bands_hardly_move_the_effect_of_a_point(answers, cells):
    exact, ours = fitted(answers, as_it_is, controls=CONTROLS), fit_of(cells, controls=CONTROLS)
    error = np.sqrt(np.diag(exact.coefficients.covariance))
    moved = np.abs(ours.coefficients.values - exact.coefficients.values) / error
    assert moved[0] < 0.01
    assert moved.max() < 0.15
    assert_allclose(average_effect(ours).covariance, average_effect(exact).covariance, rtol=0.01)


def told(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.select_dtypes("number").astype(float)


CONTROLLED = {"controls": [*CONTROLS, "region", "closes"]}  # nothing comes together
READINGS = {
    "rates": lambda cells: told(raw_rates(cells, scale=(0, 10))),
    "raw effect": lambda cells: repeat_effect(cells).value,
    "adjusted": lambda cells: repeat_effect(cells, **CONTROLLED).high,
    "money": lambda cells: effect_of_a_point(cells, outcome="spend", unit="EUR", **CONTROLLED).low,
    "one more point": lambda cells: (
        repeat_effect_per_point(cells, scale=(0, 10), **CONTROLLED).high
    ),
    "segments": lambda cells: told(effect_by_segment(cells, "region", **CONTROLLED)),
    "planning": lambda cells: deviation(cells, "spend"),
    "straight line": lambda cells: straight_line(cells, **CONTROLLED).error_clustered,
    "clusters": clusters,
    "few": lambda cells: clusters(cells[cells["score"] == 1]),
}


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_every_reading_is_that_of_single_answers(cells, single, reading):
    ours, theirs = (reading(lookback(rows)) for rows in (cells, single))
    assert_allclose(ours, theirs, rtol=1e-7)


def test_chosen_rows_bring_their_answers_along(cells, single):
    some = (cells["score"] > 6).to_numpy() & (cells["region"] == "North").to_numpy()
    ours = totals(cells[some].rename(columns={"closes": "period"}), SUMMED)
    theirs = single[(single["score"] > 6) & (single["region"] == "North")]
    pd.testing.assert_frame_equal(ours, theirs.groupby("cluster")[SUMMED].sum(), check_dtype=False,
                                  check_names=False, check_index_type=False)  # fmt: skip


def test_answers_that_do_not_fit_the_cells_are_refused(cells):
    behind = pd.DataFrame({"cluster": cells.answers.clusters})
    with pytest.raises(ValueError, match="5999 answers for cells of 6000"):
        with_answers(cells, behind[1:])


def test_no_answers_at_all_are_refused_in_words(cells):
    assert "no answers yet" in text(fitted(cells.iloc[:0], as_it_is, controls=CONTROLS))


def fit_of(cells: pd.DataFrame, basis: object = as_it_is, **options: object) -> Fit:
    found = fitted(cells, basis, **options)
    assert isinstance(found, Fit), found
    return found
