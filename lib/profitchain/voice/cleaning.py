"""What a customer wrote, without markup, signatures and spellings that differ only in form."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

import pandas as pd

BLOCK = 50_000  # texts that are changed at a time
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|</?[a-z][^<>]*>", flags=re.I | re.S)
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u2060\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r"^[ \t]*>.*$", flags=re.M)
_SIGNATURE = re.compile(
    r"\n--[ \t]*\n.*\Z"
    r"|(?:\A|\n)[ \t]*(?:sent from my|get outlook for|von meinem \w+ gesendet|gesendet von|"
    r"envoyé de mon|enviado (?:desde|do) m|发自我的|發自我的|從我的|从我的)[^\n]*\s*\Z"
    r"|\n[ \t]*(?:(?:best|kind|warm)?[ \t]*regards|sincerely|best wishes|cheers|"
    r"此致|敬上|祝好|順祝|顺祝)[ \t]*[,，。.!]?[ \t]*(?:\n[^\n]*){0,4}\Z",
    flags=re.I | re.S,
)
_ACCENTS = re.compile("[\u0300-\u036f\ufe0e\ufe0f]")
_SAYS_SOMETHING = re.compile(r"[^\W\d_]|[\u2600-\u27bf\U0001f300-\U0001faff]")


def cleaned(text: str) -> str:
    """Return a text in NFC without HTML, quoted lines, signatures and invisible signs.

    Emoji stay: they say something. A text without any letter or emoji says nothing and becomes "".

    Examples
    --------
    >>> cleaned("Late &amp; <b>broken</b> 😡<br>\\nSent from my iPhone")
    'Late & broken 😡'
    >>> cleaned("-- 10 --")
    ''
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    if "<" in text or "&" in text:
        text = _TAG.sub(" ", html.unescape(_TAG.sub(" ", text)))
    if "\n" in text or len(text) < 60:
        text = _SIGNATURE.sub("", _QUOTED.sub("", text))
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if _SAYS_SOMETHING.search(text) else ""


def folded(text: str) -> str:
    """Return a text with letters of one size and width, and without accents.

    Marks that make another letter (Japanese voicing, Hangul) stay.

    Examples
    --------
    >>> folded("Não recebi, ＥＮＴＲＥＧＡ Straße’s")
    "nao recebi, entrega strasse's"
    """
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).casefold().replace("’", "'")


def counted_once(texts: pd.DataFrame) -> pd.DataFrame:
    """Return texts that say something, cleaned, each once a customer and period.

    Parameters
    ----------
    texts : one row a text; reads `customer`, `period` and `text`.

    Returns
    -------
    The rows that stay, their `text` cleaned, with `folded`.
    """
    clean = _in_blocks(texts["text"].fillna(""), cleaned)
    rows = texts.assign(text=clean, folded=_in_blocks(clean, folded))
    again = rows.duplicated(["customer", "period", "folded"])
    return rows[~again & (rows["folded"] != "")].reset_index(drop=True)


def _in_blocks(texts: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Return texts changed one by one, with few of a large firm's in memory as Python has them."""
    starts = range(0, max(len(texts), 1), BLOCK)
    blocks = [texts.iloc[start : start + BLOCK].map(change).astype("str") for start in starts]
    return pd.concat(blocks)
