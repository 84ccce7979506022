"""Page 04 of a large firm: many answers are few cells, whose numbers are those of the answers."""

from __future__ import annotations

import resource
import shutil
import time
from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from driver_worlds import DRIVERS, NAMES, answered, firm

import profitchain as pc
from profitchain.core.estimates import to_frame
from profitchain.drivers import from_edition
from profitchain.drivers.comparisons import shares_by_segment, shares_over_time
from profitchain.drivers.moments import read_drivers
from profitchain.drivers.shares import driver_shares
from profitchain.panel import driver_cells
from profitchain.panel.context import Context
from profitchain.sources.temp_tables import save
from profitchain.stats import clusters

SAME = 1e-9
ANSWERS, CUSTOMERS, AT_ONCE = 10_000_000, 500_000, 1_000_000
MOST_SECONDS = 10  # of a processor
SEGMENTS = {"region": ["North", "East", "South", "West"], "size": ["small", "middle", "large"]}
NUMBERS = ["value", "low", "high"]


def with_segments(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Return answers with a region and a size, drawn by lot."""
    return rows.assign(**{name: rng.choice(of, len(rows)) for name, of in SEGMENTS.items()})


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = answered(rng, 1600, skipped=0.05)
    return with_segments(rng, rows.assign(cluster=rows["cluster"] + 1))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, answers: pd.DataFrame) -> pc.Edition:
    return firm(tmp_path_factory.mktemp("small"), answers, segments=[*SEGMENTS])


def test_a_firm_s_cells_give_the_numbers_of_its_single_answers(
    small: pc.Edition, answers: pd.DataFrame
):
    cells, drivers = from_edition.driver_rows(small)
    found, single = (
        driver_shares(read_drivers(*of)) for of in ((cells, drivers), (answers, DRIVERS))
    )
    frames = [to_frame(one.estimates())[NUMBERS] for one in (found, single)]
    pd.testing.assert_frame_equal(*frames, rtol=0, atol=SAME)
    days = pd.date_range("2026-01-01", "2026-09-30", periods=len(answers))
    periods = [period.name for period in small.periods]
    dated = answers.assign(period=days.to_period("Q").astype(str))
    drift = [from_edition.drift_of(small)[0], shares_over_time(dated, DRIVERS, periods)[0]]
    groups = [
        from_edition.segments_of(small)[0],
        shares_by_segment(answers, DRIVERS, [*SEGMENTS])[0],
    ]
    for pair in (drift, groups):
        assert pair[0]["value"].notna().sum() > 8
        pd.testing.assert_frame_equal(*(one[NUMBERS] for one in pair), rtol=0, atol=SAME)


def test_where_customers_share_clusters_only_intervals_differ(
    small: pc.Edition, tmp_path: Path, answers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clusters, "MANY", len(answers) - 1)
    many = firm(tmp_path, answers, segments=[*SEGMENTS])
    for summary, buckets in (
        ("driver_cells", 256),
        ("driver_periods", 64),
        ("driver_segments", 64),
    ):
        assert small.table(summary)["cluster"].nunique() == len(answers) / 2
        assert many.table(summary)["cluster"].nunique() == buckets
        assert small.table(summary)["n"].sum() == many.table(summary)["n"].sum()
    for frames in (from_edition.drift_of, from_edition.segments_of):
        one, other = frames(small)[0], frames(many)[0]
        assert one["value"].to_numpy() == pytest.approx(
            other["value"].to_numpy(), abs=SAME, nan_ok=True
        )
        widths = (one["high"] - one["low"]) / (other["high"] - other["low"])
        assert widths.median() == pytest.approx(1, abs=0.2)


def large(small: pc.Edition, folder: Path) -> pc.Edition:
    """Return an edition whose answers are ten million, of half a million customers."""
    shutil.copytree(small.folder, folder)
    con, rng = ibis.duckdb.connect(), np.random.default_rng(2)
    for part in range(ANSWERS // AT_ONCE):
        rows = with_segments(rng, answered(rng, AT_ONCE, skipped=0.05))
        rows["cluster"] = rows["cluster"] % CUSTOMERS % driver_cells.BUCKETS
        day = rng.integers(0, 731, AT_ONCE).astype("timedelta64[D]")
        rows["responded_at"] = np.datetime64("2024-10-01", "us") + day
        if part:
            con.insert("answers", rows)
        else:
            con.create_table("answers", rows)
    table = con.table("answers").rename(nps="score")
    context = Context(company=small.company, period=small.period, tables={"responses": table})
    for name in ("driver_cells", "driver_periods", "driver_segments"):
        save(
            con, getattr(driver_cells, name)(context, table, many=True), folder / f"{name}.parquet"
        )
    return replace(small, folder=folder)


@pytest.mark.slow
def test_page_04_of_ten_million_answers_takes_seconds(small: pc.Edition, tmp_path: Path):
    """All of the page's own work but the curve of worth. Measured figures are printed (-s)."""
    edition = large(small, tmp_path / "large")
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    figures = from_edition.driver_figures(edition)
    from_edition.drift_of(edition)
    from_edition.segments_of(edition)
    seconds = time.process_time() - started
    cells = {
        name: len(edition.table(f"driver_{name}")) for name in ("cells", "periods", "segments")
    }
    print(f"{figures.answered:,} answers of the lookback; {cells}; {seconds:.1f} s; {before}")
    assert figures.names == [*NAMES]
    assert seconds < MOST_SECONDS
