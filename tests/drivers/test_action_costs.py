"""Actions that are to mend a driver: what they cost a customer, and from when on they pay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from driver_worlds import DRIVERS, NAMES, answered

import profitchain as pc
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.drivers.action_costs import action_costs, customers_served
from profitchain.drivers.mending import Mending

COLUMNS = ["action", "started_on", "metric", "owner", "cost", "region"]
ACTIONS = [
    ["Second courier", "2026-03-01", "delivery", "Ana", 200, None],
    ["Gold boxes", "2026-04-01", "quality", "Ben", 5000, None],
    ["Night shift", "2026-02-01", "service", None, 520, None],
    ["New till", "2026-05-01", "nps", None, 100, None],  # no driver
    ["Free phone", "2026-05-02", "service", None, None, None],  # no cost
    ["North hub", "2026-05-03", "delivery", None, 100, "North"],  # of a segment
    ["Plan", "2027-05-04", "delivery", None, 100, None],  # known before it starts
]
WORTH = [  # of DRIVERS: quality, delivery, service, price
    Estimate(value=value, low=0.5 * value, high=1.5 * value, n=900, unit="EUR")
    for value in (2000.0, 1000.0, 500.0, 100.0)
]
FOUND = Mending(drivers=DRIVERS, room=np.full(4, 0.3), gain=WORTH, worth=WORTH, best=np.eye(4)[0])


def bought(folder: Path, actions: pd.DataFrame | None) -> pc.Edition:
    """Return the edition of a firm whose customers buy once: 100 of them before the last year."""
    days = pd.date_range("2025-04-04", "2026-09-30", periods=300)
    customers = pd.DataFrame({"customer_id": range(300), "region": "North"})
    orders = pd.DataFrame({"order_id": range(300), "customer_id": range(300),
                           "ordered_at": days.strftime("%Y-%m-%d"), "revenue": 10})  # fmt: skip
    answers = answered(np.random.default_rng(1), 300).rename(columns={"score": "nps"})
    answers = answers[["nps", *NAMES]].assign(
        response_id=range(300), customer_id=range(300), responded_at=orders["ordered_at"]
    )
    tables = {"orders": orders, "responses": answers, "customers": customers}
    if actions is not None:
        tables["actions"] = actions
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    questions = {"nps": {"kind": "nps"}} | {name: {"kind": "driver"} for name in NAMES}
    company = {"name": "Firm", "currency": "EUR", "questions": questions, "segments": ["region"],
               "tables": {name: {"file": f"{name}.csv"} for name in tables},
               "main_question": "nps", "controls": []}  # fmt: skip
    (folder / "company.yml").write_text(json.dumps(company), encoding="utf-8")
    return pc.open_edition(folder, "2026Q3")


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> pc.Edition:
    folder = tmp_path_factory.mktemp("firm")
    return bought(folder, pd.DataFrame(ACTIONS, columns=COLUMNS))


def test_customers_served_are_those_who_bought_in_the_last_365_days(edition):
    ordered = edition.rows("orders")["ordered_at"].astype(str).str[:10]
    assert customers_served(edition) == (ordered >= "2025-10-01").sum()


def test_actions_of_the_whole_firm_with_a_driver_and_a_cost_are_compared(edition):
    found = action_costs(edition, FOUND)
    names = ["Night shift", "Second courier", "Gold boxes", "Plan"]  # also one that lies ahead
    assert [one.action for one in found] == names
    assert [one.pays for one in found[:3]] == [None, True, False]
    courier, served = found[1], customers_served(edition)
    assert courier.each.value == pytest.approx(200 / served)
    assert courier.at_most.value == pytest.approx(1000 / served)
    assert courier.at_most.high == pytest.approx(1500 / served)
    assert courier.must_mend == pytest.approx(0.2)


def test_nothing_is_compared_without_money_actions_or_costs(edition, tmp_path):
    assert action_costs(edition, replace(FOUND, worth=NotEstimable("no_orders_to_worth"))) == []
    assert action_costs(bought(tmp_path, None), FOUND) == []
    without = tmp_path / "without"
    without.mkdir()
    free = pd.DataFrame(ACTIONS, columns=COLUMNS).drop(columns="cost")
    assert action_costs(bought(without, free), FOUND) == []


def test_what_mends_for_nothing_does_not_pay(edition):
    none = [Estimate(value=0.0, low=-5.0, high=5.0, n=900, unit="EUR")] * 4
    assert not any(one.pays for one in action_costs(edition, replace(FOUND, worth=none)))


def test_the_page_says_what_each_costs_and_nothing_where_drivers_are_not_apart(edition):
    page = pc.page("04_drivers", edition)
    actions = action_costs(edition, FOUND)
    said = str(page.note("actions", SimpleNamespace(apart=True, actions=actions)))
    assert "“Second courier” costs €1.0" in said
    assert "if it mends 20% of the low answers" in said
    assert "whether it can pay within a year is open" in said
    assert "more than the €9.95" in said
    nothing = page.note("actions", SimpleNamespace(apart=False, actions=actions))
    assert "costs" not in str(nothing)
