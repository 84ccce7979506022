"""The words around each exhibit: message, measure, source, description, and the unit they are in.

A caption is a dict of keyword arguments for `exhibit.chart` or `exhibit.table`; to say one part
otherwise, a notebook writes `captions.trend(...) | {"message": "..."}`.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _, following
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company, Question
from profitchain.stats.comparisons import MeasureSeries
from profitchain.stats.margins import Wald
from profitchain.stats.sampling_weights import stands_for
from profitchain.words import measures, repeat_effect, scores
from profitchain.words.presentation import source

Caption = dict[str, object]
PER_POINT = "percentage points"
FOLLOWED = N_("Answers followed to the end of their window")
ANSWERS = N_("Survey answers")


def drawn_from(note: str, stands_for: float) -> str:
    """Return a source note, and for how many customers each one stands where they are drawn."""
    if stands_for == 1:
        return note
    each = digits(stands_for, 1)
    return _("{source}, drawn by chance: each stands for {each}", source=_(note), each=each)


def drawn_sentences(what: str, facts: Mapping[str, int]) -> tuple[str, ...]:
    """Return from how many of all customers some numbers are told; nothing where from all.

    Parameters
    ----------
    what : which numbers, a message that begins a sentence.
    facts : an edition's: `customers` and `customers_drawn`.
    """
    if stands_for(facts) == 1:
        return ()
    drawn = _(
        "**{what}: from {drawn} of {all} customers, drawn by chance**, the same in every edition. "
        "Shares, means and intervals rest on those; counts and sums of all are told from them.",
        what=_(what), drawn=digits(facts["customers_drawn"], 0), all=digits(facts["customers"], 0),
    )  # fmt: skip
    return (drawn,)


def trend(series: MeasureSeries, period: Period, rows: str = ANSWERS) -> Caption:
    """Return the caption of one measure over time; `rows` says whose."""
    label, unit = measures.label(series.measure), series.measure.unit
    meaning = measures.definition(series.measure)
    return {
        "message": scores.change_title(series, period),
        "measure": _("{label}: {meaning}; 95% intervals", label=label, meaning=meaning),
        "source": source(rows, series.now.n, period),
        "description": scores.trend_description(label, series.trend, unit),
        "unit": unit,
    }


def raw_rates(rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the share that came back at each score."""
    few, none = _("nothing adjusted; –: too few answers"), _("nothing adjusted")
    message = repeat_effect.rates_message(rates)
    return _link(firm, message, rates["n"].sum(), few if rates["value"].isna().any() else none)


def curve(bend: Wald | NotEstimable, rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the adjusted curve along the scale (`rates`: its dots)."""
    message = repeat_effect.bend_message(bend)
    caption = _link(firm, message, rates["n"].sum(), _("adjusted, if all had given this score"))
    adjusted = _("{rates}, adjusted.", rates=repeat_effect.rates_message(rates))
    return caption | {"description": described(message, adjusted)}


def per_point(message: str, firm: Company, rows: pd.DataFrame, *, slopes: bool = False) -> Caption:
    """Return the caption of effects of one point, in percentage points; or of mere slopes."""
    return {
        "message": message,
        "measure": per_point_measure(firm, slopes=slopes),
        "source": source(FOLLOWED, _answers(rows)),
        "description": described(message, scores.spread(rows)),
        "unit": PER_POINT,
        "reference": 0,
    }


def per_point_measure(firm: Company, *, slopes: bool, within: str = "") -> str:
    """Return what effects of one point are measured in, within the named days or the firm's."""
    capped = N_(
        "Difference in the share who order again within {within}, in percentage points, for one "
        "more point of “{question}”, none above the top; 95% intervals"
    )
    sloped = N_(
        "Difference in the share who order again within {within}, in percentage points, for one "
        "more point of “{question}”; slopes of straight lines, with 95% intervals"
    )
    within = within or plain(firm.repeat_within_days, "days")
    return _(sloped if slopes else capped, within=within, question=_window(firm)["question"])


def moves(rows: pd.DataFrame, main: Question) -> Caption:
    """Return the caption of what ten NPS points go with."""
    return {
        "message": _("Ten NPS points, by which answers move"),
        "measure": _("Difference of the share ordering again over all answers, adjusted"),
        "source": source(FOLLOWED, _answers(rows)),
        "units": {"answers moved": "share"},
        "empty": repeat_effect.no_ten_points(main),
    }


def amounts(effects: Mapping[str, MaybeEstimate], edition: Edition) -> Caption:
    """Return the caption of orders and money that go with one more point."""
    rows = source(FOLLOWED, max(effect.n for effect in effects.values()))
    if rate := edition.assumed_margin:
        share = f"{rate:.0%}"
        rows = _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)
    return {
        "message": repeat_effect.amounts_message(effects["spend"]),
        "measure": _(
            "Difference for one more point of “{question}”, per answer, within {days} days, "
            "adjusted; 95% intervals",
            **_window(edition.company),
        ),
        "source": rows,
    }


def _link(firm: Company, message: str, n: int, how: str) -> Caption:
    return {
        "message": message,
        "measure": _(
            "Share ordering again within {days} days, by “{question}”; {how}; 95% intervals",
            how=how,
            **_window(firm),
        ),
        "source": source(FOLLOWED, n),
        "description": described(message, _("All shares stand in the table.")),
        "unit": "share",
        "x_label": _window(firm)["question"],
    }


def _window(firm: Company) -> dict[str, str]:
    label = firm.main.label if firm.main else ""
    return {"days": digits(firm.repeat_within_days, 0), "question": str(label)}


def described(message: str, more: str) -> str:
    """Return a message as a sentence, with another one behind it."""
    return following(_("{message}.", message=message), more)


def _answers(rows: pd.DataFrame) -> int:
    """Return how many answers stand behind rows: parts of the scale and groups add up."""
    if "segment" in rows:
        return int(rows.groupby("segment")["n"].sum().max()) if len(rows) else 0
    return int(rows["n"].sum() if "band" in rows else rows["n"].max())
