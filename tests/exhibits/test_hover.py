"""What marks tell who points at them: each its name, value and interval, as its table does."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest

from profitchain.core import i18n
from profitchain.core.estimates import Estimate
from profitchain.core.periods import Period
from profitchain.exhibits import charts, customer_charts, evidence_charts, exhibit
from profitchain.exhibits.tables import estimate_cells

WORDS = {"measure": "NPS, points", "source": "Survey", "description": "It rose.", "message": "Up"}


def rows(*labels, unit="points", **columns):
    value = 30.0 + np.arange(len(labels))
    estimates = {"value": value, "low": value - 5, "high": value + 15, "unit": unit}
    return pd.DataFrame({"label": labels} | estimates | columns)


PERIODS = [str(period) for period in Period("2026Q3").last(3)]
DAYS = rows(*range(101))
SHARES = pd.DataFrame({"group": ["a", "b"], "share_of_customers": [0.1, 0.9],
                       "share_of_margin": [0.6, 0.4]})  # fmt: skip
STACK = pd.DataFrame({"when": ["one", "two"], "bad": [0.2, 0.001], "good": [0.8, 0.999]})
LIMITS = pd.DataFrame({"customers": [10.0, 500.0]}).assign(
    low_998=20.0, low_95=25.0, high_95=35.0, high_998=40.0
)
HIDDEN = pd.DataFrame({"name": ["tier", "tenure"], "score_share": [0.02, 0.1],
                       "outcome_share": [0.05, 0.2]})  # fmt: skip
LINE = pd.DataFrame({"line": "half left", "score_share": np.linspace(0.01, 0.3, 20)})
SPECIFIED = rows("as points", "as points", for_="tenure", clear=["up", "unclear"], is_own=False)
SPECIFIED = SPECIFIED[["label", "for_", "value", "low", "high", "unit", "clear", "is_own"]]
# Drawing, its rows, its options, and how many marks it has.
CHAIN = {"start": ("+1 point", "on it"), "figures": ["€30", "€31"], "signs": ["→", "="]}
MODULES = (charts, customer_charts, evidence_charts)
DRAWINGS = {
    "draw_chain": (rows("an order", "a year"), CHAIN, 2),
    "draw_trend": (rows(*PERIODS), {}, 3),
    "draw_dots": (rows("North", "South"), {"reference": 0}, 2),
    "draw_pairs": (rows("North", "South", before=[28.0, np.nan]), {}, 3),
    "draw_bars": (rows("North", "South"), {}, 2),
    "draw_columns": (rows(1, 2, 3), {}, 3),
    "draw_stacked": (STACK, {}, 4),
    "draw_curve": (rows(*range(5)), {"points": rows(1, 2)}, 7),
    "draw_survival": (DAYS, {}, 21),
    "draw_lorenz": (DAYS.assign(label=DAYS["label"] / 100, value=0.5, unit="share"), {}, 21),
    "draw_shares": (SHARES, {"money": "margin"}, 4),
    "draw_calibration": (rows(0.1, 0.2, unit="share"), {}, 2),
    "draw_contours": (HIDDEN, {"lines": LINE.assign(outcome_share=0.1), "reach": (0.4, 0.4)}, 2),
    "draw_specifications": (SPECIFIED, {}, 2),
    "draw_ranges": (rows("a", "b", least=20.0, most=40.0), {}, 2),
    "draw_event": (rows(-1, 0, 1), {}, 3),
    "draw_funnel": (rows("a", "b", customers=[20, 300]), {"limits": LIMITS, "middle": 30}, 2),
    "draw_crosses": (
        rows("a", "b", across_value=1.0, across_low=0.5, across_high=2.0, across_unit="points"),
        {},
        2,
    ),
}


def told(name: str, **more: object) -> list[str]:
    """Return what the marks of the wide drawing tell."""
    data, options, _marks = DRAWINGS[name]
    draw = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    drawn = exhibit.chart(draw, data, id="x", **WORDS, **options, **more).body
    return re.findall(r"<title>(.*?)</title>", html.unescape(drawn.partition("</svg>")[0]))


def test_every_kind_of_drawing_is_tried():
    kinds = {name for module in MODULES for name in vars(module) if name.startswith("draw_")}
    assert kinds == set(DRAWINGS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_mark_tells_its_value(name):
    data, _options, marks = DRAWINGS[name]
    texts = told(name)
    assert len(texts) == marks
    assert all(re.search(r"\d", text.rpartition(": ")[2]) for text in texts)
    if {"value", "low"} <= set(data) and name != "draw_ranges":
        cells = set(estimate_cells(data))
        assert {text.rpartition(": ")[2] for text in texts} & cells
        assert len({text for text in texts if text.rpartition(": ")[2] in cells}) >= min(2, marks)


def test_a_mark_tells_name_value_and_interval_in_the_readers_words():
    assert told("draw_trend") == [
        "Q1 2026: 30.0 (25.0–45.0)", "Q2 2026: 31.0 (26.0–46.0)", "Q3 2026: 32.0 (27.0–47.0)",
    ]  # fmt: skip
    assert told("draw_shares")[:3] == [
        "a · customers: 10.0%", "b · customers: 90.0%", "a · margin: 60.0%",
    ]  # fmt: skip
    with i18n.speaking("zh-Hant"):
        assert told("draw_trend")[0] == "2026年第1季：30.0 (25.0–45.0)"


def test_a_mark_without_a_value_tells_nothing_and_its_words_are_only_words():
    data = rows("<b>North & co</b>", "South").assign(value=[30.0, np.nan])
    drawn = exhibit.chart(charts.draw_dots, data, id="x", **WORDS).body
    titles = re.findall(r"<title>(.*?)</title>", drawn.partition("</svg>")[0])
    assert titles == ["&lt;b&gt;North &amp; co&lt;/b&gt;: 30.0 (25.0–45.0)"]


def test_a_mark_is_told_where_it_is_drawn():
    data = rows("North", "South")
    data["low"], data["high"] = data["value"], data["value"]
    wide = exhibit.chart(charts.draw_dots, data, id="x", **WORDS).body.partition("</svg>")[0]
    dots = re.findall(r"M([\d.]+) ([\d.]+)h0", wide)
    places = re.findall(r'<path d="M([\d.]+) ([\d.]+)h1"><title>', wide)
    assert len(places) == 2
    for place in places:
        assert min(np.hypot(*(np.array(place, float) - np.array(dot, float))) for dot in dots) < 1


def test_what_is_pointed_at_is_not_seen():
    figure = Estimate(value=1.0, low=0.5, high=2.0, n=10, unit="points")
    data = exhibit.frame({"North": figure})
    wide = exhibit.chart(charts.draw_dots, data, id="x", **WORDS).body.partition("</svg>")[0]
    layer = re.search(r'<g style="([^"]*)"><path [^>]*><title>', wide)
    assert layer and "stroke:" not in layer[1] and "fill:none" in layer[1]
