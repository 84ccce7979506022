"""Invented answers and customers by the million, for benchmarks: written in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

ANSWERS_A_CUSTOMER = 3
YEARS_OF_DAYS = 730


def write_answers(path: Path, answers: int, *, seed: int = 1) -> None:
    """Write one row an answer: customer_id, score, history in exact days, segments, repeat.

    Customers answer about three times each, with a mood and a habit of their own; score and repeat
    both follow the history, so that the effect has to be adjusted. recency_days is -1 without an
    earlier order.
    """
    rng = np.random.default_rng(seed)
    people = max(answers // ANSWERS_A_CUSTOMER, 1)
    rate = rng.gamma(0.8, 1 / 60, people)  # orders a day
    joined = rng.integers(30, 1500, people)
    region, tier = rng.integers(0, 5, people), rng.choice(3, people, p=[0.7, 0.2, 0.1])
    mood, habit = rng.standard_normal((2, people), dtype=np.float32)
    who = np.sort(rng.integers(0, people, answers)).astype(np.int32)
    tenure = joined[who] - rng.integers(0, 30, answers)
    prior = rng.poisson(rate[who] * tenure)
    wait = rng.exponential(1.0, answers) / rate[who]
    recency = np.where(prior > 0, np.minimum(wait, tenure), -1).astype(np.int32)
    past = np.log1p(prior)
    luck = rng.standard_normal(answers, dtype=np.float32)
    score = np.clip(np.rint(8 + 0.18 * (past - 1.5) + 1.2 * mood[who] + 1.5 * luck), 0, 10)
    likely = -0.6 + 0.12 * (score - 7.5) + 0.35 * past - 0.05 * np.log1p(tenure)
    likely -= 0.25 * np.log1p(np.maximum(recency, 0)) + 0.4 * (recency < 0)
    likely += 0.1 * tier[who] - 0.05 * region[who] + 0.6 * habit[who]
    columns = {"score": score, "prior_orders": prior, "recency_days": recency,
               "tenure_days": tenure, "region": region[who], "tier": tier[who]}  # fmt: skip
    frame = pd.DataFrame({name: column.astype(np.int32) for name, column in columns.items()})
    again = rng.random(answers, dtype=np.float32) < expit(likely)
    frame.assign(customer_id=who, repeat=again.astype(np.int32)).to_parquet(path)


def write_customers(path: Path, customers: int, *, seed: int = 1) -> None:
    """Write one row a customer who buys and leaves as BG/NBD says.

    Columns: cluster, repeats, last_age_days, age_days. True parameters, in weeks: r 0.25, alpha
    4.5, a 0.8, b 2.5, as in a shop of many one-time buyers.
    """
    rng = np.random.default_rng(seed)
    age = rng.integers(0, YEARS_OF_DAYS + 1, customers)
    rate, chance = rng.gamma(0.25, 1 / 4.5, customers) / 7, rng.beta(0.8, 2.5, customers)
    repeats, last = np.zeros(customers, np.int64), np.zeros(customers)
    now, alive = np.zeros(customers), np.arange(customers)
    while len(alive):
        now[alive] += rng.exponential(1.0, len(alive)) / np.maximum(rate[alive], 1e-12)
        alive = alive[now[alive] <= age[alive]]
        repeats[alive] += 1
        last[alive] = now[alive]
        alive = alive[rng.random(len(alive)) >= chance[alive]]
    days = np.minimum(np.rint(last), age).astype(np.int64)
    columns = {"repeats": repeats, "last_age_days": days, "age_days": age}
    pd.DataFrame(columns).assign(cluster=np.arange(customers) % 256).to_parquet(path)
