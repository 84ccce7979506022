"""Invented shops that can live a year twice: as it was, and with every experience a point better.

A shop's customers join over three years. Each order is an experience, a whole number from 0 to 10
that depends on what the firm sees (orders so far, tier) and on luck; it decides, by one of eight
mechanisms, whether the customer stays and when the next order comes. Every customer's n-th order
has the same luck in both lives, so that the difference of the last year's margin is what the
better experiences brought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

DAY = 86_400
DAYS = 3 * 365
YEAR_STARTS = DAYS - 365
REST = 8.0  # days after an order in which none follows; answers come before they are over
USUAL = 7.6  # an ordinary score
TIERS = np.array(["standard", "silver", "gold"])
TIER_SHARE = (0.62, 0.89)
ANSWERING = np.array([0.68, 0.63, 0.55, 0.45, 0.38, 0.34, 0.33, 0.38, 0.46, 0.58, 0.66])
S_SHAPE = np.array([0.0, 0.01, 0.03, 0.05, 0.09, 0.17, 0.36, 0.64, 0.86, 0.96, 1.0])
SIGMA = 0.6  # of log margin
MARGIN = 30.0

Curve = Callable[[np.ndarray], np.ndarray]
Felt = Callable[
    [np.random.Generator, np.ndarray, np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]
]  # what orders were like: from luck and whether it's the last year, mood's luck and columns


def _none(score: np.ndarray) -> np.ndarray:
    return np.zeros(len(score))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """How an experience works in a shop, and what makes it hard.

    `stays` and `pace` are what a score adds on the logit scale of staying and on the log scale of
    the pace; `forward` is the share of the time to the next order by which it comes sooner, while
    those after it come when they would have. `past` is what a customer's history does to score and
    staying; `hidden` the variance of customers' own pace, which nobody sees.
    """

    name: str
    stays: Curve = _none
    pace: Curve = _none
    forward: Curve = _none
    level: float = USUAL
    past: float = 0.6
    hidden: float = 0.0
    season: float = 0.0
    trend: float = 0.0  # points of score a year


def _straight(score: np.ndarray, *, slope: float) -> np.ndarray:
    return slope * (score - USUAL)


def _bent(score: np.ndarray, *, height: float) -> np.ndarray:
    return height * (S_SHAPE[score] - 0.7)


def _saturating(score: np.ndarray) -> np.ndarray:
    return 0.4 * (np.minimum(score, 6) - 6)


def _sooner(score: np.ndarray) -> np.ndarray:
    return 0.08 * score


LINE = partial(_straight, slope=0.15)  # not a closure: a mechanism is sent to other processes


MECHANISMS = (
    Mechanism(name="straight logit", stays=LINE),
    Mechanism(name="S-shape", stays=partial(_bent, height=1.6)),
    Mechanism(name="ceiling: seven in ten give the top", stays=LINE, level=9.8),
    Mechanism(name="saturating", stays=_saturating),
    Mechanism(name="strong history", stays=LINE, past=1.4),
    Mechanism(name="season and trend", stays=LINE, season=0.5, trend=-0.5),
    Mechanism(name="only brought forward", forward=_sooner),
    Mechanism(name="hidden pace, staying and haste", stays=partial(_bent, height=1.0),
              pace=partial(_bent, height=0.5), hidden=0.8),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Three years of a shop. `orders`: cluster, at (seconds since 1970), amount (margin), tier,
    score; `answers`: cluster, at, score, tier. `end` is the first second after them.
    """

    orders: pd.DataFrame
    answers: pd.DataFrame

    end: int = DAYS * DAY

    @property
    def year(self) -> pd.DataFrame:
        """The orders of the last 365 days."""
        return self.orders[self.orders["at"] >= YEAR_STARTS * DAY]


def shop(
    mechanism: Mechanism,
    customers: int,
    seed: int,
    *,
    by_score: bool = False,
    better: bool = False,
    felt: Felt | None = None,
) -> Shop:
    """Return a shop; with `better`, every experience of its last year is a point better.

    `by_score`: extremes answer up to twice as often as the middle; else 45% answer at random.
    `felt`: what makes an experience's luck, with further columns of orders and answers.
    """
    orders = _orders(mechanism, customers, seed, better=better, felt=felt)
    luck = np.random.default_rng([seed, 2]).random((2, len(orders)))
    ready = ANSWERING[orders["score"]] if by_score else 0.45
    delay = 2.0 + 5.0 * luck[1]
    at = orders["at"] + (delay * DAY).astype(np.int64)
    answers = orders.assign(at=at)[(luck[0] < ready) & (at < DAYS * DAY)]
    return Shop(orders=orders, answers=answers.drop(columns="amount"))


def _orders(
    mechanism: Mechanism, customers: int, seed: int, *, better: bool, felt: Felt | None
) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 1])
    tier = np.searchsorted(TIER_SHARE, rng.random(customers), side="right")
    pace = np.array([1.0, 1.4, 2.0])[tier] / 75
    if mechanism.hidden:
        shape = 1 / mechanism.hidden
        pace = pace * rng.gamma(shape, 1 / shape, customers)
    due = DAYS * rng.random(customers)  # when the order would come, and when it does
    placed, alive, rounds, nth = due.copy(), np.ones(customers, bool), [], 0
    while alive.any():
        nth += 1
        luck = np.random.default_rng([seed, 3, nth])
        normal, uniform = luck.standard_normal((2, customers)), luck.random((2, customers))
        who = np.flatnonzero(alive)
        mood, said, in_year = normal[0, who], {}, placed[who] >= YEAR_STARTS
        if felt:
            every = np.random.default_rng([seed, 4, nth])
            mood, said = _of_everybody(felt, every, normal[0], who, in_year)
        score = _score(mechanism, placed[who], nth, tier[who], mood)
        if better:
            score = np.minimum(score + in_year, 10)
        amount = MARGIN * np.exp(SIGMA * normal[1, who] - SIGMA**2 / 2)
        rounds.append(pd.DataFrame({"cluster": who, "at": placed[who], "score": score,
                                    "amount": amount, **said}))  # fmt: skip
        past = np.log1p(nth) - np.log(3)
        stays = 0.9 + mechanism.past * past + 0.2 * tier[who] + mechanism.stays(score)
        gap = -np.log1p(-uniform[1, who]) / (pace[who] * np.exp(mechanism.pace(score)))
        then = _by_season(np.maximum(due[who], placed[who]) + REST, gap, mechanism.season)
        due[who] = then
        placed[who] = then - np.maximum(then - placed[who] - REST, 0) * mechanism.forward(score)
        alive[who] = (uniform[0, who] < expit(stays)) & (placed[who] < DAYS)
    orders = pd.concat(rounds, ignore_index=True)
    orders["at"] = (orders["at"] * DAY).astype(np.int64)
    return orders.assign(tier=pd.Categorical.from_codes(tier[orders["cluster"]], TIERS))


def _of_everybody(
    felt: Felt, rng: np.random.Generator, luck: np.ndarray, who: np.ndarray, in_year: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what `felt` makes of everybody's luck, of those who order: alike in both lives."""
    year = np.zeros(len(luck), bool)
    year[who] = in_year
    mood, said = felt(rng, luck, year)
    return mood[who], {name: values[who] for name, values in said.items()}


def _score(
    mechanism: Mechanism, placed: np.ndarray, nth: int, tier: np.ndarray, luck: np.ndarray
) -> np.ndarray:
    past = mechanism.past * 1.5 * (np.log1p(nth) - np.log(3))
    since = mechanism.trend * (placed / 365 - 1.5)
    mood = mechanism.level + past + 0.5 * tier + since + 1.9 * luck
    return np.clip(np.rint(mood), 0, 10).astype(int)


def _by_season(start: np.ndarray, busy: np.ndarray, season: float) -> np.ndarray:
    """Return the day by which so many busy days have gone, when days weigh 1 + season cos."""
    if not season:
        return start + busy
    days = np.arange(DAYS + 2)
    weigh = 1 + season * np.cos(2 * np.pi * (days + 0.5) / 365)
    gone = np.concatenate([[0.0], np.cumsum(weigh)])
    target = np.interp(start, np.arange(len(gone)), gone) + busy
    return np.interp(target, gone, np.arange(len(gone)), right=2.0 * DAYS)
