"""Whether answers tell drivers apart at all, and whether one counts more below the middle or above.

One survey can't tell a halo (who is pleased says so of everything) from drivers that really move
together. It can show whether a step of each driver counts the same; where that isn't refuted,
nothing says which to mend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import NotEstimable
from profitchain.drivers.moments import Driver, DriverAnswers
from profitchain.drivers.ordered_probit import OrderedProbit, fit_ordered_probit
from profitchain.stats.margins import Wald, estimates, wald_test
from profitchain.stats.ratios import holm

CLEAR = 0.05
CLEAR_SIDE = 0.02  # at which 2 to 6 of 100 worlds without any show one: scales have ends
FEWEST_BESIDE = 20  # answers on each side of the middle

EQUAL = "Wald test of equal slopes per standard deviation, ordered probit; clustered by customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSides:
    """A driver's slopes below and above its middle, and what they make it.

    "basic": a low answer costs more than a high one gains; "excitement": the other way round;
    "performance": both alike, or not clearly different (`p` is Holm's).
    """

    driver: Driver
    sides: pd.DataFrame
    p: float
    kind: str


def equal_slopes(answers: DriverAnswers, model: OrderedProbit) -> Wald | NotEstimable:
    """Return the test that one standard deviation of each question counts the same."""
    columns = [answers.of[place][-1] for place in answers.questions]
    if len(columns) < 2:
        return NotEstimable("fewer_than_two_drivers", drivers=len(columns), n=answers.answers)
    mean = np.average(answers.columns, axis=0, weights=answers.n)
    spread = np.sqrt(np.average((answers.columns - mean) ** 2, axis=0, weights=answers.n))
    rows = np.diag(spread)[columns]
    return wald_test(model.slopes.combine(rows[1:] - rows[0]), EQUAL)


def two_sides(answers: DriverAnswers) -> list[TwoSides] | NotEstimable:
    """Return each question's slope below and above the middle of its scale, on the latent scale.

    Both sides of all questions enter one model; questions with few answers on a side stay out.
    """
    places = [p for p in answers.questions if _has_two_sides(answers, p)]
    if not places:
        return NotEstimable("too_few_on_a_side", fewest=FEWEST_BESIDE, n=answers.answers)
    below = [_below(answers, place) for place in places]
    columns = np.column_stack([answers.columns, *below])
    model = fit_ordered_probit(answers.outcome, columns, answers.n, answers.cluster)
    if isinstance(model, NotEstimable):
        return model
    slopes, wide = model.slopes, answers.columns.shape[1]
    own = [answers.of[place][-1] for place in places]
    more = np.array([slopes.values[wide + at] for at in range(len(places))])
    errors = np.sqrt(np.diag(slopes.covariance))[wide:]
    p = holm(2 * stats.t.sf(np.abs(more / errors), slopes.df))
    found = []
    for at, place in enumerate(places):
        pair = np.zeros((2, len(slopes.values)))
        pair[:, own[at]] = 1
        pair[0, wide + at] = 1
        sides = estimates(slopes.combine(pair), unit="ratio")
        frame = pd.concat([side.to_frame() for side in sides], ignore_index=True)
        clear = p[at] < CLEAR_SIDE
        kind = "performance" if not clear else "basic" if more[at] > 0 else "excitement"
        frame = frame.assign(side=["below", "above"])
        found.append(
            TwoSides(driver=answers.drivers[place], sides=frame, p=float(p[at]), kind=kind)
        )
    return found


def _below(answers: DriverAnswers, place: int) -> np.ndarray:
    """Return how far each answer lies below the middle, as a number below zero."""
    given = answers.at(answers.columns, place) - answers.drivers[place].middle
    return np.asarray(np.nan_to_num(np.minimum(given, 0.0)))


def _has_two_sides(answers: DriverAnswers, place: int) -> bool:
    given, middle = answers.at(answers.columns, place), answers.drivers[place].middle
    sides = [answers.n[side].sum() for side in (given < middle, given > middle)]
    levels = np.unique(given[~np.isnan(given)])
    return min(sides) >= FEWEST_BESIDE and len(levels) > 2
