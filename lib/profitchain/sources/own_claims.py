"""Reads what a firm wants tried: `<company>/claims.yml`, claims by id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from profitchain.core.errors import CompanyError
from profitchain.sources.company_file import parsed_yaml

FILE = "claims.yml"
MOST_BYTES = 200_000


class OwnClaims(NamedTuple):
    """A firm's claims as they are written, by id, and the line of each id and of each key below."""

    entries: dict[Any, Any]
    lines: dict[tuple[str, ...], int]


def read_own_claims(folder: Path) -> OwnClaims:
    """Return a firm's claims as they are written; none where there is no such file.

    Raises
    ------
    CompanyError : the file is not UTF-8, no YAML, or no list of claims by id.
    """
    path = folder / FILE
    if not path.is_file():
        return OwnClaims({}, {})
    if path.stat().st_size > MOST_BYTES:
        raise CompanyError(f"{FILE} is larger than {MOST_BYTES:,} bytes. Shorten it.")
    document, node = parsed_yaml(path)
    if document is None:
        return OwnClaims({}, {})
    if not isinstance(document, dict):
        raise CompanyError(f"{FILE} names no claims. Start one with 'V01:' and 'says:' below it.")
    return OwnClaims(document, dict(_lines(node)))


def _lines(node: yaml.Node | None, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple, int]]:
    """Yield where each id, and each key below it, is written."""
    if not isinstance(node, yaml.MappingNode) or len(above) > 1:
        return
    for key, value in node.value:
        place = (*above, str(key.value))
        yield place, key.start_mark.line + 1
        yield from _lines(value, place)
