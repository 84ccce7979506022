"""What a perfect analyst would find in an invented world: the true values, from its mechanism."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from demo.behaviour import (
    CRISIS_REGION,
    DAY,
    DRIVER_WEIGHT,
    DRIVERS,
    REGIONS,
    REST_DAYS,
    SCORES,
    TIERS,
    WINDOW_DAYS,
    WorldSettings,
    experience,
    haste,
    next_order,
    staying,
    stream,
)
from demo.driver_truth import driver_truth
from demo.perfect_knowledge import QUARTERS, answered_panel, lookback
from demo.sums import CRISIS_QUARTER, HEARD, Answers, Crisis, Tally, answers, tally
from demo.world import World

BANDS = {"0-6": (0, 6), "6-8": (6, 8), "8-10": (8, 10)}
GROUPS = {"detractors": slice(0, 7), "passives": slice(7, 9), "promoters": slice(9, 11)}
LEDGER_TRIALS = 60_000  # simulated follow-ups for each score


def truths(world: World) -> dict[str, object]:
    """Return everything that is true of a world's behaviour, ready for `truth.json`."""
    panel = answered_panel(world)
    orders = orders_truth(lookback(panel), world)
    return told(tally(world, panel), world.settings, orders)


def told(sums: Tally, settings: WorldSettings, orders: dict[str, object]) -> dict[str, object]:
    """Return everything that is true of worlds with these settings, from their sums.

    `orders`: what `orders_truth` says.
    """
    recent, ever = answers_truth(sums.recent), answers_truth(sums.answers)
    return {
        "settings": settings_truth(settings),
        "mechanism": _mechanism(settings),
        "repeat": {
            "within_days": WINDOW_DAYS,
            "lookback": {"closed_in": [*QUARTERS[-4:]], **recent},
            "all_answers": {"closed_in": [*QUARTERS], **ever},
        },
        "orders_within_window": orders,
        "nps": nps_truth(sums.heard),
        "drivers": driver_truth(settings),
        "crisis": crisis_truth(sums.crisis),
    }


def settings_truth(settings: WorldSettings) -> dict[str, object]:
    """Return the settings of a world; those that reach a wanted size only where they were used."""
    values = {name: getattr(settings, name) for name in WorldSettings.__slots__}
    usual = WorldSettings(customers=1, seed=0)
    for name in ("loyalty", "invited_share"):
        if values[name] == getattr(usual, name):
            del values[name]
    return values


def repeat_truth(panel: pd.DataFrame, world: World) -> dict[str, object]:
    """Return the causal truth of a panel of the world, as `answers_truth` says it."""
    return answers_truth(answers(panel, world.settings))


def answers_truth(sums: Answers) -> dict[str, object]:
    """Return the causal truth of answers: curve, effects, bands, groups, and the naive slope.

    `by_score`: mean over all these answers of the repeat probability had the score been s.
    `effect_per_point`: least-squares slope of that curve, weighted by the answers' scores.
    `one_more_point`: mean of P(s+1) - P(s) over answers below 10. `derivative`: mean of the
    central difference (one-sided at 0 and 10). `unadjusted_per_point`: slope of the true chances
    on the scores as they came, confounding included.
    """
    n, count = sums.n.sum(axis=(0, 1)), int(sums.n.sum())
    if count == 0:
        return {"answers": 0}
    shares, chances = n / count, sums.chances.sum(axis=(0, 1))
    curve, own = chances.sum(axis=0) / count, chances.diagonal()
    return {
        "answers": count,
        "repeat_rate_expected": _short(own.sum() / count),
        "repeat_rate_seen": _short(sums.repeats.sum() / count),
        "score_shares": _short(shares),
        "by_score": _short(curve),
        "effect_per_point": _short(slope(SCORES, curve, shares)),
        **_steps(chances, n),
        "unadjusted_per_point": _short(slope(SCORES, own / np.maximum(n, 1), n)),
        "by_band": _named(BANDS, [(curve[b] - curve[a]) / (b - a) for a, b in BANDS.values()]),
        "by_band_fitted": _named(BANDS, _broken_line(curve, shares)),
        **_group_truth(curve, shares),
        "by_tier": _by(TIERS, sums.n.sum(axis=1), sums.chances.sum(axis=(1, 2))),
        "by_region": _by(REGIONS, sums.n.sum(axis=0), sums.chances.sum(axis=(0, 2))),
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


def nps_truth(counts: np.ndarray) -> dict[str, dict[str, float | None]]:
    """Return each quarter's NPS of those who answered, of all invited, and of all orders.

    `counts` are those that a tally has heard.
    """
    return {
        quarter: {name: nps(of) for name, of in zip(HEARD, by_kind, strict=True)}
        for quarter, by_kind in zip(QUARTERS, counts, strict=True)
    }


def nps(counts: np.ndarray) -> float | None:
    """Return promoters minus detractors in points, -100..100, of answers by score 0..10.

    None without any.
    """
    n = counts.sum()
    return _short(100 * (counts[9:].sum() / n - counts[:7].sum() / n)) if n else None


def crisis_truth(hit: Crisis) -> dict[str, object]:
    """Return what the late deliveries did to the orders of the region and quarter they hit."""
    n = int(hit.scores.sum())
    facts = {"region": REGIONS[CRISIS_REGION], "quarter": CRISIS_QUARTER, "orders": n}
    if n == 0:
        return facts
    felt, calm = ((SCORES * scores).sum() / n for scores in (hit.scores, hit.calm_scores))
    change = hit.chance / n - hit.calm_chance / n
    return facts | {
        "late_share": _short(hit.late / n),
        "mean_score_change": _short(felt - calm),
        "nps_change": _nps_change(hit.scores, hit.calm_scores),
        "nps_change_of_answers": _nps_change(hit.heard, hit.calm_heard),
        "chance_to_return_within_90_days_of_the_order_change": _short(change),
    }


def _nps_change(felt: np.ndarray, calm: np.ndarray) -> object:
    """Return by how much NPS is other than it had been; None without any."""
    both = nps(felt), nps(calm)
    return None if None in both else _short(np.subtract(*both))


def _steps(chances: np.ndarray, n: np.ndarray) -> dict[str, float | None]:
    """Return the mean steps; `chances`: sums by the answer's score and by the one it had been."""
    up, down = np.minimum(SCORES + 1, 10), np.maximum(SCORES - 1, 0)
    step, below = (chances[SCORES, up] - chances[SCORES, SCORES]).sum(), n[:10].sum()
    around = (chances[SCORES, up] - chances[SCORES, down]) / (up - down)
    one_more = _short(step / below) if below else None
    return {"one_more_point": one_more, "derivative": _short(around.sum() / n.sum())}


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


def _by(names: tuple[str, ...], n: np.ndarray, chances: np.ndarray) -> dict[str, float]:
    """Return the effect of a point in each segment that has answers, by name.

    `n`: a row a segment, a column a score; `chances`: sums, a column a score had it been that.
    """
    effects = {
        name: _short(slope(SCORES, curve / scores.sum(), scores))
        for name, scores, curve in zip(names, n, chances, strict=True)
        if scores.any()
    }
    return dict(sorted(effects.items()))


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


def _mechanism(settings: WorldSettings) -> dict[str, object]:
    effect, loyalty = settings.effect, settings.loyalty
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
