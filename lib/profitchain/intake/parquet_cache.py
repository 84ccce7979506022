"""Typed rows of Parquet files, cached for later editions.

A piece holds the typed rows of some files of one table, and beside it those of them that are not
sound by themselves. It is named by those files' content, by how they are read and by this package's
code, so it can't be stale; a file that is new or changed makes the pieces anew that it belongs to,
and no others. A seal beside it holds the hashes of both: what was lost or changed is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from profitchain.core.provenance import file_hash
from profitchain.intake.fingerprints import code_version
from profitchain.intake.hashing import all_differ, md5_digits, number_of
from profitchain.intake.row_checks import is_sound
from profitchain.sources.company import Company, store_of
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.typed_tables import MARK, SOUND, WHO, TypedTable, key_text, typed_name

FOLDER = "pieces"
KEPT = 1_000_000  # bytes; what is smaller is typed anew each time
LARGE = 32_000_000  # bytes
PIECE = 96_000_000  # bytes of a large table's files in a piece, about
SMALL_PIECE = 4_000_000  # of any other's
DAYS_KEPT = 60
_SECONDS_A_DAY = 86_400
_MAKING, _DIFFER, _ASIDE, _SEAL = ".making-", "differ-", "aside-", "seal-"
_WRITTEN = {"parquet_version": "v2", "dictionary_size_limit": 1000}  # half the time to read ids


def read_cached(con: Any, table: TypedTable, company: Company) -> TypedTable:
    """Return a table whose typed rows are read from pieces, unless its files are small.

    Its rows are then places and typed values, and of the cells only whether they were given; those
    that are not sound by themselves are `aside`. Orders that are large have `__who` and `__mark`.
    """
    paths = table.raw.paths
    names, size = {path.name for path in paths}, sum(path.stat().st_size for path in paths)
    if not paths or size < KEPT or len(names) < len(paths):
        return table
    folder = store_of(company) / FOLDER
    folder.mkdir(exist_ok=True)
    is_large = size >= LARGE
    groups = _in_order(paths, PIECE if is_large else SMALL_PIECE)
    pieces = tuple(_piece(con, table, company, some, folder) for some in groups)
    name = table.schema.table
    rows = _told_apart(con.read_parquet(pieces, table_name=f"pieces_{name}"), is_large)
    asides = [_beside(piece, _ASIDE) for piece in pieces if len(_sealed(piece)) > 1]
    if not asides:
        return replace(table, rows=rows, pieces=pieces, is_large=is_large)
    aside = _told_apart(con.read_parquet(asides, table_name=f"pieces_{name}_aside"), is_large)
    rows = rows.filter(rows[SOUND])
    return replace(table, rows=rows, pieces=pieces, aside=aside, is_large=is_large)


def _told_apart(rows: ir.Table, is_large: bool) -> ir.Table:
    """Return rows without the customers' numbers where their ids are as quick to compare."""
    return rows if is_large else rows.drop(*(n for n in (WHO, MARK) if n in rows.columns))


def _beside(piece: Path, what: str) -> Path:
    return piece.with_name(f"{what}{piece.name}")


def _sealed(piece: Path) -> dict[str, str]:
    """Return the hashes of a piece, and of its rows set aside if there are any, as written."""
    return _read(_beside(piece, _SEAL)) or {}


def _is_whole(piece: Path) -> bool:
    """Tell whether a piece and what was set aside from it are as they were written."""
    sealed = _sealed(piece)
    paths = {name: piece.with_name(name) for name in sealed}
    there = sealed and all(path.exists() for path in paths.values())
    return bool(there) and all(file_hash(path) == sealed[name] for name, path in paths.items())


def _read(path: Path) -> Any:
    """Return what a small file of JSON says; None if it is gone or isn't whole."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, what: object) -> None:
    """Write a small file of JSON aside and rename it."""
    making = path.with_name(f"{_MAKING}{uuid4().hex}")
    making.write_text(json.dumps(what), encoding="utf-8")
    making.replace(path)


def keys_are_unique(con: Any, table: TypedTable) -> bool:
    """Return whether no two rows share a key, having compared the pieces of earlier runs before.

    Only new pieces are then looked at: whether their own keys differ, and from all the others.
    """
    now = {piece.name for piece in table.pieces}
    records = table.pieces[0].parent.glob(f"{_DIFFER}*.json")
    proven = [set(_read(path) or ()) for path in records]
    compared: set[str] = max((names for names in proven if names <= now), key=len, default=set())
    new = [piece for piece in table.pieces if piece.name not in compared]
    old = [piece for piece in table.pieces if piece.name in compared]
    if new:
        here = _keys(con, new, table.keys)
        if not all_differ(con, here.key, at_most=rows_in(new)):
            return False
        if old and int(_keys(con, old, table.keys).semi_join(here, "key").count().execute()):
            return False
        digest = hashlib.sha256("\n".join(sorted(now)).encode()).hexdigest()[:24]
        path = table.pieces[0].with_name(f"{_DIFFER}{digest}.json")
        _write(path, sorted(now))
    return True


def rows_in(pieces: Sequence[Path]) -> int:
    """Return how many rows some pieces hold."""
    return sum(pq.read_metadata(piece).num_rows for piece in pieces)


def _keys(con: Any, pieces: list[Path], keys: list[str]) -> ir.Table:
    """Return the number of each row's key; rows without one are set aside anyhow."""
    rows = con.read_parquet(pieces)
    has_key = [rows[key].notnull() for key in keys]
    return rows.filter(*has_key).select(key=number_of(key_text(rows, keys)))


def remove_old(company: Company) -> None:
    """Remove the pieces that no edition has read for two months, and what killed runs left.

    What lies beside a piece goes once it is gone, never before.
    """
    now = time.time()
    folder = store_of(company) / FOLDER
    beside = (_ASIDE, _SEAL)
    for path in sorted(folder.glob("*"), key=lambda path: path.name.startswith(beside)):
        days = 1 if path.name.startswith(_MAKING) else DAYS_KEPT
        is_old = path.stat().st_mtime < now - days * _SECONDS_A_DAY
        piece = path.with_name(path.name.removeprefix(_ASIDE).removeprefix(_SEAL))
        if is_old and (piece == path or not piece.exists()):
            path.unlink(missing_ok=True)


def _in_order(paths: tuple[Path, ...], size: int) -> Iterator[list[Path]]:
    """Yield the files in groups, by name, so that later ones leave the first groups as they are."""
    group: list[Path] = []
    for path in paths:
        group.append(path)
        if sum(path.stat().st_size for path in group) >= size:
            yield group
            group = []
    if group:
        yield group


def _piece(con: Any, table: TypedTable, company: Company, paths: list[Path], folder: Path) -> Path:
    """Return a piece's file, written aside and renamed if it isn't there yet as it was written.

    Those of its rows that are not sound, if any, stand in a file beside it; its seal comes last.
    """
    piece = folder / f"{table.schema.table}-{_key(table, company, paths)}.parquet"
    if _is_whole(piece):
        if time.time() - piece.stat().st_mtime > _SECONDS_A_DAY:
            os.utime(piece)
        return piece
    rows = table.rows.mutate(**{SOUND: is_sound(table, company)})
    if len(table.raw.paths) > 1:
        rows = rows.filter(rows[FILE].isin([path.name for path in paths]))
    making, made = folder / f"{_MAKING}{uuid4().hex}", [piece]
    try:
        con.to_parquet(_bare(rows, table), making, **_WRITTEN)
        written = con.read_parquet(making)
        aside = written.filter(~written[SOUND])
        if aside.count().execute():  # it is there before its piece
            draft = making.with_name(f"{making.name}-{_ASIDE}")
            con.to_parquet(aside, draft, **_WRITTEN)
            made.append(draft.replace(_beside(piece, _ASIDE)))
        making.replace(piece)
        _write(_beside(piece, _SEAL), {path.name: file_hash(path) for path in made})
    finally:
        making.unlink(missing_ok=True)
    return piece


def _bare(rows: ir.Table, table: TypedTable) -> ir.Table:
    """Return places, typed values, whether each cell was given and whether the row is sound."""
    values = {name: rows[name] for name in table.values}
    if table.schema.table == "orders":
        who = rows[typed_name("customer_id")]
        values |= {WHO: number_of(who), MARK: md5_digits(who)}
    was_given = {
        name: ibis.ifelse(rows[name].notnull(), True, ibis.null("boolean"))
        for name in table.cell_names
    }
    return rows.select(FILE, ROW, **values, **was_given, **{SOUND: rows[SOUND]})


def _key(table: TypedTable, company: Company, paths: list[Path]) -> str:
    source = company.tables[table.schema.table]
    parts = [f"{path.name} {file_hash(path)}" for path in paths]
    parts += [repr(table.schema), repr(table.source_names), repr(sorted(table.formats.items()))]
    parts += [source.model_dump_json(exclude={"file"}), company.time_zone, str(company.minor_units)]
    parts += [repr(sorted((one.column, one.value) for one in table.emptied))]
    parts += [repr(sorted(company.cancelled_statuses)), company.free_orders]
    parts += [company.statuses.model_dump_json(), company.match_ids.model_dump_json()]
    parts += [code_version(), version("duckdb"), version("ibis-framework")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
