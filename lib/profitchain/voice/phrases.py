"""Which words and pairs of words each customer used, as documents to be compared.

A document is a customer: who writes the same thrice has said it once. Chinese is cut into words by
rjieba, which is loaded only where there is Chinese. Bare numbers are dropped; a phrase must hold a
word that isn't mere grammar.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pandas as pd
import yaml

from profitchain.voice.topics import UNSPACED

STOPWORDS = Path(__file__).with_name("stopwords.yml")
COMMON = 0.10  # share of documents from which on a word is grammar in any language
_CHINESE = r"\u3400-\u9fff\uf900-\ufaff"
_HAS_CHINESE = re.compile(f"[{_CHINESE}]")
_EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
_TOKENS = re.compile(
    rf"[^\W\d_{UNSPACED}][^\W_{UNSPACED}]*(?:['-][^\W_{UNSPACED}]+)*"
    rf"|[{_CHINESE}]+|[\u3040-\u30ff\uac00-\ud7af]+|[{_EMOJI}]|\d+|[^\s\w{_EMOJI}]"
)
_WORD = re.compile(rf"[^\W\d_]|[{_EMOJI}]")


def documents(texts: pd.DataFrame) -> list[set[str]]:
    """Return one set of phrases a customer.

    Parameters
    ----------
    texts : one row a text; reads `customer` and `folded`.

    Examples
    --------
    >>> texts = pd.DataFrame({"customer": ["a", "a"], "folded": ["box leaks, 2 of 3", "漏油了"]})
    >>> sorted(documents(texts)[0])
    ['box', 'box leaks', 'leaks', 'of', '了', '漏油', '漏油了']
    """
    by_customer: dict[object, set[str]] = {}
    for customer, text in zip(texts["customer"], texts["folded"], strict=True):
        by_customer.setdefault(customer, set()).update(phrases_of(text))
    return list(by_customer.values())


def phrases_of(text: str) -> Iterator[str]:
    """Yield the words of a folded text, and its pairs of words that stand side by side."""
    for before, word in _neighbours(text):
        yield word
        if before:
            yield joined(before, word)


def pairs_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of words that stand side by side in a folded text, signs between none."""
    return (pair for pair in _neighbours(text) if pair[0])


def joined(first: str, second: str) -> str:
    """Return two words as one phrase, as their language writes it."""
    chinese = _HAS_CHINESE.match(first) and _HAS_CHINESE.match(second)
    return first + second if chinese else f"{first} {second}"


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    """Yield each word with the one before it; "" where a sign or nothing stands before."""
    before = ""
    for word in _words(text):
        if _WORD.match(word):
            yield before, word
            before = word
        else:
            before = ""


def _words(text: str) -> Iterator[str]:
    """Yield words and, between them, signs and numbers that part them."""
    for match in _TOKENS.finditer(text):
        run = match[0]
        if len(run) > 1 and _HAS_CHINESE.match(run):
            yield from import_module("rjieba").cut(run)
        else:
            yield run


def counts(of: Iterable[set[str]]) -> Counter[str]:
    """Return in how many documents each phrase stands."""
    counter: Counter[str] = Counter()
    for document in of:
        counter.update(document)
    return counter


def is_content(phrase: str, common: Mapping[str, float] | None = None) -> bool:
    """Tell whether a phrase holds a word that isn't grammar.

    Parameters
    ----------
    common : the share of documents that each word is found in, if known.
    """
    parts = phrase.split() if " " in phrase else [phrase]
    return any(_says(part, common or {}) for part in parts)


def _says(word: str, common: Mapping[str, float]) -> bool:
    shortest = 1 if re.match(f"[{UNSPACED}{_EMOJI}]", word) else 3
    if len(word) < shortest or word in stopwords():
        return False
    return common.get(word, 0.0) < COMMON


@cache
def stopwords() -> frozenset[str]:
    """Return the words of grammar that come with the suite."""
    lists = yaml.safe_load(STOPWORDS.read_text(encoding="utf-8"))
    return frozenset(word for words in lists.values() for word in words.split())
