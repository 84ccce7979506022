"""Which grades the evidence gets in invented firms where a point does nothing, or something."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from certify.link_firms import CONTROLS, FIRMS, PLACES, WINDOW, LinkFirm, link_firm, sized
from profitchain.core.estimates import NotEstimable, to_frame
from profitchain.evidence.designs import Held, by_answers
from profitchain.evidence.evidence import Evidence
from profitchain.evidence.grading_rules import Grading, grading

HELD = Held(controls=CONTROLS, places=PLACES, within_days=WINDOW)
SIZES = (1500, 6000, 20_000)
NO_LOT = NotEstimable("design_not_measured")
GRADES = ("too few data", "no link that matters", "contradictory", "weak", "moderate", "strong")


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
    firms: int, *, kinds: Sequence[LinkFirm] = FIRMS, answers: int = 6000
) -> pd.DataFrame:
    """Grade so many firms of each kind.

    Returns
    -------
    One row a kind of firm: kind, answers (graded, mean), firms, and of each grade its share.
    """
    rows = []
    for kind in kinds:
        found = [graded(sized(kind, answers), seed) for seed in range(firms)]
        shares = pd.Series([one.grade for one in found]).value_counts(normalize=True)
        rows.append(
            {"kind": kind.name, "answers": np.mean([one.n for one in found]), "firms": firms}
            | {grade: float(shares.get(grade, 0.0)) for grade in GRADES}
        )
    return pd.DataFrame(rows)
