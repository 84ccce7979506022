"""Reads a sheet of an Excel workbook, every cell as the text that it would have in a CSV file."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.csv_dialect import FILE, ROW, column_names, no_header
from profitchain.sources.settings import Source

if TYPE_CHECKING:
    import pyarrow as pa

_GROUPED = re.compile(r"[-+]?[0-9]{1,3}[.,][0-9]{3}")


def sheet_cells(path: Path, source: Source, *, table: str) -> pa.Table:
    """Return a sheet's rows beneath its header, numbered as Excel numbers them.

    Dates are written as ISO, numbers with the source's decimal mark. Without `sheet:`, the only
    sheet is read, or the one that is called like the table.
    """
    import pyarrow as pa

    rows = _rows(path, source, table=table)
    before = source.skip_rows_before_header
    first = before + 1 + source.skip_rows_after_header
    header = rows[before] if len(rows) > before else []
    if not any(header):
        raise no_header(path.name, before)
    above = [[cell or "" for cell in row] for row in (header, *rows[before + 1 : first])]
    names, body = column_names(above[0], above[1:]), rows[first:]
    cells = {
        name: pa.array([row[k] if k < len(row) else None for row in body], pa.string())
        for k, name in enumerate(names)
    }
    numbers = pa.array(range(first + 1, first + 1 + len(body)), pa.int64())
    return pa.table({FILE: pa.nulls(len(body), pa.string()), ROW: numbers, **cells})


def _rows(path: Path, source: Source, *, table: str) -> list[list[str | None]]:
    """Return a sheet's cells as text, without the empty rows at its end."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception:
        raise CompanyError(
            f"{path.name} can't be opened as an Excel workbook. Save it again as .xlsx, without a "
            "password."
        ) from None
    with closing(book):
        name = _sheet(book.sheetnames, source.sheet, table=table, name=path.name)
        if source.sheet is None and len(book.sheetnames) > 1:
            _refuse_likeness(book, name, path.name)
        sheet, decimal = book[name], source.decimal or "."
        sheet.reset_dimensions()  # what a program wrote as its size may be stale
        given = list(sheet.iter_rows(values_only=True))
    if source.decimal is None:
        _refuse_unclear(given, path.name)
    rows = [[_cell_text(value, decimal) for value in row] for row in given]
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((k for row in rows for k, cell in enumerate(row, start=1) if cell), default=0)
    return [row + [None] * (width - len(row)) for row in rows]


def _sheet(names: list[str], declared: str | int | None, *, table: str, name: str) -> str:
    if isinstance(declared, int):
        if not 1 <= declared <= len(names):
            raise CompanyError(
                f"{name} has {len(names)} sheets; sheet: {declared} is none of them."
            )
        return names[declared - 1]
    if declared is not None:
        if declared not in names:
            raise CompanyError(f"{name} has no sheet '{declared}'. {did_you_mean(declared, names)}")
        return declared
    if len(names) == 1 or table in names:
        return table if table in names else names[0]
    raise CompanyError(
        f"{name} has {len(names)} sheets. Say which: sheet: {names[0]} (there are: "
        f"{', '.join(names)})."
    )


def _refuse_likeness(book: Any, name: str, file: str) -> None:
    """Refuse a workbook with a further sheet of the same columns: are its rows meant as well?"""
    headers = {each: next(book[each].iter_rows(max_row=1, values_only=True), ())
               for each in book.sheetnames}  # fmt: skip
    alike = [each for each, header in headers.items() if header == headers[name] and each != name]
    if alike and any(headers[name]):
        entries = ", ".join(f"{{file: {file}, sheet: {each}}}" for each in (name, *alike))
        raise CompanyError(
            f"{file} has the same columns on several sheets: {name}, {', '.join(alike)}. If one is "
            f"meant, say which: sheet: {name}. If all are: files: [{entries}]."
        )


def _refuse_unclear(rows: list[tuple[Any, ...]], file: str) -> None:
    """Refuse texts such as 1.234 among numbers: one and a bit, or a thousand and more?"""
    for column in zip_longest(*rows):
        texts = [(row, cell) for row, cell in enumerate(column, 1)
                 if isinstance(cell, str) and _GROUPED.fullmatch(cell.strip())]  # fmt: skip
        if texts and any(isinstance(cell, float) for cell in column):
            row, text = texts[0]
            raise CompanyError(
                f"{file}, row {row}: '{text}' is a text in a column of numbers, and may be a "
                "thousand and more or a number with three decimals. Make it a number in the sheet, "
                "or say which sign stands before decimals: decimal: ',' or decimal: '.'."
            )


def _cell_text(value: Any, decimal: str) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case float():  # nobody may think that its point groups thousands
            whole, _, fraction = repr(value).partition(".")
            grouped = len(fraction) == 3 and whole.lstrip("-").isdigit()
            return repr(value).replace(".", decimal) + "0" * grouped
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
