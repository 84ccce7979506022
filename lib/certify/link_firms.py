"""Invented firms in which a point does nothing but seems to, or does something: for the grades.

One row an answer as `ladder_cells` has it, and the orders asked about. Customers order, about half
of the orders are answered, and whether the next order follows within 90 days is a chance that is
straight in what moves it. A `LinkFirm` says what that is; nothing of it is recorded but the score,
orders so far, tenure, shop and day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

DAYS, GRADED, WINDOW, BEFORE = 900, 365, 90, 300  # days; customers come from `BEFORE` on
SHOPS = 8
CONTROLS = ("prior_orders", "recency", "tenure")
PLACES = ("shop",)
START = pd.Timestamp("2024-01-01")
SHARE, MIDDLE, SPREAD = 0.44, 7.3, 2.0  # who returns; the score
CUSTOMERS = 1.8  # for each graded answer, more than are needed: the rest is left out
MOST_ORDERS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFirm:
    """What moves scores and returns.

    `effect` : what a point does to the chance to return. `trend`, `season`, `shocks` (of a shop in
    a month): of both, as a multiple of the usual. `habit` : correlation of a lasting mood with a
    lasting habit. `state` : how much of a hidden state is left at the next order (NaN: none).
    `chosen` : log-odds of answering for a point, those of habit likewise. `voucher` : days that an
    unrecorded voucher lasts. `late` : some parcels come late. `cause` : of one order's score and
    its return.
    """

    name: str
    effect: float = 0.0
    trend: float = 0.0
    season: float = 0.0
    shocks: float = 0.0
    habit: float | None = None
    state: float | None = None
    chosen: float = 0.0
    voucher: int = 0
    late: bool = False
    cause: bool = False
    answers: int = 6000


FIRMS = (
    LinkFirm(name="none"),
    LinkFirm(name="trend", trend=1.0),
    LinkFirm(name="season", season=1.0),
    LinkFirm(name="shop x month", shocks=1.0),
    LinkFirm(name="habit, corr. .4", habit=0.4),
    LinkFirm(name="habit, corr. .8", habit=0.8),
    LinkFirm(name="hidden state, .5 left", state=0.5),
    LinkFirm(name="hidden state, .8 left", state=0.8),
    LinkFirm(name="happy answer more", habit=0.0, chosen=0.45),
    LinkFirm(name="angry answer more", habit=0.0, chosen=-0.45),
    LinkFirm(name="voucher, 30 days", voucher=30),
    LinkFirm(name="voucher, 90 days", voucher=90),
    LinkFirm(name="late parcel", late=True),
    LinkFirm(name="one-order cause", cause=True),
    LinkFirm(name="true 34", effect=0.034),
    LinkFirm(name="true 34, season", effect=0.034, season=1.0),
    LinkFirm(name="true 34, shop x month", effect=0.034, shocks=1.0),
)


def link_firm(firm: LinkFirm, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers, as `ladder_cells`, and the orders asked about, as `asked_cells`."""
    orders = _orders(firm, rng)
    known = orders["day"] + WINDOW < DAYS
    orders["in_lookback"] = known & (orders["day"] + WINDOW >= DAYS - GRADED)
    graded = orders["in_lookback"] & (orders["answered"] == 1)
    enough = np.searchsorted(np.cumsum(np.bincount(orders["person"], graded)), firm.answers)
    inside = orders["person"] <= enough
    orders, known = orders[inside], known[inside]
    asked = orders[orders["in_lookback"]].assign(n=1, repeats=lambda rows: rows["repeat"])
    answers = orders[known & (orders["answered"] == 1) & (orders["day"] >= 0)].copy()
    theirs = answers.groupby("person")["score"]
    answers["nth"] = theirs.cumcount() + 1
    answers["previous_score"] = theirs.shift(1)
    answers["answered_again"] = theirs.shift(-1).notna().astype(int)
    answers["assigned"] = None
    return answers.reset_index(drop=True), asked.reset_index(drop=True)


def sized(firm: LinkFirm, answers: int) -> LinkFirm:
    """Return a firm of the same kind with so many graded answers."""
    return replace(firm, answers=answers)


def _orders(firm: LinkFirm, rng: np.random.Generator) -> pd.DataFrame:
    """Return every order from the first day on, one customer's after another."""
    people = round(firm.answers * CUSTOMERS)
    shop = rng.integers(0, SHOPS, people)
    mood, other = rng.standard_normal((2, people))
    own = 0.0 if firm.habit is None else firm.habit
    habit = own * mood + np.sqrt(1 - own**2) * other
    state = rng.standard_normal(people)
    shocks = rng.standard_normal((SHOPS, (DAYS + BEFORE) // 30 + 1)) * firm.shocks
    day = rng.integers(-BEFORE, DAYS, people).astype(float)
    first, prior, gap, tenure = day.copy(), np.ones(people, int), np.full(people, -1.0), 0 * day
    there, frames = np.ones(people, bool), []
    for _nth in range(MOST_ORDERS):
        score, chance, soon = _moved(
            firm, rng, prior, day, shocks[shop, _month(day)], habit, mood, state
        )
        chance = np.clip(chance, 0.02, 0.98)
        wait = np.ceil(rng.exponential(size=people) * WINDOW / -np.log1p(-chance))
        hurried = rng.random(people) < soon
        wait = np.where(hurried, np.ceil(rng.random(people) * max(firm.voucher, 1)), wait)
        gone = (wait > WINDOW) & (rng.random(people) < 0.4)
        ready = 0.0
        if firm.chosen:
            ready = firm.chosen * (score - MIDDLE) + 0.8 * habit
        delay = rng.integers(1, 6, people)
        frames.append(
            pd.DataFrame(
                {
                    "person": np.arange(people), "day": day, "shop": shop, "score": score,
                    "repeat": (wait <= WINDOW).astype(int), "prior_orders": prior,
                    "days_to_next": np.where(gone, np.nan, wait), "recency_days": delay,
                    "tenure_days": day - first, "gap_before_days": gap, "tenure_then": tenure,
                    "answered": (rng.random(people) < expit(ready)).astype(int),
                }
            )[there]
        )  # fmt: skip
        tenure, gap = day - first, wait
        day, prior = day + wait, prior + 1
        there = there & ~gone & (day < DAYS)
        if firm.state is not None:
            state = firm.state * state + np.sqrt(1 - firm.state**2) * rng.standard_normal(people)
        if not there.any():
            break
    rows = pd.concat(frames, ignore_index=True).sort_values(["person", "prior_orders"])
    rows["answered_on"] = START + pd.to_timedelta(rows["day"] + rows["recency_days"], unit="D")
    return rows.assign(cluster=rows["person"], shop="shop " + rows["shop"].astype(str))


def _moved(firm, rng, prior, day, shock, habit, mood, state):
    """Return the scores, the chances to return, and those to return at once by a voucher."""
    people = len(day)
    past, year = np.log(prior), np.sin(2 * np.pi * day / 365)
    level = (
        MIDDLE
        + 0.25 * past
        + firm.trend * 0.9 * day / DAYS
        + 0.9 * firm.season * year
        + 0.6 * shock
    )
    chance = (
        SHARE
        + 0.05 * past
        + firm.trend * 0.25 * day / DAYS
        + 0.09 * firm.season * year
        + 0.05 * shock
    )
    lasting = np.zeros(people)
    soon = np.zeros(people)
    if firm.habit is not None:
        lasting, chance = 1.0 * mood, chance + (0.14 if firm.chosen else 0.12) * habit
    if firm.state is not None:
        lasting, chance = 1.0 * state, chance + 0.052 * state
    if firm.cause:
        once = rng.standard_normal(people)
        lasting, chance = 1.0 * once, chance + 0.06 * once
    if firm.voucher:
        given = rng.random(people) < 0.3
        lasting = 1.5 * (given - 0.3)
        soon = 0.27 * given
    if firm.late:
        late = rng.random(people) < 0.15
        lasting, chance = -2.0 * (late - 0.15), chance - 0.17 * late
    noise = np.sqrt(SPREAD**2 - 1.0) * rng.standard_normal(people)
    if not lasting.any():
        noise = SPREAD * rng.standard_normal(people)
    score = np.clip(np.rint(level + lasting + noise), 0, 10)
    return score, chance + firm.effect * (score - MIDDLE), soon


def _month(day: np.ndarray) -> np.ndarray:
    return np.clip(((day + BEFORE) // 30).astype(int), 0, (DAYS + BEFORE) // 30)
