"""How a CSV file is written: encoding, delimiter and header, detected or declared; and its rows."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from profitchain.core.errors import CompanyError
from profitchain.sources.encodings import (
    OURS,
    declared_encoding,
    likely,
    recognised,
    refuse_mojibake,
    sample_of,
    spoken,
    texts,
)
from profitchain.sources.settings import Source

FILE, ROW = "__file", "__row"  # where a row of a source stands
DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}
_BREAK, _LONE_RETURN = "\ue00d", re.compile(r"\r(?!\n)")
_LONGEST_ROW = 1 << 24  # characters
MOST_COLUMNS = 2_000
_SURPLUS = 8
_MOST_SHAPES, _MOST_SUSPECTS = 1000, 100_000
Rejected = tuple[str | None, int, str]  # file, row, text
_LINES_TO_COMPARE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A file as UTF-8, with the number of its lines.

    `odd_quotes` says that a quotation mark may never be closed; `breaks`, that a sign stands for
    breaks within lines.
    """

    path: Path
    odd_quotes: bool
    lines: int
    breaks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one CSV file is to be read.

    `lines_to_skip` physical lines stand before the data; `header_row` is the row of the header as
    a spreadsheet numbers rows.
    """

    path: Path
    names: tuple[str, ...]
    delimiter: str
    lines_to_skip: int
    header_row: int
    text: _Text


def find_layout(
    path: Path, source: Source, *, home: Sequence[str] = (), name: str, scratch: Path
) -> Layout:
    """Return how a CSV file is written; a file that isn't UTF-8 is copied to `scratch` as UTF-8.

    `home` names the encodings that the firm most likely writes, the likeliest first.
    """
    text = _decoded(path, source, home, name=name, scratch=scratch)
    readable = text.path
    with readable.open(encoding="utf-8-sig") as lines_of:
        says_delimiter = lines_of.readline(1000).lower().startswith("sep=")
    before = source.skip_rows_before_header + says_delimiter
    delimiter = _delimiter(readable, before, source.delimiter, name=name)
    with readable.open(encoding="utf-8-sig", newline="") as lines_of:
        csv.field_size_limit(_LONGEST_ROW)  # as the engine's; Python's usual one is 128 kB
        rows = csv.reader(lines_of, delimiter=delimiter)
        header = next(islice(rows, before, None), [])
        lines = rows.line_num
        beneath = list(islice(rows, source.skip_rows_after_header))
    if not any(cell.strip() for cell in header):
        raise no_header(name, before)
    return Layout(
        path=readable, names=column_names(header, beneath), delimiter=delimiter,
        lines_to_skip=lines, header_row=before + 1, text=text,
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
        return declared_encoding(declared, name=name)
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 4:
        return "utf-16-be"
    return OURS


def _decoded(path: Path, source: Source, home: Sequence[str], *, name: str, scratch: Path) -> _Text:
    """Return a file as UTF-8, in its own encoding: declared, or the one that its letters prove."""
    encoding = _encoding(path, source.encoding, name=name)
    if source.encoding:
        refuse_mojibake(path, encoding, home, name=name)
    try:
        return _as_utf8(path, encoding, scratch=scratch)
    except UnicodeError as error:
        sample = sample_of(path)
        proven = None if source.encoding else recognised(sample, home)
        if proven is None:
            raise _unreadable(name, encoding, error, likely(sample, home)) from None
    try:
        return _as_utf8(path, proven, scratch=scratch)
    except UnicodeError as error:
        raise _unreadable(name, proven, error, likely(sample, home)) from None


def _unreadable(name: str, encoding: str, error: UnicodeError, other: str | None) -> CompanyError:
    reason = error.reason if isinstance(error, UnicodeDecodeError) else "it is cut off"
    if other is None or other == spoken(encoding):
        right = "Declare another encoding: (cp1252 in the west, big5 in Taiwan, gb18030 in China)"
    else:
        right = f"Declare encoding: {other}" + " (Windows, western)" * (other == "cp1252")
    return CompanyError(
        f"{name} can't be read as {spoken(encoding).upper()}: {reason}. {right} for its table in "
        "company.yml, or save the file as UTF-8."
    )


def _as_utf8(path: Path, encoding: str, *, scratch: Path) -> _Text:
    """Return a UTF-8 file with the same text: the file itself where it is plainly written.

    The copy of another lacks NUL characters, and holds a sign for each break within a line.
    """
    quotes = ends = returns = lone = nuls = 0
    last = "\n"
    for text in texts(path, encoding):
        quotes += text.count('"')
        ends += text.count("\n")
        returns += text.count("\r")
        lone += text.count("\r") - text.count("\r\n") if "\r" in text else 0
        nuls += text.count("\0")
        last = text[-1:] or last
    is_copied = nuls or lone or encoding not in (OURS, "utf-8-sig", "ascii")
    copy = scratch / f"{path.name}.utf-8" if is_copied else path
    if is_copied:
        within = _BREAK if ends else "\n"  # files of old Macintoshes end lines so
        with copy.open("w", encoding="utf-8", newline="") as out:
            for text in texts(path, encoding):
                plain = text.replace("\0", "")
                out.write(_LONE_RETURN.sub(within, plain) if lone else plain)
    return _Text(
        path=copy, odd_quotes=quotes % 2 == 1, breaks=bool(lone and ends),
        lines=(ends or returns) + (last not in "\r\n"),
    )  # fmt: skip


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
    csv.field_size_limit(_LONGEST_ROW)
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


def load_csv(
    con: Any, part: str, path: Path, source: Source, *, home: Sequence[str] = (), scratch: Path
) -> list[Rejected]:
    """Load one CSV file as text; return the rows that have too many cells, with their place."""
    layout = find_layout(path, source, home=home, name=path.name, scratch=scratch)
    if (wide := len(layout.names)) > MOST_COLUMNS:
        many = f"{path.name} has {wide:,} columns, and {MOST_COLUMNS:,} at most can be read."
        raise CompanyError(f"{many} Export those that a report needs, or save it as Parquet.")
    delimiter, surplus = sql_text(layout.delimiter), [f"__surplus_{k}" for k in range(_SURPLUS)]
    columns = ", ".join(f"{sql_text(column)}: 'VARCHAR'" for column in (*layout.names, *surplus))
    restored = ", ".join(
        f"replace({sql_name(name)}, {sql_text(_BREAK)}, chr(10)) AS {sql_name(name)}"
        for name in layout.names
    )
    con.raw_sql(
        f"CREATE TABLE {part} AS SELECT NULL::VARCHAR AS {FILE}, "
        f"row_number() OVER () + {layout.header_row} AS {ROW}, * "
        f"{f'REPLACE ({restored})' if layout.text.breaks else ''} FROM read_csv("
        f"{sql_text(as_pattern(layout.path))}, auto_detect=false, header=false, "
        f"skip={layout.lines_to_skip}, delim={delimiter}, quote='\"', escape='\"', "
        f"columns={{{columns}}}, null_padding=true, strict_mode=false, parallel=false, "
        f"max_line_size={_LONGEST_ROW})"
    )
    _refuse_swallowed_rows(con, part, layout, name=path.name)
    con.raw_sql(
        f"DELETE FROM {part} WHERE {ROW} <= {layout.header_row + source.skip_rows_after_header}"
    )
    cells = ", ".join(f"coalesce({sql_name(name)}, '')" for name in (*layout.names, *surplus))
    too_wide = f"coalesce({', '.join(surplus)}) IS NOT NULL"
    wide = con.raw_sql(
        f"SELECT {ROW}, rtrim(concat_ws({delimiter}, {cells}), {delimiter}) FROM {part} "
        f"WHERE {too_wide} ORDER BY {ROW}"
    ).fetchall()
    if wide:
        con.raw_sql(f"DELETE FROM {part} WHERE {too_wide}")
    for name in surplus:
        con.raw_sql(f"ALTER TABLE {part} DROP COLUMN {name}")
    return [(None, int(row), text) for row, text in wide]


def _refuse_swallowed_rows(con: Any, part: str, layout: Layout, *, name: str) -> None:
    """Stop where rows of the file became part of one cell, between stray quotation marks.

    A cell may hold line breaks; but a line of it that begins as the file's rows do, and holds
    delimiters, is a row; where rows begin with words, as sentences do, one that has all of a
    row's cells and the digits of one of them. Where the last mark is never closed, any line break
    is one too many.
    """
    rows = con.raw_sql(f"SELECT count(*), max({ROW}) FROM {part}").fetchone()
    if rows[0] + layout.lines_to_skip >= layout.text.lines:
        return
    cells = [sql_name(column) for column in layout.names]
    has_break = " OR ".join(f"contains({cell}, chr(10))" for cell in cells)
    broken = con.raw_sql(
        f"SELECT {ROW}, {', '.join(cells)} FROM {part} WHERE {has_break} ORDER BY {ROW} "
        f"LIMIT {_MOST_SUSPECTS}"
    ).fetchall()
    sample = con.raw_sql(f"SELECT {', '.join(cells)} FROM {part} LIMIT {_MOST_SHAPES}").fetchall()
    shapes = [
        {_shape(cell) for cell in of if cell and "\n" not in cell}
        for of in zip(*sample, strict=True)
    ]
    for row, *texts_ in broken:
        is_last = layout.text.odd_quotes and row == rows[1]
        for column, text in zip(layout.names, texts_, strict=True):
            begun = _rows_within(text or "", layout.delimiter, shapes, len(texts_[0] or ""))
            if begun or (is_last and "\n" in (text or "")):
                what = "is never closed" if is_last else "opens a cell that goes on"
                raise CompanyError(
                    f"{name}: a quotation mark in row {row} {what}, so that rows after it are part "
                    f"of its cell '{column}'. Close it, or double it (\"\") where it belongs to "
                    "the text, or delete it where it is stray."
                )


def _rows_within(text: str, delimiter: str, shapes: list[set[str]], length: int) -> bool:
    """Tell whether a line of a cell, after its first, looks like a row of the file.

    "slow, and dear" begins as a row does whose first cell is a word, and "2, not one" as one whose
    first cell is a number. `shapes` are those of each column's cells, `length` is that of the row's
    own first cell.
    """
    for line in text.split("\n")[1:]:
        cells = line.split(delimiter)
        own = [_shape(cell) for cell in cells]
        if len(cells) == 1 or own[0] not in shapes[0]:
            continue
        is_key = "9" in own[0] and (own[0] != "9" or len(cells[0].strip()) >= length)
        alike = ("9" in shape and shape in of for shape, of in zip(own, shapes, strict=False))
        if is_key or (len(cells) >= len(shapes) and any(alike)):
            return True
    return False


def _shape(text: str) -> str:
    """Return what a cell looks like: A12 and B7 are alike, a word is not."""
    letters = re.sub(r"[^\W\d_]+", "a", text.strip().strip("\"'"))
    return re.sub(r"\d+", "9", letters)


def as_pattern(path: Path) -> str:
    """Return a path as DuckDB's readers take it, so that no sign of it is a wildcard."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def sql_text(text: str) -> str:
    """Return text as SQL writes it, between quotes."""
    return "'" + text.replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """Return a name of a table or column as SQL writes it, between quotes."""
    return '"' + name.replace('"', '""') + '"'
