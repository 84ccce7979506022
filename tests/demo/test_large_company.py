"""An invented firm in blocks is one firm: keys differ, sums add up, whoever writes it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest
import yaml

from demo import large_company
from demo.behaviour import END, WINDOW_DAYS, WorldSettings, staying
from demo.calibrate import settled
from demo.perfect_knowledge import answered_panel, lookback
from demo.sums import answers
from demo.truth import answers_truth, settings_truth, truths
from demo.world import lived, simulate
from demo.write_example import write_example
from profitchain import cli
from profitchain.core.errors import ParameterError
from profitchain.core.periods import Period
from profitchain.intake import intake
from profitchain.sources import company

CUSTOMERS, BLOCK = 5_000, 1_300  # four blocks
WANTED = {"orders": 25_000, "answers": 2_500}
NEAR = 0.06  # of a target: 5,000 customers differ from their pilot by sampling error of 3% at most
FEW = ("orders", "responses", "customers")


@pytest.fixture(scope="module")
def firm(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("firm") / "blocks"
    write_example(folder, customers=CUSTOMERS, seed=3, block=BLOCK, workers=2, **WANTED)
    return folder


@pytest.fixture(scope="module")
def tables(firm):
    listed = yaml.safe_load((firm / "company.yml").read_text(encoding="utf-8"))["tables"]
    return {
        name: ds.dataset(sorted(map(str, firm.glob(where["file"])))).to_table().to_pandas()
        for name, where in listed.items()
    }


@pytest.fixture(scope="module")
def truth(firm):
    return json.loads((firm / "truth.json").read_text(encoding="utf-8"))


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


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
        ("costs", ["month", "purpose", "channel"]),
        ("control_totals", ["period", "measure"]),
    ],
)
def test_keys_differ_over_all_blocks(tables, truth, table, key):
    assert not tables[table].duplicated(key).any()
    assert len(tables[table]) == truth["rows"][table] > 0


def test_every_block_has_luck_of_its_own(tables):
    orders = tables["orders"]
    by_block = [group for _, group in orders.groupby(orders["customer_id"].str[1:4])]
    firsts = [tuple(group["revenue"].head(50)) for group in by_block]
    assert len(set(firsts)) == len(firsts) == 4


def test_rows_of_other_tables_belong_to_customers_and_orders_of_the_firm(tables):
    known, sold = set(tables["customers"]["customer_id"]), set(tables["orders"]["order_id"])
    for name in ("orders", "responses", "invitations", "contacts", "memberships", "offers"):
        assert set(tables[name]["customer_id"]) <= known, name
    assert set(tables["customers"]["referred_by"].dropna()) <= known
    assert set(tables["order_lines"]["order_id"]) | set(tables["responses"]["order_id"]) <= sold
    assert set(tables["invitations"]["response_id"].dropna()) == set(
        tables["responses"]["response_id"]
    )


def test_the_books_of_the_firm_are_the_sums_of_its_blocks(tables):
    orders = tables["orders"]
    kept = orders[orders["status"] != "cancelled"]
    quarter = kept["ordered_at"].dt.to_period("Q").astype(str)
    books = tables["control_totals"].pivot(index="period", columns="measure", values="amount")
    assert kept.groupby(quarter)["revenue"].sum().tolist() == books["revenue"].tolist()
    bought = kept[kept["status"] == "completed"]
    active = bought.groupby(quarter)["customer_id"].nunique()
    assert active.tolist() == books["active_customers"].astype(int).tolist()
    lines = tables["order_lines"].groupby("order_id")["revenue"].sum()
    sold = bought.set_index("order_id").sort_index()
    assert (lines - sold["discount"] == sold["revenue"]).all()


def test_a_file_holds_its_quarter_in_order_of_time(firm):
    files = [path for name in large_company.DATED for path in (firm / name).iterdir()]
    assert len(files) >= 8 * 10
    for path in files:
        when = ds.dataset(path).to_table().to_pandas()[large_company.DATED[path.parent.name]]
        assert when.is_monotonic_increasing
        assert {path.name[:6]} == set(when.dt.to_period("Q").astype(str))


def test_lines_stand_in_the_quarter_of_their_orders(firm):
    for path in (firm / "order_lines").iterdir():
        lines = set(ds.dataset(path).to_table()["order_id"].to_pylist())
        orders = ds.dataset(firm / "orders").to_table(
            filter=ds.field("order_id").isin(sorted(lines))
        )
        assert set(orders["ordered_at"].to_pandas().dt.to_period("Q").astype(str)) == {
            path.name[:6]
        }


def test_the_firm_is_the_same_however_many_write_it(firm, tmp_path):
    write_example(tmp_path / "one", customers=CUSTOMERS, seed=3, block=BLOCK, workers=1, **WANTED)
    assert content(tmp_path / "one") == content(firm)


def test_wanted_orders_and_answers_are_met(tables, truth):
    completed = (tables["orders"]["status"] == "completed").sum()
    assert completed == pytest.approx(WANTED["orders"], rel=NEAR)
    assert len(tables["responses"]) == pytest.approx(WANTED["answers"], rel=NEAR)
    assert truth["settings"]["loyalty"] > 1.5
    assert truth["settings"]["invited_share"] < 0.3


def test_the_truth_adds_up_over_the_whole_firm(tables, truth):
    given = tables["responses"].dropna(subset=["nps"])
    quarter = given["responded_at"].dt.to_period("Q").astype(str)
    seen = 100 * ((given["nps"] >= 9).astype(int) - (given["nps"] <= 6)).groupby(quarter).mean()
    told = {name: nps["respondents"] for name, nps in truth["nps"].items()}
    assert told == pytest.approx(seen.to_dict(), abs=1e-6)
    closed = given["responded_at"] + pd.Timedelta(days=WINDOW_DAYS) <= pd.Timestamp(END)
    assert truth["repeat"]["all_answers"]["answers"] == closed.sum()
    bought = tables["orders"][tables["orders"]["status"] == "completed"]
    mean = float(bought["revenue"].astype(float).mean())
    assert truth["money"]["revenue_per_order"] == pytest.approx(mean, abs=0.006)


def test_tallies_of_two_worlds_add_up_to_that_of_both():
    one, two = (answered_panel(simulate(800, seed=seed)) for seed in (1, 2))
    settings = WorldSettings(customers=800, seed=1)
    both = answers_truth(answers(pd.concat([one, two]), settings))
    added = answers_truth(answers(one, settings) + answers(two, settings))
    assert added == both


def test_the_truth_of_a_firm_in_blocks_is_that_of_a_larger_world(truth):
    world = lived(WorldSettings(**truth["settings"] | {"customers": 40_000, "seed": 99}))
    expected = json.loads(json.dumps(truths(world)))
    told, more = (each["repeat"]["all_answers"] for each in (truth, expected))
    assert told["by_score"] == pytest.approx(more["by_score"], abs=0.03)
    assert told["effect_per_point"] == pytest.approx(more["effect_per_point"], rel=0.05)
    assert truth["mechanism"] == expected["mechanism"]
    assert truth["crisis"]["nps_change"] == pytest.approx(expected["crisis"]["nps_change"], abs=8)


def test_the_stated_chances_happen_in_a_more_loyal_world_too():
    panel = lookback(answered_panel(simulate(40_000, seed=6, loyalty=2.0, invited_share=0.5)))
    spread = np.sqrt((panel["chance"] * (1 - panel["chance"])).sum())
    assert abs(panel["repeat"].sum() - panel["chance"].sum()) < 4 * spread


def test_loyalty_divides_the_chance_to_leave():
    scores = np.arange(11)
    left, less = 1 - staying(scores, 1.0), 1 - staying(scores, 1.0, 2.0)
    assert less == pytest.approx(left / 2)


def test_settings_that_nobody_chose_are_not_told():
    usual = WorldSettings(customers=5, seed=1)
    assert {"loyalty", "invited_share"}.isdisjoint(settings_truth(usual))
    assert settings_truth(replace(usual, loyalty=2.0))["loyalty"] == 2.0


def test_only_the_tables_asked_for_are_written_and_the_firm_can_be_read(tmp_path):
    folder = tmp_path / "firm"
    write_example(folder, customers=2_000, tables=("responses", "customers"), block=700, workers=1)
    names = {path.name for path in folder.iterdir()}
    assert names == {*FEW, "company.yml", "truth.json"}
    read = intake.open_intake(company.load_company(folder), Period("2026Q3"))
    told = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert str(told["rows"]["orders"]) in intake.check_report(read).replace(",", "")


@pytest.mark.slow
def test_every_row_of_every_table_passes_the_contract(firm):
    read = intake.open_intake(company.load_company(firm), Period("2026Q3"))
    reasons = [line for line in intake.check_report(read).splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in reasons] == ["cancelled"]


def test_orders_alone_make_a_company_without_questions(tmp_path):
    write_example(tmp_path / "firm", customers=200, tables=("orders",))
    firm = company.load_company(tmp_path / "firm")
    assert list(firm.tables) == ["orders"]
    assert not firm.questions
    assert not firm.segments


def test_a_run_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    folder = tmp_path / "firm"
    folder.mkdir()
    (folder / "company.yml").write_text("name: Before\n", encoding="utf-8")
    monkeypatch.setattr(large_company, "_of_the_firm", lambda written: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_example(folder, customers=300, tables=("orders",), block=200, workers=1)
    assert content(folder) == {"company.yml": b"name: Before\n"}
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"customers": 100, "orders": 10_000}, "orders would be 100.00 a customer"),
        ({"customers": 100, "answers": 10_000}, "answers would be 100.00 a customer"),
        ({"tables": ("sales",)}, "no table 'sales'"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(tmp_path, wrong, message):
    with pytest.raises(ParameterError, match=message):
        write_example(tmp_path / "firm", **wrong)
    assert not (tmp_path / "firm").exists()


def test_orders_without_customers_come_from_as_many_as_place_them():
    assert settled(None, seed=1, orders=26_000).customers == 10_000


def test_the_command_says_how_large_the_firm_is(tmp_path):
    size = ["--customers", "400", "--orders", "1200", "--answers", "200", "--tables", "responses"]
    assert cli.main(["example", str(tmp_path), *size]) == 0
    rows = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["rows"]
    assert rows["orders"] == pytest.approx(1_200, rel=2 * NEAR)
    assert rows["responses"] == pytest.approx(200, rel=5 * NEAR)
    assert not (tmp_path / "customers.csv").exists()
