"""Model matrices: how the score and what was known of the customer before enter a regression.

Numeric controls enter as log1p: in invented worlds where a customer's hidden buying rate drives
both the orders before and those after, this leaves 3% of the effect or less (600,000 answers;
squares and splines did no better). What no form of the history can mend is satisfaction that
follows the hidden rate itself: there the adjusted effect stayed 25% to 60% too large.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Reason

NUMERIC = {"prior_orders": "prior_orders", "recency": "recency_days", "tenure": "tenure_days"}
NUMERIC |= {name: name for name in ("tenure_then", "next_prior_orders")}
CAME_BACK = "those who came back"
MONTH = "month"  # of the answer: a level each, quarters where events are too few
NOT_KNOWN, ALL_OTHERS = "not known", "all others"  # levels of a control
WELL_FILLED = 0.9  # share of answers
FEWEST_IN_LEVEL = 10  # a category with fewer answers joins the other rare ones
HARRELL = (0.05, 0.275, 0.5, 0.725, 0.95)
HARRELL_THREE = (0.10, 0.5, 0.90)
FEW = 0.05  # share of answers
SHORT_SCALE = 5  # a scale of so few scores gets three knots
BLOCK = 4096  # rows at a time, so that what is between them stays in the processor's cache
OFTEN = 10  # answers that a score needs to guide where knots stand
ROUNDING = 1e-6  # of a column's size: a smaller spread is that of rounded clocks or digits
FEWEST_APART = 5  # rows off the usual value that a slope needs

Numbers = Sequence[float] | np.ndarray
Basis = Callable[[np.ndarray], np.ndarray]


class Linear(str):
    """The name of a control that is a number and enters as it is, whatever it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Columns for what was known before the answer, and what became of each control asked for.

    Each of `parts` is a column with one number a cell; `names` says for each which control
    it belongs to; `notes` tell of controls that were dropped or had categories pooled.
    """

    parts: tuple[np.ndarray, ...] = ()
    names: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        """The controls that entered."""
        return tuple(dict.fromkeys(self.names))

    def keeping(self, keep: np.ndarray) -> Controls:
        """Return these controls with some columns only; a control that loses all is noted."""
        names = tuple(itertools.compress(self.names, keep))
        lost = [name for name in self.used if name not in names]
        notes = [Reason.of("control_repeats_others", control=name) for name in lost]
        parts = tuple(itertools.compress(self.parts, keep))
        return Controls(parts=parts, names=names, notes=(*self.notes, *notes))


def as_it_is(scores: np.ndarray) -> np.ndarray:
    """Return the score as one column: each point counts the same on the logit (or log) scale."""
    return np.asarray(scores, float)[:, None]


def categories(edges: Numbers) -> Basis:
    """Return a basis with one 0/1 column for each group of scores after the first.

    `edges` are the lowest scores of the groups after the first, ascending.
    """
    groups = np.arange(1, len(edges) + 1)
    return lambda scores: np.equal(
        np.searchsorted(edges, scores, side="right")[:, None], groups
    ).astype(float)


def broken_line(bends: Numbers) -> Basis:
    """Return a basis for a line that may change its slope at each bend."""
    return lambda scores: np.column_stack(
        [scores, *(np.maximum(scores - bend, 0) for bend in bends)]
    )


def restricted_cubic(knots: np.ndarray) -> Basis:
    """Return a cubic spline that is straight beyond its outer knots; the first column is linear.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., eq. 2.25.
    """
    last, before_last = knots[-1], knots[-2]

    def bent(scores: np.ndarray, knot: float) -> np.ndarray:
        at, inner, outer = (
            np.maximum(scores - place, 0.0) ** 3 for place in (knot, before_last, last)
        )
        tail = ((last - knot) * inner - (before_last - knot) * outer) / (last - before_last)
        return np.asarray((at - tail) / (last - knots[0]) ** 2)

    def columns(scores: np.ndarray) -> np.ndarray:
        scores = np.asarray(scores, float)
        return np.column_stack([scores, *(bent(scores, knot) for knot in knots[:-2])])

    return columns


def spline_knots(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return three to five distinct knots, spread evenly over the scores that were given often.

    Harrell (2015, Regression Modeling Strategies, 2nd ed., table 2.3) puts them at quantiles of the
    answers; most answers being near the top of the scale, his would leave the rest of it stiff, so
    his quantiles (five, or three for short scales) are taken of the distinct scores instead.
    """
    distinct, place = np.unique(scores, return_inverse=True)
    often = distinct[np.bincount(place, weights=weights) >= OFTEN]
    spread = often if len(often) >= 3 else distinct
    places = HARRELL if len(spread) > SHORT_SCALE else HARRELL_THREE
    return np.unique(np.quantile(spread, places, method="nearest"))


def control_columns(
    cells: pd.DataFrame, controls: Sequence[str], *, outcome: str, who: str = CAME_BACK
) -> Controls:
    """Return the columns of the controls that these answers can carry.

    Parameters
    ----------
    cells : one row a cell
        Reads `n`, the outcome's sum, and the controls' columns. A negative or missing number
        means "none before" and gets its own 0/1 column.
    outcome : column of sums; for "repeats" a category must hold both who did and who didn't.
    who : those for whom `outcome` counts, in words.
    """
    columns: list[np.ndarray] = []
    names: list[str] = []
    notes: list[Reason] = []
    for control in dict.fromkeys(controls):
        if column_of(control) not in cells:
            notes.append(Reason.of("control_not_in_data", control=control))
            continue
        if _separates_a_few(cells, control, outcome):
            notes.append(Reason.of("control_hardly_varies", control=control, who=who))
            continue
        candidates = list(_columns(cells, control, outcome, notes))
        varied = [column for column in candidates if varies(column, cells["n"].to_numpy(float))]
        columns += varied
        names += [control] * len(varied)
        if not varied and any(np.ptp(column) for column in candidates if len(column)):
            notes.append(Reason.of("control_hardly_varies", control=control, who=who))
        elif not varied:
            notes.append(Reason.of("control_constant", control=control))
    return Controls(parts=tuple(columns), names=tuple(names), notes=tuple(notes))


def side_by_side(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return columns as a matrix whose rows lie together in memory, as `np.column_stack`.

    Block by block, for a whole column written at this distance costs more than all else of a fit.
    """
    matrix = np.empty((len(columns[0]), len(columns)))
    for start in range(0, len(matrix), BLOCK):
        for place, column in enumerate(columns):
            matrix[start : start + BLOCK, place] = column[start : start + BLOCK]
    return matrix


def varies(
    column: np.ndarray, weights: np.ndarray | None = None, *, least_spread: float = 0.0
) -> bool:
    """Return whether a column varies enough among these rows for a slope to be told.

    Not where its spread is but rounding of its size, or below `least_spread` (a standard deviation,
    for slopes that are read for a fixed step), nor where fewer than five rows differ from the usual
    value. Of any size: a column may be in days or in years.
    """
    column = np.asarray(column, float)
    weights = np.ones(len(column)) if weights is None else weights
    total = float(weights.sum())
    if not total:
        return False
    size = float(np.abs(column).max()) or 1.0  # so that squares neither overflow nor vanish
    scaled = column / size
    centred = scaled - weights @ scaled / total
    squares = float(weights @ centred**2)
    spread = np.sqrt(squares / total)
    if spread <= max(ROUNDING * np.sqrt(weights @ scaled**2 / total), least_spread / size):
        return False
    if squares >= FEWEST_APART * float(np.ptp(scaled)) ** 2:
        return True
    _values, place = np.unique(column, return_inverse=True)
    return bool(total - np.bincount(place, weights).max() >= FEWEST_APART)


def independent(columns: np.ndarray, weights: np.ndarray, *, tolerance: float = 1e-9) -> np.ndarray:
    """Return for each column whether it adds anything to those before it (weighted)."""
    gram = np.zeros((columns.shape[1], columns.shape[1]))
    for start in range(0, len(columns), BLOCK):
        rows = columns[start : start + BLOCK]
        gram += rows.T @ (rows * weights[start : start + BLOCK, None])
    norms = np.sqrt(np.diag(gram))
    norms = np.where(norms > 0, norms, 1.0)
    gram = gram / norms / norms[:, None]
    keep = np.zeros(columns.shape[1], bool)
    for place in range(columns.shape[1]):
        before = np.flatnonzero(keep)
        explained = gram[place, before] @ np.linalg.solve(
            gram[np.ix_(before, before)], gram[before, place]
        )
        keep[place] = gram[place, place] - explained > tolerance
    return keep


def _columns(
    cells: pd.DataFrame, control: str, outcome: str, notes: list[Reason]
) -> Iterator[np.ndarray]:
    if isinstance(control, Linear):
        return iter([cells[control].to_numpy(float)])
    if column_of(control) in NUMERIC.values():
        return _numeric(cells, column_of(control), outcome)
    return _levels(cells, control, outcome, notes)


def _numeric(cells: pd.DataFrame, column: str, outcome: str) -> Iterator[np.ndarray]:
    values = cells[column].to_numpy(float)
    none_before = np.isnan(values) | (values < 0)
    yield np.log1p(np.where(none_before, 0.0, values))
    n, came = (cells[name].to_numpy(float, na_value=0.0) for name in ("n", outcome))
    if all(
        _enough(n[side].sum(), came[side].sum(), outcome) for side in (none_before, ~none_before)
    ):
        yield none_before.astype(np.int8)


def _separates_a_few(cells: pd.DataFrame, control: str, outcome: str) -> bool:
    """Tell whether a number parts only a handful of answers from all who came back, or who didn't.

    No finite coefficient fits then (Albert and Anderson 1984, Biometrika 71: 1-10), for the sake of
    up to a twentieth of the answers. Where it parts more of them it is no small thing to leave out,
    and the fit is refused.
    """
    if isinstance(control, Linear) or control not in NUMERIC:
        return False
    values = cells[NUMERIC[control]].fillna(-1).to_numpy()
    came = values[(cells[outcome] > 0).to_numpy()]
    stayed = values[(cells["repeats"] < cells["n"]).to_numpy()]
    if not (len(came) and len(stayed)) or values.min() == values.max():
        return False
    if came.max() > stayed.min() and stayed.max() > came.min():
        return False
    low, high = max(came.min(), stayed.min()), min(came.max(), stayed.max())
    apart = (values < low) | (values > high)
    return bool(cells["n"][apart].sum() <= FEW * cells["n"].sum())


def _levels(
    cells: pd.DataFrame, control: str, outcome: str, notes: list[Reason]
) -> Iterator[np.ndarray]:
    if cells.empty:
        return
    places, values = pd.factorize(cells[control], use_na_sentinel=False)
    names, levels = pd.factorize(named_levels(pd.Series(values)), sort=True)
    codes = names[places]
    counts = {name: np.bincount(codes, cells[name].to_numpy(float)) for name in ("n", outcome)}
    sums = pd.DataFrame(counts, index=pd.Index(np.asarray(levels, object)))
    pooled = _pool(sums, outcome)
    changed = [level for level in sums.index if pooled[level] != level]
    if changed and pooled.nunique() > 1:
        joined = pooled[changed[0]]
        notes.append(Reason.of("control_levels_joined", control=control, joined=joined))
    sizes = sums["n"].groupby(pooled.to_numpy()).sum()
    for name in sizes.index.drop(sizes.idxmax()):
        yield (pooled == name).to_numpy(np.int8)[codes]


def _pool(sums: pd.DataFrame, outcome: str) -> pd.Series:
    """Return each category's name, those too thin to stand alone under one."""
    names = pd.Series(sums.index, index=sums.index)
    thin = sums.index[~_enough(sums["n"], sums[outcome], outcome)]
    if thin.empty:
        return names
    rest, joined = sums.drop(thin), sums.loc[thin]
    alone = _enough(joined["n"].sum(), joined[outcome].sum(), outcome) or rest.empty
    name = ALL_OTHERS if alone else str(rest["n"].idxmin())
    return names.where(~names.isin(thin), name)


def well_filled(cells: pd.DataFrame, control: str, outcome: str) -> bool:
    """Tell whether nearly all answers lie in levels that can stand alone, at least two of them."""
    codes, levels = pd.factorize(cells[control])
    given = codes >= 0
    n, came = (
        np.bincount(codes[given], cells[name].to_numpy(float, na_value=0.0)[given], len(levels))
        for name in ("n", outcome)
    )
    filled = n[_enough(n, came, outcome)]
    return len(filled) > 1 and bool(filled.sum() >= WELL_FILLED * n.sum())


def _enough(n: Any, came: Any, outcome: str) -> Any:
    """Tell whether answers, or those of each level, are enough for a column of their own."""
    both = (came > 0) & (came < n) if outcome == "repeats" else came > 0
    return both & (n >= FEWEST_IN_LEVEL)


def column_of(control: str) -> str:
    """Return the column of the cells in which a control stands."""
    return control if isinstance(control, Linear) else NUMERIC.get(control, control)


def named_levels(column: pd.Series) -> pd.Series:
    """Return a segment's values as text, those that are missing under one name."""
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.hasnans:
        return column.cat.rename_categories(str)
    return column.astype(object).where(column.notna(), NOT_KNOWN).astype(str)
