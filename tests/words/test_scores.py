"""What measures over time and by group let a page say, without any firm."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable, counted
from profitchain.core.periods import Period
from profitchain.measures.loyalty import loyalty_measures
from profitchain.stats.comparisons import ABOVE, BELOW, NOT_APART, MeasureSeries
from profitchain.words import loyalty, satisfaction, scores
from profitchain.words.catalogue import page
from profitchain.words.presentation import text

NOW = Period("2026Q3")
NONE = NotEstimable("too_few_customers", n=3, customers=3)
MEASURES = loyalty_measures("EUR")
TREND = pd.DataFrame(
    {"period": ["2026Q2", "2026Q3"], "value": [0.4, 0.3], "low": 0.2, "high": 0.5, "n": 900}
)


def change(value, half=0.02):
    return Estimate(value=value, low=value - half, high=value + half, n=900, unit="share")


def series(on_quarter, on_year, id="retention_rate", now=None):
    now = now or Estimate(value=0.3, low=0.28, high=0.32, n=900, unit="share")
    return MeasureSeries(
        measure=MEASURES[id], now=now, change=on_quarter, change_on_year=on_year, trend=TREND
    )


UP, DOWN, STILL = change(0.05), change(-0.05), change(0.01)


@pytest.mark.parametrize(
    ("on_quarter", "on_year", "key", "message"),
    [
        (UP, DOWN, "rose", "Retention rate rose 5.0 percentage points on the quarter"),
        (DOWN, STILL, "fell", "Retention rate fell 5.0 percentage points on the quarter"),
        (STILL, UP, "rose", "Retention rate rose 5.0 percentage points on the year"),
        (STILL, STILL, "still", "No clear change in retention rate on the quarter or on the year"),
        (NONE, STILL, "still", "No clear change in retention rate on the year"),
        (NONE, NONE, "few", "Nothing yet to compare retention rate with"),
    ],
)
def test_a_trend_says_its_clearest_change(on_quarter, on_year, key, message):
    shown = scores.trend_of(series(on_quarter, on_year), NOW, "Orders")
    assert shown.says == key
    for name, id in (("05_loyalty", "retention"), ("03_satisfaction", "main-score")):
        assert text(page(name)["exhibits"][id]["says"], key, shown.values) == message


def test_the_figure_stands_first_and_its_ranges_in_small_print():
    first, small = scores.score_sentence(series(STILL, UP), NOW).split("\n")
    assert first == (
        "Retention rate stood at **30.0%** in Q3 2026: no clear change on the quarter and **up "
        "5.0 percentage points on the year**."
    )
    assert small == (
        "95% interval 28.0% to 32.0%; n = 900. Change on the quarter −1.0 to 3.0 and on the year "
        "3.0 to 7.0."
    )
    assert "nothing before" in scores.score_sentence(series(NONE, NONE), NOW)
    assert "can't be said" in scores.score_sentence(series(UP, UP, now=NONE), NOW)


@pytest.mark.parametrize(
    ("several", "said"),
    [
        ([], ""),
        ([series(NONE, NONE)], "No measure can be compared with the period before."),
        (
            [series(STILL, STILL)] * 2,
            "No clear change on the quarter in any of 2 further measures.",
        ),
        (
            [series(STILL, UP), series(DOWN, STILL, "repeat_rate")],
            "On the quarter, repeat purchase rate down 5.0 percentage points; no "
            "clear change in 1 of 2 further measures. On the year, retention rate "
            "up 5.0 percentage points.",
        ),
        ([series(UP, UP, "churn_rate")], ""),  # what retention leaves is no news of its own
    ],
)
def test_what_clearly_moved_is_named_on_the_quarter_and_on_the_year(several, said):
    assert scores.moves_sentence(several, NOW) == said


def test_a_yearly_edition_has_one_change_not_two():
    assert scores.moves_sentence([series(UP, UP)], Period("2026")).startswith("On the year, ")
    assert scores.trend_of(series(STILL, STILL), Period("2026"), "Orders").values["when"] == (
        "on the year"
    )


@pytest.mark.parametrize(
    ("several", "key", "count"),
    [
        ([series(STILL, UP), series(STILL, STILL)], "some", 1),
        ([series(STILL, STILL)], "none", 0),
        ([series(NONE, NONE)], "few", 0),
    ],
)
def test_all_measures_say_how_many_clearly_changed(several, key, count):
    said = scores.measures_moved(several, NOW)
    assert (said.key, said.values["count"]) == (key, count)
    for name, id in (("05_loyalty", "measures"), ("03_satisfaction", "changes")):
        assert text(page(name)["exhibits"][id]["says"], key, said.values)


@pytest.mark.parametrize(
    ("names", "verdicts", "key"),
    [
        (["gold", "silver"], [ABOVE, BELOW], "apart"),
        (
            [f"a group of a long name, number {at}" for at in range(3)],
            [ABOVE, ABOVE, BELOW],
            "several",
        ),
        (["gold", "silver"], [NOT_APART, NOT_APART], "alike"),
        (["gold", "silver"], ["", ""], "few"),
        (["gold"], [ABOVE], "few"),
    ],
)
def test_groups_stand_apart_only_where_a_test_says_so(names, verdicts, key):
    groups = pd.DataFrame({"group": names, "verdict": verdicts})
    said = scores.groups_apart("NPS", groups)
    assert said.key == key
    assert text(page("03_satisfaction")["exhibits"]["by-segment"]["says"], key, said.values)


@pytest.mark.parametrize(
    ("facts", "key", "words"),
    [
        ({"anonymous_now": 1}, "anonymous", "1 of the 900 answers"),
        ({"anonymous_now": 40}, "anonymous", "40 of the 900 answers"),
        ({"anonymous_now": 900}, "all_anonymous", "All answers of"),
    ],
)
def test_anonymous_answers_are_named_in_the_answer(facts, key, words):
    edition = SimpleNamespace(period=NOW, facts=facts)
    *_sentences, said = satisfaction.answer([series(UP, UP)], edition=edition)
    assert said.key == key
    says = page("03_satisfaction")["answer"]
    assert text(says, key, {"period": NOW, **said.values}).startswith(words)
    assert (
        len(satisfaction.answer([series(UP, UP)], edition=SimpleNamespace(period=NOW, facts={})))
        == 1
    )


ALL = {
    "active_customers": counted(900, unit="customers"),
    "orders": counted(1200, unit="orders"),
    "revenue": counted(120000, unit="EUR"),
}
GUESTS = {"guest_orders": counted(30, unit="orders"), "guest_revenue": counted(900, unit="EUR")}


@pytest.mark.parametrize(
    ("totals", "key", "words"),
    [
        (ALL, "bought", "worth **€120,000**, 25% more than a year before."),
        ({**ALL, **GUESTS}, "guests_too", "Of these, 30 orders worth €900 were guests'"),
        (
            {**ALL, **GUESTS, "active_customers": counted(0, unit="customers")},
            "guests_only",
            "Nobody",
        ),
        ({k: v for k, v in ALL.items() if k != "revenue"}, "bought_money_unknown", "is not known"),
        (
            {k: v for k, v in {**ALL, **GUESTS}.items() if not k.endswith("revenue")},
            "guests_too_money_unknown",
            "is not known",
        ),
        (
            dict.fromkeys(ALL, NotEstimable("no_orders_in_period", period=NOW)),
            "bought",
            "Not known",
        ),
    ],
)
def test_what_was_bought_says_whose_it_is_and_by_how_much_it_grew(totals, key, words):
    periods = ["2025Q2", "2025Q3", "2026Q3"]
    activity = pd.DataFrame({"period": periods, "revenue": [1.0, 80, 100], "orders": 1})
    edition = SimpleNamespace(period=NOW)
    *_others, said = loyalty.answer([series(UP, UP)], totals, activity, edition=edition)
    assert said.key == key
    assert words in text(page("05_loyalty")["answer"], key, {"period": NOW, **said.values})


@pytest.mark.parametrize(
    ("contract", "again", "key"),
    [
        (False, STILL, "again"),
        (True, STILL, "ended"),
        (False, NONE, "few"),
        (True, NONE, "ended_few"),
    ],
)
def test_under_contract_the_curve_ends_contracts(contract, again, key):
    firm = SimpleNamespace(repeat_within_days=90)
    edition = SimpleNamespace(company=firm, by_contract=contract, stands_for=1.0)
    shown = loyalty.next_order(TREND, again, edition=edition)
    assert shown.says == key
    assert ("contracts" in shown.values["what"]) is contract
    assert bool(shown.options) is (again is STILL)
