"""Who will stay away: the page's answer, how well it could be predicted, and by what."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns
from profitchain.core.formats import as_difference, p_words
from profitchain.core.i18n import N_
from profitchain.lifetime.churn_model import (
    COIN,
    UNITS,
    ChurnForecast,
    Judge,
    MaybeForecast,
    forecast_quality,
)
from profitchain.lifetime.contact_value import MaybeContactValue
from profitchain.panel.edition import Edition
from profitchain.stats.forecast_scores import TOP, calibration_line
from profitchain.words import reasons
from profitchain.words.captions import drawn_sentences
from profitchain.words.catalogue import words_of
from profitchain.words.pace import CLEAR
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import periods_word
from profitchain.words.retention import pays_from
from profitchain.words.scores import percent
from profitchain.words.value import NEARLY_ALL

LITTLE = 0.01  # of AUC: one pair of a leaver and a stayer in a hundred put right
HEADINGS: dict[Judge, str] = {"auc": "AUC", "brier_skill": "Brier_skill", "lift": "lift"}
NAMES = words_of("churn", "names")
ADDED = {N_("what satisfaction adds"): False, N_("what it adds where they answered"): True}
LAST_PERIOD = N_("Customers of the lookback a period ago")


def answer(
    quiet: MaybeEstimate,
    expected: MaybeEstimate,
    forecast: MaybeForecast,
    plan: MaybeContactValue,
    *,
    edition: Edition,
) -> list[Said]:
    """Return who is quiet and will stay away, whether scores help to see it, when calls pay."""
    calls = [] if isinstance(forecast, NotEstimable) else pays_from(plan, edition)[:1]
    return [_inactive(quiet, expected), foreseen(forecast), *calls]


def _inactive(quiet: MaybeEstimate, expected: MaybeEstimate) -> Said:
    if isinstance(quiet, NotEstimable):
        return Said("unsaid", {"why": reasons.text(quiet)})
    if isinstance(expected, NotEstimable):
        return Said("quiet", {"quiet": quiet})
    return Said("quiet_and_next", {"quiet": quiet, "expected": expected})


def foreseen(forecast: MaybeForecast) -> Said:
    """Return whether satisfaction helps to see who will leave, beyond purchase history."""
    if isinstance(forecast, NotEstimable):
        return Said("no_forecast", {"why": reasons.text(forecast)})
    areas = forecast_quality(forecast, "auc")
    history, added = areas["history"], areas["gain"]
    if isinstance(history, NotEstimable):
        return Said("unjudged", {"why": reasons.text(history)})
    fuller = areas[forecast.forecasts[-1]]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        return Said("no_better_than_a_coin", {"area": fuller})
    if isinstance(added, NotEstimable):
        return Said("history_alone", {"area": history, "why": reasons.text(added)})
    if added.spans_zero:
        key = "no_clear_help"
    elif added.value < 0:
        key = "worse"
    else:
        key = "a_little" if added.value < LITTLE else "helps"
    return Said(key, {"area": history, "added": added})


def calibration(bins: pd.DataFrame, forecast: ChurnForecast, *, edition: Edition) -> Presentation:
    """Return what was predicted and what came, in groups of customers."""
    off = ((bins["low"] > bins["predicted"]) | (bins["high"] < bins["predicted"])).sum()
    values = {"right": int(len(bins) - off), "all": len(bins)}
    note = source(LAST_PERIOD, len(forecast.trial))
    says = "agree" if len(bins.dropna(subset=["value"])) else "few"
    return Presentation(bins, says, {**values, "source": note})


def right_size(forecast: MaybeForecast, *, edition: Edition) -> list[Said]:
    """Return whether the predicted chances were of the right size."""
    if isinstance(forecast, NotEstimable):
        return []
    chance, outcome = forecast.trial[forecast.forecasts[-1]], forecast.trial["outcome"]
    line = calibration_line(
        outcome.to_numpy(), chance.to_numpy(), forecast.trial["cluster"].to_numpy()
    )
    slope, drift = line["slope"], line["drift"]
    if isinstance(slope, NotEstimable) or isinstance(drift, NotEstimable):
        return []
    key = "level_right"
    if not drift.spans_zero:
        key = "more_came_away" if drift.value > 0 else "fewer_came_away"
    values = {"came": percent(outcome.mean()), "mean": percent(chance.mean())}
    bold = "spread_right"
    if not slope.low <= 1 <= slope.high:
        bold = "too_shy" if slope.value > 1 else "too_bold"
    return [Said(key, {**values, "drift": drift}), Said(bold, {"slope": slope})]


def forecasts(forecast: ChurnForecast, *, edition: Edition) -> Presentation:
    """Return how good the forecasts were, with and without the scores."""
    areas = forecast_quality(forecast, "auc")
    fuller, added = areas[forecast.forecasts[-1]], areas["gain"]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        says = "coin"
    elif isinstance(added, NotEstimable):
        says = "history"
    else:
        says = "nothing_clear" if added.low <= 0 else "scores_add"
    values = {"periods": periods_word(edition.period), "top": f"{TOP:.0%}"}
    values |= {"source": source(LAST_PERIOD, len(forecast.trial))}
    return Presentation(forecasts_table(forecast, smallest=edition.smallest), says, values)


def beyond_history(forecast: MaybeForecast, *, edition: Edition) -> list[Said | str]:
    """Return whether the scores tell anything beyond history in the model, and who was drawn."""
    drawn = drawn_sentences(NEARLY_ALL, edition.facts)
    test = forecast if isinstance(forecast, NotEstimable) else forecast.model.satisfaction_p
    if isinstance(test, NotEstimable):
        return [*drawn]
    key = "not_beyond_history" if test.value >= CLEAR else "clearly_beyond_history"
    return [Said(key, {"p": p_words(test.value)}), *drawn]


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
