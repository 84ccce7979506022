"""What the suite says is true: in invented worlds, and counted again from the raw tables.

The second half uses none of the suite's code to get its numbers: pandas on the files as they lie
there, and statsmodels on one row an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from demo.perfect_knowledge import answered_panel, lookback
from demo.truth import repeat_truth
from demo.world import simulate
from demo.write_example import write_example
from profitchain.effects import (
    dose_response,
    effect_by_segment,
    one_more_point,
    repeat_effect,
)
from profitchain.measures import loyalty, satisfaction
from profitchain.panel.edition import Edition, read_period

EXAMPLE = Path(__file__).parents[2] / "data" / "example"
OLIST = EXAMPLE.with_name("olist")
CONTROLS = ("prior_orders", "recency", "tenure", "tier")
SAME = 1e-8  # relative: both sides add the same numbers, in another order
WORLDS, CUSTOMERS = 250, 1_500  # about 750 answers a world
RARE = 0.001  # chance that a right suite fails one of the tests of shares
LEFT_OVER = 0.003  # share per point that log1p controls leave of history; see test_example


# Invented worlds: the truth is known


def cells_of(panel: pd.DataFrame) -> pd.DataFrame:
    """Return hindsight's panel as the cells that the links read."""
    keys = ["score", "prior_orders", "recency_days", "tenure_days", "tier", "region", "customer"]
    found = panel.groupby(keys, as_index=False).agg(
        n=("repeat", "size"), repeats=("repeat", "sum"), orders=("orders", "sum")
    )
    return found.rename(columns={"customer": "cluster"})


@cache
def worlds(effect: float) -> pd.DataFrame:
    """Return one row a world: truth, raw (unadjusted), value, low, high (adjusted)."""
    rows = []
    for seed in range(WORLDS):
        world = simulate(CUSTOMERS, seed=5_000 + seed, effect=effect)
        panel = lookback(answered_panel(world))
        cells = cells_of(panel)
        raw, found = one_more_point.before_and_after(cells, scale=(0, 10), controls=CONTROLS)
        told = repeat_truth(panel, world)
        truth = told["one_more_point"] * (1 - told["score_shares"][10])  # tens stay tens
        rows.append((truth, raw.value, found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["truth", "raw", "value", "low", "high"])


def test_the_adjusted_effect_lies_in_its_interval_in_95_of_100_worlds():
    found = worlds(1.0)
    covered = found["truth"].between(found["low"], found["high"]).sum()
    least, most = stats.binom.ppf([RARE, 1 - RARE], WORLDS, 0.95)
    assert least <= covered <= most


def test_the_adjusted_effect_is_right_on_average_and_the_unadjusted_a_half_too_large():
    found = worlds(1.0)
    off = (found["value"] / found["truth"] - 1).mean()
    too_large = (found["raw"] / found["truth"] - 1).mean()
    assert abs(off) < 0.06  # 3% for the logit's own shape, and twice the mean's standard error
    assert 0.4 < too_large < 0.65


@pytest.mark.slow
def test_without_an_effect_a_clear_one_is_found_in_no_more_than_5_of_100_worlds():
    found = worlds(0.0)
    clear = ((found["low"] > 0) | (found["high"] < 0)).sum()
    assert clear <= stats.binom.ppf(1 - RARE, WORLDS, 0.05)
    assert abs(found["value"].mean()) < LEFT_OVER
    assert ((found["raw"] > 0).mean()) > 0.8  # what history alone would make one believe


def test_the_cells_that_an_edition_keeps_are_what_hindsight_sees(tmp_path):
    write_example(tmp_path, customers=800, seed=31, tables=("responses", "customers"))
    edition = read_period(tmp_path, "2026Q3", needs=["responses"])
    kept = repeat_effect.lookback(edition.table("link_cells"))
    seen = cells_of(lookback(answered_panel(simulate(800, seed=31))))
    keys = ["score", "prior_orders", "tier", "region", "repeats", "orders", "n"]
    for cells in (kept, seen):
        cells["score"] = cells["score"].astype(int)
    assert sorted(kept[keys].itertuples(index=False)) == sorted(seen[keys].itertuples(index=False))


# The raw tables, counted again


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A firm's tables as they lie there: `at` is UTC, `quarter` the local one.

    `orders`: customer_id, at, quarter, revenue, margin. `answers`: customer_id, at, quarter, score
    and what the firm adjusts for. A window lasts `days`; the edition's
    last instant is the one before `end`.
    """

    orders: pd.DataFrame
    answers: pd.DataFrame
    zone: str
    days: int
    end: pd.Timestamp
    quarter: pd.Period


def in_time(rows: pd.DataFrame, local: pd.Series, zone: str, end: pd.Timestamp) -> pd.DataFrame:
    at = local.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    rows = rows.assign(at=at.dt.tz_convert("UTC"), quarter=local.dt.to_period("Q"))
    return rows[rows["at"] < end]


@cache
def raw_example() -> Raw:
    zone, end = "Europe/Berlin", pd.Timestamp("2026-10-01", tz="Europe/Berlin")
    read = {
        name: pd.read_csv(EXAMPLE / f"{name}.csv").drop_duplicates()
        for name in ("orders", "responses", "customers")
    }
    people = read["customers"].set_index("customer_id")
    orders = read["orders"]
    placed = pd.to_datetime(orders["ordered_at"], errors="coerce")
    orders = orders.assign(revenue=pd.to_numeric(orders["revenue"], errors="coerce"))
    sound = placed.notna() & orders["revenue"].notna() & (orders["status"] != "cancelled")
    answers = read["responses"]
    answers = answers[~(answers["nps"] > 10) & answers["customer_id"].isin(people.index)]
    answers = answers.join(people[["tier", "region", "joined_on"]], on="customer_id")
    return Raw(
        orders=in_time(orders[sound], placed[sound], zone, end),
        answers=in_time(
            answers.rename(columns={"nps": "score"}),
            pd.to_datetime(answers["responded_at"]), zone, end,
        ),
        zone=zone, days=90, end=end, quarter=pd.Period("2026Q3"),
    )  # fmt: skip


REGIONS = {
    "Southeast": ["SP", "RJ", "MG", "ES"],
    "South": ["PR", "SC", "RS"],
    "Central-West": ["DF", "GO", "MT", "MS"],
    "Northeast": ["AL", "BA", "CE", "MA", "PB", "PE", "PI", "RN", "SE"],
}


def raw_olist(folder: Path) -> Raw:
    zone, end = "America/Sao_Paulo", pd.Timestamp("2018-04-01", tz="America/Sao_Paulo")
    read = {
        name: pd.read_parquet(folder / f"{name}.parquet").rename(
            columns={"customer_unique_id": "customer_id", "review_score": "score"}
        )
        for name in ("orders", "reviews", "customers")
    }
    region = {state: name for name, states in REGIONS.items() for state in states}
    region = read["customers"].set_index("customer_id")["customer_state"].map(region)
    orders, answers = read["orders"], read["reviews"]
    kept = ~orders["order_status"].isin(["canceled", "unavailable"])
    orders = orders[kept & orders["payment_value"].notna()]
    cents = (100 * orders["payment_value"]).round()
    orders = orders.assign(revenue=cents / 100, margin=(0.2 * cents).round() / 100)
    answers = answers.assign(region=answers["customer_id"].map(region.fillna("North")))
    return Raw(
        orders=in_time(orders, pd.to_datetime(orders["order_purchase_timestamp"]), zone, end),
        answers=in_time(answers, pd.to_datetime(answers["review_answer_timestamp"]), zone, end),
        zone=zone, days=180, end=end, quarter=pd.Period("2018Q1"),
    )  # fmt: skip


def followed(raw: Raw) -> pd.DataFrame:
    """Return one row an answer whose window has closed, with what came before and after it."""
    answers = raw.answers[raw.answers["score"].notna()]
    answers = answers.assign(ends=answers["at"] + pd.Timedelta(days=raw.days))
    answers = answers[answers["ends"] < raw.end].reset_index(drop=True)
    pairs = answers[["customer_id", "at", "ends"]].reset_index()
    pairs = pairs.merge(raw.orders, on="customer_id", suffixes=("", "_of_order"))
    then, is_order = pairs["at_of_order"], pairs["revenue"] >= 0
    earlier = pairs[(then < pairs["at"]) & is_order].groupby("index")
    inside = pairs[(then > pairs["at"]) & (then <= pairs["ends"])]
    found = {
        "prior_orders": earlier.size(),
        "orders": inside[inside["revenue"] >= 0].groupby("index").size(),
        "margin": inside.groupby("index")["margin"].sum(),
    }
    answers = answers.assign(**{k: v.reindex(answers.index).fillna(0) for k, v in found.items()})
    last = earlier["at_of_order"].max().reindex(answers.index)
    return answers.assign(
        repeat=(answers["orders"] > 0).astype(float),
        recency_days=(answers["at"] - last).dt.days.fillna(0),
        closes=answers["ends"].dt.tz_convert(raw.zone).dt.tz_localize(None).dt.to_period("Q"),
        cluster=answers["customer_id"].astype("category").cat.codes,
    )


def in_lookback(raw: Raw) -> pd.DataFrame:
    panel = followed(raw)
    return panel[panel["closes"] > raw.quarter - 4]


def history(panel: pd.DataFrame, *categories: str) -> pd.DataFrame:
    """Return the controls as a plain statsmodels user would write them, a constant first."""
    columns = {"one": 1.0}
    columns |= {c: np.log1p(panel[c]) for c in ("prior_orders", "recency_days")}
    if "joined_on" in panel:
        opened = pd.to_datetime(panel["joined_on"]).dt.tz_localize("UTC")
        columns["tenure"] = np.log1p((panel["at"] - opened).dt.days)
    for name in categories:
        dummies = pd.get_dummies(panel[name], dtype=float, drop_first=True)
        columns |= {level: dummies[level] for level in dummies}
    return pd.DataFrame(columns, index=panel.index)


def kish(panel: pd.DataFrame) -> float:
    shares = panel["customer_id"].value_counts(normalize=True)
    return 1 / (shares**2).sum()


def clustered(panel: pd.DataFrame) -> dict[str, object]:
    return {"cov_type": "cluster", "cov_kwds": {"groups": panel["cluster"].to_numpy()}}


def logit_effect(panel: pd.DataFrame, known: pd.DataFrame) -> tuple[float, float]:
    """Return the average marginal effect of a point and its clustered error, by statsmodels."""
    design = known.assign(score=panel["score"].astype(float))
    fit = sm.Logit(panel["repeat"], design).fit(disp=0, tol=1e-12, **clustered(panel))
    effect = fit.get_margeff().summary_frame().loc["score"]
    return effect["dy/dx"], effect["Std. Err."]


def money_effect(panel: pd.DataFrame, known: pd.DataFrame, outcome: str) -> float:
    design = known.assign(score=panel["score"].astype(float))
    fit = sm.GLM(panel[outcome], design, family=sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
    return fit.params["score"] * fit.fittedvalues.mean()


def ten_points(panel: pd.DataFrame, known: pd.DataFrame) -> float:
    """Return what five of a hundred answers moving from 0-6 to 9-10 go with."""
    groups = pd.cut(panel["score"], [-1, 6, 8, 10], labels=["low", "middle", "high"])
    groups = pd.get_dummies(groups, dtype=float)[["middle", "high"]]
    fit = sm.Logit(panel["repeat"], known.join(groups)).fit(disp=0, tol=1e-12)
    as_if = [known.assign(middle=0.0, high=top) for top in (1.0, 0.0)]
    best, worst = (fit.predict(design).mean() for design in as_if)
    return 0.05 * (best - worst)


def buying(raw: Raw, quarter: pd.Period) -> dict[str, float]:
    """Return what the orders of a quarter say, counted customer by customer."""
    bought = raw.orders[raw.orders["revenue"] >= 0]
    here, before = (
        set(bought[bought["quarter"] == q]["customer_id"]) for q in (quarter, quarter - 1)
    )
    orders = int((bought["quarter"] == quarter).sum())
    entries = raw.orders[raw.orders["quarter"] == quarter]
    revenue, first = entries["revenue"].sum(), bought.groupby("customer_id")["quarter"].min()
    new = here & set(first[first == quarter].index)
    of_new = entries[entries["customer_id"].isin(new)]["revenue"].sum()
    return {
        "orders": orders,
        "revenue": revenue,
        "active_customers": len(here),
        "new_customers": len(new),
        "retention_rate": len(here & before) / len(before),
        "churn_rate": len(before - here) / len(before),
        "purchase_frequency": orders / len(here),
        "average_order_value": revenue / orders,
        "revenue_per_customer": revenue / len(here),
        "returning_revenue_share": 1 - of_new / revenue,
    }


def again_within(raw: Raw) -> float:
    """Return Kaplan and Meier's share of customers who order again within the window."""
    start = (raw.quarter - 3).start_time.tz_localize(raw.zone)
    orders = raw.orders[(raw.orders["at"] >= start) & (raw.orders["revenue"] >= 0)]
    first = orders.groupby("customer_id")["at"].min()
    later = orders[orders["at"] > orders["customer_id"].map(first)]
    second = later.groupby("customer_id")["at"].min().reindex(first.index)
    days = (second.fillna(raw.end.tz_convert("UTC")) - first).dt.days.clip(lower=0.5)
    curve = sm.SurvfuncRight(days, second.notna().astype(int))
    return 1 - curve.surv_prob[curve.surv_times <= raw.days][-1]


# What the suite says


def said_of_orders(edition: Edition) -> dict[str, object]:
    firm, now, activity = edition.company, edition.period, edition.table("activity")
    told = loyalty.loyalty_series(activity, firm.currency, edition.periods)
    return loyalty.totals(activity, now, firm.currency) | {s.measure.id: s.now for s in told}


def said_of_scores(edition: Edition) -> dict[str, object]:
    told = satisfaction.score_series(
        edition.table("score_cells"), edition.company.all_questions, edition.periods
    )
    cells, days = edition.table("link_cells"), edition.company.repeat_within_days
    told.append(loyalty.repeat_rate_series(cells, days, edition.periods))
    return {s.measure.id: s.now for s in told} | {f"{s.measure.id}_change": s.change for s in told}


def agree(said: Mapping[str, object], counted: Mapping[str, float]) -> None:
    off = {
        id: (said[id], value)
        for id, value in counted.items()
        if said[id].value != pytest.approx(value, rel=SAME, abs=1e-12)
    }
    assert off == {}


def assert_error(said: object, error: float, df: float) -> None:
    """Check an estimate's interval against its standard error, both ends."""
    half = stats.t.ppf(0.975, df) * error
    assert said.high - said.value == pytest.approx(half, rel=1e-6)
    assert said.value - said.low == pytest.approx(half, rel=1e-6)


@pytest.fixture(scope="module")
def example(example: Path) -> Edition:
    return read_period(example, "2026Q3", needs=["responses"])


@pytest.fixture(scope="module")
def olist(shared_data) -> tuple[Edition, Raw]:
    folder = shared_data("olist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLIST_DATA", str(folder))
        return read_period(OLIST, "2018Q1", needs=["responses"]), raw_olist(folder)


def test_the_example_s_orders_counted_again_are_the_same(example):
    raw = raw_example()
    agree(said_of_orders(example), buying(raw, raw.quarter))
    curve = loyalty.time_to_next_order(example.table("gaps"))
    assert loyalty.share_again_within(curve, raw.days).value == pytest.approx(again_within(raw))


def test_the_example_s_scores_counted_again_are_the_same(example):
    raw = raw_example()
    points = 100.0 * (raw.answers["score"] >= 9) - 100.0 * (raw.answers["score"] <= 6)
    answers = raw.answers.assign(nps=points.where(raw.answers["score"].notna()))
    answers["csat"] = (answers["csat"] >= 4).where(answers["csat"].notna()).astype(float)
    names = {"nps": "nps", "csat": "csat", "ces": "ces", "q_service": "service_mean"}
    means = answers.groupby("quarter")[list(names)].mean().rename(columns=names)
    back = followed(raw).groupby("closes")["repeat"].mean().rename("repeat_rate")
    means = means.join(back)
    now, change = means.loc["2026Q3"], means.loc["2026Q3"] - means.loc["2026Q2"]
    agree(said_of_scores(example), {**now, **change.add_suffix("_change")})


def test_the_example_s_interval_of_nps_is_wilson_s_with_the_effective_answers(example):
    said = said_of_scores(example)["nps"]
    answers = raw_example().answers.dropna(subset=["score"])
    answers = answers[answers["quarter"] == "2026Q3"]
    answers = answers.assign(cluster=answers["customer_id"].astype("category").cat.codes)
    share = ((answers["score"] >= 9) * 1.0 - (answers["score"] <= 6) + 1) / 2
    error = sm.OLS(share, np.ones(len(share))).fit(**clustered(answers)).bse.iloc[0]
    effective = share.mean() * (1 - share.mean()) / error**2
    alpha = 2 * stats.norm.sf(stats.t.ppf(0.975, kish(answers) - 1))
    low, high = proportion_confint(share.mean() * effective, effective, alpha, method="wilson")
    assert (said.low, said.high) == pytest.approx((200 * low - 100, 200 * high - 100), rel=1e-6)


def test_the_example_s_link_fitted_row_by_row_is_the_same(example):
    panel, cells = in_lookback(raw_example()), repeat_effect.lookback(example.table("link_cells"))
    known = history(panel, "tier")
    raw, adjusted = (repeat_effect.repeat_effect(cells, controls=by) for by in ((), CONTROLS))
    for said, columns in ((raw, known[["one"]]), (adjusted, known)):
        value, error = logit_effect(panel, columns)
        assert said.n == len(panel)
        assert said.value == pytest.approx(value, rel=SAME)
        assert_error(said, error, kish(panel) - 1)
    ten = effect_by_segment.repeat_effect_per_10_nps(cells, controls=CONTROLS)
    assert ten.value == pytest.approx(ten_points(panel, known), rel=1e-7)


def test_the_example_s_test_of_a_straight_line_is_statsmodels_wald_test(example):
    panel, cells = in_lookback(raw_example()), repeat_effect.lookback(example.table("link_cells"))
    known = history(panel, "tier").assign(score=panel["score"])
    bent = known.assign(
        from_6=(panel["score"] - 6).clip(lower=0), from_8=(panel["score"] - 8).clip(lower=0)
    )
    fit = sm.Logit(panel["repeat"], bent).fit(disp=0, tol=1e-12, **clustered(panel))
    wald = fit.wald_test("from_6 = 0, from_8 = 0", use_f=True, scalar=True)
    p = stats.f.sf(wald.statistic, 2, kish(panel) - 1)
    bands = dose_response.bands_of((0, 10), "nps")
    said = dose_response.linearity(cells, bands=bands, controls=CONTROLS)
    assert said.p == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("outcome", ["orders", "margin"])
def test_the_example_s_amounts_fitted_row_by_row_are_the_same(example, outcome):
    panel, cells = in_lookback(raw_example()), repeat_effect.lookback(example.table("link_cells"))
    said = repeat_effect.effect_of_a_point(cells, outcome=outcome, controls=CONTROLS, unit="EUR")
    assert said.value == pytest.approx(
        money_effect(panel, history(panel, "tier"), outcome), rel=1e-7
    )


def test_olist_s_orders_counted_again_are_the_same(olist):
    edition, raw = olist
    agree(said_of_orders(edition), buying(raw, raw.quarter))
    curve = loyalty.time_to_next_order(edition.table("gaps"))
    assert loyalty.share_again_within(curve, raw.days).value == pytest.approx(again_within(raw))


def test_olist_s_scores_and_link_counted_again_are_the_same(olist):
    edition, raw = olist
    cells, firm = repeat_effect.lookback(edition.table("link_cells")), edition.company
    panel, satisfied = in_lookback(raw), raw.answers["score"] >= 4
    means = satisfied.groupby(raw.answers["quarter"]).mean()
    back = followed(raw).groupby("closes")["repeat"].mean()
    counted = {"csat": means["2018Q1"], "csat_change": means["2018Q1"] - means["2017Q4"]}
    agree(said_of_scores(edition), counted | {"repeat_rate": back["2018Q1"]})
    value, error = logit_effect(panel, history(panel, "region"))
    controls = [name for name in firm.controls if name != "month"]
    said = repeat_effect.repeat_effect(cells, controls=controls)
    assert said.value == pytest.approx(value, rel=1e-7)
    assert_error(said, error, kish(panel) - 1)
    spend = repeat_effect.effect_of_a_point(cells, outcome="margin", controls=controls, unit="EUR")
    assert spend.value == pytest.approx(
        money_effect(panel, history(panel, "region"), "margin"), rel=1e-7
    )
