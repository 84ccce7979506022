"""A notebook run in a process of its own, forked from one that has imported all: no sockets.

The process is what a kernel is. IPython's own kernel runs the cells, papermill's client takes what
they show, and a session that hands messages over at once stands between the two. Linux only, as
`fork_server`.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

ENGINE = "profitchain-forked"
CHUNK = 2**20  # bytes read at once of what a notebook prints


class Engine(NBClientEngine):
    """Runs a notebook in this process, which can be done once: what its cells change stays."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_how: Any) -> Any:
        """Run cells up to the first that fails, as papermill's own engine."""
        return _Client(nb_man, kernel_name=kernel_name).execute()


papermill_engines.register(ENGINE, Engine)


class _Client(PapermillNotebookClient):
    def execute(self, **_how: Any) -> Any:
        self.reset_execution_trackers()
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        session = _Session()
        session.take = lambda message: self.process_message(message, *self.at)
        for earlier in (_App, IPythonKernel, ZMQInteractiveShell):
            earlier.clear_instance()
        app = _App.instance(session=session)
        app.initialize(["--HistoryManager.hist_file=:memory:"])
        self.run = app.kernel.do_execute
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = app.kernel.language_info
        self.set_widgets_metadata()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **_how: Any) -> Any:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or "skip-execution" in tags:
            return cell
        cell.outputs, self.clear_before_next_output, self.at = [], False, (cell, cell_index)
        reply = self.loop.run_until_complete(self.run(cell.source, False))
        sys.stdout.flush()
        sys.stderr.flush()
        cell.execution_count = reply["execution_count"]
        if reply["status"] == "error" and "raises-exception" not in tags:
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell


class _Session(Session):
    """Hands a message over as it would arrive."""

    take: Callable[[dict[str, Any]], Any]

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **more: Any
    ) -> None:
        is_kind = isinstance(msg_or_type, str)
        message = self.msg(msg_or_type, content) if is_kind else msg_or_type
        content = self.unpack(self.pack(message["content"]))
        self.take(message | {"content": content, "buffers": more.get("buffers") or []})


class _App(IPKernelApp):
    """IPython's kernel as it starts, with the user's settings, but for sockets and threads."""

    def init_io(self) -> None:
        sys.stdout = _Stream(sys.stdout.fileno(), "stdout", self.session)
        sys.stderr = _Stream(sys.stderr.fileno(), "stderr", self.session)

    def init_kernel(self) -> None:
        kernel: Any = IPythonKernel.instance(
            parent=self, session=self.session, log=self.log, profile_dir=self.profile_dir,
            user_ns=self.user_ns, shell_channel_thread=SimpleNamespace(parent_thread=None),
        )  # fmt: skip
        kernel.shell.ask_exit = lambda: os._exit(0)
        self.kernel = kernel

    def _nothing(self, **_: Any) -> None: ...

    init_connection_file = init_poller = init_sockets = init_heartbeat = _nothing
    write_connection_file = log_connection_info = init_signal = _nothing


class _Stream(io.TextIOWrapper):
    """What this process, and others that it starts, write to one of its files; told as a kernel."""

    def __init__(self, number: int, name: str, session: _Session) -> None:
        written = os.memfd_create(name)
        os.dup2(written, number)
        self._reader = os.open(f"/proc/self/fd/{written}", os.O_RDONLY)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._name, self._session, self._owner = name, session, os.getpid()
        file = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        super().__init__(file, "utf-8", "backslashreplace", line_buffering=True)

    def flush(self) -> None:
        super().flush()
        if os.getpid() == self._owner:  # not in what a notebook forks
            parts = iter(lambda: os.read(self._reader, CHUNK), b"")
            if text := "".join(map(self._decode, parts)):
                self._session.send(None, "stream", {"name": self._name, "text": text})
