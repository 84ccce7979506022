"""The sentences on value today: who carries the business, and what a customer leaves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import digits, interval, number, plain
from profitchain.profitability import By, Costing
from profitchain.store import Edition
from profitchain.value_groups import RULES, Groups
from profitchain.wording import listed, sentence
from profitchain.worth_words import assumed_clause

DASH = "–"
UNSEEN = "whatever no table holds, such as staff, rent and payment fees"
MARGIN_TOO = " and {margin:number} of its margin ({margin:interval})"


def lookback_words(edition: Edition) -> str:
    """Return the lookback in words."""
    months = edition.company.lookback_months
    return f"the last {months} months" if months else "all months known"


def carried_sentence(shares: Mapping[str, Said], edition: Edition) -> str:
    """Return the page's answer: what the top tenth of the period's customers carries."""
    revenue = shares["top_decile_revenue_share"]
    if isinstance(revenue, Unsaid):
        return f"What the top tenth of customers carries can't be said: {revenue.why}"
    margin = shares.get("top_decile_margin_share")
    known = isinstance(margin, Estimate)
    return sentence(
        "**The top tenth of customers carried {revenue:number} of revenue** in {period:short} "
        "({revenue:evidence})" + (MARGIN_TOO if known else "") + "{assumed}.",
        revenue=revenue, period=edition.period, assumed=assumed_clause(edition, "margin"),
        **({"margin": margin} if known else {}),
    )  # fmt: skip


def longer_sentence(shares: Mapping[str, Said], edition: Edition) -> str:
    """Return the same over the lookback, and the Gini indices."""
    lookback = [name for name in shares if name.endswith("_lookback")]
    told = [
        f"{number(shares[name])} of {_money_in(name)} ({interval(shares[name])})"
        for name in lookback
        if isinstance(shares[name], Estimate)
    ]
    if not told:
        return f"Over {lookback_words(edition)}: {shares[lookback[0]].why}"
    ginis = [
        f"{number(said)} for {_money_in(name)} ({interval(said)})"
        for name, said in shares.items()
        if name.endswith("_gini") and isinstance(said, Estimate)
    ]
    index = f" The Gini index of the period (0: all alike; 1: one has all) is {listed(ginis)}."
    return (
        f"Over {lookback_words(edition)} the top tenth carried {listed(told)}."
        + (index if ginis else "")
    )  # fmt: skip


def limits_sentence(groups: Groups, edition: Edition) -> str:
    """Return where the thirds end, so that anybody can place a customer."""
    ends, currency = groups.ends, edition.company.currency
    days, orders, money = ends["recency"], ends["frequency"], ends[groups.money]
    told = [
        _ends_in_words("days since the last order", -days.second, -days.first, "days", fewer=True),
        _ends_in_words("orders", orders.first, orders.second, "orders"),
        _ends_in_words(groups.money, money.first, money.second, currency),
    ]
    return (
        f"The thirds (1, 2, 3; ties together; of customers who ordered in "
        f"{lookback_words(edition)}): {'; '.join(told)}. The snapshot before is cut at the same "
        "ends."
    )


def rules_sentence() -> str:
    """Return the rules of the groups, the first that holds being the customer's."""
    order = ("Lapsed", "New", "Champions", "Regulars", "Big spenders", "Gone quiet", "Cooling")
    return "The first rule that holds: " + "; ".join(
        f"**{name}**: {RULES[name]}" for name in (*order, "Occasional")
    ) + "."  # fmt: skip


def ties_sentence(groups: Groups) -> str:
    """Return a warning where a measure can't part the customers; "" where all do."""
    words = {"recency": "recency", "frequency": "the number of orders"}
    told = [
        f"{words.get(name, name)} ({ends.most_common:.0%} share one value)"
        for name, ends in groups.ends.items()
        if not ends.parts_them
    ]
    if not told:
        return ""
    return (
        f"**Hardly any difference in {listed(told)}**: customers with the same value share the "
        "middle third, so groups rest on the other measures."
    )


def profit_sentence(profit: Said, losing: Said, edition: Edition) -> str:
    """Return profit per customer and the share at a loss, or what is missing."""
    if isinstance(profit, Unsaid):
        return f"Profit per customer is not known. {profit.why}"
    return sentence(
        "Profit per customer of {when} is {profit}; {losing:number} of customers cost "
        "more than their margin ({losing:interval}).",
        when=lookback_words(edition), profit=profit, losing=losing,
    )  # fmt: skip


def costs_sentence(costs: Costing, edition: Edition, by: By) -> str:
    """Return how costs were charged to customers."""
    currency = edition.company.currency
    told = []
    if costs.contacts is not None:
        told.append("contacts at their own cost")
    if costs.programme:
        amount = plain(costs.programme, currency)
        told.append(f"programme ({amount}) in equal parts to members who ordered")
    rest = {"service": " less the contacts in it"} if costs.in_service else {}
    shared = [
        f"{purpose}{rest.get(purpose, '')} ({plain(amount, currency)})"
        for purpose, amount in costs.shared.items()
    ]
    each = {"orders": "by their orders", "customers": "in equal parts"}[by]
    told += [f"{listed(shared)} to all who ordered, {each}"] if shared else []
    if not told:
        return "No table holds a cost to serve."
    elsewhere = ""
    if costs.elsewhere > 0:
        amount = plain(costs.elsewhere, currency)
        elsewhere = f" Contacts of customers without an order ({amount}) are charged to nobody."
    return f"Charged: {'; '.join(told)}.{elsewhere}"


def uncovered_sentence(costs: Costing, edition: Edition) -> str:
    """Return what the profit leaves out."""
    currency = edition.company.currency
    left = [f"{purpose} ({plain(amount, currency)})" for purpose, amount in costs.left_out.items()]
    missing = [
        words
        for words, known in (
            ("the cost of contacts", costs.contacts is not None),
            ("service and retention", bool(costs.shared)),
        )
        if not known
    ]
    return f"Not in it: {listed([*left, *missing, UNSEEN])}."


def _ends_in_words(
    what: str, first: float, second: float, unit: str, *, fewer: bool = False
) -> str:
    if not np.isfinite([first, second]).any():
        return f"{what}, all alike"
    ends = [_bare(end, unit) if np.isfinite(end) else "" for end in (first, second)]
    if fewer:
        told = [f"{third} below {end}" for third, end in zip((3, 2), ends, strict=True) if end]
    else:
        told = [f"{third} up to {end}" for third, end in zip((1, 2), ends, strict=True) if end]
    return ", ".join([what, *told])


def _bare(value: float, unit: str) -> str:
    return plain(value, unit, bare=True) if len(unit) == 3 else digits(value, 0)


def _money_in(name: str) -> str:
    return "margin" if "margin" in name else "revenue"
