"""Every page of a published edition in a real browser: phone, desk, light, dark, paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from editions import publish_here

pytestmark = pytest.mark.browser

LEAST_LETTERS = 11  # CSS pixels, in a chart on a phone
PHONE, DESK = 360, 1280
HEIGHT = 900

OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
WIDTH = "document.documentElement.scrollWidth"
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))"
CHART_LETTERS = """[...document.querySelectorAll('figure svg text')]
  .filter(text => text.getClientRects().length)
  .map(text => [text.textContent,
                parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a])"""
# Words in a drawing that lie on other words, or stick out of it.
CLASHES = """[...document.querySelectorAll('figure svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect()
  if (!frame.width) return []
  const words = [...svg.querySelectorAll('text')].map(text =>
    ({says: text.textContent, box: text.getBoundingClientRect()}))
  const out = words.filter(({box}) => box.left < frame.left - 2 || box.right > frame.right + 2 ||
    box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
  const over = words.filter((a, at) => words.slice(at + 1).some(b =>
    Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2 &&
    Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 4))
  return [...out, ...over].map(({says}) => says)
})"""
# Boxes outside a drawing whose text is wider than they are, unless they scroll by themselves.
CLIPPED = """[...document.querySelectorAll('main p, main li, main dd, main dt, main h1, main h2')]
  .filter(each => !each.closest('.hidden, .scroll') && each.scrollWidth > each.clientWidth + 1)
  .map(each => each.textContent)"""
SHOWN = "selector => [...document.querySelectorAll(selector)].some(each => each.checkVisibility())"


@pytest.fixture(scope="session")
def edition(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the example company's last edition, freshly published."""
    return publish_here(repo / "data" / "example", out=tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def sheets(edition: Path) -> list[Path]:
    """Every page of the edition, and the list of all editions."""
    return [*sorted(edition.glob("*.html")), edition.parent.parent / "index.html"]


@pytest.fixture
def tab(browser, request) -> Iterator[object]:
    """A tab without a network, `width` and `scheme` as the test's parameters say."""
    asked = getattr(request, "param", {})
    context = browser.new_context(
        viewport={"width": asked.get("width", DESK), "height": HEIGHT},
        color_scheme=asked.get("scheme", "light"),
        bypass_csp=True,
        offline=True,
    )
    yield context.new_page()
    context.close()


def shapes(*widths: int, schemes: tuple[str, ...] = ("light",)) -> object:
    every = [{"width": width, "scheme": scheme} for width in widths for scheme in schemes]
    names = [f"{one['width']}-{one['scheme']}" for one in every]
    return pytest.mark.parametrize("tab", every, ids=names, indirect=True)


def on_every(sheets: list[Path], tab: object, script: str) -> dict[Path, object]:
    """Return what a script finds on each page, by page, where it finds anything."""
    found = {}
    for sheet in sheets:
        tab.goto(sheet.as_uri())
        found[sheet] = tab.evaluate(script)
    return {sheet: told for sheet, told in found.items() if told}


@shapes(PHONE, DESK, schemes=("light", "dark"))
def test_everyone_can_read_every_page(sheets, tab):
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    for sheet in sheets:
        tab.goto(sheet.as_uri())
        tab.evaluate(OPEN_ALL)
        for fault in Axe().run(tab).response["violations"]:
            found[sheet.name, fault["id"]] = [node["html"][:120] for node in fault["nodes"][:2]]
    assert found == {}


@shapes(PHONE, 768, DESK)
def test_no_page_scrolls_sideways_and_no_words_are_cut_off(sheets, tab):
    width = tab.viewport_size["width"]
    assert on_every(sheets, tab, f"({WIDTH} > {width}) && {WIDTH}") == {}
    assert on_every(sheets, tab, CLIPPED) == {}


@shapes(PHONE, 768, DESK)
def test_no_words_in_a_chart_lie_on_others_or_outside(sheets, tab):
    assert on_every(sheets, tab, CLASHES) == {}


@shapes(PHONE)
def test_words_in_a_chart_can_be_read_on_a_phone(sheets, tab):
    letters = [each for told in on_every(sheets, tab, CHART_LETTERS).values() for each in told]
    assert letters
    assert [each for each in letters if each[1] < LEAST_LETTERS] == []


def test_a_page_asks_for_nothing_and_complains_of_nothing(sheets, tab):
    asked, complaints = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    on_every(sheets, tab, "0")
    assert complaints == []
    assert asked == [sheet.as_uri() for sheet in sheets]


def test_every_link_leads_somewhere_and_every_page_back(sheets, tab):
    for sheet, links in on_every(sheets, tab, LINKS).items():
        files = {unquote(urldefrag(link).url) for link in links} - {""}
        assert not [file for file in files if "://" in file or not (sheet.parent / file).is_file()]
        assert sheet == sheets[-1] or "../../index.html" in files


def test_a_reader_goes_from_the_list_to_a_page_to_its_numbers_and_back(sheets, edition, tab):
    tab.goto(sheets[-1].as_uri())
    tab.click("dl.editions a")
    assert tab.url == (edition / "index.html").as_uri()
    tab.click("dl.answers a >> nth=-1")
    page = tab.url
    with tab.expect_download() as waiting:
        tab.click("a[download] >> visible=true >> nth=0")
    assert waiting.value.path().read_text(encoding="utf-8").count("\n") > 1
    assert tab.url == page
    tab.click("header nav a >> nth=0")
    assert tab.url == (edition / "index.html").as_uri()


def test_an_anchor_on_a_page_is_an_id_on_it(sheets, tab):
    script = f"{LINKS}.filter(a => a[0] == '#' && !document.getElementById(a.slice(1)))"
    assert on_every(sheets, tab, script) == {}


@shapes(DESK, schemes=("light", "dark"))
def test_on_paper_a_page_keeps_its_exhibits_and_leaves_out_what_one_clicks(sheets, tab):
    for sheet in sheets:
        tab.goto(sheet.as_uri())
        tab.emulate_media(media="print")
        ink, paper = tab.evaluate("['color', 'backgroundColor'].map(what =>"
                                  " getComputedStyle(document.body)[what])")  # fmt: skip
        assert (ink, paper) == ("rgb(29, 29, 29)", "rgb(255, 255, 255)")
        for selector in (".contents", ".turn", ".download", "footer .code", "header nav"):
            assert not tab.evaluate(SHOWN, selector), (sheet.name, selector)
        drawings = tab.evaluate("document.querySelectorAll('.drawing').length")
        seen = tab.evaluate("[...document.querySelectorAll('.drawing')].filter(each =>"
                            " [...each.querySelectorAll('svg')].some(svg => svg.checkVisibility())"
                            ").length")  # fmt: skip
        assert seen == drawings
        assert tab.pdf(format="A4").startswith(b"%PDF")
