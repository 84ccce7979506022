"""The words around each exhibit: message, measure, source, description, and the unit they are in.

A caption is a dict of keyword arguments for `exhibits.chart` or `exhibits.table`; to say one part
otherwise, a notebook writes `captions.trend(...) | {"message": "..."}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.formats import digits, period_label, period_short
from profitchain.core.i18n import N_, _, following
from profitchain.core.periods import Period
from profitchain.measures.data_quality import KINDS, MOSTLY_EMPTY
from profitchain.panel.edition import Edition
from profitchain.sources.company import Company, Question
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.stats.sampling_weights import stands_for
from profitchain.words import data, measures, repeat_effect, scores
from profitchain.words.prose import period_word
from profitchain.words.reasons import with_interval

Caption = dict[str, object]
PER_POINT = "percentage points"
FOLLOWED = N_("Answers followed to the end of their window")
ANSWERS = N_("Survey answers")
_BY_AGE = {
    "month": N_(
        "Share of a cohort that bought, by months since its first order: +1 is the next month"
    ),
    "quarter": N_(
        "Share of a cohort that bought, by quarters since its first order: +1 is the next quarter"
    ),
    "year": N_(
        "Share of a cohort that bought, by years since its first order: +1 is the next year"
    ),
}
_UNITS = {"points": N_("points"), "score": N_("score")}  # those that a measure names


def source(what: str, n: int, period: Period | None = None) -> str:
    """Return a source note: who gave the rows and how many stand behind the exhibit.

    With a period, n is that period's, although the exhibit may show others too.
    """
    told = {"what": _(what), "n": digits(n, 0)}
    if period is None:
        return _("{what}, n = {n}", **told)
    return _("{what}, n = {n} in {period}", period=period_label(period), **told)


def drawn_from(note: str, each: float) -> str:
    """Return a source note, and for how many customers each one stands where they are drawn."""
    if each == 1:
        return note
    return _(
        "{source}, drawn by chance: each stands for {each}", source=_(note), each=digits(each, 1)
    )


def drawn_sentences(what: str, facts: Mapping[str, int]) -> tuple[str, ...]:
    """Return from how many of all customers some numbers are told; nothing where from all.

    Parameters
    ----------
    what : which numbers, a message that begins a sentence.
    facts : an edition's: `customers` and `customers_drawn`.
    """
    if stands_for(facts) == 1:
        return ()
    told = _(
        "**{what}: from {drawn} of {all} customers, drawn by chance**, the same in every edition. "
        "Shares, means and intervals rest on those; counts and sums of all are told from them.",
        what=_(what), drawn=digits(facts["customers_drawn"], 0), all=digits(facts["customers"], 0),
    )  # fmt: skip
    return (told,)


def account(rows: pd.DataFrame) -> Caption:
    """Return the caption of the rows that came in, by table (`rows`: the account)."""
    return {
        "message": data.account_message(rows),
        "measure": _("Rows by table and by what became of them"),
        "source": source(_("The firm's tables"), rows["rows"].sum()),
        "units": dict.fromkeys(["rows_in", *KINDS], "count"),
    }


def reasons(rows: pd.DataFrame) -> Caption:
    """Return the caption of why rows were set aside (`rows`: the account)."""
    aside = rows.loc[rows["kind"] != "used", "rows"].sum()
    return {
        "message": _("Why rows were set aside") if aside else _("No row was set aside"),
        "measure": _("Rows by table and reason, the most frequent first"),
        "source": source(_("The data contract, applied to every row; rows set aside"), aside),
        "units": {"rows": "count"},
    }


def coverage(orders: pd.DataFrame) -> Caption:
    """Return the caption of orders by period."""
    return {
        "message": data.coverage_message(orders),
        "measure": _("Orders by period, cancelled orders left out"),
        "source": source(
            _("Orders, counted in full and so without an interval"), orders["n"].sum()
        ),
        "description": scores.trend_description(_("Orders"), orders, "orders"),
        "unit": "orders",
    }


def empty_columns(columns: pd.DataFrame) -> Caption:
    """Return the caption of the columns with many empty cells."""
    none, some = _("No column is often empty"), _("Columns that are often empty")
    measure = _(
        "Share of used rows without a value; columns above {limit} only",
        limit=f"{MOSTLY_EMPTY:.0%}",
    )
    return {
        "message": none if columns.empty else some,
        "measure": measure,
        "source": _("The firm's tables, used rows"),
        "units": {"missing_share": "share"},
    }


def trend(story: MeasureSeries, period: Period, rows: str = ANSWERS) -> Caption:
    """Return the caption of one measure over time; `rows` says whose."""
    label, unit = measures.label(story.measure), story.measure.unit
    return {
        "message": scores.change_title(story, period),
        "measure": _(
            "{label}: {meaning}; 95% intervals",
            label=label,
            meaning=measures.definition(story.measure),
        ),
        "source": source(rows, story.now.n, period),
        "description": scores.trend_description(label, story.trend, unit),
        "unit": unit,
    }


def groups(shares: pd.DataFrame, question: Question, period: Period) -> Caption:
    """Return the caption of a question's three groups over time."""
    n = shares.loc[shares["period"] == str(period), "n"].max()
    message, label = scores.groups_message(shares, period), question.label
    by = {"question": label, "every": period_word(period)}
    told = {"period": period_label(period), "message": message}
    return {
        "message": message,
        "measure": _("Share of answers to “{question}” in each group, by {every}", **by),
        "source": source(ANSWERS, n, period),
        "description": _("In {period}: {message}. Earlier periods stand in the table.", **told),
    }


def group_shares(shares: pd.DataFrame, question: Question, period: Period) -> Caption:
    """Return the caption of a question's three groups in one period, with their intervals."""
    told = groups(shares, question, period)
    words = {"question": question.label, "period": period_label(period)}
    measure = _("Share of answers to “{question}” in each group, {period}", **words)
    return told | {"message": _("The groups, with their intervals"), "measure": measure}


def stories(told: Sequence[MeasureSeries], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures side by side; `of` is their source."""
    return {
        "message": _(message),
        "measure": _("{period}, with 95% intervals", period=period_label(period)),
        "source": _(of),
        "description": scores.moves_sentence(told, period) or _(message),
    }


def changes(told: Sequence[MeasureSeries], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures and their changes."""
    measure = _(
        "{period}; ▲ ▼: the interval of the change leaves zero out; pp: percentage points",
        period=period_label(period),
    )
    return stories(told, period, message, of) | {"measure": measure}


def courses(told: Sequence[MeasureSeries], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures over time."""
    known = [row for story in told for row in story.trend.dropna(subset=["value"])["period"]]
    first = period_short(min(known, key=lambda name: Period(name).first_day, default=str(period)))
    spans = {"first": first, "last": period_short(period), "every": period_word(period)}
    measure = _("{first} to {last}, by {every}; bands: 95% intervals", **spans)
    return stories(told, period, message, of) | {"measure": measure}


def segments(measure: Measure, by_group: pd.DataFrame, period: Period) -> Caption:
    """Return the caption of a measure by group of customers."""
    label = measures.label(measure)
    message = scores.segments_message(label, by_group)
    if named := _UNITS.get(measure.unit):
        shown = _("{label} by group, {unit}, with 95% intervals", label=label, unit=_(named))
    else:
        shown = _("{label} by group, with 95% intervals", label=label)
    rows = _("Survey answers, {period}", period=period_label(period))
    return {
        "message": message,
        "measure": shown,
        "source": source(rows, _answers(by_group)),
        "description": _described(message, scores.spread(by_group)),
        "unit": measure.unit,
    }


def cohorts(retention: pd.DataFrame, period: Period) -> Caption:
    """Return the caption of the cohort table."""
    return {
        "message": scores.cohorts_message(retention, period),
        "measure": _(_BY_AGE[period.every]),
        "source": scores.cohorts_source(retention),
    }


def next_order(again: MaybeEstimate, days: int, each: float = 1.0) -> Caption:
    """Return the caption of the time to the next order (`each`: as in `drawn_from`)."""
    message = scores.again_message(again, days)
    told = {
        "message": message,
        "measure": _(
            "Share of customers who ordered again, by days since an order; within {days} days: "
            "{share}",
            days=digits(days, 0),
            share=with_interval(again),
        ),
        "source": drawn_from(source(_("Orders; each customer once"), again.n), each),
        "description": _described(
            message, _("The curve rises from 0; its values stand in the table.")
        ),
        "unit": "share",
        "x_label": _("days"),
    }
    return told | ({"mark": (days, again.value)} if isinstance(again, Estimate) else {})


def raw_rates(rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the share that came back at each score."""
    some, every = _("nothing adjusted; –: too few answers"), _("nothing adjusted")
    message = repeat_effect.rates_message(rates)
    return _link(firm, message, rates["n"].sum(), some if rates["value"].isna().any() else every)


def curve(bend: object, rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the adjusted curve along the scale (`rates`: its dots)."""
    message = repeat_effect.bend_message(bend)
    told = _link(firm, message, rates["n"].sum(), _("adjusted, if all had given this score"))
    adjusted = _("{rates}, adjusted.", rates=repeat_effect.rates_message(rates))
    return told | {"description": _described(message, adjusted)}


def per_point(message: str, firm: Company, rows: pd.DataFrame) -> Caption:
    """Return the caption of effects of one point, in percentage points."""
    return {
        "message": message,
        "measure": _(
            "Percentage points more who order again within {days} days, for one more point of "
            "“{question}”; 95% intervals",
            **_window(firm),
        ),
        "source": source(FOLLOWED, _answers(rows)),
        "description": _described(message, scores.spread(rows)),
        "unit": PER_POINT,
        "reference": 0,
    }


def moves(rows: pd.DataFrame, main: Question) -> Caption:
    """Return the caption of what ten NPS points go with."""
    return {
        "message": _("Ten NPS points, by which answers move"),
        "measure": _("Difference of the share ordering again over all answers, adjusted"),
        "source": source(FOLLOWED, _answers(rows)),
        "units": {"answers moved": "share"},
        "empty": repeat_effect.no_ten_points(main),
    }


def amounts(told: Mapping[str, MaybeEstimate], edition: Edition) -> Caption:
    """Return the caption of orders and money that go with one more point."""
    firm, assumed = edition.company, edition.assumed_margin
    rows = source(FOLLOWED, max(said.n for said in told.values()))
    if assumed:
        margin = {"source": rows, "share": f"{assumed:.0%}"}
        rows = _("{source}; margin is assumed at {share} of revenue", **margin)
    return {
        "message": repeat_effect.amounts_message(told["spend"]),
        "measure": _(
            "Difference for one more point of “{question}”, per answer, within {days} days, "
            "adjusted; 95% intervals",
            **_window(firm),
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
        "description": _described(message, _("All shares stand in the table.")),
        "unit": "share",
        "x_label": firm.main.label,
    }


def _window(firm: Company) -> dict[str, str]:
    return {"days": digits(firm.repeat_within_days, 0), "question": firm.main.label}


def _described(message: str, more: str) -> str:
    """Return a message as a sentence, with another one behind it."""
    return following(_("{message}.", message=message), more)


def _answers(rows: pd.DataFrame) -> int:
    """Return how many answers stand behind rows: parts of the scale and groups add up."""
    if "segment" in rows:
        return int(rows.groupby("segment")["n"].sum().max()) if len(rows) else 0
    return int(rows["n"].sum() if "band" in rows else rows["n"].max())
