"""One process that has imported what notebooks need, and forks a kernel whenever it is asked to.

Linux only: macOS's own frameworks may not be used after a fork, and Windows has none. Elsewhere,
and with PROFITCHAIN_KERNELS=plain, each kernel starts by itself. A worker connects, names what its
kernel needs in one line of JSON, and reads its number; then, when it ended, its exit code. Closing
the connection ends the kernel.
"""

from __future__ import annotations

import ast
import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

PLAIN = "PROFITCHAIN_KERNELS"  # environment variable; "plain": no kernel is forked
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Read when Python or a library starts, so that a forked kernel can't choose them any more.
AT_START = {**SINGLE, "PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel chooses before any import
# Never pyplot: it fits itself into the kernel in which it is imported.
NEEDED = (
    *("ipykernel.ipkernel", "ipykernel.kernelapp", "babel.numbers", "yaml", "tzdata"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg", "pandas.io.formats.csvs"),
    *("pyarrow.parquet", "pyarrow.dataset", "pyarrow.pandas_compat", "pandas.core.reshape.reshape"),
    *("statsmodels.genmod.generalized_linear_model", "statsmodels.duration.hazard_regression"),
    *("statsmodels.duration.survfunc", "statsmodels.stats.multitest"),
    *("profitchain.intake", "profitchain.panel", "profitchain.exhibits"),
)
# The current folder is no place to import from, as little as when a kernel starts by itself.
_START = (
    f"import sys; sys.path[:1] == [''] and sys.path.pop(0); from {__name__} import start; start()"
)
_WAITING = 64
_LONGEST_CREDENTIALS = struct.Struct("3i")
_PR_SET_PDEATHSIG = 1


def can_fork() -> bool:
    """Tell whether kernels may be forked on this system, and nobody wants them plain."""
    return sys.platform == "linux" and os.environ.get(PLAIN) != "plain"


@contextmanager
def warm(notebooks: Path) -> Iterator[bytes]:
    """Give the address at which kernels are to be had while this lasts; b"" for plain ones.

    `notebooks` is their folder: what they import from this library, the process imports first.
    """
    if not can_fork():
        yield b""
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")  # a free name that is no file, so that nothing is left behind
        listener.listen(_WAITING)
        address = listener.getsockname()
        parent = subprocess.Popen(
            [sys.executable, "-c", _START, str(listener.fileno())],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=notebooks, env={"MPLBACKEND": INLINE} | os.environ | AT_START,
            pass_fds=[listener.fileno()],
        )  # fmt: skip
    try:
        yield address
    finally:
        parent.kill()
        parent.communicate()


def serve(listener: socket.socket) -> dict[str, object] | None:
    """Fork a process for each kernel asked for; return, in that process, what was asked for.

    Returns None in the first process, when whoever started it has closed its standard input.
    """
    running: dict[int, socket.socket] = {}
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the report ends this one
    selector = selectors.DefaultSelector()
    for source in (listener, sys.stdin, woken):
        selector.register(source, selectors.EVENT_READ)
    while True:
        for key, _events in selector.select():
            if key.fileobj is sys.stdin:
                _kill(running)
                return None
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
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in inherited:
        each.close()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)


def _become_kernel(wanted: Mapping[str, object], parent: int) -> None:
    """Turn this forked process into the kernel that was asked for, as if started by itself."""
    from ipykernel.kernelapp import IPKernelApp
    from numpy import random

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.environ.clear()
    os.environ.update(wanted["environment"] | {"JPY_PARENT_PID": str(parent)})
    os.chdir(wanted["folder"])
    sys.argv = list(wanted["arguments"])
    random.seed()  # noqa: NPY002  # else all kernels would draw the same numbers
    IPKernelApp.launch_instance()


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
    whole = {f"profitchain.{each.name}" for line in lines for each in line.names
             if line.module == "profitchain"}  # fmt: skip
    return whole | {line.module for line in lines if line.module.startswith("profitchain.")}


def start() -> None:
    """Import all, then fork kernels; each comes out at the end as if it had started by itself.

    The one argument on the command line is the number of the open socket to listen to.
    """
    parent, listener = os.getpid(), socket.socket(fileno=int(sys.argv[1]))
    os.environ["JPY_PARENT_PID"] = str(parent)  # read when ipykernel is imported
    for name in [*NEEDED, *sorted(_imported_by(Path.cwd().glob("*.ipynb")))]:
        with suppress(Exception):  # the notebook that needs it says why it can't be had
            import_module(name)
    # No thread is left behind in a fork but those of memory allocators, which start them again.
    gc.collect()
    gc.freeze()  # what all kernels share is not copied for the sake of counting
    wanted = serve(listener)
    if wanted is not None:
        _become_kernel(wanted, parent)
