"""What summaries lack of what was published of their periods, since rows have come or gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from profitchain.core.periods import Period
from profitchain.disclosure.ledger import OF, Entry, pools_of, releases_in, sums_of
from profitchain.stats.disclosure_control import OTHERS

SCORE_SUMS = "score_sums"  # answers of the shorter periods inside the period: no page may read it
STAYING: dict[str, tuple[str, list[str], list[str]]] = {  # period, keys and sums of each summary
    "score_cells": ("period", ["question", "score"], ["n"]),
    "asked_cells": ("period", ["in_time", "asks"], ["n"]),
    "link_cells": ("closes", [], ["n", "repeats"]),
    "activity": ("period", ["guest"], []),  # all its numbers
    "cohorts": ("period", ["cohort"], ["active"]),
}

ADDING_UP = {  # of these the sums of a whole that consists of published parts
    "score_cells": ["n"],
    "asked_cells": ["n"],
    "link_cells": ["n", "repeats"],
    "activity": ["orders", "revenue", "margin", "new_revenue", "new"],
}


def sums_in(name: str, frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return a summary's sums by period (`OF`) and keys, of the trend's periods."""
    (when, keys, sums), names = STAYING[name], [each.name for each in period.reach()]
    frame = frame[frame[when].isin(names)]
    if name == "cohorts":
        frame = frame[frame["cohort"].isin(names)]
    keys = [when, *(key for key in keys if key in frame)]
    sums = sums or [c for c in frame.select_dtypes("number") if c not in (*keys, "cluster")]
    kept = frame.groupby(keys, as_index=False, dropna=False)[sums].sum()
    return kept.rename(columns={when: OF})


def changes_since(
    folder: Path, period: Period, entries: Sequence[Entry]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, by summary, what its periods lack of what was published of them.

    The edition's own is among them where only trends have told of it: else it was to stand. What
    was published of all its parts was published of a period.
    """
    own = own_of(period, entries)
    for name, (when, keys, _sums) in STAYING.items():
        path = folder / f"{name}.parquet"
        published = sums_of(entries, name) if path.exists() else {}
        besides = [str(period)] if name == "score_cells" else []  # `composed_of` has its own
        how = keys, ADDING_UP.get(name, [])
        published |= wholes(published, how, period, entries, besides=besides)
        now = sums_in(name, pd.read_parquet(path), period) if published else pd.DataFrame({OF: []})
        published |= parts_of(published, now, how)
        periods = list(published.keys() & set(now[OF]) - own)
        if not periods:
            continue
        then = pd.concat([published[each] for each in sorted(periods)])
        if name == "cohorts":
            then = then[then["cohort"].isin([each.name for each in period.reach()])]
        keys = [OF, *(key for key in keys if key in now)]
        now = now[now[OF].isin(periods)].set_index(keys)
        then = then.set_index(keys).reindex(columns=now.columns)
        lacking = then.fillna(now.reindex(then.index)).sub(now, fill_value=0)
        lacking = lacking[(lacking != 0).any(axis=1)].reset_index()
        if len(lacking):
            yield name, lacking.rename(columns={OF: when})


def composed_of(folder: Path, period: Period, entries: Sequence[Entry]) -> pd.DataFrame | None:
    """Return what a period lacks of what was published of shorter ones inside it, None if nothing.

    Nothing either where trends have told of it.

    Of those that overlap the longest counts. What was published of no single group is put to the
    largest of those that it may be of.

    Returns
    -------
    One row a question, score and group: n, below 0 where rows have come since.
    """
    path = folder / f"{SCORE_SUMS}.parquet"
    hidden = {str(release.period) for release in releases_in(entries) if not release.total}
    published = sums_of(entries, "score_cells") if path.exists() else {}
    told_of = {name for entry in entries for name in entry["trend"]}
    if not published or str(period) in told_of & published.keys():
        return None
    now, parts = pd.read_parquet(path), []
    names = [name for name in now["period"].unique() if name in published.keys() - hidden]
    for each in _apart(names):
        inside = now[now["period"] == str(each)].drop(columns="period")
        own = [entry for entry in entries if entry["period"] == str(each) and entry["groups"]]
        parts.append(_lacking(inside, published[str(each)], own[-1] if own else None))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return found if len(found) else None


def _apart(names: Iterable[str]) -> list[Period]:
    """Return periods that don't overlap: the longest first."""
    taken: list[Period] = []
    for each in sorted(map(Period, names), key=lambda p: (p.first_day - p.last_day, p.first_day)):
        if not any(each.first_day <= p.last_day and p.first_day <= each.last_day for p in taken):
            taken.append(each)
    return taken


def own_of(period: Period, entries: Sequence[Entry]) -> set[str]:
    """Return an edition's own period where it was published: it was to stand, or gives way."""
    return {str(period)} & {entry["period"] for entry in entries}


def wholes(
    published: Mapping[str, pd.DataFrame],
    how: tuple[list[str], list[str]],
    period: Period,
    entries: Sequence[Entry],
    *,
    besides: Collection[str] = (),
) -> dict[str, pd.DataFrame]:
    """Return sums of periods that were not published, but whose parts were, all of them.

    Parameters
    ----------
    how : keys and sums of a summary.
    besides : periods that are not asked for.
    """
    hidden = {str(release.period) for release in releases_in(entries) if not release.total}
    (keys, adding), found = how, {}
    for each in period.reach() if adding else []:
        if str(each) in published or str(each) in besides:
            continue
        inside = [of for of in published.keys() - hidden if _is_inside(Period(of), each)]
        parts = _apart(inside)
        if sum(map(_days, parts)) == _days(each):
            rows = pd.concat([published[str(p)] for p in parts]).assign(**{OF: str(each)})
            by = [OF, *(key for key in keys if key in rows)]
            sums = [column for column in adding if column in rows]
            found[str(each)] = rows.groupby(by, as_index=False, dropna=False)[sums].sum()
    return found


def parts_of(
    published: Mapping[str, pd.DataFrame], now: pd.DataFrame, how: tuple[list[str], list[str]]
) -> dict[str, pd.DataFrame]:
    """Return sums of the largest parts, told of for the first time, of what was published whole.

    They take what all parts together lack of the whole.

    Parameters
    ----------
    now : sums by period (`OF`) and keys as they are today.
    how : keys and sums of a summary.
    """
    (keys, adding), found = how, {}
    sums = [column for column in adding if column in now]
    named = {str(name): Period(str(name)) for name in now[OF].unique()}
    by = [key for key in keys if key in now]
    for whole, then in published.items():
        inside = [name for name, each in named.items() if _is_inside(each, Period(whole))]
        new = [name for name in inside if name not in published]
        if (
            not sums
            or not new
            or sum(_days(named[name]) for name in inside) != _days(Period(whole))
        ):
            continue
        old = [published[name] for name in inside if name in published]
        told = pd.concat([*old, now[now[OF].isin(new)]]).assign(**{OF: whole})
        largest = now[now[OF].isin(new)].groupby(OF)[sums[0]].sum().idxmax()
        each = now[now[OF] == largest]
        lacks = [then.assign(**{OF: whole}), told.assign(**{s: -told[s] for s in sums}), each]
        rows = pd.concat([frame[[*by, *sums]] for frame in lacks]).assign(**{OF: largest})
        found[str(largest)] = rows.groupby([OF, *by], as_index=False, dropna=False)[sums].sum()
    return found


def _is_inside(part: Period, whole: Period) -> bool:
    return whole.first_day <= part.first_day and part.last_day <= whole.last_day


def _days(period: Period) -> int:
    return (period.last_day - period.first_day).days + 1


def _lacking(now: pd.DataFrame, then: pd.DataFrame, own: Entry | None) -> pd.DataFrame:
    pools = pools_of(own) if own else {}
    segments = [segment for segment in pools if segment in now]
    shown = now.copy()
    for segment in segments:
        shown[segment] = now[segment].where(~now[segment].isin(list(pools[segment])), OTHERS)
    then = pd.DataFrame(own["groups"]) if own else then
    keys = ["question", "score", *segments]
    lacking = then.groupby(keys)["n"].sum().sub(shown.groupby(keys)["n"].sum(), fill_value=0)
    rows = lacking[lacking != 0].reset_index()
    for segment in now.columns.difference(["question", "score", "n"]):
        sizes = now.groupby(segment)["n"].sum()
        pool = sizes[sizes.index.isin(list(pools.get(segment, ())))]
        group = rows.get(segment, pd.Series(OTHERS, index=rows.index, dtype=object))
        rows[segment] = group.replace(OTHERS, (pool if len(pool) else sizes).idxmax())
    return rows
