"""Makes a table, a query or Parquet files of the firm's own engine readable, without a copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.common.exceptions import TableNotFound
from sqlglot.errors import ParseError

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.company import Company, redacted
from profitchain.sources.company_file import expand
from profitchain.sources.connections import ENGINE_NAMES
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.loading import RawTable, display_path, paths_of
from profitchain.sources.query_sandbox import not_one_select
from profitchain.sources.temp_tables import PREFIX, by_bytes

_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where rows stand in an engine: a query's SQL, or a table's name; and its columns' types."""

    sql: str
    kinds: Mapping[str, dt.DataType]


def read_from_engine(con: Any, table: str, company: Company) -> RawTable:
    """Return a company's table as its own engine holds it; nothing is copied.

    Text orders by its bytes, and a moment with a zone is one in UTC without.
    """
    source = company.tables[table]
    if source.file is not None:
        place = _of_files(con, table, source.file, company)
    elif source.table is not None:
        place = _of_table(con, table, expand(source.table))
    else:
        place = _of_query(con, table, source.query or "", company)
    zoned = _instants(con, place)
    columns = [_plain(con, name, kind, zoned) for name, kind in place.kinds.items()]
    rows: ir.Table = con.sql(f"SELECT {', '.join(columns)} FROM {place.sql}", dialect=con.dialect)
    placed = rows.mutate(**{FILE: ibis.null("string"), ROW: ibis.null("int64")})
    return RawTable(
        name=f"raw_{table}", relation=placed, columns=tuple(place.kinds), numbered=False,
        lasting=True, warehouse=True, instants=frozenset(zoned),
    )  # fmt: skip


def _of_table(con: Any, table: str, written: str) -> _Place:
    *above, plain = written.split(".")
    database = tuple(above) if len(above) > 1 else (above[0] if above else None)
    try:
        kinds = con.table(plain, database=database).schema()
    except (TableNotFound, ValueError):
        hint = did_you_mean(plain, con.list_tables(database=database))
        raise CompanyError(
            f"tables: {table}: {ENGINE_NAMES[con.name]} holds no table '{written}', or not for "
            f"this user. {hint}"
        ) from None
    parts = above or ([con.current_database] if con.name == "postgres" else [])
    name = ".".join(_quoted(con, part) for part in (*parts, plain))
    return _Place(sql=name, kinds=kinds)


def _of_query(con: Any, table: str, written: str, company: Company) -> _Place:
    query = expand(written).strip().rstrip(";")
    try:
        statements = sg.parse(query, read=con.dialect)
    except ParseError as error:
        reason = redacted(str(error).splitlines()[0], company)
        raise CompanyError(f"tables: {table}: query: can't be read: {reason}") from None
    if len(statements) != 1 or not isinstance(statements[0], sge.Query):
        raise not_one_select(table)
    kinds = con.sql(query, dialect=con.dialect).schema()
    return _Place(sql=f"({query}\n) AS asked", kinds=kinds)


def _of_files(con: Any, table: str, file: str, company: Company) -> _Place:
    name = display_path(file)
    if con.name != "pyspark":
        raise CompanyError(
            f"tables: {table}: {ENGINE_NAMES[con.name]} can't read {name}. Load it there and name "
            "it by table:, or leave connect: out, for then files of any kind are read here."
        )
    address = expand(file)
    paths = [address] if "://" in address else [str(path) for path in paths_of(file, company)]
    if not paths[0].lower().rstrip("/*").endswith(_PARQUET):
        raise CompanyError(
            f"tables: {table}: of files, Spark reads Parquet here, and {name} is something else. "
            "Save it as .parquet, or make it a table of Spark's and name it by table:."
        )
    view = f"{PREFIX}raw_{table}"
    session = con.raw_sql("SELECT 1").sparkSession
    session.read.option("mergeSchema", True).parquet(*paths).createOrReplaceTempView(view)
    return _Place(sql=_quoted(con, view), kinds=con.table(view).schema())


def _instants(con: Any, place: _Place) -> set[str]:
    """Return the columns of moments that carry a zone; Ibis doesn't tell them apart on Spark."""
    if con.name == "pyspark":
        fields = con.raw_sql(f"SELECT * FROM {place.sql} LIMIT 0").schema.fields
        return {field.name for field in fields if field.dataType.typeName() == "timestamp"}
    return {n for n, kind in place.kinds.items() if kind.is_timestamp() and kind.timezone}


def _plain(con: Any, name: str, kind: dt.DataType, zoned: set[str]) -> str:
    column: sge.Expression = sg.column(name, quoted=True)
    if name in zoned and con.name == "postgres":
        column = sge.AtTimeZone(this=column, zone=sge.convert("UTC"))
    elif name in zoned:
        column = sge.cast(column, "timestamp_ntz" if con.name == "pyspark" else "timestamp")
    elif kind.is_string() and con.name == "postgres":
        column = by_bytes(sge.cast(column, "text"))
    return sge.alias_(column, name, quoted=True).sql(dialect=con.dialect)


def _quoted(con: Any, name: str) -> str:
    return sg.to_identifier(name, quoted=True).sql(dialect=con.dialect)
