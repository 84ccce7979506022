"""Answers that lack nothing, as numbers: outcome, drivers, and each customer's sums of products.

A driver is one column, or several that enter together: a category's levels, or a question that not
everybody could answer (whether asked, and the answer less its mean, 0 where there was none).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable

FEWEST_ANSWERS = 200  # usable ones; and n R2 / drivers, from which intervals cover (measured)
FEWEST_PER_DRIVER = 16
FEWEST_OF_LEVEL = 20  # answers of a category's level; rarer ones are one level together
OTHERS = "…"

Blank = Literal["skipped", "not_applicable"]
DriverKind = Literal["question", "number", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What may move the score: a question's answers, or a further column of the answer.

    `scale` and `target` (from where an answer is no longer low) are a question's.
    """

    name: str
    column: str
    kind: DriverKind = "question"
    label: str = ""
    scale: tuple[float, float] = (1, 5)
    target: float = 4
    blank: Blank = "skipped"

    @property
    def middle(self) -> float:
        return sum(self.scale) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverAnswers:
    """Answers as numbers, rows alike put together: what every method here reads.

    `columns` (rows x columns) are the drivers', `of` the columns of each driver; `cluster` is the
    customer, or a group of customers, as it came. `left_out` answers lacked something, of `answers`
    to the main question; `constant` drivers never varied and stand aside. `offsets` is what was
    taken off the answers of each driver (0 where everybody gave one).
    """

    drivers: tuple[Driver, ...]
    of: tuple[tuple[int, ...], ...]
    outcome: np.ndarray
    columns: np.ndarray
    n: np.ndarray
    cluster: np.ndarray
    left_out: int = 0
    constant: tuple[Driver, ...] = ()
    offsets: tuple[float, ...] = ()

    @property
    def answers(self) -> int:
        return int(self.n.sum())

    @property
    def questions(self) -> list[int]:
        """The places of those drivers that are questions."""
        kinds = [driver.kind for driver in self.drivers]
        return [place for place, kind in enumerate(kinds) if kind == "question"]

    @property
    def spread(self) -> np.ndarray:
        """Each column's standard deviation."""
        mean = np.average(self.columns, axis=0, weights=self.n)
        return np.sqrt(np.average((self.columns - mean) ** 2, axis=0, weights=self.n))

    def at(self, points: np.ndarray, place: int) -> np.ndarray:
        """Return the answers to a question at some points, NaN where it was not applicable."""
        *asked, column = self.of[place]
        given = points[:, column] + self.offsets[place]
        return np.where(points[:, asked[0]] > 0, given, np.nan) if asked else given

    def with_answer(self, points: np.ndarray, place: int, given: np.ndarray) -> np.ndarray:
        """Return the points with other answers to a question; NaN leaves one as it is."""
        column = self.of[place][-1]
        moved = points.astype(float)
        moved[:, column] = np.where(np.isnan(given), points[:, column], given - self.offsets[place])
        return moved


def read_drivers(
    cells: pd.DataFrame, drivers: Sequence[Driver], *, fewest: int = FEWEST_ANSWERS
) -> DriverAnswers | NotEstimable:
    """Return the answers in which nothing is missing that these drivers need.

    Parameters
    ----------
    cells : one row a combination alike
        Reads `score`, `n`, `cluster` and each driver's column, empty where nothing was said. A
        blank of a driver that is not applicable leaves no answer out.
    """
    needed = [driver.column for driver in drivers if driver.blank == "skipped"]
    scored = cells[cells["score"].notna()]
    rows = scored[scored[needed].notna().all(axis=1)].reset_index(drop=True)
    if (answers := int(rows["n"].sum())) < fewest:
        return NotEstimable("too_few_answers", answers=answers, fewest=fewest, n=answers)
    if rows["score"].nunique() < 2:
        score = float(rows["score"].iloc[0])
        return NotEstimable("all_scores_the_same", score=score, n=answers)
    varies = [_varies(rows, driver) for driver in drivers]
    used = [driver for driver, moves in zip(drivers, varies, strict=True) if moves]
    if len(used) < 2:
        return NotEstimable("fewer_than_two_drivers", drivers=len(used), n=answers)
    parts, offsets = zip(*(columns_of(rows, driver) for driver in used), strict=True)
    widths = np.cumsum([0, *(part.shape[1] for part in parts)])
    spans = zip(widths[:-1].tolist(), widths[1:].tolist(), strict=True)
    return DriverAnswers(
        drivers=tuple(used), of=tuple(tuple(range(*span)) for span in spans),
        outcome=rows["score"].to_numpy(float), columns=np.column_stack(parts),
        n=rows["n"].to_numpy(float), cluster=rows["cluster"].to_numpy(),
        left_out=int(scored["n"].sum()) - answers,
        constant=tuple(d for d, moves in zip(drivers, varies, strict=True) if not moves),
        offsets=offsets,
    )  # fmt: skip


def _varies(rows: pd.DataFrame, driver: Driver) -> bool:
    given = rows[driver.column]
    if driver.kind == "category":
        counts = rows["n"].groupby(given.astype(str)).sum()
        return int((counts >= FEWEST_OF_LEVEL).sum() + (counts < FEWEST_OF_LEVEL).any()) > 1
    return bool(given.nunique() > 1)


def columns_of(rows: pd.DataFrame, driver: Driver) -> tuple[np.ndarray, float]:
    """Return what a driver enters as (rows x its columns), and what was taken off its answers."""
    given, n = rows[driver.column], rows["n"]
    if driver.kind == "category":
        text = given.astype(str)
        counts = n.groupby(text).sum().sort_values(ascending=False, kind="stable")
        text = text.where(text.map(counts) >= FEWEST_OF_LEVEL, OTHERS)
        known = set(text)
        levels = [level for level in dict.fromkeys([*counts.index, OTHERS]) if level in known]
        return np.column_stack([(text == level).to_numpy(float) for level in levels[1:]]), 0.0
    values, has = given.to_numpy(float, na_value=np.nan), given.notna().to_numpy()
    if has.all():
        return values[:, None], 0.0
    mean = float(np.average(values[has], weights=n[has]))
    return np.column_stack([has.astype(float), np.where(has, values - mean, 0.0)]), mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Each cluster's sums of the products of (1, drivers, outcome), the mean and the covariance."""

    sums: np.ndarray
    names: np.ndarray

    @property
    def n(self) -> np.ndarray:
        return np.asarray(self.sums[:, 0, 0])

    @property
    def mean(self) -> np.ndarray:
        total = self.sums.sum(axis=0)
        return np.asarray(total[0, 1:] / total[0, 0])

    @property
    def centred(self) -> np.ndarray:
        """Each cluster's sums of products of what lies off the mean (clusters x d x d)."""
        mean, first = self.mean, self.sums[:, 0, 1:]
        cross = first[:, :, None] * mean
        squares = mean[:, None] * mean * self.n[:, None, None]
        return np.asarray(self.sums[:, 1:, 1:] - cross - cross.transpose(0, 2, 1) + squares)

    @property
    def covariance(self) -> np.ndarray:
        return np.asarray(self.centred.sum(axis=0) / self.n.sum())

    def without(self, groups: np.ndarray, group: int) -> Moments:
        """Return the moments of all clusters but those of one group."""
        keep = groups != group
        return Moments(sums=self.sums[keep], names=self.names[keep])


def moments(answers: DriverAnswers) -> Moments:
    """Return the sums of products by cluster, from which all shares follow."""
    off = answers.outcome.mean()  # near the mean: products of large numbers lose digits
    rows = np.column_stack([np.ones(len(answers.n)), answers.columns, answers.outcome - off])
    codes, names = pd.factorize(answers.cluster, sort=True)
    size, many = rows.shape[1], len(names)
    sums = np.empty((many, size, size))
    for one in range(size):
        weighted = answers.n * rows[:, one]
        for other in range(one, size):
            of = np.bincount(codes, weighted * rows[:, other], many)
            sums[:, one, other] = sums[:, other, one] = of
    return Moments(sums=sums, names=np.asarray(names))
