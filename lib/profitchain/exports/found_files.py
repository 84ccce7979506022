"""Looks at the files of a folder: which export each is, its columns, some of its rows as text."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from profitchain.core.errors import CompanyError, ProfitchainError
from profitchain.exports.known_exports import (
    ExportFormat,
    header_place,
    known_exports,
    plain,
    recognised,
)
from profitchain.exports.one_file import read_file
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import DELIMITERS, FILE, ROW
from profitchain.sources.loading import sql_name
from profitchain.sources.settings import Source

TEXTS, TABLES = (".csv", ".tsv", ".txt", ".tab"), (".xlsx", ".xlsm", ".parquet", ".pq")
ORDERED = (  # what makes names of files comparable: no ending, numbers of twenty digits
    (r"\.[^./]*$", ""), (r"(\d+)", rf"{'0' * 20}\1"), (r"\d*(\d{20})", r"\1"),
)  # fmt: skip
_OTHERS = (".xls", ".xlsb", ".ods", ".numbers", ".zip", ".gz", ".7z", ".rar", ".jsonl")
_OWN_FOLDERS = ("quarantine", "lists", "commentary")  # of a company's folder
_ENCODINGS = ("gb18030", "cp1252", "latin-1")  # the last reads every byte
_START, _LINES, _MOST_ROWS = 1 << 17, 30, 50_000
_FEW_CELLS = 3
_NO_QUESTION = ("response", "open-ended response")  # beneath a question's text


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file of a folder with its rows as text (`cells`, up to 50,000 of them).

    `known` is the export that it is, if one; `settings` are those that reading it took; `asked`
    the questions' texts by column, where a further header row has them.
    """

    name: str
    known: str | None
    settings: dict[str, Any] = field(default_factory=dict)
    cells: pd.DataFrame
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def format(self) -> ExportFormat | None:
        """How the export is read that the file is, if it is a known one."""
        return known_exports()[self.known] if self.known else None


def look_at(con: Any, folder: Path, scratch: Path) -> tuple[list[FoundFile], dict[str, str]]:
    """Return the files of a folder that hold rows, and of each other one why it can't be read."""
    found: list[FoundFile] = []
    unread: dict[str, str] = {}
    paths = [path for path in sorted(folder.iterdir(), key=_in_order)
             if not path.name.startswith((".", "~"))]  # fmt: skip
    unread |= {path.name: why for path in paths if (why := _why_not(path))}
    for number, path in enumerate(path for path in paths if _is_read(path)):
        try:
            file = _read(con, path, f"found_{number}", scratch)
        except ProfitchainError as error:
            unread[path.name] = str(error)
            continue
        if file.cells.empty:
            unread[path.name] = "It holds no rows."
        elif len(file.cells.columns) == 1:
            unread[path.name] = "It has a single column: no table."
        else:
            found.append(file)
            unread |= _other_sheets(path, file.settings.get("sheet"))
    return found, unread


def _is_read(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (*TEXTS, *TABLES)


def _in_order(path: Path) -> str:
    """Return a text by which files follow one another, as `in_file_order` does in the engine."""
    name = path.name
    for pattern, replaced in ORDERED:
        name = re.sub(pattern, replaced, name)
    return name


def _why_not(path: Path) -> str:
    """Return why a file of tables, or a folder of such files, isn't looked at."""
    if path.is_dir():
        inside = any(map(_is_read, path.iterdir())) and path.name not in _OWN_FOLDERS
        return "Files of a folder within are not looked at: move them up." if inside else ""
    is_other = path.suffix.lower() in _OTHERS
    return "Its kind can't be read: save it as .xlsx or .csv." if is_other else ""


def _other_sheets(path: Path, chosen: str | None) -> dict[str, str]:
    """Return the sheets of a workbook that hold tables and are not the one that is read."""
    tables = [name for name, rows in _sheets(path).items() if chosen and name != chosen
              and len(rows) > 1 and max(map(_filled, rows)) >= _FEW_CELLS]  # fmt: skip
    why = f"Only sheet '{chosen}' is read. Name the file again in company.yml, with this sheet."
    return {f"{path.name}, sheet '{name}'": why for name in tables}


def _read(con: Any, path: Path, name: str, scratch: Path) -> FoundFile:
    known, settings = _recognised(path)
    alone = Company.model_construct(name="", currency="EUR", tables={})
    alone._folder = path.parent
    tries: list[dict[str, Any]] = [settings]
    if path.suffix.lower() in TEXTS and "encoding" not in settings:
        tries += [{**settings, "encoding": encoding} for encoding in _ENCODINGS]
    faults: list[CompanyError] = []
    for number, extra in enumerate(tries):
        source = Source.model_validate({"file": _literal(path.name), **extra})
        try:
            raw = read_file(con, f"{name}_{number}", source, alone, scratch)
        except CompanyError as error:
            faults.append(error)
            continue
        columns = ", ".join(
            f"trim(CAST({sql_name(column)} AS VARCHAR)) AS {sql_name(column)}"
            for column in raw.columns
        )
        query = f"SELECT {columns} FROM {raw.name} ORDER BY {FILE}, {ROW} LIMIT {_MOST_ROWS}"
        cells = con.raw_sql(query).fetch_df().astype(object)
        cells = cells.where(cells.notna() & (cells != ""), None).dropna(how="all")
        kept = {key: value for key, value in extra.items() if key != "skip_rows_after_header"}
        return FoundFile(
            name=path.name, known=known, cells=cells,
            settings={k: v for k, v in kept.items() if k == "sheet" or not known},
            asked=_asked(path, source) if known else {},
        )  # fmt: skip
    raise faults[0]


def _asked(path: Path, source: Source) -> dict[str, str]:
    """Return the second header row's cells by column, where there is one that says something."""
    rows = first_rows(path)[source.skip_rows_before_header :]
    if not source.skip_rows_after_header or len(rows) < 2:
        return {}
    pairs = zip(rows[0], rows[1], strict=False)
    return {name: text for name, text in pairs if text.strip() and plain(text) not in _NO_QUESTION}


def _literal(name: str) -> str:
    """Return a file's name as a pattern that means it alone."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _recognised(path: Path) -> tuple[str | None, dict[str, Any]]:
    """Return which export a file is, and the settings that its header asks for."""
    for row in first_rows(path):
        if name := recognised(row):
            known = known_exports()[name]
            settings = known.reads | _widest_sheet(path)
            if path.suffix.lower() in TEXTS:
                settings |= header_place(path, known, Source(file=path.name))
            return name, settings
    return None, _place_of_header(path)


def _place_of_header(path: Path) -> dict[str, Any]:
    """Return how many rows stand above the header of a file that is no known export."""
    sheet = _widest_sheet(path)
    rows = [[cell for cell in row if cell.strip()] for row in first_rows(path)]
    widest = max((len(row) for row in rows), default=0)
    first = next((k for k, row in enumerate(rows) if len(row) == widest), 0)
    above = rows[:first]
    if widest >= _FEW_CELLS and above and all(len(row) < _FEW_CELLS for row in above):
        return sheet | {"skip_rows_before_header": first}
    return sheet


def _widest_sheet(path: Path) -> dict[str, Any]:
    """Return which sheet of a workbook to read where there are several: the widest."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return {}
    sheets = _sheets(path)
    widest = max(sheets, key=lambda name: max(map(_filled, sheets[name]), default=0), default=None)
    return {"sheet": widest} if len(sheets) > 1 else {}


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def first_rows(path: Path) -> list[list[str]]:
    """Return the first thirty rows of a file, split at the sign that splits them most."""
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        import pyarrow.parquet

        with suppress(Exception):
            return [list(pyarrow.parquet.read_schema(path).names)]
        return []
    if suffix in TABLES:
        return _sheet_rows(path)
    with path.open("rb") as file:
        start = file.read(_START)
    text = _as_text(start).replace("\r\n", "\n").replace("\r", "\n")  # a lone one ends no row
    split = [
        list(islice(csv.reader(io.StringIO(text), delimiter=sign), _LINES)) for sign in DELIMITERS
    ]
    return max(split, key=lambda rows: max((len(row) for row in rows), default=0))


def _sheet_rows(path: Path) -> list[list[str]]:
    """Return the first rows of a workbook's widest sheet."""
    return max(
        _sheets(path).values(), key=lambda rows: max(map(_filled, rows), default=0), default=[]
    )


def _sheets(path: Path) -> dict[str, list[list[str]]]:
    """Return the first rows of a workbook by sheet; none where it can't be read."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        return {
            sheet.title: [
                ["" if cell is None else str(cell) for cell in row]
                for row in sheet.iter_rows(max_row=_LINES, values_only=True)
            ]
            for sheet in _seen(book)
        }
    except Exception:
        return {}


def _seen(book: Any) -> list[Any]:
    """Return the sheets that somebody who opens a workbook sees."""
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets


def _as_text(start: bytes) -> str:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return start.decode("utf-16", errors="ignore")
    for encoding in ("utf-8-sig", *_ENCODINGS):
        try:
            return start.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start > len(start) - 4:  # a sign cut in two
                return start[: error.start].decode(encoding)
    return start.decode("latin-1")
