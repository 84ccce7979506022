"""Which messages the pages have, and which of them each language's catalogues translate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from profitchain.core import formats, i18n
from profitchain.core.provenance import PACKAGE, ROOT
from profitchain.pages.notebooks import nbformat
from profitchain.pages.page import FOR_ANALYSTS
from profitchain.words import catalogue

NOTEBOOKS = ROOT / "notebooks"
SINGLE, PAIR, IN_CONTEXT = {"_", "N_", "gettext", "sentence"}, {"ngettext", "NN_"}, {"pgettext"}
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # the same messages give the same bytes
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class MarkedMessage:
    """One message: its text (one and many, where it counts), its context, where it stands."""

    id: str | tuple[str, str]
    context: str | None
    place: str


@dataclass(frozen=True, slots=True)
class CatalogueState:
    """How far a language is: messages in all, and those without a translation, or with an old one.

    `missing` are new ones, `changed` those whose English was reworded since.
    """

    tag: str
    total: int
    missing: tuple[Message, ...]
    changed: tuple[Message, ...]


def update_catalogues(tag: str) -> CatalogueState:
    """Bring a language's catalogues up to date with code and notebooks; return how far it is.

    Translations stay; messages that are gone leave with theirs; where one was reworded, its old
    translation waits beside it, marked fuzzy, and the page shows English.
    """
    i18n.name(tag)  # raises ParameterError where there is no such language
    folder = i18n.FOLDER / tag.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    sources = {"messages": of_library(), "notebooks": of_notebooks(NOTEBOOKS)}
    catalogues = [_updated(folder / f"{name}.po", tag, words) for name, words in sources.items()]
    i18n.forget()
    every = [message for catalogue in catalogues for message in catalogue if message.id]
    return CatalogueState(
        tag=tag,
        total=len(every),
        missing=tuple(message for message in every if not _has_words(message)),
        changed=tuple(message for message in every if message.fuzzy and _has_words(message)),
    )


def state_in_words(state: CatalogueState) -> str:
    """Return in words how far a language is, and what it lacks."""
    lacking = [("not translated", state.missing), ("changed since", state.changed)]
    done = state.total - sum(len(messages) for _kind, messages in lacking)
    lines = [f"{state.tag} ({i18n.name(state.tag)}): {done} of {state.total} messages"]
    for kind, messages in lacking:
        for message in messages:
            place = ", ".join(file for file, _line in message.locations[:1])
            lines.append(f"  {kind}: {place}: {_first_line(message)}")
    return "\n".join(lines)


def of_library() -> list[MarkedMessage]:
    """Return the messages of the package: marked in its code, and the heads of its tables."""
    words = [
        word
        for path in sorted(PACKAGE.rglob("*.py"))
        for word in _of_code(path.read_text(encoding="utf-8"), _place(path))
    ]
    heads = [
        MarkedMessage(head, catalogue.CONTEXT, _place(Path(catalogue.__file__)))
        for head in catalogue.all_headings()
    ]
    units = [
        MarkedMessage(unit, formats.ALONE, _place(Path(formats.__file__)))
        for unit in formats.units_alone()
    ]
    data = [MarkedMessage(message, None, _place(path)) for message, path in catalogue.messages()]
    return [*words, *heads, *units, *data]


def of_notebooks(folder: Path) -> list[MarkedMessage]:
    """Return the messages of all notebooks: each Markdown cell, and sentences in code cells."""
    return [
        word
        for path in sorted(folder.glob("[0-9]*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        for word in _of_cell(cell, path)
    ]


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _of_cell(cell: nbformat.NotebookNode, path: Path) -> Iterator[MarkedMessage]:
    place, tags = f"notebooks/{path.name}", cell.metadata.get("tags", [])
    if cell.cell_type == "markdown" and FOR_ANALYSTS not in tags:
        yield MarkedMessage(cell.source, path.stem, place)
    elif cell.cell_type == "code" and "parameters" not in tags:
        for node in ast.walk(ast.parse(cell.source)):
            text = _literal(node)
            if text and " " in text.strip():
                yield MarkedMessage(text, None, place)


def _of_code(source: str, place: str) -> Iterator[MarkedMessage]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        texts = [_literal(argument) for argument in node.args[:2]]
        if name in SINGLE and texts and texts[0]:
            yield MarkedMessage(texts[0], None, place)
        elif name in PAIR and all(texts) and len(texts) == 2:
            yield MarkedMessage((texts[0], texts[1]), None, place)
        elif name in IN_CONTEXT and all(texts) and len(texts) == 2:
            yield MarkedMessage(texts[1], texts[0], place)
        if name == "sentence":
            for keyword in node.keywords:
                if keyword.arg == "otherwise" and (text := _literal(keyword.value)):
                    yield MarkedMessage(text, None, place)


def _literal(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _updated(path: Path, tag: str, words: list[MarkedMessage]) -> Catalog:
    catalogue = _read(path, tag)
    template = Catalog(project="profitchain", charset="utf-8", fuzzy=False)
    for word in words:
        template.add(word.id, context=word.context, locations=[(word.place, 0)])
    catalogue.update(template, no_fuzzy_matching=False, update_header_comment=False)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.flags.discard("python-brace-format")
        if not _has_words(message):
            message.flags.discard("fuzzy")
    catalogue.creation_date = catalogue.revision_date = _NEVER
    catalogue.project, catalogue.version = "profitchain", "of the pages"
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = ""
    with path.open("wb") as file:
        write_po(file, catalogue, width=_WIDTH, include_lineno=False, ignore_obsolete=True)
    return catalogue


def _read(path: Path, tag: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=tag.replace("-", "_"), project="profitchain", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"))


def _has_words(message: Message) -> bool:
    texts = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(texts)


def _first_line(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    lines = text.strip().splitlines()
    return lines[0] + (" …" if len(lines) > 1 else "")
