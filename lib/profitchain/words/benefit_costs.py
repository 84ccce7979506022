"""What winning, serving and keeping cost and bring, what the loyal pay: what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from profitchain.benefits.after_scores import AfterScores
from profitchain.benefits.channels import Channels, Conversion
from profitchain.benefits.complaint_handling import LEFT, ComplaintHandling
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.formats import digits, interval, number
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ALIKE
from profitchain.words.benefits import name_in_words
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital
from profitchain.words.reasons import text

RULES = words_of("benefit_costs", "rules")
HANDLING = words_of("benefit_costs", "handling")
LEVERS = words_of("benefit_costs", "levers")
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


def complaints_handled(
    found: ComplaintHandling | NotEstimable, *, edition: Edition
) -> Presentation:
    """Return who came back after complaints handled in time, and after those left."""
    rates = {} if isinstance(found, NotEstimable) else found.rates
    rows = to_frame(rates.values(), complaint=[_(HANDLING[side]) for side in rates])
    rows = rows[rows["value"].notna()]
    if isinstance(found, NotEstimable) or len(rows) < 2:
        return Presentation(rows.iloc[:0], "none", {"n": "0"})
    values = {"n": digits(sum(found.n.values()), 0)}
    gap = found.difference
    if isinstance(gap, NotEstimable) or gap.spans_zero:
        return Presentation(rows, "unclear", values)
    return Presentation(rows, "more" if gap.value > 0 else "fewer", values)


def handling(
    found: ComplaintHandling | NotEstimable, resolved: MaybeEstimate, *, edition: Edition
) -> list[Said]:
    """Return the difference among like customers, how scores rose by themselves, and contacts."""
    said = []
    if isinstance(found, NotEstimable):
        said.append(Said("not_handled", {"why": text(found)}))
    else:
        said.append(_apart(found.difference, "handled_apart", "not_handled"))
        left = found.rises[LEFT]
        more = found.rise_difference
        if isinstance(left, Estimate) and isinstance(more, Estimate):
            said.append(Said("scores_rise", {"left": left, "more": more}))
        elif isinstance(more, NotEstimable):
            said.append(Said("scores_unknown", {"why": text(more)}))
    key = "resolved" if isinstance(resolved, Estimate) else "not_resolved"
    why = text(resolved) if isinstance(resolved, NotEstimable) else ""
    return [*said, Said(key, {"share": resolved, "why": why})]


def later_refunds(found: AfterScores | NotEstimable, *, edition: Edition) -> Presentation:
    """Return refunds for each hundred later orders by group of scores."""
    rates = {} if isinstance(found, NotEstimable) else found.rates
    rows = to_frame(rates.values(), score=[first_capital(name_in_words(name)) for name in rates])
    rows = rows[rows["value"].notna()]
    refunds = sum(rate.n for rate in rates.values() if isinstance(rate, Estimate))
    values = {"refunds": digits(refunds, 0)}
    if isinstance(found, NotEstimable) or rows.empty:
        return Presentation(rows, "none", values)
    slope = found.slope
    is_clear = isinstance(slope, Estimate) and not slope.spans_zero
    return Presentation(rows, "differ" if is_clear else "unclear", values)


def paid_back(
    found: AfterScores | NotEstimable, shares: Mapping[str, MaybeEstimate], *, edition: Edition
) -> list[Said]:
    """Return how much money goes back by score, or why no refund is known."""
    known = {name: share for name, share in shares.items() if isinstance(share, Estimate)}
    if isinstance(found, NotEstimable):
        return [Said("no_refunds", {"why": text(found)})]
    if len(known) < 2:
        return []
    worst, *_between, best = known.values()
    return [Said("paid_back", {"worst": worst, "best": best})]


def newcomers_kept(found: Channels | NotEstimable, *, edition: Edition) -> Presentation:
    """Return by channel who ordered again within a year of the first order, and their margin."""
    if isinstance(found, NotEstimable):
        return Presentation(pd.DataFrame(), "none", {"empty": text(found)})
    rows = pd.DataFrame({
        "channel": found.retained["channel"].to_numpy(),
        "ordered again": [_cell(row, "share") for row in found.retained.itertuples()],
        "customers": found.retained["n"].to_numpy(),
    })  # fmt: skip
    if isinstance(found.margin, pd.DataFrame):
        currency = edition.company.currency
        rows["margin"] = [_cell(row, currency) for row in found.margin.itertuples()]
    return Presentation(rows, "apart" if found.are_apart else "alike", {"empty": ""})


def _cell(row: Any, unit: str) -> str:
    """Return an estimate of a channel; a star where it differs from all others beyond chance."""
    words = text(row.why) if row.why else _figure(Estimate.of(row, unit=unit))
    return words if row.verdict == ALIKE else _("{figure} *", figure=words)


def referrals_ordered(found: Conversion | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return how many of the referred ordered, and whether those of loyal customers more often."""
    if isinstance(found, NotEstimable):
        return [Said("no_conversion", {"why": text(found)})]
    said = [Said("converted", {"share": found.every})] if isinstance(found.every, Estimate) else []
    return [*said, _apart(found.difference, "loyal_convert", "no_conversion")]


def _apart(gap: MaybeEstimate, known: str, unknown: str) -> Said:
    if isinstance(gap, NotEstimable):
        return Said(unknown, {"why": text(gap)})
    return Said(known, {"gap": gap})


def _figure(estimate: MaybeEstimate) -> str:
    if isinstance(estimate, NotEstimable):
        return text(estimate)
    if estimate.low == estimate.high:
        return number(estimate)
    return f"{number(estimate)} ({interval(estimate, bare=True)})"
