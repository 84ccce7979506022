"""What a number is here: a value with interval, n and unit, or a reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal

import pandas as pd

NUMBERS = ("value", "low", "high")
USUAL_LEVEL = 0.95

Verdict = Literal["up", "down", "no clear change"]
GRADES = ("contradictory", "weak", "moderate", "strong")  # recorded as 0 to 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number that may be shown: never bare.

    `value`, `low` and `high` are finite and in `unit` ("share" 0..1, "points" -100..100, "score",
    "days", "orders", "customers", "answers", "ratio", "grade" (a place in `GRADES`), or a currency
    code for money in whole units);
    `n` counts what `of` names. A count of everything has `low == value == high`.
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    level: float = USUAL_LEVEL
    method: str = ""

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(
                f"An Estimate needs finite numbers, got {self.value}, {self.low}, {self.high}. "
                "Return NotEstimable(reason) where a number can't be stood behind."
            )
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"{self.value} lies outside its own interval {self.low} to {self.high}."
            )

    @property
    def spans_zero(self) -> bool:
        """Whether the interval includes zero, so that even the sign is unsure."""
        return self.low <= 0 <= self.high

    @property
    def verdict(self) -> Verdict:
        """What may be said of this number if it is a change."""
        if self.spans_zero:
            return "no clear change"
        return "up" if self.low > 0 else "down"

    def times(self, factor: float, unit: str | None = None) -> Estimate:
        """Return the same estimate in another measure, `factor` times as large."""
        low, high = sorted((self.low * factor, self.high * factor))
        return replace(self, value=self.value * factor, low=low, high=high, unit=unit or self.unit)

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as a frame of one row: value, low, high, n, why (""), unit."""
        return to_frame([self]).assign(unit=self.unit)

    @classmethod
    def of(cls, row: Any, *, unit: str = "", prefix: str = "") -> Estimate | NotEstimable:
        """Return a row of `to_frame` as what it was made from; `unit` where no column names it.

        Parameters
        ----------
        row : a row of a frame, by `itertuples` or as a Series
            Reads value, low, high, with `prefix` before their names, and why, if there is one; n;
            level, where it isn't that of all.
        """
        value, low, high = (float(getattr(row, prefix + name)) for name in NUMBERS)
        n, why = int(row.n), getattr(row, f"{prefix}why", "")
        if why or math.isnan(value):
            return NotEstimable(why or "too_few_to_say", n=n)
        level = float(getattr(row, "level", USUAL_LEVEL))
        return cls(value=value, low=low, high=high, n=n, unit=unit or row.unit, level=level)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a number can't be given: a key of `words.reasons`, and the values its sentence names."""

    key: str
    values: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> Reason:
        """Return a reason with its values by name; a value may be a reason itself."""
        return cls(key, tuple(values.items()))


@dataclass(frozen=True, slots=True, init=False)
class NotEstimable:
    """A number that we can't stand behind, with the reason and the n at hand.

    It takes the place of an `Estimate` wherever one may be missing: sentences give the reason,
    charts leave a gap, findings leave it out.

    Examples
    --------
    >>> NotEstimable("too_few_customers", n=8, needed=10).why
    Reason(key='too_few_customers', values=(('needed', 10),))
    """

    why: Reason
    n: int

    def __init__(self, key: str | Reason, /, *, n: int = 0, **values: object) -> None:
        why = Reason.of(key, **values) if isinstance(key, str) else key
        object.__setattr__(self, "why", why)
        object.__setattr__(self, "n", n)

    def __str__(self) -> str:
        """The reason as a sentence: its words stand above, and are loaded when first printed."""
        return f"{import_module('profitchain.words.reasons').text(self)} (n = {self.n:,})"

    def to_frame(self) -> pd.DataFrame:
        """Return the missing number as a frame of one row: value, low, high (NaN), n, why, unit."""
        return to_frame([self]).assign(unit="")


MaybeEstimate = Estimate | NotEstimable


def counted(value: float, *, unit: str, n: int | None = None) -> Estimate:
    """Return a figure that was counted in full, not sampled: its interval is itself.

    Examples
    --------
    >>> counted(12, unit="orders").low
    12.0
    """
    value = float(value)
    number = round(value) if n is None else int(n)
    return Estimate(
        value=value, low=value, high=value, n=number, unit=unit, method="counted in full"
    )


def with_n(estimate: MaybeEstimate, n: float) -> MaybeEstimate:
    """Return the same with another count behind it."""
    if isinstance(estimate, NotEstimable):
        return NotEstimable(estimate.why, n=int(n))
    return replace(estimate, n=int(n))


def product(first: MaybeEstimate, second: MaybeEstimate) -> MaybeEstimate:
    """Return two estimates multiplied, in the unit of the first, as if neither knew the other.

    The interval is the delta method's (Goodman 1960, JASA 55: 708-713).

    Examples
    --------
    >>> number = {"low": 1.0, "high": 3.0, "n": 9, "unit": "EUR"}
    >>> one = Estimate(value=2.0, **number)
    >>> round(float(product(one, one).high), 3)
    6.828
    """
    if isinstance(first, NotEstimable):
        return first
    if isinstance(second, NotEstimable):
        return second
    value = first.value * second.value
    half = math.hypot(
        second.value * (first.high - first.low) / 2, first.value * (second.high - second.low) / 2
    )
    ends = {"value": value, "low": value - half, "high": value + half}
    return Estimate(**ends, n=second.n, unit=first.unit, method="delta")


def to_frame(estimates: Iterable[MaybeEstimate], **labels: Iterable[object]) -> pd.DataFrame:
    """Return one row an estimate: the labels, value, low, high (NaN where `why` says so), n, why.

    Examples
    --------
    >>> estimates = [counted(12, unit="orders"), NotEstimable("nothing_counted")]
    >>> to_frame(estimates, month=["May", "June"])[["month", "value", "low", "high", "n"]]
      month  value   low  high   n
    0   May   12.0  12.0  12.0  12
    1  June    NaN   NaN   NaN   0
    """
    rows = [
        (estimate.value, estimate.low, estimate.high, estimate.n, "")
        if isinstance(estimate, Estimate)
        else (math.nan, math.nan, math.nan, estimate.n, estimate.why)
        for estimate in estimates
    ]
    numbers = pd.DataFrame(rows, columns=[*NUMBERS, "n", "why"])
    return pd.concat([pd.DataFrame(labels), numbers], axis=1)


def to_columns(estimates: Iterable[MaybeEstimate], prefix: str) -> pd.DataFrame:
    """Return estimates as columns `prefix_value`, `_low`, `_high`, `_why` and `_unit`."""
    estimates = list(estimates)
    units = [getattr(estimate, "unit", "") for estimate in estimates]
    frame = to_frame(estimates).drop(columns="n").assign(unit=units)
    return frame.add_prefix(f"{prefix}_")
