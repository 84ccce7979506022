"""The sentences and captions on satisfaction within value: loyal, hostages, at risk, deserters."""

from __future__ import annotations

import pandas as pd

from profitchain.captions import Caption, source
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import number, plain
from profitchain.four_fields import (
    FIELDS,
    NO_ORDER,
    Fields,
    answered_share,
    moved_out,
    moved_to,
    not_satisfied_share,
)
from profitchain.store import Edition
from profitchain.value_captions import few_clause
from profitchain.value_words import lookback_words
from profitchain.wording import period_word, sentence
from profitchain.worth_words import assumed_clause

NOT_MEASURED = {"message": "Satisfaction within value is not measured", "source": "Customers"}


def feeling_sentence(found: Fields | Unsaid, edition: Edition) -> str:
    """Return how customers of high value feel, beside those of low value, and who is silent."""
    if isinstance(found, Unsaid):
        return f"How those customers feel is not known: {found.why}"
    few = {"smallest": edition.smallest}
    high, low = (not_satisfied_share(found, high=high, **few) for high in (True, False))
    silent = _silent(answered_share(found.now, **few))
    if isinstance(high, Unsaid):
        return f"How customers of high value feel can't be said: {high.why}"
    beside = ""
    if isinstance(low, Estimate):
        beside = sentence(", of those of low value {low:number} ({low:evidence})", low=low)
    return sentence(
        "**Of customers of high value who answered, {high:number} are not satisfied** "
        "({high:evidence}){beside}{silent}.",
        high=high, beside=beside, silent=silent,
    )  # fmt: skip


def moved_sentence(found: Fields | Unsaid, edition: Edition) -> str:
    """Return how many hostages and loyal customers of a period ago stand elsewhere now."""
    if isinstance(found, Unsaid):
        return f"What moved is not known: {found.why}"
    few, word = {"smallest": edition.smallest}, period_word(edition.period)
    told = [
        _moved_part(name, out, moved_to(found, field, NO_ORDER, **few), edition)
        for field, name in (("Hostages", "hostages"), ("Loyal", "loyal customers"))
        if isinstance(out := moved_out(found, field, **few), Estimate)
    ]
    if not told:
        return f"What moved since the {word} before can't be said: too few stood in a field then."
    return f"**Stand elsewhere than a {word} before**: {'; '.join(told)}."


def _moved_part(name: str, out: Estimate, gone: Said, edition: Edition) -> str:
    if isinstance(gone, Unsaid):
        return sentence(
            "of {n} {field} {out:number} ({out:interval})", n=out.n, field=name, out=out
        )
    return sentence(
        "of {n} {field} {out:number} ({out:interval}; without an order in {when}: {gone:number})",
        n=out.n, field=name, out=out, when=lookback_words(edition), gone=gone,
    )  # fmt: skip


def cut_sentence(found: Fields | Unsaid, edition: Edition) -> str:
    """Return where the four fields are cut."""
    if isinstance(found, Unsaid):
        return f"Not measured: {found.why}"
    cut, main = found.cut, edition.company.main
    money = plain(cut.high_from, edition.company.currency)
    names = "; ".join(f"**{name}**: {words}" for name, words in FIELDS.items())
    return (
        f"{names}. Value is high from {money} of {cut.money} on, the median of customers who "
        f"ordered in {lookback_words(edition)} (the same for the {period_word(edition.period)} "
        f"before); satisfied is an answer {_side(cut.low_is_good, cut.satisfied_at)} to "
        f"“{main.label}”, the latest in that time."
    )


def of_fields(found: Fields | Unsaid, table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the four fields."""
    if isinstance(found, Unsaid):
        return {**NOT_MEASURED, "measure": found.why, "empty": found.why}
    cut, word = found.cut, period_word(edition.period)
    shares = [name for name in table if name.startswith("share_of")]
    before = f"; change: since the {word} before" if "change" in table else ""
    few = few_clause(table, edition)
    return {
        "message": _fields_message(table, cut.money),
        "measure": f"Customers who ordered in {lookback_words(edition)}, by {cut.money} and latest "
        f"answer; counted in full{before}{few}",
        "source": source("Customers", int(table["customers"].iloc[-1]))
        + assumed_clause(edition, cut.money),
        "units": dict.fromkeys(shares, "share")
        | {"customers": "count", "change": "count", cut.money: edition.company.currency},
        "total": True,
    }


def of_moves(found: Fields | Unsaid, told: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the moves between fields."""
    if isinstance(found, Unsaid):
        return {**NOT_MEASURED, "measure": found.why, "empty": found.why}
    word = period_word(edition.period)
    out = moved_out(found, "Hostages", smallest=edition.smallest)
    message = f"Where the customers of each field stand a {word} later"
    if isinstance(out, Estimate):
        message = f"{number(out)} of hostages have left that field within a {word}"
    few = few_clause(told, edition, mark="empty")
    return {
        "message": message,
        "measure": f"Share of the customers of a field a {word} before (rows) who stand in each "
        f"place now (columns){few}",
        "source": source("Customers", told.drop_duplicates("before")["customers"].sum())
        if len(told)
        else "Customers",
        "tidy": told,
    }


def _silent(share: Said) -> str:
    if isinstance(share, Unsaid):
        return ""
    silent = f"{1 - share.value:.0%}"
    return f"; {silent} of all have not answered"


def _side(low_is_good: bool, at: float) -> str:
    return f"of {at:g} or {'less' if low_is_good else 'more'}"


def _fields_message(table: pd.DataFrame, money: str) -> str:
    rows = table.set_index("field")
    share = rows[f"share_of_{money}"].get("Hostages")
    if share is None or share != share:
        return "Value and satisfaction, four fields"
    return f"Hostages, not satisfied though they bring much, hold {share:.0%} of {money}"
