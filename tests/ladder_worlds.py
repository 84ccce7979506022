"""Invented lives of customers with known truth for the tests of the designs; one row an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

WINDOW = 90  # days


def lives(
    rng: np.random.Generator,
    *,
    customers: int = 700,
    slope: float = 0.12,
    temper: float = 0.0,
    habit: float = 0.0,
    answers: int = 6,
    lost_after: int = 365,
    prompted: bool = True,
) -> tuple[pd.DataFrame, float]:
    """Return answers after orders, and the true mean effect of a point on a repeat.

    Orders so far move the score and the pace of the next order. What nobody recorded moves the
    score by `temper` and the pace by `habit`: only if both do, it confounds. With `prompted` a
    customer answers again only after a next order that came within `lost_after` days; else each
    answers so many times, whatever they do.
    """
    hidden, alive = rng.standard_normal(customers), np.ones(customers, bool)
    prior, tenure = np.ones(customers, int), np.zeros(customers)
    gap, earlier = np.full(customers, -1.0), np.zeros(customers)
    began = 700 * np.arange(customers) / customers
    rows = []
    for nth in range(1, answers + 1):
        mood = 5.5 + 1.2 * np.log1p(prior) + temper * hidden + 1.7 * rng.standard_normal(customers)
        score = np.clip(np.round(mood), 0, 10)
        pace = np.exp(-1.9 + slope * score + 0.5 * np.log1p(prior) + habit * hidden)
        gap_after = WINDOW * rng.exponential(size=customers) / pace
        known = {"person": np.arange(customers), "nth": nth, "score": score, "prior_orders": prior}
        known |= {"tenure_days": tenure.round(), "tenure_then": earlier.round()}
        known |= {"gap_before_days": gap.round(), "repeat": (gap_after <= WINDOW).astype(int)}
        known |= {"days_to_next": gap_after, "day": began + tenure}
        rows.append(pd.DataFrame(known | {"steepness": slope * pace * np.exp(-pace)})[alive])
        if prompted:
            alive = alive & (gap_after <= lost_after)
            gap, earlier = gap_after, tenure
            prior, tenure = prior + 1, tenure + gap_after
    frame = pd.concat(rows, ignore_index=True)
    return told(frame), float(frame["steepness"].mean())


def told(frame: pd.DataFrame) -> pd.DataFrame:
    """Return answers with what the customer's other answers say."""
    frame = frame.sort_values(["person", "nth"], ignore_index=True)
    theirs = frame.groupby("person")
    return frame.assign(
        cluster=frame["person"],
        recency_days=6,
        in_lookback=True,
        previous_score=theirs["score"].shift(1),
        answered_again=theirs["score"].shift(-1).notna().astype(int),
        assigned=None,
        answered_on=pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"] + 6, unit="D"),
    )


def drawn(
    rng: np.random.Generator, *, answers: int = 3000, moved: float = 1.0, effect: float = 0.05
) -> pd.DataFrame:
    """Return answers of whom half were drawn by lot to be treated better; a habit is hidden."""
    who = rng.integers(0, answers // 2, answers)
    treated, hidden = rng.random(answers // 2)[who] < 0.5, rng.standard_normal(answers // 2)[who]
    score = np.round(6 + moved * treated + 0.8 * hidden + 1.5 * rng.standard_normal(answers))
    share = np.clip(0.15 + effect * score + 0.08 * hidden, 0, 1)
    return pd.DataFrame(
        {
            "score": score,
            "repeat": (rng.random(answers) < share).astype(int),
            "cluster": who,
            "assigned": np.where(treated, "treated", "control"),
        }
    )
