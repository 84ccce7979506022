"""A firm's store: what was made of its tables, kept by key, whole or made again.

Each entry is a folder with a manifest of its files' sizes and sha256, written last. An entry that
isn't as its manifest says (a file gone, cut short or changed) is made anew; nothing reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from profitchain.intake.fingerprints import STANDING

ENTRIES_KEPT = 40
MAKING, MANIFEST = "making-", "manifest.json"
OF_OTHERS = ("pieces", "ledger", STANDING)  # folders that other modules look after
SECONDS_A_DAY = 86_400
ALWAYS_HASHED = 8_000_000  # bytes; larger files are hashed where their time is another


def kept(store: Path, key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder kept under a key; made aside and renamed if it isn't there, or is torn.

    Parameters
    ----------
    make : fills an empty folder.
    """
    folder = store / key
    if is_whole(folder):
        with suppress(OSError):  # a store may be read-only
            os.utime(folder)
        return folder
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=store) as name:
        making = Path(name)
        make(making)
        _write_manifest(making)
        _put_away(folder, store)
        try:
            making.rename(folder)
        except OSError:  # another run was quicker
            if not is_whole(folder):
                raise
        else:
            making.mkdir()
    _forget_old(store)
    return folder


def is_whole(folder: Path) -> bool:
    """Tell whether an entry is there with every file as its manifest says."""
    manifest = _manifest(folder)
    return bool(manifest) and all(_is_as_written(folder / n, told) for n, told in manifest.items())


def names_kept(folder: Path) -> set[str]:
    """Return the names of an entry's files, also of those that have gone since."""
    return set(_manifest(folder))


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _write_manifest(folder: Path) -> None:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    told = {path.name: _told(path) | {"sha256": _sha256(path)} for path in files}
    (folder / MANIFEST).write_text(json.dumps(told, indent=1), encoding="utf-8")


def _told(path: Path) -> dict[str, int]:
    state = path.stat()
    return {"bytes": state.st_size, "changed": state.st_mtime_ns}


def _is_as_written(path: Path, told: Mapping[str, Any]) -> bool:
    try:
        now = _told(path)
        if now["bytes"] != told["bytes"]:
            return False
        is_known = now["bytes"] > ALWAYS_HASHED and now["changed"] == told["changed"]
        return is_known or _sha256(path) == str(told["sha256"])
    except (OSError, LookupError, TypeError):
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_away(folder: Path, store: Path) -> None:
    """Make way for an entry where a torn one stands; a kill leaves only what goes by itself."""
    if folder.exists() and not is_whole(folder):
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=store) as away:
            folder.rename(Path(away) / folder.name)


def _forget_old(store: Path) -> None:
    """Remove all but the latest entries, and what killed runs left behind a day or more ago."""
    folders = [
        path
        for path in store.iterdir()
        if path.is_dir() and path.name not in OF_OTHERS and not path.name.startswith(".")
    ]
    dated = sorted((path.stat().st_mtime, path) for path in folders)
    whole = [path for _, path in dated if not path.name.startswith(MAKING)]
    old = time.time() - SECONDS_A_DAY
    torn = [path for at, path in dated if path.name.startswith(MAKING) and at < old]
    for folder in [*whole[:-ENTRIES_KEPT], *torn]:
        shutil.rmtree(folder, ignore_errors=True)
