"""A store that was topped up through a history gives what an empty one gives, to the last bit.

`python3 lib certify --histories 100` plays more of them, on all cores.
"""

from __future__ import annotations

import pytest

from certify import histories, history_firms
from certify.history_firms import HistoryFirm
from profitchain.intake import parquet_cache

KINDS = list(histories.KINDS)
PLAYED = (len(KINDS) + 1, *range(len(KINDS)))  # a firm of orders and answers, then of all tables


@pytest.mark.parametrize(
    "number", [PLAYED[0], *(pytest.param(number, marks=pytest.mark.slow) for number in PLAYED[1:])]
)
def test_after_any_history_a_store_gives_the_same_bits(number):
    played = histories.play(number, runs=1)
    assert played.counts["files compared"] > 10
    assert played.differing == [], played.told


def test_a_store_that_takes_an_old_file_for_a_new_one_is_found_out(monkeypatch):
    monkeypatch.setattr(history_firms, "CHANGES", (HistoryFirm.another_value,))
    monkeypatch.setattr(histories, "KILLED", 0)
    monkeypatch.setattr(histories, "SPOILT", 0)
    monkeypatch.setattr(parquet_cache, "file_hash", lambda path: path.name)
    played = histories.play(len(KINDS), kind=KINDS[0], runs=1)
    assert any("activity" in name for name in played.differing), played.told
    assert histories.table([played])["differing"].tolist() == [1]
