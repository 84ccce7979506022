"""What is measured or made once draws the same bytes as matplotlib does without it."""

from contextlib import nullcontext

import pandas as pd
import pytest

from profitchain.exhibits import charts, style

HAN = "\N{CJK UNIFIED IDEOGRAPH-6708}"
ROWS = pd.DataFrame(
    {"label": ["North", "a name that needs two lines beside its row", HAN],
     "value": [0.2, 0.5, 0.35], "low": [0.1, 0.45, 0.3], "high": [0.3, 0.55, 0.41],
     "unit": "share"}
)  # fmt: skip
TREND = ROWS.assign(label=["2025Q3", "2025Q4", "2026Q1"])


def drawn(draw, data, canvas=style.WIDE, **options):
    with style.canvas_figure(canvas, 300) as figure:
        draw(figure.subplots(), data, **options)
        return style.svg(figure, prefix="a", css_class="wide")


def by_hand(ax, data):
    """Draw as an analyst may: ticks moved, turned and coloured one by one, a second axis."""
    ax.plot(range(3), data["value"])
    ax.set_xticks([0, 1, 2], ["a", HAN, "c"], rotation=30, ha="right")
    ax.get_xticklabels()[1].set(color="red", fontsize=20)
    ax.twinx().plot(range(3), [1000, 2000, 3000])
    ax.set_xlabel("a label")


@pytest.mark.parametrize(
    ("draw", "data"),
    [(charts.draw_dots, ROWS), (charts.draw_trend, TREND), (charts.draw_bars, ROWS),
     (charts.draw_columns, ROWS), (by_hand, ROWS)],
)  # fmt: skip
@pytest.mark.parametrize("canvas", [style.WIDE, style.NARROW])
def test_a_drawing_has_the_bytes_that_it_has_when_all_is_measured_anew(
    draw, data, canvas, monkeypatch
):
    quick, again = drawn(draw, data, canvas), drawn(draw, data, canvas)
    monkeypatch.setattr(style, "copied_ticks", nullcontext)
    monkeypatch.setattr(style, "while_printing", nullcontext)
    assert quick == again == drawn(draw, data, canvas)


def test_matplotlib_measures_as_ever_outside_a_drawing():
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    before = Text._get_layout, Axis._update_ticks, Axis._get_tick, Axis._copy_tick_props
    with pytest.raises(ZeroDivisionError):
        drawn(lambda _ax, _data: 1 / 0, ROWS)
    drawn(charts.draw_dots, ROWS)
    assert before == (Text._get_layout, Axis._update_ticks, Axis._get_tick, Axis._copy_tick_props)


def test_a_tick_changed_by_one_drawing_is_as_ever_in_the_next():
    plain = drawn(charts.draw_trend, TREND)
    drawn(by_hand, ROWS)
    assert drawn(charts.draw_trend, TREND) == plain
