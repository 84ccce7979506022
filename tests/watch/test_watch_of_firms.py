"""Sums made in the engine beside those of other pages; firms that lack tables; the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from editions import write_company

import profitchain as pc
from profitchain import cli
from profitchain.core.estimates import NotEstimable
from profitchain.watch import actions, alarms, contacts, goals, moved, record, series
from profitchain.words import goals as goal_words
from profitchain.words import watch as words

ASKED = {"questions": {"nps": {"column": "nps", "kind": "nps"}}, "main_question": "nps"}
ASKED |= {"privacy": {"smallest_group": 1}, "report_every": "quarter", "repeat_within_days": 90}


def tables(seed: int = 1) -> dict[str, pd.DataFrame]:
    rng, many = np.random.default_rng(seed), 900
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1096, many), "D")
    at = days.strftime("%Y-%m-%dT12:00:00")
    who = [f"c{k}" for k in rng.integers(0, 200, many)]
    orders = pd.DataFrame({"order_id": [f"o{k}" for k in range(many)], "customer_id": who,
                           "ordered_at": at, "revenue": rng.integers(5, 90, many)})  # fmt: skip
    orders.loc[0, "ordered_at"] = "2025-12-31T12:00:00"
    responses = pd.DataFrame({"response_id": [f"r{k}" for k in range(many)], "customer_id": who,
                              "responded_at": at, "nps": rng.integers(0, 11, many)})  # fmt: skip
    opened = pd.Series(days[:200])
    closed = opened + pd.to_timedelta(rng.integers(-1, 60, 200), "h")
    cells = {"contact_id": [f"k{k}" for k in range(200)], "customer_id": who[:200],
             "opened_at": opened.dt.strftime("%Y-%m-%dT12:00:00"),
             "closed_at": (closed + pd.Timedelta("12h")).dt.strftime("%Y-%m-%dT%H:%M:%S"),
             "is_complaint": rng.random(200) < 0.5}  # fmt: skip
    people = np.arange(200)
    regions = pd.DataFrame({"customer_id": [f"c{k}" for k in people],
                            "region": np.where(people < 120, "North", "South")})  # fmt: skip
    return {"orders": orders, "responses": responses, "contacts": pd.DataFrame(cells),
            "customers": regions}  # fmt: skip


@pytest.fixture(scope="module")
def firm(tmp_path_factory) -> Path:
    plans = {
        "goals": pd.DataFrame({"metric": ["nps", "npss"], "target": [20, 1],
                               "by": ["2026-06-30", "2026-06-30"]}),
        "actions": pd.DataFrame({"action": ["call", "write"], "metric": ["nps", None],
                                 "started_on": ["2025-04-01", "2026-02-01"],
                                 "ended_on": ["2026-01-31", None], "region": ["North", None]}),
        "benchmarks": pd.DataFrame({"metric": ["nps"], "value": [90], "source": ["x"],
                                    "year": [2024], "definition": ["0 to 10"]}),
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("watched")
    return write_company(folder, tables() | plans, segments=["region"], **ASKED)


def test_what_is_watched_is_what_other_pages_say(firm):
    edition = pc.open_edition(firm, "2025Q4")
    found = {one.name: one for one in series.all_series(edition)}
    figures = goals.figures(edition)
    for id in ("nps", "average_order_value", "repeat_rate"):
        whole = found[(id, "", "")].frame.set_index("period")
        assert whole.at["2025Q4", "value"] == pytest.approx(figures[id].value)
    orders = np.exp(found[("orders", "", "")].frame.set_index("period").at["2025Q4", "value"])
    assert orders == pytest.approx(figures["orders"].value)
    parts = [found[("nps", "region", group)].frame.set_index("period") for group in
             ("North", "South")]  # fmt: skip
    whole = found[("nps", "", "")].frame.set_index("period")
    assert sum(part["n"] for part in parts).tolist() == whole["n"].tolist()
    assert len(whole) == 12  # three years of quarters, far beyond the trend's eight


def test_a_change_is_the_published_one_and_its_parts_add_up(firm):
    edition = pc.open_edition(firm, "2025Q4")
    whole = next(s for s in series.all_series(edition) if s.name == ("nps", "", "")).frame
    values = whole.set_index("period")["value"]
    for on_year, before in ((False, "2025Q3"), (True, "2024Q4")):
        found = moved.why_moved(edition, on_year=on_year)
        assert found.change.value == pytest.approx(values["2025Q4"] - values[before], abs=1e-9)
        total = sum(part.value for part in found.parts.values())
        assert total == pytest.approx(found.change.value, abs=1e-9)


def test_contacts_closed_before_they_were_opened_are_counted_and_left_out(firm):
    edition = pc.open_edition(firm, "2025Q4")
    given = tables()["contacts"]
    now = given[given["opened_at"].between("2025-10-01", "2026-01-01")]
    found = contacts.waiting(edition)
    assert found.wrong == int((now["closed_at"] < now["opened_at"]).sum())
    assert found.first.why.key == "too_few_contacts"  # the firm has no first_response_at
    later = given["closed_at"] >= "2026-01-01T00:00:00"
    assert found.backlog.value == int((later & (given["opened_at"] < "2026-01-01")).sum())


def test_days_of_plans_lie_ahead_and_are_seen(firm):
    edition = pc.open_edition(firm, "2025Q4")
    ledger = actions.actions(edition, series.all_series(edition))
    assert {one.action: one.verdict for one in ledger}["write"] == "planned"
    assert ledger[0].action == "call" and ledger[0].due and ledger[0].where == "North"
    (known, unknown) = goals.goals(edition, series.all_series(edition))
    assert 0 <= known.chance.value <= 1 and unknown.chance.why.key == "unknown_metric"
    assert goals.standings(edition)[0].position == "below"


def test_a_firm_without_tables_of_plans_or_contacts_says_what_it_lacks(tmp_path):
    given = tables()
    folder = write_company(tmp_path, {n: given[n] for n in ("orders", "responses")}, **ASKED)
    edition = pc.open_edition(folder, "2025Q4")
    watched = series.all_series(edition)
    waits, ledger = contacts.waiting(edition), actions.actions(edition, watched)
    targets, others = goals.goals(edition, watched), goals.standings(edition)
    assert [one.why.key for one in (waits, ledger, targets, others)] == [
        "needs_contact_times", "needs_table", "needs_table", "needs_table",
    ]  # fmt: skip
    looks = alarms.alarms(watched, edition.period)
    assert record.watch_record(looks, waits, targets, others)["alarms"].n == len(looks.looks)
    for shown in (words.due_actions(ledger, edition=edition),
                  goal_words.goals(targets, edition=edition),
                  goal_words.benchmarks(others, edition=edition)):  # fmt: skip
        assert shown.says == "none" and shown.rows.empty


@pytest.mark.parametrize("only", ["orders", "responses"])
def test_a_firm_of_one_table_is_watched_as_far_as_that_goes(tmp_path, only):
    asked = ASKED if only == "responses" else {"privacy": {"smallest_group": 1}}
    folder = write_company(tmp_path, {only: tables()[only]}, **asked)
    edition = pc.open_edition(folder, "2025Q3")
    assert {one.id for one in series.all_series(edition)} >= (
        {"nps"} if only == "responses" else {"orders", "revenue"}
    )
    assert isinstance(contacts.waiting(edition), NotEstimable)
    if only == "orders":
        assert moved.why_moved(edition).why.key == "needs_main_question"


def test_the_command_tells_by_its_code_and_gives_one_json(firm, capsys):
    code = cli.main(["watch", "2025Q4", "--company", str(firm), "--json"])
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert code == (2 if found["alarms"] or found["due"] else 0)
    assert found["due"][0]["action"] == "call" and found["says"] in told.err
    assert cli.main(["watch", "--company", "nowhere"]) == 1
