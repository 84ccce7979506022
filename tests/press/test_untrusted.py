"""Text of firms, customers and analysts stays text in every published file; secrets in none."""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from bleach._vendor import html5lib  # reads a page as browsers do
from editions import publish_here, write_company
from nbformat.v4 import new_output
from untrusted import ALIKE, BRACES, MIME, SCRIPTS, SEGMENT, TEXTS, write_firm, write_notebook

from profitchain import cli
from profitchain.exhibits import tables
from profitchain.pages import sanitise
from profitchain.press import publish

ACTIVE = {
    *("script", "iframe", "frame", "object", "embed", "form", "input", "base", "applet"),
    *("video", "audio", "source", "track"),
}
FETCHED = {"src", "href", "srcset", "poster", "data", "ping", "action", "formaction", "background"}
PICTURE = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]*")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]")
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠](?!(\d|inf)[\d.e+-]*$)")
SECRET = "hunter2-of-the-tests"


def acting(html: str) -> Iterator[str]:
    """Yield what a browser would run or fetch of a page that had no policy."""
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag in ACTIVE or (tag == "style" and re.search(r"@import|url\(", element.text or "")):
            yield f"<{tag}>"
        for key, value in element.attrib.items():
            name = str(key).rpartition("}")[2].lower()
            if name.startswith("on") or (name == "style" and "url(" in value):
                yield f"{tag} {name}"
            if name in FETCHED and not _is_near(tag, name, value):
                yield f"{tag} {name}={value}"


def _is_near(tag: str, name: str, value: str) -> bool:
    """Tell whether an address is inside the edition, or a link that a reader chooses to follow."""
    if tag == "img" and name == "src":
        return bool(PICTURE.fullmatch(value))
    is_link = tag == "a" and re.match(r"https?://|mailto:", value)
    return bool(is_link) or value == "data:," or not urlsplit(value).netloc + urlsplit(value).scheme


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, repo) -> Path:
    """A folder of editions: a firm with the whole corpus in it, and an analyst's own notebook."""
    folder = tmp_path_factory.mktemp("hostile")
    notebooks = Path(shutil.copytree(repo / "notebooks", folder / "notebooks"))
    write_notebook(notebooks / "19_odd.ipynb")
    only = ["01_data", "03_satisfaction", "19_odd"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "NOTEBOOKS", notebooks)
        publish_here(write_firm(folder / "firm"), "2026Q1", out=folder / "reports", only=only)
    return folder / "reports"


def test_nothing_in_a_page_runs_or_is_fetched_without_its_policy(hostile):
    pages = {path.name: path.read_text("utf-8") for path in (hostile / "firm").rglob("*.html")}
    pages |= {"reports": (hostile / "index.html").read_text("utf-8")}
    assert len(pages) == 5 and "alert(1)" in pages["03_satisfaction.html"]
    assert {name: list(acting(page)) for name, page in pages.items()} == {
        name: [] for name in pages
    }
    assert not [name for name, page in pages.items() if UNSEEN.search(page)]
    assert not [name for name, page in pages.items() if "class &#39;" in page or "<class" in page]
    assert sum(any(acting(text)) for text in SCRIPTS) >= 5  # so the test sees what it looks for


def test_no_cell_of_a_table_is_a_formula_and_every_part_of_a_workbook_is_xml(hostile):
    for path in hostile.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if FORMULA.match(cell)]
    for path in hostile.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
        assert all(map(ElementTree.fromstring, parts))
        assert not [part for part in parts if b"<f>" in part or b'TargetMode="External"' in part]
        cells = [c for s in openpyxl.load_workbook(path) for row in s.iter_rows() for c in row]
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "b", "d"}
        assert {"=1+1", BRACES[1]} <= {cell.value for cell in cells}


def test_names_that_look_alike_are_told(hostile):
    record = json.loads(next(hostile.rglob("record.json")).read_text("utf-8"))
    alike = {one["column"]: one["says"] for one in record["warnings"]
             if one["kind"] == "look_alike" and ALIKE[0] in one["says"]}  # fmt: skip
    assert {SEGMENT, "channel", "topic", "acquisition_channel", "touchpoint"} <= set(alike)
    assert "24 rows" in alike[SEGMENT] and "U+043E CYRILLIC SMALL LETTER O" in alike[SEGMENT]
    assert "U+200B ZERO WIDTH SPACE" in alike[SEGMENT]


@pytest.mark.parametrize("kind", [*MIME, "application/vnd.profitchain.exhibit+json"])
def test_an_output_of_any_kind_is_shown_without_acting(kind):
    data = {kind: MIME.get(kind, {}), "text/plain": "<x>"}
    if kind.startswith(sanitise.OURS):
        data["text/html"] = MIME["text/html"]
    shown = sanitise.output_html(new_output("display_data", data=data))
    assert not list(acting(shown))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_the_same_in_a_table_that_no_spreadsheet_runs(text):
    safe = tables.neutral(text)
    assert not FORMULA.match(str(safe))
    assert tables.unquoted(str(safe)) == re.sub("\r\n?", "\n", text)
    assert not list(acting(tables.table_html(pd.DataFrame({text: [text]}), caption=text)))


QUERIES = {
    "a column that isn't there": "SELECT {secret} FROM o",
    "a text that is no number": "SELECT CAST('{secret}' AS INTEGER) AS order_id FROM o",
    "no SQL": "SELECT ' {secret} FROM o",
    "a table that isn't there": 'SELECT * FROM "{secret}"',
    "a file": "SELECT * FROM '{secret}.csv'",
    "a call": "SELECT error('{secret}') FROM o",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_no_message_on_a_query_tells_what_came_from_the_environment(
    query, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [1]})
    firm = write_company(tmp_path, {"orders": orders.assign(ordered_at="2026-01-05")})
    told = json.loads((firm / "company.yml").read_text())
    query = query.format(secret="${SHOP_PASSWORD}")
    told["tables"]["orders"] = {"query": query, "files": {"o": "orders.csv"}}
    (firm / "company.yml").write_text(json.dumps(told))
    assert cli.main(["check", "2026Q1", "--company", str(firm)]) == 1
    said = capsys.readouterr()
    assert said.err.strip() and "hunter2" not in said.err + said.out and "Traceback" not in said.err


@pytest.mark.parametrize(
    "connect", [{"memory_limit": "${SHOP_PASSWORD}"}, {"threads": "${SHOP_PASSWORD}"}]
)
def test_no_message_on_an_engine_tells_what_came_from_the_environment(
    connect, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [1]})
    orders = orders.assign(ordered_at="2026-01-05")
    firm = write_company(tmp_path, {"orders": orders}, connect={"backend": "duckdb"} | connect)
    assert cli.main(["check", "2026Q1", "--company", str(firm)]) == 1
    said = capsys.readouterr()
    assert "DuckDB refuses" in said.err and "hunter2" not in said.err
