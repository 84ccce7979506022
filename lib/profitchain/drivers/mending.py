"""What one driver a point better goes with, and what it is worth that none of its answers is low.

By the ordered probit: each answer keeps all else as it said it, its low answers to one driver
become middling, and the score follows. "Mend first" goes by the money that the moved scores are
worth, or by the score itself where no money is known or clear; a driver is named alone only where
it is the best with a probability of nine in ten, and no other comes within a twentieth of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.drivers.leading import first_probability
from profitchain.drivers.moments import Driver, DriverAnswers
from profitchain.drivers.ordered_probit import OrderedProbit, fit_ordered_probit
from profitchain.effects.worth_curve import WorthCurve
from profitchain.measures.satisfaction import DETRACTORS_TO, PROMOTERS_FROM
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import estimates

ENOUGH = 0.9  # probability from which one driver is named alone
AS_GOOD = 0.95  # of the best one's money, from which another is as good to whoever decides
METHOD = "ordered probit, all else as it was said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What mending each of these drivers (questions) is worth, and which is the best, how surely.

    `room` is the share of answers that are low. `gain` is in points of the mean score and `worth`
    in money of a year, both if no answer were low. `best` is the probability that a driver's worth
    is the largest; its gain, where no worth is known or clearly more than nothing.
    """

    drivers: tuple[Driver, ...]
    room: np.ndarray
    gain: list[Estimate]
    worth: list[Estimate] | NotEstimable
    best: np.ndarray

    @property
    def by_worth(self) -> bool:
        """Whether money decides, and not the score."""
        return _clear(self.worth)

    @property
    def sizes(self) -> list[Estimate]:
        """What decides between the drivers: worth, or gain in score."""
        return (
            self.gain if isinstance(self.worth, NotEstimable) or not self.by_worth else self.worth
        )

    @property
    def first(self) -> list[int]:
        """The places of the fewest drivers of which one is the best, as likely as nine in ten.

        Then those within a twentieth of the likeliest: whoever decides may take either.
        """
        order = np.argsort(-self.best, kind="stable")
        enough = int(np.searchsorted(np.cumsum(self.best[order]), ENOUGH)) + 1
        least = AS_GOOD * self.sizes[order[0]].value
        also = [place for place in order[enough:] if self.sizes[place].value >= least]
        return [int(place) for place in (*order[:enough], *also)]


def probit_of(answers: DriverAnswers) -> OrderedProbit | NotEstimable:
    """Return the ordered probit of the score on these drivers."""
    return fit_ordered_probit(answers.outcome, answers.columns, answers.n, answers.cluster)


def one_point_more(
    answers: DriverAnswers, model: OrderedProbit, *, level: float = 0.95
) -> pd.DataFrame:
    """Return what one more point on each question goes with, where there is room for it.

    Returns
    -------
    One row a question and outcome: driver, outcome ("mean" in points of the score; "promoters" and
    "detractors" as shares, of a score from 0 to 10), value, low, high, n (answers with room), why.
    """
    outcomes = {"mean": model.levels}
    if model.levels.max() > PROMOTERS_FROM and model.levels.min() <= DETRACTORS_TO:
        outcomes["promoters"] = (model.levels >= PROMOTERS_FROM).astype(float)
        outcomes["detractors"] = (model.levels <= DETRACTORS_TO).astype(float)
    rows = []
    for place in answers.questions:
        driver, given = answers.drivers[place], answers.at(model.points, place)
        room = given < driver.scale[1]
        better = answers.with_answer(model.points, place, np.minimum(given + 1, driver.scale[1]))
        moved = model.moved(better, room).combine(np.array([*outcomes.values()]))
        n = int(model.weights[room].sum())
        for name, one in zip(outcomes, _stated(moved, level=level), strict=True):
            unit = "score" if name == "mean" else "share"
            rows.append((driver.name, name, one.value, one.low, one.high, n, unit, ""))
    names = ["driver", "outcome", "value", "low", "high", "n", "unit", "why"]
    return pd.DataFrame(rows, columns=names)


def mending(
    answers: DriverAnswers,
    model: OrderedProbit,
    curve: WorthCurve | NotEstimable,
    *,
    level: float = 0.95,
) -> Mending | NotEstimable:
    """Return what it is worth that no answer to one driver is low, driver by driver.

    Parameters
    ----------
    curve : what an experience of each of the model's levels is worth.
    """
    places = answers.questions
    if len(places) < 2:
        return NotEstimable("fewer_than_two_drivers", drivers=len(places), n=answers.answers)
    changes, room = [], []
    for place in places:
        target, given = answers.drivers[place].target, answers.at(model.points, place)
        better = answers.with_answer(model.points, place, np.where(given < target, target, given))
        changes.append(model.moved(better))
        room.append(model.weights[given < target].sum() / model.weights.sum())
    if not any(room):
        return NotEstimable("no_answer_is_low", n=answers.answers)
    in_score = _beside([change.combine(model.levels) for change in changes])
    worth: list[Estimate] | NotEstimable
    if isinstance(curve, NotEstimable):
        worth, in_money = curve, in_score
    else:
        worth, in_money = curve.money(changes)
    return Mending(
        drivers=tuple(answers.drivers[place] for place in places), room=np.array(room),
        gain=_stated(in_score, level=level), worth=worth,
        best=first_probability(in_money if _clear(worth) else in_score),
    )  # fmt: skip


def _clear(worth: list[Estimate] | NotEstimable) -> bool:
    """Tell whether some driver is clearly worth more than nothing."""
    return not isinstance(worth, NotEstimable) and any(one.low > 0 for one in worth)


def worth_of(found: Mending) -> list[MaybeEstimate]:
    """Return each driver's worth, or for each the reason why none is known."""
    if isinstance(found.worth, NotEstimable):
        return [found.worth] * len(found.drivers)
    return list(found.worth)


def _beside(parts: list[Quantities]) -> Quantities:
    """Return quantities of one fit side by side."""
    errors = pd.concat([part.errors for part in parts], axis=1)
    errors.columns = range(errors.shape[1])
    return Quantities(values=np.concatenate([part.values for part in parts]), errors=errors,
                      n=parts[0].n, effective=parts[0].effective)  # fmt: skip


def _stated(quantities: Quantities, *, level: float) -> list[Estimate]:
    return estimates(quantities, unit="score", level=level, method=METHOD)
