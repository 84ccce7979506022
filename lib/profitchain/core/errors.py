"""The errors that a user can mend: what was wrong, what would be right, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class ProfitchainError(Exception):
    """Base of every error that the suite raises on purpose."""


class CompanyError(ProfitchainError):
    """company.yml, or what it points to, can't be used."""


class ContractError(ProfitchainError):
    """A table breaks its contract so far that nothing can be computed from it."""


class PeriodError(ProfitchainError):
    """A reporting period is badly written, or the data don't cover it."""


class ParameterError(ProfitchainError):
    """A notebook or command was given a parameter that it doesn't know or can't use."""


class NotMeasured(ProfitchainError):
    """The firm has no table or question that a page needs."""


class CannotPrint(ProfitchainError):
    """The published pages could not be printed as a PDF."""


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return a sentence that names the nearest known word, or lists them all.

    Examples
    --------
    >>> did_you_mean("oders", ["orders", "responses"])
    "Did you mean 'orders'?"
    >>> did_you_mean("xyz", ["orders", "responses"])
    'Known: orders, responses.'
    """
    names = list(names)
    near = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."


_WHOLE = "An edition is replaced whole or not at all, so the last one stands."
_OF_THE_SYSTEM = {  # what a system says, and what it means to whoever asked for a report
    r"No space left on device|Disk quota exceeded|File too large": "There is no room left on the "
    "disk{place}. Free some, then run the same again.",
    r"Read-only file system|Permission denied|Operation not permitted": "A file may not be written "
    "or read{place}. Give yourself the right to, or name another folder (for editions: --out).",
    r"No usable temporary directory": "There is no folder for temporary files. Make one that you "
    "may write to, and name it: export TMPDIR=/path/to/it.",
    r"File name too long": "A name is longer than the disk can keep{place}. Shorten it.",
    r"surrogates not allowed": "The name of a folder or file is not written in UTF-8. Rename it.",
    r"Too many open files": "The system allows too few open files. Allow more: ulimit -n 4096.",
    r"Out of Memory Error|MemoryError|Cannot allocate memory": "Memory ran out. Close what else "
    "needs it, then run the same again.",
}


def of_the_system(error: BaseException) -> str:
    """Return in one sentence what the system refused, and the mend; "" for any other error.

    Examples
    --------
    >>> of_the_system(OSError(28, "No space left on device", "/out/a.html"))[:47]
    'There is no room left on the disk (/out/a.html)'
    >>> of_the_system(KeyError("x"))
    ''
    """
    text = f"{type(error).__name__}: {error}"
    name = getattr(error, "filename", None)
    for pattern, words in _OF_THE_SYSTEM.items():
        if re.search(pattern, text):
            return f"{words.format(place=f' ({name})' if name else '')} {_WHOLE}"
    return ""
