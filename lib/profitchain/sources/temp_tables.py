"""What an engine keeps for the length of a run, and the small sums that it gives back.

Kept tables are of the engine's session: they end with it, however it ends, and nothing is written
into the firm's schemas. Everything that becomes a file passes through here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge

from profitchain.sources.engine import carry_out, is_embedded

PREFIX = "profitchain_"
_PRIMES = (2_147_483_647, 2_147_483_629)
_NOTHING, _NEXT = "\x1e", "\x1f"


@ibis.udf.scalar.builtin(name="hashtextextended")
def _postgres_hash(text: str, seed: int) -> int:
    """Give 64 bits that change with the text: PostgreSQL."""


@ibis.udf.scalar.builtin(name="xxhash64")
def _spark_hash(text: str) -> int:
    """Give 64 bits that change with the text: Spark."""


def materialise(con: Any, name: str, rows: ir.Table) -> ir.Table:
    """Return rows worked out once and kept by the engine under a name until it is let go of.

    The name is free to be taken again: what was kept under it goes.
    """
    if is_embedded(con):
        return con.create_table(name, rows)
    kept = PREFIX + name
    if con.name == "pyspark":
        counted = con.raw_sql(_as_declared(con, rows))
        counted.localCheckpoint().createOrReplaceTempView(
            kept
        )  # a cache alone keeps the whole plan
    elif con.name == "postgres":
        carry_out(con, f"DROP TABLE IF EXISTS pg_temp.{kept}")
        carry_out(con, f"CREATE TEMPORARY TABLE {kept} AS {_as_declared(con, rows)}")
        carry_out(con, f"ANALYZE pg_temp.{kept}")  # plans without it take hours
    else:
        con.create_table(kept, rows, temp=True, overwrite=True)
    return con.table(kept)


def materialise_in_parts(con: Any, name: str, parts: Sequence[ir.Table]) -> ir.Table:
    """Return the rows of all parts, kept under a name, worked out one part after the other.

    Several parts are for the embedded engine alone.
    """
    kept = materialise(con, name, parts[0])
    for part in parts[1:]:
        con.insert(name, part)
    return kept


def with_row_number(con: Any, kept: ir.Table) -> ir.Table:
    """Return a kept table's rows with `row`, their number, where the engine has one at hand."""
    return kept.mutate(row=kept.rowid()) if is_embedded(con) else kept


def drop(con: Any, name: str) -> None:
    """Forget what an engine keeps under a name."""
    if is_embedded(con):
        con.drop_table(name)
    elif con.name == "pyspark":
        carry_out(con, f"DROP VIEW IF EXISTS {PREFIX}{name}")
    else:
        carry_out(con, f"DROP TABLE {PREFIX}{name}")


def save(con: Any, summary: ir.Table, path: Path) -> None:
    """Write a summary to a Parquet file: the same columns of the same types from every engine.

    Whole numbers are BIGINT (INTEGER where they are declared so), others DOUBLE, then VARCHAR,
    BOOLEAN, DATE and TIMESTAMP; DuckDB's own sums would be of wider types.
    """
    if is_embedded(con):
        columns = _with_types({name: _stored(kind) for name, kind in summary.schema().items()})
        target = str(path).replace("'", "''")
        con.raw_sql(
            f"COPY (SELECT {columns} FROM ({con.compile(summary)})) TO '{target}' (FORMAT parquet)"
        )
    else:
        _through_duckdb(con, summary, path, "FORMAT parquet")


def save_csv(con: Any, rows: ir.Table, path: Path) -> None:
    """Write rows, in their order, to a CSV file with a header."""
    if is_embedded(con):
        con.to_csv(rows, path, header=True)
    else:
        _through_duckdb(con, rows, path, "FORMAT csv, HEADER true")


def mark(con: Any, rows: ir.Table, columns: list[str]) -> str:
    """Return a text that changes when a column of a table does, worked out inside the engine.

    One pass: the number of rows, and two sums of remainders of each row's 64-bit hash. It doesn't
    see the rows' order, and takes another table for the same once in 2**60.
    """
    texts = [rows[name].cast("string").fill_null(_NOTHING) + _NEXT for name in columns]
    digest = _hashed(con, sum(texts, ibis.literal("")))
    sums = {f"of_{k}": (digest % prime).cast("int64").sum() for k, prime in enumerate(_PRIMES)}
    found = rows.aggregate(rows=rows.count(), **sums).to_pandas().iloc[0]
    return " ".join(str(int(found[name]) if found["rows"] else 0) for name in ("rows", *sums))


def _hashed(con: Any, text: ir.StringValue) -> ir.IntegerValue:
    if con.name == "postgres":
        return _postgres_hash(text, 0)
    return _spark_hash(text) if con.name == "pyspark" else text.hash()


def _as_declared(con: Any, rows: ir.Table) -> str:
    """Return a query's SQL with each column cast to the type that it is said to have.

    In PostgreSQL text gets the collation "C", by which order is that of bytes, as elsewhere.
    """
    columns = [_declared(con, name, kind) for name, kind in rows.schema().items()]
    return f"SELECT {', '.join(columns)} FROM ({con.compile(rows)}) AS counted"


def _declared(con: Any, name: str, kind: dt.DataType) -> str:
    column: sge.Expression = sg.column(name, quoted=True)
    if kind.is_integer():
        column = sge.cast(column, "bigint")
    elif kind.is_floating() or kind.is_decimal():
        column = sge.cast(column, "double")
    elif kind.is_date() or (kind.is_timestamp() and con.name == "postgres"):
        column = sge.cast(column, "date" if kind.is_date() else "timestamp")
    elif kind.is_string() and con.name == "postgres":
        column = sge.Collate(this=column, expression=sg.to_identifier("C", quoted=True))
    return sge.alias_(column, name, quoted=True).sql(dialect=con.dialect)


def _through_duckdb(con: Any, rows: ir.Table, path: Path, form: str) -> None:
    """Write what an engine gives through DuckDB's writer, so that files are alike."""
    kinds = {name: _stored(kind) for name, kind in rows.schema().items()}
    with duckdb.connect() as writer, tempfile.TemporaryDirectory(prefix="profitchain-") as scratch:
        if con.name == "postgres":
            lines = Path(scratch) / "rows.csv"
            _copy_out(con, rows, lines)
            told = ", ".join(f"'{name}': '{kind}'" for name, kind in _safely(kinds).items())
            given = (
                f"read_csv('{lines}', header=false, auto_detect=false, columns={{{told}}}, "
                "nullstr='\\N', allow_quoted_nulls=false, delim=',', quote='\"', escape='\"', "
                "parallel=false, max_line_size=16777216)"
            )
        else:
            writer.register("given", _arrow(con, rows))
            given = "given"
        columns = _with_types(kinds)
        target = str(path).replace("'", "''")
        writer.sql(f"COPY (SELECT {columns} FROM {given}) TO '{target}' ({form})")


def _with_types(kinds: Mapping[str, str]) -> str:
    return ", ".join(f"{_quoted(name)}::{kind} AS {_quoted(name)}" for name, kind in kinds.items())


def _safely(kinds: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("'", "''"): kind for name, kind in kinds.items()}


def _copy_out(con: Any, rows: ir.Table, path: Path) -> None:
    """Write PostgreSQL's rows as CSV, streamed: quoted text, and NULL as a bare mark."""
    query = _ordered_by_bytes(con, rows)
    options = "FORMAT csv, NULL '\\N', FORCE_QUOTE *"
    with (
        con.con.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT ({options})") as given,
        path.open("wb") as file,
    ):
        for block in given:
            file.write(block)


def _ordered_by_bytes(con: Any, rows: ir.Table) -> str:
    """Return PostgreSQL's SQL in which text orders by bytes, whatever the database's language."""
    query = con.compiler.to_sqlglot(rows)
    texts = {name for name, kind in rows.schema().items() if kind.is_string()}
    order = query.args.get("order")
    for each in order.expressions if order else []:
        if isinstance(each.this, sge.Column) and each.this.name in texts:
            by = sge.Collate(this=each.this.copy(), expression=sg.to_identifier("C", quoted=True))
            each.set("this", by)
    return query.sql(dialect=con.dialect)


def _arrow(con: Any, rows: ir.Table) -> Any:
    if con.name == "pyspark":
        return con.raw_sql(con.compile(rows)).toArrow()
    return con.to_pyarrow(rows)


def _stored(kind: dt.DataType) -> str:
    if kind.is_integer():
        return "INTEGER" if kind.is_int32() else "BIGINT"
    if kind.is_numeric() and not kind.is_boolean():
        return "DOUBLE"
    named = {"boolean": kind.is_boolean(), "date": kind.is_date(), "timestamp": kind.is_timestamp()}
    return next((name.upper() for name, is_so in named.items() if is_so), "VARCHAR")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
