"""Sentences that claim more than a comparison can show, and the design that each one needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path

STRONG = 3.0  # `evidence_grade` of a draw by lot, or an event valid by regions
Numbers = Mapping[str, float]  # of an edition's findings, by id


def is_strong(numbers: Numbers, _sentence: str) -> bool:
    return numbers.get("evidence_grade") == STRONG


def says_what_would_have_shown(_numbers: Numbers, sentence: str) -> bool:
    return bool(re.search(r"\bonly a drift of|\bwould have (?:shown|been seen)", sentence))


def never(_numbers: Numbers, _sentence: str) -> bool:
    return False


GOOD = r"(?:orders?|repeat\w*|returns?|sales|revenue|margin|profit|spend\w*|loyalty|retention)\b"
CLAIMS: dict[str, Callable[[Numbers, str], bool]] = {
    r"\bconfirms?\b|\bproves?\b|\bproven\b|\bproof\b": is_strong,
    rf"\b(?:causes|caused|raises|raised|leads? to|brings about)(?: \w+){{0,3}} {GOOD}": is_strong,
    r"\bbecause (?:they|customers) (?:are|were) (?:more |less |dis)?satisfied": is_strong,
    r"\bshown by (?:a draw|an event)": is_strong,
    r"\bevidence that .* is \**strong\b": is_strong,
    r"\b(?:truly|really|undoubtedly|certainly|guarantees?)\b": never,
    r"\bexpected profit\b": never,  # its rate of success was never measured
    r"\bno sign (?:of|that)\b": says_what_would_have_shown,
}
NEAR = 40  # characters before a claim, in which it may be denied
NO_CLAIM = re.compile(  # denied, asked, supposed, or told of how a method works
    r"n['’]t\b|\b(?:not|no|none|nor|never|nothing|neither|whether|whatever|if|assumes?|supposes?|"
    r"only an? (?:experiment|draw|lot)|had each|at most|beside the truth|is called)\b",
    re.IGNORECASE,
)


def unearned(text: str, numbers: Numbers) -> Iterator[str]:
    """Yield the sentences of a text that claim what this edition's designs don't earn."""
    for sentence in re.split(r"(?<=[.!?:])\s+|\n+", text):
        for claim, is_earned in CLAIMS.items():
            found = re.search(claim, sentence, re.IGNORECASE)
            before = sentence[max(found.start() - NEAR, 0) : found.start()] if found else ""
            asked = sentence.rstrip().endswith("?")
            denied = is_earned is is_strong and (asked or NO_CLAIM.search(before))
            if found and not denied and not is_earned(numbers, sentence):
                yield sentence


def words_of(page: Path) -> str:
    """Return what a page says, a line a block."""
    html = page.read_text(encoding="utf-8")
    html = re.sub(r"<(style|svg|pre)\b.*?</\1>", " ", html, flags=re.DOTALL)
    html = re.sub(r"</(?:p|h\d|li|td|th|summary|figcaption|div)>", "\n", html)
    return unescape(re.sub(r"<[^>]+>", "", html))


def numbers_of(edition: Path) -> Numbers:
    """Return an edition's findings of the whole firm, value by id."""
    rows = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    return {row["id"]: row["value"] for row in rows if row.get("group") is None}
