"""`report --missing`: which complete periods lack an edition, and what happens where one fails."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from editions import write_company

from profitchain import cli
from profitchain.core.errors import ParameterError
from profitchain.core.periods import Period
from profitchain.press import missing_editions
from profitchain.press.missing_editions import first_covered


@pytest.fixture(scope="module")
def firm(tmp_path_factory) -> Path:
    """A firm whose orders begin on 3 January 2025 and end on 20 November 2025."""
    days = [date(2025, 1, 3) + timedelta(days=by) for by in range(322)]
    rows = pd.DataFrame(
        {
            "order_id": [f"o{at}" for at in range(len(days))],
            "customer_id": [f"c{at % 90}" for at in range(len(days))],
            "ordered_at": [f"{day}T12:00:00Z" for day in days],
            "revenue": 10.0,
        }
    )
    folder = tmp_path_factory.mktemp("firms") / "data" / "tiny"
    return write_company(folder, {"orders": rows}, report_every="quarter")


def published(out: Path, period: str, *, torn: bool = False) -> None:
    folder = out / "tiny" / period
    folder.mkdir(parents=True)
    pages = {"company": "Tiny", "period": period, "pages": []}
    contents = {"record.json": {}, "findings.json": [], "pages.json": pages}
    for name, content in contents.items():
        (folder / name).write_text("{" if torn else json.dumps(content), encoding="utf-8")
    (folder / "index.html").write_text("", encoding="utf-8")


def test_periods_without_a_whole_edition_are_named_the_earliest_first(firm, tmp_path):
    def missing(since: str = "") -> list[str]:
        return [str(each) for each in missing_editions.missing_periods(firm, tmp_path, since)]

    assert missing() == ["2025Q1", "2025Q2", "2025Q3"]
    published(tmp_path, "2025Q2")
    published(tmp_path, "2025Q3", torn=True)
    published(tmp_path, "2025Q1.part")
    assert missing() == ["2025Q1", "2025Q3"]
    assert missing("2025Q2") == ["2025Q3"]
    assert missing("2024-11")[:2] == ["2025-01", "2025-02"]
    assert missing("2025-09") == ["2025-09", "2025-10"]
    with pytest.raises(ParameterError, match=r"2025Q4 is not over yet.*2025Q3"):
        missing("2025Q4")


def test_a_list_publishes_nothing(firm, tmp_path, capsys):
    assert cli.main(["report", "--company", str(firm), "--out", str(tmp_path), "--missing",
                     "--list"]) == 0  # fmt: skip
    assert capsys.readouterr().out.split() == ["2025Q1", "2025Q2", "2025Q3"]
    assert not list(tmp_path.rglob("*.html"))


@pytest.mark.parametrize(("fails", "code"), [((), 0), (("2025Q2",), 1)])
def test_where_one_fails_the_others_go_on(firm, tmp_path, capsys, monkeypatch, fails, code):
    made = []

    def publish(options, _choices):
        if options.period in fails:
            raise ParameterError("No room here.")
        made.append(options.period)

    monkeypatch.setattr(cli, "_publish", publish)
    order = ["report", "--company", str(firm), "--out", str(tmp_path), "--missing"]
    assert cli.main(order) == code
    told = capsys.readouterr().err
    assert made == [each for each in ("2025Q1", "2025Q2", "2025Q3") if each not in fails]
    assert all(f"{each} failed: No room here." in told for each in fails)
    assert ("1 of 3 failed: 2025Q2." in told) == bool(fails)


def test_nothing_missing_is_said_and_a_defect_is_not_hidden(capsys):
    def breaks(_period: str) -> None:
        raise ZeroDivisionError

    assert missing_editions.publish_each([], print) == 0
    assert "No complete period lacks an edition" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        missing_editions.publish_each([Period("2025Q1")], breaks)


def test_a_period_counts_from_its_start_but_for_a_few_days():
    assert first_covered(date(2024, 1, 9), "quarter") == Period("2024Q1")
    assert first_covered(date(2024, 1, 20), "quarter") == Period("2024Q2")
    assert first_covered(date(2024, 1, 4), "month") == Period("2024-01")
    assert first_covered(date(2024, 1, 6), "month") == Period("2024-02")
