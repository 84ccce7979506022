"""An Excel workbook of plain values: text that stays text, and the same bytes for the same data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from profitchain.exhibits import tables

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Value = str | float | bool | date | None
Look = Literal["body", "title", "soft", "column", "figures", "link"]
TEXT, WHOLE, DAY, INSTANT = "@", "#,##0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
MOST_LETTERS_IN_A_NAME = 31
MOST_LETTERS_IN_A_CELL = 32_767  # as Excel counts: in units of UTF-16
MOST_LETTERS_AS_TEXT = 255  # Excel 2007 and before show #### for more, where the format is "text"
NARROWEST, WIDEST = 7, 60  # columns, in digits
_RESERVED = "history"  # Excel keeps this name of a sheet for itself
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_NOT_IN_A_FILE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value and how it looks; `link` names the sheet to which it leads.

    "column" and "figures" head a table's columns, of text and of numbers.
    """

    value: Value
    look: Look = "body"
    format: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: rows of cells from the top left; `header` is the number of the row of headings.

    All down to that row stays in sight, and so does the first column. `wrapped` are columns, by
    place, whose long texts run over several lines; `widths` what columns are wide, by place, where
    their values don't say it.
    """

    name: str
    rows: Sequence[Sequence[Cell | None]]
    header: int = 0
    is_filtered: bool = False
    wrapped: Sequence[int] = ()
    widths: dict[int, float] = field(default_factory=dict)


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """Return names that Excel takes for sheets, each once, as near to the wanted ones as can be.

    Examples
    --------
    >>> names(["03 main-score", "03 MAIN-SCORE", "a/b", "'x'", ""])
    ['03 main-score', '03 MAIN-SCORE 2', 'a b', 'x', '–']
    """
    taken = {_RESERVED}
    kept = []
    for name in wanted:
        plain = _NOT_IN_A_FILE.sub("", _NOT_IN_A_NAME.sub(" ", name)).strip("' ") or tables.DASH
        once = _cut(plain, MOST_LETTERS_IN_A_NAME)
        count = 1
        while once.casefold() in taken:
            count += 1
            once = f"{_cut(plain, MOST_LETTERS_IN_A_NAME - len(f' {count}'))} {count}"
        taken.add(once.casefold())
        kept.append(once)
    return kept


def write_workbook(path: Path, sheets: Sequence[Sheet], *, title: str, day: date) -> None:
    """Write a workbook; `title` and `day` are what its properties say of it."""
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    told = book.properties
    told.creator, told.title = "profitchain", title
    told.created = told.modified = datetime.combine(day, time())
    for sheet in sheets:
        _fill(book, sheet)
    with _Timeless(path, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


class _Timeless(ZipFile):
    """A zip file that doesn't tell when it was made, nor on which system."""

    def write(self, filename: str, arcname: str) -> None:
        self.writestr(arcname, Path(filename).read_bytes())

    def writestr(self, name: str, data: bytes | str) -> None:
        entry = ZipInfo(name, _NO_TIME)
        entry.create_system, entry.compress_type = 0, ZIP_DEFLATED
        super().writestr(entry, data)


def _fill(book: Workbook, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    made = book.create_sheet(sheet.name)
    widths = _widths(sheet)
    for place, width in widths.items():
        made.column_dimensions[get_column_letter(place + 1)].width = width
    if sheet.header:
        made.freeze_panes = f"B{sheet.header + 1}"
    if sheet.is_filtered:
        made.auto_filter.ref = f"A{sheet.header}:{get_column_letter(len(widths))}{len(sheet.rows)}"
    for row in sheet.rows:
        cells = [
            cell and _cell(made, cell, place in sheet.wrapped) for place, cell in enumerate(row)
        ]
        made.append(cells)


def _cell(made: WriteOnlyWorksheet, cell: Cell, is_wrapped: bool) -> WriteOnlyCell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet.hyperlink import Hyperlink

    if not isinstance(cell.value, str):
        shown = WriteOnlyCell(made, cell.value)
        shown.number_format = cell.format or _format_of(cell.value)
    else:
        shown = _text(made, cell.value)
    if cell.look != "body" or is_wrapped:
        _dress(shown, cell.look, is_wrapped)
    if cell.link:
        place = cell.link.replace("'", "''")
        shown.hyperlink = Hyperlink(ref="", location=f"'{place}'!A1")
    return shown


def _text(made: WriteOnlyWorksheet, text: str) -> WriteOnlyCell:
    """Return a cell that holds text and is kept as text when somebody edits it.

    Neither does a spreadsheet evaluate it, since its type says text whatever it begins with, nor
    does confirming it unchanged, since its format is "text" and its prefix the quote.
    """
    from openpyxl.cell import WriteOnlyCell

    shown = WriteOnlyCell(made)
    shown.value = _cut(_NOT_IN_A_FILE.sub("\N{REPLACEMENT CHARACTER}", text))
    shown.data_type = "s"  # openpyxl takes "=1" for a formula and "#N/A" for an error
    shown.quotePrefix = tables.starts_a_formula(text)
    if shown.quotePrefix or len(text) <= MOST_LETTERS_AS_TEXT:
        shown.number_format = TEXT
    return shown


def _cut(text: str, most: int = MOST_LETTERS_IN_A_CELL) -> str:
    """Return text with at most so many UTF-16 units, no letter cut in half."""
    raw = text.encode("utf-16-le")
    if len(raw) <= 2 * most:
        return text
    return raw[: 2 * most].decode("utf-16-le", "ignore").rstrip("' ")


def _format_of(value: Value) -> str:
    if isinstance(value, datetime):
        return INSTANT
    return DAY if isinstance(value, date) else "General"


def _dress(shown: WriteOnlyCell, look: Look, is_wrapped: bool) -> None:
    for part, style in _styles(look, is_wrapped).items():
        setattr(shown, part, style)


@cache
def _styles(look: Look, is_wrapped: bool) -> dict[str, Alignment | Border | Font | PatternFill]:
    """Return what a cell of a look has of its own: by the names of openpyxl's attributes."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    fonts = {
        "title": {"bold": True, "size": 14},
        "soft": {"color": "595959"},
        "column": {"bold": True},
        "figures": {"bold": True},
        "link": {"color": "005A9C", "underline": "single"},
    }
    styles = {}
    if look in fonts:
        styles["font"] = Font(**{"name": "Calibri", "size": 11} | fonts[look])
    if look in ("column", "figures"):
        styles["fill"] = PatternFill("solid", fgColor="F4F6F8")
        styles["border"] = Border(bottom=Side("thin", color="8C8C8C"))
    if look == "figures":
        styles["alignment"] = Alignment(horizontal="right")
    elif is_wrapped:
        styles["alignment"] = Alignment(wrap_text=True, vertical="top")
    return styles


def _widths(sheet: Sheet) -> dict[int, float]:
    """Return what each column is wide, by the values below and in its heading."""
    table = sheet.rows[max(sheet.header - 1, 0) :]
    columns = max((len(row) for row in table), default=0)
    widths = {
        place: max((_width(row[place]) for row in table if place < len(row)), default=0) + 2
        for place in range(columns)
    }
    return {place: min(max(w, NARROWEST), WIDEST) for place, w in widths.items()} | sheet.widths


def _width(cell: Cell | None) -> int:
    """Return how many digits wide a value is shown, roughly."""
    match cell.value if cell else None:
        case None:
            return 0
        case str(text):
            return max((_letters(line) for line in text[: 4 * WIDEST].split("\n")), default=0)
        case float(number):
            decimals = re.search(r"\.0+", cell.format)
            return len(f"{abs(number):,.0f}") + len(decimals[0] if decimals else "") + 3
        case other:
            return len(f"{other:,}" if isinstance(other, int) else str(other))


def _letters(line: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in line)
