"""A customer against their own past: does a better answer than before go with coming back?

Two designs. *Fixed effects* compare a customer's answers with that customer's own average; they
need answers that do not depend on what happened after earlier ones. Where the firm asks after
orders, a second answer exists only because the customer came back after the first, and they are
biased (Nickell 1981, Econometrica 49: 1417-1426; Arellano and Bond 1991, Rev. Econ. Stud. 58:
277-297, for what then still holds). *The earlier answer held fixed* needs only that the score is
not moved by what is yet to come; of a customer's lasting temper it takes out what the earlier
answer shows, not all. Taking the earlier score's coefficient off as well (Chamberlain 1982, J.
Econometrics 18: 5-46) would take out all of it, but where answers follow orders it made the effect
a sixth too large (27,000 answers of the example's mechanism, nothing hidden), so it is not done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.repeat_effect import effect_of_a_point
from profitchain.stats.margins import estimates
from profitchain.stats.model_design import refusal
from profitchain.stats.model_matrix import control_columns
from profitchain.stats.ols import demeaned, least_squares
from profitchain.stats.ratios import CLUSTERED, change

PROMPTED = 0.05  # answering again may differ so much by the outcome before fixed effects are left


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPast:
    """Both designs, and which one holds: `by_average` tells that fixed effects do.

    `prompted` is how much more often a customer who came back gave another answer.
    """

    earlier_answer: MaybeEstimate
    fixed_effects: MaybeEstimate
    prompted: MaybeEstimate

    @property
    def by_average(self) -> bool:
        """Whether another answer hardly depends on the outcome, so that fixed effects hold."""
        prompted = self.prompted
        return (
            isinstance(prompted, Estimate) and -PROMPTED < prompted.low <= prompted.high < PROMPTED
        )

    @property
    def used(self) -> MaybeEstimate:
        """The number of the design that holds."""
        return self.fixed_effects if self.by_average else self.earlier_answer


def own_past(
    answers: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> OwnPast:
    """Return the effect of a point against the customer's own past, by both designs.

    Parameters
    ----------
    answers : one row an answer
        Reads person, score, repeat, cluster, previous_score, answered_again and the controls.
    """
    return OwnPast(
        earlier_answer=earlier_answer_held(answers, controls=controls, level=level),
        fixed_effects=fixed_effects(answers, controls=controls, level=level),
        prompted=answering_again(answers, level=level),
    )


def earlier_answer_held(
    answers: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return the effect of a point among later answers, the earlier score held fixed in classes."""
    later = answers[answers["previous_score"].notna()]
    if later.empty:
        return NotEstimable("nobody_answered_twice")
    return effect_of_a_point(
        as_cells(later),
        outcome="repeats",
        controls=[*controls, "previous_score"],
        unit="share",
        level=level,
    )


def fixed_effects(
    answers: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return the effect of a point among customers with two answers or more, each against its mean.

    A linear probability model; customers who always or never came back count with no difference.
    """
    times = answers.groupby("person")["score"].transform("size")
    cells = as_cells(answers[times >= 2])
    if cells.empty:
        return NotEstimable("nobody_answered_twice")
    if why := refusal(cells):
        return NotEstimable(why, n=len(cells))
    parts = control_columns(cells, controls, outcome="repeats").parts
    columns = np.column_stack([cells["score"], cells["repeats"], *parts]).astype(float)
    score, repeats, others = np.split(demeaned(columns, cells["person"]), [1, 2], axis=1)
    slope = least_squares(score, repeats, cells["cluster"].to_numpy(), others=others)
    if isinstance(slope, NotEstimable):
        return slope
    method = f"linear probability, fixed effects of customers; {CLUSTERED}"
    return estimates(slope, unit="share", level=level, method=method)[0]


def answering_again(answers: pd.DataFrame, *, level: float = 0.95) -> MaybeEstimate:
    """Return how much more often those who came back within the window gave another answer."""
    rows = answers.assign(n=1)
    came = rows["repeat"] > 0
    return change(
        rows[came], rows[~came], numerator="answered_again", denominator="n", unit="share",
        bounds=(0.0, 1.0), level=level,
    )  # fmt: skip


def as_cells(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers in the form of cells: n is 1, repeats the outcome."""
    return answers.rename(columns={"repeat": "repeats"}).assign(n=1).reset_index(drop=True)
