"""A process that has imported all that a report needs, from which reports are forked to be killed.

A report spends most of its time on imports, in which it writes nothing. Forked from here it does
the same work in the same processes, one group of its own, in a third of the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from typing import Any
from uuid import uuid4

MORE = ("press.publish", "press.edition_cache", "exhibits.record_ids", "pages.pdf")
_plainly = util.spawnv_passfds


class WarmReports:
    """Starts reports of one checkout."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._says = root / "tmp"
        self._process = subprocess.Popen(
            [sys.executable, __file__], cwd=root, env=dict(environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, arguments: Sequence[str]) -> WarmReport:
        """Start a report as the leader of a group of processes."""
        says = self._says / f"says-{uuid4().hex}"
        pid = self.asked({"arguments": list(arguments), "says": str(says)})
        return WarmReport(self, pid, says)

    def end(self) -> None:
        """Start none any more."""
        self._process.communicate()

    def asked(self, order: Mapping[str, object]) -> Any:
        """Return what the process answers."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


class WarmReport:
    """A forked report: it is asked after and waited for as a process is."""

    def __init__(self, reports: WarmReports, pid: int, says: Path) -> None:
        self.pid, self._reports, self._says = pid, reports, says
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, -9 if it was killed; None where it runs still."""
        return self._ended(wait=False)

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; return nothing, and what it printed and said."""
        self._ended(wait=True)
        told = self._says.read_text(encoding="utf-8", errors="replace")
        self._says.unlink()
        return "", told

    def _ended(self, *, wait: bool) -> int | None:
        if self._code is None:
            self._code = self._reports.asked({"of": self.pid, "wait": wait})
        return self._code


def serve() -> None:
    """Start what is asked for, line by line, until nothing more is."""
    from profitchain import cli
    from profitchain.press import fork_server

    for module in (*fork_server.NEEDED, *(f"profitchain.{name}" for name in MORE)):
        import_module(module)
    util.spawnv_passfds = _forked
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "of" in order:
            ended, status = os.waitpid(order["of"], 0 if order["wait"] else os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        elif not (answer := os.fork()):
            _stand_alone(order["says"])
            code = cli.main(order["arguments"])
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)  # threads that imports began are in no fork, to be joined at the end
        print(json.dumps(answer), flush=True)


def _stand_alone(says: str) -> None:
    os.setsid()
    nothing, file = os.open(os.devnull, os.O_RDONLY), os.open(says, os.O_CREAT | os.O_WRONLY)
    for number, place in enumerate((nothing, file, file)):
        os.dup2(place, number)
    sys.argv = sys.argv[:1]


def _forked(path: object, arguments: list[Any], passed: list[int]) -> int:
    """Start the process that notebooks are forked from as a fork, which need import nothing."""
    if "forkserver" not in arguments[-1]:
        return int(_plainly(path, arguments, passed))
    if number := os.fork():
        return number
    for place in (int(path.name) for path in Path("/proc/self/fd").iterdir()):
        if place > 2 and place not in passed:
            with suppress(OSError):  # of the listing itself
                os.close(place)
    with suppress(SystemExit):
        exec(arguments[-1], {})
    os._exit(0)


if __name__ == "__main__":
    serve()
