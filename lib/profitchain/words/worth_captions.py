"""The captions and tables on what a point of satisfaction is worth, from the score to money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import number, plain
from profitchain.core.i18n import N_, _, following
from profitchain.effects.power import POWER
from profitchain.effects.scenarios import Levels
from profitchain.measures.reconciliation import parted
from profitchain.panel.edition import Edition
from profitchain.words import repeat_effect, scores
from profitchain.words.captions import FOLLOWED, Caption, source
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward
from profitchain.words.worth import BOOKED, NOT_CHECKED, WORDS, assumed_share


def of_chain(steps: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of the steps from score to money."""
    return {
        "message": _chain_message(steps),
        "measure": _(
            "Per answer within {days}, and the difference for one more point of “{question}”, "
            "adjusted; pp: percentage points",
            days=_days(edition),
            question=edition.company.main.label,
        ),
        "source": _followed(steps["n"].max(), edition, money),
    }


def of_models(ways: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> Caption:
    """Return the caption of the same effect in several models."""
    return {
        "message": _("The same point, counted in three ways"),
        "measure": _(
            "Difference in {what} for one more point, per customer within {days}, adjusted; 95% "
            "intervals",
            what=_(WORDS[money]),
            days=_days(edition),
        ),
        "source": _followed(max(said.n for said in ways.values()), edition, money),
    }


def of_base(out: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> Caption:
    """Return the caption of an effect on its way from one customer to the whole base."""
    last = list(out.values())[-1]
    message, what = _("No clear worth of a point"), _(WORDS[money])
    if isinstance(last, Estimate) and not last.spans_zero:
        size = number(upward(last).times(1, unit=edition.company.currency))
        more = _("One more point goes with {size} more {what} a year", size=size, what=what)
        less = _("One more point goes with {size} less {what} a year", size=size, what=what)
        message = more if last.value >= 0 else less
    return {
        "message": message,
        "measure": _(
            "Difference in {what} for one more point, adjusted; 95% intervals, the number of "
            "customers counted in full",
            what=what,
        ),
        "source": _followed(max(said.n for said in out.values()), edition, money),
    }


def of_scenarios(table: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of a table of scenarios."""
    return {
        "message": _("What other scores would go with"),
        "measure": _(
            "Difference in {what}: per customer within {days}, and for the active base a year; 95% "
            "intervals",
            what=_(WORDS[money]),
            days=_days(edition),
        ),
        "source": _followed(table["n"].max(), edition, money) if len(table) else _(FOLLOWED),
        "units": {"answers_moved": "share", "NPS_points": "count"},
        "empty": repeat_effect.no_ten_points(edition.company.main),
    }


def of_curve(curve: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of the curve along which all answers move."""
    last = curve.iloc[-1]
    clear = bool(last["low"] > 0 or last["high"] < 0)
    flat = _("Each further point goes with less, as more answers reach the top")
    other = _("All answers better by the same points")
    message = flat if clear and _flattens(curve) else other
    return {
        "message": message,
        "measure": _(
            "Difference in {what} per customer within {days}, adjusted, if all answers rise, none "
            "above the top",
            what=_(WORDS[money]),
            days=_days(edition),
        ),
        "source": _followed(curve["n"].max(), edition, money),
        "description": _described(message, _("The values stand in the table.")),
        "unit": edition.company.currency,
        "x_label": _("points by which every answer rises"),
    }


def of_starts(
    starts: pd.DataFrame, levels: Levels | NotEstimable, edition: Edition, money: str
) -> Caption:
    """Return the caption of what a point goes with from each score on."""
    known = starts.dropna(subset=["value"])
    clear = known[known["low"] > 0]
    where = _("At no score is a further point's worth clear")
    if len(clear):
        step = clear.loc[clear["value"].idxmax(), "step"]
        where = _("A point goes with most from {step}", step=text(step))
    return {
        "message": where,
        "measure": _(
            "Difference in {what} per customer within {days}, adjusted, for one more point from "
            "each score on",
            what=_(WORDS[money]),
            days=_days(edition),
        ),
        "source": _followed(levels.n, edition, money),
        "description": _described(where, scores.spread(starts)),
        "unit": edition.company.currency,
        "reference": 0,
    }


def of_elasticity(along: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the elasticity at other mean scores."""
    return {
        "message": _("1% more score means something else at every mean score"),
        "measure": _(
            "Percent more sales within {days} for 1% more score, and the most by which the mean "
            "could rise; 95% intervals",
            days=_days(edition),
        ),
        "source": source(FOLLOWED, along["n"].max()),
        "units": {"most_rise": "share"},
    }


def of_books(found: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of our totals beside those of the books."""
    message = (
        _("Our totals agree with the books") if len(found) else _("Not checked against the books")
    )
    if len(parted(found)):
        message = _("Our totals part from the books")
    return {
        "message": message,
        "measure": _(
            "Totals of the period; apart: the difference as a share of the books' figure; up to "
            "{tolerance} is let pass",
            tolerance=f"{edition.company.control_tolerance:.1%}",
        ),
        "source": _("Orders, counted in full; the books' control totals"),
        "units": {"apart": "share"},
        "empty": _(NOT_CHECKED),
    }


def of_experiment(plan: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of an experiment's size."""
    return {
        "message": _("How large an experiment would have to be"),
        "measure": _(
            "Customers in each of two equal arms, one a point more satisfied, followed for {days}; "
            "two-sided 5%, power {power}",
            days=_days(edition),
            power=f"{POWER:.0%}",
        ),
        "source": _followed(plan["n"].max(), edition, money),
        "units": {"customers_per_arm": "count"},
    }


def books_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return totals and books as a table: measure with its unit, ours, books, apart, verdict."""
    names = [
        _("revenue, {currency}", currency=row.unit)
        if row.measure == "revenue"
        else BOOKED[row.measure]
        for row in found.itertuples()
    ]
    return found.assign(measure=names).drop(columns=["unit"])


def plan_table(plan: pd.DataFrame) -> pd.DataFrame:
    """Return an experiment's sizes as a table, differences of shares in percentage points."""
    is_share = plan["unit"] == "share"
    numbers = ["value", "low", "high"]
    shown = plan.assign(
        outcome=plan["outcome"].replace({"repeats": N_("come back")}),
        unit=plan["unit"].mask(is_share, "percentage points"),
    )
    shown[numbers] = shown[numbers].mask(is_share, shown[numbers] * 100)
    told = [*numbers, "unit", "why"]
    return shown.rename(columns={name: f"one_more_point_{name}" for name in told})


def _chain_message(steps: pd.DataFrame) -> str:
    clear = ((steps["one_more_point_low"] > 0) | (steps["one_more_point_high"] < 0)).tolist()
    if not any(clear):
        return _("No step from score to money is clear")
    if not any(clear[1:-1]):
        return _("The worth lies in coming back, not in larger baskets")
    if clear[0]:
        return _("More come back, and what they then buy differs too")
    return _("What those who come back buy differs")


def _flattens(curve: pd.DataFrame) -> bool:
    values = curve["value"].to_numpy(float)
    middle = len(values) // 2
    return bool(abs(values[-1] - values[middle]) < abs(values[middle] - values[0]))


def _days(edition: Edition) -> str:
    return plain(edition.company.repeat_within_days, "days")


def _described(message: str, more: str) -> str:
    return following(_("{message}.", message=message), more)


def _followed(n: float, edition: Edition, money: str) -> str:
    rows, share = source(_(FOLLOWED), int(n)), assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)
