"""A reader's ways through published editions: no network, no script, a keyboard, three languages.

Also that nothing which slips into a page could run or be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

import openpyxl
import pandas as pd
import pytest
from editions import BUILT_ALIKE, LANGUAGES

from profitchain.pages.site import GROUPS, group_of

LAST, BEFORE = "2026Q3", "2026Q2"
LEAST_CONTRAST = 3  # of a focus mark against what surrounds it (WCAG 1.4.11)
LEAST_MARK = 2  # CSS pixels, of a focus mark (WCAG 2.4.13)
LEAST_TARGET = 24  # CSS pixels (WCAG 2.5.8)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)

# What can be reached by Tab, numbered in the order of the page.
NUMBER_STOPS = """
[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')]
  .filter(each => each.checkVisibility() && each.tabIndex >= 0)
  .map((each, place) => {
    each.dataset.stop = place
    const style = getComputedStyle(each)
    each.dataset.before = `${style.outlineStyle} ${style.boxShadow}`
    return each.textContent.trim().slice(0, 40)
  })"""
# Where the focus is, what marks it, and what keeps the mark from being seen.
FOCUSED = """(() => {
  const each = document.activeElement
  if (!each || each === document.body) return null
  const style = getComputedStyle(each), box = each.getBoundingClientRect()
  const mark = parseFloat(style.outlineWidth), room = mark + parseFloat(style.outlineOffset)
  let paper = 'rgba(0, 0, 0, 0)'
  for (let at = each.parentElement; at && paper === 'rgba(0, 0, 0, 0)'; at = at.parentElement)
    paper = getComputedStyle(at).backgroundColor
  const cut = []
  for (let at = each.parentElement; at && at !== document.body; at = at.parentElement) {
    if (getComputedStyle(at).overflowX === 'visible') continue
    const frame = at.getBoundingClientRect()
    if (box.left - room < frame.left - 1 || box.right + room > frame.right + 1)
      cut.push(at.className)
  }
  return {
    stop: each.dataset.stop === undefined ? null : Number(each.dataset.stop),
    inMain: !!each.closest('main'), changed: each.dataset.before !==
      `${style.outlineStyle} ${style.boxShadow}`,
    style: style.outlineStyle, width: mark, ink: style.outlineColor, paper, cut,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    says: each.textContent.trim().slice(0, 40),
  }
})()"""
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
# Links and switches too small to hit, but for links within a sentence.
SMALL = """(least => {
  const inSentence = each => getComputedStyle(each).display === 'inline' &&
    [...each.parentElement.childNodes].some(node => node.nodeType === 3 && node.data.trim())
  return [...document.querySelectorAll('a[href], summary')]
    .filter(each => each.checkVisibility() && !each.matches('.skip') && !inSentence(each))
    .map(each => [each.textContent.trim().slice(0, 40), each.getBoundingClientRect()])
    .filter(([, box]) => box.width < least || box.height < least)
    .map(([says, box]) => [says, Math.round(box.width), Math.round(box.height)])
})"""
SPOKEN = "document.documentElement.lang"
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))"


@pytest.fixture
def reader(browser) -> Iterator[object]:
    """A tab of someone offline whose browser runs no script; nothing but files may be asked for."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        java_script_enabled=False,
        offline=True,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    yield context.new_page()
    context.close()
    assert [url for url in asked if not url.startswith("file:")] == []


@pytest.fixture(scope="session")
def edition(example_reports) -> Path:
    """The folder of the last edition."""
    return example_reports / "example" / LAST


def pages(folder: Path) -> list[Path]:
    """Return an edition's pages in the order in which they are read."""
    return [folder / "index.html", *sorted(folder.glob("[0-9]*.html"))]


def at(tab: object, path: Path) -> bool:
    return urldefrag(tab.url).url == path.as_uri()


def press_until(tab: object, says: str) -> None:
    """Press Tab until the focus is on what begins with some words."""
    for _press in range(200):
        tab.keyboard.press("Tab")
        if (where := tab.evaluate(FOCUSED)) and where["says"].startswith(says):
            return
    raise AssertionError(f"'{says}' can't be reached by Tab")


@pytest.mark.browser
def test_a_reader_finds_an_answer_its_numbers_the_period_before_and_another_language(
    reader, example_reports, edition
):
    reader.goto((example_reports / "index.html").as_uri())
    reader.click("dl.editions a >> nth=0")
    assert at(reader, edition / "index.html")
    question = reader.inner_text(".groups a >> nth=2")
    reader.click(".groups a >> nth=2")
    assert reader.inner_text("h1") == question
    page = Path(unquote(urlsplit(reader.url).path))

    behind = reader.locator("figure details").first
    press_until(reader, behind.locator("summary").inner_text())
    assert not behind.locator("table").is_visible()
    reader.keyboard.press("Enter")
    assert behind.locator("table").is_visible()
    link = behind.locator("a[download]")
    numbers = pd.read_csv(page.parent / link.get_attribute("href"))
    assert len(numbers) >= behind.locator("tbody tr").count() > 0
    press_until(reader, link.inner_text())
    with reader.expect_download() as waiting:
        reader.keyboard.press("Enter")
    pd.testing.assert_frame_equal(pd.read_csv(waiting.value.path()), numbers)

    reader.go_back()
    assert at(reader, edition / "index.html")
    reader.go_forward()
    reader.click(".menu:has(.all) summary")
    reader.click(".menu:has(.all) li a >> nth=0")
    earlier = edition.with_name(BEFORE)
    assert at(reader, earlier / page.name)
    assert reader.inner_text("h1") == question
    reader.click(".tongues a[hreflang=zh-Hant]")
    assert at(reader, earlier / "zh-Hant" / page.name)
    assert reader.evaluate(SPOKEN) == "zh-Hant"
    assert reader.inner_text("h1") != question
    reader.click("header nav:not(.tongues) > a >> nth=-1")
    assert at(reader, example_reports / "index.html")


@pytest.mark.browser
@pytest.mark.parametrize("tag", BUILT_ALIKE)
def test_questions_lead_from_first_to_last_and_back(reader, edition, tag):
    folder = edition if tag == LANGUAGES[0] else edition / tag
    order = list(GROUPS)
    first, *others = pages(folder)
    expected = [first, *sorted(others, key=lambda page: order.index(group_of(page.stem)))]
    for way, order in (("next", expected), ("prev", expected[::-1])):
        reader.goto(order[0].as_uri())
        for page in order[1:]:
            reader.click(f".turn a[rel={way}]")
            assert at(reader, page)
        assert reader.locator(f".turn a[rel={way}]").count() == 0


def links(page: Path, within: str) -> dict[str, str]:
    """Return the links inside the first element of a page that matches, by their words."""
    text = page.read_text(encoding="utf-8")
    part = re.search(within, text, flags=re.S)
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', part[0] if part else "", flags=re.S)
    return {words: href for href, words in found}


def test_the_language_switch_leads_to_the_same_page(example_reports):
    for index in example_reports.glob("example/*/index.html"):
        folders = [index.parent, *(folder for folder in index.parent.glob("zh-*"))]
        for page in (page for folder in folders for page in pages(folder)):
            there = links(page, r'<nav class="tongues".*?</nav>')
            assert len(there) == len(folders) - 1
            for href in there.values():
                other = (page.parent / href).resolve()
                assert other.name == page.name and other.parent in folders
                assert other.parent != page.parent


@pytest.mark.parametrize(
    ("tag", "there"), [("en", ""), ("zh-Hant", "zh-Hant"), ("zh-Hans", "")], ids=LANGUAGES
)
def test_the_period_before_opens_on_the_same_page_in_the_same_language_if_it_has_it(
    edition, tag, there
):
    for page in pages(edition if tag == LANGUAGES[0] else edition / tag):
        earlier = links(
            page, r'<details class="menu" name="menu"><summary>[^<]*</summary><ul>.*?</ul>'
        )
        first = next(iter(earlier.values()))
        assert (page.parent / first).resolve() == edition.with_name(BEFORE) / there / page.name


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_a_reader_takes_away_is_there(edition, tag):
    index = (edition if tag == LANGUAGES[0] else edition / tag) / "index.html"
    away = {
        Path(href).name: (index.parent / href).resolve()
        for href in links(index, r'<div class="downloads">.*?</div>').values()
    }
    assert {"edition.xlsx", "findings.csv", "findings.json"} <= set(away)
    assert away["edition.xlsx"].parent == index.parent
    assert away["findings.csv"] == edition.parent / "findings.csv"
    assert len(openpyxl.load_workbook(away["edition.xlsx"], read_only=True).sheetnames) > 40
    assert {BEFORE, LAST} <= set(pd.read_csv(away["findings.csv"])["period"])
    exhibits = [path for path in away.values() if path.parent.name == "data"]
    assert len(exhibits) > 60 and all(path.stat().st_size for path in exhibits)


@pytest.mark.browser
def test_the_skip_link_leads_into_the_page(reader, example_reports, edition):
    firm = edition.parent
    for page in (*pages(edition), firm / "index.html", example_reports / "index.html"):
        reader.goto(page.as_uri())
        reader.keyboard.press("Tab")
        assert reader.locator(".skip").evaluate("each => each === document.activeElement")
        assert reader.evaluate(FOCUSED)["seen"]
        reader.keyboard.press("Enter")
        reader.wait_for_url("**#main")
        reader.keyboard.press("Tab")
        assert reader.evaluate(FOCUSED)["inMain"], page.name


@pytest.mark.browser
@pytest.mark.parametrize(
    "opened", [pytest.param(False, marks=pytest.mark.slow), True], ids=["folded", "opened"]
)
def test_tab_reaches_everything_in_order_marks_it_and_leaves_again(
    reader, example_reports, edition, opened
):
    firm = edition.parent
    for page in (*pages(edition), firm / "index.html", example_reports / "index.html"):
        reader.goto(page.as_uri())
        if opened:
            reader.evaluate(OPEN_ALL)
        stops = reader.evaluate(NUMBER_STOPS)
        assert len(stops) > 3
        for place, says in enumerate(stops):
            reader.keyboard.press("Tab")
            where = reader.evaluate(FOCUSED)
            assert where and where["stop"] == place, (page.name, says, where)
            assert is_marked(where), (page.name, where)
        reader.keyboard.press("Tab")
        after = reader.evaluate(FOCUSED)
        assert after is None or after["stop"] == 0, (page.name, after)


def is_marked(where: dict) -> bool:
    """Return whether a focused element shows it: by an outline that stands out and isn't cut."""
    return (
        where["seen"]
        and where["changed"]
        and where["style"] == "solid"
        and where["width"] >= LEAST_MARK
        and contrast(where["ink"], where["paper"]) >= LEAST_CONTRAST
        and not where["cut"]
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two opaque colours as a browser writes them (WCAG 2.2)."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.browser
def test_one_goes_back_by_keyboard_as_one_came(reader, edition):
    reader.goto((edition / "06_value.html").as_uri())
    stops = reader.evaluate(NUMBER_STOPS)
    reader.evaluate(f"document.querySelector('[data-stop=\"{len(stops) - 1}\"]').focus()")
    for place in reversed(range(len(stops) - 1)):
        reader.keyboard.press("Shift+Tab")
        assert reader.evaluate(FOCUSED)["stop"] == place


@pytest.mark.browser
def test_what_is_folded_opens_and_closes_by_keyboard(reader, edition):
    for page in pages(edition)[:4]:
        reader.goto(page.as_uri())
        for folded in reader.locator("details").all():
            folded.evaluate(OPEN_AROUND)
            folded.locator("> summary").focus()
            told = []
            for key in ("Enter", "Enter", "Space", "Space"):
                reader.keyboard.press(key)
                told.append(folded.evaluate("each => each.open"))
            assert told == [True, False, True, False], (page.name, folded.inner_text())


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("tag", BUILT_ALIKE)
def test_what_one_clicks_is_large_enough_for_a_thumb(reader, example_reports, edition, tag, width):
    reader.set_viewport_size({"width": width, "height": 900})
    lists = [edition.parent / "index.html", example_reports / "index.html"]
    found = {}
    for page in [*pages(edition), *lists] if tag == LANGUAGES[0] else pages(edition / tag):
        reader.goto(page.as_uri())
        reader.evaluate(OPEN_ALL)
        found[page.name] = reader.evaluate(SMALL, LEAST_TARGET)
    assert {name: small for name, small in found.items() if small} == {}


class Seen(HTMLParser):
    """What a page would run, fetch or lead to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.policy = ""
        self.before: set[str] = set()
        self.wrong: list[tuple[str, str, str]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        if told.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = told["content"]
        elif not self.policy:
            self.before.add(tag)
        for name, value in told.items():
            if name.startswith("on") or not is_near(name, value):
                self.wrong.append((tag, name, value[:80]))

    def handle_data(self, data: str) -> None:
        if re.search(r"@import|url\((?!['\"]?(?:#|data:))", data) and self.lasttag == "style":
            self.wrong.append(("style", "", data[:80]))


NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9]*.ipynb"))


OPEN_AROUND = """each => { for (let up = each.parentElement; up; up = up.parentElement)
    if (up.tagName === 'DETAILS') up.open = true }"""


def is_near(name: str, value: str) -> bool:
    """Return whether an attribute leads nowhere outside the folder of all editions."""
    if name == "style":
        return not re.search(r"url\((?!['\"]?(?:#|data:))", value)
    if name not in {"href", "src", "xlink:href", "action", "srcset", "poster", "data", "ping"}:
        return True
    return value == "data:," or not (urlsplit(value).scheme or value.startswith("//"))


def test_no_page_holds_what_could_run_or_be_fetched(example_reports):
    found = sorted(example_reports.rglob("*.html"))
    assert len(found) == 2 + len(NOTEBOOKS) * 5
    for page in found:
        seen = Seen(page)
        assert seen.policy == POLICY, page
        assert seen.before <= {"html", "head", "meta"}, page
        assert seen.wrong == [], page
        assert not seen.tags & {"script", "iframe", "object", "embed", "form", "base", "img"}, page


INJECTED = """
<script>document.documentElement.dataset.ran = 'inline'</script>
<script src="{elsewhere}/a.js"></script>
<img src="{elsewhere}/b.png" onerror="document.documentElement.dataset.ran = 'handler'">
<img src="data:," onerror="document.documentElement.dataset.ran = 'handler'">
<iframe src="{elsewhere}/c.html"></iframe>
<link rel="stylesheet" href="{elsewhere}/d.css">
<style>@font-face {{ font-family: far; src: url({elsewhere}/e.woff2) }} h1 {{ font-family: far }}
.injected {{ background: url({elsewhere}/f.png) }}</style>
<p class="injected">x</p><svg><image href="{elsewhere}/g.png"/></svg>
<video src="{elsewhere}/h.mp4" autoplay></video><object data="{elsewhere}/i.svg"></object>
<a id="run" href="javascript:document.documentElement.dataset.ran = 'link'">run</a>
<form action="{elsewhere}/j"><button id="send">send</button></form>
"""


STOPPED = {
    *("script-src-elem", "script-src-attr", "style-src-elem", "font-src", "img-src"),
    *("frame-src", "media-src", "object-src", "form-action"),
}


class Counted(SimpleHTTPRequestHandler):
    """Serves a folder and keeps what was asked for."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def servers(tmp_path) -> Iterator[tuple[ThreadingHTTPServer, ThreadingHTTPServer]]:
    """Two servers of `tmp_path` on this machine: one for the pages, one that is elsewhere."""
    both = []
    for _place in range(2):
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counted, directory=tmp_path))
        server.asked = []
        Thread(target=server.serve_forever, daemon=True).start()
        both.append(server)
    yield tuple(both)
    for server in both:
        server.shutdown()
        server.server_close()


@pytest.mark.browser
@pytest.mark.parametrize("guarded", [True, False], ids=["as published", "without its policy"])
def test_the_policy_of_a_page_stops_what_slipped_into_it(
    browser, edition, servers, tmp_path, guarded
):
    here, far = servers
    address, elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    text = (edition / "index.html").read_text(encoding="utf-8")
    text = text.replace("</main>", INJECTED.format(elsewhere=elsewhere) + "</main>")
    text = text if guarded else re.sub(r"<meta http-equiv.*?>", "", text)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    context = browser.new_context()
    tab = context.new_page()
    tab.add_init_script(
        "window.stopped = []; addEventListener('securitypolicyviolation',"
        " event => stopped.push(event.effectiveDirective))"
    )
    tab.goto(f"{address}/page.html", wait_until="load")
    for button in ("#run", "#send"):
        tab.click(button, no_wait_after=True) if guarded else None
    for _moment in range(100):  # the browser tells of what it stopped a little later
        if not guarded or set(tab.evaluate("stopped")) >= STOPPED:
            break
        tab.wait_for_timeout(50)
    ran = tab.evaluate("document.documentElement.dataset.ran || ''")
    stopped = set(tab.evaluate("stopped"))
    context.close()
    assert here.asked[0] == "/page.html"
    if guarded:
        assert (ran, far.asked) == ("", [])
        assert stopped >= STOPPED
    else:  # so the test would see what it looks for
        assert ran and {"/a.js", "/b.png", "/c.html", "/d.css", "/f.png"} <= set(far.asked)
