"""Events on lines over time: on each of them, where they happened, and no label on a line."""

from __future__ import annotations

import html
import re
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from profitchain.core.periods import Period
from profitchain.exhibits import charts, event_marks, exhibit, style

WORDS = {"measure": "NPS, points", "source": "Survey", "description": "It rose.", "message": "Up"}
EVENTS = [
    ("long before", date(2020, 1, 1)),
    ("price rise", date(2026, 1, 1)),
    ("new shop", date(2026, 5, 16)),
    ("price rise", date(2026, 9, 30)),
    ("after it", date(2026, 12, 1)),
]


def trend(last: str = "2026Q3", periods: int = 8, **columns: object) -> pd.DataFrame:
    names = [str(period) for period in Period(last).last(periods)]
    value = np.linspace(30, 40, periods)
    rows = {"period": names, "value": value, "low": value - 3, "high": value + 3, "unit": "points"}
    return pd.DataFrame(rows | columns)


def drawn(**how: object) -> str:
    return html.unescape(
        exhibit.chart(charts.draw_trend, trend(), id="x", events=EVENTS, **WORDS, **how).html
    )


def test_events_of_the_time_drawn_are_numbered_and_told_beneath_in_words_and_aloud():
    page = drawn()
    wide = page.partition("</svg>")[0]
    assert all(f">{number}</text>" in wide for number in (1, 2, 3)) and ">4</text>" not in wide
    key = "1, 3 price rise; 2 new shop"
    assert f">{key}</text>" in wide
    assert f'aria-label="It rose. Marked: {key}."' in wide
    assert "<title>2 new shop, 2026-05-16</title>" in wide


def test_small_multiples_say_once_what_numbers_stand_for():
    data = pd.concat([trend(measure="NPS"), trend(measure="Ease")])
    page = exhibit.chart(charts.draw_trend, data, id="x", panels="measure", events=EVENTS, **WORDS)
    assert page.body.count("<svg") == 2
    assert page.body.count("1, 3 price rise; 2 new shop</p>") == 1
    assert page.body.count("2 new shop</text>") == 0


def test_an_event_stands_where_its_day_lies_in_its_period():
    figures = [event_marks.numbered(EVENTS, charts.in_time(trend())), charts.in_time(trend())]
    with style.canvas_figure(style.WIDE, 320) as figure:
        ax = charts.draw_trend(figure.subplots(), trend(), events=figures[0])
    lines = next(c for c in ax.collections if len(c.get_paths()) == 3)
    at = [segment[0][0] for segment in lines.get_segments()]
    # The first of January begins the sixth period; 16 May lies in the middle of the seventh.
    assert at[:2] == pytest.approx([4.5, 6.0], abs=0.01)
    assert at[2] == pytest.approx(len(trend()) - 0.7)  # within the axes


@pytest.mark.parametrize("canvas", [style.WIDE, style.NARROW, style.PANEL])
@pytest.mark.parametrize("last", ["2026Q3", "2026-09"])
@pytest.mark.parametrize("slope", [1, -1, 8])
def test_no_number_of_an_event_lies_on_a_line_or_on_another_text(canvas, last, slope):
    periods = 8 if "Q" in last else 13
    data = trend(last, periods)
    value = slope * np.linspace(30, 40, periods)
    data = data.assign(value=value, low=value - 3, high=value + 3)
    days = [Period(last).last_day.replace(day=day) for day in (1, 2, 14, 15, 29, 30)]
    events = event_marks.numbered([(f"event {d:%d}", d) for d in days], charts.in_time(data))
    with style.canvas_figure(canvas, 320) as figure:
        ax = charts.draw_trend(figure.subplots(), data, events=events)
        FigureCanvasAgg(figure).draw()
        texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
        boxes = {text: text.get_window_extent() for text in texts}
        numbers = [text for text in ax.texts if re.fullmatch(r"[\d,]+", text.get_text())
                   and text.get_position()[1] == event_marks.PAD]  # fmt: skip
        assert ",".join(text.get_text() for text in numbers) == "1,2,3,4,5,6"
        for text in numbers:
            assert boxes[text].y0 >= ax.get_window_extent().y1  # lines end below it
        for one, other in combinations(boxes, 2):
            if one in numbers or other in numbers:
                assert not boxes[one].overlaps(boxes[other]), (one.get_text(), other.get_text())
