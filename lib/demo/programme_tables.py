"""What the invented shop does for its customers, and what its books say of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from demo.arrow_columns import days, ids, known_only, money, sorted_by, stamps, words
from demo.behaviour import CHANNELS, DAY, LENGTH, REGIONS, START, TIERS, choose, stream
from demo.perfect_knowledge import QUARTERS, quarter_of
from demo.survey_tables import mood
from demo.world import World

REFERRING = np.array([1.0, 2.0, 6.0])  # by mood 0-6, 7-8, 9-10: how much more often they refer
REFERRAL_DAYS = 60  # a new customer was told of the shop by one who ordered in the days before
REWARD = 1_000  # cents
OFFERED_SHARE, OFFER_DAYS = 0.12, 180
KINDS = ("cross_sell", "upsell")
ACCEPTED_ANYHOW = np.array([0.060, 0.030])  # by kind, without the offer
UPLIFT = np.array([0.050, 0.025])  # by kind, through the offer
CLUB = "Lantern Club"
CLUB_ORDERS = 3
CLUB_TIERS = ("friend", "patron")
COST_PER_NEWCOMER = np.array([1_900, 2_300, 600, 2_700, 400])  # cents, as CHANNELS
MONTHS = 33  # from the opening to the end

EVENTS = (
    ("shop opens", "2024-01-01", ""),
    ("price rise of about 3%", "2025-01-01", ""),
    ("new checkout", "2025-03-18", ""),
    ("carrier change goes wrong: most parcels late", "2025-07-01", "North"),
    ("old carrier back", "2025-10-01", "North"),
    ("price rise of about 3%", "2026-01-01", ""),
)

EVENT_TRUTHS = {  # what did something to the score: the opening has no before, others do nothing
    ("carrier change goes wrong: most parcels late", "2025-07-01"): {"begins": "crisis"},
    ("old carrier back", "2025-10-01"): {"ends": "crisis"},
}

BENCHMARKS = (
    ("nps", 31.0, 2025, 18.0, 44.0),
    ("csat", 0.74, 2025, 0.66, 0.82),
    ("ces", 5.2, 2025, 4.8, 5.6),
    ("response_rate", 0.33, 2025, 0.20, 0.45),
    ("repeat_rate", 0.38, 2025, 0.27, 0.48),
    ("retention_rate", 0.41, 2025, 0.30, 0.50),
    ("average_order_value", 88.0, 2025, 70.0, 110.0),
)
BENCHMARK_DEFINITION = "as counted on these pages"
BENCHMARK_SOURCE = "invented for this example; not a real study"

GOALS = (  # the measure by its id in findings.json, what it is to reach, the last day for it
    ("nps", 35.0, "2025-12-31"),
    ("nps", 38.0, "2026-12-31"),
    ("response_rate", 0.5, "2026-12-31"),
    ("csat", 0.75, "2027-06-30"),
    ("repeat_rate", 0.6, "2026-12-31"),
)

# what, from and to when, by whom, where, cost, the gain expected in NPS: low, high, what is true
ACTIONS = (
    ("old carrier back", "2025-10-01", "2026-03-31", "Logistics", "North", 0, 10.0, 40.0, None),
    ("thank-you card in each parcel", "2026-01-15", "2026-06-30", "Marketing", "South", 4_200,
     3.0, 8.0, 0.0),
    ("call back within a day", "2026-07-01", "2026-11-15", "Service", "", 9_500, 2.0, 6.0, 0.0),
    ("size guide for every product", "2026-11-02", "2027-04-30", "Assortment", "", 18_000,
     1.0, 5.0, 0.0),
)  # fmt: skip


def referral_facts(world: World) -> pd.DataFrame:
    """Return one row a referred customer: who told them of the shop, and when (seconds)."""
    rng, people, orders = stream(world.settings.seed, "referrals"), world.people, world.orders
    new = np.flatnonzero(people["channel"].to_numpy() == CHANNELS.index("referral"))
    joined = people["joined"].to_numpy()[new]
    placed = orders["placed"].to_numpy()
    weight = np.concatenate([[0.0], np.cumsum(REFERRING[mood(orders["score"].to_numpy())])])
    first = weight[np.searchsorted(placed, joined - REFERRAL_DAYS * DAY)]
    last = weight[np.searchsorted(placed, joined - DAY)]
    giver = np.searchsorted(weight, first + (last - first) * rng.random(len(new)), side="right") - 1
    is_open = last > first
    giver, new, joined = giver[is_open], new[is_open], joined[is_open]
    at = np.maximum(placed[giver] + 3600, joined - rng.integers(DAY // 12, 5 * DAY, len(new)))
    facts = pd.DataFrame({"new": new, "referrer": orders["customer"].to_numpy()[giver], "at": at})
    return facts.sort_values("at", kind="stable", ignore_index=True)


def customers(world: World, referred: pd.DataFrame) -> pa.Table:
    """Return the customers, one row each; some open their account before they first order."""
    rng, people = stream(world.settings.seed, "customers"), world.people
    n = len(people)
    early = np.where(rng.random(n) < 0.2, rng.integers(1, 31, n), 0)
    referrer = np.full(n, -1)
    referrer[referred["new"]] = referred["referrer"]
    early[referrer >= 0] = 0
    return pa.table(
        {
            "customer_id": ids("C", np.arange(1, n + 1), 6),
            "joined_on": days(np.maximum(people["joined"].to_numpy() - early * DAY, 0)),
            "acquisition_channel": words(CHANNELS, people["channel"].to_numpy()),
            "referred_by": known_only(ids("C", referrer + 1, 6), referrer >= 0),
            "region": words(REGIONS, people["region"].to_numpy()),
            "tier": words(TIERS, people["tier"].to_numpy()),
        }
    )


def referrals(referred: pd.DataFrame) -> pa.Table:
    """Return the referrals that brought a customer, one row each, in order of time."""
    n = len(referred)
    return pa.table(
        {
            "referral_id": ids("F", np.arange(1, n + 1), 5),
            "referrer_id": ids("C", referred["referrer"].to_numpy() + 1, 6),
            "customer_id": ids("C", referred["new"].to_numpy() + 1, 6),
            "referred_at": stamps(referred["at"].to_numpy()),
            "reward": money(np.full(n, REWARD)),
        }
    )


def offers(world: World) -> pa.Table:
    """Return the offers of each quarter's campaign: half held out at random, never shown."""
    rng = stream(world.settings.seed, "offers")
    rounds = [_campaign(world, quarter, rng) for quarter in QUARTERS[2:]]
    drawn = pd.concat(rounds).sort_values("at", kind="stable", ignore_index=True)
    kind, holdout = drawn["kind"].to_numpy(), drawn["holdout"].to_numpy()
    chance = ACCEPTED_ANYHOW[kind] + UPLIFT[kind] * ~holdout
    return pa.table(
        {
            "offer_id": ids("S", np.arange(1, len(drawn) + 1), 5),
            "customer_id": ids("C", drawn["customer"].to_numpy() + 1, 6),
            "offered_at": stamps(drawn["at"].to_numpy()),
            "kind": words(KINDS, kind),
            "is_holdout": pa.array(holdout),
            "accepted": pa.array(rng.random(len(drawn)) < chance),
        }
    )


def memberships(world: World) -> pa.Table:
    """Return who joined the club: brisk customers rather than others, and without any effect."""
    rng, people = stream(world.settings.seed, "memberships"), world.people
    orders = world.orders[world.orders["prior_orders"] == CLUB_ORDERS]
    who, n = orders["customer"].to_numpy(), len(orders)
    brisk = people["pace"].to_numpy()[who] / people["pace"].mean()
    at = orders["placed"].to_numpy() + rng.integers(3600, 20 * DAY, n)
    joins = (rng.random(n) < np.clip(0.15 + 0.20 * brisk, 0, 0.9)) & (at < LENGTH)
    table = pa.table(
        {
            "customer_id": ids("C", who[joins] + 1, 6),
            "programme": words((CLUB,), np.zeros(int(joins.sum()))),
            "joined_at": stamps(at[joins]),
            "tier": words(CLUB_TIERS, (brisk > 2)[joins]),
        }
    )
    return sorted_by(table, at[joins])


def costs(
    world: World, *, contacts: pd.DataFrame, referred: pd.DataFrame, club: pa.Table
) -> pa.Table:
    """Return what was spent each month, by purpose and, for acquisition, by channel."""
    rng, people = stream(world.settings.seed, "costs"), world.people
    joined = _month(people["joined"].to_numpy())
    new = np.zeros((MONTHS, len(CHANNELS)))
    np.add.at(new, (joined, people["channel"].to_numpy()), 1)
    spent = {
        ("acquisition", channel): 4_000 + new[:, code] * COST_PER_NEWCOMER[code]
        for code, channel in enumerate(CHANNELS[:4])
    }
    buying = np.bincount(_month(world.orders["placed"].to_numpy()), minlength=MONTHS)
    service = np.bincount(_month(contacts["opened"].to_numpy()), contacts["cost"], MONTHS)
    rewards = REWARD * np.bincount(_month(referred["at"].to_numpy()), minlength=MONTHS)
    since = (club["joined_at"].to_numpy().astype("datetime64[s]") - START).astype(np.int64)
    members = np.cumsum(np.bincount(_month(since), minlength=MONTHS))
    spent |= {
        ("retention", ""): 25_000 + 90 * buying,
        ("service", ""): service + 60 * buying,
        ("referral", ""): rewards,
        ("programme", ""): 6_000 + 85 * members,
    }
    exact = {("service", ""), ("referral", "")}
    noisy = {k: v if k in exact else v * rng.normal(1, 0.08, MONTHS) for k, v in spent.items()}
    return _cost_rows(noisy)


def events() -> pa.Table:
    """Return what happened to the shop; `region` empty where it touched all."""
    names, happened, region = zip(*EVENTS, strict=True)
    day = pa.array(happened).cast(pa.date32())
    return pa.table({"event": names, "happened_on": day, "region": [r or None for r in region]})


def benchmarks() -> pa.Table:
    """Return what other shops are said to reach: invented, as the source says."""
    metric, value, year, low, high = zip(*BENCHMARKS, strict=True)
    n = len(metric)
    return pa.table(
        {
            "metric": metric,
            "value": value,
            "source": [BENCHMARK_SOURCE] * n,
            "year": year,
            "industry": ["home goods, online"] * n,
            "low": low,
            "high": high,
            "definition": [BENCHMARK_DEFINITION] * n,
        }
    )


def goals() -> pa.Table:
    """Return what the shop wants to reach, one row a goal; one of them is past."""
    metric, target, by = zip(*GOALS, strict=True)
    return pa.table({"metric": metric, "target": target, "by": pa.array(by).cast(pa.date32())})


def actions() -> pa.Table:
    """Return what the shop does for its NPS, one row an action; the last is only planned."""
    names, started, ended, owner, region, cost, low, high, _ = zip(*ACTIONS, strict=True)
    return pa.table(
        {
            "action": names,
            "started_on": pa.array(started).cast(pa.date32()),
            "metric": ["nps"] * len(names),
            "owner": owner,
            "cost": money(100 * np.array(cost)),
            "ended_on": pa.array(ended).cast(pa.date32()),
            "expected_low": low,
            "expected_high": high,
            "region": [name or None for name in region],
        }
    )


def control_totals(books: pd.DataFrame, ordered_kind: int) -> pa.Table:
    """Return each quarter's revenue net of refunds, orders and active customers, by the books."""
    books = books.assign(quarter=quarter_of(books["at"].to_numpy()))
    bought = books[books["kind"] == ordered_kind]
    totals = pd.DataFrame(
        {
            "revenue": books.groupby("quarter")["revenue"].sum(),
            "orders": 100 * bought.groupby("quarter").size(),
            "active_customers": 100 * bought.groupby("quarter")["customer"].nunique(),
        }
    ).fillna(0)
    rows = totals.stack().reset_index()
    rows.columns = ["period", "measure", "amount"]
    columns = {name: pa.array(rows[name], type=pa.string()) for name in ("period", "measure")}
    return pa.table(columns | {"amount": money(rows["amount"].to_numpy())})


def _campaign(world: World, quarter: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row an offer of the quarter: some of the recent customers, in its second month."""
    year, part = int(quarter[:4]), int(quarter[-1])
    opening = (np.datetime64(f"{year}-{3 * part - 1:02}-01", "s") - START).astype(np.int64)
    placed = world.orders["placed"].to_numpy()
    recent = (placed < opening) & (placed >= opening - OFFER_DAYS * DAY)
    who = np.unique(world.orders["customer"].to_numpy()[recent])
    who = who[rng.random(len(who)) < OFFERED_SHARE]
    n = len(who)
    at = opening + rng.integers(0, 14, n) * DAY + rng.integers(9 * 3600, 17 * 3600, n)
    kind, holdout = choose(rng, (0.6, 0.4), n), rng.random(n) < 0.5
    return pd.DataFrame({"customer": who, "at": at, "kind": kind, "holdout": holdout})


def _month(seconds: np.ndarray) -> np.ndarray:
    """Return how many months after START each instant falls."""
    at = START + np.asarray(seconds).astype("timedelta64[s]")
    return (at.astype("datetime64[M]") - START.astype("datetime64[M]")).astype(np.int64)


def _cost_rows(spent: dict[tuple[str, str], np.ndarray]) -> pa.Table:
    months = START.astype("datetime64[M]") + np.arange(MONTHS)
    month = np.tile(months.astype("datetime64[D]"), len(spent))
    purpose, channel = zip(*(key for key in spent for _ in range(MONTHS)), strict=True)
    table = pa.table(
        {
            "month": pa.array(month, type=pa.date32()),
            "purpose": list(purpose),
            "amount": money(np.rint(np.concatenate(list(spent.values())))),
            "channel": [name or None for name in channel],
        }
    )
    return sorted_by(table, month)
