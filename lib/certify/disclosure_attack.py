"""What an attacker works out from finished editions of a small firm, by equations and bounds.

The equations are exact, in whole numbers; bounds are linear programs. The attacker knows which
groups there are, that counts are 0 or more, and, of each sum that is shown, how many were promoters
and detractors: more than an edition says. How many customers are behind a cell, and what the sums
of promoters are, comes from the firm's tables; which sums are published, from the editions alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from certify.finished_editions import (
    ANSWERS,
    FOLLOWED,
    OTHERS,
    SATISFACTION,
    SCORE,
    Statement,
    months_of,
    shown_in,
    statements_in,
    texts_of,
)

PRIME = 2**31 - 1
KINDS = ("promoter", "passive", "detractor")
NEAR = 1e-6
WIDE = 2 + NEAR  # within one of the middle
TOTAL = ""

Span = tuple[str, ...]
Target = tuple[str, str, Span]  # segment, group, months


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What came out: of hidden cells how many, and of statements.

    `hidden` are cells of fewer customers than may be shown; `exact` those that the equations fix,
    `near` those of which answers, promoters and detractors are each known to within one; `named`
    those whose group the page names; `wrong` statements that the tables contradict; `changed` those
    that say of the same something else by fewer customers than may be shown, or don't follow from
    those of which they are the sum. `large` are groups, in a period or a window of page 07, of as
    many customers as may be shown or more, and `lost` those of them not shown by themselves.
    """

    hidden: int
    exact: int
    near: int
    named: int
    wrong: int
    changed: int
    large: int = 0
    lost: int = 0


def names_in(rows: pd.DataFrame, segments: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the groups of each segment."""
    return {segment: sorted(rows[segment].unique()) for segment in segments}


class Cells:
    """Counts by segment, group, month and kind, of which sums are published."""

    def __init__(self, rows: pd.DataFrame, segments: Sequence[str], months: Iterable[str]) -> None:
        self.rows, self.segments = rows, segments
        self.months, self.names = sorted(months), names_in(rows, segments)
        cells = [(s, g, m) for s in segments for g in self.names[s] for m in self.months]
        self.place = {cell: at for at, cell in enumerate(cells)}

    def row(self, segment: str, groups: Iterable[str], span: Iterable[str]) -> np.ndarray:
        """Return a sum of cells; of all groups where no segment is named."""
        row = np.zeros(len(self.place), dtype=np.int64)
        segment, groups = (
            (segment, groups) if segment else (self.segments[0], self.names[self.segments[0]])
        )
        row[[self.place[segment, group, month] for group in groups for month in span]] = 1
        return row

    def alike(self) -> list[np.ndarray]:
        """Return what everybody knows: in each month the groups of each segment sum up alike."""
        first, *others = self.segments
        return [
            self.row(first, self.names[first], (month,))
            - self.row(other, self.names[other], (month,))
            for month in self.months
            for other in others
        ]

    def inside(self, segment: str, groups: Iterable[str], span: Iterable[str]) -> pd.DataFrame:
        """Return the rows of a sum."""
        rows = self.rows[self.rows["month"].isin(list(span))]
        return rows[rows[segment].isin(list(groups))] if segment else rows

    def small(self, spans: Iterable[Span], smallest: int) -> list[Target]:
        """Return the cells of fewer customers than may be shown, and not of nobody."""
        found = []
        for span in sorted(set(spans)):
            rows = self.inside(TOTAL, (), span)
            for segment in self.segments:
                sizes = rows.groupby(segment)["customer"].nunique()
                found += [(segment, group, span) for group in sizes.index[sizes < smallest]]
        return found


def attacked(
    editions: Sequence[Path], rows: pd.DataFrame, segments: Sequence[str], *, smallest: int
) -> Attack:
    """Return what finished editions, taken together, give away.

    Parameters
    ----------
    rows : one row an answer: customer, month, closes (the month in which its window closed), kind
        (of `KINDS`), and the segments.
    """
    names = names_in(rows, segments)
    said = [one for edition in editions for one in statements_in(edition, names)]
    found = [Attack(hidden=0, exact=0, near=0, named=_named(editions, rows, segments, smallest),
                    wrong=0, changed=changed(said, smallest))]  # fmt: skip
    own = [months_of(edition.name) for edition in editions]
    for of, month, more in ((ANSWERS, "month", []), (FOLLOWED, "closes", [SCORE])):
        told = [one for one in said if one.of == of]
        inside = rows.assign(month=rows[month])
        months = {name for one in told for name in one.months} | set(inside["month"].dropna())
        cells = Cells(inside[inside["month"].notna()], [*segments, *more], months)
        targets = [one for one in cells.small(_spans(own), smallest) if one[0] in segments]
        found.append(solved(cells, told, targets))
        found += [_cost(edition, of, cells, segments, smallest) for edition in editions]
    return Attack(**{one.name: sum(getattr(part, one.name) for part in found)
                     for one in fields(Attack)})  # fmt: skip


def _cost(edition: Path, of: str, cells: Cells, segments: Sequence[str], smallest: int) -> Attack:
    """Return how many groups are large enough to be shown, and how many of them are not."""
    large = lost = 0
    for segment, (months, shown) in shown_in(edition, of).items():
        if segment not in segments:
            continue
        sizes = cells.inside(TOTAL, (), months).groupby(segment)["customer"].nunique()
        enough = set(sizes.index[sizes >= smallest])
        large, lost = large + len(enough), lost + len(enough - (shown - {OTHERS}))
    return Attack(hidden=0, exact=0, near=0, named=0, wrong=0, changed=0, large=large, lost=lost)


def solved(cells: Cells, told: Sequence[Statement], targets: Sequence[Target]) -> Attack:
    """Return which targets are fixed by the statements, or bounded to within one."""
    sums = [cells.row(one.segment, one.groups, one.months) for one in told]
    truth = [cells.inside(one.segment, one.groups, one.months) for one in told]
    wrong = sum(one.n != len(rows) for one, rows in zip(told, truth, strict=True))
    wanted = [cells.row(segment, (group,), span) for segment, group, span in targets]
    exact = in_row_space([*sums, *cells.alike()], wanted)
    bounds = _Bounds(cells, sums, truth)
    near = [bounds.are_near(row) for row in wanted]
    counts = [one.n for one in told] + [0] * len(cells.alike())
    return Attack(hidden=len(targets), exact=int(exact.sum()), near=int(np.sum(near)), named=0,
                  wrong=wrong, changed=contradictions([*sums, *cells.alike()], counts))  # fmt: skip


def in_row_space(rows: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> np.ndarray:
    """Tell which sums follow from others by adding and subtracting multiples of them.

    Reckoned modulo a prime, so without rounding; a sum that follows is found for certain.
    """
    basis: list[tuple[int, np.ndarray]] = []
    for row in rows:
        rest = _reduced(row % PRIME, basis)
        if len(places := np.flatnonzero(rest)):
            place = int(places[0])
            basis.append((place, rest * pow(int(rest[place]), -1, PRIME) % PRIME))
    return np.array([not _reduced(row % PRIME, basis).any() for row in wanted], dtype=bool)


def contradictions(rows: Sequence[np.ndarray], counts: Sequence[int]) -> int:
    """Return how many sums follow from those before them, and are said to be something else."""
    basis: list[tuple[int, np.ndarray]] = []
    found = 0
    for row, count in zip(rows, counts, strict=True):
        rest = _reduced(np.append(row, count) % PRIME, basis)
        if len(places := np.flatnonzero(rest[:-1])):
            place = int(places[0])
            basis.append((place, rest * pow(int(rest[place]), -1, PRIME) % PRIME))
        else:
            found += bool(rest[-1])
    return found


def _reduced(row: np.ndarray, basis: Sequence[tuple[int, np.ndarray]]) -> np.ndarray:
    for place, other in basis:
        if row[place]:
            row = (row - row[place] * other) % PRIME
    return row


class _Bounds:
    """The least and the most that a count of each kind can be."""

    def __init__(self, cells: Cells, sums: Sequence[np.ndarray], truth: Sequence[pd.DataFrame]):
        alike, zero = cells.alike(), np.zeros(len(cells.place))
        kinds = len(KINDS)
        blocks = [
            [row if at == kind else zero for at in range(kinds)]
            for kind in range(kinds)
            for row in [*sums, *alike]
        ]
        self._matrix = sparse.csr_matrix(np.array([np.concatenate(block) for block in blocks]))
        self._sums = np.array([
            float(count)
            for kind in KINDS
            for count in [*((rows["kind"] == kind).sum() for rows in truth), *[0] * len(alike)]
        ])  # fmt: skip

    def are_near(self, row: np.ndarray) -> bool:
        """Tell whether answers, promoters and detractors of a sum are each known to within one."""
        zero = np.zeros(len(row))
        sums = ([row, row, row], [row, zero, zero], [zero, zero, row])
        return all(self._is_near(np.concatenate(parts)) for parts in sums)

    def _is_near(self, sum_: np.ndarray) -> bool:
        how = {"A_eq": self._matrix, "b_eq": self._sums, "method": "highs"}
        ends = [linprog(sign * sum_, **how) for sign in (1, -1)]
        return all(end.success for end in ends) and -ends[1].fun - ends[0].fun <= WIDE


def changed(said: Sequence[Statement], smallest: int) -> int:
    """Return how many statements say of the same something else, by few answers or none."""
    told: dict[object, Statement] = {}
    count = 0
    for one in said:
        before = told.setdefault(one.key, one)
        is_other = one.n != before.n or _differ(one.value, before.value)
        count += int(is_other and abs(one.n - before.n) < smallest)
    return count


def _differ(value: float | None, before: float | None) -> bool:
    return value is not None and before is not None and abs(value - before) > NEAR


def _spans(own: Sequence[Span]) -> set[Span]:
    """Return the spans in which a cell may be small: months, quarters and whole periods."""
    months = sorted({month for span in own for month in span})
    quarters = {months_of(str(pd.Period(month, "M").asfreq("Q"))) for month in months}
    return {*own, *((month,) for month in months), *(q for q in quarters if set(q) <= set(months))}


def _named(
    editions: Sequence[Path], rows: pd.DataFrame, segments: Sequence[str], smallest: int
) -> int:
    """Return how many small groups stand by name on the page of satisfaction, in any file."""
    count = 0
    for edition in editions:
        said, inside = (
            texts_of(edition, SATISFACTION),
            rows[rows["month"].isin(months_of(edition.name))],
        )
        for segment in segments:
            sizes = inside.groupby(segment)["customer"].nunique()
            count += sum(group in said for group in sizes.index[sizes < smallest])
    return count
