"""Invented firms, thousands of them, whose true numbers are known: what the certificate tries.

Unlike the example company they have no tables, only the rows that estimators read, so that a
thousand cost seconds. A firm asks its customers in two periods; who answers, what they say and
what they buy next follow the stated chances, and a `FirmTrial` makes one thing hard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from profitchain.core.periods import Period

NOW = Period("2026Q1")
TIERS = np.array(["standard", "silver", "gold"])
CONTROLS = ("prior_orders", "recency", "tier")
MARGIN = 0.4  # of spend
SLOPE = 0.12  # of the score, on the logit scale
FALL = 0.4  # points by which the mood of everybody fell since the period before
LATE_SHARE = 1 / 3
TOP = 10.0  # of the scale of the main question
LUCK = 0.3  # of a shop: how far it moves moods, and apart from that the odds to return


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmTrial:
    """What kind of firm: how many requests and customers, and what makes it hard.

    `customers` 0 asks everybody once; `confounding` scales what history does to score and repeats;
    `rate` is about the share that orders again; `spread` the standard deviation of log spend;
    `readiness` how far history decides who answers (0: everybody does). `is_s_shaped`: a point
    counts most in the middle of the upper half; `at_the_top`: by how many points moods are better,
    so that most give the top; `is_lopsided`: some customers answer very often; `shops`: how many
    there are, each with a luck of its own; `has_fixed_delay`: all answer five days after their
    order.
    """

    name: str
    requests: int = 1500
    customers: int = 0
    confounding: float = 1.0
    rate: float = 0.4
    spread: float = 0.6
    readiness: float = 0.0
    is_s_shaped: bool = False
    at_the_top: float = 0.0
    is_lopsided: bool = False
    shops: int = 0
    has_fixed_delay: bool = False


TRIALS = (
    FirmTrial(name="ordinary firm, 1,500 answers"),
    FirmTrial(name="small: 200 answers", requests=200),
    FirmTrial(name="1,500 answers of 300 customers", customers=300),
    FirmTrial(name="strong confounding", confounding=2.0),
    FirmTrial(name="half do not answer", requests=3000, readiness=1.0),
    FirmTrial(name="1.5% order again", requests=4000, rate=0.015),
    FirmTrial(name="heavy-tailed spend", spread=1.4),
    FirmTrial(name="points count most from 6 to 8", is_s_shaped=True),
    FirmTrial(name="seven in ten give the top", at_the_top=2.6),
    FirmTrial(name="some answer very often", customers=400, is_lopsided=True),
    FirmTrial(name="asked five days after the order", has_fixed_delay=True),
    FirmTrial(name="customers of 8 shops share luck", shops=8),
)


def firm(trial: FirmTrial, rng: np.random.Generator, *, expected: bool = False) -> pd.DataFrame:
    """Return one invented firm.

    Parameters
    ----------
    expected : with what is to be expected (chances, mean amounts) in place of what chance brought.

    Returns
    -------
    One row a request to answer: period, cluster (the customer), prior_orders, recency_days, tier,
    answered, late (0/1), nps, csat, ces, and after it repeats, orders, spend, margin; repeats_more
    and margin_more: what would have come on top, had the score been a point higher, none above ten.
    """
    rows = _histories(trial, rng)
    _scores(rows, trial, rng)
    _purchases(rows, trial, rng, expected=expected)
    past = np.log1p(rows["prior_orders"])
    ready = expit(-1.2 + trial.readiness * (0.9 * past + 0.4 * (rows["tier"] == "gold")))
    answers = rng.random(len(rows)) < (ready if trial.readiness else 1.0)
    late = answers & (rng.random(len(rows)) < LATE_SHARE)
    return rows.assign(answered=answers.astype(int), late=late.astype(int), n=1)


def many(trial: FirmTrial, requests: int) -> FirmTrial:
    """Return a trial of the same kind with so many requests."""
    customers, shops = (n * requests // trial.requests for n in (trial.customers, trial.shops))
    return replace(trial, requests=requests, customers=customers, shops=shops)


def _histories(trial: FirmTrial, rng: np.random.Generator) -> pd.DataFrame:
    """Return the requests with what was known of each customer before them."""
    n = trial.requests
    people = trial.customers or n
    who = np.arange(n)
    if trial.is_lopsided:
        often = rng.pareto(1.5, people) + 1
        who = np.sort(rng.choice(people, n, p=often / often.sum()))
    elif trial.customers:
        who = np.sort(rng.integers(0, people, n))
    prior = rng.poisson(rng.gamma(1.0, 3.0, people))[who] + 1
    is_now = rng.random(n) < 0.5
    return pd.DataFrame(
        {
            "period": np.where(is_now, str(NOW), str(NOW.previous)),
            "cluster": who,
            "prior_orders": prior,
            "recency_days": 5 if trial.has_fixed_delay else rng.geometric(0.1, n),
            "tenure_days": 400,
            "tier": TIERS[np.digitize(prior, [3, 6])],
        }
    )


def _scores(rows: pd.DataFrame, trial: FirmTrial, rng: np.random.Generator) -> None:
    """Add what each customer would answer to three questions: a lasting mood and the moment's."""
    n, people = len(rows), int(rows["cluster"].max()) + 1
    lasting = rng.standard_normal(people)[rows["cluster"]]
    past = np.log1p(rows["prior_orders"]) - np.log(4)
    mood = 8.2 + trial.confounding * 0.9 * past - FALL * (rows["period"] == str(NOW))
    mood = mood + trial.at_the_top + lasting + 1.5 * rng.standard_normal(n)
    mood = mood + _luck_of_shops(rows, trial, rng)
    rows["nps"] = _whole(mood, 0, 10)
    rows["csat"] = _whole(0.5 * mood + 0.5 * rng.standard_normal(n), 1, 5)
    rows["ces"] = _whole(0.6 * mood + 0.8 * rng.standard_normal(n), 1, 7)


def _purchases(
    rows: pd.DataFrame, trial: FirmTrial, rng: np.random.Generator, *, expected: bool
) -> None:
    """Add what followed: the chance to order again is a logit in score and history."""
    n, people = len(rows), int(rows["cluster"].max()) + 1
    habit = 0.8 * rng.standard_normal(people)[rows["cluster"]] if trial.customers else 0.0
    past = np.log1p(rows["prior_orders"]) - np.log(4)
    away = 0.2 * (np.log1p(rows["recency_days"]) - 2.2)
    rest = logit(trial.rate) + trial.confounding * 0.5 * past - away + habit
    rest = rest + _luck_of_shops(rows, trial, rng)

    def chance_and_amount(score: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        steep = 1.2 * (expit(2 * (score - 7)) - 0.5) if trial.is_s_shaped else SLOPE * (score - 7.6)
        return expit(rest + steep), np.exp(4 + 0.04 * (score - 7.6))

    chance, amount = chance_and_amount(rows["nps"])
    more_often, more = chance_and_amount(np.minimum(rows["nps"] + 1, TOP))
    again = chance if expected else (rng.random(n) < chance).astype(int)
    luck = trial.spread * rng.standard_normal(n) - trial.spread**2 / 2
    rows["repeats"] = rows["orders"] = again
    rows["spend"] = again * amount * (1.0 if expected else np.exp(luck))
    rows["margin"] = MARGIN * rows["spend"]
    rows["repeats_more"] = more_often - chance
    rows["margin_more"] = MARGIN * (more_often * more - chance * amount)


def _luck_of_shops(
    rows: pd.DataFrame, trial: FirmTrial, rng: np.random.Generator
) -> np.ndarray | float:
    """Return what each row's shop adds; nothing where shops have no luck of their own."""
    if not trial.shops:
        return 0.0
    return LUCK * rng.standard_normal(trial.shops)[rows["cluster"] % trial.shops]


def _whole(mood: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(mood), low, high).astype(float)
