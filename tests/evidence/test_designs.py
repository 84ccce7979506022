"""Each design is right where its assumption holds, and shows where it does not.

Shares of worlds are judged within what chance allows (`PROFITCHAIN_WORLDS`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from editions import write_company
from ladder_worlds import drawn, lives, told
from numpy.testing import assert_allclose
from scipy import stats

from certify.event_firms import EventFirm, event_firm, event_of
from profitchain.core.errors import CompanyError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.effects import region_changes
from profitchain.effects.repeat_effect import lookback, repeat_effect
from profitchain.evidence import designs, event_study
from profitchain.evidence.held_alike import effect_alike, stated
from profitchain.evidence.instrumental_variables import lot_effect, moves_by_lot, ratio_of
from profitchain.evidence.next_score import NextScore, next_score_check
from profitchain.evidence.within_customer import (
    as_cells,
    earlier_answer_held,
    fixed_effects,
    own_past,
)
from profitchain.intake.intake import open_intake
from profitchain.panel import customers as firm_customers
from profitchain.panel import panel, response_windows
from profitchain.panel.context import Context
from profitchain.panel.edition import read_period
from profitchain.sources.company import load_company
from profitchain.stats.glm import Quantities
from profitchain.stats.ols import demeaned, dummies, least_squares
from profitchain.words import designs as words
from profitchain.words import event_study as event_words
from profitchain.words import reasons
from profitchain.words.reasons import touched_words

WORLDS = int(os.environ.get("PROFITCHAIN_WORLDS", "100"))
ALLOWED = 0.001  # how often a right estimator may fail by chance
CONTROLS = ("prior_orders", "tenure")
OUTSIDE = {  # tests/references/ladder_outside.py: linearmodels 7.1, pyfixest 0.60.0
    "fixed effects": (0.03805314005397722, 0.009190238105654173),
    "lot": (0.08905205192080942, 0.04201978052511457),
}
REPO = Path(__file__).resolve().parents[2]
LOT = "The lot"


def chance_band(share: float, slack: float = 0.01) -> tuple[float, float]:
    """Return between which shares of the worlds the true `share` may fall."""
    low = stats.binom.ppf(ALLOWED / 2, WORLDS, share - slack) / WORLDS
    high = stats.binom.ppf(1 - ALLOWED / 2, WORLDS, min(share + slack, 1)) / WORLDS
    return float(low), float(high)


def spoken(said: Sequence[MaybeEstimate]) -> list[Estimate]:
    found = [one for one in said if isinstance(one, Estimate)]
    assert len(found) >= 0.95 * len(said)
    return found


def covered(said: Sequence[MaybeEstimate], truths: Sequence[float] | float) -> float:
    truths = np.broadcast_to(truths, len(said))
    hits = [
        one.low <= truth <= one.high
        for one, truth in zip(said, truths, strict=True)
        if isinstance(one, Estimate)
    ]
    assert len(hits) >= 0.95 * len(said)
    return float(np.mean(hits))


def covers(
    said: Sequence[MaybeEstimate], truths: Sequence[float] | float, slack: float = 0.01
) -> bool:
    low, high = chance_band(0.95, slack)
    return low <= covered(said, truths) <= high


def average(said: Sequence[MaybeEstimate]) -> float:
    return float(np.mean([one.value for one in spoken(said)]))


def by_world(make: Callable[..., object], worlds: int = WORLDS, **options: object) -> list[object]:
    return [make(np.random.default_rng(seed), **options) for seed in range(worlds)]


@pytest.fixture(scope="module")
def open_worlds() -> list[tuple[pd.DataFrame, float]]:
    """Worlds in which what is recorded is all that confounds, and answers follow orders."""
    return by_world(lives, lost_after=120)


@pytest.fixture(scope="module")
def hidden_worlds() -> list[tuple[pd.DataFrame, float]]:
    """Worlds in which a habit that nobody recorded moves both score and orders."""
    return by_world(lives, worlds=30, temper=1.0, habit=0.5)


def next_score(answers: pd.DataFrame) -> NextScore:
    effect = effect_alike(answers, controls=CONTROLS)
    return next_score_check(answers, effect, controls=CONTROLS, within_days=90)


def test_the_next_score_tells_nothing_where_history_is_all_that_confounds(open_worlds):
    assert covers([stated(next_score(answers).told) for answers, _ in open_worlds], 0.0, slack=0.03)


def test_the_next_score_tells_of_a_hidden_habit_and_the_adjusted_effect_is_too_large(hidden_worlds):
    adjusted = [repeat_effect(as_cells(a), controls=CONTROLS) for a, _ in hidden_worlds]
    truth = float(np.mean([truth for _, truth in hidden_worlds]))
    assert average(adjusted) > 1.5 * truth
    said = [next_score(answers) for answers, _ in hidden_worlds]
    told = [stated(one.told).value for one in said]
    assert np.mean(told) > 5 * np.std(told) / np.sqrt(len(told))
    left = average([stated(one.left) for one in said])
    assert abs(left - truth) < 0.5 * (average(adjusted) - truth)


def test_the_earlier_answer_held_fixed_covers_the_truth_though_answers_follow_orders(open_worlds):
    said = [earlier_answer_held(answers, controls=CONTROLS) for answers, _ in open_worlds]
    assert covers(said, [truth for _, truth in open_worlds], slack=0.02)


def test_fixed_effects_are_biased_where_answers_follow_orders_and_are_not_used(open_worlds):
    past = [own_past(answers, controls=CONTROLS) for answers, _ in open_worlds]
    truth = np.mean([truth for _, truth in open_worlds])
    assert average([one.fixed_effects for one in past]) < 0.85 * truth
    assert not any(one.by_average for one in past)
    assert all(one.used is one.earlier_answer for one in past)


def test_the_earlier_answer_takes_out_a_part_of_a_hidden_habit_only(hidden_worlds):
    adjusted = average([repeat_effect(as_cells(a), controls=CONTROLS) for a, _ in hidden_worlds])
    held = average([earlier_answer_held(a, controls=CONTROLS) for a, _ in hidden_worlds])
    truth = np.mean([truth for _, truth in hidden_worlds])
    assert 0.1 < (adjusted - held) / (adjusted - truth) < 0.5


def test_fixed_effects_cover_the_truth_despite_a_hidden_habit_where_nobody_drops_out():
    worlds = by_world(lives, temper=1.0, habit=0.5, prompted=False)
    said = [fixed_effects(answers) for answers, _ in worlds]
    assert covers(said, [truth for _, truth in worlds], slack=0.02)
    past = [own_past(answers) for answers, _ in worlds[:10]]
    assert np.mean([one.by_average for one in past]) > 0.7
    assert all((one.used is one.fixed_effects) == one.by_average for one in past)


def shocks_of(worlds: int = WORLDS, **options: object) -> list[event_study.Shock]:
    firm = EventFirm(**options)
    return [shock_of(firm, seed) for seed in range(worlds)]


def shock_of(firm: EventFirm, seed: int, **options: int) -> event_study.Shock:
    answers = event_firm(firm, np.random.default_rng(seed))
    return event_study.latest_event(answers, event_of(firm), **options)


def test_an_event_finds_the_effect_of_a_point_though_shocks_hit_whole_regions():
    shocks = shocks_of(effect=0.04, shock=0.02, answers=2000)
    assert covers([event_study.event_effect(shock) for shock in shocks], 0.04, slack=0.03)
    drifts = [event_study.trend_before(shock) for shock in shocks]
    low, high = chance_band(0.05, slack=0.03)
    assert low <= np.mean([not drift.spans_zero for drift in drifts]) <= high


def test_a_drift_before_the_event_is_seen():
    shocks = shocks_of(worlds=20, before=0.02, answers=8000, shock=0.01)
    assert np.mean([event_study.trend_before(shock).low > 0 for shock in shocks]) > 0.6


def test_a_test_that_saw_no_drift_says_what_it_would_have_seen():
    drift = event_study.trend_before(shock_of(EventFirm(answers=2000), 0))
    assert drift.spans_zero
    (said,) = event_words.pre_trend(drift, edition=None)
    assert said.key == "no_drift" and said.values["seen"].value > 0
    moved = replace(drift, value=0.05, low=0.04, high=0.06)
    assert event_words.pre_trend(moved, edition=None)[0].key == "drifted"


def test_an_event_that_did_not_move_the_score_says_so():
    shock = shock_of(EventFirm(moved=0.0, touched=4), 0)
    said = event_study.event_effect(shock)
    assert isinstance(said, NotEstimable)
    assert "“new carrier” (region region 1; " in reasons.text(said)
    assert "satisfaction" in reasons.text(said)


@pytest.mark.parametrize(("regions", "touched"), [(2, 1), (4, 2), (7, 3), (50, 3), (8, 5)])
def test_an_event_in_too_few_regions_can_not_tell(regions, touched):
    shock = shock_of(EventFirm(regions=regions, touched=touched), 1)
    said = event_study.event_effect(shock)
    assert isinstance(said, NotEstimable)
    assert f"touched {touched} of {regions} regions" in reasons.text(said)


def test_the_regions_t_is_scipy_s_of_their_changes():
    answers = event_firm(EventFirm(regions=9, touched=4), np.random.default_rng(3))
    after = (answers["answered_on"] >= "2025-01-01").to_numpy()
    answers["touched"] = answers["region"].isin([f"region {place}" for place in range(1, 5)])
    regions = region_changes.mean_changes(answers, after, event_study.OUTCOMES)
    moves = region_changes.touched_against_rest(regions)
    means = answers.groupby(["region", after])[event_study.OUTCOMES].mean().unstack()
    for place, outcome in enumerate(event_study.OUTCOMES):
        change = means[outcome][True] - means[outcome][False]
        sides = change[regions.touched], change[~regions.touched]
        test = stats.ttest_ind(*sides)
        assert_allclose(region_changes.t_test(moves, place), test.pvalue, rtol=1e-9)
        estimate = event_study.estimates(moves, unit="share")[place]
        interval = test.confidence_interval()
        assert_allclose([estimate.low, estimate.high], [interval.low, interval.high], rtol=1e-9)
        drawn = stats.permutation_test(
            sides, lambda a, b, axis: np.abs(a.mean(axis) - b.mean(axis)), vectorized=True,
            alternative="greater", n_resamples=np.inf,
        )  # fmt: skip
        assert_allclose(region_changes.permutation_test(regions, place), drawn.pvalue, rtol=1e-9)


def test_of_many_regions_so_many_ways_are_drawn_that_it_hardly_matters():
    rng = np.random.default_rng(1)
    changes = rng.standard_normal((30, 1)) + 0.8 * (np.arange(30) < 12)[:, None]
    regions = region_changes.RegionChanges(changes=changes, touched=np.arange(30) < 12, n=30)
    exact = stats.ttest_ind(changes[:12, 0], changes[12:, 0]).pvalue
    assert abs(region_changes.permutation_test(regions, 0) - exact) < 0.01


def test_the_event_study_is_differences_of_changes_of_regions():
    answers = event_firm(EventFirm(regions=6, touched=3, answers=9000), np.random.default_rng(3))
    shock = event_study.latest_event(answers, event_of(EventFirm(regions=6, touched=3)))
    frame = event_study.differences_by_step(shock).set_index(["outcome", "period"])
    assert shock.months == 1
    month = answers["answered_on"].dt.to_period("M")
    means = answers.groupby([month, "region"])[["score", "repeat"]].mean()
    changes = means - means.loc[pd.Period("2024-12")].reindex(means.index, level="region")
    touched = changes.index.get_level_values("region").isin(["region 1", "region 2", "region 3"])
    sides = [changes[side].groupby(level=0).mean() for side in (touched, ~touched)]
    for outcome in ("score", "repeat"):
        apart = (sides[0] - sides[1])[outcome]
        assert_allclose(frame.loc[outcome, "value"], apart, atol=1e-9)
    assert frame["n"].sum() == 2 * len(answers)
    assert frame.loc[("score", -1), ["value", "low", "high"]].eq(0).all()


NORTH = EventFirm(regions=2, touched=1, answers=6000)
EVENTS = pd.concat(
    [event_of(NORTH).assign(event="opened", happened_on="2024-06-01", region=None), event_of(NORTH)]
)


def test_the_latest_event_that_touched_some_is_taken_and_lasts_until_the_next_on_the_same():
    answers = event_firm(NORTH, np.random.default_rng(1))
    more = pd.DataFrame(
        {
            "event": ["back again", "all hear of it", "unknown place"],
            "happened_on": pd.to_datetime(["2025-06-15", "2025-08-01", "2025-09-01"]),
            "region": ["region 1", None, "West"],
        }
    )
    both = event_study.latest_event(answers, pd.concat([EVENTS, more]))
    assert (both.event, both.until) == ("back again", None)
    assert touched_words(both.touched) == "region region 1"
    assert both.answers["step"].min() == -6
    early = more.assign(happened_on=pd.to_datetime(["2025-12-30"] * 3))
    first = event_study.latest_event(answers, pd.concat([EVENTS, early]))
    assert (first.event, str(first.until)) == ("new carrier", "2025-12-30")


def test_customers_whom_another_event_touched_in_between_are_no_comparison():
    answers = event_firm(NORTH, np.random.default_rng(1))
    answers["tier"] = np.where(answers["cluster"] // 2 % 2, "gold", "silver")
    other = EVENTS.assign(tier=None).iloc[[1]]
    other = pd.concat([other, other.assign(event="gold club", region="region 2", tier="gold")])
    other["happened_on"] = pd.to_datetime(["2025-01-01", "2024-12-01"])
    shock = event_study.latest_event(answers, other)
    gold_south = (answers["tier"] == "gold") & (answers["region"] == "region 2")
    assert shock.event == "new carrier"
    assert len(shock.answers) == (~gold_south).sum()


@pytest.mark.parametrize("region", [None, "West"])
def test_events_that_touched_all_or_nobody_tell_nothing(region):
    events, answers = EVENTS.assign(region=region), event_firm(NORTH, np.random.default_rng(1))
    assert event_study.latest_event(answers, events) == NotEstimable(
        "no_event_to_learn_from", n=6000
    )


def test_a_lot_finds_the_effect_of_a_point_whatever_is_hidden():
    worlds = by_world(drawn)
    assert covers([lot_effect(one, lot=LOT) for one in worlds], 0.05)


def test_a_lot_that_moved_nothing_is_refused_and_almost_never_speaks():
    said = [lot_effect(one, lot=LOT) for one in by_world(drawn, moved=0.0, answers=600)]
    assert np.mean([isinstance(one, NotEstimable) for one in said]) > 0.95
    assert "did not move satisfaction clearly" in reasons.text(said[0])


@pytest.mark.parametrize("sides", [[], ["a"], ["a", "b", "c"]])
def test_a_lot_needs_two_sides(sides):
    answers = drawn(np.random.default_rng(1), answers=90)
    answers["assigned"] = np.resize(np.array([*sides, None], object), 90)
    assert "must have two values" in reasons.text(lot_effect(answers, lot=LOT))


def test_the_designs_equal_linearmodels_and_pyfixest():
    past = lives(np.random.default_rng(7), customers=300)[0]
    fixed = fixed_effects(past, controls=["prior_orders"])
    lot = moves_by_lot(drawn(np.random.default_rng(7), answers=1000), lot=LOT)
    assert_allclose(fixed.value, OUTSIDE["fixed effects"][0], rtol=1e-8)
    again = past[past.groupby("person")["score"].transform("size") >= 2]
    sizes = again.groupby("person").size()
    df = sizes.sum() ** 2 / (sizes**2).sum() - 1
    half = stats.t.ppf(0.975, df) * OUTSIDE["fixed effects"][1]
    rows, terms = len(again), 2  # pyfixest counts one more, the constant, among the terms
    assert_allclose(
        fixed.high - fixed.value, half * np.sqrt((rows - terms - 1) / (rows - terms)), rtol=1e-6
    )
    assert_allclose(delta(lot), OUTSIDE["lot"], rtol=1e-8)


def delta(moved: Quantities) -> tuple[float, float]:
    """Return the ratio and its error by the delta method, as two-stage least squares has it."""
    ratio = moved.values[1] / moved.values[0]
    errors = (moved.errors[1] - ratio * moved.errors[0]) / moved.values[0]
    return ratio, float(np.sqrt(errors @ errors))


def test_least_squares_equals_statsmodels_with_dummies():
    rows = event_firm(EventFirm(regions=2, answers=700), np.random.default_rng(2))
    month = dummies(rows["answered_on"].dt.month.to_numpy())
    north = (rows["region"] == "region 1").to_numpy(float)[:, None]
    outcomes = rows[["score", "repeat"]].to_numpy(float)
    found = least_squares(north, outcomes, rows["cluster"].to_numpy(), others=month)
    for place in (0, 1):
        model = sm.OLS(outcomes[:, place], np.column_stack([north, month])).fit(
            cov_type="cluster", cov_kwds={"groups": rows["cluster"].to_numpy()}
        )
        assert_allclose(found.values[place], model.params[0], rtol=1e-8)
        assert_allclose(found.covariance[place, place], model.cov_params()[0, 0], rtol=1e-8)


def test_demeaned_columns_give_the_coefficient_of_a_dummy_a_group():
    rows = lives(np.random.default_rng(1), customers=60)[0]
    columns = rows[["score", "repeat"]].to_numpy(float)
    score, repeat = demeaned(columns, rows["person"].to_numpy()).T
    each = dummies(rows["person"].to_numpy())
    model = sm.OLS(columns[:, 1], np.column_stack([columns[:, 0], each])).fit()
    assert_allclose(score @ repeat / (score @ score), model.params[0], rtol=1e-8)


@pytest.mark.parametrize("strength", [1.2, 3.0, 20.0])
def test_the_ratio_s_interval_holds_the_ratios_that_a_test_would_not_refuse(strength):
    rng = np.random.default_rng(5)
    errors = pd.DataFrame(rng.standard_normal((400, 2)) @ [[0.05, 0.01], [0.0, 0.02]] / 4)
    values = np.array([strength, 0.1])
    moved = Quantities(values=values, errors=errors, n=400, effective=400)
    said = ratio_of(moved, mover=LOT)
    for end in (said.low, said.high):
        left = moved.combine(np.array([-end, 1.0]))
        t = left.values[0] / np.sqrt(left.covariance[0, 0])
        assert_allclose(abs(t), stats.t.ppf(0.975, 399), rtol=1e-9)


def context_of(folder: Path, period: str) -> Context:
    firm = load_company(folder)
    intake = open_intake(firm, Period(period))
    return Context(company=firm, period=Period(period), tables=intake.tables)


def followed_in(context: Context) -> pd.DataFrame:
    rows = panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context)))
    return response_windows.ladder_cells(
        context, response_windows.followed(context, rows)
    ).execute()


def stamp(*days: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(days))


TINY = {
    "orders": pd.DataFrame(
        {
            "order_id": [*"123456"],
            "customer_id": [*"AAAABB"],
            "ordered_at": stamp(
                "2025-01-01", "2025-02-10", "2025-06-01", "2025-07-15", "2025-03-01", "2025-12-31"
            ),
            "revenue": [10.0, 10, 10, 10, -5, 10],
        }
    ),
    "responses": pd.DataFrame(
        {
            "response_id": [*"abcde"],
            "customer_id": [*"AAABB"],
            "responded_at": stamp(
                "2025-02-15", "2025-06-08", "2025-11-30", "2025-03-05", "2025-12-30"
            ),
            "nps": [9.0, 3, 10, 7, 8],
        }
    ),
    "offers": pd.DataFrame(
        {
            "offer_id": [*"xyz"],
            "customer_id": [*"AAB"],
            "offered_at": stamp("2025-05-01", "2025-05-20", "2024-11-01"),
            "kind": "upsell",
            "is_holdout": [True, False, True],
        }
    ),
}
KEYS = {"questions": {"nps": {"column": "nps", "kind": "nps"}}, "repeat_within_days": 60}


def test_a_life_is_told_as_a_count_by_hand_tells_it(tmp_path):
    found = followed_in(context_of(write_company(tmp_path / "firm", TINY, **KEYS), "2025"))
    expected = pd.DataFrame(
        {
            "person": [0, 0, 1],
            "nth": [1, 2, 1],
            "score": [9.0, 3, 7],
            "repeat": [0, 1, 0],
            "prior_orders": [2, 3, 0],
            "gap_before_days": [40, 111, -1],
            "tenure_then": [0, 40, 0],
            "previous_score": [np.nan, 9, np.nan],
            "days_to_next": [106, 37, 301],
            "answered_again": [1, 1, 1],
            "assigned": [None, "offered", None],
        }
    )
    shown = found[expected.columns]
    assert shown["assigned"].fillna("").tolist() == ["", "offered", ""]
    columns = [name for name in expected if name != "assigned"]
    pd.testing.assert_frame_equal(shown[columns], expected[columns], check_dtype=False)
    assert [str(day)[:10] for day in found["answered_on"]] == [
        "2025-02-15",
        "2025-06-08",
        "2025-03-05",
    ]


def test_each_window_counts_the_answers_that_closed_it(tmp_path):
    context = context_of(write_company(tmp_path / "firm", TINY, **KEYS), "2025")
    rows = panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context)))
    cells = response_windows.window_cells(context, rows).execute()
    sums = cells.groupby("window")[["n", "repeats"]].sum()
    assert sums["n"].to_dict() == {30: 4, 60: 3, 90: 3, 180: 3}
    assert sums["repeats"].to_dict() == {30: 0, 60: 1, 90: 1, 180: 2}


def test_orders_are_answered_as_a_count_by_hand_tells_it(tmp_path):
    context = context_of(write_company(tmp_path / "firm", TINY, **KEYS), "2025")
    found = response_windows.answered_orders(context).execute()
    assert (found["month"] - 12 * 2025).tolist() == [1, 2, 6, 7]
    found = found[["prior_orders", "answered", "n", "repeats"]]
    assert found.to_numpy().tolist() == [[0, 0, 1, 1], [1, 1, 1, 0], [2, 1, 1, 1], [3, 1, 1, 0]]


@pytest.fixture(scope="module")
def example_rows(example) -> tuple[Context, pd.DataFrame]:
    context = context_of(example, "2026Q3")
    return context, followed_in(context)


def test_the_example_s_lives_are_what_pandas_counts(example_rows):
    context, found = example_rows
    orders, given = (context.tables[name].execute() for name in ("orders", "responses"))
    bought = orders[orders["revenue"] >= 0].sort_values("ordered_at")
    days = {one: times.to_numpy() for one, times in bought.groupby("customer_id")["ordered_at"]}
    given = given.dropna(subset="nps").sort_values(["customer_id", "responded_at", "response_id"])
    given["person"] = given["customer_id"].rank(method="dense").astype(int) - 1
    theirs = given.groupby("customer_id")
    given["nth"] = theirs.cumcount() + 1
    given["previous_score"] = theirs["nps"].shift(1)
    given["answered_again"] = theirs["nps"].shift(-1).notna().astype(int)
    lives = [
        _life(days.get(one, []), at)
        for one, at in given[["customer_id", "responded_at"]].to_numpy()
    ]
    names = ["prior_orders", "gap_before_days", "tenure_then", "repeat"]
    given[names] = lives
    names += ["previous_score", "answered_again"]
    expected = given.set_index(["person", "nth"]).loc[
        list(zip(found["person"], found["nth"], strict=True))
    ]
    pd.testing.assert_frame_equal(
        found.set_index(["person", "nth"])[names], expected[names], check_dtype=False
    )


def _life(days: Sequence[np.datetime64], at: pd.Timestamp) -> tuple[int, int, int, int]:
    """Return orders before, days between the last two, days from the first to the last but one."""
    before = [pd.Timestamp(day) for day in days if day < at]
    soon = any(at < day <= at + pd.Timedelta(days=90) for day in days)
    if len(before) < 2:
        return len(before), -1, 0, soon
    return len(before), (before[-1] - before[-2]).days, (before[-2] - before[0]).days, soon


def test_the_lives_are_the_panel_s_answers(example_rows):
    context, found = example_rows
    rows = panel.panel(
        context,
        panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context))),
    ).execute()
    columns = ["score", "prior_orders", "recency_days", "tenure_days", "repeat", "cluster", "tier"]
    first, second = (
        frame[columns].astype({"repeat": int}).sort_values(columns, ignore_index=True)
        for frame in (found, rows)
    )
    pd.testing.assert_frame_equal(first, second)


def test_the_firm_s_own_window_gives_the_link_s_cells(example_rows):
    context, _ = example_rows
    rows = panel.lives(context, panel.answers(context, firm_customers.customer_clusters(context)))
    windows = response_windows.window_cells(context, rows).execute()
    own = windows[windows["window"] == 90].drop(columns="window")
    link = lookback(panel.link_cells(context, panel.panel(context, rows)).execute())
    keys = [name for name in own if name not in ("n", "repeats")]
    link = link.groupby(keys, as_index=False)[["n", "repeats"]].sum()
    pd.testing.assert_frame_equal(
        own.sort_values(keys, ignore_index=True)[link.columns], link, check_dtype=False
    )


def experimental(**changes: object) -> dict[str, pd.DataFrame]:
    customers = pd.DataFrame({"customer_id": ["A", "B"], "arm": ["fast", "slow"]} | changes)
    return TINY | {"customers": customers}


@pytest.mark.parametrize(
    ("keys", "assigned"),
    [
        ({"experiment": "arm"}, ["fast", "fast", "slow"]),
        ({"experiment": "arm", "segments": ["arm"]}, ["fast", "fast", "slow"]),
        ({}, ["", "offered", ""]),
    ],
)
def test_the_experiment_s_column_comes_before_the_offers(tmp_path, keys, assigned):
    folder = write_company(tmp_path / "firm", experimental(), **KEYS, **keys)
    found = followed_in(context_of(folder, "2025"))
    assert found["assigned"].fillna("").tolist() == assigned


def test_an_experiment_may_stand_on_the_answer_and_be_empty(tmp_path):
    tables = TINY | {"responses": TINY["responses"].assign(arm=["x", None, None, "y", None])}
    folder = write_company(tmp_path / "firm", tables, **KEYS, experiment="arm")
    assert followed_in(context_of(folder, "2025"))["assigned"].fillna("").tolist() == ["x", "", "y"]


def test_an_experiment_that_no_table_has_is_named(tmp_path):
    folder = write_company(tmp_path / "firm", experimental(), **KEYS, experiment="amr")
    with pytest.raises(CompanyError, match="the experiment 'amr', but neither"):
        followed_in(context_of(folder, "2025"))


def test_the_example_s_ladder_is_right_about_the_example(example):
    edition = read_period(example, "2026Q3")
    cells = lookback(edition.table("link_cells"))
    frame = designs.effects_by_design(edition, cells, controls=edition.company.controls).set_index(
        "design"
    )
    truth = json.loads((REPO / "data" / "example" / "truth.json").read_text())["repeat"]
    truth = truth["lookback"]["effect_per_point"]
    right = frame.loc[["adjusted", "alike", "weighted", "within"]]
    assert ((right["low"] < truth) & (truth < right["high"])).all()
    assert ((frame["low"] < 0) & (frame["high"] > 0))["next_score"]
    assert "regions" in reasons.text(frame.loc["shock", "why"])
    why = reasons.text(frame.loc["experiment", "why"])
    assert why.startswith("The offers with a hold-out did not move")
    assert frame["role"].to_dict() == ROLES


ROLES = dict.fromkeys(["raw", "adjusted", "alike", "weighted", "within", "shock"], "estimate")
ROLES |= dict.fromkeys(["lasting", "late", "answering"], "rule")
ROLES |= {"next_score": "check", "within_fixed_effects": "shown", "experiment": "shown"}


@pytest.mark.parametrize("given", ["all", "orders only", "with events"])
def test_a_tiny_firm_gets_every_rung_with_a_reason(tmp_path, given):
    events = pd.DataFrame({"event": ["fair"], "happened_on": ["2025-05-01"], "region": ["North"]})
    tables = {
        "all": TINY,
        "orders only": {"orders": TINY["orders"]},
        "with events": TINY | {"events": events, "customers": experimental()["customers"]},
    }[given]
    keys = {"repeat_within_days": 60, "report_every": "year"}
    if given != "orders only":
        keys |= KEYS | {"controls": ["prior_orders"]}
    edition = read_period(write_company(tmp_path / "firm", tables, **keys), "2025")
    nothing = pd.DataFrame(columns=["score", "repeats", "n", "cluster"]).astype(float)
    cells = nothing if given == "orders only" else lookback(edition.table("link_cells"))
    frame = designs.effects_by_design(edition, cells, controls=["prior_orders"])
    assert frame["design"].tolist() == list(designs.DESIGNS)
    assert reasons.in_words(frame[["why"]])["why"].str.endswith(".").all()
    table = words.designs(frame, edition=edition).rows
    assert table["what it compares"].str.endswith(".").all()
    assert words.ladder(frame, edition=edition).says in ("none", "none_clear")
    assert event_study.event_study(edition).empty
    assert isinstance(event_study.pre_trends(edition), NotEstimable)


@pytest.mark.parametrize("shape", ["nobody", "one customer", "one score", "all repeat", "buckets"])
@pytest.mark.parametrize("of", ["next score", "within", "fixed", "lot", "shock"])
def test_odd_answers_give_a_reason_or_a_finite_number(shape, of):
    answers = lives(np.random.default_rng(4), customers=80)[0]
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(answers)) * 2, unit="D")
    answers = answers.assign(answered_on=day, region=np.resize(["North", "South"], len(answers)))
    answers["assigned"] = np.resize(["a", "b"], len(answers))
    changed = {
        "nobody": answers.head(0),
        "one customer": told(answers[answers["person"] == 0]).assign(
            answered_on=day[0], region="North"
        ),
        "one score": told(answers.assign(score=7.0)).assign(assigned=answers["assigned"]),
        "all repeat": answers.assign(repeat=1, gap_before_days=3),
        "buckets": answers.assign(cluster=answers["person"] % 30),
    }[shape]
    said = _of(of, changed)
    assert isinstance(said, Estimate) or reasons.text(said).endswith((".", "…"))


def _of(design: str, answers: pd.DataFrame) -> MaybeEstimate:
    match design:
        case "next score":
            return stated(next_score(answers).left)
        case "within" | "fixed":
            past = own_past(answers, controls=CONTROLS)
            return past.used if design == "within" else past.fixed_effects
        case "lot":
            return lot_effect(answers, lot=LOT)
    events = EVENTS.assign(region=[None, "North"])
    shock = event_study.latest_event(answers, events)
    return shock if isinstance(shock, NotEstimable) else event_study.event_effect(shock)
