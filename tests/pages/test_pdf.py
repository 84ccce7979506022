"""The book of an edition: own names, links that stay inside, a browser or clear words."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from profitchain import cli
from profitchain.core.errors import CannotPrint
from profitchain.core.periods import Period
from profitchain.exhibits import findings, style
from profitchain.exhibits.findings import PageStory
from profitchain.pages import editions, pdf
from profitchain.press import publish
from profitchain.press.published_values import values_of

PAGE = """<html lang="en"><head><style>p{}</style><style>.d0{fill:red}</style></head><body>
<main id="main"><h1>%s</h1><nav class="contents"><a href="#one">One</a></nav><h2 id="one">One</h2>
<h2 id="two">Two</h2><a href="03_satisfaction.html">there</a>
<a href="../index.html">out</a> <a href="#one">up</a>
<figure id="a"><svg class="narrow" viewBox="0 0 1 1"><text>NARROW</text></svg>
<svg class="wide" viewBox="0 0 1 1"><clipPath id="c"></clipPath><path class="d0"
clip-path="url(#c)"/></svg><details><summary>Data</summary>DATA</details></figure></main>
<footer><details class="record"><summary>Record</summary>RECORD</details></footer></body></html>"""


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """An edition of two small pages by a firm whose name is hard to quote."""
    folder = tmp_path / "firm" / "2026Q3"
    folder.mkdir(parents=True)
    names = ("00_summary", "03_satisfaction")
    stories = [PageStory(name=name, question=f"{name}?") for name in names]
    findings.write_findings(
        folder, period=Period("2026Q3"), stories=stories, company='A "} </style>'
    )
    for story in stories:
        (folder / story.file).write_text(PAGE % story.question, encoding="utf-8")
    (folder / "record.json").write_text(json.dumps({"languages": ["en"]}), encoding="utf-8")
    return folder


def test_pages_in_a_book_keep_apart_what_they_name(edition):
    book = pdf.book_html(edition, {"p0": 2, "p1-s0": 17})
    names = re.findall(r'\bid="([^"]+)"', book)
    assert len(names) == len(set(names))
    assert {"p0", "p0-s0", "p1-a", "p1-c"} <= set(names)
    assert "#p0{.d0{fill:red}}" in book and 'clip-path="url(#p1-c)"' in book
    assert set(re.findall(r'href="([^"]*)"', book)) == {"#p0", "#p1", "#p0-s0", "#p1-s0", "#p1-s1"}
    assert "<b>2</b>" in book and "<b>17</b>" in book


def test_a_book_leaves_out_what_one_clicks_and_says_its_record_once(edition):
    book = pdf.book_html(edition, {})
    assert "NARROW" not in book and "DATA" not in book
    assert book.count("RECORD") == 1


def test_the_first_page_by_itself_has_no_contents(edition):
    book = pdf.book_html(edition, {}, only="index.html")
    body = book.partition("<body")[2]
    assert "00_summary?" in body and "03_satisfaction?" not in body and "toc" not in body


def test_no_name_of_a_firm_ends_the_stylesheet(edition):
    head = pdf.book_html(edition, {}).partition("</head>")[0]
    assert head.count("</style>") == 2
    assert r"A \22 \7d  \3c \2f style\3e " in head


def test_page_numbers_come_from_the_tree_of_pages():
    printed = b"""9 0 obj\n<</Type /Pages\n/Count 3\n/Kids [4 0 R 7 0 R]>>\nendobj
4 0 obj\n<</Type /Pages\n/Count 2\n/Parent 9 0 R\n/Kids [1 0 R 2 0 R]>>\nendobj
5 0 obj\n<</p0 [1 0 R /XYZ 0 0 0]\n/p1-s2 [7 0 R /XYZ 0 1.5 0]\n/x [8 0 R /XYZ 0 0 0]>>"""
    assert pdf.page_numbers(printed) == {"p0": 1, "p1-s2": 3}
    assert pdf.page_numbers(b"%PDF something else") == {}


def test_the_contents_list_what_stands_open_and_pages_alone_where_that_takes_two_sheets(
    edition, monkeypatch
):
    page = edition / "03_satisfaction.html"
    folded = '<details class="fold"><summary><h2 id="three">Three</h2></summary></details></main>'
    page.write_text(page.read_text("utf-8").replace("</main>", folded), encoding="utf-8")
    said = {has: pdf.book_html(edition, {}, has_sections=has) for has in (True, False)}
    contents = {has: book.partition("<article")[0] for has, book in said.items()}
    assert "<span>Two</span>" in contents[True] and "Three" not in contents[True]
    assert "03_satisfaction?" in contents[False] and "Two" not in contents[False]
    assert "Three" in said[False]

    books: list[str] = []

    def printed(_browser: str, book: str, _room: Path) -> bytes:
        books.append(book)
        leaf = b"3" if "<span>Two</span>" in book else b"2"
        return (
            b"9 0 obj\n<</Type /Pages\n/Kids [1 0 R 2 0 R 3 0 R]>>\n"
            b"<</p0 [%s 0 R /XYZ 0 0 0]>>" % leaf
        )

    monkeypatch.setattr(pdf, "_browser", lambda: "chromium")
    monkeypatch.setattr(pdf, "_printed", printed)
    index = edition / "index.html"
    downloads = '<div class="downloads"><!--printed--></div></main>'
    index.write_text(index.read_text("utf-8").replace("</main>", downloads), encoding="utf-8")
    before = values_of(index)
    pdf.print_edition(edition)
    text = index.read_text("utf-8")
    assert 'href="edition.pdf"' in text and 'href="summary.pdf"' in text
    assert values_of(index) == before  # what was printed is no difference
    drafts, made = books[:2], books[2]
    assert ["<span>Two</span>" in draft for draft in drafts] == [True, False]
    assert "<span>Two</span>" not in made and "<b>2</b>" in made


@pytest.mark.parametrize(("fits_at", "tried"), [(1.0, 1), (0.88, 3), (0.5, 4)])
def test_a_summary_is_set_as_large_as_two_sheets_allow(edition, monkeypatch, fits_at, tried):
    zooms: list[float] = []

    def printed(_browser: str, book: str, _room: Path) -> bytes:
        zooms.append(float(re.search(r'style="zoom: ([\d.]+)"', book)[1]))
        kids = b"1 0 R 2 0 R" if zooms[-1] <= fits_at else b"1 0 R 2 0 R 3 0 R"
        return b"9 0 obj\n<</Type /Pages\n/Kids [%s]>>" % kids

    monkeypatch.setattr(pdf, "_printed", printed)
    made = pdf.printed_summary("chromium", edition, edition)
    assert zooms == list(pdf.ZOOMS[:tried])
    assert pdf.sheets(made) == (2 if fits_at >= min(pdf.ZOOMS) else 3)


def test_the_smallest_summary_has_labels_of_eight_points():
    paper = 210 - 2 * 17  # mm, between the margins of a sheet
    points = paper / 25.4 * 72 / style.WIDE.width * style.WIDE.text
    assert points * min(pdf.ZOOMS) >= 8


@pytest.mark.parametrize("tag", ["", "zh-Hans", "zh-Hant"])
def test_the_examples_summary_is_two_sheets(example_reports, tmp_path, tag):
    browser = next(filter(None, map(shutil.which, pdf.BROWSERS)), None)
    if browser is None:
        pytest.skip("needs Chromium")
    last = max(folder for folder in (example_reports / "example").iterdir() if folder.is_dir())
    assert pdf.sheets(pdf.printed_summary(browser, last / tag, tmp_path)) == pdf.SUMMARY_SHEETS


@pytest.mark.parametrize(
    ("ran", "words"),
    [
        (None, "there is no Chromium"),
        (
            subprocess.CompletedProcess([], 1, b"", b"no display"),
            "could not print them: no display",
        ),
        (subprocess.TimeoutExpired("chromium", 9), "timed out"),
    ],
)
def test_without_a_browser_that_prints_the_pages_stay_and_words_say_what_to_do(
    edition, monkeypatch, capsys, ran, words
):
    def run(*_given: object, **_how: object) -> object:
        if isinstance(ran, Exception):
            raise ran
        return ran

    monkeypatch.setattr(pdf.shutil, "which", lambda name: None if ran is None else f"/bin/{name}")
    own = SimpleNamespace(run=run, TimeoutExpired=subprocess.TimeoutExpired)
    monkeypatch.setattr(pdf, "subprocess", own)  # not the system's, which platform needs too
    monkeypatch.setattr(publish, "publish", lambda *_given, **_how: edition / "index.html")
    with pytest.raises(CannotPrint, match=words):
        pdf.print_edition(edition)
    assert cli.main(["report", "--pdf"]) == 1
    told = capsys.readouterr()
    assert words in told.err and str(edition / "index.html") in told.out
    assert not (edition / editions.PDF).exists()
