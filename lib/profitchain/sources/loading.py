"""Brings a file, a table or a query into the engine as it is, each row with its place."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.company import Company, expand, redacted
from profitchain.sources.csv_dialect import FILE, ROW, Layout, find_layout
from profitchain.sources.excel_input import sheet_cells
from profitchain.sources.settings import Source

if TYPE_CHECKING:
    import ibis

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab")
_PARQUET_SUFFIXES = (".parquet", ".pq")
_EXCEL_SUFFIXES = (".xlsx", ".xlsm")
_SURPLUS = 8
Rejected = tuple[str | None, int, str]  # file, row, text
_READS_FILES = re.compile(
    r"\b(read_\w+|parquet_scan|glob)\s*\(|(?<!distinct )\b(from|join)\s+'", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One table as it came: a relation with `__file` and `__row` beside its own columns.

    `rejected` rows could not be split into the header's columns. `numbered`: `__row` counts as a
    spreadsheet does and may be shown. `lasting`: read in place, not copied in; `paths`: its Parquet
    files, by name. `warehouse`: a table of the firm's own engine, whose columns have types and
    whose rows no place; its `instants` are the columns of moments that had a zone, here in UTC.
    `source`: how its columns are written, where that is no longer as company.yml says. `folded`
    rows of a file were further rows of an order and stand in its first one.
    """

    name: str
    relation: ibis.Table
    columns: tuple[str, ...]
    rejected: Sequence[Rejected] = ()
    numbered: bool = True
    excel: bool = False
    lasting: bool = False
    paths: tuple[Path, ...] = ()
    warehouse: bool = False
    instants: frozenset[str] = frozenset()
    source: Source | None = None
    folded: int = 0


def read_source(con: Any, table: str, company: Company, *, scratch: Path) -> RawTable:
    """Return a company's table as it came, registered in the engine as `raw_<table>`."""
    import duckdb

    source = company.tables[table]
    try:
        if source.file is not None:
            return _read_file(con, f"raw_{table}", source, company, scratch=scratch)
        return _read_from_sql(con, table, source, company, scratch=scratch)
    except duckdb.Error as error:
        what = redacted(str(error).split("\n\nLINE")[0].strip(), company)
        without_paths = re.sub(r"(/[^\s\"']+)+/([^\s/\"']+)", r"\2", what)
        raise CompanyError(
            f"The rows of '{table}' can't be read. The engine says: {without_paths} "
            f"Mend tables: {table}: in company.yml."
        ) from None


def read_one_file(con: Any, name: str, source: Source, company: Company, scratch: Path) -> RawTable:
    """Return one file (or the files of one pattern) as it came, registered under a name."""
    return _read_file(con, name, source, company, scratch=scratch)


def source_name(table: str, company: Company) -> str:
    """Return how a table's source is called in messages and records: no path, no secret."""
    source = company.tables[table]
    if source.file is not None or source.parts:
        files = [source.file or "", *(part.file or "" for part in source.parts)]
        return ", ".join(display_path(file) for file in files if file)
    return source.table if source.table is not None else f"query for {table}"


def source_hash(table: str, company: Company) -> str:
    """Return the sha256 of a table's files and of its query as written, without environment."""
    source = company.tables[table]
    parts = [part.file for part in source.parts]
    places = [source.file, source.database, *source.files.values(), *parts]
    paths = [path for place in places if place is not None for path in paths_of(place, company)]
    hashes = sorted(file_hash(path) for path in paths)
    if source.file is not None and len(hashes) == 1:
        return hashes[0]
    words = [text for text in (source.table, source.query) if text is not None]
    return hashlib.sha256("\n".join([*hashes, *words]).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes, read once a process unless it changes."""
    now = path.stat()
    return _hash_of(path, now.st_ino, now.st_size, now.st_mtime_ns)


@cache
def _hash_of(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_file(con: Any, name: str, source: Source, company: Company, *, scratch: Path) -> RawTable:
    file = source.file or ""
    paths = paths_of(file, company)
    suffix = paths[0].suffix.lower()
    if suffix in _PARQUET_SUFFIXES:
        names = ", ".join(sql_text(str(path)) for path in paths)
        column = "parse_filename(filename)" if len(paths) > 1 else "NULL::VARCHAR"
        con.raw_sql(
            f"CREATE VIEW {name} AS SELECT {column} AS {FILE}, file_row_number + 1 AS {ROW}, "
            "* EXCLUDE (filename, file_row_number) FROM read_parquet("
            f"[{names}], filename=true, file_row_number=true, union_by_name=true)"
        )
        return _raw(con, name, lasting=True, paths=tuple(paths))
    if suffix in _TEXT_SUFFIXES:
        return _read_delimited(con, name, paths, source, scratch=scratch)
    if suffix in _EXCEL_SUFFIXES:
        con.create_table(name, sheet_cells(paths[0], source, table=name.removeprefix("raw_")))
        return _raw(con, name, excel=True)
    suffixes = ", ".join((*_TEXT_SUFFIXES, *_PARQUET_SUFFIXES, *_EXCEL_SUFFIXES))
    raise CompanyError(
        f"{display_path(file)} is of a kind that can't be read. Save it as one of {suffixes}."
    )


def _read_delimited(
    con: Any, name: str, paths: list[Path], source: Source, *, scratch: Path
) -> RawTable:
    if len(paths) == 1:
        return _raw(con, name, rejected=_load(con, name, paths[0], source, scratch=scratch))
    parts = {f"{name}_{number}": path for number, path in enumerate(paths)}
    rejected = [
        (path.name, row, text)
        for part, path in parts.items()
        for _, row, text in _load(con, part, path, source, scratch=scratch)
    ]
    selects = [
        f"SELECT * REPLACE ({sql_text(path.name)} AS {FILE}) FROM {part}"
        for part, path in parts.items()
    ]
    con.raw_sql(f"CREATE TABLE {name} AS " + " UNION ALL BY NAME ".join(selects))
    for part in parts:
        con.raw_sql(f"DROP TABLE {part}")
    return _raw(con, name, rejected=rejected)


def _load(con: Any, part: str, path: Path, source: Source, *, scratch: Path) -> list[Rejected]:
    """Load one CSV file as text; return the rows that have too many cells, with their place."""
    layout = find_layout(path, source, name=path.name, scratch=scratch)
    delimiter, surplus = sql_text(layout.delimiter), [f"__surplus_{k}" for k in range(_SURPLUS)]
    columns = ", ".join(f"{sql_text(column)}: 'VARCHAR'" for column in (*layout.names, *surplus))
    con.raw_sql(
        f"CREATE TABLE {part} AS SELECT NULL::VARCHAR AS {FILE}, "
        f"row_number() OVER () + {layout.header_row} AS {ROW}, * FROM read_csv("
        f"{sql_text(str(layout.path))}, auto_detect=false, header=false, "
        f"skip={layout.lines_to_skip}, delim={delimiter}, quote='\"', escape='\"', "
        f"columns={{{columns}}}, null_padding=true, strict_mode=false, parallel=false, "
        "max_line_size=16777216)"
    )
    if layout.odd_quotes:
        _refuse_swallowed_rows(con, part, layout, name=path.name)
    con.raw_sql(
        f"DELETE FROM {part} WHERE {ROW} <= {layout.header_row + source.skip_rows_after_header}"
    )
    cells = ", ".join(f"coalesce({sql_name(name)}, '')" for name in (*layout.names, *surplus))
    too_wide = f"coalesce({', '.join(surplus)}) IS NOT NULL"
    wide = con.raw_sql(
        f"SELECT {ROW}, rtrim(concat_ws({delimiter}, {cells}), {delimiter}) FROM {part} "
        f"WHERE {too_wide} ORDER BY {ROW}"
    ).fetchall()
    if wide:
        con.raw_sql(f"DELETE FROM {part} WHERE {too_wide}")
    for name in surplus:
        con.raw_sql(f"ALTER TABLE {part} DROP COLUMN {name}")
    return [(None, int(row), text) for row, text in wide]


def _refuse_swallowed_rows(con: Any, part: str, layout: Layout, *, name: str) -> None:
    """Stop where the last row holds line breaks because a quotation mark was never closed."""
    breaks = " OR ".join(f"contains({sql_name(column)}, chr(10))" for column in layout.names)
    row = con.raw_sql(
        f"SELECT {ROW} FROM {part} WHERE {ROW} = (SELECT max({ROW}) FROM {part}) AND ({breaks})"
    ).fetchone()
    if row:
        raise CompanyError(
            f"{name}: a quotation mark in row {row[0]} is never closed, so that all the rows "
            'after it are one cell. Close it, or double it ("") where it belongs to the text.'
        )


def _read_from_sql(
    con: Any, table: str, source: Source, company: Company, *, scratch: Path
) -> RawTable:
    name = f"raw_{table}"
    catalog = ""
    if source.database:
        path = str(paths_of(source.database, company)[0].resolve())
        databases = con.raw_sql("SELECT path, database_name FROM duckdb_databases()")
        catalogs = dict(databases.fetchall())
        catalog = catalogs.get(path, f"database_{len(catalogs)}")
        if path not in catalogs:
            con.raw_sql(f"ATTACH {sql_text(path)} AS {catalog} (READ_ONLY)")
    if source.table is not None:
        return _read_database_table(con, name, catalog, expand(source.table))
    query = _one_select(expand(source.query or ""), table)
    aliases = f"files_for_{table}"
    con.raw_sql(f"CREATE SCHEMA {aliases}")
    rejected: list[Rejected] = []
    for number, (alias, file) in enumerate(source.files.items()):
        part = source.model_copy(update={"file": file})
        raw = _read_file(con, f"{aliases}_{number}", part, company, scratch=scratch)
        rejected += [(file or alias, row, text) for file, row, text in raw.rejected]
        con.raw_sql(
            f"CREATE VIEW {aliases}.{sql_name(alias)} AS "
            f"SELECT * EXCLUDE ({FILE}, {ROW}) FROM memory.main.{raw.name}"
        )
    path = f"memory.{aliases}" + (f",{catalog}.main" if catalog else "")
    con.raw_sql(f"SET search_path = '{path}'")
    try:
        con.raw_sql(
            f"CREATE TABLE memory.main.{name} AS SELECT NULL::VARCHAR AS {FILE}, "
            f"row_number() OVER () AS {ROW}, * FROM ({query}\n)"
        )
    finally:
        con.raw_sql("SET search_path = 'memory.main'")
    return _raw(con, name, rejected=rejected, numbered=False)


def _read_database_table(con: Any, name: str, catalog: str, table: str) -> RawTable:
    schema, _, plain = table.rpartition(".")
    place = f"{catalog}.{sql_name(schema or 'main')}.{sql_name(plain)}"
    is_base = con.raw_sql(
        f"SELECT count(*) FROM duckdb_tables() WHERE database_name = {sql_text(catalog)} "
        f"AND schema_name = {sql_text(schema or 'main')} AND table_name = {sql_text(plain)}"
    ).fetchone()[0]
    kind, row = ("VIEW", "rowid + 1") if is_base else ("TABLE", "row_number() OVER ()")
    con.raw_sql(
        f"CREATE {kind} {name} AS SELECT NULL::VARCHAR AS {FILE}, {row} AS {ROW}, * FROM {place}"
    )
    return _raw(con, name, lasting=bool(is_base), numbered=False)


def not_one_select(table: str) -> CompanyError:
    """Return the error of a `query:` that is anything but one SELECT statement."""
    return CompanyError(f"tables: {table}: query: must be one SELECT statement and nothing else.")


def _one_select(query: str, table: str) -> str:
    """Return the query without its semicolon; stop if it is more than a SELECT from `files:`."""
    import duckdb

    query = query.strip().rstrip(";")
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise not_one_select(table)
    if _READS_FILES.search(query):
        raise CompanyError(
            f"tables: {table}: query: names a file itself. Give the file a name under files: and "
            "read it by that name, so that a changed file is noticed."
        )
    return query


def _raw(con: Any, name: str, **more: Any) -> RawTable:
    relation = con.table(name)
    columns = tuple(column for column in relation.columns if column not in (FILE, ROW))
    return RawTable(name=name, relation=relation, columns=columns, **more)


def paths_of(written: str, company: Company) -> list[Path]:
    """Return the files that a path or a glob of company.yml means, in order of their names."""
    text = expand(written)
    if "://" in text:
        raise CompanyError(
            f"{display_path(written)} is an address. Only files can be read yet: a DuckDB file, "
            "Parquet, CSV or Excel."
        )
    path = company.folder / text
    if glob.has_magic(text):
        paths = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
    else:
        paths = [path] if path.is_file() else []
    if not paths:
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside)
        near = hint if hint.startswith("Did") else "Paths count from the company folder."
        raise CompanyError(f"There is no file {display_path(written)}. {near}")
    return paths


def display_path(written: str) -> str:
    """Return a path as a message may show it: as written if relative, else its last part."""
    outside = Path(written).is_absolute() or "${" in written or ".." in written
    return re.split(r"[\\/]", written)[-1] if outside else written


def sql_text(text: str) -> str:
    """Return text as SQL writes it, between quotes."""
    return "'" + text.replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """Return a name of a table or column as SQL writes it, between quotes."""
    return '"' + name.replace('"', '""') + '"'
