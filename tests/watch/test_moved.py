"""A score's change taken apart: the parts add up, each is what it says, intervals cover."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import NotEstimable
from profitchain.panel.moved_scores import AMOUNTS
from profitchain.watch.moved import OTHERS_ANSWERED, SAME, UNHAPPY_LEFT, Moved, decomposed


def sums_of(people: pd.DataFrame) -> pd.DataFrame:
    """Return `moved_sums` of people: kind, t0, n0, t1, n1."""
    rows = []
    for kind, some in people.groupby("kind"):
        row = {"against": "2026Q2", "kind": kind, "customers": len(some)}
        row |= {name: some[name].sum() for name in AMOUNTS}
        pairs = itertools.combinations_with_replacement(AMOUNTS, 2)
        row |= {f"{a}_{b}": (some[a] * some[b]).sum() for a, b in pairs}
        rows.append(row)
    return pd.DataFrame(rows)


def world(rng, *, minds: float = 0.0, unhappy_go: float = 0.0, newcomers: float = 0.0):
    """Return people of two periods; each part may be moved by itself."""
    n = 600
    taste = rng.normal(7, 1.5, n)
    goes = rng.random(n) < np.where(taste < 6, 0.3 + unhappy_go, 0.3 - unhappy_go * 0.2)
    silent = ~goes & (rng.random(n) < 0.3)
    first = taste + rng.normal(0, 1, n)
    later = taste + minds + rng.normal(0, 1, n)
    kind = np.where(goes, "gone", np.where(silent, "silent", "both"))
    stays = kind == "both"
    old = pd.DataFrame({"kind": kind, "t0": first, "n0": 1.0, "t1": later * stays,
                        "n1": 1.0 * stays})  # fmt: skip
    new = rng.normal(7 + newcomers, 1.8, 300)
    came = pd.DataFrame({"kind": "came", "t0": 0.0, "n0": 0.0, "t1": new, "n1": 1.0})
    return pd.concat([old, came], ignore_index=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_add_up_to_the_change(seed):
    people = world(np.random.default_rng(seed), minds=0.3, unhappy_go=0.3, newcomers=-0.5)
    found = decomposed(sums_of(people), unit="score")
    assert isinstance(found, Moved)
    plain = people["t1"].sum() / people["n1"].sum() - people["t0"].sum() / people["n0"].sum()
    assert found.change.value == pytest.approx(plain, abs=1e-9)
    assert sum(part.value for part in found.parts.values()) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize(
    ("part", "how"),
    [(SAME, {"minds": 1.0}), (OTHERS_ANSWERED, {"newcomers": -1.5}),
     (UNHAPPY_LEFT, {"unhappy_go": 0.6})],
)  # fmt: skip
def test_each_part_shows_what_was_planted(part, how):
    calm = decomposed(sums_of(world(np.random.default_rng(1))), unit="score").parts
    moved = decomposed(sums_of(world(np.random.default_rng(1), **how)), unit="score").parts
    assert abs(moved[part].value) > 0.15 and not moved[part].spans_zero
    assert abs(calm[part].value) < abs(moved[part].value) / 2


@pytest.mark.worlds
def test_the_interval_of_the_change_covers_as_often_as_it_says():
    rng, covered = np.random.default_rng(4), 0
    for _ in range(200):
        found = decomposed(sums_of(world(rng, minds=0.5)), unit="score").parts[SAME]
        covered += found.low <= 0.5 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


def test_few_who_answered_twice_or_a_small_class_is_not_shown():
    people = world(np.random.default_rng(1))
    few = people[(people["kind"] != "both") | (people.index < 12)]
    assert decomposed(sums_of(few), unit="score").why.key == "too_few_in_both"
    three = pd.concat([people[people["kind"] != "gone"], people[people["kind"] == "gone"].head(3)])
    hidden = decomposed(sums_of(three), unit="score", smallest=10)
    assert isinstance(hidden, NotEstimable) and hidden.why.key == "group_too_small"


def test_nobody_known_to_have_gone_is_a_part_of_nothing():
    people = world(np.random.default_rng(2))
    people["kind"] = people["kind"].replace("gone", "silent")
    assert decomposed(sums_of(people), unit="score").parts[UNHAPPY_LEFT].value == 0
