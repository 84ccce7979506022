"""How near the worth of a point comes to the truth: shops that lived the year twice.

The truth of a mechanism is what one order's better experiences bring in a very large shop; a
firm's own is that times its orders of the year.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd

from certify.shops import MARGIN, MECHANISMS, Mechanism, Shop, shop
from profitchain.core.estimates import Estimate
from profitchain.effects.value_of_a_point import Worth, worth_of_a_point
from profitchain.effects.worth_from_orders import HISTORY, follow_up
from profitchain.sources.settings import Question
from profitchain.stats import glm

CUSTOMERS = 4500  # of a shop that is tried: some 2,800 answers a year
CUSTOMERS_AT_ONCE, PARTS_OF_TRUTH = 250_000, 4  # of the shops that tell the truth
AT_ONCE = 10  # shops a worker tries before it reports
RATIO, COVERAGE = (0.9, 1.1), (0.90, 0.98)  # the goals
ANSWERING = {False: "at random", True: "by score"}
QUESTION = Question(name="nps", kind="nps")
CONTROLS = (*HISTORY, "tier")


def worth_of(lived: Shop) -> Worth:
    """Return the worth of a point by the function that the pages call."""
    followed = follow_up(lived.orders, lived.answers, end=lived.end, categories=["tier"])
    return worth_of_a_point(
        followed.cells, followed.orders, followed.year, question=QUESTION, controls=CONTROLS,
        money="margin", currency="EUR",
    )  # fmt: skip


def gain_an_order(mechanism: Mechanism) -> tuple[float, float]:
    """Return what the year's better experiences bring: an order of it, and as a share of margin.

    Amounts don't follow the score here, so that orders gained tell it with less luck.
    """
    was, better = (
        sum(len(shop(mechanism, CUSTOMERS_AT_ONCE, part, better=better).year)
            for part in range(PARTS_OF_TRUTH))
        for better in (False, True)
    )  # fmt: skip
    share = (better - was) / was
    return MARGIN * share, share


def certify_worth(
    shops: int, *, mechanisms: Sequence[Mechanism] = MECHANISMS, workers: int = 0
) -> pd.DataFrame:
    """Try the worth of a point in so many shops of each mechanism and way of answering.

    Returns
    -------
    One row each: mechanism, answering, truth (share of the year's margin), said (share of shops),
    ratio (mean estimate by truth), noise (standard deviation of that), coverage, chance (the
    standard error of the mean ratio).
    """
    jobs = [(mechanism, by_score, start, min(AT_ONCE, shops - start))
            for mechanism in mechanisms for by_score in ANSWERING
            for start in range(0, shops, AT_ONCE)]  # fmt: skip
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        truths = dict(
            zip([m.name for m in mechanisms], pool.map(gain_an_order, mechanisms), strict=True)
        )
        tried = pd.concat(pool.map(tried_shops, *zip(*jobs, strict=True)), ignore_index=True)
    return judged(tried, truths)


def tried_shops(mechanism: Mechanism, by_score: bool, start: int, shops: int) -> pd.DataFrame:
    """Return mechanism, answering, orders, value, low, high (NaN where unsaid) of some shops."""
    glm.MANY = 0  # Newton's steps alone: the same to ten digits in a fifth of the time
    rows = []
    for number in range(start, start + shops):
        seed = zlib.crc32(f"{mechanism.name} {by_score} {number}".encode())
        lived = shop(mechanism, CUSTOMERS, seed, by_score=by_score)
        total = worth_of(lived).total
        ends = (total.value, total.low, total.high) if isinstance(total, Estimate) else [np.nan] * 3
        rows.append((mechanism.name, ANSWERING[by_score], len(lived.year), *ends))
    names = ["mechanism", "answering", "orders", "value", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def judged(tried: pd.DataFrame, truths: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return ratio, noise and coverage by mechanism and way of answering."""
    rows = []
    for (mechanism, answering), shops in tried.groupby(["mechanism", "answering"], sort=False):
        each, share = truths[mechanism]
        said = shops.dropna(subset=["value"])
        truth = each * said["orders"]
        ratio = said["value"] / truth
        holds = (said["low"] <= truth) & (truth <= said["high"])
        rows.append({
            "mechanism": mechanism, "answering": answering, "truth": share,
            "said": len(said) / len(shops), "ratio": ratio.mean(), "noise": ratio.std(),
            "coverage": holds.mean(), "chance": ratio.std() / np.sqrt(len(said)),
        })  # fmt: skip
    return pd.DataFrame(rows)


def section(worth: pd.DataFrame, shops: int) -> str:
    """Return the certificate's part on the worth of a point."""
    return _SECTION.format(
        shops=shops, customers=f"{CUSTOMERS:,}", table=as_table(worth),
        low=RATIO[0], high=RATIO[1], least=f"{100 * COVERAGE[0]:.0f}",
        most=f"{100 * COVERAGE[1]:.0f}", missed="; ".join(outside(worth)) or "none",
    )  # fmt: skip


def outside(worth: pd.DataFrame) -> list[str]:
    """Return, in words, where the mean ratio or the coverage lies outside the goals."""
    missed = worth[~(worth["ratio"].between(*RATIO) & worth["coverage"].between(*COVERAGE))]
    return [f"{row.mechanism}, answering {row.answering}" for row in missed.itertuples()]


def as_table(worth: pd.DataFrame) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| mechanism | answering | truth, % | ratio | varies by | coverage, % | given, % |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in worth.itertuples():
        lines.append(
            f"| {row.mechanism} | {row.answering} | {100 * row.truth:.1f} | {row.ratio:.2f} "
            f"| {row.noise:.2f} | {100 * row.coverage:.0f} | {100 * row.said:.0f} |"
        )
    return "\n".join(lines)


_SECTION = """
## The worth of a point beside the truth

Shops of {customers} customers, {shops} of each kind, lived their last year twice with the same
luck: as it was, and with every experience a point better, none above the top. Ratio is the mean
estimate by the margin truly gained; it varies from shop to shop by the next column. Answering is
at random (45%), or by score: the extremes up to twice as often as the middle. Given: the share of
shops in which the figure is given at all. The goals are a ratio of {low} to {high} and a coverage
of {least} to {most}%.

Outside the goals: {missed}.

{table}
"""
