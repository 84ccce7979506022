"""What surrounds a picture's marks: ticks, row names and line labels in the reader's units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, MaxNLocator

from profitchain.core import formats
from profitchain.core.i18n import HAN, _
from profitchain.core.periods import Period
from profitchain.exhibits import style

LABEL_LETTERS = 26
LINE = 1.2  # of a row's name, from one line to the next, in sizes
MOST_LETTERS = 100  # of a name beside its row; tables hold it whole
CORNER_PAD = 10  # below the axis, so that the two numbers of the corner stay apart
LEAST_SPAN = {"share": 0.1, "points": 20.0, "score": 1.0}  # of an axis without a zero
LEAST_PART = 0.2  # of its largest number, in other units
GROUND = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5}  # no line runs through it
LineEnd = tuple[float, float, str, str]  # x, y, what to write there, its colour
PERIOD_PAD = 6  # below the axis: Chinese letters are taller, and touch its zero otherwise


class SteadyLocator(MaxNLocator):
    """Chooses an axis' ticks by its ends' first nine digits: on all processors the same."""

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return where ticks stand between two ends, or just outside them."""
        return super().tick_values(float(f"{vmin:.9g}"), float(f"{vmax:.9g}"))


def tick(value: float, unit: str, *, places: int | None = None) -> str:
    """Return an axis label: with `places` decimals, by default as few as tell it apart.

    Examples
    --------
    >>> tick(0.3, "share"), tick(-20, "points"), tick(1500, "EUR"), tick(0.25, "score")
    ('30%', '−20', '€1,500', '0.25')
    """
    if places is None:
        places = _decimals_of(value * 100 if unit == "share" else value)
    text = formats.plain(value, unit if unit != "p" else "", places=places, bare=True)
    return text.split(" ")[0]


def value_axis(axis: Axis, data: pd.DataFrame) -> None:
    """Write the numbers of an axis in the data's unit, with light grid lines in its direction.

    An axis without a zero spans at least `LEAST_SPAN` of its unit, so that small moves look small.
    """
    _widen(axis, unit_of(data))
    axis.set_major_locator(SteadyLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(_InUnit(unit_of(data)))
    is_x = axis is axis.axes.xaxis
    axis.axes.grid(True, axis="x" if is_x else "y")
    axis.axes.grid(False, axis="y" if is_x else "x")


def _widen(axis: Axis, unit: str) -> None:
    """Let an axis that has no zero span enough of its unit, on both sides alike."""
    is_x = axis is axis.axes.xaxis
    low, high = axis.axes.get_xlim() if is_x else axis.axes.get_ylim()
    if low <= 0 <= high:
        return
    least = LEAST_SPAN.get(unit, LEAST_PART * max(abs(low), abs(high)))
    room = (least - (high - low)) / 2
    if room > 0:
        (axis.axes.set_xlim if is_x else axis.axes.set_ylim)(low - room, high + room)


def period_axis(ax: Axes, order: list[str]) -> None:
    """Name the periods along the bottom, as many as have room, and beneath them each year once."""
    periods = [Period(name) for name in order]
    parts = [
        period.year_name if period.every == "year" else formats.period_part(period)
        for period in periods
    ]
    step = _step(ax, parts, room=1)
    places = range((len(order) - 1) % step, len(order), step)
    ax.set_xticks(list(places), [parts[place] for place in places])
    ax.tick_params(axis="x", pad=PERIOD_PAD)
    if any(period.every != "year" for period in periods):
        years, size = _first_of_years(periods, places), text_size(ax)
        ax.set_xticks(list(years), list(years.values()), minor=True)
        ax.xaxis.remove_overlapping_locs = False
        ax.tick_params(axis="x", which="minor", length=0, pad=PERIOD_PAD + 1.25 * size)
    ax.set_xlim(-0.3, len(order) - 0.7)


def name_columns(ax: Axes, labels: list[str]) -> None:
    """Name ordered columns along the bottom: all of them, or every second and so on."""
    places = range(0, len(labels), _step(ax, labels, room=0.7))
    ax.set_xticks(list(places), [labels[place] for place in places])


def text_size(ax: Axes) -> float:
    """Return the size of an axes' text, in CSS pixels."""
    return float(ax.xaxis.label.get_fontsize())


def breadth(text: str) -> int:
    """Return how many letters of Latin text a text is as broad as: a Han letter counts twice.

    Examples
    --------
    >>> breadth("Q3"), breadth("\N{CJK UNIFIED IDEOGRAPH-6708}")
    (2, 2)
    """
    return len(text) + len(HAN.findall(text))


def wrapped(text: str, letters: int) -> list[str]:
    """Return text in lines of at most so many letters, a Han letter counting twice.

    A longer word goes on in the next line.

    Examples
    --------
    >>> wrapped("twice the days since the last order", 26)
    ['twice the days since the', 'last order']
    """
    lines = [""]
    for piece in re.findall(rf"{HAN.pattern}|(?:(?!{HAN.pattern})\S){{1,{letters}}}\s*|\s+", text):
        if lines[-1] and breadth(lines[-1] + piece.rstrip()) > letters:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def label_ends(ax: Axes, ends: Sequence[LineEnd]) -> None:
    """Write each line's name and last value beside its end, pushed apart where they'd touch.

    A line that ends before the others has them beneath its own end.
    """
    size, height = text_size(ax), ax.figure.bbox.height * 0.72
    low, high = ax.get_ylim()
    lines = max((end[2].count("\n") + 1 for end in ends), default=1)
    gap = (high - low) * size * 1.25 * lines / height
    level = -np.inf
    right = max((end[0] for end in ends), default=0)
    for x, y, text, colour in sorted(ends, key=lambda end: end[1]):
        if x < right:
            ax.annotate(
                text.replace("\n", " "), (x, y), xytext=(0, -8), textcoords="offset points",
                ha="center", va="top", color=colour, fontweight="bold", bbox=GROUND, zorder=2.5,
            )  # fmt: skip
            continue
        level = max(y, level + gap)
        ax.annotate(
            text, (right, level), xytext=(9, 0), textcoords="offset points", va="center",
            color=colour if len(ends) > 1 else style.INK, fontweight="bold", linespacing=1.1,
            annotation_clip=False,
        )  # fmt: skip


def name_rows(ax: Axes, data: pd.DataFrame, *, values: bool = True) -> Axes:
    """Name the rows: beside the axis, or above each row where the drawing is narrow."""
    labels = [plain_label(label) for label in data.iloc[:, 0]]
    texts = _row_texts(data) if values else [""] * len(data)
    ax.grid(False, axis="y")
    is_narrow = ax.figure.bbox.width < style.NARROW_BELOW
    ax.set_ylim(len(data) - 0.5, -0.85 if is_narrow else -0.6)
    ax.set_yticks([])
    if is_narrow:
        room = int(ax.figure.bbox.width / (0.56 * text_size(ax)))  # in letters
        for row, (label, text) in enumerate(zip(labels, texts, strict=True)):
            _note(
                ax,
                0,
                row - 0.27,
                _cut(label, room - breadth(text)),
                ha="left",
                va="bottom",
                color=style.INK,
            )
            _note(ax, 1, row - 0.27, text, ha="right", va="bottom", color=style.SOFT)
        return ax
    _write_beside(ax, labels, texts)
    return ax


def figure_text(value: float, row: pd.Series, *, places: int | None = None) -> str:
    """Return a row's number as it stands beside its mark."""
    return formats.plain(value, str(row.get("unit", "") or ""), places=places, bare=True)


def plain_label(label: object) -> str:
    """Return a label as text in one line, a whole score without decimals; a very long one cut."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    text = " ".join(_(str(label)).split()) if str(label) else ""
    return _cut(text, MOST_LETTERS)


def row_lines(label: object) -> list[str]:
    """Return a row's name in the lines in which it stands beside its row."""
    return wrapped(plain_label(label), LABEL_LETTERS)


def _cut(text: str, letters: int) -> str:
    return text if breadth(text) <= letters else f"{wrapped(text, letters - 1)[0]}…"


def _write_beside(ax: Axes, labels: list[str], texts: list[str]) -> None:
    """Write row names left of the drawing, each line by itself, and the rows' numbers right of it.

    So all lines end at the axis, and all last digits stand one below the other.
    """
    size = text_size(ax)
    how: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
    how |= {"ha": "right", "va": "center_baseline", "annotation_clip": False}
    for row, label in enumerate(labels):
        lines = row_lines(label)
        for line, text in enumerate(lines):
            place = (-8, LINE * size * ((len(lines) - 1) / 2 - line))
            ax.annotate(text, (0, row), xytext=place, color=style.INK, **how)
    room = 8 + 0.64 * size * max(map(breadth, texts), default=0)
    for row, text in enumerate(texts):
        ax.annotate(text, (1, row), xytext=(room, 0), color=style.SOFT, **how)


def _first_of_years(periods: list[Period], places: Iterable[int]) -> dict[int, str]:
    """Return each place where a year begins, unless the next year begins right beside it."""
    years = [(place, periods[place].year_name) for place in places]
    firsts = [year for before, year in pairwise([(-1, ""), *years]) if year[1] != before[1]]
    beside = {year for year, after in pairwise(years) if year in firsts and after in firsts}
    return {place: year for place, year in firsts if (place, year) not in beside}


def _step(ax: Axes, labels: list[str], *, room: float) -> int:
    """Return which labels have room, with so many letters between them: every n-th."""
    broadest = 0.62 * text_size(ax) * (max(map(breadth, labels)) + room)
    return max(1, int(np.ceil(len(labels) / (0.86 * ax.figure.bbox.width / broadest))))


def unit_of(data: pd.DataFrame) -> str:
    """Return the unit of a drawing's numbers, that of its first row; "" where none is named."""
    return str(data["unit"].iloc[0]) if "unit" in data and len(data) else ""


def _note(ax: Axes, x: float, y: float, text: str, **look: Any) -> None:
    ax.text(x, y, text, transform=ax.get_yaxis_transform(), bbox=GROUND, **look)


def _row_texts(data: pd.DataFrame) -> list[str]:
    """Return each row's number, all of one unit with the same decimals."""
    values, unit = data["value"].dropna(), unit_of(data)
    is_mixed = "unit" in data and data["unit"].nunique() > 1
    whole = unit in formats.COUNTS and (values % 1 == 0).all()
    largest = values.abs().max() if len(values) else 0
    places = None if is_mixed else 0 if whole else formats.decimals(unit, largest)
    return [
        figure_text(row["value"], row, places=places)
        if pd.notna(row["value"])
        else _(formats.TOO_FEW)
        for _place, row in data.iterrows()
    ]


class _InUnit(Formatter):
    """Writes an axis's labels in a unit, with the decimals that the finest of them needs."""

    def __init__(self, unit: str) -> None:
        self.unit, self.places = unit, 0

    def set_locs(self, locs: Sequence[float]) -> None:
        """Choose the decimals for the labels at these places, once for all of them."""
        super().set_locs(list(locs))
        assert self.axis is not None  # an axis sets itself before it asks for labels
        scale = 100 if self.unit == "share" else 1
        low, high = sorted(self.axis.get_view_interval())
        self.places = max((_decimals_of(at * scale) for at in locs if low <= at <= high), default=0)

    def __call__(self, value: float, pos: int | None = None) -> str:
        """Return the label at a place."""
        return tick(value, self.unit, places=self.places)


def _decimals_of(value: float) -> int:
    text = f"{value:.6g}"
    return 0 if "e" in text else len(text.partition(".")[2])
