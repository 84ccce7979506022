"""Invented worlds whose customers' chances to return are known, for test_churn_model.py."""

from __future__ import annotations

import numpy as np
import pandas as pd

PER_POINT = np.log(1.15)  # of the log hazard, in `returning`
WATCHED = 365.0


def returning(
    rng: np.random.Generator,
    *,
    customers: int,
    per_point: float = PER_POINT,
    fades: bool = False,
    end: float = WATCHED,
) -> pd.DataFrame:
    """Return one row a customer with an answer: `days` to the next order, or to the period's end.

    The hazard is proportional in the score and log2(1 + orders before); with `fades` the score
    counts during the first 40 days only.
    """
    score = rng.integers(0, 11, customers).astype(float)
    orders = rng.poisson(1.5, customers)
    rest = np.exp(np.log(0.003) + 0.25 * np.log2(1 + orders))
    rate = rest * np.exp(per_point * (score - 6))
    days = rng.exponential(1 / rate)
    if fades:
        late = 40 + rng.exponential(1 / rest)
        days = np.where(days > 40, late, days)
    watched = rng.uniform(30, end, customers)
    event = (days <= watched).astype(int)
    return pd.DataFrame(
        {
            "cluster": np.arange(customers),
            "score": score,
            "days": np.floor(np.minimum(days, watched)),
            "event": event,
            "prior_orders": orders,
        }
    )


def predicted(
    rng: np.random.Generator, *, customers: int, helps: float = 0.5, noise: float = 0.0
) -> pd.DataFrame:
    """Return one row a customer: outcome, and what two forecasts said of it.

    `better` is the true chance, so calibrated; `worse` knows only part of what moves it. With
    `helps` 0 both know all. `noise` moves the first one's log odds by chance.
    """
    known, hidden = rng.normal(0, 1, customers), rng.normal(0, 1, customers)
    chance = 1 / (1 + np.exp(-(0.4 + known + helps * hidden)))
    moved = rng.normal(0, 1, customers) * noise
    return pd.DataFrame(
        {
            "cluster": np.arange(customers),
            "outcome": (rng.random(customers) < chance).astype(float),
            "worse": 1 / (1 + np.exp(-(0.4 + known + moved))),
            "better": chance,
        }
    )


def snapshots(
    rng: np.random.Generator, *, customers: int, per_point: float = -0.2, backs: int = 6
) -> pd.DataFrame:
    """Return one row a customer and snapshot in the columns of `Edition.table("customers")`.

    Customers come one after another; each orders in a period with a chance that follows the own
    rate and score (`per_point` of the log odds to stay away). `true` is the chance to stay away.
    """
    rate = rng.normal(0, 1.0, customers)
    score = np.where(rng.random(customers) < 0.6, rng.integers(0, 11, customers), np.nan)
    lean = np.nan_to_num(per_point * (score - 5))
    away = 1 / (1 + np.exp(-(0.3 - rate + lean)))
    length, periods = 90, backs + 8
    came = rng.random((customers, periods)) >= away[:, None]
    joined = rng.integers(0, periods, customers)
    came[np.arange(customers), joined] = True
    came &= np.arange(periods) >= joined[:, None]
    first = np.where(came.any(axis=1), came.argmax(axis=1), periods)
    basket = rng.gamma(2.0, 25.0, (customers, periods)) * came
    frames = []
    for back in range(backs + 1):
        last = periods - 1 - back
        so_far = came[:, : last + 1]
        inside = first <= last
        latest = last - so_far[:, ::-1].argmax(axis=1)
        next_came = came[:, last + 1] if back else np.full(customers, np.nan)
        frame = pd.DataFrame(
            {
                "back": back,
                "row": np.arange(customers),
                "cluster": np.arange(customers),
                "sampled": 1,
                "repeats": so_far.sum(axis=1) - 1,
                "last_age_days": (latest - first) * length,
                "age_days": (last - first) * length + 45,
                "orders": came[:, max(last - 3, 0) : last + 1].sum(axis=1),
                "revenue": basket[:, max(last - 3, 0) : last + 1].sum(axis=1),
                "period_orders": came[:, last].astype(int),
                "period_revenue": basket[:, last],
                "next_orders": next_came.astype(float),
                "next_revenue": basket[:, last + 1] if back else np.nan,
                "score": score,
                "score_age_days": np.where(np.isnan(score), np.nan, 100.0),
                "true": away,
            }
        )
        frames.append(frame[inside])
    return pd.concat(frames, ignore_index=True)
