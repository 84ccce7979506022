"""What measures over time and by group let a page say, without any firm."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable, counted
from profitchain.core.periods import Period
from profitchain.measures.loyalty import loyalty_measures
from profitchain.measures.satisfaction import measures_of
from profitchain.stats.comparisons import ABOVE, BELOW, NOT_APART, MeasureSeries
from profitchain.words import loyalty, nonresponse, response, satisfaction, scores
from profitchain.words.catalogue import page
from profitchain.words.measures import definition
from profitchain.words.presentation import text

NOW = Period("2026Q3")
NONE = NotEstimable("too_few_customers", n=3, customers=3)
NPS = SimpleNamespace(
    name="nps", kind="nps", label="NPS", scale=(0, 10), satisfied_at=9, easy_is="high"
)
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
        (STILL, STILL, "still", "No clear change in retention rate on the quarter or the year"),
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
            "nobody",
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


@pytest.mark.parametrize(
    ("facts", "rate", "words"),
    [
        ({"invited": 1}, STILL, "Change on the quarter"),
        ({}, STILL, "**Who was asked is not known**"),
        ({}, NONE, "**Who was asked is not known**"),
        ({"invited": 1, "anonymous": 1, "answers": 9}, STILL, "1 of the 9 answers so far is"),
        ({"invited": 1, "anonymous": 4, "answers": 9}, STILL, "4 of the 9 answers so far are"),
    ],
)
def test_what_keeps_a_rate_from_being_all_of_response_stands_below_it(facts, rate, words):
    edition = SimpleNamespace(period=NOW, facts=facts)
    said = response.rate_answer(series(rate, rate, now=rate), edition)
    assert words in said.split("\n")[1]


@pytest.mark.parametrize(
    ("moved", "key"),
    [(UP, "higher"), (DOWN, "lower"), (STILL, "alike"), (NONE, "unknown")],
)
def test_weights_move_a_number_up_down_or_not_clearly(moved, key):
    both = pd.DataFrame({"value": [0.4, 0.45], "low": 0.3, "high": 0.5, "n": 900, "unit": "share"})
    words = page("02_response")
    for of_link in (False, True):
        said = nonresponse.weighting_said(both, moved, {"did": "bought"}, of_link=of_link)
        assert said.key == ("link_" if of_link else "") + key
        assert text(words["answer"], said.key, {"question": "NPS", "days": 90, **said.values})
    firm = SimpleNamespace(main=NPS)
    cases = dict.fromkeys(("unhappy", "happy", "late"), UP)
    edition = SimpleNamespace(company=firm)
    shown = nonresponse.score_cases(LABELLED, moved, cases, edition=edition)
    assert shown.says == key and len(shown.rows) == 5
    assert text(words["exhibits"]["score-cases"]["says"], key, shown.values)


LABELLED = pd.DataFrame(
    {"value": [0.4, 0.3], "low": [0.3, 0.2], "high": [0.5, 0.4], "n": 900, "why": None}
)
LABELLED.insert(0, "label", ["as answered", "weighted"])


@pytest.mark.parametrize(
    ("both", "cases", "key"),
    [
        (LABELLED, (UP, UP, UP), "all_clear"),
        (LABELLED, (UP, STILL, UP), "some_clear"),
        (LABELLED, (UP, DOWN, UP), "some_clear"),  # clear both ways is no one link
        (LABELLED.assign(low=-0.1), (UP, UP, UP), "unclear"),
        (LABELLED, (NONE, NONE, NONE), "few"),
    ],
)
def test_the_link_stays_clear_only_if_it_does_in_every_case(both, cases, key):
    firm = SimpleNamespace(main=NPS, repeat_within_days=90)
    bounds = dict(zip(("unhappy", "happy", "late"), cases, strict=True))
    shown = nonresponse.effect_cases(both, bounds, edition=SimpleNamespace(company=firm))
    assert shown.says == key


@pytest.mark.parametrize(
    ("cases", "keys"),
    [
        ((DOWN, UP, STILL), ["ends"]),
        ((DOWN, UP, NONE), ["ends", "no_late"]),
        ((NONE, UP, STILL), ["no_ends"]),
    ],
)
def test_how_far_silence_could_move_the_score_claims_no_more(cases, keys):
    bounds = dict(zip(("unhappy", "happy", "late"), cases, strict=True))
    edition = SimpleNamespace(company=SimpleNamespace(main=NPS))
    said = nonresponse.limits(bounds, edition=edition)
    assert [one.key for one in said] == keys
    assert all(text(page("02_response")["notes"], one.key, one.values) for one in said)


@pytest.mark.parametrize(
    ("difference", "group", "key"),
    [
        (5.0, "gold", "apart"),
        (5.0, "a group with quite a long name", "some"),
        (0.0, "gold", "none"),
    ],
)
def test_who_is_missing_is_the_largest_clear_difference(difference, group, key):
    parts = {"answered": 0.5, "silent": 0.6, "difference": difference}
    row = {f"{name}_{end}": value for name, value in parts.items() for end in ("value",)}
    row |= {"difference_low": difference - 1, "difference_high": difference + 1}
    profile = pd.DataFrame([{"segment": "tier", "group": group, **row}])
    requests = pd.DataFrame({"requests": [40, 60]})
    edition = SimpleNamespace(period=NOW, facts={"invited": 1})
    shown = response.missing(profile, requests, edition=edition)
    assert shown.says == key
    assert shown.values["rows"] == "Invitations, n = 100 in July–September 2026"


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({"invited": 1}, "none_unasked"),
        ({"invited": 1, "unasked": 3}, "unasked"),
        ({"unasked": 3}, "once_a_period"),
    ],
)
def test_answers_to_no_request_are_counted(facts, key):
    facts = {"customers": 5, "customers_drawn": 5, **facts}
    (said,) = response.answers_left_out(edition=SimpleNamespace(facts=facts))
    assert said.key == key
    assert said.values["count"] == str(facts.get("unasked", 0))


@pytest.mark.parametrize(
    ("kind", "extra", "phrases"),
    [
        ("nps", {}, ["answering 9 or 10 less share answering 0 to 6", "on a scale of 1 to 5"]),
        ("csat", {"satisfied_at": 4}, ["valid answers at 4 or above, on a scale of 1 to 5"]),
        (
            "ces",
            {"easy_is": "low"},
            ["where low is easy", "on the easy side of the scale's middle"],
        ),
        ("driver", {}, ["mean score", "valid answers at 4 or 5"]),
    ],
)
def test_a_score_is_defined_in_words(kind, extra, phrases):
    asked = {"name": "q", "label": "Q", "scale": (1, 5), "satisfied_at": 4, "easy_is": "high"}
    question = SimpleNamespace(kind=kind, **(asked | extra))
    defined = [definition(measure) for measure in measures_of(question)]
    assert all(any(phrase in words for words in defined) for phrase in phrases)
