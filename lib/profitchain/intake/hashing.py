"""Numbers made of ids, by which customers are told apart, put in buckets and drawn by chance."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

_HEX = "0123456789abcdef"


@ibis.udf.scalar.builtin(name="hash")
def _hash(text: str) -> dt.uint64:
    """Give a text's hash: DuckDB."""


@ibis.udf.scalar.builtin(name="md5")
def _md5(text: str) -> str:
    """Give the md5 of text in hex: DuckDB, PostgreSQL, Spark, Snowflake."""


@ibis.udf.scalar.builtin(name="md5")
def _md5_bytes(text: str) -> bytes:
    """Give the md5 of text as bytes: BigQuery, ClickHouse."""


@ibis.udf.scalar.builtin(name="md5")
def _md5_of_bytes(text: bytes) -> bytes:
    """Give the md5 of bytes as bytes: Trino."""


@ibis.udf.scalar.builtin(name="to_utf8")
def _to_utf8(text: str) -> bytes:
    """Give the bytes of text: Trino."""


@ibis.udf.scalar.builtin(name="to_hex")
def _to_hex(digest: bytes) -> str:
    """Give hex digits: BigQuery in small letters, Trino in capitals."""


@ibis.udf.scalar.builtin(name="hex")
def _hex(digest: bytes) -> str:
    """Give hex digits in capitals: ClickHouse."""


@ibis.udf.agg.builtin(name="bit_or")
def _bit_or(bits: int) -> int:
    """Give the bits that are set in any row: Spark, for which Ibis has no words."""


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
