"""The summaries by hand, the design desk from draw to page, and firms that lack what is needed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from editions import write_company

import profitchain as pc
from profitchain.cli import main
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import speaking
from profitchain.programmes import lots
from profitchain.sources.lot_files import lot_files

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "15_programmes.ipynb"
ASKED = {"questions": {"nps": {"column": "nps", "kind": "nps"}}, "main_question": "nps"}


def frame(names: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=names.split())


ORDERS = frame(
    "order_id customer_id ordered_at revenue margin",
    ("o1", "a", "2021-05-01T10:00:00", 100.0, 40.0),  # before the months that are kept
    ("o2", "a", "2025-05-01T10:00:00", 90.0, 45.0),
    ("o3", "a", "2025-05-20T10:00:00", 80.0, 40.0),
    ("o4", "b", "2025-06-30T23:30:00", 50.0, 20.0),
    ("o5", "b", "2025-07-02T10:00:00", -50.0, -20.0),  # sent back
)
JOINS = frame(
    "customer_id programme joined_at",
    ("a", "Club", "2025-05-21T10:00:00"),
    ("a", "Club", "2025-09-21T10:00:00"),  # again
    ("z", "Club", "2025-09-21T10:00:00"),  # never ordered
    ("b", "Club", "2026-02-21T10:00:00"),  # after the period
)
TABLES = {"orders": ORDERS, "memberships": JOINS}


def month(year: int, number: int) -> int:
    return 12 * year + number - 1


def test_who_joined_and_what_was_bought_by_month(tmp_path):
    edition = pc.open_edition(write_company(tmp_path / "club", TABLES), "2025")
    joins = edition.table("programme_joins")
    assert joins["joined"].tolist() == [month(2025, 5)]
    people = edition.table("programme_people").set_index("person")
    assert people["earlier"].tolist() == [1, 0]
    assert people["first"].tolist() == [month(2021, 5), month(2025, 6)]
    months = edition.table("programme_months").set_index(["person", "month"])
    assert months.loc[(0, month(2025, 5))].tolist() == [2, 170.0, 85.0]
    assert months.loc[(1, month(2025, 7))].tolist() == [0, -50.0, -20.0]


def sales(customers: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", "2025-12-31")
    who = rng.choice(customers, customers * 12, p=rng.dirichlet(np.full(customers, 4.0)))
    money = rng.gamma(3, 10, len(who)).round(2)
    return pd.DataFrame({
        "order_id": [f"o{k}" for k in range(len(who))], "customer_id": [f"c{k:04}" for k in who],
        "ordered_at": rng.choice(days, len(who)),
        "revenue": money, "margin": (0.4 * money).round(2),
    })  # fmt: skip


def shown(company: Path, period: str = "2025") -> dict[str, object]:
    """Run the page's cells and return what they leave; raises what a cell raises."""
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    given: dict[str, object] = {}
    with speaking("en"):
        for cell in cells:
            source = cell.source
            if "parameters" in cell.metadata.get("tags", []):
                source += f"\ncompany, period = {str(company)!r}, {period!r}"
            exec(source, given)
        page = given["page"]
        figures = (given["programmes"], given["happened"], given["tests"])
        given["said"] = str(page.answer(*figures))
    return given


def test_a_firm_with_orders_alone_is_told_what_is_needed(tmp_path):
    page = shown(write_company(tmp_path / "shop", {"orders": sales()}))
    assert page["programmes"].why.key == page["happened"].why.key == "needs_table"
    assert "memberships" in page["said"] and page["tests"] == []


def draw(company: Path, action: str = "free returns", **options: object) -> Path:
    given = {"start": "2025-07-01", "days": 90, "share": 0.5} | options
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    assert main(["new-test", "2025", "--company", str(company), "--action", action, *words]) == 0
    return company / "tests"


def test_a_test_is_drawn_once_and_the_next_edition_judges_it(tmp_path, capsys):
    company = write_company(tmp_path / "shop", {"orders": sales()})
    before = shown(company)
    assert before["tests"] == []
    place = draw(company)
    printed = capsys.readouterr().out
    assert "148 customers to treat, 149 to hold back" in printed and "90 days" in printed
    design = yaml.safe_load((place / "free-returns.yml").read_text(encoding="utf-8"))
    assert design["starts_on"] == date(2025, 7, 1) and design["smallest_effect"] > 0
    first = (place / "free-returns.csv").read_bytes()
    assert main(["new-test", "2025", "--company", str(company), "--action", "Free Returns"]) == 1
    for file in place.iterdir():
        file.unlink()
    assert (draw(company) / "free-returns.csv").read_bytes() == first  # the same seed

    (test,) = shown(company)["tests"]
    assert (test.treated, test.held, test.known_days) == (148, 149, 90)
    orders = sales()
    arm = pd.read_csv(place / "free-returns.csv").set_index("customer_id")["arm"]
    inside = orders["ordered_at"].between("2025-07-01", "2025-09-28")
    money = orders[inside].groupby("customer_id")["margin"].sum().reindex(arm.index).fillna(0)
    plain = money[arm == "treated"].mean() - money[arm == "held"].mean()
    assert test.plain.value == pytest.approx(plain)
    assert test.effect.spans_zero and isinstance(test.smallest, Estimate)


def test_a_later_edition_never_stands_on_what_an_older_lot_said(tmp_path):
    company = write_company(tmp_path / "shop", {"orders": sales()})
    place = draw(company)
    (one,) = lots.tests_by_lot(pc.open_edition(company, "2025"))
    rows = pd.read_csv(place / "free-returns.csv")
    rows["reached"] = np.where(rows["arm"] == "treated", "yes", "no")
    rows.loc[rows.index[rows["arm"] == "held"][:9], "reached"] = "yes"
    rows.to_csv(place / "free-returns.csv", index=False)
    (two,) = lots.tests_by_lot(pc.open_edition(company, "2025"))
    assert one.against is None and one.effect == two.effect
    assert (two.against, two.missed) == (9, 0)
    assert lots.tests_by_lot(pc.open_edition(company, "2025Q2")) == []  # it began after it


def test_a_lot_that_somebody_thinned_out_is_told_on_the_page(tmp_path):
    company = write_company(tmp_path / "shop", {"orders": sales()})
    place = draw(company) / "free-returns.csv"
    rows = pd.read_csv(place)
    held = rows.index[rows["arm"] == "held"]
    rows.drop(held[:70]).to_csv(place, index=False)
    page = shown(company)
    assert page["tests"][0].is_broken and "148 against 79 customers" in page["said"]
    assert page["page"].show("lots", page["tests"]).message.startswith("Doubtful: a test's numbers")


def broken(folder: Path, csv: str, yml: str = "") -> list:
    folder.joinpath("tests").mkdir(parents=True, exist_ok=True)
    design = yml or "{action: a, starts_on: 2025-01-01, days: 30, share: 0.5}"
    (folder / "tests" / "t.yml").write_text(design, encoding="utf-8")
    (folder / "tests" / "t.csv").write_text(csv, encoding="utf-8")
    return [one.fault for one in lot_files(folder, date(2025, 12, 31))]


@pytest.mark.parametrize(
    ("csv", "yml", "fault"),
    [
        ("customer_id,arm\na,treated\n", "", ""),
        ("customer_id,arm\na,treated\na,held\n", "", "lot_customer_twice"),
        ("customer_id,arm\na,maybe\n", "", "lot_file_unreadable"),
        ("id\na\n", "", "lot_file_unreadable"),
        ("", "", "lot_file_unreadable"),
        ("customer_id,arm\na,held\n", "action: [", "lot_design_unreadable"),
        ("customer_id,arm\na,held\n", "[1]", "lot_design_unreadable"),
        ("customer_id,arm\na,held\n", "{action: a, starts_on: soon, days: 3, share: 0.5}",
         "lot_design_unreadable"),
        ("customer_id,arm\na,held\n", "{action: a, starts_on: 2025-01-01, days: 3, share: 7}",
         "lot_design_unreadable"),
    ],
)  # fmt: skip
def test_broken_files_are_told(tmp_path, csv, yml, fault):
    assert broken(tmp_path, csv, yml) == [fault]


def test_a_broken_test_leaves_the_page_standing(tmp_path):
    company = write_company(tmp_path / "shop", {"orders": sales(60)})
    broken(company, "id\na\n")
    page = shown(company)
    assert page["tests"][0].effect.why.key == "lot_file_unreadable"


def test_odd_programmes_and_events_to_come_leave_the_page_standing(tmp_path):
    orders = sales(120)
    days = pd.date_range("2024-03-01", periods=100, freq="5D").strftime("%Y-%m-%d")
    joins = pd.DataFrame({"customer_id": [f"c{k:04}" for k in range(100)], "joined_at": days,
                          "programme": ["<b>Club</b>"] * 90 + ["Tiny"] * 10})  # fmt: skip
    events = frame("event happened_on", ("move", "2025-03-01"), ("to come", "2027-01-01"))
    rng = np.random.default_rng(0)
    asked = orders.sample(400, random_state=1)
    answers = pd.DataFrame({
        "response_id": [f"r{k}" for k in range(400)],
        "customer_id": asked["customer_id"].to_numpy(),
        "responded_at": (asked["ordered_at"] + pd.Timedelta(days=3)).to_numpy(),
        "nps": rng.integers(0, 11, 400),
    })  # fmt: skip
    tables = {"orders": orders, "memberships": joins, "events": events, "responses": answers}
    page = shown(write_company(tmp_path / "club", tables, **ASKED))
    assert [one.event for one in page["happened"]] == ["move"]
    assert not page["happened"][0].apart
    assert [one.programme for one in page["programmes"]] == ["<b>Club</b>", "Tiny"]
    assert page["programmes"][1].effects["raw"].why.key == "too_few_members"
    assert "<b>Club" not in page["said"]


def test_without_amounts_a_programme_has_no_money(tmp_path):
    orders = sales(60).drop(columns=["revenue", "margin"])
    tables = {"orders": orders, "memberships": JOINS.assign(customer_id="c0001")}
    page = shown(write_company(tmp_path / "club", tables))
    assert isinstance(page["programmes"], NotEstimable)
