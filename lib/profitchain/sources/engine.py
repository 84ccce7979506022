"""The engine that counts: opened for a run, queried for sums, and left as it was found.

DuckDB inside this process is the usual one; `connect:` in company.yml names the firm's own.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import ibis

from profitchain.core.atomic import scratch
from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources import connections, date_words, number_words
from profitchain.sources.company import Company, redacted, store_of
from profitchain.sources.company_file import expand
from profitchain.sources.connections import EMBEDDED, ENGINE_NAMES, backend_of
from profitchain.sources.loading import sql_text

_PACKAGES = {"postgres": "psycopg", "pyspark": "pyspark"}
_DRIVERS = ("psycopg", "pyspark", "py4j", "duckdb", "ibis", "sqlglot", "google", "snowflake",
            "clickhouse_connect")  # fmt: skip
_USUAL_MEMORY = 4_000_000_000  # bytes
_SETTING = re.compile(r"^[a-z_]+$")
_OVERFLOWS: dict[int, Path] = {}  # by engine: a folder for what its memory has no room for


def is_embedded(con: Any) -> bool:
    """Tell whether an engine is the DuckDB inside this process, which reads any file."""
    return con.name == EMBEDDED


@contextmanager
def open_engine(company: Company) -> Iterator[tuple[Any, Path]]:
    """Give the firm's engine and a scratch folder that goes when the block ends.

    The engine stays open after the block, unless it failed. Raises CompanyError where the engine
    can't be reached or refuses something: its first words, without what came from the environment.
    """
    with scratch(store_of(company)) as folder, plain_errors(company):
        con = _connected(company)
        try:
            yield con, folder
        except BaseException:
            close(con)
            raise


def close(con: Any) -> None:
    """Let go of an engine, and with it of all its temporary tables."""
    with suppress(Exception):
        con.disconnect()
    shutil.rmtree(_OVERFLOWS.pop(id(con), ""), ignore_errors=True)


@contextmanager
def plain_errors(company: Company) -> Iterator[None]:
    """Raise what the firm's own engine refuses as one sentence; DuckDB's faults are ours."""
    try:
        yield
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # as DuckDB raises it
            raise error.__cause__ from None
        is_duckdb = backend_of(company.connect) == EMBEDDED
        if is_duckdb or type(error).__module__.partition(".")[0] not in _DRIVERS:
            raise
        raise CompanyError(_refusal(error, company)) from None


def _refusal(error: Exception, company: Company) -> str:
    backend = _settings(company)[0]
    name = ENGINE_NAMES.get(backend, "The engine")
    first = next((line for line in str(error).splitlines() if line.strip()), "nothing more")
    message = redacted(first.strip(), company)
    if "JAVA_GATEWAY_EXITED" in message or "JAVA_HOME" in message:
        return "Spark needs Java 17 or newer. Install it (apt-get install default-jre-headless)."
    if "permission denied to create temporary" in message:
        return (
            f"{name} says: {message}. A run keeps its sums in temporary tables of its own session. "
            "Let its user do so: GRANT TEMPORARY ON DATABASE <name> TO <user>."
        )
    untested = f" No run on {name} has been tried yet; DuckDB, PostgreSQL and Spark are."
    untested = "" if backend in connections.TESTED_ENGINES else untested
    return f"{name} says: {message[:400]}. See connect: and tables: in company.yml.{untested}"


def _settings(company: Company) -> tuple[str, str, dict[str, Any]]:
    """Return the engine's name, its URL if it has one, and its options, environment filled in."""
    connect = company.connect
    if connect is None:
        return EMBEDDED, "", {}
    if isinstance(connect, Mapping):
        options = {k: expand(v) if isinstance(v, str) else v for k, v in connect.items()}
        return backend_of({"backend": options.pop("backend")}), "", options
    url = expand(connect)
    return backend_of(url), url if "://" in url else "", {}


def _connected(company: Company) -> Any:
    backend, url, options = _settings(company)
    ibis.options.sql.fuse_selects = backend != EMBEDDED  # DuckDB does it itself, and quicker
    if backend not in connections.ENGINES:
        raise CompanyError(
            "connect: the URL from the environment names an engine that is not known here. "
            f"{did_you_mean(backend.split('@')[-1].split(':')[0][:12], connections.ENGINES)}"
        )
    if backend == EMBEDDED:
        for fault in connections.connect_faults(url or None):
            raise CompanyError(fault)
        return _duckdb(options, company)
    name, package = ENGINE_NAMES[backend], _PACKAGES.get(backend)
    missing = f"{name} needs a package that is not installed: .venv/bin/python -m pip install"
    if package is not None and find_spec(package) is None:
        raise CompanyError(f"{missing} './lib[{connections.EXTRAS[backend]}]'.")
    if backend == "trino":
        raise CompanyError(
            "Trino has no temporary tables, and a run writes nothing into a firm's schemas. "
            "Connect to the engine that holds the tables, or export them as Parquet files."
        )
    try:
        if backend == "postgres":
            return _postgres(url, options)
        if backend == "pyspark":
            return _spark(url, options)
        return ibis.connect(url) if url else getattr(ibis, backend).connect(**options)
    except ImportError:
        raise CompanyError(f"{missing} 'ibis-framework[{backend}]'.") from None
    except TypeError as error:
        reason = redacted(str(error), company)
        raise CompanyError(f"connect: {name} can't be opened so: {reason}.") from None


def _duckdb(options: Mapping[str, Any], company: Company) -> Any:
    """Return an in-memory engine that overflows to the scratch place.

    It takes 4 GB of memory, less where there is hardly so much: more made no run faster.
    """
    memory, con = _USUAL_MEMORY, ibis.duckdb.connect()
    with suppress(AttributeError, OSError, ValueError):  # on Windows
        memory = min(memory, int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 0.6))
    place = _OVERFLOWS[id(con)] = _overflow()
    with suppress(OSError):  # no room, which is told where it is needed
        place.mkdir(mode=0o700)  # DuckDB's own would be open to all
    con.raw_sql(f"SET temp_directory = '{place}'; SET TimeZone = 'UTC'")
    con.raw_sql(f"SET memory_limit = '{memory}B'; SET enable_progress_bar = false")  # in Jupyter
    for words in (date_words, number_words):
        words.teach(con.con)
    for name, value in options.items():
        try:
            if not _SETTING.match(name):
                raise duckdb.Error(f"'{name}' is no setting.")
            con.raw_sql(f"SET {name} = {sql_text(str(value))}")
        except duckdb.Error as error:
            reason = redacted(str(error).splitlines()[0], company)
            raise CompanyError(
                f"connect: DuckDB refuses {name}: {reason} "
                "Options are DuckDB's settings, as in {backend: duckdb, memory_limit: 4GB}."
            ) from None
    return con


def _overflow() -> Path:
    """Return where this process may overflow to, after removing what killed ones left there."""
    place, prefix = Path(tempfile.gettempdir()), f"profitchain-{platform.node()}-"
    for path in place.glob(f"{prefix}*"):
        owner = path.name.removeprefix(prefix).partition("-")[0]
        if os.name == "posix" and owner.isdecimal() and not _is_running(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
    return place / f"{prefix}{os.getpid()}-{uuid4().hex}"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _postgres(url: str, options: dict[str, Any]) -> Any:
    con = ibis.connect(url) if url else ibis.postgres.connect(**options)
    # jit: compiling hundreds of small expressions takes longer than they do
    # enable_nestloop: rows behind a window are guessed to be few, and are gone through for each row
    for setting in ("TIME ZONE 'UTC'", "DateStyle = 'ISO'", "jit = off", "enable_nestloop = off"):
        run_statement(con, f"SET {setting}")
    run_statement(con, "SET application_name = 'profitchain'")
    with suppress(Exception):  # so that a query ends soon after a killed run; not on every system
        run_statement(con, "SET client_connection_check_interval = '2s'")
    return con


def _spark(url: str, options: dict[str, Any]) -> Any:
    """Return Spark: in this process, on the cluster that `master` names, or at a `remote` one."""
    from pyspark.sql import SparkSession

    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    options = dict(options)
    builder = SparkSession.builder.appName("profitchain")
    if remote := options.pop("remote", None):
        builder, options = builder.remote(remote), _SPARK_ANYWHERE | options
    else:
        master = url if url.startswith("spark://") else options.pop("master", "local[*]")
        builder = builder.master(master)
        usual = _SPARK_ANYWHERE | _SPARK_HERE
        options = usual | (_SPARK_LOCAL if master.startswith("local") else {}) | options
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if not remote:
        session.sparkContext.setLogLevel("OFF")
    con = ibis.pyspark.connect(session)
    use_known_escapes(con.dialect)
    return con


def use_known_escapes(dialect: Any) -> None:
    """Have a dialect write a form feed in a text as it is: Spark reads \\f as the letter f.

    Ids and names would else lose an f or v at their ends, for a blank that is stripped.
    """
    known = dialect.ESCAPED_SEQUENCES.items()
    dialect.ESCAPED_SEQUENCES = {sign: written for sign, written in known if sign not in "\a\f\v"}


_SPARK_ANYWHERE = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.constraintPropagation.enabled": "false",  # hours on nested cases otherwise
}
_SPARK_HERE = {  # the driver is this process's own, whoever the workers are
    "spark.ui.showConsoleProgress": "false", "spark.driver.maxResultSize": "0",
    "spark.driver.memory": "3g", "spark.driver.extraJavaOptions": "-Xss16m",
}  # fmt: skip
_SPARK_LOCAL = {
    "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "8",
    "spark.sql.catalogImplementation": "in-memory",
}  # fmt: skip


def run_statement(con: Any, sql: str) -> None:
    """Let an engine carry out a statement that gives nothing back."""
    cursor = con.raw_sql(sql)
    if con.name != "pyspark" and hasattr(cursor, "close"):  # of Spark any name is a column's
        cursor.close()
