"""Page 04 of a large firm: what it counts from cells stays quick."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from driver_worlds import answered

from profitchain.core.estimates import NotEstimable
from profitchain.drivers.comparisons import shares_by_segment, shares_over_time
from profitchain.drivers.from_edition import performance
from profitchain.drivers.halo import equal_slopes, two_sides
from profitchain.drivers.mending import mending, one_point_more, probit_of
from profitchain.drivers.moments import Driver, read_drivers
from profitchain.drivers.shares import driver_shares
from profitchain.drivers.skips import skip_check

ANSWERS = 830_000  # of 10 million, those of the 250,000 customers drawn from 3 million
MOST_SECONDS = 10  # of a processor


@pytest.mark.slow
def test_the_page_s_own_work_on_ten_million_answers_takes_seconds():
    rng, n = np.random.default_rng(1), ANSWERS
    rows = answered(rng, n, weights=(0.85, 0.7, 0.5, 0.3, 0.2), skipped=0.05)
    rows["cluster"] %= 256
    rows["region"] = rng.choice(["North", "East", "South", "West"], n)
    rows["period"] = rng.choice([f"P{at}" for at in range(8)], n)
    drivers = [Driver(name=f"driver{at}", column=f"driver{at}") for at in range(5)]
    cells = rows.groupby([c for c in rows if c != "n"], dropna=False)["n"].sum().reset_index()
    started = time.process_time()
    lately = pd.DataFrame(cells[cells["period"] >= "P4"])
    answers = read_drivers(lately, drivers)
    shares, model = driver_shares(answers), probit_of(answers)
    one_point_more(answers, model)
    equal_slopes(answers, model)
    two_sides(answers)
    mending(answers, model, NotEstimable("no_orders_to_worth"))
    performance(lately, drivers)
    skip_check(lately, drivers, shares)
    shares_over_time(cells, drivers, [f"P{at}" for at in range(8)])
    shares_by_segment(lately, drivers, ["region"])
    seconds = time.process_time() - started
    print(f"{n:,} answers in {len(cells):,} cells: {seconds:.1f} seconds of a processor")
    assert seconds < MOST_SECONDS
