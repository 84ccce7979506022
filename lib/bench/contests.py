"""What `bench` runs: each contest has our part and that of others, on the same data."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import peers
from bench import rows as invented_rows
from profitchain.core.errors import ProfitchainError
from profitchain.core.provenance import ROOT
from profitchain.panel.edition import read_period
from profitchain.sources.company import load_company

MILLION = 1_000_000
SCRIPTS = Path(__file__).parent / "contenders"
EXAMPLE = ROOT / "data" / "example"
ORDERS_AN_ANSWER = 10
EDITIONS = {
    "first": "first edition",
    "again": "another period",
    "quarter": "one more quarter in new files",
    "answers": "one changed file of answers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One program's part: a task of a script, run in a fresh process of its environment.

    `gigabytes` is about what it needs (0: little); where the machine has less, it is not run.
    """

    name: str
    script: str
    task: str
    arguments: tuple[str, ...]
    peer: str = ""
    gigabytes: float = 0.0

    def command(self) -> list[str]:
        """Return the command that runs it; raises PeerMissing."""
        script = SCRIPTS / f"{self.script}.py"
        return [str(peers.python_of(self.peer)), str(script), self.task, *self.arguments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One question: who does this, in how long and in how much memory? Ours comes first."""

    title: str
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the benchmark: what it measures, at which sizes (`unit`), and its contests."""

    about: str
    unit: str
    sizes: tuple[int, ...]
    contests: Callable[[int, Path], list[Contest]]


def growth(orders: int, place: Path) -> list[Contest]:
    """Return the preparation of a firm's edition beside a bare scan of its tables."""
    firm = str(firm_of(orders))
    ours = tuple(
        Contender(
            name=f"profitchain, {name}", script="ours", task="prepare", arguments=(firm, which)
        )
        for which, name in EDITIONS.items()
    )
    floor = Contender(name="floor: scan", script="frames", task="scan", arguments=(firm,))
    title = f"Prepare an edition: {orders:,} orders"
    return [Contest(title=title, contenders=(*ours, floor))]


def data(orders: int, place: Path) -> list[Contest]:
    """Return the join of answers to the orders before and after them, by several engines."""
    folder = (str(firm_of(orders)),)
    others = [
        Contender(name="floor: scan", script="frames", task="scan_used", arguments=folder),
        Contender(name="plain DuckDB SQL", script="frames", task="sql", arguments=folder),
        Contender(name="polars", script="frames", task="polars", arguments=folder, peer="polars"),
        Contender(name="pandas", script="frames", task="pandas", arguments=folder,
                  gigabytes=0.4 * orders / MILLION),
    ]  # fmt: skip
    ours = Contender(name="profitchain", script="ours", task="panel", arguments=folder)
    return [Contest(title=f"Panel: {orders:,} orders", contenders=(ours, *others))]


def fits(answers: int, place: Path) -> list[Contest]:
    """Return the adjusted logit with cluster-robust errors, from cells and row by row."""
    rows, cells = (str(place / f"{name}-{answers}.parquet") for name in ("answers", "cells"))
    invented_rows.write_answers(Path(rows), answers)
    millions = answers / MILLION
    compress = Contender(name="profitchain", script="ours", task="cells", arguments=(rows, cells))
    ours = Contender(name="profitchain", script="ours", task="effect", arguments=(cells,))

    def other(name: str, task: str, gigabytes: float, peer: str = "") -> Contender:
        return Contender(name=name, script="regressions", task=task, arguments=(rows,), peer=peer,
                         gigabytes=gigabytes * millions)  # fmt: skip

    return [
        Contest(title=f"Cells in the engine: {answers:,} answers", contenders=(compress,)),
        Contest(
            title=f"Effect of a point, from cells: {answers:,} answers",
            contenders=(
                ours,
                other("statsmodels Logit, its coefficients only", "logit", 0.6),
                other("statsmodels Logit and its average effect", "effect", 2.6),
                other("statsmodels GLM, its coefficients only", "glm", 1.5),
                other("pyfixest, its coefficients only", "pyfixest", 1.2, "pyfixest"),
                other("duckreg, its coefficients, no clusters", "duckreg", 0.8, "duckreg"),
            ),
        ),
    ]


def lifetime(customers: int, place: Path) -> list[Contest]:
    """Return BG/NBD on invented customers, by us and by others."""
    path = str(place / f"customers-{customers}.parquet")
    invented_rows.write_customers(Path(path), customers)

    def other(name: str, task: str) -> Contender:
        return Contender(name=name, script="lifetimes_of_customers", task=task,
                         arguments=(path,), peer=name)  # fmt: skip

    ours = Contender(name="profitchain", script="ours", task="lifetime", arguments=(path,))
    others = (other("lifetimes", "lifetimes"), other("pymc-marketing", "pymc"))
    return [Contest(title=f"BG/NBD: {customers:,} customers", contenders=(ours, *others))]


def suite(_size: int, place: Path) -> list[Contest]:
    """Return the example's edition by our command and by plain papermill and nbconvert."""
    firm, out = place / "example", str(place / "editions")
    shutil.copytree(EXAMPLE, firm, ignore=shutil.ignore_patterns(".store"), dirs_exist_ok=True)
    read_period(firm)  # the summaries are there for both
    report = {"name": "profitchain, all notebooks", "arguments": (str(firm), out, "fresh")}
    again = {"name": "profitchain, nothing changed", "arguments": (str(firm), out)}
    changed = {"name": "profitchain, one notebook changed",
               "arguments": (str(firm), out, "changed")}  # fmt: skip
    two = (str(firm), str(place / "spoken"), "fresh", "en", "zh-Hans")
    spoken = {"name": "profitchain, all notebooks in two languages", "arguments": two}
    plain = Contender(name="papermill and nbconvert", script="notebooks", task="plain",
                      arguments=(str(firm), str(ROOT / "notebooks"), str(place)))  # fmt: skip
    ours = [
        Contender(script="ours", task="report", **options)
        for options in (report, again, changed, spoken)
    ]
    floor = Contender(name="floor: the cells' own work, divided by the cores", script="ours",
                      task="work", arguments=(str(firm), out))  # fmt: skip
    edition = (ours[0], ours[3], ours[2], ours[1], floor, plain)
    names = {"profitchain": "profitchain", "pandas": "pandas",
             "profitchain, a prepared edition opened": "edition"}  # fmt: skip
    loads = [Contender(name=name, script="ours", task="load", arguments=(str(firm), what))
             for name, what in names.items()]  # fmt: skip
    return [
        Contest(title="The example's edition", contenders=edition),
        Contest(title="Import", contenders=tuple(loads)),
    ]


PARTS = {
    "growth": Part(about="a firm's tables checked and summed up", unit="orders",
                   sizes=(MILLION, 10 * MILLION, 100 * MILLION), contests=growth),
    "data": Part(about="answers joined to orders", unit="orders", sizes=(10 * MILLION,),
                 contests=data),
    "fits": Part(about="the effect of a point, adjusted", unit="answers", sizes=(10 * MILLION,),
                 contests=fits),
    "lifetime": Part(about="lifetime value", unit="customers", sizes=(MILLION,),
                     contests=lifetime),
    "suite": Part(about="all notebooks to pages, and what these weigh", unit="editions",
                  sizes=(1,), contests=suite),
}  # fmt: skip


def firm_of(orders: int, tables: Sequence[str] = ("responses", "customers")) -> Path:
    """Return the folder of an invented firm with about so many orders, written if need be."""
    folder = peers.cache() / f"firm-{orders}"
    if not (folder / "company.yml").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "profitchain", "example", str(folder)]
        command += ["--customers", str(max(orders // 5, 1000)), "--orders", str(orders)]
        command += ["--answers", str(orders // ORDERS_AN_ANSWER), "--tables", *tables]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProfitchainError(f"No firm of {orders:,} orders: {done.stderr.strip()[-300:]}")
    load_company(folder)
    return folder
