"""The grade of the evidence follows its rules, and the rules find what was planted.

`certify.grades` is the large run: a hundred firms a kind; PROFITCHAIN_GRADES makes this one as
large.
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from certify.grades import graded
from certify.link_firms import FIRMS, sized
from profitchain.core import formats
from profitchain.core.estimates import GRADES, Estimate, NotEstimable, Reason
from profitchain.evidence.evidence import Evidence, detectable
from profitchain.evidence.grading_rules import RULES, Grading, grading
from profitchain.exhibits import record_ids
from profitchain.words import catalogue, reasons
from profitchain.words import grading_rules as grading_words
from profitchain.words.presentation import text

WORLDS = int(os.environ.get("PROFITCHAIN_GRADES", "4"))  # of each kind
ALLOWED = 0.001  # how often a right share may fail by chance
KINDS = {firm.name: firm for firm in FIRMS}
ROLES = {"next_score": "check", "within_fixed_effects": "shown"}
ROLES |= dict.fromkeys(("lasting", "late", "answering"), "rule")

# value and half an interval, in percentage points per point
SOUND = {"alike": (4, 1), "next_score": (0.1, 1), "lasting": (3.7, 3), "late": (3, 1)}
SOUND |= {"answering": (3.5, 1), "within": (3.5, 2)}


def evidence(
    said: dict[str, tuple[float, float] | None],
    *,
    repeat_rate: float = 0.3,
    role: dict[str, str] | None = None,
) -> Evidence:
    """Return evidence of these designs; those that are None gave no number."""
    roles = ROLES | (role or {})
    rows = []
    for design, numbers in said.items():
        middle, half = numbers or (np.nan, np.nan)
        ends = {"value": middle, "low": middle - half, "high": middle + half}
        why = "" if numbers else Reason.of("nobody_answered_twice")
        row = {"design": design, "role": roles.get(design, "estimate"), "n": 3000, "why": why}
        rows.append(row | {name: end / 100 for name, end in ends.items()})
    columns = ["design", "role", "value", "low", "high", "n", "why"]
    return Evidence(effects=pd.DataFrame(rows, columns=columns), repeat_rate=repeat_rate)


CASES = {
    # too few data, nothing
    "no effect": ({}, {}, "too few data"),
    "spans zero and could hide a tenth of the rate": ({"alike": (1, 3)}, {}, "too few data"),
    "clear although few": (SOUND | {"alike": (9, 8)}, {}, "moderate"),
    "near zero with enough data": (SOUND | {"alike": (0.1, 0.5)}, {}, "no link that matters"),
    "near zero beside a wide check": (
        SOUND | {"alike": (0.1, 0.5), "next_score": (2, 1)}, {}, "no link that matters",
    ),
    "near zero beside an own past": (
        SOUND | {"alike": (0.1, 0.5), "within": (-2, 1)}, {}, "no link that matters",
    ),
    "unclear, and a tenth of the rate not left out": (SOUND | {"alike": (1.9, 2)}, {}, "weak"),
    # contradictory
    "an event the other way": (SOUND | {"shock": (-4, 2)}, {}, "contradictory"),
    "within customers the other way": (SOUND | {"within": (-4, 2)}, {}, "contradictory"),
    "an experiment the other way": (SOUND | {"experiment": (-4, 2)}, {}, "contradictory"),
    "an experiment the other way, but not judged": (
        SOUND | {"experiment": (-4, 2)}, {"role": {"experiment": "shown"}}, "moderate",
    ),
    "the next score tells as much": (SOUND | {"next_score": (4.5, 1)}, {}, "contradictory"),
    "as much but unclear": (SOUND | {"next_score": (4.5, 5)}, {}, "moderate"),
    "as much the other way": (SOUND | {"next_score": (-4.5, 1)}, {}, "moderate"),
    # weak
    "lasting habits": (SOUND | {"lasting": (1, 3)}, {}, "weak"),
    "no next score": (SOUND | {"lasting": None, "next_score": None}, {}, "weak"),
    "lasting not asked": ({k: v for k, v in SOUND.items() if k != "lasting"}, {}, "weak"),
    "gone after a third": (SOUND | {"late": (0.2, 1)}, {}, "weak"),
    "turned after a third": (SOUND | {"late": (-2, 1)}, {}, "weak"),
    "who answers": (SOUND | {"answering": (0.5, 1)}, {}, "weak"),
    "nobody knows who was asked": (SOUND | {"answering": None}, {}, "weak"),
    "weak though an experiment is clear": (
        SOUND | {"late": (0.2, 1), "experiment": (6, 4)}, {}, "weak",
    ),
    # moderate: own earlier answer earns nothing
    "sound": (SOUND, {}, "moderate"),
    "without an own earlier answer": (SOUND | {"within": None}, {}, "moderate"),
    "an unclear event": (SOUND | {"shock": (4, 5)}, {}, "moderate"),
    "an event that can't tell": (SOUND | {"shock": None}, {}, "moderate"),
    # strong
    "confirmed by an event": (SOUND | {"shock": (6, 4)}, {}, "strong"),
    "confirmed by lot": (SOUND | {"experiment": (6, 4), "shock": None}, {}, "strong"),
    "by lot, not judged": (
        SOUND | {"experiment": (6, 4)}, {"role": {"experiment": "shown"}}, "moderate",
    ),
}  # fmt: skip


def sentence(found: Grading) -> str:
    said = grading_words.grade(found)
    return text(catalogue.page("09_sensitivity")["answer"], said.key, said.values)


@pytest.mark.parametrize(("said", "how", "grade"), CASES.values(), ids=CASES)
def test_each_rule_sets_the_grade_that_it_says(said, how, grade):
    found = grading(evidence(said, **how))
    assert found.grade == grade
    assert bool(found.confirmed_by) == (grade == "strong")
    assert sentence(found).count(".") >= 1 and "{" not in sentence(found)
    assert len(grading_words.rules(found, edition=None).rows) == len(RULES)


@pytest.mark.parametrize(("said", "how", "grade"), CASES.values(), ids=CASES)
def test_a_link_the_other_way_is_graded_alike(said, how, grade):
    turned = {name: numbers and (-numbers[0], numbers[1]) for name, numbers in said.items()}
    assert grading(evidence(turned, **how)).grade == grade


def test_the_smallest_detectable_effect_is_two_point_eight_standard_errors():
    row = pd.Series({"value": 0.0, "low": -0.0196, "high": 0.0196, "n": 500})
    assert detectable(row) == pytest.approx(0.0280, abs=1e-4)


def test_a_rule_after_a_settled_grade_is_not_asked():
    found = grading(evidence(SOUND | {"shock": (-4, 2)}))
    assert found.answers["answer"].tolist()[:3] == ["yes", "no", "not asked"]
    assert set(found.answers["answer"].tolist()[2:]) == {"not asked"}
    assert len(found.answers) == len(RULES)


def test_all_that_is_weak_is_named_and_what_can_not_be_judged_says_why():
    found = grading(evidence(SOUND | {"lasting": None, "late": (0.2, 1), "answering": (0.1, 1)}))
    assert found.grade == "weak"
    said = sentence(found)
    for part in (
        "whether habits that last explain it can't be judged",
        "an incentive that soon ends could explain it",
        "who answers could explain it",
    ):
        assert part in said
    table = grading_words.rules(found, edition=None).rows
    assert table.loc[3, ["here", "reason"]].tolist() == [
        "can't be said",
        "No customer answered a second time.",
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (SOUND | {"shock": (6, 4)}, "customers come back more is **strong**: an event by regions"),
        (SOUND | {"experiment": (6, 4)}, "**strong**: a draw by lot shows it."),
        (SOUND, "is **moderate**: it withstands every check that these data allow."),
        (SOUND, "only a draw by lot or an event can tell."),
        ({}, "There are **too few data** to say"),
        (SOUND | {"alike": (0.1, 0.5)}, "**No link that matters** was found"),
        (SOUND | {"shock": (-4, 2)}, "designs that should agree point different ways."),
        ({"alike": (-4, 1)}, "satisfied customers come back less is **weak**"),
    ],
)
def test_the_first_sentence_is_the_grading(said, words):
    assert words in sentence(grading(evidence(said)))


@pytest.mark.parametrize("case", CASES)
def test_the_grade_is_recorded_as_its_place_among_grades(case):
    said, how, grade = CASES[case]
    found = grading(evidence(said, **how))
    recorded = record_ids.findings_of({"evidence_grade": found.estimate})[0].parts[0]
    starts = {
        "too few data": "Too few data: a link that matters",
        "no link that matters": "No link that matters was found",
    }
    if grade in starts:
        assert isinstance(recorded.estimate, NotEstimable)
        assert reasons.text(recorded.estimate).startswith(starts[grade])
        return
    assert isinstance(recorded.estimate, Estimate)
    assert GRADES[int(recorded.estimate.value)] == grade == formats.number(recorded.estimate)


def grades(kind: str) -> Counter[str]:
    found = [graded(sized(KINDS[kind], 6000), 9000 + seed) for seed in range(WORLDS)]
    assert all(reasons.in_words(one.answers[["why"]])["why"].eq("").all() for one in found)
    return Counter(one.grade for one in found)


@pytest.mark.parametrize(
    ("kind", "at_most"),
    [("season", 0.03), ("shop x month", 0.03), ("habit, corr. .8", 0.03),
     ("angry answer more", 0.03), ("hidden state, .5 left", 0.18), ("trend", 0.03)],
)  # fmt: skip
def test_a_firm_where_a_point_does_nothing_is_hardly_ever_graded_well(kind, at_most):
    found = grades(kind)
    assert found["strong"] == 0
    assert found["moderate"] <= stats.binom.ppf(1 - ALLOWED, WORLDS, at_most)


def test_a_true_effect_without_anything_hidden_is_graded_well_but_never_strong():
    found = grades("true 34")
    assert found["strong"] == 0
    assert found["moderate"] >= stats.binom.ppf(ALLOWED, WORLDS, 0.9)
