"""Starts processes that work beside the command: silent, and gone when it is gone."""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing import parent_process


def start_worker() -> None:
    """Silence a worker (its errors come back as exceptions), and let it end with its parent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End this process when its parent is gone, else a killed command would leave workers."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
