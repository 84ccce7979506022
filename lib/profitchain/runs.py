"""One notebook run to its end in a worker process: what came out, or why it stopped."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

import nbformat

from profitchain.errors import ProfitchainError
from profitchain.turns import cell_number, in_turn, taken_apart

UNTOUCHED = "Nothing was published; the last edition stands."


class NotebookFailed(ProfitchainError):
    """A notebook stopped with an error; nothing was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A notebook after its run: with outputs, or with the reason why its page is empty."""

    path: Path
    executed: nbformat.NotebookNode | None
    why: str
    seconds: float


def run(
    path: Path,
    parameters: Mapping[str, object],
    environment: Mapping[str, str],
    folders: Mapping[str, Path],
) -> dict[str, Ran]:
    """Run one notebook with papermill, in one kernel for all languages; return it by language.

    `folders` are where each language's pages are built. Raises NotebookFailed, which names cell
    and error.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    os.environ.update(environment)
    known = papermill.inspect_notebook(str(path))
    given = {name: value for name, value in parameters.items() if name in known}
    notebook, start = nbformat.read(path, as_version=4), time.perf_counter()
    try:
        executed = papermill.execute_notebook(
            in_turn(notebook, folders), None, given, kernel_name="python3", progress_bar=False,
            cwd=str(path.parent),
        )  # fmt: skip
    except PapermillExecutionError as error:
        if error.ename != "NotMeasured":
            raise NotebookFailed(
                f"{path.name} stopped in cell {cell_number(notebook, error.cell_index)}: "
                f"{error.ename}: {error.evalue}\n{UNTOUCHED} Open the notebook in JupyterLab, "
                "set company and period, and run it to that cell."
            ) from None
        return not_measured(path, parameters, environment, folders, why=error.evalue)
    except DeadKernelError:
        raise ended(path.name) from None
    seconds = time.perf_counter() - start
    told = taken_apart(executed, folders, name=path.stem)
    return {tag: Ran(path=path, executed=one, why="", seconds=seconds) for tag, one in told.items()}


def not_measured(
    path: Path,
    parameters: Mapping[str, object],
    environment: Mapping[str, str],
    folders: Mapping[str, Path],
    *,
    why: str,
    again: Callable[..., dict[str, Ran]] | None = None,
) -> dict[str, Ran]:
    """Return why nothing was measured, in each language: such a notebook ends in its first turn."""
    first, *others = folders
    ran = {first: Ran(path=path, executed=None, why=why, seconds=0.0)}
    for tag in others:
        ran |= (again or run)(path, parameters, environment, {tag: folders[tag]})
    return ran


def ended(what: str) -> NotebookFailed:
    """Return the error for a process that the system ended in the middle of its work."""
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
