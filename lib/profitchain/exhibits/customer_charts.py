"""The pictures of which customers: who carries the business, who will leave, whom calls pay for."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from profitchain.core.i18n import _
from profitchain.exhibits import axes, style

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
    ax.plot(many, places, "o", color=style.CONTEXT, markersize=8)
    ax.plot(much, places, "o", color=style.SUBJECT, markersize=9)
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
    ax.set_xlabel(x_label)
    axes.value_axis(ax.xaxis, data)
    axes.value_axis(ax.yaxis, data)
    ax.tick_params(axis="x", pad=axes.CORNER_PAD)
    return ax
