"""What is at stake with those who may leave, and who they are.

Money is margin where the firm knows or assumes it, else revenue. What is at stake is a sum weighted
by chances: nobody is lost for sure, and some of those who stay away return later.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime.churn_model import (
    ChurnForecast,
    MaybeForecast,
)
from profitchain.lifetime.time_to_order import satisfaction_groups
from profitchain.sources.company import Question
from profitchain.stats.disclosure_control import too_small, withheld
from profitchain.stats.model_design import kish
from profitchain.stats.ratios import Linearised, stated
from profitchain.stats.sampling_weights import factor

THIRDS = ("lowest third", "middle third", "highest third")
NOT_ANSWERED = "no answer"
METHOD = "parameters by the delta method, and who of them leaves by chance"


def money_column(customers: pd.DataFrame) -> str:
    """Return which column is the value of a customer: margin, or revenue where no margin is."""
    return "margin" if "margin" in customers else "revenue"


def value_at_risk(forecast: MaybeForecast, *, currency: str, smallest: int = 0) -> MaybeEstimate:
    """Return what customers brought in the lookback, weighted by the chance to order nothing next.

    The sum over the base of that chance times what the customer brought. The interval holds the
    model's error and the chance of who of them it will be; it does not know of a period that is
    unlike the ones before.
    """
    if isinstance(forecast, NotEstimable):
        return forecast
    return _at_risk(forecast, np.ones(len(forecast.now), bool), currency, smallest)


def at_risk_by_group(
    forecast: MaybeForecast, question: Question | None, *, currency: str, smallest: int = 0
) -> pd.DataFrame:
    """Return the value at risk by satisfaction and by value: segment, group, value, low, high, n.

    `share` is that of what the group brought; `why` says why a group is not shown.
    """
    if isinstance(forecast, NotEstimable):
        return to_frame([], segment=[], group=[]).assign(share=[])
    now, money = forecast.now, forecast.now[money_column(forecast.now)]
    third = np.ceil(money.rank(method="average", pct=True) * 3).clip(1, 3).astype(int) - 1
    thirds = pd.Categorical.from_codes(third, categories=list(THIRDS))
    segments = {"value": pd.Series(thirds, index=now.index)}
    if question is not None and "score" in now:
        segments["satisfaction"] = score_groups(now, question)
    frames = []
    for segment, group in segments.items():
        names = [str(name) for name in group.cat.categories]
        members = [(group == name).to_numpy() for name in names]
        sizes = pd.Series([int(inside.sum()) for inside in members], index=names)
        hidden = withheld(sizes, smallest)
        risks = [
            too_small(n, smallest) if is_hidden else _at_risk(forecast, inside, currency, smallest)
            for is_hidden, n, inside in zip(hidden, sizes, members, strict=True)
        ]
        brought = np.array([factor(now) * float(money[inside].sum()) for inside in members])
        frame = to_frame(risks, segment=[segment] * len(names), group=names)
        share = frame["value"] / np.where(brought > 0, brought, np.nan)
        frames.append(frame.assign(share=share)[sizes.to_numpy() > 0])
    return pd.concat(frames, ignore_index=True)


def expected_inactive_share(forecast: MaybeForecast, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the present base predicted to order nothing in the next period."""
    if isinstance(forecast, NotEstimable):
        return forecast
    n = len(forecast.now)
    if n < smallest:
        return too_small(n, smallest)
    whole = _expected_sum(forecast, np.full(n, 1 / n), n=n)
    return stated(whole, unit="share", bounds=(0.0, 1.0), method=METHOD)


def score_groups(rows: pd.DataFrame, question: Question) -> pd.Series:
    """Return each customer's group by the latest score, with one for those who gave none."""
    return satisfaction_groups(rows, question).cat.rename_categories({"": NOT_ANSWERED})


def _at_risk(
    forecast: ChurnForecast, inside: np.ndarray, currency: str, smallest: int
) -> MaybeEstimate:
    n = int(inside.sum())
    if n < max(smallest, 1):
        return too_small(n, smallest)
    money = forecast.now[money_column(forecast.now)].to_numpy(float)
    weight = factor(forecast.now)
    whole = _expected_sum(forecast, np.where(inside, money, 0.0), n=n, weight=weight)
    return stated(whole, unit=currency, method=METHOD)


def _expected_sum(
    forecast: ChurnForecast, amounts: np.ndarray, *, n: int, weight: float = 1.0
) -> Linearised:
    """Return the expected sum of amounts over those who will leave, with its errors.

    They are the model's; of who of them it will be; and of who was drawn, where each row stands
    for `weight` customers (each of them drawn or not by itself).
    """
    chance, coefficients = forecast.now["chance"].to_numpy(), forecast.model.coefficients
    variance = chance * (1 - chance)
    slopes = (amounts * variance) @ forecast.model.columns(forecast.now)
    of_model = coefficients.errors.to_numpy() @ slopes
    scatter = amounts * np.sqrt(variance)
    by_lot = weight * (weight - 1) * float(((amounts * chance) ** 2).sum())
    by_chance = np.sqrt(weight * (scatter @ scatter) + by_lot)
    return Linearised(
        value=weight * float(amounts @ chance),
        errors=pd.Series(np.append(weight * of_model, by_chance)),
        n=n,
        effective=min(coefficients.effective, kish(np.abs(scatter)) if scatter.any() else 2.0),
    )
