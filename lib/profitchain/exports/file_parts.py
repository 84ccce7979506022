"""Joins the files of one table, each read by its own settings; a row's latest version wins."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from profitchain.core.errors import ContractError, ProfitchainError
from profitchain.exports.cells_by_format import LATER_BY
from profitchain.exports.file_rows import LEFT_OUT, Part, read_part
from profitchain.exports.found_files import ORDERED, first_rows
from profitchain.exports.known_exports import known_exports, nearly, recognised
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import End
from profitchain.sources.loading import (
    RawTable,
    display_path,
    paths_of,
    read_source,
    sql_name,
    sql_text,
)
from profitchain.sources.schemas import TableSchema, schema_of
from profitchain.sources.settings import Source
from profitchain.sources.temp_tables import materialise

REPLACED, AGAIN = "replaced", "again"
_EXPORT = "__export"
_PLAIN = {"file": "joined.csv", "decimal": ".", "date_format": "iso", "time_zone": "UTC"}


def has_parts(source: Source) -> bool:
    """Tell whether a table is an export that is known, or made of several files."""
    return bool(source.parts) or source.format is not None


def read_parts(
    con: Any, schema: TableSchema, company: Company, *, end: End | None, scratch: Path
) -> tuple[RawTable | None, list[str]]:
    """Return the rows of a table's files as texts written one way, or the faults of the files.

    `__left_out` says of a row why it is not counted, if it isn't.
    """
    source = company.tables[schema.table]
    entries = source.parts or [source]
    parts: list[Part] = []
    faults: list[str] = []
    for number, entry in enumerate(entries):
        if source.parts and source.later_by and not entry.later_by:
            entry = entry.model_copy(update={"later_by": source.later_by})
        part, refusals = read_part(
            con, schema, entry, company, name=f"raw_{schema.table}_{number}", end=end,
            scratch=scratch,
        )  # fmt: skip
        said = [text.replace(f"raw_{schema.table}_{number}", schema.table) for text in refusals]
        faults += [f"{entry.file}: {text}" if source.parts else text for text in said]
        parts += [part] if part else []
    if faults:
        return None, faults
    files = [paths_of(entry.file or "", company)[0].name for entry in entries]
    return _joined(con, schema, parts, files), []


def read_raw(con: Any, table: str, company: Company, *, scratch: Path) -> RawTable:
    """Return a table of the embedded engine as it came, or of several files as they were joined."""
    if not has_parts(company.tables[table]):
        return read_source(con, table, company, scratch=scratch)
    schema = schema_of(table, company)
    raw, faults = read_parts(con, schema, company, end=None, scratch=scratch)
    if raw is None:
        raise ContractError(" ".join(faults))
    return raw


def in_file_order(name: Any) -> Any:
    """Return a text by which files' names follow one another as a person would put them.

    Numbers go by their value, `orders-9` before `orders-10`, and `orders` before `orders (1)`.
    `name` is a value of Ibis, or SQL.
    """
    for pattern, replaced in ORDERED:
        if isinstance(name, str):
            steps = f"{sql_text(pattern)}, {sql_text(replaced)}, 'g'"
            name = f"regexp_replace({name}, {steps})"
        else:
            name = name.re_replace(pattern, replaced)
    return name


def _joined(con: Any, schema: TableSchema, parts: list[Part], files: list[str]) -> RawTable:
    name, selects = f"raw_{schema.table}", []
    for number, (part, file) in enumerate(zip(parts, files, strict=True)):
        materialise(con, f"part_{name}_{number}", part.rows)
        here = f"coalesce({FILE}, {sql_text(file)})" if len(parts) > 1 else FILE
        selects.append(
            f"SELECT * REPLACE ({here} AS {FILE}), {number} AS {_EXPORT} FROM part_{name}_{number}"
        )
    con.raw_sql(f"CREATE TABLE joined_{name} AS " + " UNION ALL BY NAME ".join(selects))
    relation = con.table(f"joined_{name}")
    ours = [c.name for c in schema.columns if c.name in relation.columns]
    own = [name for name in relation.columns if name not in ours and not name.startswith("__")]
    by_moment = f"coalesce({LATER_BY}, ''), " if LATER_BY in relation.columns else ""
    winners = _later_versions_win(f"joined_{name}", schema, ours, own=own, by_moment=by_moment)
    con.raw_sql(f"CREATE TABLE {name} AS {winners}")
    rejected = [
        (file or (files[number] if len(parts) > 1 else None), row, text)
        for number, part in enumerate(parts)
        for file, row, text in part.raw.rejected
    ]
    return RawTable(
        name=name, relation=con.table(name), columns=(*ours, *own), rejected=rejected,
        source=Source.model_validate(_PLAIN), folded=sum(part.folded for part in parts),
        numbered=all(part.raw.numbered for part in parts),
        signs=sum((part.signs for part in parts), Counter()),
        net_unsure=tuple(
            {**part.net_unsure, "file": file}
            for part, file in zip(parts, files, strict=True) if part.net_unsure
        ),
    )  # fmt: skip


def _later_versions_win(
    joined: str, schema: TableSchema, ours: list[str], *, own: list[str], by_moment: str
) -> str:
    """Return the SQL of all rows, those left out that a later file has in another version."""
    keys = [sql_name(name) for name in schema.unique if name in ours]
    keep = ", ".join([FILE, ROW, *map(sql_name, [*ours, *own])])
    if not keys:
        return f"SELECT {keep}, {LEFT_OUT} FROM {joined}"
    file = in_file_order(f"coalesce({FILE}, '')")
    order = f"({by_moment}{_EXPORT}, {file})"
    values = f"hash({', '.join(map(sql_name, ours))}, coalesce({LEFT_OUT}, ''))"
    given = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    by = f"PARTITION BY {', '.join(keys)}"
    return f"""
        WITH ranked AS (SELECT *, {order} AS __at, {values} AS __same FROM {joined}),
        placed AS (SELECT *, max(__at) OVER ({by}) AS __last,
            arg_max(__same, __at) OVER ({by}) AS __newest FROM ranked)
        SELECT {keep}, CASE WHEN NOT ({given}) OR __at = __last THEN {LEFT_OUT}
            WHEN __same = __newest THEN '{AGAIN}' ELSE '{REPLACED}' END AS {LEFT_OUT}
        FROM placed"""


def export_hint(schema: TableSchema, raw: RawTable) -> list[str]:
    """Return which known export a file looks like that lacks columns of ours; [] if like none."""
    if raw.warehouse:
        return []
    if name := recognised(raw.columns, table=schema.table):
        return [
            f"It looks like an export of {known_exports()[name].title}: write format: {name} "
            f"beside file:, as in tables: {schema.table}: {{file: …, format: {name}}}."
        ]
    if near := nearly(raw.columns, table=schema.table):
        return [f"It looks like format: {near[0]}, but its column '{near[1]}' is missing."]
    return []


def undeclared(company: Company) -> list[tuple[str, str, str]]:
    """Return (table, file, format) of files that are known exports and are read as plain ones."""
    found = []
    for table, source in company.tables.items():
        plain = [part for part in source.parts or [source] if part.format is None]
        written = [part.file for part in plain if part.file] + list(source.files.values())
        for file in written:
            with suppress(ProfitchainError, OSError):
                path = paths_of(file, company)[0]
                names = (recognised(row, table=table) for row in first_rows(path))
                name = next(filter(None, names), None)
                if name and not known_exports()[name].weak:
                    found.append((table, display_path(file), name))
    return found
