"""The door for a caller's own frame: columns by name, faults in plain words, nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.errors import ContractError, ParameterError, did_you_mean
from profitchain.core.estimates import Estimate, MaybeEstimate


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
    for own_name, name in names.items():
        if name is None:
            continue
        if name not in frame.columns:
            raise ParameterError(
                f"{own_name}={name!r}: the frame has no such column. "
                f"{did_you_mean(str(name), map(str, frame.columns))}"
            )
        if isinstance(frame[name], pd.DataFrame):
            raise ParameterError(
                f"{own_name}={name!r}: the frame has several columns of this name. "
                "Rename all but one."
            )
        columns[own_name] = frame[name].reset_index(drop=True)
    return pd.DataFrame(columns)


def numbers(column: pd.Series, name: str, scale: tuple[float, float] | None = None) -> pd.Series:
    """Return a column as floats, NaN where nothing was given; all within `scale`, if one is named.

    Raises ContractError for what is no number, not finite, or off the scale.
    """
    values = pd.to_numeric(column, errors="coerce").astype(float)
    _refuse(column, values.isna() & column.notna(), name, "which is no number", "Give numbers.")
    _refuse(column, np.isinf(values), name, "which is not finite", "Give finite numbers.")
    if scale is not None:
        low, high = scale
        off = (values < low) | (values > high)
        fault = f"which is not on the scale from {low:g} to {high:g}"
        _refuse(column, off, name, fault, "Pass the scale that was asked on, or leave it out.")
    return values


def zero_or_one(column: pd.Series, name: str) -> pd.Series:
    """Return a column of yes and no as 1.0 and 0.0, NaN where nothing was given."""
    values = numbers(column, name)
    off = values.notna() & ~values.isin([0.0, 1.0])
    hint = f"Compare it, as in df.assign({name}=df[{name!r}] > 0)."
    _refuse(column, off, name, "but an outcome is 0 or 1", hint)
    return values


def days(column: pd.Series, name: str) -> pd.Series:
    """Return a column of dates, moments or ISO text as days without a time zone.

    Moments keep the day of their own zone. Raises ContractError for what is no date.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        _refuse(column, column.notna(), name, "which is no date", "Use pd.to_datetime first.")
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    if column.dtype.kind != "M":
        dates = pd.to_datetime(column.astype("str"), format="ISO8601", errors="coerce")
        hint = "Write dates as 2026-03-31, or use pd.to_datetime first."
        _refuse(column, dates.isna() & column.notna(), name, "which is no date", hint)
        column = dates.where(column.notna())
    return column.dt.normalize()


def clusters(customer: pd.Series) -> pd.Series:
    """Return customers as whole numbers, the same for the same one; NaN where none was given."""
    codes = pd.Series(pd.factorize(customer)[0], index=customer.index)
    return codes.where(codes >= 0)


def complete(rows: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Return the rows in which all these columns are given, and how many were left out."""
    is_complete = rows[list(names)].notna().all(axis=1)
    return rows[is_complete].reset_index(drop=True), int((~is_complete).sum())


def with_left_out(estimate: MaybeEstimate, left_out: int) -> MaybeEstimate:
    """Return an estimate whose method says how many rows were left out."""
    if not isinstance(estimate, Estimate) or not left_out:
        return estimate
    clause = f"{left_out} {'row' if left_out == 1 else 'rows'} with missing values left out"
    return replace(estimate, method=f"{estimate.method}; {clause}")


def _refuse(column: pd.Series, wrong: pd.Series, name: str, fault: str, hint: str) -> None:
    """Raise for the first of the wrong values, if there is one, and count the others."""
    if not wrong.any():
        return
    first, more = column[wrong].iloc[0], int(wrong.sum()) - 1
    others = f" (and {more} more)" if more else ""
    raise ContractError(f"{name!r} holds {first!r}{others}, {fault}. {hint}")
