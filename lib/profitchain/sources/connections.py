"""Which engine holds a firm's tables: `connect:` in company.yml, secrets never written there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from profitchain.core.errors import did_you_mean
from profitchain.sources.settings import Source

Connect = str | dict[str, str | int | float | bool]

EMBEDDED = "duckdb"
PROVEN = (EMBEDDED, "postgres", "pyspark")
COMPILED = ("bigquery", "clickhouse", "snowflake", "trino")  # their SQL is checked, never run
KNOWN = (*PROVEN, *COMPILED)
SPOKEN = {
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "pyspark": "Apache Spark",
    "bigquery": "BigQuery",
    "clickhouse": "ClickHouse",
    "snowflake": "Snowflake",
    "trino": "Trino",
}
EXTRAS = {"postgres": "postgres", "pyspark": "spark"}
_ALSO = {"postgresql": "postgres", "spark": "pyspark"}
_SECRET = re.compile(r"passw|secret|token|credential|private|api_?key|access_?key", re.IGNORECASE)
_TAKEN = re.compile(r"\$\{\w+\}")


def backend_of(connect: Connect | None) -> str:
    """Return the engine's name as Ibis calls it; "" where only the environment knows it."""
    if connect is None:
        return EMBEDDED
    if isinstance(connect, Mapping):
        written = str(connect.get("backend", ""))
    else:
        written = connect.partition("://")[0]
    if _TAKEN.search(written):
        return ""
    plain = written.strip().lower()
    return _ALSO.get(plain, plain)


def connect_faults(connect: Connect | None) -> Iterable[str]:
    """Return what is wrong with `connect:` as it is written, before any name is filled in."""
    if connect is None:
        return
    if isinstance(connect, Mapping) and "backend" not in connect:
        yield "connect: needs backend:, the engine's name, as in {backend: postgres, host: db}."
        return
    backend = backend_of(connect)
    if backend and backend not in KNOWN:
        yield f"connect: '{backend}' is no engine known here. {did_you_mean(backend, KNOWN)}"
    if backend == EMBEDDED and isinstance(connect, str) and "://" in connect:
        yield (
            "connect: a DuckDB file is named by database: at each table, for it is read and never "
            "written. Leave connect: out, or give options: {backend: duckdb, memory_limit: 4GB}."
        )
    yield from _literal_secrets(connect)


def place_faults(connect: Connect | None, tables: Mapping[str, Source]) -> Iterable[str]:
    """Return what is wrong with where rows are, which depends on whose engine reads them."""
    for name, source in tables.items():
        if backend_of(connect) == EMBEDDED:
            if source.table and not source.database:
                yield (
                    f"tables: {name}: table: needs database:, the path of the DuckDB file that "
                    "holds it (or connect:, the firm's own engine)."
                )
            if source.query and not (source.database or source.files):
                yield (
                    f"tables: {name}: query: needs files: (a name for each file it reads) or "
                    "database:."
                )
        elif source.database or source.files:
            yield (
                f"tables: {name}: database: and files: are read by DuckDB alone. With connect:, "
                "table: and query: mean tables of that engine."
            )


def _literal_secrets(connect: Connect) -> Iterable[str]:
    """Return a fault for each secret that stands in company.yml itself."""
    if isinstance(connect, str):
        given = urlsplit(_TAKEN.sub("", connect))
        asked = [part.partition("=") for part in given.query.split("&")]
        options = {name: value for name, _, value in asked}
        if given.password or any(_SECRET.search(name) and options[name] for name in options):
            yield (
                "connect: holds a password. Take the whole URL from the environment, connect: "
                "${WAREHOUSE_URL}, and set it before the run: export WAREHOUSE_URL=..."
            )
        return
    for name, value in connect.items():
        if _SECRET.search(name) and _TAKEN.sub("", str(value)).strip():
            taken = re.sub(r"\W+", "_", name).upper()
            yield (
                f"connect: {name}: is a secret and must not stand in company.yml. Write {name}: "
                f"${{{taken}}} and set it before the run: export {taken}=..."
            )


def secret_parts(value: str) -> list[str]:
    """Return the parts of a URL from the environment that no message may repeat, longest first."""
    try:
        given = urlsplit(value)
        parts = [given.netloc, given.password, given.hostname] if given.scheme else []
    except ValueError:
        parts = []
    return sorted({part for part in parts if part}, key=lambda part: -len(part))
