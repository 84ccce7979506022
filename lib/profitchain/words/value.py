"""The sentences on value today: who carries the business, and what a customer leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.measures.disclosure_control import too_small
from profitchain.measures.profitability import By, Costing
from profitchain.measures.rfm import Thirds, ValueGroups, ordered
from profitchain.panel.edition import Edition
from profitchain.words import captions, reasons
from profitchain.words.prose import clauses, following, listed, sentence
from profitchain.words.worth import assumed_clause

NEARLY_ALL = N_("All but the season and the formulas with retention")
UNSEEN = N_("whatever no table holds, such as staff, rent and payment fees")


def lookback_words(edition: Edition) -> str:
    """Return the lookback in words."""
    months = edition.company.lookback_months
    if not months:
        return _("all months known")
    return ngettext("the last month", "the last {n} months", months)


def beside(*clauses: str) -> str:
    """Return clauses one beside the other, parted as the language parts them; "" is none."""
    known = filter(None, clauses)
    return reduce(lambda first, second: _("{first}; {second}", first=first, second=second), known)


def named_rules(rules: Iterable[tuple[str, str]]) -> str:
    """Return names with what each of them stands for (messages, as in `RULES`)."""
    return beside(*(_("**{name}**: {rule}", name=_(name), rule=_(rule)) for name, rule in rules))


def carried_sentence(shares: Mapping[str, MaybeEstimate], edition: Edition) -> str:
    """Return the page's answer: what the top tenth of the period's customers carries."""
    revenue = shares["top_decile_revenue_share"]
    if isinstance(revenue, NotEstimable):
        return _(
            "What the top tenth of customers carries can't be said: {why}",
            why=reasons.text(revenue),
        )
    told = {"revenue": revenue, "period": edition.period}
    told["assumed"] = assumed_clause(edition, "margin")
    margin = shares.get("top_decile_margin_share")
    if isinstance(margin, Estimate):
        return sentence(
            "**The top tenth of customers carried {revenue:number} of revenue** in {period:short} "
            "({revenue:evidence}) and {margin:number} of its margin ({margin:interval}){assumed}.",
            margin=margin, **told,
        )  # fmt: skip
    return sentence(
        "**The top tenth of customers carried {revenue:number} of revenue** in {period:short} "
        "({revenue:evidence}){assumed}.",
        **told,
    )


def longer_sentence(shares: Mapping[str, MaybeEstimate], edition: Edition) -> str:
    """Return the same over the lookback, and the Gini indices."""
    when = lookback_words(edition)
    lookback = [name for name in shares if name.endswith("_lookback")]
    told = [
        _("{share} of {money} ({interval})", share=number(said), **_of_money(name, said))
        for name in lookback
        if isinstance(said := shares[name], Estimate)
    ]
    if not told:
        return _("Over {when}: {why}", when=when, why=reasons.text(shares[lookback[0]]))
    ginis = [
        _("{index} for {money} ({interval})", index=number(said), **_of_money(name, said))
        for name, said in shares.items()
        if name.endswith("_gini") and isinstance(said, Estimate)
    ]
    carried = _("Over {when} the top tenth carried {shares}.", when=when, shares=listed(told))
    if not ginis:
        return carried
    index = _(
        "The Gini index of the period (0: all alike; 1: one has all) is {indices}.",
        indices=clauses(ginis, "，"),
    )
    return following(carried, index)


def limits_sentence(groups: ValueGroups, edition: Edition) -> str:
    """Return where the thirds end, so that anybody can place a customer."""
    n = len(ordered(groups.now))
    if n < edition.smallest:
        return _("Where the thirds end: {why}", why=reasons.text(too_small(n, edition.smallest)))
    ends, currency = groups.ends, edition.company.currency
    return _(
        "The thirds (1, 2, 3; ties together; of customers who ordered in {when}): {ends}. The "
        "snapshot before is cut at the same ends.",
        when=lookback_words(edition),
        ends=beside(
            _days_in_words(ends["recency"]),
            _ends_in_words(_("orders"), ends["frequency"], ""),
            _ends_in_words(_(groups.money), ends[groups.money], currency),
        ),
    )


RULES = {
    "Lapsed": N_("no order in the lookback"),
    "New": N_("first order within this period, whatever it was"),
    "Champions": N_("lately, often and much: top third in all three"),
    "Regulars": N_("often: top third in orders, not long ago"),
    "Big spenders": N_("much but not often: top third in money, not long ago"),
    "Gone quiet": N_("long ago: last third in recency, though top third in orders or money"),
    "Cooling": N_("long ago, and neither often nor much before"),
    "Occasional": N_("not long ago, neither often nor much"),
}


def rules_sentence() -> str:
    """Return the rules of the groups, the first that holds being the customer's."""
    return _("The first rule that holds: {rules}.", rules=named_rules(RULES.items()))


def drawn_sentences(edition: Edition) -> tuple[str, ...]:
    """Return from how many of all customers the page is told; nothing where from all."""
    return captions.drawn_sentences(NEARLY_ALL, edition.facts)


def ties_sentence(groups: ValueGroups) -> str:
    """Return a warning where a measure can't part the customers; "" where all do."""
    told = [
        _(
            "{measure} ({share} share one value)",
            measure=_(MEASURES.get(name, name)),
            share=f"{ends.most_common:.0%}",
        )
        for name, ends in groups.ends.items()
        if not ends.parts_them
    ]
    if not told:
        return ""
    return _(
        "**Hardly any difference in {measures}**: customers with the same value share the middle "
        "third, so groups rest on the other measures.",
        measures=listed(told),
    )


MEASURES = {"recency": N_("recency"), "frequency": N_("the number of orders")}


def profit_sentence(profit: MaybeEstimate, losing: MaybeEstimate, edition: Edition) -> str:
    """Return profit per customer and the share at a loss, or what is missing."""
    if isinstance(profit, NotEstimable):
        return following(_("Profit per customer is not known."), reasons.text(profit))
    return sentence(
        "Profit per customer of {when} is {profit}; {losing:number} of customers cost "
        "more than their margin ({losing:interval}).",
        when=lookback_words(edition), profit=profit, losing=losing,
    )  # fmt: skip


def costs_sentence(costs: Costing, edition: Edition, by: By) -> str:
    """Return how costs were charged to customers."""
    currency, told = edition.company.currency, []
    if costs.contacts is not None:
        told.append(_("contacts at their own cost"))
    if costs.programme:
        amount = plain(costs.programme, currency)
        told.append(_("programme ({amount}) in equal parts to members who ordered", amount=amount))
    if costs.shared:
        told.append(_(SHARED_BY[by], costs=_shared_costs(costs, currency)))
    if not told:
        return _("No table holds a cost to serve.")
    charged = _("Charged: {costs}.", costs=beside(*told))
    if costs.elsewhere <= 0:
        return charged
    rest = _(
        "Contacts of customers without an order ({amount}) are charged to nobody.",
        amount=plain(costs.elsewhere, currency),
    )
    return following(charged, rest)


SHARED_BY = {
    "orders": N_("{costs} to all who ordered, by their orders"),
    "customers": N_("{costs} to all who ordered, in equal parts"),
}


def uncovered_sentence(costs: Costing, edition: Edition) -> str:
    """Return what the profit leaves out."""
    left = [
        _purpose(name, costs.left_out[name], edition.company.currency) for name in costs.left_out
    ]
    if costs.contacts is None:
        left.append(_("the cost of contacts"))
    if not costs.shared:
        left.append(_("service and retention"))
    return _("Not in it: {parts}.", parts=listed([*left, _(UNSEEN)]))


def _shared_costs(costs: Costing, currency: str) -> str:
    return listed(
        _("service less the contacts in it ({amount})", amount=plain(amount, currency))
        if purpose == "service" and costs.in_service
        else _purpose(purpose, amount, currency)
        for purpose, amount in costs.shared.items()
    )


PURPOSE_WORDS = {
    "acquisition": N_("acquisition"), "retention": N_("retention"), "service": N_("service"),
    "referral": N_("referral"), "programme": N_("programme"),
}  # fmt: skip


def _purpose(purpose: str, amount: float, currency: str) -> str:
    name = _(PURPOSE_WORDS.get(purpose, purpose))
    return _("{purpose} ({amount})", purpose=name, amount=plain(amount, currency))


def _days_in_words(ends: Thirds) -> str:
    what = _("days since the last order")
    told = [
        _("{third} below {end}", third=third, end=digits(-end, 0))
        for third, end in ((3, ends.second), (2, ends.first))
        if np.isfinite(end)
    ]
    return _parted(what, told)


def _ends_in_words(what: str, ends: Thirds, currency: str) -> str:
    told = [
        _(
            "{third} up to {end}",
            third=third,
            end=plain(end, currency, bare=True) if currency else digits(end, 0),
        )
        for third, end in ((1, ends.first), (2, ends.second))
        if np.isfinite(end)
    ]
    return _parted(what, told)


def _parted(what: str, told: list[str]) -> str:
    if not told:
        return _("{measure}, all alike", measure=what)
    return reduce(lambda head, end: _("{head}, {end}", head=head, end=end), [what, *told])


def _of_money(name: str, said: Estimate) -> dict[str, str]:
    """Return which money a finding's id speaks of, and its interval, in words."""
    money = _("margin") if "margin" in name else _("revenue")
    return {"money": money, "interval": interval(said)}
