"""A test by lot that the invented shop made: a care guide in the parcel, which changes nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from demo.arrow_columns import ids
from demo.behaviour import DAY, START, TIERS
from demo.world import World
from profitchain.programmes.design_desk import by_lot
from profitchain.sources.lot_files import FOLDER

ACTION, STARTS_ON, DAYS, SHARE = "care guide in the parcel", date(2026, 4, 1), 90, 0.5
ACTIVE_DAYS = 365
TRUTH = {ACTION: {"effect_a_customer": 0.0}}


def write_lot_test(folder: Path, world: World) -> None:
    """Write the test's two files as `new-test` does: half of who ordered within a year."""
    starts = (pd.Timestamp(STARTS_ON) - pd.Timestamp(START)).days * DAY
    orders = world.orders
    age = starts - orders["placed"].to_numpy()
    who = np.unique(orders["customer"].to_numpy()[(age > 0) & (age <= ACTIVE_DAYS * DAY)])
    names = pd.Series(ids("C", who + 1, 6).to_pylist(), dtype=str)
    strata = pd.Series(np.array(TIERS)[world.people["tier"].to_numpy()[who]])
    rows = by_lot(names, strata, share=SHARE, seed=world.settings.seed)
    design = {
        "action": ACTION,
        "starts_on": STARTS_ON,
        "days": DAYS,
        "share": SHARE,
        "seed": world.settings.seed,
        "customers": len(rows),
    }
    place = folder / FOLDER / ACTION.replace(" ", "-")
    place.parent.mkdir(exist_ok=True)
    rows.to_csv(place.with_suffix(".csv"), index=False, lineterminator="\n")
    text = yaml.safe_dump(design, sort_keys=False)
    place.with_suffix(".yml").write_text(text, encoding="utf-8", newline="\n")
