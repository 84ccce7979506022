"""Which model these answers can carry, or why none: too few, too alike, or one customer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.alike import MANY, Members, together
from profitchain.estimates import Unsaid
from profitchain.languages import N_, _, ngettext
from profitchain.terms import Basis, Controls, control_columns, independent

Outcome = Literal["repeats", "orders", "spend", "margin"]

FEWEST_ANSWERS = 20
FEWEST_EVENTS = 10  # repeats, and answers without one; fewer were not tried
EVENTS_PER_TERM = 5  # Vittinghoff and McCulloch (2007), Am. J. Epidemiol. 165: 710-718
FEWEST_CUSTOMERS = 20.0  # effective (`kish`): with 10 to 20 the intervals cover 89%, not 95%
FEWEST_PAYERS = 8.0  # effective, by what followed their answers
SUMMED = {
    "n": N_("answers"),
    "repeats": N_("repeats"),
    "orders": N_("orders"),
    "spend": N_("spend"),
    "margin": N_("margin"),
}


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

    def spread(self, each: np.ndarray) -> pd.Series:
        """Return each cluster's sum of what every answer of a cell brings."""
        if self.members is not None:
            return pd.Series(self.members.spread(each), index=self.members.names)
        codes, names = pd.factorize(self.clusters)
        return pd.Series(np.bincount(codes, self.n * each, len(names)), index=names)

    def left_over(self, mean: np.ndarray) -> pd.DataFrame:
        """Return each cluster's sums of (total - n mean) times each column."""
        if self.members is not None:
            sums = self.members.summed(mean, self.columns)
            return pd.DataFrame(sums, index=self.members.names)
        residuals = self.total - self.n * mean
        codes, names = pd.factorize(self.clusters)
        sums = [np.bincount(codes, residuals * column, len(names)) for column in self.columns.T]
        return pd.DataFrame(np.column_stack(sums), index=names)


def build(
    cells: pd.DataFrame,
    basis: Basis,
    *,
    controls: Sequence[str] = (),
    outcome: Outcome = "repeats",
    members: Members | None = None,
) -> Design | Unsaid:
    """Return the model of an outcome on the score and the controls, or why there can be none.

    Parameters
    ----------
    cells : one row a cell
        Reads `score`, `cluster`, `n`, the outcome's sums and the controls' columns.
    members : who shares in each cell, where that isn't one cluster; `cluster` is not read then.
    """
    why = refusal(cells, outcome, members)
    answers = round(float(cells["n"].sum()))
    if why:
        return Unsaid(why=why, n=answers)
    known = control_columns(cells, controls, outcome=outcome)
    score = basis(cells["score"].to_numpy(float))
    columns = np.column_stack([score, np.ones(len(cells)), known.columns])
    n = cells["n"].to_numpy(float)
    keep = independent(columns, n)
    if not keep[: score.shape[1] + 1].all():
        why = _("Too few different scores to tell these effects apart.")
        return Unsaid(why=why, n=answers)
    known = known.keeping(keep[score.shape[1] + 1 :])
    design = Design(
        columns=columns[:, keep],
        score_terms=score.shape[1],
        total=cells[outcome].to_numpy(float),
        n=n,
        clusters=np.empty(0) if members else cells["cluster"].to_numpy(),
        binary=outcome == "repeats",
        basis=basis,
        controls=known,
        members=members,
    )
    return _affordable(design)


def model_of(
    cells: pd.DataFrame, basis: Basis, *, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Design | Unsaid:
    """Return the same as `build`, from cells put `together` where there are many."""
    if len(cells) <= MANY or outcome not in cells:
        return build(cells, basis, controls=controls, outcome=outcome)
    groups, members = together(cells, controls, outcome)
    return build(groups, basis, controls=controls, outcome=outcome, members=members)


def refusal(
    cells: pd.DataFrame, outcome: Outcome = "repeats", members: Members | None = None
) -> str:
    """Return why these answers can't carry any comparison, or an empty text."""
    n = round(float(cells["n"].sum()))
    if n == 0:
        return _("There are no answers yet whose window has closed.")
    scores = cells.loc[cells["n"] > 0, "score"]
    if scores.nunique() < 2:
        score = f"{scores.iloc[0]:g}"
        return _("Every answer gives the same score ({score}): nothing to compare.", score=score)
    if n < FEWEST_ANSWERS:
        return ngettext(
            "Only {n} answer: at least {fewest} are needed.",
            "Only {n} answers: at least {fewest} are needed.",
            n,
            fewest=FEWEST_ANSWERS,
        )
    return (
        _few_events(n, round(float(cells["repeats"].sum())), outcome)
        or _few_customers(cells, "n", FEWEST_CUSTOMERS, members)
        or _few_customers(cells, outcome, FEWEST_PAYERS, members)
    )


def _few_events(n: int, repeats: int, outcome: Outcome) -> str:
    """Return why so few answers with an order after them, or without, tell nothing."""
    if repeats < FEWEST_EVENTS:
        return ngettext(
            "Only {n} of {total} answers was followed by an order: too few to compare.",
            "Only {n} of {total} answers were followed by an order: too few to compare.",
            repeats,
            total=f"{n:,}",
        )
    if outcome == "repeats" and n - repeats < FEWEST_EVENTS:
        return _(
            "All but {count} of {total} answers had an order after them: too few without.",
            count=n - repeats,
            total=f"{n:,}",
        )
    return ""


def _affordable(design: Design) -> Design | Unsaid:
    """Return the design, or why there are too few events for its terms."""
    terms = design.columns.shape[1] - 1
    events = design.total.sum() if design.binary else design.answers / 2
    rarer = round(min(events, design.answers - events))
    if rarer >= EVENTS_PER_TERM * terms:
        return design
    counts = {"events": rarer, "terms": terms, "each": EVENTS_PER_TERM}
    if design.binary:
        why = _(
            "Only {events} answers with the rarer outcome for {terms} terms of the model: at least "
            "{each} for each are needed. Fewer controls may do.",
            **counts,
        )
    else:
        why = _(
            "Only {events} answers for {terms} terms of the model: at least {each} for each are "
            "needed. Fewer controls may do.",
            **counts,
        )
    return Unsaid(why=why, n=design.answers)


def _few_customers(cells: pd.DataFrame, column: str, fewest: float, members: Members | None) -> str:
    what = _(SUMMED.get(column, column))
    if column not in cells:
        return _("The data have no {what}.", what=what)
    if members is None:
        totals = cells.groupby("cluster")[column].sum().abs().to_numpy(float)
    else:
        totals = np.abs(members.answers if column == "n" else members.outcome)
    if totals.sum() == 0:
        return _("There are no {what} to compare.", what=what)
    if kish(totals) >= fewest:
        return ""
    return _(
        "Too few customers: one of {count} makes up {share} of all {what}.",
        count=f"{np.count_nonzero(totals):,}",
        share=f"{totals.max() / totals.sum():.0%}",
        what=what,
    )


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
