"""Orders by steps of time, and when each customer bought: as counted row by row."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.panel import outlook_steps, purchases
from profitchain.panel.context import Context
from profitchain.panel.outlook_steps import GUESTS, LONG_AGO

FIRM: Any = SimpleNamespace(time_zone="UTC", gross_margin=None)
PERIODS = ("2026Q3", "2026-02", "2026", "2026FY04Q2", "2026-W14")


def orders_of(period: Period, seed: int) -> pd.DataFrame:
    """Return the orders of 60 customers in 14 years, most of them late, some of them refunds."""
    draw, many = np.random.default_rng(seed), 700
    who = draw.integers(0, 60, many)
    days = np.minimum(draw.exponential(np.where(who < 9, 3000, 500)), 5000)
    at = pd.Timestamp(period.ends_at("UTC")) - pd.to_timedelta(days + 0.01, unit="D")
    revenue = np.where(draw.random(many) < 0.25, -1, 1) * draw.integers(0, 9_000, many)
    names = who.astype(str)
    return pd.DataFrame({"customer_id": names, "ordered_at": at.floor("s"), "revenue": revenue})


def context_of(period: Period, orders: pd.DataFrame) -> Context:
    return Context(company=FIRM, period=period, tables={"orders": ibis.memtable(orders)})


def by_hand(period: Period, orders: pd.DataFrame) -> dict[tuple[int, int, int], list[int]]:
    """Return customers, orders and revenue by first, back and gap, one customer after another."""
    starts = pd.to_datetime(outlook_steps.step_starts(period))
    place = starts.searchsorted(orders["ordered_at"], side="right")
    back, per = np.where(place, len(starts) - place, LONG_AGO), outlook_steps.steps_of(period)[1]
    sums: dict[tuple[int, int, int], list[int]] = {}
    for _who, rows in orders.assign(back=back).groupby("customer_id"):
        bought = sorted(set(rows.loc[rows["revenue"] >= 0, "back"]))
        for step, inside in rows[rows["back"] != LONG_AGO].groupby("back"):
            later = [step - other for other in bought if other < step]
            key = (max(bought), step, min([*later, per])) if step in bought else (GUESTS, step, 0)
            row = sums.setdefault(key, [0, 0, 0])
            row[0] += step in bought
            row[1] += int((inside["revenue"] >= 0).sum())
            row[2] += int(inside["revenue"].sum())
    return sums


@pytest.mark.parametrize("named", PERIODS)
def test_orders_by_steps_are_those_counted_by_hand(named):
    period = Period(named)
    orders = orders_of(period, seed=len(named))
    context = context_of(period, orders)
    rows = outlook_steps.step_cohorts(context, purchases.buyers(context)).to_pandas()
    names = ["customers", "orders", "revenue"]
    found = rows.set_index(["first", "back", "gap"])[names].T.to_dict("list")
    expected = by_hand(period, orders)
    assert found == expected
    assert {GUESTS, LONG_AGO} < {first for first, _back, _gap in expected}


@pytest.mark.parametrize("named", PERIODS)
def test_the_bits_of_a_customer_are_the_periods_with_a_purchase(named):
    period = Period(named)
    orders = orders_of(period, seed=7)
    context = context_of(period, orders)
    starts = pd.to_datetime([p.first_day for p in context.periods_and_one_before])
    bought = orders[orders["revenue"] >= 0]
    place = starts.searchsorted(bought["ordered_at"], side="right")
    expected: Counter[str] = Counter()
    for who, bit in set(zip(bought["customer_id"], place, strict=True)):
        expected[who] += 1 << int(bit)
    seen = purchases.buyers(context).to_pandas().set_index("customer_id")["seen"]
    assert seen.to_dict() == {who: expected[who] for who in seen.index}
    assert len(seen) == orders["customer_id"].nunique()
