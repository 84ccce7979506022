"""Which claims are tried: the list that comes with the suite, and a firm's own.

A firm's own stand in `<company>/claims.yml`, one entry a claim by an id of its own; what is wrong
there is said with the entry and the mend.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from profitchain.claims.estimands import DIRECTIONAL, ESTIMANDS
from profitchain.claims.verdicts import EARNS, Kind
from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.own_claims import FILE, read_own_claims

OWN = "own"  # the subject of a firm's claims
ILL_POSED = frozenset(
    {"no_number", "weight_for_trust", "percent_of_nps", "above_100", "five_times_lower", "no_x",
     "gross"}
)  # fmt: skip
REGISTRY = Path(__file__).with_name("registry.yml")
MOST_LETTERS = 300
MOST_OWN = 100
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")
_OF_THE_SUITE = re.compile(r"[CX]\d+")
_KEYS = ("says", "estimand", "low", "high", "unit", "kind", "where", "said_by")


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
    entries = yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))
    lists = ("where", "needs", "errors")
    return tuple(
        Claim(id=id, **entry | {name: tuple(entry[name]) for name in lists})
        for id, entry in entries.items()
    )


def own_claims(folder: Path) -> tuple[Claim, ...]:
    """Return a firm's own claims, none where it has no such file.

    Raises
    ------
    CompanyError : an entry can't be used; it says which, why, and what would do.
    """
    entries = read_own_claims(folder)
    if len(entries) > MOST_OWN:
        raise CompanyError(f"{FILE} holds {len(entries)} claims. {MOST_OWN} at most are tried.")
    return tuple(own_claim(str(id), entry) for id, entry in entries.items())


def own_claim(id: str, entry: Any) -> Claim:
    """Return one entry of a firm's file as a claim, or raise CompanyError."""
    at = f"{FILE}, {id}"
    if not _ID.fullmatch(id) or _OF_THE_SUITE.fullmatch(id):
        raise CompanyError(f"{at}: no id of your own. Write one as in V01.")
    if not isinstance(entry, dict):
        raise CompanyError(f"{at}: says nothing. Give says, estimand, low, high.")
    for key in entry:
        if key not in _KEYS:
            raise CompanyError(f"{at}: no key '{key}'. {did_you_mean(str(key), _KEYS)}")
    says = _words(at, entry.get("says"))
    name = str(entry.get("estimand"))
    if name not in ESTIMANDS:
        raise CompanyError(f"{at}: no estimand '{name}'. {did_you_mean(name, ESTIMANDS)}")
    unit = entry.get("unit", ESTIMANDS[name].unit)
    if unit not in (ESTIMANDS[name].unit, DIRECTIONAL):
        known = f"'{ESTIMANDS[name].unit}' or '{DIRECTIONAL}'"
        raise CompanyError(f"{at}: unit '{unit}' doesn't fit {name}. Write {known}.")
    usual = next((c.kind for c in shipped_claims() if c.estimand == name), "effect")
    kind = entry.get("kind", usual)
    if str(kind) not in EARNS:
        raise CompanyError(f"{at}: kind '{kind}' is not known. {did_you_mean(str(kind), EARNS)}")
    low, high = _range(at, entry)
    return Claim(
        id=id, subject=OWN, kind=cast(Kind, kind), where=(_line(entry.get("where")),),
        estimand=name, low=low, high=high, unit=unit, needs=(), wrong="",
        said_by=_line(entry.get("said_by")), origin="", errors=(), weight=0, says=says,
    )  # fmt: skip


def _words(at: str, says: Any) -> str | Mapping[str, str]:
    texts = list(says.values()) if isinstance(says, dict) else [says]
    if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
        raise CompanyError(f"{at}: says holds no text. Write the claim in a sentence.")
    if max(map(len, texts)) > MOST_LETTERS:
        raise CompanyError(f"{at}: says is longer than {MOST_LETTERS} letters. Shorten it.")
    return (
        {str(tag): _line(one) for tag, one in says.items()}
        if isinstance(says, dict)
        else (_line(says))
    )


def _line(text: Any) -> str:
    return " ".join(str(text or "").split())[:MOST_LETTERS]


def _range(at: str, entry: Mapping[str, Any]) -> tuple[float, float]:
    """Return the claimed range; an end that isn't given is infinite."""
    ends = []
    for key, otherwise in (("low", -math.inf), ("high", math.inf)):
        value = entry.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise CompanyError(f"{at}: {key} '{value}' is no number. Write it as in low: 5.")
        ends.append(float(value))
    if ends == [-math.inf, math.inf]:
        raise CompanyError(f"{at}: claims no range. Give low, high or both.")
    if ends[0] > ends[1]:
        raise CompanyError(f"{at}: low {ends[0]:g} lies above high {ends[1]:g}. Swap them.")
    return ends[0], ends[1]
