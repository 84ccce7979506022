"""Whether counts that are published, taken together, give away a group too small to show.

Editions overlap: months add up to their quarter, groups to their total. What follows from all of
them by adding and subtracting is the row space of their equations (Fischetti and Salazar 2001,
Management Science 47: 1008-1027). A group is given away if its own row lies in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from profitchain.core.periods import Period

TOTAL = ""  # the segment in which all are one group
A_DAY = timedelta(days=1)
DAYS_A_MONTH = 30.4
NEAR = 1e-8

Span = tuple[date, date]  # first day, and the first one after it
Cell = tuple[str, str, date]  # segment, group, first day of an elementary span


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What an edition says of a period: which groups of each segment it shows together alone.

    `together` has no segment of which no groups are shown; without `total` nothing is shown. Of a
    rolling `window` that ends with the period it says what is shown of that.
    """

    period: Period
    together: Mapping[str, frozenset[str]] = field(default_factory=dict)
    total: bool = True
    window: Span | None = None

    @property
    def span(self) -> Span:
        return self.window or (self.period.first_day, self.period.last_day + A_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lattice:
    """Elementary spans, the cells of each, and how many customers are behind any of them."""

    starts: tuple[date, ...]
    groups: Mapping[str, tuple[str, ...]]
    counted: Mapping[tuple[str, str], Sequence[tuple[Span, int]]]
    smallest: int
    place: Mapping[Cell, int]

    def row(self, segment: str, groups: Sequence[str], span: Span) -> np.ndarray:
        """Return the sum of some groups over a span, as a row of coefficients."""
        row = np.zeros(len(self.place))
        for start in self.starts:
            if span[0] <= start < span[1]:
                for group in groups:
                    if (at := self.place.get((segment, group, start))) is not None:
                        row[at] = 1.0
        return row

    def customers(self, segment: str, group: str, span: Span) -> int:
        """Return how many customers of a group were counted in a span, or in a part of it."""
        counted = self.counted.get((segment, group), ())
        parts = [n for inner, n in counted if span[0] <= inner[0] and inner[1] <= span[1]]
        return max((n for inner, n in counted if inner == span), default=max(parts, default=0))

    def is_small(self, segment: str, groups: Sequence[str], spans: Sequence[Span]) -> bool:
        """Tell whether 1 customer or more, and fewer than the smallest group, may be behind it.

        Customers of a span are known where it was counted. Of several spans they are at least
        those of the largest part that was, and at most those of all its parts.
        """
        most = least = 0
        for group in groups:
            parts = [
                n
                for span in spans
                for inner, n in self.counted.get((segment, group), ())
                if span[0] <= inner[0] and inner[1] <= span[1]
            ]
            most, least = most + sum(parts), least + max(parts, default=0)
        return most > 0 and least < self.smallest


def audited(
    new: Release,
    before: Sequence[Release],
    counted: pd.DataFrame,
    *,
    smallest: int,
    since: date = date.min,
) -> Release:
    """Return the new release with as many more groups together as keep small ones hidden.

    Parameters
    ----------
    before : all that was published earlier.
    counted : customers (`customers`) by `period`, `segment` and `group`, of all periods of each
        length, as far as they are known; the segment `TOTAL` has all in one group. A `period` may
        be a span too, as `span_name` writes it.
    since : the day from which on customers are counted; who came before is not known.

    Where groups put together don't help, nothing at all is shown (`total` is False). What earlier
    editions alone give away, this one can't take back.
    """
    near = _near(new, before)
    known = [release for release in near if release.total]
    lattice = _lattice([new, *known], counted, smallest, since)
    old = [row for release in known for row in _rows(lattice, release)]
    old += _relations(lattice)

    def given_away(release: Release) -> list[np.ndarray]:
        targets = list(_targets(lattice, [release, *known]))
        out = _exposed([*old, *_rows(lattice, release)], targets) & ~_exposed(old, targets)
        return [target for target, is_out in zip(targets, out, strict=True) if is_out]

    first = new
    while new.total and (out := given_away(new)):
        new = _with_more_together(lattice, new, out[0], old)
    for less in _with_fewer_together(lattice, new, first):
        together = {**new.together, less[0]: new.together[less[0]] - {less[1]}}
        fewer = replace(new, together=together)
        new = new if given_away(fewer) else fewer
    return new


def exposed(
    releases: Sequence[Release], counted: pd.DataFrame, *, smallest: int
) -> list[tuple[str, str]]:
    """Return segment and group of each cell too small to show that releases give away together."""
    shown = [release for release in releases if release.total]
    lattice = _lattice(shown, counted, smallest)
    targets = list(_targets(lattice, shown))
    rows = [row for release in shown for row in _rows(lattice, release)]
    out = _exposed([*rows, *_relations(lattice)], targets)
    names = {at: cell for cell, at in lattice.place.items()}
    return [
        (names[int(np.argmax(target))][0], names[int(np.argmax(target))][1])
        for target, is_out in zip(targets, out, strict=True)
        if is_out
    ]


def blocks(groups: Sequence[str], together: frozenset[str]) -> list[tuple[str, ...]]:
    """Return what is shown of a segment: each group by itself, and those together as one."""
    alone: list[tuple[str, ...]] = [(group,) for group in groups if group not in together]
    pool = tuple(group for group in groups if group in together)
    return [*alone, pool] if pool else alone


def _near(new: Release, before: Sequence[Release]) -> list[Release]:
    """Return the releases that share days with the new one, or with one that does, and so on."""
    near, spans = [], [new.span]
    while found := [
        release
        for release in before
        if release not in near
        and any(release.span[0] < end and start < release.span[1] for start, end in spans)
    ]:
        near += found
        spans += [release.span for release in found]
    return near


def _lattice(
    releases: Sequence[Release], counted: pd.DataFrame, smallest: int, since: date = date.min
) -> _Lattice:
    cuts = sorted({day for release in releases for day in release.span})
    by_cell: dict[tuple[str, str], list[tuple[Span, int]]] = {}
    spans = {name: _span_of(name) for name in counted["period"].unique()}
    kept = counted[counted["customers"] > 0]
    for row in kept.itertuples():
        by_cell.setdefault((row.segment, row.group), []).append(
            (spans[row.period], int(row.customers))
        )
    groups: dict[str, tuple[str, ...]] = {}
    for segment, group in sorted(by_cell):
        groups[segment] = (*groups.get(segment, ()), group)
    place: dict[Cell, int] = {}
    for start, end in pairwise(cuts):
        about = {
            cell: min(_months(span) for span, _n in parts if span[0] < end and start < span[1])
            for cell, parts in sorted(by_cell.items())
            if any(a < end and start < b for (a, b), _n in parts)
        }
        shortest = min(about.values(), default=0)  # whoever is in none so short is in none
        for (segment, group), length in about.items():
            if length == shortest:
                place[segment, group, start] = len(place)
        if end <= since:  # whoever may have been there
            for segment, group in sorted(by_cell):
                place[segment, group, start] = len(place)
    return _Lattice(
        starts=tuple(cuts[:-1]), groups=groups, counted=by_cell, smallest=smallest, place=place
    )


def span_name(span: Span) -> str:
    """Return what a span that is no period is called."""
    return "/".join(day.isoformat() for day in span)


def _span_of(name: str) -> Span:
    if "/" not in name:
        return Release(period=Period(name)).span
    start, _, end = name.partition("/")
    return date.fromisoformat(start), date.fromisoformat(end)


def _months(span: Span) -> int:
    return round((span[1] - span[0]).days / DAYS_A_MONTH)


def _rows(lattice: _Lattice, release: Release) -> list[np.ndarray]:
    rows = [lattice.row(TOTAL, (TOTAL,), release.span)]
    for segment, together in release.together.items():
        shown = blocks(lattice.groups.get(segment, ()), together)
        rows += [lattice.row(segment, block, release.span) for block in shown]
    return rows


def _relations(lattice: _Lattice) -> Iterator[np.ndarray]:
    """Yield what everybody knows: in each span the groups of a segment add up to the total."""
    for start in lattice.starts:
        span = (start, start + A_DAY)
        for segment, groups in lattice.groups.items():
            if segment != TOTAL:
                yield lattice.row(segment, groups, span) - lattice.row(TOTAL, (TOTAL,), span)


def _targets(lattice: _Lattice, releases: Sequence[Release]) -> Iterator[np.ndarray]:
    """Yield what must not be given away: groups, and two of them, too small in some span.

    Spans are those of releases, what one has beyond another inside it, and the elementary ones.
    """
    whole = {release.span for release in releases}
    pools = {(segment, tuple(sorted(pool))) for release in releases
             for segment, pool in release.together.items()}  # fmt: skip
    spans: set[tuple[Span, ...]] = {(span,) for span in whole}
    spans |= {((a, b),) for a, b in pairwise(sorted({day for span in whole for day in span}))}
    spans |= {
        tuple(part for part in ((outer[0], inner[0]), (inner[1], outer[1])) if part[0] < part[1])
        for outer in whole
        for inner in whole
        if outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]
    }
    for parts in sorted(spans):
        for segment, groups in lattice.groups.items():
            several = {tuple(g for g in groups if g in pool) for s, pool in pools if s == segment}
            singles = [(group,) for group in groups]
            for names in sorted({*singles, *combinations(groups, 2), *several}):
                if lattice.is_small(segment, names, parts):
                    row = sum(lattice.row(segment, names, part) for part in parts)
                    if np.any(row):
                        yield np.asarray(row)


def _exposed(rows: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> np.ndarray:
    """Tell which targets are sums of multiples of rows."""
    if not rows or not targets:
        return np.zeros(len(targets), bool)
    _left, sizes, right = np.linalg.svd(np.array(rows), full_matrices=False)
    basis, wanted = right[sizes > NEAR * sizes.max()], np.array(targets)
    found: np.ndarray = np.abs(wanted - wanted @ basis.T @ basis).max(axis=1) < NEAR
    return found


def _with_fewer_together(
    lattice: _Lattice, new: Release, first: Release
) -> Iterator[tuple[str, str]]:
    """Yield segment and group of those put together meanwhile, the largest first."""
    for segment, pool in new.together.items():
        more = pool - first.together.get(segment, frozenset())
        sizes = [(lattice.customers(segment, group, new.span), group) for group in more]
        yield from ((segment, group) for _size, group in sorted(sizes, reverse=True))


def _with_more_together(
    lattice: _Lattice, new: Release, target: np.ndarray, known: Sequence[np.ndarray]
) -> Release:
    """Return a release with the smallest group that gives the target away put to the others."""
    segment = next(cell[0] for cell, at in lattice.place.items() if target[at])
    groups, pool = lattice.groups[segment], new.together.get(segment, frozenset(lattice.groups))
    alone = [group for group in groups if group not in pool]
    if not alone:
        return replace(new, total=False, together={})
    rows = [lattice.row(segment, (group,), new.span) for group in alone]
    weights = np.linalg.lstsq(np.array([*known, *rows]).T, target, rcond=None)[0][len(known) :]
    sizes = [(abs(weight) < NEAR, lattice.customers(segment, group, new.span), group)
             for weight, group in zip(weights, alone, strict=True)]  # fmt: skip
    first = min(sizes)[2]
    others = sorted(sizes, key=lambda size: size[1:])
    second = [size[2] for size in others if size[2] != first][:1] if not pool else []
    return replace(new, together={**new.together, segment: pool | {first, *second}})
