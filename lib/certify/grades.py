"""Which grades the evidence gets in invented firms where a point does nothing, or something."""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
from scipy import stats

from certify.link_firms import CONTROLS, FIRMS, PLACES, WINDOW, LinkFirm, link_firm, sized
from profitchain.core.estimates import to_frame
from profitchain.evidence.designs import Held, by_answers
from profitchain.evidence.evidence import Evidence
from profitchain.evidence.grading_rules import Grading, grading

HELD = Held(controls=CONTROLS, places=PLACES, within_days=WINDOW)
SIZES = (1500, 6000, 20_000)
USUAL = 6000  # answers graded: here the goals hold
GRADES = ("too few data", "no link that matters", "contradictory", "weak", "moderate", "strong")
AT_MOST = dict.fromkeys(
    ("none", "trend", "season", "shop x month", "habit, corr. .4", "habit, corr. .8",
     "happy answer more", "angry answer more"), 0.03,
) | {"hidden state, .5 left": 0.18}  # fmt: skip
AT_LEAST = {"true 34": 0.9}
CHANCE = 0.01  # how often a share at its limit is called outside
AT_ONCE = 5  # firms a worker grades before it reports


def graded(firm: LinkFirm, seed: int) -> Grading:
    """Return the grade of one invented firm without an event and without a lot."""
    luck = np.random.default_rng([1 + seed, zlib.crc32(firm.name.encode()), firm.answers])
    answers, asked = link_firm(firm, luck)
    rows = list(by_answers(answers, asked, HELD))
    effects = to_frame(
        [row.estimate for row in rows],
        design=[row.design for row in rows],
        role=[row.role for row in rows],
    )
    rate = float(answers.loc[answers["in_lookback"], "repeat"].mean())
    return grading(Evidence(effects=effects, repeat_rate=rate))


def certify_grades(
    firms: int,
    *,
    kinds: Sequence[LinkFirm] = FIRMS,
    sizes: Sequence[int] = SIZES,
    workers: int = 0,
) -> pd.DataFrame:
    """Grade so many firms of each kind with the usual number of answers, a third with others.

    Returns
    -------
    One row a firm: kind, answers (that it was to have), grade.
    """
    jobs = [
        (sized(kind, size), start, min(AT_ONCE, many - start))
        for size in sizes
        for many in [firms if size == USUAL else max(firms // 3, 1)]
        for kind in kinds
        for start in range(0, many, AT_ONCE)
    ]
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        return pd.concat(pool.map(_some, *zip(*jobs, strict=True)), ignore_index=True)


def _some(kind: LinkFirm, start: int, firms: int) -> pd.DataFrame:
    found = [graded(kind, seed).grade for seed in range(start, start + firms)]
    return pd.DataFrame({"kind": kind.name, "answers": kind.answers, "grade": found})


def outside(found: pd.DataFrame) -> list[str]:
    """Return what misses a goal by more than chance, in words: of firms of the usual size, or any.

    Parameters
    ----------
    found : one row a firm, as `certify_grades` returns.
    """
    missed = []
    for (kind, answers), rows in found.groupby(["kind", "answers"], sort=False):
        shares = {grade: float((rows["grade"] == grade).mean()) for grade in GRADES}
        n, what = len(rows), f"{kind}, {answers:,} answers"
        if shares["strong"]:
            missed.append(f"{what}: strong in {100 * shares['strong']:.0f}%")
        if answers != USUAL:
            continue
        moderate = round(shares["moderate"] * n)
        least, most = AT_LEAST.get(kind, 0.0), AT_MOST.get(kind, 1.0)
        low, high = stats.binom.ppf(CHANCE, n, least), stats.binom.ppf(1 - CHANCE, n, most)
        if not low <= moderate <= high:
            missed.append(f"{what}: moderate in {100 * moderate / n:.0f}%")
    return missed


def section(found: pd.DataFrame, events: pd.DataFrame) -> str:
    """Return the certificate's part on grades and events.

    Parameters
    ----------
    found : one row a firm, as `certify_grades` returns.
    events : one row a kind, as `event_firms.certify_events` returns.
    """
    return _SECTION.format(
        missed="\n".join(f"- {line}" for line in outside(found)) or "None.",
        grades=_table(found),
        events=_events(events),
    )


def _table(found: pd.DataFrame) -> str:
    head = ["kind of firm", "answers", "firms", *GRADES]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for (kind, answers), rows in found.groupby(["kind", "answers"], sort=False):
        shares = [f"{100 * (rows['grade'] == grade).mean():.0f}" for grade in GRADES]
        lines.append([str(kind), f"{answers:,}", str(len(rows)), *shares])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _events(events: pd.DataFrame) -> str:
    lines = ["| regions (touched) | shocks, sd | effect of a point | firms | clear, in percent |",
             "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for row in events.itertuples():
        cells = [f"{row.regions} ({row.touched})", f"{row.shock:g}", f"{row.effect:g}"]
        lines.append(f"| {' | '.join([*cells, f'{row.firms}', f'{100 * row.clear:.1f}'])} |")
    return "\n".join(lines)


_SECTION = """
## Grades of the evidence

Firms in which a point does nothing but something else moves scores and repeats together, and firms
in which it brings 34 more repeats in a thousand; by the rules of page 09, in percent of firms, in
none of which chance or an event from outside helps. The goal at 6,000 answers is *moderate* in at
most 3% of firms with nothing, trends, seasons, shocks of a shop's month, lasting habits or
selection, in at most 18% of those with a state that half fades by the next order, and in at least
90% of those with a true effect; *strong* never. **A voucher nobody recorded, late parcels and any
other cause of one order's score and its repeat can't be told from an effect of satisfaction by such
data: they are graded *moderate* the more often, the more answers there are.** The page says so.

Outside the goal by more than chance (one in a hundred):

{missed}

{grades}

## Events by regions

Two years of 6,000 answers, shocks of which 70% last into the next month; after the first an event
moves the touched regions' scores by 1.5 points. Where the effect of a point is 0, what is
clear is a false alarm (goal: 5% at most).

{events}
"""
