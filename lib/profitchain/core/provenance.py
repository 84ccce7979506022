"""Which code computes: a hash of all that could compute otherwise, so that nothing old passes."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
NOTEBOOKS = ROOT / "notebooks"
REPORTS = ROOT / "reports"


def code_of(notebooks: Path) -> str:
    """Return a hash of all that could compute otherwise: this library, modules beside notebooks.

    And Python and the versions of everything installed.
    """
    files = [path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts]
    files += [path for path in notebooks.rglob("*.py") if ".ipynb_checkpoints" not in path.parts]
    digest = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"\0{path}\0".encode() + path.read_bytes())
    for name, number in sorted((package.name, package.version) for package in distributions()):
        digest.update(f"\0{name} {number}".encode())
    return digest.hexdigest()


def commit() -> str:
    """Return the code's commit, marked where files differ from it; "" outside a checkout."""
    try:
        sha = _git("rev-parse", "--short=12", "HEAD")
        return sha + (
            " with local changes" if _git("status", "--porcelain", "lib", "notebooks") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()
