"""An edition on paper: all its pages in one PDF, with contents, page numbers and bookmarks."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.atomic import scratch
from profitchain.core.errors import CannotPrint
from profitchain.exhibits import findings
from profitchain.pages import editions
from profitchain.pages.editions import INDEX, PDF, SUMMARY_PDF
from profitchain.pages.site import filled
from profitchain.pages.summary import PRINTED_MARK
from profitchain.words import prose

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
SWITCHES = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)  # fmt: skip
SECONDS = 180
CONTENTS = 1  # sheets
SUMMARY_SHEETS, ZOOMS = 2, (1.0, 0.94, 0.88, 0.82)  # of the summary, the first that fits
FIRST = "p0"  # the mark of the book's first page
TO_COME = "000"  # holds the place of a page number until it is known
_MAIN = re.compile(r'<main id="main">(.*)</main>', flags=re.S)
_TITLE = re.compile(r"<h1>(.*?)</h1>", flags=re.S)
_RECORD = re.compile(r'(<details class="record">.*?</details>)', flags=re.S)
_LOOKS = re.compile(r"</style><style>(.*?)</style>", flags=re.S)
_NOT_ON_PAPER = re.compile(
    r'<nav class="contents".*?</nav>|<svg [^>]*class="narrow".*?</svg>|<p class="download">.*?</p>'
    r'|(?<=<div class="downloads">).*?(?=</div>)'
    r'|<details(?! class="(?:record|fold)")[^>]*>.*?</details>',
    flags=re.S,
)
_TAG = re.compile(r"<[a-z][^<>]*>")
_NAMES = re.compile(r'\b(id|for|aria-labelledby|aria-describedby)="([^"]+)"')
_LINK = re.compile(r'\bhref="([^"]*)"')
_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', flags=re.S)
_OPEN_HEADING = re.compile(r'(?<!<summary>)<h2 id="([^"]+)">(.*?)</h2>', flags=re.S)
_PAGES = re.compile(rb"(\d+) 0 obj\s<</Type /Pages\b[^>]*?/Kids \[([^\]]*)\]")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_MARKS = re.compile(rb"/([\w-]+) \[(\d+) 0 R /XYZ")
_DATE = re.compile(rb"(?<=Date \(D:)\d{14}")
_NODE = re.compile(rb"(?<=\(node)\d{8}(?=\))")  # marks of table cells, counted from anywhere


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One page of the edition inside the book: its mark there, its words and looks.

    `sections` are the marks and words of its h2s, folded ones left out.
    """

    mark: str
    question: str
    body: str
    looks: str
    sections: list[tuple[str, str]]


def print_edition(folder: Path, *, beside: Path | None = None) -> Path:
    """Print the pages in an edition's folder (or in one language's folder inside it); return where.

    The first page is printed once more by itself, for those who have two minutes.

    Parameters
    ----------
    beside : the edition's folder, beside which it is made; by default the pages'.

    Raises CannotPrint where there is no Chromium, or where it can't do it; the pages stay as they
    are.
    """
    browser, period = _browser(), findings.edition_story(folder).period
    with scratch((beside or folder).parent) as room:
        at, has_sections = page_numbers(_printed(browser, book_html(folder, {}), room)), True
        if at.get(FIRST, 0) > CONTENTS + 1:  # a sheet of contents is read; two are leafed through
            has_sections = False
            draft = _printed(browser, book_html(folder, {}, has_sections=False), room)
            at = page_numbers(draft)
        books = {
            PDF: _printed(browser, book_html(folder, at, has_sections=has_sections), room),
            SUMMARY_PDF: printed_summary(browser, folder, room),
        }
        # Dated by its period's end, so that it doesn't tell when it was printed.
        date = f"{period.last_day:%Y%m%d}000000".encode("ascii")
        for file, printed in books.items():
            (room / file).write_bytes(_counted_anew(_DATE.sub(date, printed)))
        for file in books:
            (room / file).replace(folder / file)
        with i18n.speaking(_language(folder)):
            _lead_from(folder / INDEX, room)
    return folder / PDF


def printed_summary(browser: str, folder: Path, room: Path) -> bytes:
    """Return the first page on two sheets of paper: as large as fits, at least in 8 points."""
    printed = b""
    for zoom in ZOOMS:
        printed = _printed(browser, book_html(folder, {}, only=INDEX, zoom=zoom), room)
        if sheets(printed) <= SUMMARY_SHEETS:
            break
    return printed


def _counted_anew(printed: bytes) -> bytes:
    """Return a PDF whose marks of table cells count from 1, in their order, as long as before."""
    nodes = sorted(set(_NODE.findall(printed)))
    places = {node: b"%08d" % place for place, node in enumerate(nodes, 1)}
    return _NODE.sub(lambda node: places[node[0]], printed)


def _lead_from(index: Path, room: Path) -> None:
    """Let the downloads of an edition's first page lead to the edition on paper."""
    answer = html.escape(prose.TEXT["answer"])
    links = (
        f'<li class="printed"><a href="{PDF}" download>PDF</a>, '
        f'<a href="{SUMMARY_PDF}" download>{answer} (PDF)</a></li>'
    )
    text = index.read_text(encoding="utf-8")
    making = room / INDEX
    making.write_text(text.replace(PRINTED_MARK, links), encoding="utf-8", newline="\n")
    making.replace(index)


def book_html(
    folder: Path,
    at: Mapping[str, int],
    *,
    only: str = "",
    has_sections: bool = True,
    zoom: float = 1.0,
) -> str:
    """Return all pages of a folder (or only one) as one document for paper, the index first.

    `at` are the page numbers of marks, as `page_numbers` finds them; without them the contents keep
    room for them. The contents list the pages' questions and, if it `has_sections`, what stands
    open on each. One page alone is set `zoom` times as large, and leaves out what made it.
    """
    story = findings.edition_story(folder)
    names = [only] if only else [page.file for page in story.pages]
    files = [file for file in names if (folder / file).exists()]
    marks = {file: f"p{at}" for at, file in enumerate(dict.fromkeys(files))}
    with i18n.speaking(_language(folder)):
        period = prose.period_heading(story.period)
        return filled(
            "book.html.j2",
            company=story.company,
            period=period,
            running=_quoted(f"{story.company} · {period}"),
            leaves=[_leaf(folder / file, marks) for file in marks],
            record="" if only else _record(folder / INDEX),
            zoom=zoom,
            at=lambda mark: at.get(mark, TO_COME),
            has_sections=has_sections,
        )


def page_numbers(printed: bytes) -> dict[str, int]:
    """Return on which page of a PDF of Chromium's each mark stands; nothing where it can't be read.

    Chromium writes objects in clear, pages as a tree, and the marks that links lead to by name.
    """
    place = {page: at for at, page in enumerate(_sheets(printed), 1)}
    marks = _MARKS.findall(printed)
    return {mark.decode("ascii"): place[page] for mark, page in marks if page in place}


def sheets(printed: bytes) -> int:
    """Return how many pages a PDF of Chromium's has; 0 where it can't be read."""
    return len(_sheets(printed))


def _sheets(printed: bytes) -> list[bytes]:
    """Return the pages of a PDF in order, as it numbers its objects."""
    nodes = {node: _REFERENCE.findall(kids) for node, kids in _PAGES.findall(printed)}
    inner = {kid for kids in nodes.values() for kid in kids}
    return [leaf for root in nodes if root not in inner for leaf in _leaves_of(root, nodes)]


def _leaves_of(node: bytes, nodes: Mapping[bytes, list[bytes]]) -> list[bytes]:
    if node not in nodes:
        return [node]
    return [leaf for kid in nodes[node] for leaf in _leaves_of(kid, nodes)]


def _record(path: Path) -> str:
    """Return what made the edition, once for all of its pages."""
    record = _first(_RECORD, path.read_text(encoding="utf-8")) if path.exists() else ""
    return _TAG.sub(lambda tag: _LINK.sub("", tag[0]), record)


def _first(pattern: re.Pattern[str], text: str) -> str:
    """Return the first group of a pattern's first match; "" without one."""
    match = pattern.search(text)
    return match[1] if match else ""


def _leaf(path: Path, marks: Mapping[str, str]) -> _Leaf:
    text, mark = path.read_text(encoding="utf-8"), marks[path.name]
    body = _NOT_ON_PAPER.sub("", _first(_MAIN, text))
    anchors = {
        anchor: f"{mark}-s{at}" for at, (anchor, _words) in enumerate(_HEADING.findall(body))
    }
    body = _TAG.sub(lambda tag: _own(tag[0], mark, anchors, marks), body)
    return _Leaf(
        mark=mark,
        question=html.unescape(_first(_TITLE, text)),
        body=body.replace("url(#", f"url(#{mark}-"),
        looks=_first(_LOOKS, text),
        sections=_OPEN_HEADING.findall(body),
    )


def _own(tag: str, mark: str, anchors: Mapping[str, str], marks: Mapping[str, str]) -> str:
    """Return a tag with names of its own, and links that stay inside the book or are none."""

    def name(match: re.Match[str]) -> str:
        own = " ".join(anchors.get(anchor, f"{mark}-{anchor}") for anchor in match[2].split())
        return f'{match[1]}="{own}"'

    def link(match: re.Match[str]) -> str:
        file, _, anchor = html.unescape(match[1]).partition("#")
        if not file and anchor:
            return f'href="#{anchors.get(anchor, f"{mark}-{anchor}")}"'
        return f'href="#{marks[file]}"' if file in marks else ""

    return _LINK.sub(link, _NAMES.sub(name, tag))


def _language(folder: Path) -> str:
    top = folder if (folder / "record.json").exists() else folder.parent
    spoken = editions.published_edition(top).languages
    tongue = folder.name if folder.name in spoken[1:] else spoken[0]
    return tongue if tongue in i18n.available() else i18n.SOURCE


def _quoted(text: str) -> str:
    """Return text as a string of CSS that can't end it, nor the stylesheet."""
    return '"' + re.sub(r"[^\w ·–-]", lambda sign: f"\\{ord(sign[0]):x} ", text) + '"'


def _browser() -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise CannotPrint(
            "The pages are published, but there is no Chromium to print them with. Install it "
            "(Debian, Ubuntu: apt install chromium; macOS: brew install --cask google-chrome; "
            "Windows: Chrome or Edge, on PATH) and run the command again with --pdf."
        )
    return browser


def _printed(browser: str, book: str, room: Path) -> bytes:
    """Return a document as PDF, printed by a browser with a profile of its own and no network."""
    page, made = room / "book.html", room / "book.pdf"
    page.write_text(book, encoding="utf-8")
    made.unlink(missing_ok=True)
    root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    command = [browser, *SWITCHES, *root, f"--user-data-dir={room / 'profile'}",
               f"--print-to-pdf={made}", page.as_uri()]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = errors[-1] if errors else f"exit {done.returncode}"
        is_done = not done.returncode and made.exists()
    except (OSError, subprocess.TimeoutExpired) as stopped:
        is_done, why = False, str(stopped)
    if not is_done:
        raise CannotPrint(
            f"The pages are published, but {browser} could not print them: {why}. "
            "Try it by hand: open the edition's index.html in it and print."
        )
    return made.read_bytes()
