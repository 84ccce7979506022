"""Other programs that ours is compared with: each in an environment of its own, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from profitchain.core.errors import ProfitchainError

PINS = {
    "polars": ("polars==2.1.0",),
    "pyfixest": ("pyfixest==0.60.0", "pyarrow==26.0.1"),
    "duckreg": ("duckreg==0.4.1", "duckdb==1.5.6", "pyarrow==26.0.1"),  # it breaks with duckdb 2
    "lifetimes": ("lifetimes==0.11.3", "pyarrow==26.0.1"),
    "pymc-marketing": ("pymc-marketing==0.19.2", "pyarrow==26.0.1"),
}
LARGE = ("pymc-marketing",)  # a gigabyte: only where it is asked for
MADE = "made"


class PeerMissing(ProfitchainError):
    """A peer can't be installed; the message says why."""


def cache() -> Path:
    """Return the folder of this user in which environments and invented firms are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "profitchain"


def python_of(peer: str) -> Path:
    """Return the interpreter that has a peer, its environment made if need be; "" is our own.

    Raises PeerMissing.
    """
    if not peer:
        return Path(sys.executable)
    pins = "\n".join([*PINS[peer], sys.version])
    folder = cache() / f"peers-{peer}-{hashlib.sha256(pins.encode()).hexdigest()[:12]}"
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    if not (folder / MADE).exists():
        _make(peer, folder, scripts / "python")
    return scripts / "python"


def _make(peer: str, folder: Path, python: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PINS[peer]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerMissing(f"{peer} could not be installed: {error}.") from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        shutil.rmtree(folder, ignore_errors=True)
        raise PeerMissing(f"{peer} could not be installed: {(errors or ['pip failed'])[-1]}")
    (folder / MADE).touch()
