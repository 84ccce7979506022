"""Each claim tried on a firm's own numbers: the verdict, the number, how many fell which way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.claims.estimands import ESTIMANDS
from profitchain.claims.own_claims import own_claims
from profitchain.claims.registry import Claim, shipped_claims
from profitchain.claims.verdicts import (
    LEVEL,
    TRIED,
    VERDICTS,
    Figure,
    Verdict,
    reading_verdicts,
    verdict_of,
)
from profitchain.core.errors import NotMeasured
from profitchain.core.estimates import (
    NUMBERS,
    Estimate,
    MaybeEstimate,
    NotEstimable,
    counted,
    to_frame,
)
from profitchain.panel.edition import Edition

Found = Figure | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """A claim, the verdict on it, and the firm's own figure (or why there is none; None: no way).

    `read_as` is the verdict that an ill-posed claim would have, read as its range has it.
    """

    claim: Claim
    verdict: Verdict
    figure: Found | None
    read_as: Verdict | None = None

    @property
    def own(self) -> Estimate | None:
        """The firm's own number, where there is one."""
        own = self.figure.own if isinstance(self.figure, Figure) else None
        return own if isinstance(own, Estimate) else None

    @property
    def readings(self) -> Mapping[str, MaybeEstimate]:
        """The number in each way that it can be read."""
        return self.figure.readings if isinstance(self.figure, Figure) else {}

    @property
    def parts(self) -> bool:
        """Whether readings lie otherwise to the claimed range, so that each must be shown."""
        low, high = self.claim.low, self.claim.high
        if low is None or high is None or len(self.readings) < 2:
            return False
        assert isinstance(self.figure, Figure)
        each = reading_verdicts(self.figure, low, high, "description", of_all=True)
        return len(set(each.values())) > 1


def judged_claims(edition: Edition) -> list[JudgedClaim]:
    """Return every claim of the list, and the firm's own, tried on its numbers.

    Each estimand is computed once, however many claims ask for it.
    """
    return judged_by(edition, [*shipped_claims(), *own_claims(edition.company.folder)])


def judged_by(edition: Edition, claims: Iterable[Claim]) -> list[JudgedClaim]:
    """Return some claims, tried on a firm's numbers."""
    claims = list(claims)
    names = dict.fromkeys(claim.estimand for claim in claims if claim.estimand)
    figures = {name: _figure(name, edition) for name in names}
    return [judged(claim, figures.get(claim.estimand)) for claim in claims]


def _figure(name: str, edition: Edition) -> Found:
    """Return an estimand's figure; a summary that a firm's tables don't give is a reason."""
    try:
        return ESTIMANDS[name].figure(edition)
    except NotMeasured:
        return NotEstimable("needs_table", table="orders")


def judged(claim: Claim, figure: Found | None) -> JudgedClaim:
    """Return a claim with its verdict, by a figure or by the want of one."""
    tried: Verdict | None = None
    is_known = isinstance(figure, Figure) and any(
        isinstance(one, Estimate) for one in figure.judged
    )
    if is_known and claim.low is not None and claim.high is not None:
        assert isinstance(figure, Figure)
        tried = verdict_of(figure, claim.low, claim.high, claim.kind)
    if claim.is_ill_posed:
        return JudgedClaim(claim=claim, verdict="ill_posed", figure=figure, read_as=tried)
    if isinstance(figure, Figure) and isinstance(figure.own, NotEstimable):
        is_told = any(isinstance(one, Estimate) for one in figure.readings.values())
        figure = figure if is_told else figure.own
    return JudgedClaim(claim=claim, verdict=tried or "not_testable", figure=figure)


def tried(every: Iterable[JudgedClaim]) -> list[JudgedClaim]:
    """Return the claims that can be tried here."""
    return [one for one in every if one.verdict in TRIED]


def verdict_counts(every: Iterable[JudgedClaim]) -> dict[Verdict, int]:
    """Return how many claims fell which way, each way named."""
    fallen = [one.verdict for one in every]
    return {verdict: fallen.count(verdict) for verdict in VERDICTS}


def weightiest(every: Iterable[JudgedClaim], many: int = 3) -> list[JudgedClaim]:
    """Return the claims on which most hangs of those with a clear verdict, one an estimand."""
    clear = [one for one in every if one.verdict in ("supported", "contradicted")]
    first: dict[str, JudgedClaim] = {}
    for one in sorted(clear, key=lambda one: (-one.claim.weight, one.claim.id)):
        first.setdefault(one.claim.estimand, one)
    return list(first.values())[:many]


def claims_recorded(every: list[JudgedClaim]) -> dict[str, MaybeEstimate | pd.DataFrame]:
    """Return what is published: counts by verdict, and each claim's own number (99% interval)."""
    counts = verdict_counts(every)
    known = [(one.claim.id, one.own) for one in every if one.own is not None]
    rows = to_frame((own for _, own in known), claim=[id for id, _ in known]).assign(level=LEVEL)
    rows["unit"] = [recorded_unit(own) for _, own in known]
    in_shares = rows["unit"] == "share"
    divided = rows[[*NUMBERS]].astype(float).div(np.where(in_shares, 100.0, 1.0), axis=0)
    rows = rows.assign(**{name: divided[name] for name in NUMBERS})
    numbers: dict[str, MaybeEstimate | pd.DataFrame] = {
        "claims_testable": counted(len(tried(every)), unit="count", n=len(every))
    }
    for verdict in ("supported", "contradicted", "open"):
        numbers[f"claims_{verdict}"] = counted(counts[verdict], unit="count", n=len(every))
    return numbers | {"claim": rows}


def recorded_unit(own: Estimate) -> str:
    """Return the unit of the record: percents are shares there, correlations ratios."""
    return {"percent": "share", "correlation": "ratio"}.get(own.unit, own.unit)


def is_directional(claim: Claim) -> bool:
    """Tell whether a claim names a side and no number."""
    return claim.low is not None and (math.isinf(claim.low) or math.isinf(claim.high or 0.0))
