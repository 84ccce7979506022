"""Whether a notebook is as it was shipped, or was changed or added here: known without git.

`shipped_notebooks.json` holds a sha256 for each notebook. After changing one that is to be shipped,
write it anew: `.venv/bin/python -m profitchain.pages.shipped`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from profitchain.core.i18n import N_, _
from profitchain.core.provenance import ROOT
from profitchain.pages.notebooks import nbformat

State = Literal["shipped", "changed", "added"]
SHIPPED = Path(__file__).parent / "shipped_notebooks.json"
_MARKS = {
    "shipped": "",
    "changed": N_("This notebook was changed"),
    "added": N_("This notebook was added"),
}
# Every run gives its own company and period, so which ones stand in the notebook says nothing.
_ALWAYS_GIVEN = re.compile(r"^(company|period)\b.*$", flags=re.M)


def state_of(path: Path) -> State:
    """Return whether a notebook is as shipped, changed, or added (of a name that isn't shipped)."""
    known = _read().get(path.stem)
    if known is None:
        return "added"
    return "shipped" if fingerprint(path) == known else "changed"


def mark(state: State) -> str:
    """Return what a page says of its notebook; "" where there is nothing to say."""
    return _(_MARKS[state])


def fingerprint(path: Path) -> str:
    """Return the sha256 of what a notebook says and does: its cells' kinds, words and tags.

    Outputs, run counts, other metadata, empty cells, and the values of `company` and `period`,
    which every run gives anew, make no difference.
    """
    cells = nbformat.read(path, as_version=4).cells
    told = [_told(cell) for cell in cells if cell.source.strip()]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def write(notebooks: Iterable[Path], to: Path = SHIPPED) -> None:
    """Write down notebooks as they are now: from here on, they are the shipped ones."""
    known = {path.stem: fingerprint(path) for path in sorted(notebooks)}
    to.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8", newline="\n")
    _read.cache_clear()


def _told(cell: nbformat.NotebookNode) -> tuple[str, str, list[str]]:
    tags, source = sorted(cell.metadata.get("tags", [])), cell.source.rstrip()
    if "parameters" in tags:
        source = _ALWAYS_GIVEN.sub(r"\1", source)
    return cell.cell_type, source, tags


@cache
def _read() -> dict[str, str]:
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    write((ROOT / "notebooks").glob("[0-9]*.ipynb"))
