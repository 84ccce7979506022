"""An Excel workbook of plain values: text that stays text, and the same bytes for the same data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

from profitchain.exhibits import tables

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
_LOOKS: dict[Look, dict[str, object]] = {
    "title": {"bold": True, "size": 14},
    "soft": {"color": "595959"},
    "column": {"bold": True},
    "figures": {"bold": True},
    "link": {"color": "005A9C", "underline": "single"},
}
FONTS = {look: Font(**{"name": "Calibri", "size": 11} | own) for look, own in _LOOKS.items()}
HEAD_FILL = PatternFill("solid", fgColor="F4F6F8")
HEAD_BORDER = Border(bottom=Side("thin", color="8C8C8C"))
RIGHT, WRAPPED = Alignment(horizontal="right"), Alignment(wrap_text=True, vertical="top")


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


def sheet_names(titles: Iterable[str]) -> list[str]:
    """Return names that Excel takes for sheets, each once, as near to the titles as can be.

    Examples
    --------
    >>> sheet_names(["03 main-score", "03 MAIN-SCORE", "a/b", "'x'", ""])
    ['03 main-score', '03 MAIN-SCORE 2', 'a b', 'x', '–']
    """
    names = [_RESERVED]
    for name in titles:
        plain = _NOT_IN_A_FILE.sub("", _NOT_IN_A_NAME.sub(" ", name)).strip("' ") or tables.DASH
        unique, count = _cut(plain, MOST_LETTERS_IN_A_NAME), 1
        while unique.casefold() in map(str.casefold, names):
            count += 1
            unique = f"{_cut(plain, MOST_LETTERS_IN_A_NAME - len(f' {count}'))} {count}"
        names.append(unique)
    return names[1:]


def write_workbook(path: Path, sheets: Sequence[Sheet], *, title: str, day: date) -> None:
    """Write a workbook; `title` and `day` are what its properties say of it."""
    book, raw = Workbook(write_only=True), BytesIO()
    book.properties.creator, book.properties.title = "profitchain", title
    book.properties.created = book.properties.modified = datetime.combine(day, time())
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    with ZipFile(raw, "w") as archive:
        ExcelWriter(book, archive).write_data()
    with ZipFile(raw) as archive, ZipFile(path, "w") as timeless:
        for name in archive.namelist():
            entry = ZipInfo(name)  # dated 1980, the first year that a zip file can tell
            entry.create_system, entry.compress_type = 0, ZIP_DEFLATED
            timeless.writestr(entry, archive.read(name))


def _fill(worksheet: WriteOnlyWorksheet, sheet: Sheet) -> None:
    widths = _widths(sheet)
    for place, width in widths.items():
        worksheet.column_dimensions[get_column_letter(place + 1)].width = width
    if sheet.header:
        worksheet.freeze_panes = f"B{sheet.header + 1}"
    if sheet.is_filtered:
        worksheet.auto_filter.ref = (
            f"A{sheet.header}:{get_column_letter(len(widths))}{len(sheet.rows)}"
        )
    for row in sheet.rows:
        worksheet.append(
            [cell and _cell(worksheet, cell, at in sheet.wrapped) for at, cell in enumerate(row)]
        )


def _cell(worksheet: WriteOnlyWorksheet, cell: Cell, is_wrapped: bool) -> WriteOnlyCell:
    """Return a cell; text in it stays text when somebody edits it.

    A spreadsheet neither evaluates it, since its type says text whatever it begins with, nor does
    confirming it unchanged, since its format is "text" and its prefix the quote.
    """
    value, target = cell.value, WriteOnlyCell(worksheet)
    if isinstance(value, str):
        target.value = _cut(_NOT_IN_A_FILE.sub("\N{REPLACEMENT CHARACTER}", value))
        target.data_type = "s"  # openpyxl takes "=1" for a formula and "#N/A" for an error
        target.quotePrefix = tables.starts_a_formula(value)
        is_text = target.quotePrefix or len(value) <= MOST_LETTERS_AS_TEXT
        target.number_format = TEXT if is_text else "General"
    else:
        target.value = value
        is_day = DAY if isinstance(value, date) else "General"
        target.number_format = cell.format or (INSTANT if isinstance(value, datetime) else is_day)
    if cell.look in FONTS:
        target.font = FONTS[cell.look]
    if cell.look in ("column", "figures"):
        target.fill, target.border = HEAD_FILL, HEAD_BORDER
    if cell.look == "figures":
        target.alignment = RIGHT
    elif is_wrapped:
        target.alignment = WRAPPED
    if cell.link:
        place = cell.link.replace("'", "''")
        target.hyperlink = Hyperlink(ref="", location=f"'{place}'!A1")
    return target


def _cut(text: str, most: int = MOST_LETTERS_IN_A_CELL) -> str:
    """Return text with at most so many UTF-16 units, no letter cut in half."""
    raw = text.encode("utf-16-le")
    return (
        text if len(raw) <= 2 * most else raw[: 2 * most].decode("utf-16-le", "ignore").rstrip("' ")
    )


def _widths(sheet: Sheet) -> dict[int, float]:
    """Return what each column is wide, by the values below and in its heading."""
    table = sheet.rows[max(sheet.header - 1, 0) :]
    widths: dict[int, float] = {}
    for row in table:
        for place, cell in enumerate(row):
            widths[place] = max(widths.get(place, 0), _width(cell) + 2)
    return {place: min(max(w, NARROWEST), WIDEST) for place, w in widths.items()} | sheet.widths


def _width(cell: Cell | None) -> int:
    """Return how many digits wide a value is shown, roughly."""
    match cell:
        case None | Cell(value=None):
            return 0
        case Cell(value=str(text)):
            lines = text[: 4 * WIDEST].split("\n")
            wide = unicodedata.east_asian_width
            return max(sum(2 if wide(letter) in "WF" else 1 for letter in line) for line in lines)
        case Cell(value=float(number), format=form):
            decimals = re.search(r"\.0+", form)
            return len(f"{abs(number):,.0f}") + len(decimals[0] if decimals else "") + 3
        case Cell(value=int(number)):
            return len(f"{number:,}")
        case _:
            return len(str(cell.value))
