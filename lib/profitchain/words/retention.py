"""What is at stake with those who may stay away, and whom to call, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _, following, listed, ngettext
from profitchain.core.periods import Period
from profitchain.lifetime.churn_model import MaybeForecast
from profitchain.lifetime.contact_value import (
    ContactValue,
    MaybeContactValue,
    arm_of_a_test,
    break_even,
    expected_gain,
    worth_at_most,
    worthwhile,
)
from profitchain.lifetime.retention_targeting import money_column
from profitchain.panel.edition import Edition
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.presentation import lookback_words
from profitchain.words.prose import period_word, sentence
from profitchain.words.worth import assumed_clause

GROUPS = (  # of customers, as exhibits show them
    *(N_("value"), N_("lowest third"), N_("middle third"), N_("highest third")),
    *(N_("satisfaction"), N_("no answer")),
)
AT_STAKE = N_(
    "Weighted by each customer's chance to order nothing in the next {period}, customers brought "
    "**{said:number}** of {money} in {months} ({said:evidence}){assumed}."
)
AT_STAKE_OF_ALL = N_(
    "Weighted by each customer's chance to order nothing in the next {period}, customers brought "
    "**{said:number}** of {money} in {months} ({said:evidence}), {share} of all{assumed}."
)
WORTH = N_(
    "A call that surely keeps would bring **{said:number} of {money}** a customer in {months} "
    "({said:interval}); with the tenth with whom most is at stake {top:number} ({top:interval})"
    "{assumed}."
)
FROM_RATES = N_(
    "At {cost} a call ({where}), calling that tenth pays if **{top:number}** of those who would "
    "stay away are kept ({top:interval}); calling everybody, if {said:number} are "
    "({said:interval})."
)
FROM_RATE_OF_TOP = N_(
    "At {cost} a call ({where}), calling that tenth pays if **{top:number}** of those who would "
    "stay away are kept ({top:interval}); calling everybody pays at no success rate."
)
KEPT = N_(
    "Offers with a hold-out kept {kept:number} of those who would have stayed away "
    "({kept:evidence})."
)
PAYS = N_(
    "At that rate **it pays to call {count} of {n}** customers, for an expected {gain:number} of "
    "margin in {months}, calls paid ({gain:interval})."
)
BY_SEGMENT = {
    "value": N_("By value: {groups}."),
    "satisfaction": N_("By satisfaction: {groups}."),
}


def stake_sentences(
    at_risk: MaybeEstimate, groups: pd.DataFrame, forecast: MaybeForecast, edition: Edition
) -> tuple[str, ...]:
    """Return what customers brought, weighted by their chance to stay away, in all and by group."""
    if isinstance(forecast, NotEstimable) or isinstance(at_risk, NotEstimable):
        why = next(part for part in (forecast, at_risk) if isinstance(part, NotEstimable))
        return (_("What is at stake can't be said: {why}", why=reasons.text(why)),)
    firm, money = edition.company, money_column(forecast.now)
    brought = factor(forecast.now) * float(forecast.now[money].sum())
    whole = sentence(
        AT_STAKE_OF_ALL if brought > 0 else AT_STAKE,
        said=at_risk, period=period_word(edition.period), money=_(money),
        share=f"{at_risk.value / brought:.0%}" if brought > 0 else "",
        months=lookback_words(edition), assumed=assumed_clause(edition, money),
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


def calls_sentences(
    plan: MaybeContactValue, forecast: MaybeForecast, edition: Edition
) -> tuple[str, ...]:
    """Return what a call is worth, from which success rate on it pays, and what is known of that.

    None without chances, for then the page has said why.
    """
    if isinstance(forecast, NotEstimable):
        return ()
    if isinstance(plan, NotEstimable):
        return (_("What a call is worth can't be said: {why}", why=reasons.text(plan)),)
    currency = edition.company.currency
    said, top = (worth_at_most(plan, currency=currency, top=top) for top in (False, True))
    if isinstance(top, Estimate) and top.value <= 0:
        return (_("**It is not worth calling anybody**: keeping these customers brings nothing."),)
    worth = sentence(
        WORTH, said=said, top=top, money=_(plan.money), months=_ahead(plan, edition.period),
        assumed=assumed_clause(edition, plan.money),
    )  # fmt: skip
    return (worth, break_even_sentence(plan, currency), success_sentence(plan, edition))


def break_even_sentence(plan: ContactValue, currency: str) -> str:
    """Return from which success rate on calls pay, or why that can't be said."""
    everybody, top = break_even(plan), break_even(plan, top=True)
    if isinstance(top, NotEstimable) or isinstance(plan.cost, NotEstimable):
        why = reasons.text(top) if isinstance(top, NotEstimable) else ""
        return _("From which success rate on calls pay can't be said: {why}", why=why)
    where = _("what the page's parameters say")
    if plan.cost_is == "counted":
        where = _("the mean of the firm's contacts with these customers")
    cost = plain(plan.cost, currency)
    if isinstance(everybody, NotEstimable):
        return sentence(FROM_RATE_OF_TOP, top=top, cost=cost, where=where)
    return sentence(FROM_RATES, said=everybody, top=top, cost=cost, where=where)


def success_sentence(plan: ContactValue, edition: Edition) -> str:
    """Return whom it pays to call at the success that was measured, or what a test would need."""
    currency, period, count = edition.company.currency, edition.period, worthwhile(plan)
    if isinstance(plan.success, NotEstimable):
        head = _(
            "How many a call keeps has not been measured: {why}", why=reasons.text(plan.success)
        )
        return following(head, test_sentence(plan))
    if plan.success.low <= 0:
        unclear = sentence(
            "Offers with a hold-out did not clearly keep anybody: {kept:number} of those who would "
            "have stayed away ({kept:interval}). So there is no plan whom to call.",
            kept=plan.success,
        )  # fmt: skip
        return following(unclear, test_sentence(plan))
    head = sentence(KEPT, kept=plan.success)
    if isinstance(count, NotEstimable):
        return head
    if not count.value:
        return following(head, _("At that rate **it is not worth calling anybody**."))
    plan_words = sentence(
        PAYS, gain=expected_gain(plan, currency=currency),
        count=digits(count.value, 0), n=digits(plan.among_all(len(plan.customers)), 0),
        months=_ahead(plan, period),
    )  # fmt: skip
    return following(head, plan_words)


def test_sentence(plan: ContactValue) -> str:
    """Return what a test needs that tells whether calls keep enough, or "" where none would do."""
    arm = arm_of_a_test(plan)
    if isinstance(arm, NotEstimable):
        return ""
    all_ = plan.among_all(len(plan.customers))
    size = _(
        "A test that tells whether calling everybody pays needs {arm} customers called and as many "
        "left alone, drawn by lot (found 8 times in 10).",
        arm=digits(arm.value, 0),
    )  # fmt: skip
    if 2 * arm.value <= all_:
        return size
    return following(size, _("That is more than there are ({all}).", all=digits(all_, 0)))


def _ahead(plan: ContactValue, period: Period) -> str:
    if period.every == "week":
        return ngettext("{n} week", "{n} weeks", plan.retention.periods)
    months = plan.retention.periods * 12 // period.per_year
    return ngettext("{n} month", "{n} months", months)


def break_even_caption(plan: MaybeContactValue, curve: pd.DataFrame) -> Caption:
    """Return the caption of the success rate at which calling so many breaks even."""
    message, rate = _("From which success rate on calls pay"), break_even(plan, top=True)
    if isinstance(rate, Estimate):
        message = _(
            "Calling the tenth with most at stake pays from {rate} kept on", rate=number(rate)
        )
    n = plan.n if isinstance(plan, NotEstimable) else len(plan.customers)
    return {
        "message": message,
        "measure": _(
            "Share of those who would stay away that calls must keep to bring what they cost, by "
            "how many are called, most at stake first; band: 95%"
        ),
        "source": drawn_from(
            source(_("Customers of the lookback"), n),
            factor(plan.customers) if isinstance(plan, ContactValue) else 1.0,
        ),
        "description": _("{message}. The values stand in the table.", message=message),
        "unit": "share",
        "x_label": _("customers called"),
    }
