"""Brings a file, a table or a query into the engine as it is, each row with its place."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.core.provenance import file_hash
from profitchain.sources.company import Company, redacted
from profitchain.sources.company_file import expand
from profitchain.sources.csv_dialect import (
    FILE,
    ROW,
    Rejected,
    as_pattern,
    load_csv,
    sql_name,
    sql_text,
)
from profitchain.sources.encodings import home_encodings
from profitchain.sources.excel_input import sheet_cells
from profitchain.sources.settings import Source

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".tab")
_PARQUET_SUFFIXES = (".parquet", ".pq")
_EXCEL_SUFFIXES = (".xlsx", ".xlsm")
OPEN_IN_EXCEL = "~$"  # beside a workbook that somebody has open: no data


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One table as it came: a relation with `__file` and `__row` beside its own columns.

    `rejected` rows could not be split into the header's columns. `numbered`: `__row` counts as a
    spreadsheet does and may be shown. `lasting`: read in place, not copied in; `paths`: its Parquet
    files, by name. `warehouse`: a table of the firm's own engine, whose columns have types and
    whose rows no place; its `instants` are the columns of moments that had a zone, here in UTC.
    `source`: how its columns are written, where that is no longer as company.yml says. `folded`
    rows of a file were further rows of an order and stand in its first one. `net_unsure`: of each
    file whose amounts may be net of refunds or not, how many are refunded (`n`), the column that
    would tell (`total`) and its name (`file`). `signs` has the cells, by column and sign, of
    amounts that had a sign beside their digits and are plain numbers now.
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
    net_unsure: tuple[Mapping[str, int | str], ...] = ()
    signs: Mapping[tuple[str, str], int] = field(default_factory=dict)


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
    logs = [
        path.with_name(f"{path.name}.wal") for path in paths
    ]  # what a database has yet to take in
    paths += [path for path in logs if path.exists()]
    hashes = sorted(file_hash(path) for path in paths)
    if source.file is not None and len(hashes) == 1:
        return hashes[0]
    words = [text for text in (source.table, source.query) if text is not None]
    return hashlib.sha256("\n".join([*hashes, *words]).encode()).hexdigest()


def _read_file(con: Any, name: str, source: Source, company: Company, *, scratch: Path) -> RawTable:
    file = source.file or ""
    paths = paths_of(file, company)
    suffix = _one_kind(paths, file)
    if suffix in _PARQUET_SUFFIXES:
        names = ", ".join(sql_text(as_pattern(path)) for path in paths)
        column = "parse_filename(filename)" if len(paths) > 1 else "NULL::VARCHAR"
        con.raw_sql(
            f"CREATE VIEW {name} AS SELECT {column} AS {FILE}, file_row_number + 1 AS {ROW}, "
            "* EXCLUDE (filename, file_row_number) FROM read_parquet("
            f"[{names}], filename=true, file_row_number=true, union_by_name=true)"
        )
        return _raw(con, name, lasting=True, paths=tuple(paths))
    if suffix in _TEXT_SUFFIXES:
        home = home_encodings(company.currency, company.language)
        return _read_delimited(con, name, paths, source, home=home, scratch=scratch)
    if suffix in _EXCEL_SUFFIXES:
        table = name.removeprefix("raw_")
        parts = _places(name, paths)
        for part, path in parts.items():
            con.create_table(part, sheet_cells(path, source, table=table))
        _append(con, name, parts)
        return _raw(con, name, excel=True)
    suffixes = ", ".join((*_TEXT_SUFFIXES, *_PARQUET_SUFFIXES, *_EXCEL_SUFFIXES))
    raise CompanyError(
        f"{display_path(file)} is of a kind that can't be read. Save it as one of {suffixes}."
    )


def _one_kind(paths: list[Path], file: str) -> str:
    """Return the ending of a pattern's files; those of one kind alone are read as one table."""
    endings = {path.suffix.lower(): path.name for path in paths}
    kinds = (_TEXT_SUFFIXES, _PARQUET_SUFFIXES, _EXCEL_SUFFIXES)
    if len(endings) > 1 and not any(endings.keys() <= set(kind) for kind in kinds):
        raise CompanyError(
            f"{display_path(file)} means files of several kinds: {', '.join(endings.values())}. "
            "Make the pattern narrower, or name them one by one under files:."
        )
    return paths[0].suffix.lower()


def _places(name: str, paths: list[Path]) -> dict[str, Path]:
    """Return under which name each file of a table is read: that of the table, if it is alone."""
    if len(paths) == 1:
        return {name: paths[0]}
    return {f"{name}_{number}": path for number, path in enumerate(paths)}


def _append(con: Any, name: str, parts: dict[str, Path]) -> None:
    """Put a table's files beneath one another, each row with the name of its own."""
    if name in parts:
        return
    columns = {path.name: {name.lower() for name in con.table(part).columns} - {FILE, ROW}
               for part, path in parts.items()}  # fmt: skip
    first = next(iter(columns))
    if strange := [file for file, names in columns.items() if not names & columns[first]]:
        raise CompanyError(
            f"{strange[0]} has no column of {first}: is the row of its columns' names missing? Its "
            "first row is taken for them. Put the names there, or take it out of the pattern."
        )
    selects = [
        f"SELECT * REPLACE ({sql_text(path.name)} AS {FILE}) FROM {part}"
        for part, path in parts.items()
    ]
    con.raw_sql(f"CREATE TABLE {name} AS " + " UNION ALL BY NAME ".join(selects))
    for part in parts:
        con.raw_sql(f"DROP TABLE {part}")


def _read_delimited(con: Any, name: str, paths: list[Path], source: Source, **how: Any) -> RawTable:
    parts = _places(name, paths)
    rejected = [
        (path.name if len(paths) > 1 else file, row, text)
        for part, path in parts.items()
        for file, row, text in load_csv(con, part, path, source, **how)
    ]
    _append(con, name, parts)
    return _raw(con, name, rejected=rejected)


def _read_from_sql(
    con: Any, table: str, source: Source, company: Company, *, scratch: Path
) -> RawTable:
    from profitchain.sources import (
        query_sandbox,
    )  # brings the engine, which few who hash files need

    name = f"raw_{table}"
    database = paths_of(source.database, company)[0].resolve() if source.database else None
    place, query, rejected = _parted(source), "", list[Rejected]()
    if source.table is None:
        query = query_sandbox.one_select(expand(source.query or ""), table)
    elif raw := _base_table(con, name, _attached(con, database), *place):
        return raw
    with query_sandbox.sandbox(memory_limit(con), scratch) as apart:
        catalog, paths = _attached(apart, database), list[Path]()
        for number, (alias, file) in enumerate(source.files.items()):
            part = source.model_copy(update={"file": file})
            raw = _read_file(apart, f"file_{number}", part, company, scratch=scratch)
            rejected += [(file or alias, row, text) for file, row, text in raw.rejected]
            paths += raw.paths
            apart.raw_sql(
                f"CREATE VIEW {sql_name(alias)} AS "
                f"SELECT * EXCLUDE ({FILE}, {ROW}) FROM memory.main.{raw.name}"
            )
        if catalog:
            apart.raw_sql(f"SET search_path = 'memory.main,{catalog}.main'")
        query = query or f"SELECT * FROM {catalog}.{'.'.join(map(sql_name, place))}"  # a view
        if catalog:
            query_sandbox.refuse_unsteady_views(apart, query, table)
        query_sandbox.close_in(apart, paths)
        query_sandbox.rows_of(apart, query, table, lambda rows: _take_in(con, name, rows))
    raw = _raw(con, name, rejected=rejected, numbered=False)
    if int(raw.relation.count().execute()) > query_sandbox.MOST_ROWS:
        raise query_sandbox.too_many_rows(table)
    return raw


def _take_in(con: Any, name: str, rows: pa.RecordBatchReader) -> None:
    con.con.register("query_rows", rows)
    try:
        con.raw_sql(
            f"CREATE TABLE {name} AS SELECT NULL::VARCHAR AS {FILE}, "
            f"row_number() OVER () AS {ROW}, * FROM query_rows"
        )
    finally:
        con.con.unregister("query_rows")


def _attached(con: Any, database: Path | None) -> str:
    """Return by which name an engine knows a DuckDB file, which it reads and never writes."""
    if database is None:
        return ""
    databases = con.raw_sql("SELECT path, database_name FROM duckdb_databases()")
    catalogs = dict(databases.fetchall())
    catalog = catalogs.get(str(database), f"database_{len(catalogs)}")
    if str(database) not in catalogs:
        con.raw_sql(f"ATTACH {sql_text(str(database))} AS {catalog} (READ_ONLY)")
    return catalog


def memory_limit(con: Any) -> str:
    """Return how much memory an engine may take, in its own words."""
    return str(con.raw_sql("SELECT current_setting('memory_limit')").fetchone()[0])


def _parted(source: Source) -> tuple[str, str]:
    """Return the schema and the name of a table in a DuckDB file."""
    schema, _, plain = expand(source.table or "").rpartition(".")
    return schema or "main", plain


def _base_table(con: Any, name: str, catalog: str, schema: str, plain: str) -> RawTable | None:
    """Return a table of a DuckDB file, read in place; None for a view, which might read on."""
    is_base = con.raw_sql(
        f"SELECT count(*) FROM duckdb_tables() WHERE database_name = {sql_text(catalog)} "
        f"AND schema_name = {sql_text(schema)} AND table_name = {sql_text(plain)}"
    ).fetchone()[0]
    if not is_base:
        return None
    con.raw_sql(
        f"CREATE VIEW {name} AS SELECT NULL::VARCHAR AS {FILE}, rowid + 1 AS {ROW}, * "
        f"FROM {catalog}.{sql_name(schema)}.{sql_name(plain)}"
    )
    return _raw(con, name, lasting=True, numbered=False)


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
    if path.is_file() or not glob.has_magic(text):  # a file's own name may hold [ ] * or ?
        paths = [path] if path.is_file() else []
    else:
        root = "" if Path(text).is_absolute() else glob.escape(str(company.folder)) + os.sep
        found = glob.glob(root + text, recursive=True)  # noqa: PTH207
        paths = sorted(path for path in map(Path, found) if not path.name.startswith(OPEN_IN_EXCEL))
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
