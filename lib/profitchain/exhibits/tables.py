"""Frames as accessible HTML tables and as tidy CSV: estimates with intervals, units, row heads."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from profitchain.core import formats
from profitchain.core.i18n import N_, _
from profitchain.words.catalogue import heading_of
from profitchain.words.prose import with_names

DASH = "–"
MOST_ROWS = 120  # of a table on a page; its CSV holds all
_SIZES = ("n", "customers", "answers")
# Full-width signs start formulas where spreadsheets speak Chinese or Japanese. A quote before them
# is doubled, so that `unquoted` gives back every text.
_FORMULA = re.compile(r"'*[=+\-@\t\n＝＋－＠]")
STACKED_ABOVE = 3
WHOLE_PERCENTS = 0.1  # from this share on, a heat table needs no decimals
INTERVAL = N_(" (95% interval)")
ARROWS = {"up": "▲ ", "down": "▼ "}  # a change whose interval leaves zero out
_FIGURE = re.compile(  # in words: signs, currency, unit, and its interval
    r"[▲▼] .*|[+−]?[^\d\s+−]{0,3}\d[\d.,]*\s?\S{0,6}\s?([(（].*[)）])?|\d{4}-\d\d-\d\d|–"
)
_HIDDEN = {"unit", "why"}
_NAMES = {"id", "table", "column"}  # what stands in them is the same in every language
Kind = Literal["number", "flag", "date", "text"]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal"), "number"),
    **dict.fromkeys(("datetime64", "datetime", "date"), "date"),
    "boolean": "flag",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """One column as shown: its heading, one text a row, and whether these are numbers."""

    heading: str
    cells: list[str]
    numeric: bool


def table_html(
    data: pd.DataFrame,
    *,
    caption: str,
    units: Mapping[str, str] | None = None,
    total: bool = False,
    stack: bool = False,
) -> str:
    """Return a frame as a table that scrolls by itself and reads well aloud.

    Parameters
    ----------
    data : one row a table row; the first column names the row. `value`, `low`, `high` (also with
        a prefix, `nps_value`) become one cell; `why` fills rows without a value.
    units : how to write a column's numbers, by column name.
    total : the last row is a total.
    stack : where there is no room for more than three columns, or three of text, show each row as
        a small list.
    """
    every, data = len(data), largest(data)
    columns = shown_columns(data, units or {})
    rows = list(zip(*(column.cells for column in columns), strict=True)) if columns else []
    is_text = len(columns) == STACKED_ABOVE and not any(column.numeric for column in columns)
    stack = stack and (len(columns) > STACKED_ABOVE or is_text)
    body = "".join(
        _row(cells, columns, is_total=total and row == len(rows), stack=stack)
        for row, cells in enumerate(rows, 1)
    )
    kind = ' class="stack"' if stack else ""
    table = _table(kind, "".join(map(_heading, columns)), body, caption)
    return table + some_of(len(data), every)


def largest(data: pd.DataFrame, most: int = MOST_ROWS) -> pd.DataFrame:
    """Return at most so many rows in their order: those of the largest groups, else the first.

    Examples
    --------
    >>> largest(pd.DataFrame({"region": list("abc"), "n": [9, 5, 7]}), 2)["region"].tolist()
    ['a', 'c']
    """
    if len(data) <= most:
        return data
    sizes = next((data[name].fillna(0) for name in _SIZES if name in data), None)
    places = range(most) if sizes is None else sizes.argsort(kind="stable")[::-1][:most]
    return data.iloc[sorted(places)]


def some_of(shown: int, every: int) -> str:
    """Return a line that says how many of all rows are shown; "" where all are."""
    if shown >= every:
        return ""
    words = _("The {shown} largest of {rows}; all stand in the CSV.", shown=shown, rows=every)
    return f'<p class="some">{html.escape(words)}</p>'


def heat_html(data: pd.DataFrame, *, caption: str, unit: str, plain_columns: set[str]) -> str:
    """Return a wide frame as a table whose numbers are shaded from none to strong."""
    every, data = len(data), largest(data)
    shaded = [name for name in data.columns[1:] if name not in plain_columns]
    top = data[shaded].max(axis=None) if shaded and len(data) else math.nan
    head = "".join(
        _heading(TableColumn(heading=heading_of(str(name)), cells=[], numeric=place > 0))
        for place, name in enumerate(data.columns)
    )
    rows = [
        [
            _heat_cell(row[name], unit, top)
            if name in shaded
            else _td(_figure(row[name], ""), True)
            for name in data.columns[1:]
        ]
        for _place, row in data.iterrows()
    ]
    names = (with_names(_label(name)) for name in data.iloc[:, 0])
    body = "".join(
        f"<tr>{_row_head(name)}{''.join(cells)}</tr>"
        for name, cells in zip(names, rows, strict=True)
    )
    return _table(' class="heat"', head, body, caption) + some_of(len(data), every)


def _table(kind: str, head: str, body: str, caption: str) -> str:
    """Return a table in its own box, which scrolls sideways, also by keyboard."""
    words = html.escape(caption)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{words}">'
        f'<table{kind}><caption class="hidden">{words}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def shown_columns(data: pd.DataFrame, units: Mapping[str, str]) -> list[TableColumn]:
    """Return the columns of a frame as texts, estimates and their intervals in one column."""
    names = list(map(str, data.columns))
    stems = [name.removesuffix("value") for name in names if _is_estimate(name, names)]
    parts = ("low", "high", "why", "unit", "verdict")
    taken = {f"{stem}{part}" for stem in stems for part in parts} - {"verdict"}
    taken |= _HIDDEN if "value" in names else set()
    return [
        _estimates(data, name.removesuffix("value"), units.get(name))
        if _is_estimate(name, names)
        else _plain_column(data, name, units.get(name, ""))
        for name in names
        if name not in taken
    ]


def estimate_cells(data: pd.DataFrame, stem: str = "") -> list[str]:
    """Return what a table says of each row's estimate: value and interval, or why there is none.

    Examples
    --------
    >>> estimate_cells(
    ...     pd.DataFrame({"value": [0.3], "low": [0.25], "high": [0.36], "unit": "share"})
    ... )
    ['30.0% (25.0–36.0)']
    """
    parts = {f"{stem}{name}": data.get(f"{stem}{name}", math.nan) for name in ("low", "high")}
    return _estimates(data.assign(**parts), stem, None).cells


def tidy_csv(data: pd.DataFrame) -> str:
    """Return a frame as CSV text: the same bytes every time, and no cell a spreadsheet would run.

    Examples
    --------
    >>> tidy_csv(pd.DataFrame({"topic": ["=1+1"], "share": [1 / 3]}))
    "topic,share\\n'=1+1,0.3333333333\\n"
    """
    safe = pd.DataFrame({neutral(str(name)): data[name].map(neutral) for name in data.columns})
    return safe.to_csv(index=False, lineterminator="\n", float_format="%.10g")


def neutral(cell: object) -> object:
    """Return a cell as it is; text that a spreadsheet would take for a formula, made harmless."""
    if isinstance(cell, int | float) or (pd.api.types.is_scalar(cell) and pd.isna(cell)):
        return cell
    text = re.sub(r"\r\n?", "\n", str(cell))
    return f"'{text}" if starts_a_formula(text) else text


def unquoted(text: str) -> str:
    """Return what a text of a CSV file was before `neutral` made it harmless.

    Examples
    --------
    >>> unquoted("'=1+1"), unquoted("'tis"), unquoted(neutral("'+1"))
    ('=1+1', "'tis", "'+1")
    """
    return text[1:] if text.startswith("'") and starts_a_formula(text) else text


def starts_a_formula(text: str) -> bool:
    """Whether a spreadsheet might take a text for a formula, or for one that a quote disarmed."""
    return bool(_FORMULA.match(text))


def kind_of(column: pd.Series) -> Kind:
    """Return what a column's cells are: numbers, flags (yes or no), dates, or text."""
    return _KINDS.get(pd.api.types.infer_dtype(column, skipna=True), "text")


def _is_estimate(name: str, names: list[str]) -> bool:
    stem = name.removesuffix("value")
    return name.endswith("value") and {f"{stem}low", f"{stem}high"} <= set(names)


def _estimates(data: pd.DataFrame, stem: str, unit: str | None) -> TableColumn:
    parts = [data[f"{stem}{part}"].astype(float) for part in ("value", "low", "high")]
    unit_column = data.get(f"{stem}unit", data.get("unit"))
    units = [unit] * len(data) if unit or unit_column is None else list(unit_column)
    whys = data.get(f"{stem}why", data.get("why", pd.Series("", index=data.index)))
    largest = max((abs(number) for part in parts for number in part if number == number), default=0)
    cells = [
        _estimate_cell(numbers, unit or "", why, largest if len(set(units)) == 1 else None)
        for *numbers, unit, why in zip(*parts, units, whys, strict=True)
    ]
    if f"{stem}verdict" in data and stem:
        verdicts = data[f"{stem}verdict"]
        cells = [
            ARROWS.get(verdict, "") + cell for verdict, cell in zip(verdicts, cells, strict=True)
        ]
    interval = _(INTERVAL) if (parts[1] < parts[2]).any() else ""
    heading = f"{heading_of(stem or 'estimate')}{_heading_unit(units)}{interval}"
    return TableColumn(heading=heading, cells=cells, numeric=True)


def _estimate_cell(numbers: list[float], unit: str, why: object, largest: float | None) -> str:
    value, low, high = numbers
    if math.isnan(value):
        return _(why) if isinstance(why, str) and why else _(formats.TOO_FEW)
    is_single = low == high or math.isnan(low)
    places = formats.places_for([value] if is_single else numbers, unit, largest)
    figure = formats.plain(value, unit, places=places, bare=True)
    if unit == "percentage points" and largest is None:
        figure = _("{figure} pp", figure=figure)
    if is_single:
        return figure
    scale = 100 if unit == "share" else 1  # the unit's sign stands before the brackets
    ends = [formats.plain(end * scale, "", places=places) for end in (low, high)]
    between = formats.ends(*ends) if low < 0 else f"{ends[0]}{DASH}{ends[1]}"
    return f"{figure} ({between})"  # in every script: figures, not words


def _heading_unit(units: list[str | None]) -> str:
    distinct = {unit for unit in units if isinstance(unit, str) and unit}
    if len(distinct) != 1 or distinct <= {"share", "score", "p", "ratio", "grade"}:
        return ""
    return _(", {unit}", unit=formats.unit_alone(distinct.pop()))


def _plain_column(data: pd.DataFrame, name: str, unit: str) -> TableColumn:
    cells, kind = data[name], pd.api.types
    is_number = kind.is_numeric_dtype(cells) and not kind.is_bool_dtype(cells)
    is_first = name == str(data.columns[0])
    heading = "n" if name == "n" else heading_of(name)
    if unit and is_number:
        is_count = unit in formats.COUNTS and (cells.dropna() % 1 == 0).all()
        places = None if is_count else formats.decimals(unit, cells.abs().max()) if len(data) else 0
        texts = [_figure(cell, unit, places) for cell in cells]
    elif is_number and not is_first:
        texts = [_figure(cell, unit) for cell in cells]
    else:
        texts = [str(cell) if name in _NAMES else _label(cell) for cell in cells]
    is_number = is_number or (bool(texts) and all(map(_FIGURE.fullmatch, texts)))
    return TableColumn(heading=heading, cells=texts, numeric=is_number and not is_first)


def _figure(cell: float, unit: str, places: int | None = None) -> str:
    if pd.isna(cell):
        return DASH
    if not unit and float(cell).is_integer():
        places = 0
    return formats.plain(float(cell), unit, places=places, bare=True)


def _label(cell: object) -> str:
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    if isinstance(cell, float) and math.isfinite(cell):
        return str(int(cell)) if cell.is_integer() else _short(cell)
    return DASH if cell is None or cell is pd.NaT or cell != cell else _(str(cell))


def _short(number: float) -> str:
    """Return a number that names a row, as a mean score does: two decimals, or three digits.

    Examples
    --------
    >>> _short(3.5714285714285716), _short(0.25), _short(0.0123456), _short(-1.5)
    ('3.57', '0.25', '0.0123', '−1.5')
    """
    text = f"{number:.3g}" if abs(number) < 1 else f"{round(number, 2):.12g}"
    return text.replace("-", formats.MINUS)


def _heading(column: TableColumn) -> str:
    kind = ' class="number"' if column.numeric else ""
    return f'<th scope="col"{kind}>{html.escape(column.heading)}</th>'


def _row(cells: Sequence[str], columns: list[TableColumn], *, is_total: bool, stack: bool) -> str:
    tail = "".join(
        _td(cell, column.numeric, label=column.heading.removesuffix(_(INTERVAL)) if stack else "")
        for cell, column in zip(cells[1:], columns[1:], strict=True)
    )
    kind = ' class="total"' if is_total else ""
    return f"<tr{kind}>{_row_head(with_names(cells[0]))}{tail}</tr>"


def _td(cell: str, number: bool, *, label: str = "") -> str:
    kind = f' class="number{" range" * (" (" in cell)}"' if number else ""
    label = f' data-label="{html.escape(label)}"' if label else ""
    return f"<td{kind}{label}>{with_names(cell)}</td>"


def _heat_cell(cell: float, unit: str, top: float) -> str:
    if pd.isna(cell):
        return "<td></td>"
    strength = round(0.5 * cell / top, 2) if top > 0 else 0
    places = 0 if unit == "share" and top >= WHOLE_PERCENTS else formats.decimals(unit, top)
    text = formats.plain(float(cell), unit, places=places, bare=True)
    shade = f"background:rgb(var(--heat,0 114 178)/{strength:g})"
    return f'<td class="number" style="{shade}">{html.escape(text)}</td>'


def _row_head(name: str) -> str:
    """Return the cell that names a row; where it has no name, one that heads nothing."""
    return f'<th scope="row">{name}</th>' if name.strip() else "<td></td>"
