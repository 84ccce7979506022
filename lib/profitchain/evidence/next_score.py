"""Whether what lasts about customers explains the effect: the next order's score can't cause it.

A negative control (Lipsitch, Tchetgen and Cohen 2010, Epidemiology 21: 383-388): the score of the
*next* order can't have caused the return to it. What it tells of that return beyond this order's
score is hidden habit: L = r - b q, with r the effect of the next score on this return (this order
answered or not; on the scale of b), b the effect of a point, q the slope of this score on the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.evidence.held_alike import calendar_months, classes, groups, months_by_place
from profitchain.stats.absorbed import absorbed, slope
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.model_design import FEWEST_EVENTS

LEAST_VARIANCE = 0.01  # of the returns' quickness, within a month
SHOWN = 3.0  # a third of what lasts, at least, shows in the next score


@dataclass(frozen=True, slots=True, kw_only=True)
class NextScore:
    """`told`: what the next score tells of this return (L); `left`: the effect less three L."""

    told: Quantities | NotEstimable
    left: Quantities | NotEstimable


def next_score_check(
    answers: pd.DataFrame,
    effect: Quantities | NotEstimable,
    *,
    controls: Sequence[str],
    places: Sequence[str] = (),
    within_days: int,
) -> NextScore:
    """Return the check, with all of the history.

    Parameters
    ----------
    answers : one row an answer
        Reads person, nth, score, cluster, answered_on, prior_orders, recency_days,
        gap_before_days, tenure_then, the controls and the places.
    effect : of a point, as `held_alike.effect_alike` returns.
    """
    if isinstance(effect, NotEstimable):
        return NextScore(told=effect, left=effect)
    returns = earlier_returns(answers, places=places, within_days=within_days)
    few = _too_few(returns)
    if few is not None:
        return NextScore(told=few, left=few)
    both = returns[returns["this_score"].notna()]
    on_return = _slope(returns, "repeat", controls, places)
    on_score = _slope(both, "this_score", controls, places)
    if isinstance(on_return, NotEstimable):
        return NextScore(told=on_return, left=on_return)
    if isinstance(on_score, NotEstimable):
        return NextScore(told=on_score, left=on_score)
    parts = stacked([effect, on_return, on_score])
    scale = _scale(answers, returns)
    b, r, q = parts.values
    told = np.array([-q, scale, -b])  # how L moves with b, r and q
    own = np.array([1.0, 0.0, 0.0])
    size = scale * r - b * q
    n = len(returns)
    return NextScore(
        told=_combined(parts, size, told, n=n),
        left=_combined(parts, b - SHOWN * size, own - SHOWN * told, n=n),
    )


def earlier_returns(
    answers: pd.DataFrame, *, places: Sequence[str], within_days: int
) -> pd.DataFrame:
    """Return one row an answer whose order was not the customer's first: the return to that order.

    Scores are less their month's and place's level, which is fitted beside orders so far: a shock
    that both orders share says nothing of the customer. Only returns to be seen whether quick or
    slow: the earlier order lies a window or more before the last answer, and not before the first.

    Returns
    -------
    The answers' columns as they were at the earlier order (answered_on is the day of it), repeat
    (whether the return was within the window), score (of the next order), this_score (of the
    earlier order; NaN where it was not answered).
    """
    rows = answers.sort_values(["person", "nth"], kind="stable", ignore_index=True)
    rows = rows.assign(score=_without_months(rows, places))
    before = rows[["person", "prior_orders", "score"]].shift(1)
    is_next = (before["person"] == rows["person"]) & (
        before["prior_orders"] == rows["prior_orders"] - 1
    )
    day = pd.to_datetime(rows["answered_on"])
    gone = rows["recency_days"].clip(lower=0) + rows["gap_before_days"]
    earlier = day - pd.to_timedelta(gone.to_numpy(), unit="D")
    seen = (earlier >= day.min()) & (earlier <= day.max() - pd.Timedelta(days=within_days))
    returns = rows.assign(
        this_score=before["score"].where(is_next),
        repeat=(rows["gap_before_days"] <= within_days).astype(int),
        answered_on=earlier,
        prior_orders=rows["prior_orders"] - 1,
        tenure_days=rows["tenure_then"],
    )
    returns = returns[(rows["gap_before_days"] >= 0) & seen]
    return returns.drop(columns=["recency_days"]).reset_index(drop=True)


def _scale(answers: pd.DataFrame, returns: pd.DataFrame) -> float:
    """Return by how much more a share of all moves than one of those seen to return, quick or slow.

    Who never returns is not among the returns, and who returns slowly the less, the later: odds
    stay, shares move by p (1 - p), month by month.
    """
    variances = [
        float(np.mean(absorbed(rows[["repeat"]].to_numpy(), [calendar_months(rows)]).left ** 2))
        for rows in (answers, returns)
    ]
    return variances[0] / max(variances[1], LEAST_VARIANCE)


def _without_months(rows: pd.DataFrame, places: Sequence[str]) -> np.ndarray:
    months = months_by_place(rows, places)
    score: np.ndarray = rows["score"].to_numpy(float)
    if not len(rows):
        return score
    levels = absorbed(score[:, None], [*months, classes(rows["prior_orders"])]).levels
    shared = np.sum([level[codes, 0] for level, codes in zip(levels, months, strict=False)], axis=0)
    return np.asarray(score - (shared - np.mean(shared)))


def _too_few(returns: pd.DataFrame) -> NotEstimable | None:
    quick, slow = int(returns["repeat"].sum()), int((1 - returns["repeat"]).sum())
    if min(quick, slow) < FEWEST_EVENTS:
        key = "few_quick_returns" if quick <= slow else "few_slow_returns"
        return NotEstimable(key, n=len(returns), total=len(returns), fewest=min(quick, slow))
    if int(returns["this_score"].notna().sum()) < 2 * FEWEST_EVENTS:
        return NotEstimable("nobody_answered_two_orders_in_a_row", n=len(returns))
    return None


def _slope(
    rows: pd.DataFrame, outcome: str, controls: Sequence[str], places: Sequence[str]
) -> Quantities | NotEstimable:
    return slope(
        rows[outcome].to_numpy(float),
        rows["score"].to_numpy(float),
        rows["cluster"].to_numpy(),
        factors=groups(rows, controls=controls, places=places),
    )


def _combined(parts: Quantities, value: float, gradient: np.ndarray, *, n: int) -> Quantities:
    return replace(parts.combine(gradient), values=np.array([value]), n=n)
