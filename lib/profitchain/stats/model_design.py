"""Which model these answers can carry, or why none: too few, too alike, or one customer's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable, Reason
from profitchain.stats.clusters import MANY, is_shared, totals
from profitchain.stats.compression import Members, together
from profitchain.stats.model_matrix import (
    MONTH,
    Basis,
    Controls,
    control_columns,
    independent,
    side_by_side,
    well_filled,
)

Outcome = Literal["repeats", "orders", "spend", "margin"]

FEWEST_ANSWERS = 20
FEWEST_EVENTS = 10  # repeats, and answers without one; fewer were not tried
EVENTS_PER_TERM = 5  # Vittinghoff and McCulloch (2007), Am. J. Epidemiol. 165: 710-718
FEWEST_CUSTOMERS = 20.0  # effective (`kish`): with 10 to 20 the intervals cover 89%, not 95%
FEWEST_PAYERS = 8.0  # effective, by what followed their answers
TOO_MANY_TERMS = ("too_few_events_for_terms", "too_few_answers_for_terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A model on cells, ready to be fitted.

    `columns` (cells x terms) holds the score's terms first (`score_terms` of them), then the
    constant, then the controls; `total` is the outcome's sum over the `n` answers of a cell. Where
    each cell belongs to one cluster, `clusters` says which; else `members` who shares in it.
    """

    columns: np.ndarray
    score_terms: int
    total: np.ndarray
    n: np.ndarray
    clusters: np.ndarray
    binary: bool
    basis: Basis
    controls: Controls
    members: Members | None = None

    @property
    def answers(self) -> int:
        return round(float(self.n.sum()))

    @property
    def answers_of_each(self) -> np.ndarray:
        """The answers of each cluster."""
        if self.members is not None:
            return self.members.answers
        return np.bincount(pd.factorize(self.clusters)[0], self.n)

    def spread(self, amounts: np.ndarray) -> pd.Series:
        """Return each cluster's sum of what every answer of a cell brings."""
        if self.members is not None:
            return self.members.spread(amounts)
        codes, names = pd.factorize(self.clusters)
        return pd.Series(np.bincount(codes, self.n * amounts, len(names)), index=names)

    def left_over(self, mean: np.ndarray) -> pd.DataFrame:
        """Return each cluster's sums of (total - n mean) times each column."""
        if self.members is not None:
            return self.members.summed(mean, self.columns)
        residuals = self.total - self.n * mean
        codes, names = pd.factorize(self.clusters)
        sums = [np.bincount(codes, residuals * column, len(names)) for column in self.columns.T]
        return pd.DataFrame(np.column_stack(sums), index=names)

    def without_score(self) -> Design:
        """Return the constant and the controls alone."""
        return replace(self, columns=self.columns[:, self.score_terms :], score_terms=0)


def build(
    cells: pd.DataFrame,
    basis: Basis,
    *,
    controls: Sequence[str] = (),
    outcome: Outcome = "repeats",
    members: Members | None = None,
) -> Design | NotEstimable:
    """Return the model of an outcome on the score and the controls, or why there can be none.

    Where there are too few events for a term each month, quarters are held alike, else nothing of
    time; a note says so.

    Parameters
    ----------
    cells : one row a cell
        Reads `score`, `cluster`, `n`, the outcome's sums and the controls' columns.
    members : who shares in each cell, where that isn't one cluster; `cluster` is not read then.
    """
    for note, rows, names in _spans_of_time(cells, controls, outcome):
        design = _build(rows, basis, names, outcome, members)
        if not isinstance(design, NotEstimable):
            notes = [*design.controls.notes, *([note] if note else [])]
            return replace(design, controls=replace(design.controls, notes=tuple(notes)))
        if design.why.key not in TOO_MANY_TERMS:
            break
    return design


def _spans_of_time(
    cells: pd.DataFrame, controls: Sequence[str], outcome: Outcome
) -> Iterator[tuple[Reason | None, pd.DataFrame, list[str]]]:
    """Yield cells and controls with months, with quarters in their place, and without both."""
    names = list(dict.fromkeys(controls))
    if MONTH not in names or MONTH not in cells or cells[MONTH].nunique() < 2:
        yield None, cells, names
        return
    if well_filled(cells, MONTH, outcome):
        yield None, cells, names
    quarters = cells.assign(**{MONTH: cells[MONTH].astype(str).map(_quarter)})
    if well_filled(quarters, MONTH, outcome):
        yield Reason("months_as_quarters"), quarters, names
    yield Reason("months_not_held"), cells, [name for name in names if name != MONTH]


def _quarter(month: str) -> str:
    """Return the quarter of a month such as 2026-05: 2026Q2; anything else as it is."""
    year, _, number = month.partition("-")
    return f"{year}Q{(int(number) + 2) // 3}" if number.isdigit() else month


def _build(
    cells: pd.DataFrame,
    basis: Basis,
    controls: Sequence[str],
    outcome: Outcome,
    members: Members | None,
) -> Design | NotEstimable:
    answers = round(float(cells["n"].sum()))
    if why := refusal(cells, outcome, members):
        return NotEstimable(why, n=answers)
    history = control_columns(cells, controls, outcome=outcome)
    score = basis(cells["score"].to_numpy(float))
    columns = side_by_side([*score.T, np.ones(len(cells)), *history.parts])
    before = score.shape[1] + 1
    history = replace(history, parts=tuple(columns.T[before:]))
    n = cells["n"].to_numpy(float)
    keep = independent(columns, n)
    if not keep[:before].all():
        return NotEstimable("scores_not_apart", n=answers)
    history = history.keeping(keep[before:])
    design = Design(
        columns=columns if members and keep.all() else columns[:, keep],  # no copy of a large one
        score_terms=score.shape[1],
        total=cells[outcome].to_numpy(float),
        n=n,
        clusters=np.empty(0) if members else cells["cluster"].to_numpy(),
        binary=outcome == "repeats",
        basis=basis,
        controls=history,
        members=members,
    )
    return _affordable(design)


def model_of(
    cells: pd.DataFrame, basis: Basis, *, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Design | NotEstimable:
    """Return the same as `build`, from cells put `together` where there are many."""
    if outcome not in cells or cells.empty or (len(cells) <= MANY and not is_shared(cells)):
        return build(cells, basis, controls=controls, outcome=outcome)
    groups, members = together(cells, controls, outcome)
    return build(groups, basis, controls=controls, outcome=outcome, members=members)


def refusal(
    cells: pd.DataFrame, outcome: Outcome = "repeats", members: Members | None = None
) -> Reason | None:
    """Return why these answers can't carry any comparison, or None."""
    n, repeats = (round(float(cells[name].sum())) for name in ("n", "repeats"))
    if n == 0:
        return Reason("no_window_closed")
    scores = cells.loc[cells["n"] > 0, "score"]
    if scores.nunique() < 2:
        return Reason("all_scores_the_same")
    if n < FEWEST_ANSWERS:
        return Reason.of("too_few_answers", fewest=FEWEST_ANSWERS)
    if repeats < FEWEST_EVENTS:
        return Reason.of("too_few_repeats", repeats=repeats, total=n)
    if outcome == "repeats" and n - repeats < FEWEST_EVENTS:
        return Reason.of("too_few_without_repeat", count=n - repeats, total=n)
    names = [name for name in dict.fromkeys(("n", outcome)) if name in cells]
    sums = totals(cells, names) if members is None else members.sums
    few = _few_customers(sums, "n", FEWEST_CUSTOMERS)
    return few or _few_customers(sums, outcome, FEWEST_PAYERS)


def _affordable(design: Design) -> Design | NotEstimable:
    """Return the design, or why there are too few events for its terms."""
    terms = design.columns.shape[1] - 1
    events = design.total.sum() if design.binary else design.answers / 2
    rarer = round(min(events, design.answers - events))
    if rarer >= EVENTS_PER_TERM * terms:
        return design
    key = "too_few_events_for_terms" if design.binary else "too_few_answers_for_terms"
    counts = {"events": rarer, "terms": terms, "each": EVENTS_PER_TERM}
    return NotEstimable(Reason.of(key, **counts), n=design.answers)


def _few_customers(sums: pd.DataFrame, column: str, fewest: float) -> Reason | None:
    """Return why so few customers, or so few of those who paid, tell nothing."""
    if column not in sums:
        return Reason.of("no_such_outcome", what=column)
    amounts = sums[column].abs().to_numpy(float)
    if amounts.sum() == 0:
        return Reason.of("outcome_all_zero", what=column)
    if kish(amounts) >= fewest:
        return None
    return Reason.of("one_customer_is_most", what=column)


def kish(totals: np.ndarray) -> float:
    """Return how many customers of equal weight would tell as much: 1 / sum of squared shares.

    Examples
    --------
    >>> kish(np.array([5, 5, 5, 5])), round(kish(np.array([97, 1, 1, 1])), 2)
    (4.0, 1.06)

    References
    ----------
    Kish (1965), Survey Sampling, sec. 11.7.
    """
    shares = totals / totals.sum()
    return float(1 / (shares @ shares))
