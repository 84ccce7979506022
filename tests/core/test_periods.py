"""Periods hold every day once, at whatever day a firm's year starts, and are named as they read."""

from datetime import date, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profitchain.core import i18n
from profitchain.core.errors import PeriodError
from profitchain.core.formats import period_heading, period_label, period_part, period_short
from profitchain.core.period_names import period_asked
from profitchain.core.periods import Period, last_complete, months_before
from profitchain.sources.date_words import period_start
from profitchain.words.prose import on_the, period_word, periods_word

DAYS = st.dates(date(1998, 1, 1), date(2060, 12, 31))
KINDS = st.sampled_from(
    [("week", ""), ("month", ""), ("month", "04"), *(
        (every, starts) for every in ("quarter", "year")
        for starts in ("", "02", "04", "07", "10", "0406", "1031", "1231")
    )]
)  # fmt: skip
NAMES = [
    "2026", "2026Q1", "2026-03", "2026-W14", "2020-W53", "2026-W53", "2026FY04", "2026FY04Q1",
    "2026FY1231Q2", "2027FY1231Q1", "2026FY0406Q4", "2026FY1031Q2", "2026FY1130Q1",
]  # fmt: skip
NONE_SUCH = [
    "2026Q5", "2026-13", "2026-W00", "2026-W54", "2025-W53", "2026W14", "2026-W1", "FY2026",
    "2026FY01", "2026FY13", "2026FY04Q5", "2026FY0401", "2026FY0229", "2026FY0431", "2026FY", "",
]  # fmt: skip


@given(DAYS, KINDS, st.integers(-120, 120))
def test_each_day_lies_in_one_period_and_periods_follow_each_other(day, kind, by):
    period = Period.containing(day, *kind)
    assert period.first_day <= day <= period.last_day
    assert period.every == kind[0]
    assert Period.containing(period.last_day, *kind) == period
    assert Period.containing(period.last_day + timedelta(days=1), *kind) == period.shift(1)
    assert period.shift(by).shift(-by) == period
    assert period.shift(by).ordinal == period.ordinal + by


@given(DAYS, KINDS)
def test_a_year_before_is_the_same_part_of_the_year_and_is_summed_up(day, kind):
    period = Period.containing(day, *kind)
    before = period.year_before
    assert abs((period.first_day - before.first_day).days - 365) <= 7
    assert {before, period} <= set(period.reach())
    assert period.reach()[-len(period.trend()) :] == period.trend()
    assert (before.week or 0) == min(period.week or 0, 52)


@given(DAYS, KINDS)
def test_a_period_is_complete_on_its_last_day_and_not_before(day, kind):
    period = Period.containing(day, *kind)
    assert last_complete(period.last_day, *kind) == period
    assert last_complete(period.first_day, *kind) == (
        period if period.first_day == period.last_day else period.previous
    )


@given(DAYS)
def test_quarters_and_weeks_are_those_of_pandas(day):
    at = pd.Timestamp(day)
    for every, starts, freq in (
        ("week", "", "W-SUN"), ("quarter", "04", "Q-MAR"), ("quarter", "10", "Q-SEP"),
        ("year", "07", "Y-JUN"), ("quarter", "", "Q-DEC"),
    ):  # fmt: skip
        period, other = Period.containing(day, every, starts), at.to_period(freq)
        assert period.first_day == other.start_time.date()
        assert period.last_day == other.end_time.date()


def test_the_engine_reads_the_names_that_periods_have():
    names = [*NAMES, *NONE_SUCH, None]
    rows = ibis.memtable({"at": list(range(len(names))), "name": names})
    starts = ibis.duckdb.connect().to_pandas(
        rows.select("at", day=period_start(rows.name).cast("string")).order_by("at")
    )["day"]
    expected = [str(Period(name).first_day) for name in NAMES]
    assert starts.tolist()[: len(NAMES)] == expected
    assert starts[len(NAMES) :].isna().all()
    for name in NONE_SUCH:
        with pytest.raises(PeriodError, match="is not a period"):
            Period(name)


@pytest.mark.parametrize(
    ("name", "first", "last", "label", "short", "part"),
    [
        ("2026-W14", "2026-03-30", "2026-04-05", "week 14 of 2026", "W14 2026", "W14"),
        ("2026-W53", "2026-12-28", "2027-01-03", "week 53 of 2026", "W53 2026", "W53"),
        ("2026FY04Q4", "2027-01-01", "2027-03-31", "January–March 2027", "Q4 2026/27", "Q4"),
        ("2026FY1231Q1", "2026-12-31", "2027-03-30", "Q1 2026/27", "Q1 2026/27",
         "Q1"),
        ("1999FY07", "1999-07-01", "2000-06-30", "July 1999–June 2000", "FY 1999/00", None),
    ],
)  # fmt: skip
def test_periods_are_named_as_they_read(name, first, last, label, short, part):
    period = Period(name)
    assert (str(period.first_day), str(period.last_day)) == (first, last)
    assert (period_label(name), period_short(name)) == (label, short)
    assert part is None or period_part(period) == part


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("2026-W14", "Week 14 of 2026 (30 Mar–5 Apr)"),
        ("2026FY1231", "FY 2026/27 (31 Dec 2026–30 Dec 2027)"),
        ("2026FY0406Q4", "Q4 2026/27 (6 Jan–5 Apr 2027)"),
        ("2026FY04Q1", "April–June 2026"),
        ("2026-03", "March 2026"),
    ],
)
def test_what_is_not_of_whole_months_is_headed_with_its_days(name, heading):
    assert period_heading(name) == heading


def test_a_week_is_called_a_week():
    assert (period_word("2026-W14"), periods_word("2026-W14")) == ("week", "weeks")
    assert on_the("week") == "on the week"
    assert (period_word("2026FY04Q1"), period_word("2026FY04")) == ("quarter", "year")


@pytest.mark.parametrize("tag", [tag for tag in i18n.available() if tag != i18n.SOURCE])
def test_every_label_is_of_one_language(tag):
    with i18n.speaking(tag):
        for name in NAMES:
            assert period_label(name)
            assert period_short(name)


@pytest.mark.parametrize(
    ("asked", "starts", "period"),
    [
        ("2026Q1", "", "2026Q1"), ("2026", "", "2026"), ("2011-12", "04", "2011-12"),
        ("2026-W14", "04", "2026-W14"), ("2026/27", "04", "2026FY04"),
        ("2026/27 Q2", "1231", "2026FY1231Q2"), ("2026FY04Q1", "04", "2026FY04Q1"),
        ("2026FY04Q1", "", "2026FY04Q1"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_understood(asked, starts, period):
    assert period_asked(asked, starts) == Period(period)


@pytest.mark.parametrize(
    ("asked", "starts", "says"),
    [
        ("2026Q1", "04", ["2026FY04Q1 for April–June 2026", "2025FY04Q4 for January–March 2026"]),
        ("FY2026Q1", "04", ["2026FY04Q1 for April–June 2026", "2025FY04Q1 for April–June 2025"]),
        ("2026", "07", ["2026FY07 for July 2026–June 2027", "2025FY07 for July 2025–June 2026"]),
        ("fy26", "04", ["2026FY04 for April 2026", "2025FY04 for April 2025"]),
        ("FY2026Q1", "", ["2026Q1", "fiscal_year_starts: 4", "2026FY04Q1"]),
        ("2026W14", "", ["Did you mean the week 2026-W14?"]),
        ("2026-W9", "04", ["Did you mean the week 2026-W09?"]),
        ("2026-13", "04", ["'2026-13' is not a period. Write a quarter as 2026Q1"]),
    ],
)
def test_what_may_mean_two_things_is_refused_with_the_names_to_write(asked, starts, says):
    with pytest.raises(PeriodError) as refusal:
        period_asked(asked, starts)
    for words in says:
        assert words in str(refusal.value)


@given(DAYS, st.integers(0, 300))
def test_a_span_of_months_ends_the_day_before(day, months):
    first = months_before(day, months)
    whole = pd.Timestamp(day) - pd.DateOffset(months=months)
    assert first == whole.date()
