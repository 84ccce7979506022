"""The words around the exhibits on who is leaving, and the table of how well it was foretold."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import as_difference, digits, interval, number
from profitchain.core.i18n import N_, _, listed, ngettext, pgettext
from profitchain.effects.value_of_a_point import framed
from profitchain.lifetime.churn_model import COIN, UNITS, Forecast, Foresight, Judge, judged
from profitchain.lifetime.cox_model import SCORE, Hazard
from profitchain.lifetime.retention_targeting import Plan
from profitchain.measures.loyalty import share_again_within
from profitchain.panel.edition import Edition
from profitchain.stats.forecast_scores import TOP
from profitchain.stats.sampling_weights import factor
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, periods_word
from profitchain.words.scores import percent, spread

HEADINGS: dict[Judge, str] = {"auc": "AUC", "brier_skill": "Brier_skill", "lift": "lift"}
ADDED = {N_("what satisfaction adds"): False, N_("what it adds where they answered"): True}
NAMES: dict[Forecast, str] = {
    "history": N_("purchase history and contacts"),
    "satisfaction": N_("the same and satisfaction"),
}
TERMS = {
    SCORE: N_("one more point"),
    "prior_orders": N_("twice the orders before"),
    "recency_days": N_("twice the days since the last order"),
    "tenure_days": N_("twice the days as a customer"),
    "contacts": N_("a contact in the year before"),
    "complaints": N_("a complaint among them"),
}
RATED = N_("Customers with an answer in the lookback")


def of_curves(curves: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the time to the next order by satisfaction."""
    days, known = edition.company.repeat_within_days, curves.dropna(subset=["value"])
    again = {
        str(name): share_again_within(rows.reset_index(drop=True), days)
        for name, rows in known.groupby("group", sort=False)
    }
    told = [(name, one.value) for name, one in again.items() if _is(one)]
    message = _("How soon customers order again after an answer")
    if len(told) > 1:
        (worst, low), (best, high) = told[0], told[-1]
        message = _(
            "{high} of {best} ordered again within {days} days, {low} of {worst}",
            high=percent(high), best=_(best), days=days, low=percent(low), worst=_(worst),
        )  # fmt: skip
    apart = [
        _("{group} {share} ({ends})", group=_(name), share=number(one), ends=interval(one))
        for name, one in again.items()
        if _is(one)
    ]
    measure = _("Share who ordered again, by days since the answer")
    if apart:
        measure = _(
            "Share who ordered again, by days since the answer; within {days} days: {groups}",
            days=days, groups=listed(apart),
        )  # fmt: skip
    return {
        "message": message,
        "measure": measure,
        "source": source(_(RATED), int(known.groupby("group")["n"].max().sum())),
        "description": _(
            "{message}. The curves rise from 0; their values stand in the table.", message=message
        ),
        "unit": "share",
        "x_label": _("days"),
        "group": "group",
    }


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return hazard ratios with their terms in words."""
    return ratios.assign(term=ratios["term"].map(TERMS))


def profit_lines(curves: pd.DataFrame) -> pd.DataFrame:
    """Return profit curves with a column `line` that says their success rate."""
    lines = [_("{share} kept", share=f"{rate * 100:.3g}%") if rate == rate else ""
             for rate in curves["success_rate"]]  # fmt: skip
    return curves.assign(success_rate=lines).rename(columns={"success_rate": "line"})


def of_ratios(ratios: pd.DataFrame, model: Hazard | NotEstimable) -> Caption:
    """Return the caption of the hazard ratios."""
    first, n = ratios.iloc[0], model.of if isinstance(model, Hazard) else model.n
    message = _("What goes with ordering again sooner")
    if isinstance(model, Hazard) and ratios["term"].iloc[0] == TERMS[SCORE]:
        message = _("No clear link between the score and how soon they order")
        if first["low"] > 1:
            message = _("One more point goes with ordering again sooner")
        elif first["high"] < 1:
            message = _("One more point goes with ordering again later")
    return {
        "message": message,
        "measure": _("How many times as fast the next order comes, all else alike; 95% intervals"),
        "source": source(_(RATED), n),
        "description": _("{message}. {values}", message=message, values=spread(ratios)),
        "unit": "ratio",
        "reference": 1,
    }


def models_table(seen: Foresight | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return how good the forecasts were: one row a forecast, and rows for what the scores add.

    Columns: forecast, then value, low, high, why, unit of each judge (after its heading); n.
    """
    if isinstance(seen, NotEstimable):
        return pd.DataFrame(columns=["forecast", "n"])
    rows = [(NAMES[name], name, False) for name in seen.forecasts]
    answered = int(seen.trial["answered"].sum())
    if len(rows) > 1:
        rows += [(label, "gain", only) for label, only in ADDED.items()
                 if not only or answered >= max(smallest, 1)]  # fmt: skip
    parts = [pd.DataFrame({"forecast": [label for label, _name, _only in rows]})]
    for judge in UNITS:
        of = {only: judged(seen, judge, answered_only=only) for only in {row[2] for row in rows}}
        said = [of[only][name] for _label, name, only in rows]
        shown = [as_difference(one) if row[1] == "gain" else one
                 for one, row in zip(said, rows, strict=True)]  # fmt: skip
        parts.append(framed(shown, HEADINGS[judge]))
    return pd.concat(parts, axis=1).assign(
        n=[answered if only else len(seen.trial) for _label, _name, only in rows]
    )


def of_models(seen: Foresight | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of the two forecasts."""
    return {
        "message": _models_message(seen),
        "measure": _(
            "Learnt up to two {periods} ago, tried on the {period} of this edition. AUC: 0.5 a "
            "coin, 1 perfect; Brier skill: 0 the base rate, 100% perfect; lift: the {share} "
            "foretold most surely against everybody; 95% intervals",
            periods=periods_word(edition.period),
            period=period_word(edition.period),
            share=f"{TOP:.0%}",
        ),
        "source": _a_period_ago(seen, edition),
        "empty": reasons.text(seen) if isinstance(seen, NotEstimable) else "",
    }


def _models_message(seen: Foresight | NotEstimable) -> str:
    if isinstance(seen, NotEstimable):
        return _("How well it could be foretold who stays away")
    found = judged(seen, "auc")
    fuller, added = found[seen.forecasts[-1]], found["gain"]
    if isinstance(fuller, Estimate) and fuller.low <= COIN:
        return _("Who stays away could not be foretold")
    if isinstance(added, NotEstimable):
        return _("Purchase history foretells who stays away")
    if added.low <= 0:
        return _("The scores add nothing clear to purchase history")
    return _("The scores add to what purchase history foretells")


def _a_period_ago(seen: Foresight | NotEstimable, edition: Edition) -> str:
    who = _("Customers of the lookback a {period} ago", period=period_word(edition.period))
    return source(who, _n(seen))


def of_calibration(bins: pd.DataFrame, seen: Foresight | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of what was foretold beside what came."""
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
        "source": _a_period_ago(seen, edition),
        "description": _in_the_table(message),
        "unit": "share",
        "x_label": pgettext("an axis", "foretold"),
    }


def _in_the_table(message: str) -> str:
    return _("{message}. The values stand in the table.", message=message)


def of_profit(found: Plan | NotEstimable, profit: MaybeEstimate, currency: str) -> Caption:
    """Return the caption of what calling so many customers would bring."""
    message, mark = _("What calling customers would bring"), None
    if isinstance(found, Plan) and isinstance(profit, Estimate):
        message = _("It is not worth calling anybody")
        if found.to_call:
            message, best = _best_calls(found.to_call, profit)
            mark = (found.to_call, profit.value, best)
    return {
        "message": message,
        "measure": _(
            "Expected profit of calling so many, the most worthwhile first, cost paid; bands: 95%, "
            "for the errors of the chances and of what a kept customer is worth"
        ),
        "source": drawn_from(
            source(_("Customers of the lookback"), profit.n),
            factor(found.gains) if isinstance(found, Plan) else 1.0,
        ),
        "description": _in_the_table(message),
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


def _is(said: MaybeEstimate) -> bool:
    return isinstance(said, Estimate)


def _n(seen: Foresight | NotEstimable) -> int:
    return seen.n if isinstance(seen, NotEstimable) else len(seen.trial)
