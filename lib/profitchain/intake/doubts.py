"""What the gate before a firm's numbers has to say: doubts that are told, and stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, int | float | str]
FEW = 5  # rows; a share of fewer says nothing
ENOUGH = 30  # customers or answers from which on a share says something


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is doubtful in a table: `kind` is a key of `words/warnings.yml`, `values` its numbers.

    `n` is the number of rows or customers that it touches; money is in minor units.
    """

    table: str
    column: str
    kind: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a table is not what it should be, past a limit of the firm, and the mend."""

    table: str
    says: str


Finding = Doubt | Stop
