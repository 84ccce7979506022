"""Which columns vary enough to have a slope: at any size, counted by rows and by weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.stats.model_matrix import control_columns, varies

SIZES = pytest.mark.parametrize("size", [1e-200, 1e-9, 1.0, 365.0, 2026.0, 1e9, 1e200])


@SIZES
def test_what_differs_by_rounding_alone_does_not_vary(size):
    lot = np.random.default_rng(1)
    assert not varies(np.full(500, size))
    assert not varies(np.full(500, size) - size)
    assert not varies(size * (1 + 1e-12 * lot.normal(size=500)))
    assert varies(size * lot.normal(size=500))
    assert varies(size * (1 + 1e-4 * lot.normal(size=500)))  # years around 2026 are told apart


@SIZES
@pytest.mark.parametrize(("few", "is_told"), [(1, False), (4, False), (5, True), (200, True)])
def test_a_slope_needs_five_rows_off_the_usual_value(size, few, is_told):
    column = np.full(1000, size)
    column[:few] = 3 * size
    assert varies(column) == is_told
    column[:few] = size * np.arange(2, few + 2)  # all different
    assert varies(column) == is_told


def test_cells_count_as_often_as_they_hold_answers():
    column = np.array([0.0, 1.0])
    assert varies(column, np.array([1000.0, 5.0]))
    assert not varies(column, np.array([1000.0, 4.0]))
    assert not varies(column, np.zeros(2))


def test_a_slope_for_a_fixed_step_needs_a_spread_near_it():
    column = 5 + 0.02 * np.random.default_rng(1).normal(size=500)
    assert varies(column) and not varies(column, least_spread=0.05)
    assert varies(100 * column, least_spread=0.05)


def test_a_control_of_an_effect_that_hardly_varies_is_left_out_and_said():
    lot = np.random.default_rng(3)
    cells = pd.DataFrame({"n": 1, "repeats": lot.integers(0, 2, 400), "recency_days": 5.0})
    for days, why in ((5.0, "control_constant"), (4.0, "control_hardly_varies")):
        cells.loc[:2, "recency_days"] = days
        controls = control_columns(cells, ["recency"], outcome="repeats")
        assert controls.parts == () and [note.key for note in controls.notes] == [why]
