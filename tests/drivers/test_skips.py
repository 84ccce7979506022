"""Skips filled in: true where whole answers aren't, and never of what was not applicable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driver_worlds import DRIVERS, answered, cells_of, firm

import profitchain as pc
from profitchain.drivers.from_edition import driver_figures
from profitchain.drivers.moments import Driver, read_drivers
from profitchain.drivers.shares import DriverShares, driver_shares, shapley
from profitchain.drivers.skips import SkipCheck, em_covariance, skip_check

SERVICE = 2


def gaussian(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of three drivers and a score, and their covariance."""
    inner = np.array([[1, 0.4, 0.3], [0.4, 1, 0.5], [0.3, 0.5, 1]])
    slopes = np.array([0.8, 0.5, 0.4])
    cross = inner @ slopes
    covariance = np.block([[inner, cross[:, None]], [cross, slopes @ cross + 1.0]])
    return rng.multivariate_normal(np.zeros(4), covariance, n), covariance


def checked(rows: pd.DataFrame, drivers: tuple[Driver, ...] = DRIVERS) -> SkipCheck | None:
    answers = read_drivers(rows, drivers)
    shares = driver_shares(answers)
    assert isinstance(shares, DriverShares)
    found = skip_check(rows, answers.drivers, shares)
    assert found is None or isinstance(found, SkipCheck)
    return found


def blanked(rows: pd.DataFrame, column: str, lost: np.ndarray) -> pd.DataFrame:
    return rows.assign(**{column: rows[column].mask(lost)})


def test_moments_are_true_where_those_of_whole_answers_are_not():
    rng = np.random.default_rng(1)
    rows, truth = gaussian(rng, 40_000)
    lost = rng.random(40_000) < np.where(rows[:, 3] > 0.5, 0.9, 0.05)  # by the score
    lost_too = rng.random(40_000) < np.where(rows[:, 0] > 0, 0.6, 0.1)  # by another driver
    seen = rows.copy()
    seen[lost, 2], seen[lost_too, 1] = np.nan, np.nan
    found = em_covariance(seen, np.ones(len(seen)))
    whole = np.cov(seen[~np.isnan(seen).any(axis=1)], rowvar=False)
    assert found == pytest.approx(truth, abs=0.05)
    assert np.abs(whole - truth).max() > 0.5
    shares = [shapley(of, [[0], [1], [2]])[0] for of in (found, truth)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_moments_are_those_of_the_most_likely_normal_distribution():
    rng = np.random.default_rng(2)
    rows, _truth = gaussian(rng, 300)
    first, second = rows[:, 3], rows[:, 0].copy()
    second[200:] = np.nan
    found = em_covariance(np.column_stack([second, first]), np.ones(300))
    line = np.cov(second[:200], first[:200], bias=True)  # Anderson (1957): monotone, closed form
    slope = line[0, 1] / line[1, 1]
    assert found[1, 1] == pytest.approx(first.var(), abs=1e-7)
    assert found[0, 1] == pytest.approx(slope * first.var(), abs=1e-6)
    assert found[0, 0] == pytest.approx(
        line[0, 0] - slope**2 * line[1, 1] + slope**2 * first.var(), abs=1e-6
    )


def test_shares_of_whole_answers_are_off_where_skips_follow_another_driver():
    rng = np.random.default_rng(3)
    rows = answered(rng, 30_000)
    truth = driver_shares(read_drivers(rows, DRIVERS)).explained.values
    lost = rng.random(len(rows)) < np.where(rows["quality"] <= 3, 0.9, 0.1)
    found = checked(blanked(rows, "service", lost))
    whole = np.array([one.value for one in found.whole])
    assert np.abs(whole - truth).max() > 0.06
    assert np.abs(found.filled - truth).max() < 0.03
    assert 0 in found.apart
    assert found.answers == 30_000


def test_skips_at_random_change_nothing_that_is_told():
    rng, told = np.random.default_rng(4), []
    for _world in range(25):
        found = checked(answered(rng, 900, skipped=0.15))
        told.append(bool(found.apart))
    assert np.mean(told) <= 0.04


def test_cells_give_what_their_rows_give():
    rows = answered(np.random.default_rng(5), 1000, skipped=0.2)
    assert checked(cells_of(rows)).filled == pytest.approx(checked(rows).filled, abs=1e-7)


def test_what_was_not_applicable_is_never_filled_in():
    rng = np.random.default_rng(6)
    without = answered(rng, 14_000, weights=(0.85, 0.7, 0.0, 0.3)).assign(service=np.nan)
    served = answered(rng, 6000, weights=(0.85, 0.7, 1.2, 0.3))
    rows = pd.concat([without, served], ignore_index=True)
    drivers = (*DRIVERS[:2], replace(DRIVERS[2], blank="not_applicable"), DRIVERS[3])
    assert checked(rows, drivers) is None  # nobody skipped anything
    right = driver_shares(read_drivers(rows, drivers)).explained.values
    skipped_too = blanked(rows, "price", rng.random(len(rows)) < 0.2)
    found = checked(skipped_too, drivers)
    assert found.filled == pytest.approx(right, abs=0.015)
    wrong = checked(rows).filled  # had the blanks been declared as skips
    assert np.abs(wrong - right).max() > 0.1, (wrong, right)


def test_a_page_says_so_in_one_line_and_only_where_it_matters(tmp_path: Path):
    rng = np.random.default_rng(7)
    rows = answered(rng, 6000)
    said = {}
    for name, chance in {"by": np.where(rows["quality"] <= 3, 0.9, 0.1), "at random": 0.1}.items():
        folder = tmp_path / name
        folder.mkdir()
        lost = rng.random(len(rows)) < chance
        edition = firm(folder, blanked(rows, "service", lost))
        page = pc.page("04_drivers", edition)
        said[name] = str(page.note("usable", driver_figures(edition)))
    assert "Who skips a question differs" in said["by"]
    assert "Who skips" not in said["at random"]
