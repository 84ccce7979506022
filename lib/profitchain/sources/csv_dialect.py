"""How a CSV file is written: its encoding, delimiter and header, found out or declared."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.settings import Source

FILE, ROW = "__file", "__row"
DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}
_COMMON_ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "iso-8859-15", "gb18030", "big5")
_CHUNK = 1 << 20
_LINES_TO_COMPARE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one CSV file is to be read.

    `lines_to_skip` physical lines stand before the data; `header_row` is the row of the header as
    a spreadsheet numbers rows; `odd_quotes` says that a quotation mark may never be closed.
    """

    path: Path
    names: tuple[str, ...]
    delimiter: str
    lines_to_skip: int
    header_row: int
    odd_quotes: bool


def layout(path: Path, source: Source, *, shown: str, scratch: Path) -> Layout:
    """Return how a CSV file is written; a file that isn't UTF-8 is copied to `scratch` as UTF-8."""
    encoding = _encoding(path, source.encoding, shown=shown)
    readable, odd_quotes = _as_utf8(path, encoding, shown=shown, scratch=scratch)
    first = 1 if _first_line(readable).lower().startswith("sep=") else 0
    before = source.skip_rows_before_header + first
    delimiter = _declared_delimiter(source) or _delimiter(readable, before, shown=shown)
    with readable.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, delimiter=delimiter)
        skipped = sum(1 for _ in islice(rows, before))
        header = next(rows, None)
        lines = rows.line_num
        beneath = list(islice(rows, source.skip_rows_after_header))
    if skipped < before or not header or not any(cell.strip() for cell in header):
        raise CompanyError(
            f"{shown} has no header: its row {before + 1} is empty. The first row must name the "
            "columns; skip_rows_before_header: says how many rows stand above it."
        )
    return Layout(
        path=readable,
        names=column_names(header, beneath),
        delimiter=delimiter,
        lines_to_skip=lines,
        header_row=before + 1,
        odd_quotes=odd_quotes,
    )


def column_names(header: list[str], beneath: list[list[str]]) -> tuple[str, ...]:
    """Return one distinct name per column.

    A blank name is taken from the skipped rows beneath (SurveyMonkey names the options of a
    question there); a name that comes twice, whatever its case, is numbered.

    Examples
    --------
    >>> column_names(["Id", "", "id", ""], [["", "Response"]])
    ('Id', 'Response', 'id_2', 'column_4')
    """
    names: list[str] = []
    taken: dict[str, int] = {}
    for position, cell in enumerate(header):
        lower = [row[position].strip() for row in beneath if position < len(row)]
        name = cell.strip() or next(filter(None, lower), "") or f"column_{position + 1}"
        taken[name.lower()] = taken.get(name.lower(), 0) + 1
        again = taken[name.lower()]
        names.append(name if again == 1 else f"{name}_{again}")
    return tuple(names)


def _encoding(path: Path, declared: str | None, *, shown: str) -> str:
    if declared:
        try:
            return codecs.lookup(declared).name
        except LookupError:
            raise CompanyError(
                f"encoding: '{declared}' of {shown} is unknown. "
                f"{did_you_mean(declared, _COMMON_ENCODINGS)}"
            ) from None
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return "utf-8"


def _as_utf8(path: Path, encoding: str, *, shown: str, scratch: Path) -> tuple[Path, bool]:
    """Return a UTF-8 file with the same text, and whether its quotation marks are odd in number."""
    copy = None if encoding in ("utf-8", "utf-8-sig", "ascii") else scratch / f"{path.name}.utf-8"
    quotes = 0
    try:
        if copy is None:
            for text in _chunks(path, "utf-8"):
                quotes += text.count('"')
        else:
            with copy.open("w", encoding="utf-8", newline="") as out:
                for text in _chunks(path, encoding):
                    quotes += text.count('"')
                    out.write(text)
    except UnicodeDecodeError as broken:
        right = "encoding: cp1252 (Windows, western)" if copy is None else "another encoding:"
        raise CompanyError(
            f"{shown} can't be read as {encoding.upper()}: {broken.reason}. Declare {right} for "
            "its table in company.yml, or save the file as UTF-8."
        ) from None
    return copy or path, quotes % 2 == 1


def _chunks(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as text:
        return text.readline(1000)


def _declared_delimiter(source: Source) -> str | None:
    if source.delimiter is None:
        return None
    delimiter = _DELIMITER_WORDS.get(source.delimiter, source.delimiter)
    if len(delimiter) != 1:
        raise CompanyError(
            f"delimiter: '{source.delimiter}' must be one character, or one of "
            f"{', '.join(list(_DELIMITER_WORDS)[:4])}."
        )
    return delimiter


def _delimiter(path: Path, before: int, *, shown: str) -> str:
    """Return the delimiter that splits the header most; a tie is settled by the rows beneath."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        lines = list(islice(text, before + _LINES_TO_COMPARE))[before:]
    if not lines or not lines[0].strip():
        return ","
    widths = {mark: _widths(lines, mark) for mark in DELIMITERS}
    widest = max(width[0] for width in widths.values())
    best = [mark for mark, width in widths.items() if width[0] == widest]
    if widest == 1 or len(best) == 1:
        return best[0]
    steady = [mark for mark in best if set(widths[mark]) == {widest}]
    if len(steady) != 1:
        raise CompanyError(
            f"{shown} could be split at {' or '.join(repr(mark) for mark in best)}. "
            "Declare delimiter: for its table in company.yml."
        )
    return steady[0]


def _widths(lines: list[str], delimiter: str) -> list[int]:
    return [len(row) for row in csv.reader(lines, delimiter=delimiter)] or [1]
