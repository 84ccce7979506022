"""What those whom something reached brought above others, with each customer's part of the error.

Customers are independent of one another, their months are not: all that one customer brings to a
number, as a member or as a comparison in several months, is added up before it is squared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable

FEWEST_MEMBERS = 30  # to follow for a year


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Money a year above others (`value`), and what the reached had themselves (`level`).

    `parts` and `level_parts` hold each customer's part of the error: their squares add up to the
    variance. `treated` and `compared` count customers.
    """

    value: float
    parts: np.ndarray
    level: float
    level_parts: np.ndarray
    treated: int
    compared: int
    method: str

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.parts @ self.parts))

    @property
    def n(self) -> int:
        """How many customers weigh in it; one may do so on both sides."""
        return int(np.count_nonzero(self.parts)) or self.treated + self.compared


def in_money(contrast: Contrast | NotEstimable, *, unit: str) -> MaybeEstimate:
    """Return a contrast in money with its 95% interval; n counts the customers of both sides."""
    if isinstance(contrast, NotEstimable):
        return contrast
    return _with_interval(contrast.value, contrast.error, contrast, unit)


def relative(contrast: Contrast | NotEstimable) -> MaybeEstimate:
    """Return a contrast as a share of what the reached would have had without it (delta method)."""
    if isinstance(contrast, NotEstimable):
        return contrast
    without = contrast.level - contrast.value
    if not without > 0:
        return NotEstimable("nothing_to_compare_with", n=contrast.n)
    share = contrast.value / without
    parts = (contrast.parts * (1 + share) - share * contrast.level_parts) / without
    return _with_interval(share, float(np.sqrt(parts @ parts)), contrast, "share")


def scaled(contrast: Contrast, factor: float) -> Contrast:
    """Return a contrast of another span of time."""
    return replace(
        contrast, value=contrast.value * factor, parts=contrast.parts * factor,
        level=contrast.level * factor, level_parts=contrast.level_parts * factor,
    )  # fmt: skip


def added(contrasts: list[Contrast]) -> Contrast:
    """Return contrasts of spans that follow one another as one, with the first one's counts."""
    return replace(
        contrasts[0],
        **{name: sum(getattr(one, name) for one in contrasts)
           for name in ("value", "parts", "level", "level_parts")},
    )  # fmt: skip


def two_means(
    values: np.ndarray, treated: np.ndarray, compared: np.ndarray, *, method: str
) -> Contrast:
    """Return the mean of some customers less that of others.

    Parameters
    ----------
    values : of each customer; treated, compared: which of them.
    """
    parts, level_parts = np.zeros(len(values)), np.zeros(len(values))
    means = []
    for side, sign in ((treated, 1), (compared, -1)):
        n, mean = int(side.sum()), float(values[side].mean())
        means.append(mean)
        parts[side] += sign * (values[side] - mean) / np.sqrt(n * (n - 1))
        if sign == 1:
            level_parts[side] = parts[side]
    return Contrast(
        value=means[0] - means[1], parts=parts, level=means[0], level_parts=level_parts,
        treated=int(treated.sum()), compared=int(compared.sum()), method=method,
    )  # fmt: skip


def _with_interval(value: float, error: float, contrast: Contrast, unit: str) -> Estimate:
    df = max(min(contrast.treated, contrast.compared) - 1, 1)
    half = float(scipy.stats.t.ppf(0.975, df)) * error
    return Estimate(value=value, low=value - half, high=value + half, unit=unit,
                    n=contrast.n, method=contrast.method)  # fmt: skip
