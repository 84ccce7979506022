"""Runs a `query:` of company.yml in an engine of its own that reaches nothing but its inputs.

The files named under `files:` and the database named under `database:` are brought in first; then
files, network, extensions and settings are closed for good. What a query can't read can't change
behind an edition that stands.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis

from profitchain.core.errors import CompanyError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 200_000_000
MOST_SECONDS = 1_800
_READS_FILES = re.compile(
    r"\b(read_\w+|parquet_scan|glob)\s*\(|(?<!distinct )\b(from|join)\s+'", re.IGNORECASE
)
_UNSTEADY = re.compile(
    r"\b(now|today|random|uuid|gen_random_uuid|get_current_time\w*|transaction_timestamp)\s*\("
    r"|\bcurrent_(date|time|timestamp)\b",
    re.IGNORECASE,
)


@contextmanager
def sandbox(memory: str, scratch: Path) -> Iterator[Any]:
    """Give an engine to bring inputs into; it goes when the block ends."""
    with closing(ibis.duckdb.connect().con) as raw:
        con = ibis.duckdb.from_connection(raw)
        con.raw_sql("SET TimeZone = 'UTC'")
        con.raw_sql(f"SET memory_limit = '{memory}'")
        con.raw_sql(f"SET temp_directory = '{str(scratch).replace(chr(39), chr(39) * 2)}'")
        yield con


def close_in(con: Any, paths: Sequence[Path]) -> None:
    """Let an engine reach no file but those at `paths`, for as long as it lives."""
    listed = ", ".join("'" + str(path.resolve()).replace("'", "''") + "'" for path in paths)
    con.raw_sql(f"SET allowed_paths = [{listed}]")
    con.raw_sql("SET enable_external_access = false")
    con.raw_sql("SET lock_configuration = true")


def rows_of(con: Any, query: str, table: str, take: Callable[[pa.RecordBatchReader], None]) -> None:
    """Hand the rows of a query over, in their order; stop one that has no end.

    Raises
    ------
    CompanyError, where it has more than `MOST_ROWS` rows or takes longer than `MOST_SECONDS`.
    """
    late = threading.Event()

    def stop() -> None:
        late.set()
        con.con.interrupt()

    clock = threading.Timer(MOST_SECONDS, stop)
    clock.start()
    try:
        limited = f"SELECT * FROM ({query}\n) LIMIT {MOST_ROWS + 1}"
        take(con.raw_sql(limited).to_arrow_reader(122_880))
    except duckdb.PermissionException:
        raise _reaches_out(table) from None
    except (duckdb.InterruptException, OSError):
        if not late.is_set():
            raise
        raise CompanyError(
            f"tables: {table}: query: took longer than {MOST_SECONDS // 60} minutes and was "
            "stopped. Filter or sum up earlier in it, or export the table as Parquet."
        ) from None
    finally:
        clock.cancel()


def too_many_rows(table: str) -> CompanyError:
    """Return the error of a query that doesn't end."""
    return CompanyError(
        f"tables: {table}: query: gives more than {MOST_ROWS:,} rows. Is a join without its "
        "condition, or a series without an end, among it? Large tables are read faster by file:."
    )


def one_select(query: str, table: str) -> str:
    """Return the query without its semicolon; stop if it is more than a SELECT from its inputs."""
    query = query.strip().rstrip(";")
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise not_one_select(table)
    if _READS_FILES.search(query):
        raise _reaches_out(table)
    if unsteady := _UNSTEADY.search(query):
        raise CompanyError(
            f"tables: {table}: query: asks for {unsteady[0].strip('( ')}, so that the same tables "
            "would give other rows tomorrow. Write the day, or leave it out: an edition takes what "
            "lies before its period's end."
        )
    return query


def not_one_select(table: str) -> CompanyError:
    """Return the error of a `query:` that is anything but one SELECT statement."""
    return CompanyError(f"tables: {table}: query: must be one SELECT statement and nothing else.")


def _reaches_out(table: str) -> CompanyError:
    return CompanyError(
        f"tables: {table}: query: names a file itself, or reaches for the network or a setting. "
        "Give the file a name under files: and read it by that name, so that a changed file is "
        "noticed."
    )
