"""Notebooks as files: read without a slow grammar; as they were shipped, changed, or added here.

`shipped_notebooks.json` holds a sha256 for each notebook, so that git isn't needed to know. After
changing one that is to be shipped: `.venv/bin/python -m profitchain.pages.notebooks`.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from profitchain.core.i18n import N_, _
from profitchain.core.provenance import ROOT

_GRAMMAR = "rfc3987_syntax"  # of web addresses beyond ASCII, which no notebook's schema asks for
if _GRAMMAR not in sys.modules:
    # It takes longer to load than all else. What is None can't be imported, and jsonschema does
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # without; typeshed knows no None here
    import jsonschema  # noqa: F401

    del sys.modules[_GRAMMAR]

import nbformat  # noqa: E402

State = Literal["shipped", "changed", "added"]
SHIPPED = Path(__file__).parent / "shipped_notebooks.json"
_STATES = {
    "shipped": "",
    "changed": N_("This notebook was changed"),
    "added": N_("This notebook was added"),
}
# Every run gives its own company and period, so which ones stand in the notebook says nothing.
_ALWAYS_GIVEN = re.compile(r"^(company|period)\b.*$", flags=re.M)


def state_of(path: Path) -> State:
    """Return whether a notebook is as shipped, changed, or added (of a name that isn't shipped)."""
    sha256 = shipped_sha256().get(path.stem)
    if sha256 is None:
        return "added"
    return "shipped" if notebook_sha256(path) == sha256 else "changed"


def state_words(state: State) -> str:
    """Return what a page says of its notebook; "" where there is nothing to say."""
    return _(_STATES[state])


@cache
def shipped_sha256() -> dict[str, str]:
    """Return what is written down of the shipped notebooks, by name."""
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


def notebook_sha256(path: Path) -> str:
    """Return the sha256 of what a notebook says and does: its cells' kinds, words and tags.

    Outputs, run counts, other metadata, empty cells, and the values of `company` and `period`,
    which every run gives anew, make no difference.
    """
    cells = nbformat.read(path, as_version=4).cells
    content = [_content(cell) for cell in cells if cell.source.strip()]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def write_shipped(notebooks: Iterable[Path], to: Path = SHIPPED) -> None:
    """Write down notebooks as they are now: from here on, they are the shipped ones."""
    sha256 = {path.stem: notebook_sha256(path) for path in sorted(notebooks)}
    to.write_text(json.dumps(sha256, indent=1) + "\n", encoding="utf-8", newline="\n")
    shipped_sha256.cache_clear()


def _content(cell: nbformat.NotebookNode) -> tuple[str, str, list[str]]:
    tags, source = sorted(cell.metadata.get("tags", [])), cell.source.rstrip()
    if "parameters" in tags:
        source = _ALWAYS_GIVEN.sub(r"\1", source)
    return cell.cell_type, source, tags


if __name__ == "__main__":
    write_shipped((ROOT / "notebooks").glob("[0-9]*.ipynb"))
