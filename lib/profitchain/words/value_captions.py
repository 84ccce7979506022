"""The words around the exhibits on value today: groups, curve, profit, rhythm and season."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import digits, number, period_label, plain
from profitchain.core.i18n import N_, _, locale, ngettext
from profitchain.measures.concentration import TOP
from profitchain.measures.purchase_rhythm import ABOVE, BELOW
from profitchain.measures.rfm import ValueGroups, ordered
from profitchain.measures.satisfaction import measures_of
from profitchain.panel.edition import Edition
from profitchain.words import measures
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.value import beside, lookback_words
from profitchain.words.worth import assumed_share

DASH = "–"
CUSTOMERS, WHO_ORDERED = N_("Customers"), N_("Customers who ordered")


def of_groups(table: pd.DataFrame, groups: ValueGroups, edition: Edition) -> Caption:
    """Return the caption of the value groups."""
    main, score = edition.company.main, ""
    if main:
        label = measures.label(measures_of(main)[0])
        score = _("{measure}: latest answers, 95% intervals", measure=label)
    shares = [name for name in table if name.startswith("share_of")]
    words = {"period": period_label(edition.period), "when": lookback_words(edition)}
    counted = _(
        "All customers known at the end of {period}; money and orders of {when}, counted in full",
        **words,
    )
    if edition.stands_for > 1:
        counted = _(
            "All customers known at the end of {period}, told from those drawn; money and orders "
            "of {when}",
            **words,
        )
    before = _("change: since the snapshot before") if "change" in table else ""
    return {
        "message": _groups_message(table, groups),
        "measure": beside(counted, before, score, few_clause(table, edition)),
        "source": with_assumption(source(CUSTOMERS, len(groups.now)), edition, groups.money),
        "units": dict.fromkeys(shares, "share") | {"customers": "count", "change": "count"},
        "empty": _("No customer is known."),
    }


def with_assumption(rows: str, edition: Edition, money: str) -> str:
    """Return a source note with who is drawn, and margin's assumption where orders carry none."""
    rows = drawn_from(rows, edition.stands_for)
    share = assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=_(rows), share=share)


def few_clause(table: pd.DataFrame, edition: Edition, *, mark: str = DASH) -> str:
    """Return what an empty cell of counts means; "" where there is none.

    `mark` is a message: what stands there.
    """
    counts = [name for name in ("n", "customers", "change", "answers", "moved") if name in table]
    if not table[counts].isna().any(axis=None):
        return ""
    return ngettext(
        "{mark}: fewer than {n} customer, or not shown so that so few can't be told by subtraction",
        "{mark}: fewer than {n} customers, or not shown so that so few can't be told by "
        "subtraction",
        edition.smallest, mark=_(mark),
    )  # fmt: skip


def shown_groups(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return the table of groups with the score under the question's own name, to be shown."""
    main = edition.company.main
    name = ""
    if main:
        name = (
            "NPS" if main.kind == "nps" else measures.label(measures_of(main)[0]).replace(" ", "_")
        )
    renamed = {
        f"score_{part}": f"{name}_{part}" for part in ("value", "low", "high", "why", "unit")
    }
    hidden = table["customers"].isna()  # a cell has room for "too few", or for a dash
    table = table.assign(score_why=np.where(hidden, DASH, "")) if main else table
    return table.rename(columns=renamed).drop(columns="orders_per_customer")


def of_lorenz(
    curves: pd.DataFrame, shares: Mapping[str, MaybeEstimate], edition: Edition
) -> Caption:
    """Return the caption of the Lorenz curves."""
    said = shares["top_decile_revenue_share"]
    message = _("Too few customers to say how much the top ones carry")
    if isinstance(said, Estimate):
        message = _("The top tenth carries {share} of revenue", share=number(said))
    measure = _(
        "Share of net revenue and margin that the top customers of {period} bring, the largest "
        "first (Lorenz curve); bands: 95% intervals",
        period=period_label(edition.period),
    )
    above = bool((curves["value"] > 1).any())
    dips = _("above 100%: the last customers' sums are negative") if above else ""
    return {
        "message": message,
        "measure": beside(measure, dips),
        "source": with_assumption(source(WHO_ORDERED, said.n, edition.period), edition, "margin"),
        "description": _(
            "{message}. The line lies above the diagonal on which all would bring the same; its "
            "values stand in the table.",
            message=message,
        ),
        "mark": TOP,
    }


def of_profit(table: pd.DataFrame, edition: Edition) -> Caption:
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


RHYTHM = {
    "orders_per_customer": N_("Orders per customer"),
    "one_order_share": N_("Customers with one order"),
    "two_or_three_share": N_("… with two or three"),
    "four_or_more_share": N_("… with four or more"),
    "days_between": N_("Days between purchases, median"),
    "units_per_order": N_("Units per order"),
    "revenue_per_order": N_("Revenue per order"),
}


def rhythm_by_label(rhythm: Mapping[str, MaybeEstimate]) -> dict[str, MaybeEstimate]:
    """Return the figures of the purchase rhythm under the names that a table shows."""
    return {RHYTHM[name]: estimate for name, estimate in rhythm.items()}


def of_rhythm(said: Mapping[str, MaybeEstimate], edition: Edition) -> Caption:
    """Return the caption of the purchase rhythm."""
    one = said["one_order_share"]
    message = _("How often, how far apart and how much customers buy")
    if isinstance(one, Estimate):
        message = _("{share} of customers ordered only once", share=number(one))
    return {
        "message": message,
        "measure": _(
            "Customers who ordered in {when}; days between purchases: of those who came back, over "
            "all their history; 95% intervals",
            when=lookback_words(edition),
        ),
        "source": drawn_from(source(CUSTOMERS, said["orders_per_customer"].n), edition.stands_for),
    }


def of_season(season: pd.DataFrame, years: int) -> Caption:
    """Return the caption of the months of the year."""
    known = season.dropna(subset=["value"])
    clear = known[known["verdict"].isin([ABOVE, BELOW])]
    message = _("No month of the year clearly stands out")
    if len(clear):
        far = clear.loc[np.log(clear["value"]).abs().idxmax()]
        message = _(
            "{month} stands out, at {times} times the year's middle",
            month=format_date(date(2000, int(far.name) + 1, 1), "LLLL", locale=locale()),
            times=digits(far["value"], 2),
        )
    return {
        "message": message if len(known) else _("Too short a history to tell a season"),
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


def dimensions_table(dimensions: pd.DataFrame) -> pd.DataFrame:
    """Return the seven dimensions with what measures them, and what isn't measured, in words."""
    return dimensions.assign(
        measured_by=dimensions["measured_by"].map(MEASURED_BY),
        not_measured=dimensions["dimension"].map(NOT_MEASURED),
    )


def of_dimensions(table: pd.DataFrame, now: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the seven dimensions."""
    known = int(table["value"].notna().sum())
    return {
        "message": ngettext(
            "{n} of the seven dimensions of value can be measured here",
            "{n} of the seven dimensions of value can be measured here",
            known,
        ),
        "measure": _(
            "One figure a dimension, customers who ordered in {when}; 95% intervals",
            when=lookback_words(edition),
        ),
        "source": drawn_from(source(WHO_ORDERED, len(ordered(now))), edition.stands_for),
    }


def _groups_message(table: pd.DataFrame, groups: ValueGroups) -> str:
    column = f"share_of_{groups.money}"
    known = table[table[column] > 0]
    if known.empty:
        return _("No group is large enough to show")
    top = known.loc[known[column].idxmax()]
    share, many = f"{top[column]:.0%}", f"{top['share_of_customers']:.0%}"
    return _(
        "{group}: {many} of customers, {share} of {money}",
        group=_(top["group"]), many=many, share=share, money=_(groups.money),
    )  # fmt: skip
