"""One notebook run to its end in a worker process: what came out, or why it stopped."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

import nbformat

from profitchain import pages
from profitchain.company import load_company, redacted
from profitchain.failures import Failure, NotebookFailed, told_of

UNTOUCHED = "Nothing was published; the last edition stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A notebook after its run: with outputs, or with the reason why its page is empty.

    `why` where the firm lacks what the page needs; `failed` where the notebook stopped.
    """

    path: Path
    executed: nbformat.NotebookNode | None
    why: str
    seconds: float
    failed: Failure | None = None


def run(path: Path, parameters: Mapping[str, object], environment: Mapping[str, str]) -> Ran:
    """Run one notebook with papermill; a failing one comes back with cell and error."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    os.environ.update(environment)
    known = papermill.inspect_notebook(str(path))
    given = {name: value for name, value in parameters.items() if name in known}
    start, executed, why, failed = time.perf_counter(), None, "", None
    try:
        executed = papermill.execute_notebook(
            str(path), None, given, kernel_name="python3", progress_bar=False, cwd=str(path.parent)
        )
        failed = unusable(path, executed)
    except PapermillExecutionError as error:
        if error.ename == "NotMeasured":
            why = error.evalue
        else:
            told = redacted(
                told_of(error.ename, error.evalue), load_company(str(parameters["company"]))
            )
            cell = _cell_number(path, error.cell_index)
            failed = Failure(notebook=path.name, stop="error", cell=cell, error=told)
    except RuntimeError as error:
        if "died" not in str(error):
            raise
        failed = Failure(notebook=path.name, stop="ended")
    seconds = time.perf_counter() - start
    executed = None if failed else executed
    return Ran(path=path, executed=executed, why=why, seconds=seconds, failed=failed)


def unusable(path: Path, executed: nbformat.NotebookNode) -> Failure | None:
    """Return why an executed notebook can't become a page: two exhibits with one id; else None."""
    try:
        pages.csvs(executed, name=path.stem)
    except ValueError as error:
        return Failure(notebook=path.name, stop="unusable", error=str(error))
    return None


def ended(what: str) -> NotebookFailed:
    """Return the error for a worker that the system ended: nobody knows what it had done."""
    return NotebookFailed(
        f"{what} stopped because the system ended its process; most often, memory ran out.\n"
        f"{UNTOUCHED} Close what else needs memory and run it again."
    )


def environment_of(building: Path) -> dict[str, str]:
    """Return notebooks' environment: one thread each, and the folder of the edition's making."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **single,
        "PROFITCHAIN_BUILD": str(building),
        "PYTHONHASHSEED": "0",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def start_worker() -> None:
    """Silence a worker (its errors come back as exceptions), and let it end with its parent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End this process when its parent is gone, else a killed report would leave workers behind."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cell_number(path: Path, executed_at: int) -> int:
    """Return a cell's place in its notebook, from 1; papermill adds a cell below `parameters`."""
    cells = nbformat.read(path, as_version=4).cells
    tagged = ["parameters" in cell.metadata.get("tags", []) for cell in cells]
    return executed_at if True in tagged[:executed_at] else executed_at + 1
