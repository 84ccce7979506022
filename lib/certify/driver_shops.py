"""How near the drivers' shares and what mending them brings come to the truth, shop after shop.

Shops of `shops`, whose experiences come from four answers that customers give alike, beside luck.
The truth of a share is that of very many answers. The truth of mending is what the year would have
brought, had no experience of that driver been low, with the same luck.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pandas as pd

from certify.driver_answers import DRIVERS, NAMES, percent
from certify.shops import DAY, MARGIN, S_SHAPE, YEAR_STARTS, Felt, Mechanism, Shop, shop
from certify.worth import CONTROLS, CUSTOMERS
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.drivers.mending import AS_GOOD, ENOUGH, Mending, mending, probit_of
from profitchain.drivers.moments import DriverAnswers, read_drivers
from profitchain.drivers.shares import DriverShares, driver_shares
from profitchain.effects.gains_by_age import ModelSetting
from profitchain.effects.worth_curve import curve_of_cells
from profitchain.effects.worth_from_orders import follow_up
from profitchain.stats import glm
from profitchain.stats.model_matrix import MONTH

RELATED = 0.45  # correlation of each two
RESIDUAL = 1.1  # of the experience, in the drivers' points
USUAL, SPREAD = 3.8, 0.9  # of an answer
SPREAD_OF_MOOD = 1.9  # by which shops multiply an experience's luck
SKIPPED = 0.06  # of each driver's answers
CUSTOMERS_OF_TRUTH, PARTS_OF_TRUTH = 200_000, 2
AT_ONCE = 5
GOAL = (0.93, 0.97)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverShop:
    """A kind of shop: how its customers stay, and how much each driver weighs, in points."""

    name: str
    mechanism: Mechanism
    weights: tuple[float, ...] = (0.85, 0.70, 0.50, 0.30)


def _stays(score: np.ndarray) -> np.ndarray:
    return 1.6 * (S_SHAPE[score] - 0.7)


def _stays_straight(score: np.ndarray) -> np.ndarray:
    return 0.15 * (score - 7.6)


KINDS = (
    DriverShop(name="S-shape", mechanism=Mechanism(name="S-shape", stays=_stays)),
    DriverShop(
        name="ceiling: half give the top",
        mechanism=Mechanism(name="ceiling", stays=_stays_straight, level=9.0),
    ),
    DriverShop(
        name="two drivers nearly alike",
        mechanism=Mechanism(name="alike", stays=_stays_straight),
        weights=(0.72, 0.70, 0.45, 0.25),
    ),
)


def felt_by(kind: DriverShop, mended: int | None = None) -> Felt:
    """Return what makes an experience; with `mended`, no low answers to that driver in the year."""

    def felt(
        rng: np.random.Generator, luck: np.ndarray, in_year: np.ndarray
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        common = np.sqrt(RELATED) * rng.standard_normal((len(luck), 1))
        own = np.sqrt(1 - RELATED) * rng.standard_normal((len(luck), len(NAMES)))
        answers = np.clip(np.rint(USUAL + SPREAD * (common + own)), 1, 5)
        if mended is not None:
            low = in_year & (answers[:, mended] < DRIVERS[mended].target)
            answers[low, mended] = DRIVERS[mended].target
        points = (answers - USUAL) / SPREAD @ np.array(kind.weights) + RESIDUAL * luck
        return points / SPREAD_OF_MOOD, dict(zip(NAMES, answers.T, strict=True))

    return felt


def figures_of(
    lived: Shop, seed: int
) -> tuple[DriverShares | NotEstimable, Mending | NotEstimable]:
    """Return shares and what mending is worth by the functions that page 04 calls."""
    answers = lived.answers[lived.answers["at"] >= YEAR_STARTS * DAY].assign(n=1)
    rng = np.random.default_rng([seed, 5])
    for name in NAMES:
        answers[name] = answers[name].mask(rng.random(len(answers)) < SKIPPED)
    read = read_drivers(answers, DRIVERS)
    assert isinstance(read, DriverAnswers)
    shares, model = driver_shares(read), probit_of(read)
    if isinstance(model, NotEstimable):
        return shares, model
    followed = follow_up(lived.orders, lived.answers, end=lived.end, categories=["tier"])
    setting = ModelSetting(money="margin", controls=(*CONTROLS, MONTH), scale=(0, 10),
                           currency="EUR", level=0.95)  # fmt: skip
    curve = curve_of_cells(followed.cells, followed.orders, followed.year, model.levels, setting)
    return shares, mending(read, model, curve)


def truth_of(kind: DriverShop) -> pd.DataFrame:
    """Return by driver its share, and what mending it brings: margin an order of the year."""
    parts = range(PARTS_OF_TRUTH)
    was = [shop(kind.mechanism, CUSTOMERS_OF_TRUTH, part, felt=felt_by(kind)) for part in parts]
    answers = pd.concat([lived.answers for lived in was], keys=parts).reset_index(0, names="part")
    year = answers[answers["at"] >= YEAR_STARTS * DAY]
    cells = year.groupby(["score", *NAMES]).size().rename("n").reset_index()
    shares = driver_shares(read_drivers(cells.assign(cluster=range(len(cells))), DRIVERS))
    assert isinstance(shares, DriverShares)
    orders = sum(len(lived.year) for lived in was)
    gains = []
    for place in range(len(NAMES)):
        felt = felt_by(kind, place)
        then = (shop(kind.mechanism, CUSTOMERS_OF_TRUTH, part, felt=felt) for part in parts)
        gains.append(MARGIN * (sum(len(lived.year) for lived in then) - orders) / orders)
    return pd.DataFrame({"driver": NAMES, "share": shares.explained.values, "gain": gains})


def tried_shops(kind: DriverShop, start: int, shops: int) -> pd.DataFrame:
    """Return one row a shop and driver: kind, shop, driver, orders, best (probability), and value,
    low, high of `share_` and `worth_` (NaN where unsaid).
    """
    glm.MANY = 0  # Newton's steps alone: the same to ten digits in a fifth of the time
    rows = []
    for number in range(start, start + shops):
        seed = zlib.crc32(f"drivers {kind.name} {number}".encode())
        lived = shop(kind.mechanism, CUSTOMERS, seed, felt=felt_by(kind))
        shares, found = figures_of(lived, seed)
        known = isinstance(found, Mending) and not isinstance(found.worth, NotEstimable)
        for place, name in enumerate(NAMES):
            share = shares.estimates()[place] if isinstance(shares, DriverShares) else None
            worth = found.worth[place] if known else None
            best = found.best[place] if known else np.nan
            rows.append((kind.name, number, name, len(lived.year), best, *_ends(share),
                         *_ends(worth)))  # fmt: skip
    ends = [f"{part}_{end}" for part in ("share", "worth") for end in ("value", "low", "high")]
    return pd.DataFrame(rows, columns=["kind", "shop", "driver", "orders", "best", *ends])


def _ends(estimate: Estimate | None) -> tuple[float, float, float]:
    return (estimate.value, estimate.low, estimate.high) if estimate else (np.nan,) * 3


def certify_drivers(
    shops: int, *, kinds: Sequence[DriverShop] = KINDS, workers: int = 0
) -> pd.DataFrame:
    """Try shares and money of the drivers in so many shops of each kind.

    Returns
    -------
    One row a kind: kind, said (share of shops), share_coverage and money_coverage (of all drivers'
    intervals), share_bias (largest mean error of a share), ratio (mean estimated money by the
    truth, the drivers' sums), alone (share of shops that name one driver), right (share of those
    whose driver is the best to mend), as_good (or brings at most a twentieth less).
    """
    jobs = [(kind, start, min(AT_ONCE, shops - start))
            for kind in kinds for start in range(0, shops, AT_ONCE)]  # fmt: skip
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        truths = dict(zip([kind.name for kind in kinds], pool.map(truth_of, kinds), strict=True))
        tried = pd.concat(pool.map(tried_shops, *zip(*jobs, strict=True)), ignore_index=True)
    return judged(tried, truths)


def judged(tried: pd.DataFrame, truths: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return coverage and what was named, by kind of shop."""
    rows = []
    for name, shops in tried.groupby("kind", sort=False):
        rows_of = shops.merge(truths[str(name)], on="driver")
        true = rows_of["gain"] * rows_of["orders"]
        said = rows_of.dropna(subset=["worth_value", "share_value"])
        money = (said["worth_low"] <= true[said.index]) & (true[said.index] <= said["worth_high"])
        held = said["share_low"].le(said["share"]) & said["share"].le(said["share_high"])
        errors = (said["share_value"] - said["share"]).groupby(said["driver"]).mean()
        named = said.loc[said.groupby("shop")["best"].idxmax()]
        named = named[named["best"] >= ENOUGH]
        gained = named["gain"] / rows_of["gain"].max()
        rows.append({
            "kind": name, "shops": shops["shop"].nunique(),
            "said": len(said) / len(rows_of), "share_coverage": held.mean(),
            "money_coverage": money.mean(), "share_bias": errors.abs().max(),
            "ratio": said["worth_value"].sum() / true[said.index].sum(),
            "alone": len(named) / shops["shop"].nunique(),
            "right": gained.eq(1).mean(), "as_good": gained.ge(AS_GOOD).mean(),
        })  # fmt: skip
    return pd.DataFrame(rows)


def section(drivers: pd.DataFrame) -> str:
    """Return the certificate's part on the drivers."""
    low, high = (f"{100 * end:.0f}" for end in GOAL)
    shops = ", ".join(str(many) for many in dict.fromkeys(drivers["shops"]))
    return _SECTION.format(customers=f"{CUSTOMERS:,}", shops=shops, low=low, high=high,
                           skipped=f"{100 * SKIPPED:.0f}", table=as_table(drivers))  # fmt: skip


def as_table(drivers: pd.DataFrame) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| kind of shop | shops | shares held, % | largest bias of a share | money held, % "
        "| money by the truth | one named alone, % | of them best, % | or within a twentieth, % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in drivers.itertuples():
        right, as_good = (percent(share) for share in (row.right, row.as_good))
        lines.append(
            f"| {row.kind} | {row.shops} | {100 * row.share_coverage:.1f} | {row.share_bias:.3f} "
            f"| {100 * row.money_coverage:.1f} | {row.ratio:.2f} | {100 * row.alone:.0f} "
            f"| {right} | {as_good} |"
        )
    return "\n".join(lines)


_SECTION = """
## What drives the score beside the truth

Shops of {customers} customers ({shops} of each kind) whose experiences come from four related
answers, of which {skipped}% are skipped, and luck. Shares: how often the 95% intervals hold what
very many answers show. Money: how often they hold what the last year truly brings once no low
answer to a driver is left, with the same luck, and the mean estimate by it. One is named alone
where it is the best to mend with a probability of nine in ten. The goal is {low} to {high}% for
each interval, and that 90% of those named are the best or bring at most a twentieth less. One curve
of worth is behind all four moneys of a shop, and its shares add up to one, so that chance moves
these figures more than it would as many single ones.

{table}
"""
