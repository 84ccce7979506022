"""Sums of numbers with decimals: the exact ones, in any order, with one thread or several."""

from __future__ import annotations

from fractions import Fraction

import ibis
import numpy as np
import pandas as pd
import pytest

from profitchain.sources.exact_sums import MOST, PLACES, exact_sum, millionths, whole, whole_sum

ROWS = 300_000  # more than one thread takes at a time


def summed(values: list[float | None] | np.ndarray, threads: int = 1) -> tuple[float, float]:
    """Return the sum of some numbers and of their squares."""
    con = ibis.duckdb.connect(threads=threads)
    rows = con.create_table("t", pd.DataFrame({"x": pd.array(values, "Float64")}))
    x = millionths(rows.x)
    sums = con.execute(
        rows.aggregate(one=exact_sum(x, PLACES), two=exact_sum(whole(x) * whole(x), 2 * PLACES))
    )
    con.disconnect()
    return sums["one"].iloc[0], sums["two"].iloc[0]


def test_the_sum_is_the_float_nearest_to_the_exact_one():
    numbers = ["0.1"] * 10 + ["0.7", "-3.3", "123456.789012", "0"]
    exact = [Fraction(number) for number in numbers]
    one, two = summed([float(number) for number in numbers])
    assert one == float(sum(exact))
    assert two == float(sum(number**2 for number in exact))
    assert sum([0.1] * 10) != 1.0 == summed([0.1] * 10)[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_neither_the_order_of_rows_nor_threads_change_a_bit(threads):
    rng = np.random.default_rng(24)
    values = np.round(rng.lognormal(2, 3, ROWS), 3)
    first = summed(values)
    assert float(values.sum()) != float(values[::-1].sum())  # as floats they do
    assert summed(rng.permutation(values), threads) == first


def test_squares_of_large_whole_numbers_are_exact():
    con = ibis.duckdb.connect()
    given = [9_007_199_254_740_993, -2_000_000_001, 3]
    rows = con.create_table("t", ibis.memtable({"x": given}).cast({"x": "int64"}))
    each = rows.group_by("x").aggregate(total=whole_sum(rows.x))
    told = con.execute(each.aggregate(s=exact_sum(each.total * whole(each.x))))["s"].iloc[0]
    assert told == float(sum(number**2 for number in given))


def test_nothing_sums_up_to_nothing_and_too_much_to_the_most():
    assert all(map(pd.isna, summed([None, None])))
    assert summed([None, 2.5])[0] == 2.5
    assert summed([1e300])[0] == MOST
