"""The sentences and captions on value today: who carries the business, and what is left."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping

import numpy as np
import pandas as pd

from profitchain.captions import Caption, source
from profitchain.concentration import TOP
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.formats import digits, interval, number, period_label, plain
from profitchain.profitability import By, Costing
from profitchain.satisfaction import measures_of
from profitchain.store import Edition
from profitchain.value_groups import RULES, Groups, ordered
from profitchain.wording import listed, sentence
from profitchain.worth_words import assumed_clause

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


def of_groups(table: pd.DataFrame, groups: Groups, edition: Edition) -> Caption:
    """Return the caption of the value groups."""
    main = edition.company.main
    score = f"; {measures_of(main)[0].label}: latest answers, 95% intervals" if main else ""
    before = "; change: since the snapshot before" if "change" in table else ""
    shares = [name for name in table if name.startswith("share_of")]
    few = f"; –: fewer than {edition.smallest} customers" if table["customers"].isna().any() else ""
    return {
        "message": _groups_message(table, groups),
        "measure": f"All customers known at the end of {period_label(edition.period)}; money and "
        f"orders of {lookback_words(edition)}, counted in full{before}{score}{few}",
        "source": source("Customers", len(groups.now)) + assumed_clause(edition, groups.money),
        "units": dict.fromkeys(shares, "share") | {"customers": "count", "change": "count"},
        "empty": "No customer is known.",
    }


def shown_groups(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return the table of groups with the score under the question's own name, to be shown."""
    main = edition.company.main
    name = measures_of(main)[0].label.replace(" ", "_") if main else ""
    name = {"Net_promoter_score": "NPS"}.get(name, name)
    renamed = {
        f"score_{part}": f"{name}_{part}" for part in ("value", "low", "high", "why", "unit")
    }
    table = table.assign(score_why="") if main else table  # a cell has room for "too few"
    return table.rename(columns=renamed).drop(columns="orders_per_customer")


def of_lorenz(curves: pd.DataFrame, shares: Mapping[str, Said], edition: Edition) -> Caption:
    """Return the caption of the Lorenz curves."""
    said = shares["top_decile_revenue_share"]
    message = "Too few customers to say how much the top ones carry"
    if isinstance(said, Estimate):
        message = f"The top tenth carries {number(said)} of revenue"
    above = bool((curves["value"] > 1).any())
    dips = "; above 100%: the last customers' sums are negative" if above else ""
    return {
        "message": message,
        "measure": "Share of net revenue and margin that the top customers of "
        f"{period_label(edition.period)} bring, the largest first (Lorenz curve); bands: 95% "
        f"intervals{dips}",
        "source": source("Customers who ordered", said.n, edition.period)
        + assumed_clause(edition, "margin"),
        "description": f"{message}. The line lies above the diagonal on which all would bring the "
        "same; its values stand in the table.",
        "mark": TOP,
    }


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


def of_profit(table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of profit by value group."""
    currency, last = edition.company.currency, table.iloc[-1]
    message = "What each group of customers brings"
    if last.notna().get("profit_value", False):
        message = f"A customer leaves {plain(last['profit_value'], currency)} after cost to serve"
    money = ["revenue", "discount", "margin", "contact_cost", "other_costs"]
    return {
        "message": message,
        "measure": f"Means per customer who ordered in {lookback_words(edition)}, {currency}; "
        "discounts are already off revenue"
        + "; profit with its 95% interval"
        * ("profit_value" in table),
        "source": source("Customers", int(np.nan_to_num(last["customers"])))
        + assumed_clause(edition, "margin"),
        "units": dict.fromkeys([name for name in money if name in table], currency)
        | {"at_a_loss": "share", "customers": "count"},
        "total": True,
    }


def of_rhythm(said: Mapping[str, Said], edition: Edition) -> Caption:
    """Return the caption of the purchase rhythm."""
    one = said["Customers with one order"]
    message = "How often, how far apart and how much customers buy"
    if isinstance(one, Estimate):
        message = f"{number(one)} of customers ordered only once"
    return {
        "message": message,
        "measure": f"Customers who ordered in {lookback_words(edition)}; days between purchases: "
        "of those who came back, over all their history; 95% intervals",
        "source": source("Customers", said["Orders per customer"].n),
    }


def of_season(season: pd.DataFrame, years: int) -> Caption:
    """Return the caption of the months of the year."""
    known = season.dropna(subset=["value"])
    clear = known[(known["low"] > 1) | (known["high"] < 1)]
    message = "No month of the year clearly stands out"
    if len(clear):
        far = clear.loc[np.log(clear["value"]).abs().idxmax()]
        message = (
            f"{month_name[far.name + 1]} stands out, at {far['value']:.2f} times the year's middle"
        )
    return {
        "message": message if len(known) else "Too short a history to tell a season",
        "measure": "Orders a day in each month against the year's middle (1), growth taken out; "
        f"{years} whole years; 95% intervals",
        "source": source("Orders", season["n"].sum()),
        "description": f"{message}. The values stand in the table.",
        "unit": "ratio",
    }


def of_dimensions(table: pd.DataFrame, now: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the seven dimensions."""
    known = int(table["value"].notna().sum())
    return {
        "message": f"{known} of the seven dimensions of value can be measured here",
        "measure": f"One figure a dimension, customers who ordered in {lookback_words(edition)}; "
        "95% intervals",
        "source": source("Customers who ordered", len(ordered(now))),
    }


def _groups_message(table: pd.DataFrame, groups: Groups) -> str:
    column = f"share_of_{groups.money}"
    known = table.dropna(subset=[column, "customers"])
    if known.empty or not len(ordered(groups.now)):
        return "No group is large enough to show"
    top = known.loc[known[column].idxmax()]
    share, many = f"{top[column]:.0%}", f"{top['share_of_customers']:.0%}"
    return f"{top['group']}: {many} of customers, {share} of {groups.money}"


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
