"""One notebook in several languages: its code once for each, in one kernel; then taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path

from profitchain.core import i18n
from profitchain.pages.notebooks import nbformat

SPEAKS = "language"  # tag of a cell that only says in which language the next ones speak
PARAMETERS = ("parameters", "injected-parameters")
_SPEAK = """\
import os
from profitchain.core import i18n
i18n.use({tag!r})
os.environ["PROFITCHAIN_BUILD"] = {folder!r}"""
_SHARE = """
from profitchain.press import shared_numbers
shared_numbers.begin_turn()"""


def in_turns(
    notebook: nbformat.NotebookNode, folders: Mapping[str, Path], *, shares: bool = False
) -> nbformat.NotebookNode:
    """Return a notebook that runs once for each language, each time into that language's folder.

    What the first time computed is still there the second time, in the same kernel; only the
    parameters are set once. `shares`: what knows no language isn't computed again in that kernel.
    """
    together = deepcopy(notebook)
    together.cells = []
    for turn, (tag, folder) in enumerate(folders.items()):
        speak = nbformat.v4.new_code_cell(
            _SPEAK.format(tag=tag, folder=str(folder)) + _SHARE * (shares and len(folders) > 1),
            id=f"speak-{tag}",
            metadata={"tags": [SPEAKS]},
        )
        again = [cell for cell in notebook.cells if not turn or _is_repeated(cell)]
        together.cells += [speak, *(_named(cell, tag if turn else "") for cell in again)]
    return together


def by_language(
    executed: nbformat.NotebookNode, tags: Iterable[str], *, name: str
) -> dict[str, nbformat.NotebookNode]:
    """Return each language's notebook: its outputs, and the prose in its words."""
    turns = _turns(executed)
    first = turns[0]
    notebooks = {}
    for tag, cells in zip(tags, turns, strict=True):
        ran = iter([cell for cell in cells if _is_repeated(cell)])
        notebook = nbformat.NotebookNode(executed)
        notebook.cells = [deepcopy(next(ran) if _is_repeated(cell) else cell) for cell in first]
        with i18n.speaking(tag):
            notebooks[tag] = in_language(notebook, name=name)
    return notebooks


def in_language(notebook: nbformat.NotebookNode, *, name: str) -> nbformat.NotebookNode:
    """Return a notebook whose prose is in the spoken language; `name` is its file's, no ending."""
    spoken = deepcopy(notebook)
    for cell in spoken.cells:
        if cell.cell_type == "markdown":
            cell.source = i18n.pgettext(name, cell.source)
    return spoken


def cell_number(notebook: nbformat.NotebookNode, at: int) -> int:
    """Return the place, from 1, that a cell of an executed notebook in turns has in `notebook`.

    `at` counts from 0 and includes papermill's own cell and those that choose the language.
    """
    numbered = list(enumerate(notebook.cells, 1))
    again = [place for place, cell in numbered if _is_repeated(cell)]
    places = []
    for place, cell in numbered:
        is_given = "parameters" in cell.metadata.get("tags", [])  # papermill's own cell follows
        places += [place, place] if is_given else [place]
    if at <= len(places):
        return places[max(at - 1, 0)]
    return ([1, *again] * (1 + at // (len(again) + 1)))[at - 1 - len(places)]


def _turns(executed: nbformat.NotebookNode) -> list[list[nbformat.NotebookNode]]:
    turns: list[list[nbformat.NotebookNode]] = []
    for cell in executed.cells:
        if SPEAKS in cell.metadata.get("tags", []):
            turns.append([])
        else:
            turns[-1].append(cell)
    return turns


def _is_repeated(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "code" and not set(PARAMETERS) & set(cell.metadata.get("tags", []))


def _named(cell: nbformat.NotebookNode, tag: str) -> nbformat.NotebookNode:
    """Return a copy of a cell; ids are unique in a notebook."""
    cell = deepcopy(cell)
    if tag:
        cell.id = f"{cell.id}-{tag}"[:64]
    return cell
