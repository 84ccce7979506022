"""What is at stake with those who may stay away, and whom to call, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _, following, listed, ngettext
from profitchain.core.periods import Period
from profitchain.lifetime.churn_model import MaybeForecast
from profitchain.lifetime.retention_targeting import (
    ASSUMED_COST,
    ContactPlan,
    MaybePlan,
    money_column,
)
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, sentence
from profitchain.words.scores import percent
from profitchain.words.worth import assumed_clause

GROUPS = (  # of customers, as exhibits show them
    *(N_("value"), N_("lowest third"), N_("middle third"), N_("highest third")),
    *(N_("satisfaction"), N_("no answer")),
)
AT_STAKE = N_(
    "Customers foretold to order nothing in the next {period} brought **{said:number}** of {money} "
    "in the last {months} months ({said:evidence}){assumed}."
)
AT_STAKE_OF_ALL = N_(
    "Customers foretold to order nothing in the next {period} brought **{said:number}** of "
    "{money}, {share} of the base's, in the last {months} months ({said:evidence}){assumed}."
)
PAYS = N_(
    "If {given}, **it pays to call {count} of {n}** customers, for an expected {profit:number} in "
    "{months}, cost paid ({profit:interval})."
)
PAYS_UNCLEARLY = N_(
    "If {given}, **it is not clear that calling pays**: best are {count} of {n} customers, for an "
    "expected {profit:number} in {months}, cost paid ({profit:interval}, which spans zero)."
)
BY_SEGMENT = {
    "value": N_("By value: {groups}."),
    "satisfaction": N_("By satisfaction: {groups}."),
}


def stake_sentences(
    at_risk: MaybeEstimate, groups: pd.DataFrame, forecast: MaybeForecast, edition: Edition
) -> tuple[str, ...]:
    """Return what those predicted to order nothing brought in the lookback, in all and by group."""
    if isinstance(forecast, NotEstimable) or isinstance(at_risk, NotEstimable):
        why = next(part for part in (forecast, at_risk) if isinstance(part, NotEstimable))
        return (_("What is at stake can't be said: {why}", why=reasons.text(why)),)
    firm, money = edition.company, money_column(forecast.now)
    brought = factor(forecast.now) * float(forecast.now[money].sum())
    whole = sentence(
        AT_STAKE_OF_ALL if brought > 0 else AT_STAKE,
        said=at_risk, period=period_word(edition.period), money=_(money),
        share=f"{at_risk.value / brought:.0%}" if brought > 0 else "",
        months=f"{firm.lookback_months}", assumed=assumed_clause(edition, money),
    )  # fmt: skip
    by_segment = groups.dropna(subset=["value"]).groupby("segment", sort=False)
    sentences = [
        _(BY_SEGMENT[segment], groups=listed(_of_group(row, firm.currency) for row in rows))
        for segment, rows in ((name, part.to_dict("records")) for name, part in by_segment)
    ]
    return (whole, following(*sentences)) if sentences else (whole,)


def _of_group(row: dict[str, Any], currency: str) -> str:
    words = {"group": _(row["group"]), "value": plain(row["value"], currency)}
    if pd.isna(row["share"]):
        return _("{group} {value}", **words)
    return _("{group} {value} ({share} of theirs)", share=f"{row['share']:.0%}", **words)


def calls_sentence(
    plan: MaybePlan, profit: MaybeEstimate, forecast: MaybeForecast, period: Period
) -> str:
    """Return how many it would pay to contact, or that it pays for nobody ("" without chances)."""
    if isinstance(forecast, NotEstimable):
        return ""
    if isinstance(plan, NotEstimable) or isinstance(profit, NotEstimable):
        why = next(part for part in (plan, profit) if isinstance(part, NotEstimable))
        return _("Whom it pays to call can't be said: {why}", why=reasons.text(why))
    if plan.gains["value"].max() <= 0:
        return _("**It is not worth calling anybody**: keeping these customers brings nothing.")
    assumed = _assumption(plan, profit.unit)
    if not plan.to_call:
        return _("**It is not worth calling anybody** if {given}.", given=assumed)
    months = plan.retention.periods * 12 // period.per_year
    return sentence(
        PAYS_UNCLEARLY if profit.spans_zero else PAYS,
        given=assumed, count=digits(plan.to_call, 0), n=digits(plan.among_all(len(plan.gains)), 0),
        profit=profit,
        months=ngettext("{n} month", "{n} months", months),
    )  # fmt: skip


def rests_on(
    plan: MaybePlan, curves: pd.DataFrame, profit: MaybeEstimate, currency: str
) -> tuple[str, ...]:
    """Return what the plan rests on: half the success rate, and where the assumptions come from."""
    sentences = (half_sentence(plan, curves, profit), cost_sentence(plan, currency))
    return tuple(filter(None, sentences))


def half_sentence(plan: MaybePlan, curves: pd.DataFrame, profit: MaybeEstimate) -> str:
    """Return what becomes of the same calls if only half as many customers are kept."""
    if isinstance(plan, NotEstimable) or isinstance(profit, NotEstimable) or not plan.to_call:
        return ""
    half = curves[curves["success_rate"] == curves["success_rate"].iloc[-1]]
    value = float(half.loc[half["customers"] == plan.to_call, "value"].iloc[0])
    value_at_risk = plan.gains["risk"] * plan.gains["value"]
    worth = int((plan.success_rate / 2 * value_at_risk > plan.cost).sum())
    rest = _("it would then pay to call nobody")
    if worth:
        rest = _("it would then pay to call {count}", count=digits(plan.among_all(worth), 0))
    words = {"amount": plain(abs(value), profit.unit), "rest": rest}
    gained = N_("If only half as many are kept, the same calls gain {amount}, and {rest}.")
    lost = N_("If only half as many are kept, the same calls lose {amount}, and {rest}.")
    return _(gained if value > 0 else lost, **words)


def cost_sentence(plan: MaybePlan, currency: str) -> str:
    """Return where the cost of a contact and the success rate come from."""
    if isinstance(plan, NotEstimable):
        return ""
    where = {
        "given": _("what the page's parameters say"),
        "counted": _("the mean of the firm's contacts with these customers"),
        "assumed": _(
            "**assumed**, {share} of what a customer brought in the lookback",
            share=f"{ASSUMED_COST:.0%}",
        ),
    }[plan.cost_is]
    rate = _("Calling everybody would pay at no success rate.")
    if plan.break_even <= 1:
        rate = _("Calling everybody breaks even at {share}.", share=percent(plan.break_even))
    note = _(
        "The cost of a contact, {cost}, is {where}. The success rate, {rate}, is **assumed**: only "
        "a trial with customers left uncalled by lot can tell it.",
        cost=plain(plan.cost, currency), where=where, rate=f"{plan.success_rate:.0%}",
    )  # fmt: skip
    return following(note, rate)


def profit_lines(curves: pd.DataFrame) -> pd.DataFrame:
    """Return profit curves with a column `line` that says their success rate."""
    lines = [_("{share} kept", share=f"{rate * 100:.3g}%") if rate == rate else ""
             for rate in curves["success_rate"]]  # fmt: skip
    return curves.assign(success_rate=lines).rename(columns={"success_rate": "line"})


def profit_caption(plan: MaybePlan, profit: MaybeEstimate, currency: str) -> Caption:
    """Return the caption of what calling so many customers would bring."""
    message, mark = _("What calling customers would bring"), None
    if isinstance(plan, ContactPlan) and isinstance(profit, Estimate):
        message = _("It is not worth calling anybody")
        if plan.to_call:
            message, best = _best_calls(plan.to_call, profit)
            mark = (plan.to_call, profit.value, best)
    return {
        "message": message,
        "measure": _(
            "Expected profit of calling so many, the most worthwhile first, cost paid; bands: 95%, "
            "for the errors of the chances and of what a kept customer is worth"
        ),
        "source": drawn_from(
            source(_("Customers of the lookback"), profit.n),
            factor(plan.gains) if isinstance(plan, ContactPlan) else 1.0,
        ),
        "description": _("{message}. The values stand in the table.", message=message),
        "unit": currency,
        "x_label": _("customers called"),
        "mark": mark,
    }


def _best_calls(to_call: int, profit: Estimate) -> tuple[str, str]:
    """Return what the best number of calls is, as a message and as the mark's label."""
    words = {"count": digits(to_call, 0)}
    best = ngettext(
        "{count} customer: {profit}", "{count} customers: {profit}", to_call,
        profit=number(profit), **words,
    )  # fmt: skip
    message = ngettext(
        "Calling {count} customer would gain most", "Calling {count} customers would gain most",
        to_call, **words,
    )  # fmt: skip
    if profit.spans_zero:
        message = ngettext(
            "Calling {count} customer would gain most, if anything",
            "Calling {count} customers would gain most, if anything", to_call, **words,
        )  # fmt: skip
    return message, best


def _assumption(plan: ContactPlan, currency: str) -> str:
    words = {"share": f"{plan.success_rate:.0%}", "cost": plain(plan.cost, currency)}
    if plan.cost_is == "assumed":
        return _(
            "a call keeps {share} of those who would stay away and costs {cost} (both assumed)",
            **words,
        )
    return _("a call keeps {share} of those who would stay away and costs {cost}", **words)
