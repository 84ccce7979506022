"""Counts and sums of an invented world, enough for its truth, which worlds may add up."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from demo.behaviour import (
    CRISIS_REGION,
    NEVER,
    REGIONS,
    SCORES,
    TIERS,
    WorldSettings,
    exposure,
    repeat_chance,
)
from demo.perfect_knowledge import QUARTERS, answered_panel, lookback, quarter_number
from demo.world import World, readiness

HEARD = ("respondents", "invited", "orders")
CRISIS_QUARTER = "2025Q3"


class Added:
    """What adds up field by field."""

    __slots__ = ()

    def __add__(self, other: Added) -> Added:
        """Return the sums of both, of the same kind."""
        pairs = {field.name: getattr(self, field.name) + getattr(other, field.name)
                 for field in fields(self)}  # fmt: skip
        return type(self)(**pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers(Added):
    """Sums over scored answers, by tier, region and score 0..10, in this order.

    `n`: answers. `repeats`: those who ordered again in the window. `chances`: sum of the true
    chances to, had the score been 0, 1, .. 10 (a fourth axis).
    """

    n: np.ndarray
    repeats: np.ndarray
    chances: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Crisis(Added):
    """Sums over the orders that the late deliveries could hit.

    `scores`, `calm_scores`: orders by score 0..10, as it was and had there been no crisis.
    `heard`, `calm_heard`: the same of those asked in that quarter, by their readiness to answer.
    `late`: orders. `chance`, `calm_chance`: sums of the chances to return.
    """

    scores: np.ndarray
    calm_scores: np.ndarray
    heard: np.ndarray
    calm_heard: np.ndarray
    late: int
    chance: float
    calm_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Added):
    """Everything of a world that adds up to its truth.

    `recent`: answers whose window closed in the last year, `answers`: at any time. `heard`: how
    many scores 0..10 were given, by quarter (as QUARTERS), kind (as HEARD) and score.
    """

    recent: Answers
    answers: Answers
    heard: np.ndarray
    crisis: Crisis


def tally(world: World, panel: pd.DataFrame | None = None) -> Tally:
    """Return the sums of a world; `panel` is its `answered_panel`, where it is at hand."""
    panel = answered_panel(world) if panel is None else panel
    return Tally(
        recent=answers(lookback(panel), world.settings),
        answers=answers(panel, world.settings),
        heard=_heard(world),
        crisis=_crisis(world),
    )


def answers(panel: pd.DataFrame, settings: WorldSettings) -> Answers:
    """Return the sums of an `answered_panel` or a part of it."""
    tier, region = (
        pd.Categorical(panel[name], categories=names).codes.astype(np.int64)
        for name, names in (("tier", TIERS), ("region", REGIONS))
    )
    shape = len(TIERS), len(REGIONS), len(SCORES)
    cell = np.ravel_multi_index((tier, region, panel["score"].to_numpy()), shape)
    pace, busy = panel["pace"].to_numpy(), panel["exposure"].to_numpy()

    def summed(weights: np.ndarray) -> np.ndarray:
        return np.bincount(cell, weights, minlength=int(np.prod(shape))).reshape(shape)

    had_it_been = [
        summed(repeat_chance(pace, score, busy, settings.effect, settings.loyalty))
        for score in SCORES
    ]
    return Answers(
        n=summed(np.ones(len(panel))).astype(np.int64),
        repeats=summed(panel["repeat"].to_numpy()).astype(np.int64),
        chances=np.stack(had_it_been, axis=-1),
    )


def _heard(world: World) -> np.ndarray:
    orders = world.orders
    answered = {
        "answered": orders["scored"].to_numpy(),
        "invited": orders["invited"].to_numpy() < NEVER,
        "placed": np.ones(len(orders), dtype=bool),
    }
    score, shape = orders["score"].to_numpy().astype(np.int64), (len(QUARTERS), len(SCORES))
    counts = []
    for when, rows in answered.items():
        cell = quarter_number(orders[when].to_numpy()[rows]) * len(SCORES) + score[rows]
        counts.append(np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape))
    return np.stack(counts, axis=1)


def _crisis(world: World) -> Crisis:
    orders, people, settings = world.orders, world.people, world.settings
    region, then = people["region"].to_numpy()[orders["customer"]], QUARTERS.index(CRISIS_QUARTER)
    hit = orders[(region == CRISIS_REGION) & (quarter_number(orders["placed"]) == then)]
    was_asked = orders["invited"].to_numpy() < NEVER
    was_asked[was_asked] = quarter_number(orders["invited"].to_numpy()[was_asked]) == then
    asked = orders[(region == CRISIS_REGION) & was_asked]
    pace, placed = people["pace"].to_numpy()[hit["customer"]], hit["placed"].to_numpy()
    busy = exposure(placed, placed)
    felt, calm = hit["score"].to_numpy(), hit["calm_score"].to_numpy()
    chance, calm_chance = (
        float(repeat_chance(pace, score, busy, settings.effect, settings.loyalty).sum())
        for score in (felt, calm)
    )
    return Crisis(
        scores=np.bincount(felt, minlength=len(SCORES)),
        calm_scores=np.bincount(calm, minlength=len(SCORES)),
        heard=_answering(asked, "score", world),
        calm_heard=_answering(asked, "calm_score", world),
        late=int(hit["late"].sum()),
        chance=chance,
        calm_chance=calm_chance,
    )


def _answering(asked: pd.DataFrame, score: str, world: World) -> np.ndarray:
    """Return the answers to expect by score 0..10, had customers felt one of two scores."""
    felt, tier = asked[score].to_numpy(), world.people["tier"].to_numpy()[asked["customer"]]
    ready = readiness(felt, tier, world.settings.selection)
    return np.bincount(felt, ready, minlength=len(SCORES))
