"""The pictures of customers: who carries the business, who returns, and what a point brings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from profitchain.core import formats
from profitchain.core.i18n import _
from profitchain.exhibits import axes, charts, hover, style

# Of a chain.
GAP, PAD = 22, 8  # between boxes, and inside them, in CSS pixels
NARROW_GAP = 24
LARGE, SMALL = 1.3, 0.86  # of a box's figure, in sizes of its words
LETTER, BOLD = 0.56, 0.62  # the breadth of one, in sizes
WIDE_GAP = 0.3  # of the axis: two words have room between the dots


def draw_lorenz(ax: Axes, data: pd.DataFrame, *, mark: float = 0.1) -> Axes:
    """Draw which share of all money the top customers bring, and where all would be equal.

    Parameters
    ----------
    data : one row a place; first column the share of customers, then value, low, high (shares).
    mark : the share of customers to point out.
    """
    x, values = data.iloc[:, 0].to_numpy(float), data["value"].to_numpy(float)
    ax.plot([0, 1], [0, 1], color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES)
    ax.fill_between(x, data["low"], data["high"], color=style.SUBJECT, alpha=0.16, linewidth=0)
    ax.plot(x, values, color=style.SUBJECT)
    shares = [formats.plain(share, "share", bare=True) for share in x]
    places = hover.some(data.assign(**{data.columns[0]: shares}))
    hover.tell_rows(ax, places, hover.some(data).iloc[:, 0], across=False)
    for at, value in data.loc[data.iloc[:, 0] == mark].iloc[:, :2].to_numpy(float):
        figure = axes.figure_text(value, data.iloc[0])
        ax.plot(at, value, "o", color=style.INK, zorder=4)
        ax.annotate(
            _("top {share}: {figure}", share=f"{mark:.0%}", figure=figure), (at, value),
            xytext=(12, -6), textcoords="offset points", va="top", color=style.INK,
            fontweight="bold", bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    ax.annotate(_("if all were equal"), (0.97, 0.06), ha="right", va="bottom", color=style.SOFT)
    ax.set_xlim(0, 1)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_("customers, the largest first"))
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _place: axes.tick(value, "share")))
    axes.value_axis(ax.yaxis, data)
    return ax


def draw_shares(
    ax: Axes, data: pd.DataFrame, *, money: str = "revenue", total: bool = False
) -> Axes:
    """Draw which share of customers each group is, and which share of the money it brings.

    Parameters
    ----------
    data : one row a group; first column its name, then share_of_customers and share_of_ the money.
    total : the last row is all of them, and is not drawn.
    """
    rows = data.iloc[:-1] if total else data
    many, much = rows["share_of_customers"], rows[f"share_of_{money}"]
    places = range(len(rows))
    ax.hlines(places, many, much, color=style.CONTEXT, linewidth=2, alpha=0.6)
    ax.plot(many, places, "o", color=style.CONTEXT, markersize=8, clip_on=False)
    ax.plot(much, places, "o", color=style.SUBJECT, markersize=9, clip_on=False)
    for shares, name in ((many, _("customers")), (much, _(money))):
        labelled = zip(rows.iloc[:, 0], shares, strict=True)
        texts = [hover.text_of([label, name], share, "share") for label, share in labelled]
        hover.tell(ax, texts, (shares, places))
    ax.set_xlim(left=0)
    shown = rows.assign(value=much, unit="share")
    axes.value_axis(ax.xaxis, shown)
    axes.name_rows(ax, shown)
    ends = pd.DataFrame({_("customers"): many, _(money): much}).reset_index(drop=True)
    gaps = (ends.max(axis=1, skipna=False) - ends.min(axis=1)) / ax.get_xlim()[1]
    wide = gaps[gaps >= WIDE_GAP] if (gaps >= WIDE_GAP).any() else gaps.nlargest(1)
    for row in wide.index[:1]:  # of the first with room, the ends are named
        _name_ends(ax, row, ends.loc[row])
    return ax


def _name_ends(ax: Axes, row: int, ends: pd.Series) -> None:
    """Write beneath a row's two dots what they are, each to its own side where there is room."""
    colours = dict(zip(ends.index, (style.SOFT, style.SUBJECT), strict=True))
    room = 0.2 * ax.get_xlim()[1]
    first, last = ends.sort_values(kind="stable").index
    sides = {first: "right" if ends[first] > room else "left"}
    sides[last] = "left" if ends[last] < ax.get_xlim()[1] - room else "right"
    for name, side in sides.items():
        ax.annotate(
            name, (ends[name], row), xytext=(0, -9), textcoords="offset points", ha=side, va="top",
            color=colours[name], fontweight="bold",
        )  # fmt: skip


def draw_calibration(ax: Axes, data: pd.DataFrame, *, x_label: str = "") -> Axes:
    """Draw what came true against what was predicted: dots on the grey line were predicted right.

    Parameters
    ----------
    data : one row a bin; first column the mean predicted chance, then value, low, high (shares).
    """
    predicted = data.iloc[:, 0].astype(float)
    ends = [min(predicted.min(), data["low"].min()), max(predicted.max(), data["high"].max())]
    ax.plot(ends, ends, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=0)
    ax.vlines(predicted, data["low"], data["high"], color=style.SUBJECT, linewidth=3, alpha=0.45)
    ax.plot(predicted, data["value"], "o", color=style.SUBJECT, markersize=8)
    chances = [formats.plain(chance, "share", bare=True) for chance in predicted]
    hover.tell_rows(ax, data.assign(**{data.columns[0]: chances}), predicted, across=False)
    ax.set_xlabel(x_label)
    axes.value_axis(ax.xaxis, data)
    axes.value_axis(ax.yaxis, data)
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    return ax


def draw_survival(
    ax: Axes,
    data: pd.DataFrame,
    *,
    group: str | None = None,
    x_label: str = "",
    mark: tuple[float, float] | None = None,
) -> Axes:
    """Draw shares over time with their bands, one line a group, straight between known days.

    Lines end where the first of them does, so that their last values are of the same day.

    Parameters
    ----------
    data : one row a day (and group) of which a share is known; first column days.
    mark : a place on the curve to point out: days and value.
    """
    ends: list[axes.LineEnd] = []
    lines = charts.coloured(data, group)
    until = min(line.iloc[:, 0].astype(float).max() for _colour, _ink, (_name, line) in lines)
    for colour, ink, (name, line) in lines:
        line = _until(line, until)
        days = line.iloc[:, 0].astype(float)
        ax.fill_between(days, line["low"], line["high"], color=colour, alpha=0.16, linewidth=0)
        ax.plot(days, line["value"], color=colour)
        places = hover.some(line)
        hover.tell_rows(ax, places, places.iloc[:, 0].astype(float), across=False, name=name)
        last = line.iloc[-1]
        text = axes.figure_text(last["value"], last)
        ends.append((days.iloc[-1], last["value"], f"{name}\n{text}" if name else text, ink))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    if mark is not None:
        _point_out(ax, mark, data, x_label)
    ax.xaxis.set_major_locator(axes.SteadyLocator(integer=True, nbins=7))
    ax.set_xlabel(x_label)
    axes.value_axis(ax.yaxis, data)
    axes.label_ends(ax, ends)
    return ax


def _point_out(ax: Axes, mark: tuple[float, float], data: pd.DataFrame, x_label: str) -> None:
    days, value = mark
    ax.plot(days, value, "o", color=style.INK, markersize=7, zorder=4)
    place = {"figure": axes.figure_text(value, data.iloc[0]), "at": f"{days:g}", "unit": _(x_label)}
    ax.annotate(
        _("{figure} at {at} {unit}", **place).strip(), (days, value), xytext=(8, -10),
        textcoords="offset points", ha="left", va="top", color=style.INK, fontweight="bold",
    )  # fmt: skip


def _until(line: pd.DataFrame, day: float) -> pd.DataFrame:
    """Return a line up to a day, where it passes between two days that are known."""
    days = line.iloc[:, 0].astype(float)
    before = line[days <= day]
    if days.max() <= day:
        return before
    there = {name: np.interp(day, days, line[name]) for name in ("value", "low", "high")}
    return pd.concat([before, before.iloc[-1:].assign(**{str(line.columns[0]): day, **there})])


def draw_chain(
    ax: Axes, data: pd.DataFrame, *, start: tuple[str, str], figures: Sequence[str],
    signs: Sequence[str],
) -> Axes:  # fmt: skip
    """Draw one box a step, from left to right or from top to bottom, the last one filled.

    Parameters
    ----------
    data : one row a step after the first; first column what it counts, then value, low, high, unit.
    start : the first box: its figure and its words.
    figures : each further step's number, in words.
    signs : what leads to each further step: "→", "×" or "=".
    """
    is_narrow = ax.figure.bbox.width < style.NARROW_BELOW
    wide, high = ax.figure.bbox.width, ax.figure.bbox.height
    ax.set_axis_off()
    ax.set_xlim(0, wide)
    ax.set_ylim(high, 0)
    words = [start, *zip(figures, map(axes.plain_label, data.iloc[:, 0]), strict=True)]
    ranges = ["", *map(_range, data.to_dict("records"))]
    boxes = list(_boxes(len(words), wide, high, is_narrow))
    large = _figure_size(axes.text_size(ax), boxes[0][2], [figure for figure, _label in words])
    for place, (box, (figure, label)) in enumerate(zip(boxes, words, strict=True)):
        parts = [figure, label, ranges[place]]
        _box(ax, box, parts, large=large, is_filled=place == len(words) - 1)
    for sign, (left, top, _w, _h) in zip(signs, boxes[1:], strict=True):
        x, y = left - GAP / 2, top + boxes[0][3] / 2
        if is_narrow:
            x, y, sign = boxes[0][2] / 2, top - NARROW_GAP / 2, sign.replace("→", "↓")
        ax.text(x, y, sign, ha="center", va="center", color=style.SOFT, fontweight="bold")
    middles = [top + height / 2 for _left, top, _width, height in boxes[1:]]
    lefts = [left for left, _top, _width, _height in boxes[1:]]
    rights = [left + width for left, _top, width, _height in boxes[1:]]
    hover.tell(ax, hover.texts_of(data), (lefts, middles), (rights, middles), bar=boxes[0][3])
    return ax


def _boxes(
    number: int, wide: float, high: float, is_narrow: bool
) -> list[tuple[float, float, float, float]]:
    """Return left, top, width and height of each box."""
    if is_narrow:
        height = (high - NARROW_GAP * (number - 1)) / number
        return [(0, place * (height + NARROW_GAP), wide, height) for place in range(number)]
    width = (wide - GAP * (number - 1)) / number
    return [(place * (width + GAP), 0, width, high) for place in range(number)]


def _figure_size(size: float, width: float, figures: Sequence[str]) -> float:
    """Return how large the figures of all boxes stand: as large as the longest one has room."""
    longest = max(1, *map(axes.breadth, figures))
    return size * max(SMALL, min(LARGE, (width - 2 * PAD) / (BOLD * size * longest)))


def _box(
    ax: Axes,
    box: tuple[float, float, float, float],
    words: Sequence[str],
    *,
    large: float,
    is_filled: bool,
) -> None:
    """Draw a box with its figure, its words and its interval, one below the other."""
    left, top, width, height = box
    ground, edge = (style.SUBJECT, style.SUBJECT) if is_filled else ("none", style.CONTEXT)
    ax.add_patch(Rectangle((left, top), width, height, facecolor=ground, edgecolor=edge))
    ink, soft = (style.PAPER, style.PAPER) if is_filled else (style.INK, style.SOFT)
    figure, label, ends = words
    size, room = axes.text_size(ax), width - 2 * PAD
    letters = int(room / (LETTER * size))
    lines = [line for text in (label, ends) if text for line in axes.wrapped(text, letters)]
    y = top + PAD + 0.9 * large
    ax.text(left + PAD, y, figure, color=ink, fontsize=large, fontweight="bold", va="baseline")
    for place, line in enumerate(lines, 1):
        at = y + 0.35 * size + 1.25 * size * place
        ax.text(left + PAD, at, line, color=soft, va="baseline")


def _range(row: dict[str, object]) -> str:
    """Return a step's interval; "" for a number without one."""
    low, high = (float(str(row[name])) for name in ("low", "high"))
    if not low < high:
        return ""
    unit = str(row.get("unit") or "")
    places = formats.places_for([low, high], unit)
    return formats.ends(
        *(formats.plain(end, unit, places=places, bare=True) for end in (low, high))
    )
