"""Intervals of ratios: against closed forms, statsmodels, and worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.stats.comparisons import (
    Measure,
    by_groups,
    change_since,
    measure_series,
    period_totals,
    trend,
)
from profitchain.stats.ratios import change, difference, holm, ratio
from profitchain.words.reasons import in_words, text

WORLDS = 300  # a 95% interval must hold the truth in 92% to 98.5% of them: over two standard errors
FEWEST, MOST = 0.92, 0.985


def sums(y: object, n: object = 1, cluster: object = None) -> pd.DataFrame:
    y = np.asarray(y, float)
    return pd.DataFrame(
        {"cluster": np.arange(len(y)) if cluster is None else cluster, "y": y, "n": n}
    )


def of(frame: pd.DataFrame, **changes: object) -> Estimate | NotEstimable:
    return ratio(frame, **{"numerator": "y", "denominator": "n", "unit": "share", **changes})


def test_a_share_of_independent_customers_has_the_wilson_interval_of_statsmodels() -> None:
    found = of(sums([1] * 37 + [0] * 63), bounds=(0, 1))
    # the two differ by t for z and by 99 for 100 in the variance
    z = stats.t.ppf(0.975, 99)
    low, high = proportion_confint(37, 100, alpha=2 * stats.norm.sf(z), method="wilson")
    assert found.value == 0.37
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)


def test_a_ratio_has_the_cluster_robust_error_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    cluster = rng.integers(0, 60, 500)
    rows = sums(rng.gamma(2, 20, 500) + 10 * (cluster % 3), cluster=cluster)
    found = of(rows, unit="EUR")
    fit = sm.OLS(rows["y"], np.ones(500)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    error = fit.bse.iloc[0] * np.sqrt(60 / 59)
    share = rows.groupby("cluster")["n"].sum() / 500
    quantile = stats.t.ppf(0.975, 1 / (share @ share) - 1)
    assert found.value == pytest.approx(fit.params.iloc[0], rel=1e-12)
    assert (found.high - found.low) / 2 == pytest.approx(quantile * error, rel=1e-10)


def test_answers_summed_by_customer_say_the_same_as_answers_one_by_one() -> None:
    rng = np.random.default_rng(5)
    rows = sums(rng.integers(0, 2, 300), cluster=rng.integers(0, 80, 300))
    cells = rows.groupby(["cluster", "y"], as_index=False)["n"].sum()
    cells["y"] *= cells["n"]
    one, other = of(rows, bounds=(0, 1)), of(cells, bounds=(0, 1))
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@pytest.mark.parametrize(
    ("scores", "bounds"), [([5.0] * 12, (1, 5)), ([100.0] * 12, (-100, 100)), ([0.0] * 12, (0, 1))]
)
def test_when_everybody_agrees_the_interval_stays_on_the_scale_and_is_not_a_point(
    scores: list[float], bounds: tuple[float, float]
) -> None:
    found = of(sums(scores), bounds=bounds)
    assert bounds[0] <= found.low <= found.value <= found.high <= bounds[1]
    assert found.high - found.low > 0.1 * (bounds[1] - bounds[0])


ONE_OF_MANY = np.r_[np.zeros(300), np.arange(1, 41)]


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (sums([]), "Nothing was counted"),
        (sums([1.0, 0.0]), "hardly any customers"),
        (sums(np.r_[np.ones(300), np.zeros(40)], cluster=ONE_OF_MANY), "one customer"),
    ],
)  # fmt: skip
def test_too_little_is_said_to_be_so(frame: pd.DataFrame, why: str) -> None:
    found = of(frame, bounds=(0, 1))
    assert isinstance(found, NotEstimable)
    assert why in text(found)


def test_a_group_below_the_privacy_limit_is_refused() -> None:
    assert isinstance(of(sums(np.tile([0.0, 1.0], 4)), bounds=(0, 1), smallest=9), NotEstimable)
    assert isinstance(of(sums(np.tile([0.0, 1.0], 5)), bounds=(0, 1), smallest=10), Estimate)


def test_a_refund_counts_in_the_money_of_a_customer_without_orders() -> None:
    rows = sums([100.0] * 10 + [-50.0], n=[1] * 10 + [0])
    assert of(rows, unit="EUR").value == 95.0


def nps_world(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Return 150 customers who answer one to four times, alike in their answers."""
    times = rng.integers(1, 5, 150)
    cluster = np.repeat(np.arange(150), times)
    mood = np.repeat(rng.normal(0, 1, 150), times)
    feeling = (mood + rng.normal(0, 1, len(cluster))) / np.sqrt(2)
    y = np.where(feeling > 0, 100, np.where(feeling < -1, -100, 0))
    return sums(y, cluster=cluster), 100 * (stats.norm.sf(0) - stats.norm.cdf(-1))


def share_world(rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
    return sums(rng.random(200) < 0.015), 0.015


@pytest.mark.parametrize(("world", "bounds"), [(nps_world, (-100, 100)), (share_world, (0, 1))])
def test_the_interval_holds_the_truth_as_often_as_it_says(world: object, bounds: tuple) -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(WORLDS):
        frame, truth = world(rng)
        found = of(frame, bounds=bounds)
        held.append(found.low <= truth <= found.high)
    assert FEWEST <= np.mean(held) <= MOST


def test_the_change_counts_that_the_same_customers_answered_twice() -> None:
    rng = np.random.default_rng(12)
    held, widths, blind = [], [], []
    for _ in range(WORLDS):
        mood = rng.normal(0, 1, 120)
        before = sums(mood + rng.normal(0, 0.5, 120) > 0)
        now = sums(mood + rng.normal(0, 0.5, 120) > -0.2)
        truth = stats.norm.cdf(0.2 / np.sqrt(1.25)) - 0.5
        known = {"numerator": "y", "denominator": "n", "unit": "share", "bounds": (0, 1)}
        found = change(now, before, **known)
        strangers = change(now, before.assign(cluster=before["cluster"] + 1000), **known)
        held.append(found.low <= truth <= found.high)
        widths.append(found.high - found.low)
        blind.append(strangers.high - strangers.low)
    assert FEWEST <= np.mean(held) <= MOST
    assert np.mean(widths) < 0.75 * np.mean(blind)


SHARE = Measure(id="s", numerator="y", denominator="n", unit="share", bounds=(0.0, 1.0))


def two_periods() -> pd.DataFrame:
    first = sums([1.0] * 30 + [0.0] * 70).assign(period="2025Q4")
    return pd.concat([first, sums([1.0] * 60 + [0.0] * 40).assign(period="2026Q1")])


def test_a_trend_leaves_a_gap_with_its_reason_where_nothing_was_counted() -> None:
    found = trend(two_periods(), SHARE, Period("2026Q1").last(3))
    assert found["period"].tolist() == ["2025Q3", "2025Q4", "2026Q1"]
    assert found["value"].tolist()[1:] == [0.3, 0.6]
    assert np.isnan(found["value"][0])
    assert in_words(found)["why"][0] == "Nothing was counted here."


def test_a_story_holds_the_figure_and_both_changes() -> None:
    told = measure_series(two_periods(), SHARE, Period("2026Q1").last(8))
    assert told.now.value == 0.6
    assert told.change.value == pytest.approx(0.3)
    assert told.change.verdict == "up"
    assert isinstance(told.change_on_year, NotEstimable)
    assert change_since(two_periods(), SHARE, Period("2025Q4"), Period("2026Q1")).verdict == "down"


def test_totals_of_a_period_are_counted_in_full() -> None:
    found = period_totals(two_periods(), "y", Period("2026Q1").last(2), unit="orders")
    assert found[["value", "low", "high"]].to_numpy().tolist() == [[30] * 3, [60] * 3]


def test_the_p_value_of_a_difference_is_that_of_two_independent_samples() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(0, 1, 80), rng.normal(0.3, 1, 90)
    apart, p = difference(
        sums(one), sums(other, cluster=np.arange(90) + 500), numerator="y", denominator="n"
    )
    outside = stats.ttest_ind(one, other, equal_var=False)
    assert apart == pytest.approx(one.mean() - other.mean())
    assert p == pytest.approx(outside.pvalue, rel=1e-6)


def grouped(rng: np.random.Generator, groups: int, shift: float = 0.0) -> pd.DataFrame:
    rows = sums(rng.random(groups * 60) < 0.5).assign(
        region=np.repeat(np.arange(groups), 60).astype(str)
    )
    first = rows["region"] == "0"
    return rows.assign(y=np.where(first, (rng.random(len(rows)) < 0.5 + shift) * 1.0, rows["y"]))


@pytest.mark.worlds
def test_of_many_groups_that_are_alike_hardly_any_is_called_different() -> None:
    rng = np.random.default_rng(8)
    called = [
        by_groups(grouped(rng, 12), SHARE, ["region"], smallest=10)["p_adjusted"].min() < 0.05
        for _ in range(40)
    ]  # fmt: skip
    assert np.mean(called) <= 0.15


def test_a_group_that_differs_is_found_and_a_small_one_is_not_shown() -> None:
    rng = np.random.default_rng(9)
    rows = grouped(rng, 6, shift=0.35)
    few = sums(np.ones(4), cluster=np.arange(4) + 9000).assign(region="few")
    rows = pd.concat([rows.iloc[:-1], few], ignore_index=True)
    found = by_groups(rows, SHARE, ["region"], smallest=10)
    verdicts = dict(zip(found["group"], found["verdict"], strict=True))
    assert verdicts["0"] == "above the rest"
    hidden = found[found["group"].isin(["few", "5"])]  # the next smallest would tell of the few
    assert (hidden["verdict"] == "").all() and hidden["value"].isna().all()
    assert (hidden["n"] == 0).all() and hidden["why"].nunique() == 1  # nor which of them is small


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_holm_s_p_values_are_those_of_statsmodels_and_leave_unknown_ones_out(count):
    drawn = np.random.default_rng(count).uniform(size=count) ** 3
    drawn[: count // 3] = drawn[-1]  # ties
    with_gap = np.insert(drawn, count // 2, np.nan)
    known = ~np.isnan(with_gap)
    expected = multipletests(drawn, method="holm")[1]
    found = holm(pd.Series(with_gap))
    assert np.isnan(found[~known]).all()
    np.testing.assert_allclose(found[known], expected, rtol=1e-12)
