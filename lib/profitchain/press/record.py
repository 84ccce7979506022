"""What an edition says of its making: whose data, which settings, versions and commit, how long."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.provenance import commit
from profitchain.pages import notebooks
from profitchain.pages.commentary import Commentary
from profitchain.pages.restatements import settings_of
from profitchain.panel.edition import Edition
from profitchain.press.edition_cache import RECORD, lasting
from profitchain.press.published_values import same_values
from profitchain.press.run_notebook import NotebookRun
from profitchain.words.data import doubts_of

NAMED_VERSIONS = (
    "duckdb", "ibis-framework", "matplotlib", "numpy", "pandas", "papermill", "scipy",
    "statsmodels",
)  # fmt: skip
REPRINTED = (".pdf",)
NUMBERS = (".json", ".csv", ".xlsx")
_ORDER = {".json": 0, ".xlsx": 2}  # what differs first is read first, what takes long last


def write_record(
    folder: Path,
    edition: Edition,
    parameters: Mapping[str, object],
    ran: Sequence[NotebookRun],
    remarks: Commentary,
    *,
    spoken: Sequence[str],
) -> None:
    """Write record.json, which holds no path, host or user of the machine.

    An edition is `complete` unless a notebook `failed`; `notebooks` names those that aren't as
    shipped, `commentary` the file of what people say. `seconds` are each notebook's, as of the run
    that made its page; `earlier` names those whose run was an earlier report's.
    """
    states = {run.path.stem: notebooks.state_of(run.path) for run in ran}
    with i18n.speaking(i18n.SOURCE):
        failed = {run.path.stem: run.failed.words for run in ran if run.failed}
        warnings = doubts_of(edition)
    record = {
        "company": edition.company.slug,
        "period": str(edition.period),
        "complete": not failed,
        "failed": failed,
        "languages": list(spoken),
        "parameters": dict(parameters),
        "settings": settings_of(edition.company),
        "inputs": list(edition.inputs),
        "warnings": warnings,
        "notebooks": {name: state for name, state in states.items() if state != "shipped"},
        "commentary": remarks.as_json(),
        "versions": versions(),
        "commit": commit(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {run.path.stem: round(run.seconds, 2) for run in ran},
        "earlier": [run.path.stem for run in ran if run.is_earlier],
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (folder / RECORD).write_text(text, encoding="utf-8")


def keep_published(building: Path, published: Path) -> None:
    """Let the published files stand where only times, the commit and last digits are new.

    Processors differ in the last digits of a fit; what a page says doesn't change by them.
    """
    with suppress(OSError, ValueError, AttributeError):
        new, old = ({path.relative_to(folder): path for path in folder.rglob("*")
                     if path.is_file() and path.suffix not in REPRINTED}
                    for folder in (building, published))  # fmt: skip
        in_order = sorted(new, key=lambda name: (_ORDER.get(name.suffix, 1), name))
        if new.keys() == old.keys() and all(_same(new[name], old[name]) for name in in_order):
            for name, path in new.items():
                path.write_bytes(old[name].read_bytes())


def _same(new: Path, old: Path) -> bool:
    if lasting(new) == lasting(old):
        return True
    return new.suffix in NUMBERS and new.name != RECORD and same_values(new, old)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that made the numbers."""
    python = ".".join(map(str, sys.version_info[:2]))  # numbers don't hang on its patches
    return {"python": python, **{name: version(name) for name in NAMED_VERSIONS}}
