"""What a first company.yml may say: guesses, and what a file's columns seem to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from profitchain.core.periods import Every
from profitchain.exports import column_guesses
from profitchain.exports.column_guesses import Scale
from profitchain.exports.found_files import FoundFile
from profitchain.exports.known_exports import CellRule, find_column, plain

_MONTH_FIRST = ("USD",)
_NO_SCORE = re.compile(  # a key, or a part of a date
    r"(?i:\b(id|nr|no)$)|(_i|[a-z]I)[dD]$|(?i:(^|[\W_])(year|quarter|month|week|day|hour)$)"
    r"|(?i:^(jahr|quartal|monat|woche|tag|年|季度|月|周|日)$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One guess: what it is about, what was guessed and from what, and how sure it is (0 to 1)."""

    about: str
    says: str
    sure: float


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a company.yml may say: entries of `files:` by table, questions, and the firm's own."""

    name: str
    currency: str = "EUR"
    time_zone: str = "UTC"
    language: str = "en"
    report_every: Every = "quarter"
    fiscal_year_starts: str = ""
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    main: str | None = None
    guesses: list[Guess] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)

    def guess(self, about: str, says: str, sure: float) -> None:
        """Note a guess."""
        self.guesses.append(Guess(about=about, says=says, sure=sure))


def source_columns(file: FoundFile, table: str, ours: str) -> list[str]:
    """Return the columns of a file that one of our columns is made of."""
    columns = [str(column) for column in file.cells.columns]
    if file.format is None:
        return [c for n, c in column_guesses.found_columns(table, file.cells).items() if n == ours]
    rules = file.format.tables.get(table)
    cell = rules.columns.get(ours) if rules else None
    if not isinstance(cell, CellRule):
        return []
    names = [[name] for name in (*cell.first, *cell.join)] + cell.add
    return [name for group in names if (name := find_column(group, columns))]


def file_entry(draft: Draft, file: FoundFile, table: str, dated_by: str) -> dict[str, Any]:
    """Return an entry of company.yml for a file: its format or columns, and how it is written."""
    entry: dict[str, Any] = {"file": file.name} | file.settings
    if file.known:
        entry["format"] = file.known
    else:
        names = column_guesses.found_columns(table, file.cells)
        if renamed := {ours: theirs for ours, theirs in names.items() if ours != theirs}:
            entry["columns"] = renamed
            draft.guess(f"{table}: {file.name}", f"columns {_pairs(renamed)}, by their names", 0.6)
    times = source_columns(file, table, dated_by)
    declared = file.format is not None and "date_format" in file.format.reads
    if times and not declared:
        order = column_guesses.date_order(file.cells[times[0]])
        if order == "open":
            entry["date_format"] = "month first" if draft.currency in _MONTH_FIRST else "day first"
            draft.guess(
                f"{table}: {file.name}", f"date_format: {entry['date_format']}, which no row of "
                f"'{times[0]}' proves", 0.3,
            )  # fmt: skip
    return entry


def _pairs(renamed: dict[str, str]) -> str:
    return ", ".join(f"{ours}: {theirs}" for ours, theirs in renamed.items())


def score_scales(file: FoundFile, taken: Iterable[str]) -> list[Scale]:
    """Return the columns of a file that hold scores."""
    own = {plain(name) for name in (file.format.own if file.format else [])}
    keys = {plain(name) for name in taken}
    if file.format:
        for rules in file.format.tables.values():
            for cell in rules.columns.values():
                keys |= {plain(name) for name in (*cell.first, *cell.join)}
    missing = set(file.format.reads.get("missing", [])) if file.format else set()
    found = []
    for column in file.cells.columns:
        if plain(str(column)) in own | keys or _NO_SCORE.search(str(column)):
            continue
        cells = file.cells[column]
        about = file.asked.get(str(column), "")
        scale = column_guesses.scale_of(str(column), cells[~cells.isin(missing)], about=about)
        if scale:
            found.append(scale)
    return found
