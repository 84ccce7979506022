"""What a firm has published: which groups of which periods, and the sums behind them.

Each shelf of editions (`reports/`, or another folder after `--out`) has a ledger in the firm's own
store: a line for each edition, only ever added to. It holds sums, and no customer.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from profitchain.core.errors import CompanyError
from profitchain.core.periods import Period
from profitchain.core.provenance import REPORTS
from profitchain.disclosure.audit import Release
from profitchain.sources.company import Company, store_of

LEDGER = "ledger"  # a folder of the store
SHELF = "PROFITCHAIN_SHELF"  # the folder of editions that a report is made for
OF = "of"  # the column of periods in the sums that are kept
OWNER_ONLY = 0o700
Entry = Mapping[str, Any]
_KEYS = {"period", "total", "together", "trend", "prints", "made_of", "groups", "sums"}


@contextmanager
def on_shelf(out: Path) -> Iterator[None]:
    """Let editions be opened, here and in processes started meanwhile, as of a shelf."""
    before = os.environ.get(SHELF)
    os.environ[SHELF] = str(out.resolve())
    try:
        yield
    finally:
        os.environ.pop(SHELF)
        if before is not None:
            os.environ[SHELF] = before


def entries_of(company: Company) -> list[Entry]:
    """Return what was published, in the order in which it was, without what was withdrawn.

    A last line without an end was never finished, nor was its edition put in place.
    """
    ledger = _ledger_of(company)
    lines = ledger.read_text(encoding="utf-8").split("\n")[:-1] if ledger.exists() else []
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        entry = _read(line, ledger, number)
        if "withdrawn" in entry:
            entries = [other for other in entries if other["period"] != entry["withdrawn"]]
        else:
            entries.append(entry)
    return entries


def add(company: Company, lines: Sequence[Entry]) -> None:
    """Add whole lines to the ledger of the shelf."""
    ledger = _ledger_of(company)
    ledger.parent.mkdir(exist_ok=True, mode=OWNER_ONLY)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with ledger.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)  # of a line that a kill cut short
        file.write(text.encode())


def releases_in(entries: Sequence[Entry]) -> Iterator[Release]:
    """Yield what was shown of which periods: of an edition's trend, totals alone."""
    for entry in entries:
        for name, total in entry["trend"].items():
            yield Release(period=Period(name), total=total)
        yield Release(
            period=Period(entry["period"]), together=pools_of(entry), total=entry["total"]
        )


def windows_in(entries: Sequence[Entry], of: str) -> Iterator[Release]:
    """Yield which groups rolling windows showed, of those followed or of buyers."""
    for entry in entries:
        if told := entry.get("windows", {}).get(of):  # older entries have none
            together = {segment: frozenset(names) for segment, names in told["together"].items()}
            start, end = map(date.fromisoformat, told["span"])
            yield Release(period=Period(entry["period"]), together=together, window=(start, end))


def pools_of(entry: Entry) -> dict[str, frozenset[str]]:
    """Return which groups of each segment an edition showed together alone."""
    return {segment: frozenset(groups) for segment, groups in entry["together"].items()}


def sums_of(entries: Sequence[Entry], name: str) -> dict[str, pd.DataFrame]:
    """Return the sums of a summary as they were last published, by period."""
    frames = [pd.DataFrame(entry["sums"][name]) for entry in entries if entry["sums"].get(name)]
    return {str(period): part for frame in frames for period, part in frame.groupby(OF, sort=False)}


def _read(line: str, ledger: Path, number: int) -> Entry:
    try:
        entry: Entry = json.loads(line)
        if "withdrawn" in entry or entry.keys() >= _KEYS:
            return entry
    except (ValueError, AttributeError):
        pass
    raise CompanyError(
        f"Line {number} of {ledger} can't be read: it says what was published. Put it back from a "
        "copy; or remove it, and what it tells of is protected no longer."
    )


def shelf() -> Path:
    """Return the folder of editions that a report is made for, by default the project's."""
    return Path(os.environ.get(SHELF) or REPORTS)


def _ledger_of(company: Company) -> Path:
    """Return the ledger of the shelf that a report is made for."""
    name = hashlib.sha256(str(shelf().resolve()).encode()).hexdigest()[:16]
    return store_of(company) / LEDGER / f"{name}.jsonl"
