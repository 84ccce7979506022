"""The link's estimates find the truth of invented worlds as often as they say, and refuse in words.

The shares of worlds are judged within what chance allows. PROFITCHAIN_WORLDS=2000 in the
environment is the larger certification; the default keeps the suite fast.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from link_worlds import CONTROLS, bent, confounded, repeaters, rows, spending
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import approx_fprime
from scipy.special import expit

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.effects.dose_response import (
    adjusted_rates,
    bands_of,
    effect_by_band,
    linearity,
    repeat_curve,
    score_groups,
)
from profitchain.effects.effect_by_segment import (
    effect_by_segment,
    per_10_nps,
    repeat_effect_per_10_nps,
)
from profitchain.effects.one_more_point import before_and_after, repeat_effect_per_point
from profitchain.effects.repeat_effect import (
    controls_used,
    effect_of_a_point,
    lookback,
    raw_rates,
    repeat_effect,
)
from profitchain.stats.glm import PENALISED
from profitchain.stats.margins import Wald
from profitchain.words.reasons import in_words, text
from profitchain.words.repeat_effect import adjusted_sentence

pytestmark = pytest.mark.filterwarnings("error")
WORLDS = int(os.environ.get("PROFITCHAIN_WORLDS", "100"))
ALLOWED = 0.001  # how often a right estimator may fail by chance
NPS_BANDS = [(0, 6), (6, 8), (8, 10)]
NPS_MOVE = "half by each of the first two steps"


def chance_band(share: float, of: int = WORLDS, slack: float = 0.0) -> tuple[float, float]:
    """Return between which shares of worlds the true `share` (give or take `slack`) may fall."""
    low = stats.binom.ppf(ALLOWED / 2, of, share - slack) / of
    return float(low), float(stats.binom.ppf(1 - ALLOWED / 2, of, min(share + slack, 1)) / of)


def covered(pairs: Iterable[tuple[MaybeEstimate, float]]) -> float:
    hits = [one.low <= truth <= one.high for one, truth in pairs if isinstance(one, Estimate)]
    assert len(hits) >= 0.9 * WORLDS
    return float(np.mean(hits))


def worlds(make: Callable[..., object], **options: object) -> Iterable[object]:
    return (make(np.random.default_rng(seed), **options) for seed in range(WORLDS))


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return confounded(np.random.default_rng(1), answers=3000, customers=1500)[0]


@pytest.mark.parametrize("size", [300, 1500])
def test_the_adjusted_effect_covers_the_truth_where_history_confounds(size):
    pairs, gaps = [], []
    for cells, truth in worlds(confounded, answers=size, customers=size):
        pairs.append((repeat_effect(cells, controls=CONTROLS), truth))
        gaps.append(repeat_effect(cells).value - truth)
    low, high = chance_band(0.95, slack=0.01)
    assert low <= covered(pairs) <= high
    bias = np.mean([one.value - truth for one, truth in pairs])
    assert abs(bias) < 0.004 < np.mean(gaps)


def test_customers_who_answer_often_make_naive_intervals_too_narrow():
    truth = repeat_effect(repeaters(np.random.default_rng(10**6), customers=40_000)).value
    clustered, naive = [], []
    for cells in worlds(repeaters, customers=120):
        clustered.append((repeat_effect(cells), truth))
        naive.append((repeat_effect(cells.assign(cluster=np.arange(len(cells)))), truth))
    low, high = chance_band(0.95, slack=0.015)
    assert low <= covered(clustered) <= high
    assert covered(naive) < 0.88


@pytest.mark.parametrize(("size", "rate"), [(200, 0.02), (200, 0.05), (2000, 0.01)])
def test_with_few_repeats_the_answer_is_a_refusal_or_right(size, rate):
    said = []
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        score = np.clip(np.round(7 + 2 * rng.standard_normal(size)), 0, 10)
        said.append(repeat_effect(rows(score=score, repeats=(rng.random(size) < rate).astype(int))))
    spoken = [one for one in said if isinstance(one, Estimate)]
    silent = [one for one in said if isinstance(one, NotEstimable)]
    assert all("too few to compare" in text(one) for one in silent)
    wrong = np.mean([not one.spans_zero for one in spoken]) if spoken else 0.0
    assert wrong <= chance_band(0.05, max(len(spoken), 1), slack=0.02)[1]


@pytest.mark.parametrize("sigma", [0.7, 1.3])
def test_money_effects_cover_the_truth_though_few_spend_very_much(sigma):
    pairs = [
        (effect_of_a_point(cells, outcome="spend", unit="EUR"), truth)
        for cells, truth in worlds(spending, answers=1500, sigma=sigma)
    ]
    low, high = chance_band(0.95, slack=0.02)
    assert low <= covered(pairs) <= high


def test_where_the_effect_bends_rates_and_bands_cover_the_truth():
    found = {name: [] for name in ("rate at 7", "rate at 10", "6 to 8", "8 to 10")}
    p_values = []
    for cells, truth in worlds(bent, answers=1500):
        rates = adjusted_rates(cells, controls=CONTROLS).itertuples()
        rates = {row.score: Estimate.of(row, unit="share") for row in rates}
        bands = in_words(effect_by_band(cells, bands=NPS_BANDS, controls=CONTROLS))
        by_band = {row.band: Estimate.of(row, unit="share") for row in bands.itertuples()}
        for score in (7, 10):
            found[f"rate at {score}"].append((rates[score], truth[score]))
        for low, high in NPS_BANDS[1:]:
            slope = (truth[high] - truth[low]) / (high - low)
            found[f"{low} to {high}"].append((by_band[f"{low} to {high}"], slope))
        p_values.append(linearity(cells, bands=NPS_BANDS, controls=CONTROLS).p)
    low, high = chance_band(0.95, slack=0.015)
    for name, pairs in found.items():
        assert low <= covered(pairs) <= high, name
    assert np.mean(np.array(p_values) < 0.05) > 0.3


@pytest.mark.parametrize("bands", [NPS_BANDS, ()])
def test_a_straight_line_is_called_bent_one_time_in_twenty(bands):
    p_values = [
        linearity(cells, bands=bands, controls=CONTROLS).p for cells, _ in worlds(confounded)
    ]
    low, high = chance_band(0.05, slack=0.01)
    assert low <= np.mean(np.array(p_values) < 0.05) <= high


def test_without_an_effect_ten_nps_points_go_with_nothing():
    said = [
        repeat_effect_per_10_nps(cells, controls=CONTROLS)
        for cells, _ in worlds(confounded, slope=0.0)
    ]
    low, high = chance_band(0.95, slack=0.01)
    assert low <= np.mean([one.spans_zero for one in said]) <= high


def test_segments_alike_are_told_apart_one_time_in_twenty():
    any_called = []
    for seed, (cells, _) in enumerate(worlds(confounded)):
        region = np.random.default_rng(-seed % 2**32).integers(0, 4, len(cells)).astype(str)
        frame = effect_by_segment(cells.assign(region=region), "region")
        any_called.append((frame["p_adjusted"] < 0.05).any())
    assert np.mean(any_called) <= chance_band(0.05, len(any_called), slack=0.015)[1]


def test_a_segment_with_another_effect_is_found():
    first, _ = confounded(np.random.default_rng(1), answers=3000, customers=3000, slope=0.0)
    second, _ = confounded(np.random.default_rng(2), answers=3000, customers=3000, slope=0.25)
    cells = pd.concat([first.assign(region="north"), second.assign(region="south")])
    cells["cluster"] = np.arange(len(cells))
    frame = effect_by_segment(cells, "region", controls=["region", *CONTROLS])
    assert frame["segment"].tolist() == ["south", "north"]
    assert frame["verdict"].tolist() == ["above the rest", "below the rest"]


def test_raw_rates_are_counts_and_small_groups_are_kept_back():
    repeats = [1] * 9 + [0, 1] * 20 + [1] * 15 + [0] * 45
    cells = rows(score=[0] * 9 + [3] * 40 + [5] * 60, repeats=repeats)
    frame = raw_rates(cells, scale=(0, 5)).set_index("score")  # beside 0, the next smallest hides
    assert frame.loc[5, "value"] == 0.25
    assert frame.loc[5, "low"] < 0.25 < frame.loc[5, "high"]
    assert frame.loc[[0, 1, 2, 3, 4], "value"].isna().all()
    assert (frame.loc[[0, 1, 2, 3, 4], "why"] != "").all()


def test_only_the_lookback_is_read():
    cells = rows(score=[1, 2], repeats=[0, 1], in_lookback=[True, False])
    assert lookback(cells)["score"].tolist() == [1]


def test_unadjusted_categories_are_the_raw_rates(answers):
    groups = adjusted_rates(answers)
    alone = groups[groups["merged"] == ""].set_index("score")
    raw = raw_rates(answers).set_index("score").loc[alone.index]
    assert_allclose(alone["value"], raw["value"], rtol=1e-9)
    assert groups["n"].sum() == len(answers)


def test_a_score_after_which_none_return_joins_its_neighbour_and_says_so():
    repeats = [0] * 20 + [0, 1] * 30 + [1, 0, 0] * 20 + [1] * 15
    score = [1] * 20 + [2] * 60 + [3] * 60 + [5] * 15
    groups = score_groups(rows(score=score, repeats=repeats), smallest=10)
    assert in_words(groups)["merged"].tolist() == ["1 to 2", "3 to 5"]
    assert groups["n"].tolist() == [80, 75]
    frame = adjusted_rates(rows(score=score, repeats=repeats))
    assert_allclose(frame["value"], [30 / 80, 35 / 75], rtol=1e-9)


def test_the_curve_of_a_straight_world_is_near_the_categories(answers):
    curve = repeat_curve(answers, controls=CONTROLS)
    rates = adjusted_rates(answers, controls=CONTROLS)
    middle = rates[rates["score"].between(4, 10) & (rates["merged"] == "")]
    at = np.interp(middle["score"], curve["score"], curve["value"])
    assert ((middle["low"] < at) & (at < middle["high"])).mean() > 0.7
    assert curve["value"].between(curve["low"], curve["high"]).all()


@pytest.mark.parametrize(
    ("scale", "kind", "bands"),
    [
        ((0, 10), "nps", NPS_BANDS),
        ((1, 5), "csat", [(1, 3), (3, 4), (4, 5)]),
        ((1, 7), "ces", [(1, 4), (4, 6), (6, 7)]),
        ((0, 1), "rating", [(0, 1)]),
    ],
)
def test_bands_cover_the_scale(scale, kind, bands):
    assert bands_of(scale, kind) == bands


def test_bands_of_five_points_are_differences_of_category_rates():
    rng = np.random.default_rng(5)
    score = rng.integers(3, 6, 900)
    cells = rows(score=score, repeats=(rng.random(900) < score / 10).astype(int))
    rates = adjusted_rates(cells)["value"].to_numpy()
    frame = effect_by_band(cells, bands=[(1, 3), (3, 4), (4, 5)])
    assert_allclose(frame["value"].iloc[1:], np.diff(rates), rtol=1e-6)
    assert text(frame["why"].iloc[0]).startswith("Fewer than 10 answers")


def test_a_band_without_answers_stays_silent_and_the_others_speak():
    cells, _ = confounded(np.random.default_rng(3))
    frame = effect_by_band(cells[cells["score"] <= 8], bands=NPS_BANDS)
    assert in_words(frame)["why"].tolist() == [
        "",
        "",
        "Fewer than 10 answers that tell of a slope in this band.",
    ]
    assert frame["value"].notna().tolist() == [True, True, False]


def test_ten_nps_points_are_sums_over_those_who_move(answers):
    frame = per_10_nps(answers).set_index("mechanism")["value"]
    group = np.digitize(answers["score"], [7, 9])
    low, middle, high = (answers.loc[group == place, "repeats"].mean() for place in range(3))
    assert_allclose(frame["detractors become passives"], 0.10 * (middle - low), rtol=1e-9)
    assert_allclose(frame["passives become promoters"], 0.10 * (high - middle), rtol=1e-9)
    assert_allclose(frame["detractors become promoters"], 0.05 * (high - low), rtol=1e-9)
    assert_allclose(frame[NPS_MOVE], frame["detractors become promoters"], rtol=1e-9)
    assert repeat_effect_per_10_nps(answers).value == frame[NPS_MOVE]


def test_a_move_that_needs_more_detractors_than_there_are_says_so(answers):
    few = answers[(answers["score"] > 6) | (np.arange(len(answers)) % 20 == 0)]
    frame = per_10_nps(few).set_index("mechanism")["possible"]
    assert not frame["detractors become passives"]
    assert frame["passives become promoters"]


def test_both_estimates_stand_side_by_side(answers):
    both = before_and_after(answers, scale=(0, 10), controls=CONTROLS)
    assert [one.value for one in both] == [
        repeat_effect_per_point(answers, scale=(0, 10)).value,
        repeat_effect_per_point(answers, scale=(0, 10), controls=CONTROLS).value,
    ]


def test_one_more_point_is_what_statsmodels_predicts_with_every_score_raised(answers):
    """The spline of Harrell by hand, one row an answer; errors by numerical derivatives."""
    rng = np.random.default_rng(8)
    rows = answers.assign(month=rng.choice(["2026-01", "2026-02", "2026-03"], len(answers)))
    said = repeat_effect_per_point(rows, scale=(0, 10), controls=["prior_orders", "tier", "month"])
    often = rows["score"].value_counts().loc[lambda counts: counts >= 10].index
    knots = np.quantile(often, [0.05, 0.275, 0.5, 0.725, 0.95], method="nearest")

    def columns(score: np.ndarray) -> np.ndarray:
        def cubed(at: float) -> np.ndarray:
            return np.clip(score - at, 0, None) ** 3

        last, before = knots[-1], knots[-2]
        bent = [
            (cubed(k) - cubed(before) * (last - k) / (last - before)
             + cubed(last) * (before - k) / (last - before)) / (last - knots[0]) ** 2
            for k in knots[:-2]
        ]  # fmt: skip
        levels = pd.get_dummies(rows[["tier", "month"]], drop_first=True).to_numpy(float)
        history = np.log1p(rows["prior_orders"])
        none = (rows["prior_orders"] < 0).astype(float)
        terms = np.column_stack([np.ones(len(rows)), score, *bent, history, levels, none])
        return terms[:, np.ptp(terms, axis=0) + (np.arange(terms.shape[1]) == 0) > 0]

    now, more = columns(rows["score"]), columns(np.minimum(rows["score"] + 1, 10))
    fit = sm.GLM(rows["repeats"], now, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": rows["cluster"]}
    )

    def difference(params: np.ndarray) -> float:
        return float((expit(more @ params) - expit(now @ params)).mean())

    slopes = approx_fprime(fit.params, difference, 1e-7)
    assert said.value == pytest.approx(difference(fit.params), rel=1e-7)
    half = np.sqrt(slopes @ fit.cov_params() @ slopes) * stats.t.ppf(0.975, df_of(rows))
    assert said.high - said.value == pytest.approx(half, rel=1e-3)


def df_of(rows: pd.DataFrame) -> float:
    shares = rows.groupby("cluster")["n"].sum() / rows["n"].sum()
    return 1 / (shares**2).sum() - 1


def test_tens_stay_tens_and_a_straight_line_is_a_slope():
    rng = np.random.default_rng(3)
    score = rng.choice([8.0, 9.0, 10.0], 3000, p=[0.1, 0.1, 0.8])
    cells = rows(score=score, repeats=(rng.random(3000) < 0.2 + 0.03 * (score - 8)).astype(int))
    slope, capped = repeat_effect(cells), repeat_effect_per_point(cells, scale=(0, 10))
    assert capped.value == pytest.approx(0.2 * slope.value, rel=0.1)  # three scores: no bend
    assert "straight line, none above 10" in capped.method


def test_months_hide_no_effect_and_make_none_where_all_go_up_together():
    """Scores and orders rise over two years, with no link: months held alike, nothing is found."""
    pairs, without = [], []
    for seed in range(WORLDS):
        rng = np.random.default_rng(seed)
        month = rng.integers(0, 12, 1500)
        score = np.clip(np.round(6 + 0.2 * month + 1.5 * rng.standard_normal(1500)), 0, 10)
        came = rng.random(1500) < 0.2 + 0.03 * month
        names = np.array([f"2026-{m + 1:02}" for m in range(12)])[month]
        cells = rows(score=score, repeats=came.astype(int), month=names)
        pairs.append((repeat_effect_per_point(cells, scale=(0, 10), controls=["month"]), 0.0))
        without.append(repeat_effect(cells).value)
    low, high = chance_band(0.95, slack=0.015)
    assert low <= covered(pairs) <= high
    assert np.mean(without) > 0.01 > 3 * abs(np.mean([one.value for one, _ in pairs]))


@pytest.mark.parametrize(
    ("answers", "every", "note"),
    [
        (360, 3, "Adjusted for month of the answer."),
        (360, 9, "quarters in place of months"),  # 40 repeats for 12 terms
        (100, 2, "quarters in place of months"),  # eight answers a month
        (60, 5, "months not held alike"),
    ],
)
def test_where_months_are_too_many_terms_time_is_held_more_coarsely(answers, every, note):
    rng, place = np.random.default_rng(5), np.arange(answers)
    months = [f"2026-{1 + i % 12:02}" for i in place]
    repeats = ((place // 12 + place) % every == 0).astype(int)
    cells = rows(score=rng.integers(0, 11, answers), repeats=repeats, month=months)
    assert isinstance(repeat_effect(cells, controls=["month"]), Estimate)
    assert note in adjusted_sentence(controls_used(cells, controls=["month"]))


def test_what_was_adjusted_names_the_dropped_controls(answers):
    told = adjusted_sentence(controls_used(answers, controls=[*CONTROLS, "tenure", "shoe size"]))
    assert told == (
        "Adjusted for prior orders and tier; days as a customer is the same for everyone; "
        "shoe size is not in the data."
    )


def test_an_outcome_that_is_not_measured_is_said_so(answers):
    cells = answers.drop(columns="margin")
    found = effect_of_a_point(cells, outcome="margin", unit="EUR")
    assert text(found) == "The data have no margin."


def small(n: int = 300, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    score = rng.integers(0, 11, n)
    known = {"score": score, "repeats": (rng.random(n) < 0.4).astype(int), "tier": "a"}
    return rows(**(known | columns))


HARD = {
    "no answers": small().iloc[:0],
    "ten answers": small(10),
    "one score": small(score=7),
    "two scores": small(score=np.arange(300) % 2 * 10),
    "three scores": small(score=np.arange(300) % 3 + 7),
    "complete separation": small().assign(repeats=lambda x: (x["score"] > 6) * 1),
    "all return": small(repeats=1),
    "none returns": small(repeats=0),
    "none of the lowest returns": small().assign(repeats=lambda x: x["repeats"] * (x["score"] > 2)),
    "one customer": small(cluster=0),
    "one customer answers often": small(cluster=np.maximum(np.arange(300) - 200, 0)),
    "three of 200 return": small(200, repeats=[1] * 3 + [0] * 197),
    "nearly all say ten": small(score=[10] * 280 + [0, 5, 9, 8] * 5),
    "one category with none": small(tier=["a", "b", "c"] * 100).assign(
        repeats=lambda x: x["repeats"] * (x["tier"] != "c")
    ),
    "missing categories": small(tier=["a", None, "c"] * 100),
    "collinear history": small(prior_orders=np.arange(300) % 7).assign(
        tenure_days=lambda x: x["prior_orders"]
    ),
    "scores from 1 to 5": small(score=np.arange(300) % 5 + 1),
    "halves of a point": small(score=np.arange(300) % 21 / 2),
    "no such controls": small().drop(columns=["tier", "prior_orders"]),
    "one spends all": small(spend=[1e6] + [0.0] * 299),
    "nothing is spent": small(spend=0.0),
    "more is returned than bought": small(spend=-1.0),
}
ALL = ("prior_orders", "recency", "tenure", "tier")
ASKED = {
    "raw_rates": lambda cells: raw_rates(cells, scale=(0, 10)),
    "repeat_effect": lambda cells: repeat_effect(cells, controls=ALL),
    "before_and_after": lambda cells: to_frame(
        before_and_after(cells, scale=(0, 10), controls=ALL)
    ),
    "adjusted_sentence": lambda cells: adjusted_sentence(controls_used(cells, controls=ALL)),
    "adjusted_rates": lambda cells: adjusted_rates(cells, controls=ALL),
    "repeat_curve": lambda cells: repeat_curve(cells, controls=ALL),
    "linearity": lambda cells: linearity(cells, controls=ALL),
    "effect_by_band": lambda cells: effect_by_band(cells, bands=NPS_BANDS, controls=ALL),
    "per_10_nps": lambda cells: per_10_nps(cells, controls=ALL),
    "headline": lambda cells: repeat_effect_per_10_nps(cells, controls=ALL),
    "effect_by_segment": lambda cells: effect_by_segment(cells, "tier", controls=ALL),
    "of money": lambda cells: effect_of_a_point(cells, outcome="spend", controls=ALL, unit="EUR"),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("cells", HARD.values(), ids=HARD)
def test_hard_data_give_a_number_or_a_reason(cells, ask):
    before = cells.copy()
    said = ask(cells)
    pd.testing.assert_frame_equal(cells, before)
    if isinstance(said, pd.DataFrame):
        numbers = said[["value", "low", "high"]]
        assert (numbers.isna().all(axis=1) == (said["why"] != "")).all()
        assert np.isfinite(numbers.dropna().to_numpy()).all()
    elif isinstance(said, NotEstimable):
        assert text(said).endswith(".") and said.n == len(cells)
    elif isinstance(said, Wald):
        assert 0 <= said.p <= 1
    else:
        assert isinstance(said, Estimate | str)


@pytest.mark.parametrize(
    "name",
    ["no answers", "ten answers", "one score", "all return", "one customer"],
)
def test_what_can_not_be_compared_is_never_a_number(name):
    cells = HARD[name]
    assert isinstance(repeat_effect(cells), NotEstimable)
    assert isinstance(linearity(cells), NotEstimable)
    assert isinstance(repeat_effect_per_10_nps(cells), NotEstimable)
    assert per_10_nps(cells)["value"].isna().all()


def test_where_the_score_tells_all_there_are_numbers_and_no_test_of_a_bend():
    cells = HARD["complete separation"]
    effect = repeat_effect(cells)
    assert effect.low > 0 and PENALISED in effect.method
    assert adjusted_rates(cells)["value"].notna().all()
    assert linearity(cells).why.key == "bend_where_all_or_none"
    assert repeat_effect_per_10_nps(cells).why.key == "group_all_alike"
    assert per_10_nps(cells)["value"].isna().all()


def test_fewer_than_four_scores_say_nothing_of_a_bend():
    assert "four scores" in text(linearity(HARD["three scores"]))
    assert repeat_curve(HARD["two scores"])["value"].isna().all()


def test_a_segment_that_is_not_there_is_named():
    frame = effect_by_segment(small(), "planet")
    assert in_words(frame)["why"].tolist() == ["The data have no segment 'planet'."]


@pytest.mark.parametrize(("share", "left_out"), [(0.02, True), (0.5, False)])
def test_a_history_that_no_repeat_shares_is_left_out_if_few_have_it(share, left_out):
    rng = np.random.default_rng(2)
    n = 600
    score = rng.integers(0, 11, n)
    repeats = rng.random(n) < 0.1 + 0.04 * score
    again = np.where(repeats | (rng.random(n) > share), 1, 2)
    cells = pd.DataFrame(
        {"score": score, "n": 1, "repeats": repeats.astype(int), "prior_orders": again}
    ).assign(cluster=np.arange(n))
    adjusted = repeat_effect(cells, controls=["prior_orders"])
    if not left_out:
        assert "perfectly who came back" in text(adjusted)
        return
    assert adjusted.value == pytest.approx(repeat_effect(cells).value)
    assert "without prior_orders" in adjusted.method


def test_a_history_with_stays_on_both_sides_of_the_repeats_is_adjusted_for():
    rng = np.random.default_rng(4)
    score = rng.integers(0, 11, 600)
    repeats = rng.random(600) < 0.1 + 0.04 * score
    before = np.where(repeats | (rng.random(600) > 0.04), 1, 2 * rng.integers(0, 2, 600))
    cells = pd.DataFrame({"score": score, "n": 1, "repeats": repeats.astype(int)})
    cells = cells.assign(prior_orders=before, cluster=np.arange(600))
    assert "adjusted for prior_orders" in repeat_effect(cells, controls=["prior_orders"]).method
