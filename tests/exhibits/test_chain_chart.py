"""A chain is drawn whole at any width: each step in its box, in its order, within its edges."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from profitchain.exhibits import charts, customer_charts, style

STEPS = pd.DataFrame({
    "step": ["more order again within 90 days", "margin an experience, over a year",
             "experiences of the year", "margin a year"],
    "value": [2.5, 2.7, 5187.0, 14167.0], "low": [1.6, 1.5, 5187.0, 7868.0],
    "high": [3.3, 4.0, 5187.0, 20467.0],
    "unit": ["percentage points", "EUR", "orders", "EUR"],
})  # fmt: skip
WORDS = {
    "start": ("+1 point", "on “Would you recommend us to a friend?”, none above 10"),
    "figures": ["+2.5 in 100", "€2.73", "5,187", "CN¥1,234,567"],
    "signs": ["→", "→", "×", "="],
}


@pytest.mark.parametrize("canvas", [style.WIDE, style.NARROW])
def test_each_step_stands_in_its_box_and_none_runs_over(canvas):
    height = charts.natural_height(customer_charts.draw_chain, STEPS, canvas)
    with style.canvas_figure(canvas, height) as figure:
        ax = customer_charts.draw_chain(figure.subplots(), STEPS, **WORDS)
        FigureCanvasAgg(figure).draw()
        boxes = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, Rectangle)]
        texts = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert len(boxes) == 5
    figures = [WORDS["start"][0], *WORDS["figures"]]
    for box, words in zip(boxes, figures, strict=True):
        assert box.x0 <= texts[words].x0 and texts[words].x1 <= box.x1 + 1, words
        assert box.y0 <= texts[words].y0 and texts[words].y1 <= box.y1
    sizes = {text.get_fontsize() for text in ax.texts if text.get_text() in figures}
    assert len(sizes) == 1
    inside = [words for words in texts if words not in "→↓×="]
    for words in inside:
        assert any(box.y0 - 1 <= texts[words].y0 and texts[words].x1 <= box.x1 + 1
                   and texts[words].x0 >= box.x0 for box in boxes), words  # fmt: skip
    assert {"→" if canvas is style.WIDE else "↓", "×", "=", "1.6 to 3.3"} <= set(texts)
