"""What a perfect analyst would find in an invented world: the true values, from its mechanism."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from profitchain.behaviour import (
    CRISIS_REGION,
    DAY,
    DRIVER_WEIGHT,
    DRIVERS,
    NEVER,
    REGIONS,
    REST_DAYS,
    SCORES,
    WINDOW_DAYS,
    Settings,
    experience,
    exposure,
    haste,
    next_order,
    repeat_chance,
    staying,
    stream,
)
from profitchain.hindsight import QUARTERS, answered_panel, lookback, quarter_number
from profitchain.world import World

BANDS = {"0-6": (0, 6), "6-8": (6, 8), "8-10": (8, 10)}
GROUPS = {"detractors": slice(0, 7), "passives": slice(7, 9), "promoters": slice(9, 11)}
HEARD = ("respondents", "invited", "orders")
LEDGER_TRIALS = 60_000  # simulated follow-ups for each score


def truths(world: World) -> dict[str, object]:
    """Return everything that is true of a world's behaviour, ready for `truth.json`."""
    panel = answered_panel(world)
    recent = lookback(panel)
    return {
        "settings": settings_truth(world.settings),
        "mechanism": _mechanism(world),
        "repeat": {
            "within_days": WINDOW_DAYS,
            "lookback": {"closed_in": [*QUARTERS[-4:]], **repeat_truth(recent, world)},
            "all_answers": {"closed_in": [*QUARTERS], **repeat_truth(panel, world)},
        },
        "orders_within_window": orders_truth(recent, world),
        "nps": nps_truth(scores_by_quarter(world)),
        "crisis": crisis_truth(world),
    }


def settings_truth(settings: Settings) -> dict[str, object]:
    """Return the settings of a world; those that reach a wanted size only where they were used."""
    told = {name: getattr(settings, name) for name in Settings.__slots__}
    usual = Settings(customers=1, seed=0)
    for name in ("loyalty", "invited_share"):
        if told[name] == getattr(usual, name):
            del told[name]
    return told


def repeat_truth(panel: pd.DataFrame, world: World) -> dict[str, object]:
    """Return the causal truth of a panel: curve, effects, bands, groups, and the naive slope.

    `by_score`: mean over all these answers of the repeat probability had the score been s.
    `effect_per_point`: least-squares slope of that curve, weighted by the answers' scores.
    `one_more_point`: mean of P(s+1) - P(s) over answers below 10. `derivative`: mean of the
    central difference (one-sided at 0 and 10). `unadjusted_per_point`: slope of the true chances
    on the scores as they came, confounding included.
    """
    if panel.empty:
        return {"answers": 0}
    shares = np.bincount(panel["score"], minlength=11) / len(panel)
    chances = _chances(panel, world.settings)
    curve = chances.mean(axis=0)
    return {
        "answers": len(panel),
        "repeat_rate_expected": _short(panel["chance"].mean()),
        "repeat_rate_seen": _short(panel["repeat"].mean()),
        "score_shares": _short(shares),
        "by_score": _short(curve),
        "effect_per_point": _short(slope(SCORES, curve, shares)),
        **_steps(chances, panel["score"].to_numpy()),
        "unadjusted_per_point": _short(slope(panel["score"], panel["chance"])),
        "by_band": _named(BANDS, [(curve[b] - curve[a]) / (b - a) for a, b in BANDS.values()]),
        "by_band_fitted": _named(BANDS, _broken_line(curve, shares)),
        **_group_truth(curve, shares),
        "by_tier": _by(panel, chances, "tier"),
        "by_region": _by(panel, chances, "region"),
    }


def slope(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the least-squares slope of y on x; 0 where x doesn't vary."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    weights = np.ones(len(x)) if weights is None else weights
    off = x - np.average(x, weights=weights)
    spread = np.sum(weights * off**2)
    return float(np.sum(weights * off * y) / spread) if spread > 0 else 0.0


def orders_truth(panel: pd.DataFrame, world: World) -> dict[str, object]:
    """Return the mean number of orders within the window had the score been s, by simulation.

    Every score is followed up `LEDGER_TRIALS` times with fresh luck, from answers drawn at random.
    """
    if panel.empty:
        return {"answers": 0}
    trials = [_orders_had_it_been(score, panel, world) for score in SCORES]
    means, errors = zip(*trials, strict=True)
    shares = np.bincount(panel["score"], minlength=11) / len(panel)
    return {
        "answers": len(panel),
        "by_score": _short(means),
        "standard_errors": _short(errors),
        "per_point": _short(slope(SCORES, means, shares)),
    }


def scores_by_quarter(world: World) -> np.ndarray:
    """Return how many scores 0..10 were given, by quarter (as QUARTERS), kind (as HEARD), score.

    Counts of several worlds may be added up.
    """
    orders = world.orders
    known = {
        "answered": orders["scored"].to_numpy(),
        "invited": orders["invited"].to_numpy() < NEVER,
        "placed": np.ones(len(orders), dtype=bool),
    }
    score, shape = orders["score"].to_numpy().astype(np.int64), (len(QUARTERS), 11)
    counts = []
    for when, rows in known.items():
        cell = quarter_number(orders[when].to_numpy()[rows]) * 11 + score[rows]
        counts.append(np.bincount(cell, minlength=shape[0] * 11).reshape(shape))
    return np.stack(counts, axis=1)


def nps_truth(counts: np.ndarray) -> dict[str, dict[str, float | None]]:
    """Return each quarter's NPS of those who answered, of all invited, and of all orders.

    `counts` are those of `scores_by_quarter`.
    """
    return {
        quarter: {name: _nps(of) for name, of in zip(HEARD, by_kind, strict=True)}
        for quarter, by_kind in zip(QUARTERS, counts, strict=True)
    }


def nps(scores: pd.Series) -> float | None:
    """Return promoters minus detractors in points, -100..100; None without scores."""
    return _nps(np.bincount(scores, minlength=11))


def _nps(counts: np.ndarray) -> float | None:
    n = counts.sum()
    return _short(100 * (counts[9:].sum() / n - counts[:7].sum() / n)) if n else None


def crisis_truth(world: World) -> dict[str, object]:
    """Return what the late deliveries did to the orders of the region and quarter they hit."""
    orders, people, settings = world.orders, world.people, world.settings
    region, then = people["region"].to_numpy()[orders["customer"]], QUARTERS.index("2025Q3")
    hit = orders[(region == CRISIS_REGION) & (quarter_number(orders["placed"]) == then)]
    calm = hit["calm_score"]
    facts = {"region": REGIONS[CRISIS_REGION], "quarter": "2025Q3", "orders": len(hit)}
    if hit.empty:
        return facts
    pace = people["pace"].to_numpy()[hit["customer"]]
    busy = exposure(hit["placed"].to_numpy(), hit["placed"].to_numpy())
    chance = [
        repeat_chance(pace, score.to_numpy(), busy, settings.effect, settings.loyalty).mean()
        for score in (hit["score"], calm)
    ]
    return facts | {
        "late_share": _short(hit["late"].mean()),
        "mean_score_change": _short(hit["score"].mean() - calm.mean()),
        "nps_change": _short(nps(hit["score"]) - nps(calm)),
        "chance_to_return_within_90_days_of_the_order_change": _short(chance[0] - chance[1]),
    }


def _chances(panel: pd.DataFrame, settings: Settings) -> np.ndarray:
    """Return one row an answer, one column a score: the chance had the score been that."""
    pace, busy = panel["pace"].to_numpy()[:, None], panel["exposure"].to_numpy()[:, None]
    return repeat_chance(pace, SCORES[None, :], busy, settings.effect, settings.loyalty)


def _steps(chances: np.ndarray, score: np.ndarray) -> dict[str, float | None]:
    row, up, down = np.arange(len(score)), np.minimum(score + 1, 10), np.maximum(score - 1, 0)
    step = (chances[row, up] - chances[row, score])[score < 10]
    around = (chances[row, up] - chances[row, down]) / (up - down)
    one_more = _short(step.mean()) if step.size else None
    return {"one_more_point": one_more, "derivative": _short(around.mean())}


def _broken_line(curve: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the slopes within the bands of the line, broken at 6 and 8, nearest to the curve."""
    terms = [np.ones(11), *(np.clip(SCORES, a, b) - a for a, b in BANDS.values())]
    root = np.sqrt(shares)
    return np.linalg.lstsq(np.column_stack(terms) * root[:, None], curve * root, rcond=None)[0][1:]


def _group_truth(curve: np.ndarray, shares: np.ndarray) -> dict[str, object]:
    """Return the causal mean chance of each NPS group, and what 10 points of NPS move."""
    weight = {name: shares[part].sum() for name, part in GROUPS.items()}
    if min(weight.values()) == 0:
        return {}
    low, middle, high = (
        (curve[part] * shares[part]).sum() / weight[name] for name, part in GROUPS.items()
    )
    return {
        "by_group": _named(GROUPS, [low, middle, high]),
        "per_10_nps": {
            "detractors become passives": _short((middle - low) * 0.10),
            "passives become promoters": _short((high - middle) * 0.10),
            "detractors become promoters": _short((high - low) * 0.05),
        },
    }


def _by(panel: pd.DataFrame, chances: np.ndarray, segment: str) -> dict[str, float]:
    names, scores = panel[segment].to_numpy(), panel["score"].to_numpy()
    effects = {}
    for name in np.unique(names):
        shares = np.bincount(scores[names == name], minlength=11)
        effects[str(name)] = _short(slope(SCORES, chances[names == name].mean(axis=0), shares))
    return effects


def _orders_had_it_been(score: int, panel: pd.DataFrame, world: World) -> tuple[float, float]:
    settings, people = world.settings, world.people
    rng = stream(settings.seed, f"ledger {score}")
    drawn = panel.iloc[rng.integers(0, len(panel), LEDGER_TRIALS)]
    who, prior = drawn["customer"].to_numpy(), drawn["prior_orders"].to_numpy()
    joined = people["joined"].to_numpy()[who]
    answered = joined + drawn["tenure_days"].to_numpy() * DAY
    placed = answered - drawn["recency_days"].to_numpy() * DAY
    until, count = answered + WINDOW_DAYS * DAY, np.zeros(LEDGER_TRIALS)
    trial, felt = np.arange(LEDGER_TRIALS), np.full(LEDGER_TRIALS, score)
    while trial.size:
        again = next_order(
            people, who[trial], placed, felt,
            effect=settings.effect, loyalty=settings.loyalty, rng=rng,
        )  # fmt: skip
        back = again <= until[trial]
        trial, placed = trial[back], again[back]
        count[trial] += 1
        so_far = prior[trial] + count[trial]
        lived = experience(people, who[trial], placed, so_far, settings=settings, rng=rng)
        felt = lived["score"]
    return count.mean(), count.std() / np.sqrt(LEDGER_TRIALS)


def _mechanism(world: World) -> dict[str, object]:
    effect, loyalty = world.settings.effect, world.settings.loyalty
    return {
        "rest_days": REST_DAYS,
        "chance_to_stay_by_score": _short(staying(SCORES, effect, loyalty)),
        "pace_factor_by_score": _short(haste(SCORES, effect)),
        "score_points_per_driver_deviation": _named(DRIVERS, DRIVER_WEIGHT),
    }


def _named(names: Iterable[str], numbers: object) -> dict[str, float]:
    return dict(zip(names, _short(numbers), strict=True))


def _short(numbers: object) -> object:
    """Return numbers with six decimals, so that other processors write the same bytes."""
    rounded = np.round(np.asarray(numbers, dtype=float), 6)
    return rounded.item() if rounded.ndim == 0 else rounded.tolist()
