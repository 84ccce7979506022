"""One notebook run to its end in a worker process: what came out, or why it stopped."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from profitchain.core.processes import start_worker
from profitchain.pages import page
from profitchain.pages.failures import Failure, NotebookFailed, error_line
from profitchain.pages.notebooks import nbformat
from profitchain.press import personal_data
from profitchain.press.fork_server import AT_START
from profitchain.press.multilingual import by_language, cell_number, in_turns
from profitchain.sources.company import load_company, redacted

UNTOUCHED = "Nothing was published; the last edition stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """A notebook after its run: with outputs, or with the reason why its page is empty.

    `why` where the firm lacks what the page needs; `failed` where the notebook stopped. `seconds`
    are those of the run, also where it is an earlier one (`is_earlier`).
    """

    path: Path
    executed: nbformat.NotebookNode | None
    why: str
    seconds: float
    failed: Failure | None = None
    is_earlier: bool = False


def run(
    path: Path,
    parameters: Mapping[str, object],
    environment: Mapping[str, str],
    folders: Mapping[str, Path],
    *,
    engine: str | None = None,
) -> dict[str, NotebookRun]:
    """Run one notebook with papermill, in one kernel for all languages; return it by language.

    `folders` are where each language's pages are built. A failing notebook comes back
    with cell and error; one that measures nothing, in the first language alone.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    os.environ.update(environment)
    declared = papermill.inspect_notebook(str(path))
    own_parameters = {name: value for name, value in parameters.items() if name in declared}
    notebook, start = nbformat.read(path, as_version=4), time.perf_counter()
    try:
        executed = papermill.execute_notebook(
            in_turns(notebook, folders, shares=True), None, own_parameters, kernel_name="python3",
            progress_bar=False, cwd=str(path.parent), engine_name=engine,
        )  # fmt: skip
        turns = by_language(executed, folders, name=path.stem)
        failed = unusable(path, list(turns.values()), parameters)
    except PapermillExecutionError as error:
        if error.ename == "NotMeasured":
            how, again = (path, parameters, environment, folders), partial(run, engine=engine)
            return not_measured(*how, why=error.evalue, again=again)
        firm = load_company(str(parameters["company"]))
        why = redacted(error_line(error.ename, error.evalue), firm)
        cell = cell_number(notebook, error.cell_index)
        failed = Failure(notebook=path.name, stop="error", cell=cell, error=why)
    except RuntimeError as error:
        if "died" not in str(error):
            raise
        failed = Failure(notebook=path.name, stop="ended")
    seconds = time.perf_counter() - start
    if failed:
        return stopped(path, folders, failed, seconds=seconds)
    return {
        tag: NotebookRun(path=path, executed=turn, why="", seconds=seconds)
        for tag, turn in turns.items()
    }


def run_forked(*arguments: Any) -> dict[str, NotebookRun]:
    """Run one notebook as `run` does, in this process, which is forked for it and then ends."""
    from profitchain.press.notebook_process import ENGINE

    return run(*arguments, engine=ENGINE)


def unusable(
    path: Path, executed: Sequence[nbformat.NotebookNode], parameters: Mapping[str, object]
) -> Failure | None:
    """Return why executed notebooks can't become pages: personal data, two exhibits with one id."""
    try:
        for notebook in executed:
            page.csvs(notebook, name=path.stem)
    except ValueError as error:
        return Failure(notebook=path.name, stop="unusable", error=str(error))
    return personal_data.failure(path, executed, parameters)


def not_measured(
    path: Path,
    parameters: Mapping[str, object],
    environment: Mapping[str, str],
    folders: Mapping[str, Path],
    *,
    why: str,
    again: Callable[..., dict[str, NotebookRun]],
) -> dict[str, NotebookRun]:
    """Return why nothing was measured, in each language: such a notebook ends in its first turn."""
    first, *others = folders
    ran = {first: NotebookRun(path=path, executed=None, why=why, seconds=0.0)}
    for tag in others:
        ran |= again(path, parameters, environment, {tag: folders[tag]})
    return ran


def stopped(
    path: Path, tags: Iterable[str], failure: Failure, *, seconds: float = 0.0
) -> dict[str, NotebookRun]:
    """Return what stands for a notebook that gave no page, in each language."""
    run = NotebookRun(path=path, executed=None, why="", seconds=seconds, failed=failure)
    return dict.fromkeys(tags, run)


def ended(what: str) -> NotebookFailed:
    """Return the error for a worker that the system ended: nobody knows what it had done."""
    return NotebookFailed(
        f"{what} stopped because the system ended its process; most often, memory ran out.\n"
        f"{UNTOUCHED} Close what else needs memory and run it again."
    )


def environment_of(building: Path) -> dict[str, str]:
    """Return notebooks' environment: one thread each, and the folder of the edition's making."""
    return {**AT_START, "PROFITCHAIN_BUILD": str(building), "JUPYTER_PREFER_ENV_PATH": "1"}


def ready_worker(environment: Mapping[str, str]) -> None:
    """Start a worker in the environment of its parent."""
    start_worker()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
