"""Parquet files are typed once: a later edition reads what is new, the rows are the same."""

from __future__ import annotations

import os
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.intake import hashing, intake, parquet_cache
from profitchain.sources.company import load_company, store_of
from profitchain.sources.typed_tables import MARK, WHO

ROWS = 60  # of each quarter's file
COMPANY = """\
name: Shop
currency: EUR
time_zone: Asia/Taipei
tables:
  orders: {file: orders/*.parquet}
"""


@pytest.fixture(params=[0, 10**9], ids=["large", "small"])
def folder(tmp_path, monkeypatch, request) -> Path:
    for name in ("KEPT", "PIECE", "SMALL_PIECE"):  # each file is a piece
        monkeypatch.setattr(parquet_cache, name, 0)
    monkeypatch.setattr(parquet_cache, "LARGE", request.param)
    (tmp_path / "company.yml").write_text(COMPANY)
    (tmp_path / "orders").mkdir()
    for quarter in (1, 2, 3):
        write_quarter(tmp_path, quarter)
    return tmp_path


def quarter_of(quarter: int) -> pd.DataFrame:
    numbers = [f"O{quarter}{k:03}" for k in range(ROWS)]
    when = pd.date_range(f"2025-{3 * quarter - 2:02}-01 07:00", periods=ROWS, freq="33h")
    return pd.DataFrame(
        {
            "order_id": numbers,
            "customer_id": [f" C{k % 7} " if k % 5 else f"C{k % 7}" for k in range(ROWS)],
            "ordered_at": when,
            "revenue": [k + 0.25 for k in range(ROWS)],
            "status": ["cancelled" if k == 3 else "paid" for k in range(ROWS)],
        }
    )


def write_quarter(folder: Path, quarter: int, **changes: object) -> None:
    frame = quarter_of(quarter)
    for column, value in changes.items():
        frame.loc[5, column] = value
    frame.to_parquet(folder / "orders" / f"2025Q{quarter}.parquet")


def opened(folder: Path, period: str = "2025Q3") -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return the used orders, the account and the quarantine of a firm, as of a period's end."""
    found = intake.open_intake(load_company(folder), Period(period))
    orders = found.tables["orders"].order_by("order_id").to_pandas()
    orders = orders.drop(columns=[WHO, MARK], errors="ignore")
    aside = folder / "quarantine" / "orders.csv"
    told = aside.read_text() if aside.exists() else ""
    account = found.account
    found.close()
    return orders, account, told


def in_pieces(folder: Path) -> dict[str, int]:
    place = store_of(load_company(folder)) / parquet_cache.FOLDER
    return {path.name: path.stat().st_ino for path in place.glob("orders-*.parquet")}


def as_without(folder: Path, monkeypatch: pytest.MonkeyPatch, period: str = "2025Q3") -> None:
    """Hold that rows, account and quarantine are as if nothing had been kept."""
    kept = opened(folder, period)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "read_cached", lambda con, table, company: table)
        plain = opened(folder, period)
    pd.testing.assert_frame_equal(kept[0], plain[0])
    pd.testing.assert_frame_equal(kept[1], plain[1])
    assert kept[2] == plain[2]


@pytest.mark.parametrize("period", ["2025Q1", "2025Q3", "2025Q4"])
def test_kept_rows_are_those_that_would_be_read(folder, monkeypatch, period):
    as_without(folder, monkeypatch, period)
    assert len(in_pieces(folder)) == 3


def test_broken_and_repeated_rows_are_found_with_their_place_and_cells(folder, monkeypatch):
    write_quarter(folder, 2, revenue=None)
    write_quarter(folder, 3, order_id="O1007")  # of another file, with other values
    as_without(folder, monkeypatch)
    _, account, aside = opened(folder)
    kinds = account.groupby("kind")["rows"].sum()
    assert (kinds["broken"], kinds["left_out"]) == (1, 1)  # of two versions the later file's counts
    assert "2025Q2.parquet:6" in aside


def test_a_later_edition_reads_only_the_new_file(folder):
    opened(folder)
    before = in_pieces(folder)
    write_quarter(folder, 4)
    orders, _, _ = opened(folder, "2025Q4")
    after = in_pieces(folder)
    assert len(orders) == 4 * (ROWS - 1)
    assert len(after) == 4
    assert before.items() <= after.items()


def test_a_changed_file_is_read_again_and_no_other(folder):
    opened(folder)
    before = in_pieces(folder)
    write_quarter(folder, 2, revenue=1234.5)
    orders, _, _ = opened(folder)
    assert 123450 in set(orders["revenue"])
    assert len(before.items() & in_pieces(folder).items()) == 3
    assert len(in_pieces(folder)) == 4


def test_a_change_behind_the_same_size_and_time_is_seen(folder):
    path, frame = folder / "orders" / "2025Q2.parquet", quarter_of(2)
    plainly = {"compression": None, "use_dictionary": False}
    frame.to_parquet(path, **plainly)
    before = path.stat()
    opened(folder)
    frame.loc[5, "revenue"] = 8.25
    frame.to_parquet(path, **plainly)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    orders, _, _ = opened(folder)
    assert 825 in set(orders["revenue"])


def test_a_new_order_with_an_old_key_is_set_aside(folder):
    opened(folder)
    write_quarter(folder, 4, order_id="O2009")
    orders, account, _ = opened(folder, "2025Q4")
    assert orders["order_id"].is_unique
    assert account[account["kind"] == "left_out"]["rows"].tolist() == [1]


def test_another_time_zone_is_another_reading(folder):
    first, _, _ = opened(folder)
    (folder / "company.yml").write_text(COMPANY.replace("Asia/Taipei", "Europe/Berlin"))
    second, _, _ = opened(folder)
    assert (first["ordered_at"] != second["ordered_at"]).all()


def test_files_of_one_name_in_two_folders_are_not_kept(folder):
    (folder / "more").mkdir()
    quarter_of(4).to_parquet(folder / "more" / "2025Q1.parquet")
    told = COMPANY.replace("orders/*.parquet", "'*/*.parquet'")
    (folder / "company.yml").write_text(told)
    orders, _, _ = opened(folder, "2025Q4")
    assert len(orders) == 4 * (ROWS - 1)
    assert not in_pieces(folder)


def test_pieces_that_nobody_reads_are_forgotten(folder, monkeypatch):
    opened(folder)
    monkeypatch.setattr(parquet_cache, "DAYS_KEPT", -1)
    parquet_cache.remove_old(load_company(folder))
    assert not in_pieces(folder)


def test_rows_set_aside_stay_as_long_as_their_piece(folder):
    opened(folder)
    firm = load_company(folder)
    asides = list((store_of(firm) / parquet_cache.FOLDER).glob("aside-orders-*"))
    assert len(asides) == 3  # each file has a cancelled order
    for path in asides:
        os.utime(path, (0, 0))
    parquet_cache.remove_old(firm)
    assert all(path.exists() for path in asides)


@pytest.mark.parametrize("at_once", [3, 10**9], ids=["in parts", "at once"])
@pytest.mark.parametrize("seed", range(3))
def test_keys_are_told_to_differ_as_counting_them_does(monkeypatch, at_once, seed):
    monkeypatch.setattr(hashing, "AT_ONCE", at_once)
    con, rng = ibis.duckdb.connect(), np.random.default_rng(seed)
    for rows in (1, 7, 20):
        drawn = rng.choice(60, rows, replace=bool(seed))
        keys = con.create_table(f"keys_{rows}", pd.DataFrame({"key": [f"O{k}" for k in drawn]}))
        told = hashing.all_differ(con, hashing.number_of(keys.key), at_most=rows)
        assert told is (len(set(drawn)) == rows)


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 100))]
)
def test_whatever_became_of_files_and_of_what_was_kept_the_rows_are_the_same(
    folder, monkeypatch, seed
):
    rng = np.random.default_rng(seed)
    opened(folder)
    for step in range(3):
        change_a_file(folder, rng, step)
        spoil_what_was_kept(folder, rng)
        as_without(folder, monkeypatch, str(rng.choice(["2025Q2", "2025Q4"])))


def change_a_file(folder: Path, rng: np.random.Generator, step: int) -> None:
    """Add, change or remove one of the files, at times with rows that come late or twice."""
    quarter, place = int(rng.integers(1, 5)), folder / "orders"
    frame = quarter_of(quarter)
    frame["revenue"] += int(rng.integers(0, 9))
    for kind in rng.choice(4, 2, replace=False):
        if kind == 0:
            frame.loc[3, "ordered_at"] = pd.Timestamp("2025-01-05 07:00")  # late
        elif kind == 1:
            frame.loc[4, "order_id"] = f"O{rng.integers(1, 5)}0{rng.integers(10, 60)}"
        elif kind == 2:
            frame.loc[5, "status"] = None
        else:
            frame.loc[6, "revenue"] = None
    gone = sorted(place.glob("*.parquet"))
    if len(gone) > 2 and rng.random() < 0.3:
        gone[int(rng.integers(len(gone)))].unlink()
    else:
        frame.to_parquet(
            place / f"2025Q{quarter}{'' if rng.random() < 0.5 else f'-{step}'}.parquet"
        )


def spoil_what_was_kept(folder: Path, rng: np.random.Generator) -> None:
    """Remove some kept files, cut or garble others, and leave what a killed run would."""
    place = store_of(load_company(folder)) / parquet_cache.FOLDER
    for path in sorted(place.glob("*")):
        fate = rng.random()
        if fate < 0.2:
            path.unlink()
        elif fate < 0.3:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        elif fate < 0.4:
            path.write_bytes(path.read_bytes()[::-1])
    (place / ".making-killed").write_bytes(b"half")
