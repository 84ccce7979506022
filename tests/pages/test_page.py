"""The page: one self-contained, safe, readable file, the same bytes on every run."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from profitchain.core.estimates import Estimate
from profitchain.core.periods import Period
from profitchain.exhibits import charts, exhibit, findings
from profitchain.pages import page as pages
from profitchain.pages import sanitise
from profitchain.words.prose import answer

PERIOD = Period("2026Q3")
SITE = pages.Site(
    "Lantern & <Loom>",
    PERIOD,
    (
        pages.Entry("00_summary", "What should we know?"),
        pages.Entry("03_satisfaction", "How satisfied are customers?"),
        pages.Entry("07_repeat_purchase", "Do they come back?"),
        pages.Entry("08_worth", "What is a point worth?", "needs table costs"),
    ),
)
WORDS = {"message": "NPS <rose>", "measure": "NPS", "source": "Survey", "description": 'It "rose"'}
VOID = {"meta", "link", "br", "hr", "img", "path", "circle", "use", "rect", "polyline"}


def info(name="03_satisfaction"):
    table = {"name": "orders", "rows": 1204, "sha256": "ab" * 32}
    return pages.PageInfo(
        name=name, notebook=f"{name}.ipynb", parameters={"period": "2026Q3"}, inputs=[table],
        versions={"pandas": "3.1"},
    )  # fmt: skip


def output(shown=None, **kinds):
    data = shown._repr_mimebundle_() if shown is not None else kinds
    return new_output("display_data", data=data)


@cache
def chart():
    nps = Estimate(value=42.0, low=38, high=46, n=90, unit="points")
    data = exhibit.frame({"North": nps})
    return exhibit.chart(charts.draw_dots, data, id="by-region", **WORDS)


def notebook(*outputs, prose="## What could be wrong\n\nText.\n\n## What could be wrong\n\nMore."):
    nps = findings.finding(
        "nps", Estimate(value=42, low=38, high=46, n=90, unit="points"), label="N"
    )
    cells = [
        new_markdown_cell("# How satisfied are customers?\n\nWhy it matters.", id="a"),
        new_code_cell("x = '<b>'", outputs=[output(answer("**NPS** rose."))], id="b"),
        new_code_cell("chart", outputs=[output(chart())], id="c"),
        new_markdown_cell(prose, id="d"),
        new_code_cell("more()", outputs=[*outputs, output(findings.record(nps))], id="e"),
    ]
    return new_notebook(cells=cells)


def rendered(*outputs, **kwargs):
    return pages.render_page(notebook(*outputs, **kwargs), site=SITE, page=info())


class Balanced(HTMLParser):
    """Fails where an element is closed that isn't open."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element"


def test_a_page_is_the_same_bytes_on_every_run():
    assert rendered() == rendered()


def test_a_page_is_one_balanced_document_with_one_h1_and_unique_ids():
    page = Balanced()
    page.feed(rendered())
    assert page.open == []
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert page.tags[: page.tags.index("body")].count("title") == 1  # those in drawings tell values
    assert len(page.ids) == len(set(page.ids))
    assert {"main", "by-region", "section-what-could-be-wrong"} <= set(page.ids)


def test_a_page_asks_nothing_of_any_other_machine():
    html = rendered()
    assert "default-src 'none'" in html
    assert not re.search(r"<script|\ssrc=|@import|url\((?!#)|http-equiv=\"refresh", html)
    assert not re.search(r'<link[^>]+href="(?!data:)', html)


def test_a_page_names_its_company_period_neighbours_and_record():
    html = rendered()
    for words in (
        "Lantern &amp; &lt;Loom&gt;", "July–September 2026", 'href="../../index.html"',
        'href="index.html"', 'rel="next" href="07_repeat_purchase.html"',
        "orders (1,204 rows, sha256 ababab",
        "pandas 3.1", 'href="record.json"', "x = &#39;&lt;b&gt;&#39;", "03_satisfaction.ipynb",
        'href="data/03_satisfaction-by-region.csv"', "NPS &lt;rose&gt;", '<html lang="en">',
    ):  # fmt: skip
        assert words in html, words


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://elsewhere.example/a.png'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<iframe src='https://elsewhere.example'></iframe>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<style>@import 'https://elsewhere.example/a.css'</style>",
        "<p style='background:url(https://elsewhere.example/a)'>x</p>",
        "<scr<script>ipt>alert(1)</script>",
        "<form action='https://elsewhere.example'><input></form>",
        "<meta http-equiv='refresh' content='0;url=https://elsewhere.example'>",
    ],
)
def test_nothing_that_runs_or_calls_home_passes_from_markdown_or_a_frame(attack):
    shown = "".join(
        [rendered(output(**{"text/html": f"<table><tr><td>{attack}</td></tr></table>"})),
         rendered(prose=f"## A\n\n{attack}\n")]
    )  # fmt: skip
    body = shown.replace('http-equiv="Content-Security-Policy"', "")
    assert not re.search(r"<[^>]*(onerror|onload|javascript:|elsewhere|http-equiv|data:text)", body)
    assert not re.search(r"<(script|iframe|form|input|object|embed)\b", body)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (new_output("stream", name="stdout", text="a <b>\x1b[31m"), "a &lt;b&gt;"),
        (new_output("stream", name="stderr", text="UserWarning: secret path"), ""),
        (new_output("error", ename="E", evalue="x", traceback=["secret"]), ""),
        (output(**{"text/plain": "<object object at 0x7f00>"}), ""),
        (output(**{"text/plain": "12 < 13"}), "12 &lt; 13"),
        (
            output(**{"image/png": "iVBORw0K\nGgo=", "text/plain": "<Figure>"}),
            'src="data:image/png;base64,iVBORw0KGgo="',
        ),
        (output(**{"image/png": "aGk=", "text/plain": "no picture"}), "no picture</pre>"),
        (output(**{"image/png": '" onerror="x', "text/plain": "<Figure>"}), "&lt;Figure&gt;</pre>"),
        (output(**{"application/vnd.jupyter.widget-view+json": {}, "text/html": "w"}), ""),
    ],
)
def test_an_output_is_shown_as_text_or_not_at_all(given, expected):
    shown = sanitise.output_html(given)
    assert expected in shown if expected else shown == ""


def test_a_pandas_frame_keeps_its_cells_as_text():
    shown = sanitise.output_html(
        output(**{"text/html": pd.DataFrame({"a": ["<b>x</b>"]}).to_html()})
    )
    assert "&lt;b&gt;x&lt;/b&gt;" in shown and "<th></th>" not in shown and "tabindex" in shown


def test_a_page_publishes_its_answer_exhibits_and_findings():
    story = pages.collect(notebook(), name="03_satisfaction")
    assert story.question == "How satisfied are customers?"
    assert story.answers == ("NPS rose.",)
    assert story.exhibits[0]["csv"] == "data/03_satisfaction-by-region.csv"
    assert story.findings[0]["value"] == 42
    text = pages.csvs(notebook(), name="03_satisfaction")["data/03_satisfaction-by-region.csv"]
    assert text == "label,value,low,high,n,unit,why\nNorth,42,38,46,90,points,\n"


def test_two_exhibits_of_one_id_are_refused():
    table = exhibit.table(pd.DataFrame({"a": [1]}), id="by-region", **WORDS)
    with pytest.raises(ValueError, match="'by-region'"):
        pages.csvs(notebook(output(table)), name="03_satisfaction")


def test_a_notebook_without_a_question_is_refused():
    with pytest.raises(ValueError, match="no question"):
        pages.question_of(new_notebook(cells=[new_markdown_cell("## Not a title", id="a")]))


def test_a_page_that_is_not_measured_says_why():
    html = pages.not_measured_page(site=SITE, page=info("08_worth"), why="It needs <costs>.")
    assert "<h1>What is a point worth?</h1>" in html and "It needs &lt;costs&gt;." in html
    assert 'rel="prev" href="07_repeat_purchase.html"' in html and 'rel="next" href' not in html
    assert html.count('href="08_worth.html"') == 1  # in its own menu alone
    assert 'href="08_worth.html"' not in rendered()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_passes_axe_and_never_scrolls_sideways(browser, tmp_path, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "page.html"
    path.write_text(rendered(), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    finally:
        context.close()
