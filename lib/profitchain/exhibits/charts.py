"""The pictures: each `draw_x(ax, data)` puts marks and labels on an axes and gives it back.

The first column of `data` is the label or the x; `value`, `low` and `high` are the estimate with
its interval, NaN where there is none; `unit`, where present, says how to write the numbers. Titles
and explanations are HTML and stand in the exhibit, not here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from profitchain.core import formats
from profitchain.core.errors import ParameterError
from profitchain.core.periods import Period
from profitchain.exhibits import axes, event_marks, hover, style
from profitchain.measures.satisfaction import GROUPS
from profitchain.words.catalogue import heading_of

ROW_HEIGHT = 38
NARROW_ROW_HEIGHT = 54
MOST_SERIES = 4
_MEANINGS = (  # colours of marks and labels of groups by score, from worst to best
    (style.SERIES[1], style.SERIES_TEXT[1]),
    (style.CONTEXT, style.NEUTRAL),
    (style.SUBJECT, style.SERIES_TEXT[0]),
)
_MEANT = {
    name.replace("_", " "): colours
    for names in GROUPS.values()
    for name, colours in zip(names, _MEANINGS, strict=True)
} | {"not satisfied": _MEANINGS[0]}
BY_ROW = (
    "draw_dots",
    "draw_pairs",
    "draw_bars",
    "draw_stacked",
    "draw_shares",
)  # as high as their rows


def draw_trend(
    ax: Axes,
    data: pd.DataFrame,
    *,
    group: str | None = None,
    zero: bool = False,
    events: event_marks.Events = (),
    with_key: bool = True,
) -> Axes:
    """Draw one line a group over periods, each with its interval as a band.

    Parameters
    ----------
    data : one row a period (and group); first column the period's name.
    group : column whose values name the lines, four at most.
    zero : start the vertical axis at zero.
    events : what happened: number, name and day each, as `event_marks.numbered` has them.
    with_key : say beneath the drawing what their numbers stand for.
    """
    order = in_time(data)
    ends: list[axes.LineEnd] = []
    for colour, ink, (name, line) in coloured(data, group):
        line = line.set_index(line.columns[0]).reindex(order)
        _band_line(ax, np.arange(len(order)), line, colour)
        named = line.reset_index(names="period").assign(
            period=[formats.period_short(period) for period in order], unit=axes.unit_of(data)
        )
        hover.tell_rows(ax, named, np.arange(len(order)), across=False, name=name)
        values = line["value"].dropna()
        if len(values):
            period, value = values.index[-1], values.iloc[-1]
            text = axes.figure_text(value, line.loc[period])
            ends.append((order.index(period), value, f"{name}\n{text}" if name else text, ink))
    if zero:
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    axes.period_axis(ax, order)
    axes.value_axis(ax.yaxis, data)
    axes.label_ends(ax, ends)
    event_marks.mark(ax, events, order, with_key=with_key)
    return ax


def draw_dots(
    ax: Axes,
    data: pd.DataFrame,
    *,
    reference: float | None = None,
    reference_label: str = "",
    span: tuple[float, float] | None = None,
    lead: int | None = None,
) -> Axes:
    """Draw one row a label: a dot with its interval, and a grey line to compare with.

    Parameters
    ----------
    data : one row a label, drawn from top to bottom.
    reference : where the grey line stands, in the data's unit.
    span : the ends of the axis, where several drawings must share them.
    lead : how many of the first rows the drawing speaks of; the others are grey.
    """
    rows = np.arange(len(data))
    if span is not None:
        ax.set_xlim(span)
    for part, colour in ((slice(0, lead), style.SUBJECT), (slice(lead, None), style.CONTEXT)):
        if lead is not None or colour == style.SUBJECT:
            low, value, high = (data[name].iloc[part] for name in ("low", "value", "high"))
            ax.hlines(rows[part], low, high, color=colour, linewidth=3, alpha=0.45)
            ax.plot(value, rows[part], "o", color=colour, markersize=9)
    hover.tell_rows(ax, data, rows)
    if reference is not None:
        ax.axvline(reference, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=0)
        ax.annotate(
            reference_label, (reference, 1), xycoords=("data", "axes fraction"), xytext=(0, 4),
            textcoords="offset points", color=style.SOFT, ha="center", va="bottom",
        )  # fmt: skip
    axes.value_axis(ax.xaxis, data)
    return axes.name_rows(ax, data)


def draw_pairs(ax: Axes, data: pd.DataFrame) -> Axes:
    """Draw one row a label: a hollow dot before, a full dot with its interval now, a line between.

    Parameters
    ----------
    data : one row a label, from top to bottom; `before` is the earlier value, NaN where unknown.
    """
    rows = np.arange(len(data))
    if {"low", "high"} <= set(data.columns):
        ax.hlines(rows, data["low"], data["high"], color=style.SUBJECT, linewidth=3, alpha=0.45)
    ax.hlines(rows, data["before"], data["value"], color=style.CONTEXT, linewidth=1.5, zorder=1)
    ax.plot(data["before"], rows, "o", color=style.CONTEXT, markerfacecolor=style.PAPER,
            markersize=8, markeredgewidth=1.5)  # fmt: skip
    ax.plot(data["value"], rows, "o", color=style.SUBJECT, markersize=9)
    before = [
        hover.text_of([name, heading_of("before")], value, axes.unit_of(data))
        for name, value in zip(data.iloc[:, 0], data["before"], strict=True)
    ]
    hover.tell_rows(ax, data, rows)
    hover.tell(ax, before, (data["before"], rows))
    axes.value_axis(ax.xaxis, data)
    return axes.name_rows(ax, data)


def draw_bars(ax: Axes, data: pd.DataFrame) -> Axes:
    """Draw one horizontal bar a row, from zero, with its interval as a whisker."""
    rows = np.arange(len(data))
    ax.barh(rows, data["value"].fillna(0), height=0.46, color=style.SUBJECT, alpha=0.85)
    if "low" in data and (data["low"] < data["high"]).any():
        ax.hlines(rows, data["low"], data["high"], color=style.INK, linewidth=1.5)
    hover.tell(ax, hover.texts_of(data), (0 * rows, rows), (_far_ends(data), rows), bar=0.46)
    ax.axvline(0, color=style.CONTEXT, linewidth=1)
    axes.value_axis(ax.xaxis, data)
    return axes.name_rows(ax, data)


def draw_columns(ax: Axes, data: pd.DataFrame, *, x_label: str = "") -> Axes:
    """Draw one column an ordered value (a score, a year), from zero, with whiskers."""
    places = np.arange(len(data))
    ax.bar(places, data["value"].fillna(0), width=0.68, color=style.SUBJECT, alpha=0.85)
    if "low" in data and (data["low"] < data["high"]).any():
        ax.vlines(places, data["low"], data["high"], color=style.INK, linewidth=1.5)
    ends = (places, 0 * places), (places, _far_ends(data))
    hover.tell(ax, hover.texts_of(data), *ends, bar=0.68)
    for place in places[data["value"].isna()]:
        ax.annotate("–", (place, 0), ha="center", va="bottom", color=style.SOFT)
    axes.name_columns(ax, [axes.plain_label(label) for label in data.iloc[:, 0]])
    ax.set_xlabel(x_label)
    axes.value_axis(ax.yaxis, data)
    return ax


def draw_stacked(ax: Axes, data: pd.DataFrame, *, middle: str | None = None) -> Axes:
    """Draw one bar a row, stacked of shares; around `middle`, what is bad goes left.

    Parameters
    ----------
    data : first column the label, each other column a share (0..1), from worst to best.
    middle : the neutral column, drawn half to either side of zero; none: stacked from zero.
    """
    names = [name for name in data.columns[1:] if name not in ("unit", "n", "why")]
    shares = data[names].to_numpy(dtype=float)
    starts = np.cumsum(shares, axis=1) - shares
    if middle is not None:
        at = names.index(middle)
        starts = starts - (starts[:, at] + shares[:, at] / 2)[:, None]
    for column, (name, colour) in enumerate(zip(names, _scale_colours(names, middle), strict=True)):
        _stack(ax, starts[:, column], shares[:, column], colour)
        ends = starts[:, column], starts[:, column] + shares[:, column]
        texts = [
            hover.text_of([label, axes.plain_label(name)], share, "share")
            for label, share in zip(data.iloc[:, 0], shares[:, column], strict=True)
        ]
        rows = np.arange(len(data))
        hover.tell(ax, texts, (ends[0], rows), (ends[1], rows), bar=0.46)
        _stack_heading(ax, name, column / max(1, len(names) - 1), colour)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.grid(False)
    return axes.name_rows(ax, data, values=False)


def draw_curve(
    ax: Axes,
    data: pd.DataFrame,
    *,
    points: pd.DataFrame | None = None,
    x_label: str = "",
    stretch: tuple[float, float] | None = None,
    gain: str = "",
) -> Axes:
    """Draw a fitted line with its band, and what was observed as dots with whiskers.

    Parameters
    ----------
    data : one row a place on the curve; first column x.
    points : one row an observed group; first column x, then value, low, high.
    stretch : from where to where the line is what the drawing speaks of.
    gain : what to write above that.
    """
    if points is not None:
        at = points.iloc[:, 0].astype(float)
        ax.vlines(at, points["low"], points["high"], color=style.CONTEXT, linewidth=2, alpha=0.7)
        ax.plot(at, points["value"], "o", color=style.CONTEXT, markersize=7)
        hover.tell_rows(ax, points, at, across=False)
    _band_line(ax, data.iloc[:, 0].astype(float).to_numpy(), data, style.SUBJECT, dots=False)
    hover.tell_rows(ax, places := hover.some(data), places.iloc[:, 0].astype(float), across=False)
    if stretch is not None:
        ax.axvspan(*stretch, color=style.SERIES[1], alpha=0.1, linewidth=0, zorder=0)
        ax.annotate(
            gain, (sum(stretch) / 2, 1), xycoords=("data", "axes fraction"), xytext=(0, 4),
            textcoords="offset points", ha="center", va="bottom", color=style.SERIES_TEXT[1],
            fontweight="bold",
        )  # fmt: skip
        part = data[data.iloc[:, 0].astype(float).between(*stretch)]
        ax.plot(part.iloc[:, 0].astype(float), part["value"], "-o", color=style.SERIES[1])
    nbins = 11 if data.iloc[:, 0].astype(float).max() < 1000 else 5  # long numbers need room
    ax.xaxis.set_major_locator(axes.SteadyLocator(integer=True, nbins=nbins))
    ax.xaxis.set_major_formatter(lambda value, _place: axes.tick(value, "customers", places=0))
    ax.set_xlabel(x_label)
    axes.value_axis(ax.yaxis, data)
    return ax


def natural_height(draw: object, data: pd.DataFrame, canvas: style.Canvas) -> float:
    """Return how high a drawing should be, in CSS pixels: by its rows, or a landscape format."""
    name = getattr(draw, "__name__", "")
    if name == "draw_chain":
        return 90 * (len(data) + 1) if canvas.is_narrow else 140
    if name in BY_ROW:
        lines = max((len(axes.row_lines(label)) for label in data.iloc[:, 0]), default=1)
        row = max(ROW_HEIGHT, 4 + axes.LINE * canvas.text * lines)
        row = NARROW_ROW_HEIGHT if canvas.is_narrow else row
        return 62 + row * max(1, len(data))
    return 260 if canvas.is_narrow else 320


def _far_ends(data: pd.DataFrame) -> pd.Series:
    """Return how far from zero each bar reaches with its whisker."""
    ends = data[[name for name in ("value", "low", "high") if name in data]].astype(float)
    return ends.max(axis=1).where(data["value"] >= 0, ends.min(axis=1))


def span(data: pd.DataFrame, reference: float | None = None) -> tuple[float, float]:
    """Return the ends of an axis on which all rows and the reference have room."""
    ends = [*data[["value", "low", "high"]].stack().dropna()]
    ends += [] if reference is None else [reference]
    room = 0.04 * (max(ends) - min(ends)) or 1
    return min(ends) - room, max(ends) + room


def since_known(data: pd.DataFrame) -> pd.DataFrame:
    """Return a trend without the periods before its first number (of any line)."""
    days = data.iloc[:, 0].map(lambda name: Period(name).first_day)
    has_value = data["value"].notna()
    return data[days >= days[has_value].min()] if has_value.any() else data


def coloured(
    data: pd.DataFrame, group: str | None
) -> list[tuple[str, str, tuple[str, pd.DataFrame]]]:
    """Return the colours of each line's marks and of its label, its name and its rows."""
    series, meant = [("", data)], list[tuple[str, str] | None]()
    if group is not None:
        groups = data.groupby(group, sort=False, observed=True)
        series = [(axes.plain_label(name), rows) for name, rows in groups]
        meant = [_MEANT.get(str(name)) for name, _rows in groups]
    if len(series) > MOST_SERIES:
        raise ParameterError(
            f"{len(series)} lines in one drawing can't be told apart; four can. "
            f"Draw small multiples instead: chart(..., panels={group!r})."
        )
    usual = zip(style.SERIES, style.SERIES_TEXT, strict=True)
    colours = [colour for colour in meant if colour]
    pairs = colours if len(colours) == len(series) else usual
    return [(*pair, line) for pair, line in zip(pairs, series, strict=False)]


def in_time(data: pd.DataFrame) -> list[str]:
    """Return the periods of a trend's rows, each once, the earliest first."""
    names = {str(name) for name in data.iloc[:, 0]}
    return sorted(names, key=lambda name: Period(name).first_day)


def _band_line(ax: Axes, x: np.ndarray, line: pd.DataFrame, colour: str, dots: bool = True) -> None:
    value, low, high = (line[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
    ax.plot(x, value, "-o" if dots else "-", color=colour, markersize=5)


def _scale_colours(names: list[str], middle: str | None) -> list[str]:
    if middle is None:
        return [*style.SERIES_TEXT, style.NEUTRAL][: len(names)]
    at = names.index(middle)
    return [style.SERIES_TEXT[1]] * at + [style.NEUTRAL] + [style.SUBJECT] * (len(names) - at - 1)


def _stack(ax: Axes, starts: np.ndarray, shares: np.ndarray, colour: str) -> None:
    rows = np.arange(len(shares))
    ax.barh(rows, shares, left=starts, height=0.46, color=colour, edgecolor=style.PAPER)
    for row in rows[shares >= 0.08]:
        ax.annotate(
            f"{shares[row]:.0%}", (starts[row] + shares[row] / 2, row), ha="center", va="center",
            color=style.PAPER, fontweight="bold",
        )  # fmt: skip


def _stack_heading(ax: Axes, name: str, across: float, colour: str) -> None:
    side = "left" if across == 0 else "right" if across == 1 else "center"
    ax.annotate(
        axes.plain_label(name), (across, 1), xycoords="axes fraction", xytext=(0, 6),
        textcoords="offset points", ha=side, va="bottom", color=colour, fontweight="bold",
    )  # fmt: skip
