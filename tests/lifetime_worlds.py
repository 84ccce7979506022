"""Customers who buy, leave and pay exactly as the models say; and those of CDNOW."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DAYS_A_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Truth:
    """True parameters; times in weeks. By default most come back, and a third leave early."""

    r: float = 0.8
    alpha: float = 12.0
    a: float = 0.9
    b: float = 3.0
    p: float = 4.0
    q: float = 5.0
    v: float = 60.0

    @property
    def purchases(self) -> np.ndarray:
        """The logs of r, alpha, a, b."""
        return np.log([self.r, self.alpha, self.a, self.b])

    @property
    def spend(self) -> np.ndarray:
        """The logs of p, q, v."""
        return np.log([self.p, self.q, self.v])


def world(
    rng: np.random.Generator,
    customers: int,
    truth: Truth = Truth(),
    *,
    days: int = 540,
    youngest: int = 0,
    ahead: int = 365,
    margin: float | None = None,
    leaves_at_first: bool = False,
) -> pd.DataFrame:
    """Return one row a customer as `edition.table("customers")` has it, and what comes `ahead`.

    First purchases are even over the days before now, the last `youngest` left out. Every purchase
    has a day of its own, so that nothing is lost by counting days: times are rounded, not merged.
    By BG/NBD customers may leave after each repeat, with `leaves_at_first` (MBG/NBD) after the
    first purchase too.
    """
    age = rng.integers(youngest, days + 1, customers).astype(float)
    rate = rng.gamma(truth.r, 1 / truth.alpha, customers) / DAYS_A_WEEK
    chance = rng.beta(truth.a, truth.b, customers)
    typical = truth.v / rng.gamma(truth.q, 1.0, customers)  # Gamma-Gamma: amounts are gamma(p, nu)
    now, last = np.zeros(customers), np.zeros(customers)
    repeats, later = np.zeros(customers, dtype=int), np.zeros(customers, dtype=int)
    alive = np.ones(customers, dtype=bool)
    if leaves_at_first:
        alive &= rng.random(customers) >= chance
    while alive.any():
        now = np.where(alive, now + rng.exponential(1.0, customers) / rate, now)
        alive &= now <= age + ahead
        before = alive & (now <= age)
        repeats += before
        later += alive & (now > age)
        last = np.where(before, now, last)
        alive &= rng.random(customers) >= chance
    paid = np.where(repeats, rng.gamma(truth.p * np.maximum(repeats, 1), 1.0) * typical, 0.0)
    next_paid = np.where(later, rng.gamma(truth.p * np.maximum(later, 1), 1.0) * typical, 0.0)
    frame = pd.DataFrame(
        {
            "row": np.arange(customers),
            "cluster": np.arange(customers),
            "repeats": repeats,
            "last_age_days": np.minimum(np.round(last), age).astype(int),
            "age_days": age.astype(int),
            "repeat_revenue": paid,
            "revenue": paid + rng.gamma(truth.p, 1.0, customers) * typical,
            "period_orders": 1,
            "came": later,
            "paid": next_paid,
        }
    )
    return frame if margin is None else frame.assign(margin=margin * frame["revenue"])


def cdnow_customers(folder: Path) -> pd.DataFrame:
    """Return the 2,357 customers of CDNOW's sample as they stood on 30 September 1997."""
    names = ["all", "customer", "day", "units", "revenue"]
    path = folder / "CDNOW_sample.txt"
    rows = pd.read_csv(path, sep=r"\s+", names=names)
    rows = rows.assign(day=pd.to_datetime(rows["day"].astype(str), format="%Y%m%d"))
    rows = rows[rows["day"] <= "1997-09-30"]
    days = rows.groupby(["customer", "day"], as_index=False)["revenue"].sum()
    first = days.groupby("customer")["day"].transform("min")
    later = days["revenue"].where(days["day"] > first, 0.0)
    each = days.assign(first=first, later=later).groupby("customer")
    known = each.agg(day=("day", "max"), first=("first", "min"), n=("day", "size"))
    return pd.DataFrame(
        {
            "cluster": np.arange(len(known)),
            "repeats": known["n"] - 1,
            "last_age_days": (known["day"] - known["first"]).dt.days,
            "age_days": (pd.Timestamp("1997-09-30") - known["first"]).dt.days,
            "repeat_revenue": each["later"].sum(),
        }
    ).reset_index(drop=True)
