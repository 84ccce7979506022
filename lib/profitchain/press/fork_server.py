"""One process that has imported all that a report needs: workers and notebooks are forked from it.

Linux only: macOS's own frameworks may not be used after a fork, and Windows has none. Elsewhere,
and with PROFITCHAIN_KERNELS=plain, each starts by itself.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import pickle
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import forkserver, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PLAIN = "PROFITCHAIN_KERNELS"  # environment variable; "plain": nothing is forked
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Read when Python or a library starts, so that a forked process can't choose them any more.
AT_START = {**SINGLE, "PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel chooses before any import
# Never pyplot: it fits itself into the kernel in which it is imported.
NEEDED = (
    "ipykernel.debugger", "babel.numbers", "yaml", "tzdata", "matplotlib.figure",
    "matplotlib.backends.backend_svg", "pandas.io.formats.csvs", "pyarrow.parquet",
    "pyarrow.dataset", "pyarrow.pandas_compat", "pandas.core.reshape.reshape",
    "statsmodels.genmod.generalized_linear_model", "statsmodels.duration.hazard_regression",
    "statsmodels.duration.survfunc", "statsmodels.stats.multitest", "profitchain.intake.intake",
    "profitchain.panel.panel", "profitchain.exhibits.exhibit", "profitchain.press.assemble",
    "profitchain.press.notebook_process", "nbconvert", "openpyxl",
)  # fmt: skip
ANY_WORDS = ("Estimate", "n")  # whose translation reads a catalogue
_NOTEBOOKS = "PROFITCHAIN_NOTEBOOKS"  # whose imports the process makes too
_LANGUAGES = "PROFITCHAIN_LANGUAGES"  # whose catalogues it reads
_COMPANY = "PROFITCHAIN_COMPANY"  # whose own language it is, where none is named
_PR_SET_PDEATHSIG = 1
_IMPORT = re.compile(r'"from (profitchain[\w.]*) import ([\w, ]+)')
_started_with = ""  # the code that the process has imported
_as_imported: tuple[list[str], dict[str, str]] = [], {}  # sys.path, what imports set in os.environ


def can_fork() -> bool:
    """Tell whether notebooks may be forked on this system, and nobody wants plain kernels."""
    return sys.platform == "linux" and os.environ.get(PLAIN) != "plain"


def start(notebooks: Path, code: str, *, languages: Sequence[str] = (), company: str = "") -> bool:
    """Start the process unless it runs; tell whether notebooks may be forked from it.

    It imports while this process goes on. What notebooks in a folder import from this library, it
    imports too, and reads the words of the languages, by default the company's own. Where it was
    started with other `code` (`provenance.code_of`), kernels are plain.
    """
    global _started_with
    if not can_fork():
        return False
    if not _started_with:
        _started_with = code
        forkserver.set_forkserver_preload(["profitchain.press.preload"])
        backend = {"MPLBACKEND": os.environ.get("MPLBACKEND", INLINE)}
        words = {_LANGUAGES: " ".join(languages), _COMPANY: company}
        with _starting({_NOTEBOOKS: str(notebooks), **words, **backend, **AT_START}):
            forkserver.ensure_running()
    return _started_with == code


def ways_to_start() -> BaseContext:
    """Return how workers start: forked from one process that has imported all, where that works."""
    return get_context("forkserver" if can_fork() else "spawn")


@contextmanager
def _starting(variables: Mapping[str, str]) -> Iterator[None]:
    """Give what starts meanwhile an environment, and let it pass over Ctrl-C, as only this is to.

    Signals are the main thread's to choose.
    """
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        if is_main:
            signal.signal(signal.SIGINT, handler)


def import_all() -> None:
    """Import what workers and notebooks need."""
    global _as_imported
    notebooks = Path(os.environ.pop(_NOTEBOOKS, "nowhere"))
    languages, company = (os.environ.pop(name, "") for name in (_LANGUAGES, _COMPANY))
    before = dict(os.environ)
    _end_with_parent(signal.SIGKILL)  # a command that stops early is not followed by this work
    gc.disable()  # what is imported is no garbage
    for module in [*NEEDED, *sorted(_imported_by(notebooks))]:
        with suppress(Exception):  # the notebook that needs it says why it can't be had
            import_module(module)
    with suppress(Exception):
        _read_words(languages.split(), company)
    # No thread is left behind in a fork but those of memory allocators, which start them again.
    gc.freeze()  # what all share is not copied for the sake of counting
    gc.enable()
    _end_with_parent(0)
    _as_imported = [path for path in sys.path if path], dict(os.environ.items() - before.items())


def _read_words(languages: Sequence[str], company: str) -> None:
    """Read the words of all pages and the catalogues of some languages, or of the company's."""
    from profitchain.core import i18n
    from profitchain.sources.company import find_company, load_company
    from profitchain.words import catalogue

    for name in catalogue.page_names():
        catalogue.page(name)
    for tag in languages or [load_company(find_company(company)).language]:
        with i18n.speaking(tag):
            i18n.listed(i18n.gettext(word) for word in ANY_WORDS)


class Forks:
    """Runs each job in a new forked process; leaving its context ends those that still run."""

    def __init__(self, most: int, environment: Mapping[str, str]) -> None:
        self._threads, self._environment = ThreadPoolExecutor(most), environment
        self._running: set[BaseProcess] | None = set()

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        running, self._running = self._running or set(), None
        for process in tuple(running):
            _kill(process)
        self._threads.shutdown(cancel_futures=True)

    def submit(self, work: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Have a job done; BrokenProcessPool where its process ends without a result."""
        return self._threads.submit(self._run, work, *arguments)

    def _run(self, work: Callable[..., Any], *arguments: object) -> object:
        reader, writer = (forks := get_context("forkserver")).Pipe(duplex=False)
        process = forks.Process(target=_work, args=(writer, self._environment, work, arguments))
        process.start()
        writer.close()
        try:
            if self._running is None:
                raise BrokenProcessPool
            self._running.add(process)
            outcome = pickle.loads(reader.recv_bytes())
        except (EOFError, OSError):
            raise BrokenProcessPool from None
        finally:
            reader.close()
            _kill(process)
            if self._running is not None:
                self._running.discard(process)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def _kill(process: BaseProcess) -> None:
    """End a process and all that it started."""
    if process.pid is None:
        return
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            end(process.pid, signal.SIGKILL)
    process.join()


def _work(
    writer: Connection, environment: Mapping[str, str], work: Callable[..., Any], arguments: tuple
) -> None:
    _stand_alone(environment)
    try:
        outcome: object = work(*arguments)
    except Exception as error:
        outcome = error
    writer.send_bytes(pickle.dumps(outcome))
    atexit._run_exitfuncs()


def _stand_alone(environment: Mapping[str, str]) -> None:
    """Make this forked process one that started by itself: in an environment, in its own session.

    It ends with the command; what it starts ends with its session.
    """
    from numpy import random

    os.setsid()
    _end_with_parent(signal.SIGKILL)
    # Else the process that forks would wait for this one, and this one for it.
    os.close(vars(forkserver._forkserver)["_forkserver_alive_fd"])
    command = parent_process()
    if command is None or not command.is_alive():
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[:], by_imports = _as_imported
    sys.argv = sys.argv[:1]
    os.environ.clear()
    os.environ.update({**by_imports, **environment})
    random.seed()  # noqa: NPY002  # else all would draw the same numbers


def _end_with_parent(number: int) -> None:
    """Have the system send this process a signal when the one that started it ends; 0: none."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _imported_by(notebooks: Path) -> set[str]:
    """Return the modules of this library that notebooks in a folder import by name."""
    names = set()
    for path in notebooks.glob("*.ipynb"):
        with suppress(OSError, ValueError):  # the press says what is wrong
            for package, modules in _IMPORT.findall(path.read_text(encoding="utf-8")):
                names |= {f"{package}.{module.strip()}" for module in modules.split(",")}
    return names
