"""What happened, on lines over time: a number above a dashed line each, and what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from profitchain.core.group_names import group_name
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.exhibits import axes, hover, style
from profitchain.panel.edition import Edition

MOST = 9  # of one drawing, the latest
Events = Sequence[tuple[int, str, date]]  # number, name, day
PAD = 3  # of a number above the axes, in CSS pixels


def of_edition(edition: Edition) -> list[tuple[str, date]]:
    """Return what happened to the firm, as its table of events has it: name and day, in time."""
    if not edition.has("events"):
        return []
    rows = edition.table("events")[["event", "happened_on"]].drop_duplicates()
    days = pd.to_datetime(rows["happened_on"]).dt.date
    named = [group_name("event", event) for event in rows["event"]]
    return sorted(zip(named, days, strict=True), key=lambda event: event[1])


def numbered(events: Sequence[tuple[str, date]], order: Sequence[str]) -> Events:
    """Return the events between the first day and the last one of some periods, numbered."""
    if not order:
        return []
    first, last = Period(order[0]).first_day, Period(order[-1]).last_day
    inside = [event for event in events if first <= event[1] <= last][-MOST:]
    return [(number, *event) for number, event in enumerate(inside, 1)]


def within(events: Sequence[tuple[str, date]], order: Sequence[str]) -> dict[str, Events]:
    """Return the option of a trend that marks its events; none where none happened in its time."""
    inside = numbered(events, order)
    return {"events": inside} if inside else {}


def key(events: Events) -> str:
    """Return what the numbers stand for, in one line; what happened twice, once.

    Examples
    --------
    >>> day = date(2026, 1, 1)
    >>> key([(1, "price rise", day), (2, "new checkout", day), (3, "price rise", day)])
    '1, 3 price rise; 2 new checkout'
    """
    numbers: dict[str, list[str]] = {}
    for number, name, _day in events:
        numbers.setdefault(name, []).append(str(number))
    named = [f"{', '.join(of_name)} {name}" for name, of_name in numbers.items()]
    return reduce(lambda one, other: _("{one}; {other}", one=one, other=other), named or [""])


def described(description: str, events: Events) -> str:
    """Return a drawing's text for those who don't see it, with the events that it marks."""
    return f"{description} {_('Marked: {events}.', events=key(events))}" if events else description


def mark(ax: Axes, events: Events, order: list[str], *, with_key: bool) -> None:
    """Mark events on a drawing whose periods stand at 0, 1, 2 and so on, in this order.

    Their numbers stand above the axes, where no line runs; those too near to another join it.
    """
    if not events:
        return
    places = [_place(day, order) for _number, _name, day in events]
    ax.vlines(
        places, 0, 1, transform=ax.get_xaxis_transform(), color=style.CONTEXT, linewidth=1,
        linestyle=style.DASHES, zorder=0,
    )  # fmt: skip
    near = 1.6 * axes.text_size(ax) * len(order) / (0.8 * ax.figure.bbox.width)
    for at, numbers in _apart(places, [number for number, _name, _day in events], near):
        ax.annotate(
            numbers, (at, 1), xycoords=("data", "axes fraction"), xytext=(0, PAD),
            textcoords="offset points", ha="center", va="bottom", color=style.SOFT,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    texts = [f"{number} {name}, {day.isoformat()}" for number, name, day in events]
    hover.tell(ax, texts, (places, [1.0] * len(places)), scale=ax.get_xaxis_transform())
    if with_key:
        letters = int(0.75 * ax.figure.bbox.width / (0.52 * axes.text_size(ax)))
        ax.set_xlabel("\n".join(axes.wrapped(key(events), letters)), loc="left")


def _place(day: date, order: list[str]) -> float:
    """Return where a day stands among periods, each as broad as 1 around its own place."""
    at = next(place for place, name in enumerate(order) if day <= Period(name).last_day)
    period = Period(order[at])
    length = (period.last_day - period.first_day).days + 1
    place = at - 0.5 + (day - period.first_day).days / length
    return float(np.clip(place, -0.3, len(order) - 0.7))


def _apart(places: Sequence[float], numbers: Sequence[int], near: float) -> list[tuple[float, str]]:
    """Return the numbers with their places, those nearer than `near` to the one before joined."""
    joined: list[tuple[float, str]] = []
    for place, number in zip(places, numbers, strict=True):
        if joined and place - joined[-1][0] < near * (1 + joined[-1][1].count(",")):
            joined[-1] = joined[-1][0], f"{joined[-1][1]},{number}"
        else:
            joined.append((place, str(number)))
    return joined
