"""How a notebook's kernel starts: forked from a process that has imported all, or by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import EntryPoint
from pathlib import Path

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "profitchain-forked"
LAUNCHER = "ipykernel_launcher"
_address = b""


def use(address: bytes) -> None:
    """Let this process take its kernels from an address that `forking.warm` gave; b"": plain ones.

    The provisioner is made known to this process alone, so that no installed entry point is needed.
    """
    global _address
    _address = address
    factory = KernelProvisionerFactory.instance()
    if address:
        place = f"{__name__}:{Forked.__name__}"
        factory.provisioners[NAME] = EntryPoint(NAME, place, factory.GROUP_NAME)
    factory.default_provisioner_name = NAME if address else "local-provisioner"


class Forked(LocalProvisioner):
    """Forks Python's own kernel; starts any other kernel by itself."""

    async def launch_kernel(self, cmd: list[str], **how: object) -> dict:
        """Return how to connect to a new kernel: forked where that works, else started plainly."""
        if _is_ours(cmd):
            with suppress(OSError, EOFError):  # who forks may be gone: memory ran out
                arguments = cmd[cmd.index(LAUNCHER) :]
                self.process = Child(_address, arguments, how.get("env"), how.get("cwd"))
                self.pid = self.pgid = self.process.pid
                self.cwd = how.get("cwd") or Path.cwd()
                return self.connection_info
        return await super().launch_kernel(cmd, **how)


def _is_ours(cmd: Sequence[str]) -> bool:
    return LAUNCHER in cmd and Path(cmd[0]).resolve() == Path(sys.executable).resolve()


class Child:
    """A forked kernel, as far as its provisioner asks after it as it would after a Popen."""

    stdin = stdout = stderr = None

    def __init__(
        self,
        address: bytes,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None,
        folder: str | None,
    ) -> None:
        wanted = {
            "arguments": list(arguments),
            "environment": dict(os.environ if environment is None else environment),
            "folder": folder or str(Path.cwd()),
        }
        self.returncode: int | None = None
        with ExitStack() as undone:
            self._forker = undone.enter_context(socket.socket(socket.AF_UNIX))
            self._lines = undone.enter_context(self._forker.makefile("rb"))
            self._forker.connect(address)
            self._forker.sendall(json.dumps(wanted).encode() + b"\n")
            told = self._lines.readline()
            if not told:
                raise EOFError
            self.pid = int(told)
            self._open = undone.pop_all()

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            try:
                self._forker.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except OSError:
                pass  # who forked it is gone, and it with them
        return self.wait()

    def wait(self) -> int:
        """Return the exit code as soon as it ended; that of a kill if who forked it is gone."""
        if self.returncode is None:
            told = b""
            with suppress(OSError):
                told = self._lines.readline()
            self.returncode = int(told or -signal.SIGKILL)
            self._open.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal unless it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)
