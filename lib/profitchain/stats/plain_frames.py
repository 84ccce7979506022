"""The door for a caller's own frame: columns by name, faults in plain words, nothing changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
import pandas as pd

from profitchain.core.errors import ContractError, ParameterError, did_you_mean
from profitchain.core.estimates import Estimate, MaybeEstimate

OPTIONAL = ("month", "revenue", "customer_if_any")  # columns that need not be named
WIDEST = 1e6  # a scale, in points
OF_ANOTHER_ZONE = r"(?<=\d:\d\d)([:.\d]*) ?(?:Z|[+-]\d\d(?::?\d\d)?)$"  # at the end of a moment


def columns_of(frame: pd.DataFrame, **names: str | None) -> pd.DataFrame:
    """Return the columns that a caller names, under our names; rows are numbered anew.

    Examples
    --------
    >>> columns_of(pd.DataFrame({"nps": [9, 6]}, index=["a", "a"]), score="nps", month=None)
       score
    0      9
    1      6
    """
    if not isinstance(frame, pd.DataFrame):
        raise ParameterError(
            f"A table is needed, not {type(frame).__name__}. Pass a pandas DataFrame with one row "
            "an answer, order or customer, and its columns by name."
        )
    columns = {}
    for ours, name in names.items():
        if name is None and ours in OPTIONAL:
            continue
        if name is None or not isinstance(name, Hashable):
            raise ParameterError(
                f"A column's name is needed, not {'None' if name is None else type(name).__name__}."
                f" Name a column of the frame: {', '.join(map(str, frame.columns))}."
            )
        if name not in frame.columns:
            raise ParameterError(
                f"The frame has no column {name!r}. "
                f"{did_you_mean(str(name), map(str, frame.columns))}"
            )
        if isinstance(frame[name], pd.DataFrame):
            raise ParameterError(f"The frame has several columns {name!r}. Rename all but one.")
        column = frame[name].reset_index(drop=True)
        if column.dtype == object:
            holds_many = ~column.map(lambda value: isinstance(value, Hashable))
            _refuse(column, holds_many, name, "which is no single value", "Give one value a row.")
        columns[ours] = column
    return pd.DataFrame(columns)


def option(
    name: str,
    value: object,
    *,
    example: float,
    above: float,
    below: float = np.inf,
    at_most: float = np.inf,
    whole: bool = False,
) -> None:
    """Raise ParameterError for an option that is no number, or lies outside what it may be."""
    if isinstance(value, Real) and not isinstance(value, bool):
        good = above < float(value) < below and float(value) <= at_most
        if good and (isinstance(value, Integral) or not whole):
            return
    ends = [f"above {above:g}"] * (above > -np.inf) + [f"below {below:g}"] * (below < np.inf)
    ends += [f"at most {at_most:g}"] * (at_most < np.inf)
    raise ParameterError(
        f"{name}={value!r} can't be used. Give a {'whole ' * whole}number {' and '.join(ends)}, as "
        f"{name}={example:g}."
    )


def check_level(level: float) -> None:
    """Raise ParameterError for a level of confidence that is none."""
    option("level", level, example=0.95, above=0, below=1)


def numbers(column: pd.Series, name: str, scale: tuple[float, float] | None = None) -> pd.Series:
    """Return a column as floats, NaN where nothing was given; all within `scale`, if one is named.

    Raises ContractError for what is no number, not finite, or off the scale.
    """
    found = pd.to_numeric(column, errors="coerce")
    if found.dtype.kind == "c":
        _refuse(column, column.notna(), name, "which is no real number", "Give its real part.")
    found = found.astype(float)
    _refuse(column, found.isna() & column.notna(), name, "which is no number", "Give numbers.")
    _refuse(column, np.isinf(found), name, "which is not finite", "Give finite numbers.")
    if scale is not None:
        low, high = scale
        off = (found < low) | (found > high)
        said = f"which is not on the scale from {low:g} to {high:g}"
        _refuse(column, off, name, said, "Pass the scale that was asked on, or leave it out.")
    return found


def scores(column: pd.Series, name: str) -> pd.Series:
    """Return scores as floats; ContractError where one point is no step on their scale."""
    found = numbers(column, name)
    width = found.max() - found.min()
    if width > WIDEST or 0 < width < 1 / WIDEST:
        raise ContractError(
            f"{name!r} runs from {found.min():g} to {found.max():g}, a scale on which one point "
            "tells nothing. Mend the wrong scores, or give them on the scale that was asked on."
        )
    return found


def zero_or_one(column: pd.Series, name: str) -> pd.Series:
    """Return a column of yes and no as 1.0 and 0.0, NaN where nothing was given."""
    found = numbers(column, name)
    off = found.notna() & ~found.isin([0.0, 1.0])
    hint = f"Compare it, as in df.assign({name}=df[{name!r}] > 0)."
    _refuse(column, off, name, "but an outcome is 0 or 1", hint)
    return found


def days(column: pd.Series, name: str) -> pd.Series:
    """Return a column of dates, moments or ISO text as days without a time zone.

    Moments keep the day of their own zone. Raises ContractError for what is no date.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        _refuse(column, column.notna(), name, "which is no date", "Use pd.to_datetime first.")
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    kind = getattr(column.dtype, "pyarrow_dtype", column.dtype)
    if getattr(kind, "tz", None) is not None:
        column = column.dt.tz_localize(None)
    if column.dtype.kind != "M":
        text = column.astype("str").str.replace(OF_ANOTHER_ZONE, r"\1", regex=True)
        found = pd.to_datetime(text, format="ISO8601", errors="coerce")
        hint = "Write dates as 2026-03-31, or use pd.to_datetime first."
        _refuse(column, found.isna() & column.notna(), name, "which is no date", hint)
        column = found.where(column.notna())
    return column.astype("datetime64[us]").dt.normalize()


def clusters(customer: pd.Series) -> pd.Series:
    """Return customers as whole numbers, the same for the same one; NaN where none was given."""
    codes = pd.Series(pd.factorize(customer)[0], index=customer.index)
    return codes.where(codes >= 0)


def complete(rows: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Return the rows in which all these columns are given, and how many were left out."""
    known = rows[list(names)].notna().all(axis=1)
    return rows[known].reset_index(drop=True), int((~known).sum())


def with_left_out(estimate: MaybeEstimate, left_out: int) -> MaybeEstimate:
    """Return an estimate whose method says how many rows were left out."""
    if not isinstance(estimate, Estimate) or not left_out:
        return estimate
    clause = f"{left_out} {'row' if left_out == 1 else 'rows'} with missing values left out"
    return replace(estimate, method=f"{estimate.method}; {clause}")


def _refuse(column: pd.Series, wrong: pd.Series, name: str, said: str, hint: str) -> None:
    """Raise for the first of the wrong values, if there is one, and count the others."""
    if not wrong.any():
        return
    first, more = column[wrong].iloc[0], int(wrong.sum()) - 1
    first = first.item() if isinstance(first, np.generic) else first
    others = f" (and {more} more)" if more else ""
    raise ContractError(f"{name!r} holds {first!r}{others}, {said}. {hint}")
