"""What truly drives the invented company's score: told apart from what its answers show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

import profitchain as pc
from demo.behaviour import DRIVER_WEIGHT, DRIVERS, WorldSettings
from demo.driver_truth import LOOKBACK_FROM, POINT, driver_truth
from demo.survey_tables import DRIVER_COLUMNS, responses
from demo.world import simulate
from profitchain.core.estimates import NotEstimable
from profitchain.drivers.mending import mending, probit_of
from profitchain.drivers.moments import Driver, read_drivers
from profitchain.drivers.shares import driver_shares

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
TRUTH = json.loads((EXAMPLE / "truth.json").read_text(encoding="utf-8"))["drivers"]
COLUMNS = [f"q_{name}" for name in DRIVERS]
ASKED = [Driver(name=name, column=f"q_{name}") for name in DRIVERS]
HOW = {"outcome": "nps", "drivers": COLUMNS, "customer": "customer_id"}


def answers_of(customers: int, seed: int) -> pd.DataFrame:
    world = simulate(customers, seed=seed)
    table = responses(world, pa.array(np.arange(len(world.orders)).astype(str))).to_pandas()
    return table[table["responded_at"].astype(str) >= LOOKBACK_FROM]


def held(frame: pd.DataFrame, part: str = "lookback") -> list[bool]:
    truth = np.array([TRUTH[part]["shares"][name] for name in DRIVERS])
    return ((frame["low"] <= truth) & (truth <= frame["high"])).tolist()


def test_the_committed_truth_is_that_of_the_example_s_settings():
    assert driver_truth(WorldSettings(customers=4500, seed=2026)) == TRUTH


def test_shares_of_all_the_example_s_answers_hold_the_truth():
    rows = pd.read_csv(EXAMPLE / "responses.csv")
    assert all(held(pc.driver_shares(rows[rows["nps"] <= 10], **HOW), "all_answers"))


def test_shares_of_the_example_s_last_year_are_not_refuted_together():
    # its luck: quality .37 where .31 is true, delivery .33 where .39 is; one firm in twelve is so
    rows = pd.read_csv(EXAMPLE / "responses.csv")
    rows = rows[(rows["responded_at"] >= LOOKBACK_FROM) & (rows["nps"] <= 10)]
    cells = rows.rename(columns={"nps": "score", "customer_id": "cluster"}).assign(n=1)
    found = driver_shares(read_drivers(cells, ASKED)).explained
    off = (found.values - [TRUTH["lookback"]["shares"][name] for name in DRIVERS])[:3]
    assert stats.chi2.sf(off @ np.linalg.solve(found.covariance[:3, :3], off), 3) > 0.05


def test_shares_of_firms_of_other_seeds_hold_the_truth():
    hit = [held(pc.driver_shares(answers_of(4500, seed), **HOW)) for seed in range(12)]
    assert np.mean(hit) >= 0.88  # 48 intervals, of which 2 in a thousand sets hold fewer
    bad = pc.driver_shares(answers_of(4500, 1).assign(q_price=lambda t: t["q_service"]), **HOW)
    assert not all(held(bad))


def test_very_many_answers_show_these_shares_and_the_order_of_what_to_mend():
    rows = answers_of(120_000, 3)
    shares = pc.driver_shares(rows, **HOW)["value"].to_numpy()
    assert shares == pytest.approx([*TRUTH["lookback"]["shares"].values()], abs=0.012)
    cells = rows.rename(columns={"nps": "score", "customer_id": "cluster"}).assign(n=1)
    answers = read_drivers(cells, ASKED)
    found = mending(answers, probit_of(answers), NotEstimable("no_orders_to_worth"))
    true = np.array([of["mean"] for of in TRUTH["lookback"]["mended"].values()])
    ratio = np.array([gain.value for gain in found.gain]) / true
    # answers tell an experience with chance in them, and others tell of it too: page 04 says so
    assert (np.argsort(ratio * true) == np.argsort(true)).all()
    assert ((ratio > 0.9) & (ratio < 1.3)).all()
    low = [of["low_answers"] for of in TRUTH["lookback"]["mended"].values()]
    assert found.room == pytest.approx(low, abs=0.01)


def test_one_more_point_is_its_weight_less_what_the_ceiling_takes():
    for name, weight in zip(DRIVERS, DRIVER_WEIGHT, strict=True):
        rise = TRUTH["all_answers"]["one_more_point"][name]
        assert 0.6 * weight * POINT < rise["mean"] < weight * POINT
        assert rise["promoters"] > 0 > rise["detractors"]


def test_nobody_s_score_is_driven_to_a_chance_that_scores_do_not_move():
    none = driver_truth(WorldSettings(customers=10, seed=1, effect=0.0))
    assert {of["chance_to_repeat"] for of in none["lookback"]["mended"].values()} == {0.0}


def test_seed_and_size_do_not_change_the_truth():
    assert driver_truth(WorldSettings(customers=300, seed=9)) == TRUTH
    assert set(TRUTH["lookback"]["shares"]) == set(DRIVER_COLUMNS.values())
