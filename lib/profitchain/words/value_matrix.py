"""The words on satisfaction within value, in four fields, and on the seven dimensions of value."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import number, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.measures.rfm import ordered
from profitchain.measures.value_satisfaction_matrix import (
    Fields,
    answered_share,
    moved_from,
    moved_share,
    not_satisfied_share,
)
from profitchain.panel.edition import Edition
from profitchain.stats.disclosure_control import too_small
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, sentence
from profitchain.words.value import (
    CUSTOMERS,
    DASH,
    WHO_ORDERED,
    beside,
    few_clause,
    lookback_words,
    named_rules,
    with_assumption,
)

RULES = {
    "Loyal": N_("much and satisfied"),
    "Hostages": N_("much though not satisfied"),
    "At risk": N_("little though satisfied: they could as well go elsewhere"),
    "Deserters": N_("little and not satisfied"),
}
NOT_MEASURED = {
    "Financial": N_("acquisition cost, payment risk"),
    "Relational": N_("trust, ties to people, complaints forgiven"),
    "Strategic": N_("name, reach, what is learnt from them"),
    "Operational": N_("returns handled, forecasts, channel of the order"),
    "Data": N_("browsing, consents, the quality of what is known"),
    "Technology": N_("digital share, self-service, integrations"),
    "Human": N_("what customers know and do for others; what staff learn"),
}
MEASURED_BY = {
    "": DASH,
    "profit_per_customer": N_("profit per customer after cost to serve"),
    "margin_per_customer": N_("margin per customer"),
    "revenue_per_customer": N_("revenue per customer"),
    "came_back_share": N_("customers who have come back, share"),
    "referrals_per_hundred": N_("referrals made so far, per 100 customers"),
    "revenue_from_new_share": N_("period's revenue from new customers, share"),
    "contacts_per_hundred": N_("contacts per 100 orders"),
    "answered_share": N_("customers with an answer, share"),
}


def feeling_sentence(matrix: Fields | NotEstimable, edition: Edition) -> str:
    """Return how customers of high value feel, and of low value, and who is silent."""
    if isinstance(matrix, NotEstimable):
        return _("How those customers feel is not known: {why}", why=reasons.text(matrix))
    high, low = (
        not_satisfied_share(matrix, high=high, smallest=edition.smallest) for high in (True, False)
    )
    if isinstance(high, NotEstimable):
        return _("How customers of high value feel can't be said: {why}", why=reasons.text(high))
    other = silent = ""
    if isinstance(low, Estimate):
        other = sentence(", of those of low value {low:number} ({low:evidence})", low=low)
    answered = answered_share(matrix.now, smallest=edition.smallest)
    if isinstance(answered, Estimate):
        silent = _("; {share} of all have not answered", share=f"{1 - answered.value:.0%}")
    return sentence(
        "**Of customers of high value who answered, {high:number} are not satisfied** "
        "({high:evidence}){beside}{silent}.",
        high=high, beside=other, silent=silent,
    )  # fmt: skip


def cut_sentence(matrix: Fields | NotEstimable, edition: Edition) -> str:
    """Return where the four fields are cut."""
    if isinstance(matrix, NotEstimable):
        return _("Not measured: {why}", why=reasons.text(matrix))
    n, cut, main = len(ordered(matrix.now)), matrix.cut, edition.company.main
    if n < edition.smallest:
        why = reasons.text(too_small(n, edition.smallest))
        return _("Where the four fields are cut: {why}", why=why)
    side = N_("of {score} or less") if cut.low_is_good else N_("of {score} or more")
    return _(
        "{fields}. Value is high from {limit} of {money} on, the median of customers who ordered "
        "in {when} (the same for the {period} before); satisfied is an answer {side} to "
        "“{question}”, the latest in that time.",
        fields=named_rules(RULES),
        limit=plain(cut.high_from, edition.company.currency),
        money=_(cut.money),
        when=lookback_words(edition),
        period=period_word(edition.period),
        side=_(side, score=f"{cut.satisfied_at:g}"),
        question=main.label if main else "",
    )


def fields_caption(matrix: Fields | NotEstimable, table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the four fields."""
    if isinstance(matrix, NotEstimable):
        return _not_measured(matrix)
    money, before = matrix.cut.money, ""
    counted = N_("Customers who ordered in {when}, by {money} and latest answer; counted in full")
    if edition.stands_for > 1:
        counted = N_(
            "Customers who ordered in {when}, by {money} and latest answer; told from those drawn"
        )
    counted = _(counted, when=lookback_words(edition), money=_(money))
    if "change" in table:
        before = _("change: since the {period} before", period=period_word(edition.period))
    shares = [name for name in table if name.startswith("share_of")]
    return {
        "message": _fields_message(table, money),
        "measure": beside(counted, before, few_clause(table, edition)),
        "source": with_assumption(source(CUSTOMERS, len(ordered(matrix.now))), edition, money),
        "units": dict.fromkeys(shares, "share")
        | {"customers": "count", "change": "count", money: edition.company.currency},
        "total": True,
    }


def moves_caption(matrix: Fields | NotEstimable, moved: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the moves between fields."""
    if isinstance(matrix, NotEstimable):
        return _not_measured(matrix)
    word, rows = period_word(edition.period), CUSTOMERS
    out = moved_share(matrix, "Hostages", smallest=edition.smallest)
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
    if len(moved):
        n = len(moved_from(matrix, moved["before"].unique()))
        rows = drawn_from(source(CUSTOMERS, n), edition.stands_for)
    return {
        "message": message,
        "measure": beside(measure, few_clause(moved, edition, mark=N_("empty"))),
        "source": rows,
        "tidy": moved,
    }


def dimensions_table(dimensions: pd.DataFrame) -> pd.DataFrame:
    """Return the seven dimensions with what measures them, and what isn't measured, in words."""
    return dimensions.assign(
        measured_by=dimensions["measured_by"].map(MEASURED_BY),
        not_measured=dimensions["dimension"].map(NOT_MEASURED),
    )


def dimensions_caption(table: pd.DataFrame, now: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the seven dimensions."""
    return {
        "message": ngettext(
            "{n} of the seven dimensions of value can be measured here",
            "{n} of the seven dimensions of value can be measured here",
            int(table["value"].notna().sum()),
        ),
        "measure": _(
            "One figure a dimension, customers who ordered in {when}; 95% intervals",
            when=lookback_words(edition),
        ),
        "source": drawn_from(source(WHO_ORDERED, len(ordered(now))), edition.stands_for),
    }


def _not_measured(matrix: NotEstimable) -> Caption:
    message, why = N_("Satisfaction within value is not measured"), reasons.text(matrix)
    return {"message": message, "source": CUSTOMERS, "measure": why, "empty": why}


def _fields_message(table: pd.DataFrame, money: str) -> str:
    share = table.set_index("field")[f"share_of_{money}"].get("Hostages")
    if share is None or share != share:
        return _("Value and satisfaction, four fields")
    return _(
        "Hostages, not satisfied though they bring much, hold {share} of {money}",
        share=f"{share:.0%}", money=_(money),
    )  # fmt: skip
