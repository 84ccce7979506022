"""Whether days and scores are what they are said to be: none far from all others, one scale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pandas as pd

from profitchain.exports.file_parts import undeclared
from profitchain.intake.doubts import ENOUGH, FEW, Doubt, Finding, Values
from profitchain.intake.gate import Gate, times
from profitchain.sources.casts import seconds
from profitchain.sources.engine import is_embedded
from profitchain.sources.settings import Question
from profitchain.sources.typed_tables import typed_name

SOME_ROWS = 50  # of fewer no day is far from the others
STRAY = 0.005  # share of rows that may lie far from all others
QUIET, A_YEAR = 60, 365  # days without a row, at least, before one that is far, and after one
NO_DAYS = {(date.fromisoformat(day) - date(1970, 1, 1)).days
           for day in ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31",
                       "9999-12-31")}  # fmt: skip
A_DAY, MOST_PAUSES = 86_400, 40
TWO_WEEKS, MONTH = 14, 30  # days
TOPS = (5, 7, 10)  # highest scores of usual scales
UNLIKE = 10  # times as often 0 as 1 or 2: no opinion is shaped so
TOP_SHARE = 0.05  # of answers at the top of the scale that was really used


def value_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about days and scores."""
    for table, column in (("orders", "ordered_at"), ("responses", "responded_at")):
        if gate.has(table, column):
            yield from _odd_days(gate, table, column)
    if gate.has("responses", "responded_at"):
        yield from _scales(gate)
    if gate.has("subscriptions", "ended_on"):
        yield from _ends_alike(gate)
    yield from _names_of_nothing(gate)
    yield from _cells_emptied(gate)
    for table, judged in gate.judged.items():
        for values in judged.table.raw.net_unsure:
            yield Doubt(table=table, column="revenue", kind="net_unsure", values=values)
    yield from _exports_read_as_plain_files(gate)


def _ends_alike(gate: Gate) -> Iterator[Finding]:
    """Tell of contracts that all ended on one day: a snapshot, which knows who left in its period.

    Contracts that all began on one day as well may well end so: a season's.
    """
    rows = gate.rows("subscriptions")
    started, ended = rows[typed_name("started_on")], rows[typed_name("ended_on")]
    ends = rows.aggregate(
        n=ended.count(), first=ended.min(), last=ended.max(), starts=started.nunique()
    )
    n, first, last, starts = ends.to_pandas().iloc[0]
    if n >= ENOUGH and first == last and starts > FEW:
        values: Values = {"n": int(n), "day": str(pd.Timestamp(first).date())}
        yield Doubt(table="subscriptions", column="ended_on", kind="ends_alike", values=values)


def _names_of_nothing(gate: Gate) -> Iterator[Finding]:
    """Tell of values that company.yml says what to call and no row has."""
    for column, labels in gate.company.column_labels.items():
        tables = [table for table in gate.judged if labels.values and gate.has(table, column)]
        unused, values = set(labels.values), list(labels.values)
        for table in tables:
            cells = gate.rows(table, "used", "later", "cancelled")[typed_name(column)]
            counts = {f"n{at}": times(cells == value) for at, value in enumerate(values)}
            counted = cells.as_table().aggregate(**counts).to_pandas().iloc[0].fillna(0)
            unused -= {value for value, n in zip(values, counted, strict=True) if n}
            if not unused:
                break
        if tables and unused:
            named = ", ".join(sorted(unused))
            yield Doubt(table=tables[0], column=column, kind="names_of_nothing",
                        values={"n": len(unused), "words": named})  # fmt: skip


def _cells_emptied(gate: Gate) -> Iterator[Finding]:
    """Tell of values, such as 99, that count as nothing given in a question's column."""
    for table, judged in gate.judged.items():
        for one in judged.table.emptied:
            if one.rows >= FEW:
                values: Values = {"n": one.rows, "word": one.value}
                yield Doubt(table=table, column=one.column, kind="emptied", values=values)


def _exports_read_as_plain_files(gate: Gate) -> Iterator[Finding]:
    """Tell of known exports without `format:`: what is no sale or answer there is not left out."""
    if is_embedded(gate.con):
        for table, file, name in undeclared(gate.company):
            rows = sum(outcome.rows for outcome in gate.outcomes[table])
            values: Values = {"n": rows, "file": file, "format": name}
            yield Doubt(table=table, column="", kind="plain_export", values=values)


def pauses_of(rows: ir.Table, column: str, zone: str) -> pd.DataFrame:
    """Return day, pause, below, total, first, last of the longest pauses between a table's days.

    One row a pause: the day that ends it, its length in days, the rows before it; and of the whole
    table its rows, first and last day. Days count from 1970, by the zone's clock without summer
    time.
    """
    days = _by_day(rows, column, zone)
    order, whole = ibis.window(order_by="day"), ibis.window()
    reach = days["n"].sum().over(ibis.window(order_by="day", preceding=(None, 0)))
    days = days.mutate(
        pause=(days["day"] - days["day"].lag().over(order)).fill_null(0),
        below=reach - days["n"],
        total=days["n"].sum().over(whole),
        first=days["day"].min().over(whole),
        last=days["day"].max().over(whole),
    )
    return days.order_by(ibis.desc("pause"), "day").limit(MOST_PAUSES).to_pandas().astype("int64")


def _by_day(rows: ir.Table, column: str, zone: str) -> ir.Table:
    """Return day, n: one row a local day with rows, as its number since 1970."""
    at = rows[typed_name(column)]
    rows = rows.filter(at.notnull())
    at = rows[at.get_name()]
    local = at.cast("timestamp") if at.type().is_date() else _about_local(at, zone)
    rows = rows.select(day=(seconds(local) // A_DAY).cast("int64"))
    return rows.group_by("day").aggregate(n=rows.count())


def _about_local(at: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return a moment as a zone's clock shows it without summer time: quick, and near enough."""
    offset = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0)
    return at + ibis.interval(seconds=int(offset.total_seconds()))


def usual_days(pauses: pd.DataFrame) -> tuple[int, int] | None:
    """Return the first and last day that isn't far from all others; None of few rows.

    Far are at most 0.5% of the rows, or those of a day that systems write for none, beyond a pause
    four times as long as any other between them and of at least 60 days; of a year where they come
    first, for firms begin slowly.

    Parameters
    ----------
    pauses : as `pauses_of` gives them.
    """
    if pauses.empty or pauses["total"].iloc[0] < SOME_ROWS:
        return None
    total, first, last = (int(pauses[name].iloc[0]) for name in ("total", "first", "last"))
    most = max(STRAY * total, 1)
    begins, ends = pauses["day"] - pauses["pause"] == first, pauses["day"] == last
    few_below = (pauses["below"] <= most) | (begins & (first in NO_DAYS))
    few_above = (total - pauses["below"] <= most) | (ends & (last in NO_DAYS))
    core = pauses.loc[~few_below & ~few_above, "pause"].max()
    least = max(QUIET, 4 * (0 if pd.isna(core) else int(core)))
    late = pauses[few_above & (pauses["pause"] > least)]
    early = pauses[few_below & (pauses["pause"] > max(least, A_YEAR))]
    if len(late):
        last = int((late["day"] - late["pause"]).min())
    return (int(early["day"].max()) if len(early) else first), last


def last_usual_day(pauses: pd.DataFrame) -> date | None:
    """Return up to which day rows reach, leaving out those far from all others; None of few rows.

    Where one was left out it may have been the last: then as many days more as usual days without a
    row, at most a week.
    """
    usual = usual_days(pauses)
    if usual is None:
        return None
    was_last = int(pauses["last"].iloc[0]) > usual[1]
    return _date(usual[1] + (min(_longest(pauses, usual), 7) if was_last else 0))


def last_day_under_contract(rows: ir.Table, pauses: pd.DataFrame, begun: date) -> date:
    """Return up to which day contracts are known, the last of which began on day `begun`.

    An end counts where contracts might just not have begun since: as long after `begun` as any two
    beginnings lie apart. A later one may be only agreed upon; unless all ends are later than all
    beginnings, and some contracts have none.
    """
    ended = rows[typed_name("ended_on")]
    pause = _longest(pauses, usual_days(pauses) or (-1, int(pauses["last"].max())))
    until = begun + timedelta(days=pause + 1)
    ends = rows.aggregate(
        first=ended.min(), last=ended.max(), within=ended.max(where=ended <= ibis.literal(until)),
        run=times(ended.isnull()),
    ).to_pandas().iloc[0]  # fmt: skip
    if pd.isna(ends["first"]):
        return begun
    is_cohort = pd.Timestamp(ends["first"]).date() > begun and ends["run"] > 0
    end = ends["last"] if is_cohort else ends["within"]
    return begun if pd.isna(end) else max(begun, pd.Timestamp(end).date() - timedelta(days=1))


def _longest(pauses: pd.DataFrame, usual: tuple[int, int]) -> int:
    """Return the longest pause between usual days."""
    within = pauses[(pauses["day"] > usual[0]) & (pauses["day"] <= usual[1])]
    return int(within["pause"].max()) if len(within) else 0


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def _odd_days(gate: Gate, table: str, column: str) -> Iterator[Finding]:
    """Tell of days far from all others, and of stretches amid the others that have no orders."""
    rows, zone = gate.judged[table].rows, gate.company.time_zone
    pauses = pauses_of(rows, column, zone)
    usual = usual_days(pauses)
    if usual is None:
        return
    if usual != (pauses["first"].iloc[0], pauses["last"].iloc[0]):
        yield _far_days(_by_day(rows, column, zone), usual, table=table, column=column)
    for day, pause in long_pauses(pauses, usual) if table == "orders" else ():
        days = _by_day(gate.rows(table), column, zone)
        near = days["day"].between(day - 2 * pause + 2, day + pause - 2)  # as long on both sides
        sides = days.filter(near).to_pandas()
        before = int(sides.loc[sides["day"] < day, "n"].sum())
        after = int(sides["n"].sum()) - before
        if min(before, after) >= ENOUGH / 2:
            values: Values = {"n": pause - 1, "before": before, "after": after,
                              "since": str(_date(day - pause + 1)),
                              "until": str(_date(day - 1))}  # fmt: skip
            yield Doubt(table=table, column=column, kind="quiet", values=values)


def long_pauses(pauses: pd.DataFrame, usual: tuple[int, int]) -> list[tuple[int, int]]:
    """Return day, pause: up to three pauses of two weeks or more, four times as long as all others.

    None where two are about a year apart, as a season's; none that ended two years before the last
    usual day. `pauses` are as `pauses_of` gives them.
    """
    days = pauses[(pauses["day"] > usual[0]) & (pauses["day"] <= usual[1])]
    found = list(zip(days["day"].tolist(), days["pause"].tolist(), strict=True))
    long = [*(pause for _, pause in found), 1]
    many = [k for k in (1, 2, 3)[: len(found)] if long[k - 1] > max(TWO_WEEKS, 4 * long[k] - 1)]
    found = found[: max(many, default=0)]
    apart = [abs(one - other) for k, (one, _) in enumerate(found) for other, _ in found[:k]]
    if any(days > MONTH and abs(days - A_YEAR * round(days / A_YEAR)) < MONTH for days in apart):
        return []
    return sorted(one for one in found if usual[1] - one[0] < 2 * A_YEAR)


def _far_days(days: ir.Table, usual: tuple[int, int], *, table: str, column: str) -> Doubt:
    """Tell of rows whose day is far from all others: a typing error, or a clock that stood."""
    far = days.filter((days["day"] < usual[0]) | (days["day"] > usual[1]))
    far = far.order_by("day").limit(MOST_PAUSES).to_pandas()
    named = ", ".join(str(_date(int(day))) for day in far["day"].head(3))
    values: Values = {"n": int(far["n"].sum()), "days": named, "since": str(_date(usual[0])),
                      "until": str(_date(usual[1]))}  # fmt: skip
    return Doubt(table=table, column=column, kind="far_days", values=values)


def _scales(gate: Gate) -> Iterator[Finding]:
    """Tell of questions on another scale, always or up to a day, or turned round since one."""
    rows = gate.rows("responses")
    asked = [q for q in gate.company.questions.values() if gate.has("responses", q.column)]
    scores = {f"score_{place}": rows[typed_name(q.column)] for place, q in enumerate(asked)}
    at = rows[typed_name("responded_at")]
    rows = rows.select(at=_about_local(at, gate.company.time_zone), exact=at, **scores)
    rows = rows.filter(rows["at"].notnull())
    sums = {f"{of}/{name}": sum for of in scores for name, sum in _sums(rows[of]).items()}
    months = rows.group_by(month=rows["at"].truncate("M").date()).aggregate(**sums)
    frame = months.order_by("month").to_pandas()
    for question, of in zip(asked, scores, strict=True):
        own = {f"{of}/{name}": name for name in _sums(rows[of])}
        of_one = frame[["month", *own]].rename(columns=own)
        of_one = of_one[of_one["n"] > 0].reset_index(drop=True)
        yield from _scale(gate, question, of_one, rows.select(exact="exact", score=of))


def _sums(score: ir.FloatingValue) -> dict[str, ir.Value]:
    """Return what a month's scores are summed up to."""
    return {
        "n": score.count(), "low": score.min(), "high": score.max(), "sum": score.sum(),
        "tops": sum_of_tops(score), "zeros": times(score == 0),
        "few": times(score.isin([1.0, 2.0])),
    }  # fmt: skip


def _scale(
    gate: Gate, question: Question, frame: pd.DataFrame, rows: ir.Table
) -> Iterator[Finding]:
    low, high = question.scale
    if frame["n"].sum() < ENOUGH:
        return
    name = {"table": "responses", "column": question.column}
    values: dict[str, Any] = {"n": int(frame["n"].sum()), "low": low, "high": high}
    zeros, few = int(frame["zeros"].sum()), int(frame["few"].sum())
    if low == 0 and question.kind != "nps" and zeros >= ENOUGH and few * UNLIKE < zeros:
        yield Doubt(**name, kind="zero_unrated", values={"n": zeros, "few": few})
    top = float(frame["high"].max())
    if top < high and _is_other_top(top, frame, high):
        yield Doubt(**name, kind="never_above", values=values | {"top": top})
    elif change := _changed(frame, high):
        above = rows.filter(rows["score"] > change["top"])["exact"]
        edge = (above.max() if change["later"] else above.min()).execute()
        local = edge.tz_localize("UTC").tz_convert(gate.company.time_zone)
        day = local.date() + timedelta(days=change["later"])
        yield Doubt(**name, kind="scale_changed", values=values | change | {"since": str(day)})
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
    """Return whether scores go above another scale's top since some month, or no longer do."""
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
            return {"top": float(top), "n": before, "later": int(turned)}
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
    day = days["month"].iloc[at + 1]
    return {"n": int(total - n.iloc[at]), "since": str(pd.Timestamp(day).date())}
