"""Every table of an invented world, and what is true of the tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profitchain import programmes, voices
from profitchain.goods import ORDERED, order_ids, sell
from profitchain.settings import TableName
from profitchain.tallies import Added
from profitchain.world import World

TABLES: tuple[str, ...] = get_args(TableName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Added):
    """Sums of completed orders: their number, and whole cents."""

    orders: int
    revenue: int
    margin: int


def tables_of(world: World, names: Collection[str] = TABLES) -> dict[str, pa.Table]:
    """Return the named tables of a world, in the order of `TABLES`; a name left out costs nothing.

    Each table has its own random numbers, so that it is the same whichever others are asked for.
    """
    costs = "costs" in names
    sales = sell(world, with_lines="order_lines" in names)
    facts = voices.contact_facts(world) if costs or "contacts" in names else None
    told = {"customers", "referrals", "costs"} & set(names)
    referred = programmes.referral_facts(world) if told else None
    club = programmes.memberships(world) if costs or "memberships" in names else None
    made: dict[str, Callable[[], pa.Table]] = {
        "orders": lambda: sales.orders,
        "responses": lambda: voices.responses(world, order_ids(sales)),
        "customers": lambda: programmes.customers(world, referred),
        "invitations": lambda: voices.invitations(world),
        "order_lines": lambda: sales.lines,
        "contacts": lambda: voices.contacts(facts),
        "costs": lambda: programmes.costs(world, contacts=facts, referred=referred, club=club),
        "referrals": lambda: programmes.referrals(referred),
        "offers": lambda: programmes.offers(world),
        "memberships": lambda: club,
        "events": programmes.events,
        "mentions": lambda: voices.mentions(world),
        "benchmarks": programmes.benchmarks,
        "control_totals": lambda: programmes.control_totals(sales.books, ORDERED),
    }
    return {name: made[name]() for name in TABLES if name in names}


def money_of(orders: pa.Table) -> Money:
    """Return the sums of the completed ones among the rows of the orders table."""
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    revenue, margin = (pc.sum(bought[name]).as_py() or 0 for name in ("revenue", "margin"))
    return Money(orders=len(bought), revenue=int(100 * revenue), margin=int(100 * margin))


def table_truths(money: Money, rows: dict[str, int]) -> dict[str, object]:
    """Return what is true of the tables beside the behaviour, ready for `truth.json`."""
    anyhow, uplift = programmes.ACCEPTED_ANYHOW.tolist(), programmes.UPLIFT.tolist()
    per_mood = {"0-6": 0, "7-8": 1, "9-10": 2}
    return {
        "offers": {
            kind: {"accepted_when_held_out": anyhow[code], "uplift": uplift[code]}
            for code, kind in enumerate(programmes.KINDS)
        },
        "memberships": {"effect_on_repeat": 0.0, "joined_by": "pace, which no table shows"},
        "referrals": {"propensity": _by_mood(programmes.REFERRING, per_mood)},
        "contacts": {
            "share_of_orders": _by_mood(voices.CONTACT_SHARE, per_mood),
            "complaint_share": _by_mood(voices.COMPLAINT_SHARE, per_mood),
        },
        "money": {
            "revenue_per_order": round(money.revenue / 100 / money.orders, 2),
            "margin_per_order": round(money.margin / 100 / money.orders, 2),
            "note": "revenue and margin of an order don't depend on the score, given the tier",
        },
        "rows": rows,
    }


def _by_mood(values: np.ndarray, names: dict[str, int]) -> dict[str, float]:
    return {name: float(values[place]) for name, place in names.items()}
