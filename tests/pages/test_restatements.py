"""Published numbers that today's tables state otherwise: all are found, each with its reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from editions import write_company

from profitchain.core.periods import Period
from profitchain.disclosure import ledger, restating
from profitchain.exhibits import findings
from profitchain.exhibits.findings import PageStory
from profitchain.exhibits.record_ids import findings_of_measured
from profitchain.measures import loyalty, satisfaction
from profitchain.pages import restatements
from profitchain.panel.edition import Edition, read_period
from profitchain.words import restated

pytestmark = pytest.mark.edition
FIRST, SECOND, THIRD = "2025Q1", "2025Q2", "2025Q3"
CUSTOMERS = 400
RULES = {"questions": {"nps": {"kind": "nps"}}, "report_every": "quarter"}
Tables = dict[str, pd.DataFrame]


def made() -> Tables:
    draw = np.random.default_rng(5)
    days = pd.date_range("2024-01-01", "2025-09-30T12:00", periods=5000, tz="UTC")
    orders = pd.DataFrame(
        {
            "order_id": [f"o{at}" for at in range(len(days))],
            "customer_id": [f"c{at}" for at in draw.integers(0, CUSTOMERS, len(days))],
            "ordered_at": days,
            "revenue": draw.gamma(4, 10, len(days)).round(2),
        }
    )
    answered = orders.iloc[::4]
    answers = pd.DataFrame(
        {
            "response_id": [f"r{at}" for at in range(len(answered))],
            "customer_id": answered["customer_id"],
            "order_id": answered["order_id"],
            "responded_at": answered["ordered_at"] + pd.Timedelta(hours=5),
            "nps": draw.integers(3, 11, len(answered)),
        }
    )
    return {"orders": orders, "responses": answers[answers["responded_at"] < "2025-09-30"]}


def late(tables: Tables, *, customers: int) -> Tables:
    """Add bad answers of some customers in the first quarter of 2025."""
    rows = tables["responses"]
    inside = rows[rows["responded_at"].between("2025-01-01", "2025-03-30")]
    inside = inside.drop_duplicates("customer_id").head(customers)
    more = inside.assign(response_id="late" + inside["response_id"], nps=0)
    more["responded_at"] += pd.Timedelta(hours=1)
    return tables | {"responses": pd.concat([rows, more])}


def without(tables: Tables, *, customers: int) -> Tables:
    """Remove happy customers' answers of the first quarter of 2025."""
    rows = tables["responses"]
    inside = rows[rows["responded_at"].between("2025-01-01", "2025-03-30") & (rows["nps"] > 8)]
    gone = inside.drop_duplicates("customer_id").head(customers)
    return tables | {"responses": rows[~rows["response_id"].isin(gone["response_id"])]}


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    return write_company(tmp_path / "data" / "tiny", made(), **RULES)


@pytest.fixture
def shelf(tmp_path: Path):
    out = tmp_path / "reports"
    with ledger.on_shelf(out):
        yield out


def published(firm: Path, period: str, out: Path) -> Path:
    """Publish what a small page has found, as an edition whose sums are written down."""
    edition = read_period(firm, period)
    periods, few = edition.periods, edition.smallest
    series = satisfaction.score_series(
        edition.table("score_cells"), edition.company.all_questions, periods, smallest=few
    )
    activity = edition.table("activity")
    series += loyalty.loyalty_series(activity, "EUR", periods, smallest=few)
    series.append(
        loyalty.repeat_rate_series(
            edition.table("link_cells"), edition.company.repeat_within_days, periods, smallest=few
        )
    )
    record = findings.record(*(one for story in series for one in findings_of_measured(story)))
    rows = record._repr_mimebundle_()[findings.MEDIA_TYPE]["findings"]
    folder = out / "tiny" / period
    folder.mkdir(parents=True, exist_ok=True)
    story = PageStory(name="03_satisfaction", question="?", findings=tuple(rows))
    findings.write_findings(folder, period=Period(period), stories=[story], company="Tiny")
    said = {"parameters": {}, "settings": restatements.settings_of(edition.company)}
    (folder / "record.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "index.html").write_text("", encoding="utf-8")
    restating.write_down(edition.company, edition.gate, edition.folder)
    return folder


def again(firm: Path, tables: Tables, **rules: object) -> Edition:
    """Return the second quarter's edition, the firm's tables and settings being new."""
    write_company(firm, tables, **RULES | rules)
    return read_period(firm, SECOND)


def plant_code(folder: Path) -> None:
    rows = json.loads((folder / "findings.json").read_text("utf-8"))
    for row in rows:
        if row["id"] == "purchase_frequency":
            row["value"] += 0.05
    (folder / "findings.json").write_text(json.dumps(rows), encoding="utf-8")


def test_nothing_changed_nothing_is_restated(firm, shelf):
    assert restatements.restatements(read_period(firm, FIRST)).empty
    published(firm, FIRST, shelf)
    again_second = read_period(firm, SECOND)
    found = restatements.restatements(again_second)
    assert found.empty and tuple(found) == restatements.COLUMNS
    assert restated.restated(found, edition=again_second).says == "none"
    assert restated.caution(found) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (late, "rows_added"),
        (without, "rows_removed"),
        (lambda tables, customers: without(late(tables, customers=customers), customers=customers),
         "rows_changed"),
    ],
)  # fmt: skip
def test_planted_rows_are_found_with_their_reason(firm, shelf, change: Callable, reason: str):
    folder = published(firm, FIRST, shelf)
    was = {row["id"]: row for row in json.loads((folder / "findings.json").read_text("utf-8"))}
    edition = again(firm, change(made(), customers=40))
    found = restatements.restatements(edition).set_index("id")
    assert list(found.index) == ["nps"]
    row = found.loc["nps"]
    anew = read_period(firm, FIRST)
    with ledger.on_shelf(shelf.parent / "elsewhere"):  # where nothing was published
        anew = read_period(firm, FIRST)
        question = anew.company.all_questions
        today = satisfaction.score_series(anew.table("score_cells"), question, anew.periods)[0].now
    assert row["reason"] == reason and row["period"] == FIRST
    assert row["published"] == was["nps"]["value"]
    assert row["now"] == pytest.approx(today.value, rel=1e-9)
    assert row["difference"] == pytest.approx(today.value - was["nps"]["value"])
    width = was["nps"]["high"] - was["nps"]["low"]
    assert row["widths"] == pytest.approx(row["difference"] / width)
    assert row["leaves"] == (not was["nps"]["low"] <= today.value <= was["nps"]["high"])
    shown = restated.restated(found.reset_index(), edition=edition)
    assert shown.says == "some" and len(shown.rows) == 1
    assert bool(restated.caution(found)) == row["leaves"]


def test_rows_of_few_customers_are_told_by_no_edition(firm, shelf):
    """Nor by two editions that differ by few: the second is silent."""
    published(firm, FIRST, shelf)
    few = read_period(firm, FIRST).smallest - 1
    assert few > 0
    assert restatements.restatements(again(firm, late(made(), customers=few))).empty
    many = late(made(), customers=40)
    assert len(restatements.restatements(again(firm, many))) == 1
    published(firm, SECOND, shelf)
    third = read_period(firm, THIRD)
    assert list(restatements.restatements(third)["period"]) == [FIRST]
    write_company(firm, late(made(), customers=40 + few), **RULES)
    assert restatements.restatements(read_period(firm, THIRD)).empty
    write_company(firm, late(made(), customers=40 + 3 * (few + 1)), **RULES)
    assert len(restatements.restatements(read_period(firm, THIRD))) == 1


def test_other_code_and_other_settings_are_found_with_their_reason(firm, shelf):
    folder = published(firm, FIRST, shelf)
    kept = shelf / "kept"
    shutil.copytree(folder, kept)
    plant_code(folder)
    found = restatements.restatements(read_period(firm, SECOND))
    assert found[["id", "reason"]].to_numpy().tolist() == [["purchase_frequency", "code"]]
    assert found["difference"].tolist() == [pytest.approx(-0.05)]
    shutil.rmtree(folder)
    shutil.move(kept, folder)
    found = restatements.restatements(again(firm, made(), repeat_within_days=30))
    assert found[["id", "reason"]].to_numpy().tolist() == [["repeat_rate", "settings"]]
    assert found["difference"].iloc[0] < 0
    assert found["leaves"].iloc[0] and restated.caution(found).startswith("1 published number")


def test_a_torn_or_later_edition_is_no_witness(firm, shelf):
    folder = published(firm, SECOND, shelf)
    plant_code(folder)
    assert restatements.restatements(read_period(firm, FIRST)).empty
    (folder / "record.json").write_text("{", encoding="utf-8")
    assert restatements.restatements(read_period(firm, THIRD)).empty
