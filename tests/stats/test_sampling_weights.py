"""Customers drawn by chance tell the same as all of them: counts and sums as well, within error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import churn_worlds
import numpy as np
import pandas as pd
import pytest
import yaml
from editions import publish_here

from profitchain.lifetime import churn_model, retention_targeting
from profitchain.measures import profitability
from profitchain.panel import customers as firm_customers
from profitchain.panel import edition as panel_edition
from profitchain.panel.edition import read_period
from profitchain.press import customer_lists
from profitchain.stats import sampling_weights
from profitchain.words import captions

REPO = Path(__file__).resolve().parents[2]
PERIOD = "2026Q3"
PAGES = ("02_response", "05_loyalty", "06_value", "08_worth", "10_lifetime", "11_churn")
EXACT = ("05_loyalty", "08_worth")  # nothing recorded on these pages needs single customers
WANTED = 1_800  # of the example's 4,359 customers
TOO_FAR = 4  # standard errors
TOLD = "drawn by chance"


# --- one count ------------------------------------------------------------------------------------


def drawn_rows(n: int, each: float) -> pd.DataFrame:
    return pd.DataFrame({"row": np.arange(n), sampling_weights.STANDS_FOR: each})


def test_where_nobody_is_drawn_everything_stays_as_it_was():
    rows, counts = pd.DataFrame({"row": range(5)}), pd.Series([40_321, 7])
    assert sampling_weights.factor(rows) == sampling_weights.stands_for({}) == 1
    assert sampling_weights.of_all(counts, 1.0) is counts
    said = sampling_weights.group_size(3, rows)
    assert (said.low, said.value, said.high, said.n) == (3, 3, 3, 3)
    assert captions.drawn_from("Customers, n = 5", 1.0) == "Customers, n = 5"
    assert captions.drawn_sentences("This page", {"customers": 5, "customers_drawn": 5}) == ()


@pytest.mark.parametrize("share", [0.02, 0.3])
@pytest.mark.parametrize("each", [1.25, 4.0])
def test_a_groups_size_lies_within_the_interval_that_a_draw_gives(share, each):
    rng, everybody, held = np.random.default_rng(11), 8_000, 0
    inside = np.arange(everybody) < share * everybody
    for _draw in range(400):
        kept = rng.permutation(everybody)[: int(everybody / each)]
        said = sampling_weights.group_size(int(inside[kept].sum()), drawn_rows(len(kept), each))
        held += said.low <= inside.sum() <= said.high
    assert 0.92 <= held / 400 <= 0.985


def test_the_sizes_of_all_groups_add_up_to_all_customers():
    rows = drawn_rows(1_000, 19.7)
    sizes = [sampling_weights.group_size(n, rows).value for n in (700, 299, 1)]
    assert sum(sizes) == pytest.approx(19_700)


def test_a_count_is_told_in_no_more_digits_than_the_draw_supports():
    counts = pd.DataFrame({"customers": [250_123, 90], "change": [-1_234, np.nan]})
    told = sampling_weights.of_all(counts, 20.0, squares=counts["customers"])
    assert told["customers"].tolist() == [5_000_000, 1_800]
    assert told["change"].tolist()[0] == -20_000
    assert np.isnan(told["change"].iloc[1])


# --- sums over customers --------------------------------------------------------------------------


def test_costs_known_in_full_are_charged_in_full():
    rng = np.random.default_rng(5)
    now = pd.DataFrame({
        "cluster": range(300), "orders": rng.integers(0, 4, 300), "margin": 30.0,
        "member": rng.integers(0, 2, 300), "contact_cost": 1.5,
    })  # fmt: skip
    books = pd.DataFrame(
        {"purpose": ["service", "programme", "acquisition"], "amount": [90_000.0, 7_000, 500]}
    )
    now[sampling_weights.STANDS_FOR] = 20.0
    costs = profitability.costing(now, books)
    rows = profitability.profits(now, costs)
    assert costs.contacts == pytest.approx(20 * 450)
    assert 20 * rows["other_costs"].sum() == pytest.approx(97_000 - costs.contacts)
    assert costs.elsewhere == pytest.approx(30 * (now["orders"] == 0).sum(), rel=0.1)


@pytest.fixture(scope="module")
def seen() -> churn_model.ChurnForecast:
    customers = churn_worlds.snapshots(np.random.default_rng(3), customers=6_000)
    return churn_model.forecast_churn(customers, per_year=4)


def of_some(
    seen: churn_model.ChurnForecast, kept: np.ndarray, each: float
) -> churn_model.ChurnForecast:
    return replace(seen, now=seen.now.iloc[kept].assign(**{sampling_weights.STANDS_FOR: each}))


def test_the_value_at_risk_of_all_is_told_by_those_drawn_with_the_error_of_the_draw(seen):
    rng, n, each = np.random.default_rng(8), len(seen.now), 5.0
    known = replace(seen.model.coefficients, errors=seen.model.coefficients.errors * 0)
    sure = replace(seen, model=replace(seen.model, coefficients=known))
    whole = retention_targeting.value_at_risk(sure, currency="EUR")
    draws = [
        retention_targeting.value_at_risk(
            of_some(sure, rng.random(n) < 1 / each, each), currency="EUR"
        )
        for _draw in range(200)
    ]
    values = np.array([one.value for one in draws])
    assert values.mean() == pytest.approx(whole.value, abs=4 * values.std() / np.sqrt(200))
    held = np.mean([one.low <= whole.value <= one.high for one in draws])
    assert held > 0.94  # who will be of them is in it as well, so a little too often
    assert np.median([one.high - one.low for one in draws]) < 2 * 2.6 * values.std()


def test_a_group_at_risk_loses_the_same_share_of_its_money_whether_drawn_or_not(seen):
    whole = retention_targeting.at_risk_by_group(seen, None, currency="EUR")
    tripled = retention_targeting.at_risk_by_group(
        of_some(seen, np.arange(len(seen.now)), 3.0), None, currency="EUR"
    )
    assert tripled["value"].to_numpy() == pytest.approx(3 * whole["value"].to_numpy())
    assert tripled["share"].to_numpy() == pytest.approx(whole["share"].to_numpy())


# --- an edition -----------------------------------------------------------------------------------


def example_drawn(folder: Path, *tables: str) -> panel_edition.Edition:
    """Return the example with fewer than half of its customers kept one by one.

    Of its `tables`, all if none is named; two tests read three of sixteen.
    """
    ignored = shutil.ignore_patterns(".store", "lists", "quarantine")
    company = shutil.copytree(REPO / "data" / "example", folder / "firm", ignore=ignored)
    place = company / "company.yml"
    settings = yaml.safe_load(place.read_text(encoding="utf-8"))
    settings["tables"] = {
        name: source for name, source in settings["tables"].items() if name in tables or not tables
    }
    place.write_text(json.dumps(settings), encoding="utf-8")
    return read_period(company, PERIOD)


@pytest.fixture(scope="module", autouse=True)
def few_are_kept() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(firm_customers, "DRAWN_FROM", WANTED)
        patch.setattr(firm_customers, "DRAWN", WANTED)
        patch.setattr(firm_customers, "EXACT_CLUSTERS", WANTED + 200)
        patch.setattr("profitchain.panel.snapshots.SAMPLED", WANTED + 200)
        yield


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> panel_edition.Edition:
    """The example's customers, orders and answers, for some of the customers."""
    return example_drawn(tmp_path_factory.mktemp("drawn"), "customers", "orders", "responses")


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> tuple[panel_edition.Edition, Path]:
    """The example with some of its customers, and its pages."""
    folder = tmp_path_factory.mktemp("few")
    edition = example_drawn(folder)
    firm = folder / "firm"
    return edition, publish_here(firm, PERIOD, only=PAGES, out=folder / "out", spoken=["en"])


def recorded(folder: Path) -> pd.DataFrame:
    rows = pd.DataFrame(json.loads((folder / "findings.json").read_text(encoding="utf-8")))
    rows = rows[rows["page"].isin(PAGES)].assign(group=rows["group"].fillna(""))
    return rows.set_index(["page", "id", "group"])[["value", "low", "high", "n", "unit"]]


@pytest.fixture(scope="module")
def both(few) -> pd.DataFrame:
    """The findings of the committed edition of all customers, and (`_few`) of those drawn."""
    whole = recorded(REPO / "reports" / "example" / PERIOD)
    return whole.join(recorded(few[1]).add_suffix("_few"), how="inner")


def test_a_few_customers_are_drawn_and_each_stands_for_as_many(drawn):
    assert drawn.facts["customers_drawn"] == pytest.approx(WANTED, rel=0.1)
    rows = drawn.table("customers").query("back == 0")
    assert sampling_weights.factor(rows) == drawn.stands_for > 2
    assert len(rows) * drawn.stands_for == pytest.approx(4_359, rel=0.01)


@pytest.mark.slow
def test_findings_of_those_drawn_lie_near_those_of_all(both):
    sure = both["high_few"] > both["low_few"]
    errors = (both["high_few"] - both["low_few"])[sure] / (2 * 1.96)
    apart = (both["value_few"] - both["value"])[sure] / errors
    assert len(apart) > 120
    assert apart.abs().max() < TOO_FAR
    assert apart.abs().median() < 1


@pytest.mark.slow
def test_findings_that_need_no_single_customer_are_the_same(both):
    pages = both.index.get_level_values("page").isin(EXACT)
    same = both[pages].drop("smallest_detectable_effect", level="id")  # of errors, by bucket here
    is_worth = same.index.get_level_values("id").str.startswith("worth_of_a_point")
    same = same[~is_worth]  # each answer is followed for a year: of those drawn
    assert len(same) > 30
    np.testing.assert_allclose(same["value_few"], same["value"], rtol=0.01)
    np.testing.assert_array_equal(same["n_few"], same["n"])


@pytest.mark.slow
@pytest.mark.parametrize("id", ["value_group_customers", "four_field_customers"])
def test_the_customers_of_groups_are_those_of_all_with_an_interval(few, both, id):
    rows = both.xs(id, level="id")
    assert rows["value_few"].sum() == pytest.approx(rows["value"].sum(), rel=0.05)
    assert (rows["low_few"] < rows["value_few"]).all()
    assert (rows["n_few"] == len(few[0].table("customers").query("back == 0"))).all()


@pytest.mark.slow
def test_pages_say_that_customers_were_drawn_and_the_whole_edition_does_not(few):
    edition, pages = few
    for page in PAGES:
        assert TOLD in (pages / f"{page}.html").read_text(encoding="utf-8")
        whole = REPO / "reports" / "example" / PERIOD / f"{page}.html"
        assert TOLD not in whole.read_text(encoding="utf-8")
    drawn, every = (f"{edition.facts[name]:,}" for name in ("customers_drawn", "customers"))
    for page in ("02_response", "06_value", "10_lifetime", "11_churn"):
        told = (pages / f"{page}.html").read_text(encoding="utf-8")
        assert f"from {drawn} of {every} customers, {TOLD}" in told
    assert "counted in full" not in (pages / "06_value.html").read_text(encoding="utf-8")


def test_a_list_holds_those_drawn_and_says_so(drawn, tmp_path):
    told = customer_lists.write_at_risk(drawn, tmp_path / "list.csv")
    rows = pd.read_csv(tmp_path / "list.csv")
    assert len(rows) < drawn.facts["customers_drawn"]
    assert f"only of those drawn by chance (one in {drawn.stands_for:.3g} of all)" in told
