"""Worlds of drivers: what is tried is counted, and the kinds are what they are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from certify.driver_answers import KINDS, by_chance, by_kind, naming_section


def test_kinds_are_what_they_are_called():
    rng = np.random.default_rng(1)
    for _world in range(50):
        near, _random, clear = (np.sort(weights(rng)) for weights in KINDS.values())
        assert len(near) == len(clear) == 4
        assert near[-2] >= 0.9 * near[-1]
        assert clear[-2] <= 0.6 * clear[-1]


def test_what_is_tried_is_counted_by_hand():
    tried = pd.DataFrame({
        "kind": ["a", "a", "a", "b"], "chance": [0.95, 0.92, 0.6, 1.0],
        "lost": [0.0, 0.04, 0.0, 0.0],
    })  # fmt: skip
    kinds = by_kind(tried).set_index("kind")
    assert kinds["worlds"].to_dict() == {"a": 3, "b": 1, "all": 4}
    assert kinds.loc["a", "alone"] == pytest.approx(2 / 3)
    assert kinds["right"].to_dict() == {"a": 0.5, "b": 1.0, "all": pytest.approx(2 / 3)}
    assert kinds.loc["all", "lost"] == pytest.approx(0.04)
    assert kinds.loc["a", "as_good"] == 1.0
    much = by_kind(tried.assign(lost=1.5 * tried["lost"])).set_index("kind")
    assert much.loc["a", "as_good"] == 0.5
    chances = by_chance(tried)
    assert chances["worlds"].tolist() == [1, 3]
    assert chances["so"].tolist() == [1.0, pytest.approx(2 / 3)]
    said = naming_section(tried)
    assert "| a | 3 | 67 | 50 | 100 | 4 |" in said
    assert "| b | 1 | 100 | 100 | 100 | – |" in said
    assert "| 90 to 100% | 3 | 96 | 67 |" in said
