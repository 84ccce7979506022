"""Which claims are tried: the list that comes with the suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from profitchain.claims.verdicts import Kind

OWN = "own"  # the subject of a firm's claims
ILL_POSED = frozenset(
    {"no_number", "weight_for_trust", "percent_of_nps", "above_100", "five_times_lower", "no_x",
     "gross"}
)  # fmt: skip
REGISTRY = Path(__file__).with_name("registry.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim as it stands somewhere.

    `where`: document and line. `low`, `high`: the claimed range in `unit` (of a directional one,
    the side), None where no number is given. `needs`: tables and columns. `wrong`: a key of what is
    wrong with it as stated. `errors`: ids of the list of errors. `weight`: how much hangs on it in
    decisions, 0 to 9. `says`: a firm's own words; others stand in the catalogue by the id.
    """

    id: str
    subject: str
    kind: Kind
    where: tuple[str, ...]
    estimand: str
    low: float | None
    high: float | None
    unit: str
    needs: tuple[str, ...]
    wrong: str
    said_by: str
    origin: str
    errors: tuple[str, ...]
    weight: int
    says: str | Mapping[str, str] = ""

    @property
    def is_ill_posed(self) -> bool:
        """Whether what is wrong with it leaves nothing to try."""
        return self.wrong in ILL_POSED


@cache
def shipped_claims() -> tuple[Claim, ...]:
    """Return the claims that come with the suite, by id."""
    text = REGISTRY.read_text(encoding="utf-8")
    entries = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    lists = ("where", "needs", "errors")
    return tuple(
        Claim(id=id, **entry | {name: tuple(entry[name]) for name in lists})
        for id, entry in entries.items()
    )
