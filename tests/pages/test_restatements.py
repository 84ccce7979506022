"""Published numbers that today's tables state otherwise: all are found, each with its reason."""

from __future__ import annotations

import json
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
    days = pd.date_range("2024-01-01", "2025-09-30T12:00", periods=3000, tz="UTC")
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


def both(tables: Tables, *, customers: int) -> Tables:
    return without(late(tables, customers=customers), customers=customers)


@pytest.fixture(scope="module")
def firm(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("firms") / "data" / "tiny"
    return write_company(folder, made(), **RULES)


@pytest.fixture
def shelf(firm: Path, tmp_path: Path):
    """A shelf with the edition of the first quarter, published from the tables as they were."""
    write_company(firm, made(), **RULES)
    with ledger.on_shelf(tmp_path):
        published(firm, FIRST, tmp_path)
        yield tmp_path


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


def plant(shelf: Path, change: Callable[[dict], None]) -> None:
    path = shelf / "tiny" / FIRST / "findings.json"
    rows = json.loads(path.read_text("utf-8"))
    for row in rows:
        change(row)
    path.write_text(json.dumps(rows), encoding="utf-8")


def numbers(shelf: Path, id: str) -> dict:
    rows = json.loads((shelf / "tiny" / FIRST / "findings.json").read_text("utf-8"))
    return next(row for row in rows if row["id"] == id and "group" not in row)


def test_nothing_changed_nothing_is_restated(firm, shelf):
    assert restatements.restatements(read_period(firm, FIRST)).empty
    edition = read_period(firm, SECOND)
    found = restatements.restatements(edition)
    assert found.empty and tuple(found) == restatements.COLUMNS
    assert restated.restated(found, edition=edition).says == "none"
    assert restated.caution(found) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [(late, "rows_added"), (without, "rows_removed"), (both, "rows_changed")],
)
def test_planted_rows_are_found_with_their_reason(firm, shelf, change: Callable, reason: str):
    was, tables = numbers(shelf, "nps"), change(made(), customers=40)
    edition = again(firm, tables)
    found = restatements.restatements(edition)
    assert found["id"].tolist() == ["nps"]
    row, answers = found.iloc[0], tables["responses"]
    scores = answers.loc[answers["responded_at"].between("2025-01-01", "2025-04-01"), "nps"]
    today = 100 * ((scores > 8).mean() - (scores < 7).mean())
    width = was["high"] - was["low"]
    assert row["reason"] == reason and row["period"] == FIRST
    assert row["published"] == was["value"]
    assert row["now"] == pytest.approx(today, rel=1e-9)
    assert row["difference"] == pytest.approx(today - was["value"])
    assert row["widths"] == pytest.approx(row["difference"] / width)
    assert row["leaves"] == (not was["low"] <= today <= was["high"])
    shown = restated.restated(found, edition=edition)
    assert shown.says == "some" and len(shown.rows) == 1
    assert bool(restated.caution(found)) == row["leaves"]


def test_rows_of_few_customers_are_told_by_no_edition_nor_by_two(firm, shelf):
    few = read_period(firm, FIRST).smallest - 1
    assert few > 0
    assert restatements.restatements(again(firm, late(made(), customers=few))).empty
    assert len(restatements.restatements(again(firm, late(made(), customers=40)))) == 1
    published(firm, SECOND, shelf)  # which tells of the forty
    assert restatements.restatements(again(firm, late(made(), customers=40 + few))).empty
    assert len(restatements.restatements(again(firm, late(made(), customers=80)))) == 1


def test_other_code_and_other_settings_are_found_with_their_reason(firm, shelf):
    def other(row: dict) -> None:
        row["value"] += 0.05 * (row["id"] == "purchase_frequency")

    plant(shelf, other)
    found = restatements.restatements(read_period(firm, SECOND))
    assert found[["id", "reason"]].to_numpy().tolist() == [["purchase_frequency", "code"]]
    assert found["difference"].tolist() == [pytest.approx(-0.05)]
    found = restatements.restatements(again(firm, made(), repeat_within_days=30))
    by_id = found.set_index("id")
    assert by_id["reason"].to_dict() == {"purchase_frequency": "settings",
                                         "repeat_rate": "settings"}  # fmt: skip
    assert by_id.at["repeat_rate", "difference"] < 0 and by_id.at["repeat_rate", "leaves"]
    assert restated.caution(by_id).startswith("1 published number")


def test_a_torn_edition_and_another_definition_are_no_witnesses(firm, shelf):
    edition = read_period(firm, SECOND)
    plant(shelf, lambda row: row.update(unit="other", value=0.0))
    assert restatements.restatements(edition).empty
    (shelf / "tiny" / FIRST / "record.json").write_text("{", encoding="utf-8")
    assert restatements.restatements(edition).empty
