"""What the customers of the invented shop say: answers, invitations, contacts, mentions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from demo.arrow_columns import ids, known_only, money, sorted_by, stamps, whole, words
from demo.behaviour import DAY, DRIVERS, LENGTH, NEVER, choose, stream
from demo.comment_texts import TOPICS
from demo.comments import comment_facts, comment_text, comments_truth, mood
from demo.perfect_knowledge import QUARTERS, quarter_opens
from demo.world import World

# by mood of the experience: 0-6, 7-8, 9-10
CONTACT_SHARE = np.array([0.17, 0.06, 0.025])
COMPLAINT_SHARE = np.array([0.80, 0.40, 0.15])
MENTION_SHARE = np.array([0.05, 0.004, 0.04])
NEVER_CLOSED = 0.03
MISSING = {"csat": 0.05, "ces": 0.10, "q_quality": 0.07, "q_delivery": 0.06, "q_service": 0.16}
MISSING |= {"q_price": 0.09}
ANSWER_SPREAD = 0.9  # points of a driver's question a standard deviation of the experience
DRIVER_COLUMNS = {f"q_{name}": name for name in DRIVERS}
PLATFORMS = ("shop reviews", "social", "forum")
POLARITIES = ("negative", "neutral", "positive")


def answer_numbers(world: World) -> np.ndarray:
    """Return for each order the number of its answer, counted in time from 1; 0 without one."""
    answered = world.orders["answered"].to_numpy()
    in_time = np.argsort(answered, kind="stable")
    numbers = np.empty(len(answered), dtype=np.int64)
    numbers[in_time] = np.arange(1, len(answered) + 1)
    return np.where(answered < NEVER, numbers, 0)


def _answered(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the orders that were answered, in order of time, and their numbers."""
    numbers = answer_numbers(world)
    rows = np.flatnonzero(numbers)
    rows = rows[np.argsort(numbers[rows])]
    return rows, numbers[rows]


def responses(world: World, order_ids: pa.Array) -> pa.Table:
    """Return the answers, one row each, in order of time."""
    rows, numbers = _answered(world)
    answered = world.orders.iloc[rows]
    scores = _scores(answered, stream(world.settings.seed, "answers"))
    supported = contacted(world)[rows]
    return pa.table(
        {
            "response_id": ids("A", numbers, 6),
            "customer_id": ids("C", answered["customer"].to_numpy() + 1, 6),
            "order_id": order_ids.take(pa.array(rows)),
            "responded_at": stamps(answered["answered"].to_numpy()),
            "touchpoint": words(("delivery", "support"), supported),
            **scores,
            "comment": _comments(comment_facts(answered, world.settings.seed)),
        }
    )


def invitations(world: World) -> pa.Table:
    """Return the invitations, one row each, in order of time; `response_id` where answered."""
    orders, numbers = world.orders, answer_numbers(world)
    rows = np.flatnonzero(orders["invited"].to_numpy() < NEVER)
    invited = orders["invited"].to_numpy()[rows]
    table = pa.table(
        {
            "customer_id": ids("C", orders["customer"].to_numpy()[rows] + 1, 6),
            "invited_at": stamps(invited),
            "response_id": known_only(ids("A", numbers[rows], 6), numbers[rows] > 0),
            "touchpoint": words(("delivery", "support"), contacted(world)[rows]),
        }
    )
    return sorted_by(table, invited)


def contacted(world: World) -> np.ndarray:
    """Return whether each order led to a contact with the service."""
    rng = stream(world.settings.seed, "contacted")
    score = world.orders["score"].to_numpy()
    return rng.random(len(score)) < CONTACT_SHARE[mood(score)]


def contact_facts(world: World) -> pd.DataFrame:
    """Return one row a contact, in order of time: seconds, cents, topic code, complaint or not."""
    rng = stream(world.settings.seed, "contacts")
    orders = world.orders[contacted(world)]
    n, score = len(orders), orders["score"].to_numpy()
    opened = orders["placed"].to_numpy() // DAY * DAY + rng.integers(1, 10, n) * DAY
    opened += rng.integers(8 * 3600, 20 * 3600, n)
    busy = np.where(orders["late"], 2.5, 1.0)
    replied = opened + (busy * rng.lognormal(1.2, 0.9, n) * 3600).astype(np.int64)
    closed = replied + (busy * rng.lognormal(0.2, 1.0, n) * DAY).astype(np.int64)
    felt = orders[list(DRIVERS)].to_numpy() + 0.5 * rng.standard_normal((n, len(DRIVERS)))
    facts = pd.DataFrame(
        {
            "customer": orders["customer"].to_numpy(),
            "opened": opened,
            "replied": replied,
            "closed": np.where(rng.random(n) < NEVER_CLOSED, NEVER, closed),
            "is_complaint": rng.random(n) < COMPLAINT_SHARE[mood(score)],
            "cost": np.rint(np.clip(rng.lognormal(6.5, 0.5, n) * busy, 200, 6000)).astype(np.int64),
            "topic": np.where(orders["late"], DRIVERS.index("delivery"), felt.argmin(axis=1)),
        }
    )
    return facts[opened < LENGTH].sort_values("opened", kind="stable", ignore_index=True)


def contacts(facts: pd.DataFrame) -> pa.Table:
    """Return the contacts table; what hadn't happened by the end is empty."""
    replied, closed = facts["replied"].to_numpy(), facts["closed"].to_numpy()
    return pa.table(
        {
            "contact_id": ids("K", np.arange(1, len(facts) + 1), 6),
            "customer_id": ids("C", facts["customer"].to_numpy() + 1, 6),
            "opened_at": stamps(facts["opened"].to_numpy()),
            "first_response_at": known_only(stamps(np.minimum(replied, LENGTH)), replied < LENGTH),
            "closed_at": known_only(stamps(np.minimum(closed, LENGTH)), closed < LENGTH),
            "is_complaint": pa.array(facts["is_complaint"].to_numpy()),
            "topic": words(TOPICS, facts["topic"].to_numpy()),
            "cost": money(facts["cost"].to_numpy()),
        }
    )


def mentions(world: World) -> pa.Table:
    """Return what was said in public, mostly by the very pleased and the very displeased."""
    rng = stream(world.settings.seed, "mentions")
    score = world.orders["score"].to_numpy()
    rows = np.flatnonzero(rng.random(len(score)) < MENTION_SHARE[mood(score)])
    orders, n = world.orders.iloc[rows], len(rows)
    posted = orders["placed"].to_numpy() // DAY * DAY + rng.integers(3, 30, n) * DAY
    posted += rng.integers(8 * 3600, 23 * 3600, n)
    platform = choose(rng, (0.55, 0.30, 0.15), n)
    stars = np.clip(np.rint(1 + 0.42 * orders["score"].to_numpy() + rng.normal(0, 0.5, n)), 1, 5)
    who = ids("C", orders["customer"].to_numpy() + 1, 6)
    within = np.flatnonzero(posted < LENGTH)
    within = within[np.argsort(posted[within], kind="stable")]
    table = pa.table(
        {
            "posted_at": stamps(posted),
            "platform": words(PLATFORMS, platform),
            "rating": whole(stars, platform == 0),
            "polarity": words(POLARITIES, mood(orders["score"].to_numpy())),
            "customer_id": known_only(who, rng.random(n) < 0.4),
        }
    ).take(pa.array(within))
    return table.add_column(0, "mention_id", ids("M", np.arange(1, len(table) + 1), 5))


def _scores(answered: pd.DataFrame, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Return one column a question: whole numbers, some skipped."""
    n, score = len(answered), answered["score"].to_numpy().astype(float)
    ease = 5.2 + 0.3 * (score - 7.5) + 0.6 * answered["service"] + rng.normal(0, 0.9, n)
    raw = {"csat": (1.1 + 0.36 * score + rng.normal(0, 0.55, n), 5), "ces": (ease.to_numpy(), 7)}
    raw |= {
        column: (3.8 + ANSWER_SPREAD * answered[name].to_numpy() + rng.normal(0, 0.3, n), 5)
        for column, name in DRIVER_COLUMNS.items()
    }
    columns = {"nps": whole(score, answered["scored"].to_numpy())}
    for name, (value, top) in raw.items():
        columns[name] = whole(np.clip(np.rint(value), 1, top), rng.random(n) >= MISSING[name])
    return columns


def _comments(facts: pd.DataFrame) -> pa.Array:
    """Return what was written; empty where nothing was."""
    written = facts["written"].to_numpy()
    texts = np.full(len(facts), None, dtype=object)
    texts[written] = [comment_text(fact) for fact in facts[written].itertuples(index=False)]
    return pa.array(texts, pa.string())


def words_truth(world: World) -> dict[str, object]:
    """Return what is true of the comments; see `comments_truth`."""
    rows, numbers = _answered(world)
    answered = world.orders.iloc[rows]
    quarter = np.searchsorted(quarter_opens(), answered["answered"].to_numpy(), side="right") - 1
    return comments_truth(
        comment_facts(answered, world.settings.seed),
        np.array(ids("A", numbers, 6).to_pylist(), dtype=object),
        np.array(QUARTERS)[quarter],
        answered["scored"].to_numpy(),
    )
