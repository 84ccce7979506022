"""Runs kept for the next report: a notebook runs again only if what it depends on has changed.

They lie under the summaries that they were computed from, `<company>/.store/<key>/runs/`, and go
with them. A key covers the notebook, its parameters, the inputs, company.yml, all code and the
versions of all that is installed. What reads anything else runs each time: a notebook that imports
more than this library, or opens files. Environment variables are in no key.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import profitchain
from profitchain.core.errors import ProfitchainError
from profitchain.core.provenance import code_of
from profitchain.exhibits import earlier_forecasts
from profitchain.pages import restatements, verbatims
from profitchain.pages.notebooks import nbformat
from profitchain.panel.edition import Edition, read_period
from profitchain.press.run_notebook import NotebookRun
from profitchain.sources import own_claims

RUNS_KEPT = 60  # of one edition: its notebooks, some with other parameters
MAKING = ".making-"
ENDING = ".json.gz"
# Packages and modules that read nothing but the edition, or what `reads` names.
_READ_NO_MORE = {
    *(
        "core",
        "stats",
        "measures",
        "effects",
        "evidence",
        "lifetime",
        "voice",
        "words",
        "drivers",
        "benefits",
        "programmes",
        "claims",
        "outlook",
        "watch",
    ),
    *(
        "exhibits",
        "panel.edition",
        "pages.cards",
        "pages.decision",
        "pages.headline",
        "pages.restatements",
        "pages.summary",
        "pages.verbatims",
    ),
}
_READS = {"exhibits.findings_history"}
_FACE = set(profitchain.__all__)
OPENERS = {"open_edition", "read_period"}
_READERS_OF_THE_EDITION = OPENERS | {"read_findings"}
_DO_ANYTHING = {"__import__", "compile", "eval", "exec", "get_ipython", "input", "open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCache:
    """Where an edition's runs are kept, and what they all depend on.

    `code` is that of `provenance.code_of` before anything ran, `parameters` what notebooks may be
    told, `tags` their languages. Where all is to be `is_fresh`, nothing is found.
    """

    edition: Edition
    notebooks: Path
    code: str
    parameters: Mapping[str, object]
    tags: tuple[str, ...]
    is_fresh: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the runs."""
        return self.edition.folder / "runs"

    def key(self, path: Path, *, reads: Iterable[Path] = ()) -> str:
        """Return the key of a notebook's run; "" if its outcome may hang on what nobody knows.

        `reads` are files that it reads besides the edition.
        """
        text = path.read_bytes()
        sources = _sources(text)
        if not _keeps_to_the_library(sources):
            return ""
        parameters = {
            name: value for name, value in self.parameters.items() if _is_named(name, sources)
        }
        parts = [self.code, self.edition.folder.name, path.name, json.dumps(self.tags)]
        parts += [self.edition.gate.key]
        parts += [json.dumps(parameters, sort_keys=True), hashlib.sha256(text).hexdigest()]
        released = [verbatims.place_of(self.edition)] if _is_named("verbatims", sources) else []
        if _is_named("claims", sources):  # the firm's own, which no summary holds
            released.append(self.edition.company.folder / own_claims.FILE)
        files = [*reads, *(file for file in released if file.exists())]
        if _is_named("restatements", sources) or _is_named("cautions", sources):
            files += restatements.earlier_records(self.edition)
        if _is_named("earlier_forecasts", sources):
            files += earlier_forecasts.earlier_findings(self.edition)
        parts += [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def find(self, path: Path, key: str) -> dict[str, NotebookRun] | None:
        """Return the run kept under a key, by language; None if there is none or a torn one."""
        if self.is_fresh or not key:
            return None
        place = self._place(key)
        try:
            record = json.loads(gzip.decompress(place.read_bytes()))
            ran = {tag: _as_ran(path, record[tag]) for tag in self.tags}
            os.utime(place)
        except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError):
            return None
        return ran

    def keep(self, ran: Mapping[str, NotebookRun], key: str) -> None:
        """Keep a run; a full or closed disk only makes the next report slower."""
        record = {tag: _as_json(run) for tag, run in ran.items()}
        text = gzip.compress(json.dumps(record).encode(), compresslevel=4, mtime=0)
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            making = self.folder / f"{MAKING}{os.getpid()}"
            making.write_bytes(text)
            making.replace(self._place(key))
            _forget_old(self.folder)

    def still_holds(self) -> bool:
        """Tell whether code and inputs are what they were when the first notebook started."""
        firm = self.edition.company.folder
        with suppress(ProfitchainError, OSError):
            again = read_period(firm, str(self.edition.period))
            return again.folder == self.edition.folder and code_of(self.notebooks) == self.code
        return False

    def _place(self, key: str) -> Path:
        return self.folder / f"{key}{ENDING}"


def _as_json(ran: NotebookRun) -> dict[str, object]:
    return {"seconds": ran.seconds, "why": ran.why, "executed": ran.executed}


def _as_ran(path: Path, record: Mapping) -> NotebookRun:
    executed = record["executed"]
    return NotebookRun(
        path=path,
        executed=None if executed is None else nbformat.from_dict(executed),
        why=str(record["why"]),
        seconds=float(record["seconds"]),
        is_earlier=True,
    )


def _sources(text: bytes) -> list[str]:
    """Return the code of a notebook, cell by cell."""
    cells = nbformat.reads(text.decode(), as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def _is_named(name: str, sources: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", source) for source in sources)


def _keeps_to_the_library(sources: Sequence[str]) -> bool:
    """Tell whether cells can know of nothing but what this library reads for their edition.

    They may open an edition of `company` alone, which is named once: in the parameters.

    Examples
    --------
    >>> _keeps_to_the_library(["from profitchain.words import prose", "import profitchain as pc"])
    True
    >>> _keeps_to_the_library(["import pandas"]), _keeps_to_the_library(["!cat sales.csv"])
    (False, False)
    >>> cells = ["import profitchain as pc", "rows = pc.open_edition(company).rows('orders')"]
    >>> _keeps_to_the_library(cells), _keeps_to_the_library([*cells, "pc.open_edition('other')"])
    (True, False)
    """
    try:
        nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    except (SyntaxError, ValueError):  # IPython's own words
        return False
    words = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute)]
    names = {_word(node) for node in words}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    readers = {name for name in names if name.startswith("read_")} - _READERS_OF_THE_EDITION
    named = [node for node in words if _word(node) == "company" and isinstance(node.ctx, ast.Store)]
    opens = [node for node in nodes if isinstance(node, ast.Call) and _word(node.func) in OPENERS]
    return (
        not readers
        and not names & _DO_ANYTHING
        and len(named) <= 1
        and all(map(_opens_the_company, opens))
        and sum(_word(node) in OPENERS for node in words) == len(opens)
        and all(map(_is_of_the_library, imports))
        and _faces_alone(nodes)
    )


def _word(node: ast.AST) -> str:
    """Return a name, or the last part of a dotted one; "" of anything else."""
    return getattr(node, "id", getattr(node, "attr", ""))


def _opens_the_company(call: ast.Call) -> bool:
    arguments = [
        *call.args,
        *(keyword.value for keyword in call.keywords if keyword.arg == "company"),
    ]
    return bool(arguments) and isinstance(arguments[0], ast.Name) and arguments[0].id == "company"


def _faces_alone(nodes: Sequence[ast.AST]) -> bool:
    """Tell whether of the whole library's name (pc) nothing is used but its public face."""
    aliases = {alias.asname or alias.name for node in nodes if isinstance(node, ast.Import)
               for alias in node.names}  # fmt: skip
    bases = [node for node in nodes if isinstance(node, ast.Attribute)
             and isinstance(node.value, ast.Name) and node.value.id in aliases]  # fmt: skip
    used = [node for node in nodes if isinstance(node, ast.Name) and node.id in aliases]
    return len(used) == len(bases) and all(node.attr in _FACE for node in bases)


def _is_of_the_library(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name == "profitchain" for alias in node.names)
    if (
        node.level
        or not node.module
        or any(alias.name in OPENERS and alias.asname for alias in node.names)
    ):
        return False
    if node.module == "profitchain" and all(
        alias.name in profitchain.__all__ for alias in node.names
    ):
        return True
    first, _, rest = node.module.partition(".")
    named = {f"{rest}.{alias.name}.".lstrip(".") for alias in node.names}
    return first == "profitchain" and all(
        name.startswith(tuple(f"{module}." for module in _READ_NO_MORE))
        and not name.startswith(tuple(f"{module}." for module in _READS))
        for name in named
    )


def _forget_old(folder: Path) -> None:
    """Remove all but the latest runs; what a killed report left half-written is among the old."""
    every = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in every[:-RUNS_KEPT]:
        path.unlink(missing_ok=True)
