"""In which language a page speaks: messages by gettext, plurals and lists by its own rules.

The source language is English; a message without a translation is shown as it is. A language is a
folder of catalogues, `locales/zh_Hant/*.po`: adding one adds the language.
"""

from __future__ import annotations

import gettext as standard
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from profitchain.core.errors import ParameterError, did_you_mean

SOURCE = "en"
MANY = 2  # a number that is not whole takes the form of more than one
FOLDER = Path(__file__).parent / "locales"
HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\U00020000-\U0003ffff]")
_WITHOUT_SPACES = {"zh", "ja"}  # sentences follow each other without a space
_HAN_A_WORD = 3
_spoken = [""]  # "" until somebody chose: then English


def available() -> list[str]:
    """Return the tags of all languages that have a catalogue, English first."""
    tags = sorted(path.parent.name.replace("_", "-") for path in FOLDER.glob("*/messages.po"))
    return [SOURCE, *tags]


def check(tag: str) -> str:
    """Return a language's tag, or raise ParameterError where there is no catalogue for it."""
    if tag not in available():
        raise ParameterError(
            f"There are no pages in '{tag}'. {did_you_mean(tag, available())} A language is a "
            "folder of catalogues in lib/profitchain/core/locales; its README says how to add one."
        )
    return tag


def use(tag: str) -> None:
    """Let everything from here on speak a language."""
    _spoken[0] = check(tag) if tag else ""


def use_unless_chosen(tag: str) -> None:
    """Let everything speak a company's language, where nobody asked for another."""
    if not _spoken[0]:
        use(tag)


def spoken() -> str:
    """Return the tag of the language that is spoken: "en", "zh-Hant"…"""
    return _spoken[0] or SOURCE


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Speak a language for a while."""
    before = _spoken[0]
    use(tag)
    try:
        yield
    finally:
        _spoken[0] = before


def locale() -> Locale:
    """Return by whose rules numbers, dates and lists are written."""
    return _locale(spoken())


def name(tag: str) -> str:
    """Return what a language calls itself.

    Examples
    --------
    >>> name("en"), name("zh-Hant")
    ('English', '繁體中文')
    """
    own = _locale(tag)
    native_name = own.get_language_name() if tag == SOURCE else _SCRIPTS.get(tag)
    return native_name or own.get_display_name() or tag


_SCRIPTS = {"zh-Hant": "繁體中文", "zh-Hans": "简体中文"}  # CLDR: 中文 (繁體)


def N_(message: str) -> str:
    """Return a message as it is, marked for translation where it is shown."""
    return message


def NN_(singular: str, plural: str) -> tuple[str, str]:
    """Return both forms of a message that counts, marked for translation where it is shown."""
    return singular, plural


def gettext(message: str, /, **values: object) -> str:
    """Return a message in the spoken language, its `{names}` filled in.

    Examples
    --------
    >>> gettext("{count} of {total} rows", count=3, total=1200)
    '3 of 1200 rows'
    """
    text = _translations(spoken()).gettext(message) if message else message
    return text.format(**values) if values else text


_ = gettext


def ngettext(singular: str, plural: str, n: float, /, **values: object) -> str:
    """Return the form of a message that goes with a number; `{n}` is that number.

    Examples
    --------
    >>> ngettext("{n} table", "{n} tables", 1), ngettext("{n} table", "{n} tables", 3)
    ('1 table', '3 tables')
    """
    whole = int(n) if n == int(n) else MANY
    text = _translations(spoken()).ngettext(singular, plural, whole)
    return text.format(**{"n": n} | values)


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return a message in the sense that a context gives it: as a heading, in a notebook…"""
    text = _translations(spoken()).pgettext(context, message)
    return text.format(**values) if values else text


def listed(words: Iterable[object], last: Literal["and", "or"] = "and") -> str:
    """Return words as a sentence lists them: a, b and c; `last` may be "or".

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    style: Literal["standard", "or"] = "standard" if last == "and" else "or"
    return format_list([str(word) for word in words], style=style, locale=locale())


def clauses(parts: Iterable[object], mark: str = "；") -> str:
    """Return clauses as a sentence lists them; `mark` parts them where a language needs no "and".

    They may hold commas of their own, unless `mark` is one.
    """
    if locale().language in _WITHOUT_SPACES:
        return mark.join(map(str, parts))
    return listed(parts)


def following(*sentences: str) -> str:
    """Return sentences one after the other, parted as the language parts them; "" is none."""
    space = "" if locale().language in _WITHOUT_SPACES else " "
    return space.join(filter(None, sentences))


def length(text: str) -> int:
    """Return how long text is to a reader, in words; three Han characters count as one.

    Examples
    --------
    >>> length("NPS rose on the quarter"), length("淨推薦值較上一季上升4.2分")
    (5, 4)
    """
    han = len(HAN.findall(text))
    return len(HAN.sub(" ", text).split()) + han // _HAN_A_WORD


def forget() -> None:
    """Read all catalogues anew when they are next asked for: they have changed."""
    _translations.cache_clear()


@cache
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse("en-GB" if tag == SOURCE else tag, sep="-")
    except (ValueError, UnknownLocaleError):
        raise ParameterError(
            f"'{tag}' is no language that is known. Write its tag, such as fr, pt-BR or zh-Hant."
        ) from None


@cache
def _translations(tag: str) -> standard.NullTranslations:
    catalogues = sorted((FOLDER / tag.replace("-", "_")).glob("*.po"))
    merged = standard.NullTranslations()
    for path in reversed(catalogues):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=str(_locale(tag))))
        compiled.seek(0)
        catalogue = standard.GNUTranslations(compiled)
        catalogue.add_fallback(merged)
        merged = catalogue
    return merged
