"""Rolling windows of answers followed keep what was published of their periods."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_audit import SEGMENTS, answers
from test_ledger import company, prepared, shop  # noqa: F401

from profitchain.disclosure import restating
from profitchain.disclosure.gate import PUBLISHED

SUMS = ["n", "repeats"]
LOOKS = ("score", *SEGMENTS)


def lives(n: int = 340) -> pd.DataFrame:
    rows = shop(n)
    rng = np.random.default_rng(4)
    rows["repeats"] = rng.integers(0, 2, n)
    return rows.assign(orders=rows["repeats"], spend=rows["repeats"] * rng.integers(100, 900, n))


def cells(rows: pd.DataFrame, name: str, folder: Path, company) -> pd.DataFrame:  # noqa: F811
    """Return the answers followed as pages of an edition read them; write the edition down."""
    folder.mkdir(parents=True, exist_ok=True)
    every = "month" if "-" in name else "quarter" if "Q" in name else "year"
    own = rows[rows[every] <= name].assign(closes=lambda r: r[every], in_lookback=True)
    keys = ["score", "closes", "in_lookback", "cluster", *SEGMENTS]
    summary = own.groupby(keys, as_index=False)[[*SUMS, "orders", "spend"]].sum()
    summary.to_parquet(folder / "link_cells.parquet")
    gate = prepared(company, rows, name, folder)
    restating.write_down(company, gate, folder)
    found = gate.completed("link_cells", summary)
    inside = found[found["in_lookback"].astype(bool)]
    assert (inside["n"] > 0).all() and inside["repeats"].between(0, inside["n"]).all()
    return found


def looks(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Return answers and repeats of the whole window: of all, by score, by group."""
    inside = frame[frame["in_lookback"].astype(bool)]
    return [inside.groupby(column)[SUMS].sum() for column in LOOKS]


@pytest.fixture
def said_before(company, tmp_path):  # noqa: F811
    """Publish a year's quarters; return the last window."""
    rows = lives()
    names = [f"2025Q{number}" for number in range(1, 5)]
    return [cells(rows, name, tmp_path / name, company) for name in names][-1]


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_window_said_before_says_the_same_of_scores_and_groups(
    company,  # noqa: F811
    tmp_path,
    said_before,
    count: int,
) -> None:
    """The year's window is the last quarter's: whoever is erased between is told by neither."""
    rows = lives()
    gone = np.random.default_rng(2).permutation(rows["cluster"].unique())[:count]
    left = rows[~rows["cluster"].isin(gone)]
    later = cells(left, "2025", tmp_path / "later", company)
    assert len(left) < len(rows)
    assert not (later["cluster"] == PUBLISHED).any()
    assert set(later["cluster"]) <= set(left["cluster"])
    for now, was in zip(looks(later), looks(said_before), strict=True):
        pd.testing.assert_frame_equal(now, was, check_dtype=False)


@pytest.mark.parametrize("what", ["come late", "came back no more", "came and went"])
def test_whatever_changes_since_the_window_says_the_same(
    company,  # noqa: F811
    tmp_path,
    said_before,
    what: str,
) -> None:
    rows = lives()
    late = rows.iloc[[5, 90]].assign(cluster=[-1, -2], score=[0, 10])
    not_back = rows["cluster"].isin(rows.loc[rows["repeats"] == 1, "cluster"].iloc[:4])
    changed = {
        "come late": pd.concat([rows, late], ignore_index=True),
        "came back no more": rows.assign(repeats=rows["repeats"].where(~not_back, 0)),
        "came and went": pd.concat([rows.iloc[3:], late], ignore_index=True),
    }[what]
    later = cells(changed, "2025", tmp_path / "later", company)
    for now, was in zip(looks(later), looks(said_before), strict=True):
        pd.testing.assert_frame_equal(now, was, check_dtype=False)


def test_a_later_window_is_published_quarters_and_a_new_one(
    company,  # noqa: F811
    tmp_path,
    said_before,
) -> None:
    rows = lives()
    new = answers(60, 8).assign(quarter="2026Q1", month="2026-01", year="2026", question="nps")
    new = new.assign(score=7, n=1, repeats=0, orders=0, spend=0, cluster=new["cluster"] + 10_000)
    gone = rows["cluster"].iloc[0]
    left = pd.concat([rows[rows["cluster"] != gone], new], ignore_index=True)
    later = cells(left, "2026Q1", tmp_path / "later", company)
    for column in LOOKS:
        now = later[later["closes"] != "2026Q1"].groupby(column)[SUMS].sum()
        was = said_before.groupby(column)[SUMS].sum()
        pd.testing.assert_frame_equal(now, was, check_dtype=False)
    assert later.loc[later["closes"] == "2026Q1", "n"].sum() == 60


def test_windows_of_another_length_owe_nothing_to_what_was_published(
    company,  # noqa: F811
    tmp_path,
    said_before,
) -> None:
    rows = lives()
    left = rows[rows["cluster"] != rows["cluster"].iloc[0]]
    other = company.model_copy(update={"repeat_within_days": company.repeat_within_days + 1})
    later = cells(left, "2025", tmp_path / "later", other)
    assert later.loc[later["in_lookback"], "n"].sum() == len(left)
