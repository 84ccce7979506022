"""The sentences on who is leaving: who will stay away, what is at stake, whom to call."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, p_words, plain
from profitchain.core.i18n import N_, _, following, listed, ngettext
from profitchain.core.periods import Every, Period
from profitchain.lifetime.churn_model import COIN, Foresight, judged
from profitchain.lifetime.retention_targeting import ASSUMED_COST, Plan, money_of
from profitchain.panel.edition import Edition
from profitchain.stats.forecast_scores import calibration_line
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.pace_words import CLEAR
from profitchain.words.prose import period_word, sentence
from profitchain.words.scores import percent
from profitchain.words.worth import assumed_clause

LITTLE = 0.01  # of AUC: one pair of a leaver and a stayer in a hundred put right
UNFORETOLD = N_(
    "**Who stays away could not be foretold**, with the scores or without: AUC {said}, no better "
    "than a coin (0.5)."
)
UNFORETOLD_ALONE = N_(
    "**Who stays away could not be foretold**: AUC {said}, no better than a coin (0.5)."
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
GROUPS = (  # of customers, as exhibits and sentences show them
    *(N_("lowest third"), N_("middle third"), N_("highest third"), N_("no answer")),
    *(N_("value"), N_("satisfaction"), N_("satisfied"), N_("not satisfied")),
)
BY_SEGMENT = {
    "value": N_("By value: {groups}."),
    "satisfaction": N_("By satisfaction: {groups}."),
}


def quiet_sentence(quiet: MaybeEstimate, expected: MaybeEstimate, edition: Edition) -> str:
    """Return who is quiet now and who is foretold to order nothing, as the page's answer."""
    firm = edition.company
    words = {"months": f"{firm.lookback_months}", "days": f"{firm.repeat_within_days}"}
    if isinstance(quiet, NotEstimable) or isinstance(expected, NotEstimable):
        return sentence(
            "Of the customers of the last {months} months, **{quiet:number} had not ordered for "
            "{days} days** at the period's end ({quiet:evidence}).",
            otherwise="How many customers are quiet can't be said: {why}", quiet=quiet, **words,
        )  # fmt: skip
    return sentence(
        "Of the customers of the last {months} months, **{quiet:number} had not ordered for "
        "{days} days** at the period's end ({quiet:evidence}); {expected:number} "
        "({expected:interval}) are foretold to order nothing in the next {period}.",
        quiet=quiet, expected=expected, period=period_word(edition.period), **words,
    )  # fmt: skip


def sees_sentence(seen: Foresight | NotEstimable) -> str:
    """Return whether satisfaction helps to see who will leave, beyond purchase history."""
    if isinstance(seen, NotEstimable):
        return _("Who will leave can't be foretold: {why}", why=reasons.text(seen))
    found = judged(seen, "auc")
    history, added = found["history"], found["gain"]
    if isinstance(history, NotEstimable):
        return _("How well leaving was foretold can't be said: {why}", why=reasons.text(history))
    fuller = found[seen.forecasts[-1]]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        return sentence(UNFORETOLD if len(seen.forecasts) > 1 else UNFORETOLD_ALONE, said=fuller)
    if isinstance(added, NotEstimable):
        alone = sentence(
            "Purchase history foretold who stayed away with AUC {said}, where 0.5 is a coin.",
            said=history,
        )
        return following(alone, reasons.text(added))
    return sentence(
        "**{head}**: purchase history foretold who stayed away with AUC {said}, where 0.5 is a "
        "coin; the scores add {added:number} ({added:interval}).",
        head=_help(added), said=history, added=added,
    )  # fmt: skip


def _help(added: Estimate) -> str:
    if added.spans_zero:
        return _("Satisfaction does not clearly help to see it coming")
    if added.value < 0:
        return _("The scores made the forecast worse")
    if added.value < LITTLE:
        return _("Satisfaction helps a little to see it coming")
    return _("Satisfaction helps to see it coming")


def stake_sentence(at_risk: MaybeEstimate, seen: Foresight | NotEstimable, edition: Edition) -> str:
    """Return the money at stake: what those foretold to order nothing brought in the lookback."""
    if isinstance(at_risk, NotEstimable) or isinstance(seen, NotEstimable):
        why = seen if isinstance(seen, NotEstimable) else at_risk
        return _("What is at stake can't be said: {why}", why=reasons.text(why))
    money = money_of(seen.now)
    brought = factor(seen.now) * float(seen.now[money].sum())
    return sentence(
        AT_STAKE_OF_ALL if brought > 0 else AT_STAKE,
        said=at_risk, period=period_word(edition.period), money=_(money),
        share=f"{at_risk.value / brought:.0%}" if brought > 0 else "",
        months=f"{edition.company.lookback_months}", assumed=assumed_clause(edition, money),
    )  # fmt: skip


def calls_sentence(
    found: Plan | NotEstimable,
    profit: MaybeEstimate,
    seen: Foresight | NotEstimable,
    period: Period,
) -> str:
    """Return how many it would pay to contact, or that it pays for nobody ("" without chances)."""
    if isinstance(seen, NotEstimable):
        return ""
    if isinstance(found, NotEstimable) or isinstance(profit, NotEstimable):
        why = found if isinstance(found, NotEstimable) else profit
        return _("Whom it pays to call can't be said: {why}", why=reasons.text(why))
    if found.gains["value"].max() <= 0:
        return _("**It is not worth calling anybody**: keeping these customers brings nothing.")
    given = _assumption(found, profit.unit)
    if not found.to_call:
        return _("**It is not worth calling anybody** if {given}.", given=given)
    months = found.kept.periods * 12 // period.per_year
    return sentence(
        PAYS_UNCLEARLY if profit.spans_zero else PAYS,
        given=given, count=digits(found.to_call, 0), n=digits(found.among_all(len(found.gains)), 0),
        profit=profit,
        months=ngettext("{n} month", "{n} months", months),
    )  # fmt: skip


def rests_on(
    found: Plan | NotEstimable, curves: pd.DataFrame, profit: MaybeEstimate, currency: str
) -> tuple[str, ...]:
    """Return what the plan rests on: half the success rate, and where the assumptions come from."""
    said = (half_sentence(found, curves, profit), cost_note(found, currency))
    return tuple(filter(None, said))


def half_sentence(found: Plan | NotEstimable, curves: pd.DataFrame, profit: MaybeEstimate) -> str:
    """Return what becomes of the same calls if only half as many customers are kept."""
    if isinstance(found, NotEstimable) or isinstance(profit, NotEstimable) or not found.to_call:
        return ""
    half = curves[curves["success_rate"] == curves["success_rate"].iloc[-1]]
    value = float(half.loc[half["customers"] == found.to_call, "value"].iloc[0])
    worth = int((found.success_rate / 2 * _kept(found) > found.cost).sum())
    rest = _("it would then pay to call nobody")
    if worth:
        rest = _("it would then pay to call {count}", count=digits(found.among_all(worth), 0))
    words = {"amount": plain(abs(value), profit.unit), "rest": rest}
    if value > 0:
        return _(
            "If only half as many are kept, the same calls gain {amount}, and {rest}.", **words
        )
    return _("If only half as many are kept, the same calls lose {amount}, and {rest}.", **words)


def cost_note(found: Plan | NotEstimable, currency: str) -> str:
    """Return where the cost of a contact and the success rate come from."""
    if isinstance(found, NotEstimable):
        return ""
    where = {
        "given": _("what the page's parameters say"),
        "counted": _("the mean of the firm's contacts with these customers"),
        "assumed": _(
            "**assumed**, {share} of what a customer brought in the lookback",
            share=f"{ASSUMED_COST:.0%}",
        ),
    }[found.cost_is]
    rate = _("Calling everybody would pay at no success rate.")
    if found.break_even <= 1:
        rate = _("Calling everybody breaks even at {share}.", share=percent(found.break_even))
    told = _(
        "The cost of a contact, {cost}, is {where}. The success rate, {rate}, is **assumed**: only "
        "a trial with customers left uncalled by lot can tell it.",
        cost=plain(found.cost, currency), where=where, rate=f"{found.success_rate:.0%}",
    )  # fmt: skip
    return following(told, rate)


def stake_sentences(
    at_risk: MaybeEstimate, groups: pd.DataFrame, seen: Foresight | NotEstimable, edition: Edition
) -> tuple[str, ...]:
    """Return the money at stake, in all and by group."""
    by_group = groups_sentence(groups, edition.company.currency)
    return tuple(filter(None, (stake_sentence(at_risk, seen, edition), by_group)))


def groups_sentence(groups: pd.DataFrame, currency: str) -> str:
    """Return the value at risk by satisfaction and by value, each with its share of the group's."""
    told = []
    for segment, rows in groups.dropna(subset=["value"]).groupby("segment", sort=False):
        parts = [_of_group(row, plain(row.value, currency)) for row in rows.itertuples()]
        told.append(_(BY_SEGMENT[segment], groups=listed(parts)))
    return following(*told)


def _of_group(row: object, value: str) -> str:
    if row.share != row.share:
        return _("{group} {value}", group=_(row.group), value=value)
    words = {"group": _(row.group), "value": value, "share": f"{row.share:.0%}"}
    return _("{group} {value} ({share} of theirs)", **words)


def trial_sentences(seen: Foresight | NotEstimable, every: Every) -> tuple[str, ...]:
    """Return whether the chances had the right size, and whether the scores tell anything."""
    return tuple(filter(None, (trial_sentence(seen, every), scores_test_sentence(seen))))


def trial_sentence(seen: Foresight | NotEstimable, every: Every) -> str:
    """Return whether the foretold chances were of the right size."""
    if isinstance(seen, NotEstimable):
        return ""
    name = seen.forecasts[-1]
    told = (seen.trial[column].to_numpy() for column in ("outcome", name, "cluster"))
    line = calibration_line(*told)
    slope, drift = line["slope"], line["drift"]
    if isinstance(slope, NotEstimable) or isinstance(drift, NotEstimable):
        return ""
    bold = _("neither too bold nor too shy")
    if not slope.low <= 1 <= slope.high:
        bold = _("**too shy**") if slope.value > 1 else _("**too bold**")
    return sentence(
        "{came} stayed away and {mean} were foretold to ({drift:difference_interval} apart): "
        "{level}. Differences between customers were {bold} (slope {slope:number}, "
        "{slope:interval}; 1 is right).",
        came=percent(seen.trial["outcome"].mean()), mean=percent(seen.trial[name].mean()),
        drift=drift, level=_level(drift, every), bold=bold, slope=slope,
    )  # fmt: skip


def _level(drift: Estimate, every: Every) -> str:
    if drift.spans_zero:
        return _("the level was right within its error")
    if drift.value > 0:
        return _(
            "**clearly more stayed away than foretold**: the {period} was unlike earlier ones",
            period=_(every),
        )
    return _(
        "**clearly fewer stayed away than foretold**: the {period} was unlike earlier ones",
        period=_(every),
    )


def scores_test_sentence(seen: Foresight | NotEstimable) -> str:
    """Return whether the scores tell anything beyond history in the model itself."""
    if isinstance(seen, NotEstimable) or isinstance(seen.model.satisfaction_p, NotEstimable):
        return ""
    p = seen.model.satisfaction_p.value
    if p >= CLEAR:
        return _(
            "Over all periods, the scores do not clearly tell more than history does ({p}).",
            p=p_words(p),
        )
    return _(
        "Over all periods, the scores clearly tell more than history does ({p}). That alone does "
        "not make them useful: the gain above says how much they help.",
        p=p_words(p),
    )


def _assumption(found: Plan, currency: str) -> str:
    words = {"share": f"{found.success_rate:.0%}", "cost": plain(found.cost, currency)}
    if found.cost_is == "assumed":
        return _(
            "a call keeps {share} of those who would stay away and costs {cost} (both assumed)",
            **words,
        )
    return _("a call keeps {share} of those who would stay away and costs {cost}", **words)


def _kept(found: Plan) -> pd.Series:
    return found.gains["risk"] * found.gains["value"]
