"""Which code computes: a hash of all that could compute otherwise, so that nothing old passes."""

from __future__ import annotations

import hashlib
import platform
import sys
from importlib.metadata import distributions
from pathlib import Path

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]
NOTEBOOKS = ROOT / "notebooks"


def code_of(notebooks: Path) -> str:
    """Return a hash of all that could compute otherwise: this library, modules beside notebooks.

    And Python and the versions of everything installed.
    """
    files = [path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts]
    files += [path for path in notebooks.rglob("*.py") if ".ipynb_checkpoints" not in path.parts]
    digest = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"\0{path}\0".encode() + path.read_bytes())
    for name, number in sorted((one.name, one.version) for one in distributions()):
        digest.update(f"\0{name} {number}".encode())
    return digest.hexdigest()
