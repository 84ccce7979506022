"""What goes with one more point in orders and money, within the window and per answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.effects.repeat_effect import adjustment, effect_of_a_point
from profitchain.stats.clusters import returned
from profitchain.stats.glm import Fit, Quantities, fit, levels_of
from profitchain.stats.margins import estimates, stacked
from profitchain.stats.model_design import Design, model_of, refusal
from profitchain.stats.model_matrix import as_it_is, independent
from profitchain.stats.ratios import CLUSTERED

Amount = Literal["orders", "spend", "margin"]


def money_effect(
    cells: pd.DataFrame,
    *,
    outcome: Amount,
    controls: Sequence[str] = (),
    unit: str = "orders",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return what one more point goes with in orders or money per answer within the window.

    A mean model that is exponential in the terms; `unit` is "orders" or the currency's code.
    """
    return effect_of_a_point(cells, outcome=outcome, controls=controls, unit=unit, level=level)


def two_part_effect(
    cells: pd.DataFrame,
    *,
    outcome: Amount,
    controls: Sequence[str] = (),
    unit: str = "orders",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return `money_effect` from two parts: do they come back, and what do they then spend.

    The mean derivative of P(repeat) x E(amount | repeat), a logit and an exponential mean model;
    errors of both parts and their covariance count.

    References
    ----------
    Duan, Manning, Morris and Newhouse (1983), J. Business & Econ. Statistics 1: 115-126.
    """
    design = model_of(cells, as_it_is, controls=controls)
    first = design if isinstance(design, NotEstimable) else fit(design)
    if isinstance(first, NotEstimable):
        return first
    if outcome not in cells:
        return NotEstimable("no_such_outcome", what=outcome, n=first.design.answers)
    second = _amount_given_repeat(cells, first.design, outcome)
    if isinstance(second, NotEstimable):
        return NotEstimable("of_those_back", why=second.why, n=first.design.answers)
    method = f"two-part model; {adjustment(first)}; {CLUSTERED}"
    return estimates(_two_parts(first, second), unit=unit, level=level, method=method)[0]


def _amount_given_repeat(
    cells: pd.DataFrame, design: Design, outcome: Amount
) -> Fit | NotEstimable:
    """Return the amount model on those who came back, with the terms of the first model."""
    back = returned(cells)
    if refused := refusal(back, outcome):
        return NotEstimable(refused, n=int(back["n"].sum()))
    own = design.among(cells["repeats"].to_numpy() > 0, back, outcome)
    keep = independent(own.columns, own.n)
    model = fit(replace(own, columns=own.columns[:, keep]))
    if isinstance(model, NotEstimable):
        return model
    padded = model.coefficients.combine(np.eye(len(keep))[:, keep])  # 0 for terms that it lacks
    return Fit(design=replace(design, binary=False), coefficients=padded)


def _two_parts(first: Fit, second: Fit) -> Quantities:
    columns, share = first.design.columns, first.design.n / first.design.n.sum()
    chance, slope, curvature = levels_of(first.predictor, binary=True)
    amount = np.exp(second.predictor)
    beta, gamma = first.coefficients.values[0], second.coefficients.values[0]
    by_first = (share * amount * (beta * curvature + gamma * slope)) @ columns
    by_second = (share * amount * (beta * slope + gamma * chance)) @ columns
    by_first[0] += share @ (slope * amount)
    by_second[0] += share @ (chance * amount)
    parts = [first.coefficients.combine(by_first), second.coefficients.combine(by_second)]
    value = share @ (amount * (beta * slope + gamma * chance))
    return replace(
        stacked(parts).combine(np.ones(2)), values=np.array([value]), n=first.coefficients.n
    )


def amounts(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), currency: str, two_parts: bool = False
) -> dict[str, MaybeEstimate]:
    """Return what one more point goes with per answer: orders, spend and, where known, margin.

    By `money_effect`, or by `two_part_effect`.
    """
    effect = two_part_effect if two_parts else money_effect
    units: dict[Amount, str] = {"orders": "orders", "spend": currency, "margin": currency}
    return {
        outcome: effect(cells, outcome=outcome, controls=controls, unit=unit)
        if outcome in cells
        else NotEstimable("margin_not_known")
        for outcome, unit in units.items()
    }
