"""One process that has imported all that a report needs: workers and kernels are forked from it.

Linux only: macOS's own frameworks may not be used after a fork, and Windows has none. Elsewhere,
and with PROFITCHAIN_KERNELS=plain, each starts by itself. Workers come from multiprocessing's fork
server. Kernels, which may know nothing of it, come from a process that it has forked before: a
worker connects, names what its kernel needs in one line of JSON, and reads its number; then, when
it ended, its exit code. Closing the connection ends the kernel.
"""

from __future__ import annotations

import ast
import ctypes
import gc
import json
import os
import secrets
import selectors
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import forkserver, get_context
from multiprocessing.context import BaseContext
from pathlib import Path

PLAIN = "PROFITCHAIN_KERNELS"  # environment variable; "plain": no kernel is forked
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Read when Python or a library starts, so that a forked kernel can't choose them any more.
AT_START = {**SINGLE, "PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel chooses before any import
# Never pyplot: it fits itself into the kernel in which it is imported.
NEEDED = (
    *("ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.debugger"),
    *("babel.numbers", "yaml", "tzdata"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "pandas.io.formats.csvs"),
    *("pyarrow.parquet", "pyarrow.dataset", "pyarrow.pandas_compat", "pandas.core.reshape.reshape"),
    *("statsmodels.genmod.generalized_linear_model", "statsmodels.duration.hazard_regression"),
    *("statsmodels.duration.survfunc", "statsmodels.stats.multitest"),
    *("profitchain.intake.intake", "profitchain.panel.panel", "profitchain.exhibits.exhibit"),
    *(
        "profitchain.press.assemble",
        "profitchain.press.kernel_provisioner",
        "papermill",
        "nbconvert",
        "openpyxl",
    ),
)
_WARMED = "profitchain.press.preload"
_NAME, _NOTEBOOKS = "PROFITCHAIN_FORKS", "PROFITCHAIN_NOTEBOOKS"  # told to the process that imports
_WAITING = 64
_LONGEST_CREDENTIALS = struct.Struct("3i")
_PR_SET_PDEATHSIG = 1
_started: tuple[str, str] | None = None  # under which name, with which code


def can_fork() -> bool:
    """Tell whether kernels may be forked on this system, and nobody wants them plain."""
    return sys.platform == "linux" and os.environ.get(PLAIN) != "plain"


def start(notebooks: Path, code: str) -> bytes:
    """Start the process unless it runs; return the address that has kernels, b"" for plain ones.

    It imports while this process goes on. What notebooks in a folder import from this library, it
    imports too. Where it was started with other `code` (`codebase.code_of`), kernels are plain.
    """
    global _started
    if not can_fork():
        return b""
    if _started is None:
        _started = (secrets.token_hex(16), code)
        told = {_NAME: _started[0], _NOTEBOOKS: str(notebooks), "MPLBACKEND": INLINE}
        forkserver.set_forkserver_preload([_WARMED])
        with _environment(told | os.environ | AT_START), _deaf():
            forkserver.ensure_running()
    name, known = _started
    return _address(name) if known == code else b""


def ways_to_start() -> BaseContext:
    """Return how workers start: forked from one process that has imported all, where that works."""
    return get_context("forkserver" if can_fork() else "spawn")


def _address(name: str) -> bytes:
    return b"\0profitchain-" + name.encode()  # no file, so that nothing is left behind


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let what starts meanwhile pass over Ctrl-C, of which this process alone is to tell."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def import_all() -> None:
    """Import what workers and kernels need, and leave a process beside this one that forks kernels.

    That process, and each kernel, ends out of this function by SystemExit, as Python itself does.
    """
    inherited = _open_files()
    name, notebooks = os.environ.pop(_NAME, ""), os.environ.pop(_NOTEBOOKS, "")
    if sys.path[:1] == [""]:  # as little a place to import from as when a kernel starts by itself
        sys.path.pop(0)
    parent, told = os.getppid(), dict(os.environ)
    _end_with_parent(signal.SIGKILL)  # a command that stops early is not followed by this work
    gc.disable()  # what is imported is no garbage
    for module in [*NEEDED, *sorted(_imported_by(Path(notebooks).glob("*.ipynb")))]:
        with suppress(Exception):  # the notebook that needs it says why it can't be had
            import_module(module)
    # No thread is left behind in a fork but those of memory allocators, which start them again.
    gc.freeze()  # what all share is not copied for the sake of counting
    gc.enable()
    _end_with_parent(0)
    if not name or os.getppid() != parent:
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(_address(name))
        listener.listen(_WAITING)
        if not os.fork():
            _be_apart(inherited)
            by_imports = dict(os.environ.items() - told.items())  # what they do in any kernel
            _become_kernel(serve(listener), by_imports)
            sys.exit()


def _end_with_parent(number: int) -> None:
    """Have the system send this process a signal when the one that started it ends; 0: none."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _open_files() -> list[int]:
    listed = list(Path("/proc/self/fd").iterdir())
    return [int(each.name) for each in listed if each.exists()]  # all but the list's own


def _be_apart(inherited: Iterable[int]) -> None:
    """Close what this process has from multiprocessing's, be silent, and end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    _end_with_parent(signal.SIGTERM)
    for number in inherited:
        if number > sys.stderr.fileno():
            os.close(number)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(sys.stderr.fileno() + 1):
        os.dup2(nothing, number)
    os.close(nothing)


def serve(listener: socket.socket) -> dict[str, object]:
    """Fork a process for each kernel asked for; return, in that process, what was asked for."""
    running: dict[int, socket.socket] = {}
    try:
        return _served(listener, running)
    except SystemExit:  # asked to end
        _kill(running)
        raise


def _served(listener: socket.socket, running: dict[int, socket.socket]) -> dict[str, object]:
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the report ends this one
    selector = selectors.DefaultSelector()
    for source in (listener, woken):
        selector.register(source, selectors.EVENT_READ)
    while True:
        for key, _events in selector.select():
            if key.fileobj is woken:
                woken.recv(_WAITING)
                _tell_ended(running, selector)
            elif key.fileobj is not listener:
                selector.unregister(key.fileobj)
                _kill(pid for pid, asker in running.items() if asker is key.fileobj)
            elif (asked := _asked(listener)) is not None:
                asker, wanted = asked
                if not (pid := os.fork()):
                    os.setsid()  # so that an interrupt reaches what the kernel itself starts
                    _forget(selector, listener, woken, waker, asker, *running.values())
                    return wanted
                running[pid] = asker
                selector.register(asker, selectors.EVENT_READ)
                _tell(asker, pid)


def _asked(listener: socket.socket) -> tuple[socket.socket, dict[str, object]] | None:
    """Return who asks for a kernel, and what for; None if it is another user, or gone already."""
    asker, _address = listener.accept()
    told = asker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LONGEST_CREDENTIALS.size)
    _pid, user, _group = _LONGEST_CREDENTIALS.unpack(told)
    with asker.makefile("rb") as lines:
        line = lines.readline() if user == os.getuid() else b""
    if line.endswith(b"\n"):
        return asker, json.loads(line)
    asker.close()
    return None


def _tell(asker: socket.socket, number: int) -> None:
    with suppress(OSError):  # whoever asked may be gone
        asker.sendall(b"%d\n" % number)


def _tell_ended(running: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Tell those who asked for kernels that ended the exit code, and forget them."""
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        asker = running.pop(pid)
        _tell(asker, os.waitstatus_to_exitcode(status))
        with suppress(KeyError):  # it had closed its end before
            selector.unregister(asker)
        asker.close()


def _kill(kernels: Iterable[int]) -> None:
    for pid in list(kernels):
        with suppress(ProcessLookupError):  # it leads no group yet, or its group is gone
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _forget(*inherited: selectors.BaseSelector | socket.socket) -> None:
    """Close what a forked process has from the first one, and take signals as Python does."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in inherited:
        each.close()


def _become_kernel(wanted: Mapping[str, object], by_imports: Mapping[str, str]) -> None:
    """Turn this forked process into the kernel that was asked for, as if started by itself."""
    from ipykernel.kernelapp import IPKernelApp
    from numpy import random

    if sys.path[:1] == [""]:  # as little a place to import from as when a kernel starts by itself
        sys.path.pop(0)
    parent = os.getppid()
    _end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.environ.clear()
    os.environ.update(by_imports | wanted["environment"] | {"JPY_PARENT_PID": str(parent)})
    os.chdir(wanted["folder"])
    sys.argv = list(wanted["arguments"])
    random.seed()  # noqa: NPY002  # else all kernels would draw the same numbers
    IPKernelApp.launch_instance(parent_handle=parent)


def _imported_by(notebooks: Iterable[Path]) -> set[str]:
    """Return the modules of this library that notebooks import by name."""
    names = set()
    for path in notebooks:
        with suppress(OSError, ValueError, KeyError, TypeError):  # the press says what is wrong
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code":
                    names |= _imported_in("".join(cell["source"]))
    return names


def _imported_in(source: str) -> set[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return set()
    lines = [line for line in body if isinstance(line, ast.ImportFrom) and line.module]
    ours = [line for line in lines if line.module.split(".")[0] == "profitchain"]
    return {f"{line.module}.{each.name}" for line in ours for each in line.names}
