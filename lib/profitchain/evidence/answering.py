"""What is left of the effect if happy customers who come back answer more than others.

Where answering hangs on the score (log-odds c a point) and on coming back, the answers show a link
of their own: off by about -c (r1 - r0) on the log-odds scale, r1 and r0 being the shares that
answer of those who came back and of those who didn't. The shares are known where invitations are;
c can't be, as nobody knows what the silent would have said: it is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason
from profitchain.evidence.held_alike import groups
from profitchain.stats.absorbed import LEAST_LEFT, absorbed

ASSUMED = 0.5  # log-odds of answering for one more point: e-fold in two points
UNKNOWN = NotEstimable("design_not_measured", what=Reason.of("nobody_knows_who_was_asked"))


def effect_besides(
    effect: MaybeEstimate,
    asked: pd.DataFrame | None,
    *,
    controls: Sequence[str],
    places: Sequence[str] = (),
    invited: bool = True,
) -> MaybeEstimate:
    """Return the effect of a point less the most that answering can have made, in "share".

    Parameters
    ----------
    effect : the effect of a point, all else held alike.
    asked : one row a cell of requests of the lookback; None where nothing tells of them
        Reads answered, n, repeats, the controls and the places.
    invited : whether they are requests. Else they are all orders, and as few as those who answered
        may have been asked: then the gap is as large as it can have been.
    """
    if isinstance(effect, NotEstimable):
        return effect
    if asked is None:
        return UNKNOWN
    gap = answering_gap(asked, controls=controls, places=places)
    if isinstance(gap, NotEstimable):
        return gap
    share = _repeat_rate(asked)
    if not invited:
        gap /= _larger_rate(asked, gap)
    moved = -np.sign(effect.value) * ASSUMED * abs(gap) * share * (1 - share)
    return replace(
        effect, value=effect.value + moved, low=effect.low + moved, high=effect.high + moved
    )


def answering_gap(
    requests: pd.DataFrame, *, controls: Sequence[str], places: Sequence[str] = ()
) -> float | NotEstimable:
    """Return how much more often those who came back answered, alike in history and month.

    Parameters
    ----------
    requests : one row a cell; as in `effect_besides`.
    """
    came, stayed = requests["repeats"], requests["n"] - requests["repeats"]
    both = pd.concat([requests.assign(n=came, came=1.0), requests.assign(n=stayed, came=0.0)])
    both = both[both["n"] > 0]
    if both["answered"].nunique() < 2:
        return 0.0 if len(both) and both["answered"].min() == 1 else UNKNOWN
    n = both["n"].to_numpy(float)
    factors = groups(both, controls=controls, places=places, weights=n)
    came, answered = absorbed(both[["came", "answered"]].to_numpy(float), factors, n).left.T
    square = float(n @ came**2)
    if square <= LEAST_LEFT * n.sum():
        return NotEstimable("effects_not_apart", n=round(n.sum()))
    return float(n @ (came * answered)) / square


def _larger_rate(orders: pd.DataFrame, gap: float) -> float:
    """Return the share that answers of those who came back or of the others, the larger one."""
    all_of_them = float(orders["n"].sum())
    came = float(orders["repeats"].sum()) / all_of_them
    response = float(orders["answered"] @ orders["n"]) / all_of_them
    return min(response + abs(gap) * (1 - came if gap > 0 else came), 1.0)


def _repeat_rate(asked: pd.DataFrame) -> float:
    answers = asked[asked["answered"] == 1]
    return float(answers["repeats"].sum() / max(answers["n"].sum(), 1))
