"""From any edition a reader reaches every other one, though published editions never change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from profitchain.core.periods import Period
from profitchain.exhibits import findings, findings_history
from profitchain.exhibits.findings import PageStory
from profitchain.pages import editions, index_pages, page

FIRM = "lantern"


def edition(
    out: Path, period: str, *, names=("03_satisfaction",), tongues=("en",), folder=""
) -> Path:
    """Write what an edition's folder holds, as far as lists of editions read it."""
    made = out / FIRM / (folder or period)
    stories = [PageStory(name="00_summary", question="What?", answers=(f"**Up** in {period}.",))]
    stories += [
        PageStory(name=name, question=f"Is {name} <good>?", answers=(f"{name} of {period}.",))
        for name in names
    ]
    for at, tongue in enumerate(tongues):
        place = made / (tongue if at else "")
        place.mkdir(parents=True, exist_ok=True)
        for story in stories:
            (place / story.file).write_text("page", encoding="utf-8")
    findings.write_findings(
        made, period=Period(period), stories=stories, company="Lantern & <Loom>"
    )
    record = {"languages": list(tongues)}
    (made / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return made


def test_editions_come_newest_first_without_parts_and_folders_in_the_making(tmp_path):
    for period in ("2026Q1", "2025Q4", "2026Q2"):
        edition(tmp_path, period)
    edition(tmp_path, "2026Q3", folder="2026Q3.part")
    edition(tmp_path, "2026Q4", folder=".making-2026Q4-1")
    found = editions.editions_of(tmp_path / FIRM)
    assert [str(each.period) for each in found] == ["2026Q2", "2026Q1", "2025Q4"]


def test_a_page_leads_to_itself_in_earlier_editions_only(tmp_path):
    edition(tmp_path, "2025Q4", names=())
    edition(tmp_path, "2026Q1", tongues=("en", "zh-Hant"))
    edition(tmp_path, "2026Q3")
    earlier = editions.earlier(tmp_path / FIRM / "2026Q2", Period("2026Q2"))
    site = page.Site("L", Period("2026Q2"), (), earlier=earlier)
    assert site.before("03_satisfaction.html") == [
        ("January–March 2026", "../2026Q1/03_satisfaction.html"),
        ("October–December 2025", "../2025Q4/index.html"),
    ]
    han = page.Site("L", Period("2026Q2"), (), "zh-Hant", ("en", "zh-Hant"), earlier)
    assert [href for _label, href in han.before("03_satisfaction.html")] == [
        "../../2026Q1/zh-Hant/03_satisfaction.html",
        "../../2025Q4/index.html",
    ]


def test_a_firms_page_leads_to_every_page_of_every_period_and_escapes_its_words(tmp_path):
    edition(tmp_path, "2026Q1", names=("03_satisfaction", "08_worth"))
    edition(tmp_path, "2026Q2")
    html = index_pages.firm_index(editions.editions_of(tmp_path / FIRM))
    for words in (
        "<h1>Lantern &amp; &lt;Loom&gt;</h1>", "<strong>Up</strong> in 2026Q2.",
        '<a href="2026Q2/index.html">April–June 2026</a>', 'href="2026Q1/08_worth.html"',
        "Is 08_worth &lt;good&gt;?", "03_satisfaction of 2026Q1.", 'href="../index.html"',
    ):  # fmt: skip
        assert words in html, words


def test_the_list_of_all_editions_leads_to_each_firm_and_period(tmp_path):
    edition(tmp_path, "2026Q1")
    html = index_pages.reports_index([editions.editions_of(tmp_path / FIRM)])
    assert f'<a href="{FIRM}/2026Q1/index.html">January–March 2026</a>' in html
    assert f'<a href="{FIRM}/index.html">Lantern &amp; &lt;Loom&gt;</a>' in html
    assert "profitchain report" in index_pages.reports_index([])


@pytest.mark.parametrize("made", [True, False])
def test_the_lists_are_made_anew_with_each_edition_whole_or_not(tmp_path, made):
    if made:
        edition(tmp_path, "2026Q1")
    edition(tmp_path, "2026Q1", folder="2026Q1.part")
    index_pages.write_index_pages(tmp_path)
    assert (tmp_path / "index.html").is_file() and (tmp_path / FIRM / "index.html").is_file()
    before = (tmp_path / FIRM / "index.html").read_text(encoding="utf-8")
    edition(tmp_path, "2026Q2")
    index_pages.write_index_pages(tmp_path)
    after = (tmp_path / FIRM / "index.html").read_text(encoding="utf-8")
    assert "2026Q2/index.html" in after and "2026Q2" not in before
    assert not list(tmp_path.rglob(".making*"))


@pytest.mark.parametrize("name", ["record.json", "findings.json", "pages.json"])
@pytest.mark.parametrize("content", ["{", "[1", '"words"', ""])
def test_an_edition_that_cannot_be_read_leaves_the_lists_and_stops_nobody(tmp_path, name, content):
    edition(tmp_path, "2026Q1")
    torn = edition(tmp_path, "2026Q2")
    (torn / name).write_text(content, encoding="utf-8")
    index_pages.write_index_pages(tmp_path)
    html = (tmp_path / FIRM / "index.html").read_text(encoding="utf-8")
    assert "2026Q1/index.html" in html and "2026Q2" not in html
    assert findings_history.torn_editions(tmp_path / FIRM) == [torn]
    assert findings_history.write_long_table(tmp_path / FIRM)
