"""What a large firm's answers are put together by in the engine: bands of orders and of days.

Two numbers share a band if, one added to each, they lie in the same quarter of a doubling: 0 to 6
stand alone, then come 7 and 8, 9 and 10, 11 to 13. So bands are of one width in the logarithm that
enters a model, and each group of answers alike keeps the mean logarithm of its own. What that
leaves out stands in `compression`. Whole numbers alone are added up, so that every run writes the
same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import log

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.panel.panel import HISTORY, OUTCOMES
from profitchain.stats.clusters import A_DOUBLING

CODES = 256  # more than there are bands
UNIT = 10**9  # logarithms are added up in whole numbers: the same sum in any order
DECIMALS = 6


def link_tables(rows: Table, controls: Sequence[str] = ()) -> tuple[Table, Table]:
    """Return the panel put together by bands, and the single answers in the order of its rows.

    Parameters
    ----------
    rows : `panel.panel`; one row an answer.
    controls : what a model will read, so that what differs in nothing else comes together.

    Returns
    -------
    The columns of `panel.link_cells` but for `cluster`, one row a group; a number of the history is
    that whose log1p is the mean of its answers' (-1: none before). And one row an answer: cluster,
    orders, spend, margin; in each group those without a repeat come first.
    """
    outcomes = [name for name in OUTCOMES if name in rows.columns]
    summed = {*outcomes, *HISTORY, "repeat", "cluster"}
    keys = [name for name in rows.columns if name not in summed]
    read = [name for name in ("score", *controls) if name in keys]
    order = [*read[:1], "history", *read[1:], *(name for name in keys if name not in read)]
    rows = rows.mutate(**{_log(name): _logarithm(rows[name]) for name in HISTORY})
    rows = rows.mutate(history=reduce(_joined, (_band(rows, name) for name in HISTORY)))
    sums = {name: rows[name].sum() for name in outcomes}
    logs = {_log(name): _whole(rows[_log(name)]).sum() for name in HISTORY}
    least = {name: rows[name].min() for name in HISTORY}
    counts = {"n": rows.count(), "repeats": rows.repeat.sum()}
    groups = rows.group_by([*keys, "history"]).aggregate(**least, **counts, **sums, **logs)
    groups = groups.mutate(**{name: _number(groups, name) for name in HISTORY})
    groups = groups.cast(dict.fromkeys(counts, "int32")).order_by(order)
    columns = [*keys, *HISTORY, *counts, *outcomes]
    answers = rows.cast({"cluster": "int32"})
    answers = answers.order_by([*order, "repeat", "cluster", *outcomes])
    return groups.select(*columns), answers.select("cluster", *outcomes)


def _log(name: str) -> str:
    return f"{name}_log"


def _logarithm(number: Column) -> Value:
    """Return log1p of a count, 0 where there is none."""
    return (ibis.greatest(number, 0) + 1).cast("float64").ln()


def _band(rows: Table, name: str) -> Value:
    """Return a count's band (as `compression.band`, but from 1); 0 where there is none."""
    band = (rows[_log(name)] * (A_DOUBLING / log(2)) + 1e-9).floor().cast("int64")
    return ibis.ifelse(rows[name] < 0, 0, band + 1)


def _joined(code: Value, band: Value) -> Value:
    return code * CODES + band


def _whole(logarithm: Column) -> Value:
    return (logarithm * float(UNIT)).round().cast("int64")


def _number(groups: Table, name: str) -> Value:
    """Return the number whose log1p is the mean of a group's, -1 where there is none."""
    mean = groups[_log(name)].cast("float64") / float(UNIT) / groups.n
    return ibis.ifelse(groups[name] < 0, -1.0, (mean.exp() - 1).round(DECIMALS))
