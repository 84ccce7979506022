"""Which topics a text speaks of, by lists of words that the firm declares.

A word of a list stands for all words that begin with it (`deliver`: delivery, delivered); closed
by a full stop it stands for itself (`late.`). Chinese, Japanese and Korean words count wherever
they stand. Where a longer word of another topic holds a shorter one ("not recommend" and
"recommend", 不推荐 and 推荐), the longer one is looked for first and what it covers counts for it
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from profitchain.sources.company import Company
from profitchain.sources.settings import Topic
from profitchain.voice.cleaning import BLOCK, folded

STARTERS = Path(__file__).with_name("starters")
USUAL_STARTER = "shop"  # of a firm with orders that names none
UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_REST = rf"[^\s{UNSPACED}]*"
_SIGNS = r"[\pP\pZ\s$+<=>|~^`]+"


def starter(name: str) -> dict[str, Topic]:
    """Return a starter list that comes with the suite."""
    text = (STARTERS / f"{name}.yml").read_text(encoding="utf-8")
    topics = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {key: Topic(**topic) for key, topic in topics.items()}


def declared(firm: Company) -> dict[str, Topic]:
    """Return the firm's topics: its own, on top of the starter list that it names."""
    name: str | None = firm.topics.starter
    if name is None and not firm.topics.lists and "orders" in firm.tables:
        name = USUAL_STARTER
    return (starter(name) if name else {}) | dict(firm.topics.lists)


def marks(texts: pd.Series, words: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return which topics each text speaks of: one row a text, one column of 0 and 1 a topic.

    Parameters
    ----------
    texts : as `cleaning.folded` gives them.
    words : beginnings of words, by topic.

    Examples
    --------
    >>> texts = pd.Series(["delivered late", "i would not recommend it", "不推荐"])
    >>> words = {
    ...     "delivery": ["deliver"],
    ...     "praise": ["recommend", "推荐"],
    ...     "warning": ["not recommend", "不推荐"],
    ... }
    >>> marks(texts, words).to_numpy().tolist()
    [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    """
    lists = {topic: [_form(word) for word in of] for topic, of in words.items()}
    first = {topic: _pattern(_longer(topic, lists), rest=_REST) for topic in lists}
    starts = range(0, max(len(texts), 1), BLOCK)
    parts = [_marked(texts.iloc[start : start + BLOCK], lists, first) for start in starts]
    return pd.concat(parts).set_index(texts.index)


def _longer(topic: str, lists: Mapping[str, Sequence[str]]) -> set[str]:
    """Return words of other topics that hold one of the topic's own."""
    several = {word for other, of in lists.items() if other != topic for word in of}
    return {
        word
        for word in several
        if any(short.strip() in word and short != word for short in lists[topic])
    }


def _marked(
    texts: pd.Series, lists: Mapping[str, Sequence[str]], first: Mapping[str, str]
) -> pd.DataFrame:
    """Return `marks` of a block of texts; what `first` finds of a topic is taken out before."""
    rows = pc.replace_substring_regex(pa.array(texts.tolist(), pa.string()), _SIGNS, " ")
    rows = pc.binary_join_element_wise("", rows, "", " ")  # each word between two blanks
    found = {}
    for topic, own in lists.items():
        left = pc.replace_substring_regex(rows, first[topic], " ") if first[topic] else rows
        found[topic] = pc.match_substring_regex(left, _pattern(own)).to_numpy(zero_copy_only=False)
    return pd.DataFrame(found, index=texts.index).astype(np.int8)


def _form(word: str) -> str:
    """Return a word as it stands in a text: a blank before it, and behind it if it is whole."""
    plain = " ".join(re.sub(r"[^\w\u2600-\U0001faff]+|_", " ", folded(word)).split())
    if _UNSPACED.search(plain):
        return plain
    return f" {plain} " if word.endswith(".") else f" {plain}"


def _pattern(words: Iterable[str], *, rest: str = "") -> str:
    """Return an expression (RE2's, for speed) for any of the words, the longest first.

    `rest` is what follows the beginning of a word.
    """
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word) + ("" if word.endswith(" ") else rest) for word in ordered)
