"""Brings ids into one form, so that the same customer has the same id in every table."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from profitchain.sources.engine_functions import builtin
from profitchain.sources.settings import MatchIds

ODD_BLANKS = "\u00a0\u00ad\u1680\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff"  # in a class
NOBODY = (
    *("guest", "guests", "guest user", "guest checkout", "guest customer", "gast", "gastkunde"),
    *("invité", "invitado", "walk-in", "walk in", "walk-in customer", "laufkunde", "visitor"),
    *("anonymous", "anonymous user", "anon", "anonym", "anonyme", "unknown", "unbekannt"),
    *("#n/a", "n/a", "na", "#nv", "#ref!", "#value!", "#name?", "#null!", "#div/0!"),
    *("null", "(null)", "<null>", "none", "nil", "nan", "<na>", "undefined", "not set"),
    *("(not set)", "no customer", "(blank)", "-", "--", "---", "—", "–", ".", "?", "\\n"),
    *(
        "匿名",
        "匿名用户",
        "匿名用戶",
        "访客",
        "訪客",
        "游客",
        "遊客",
        "散客",
        "未知",
        "无",
        "無",
        "空",
    ),
    *("0" * digits for digits in range(1, 13)),
    *("-1", "00000000-0000-0000-0000-000000000000"),
)  # ids that mean that the customer is not known, in small letters
_NOBODYS_MAIL = ("noreply@", "no-reply@", "guest@", "anonymous@", "unknown@", "nobody@")
_WIDE = "０１２３４５６７８９"
_CYRILLIC_GREEK = "АВЕЅІЈКМНОРСТХУаеоріјсѕухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρυ"
_LATIN = "ABESIJKMHOPCTXYaeopijcsyxhdqwABEZHIKMNOPTYXovpu"
_LOOKS = str.maketrans(_CYRILLIC_GREEK, _LATIN) | dict.fromkeys([0x115F, 0x1160, 0x3164, 0xFFA0])
_LONGEST = max(map(len, NOBODY))
WHOLE, POWER = r"^[0-9]+\.0+$", r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
_bytes = builtin("strlen", "string", returns="int64")  # DuckDB


@dataclass(frozen=True, slots=True, kw_only=True)
class IdForm:
    """One way in which two spellings of an id can be one: what company.yml says, and how."""

    setting: str
    match: MatchIds


FORMS = (
    IdForm(setting="numbers: plain", match=MatchIds(numbers="plain")),
    IdForm(setting="leading_zeros: strip", match=MatchIds(leading_zeros="strip")),
    IdForm(setting="case: ignore", match=MatchIds(case="ignore")),
    IdForm(setting="blanks: strip", match=MatchIds(blanks="strip")),
)


def refers(column: str, *, table: str, key: str | None) -> bool:
    """Tell whether a column of ids refers to another table, so that "guest" in it means nobody."""
    return column != key or (column == "customer_id" and table != "customers")


def tidy_id(text: ir.StringValue, match: MatchIds, *, embedded: bool) -> ir.StringValue:
    """Return an id in one form: odd blanks around it, `.0` and an e-mail's capitals are dropped.

    Further ones as `match_ids:` in company.yml says. Engines of the firm keep ids as they are but
    for that and for the case of e-mails.
    """
    if embedded:
        edges = f"^[{ODD_BLANKS}\\s]+|[{ODD_BLANKS}\\s]+$"
        bare = text.re_replace(edges, "").translate(_WIDE, "0123456789").nullif("")
        text = ibis.ifelse(_bytes(text) != text.length(), bare, text)
        plain = ibis.ifelse(text.re_search(WHOLE), text.re_replace(r"\.0+$", ""), text)
        text = ibis.ifelse(text.contains(".0"), plain, text)
    text = ibis.ifelse(text.contains("@"), text.lower(), text)
    return in_form(text, match)


def in_form(text: ir.StringValue, match: MatchIds) -> ir.StringValue:
    """Return an id as `match_ids:` says: without case, blanks, leading zeros or powers of ten."""
    if match.blanks == "strip":
        text = text.re_replace(f"[{ODD_BLANKS}\\s]+", "").nullif("")
    if match.numbers == "plain":
        power = ibis.ifelse(text.re_search(POWER), text, ibis.null("string")).cast("float64")
        text = ibis.coalesce(power.cast("decimal(38, 0)").cast("string"), text)
        text = ibis.ifelse(text.re_search(WHOLE), text.re_replace(r"\.0+$", ""), text)
    if match.leading_zeros == "strip":
        text = ibis.ifelse(text.re_search(r"^0+[^0]"), text.re_replace("^0+", ""), text)
    return text.lower() if match.case == "ignore" else text


def looks(text: str) -> str:
    """Return what a text looks like: two texts that look alike give the same one.

    Letters of one script for all, composed, without marks that nobody sees; after Unicode's
    skeletons (UTS 39), of the few letters that keyboards of shops bring.

    Examples
    --------
    >>> looks("N\N{CYRILLIC SMALL LETTER O}rd\u200b") == looks("Nord")
    True
    """
    if text.isascii():
        return " ".join(text.split())
    seen = unicodedata.normalize("NFKC", text).translate(_LOOKS)
    return " ".join("".join(c for c in seen if unicodedata.category(c) != "Cf").split())


def somebody(text: ir.StringValue) -> ir.StringValue:
    """Return an id, null where it means that the customer is not known: guest, #N/A, 0 ..."""
    small = text.lower()
    is_nobody = small.isin(NOBODY)
    mails = [small.startswith(start) for start in _NOBODYS_MAIL]
    from_mail = mails[0] | mails[1] | mails[2] | mails[3] | mails[4] | mails[5]
    known = ibis.ifelse(is_nobody, ibis.null("string"), text)
    known = ibis.ifelse(
        text.contains("@"), ibis.ifelse(from_mail, ibis.null("string"), text), known
    )
    return ibis.ifelse((text.length() <= _LONGEST) | text.contains("@"), known, text)
