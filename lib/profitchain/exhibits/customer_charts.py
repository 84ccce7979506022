"""The pictures of which customers: who carries the business, who will leave, whom calls pay for."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from profitchain.core.i18n import _
from profitchain.exhibits import axes, style


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
