"""What is at stake with those who may stay away, and whom to call."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, ngettext
from profitchain.lifetime.churn_model import ChurnForecast, MaybeForecast
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
from profitchain.words.captions import drawn_from
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import first_capital
from profitchain.words.worth import assumed_clause

GROUPS = (  # of customers, as exhibits show them
    *(N_("value"), N_("lowest third"), N_("middle third"), N_("highest third")),
    *(N_("satisfaction"), N_("no answer")),
)
OF_LOOKBACK = N_("Customers of the lookback")


def at_stake(
    at_risk: MaybeEstimate, groups: pd.DataFrame, forecast: ChurnForecast, *, edition: Edition
) -> Presentation:
    """Return what customers brought, weighted by their chance to stay away, by group."""
    firm, money = edition.company, money_column(forecast.now)
    brought = factor(forecast.now) * float(forecast.now[money].sum())
    values: dict[str, object] = {"money": _(money), "Money": first_capital(_(money))}
    note = drawn_from(source(OF_LOOKBACK, len(forecast.now)), factor(forecast.now))
    values["source"] = note + assumed_clause(edition, money)
    rows = groups.assign(unit=firm.currency)
    if isinstance(at_risk, NotEstimable):
        return Presentation(rows, "unknown", values)
    values["risk"] = at_risk
    if brought <= 0:
        return Presentation(rows, "at_stake", values)
    return Presentation(
        rows, "share_at_stake", {**values, "share": f"{at_risk.value / brought:.0%}"}
    )


def calls(plan: MaybeContactValue, curve: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the success rate at which calling so many breaks even."""
    rate = break_even(plan, top=True)
    n = plan.n if isinstance(plan, NotEstimable) else len(plan.customers)
    drawn = factor(plan.customers) if isinstance(plan, ContactValue) else 1.0
    values: dict[str, object] = {"source": drawn_from(source(OF_LOOKBACK, n), drawn)}
    if isinstance(rate, NotEstimable):
        return Presentation(curve, "unknown", values)
    return Presentation(curve, "pays_from", {**values, "rate": rate})


def success(plan: MaybeContactValue, forecast: MaybeForecast, *, edition: Edition) -> list[Said]:
    """Return what a call is worth, and what is known of the success of calls.

    Nothing without chances, for then the page has said why.
    """
    if isinstance(forecast, NotEstimable) or isinstance(plan, NotEstimable):
        return []
    currency = edition.company.currency
    each, top = (worth_at_most(plan, currency=currency, top=top) for top in (False, True))
    if isinstance(each, NotEstimable) or isinstance(top, NotEstimable) or top.value <= 0:
        return []
    words = {"each": each, "top": top, "money": _(plan.money), "span": _ahead(plan, edition)}
    words |= {"assumed": assumed_clause(edition, plan.money)}
    return [Said("worth", words), *pays_from(plan, edition)[1:], *_measured(plan, edition)]


def pays_from(plan: MaybeContactValue, edition: Edition) -> list[Said]:
    """Return from which success rate on calling the tenth with most at stake pays, then others."""
    currency = edition.company.currency
    if isinstance(plan, NotEstimable):
        return [Said("no_call", {"why": reasons.text(plan)})]
    most = worth_at_most(plan, currency=currency, top=True)
    if isinstance(most, Estimate) and most.value <= 0:
        return [Said("nobody")]
    everybody, top = break_even(plan), break_even(plan, top=True)
    if isinstance(top, NotEstimable) or isinstance(plan.cost, NotEstimable):
        why = reasons.text(top) if isinstance(top, NotEstimable) else ""
        return [Said("no_rate", {"why": why})]
    key = "pays_from_counted" if plan.cost_is == "counted" else "pays_from_given"
    first = Said(key, {"top": top, "cost": plain(plan.cost, currency)})
    if isinstance(everybody, NotEstimable):
        return [first, Said("everybody_never")]
    return [first, Said("everybody_from", {"each": everybody})]


def _measured(plan: ContactValue, edition: Edition) -> list[Said]:
    """Return whom it pays to call at the success that was measured, or what a test would need."""
    currency, count = edition.company.currency, worthwhile(plan)
    if isinstance(plan.success, NotEstimable):
        return [Said("not_measured", {"why": reasons.text(plan.success)}), *_test(plan)]
    kept = Said("kept", {"kept": plan.success})
    if plan.success.low <= 0:
        return [Said("not_clear", {"kept": plan.success}), *_test(plan)]
    if isinstance(count, NotEstimable):
        return [kept]
    if not count.value:
        return [kept, Said("nobody_at_that_rate")]
    of_all = digits(plan.among_all(len(plan.customers)), 0)
    values = {"gain": expected_gain(plan, currency=currency), "span": _ahead(plan, edition)}
    return [kept, Said("call", {**values, "count": digits(count.value, 0), "of_all": of_all})]


def _test(plan: ContactValue) -> list[Said]:
    """Return what a test needs that shows whether calls keep enough; nothing where none would."""
    arm = arm_of_a_test(plan)
    if isinstance(arm, NotEstimable):
        return []
    all_ = plan.among_all(len(plan.customers))
    key = "test" if 2 * arm.value <= all_ else "test_too_large"
    return [Said(key, {"arm": digits(arm.value, 0), "all": digits(all_, 0)})]


def _ahead(plan: ContactValue, edition: Edition) -> str:
    period = edition.period
    if period.every == "week":
        return ngettext("{n} week", "{n} weeks", plan.retention.periods)
    months = plan.retention.periods * 12 // period.per_year
    return ngettext("{n} month", "{n} months", months)
