"""Words that are data: messages by key, in the files beside this module."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
_NOT_WORDS = {"counts", "formats"}


@cache
def read(name: str) -> dict[str, Any]:
    """Return the messages of one file (`reasons`, `measures`), by key."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def messages() -> Iterator[tuple[str | tuple[str, str], Path]]:
    """Yield each message of all files, (one, many) where it counts, and where it stands."""
    for path in sorted(FOLDER.glob("*.yml")):
        for message in _messages_in(read(path.stem)):
            yield message, path


def _messages_in(words: Any) -> Iterator[str | tuple[str, str]]:
    if isinstance(words, str):
        yield words
    elif isinstance(words, list):
        yield from words
    elif "one" in words:
        yield words["one"], words["many"]
    else:
        for key, more in words.items():
            if key not in _NOT_WORDS:
                yield from _messages_in(more)
