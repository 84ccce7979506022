"""How sure one could be: the smallest effect seen, more answers, the size of an experiment."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, Reason
from profitchain.core.periods import Period
from profitchain.stats.clusters import totals

POWER = 0.8
TWO_SIDED = 0.05
MORE_TO_HALVE = 3  # times the answers at hand: half the width takes four times as many


def smallest_detectable(effect: Estimate, power: float = POWER) -> float:
    """Return the effect that data like these would find with such power, in the effect's unit.

    Two-sided at 5%; the standard error is read off the interval's half-width, and stays as it is.

    Examples
    --------
    >>> effect = Estimate(value=0.02, low=0.0004, high=0.0396, n=900, unit="share")
    >>> round(smallest_detectable(effect), 4)
    0.028

    References
    ----------
    Bloom (1995), Evaluation Review 19: 547-556.
    """
    half = (effect.high - effect.low) / 2
    error = half / float(stats.norm.ppf((1 + effect.level) / 2))
    return _quantiles(power)[2] * error


def smallest_effect(effect: MaybeEstimate, power: float = POWER) -> MaybeEstimate:
    """Return `smallest_detectable` in the form of the record, where it is its own interval."""
    if isinstance(effect, NotEstimable):
        return effect
    size = smallest_detectable(effect, power)
    method = f"two-sided 5%, power {power:.0%}"
    return replace(effect, value=size, low=size, high=size, method=method)


def months_to_halve(cells: pd.DataFrame, closed: pd.DataFrame, period: Period) -> MaybeEstimate:
    """Return how many months at the present rate bring the answers that halve an interval.

    Parameters
    ----------
    cells : the answers that the interval rests on; reads `n`.
    closed : all cells; those that `closes` in the period tell the present rate.
    """
    n = int(cells["n"].sum())
    rate = closed.loc[closed["closes"].astype(str) == str(period), "n"].sum() / period.months
    if not rate:
        return NotEstimable("no_window_closed_in_period", n=n)
    months = MORE_TO_HALVE * n / rate
    return Estimate(value=months, low=months, high=months, n=n, unit="months")


def arm_for_rates(control: float, treated: float, power: float = POWER) -> int:
    """Return how many customers each of two equal arms needs to tell two rates apart.

    Two-sided at 5%, pooled under no difference.

    Examples
    --------
    >>> arm_for_rates(0.50, 0.55)
    1565

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., eq. 4.14.
    """
    of_size, of_power, _both = _quantiles(power)
    mean = (control + treated) / 2
    none = of_size * sqrt(2 * mean * (1 - mean))
    some = of_power * sqrt(control * (1 - control) + treated * (1 - treated))
    return ceil(((none + some) / (treated - control)) ** 2)


def arm_for_means(deviation: float, difference: float, power: float = POWER) -> int:
    """Return how many customers each of two equal arms needs to tell two means apart.

    Examples
    --------
    >>> arm_for_means(1.0, 0.1)
    1570
    """
    return ceil(2 * (_quantiles(power)[2] * deviation / difference) ** 2)


def deviation(cells: pd.DataFrame, outcome: str) -> float:
    """Return the standard deviation that an answer's outcome has for planning.

    From the linearised errors of the mean by customer, so that answers of one customer that go
    together count as they will in the experiment; one answer a customer gives the usual one.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sec. 9A.
    """
    sums = totals(cells, [outcome, "n"])
    n = sums["n"].sum()
    residuals = sums[outcome] - sums[outcome].sum() / n * sums["n"]
    factor = len(sums) / max(len(sums) - 1, 1)
    return float(np.sqrt(factor * (residuals @ residuals) / n))


def experiment(
    cells: pd.DataFrame, effects: dict[str, MaybeEstimate], *, power: float = POWER
) -> pd.DataFrame:
    """Return the size of an experiment that raises the score of one of two equal arms by one point.

    It supposes that the effect is the one measured here, cause and all.

    Parameters
    ----------
    effects : of one point, by outcome ("repeats", "orders", "spend", "margin").

    Returns
    -------
    One row an outcome: outcome, value, low, high (the effect), n, unit, customers_per_arm (NaN
    where why says so), why.
    """
    rows = [_planned(cells, outcome, effect, power) for outcome, effect in effects.items()]
    columns = ["outcome", "value", "low", "high", "n", "unit", "customers_per_arm", "why"]
    return pd.DataFrame(rows, columns=columns)


def _planned(
    cells: pd.DataFrame, outcome: str, effect: MaybeEstimate, power: float
) -> dict[str, object]:
    row = {"outcome": outcome, "n": effect.n, "why": ""}
    if isinstance(effect, NotEstimable):
        return row | {"why": effect.why}
    row |= {"value": effect.value, "low": effect.low, "high": effect.high, "unit": effect.unit}
    if effect.spans_zero:
        return row | {"why": Reason("no_effect_to_plan_for")}
    return row | {"customers_per_arm": float(_arm(cells, outcome, effect.value, power))}


def _arm(cells: pd.DataFrame, outcome: str, effect: float, power: float) -> int:
    if outcome != "repeats":
        return arm_for_means(deviation(cells, outcome), effect, power)
    rate = float(cells["repeats"].sum() / cells["n"].sum())
    return arm_for_rates(rate, min(max(rate + effect, 0.001), 0.999), power)


def _quantiles(power: float) -> tuple[float, float, float]:
    """Return the normal quantiles of the test and of its power, and their sum."""
    of_size = float(stats.norm.ppf(1 - TWO_SIDED / 2))
    of_power = float(stats.norm.ppf(power))
    return of_size, of_power, of_size + of_power
