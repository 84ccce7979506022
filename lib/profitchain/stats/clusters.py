"""Which clusters of customers stand behind a row of sums: one, or those of its single answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype as is_number

MANY = 200_000  # answers; above, cells are put together by bands and clusters share in them
A_DOUBLING = 4  # bands
BLOCK = 16_384  # rows at a time, so that nothing as long as the answers is made on the way


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleAnswers:
    """Single answers in the order of the cells that they are in, those with a repeat last in each.

    `clusters` are whole numbers from 0; `sums` is what each answer brought, by outcome.
    """

    clusters: np.ndarray
    sums: Mapping[str, np.ndarray]

    @property
    def many(self) -> int:
        """One more than the last cluster."""
        return int(self.clusters.max(initial=0)) + 1


class Cells(pd.DataFrame):  # type: ignore[misc]  # pandas has no types of its own
    """Cells that many clusters share in: `first` is the place of a cell's first answer.

    Rows may be chosen and columns added as in any frame: the answers go along.
    """

    _metadata: ClassVar = ["answers"]
    answers: SingleAnswers | None = None

    _constructor = property(lambda _self: Cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Some rows and the answers behind them: `counts` of each, `repeats` of these with a repeat."""

    rows: slice
    counts: np.ndarray
    repeats: np.ndarray
    places: slice | np.ndarray
    answers: SingleAnswers

    @property
    def codes(self) -> np.ndarray:
        codes: np.ndarray = self.answers.clusters[self.places].astype(np.int32)
        return codes

    def left(self, outcome: str, mean: np.ndarray) -> np.ndarray:
        """Return what each answer brought beyond its cell's mean."""
        if outcome == "n":
            return np.repeat(1 - mean, self.counts)
        if outcome == "repeats":
            parts = np.column_stack([self.counts - self.repeats, self.repeats])
            return np.repeat(np.column_stack([-mean, 1 - mean]).ravel(), parts.ravel())
        sums = self.answers.sums[outcome][self.places]
        return np.asarray(sums - np.repeat(mean, self.counts))


def with_answers(cells: pd.DataFrame, answers: pd.DataFrame) -> Cells:
    """Return cells as those of single answers; text becomes categories.

    Parameters
    ----------
    cells : one row a cell; reads `n`.
    answers : one row an answer, in the order of the cells and in each those with a repeat last
        Reads `cluster`, a whole number from 0; the other columns are what an answer brought.
    """
    ends = cells["n"].cumsum().to_numpy(np.int64)
    if len(answers) != ends.max(initial=0):
        raise ValueError(f"{len(answers)} answers for cells of {ends.max(initial=0)}")
    clusters = answers["cluster"].to_numpy()
    texts = cells.columns[[not is_number(cells[name]) for name in cells]]
    cells = cells.astype(dict.fromkeys(texts, "category"))
    shared = Cells(cells.assign(first=ends - cells["n"].to_numpy()))
    shared.answers = SingleAnswers(
        clusters=clusters.astype(np.min_scalar_type(clusters.max(initial=0))),
        sums={name: answers[name].to_numpy() for name in answers.columns.drop("cluster")},
    )
    return shared


def is_shared(cells: pd.DataFrame) -> bool:
    """Tell whether many clusters may share in a cell."""
    return isinstance(cells, Cells) and cells.answers is not None


def totals(cells: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the sums of n, repeats or other outcomes over each cluster, its name the index.

    By numpy: pages ask for a thousand such sums, each of which takes pandas some milliseconds.
    """
    if not is_shared(cells):
        codes, names = pd.factorize(cells["cluster"], sort=True)
        numbers = {name: cells[name].to_numpy(float, na_value=0.0) for name in columns}
        by_name = {name: np.bincount(codes, of, len(names)) for name, of in numbers.items()}
        return pd.DataFrame(by_name, index=names)
    sums = np.zeros((cells.answers.many, len(columns)))
    count = np.zeros(len(sums), np.int64)
    for block in _blocks(cells):
        codes, nothing = block.codes, np.zeros(len(block.counts))
        count += np.bincount(codes, minlength=len(count))
        for place, name in enumerate(columns):
            if name != "n":
                sums[:, place] += np.bincount(codes, block.left(name, nothing), len(count))
    frame = pd.DataFrame(sums, columns=list(columns)).assign(n=count)
    return frame.loc[count > 0, list(columns)]


def clusters(cells: pd.DataFrame) -> int:
    """Return how many clusters stand behind some cells."""
    return len(totals(cells, ["n"])) if is_shared(cells) else cells["cluster"].nunique()


def brought(
    cells: pd.DataFrame, columns: np.ndarray, *, of: np.ndarray, outcome: str, mean: np.ndarray
) -> pd.DataFrame:
    """Return each cluster's sums of (outcome - n mean) times columns, its name the index.

    Clusters that have no answers in these cells may be there too, with nothing.

    Parameters
    ----------
    cells : one row a cell
        Reads `n`, the outcome, and `cluster` or the answers behind it.
    columns, mean : of each group (groups x columns; groups).
    of : the group that each cell is in.
    """
    from scipy.sparse import coo_array, csr_array

    if not is_shared(cells):
        codes, names = pd.factorize(cells["cluster"])
        left = cells[outcome].to_numpy() - cells["n"].to_numpy() * mean[of]
        shape = (len(names), len(columns))
        sums = coo_array((left, (codes.astype(np.int32), of)), shape=shape) @ columns
        return pd.DataFrame(sums, index=np.asarray(names))
    many = cells.answers.many
    sums = np.zeros((many, columns.shape[1]))
    for block in _blocks(cells):
        groups, codes = of[block.rows], block.codes
        left = block.left(outcome, mean[groups])
        starts = np.append(0, np.cumsum(block.counts)).astype(np.int32)
        sums += csr_array((left, codes, starts), shape=(len(groups), many)).T @ columns[groups]
    return pd.DataFrame(sums)


def _blocks(cells: pd.DataFrame) -> Iterator[_Block]:
    first, n, repeats = (cells[name].to_numpy() for name in ("first", "n", "repeats"))
    for start in range(0, len(cells), BLOCK):
        rows = slice(start, start + BLOCK)
        yield _Block(
            rows=rows,
            counts=n[rows],
            repeats=repeats[rows],
            places=_places(first[rows], n[rows]),
            answers=cells.answers,
        )


def _places(first: np.ndarray, counts: np.ndarray) -> slice | np.ndarray:
    """Return the places of the answers of some cells, as a slice where they lie together."""
    ends: np.ndarray = np.cumsum(counts)
    if first[-1] + counts[-1] - first[0] == ends[-1] and (np.diff(first) > 0).all():
        return slice(int(first[0]), int(first[0] + ends[-1]))
    return np.asarray(np.arange(ends[-1]) + np.repeat(first - ends + counts, counts))
