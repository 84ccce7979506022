"""How many percent more sales go with 1% more score, and why no such number can be constant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.stats.glm import Quantities, fitted
from profitchain.stats.margins import estimates
from profitchain.stats.model_design import Outcome
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import CLUSTERED

FRACTIONS = (0.25, 0.5, 0.75, 0.9)  # of the way along the scale, where elasticities are shown
CLOSE = 0.25  # points: a mean score this near to the present one is not shown beside it
PERCENTS = "percent per percent"


def sales_elasticity(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), outcome: Outcome = "spend"
) -> MaybeEstimate:
    """Return by how many percent sales differ for 1% more score, at the scores as they are.

    In a mean model exponential in the score that is coefficient times mean score (every answer
    higher by 1% of the mean), so it grows along the scale.

    Returns
    -------
    Estimate in "percent per percent", or NotEstimable.
    """
    slope, mean = _log_slope(cells, controls, outcome)
    return slope if isinstance(slope, NotEstimable) else _elastic(slope, mean)


def elasticity_along(
    cells: pd.DataFrame,
    scale: tuple[float, float],
    *,
    controls: Sequence[str] = (),
    outcome: Outcome = "spend",
) -> pd.DataFrame:
    """Return the elasticity if the mean score stood elsewhere, and how far it could rise at all.

    Returns
    -------
    One row a mean score, ascending: mean_score (text, the present one marked), value, low, high
    (percent per percent), n, why, most_rise (a share: from the mean to the scale's end).
    """
    slope, now = _log_slope(cells, controls, outcome)
    low, high = scale
    means = [low + part * (high - low) for part in FRACTIONS]
    means = [mean for mean in means if mean > 0 and not abs(mean - now) <= CLOSE]
    at = sorted([*means, now]) if np.isfinite(now) and now > 0 else means
    estimates_at = [
        slope if isinstance(slope, NotEstimable) else _elastic(slope, mean) for mean in at
    ]
    names = [Reason.of("present_mean", mean=mean) if mean == now else f"{mean:.3g}" for mean in at]
    frame = to_frame(estimates_at, mean_score=names)
    return frame.assign(most_rise=[high / mean - 1 for mean in at], unit=PERCENTS)


def _log_slope(
    cells: pd.DataFrame, controls: Sequence[str], outcome: Outcome
) -> tuple[Quantities | NotEstimable, float]:
    """Return the coefficient of the score, and the mean score."""
    n = cells["n"].sum()
    mean = float((cells["score"] * cells["n"]).sum() / n) if n else np.nan
    model = fitted(cells, as_it_is, controls=controls, outcome=outcome)
    if isinstance(model, NotEstimable):
        return model, mean
    first = np.eye(len(model.coefficients.values))[:1]
    return model.coefficients.combine(first), mean


def _elastic(slope: Quantities, mean: float) -> MaybeEstimate:
    method = f"coefficient of a mean model x mean score; {CLUSTERED}"
    at_mean = slope.combine(np.array([[mean]]))
    return estimates(at_mean, unit=PERCENTS, method=method)[0]
