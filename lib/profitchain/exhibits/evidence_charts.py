"""The pictures of how sure we are: what is hidden, ways to count, an event, groups in a funnel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import east_asian_width

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from profitchain.core import formats
from profitchain.core.i18n import N_, _
from profitchain.exhibits import axes, hover, style
from profitchain.measures.segment_comparisons import outside_funnel

Place = tuple[float, float]
TIMES = " × "  # between a control's name and how many times as strong
LINES = {
    N_("half left"): (style.SOFT, (0, (2, 2))),
    N_("no longer clear"): (style.SERIES_TEXT[1], (0, (5, 2))),
    N_("nothing left"): (style.INK, "-"),
}
MOST_NAMED = 8  # groups in a funnel; of more, those outside it, the farthest first


def draw_contours(
    ax: Axes,
    data: pd.DataFrame,
    *,
    lines: pd.DataFrame,
    reach: tuple[float, float],
    x_label: str = "",
    y_label: str = "",
) -> Axes:
    """Draw how strong something hidden must be, with what is known as dots to compare with.

    Parameters
    ----------
    data : one row a dot; first column its label, then score_share and outcome_share. The first,
        and those named "× 2" and so on after it, are joined.
    lines : one row a place on a line: line (a key of `LINES`), score_share, outcome_share.
    reach : the ends of the two axes.
    """
    dots = list(zip(data["score_share"], data["outcome_share"], strict=True))
    labels = _Labels(ax, reach, dots)
    labels.avoid(lines[["score_share", "outcome_share"]].to_numpy(float))
    for name, line in lines.groupby("line", sort=False):
        _named_line(ax, str(name), line, labels)
    for axis in (ax.xaxis, ax.yaxis):
        axes.value_axis(axis, data)
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    ax.set_xlim(0, reach[0])
    ax.set_ylim(0, reach[1])
    ax.plot(data["score_share"], data["outcome_share"], "o", color=style.SUBJECT, clip_on=False)
    named = sorted(zip(data.iloc[:, 0], dots, strict=True), key=lambda dot: -dot[1][1])
    for text, place in named:
        name, times, factor = str(text).partition(TIMES)
        labels.write(f"{times}{factor}".strip() or _(name), [place], color=style.INK)
    is_multiple = data.iloc[:, 0].astype(str).str.contains(TIMES, regex=False)
    same = data[is_multiple | (data.index == 0)] if is_multiple.any() else data.iloc[:0]
    ax.plot(same["score_share"], same["outcome_share"], color=style.CONTEXT, linewidth=1, zorder=1)
    texts = [
        hover.text_of([_(str(name)), formats.plain(across, "share", bare=True)], up, "share")
        for name, (across, up) in zip(data.iloc[:, 0], dots, strict=True)
    ]
    hover.tell(ax, texts, (data["score_share"], data["outcome_share"]))
    ax.set_xlabel(x_label)
    ax.set_title(y_label, loc="left", color=style.SOFT)
    return ax


def draw_specifications(ax: Axes, data: pd.DataFrame, *, mark: str = "") -> Axes:
    """Draw one dot with its interval a specification, the smallest effect first.

    Parameters
    ----------
    data : one row a specification, sorted: value, low, high, clear, is_own. Unclear ones are grey.
    mark : what the one that is the page's own is called.
    """
    drawn = data.dropna(subset=["value"]).reset_index(drop=True)
    unclear = (drawn["clear"] == "unclear").to_numpy()
    for rows, colour in ((drawn[~unclear], style.SUBJECT), (drawn[unclear], style.CONTEXT)):
        ax.vlines(rows.index, rows["low"], rows["high"], color=colour, linewidth=1.5, alpha=0.45)
        ax.plot(rows.index, rows["value"], "o", color=colour, markersize=3.5)
        hover.tell_rows(ax, _by_choices(rows), rows.index, across=False)
    ax.axhline(0, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=0)
    for place, row in drawn[drawn["is_own"]].iterrows():
        ax.plot(place, row["value"], "o", color=style.INK, markersize=8)
        ax.annotate(
            _(mark), (place, row["value"]), xytext=(place, ax.get_ylim()[1]), ha="center",
            va="bottom", color=style.INK, fontweight="bold",
            arrowprops={"arrowstyle": "-", "color": style.INK},
        )  # fmt: skip
    ax.set_xticks([])
    axes.value_axis(ax.yaxis, data)
    return ax


def _by_choices(rows: pd.DataFrame) -> pd.DataFrame:
    """Return specifications named by all that was chosen for them: the columns before `value`."""
    choices = rows.iloc[:, : rows.columns.get_loc("value")]
    named = rows.drop(columns=choices.columns)
    named.insert(
        0, "choices", [" · ".join(map(axes.plain_label, row)) for row in choices.to_numpy()]
    )
    return named


def draw_ranges(ax: Axes, data: pd.DataFrame, *, reference: float = 0.0) -> Axes:
    """Draw one row a choice: the middle of its effects as a dot, from the least to the most.

    Parameters
    ----------
    data : one row a choice; first column its label, then value, least, most.
    reference : where the grey line stands.
    """
    rows = np.arange(len(data))
    ax.hlines(rows, data["least"], data["most"], color=style.SUBJECT, linewidth=2, alpha=0.6)
    ax.plot(data["value"], rows, "o", color=style.SUBJECT, markersize=8)
    hover.tell_rows(ax, data.assign(low=data["least"], high=data["most"]), rows)
    ax.axvline(reference, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=0)
    axes.value_axis(ax.xaxis, data)
    return axes.name_rows(ax, data)


def draw_event(ax: Axes, data: pd.DataFrame, *, x_label: str = "") -> Axes:
    """Draw a difference by months around an event: a dot with its interval each.

    Parameters
    ----------
    data : one row a month; first column months since the event, then value, low, high.
    """
    months = data.iloc[:, 0].astype(float)
    ax.axhline(0, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=0)
    ax.axvline(-0.5, color=style.CONTEXT, linewidth=1, zorder=0)
    ax.vlines(months, data["low"], data["high"], color=style.SUBJECT, linewidth=3, alpha=0.45)
    ax.plot(months, data["value"], "o", color=style.SUBJECT)
    hover.tell_rows(ax, data, months, across=False)
    ax.xaxis.set_major_locator(axes.SteadyLocator(integer=True, nbins=7))
    ax.set_xlabel(x_label)
    axes.value_axis(ax.yaxis, data)
    return ax


def draw_funnel(
    ax: Axes, data: pd.DataFrame, *, limits: pd.DataFrame, middle: float, x_label: str = ""
) -> Axes:
    """Draw one dot a group, its value against its size, in a funnel of what chance alone does.

    Parameters
    ----------
    data : one row a group; first column its name, then customers, value.
    limits : one row a size: customers, low_998, low_95, high_95, high_998.
    middle : the value of all customers together.
    """
    size = limits["customers"]
    for ends, alpha in (("998", 0.14), ("95", 0.2)):
        band = limits[f"low_{ends}"], limits[f"high_{ends}"]
        ax.fill_between(size, *band, color=style.CONTEXT, alpha=alpha, linewidth=0)
    ax.axhline(middle, color=style.CONTEXT, linewidth=1.5, linestyle=style.DASHES, zorder=1)
    ax.set_xscale("log")
    ax.set_xlim(size.min(), size.max())
    _count_axis(ax)
    axes.value_axis(ax.yaxis, data)
    outside = data.index.isin(outside_funnel(data, limits).index)
    for rows, colour in ((data[~outside], style.NEUTRAL), (data[outside], style.SUBJECT)):
        ax.plot(rows["customers"], rows["value"], "o", color=colour, markersize=7, clip_on=False)
    hover.tell(ax, hover.texts_of(data), (data["customers"], data["value"]))
    _name_dots(ax, data, data if len(data) <= MOST_NAMED else data[outside], middle)
    ax.set_xlabel(x_label)
    return ax


def draw_crosses(ax: Axes, data: pd.DataFrame, *, x_label: str = "") -> Axes:
    """Draw one dot a row where two estimates meet, each with its interval.

    Parameters
    ----------
    data : one row a dot; first column its name, then value, low, high, and the same of `across_`.
    """
    known = data.dropna(subset=["value", "across_value"])
    look: dict[str, Any] = {"color": style.SUBJECT, "linewidth": 3, "alpha": 0.45}
    ax.hlines(known["value"], known["across_low"], known["across_high"], **look)
    ax.vlines(known["across_value"], known["low"], known["high"], **look)
    ax.plot(known["across_value"], known["value"], "o", color=style.SUBJECT, markersize=9)
    told = known.assign(**{known.columns[0]: hover.texts_of(known, stem="across_")})
    hover.tell_rows(ax, told, known["across_value"], across=False)
    ax.margins(x=0.25, y=0.12)
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    axes.value_axis(ax.yaxis, data)
    ax.xaxis.set_major_locator(axes.SteadyLocator(integer=True, nbins=7))
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    places = ax.transAxes.inverted().transform(
        ax.transData.transform(known[["across_value", "value"]].to_numpy(float))
    )
    labels = _Labels(ax, (1.0, 1.0), list(map(tuple, places)), transform=ax.transAxes)
    labels.avoid(_on_intervals(ax, known))
    for name, place in zip(known.iloc[:, 0], places, strict=True):
        text = axes.plain_label(name)
        above = (float(place[0]), float(place[1]) + labels.line)  # clear of its interval
        labels.write(text, [above], color=style.INK, fontweight="bold")
    ax.set_xlabel(_(x_label))
    return ax


def _on_intervals(ax: Axes, crosses: pd.DataFrame) -> list[Place]:
    """Return places along the intervals of crosses, from 0 to 1 across and up the drawing."""
    ways = (
        ("across_value", "low"),
        ("across_value", "high"),
        ("across_low", "value"),
        ("across_high", "value"),
    )
    centre = crosses[["across_value", "value"]].to_numpy(float)
    ends = [crosses[list(way)].to_numpy(float) for way in ways]
    along = [centre + part * (end - centre) for end in ends for part in np.linspace(0.1, 1, 10)]
    places = ax.transAxes.inverted().transform(ax.transData.transform(np.concatenate(along)))
    return list(map(tuple, places))


def _name_dots(ax: Axes, data: pd.DataFrame, named: pd.DataFrame, middle: float) -> None:
    """Write the names of some dots of a funnel, the farthest from the middle first."""
    (left, right), (low, high) = np.log10(ax.get_xlim()), ax.get_ylim()
    x = (np.log10(data["customers"].astype(float)) - left) / (right - left)
    y = (data["value"] - low) / (high - low)
    places = {index: (x[index], y[index]) for index in data.index}
    labels = _Labels(ax, (1.0, 1.0), places.values(), transform=ax.transAxes)
    far = (named["value"] - middle).abs().sort_values(ascending=False, kind="stable")
    for index in far.index[:MOST_NAMED]:
        way = 1 if data["value"][index] >= middle else -1
        name = axes.plain_label(data.iloc[:, 0][index])
        labels.write(name, [places[index]], way=way, or_nothing=True, color=style.INK)


def _count_axis(ax: Axes) -> None:
    """Write a logarithmic axis of counts in few round numbers."""
    low, high = ax.get_xlim()
    numbers = [step * 10.0**power for power in range(8) for step in (1, 2, 5)]
    inside = [number for number in numbers if low <= number <= high]
    ticks = inside[:: max(1, -(-len(inside) // 5))] if len(inside) > 1 else [low, high]
    ax.set_xticks(ticks, [axes.tick(number, "customers", places=0) for number in ticks])
    ax.set_xticks([], minor=True)


def _named_line(ax: Axes, name: str, line: pd.DataFrame, labels: _Labels) -> None:
    colour, pattern = LINES[name]
    x, y = line["score_share"].to_numpy(), line["outcome_share"].to_numpy()
    ax.plot(x, y, color=colour, linestyle=pattern, linewidth=2)
    places = [(x[at], y[at]) for at in (np.linspace(0.1, 0.9, 9) * (len(x) - 1)).astype(int)]
    labels.write(_(name), places, color=colour, fontweight="bold")


class _Labels:
    """Names beside places of a drawing, each where it covers no dot and no name written before."""

    def __init__(
        self,
        ax: Axes,
        reach: Place,
        dots: Iterable[Place],
        transform: Transform | None = None,
    ) -> None:
        size, box = axes.text_size(ax), ax.figure.bbox
        self.ax, self.reach, self.transform = ax, reach, transform or ax.transData
        self.letter = letter = 0.56 * size / (box.width * 0.82) * reach[0]
        self.line = line = 1.3 * size / (box.height * 0.82) * reach[1]
        self.taken = [(x - letter, y - line / 2, x + letter, y + line / 2) for x, y in dots]
        self.drawn: list[tuple[float, float, float, float]] = []

    def avoid(self, places: Iterable[Place]) -> None:
        """Keep names off what is drawn at these places, if there is room elsewhere."""
        across, up = self.letter / 2, self.line / 4
        self.drawn += [(x - across, y - up, x + across, y + up) for x, y in places]

    def write(
        self,
        text: str,
        places: Sequence[Place],
        *,
        way: int = 1,
        or_nothing: bool = False,
        **look: Any,
    ) -> None:
        """Write a name right or left of the first place with room, or some lines above it.

        `way`: -1 to look below it. `or_nothing`: leave it out rather than write over another.
        """
        boxes = [
            (self._box(text, x, y + lift * self.line, side), side)
            for lift in (0, way, -way, *range(2 * way, 9 * way, way))
            for x, y in places
            for side in ("left", "right")
        ]
        free = [(box, side) for box, side in boxes if self._is_free(box)]
        if or_nothing and not free:
            return
        clear = [(box, side) for box, side in free if not _touches(box, self.drawn)]
        box, side = (clear or free or boxes)[0]
        self.taken.append(box)
        at, middle = box[0] if side == "left" else box[2], (box[1] + box[3]) / 2
        how: dict[str, Any] = {"zorder": 1, "transform": self.transform}
        if len(places) == 1 and abs(middle - places[0][1]) > self.line:
            x, y = places[0]
            self.ax.plot([x, at], [y, middle], color=style.CONTEXT, linewidth=0.8, **how)
        ground = {"facecolor": "none" if or_nothing else style.PAPER, "edgecolor": "none", "pad": 1}
        how |= {"ha": side, "va": "center", "bbox": ground, "zorder": 3}
        self.ax.text(at, middle, text, **how, **look)

    def _box(self, text: str, x: float, y: float, side: str) -> tuple[float, float, float, float]:
        letters = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
        start = x + 1.2 * self.letter if side == "left" else x - (letters + 1.2) * self.letter
        y = max(y, self.line / 2)
        return (start, y - self.line / 2, start + letters * self.letter, y + self.line / 2)

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        if box[0] < 0 or box[2] > self.reach[0] or box[3] > self.reach[1]:
            return False
        return not _touches(box, self.taken)


def _touches(
    box: tuple[float, float, float, float], others: Iterable[tuple[float, float, float, float]]
) -> bool:
    return any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in others
    )
