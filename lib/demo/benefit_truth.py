"""What is true of what loyal customers bring beside their orders, in the invented company."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo import programme_tables, survey_tables
from demo.behaviour import CHANNELS, DAY, LENGTH, START
from demo.order_tables import REFUNDED_SHARE
from demo.world import CHANNEL_PACE, World

SCORE_LASTS, COMPLAINT_DAYS = 365, 30  # as the suite counts: the score before, and complaints
GROUPS = ("detractors", "passives", "promoters")


def benefit_truths() -> dict[str, object]:
    """Return what holds in any world, ready for `truth.json`."""
    referring, uplift = programme_tables.REFERRING, programme_tables.UPLIFT
    return {
        "offers_uplift": dict(zip(programme_tables.KINDS, uplift.tolist(), strict=True)),
        "referrals_best_to_worst": float(referring[-1] / referring[0]),
        "price_difference_loyal": 0.0,
        "refunds_per_100_orders": round(100 * REFUNDED_SHARE, 4),
        "refunds_slope": 0.0,
        "complaint_handling_difference": 0.0,
        "pace_by_channel": dict(zip(CHANNELS, CHANNEL_PACE.tolist(), strict=True)),
        "note": "who is handled how fast goes with late parcels alone, and so with their low score",
    }


def complaints_truth(world: World) -> dict[str, float]:
    """Return complaints expected for each 100 later orders, by the last score given before.

    Of the last twelve months' orders, but for the last thirty days, as in the example's edition.
    """
    orders = world.orders[["customer", "placed", "score", "answered", "scored"]]
    year = (np.datetime64("2025-10-01", "s") - START).astype(np.int64)
    later = orders[(orders["placed"] >= year) & (orders["placed"] < LENGTH - COMPLAINT_DAYS * DAY)]
    given = orders.loc[orders["scored"], ["customer", "answered", "score"]]
    pairs = pd.merge_asof(
        later.drop(columns="answered").sort_values("placed", kind="stable"),
        given.sort_values("answered", kind="stable").rename(columns={"score": "before"}),
        left_on="placed", right_on="answered", by="customer", allow_exact_matches=False,
        tolerance=SCORE_LASTS * DAY,
    ).dropna(subset=["before"])  # fmt: skip
    mood = survey_tables.mood(pairs["score"].to_numpy())
    chance = survey_tables.CONTACT_SHARE[mood] * survey_tables.COMPLAINT_SHARE[mood]
    group = survey_tables.mood(pairs["before"].to_numpy())
    return {name: round(100 * float(chance[group == code].mean()), 4)
            for code, name in enumerate(GROUPS) if (group == code).any()}  # fmt: skip
