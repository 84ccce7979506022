"""An estimate that several pages need is made once, and again where what it rests on changes."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.panel.store import NUMBERS, digest_of, kept_estimate

WORTH = Estimate(value=1 / 3, low=-1e-9, high=2e12, n=7, unit="EUR", level=0.9, method="x; ä")


def test_an_estimate_is_made_once_and_comes_back_as_it_was(tmp_path):
    made = []

    def make() -> Estimate:
        made.append(1)
        return WORTH

    for _ in range(3):
        assert kept_estimate(tmp_path, ["edition", "rows"], make) == WORTH
    assert len(made) == 1
    kept_estimate(tmp_path, ["edition", "other rows"], make)
    assert len(made) == 2
    for entry in (tmp_path / NUMBERS).iterdir():
        (entry / "estimate.json").write_text('{"value": 1')  # torn
    assert kept_estimate(tmp_path, ["edition", "rows"], make) == WORTH and len(made) == 3
    assert kept_estimate(tmp_path, ["edition", "rows"], make) == WORTH and len(made) == 3


def test_a_reason_is_not_kept_and_no_store_is_needed(tmp_path):
    why = NotEstimable("nothing_counted")
    assert kept_estimate(tmp_path, ["a"], lambda: why) is why
    assert kept_estimate(tmp_path, ["a"], lambda: WORTH) == WORTH
    assert kept_estimate(tmp_path / "gone", ["a"], lambda: WORTH) == WORTH


def test_a_frames_hash_knows_names_values_and_their_order():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert digest_of(frame) == digest_of(frame.copy())
    others = (frame[["b", "a"]], frame[::-1], frame.rename(columns={"a": "c"}), frame.assign(a=1))
    assert len({digest_of(frame), *map(digest_of, others)}) == 5
