"""The words around each exhibit: message, measure, source, description, and the unit they are in.

A caption is a dict of keyword arguments for `exhibits.chart` or `exhibits.table`; to say one part
otherwise, a notebook writes `captions.trend(...) | {"message": "..."}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from profitchain import link_words, narration
from profitchain.company import Company, Question
from profitchain.comparisons import Measure, Story
from profitchain.estimates import Estimate, Said
from profitchain.formats import digits, period_label, period_short, with_interval
from profitchain.periods import Period
from profitchain.quality import KINDS, MOSTLY_EMPTY
from profitchain.store import Edition

Caption = dict[str, object]
PER_POINT = "percentage points"
FOLLOWED = "Answers followed to the end of their window"


def source(what: str, n: int, period: Period | None = None) -> str:
    """Return a source note: who gave the rows and how many stand behind the exhibit.

    With a period, n is that period's, although the exhibit may show others too.
    """
    return f"{what}, n = {digits(n, 0)}" + (f" in {period_label(period)}" if period else "")


def account(rows: pd.DataFrame) -> Caption:
    """Return the caption of the rows that came in, by table (`rows`: the account)."""
    return {
        "message": narration.account_message(rows),
        "measure": "Rows by table and by what became of them",
        "source": source("The firm's tables", rows["rows"].sum()),
        "units": dict.fromkeys(["rows_in", *KINDS], "count"),
    }


def reasons(rows: pd.DataFrame) -> Caption:
    """Return the caption of why rows were set aside (`rows`: the account)."""
    aside = rows.loc[rows["kind"] != "used", "rows"].sum()
    return {
        "message": "Why rows were set aside" if aside else "No row was set aside",
        "measure": "Rows by table and reason, the most frequent first",
        "source": source("The data contract, applied to every row; rows set aside", aside),
        "units": {"rows": "count"},
    }


def coverage(orders: pd.DataFrame) -> Caption:
    """Return the caption of orders by period."""
    return {
        "message": narration.coverage_message(orders),
        "measure": "Orders by period, cancelled orders left out",
        "source": source("Orders, counted in full and so without an interval", orders["n"].sum()),
        "description": narration.trend_description("Orders", orders, "orders"),
        "unit": "orders",
    }


def empty_columns(columns: pd.DataFrame) -> Caption:
    """Return the caption of the columns with many empty cells."""
    few = "No column is often empty" if columns.empty else "Columns that are often empty"
    return {
        "message": few,
        "measure": f"Share of used rows without a value; columns above {MOSTLY_EMPTY:.0%} only",
        "source": "The firm's tables, used rows",
        "units": {"missing_share": "share"},
    }


def trend(story: Story, period: Period, rows: str = "Survey answers") -> Caption:
    """Return the caption of one measure over time; `rows` says whose."""
    label, unit = story.measure.label, story.measure.unit
    return {
        "message": narration.change_title(story, period),
        "measure": f"{label}: {story.measure.means}; 95% intervals",
        "source": source(rows, story.now.n, period),
        "description": narration.trend_description(label, story.trend, unit),
        "unit": unit,
    }


def groups(shares: pd.DataFrame, question: Question, period: Period) -> Caption:
    """Return the caption of a question's three groups over time."""
    n = shares.loc[shares["period"] == str(period), "n"].max()
    message = narration.groups_message(shares, period)
    return {
        "message": message,
        "measure": f"Share of answers to “{question.label}” in each group, by {period.every}",
        "source": source("Survey answers", n, period),
        "description": f"In {period_label(period)}: {message}. Earlier periods stand in the table.",
    }


def group_shares(shares: pd.DataFrame, question: Question, period: Period) -> Caption:
    """Return the caption of a question's three groups in one period, with their intervals."""
    told = groups(shares, question, period)
    measure = f"Share of answers to “{question.label}” in each group, {period_label(period)}"
    return told | {"message": "The groups, with their intervals", "measure": measure}


def stories(told: Sequence[Story], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures side by side; `of` is their source."""
    return {
        "message": message,
        "measure": f"{period_label(period)}, with 95% intervals",
        "source": of,
        "description": narration.moves_sentence(told, period) or message,
    }


def changes(told: Sequence[Story], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures and their changes."""
    marks = "▲ ▼: the interval of the change leaves zero out; pp: percentage points"
    return stories(told, period, message, of) | {"measure": f"{period_label(period)}; {marks}"}


def courses(told: Sequence[Story], period: Period, message: str, of: str) -> Caption:
    """Return the caption of several measures over time."""
    known = [row for story in told for row in story.trend.dropna(subset=["value"])["period"]]
    first = period_short(min(known, key=lambda name: Period(name).first_day, default=str(period)))
    measure = f"{first} to {period_short(period)}, by {period.every}; bands: 95% intervals"
    return stories(told, period, message, of) | {"measure": measure}


def segments(measure: Measure, by_group: pd.DataFrame, period: Period) -> Caption:
    """Return the caption of a measure by group of customers."""
    label = measure.label
    message = narration.segments_message(label, by_group)
    return {
        "message": message,
        "measure": f"{label} by group, {measure.unit}, with 95% intervals"
        if measure.unit in ("points", "score")
        else f"{label} by group, with 95% intervals",
        "source": source(f"Survey answers, {period_label(period)}", _answers(by_group)),
        "description": f"{message}. {narration.spread(by_group)}",
        "unit": measure.unit,
    }


def cohorts(retention: pd.DataFrame, period: Period) -> Caption:
    """Return the caption of the cohort table."""
    return {
        "message": narration.cohorts_message(retention, period),
        "measure": f"Share of a cohort that bought, by {period.every}s since its first order: "
        f"+1 is the next {period.every}",
        "source": narration.cohorts_source(retention),
    }


def next_order(again: Said, days: int) -> Caption:
    """Return the caption of the time to the next order."""
    message = narration.again_message(again, days)
    told = {
        "message": message,
        "measure": "Share of customers who ordered again, by days since an order; "
        f"within {days} days: {with_interval(again)}",
        "source": source("Orders; each customer once", again.n),
        "description": f"{message}. The curve rises from 0; its values stand in the table.",
        "unit": "share",
        "x_label": "days",
    }
    return told | ({"mark": (days, again.value)} if isinstance(again, Estimate) else {})


def raw_rates(rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the share that came back at each score."""
    few = "; –: too few answers" if rates["value"].isna().any() else ""
    message = link_words.rates_message(rates)
    return _link(firm, message, rates["n"].sum(), f"nothing adjusted{few}")


def curve(bend: object, rates: pd.DataFrame, firm: Company) -> Caption:
    """Return the caption of the adjusted curve along the scale (`rates`: its dots)."""
    message = link_words.bend_message(bend)
    told = _link(firm, message, rates["n"].sum(), "adjusted, if all had given this score")
    return told | {"description": f"{message}. {link_words.rates_message(rates)}, adjusted."}


def per_point(message: str, firm: Company, rows: pd.DataFrame) -> Caption:
    """Return the caption of effects of one point, in percentage points."""
    return {
        "message": message,
        "measure": f"Percentage points more who order again within {firm.repeat_within_days} days, "
        f"for one more point of “{firm.main.label}”; 95% intervals",
        "source": source(FOLLOWED, _answers(rows)),
        "description": f"{message}. {narration.spread(rows)}",
        "unit": PER_POINT,
        "reference": 0,
    }


def moves(rows: pd.DataFrame, main: Question) -> Caption:
    """Return the caption of what ten NPS points go with."""
    return {
        "message": "Ten NPS points, by which answers move",
        "measure": "Difference of the share ordering again over all answers, adjusted",
        "source": source(FOLLOWED, _answers(rows)),
        "units": {"answers moved": "share"},
        "empty": link_words.no_ten_points(main),
    }


def amounts(told: Mapping[str, Said], edition: Edition) -> Caption:
    """Return the caption of orders and money that go with one more point."""
    firm, assumed = edition.company, edition.assumed_margin
    rows = source(FOLLOWED, max(said.n for said in told.values()))
    note = f"; margin is assumed at {assumed:.0%} of revenue" if assumed else ""
    return {
        "message": link_words.amounts_message(told["spend"]),
        "measure": f"Difference for one more point of “{firm.main.label}”, per answer, within "
        f"{firm.repeat_within_days} days, adjusted; 95% intervals",
        "source": rows + note,
    }


def _link(firm: Company, message: str, n: int, how: str) -> Caption:
    return {
        "message": message,
        "measure": f"Share ordering again within {firm.repeat_within_days} days, by "
        f"“{firm.main.label}”; {how}; 95% intervals",
        "source": source(FOLLOWED, n),
        "description": f"{message}. All shares stand in the table.",
        "unit": "share",
        "x_label": firm.main.label,
    }


def _answers(rows: pd.DataFrame) -> int:
    """Return how many answers stand behind rows: parts of the scale and groups add up."""
    if "segment" in rows:
        return int(rows.groupby("segment")["n"].sum().max()) if len(rows) else 0
    return int(rows["n"].sum() if "band" in rows else rows["n"].max())
