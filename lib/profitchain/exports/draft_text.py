"""Writes a draft as a company.yml that a person can read, and says what was guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from profitchain.exports.draft import Draft, Guess
from profitchain.exports.known_exports import known_exports

_SURE, _LIKELY = 0.9, 0.6


def company_yml(draft: Draft) -> str:
    """Return the text of company.yml, each guess of which one can't be sure as a comment."""
    doubts = {guess.about: guess for guess in draft.guesses if guess.sure < _SURE}
    lines = [
        "# Written by profitchain init from the files of this folder. Change what is wrong, and",
        "# run it again as often as you like: python3 lib report --company FOLDER",
        f"name: {_inline(draft.name)}",
    ]
    for key in ("currency", "time_zone", "language", "report_every"):
        lines.append(f"{key}: {_inline(getattr(draft, key))}{_doubt(doubts.get(key))}")
    lines.append(
        f"fiscal_year_starts: {_inline(draft.fiscal_year_starts)}"
        if draft.fiscal_year_starts
        else '# fiscal_year_starts: "04-01"  # if the year starts on 1 April; no file says so'
    )
    lines += ["", "tables:"]
    for table, entries in draft.tables.items():
        lines += _table(table, entries, doubts)
    if draft.questions:
        lines += ["", "questions:"]
        for name, question in draft.questions.items():
            lines.append(f"  {name}: {_inline(question)}{_doubt(doubts.get(f'questions: {name}'))}")
    if draft.main:
        lines += [f"main_question: {draft.main}{_doubt(doubts.get('main_question'))}"]
    if draft.unused:
        lines += ["", "# Not used:"]
        lines += [f"#   {file}: {_first_line(why)}" for file, why in draft.unused.items()]
    return "\n".join([*lines, ""])


def _table(table: str, entries: list[dict[str, Any]], doubts: Mapping[str, Guess]) -> list[str]:
    notes = [
        f"  # {name}: {known_exports()[name].note}"
        for name in dict.fromkeys(entry.get("format") for entry in entries)
        if name and known_exports()[name].note and table != "order_lines"
    ]
    if len(entries) == 1:
        return [*notes, f"  {table}: {_inline(entries[0])}"]
    rows = [f"      - {_inline(entry)}" for entry in entries]
    later = "    # of two versions of a row the one from the later file of this list wins"
    return [*notes, f"  {table}:", later, "    files:", *rows]


def _doubt(guess: Guess | None) -> str:
    return f"  # guessed, {_how_sure(guess.sure)}: {guess.says}" if guess else ""


def _inline(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=math.inf, sort_keys=False
    )
    return text.removesuffix("\n...\n").strip()


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def _how_sure(sure: float) -> str:
    if sure >= _SURE:
        return "sure"
    return "likely" if sure >= _LIKELY else "check it"


def draft_in_words(draft: Draft) -> str:
    """Return what was guessed, how sure, and the two lines that are most worth checking."""
    guesses = sorted(draft.guesses, key=lambda guess: guess.sure, reverse=True)
    lines = ["What the files seem to be:"]
    lines += [f"  {_how_sure(g.sure):>8}  {g.about}: {g.says}" for g in guesses]
    lines += [f"  not used  {file}: {_first_line(why)}" for file, why in draft.unused.items()]
    worth = [guess for guess in _most_doubtful(guesses) if guess.sure < _SURE]
    if worth:
        lines += ["", "Most worth checking in company.yml:"]
        lines += [f"  {k}. {guess.about}: {guess.says}" for k, guess in enumerate(worth, 1)]
    return "\n".join(lines)


def _most_doubtful(guesses: Iterable[Guess]) -> list[Guess]:
    return sorted(guesses, key=lambda guess: guess.sure)[:2]
