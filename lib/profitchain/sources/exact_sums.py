"""Sums of numbers with decimals that are the same in any order of rows and on any engine.

A sum of floats depends in its last digits on the order in which rows and threads give their parts.
Here each number counts in whole millionths, which are added up and multiplied without rounding;
what comes out is the float nearest to the exact sum.
"""

from __future__ import annotations

import ibis.expr.datatypes as dt
from ibis.expr.types import Value

PLACES = 6  # decimals of a number that count
MOST = 9.0e12  # larger numbers count as this, so that millionths fit into 64 bits
_WHOLE = dt.Decimal(38, 0)


def millionths(number: Value) -> Value:
    """Return a number in whole millionths, for sums and products that are exact."""
    scaled = number.cast("float64").clip(-MOST, MOST) * float(10**PLACES)
    return (scaled + 0.5).floor().cast("int64")


def whole(number: Value) -> Value:
    """Return a whole number of 38 digits, in which squares and their sums fit."""
    return number.cast(_WHOLE)


def whole_sum(number: Value) -> Value:
    """Return the sum of whole numbers, of 38 digits, for products."""
    return whole(number.sum())  # engines add up whole numbers of 64 bits in more than these


def exact_sum(number: Value, places: int = 0) -> Value:
    """Return the sum of whole numbers as a float, NULL of none.

    Parameters
    ----------
    number : as `millionths` or `whole` give it; a product is one of `whole` numbers.
    places : how many of its digits are decimals: `PLACES` of millionths, twice as many of squares.
    """
    return (whole_sum(number).cast("string") + f"e-{places}").cast("float64")
