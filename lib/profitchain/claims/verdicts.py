"""The written rule by which a claim is called supported, contradicted or open.

Some forty claims are tried at once, so intervals are at 99%. An interval within the claimed range,
widened by 25%, supports a claim if the design earns it; one outside the range contradicts it
(of an effect: unless nothing was adjusted for); any other leaves it open. Nothing here is ever
called false in general: a verdict is of one firm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable

Verdict = Literal["supported", "contradicted", "open", "not_testable", "ill_posed"]
VERDICTS: tuple[Verdict, ...] = (
    "contradicted",
    "supported",
    "open",
    "ill_posed",
    "not_testable",
)
TRIED = ("supported", "contradicted", "open")
Kind = Literal["description", "effect"]
Design = Literal["counted", "followed", "adjusted", "same_answers", "lot", "arithmetic"]
LEVEL = 0.99
WIDER = 0.25  # of the range's ends
# An effect is earned by a draw by lot alone; a description by whatever counts what it describes.
EARNS: Mapping[str, frozenset[str]] = {
    "effect": frozenset({"lot"}),
    "description": frozenset(
        {"counted", "followed", "adjusted", "same_answers", "lot", "arithmetic"}
    ),
}
# A raw comparison of those who chose can't speak against an effect either.
SPEAKS_AGAINST: Mapping[str, frozenset[str]] = {
    "effect": frozenset({"counted", "adjusted", "lot", "arithmetic"}),
    "description": EARNS["description"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A firm's own number for a claim, read in one way or in several.

    `readings` are at 99%, by name; the last one is judged (raw comes before adjusted), or all of
    them where nobody can say which is meant: then a verdict stands only if all agree.
    """

    readings: Mapping[str, MaybeEstimate]
    design: Design
    all_judged: bool = False

    @classmethod
    def of(cls, own: MaybeEstimate, design: Design) -> Figure:
        """Return a figure that is read in one way."""
        return cls(readings={"own": own}, design=design)

    @property
    def own(self) -> MaybeEstimate:
        """The number shown first: the one judged; the first of several that are."""
        every = list(self.readings.values())
        return every[0 if self.all_judged else -1]

    @property
    def judged(self) -> list[MaybeEstimate]:
        """The readings on which the verdict stands."""
        return list(self.readings.values()) if self.all_judged else [self.own]


def verdict_of(figure: Figure, low: float, high: float, kind: Kind) -> Verdict:
    """Return the verdict on a claimed range (an end may be infinite), by a firm's own figure.

    Examples
    --------
    >>> own = Estimate(value=21, low=18, high=24, n=900, unit="percent", level=0.99)
    >>> figure = Figure.of(own, "followed")
    >>> verdict_of(figure, 20, 20, "description"), verdict_of(figure, 20, 20, "effect")
    ('supported', 'open')
    >>> verdict_of(figure, 50, 60, "description"), verdict_of(figure, 50, 60, "effect")
    ('contradicted', 'open')
    """
    each = set(reading_verdicts(figure, low, high, kind).values())
    return each.pop() if len(each) == 1 else "open"


def reading_verdicts(
    figure: Figure, low: float, high: float, kind: Kind, *, of_all: bool = False
) -> dict[str, Verdict]:
    """Return the verdict that each judged reading alone would earn; `of_all`: each there is."""
    readings = figure.readings if of_all or figure.all_judged else {"own": figure.own}
    earned, against = (figure.design in designs[kind] for designs in (EARNS, SPEAKS_AGAINST))
    found: dict[str, Verdict] = {}
    for name, reading in readings.items():
        verdict = _verdict_of_reading(reading, low, high)
        barred = (verdict == "supported" and not earned) or (
            verdict == "contradicted" and not against
        )
        found[name] = "open" if barred else verdict
    return found


def _verdict_of_reading(reading: MaybeEstimate, low: float, high: float) -> Verdict:
    if isinstance(reading, NotEstimable):
        return "open"
    if reading.unit == "p":  # a test that isn't clear speaks for nothing
        return "supported" if reading.value < 1 - LEVEL else "open"
    if widened(low, -1) <= reading.low and reading.high <= widened(high, 1):
        return "supported"
    return "contradicted" if reading.low > high or reading.high < low else "open"


def widened(end: float, way: int) -> float:
    """Return an end of a range moved outwards by a quarter of itself.

    Examples
    --------
    >>> widened(20, -1), widened(-50, -1), widened(10, 1), widened(math.inf, 1)
    (15.0, -62.5, 12.5, inf)
    """
    return end if math.isinf(end) else end + way * WIDER * abs(end)


def at_99(estimate: MaybeEstimate) -> MaybeEstimate:
    """Return a 95% interval as one of 99%, widened on the scale on which it is even on both sides.

    That is the logarithm for one rate by another, the scale itself for a slope. What was counted
    in full keeps its ends.
    """
    if isinstance(estimate, NotEstimable) or estimate.level == LEVEL:
        return estimate
    factor = quantile(LEVEL) / quantile(estimate.level)
    value, low, high = estimate.value, estimate.low, estimate.high
    if low > 0 and math.isclose(low * high, value**2, rel_tol=1e-6):
        low, high = value * (low / value) ** factor, value * (high / value) ** factor
    else:
        low, high = value - (value - low) * factor, value + (high - value) * factor
    return replace(estimate, low=low, high=high, level=LEVEL)


def quantile(level: float) -> float:
    """Return how many standard errors an interval of a level reaches each way."""
    return float(scipy.stats.norm.ppf((1 + level) / 2))


def percent_of(
    estimate: MaybeEstimate, *, less: float = 0.0, factor: float = 100.0
) -> MaybeEstimate:
    """Return an estimate less a number, in percent (or times another factor)."""
    if isinstance(estimate, NotEstimable):
        return estimate
    ends = sorted(factor * (end - less) for end in (estimate.low, estimate.high))
    return replace(
        estimate, value=factor * (estimate.value - less), low=ends[0], high=ends[1], unit="percent"
    )


def weaker(*several: MaybeEstimate) -> MaybeEstimate:
    """Return the estimate that lies least clearly above zero: all hold only if it does."""
    lacking = [one for one in several if isinstance(one, NotEstimable)]
    if lacking:
        return lacking[0]
    known = [one for one in several if isinstance(one, Estimate)]
    return min(known, key=lambda one: one.value / max((one.high - one.low) / 2, 1e-12))


def all_of(readings: Mapping[str, MaybeEstimate], *, design: Design) -> Figure | NotEstimable:
    """Return the figure of a claim that holds only if each reading lies above zero.

    The one judged comes last: one clearly below zero, else one that can't be told, else the least
    clear.
    """
    known = [one for one in readings.values() if isinstance(one, Estimate)]
    refuted = (name for name, one in readings.items() if isinstance(one, Estimate) and one.high < 0)
    least = weaker(*readings.values())
    if isinstance(least, NotEstimable) and not known:
        return least
    judged = next(refuted, next(name for name, one in readings.items() if one is least))
    ordered = {name: one for name, one in readings.items() if name != judged}
    return Figure(readings=ordered | {judged: readings[judged]}, design=design)
