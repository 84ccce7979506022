"""Why a notebook gave no page: in which cell, by which error, and what to do about it."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from profitchain.core.errors import ProfitchainError
from profitchain.core.i18n import _

Stop = Literal["error", "ended", "unusable"]
MOST_LETTERS = 300
_ADDRESS = re.compile(r"\b[A-Za-z][\w+.-]*://\S+")
_PART = r"[^\s/\\'\"`<>|:,;()\[\]]+"
_QUOTED = re.compile(r"(['\"])(?:[A-Za-z]:|~|\\\\)?[/\\][^'\"\n]*[/\\]([^'\"/\\\n]+)\1")
_BARE = re.compile(rf"(?<![\w.])(?:[A-Za-z]:|[~…])?[/\\]{{1,2}}(?:{_PART}[/\\]+)+({_PART})")
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class NotebookFailed(ProfitchainError):
    """A notebook stopped, so that its edition is incomplete or could not be made at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One notebook that gave no page.

    `stop` says how: by an `error` in a cell (its number from 1), `ended` by the system, or
    `unusable` because what it gave can't become a page. `error` is its type and message as
    `error_line` returns them: no traceback, no folder of this machine.
    """

    notebook: str
    stop: Stop
    error: str = ""
    cell: int = 0

    @property
    def words(self) -> str:
        """What happened, in one line."""
        words = {"notebook": self.notebook, "error": self.error, "cell": self.cell}
        if self.stop == "ended":
            return _(
                "{notebook} stopped because the system ended its process; most often, memory ran "
                "out",
                **words,
            )
        if self.stop == "unusable":
            return _("{notebook} ran to its end but can't become a page: {error}", **words)
        return _("{notebook} stopped in cell {cell}: {error}", **words)

    @property
    def advice(self) -> str:
        """What to do next."""
        if self.stop == "ended":
            return _("Close what else needs memory and run it again.")
        if self.stop == "unusable":
            return _("Open the notebook in JupyterLab, change that, and run it again.")
        return _(
            "Open the notebook in JupyterLab, set company and period, and run it to that cell."
        )


def error_line(name: str, message: str) -> str:
    """Return an error as a page may show it: type and message in one line, without folders.

    Addresses lose everything, paths all but their last part.

    Examples
    --------
    >>> error_line("FileNotFoundError", "No such file: '/home/ana silva/shop/orders.csv'")
    "FileNotFoundError: No such file: '…/orders.csv'"
    """
    text = _ADDRESS.sub("…", _TERMINAL.sub("", message))
    text = _QUOTED.sub(r"\1…/\2\1", text)
    places = {Path.home(), Path.cwd(), Path(sys.prefix), Path(tempfile.gettempdir())}
    folders = (str(path) for path in places if len(path.parts) > 1)
    for folder in sorted(folders, key=len, reverse=True):
        text = text.replace(folder, "…")
    text = " ".join(_BARE.sub(r"…/\1", text).split())
    text = f"{name}: {text}" if text else name
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1].rstrip() + "…"
