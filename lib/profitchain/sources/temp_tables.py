"""Temporary tables of an engine's session, and the small sums that it gives back.

They end with the session, however it ends, and nothing is written into the firm's schemas.
Everything that becomes a file passes through here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.datatypes import DuckDBType

from profitchain.sources.engine import is_embedded, run_statement
from profitchain.sources.engine_functions import builtin
from profitchain.sources.loading import sql_name, sql_text

if TYPE_CHECKING:
    import pandas as pd

PREFIX = "profitchain_"
_PRIMES = (2_147_483_647, 2_147_483_629)
_SPARK_TYPES = {"string": "string", "int64": "bigint"}
_NULL, _SEPARATOR = "\x1e", "\x1f"
_postgres_hash = builtin("hashtextextended", "string", "int64", returns="int64")
_spark_hash = builtin("xxhash64", "string", returns="int64")


def materialise(con: Any, name: str, rows: ir.Table) -> ir.Table:
    """Return rows computed once, as a temporary table that replaces another of its name."""
    if is_embedded(con):
        return _new_table(con, name, rows)
    table = PREFIX + name
    if con.name == "pyspark":
        frame = con.raw_sql(_as_declared(con, rows)).localCheckpoint()  # a cache keeps the plan
        frame.createOrReplaceTempView(table)
    elif con.name == "postgres":
        run_statement(con, f"DROP TABLE IF EXISTS pg_temp.{table}")
        run_statement(con, f"CREATE TEMPORARY TABLE {table} AS {_as_declared(con, rows)}")
        run_statement(con, f"ANALYZE pg_temp.{table}")  # plans without it take hours
    else:
        con.create_table(table, rows, temp=True, overwrite=True)
    return con.table(table)


def _new_table(con: Any, name: str, rows: ir.Table) -> ir.Table:
    """Return rows as a new table of the embedded engine, its columns of the types that Ibis says.

    One statement: Ibis' own way asks for the schema, makes the table, fills it, and asks again.
    """
    columns = _with_types({column: _declared(kind) for column, kind in rows.schema().items()})
    query = f"SELECT {columns} FROM ({con.compile(rows)})"
    con.raw_sql(f"CREATE TABLE {sql_name(name)} AS {query}")
    return _named(con, name, rows)


def view(con: Any, name: str, rows: ir.Table) -> ir.Table:
    """Return rows under a name of the embedded engine, worked out where they are read.

    Their types are taken at their word: to ask DuckDB for them would plan all views below anew.
    """
    con.raw_sql(f"CREATE VIEW {sql_name(name)} AS {con.compile(rows)}")
    return _named(con, name, rows)


def _named(con: Any, name: str, rows: ir.Table) -> ir.Table:
    kinds = {column: _as_kept(kind) for column, kind in rows.schema().items()}
    return ops.DatabaseTable(name, schema=ibis.schema(kinds), source=con).to_expr()


def worked_out_once(con: Any, rows: ir.Table) -> ir.Table:
    """Return rows whose values PostgreSQL works out once each, however often they are asked for.

    Its planner puts an inner query's expressions wherever their names stand: half of the time of
    judging rows. OFFSET 0 keeps it from that. Others find common expressions themselves.
    """
    if con.name != "postgres":
        return rows
    fenced = f"SELECT * FROM ({con.compile(rows)}) AS worked_out OFFSET 0"
    return con.sql(fenced, schema=rows.schema(), dialect=con.dialect)


def hand_over(con: Any, name: str, rows: pd.DataFrame, kinds: Mapping[str, str]) -> ir.Table:
    """Return a frame as a temporary table of the engine, its columns of Ibis' named types."""
    table = name if is_embedded(con) else PREFIX + name
    if con.name == "pyspark":
        plain = rows.astype(object).where(rows.notna(), None)
        types = ", ".join(f"{column} {_SPARK_TYPES[kind]}" for column, kind in kinds.items())
        session = con.raw_sql("SELECT 1").sparkSession
        session.createDataFrame(plain.values.tolist(), types).createOrReplaceTempView(table)
    else:
        temp = {} if is_embedded(con) else {"temp": True}
        con.create_table(table, ibis.memtable(rows, schema=dict(kinds)), overwrite=True, **temp)
    return con.table(table)


def materialise_in_parts(con: Any, name: str, parts: Sequence[ir.Table]) -> ir.Table:
    """Return the rows of all parts in one temporary table, computed one part after the other.

    Several parts are for the embedded engine alone.
    """
    table = materialise(con, name, parts[0])
    for part in parts[1:]:
        con.insert(name, part)
    return table


def with_row_number(con: Any, table: ir.Table) -> ir.Table:
    """Return a temporary table with `row`, its rows' number, where the engine has one at hand."""
    return table.mutate(row=table.rowid()) if is_embedded(con) else table


def drop(con: Any, name: str) -> None:
    """Drop a temporary table."""
    if is_embedded(con):
        con.drop_table(name)
    elif con.name == "pyspark":
        run_statement(con, f"DROP VIEW IF EXISTS {PREFIX}{name}")
    else:
        run_statement(con, f"DROP TABLE {PREFIX}{name}")


def save(con: Any, summary: ir.Table, path: Path) -> None:
    """Write a summary to a Parquet file: the same columns of the same types from every engine.

    Whole numbers are BIGINT (INTEGER where they are declared so), others DOUBLE, then VARCHAR,
    BOOLEAN, DATE and TIMESTAMP; DuckDB's own sums would be of wider types.
    """
    if is_embedded(con):
        columns = _with_types({name: _stored(kind) for name, kind in summary.schema().items()})
        query, target = con.compile(summary), sql_text(str(path))
        con.raw_sql(f"COPY (SELECT {columns} FROM ({query})) TO {target} (FORMAT parquet)")
    else:
        _through_duckdb(con, summary, path, "FORMAT parquet")


def save_csv(con: Any, rows: ir.Table, path: Path) -> None:
    """Write rows, in their order, to a CSV file with a header."""
    if is_embedded(con):
        con.to_csv(rows, path, header=True)
    else:
        _through_duckdb(con, rows, path, "FORMAT csv, HEADER true")


def content_digest(con: Any, rows: ir.Table, columns: list[str]) -> str:
    """Return a text that changes when a column of a table does, worked out inside the engine.

    One pass: the number of rows, and two sums of remainders of each row's 64-bit hash. It doesn't
    see the rows' order, and takes another table for the same once in 2**60.
    """
    texts = [rows[name].cast("string").fill_null(_NULL) + _SEPARATOR for name in columns]
    text = sum(texts, ibis.literal(""))
    if con.name == "postgres":
        number = _postgres_hash(text, 0)
    else:
        number = _spark_hash(text) if con.name == "pyspark" else text.hash()
    sums = {f"of_{k}": (number % prime).cast("int64").sum() for k, prime in enumerate(_PRIMES)}
    row = rows.aggregate(rows=rows.count(), **sums).to_pandas().iloc[0]
    return " ".join(str(int(row[name]) if row["rows"] else 0) for name in ("rows", *sums))


def _as_declared(con: Any, rows: ir.Table) -> str:
    """Return a query's SQL with each column cast to the type that it is said to have.

    In PostgreSQL text gets the collation "C", by which order is that of bytes, as elsewhere.
    """
    columns = []
    for name, kind in rows.schema().items():
        column: sge.Expression = sg.column(name, quoted=True)
        if kind.is_integer():
            column = sge.cast(column, "bigint")
        elif kind.is_floating() or kind.is_decimal():
            column = sge.cast(column, "double")
        elif kind.is_date() or (kind.is_timestamp() and con.name == "postgres"):
            column = sge.cast(column, "date" if kind.is_date() else "timestamp")
        elif kind.is_string() and con.name == "postgres":
            column = by_bytes(column)
        columns.append(sge.alias_(column, name, quoted=True).sql(dialect=con.dialect))
    return f"SELECT {', '.join(columns)} FROM ({con.compile(rows)}) AS counted"


def by_bytes(text: sge.Expression) -> sge.Collate:
    """Return PostgreSQL's text with an order by bytes, whatever the database's language."""
    return sge.Collate(this=text, expression=sg.to_identifier("C", quoted=True))


def _through_duckdb(con: Any, rows: ir.Table, path: Path, form: str) -> None:
    """Write what an engine gives through DuckDB's writer, so that files are alike."""
    kinds = {name: _stored(kind) for name, kind in rows.schema().items()}
    with duckdb.connect() as writer, tempfile.TemporaryDirectory(prefix="profitchain-") as scratch:
        if con.name == "postgres":
            lines = Path(scratch) / "rows.csv"
            _copy_out(con, rows, lines)
            columns = ", ".join(f"{sql_text(name)}: '{kind}'" for name, kind in kinds.items())
            relation = (
                f"read_csv('{lines}', header=false, auto_detect=false, columns={{{columns}}}, "
                "nullstr='\\N', allow_quoted_nulls=false, delim=',', quote='\"', escape='\"', "
                "parallel=false, max_line_size=16777216)"
            )
        else:
            relation, spark = "arrow_rows", con.name == "pyspark"
            arrow = con.raw_sql(con.compile(rows)).toArrow() if spark else con.to_pyarrow(rows)
            writer.register(relation, arrow)
        target = sql_text(str(path))
        writer.sql(f"COPY (SELECT {_with_types(kinds)} FROM {relation}) TO {target} ({form})")


def _with_types(kinds: Mapping[str, str]) -> str:
    names = {sql_name(name): kind for name, kind in kinds.items()}
    return ", ".join(f"{name}::{kind} AS {name}" for name, kind in names.items())


def _copy_out(con: Any, rows: ir.Table, path: Path) -> None:
    """Write PostgreSQL's rows as CSV, streamed: quoted text, and NULL as a bare mark."""
    query = con.compiler.to_sqlglot(rows)
    texts = {name for name, kind in rows.schema().items() if kind.is_string()}
    order = query.args.get("order")
    for term in order.expressions if order else []:
        if isinstance(term.this, sge.Column) and term.this.name in texts:
            term.set("this", by_bytes(term.this.copy()))
    options = "FORMAT csv, NULL '\\N', FORCE_QUOTE *"
    copy = f"COPY ({query.sql(dialect=con.dialect)}) TO STDOUT ({options})"
    with con.con.cursor() as cursor, cursor.copy(copy) as blocks, path.open("wb") as file:
        file.writelines(blocks)


def _as_kept(kind: dt.DataType) -> dt.DataType:
    """Return a type as DuckDB has it: its moments are of microseconds."""
    return kind.copy(scale=6) if kind.is_timestamp() and kind.scale is None else kind


@cache
def _declared(kind: dt.DataType) -> str:
    """Return how DuckDB writes a type."""
    return str(DuckDBType.to_string(kind))


def _stored(kind: dt.DataType) -> str:
    if kind.is_integer():
        return "INTEGER" if kind.is_int32() else "BIGINT"
    if kind.is_numeric() and not kind.is_boolean():
        return "DOUBLE"
    if kind.is_boolean() or kind.is_date() or kind.is_timestamp():
        return type(kind).__name__.upper()
    return "VARCHAR"
