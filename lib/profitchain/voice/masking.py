"""What names, numbers and addresses in a text are covered before a person reads it for release.

Patterns catch most of what has a form: in constructed samples all e-mail addresses and order
numbers, five phone numbers in six, seven addresses in eight. They catch no name that nothing
announces. So a masked text is not anonymous, and none is published unless a person released it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "▢▢▢"
_NAME = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’-]+"
_STREET = "street|road|avenue|lane|drive|strasse|straße|str\\.|weg|platz|allee|rua|avenida|calle"
_STREET_AFTER = r"street|st\.|road|rd\.?|avenue|ave\.?|lane|drive|court|square|close"
_BEFORE_NAME = (
    r"my name is|i am called|name:|this is|regards,?|signed,?|mr\.?|mrs\.?|ms\.?|dr\.?|herr|frau|"
    r"senhora?|sra?\.|monsieur|madame|meu nome é"
)
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"(?i:https?://|www\.)\S+",
        r"[\w.+-]+\s?(?:@|＠|\(at\)|\[at\])\s?[\w-]+(?:\s?(?:\.|\(dot\))\s?[\w-]+)+",
        r"(?<!\w)@\w{3,}",
        rf"(?:{_NAME}\s){{0,3}}(?:\w*(?i:{_STREET})|rue(?:\s\w+){{1,3}})\s?\d{{1,4}}\s?[a-zA-Z]?\b",
        rf"\b\d{{1,5}}[a-z]?,?\s(?:{_NAME}\s){{1,3}}(?i:{_STREET_AFTER})\b",
        "[\u4e00-\u9fff]{1,6}[省市区區县縣路街巷弄里][\u4e00-\u9fff\\d]*\\d+ ?[号號室楼樓栋棟弄]?",
        rf"((?i:{_BEFORE_NAME})\s+){_NAME}(?:\s{_NAME}){{0,2}}",
        "((?:我叫|姓名[:：]?|本人) ?)[\u4e00-\u9fff]{2,4}(?=[，,。.!！、\\s]|$)",
        "[\u4e00-\u9fff](?=先生|女士|小姐|太太)",
        r"(?<!\w)#\s?\w*\d\w*",
        r"\b(?=[\w-]{7})(?=[\w-]*\d{3})(?=[\w-]*[A-Za-z])[A-Za-z\d]+(?:-[A-Za-z\d]+)*\b",
        r"(?<![\w.,])\+?\(?\d(?:[\s().\-/]{0,2}\d){5,}(?!\w)",
    )
]
_LONG_NUMBER = re.compile(r"\d{5,}")


def masked(text: str, *, known: Iterable[str] = ()) -> str:
    """Return a text with e-mail, web and postal addresses, numbers and announced names covered.

    Parameters
    ----------
    known : ids and names that are covered wherever they stand.

    Examples
    --------
    >>> masked("My name is Ann Lee, call 030 1234567 about order A-10293, a@b.com")
    'My name is ▢▢▢, call ▢▢▢ about order ▢▢▢, ▢▢▢'
    """
    for word in sorted({one for one in known if len(one) > 2}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", MASK, text, flags=re.I)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{MASK}" if pattern.groups else MASK, text)
    return _LONG_NUMBER.sub(MASK, text)


def would_cover(phrase: str) -> bool:
    """Tell whether a folded phrase holds something to cover: "mr smith", an order number.

    Examples
    --------
    >>> would_cover("frau müller"), would_cover("box leaks")
    (True, False)
    """
    return MASK in masked(phrase.title())
