"""Runs a `query:` of company.yml in an engine of its own that reaches nothing but its inputs.

The files named under `files:` and the database named under `database:` are brought in first; then
files, network, extensions and settings are closed for good. What a query can't read can't change
behind an edition that stands.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
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
_SERIES = ("range", "generate_series", "unnest", "repeat", "repeat_row")  # tables of no input
_OF_THE_ENGINE = re.compile(r"(duckdb|pragma|sqlite|pg)_|.*[./\\]")  # tables, or a file's name
_CLOCK = re.compile(r"current_(date|time|timestamp)|localtime(stamp)?", re.IGNORECASE)
_CATALOGS = ("information_schema", "pg_catalog")
_ALSO_UNSTEADY = ("current_setting", "getvariable", "getenv", "version", "current_user", "user")


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
    con.raw_sql("SET python_enable_replacements = false")  # nor a variable of this process
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
    duckdb.extract_statements(query)  # a fault of its words is told as the engine says it
    if not _is_select(query):
        raise not_one_select(table)
    for node in _steady(query, table, "query: asks"):
        if _is_outside(node):
            raise _reaches_out(table)
    return query


def refuse_unsteady_views(con: Any, query: str, table: str) -> None:
    """Stop if a view or macro that a query reads, itself or by others, gives other rows tomorrow.

    Raises CompanyError, naming it, or where it can't be looked into.
    """
    views = con.raw_sql("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall()
    macros = con.raw_sql(
        "SELECT function_name, macro_definition FROM duckdb_functions() "
        "WHERE NOT internal AND macro_definition IS NOT NULL"
    ).fetchall()
    written: dict[str, list[str]] = {}  # some may share a name
    for name, text in [*((name, _body(text)) for name, text in views), *macros]:
        written.setdefault(name.lower(), []).append(text)
    waiting, known = [(query, "query: asks")], set[str]()
    while waiting:
        body, asks = waiting.pop()
        for node in _steady(body, table, asks):
            used = {str(node.get(key) or "").lower() for key in ("table_name", "function_name")}
            for name in (used & written.keys()) - known:
                known.add(name)
                whole = [text if _is_select(text) else f"SELECT {text}" for text in written[name]]
                waiting += [(text, f"its view or macro {name} asks") for text in whole]


def _is_select(text: str) -> bool:
    try:
        (statement,) = duckdb.extract_statements(text)
    except (ValueError, duckdb.Error):
        return False
    return bool(statement.type == duckdb.StatementType.SELECT)


def _body(view: str) -> str:
    """Return the SELECT of a view, as `CREATE VIEW name AS SELECT …` has it."""
    places = [match.end() for match in re.finditer(r"\bAS\b", view)]
    bodies = [view[place:].strip().rstrip(";") for place in places]
    return next(filter(_is_select, bodies), view)


def _steady(query: str, table: str, asks: str) -> list[Mapping[str, Any]]:
    """Return the parts of a query; stop if one gives something else each time."""
    with duckdb.connect() as con:
        text = con.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
        unsteady = con.execute(
            "SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
        ).fetchall()
    names = {name for (name,) in unsteady}.difference(["error"]).union(_ALSO_UNSTEADY)
    tree = json.loads(text[0] if text else "{}")
    if tree.get("error"):
        raise not_one_select(table)
    nodes = list(_nodes(tree))
    for name in filter(None, (_what_changes(node, names) for node in nodes)):
        raise CompanyError(
            f"tables: {table}: {asks} for {name}, so that the same tables would give "
            "other rows tomorrow, or elsewhere. Write the day, or leave it out: an edition "
            "takes what lies before its period's end."
        )
    return nodes


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every part of a query as DuckDB reads it, however it is written."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _is_outside(node: Mapping[str, Any]) -> bool:
    """Tell whether a part of a query is a table that is none of its inputs."""
    if node.get("type") == "TABLE_FUNCTION":
        return node["function"].get("function_name") not in _SERIES
    is_table = node.get("type") == "BASE_TABLE"
    return is_table and (
        node["schema_name"] in _CATALOGS or bool(_OF_THE_ENGINE.match(node["table_name"]))
    )


def _what_changes(node: Mapping[str, Any], unsteady: Set[str]) -> str:
    """Return what in a part of a query gives something else each time; "" if nothing does."""
    name = str(node.get("function_name") or "").lower()
    if node.get("type") == "COLUMN_REF" and _CLOCK.fullmatch(last := node["column_names"][-1]):
        return str(last)
    if node.get("sample"):
        return "a sample"
    since_today = name == "age" and len(node["children"]) == 1
    return name if name in unsteady or since_today else ""


def not_one_select(table: str) -> CompanyError:
    """Return the error of a `query:` that is anything but one SELECT statement."""
    return CompanyError(f"tables: {table}: query: must be one SELECT statement and nothing else.")


def _reaches_out(table: str) -> CompanyError:
    return CompanyError(
        f"tables: {table}: query: names a file itself, or reaches for the network or a setting. "
        "Give the file a name under files: and read it by that name, so that a changed file is "
        "noticed."
    )
