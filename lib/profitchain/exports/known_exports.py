"""Which exports are known: one file of `sources/formats/` each, its header and how it is read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, model_validator

from profitchain.sources.csv_dialect import DELIMITERS
from profitchain.sources.known_values import FORMATS, TABLE_NAMES, Why
from profitchain.sources.settings import Settings, Source

_LINES = 30  # of a file, among which its header stands
_START = 1 << 17
_BLANKS = re.compile(r"\s+")
_ALIKE = str.maketrans({"，": ",", "（": "(", "）": ")", "：": ":", "\ufeff": ""})


def plain(name: str) -> str:
    """Return a column's name or a status as it is compared: trimmed, lower case, plain marks."""
    return _BLANKS.sub(" ", name.translate(_ALIKE)).strip().strip('"').strip().lower()


Word = Annotated[str, AfterValidator(plain)]


class CellRule(Settings):
    """How one column of ours is made of an export's: a name, several or a sum of amounts.

    `first`: the first of them that is filled; `join`: all of them that are, with a blank between;
    `add` and `subtract`: amounts, of each the first column that the file has; `total`: the column
    by which it is seen whether what is added is net already of what would be subtracted; `times`:
    the column of a quantity by which what is added is multiplied; `row`: the number of the row;
    `per`: whether the cell is of the order or of each of its items (then summed up).
    """

    first: list[str] = Field(default_factory=list)
    join: list[str] = Field(default_factory=list)
    add: list[list[str]] = Field(default_factory=list)
    subtract: list[list[str]] = Field(default_factory=list)
    total: list[str] = Field(default_factory=list)
    times: str | None = None
    row: str | None = None
    value: str | None = None
    lower: bool = False
    upper: bool = False
    two_digit_years: bool = False
    replace: dict[str, str] = Field(default_factory=dict)
    empty: list[str] = Field(default_factory=list)
    per: Literal["order", "item"] = "order"
    optional: bool = False

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, rule: Any) -> Any:
        if isinstance(rule, str | list):
            return {"first": [rule] if isinstance(rule, str) else rule}
        lists = {
            name: [[cell] if isinstance(cell, str) else cell for cell in rule[name]]
            for name in ("add", "subtract")
            if name in rule
        }
        first = rule.get("first")
        return {**rule, **lists, **({"first": [first]} if isinstance(first, str) else {})}

    @property
    def amounts(self) -> list[tuple[int, list[str]]]:
        """The sign and the columns of each amount that is added or subtracted; 0: the total."""
        signed = [(1, cells) for cells in self.add] + [(-1, cells) for cells in self.subtract]
        return signed + ([(0, self.total)] if self.total else [])


class LeaveOut(Settings):
    """Rows with one of these words (or with any, `given`) in a column, and what they are."""

    column: list[str]
    one_of: list[Word] = Field(default_factory=list)
    begins: list[Word] = Field(default_factory=list)
    other_than: list[Word] = Field(default_factory=list)
    given: bool = False
    blank: bool = False
    above: float | None = None
    why: Why = "no_sale"
    per: Literal["order", "item"] = "order"

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, rule: Any) -> Any:
        column = rule.get("column")
        return {**rule, "column": [column] if isinstance(column, str) else column}


class StatusColumn(Settings):
    """What the words of an export's status column mean; a word that is not here stops the run.

    `refunded`: left out unless the export itself says what was paid back. `optional`: an export may
    lack the column.
    """

    column: list[str]
    words: dict[Why, list[Word]]
    optional: bool = False

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, rule: Any) -> Any:
        column = rule.get("column")
        return {**rule, "column": [column] if isinstance(column, str) else column}


class Refunds(Settings):
    """Which rows pay back: their amounts are below zero and their ids begin with `prefix`."""

    column: str
    one_of: list[Word]
    prefix: str = ""


class Zone(Settings):
    """The column that names each row's time zone, and the zone that each name means."""

    column: str
    names: dict[Word, str]


class TableRules(Settings):
    """How one of our tables is read from an export."""

    columns: dict[str, CellRule]
    row_is: Literal["row", "item"] = "row"
    key: list[list[str]] = Field(default_factory=list)
    needs: list[str] = Field(default_factory=list)
    left_out: list[LeaveOut] = Field(default_factory=list)
    statuses: list[StatusColumn] = Field(default_factory=list)
    refunds: Refunds | None = None
    zone: Zone | None = None

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, rules: Any) -> Any:
        key = [[name] if isinstance(name, str) else name for name in rules.get("key", [])]
        return {**rules, "key": key}


class ExportFormat(Settings):
    """An export that is known: how it is recognised, how it is written, and how it is read.

    `must` and `never` are column names; `weak`: the header is too plain to be sure. `reads` are
    settings of a table, as in company.yml; `otherwise`: the encoding of a file that isn't UTF-8;
    `footer`: patterns of rows below the data; `beneath`: a word in the last of several
    header rows; `own`: columns that are no questions. `known`: since when, and from where.
    """

    title: str
    kind: Literal["shop", "payments", "survey", "reviews", "tickets", "deals", "customers"]
    known: str
    must: list[str]
    never: list[str] = Field(default_factory=list)
    weak: bool = False
    reads: dict[str, Any] = Field(default_factory=dict)
    otherwise: str | None = None
    footer: list[str] = Field(default_factory=list)
    beneath: str = ""
    currency: str | None = None
    own: list[str] = Field(default_factory=list)
    note: str = ""
    tables: dict[str, TableRules]

    @model_validator(mode="after")
    def _reads_as_a_table_would(self) -> ExportFormat:
        Source.model_validate({"file": "export.csv", **self.reads})
        if stray := set(self.tables) - set(TABLE_NAMES):
            raise ValueError(f"tables: {', '.join(stray)} is no table of ours.")
        return self


@cache
def known_exports() -> Mapping[str, ExportFormat]:
    """Return each known export by the name that `format:` gives it."""
    return {path.stem: _read(path) for path in sorted(FORMATS.glob("*.yml"))}


def _read(path: Path) -> ExportFormat:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    return ExportFormat.model_validate(yaml.load(path.read_text(encoding="utf-8"), loader))


def find_column(names: Iterable[str], columns: Iterable[str]) -> str | None:
    """Return the first of some names that a file has, as the file writes it."""
    by_name = {plain(column): column for column in reversed(list(columns))}
    return next((by_name[plain(name)] for name in names if plain(name) in by_name), None)


def recognised(columns: Iterable[str], *, table: str | None = None) -> str | None:
    """Return the export whose header this is: it has all that it must, and nothing that it can't.

    The one with the most columns that must be there is taken; a weak one only where no other is.
    """
    have = {plain(column) for column in columns}
    fits = [
        (not known.weak, len(known.must), name)
        for name, known in known_exports().items()
        if all(have & names for names in _signatures()[name][0])
        and not have & _signatures()[name][1]
        and (table is None or table in known.tables)
    ]
    return max(fits)[2] if fits else None


@cache
def _signatures() -> Mapping[str, tuple[list[set[str]], set[str]]]:
    """Return of each known export the columns that it must have, by any name, and can't have."""
    return {
        name: (
            [set(map(plain, column.split(" | "))) for column in known.must],
            set(map(plain, known.never)),
        )
        for name, known in known_exports().items()
    }


def can_give(known: ExportFormat, table: str, columns: Iterable[str]) -> bool:
    """Tell whether a file with these columns has what a table of ours needs of it."""
    rules, columns = known.tables.get(table), list(columns)
    if rules is None:
        return False
    groups = [group for cell in rules.columns.values() for group in cell.add]
    groups += [rules.columns[name].first for name in ("order_id", "product_id")
               if name in rules.columns and rules.columns[name].first]  # fmt: skip
    return all(find_column(group, columns) for group in groups)


def nearly(columns: Iterable[str], *, table: str) -> tuple[str, str] | None:
    """Return the export that a header would be but for one column, and that column."""
    columns = list(columns)
    for name, known in known_exports().items():
        missing = [c for c in known.must if not find_column(c.split(" | "), columns)]
        if len(missing) == 1 and len(known.must) > 3 and table in known.tables:
            return name, missing[0]
    return None


def header_place(path: Path, known: ExportFormat, source: Source) -> dict[str, Any]:
    """Return what a text file's header tells: rows above it, its delimiter and its encoding.

    The header is the first row among thirty that has all the columns which an export must have, or
    that most of them stand in.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    text, encoding = _decoded(start, source.encoding or known.otherwise)
    told: dict[str, Any] = {"encoding": encoding} if encoding and not source.encoding else {}
    must = {plain(name) for column in known.must for name in column.split(" | ")}
    best = (0, 0, "")
    for delimiter in DELIMITERS:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter)
        for number, row in enumerate(islice(rows, _LINES)):
            hits = len(must & {plain(cell) for cell in row})
            if hits > best[0]:
                best = (hits, number, delimiter)
    if best[0] * 2 > len(known.must):
        marked = text.lower().startswith("sep=")
        if not source.skip_rows_before_header:
            told["skip_rows_before_header"] = max(best[1] - marked, 0)
        if not source.delimiter:
            told["delimiter"] = best[2]
        rows = csv.reader(io.StringIO(text), delimiter=best[2])
        below = list(islice(rows, best[1] + 1, best[1] + 4))
        last = [k for k, row in enumerate(below, 1) if known.beneath in "".join(row)]
        if known.beneath and last and not source.skip_rows_after_header:
            told["skip_rows_after_header"] = last[-1]
    return told


def _decoded(start: bytes, otherwise: str | None) -> tuple[str, str | None]:
    """Return the beginning of a file as text, and its encoding where that must be declared."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return start.decode("utf-16", errors="ignore"), None
    try:
        return start.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" or not otherwise:
            return start.decode("utf-8-sig", errors="replace"), None
    return start.decode(otherwise, errors="replace"), otherwise
