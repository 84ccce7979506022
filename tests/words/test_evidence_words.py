"""Which words the doubts about the link earn: designs, hidden causes, noise, an event."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable, Reason
from profitchain.core.periods import Period
from profitchain.exhibits.notebook_page import page
from profitchain.words import designs, hidden_confounding

EDITION = SimpleNamespace(
    company=SimpleNamespace(
        main=None, repeat_within_days=90, currency="EUR", lookback_months=12
    ),
    period=Period("2026Q3"), stands_for=1,
)  # fmt: skip
PAGE = page("09_sensitivity", EDITION)
FEW = NotEstimable("nothing_varies", n=8)
CLEAR, UNCLEAR, MISSING = (0.04, 0.01), (0.01, 0.02), (float("nan"), float("nan"))


def figure(value: float, half: float = 0.05, unit: str = "share") -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=300, unit=unit)


def effects(**by_role: list[tuple[float, float]]) -> pd.DataFrame:
    rows = [(role, *numbers) for role, several in by_role.items() for numbers in several]
    frame = pd.DataFrame(rows, columns=["role", "value", "half"])
    return frame.assign(
        low=frame["value"] - frame["half"], high=frame["value"] + frame["half"], n=90,
        why="", design="raw", compares=[Reason.of("raw")] * len(frame),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("by_role", "says"),
    [
        ({"estimate": [CLEAR, CLEAR], "rule": [CLEAR]}, "all"),
        ({"estimate": [CLEAR, MISSING]}, "all"),
        ({"estimate": [CLEAR, CLEAR], "rule": [CLEAR, UNCLEAR]}, "strained"),
        ({"estimate": [CLEAR, UNCLEAR], "check": [CLEAR]}, "some"),
        ({"estimate": [UNCLEAR, UNCLEAR]}, "none_clear"),
        ({"estimate": [MISSING]}, "none"),
    ],
)
def test_the_designs_are_said_to_agree_where_all_that_measure_do(by_role, says):
    frame = effects(**by_role)
    assert designs.ladder(frame, edition=EDITION).says == says
    assert PAGE.show("ladder", frame).message


def test_a_design_that_is_only_shown_is_in_the_table_alone():
    frame = effects(estimate=[CLEAR], shown=[UNCLEAR])
    assert len(designs.ladder(frame, edition=EDITION).rows) == 1
    table = designs.designs(frame, edition=EDITION).rows
    assert table["what it compares"].str.contains("not judged").tolist() == [False, True]
    assert table["value"].iloc[0] == pytest.approx(4)


COMPARED = pd.DataFrame({
    "control": ["tier", "tier"], "times": [1, 2], "score_share": [0.1, 0.2],
    "outcome_share": [0.02, 0.04], "value": [0.03, 0.02], "low": [0.01, -0.01],
    "high": [0.05, 0.04], "n": 90,
})  # fmt: skip


@pytest.mark.parametrize(
    ("robust", "compared", "key"),
    [
        (figure(0.15), COMPARED, "strength"),
        (figure(0.15), COMPARED[:0], "strength_alone"),
        (FEW, COMPARED[:0], "no_strength"),
    ],
)
def test_what_is_hidden_is_held_against_the_strongest_control(robust, compared, key):
    said = hidden_confounding.needed_strength(robust, robust, compared)
    assert said.key == key
    assert said.values.get("of_score", "10.0%") == "10.0%"


@pytest.mark.parametrize(
    ("ratio", "strength", "key"),
    [
        (figure(1.1, unit="ratio"), figure(1.4, unit="ratio"), "e_value"),
        (figure(0.9, unit="ratio"), figure(1.4, unit="ratio"), "e_less"),
        (figure(1.0, unit="ratio"), figure(1.02, unit="ratio"), "e_value_unclear"),
        (FEW, FEW, "no_e_value"),
    ],
)
def test_the_e_value_says_in_which_direction(ratio, strength, key):
    figures = (figure(0.04), figure(0.041), ratio, strength)
    assert hidden_confounding.in_ratios(*figures, edition=EDITION)[1].key == key
    assert len(PAGE.note("in_ratios", *figures).sentences) == 2
    assert hidden_confounding.in_ratios(FEW, *figures[1:], edition=EDITION)[0].key == "no_slopes"


@pytest.mark.parametrize(
    ("agreed", "keys"),
    [
        (figure(0.7), ["measured"]),
        (figure(0.2), ["moved_between", "stated"]),
        (FEW, ["not_alike", "stated"]),
    ],
)
def test_a_score_that_moved_is_not_taken_for_noise(agreed, keys):
    said = hidden_confounding.two_answers(agreed, (0.9, 0.6), edition=EDITION)
    assert [one.key for one in said] == keys
    assert "0.6 to 0.9" in " ".join(PAGE.note("two_answers", FEW, (0.9, 0.6)).sentences)


def test_without_an_event_the_chart_says_why():
    none = NotEstimable("no_event_to_learn_from")
    shown = PAGE.show("event", pd.DataFrame(), none)
    assert shown.message == "No event from outside to learn from" and "No event" in shown.body
    shock = SimpleNamespace(event="a " * 20, touched=((("region", "North"),),))
    study = pd.DataFrame({"period": [0], "outcome": ["repeat"], "value": [0.1], "low": [0.0],
                          "high": [0.2], "n": [90], "why": [""]})  # fmt: skip
    assert PAGE.show("event", study, shock).message == "Before and after the event"
    assert "region North against" in PAGE.show("event", study, shock).measure
