"""What page 15 may say follows the design: what is doubtful, too few or broken is called so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.programmes.events import EventEffect
from profitchain.programmes.lots import LotEffect
from profitchain.programmes.memberships import ProgrammeEffects
from profitchain.words import programmes as words


def between(low: float, high: float, unit: str = "EUR") -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high, n=500, unit=unit)


NONE = NotEstimable("nothing_counted")
EVENT = EventEffect(
    event="crisis", day=date(2026, 1, 1), apart=True, regions=4, touched=1, is_valid=False,
    chance=0.25, outcomes={"score": between(-3, -1, "score"), "repeat": NONE},
)  # fmt: skip
TEST = LotEffect(
    test="t", action="Card", days=90, known_days=90, treated=500, held=500, plain=between(1, 4),
    effect=between(1, 3), a_year=between(4, 12), share=between(0.1, 0.3, "share"),
    smallest=between(2, 2), chance=0.9, against=None, missed=None,
)  # fmt: skip
CLUB = ProgrammeEffects(
    programme="Club", effects={"raw": between(5, 9), "matched": NONE, "did": between(1, 5),
                               "lot": NONE},
    relatives=dict.fromkeys(("raw", "matched", "did", "lot"), NONE), drift=between(-2, 2),
    smallest=between(3, 3), usual_order=0, members=100, early=0, others=0, has_margin=True,
)  # fmt: skip


def key(programmes=NONE, events=NONE, tests=()) -> str:
    return words.answer(programmes, events, list(tests), edition=None)[0].key


@pytest.mark.parametrize(
    ("event", "chart", "sentence"),
    [
        (EVENT, "few_clear", "event_few"),
        (replace(EVENT, outcomes=EVENT.outcomes | {"score": between(-3, 1, "score")}), "few",
         "event_few"),
        (replace(EVENT, is_valid=True, regions=10, chance=0.01), "valid", "event_apart"),
        (replace(EVENT, is_valid=True, regions=10, chance=0.2), "unclear", "event_apart"),
        (replace(EVENT, is_valid=True, regions=10, chance=0.01,
                 outcomes=EVENT.outcomes | {"score": between(-3, 1, "score")}), "unclear",
         "event_apart"),
        (replace(EVENT, apart=False, chance=None), "all", "event_all"),
    ],
)  # fmt: skip
def test_an_interval_off_zero_is_never_called_luck_nor_few_groups_sure(event, chart, sentence):
    assert words.event_changes([event], edition=None).says == chart
    assert key(events=[event]) == sentence


@pytest.mark.parametrize(
    ("other", "table", "sentence"),
    [
        ({}, "clear", "test"),
        ({"effect": between(-1, 3)}, "unclear", "test_unclear"),
        ({"against": 11, "missed": 0}, "against", "test_against"),
        ({"against": 10, "missed": 300}, "clear", "test"),
        ({"chance": 1e-6, "effect": NotEstimable("lot_broken", treated=500, held=300)}, "broken",
         "unknown"),
    ],
)  # fmt: skip
def test_a_lot_that_was_broken_is_told(other, table, sentence):
    test = replace(TEST, **other)
    assert words.lots([test], edition=None).says == table
    assert key(tests=[test]) == sentence


def test_why_a_broken_test_says_nothing_is_said():
    broken = replace(TEST, chance=1e-6, effect=NotEstimable("lot_broken", treated=500, held=300))
    (said,) = words.answer(NotEstimable("needs_table", table="memberships"), NONE, [broken],
                           edition=None)  # fmt: skip
    assert "500 against 300" in said.values["why"]


@pytest.mark.parametrize(
    ("other", "chart", "sentence", "before"),
    [
        ({}, "clear", "did", ["alike_before"]),
        ({"drift": between(1, 3)}, "doubtful", "did_doubtful", ["drifted_before"]),
        ({"usual_order": 3}, "doubtful", "did_at_order", ["at_an_order", "alike_before"]),
    ],
)
def test_what_joining_does_is_doubtful_where_something_else_is_in_it(
    other, chart, sentence, before
):
    club = [replace(CLUB, **other)]
    assert words.programme_designs(club, edition=None).says == chart
    assert key(club) == sentence
    assert [said.key for said in words.before_joining(club, edition=None)] == before
