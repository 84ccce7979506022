"""A firm's own claims, `<company>/claims.yml`: one entry a claim by an id of its own.

All that is wrong there is said at once, by line, entry and key, each with the mend.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from profitchain.claims.estimands import DIRECTIONAL, ESTIMANDS
from profitchain.claims.registry import OWN, Claim, shipped_claims
from profitchain.claims.verdicts import EARNS
from profitchain.core.errors import CompanyError, did_you_mean
from profitchain.sources.own_claims import FILE, read_own_claims

MOST_LETTERS = 300
MOST_OWN = 100
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")
_OF_THE_SUITE = re.compile(r"[CX]\d+")
_KEYS = ("says", "estimand", "low", "high", "unit", "kind", "where", "said_by")
_OTHERWISE = {"low": -math.inf, "high": math.inf}
_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(\D*?)\s*")
_UNIT_WORDS = {
    "%": "percent", "per cent": "percent", "pp": "points", "percentage points": "points",
    "point": "points", "times": "ratio", "x": "ratio", "×": "ratio",
}  # fmt: skip
_MEANS = {  # a unit: what a number in it says, and the least and the most that it can be
    "percent": ("42% in place of 40% is 5 percent", -math.inf, math.inf),
    "points": ("42% in place of 40% is 2 points", -100, 100),
    "ratio": ("five times as much is 5", 0, math.inf),
    "score": ("points of the score's own scale", -math.inf, math.inf),
    "correlation": ("from -1 to 1", -1, 1),
    "p": ("a test's p-value, from 0 to 1", 0, 1),
}
Fault = tuple[str, str]  # the key ("": the whole entry), and what is wrong with the mend


def own_claims(folder: Path) -> tuple[Claim, ...]:
    """Return a firm's own claims, none where it has no such file.

    Raises
    ------
    CompanyError : entries can't be used; it names each with its line, why, and what would do.
    """
    entries, lines = read_own_claims(folder)
    if len(entries) > MOST_OWN:
        raise CompanyError(f"{FILE} holds {len(entries)} claims. {MOST_OWN} at most are tried.")
    faults = []
    for id, entry in entries.items():
        for key, says in _faults(str(id), entry):
            line = lines.get((str(id), key), lines.get((str(id),), 0))
            place = f", line {line}" if line else ""
            faults.append(f"{FILE}{place}, {': '.join(filter(None, (str(id), key)))}: {says}")
    if faults:
        raise CompanyError("\n".join(faults))
    return tuple(_claim(id, entry) for id, entry in entries.items())


def _claim(id: str, entry: Mapping[str, Any]) -> Claim:
    name, says = entry["estimand"], entry["says"]
    low, high = (float(entry.get(key, otherwise)) for key, otherwise in _OTHERWISE.items())
    words = {tag: _line(text) for tag, text in says.items()} if isinstance(says, dict) else says
    usual = next((claim.kind for claim in shipped_claims() if claim.estimand == name), "effect")
    return Claim(
        id=id, subject=OWN, kind=entry.get("kind", usual), where=(_line(entry.get("where")),),
        estimand=name, low=low, high=high, unit=entry.get("unit", ESTIMANDS[name].unit), needs=(),
        wrong="", said_by=_line(entry.get("said_by")), origin="", errors=(), weight=0,
        says=_line(words) if isinstance(words, str) else words,
    )  # fmt: skip


def _line(text: Any) -> str:
    return " ".join(str(text or "").split())[:MOST_LETTERS]


def _faults(id: str, entry: Any) -> Iterator[Fault]:
    """Yield what is wrong with an entry."""
    if not _ID.fullmatch(id) or _OF_THE_SUITE.fullmatch(id):
        yield "", "no id of your own. Write one as in V01."
    if not isinstance(entry, dict):
        yield "", "says nothing. Give says, estimand, low, high."
        return
    for key in entry:
        if key not in _KEYS:
            yield str(key), f"no key '{key}'. {did_you_mean(str(key), _KEYS)}"
    yield from _faults_of_words(entry.get("says"))
    kind = str(entry.get("kind", "effect"))
    if kind not in EARNS:
        yield "kind", f"kind '{kind}' is not known. {did_you_mean(kind, EARNS)}"
    name = entry.get("estimand")
    if name is None:
        yield "", f"names no estimand. {did_you_mean('', ESTIMANDS)}"
    elif str(name) not in ESTIMANDS:
        yield "estimand", f"no estimand '{name}'. {did_you_mean(str(name), ESTIMANDS)}"
    else:
        yield from _faults_of_unit(name, entry)
        yield from _faults_of_range(name, entry)


def _faults_of_words(says: Any) -> Iterator[Fault]:
    texts = list(says.values()) if isinstance(says, dict) else [says]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        yield "says", "says holds no text. Write the claim in a sentence."
    elif max(map(len, texts)) > MOST_LETTERS:
        yield "says", f"says is longer than {MOST_LETTERS} letters. Shorten it."


def _faults_of_unit(name: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield where a claim's unit isn't its estimand's, as points for percent."""
    unit, own = entry.get("unit", DIRECTIONAL), ESTIMANDS[name].unit
    if unit in (own, DIRECTIONAL):
        return
    mend = f"Write '{own}' or '{DIRECTIONAL}'"
    if _UNIT_WORDS.get(str(unit)) == own:
        yield "unit", f"unit '{unit}' is called otherwise here. {mend}."
    else:
        yield "unit", f"unit '{unit}' doesn't fit: {name} {_in(own)}. State the range so. {mend}."


def _faults_of_range(name: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    own = ESTIMANDS[name].unit
    given = {key: entry[key] for key in _OTHERWISE if key in entry}
    if not given:
        yield "", "claims no range. Give low, high or both."
        return
    faults = [(key, fault) for key, end in given.items() if (fault := _end_fault(key, end, name))]
    yield from faults
    if faults:
        return
    ends = {key: float(end) for key, end in given.items()}
    low, high = (ends.get(key, otherwise) for key, otherwise in _OTHERWISE.items())
    numbers = " and ".join(f"{key} {end:g}" for key, end in ends.items())
    if low > high:
        yield "low", f"low {low:g} lies above high {high:g}. Swap them."
    elif entry.get("unit") == DIRECTIONAL and {low, high} not in ({0, math.inf}, {0, -math.inf}):
        mend = f"Write low: 0 for more or high: 0 for less; of a size, unit: {own}."
        yield "unit", f"{numbers} is a size, and directional claims a side alone. {mend}"
    elif "unit" not in entry and (small := _like_shares(ends)) and own in ("percent", "points"):
        mend = f"Write {100 * small[0]:g} for the share {small[0]:g}"
        yield "", f"{numbers} is below 1 of 100 ({own}). {mend}, or add unit: {own} if it is so."


def _end_fault(key: str, end: Any, name: str) -> str:
    """Return what is wrong with one end of a range; "" if nothing is."""
    own = ESTIMANDS[name].unit
    _, least, most = _MEANS[own]
    if isinstance(end, str) and (parts := _NUMBER_AND_UNIT.fullmatch(end)):
        unit = _UNIT_WORDS.get(parts[2], parts[2] or own)
        mend = f"Write {key}: {parts[1]}" if unit == own else f"Write {key} as a number of {own}"
        return f"{key} '{end}' is text, and {name} {_in(own)}. {mend}."
    is_number = isinstance(end, int | float) and not isinstance(end, bool)
    if not is_number or math.isnan(end) or end == -_OTHERWISE[key]:
        return f"{key} '{end}' is no number. Write it as in low: 5."
    if math.isfinite(end) and not least <= end <= most:
        return f"{key} {end:g} can't be: {name} {_in(own)}. Write it so."
    return ""


def _like_shares(ends: Mapping[str, float]) -> list[float]:
    """Return the ends of a range that looks as if it were written in shares, but for zeros."""
    finite = [end for end in ends.values() if math.isfinite(end)]
    return [end for end in finite if end] if all(abs(end) < 1 for end in finite) else []


def _in(unit: str) -> str:
    return f"is in {unit} ({_MEANS[unit][0]})"
