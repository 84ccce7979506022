"""The sentences on who is leaving: how soon they return, who will stay away, what is at stake."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.forecasts import calibration_line
from profitchain.formats import digits, interval, number, plain
from profitchain.leaving import COIN, Foresight, judged
from profitchain.narration import percent
from profitchain.periods import Period
from profitchain.rescue import ASSUMED_COST, Plan, money_of
from profitchain.store import Edition
from profitchain.wording import listed, sentence
from profitchain.worth_words import assumed_clause

LITTLE = 0.01  # of AUC: one pair of a leaver and a stayer in a hundred put right
CLEAR = 0.05  # a test's p below this counts as a sign


def quiet_sentence(quiet: Said, expected: Said, edition: Edition) -> str:
    """Return who is quiet now and who is foretold to order nothing, as the page's answer."""
    firm, every = edition.company, edition.period.every
    now = sentence(
        "Of the customers of the last {months} months, **{quiet:number} had not ordered for "
        "{days} days** at the period's end ({quiet:evidence})",
        otherwise="How many customers are quiet can't be said: {why}",
        quiet=quiet, months=f"{firm.lookback_months}", days=f"{firm.repeat_within_days}",
    )  # fmt: skip
    if isinstance(quiet, Unsaid):
        return now
    if isinstance(expected, Unsaid):
        return f"{now}."
    return sentence(
        "{now}; {expected:number} ({expected:interval}) are foretold to order nothing in the next "
        "{every}.", now=now, expected=expected, every=every,
    )  # fmt: skip


def sees_sentence(seen: Foresight | Unsaid) -> str:
    """Return whether satisfaction helps to see who will leave, beyond purchase history."""
    if isinstance(seen, Unsaid):
        return f"Who will leave can't be foretold: {seen.why}"
    found = judged(seen, "auc")
    history, added = found["history"], found["gain"]
    if isinstance(history, Unsaid):
        return f"How well leaving was foretold can't be said: {history.why}"
    told = sentence("purchase history foretold who stayed away with AUC {said}", said=history)
    fuller = found[seen.forecasts[-1]]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        scores = ", with the scores or without" if len(seen.forecasts) > 1 else ""
        return sentence(
            "**Who stays away could not be foretold**{scores}: AUC {said}, no better than a coin "
            "(0.5).", scores=scores, said=fuller,
        )  # fmt: skip
    if isinstance(added, Unsaid):
        return f"{told[0].upper()}{told[1:]}, where 0.5 is a coin. {added.why}"
    return sentence(
        "**{head}**: {told}, where 0.5 is a coin; the scores add {added:number} "
        "({added:interval}).",
        head=_help(added), told=told, added=added,
    )  # fmt: skip


def _help(added: Estimate) -> str:
    if added.spans_zero:
        return "Satisfaction does not clearly help to see it coming"
    if added.value < 0:
        return "The scores made the forecast worse"
    return f"Satisfaction helps {'a little ' * (added.value < LITTLE)}to see it coming"


def stake_sentence(at_risk: Said, seen: Foresight | Unsaid, edition: Edition) -> str:
    """Return the money at stake: what those foretold to order nothing brought in the lookback."""
    if isinstance(at_risk, Unsaid) or isinstance(seen, Unsaid):
        why = seen.why if isinstance(seen, Unsaid) else at_risk.why
        return f"What is at stake can't be said: {why}"
    money = money_of(seen.now)
    brought = float(seen.now[money].sum())
    share = f", {at_risk.value / brought:.0%} of the base's," if brought > 0 else ""
    return sentence(
        "Customers foretold to order nothing in the next {every} brought **{said:number}** of "
        "{money}{share} in the last {months} months ({said:evidence}){assumed}.",
        said=at_risk, every=edition.period.every, money=money, share=share,
        months=f"{edition.company.lookback_months}", assumed=assumed_clause(edition, money),
    )  # fmt: skip


def calls_sentence(
    found: Plan | Unsaid, profit: Said, seen: Foresight | Unsaid, period: Period
) -> str:
    """Return how many it would pay to contact, or that it pays for nobody ("" without chances)."""
    if isinstance(seen, Unsaid):
        return ""
    if isinstance(found, Unsaid) or isinstance(profit, Unsaid):
        why = found.why if isinstance(found, Unsaid) else profit.why
        return f"Whom it pays to call can't be said: {why}"
    if found.gains["value"].max() <= 0:
        return "**It is not worth calling anybody**: keeping these customers brings nothing."
    given = _assumption(found, profit.unit)
    if not found.to_call:
        return f"**It is not worth calling anybody** if {given}."
    months = found.kept.periods * 12 // period.per_year
    head = "If {given}, **it pays to call {count} of {n}** customers"
    if profit.spans_zero:
        head = (
            "If {given}, **it is not clear that calling pays**: best are {count} of {n} customers"
        )
    return sentence(
        head + ", for an expected {profit:number} in {months} months, cost paid "
        "({profit:interval}{spans}).",
        given=given, count=digits(found.to_call, 0), n=digits(len(found.gains), 0), profit=profit,
        months=f"{months}", spans=", which spans zero" * profit.spans_zero,
    )  # fmt: skip


def rests_on(
    found: Plan | Unsaid, curves: pd.DataFrame, profit: Said, currency: str
) -> tuple[str, ...]:
    """Return what the plan rests on: half the success rate, and where the assumptions come from."""
    said = (half_sentence(found, curves, profit), cost_note(found, currency))
    return tuple(filter(None, said))


def half_sentence(found: Plan | Unsaid, curves: pd.DataFrame, profit: Said) -> str:
    """Return what becomes of the same calls if only half as many customers are kept."""
    if isinstance(found, Unsaid) or isinstance(profit, Unsaid) or not found.to_call:
        return ""
    half = curves[curves["line"] == curves["line"].iloc[-1]]
    value = float(half.loc[half["customers"] == found.to_call, "value"].iloc[0])
    way = "gain" if value > 0 else "lose"
    worth = int((found.success_rate / 2 * _kept(found) > found.cost).sum())
    rest = f"it would then pay to call {digits(worth, 0)}" if worth else (
        "it would then pay to call nobody"
    )  # fmt: skip
    return (
        f"If only half as many are kept, the same calls {way} "
        f"{plain(abs(value), profit.unit)}, and {rest}."
    )


def cost_note(found: Plan | Unsaid, currency: str) -> str:
    """Return where the cost of a contact and the success rate come from."""
    if isinstance(found, Unsaid):
        return ""
    where = {
        "given": "what the page's parameters say",
        "counted": "the mean of the firm's contacts with these customers",
        "assumed": f"**assumed**, {ASSUMED_COST:.0%} of what a customer brought in the lookback",
    }[found.cost_is]
    rate = "Calling everybody would pay at no success rate"
    if found.break_even <= 1:
        rate = f"Calling everybody breaks even at {percent(found.break_even)}"
    return (
        f"The cost of a contact, {plain(found.cost, currency)}, is {where}. The success rate, "
        f"{found.success_rate:.0%}, is **assumed**: only a trial with customers left uncalled by "
        f"lot can tell it. {rate}."
    )


def stake_sentences(
    at_risk: Said, groups: pd.DataFrame, seen: Foresight | Unsaid, edition: Edition
) -> tuple[str, ...]:
    """Return the money at stake, in all and by group."""
    by_group = groups_sentence(groups, edition.company.currency)
    return tuple(filter(None, (stake_sentence(at_risk, seen, edition), by_group)))


def groups_sentence(groups: pd.DataFrame, currency: str) -> str:
    """Return the value at risk by satisfaction and by value, each with its share of the group's."""
    told = []
    for segment, rows in groups.dropna(subset=["value"]).groupby("segment", sort=False):
        parts = [
            f"{row.group} {plain(row.value, currency)}"
            + (f" ({row.share:.0%} of theirs)" if row.share == row.share else "")
            for row in rows.itertuples()
        ]
        told.append(f"By {segment}: {listed(parts)}.")
    return " ".join(told)


def trial_sentences(seen: Foresight | Unsaid, every: str) -> tuple[str, ...]:
    """Return whether the chances had the right size, and whether the scores tell anything."""
    return tuple(filter(None, (trial_sentence(seen, every), scores_test_sentence(seen))))


def trial_sentence(seen: Foresight | Unsaid, every: str) -> str:
    """Return whether the foretold chances were of the right size."""
    if isinstance(seen, Unsaid):
        return ""
    name = seen.forecasts[-1]
    told = (seen.trial[column].to_numpy() for column in ("outcome", name, "cluster"))
    line = calibration_line(*told)
    slope, drift = line["slope"], line["drift"]
    if isinstance(slope, Unsaid) or isinstance(drift, Unsaid):
        return ""
    level = "the level was right within its error"
    if not drift.spans_zero:
        way = "more" if drift.value > 0 else "fewer"
        level = f"**clearly {way} stayed away than foretold**: the {every} was unlike earlier ones"
    bold = "neither too bold nor too shy"
    if not slope.low <= 1 <= slope.high:
        bold = "**too shy**" if slope.value > 1 else "**too bold**"
    return sentence(
        "{came} stayed away and {mean} were foretold to ({drift:difference_interval} apart): "
        "{level}. Differences between customers were {bold} (slope {slope:number}, "
        "{slope:interval}; 1 is right).",
        came=percent(seen.trial["outcome"].mean()), mean=percent(seen.trial[name].mean()),
        drift=drift, level=level, bold=bold, slope=slope,
    )  # fmt: skip


def scores_test_sentence(seen: Foresight | Unsaid) -> str:
    """Return whether the scores tell anything beyond history in the model itself."""
    if isinstance(seen, Unsaid) or isinstance(seen.model.satisfaction_p, Unsaid):
        return ""
    p = seen.model.satisfaction_p.value
    clear = "clearly tell" if p < CLEAR else "do not clearly tell"
    told = f"Over all periods, the scores {clear} more than history does ({_p(p)})."
    if p >= CLEAR:
        return told
    return f"{told} That alone does not make them useful: the gain above says how much they help."


def pace_sentence(ratio: Said, even: Said, parts: Mapping[str, Said], n: int) -> str:
    """Return what one more point goes with in the pace of the next order, and whether it lasts."""
    if isinstance(ratio, Unsaid):
        return f"What one more point goes with can't be said: {ratio.why}"
    head = "**No clear difference in pace**: one more point goes with a ratio of {ratio}."
    if not ratio.low <= 1 <= ratio.high:
        head = "One more point goes with a pace of the next order **{times}** as fast ({ends})."
    told = sentence(
        head, ratio=ratio, times=f"{ratio.value:.2f} times", ends=_ends(ratio)
    )  # fmt: skip
    told += f" A sample of {digits(ratio.n, 0)} of {digits(n, 0)} customers." * (ratio.n < n)
    if isinstance(even, Unsaid):
        return told
    if even.value >= CLEAR:
        return f"{told} No sign that the ratio changes with time ({_p(even.value)})."
    split = listed(
        f"{when} {number(one)}" + (f" ({interval(one)})" if isinstance(one, Estimate) else "")
        for when, one in parts.items()
    )
    return f"{told} **The ratio changes with time** ({_p(even.value)}), so it is a mean: {split}."


def log_rank_sentence(test: Said) -> str:
    """Return whether the groups come back at different paces, nothing adjusted."""
    if isinstance(test, Unsaid):
        return f"Whether the groups differ can't be tested: {test.why}"
    if test.value < CLEAR:
        return f"The groups come back at clearly different paces (log-rank test, {_p(test.value)})."
    return f"No clear difference between the groups (log-rank test, {_p(test.value)})."


def _assumption(found: Plan, currency: str) -> str:
    both = " (both assumed)" if found.cost_is == "assumed" else ""
    return (
        f"a call keeps {found.success_rate:.0%} of those who would stay away and costs "
        f"{plain(found.cost, currency)}{both}"
    )


def _kept(found: Plan) -> pd.Series:
    return found.gains["risk"] * found.gains["value"]


def _ends(said: Estimate) -> str:
    return f"{said.level:.0%} interval {interval(said)}; n = {digits(said.n, 0)}"


def _p(p: float) -> str:
    return "p below 0.001" if p < 0.001 else f"p = {p:.3f}"
