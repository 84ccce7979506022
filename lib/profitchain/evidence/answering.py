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
from profitchain.effects.repeat_effect import lookback
from profitchain.evidence.held_alike import groups
from profitchain.stats.absorbed import slope

ASSUMED = 0.5  # log-odds of answering for one more point: e-fold in two points
UNKNOWN = NotEstimable("design_not_measured", what=Reason.of("nobody_knows_who_was_asked"))


def effect_besides(
    effect: MaybeEstimate,
    asked: pd.DataFrame | None,
    *,
    controls: Sequence[str],
    places: Sequence[str] = (),
) -> MaybeEstimate:
    """Return the effect of a point less the most that answering can have made, in "share".

    Parameters
    ----------
    effect : the effect of a point, all else held alike.
    asked : one row a cell of requests, as `asked_cells`; None where nobody knows who was asked
        Reads in_lookback, answered, n, repeats, the controls and the places.
    """
    if isinstance(effect, NotEstimable):
        return effect
    if asked is None:
        return UNKNOWN
    requests = lookback(asked)
    gap = answering_gap(requests, controls=controls, places=places)
    if isinstance(gap, NotEstimable):
        return gap
    share = _repeat_rate(requests)
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
    weights = both["n"].to_numpy(float)
    found = slope(
        both["answered"].to_numpy(float),
        both["came"].to_numpy(),
        both["cluster"].to_numpy(),
        factors=groups(both, controls=controls, places=places, weights=weights),
        weights=weights,
    )
    return found if isinstance(found, NotEstimable) else float(found.values[0])


def _repeat_rate(asked: pd.DataFrame) -> float:
    answers = asked[asked["answered"] == 1]
    return float(answers["repeats"].sum() / max(answers["n"].sum(), 1))
