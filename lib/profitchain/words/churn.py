"""Who will stay away, in words: how many, how well it could be predicted, and by what."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns
from profitchain.core.formats import as_difference, p_words
from profitchain.core.i18n import N_, _, following, pgettext
from profitchain.core.periods import Every
from profitchain.lifetime.churn_model import (
    COIN,
    UNITS,
    Forecast,
    Judge,
    MaybeForecast,
    forecast_quality,
)
from profitchain.panel.edition import Edition
from profitchain.stats.forecast_scores import TOP, calibration_line
from profitchain.words import reasons
from profitchain.words.captions import Caption, source
from profitchain.words.pace import CLEAR
from profitchain.words.presentation import lookback_words
from profitchain.words.prose import period_word, periods_word, sentence
from profitchain.words.scores import percent

LITTLE = 0.01  # of AUC: one pair of a leaver and a stayer in a hundred put right
HEADINGS: dict[Judge, str] = {"auc": "AUC", "brier_skill": "Brier_skill", "lift": "lift"}
NAMES: dict[Forecast, str] = {
    "history": N_("purchase history and contacts"),
    "satisfaction": N_("the same and satisfaction"),
}
ADDED = {N_("what satisfaction adds"): False, N_("what it adds where they answered"): True}
NOT_PREDICTED = N_(
    "**Who stays away could not be foretold**, with the scores or without: AUC {said}, no better "
    "than a coin (0.5)."
)
NOT_PREDICTED_ALONE = N_(
    "**Who stays away could not be foretold**: AUC {said}, no better than a coin (0.5)."
)


def inactive_sentence(quiet: MaybeEstimate, expected: MaybeEstimate, edition: Edition) -> str:
    """Return who is inactive now and who is predicted to order nothing, as the page's answer."""
    firm = edition.company
    words = {"lookback": lookback_words(edition), "days": f"{firm.repeat_within_days}"}
    if isinstance(quiet, NotEstimable) or isinstance(expected, NotEstimable):
        return sentence(
            "Of the customers of {lookback}, **{quiet:number} had not ordered for "
            "{days} days** at the period's end ({quiet:evidence}).",
            otherwise="How many customers are quiet can't be said: {why}", quiet=quiet, **words,
        )  # fmt: skip
    return sentence(
        "Of the customers of {lookback}, **{quiet:number} had not ordered for "
        "{days} days** at the period's end ({quiet:evidence}); {expected:number} "
        "({expected:interval}) are foretold to order nothing in the next {period}.",
        quiet=quiet, expected=expected, period=period_word(edition.period), **words,
    )  # fmt: skip


def forecast_sentence(forecast: MaybeForecast) -> str:
    """Return whether satisfaction helps to see who will leave, beyond purchase history."""
    if isinstance(forecast, NotEstimable):
        return _("Who will leave can't be foretold: {why}", why=reasons.text(forecast))
    areas = forecast_quality(forecast, "auc")
    history, added = areas["history"], areas["gain"]
    if isinstance(history, NotEstimable):
        why = reasons.text(history)
        return _("How well leaving was foretold can't be said: {why}", why=why)
    fuller, several = areas[forecast.forecasts[-1]], len(forecast.forecasts) > 1
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        return sentence(NOT_PREDICTED if several else NOT_PREDICTED_ALONE, said=fuller)
    if isinstance(added, NotEstimable):
        alone = sentence(
            "Purchase history foretold who stayed away with AUC {said}, where 0.5 is a coin.",
            said=history,
        )
        return following(alone, reasons.text(added))
    head = _("Satisfaction helps to see it coming")
    if added.spans_zero:
        head = _("Satisfaction does not clearly help to see it coming")
    elif added.value < 0:
        head = _("The scores made the forecast worse")
    elif added.value < LITTLE:
        head = _("Satisfaction helps a little to see it coming")
    return sentence(
        "**{head}**: purchase history foretold who stayed away with AUC {said}, where 0.5 is a "
        "coin; the scores add {added:number} ({added:interval}).",
        head=head, said=history, added=added,
    )  # fmt: skip


def forecasts_table(forecast: MaybeForecast, *, smallest: int = 0) -> pd.DataFrame:
    """Return how good the forecasts were: one row a forecast, and rows for what the scores add.

    Columns: forecast, then value, low, high, why, unit of each judge (after its heading); n.
    """
    if isinstance(forecast, NotEstimable):
        return pd.DataFrame(columns=["forecast", "n"])
    answered = int(forecast.trial["answered"].sum())
    rows: list[tuple[str, str, bool]] = [(NAMES[name], name, False) for name in forecast.forecasts]
    if len(rows) > 1:
        rows += [(label, "gain", only) for label, only in ADDED.items()
                 if not only or answered >= max(smallest, 1)]  # fmt: skip
    labels, names, answered_only = zip(*rows, strict=True)
    parts = [pd.DataFrame({"forecast": labels})]
    for judge in UNITS:
        figures = {
            only: forecast_quality(forecast, judge, answered_only=only)
            for only in set(answered_only)
        }
        estimates = [figures[only][name] for _label, name, only in rows]
        estimates = [
            as_difference(figure) if name == "gain" else figure
            for figure, name in zip(estimates, names, strict=True)
        ]
        parts.append(to_columns(estimates, HEADINGS[judge]))
    n = [answered if only else len(forecast.trial) for only in answered_only]
    return pd.concat(parts, axis=1).assign(n=n)


def forecasts_caption(forecast: MaybeForecast, edition: Edition) -> Caption:
    """Return the caption of the two forecasts."""
    return {
        "message": _forecasts_message(forecast),
        "measure": _(
            "Learnt up to two {periods} ago, tried on the {period} of this edition. AUC: 0.5 a "
            "coin, 1 perfect; Brier skill: 0 the base rate, 100% perfect; lift: the {share} "
            "foretold most surely against everybody; 95% intervals",
            periods=periods_word(edition.period),
            period=period_word(edition.period),
            share=f"{TOP:.0%}",
        ),
        "source": _a_period_ago(forecast, edition),
        "empty": reasons.text(forecast) if isinstance(forecast, NotEstimable) else "",
    }


def _forecasts_message(forecast: MaybeForecast) -> str:
    if isinstance(forecast, NotEstimable):
        return _("How well it could be foretold who stays away")
    areas = forecast_quality(forecast, "auc")
    fuller, added = areas[forecast.forecasts[-1]], areas["gain"]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        return _("Who stays away could not be foretold")
    if isinstance(added, NotEstimable):
        return _("Purchase history foretells who stays away")
    if added.low <= 0:
        return _("The scores add nothing clear to purchase history")
    return _("The scores add to what purchase history foretells")


def _a_period_ago(forecast: MaybeForecast, edition: Edition) -> str:
    who = _("Customers of the lookback a {period} ago", period=period_word(edition.period))
    return source(who, forecast.n if isinstance(forecast, NotEstimable) else len(forecast.trial))


def calibration_caption(bins: pd.DataFrame, forecast: MaybeForecast, edition: Edition) -> Caption:
    """Return the caption of what was predicted and what came."""
    off = ((bins["low"] > bins["foretold"]) | (bins["high"] < bins["foretold"])).sum()
    message = _("Foretold and true shares of those who stayed away")
    if len(bins.dropna(subset=["value"])):
        message = _(
            "In {right} of {all} groups what came agrees with what was foretold",
            right=len(bins) - off,
            all=len(bins),
        )
    return {
        "message": message,
        "measure": _(
            "Share who ordered nothing in the {period}, by the chance foretold; on the grey line "
            "both are the same; 95% intervals",
            period=period_word(edition.period),
        ),
        "source": _a_period_ago(forecast, edition),
        "description": _("{message}. The values stand in the table.", message=message),
        "unit": "share",
        "x_label": pgettext("an axis", "foretold"),
    }


def trial_sentences(forecast: MaybeForecast, every: Every) -> tuple[str, ...]:
    """Return whether the chances had the right size, and whether the scores tell anything."""
    return tuple(filter(None, (trial_sentence(forecast, every), scores_sentence(forecast))))


def trial_sentence(forecast: MaybeForecast, every: Every) -> str:
    """Return whether the predicted chances were of the right size."""
    if isinstance(forecast, NotEstimable):
        return ""
    chance, outcome = forecast.trial[forecast.forecasts[-1]], forecast.trial["outcome"]
    line = calibration_line(
        outcome.to_numpy(), chance.to_numpy(), forecast.trial["cluster"].to_numpy()
    )
    slope, drift = line["slope"], line["drift"]
    if isinstance(slope, NotEstimable) or isinstance(drift, NotEstimable):
        return ""
    bold = _("neither too bold nor too shy")
    if not slope.low <= 1 <= slope.high:
        bold = _("**too shy**") if slope.value > 1 else _("**too bold**")
    level = _("the level was right within its error")
    if drift.value > 0 and not drift.spans_zero:
        level = _(
            "**clearly more stayed away than foretold**: the {period} was unlike earlier ones",
            period=_(every),
        )
    elif not drift.spans_zero:
        level = _(
            "**clearly fewer stayed away than foretold**: the {period} was unlike earlier ones",
            period=_(every),
        )
    return sentence(
        "{came} stayed away and {mean} were foretold to ({drift:difference_interval} apart): "
        "{level}. Differences between customers were {bold} (slope {slope:number}, "
        "{slope:interval}; 1 is right).",
        came=percent(outcome.mean()), mean=percent(chance.mean()),
        drift=drift, level=level, bold=bold, slope=slope,
    )  # fmt: skip


def scores_sentence(forecast: MaybeForecast) -> str:
    """Return whether the scores tell anything beyond history in the model itself."""
    test = forecast if isinstance(forecast, NotEstimable) else forecast.model.satisfaction_p
    if isinstance(test, NotEstimable):
        return ""
    p = p_words(test.value)
    if test.value >= CLEAR:
        return _(
            "Over all periods, the scores do not clearly tell more than history does ({p}).", p=p
        )
    return _(
        "Over all periods, the scores clearly tell more than history does ({p}). That alone does "
        "not make them useful: the gain above says how much they help.",
        p=p,
    )
