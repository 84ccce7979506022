"""What a point is worth by something from outside that moved satisfaction: a draw, or an event.

The first stage is how far it moved the score, the reduced form how far it moved repeats; the second
over the first is the effect of a point, if it works on repeats through the score alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import _, listed, ngettext
from profitchain.effects.repeat_effect import CLUSTERED
from profitchain.stats.glm import Quantities
from profitchain.stats.ols import least_squares

STRONG = 10.0  # first-stage F, Staiger and Stock (1997), Econometrica 65: 557-586
FEWEST_A_SIDE = 20  # answers


def ratio_of(found: Quantities, *, what: str, level: float = 0.95) -> MaybeEstimate:
    """Return the effect per point: what moved repeats over what moved the score.

    Parameters
    ----------
    found : two numbers, how far it moved the score and the repeats.
    what : the mover in words, to begin a sentence with ("The event 'new carrier'").

    Returns
    -------
    Estimate in "share", its interval Fieller's (1954, JRSS B 16: 175-185), which is Anderson and
    Rubin's and holds however weakly the score was moved; NotEstimable where F is below 10.
    """
    first, reduced = found.values
    (moved, shared), (_shared, noise) = found.covariance
    if moved <= 0 or noise <= 0:
        return NotEstimable(_("{what} left too little variation to compare.", what=what), n=found.n)
    quantile = float(stats.t.ppf((1 + level) / 2, found.df))
    if first**2 < max(STRONG, 1.1 * quantile**2) * moved:
        return NotEstimable(_weak(what, first, quantile * np.sqrt(moved)), n=found.n)
    square = first**2 - quantile**2 * moved
    middle = first * reduced - quantile**2 * shared
    rest = reduced**2 - quantile**2 * noise
    half = np.sqrt(max(middle**2 - square * rest, 0.0))
    value = float(reduced / first)
    return Estimate(
        value=value,
        low=min(float((middle - half) / square), value),
        high=max(float((middle + half) / square), value),
        n=found.n,
        unit="share",
        level=level,
        method=f"ratio of two differences (Wald; Fieller's interval); {CLUSTERED}",
    )


def moved_by_lot(answers: pd.DataFrame, *, what: str) -> Quantities | NotEstimable:
    """Return how far the lot moved the score and the repeats: differences of two means.

    Parameters
    ----------
    answers : one row an answer
        Reads `assigned` (two texts; missing where there was no lot), score, repeat, cluster. The
        second text in the alphabet is taken less the first.
    what : the lot in words, to begin a sentence with.
    """
    drawn = answers[answers["assigned"].notna()]
    sides = sorted(drawn["assigned"].unique())
    if len(sides) != 2:
        return NotEstimable(_other_sides(what, sides), n=len(drawn))
    second = (drawn["assigned"] == sides[1]).to_numpy(float)
    if min(second.sum(), (1 - second).sum()) < FEWEST_A_SIDE:
        fewest = int(min(second.sum(), (1 - second).sum()))
        why = ngettext(
            "{what} has only {n} answer on one side.",
            "{what} has only {n} answers on one side.",
            fewest,
            what=what,
        )
        return NotEstimable(why, n=len(drawn))
    return least_squares(
        second[:, None],
        drawn[["score", "repeat"]].to_numpy(float),
        drawn["cluster"].to_numpy(),
        others=np.ones((len(drawn), 1)),
    )


def lot_effect(answers: pd.DataFrame, *, what: str, level: float = 0.95) -> MaybeEstimate:
    """Return the effect per point of the score by what chance had assigned."""
    found = moved_by_lot(answers, what=what)
    return found if isinstance(found, NotEstimable) else ratio_of(found, what=what, level=level)


def _other_sides(what: str, sides: list[str]) -> str:
    if not sides:
        return _("{what} must have two values; found: none.", what=what)
    return _("{what} must have two values; found: {values}.", what=what, values=listed(sides[:5]))


def _weak(what: str, moved: float, half: float) -> str:
    by, low, high = (_points(number) for number in (moved, moved - half, moved + half))
    return _(
        "{what} did not move satisfaction clearly (by {by} points, {low} to {high}), so can't say "
        "what it is worth.",
        what=what,
        by=by,
        low=low,
        high=high,
    )


def _points(number: float) -> str:
    return f"{number:z.2f}".replace("-", "\N{MINUS SIGN}")
