"""What a point is worth by something from outside that moved satisfaction: a draw, or an event.

The first stage is how far it moved the score, the reduced form how far it moved repeats; the second
over the first is the effect of a point, if it works on repeats through the score alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason
from profitchain.effects.event_answers import FEWEST_A_SIDE
from profitchain.stats.glm import Quantities
from profitchain.stats.ols import least_squares
from profitchain.stats.ratios import CLUSTERED

STRONG = 10.0  # first-stage F, Staiger and Stock (1997), Econometrica 65: 557-586


def ratio_of(moves: Quantities, *, mover: Reason | str, level: float = 0.95) -> MaybeEstimate:
    """Return the effect per point: what moved repeats over what moved the score.

    Parameters
    ----------
    moves : two numbers, how far it moved the score and the repeats.
    mover : what moved them, as a sentence about it begins ("The event 'new carrier'").

    Returns
    -------
    Estimate in "share", its interval Fieller's (1954, JRSS B 16: 175-185), which is Anderson and
    Rubin's and holds however weakly the score was moved; NotEstimable where F is below 10.
    """
    first, reduced = moves.values
    (moved, shared), (_shared, noise) = moves.covariance
    if moved <= 0 or noise <= 0:
        return NotEstimable("moved_too_little_to_compare", n=moves.n, what=mover)
    quantile = float(stats.t.ppf((1 + level) / 2, moves.df))
    if first**2 < max(STRONG, 1.1 * quantile**2) * moved:
        half = quantile * np.sqrt(moved)
        ends = {"low": float(first - half), "high": float(first + half)}
        return NotEstimable("score_not_moved", n=moves.n, what=mover, by=float(first), **ends)
    square = first**2 - quantile**2 * moved
    middle = first * reduced - quantile**2 * shared
    rest = reduced**2 - quantile**2 * noise
    half = np.sqrt(max(middle**2 - square * rest, 0.0))
    value = float(reduced / first)
    return Estimate(
        value=value,
        low=min(float((middle - half) / square), value),
        high=max(float((middle + half) / square), value),
        n=moves.n,
        unit="share",
        level=level,
        method=f"ratio of two differences (Wald; Fieller's interval); {CLUSTERED}",
    )


def moves_by_lot(answers: pd.DataFrame, *, lot: Reason | str) -> Quantities | NotEstimable:
    """Return how far the lot moved the score and the repeats: differences of two means.

    Parameters
    ----------
    answers : one row an answer
        Reads `assigned` (two texts; missing where there was no lot), score, repeat, cluster. The
        second text in the alphabet is taken less the first.
    lot : what drew it, as a sentence about it begins.
    """
    drawn = answers[answers["assigned"].notna()]
    sides = sorted(drawn["assigned"].unique())
    if len(sides) != 2:
        return NotEstimable("not_two_sides", n=len(drawn), what=lot, sides=tuple(sides))
    second = (drawn["assigned"] == sides[1]).to_numpy(float)
    if (fewest := int(min(second.sum(), (1 - second).sum()))) < FEWEST_A_SIDE:
        return NotEstimable("few_on_one_side_of_lot", n=len(drawn), what=lot, fewest=fewest)
    return least_squares(
        second[:, None],
        drawn[["score", "repeat"]].to_numpy(float),
        drawn["cluster"].to_numpy(),
        others=np.ones((len(drawn), 1)),
    )


def lot_effect(answers: pd.DataFrame, *, lot: Reason | str, level: float = 0.95) -> MaybeEstimate:
    """Return the effect per point of the score by what chance had assigned."""
    moves = moves_by_lot(answers, lot=lot)
    return moves if isinstance(moves, NotEstimable) else ratio_of(moves, mover=lot, level=level)
