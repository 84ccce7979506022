"""What pages on customers may say is judged by the evidence: keys without a firm."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.lifetime.by_group import ALIKE, ANSWER, HISTORY, ScoreGroupComparison
from profitchain.lifetime.cox_model import SCORE, CoxModel
from profitchain.stats.comparisons import ABOVE_OTHERS
from profitchain.words import (
    catalogue,
    churn,
    lifetime,
    pace,
    presentation,
    purchases,
    value,
    value_matrix,
)

UNKNOWN = NotEstimable("too_few_to_say", n=3)
EDITION = SimpleNamespace(
    company=SimpleNamespace(
        currency="EUR", lookback_months=12, repeat_within_days=90, main=None, contractual=False
    ),
    period=Period("2026Q3"), smallest=10, stands_for=1, assumed_margin=None, facts={},
)  # fmt: skip


def estimate(value: float, low: float, high: float, unit: str = "share") -> Estimate:
    return Estimate(value=value, low=low, high=high, n=900, unit=unit)


SHARE = estimate(0.34, 0.31, 0.37)


def can_be_said(page: str, *said: presentation.Said) -> str:
    """Return sentences with their names filled in, as the page has them."""
    words = catalogue.page(page)
    known = presentation.known_values(EDITION)
    messages = words["answer"] | words["notes"]
    return " ".join(presentation.text(messages, one.key, known | dict(one.values)) for one in said)


@pytest.mark.parametrize(
    ("shares", "key"),
    [
        ({"revenue": SHARE, "margin": SHARE}, "carried_both"),
        ({"revenue": SHARE, "margin": UNKNOWN}, "carried"),
        ({"revenue": SHARE}, "carried"),
        ({"revenue": UNKNOWN}, "unsaid"),
    ],
)
def test_the_top_tenth_is_said_in_the_money_that_is_known(shares, key):
    found = {f"top_decile_{money}_share": one for money, one in shares.items()}
    said = value.carried(found, EDITION)
    assert said.key == key
    assert ("34.0%" in can_be_said("06_value", said)) == (key != "unsaid")
    ginis = {f"{money}_gini": estimate(0.49, 0.47, 0.52, "ratio") for money in shares}
    spans = {f"top_decile_{money}_share_lookback": one for money, one in shares.items()}
    (longer,) = value.longer(found | spans | ginis, edition=EDITION)
    several = "longer_both" if len(shares) > 1 else "longer"
    assert longer.key == ("no_longer" if UNKNOWN in shares.values() else several)
    assert can_be_said("06_value", longer)


def test_where_nobody_answers_the_fields_say_why_and_draw_nothing():
    why = NotEstimable("satisfaction_not_known")
    assert value_matrix.feeling(why, EDITION).key == "not_known"
    shown = value_matrix.four_fields(why, pd.DataFrame(), edition=EDITION)
    assert shown.says == "nothing" and shown.rows["value"].isna().all()
    moved = value_matrix.moves(why, pd.DataFrame(columns=["before"]), edition=EDITION)
    assert moved.says == "nothing" and moved.values["empty"]


def test_profit_without_costs_says_what_is_missing():
    profit = estimate(93, 89, 97, "EUR")
    assert [one.key for one in purchases.left(profit, SHARE, edition=EDITION)] == ["profit"]
    (said,) = purchases.left(UNKNOWN, SHARE, edition=EDITION)
    assert said.key == "no_profit" and "not known" in can_be_said("06_value", said)


def test_the_month_farthest_from_the_middle_stands_out_and_none_where_none_is_clear():
    months = pd.DataFrame({"month": ["Jan", "Feb", "Mar"], "value": [0.7, 1.0, 1.3], "n": 10})
    clear = months.assign(verdict=["below the others", "", ABOVE_OTHERS])
    shown = purchases.season(clear, 2, edition=EDITION)
    assert (shown.says, shown.values["month"]) == ("apart", "January")
    assert purchases.season(months.assign(verdict=""), 2, edition=EDITION).says == "alike"
    short = months.assign(value=np.nan, verdict="")
    assert purchases.season(short, 0, edition=EDITION).says == "short"


@pytest.mark.parametrize(
    ("apart", "key"),
    [
        (estimate(20, 11, 30, "EUR"), "bring_more"),
        (estimate(-20, -30, -11, "EUR"), "bring_less"),
        (estimate(5, -3, 13, "EUR"), "no_difference"),
        (UNKNOWN, "not_compared"),
    ],
)
def test_a_difference_between_score_groups_is_called_by_its_interval(apart, key):
    comparison = ScoreGroupComparison(
        levels=pd.DataFrame(), difference=apart, best="promoters", worst="detractors"
    )
    ahead = SimpleNamespace(value=1, money="margin", mean=SHARE, horizon_months=36, models=UNKNOWN,
                            contract=SimpleNamespace(active=9))  # fmt: skip
    rows = pd.DataFrame({"group": ["a", "b"], "value": 1.0, "segment": [ANSWER, ALIKE]})
    shown = lifetime.lifetime_by_answer(rows, comparison, ahead, edition=EDITION)
    assert shown.says == key and shown.rows["group"].tolist() == ["b"]
    history = rows.assign(segment=HISTORY)
    assert lifetime.lifetime_by_answer(history, None, ahead, edition=EDITION).says == "by_repeats"
    nothing = lifetime.lifetime_by_answer(rows.iloc[:0], None, ahead, edition=EDITION)
    assert nothing.says == "nothing" and nothing.rows["value"].isna().all()


@pytest.mark.parametrize(
    ("history", "fuller", "gain", "key"),
    [
        ((0.72, 0.70, 0.75), (0.78, 0.75, 0.80), (0.06, 0.03, 0.09), "helps"),
        ((0.72, 0.70, 0.75), (0.73, 0.70, 0.75), (0.005, 0.001, 0.01), "a_little"),
        ((0.72, 0.70, 0.75), (0.72, 0.70, 0.75), (0.001, -0.01, 0.01), "no_clear_help"),
        ((0.72, 0.70, 0.75), (0.70, 0.67, 0.72), (-0.02, -0.03, -0.01), "worse"),
        ((0.52, 0.48, 0.56), (0.51, 0.47, 0.55), (0.0, -0.01, 0.01), "no_better_than_a_coin"),
        ((0.72, 0.70, 0.75), (0.72, 0.70, 0.75), None, "history_alone"),
        (None, None, None, "unjudged"),
    ],
)
def test_satisfaction_helps_to_see_leaving_only_where_its_gain_is_clear(
    monkeypatch, history, fuller, gain, key
):
    areas = {"history": history, "satisfaction": fuller, "gain": gain}
    found = {name: estimate(*one, "AUC") if one else UNKNOWN for name, one in areas.items()}
    monkeypatch.setattr(churn, "forecast_quality", lambda *_: found)
    said = churn.foreseen(SimpleNamespace(forecasts=["history", "satisfaction"]))
    assert said.key == key and can_be_said("11_churn", said)


@pytest.mark.parametrize(
    ("low", "high", "says"), [(1.1, 1.2, "sooner"), (0.8, 0.9, "later"), (0.9, 1.1, "no_link")]
)
def test_ordering_sooner_is_said_where_the_ratio_s_interval_leaves_one(low, high, says):
    ratios = pd.DataFrame({"term": [SCORE], "value": 1.0, "low": low, "high": high, "n": 9})
    model = CoxModel.__new__(CoxModel)
    object.__setattr__(model, "of", 9)
    assert pace.hazard_ratios(ratios, model, edition=EDITION).says == says
    assert pace.hazard_ratios(ratios, UNKNOWN, edition=EDITION).says == "terms"
