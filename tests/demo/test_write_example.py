"""The invented company is what its truth says it is."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml

from demo import programme_tables
from demo.behaviour import (
    DAY,
    LENGTH,
    NEVER,
    REST_DAYS,
    WINDOW_DAYS,
    busy_at,
    next_order,
    repeat_chance,
)
from demo.perfect_knowledge import answered_panel, lookback
from demo.truth import repeat_truth, truths
from demo.world import simulate
from demo.write_example import CUSTOMERS, FAULTS, build_example, write_example
from profitchain.core.errors import ParameterError

COMMITTED = Path(__file__).parents[2] / "data" / "example"
MANY = 150_000  # customers: the adjusted effect's standard error is about 1% of the effect
SMALL_BIAS = 0.05  # of the effect: the logit's own shape, and 3 standard errors, stay well below
VISIBLE_BIAS = 0.20  # of the effect: what history adds unless it is adjusted for


@pytest.fixture(scope="module")
def large():
    world = simulate(MANY, seed=7)
    panel = lookback(answered_panel(world))
    return world, panel, repeat_truth(panel, world)


@pytest.fixture(scope="module")
def example():
    return build_example(simulate(CUSTOMERS))


@pytest.fixture(scope="module")
def tables(example):
    return {name: table.to_pandas() for name, table in example.tables.items()}


def marginal_effect(panel: pd.DataFrame, *, adjusted: bool) -> float:
    """Return the average marginal effect of a point by plain statsmodels, row by row."""
    columns = {"one": 1.0, "score": panel["score"].astype(float)}
    if adjusted:
        columns |= {
            name: np.log1p(panel[name]) for name in ("prior_orders", "recency_days", "tenure_days")
        }
        columns |= {tier: (panel["tier"] == tier).astype(float) for tier in ("silver", "gold")}
    design = pd.DataFrame(columns, index=panel.index)
    fit = sm.GLM(panel["repeat"], design, family=sm.families.Binomial()).fit()
    return fit.params["score"] * (fit.fittedvalues * (1 - fit.fittedvalues)).mean()


def test_adjusting_for_what_the_firm_can_see_recovers_the_true_effect(large):
    _, panel, truth = large
    assert marginal_effect(panel, adjusted=True) == pytest.approx(
        truth["effect_per_point"], rel=SMALL_BIAS
    )


def test_without_adjustment_the_effect_looks_larger_than_it_is(large):
    _, panel, truth = large
    naive = marginal_effect(panel, adjusted=False)
    assert naive > truth["effect_per_point"] * (1 + VISIBLE_BIAS)
    assert naive == pytest.approx(truth["unadjusted_per_point"], rel=0.03)


def test_without_confounding_nothing_needs_adjusting():
    world = simulate(MANY, seed=8, confounding=0.0)
    panel = lookback(answered_panel(world))
    truth = repeat_truth(panel, world)["effect_per_point"]
    assert marginal_effect(panel, adjusted=False) == pytest.approx(truth, rel=SMALL_BIAS)


def test_without_an_effect_only_history_is_left():
    world = simulate(MANY, seed=9, effect=0.0)
    panel = lookback(answered_panel(world))
    truth = repeat_truth(panel, world)
    assert truth["effect_per_point"] == truth["one_more_point"] == 0
    assert np.ptp(truth["by_score"]) == 0
    assert marginal_effect(panel, adjusted=False) > 0.008
    assert abs(marginal_effect(panel, adjusted=True)) < 0.003  # about three standard errors


def test_the_stated_chances_are_the_shares_that_happen(large):
    _, panel, _ = large
    bins = panel.groupby(["score", "tier"])
    spread = (panel["chance"] * (1 - panel["chance"])).groupby([panel["score"], panel["tier"]])
    off = bins["repeat"].sum() - bins["chance"].sum()
    deviations = off / np.sqrt(spread.sum())
    assert deviations.abs().max() < 4
    assert (deviations**2).mean() == pytest.approx(1, abs=0.8)


@pytest.mark.parametrize("score", [0, 6, 10])
def test_the_closed_form_is_the_chance_of_the_simulated_next_order(score):
    n, delay = 200_000, 7 * DAY
    people = pd.DataFrame({"pace": np.full(n, 0.02)})
    placed = np.full(n, 300 * DAY)
    again = next_order(
        people,
        np.arange(n),
        placed,
        np.full(n, score),
        effect=1.0,
        rng=np.random.default_rng(score),
    )
    busy = busy_at(placed + delay + WINDOW_DAYS * DAY) - busy_at(placed + REST_DAYS * DAY)
    chance = repeat_chance(np.array([0.02]), np.array([score]), busy[:1], 1.0)[0]
    seen = (again <= placed + delay + WINDOW_DAYS * DAY).mean()
    assert seen == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / n))
    assert again.min() > placed[0] + REST_DAYS * DAY


def test_a_firm_counting_its_tables_finds_the_panel_that_hindsight_sees(example):
    engine = duckdb.connect()
    for name in ("orders", "responses"):
        engine.register(name, example.tables[name])
    counted = engine.sql(
        f"""
        with bought as (select * from orders where status = 'completed')
        select r.response_id, any_value(r.nps) score,
            count(distinct o.order_id) filter (o.ordered_at < r.responded_at) prior_orders,
            count(distinct o.order_id) filter (
                o.ordered_at > r.responded_at
                and o.ordered_at <= r.responded_at + interval {WINDOW_DAYS} day) orders
        from responses r join bought o using (customer_id)
        where r.nps is not null
            and r.responded_at + interval {WINDOW_DAYS} day <= timestamp '2026-10-01'
        group by all order by 2, 3, 4
        """
    ).df()
    panel = answered_panel(example.world).sort_values(["score", "prior_orders", "orders"])
    for column in ("score", "prior_orders", "orders"):
        assert counted[column].tolist() == panel[column].tolist()


def test_answers_come_after_delivery_and_before_the_next_order_can():
    orders = simulate(20_000, seed=3).orders
    given = orders[orders["answered"] < NEVER]
    waited = given["answered"] - given["placed"]
    assert (given["invited"] < given["answered"]).all()
    assert waited.min() > 3 * DAY
    assert waited.max() < REST_DAYS * DAY


def test_nothing_happens_after_the_end_and_the_last_day_has_orders(tables):
    end = pd.Timestamp("2026-10-01")
    stamps = {
        f"{name}.{column}": table[column].max()
        for name, table in tables.items()
        for column in table.select_dtypes("datetime")
    }
    assert len(stamps) >= 9
    assert {name: last for name, last in stamps.items() if last >= end} == {}
    assert tables["orders"]["ordered_at"].max() >= end - pd.Timedelta("1D")
    assert simulate(1).orders["placed"].max() >= LENGTH - DAY


def test_books_lines_and_orders_tie_out(tables):
    orders, lines = tables["orders"], tables["order_lines"]
    sold = orders[orders["status"] == "completed"].set_index("order_id")
    lines_sum = lines.groupby("order_id")["revenue"].sum()
    assert (lines_sum - sold["discount"] == sold["revenue"]).all()
    kept = orders[orders["status"] != "cancelled"]
    quarter = kept["ordered_at"].dt.to_period("Q").astype(str)
    books = tables["control_totals"].pivot(index="period", columns="measure", values="amount")
    assert kept.groupby(quarter)["revenue"].sum().tolist() == books["revenue"].tolist()
    bought = kept[kept["status"] == "completed"]
    active = bought.groupby(quarter)["customer_id"].nunique()
    assert active.tolist() == books["active_customers"].astype(int).tolist()
    assert (kept["revenue"] < 0).sum() == (kept["status"] == "refunded").sum() > 50


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("orders", ["order_id"]),
        ("responses", ["response_id"]),
        ("customers", ["customer_id"]),
        ("order_lines", ["order_id", "product_id"]),
        ("contacts", ["contact_id"]),
        ("offers", ["offer_id"]),
        ("referrals", ["referral_id"]),
        ("mentions", ["mention_id"]),
        ("memberships", ["customer_id"]),
        ("control_totals", ["period", "measure"]),
    ],
)
def test_keys_are_present_and_unique(tables, table, key):
    assert not tables[table][key].isna().any(axis=None)
    assert not tables[table].duplicated(key).any()


@pytest.mark.parametrize("table", ["responses", "orders", "invitations", "contacts", "memberships"])
def test_every_row_belongs_to_a_known_customer(tables, table):
    assert tables[table]["customer_id"].isin(tables["customers"]["customer_id"]).all()


def test_no_table_shows_the_truth(tables):
    secret = {"pace", "chance", "score", "calm_score", "late", "exposure"}
    assert not secret & {column for table in tables.values() for column in table}


def test_the_crisis_touches_its_region_and_quarter_alone(example):
    orders, people = example.world.orders, example.world.people
    changed = orders[orders["score"] != orders["calm_score"]]
    assert set(people["region"].to_numpy()[changed["customer"]]) == {0}
    assert changed["placed"].between(547 * DAY, 639 * DAY).all()
    assert example.truth["crisis"]["nps_change"] < -20
    assert (simulate(2_000, crisis=False).orders.eval("score == calm_score")).all()


def test_the_dissatisfied_answer_less_so_that_respondents_look_too_good(example):
    for quarter, nps in example.truth["nps"].items():
        assert nps["respondents"] > nps["invited"] + 5, quarter


def test_offers_lift_acceptance_by_the_stated_uplift():
    offers = programme_tables.offers(simulate(100_000, seed=5)).to_pandas()
    share = offers.groupby(["kind", "is_holdout"])["accepted"].mean().unstack()
    uplift = share[False] - share[True]
    assert uplift["cross_sell"] == pytest.approx(0.05, abs=0.01)
    assert uplift["upsell"] == pytest.approx(0.025, abs=0.01)


def test_promoters_refer_as_much_more_as_stated():
    world = simulate(100_000, seed=6)
    referrers = programme_tables.referral_facts(world)["referrer"]
    once = world.orders.drop_duplicates("customer", keep=False).set_index("customer")["score"]
    referred = once[once.index.isin(referrers)]
    share = pd.cut(referred, [-1, 6, 8, 10]).value_counts(sort=False)
    share = share.to_numpy() / pd.cut(once, [-1, 6, 8, 10]).value_counts(sort=False).to_numpy()
    assert share[2] / share[0] == pytest.approx(6, rel=0.25)


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_company_written_twice_is_the_same_to_the_byte(tmp_path):
    for folder in ("one", "two"):
        write_example(tmp_path / folder, customers=300, seed=11)
    one, two = (files_of(tmp_path / folder) for folder in ("one", "two"))
    assert one == two
    write_example(tmp_path / "three", customers=300, seed=12)
    assert (tmp_path / "three" / "orders.csv").read_bytes() != one["orders.csv"]


def test_the_committed_company_is_the_one_this_code_writes(tmp_path):
    write_example(tmp_path)
    written = files_of(tmp_path)
    assert sum(map(len, written.values())) <= 3_000_000
    for name, content in written.items():
        assert (COMMITTED / name).read_bytes() == content, f"{name} is out of date"


def test_planted_faults_are_as_many_as_the_truth_lists():
    truth = json.loads((COMMITTED / "truth.json").read_text(encoding="utf-8"))
    assert truth["planted_faults"] == FAULTS
    orders = pd.read_csv(COMMITTED / "orders.csv", dtype=str)
    assert orders.duplicated().sum() == 2
    assert pd.to_numeric(orders["revenue"], errors="coerce").isna().sum() == 1
    assert pd.to_datetime(orders["ordered_at"], errors="coerce", format="ISO8601").isna().sum() == 1
    answers = pd.read_csv(COMMITTED / "responses.csv", dtype=str)
    assert (answers["nps"] == "11").sum() == 1
    known = pd.read_csv(COMMITTED / "customers.csv", dtype=str)["customer_id"]
    assert (~answers["customer_id"].isin(known)).sum() == 1
    assert truth["rows"]["orders"] == len(orders) - 4


def test_comments_come_in_two_languages_and_with_awkward_text(tables):
    answers = tables["responses"]
    texts = answers["comment"].dropna()
    assert texts.str.contains("[\u4e00-\u9fff]").mean() == pytest.approx(0.12, abs=0.03)
    assert texts.nunique() > 250
    for sign in (",", '"', "😍", "<b>"):
        assert texts.str.contains(sign, regex=False).any()
    assert texts.str.startswith("=").sum() == 1
    last = answers[answers["responded_at"] >= "2026-07-01"]["comment"].dropna()
    assert last.str.contains("<b>", regex=False).any()


def test_enough_answers_for_every_quarter_and_for_the_link(example, tables):
    quarter = tables["responses"]["responded_at"].dt.to_period("Q")
    assert quarter.value_counts().min() >= 250
    assert quarter.nunique() == 11
    assert example.truth["repeat"]["lookback"]["answers"] >= 1_500


def test_the_readme_explains_every_column_of_every_table(tables):
    readme = (COMMITTED.parent / "README.md").read_text(encoding="utf-8")
    sections = {part.split("`")[1]: part for part in readme.split("\n### ")[1:]}
    unexplained = [
        f"{name}.{column}"
        for name, table in tables.items()
        for column in table
        if f"`{column}`" not in sections[f"{name}.csv"]
    ]
    assert unexplained == []


@pytest.mark.parametrize(("customers", "form"), [(120, "csv"), (20_001, "parquet")])
def test_company_yml_points_to_every_table_in_either_form(tmp_path, customers, form, tables):
    write_example(tmp_path, customers=customers)
    company = yaml.safe_load((tmp_path / "company.yml").read_text(encoding="utf-8"))
    assert list(company["tables"]) == list(tables)
    for name, where in company["tables"].items():
        path = tmp_path / where["file"]
        read = pd.read_csv(path) if form == "csv" else pd.read_parquet(path)
        assert path.suffix == f".{form}"
        assert list(read.columns) == list(tables[name].columns)


@pytest.mark.parametrize("customers", [1, 2, 60])
def test_even_the_smallest_company_can_be_written(tmp_path, customers):
    write_example(tmp_path, customers=customers)
    assert len(pd.read_csv(tmp_path / "customers.csv")) == customers
    told = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert told["planted_faults"] == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"customers": 0}, "customers is 0"), ({"effect": 2.0}, "effect is 2.0")],
)
def test_an_impossible_world_is_refused_in_words(wrong, message):
    with pytest.raises(ParameterError, match=message):
        simulate(**wrong)


def test_the_orders_truth_agrees_with_the_orders_that_followed():
    world = simulate(60_000, seed=4)
    truth = truths(world)
    panel = lookback(answered_panel(world))
    expected = np.dot(
        truth["orders_within_window"]["by_score"],
        np.bincount(panel["score"], minlength=11) / len(panel),
    )
    history = panel["orders"].mean() / expected
    # history lifts those who score high: the mean over answers as they came is a little larger
    assert 1.0 < history < 1.06
