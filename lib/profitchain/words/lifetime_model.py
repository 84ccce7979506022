"""Whether the model of lifetime value fits, in words: its parameters, and the trial on the past."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, following, locale, pgettext
from profitchain.lifetime.bgnbd_gammagamma import DAYS_A_WEEK, TWO_SIDED, FittedModel
from profitchain.lifetime.customer_value import CustomerValue, spend_by_repeats
from profitchain.lifetime.expected_value import LifetimeModels
from profitchain.lifetime.holdout_test import (
    CLOSE,
    MOST_REPEATS,
    HoldoutTest,
    MaybeHoldout,
    holdout_verdict,
)
from profitchain.words import reasons
from profitchain.words.captions import Caption, source
from profitchain.words.lifetime import CUSTOMERS
from profitchain.words.prose import listed, sentence

EDGES = {  # the first that holds counts; what it explains is not told again
    frozenset({"a low", "b low"}): N_("some leave with the first return, the others never"),
    frozenset({"a high", "b high"}): N_("all leave with the same chance"),
    frozenset({"a low"}): N_("nobody ever leaves"),
    frozenset({"b low"}): N_("everybody leaves with the first return"),
    frozenset({"r high"}): N_("all buy at the same rate"),
}
WITHOUT_END = {"low": N_("{name} low without end"), "high": N_("{name} high without end")}
EXPLAINED = {"a low": "b high", "b low": "a high", "r high": "alpha high"}
VERDICTS = {
    "fits": N_("**The model fits.**"),
    "unsure": N_("**Whether the model fits is unsure.**"),
    "too many": N_("**The model does not fit:** it expects too many purchases."),
    "too few": N_("**The model does not fit:** it expects too few purchases."),
}
MEANING = {
    "r": N_("BG/NBD r: shape of the rates at which customers buy; below 1 most buy rarely"),
    "alpha": N_("BG/NBD alpha (weeks): r/alpha is the mean rate a week"),
    "a": N_("BG/NBD a: a/(a + b) is the mean chance to leave after a repeat"),
    "b": "BG/NBD b",
    "p": N_("Gamma-Gamma p: how alike a customer's own purchases are"),
    "q": N_("Gamma-Gamma q: how alike customers are; 1 or less has no mean"),
    "v": N_("Gamma-Gamma v: scale of what is paid"),
}
MESSAGES = {
    "fits": N_("The model foresaw what customers then did"),
    "unsure": N_("The forecast may be right, or off by more than {share}"),
    "too many": N_("The model expected more purchases than came"),
    "too few": N_("The model expected fewer purchases than came"),
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


def independence_sentence(ahead: CustomerValue) -> str:
    """Return whether those who come back more often also spend more, which the model excludes."""
    models = ahead.models
    if isinstance(models, NotEstimable):
        return ""
    spend = spend_by_repeats(models.customers, models.currency)
    clear = isinstance(spend["apart"], Estimate) and not spend["apart"].spans_zero
    verdict = _("so it does not quite hold here") if clear else _("no clear difference")
    return sentence(
        "Gamma-Gamma takes what customers pay for independent of how often they come back. Those "
        "who came back once paid {once:number} on that day ({once:interval}), the others "
        "{more:number} a day ({more:interval}); apart by {apart}, {verdict}.",
        otherwise="Whether those who come back more often pay more can't be said: {why}",
        verdict=verdict, **spend,
    )  # fmt: skip


def verdict_sentence(trial: MaybeHoldout, *, or_nothing: bool = False) -> str:
    """Return whether the model, fitted on the past, predicted what then came.

    `or_nothing`: say nothing rather than why it can't be said.
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
    return following(_(VERDICTS[holdout_verdict(trial.ratio)]), finding)


def rule_sentence(trial: MaybeHoldout) -> str:
    """Return the rule of the verdict, and two further ratios; "" where there is no verdict."""
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
        "The model fits if the ratio's whole interval lies within {share} of 1, and does not fit "
        "if the whole of it lies beyond; else it is unsure.",
        share=f"{CLOSE:.0%}",
    )
    return following(
        newcomers if isinstance(trial.ratio_with_new, Estimate) else "",
        money if isinstance(trial.money_ratio, Estimate) else "",
        rule,
    )


def parameters_table(models: LifetimeModels | NotEstimable) -> pd.DataFrame:
    """Return the parameters of both models with their intervals: parameter, value, low, high, n."""
    rows = []
    for model in [] if isinstance(models, NotEstimable) else [models.purchases, models.spend]:
        if isinstance(model, NotEstimable):
            continue
        errors = np.sqrt(np.diag(model.logs.covariance))
        columns = (model.names, model.logs.values, errors, model.model_errors)
        for name, log, error, own in zip(*columns, strict=True):
            value, low, high = np.exp([log, log - TWO_SIDED * error, log + TWO_SIDED * error])
            rows.append((MEANING[name], value, low, high, value * error, value * own, model.logs.n))
    names = ["parameter", "value", "low", "high", "robust_error", "model_error", "n"]
    return pd.DataFrame(rows, columns=names)


def holdout_caption(trial: MaybeHoldout) -> Caption:
    """Return the caption of what was expected and what came, by earlier repeats."""
    if isinstance(trial, NotEstimable):
        when = pgettext("when purchases came", "then")
        message, n, most = _("The model was not tried on the past"), trial.n, 0
    else:
        message = _("Too little followed to try the model")
        if isinstance(trial.ratio, Estimate):
            message = _(MESSAGES[holdout_verdict(trial.ratio)], share=f"{CLOSE:.0%}")
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


def parameters_caption(models: LifetimeModels | NotEstimable) -> Caption:
    """Return the caption of the models' parameters."""
    fit = ""
    if isinstance(models, LifetimeModels):
        parts = {"BG/NBD": models.purchases, "Gamma-Gamma": models.spend}
        likelihoods = [
            f"{name} {plain(model.log_likelihood, '', places=1)}"
            for name, model in parts.items()
            if isinstance(model, FittedModel)
        ]
        fit = _("; log-likelihood {models}", models=listed(likelihoods))
    n = models.purchases.logs.n if isinstance(models, LifetimeModels) else models.n
    return {
        "message": _("The parameters of the two models"),
        "measure": _(
            "Maximum likelihood, time in weeks; robust error: customers independent; model error: "
            "if the model is true{fit}",
            fit=fit,
        ),
        "source": source(_(CUSTOMERS), n),
        "empty": reasons.text(models) if isinstance(models, NotEstimable) else "",
    }


def _day(iso: str) -> str:
    """Return a day as a reader says it: 30 September 2025."""
    return format_date(date.fromisoformat(iso), "long", locale=locale())
