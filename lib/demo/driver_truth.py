"""What truly drives the score of an invented shop: shares, effects and what mending brings.

Read off its mechanism, in a shop of the same settings with very many customers. The shares are what
very many answers show. The effects, and what mending brings, are causal: every such experience is
better by so many points of its question, with all else and all luck as it was.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pyarrow as pa

from demo.behaviour import (
    DRIVER_WEIGHT,
    DRIVERS,
    START,
    WorldSettings,
    exposure,
    repeat_chance,
    whole_score,
)
from demo.survey_tables import ANSWER_SPREAD, DRIVER_COLUMNS, responses
from demo.world import World, lived

CUSTOMERS, SEED = 200_000, 1  # of the shop in which the truth is read
LOOKBACK_FROM = "2025-10-01"  # to the end: the twelve months of the last period
POINT = 1 / ANSWER_SPREAD  # deviations of an experience that make a point of its question
SATISFIED = 4  # lower answers, of 1 to 5, are low
TOP = 5


def driver_truth(settings: WorldSettings) -> dict[str, object]:
    """Return what drives the score in shops of these settings, whatever their size and seed.

    `shares`: each driver's part of what all explain together (LMG), among answers that lack none.
    `explained`: what they explain of all differences. `one_more_point`: mean rise of the score,
    and of the shares of promoters and detractors, one point more on a driver where there is room.
    `mended`: the share of low answers, and by how much mean score and mean chance to repeat would
    rise had each been 4.
    """
    return dict(_driver_truth(replace(settings, customers=CUSTOMERS, seed=SEED)))


@cache
def _driver_truth(settings: WorldSettings) -> dict[str, object]:
    answers = _answers(lived(settings))
    recent = answers[answers["answered"] >= _seconds(LOOKBACK_FROM)]
    return {
        "answers_simulated": len(answers),
        "lookback": {"answered_from": LOOKBACK_FROM, **_of_answers(recent, settings)},
        "all_answers": _of_answers(answers, settings),
    }


def _answers(world: World) -> pd.DataFrame:
    """Return the answers of a world with what no firm sees: points, pace, exposure."""
    orders = world.orders
    table = responses(world, pa.array(np.arange(len(orders)).astype(str)))
    asked = table.select(["order_id", "nps", *DRIVER_COLUMNS]).to_pandas()
    lived_through = orders.loc[asked["order_id"].astype(int)].reset_index(drop=True)
    pace = world.people["pace"].to_numpy()[lived_through["customer"]]
    return pd.concat(
        [
            asked.rename(columns=DRIVER_COLUMNS)[["nps", *DRIVERS]].astype(float),
            lived_through[["points", "placed", "answered"]],
        ],
        axis=1,
    ).assign(pace=pace, exposure=lambda rows: exposure(rows["placed"], rows["answered"]))


def _of_answers(answers: pd.DataFrame, settings: WorldSettings) -> dict[str, object]:
    whole = answers.dropna(subset=["nps", *DRIVERS])
    if len(whole) < 2:
        return {"answers": len(whole)}
    shares, explained = _shares(whole[[*DRIVERS, "nps"]].to_numpy())
    more, mended = {}, {}
    for name, weight in zip(DRIVERS, DRIVER_WEIGHT, strict=True):
        room = whole[whole[name] < TOP]
        better = np.full(len(room), weight * POINT)
        more[name] = _rises(room, better)
        lacks = np.maximum(SATISFIED - whole[name].to_numpy(), 0)
        rise = _rises(whole, weight * POINT * lacks)
        chance = _chance_rise(whole, weight * POINT * lacks, settings)
        mended[name] = {"low_answers": _short((lacks > 0).mean()), "mean": rise["mean"],
                        "chance_to_repeat": chance}  # fmt: skip
    return {
        "answers": len(whole),
        "shares": dict(zip(DRIVERS, map(_short, shares), strict=True)),
        "explained": _short(explained),
        "one_more_point": more,
        "mended": mended,
    }


def _shares(columns: np.ndarray) -> tuple[np.ndarray, float]:
    """Return each driver's share: the mean rise of R2 over all orders of entry; and R2."""
    many = columns.shape[1] - 1
    correlation = np.corrcoef(columns, rowvar=False)
    known = {(): 0.0}
    rises, orders = np.zeros(many), [*permutations(range(many))]
    for order in orders:
        for at in range(many):
            before, after = (tuple(sorted(order[:end])) for end in (at, at + 1))
            if after not in known:
                with_score = correlation[list(after), -1]
                inner = correlation[np.ix_(after, after)]
                known[after] = float(with_score @ np.linalg.solve(inner, with_score))
            rises[order[at]] += known[after] - known[before]
    explained = known[tuple(range(many))]
    return rises / len(orders) / explained, explained


def _rises(rows: pd.DataFrame, better: np.ndarray) -> dict[str, float]:
    """Return the mean rise of score, and of the shares of promoters and detractors."""
    was, then = rows["nps"].to_numpy(), whole_score(rows["points"].to_numpy() + better)
    return {
        "mean": _short((then - was).mean()),
        "promoters": _short((then >= 9).mean() - (was >= 9).mean()),
        "detractors": _short((then <= 6).mean() - (was <= 6).mean()),
    }


def _chance_rise(rows: pd.DataFrame, better: np.ndarray, settings: WorldSettings) -> float:
    """Return the mean rise of the true chance to order again within the window."""
    was, then = (
        repeat_chance(
            rows["pace"].to_numpy(), whole_score(rows["points"].to_numpy() + more),
            rows["exposure"].to_numpy(), settings.effect, settings.loyalty,
        )
        for more in (0.0, better)
    )  # fmt: skip
    return _short((then - was).mean())


def _seconds(day: str) -> int:
    return int((np.datetime64(day, "s") - START).astype(int))


def _short(number: float) -> float:
    """Return a number with six decimals, so that other processors write the same bytes."""
    return round(float(number), 6)
