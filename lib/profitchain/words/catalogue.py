"""Words that are data: messages by key, in the files beside this module, and columns' headings.

A page's words stand in `pages/NN_topic.yml` (lib/CONTRIBUTING.md, "A page's words").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.core.group_names import segment_name
from profitchain.core.i18n import pgettext

FOLDER = Path(__file__).parent
_NOT_WORDS = {"counts", "formats"}
CONTEXT = "a column"
EXHIBIT_WORDS = ("says", "measure", "source", "alt", "empty", "x_label")
_COLUMNS = (FOLDER / "columns.txt").read_text(encoding="utf-8")


@cache
def read(name: str) -> dict[str, Any]:
    """Return the messages of one file (`reasons`, `measures`), by key."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def words_of(room: str, names: str) -> dict[str, str]:
    """Return a room's names of something by key, as `names.yml` has them, to be translated."""
    return dict(read("names")[room][names])


def page(name: str) -> dict[str, Any]:
    """Return a page's words: its `rooms`, and by key `answer`, `notes`, `exhibits`, `findings`.

    Raises
    ------
    ParameterError : no such page has a file of words.
    """
    names = page_names()
    if name not in names:
        raise ParameterError(
            f"No words for a page '{name}'. {did_you_mean(name, names)} Those of a page of your "
            f"own stand in its cells: pc.chart(..., message=...)."
        )
    return read(f"pages/{name}")


def page_names() -> list[str]:
    """Return the pages whose words stand in files, by their notebooks' names."""
    return sorted(path.stem for path in (FOLDER / "pages").glob("*.yml"))


def messages() -> Iterator[tuple[str | tuple[str, str], Path]]:
    """Yield each message of all files, (one, many) where it counts, and where it stands."""
    for path in sorted(FOLDER.glob("*.yml")):
        for message in _messages_in(read(path.stem)):
            yield message, path
    for name in page_names():
        for message in _messages_in(_spoken(page(name))):
            yield message, FOLDER / "pages" / f"{name}.yml"


def _spoken(words: dict[str, Any]) -> dict[str, Any]:
    """Return of a page's words those that a reader reads."""
    exhibits = words.get("exhibits", {})
    spoken = {
        id: {key: one[key] for key in EXHIBIT_WORDS if key in one} for id, one in exhibits.items()
    }
    findings = {
        id: label if isinstance(label, str) else label["label"]
        for id, label in words.get("findings", {}).items()
    }
    sentences = {part: words.get(part, {}) for part in ("answer", "notes")}
    return {**sentences, "exhibits": spoken, "findings": findings}


def _messages_in(words: Any) -> Iterator[str | tuple[str, str]]:
    if isinstance(words, str):
        if not re.fullmatch(r"\{\w+\}", words):  # a name alone is the same in every language
            yield words
    elif isinstance(words, list):
        yield from words
    elif {"one", "many"} <= words.keys():
        yield words["one"], words["many"]
    else:
        for key, more in words.items():
            if key not in _NOT_WORDS:
                yield from _messages_in(more)


def heading_of(name: str) -> str:
    """Return a column's name as a heading: words, the first with a capital.

    Examples
    --------
    >>> heading_of("share_of_revenue"), heading_of("now_")
    ('Share of revenue', 'Now')
    """
    label = segment_name(name)
    return pgettext(CONTEXT, _in_words(name)) if label == name else label


def all_headings() -> list[str]:
    """Return the headings that can be translated: those of the columns that we name."""
    return [_in_words(name) for line in _COLUMNS.split("\n") if line for name in line.split("|")]


def _in_words(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
