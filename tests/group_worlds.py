"""Invented customers in groups, whose true differences are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.measures import segment_comparisons
from profitchain.measures.segment_comparisons import MeasureByCustomer

SIZES = (20, 30, 40, 60, 90, 140, 220, 400)


def compared(values: np.ndarray, group: np.ndarray) -> MeasureByCustomer:
    """Return one measure of customers, one segment `group`."""
    measure = RETENTION
    rows = pd.DataFrame({"cluster": range(len(values)), "group": group.astype(str)})
    return MeasureByCustomer(measure=measure, rows=rows.assign(value=values.astype(float), n=1))


def kept(rng: np.random.Generator, rates: np.ndarray, sizes=SIZES) -> tuple[np.ndarray, np.ndarray]:
    """Return who came back (0, 1) and of which group each is."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return (rng.random(len(group)) < np.asarray(rates)[group]).astype(float), group


def snapshots(n: int, *, seed: int = 1, hidden: float = 0.0, planted: int = 0) -> pd.DataFrame:
    """Return snapshots 0, 1, 2 of `n` customers, as `Edition.table("customers")` has them.

    `hidden`: margin that customers in touch with the firm bring more, which no RFM group knows.
    `planted`: so many far-apart kinds of buyers, in column `kind`; 0: one kind.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(max(planted, 1), size=n)
    parts = [_snapshot(rng, back, kind, hidden) for back in (0, 1, 2)]
    return pd.concat(parts, ignore_index=True)


def _snapshot(rng: np.random.Generator, back: int, kind: np.ndarray, hidden: float) -> pd.DataFrame:
    n = len(kind)
    level = np.exp(2.2 * kind)
    orders = 1 + rng.poisson(0.5 * level)
    margin = 10 * orders * rng.lognormal(0, 0.2, n)
    age = 200 + rng.integers(400, size=n)
    contacts = rng.binomial(1, 0.5, size=n) * 3
    next_margin = 0.2 * margin + hidden * (contacts > 0) + rng.normal(0, 10, n)
    came = (rng.random(n) < 0.4).astype(float)
    frame = pd.DataFrame({"back": back, "row": range(n), "cluster": range(n), "sampled": 1})
    last = age - np.round(rng.integers(10, 20, size=n) * (1 + 2 * (kind == 0)))
    return frame.assign(
        age_days=age, last_age_days=last, orders=orders, margin=margin, revenue=2 * margin,
        contacts=contacts, kind=kind, period_orders=1.0, next_orders=came,
        next_margin=next_margin if back else np.nan, next_revenue=np.nan,
    )  # fmt: skip


def by_rule(customers: pd.DataFrame, back: int) -> pd.Series:
    """Return groups by halves of recency, frequency and money: a stand-in for RFM of eight."""
    rows = customers[customers["back"] == back]
    recency = rows["age_days"] - rows["last_age_days"]
    halves = [part > part.median() for part in (recency, rows["orders"], rows["margin"])]
    return sum(half.astype(int) * 2**at for at, half in enumerate(halves)).astype(str)


RETENTION = segment_comparisons.retention(snapshots(3)).measure
