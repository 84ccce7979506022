"""Waits: medians with open contacts as waiting, by hand and as statsmodels has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import Estimate
from profitchain.watch.contacts import median_wait, survival


def waits(*rows: tuple[float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["hours", "event"]).assign(contacts=1)


def test_open_contacts_wait_longer_than_the_closed_alone_would_say():
    rows = waits(*[(float(h), 1) for h in range(1, 11)], *[(20.0, 0)] * 8)
    closed = median_wait(rows[rows["event"] == 1])
    assert median_wait(rows).value == 9.0 and closed.value == 5.0


def test_the_curve_is_that_of_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(1)
    hours, event = rng.exponential(10, 80).round(0) + 1, (rng.random(80) < 0.7).astype(int)
    ours = survival(pd.DataFrame({"hours": hours, "event": event, "contacts": 1}))
    theirs = SurvfuncRight(hours, event)
    assert ours["waiting"].to_numpy() == pytest.approx(theirs.surv_prob)
    median = median_wait(pd.DataFrame({"hours": hours, "event": event, "contacts": 1}))
    assert median.value == theirs.quantile(0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = theirs.quantile_ci(0.5, method="cloglog")
    assert (median.low, median.high) == pytest.approx((low, high), abs=2.1)


def test_counts_stand_for_rows():
    rows = waits((1.0, 1), (2.0, 1), (2.0, 1), (3.0, 0), *[(5.0, 1)] * 8)
    put_together = rows.groupby(["hours", "event"], as_index=False)["contacts"].sum()
    assert median_wait(put_together) == median_wait(rows)


def test_closed_before_opened_is_left_out_and_too_few_is_said():
    rows = waits(*[(float(h), 1) for h in range(1, 12)], (0.0, -1), (0.0, -1))
    assert isinstance(median_wait(rows), Estimate) and median_wait(rows).n == 11
    assert median_wait(rows.head(5)).why.key == "too_few_contacts"
    assert median_wait(waits(*[(9.0, 0)] * 20)).why.key == "more_than_half_wait"
