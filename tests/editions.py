"""Editions to look at: published by kernels as the command does, or in this process, and faster.

`publish_here` runs a notebook's cells one after the other without a kernel; a test in
press/test_runs_alike.py holds its pages equal, byte by byte, to those that the command publishes.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import os
import pickle
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import nbformat
import openpyxl
import pandas as pd
import pytest
from papermill import inspect_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from profitchain.core import i18n
from profitchain.core.errors import NotMeasured
from profitchain.exhibits import drawings, tables
from profitchain.exhibits.findings import FIELDS
from profitchain.pages.workbook_exhibits import HEADER
from profitchain.press import fork_server, multilingual, publish, run_notebook
from profitchain.press.run_notebook import NotebookRun

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
# For what hangs on a page's build and not on its words: both Chinese are built alike.
BUILT_ALIKE = (*LANGUAGES[:2], pytest.param(LANGUAGES[2], marks=pytest.mark.slow))
SECRET = "hunter2-of-the-tests"  # in a command's environment, and nowhere in what it publishes
NOT_THE_SAME_TWICE = {"record.json"}  # it alone holds times


class Here:
    """A pool of no workers: what is submitted is done at once, in this process."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work, *arguments: object) -> Future:
        done = Future()
        done.set_result(work(*arguments))
        return done


def run_here(
    path: Path,
    given: Mapping[str, object],
    environment: Mapping[str, str],
    folders: Mapping[str, Path],
) -> dict[str, NotebookRun]:
    """Run a notebook's cells in this process, and keep what each last expression shows."""
    known = inspect_notebook(str(path))
    notebook = parameterize_notebook(
        multilingual.in_turns(load_notebook_node(str(path)), folders),
        {name: given[name] for name in given if name in known},
    )
    start, scope, first = time.perf_counter(), {}, next(iter(folders))
    with mock.patch.dict(os.environ, environment), i18n.speaking(first):
        for cell in notebook.cells:
            try:
                cell["outputs"] = _outputs(cell, scope) if cell.cell_type == "code" else []
            except NotMeasured as error:
                return run_notebook.not_measured(
                    path, given, environment, folders, why=str(error), again=run_here
                )
    turns = multilingual.by_language(notebook, folders, name=path.stem)
    failed = run_notebook.unusable(path, list(turns.values()), given)
    if failed:
        return run_notebook.stopped(path, folders, failed)
    seconds = time.perf_counter() - start
    return {
        tag: NotebookRun(path=path, executed=turn, why="", seconds=seconds)
        for tag, turn in turns.items()
    }


def _outputs(cell: nbformat.NotebookNode, scope: dict[str, object]) -> list[nbformat.NotebookNode]:
    body = ast.parse(cell.source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), scope)
    if last is None:
        return []
    shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
    if shown is None:  # as IPython shows nothing
        return []
    data = json.loads(json.dumps(shown._repr_mimebundle_()))
    return [nbformat.v4.new_output("execute_result", data=data)]


def publish_here(company: str | Path, period: str = "", **how: object) -> Path:
    """Publish an edition without kernels and return its folder; `how` as in `publish.publish`.

    All of it runs, unless `fresh` is False.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fork_server.PLAIN, "plain")
        patch.setattr(publish, "ProcessPoolExecutor", Here)
        patch.setattr(publish, "run", run_here)
        return publish.publish(company, period, **{"fresh": True} | how).parent


@contextmanager
def drawn_once() -> Iterator[None]:
    """Draw each chart once for all editions published meanwhile that show the same data alike."""
    draw, kept = drawings._drawing, {}

    def drawing(*given: object, **how: object) -> str:
        key = pickle.dumps((i18n.spoken(), given, how))
        if key not in kept:
            kept[key] = draw(*given, **how)
        return kept[key]

    with mock.patch.object(drawings, "_drawing", drawing):
        yield


def published_once(
    out: Path, company: Path, periods: Mapping[str, Sequence[str]], *, again: str = ""
) -> Path:
    """Publish a company's editions into `out` unless another process did; return `out`.

    `periods` are the languages of each edition. Whoever comes second waits for the first. A period
    that is named `again` is also published alone, in the company's own language, into `out`-again:
    this process still remembers its fits and drawings.
    """
    with first(out) as is_first:
        if is_first:
            with drawn_once():
                for period, spoken in periods.items():
                    publish_here(company, period, out=out, spoken=spoken)
                if again:
                    shelf = out.with_name(f"{out.name}-again")
                    publish_here(company, again, out=shelf)
    return out


def copied_once(company: Path, to: Path) -> Path:
    """Copy a company's folder without what was made in it, unless another process did."""
    with first(to) as is_first:
        if is_first:
            made = shutil.ignore_patterns(".store", "lists", "quarantine")
            shutil.copytree(company, to, ignore=made)
    return to


@contextmanager
def first(folder: Path) -> Iterator[bool]:
    """Tell whether nobody has made a folder yet; whoever comes meanwhile waits."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


def write_company(folder: Path, tables: Mapping[str, pd.DataFrame], **keys: object) -> Path:
    """Write tables as CSV and a company.yml that names them; `keys` are its further keys."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    told = {"name": "Tiny & Sons", "currency": "EUR"} | keys
    told["tables"] = {name: {"file": f"{name}.csv"} for name in tables}
    (folder / "company.yml").write_text(json.dumps(told), encoding="utf-8")
    return folder


def contents(edition: Path) -> dict[str, bytes]:
    """Return an edition's files by their place in it, but for those that name times."""
    files = sorted(path for path in edition.rglob("*") if path.is_file())
    return {
        str(path.relative_to(edition)): path.read_bytes()
        for path in files
        if path.name not in NOT_THE_SAME_TWICE
    }


def entries(edition: Path) -> list[dict]:
    """Return an edition's findings as they stand in its file."""
    return json.loads((edition / "findings.json").read_text(encoding="utf-8"))


def findings(edition: Path) -> pd.DataFrame:
    """Return an edition's findings that belong to no group, by id."""
    rows = pd.DataFrame(entries(edition))
    rows = rows.reindex(columns=[*FIELDS])
    return rows[rows["group"].isna()].set_index("id")


def said_in(path: Path) -> str:
    """Return what a file says; of a workbook, what all its parts say; of Parquet, its rows."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv()
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def body(sheet, header: int = HEADER) -> list[list]:
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=header + 1)]


def as_excel_keeps(text: str) -> str:
    """Return what a cell can hold of a text: legal in XML, 32,767 units of UTF-16 at most."""
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "�", text)
    return text.encode("utf-16-le")[: 2 * 32_767].decode("utf-16-le", "ignore")


def holes(edition: Path) -> list[str]:
    """Return where an edition's workbook differs from its CSV files and findings.json."""
    book = openpyxl.load_workbook(edition / "edition.xlsx")
    pages = json.loads((edition / "pages.json").read_text(encoding="utf-8"))["pages"]
    files = [edition / each["csv"] for page in pages for each in page["exhibits"]]
    assert len(files) == len(book.sheetnames) - 3
    return [
        f"{file.name}: {gap}"
        for file, sheet in zip(files, book.worksheets[3:], strict=True)
        for gap in gaps(file, sheet)
    ]


def gaps(file: Path, sheet) -> list[object]:
    """Return the cells in which a sheet differs from its CSV, once empty columns are left out."""
    text = file.read_text(encoding="utf-8")
    _head, *rows = [line for line in csv.reader(io.StringIO(text, newline="")) if line] or [[]]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    found = list(zip(*body(sheet), strict=True)) if rows else []
    assert len(columns) == len(found), file
    return [
        (was, now)
        for before, after in zip(columns, found, strict=True)
        for was, now in zip(before, after, strict=True)
        if not same(was, now)
    ]


def same(was: str, now: object) -> bool:
    if isinstance(now, bool):
        return was == str(now)
    if isinstance(now, int | float):
        return math.isclose(float(was), now, rel_tol=0, abs_tol=0)
    return as_excel_keeps(tables.unquoted(was)) == (now or "")
