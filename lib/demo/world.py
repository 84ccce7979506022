"""Lets the customers of an invented shop join, order and answer, seen with perfect knowledge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.behaviour import (
    CHANNELS,
    DAY,
    LENGTH,
    NEVER,
    WorldSettings,
    choose,
    clock,
    experience,
    next_order,
    stream,
)

TIER_SHARE = (0.62, 0.27, 0.11)
TIER_PACE = np.array([1.0, 1.6, 2.5])
REGION_SHARE = (0.27, 0.21, 0.28, 0.24)
CHANNEL_SHARE = (0.36, 0.24, 0.14, 0.14, 0.12)
CHANNEL_PACE = np.array([1.0, 0.9, 1.15, 0.8, 1.25])
NEVER_ORDERED = 0.03
ORDERS_PER_BUSY_DAY = 1 / 95  # of the average standard customer, while not resting
PACE_SHAPE = 1.2  # gamma: the smaller, the more customers differ
ANSWERING = np.array([0.68, 0.63, 0.55, 0.45, 0.38, 0.34, 0.33, 0.38, 0.46, 0.58, 0.66])
TIER_ANSWERING = np.array([1.0, 1.1, 1.2])
SCORED_SHARE = 0.985  # of the answers; the rest skip the recommendation question
ANSWER_DAYS_MEAN, ANSWER_DAYS_MOST = 1.2, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An invented shop, seen with perfect knowledge.

    `people`: one row a customer, in order of joining: `joined` (seconds), `orders_at_all`,
    `pace` (orders per busy day, unseen by any firm), `tier`, `region`, `channel` (codes).
    `orders`: one row an order, in order of time: `customer` (row of people), `placed` (seconds),
    `prior_orders` (orders by the time of the answer, this one included), `score` 0..10,
    `points` (the same before it is made whole), `calm_score` (had there been no crisis), `late`,
    the four drivers (standard deviations), `invited`, `answered` (seconds, NEVER if not),
    `scored` (the main question was answered).
    """

    settings: WorldSettings
    people: pd.DataFrame
    orders: pd.DataFrame


def simulate(customers: int = 4500, *, seed: int = 2026, **chosen: float | bool) -> World:
    """Return a world of `customers` from 2024-01-01 to 2026-09-30; the same seed, the same world.

    `chosen` are other `WorldSettings`: `effect` scales what a score does to staying and pace,
    `confounding` what history does to the score, `selection` how far the readiness to answer
    depends on score and tier.
    """
    return lived(WorldSettings(customers=customers, seed=seed, **chosen))


def lived(settings: WorldSettings) -> World:
    """Return the world of these settings; the same settings, the same world."""
    people = _people(settings)
    orders = _orders(people, settings)
    return World(settings=settings, people=people, orders=_survey(orders, people, settings))


def _people(settings: WorldSettings) -> pd.DataFrame:
    rng, n = stream(settings.seed, "people"), settings.customers
    joined = _joining(rng, n)
    tier, channel = choose(rng, TIER_SHARE, n), choose(rng, CHANNEL_SHARE, n)
    channel[(channel == CHANNELS.index("referral")) & (joined < 60 * DAY)] = 0
    usual = ORDERS_PER_BUSY_DAY * rng.gamma(PACE_SHAPE, 1 / PACE_SHAPE, n)
    ordered = rng.random(n) >= NEVER_ORDERED
    ordered[[0, -1]] = True
    return pd.DataFrame(
        {
            "joined": joined,
            "orders_at_all": ordered,
            "pace": settings.loyalty * usual * TIER_PACE[tier] * CHANNEL_PACE[channel],
            "tier": tier,
            "region": choose(rng, REGION_SHARE, n),
            "channel": channel,
        }
    )


def _joining(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return when customers join: many at the opening, one at least on the first and last day."""
    ticks, busy = clock()
    hours = LENGTH // 3600
    growth = np.diff(busy[: hours + 1]) * (1 + 1.5 * np.exp(-ticks[:hours] / (60 * DAY)))
    gone_by = np.concatenate([[0.0], np.cumsum(growth)])
    joined = np.interp(rng.random(n) * gone_by[-1], gone_by, ticks[: hours + 1]).astype(np.int64)
    joined[0], joined[-1] = 10 * 3600, LENGTH - 9 * 3600
    return np.sort(joined)


def _orders(people: pd.DataFrame, settings: WorldSettings) -> pd.DataFrame:
    """Return every order: a loop over each customer's first, second, k-th order, all at once."""
    rng = stream(settings.seed, "orders")
    who = np.flatnonzero(people["orders_at_all"].to_numpy())
    placed = people["joined"].to_numpy()[who]
    rounds: list[dict[str, np.ndarray]] = []
    while who.size:
        nth = len(rounds) + 1
        felt = experience(people, who, placed, nth, settings=settings, rng=rng)
        prior = np.full(who.size, nth, dtype=np.int16)
        rounds.append({"customer": who, "placed": placed, "prior_orders": prior, **felt})
        again = next_order(
            people, who, placed, felt["score"],
            effect=settings.effect, loyalty=settings.loyalty, rng=rng,
        )  # fmt: skip
        who, placed = who[again < LENGTH], again[again < LENGTH]
    orders = {name: np.concatenate([part.pop(name) for part in rounds]) for name in [*rounds[0]]}
    in_time = np.lexsort((orders["customer"], orders["placed"]))
    return pd.DataFrame({name: orders.pop(name)[in_time] for name in [*orders]}, copy=False)


def _survey(orders: pd.DataFrame, people: pd.DataFrame, settings: WorldSettings) -> pd.DataFrame:
    """Return the orders with invitation and answer, which always come before the rest is over."""
    rng, n = stream(settings.seed, "survey"), len(orders)
    placed, score = orders["placed"].to_numpy(), orders["score"].to_numpy()
    days = rng.integers(5, 8, n) + 2 * orders["late"].to_numpy()
    invited = placed // DAY * DAY + days * DAY + rng.integers(9 * 3600, 12 * 3600, n)
    answered = _off_night(invited + _answer_delay(rng, n))
    invites = (rng.random(n) < settings.invited_share) & (invited < LENGTH)
    tier = people["tier"].to_numpy()[orders["customer"]]
    ready = readiness(score, tier, settings.selection)
    answers = invites & (rng.random(n) < ready) & (answered < LENGTH)
    return orders.assign(
        invited=np.where(invites, invited, NEVER),
        answered=np.where(answers, answered, NEVER),
        scored=answers & (rng.random(n) < SCORED_SHARE),
    )


def readiness(score: np.ndarray, tier: np.ndarray, selection: float) -> np.ndarray:
    """Return the chance to answer, when asked, after an experience 0..10."""
    ready = ANSWERING[score] * TIER_ANSWERING[tier]
    return selection * ready + (1 - selection) * 0.55


def _answer_delay(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return seconds: exponential, cut off at ANSWER_DAYS_MOST."""
    most = -np.expm1(-ANSWER_DAYS_MOST / ANSWER_DAYS_MEAN)
    return (-np.log1p(-rng.random(n) * most) * ANSWER_DAYS_MEAN * DAY).astype(np.int64)


def _off_night(seconds: np.ndarray) -> np.ndarray:
    return seconds + np.where(seconds % DAY < 6 * 3600, 6 * 3600, 0)
