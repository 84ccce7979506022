"""Who comes back how soon, who leaves, and whom to call: by hand, by truth, by outside programs.

Shares of worlds are judged within what chance allows (`PROFITCHAIN_WORLDS`).
"""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from churn_worlds import PER_POINT, predicted, returning, snapshots
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import NotEstimable
from profitchain.core.periods import Period
from profitchain.effects import power
from profitchain.exhibits import record_ids
from profitchain.lifetime import (
    churn_model,
    contact_value,
    cox_model,
    retention_targeting,
    time_to_order,
)
from profitchain.measures import loyalty
from profitchain.sources.settings import Question
from profitchain.stats import forecast_scores
from profitchain.stats.ratios import stated
from profitchain.words import catalogue, churn, pace, presentation, reasons, retention

WORLDS = int(os.environ.get("PROFITCHAIN_WORLDS", "200"))
ALLOWED = 0.001  # how often a right estimator may fail by chance
NPS = Question(name="nps", kind="nps")
CSAT = Question(name="csat", kind="csat", scale=(0, 10), satisfied_from=8)
COST = 2.0  # of a call
FIRM = SimpleNamespace(
    company=SimpleNamespace(currency="EUR", lookback_months=12),
    period=Period("2026Q1"),
    assumed_margin=None,
)
WORDS = catalogue.page("11_churn")
OUTSIDE = {  # tests/references/churn_outside.py: lifelines 0.30.3, scikit-learn 1.9.1
    "log ratios": [0.03697232408746529, 0.20903342541364447],
    "robust errors": [0.018491323686279964, 0.08060497818861075],
    "even": [5.306959791196994, 0.0013808062297928113],
    "log-rank p": 0.0004196718230465163,
    "auc": [0.7371859862566182, 0.7481774730845363],
    "brier": 0.2029753275541338,
    "slope": 0.9998099990418997,
}


def spoken(said: list[presentation.Said]) -> str:
    words = WORDS["answer"] | WORDS["notes"]
    return " ".join(presentation.text(words, each.key, each.values) for each in said)


def said_of_calls(plan, forecast) -> str:
    """Return what the page's answer and note say of calls."""
    first = retention.pays_from(plan, FIRM)[:1]
    return spoken([*first, *retention.success(plan, forecast, edition=FIRM)])


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def within_chance(hits: int, share: float, *, of: int = WORLDS, slack: float = 0.01) -> bool:
    low = stats.binom.ppf(ALLOWED / 2, of, share - slack)
    return low <= hits <= stats.binom.ppf(1 - ALLOWED / 2, of, min(share + slack, 1))


def columns(trial: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(trial[column].to_numpy() for column in ("outcome", name, "cluster"))


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return snapshots(rng(), customers=3000)


@pytest.fixture(scope="module")
def forecast(world: pd.DataFrame) -> churn_model.ChurnForecast:
    result = churn_model.forecast_churn(world, per_year=4)
    assert isinstance(result, churn_model.ChurnForecast)
    return result


@pytest.fixture(scope="module")
def models() -> list[cox_model.CoxModel]:
    """One fitted model a world in which the score counts the same on every day."""
    return [cox_model.fit(returning(rng(seed), customers=250)) for seed in range(WORLDS)]


@pytest.fixture(scope="module")
def of_noise() -> list[churn_model.ChurnForecast]:
    """One forecast a world in which the scores mean nothing."""
    worlds = [snapshots(rng(seed), customers=300, per_point=0.0, backs=4) for seed in range(60)]
    return [churn_model.forecast_churn(world, per_year=4) for world in worlds]


# How soon they return


def test_a_drawn_curve_has_fewer_steps_and_each_is_the_curve_s_own():
    curves = time_to_order.return_curves(returning(rng(), customers=400), NPS, smallest=2)
    drawn = time_to_order.thinned(curves, most=10)
    for group, rows in drawn.groupby("group"):
        whole = curves[curves["group"] == group]
        assert len(rows) <= 10 < len(whole)
        assert rows["days"].iloc[[0, -1]].tolist() == whole["days"].iloc[[0, -1]].tolist()
        kept = rows.merge(whole, on=["days", "value", "low", "high", "n"])
        assert len(kept) == len(rows)


def test_a_survival_curve_counted_by_frequency_has_greenwoods_variance():
    """Against statsmodels on one row a customer, whose error is Greenwood's."""
    times = returning(rng(), customers=300)
    counts = times.groupby(["days", "event"], as_index=False).size()
    curve = loyalty.time_to_next_order(counts.rename(columns={"size": "n"})).set_index("days")
    single = SurvfuncRight(times["days"].clip(lower=0.5), times["event"])
    at = np.searchsorted(single.surv_times, 60, side="right") - 1
    alive, error = single.surv_prob[at], single.surv_prob_se[at]
    low = 1 - alive ** np.exp(-1.959964 * error / abs(alive * np.log(alive)))
    row = curve.loc[single.surv_times[at]]
    assert_allclose([row["value"], row["low"]], [1 - alive, low], rtol=1e-6)


def test_groups_follow_the_scale_and_who_gave_no_score_has_none():
    rows = pd.DataFrame({"score": [0, 6, 7, 8, 9, 10, np.nan]})
    named = time_to_order.satisfaction_groups(rows, NPS).astype(str).tolist()
    assert named == ["detractors"] * 2 + ["passives"] * 2 + ["promoters"] * 2 + [""]
    groups = time_to_order.satisfaction_groups(rows, CSAT).astype(str).tolist()
    assert groups == ["not satisfied"] * 3 + ["satisfied"] * 3 + [""]


def test_a_curve_ends_where_fewer_than_the_smallest_group_are_watched():
    curves = time_to_order.return_curves(returning(rng(), customers=400), NPS, smallest=25)
    assert set(curves["group"]) == {"detractors", "passives", "promoters"}
    assert curves["n"].min() >= 25


def test_the_log_rank_test_agrees_with_lifelines():
    times = returning(rng(), customers=600, fades=True)
    two = Question(name="csat", kind="csat", scale=(0, 10), satisfied_from=9)
    assert_allclose(time_to_order.log_rank_test(times, two).value, OUTSIDE["log-rank p"], rtol=1e-8)


def test_the_log_rank_test_has_its_size_where_the_score_means_nothing():
    worlds = (returning(rng(seed), customers=150, per_point=0.0) for seed in range(WORLDS))
    clear = sum(time_to_order.log_rank_test(world, NPS).value < 0.05 for world in worlds)
    assert within_chance(clear, 0.05, slack=0.015)


# Hazard ratios


def test_the_cox_model_and_its_test_agree_with_lifelines():
    model = cox_model.fit(returning(rng(), customers=600, fades=True))
    errors = np.sqrt(np.diag(model.ratios.covariance))
    assert_allclose(model.ratios.values, OUTSIDE["log ratios"], rtol=1e-6)
    assert_allclose(cox_model.schoenfeld_test(model), OUTSIDE["even"], rtol=1e-5, atol=1e-6)
    assert_allclose(errors, OUTSIDE["robust errors"], rtol=1e-3)


def test_score_residuals_sum_to_statsmodels_gradient_at_any_coefficients():
    times = returning(rng(3), customers=200)
    x = times[["score", "prior_orders"]].to_numpy(float)
    values = np.array([0.05, -0.1])
    _, scores = cox_model.efron_residuals(
        times["days"].to_numpy(), times["event"].to_numpy(), x, values
    )
    model = PHReg(times["days"], x, status=times["event"], ties="efron")
    assert_allclose(scores.sum(axis=0), model.score(values), rtol=1e-9)


def test_the_hazard_ratio_of_a_point_is_recovered_with_its_error(models):
    estimates = [cox_model.hazard_ratio_per_point(model) for model in models]
    held = sum(estimate.low <= np.exp(PER_POINT) <= estimate.high for estimate in estimates)
    assert within_chance(held, 0.95, slack=0.02)
    assert_allclose(
        np.mean(np.log([estimate.value for estimate in estimates])), PER_POINT, atol=0.008
    )


def test_a_score_that_fades_is_seen_to_and_one_that_lasts_mostly_not(models):
    faded = returning(rng(), customers=3000, fades=True)
    assert cox_model.proportionality_test(cox_model.fit(faded)).value < 0.001
    assert cox_model.early_and_late(faded).early.low > 1
    false = sum(cox_model.proportionality_test(model).value < 0.05 for model in models)
    assert within_chance(false, 0.05, slack=0.02)


@pytest.mark.parametrize(
    "times",
    [
        returning(rng(), customers=300).iloc[:0],
        returning(rng(), customers=300).assign(score=9.0),
        returning(rng(), customers=300).assign(event=0),
        returning(rng(), customers=12),
        returning(rng(), customers=300).assign(event=lambda t: (t["score"] > 5).astype(int)),
    ],
)
def test_where_no_hazard_can_be_told_a_reason_stands_instead(times):
    model = cox_model.fit(times)
    for function in (cox_model.hazard_ratio_per_point, cox_model.proportionality_test):
        estimate = function(model)
        assert isinstance(estimate, NotEstimable) or np.isfinite(estimate.value)
    assert len(cox_model.hazard_ratios(model))
    cox_model.early_and_late(times)
    time_to_order.return_curves(times, NPS, smallest=10)
    time_to_order.log_rank_test(times, NPS, smallest=10)


def of_few(times: pd.DataFrame, usual: float, other: float, few: int) -> np.ndarray:
    """Return a usual value, but for a few of those who ordered again, who have the other."""
    values = np.full(len(times), usual)
    values[times.index[times["event"] == 1][:few]] = other
    return values


@pytest.mark.parametrize("usual", [0.0, 1.0, 2.0, 5.0, 25.0, 365.0, 1e4, 1e9])
@pytest.mark.parametrize("few", [0, 1, 4])
def test_a_term_that_hardly_varies_is_left_out_of_the_hazard_model_and_said(usual, few):
    times = returning(rng(), customers=300)
    without = cox_model.fit(times)
    model = cox_model.fit(times.assign(recency_days=of_few(times, usual, 2 * usual + 1, few)))
    assert model.left_out == ("recency_days",) and without.left_out == ()
    assert_allclose(model.ratios.values, without.ratios.values)
    said = spoken(pace.lasting(model, cox_model.early_and_late(times), len(times), edition=FIRM))
    assert "hardly varies among those who ordered again: days since the last order." in said


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1e6])
def test_a_spread_of_a_few_hours_in_many_days_tells_no_doubling(scale):
    """Five days and up to some hours, in any unit of time: a doubling lies far outside."""
    times, lot = returning(rng(), customers=300), rng(5)
    near = scale * (1000 + lot.uniform(0, 8, 300))
    model = cox_model.fit(times.assign(recency_days=near))
    assert model.left_out == ("recency_days",)
    wide = scale * lot.lognormal(3, 1, 300)
    told = cox_model.fit(times.assign(recency_days=wide))
    assert told.left_out == (() if scale > 0.01 else ("recency_days",))  # log2(1 + x) of days


def test_ratios_without_bounds_do_not_overflow():
    """Rare values that tell who orders first, and terms that repeat one another."""
    times = returning(rng(), customers=300).sort_values("days", ignore_index=True)
    for recency in (np.arange(300) < 6, times["days"] ** 9, times["prior_orders"]):
        model = cox_model.fit(times.assign(recency_days=np.asarray(recency, float)))
        assert np.isfinite(cox_model.hazard_ratios(model)["value"].dropna()).all()


# How good a forecast was


def test_the_area_under_the_curve_by_hand_with_a_tie():
    """Leavers 0.9, 0.5; stayers 0.5, 0.1: pairs won 1, 1, 0.5, 1, so 3.5 of 4."""
    outcome, chance = np.array([1, 1, 0, 0] * 5), np.array([0.9, 0.5, 0.5, 0.1] * 5)
    result = forecast_scores.auc(outcome, chance, np.arange(20))
    assert_allclose(result.value, 3.5 / 4)
    # DeLong by hand: won by leavers 1 and 0.75 (five of each), by stayers 0.75 and 1
    assert_allclose(result.variance, 2 * (0.125**2 * 10 / 9) / 10)


def test_area_brier_skill_and_slope_agree_with_scikit_learn():
    trial = predicted(rng(), customers=500)
    areas = [forecast_scores.auc(*columns(trial, name)).value for name in ("worse", "better")]
    assert_allclose(areas, OUTSIDE["auc"], rtol=1e-12)
    left = columns(trial, "better")[0]
    skill = forecast_scores.brier_skill(*columns(trial, "better"), base_rate=left.mean())
    assert_allclose(skill.value, 1 - OUTSIDE["brier"] / left.var())
    slope = forecast_scores.calibration_line(*columns(trial, "better"))["slope"]
    assert_allclose(slope.value, OUTSIDE["slope"], rtol=1e-4)


def test_brier_skill_and_lift_by_hand():
    outcome = np.array([1] * 10 + [0] * 10, float)
    chance = np.array([0.9] * 10 + [0.4] * 10)
    skill = forecast_scores.brier_skill(outcome, chance, np.arange(20), base_rate=0.5)
    assert_allclose(skill.value, 1 - (0.01 + 0.16) / 2 / 0.25)
    assert_allclose(forecast_scores.lift(outcome, chance, np.arange(20)).value, 2.0)
    same = forecast_scores.lift(outcome, np.full(20, 0.5), np.arange(20))
    assert_allclose(same.value, 1.0)  # all tied: nobody stands at the top by accident


def test_intervals_of_a_forecasts_figures_hold_the_truth_at_their_rate():
    large = predicted(rng(99), customers=400_000)
    truth = {
        "auc": forecast_scores.auc(*columns(large, "better")).value,
        "skill": forecast_scores.brier_skill(*columns(large, "better"), base_rate=0.6).value,
        "lift": forecast_scores.lift(*columns(large, "better")).value,
        "gain": forecast_scores.gain(
            *(forecast_scores.auc(*columns(large, name)) for name in ("better", "worse"))
        ).value,
    }
    held = dict.fromkeys(truth, 0)
    for seed in range(WORLDS):
        trial = predicted(rng(seed), customers=400)
        best, other = (forecast_scores.auc(*columns(trial, name)) for name in ("better", "worse"))
        skill = forecast_scores.brier_skill(*columns(trial, "better"), base_rate=0.6)
        estimates = {
            "auc": stated(best, unit="ratio", bounds=(0, 1)),
            "skill": stated(skill, unit="share"),
            "lift": stated(forecast_scores.lift(*columns(trial, "better")), unit="ratio"),
            "gain": stated(forecast_scores.gain(best, other), unit="ratio"),
        }
        for name, estimate in estimates.items():
            held[name] += estimate.low <= truth[name] <= estimate.high
    assert all(within_chance(hits, 0.95, slack=0.02) for hits in held.values()), held


def test_chances_that_are_true_are_called_neither_bold_nor_shy():
    held = 0
    for seed in range(WORLDS):
        line = forecast_scores.calibration_line(
            *columns(predicted(rng(seed), customers=300), "better")
        )
        held += line["slope"].low <= 1 <= line["slope"].high and line["drift"].spans_zero
    assert within_chance(held, 0.95**2, slack=0.03)


def test_a_few_leavers_judge_no_forecast():
    trial = predicted(rng(), customers=100).assign(outcome=lambda t: (t.index < 5) * 1.0)
    assert isinstance(forecast_scores.auc(*columns(trial, "better")), NotEstimable)
    assert isinstance(forecast_scores.lift(*columns(trial, "better")), NotEstimable)


# Who will leave


def test_no_outcome_that_was_not_known_then_is_learnt_from(world, forecast):
    """Turning round what came after the trial's snapshot changes neither forecast of it."""
    twisted = world.assign(
        next_orders=world["next_orders"].where(world["back"] > 1, 1 - world["next_orders"])
    )
    again = churn_model.forecast_churn(twisted, per_year=4)
    assert_allclose(again.trial["satisfaction"], forecast.trial["satisfaction"])
    assert (again.trial["outcome"] != forecast.trial["outcome"]).any()


def test_the_edition_predicts_as_an_earlier_one_would_have(world):
    """The trial's chances are those that the edition a period before gave for its next period."""
    earlier = world[world["back"] > 0].assign(back=lambda rows: rows["back"] - 1)
    now = churn_model.forecast_churn(earlier, per_year=4).now["chance"].to_numpy()
    assert_allclose(
        churn_model.forecast_churn(world, per_year=4).trial["satisfaction"].to_numpy(), now
    )


def test_true_chances_are_met_and_scores_that_matter_add_to_the_forecast(forecast):
    chance, truth = forecast.now["chance"], forecast.now["true"]
    tenths = truth.groupby(pd.qcut(chance, 10)).mean()
    means = chance.groupby(pd.qcut(chance, 10)).mean()
    assert (tenths - means).abs().max() < 0.06
    assert abs(means.mean() - tenths.mean()) < 0.015
    gain = churn_model.forecast_quality(forecast, "auc")["gain"]
    assert gain.low > 0
    assert forecast.model.satisfaction_p.value < 0.001
    assert churn.foreseen(forecast).key in ("helps", "a_little")


def test_scores_that_mean_nothing_are_seldom_said_to_help(of_noise):
    gains = [churn_model.forecast_quality(forecast, "auc")["gain"] for forecast in of_noise]
    assert stats.binom.sf(sum(gain.low > 0 for gain in gains) - 1, 60, 0.025) > ALLOWED
    false = sum(forecast.model.satisfaction_p.value < 0.05 for forecast in of_noise)
    assert within_chance(false, 0.05, of=60, slack=0.02)


def test_the_quiet_are_counted_by_hand():
    rows = pd.DataFrame({"back": 0, "orders": [1] * 20 + [0], "cluster": range(21)})
    rows = rows.assign(age_days=100, last_age_days=[0] * 5 + [80] * 15 + [0])
    estimate = churn_model.inactive_share(rows, within_days=90)
    assert (estimate.value, estimate.n) == (0.25, 20)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t[t["back"] < 2], "3 ends of periods"),
        (lambda t: t[t["row"] < 20], "needed to learn from"),
        (lambda t: t.assign(next_orders=t["next_orders"] * 0), "ordered again"),
        (lambda t: t.assign(next_orders=t["next_orders"] * 0 + 1), "stayed away"),
    ],
)
def test_a_firm_that_has_too_little_to_learn_from_is_told_why(world, change, why):
    result = churn_model.forecast_churn(change(world), per_year=4)
    assert isinstance(result, NotEstimable)
    assert why in reasons.text(result)
    nothing = contact_value.contact_value(world, result)
    assert nothing is result
    assert contact_value.at_risk_list(nothing, NPS).empty
    assert churn.forecasts_table(result).empty
    assert churn.foreseen(result).key == "no_forecast"
    assert len(contact_value.break_even_curve(nothing)) == 1
    assert retention.success(nothing, result, edition=FIRM) == []


def test_without_scores_or_with_one_score_history_stands_alone(world):
    for rows in (world.drop(columns=["score", "score_age_days"]), world.assign(score=9.0)):
        result = churn_model.forecast_churn(rows, per_year=4)
        assert result.forecasts == ["history"]
        assert isinstance(churn_model.forecast_quality(result, "auc")["gain"], NotEstimable)
        assert len(churn.forecasts_table(result)) == 1


def test_the_season_is_no_sign_of_leaving(forecast):
    """Of six earlier quarters one shares the season: it differs by all that was new then."""
    assert not any("season" in name for name in forecast.model.names)


# What is at stake


def test_the_interval_of_the_value_at_risk_holds_what_comes(of_noise):
    held = 0
    for seed, forecast in enumerate(of_noise):
        at_risk = retention_targeting.value_at_risk(forecast, currency="EUR")
        now = forecast.now
        stayed_away = rng(seed + 1000).random(len(now)) < now["true"]
        held += at_risk.low <= now["revenue"] @ stayed_away <= at_risk.high
    assert within_chance(held, 0.95, of=len(of_noise), slack=0.04)


def test_groups_add_up_to_the_whole_at_risk(forecast):
    whole = retention_targeting.value_at_risk(forecast, currency="EUR")
    groups = retention_targeting.at_risk_by_group(forecast, NPS, currency="EUR", smallest=10)
    sums = groups.groupby("segment")["value"].sum()
    assert_allclose(sums, whole.value)
    assert set(groups["group"]) >= {"promoters", "no answer", "highest third"}


def with_margin(rows: pd.DataFrame, share: float = 1.0) -> pd.DataFrame:
    """Return snapshots of a firm that knows its margin."""
    money = {name.replace("revenue", "margin"): share * rows[name]
             for name in ("revenue", "period_revenue", "next_revenue")}  # fmt: skip
    return rows.assign(**money)


def by_lot(rows: pd.DataFrame, kept: float, *, seed: int = 4) -> pd.DataFrame:
    """Return snapshots in which offers, drawn by lot for half, keep a share of who would leave."""
    lot = rng(seed)
    held = (lot.random(len(rows)) < 0.5).astype(float)
    is_kept = (held == 0) & (rows["next_orders"] == 0) & (lot.random(len(rows)) < kept)
    return rows.assign(next_held_out=held, next_orders=rows["next_orders"].mask(is_kept, 1.0))


@pytest.fixture(scope="module")
def plan(world, forecast) -> contact_value.ContactValue:
    rows = with_margin(world)
    now = with_margin(forecast.now)
    return contact_value.contact_value(rows, replace(forecast, now=now), contact_cost=COST)


def test_a_call_breaks_even_where_what_it_keeps_is_worth_its_cost_by_hand(plan):
    at_stake = np.sort((plan.customers["risk"] * plan.customers["value"]).to_numpy())[::-1]
    whole = contact_value.break_even(plan)
    assert whole.value * at_stake.sum() == pytest.approx(COST * len(at_stake))
    tenth = round(len(at_stake) / 10)
    top = contact_value.break_even(plan, top=True)
    assert top.value == pytest.approx(COST / at_stake[:tenth].mean())
    assert top.low < top.value < top.high and top.value < whole.value
    curve = contact_value.break_even_curve(plan)
    assert_allclose(curve["value"].iloc[-1], whole.value)
    assert curve["value"].is_monotonic_increasing
    most = contact_value.worth_at_most(plan, currency="EUR")
    assert most.value == pytest.approx(at_stake.mean())
    halves = np.log([whole.high / whole.value, whole.value / whole.low])
    assert_allclose(halves, (most.high - most.value) / most.value, rtol=1e-6)


def test_a_test_of_calls_has_the_size_that_its_rates_need(plan):
    """By the formula of two rates, and by drawing such tests: four in five find the difference."""
    away, rate = plan.customers["risk"].mean(), contact_value.break_even(plan).value
    arm = contact_value.arm_of_a_test(plan).value
    assert arm == power.arm_for_rates(away, away * (1 - rate))
    lot, n = rng(1), int(arm)
    left = lot.binomial(n, [[away], [away * (1 - rate)]], (2, 4000)) / n
    pooled = left.mean(axis=0)
    z = (left[0] - left[1]) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.03)


def test_no_plan_rests_on_a_success_that_nobody_measured(plan, forecast):
    assert isinstance(plan.success, NotEstimable)
    for number in (contact_value.worthwhile(plan), contact_value.expected_gain(plan, currency="€")):
        assert number.why.key == "success_not_measured"
    said = said_of_calls(plan, forecast)
    assert "has not been measured" in said and "drawn by lot" in said
    assert "it pays to call" not in said and "profit" not in said


def test_success_is_measured_by_the_lot_and_held_by_its_interval():
    truth, held, values = 0.2, 0, []
    for seed in range(60):
        rows = by_lot(snapshots(rng(seed), customers=400, backs=3), truth, seed=seed)
        measured = contact_value.measured_success(rows)
        held += measured.low <= truth <= measured.high
        values.append(measured.value)
    assert within_chance(held, 0.95, of=60, slack=0.03)
    assert np.mean(values) == pytest.approx(truth, abs=4 * np.std(values) / np.sqrt(60))


def test_with_measured_success_the_plan_calls_whom_it_pays_to_call_by_hand(world, plan, forecast):
    success = contact_value.measured_success(by_lot(world, 0.3))
    assert success.low > 0
    known = replace(plan, success=success, cost=8.0)
    gains = success.value * plan.customers["at_stake"] - 8.0
    assert 0 < (gains > 0).sum() < len(gains)
    assert contact_value.worthwhile(known).value == (gains > 0).sum()
    gain = contact_value.expected_gain(known, currency="EUR")
    assert gain.value == pytest.approx(gains[gains > 0].sum())
    assert gain.low < gain.value < gain.high
    surer = replace(success, low=success.value - 1e-9, high=success.value + 1e-9)
    narrow = contact_value.expected_gain(replace(known, success=surer), currency="EUR")
    assert narrow.high - narrow.low < gain.high - gain.low  # its error is carried
    said = said_of_calls(known, forecast)
    assert "it pays to call" in said and "of margin in" in said and "profit" not in said


@pytest.mark.parametrize("kept", [0.0, -1.0])
def test_offers_that_keep_nobody_clearly_make_no_plan(plan, forecast, kept):
    unclear = replace(contact_value.break_even(plan), value=kept, low=kept - 0.1, high=kept + 0.1)
    known = replace(plan, success=unclear)
    assert contact_value.worthwhile(known).why.key == "success_not_clear"
    said = said_of_calls(known, forecast)
    assert "did not clearly keep anybody" in said and "no plan" in said


def test_a_call_too_dear_pays_at_no_rate_and_that_is_said(plan, forecast):
    dear = replace(plan, cost=1e6)
    assert contact_value.break_even(dear).why.key == "pays_at_no_rate"
    assert contact_value.break_even_curve(dear)["value"].isna().all()
    said = said_of_calls(dear, forecast)
    assert "even if everybody were kept" in said
    between = replace(plan, cost=float(contact_value.worth_at_most(plan, currency="€").high) * 1.02)
    assert "Calling everybody pays at no success rate" in said_of_calls(between, forecast)


def test_revenue_less_cost_is_no_gain(world, forecast):
    """Without a margin nothing says from when on a call pays; what is at stake is revenue."""
    plan = contact_value.contact_value(by_lot(world, 0.3), forecast, contact_cost=COST)
    assert plan.money == "revenue"
    numbers = (contact_value.break_even(plan), contact_value.expected_gain(plan, currency="EUR"))
    assert [number.why.key for number in numbers] == ["no_margin"] * 2
    said = said_of_calls(plan, forecast)
    assert "of revenue" in said and "Margin is not known" in said
    assert " profit" not in said and "it pays" not in said
    shown = retention.calls(plan, contact_value.break_even_curve(plan), edition=FIRM)
    assert shown.says == "unknown" and "profit" not in str(WORDS["exhibits"]["calls"]).lower()


def test_the_value_at_risk_is_said_to_be_weighted_by_chances(forecast):
    at_risk = retention_targeting.value_at_risk(forecast, currency="EUR")
    groups = retention_targeting.at_risk_by_group(forecast, NPS, currency="EUR")
    by_hand = (forecast.now["chance"] * forecast.now["revenue"]).sum()
    assert at_risk.value == pytest.approx(by_hand)
    shown = retention.at_stake(at_risk, groups, forecast, edition=FIRM)
    assert shown.says == "share_at_stake" and shown.values["risk"] is at_risk
    assert "chance to order nothing" in WORDS["exhibits"]["at-stake"]["measure"]
    recorded = record_ids.findings_of_risk(at_risk, groups, forecast, "EUR")
    labels = {part.label for finding in recorded for part in finding.parts}
    assert labels == {"Lookback's revenue, weighted by the chance to order nothing next"}


def test_keeping_is_worth_what_stayers_brought_more_than_like_leavers(world, forecast):
    """On the base of a year ago, by statsmodels on one row a customer."""
    then = churn_model.lookback_base(world, 4).set_index("row")
    since = world[world["back"] < 4].groupby("row")["period_revenue"].sum()
    stayed = (then["next_orders"] > 0).astype(float)
    x = pd.DataFrame({"one": 1.0, "money": then["revenue"], "chance": forecast.model.chances(then)})
    x = x.assign(stayed=stayed, both=stayed * then["revenue"])
    line = sm.OLS(since.reindex(then.index), x).fit(cov_type="HC1")
    kept = contact_value.retention_value(world, forecast)
    assert_allclose(kept.line.values, line.params[["stayed", "both"]], rtol=1e-8)
    errors = np.sqrt(np.diag(kept.line.covariance))
    assert_allclose(errors, line.bse[["stayed", "both"]], rtol=1e-3)
    expected = line.params["stayed"] + line.params["both"] * forecast.now["revenue"]
    assert_allclose(kept.of(forecast.now), expected)


def test_a_period_more_at_the_same_pace_is_worth_one_basket(world, forecast):
    """In this world staying away says nothing of later periods, so keeping is worth one order."""
    kept = contact_value.retention_value(world, forecast)
    mean = kept.line.combine(np.array([1.0, churn_model.lookback_base(world, 4)["revenue"].mean()]))
    error = np.sqrt(mean.covariance[0, 0])
    assert abs(mean.values[0] - 50) < 4 * error + 10  # 10: what the predicted chance leaves open


def test_the_list_names_no_one_and_stands_in_the_order_of_what_is_at_stake(world, plan):
    rows = contact_value.at_risk_list(plan, NPS)
    assert list(rows.columns) == [
        "row", "risk", "value", "at_stake", "rank", "score_group", "recency_days"
    ]  # fmt: skip
    assert len(rows) == len(churn_model.lookback_base(world, 0))
    assert rows["row"].is_unique
    assert rows["at_stake"].is_monotonic_decreasing
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))


def test_the_cost_of_a_contact_is_the_firms_own_or_not_known(world, forecast):
    own = forecast.now.assign(contacts=1, contact_cost=3.0)
    assert contact_value.cost_of_a_contact(own, 0.0) == (3.0, "counted")
    assert contact_value.cost_of_a_contact(own, 5.0) == (5.0, "given")
    unknown, source = contact_value.cost_of_a_contact(forecast.now, 0.0)
    assert (unknown.why.key, source) == ("contact_cost_not_known", None)
    now = with_margin(forecast.now)
    plan = contact_value.contact_value(with_margin(world), replace(forecast, now=now))
    said = said_of_calls(plan, forecast)
    assert "of margin**" in said and "The cost of a contact is not known" in said
    assert contact_value.arm_of_a_test(plan).why.key == "contact_cost_not_known"


def test_a_cost_below_nothing_is_an_error(world, forecast):
    with pytest.raises(ParameterError, match="contact_cost"):
        contact_value.contact_value(world, forecast, contact_cost=-1.0)


def test_losses_and_empty_margins_are_said_and_never_crash(world):
    lossy = with_margin(world, -1.0)
    result = churn_model.forecast_churn(lossy, per_year=4)
    plan = contact_value.contact_value(lossy, result, contact_cost=COST)
    assert retention_targeting.value_at_risk(result, currency="EUR").high < 0
    assert contact_value.break_even(plan).why.key == "pays_at_no_rate"
    assert "not worth calling anybody" in said_of_calls(plan, result)
    retention_targeting.at_risk_by_group(result, NPS, currency="EUR", smallest=10)


def test_bins_of_a_calibration_hold_all_customers(forecast):
    bins = churn_model.calibration(forecast, smallest=10)
    assert bins["n"].sum() == len(forecast.trial)
    assert bins["predicted"].is_monotonic_increasing
