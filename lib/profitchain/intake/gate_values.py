"""Whether days and scores are what they are said to be: none far from all others, one scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from profitchain.intake.doubts import ENOUGH, Doubt, Finding, Values
from profitchain.intake.gate import Gate, times
from profitchain.sources.casts import from_utc
from profitchain.sources.settings import Question
from profitchain.sources.typed_tables import typed_name

SOME_ROWS = 50  # of fewer no day is far from the others
STRAY = 0.005  # share of rows that may lie far from all others
QUIET, A_YEAR = 60, 365  # days without a row, at least, before one that is far, and after one
TOPS = (5, 7, 10)  # highest scores of usual scales
TOP_SHARE = 0.05  # of answers at the top of the scale that was really used


def value_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about days and scores."""
    for table, column in (("orders", "ordered_at"), ("responses", "responded_at")):
        if gate.has(table, column):
            yield from _far_days(gate, table, column)
    if gate.has("responses", "responded_at"):
        for question in gate.company.all_questions:
            if gate.has("responses", question.column):
                yield from _scale(gate, question)


def days_of(rows: ir.Table, column: str, zone: str) -> pd.DataFrame:
    """Return day, n: one row a day of a table's moments in a time zone."""
    rows = rows.select(day=from_utc(rows[typed_name(column)], zone).date())
    rows = rows.filter(rows["day"].notnull())
    days = rows.group_by("day").aggregate(n=rows.count()).order_by("day").to_pandas()
    return days.assign(day=pd.to_datetime(days["day"]).dt.date)


def usual_days(days: pd.DataFrame) -> tuple[date, date] | None:
    """Return the first and last day that isn't far from all others; None of few rows.

    Far are at most 0.5% of the rows, beyond a gap four times as long as any other between them and
    of at least 60 days; of a year where they come first, for firms begin slowly.

    Parameters
    ----------
    days : day, n, in order; one row a day with rows.

    Examples
    --------
    >>> day = [date(2026, 1, k) for k in range(1, 29)] + [date(2062, 1, 1)]
    >>> usual_days(pd.DataFrame({"day": day, "n": [10] * 28 + [1]}))
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 28))
    """
    total = int(days["n"].sum())
    if total < SOME_ROWS:
        return None
    day, most = days["day"].tolist(), max(STRAY * total, 1)
    below, above = days["n"].cumsum().tolist(), days["n"][::-1].cumsum()[::-1].tolist()
    first, last = 0, len(day) - 1
    gaps = [(b - a).days for a, b in pairwise(day)]
    core = [g for k, g in enumerate(gaps) if below[k] > most and above[k + 1] > most]
    least = max(QUIET, 4 * max(core, default=0))
    for k, gap in enumerate(gaps):
        if gap > max(least, A_YEAR) and below[k] <= most:
            first = k + 1
        if gap > least and above[k + 1] <= most:
            last = min(last, k)
    return day[first], day[last]


def last_usual_day(days: pd.DataFrame) -> date | None:
    """Return up to which day rows reach, leaving out those far from all others; None of few rows.

    Where one was left out it may have been the last: then as many days more as usual days without a
    row, at most a week.
    """
    usual = usual_days(days)
    if usual is None:
        return None
    day = days.loc[days["day"].between(*usual), "day"].tolist()
    pause = max(((b - a).days for a, b in pairwise(day)), default=0)
    was_last = days["day"].iloc[-1] > usual[1]
    return usual[1] + timedelta(days=min(pause, 7) if was_last else 0)


def _far_days(gate: Gate, table: str, column: str) -> Iterator[Finding]:
    """Tell of rows whose day is far from all others: a typing error, or a clock that stood."""
    days = days_of(gate.judged[table].rows, column, gate.company.time_zone)
    if (usual := usual_days(days)) is None:
        return
    far = days[(days["day"] < usual[0]) | (days["day"] > usual[1])]
    if len(far):
        named = ", ".join(str(day) for day in far["day"].head(3))
        values: Values = {"n": int(far["n"].sum()), "days": named, "since": str(usual[0]),
                  "until": str(usual[1])}  # fmt: skip
        yield Doubt(table=table, column=column, kind="far_days", values=values)


def _scale(gate: Gate, question: Question) -> Iterator[Finding]:
    """Tell of a question on another scale, always or up to a day, or turned round since one."""
    rows = gate.rows("responses")
    at, score = rows[typed_name("responded_at")], rows[typed_name(question.column)]
    rows = rows.select(day=from_utc(at, gate.company.time_zone).date(), score=score)
    rows = rows.filter(rows["day"].notnull() & rows["score"].notnull())
    days = rows.group_by("day").aggregate(
        n=rows.count(), low=rows["score"].min(), high=rows["score"].max(), sum=rows["score"].sum(),
        tops=sum_of_tops(rows["score"]),
    )  # fmt: skip
    frame = days.order_by("day").to_pandas()
    low, high = question.scale
    if frame["n"].sum() < ENOUGH:
        return
    name = {"table": "responses", "column": question.column}
    values: dict[str, Any] = {"n": int(frame["n"].sum()), "low": low, "high": high}
    top = float(frame["high"].max())
    if top < high and _is_other_top(top, frame, high):
        yield Doubt(**name, kind="never_above", values=values | {"top": top})
    elif change := _changed(frame, high):
        yield Doubt(**name, kind="scale_changed", values=values | change)
    elif change := _turned(frame, low, high):
        yield Doubt(**name, kind="scale_turned", values=values | change)


def sum_of_tops(score: ir.FloatingValue) -> ir.IntegerValue:
    """Return how many scores are the highest of another usual scale: 5, 7 or 10."""
    return times(score.isin([float(top) for top in TOPS]))


def _is_other_top(top: float, days: pd.DataFrame, high: float) -> bool:
    """Tell whether scores end where another usual scale does, too often to be chance."""
    at_top = days.loc[days["high"] == top, "tops"].sum()
    return top in TOPS and top < high and at_top >= max(3, TOP_SHARE * days["n"].sum())


def _changed(days: pd.DataFrame, high: float) -> dict[str, Any] | None:
    """Return since when scores go above another scale's top, or no longer do."""
    for top in (t for t in TOPS if t < high):
        above = (days["high"] > top).tolist()
        for turned in (False, True):
            flags = above[::-1] if turned else above
            first = flags.index(True) if True in flags else 0
            counts = days["n"].tolist()[::-1] if turned else days["n"].tolist()
            before, after = sum(counts[:first]), sum(counts[first:])
            if min(before, after) < ENOUGH:
                continue
            often = sum(n for n, over in zip(counts[first:], flags[first:], strict=True) if over)
            kept = days.iloc[::-1].iloc[:first] if turned else days.iloc[:first]
            if not _is_other_top(float(top), kept, high) or often < 0.2 * after:
                continue
            day = days["day"].iloc[len(days) - first if turned else first]
            return {"top": float(top), "n": before, "since": str(pd.Timestamp(day).date()),
                    "later": int(turned)}  # fmt: skip
    return None


def _turned(days: pd.DataFrame, low: float, high: float) -> dict[str, Any] | None:
    """Return since when scores are the mirror image of those before, if ever."""
    n, sums, total = days["n"].cumsum(), days["sum"].cumsum(), days["n"].sum()
    before, after = sums / n, (sums.iloc[-1] - sums) / (total - n).where(total > n)
    apart, mirror = (before - after).abs(), (before + after - (low + high)).abs()
    fits = (n >= ENOUGH) & (total - n >= ENOUGH) & (mirror < 0.15 * (high - low))
    apart = apart.where(fits & (apart > 0.4 * (high - low)))
    if not apart.notna().any():
        return None
    at = int(apart.to_numpy(na_value=-1).argmax())
    day = days["day"].iloc[at + 1]
    return {"n": int(total - n.iloc[at]), "since": str(pd.Timestamp(day).date())}
