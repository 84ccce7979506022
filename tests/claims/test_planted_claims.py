"""Claims planted true or false in invented worlds: hardly ever is a wrong verdict given.

`python3 lib test tests/claims -m slow` tries 500 worlds of each kind, four minutes of one core. The
table of lib/CERTIFICATE.md: `PYTHONPATH=lib .venv/bin/python tests/claims/test_planted_claims.py`.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

import numpy as np
import pytest
from planted_worlds import PLANTED

from profitchain.claims.judged import is_directional, judged
from profitchain.claims.registry import shipped_claims

CLAIMS = {claim.id: claim for claim in shipped_claims()}
FEW, MANY = 6, int(os.environ.get("PROFITCHAIN_WORLDS", 500))
MOST_WRONG = 0.02  # of many worlds; of few, one
OFTEN = 0.5  # of the worlds in which a verdict that the design allows is reached
NEVER_SUPPORTED = {"C03", "C42", "C67"}  # effects without a draw by lot
NEVER_CONTRADICTED = {"C11", "C68"}  # a test that isn't clear speaks for nothing
Truth = Literal["true", "false", "line"]
WRONG: dict[Truth, tuple[str, ...]] = {
    "true": ("contradicted",), "false": ("supported",), "line": ("supported", "contradicted"),
}  # fmt: skip
RIGHT: dict[Truth, tuple[str, ...]] = {"true": ("supported",), "false": ("contradicted",)}
COLUMNS = (
    "claim", "true, called contradicted", "false, called supported", "on the line, called either",
    "true, called supported", "false, called contradicted",
)  # fmt: skip


def verdicts(id: str, truth: Truth, worlds: int) -> list[str]:
    planted, seed = PLANTED[id], [get_args(Truth).index(truth) + 1, int(id[1:])]
    draw, size = np.random.default_rng(seed), getattr(planted, truth)
    return [judged(CLAIMS[id], planted.world(draw, size)).verdict for _ in range(worlds)]


def possible(id: str, truth: Truth, names: tuple[str, ...]) -> list[str]:
    """Return those of some verdicts that the rule can give at all, and that would mean something.

    Of a claim of a size, what lies just outside may be called contradicted.
    """
    never = {"supported": NEVER_SUPPORTED, "contradicted": NEVER_CONTRADICTED}
    kept = [name for name in names if id not in never[name]]
    is_sided = is_directional(CLAIMS[id])
    return [name for name in kept if truth != "line" or is_sided or name == "supported"]


def shares(id: str, worlds: int) -> tuple[list[float | None], list[float | None]]:
    """Return the shares of wrong verdicts by truth, and of right ones; None where none can be."""
    found = {truth: verdicts(id, truth, worlds) for truth in WRONG}
    wrong, right = (
        [
            sum(map(found[truth].count, names)) / worlds if names else None
            for truth, names in ((one, possible(id, one, every[one])) for one in every)
        ]
        for every in (WRONG, RIGHT)
    )
    return wrong, right


def held(id: str, worlds: int) -> None:
    wrong, right = shares(id, worlds)
    most = max(MOST_WRONG, 1 / worlds)
    assert all(share <= most for share in wrong if share is not None), wrong
    assert all(share >= OFTEN for share in right if share is not None), right


def test_at_least_fifteen_claims_are_planted():
    assert len(PLANTED) >= 15 and set(PLANTED) <= set(CLAIMS)


@pytest.mark.worlds
@pytest.mark.parametrize("id", PLANTED)
def test_no_wrong_verdict_in_a_few_worlds(id):
    held(id, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("id", PLANTED)
def test_wrong_verdicts_are_at_most_two_in_a_hundred(id):
    held(id, MANY)


if __name__ == "__main__":
    print(f"| {' | '.join(COLUMNS)} |", "| --- | ---: | ---: | ---: | ---: | ---: |", sep="\n")
    for id in PLANTED:
        every = [part for parts in shares(id, MANY) for part in parts]
        columns = ["–" if part is None else f"{100 * part:.1f}" for part in every]
        print(f"| {' | '.join([id, *columns])} |", flush=True)
