"""An edition as plain text: all it says and has found, and nothing in it that acts."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from profitchain.claims import verdicts
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.evidence import designs
from profitchain.exhibits import findings
from profitchain.pages import page as pages
from profitchain.pages import plain_text
from profitchain.pages.notebooks import nbformat
from profitchain.words import prose
from profitchain.words.measures import LEVELS

MOST_BYTES = 150_000
EVIL = "<img src=x> **a** [b](http://c.d) `e` | www.f.g h@i.j"


def shown(thing: object) -> nbformat.NotebookNode:
    data = thing._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=data)
    return nbformat.v4.new_code_cell("page.show()", outputs=[output])


@pytest.fixture
def written(tmp_path: Path) -> str:
    rate = Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share")
    record = findings.record(
        findings.finding("repeat_rate", rate, label="Came back"),
        findings.finding("repeat_rate", rate, label="Came back", group=EVIL),
        findings.finding("worth", NotEstimable("no_orders"), label="Worth"),
    )
    cells = [
        nbformat.v4.new_markdown_cell("# Do they?"),
        nbformat.v4.new_markdown_cell("For those who code.", metadata={"tags": ["analyst"]}),
        nbformat.v4.new_markdown_cell("## The answer\n\n<b>Own</b> ![p](http://q/r.png)"),
        shown(prose.answer(f"**A third** of {EVIL} came.\n95% interval 1 to 2; n = 7.")),
        shown(record),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    story = pages.collect(notebook, name="07_repeat")
    missing = findings.PageStory(name="09_x", question="# Why?", why="No `orders`.")
    path = plain_text.write_plain_text(
        tmp_path,
        [story, missing],
        {"07_repeat": notebook},
        title=(f"# {EVIL}", Period("2026Q3")),
        warnings=[f"{EVIL} is doubtful."],
    )
    return path.read_text("utf-8")


def test_warnings_stand_on_top_then_each_page_with_its_numbers_and_their_doubts(written):
    lines = written.splitlines()
    assert lines[0].startswith(r"# \# ") and lines[2].startswith("> ")
    assert "is doubtful" in lines[2]
    assert written.index("## Do they?") < written.index("## \\# Why?")
    assert "A third of" in written and "95% interval 1 to 2; n" in written
    assert "For those who code" not in written
    assert "- `repeat_rate` Came back: 31.2% (95% interval 28.9% to 33.6%; n" in written
    assert "`worth` Worth: Not measured" in written
    assert "Not measured: No \\`orders\\`." in written


def test_what_a_firm_has_named_is_text_and_nothing_else(written):
    from nbconvert.filters import markdown2html_mistune

    made = markdown2html_mistune(written)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', made))
    assert not re.search(r"<(img|script|table|del|b)\b", made)
    text = html.unescape(made)  # an answer and a warning have shed the marks of their own
    assert [text.count(words) for words in (EVIL, prose.unmarked(EVIL))] == [2, 2]


def test_a_text_of_one_line_keeps_its_marks_from_acting():
    for start in ("# a", "- a", "+ a", "1. a", "12) a", "=== a", "---"):
        assert "\\" in plain_text.escaped(start), start
    assert plain_text.escaped("a\n\n# b") == "a # b"
    assert plain_text.escaped("1.5 and −3") == "1.5 and −3"


def test_the_example_says_every_finding_sentence_and_definition(example_reports):
    edition = example_reports / "example" / "2026Q3"
    for folder in (edition, edition / "zh-Hans", edition / "zh-Hant"):
        text = (folder / "edition.md").read_text("utf-8")
        plain = re.sub(r"\\(?=[^\w\s])", "", text)
        assert len(text.encode()) <= MOST_BYTES, len(text.encode())
        assert not re.search(r"(?<!\\)<|!\[|\]\((?!#)", text)
        stories = json.loads((folder / "pages.json").read_text("utf-8"))["pages"]
        for story in stories:
            said = [story["question"], *story["answers"]]
            said += [exhibit["message"] for exhibit in story["exhibits"]]
            for words in map(prose.unmarked, said):
                assert " ".join(words.split()) in plain, words
        rows = json.loads((folder / "findings.json").read_text("utf-8"))
        assert len(rows) > 300
        for row in rows:
            assert f"`{row['id']}`" in text, row["id"]
            if not row.get("group"):
                assert plain_text.escaped(row["label"]) in text, row["label"]
            elif folder == edition:
                assert f"  - {plain_text.escaped(findings.group_words(row['group']))}: " in text
        assert "edition.md" in (folder / "index.html").read_text("utf-8")


def test_an_interval_that_is_not_at_95_percent_says_so(example_reports):
    text = (example_reports / "example" / "2026Q3" / "edition.md").read_text("utf-8")
    own = re.findall(r"  - C\d\d: .*?(\d\d)% interval", text)
    assert len(own) > 20 and set(own) == {"99"}
    assert set(re.findall(r"  - lasting: .*?(\d\d)% interval", text)) == {"90"}
    assert re.findall(r"  - adjusted: .*?(\d\d)% interval", text)[0] == "95"
    assert [*LEVELS.values()] == [verdicts.LEVEL, designs.ONE_SIDED]
