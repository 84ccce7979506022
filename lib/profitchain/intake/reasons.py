"""Why a row is not used: reasons that an account holds in English and a page says in its language.

A reason that names a column is made from one of the templates here, so that it can be translated.
"""

from __future__ import annotations

import re

from profitchain.core.i18n import N_, _, listed

LATER = N_("after the period's end")
CANCELLED = N_("cancelled")
NO_SALE = N_("no sale by its status")
FREE = N_("costs nothing")
TOTAL = N_("a total of other rows")
NO_RATE = N_("no rate for its currency")
BY_FORMAT = {
    "cancelled": CANCELLED,
    "unpaid": N_("never paid"),
    "refunded": N_("refunded in full"),
    "test": N_("a test"),
    "preview": N_("a preview of the survey"),
    "spam": N_("marked as spam"),
    "unfinished": N_("not finished"),
    "no_sale": N_("not a sale"),
    "footer": N_("a total or a note, no row of the table"),
    "replaced": N_("an older version of a row that a later export has"),
    "again": N_("stands again in a later export"),
}  # by the word of an export's format
EDITED = N_("an earlier version of an answer that was edited")
FOLDED = N_("further rows of an order that is one row here")
EMPTY = N_("no {column}")
UNREADABLE = {
    "time": N_("{column} can't be read as a time"),
    "date": N_("{column} can't be read as a day"),
    "month": N_("{column} can't be read as a month"),
    "year": N_("{column} can't be read as a year"),
    "period": N_("{column} can't be read as a period"),
    "money": N_("{column} can't be read as an amount"),
    "number": N_("{column} can't be read as a number"),
    "score": N_("{column} can't be read as a number"),
    "flag": N_("{column} can't be read as yes or no"),
}  # by a column's kind
OUTSIDE = N_("{column} lies outside its scale {low} to {high}")
NOT_WHOLE = N_("{column} is not a whole number")
NONE_OF = N_("{column} is none of {words}")
REPEATED = N_("repeats an earlier row exactly")
SAME_KEY = N_("another row has the same {columns}")
UNKNOWN_CUSTOMER = N_("unknown customer")
ORDER_LATER = N_("its order lies after the period's end")
ORDER_CANCELLED = N_("its order was cancelled")
WITHOUT_ORDER = N_("no usable order has this order_id")
TOO_WIDE = N_("more cells than the header has columns")

_TEMPLATES = (EMPTY, *UNREADABLE.values(), OUTSIDE, NOT_WHOLE, NONE_OF, SAME_KEY)


def reason_in_words(reason: str) -> str:
    """Return a reason, as an account holds it, in the spoken language."""
    for template in _TEMPLATES:  # a value is a word or several
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+(?:(?:,| and) \\S+)*)", re.escape(template))
        if match := re.fullmatch(pattern, reason):
            values = {name: listed(text.split(" and ")) for name, text in match.groupdict().items()}
            return _(template, **values)
    return _(reason)
