"""One more point from every answer, none above the top of the scale: a standardised difference.

The line along the scale may bend (a restricted cubic spline) where the answers carry that, else it
is straight; either way an answer at the top stays. In worlds whose line is an S a slope covers this
difference in 54% of firms. Cells are as in `repeat_effect`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.effects.dose_response import FEWEST_SCORES, spline
from profitchain.effects.repeat_effect import adjustment, rates_one_point_up
from profitchain.stats.glm import Fit, fitted
from profitchain.stats.margins import estimates, raised
from profitchain.stats.model_design import Outcome
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import CLUSTERED

Scale = tuple[float, float]


def repeat_effect_per_point(
    cells: pd.DataFrame, *, scale: Scale, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return by how much the repeat probability differs if every answer were one point higher.

    Returns
    -------
    Estimate in "share" (0.02: two more in a hundred order again), or NotEstimable.
    """
    return amount_per_point(
        cells, outcome="repeats", scale=scale, controls=controls, unit="share", level=level
    )


def amount_per_point(
    cells: pd.DataFrame,
    *,
    outcome: Outcome,
    scale: Scale,
    controls: Sequence[str] = (),
    unit: str,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the same difference in an outcome's mean per answer: repeats, orders or money."""
    model = fit_along_scale(cells, controls=controls, outcome=outcome)
    if isinstance(model, NotEstimable):
        return model
    line = "line that may bend" if model.design.score_terms > 1 else "straight line"
    difference = raised(model, 1.0, scale)
    if model.penalised and not isinstance(up := rates_one_point_up(cells, controls), NotEstimable):
        line, difference = "score by score", up
    method = f"standardised difference ({line}, none above {scale[1]:g}); {adjustment(model)}"
    return estimates(difference, unit=unit, level=level, method=f"{method}; {CLUSTERED}")[0]


def amounts(
    cells: pd.DataFrame,
    *,
    scale: Scale,
    controls: Sequence[str] = (),
    currency: str,
) -> dict[str, MaybeEstimate]:
    """Return what goes with every answer one point higher, per answer.

    Orders and, where known, spend and margin.
    """
    units: dict[Outcome, str] = {"orders": "orders", "spend": currency, "margin": currency}
    unknown = NotEstimable("margin_not_known" if "spend" in cells else "revenue_not_known")
    return {
        outcome: amount_per_point(cells, outcome=outcome, scale=scale, controls=controls, unit=unit)
        if outcome in cells
        else unknown
        for outcome, unit in units.items()
    }


def before_and_after(
    cells: pd.DataFrame, *, scale: Scale, controls: Sequence[str]
) -> tuple[MaybeEstimate, MaybeEstimate]:
    """Return the repeat effect of one point without and with the controls."""
    return (
        repeat_effect_per_point(cells, scale=scale),
        repeat_effect_per_point(cells, scale=scale, controls=controls),
    )


def fit_along_scale(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Fit | NotEstimable:
    """Return the model on a spline of the score, on the score itself where none can be fitted."""
    if cells.loc[cells["n"] > 0, "score"].nunique() >= FEWEST_SCORES:
        model = fitted(cells, spline(cells), controls=controls, outcome=outcome)
        if not isinstance(model, NotEstimable):
            return model
    return fitted(cells, as_it_is, controls=controls, outcome=outcome)
