"""The words around the exhibits on who is leaving, and the table of how well it was foretold."""

from __future__ import annotations

import pandas as pd

from profitchain.captions import Caption, source
from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.forecasts import TOP
from profitchain.formats import as_difference, digits, interval, number
from profitchain.hazards import SCORE, Hazard
from profitchain.leaving import COIN, FORECASTS, UNITS, Foresight, Judge, judged
from profitchain.loyalty import share_again_within
from profitchain.narration import percent, spread
from profitchain.rescue import Plan
from profitchain.store import Edition
from profitchain.wording import listed
from profitchain.worth import framed

HEADINGS: dict[Judge, str] = {"auc": "AUC", "brier_skill": "Brier_skill", "lift": "lift"}
ADDED = {"what satisfaction adds": False, "what it adds where they answered": True}
RATED = "Customers with an answer in the lookback"


def of_curves(curves: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the time to the next order by satisfaction."""
    days, known = edition.company.repeat_within_days, curves.dropna(subset=["value"])
    again = {
        str(name): share_again_within(rows.reset_index(drop=True), days)
        for name, rows in known.groupby("group", sort=False)
    }
    told = [(name, one.value) for name, one in again.items() if _is(one)]
    message = "How soon customers order again after an answer"
    if len(told) > 1:
        (worst, low), (best, high) = told[0], told[-1]
        message = f"{percent(high)} of {best} ordered again within {days} days, {percent(low)} of "
        message += f"{worst}"
    apart = [f"{name} {number(one)} ({interval(one)})" for name, one in again.items() if _is(one)]
    return {
        "message": message,
        "measure": f"Share who ordered again, by days since the answer; within {days} days: "
        f"{listed(apart)}" if apart else "Share who ordered again, by days since the answer",
        "source": source(RATED, int(known.groupby("group")["n"].max().sum())),
        "description": f"{message}. The curves rise from 0; their values stand in the table.",
        "unit": "share",
        "x_label": "days",
        "group": "group",
    }  # fmt: skip


def of_ratios(ratios: pd.DataFrame, model: Hazard | Unsaid) -> Caption:
    """Return the caption of the hazard ratios."""
    first, n = ratios.iloc[0], model.of if isinstance(model, Hazard) else model.n
    message = "What goes with ordering again sooner"
    if isinstance(model, Hazard) and ratios["term"].iloc[0] == SCORE:
        clear = first["low"] > 1 or first["high"] < 1
        way = "sooner" if first["value"] > 1 else "later"
        message = f"One more point goes with ordering again {way}" if clear else (
            "No clear link between the score and how soon they order"
        )  # fmt: skip
    return {
        "message": message,
        "measure": "How many times as fast the next order comes, all else alike; 95% intervals",
        "source": source(RATED, n),
        "description": f"{message}. {spread(ratios)}",
        "unit": "ratio",
        "reference": 1,
    }


def models_table(seen: Foresight | Unsaid, *, smallest: int = 0) -> pd.DataFrame:
    """Return how good the forecasts were: one row a forecast, and rows for what the scores add.

    Columns: forecast, then value, low, high, why, unit of each judge (after its heading); n.
    """
    if isinstance(seen, Unsaid):
        return pd.DataFrame(columns=["forecast", "n"])
    rows = [(FORECASTS[name], name, False) for name in seen.forecasts]
    answered = int(seen.trial["answered"].sum())
    if len(rows) > 1:
        rows += [(label, "gain", only) for label, only in ADDED.items()
                 if not only or answered >= max(smallest, 1)]  # fmt: skip
    parts = [pd.DataFrame({"forecast": [label for label, _, _ in rows]})]
    for judge in UNITS:
        of = {only: judged(seen, judge, answered_only=only) for only in {row[2] for row in rows}}
        said = [of[only][name] for _, name, only in rows]
        shown = [as_difference(one) if row[1] == "gain" else one
                 for one, row in zip(said, rows, strict=True)]  # fmt: skip
        parts.append(framed(shown, HEADINGS[judge]))
    return pd.concat(parts, axis=1).assign(
        n=[answered if only else len(seen.trial) for _, _, only in rows]
    )


def of_models(seen: Foresight | Unsaid, edition: Edition) -> Caption:
    """Return the caption of the two forecasts."""
    every = edition.period.every
    message = "How well it could be foretold who stays away"
    if isinstance(seen, Foresight):
        found = judged(seen, "auc")
        fuller, added = found[seen.forecasts[-1]], found["gain"]
        message = "Purchase history foretells who stays away"
        if isinstance(fuller, Estimate) and fuller.low <= COIN:
            message = "Who stays away could not be foretold"
        elif isinstance(added, Estimate):
            message = "The scores add nothing clear to purchase history"
            message = message if added.low <= 0 else (
                "The scores add to what purchase history foretells"
            )  # fmt: skip
    return {
        "message": message,
        "measure": f"Learnt up to two {every}s ago, tried on the {every} of this edition. AUC: 0.5 "
        f"a coin, 1 perfect; Brier skill: 0 the base rate, 100% perfect; lift: the {TOP:.0%} "
        "foretold most surely against everybody; 95% intervals",
        "source": source(f"Customers of the lookback a {every} ago", _n(seen)),
        "empty": seen.why if isinstance(seen, Unsaid) else "",
    }


def of_calibration(bins: pd.DataFrame, seen: Foresight | Unsaid, edition: Edition) -> Caption:
    """Return the caption of what was foretold beside what came."""
    every = edition.period.every
    off = ((bins["low"] > bins["foretold"]) | (bins["high"] < bins["foretold"])).sum()
    message = "Foretold and true shares of those who stayed away"
    if len(bins.dropna(subset=["value"])):
        message = (
            f"In {len(bins) - off} of {len(bins)} groups what came agrees with what was foretold"
        )
    return {
        "message": message,
        "measure": f"Share who ordered nothing in the {every}, by the chance foretold; on the grey "
        "line both are the same; 95% intervals",
        "source": source(f"Customers of the lookback a {every} ago", _n(seen)),
        "description": f"{message}. The values stand in the table.",
        "unit": "share",
        "x_label": "foretold",
    }


def of_profit(found: Plan | Unsaid, profit: Said, currency: str) -> Caption:
    """Return the caption of what calling so many customers would bring."""
    message, mark = "What calling customers would bring", None
    if isinstance(found, Plan) and isinstance(profit, Estimate):
        message = "It is not worth calling anybody"
        if found.to_call:
            best = f"{digits(found.to_call, 0)} customers: {number(profit)}"
            mark = (found.to_call, profit.value, best)
            message = f"Calling {digits(found.to_call, 0)} customers would gain most"
            message += ", if anything" * profit.spans_zero
    return {
        "message": message,
        "measure": "Expected profit of calling so many, the most worthwhile first, cost paid; "
        "bands: 95%, for the errors of the chances and of what a kept customer is worth",
        "source": source("Customers of the lookback", profit.n),
        "description": f"{message}. The values stand in the table.",
        "unit": currency,
        "x_label": "customers called",
        "mark": mark,
    }


def _is(said: Said) -> bool:
    return isinstance(said, Estimate)


def _n(seen: Foresight | Unsaid) -> int:
    return seen.n if isinstance(seen, Unsaid) else len(seen.trial)
