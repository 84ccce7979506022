"""Every page of two companies, in each language, for those who see, hear or reach it differently.

Two companies, since the example has every table and Olist few: their pages differ in kind. All
pages in all languages are looked at in one shape, the example's English ones in all; the whole
cross product takes minutes more (`-m slow`). A page is opened once for all shapes: it changes as a
window does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from editions import LANGUAGES

pytestmark = pytest.mark.browser

PHONE, DESK = 360, 1280
SHAPES = [(width, scheme) for width in (DESK, PHONE) for scheme in ("light", "dark")]
LEAST_CONTRAST, LEAST_OF_LARGE = 4.5, 3  # WCAG 1.4.3

# What axe is asked: all rules, or first those on how a page is built, then those on colours, where
# it gives a verdict. In tables and drawings, the slowest, it gives none; `PALE` does.
VIOLATIONS = {"resultTypes": ["violations"]}
EVERY = VIOLATIONS | {"rules": {"target-size": {"enabled": True}}}
COLOURS = ["color-contrast", "link-in-text-block"]  # all that another scheme can break
BUILD = VIOLATIONS | {"rules": EVERY["rules"] | {name: {"enabled": False} for name in COLOURS}}
WHOLE, SIMPLE = {"include": [["html"]]}, {"include": [["html"]], "exclude": [["tbody"], ["svg"]]}

# All but the menus, which lie on the page when open.
UNFOLD = "document.querySelectorAll('details:not(.menu)').forEach(each => each.open = true)"

# Words whose colour stands out too little, also where axe gives no judgement: on a shaded cell,
# inside a drawing, on a bar.
PALE = """(([least, ofLarge]) => {
  const parts = colour => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number)
    return [r, g, b, a]
  }
  const onto = ([r, g, b, a], below) =>
    [r, g, b].map((part, at) => part * a + below[at] * (1 - a)).concat(1)
  const light = colour => colour.slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0)
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const paper = each => {
    const layers = []
    for (let at = each; at; at = at.parentElement)
      layers.unshift(parts(getComputedStyle(at).backgroundColor))
    return layers.reduce((below, above) => onto(above, below), [255, 255, 255, 1])
  }
  const beneath = text => {
    const box = text.getBoundingClientRect(), svg = text.ownerSVGElement
    const middle = new DOMPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    return [...svg.querySelectorAll('path, rect, circle, polygon')].reduce((below, shape) => {
      const style = getComputedStyle(shape)
      if (style.fill === 'none' || !shape.getScreenCTM() || shape.closest('defs, clipPath'))
        return below
      if (!shape.isPointInFill(middle.matrixTransform(shape.getScreenCTM().inverse()))) return below
      const [r, g, b, a] = parts(style.fill)
      return onto([r, g, b, a * style.fillOpacity * style.opacity], below)
    }, paper(svg))
  }
  return [...document.querySelectorAll('body *')].filter(each => each.checkVisibility() &&
    !each.closest('.hidden, .skip') &&
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(each => {
      const style = getComputedStyle(each), size = parseFloat(style.fontSize)
      const drawn = each.ownerSVGElement, below = drawn ? beneath(each) : paper(each)
      const ink = onto(parts(drawn ? style.fill : style.color), below)
      const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
      return [each.textContent.trim().slice(0, 40), ratio(ink, below), large ? ofLarge : least]
    }).filter(([, ratio, asked]) => ratio < asked)
})"""

# What a page holds but for drawings and heads of tables, which a phone shows in another way.
WORDS = """(() => {
  const copy = document.querySelector('main').cloneNode(true)
  const here = [...document.querySelectorAll('main *')], there = [...copy.querySelectorAll('*')]
  here.forEach((each, at) => { if (!each.checkVisibility()) there[at].dataset.gone = '' })
  copy.querySelectorAll('svg, thead, [data-gone]').forEach(each => each.remove())
  return copy.textContent.replace(/\\s+/g, '')
})()"""
SIDEWAYS = (
    "document.documentElement.scrollWidth > innerWidth && document.documentElement.scrollWidth"
)
# Words that lie on other words, outside drawings, and words that their box cuts off.
CLASHES = """(() => {
  const boxes = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const node = walk.currentNode, each = node.parentElement
    if (!node.data.trim() || !each.checkVisibility()) continue
    if (each.closest('svg, .hidden, .skip')) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const box of range.getClientRects()) if (box.width > 1) boxes.push({box, node, each})
  }
  boxes.sort((a, b) => a.box.top - b.box.top)
  const found = []
  boxes.forEach((a, at) => {
    for (let next = at + 1; next < boxes.length && boxes[next].box.top < a.box.bottom; next++) {
      const b = boxes[next]
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
      const down = Math.min(a.box.bottom, b.box.bottom) - b.box.top
      if (a.node !== b.node && across > 2 && down > 0.4 * Math.min(a.box.height, b.box.height))
        found.push([a.node.data.trim().slice(0, 30), b.node.data.trim().slice(0, 30)])
    }
  })
  for (const {each, box} of boxes) {
    const inScroll = each.closest('.scroll, .commentary')
    if (!inScroll && (box.right > innerWidth + 1 || box.left < -1))
      found.push([each.textContent.trim().slice(0, 30), 'the edge'])
  }
  return found
})()"""
AS_ASKED = {
    "twice the text": "document.documentElement.style.fontSize = '200%'",
    "text spaced out": """document.head.insertAdjacentHTML('beforeend', `<style>* {
      line-height: 1.5 !important; letter-spacing: 0.12em !important;
      word-spacing: 0.16em !important } p { margin-bottom: 2em !important }</style>`)""",
}

# Rules of a page's build, each true of a good page.
RULES = {
    "one h1, not empty": """
        document.querySelectorAll('h1').length === 1 &&
        document.querySelector('main h1').textContent.trim() !== ''""",
    "no level of headings is left out": """
        [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(each => +each.tagName[1])
          .every((level, at, all) => level <= (at ? all[at - 1] : 0) + 1)""",
    "one main, one header before it, one footer at most": """
        document.querySelectorAll('main').length === 1 &&
        document.querySelectorAll('body > header').length <= 1 &&
        document.querySelectorAll('footer').length <= 1""",
    "landmarks of one kind have names of their own": """
        (names => names.every(name => name) && new Set(names).size === names.length)(
          [...document.querySelectorAll('nav')].map(each => each.getAttribute('aria-label') ||
            document.getElementById(each.getAttribute('aria-labelledby'))?.textContent.trim()))""",
    "the language switch says each language in itself": """
        [...document.querySelectorAll('.tongues > *')].every(each => each.lang &&
          (each.getAttribute('aria-current') === 'true') === (each.lang === LANGUAGE) &&
          (each.hreflang || each.lang) === each.lang)""",
    "people's words say in which language they are": """
        [...document.querySelectorAll('.commentary .words')].every(each =>
          each.closest('[lang]').lang === 'en')""",
    "every table has a caption, every head a scope": """
        [...document.querySelectorAll('main table')].every(each =>
          each.caption?.textContent.trim() &&
          [...each.querySelectorAll('th')].every(head => ['row', 'col'].includes(head.scope)))""",
    "every exhibit says its message, its measure and its source": """
        [...document.querySelectorAll('figure.exhibit')].every(each =>
          ['figcaption .message', 'figcaption .measure', '.source'].every(part =>
            each.querySelector(part)?.textContent.trim()))""",
    "every drawing is told in words of its own": """
        (told => new Set(told).size === told.length &&
            told.every(words => words && words.length > 15 &&
              / |[\\u4e00-\\u9fff]/.test(words) && !/\\.(svg|png|html|csv)$/.test(words)))(
          [...document.querySelectorAll('figure [role=img]')].map(each =>
            each.getAttribute('aria-label')))""",
    "no drawing is read aloud piece by piece": """
        [...document.querySelectorAll('svg')].every(each =>
          each.closest('[role=img]') || each.getAttribute('aria-hidden') === 'true')""",
    "what only eyes can tell apart has words": """
        [...document.querySelectorAll('a, summary')].every(each => each.textContent.trim())""",
    "no marks of the writing are left": """
        !/`|\\*\\*/.test(document.querySelector('main').innerText)""",
}


@pytest.fixture(scope="session", params=["example", pytest.param("olist", marks=pytest.mark.slow)])
def company(request, browser) -> Path:
    """The folder of a company's published editions."""
    return request.getfixturevalue(f"{request.param}_reports") / request.param


NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def pages_in(company: Path, tag: str) -> list[Path]:
    """Return the pages of a company's last edition in a language; in English the lists as well."""
    last = sorted(folder for folder in company.iterdir() if folder.is_dir())[-1]
    folder = last if tag == LANGUAGES[0] else last / tag
    lists = [company / "index.html", company.parent / "index.html"]
    found = sorted(folder.glob("*.html"))
    assert len(found) == len(list(NOTEBOOKS.glob("[0-9]*.ipynb")))
    return found + (lists if tag == LANGUAGES[0] else [])


@pytest.fixture
def tab_of(browser) -> Iterator[Callable[..., object]]:
    """A function that opens a tab without a network, as playwright's contexts are asked for."""
    contexts = []

    def opened(width: int, height: int = 900, **how: object) -> object:
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, offline=True, bypass_csp=True, **how)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def opened(page: Path, tab: object, *, first: str = "0") -> None:
    """Open a page in a tab with everything unfolded, and run a script on it."""
    tab.goto(page.as_uri())
    tab.evaluate(UNFOLD)
    tab.evaluate(first)


def in_shapes(tab: object, shapes: Sequence[tuple[int, str]] = SHAPES) -> Iterator[tuple[int, str]]:
    """Yield shapes, each once the tab has it."""
    for width, scheme in shapes:
        tab.set_viewport_size({"width": width, "height": tab.viewport_size["height"]})
        tab.emulate_media(color_scheme=scheme)
        yield width, scheme


def found_on(pages: list[Path], tab: object, *scripts: str, first: str = "0") -> dict:
    """Return what scripts find on each page with everything unfolded, where they find anything."""
    found = {}
    for page in pages:
        opened(page, tab, first=first)
        found |= {(page.name, script): tab.evaluate(script) for script in scripts}
    return {where: told for where, told in found.items() if told}


@pytest.fixture(scope="session")
def words_of(company, browser) -> Callable[[str], dict[str, str]]:
    """A function from a language to what each page says at a desk, by the page's name."""

    @cache
    def words(tag: str) -> dict[str, str]:
        with browser.new_context(viewport={"width": DESK, "height": 900}, offline=True) as context:
            return found_on(pages_in(company, tag), context.new_page(), WORDS)

    return words


@pytest.mark.parametrize(
    ("tag", "shapes"),
    [
        (LANGUAGES[0], SHAPES[:2]),
        pytest.param(LANGUAGES[0], SHAPES[2:], marks=pytest.mark.slow),
        (LANGUAGES[1], SHAPES[:1]),
        pytest.param(LANGUAGES[2], SHAPES[:1], marks=pytest.mark.slow),
        *(pytest.param(tag, SHAPES[1:], marks=pytest.mark.slow) for tag in LANGUAGES[1:]),
    ],
)
def test_axe_finds_no_barrier_on_any_page(company, tab_of, tag, shapes):
    from axe_playwright_python.sync_playwright import Axe

    tab, found = tab_of(DESK), {}
    shapes = shapes if company.name == "example" else shapes[:1]
    for page in pages_in(company, tag):
        opened(page, tab, first=Axe().axe_script)
        done = set()
        for width, scheme in in_shapes(tab, shapes):
            runs = [] if width in done else [(WHOLE, BUILD)]
            runs.append((SIMPLE, VIOLATIONS | {"runOnly": COLOURS}))
            for asked in runs if done or tag != LANGUAGES[0] else [(WHOLE, EVERY)]:
                for fault in tab.evaluate("asked => axe.run(...asked)", asked)["violations"]:
                    told = [node["html"][:120] for node in fault["nodes"][:3]]
                    found[page.name, width, scheme, fault["id"]] = told
            done.add(width)
    assert found == {}


@pytest.mark.parametrize(("width", "scheme"), SHAPES)
def test_axe_finds_no_barrier_in_an_open_menu(company, tab_of, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab = tab_of(width, color_scheme=scheme)
    tab.goto(pages_in(company, LANGUAGES[0])[0].as_uri())
    for menu in tab.locator(".menu").all():
        menu.locator("summary").click()
        assert Axe().run(tab, context="header").response["violations"] == []


def test_all_words_stand_out_from_what_is_behind_them(company, tab_of):
    tab, found = tab_of(DESK), {}
    for page in pages_in(company, LANGUAGES[0]):
        opened(page, tab)
        for shape in in_shapes(tab):
            found[page.name, shape] = tab.evaluate(PALE, [LEAST_CONTRAST, LEAST_OF_LARGE])
    assert {where: told for where, told in found.items() if told} == {}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_page_is_built_so_that_it_can_be_read_aloud(company, tab_of, tag):
    tab, found = tab_of(DESK), {}
    rules = ", ".join(f"[{name!r}, () => {rule}]" for name, rule in RULES.items())
    script = f"language => [{rules}]".replace("LANGUAGE", "language")
    script += ".filter(([, holds]) => !holds()).map(([name]) => name)"
    for page in pages_in(company, tag):
        opened(page, tab)
        assert tab.evaluate("document.documentElement.lang") == tag
        if broken := tab.evaluate(script, tag):
            found[page.name] = broken
    assert found == {}


@pytest.mark.parametrize("width", [640, 320], ids=["twice as large", "four times as large"])
@pytest.mark.parametrize("tag", LANGUAGES[:2])
def test_enlarged_a_page_loses_nothing_and_does_not_scroll_sideways(
    company, tab_of, words_of, tag, width
):
    scale = DESK / width
    tab = tab_of(width, round(900 / scale), device_scale_factor=scale)
    assert found_on(pages_in(company, tag), tab, SIDEWAYS, CLASHES, WORDS) == words_of(tag)


@pytest.mark.parametrize("asked", AS_ASKED)
@pytest.mark.parametrize("tag", LANGUAGES[:2])
def test_text_as_a_reader_wants_it_loses_nothing(company, tab_of, words_of, tag, asked):
    how = [SIDEWAYS, CLASHES, WORDS]
    found = found_on(pages_in(company, tag), tab_of(DESK), *how, first=AS_ASKED[asked])
    assert found == words_of(tag)


def test_nothing_moves_for_those_whom_motion_makes_ill(company, tab_of):
    moving = """[...document.querySelectorAll('*')].filter(each => {
      const style = getComputedStyle(each)
      return style.scrollBehavior !== 'auto' || style.animationName !== 'none' ||
        style.transitionDuration.split(', ').some(time => parseFloat(time) > 0)
    }).map(each => each.tagName)"""
    tab = tab_of(DESK, reduced_motion="reduce")
    assert found_on(pages_in(company, LANGUAGES[0]), tab, moving) == {}


def test_in_the_reader_s_own_colours_drawings_keep_to_them_and_stay_visible(company, tab_of):
    strange = """(() => {
      const named = ['Canvas', 'CanvasText', 'LinkText', 'VisitedText', 'GrayText']
      const probe = document.body.appendChild(document.createElement('i'))
      const own = new Set(named.map(name => {
        probe.style.color = name
        return getComputedStyle(probe).color
      }))
      probe.remove()
      const canvas = getComputedStyle(document.body).backgroundColor
      return [...document.querySelectorAll('figure svg')].filter(svg => svg.checkVisibility())
        .flatMap(svg => {
          const shapes = 'path, rect, circle, line, polyline, polygon, use'
          const marks = [...svg.querySelectorAll(shapes)]
          const inks = marks.filter(each => !each.closest('defs, clipPath')).flatMap(each =>
            [getComputedStyle(each).fill, getComputedStyle(each).stroke])
            .filter(ink => ink !== 'none')
          const foreign = inks.filter(ink => !own.has(ink))
          return inks.some(ink => ink !== canvas) ? foreign : [...foreign, 'nothing to be seen']
        })
    })()"""
    tab, found = tab_of(DESK, forced_colors="active"), {}
    pages = pages_in(company, LANGUAGES[0])
    for page in pages:
        opened(page, tab)
        for _, scheme in in_shapes(tab, SHAPES[:2]):
            found[page.name, scheme] = tab.evaluate(strange)
    assert {where: told for where, told in found.items() if told} == {}
    tab.goto(pages[0].as_uri())
    for _, scheme in in_shapes(tab, SHAPES[:2]):
        tab.keyboard.press("Tab")
        tab.keyboard.press("Tab")
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", scheme
