"""Turns whole numbers of the invented world into columns as a firm would write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.behaviour import START


def ids(letter: str, numbers: np.ndarray, digits: int) -> pa.Array:
    """Return readable keys: `ids("C", [7], 6)` is C000007; more digits where they are needed."""
    left = np.array(numbers, dtype=np.int64)
    digits = max(digits, len(str(left.max(initial=0))))
    text = np.empty((len(left), 1 + digits), dtype=np.uint8)
    text[:, 0] = ord(letter)
    for place in range(digits, 0, -1):
        tens = left // 10
        text[:, place] = left - 10 * tens + ord("0")
        left = tens
    ends = np.arange(len(text) + 1, dtype=np.int32) * text.shape[1]
    return pa.Array.from_buffers(
        pa.string(), len(text), [None, pa.py_buffer(ends), pa.py_buffer(text)]
    )


def known_only(column: pa.Array, known: np.ndarray) -> pa.Array:
    """Return the column with the rows that aren't known left empty."""
    return pc.if_else(pa.array(np.asarray(known, dtype=bool)), column, pa.scalar(None, column.type))


def words(names: Sequence[str], codes: np.ndarray) -> pa.Array:
    """Return the name of each code."""
    return pa.array(list(names), type=pa.string()).take(pa.array(np.asarray(codes, dtype=np.int32)))


def stamps(seconds: np.ndarray) -> pa.Array:
    """Return local wall times from seconds since START.

    The hour from 2 to 3 at night, which the clocks skip or repeat twice a year, is moved on.
    """
    seconds = np.asarray(seconds, dtype=np.int64)
    seconds = seconds + np.where(seconds % 86_400 // 3600 == 2, 3600, 0)
    return pa.array(START + seconds.astype("timedelta64[s]"), type=pa.timestamp("s"))


def days(seconds: np.ndarray) -> pa.Array:
    """Return the local days of seconds since START."""
    return stamps(seconds).cast(pa.date32(), safe=False)


def money(cents: np.ndarray) -> pa.Array:
    """Return exact amounts with two decimals from whole cents."""
    cents = np.ascontiguousarray(cents, dtype=np.int64)
    halves = np.column_stack([cents, cents >> 63])  # a decimal is 128 bits, the low half first
    amounts = [None, pa.py_buffer(np.ascontiguousarray(halves).tobytes())]
    return pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), amounts)


def whole(numbers: np.ndarray, known: np.ndarray | None = None) -> pa.Array:
    """Return whole numbers, empty where not known."""
    column = pa.array(np.asarray(numbers, dtype=np.int64))
    return column if known is None else known_only(column, known)


def sorted_by(table: pa.Table, seconds: np.ndarray) -> pa.Table:
    """Return the rows in order of time."""
    return table.take(pa.array(np.argsort(seconds, kind="stable")))
