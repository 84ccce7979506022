"""Invented answers with drivers whose truth is known, and how surely the best of them is named.

Worlds of three kinds: two or three drivers near equal, weights at random, one clearly ahead. All
drivers are answered alike, so that the one that weighs most is the best to mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.drivers.mending import AS_GOOD, ENOUGH, mending, probit_of
from profitchain.drivers.moments import Driver, DriverAnswers, read_drivers
from profitchain.effects.gains_by_age import ModelSetting
from profitchain.effects.worth_curve import WorthCurve
from profitchain.stats.glm import Quantities

NAMES = ("quality", "delivery", "service", "price")
DRIVERS = tuple(Driver(name=name, column=name) for name in NAMES)
WEIGHTS = (0.85, 0.70, 0.50, 0.30)
WORTH = np.array([0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0, 13.0, 15.0, 16.0])  # of scores 0 to 10
ERROR_OF_WORTH = 0.2  # of the whole curve, as a share of it
CHANCES = (0.0, 0.5, 0.65, 0.8, ENOUGH, 1.0)


@dataclass(frozen=True, slots=True)
class DriverWorld:
    """A world's kind, how likely the best driver is said to be so, and what choosing it loses.

    `lost` is by how much its weight is less than the truly best one's, as a share of that; 0 where
    the choice is right.
    """

    kind: str
    chance: float
    lost: float


def answered(
    rng: np.random.Generator,
    n: int = 600,
    *,
    rho: float = 0.45,
    weights: tuple[float, ...] = WEIGHTS,
    centre: float = 8.2,
    skipped: float = 0.0,
    halo: float = 0.0,
    noise: float = 1.4,
) -> pd.DataFrame:
    """Return answers, two a customer who answers alike: score 0 to 10, drivers 1 to 5.

    One row an answer: the drivers (`driver0` … if they aren't four), score, cluster, n.

    Parameters
    ----------
    rho : correlation of each two drivers; `centre`: the score's middle (8.2: four in ten say 10).
    halo : how much a mood, which is no driver's, moves the score beside; drivers show it by `rho`.
    skipped : share of each driver's answers that are missing.
    """
    who = np.repeat(np.arange(n // 2), 2)

    def alike(*shape: int) -> np.ndarray:
        own, new = rng.standard_normal((n // 2, *shape)), rng.standard_normal((n, *shape))
        return np.asarray(np.sqrt(0.4) * own[who] + np.sqrt(0.6) * new)

    mood, parts = alike(1), alike(len(weights))
    felt = np.sqrt(rho) * mood + np.sqrt(1 - rho) * parts
    latent = centre + felt @ np.array(weights) + halo * mood[:, 0] + noise * alike()
    columns = np.clip(np.rint(3.8 + 0.9 * felt), 1, 5)
    columns[rng.random(columns.shape) < skipped] = np.nan
    names = [f"driver{place}" for place in range(len(weights))]
    names = list(NAMES) if len(weights) == len(NAMES) else names
    frame = pd.DataFrame(columns, columns=names)
    return frame.assign(score=np.clip(np.rint(latent), 0, 10), cluster=who, n=1)


def known_curve(levels: np.ndarray, error: float = 0.0) -> WorthCurve:
    """Return a curve of worth that is known, or has an error that some other customer brings."""
    worth = WORTH[levels.astype(int)]
    drawn = pd.DataFrame(np.outer([error], worth), index=[-1])
    curve = Quantities(values=worth, errors=drawn, n=1000, effective=500)
    setting = ModelSetting(money="margin", controls=(), scale=(0, 10), currency="EUR", level=0.95)
    return WorthCurve(scores=levels, models={"known": curve}, orders=1000, of=1e12, setting=setting)


def _near(rng: np.random.Generator) -> np.ndarray:
    """Return weights of which two or three lie within a tenth."""
    near, rest = rng.uniform(0.9, 1.0, rng.integers(1, 3)), rng.uniform(0.1, 0.8, 2)
    return np.asarray(rng.uniform(0.4, 1.0) * np.concatenate([[1.0], near, rest])[:4])


def _at_random(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.1, 1.0, 4)


def _clear(rng: np.random.Generator) -> np.ndarray:
    """Return weights of which none reaches six tenths of the largest."""
    return np.asarray(rng.uniform(0.6, 1.0) * np.concatenate([[1.0], rng.uniform(0.1, 0.6, 3)]))


KINDS = {
    "two or three within a tenth": _near,
    "weights at random": _at_random,
    "one ahead by four tenths": _clear,
}


def driver_world(rng: np.random.Generator, kind: str) -> DriverWorld | None:
    """Return a world of a kind as page 04 judges it; None where nothing can be said.

    600 to 2,000 answers, drivers correlated by .2 to .7, 13 to 41% at the top of the score, none or
    6% of each driver's answers missing, the curve of worth unsure by a fifth.
    """
    weights = rng.permutation(KINDS[kind](rng))
    rows = answered(
        rng, int(rng.choice([600, 1000, 2000])), weights=tuple(weights),
        rho=rng.choice([0.2, 0.45, 0.7]), centre=rng.choice([7.0, 8.2, 9.0]),
        skipped=rng.choice([0.0, 0.06]),
    )  # fmt: skip
    answers = read_drivers(rows, DRIVERS)
    model = probit_of(answers) if isinstance(answers, DriverAnswers) else answers
    if isinstance(answers, NotEstimable) or isinstance(model, NotEstimable):
        return None
    found = mending(answers, model, known_curve(model.levels, ERROR_OF_WORTH))
    if isinstance(found, NotEstimable):
        return None
    lost = 1 - weights[found.best.argmax()] / weights.max()
    return DriverWorld(kind, float(found.best.max()), float(lost))


def certify_naming(worlds: int, seed: int = 18) -> pd.DataFrame:
    """Try so many worlds of each kind. One row a world: the fields of `DriverWorld`."""
    rng = np.random.default_rng(seed)
    tried = (driver_world(rng, kind) for kind in KINDS for _world in range(worlds))
    return pd.DataFrame([one for one in tried if one is not None])


def by_kind(tried: pd.DataFrame) -> pd.DataFrame:
    """Return how often one driver is named alone, and how often rightly.

    One row a kind, and one of all: kind, worlds, alone (share of them), right (share of those),
    as_good (share that is the best or within a twentieth of it), lost (mean of those wrongly
    named).
    """
    rows = []
    for kind, worlds in [*tried.groupby("kind", sort=False), ("all", tried)]:
        lost = worlds.loc[worlds["chance"] >= ENOUGH, "lost"]
        rows.append({"kind": kind, "worlds": len(worlds), "alone": len(lost) / len(worlds),
                     "right": (lost == 0).mean(), "as_good": (lost <= 1 - AS_GOOD).mean(),
                     "lost": lost[lost > 0].mean()})  # fmt: skip
    return pd.DataFrame(rows)


def by_chance(tried: pd.DataFrame) -> pd.DataFrame:
    """Return how likely the best was said to be so, and how often it was.

    One row a bin: chances, worlds, said, so (shares).
    """
    labels = [f"{100 * low:.0f} to {100 * high:.0f}%" for low, high in pairwise(CHANCES)]
    bins = pd.cut(tried["chance"], CHANCES, labels=labels)
    rows = tried.assign(so=tried["lost"] == 0).groupby(bins, observed=True)
    found = rows.agg(worlds=("chance", "size"), said=("chance", "mean"), so=("so", "mean"))
    return found.rename_axis("chances").reset_index()


def naming_section(tried: pd.DataFrame) -> str:
    """Return the certificate's part on how surely the best driver is named."""
    kinds, chances = by_kind(tried), by_chance(tried)
    of_kinds = [
        f"| {row.kind} | {row.worlds:,} | {100 * row.alone:.0f} | {percent(row.right)} "
        f"| {percent(row.as_good)} | {percent(row.lost)} |"
        for row in kinds.itertuples()
    ]
    of_chances = [
        f"| {row.chances} | {row.worlds:,} | {100 * row.said:.0f} | {100 * row.so:.0f} |"
        for row in chances.itertuples()
    ]
    return _SECTION.format(kinds="\n".join(of_kinds), chances="\n".join(of_chances))


def percent(share: float) -> str:
    """Return a share in percent, a dash where there is none."""
    return "–" if np.isnan(share) else f"{100 * share:.0f}"


_SECTION = """
## How surely the best driver to mend is named

Answers of 300 to 1,000 customers whose drivers are correlated by .2 to .7, 13 to 41% of them at the
top of the score, none or 6% of each driver skipped. One is named alone from a probability of nine
in ten. Whoever decides loses next to nothing by a driver that brings 95% of what the best one does,
so that the goal is, in each kind of world, that nine in ten of those named are the best or within a
twentieth of it; and, over all, that a probability of being the best holds as often as it says.
Lost: by how much less a wrongly named one weighs than the best. **Where several drivers are within
a tenth of each other few are named: no rule can tell equals apart.**

| kind of world | worlds | one named alone, % | of them best, % | best or within a twentieth, % | lost where wrong, % |
| --- | ---: | ---: | ---: | ---: | ---: |
{kinds}

| said of the best | worlds | said on average, % | so, % |
| --- | ---: | ---: | ---: |
{chances}
"""  # noqa: E501
