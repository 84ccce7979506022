"""What surrounds a picture's marks: ticks, row names and line labels in the reader's units."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from profitchain import formats, style
from profitchain.languages import _
from profitchain.periods import Period

LABEL_LETTERS = 26


def tick(value: float, unit: str, *, places: int | None = None) -> str:
    """Return an axis label: with `places` decimals, by default as few as tell it apart.

    Examples
    --------
    >>> tick(0.3, "share"), tick(-20, "points"), tick(1500, "EUR"), tick(0.25, "score")
    ('30%', '−20', '€1,500', '0.25')
    """
    shown = value * 100 if unit == "share" else value
    places = _decimals_of(shown) if places is None else places
    text = formats.plain(value, unit if unit != "p" else "", places=places, bare=True)
    return text.split(" ")[0]


def value_axis(axis: Axis, data: pd.DataFrame) -> None:
    """Write the numbers of an axis in the data's unit, with light grid lines in its direction."""
    unit = _unit(data)
    axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, place: _tick_of(axis, value, unit)))
    axis.axes.grid(axis="x" if axis is axis.axes.xaxis else "y")
    axis.axes.grid(False, axis="y" if axis is axis.axes.xaxis else "x")


def period_axis(ax: Axes, order: list[str]) -> None:
    """Name the periods along the bottom, as many as have room, each year once."""
    labels = [_period_tick(name) for name in order]
    if not any("\n" in label for label in labels[:3]):
        labels[0] = _period_tick(order[0], with_year=True)
    room = ax.figure.get_figwidth() * 72 / (3.2 * ax.xaxis.label.get_size())
    step = max(1, int(np.ceil(len(order) / room)))
    kept = range((len(order) - 1) % step, len(order), step)
    ax.set_xticks(list(kept), [labels[place] for place in kept])
    ax.set_xlim(-0.3, len(order) - 0.7)


def label_ends(ax: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write each line's name and last value beside its end, pushed apart where they'd touch."""
    size = ax.xaxis.label.get_size()
    height = ax.figure.get_figheight() * 72 * 0.72
    low, high = ax.get_ylim()
    lines = max((end[2].count("\n") + 1 for end in ends), default=1)
    gap = (high - low) * size * 1.25 * lines / height
    level = -np.inf
    right = max((end[0] for end in ends), default=0)
    for _x, y, text, colour in sorted(ends, key=lambda end: end[1]):
        level = max(y, level + gap)
        ax.annotate(
            text,
            (right, level),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=colour if len(ends) > 1 else style.INK,
            fontweight="bold",
            linespacing=1.1,
            annotation_clip=False,
        )


def name_rows(ax: Axes, data: pd.DataFrame, *, values: bool = True) -> Axes:
    """Name the rows: beside the axis, or above each row where the drawing is narrow."""
    labels = [plain_label(label) for label in data.iloc[:, 0]]
    texts = _row_texts(data) if values else [""] * len(data)
    ax.grid(False, axis="y")
    is_narrow = ax.figure.get_figwidth() * 72 < style.NARROW_BELOW
    ax.set_ylim(len(data) - 0.5, -0.85 if is_narrow else -0.6)
    if is_narrow:
        ax.set_yticks([])
        for row, (label, text) in enumerate(zip(labels, texts, strict=True)):
            _note(ax, 0, row - 0.27, label, ha="left", va="bottom", color=style.INK)
            _note(ax, 1, row - 0.27, text, ha="right", va="bottom", color=style.SOFT)
    else:
        wrapped = [textwrap.fill(label, LABEL_LETTERS) for label in labels]
        ax.set_yticks(range(len(data)), wrapped, color=style.INK)
        for row, text in enumerate(texts):
            _note(ax, 1.02, row, text, ha="left", va="center", color=style.SOFT)
    return ax


def figure_text(value: float, row: pd.Series, *, places: int | None = None) -> str:
    """Return a row's number as it stands beside its mark."""
    return formats.plain(value, str(row.get("unit", "") or ""), places=places, bare=True)


def plain_label(label: object) -> str:
    """Return a label as text, a whole score without decimals."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return _(str(label)) if str(label) else ""


def _period_tick(name: str, *, with_year: bool = False) -> str:
    period = Period(name)
    if period.every == "year":
        return name
    part = formats.period_part(period)
    with_year = with_year or period.first_day.month == 1
    return f"{part}\n{period.first_day.year}" if with_year else part


def _unit(data: pd.DataFrame) -> str:
    return str(data["unit"].iloc[0]) if "unit" in data and len(data) else ""


def _note(ax: Axes, x: float, y: float, text: str, **look: str) -> None:
    ground = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5}  # no line runs through it
    ax.text(x, y, text, transform=ax.get_yaxis_transform(), bbox=ground, **look)


def _row_texts(data: pd.DataFrame) -> list[str]:
    """Return each row's number, all of one unit with the same decimals."""
    known, unit = data["value"].dropna(), _unit(data)
    is_mixed = "unit" in data and data["unit"].nunique() > 1
    whole = unit in formats.COUNTS and (known % 1 == 0).all()
    largest = known.abs().max() if len(known) else 0
    places = None if is_mixed else 0 if whole else formats.decimals(unit, largest)
    return [
        _(formats.TOO_FEW)
        if pd.isna(row["value"])
        else figure_text(row["value"], row, places=places)
        for _place, row in data.iterrows()
    ]


def _tick_of(axis: Axis, value: float, unit: str) -> str:
    """Return one of an axis's labels, with the decimals that the finest of them needs."""
    scale = 100 if unit == "share" else 1
    low, high = sorted(axis.get_view_interval())
    shown = [at * scale for at in axis.get_majorticklocs() if low <= at <= high]
    return tick(value, unit, places=max(map(_decimals_of, shown), default=0))


def _decimals_of(value: float) -> int:
    text = f"{value:.6g}"
    return 0 if "e" in text else len(text.partition(".")[2])
