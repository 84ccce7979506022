"""One firm on any engine: the same rows judged alike, the same sums, and nothing left behind.

PostgreSQL is started on loopback and Spark in this process, where they are installed; of four more
engines the SQL is compiled, and read back by a parser of their dialect.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import ibis
import ibis.expr.datatypes as dt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from editions import publish_here
from engine_worlds import (
    SCHEMA,
    Postgres,
    odd_tables,
    postgres_missing,
    postgres_server,
    spark_missing,
    write_firm,
)

from profitchain import engines, keeping, store
from profitchain.checks import judge, used_rows
from profitchain.cli import main
from profitchain.company import load_company
from profitchain.connections import COMPILED
from profitchain.contracts import CONTRACTS, contract_of
from profitchain.conventions import End
from profitchain.crosschecks import check_across_tables
from profitchain.delimited import FILE, ROW
from profitchain.errors import CompanyError, ContractError
from profitchain.fingerprints import fingerprint
from profitchain.intake import ORDER, open_intake
from profitchain.periods import Period
from profitchain.sources import Raw
from profitchain.typed import type_columns
from profitchain.verify import moved, read_numbers

REPO = Path(__file__).resolve().parent.parent
PERIOD = Period("2026Q3")
CUSTOMERS = 300
SUMS = 1e-9  # engines add floats in other orders
URL = "WAREHOUSE_URL"
FEW = 250  # more rows than any check or profile needs to see, fewer than any table of orders
SPARK = {"backend": "pyspark", "master": "local[2]"}


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return odd_tables(CUSTOMERS, seed=7)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="needs psycopg: pip install './lib[postgres]'")
    if reason := postgres_missing():
        pytest.skip(reason)
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def spark() -> None:
    pytest.importorskip("pyspark", reason="needs PySpark: pip install './lib[spark]'")
    if reason := spark_missing():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def embedded(tables, tmp_path_factory) -> Path:
    """The firm as files that DuckDB reads."""
    return write_firm(tmp_path_factory.mktemp("embedded") / "firm", tables)


@pytest.fixture
def on_postgres(postgres, tables, tmp_path, monkeypatch) -> Path:
    """The same firm as tables of PostgreSQL, named by a URL from the environment."""
    monkeypatch.setenv(URL, postgres.url)
    return write_firm(
        tmp_path / "firm", tables, connect=f"${{{URL}}}", tables=postgres.load(tables)
    )


@pytest.fixture
def on_spark(spark, tables, tmp_path) -> Path:
    """The same firm as Parquet files that Spark reads."""
    return write_firm(tmp_path / "firm", tables, connect=SPARK)


def compiled(expression: ibis.Table, engine: str) -> None:
    """Compile an expression, and let a parser of the engine's dialect read it."""
    sql = ibis.to_sql(expression, dialect=engine)
    assert sqlglot.parse_one(sql, read=engine)


def unbound(name: str, rows: ibis.Table) -> ibis.Table:
    return ibis.table(rows.schema(), name=name)


@pytest.fixture
def only_compiled(monkeypatch) -> Callable[[str, int], SimpleNamespace]:
    """A function that gives an engine that only compiles; every number asked of it is the same."""

    def engine(name: str, number: int) -> SimpleNamespace:
        def keep(con: object, kept: str, rows: ibis.Table) -> ibis.Table:
            compiled(rows, name)
            return unbound(kept, rows)

        monkeypatch.setattr(keeping, "keep", keep)
        monkeypatch.setattr(keeping, "let_go", lambda con, kept: None)
        monkeypatch.setattr("profitchain.crosschecks.keep", keep)
        monkeypatch.setattr(keeping, "save", lambda con, rows, path: compiled(rows, name))
        monkeypatch.setattr("ibis.expr.types.core.Expr.execute", lambda self, **_: number)
        return SimpleNamespace(name=name)

    return engine


def raw_of(table: str, rows: pa.Table, engine: str) -> Raw:
    kinds = {n: dt.string if k.is_string() else k for n, k in ibis.schema(rows.schema).items()}
    zoned = {n for n, k in kinds.items() if k.is_timestamp() and k.timezone}
    plain = {n: dt.timestamp if k.is_timestamp() else k for n, k in kinds.items()}
    relation = ibis.table(plain, name=f"raw_{table}")
    placed = relation.mutate(**{FILE: ibis.null("string"), ROW: ibis.null("int64")})
    return Raw(
        name=table, relation=placed, columns=tuple(plain), numbered=False, lasting=True,
        warehouse=True, instants=frozenset(zoned),
    )  # fmt: skip


@pytest.mark.parametrize("engine", COMPILED)
@pytest.mark.parametrize("number", [19_900, 300_000])
def test_all_that_a_run_asks_compiles_for_engines_that_are_not_here(
    engine, number, tables, embedded, only_compiled
):
    firm, con = load_company(embedded), only_compiled(engine, number)
    end = End(at=PERIOD.ends_at(firm.time_zone), day=PERIOD.shift(1).first_day)
    judged, used = {}, {}
    for name in dict.fromkeys(ORDER):
        raw = raw_of(name, tables[name], engine)
        ready, faults = type_columns(con, contract_of(name, firm), raw, firm, end)
        assert not faults
        ready, also = check_across_tables(con, ready, judged)
        judged[name] = judge(con, ready, firm, end, also=also)
        used[name] = used_rows(judged[name], end)
        compiled(used[name], engine)
    bare = {name: unbound(name, rows) for name, rows in used.items()}
    nothing = SimpleNamespace(to_parquet=lambda path: None)
    intake = SimpleNamespace(
        company=firm, con=con, tables=bare, inputs=(), account=nothing, profile=nothing,
        outcomes=[SimpleNamespace(table="orders", kind="later")],
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_days_uncovered", lambda intake, period: 0)
        store._sum_up(intake, PERIOD, embedded)
