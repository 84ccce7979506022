"""What comes, how good the forecast was so far, and whether planned actions pay: its words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.core.formats import digits, interval, number, period_label, period_short
from profitchain.core.i18n import N_, _
from profitchain.core.periods import Period
from profitchain.outlook.forecast import Outlook, TrackRecord
from profitchain.outlook.plan import Payoff
from profitchain.outlook.rolling import Forecast
from profitchain.panel.edition import Edition
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.prose import first_capital
from profitchain.words.reasons import text

MEASURES = words_of("outlook", "measures")
METHODS = words_of("outlook", "methods")
HELD = {"better": "held_better", "worse": "held_worse", "not_clearly": "held_not_clearly"}
CAME, FORECAST = N_("came"), N_("forecast")
MOST_SHOWN = 12  # periods of the past
TOO_MANY = 10  # actions named on the page


def answer(
    ahead: Outlook,
    record: TrackRecord | NotEstimable,
    actions: list[Payoff] | NotEstimable,
    *,
    edition: Edition,
) -> list[Said | str]:
    """Return what the next period brings, how that compares with a naive guess, who pays."""
    found = ahead.first
    if isinstance(found, NotEstimable):
        said: list[Said | str] = [Said("unknown", {"why": text(found)})]
    else:
        unit = ahead.unit(ahead.headline)
        sure, likely = (found.estimate(1, unit, level=level) for level in (0.95, 0.80))
        coming = first_capital(period_label(ahead.coming[0]))
        values = {"coming": coming, "size": sure, "likely": interval(likely),
                  "n": digits(sure.n, 0)}  # fmt: skip
        said = [Said("ahead" if ahead.headline == "revenue" else "ahead_orders", values)]
        said += _compared(found, record)
    return said + _paying(actions)


def _compared(found: Forecast, record: TrackRecord | NotEstimable) -> list[Said | str]:
    if isinstance(record, TrackRecord) and record.failed:
        counts = {"inside": digits(record.inside, 0), "n": digits(len(record.rows), 0)}
        return [Said("failed", counts)]
    if isinstance(found.mase, NotEstimable):
        return []
    naive = _(METHODS["naive" if found.seasonal else "last"])
    values = {"mase": found.mase, "naive": naive}
    better, worse = found.mase.high < 1, found.mase.low > 1
    key = "better" if better else "worse" if worse else "not_clearly"
    if isinstance(record, NotEstimable):
        return [Said(key, values)]
    counts = {"inside": digits(record.inside, 0), "n": digits(len(record.rows), 0),
              "level": digits(100 * record.level, 0)}  # fmt: skip
    return [Said(HELD[key], values | counts)]


def _paying(actions: list[Payoff] | NotEstimable) -> list[Said | str]:
    if isinstance(actions, NotEstimable):
        return []
    known = [one for one in actions if isinstance(one.loss, Estimate)]
    if not known:
        return [Said("nothing_weighed", {"of": digits(len(actions), 0)})]
    pays = [one for one in known if _pays(one)]
    counts = {"pays": digits(len(pays), 0), "of": digits(len(known), 0)}
    if pays and all(one.by_lot for one in pays):
        return [Said("some_raise", counts)]
    return [Said("some_pay" if pays else "none_pays", counts)]


def _pays(one: Payoff) -> bool:
    return isinstance(one.margin, Estimate) and one.margin.value > one.cost


def forecast_fan(ahead: Outlook, *, edition: Edition) -> Presentation:
    """Return the headline's measure period by period, what came and what is expected."""
    found, unit = ahead.first, ahead.unit(ahead.headline)
    measure = first_capital(_(MEASURES[ahead.headline]))
    came = list(ahead.past.by_period(ahead.headline).items())[-MOST_SHOWN:]
    columns = ["period", "value", "low", "high", "what"]
    rows = [(name, value, value, value, _(CAME)) for name, value in came]
    unit_of = _("weeks") if ahead.past.season > 12 else _("months")
    values = {"measure": measure, "steps": digits(len(ahead.past.sums), 0), "steps_are": unit_of}
    if isinstance(found, NotEstimable) or not came:
        return Presentation(pd.DataFrame(rows, columns=columns).assign(unit=unit), "none", values,
                            {"group": "what"})  # fmt: skip
    rows.append((*rows[-1][:4], _(FORECAST)))
    for at, period in enumerate(ahead.coming, start=1):
        each = found.estimate(at, unit, level=0.80)
        rows.append((str(period), each.value, each.low, each.high, _(FORECAST)))
    frame = pd.DataFrame(rows, columns=columns).assign(unit=unit)
    says = _direction(found, ahead)
    return Presentation(frame, says, values, {"group": "what"})


def _direction(found: Forecast, ahead: Outlook) -> str:
    """Return whether the next period lies clearly above or below the same one a year before."""
    before = ahead.past.by_period(ahead.headline).get(str(ahead.coming[0].year_before))
    if before is None:
        return "comes"
    if found.low[0.80][0] > before:
        return "more"
    return "less" if found.high[0.80][0] < before else "alike"


def forecast_table(ahead: Outlook, *, edition: Edition) -> Presentation:
    """Return every measure of the next four periods, with both intervals."""
    rows = []
    for name in ahead.measures:
        found = ahead.measures[name]
        for at, period in enumerate(ahead.coming, start=1):
            label = {"measure": first_capital(_(MEASURES[name])), "period": period_short(period)}
            if isinstance(found, NotEstimable):
                rows.append(label | {"expected": text(found), "80%": "", "95%": "", "naive": ""})
                break
            sure, likely = (found.estimate(at, ahead.unit(name), level=level)
                            for level in (0.95, 0.80))  # fmt: skip
            naive = float(found.naive[at - 1])
            rows.append(label | {
                "expected": number(sure),
                "80%": interval(likely, bare=True),
                "95%": interval(sure, bare=True),
                "naive": _figure(naive, ahead.unit(name)),
            })  # fmt: skip
    return Presentation(pd.DataFrame(rows), "what")


def methods_tried(ahead: Outlook, *, edition: Edition) -> Presentation:
    """Return how far each method erred on the mean, of the headline's measure."""
    found = ahead.first
    if isinstance(found, NotEstimable):
        return Presentation(pd.DataFrame(), "none", {"empty": text(found), "origins": "0"})
    unit = ahead.unit(ahead.headline)
    rows = pd.DataFrame({
        "method": [_method(name, found) for name in found.errors],
        "mean error": [_figure(error, unit) for error in found.errors.values()],
        "used": [_("yes") if name == found.method else "" for name in found.errors],
    })  # fmt: skip
    values = {"empty": "", "method": _method(found.method, found),
              "origins": digits(found.origins, 0)}  # fmt: skip
    return Presentation(rows, "mean" if found.method == "mean" else "single", values)


def forecast_notes(ahead: Outlook, *, edition: Edition) -> list[Said]:
    """Return what the forecast lacks: a season, a model of customers, steps without orders."""
    said: list[Said] = []
    found = ahead.first
    if isinstance(found, NotEstimable):
        return [Said("no_forecast", {"why": text(found)})]
    if not found.seasonal:
        said.append(Said("no_season"))
    if ahead.base is not None:
        said.append(Said("no_base", {"why": text(ahead.base)}))
    if ahead.past.empty:
        said.append(Said("empty_steps", {"empty": digits(ahead.past.empty, 0)}))
    return said or [Said("nothing_lacks")]


def scorecard(
    record: TrackRecord | NotEstimable, ahead: Outlook, *, edition: Edition
) -> Presentation:
    """Return what was predicted of earlier periods, and what came."""
    if isinstance(record, NotEstimable):
        nothing = {"empty": text(record), "level": "", "whose": ""}
        return Presentation(pd.DataFrame(), "none", nothing)
    unit = ahead.unit(ahead.headline)
    rows = pd.DataFrame({
        "period": [period_short(Period(name)) for name in record.rows["period"]],
        "expected": [_figure(value, unit) for value in record.rows["value"]],
        "interval": [interval(_range(row, unit), bare=True) for row in record.rows.itertuples()],
        "came": [_figure(value, unit) for value in record.rows["came"]],
        "inside": [_("yes") if inside else _("no") for inside in record.rows["inside"]],
    })  # fmt: skip
    whose = _("predicted by earlier editions") if record.published else _(
        "what this method would have said before each period, knowing nothing later")  # fmt: skip
    values = {"inside": digits(record.inside, 0), "of": digits(len(rows), 0), "empty": "",
              "level": digits(100 * record.level, 0), "whose": whose}  # fmt: skip
    return Presentation(rows, "failed" if record.failed else "held", values)


def forecast_bias(record: TrackRecord | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return whether earlier forecasts were too high or too low on the mean."""
    bias = record if isinstance(record, NotEstimable) else record.bias
    if isinstance(bias, NotEstimable):
        return [Said("bias_unknown", {"why": text(bias)})]
    if bias.spans_zero:
        return [Said("no_bias", {"bias": bias})]
    return [Said("too_low" if bias.low > 0 else "too_high", {"bias": bias})]


def actions_table(found: list[Payoff] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return each action's cost, return and chance of a loss."""
    if isinstance(found, NotEstimable):
        return Presentation(pd.DataFrame(), "none", {"empty": text(found)})
    unit = edition.company.currency
    rows = pd.DataFrame([
        {
            "action": one.action,
            "cost": _figure(one.cost, unit),
            "return": _return(one.roi),
            "loss": _share(one.loss),
            "way": _("raises, by lot") if one.by_lot else _("goes with"),
        }
        for one in found[:TOO_MANY]
    ])  # fmt: skip
    if not any(one.by_lot for one in found):
        rows = rows.drop(columns="way")
    known = [one for one in found if isinstance(one.margin, Estimate)]
    pays = [one for one in known if _pays(one)]
    says = "all" if len(pays) == len(known) else "some" if pays else "nobody"
    says = says if known else "unknown"
    return Presentation(rows, says, {"empty": "", "pays": digits(len(pays), 0)})


def actions_detail(found: list[Payoff] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return each action's margin, payback, highest price of a point, and what waiting is worth."""
    known = [] if isinstance(found, NotEstimable) else [
        one for one in found if isinstance(one.margin, Estimate)]  # fmt: skip
    empty = text(found) if isinstance(found, NotEstimable) else _("No action can be weighed.")
    unit = edition.company.currency
    rows = pd.DataFrame([
        {
            "action": one.action,
            "margin a year": _with_ends(one.margin),
            "pays back after": _months(one.payback),
            "highest price of a point": _with_ends(one.price),
            "knowing all": _figure(one.perfect, unit),
            "a year more of answers": _figure(one.sample, unit),
        }
        for one in known
    ])  # fmt: skip
    return Presentation(rows, "what" if len(rows) else "none", {"empty": empty})


def _method(name: str, found: Forecast) -> str:
    key = "last" if name == "naive" and not found.seasonal else name
    return first_capital(_(METHODS[key]))


def _range(row: object, unit: str) -> Estimate:
    value, low, high = (float(getattr(row, name)) for name in ("value", "low", "high"))
    return Estimate(value=value, low=low, high=high, n=0, unit=unit)


def _figure(value: float, unit: str) -> str:
    return "" if np.isnan(value) else number(counted(value, unit=unit))


def _with_ends(estimate: MaybeEstimate) -> str:
    if isinstance(estimate, NotEstimable):
        return text(estimate)
    return _("{figure} ({ends})", figure=number(estimate), ends=interval(estimate, bare=True))


def _return(roi: MaybeEstimate) -> str:
    if isinstance(roi, NotEstimable):
        return text(roi)
    return _with_ends(Estimate(value=roi.value, low=roi.low, high=roi.high, n=roi.n, unit="share"))


def _share(loss: MaybeEstimate) -> str:
    if isinstance(loss, NotEstimable):
        return ""
    percent = round(100 * loss.value)
    return _("under 1%") if percent < 1 else _("over 99%") if percent > 99 else f"{percent}%"


def _months(payback: float) -> str:
    if np.isnan(payback):
        return _("never, as expected")
    return _("{n} months", n=digits(payback, 0)) if payback <= 12 else _("not within a year")
