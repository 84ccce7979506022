"""Invented answers with known truth for the tests of the link; one row an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

CONTROLS = ("prior_orders", "tier")


def rows(**columns: object) -> pd.DataFrame:
    """Return cells of one answer each, with whatever is not said filled in plainly."""
    frame = {"prior_orders": 0, "recency_days": -1, "tenure_days": 0, "cluster": None, "n": 1}
    cells = pd.DataFrame(frame | columns)
    if cells["cluster"].isna().all():
        cells["cluster"] = np.arange(len(cells))
    for outcome in ("orders", "spend", "margin"):
        if outcome not in cells:
            cells[outcome] = cells["repeats"].astype(float)
    return cells


def confounded(
    rng: np.random.Generator, *, answers: int = 1500, customers: int = 900, slope: float = 0.12
) -> tuple[pd.DataFrame, float]:
    """Return answers whose score and repeats both follow the customer's history, and the truth.

    The truth is the mean of p (1 - p) slope over these answers.
    """
    who = rng.integers(0, customers, answers)
    prior = rng.poisson(rng.gamma(1.0, 3.0, customers))[who]
    tier = np.digitize(prior, [2, 5])
    mood = 5.5 + 0.9 * np.log1p(prior) + 0.4 * tier + 1.8 * rng.standard_normal(answers)
    score = np.clip(np.round(mood), 0, 10)
    chance = expit(-2.2 + slope * score + 0.5 * np.log1p(prior) + 0.3 * tier)
    cells = rows(
        score=score,
        prior_orders=prior,
        tier=np.array(["bronze", "silver", "gold"])[tier],
        cluster=who,
        repeats=(rng.random(answers) < chance).astype(int),
        spend=0.0,
    )
    amount = np.exp(3 + 0.05 * score + 0.8 * rng.standard_normal(answers))
    cells["spend"] = cells["repeats"] * amount.round(2)
    return cells, float(np.mean(chance * (1 - chance)) * slope)


def repeaters(rng: np.random.Generator, *, customers: int, slope: float = 0.15) -> pd.DataFrame:
    """Return answers of customers who answer often, each with a mood and a habit of their own."""
    times = 1 + rng.negative_binomial(1, 1 / 8, customers)
    who = np.repeat(np.arange(customers), times)
    habit, mood = 1.2 * rng.standard_normal(customers), 1.6 * rng.standard_normal(customers)
    score = np.clip(np.round(6.5 + mood[who] + 1.2 * rng.standard_normal(len(who))), 0, 10)
    chance = expit(-1.0 + slope * score + habit[who])
    return rows(score=score, cluster=who, repeats=(rng.random(len(who)) < chance).astype(int))


def bent(rng: np.random.Generator, *, answers: int = 2000) -> tuple[pd.DataFrame, np.ndarray]:
    """Return answers with a true effect that is steep from 8 on, and the true rate at 0..10."""
    cells, _ = confounded(rng, answers=answers, customers=answers)

    def chance(score: np.ndarray | float) -> np.ndarray:
        rise = 0.05 * score + 0.25 * np.maximum(np.asarray(score) - 8, 0)
        return expit(-1.6 + rise + 0.5 * np.log1p(cells["prior_orders"].to_numpy()))

    cells["repeats"] = (rng.random(answers) < chance(cells["score"].to_numpy())).astype(int)
    return cells, np.array([chance(score).mean() for score in range(11)])


def spending(rng: np.random.Generator, *, answers: int, sigma: float) -> tuple[pd.DataFrame, float]:
    """Return answers with lognormal spend, and the true mean effect of a point on it."""
    cells, _ = confounded(rng, answers=answers, customers=answers)
    score = cells["score"].to_numpy()
    chance, amount = expit(-1.5 + 0.12 * score), np.exp(3 + 0.05 * score)
    came = rng.random(answers) < chance
    luck = np.exp(sigma * rng.standard_normal(answers) - sigma**2 / 2)
    cells = cells.assign(repeats=came.astype(int), spend=came * amount * luck)
    return cells, float(np.mean(amount * chance * ((1 - chance) * 0.12 + 0.05)))


def compressed(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the same answers as cells: equal ones in one row."""
    sums = ["n", "repeats", "orders", "spend", "margin"]
    keys = [column for column in answers if column not in sums]
    return answers.groupby(keys, as_index=False)[sums].sum()
