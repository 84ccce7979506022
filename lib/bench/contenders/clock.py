"""What every contender tells: seconds of the work that counts, peak memory, and what came out."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NAMED = (
    *("duckdb", "duckreg", "ibis-framework", "lifetimes", "nbconvert", "numpy", "pandas"),
    *("papermill", "polars", "pyfixest", "pymc-marketing", "scipy", "statsmodels"),
)
_PR_SET_CHILD_SUBREAPER = 36


class Clock:
    """Measures from its making until `stop`: seconds on the wall, and of all processors."""

    def __init__(self) -> None:
        self.start, self.start_cpu = time.perf_counter(), _processors()
        self.seconds = self.cpu = 0.0

    def stop(self) -> None:
        """Keep the seconds until now."""
        self.seconds = time.perf_counter() - self.start
        self.cpu = _processors() - self.start_cpu

    def wait_for_all(self) -> None:
        """Add what processors still do for processes whose own parents didn't wait for them."""
        with suppress(ChildProcessError):
            while True:
                os.wait()
        self.cpu = _processors() - self.start_cpu

    @property
    def told(self) -> dict[str, float]:
        """Both, for the line of JSON."""
        return {"seconds": self.seconds, "cpu": self.cpu}


def adopt() -> None:
    """Let processes whose parents end count as this one's (Linux), so that it can wait for them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _processors() -> float:
    """Return the seconds that processors worked for this process and those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def main(tasks: Mapping[str, Callable[..., dict]]) -> None:
    """Run the task that the command line names, with its arguments; print one line of JSON."""
    result = tasks[sys.argv[1]](*sys.argv[2:])
    versions = {name: number for name in NAMED if (number := installed(name))}
    print(json.dumps({"megabytes": peak(), "versions": versions} | result))


def parquet(company: str, table: str) -> str:
    """Return the pattern of a table's files: a folder of them, or one file."""
    folder = Path(company) / table
    return str(folder / "*.parquet" if folder.is_dir() else folder.with_suffix(".parquet"))


def installed(name: str) -> str:
    """Return the version of a distribution, empty where it isn't there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def peak() -> float:
    """Return the most memory that this process ever held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent that it was forked from
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
