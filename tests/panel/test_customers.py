"""Customers told apart by numbers, drawn and summed in parts: all as by their ids, and at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import datetime
from pathlib import Path

import ibis
import pandas as pd
import pytest

from profitchain.core.periods import Period
from profitchain.intake import gate, hashing, intake, parquet_cache
from profitchain.panel import customers, edition, follow_up, purchases, summaries
from profitchain.panel.context import Context
from profitchain.sources.company import load_company
from profitchain.sources.typed_tables import WHO

PERIOD = Period("2026Q3")
FEW = 1000  # customers; the example has 4,359
LARGE = ("orders", "responses")


@pytest.fixture(scope="module")
def firm(repo, tmp_path_factory) -> Path:
    """The example, its orders and answers in Parquet."""
    folder = tmp_path_factory.mktemp("customers")
    ignored = shutil.ignore_patterns(".store", "lists", "quarantine")
    company = shutil.copytree(repo / "data" / "example", folder / "firm", ignore=ignored)
    told = (company / "company.yml").read_text()
    for table in LARGE:
        pd.read_csv(company / f"{table}.csv", dtype=str).to_parquet(company / f"{table}.parquet")
        told = told.replace(f"{table}.csv", f"{table}.parquet")
    (company / "company.yml").write_text(told)
    return company


@pytest.fixture
def large(monkeypatch) -> pytest.MonkeyPatch:
    """A world in which the example is a large firm."""
    monkeypatch.setattr(parquet_cache, "KEPT", 0)
    monkeypatch.setattr(parquet_cache, "LARGE", 0)
    monkeypatch.setattr(customers, "DRAWN_FROM", FEW)
    monkeypatch.setattr(customers, "DRAWN", FEW)
    monkeypatch.setattr(customers, "EXACT_CLUSTERS", FEW)
    monkeypatch.setattr(summaries, "AT_ONCE", 1500)  # answers; there are some thousands
    return monkeypatch


@pytest.fixture(scope="module")
def by_ids(firm, tmp_path_factory) -> Path:
    """What is kept of the firm where nothing is typed once and customers have ids alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customers, "DRAWN_FROM", FEW)
        patch.setattr(customers, "DRAWN", FEW)
        patch.setattr(customers, "EXACT_CLUSTERS", FEW)
        patch.setattr(intake, "read_cached", lambda con, table, company: table)
        return prepared(firm, tmp_path_factory.mktemp("by_ids"))


def prepared(firm: Path, folder: Path) -> Path:
    edition._prepare(load_company(firm), PERIOD, folder)
    return folder


def held_alike(found: Path, expected: Path) -> None:
    names = sorted(path.name for path in expected.glob("*.parquet"))
    assert names == sorted(path.name for path in found.glob("*.parquet"))
    for name in names:
        one, other = pd.read_parquet(found / name), pd.read_parquet(expected / name)
        pd.testing.assert_frame_equal(one, other, obj=name)
    assert (found / "facts.json").read_text() == (expected / "facts.json").read_text()


def scene_in(monkeypatch: pytest.MonkeyPatch) -> list:
    """Return the keys by which customers are told apart, as they are asked for."""
    seen, as_it_is = [], purchases.buyers
    told = lambda context: (seen.append(context.key), as_it_is(context))[1]  # noqa: E731
    monkeypatch.setattr(purchases, "buyers", told)
    return seen


@pytest.mark.slow
def test_numbers_and_parts_change_no_summary(large, firm, by_ids, tmp_path):
    keys = scene_in(large)
    found = prepared(firm, tmp_path)
    assert keys == [WHO]
    held_alike(found, by_ids)


def test_customers_who_share_a_number_are_told_apart_by_their_ids(large, firm, by_ids, tmp_path):
    few = lambda text: (hashing._hash(text) % 4096).cast("uint64")  # noqa: E731
    large.setattr(parquet_cache, "number_of", few)
    large.setattr(customers, "number_of", few)
    large.setattr(gate, "number_of", few)
    shutil.rmtree(firm / ".store", ignore_errors=True)
    keys = scene_in(large)
    found = prepared(firm, tmp_path)
    assert keys == [WHO, "customer_id"]
    held_alike(found, by_ids)
    shutil.rmtree(firm / ".store")


@pytest.mark.slow
def test_a_firm_of_few_customers_goes_by_ids(large, firm, tmp_path):
    large.setattr(customers, "DRAWN_FROM", 100_000)
    for part in ("_of_orders", "_of_answers", "_of_requests", "_of_lives"):
        large.setattr(summaries, part, lambda firm, facts: ())
    keys = scene_in(large)
    prepared(firm, tmp_path)
    assert keys == [WHO, "customer_id"]


@pytest.mark.slow
def test_customers_who_were_followed_are_counted_where_they_share_buckets(firm, by_ids, tmp_path):
    cells = pd.read_parquet(prepared(firm, tmp_path) / "link_cells.parquet")
    each = cells[cells["in_lookback"]]["cluster"].nunique()  # here a customer each
    assert json.loads((by_ids / "facts.json").read_text())["facts"]["customers_followed"] == each
    assert each > 256


def test_digits_are_those_of_the_md5_whoever_works_them_out():
    names = [f"C{k:05}" for k in range(200)] + ["", "客 7", "é"]
    rows = ibis.memtable({"who": names})
    found = ibis.duckdb.connect().to_pandas(rows.mutate(at=hashing.md5_digits(rows.who)))
    digits = [int(hashlib.md5(name.encode()).hexdigest()[:5], 16) for name in names]
    assert found["at"].tolist() == digits
    portable = hashing.md5_digits(rows.who, "postgres")  # DuckDB understands these words too
    assert ibis.duckdb.connect().to_pandas(rows.mutate(at=portable))["at"].tolist() == digits
    assert [digit >> 12 for digit in digits] == [
        int(hashlib.md5(name.encode()).hexdigest()[:2], 16) for name in names
    ]


@pytest.mark.slow
def test_a_large_firm_without_an_answer_yet_has_its_orders_summed(large, firm, tmp_path):
    company = shutil.copytree(firm, tmp_path / "firm", ignore=shutil.ignore_patterns(".store"))
    answers = pd.read_parquet(company / "responses.parquet")
    later = answers.assign(responded_at="2027-01-05 12:00:00").head(50)
    later.to_parquet(company / "responses.parquet")
    keys = scene_in(large)
    (tmp_path / "kept").mkdir()
    found = prepared(company, tmp_path / "kept")
    assert keys == [WHO]
    assert pd.read_parquet(found / "activity.parquet")["orders"].sum() > 9_000
    assert pd.read_parquet(found / "link_cells.parquet").empty


@pytest.mark.parametrize("first", [None, datetime(2026, 1, 1, 12, 0, 0, 5)])
def test_how_far_orders_reach_is_known_but_for_refunds_alone(firm, first):
    orders = pd.DataFrame(
        {"customer_id": ["a"], "ordered_at": [datetime(2026, 2, 1)], "revenue": [-500]}
    )
    tables = {"orders": ibis.memtable(orders)}
    context = Context(company=load_company(firm), period=PERIOD, tables=tables)
    found = ibis.duckdb.connect().to_pandas(follow_up.year_totals(context, first))
    days = 0 if first is None else (PERIOD.last_day - first.date()).days
    assert found[["orders", "spend", "days_known"]].values.tolist() == [[0, -500, days]]
