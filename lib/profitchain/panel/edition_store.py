"""What is kept of editions beside a firm's tables: whole folders by their key, the latest ones."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from profitchain.intake.fingerprints import STANDING
from profitchain.sources.company import Company, store_of

EDITIONS_KEPT = 40
MAKING = "making-"
OF_OTHERS = ("pieces", STANDING)  # folders of the store that other modules look after
SECONDS_A_DAY = 86_400


def kept(firm: Company, key: str, make: Callable[[Path], None]) -> Path:
    """Return what is kept under a key, made aside and renamed if it isn't there yet."""
    store = store_of(firm)
    folder = store / key
    if folder.is_dir():
        os.utime(folder)
        return folder
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=store) as making:
        make(Path(making))
        try:
            Path(making).rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
        else:
            Path(making).mkdir()
    _forget_old(store)
    return folder


def _forget_old(store: Path) -> None:
    """Remove all but the latest summaries, and what killed runs left behind a day or more ago."""
    folders = [p for p in store.iterdir() if p.is_dir() and p.name not in OF_OTHERS]
    folders.sort(key=lambda folder: folder.stat().st_mtime)
    whole = [folder for folder in folders if not folder.name.startswith(MAKING)]
    old = time.time() - SECONDS_A_DAY
    torn = [folder for folder in folders if folder not in whole and folder.stat().st_mtime < old]
    for folder in [*whole[:-EDITIONS_KEPT], *torn]:
        shutil.rmtree(folder, ignore_errors=True)
