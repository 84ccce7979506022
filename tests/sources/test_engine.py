"""One firm on any engine: the same rows judged alike, the same sums, and nothing left behind.

PostgreSQL is started on loopback and Spark in this process, where they are installed; of four more
engines the SQL is compiled, and read back by a parser of their dialect.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
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
    SUMS,
    Postgres,
    assert_same_files,
    odd_tables,
    postgres_missing,
    postgres_server,
    spark_missing,
    write_firm,
)
from ibis.backends.sql.compilers import PySparkCompiler
from ibis.backends.sql.dialects import PySpark

from profitchain.cli import main
from profitchain.core.errors import CompanyError, ContractError
from profitchain.core.periods import Period
from profitchain.intake.cross_checks import check_across_tables
from profitchain.intake.fingerprints import fingerprint
from profitchain.intake.intake import READING_ORDER, open_intake
from profitchain.intake.table_checks import judge, used_rows
from profitchain.panel import edition as panel_edition
from profitchain.panel import summaries
from profitchain.panel.panel import of_literals
from profitchain.press.verify import moved, read_numbers
from profitchain.sources import engine as engine_module
from profitchain.sources import temp_tables
from profitchain.sources.company import load_company
from profitchain.sources.connections import COMPILED_ENGINES
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import End
from profitchain.sources.date_words import period_start
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths, whole, whole_sum
from profitchain.sources.loading import RawTable
from profitchain.sources.schemas import schema_of
from profitchain.sources.typed_tables import type_columns
from profitchain.stats import clusters

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # PySpark uses it
]

REPO = Path(__file__).resolve().parents[2]
PERIOD = Period("2026Q3")
CUSTOMERS = 300
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


@pytest.fixture(scope="module")
def loaded(postgres, tables) -> dict[str, object]:
    """What company.yml says of the firm's tables in PostgreSQL, where no test has changed them."""
    return postgres.load(tables)


@pytest.fixture
def on_postgres(postgres, tables, loaded, tmp_path, monkeypatch) -> Path:
    """The same firm as tables of PostgreSQL, named by a URL from the environment."""
    monkeypatch.setenv(URL, postgres.url)
    return write_firm(tmp_path / "firm", tables, connect=f"${{{URL}}}", tables=loaded)


@pytest.fixture
def changing(postgres, tables) -> Iterator[None]:
    """Whoever changes the tables in PostgreSQL leaves them as they were."""
    yield
    postgres.load(tables)


@pytest.fixture
def on_spark(spark, tables, tmp_path) -> Path:
    """The same firm as Parquet files that Spark reads."""
    return write_firm(tmp_path / "firm", tables, connect=SPARK)


COMPILED = set()  # engines and what each was asked: firms of two sizes ask much the same


def compiled(expression: ibis.Table, engine: str) -> None:
    """Compile an expression, and let a parser of the engine's dialect read it, once."""
    asked = engine, expression.op()
    if asked not in COMPILED:
        sql = ibis.to_sql(expression, dialect=engine)
        assert sqlglot.parse_one(sql, read=engine)
        COMPILED.add(asked)


def unbound(name: str, rows: ibis.Table) -> ibis.Table:
    return ibis.table(rows.schema(), name=name)


@pytest.fixture
def only_compiled(monkeypatch) -> Callable[[str, int], SimpleNamespace]:
    """A function that gives an engine that only compiles: tables are empty, numbers alike."""

    def engine(name: str, number: int) -> SimpleNamespace:
        def keep(con: object, kept: str, rows: ibis.Table) -> ibis.Table:
            compiled(rows, name)
            return unbound(kept, rows)

        def answer(asked: ibis.Expr, **_: object) -> object:
            if not isinstance(asked, ibis.Table):
                return number
            compiled(asked, name)
            return pd.DataFrame(columns=list(asked.columns))

        monkeypatch.setattr(temp_tables, "materialise", keep)
        for module in (temp_tables, summaries):
            monkeypatch.setattr(module, "drop", lambda con, kept: None)
        for module in ("intake.cross_checks", "panel.summaries"):
            monkeypatch.setattr(f"profitchain.{module}.materialise", keep)
        monkeypatch.setattr(summaries, "save", lambda con, rows, path: compiled(rows, name))
        monkeypatch.setattr("ibis.expr.types.core.Expr.execute", answer)
        return SimpleNamespace(name=name)

    return engine


def raw_of(table: str, rows: pa.Table, engine: str) -> RawTable:
    kinds = {n: dt.string if k.is_string() else k for n, k in ibis.schema(rows.schema).items()}
    zoned = {n for n, k in kinds.items() if k.is_timestamp() and k.timezone}
    plain = {n: dt.timestamp if k.is_timestamp() else k for n, k in kinds.items()}
    relation = ibis.table(plain, name=f"raw_{table}")
    placed = relation.mutate(**{FILE: ibis.null("string"), ROW: ibis.null("int64")})
    return RawTable(
        name=table, relation=placed, columns=tuple(plain), numbered=False, lasting=True,
        warehouse=True, instants=frozenset(zoned),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("number", [300_000, 3_000_000, 19_900])
@pytest.mark.parametrize("engine", COMPILED_ENGINES)
def test_all_that_a_run_asks_compiles_for_engines_that_are_not_here(
    engine, number, tables, embedded, only_compiled
):
    firm, con = load_company(embedded), only_compiled(engine, number)
    end = End(at=PERIOD.ends_at(firm.time_zone), day=PERIOD.shift(1).first_day)
    judged, used = {}, {}
    for name in (name for name in dict.fromkeys(READING_ORDER) if name in tables):
        raw = raw_of(name, tables[name], engine)
        ready, faults = type_columns(con, schema_of(name, firm), raw, firm, end)
        assert not faults
        ready, also = check_across_tables(con, ready, judged, firm)
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
        reach = (datetime(2024, 1, 1, 12), datetime(2026, 9, 30, 12))
        patch.setattr(summaries, "_reach", lambda intake: reach)
        patch.setattr(summaries, "_days_uncovered", lambda intake, period, last: 0)
        summaries.write_summaries(intake, PERIOD, embedded)


class Crossed:
    """What crossed from an engine into Python: the columns and rows of each answer and file."""

    def __init__(self) -> None:
        self.answers: list[tuple[tuple[str, ...], int]] = []
        self.files: dict[str, int] = {}

    def note(self, given: object) -> None:
        columns = tuple(getattr(given, "columns", ()))
        self.answers.append((tuple(map(str, columns)), len(given) if columns else 1))


@pytest.fixture
def crossed(monkeypatch) -> Crossed:
    """Count what comes out of every engine, wherever it is asked for."""
    seen = Crossed()

    def counted(backend: type, name: str) -> None:
        ask = getattr(backend, name)

        def asking(self, expr, /, *args, **how):
            given = ask(self, expr, *args, **how)
            seen.note(given)
            return given

        monkeypatch.setattr(backend, name, asking)

    for backend, package in (("postgres", "psycopg"), ("pyspark", "pyspark")):
        if find_spec(package) is not None:
            counted(import_module(f"ibis.backends.{backend}").Backend, "execute")
    write = temp_tables._through_duckdb

    def writing(con, rows, path, form):
        write(con, rows, path, form)
        name = path.name if path.suffix == ".parquet" else "quarantine"
        counts = pq.read_metadata(path).num_rows if path.suffix == ".parquet" else lines(path)
        seen.files[name] = seen.files.get(name, 0) + counts

    monkeypatch.setattr(temp_tables, "_through_duckdb", writing)
    return seen


def lines(path: Path) -> int:
    return len(pd.read_csv(path))


def quarantined(firm: Path) -> dict[str, list[list[str]]]:
    """Return each quarantine file's rows without their place, which a warehouse's rows lack."""
    files = sorted((firm / "quarantine").glob("*.csv"))
    rows = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in files}
    return {name: sorted(one.drop(columns="row").values.tolist()) for name, one in rows.items()}


def assert_alike(ours: Path, theirs: Path, *, within: float = SUMS) -> None:
    """Hold that one firm's summaries and quarantine are the same from two engines."""
    there, here = (panel_edition.read_period(firm, str(PERIOD)) for firm in (theirs, ours))
    assert dict(there.facts) == dict(here.facts)
    assert_same_files(here.folder, there.folder, within=within)
    assert quarantined(ours) == quarantined(theirs)


def assert_only_sums_crossed(crossed: Crossed, tables: Mapping[str, pa.Table]) -> None:
    """Hold that no engine gave away a table: small answers, summaries, rows that broke."""
    assert max(rows for _, rows in crossed.answers) < FEW < tables["orders"].num_rows
    for columns, _ in crossed.answers:
        assert not {"customer_id", "order_id", "response_id"} & set(columns)
    broken = crossed.files.pop("quarantine")
    assert broken < FEW
    assert len(crossed.files) > 10


def test_postgresql_gives_the_same_sums_as_duckdb(on_postgres, embedded, tables, crossed):
    assert_alike(embedded, on_postgres, within=0)
    assert_only_sums_crossed(crossed, tables)


def test_rows_are_judged_once_in_postgresql(on_postgres, monkeypatch):
    """So neither their account nor the quarantine of what broke reads the table again."""
    from psycopg import Cursor

    asked: list[str] = []
    for name in ("execute", "copy"):
        ask = getattr(Cursor, name)

        def asking(self, statement, *args, ask=ask, **how):
            asked.append(str(statement))
            return ask(self, statement, *args, **how)

        monkeypatch.setattr(Cursor, name, asking)
    intake = open_intake(load_company(on_postgres), PERIOD)
    nested = run_sql(intake.con, "SHOW enable_nestloop")
    intake.close()
    reads = [one for one in asked if f'"{SCHEMA}"."order_lines"' in one and " VIEW " not in one]
    assert len(quarantined(on_postgres)["order_lines"]) > 0
    assert [one.split()[0] for one in reads] == ["CREATE", "SELECT"]  # judged, and its digest
    assert nested == "off"  # or a summary of 200,000 orders takes longer than the whole edition


def test_no_letter_is_taken_for_a_blank_on_spark():
    engine_module.use_known_escapes(PySpark)
    names = ibis.table({"name": "string"}, name="names")
    written = PySparkCompiler().to_sqlglot(names.select(plain=names.name.strip())).sql(PySpark)
    assert "' \\t\\n\\r\v\f'" in written


@pytest.mark.slow
def test_spark_gives_the_same_sums_as_duckdb(on_spark, embedded, tables, crossed):
    assert_alike(embedded, on_spark)
    assert_only_sums_crossed(crossed, tables)


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.slow) for name in ("on_postgres", "on_spark")]
)
def test_answers_are_put_together_as_by_duckdb(engine, request, embedded, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "MANY", 0)
    folders = [tmp_path / "ours", tmp_path / "theirs"]
    for folder, firm in zip(folders, (embedded, request.getfixturevalue(engine)), strict=True):
        folder.mkdir()
        panel_edition._prepare(load_company(firm), PERIOD, folder)
    assert pq.read_metadata(folders[0] / "link_answers.parquet").num_rows > 100
    assert_same_files(*folders)


@pytest.fixture(scope="module")
def numbers(embedded, tmp_path_factory) -> pd.DataFrame:
    """The findings of the firm's edition as DuckDB counts them."""
    out = tmp_path_factory.mktemp("embedded-reports")
    return read_numbers(publish_here(embedded, str(PERIOD), out=out))


PERIODS_READ = (
    "2026Q1", "2026-03", "2026", "2026-W14", "2026-W53", "2026FY04Q1", "2026FY04", "2026FY1231Q2",
)  # fmt: skip
NO_PERIODS = ("2025-W53", "2026FY01", "2026FY0229", "FY2026", "2026Q5", "2026W14")


@pytest.mark.parametrize("engine", ["postgres", pytest.param("spark", marks=pytest.mark.slow)])
def test_the_names_of_periods_are_read_alike(engine, request):
    server = request.getfixturevalue(engine)
    con = ibis.connect(server.url) if server else ibis.pyspark.connect()
    given = [{"at": at, "name": name} for at, name in enumerate([*PERIODS_READ, *NO_PERIODS])]
    rows = of_literals(given, {"at": "int64", "name": "string"})
    rows = rows.select("at", starts=period_start(rows.name).cast("string")).order_by("at")
    starts = con.to_pandas(rows)["starts"]
    if server:
        con.disconnect()
    assert starts[: len(PERIODS_READ)].tolist() == [str(Period(n).first_day) for n in PERIODS_READ]
    assert starts[len(PERIODS_READ) :].isna().all()


@pytest.mark.parametrize("engine", ["postgres", pytest.param("spark", marks=pytest.mark.slow)])
def test_sums_of_decimals_are_the_same_bits(engine, request):
    server = request.getfixturevalue(engine)
    con = ibis.connect(server.url) if server else ibis.pyspark.connect()
    given = [{"x": x} for x in (0.1, 0.2, 0.3, 7.7, -3.45, 123_456.789012, 2_000_000_001.0)]
    rows = of_literals(given, {"x": "float64"})
    rows = rows.mutate(total=whole_sum(millionths(rows.x)).over(ibis.window()))
    x = millionths(rows.x)
    sums = {"x": exact_sum(x, PLACES), "xx": exact_sum(whole(x) * whole(x), 2 * PLACES),
            "mixed": exact_sum(whole(x) * rows.total, 2 * PLACES)}  # fmt: skip
    theirs, ours = (c.to_pandas(rows.aggregate(**sums)) for c in (con, ibis.duckdb.connect()))
    if server:
        con.disconnect()
    assert theirs.iloc[0].tolist() == ours.iloc[0].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["on_postgres", "on_spark"])
def test_a_whole_edition_finds_the_same(engine, request, numbers, tmp_path):
    firm = request.getfixturevalue(engine)
    edition = publish_here(firm, str(PERIOD), out=tmp_path / "reports")
    assert len(numbers) > 100
    assert moved(numbers, read_numbers(edition)) == []
    said = (edition / "record.json").read_text(encoding="utf-8")
    assert "sesame" not in said and "127.0.0.1" not in said
    assert (f"{SCHEMA}.orders" if engine == "on_postgres" else "orders.parquet") in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"table": "no_such_table"}, "Apache Spark holds no table 'no_such_table'"),
        ({"file": "orders.csv"}, "of files, Spark reads Parquet here, and orders.csv is something"),
        ({"file": "order.parquet"}, "There is no file order.parquet. Did you mean 'orders.parqu"),
        ({"query": "SELECT 1; SELECT 2"}, "must be one SELECT statement"),
    ],
)
def test_what_spark_lacks_is_told_in_one_message(spark, tables, tmp_path, source, told):
    folder = write_firm(tmp_path / "firm", tables)
    (folder / "orders.csv").touch()
    given = {name: {"file": f"{name}.parquet"} for name in tables} | {"orders": source}
    firm = load_company(write_firm(folder, tables, connect=SPARK, tables=given))
    with pytest.raises(CompanyError, match=re.escape(told)):
        open_intake(firm, PERIOD)


def run_sql(con: object, sql: str) -> object:
    with con.con.cursor() as cursor:
        return cursor.execute(sql).fetchone()[0]


def execute(postgres: Postgres, *statements: str) -> list[tuple]:
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


LEFT = (
    "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') "
    f"AND NOT nspname LIKE 'pg_toast%' AND nspname <> '{SCHEMA}'"
)


def test_a_run_leaves_nothing_in_postgresql(on_postgres, postgres):
    intake = open_intake(load_company(on_postgres), PERIOD)
    kept = {name for (name,) in execute(postgres, LEFT)}
    assert f"{temp_tables.PREFIX}judged_orders_apart" in kept
    assert all(name.startswith(temp_tables.PREFIX) for name in kept)
    intake.close()
    assert gone_within(10, postgres)


def test_a_killed_run_leaves_nothing_in_postgresql(on_postgres, postgres):
    code = (
        "import sys, time\nfrom profitchain.sources.company import load_company\n"
        "from profitchain.intake.intake import open_intake\n"
        "from profitchain.core.periods import Period\n"
        "intake = open_intake(load_company(sys.argv[1]), Period(sys.argv[2]))\n"
        "print('kept', flush=True)\ntime.sleep(60)\n"
    )
    path = os.pathsep.join([str(REPO / "lib"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(on_postgres), str(PERIOD)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
    ) as run:  # fmt: skip
        assert run.stdout.readline() == "kept\n"
        assert execute(postgres, LEFT)
        run.send_signal(signal.SIGKILL)
    assert gone_within(10, postgres)


def gone_within(seconds: float, postgres: Postgres) -> bool:
    until = time.monotonic() + seconds
    while execute(postgres, LEFT) and time.monotonic() < until:
        time.sleep(0.1)
    return not execute(postgres, LEFT)


def test_a_fingerprint_changes_with_a_cell_of_a_table_and_with_nothing_else(
    on_postgres, postgres, changing
):
    firm = load_company(on_postgres)
    first = fingerprint(firm)
    execute(postgres, f"CREATE TABLE {SCHEMA}.turned AS SELECT * FROM {SCHEMA}.orders")
    execute(
        postgres,
        f"TRUNCATE {SCHEMA}.orders",
        f"INSERT INTO {SCHEMA}.orders SELECT * FROM {SCHEMA}.turned ORDER BY order_id DESC",
    )
    assert fingerprint(firm) == first
    execute(
        postgres,
        f"UPDATE {SCHEMA}.orders SET channel = CASE order_id WHEN 'O0000001' THEN 'x' ELSE 'y' END "
        "WHERE order_id IN ('O0000001', 'O0000002')",
    )
    second = fingerprint(firm)
    assert second != first
    execute(
        postgres,
        f"UPDATE {SCHEMA}.orders SET channel = CASE order_id WHEN 'O0000001' THEN 'y' ELSE 'x' END "
        "WHERE order_id IN ('O0000001', 'O0000002')",
    )
    assert fingerprint(firm) not in (first, second)


def test_pages_take_the_fingerprint_that_their_edition_was_made_under(
    on_postgres, postgres, changing, monkeypatch
):
    firm = load_company(on_postgres)
    first = fingerprint(firm)
    execute(postgres, f"DELETE FROM {SCHEMA}.orders WHERE order_id = 'O0000001'")
    monkeypatch.setenv("PROFITCHAIN_BUILD", "somewhere")
    assert fingerprint(firm) == first
    monkeypatch.delenv("PROFITCHAIN_BUILD")
    assert fingerprint(firm) != first


@pytest.mark.parametrize(
    ("table", "source", "told"),
    [
        ("orders", {"table": f"{SCHEMA}.order"}, "holds no table 'shop.order'"),
        ("orders", {"table": f"{SCHEMA}.order"}, "Did you mean 'orders'?"),
        ("orders", {"table": "nowhere.orders"}, "holds no table 'nowhere.orders'"),
        ("orders", {"file": "orders.csv"}, "PostgreSQL can't read orders.csv. Load it there"),
        ("orders", {"query": f"DROP TABLE {SCHEMA}.orders"}, "must be one SELECT statement"),
        ("orders", {"query": f"SELECT missing FROM {SCHEMA}.orders"}, "PostgreSQL says: column"),
        (
            "orders",
            {"query": f"SELECT order_id, customer_id, revenue, CAST(ordered_at AS text) AS "
             f"ordered_at FROM {SCHEMA}.orders"},
            "Column 'ordered_at' is of type string in PostgreSQL, but must be a timestamp or date. "
            "Cast it there: query: SELECT ..., CAST(ordered_at AS TIMESTAMP) AS ordered_at",
        ),
        (
            "orders",
            {"query": f"SELECT order_id, customer_id, ordered_at, CAST(revenue AS text) AS "
             f"revenue FROM {SCHEMA}.orders"},
            "but must be a number",
        ),
        ("orders", {"database": "shop.duckdb", "table": "orders"}, "read by DuckDB alone"),
    ],
)  # fmt: skip
def test_what_postgresql_lacks_is_told_in_one_message(on_postgres, tables, table, source, told):
    given = {"responses": {"table": f"{SCHEMA}.responses"}, table: source}
    with pytest.raises((CompanyError, ContractError), match=re.escape(told)):
        firm = load_company(write_firm(on_postgres, tables, connect=f"${{{URL}}}", tables=given))
        open_intake(firm, PERIOD)


def test_a_query_of_postgresql_is_a_table_like_any_other(on_postgres, tables):
    given = {name: {"table": f"{SCHEMA}.{name}"} for name in tables}
    given["orders"] = {"query": f"SELECT * FROM {SCHEMA}.orders WHERE channel = 'web';"}
    how = {"connect": f"${{{URL}}}", "tables": given, "limits": {"set_aside": 1}}
    firm = load_company(write_firm(on_postgres, tables, **how))  # other orders' lines stay over
    intake = open_intake(firm, PERIOD)
    web = [one == "web" for one in tables["orders"]["channel"].to_pylist()]
    counted = intake.account[intake.account["table"] == "orders"]["rows"].sum()
    intake.close()
    assert counted == sum(web)


def test_nothing_from_the_environment_is_part_of_a_message(
    on_postgres, postgres, monkeypatch, capsys
):
    monkeypatch.setenv(URL, postgres.url.replace("sesame", "wrong-word"))
    assert main(["check", str(PERIOD), "--company", str(on_postgres)]) != 0
    told = capsys.readouterr().err
    assert "PostgreSQL says:" in told and "password authentication failed" in told
    assert "wrong-word" not in told and "127.0.0.1" not in told


@pytest.mark.parametrize(
    ("connect", "told"),
    [
        ("postgres://firm:sesame@db/shop", "connect: holds a password"),
        ("postgres://db/shop?password=sesame", "connect: holds a password"),
        ({"backend": "postgres", "password": "sesame"}, "password: ${PASSWORD}"),
        ({"backend": "snowflake", "private_key": "abc"}, "export PRIVATE_KEY=..."),
        ({"backend": "postgress"}, "Did you mean 'postgres'?"),
        ({"host": "db"}, "connect: needs backend:"),
        ("duckdb://shop.duckdb", "named by database: at each table"),
        ({"backend": "duckdb", "memory": "4GB"}, "Did you mean 'memory_limit'?"),
        ({"backend": "duckdb", "memory_limit": "much"}, "DuckDB refuses memory_limit"),
        ({"backend": "duckdb", "a b": 1}, "a b: is no option for DuckDB here"),
        ({"backend": "trino", "host": "db"}, "Trino has no temporary tables"),
        ({"backend": "${NO_SUCH_NAME}"}, "NO_SUCH_NAME from the environment"),
    ],
)
def test_a_fault_of_connect_is_told_in_plain_words(tables, tmp_path, connect, told):
    sources = {name: {"file": f"{name}.parquet"} for name in tables}
    folder = write_firm(tmp_path / "firm", tables, connect=connect, tables=sources)
    with pytest.raises(CompanyError, match=re.escape(told)):
        open_intake(load_company(folder), PERIOD)


@pytest.mark.parametrize(("engine", "extra"), [("postgres", "postgres"), ("pyspark", "spark")])
def test_a_missing_package_is_named_with_its_extra(tables, tmp_path, monkeypatch, engine, extra):
    monkeypatch.setattr(engine_module, "find_spec", lambda name: None)
    sources = {name: {"file": f"{name}.parquet"} for name in tables}
    folder = write_firm(tmp_path / "firm", tables, connect={"backend": engine}, tables=sources)
    with pytest.raises(CompanyError, match=re.escape(f"pip install './lib[{extra}]'")):
        open_intake(load_company(folder), PERIOD)


def test_duckdb_takes_its_settings_from_connect(embedded, tables, tmp_path):
    connect = {"backend": "duckdb", "memory_limit": "777MB", "threads": 1}
    only = {"orders": tables["orders"]}
    intake = open_intake(load_company(write_firm(tmp_path / "firm", only, connect=connect)))
    wanted = "SELECT current_setting('threads'), current_setting('memory_limit')"
    found = intake.con.raw_sql(wanted).fetchone()
    intake.close()
    assert found[0] == 1 and found[1].startswith("74")  # 777 MB are 741 MiB


def test_no_query_draws_a_bar_of_its_progress_into_a_page(embedded):
    ask = """if True:
        import sys, duckdb
        from profitchain.sources import company, engine
        wanted = "SELECT current_setting('enable_progress_bar')"
        with engine.open_engine(company.load_company(sys.argv[1])) as (con, _scratch):
            print(duckdb.execute(wanted).fetchone(), con.raw_sql(wanted).fetchone())
    """  # a process without a script is taken for one that people look at, as a notebook's is
    command = [sys.executable, "-c", ask, str(embedded)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "(True,) (False,)\n"


def test_what_a_killed_run_overflowed_to_disk_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    left, ours = engine_module._overflow(), engine_module._overflow()
    left = left.with_name(left.name.replace(f"-{os.getpid()}-", f"-{killed.pid}-"))
    for folder in (left, ours):
        folder.mkdir()
        (folder / "overflow.tmp").write_bytes(b"rows")
    engine_module._overflow()
    assert not left.exists()
    assert ours.exists()


def test_what_memory_has_no_room_for_lies_where_nobody_else_can_read_it(
    embedded, tables, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    connect = {"backend": "duckdb", "memory_limit": "60MB", "threads": 1}
    firm = write_firm(tmp_path / "firm", {"orders": tables["orders"]}, connect=connect)
    intake = open_intake(load_company(firm))
    many = "SELECT range::VARCHAR || ' of a customer' AS a, random() AS b FROM range(3000000)"
    intake.con.raw_sql(f"CREATE TEMP TABLE many AS {many}")
    (place,) = tmp_path.glob("profitchain-*")
    assert place.stat().st_mode & 0o077 == 0 and any(place.iterdir())
    intake.close()
    assert not place.exists()


def test_an_interrupted_query_stops_the_run_like_any_other_work(embedded):
    with pytest.raises(KeyboardInterrupt), engine_module.plain_errors(load_company(embedded)):
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()  # DuckDB's way
