"""`import profitchain as pc`: few names, loaded late, each right and strict about a plain frame."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifetime_worlds import cdnow_customers
from scipy import stats
from statsmodels.stats.multitest import multipletests

import profitchain as pc
from profitchain.core.errors import ContractError, ParameterError
from profitchain.stats.ratios import holm

HEAVY = {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "duckdb", "ibis", "babel", "yaml"}
EIGHT_DIGITS = 1e-8
LINK = {"score": "nps", "outcome": "again", "customer": "who"}


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """Two answers of each of 600 customers, whose repeats follow score, age, region and month."""
    rng = np.random.default_rng(5)
    who = np.repeat([f"C{k}" for k in range(600)], 2)
    df = pd.DataFrame({"who": who, "nps": rng.integers(0, 11, 1200)})
    df["age"] = rng.normal(45, 12, 1200)
    df["region"] = rng.choice(["north", "south", "west"], 1200)
    df["day"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(rng.integers(0, 80, 1200), "D")
    hidden = np.repeat(rng.normal(0, 0.7, 600), 2)
    z = -3 + 0.25 * df["nps"] + 0.02 * df["age"] + 0.4 * (df["region"] == "north") + hidden
    df["again"] = (rng.random(1200) < 1 / (1 + np.exp(-z))).astype(int)
    df["spend"] = df["again"] * rng.gamma(3, 10 + df["nps"])
    df.index = rng.permutation(np.repeat(range(600), 2))  # of no order, and each twice
    return df


def columns_of(df: pd.DataFrame) -> pd.DataFrame:
    """Return the model matrix of score, age, region and month as statsmodels wants it."""
    levels = pd.DataFrame({"region": df["region"], "month": df["day"].dt.strftime("%Y-%m")})
    dummies = pd.get_dummies(levels, drop_first=True).astype(float)
    return sm.add_constant(pd.concat([df[["nps", "age"]].astype(float), dummies], axis=1))


def half_width(estimate: pc.Estimate) -> float:
    """Return the standard error that an interval of 600 customers of one size was made of."""
    return (estimate.high - estimate.low) / 2 / stats.t.ppf(0.975, 599)


def test_there_are_at_most_45_names_all_of_them_there_and_listed():
    assert len(pc.__all__) <= 45
    assert len(set(pc.__all__)) == len(pc.__all__)
    assert {name for name in dir(pc) if not name.startswith("__")} == set(pc.__all__)
    assert all(getattr(pc, name) is not None for name in pc.__all__)


def test_type_checkers_see_the_same_names_as_the_interpreter():
    source = ast.parse(Path(pc.__file__).read_text(encoding="utf-8"))
    block = next(node for node in source.body if isinstance(node, ast.If))
    seen = {a.name: node.module for node in block.body for a in node.names}
    assert seen == {name: f"profitchain.{module}" for name, module in pc._MODULE_OF.items()}
    assert sorted(seen) == sorted(pc.__all__)


@pytest.mark.parametrize("name", pc.__all__)
def test_every_name_is_explained_and_every_function_has_an_example(name):
    thing = getattr(pc, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        assert ">>>" in inspect.getdoc(thing)


def test_importing_loads_nothing_heavy_and_a_name_is_loaded_when_asked_for():
    code = (
        "import sys, profitchain as pc; a = set(sys.modules); pc.Period; b = set(sys.modules)\n"
        "print(*a); print(*(b - a))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    at_import, later = (set(line.split()) for line in done.stdout.splitlines())
    assert not HEAVY & at_import
    assert [name for name in at_import if name.startswith("profitchain")] == ["profitchain"]
    assert "profitchain.core.periods" in later and not HEAVY & later


def test_a_name_that_is_not_there_is_guessed():
    with pytest.raises(AttributeError, match="Did you mean 'repeat_effect'"):
        pc.repeat_efect  # noqa: B018
    with pytest.raises(ImportError):
        from profitchain import no_such_name  # noqa: F401


def test_the_repeat_effect_and_its_interval_are_statsmodels(answers):
    effect = pc.repeat_effect(answers, **LINK, controls=["age", "region"], month="day")
    fit = sm.Logit(answers["again"], columns_of(answers)).fit(
        disp=False, cov_type="cluster", cov_kwds={"groups": pd.factorize(answers["who"])[0]}
    )
    margin = fit.get_margeff().summary_frame().loc["nps"]
    assert effect.value == pytest.approx(margin["dy/dx"], abs=EIGHT_DIGITS)
    assert half_width(effect) == pytest.approx(margin["Std. Err."], abs=EIGHT_DIGITS)
    assert effect.n == 1200 and effect.unit == "share"


def test_the_spend_effect_is_the_mean_slope_of_statsmodels_poisson_model(answers):
    effect = pc.spend_effect(
        answers, score="nps", amount="spend", customer="who", controls=["age", "region"],
        month="day", unit="EUR",
    )  # fmt: skip
    columns = columns_of(answers)
    fit = sm.GLM(answers["spend"], columns, family=sm.families.Poisson()).fit()
    expected = float((fit.predict(columns) * fit.params["nps"]).mean())
    assert effect.value == pytest.approx(
        expected, abs=1e-6
    )  # of 10 euros: both stop at eight digits
    assert effect.unit == "EUR"


def test_answers_put_together_and_one_by_one_give_the_same(answers):
    """A frame with each answer three times has the same effect as the cells of the suite."""
    thrice = pd.concat([answers] * 3)
    one, three = (pc.repeat_effect(df, **LINK, controls=["region"]) for df in (answers, thrice))
    assert three.value == pytest.approx(one.value, abs=EIGHT_DIGITS)
    assert three.n == 3 * one.n


def test_a_frame_is_never_changed_and_its_index_does_not_matter(answers):
    before = answers.copy(deep=True)
    first = pc.repeat_effect(answers, **LINK, controls=["region"], month="day")
    pc.effect_by_segment(answers, segment="region", **LINK)
    pc.within_customer_effect(answers, **LINK, answered_on="day")
    pd.testing.assert_frame_equal(answers, before)
    assert (
        pc.repeat_effect(answers.reset_index(), **LINK, controls=["region"], month="day") == first
    )


def test_a_control_may_be_called_as_the_suite_calls_its_own(answers):
    own = answers.rename(columns={"age": "prior_orders", "region": "n"})
    effect = pc.repeat_effect(own, **LINK, controls=["prior_orders", "n"])
    assert effect.value == pc.repeat_effect(answers, **LINK, controls=["age", "region"]).value


def test_rows_with_something_missing_are_left_out_and_counted(answers):
    holes = answers.reset_index(drop=True).astype({"nps": float, "again": float})
    holes.loc[:4, "nps"] = np.nan
    holes.loc[5:6, "again"] = np.nan
    holes.loc[7, "who"] = None
    effect = pc.repeat_effect(holes, **LINK)
    assert effect.n == 1192 and "8 rows with missing values left out" in effect.method
    assert pc.dose_response(holes, **LINK).attrs["left_out"] == 8


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda df: df.assign(nps=7), "score"),
        (lambda df: df.assign(who="one"), "customer"),
        (lambda df: df.head(0), ""),
        (lambda df: df.assign(again=1), ""),
    ],
)
def test_what_no_effect_can_be_told_from_is_not_estimable(answers, change, key):
    effect = pc.repeat_effect(change(answers), **LINK)
    assert isinstance(effect, pc.NotEstimable)
    assert key in pc.with_interval(effect)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda df: pc.repeat_effect(df, **LINK | {"score": "npss"}), "Did you mean 'nps'"),
        (lambda df: pc.repeat_effect(df, **LINK, controls=["regoin"]), "Did you mean 'region'"),
        (lambda df: pc.repeat_effect(df, **LINK, controls="region"), r"controls=\['region'\]"),
        (lambda df: pc.repeat_effect(df["nps"], **LINK), "DataFrame"),
        (lambda df: pc.repeat_effect(pd.concat([df, df], axis=1), **LINK), "several columns"),
        (lambda df: pc.repeat_effect(df, **LINK, controls=None), r"controls=\[\]"),
        (lambda df: pc.repeat_effect(df, **LINK, controls=[3]), "no column 3"),
        (lambda df: pc.repeat_effect(df, **LINK | {"score": None}), "Name a column of the frame"),
        (lambda df: pc.repeat_effect(df, **LINK | {"score": df["nps"]}), "not Series"),
        (lambda df: pc.repeat_rate(df, outcome="agian", customer="who"), "no column 'agian'"),
        (lambda df: pc.average_order_value(df, customer="whom", revenue="spend"), "column 'whom'"),
        (lambda df: pc.mean_score(df["nps"], scale=(10, 0)), r"scale=\(0, 10\)"),
        (lambda df: pc.mean_score(df["nps"], scale="0-10"), r"scale=\(0, 10\)"),
        (lambda df: pc.csat(df["nps"], scale=(0, 10), satisfied_from=99), "outside the scale"),
        (lambda df: pc.ratio(df, numerator="spend", denominator="again", bounds=(0, 1)), "within"),
        (lambda df: pc.e_value(1.5), "risk_ratio"),
        (lambda df: holm([0.01, 2]), "from 0 to 1"),
        (lambda df: holm(0.04), "from 0 to 1"),
        (lambda df: pc.with_interval(0.3), "no interval"),
        (lambda df: pc.sentence("{rate} came back."), "can't be filled in"),
        (lambda df: pc.record(pc.net_promoter_score(df["nps"])), "no finding"),
        (lambda df: pc.net_promoter_score({9, 3}), "not set"),
        (lambda df: pc.concentration(df, amount="spend", top=10), "top=0.1"),
        (lambda df: pc.purchase_history(df, customer="who", ordered_at="day", as_of=20260331),
         "as_of='2026-03-31'"),
        (lambda df: pc.purchase_history(
            df.assign(orders=df["who"]), customer="orders", ordered_at="day"), "of its own"),
        (lambda df: pc.net_promoter_score("nps"), r"df\['"),
        (lambda df: pc.net_promoter_score(df["nps"], customer=["a"]), "1200 scores and 1 customer"),
        (lambda df: pc.cox_model(df, score="nps", days="age", event="again", controls=["who"]),
         "Rename"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_would_be_right(answers, call, words):
    with pytest.raises(ParameterError, match=words):
        call(answers)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda df: pc.repeat_effect(df, **LINK | {"outcome": "spend"}), "an outcome is 0 or 1"),
        (lambda df: pc.repeat_effect(df, **LINK | {"score": "region"}), "no number"),
        (lambda df: pc.repeat_effect(df, **LINK, month="age"), "no date"),
        (lambda df: pc.repeat_effect(df, **LINK, month="region"), "no date"),
        (lambda df: pc.repeat_effect(df.assign(nps=np.inf), **LINK), "holds inf"),
        (lambda df: pc.repeat_effect(df.assign(who=[[who] for who in df["who"]]), **LINK),
         "no single value"),
        (lambda df: pc.repeat_effect(df.assign(nps=df["nps"] + 1j), **LINK), "no real number"),
        (lambda df: pc.repeat_effect(df.assign(nps=df["nps"] / 1e8), **LINK), "runs from 0 to"),
        (lambda df: pc.repeat_effect(df.assign(age=np.nan), **LINK, controls=["age"]), "no value"),
        (lambda df: pc.repeat_effect(
            df.assign(age=["old", *df["age"][1:]]), **LINK, controls=["age"]), "other things"),
        (lambda df: pc.net_promoter_score(df["nps"] + 1), "scale from 0 to 10"),
        (lambda df: pc.csat([0, 1, 5]), "scale from 1 to 5"),
        (lambda df: pc.mean_score([1, np.inf]), "not finite"),
        (lambda df: pc.fit_bgnbd(df.assign(t=1.5), repeats="t", last_age_days="t", age_days="t"),
         "whole numbers"),
    ],
)  # fmt: skip
def test_a_wrong_column_says_its_first_wrong_value(answers, call, words):
    with pytest.raises(ContractError, match=words):
        call(answers)


def test_dates_may_be_text_moments_of_a_zone_or_periods(answers):
    told = [
        answers["day"],
        answers["day"].dt.strftime("%Y-%m-%d"),
        answers["day"].dt.tz_localize("Asia/Tokyo"),
        answers["day"].dt.to_period("M"),
    ]
    effects = [pc.repeat_effect(answers.assign(day=day), **LINK, month="day") for day in told]
    assert len(set(effects)) == 1


@pytest.mark.parametrize(
    "zone",
    ["+02:00", "Z", " +0530", "-11"],
)
def test_moments_keep_the_day_of_their_own_zone(zone):
    orders = pd.DataFrame({"who": list("abcdefgh"), "at": f"2025-11-30T23:30:00.5{zone}"})
    orders = pd.concat([orders, orders.assign(at="2026-01-01T00:30-08:00").head(4)])
    how = {"customer": "who", "ordered_at": "at"}
    assert pc.retention(orders, **how, period="2026Q1").value == 0.5
    assert pc.purchase_history(orders, **how)["age_days"].unique().tolist() == [32]


@pytest.mark.parametrize("kind", ["date32[day][pyarrow]", "timestamp[us, tz=Asia/Tokyo][pyarrow]"])
def test_dates_may_be_those_of_arrow(answers, kind):
    arrow = answers.assign(day=answers["day"].dt.tz_localize("UTC").astype(kind))
    plain = arrow["day"].astype(str).str[:10]
    expected = pc.repeat_effect(answers.assign(day=plain), **LINK, month="day")
    assert pc.repeat_effect(arrow, **LINK, month="day") == expected
    history = pc.purchase_history(arrow, customer="who", ordered_at="day")
    assert len(history) == 600


@pytest.mark.parametrize("level", [95, 1, 0, -1, "0.9", None, float("nan"), True])
def test_a_level_is_between_0_and_1(answers, level):
    orders = {"customer": "who", "ordered_at": "day"}
    for call in (
        lambda: pc.repeat_effect(answers, **LINK, level=level),
        lambda: pc.effect_by_segment(answers, segment="region", **LINK, level=level),
        lambda: pc.within_customer_effect(answers, **LINK, answered_on="day", level=level),
        lambda: pc.reliability(
            answers, score="nps", customer="who", answered_on="day", level=level
        ),
        lambda: pc.csat([1, 5], level=level),
        lambda: pc.retention(answers, **orders, period="2026Q1", level=level),
        lambda: pc.purchase_frequency(answers, customer="who", level=level),
        lambda: pc.average_order_value(answers, customer="who", revenue="spend", level=level),
        lambda: pc.cox_model(answers, score="nps", days="age", event="again", level=level),
        lambda: pc.fit_bgnbd(pc.purchase_history(answers, **orders), level=level),
    ):
        with pytest.raises(ParameterError, match=r"level=0\.95"):
            call()


@pytest.mark.parametrize(
    "option",
    [
        {"horizon_months": 0},
        {"horizon_months": "12"},
        {"yearly_discount": 10},
        {"margin": 40},
        {"margin": np.nan},
    ],
)
def test_a_lifetime_value_of_options_out_of_reach_is_refused(answers, option):
    history = pc.purchase_history(answers, customer="who", ordered_at="day", revenue="spend")
    with pytest.raises(ParameterError, match=f"{next(iter(option))}="):
        pc.customer_lifetime_value(history, **option)


def test_a_recency_counted_back_from_now_is_refused(answers):
    history = pc.purchase_history(answers, customer="who", ordered_at="day", revenue="spend")
    with pytest.raises(ContractError, match="from the first purchase to the last"):
        pc.fit_bgnbd(history, last_age_days="recency_days")
    with pytest.raises(ContractError, match="100,000"):
        pc.fit_bgnbd(history.assign(age_days=1e30))


def test_a_controls_unit_does_not_matter_nor_how_its_numbers_are_kept(answers):
    """Nanoseconds of 2026, shares of a million, and numbers as objects with one missing."""
    effect = pc.repeat_effect(answers, **LINK, controls=["age"])
    for age in (
        1.77e18 + answers["age"] * 1e9,
        answers["age"] / 1e8,
        answers["age"].astype(object),
    ):
        other = pc.repeat_effect(answers.assign(age=age), **LINK, controls=["age"])
        assert other.value == pytest.approx(effect.value, abs=EIGHT_DIGITS)
        assert "adjusted for age" in other.method
    holes = answers.assign(age=[None, *answers["age"].astype(object)[1:]])
    assert pc.repeat_effect(holes, **LINK, controls=["age"]).n == 1199


def test_what_is_not_estimable_prints_as_a_sentence():
    code = "import profitchain as pc; print(pc.net_promoter_score([10]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Too few to say: hardly any customers. (n = 1)\n"


def test_nobody_who_ordered_has_no_curve_and_the_last_to_come_back_ends_it_at_one():
    empty = pd.DataFrame({"who": [], "at": []})
    assert isinstance(
        pc.time_to_next_order(empty, customer="who", ordered_at="at"), pc.NotEstimable
    )
    orders = pd.DataFrame({"who": list("abcdef") * 2, "at": "2026-01-01"})
    orders.loc[6:, "at"] = [f"2026-01-{day:02d}" for day in range(11, 17)]
    curve = pc.time_to_next_order(orders, customer="who", ordered_at="at")
    assert curve["days"].tolist() == [0, 10, 11, 12, 13, 14, 15]
    assert curve["value"].tolist() == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert (curve["low"] <= curve["value"]).all() and curve["high"].iloc[-1] == 1


def test_scores_are_what_a_hand_counts():
    scores = [10, 10, 9, 8, 7, 7, 6, 0, 9, 10]  # 5 promoters, 2 detractors
    assert pc.net_promoter_score(scores).value == pytest.approx(30)
    assert pc.csat([5, 4, 3, 4, 1, 2, 5, 5]).value == pytest.approx(5 / 8)
    assert pc.top_two_box([7, 6, 5, 1, 6], scale=(1, 7)).value == pytest.approx(3 / 5)
    assert pc.ces([7, 6, 5, 1, 6]).value == pc.mean_score([7, 6, 5, 1, 6], scale=(1, 7)).value == 5


def test_a_customer_who_answers_often_widens_the_interval(answers):
    alone = pc.net_promoter_score(answers["nps"].repeat(4))
    clustered = pc.net_promoter_score(answers["nps"].repeat(4), customer=answers["who"].repeat(4))
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize("scores", [[10, 9, 9, 8, 7, 3, 10, 10, 0], [10]])
def test_an_estimate_and_what_is_none_are_rows_of_one_form(scores):
    estimate = pc.net_promoter_score(scores)
    frame = estimate.to_frame()
    assert frame.columns.tolist() == ["value", "low", "high", "n", "why", "unit"]
    assert len(frame) == 1 and frame["n"].item() == estimate.n == len(scores)
    assert frame["value"].isna().item() is isinstance(estimate, pc.NotEstimable)


def test_a_frame_with_a_reason_can_be_printed_without_the_words():
    code = "import profitchain as pc; print(pc.net_promoter_score([10]).to_frame())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "NaN" in done.stdout


def test_holm_is_statsmodels_and_takes_a_plain_list():
    values = [0.04, 0.001, 0.03, 0.2, 0.012]
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])


def test_cdnow_gives_the_published_parameters(shared_data):
    customers = cdnow_customers(shared_data("cdnow")).drop(columns="cluster")
    model = pc.fit_bgnbd(customers)
    assert [round(value, 3) for value in model.parameters.values()] == [0.243, 4.414, 0.793, 2.426]
    assert round(model.log_likelihood, 1) == -9582.4
    spend = pc.fit_gamma_gamma(customers)
    assert spend.to_frame()["value"].round(2).tolist() == [6.25, 3.74, 15.44]


def test_a_purchase_history_is_that_of_cdnows_customers(shared_data):
    names = ["all", "customer", "day", "units", "revenue"]
    rows = pd.read_csv(shared_data("cdnow") / "CDNOW_sample.txt", sep=r"\s+", names=names)
    rows["day"] = pd.to_datetime(rows["day"].astype(str), format="%Y%m%d")
    history = pc.purchase_history(
        rows, customer="customer", ordered_at="day", revenue="revenue", as_of="1997-09-30"
    )
    expected = cdnow_customers(shared_data("cdnow")).drop(columns="cluster")
    pd.testing.assert_frame_equal(history[list(expected)], expected, check_dtype=False)


@pytest.fixture
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    df = pd.DataFrame({"who": rng.integers(0, 300, 1500), "revenue": rng.gamma(3, 20, 1500)})
    df["at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 450, 1500), "D")
    return df


def test_orders_give_retention_frequency_and_value_as_counted(orders):
    retained = pc.retention(orders, customer="who", ordered_at="at", period="2025Q4")
    quarter = orders["at"].dt.to_period("Q").astype(str)
    third, fourth = (set(orders["who"][quarter == name]) for name in ("2025Q3", "2025Q4"))
    assert retained.value == len(third & fourth) / len(third) and retained.n == len(third)
    frequency = pc.purchase_frequency(orders, customer="who")
    assert frequency.value == len(orders) / orders["who"].nunique()
    value = pc.average_order_value(orders, customer="who", revenue="revenue")
    assert value.value == pytest.approx(orders["revenue"].mean())


def test_every_customer_has_one_group_and_its_money_is_that_of_the_year(orders):
    how = {"customer": "who", "ordered_at": "at", "revenue": "revenue"}
    groups = pc.rfm(orders, **how, period="2025Q4", lookback_months=6)
    recent = orders[orders["at"].between("2025-07-01", "2025-12-31")]
    assert groups["who"].is_unique and groups["group"].notna().all()
    assert groups["revenue"].sum() == pytest.approx(recent["revenue"].sum())
    assert groups["orders"].sum() == len(recent)
    assert set(groups.loc[groups["orders"] == 0, "group"]) <= {"Lapsed"}


def test_lifetime_value_adds_up_customer_by_customer(orders):
    history = pc.purchase_history(orders, customer="who", ordered_at="at", revenue="revenue")
    ahead = pc.customer_lifetime_value(history, horizon_months=12, margin=0.5)
    rows = ahead.to_frame()
    assert rows["who"].tolist() == history["who"].tolist()
    assert rows["value"].mean() == pytest.approx(ahead.mean.value)
    assert ahead.mean.low < ahead.mean.value < ahead.mean.high
    assert rows["alive"].between(0, 1).all()
