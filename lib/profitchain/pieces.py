"""Rows that were typed once stay typed: what large Parquet files say, kept for later editions.

A piece holds the typed rows of some files of one table. It is named by those files' content, by how
they are read and by this package's code, so it can't be stale; a file that is new or changed makes
the pieces anew that it belongs to, and no others.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir

from profitchain.company import Company
from profitchain.delimited import FILE, ROW
from profitchain.sources import file_hash
from profitchain.stores import code_version, store_of
from profitchain.typed import Typed, given, typed

FOLDER = "pieces"
LARGE = 32_000_000  # bytes; what is smaller is typed anew each time
PIECE = 96_000_000  # bytes of the source's files, about
DAYS_KEPT = 60
_SECONDS_A_DAY = 86_400
_MAKING = ".making-"


def typed_once(con: Any, table: Typed, company: Company) -> Typed:
    """Return a table whose typed rows are read from pieces, as far as its files are large.

    Its rows are then `bare`: places, typed values, and of the cells only whether they were given.
    """
    paths = table.raw.paths
    names = [path.name for path in paths]
    if sum(path.stat().st_size for path in paths) < LARGE or len(set(names)) < len(names):
        return table
    folder = store_of(company) / FOLDER
    folder.mkdir(exist_ok=True)
    pieces = [_piece(con, table, company, some, folder) for some in _in_order(paths)]
    listed = ", ".join(f"'{str(piece).replace(chr(39), chr(39) * 2)}'" for piece in pieces)
    name = f"pieces_{table.contract.table}"
    con.raw_sql(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}])")
    return replace(table, rows=con.table(name), bare=True)


def forget_old(company: Company) -> None:
    """Remove the pieces that no edition has read for two months, and what killed runs left."""
    now = time.time()
    for path in (store_of(company) / FOLDER).glob("*"):
        days = 1 if path.name.startswith(_MAKING) else DAYS_KEPT
        if path.stat().st_mtime < now - days * _SECONDS_A_DAY:
            path.unlink(missing_ok=True)


def _in_order(paths: tuple[Path, ...]) -> Iterator[list[Path]]:
    """Yield the files in groups, by name, so that later ones leave the first groups as they are."""
    group: list[Path] = []
    size = 0
    for path in paths:
        group.append(path)
        size += path.stat().st_size
        if size >= PIECE:
            yield group
            group, size = [], 0
    if group:
        yield group


def _piece(con: Any, table: Typed, company: Company, paths: list[Path], folder: Path) -> Path:
    """Return a piece's file, written aside and renamed if it isn't there yet."""
    piece = folder / f"{table.contract.table}-{_key(table, company, paths)}.parquet"
    if piece.exists():
        os.utime(piece)
        return piece
    rows = table.rows
    if len(table.raw.paths) > 1:
        rows = rows.filter(rows[FILE].isin([path.name for path in paths]))
    making = folder / f"{_MAKING}{uuid4().hex}"
    try:
        con.to_parquet(_bare(rows, table), making, compression="snappy")
        making.replace(piece)
    finally:
        making.unlink(missing_ok=True)
    return piece


def _bare(rows: ir.Table, table: Typed) -> ir.Table:
    """Return places, typed values, and true where a cell was given, null where not."""
    names = [column.name for column in table.present]
    was_given = {
        given(name): ibis.ifelse(rows[given(name)].notnull(), True, ibis.null("boolean"))
        for name in names
    }
    values = {typed(name): rows[typed(name)] for name in names}
    return rows.select(FILE, ROW, **values, **was_given)


def _key(table: Typed, company: Company, paths: list[Path]) -> str:
    source = company.tables[table.contract.table]
    parts = [f"{path.name} {file_hash(path)}" for path in paths]
    parts += [repr(table.contract), repr(table.theirs), repr(sorted(table.how.items()))]
    parts += [source.model_dump_json(exclude={"file"}), company.time_zone, str(company.minor_units)]
    parts += [code_version(), version("duckdb"), version("ibis-framework")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
