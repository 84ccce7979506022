"""Brings a file, a table or a query into the engine as it is, each row with its place."""

from __future__ import annotations

import glob
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.company import Company, expand, redacted
from profitchain.sources.csv_dialect import FILE, ROW, layout
from profitchain.sources.excel_input import sheet_cells
from profitchain.sources.settings import Source

if TYPE_CHECKING:
    import ibis

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab")
_PARQUET_SUFFIXES = (".parquet", ".pq")
_EXCEL_SUFFIXES = (".xlsx", ".xlsm")
_SURPLUS = 8
_READS_FILES = re.compile(r"\b(read_\w+|parquet_scan|glob)\s*\(|\b(from|join)\s+'", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One table as it came: a relation with `__file` and `__row` beside its own columns.

    `rejected` rows (file, row, text) could not even be split into the header's columns. `numbered`:
    `__row` counts as a spreadsheet does and may be shown. `lasting`: read in place, not copied in;
    `paths`: its Parquet files, by name.
    `warehouse`: a table of the firm's own engine, whose columns have types and whose rows no place
    at all; its `instants` are the columns of moments that had a zone, here in UTC.
    """

    name: str
    relation: ibis.Table
    columns: tuple[str, ...]
    rejected: tuple[tuple[str | None, int, str], ...] = ()
    numbered: bool = True
    excel: bool = False
    lasting: bool = False
    paths: tuple[Path, ...] = ()
    warehouse: bool = False
    instants: frozenset[str] = frozenset()


def read_source(con: Any, table: str, company: Company, *, scratch: Path) -> Raw:
    """Return a company's table as it came, registered in the engine as `raw_<table>`."""
    import duckdb

    source = company.tables[table]
    try:
        if source.file is not None:
            return _read_file(con, f"raw_{table}", source, company, scratch=scratch)
        return _read_from_sql(con, table, source, company, scratch=scratch)
    except duckdb.Error as refused:
        what = redacted(str(refused).split("\n\nLINE")[0].strip(), company)
        raise CompanyError(
            f"The rows of '{table}' can't be read. The engine says: {_without_paths(what)} "
            f"Mend tables: {table}: in company.yml."
        ) from None


def source_name(table: str, company: Company) -> str:
    """Return how a table's source is called in messages and records: no path, no secret."""
    source = company.tables[table]
    if source.file is not None:
        return shown_path(source.file)
    return source.table if source.table is not None else f"query for {table}"


def source_hash(table: str, company: Company) -> str:
    """Return the sha256 of what a table is read from: files' bytes, and the query as written.

    It is published, so what the environment puts into a query has no part in it.
    """
    source = company.tables[table]
    named = [source.file, source.database, *source.files.values()]
    paths = [path for text in named if text is not None for path in paths_of(text, company)]
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


def _read_file(con: Any, name: str, source: Source, company: Company, *, scratch: Path) -> Raw:
    paths = paths_of(source.file, company)
    suffix = paths[0].suffix.lower()
    if suffix in _PARQUET_SUFFIXES:
        return _read_parquet(con, name, paths)
    if suffix in _TEXT_SUFFIXES:
        return _read_delimited(con, name, paths, source, scratch=scratch)
    if suffix in _EXCEL_SUFFIXES:
        return _read_excel(con, name, paths[0], source)
    known = ", ".join((*_TEXT_SUFFIXES, *_PARQUET_SUFFIXES, *_EXCEL_SUFFIXES))
    raise CompanyError(
        f"{shown_path(source.file)} is of a kind that can't be read. Save it as one of {known}."
    )


def _read_parquet(con: Any, name: str, paths: list[Path]) -> Raw:
    names = ", ".join(_quoted(str(path)) for path in paths)
    file = "parse_filename(filename)" if len(paths) > 1 else "NULL::VARCHAR"
    con.raw_sql(
        f"CREATE VIEW {name} AS SELECT {file} AS {FILE}, file_row_number + 1 AS {ROW}, "
        "* EXCLUDE (filename, file_row_number) "
        f"FROM read_parquet([{names}], filename=true, file_row_number=true, union_by_name=true)"
    )
    return _raw(con, name, lasting=True, paths=tuple(paths))


def _read_delimited(
    con: Any, name: str, paths: list[Path], source: Source, *, scratch: Path
) -> Raw:
    if len(paths) == 1:
        wide = _load(con, name, paths[0], source, scratch=scratch)
        return _raw(con, name, rejected=tuple((None, row, text) for row, text in wide))
    rejected: list[tuple[str | None, int, str]] = []
    parts = [f"{name}_{number}" for number in range(len(paths))]
    for part, path in zip(parts, paths, strict=True):
        wide = _load(con, part, path, source, scratch=scratch)
        rejected += [(path.name, row, text) for row, text in wide]
    named = [
        f"SELECT * REPLACE ({_quoted(path.name)} AS {FILE}) FROM {part}"
        for part, path in zip(parts, paths, strict=True)
    ]
    con.raw_sql(f"CREATE TABLE {name} AS " + " UNION ALL BY NAME ".join(named))
    for part in parts:
        con.raw_sql(f"DROP TABLE {part}")
    return _raw(con, name, rejected=tuple(rejected))


def _load(
    con: Any, part: str, path: Path, source: Source, *, scratch: Path
) -> list[tuple[int, str]]:
    """Load one CSV file as text; return the rows that have too many cells, with their place."""
    plan = layout(path, source, shown=path.name, scratch=scratch)
    surplus = [f"__surplus_{k}" for k in range(_SURPLUS)]
    columns = ", ".join(f"{_quoted(column)}: 'VARCHAR'" for column in (*plan.names, *surplus))
    con.raw_sql(
        f"CREATE TABLE {part} AS SELECT NULL::VARCHAR AS {FILE}, "
        f"row_number() OVER () + {plan.header_row} AS {ROW}, * FROM read_csv("
        f"{_quoted(str(plan.path))}, auto_detect=false, header=false, skip={plan.lines_to_skip}, "
        f"delim={_quoted(plan.delimiter)}, quote='\"', escape='\"', columns={{{columns}}}, "
        "null_padding=true, strict_mode=false, parallel=false, max_line_size=16777216)"
    )
    if plan.odd_quotes:
        _refuse_swallowed_rows(con, part, plan.names, shown=path.name)
    con.raw_sql(
        f"DELETE FROM {part} WHERE {ROW} <= {plan.header_row + source.skip_rows_after_header}"
    )
    cells = ", ".join(f"coalesce({_identifier(name)}, '')" for name in (*plan.names, *surplus))
    too_wide = f"coalesce({', '.join(surplus)}) IS NOT NULL"
    wide = con.raw_sql(
        f"SELECT {ROW}, rtrim(concat_ws({_quoted(plan.delimiter)}, {cells}), "
        f"{_quoted(plan.delimiter)}) FROM {part} "
        f"WHERE {too_wide} ORDER BY {ROW}"
    ).fetchall()
    if wide:
        con.raw_sql(f"DELETE FROM {part} WHERE {too_wide}")
    for name in surplus:
        con.raw_sql(f"ALTER TABLE {part} DROP COLUMN {name}")
    return [(int(row), text) for row, text in wide]


def _refuse_swallowed_rows(con: Any, part: str, names: tuple[str, ...], *, shown: str) -> None:
    """Stop where the last row holds line breaks because a quotation mark was never closed."""
    breaks = " OR ".join(f"contains({_identifier(name)}, chr(10))" for name in names)
    found = con.raw_sql(
        f"SELECT {ROW} FROM {part} WHERE {ROW} = (SELECT max({ROW}) FROM {part}) AND ({breaks})"
    ).fetchone()
    if found:
        raise CompanyError(
            f"{shown}: a quotation mark in row {found[0]} is never closed, so that all the rows "
            'after it are one cell. Close it, or double it ("") where it belongs to the text.'
        )


def _read_excel(con: Any, name: str, path: Path, source: Source) -> Raw:
    con.create_table(name, sheet_cells(path, source, table=name.removeprefix("raw_")))
    return _raw(con, name, excel=True)


def _read_from_sql(con: Any, table: str, source: Source, company: Company, *, scratch: Path) -> Raw:
    name = f"raw_{table}"
    catalog = _attach(con, source.database, company) if source.database else None
    if source.table is not None:
        return _read_database_table(con, name, catalog, expand(source.table))
    query = _one_select(expand(source.query), table)
    aliases = f"files_for_{table}"
    con.raw_sql(f"CREATE SCHEMA {aliases}")
    rejected: list[tuple[str | None, int, str]] = []
    for number, (alias, file) in enumerate(source.files.items()):
        part = source.model_copy(update={"file": file})
        raw = _read_file(con, f"{aliases}_{number}", part, company, scratch=scratch)
        rejected += [(file or alias, row, text) for file, row, text in raw.rejected]
        con.raw_sql(
            f"CREATE VIEW {aliases}.{_identifier(alias)} AS "
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
    return _raw(con, name, rejected=tuple(rejected), numbered=False)


def _read_database_table(con: Any, name: str, catalog: str, table: str) -> Raw:
    schema, _, plain = table.rpartition(".")
    place = f"{catalog}.{_identifier(schema or 'main')}.{_identifier(plain)}"
    is_base = con.raw_sql(
        f"SELECT count(*) FROM duckdb_tables() WHERE database_name = {_quoted(catalog)} "
        f"AND schema_name = {_quoted(schema or 'main')} AND table_name = {_quoted(plain)}"
    ).fetchone()[0]
    kind, row = ("VIEW", "rowid + 1") if is_base else ("TABLE", "row_number() OVER ()")
    con.raw_sql(
        f"CREATE {kind} {name} AS SELECT NULL::VARCHAR AS {FILE}, {row} AS {ROW}, * FROM {place}"
    )
    return _raw(con, name, lasting=bool(is_base), numbered=False)


def _attach(con: Any, database: str, company: Company) -> str:
    path = paths_of(database, company)[0]
    attached = {
        row[1]: row[0]
        for row in con.raw_sql("SELECT database_name, path FROM duckdb_databases()").fetchall()
    }
    if str(path.resolve()) in attached:
        return attached[str(path.resolve())]
    catalog = f"database_{len(attached)}"
    con.raw_sql(f"ATTACH {_quoted(str(path.resolve()))} AS {catalog} (READ_ONLY)")
    return catalog


def _one_select(query: str, table: str) -> str:
    """Return the query without its semicolon; stop if it is more than a SELECT from `files:`."""
    import duckdb

    query = query.strip().rstrip(";")
    statements = duckdb.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise CompanyError(
            f"tables: {table}: query: must be one SELECT statement and nothing else."
        )
    if _READS_FILES.search(query):
        raise CompanyError(
            f"tables: {table}: query: names a file itself. Give the file a name under files: and "
            "read it by that name, so that a changed file is noticed."
        )
    return query


def _raw(con: Any, name: str, **more: Any) -> Raw:
    relation = con.table(name)
    columns = tuple(column for column in relation.columns if column not in (FILE, ROW))
    return Raw(name=name, relation=relation, columns=columns, **more)


def paths_of(written: str, company: Company) -> list[Path]:
    """Return the files that a path or a glob of company.yml means, in order of their names."""
    text = expand(written)
    if "://" in text:
        raise CompanyError(
            f"{shown_path(written)} is an address. Only files can be read yet: a DuckDB file, "
            "Parquet, CSV or Excel."
        )
    path = company.folder / text
    if glob.has_magic(text):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
    else:
        found = [path] if path.is_file() else []
    if not found:
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside)
        near = hint if hint.startswith("Did") else "Paths count from the company folder."
        raise CompanyError(f"There is no file {shown_path(written)}. {near}")
    return found


def shown_path(written: str) -> str:
    """Return a path as a message may show it: as written if relative, else its last part."""
    outside = Path(written).is_absolute() or "${" in written or ".." in written
    return re.split(r"[\\/]", written)[-1] if outside else written


def _without_paths(text: str) -> str:
    return re.sub(r"(/[^\s\"']+)+/([^\s/\"']+)", r"\2", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
