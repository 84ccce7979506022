"""The pictures of who is leaving: foretold against what came, and what calling them would bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from profitchain.exhibits import axes, style


def draw_calibration(ax: Axes, data: pd.DataFrame, *, x_label: str = "") -> Axes:
    """Draw what came true against what was foretold: dots on the grey line were foretold right.

    Parameters
    ----------
    data : one row a bin; first column the mean foretold chance, then value, low, high (shares).
    """
    foretold = data.iloc[:, 0].astype(float)
    ends = [min(foretold.min(), data["low"].min()), max(foretold.max(), data["high"].max())]
    ax.plot(ends, ends, color=style.CONTEXT, linewidth=1.5, linestyle=(0, (4, 3)), zorder=0)
    ax.vlines(foretold, data["low"], data["high"], color=style.SUBJECT, linewidth=3, alpha=0.45)
    ax.plot(foretold, data["value"], "o", color=style.SUBJECT, markersize=8)
    ax.set_xlabel(x_label)
    axes.value_axis(ax.xaxis, data)
    axes.value_axis(ax.yaxis, data)
    ax.tick_params(axis="x", pad=10)  # so that the two numbers of the corner stay apart
    return ax


def draw_profit(
    ax: Axes, data: pd.DataFrame, *, mark: tuple[int, float, str] | None = None, x_label: str = ""
) -> Axes:
    """Draw profit by the number of customers called, one line with its band a success rate.

    Parameters
    ----------
    data : one row a number and line: customers, value, low, high, line; the subject's line first.
    mark : a place to point out: customers, profit, its label. Losses beyond what could be gained
        there are left out of the picture: the line ends, and all of it stands in the table.
    """
    deepest = -1.5 * mark[1] if mark is not None else -np.inf
    look = {"fontweight": "bold", "textcoords": "offset points"}
    colours = zip(style.SERIES, style.SERIES_TEXT, strict=True)
    for (colour, ink), (name, line) in zip(colours, data.groupby("line", sort=False), strict=False):
        line = line[line["value"].ge(deepest) | (line["customers"] == 0)]
        x = line["customers"].to_numpy(float)
        ax.fill_between(x, line["low"], line["high"], color=colour, alpha=0.16, linewidth=0)
        ax.plot(x, line["value"], color=colour)
        end = (x[-1], float(line["value"].iloc[-1]))
        ax.annotate(str(name), end, xytext=(8, 0), va="center", color=ink, **look)
    ax.axhline(0, color=style.CONTEXT, linewidth=1)
    if mark is not None:
        ax.plot(mark[0], mark[1], "o", color=style.INK, markersize=7, zorder=4)
        across = mark[0] / max(data["customers"].max(), 1)
        side = "left" if across < 0.35 else "right" if across > 0.75 else "center"
        ax.annotate(mark[2], mark[:2], xytext=(0, 9), ha=side, va="bottom", color=style.INK, **look)
    ax.margins(y=0.16)
    ax.set_xlim(0, data["customers"].max() * 1.16)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, place: axes.tick(value, "customers")))
    ax.set_xlabel(x_label)
    axes.value_axis(ax.yaxis, data)
    return ax
