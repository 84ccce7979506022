"""Every table of an invented world, and what is true of the tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo import programme_tables, survey_tables
from demo.benefit_truth import benefit_truths
from demo.order_tables import ORDERED, order_ids, sell
from demo.sums import Added
from demo.world import World
from profitchain.sources.known_values import TABLE_NAMES

NOT_MADE = ("subscriptions", "rates", "identities")  # it sells by the order, in one currency
NOTHING = {"effect_on_nps": 0.0}
MADE = tuple(name for name in TABLE_NAMES if name not in NOT_MADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(Added):
    """Sums of completed orders: their number, and whole cents."""

    orders: int
    revenue: int
    margin: int


def tables_of(world: World, names: Collection[str] = MADE) -> dict[str, pa.Table]:
    """Return the named tables of a world, in the usual order; a name left out costs nothing.

    Each table has its own random numbers, so that it is the same whichever others are asked for.
    """
    costs = "costs" in names
    sales = sell(world, with_lines="order_lines" in names)
    facts = survey_tables.contact_facts(world) if costs or "contacts" in names else None
    refers = {"customers", "referrals", "costs"} & set(names)
    referred = programme_tables.referral_facts(world) if refers else None
    club = programme_tables.memberships(world) if costs or "memberships" in names else None
    made: dict[str, Callable[[], pa.Table]] = {
        "orders": lambda: sales.orders,
        "responses": lambda: survey_tables.responses(world, order_ids(sales)),
        "customers": lambda: programme_tables.customers(world, referred),
        "invitations": lambda: survey_tables.invitations(world),
        "order_lines": lambda: sales.lines,
        "contacts": lambda: survey_tables.contacts(facts),
        "costs": lambda: programme_tables.costs(
            world, contacts=facts, referred=referred, club=club
        ),
        "referrals": lambda: programme_tables.referrals(referred),
        "offers": lambda: programme_tables.offers(world),
        "memberships": lambda: club,
        "events": programme_tables.events,
        "goals": programme_tables.goals,
        "actions": programme_tables.actions,
        "mentions": lambda: survey_tables.mentions(world),
        "benchmarks": programme_tables.benchmarks,
        "control_totals": lambda: programme_tables.control_totals(sales.books, ORDERED),
    }
    return {name: made[name]() for name in MADE if name in names}


def money_of(orders: pa.Table) -> Money:
    """Return the sums of the completed ones among the rows of the orders table."""
    bought = orders.filter(pc.equal(orders["status"], "completed"))
    revenue, margin = (pc.sum(bought[name]).as_py() or 0 for name in ("revenue", "margin"))
    return Money(orders=len(bought), revenue=int(100 * revenue), margin=int(100 * margin))


def table_truths(money: Money, rows: dict[str, int]) -> dict[str, object]:
    """Return what is true of the tables beside the behaviour, ready for `truth.json`."""
    anyhow, uplift = programme_tables.ACCEPTED_ANYHOW.tolist(), programme_tables.UPLIFT.tolist()
    per_mood = {"0-6": 0, "7-8": 1, "9-10": 2}
    return {
        "offers": {
            kind: {"accepted_when_held_out": anyhow[code], "uplift": uplift[code]}
            for code, kind in enumerate(programme_tables.KINDS)
        },
        "memberships": {
            "effect_on_repeat": 0.0,
            "money_a_member_a_year": 0.0,
            "joined_at_order": programme_tables.CLUB_ORDERS,
            "joined_by": "pace, which no table shows",
        },
        "events": {
            f"{name}, {day}": programme_tables.EVENT_TRUTHS.get((name, day), NOTHING)
            for name, day, _ in programme_tables.EVENTS[1:]
        },
        "referrals": {"propensity": _by_mood(programme_tables.REFERRING, per_mood)},
        "contacts": {
            "share_of_orders": _by_mood(survey_tables.CONTACT_SHARE, per_mood),
            "complaint_share": _by_mood(survey_tables.COMPLAINT_SHARE, per_mood),
        },
        "actions": {
            name: {"undoes": "crisis"} if effect is None else {"effect_on_nps": effect}
            for name, *_, effect in programme_tables.ACTIONS
        },
        "money": {
            "revenue_per_order": round(money.revenue / 100 / money.orders, 2),
            "margin_per_order": round(money.margin / 100 / money.orders, 2),
            "note": "revenue and margin of an order don't depend on the score, given the tier",
        },
        "benefits": benefit_truths(),
        "rows": rows,
    }


def _by_mood(values: np.ndarray, names: dict[str, int]) -> dict[str, float]:
    return {name: float(values[place]) for name, place in names.items()}
