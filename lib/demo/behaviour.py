"""What moves an invented customer: exactly as stated here, so that every effect is known.

After each order a customer has an *experience*, the whole number from 0 to 10 that they would give
to the recommendation question. The experience decides, with stated chances, whether they stay and
how soon they order again. It depends on history that a firm can see (orders so far, tier), on
delivery and on luck, and never on the customer's own unseen pace. So history confounds, and
adjusting for it is enough. Times are seconds since `START` on the shop's local wall clock.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from profitchain.core.errors import ParameterError

START = np.datetime64("2024-01-01T00:00:00", "s")
END = np.datetime64("2026-10-01T00:00:00", "s")
DAY = 86_400
LENGTH = int((END - START).astype(int))
NEVER = np.int64(2**62)

REST_DAYS = 14  # nobody orders again sooner
WINDOW_DAYS = 90
SCORES = np.arange(11)

TIERS = ("standard", "silver", "gold")
REGIONS = ("North", "East", "South", "West")
CHANNELS = ("search", "social", "newsletter", "marketplace", "referral")
DRIVERS = ("quality", "delivery", "service", "price")

TIER_SHIFT = np.array([-0.40, 0.50, 1.30])  # points of experience
REGION_SHIFT = np.array([0.0, -0.15, 0.15, 0.0])

CENTRE = 7.7  # points of experience of an ordinary second order
PER_LOG_ORDER = 1.50  # points per log1p(orders so far)
DRIVER_WEIGHT = np.array([0.85, 0.70, 0.50, 0.30])  # points per standard deviation, as DRIVERS
LUCK = 1.10  # points, standard deviation
LATE_SHARE = 0.07
LATE_IN_CRISIS = 0.60
LATENESS = 3.4  # standard deviations of the delivery experience
CRISIS_REGION = REGIONS.index("North")
CRISIS = tuple(
    int((np.datetime64(d, "s") - START).astype(int)) for d in ("2025-07-01", "2025-10-01")
)

# 0 at score 0, 1 at score 10: flat among the dissatisfied, steep from 5 to 8, flattening above
APPEAL = np.array([0.0, 0.01, 0.03, 0.05, 0.09, 0.17, 0.36, 0.64, 0.86, 0.96, 1.0])
APPEAL_MIDDLE = 0.7
STAYING, STAYING_SPAN = 0.76, 0.30
PACE_SPAN = 0.7  # on the log scale

_MONTHS = (0.86, 0.86, 0.96, 1.0, 0.98, 0.90, 0.84, 0.86, 0.96, 1.10, 1.36, 1.32)
_WEEKDAYS = (1.02, 0.98, 0.96, 0.98, 0.92, 0.97, 1.17)
# Nobody shops from 2 to 3 at night, when the clocks change and wall times are ambiguous.
_HOURS = (0.15, 0.05, 1e-9, 0.02, 0.02, 0.05, 0.2, 0.6, 1.0, 1.2, 1.3, 1.3)
_HOURS += (1.4, 1.3, 1.2, 1.2, 1.2, 1.3, 1.5, 1.8, 2.0, 1.9, 1.3, 0.6)


LOYALTY_RANGE = (0.6, 8.0)  # below it, the most displeased would leave with a chance above 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """What may be chosen of a world; `effect` 0 takes the causal effect of the score away.

    `loyalty` multiplies every customer's pace and divides the chance to leave after an order;
    `invited_share` is the share of orders after which the customer is asked.
    """

    customers: int
    seed: int
    effect: float = 1.0
    confounding: float = 1.0
    selection: float = 1.0
    crisis: bool = True
    loyalty: float = 1.0
    invited_share: float = 0.85

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise ParameterError(
                f"customers is {self.customers}. A world needs at least 1: ask for 1 or more."
            )
        for name in ("effect", "confounding", "selection"):
            if not 0 <= getattr(self, name) <= 1.5:
                raise ParameterError(
                    f"{name} is {getattr(self, name)}. It scales the stated mechanism and may be "
                    "0 (none) to 1.5; 1 is the example company."
                )
        least, most = LOYALTY_RANGE
        if not (least <= self.loyalty <= most and 0 <= self.invited_share <= 1):
            raise ParameterError(
                f"loyalty is {self.loyalty}, invited_share {self.invited_share}. Loyalty may be "
                f"{least} to {most} (1 is the example company), the share 0 to 1."
            )


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose, so that one table never disturbs another."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def choose(rng: np.random.Generator, shares: tuple[float, ...], n: int) -> np.ndarray:
    """Return `n` codes drawn with the given shares, which need not sum to one exactly."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges, rng.random(n), side="right").astype(np.int8)


def staying(score: np.ndarray, effect: float, loyalty: float = 1.0) -> np.ndarray:
    """Return the chance that a customer orders again at all, after an experience 0..10."""
    stays = STAYING + effect * STAYING_SPAN * (APPEAL[score] - APPEAL_MIDDLE)
    return stays + (1 - stays) * (1 - 1 / loyalty)


def haste(score: np.ndarray, effect: float) -> np.ndarray:
    """Return the factor by which an experience 0..10 multiplies a customer's pace."""
    return np.exp(effect * PACE_SPAN * (APPEAL[score] - APPEAL_MIDDLE))


def repeat_chance(
    pace: np.ndarray,
    score: np.ndarray,
    exposure: np.ndarray,
    effect: float,
    loyalty: float = 1.0,
) -> np.ndarray:
    """Return the exact chance of an order within a window that holds `exposure` busy days.

    `pace` is the customer's own, with the world's loyalty in it; `loyalty` is for the staying.
    """
    return staying(score, effect, loyalty) * -np.expm1(-pace * haste(score, effect) * exposure)


def exposure(placed: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return the busy days from the end of rest to `WINDOW_DAYS` after the answer."""
    return busy_at(answered + WINDOW_DAYS * DAY) - busy_at(placed + REST_DAYS * DAY)


def busy_at(seconds: np.ndarray) -> np.ndarray:
    """Return the busy days gone by: days weighed by season, weekday and hour, about 1 a day."""
    _, busy = clock()
    hour = seconds // 3600
    return (np.diff(busy) / 3600.0)[hour] * (seconds - 3600.0 * hour) + busy[hour]


def next_order(
    people: pd.DataFrame,
    who: np.ndarray,
    placed: np.ndarray,
    score: np.ndarray,
    *,
    effect: float,
    rng: np.random.Generator,
    loyalty: float = 1.0,
) -> np.ndarray:
    """Return when each customer orders again after an experience, NEVER if they don't."""
    wait = rng.exponential(size=len(who)) / (people["pace"].to_numpy()[who] * haste(score, effect))
    ticks, busy = clock()
    again = np.interp(busy_at(placed + REST_DAYS * DAY) + wait, busy, ticks).astype(np.int64)
    stays = rng.random(len(who)) < staying(score, effect, loyalty)
    return np.where(stays, again, NEVER)


def experience(
    people: pd.DataFrame,
    who: np.ndarray,
    placed: np.ndarray,
    prior_orders: np.ndarray | int,
    *,
    settings: WorldSettings,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return the experience of one order each: score, calm_score, late and the four drivers.

    And `points`, which the score is the whole number of, within its ends.
    """
    tier, region = (people[name].to_numpy()[who] for name in ("tier", "region"))
    felt = 0.6 * rng.standard_normal((len(who), 1)) + 0.8 * rng.standard_normal((len(who), 4))
    hit = settings.crisis & (region == CRISIS_REGION) & (placed >= CRISIS[0]) & (placed < CRISIS[1])
    draw = rng.random(len(who))
    late, calm_late = draw < np.where(hit, LATE_IN_CRISIS, LATE_SHARE), draw < LATE_SHARE
    history = TIER_SHIFT[tier] + PER_LOG_ORDER * (np.log1p(prior_orders) - np.log(3))
    points = CENTRE + settings.confounding * history + REGION_SHIFT[region]
    points = points + felt @ DRIVER_WEIGHT + LUCK * rng.standard_normal(len(who))
    delay = LATENESS * DRIVER_WEIGHT[DRIVERS.index("delivery")]
    felt[:, DRIVERS.index("delivery")] -= LATENESS * late
    felt_points = points - delay * late
    return {
        "score": whole_score(felt_points),
        "points": felt_points.astype(np.float32),
        "calm_score": whole_score(points - delay * calm_late),
        "late": late,
        **{name: felt[:, column].astype(np.float32) for column, name in enumerate(DRIVERS)},
    }


def whole_score(points: np.ndarray) -> np.ndarray:
    """Return the score 0..10 that an experience of so many points is."""
    return np.clip(np.rint(points), 0, 10).astype(np.int8)


@cache
def clock() -> tuple[np.ndarray, np.ndarray]:
    """Return the hours since START, in seconds, and the busy days gone by at each."""
    hours = np.arange((LENGTH + 3650 * DAY) // 3600)
    at = START + hours.astype("timedelta64[h]")
    month = at.astype("datetime64[M]").astype(int) % 12
    weekday = (hours // 24) % 7  # START is a Monday
    busy = np.take(_MONTHS, month) * np.take(_WEEKDAYS, weekday) * np.take(_HOURS, hours % 24)
    busy = busy / (np.mean(_MONTHS) * np.mean(_WEEKDAYS) * np.sum(_HOURS))
    return np.append(hours, hours[-1] + 1) * 3600.0, np.concatenate([[0.0], np.cumsum(busy)])
