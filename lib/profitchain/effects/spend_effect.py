"""What goes with one more point in orders and money, within the window and per answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.effects.one_more_point import amount_per_point
from profitchain.effects.repeat_effect import effect_of_a_point

Amount = Literal["orders", "spend", "margin"]


def money_effect(
    cells: pd.DataFrame,
    *,
    outcome: Amount,
    controls: Sequence[str] = (),
    unit: str = "orders",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the slope: what one more point goes with in orders or money per answer in the window.

    A mean model that is exponential in the terms; `unit` is "orders" or the currency's code.
    """
    return effect_of_a_point(cells, outcome=outcome, controls=controls, unit=unit, level=level)


def amounts(
    cells: pd.DataFrame,
    *,
    scale: tuple[float, float],
    controls: Sequence[str] = (),
    currency: str,
) -> dict[str, MaybeEstimate]:
    """Return what goes with every answer one point higher, per answer, as `one_more_point`.

    Orders and spend and, where known, margin.
    """
    units: dict[Amount, str] = {"orders": "orders", "spend": currency, "margin": currency}
    return {
        outcome: amount_per_point(cells, outcome=outcome, scale=scale, controls=controls, unit=unit)
        if outcome in cells
        else NotEstimable("margin_not_known")
        for outcome, unit in units.items()
    }
