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
CLEAR_SIDE = 0.02  # at which 1 to 4 of 100 worlds without any show one; at 5%, 6
OF_NOTE = 0.1  # of a driver's usual slope, in standard deviations: less the ends of scales may make
FEWEST_BESIDE = 20  # answers on each side of the middle

EQUAL = "Wald test of equal slopes per standard deviation, ordered probit; clustered by customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSides:
    """A driver's slopes below and above its middle, and what they make it.

    "basic": a low answer costs more than a high one gains; "excitement": the other way round;
    "performance": both alike, or not clearly more than `OF_NOTE` apart (`p` of that is Holm's).
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
    rows = np.diag(answers.spread)[columns]
    return wald_test(model.slopes.combine(rows[1:] - rows[0]), EQUAL)


def of_note(answers: DriverAnswers, model: OrderedProbit) -> float:
    """Return the latent deviations a standard deviation from which on a bend or pair matters.

    Up to two thirds of it are found where none is true, however many answer: who gives the top mark
    would give more, the more so the better all else is (measured).
    """
    columns = [answers.of[place][-1] for place in answers.questions]
    return OF_NOTE * float(np.abs(model.slopes.values * answers.spread)[columns].mean())


def beyond(values: np.ndarray, errors: np.ndarray, room: np.ndarray, df: float) -> np.ndarray:
    """Return p of the hypothesis that each number lies no farther from nothing than its room.

    References
    ----------
    Hodges and Lehmann (1954), JRSS B 16: 261-268.
    """
    size = np.abs(values)
    return np.asarray(sum(stats.t.sf((size + end) / errors, df) for end in (-room, room)))


def two_sides(
    answers: DriverAnswers, model: OrderedProbit, bent: OrderedProbit | NotEstimable
) -> list[TwoSides] | NotEstimable:
    """Return each question's slope below and above the middle of its scale, on the latent scale.

    Questions with few answers on a side stay out.

    Parameters
    ----------
    model : the ordered probit of these answers (`mending.probit_of`).
    bent : the same with a slope on each side (`bent_probit`).
    """
    places = [p for p in answers.questions if _has_two_sides(answers, p)]
    if not places:
        return NotEstimable("too_few_on_a_side", fewest=FEWEST_BESIDE, n=answers.answers)
    if isinstance(bent, NotEstimable):
        return bent
    slopes, wide = bent.slopes, answers.columns.shape[1]
    own = [answers.of[place][-1] for place in places]
    more = np.array([slopes.values[wide + at] for at in range(len(places))])
    errors = np.sqrt(np.diag(slopes.covariance))[wide:]
    room = of_note(answers, model) / answers.spread[own]
    p = holm(beyond(more, errors, room, slopes.df))
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


def bent_probit(answers: DriverAnswers) -> OrderedProbit | NotEstimable:
    """Return the ordered probit in which each question with two sides has a slope on each."""
    places = [place for place in answers.questions if _has_two_sides(answers, place)]
    columns = np.column_stack([answers.columns, *(_below(answers, place) for place in places)])
    return fit_ordered_probit(answers.outcome, columns, answers.n, answers.cluster)


def _below(answers: DriverAnswers, place: int) -> np.ndarray:
    """Return how far each answer lies below the middle, as a number below zero."""
    given = answers.at(answers.columns, place) - answers.drivers[place].middle
    return np.asarray(np.nan_to_num(np.minimum(given, 0.0)))


def _has_two_sides(answers: DriverAnswers, place: int) -> bool:
    given, middle = answers.at(answers.columns, place), answers.drivers[place].middle
    sides = [answers.n[side].sum() for side in (given < middle, given > middle)]
    levels = np.unique(given[~np.isnan(given)])
    return min(sides) >= FEWEST_BESIDE and len(levels) > 2
