"""Numbers made of ids, by which customers are told apart, put in buckets and drawn by chance."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from profitchain.sources.engine_functions import builtin

AT_ONCE = 120_000_000  # numbers that are sorted at once: 2 GB
_HEX = "0123456789abcdef"
_hash = builtin("hash", "string", returns="uint64")  # DuckDB
_md5 = builtin("md5", "string", returns="string")  # hex: DuckDB, PostgreSQL, Spark, Snowflake
_md5_bytes = builtin("md5", "string", returns="binary")  # BigQuery, ClickHouse
_md5_of_bytes = builtin("md5", "binary", returns="binary")  # Trino
_to_utf8 = builtin("to_utf8", "string", returns="binary")  # Trino
_to_hex = builtin("to_hex", "binary", returns="string")  # BigQuery; in capitals: Trino
_hex = builtin("hex", "binary", returns="string")  # in capitals: ClickHouse
_bit_or = ibis.udf.agg.builtin(
    lambda _bits: None, name="bit_or", signature=(("int64",), "int64")
)  # Spark, for which Ibis has no words


def hex_md5(text: ir.StringValue, engine: str = "duckdb") -> ir.StringValue:
    """Return the md5 of text in UTF-8 as 32 small hex digits, in one engine's words for it."""
    match engine:
        case "bigquery":
            return _to_hex(_md5_bytes(text))
        case "trino":
            return _to_hex(_md5_of_bytes(_to_utf8(text))).lower()
        case "clickhouse":
            return _hex(_md5_bytes(text)).lower()
        case _:
            return _md5(text)


def md5_digits(text: ir.StringValue, engine: str = "duckdb") -> ir.IntegerValue:
    """Return the first five hex digits of a text's md5 as a number, the same on every engine."""
    digest = hex_md5(text, engine)
    if engine == "duckdb":
        return ("0x" + digest.substr(0, 5)).cast("int32")
    number: ir.IntegerValue = ibis.literal(0, "int64")
    for place in range(5):
        number = number * 16 + ibis.literal(_HEX).find(digest.substr(place, 1))
    return number.cast("int32")


def number_of(text: ir.StringValue) -> ir.IntegerValue:
    """Return 62 bits of DuckDB's hash of a text: shorter to compare than most ids."""
    return (_hash(text) >> 2).cast("uint64")


def any_bits(bits: ir.IntegerValue, engine: str = "duckdb") -> ir.IntegerValue:
    """Return the bits that are set in any row of a group."""
    return _bit_or(bits) if engine == "pyspark" else bits.bit_or()


def all_differ(con: Any, numbers: ir.IntegerColumn, *, at_most: int = 0) -> bool:
    """Return whether no two of these `number_of` are alike: in order, none equals the next.

    Two texts may share a number, so those that do are still to be looked at.

    Parameters
    ----------
    at_most : how many there are, if they may be more than `AT_ONCE`; these go in several passes.
    """
    parts = at_most // AT_ONCE + 1
    rows = numbers.name("number").as_table()
    for part in range(parts):
        some = rows.filter(rows["number"] % parts == part) if parts > 1 else rows
        ordered = np.sort(con.to_pyarrow(some)["number"].to_numpy())
        if (ordered[1:] == ordered[:-1]).any():
            return False
    return True
