"""Rolling windows of answers followed, made of what was published of the periods inside them.

A window lacks the answers of whoever was erased since an earlier one told of the same periods, so
that groups and scores of both, or of one beside the totals of months, would tell of the erased. The
ledger keeps how many answers each period had by score and by group, and how many of them customers
followed by an order. Rows are copied or taken out until a window's sums are those again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from profitchain.core.periods import Period
from profitchain.disclosure.ledger import OF, Entry, sums_of
from profitchain.disclosure.published_sums import own_of, parts_of, wholes
from profitchain.sources.company import Company
from profitchain.stats.disclosure_control import OTHERS

LINK = "link_cells"
FOLLOWED = "followed"  # what is kept and compared: sums by one column each
SUMS = ["n", "repeats"]
HOW = ["value"], SUMS  # keys and sums of what is kept
OUTCOMES = ("orders", "spend", "margin")


def followed_sums(
    company: Company, period: Period, frame: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield, by the name that the ledger has for it, period (`OF`), value, n, repeats.

    One each for the score and each segment; none where answers are put together by bands. A name
    holds the question and the days of its window: other ones make other sums.
    """
    if company.main is None or "cluster" not in frame or "score" not in frame:
        return
    names = [each.name for each in period.reach()]
    inside = frame[frame["closes"].isin(names)].rename(columns={"closes": OF})
    for column in ("score", *(name for name in company.segments if name in frame)):
        sums = inside.groupby([OF, column], as_index=False)[SUMS].sum()
        name = f"{FOLLOWED} {company.main.name} {company.repeat_within_days} {column}"
        yield name, sums.rename(columns={column: "value"})


def lacking_since(
    company: Company, period: Period, folder: Path, entries: Sequence[Entry]
) -> pd.DataFrame:
    """Return what the summary of answers followed lacks of what was published of its periods.

    Returns
    -------
    closes, column, value, came_back (0/1), n: answers, below 0 where some have come since.
    """
    path, own = folder / f"{LINK}.parquet", own_of(period, entries)
    found = []
    for name, now in followed_sums(company, period, pd.read_parquet(path)) if path.exists() else ():
        then = sums_of(entries, name)
        then |= wholes(then, HOW, period, entries)
        then |= parts_of(then, now, HOW)
        periods = sorted(then.keys() & set(now[OF]) - own)
        if periods:
            was = pd.concat([then[each] for each in periods]).groupby([OF, "value"])[SUMS].sum()
            is_now = now[now[OF].isin(periods)].set_index([OF, "value"])[SUMS]
            found.append(_by_class(was.sub(is_now, fill_value=0), name.split(" ", 3)[3]))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def completed(frame: pd.DataFrame, lacking: pd.DataFrame) -> pd.DataFrame:
    """Return answers followed with as many in each published period as it was published with.

    What is missing is copied from the likest answers of the period, what has come is taken out. A
    group that nobody is left of is one of `OTHERS`.
    """
    columns = list(dict.fromkeys(lacking["column"]))
    rows = _Rows(frame, columns)
    for (closes, came_back), part in lacking.groupby(["closes", "came_back"], sort=True):
        counts = {name: Counter[object]() for name in columns}
        for one in part.itertuples():
            counts[one.column][one.value] += int(one.n)
        rows.make_up(rows.some(closes, int(came_back)), counts)
    return rows.frame()


def left_of(lacking: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what periods still lack (closes, n, repeats) once rows are no longer as before."""
    was, now = (rows.groupby("closes")[SUMS].sum() for rows in (before, after))
    left = lacking.groupby("closes")[SUMS].sum().sub(now.sub(was, fill_value=0), fill_value=0)
    return left[(left != 0).any(axis=1)].reset_index()


def _by_class(lacking: pd.DataFrame, column: str) -> pd.DataFrame:
    back, stay = lacking["repeats"], lacking["n"] - lacking["repeats"]
    parts = [some.reset_index(name="n").assign(came_back=at) for at, some in ((0, stay), (1, back))]
    rows = pd.concat(parts).rename(columns={OF: "closes"}).assign(column=column)
    return rows[rows["n"] != 0].astype({"n": int})


@dataclass(frozen=True)
class _Some:
    """The answers of a period that an order followed, or none."""

    closes: object
    came_back: int
    inside: np.ndarray  # whether a cell is of the period
    has: np.ndarray  # how many such answers each cell has


class _Rows:
    """Cells of answers, of which single answers are copied and taken out."""

    def __init__(self, cells: pd.DataFrame, columns: Sequence[str]) -> None:
        self._cells, self._columns = cells, columns
        self._sums = {name: cells[name].to_numpy(np.int64).copy()
                      for name in (*SUMS, *OUTCOMES) if name in cells}  # fmt: skip
        self._more: list[dict[str, object]] = []
        self._codes, self._values = {}, {}
        for name in columns:
            self._codes[name], self._values[name] = pd.factorize(cells[name])

    def some(self, closes: object, came_back: int) -> _Some:
        """Return the answers of a period that an order followed, or none."""
        n, repeats = (self._sums[name] for name in SUMS)
        inside = (self._cells["closes"] == closes).to_numpy()
        return _Some(closes, came_back, inside, repeats.copy() if came_back else n - repeats)

    def make_up(self, some: _Some, lacking: Mapping[str, Counter[object]]) -> None:
        """Give a period as many more answers, by each column, or fewer, as it lacks."""
        for _one in range(max((-counts).total() for counts in lacking.values())):
            place = self._likest(some, {name: list(-counts) for name, counts in lacking.items()})
            if place is not None:
                self._take(some, place)
                for name, counts in lacking.items():
                    counts[self._value(name, place)] += 1
        for name, counts in lacking.items():
            for value in list((-counts).elements()):  # another one has its place
                place, other = self._likest(some, {name: [value]}, needs=1), list(+counts)
                if place is not None and other:
                    self._take(some, place)
                    self._put(some, place, {name: other[0]})
                    counts.update({value: 1, other[0]: -1})
        wanted = {name: list((+counts).elements()) for name, counts in lacking.items()}
        for number in range(max(map(len, wanted.values()))):
            values = {name: many[number] for name, many in wanted.items() if number < len(many)}
            like = {name: [value] for name, value in values.items()}
            if (place := self._likest(some, like, anywhere=True)) is not None:
                self._put(some, place, values)

    def frame(self) -> pd.DataFrame:
        """Return the cells as they are by now."""
        kept = self._cells.assign(**self._sums)[self._sums["n"] > 0]
        more = pd.DataFrame(self._more, columns=kept.columns)
        both = pd.concat([kept, more], ignore_index=True) if len(more) else kept
        return both.astype(self._cells.dtypes).reset_index(drop=True)

    def _likest(
        self,
        some: _Some,
        values: Mapping[str, Sequence[object]],
        *,
        needs: int = 0,
        anywhere: bool = False,
    ) -> int | None:
        """Return the cell whose values are the most like, None if none is of the period."""
        like = np.zeros(len(self._cells), int)
        for name, wanted in values.items():
            like += np.isin(self._codes[name], self._values[name].get_indexer(list(wanted)))
        may = some.inside & (some.has > 0) & (like >= needs)
        if anywhere:
            like, may = like + 10 * (some.has > 0) + 100 * some.inside, some.has >= 0
        return int(np.argmax(np.where(may, like, -1))) if may.any() else None

    def _value(self, name: str, place: int) -> object:
        return self._values[name][self._codes[name][place]]

    def _take(self, some: _Some, place: int) -> None:
        one = self._one(some, place)
        for name, sums in self._sums.items():
            sums[place] -= one[name]
        some.has[place] -= 1

    def _put(self, some: _Some, place: int, values: Mapping[str, object]) -> None:
        known = {name: value if name == "score" or value in self._values[name] else OTHERS
                 for name, value in values.items()}  # fmt: skip
        donor = {str(name): value for name, value in self._cells.iloc[place].to_dict().items()}
        self._more.append({**donor, "closes": some.closes, **self._one(some, place), **known})

    def _one(self, some: _Some, place: int) -> dict[str, int]:
        """Return the sums of one of a cell's answers."""
        back = int(self._cells["repeats"].iloc[place])
        share = {name: int(self._cells[name].iloc[place]) // max(back, 1)
                 for name in OUTCOMES if name in self._sums}  # fmt: skip
        return {"n": 1, "repeats": some.came_back,
                **{name: amount * some.came_back for name, amount in share.items()}}  # fmt: skip
