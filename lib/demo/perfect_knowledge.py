"""What only hindsight and perfect knowledge show: each answer with its outcome and true chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.behaviour import (
    DAY,
    END,
    LENGTH,
    REGIONS,
    START,
    TIERS,
    WINDOW_DAYS,
    exposure,
    repeat_chance,
)
from demo.world import World
from profitchain.core.periods import Period

LAST_PERIOD = Period.containing((END - np.timedelta64(1, "s")).astype(object).date(), "quarter")
QUARTERS = tuple(str(period) for period in LAST_PERIOD.last(11))


def answered_panel(world: World) -> pd.DataFrame:
    """Return one row a scored answer whose window closed by the end, with outcome and true chances.

    Columns: `customer` (row of people), `score`, `prior_orders` (by the time of the answer),
    `recency_days`, `tenure_days` (whole days before the answer), `tier`, `region`, `period` (the
    quarter of the answer), `closes` (the quarter in which the window closes), `orders` and
    `repeat` (within the window), `pace`, `exposure`, and `chance`: the true repeat probability,
    which no firm can see.
    """
    people, orders, settings = world.people, world.orders, world.settings
    rows = orders[orders["scored"] & (orders["answered"] <= LENGTH - WINDOW_DAYS * DAY)]
    who, answered = rows["customer"].to_numpy(), rows["answered"].to_numpy()
    count = _orders_between(world, who, answered, answered + WINDOW_DAYS * DAY)
    pace, busy = people["pace"].to_numpy()[who], exposure(rows["placed"].to_numpy(), answered)
    score = rows["score"].to_numpy()
    return pd.DataFrame(
        {
            "customer": who,
            "score": score,
            "prior_orders": rows["prior_orders"].to_numpy(),
            "recency_days": (answered - rows["placed"].to_numpy()) // DAY,
            "tenure_days": (answered - people["joined"].to_numpy()[who]) // DAY,
            "tier": np.take(TIERS, people["tier"].to_numpy()[who]),
            "region": np.take(REGIONS, people["region"].to_numpy()[who]),
            "period": quarter_of(answered),
            "closes": quarter_of(answered + WINDOW_DAYS * DAY),
            "orders": count,
            "repeat": (count > 0).astype(int),
            "pace": pace,
            "exposure": busy,
            "chance": repeat_chance(pace, score, busy, settings.effect, settings.loyalty),
        }
    ).reset_index(drop=True)


def lookback(
    panel: pd.DataFrame, period: str = str(LAST_PERIOD), quarters: int = 4
) -> pd.DataFrame:
    """Return the answers whose window closed in the `quarters` up to the end of `period`."""
    return panel[panel["closes"].isin([str(p) for p in Period(period).last(quarters)])]


def quarter_opens() -> np.ndarray:
    """Return the first second of each of QUARTERS."""
    opens = [np.datetime64(Period(quarter).first_day, "s") - START for quarter in QUARTERS]
    return np.array(opens).astype(np.int64)


def quarter_number(seconds: np.ndarray) -> np.ndarray:
    """Return the place in QUARTERS of each instant, which lies between START and END."""
    return np.searchsorted(quarter_opens(), seconds, side="right") - 1


def quarter_of(seconds: np.ndarray) -> np.ndarray:
    """Return the quarter's name of each instant, as `2026Q3`."""
    at = START + np.asarray(seconds).astype("timedelta64[s]")
    quarter = at.astype("datetime64[M]").astype(int)
    names = np.array([f"{1970 + q // 4}Q{q % 4 + 1}" for q in range(4 * 54, 4 * 60)])
    return names[quarter // 3 - 4 * 54]


def _orders_between(
    world: World, who: np.ndarray, after: np.ndarray, until: np.ndarray
) -> np.ndarray:
    span = 8 * LENGTH
    keys = np.sort(world.orders["customer"].to_numpy() * span + world.orders["placed"].to_numpy())
    upto = np.searchsorted(keys, who * span + until, side="right")
    return upto - np.searchsorted(keys, who * span + after, side="right")
