"""How a CSV file is written: its encoding, delimiter and header, detected or declared."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.settings import Source

FILE, ROW = "__file", "__row"  # where a row of a source stands
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


def find_layout(path: Path, source: Source, *, name: str, scratch: Path) -> Layout:
    """Return how a CSV file is written; a file that isn't UTF-8 is copied to `scratch` as UTF-8."""
    encoding = _encoding(path, source.encoding, name=name)
    readable, odd_quotes = _as_utf8(path, encoding, name=name, scratch=scratch)
    with readable.open(encoding="utf-8-sig") as text:
        says_delimiter = text.readline(1000).lower().startswith("sep=")
    before = source.skip_rows_before_header + says_delimiter
    delimiter = _delimiter(readable, before, source.delimiter, name=name)
    with readable.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, delimiter=delimiter)
        header = next(islice(rows, before, None), [])
        lines = rows.line_num
        beneath = list(islice(rows, source.skip_rows_after_header))
    if not any(cell.strip() for cell in header):
        raise no_header(name, before)
    return Layout(
        path=readable, names=column_names(header, beneath), delimiter=delimiter,
        lines_to_skip=lines, header_row=before + 1, odd_quotes=odd_quotes,
    )  # fmt: skip


def no_header(name: str, before: int) -> CompanyError:
    """Return the error of a file whose row below the skipped ones is empty or missing."""
    return CompanyError(
        f"{name} has no header: its row {before + 1} is empty. The first row must name the "
        "columns; skip_rows_before_header: says how many rows stand above it."
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
    counts: Counter[str] = Counter()
    for position, cell in enumerate(header):
        lower = [row[position].strip() for row in beneath if position < len(row)]
        name = cell.strip() or next(filter(None, lower), "") or f"column_{position + 1}"
        counts[name.lower()] += 1
        count = counts[name.lower()]
        names.append(name if count == 1 else f"{name}_{count}")
    return tuple(names)


def _encoding(path: Path, declared: str | None, *, name: str) -> str:
    if declared:
        try:
            return codecs.lookup(declared).name
        except LookupError:
            hint = did_you_mean(declared, _COMMON_ENCODINGS)
            raise CompanyError(f"encoding: '{declared}' of {name} is unknown. {hint}") from None
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return "utf-8"


def _as_utf8(path: Path, encoding: str, *, name: str, scratch: Path) -> tuple[Path, bool]:
    """Return a UTF-8 file with the same text, and whether its quotation marks are odd in number."""
    copy = None if encoding in ("utf-8", "utf-8-sig", "ascii") else scratch / f"{path.name}.utf-8"
    quotes = 0
    try:
        with copy.open("w", encoding="utf-8", newline="") if copy else nullcontext() as out:
            for text in _chunks(path, encoding if copy else "utf-8"):
                quotes += text.count('"')
                if out is not None:
                    out.write(text)
    except UnicodeDecodeError as error:
        right = "another encoding:" if copy else "encoding: cp1252 (Windows, western)"
        raise CompanyError(
            f"{name} can't be read as {encoding.upper()}: {error.reason}. Declare {right} for "
            "its table in company.yml, or save the file as UTF-8."
        ) from None
    return copy or path, quotes % 2 == 1


def _chunks(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _delimiter(path: Path, before: int, declared: str | None, *, name: str) -> str:
    """Return the declared delimiter, else the one that splits the header most.

    A tie is settled by the rows beneath.
    """
    if declared is not None:
        delimiter = _DELIMITER_WORDS.get(declared, declared)
        if len(delimiter) != 1:
            words = ", ".join(list(_DELIMITER_WORDS)[:4])
            raise CompanyError(f"delimiter: '{declared}' must be one character, or one of {words}.")
        return delimiter
    with path.open(encoding="utf-8-sig", newline="") as text:
        lines = list(islice(text, before + _LINES_TO_COMPARE))[before:]
    if not lines or not lines[0].strip():
        return ","
    rows = {mark: csv.reader(lines, delimiter=mark) for mark in DELIMITERS}
    widths = {mark: [len(row) for row in rows[mark]] or [1] for mark in DELIMITERS}
    widest = max(counts[0] for counts in widths.values())
    best = [mark for mark, counts in widths.items() if counts[0] == widest]
    if widest == 1 or len(best) == 1:
        return best[0]
    steady = [mark for mark in best if set(widths[mark]) == {widest}]
    if len(steady) != 1:
        raise CompanyError(
            f"{name} could be split at {' or '.join(repr(mark) for mark in best)}. "
            "Declare delimiter: for its table in company.yml."
        )
    return steady[0]
