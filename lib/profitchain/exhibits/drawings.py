"""An exhibit's pictures: one for a desk and one for a phone, or small multiples for both."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import _
from profitchain.exhibits import charts, event_marks, hover, style
from profitchain.words import catalogue

Draw = Callable[..., object]


def pictures(
    draw: Draw,
    data: pd.DataFrame,
    panels: str | None,
    *,
    id: str,
    height: float | None,
    options: Mapping[str, Any],
) -> str:
    """Return a chart's drawings as HTML.

    Parameters
    ----------
    panels : column of which each value gets a drawing of its own.
    id : the exhibit's, from which its drawings have theirs.
    height : in CSS pixels; None: what suits the drawing.
    options : what `draw` takes besides.
    """
    how: dict[str, Any] = {"id": id, "height": height, "options": options}
    if panels is None:
        return _both_widths(draw, with_group_names(data), **how)
    if len(names := data[panels].drop_duplicates()) == 1:  # as large as any other drawing
        alone = with_group_names(data).drop(columns=panels)
        title = html.escape(catalogue.heading_of(_(str(names.iloc[0]))))
        return f'<p class="alone">{title}</p>{_both_widths(draw, alone, **how)}'
    key = event_marks.key(options.get("events", ()))
    beneath = f'<p class="measure">{html.escape(key)}</p>' if key else ""
    return _panels(draw, data, panels, **how) + beneath


def _drawing(
    draw: Draw, data: pd.DataFrame, canvas: style.Canvas, prefix: str, *,
    height: float | None, options: Mapping[str, Any],
) -> str:  # fmt: skip
    height = height or charts.natural_height(draw, data, canvas)
    with style.canvas_figure(canvas, height) as figure:
        draw(figure.subplots(), data, **options)
        return style.svg(figure, prefix=prefix, css_class=canvas.name, above=hover.layer)


def _both_widths(
    draw: Draw, data: pd.DataFrame, *, id: str, height: float | None, options: Mapping[str, Any]
) -> str:
    return "".join(
        _drawing(draw, data, canvas, f"{id}-{canvas.name}", height=height, options=options)
        for canvas in (style.WIDE, style.NARROW)
    )


def _panels(
    draw: Draw,
    data: pd.DataFrame,
    panels: str,
    *,
    id: str,
    height: float | None,
    options: Mapping[str, Any],
) -> str:
    """Return a drawing for each value of a column; dots of one measure share their axis."""
    own: dict[str, Any] = {}
    if "events" in options:
        own = {"with_key": False}
    if draw is charts.draw_dots:
        own = {"span": charts.span(data, options.get("reference"))}
    how: dict[str, Any] = {"height": height, "options": {**options, **own}}
    drawings = []
    for place, (name, rows) in enumerate(data.groupby(panels, sort=False, observed=True)):
        rows = with_group_names(rows).drop(columns=panels)
        title = html.escape(catalogue.heading_of(_(str(name))))
        drawing = _drawing(draw, rows, style.PANEL, f"{id}-{place}", **how)
        drawings.append(f"<div><p>{title}</p>{drawing}</div>")
    return f'<div class="panels">{"".join(drawings)}</div>'
