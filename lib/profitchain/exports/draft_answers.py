"""Guesses who gave the answers of a file, about which orders, and what was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from profitchain.exports import column_guesses
from profitchain.exports.column_guesses import Scale
from profitchain.exports.draft import Draft, file_entry, score_scales, source_columns
from profitchain.exports.found_files import FoundFile

_MEETS = 0.2  # of a column's values among known customers, so that it names them
_SHORT, _MOST_QUESTIONS = 60, 12


def add_answers(draft: Draft, file: FoundFile, customers: set[str], order_ids: set[str]) -> None:
    """Add a file of answers: its questions, and the columns that name customers and orders."""
    entry = file_entry(draft, file, "responses", "responded_at")
    if file.known:
        sure = 0.5 if file.format and file.format.weak else 0.95
        draft.guess(f"responses: {file.name}", f"format: {file.known}, by its header", sure)
    columns = dict(entry.get("columns", {}))
    taken = set(columns.values())
    for ours, keys in (("customer_id", customers), ("order_id", order_ids)):
        theirs = _column_that_meets(file, keys, taken)
        if theirs and theirs not in source_columns(file, "responses", ours)[:1]:
            columns[ours] = theirs
        if theirs:
            taken.add(theirs)
            share = column_guesses.share_that_meets(file.cells[theirs], keys)
            draft.guess(f"responses: {ours}", f"'{theirs}': {share:.0%} of its values are among "
                        "those of orders", min(0.5 + share / 2, 0.95))  # fmt: skip
    if columns:
        entry["columns"] = {ours: theirs for ours, theirs in columns.items() if ours != theirs}
    draft.tables.setdefault("responses", []).append(entry)
    for scale in score_scales(file, taken)[:_MOST_QUESTIONS]:
        _add_question(draft, scale, file)


def _column_that_meets(file: FoundFile, keys: set[str], taken: set[str]) -> str | None:
    """Return the column whose values are most often among some keys, if enough of them are."""
    if not keys:
        return None
    shares = {
        str(column): column_guesses.share_that_meets(file.cells[column], keys)
        for column in file.cells.columns
        if column not in taken and file.cells[column].nunique() > 1
    }
    best = max(shares, key=lambda column: shares[column], default=None)
    return best if best is not None and shares[best] >= _MEETS else None


def _add_question(draft: Draft, scale: Scale, file: FoundFile) -> None:
    """Add a question, once whatever its file: a column of the same name is the same question."""
    if any(question["column"] == scale.column for question in draft.questions.values()):
        return
    asked = _asked(file, scale.column)
    name = _snake(scale.column, scale.kind, draft.questions)
    question: dict[str, Any] = {"column": scale.column, "kind": scale.kind}
    if scale.kind not in ("nps",):
        question["scale"] = [scale.low, scale.high]
    if scale.kind == "ces":
        question["easy_is"] = "high"
        draft.guess(f"questions: {name}", "easy_is: high; low is in use as well", 0.3)
    question["label"] = asked[:_SHORT]
    draft.questions[name] = question
    seen = f"kind: {scale.kind}, scale {scale.low} to {scale.high}, by its name and values"
    draft.guess(f"questions: {name}", seen, scale.sure)


def _asked(file: FoundFile, column: str) -> str:
    text = file.asked.get(column) or column
    return re.sub(r"^\d+\s*[、.．)]\s*", "", text).strip() or column


def _snake(column: str, kind: str, taken: Iterable[str]) -> str:
    """Return a question's name: its column where that is a word, else its kind."""
    word = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    name = word if re.fullmatch(r"[a-z][a-z0-9_]{0,20}", word) else kind
    names, number = set(taken), 2
    while name in names:
        name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
    return name
