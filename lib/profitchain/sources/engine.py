"""The engine that counts: opened for a run, asked for sums, and left as it was found.

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import ibis

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.company import Company, expand, redacted
from profitchain.sources.connections import (
    EMBEDDED,
    EXTRAS,
    KNOWN,
    PROVEN,
    SPOKEN,
    backend_of,
    connect_faults,
)

_PACKAGES = {"postgres": "psycopg", "pyspark": "pyspark"}
_DRIVERS = ("psycopg", "pyspark", "py4j", "duckdb", "ibis", "sqlglot")
_DRIVERS += ("google", "snowflake", "clickhouse_connect")
_USUAL_MEMORY = 4_000_000_000  # bytes
_SETTING = re.compile(r"^[a-z_]+$")


def is_embedded(con: Any) -> bool:
    """Tell whether an engine is the DuckDB inside this process, which reads any file."""
    return con.name == EMBEDDED


@contextmanager
def opened(company: Company) -> Iterator[tuple[Any, Path]]:
    """Give the firm's engine and a scratch folder that goes when the block ends.

    The engine stays open after the block for who goes on with it, unless the block failed.

    Raises
    ------
    CompanyError, where the engine can't be reached or refuses something, in its first words and
    without what came from the environment.
    """
    with tempfile.TemporaryDirectory(prefix="profitchain-") as scratch, telling(company):
        con = _connected(company)
        try:
            yield con, Path(scratch)
        except BaseException:
            close(con)
            raise


def close(con: Any) -> None:
    """Let go of an engine, and with it of all that was kept there."""
    with suppress(Exception):
        con.disconnect()


@contextmanager
def telling(company: Company) -> Iterator[None]:
    """Turn what the firm's own engine refuses into one sentence; DuckDB's faults are ours."""
    try:
        yield
    except Exception as refused:
        if isinstance(refused.__cause__, KeyboardInterrupt):  # as DuckDB tells of it
            raise refused.__cause__ from None
        ours = backend_of(company.connect) == EMBEDDED
        if ours or type(refused).__module__.partition(".")[0] not in _DRIVERS:
            raise
        raise CompanyError(_refusal(refused, company)) from None


def _refusal(refused: Exception, company: Company) -> str:
    name = SPOKEN.get(_settings(company)[0], "The engine")
    said = next((line for line in str(refused).splitlines() if line.strip()), "nothing more")
    told = redacted(said.strip(), company)
    if "JAVA_GATEWAY_EXITED" in told or "JAVA_HOME" in told:
        return "Spark needs Java 17 or newer. Install it (apt-get install default-jre-headless)."
    if "permission denied to create temporary" in told:
        return (
            f"{name} says: {told}. A run keeps its sums in temporary tables of its own session. "
            "Let its user do so: GRANT TEMPORARY ON DATABASE <name> TO <user>."
        )
    unknown = "" if _settings(company)[0] in PROVEN else (
        f" No run on {name} has been tried yet; DuckDB, PostgreSQL and Spark are."
    )  # fmt: skip
    return f"{name} says: {told[:400]}. See connect: and tables: in company.yml.{unknown}"


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
    if backend not in KNOWN:
        raise CompanyError(
            "connect: the URL from the environment names an engine that is not known here. "
            f"{did_you_mean(backend.split('@')[-1].split(':')[0][:12], KNOWN)}"
        )
    if backend == EMBEDDED:
        for fault in connect_faults(url or None):
            raise CompanyError(fault)
        return _duckdb(options)
    package = _PACKAGES.get(backend)
    if package is not None and find_spec(package) is None:
        raise CompanyError(
            f"{SPOKEN[backend]} needs a package that is not installed: "
            f".venv/bin/python -m pip install './lib[{EXTRAS[backend]}]'."
        )
    connecting: dict[str, Callable[[str, dict], Any]] = {"postgres": _postgres, "pyspark": _spark}
    try:
        return connecting.get(backend, _other(backend))(url, options)
    except ImportError:
        raise CompanyError(
            f"{SPOKEN[backend]} needs a package that is not installed: "
            f".venv/bin/python -m pip install 'ibis-framework[{backend}]'."
        ) from None
    except TypeError as unknown:
        raise CompanyError(
            f"connect: {SPOKEN[backend]} can't be opened so: {redacted(str(unknown), company)}."
        ) from None


def _duckdb(options: Mapping[str, Any]) -> Any:
    """Return an in-memory engine that overflows to the scratch place."""
    con = ibis.duckdb.connect()
    con.raw_sql(f"SET temp_directory = '{_overflow()}'; SET TimeZone = 'UTC'")
    con.raw_sql(f"SET memory_limit = '{_usual_memory()}B'")
    for name, value in options.items():
        try:
            if not _SETTING.match(name):
                raise duckdb.Error(f"'{name}' is no setting.")
            written = str(value).replace("'", "''")
            con.raw_sql(f"SET {name} = '{written}'")
        except duckdb.Error as refused:
            raise CompanyError(
                f"connect: DuckDB refuses {name}: {str(refused).splitlines()[0]} "
                "Options are DuckDB's settings, as in {backend: duckdb, memory_limit: 4GB}."
            ) from None
    return con


def _overflow() -> Path:
    """Return where this process may overflow to, after removing what killed ones left there."""
    place, ours = Path(tempfile.gettempdir()), f"profitchain-{platform.node()}-"
    for path in place.glob(f"{ours}*"):
        owner = path.name.removeprefix(ours).partition("-")[0]
        if os.name == "posix" and owner.isdecimal() and not _is_running(int(owner)):
            shutil.rmtree(path, ignore_errors=True)
    return place / f"{ours}{os.getpid()}-{uuid4().hex}"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _usual_memory() -> int:
    """Return how much memory the embedded engine takes: 4 GB, less where there is hardly so much.

    More made no run faster, and what doesn't fit overflows to the scratch place.
    """
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not on Windows
        return _USUAL_MEMORY
    return min(_USUAL_MEMORY, int(there * 0.6))


def _postgres(url: str, options: dict[str, Any]) -> Any:
    con = ibis.connect(url) if url else ibis.postgres.connect(**options)
    carry_out(con, "SET TIME ZONE 'UTC'")
    carry_out(con, "SET DateStyle = 'ISO'")
    carry_out(
        con, "SET jit = off"
    )  # compiling hundreds of small expressions takes longer than they do
    carry_out(con, "SET application_name = 'profitchain'")
    with suppress(Exception):  # so that a query ends soon after a killed run; not on every system
        carry_out(con, "SET client_connection_check_interval = '2s'")
    return con


def _spark(url: str, options: dict[str, Any]) -> Any:
    """Return Spark: in this process, on the cluster that `master` names, or at a `remote` one."""
    from pyspark.sql import SparkSession

    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    given = dict(options)
    builder = SparkSession.builder.appName("profitchain")
    if remote := given.pop("remote", None):
        builder = builder.remote(remote)
    else:
        master = url if url.startswith("spark://") else given.pop("master", "local[*]")
        builder = builder.master(master)
        given = _SPARK_USUAL | (_SPARK_LOCAL if master.startswith("local") else {}) | given
    for name, value in given.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if not remote:
        session.sparkContext.setLogLevel("OFF")
    return ibis.pyspark.connect(session)


_SPARK_USUAL = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0",
    "spark.sql.constraintPropagation.enabled": "false",  # hours on nested cases otherwise
}
_SPARK_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.driver.memory": "3g",
    "spark.driver.extraJavaOptions": "-Xss16m",
}


def _other(backend: str) -> Callable[[str, dict[str, Any]], Any]:
    """Return how to open an engine for which SQL is compiled and checked but never was run."""
    if backend == "trino":
        raise CompanyError(
            "Trino has no temporary tables, and a run writes nothing into a firm's schemas. "
            "Connect to the engine that holds the tables, or export them as Parquet files."
        )
    return lambda url, options: (
        ibis.connect(url) if url else getattr(ibis, backend).connect(**options)
    )


def carry_out(con: Any, sql: str) -> None:
    """Let an engine carry out a statement that gives nothing back."""
    done = con.raw_sql(sql)
    if hasattr(done, "close"):
        done.close()
