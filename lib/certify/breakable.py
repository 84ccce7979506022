"""A checkout of this library with a small firm, to be broken, and what a broken run may leave.

Held is a run after which the last edition is whole, the next run gives the same edition and leaves
nothing behind, and which itself gave that edition or one sentence without a traceback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import nbformat
import pandas as pd

from profitchain.core.provenance import PACKAGE

NOTEBOOKS = ("00_summary", "03_short")
NAMING = ("record.json", "receipts.json")
LINES = 12  # of a message at most
PATIENCE = 300  # seconds
PARAMETERS = 'company: str = "data/shop"  # folder\nperiod: str = ""  # period'
CODE = """\
from profitchain.exhibits import exhibit, findings, record_ids
from profitchain.panel.edition import read_period
from profitchain.words import prose

edition = read_period(company, period)
orders = edition.table("activity")[["period", "orders"]].groupby("period").sum().reset_index()"""
SHOWN = (
    "prose.answer('All is well.')",
    "exhibit.table(orders, id='orders', message='Orders', measure='Orders', source='Orders')",
    "findings.record(*record_ids.findings_of({'responses': int(orders['orders'].sum())}))",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run that was broken: how, and what did not hold ("" if all did)."""

    fault: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A checkout of this library with short notebooks and a small firm, to be broken."""

    root: Path
    company: Path
    out: Path
    more: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its reports."""
        ours = {"PYTHONPATH": str(self.root / "lib"), "TMPDIR": str(self.root / "tmp")}
        given = os.environ | {**ours, "OMP_NUM_THREADS": "1"} | dict(self.environment)
        return {name: value for name, value in given.items() if value is not None}

    def command(self, *more: str) -> list[str]:
        """Return the words of a report's command."""
        where = f"--company={self.company}", f"--out={self.out}"
        return ["report", "2026Q1", *where, *self.more, *more]

    @property
    def edition(self) -> Path:
        """Where its edition is published."""
        return self.out / self.company.resolve().name / "2026Q1"

    def start(self, *more: str) -> subprocess.Popen[str]:
        """Start a report as the leader of a group of processes."""
        return subprocess.Popen(
            [sys.executable, "-m", "profitchain", *self.command(*more)], cwd=self.root,
            env=self.variables, text=True, errors="replace", start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


def make_shop(root: Path) -> Shop:
    """Write a checkout of this library's code, two short notebooks and a firm of 121 orders."""
    shutil.copytree(PACKAGE, root / "lib" / "profitchain")
    (root / "notebooks").mkdir()
    (root / "tmp").mkdir()
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for name in NOTEBOOKS:
        shown = SHOWN if name == NOTEBOOKS[1] else SHOWN[:1]
        cells = [
            nbformat.v4.new_markdown_cell(f"# Is {name} well?"),
            nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            *(nbformat.v4.new_code_cell(source) for source in (CODE, *shown)),
        ]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=about)
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
    company = root / "data" / "shop"
    company.mkdir(parents=True)
    days = pd.date_range("2025-12-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"customer_id": "C1", "ordered_at": days, "revenue": 1})
    orders.insert(0, "order_id", range(len(days)))
    orders.to_csv(company / "orders.csv", index=False)
    told = "name: Shop\ncurrency: EUR\ntables: {orders: {file: orders.csv}}\n"
    (company / "company.yml").write_text(told, encoding="utf-8")
    return Shop(root=root, company=company, out=root / "reports")


def contents(edition: Path) -> dict[str, bytes]:
    """Return an edition's files by their place, but for those that hold times or its folder."""
    files = (path for path in edition.rglob("*") if path.is_file() and path.name not in NAMING)
    return {str(path.relative_to(edition)): path.read_bytes() for path in files}


class Running(Protocol):
    """A report that runs: a process, or a fork of one."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; return what it printed and what it said."""


def finished(running: Running) -> tuple[int, str]:
    """Wait for a run; return its exit code and what it said."""
    _out, told = running.communicate(timeout=PATIENCE)
    return running.poll() or 0, told


def in_words(told: str) -> str:
    """Return what is wrong with how a run that failed said so; "" if it is clear."""
    lines = [line for line in told.splitlines() if line.strip() and "notebook/s" not in line]
    if "Traceback" in told or not lines or len(lines) > LINES:
        return f"no clear sentence: {told[-600:]}"
    return ""


def after(
    shop: Shop,
    before: Mapping[str, bytes],
    reference: Mapping[str, bytes],
    *,
    again: Callable[[], tuple[int, str]] | None = None,
) -> str:
    """Return what a broken run has spoilt: the last edition, the next run, or the folders.

    Parameters
    ----------
    again : runs the next report and returns its exit code and what it said.
    """
    stands = contents(shop.edition)
    if stands not in (before, reference):
        return f"the edition that stands is neither the last nor a whole one: {sorted(stands)}"
    code, told = again() if again else finished(shop.start())
    if code:
        return f"the next run failed: {told[-600:]}"
    if (made := contents(shop.edition)) != reference:
        names = sorted(name for name, _file in made.items() ^ reference.items())
        return f"the next run's edition is another one: {sorted(set(names))}"
    return left_behind(shop)


def left_behind(shop: Shop) -> str:
    """Return what broken runs have left beside editions, or of a firm's in the temporary folder."""
    places = (shop.out, ".making-*"), (shop.root / "tmp", "profitchain-*")
    left = [path.name for place, mark in places for path in place.rglob(mark)]
    return f"left behind: {left}" if left else ""
