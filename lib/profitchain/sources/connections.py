"""Which engine holds a firm's tables: `connect:` in company.yml, secrets never written there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from profitchain.core.errors import did_you_mean
from profitchain.sources.settings import Source

Connect = str | dict[str, str | int | float | bool]

EMBEDDED = "duckdb"
TESTED_ENGINES = (EMBEDDED, "postgres", "pyspark")
COMPILED_ENGINES = ("bigquery", "clickhouse", "snowflake", "trino")  # SQL is checked, never run
ENGINES = (*TESTED_ENGINES, *COMPILED_ENGINES)
ENGINE_NAMES = {
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "pyspark": "Apache Spark",
    "bigquery": "BigQuery",
    "clickhouse": "ClickHouse",
    "snowflake": "Snowflake",
    "trino": "Trino",
}
OPTIONS = {  # that `connect:` may give an engine; a name that ends with a dot begins names
    "duckdb": ("memory_limit", "threads", "temp_directory", "max_temp_directory_size"),
    "postgres": ("host", "port", "user", "password", "database", "schema"),
    "pyspark": (
        "master", "remote", "spark.sql.", "spark.hadoop.", "spark.network.", "spark.ui.",
        "spark.executor.memory", "spark.executor.cores", "spark.executor.instances",
        "spark.driver.memory", "spark.driver.host", "spark.driver.bindAddress",
        "spark.driver.maxResultSize", "spark.default.parallelism", "spark.local.dir",
    ),
}  # fmt: skip
EXTRAS = {"postgres": "postgres", "pyspark": "spark"}
_ALIASES = {"postgresql": "postgres", "spark": "pyspark"}
_SECRET = re.compile(r"passw|secret|token|credential|private|api_?key|access_?key", re.IGNORECASE)
_FROM_ENVIRONMENT = re.compile(r"\$\{\w+\}")


def backend_of(connect: Connect | None) -> str:
    """Return the engine's name as Ibis calls it; "" where only the environment knows it."""
    if connect is None:
        return EMBEDDED
    if isinstance(connect, Mapping):
        name = str(connect.get("backend", ""))
    else:
        name = connect.partition("://")[0]
    if _FROM_ENVIRONMENT.search(name):
        return ""
    name = name.strip().lower()
    return _ALIASES.get(name, name)


def connect_faults(connect: Connect | None) -> Iterable[str]:
    """Return what is wrong with `connect:` as it is written, before any name is filled in."""
    if connect is None:
        return
    if isinstance(connect, Mapping) and "backend" not in connect:
        yield "connect: needs backend:, the engine's name, as in {backend: postgres, host: db}."
        return
    backend = backend_of(connect)
    if backend and backend not in ENGINES:
        yield f"connect: '{backend}' is no engine known here. {did_you_mean(backend, ENGINES)}"
    if backend == EMBEDDED and isinstance(connect, str) and "://" in connect:
        yield (
            "connect: a DuckDB file is named by database: at each table, for it is read and never "
            "written. Leave connect: out, or give options: {backend: duckdb, memory_limit: 4GB}."
        )
    if isinstance(connect, Mapping):
        yield from _unknown_options(connect, backend)
    yield from _literal_secrets(connect)


def place_faults(connect: Connect | None, tables: Mapping[str, Source]) -> Iterable[str]:
    """Return what is wrong with where rows are, which depends on whose engine reads them."""
    embedded = backend_of(connect) == EMBEDDED
    for name, source in tables.items():
        if not embedded and (source.format or source.parts):
            yield (
                f"tables: {name}: format: and a list of files: are read by DuckDB alone. With "
                "connect:, bring them into a table of that engine first."
            )
        if not embedded and (source.database or source.files):
            yield (
                f"tables: {name}: database: and files: are read by DuckDB alone. With connect:, "
                "table: and query: mean tables of that engine."
            )
        if embedded and source.table and not source.database:
            yield (
                f"tables: {name}: table: needs database:, the path of the DuckDB file that "
                "holds it (or connect:, the firm's own engine)."
            )
        if embedded and source.query and not (source.database or source.files):
            needed = "files: (a name for each file it reads) or database:"
            yield f"tables: {name}: query: needs {needed}."


def _unknown_options(connect: Mapping[str, object], backend: str) -> Iterable[str]:
    """Return a fault for each option that an engine isn't given from here."""
    known = OPTIONS.get(backend, ())
    exact, beginnings = {n for n in known if n[-1] != "."}, tuple(n for n in known if n[-1] == ".")
    for name in connect if known else ():
        if name != "backend" and name not in exact and not (name.startswith(beginnings or "\0")):
            yield (
                f"connect: {name}: is no option for {ENGINE_NAMES[backend]} here. "
                f"{did_you_mean(name, sorted(exact))}"
            )


def _literal_secrets(connect: Connect) -> Iterable[str]:
    """Return a fault for each secret that stands in company.yml itself."""
    if isinstance(connect, str):
        url = urlsplit(_FROM_ENVIRONMENT.sub("", connect))
        parts = [part.partition("=") for part in url.query.split("&")]
        options = {name: value for name, _, value in parts}
        if url.password or any(_SECRET.search(name) and options[name] for name in options):
            yield (
                "connect: holds a password. Take the whole URL from the environment, connect: "
                "${WAREHOUSE_URL}, and set it before the run: export WAREHOUSE_URL=..."
            )
        return
    for name, value in connect.items():
        if _SECRET.search(name) and _FROM_ENVIRONMENT.sub("", str(value)).strip():
            variable = re.sub(r"\W+", "_", name).upper()
            yield (
                f"connect: {name}: is a secret and must not stand in company.yml. Write {name}: "
                f"${{{variable}}} and set it before the run: export {variable}=..."
            )


def secret_parts(value: str) -> list[str]:
    """Return the parts of a URL from the environment that no message may repeat, longest first."""
    try:
        url = urlsplit(value)
        parts = [url.netloc, url.password, url.hostname] if url.scheme else []
    except ValueError:
        parts = []
    return sorted({part for part in parts if part}, key=lambda part: -len(part))
