"""The grade of the evidence follows its rules, and the rules find what was planted."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from ladder_worlds import lives

from profitchain.core import formats
from profitchain.core.estimates import GRADES, Estimate, NotEstimable
from profitchain.evidence import hidden_confounding, specification_curve
from profitchain.evidence.designs import effects_by_design
from profitchain.evidence.evidence import Evidence, detectable
from profitchain.evidence.grading_rules import RULES, Grading, grading
from profitchain.evidence.within_customer import as_cells
from profitchain.exhibits import record_ids
from profitchain.words import grading_rules as grading_words
from profitchain.words import reasons

CONTROLS = ["prior_orders", "recency", "tenure"]
WORLDS = int(os.environ.get("PROFITCHAIN_VERDICTS", "4"))  # of each kind; 60 take five minutes
GOOD = {"moderate", "strong"}
ORDER = ("adjusted", "weighted", "within", "within_fixed_effects", "placebo", "lead", "shock")
ROLES = {"placebo": "check", "lead": "check", "within_fixed_effects": "shown"}

# value and half an interval, in percentage points per point
SOUND = {"adjusted": (4, 1), "weighted": (4, 1), "placebo": (0.2, 1), "lead": (-0.2, 1)}
CONFIRMED = SOUND | {"within": (3.5, 2), "within_fixed_effects": (3, 2)}


def evidence(
    said: dict[str, tuple[float, float] | None],
    *,
    left: tuple[float, float] | None = (2.0, 1.0),
    clear: tuple[str, ...] = ("positive",) * 8,
    repeat_rate: float = 0.3,
    role: dict[str, str] | None = None,
) -> Evidence:
    """Return evidence of these designs; `left`: the effect beside the strongest control."""
    roles = ROLES | (role or {})
    rows = [
        {
            "design": design,
            "role": roles.get(design, "estimate"),
            "value": middle / 100,
            "low": (middle - half) / 100,
            "high": (middle + half) / 100,
            "n": 3000,
        }
        for design, (middle, half) in said.items()
    ]
    columns = ["design", "role", "value", "low", "high", "n"]
    compared = pd.DataFrame(
        [
            {"control": "tier", "times": times, "low": low, "high": low + 1.0}
            for times, low in ((1, left[0] - left[1]), (2, -9.0))
        ]
        if left
        else [],
        columns=["control", "times", "low", "high"],
    )
    return Evidence(
        effects=pd.DataFrame(rows, columns=columns),
        compared=compared,
        curve=pd.DataFrame({"clear": clear, "adjusted_for": "all"}),
        repeat_rate=repeat_rate,
    )


CASES = {
    # too few data
    "no adjusted effect": ({}, {}, "too few data"),
    "spans zero and could hide a tenth of the rate": ({"adjusted": (1, 3)}, {}, "too few data"),
    "clear although few": (CONFIRMED | {"adjusted": (9, 8)}, {}, "strong"),
    # contradictory
    "a shock the other way": (SOUND | {"shock": (-4, 2)}, {}, "contradictory"),
    "within customers the other way": (SOUND | {"within": (-4, 2)}, {}, "contradictory"),
    "an experiment the other way": (SOUND | {"experiment": (-4, 2)}, {}, "contradictory"),
    "an experiment the other way, but not judged": (
        SOUND | {"experiment": (-4, 2)}, {"role": {"experiment": "shown"}}, "moderate",
    ),
    "placebo as large": (SOUND | {"placebo": (4.5, 1)}, {}, "contradictory"),
    "placebo as large but unclear": (SOUND | {"placebo": (4.5, 5)}, {}, "moderate"),
    "both directions": (SOUND, {"clear": ("positive",) * 8 + ("negative",)}, "contradictory"),
    "one in 30 the other way": (SOUND, {"clear": ("positive",) * 29 + ("negative",)}, "moderate"),
    # weak
    "spans zero with enough data": (
        SOUND | {"adjusted": (0.1, 0.5), "weighted": (0.1, 0.5)}, {}, "weak",
    ),
    "no longer clear when weighted": (SOUND | {"weighted": (1, 2)}, {}, "weak"),
    "turned round when weighted": (SOUND | {"weighted": (-3, 1)}, {}, "weak"),
    "placebo clear": (SOUND | {"placebo": (2, 1)}, {}, "weak"),
    "placebo clear but slight": (SOUND | {"placebo": (0.3, 0.1)}, {}, "moderate"),
    "placebo clear the other way": (SOUND | {"placebo": (-2, 1)}, {}, "moderate"),
    "placebo clear alone, not beside the lead": (SOUND | {"placebo": (1.05, 1)}, {}, "moderate"),
    "both just clear": (SOUND | {"placebo": (1.05, 1), "lead": (1.05, 1)}, {}, "weak"),
    "lead clear": (SOUND | {"lead": (2, 1)}, {}, "weak"),
    "no check at all": ({"adjusted": (4, 1), "weighted": (4, 1)}, {}, "weak"),
    "checks too blunt": (SOUND | {"placebo": (0, 1.5), "lead": (0, 1.5)}, {}, "weak"),
    "one check is enough": ({"adjusted": (4, 1), "lead": (0, 1)}, {}, "moderate"),
    "a stronger design rules out half": (SOUND | {"within": (0.5, 1)}, {}, "weak"),
    "a stronger design too vague to rule out half": (SOUND | {"within": (0.5, 2)}, {}, "moderate"),
    "as strong as a control leaves it unclear": (SOUND, {"left": (1.0, 1.5)}, "weak"),
    "no control to compare with": (SOUND, {"left": None}, "moderate"),
    "more than a quarter unclear": (
        SOUND, {"clear": ("positive",) * 5 + ("unclear",) * 2}, "weak",
    ),
    "a quarter unclear": (SOUND, {"clear": ("positive",) * 6 + ("unclear",) * 2}, "moderate"),
    "no other way of counting": (SOUND, {"clear": ("",)}, "moderate"),
    # moderate, strong
    "sound": (SOUND, {}, "moderate"),
    "not weighted": ({key: SOUND[key] for key in SOUND if key != "weighted"}, {}, "moderate"),
    "confirmed by a shock": (SOUND | {"shock": (6, 4)}, {}, "strong"),
    "confirmed within customers": (CONFIRMED, {}, "strong"),
    "own average disagrees": (CONFIRMED | {"within_fixed_effects": (1.0, 1.5)}, {}, "moderate"),
    "own average unknown": (SOUND | {"within": (3.5, 2)}, {}, "moderate"),
    "a shock of another size": (SOUND | {"shock": (15, 4)}, {}, "moderate"),
    "an unclear shock": (SOUND | {"shock": (4, 5)}, {}, "moderate"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "how", "grade"), CASES.values(), ids=CASES)
def test_each_rule_sets_the_grade_that_it_says(said, how, grade):
    found = grading(evidence(said, **how))
    assert found.grade == grade
    assert 1 <= len(found.reasons) <= 3
    assert bool(found.lacking) == (grade == "moderate")


@pytest.mark.parametrize(("said", "how", "grade"), CASES.values(), ids=CASES)
def test_a_link_the_other_way_is_graded_alike(said, how, grade):
    turned = {design: (-middle, half) for design, (middle, half) in said.items()}
    sides = {"positive": "negative", "negative": "positive"}
    clear = tuple(sides.get(one, one) for one in how.get("clear", ("positive",) * 8))
    given = evidence(turned, **how | {"clear": clear})
    compared = given.compared.assign(low=-given.compared["high"], high=-given.compared["low"])
    assert grading(replace(given, compared=compared)).grade == grade


def test_comparing_customers_as_they_come_can_not_make_the_grading():
    given = evidence(SOUND, clear=("positive",) * 8 + ("negative",) * 8)
    raw = given.curve.assign(adjusted_for=["all"] * 8 + ["none"] * 8)
    assert grading(replace(given, curve=raw)).grade == "moderate"


def test_the_smallest_detectable_effect_is_two_point_eight_standard_errors():
    row = pd.Series({"value": 0.0, "low": -0.0196, "high": 0.0196, "n": 500})
    assert detectable(row) == pytest.approx(0.0280, abs=1e-4)


def test_a_rule_after_a_settled_grade_is_not_asked():
    found = grading(evidence(SOUND | {"shock": (-4, 2)}))
    assert found.answers["answer"].tolist()[:3] == ["yes", "no", "not asked"]
    assert set(found.answers["answer"].tolist()[2:]) == {"not asked"}
    assert len(found.answers) == len(RULES)


def test_all_that_is_weak_is_named():
    found = grading(evidence(SOUND | {"placebo": (2, 1), "weighted": (1, 2)}, left=(1.0, 1.5)))
    assert found.grade == "weak"
    words = grading_words.grade_sentence(found)
    for part in ("no longer clear when answers are weighted", "what came before", "our strongest"):
        assert part in words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (CONFIRMED, "customers come back more is **strong**: it is clear"),
        (SOUND, "is **moderate**: it is clear"),
        (SOUND, ", but no stronger design confirms it yet."),
        ({}, "There are **too few data** to say"),
        (SOUND | {"shock": (-4, 2)}, "evidence on whether satisfied customers come back more is"),
        ({"adjusted": (-4, 1), "lead": (0, 1)}, "satisfied customers come back less"),
    ],
)
def test_the_first_sentence_is_the_grading(said, words):
    assert words in grading_words.grade_sentence(grading(evidence(said)))


@pytest.mark.parametrize("case", CASES)
def test_the_grade_is_recorded_as_its_place_among_grades(case):
    said, how, grade = CASES[case]
    found = grading(evidence(said, **how))
    recorded = record_ids.findings_of({"evidence_grade": found.estimate})[0].parts[0]
    if grade == "too few data":
        assert isinstance(recorded.estimate, NotEstimable)
        assert reasons.text(recorded.estimate).startswith("Too few data: a link that matters")
        return
    assert isinstance(recorded.estimate, Estimate)
    assert GRADES[int(recorded.estimate.value)] == grade == formats.number(recorded.estimate)


def graded(seed: int, *, customers: int = 1000, **how: float) -> Grading:
    """Return the verdict on an invented world of several thousand answers."""
    answers, _ = lives(np.random.default_rng(seed), customers=customers, **how)
    cells = as_cells(answers)
    firm = SimpleNamespace(
        controls=CONTROLS, segments=[], repeat_within_days=90, experiment=None, has=lambda _: False
    )
    edition = SimpleNamespace(
        company=firm, smallest=10, has="ladder_cells".__eq__, table=lambda _: answers
    )
    line = hidden_confounding.straight_line(cells, controls=CONTROLS)
    less = SimpleNamespace(controls=["prior_orders"], segments=[], repeat_within_days=90)
    return grading(
        Evidence.of(
            effects_by_design(edition, cells, controls=CONTROLS),
            compared=hidden_confounding.benchmarks(line, times=[1]),
            curve=specification_curve.specification_curve(
                cells.assign(window=90), less, cells=cells
            ),
            cells=cells,
        )
    )


def test_a_true_effect_without_anything_hidden_is_graded_well():
    grades = Counter(graded(5000 + seed).grade for seed in range(WORLDS))
    assert sum(grades[grade] for grade in GOOD) >= 0.95 * WORLDS, grades


@pytest.mark.parametrize(("slope", "customers"), [(0.12, 1000), (0.0, 2000)])
def test_something_hidden_that_moves_both_brings_the_grade_down(slope, customers):
    """What nobody recorded doubles the adjusted effect, or is all that there is of it."""
    how = {"temper": 1.2, "habit": 0.6, "slope": slope, "customers": customers}
    grades = Counter(graded(5000 + seed, **how).grade for seed in range(WORLDS))
    assert sum(grades[grade] for grade in ("weak", "contradictory")) >= 0.9 * WORLDS, grades
