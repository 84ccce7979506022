"""Which code computes: a hash of all that could compute otherwise, so that nothing old passes."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
NOTEBOOKS = ROOT / "notebooks"
REPORTS = ROOT / "reports"
MOST_LETTERS = 80  # of a licence: some packages give its whole text
_NAMED = re.compile(r"^(Name|Version):[ \t]*(\S+)[ \t]*$", re.MULTILINE)


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes, read once a process unless it changes.

    Whoever sets a file's time back to what it was changes the time of its entry.
    """
    now = path.stat()
    return _hash_of(path, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@cache
def _hash_of(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_of(notebooks: Path) -> str:
    """Return a hash of all that could compute otherwise: this library, modules beside notebooks.

    And Python and the versions of everything installed.
    """
    files = [path for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts]
    files += [path for path in notebooks.rglob("*.py") if ".ipynb_checkpoints" not in path.parts]
    digest = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"\0{path}\0{file_hash(path)}".encode())
    for name, number in sorted(map(_name_and_version, distributions())):
        digest.update(f"\0{name} {number}".encode())
    return digest.hexdigest()


def _name_and_version(package: Distribution) -> tuple[str, str]:
    """Return them as the package's first lines say; to read all its description takes longer."""
    head = (package.read_text("METADATA") or "").partition("\n\n")[0]
    named = dict(_NAMED.findall(head))
    return (named["Name"], named["Version"]) if len(named) == 2 else (package.name, package.version)


def licences() -> Iterator[str]:
    """Yield a line with name, version and licence for every package installed here, by name."""
    for package in sorted(distributions(), key=lambda package: package.name.lower()):
        told = package.metadata
        classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", [])
                   if line.startswith("License :: ")]  # fmt: skip
        given = [told.get_all(name, [""])[0] for name in ("License-Expression", "License")]
        first = next(
            filter(None, [given[0], "; ".join(classes), given[1]]), "not stated"
        ).splitlines()[0]
        yield f"{package.name:<28} {package.version:<12} {first[:MOST_LETTERS]}"


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
