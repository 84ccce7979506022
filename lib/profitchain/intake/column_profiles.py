"""What the columns of checked tables hold: how many cells are empty, how many values differ."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from profitchain.sources.schemas import SCHEMAS
from profitchain.sources.typed_tables import MARK, WHO

EXACTLY = 1_000_000  # rows up to which different values are counted one by one


def column_profiles(tables: dict[str, ir.Table], used: dict[str, int]) -> pd.DataFrame:
    """Return one row per table and column; first and last are given for dates and numbers only."""
    columns = ["table", "column", "missing_share", "distinct", "first", "last"]
    profiles = (_of_table(name, table, used[name]) for name, table in tables.items())
    return pd.DataFrame([row for profile in profiles for row in profile], columns=columns)


def _of_table(name: str, table: ir.Table, total: int) -> list[tuple]:
    sums: dict[str, ir.Value] = {}
    columns = [column for column in table.columns if column not in (WHO, MARK)]
    for k, column in enumerate(columns):
        value = table[column]
        ordered = not (value.type().is_string() or value.type().is_boolean())
        sums[f"given_{k}"] = value.count()
        if (column,) == SCHEMAS[name].unique:  # rows that share it have been set aside
            sums[f"distinct_{k}"] = value.count()
        else:
            sums[f"distinct_{k}"] = value.nunique() if total <= EXACTLY else value.approx_nunique()
        sums[f"first_{k}"] = value.min() if ordered else ibis.literal("")
        sums[f"last_{k}"] = value.max() if ordered else ibis.literal("")
    (row,) = table.aggregate(**sums).to_pyarrow().to_pylist()
    return [
        (
            name,
            column,
            1 - row[f"given_{k}"] / total if total else 0.0,
            int(min(row[f"distinct_{k}"], row[f"given_{k}"])),
            *(_text(row[f"{end}_{k}"]) for end in ("first", "last")),
        )
        for k, column in enumerate(columns)
    ]


def _text(value: Any) -> str:
    """Return a value as every engine's is written: no zeros after a second's last digit."""
    text = "" if value is None else str(value)
    return text.rstrip("0") if isinstance(value, datetime) and value.microsecond else text
