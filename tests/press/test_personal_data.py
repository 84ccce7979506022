"""A notebook of the firm's own publishes no customer's id, address or words unless it is meant."""

from __future__ import annotations

import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from editions import publish_here, write_company
from test_publish import ANSWER, write_notebook

from profitchain.pages import notebooks
from profitchain.pages.failures import NotebookFailed
from profitchain.press import personal_data, publish

COMMENT = "The lamp came broken and nobody answered my three letters, which is a shame."
SHORT = "All was well done."
ADDED = Path("05_ours.ipynb")


@pytest.fixture(scope="module")
def firms(tmp_path_factory) -> dict[str, Path]:
    """A company whose ids are letters and digits, and one whose ids are small numbers."""
    folder = tmp_path_factory.mktemp("firms")
    return {
        "letters": company(folder / "letters", [f"C{n:04}" for n in range(1, 41)], "customer_id"),
        "numbers": company(folder / "numbers", [str(n) for n in range(1, 41)], "client"),
    }


def company(folder: Path, ids: list[str], name: str) -> Path:
    days = pd.date_range("2025-12-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"ordered_at": days, "revenue": 1, "order_id": range(len(days))})
    orders[name] = [ids[at % len(ids)] for at in range(len(days))]
    answers = orders.iloc[:60].rename(columns={"ordered_at": "responded_at", "order_id": "no"})
    answers = answers.drop(columns="revenue").assign(nps=9, comment=[COMMENT, SHORT, None] * 20)
    answers["response_id"] = answers.pop("no")
    question = {"column": "nps", "kind": "nps", "label": "Recommends"}
    tables = {"orders": orders, "responses": answers}
    made = write_company(folder, tables, questions={"nps": question})
    if name != "customer_id":
        text = (made / "company.yml").read_text()
        for table in ("orders", "responses"):
            known = f'"file": "{table}.csv"'
            text = text.replace(known, f'{known}, "columns": {{"customer_id": "{name}"}}')
        (made / "company.yml").write_text(text)
    return made


def executed(*data: dict, tags: tuple[str, ...] = ()) -> list[nbformat.NotebookNode]:
    """Return a notebook whose second cell shows this."""
    shown = [nbformat.v4.new_output("display_data", data=each) for each in data]
    cell = nbformat.v4.new_code_cell("", outputs=shown, metadata={"tags": list(tags)})
    injected = nbformat.v4.new_code_cell("", metadata={"tags": ["injected-parameters"]})
    return [nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Q?"), injected, cell])]


def judged(company: Path, *data: dict, tags: tuple[str, ...] = ()) -> str:
    parameters = {"company": str(company), "period": "2026Q1"}
    failed = personal_data.failure(ADDED, executed(*data, tags=tags), parameters)
    return failed.words if failed else ""


def text(words: str) -> dict:
    return {"text/plain": words}


SHOWS = {
    "an id in a text": (text("The best is C0007."), "customers' ids"),
    "an id in a table": ({"text/html": "<tr><td>C0007</td>"}, "customers' ids"),
    "an id in an exhibit's data": (
        {"application/vnd.profitchain.exhibit+json": {"id": "x", "csv": "who,n\nC0007,3\n"}},
        "customers' ids",
    ),
    "an id in a label": (
        {"application/vnd.profitchain.findings+json": {"findings": [{"label": "Of C0007"}]}},
        "customers' ids",
    ),
    "an address": (text("Ask Ana.Silva+x@mail.shop.pt, she knows."), "e-mail addresses"),
    "a comment": (text(f"One says: '{COMMENT}'"), "what customers wrote"),
    "a comment cut off": (text(f"0  {COMMENT[:46]}..."), "what customers wrote"),
    "a comment over lines": (text(COMMENT.replace(" ", "\n")), "what customers wrote"),
    "a comment in HTML": ({"text/html": f"<i>{SHORT}</i>"}, "what customers wrote"),
}  # fmt: skip


@pytest.mark.parametrize("case", SHOWS)
def test_a_cell_that_shows_personal_data_is_named_with_what_to_do(firms, case):
    data, kind = SHOWS[case]
    words = judged(firms["letters"], text("fine"), data)
    assert words.startswith("05_ours.ipynb ran to its end but can't become a page: In cell 2, ")
    assert kind in words and "tag personal-data-allowed" in words
    assert "C0007" not in words and COMMENT[:20] not in words
    assert judged(firms["letters"], data, tags=("personal-data-allowed",)) == ""


@pytest.mark.parametrize(
    "words",
    [
        "1 2 3 40 and 12,345", "C00", "C0041", "xC0007", "logo@2x.png", "@pytest.fixture",
        "ana@example.com", "pip install x@1.2.3", "customers 7", "All was well", "NPS of 9 @ 90%",
        "git@github.com/x", "The lamp came back",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_no_alarm(firms, words):
    assert judged(firms["letters"], text(words)) == ""
    assert judged(firms["numbers"], text(words)) == ""


def test_ids_that_are_numbers_count_below_the_name_of_their_column(firms):
    firm = firms["numbers"]
    assert judged(firm, text("orders  7\nrevenue 12")) == ""
    for header in ("client", "customer_id"):
        assert "customers' ids" in judged(firm, text(f"   {header}  orders\n0  7  12"))
    assert "customers' ids" in judged(firm, {"text/html": "<th>client</th></tr><td>7</td>"})
    assert judged(firm, text("client  orders\n977  12.5")) == ""


def test_an_address_of_the_firm_itself_is_none(firms, tmp_path):
    firm = company(tmp_path / "firm", ["C0001"], "customer_id")
    place = firm / "company.yml"
    place.write_text("# Ask Data@Shop.pt\n" + place.read_text())
    assert judged(firm, text("data@shop.pt")) == ""


def test_a_shipped_notebook_is_not_looked_at(repo):
    path = repo / "notebooks" / "01_data.ipynb"
    if notebooks.state_of(path) == "shipped":
        assert personal_data.failure(path, executed(text("x@y.pt")), {}) is None


def test_the_page_of_such_a_notebook_fails_alone(firms, tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name, code in {"00_summary": ANSWER, "05_ours": "prose.answer('Ask C0007 first.')"}.items():
        write_notebook(folder, name, ANSWER, code)
    monkeypatch.setattr(publish, "NOTEBOOKS", folder)
    with pytest.raises(NotebookFailed, match="In cell 5, it would publish customers' ids"):
        publish_here(firms["letters"], "2026Q1", out=tmp_path / "reports")
    pages = list((tmp_path / "reports").rglob("*.html"))
    assert pages and not [page for page in pages if "C0007" in page.read_text(encoding="utf-8")]


def test_many_tokens_and_comments_take_no_longer_than_a_page(firms):
    table = "\n".join(f"K{n:06} {n} a line with some words of a page" for n in range(20_000))
    start = time.process_time()
    assert judged(firms["letters"], text(table)) == ""
    assert time.process_time() - start < 10
