"""The errors that a user can mend: what was wrong, what would be right, what to do."""

from __future__ import annotations

import difflib
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
