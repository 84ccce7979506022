"""What a point is worth holds in invented worlds, adds up, and agrees with the books by hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from editions import findings, publish_here, write_company
from link_worlds import confounded, rows, spending
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail
from test_odd_firms import ASKED, SLIPS, shop

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.core.periods import Period
from profitchain.effects.elasticity import elasticity_along, sales_elasticity
from profitchain.effects.power import (
    arm_for_means,
    arm_for_rates,
    deviation,
    experiment,
    months_to_halve,
    smallest_detectable,
)
from profitchain.effects.repeat_effect import effect_of_a_point
from profitchain.effects.scenarios import (
    Levels,
    Move,
    by_start,
    changed,
    levels_of_money,
    mending_and_delighting,
    nps_table,
    scenario_table,
    standard_moves,
    up_to,
)
from profitchain.measures.data_quality import compare_with_books, differing
from profitchain.panel.edition import read_period
from profitchain.sources.settings import Question
from profitchain.words.reasons import in_words, text

WORLDS = int(os.environ.get("PROFITCHAIN_WORLDS", "100"))
NPS = Question(name="nps", kind="nps")
CSAT = Question(name="csat", kind="csat")
EFFORT = Question(name="ces", kind="ces", easy_is="low")
HOW = {"controls": ("prior_orders",), "currency": "EUR"}
EXACT = 1e-9  # the same arithmetic in another order


def exponential(rng: np.random.Generator, *, answers: int = 1500, bend: float = 0.15):
    """Return answers whose mean spend is exponential in score and history, and that true mean.

    The mean at a score, all histories as they are, is closed: a factor of the score times one of
    the histories.
    """
    cells, _ = confounded(rng, answers=answers, customers=answers)
    history = 0.3 * np.log1p(cells["prior_orders"].to_numpy())

    def of_score(score: np.ndarray) -> np.ndarray:
        return np.exp(2 + 0.04 * score + bend * np.maximum(score - 6, 0))

    mean = of_score(cells["score"].to_numpy()) * np.exp(history)
    came = rng.random(answers) < 0.6
    luck = np.exp(0.7 * rng.standard_normal(answers) - 0.7**2 / 2)
    cells = cells.assign(repeats=came.astype(int), spend=came * mean / 0.6 * luck)
    cells["margin"] = 0.4 * cells["spend"]
    scale = 0.4 * np.exp(history).mean()
    return cells, lambda score: scale * of_score(np.asarray(score, float))


def within_chance(hits: list[bool], slack: float = 0.02) -> bool:
    low = stats.binom.ppf(0.0005, len(hits), 0.95 - slack)
    high = stats.binom.ppf(0.9995, len(hits), min(0.95 + slack, 1))
    return len(hits) >= 0.9 * WORLDS and low <= sum(hits) <= high


def holds(said: MaybeEstimate, truth: float) -> bool:
    return said.low <= truth <= said.high


def one_point_up(levels: Levels, points: float = 1.0) -> Move:
    targets = levels.raised(levels.scores, points)
    return Move(name="", starts=levels.scores, targets=targets, shares=levels.shares)


def test_intervals_of_worth_and_of_scenarios_hold_the_truth_as_often_as_they_say():
    hits = {name: [] for name in ("all up", "detractors", "difference", "worth", "elasticity")}
    for seed in range(WORLDS):
        cells, true = exponential(np.random.default_rng(seed))
        score = cells["score"].to_numpy()
        levels = levels_of_money(cells, NPS, **HOW)
        up = true(np.minimum(score + 1, 10)).mean() - true(score).mean()
        lifted = true(np.maximum(score, 7)).mean() - true(score).mean()
        ends = (true(6) - true(0)) / 6 - (true(10) - true(8)) / 2
        hits["all up"].append(holds(changed(levels, [one_point_up(levels)])[0], up))
        hits["detractors"].append(holds(changed(levels, [up_to(levels, 7, "")])[0], lifted))
        hits["difference"].append(holds(mending_and_delighting(levels)["difference"], ends))
        straight, _ = exponential(np.random.default_rng(seed), bend=0.0)
        found = sales_elasticity(straight, controls=HOW["controls"])
        hits["elasticity"].append(holds(found, 0.04 * straight["score"].mean()))
        cells, truth = spending(np.random.default_rng(seed), answers=1500, sigma=0.7)
        effect = effect_of_a_point(cells, outcome="spend", unit="EUR")
        hits["worth"].append(holds(effect, truth))
    assert {name: within_chance(found) for name, found in hits.items()} == dict.fromkeys(hits, True)


def test_a_scenario_is_what_statsmodels_predicts_at_other_scores():
    cells, _ = confounded(np.random.default_rng(4), answers=800, customers=250)
    levels = levels_of_money(cells.drop(columns="margin"), NPS, **HOW)
    found = changed(levels, [one_point_up(levels)])[0]

    def design(score: np.ndarray) -> np.ndarray:
        bends = [np.maximum(score - 6, 0), np.maximum(score - 8, 0)]
        history = cells["prior_orders"].to_numpy()
        return np.column_stack([score, *bends, np.ones(len(score)), np.log1p(history)])

    score = cells["score"].to_numpy(float)
    model = sm.GLM(cells["spend"], design(score), family=sm.families.Poisson())
    fitted = model.fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": cells["cluster"]})
    value, gradient = 0.0, np.zeros(5)
    for sign, scores in ((1, np.minimum(score + 1, 10)), (-1, score)):
        for one, share in zip(*np.unique(scores, return_counts=True), strict=True):
            columns = design(np.full(len(score), one))
            mean = np.exp(columns @ fitted.params)
            value += sign * share / len(score) * mean.mean()
            gradient += sign * share / len(score) * (columns * mean[:, None]).mean(axis=0)
    error = np.sqrt(gradient @ np.asarray(fitted.cov_params()) @ gradient)
    sizes = cells.groupby("cluster").size()
    quantile = stats.t.ppf(0.975, sizes.sum() ** 2 / (sizes**2).sum() - 1)
    assert found.value == pytest.approx(value, rel=1e-6)
    assert (found.high - found.low) / 2 == pytest.approx(quantile * error, rel=1e-5)


def test_scenarios_add_up_and_no_move_is_worth_nothing():
    cells, _ = exponential(np.random.default_rng(5))
    levels = levels_of_money(cells, NPS, **HOW)
    once, twice = one_point_up(levels), one_point_up(levels, 2)
    again = Move(name="", starts=once.targets, targets=twice.targets, shares=levels.shares)
    mended = up_to(levels, 7, "mended")
    below = levels.scores < 7
    parts = [
        Move(name="", starts=np.array([s]), targets=np.array([7.0]), shares=np.array([share]))
        for s, share in zip(levels.scores[below], levels.shares[below], strict=True)
    ]
    first, second, whole, of_mended, *of_parts = [
        one.value for one in changed(levels, [once, again, twice, mended, *parts])
    ]
    still = changed(levels, [one_point_up(levels, 0)])[0]
    assert first + second == pytest.approx(whole, abs=EXACT)
    assert sum(of_parts) == pytest.approx(of_mended, abs=EXACT)
    assert (still.value, still.low, still.high) == (0, 0, 0)
    assert changed(levels, [one_point_up(levels)])[0].value == pytest.approx(first, abs=EXACT)


def test_ten_nps_points_are_ten_times_one_and_need_answers_to_move():
    cells, _ = exponential(np.random.default_rng(6))
    cells = cells[(cells["score"] > 6) | (np.arange(len(cells)) % 9 == 0)]
    table = nps_table(cells, NPS, **HOW)
    values = table.pivot(index="scenario", columns="NPS_points", values="per_answer_value")
    assert np.allclose(values[10], 10 * values[1])
    assert np.allclose(values[5], 5 * values[1])
    share = (cells["score"] <= 6).mean()
    assert 0.05 <= share < 0.10
    can = table.set_index(["scenario", "NPS_points"])["possible"]
    assert can["detractors become passives", 5] == "yes"
    assert can["detractors become passives", 10] == "no"
    assert can["detractors become promoters", 10] == "yes"
    assert nps_table(cells, CSAT, **HOW).empty


def test_the_steps_between_scores_lead_from_the_bottom_to_the_top():
    cells, true = exponential(np.random.default_rng(7), answers=20_000)
    steps = by_start(levels_of_money(cells, NPS, **HOW))
    assert in_words(steps)["step"].tolist()[::9] == ["0 to 1", "9 to 10"]
    assert steps["value"].sum() == pytest.approx(true(10) - true(0), rel=0.1)
    assert (steps["n"] == cells["n"].sum()).all()  # no step tells how few gave a score


def test_where_easy_is_low_answers_get_better_downwards():
    cells, _ = exponential(np.random.default_rng(8))
    cells = cells.assign(score=np.clip(np.round(7 - 0.6 * cells["score"]), 1, 7))
    levels = levels_of_money(cells, EFFORT, **HOW)
    assert one_point_up(levels).targets.min() == 1
    assert (one_point_up(levels).targets <= levels.scores).all()
    assert changed(levels, [one_point_up(levels)])[0].value > 0
    assert text(by_start(levels)["step"].iloc[0]) == "7 to 6"
    names = [move.key for move in standard_moves(levels, cells, EFFORT)]
    assert names == ["All above 2 reach 2"]


def test_the_worst_group_rises_to_the_mean_of_all_and_no_further():
    cells, _ = exponential(np.random.default_rng(9))
    levels = levels_of_money(cells, NPS, **HOW)
    move = standard_moves(levels, cells, NPS, segments=["tier", "absent"])[-1]
    poor = cells[cells["tier"] == "bronze"]
    by = cells["score"].mean() - poor["score"].mean()
    assert move.key == text(move.label) == "tier: bronze up to the mean of all"
    assert move.moved == pytest.approx((poor["score"] < 10).mean() * len(poor) / len(cells))
    assert (move.targets - move.starts).max() == pytest.approx(by)
    same = cells.assign(tier="one")
    assert len(standard_moves(levels, same, NPS, segments=["tier"])) == 1


def test_elasticity_is_the_change_that_one_percent_more_makes():
    cells, _ = exponential(np.random.default_rng(10), bend=0.0)
    found = sales_elasticity(cells, controls=HOW["controls"])
    terms = [cells["score"], np.ones(len(cells)), np.log1p(cells["prior_orders"])]
    fitted = sm.GLM(cells["spend"], np.column_stack(terms), family=sm.families.Poisson()).fit()
    more = np.column_stack([cells["score"] + 0.0001 * cells["score"].mean(), *terms[1:]])
    now, then = fitted.predict().mean(), fitted.predict(more).mean()
    assert found.value == pytest.approx((then / now - 1) / 0.0001, rel=1e-3)
    along = elasticity_along(cells, (0, 10), controls=HOW["controls"])
    assert along["value"].is_monotonic_increasing
    assert along.set_index("mean_score").loc["9", "most_rise"] == pytest.approx(1 / 9)


def orders_of(*placed: tuple[str, str, float]) -> pd.DataFrame:
    table = pd.DataFrame(placed, columns=["customer_id", "ordered_at", "revenue"])
    return table.assign(order_id=[f"O{number}" for number in range(len(table))])


def by_hand(folder: Path, **books: float) -> Path:
    orders = orders_of(
        ("a", "2025-01-01 10:00", 10), ("a", "2025-04-02 00:00", 10), ("b", "2025-10-02 12:00", 10),
        ("a", "2025-10-03 12:00", 10), ("a", "2026-01-05 09:00", 10), ("b", "2026-03-01 09:00", 10),
        ("b", "2026-03-02 09:00", 10), ("c", "2026-03-31 23:59", 80), ("c", "2026-03-31 23:59", -5),
    )  # fmt: skip
    totals = [{"period": "2026Q1", "measure": name, "amount": books[name]} for name in books]
    totals.append({"period": "2025Q4", "measure": "revenue", "amount": 1})
    tables = {"orders": orders, "control_totals": pd.DataFrame(totals)}
    return write_company(folder, tables, repeat_within_days=90)


def test_our_totals_are_held_against_the_books_by_hand(tmp_path):
    books = {"revenue": 105.0, "orders": 4, "active_customers": 2}
    edition = read_period(by_hand(tmp_path, **books), "2026Q1")
    ours = {
        "revenue": counted(105.0, unit="EUR"),
        "orders": counted(4, unit="orders"),
        "active_customers": counted(3, unit="customers"),
    }
    told = compare_with_books(
        ours, edition.table("control_totals"), edition.period, tolerance=0.005
    )
    assert told["books"].tolist() == list(books.values())
    assert told["verdict"].tolist() == ["agrees", "agrees", "differs"]
    assert told["apart"].tolist() == [0, 0, 0.5]
    assert differing(told)["measure"].tolist() == ["active_customers"]
    assert compare_with_books(ours, None, edition.period, tolerance=0.005).empty


@pytest.mark.parametrize(("books", "verdict"), [(100.5, "agrees"), (100.6, "differs")])
def test_a_difference_just_within_the_tolerance_is_let_pass(books, verdict):
    table = pd.DataFrame({"period": ["2026-03"], "measure": ["revenue"], "amount": [books]})
    ours = {"revenue": counted(100.0, unit="EUR")}
    told = compare_with_books(ours, table, Period("2026-03"), tolerance=0.5 / 100.5)
    assert told["verdict"].tolist() == [verdict]


@pytest.mark.parametrize("rates", [(0.30, 0.34), (0.02, 0.03), (0.55, 0.45)])
def test_an_experiment_on_rates_is_as_large_as_statsmodels_says(rates):
    control, treated = rates
    theirs = samplesize_proportions_2indep_onetail(
        treated - control, control, 0.8, alpha=0.05, alternative="two-sided"
    )
    assert arm_for_rates(control, treated) == pytest.approx(theirs, abs=1.5)


def test_an_experiment_on_means_is_as_large_as_statsmodels_says():
    theirs = NormalIndPower().solve_power(effect_size=0.07, alpha=0.05, power=0.9)
    assert arm_for_means(10.0, 0.7, power=0.9) == pytest.approx(theirs, abs=1.5)


def test_one_answer_a_customer_has_the_usual_deviation_and_like_answers_count_as_one():
    cells = rows(score=[1, 2, 3, 4], repeats=[0, 1, 1, 0], margin=[0.0, 4.0, 8.0, 0.0])
    assert deviation(cells, "margin") == pytest.approx(np.std([0, 4, 8, 0], ddof=1))
    twice = pd.concat([cells, cells], ignore_index=True)
    assert deviation(twice, "margin") == pytest.approx(np.sqrt(2) * deviation(cells, "margin"))


def test_an_effect_as_large_as_the_smallest_detectable_is_found_four_times_in_five():
    effect = Estimate(value=0.0, low=-0.02, high=0.02, n=500, unit="share")
    error = 0.02 / stats.norm.ppf(0.975)
    power = stats.norm.sf(stats.norm.ppf(0.975) - smallest_detectable(effect) / error)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert smallest_detectable(effect, power=0.9) > smallest_detectable(effect)


def test_the_wait_for_a_narrower_interval_goes_by_the_answers_of_the_period():
    cells = rows(score=[1.0] * 40, repeats=[0] * 40, closes=["2026Q1"] * 10 + ["2025Q4"] * 30)
    assert months_to_halve(cells, cells, Period("2026Q1")).value == pytest.approx(3 * 40 / (10 / 3))
    assert isinstance(months_to_halve(cells, cells, Period("2026Q2")), NotEstimable)


def test_no_experiment_is_sized_on_an_effect_that_spans_zero():
    cells = rows(score=[1, 2, 3, 4], repeats=[0, 1, 1, 0])
    unclear = Estimate(value=0.01, low=-0.01, high=0.03, n=4, unit="share")
    plan = experiment(cells, {"repeats": unclear, "margin": NotEstimable("no_margin", n=4)})
    assert plan["customers_per_arm"].isna().all()
    assert plan["why"].ne("").all()


@pytest.mark.parametrize("score", [7.0, None])
def test_answers_that_cannot_be_compared_give_reasons_and_no_numbers(score):
    cells = rows(score=[score or 1.0] * 30, repeats=[0, 1] * 15)
    cells = cells if score else cells.iloc[:0]
    levels = levels_of_money(cells, NPS, **HOW)
    assert isinstance(levels, NotEstimable)
    assert standard_moves(levels, cells, NPS) == []
    table = scenario_table(levels, [])
    assert bool(table["per_answer_why"].iloc[0])
    for frame in (by_start(levels), nps_table(cells, NPS, **HOW)):
        assert frame.filter(like="value").isna().all(axis=None)
    assert all(isinstance(one, NotEstimable) for one in mending_and_delighting(levels).values())
    assert isinstance(sales_elasticity(cells), NotEstimable)


def published(folder: Path, **keys: object) -> tuple[pd.DataFrame, str]:
    company = write_company(folder, keys.pop("tables", shop()), **ASKED | keys)
    edition = publish_here(company, "2026Q1", only=["08_worth"], out=folder / "out")
    return findings(edition), (edition / "08_worth.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("question", "answers"),
    [("csat", 0), ("rating", 15), ("ces", 15), ("csat", 450), ("ces", 450)],
)
def test_the_page_is_whole_for_other_questions_and_few_answers(tmp_path, question, answers):
    tables = shop()
    asked = {"column": "nps", "kind": question, "scale": [0, 10]}
    asked |= {"easy_is": "low"} if question == "ces" else {}
    tables["responses"] = tables["responses"].head(answers)
    found, page = published(tmp_path, tables=tables, questions={"nps": asked})
    assert not SLIPS.search(re.sub(r"<style>.*?</style>|<pre.*?</pre>", " ", page, flags=re.S))
    assert "it has no NPS points" in page
    assert ("sales_elasticity" in found.index) == (answers == 450)


def test_a_firm_without_margin_hears_of_revenue_and_of_books_that_differ_first(tmp_path):
    books = pd.DataFrame({"period": ["2026Q1"], "measure": ["revenue"], "amount": [1.0]})
    found, page = published(tmp_path, tables=shop() | {"control_totals": books})
    assert "worth_of_a_point" not in found.index
    assert "in the first 180 days after each" in page  # what is known so far
    answer = page[page.index('<ul class="answer">') :]
    assert answer.index("part from the books") < answer.index("one more point")


def test_an_assumed_margin_makes_no_figure_of_its_own(tmp_path):
    found, page = published(tmp_path, gross_margin=0.3)
    assert "worth_of_a_point" not in found.index
    assert "margin is assumed at 30% of revenue" in page
