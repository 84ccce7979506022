"""Whether the model of lifetime value fits, in words: its parameters, and the trial on the past."""

from __future__ import annotations

from datetime import date

import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits
from profitchain.core.i18n import N_, _, following, locale, pgettext
from profitchain.lifetime.bgnbd_gammagamma import DAYS_A_WEEK
from profitchain.lifetime.expected_value import LifetimeModels
from profitchain.lifetime.holdout_test import (
    CLOSE,
    FAR,
    MOST_REPEATS,
    HoldoutTest,
    MaybeHoldout,
    failure,
    holdout_verdict,
    silence,
)
from profitchain.words import reasons
from profitchain.words.captions import Caption, source
from profitchain.words.prose import listed, sentence

EDGES = {  # the first that holds counts; what it explains is not told again
    frozenset({"a low", "b low"}): N_("some leave at the first chance, the others never"),
    frozenset({"a high", "b high"}): N_("all leave with the same chance"),
    frozenset({"a low"}): N_("nobody ever leaves"),
    frozenset({"b low"}): N_("everybody leaves at the first chance"),
    frozenset({"r high"}): N_("all buy at the same rate"),
}
ALIKE = 2.0  # of log-likelihood: less sets no model apart
BY_SILENCE = "lifetime_model_is_off_by_silence"
WITHOUT_END = {"low": N_("{name} low without end"), "high": N_("{name} high without end")}
EXPLAINED = {"a low": "b high", "b low": "a high", "r high": "alpha high"}
VERDICTS = {
    "fits": N_("**The model fits.**"),
    "unsure": N_("**Whether the model fits is unsure.**"),
    "slightly too many": N_("**The model is somewhat off:** it expects too many purchases."),
    "slightly too few": N_("**The model is somewhat off:** it expects too few purchases."),
    "too many": N_("**The model does not fit:** it expects too many purchases."),
    "too few": N_("**The model does not fit:** it expects too few purchases."),
}
MESSAGES = {
    "fits": N_("The model foresaw what customers then did"),
    "unsure": N_("The forecast may be right, or off by more than {share}"),
    "many": N_("The model expected {share} more purchases than came"),
    "few": N_("The model expected {share} fewer purchases than came"),
}


def edges_sentence(fitted: LifetimeModels | MaybeHoldout) -> str:
    """Return what the purchase model says where its parameters ran to an edge; "" where none.

    `fitted`: the page's own models, or a trial, whose models are of another day.
    """
    if isinstance(fitted, NotEstimable):
        return ""
    models = fitted.models if isinstance(fitted, HoldoutTest) else fitted
    if not models.purchases.edges:
        return ""
    edges, names = set(models.purchases.edges), []
    for parts, words in EDGES.items():
        if parts <= edges:
            edges -= parts | {EXPLAINED[part] for part in parts}
            names.append(_(words))
    for name, way in (edge.split() for edge in sorted(edges)):
        names.append(_(WITHOUT_END[way], name=name))
    head = _("**The model stands at an edge:** {named}.", named=listed(names))
    if isinstance(fitted, HoldoutTest):
        day, named = _day(fitted.calibrated_to), listed(names)
        head = _("**The model of {day} stands at an edge:** {named}.", day=day, named=named)
    tail = _(
        "The data can't tell this from a less extreme case; the parameters concerned are held "
        "there and carry no error."
    )
    return following(head, tail)


def verdict_sentence(trial: MaybeHoldout, *, or_nothing: bool = False) -> str:
    """Return whether the model, fitted on the past, predicted what then came.

    `or_nothing`: say nothing rather than why it can't be said or does not fit.
    """
    if isinstance(trial, NotEstimable):
        untried = _("The model was not tried on the past: {why}", why=reasons.text(trial))
        return "" if or_nothing else untried
    if isinstance(trial.ratio, NotEstimable):
        return _("What the model expected can't be judged: {why}", why=reasons.text(trial.ratio))
    finding = sentence(
        "Fitted on what was known on {day}, it expected {ratio:number} times the purchase days "
        "that came in the {days} days since ({ratio:evidence}).",
        day=_day(trial.calibrated_to), days=trial.days, ratio=trial.ratio,
    )  # fmt: skip
    why = failure(trial)
    if why is not None and why.why.key == BY_SILENCE:
        by_silence = "" if or_nothing else reasons.text(why)
        return following(_("**The model does not fit.**"), finding, by_silence)
    return following(_(VERDICTS[holdout_verdict(trial.ratio)]), finding)


def rule_sentence(trial: MaybeHoldout) -> str:
    """Return the rule of the verdict, two further ratios and which model was chosen, or ""."""
    if isinstance(trial, NotEstimable):
        return ""
    newcomers = sentence(
        "With the purchases of newcomers the ratio is {said:number} ({said:interval}).",
        said=trial.ratio_with_new,
    )
    money = sentence(
        "In what customers paid it is {said:number} ({said:interval}).", said=trial.money_ratio
    )
    rule = _(
        "The model fits if the ratio's whole interval lies within {share} of 1. Nothing that it "
        "expects is shown if the ratio is clearly off by more, or if customers silent for as long "
        "(a tenth of all or more) clearly bought {far} times as much as expected or as little.",
        share=f"{CLOSE:.0%}", far=FAR,
    )  # fmt: skip
    return following(
        chosen_sentence(trial),
        newcomers if isinstance(trial.ratio_with_new, Estimate) else "",
        money if isinstance(trial.money_ratio, Estimate) else "",
        rule,
    )


def chosen_sentence(trial: HoldoutTest) -> str:
    """Return which of the two models of purchases is used, and why."""
    models = trial.models
    if models.rival is None:
        return ""
    words = {"model": models.purchases.name, "rival": models.rival.name}
    if trial.gain < ALIKE:
        return _("{model} and {rival} predicted alike; {model} is used.", **words)
    return _(
        "Of two models, {model} gave what customers did since a higher likelihood than {rival} (by "
        "{gain} in its logarithm), so it is used.",
        gain=digits(trial.gain, 1), **words,
    )  # fmt: skip


def silence_table(trial: MaybeHoldout) -> pd.DataFrame:
    """Return what was expected of customers and what came, by how long they had been silent."""
    if isinstance(trial, NotEstimable):
        return pd.DataFrame(columns=["days_silent", "customers"])
    rows = trial.by_silence
    bands = [silence(*ends) for ends in rows[["silent_from", "silent_to"]].to_numpy()]
    named = rows.drop(columns=["silent_from", "silent_to", "is_off"])
    named = named.rename(columns=lambda name: name.replace("happened", "came"))
    named.insert(0, "days_silent", bands)
    return named.assign(expected_unit="orders", came_unit="orders")


def silence_caption(trial: MaybeHoldout) -> Caption:
    """Return the caption of what was expected and what came, by silence."""
    n, message = trial.n if isinstance(trial, NotEstimable) else 0, _("Too little followed to say")
    if isinstance(trial, HoldoutTest):
        n, rows = int(trial.by_silence["customers"].sum()), trial.by_silence
        off = int(rows["is_off"].sum())
        message = _(
            "The model was clearly off in {off} of {all} bands of silence", off=off, all=len(rows)
        )
    return {
        "message": message,
        "measure": _(
            "Purchase days a customer since then, expected and come, by days of silence before; "
            "95% intervals"
        ),
        "source": source(_("Customers known at that day"), n),
        "empty": reasons.text(trial) if isinstance(trial, NotEstimable) else "",
    }


def holdout_caption(trial: MaybeHoldout) -> Caption:
    """Return the caption of what was expected and what came, by earlier repeats."""
    if isinstance(trial, NotEstimable):
        when = pgettext("when purchases came", "then")
        message, n, most = _("The model was not tried on the past"), trial.n, 0
    else:
        message = _("Too little followed to try the model")
        if isinstance(trial.ratio, Estimate):
            message = holdout_message(trial.ratio)
        when = _("after {day}", day=_day(trial.calibrated_to))
        n, most = int(trial.by_repeats["customers"].sum()), trial.by_repeats["repeats"].max()
    before = _("repeats before")
    if most == MOST_REPEATS:
        before = _("repeats before ({most}: or more)", most=most)
    return {
        "message": message,
        "measure": _(
            "Purchase days a customer {when}: line and band, expected; dots, what came; "
            "95% intervals",
            when=when,
        ),
        "source": source(_("Customers known at that day"), n),
        "description": _beside_the_table(message),
        "unit": "orders",
        "x_label": before,
    }


def holdout_message(ratio: Estimate) -> str:
    """Return what a ratio of expected to happened says of the model, as a chart's message."""
    verdict = holdout_verdict(ratio)
    if verdict in ("fits", "unsure"):
        return _(MESSAGES[verdict], share=f"{CLOSE:.0%}")
    return _(MESSAGES[verdict.split()[-1]], share=f"{abs(ratio.value - 1):.0%}")


def _beside_the_table(message: str) -> str:
    return _("{message}. Expected and what came stand in the table.", message=message)


def holdout_frames(trial: MaybeHoldout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (happened) of the chart: x, value, low, high, n."""
    names = ["repeats", "value", "low", "high", "n"]
    if isinstance(trial, NotEstimable):
        nothing = pd.DataFrame({name: pd.Series(dtype=float) for name in names})
        return nothing.assign(why=""), nothing
    rows = trial.by_repeats.rename(columns={"customers": "n"})
    line, dots = (
        rows.rename(columns=lambda name, part=part: name.removeprefix(f"{part}_"))[names]
        for part in ("expected", "happened")
    )
    came = dots[["value", "low", "high"]].add_prefix("came_")
    return pd.concat([line, came], axis=1), dots.dropna(subset=["value"])


def tracking_frames(trial: MaybeHoldout) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (came) of the tracking chart."""
    if isinstance(trial, NotEstimable):
        return holdout_frames(trial)
    came = trial.tracking["came"]
    return trial.tracking, trial.tracking[["weeks"]].assign(value=came, low=came, high=came)


def tracking_caption(trial: MaybeHoldout) -> Caption:
    """Return the caption of repeats over time, expected and come."""
    if isinstance(trial, NotEstimable):
        return holdout_caption(trial)
    last, weeks = trial.tracking.iloc[-1], trial.days / DAYS_A_WEEK
    message = _("No repeat has come")
    if last["came"]:
        message = _(
            "By the end {times} times as many repeats expected as came",
            times=digits(last["value"] / last["came"], 2),
        )
    return {
        "message": message,
        "measure": _(
            "Repeat purchase days of all customers by then, newcomers included: line, expected "
            "(band: error of the parameters); dots, what came; fitted without the last {weeks} "
            "weeks",
            weeks=digits(weeks, 0),
        ),
        "source": source(_("Customers"), int(last["n"])),
        "description": _beside_the_table(message),
        "unit": "orders",
        "x_label": _("weeks since the first purchase of all"),
    }


def _day(iso: str) -> str:
    """Return a day as a reader says it: 30 September 2025."""
    return format_date(date.fromisoformat(iso), "long", locale=locale())
