"""The words on what customers buy and leave: profit after the cost to serve, rhythm and season."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _, following, listed, locale, ngettext
from profitchain.measures.profitability import By, Costing
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ABOVE_OTHERS, BELOW_OTHERS
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import sentence
from profitchain.words.value import CUSTOMERS, beside, few_clause, lookback_words, with_assumption

UNSEEN = N_("whatever no table holds, such as staff, rent and payment fees")
SHARED_BY = {
    "orders": N_("{costs} to all who ordered, by their orders"),
    "customers": N_("{costs} to all who ordered, in equal parts"),
}
PURPOSES = {
    "acquisition": N_("acquisition"),
    "retention": N_("retention"),
    "service": N_("service"),
    "referral": N_("referral"),
    "programme": N_("programme"),
}
RHYTHM = {
    "orders_per_customer": N_("Orders per customer"),
    "one_order_share": N_("Customers with one order"),
    "two_or_three_share": N_("… with two or three"),
    "four_or_more_share": N_("… with four or more"),
    "once_ever_share": N_("Of all customers ever, with one day of purchase"),
    "days_between": N_("Days between purchases, median"),
    "units_per_order": N_("Units per order"),
    "revenue_per_order": N_("Revenue per order"),
}


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
    currency, charged = edition.company.currency, []
    if costs.contacts is not None:
        charged.append(_("contacts at their own cost"))
    if costs.programme:
        amount = plain(costs.programme, currency)
        charged.append(
            _("programme ({amount}) in equal parts to members who ordered", amount=amount)
        )
    if costs.shared:
        shared = listed(
            _("service less the contacts in it ({amount})", amount=plain(amount, currency))
            if purpose == "service" and costs.in_service
            else _purpose(purpose, amount, currency)
            for purpose, amount in costs.shared.items()
        )
        charged.append(_(SHARED_BY[by], costs=shared))
    if not charged:
        return _("No table holds a cost to serve.")
    first = _("Charged: {costs}.", costs=beside(*charged))
    if costs.elsewhere <= 0:
        return first
    rest = _(
        "Contacts of customers without an order ({amount}) are charged to nobody.",
        amount=plain(costs.elsewhere, currency),
    )
    return following(first, rest)


def uncovered_sentence(costs: Costing, edition: Edition) -> str:
    """Return what the profit leaves out."""
    currency = edition.company.currency
    left = [_purpose(purpose, amount, currency) for purpose, amount in costs.left_out.items()]
    if costs.contacts is None:
        left.append(_("the cost of contacts"))
    if not costs.shared:
        left.append(_("service and retention"))
    return _("Not in it: {parts}.", parts=listed([*left, _(UNSEEN)]))


def profit_caption(table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of profit by value group."""
    currency, last = edition.company.currency, table.iloc[-1]
    message = _("What each group of customers brings")
    if last.notna().get("profit_value", False):
        left = plain(last["profit_value"], currency)
        message = _("A customer leaves {money} after cost to serve", money=left)
    means = _(
        "Means per customer who ordered in {when}, {currency}; discounts are already off revenue",
        when=lookback_words(edition),
        currency=currency,
    )
    rows = CUSTOMERS if np.isnan(last["n"]) else source(CUSTOMERS, int(last["n"]))
    profit = _("profit with its 95% interval") if "profit_value" in table else ""
    money = ["revenue", "discount", "margin", "contact_cost", "other_costs"]
    return {
        "message": message,
        "measure": beside(means, profit, few_clause(table, edition)),
        "source": with_assumption(rows, edition, "margin"),
        "units": dict.fromkeys([name for name in money if name in table], currency)
        | {"at_a_loss": "share", "n": "count"},
        "total": True,
    }


def rhythm_by_label(rhythm: Mapping[str, MaybeEstimate]) -> dict[str, MaybeEstimate]:
    """Return the figures of the purchase rhythm under the names that a table shows."""
    return {RHYTHM[name]: estimate for name, estimate in rhythm.items()}


def rhythm_caption(rhythm: Mapping[str, MaybeEstimate], edition: Edition) -> Caption:
    """Return the caption of the purchase rhythm."""
    once, ever = rhythm["one_order_share"], rhythm["once_ever_share"]
    message = _("How often, how far apart and how much customers buy")
    if isinstance(once, Estimate) and isinstance(ever, Estimate):
        message = _("{share} of customers ordered only once", share=number(ever))
        if edition.company.lookback_months:
            message = _(
                "{share} ordered only once in {when}; of all customers ever, {ever} did",
                share=number(once), ever=number(ever), when=lookback_words(edition),
            )  # fmt: skip
    rows = source(CUSTOMERS, rhythm["orders_per_customer"].n)
    return {
        "message": message,
        "measure": _(
            "Customers who ordered in {when}; days between purchases: of those who came back, over "
            "all their history; 95% intervals",
            when=lookback_words(edition),
        ),
        "source": drawn_from(rows, edition.stands_for),
    }


def season_caption(season: pd.DataFrame, years: int) -> Caption:
    """Return the caption of the months of the year."""
    clear = season[season["verdict"].isin([ABOVE_OTHERS, BELOW_OTHERS])]
    message = _("No month of the year clearly stands out")
    if season["value"].isna().all():
        message = _("Too short a history to tell a season")
    elif len(clear):
        far = clear.loc[np.log(clear["value"]).abs().idxmax()]
        message = _(
            "{month} stands out, at {times} times the year's middle",
            month=format_date(date(2000, int(far.name) + 1, 1), "LLLL", locale=locale()),
            times=digits(far["value"], 2),
        )
    return {
        "message": message,
        "measure": ngettext(
            "Orders a day in each month against the year's middle (1), growth taken out; {n} whole "
            "year; 95% intervals, month by month; a month stands out if it does after Bonferroni's "
            "correction for twelve",
            "Orders a day in each month against the year's middle (1), growth taken out; {n} whole "
            "years; 95% intervals, month by month; a month stands out if it does after "
            "Bonferroni's correction for twelve",
            years,
        ),
        "source": source(N_("Orders"), season["n"].sum()),
        "description": _("{message}. The values stand in the table.", message=message),
        "unit": "ratio",
    }


def _purpose(purpose: str, amount: float, currency: str) -> str:
    name = _(PURPOSES.get(purpose, purpose))
    return _("{purpose} ({amount})", purpose=name, amount=plain(amount, currency))


def left_out_sentence(facts: Mapping[str, int]) -> str:
    """Return how many orders so far are in no number of a page on customers, or ""."""
    guests = facts.get("guest_orders", 0)
    if not guests:
        return ""
    return ngettext(
        "{n} order so far was a guest's: nobody knows whose it is, so no number of this page "
        "counts it.",
        "{n} orders so far were guests': nobody knows whose they are, so no number of this page "
        "counts them.",
        guests,
        n=digits(guests, 0),
    )
