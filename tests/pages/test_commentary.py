"""What people say stands where they meant it, as theirs, and is never lost."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from editions import publish_here, write_company

from profitchain.core import i18n
from profitchain.core.periods import Period
from profitchain.pages import commentary
from profitchain.pages.commentary import Remark
from profitchain.press import publish

PERIOD = Period("2026Q1")
SHOWN = {"00_summary": [], "03_satisfaction": ["by-segment", "groups"], "08_worth": []}
KNOWN = {*SHOWN, "05_loyalty"}
BY = "*Ana Silva, 2026-10-05, signed off: M. Weber*"


def written(folder: Path, text: str | bytes, name: str = f"{PERIOD}.md") -> Path:
    """Write a file of commentary into a company's folder; return that folder."""
    (folder / "commentary").mkdir(parents=True, exist_ok=True)
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "commentary" / name).write_bytes(raw)
    return folder


def remarks(folder: Path, text: str | bytes) -> tuple[Remark, ...]:
    return commentary.read_commentary(written(folder, text), PERIOD).placed(SHOWN, KNOWN).remarks


def test_without_a_file_there_is_nothing(tmp_path):
    said = commentary.read_commentary(tmp_path, PERIOD)
    assert (said.remarks, said.as_json()) == ((), None)


@pytest.mark.parametrize(
    ("anchor", "page", "exhibit"),
    [
        ("03_satisfaction#by-segment", "03_satisfaction", "by-segment"),
        ("`03_satisfaction.html#by-segment`", "03_satisfaction", "by-segment"),
        ("03_satisfaction", "03_satisfaction", ""),
        ("03_satisfaction.ipynb ##", "03_satisfaction", ""),
        ("08_worth", "08_worth", ""),
        ("index", "00_summary", ""),
        ("Edition", "00_summary", ""),
        ("00_summary", "00_summary", ""),
        ("05_loyalty#trends", "05_loyalty", "trends"),
    ],
)
def test_a_section_belongs_to_an_exhibit_a_page_or_the_edition(tmp_path, anchor, page, exhibit):
    (one,) = remarks(tmp_path, f"# On the quarter\n\n## {anchor}\n{BY}\n\nIt **fell**.\n")
    assert (one.page, one.exhibit, one.why) == (page, exhibit, "")
    assert "<p>It <strong>fell</strong>.</p>" in one.html
    assert "Ana Silva, 5 October 2026; signed off by M. Weber" in one.html


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("*Ana Silva, 2026-10-05*", "Ana Silva, 5 October 2026; not signed off"),
        ("_Silva, Ana, 2026-10-05_  ", "Silva, Ana, 5 October 2026; not signed off"),
        ("**Ana, 2026-10-05, not signed off**", "Ana, 5 October 2026; not signed off"),
        ("Ana, 2026-10-05, Signed off by: Bo", "Ana, 5 October 2026; signed off by Bo"),
        ("*王小明，2026-10-05，核准：陳經理*", "王小明, 5 October 2026; signed off by 陳經理"),
    ],
)
def test_its_first_line_says_by_whom_and_when_and_who_signed_it_off(tmp_path, line, told):
    (one,) = remarks(tmp_path, f"\ufeff## index\r\n\r\n{line}\r\n\r\nWords.\r\n")
    assert (one.by, one.text) == (told, "Words.")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Just words.", "No heading above it names a page"),
        (f"## 03_satisfacton\n{BY}\nWords.", "did you mean “03_satisfaction”?"),
        (f"## The answer\n{BY}\nWords.", "There is no page “The answer”"),
        (f"## 03_satisfaction#gone\n{BY}\nWords.", "it has by-segment and groups"),
        (f"## 08_worth#gone\n{BY}\nWords.", "has no exhibit “gone”, nor any other"),
        ("## index\nWords.", "Its first line must say by whom and when"),
        ("## index\n*Ana, 2026-13-45*\nWords.", "Its first line must say by whom and when"),
        ("## index\n*Ana, 5 Oct*\nWords.", "Its first line must say by whom and when"),
        ("## index\n*Ana, 2026-10-05, draft*\nWords.", "Its first line must say"),
        (f"## index\n{BY}\n\n", "There are no words below"),
        (f"## index\n{BY}\nWörds.".encode("cp1252"), "save it as UTF-8"),
    ],
)
def test_what_has_no_place_stands_on_the_index_with_the_reason(tmp_path, text, why):
    (one,) = remarks(tmp_path, text)
    assert (one.page, one.exhibit) == ("00_summary", "")
    assert why in one.why
    assert "rds." in one.html or "no words" in why
    assert re.sub(r"\W+", " ", why) in re.sub(r"\W+", " ", one.html)
    assert commentary.remarks_html([one]) == ""


def test_a_file_that_belongs_to_no_period_is_named(tmp_path):
    for name in ("2026q1.md", "2026Q1.txt", "2026Q2.md", "2026-03.md", "README.md", ".draft.md"):
        written(tmp_path, f"## index\n{BY}\nWords.", name)
    said = commentary.read_commentary(tmp_path, PERIOD).placed(SHOWN, KNOWN)
    assert [one.anchor for one in said.remarks] == ["2026Q1.txt", "2026q1.md"]
    assert all("belongs to no period" in one.why for one in said.on("00_summary"))


def test_a_year_s_commentary_is_not_that_of_its_months(tmp_path):
    written(tmp_path, f"## index\n{BY}\nMarch.", "2026-03.md")
    assert commentary.read_commentary(tmp_path, Period("2026")).remarks == ()
    assert commentary.read_commentary(tmp_path, Period("2026-03")).remarks[0].text == "March."


def test_a_heading_in_a_block_of_code_begins_no_section(tmp_path):
    (one,) = remarks(tmp_path, f"## index\n{BY}\n\n```\n## 03_satisfaction\n```\n\nEnd.")
    assert one.text.endswith("End.")


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src='https://elsewhere.example/a.png'>",
        "<a href='javascript:alert(1)'>x</a>",
        "</div></div><p class='answer'>We are great</p>",
        "<p style='position:fixed'>x</p>",
        "<iframe src='https://elsewhere.example'></iframe>",
        "# A title of its own",
        "## <h1>index</h1>\n*x*\n<h2 id='main'>x</h2>",
    ],
)
def test_nothing_in_it_runs_calls_home_or_looks_computed(tmp_path, attack):
    for one in remarks(tmp_path, f"## index\n*<b>Ana</b>, 2026-10-05*\n\n{attack}\n"):
        assert not re.search(r"<(script|iframe|img|h[1-6]|b)\b|javascript:|style=|\bid=", one.html)
        assert re.findall(r'class="([^"]*)"', one.html)[-1] == "words"
        assert one.html.count("<div") == one.html.count("</div>")
        assert one.html.endswith("</div></div>")


def test_other_languages_show_it_as_written_and_say_in_which_it_is(tmp_path):
    folder = written(tmp_path, f"## index\n{BY}\nWords.")
    (one,) = commentary.read_commentary(folder, PERIOD).placed(SHOWN, KNOWN).remarks
    assert 'lang="' not in one.html
    with i18n.speaking("zh-Hant"):
        assert 'lang="en"><p>Words.</p>' in one.html and "2026年10月5日" in one.html


@pytest.fixture(scope="module")
def edition(tmp_path_factory, repo) -> Path:
    """A small shop's edition of two pages, with commentary on each and one without a place."""
    folder = tmp_path_factory.mktemp("commented")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    for name in ("00_summary", "05_loyalty"):
        shutil.copy(repo / "notebooks" / f"{name}.ipynb", notebooks)
    days = pd.date_range("2025-01-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 7})
    orders["customer_id"] = [f"c{day % 40}" for day in range(len(days))]
    company = write_company(folder / "shop", {"orders": orders})
    written(
        company,
        f"## index\n{BY}\nOn all.\n\n## 05_loyalty\n{BY}\nOn the page.\n\n"
        f"## 05_loyalty#cohorts\n{BY}\nOn cohorts.\n\n## 05_loyalty#gone\n{BY}\nLost.\n",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "NOTEBOOKS", notebooks)
        publish_here(company, str(PERIOD), out=folder / "reports")
        return publish_here(company, str(PERIOD), out=folder / "reports")  # it comes again


def test_each_remark_stands_once_where_it_belongs(edition):
    page = (edition / "05_loyalty.html").read_text(encoding="utf-8")
    index = (edition / "index.html").read_text(encoding="utf-8")
    assert page.count('role="note"') == index.count('role="note"') == 2
    assert page.index('class="answer"') < page.index("On the page.") < page.index('id="contents"')
    after_cohorts = page.partition('id="cohorts"')[2].partition("On cohorts.")
    assert after_cohorts[1] and "<figure" not in after_cohorts[0]
    assert index.index('class="answer"') < index.index("On all.") < index.index('id="contents"')
    assert (
        index.index('id="without-place"') < index.index("no exhibit “gone”") < index.index("Lost.")
    )
    assert '<a href="#without-place">Commentary without a place</a>' in index


def test_the_record_names_the_file_and_counts(edition):
    told = json.loads((edition / "record.json").read_text(encoding="utf-8"))["commentary"]
    assert re.fullmatch(r"[0-9a-f]{64}", told.pop("sha256"))
    assert told == {"file": "commentary/2026Q1.md", "count": 4, "without_place": 1}
