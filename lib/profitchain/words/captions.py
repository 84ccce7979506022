"""The words around each exhibit: message, measure, source, description, and the unit they are in.

A caption is a dict of keyword arguments for `exhibit.chart` or `exhibit.table`; to say one part
otherwise, a notebook writes `captions.trend(...) | {"message": "..."}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from profitchain.core.formats import digits, plain
from profitchain.core.i18n import N_, _
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company
from profitchain.stats.comparisons import MeasureSeries
from profitchain.stats.sampling_weights import stands_for
from profitchain.words import measures, scores
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


def followed_source(n: float, edition: Edition, money: str) -> str:
    """Return the source note of answers followed to the end, and what is assumed on margin."""
    rows, share = source(FOLLOWED, int(n)), assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)


def assumed_share(edition: Edition, money: str) -> str:
    """Return the share of revenue that is assumed to be margin, or "" where orders carry theirs."""
    rate = edition.assumed_margin
    return f"{rate:.0%}" if rate and money == "margin" else ""


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


def per_point_measure(firm: Company) -> str:
    """Return what slopes of one point are measured in, within the firm's window."""
    return _(
        "Difference in the share who order again within {within}, in percentage points, for one "
        "more point of “{question}”; slopes of straight lines, with 95% intervals",
        within=plain(firm.repeat_within_days, "days"),
        question=str(firm.main.label) if firm.main else "",
    )
