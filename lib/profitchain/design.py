"""Which model these answers can carry, or why none: too few, too alike, or one customer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.estimates import Unsaid
from profitchain.terms import Basis, Controls, control_columns, independent

Outcome = Literal["repeats", "orders", "spend", "margin"]

FEWEST_ANSWERS = 20
FEWEST_EVENTS = 10  # repeats, and answers without one; fewer were not tried
EVENTS_PER_TERM = 5  # Vittinghoff and McCulloch (2007), Am. J. Epidemiol. 165: 710-718
FEWEST_CUSTOMERS = 20.0  # effective (`kish`): with 10 to 20 the intervals cover 89%, not 95%
FEWEST_PAYERS = 8.0  # effective, by what followed their answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A model on cells, ready to be fitted.

    `columns` (cells x terms) holds the score's terms first (`score_terms` of them), then the
    constant, then the controls; `total` is the outcome's sum over the `n` answers of a cell.
    """

    columns: np.ndarray
    score_terms: int
    total: np.ndarray
    n: np.ndarray
    clusters: np.ndarray
    binary: bool
    basis: Basis
    controls: Controls

    @property
    def answers(self) -> int:
        return round(float(self.n.sum()))


def build(
    cells: pd.DataFrame, basis: Basis, *, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Design | Unsaid:
    """Return the model of an outcome on the score and the controls, or why there can be none.

    Parameters
    ----------
    cells : one row a cell
        Reads `score`, `cluster`, `n`, the outcome's sums and the controls' columns.
    """
    why = refusal(cells, outcome)
    answers = round(float(cells["n"].sum()))
    if why:
        return Unsaid(why=why, n=answers)
    known = control_columns(cells, controls, outcome=outcome)
    score = basis(cells["score"].to_numpy(float))
    columns = np.column_stack([score, np.ones(len(cells)), known.columns])
    n = cells["n"].to_numpy(float)
    keep = independent(columns, n)
    if not keep[: score.shape[1] + 1].all():
        return Unsaid(why="Too few different scores to tell these effects apart.", n=answers)
    known = known.keeping(keep[score.shape[1] + 1 :])
    design = Design(
        columns=columns[:, keep],
        score_terms=score.shape[1],
        total=cells[outcome].to_numpy(float),
        n=n,
        clusters=cells["cluster"].to_numpy(),
        binary=outcome == "repeats",
        basis=basis,
        controls=known,
    )
    return _affordable(design)


def refusal(cells: pd.DataFrame, outcome: Outcome = "repeats") -> str:
    """Return why these answers can't carry any comparison, or an empty text."""
    n = round(float(cells["n"].sum()))
    if n == 0:
        return "There are no answers yet whose window has closed."
    scores = cells.loc[cells["n"] > 0, "score"]
    if scores.nunique() < 2:
        return f"Every answer gives the same score ({scores.iloc[0]:g}): nothing to compare."
    if n < FEWEST_ANSWERS:
        return f"Only {n} answers: at least {FEWEST_ANSWERS} are needed."
    repeats = round(float(cells["repeats"].sum()))
    if repeats < FEWEST_EVENTS:
        return f"Only {repeats} of {n:,} answers were followed by an order: too few to compare."
    if outcome == "repeats" and n - repeats < FEWEST_EVENTS:
        return f"All but {n - repeats} of {n:,} answers had an order after them: too few without."
    return _few_customers(cells, "n", "answers", FEWEST_CUSTOMERS) or _few_customers(
        cells, outcome, outcome, FEWEST_PAYERS
    )


def _affordable(design: Design) -> Design | Unsaid:
    """Return the design, or why there are too few events for its terms."""
    terms = design.columns.shape[1] - 1
    events = design.total.sum() if design.binary else design.answers / 2
    rarer = round(min(events, design.answers - events))
    if rarer >= EVENTS_PER_TERM * terms:
        return design
    what = "answers with the rarer outcome" if design.binary else "answers"
    return Unsaid(
        why=f"Only {rarer} {what} for {terms} terms of the model: at least {EVENTS_PER_TERM} for "
        "each are needed. Fewer controls may do.",
        n=design.answers,
    )


def _few_customers(cells: pd.DataFrame, column: str, words: str, fewest: float) -> str:
    if column not in cells:
        return f"The data have no {column}."
    totals = cells.groupby("cluster")[column].sum().abs().to_numpy(float)
    if totals.sum() == 0:
        return f"There are no {words} to compare."
    if kish(totals) >= fewest:
        return ""
    count, largest = np.count_nonzero(totals), totals.max() / totals.sum()
    return f"Too few customers: one of {count:,} makes up {largest:.0%} of all {words}."


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
