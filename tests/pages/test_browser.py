"""Every page of a published edition in a real browser: phone, desk, light, dark, paper."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from profitchain.pages import pdf

pytestmark = pytest.mark.browser

LEAST_LETTERS = 11  # CSS pixels, in a chart on a phone
PHONE, DESK = 360, 1280
HEIGHT = 900
PAPER = 176, 259  # the width and height, in millimetres, that A4 leaves between its margins
MILLIMETRE = 96 / 25.4  # in CSS pixels
MOST_BYTES = {"index": 100_000, "median": 150_000, "any": 200_000}
# The checker of the W3C's own service knows no container queries yet.
NOT_YET_KNOWN = re.compile("@container|container-type")

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
def edition(example_reports: Path) -> Path:
    """The folder of the example company's last edition, freshly published."""
    return example_reports / "example" / "2026Q3"


@pytest.fixture(scope="session")
def sheets(edition: Path) -> list[Path]:
    """Every page of the edition, the firm's own, and the list of all editions."""
    firm = edition.parent
    return [*sorted(edition.glob("*.html")), firm / "index.html", firm.parent / "index.html"]


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
        back = {sheets[-1], sheets[-2]} - {sheet} if sheet != sheets[-1] else {sheets[-2]}
        assert back <= {(sheet.parent / file).resolve() for file in files}


def test_a_reader_goes_from_the_list_to_a_page_to_its_numbers_and_back(sheets, edition, tab):
    tab.goto(sheets[-1].as_uri())
    tab.click("dl.editions a")
    assert tab.url == (edition / "index.html").as_uri()
    tab.click(".groups a >> nth=2")
    page = tab.url
    with tab.expect_download() as waiting:
        tab.click("a[download] >> visible=true >> nth=0")
    assert waiting.value.path().read_text(encoding="utf-8").count("\n") > 1
    assert tab.url == page
    tab.click("header nav a >> nth=0")
    assert tab.url == (edition / "index.html").as_uri()


def test_from_each_page_a_reader_reaches_every_other_of_its_edition(sheets, edition, tab):
    pages = {sheet.name for sheet in sheets if sheet.parent == edition}
    for name, links in on_every([edition / page for page in sorted(pages)], tab, LINKS).items():
        assert pages <= {urldefrag(link).url for link in links}, name


def test_the_menus_open_one_at_a_time_without_a_script(edition, tab):
    tab.goto((edition / "03_satisfaction.html").as_uri())
    tab.click(".menu summary")
    here = tab.locator(".menu [aria-current]")
    assert here.is_visible() and here.inner_text() == tab.inner_text("h1")
    tab.click(".menu li a >> nth=1")
    assert tab.url == (edition / "01_data.html").as_uri()


def test_contents_stay_beside_the_text_where_there_is_room(edition, tab):
    tab.goto((edition / "06_value.html").as_uri())
    tab.evaluate("scrollTo(0, 9000)")
    box = tab.locator(".contents > div").bounding_box()
    text = tab.locator("h1").bounding_box()
    assert 0 <= box["y"] < HEIGHT and box["x"] + box["width"] < text["x"]


def test_pages_are_light(sheets):
    sizes = {sheet: sheet.stat().st_size for sheet in sheets}
    assert (
        max(size for sheet, size in sizes.items() if sheet.name == "index.html")
        <= MOST_BYTES["index"]
    )
    assert statistics.median(sizes.values()) <= MOST_BYTES["median"]
    assert max(sizes.values()) <= MOST_BYTES["any"]


def test_every_page_is_valid_html(sheets, repo):
    jar = os.environ.get("VNU_JAR") or repo / ".venv/node_modules/vnu-jar/build/dist/vnu.jar"
    if shutil.which("java") is None or not Path(jar).is_file():
        pytest.skip("needs Java and the Nu Html Checker: npm install --prefix .venv vnu-jar")
    command = ["java", "-jar", str(jar), "--format", "json", *map(str, sheets)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    told = [each["message"] for each in json.loads(done.stderr)["messages"]]
    assert [words for words in told if not NOT_YET_KNOWN.search(words)] == []


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


def test_on_paper_words_stand_out_from_the_ground(sheets, tab):
    from axe_playwright_python.sync_playwright import Axe

    for sheet in sheets:
        tab.goto(sheet.as_uri())
        tab.emulate_media(media="print")
        options = {"runOnly": ["color-contrast"]}
        assert Axe().run(tab, options=options).response["violations"] == [], sheet.name


ROWS_OF_A_SHEET = 32


def test_no_exhibit_is_cut_in_two_on_paper(edition, tab, tmp_path):
    book = tmp_path / "book.html"
    book.write_text(pdf.book_html(edition, {}), encoding="utf-8")
    width, height = (round(side * MILLIMETRE) for side in PAPER)
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(media="print")
    tab.goto(book.as_uri())
    exhibits = tab.evaluate("""[...document.querySelectorAll('figure')].map(each => [each.id,
        getComputedStyle(each).breakInside, each.getBoundingClientRect().height,
        each.querySelectorAll('tbody tr').length])""")
    assert len(exhibits) > 40
    for name, inside, high, rows in exhibits:  # a list longer than a sheet may go on, row by row
        expected = ("avoid", True) if rows < ROWS_OF_A_SHEET else ("auto", high <= height)
        assert (inside, high <= height) == expected, name


def test_an_edition_is_printed_with_page_numbers_marks_and_nothing_from_elsewhere(
    edition, tmp_path, browser
):
    folder = tmp_path / edition.name
    shutil.copytree(edition, folder)
    made = pdf.print_edition(folder)
    printed = made.read_bytes()
    assert made == folder / "edition.pdf" and printed.startswith(b"%PDF")
    assert b"/Outlines" in printed and b"/URI" not in printed
    assert printed.count(b"Date (D:20260930000000") == 2
    short = (folder / "summary.pdf").read_bytes()
    assert 1 <= len(re.findall(rb"/Type /Page\b", short)) <= 2
    at = pdf.page_numbers(printed)
    leaves = [at[f"p{place}"] for place in range(len(list(edition.glob("*.html"))))]
    assert leaves == sorted(set(leaves)) and leaves[0] == 2
    sheets = len(re.findall(rb"/Type /Page\b", printed))
    assert leaves[-1] <= max(at.values()) <= sheets <= 6 * len(leaves)  # folded ones have no mark


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_contents_of_twenty_pages_stand_on_one_sheet(edition, tab, language):
    book = pdf.book_html(edition, {}).replace('lang="en"', f'lang="{language}"', 1)
    lines = re.findall(r'<li><a href="#p\d+">.*?</ol></li>', book, flags=re.S)
    longer = {
        "en": lambda words: words,
        "de": lambda words: f"{words} {words[: len(words) // 3].replace(' ', 'n')}",
        "zh": lambda words: ("顾客满意度值多少钱" * 9)[: len(words) // 2],
    }[language]
    lines = [
        re.sub(r"<span>(.*?)</span>", lambda said: f"<span>{longer(said[1])}</span>", line)
        for line in (lines * 2)[:20]
    ]
    head = re.sub(
        r"<ol>.*</ol>",
        lambda _own: f"<ol>{''.join(lines)}</ol>",
        book.partition("<article")[0],
        flags=re.S,
    )
    width, height = (round(side * MILLIMETRE) for side in PAPER)
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(media="print")
    tab.set_content(head)
    cover = tab.evaluate("document.querySelector('.cover').getBoundingClientRect().height")
    assert len(lines) == 20
    assert 400 < cover <= height


def test_a_lean_drawing_looks_like_the_one_it_was_made_from(tab):
    import io

    import numpy as np
    from matplotlib.image import imread
    from test_exhibit import DRAWINGS

    from profitchain.exhibits import style, svg_compaction

    for name, (draw, data, options) in DRAWINGS.items():
        with style.canvas_figure(style.WIDE, 320) as figure:
            draw(figure.subplots(), data.assign(unit="points"), **options)
            raw = io.StringIO()
            figure.savefig(raw, format="svg", metadata=style._NO_METADATA, transparent=True)
        whole = raw.getvalue()
        whole = whole[whole.index("<svg") :]
        marks, definitions = svg_compaction.leaner(whole)
        lean = f"{whole[: whole.index('>') + 1]}{definitions}{marks}</svg>"
        shots = []
        for drawing in (whole, lean):
            tab.set_content(f"<style>text{{font-family:sans-serif!important}}</style>{drawing}")
            shots.append(imread(io.BytesIO(tab.locator("svg").screenshot())))
        assert np.abs(shots[0] - shots[1]).mean() < 0.004, name
