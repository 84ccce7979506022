"""The sentences and captions on satisfaction within value: loyal, hostages, at risk, deserters."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import number, plain
from profitchain.core.i18n import N_, _
from profitchain.measures.disclosure_control import too_small
from profitchain.measures.rfm import ordered
from profitchain.measures.value_satisfaction_matrix import (
    Cut,
    Fields,
    answered_share,
    moved_from,
    moved_out,
    not_satisfied_share,
)
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, sentence
from profitchain.words.value import beside, lookback_words, named_rules
from profitchain.words.value_captions import CUSTOMERS, few_clause, with_assumption

NOT_MEASURED = {"message": N_("Satisfaction within value is not measured"), "source": CUSTOMERS}
RULES = {
    "Loyal": N_("much and satisfied"),
    "Hostages": N_("much though not satisfied"),
    "At risk": N_("little though satisfied: they could as well go elsewhere"),
    "Deserters": N_("little and not satisfied"),
}
MOVED = {"Hostages": N_("hostages"), "Loyal": N_("loyal customers")}


def feeling_sentence(found: Fields | NotEstimable, edition: Edition) -> str:
    """Return how customers of high value feel, beside those of low value, and who is silent."""
    if isinstance(found, NotEstimable):
        return _("How those customers feel is not known: {why}", why=reasons.text(found))
    few = {"smallest": edition.smallest}
    high, low = (not_satisfied_share(found, high=high, **few) for high in (True, False))
    silent = _silent(answered_share(found.now, **few))
    if isinstance(high, NotEstimable):
        return _("How customers of high value feel can't be said: {why}", why=reasons.text(high))
    other = ""
    if isinstance(low, Estimate):
        other = sentence(", of those of low value {low:number} ({low:evidence})", low=low)
    return sentence(
        "**Of customers of high value who answered, {high:number} are not satisfied** "
        "({high:evidence}){beside}{silent}.",
        high=high, beside=other, silent=silent,
    )  # fmt: skip


def _moved_part(name: str, out: Estimate, gone: MaybeEstimate, edition: Edition) -> str:
    if isinstance(gone, NotEstimable):
        return sentence(
            "of {n} {field} {out:number} ({out:interval})", n=out.n, field=name, out=out
        )
    return sentence(
        "of {n} {field} {out:number} ({out:interval}; without an order in {when}: {gone:number})",
        n=out.n, field=name, out=out, when=lookback_words(edition), gone=gone,
    )  # fmt: skip


def cut_sentence(found: Fields | NotEstimable, edition: Edition) -> str:
    """Return where the four fields are cut."""
    if isinstance(found, NotEstimable):
        return _("Not measured: {why}", why=reasons.text(found))
    n = len(ordered(found.now))
    if n < edition.smallest:
        return _(
            "Where the four fields are cut: {why}", why=reasons.text(too_small(n, edition.smallest))
        )
    return _(
        "{fields}. Value is high from {limit} of {money} on, the median of customers who ordered "
        "in {when} (the same for the {period} before); satisfied is an answer {side} to "
        "“{question}”, the latest in that time.",
        fields=named_rules(RULES.items()),
        limit=plain(found.cut.high_from, edition.company.currency),
        money=_(found.cut.money),
        when=lookback_words(edition),
        period=period_word(edition.period),
        side=_side(found.cut),
        question=edition.company.main.label,
    )


def of_fields(found: Fields | NotEstimable, table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the four fields."""
    if isinstance(found, NotEstimable):
        return NOT_MEASURED | dict.fromkeys(("measure", "empty"), reasons.text(found))
    cut, before = found.cut, ""
    shares = [name for name in table if name.startswith("share_of")]
    words = {"when": lookback_words(edition), "money": _(cut.money)}
    counted = _(
        "Customers who ordered in {when}, by {money} and latest answer; counted in full", **words
    )
    if edition.stands_for > 1:
        counted = _(
            "Customers who ordered in {when}, by {money} and latest answer; told from those drawn",
            **words,
        )
    if "change" in table:
        before = _("change: since the {period} before", period=period_word(edition.period))
    return {
        "message": _fields_message(table, cut.money),
        "measure": beside(counted, before, few_clause(table, edition)),
        "source": with_assumption(source(CUSTOMERS, len(ordered(found.now))), edition, cut.money),
        "units": dict.fromkeys(shares, "share")
        | {"customers": "count", "change": "count", cut.money: edition.company.currency},
        "total": True,
    }


def of_moves(found: Fields | NotEstimable, told: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the moves between fields."""
    if isinstance(found, NotEstimable):
        return NOT_MEASURED | dict.fromkeys(("measure", "empty"), reasons.text(found))
    word = period_word(edition.period)
    out = moved_out(found, "Hostages", smallest=edition.smallest)
    message = _("Where the customers of each field stand a {period} later", period=word)
    if isinstance(out, Estimate):
        message = _(
            "{share} of hostages have left that field within a {period}",
            share=number(out), period=word,
        )  # fmt: skip
    measure = _(
        "Share of the customers of a field a {period} before (rows) who stand in each place now "
        "(columns)",
        period=word,
    )
    return {
        "message": message,
        "measure": beside(measure, few_clause(told, edition, mark=N_("empty"))),
        "source": _of_those_moved(found, told, edition),
        "tidy": told,
    }


def _of_those_moved(found: Fields, told: pd.DataFrame, edition: Edition) -> str:
    if not len(told):
        return CUSTOMERS
    rows = moved_from(found, told["before"].unique())
    return drawn_from(source(CUSTOMERS, len(rows)), edition.stands_for)


def _silent(share: MaybeEstimate) -> str:
    if isinstance(share, NotEstimable):
        return ""
    return _("; {share} of all have not answered", share=f"{1 - share.value:.0%}")


def _side(cut: Cut) -> str:
    score = f"{cut.satisfied_at:g}"
    if cut.low_is_good:
        return _("of {score} or less", score=score)
    return _("of {score} or more", score=score)


def _fields_message(table: pd.DataFrame, money: str) -> str:
    share = table.set_index("field")[f"share_of_{money}"].get("Hostages")
    if share is None or share != share:
        return _("Value and satisfaction, four fields")
    return _(
        "Hostages, not satisfied though they bring much, hold {share} of {money}",
        share=f"{share:.0%}", money=_(money),
    )  # fmt: skip
