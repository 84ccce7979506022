"""A folder is replaced whole or not at all, whatever happens in between."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from profitchain.core.errors import ParameterError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_MARK, _OLD = ".making-", "-old"


@contextmanager
def aside(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target` to build in; remove it at the end, whatever happens.

    Folders left behind by killed runs are removed first, and whatever a killed run had set aside
    is put back. Raises ParameterError where the folder can't be made.
    """
    building = target.parent / f"{_MARK}{target.name}-{os.getpid()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_up(target.parent)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
    except OSError as refused:
        raise ParameterError(
            f"Nothing can be written to {target.parent} ({refused.strerror}). "
            "Make it a folder that you may write to, or name another (for an edition: --out)."
        ) from None
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """Give an empty folder in `place` that its owner alone may read; remove it at the end.

    What killed runs left there is removed first.
    """
    clear_up(place)
    folder = place / f"{_MARK}scratch.{uuid4().hex}-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def among_temporary(name: str) -> Path:
    """Return a folder among temporary files that stays, and that its owner alone may read.

    Raises ParameterError where somebody else has made it, or can read it: its name can be guessed.
    """
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(exist_ok=True, mode=0o700)
    about = folder.lstat()
    is_alone = stat.S_ISDIR(about.st_mode) and not about.st_mode & 0o077
    if is_alone and about.st_uid == os.getuid():
        return folder
    raise ParameterError(
        f"{folder} would hold the firm's figures, and isn't yours alone. Remove it, or let TMPDIR "
        "name a folder of your own."
    )


def exchange(made: Path, target: Path) -> None:
    """Put the folder `made` in the place of `target`, in one step where the system can do so."""
    if not target.exists():
        made.rename(target)
    elif not _exchanged(made, target):
        old = target.parent / f"{_MARK}{target.name}{_OLD}-{os.getpid()}"
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        made.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a folder in one step for whoever looks; a kill leaves nothing that comes back."""
    if folder.exists():
        away = folder.parent / f"{_MARK}{folder.name}-{os.getpid()}"
        shutil.rmtree(away, ignore_errors=True)
        folder.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def _exchanged(made: Path, target: Path) -> bool:
    """Swap two folders atomically (renameat2 on Linux, renamex_np on macOS); tell if it worked."""
    names = os.fsencode(made), os.fsencode(target)
    try:
        system = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            places = _AT_FDCWD, names[0], _AT_FDCWD, names[1]
            return bool(system.renameat2(*places, _RENAME_EXCHANGE) == 0)
        is_done = sys.platform == "darwin" and system.renamex_np(*names, _RENAME_EXCHANGE) == 0
        return bool(is_done)
    except (AttributeError, OSError, TypeError):
        return False


def clear_up(parent: Path) -> None:
    """Put back what runs that are gone had set aside, and remove what else they left behind.

    Parameters
    ----------
    parent : the folder beside whose folders they worked.
    """
    for folder in parent.glob(f"{_MARK}*"):
        name, _, pid = folder.name.removeprefix(_MARK).rpartition("-")
        if _alive(pid):
            continue
        target = parent / name.removesuffix(_OLD)
        if name.endswith(_OLD) and not target.exists():
            folder.rename(target)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
