"""One exhibit as a sheet of a workbook: its words, and its numbers as what they are."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time

import pandas as pd

from profitchain.core import formats
from profitchain.core.group_names import with_group_names
from profitchain.core.i18n import _, listed
from profitchain.exhibits import tables, xlsx_writer
from profitchain.exhibits.xlsx_writer import WIDEST, Cell, Sheet, Value
from profitchain.pages import workbook_text
from profitchain.words import catalogue, prose

Data = dict[str, list[Value]]  # cells by column
HEADER = 6
_PART = re.compile(r"(?P<stem>.*?)_?(?P<part>value|low|high|unit|why|verdict)")
_ENDS = ("value", "low", "high")


def exhibit_sheet(bundle: Mapping, *, name: str, contents: str) -> Sheet:
    """Return an exhibit as a sheet: message, measure, source and units stand above the table.

    Parameters
    ----------
    bundle : the exhibit as the notebook has it: id, message, measure, source, csv, columns.
    contents : the name of the sheet that leads to all others.
    """
    cells = pd.DataFrame(_data(bundle), dtype=object)
    data = {name: column.tolist() for name, column in with_group_names(cells).items()}
    units = _units(data, {column["name"]: column["unit"] for column in bundle["columns"]})
    columns = [_cells(column, data, units) for column in data]
    body: list[list[Cell | None]] = [list(row) for row in zip(*columns, strict=True)]
    distinct = dict.fromkeys(unit for column in units.values() for unit in column)
    unit_names = [formats.unit_alone(unit) for unit in distinct if unit not in ("", "count")]
    return Sheet(
        name=name,
        rows=[
            [Cell(value=bundle["message"], look="title")],
            [Cell(value=bundle["measure"], look="soft")],
            [Cell(value=_("Source: {source}", source=bundle["source"]), look="soft")],
            [
                Cell(
                    value=_("Units: {units}", units=listed(unit_names)) if unit_names else "",
                    look="soft",
                )
            ],
            [Cell(value=contents, look="link", link=contents)],
            [
                Cell(value=_heading(column, data), look="figures" if column in units else "column")
                for column in data
            ],
            *(body or [[Cell(value=prose.TEXT["nothing"])]]),
        ],
        header=HEADER,
        wrapped=[
            place
            for place, column in enumerate(columns)
            if any(len(cell.value) > WIDEST for cell in column if isinstance(cell.value, str))
        ],
    )


def number_format(unit: str, numbers: Sequence[float]) -> str:
    """Return how Excel is to show numbers of a unit beside each other, as the pages do.

    Examples
    --------
    >>> number_format("share", [0.314]), number_format("EUR a year", [16193.1])
    ('0.0%', '"€"#,##0')
    >>> number_format("points", [4.2]), number_format("orders", [12.0])
    ('#,##0.0', '#,##0')
    """
    largest = max(map(abs, numbers), default=0)
    is_whole = all(float(number).is_integer() for number in numbers)
    if is_whole and (unit in formats.COUNTS or unit in ("", "grade")):
        return xlsx_writer.WHOLE
    places = formats.decimals(unit, largest) if unit else 1 if largest >= 100 else 4
    decimals = "." + "0" * places if places else ""
    if unit == "share":
        return f"0{decimals}%"
    sign = formats.currency_sign(unit)
    return f'"{sign}"#,##0{decimals}' if sign else f"#,##0{decimals}"


def _data(bundle: Mapping) -> Data:
    """Return an exhibit's cells, read from its CSV by the kind of each column; no empty columns."""
    rows = [row for row in csv.reader(io.StringIO(bundle["csv"], newline="")) if row][1:]
    data = {
        column["name"]: [_value(row[place], column["kind"]) for row in rows]
        for place, column in enumerate(bundle["columns"])
    }
    return {name: cells for name, cells in data.items() if not rows or set(cells) != {None}}


def _value(text: str, kind: str) -> Value:
    if text == "":
        return None
    if kind == "number" and math.isfinite(number := float(text)):
        return number
    if kind == "flag":
        return text == "True"
    if kind == "date":
        instant = datetime.fromisoformat(text).replace(tzinfo=None)
        return instant.date() if instant.time() == time() else instant
    return tables.unquoted(text)


def _units(data: Data, fixed: Mapping[str, str]) -> dict[str, list[str]]:
    """Return in what each cell of each column of numbers is: by its column, or row by row."""
    numeric = {
        name: cells for name, cells in data.items() if any(type(cell) is float for cell in cells)
    }
    units = {}
    for name, cells in numeric.items():
        prefix = _prefix(name)
        by_row = data.get(f"{prefix}unit", data.get("unit")) if prefix is not None else None
        if by_row and not fixed.get(f"{prefix}value"):
            units[name] = [str(unit or "") for unit in by_row]
        else:
            units[name] = [_unit(name, fixed)] * len(cells)
    return units


def _unit(name: str, fixed: Mapping[str, str]) -> str:
    if name == "n":
        return "count"
    if name == "p" or name.startswith("p_"):
        return "p"
    column = _PART.fullmatch(name)
    of_value = f"{name.removesuffix(column['part'])}value" if column else ""
    return fixed.get(name) or fixed.get(of_value, "")


def _prefix(name: str) -> str | None:
    """Return how the columns of an estimate begin; None for a column that isn't of one."""
    column = _PART.fullmatch(name)
    return name.removesuffix(column["part"]) if column and column["part"] in _ENDS else None


def _cells(name: str, data: Data, units: Mapping[str, list[str]]) -> list[Cell]:
    """Return a column as cells; numbers of one unit in one family of columns are shown alike."""
    if name not in units:
        in_words = formats.unit_name if name == "unit" or name.endswith("_unit") else _
        return [Cell(value=in_words(v) if isinstance(v, str) else v) for v in data[name]]
    prefix = _prefix(name)
    family = [name] if prefix is None else [f"{prefix}{end}" for end in _ENDS]
    numbers: dict[str, list[float]] = {}
    for column in family:
        for number, unit in zip(data.get(column, ()), units.get(column, ()), strict=False):
            if isinstance(number, float):
                numbers.setdefault(unit, []).append(number)
    number_formats = {unit: number_format(unit, cells) for unit, cells in numbers.items()}
    return [
        Cell(value=value, format=number_formats.get(unit, ""))
        for value, unit in zip(data[name], units[name], strict=True)
    ]


def _heading(name: str, data: Data) -> str:
    column = _PART.fullmatch(name)
    if name == "n":
        return name
    if column is None or name.removesuffix(column["part"]) + "value" not in data:
        return catalogue.heading_of(name)
    part = workbook_text.parts()[column["part"]]
    if not column["stem"]:
        return prose.first_capital(part)
    return _("{name}, {part}", name=catalogue.heading_of(column["stem"]), part=part)
