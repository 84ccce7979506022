"""Lifetime value: published figures, outside programs, invented customers whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifetime_worlds import Truth, cdnow_customers, world
from scipy import stats
from scipy.optimize import approx_fprime
from scipy.special import hyp2f1

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.lifetime import (
    bgnbd_gammagamma,
    by_group,
    contractual,
    customer_value,
    expected_value,
    holdout_test,
)
from profitchain.words import lifetime_model, reasons

SAME = 1e-6  # of two programs that search for the same top
EXACT = 1e-9  # of two ways to work out one number
PUBLISHED = np.log([0.243, 4.414, 0.793, 2.426])
BOTH = pytest.mark.parametrize("model", bgnbd_gammagamma.PURCHASE_MODELS)
LIFETIMES = {  # references/lifetime_lifetimes.py: lifetimes 0.11.3, mpmath 1.4.1
    "parameters": [0.7791418994980317, 11.975471384863441, 1.7165699206733427, 5.885487606200466],
    "spend": [4.598643848085494, 4.636802073137363, 46.740052831352244],
    "alive": [0.7233982677034643, 1.0, 0.6158694710685457, 0.7302523084096112],
    "ahead": [1.5911414214844635, 1.0752442761078291, 0.5203040469518775, 0.8506756950906521],
    "mean_paid": [36.870339453918945, 60.44032826515745, 38.25947541409236, 60.29027791677061],
}
INTEGRALS = {  # r, alpha, a, b, repeats, age, weeks ahead, discount a week: by mpmath, 30 digits
    (0.243, 4.414, 0.793, 2.426, 2, 38.86, 39.0, 0.0): 1.687399305805313,
    (0.243, 4.414, 0.793, 2.426, 0, 0.0, 156.4, 0.0018): 2.495166328472343,
    (0.8, 12.0, 1.0, 3.0, 7, 70.0, 156.4, 0.0018): 8.069438647143748,
    (0.8, 12.0, 0.9, 3.0, 60, 1.0, 156.4, 0.0018): 166.0546879790631,
    (0.015, 8.0, 0.19, 0.006, 1, 50.0, 52.1, 0.0): 0.8210137398316496,
    (0.6, 14.5, 664.0, 2822.0, 12, 90.0, 156.4, 0.0018): 4.706290991935635,
    (0.7, 0.05, 0.8, 0.9, 100, 80.0, 520.0, 0.001): 207.830288335962,
}


def models_of(customers: pd.DataFrame) -> expected_value.LifetimeModels:
    fitted = expected_value.fit_models(customers, float(customers["revenue"].sum()), currency="EUR")
    assert isinstance(fitted, expected_value.LifetimeModels), fitted
    return fitted


def worth(models: expected_value.LifetimeModels, months: float = 36, discount: float = 0.1):
    ahead = expected_value.orders(
        expected_value.alive(models), months=months, yearly_discount=discount
    )
    return expected_value.money(ahead)


def numbers(customers: pd.DataFrame, *names: str) -> list[np.ndarray]:
    return [customers[name].to_numpy(float) for name in names]


@pytest.fixture(scope="module")
def cdnow(shared_data) -> pd.DataFrame:
    """The 2,357 customers of CDNOW's sample as they stood on 30 September 1997."""
    return cdnow_customers(shared_data("cdnow"))


@pytest.fixture(scope="module")
def known_world() -> pd.DataFrame:
    return world(np.random.default_rng(11), 800)


@pytest.fixture(scope="module")
def large_world() -> pd.DataFrame:
    return world(np.random.default_rng(3), 60_000, margin=0.4)


def test_cdnow_gives_the_published_parameters_and_likelihood(cdnow):
    fitted = bgnbd_gammagamma.fit_purchases(cdnow)
    parameters = [round(value, 3) for value in fitted.parameters.values()]
    assert parameters == [0.243, 4.414, 0.793, 2.426]
    assert round(fitted.log_likelihood, 1) == -9582.4
    spend = bgnbd_gammagamma.fit_spend(cdnow)
    assert [round(value, 2) for value in spend.parameters.values()] == [6.25, 3.74, 15.44]
    assert spend.logs.n == 946


def test_cdnow_gives_mbg_nbds_published_parameters(cdnow):
    """Those of R's BTYDplus and CLVTools on the same 2,357 customers."""
    fitted = bgnbd_gammagamma.fit_purchases(cdnow, "MBG/NBD")
    parameters = [round(value, 3) for value in fitted.parameters.values()]
    assert parameters == [0.525, 6.183, 0.891, 1.614]
    assert round(fitted.log_likelihood, 1) == -9582.1


def lives(points: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rates, chances to leave and their weights: a grid of quantiles under `Truth`."""
    truth, (places, widths) = Truth(), np.polynomial.legendre.leggauss(points)
    shares, weights = (places + 1) / 2, widths / 2
    rate = stats.gamma.ppf(shares, truth.r, scale=1 / truth.alpha)
    chance = stats.beta.ppf(shares, truth.a, truth.b)
    return rate[:, None], chance[None, :], weights[:, None] * weights[None, :]


@BOTH
@pytest.mark.parametrize(
    ("x", "last", "age"), [(0, 0, 30), (0, 0, 400), (2, 120, 400), (5, 50, 90)]
)
def test_likelihood_alive_and_expected_orders_are_those_of_numerical_integration(
    model, x, last, age
):
    """Over all rates and chances to leave, from the story of a single customer."""
    rate, chance, weights = lives()
    could_leave = x + (model == "MBG/NBD")
    weeks, ahead = (last / 7, age / 7), 26.0
    still = rate**x * (1 - chance) ** could_leave * np.exp(-rate * weeks[1])
    left = rate**x * chance * (1 - chance) ** (could_leave - 1) * np.exp(-rate * weeks[0])
    left = left * (could_leave > 0)
    to_come = -np.expm1(-rate * chance * ahead) / chance
    total = (weights * (still + left)).sum()
    history = [np.array([float(part)]) for part in (x, last, age)]
    logs = Truth().purchases
    likelihood = bgnbd_gammagamma.purchase_likelihood(
        history[0], history[1] / 7, history[2] / 7, model
    )
    assert likelihood(logs)[0][0] == pytest.approx(np.log(total), abs=1e-4)
    there = bgnbd_gammagamma.alive(logs, *history, model=model)
    assert there[0] == pytest.approx((weights * still).sum() / total, abs=1e-4)
    orders = there * expected_value.purchases_if_alive(
        logs, history[0], history[2], days=ahead * 7, model=model
    )
    assert orders[0] == pytest.approx((weights * still * to_come).sum() / total, rel=1e-3)
    new = expected_value.purchases_of_new(logs, np.array([ahead * 7]), model)
    first = 1 - chance * (model == "MBG/NBD")
    assert new[0] == pytest.approx((weights * first * to_come).sum(), rel=1e-3)


@BOTH
def test_the_slopes_of_each_model_are_those_of_its_likelihood(known_world, model):
    history = numbers(known_world.head(60), "repeats", "last_age_days", "age_days")
    likelihood = bgnbd_gammagamma.purchase_likelihood(history[0], *np.divide(history[1:], 7), model)
    plain = approx_fprime(PUBLISHED, lambda logs: likelihood(logs)[0].sum(), 1e-7)
    assert likelihood(PUBLISHED)[1].sum(axis=0) == pytest.approx(plain, rel=1e-4, abs=1e-3)


@pytest.fixture(scope="module")
def leaving_at_first() -> pd.DataFrame:
    """Customers of whom many never come back, for they left with their first purchase."""
    truth = Truth(r=1.2, alpha=10.0, a=1.0, b=1.5)
    return world(np.random.default_rng(17), 12_000, truth, leaves_at_first=True, days=900)


def test_true_parameters_of_mbg_nbd_are_found(leaving_at_first):
    fitted = bgnbd_gammagamma.fit_purchases(leaving_at_first, "MBG/NBD")
    truth = Truth(r=1.2, alpha=10.0, a=1.0, b=1.5).purchases
    errors = np.sqrt(np.diag(fitted.logs.covariance))
    assert np.abs((fitted.logs.values - truth) / errors).max() < 3
    assert errors == pytest.approx(fitted.model_errors, rel=0.1)


def test_the_model_that_is_true_does_better_out_of_time(leaving_at_first, large_world):
    for customers, name in ((leaving_at_first, "MBG/NBD"), (large_world.head(12_000), "BG/NBD")):
        trial = trial_of(customers)
        assert (trial.models.purchases.name, trial.gain > 2) == (name, True)
        assert lifetime_model.chosen(trial).key == "likelier"
        assert lifetime_model.chosen(trial).values["model"] == name
        assert holdout_test.holdout_verdict(trial.ratio) == "fits"
        assert holdout_test.failure(trial) is None
        assert not trial.by_silence["is_off"].any()


def test_with_the_wrong_model_those_silent_longest_are_expected_to_come(leaving_at_first):
    """BG/NBD believes that who never came back is still there."""
    models = models_of(leaving_at_first)
    assert models.purchases.name == "MBG/NBD"
    silent = (leaving_at_first["age_days"] - leaving_at_first["last_age_days"] > 365).to_numpy()
    came = leaving_at_first.loc[silent, "came"].mean()
    share = {}
    for each in (models, expected_value.using_rival(models)):
        ahead = expected_value.orders(expected_value.alive(each), months=12)
        share[each.purchases.name] = ahead.values[silent].mean() / came
    assert abs(share["MBG/NBD"] - 1) < 0.15 < 0.5 < share["BG/NBD"] - 1


def test_the_share_alive_reaches_over_both_models(leaving_at_first):
    models = models_of(leaving_at_first)
    share = expected_value.share_alive(models)
    for each in (models, expected_value.using_rival(models)):
        own = expected_value.mean_estimate(expected_value.alive(each), "share")
        assert share.low <= own.low < own.high <= share.high
    assert share.value < 0.5 < share.high  # a model's word: the other says most are alive


def test_the_published_customer_is_expected_to_buy_1_226_times():
    repeats, last, age = np.array([2.0]), np.array([30.43 * 7]), np.array([38.86 * 7])
    ahead = expected_value.purchases_if_alive(PUBLISHED, repeats, age, days=39 * 7)
    assert (
        round(float(ahead[0] * bgnbd_gammagamma.alive(PUBLISHED, repeats, last, age)[0]), 3)
        == 1.226
    )


@pytest.mark.parametrize("repeats", [0, 1, 4, 25])
@pytest.mark.parametrize("weeks", [1.0, 39.0, 300.0])
def test_without_a_discount_the_integral_is_the_papers_closed_form(repeats, weeks):
    r, alpha, a, b = np.exp(PUBLISHED)
    age, x = 38.86, repeats
    inner = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age + weeks))
    left = 1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * inner
    closed = (a + b + x - 1) / (a - 1) * left
    days = {"days": weeks * 7}
    ours = expected_value.purchases_if_alive(PUBLISHED, np.array([x]), np.array([age * 7]), **days)
    assert ours[0] == pytest.approx(closed, rel=EXACT)


@pytest.mark.parametrize("case", INTEGRALS)
def test_discounted_expectations_equal_mpmaths_integrals(case):
    *parameters, repeats, age, weeks, discount = case
    ages = np.array([0.0, age * 7, 4000.0])  # read between places, among other ages
    ours = expected_value.purchases_if_alive(
        np.log(parameters), np.full(3, repeats), ages, days=weeks * 7, discount_a_day=discount / 7
    )
    assert ours[1] == pytest.approx(INTEGRALS[case], rel=1e-8)


@pytest.mark.parametrize("weeks", [0.0, 10.0, 200.0])
def test_a_newcomers_expectation_is_that_of_a_customer_of_no_age(weeks):
    nobody = np.zeros(1)
    ours = expected_value.purchases_of_new(PUBLISHED, np.array([weeks * 7]))
    same = expected_value.purchases_if_alive(PUBLISHED, nobody, nobody, days=weeks * 7)
    assert ours == pytest.approx(same, rel=EXACT)


def test_the_analytic_slopes_are_those_of_the_likelihoods(known_world):
    rows = known_world.head(60)
    repeats, last, age, paid = numbers(
        rows, "repeats", "last_age_days", "age_days", "repeat_revenue"
    )
    back = repeats > 0
    cases = [
        (bgnbd_gammagamma.purchase_likelihood(repeats, last / 7, age / 7), PUBLISHED),
        (bgnbd_gammagamma.spend_likelihood(repeats[back], paid[back]), np.log([4.0, 5.0, 60.0])),
    ]
    for likelihood, at in cases:
        plain = approx_fprime(at, lambda logs, f=likelihood: f(logs)[0].sum(), 1e-7)
        assert likelihood(at)[1].sum(axis=0) == pytest.approx(plain, rel=1e-4, abs=1e-3)


def test_another_program_finds_the_same_parameters_and_expectations(known_world):
    purchases, spend = (
        bgnbd_gammagamma.fit_purchases(known_world),
        bgnbd_gammagamma.fit_spend(known_world),
    )
    assert list(purchases.parameters.values()) == pytest.approx(LIFETIMES["parameters"], rel=SAME)
    assert list(spend.parameters.values()) == pytest.approx(LIFETIMES["spend"], rel=SAME)
    repeats, last, age = numbers(known_world.head(4), "repeats", "last_age_days", "age_days")
    logs = purchases.logs.values
    there = bgnbd_gammagamma.alive(logs, repeats, last, age)
    assert there == pytest.approx(LIFETIMES["alive"], rel=SAME)
    ahead = there * expected_value.purchases_if_alive(logs, repeats, age, days=40 * 7)
    assert ahead == pytest.approx(LIFETIMES["ahead"], rel=SAME)
    back = known_world[known_world["repeats"] > 0].reset_index(drop=True)
    each = expected_value.payment_expected(replace(models_of(known_world), customers=back))
    assert each.values[:4] == pytest.approx(LIFETIMES["mean_paid"], rel=SAME)


def test_true_parameters_are_found(large_world):
    truth = Truth()
    for fitted, logs in (
        (bgnbd_gammagamma.fit_purchases(large_world), truth.purchases),
        (bgnbd_gammagamma.fit_spend(large_world), truth.spend),
    ):
        errors = np.sqrt(np.diag(fitted.logs.covariance))
        assert np.abs((fitted.logs.values - logs) / errors).max() < 3
        assert errors == pytest.approx(fitted.model_errors, rel=0.06)  # the model is true


def test_what_is_expected_is_what_then_comes(large_world):
    models = models_of(large_world)
    there = expected_value.alive(models)
    orders = expected_value.orders(there, months=12)
    money = expected_value.money(orders)
    for inside in (large_world["repeats"] == 0, large_world["repeats"] > 2):
        keep = inside.to_numpy()
        came, paid = large_world.loc[keep, "came"], large_world.loc[keep, "paid"]
        for value, then in ((orders, came), (money, 0.4 * paid)):
            gap = value.values[keep].mean() - then.mean()
            assert abs(gap) < 3.5 * then.std() / np.sqrt(len(then))


def test_a_new_customers_value_is_that_of_newcomers_followed_for_a_year():
    truth = Truth()
    newcomers = world(np.random.default_rng(8), 200_000, truth, days=0)
    models = models_of(world(np.random.default_rng(9), 30_000, margin=0.4))
    estimate = expected_value.new_customer_value(models, months=12)
    assert estimate.low < 0.4 * newcomers["paid"].mean() < estimate.high
    assert estimate.n == 30_000


@pytest.mark.parametrize(
    ("truth", "customers"), [(Truth(), 500), (Truth(r=0.05, alpha=20, a=0.8, b=2), 4000)]
)
def test_intervals_hold_the_truth_as_often_as_they_say(truth, customers):
    many = world(np.random.default_rng(77), 400_000, truth, margin=0.4)
    true = many["came"].mean()
    inside = 0
    for seed in range(40):
        models = models_of(world(np.random.default_rng(seed), customers, truth, margin=0.4))
        estimate = expected_value.mean_estimate(
            expected_value.orders(expected_value.alive(models), months=12), "orders"
        )
        inside += estimate.low <= true <= estimate.high
    assert inside >= 34  # of 40: fewer in 1 of 100 runs at 95%


def test_errors_are_those_of_drawing_customers_again():
    customers = world(np.random.default_rng(21), 1500, margin=0.4)
    models = models_of(customers)
    value = worth(models)
    linear = expected_value.mean(value)
    groups = by_group.repeat_groups(customers)
    never = expected_value.mean(value, (groups == by_group.CAME_BACK[0]).to_numpy())
    draw, again, first = np.random.default_rng(1), [], []
    for _ in range(60):
        rows = customers.iloc[draw.integers(0, 1500, 1500)].reset_index(drop=True)
        rows["cluster"] = np.arange(1500)
        values = worth(models_of(rows)).values
        again.append(values.mean())
        first.append(values[rows["repeats"] == 0].mean())
    assert np.sqrt(linear.variance) == pytest.approx(np.std(again), rel=0.25)
    assert np.sqrt(never.variance) == pytest.approx(np.std(first), rel=0.25)


def test_customers_counted_twice_change_errors_and_nothing_else(known_world):
    once = bgnbd_gammagamma.fit_purchases(known_world)
    later = known_world.assign(cluster=known_world["cluster"] + 800)
    twice = bgnbd_gammagamma.fit_purchases(pd.concat([known_world, later], ignore_index=True))
    assert twice.logs.values == pytest.approx(once.logs.values, abs=1e-7)
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood, rel=EXACT)
    assert twice.model_errors == pytest.approx(once.model_errors / np.sqrt(2), rel=1e-4)
    same = pd.concat([known_world, known_world], ignore_index=True)  # one cluster, two rows
    repeated = bgnbd_gammagamma.fit_purchases(same)
    assert repeated.logs.covariance == pytest.approx(once.logs.covariance, rel=1e-4, abs=1e-7)


def test_buckets_of_customers_give_nearly_the_errors_of_customers(large_world):
    buckets = large_world.assign(cluster=large_world["cluster"] % 256)
    estimate = [
        expected_value.mean_estimate(worth(models), "EUR")
        for models in (models_of(large_world), models_of(buckets))
    ]
    width = [one.high - one.low for one in estimate]
    assert estimate[0].value == pytest.approx(estimate[1].value, rel=EXACT)
    assert width[1] == pytest.approx(width[0], rel=0.15)


def test_a_discount_takes_its_share_and_margin_is_the_share_that_is_left(known_world):
    models = models_of(known_world.assign(margin=0.25 * known_world["revenue"]))
    plain, less = worth(models, discount=0.0).values, worth(models, discount=0.1).values
    assert ((less < plain) & (less > plain / 1.1**3)).all()
    half = expected_value.fit_models(known_world, 2 * known_world["revenue"].sum(), currency="EUR")
    full = models_of(known_world)  # the same, had no refund come off
    assert (full.money, models.money) == ("revenue", "margin")
    assert worth(half).values == pytest.approx(worth(full).values / 2, rel=EXACT)
    assert plain == pytest.approx(worth(full, discount=0.0).values / 4, rel=EXACT)


def test_a_loss_on_each_purchase_is_a_negative_value(known_world):
    models = models_of(known_world.assign(margin=-0.25 * known_world["revenue"]))
    estimate = expected_value.mean_estimate(worth(models), "EUR")
    assert estimate.low < estimate.value < estimate.high < 0


@pytest.mark.parametrize(("back", "word"), [(0, "No customer"), (1, "Only 1"), (29, "Only 29")])
def test_too_few_who_came_back_are_not_modelled(known_world, back, word):
    few = known_world.assign(repeats=(np.arange(800) < back).astype(int), age_days=600)
    for fitted in (
        bgnbd_gammagamma.fit_purchases(few),
        expected_value.fit_models(few, 1.0, currency="EUR"),
    ):
        assert isinstance(fitted, NotEstimable) and fitted.n == back
        why = reasons.text(fitted)
        assert why.startswith(word) and why.endswith("30 are needed.")


def steady(rng: np.random.Generator, customers: int = 400) -> pd.DataFrame:
    """Return customers who all buy at one rate and never leave."""
    repeats = rng.poisson(6, customers)
    last = np.where(repeats > 0, np.round(500 * rng.random(customers) ** (1 / (repeats + 1))), 0)
    frame = pd.DataFrame({"cluster": np.arange(customers), "repeats": repeats, "age_days": 500})
    return frame.assign(last_age_days=last.astype(int))


def once(rng: np.random.Generator, customers: int = 400) -> pd.DataFrame:
    """Return customers of whom half came back after a week, and nobody ever again."""
    repeats = rng.integers(0, 2, customers)
    frame = pd.DataFrame({"cluster": np.arange(customers), "repeats": repeats})
    return frame.assign(age_days=500, last_age_days=7 * repeats)


@pytest.mark.parametrize(
    ("made", "words", "alive"),
    [(steady, "nobody ever leaves", 1.0), (once, "everybody leaves at the first chance", 0.5)],
)
def test_customers_who_never_leave_or_always_do_are_named_an_edge(made, words, alive):
    customers = made(np.random.default_rng(2)).assign(revenue=1.0, repeat_revenue=1.0)
    fitted = bgnbd_gammagamma.fit_purchases(customers)
    models = SimpleNamespace(purchases=fitted)
    assert words in lifetime_model.edges_sentence(models)
    there = bgnbd_gammagamma.alive(
        fitted.logs.values, *numbers(customers, "repeats", "last_age_days", "age_days")
    )
    assert there.mean() == pytest.approx(alive, abs=0.05)
    assert np.isfinite(fitted.logs.errors.to_numpy()).all()


@pytest.mark.parametrize("pays", [12.0, "own"])
def test_amounts_that_never_vary_are_no_spend_to_model(pays):
    """All pay one price, or each a price of their own: Gamma-Gamma runs to its edge."""
    customers = world(np.random.default_rng(4), 1000, days=400, youngest=400)
    price = 180 / np.random.default_rng(5).gamma(5.0, 1.0, 1000) if pays == "own" else pays
    models = models_of(customers.assign(repeat_revenue=price * customers["repeats"]))
    assert isinstance(models.spend, NotEstimable)
    assert models.no_money.why.key == "spend_hardly_varies"
    assert "pays the same every time" in reasons.text(models.no_money)
    ahead = expected_value.orders(expected_value.alive(models), months=12)
    assert isinstance(expected_value.mean_estimate(ahead, "orders"), Estimate)


def test_spend_without_a_mean_is_not_averaged():
    heavy = world(np.random.default_rng(6), 3000, Truth(q=0.8))
    fitted = bgnbd_gammagamma.fit_spend(heavy)
    assert isinstance(fitted, NotEstimable) and "q may be 1 or less" in reasons.text(fitted)
    models = models_of(heavy)
    assert models.no_money is fitted or models.no_money.why == fitted.why
    assert isinstance(expected_value.mean_estimate(expected_value.alive(models), "share"), Estimate)


def test_those_who_came_back_for_nothing_are_left_out_and_counted(known_world):
    free = known_world.copy()
    back = free.index[free["repeats"] > 0]
    free.loc[back[:50], "repeat_revenue"] = 0.0
    fitted, rest = map(bgnbd_gammagamma.fit_spend, (free, free.drop(back[:50])))
    assert (fitted.left_out, rest.left_out) == (50, 0)
    assert fitted.logs.values == pytest.approx(rest.logs.values, rel=EXACT)


def answered(rng: np.random.Generator) -> tuple[pd.DataFrame, SimpleNamespace]:
    """Return customers of whom the older gave better answers, which say nothing else."""
    customers = world(rng, 6000)
    chance = 0.15 + 0.7 * customers["age_days"].rank(pct=True)
    score = np.where(rng.random(6000) < chance, 10.0, 2.0)
    customers["score"] = np.where(rng.random(6000) < 0.3, np.nan, score)
    customers["region"] = rng.choice(["north", "south"], 6000)
    return customers, SimpleNamespace(name="nps", kind="nps", scale=(0, 10))


def test_groups_that_differ_by_age_alone_do_not_differ_among_like_customers():
    customers, question = answered(np.random.default_rng(13))
    models = models_of(customers)
    value = worth(models)
    group = by_group.answer_groups(customers, question)
    assert set(group) == {"detractors", "promoters", "no answer"}
    raw = by_group.value_by_group(value, group, unit="EUR").set_index("group")
    assert raw.at["promoters", "value"] < raw.at["detractors", "low"]
    alike = by_group.compare_score_groups(
        value, group, question, segments=["region"], unit="EUR", smallest=10
    )
    assert alike.difference.spans_zero
    assert alike.difference.value == pytest.approx(
        alike.levels.set_index("group")["value"].diff().loc["promoters"], rel=EXACT
    )


def test_like_customers_are_compared_by_least_squares():
    customers, question = answered(np.random.default_rng(14))
    models = models_of(customers)
    known = replace(
        models, parameters=replace(models.parameters, errors=0 * models.parameters.errors)
    )
    value = worth(models)
    group = by_group.answer_groups(customers, question)
    alike = by_group.compare_score_groups(
        replace(value, models=known),
        group,
        question,
        segments=["region"],
        unit="EUR",
        smallest=10,
    )
    inside = (group != "no answer").to_numpy()
    rows = customers[inside]
    bands = pd.get_dummies(pd.qcut(rows["age_days"], 5, labels=False), dtype=float)
    columns = {"best": group[inside] == "promoters", "south": rows["region"] == "south"}
    columns |= {"age": rows["age_days"]}
    design = sm.add_constant(pd.concat([pd.DataFrame(columns), bands.iloc[:, 1:]], axis=1) * 1.0)
    design.columns = design.columns.astype(str)
    fit = sm.OLS(value.values[inside], design).fit(cov_type="HC0")
    assert alike.difference.value == pytest.approx(fit.params["best"], rel=EXACT)
    half = (alike.difference.high - alike.difference.low) / 2
    assert half == pytest.approx(1.96 * fit.bse["best"], rel=0.01)


def test_small_groups_stay_hidden(known_world):
    group = pd.Series(np.where(np.arange(800) < 9, "rare", "common"))
    models = models_of(known_world)
    groups = by_group.value_by_group(worth(models), group, unit="EUR", smallest=10)
    hidden = groups.set_index("group").loc["rare"]
    assert np.isnan(hidden["value"]) and "Not shown" in reasons.text(hidden["why"])


def years_of(rng: np.random.Generator, customers: int = 900) -> pd.DataFrame:
    """Return the activity of four quarters in which four of five come again."""
    rows = []
    for quarter in range(1, 5):
        kept = rng.random(customers) < 0.8
        paid = rng.gamma(4.0, 25.0, customers)
        frame = {"previously_active": 1, "retained": 1 * kept, "active": 1, "revenue": paid}
        rows.append(pd.DataFrame(frame).assign(period=f"2026Q{quarter}", margin=0.4 * paid))
    return pd.concat(rows).assign(cluster=np.tile(np.arange(customers), 4))


def contract_of(activity: pd.DataFrame) -> contractual.ContractValue:
    terms = {"currency": "EUR", "yearly_discount": 0.1}
    return contractual.value_under_contract(activity, Period("2026Q4"), **terms)


def test_the_formulas_sum_every_payment_to_come():
    for now in (False, True):
        times = np.arange(0 if now else 1, 4000)
        plain = (50 * 0.8**times / 1.02**times).sum()
        formula = contractual.value_of_retention(50, 0.8, 0.02, now=now)
        assert formula == pytest.approx(plain, rel=EXACT)


def test_the_formulas_errors_are_those_of_drawing_customers_again():
    rng = np.random.default_rng(5)
    activity = years_of(rng)
    formulas = ("next_payment", "payment_now", "source")
    value, again = contract_of(activity), []
    for _ in range(120):
        drawn = rng.integers(0, 900, 900)
        rows = activity.iloc[np.concatenate([drawn + 900 * quarter for quarter in range(4)])]
        redrawn = contract_of(rows.assign(cluster=np.tile(np.arange(900), 4)))
        again.append([getattr(redrawn, formula).value for formula in formulas])
    intervals = [getattr(value, formula) for formula in formulas]
    errors = [(interval.high - interval.low) / 2 / 1.963 for interval in intervals]
    assert errors == pytest.approx(np.std(again, axis=0), rel=0.2)
    assert value.money == "margin" and value.active == 900


def test_the_usual_formula_is_revenue_by_churn_whatever_the_middle_factor_says():
    contract = contract_of(years_of(np.random.default_rng(5)))
    churn = 1 - contract.retention.value
    revenue = contract.margin.value / 0.4
    assert contract.source.value == pytest.approx(revenue / churn, rel=EXACT)
    assert contract.retention.value / (1 - churn) == pytest.approx(1)


@pytest.mark.parametrize(("discount", "says"), [(0.0, "no end"), (0.1, "Nobody left in the last")])
def test_where_nobody_was_lost_there_is_no_value(discount, says):
    kept = years_of(np.random.default_rng(5)).assign(retained=1)
    terms = {"currency": "EUR", "yearly_discount": discount}
    contract = contractual.value_under_contract(kept, Period("2026Q4"), **terms)
    assert isinstance(contract.next_payment, NotEstimable)
    assert says in reasons.text(contract.next_payment)


def trial_of(customers: pd.DataFrame, days: int = 365, *, smallest: int = 0, **changes: object):
    then = customers.assign(holdout_days=days, calibrated_to="2025-09-30")
    now = customers.assign(
        repeats=customers["repeats"] + customers["came"],
        repeat_revenue=customers["repeat_revenue"] + customers["paid"],
        age_days=customers["age_days"] + days,
        last_age_days=customers["last_age_days"].where(
            customers["came"] == 0, customers["age_days"] + days // 2
        ),
    ).assign(**changes)
    day = customers["age_days"].max() - customers["age_days"]
    new = day.value_counts().sort_index()
    rows = pd.DataFrame({"day": new.index, "new": new.to_numpy(), "repeats": 0})
    last = customers["age_days"].max() + days
    came = pd.DataFrame({"day": [last], "new": 0, "repeats": now["repeats"].sum()})
    came["repeats"] -= customers["repeats"].sum()
    daily = pd.concat([rows, came])
    how = {"currency": "EUR", "smallest": smallest}
    return holdout_test.compare_with_holdout(then, now, daily, **how)


def test_a_true_model_predicts(large_world):
    trial = trial_of(large_world.head(30_000))
    assert holdout_test.holdout_verdict(trial.ratio) == "fits"
    for ratio in (trial.ratio, trial.ratio_with_new, trial.money_ratio):
        assert ratio.value == pytest.approx(1, abs=0.05)
    rows = trial.by_repeats
    apart = (rows["expected_value"] - rows["happened_value"]).abs()
    assert (apart < 2.5 * (rows["happened_high"] - rows["happened_low"]) / 2).all()
    assert rows["customers"].sum() == 30_000 and rows["repeats"].tolist() == [*range(8)]
    assert lifetime_model.verdict(trial).key == "fits"


def test_too_few_customers_are_told_of_with_others_alone(large_world):
    trial = trial_of(large_world.head(400), smallest=10)
    for rows in (trial.by_repeats, trial.by_silence):
        assert (rows["customers"] >= 10).all() and rows["customers"].sum() == 400
    alone = trial_of(large_world.head(400))
    assert (alone.by_repeats["customers"] < 10).any()
    most = int(trial.by_repeats["repeats"].max())
    together = alone.by_repeats.query("repeats >= @most")["customers"].sum()
    assert trial.by_repeats["customers"].iloc[-1] == together
    shown = lifetime_model.lifetime_holdout(trial, edition=None)
    assert f"{most}: or more" in shown.options["x_label"]


def test_tracking_adds_up_what_each_day_s_newcomers_are_expected_to_buy(large_world):
    models = trial_of(large_world.head(3_000)).models
    daily = pd.DataFrame({"new": [3, 0, 5, 1] + [0] * 300, "repeats": [0, 2] * 152})
    curve = holdout_test.tracking_curve(models, daily)
    ages = [(new, 303 - day) for day, new in enumerate(daily["new"]) if new]
    each = expected_value.purchases_of_new(
        models.purchases.logs.values, np.array([age for _, age in ages], dtype=float)
    )
    by_hand = sum(new * one for (new, _), one in zip(ages, each, strict=True))
    last = curve.iloc[-1]
    assert last["value"] == pytest.approx(by_hand, rel=1e-9)
    assert (last["came"], last["n"]) == (304, 9)
    assert last["low"] < last["value"] < last["high"]
    assert curve["value"].is_monotonic_increasing


def test_a_model_is_refuted_when_customers_stay_away(large_world):
    rows = large_world.head(30_000)
    draw = np.random.default_rng(2)
    trial = trial_of(rows.assign(came=rows["came"] * (draw.random(30_000) < 0.5)))
    assert holdout_test.holdout_verdict(trial.ratio) == "too many"
    assert lifetime_model.verdict(trial).key == "too_many"
    shown = lifetime_model.lifetime_holdout(trial, edition=None)
    assert (shown.says, shown.values["share"]) == ("many", f"{trial.ratio.value - 1:.0%}")


def test_a_model_that_is_off_for_those_silent_alike_is_withheld(large_world):
    rows = large_world.head(30_000)
    silent = rows["age_days"] - rows["last_age_days"] > 180
    draw = np.random.default_rng(2).random(30_000)
    trial = trial_of(rows.assign(came=rows["came"] * ((draw < 0.5) | ~silent)))
    why = holdout_test.failure(trial)
    assert trial.by_silence.loc[trial.by_silence["silent_from"] == 181, "is_off"].all()
    assert why.why.key == "lifetime_model_is_off_by_silence"
    assert "silent for 181–365 days" in reasons.text(why)
    assert lifetime_model.verdict(trial).key == "off_by_silence"


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (1.02, 0.9, 1.14, "fits"),
        (1.05, 1.01, 1.1, "fits"),
        (1.02, 0.7, 1.4, "unsure"),
        (1.2, 0.98, 1.5, "unsure"),
        (1.12, 1.01, 1.25, "slightly too many"),
        (0.9, 0.82, 0.98, "slightly too few"),
        (1.18, 1.02, 1.3, "too many"),
        (0.6, 0.5, 0.7, "too few"),
    ],
)
def test_a_model_is_off_where_its_interval_leaves_one_out(value, low, high, verdict):
    ratio = Estimate(value=value, low=low, high=high, n=100, unit="ratio")
    assert holdout_test.holdout_verdict(ratio) == verdict
    says, share = lifetime_model.holdout_says(ratio)
    assert (says == "unsure") == (verdict == "unsure")
    if "too" in verdict:
        assert (says, share) == ("many" if value > 1 else "few", f"{abs(value - 1):.0%}")


def test_nothing_that_followed_judges_no_model(known_world):
    trial = trial_of(known_world.assign(came=0, paid=0.0))
    assert (
        isinstance(trial.ratio, NotEstimable)
        and holdout_test.holdout_verdict(trial.ratio) == "unsure"
    )
    assert (trial.by_repeats["happened_high"].dropna() > 0).all()  # none seen is not none possible


def test_spend_that_goes_with_coming_back_is_seen(large_world):
    means = customer_value.spend_by_repeats(large_world, "EUR")
    assert means["apart"].spans_zero
    paid = large_world["repeat_revenue"] * (1 + 0.2 * (large_world["repeats"] > 1))
    more = customer_value.spend_by_repeats(large_world.assign(repeat_revenue=paid), "EUR")
    assert more["apart"].low > 0


def test_the_benchmark_stays_out_of_the_suite():
    assert not list((Path(__file__).parents[1] / "benchmarks").glob("test_*.py"))
