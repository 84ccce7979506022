"""What the first page says beside its figures: the weighted score, and signs that turn words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.exhibits.findings import EditionFindings, findings_in
from profitchain.pages import cards, decision, headline, summary
from profitchain.sources.company import Question
from profitchain.words.nonresponse import weighted_beside
from profitchain.words.repeat_effect import reversed_sentence

NPS = Question(name="nps", kind="nps", label="Would recommend")
EASE = Question(name="ease", kind="ces", scale=(1, 7), easy_is="low", label="Ease")
EDITION = SimpleNamespace(
    has=lambda _name: False,
    company=SimpleNamespace(
        slug="no-such-firm", main=NPS, all_questions=[NPS], repeat_within_days=90, asks_only=False,
        control_tolerance=0.005,
    ),
    period=Period("2026Q3"), facts={"days_uncovered": 0}, assumed_margin=None,
)  # fmt: skip


def points(value: float, half: float, unit: str = "points") -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=500, unit=unit)


def recorded(folder: Path, **numbers: Estimate) -> EditionFindings:
    """Return findings as an edition holds them; a double underscore parts id and group."""
    rows = [
        {"id": name, "value": number.value, "low": number.low, "high": number.high, "n": number.n,
         "unit": number.unit, "period": "2026Q3", "page": "02_response", "label": name}
        | ({"group": group} if group else {})
        for key, number in numbers.items()
        for name, _sep, group in [key.partition("__")]
    ]  # fmt: skip
    (folder / "findings.json").write_text(json.dumps(rows), encoding="utf-8")
    return findings_in(folder, Period("2026Q3"))


def test_a_score_that_weights_move_clearly_stands_with_both_and_its_bounds(tmp_path):
    found = recorded(
        tmp_path, nps=points(30, 6), nps_weighted=points(24, 6),
        nps_weighted_difference=points(-6, 2), nps_bound__unhappy=points(-40, 4),
        nps_bound__happy=points(70, 4),
    )  # fmt: skip
    assert cards.cautions(found, EDITION)[0] == (
        "Net promoter score weighted for who answered: 24.0 points (18.0 to 30.0). The silent all "
        "detractors: −40.0 points; all promoters: 70.0 points."
    )


@pytest.mark.parametrize(
    "moved", [points(-6, 7), points(-1.5, 0.5), NotEstimable("nobody_asked")],
    ids=["within chance", "less than two points", "not known"],
)  # fmt: skip
def test_a_score_that_weights_hardly_move_stands_alone(tmp_path, moved):
    assert weighted_beside(points(24, 6), moved, [points(-40, 4), points(70, 4)], NPS) == ""
    assert cards.cautions(recorded(tmp_path, nps=points(30, 6)), EDITION)[0] == ""


@pytest.mark.parametrize(
    ("effect", "question", "asks"),
    [
        (points(-0.04, 0.01, "share"), NPS, "is 0 the best answer here and 10 the worst?"),
        (points(0.04, 0.01, "share"), NPS, ""),
        (points(-0.04, 0.05, "share"), NPS, ""),
        (points(-0.04, 0.01, "share"), EASE, ""),
        (points(0.04, 0.01, "share"), EASE, "is 7 the best answer here and 1 the worst?"),
    ],
    ids=["worse", "better", "unclear", "easier", "harder"],
)
def test_the_page_asks_whether_a_scale_is_turned_round_only_where_it_looks_so(
    effect, question, asks
):
    said = reversed_sentence(effect, question)
    assert asks in said and bool(said) is bool(asks)


def test_the_first_sentence_says_what_happened_and_holds_it_against_both_pasts(tmp_path):
    found = recorded(
        tmp_path, revenue=points(1200, 0, "EUR"), nps=points(30, 6), nps_change=points(-1, 4),
        nps_change_on_year=points(2, 5), retention_rate=points(0.4, 0.02, "share"),
        retention_rate_change=points(-0.05, 0.02, "share"),
    )  # fmt: skip
    course = {"2025Q3": 960.0, "2026Q2": 1250.0, "2026Q3": 1200.0}
    rows = [{"id": "revenue", "period": name, "value": value} for name, value in course.items()]
    found = replace(found, trends=pd.DataFrame(rows))
    assert headline.happened(found, EDITION) == (
        "In July–September 2026, revenue **rose 25%** on the year to €1,200, nps was **30.0 "
        "points**, no clear change on the year and retention_rate was **40.0%**.\n"
        "On the quarter before: revenue down 4%, nps no clear change and retention_rate down 5.0 "
        "percentage points."
    )
    assert headline.happened(recorded(tmp_path, orders=points(3, 0, "orders")), EDITION) == ""


STEPS = {
    "worth_of_step__6 to 7": points(8, 4, "EUR"),
    "worth_of_step__7 to 8": points(11, 7, "EUR"),
}
LINK = {"repeat_effect_per_point": points(0.03, 0.01, "share")}
FALLEN = {"nps_change_on_year": points(-9, 4)}
BOOKS = {"control_difference__revenue": points(0.08, 0, "share")}
RAISE = "**Raise answers from 6 to 8.** There each further point clearly goes with more: €8"
UNSURE = {"driver_best_probability__speed": points(0.85, 0, "share")}
DRIVER = {
    "driver_best_probability__speed": points(0.95, 0, "share"),
    "driver_worth__speed": points(1.0, 0.2, "EUR"),
    "driver_worth__price": points(0.9, 0.2, "EUR"),
}
AS_GOOD = DRIVER | {"driver_worth__price": points(0.97, 0.02, "EUR")}


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (BOOKS | DRIVER | STEPS | LINK, "**Clear up the books first.** Our revenue"),
        (DRIVER | STEPS | LINK | FALLEN, "**Mend speed first.** No other driver"),
        (STEPS | LINK | FALLEN, RAISE),
        (STEPS | FALLEN, "**Find out why nps fell.** It is 9.0 points lower than a year before."),
        (STEPS, "**Test before you spend.**"),
        (UNSURE, "**Test before you spend.**"),
        (AS_GOOD, "**Test before you spend.**"),
    ],
    ids=["books", "driver", "step", "fallen", "steps without a link", "no driver is sure",
         "another driver is as good"],
)  # fmt: skip
def test_what_to_decide_follows_the_first_rule_that_is_clear(tmp_path, numbers, says):
    assert decision.decide(recorded(tmp_path, **numbers), EDITION).startswith(says)


def test_the_one_chart_is_the_curve_else_the_score_else_revenue(tmp_path):
    rising, level = (
        {
            f"repeat_rate_by_score__{score}": points(rate(score), 0.03, "share")
            for score in range(11)
        }
        for rate in (lambda score: score / 20, lambda _score: 0.3)
    )
    curve = decision.chart(recorded(tmp_path, **rising, **STEPS), EDITION)
    assert (curve.id, curve.message) == ("curve", "From 6 to 8 more customers order again")
    flat = decision.chart(recorded(tmp_path, **level, **STEPS), EDITION)
    assert flat.message == "Who scores higher orders again more often, or not"
    course = pd.DataFrame({
        "id": "nps", "period": ["2026Q2", "2026Q3"], "value": [20.0, 30.0], "low": 10.0,
        "high": 40.0, "n": 90,
    })  # fmt: skip
    found = replace(recorded(tmp_path, nps=points(30, 6)), trends=course)
    happened = pd.DataFrame({"event": ["new shop"], "happened_on": [pd.Timestamp("2026-07-01")]})
    told = {"has": lambda _name: True, "table": lambda _name: happened}
    course = decision.chart(found, SimpleNamespace(**{**vars(EDITION), **told}))
    assert course.id == "course" and ">1 new shop</text>" in course.html
    assert decision.chart(recorded(tmp_path), EDITION) is None


def places(svg: str, mark: str) -> list[tuple[float, float]]:
    (points,) = re.findall(rf'<{mark} points="([^"]*)"', svg)
    numbers = list(map(float, points.split()))
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_a_card_draws_the_intervals_around_its_line():
    values, band = [10.0, 12.0, 11.0], [(9.0, 11.0), (10.0, 14.0), (10.5, 11.5)]
    svg = summary.spark_svg(values, "From 10 to 11.", band)
    line, around = places(svg, "polyline"), places(svg, "polygon")
    above, below = around[:3], around[:2:-1]
    for (x, y), (left, high), (right, low) in zip(line, above, below, strict=True):
        assert x == left == right
        assert high < y < low  # down the drawing
    scale = (line[0][1] - line[1][1]) / 2.0  # of one unit
    for at in range(3):
        expected = [(end - values[at]) * scale for end in band[at]]
        found = [line[at][1] - below[at][1], line[at][1] - above[at][1]]
        assert found == pytest.approx(expected, abs=0.11)
    assert "<polygon" not in summary.spark_svg(values)
