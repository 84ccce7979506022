"""What a drawing's marks say to who points at them: name, value and interval, as the tables do."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from profitchain.core import formats
from profitchain.core.i18n import _
from profitchain.exhibits import axes, svg_compaction, tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

BREADTH = 16  # around a dot or an interval, in CSS pixels
MOST_PLACES = 25  # of a curve that can be pointed at, evenly
Ends = Iterable[float]


@dataclass(frozen=True, slots=True)
class _Target:
    """A line between two places of an axes that tells its text, as broad as its mark.

    `breadth` is in CSS pixels, or in units of the other axis where the mark is a `bar`; `scale`
    tells where a place lies in the drawing.
    """

    scale: Transform
    text: str
    start: tuple[float, float]
    end: tuple[float, float]
    breadth: float
    is_bar: bool


_TARGETS: WeakKeyDictionary[FigureBase, list[_Target]] = WeakKeyDictionary()


def tell(
    ax: Axes,
    texts: Sequence[str],
    starts: tuple[Ends, Ends],
    ends: tuple[Ends, Ends] | None = None,
    *,
    bar: float = 0,
    scale: Transform | None = None,
) -> None:
    """Let marks tell a text each to who points at them.

    Parameters
    ----------
    starts, ends : x and y where each mark begins and ends, in the axes' data; a dot has no ends.
        A mark whose start isn't known tells nothing; an end that isn't known is the start.
    bar : how broad bars are, in units of the axis across them; other marks are as broad as a dot.
    scale : of the places, where it is not that of the axes' data.
    """
    marks = zip(texts, *starts, *(ends or starts), strict=True)
    told = _TARGETS.setdefault(ax.figure, [])
    for text, x, y, x_end, y_end in marks:
        if np.isfinite(x) and np.isfinite(y):
            end = (x if np.isnan(x_end) else x_end, y if np.isnan(y_end) else y_end)
            told.append(
                _Target(scale or ax.transData, text, (x, y), end, bar or BREADTH, bool(bar))
            )


def tell_rows(
    ax: Axes, data: pd.DataFrame, at: Ends, *, across: bool = True, name: str = ""
) -> None:
    """Let each row tell its estimate: from low to high at `at`, from left to right if `across`.

    `data` has a row a mark: its name first, then value, low, high; `name` is that of its line.
    """
    value = data["value"].astype(float)
    low, high = (data.get(name, value).astype(float) for name in ("low", "high"))
    low, high = low.where(value.notna()).fillna(value), high.fillna(value)
    one, other = (low, at), (high, at)
    if not across:
        one, other = (at, low), (at, high)
    tell(ax, texts_of(data, name), one, other)


def texts_of(data: pd.DataFrame, name: str = "", stem: str = "") -> list[str]:
    """Return what each row tells: the name of its line, its own name, its estimate.

    `stem` is what the columns of the estimate begin with, before value, low and high.
    """
    line = [name] if name else []
    names = ([*line, named] if (named := _name(label)) else line for label in data.iloc[:, 0])
    cells = tables.estimate_cells(data, stem)
    return [_said(named, cell) for named, cell in zip(names, cells, strict=True)]


def text_of(names: Iterable[object], value: float, unit: str) -> str:
    """Return what a mark tells that has no interval: names, and a number in its unit.

    Examples
    --------
    >>> text_of(["Champions", "customers"], 0.06, "share")
    'Champions · customers: 6.0%'
    """
    return _said(map(_name, names), formats.plain(value, unit, bare=True))


def some(data: pd.DataFrame) -> pd.DataFrame:
    """Return at most so many places of a curve, evenly, its last one among them."""
    step = -(-len(data) // MOST_PLACES) or 1
    return data.iloc[(len(data) - 1) % step :: step]


def layer(figure: Figure) -> str:
    """Return the places of a drawn figure that tell something, as SVG: seen by nobody, pointed at.

    Those who read with their ears, or by keyboard, have the same values in the table beneath.
    """
    groups: dict[str, list[str]] = {}
    for target in _TARGETS.get(figure, ()):
        groups.setdefault(_look(target), []).append(_written(target, figure.bbox.height))
    return "".join(
        f'<g style="fill:none;{look}">{"".join(paths)}</g>' for look, paths in groups.items()
    )


def _look(target: _Target) -> str:
    if not target.is_bar:
        caps = "stroke-linecap:round;"
        return f"pointer-events:stroke;{caps}stroke-width:{target.breadth:g}"
    (left, low), (right, high) = target.scale.transform([(0, 0), (target.breadth,) * 2])
    is_level = target.start[1] == target.end[1]
    breadth = abs(high - low if is_level else right - left)
    return f"pointer-events:stroke;stroke-width:{breadth:.0f}"


def _written(target: _Target, height: float) -> str:
    ends = target.scale.transform([target.start, target.end])
    (x, y), (x_end, y_end) = np.round(ends)  # to whole pixels: nobody points more finely
    x_end += (x, y) == (x_end, y_end)  # a line without a length can't be pointed at
    d = svg_compaction.path_data([("M", (x, height - y)), ("L", (x_end, height - y_end))])
    return f'<path d="{d}"><title>{html.escape(target.text, quote=False)}</title></path>'


def _name(label: object) -> str:
    """Return what a row is called in one line; a number with two decimals, a whole one without.

    Examples
    --------
    >>> _name("North"), _name(7.0), _name(7.125)
    ('North', '7', '7.12')
    """
    if isinstance(label, float) and not label.is_integer():
        return formats.digits(label, 2)
    return axes.plain_label(label)


def _said(names: Iterable[str], figure: str) -> str:
    return _("{reading}: {figure}", reading=" · ".join(names), figure=figure)
