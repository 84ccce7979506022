"""What customers buy and leave: profit after the cost to serve, rhythm and season."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, listed, locale
from profitchain.measures.profitability import By, Costing
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ABOVE_OTHERS, BELOW_OTHERS
from profitchain.words import reasons
from profitchain.words.captions import drawn_from
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, figure_rows, source
from profitchain.words.value import CUSTOMERS, beside, few_clause, with_assumption

UNSEEN = N_("whatever no table holds, such as staff, rent and payment fees")
SHARED_BY = words_of("purchases", "shared_by")
PURPOSES = words_of("purchases", "purposes")
RHYTHM = words_of("purchases", "rhythm")


def left(profit: MaybeEstimate, losing: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return profit per customer and the share at a loss, or what is missing."""
    if why := next((one for one in (profit, losing) if isinstance(one, NotEstimable)), None):
        return [Said("no_profit", {"why": reasons.text(why)})]
    return [Said("profit", {"profit": profit, "losing": losing})]


def charged(costs: Costing, by: By, *, edition: Edition) -> list[str]:
    """Return how costs were charged to customers, and what the profit leaves out."""
    currency, parts = edition.company.currency, []
    if costs.contacts is not None:
        parts.append(_("contacts at their own cost"))
    if costs.programme:
        amount = plain(costs.programme, currency)
        parts.append(_("programme ({amount}) in equal parts to members who ordered", amount=amount))
    if costs.shared:
        shared = listed(
            _("service less the contacts in it ({amount})", amount=plain(amount, currency))
            if purpose == "service" and costs.in_service
            else _purpose(purpose, amount, currency)
            for purpose, amount in costs.shared.items()
        )
        parts.append(_(SHARED_BY[by], costs=shared))
    first = _("Charged: {costs}.", costs=beside(*parts)) if parts else ""
    rest = _(
        "Contacts of customers without an order ({amount}) are charged to nobody.",
        amount=plain(costs.elsewhere, currency),
    )
    return [
        first or _("No table holds a cost to serve."),
        rest if parts and costs.elsewhere > 0 else "",
        _uncovered(costs, currency),
    ]


def _uncovered(costs: Costing, currency: str) -> str:
    """Return what the profit leaves out."""
    missing = [_purpose(purpose, amount, currency) for purpose, amount in costs.left_out.items()]
    if costs.contacts is None:
        missing.append(_("the cost of contacts"))
    if not costs.shared:
        missing.append(_("service and retention"))
    return _("Not in it: {parts}.", parts=listed([*missing, _(UNSEEN)]))


def profit_by_group(table: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return what each value group brings and leaves, all who ordered in the last row."""
    currency, last = edition.company.currency, table.iloc[-1]
    known = bool(last.notna().get("profit_value", False))
    rows = CUSTOMERS if np.isnan(last["n"]) else source(CUSTOMERS, int(last["n"]))
    values = {"money": plain(last["profit_value"], currency) if known else ""}
    values |= {"source": with_assumption(rows, edition, "margin")}
    values |= {"few": few_clause(table, edition)}
    money = ("revenue", "discount", "margin", "contact_cost", "other_costs")
    units = dict.fromkeys([name for name in money if name in table], currency)
    units |= {"at_a_loss": "share", "n": "count"}
    return Presentation(table, "leaves" if known else "brings", values, {"units": units})


def rhythm(figures: Mapping[str, MaybeEstimate], *, edition: Edition) -> Presentation:
    """Return the figures of the purchase rhythm under the names that a table shows."""
    once, ever = figures["one_order_share"], figures["once_ever_share"]
    rows = figure_rows({RHYTHM[name]: figure for name, figure in figures.items()}, "measure")
    note = source(CUSTOMERS, figures["orders_per_customer"].n)
    values: dict[str, object] = {"source": drawn_from(note, edition.stands_for)}
    says = "figures"
    if isinstance(once, Estimate) and isinstance(ever, Estimate):
        says = "once_in" if edition.company.lookback_months else "once_ever"
        values |= {"once": once, "ever": ever}
    return Presentation(rows, says, values)


def season(months: pd.DataFrame, years: int, *, edition: Edition) -> Presentation:
    """Return the months of the year, and the one that stands out most."""
    clear, says = months[months["verdict"].isin([ABOVE_OTHERS, BELOW_OTHERS])], "alike"
    values: dict[str, object] = {"years": years, "source": source(N_("Orders"), months["n"].sum())}
    if months["value"].isna().all():
        says = "short"
    elif len(clear):
        far = clear.loc[np.log(clear["value"]).abs().idxmax()]
        day = date(2000, int(far.name) + 1, 1)
        values |= {"month": format_date(day, "LLLL", locale=locale())}
        says, values["times"] = "apart", digits(far["value"], 2)
    return Presentation(months, says, values)


def _purpose(purpose: str, amount: float, currency: str) -> str:
    name = _(PURPOSES.get(purpose, purpose))
    return _("{purpose} ({amount})", purpose=name, amount=plain(amount, currency))
