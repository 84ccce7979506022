"""Whether two drivers together go with more or less than their sum, or only seem to at the ceiling.

Least squares takes the end of the score's scale for it: in nearly every world without any, it finds
one. On the latent scale, with room for each driver's own bend, what is left where none is true
comes from the ends of the drivers' own scales. So one counts only where it is clearly more than
that (`halo.of_note`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from profitchain.drivers.halo import CLEAR, beyond, of_note
from profitchain.drivers.moments import Driver, DriverAnswers
from profitchain.drivers.ordered_probit import OrderedProbit
from profitchain.stats.ratios import holm


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Two questions, and what one more point of one adds to the other's slope.

    `straight` by least squares, `latent` by the ordered probit, in its deviations; `p_straight` and
    `p_latent` are Holm's over all pairs, the latter of being too small to matter.
    """

    drivers: tuple[Driver, Driver]
    straight: float
    p_straight: float
    latent: float
    p_latent: float

    @property
    def clear(self) -> bool:
        """Whether the ordered model finds it."""
        return self.p_latent < CLEAR

    @property
    def only_ceiling(self) -> bool:
        """Whether least squares finds it, and the ordered model doesn't."""
        return self.p_straight < CLEAR and not self.clear


def interactions(
    answers: DriverAnswers, model: OrderedProbit, bent: OrderedProbit
) -> list[Interaction]:
    """Return each two questions' interaction, one joining at a time.

    Parameters
    ----------
    model : the ordered probit of these answers (`mending.probit_of`).
    bent : the same with a slope on each side (`halo.bent_probit`).

    References
    ----------
    Ganzach (1997), Psychol. Methods 2: 235-247: bends mistaken for interactions.
    """
    pairs = list(combinations(answers.questions, 2))
    steps = {place: _off_middle(answers, place, bent.points) for place in answers.questions}
    columns = np.column_stack([steps[one] * steps[other] for one, other in pairs])
    latent, straight = bent.joined(columns), _straight(bent, columns, answers.columns.shape[1])
    spread = {place: answers.spread[answers.of[place][-1]] for place in steps}
    room = of_note(answers, model) / np.array([spread[one] * spread[other] for one, other in pairs])
    errors = np.sqrt((latent.errors.to_numpy() ** 2).sum(axis=0))
    p_latent = beyond(latent.values, errors, room, latent.df)
    p_straight = beyond(*straight, np.zeros(len(pairs)), latent.df)
    rows = zip(pairs, straight[0], holm(p_straight), latent.values, holm(p_latent), strict=True)
    return [
        Interaction(drivers=(answers.drivers[one], answers.drivers[other]), straight=float(ols),
                    p_straight=float(p_ols), latent=float(probit), p_latent=float(p))
        for (one, other), ols, p_ols, probit, p in rows
        if np.isfinite(p)
    ]  # fmt: skip


def _off_middle(answers: DriverAnswers, place: int, points: np.ndarray) -> np.ndarray:
    given = answers.at(points, place) - answers.drivers[place].middle
    return np.asarray(np.nan_to_num(given))


def _straight(
    model: OrderedProbit, columns: np.ndarray, wide: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each column's slope by least squares beside the first `wide` ones, and its error."""
    n, mean = model.weights, model.counts @ model.levels / model.weights
    beside = np.column_stack([np.ones(len(n)), model.points[:, :wide]])
    inner = np.linalg.pinv((beside * n[:, None]).T @ beside) @ (beside * n[:, None]).T
    left, rest = columns - beside @ (inner @ columns), mean - beside @ (inner @ mean)
    squares = n @ left**2
    slopes = (n * rest) @ left / squares
    by_level = model.cells.multiply(np.tile(model.levels, len(n))).tocsr()
    scored = by_level @ np.repeat(left, len(model.levels), axis=0)
    off = (beside @ (inner @ mean))[:, None] + left * slopes
    sums = (scored - model.by_cluster @ (left * off)) / squares
    return slopes, np.sqrt((sums**2).sum(axis=0))
