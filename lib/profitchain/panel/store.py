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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.intake.fingerprints import STANDING

ENTRIES_KEPT = 40
MAKING, MANIFEST, ESTIMATE = "making-", "manifest.json", "estimate.json"
NUMBERS = "numbers"  # the folder of estimates that several pages need
OF_OTHERS = ("pieces", "ledger", STANDING, NUMBERS)  # folders that other modules look after
SECONDS_A_DAY = 86_400
ALWAYS_HASHED = 8_000_000  # bytes; larger files are hashed where their time is another


def kept(store: Path, key: str, make: Callable[[Path], object]) -> Path:
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


def kept_estimate(
    store: Path, parts: Sequence[str], make: Callable[[], MaybeEstimate]
) -> MaybeEstimate:
    """Return an estimate kept under all that it depends on, or make it; reasons aren't kept.

    Parameters
    ----------
    parts : all that it depends on; the code's version is among it if an edition's key is.
    """
    place = store / NUMBERS / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    with suppress(OSError, ValueError, TypeError):
        return Estimate(**json.loads((place / ESTIMATE).read_text(encoding="utf-8")))
    found = make()
    if isinstance(found, Estimate):
        text = json.dumps(asdict(found))
        with suppress(OSError):  # a store may be read-only
            place.parent.mkdir(exist_ok=True)
            kept(place.parent, place.name,
                 lambda folder: (folder / ESTIMATE).write_text(text, encoding="utf-8"))  # fmt: skip
    return found


def digest_of(frame: pd.DataFrame) -> str:
    """Return a hash of a frame's columns and values, in their order."""
    values = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(repr(list(frame)).encode() + values.tobytes()).hexdigest()


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
