"""Shops whose drivers are known: mending moves one driver alone, and what is tried is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from certify.driver_shops import KINDS, NAMES, felt_by, judged, section
from certify.shops import DAY, YEAR_STARTS, shop


def test_mending_raises_low_answers_of_one_driver_in_the_last_year_and_nothing_else():
    luck, in_year = np.zeros(2000), np.arange(2000) % 2 == 0
    was, then = (
        felt_by(KINDS[0], mended)(np.random.default_rng(1), luck, in_year) for mended in (None, 1)
    )
    for name in NAMES:
        if name != "delivery":
            assert (was[1][name] == then[1][name]).all()
    low = in_year & (was[1]["delivery"] < 4)
    assert (then[1]["delivery"][low] == 4).all()
    assert (then[1]["delivery"][~low] == was[1]["delivery"][~low]).all()
    assert (then[0][low] > was[0][low]).all()
    assert (then[0][~low] == was[0][~low]).all()


def test_a_mended_year_keeps_customers_and_the_years_before_it():
    kind = KINDS[0]
    was, then = (shop(kind.mechanism, 8000, 3, felt=felt_by(kind, mended)) for mended in (None, 0))
    assert len(then.year) > len(was.year)
    before = [lived.orders[lived.orders["at"] < YEAR_STARTS * DAY] for lived in (was, then)]
    assert (before[0]["score"].to_numpy() == before[1]["score"].to_numpy()).all()
    assert set(NAMES) < set(was.answers.columns)


def test_what_is_tried_is_counted_by_hand():
    truth = pd.DataFrame({"driver": ["a", "b"], "share": [0.6, 0.4], "gain": [2.0, 1.0]})
    rows = [
        ("k", 0, "a", 100, 0.95, 0.5, 0.45, 0.55, 180.0, 150.0, 210.0),
        ("k", 0, "b", 100, 0.05, 0.5, 0.35, 0.55, 120.0, 110.0, 130.0),
        ("k", 1, "a", 200, 0.02, 0.6, 0.55, 0.65, 400.0, 300.0, 500.0),
        ("k", 1, "b", 200, 0.98, 0.4, 0.35, 0.45, 500.0, 100.0, 600.0),
        ("k", 2, "a", 100, np.nan, *[np.nan] * 6),
        ("k", 2, "b", 100, np.nan, *[np.nan] * 6),
    ]
    ends = [f"{part}_{end}" for part in ("share", "worth") for end in ("value", "low", "high")]
    tried = pd.DataFrame(rows, columns=["kind", "shop", "driver", "orders", "best", *ends])
    found = judged(tried, {"k": truth}).iloc[0]
    assert (found["shops"], found["said"]) == (3, pytest.approx(2 / 3))
    assert found["share_coverage"] == 0.75
    assert found["money_coverage"] == 0.75
    assert found["share_bias"] == pytest.approx(0.05)
    assert found["ratio"] == pytest.approx(1200 / 900)
    assert found["alone"] == pytest.approx(2 / 3)
    assert found["right"] == found["as_good"] == 0.5
    near = truth.assign(gain=[2.0, 1.9])
    assert judged(tried, {"k": near}).iloc[0][["right", "as_good"]].tolist() == [0.5, 1.0]
    assert "| k | 3 | 75.0 | 0.050 | 75.0 | 1.33 | 67 | 50 | 50 |" in section(
        judged(tried, {"k": truth})
    )
