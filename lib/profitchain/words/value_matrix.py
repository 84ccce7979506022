"""How those who bring most feel: the page's answer, four fields, and seven dimensions of value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.formats import TOO_FEW, plain
from profitchain.core.i18n import N_, _, following
from profitchain.measures.rfm import ValueGroups, ordered
from profitchain.measures.segment_comparisons import MeasureByCustomer, SegmentComparison
from profitchain.measures.value_satisfaction_matrix import (
    Fields,
    answered_share,
    moved_from,
    moved_share,
    moves_table,
    not_satisfied_share,
)
from profitchain.panel.edition import Edition
from profitchain.stats.disclosure_control import too_small
from profitchain.words import catalogue, presentation, reasons
from profitchain.words.captions import drawn_from, drawn_sentences
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, lookback_words, source
from profitchain.words.prose import TOO_FEW_TO_SAY, period_word
from profitchain.words.segments import differences
from profitchain.words.value import (
    CUSTOMERS,
    DASH,
    NEARLY_ALL,
    WHO_ORDERED,
    carried,
    few_clause,
    left_out_sentence,
    limits_sentence,
    named_rules,
    rules_sentence,
    ties_sentence,
    with_assumption,
)

PAGE = "06_value"
RULES = words_of("value_matrix", "rules")
NOT_MEASURED = words_of("value_matrix", "not_measured")
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


def answer(
    shares: Mapping[str, MaybeEstimate],
    matrix: Fields | NotEstimable,
    fair: SegmentComparison,
    by_customer: Sequence[MeasureByCustomer],
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return who carries the business, how they feel, and which groups differ beyond chance."""
    key, values = carried(shares, edition)
    known = presentation.known_values(edition) | dict(values)
    first = presentation.text(catalogue.page(PAGE)["answer"], key, known)
    guests = left_out_sentence(edition.facts)
    return [following(first, guests), feeling(matrix, edition), *differences(fair, by_customer)]


def feeling(matrix: Fields | NotEstimable, edition: Edition) -> Said:
    """Return how customers of high value feel, and of low value, and who is silent."""
    if isinstance(matrix, NotEstimable):
        return Said("not_known", {"why": reasons.text(matrix)})
    high, low = (
        not_satisfied_share(matrix, high=high, smallest=edition.smallest) for high in (True, False)
    )
    if isinstance(high, NotEstimable):
        return Said("unfelt", {"why": reasons.text(high)})
    answered = answered_share(matrix.now, smallest=edition.smallest)
    if isinstance(low, NotEstimable) or isinstance(answered, NotEstimable):
        return Said("high_alone", {"high": high})
    return Said("high_and_low", {"high": high, "low": low, "silent": f"{1 - answered.value:.0%}"})


def rules(
    groups: ValueGroups, matrix: Fields | NotEstimable, *, edition: Edition
) -> list[Said | str]:
    """Return the rules of the groups, where they and the fields are cut, and who was drawn."""
    return [
        rules_sentence(),
        limits_sentence(groups, edition),
        ties_sentence(groups),
        _cut(matrix, edition),
        *drawn_sentences(NEARLY_ALL, edition.facts),
    ]


def _cut(matrix: Fields | NotEstimable, edition: Edition) -> str:
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


def four_fields(
    matrix: Fields | NotEstimable, table: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return the four fields, and what share of money the hostages hold."""
    if isinstance(matrix, NotEstimable):
        nothing = pd.DataFrame({"field": [""], "value": [float("nan")], "why": [matrix.why]})
        return Presentation(nothing, "nothing", _of_nothing(matrix))
    money = matrix.cut.money
    share = table.set_index("field")[f"share_of_{money}"].get("Hostages", float("nan"))
    rows = with_assumption(source(CUSTOMERS, len(ordered(matrix.now))), edition, money)
    few = few_clause(table[["customers"]], edition, mark=TOO_FEW)
    values = {"money": _(money), "source": rows, "few": few}
    units = dict.fromkeys((name for name in table if name.startswith("share_of")), "share")
    units |= {"customers": "count", "change": "count", money: edition.company.currency}
    says = "hostages" if share == share else "fields"
    return Presentation(
        table, says, values | {"share": f"{share:.0%}"}, {"money": money, "units": units}
    )


def moves(matrix: Fields | NotEstimable, moved: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the moves between fields, and how many hostages have left theirs."""
    wide = moves_table(moved)
    if isinstance(matrix, NotEstimable):
        return Presentation(wide, "nothing", _of_nothing(matrix))
    out = moved_share(matrix, "Hostages", smallest=edition.smallest)
    few = few_clause(moved, edition, mark=N_("empty"))
    values: dict[str, object] = {"few": few, "source": CUSTOMERS, "empty": TOO_FEW_TO_SAY}
    if len(moved):
        n = len(moved_from(matrix, moved["before"].unique()))
        values["source"] = drawn_from(source(CUSTOMERS, n), edition.stands_for)
    if isinstance(out, NotEstimable):
        return Presentation(wide, "places", values, {"tidy": moved})
    return Presentation(wide, "left", values | {"share": out}, {"tidy": moved})


def seven_dimensions(
    dimensions: pd.DataFrame, now: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return the seven dimensions with what measures them, and what isn't measured, in words."""
    table = dimensions.assign(
        measured_by=dimensions["measured_by"].map(MEASURED_BY),
        not_measured=dimensions["dimension"].map(NOT_MEASURED),
    )
    note = drawn_from(source(WHO_ORDERED, len(ordered(now))), edition.stands_for)
    values = {"count": int(dimensions["value"].notna().sum()), "source": note}
    return Presentation(table, "measured", values | {"n": values["count"]})


def _of_nothing(matrix: NotEstimable) -> dict[str, str]:
    why = reasons.text(matrix)
    return {"empty": why, "money": _("revenue"), "source": CUSTOMERS, "few": ""}
