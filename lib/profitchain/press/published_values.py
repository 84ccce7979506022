"""What stands in an edition's files, value by value, each under its place in its file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from profitchain.press.edition_cache import OF_ONE_MAKING, RECORD

_PIECE = re.compile(r"<[^>]*>|[^<]+")
_ID = re.compile(r'\sid="([^"]+)"')
_ELSEWHERE = re.compile(
    r'<nav aria-label="[^"]*">.*?</nav>|<dd>python \d.*?</dd>'
    r'|<!--printed-->|<li class="printed">.*?</li>',
    re.DOTALL,
)
_KEYS = ("page", "name", "id", "group")  # of an entry, in place of its number
RELATIVE = 1e-7  # processors differ in the last digits of a fit, never in the seventh
Value = tuple[str, str]  # a place and what stands there


def same_values(file: Path, other: Path) -> bool:
    """Return whether two files say the same, numbers to seven digits."""
    if file.read_bytes() == other.read_bytes():
        return True
    values, others = values_of(file), values_of(other)
    return values.keys() == others.keys() and all(
        value == others[place] or same_number(value, others[place])
        for place, value in values.items()
    )


def same_number(one: str, other: str) -> bool:
    """Return whether two texts are one number to seven digits."""
    try:
        first, second = float(one), float(other)
    except ValueError:
        return False
    return abs(first - second) <= RELATIVE * max(abs(first), 1e-6)


def values_of(file: Path) -> dict[str, str]:
    """Return what stands in a published file, by place; of an unknown kind, the hash of its bytes.

    Left out are what other editions and the machine have made: a page's ways to earlier periods and
    to the printed edition, versions of packages, and in the record all that changes with each
    making.
    """
    content = file.read_bytes()
    read = _READERS.get(file.suffix)
    if read is None:
        return {"": hashlib.sha256(content).hexdigest()}
    places: dict[str, str] = {}
    times: Counter[str] = Counter()
    try:
        for place, value in read(content, file.name):
            times[place] += 1
            places[place if times[place] == 1 else f"{place} ({times[place]})"] = value
    except (ValueError, LookupError, SyntaxError, BadZipFile) as error:
        return {"as a whole": f"can't be read: {error}"}
    return places


def _of_json(content: bytes, name: str) -> Iterator[Value]:
    tree = json.loads(content, parse_float=str, parse_int=str)
    if name == RECORD:
        tree = {key: tree[key] for key in tree if key not in (*OF_ONE_MAKING, "versions")}
    yield from _leaves(tree, "")


def _leaves(tree: Any, place: str) -> Iterator[Value]:
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _leaves(part, f"{place} {key}")
    elif isinstance(tree, list):
        for number, part in enumerate(tree):
            keys = (
                [str(part[key]) for key in _KEYS if part.get(key)] if isinstance(part, dict) else []
            )
            yield from _leaves(part, f"{place} {' '.join(keys) or number}")
    else:
        yield place.strip(), json.dumps(tree, ensure_ascii=False).strip('"')


def _of_csv(content: bytes, _name: str) -> Iterator[Value]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    head = rows[0] if rows else []
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            column = head[place] if place < len(head) else str(place + 1)
            yield f"row {number}, {column}", cell


def _of_workbook(content: bytes, _name: str) -> Iterator[Value]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True)
    for sheet in book:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            for column, value in enumerate(row, 1):
                if value is not None:
                    yield f"{sheet.title}, row {number}, column {column}", str(value)


def _of_page(content: bytes, _name: str) -> Iterator[Value]:
    place = "its head"
    for piece in _PIECE.findall(_ELSEWHERE.sub("", content.decode())):
        if piece.startswith("<") and (anchor := _ID.search(piece)):
            place = f"at #{anchor[1]}"
        yield place, " ".join(piece.split())


def _of_text(content: bytes, _name: str) -> Iterator[Value]:
    for number, line in enumerate(content.decode().splitlines(), 1):
        yield f"line {number}", line


_READERS: dict[str, Callable[[bytes, str], Iterator[Value]]] = {
    ".json": _of_json, ".csv": _of_csv, ".xlsx": _of_workbook, ".html": _of_page,
    ".md": _of_text,
}  # fmt: skip
