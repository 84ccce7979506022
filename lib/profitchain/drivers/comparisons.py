"""Whether what matters drifts from period to period, or differs between groups of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable, to_frame
from profitchain.drivers.moments import Driver, DriverAnswers, read_drivers
from profitchain.drivers.shares import DriverShares, driver_shares
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import Wald, stacked, wald_test
from profitchain.stats.ratios import holm

ALIKE = (0.8, 1.25)  # a group's spread of answers, as a multiple of everybody's
EQUAL_SHARES = "Wald test of equal shares; clustered by customer"


Tests = dict[tuple[str, str], Wald]  # by segment ("" of all) and driver


def shares_over_time(
    cells: pd.DataFrame, drivers: Sequence[Driver], periods: Sequence[str]
) -> tuple[pd.DataFrame, Tests]:
    """Return each driver's share of what is explained, period by period, and whether it drifts.

    Parameters
    ----------
    cells : as `read_drivers`, and `period`.

    Returns
    -------
    One row a period and driver: period, driver, value, low, high, n, why; and by driver the test
    that its share is the same in all periods that can be told, p adjusted by Holm's method.
    """
    frames, known = [], []
    for period in periods:
        shares = _shares(cells[cells["period"] == period], drivers)
        frames.append(_rows(shares, drivers).assign(period=period))
        if isinstance(shares, DriverShares):
            known.append(shares.explained)
    return pd.concat(frames, ignore_index=True), _adjusted(_all_equal(known, drivers))


def shares_by_segment(
    cells: pd.DataFrame, drivers: Sequence[Driver], segments: Sequence[str]
) -> tuple[pd.DataFrame, Tests]:
    """Return each driver's share of what is explained in each group, where groups compare.

    A share grows with how far answers spread, so that groups are compared only where those of
    every driver spread about as everybody's do (0.8 to 1.25 times).

    Parameters
    ----------
    cells : as `read_drivers`, and each segment, empty where a row tells nothing of its groups.

    Returns
    -------
    One row a segment, group and driver: segment, group, driver, value, low, high, n, why; and by
    segment and driver the test that its share is the same in all groups, as `shares_over_time`.
    """
    frames: list[pd.DataFrame] = []
    tests: Tests = {}
    for segment in segments:
        known = []
        every = read_drivers(cells[cells[segment].notna()], drivers)
        for group, rows in cells.groupby(segment, observed=True):
            shares = _shares(rows, drivers, every)
            frames.append(_rows(shares, drivers).assign(segment=segment, group=str(group)))
            if isinstance(shares, DriverShares):
                known.append(shares.explained)
        tests |= _all_equal(known, drivers, segment)
    names = ["segment", "group", "driver", "value", "low", "high", "n", "why"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)
    return frame[names], _adjusted(tests)


def _all_equal(known: Sequence[Quantities], drivers: Sequence[Driver], of: str = "") -> Tests:
    """Return for each driver the test that its share is the same in all of these."""
    if len(known) < 2:
        return {}
    together, many = stacked(known), len(drivers)
    tests = {}
    for place, driver in enumerate(drivers):
        rows = np.zeros((len(known) - 1, many * len(known)))
        for row, (one, other) in enumerate(pairwise(range(len(known)))):
            rows[row, many * one + place], rows[row, many * other + place] = -1.0, 1.0
        tests[of, driver.name] = wald_test(together.combine(rows), EQUAL_SHARES)
    return tests


def _adjusted(tests: Tests) -> Tests:
    """Return tests with Holm's p, over all of them."""
    p = holm([test.p for test in tests.values()])
    pairs = zip(tests.items(), p, strict=True)
    return {key: replace(test, p=float(one)) for (key, test), one in pairs}


def _shares(
    cells: pd.DataFrame,
    drivers: Sequence[Driver],
    every: DriverAnswers | NotEstimable | None = None,
) -> DriverShares | NotEstimable:
    answers = read_drivers(cells, drivers)
    if isinstance(answers, NotEstimable):
        return answers
    if len(answers.drivers) < len(drivers):
        return NotEstimable("a_driver_never_varies", n=answers.answers)
    if isinstance(every, DriverAnswers):
        if every.columns.shape[1] != answers.columns.shape[1]:
            return NotEstimable("answers_spread_unlike", n=answers.answers)
        ratio = answers.spread / every.spread
        if ratio.min() < ALIKE[0] or ratio.max() > ALIKE[1]:
            return NotEstimable("answers_spread_unlike", n=answers.answers)
    return driver_shares(answers)


def _rows(shares: DriverShares | NotEstimable, drivers: Sequence[Driver]) -> pd.DataFrame:
    names = [driver.name for driver in drivers]
    if isinstance(shares, NotEstimable):
        return to_frame([shares] * len(names), driver=names)
    return to_frame(shares.estimates(), driver=names)
