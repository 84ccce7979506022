"""An edition is prepared once for what it depends on, again when that changes, and whole or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from editions import write_company

from profitchain.core.errors import CompanyError, NotMeasured, ParameterError, PeriodError
from profitchain.core.periods import Period
from profitchain.panel import edition as panel_edition
from profitchain.panel import store
from profitchain.words.data import part_sentence

NPS = {"nps": {"column": "nps", "kind": "nps"}}


@pytest.fixture
def company(tmp_path) -> Path:
    days = pd.date_range("2025-10-01", "2026-03-31", freq="D")
    who = [f"C{day % 40:02d}" for day in range(len(days))]
    orders = pd.DataFrame({"customer_id": who, "ordered_at": days, "revenue": 10.5})
    orders.insert(0, "order_id", [f"O{number}" for number in range(len(days))])
    responses = orders[["customer_id"]].assign(responded_at=days, nps=[9, 6] * (len(days) // 2))
    responses.insert(0, "response_id", orders["order_id"].str.replace("O", "R"))
    tables = {"orders": orders, "responses": responses}
    return write_company(tmp_path / "shop", tables, questions=NPS, main_question="nps", controls=[])


@pytest.fixture
def light(monkeypatch) -> None:
    """What is kept of an edition is a few files: how it is kept doesn't depend on what it is."""

    def prepare(firm, period, folder):
        pd.DataFrame({"orders": [182]}).to_parquet(folder / "activity.parquet")
        profile = {"table": ["orders"], "column": ["order_id"], "missing_share": [0.0]}
        pd.DataFrame(profile).to_parquet(folder / "profile.parquet")
        (folder / "facts.json").write_text('{"inputs": [], "facts": {}, "doubts": []}')

    monkeypatch.setattr(panel_edition, "_prepare", prepare)


def folders_of(company: Path) -> list[str]:
    return sorted(path.name for path in (company / ".store").iterdir())


def test_what_was_prepared_once_is_not_prepared_again(company, light, monkeypatch):
    first = panel_edition.read_period(company, "2026Q1")
    monkeypatch.setattr(panel_edition, "_prepare", lambda *_: pytest.fail("prepared a second time"))
    again = panel_edition.read_period(company, "2026Q1")
    assert again.folder == first.folder
    pd.testing.assert_frame_equal(again.table("activity"), first.table("activity"))


def change_an_input(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = company / "orders.csv"
    path.write_bytes(path.read_bytes().replace(b"10.5", b"10.4", 1))


def change_the_company(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = company / "company.yml"
    path.write_text(path.read_text().replace('"EUR"', '"USD"'))


def change_the_code(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_edition, "code_version", lambda: "another")


def change_nothing(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(company / "orders.csv")


@pytest.mark.parametrize(
    ("change", "prepared"),
    [(change_nothing, 1), (change_an_input, 2), (change_the_company, 2), (change_the_code, 2)],
)
def test_a_new_input_company_or_code_is_prepared_anew_and_a_new_date_is_not(
    company, light, monkeypatch, change, prepared
):
    panel_edition.read_period(company, "2026Q1")
    change(company, monkeypatch)
    panel_edition.read_period(company, "2026Q1")
    assert len(folders_of(company)) == prepared


def test_another_period_or_window_is_another_edition(company, light):
    for how in ({}, {"repeat_within_days": 30}, {"lookback_months": 3}, {"repeat_within_days": 0}):
        panel_edition.read_period(company, "2026Q1", **how)
    panel_edition.read_period(company, "2025Q4")
    assert len(folders_of(company)) == 4


def test_two_processes_that_prepare_at_once_both_get_the_edition(company):
    code = (
        "import sys; from profitchain.panel.edition import read_period\n"
        "print(int(read_period(sys.argv[1], '2026Q1').table('activity')['orders'].sum()))"
    )
    command = [sys.executable, "-c", code, company]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate(timeout=120)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert told == ["182\n", "182\n"]
    assert len(folders_of(company)) == 1


def test_what_was_prepared_is_opened_without_an_engine(company, light):
    panel_edition.read_period(company, "2026Q1")
    code = (
        "import sys; from profitchain.panel.edition import read_period\n"
        "read_period(sys.argv[1], '2026Q1')\n"
        "print({'ibis', 'duckdb', 'scipy.stats', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, company], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_a_process_that_loses_the_race_uses_the_winner_s_summaries(company, light, monkeypatch):
    prepare = panel_edition._prepare

    def slow(firm, period, folder):
        monkeypatch.setattr(panel_edition, "_prepare", prepare)
        panel_edition.read_period(company, "2026Q1")
        prepare(firm, period, folder)

    monkeypatch.setattr(panel_edition, "_prepare", slow)
    assert len(panel_edition.read_period(company, "2026Q1").table("activity"))
    assert len(folders_of(company)) == 1


def test_a_preparation_that_fails_leaves_nothing_behind(company, light, monkeypatch):
    def failing(firm, period, folder):
        (folder / "activity.parquet").write_bytes(b"half")
        raise RuntimeError("killed")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(panel_edition, "_prepare", failing)
        panel_edition.read_period(company, "2026Q1")
    assert folders_of(company) == []
    assert len(panel_edition.read_period(company, "2026Q1").table("activity"))


@pytest.mark.parametrize("block", ["a file is in the way", "it may not be written"])
def test_a_company_folder_that_cannot_be_written_is_read_all_the_same(
    company, light, monkeypatch, tmp_path, block
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if block == "a file is in the way":
        (company / ".store").write_text("")
    else:
        may = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: "shop" not in str(path) and may(path, mode)
        )
    edition = panel_edition.read_period(company, "2026Q1")
    assert company not in edition.folder.parents
    assert edition.folder.parent.stat().st_mode & 0o077 == 0
    assert len(edition.table("activity"))


@pytest.mark.parametrize("harm", ["open to all", "a link"])
def test_a_store_among_temporary_files_that_somebody_else_prepared_is_refused(
    company, light, monkeypatch, tmp_path, harm
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (company / ".store").write_text("")
    place = panel_edition.read_period(company, "2026Q1").folder.parent
    if harm == "a link":
        shutil.move(place, tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.chmod(0o777)
    with pytest.raises(ParameterError, match=r"isn't yours alone\. Remove it"):
        panel_edition.read_period(company, "2026Q1")


def test_only_the_last_editions_are_kept(company, light, monkeypatch):
    monkeypatch.setattr(store, "ENTRIES_KEPT", 2)
    for period in ("2025Q4", "2026Q1", "2025-12"):
        panel_edition.read_period(company, period)
    assert len(folders_of(company)) == 2


def gone(path: Path) -> None:
    path.unlink()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("name", ["activity.parquet", "facts.json", "manifest.json"])
@pytest.mark.parametrize("harm", [gone, cut_short, changed])
def test_a_torn_entry_of_the_store_is_made_again_as_it_was(company, light, harm, name):
    first = panel_edition.read_period(company, "2026Q1")
    orders = first.table("activity")["orders"].sum()
    harm(first.folder / name)
    again = panel_edition.read_period(company, "2026Q1")
    assert again.table("activity")["orders"].sum() == orders
    assert store.is_whole(again.folder) and len(folders_of(company)) == 1


def test_a_summary_that_goes_while_it_is_read_is_no_table_that_the_firm_lacks(company, light):
    edition = panel_edition.read_period(company, "2026Q1")
    (edition.folder / "activity.parquet").unlink()
    with pytest.raises(ParameterError, match=r"activity\.parquet has gone .* report again"):
        edition.table("activity")


def test_what_a_killed_run_left_in_the_store_goes_with_the_next(company):
    panel_edition.read_period(company, "2026Q1")
    left = company / ".store" / ".making-scratch.0-999999999"
    left.mkdir()
    (left / "orders.utf-8").write_text("a customer's words")
    panel_edition.read_period(company, "2025Q4")
    assert not left.exists()
    assert (company / ".store").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("value", [-1, 2.5, "30", 10**9])
def test_a_window_that_cannot_be_meant_is_refused(company, value):
    with pytest.raises(ParameterError, match=r"repeat_within_days is .*whole number above 0"):
        panel_edition.read_period(company, "2026Q1", repeat_within_days=value)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"period": "2026Q5"}, PeriodError, "'2026Q5' is not a period"),
        ({"period": "2019Q1"}, PeriodError, "2019Q1"),
        (
            {"period": "2026Q2"},
            PeriodError,
            "No order lies in 2026Q2: the last one is of 2026-03-31",
        ),
        ({"needs": ["costs"]}, NotMeasured, "needs table `costs`"),
    ],
)
def test_an_edition_that_cannot_be_is_refused_in_words(company, how, error, words):
    with pytest.raises(error, match=words):
        panel_edition.read_period(company, **{"period": "2026Q1"} | how)


def test_a_folder_without_company_yml_is_refused_in_words(tmp_path):
    with pytest.raises(CompanyError, match=r"No company\.yml in .*profitchain|python3 lib example"):
        panel_edition.read_period(tmp_path)


def test_a_summary_that_was_not_made_is_not_measured(company):
    edition = panel_edition.read_period(company, "2026Q1")
    assert not edition.has("events")
    with pytest.raises(NotMeasured, match="'events'"):
        edition.table("events")


@pytest.mark.parametrize(("days", "warned"), [(0, False), (4, False), (5, True), (27, True)])
def test_a_quarter_whose_last_days_have_no_order_is_said_to_be_doubtful(days, warned):
    said = part_sentence(days, Period("2018Q3"))
    assert bool(said) is warned
    assert not warned or f"last {days} days have no order" in said


def test_the_last_days_without_an_order_are_counted(company):
    assert panel_edition.read_period(company, "2026Q1").facts["days_uncovered"] == 0
    assert panel_edition.read_period(company, "2026").facts["days_uncovered"] == 275  # 1 April on
