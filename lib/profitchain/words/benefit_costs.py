"""What winning, serving and keeping cost, and what the loyal pay: what their page may say of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import digits, interval, number
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.words.benefits import name_in_words
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital
from profitchain.words.reasons import text

RULES = {
    "left out": N_("service costs left out"),
    "by customers": N_("shared by customers"),
    "by revenue": N_("shared by revenue"),
}
LEVERS = {
    "retention": N_("retention"),
    "margin": N_("margin rate"),
    "length": N_("length of the relation"),
    "frequency": N_("orders a year"),
    "basket": N_("basket"),
}
STEPS = {"+1 point": N_("1 point"), "+1%": N_("1%")}


def newcomer_costs(costs: pd.DataFrame | NotEstimable, *, edition: Edition) -> Presentation:
    """Return what a new customer of each channel costs, and when that is paid back."""
    known = costs.dropna(subset=["value"]) if isinstance(costs, pd.DataFrame) else pd.DataFrame()
    values = {
        "channel": "",
        "empty": text(costs) if isinstance(costs, NotEstimable) else _("No costs by channel."),
    }
    if known.empty:
        return Presentation(known, "none", values)
    currency = edition.company.currency
    rows = pd.DataFrame({
        "channel": [_("all channels") if name == "all" else name for name in known["channel"]],
        "cost": [_figure(Estimate.of(row, unit=currency)) for row in known.itertuples()],
        "customers": known["n"].to_numpy(),
        "payback": [_payback(months) for months in known["payback_months"]],
    })  # fmt: skip
    named = known[known["channel"] != "all"]
    if len(named) < 2:
        return Presentation(rows, "one", values)
    return Presentation(rows, "dearest", values | {"channel": str(named["channel"].iloc[0])})


def _payback(months: float) -> str:
    return _("not within a year") if np.isnan(months) else digits(months, 0)


def winning_keeping(
    ratios: Mapping[str, MaybeEstimate] | NotEstimable, *, edition: Edition
) -> Presentation:
    """Return winning by keeping under three rules for what serves both."""
    found = {} if isinstance(ratios, NotEstimable) else ratios
    rows = to_frame(found.values(), rule=[first_capital(_(RULES[rule])) for rule in found])
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return Presentation(rows, "none")
    says = (
        "dearer"
        if (rows["low"] > 1).all()
        else "cheaper"
        if (rows["high"] < 1).all()
        else "unclear"
    )
    return Presentation(rows, says)


def same_price(difference: MaybeEstimate, *, edition: Edition) -> Presentation:
    """Return how much more the loyal pay for the same."""
    rows = to_frame([difference], price=[_("Loyal less new")])
    if isinstance(difference, NotEstimable):
        return Presentation(rows.iloc[:0], "none")
    says = "alike" if difference.spans_zero else "more" if difference.value > 0 else "less"
    return Presentation(rows, says)


def discounts(
    shares: Mapping[str, MaybeEstimate] | NotEstimable, *, edition: Edition
) -> list[Said]:
    """Return what was let off the list price, for the loyal and for the new."""
    if isinstance(shares, NotEstimable):
        return [Said("no_discounts", {"why": text(shares)})]
    lacking = [share for share in shares.values() if isinstance(share, NotEstimable)]
    if lacking:
        return [Said("no_discounts", {"why": text(lacking[0])})]
    return [Said("discounts", dict(shares))]


def value_levers(levers: pd.DataFrame | NotEstimable, *, edition: Edition) -> Presentation:
    """Return by how much the value to come moves, lever by lever, the strongest first."""
    if isinstance(levers, NotEstimable):
        return Presentation(pd.DataFrame(), "none", {"empty": text(levers)})
    ordered = levers.sort_values("value", ascending=False, kind="stable")
    rows = pd.DataFrame({
        "lever": [_(LEVERS[name]) for name in ordered["lever"]],
        "more by": [_(STEPS[step]) for step in ordered["step"]],
        "value to come": [_figure(Estimate.of(row, unit="share")) for row in ordered.itertuples()],
    })  # fmt: skip
    first = ordered.iloc[0]
    is_point = (first["lever"], first["step"]) == ("retention", "+1 point")
    return Presentation(rows, "point" if is_point else "other", {"empty": ""})


def contact_costs(costs: Mapping[str, MaybeEstimate], *, edition: Edition) -> Presentation:
    """Return what contacts cost for each hundred later orders, by the score before."""
    rows = to_frame(costs.values(), score=[first_capital(name_in_words(name)) for name in costs])
    rows = rows[rows["value"].notna()]
    return Presentation(rows, "what" if len(rows) else "none")


def _figure(estimate: MaybeEstimate) -> str:
    if isinstance(estimate, NotEstimable):
        return text(estimate)
    if estimate.low == estimate.high:
        return number(estimate)
    return f"{number(estimate)} ({interval(estimate, bare=True)})"
