"""`new` makes a notebook that keeps every convention and is a page without being registered."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import test_notebooks as conventions
from editions import findings, publish_here, write_company

from profitchain import cli
from profitchain.core.errors import ParameterError
from profitchain.press import new_notebook, publish

QUESTION = "Why do refunds rise?"


@pytest.fixture
def notebooks(tmp_path, repo, monkeypatch) -> Path:
    """A folder with two of the shipped notebooks, a page between which is free; the press's own."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("00_summary", "05_loyalty"):
        shutil.copy(repo / "notebooks" / f"{name}.ipynb", folder)
    monkeypatch.setattr(publish, "NOTEBOOKS", folder)
    return folder


def numbered(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.ipynb").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("question", "name"),
    [
        (QUESTION, "why_do_refunds_rise"),
        ("Why do refunds rise in the North, and at what cost?", "why_refunds_rise_north_what"),
        ("L'été est-il plus calme", "lete_est_il_plus_calme"),
        ("Warum fällt der Maßstab?", "warum_fallt_der_massstab"),
        ("退款為什麼增加？", "question"),
        ("NPS 为什么下降？", "nps"),
        ("2026: what of B2B?", "what_of_b2b"),
        ("../../etc: why?", "etc_why"),
    ],
)  # fmt: skip
def test_a_file_is_called_by_its_question_s_main_words(question, name):
    assert new_notebook.slug(question) == name


@pytest.mark.parametrize(
    ("there", "after", "number"),
    [
        (["00_summary", "09_sensitivity"], "", "10"),
        (["00_summary", "03_satisfaction", "05_loyalty"], "03", "04"),
        (["00_summary", "03_satisfaction", "05_loyalty"], "3", "04"),
        (["00_summary", "03_satisfaction", "05_loyalty"], "03_satisfaction", "04"),
        (["05_loyalty", "06_customers"], "05", "05b"),
        (["05_loyalty", "05b_mine", "06_customers"], "05", "05c"),
        ([], "", "01"),
    ],
)
def test_a_new_notebook_stands_behind_all_others_or_behind_the_one_named(
    tmp_path, there, after, number
):
    folder = numbered(tmp_path / "notebooks", *there)
    made = new_notebook.write_notebook(QUESTION, folder, after=after)
    assert made.stem == f"{number}_why_do_refunds_rise"
    behind = [path.stem for path in sorted(folder.glob("[0-9]*.ipynb")) if path < made]
    assert behind == [name for name in there if not after or name[:2] <= after.zfill(2)[:2]]


@pytest.mark.parametrize(
    ("question", "after", "words"),
    [
        ("  ", "", "Name the question"),
        ("???", "", "Name the question"),
        (QUESTION, "7", "There is no notebook '7'"),
        (QUESTION, "05_loyalti", "Did you mean '05_loyalty'?"),
    ],
)
def test_nothing_is_written_without_a_question_or_a_place(tmp_path, question, after, words):
    folder = numbered(tmp_path / "notebooks", "05_loyalty")
    with pytest.raises(ParameterError, match=re.escape(words)):
        new_notebook.write_notebook(question, folder, after=after)
    assert len(list(folder.iterdir())) == 1


def test_the_same_question_again_makes_another_notebook(tmp_path):
    first, second = (new_notebook.write_notebook(QUESTION, tmp_path) for _time in range(2))
    assert (first.name, second.name) == (
        "01_why_do_refunds_rise.ipynb", "02_why_do_refunds_rise.ipynb"
    )  # fmt: skip


@pytest.mark.parametrize("question", [QUESTION, "退款為什麼增加？", "# Say *why* <b>"])
def test_a_new_notebook_keeps_every_convention(tmp_path, monkeypatch, question):
    made = new_notebook.write_notebook(question, tmp_path)
    monkeypatch.setattr(conventions, "FOLDER", tmp_path)
    monkeypatch.setattr(conventions, "NOTEBOOKS", [made.stem])
    rules = [rule for name, rule in vars(conventions).items() if name.startswith("test_")]
    assert len(rules) > 8
    for rule in rules:
        rule(*[made.stem] * len(inspect.signature(rule).parameters))


def test_a_notebook_dropped_in_is_a_page_in_its_place_and_nothing_else_is_needed(
    tmp_path, notebooks
):
    days = pd.date_range("2025-01-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 7.0})
    orders["customer_id"] = [f"c{day % 40}" for day in range(len(days))]
    company = write_company(tmp_path / "shop", {"orders": orders})
    shutil.copy(notebooks / "05_loyalty.ipynb", notebooks / "06_customers.ipynb")
    made = new_notebook.write_notebook(QUESTION, notebooks, after="05")
    assert made.stem == "05b_why_do_refunds_rise"
    edition = publish_here(company, "2026Q1", out=tmp_path / "reports")
    html = (edition / f"{made.stem}.html").read_text(encoding="utf-8")
    assert f"<h1>{QUESTION}</h1>" in html and "This notebook was added" in html
    assert 'rel="prev" href="05_loyalty.html"' in html
    assert 'rel="next" href="06_customers.html"' in html
    assert "Notes like this one" not in html
    index = (edition / "index.html").read_text(encoding="utf-8")
    assert f'<a href="{made.stem}.html">{QUESTION}</a>' in index
    assert f"data/{made.stem}-over-time.csv" in index
    assert (edition / "data" / f"{made.stem}-over-time.csv").is_file()
    found = findings(edition)
    spend = found.loc["revenue_per_customer", "value"].iloc[0]
    assert found.at["why_do_refunds_rise", "value"] == spend
    record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
    assert record["notebooks"][made.stem] == "added"


def test_the_command_writes_the_notebook_and_says_what_to_do_next(notebooks, monkeypatch, capsys):
    monkeypatch.chdir(notebooks.parent)
    assert cli.main(["new", "Why do refunds rise", "--after", "05"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "notebooks/06_why_do_refunds_rise.ipynb"
    assert "report --only 06_why_do_refunds_rise" in told
    written = nbformat.read(notebooks / "06_why_do_refunds_rise.ipynb", as_version=4)
    assert written.cells[0].source == f"# {QUESTION}"
    assert cli.main(["new", "?"]) == 1
