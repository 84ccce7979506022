"""An edition on paper: all its pages in one PDF, with contents, page numbers and bookmarks."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.errors import CannotPrint
from profitchain.core.periods import Period
from profitchain.exhibits import findings
from profitchain.pages import editions
from profitchain.pages.editions import INDEX, PDF
from profitchain.pages.templates import filled
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
TO_COME = "000"  # holds the place of a page number until it is known
_MAIN = re.compile(r'<main id="main">(.*)</main>', flags=re.S)
_RECORD = re.compile(r'<details class="record">.*?</details>', flags=re.S)
_LOOKS = re.compile(r"</style><style>(.*?)</style>", flags=re.S)
_NOT_ON_PAPER = re.compile(
    r'<nav class="contents".*?</nav>|<svg [^>]*class="narrow".*?</svg>|<p class="download">.*?</p>'
    r'|<div class="downloads">.*?</div>|<details(?! class="record")[^>]*>.*?</details>',
    flags=re.S,
)
_TAG = re.compile(r"<[a-z][^<>]*>")
_NAMES = re.compile(r'\b(id|for|aria-labelledby|aria-describedby)="([^"]+)"')
_LINK = re.compile(r'\bhref="([^"]*)"')
_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', flags=re.S)
_PAGES = re.compile(rb"(\d+) 0 obj\s<</Type /Pages\b[^>]*?/Kids \[([^\]]*)\]")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_MARKS = re.compile(rb"/([\w-]+) \[(\d+) 0 R /XYZ")
_DATE = re.compile(rb"(?<=Date \(D:)\d{14}")


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One page of the edition inside the book: its file, its mark there, its words and looks."""

    file: str
    mark: str
    question: str
    body: str
    looks: str

    @property
    def sections(self) -> list[tuple[str, str]]:
        """The marks and words of its h2s."""
        return _HEADING.findall(self.body)


def print_edition(folder: Path) -> Path:
    """Print the pages in an edition's folder (or in one language's folder inside it); return where.

    Raises CannotPrint where there is no Chromium, or where it can't do it; the pages stay as they
    are.
    """
    browser = _browser()
    told = findings.edition_story(folder)
    with tempfile.TemporaryDirectory(prefix="profitchain-") as place:
        room = Path(place)
        printed = _printed(browser, book_html(folder, {}), room)
        printed = _printed(browser, book_html(folder, page_numbers(printed)), room)
        made = room / PDF
        made.write_bytes(_dated(printed, told.period))
        shutil.copyfile(made, folder / PDF)
    return folder / PDF


def book_html(folder: Path, at: Mapping[str, int]) -> str:
    """Return all pages of a folder as one document for paper, the index first.

    `at` are the page numbers of marks, as `page_numbers` finds them; without them the contents keep
    room for them.
    """
    told, tongue = findings.edition_story(folder), _language(folder)
    with i18n.speaking(tongue if tongue in i18n.available() else i18n.SOURCE):
        period = prose.period_label(told.period)
        return filled(
            "book.html.j2",
            company=told.company,
            period=period,
            running=_quoted(f"{told.company} · {period}"),
            leaves=_leaves(folder, [page.file for page in told.pages]),
            record=_record(folder / INDEX),
            at=lambda mark: at.get(mark, TO_COME),
        )


def page_numbers(printed: bytes) -> dict[str, int]:
    """Return on which page of a PDF of Chromium's each mark stands; nothing where it can't be read.

    Chromium writes objects in clear, pages as a tree, and the marks that links lead to by name.
    """
    nodes = {node: _REFERENCE.findall(kids) for node, kids in _PAGES.findall(printed)}
    inner = {kid for kids in nodes.values() for kid in kids}
    order = [leaf for root in nodes if root not in inner for leaf in _leaves_of(root, nodes)]
    place = {page: at for at, page in enumerate(order, 1)}
    marks = _MARKS.findall(printed)
    return {mark.decode("ascii"): place[page] for mark, page in marks if page in place}


def _leaves_of(node: bytes, nodes: Mapping[bytes, list[bytes]]) -> list[bytes]:
    if node not in nodes:
        return [node]
    return [leaf for kid in nodes[node] for leaf in _leaves_of(kid, nodes)]


def _leaves(folder: Path, files: Sequence[str]) -> list[_Leaf]:
    known = [file for file in dict.fromkeys(files) if (folder / file).exists()]
    marks = {file: f"p{at}" for at, file in enumerate(known)}
    return [_leaf(folder / file, marks) for file in known]


def _record(path: Path) -> str:
    """Return what made the edition, once for all of its pages."""
    found = _RECORD.search(path.read_text(encoding="utf-8")) if path.exists() else None
    return _TAG.sub(lambda tag: _LINK.sub("", tag[0]), found[0]) if found else ""


def _leaf(path: Path, marks: Mapping[str, str]) -> _Leaf:
    text = path.read_text(encoding="utf-8")
    mark = marks[path.name]
    body = _NOT_ON_PAPER.sub("", _MAIN.search(text)[1])
    anchors = {
        anchor: f"{mark}-s{at}" for at, (anchor, _words) in enumerate(_HEADING.findall(body))
    }
    body = _TAG.sub(lambda tag: _own(tag[0], mark, anchors, marks), body)
    looks = _LOOKS.search(text)
    return _Leaf(
        file=path.name,
        mark=mark,
        question=html.unescape(re.search(r"<h1>(.*?)</h1>", text, flags=re.S)[1]),
        body=body.replace("url(#", f"url(#{mark}-"),
        looks=looks[1] if looks else "",
    )


def _own(tag: str, mark: str, anchors: Mapping[str, str], marks: Mapping[str, str]) -> str:
    """Return a tag with names of its own, and links that stay inside the book or are none."""

    def name(match: re.Match[str]) -> str:
        own = " ".join(anchors.get(each, f"{mark}-{each}") for each in match[2].split())
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
    return folder.name if folder.name in spoken[1:] else spoken[0]


def _quoted(text: str) -> str:
    """Return text as a string of CSS that can't end it, nor the stylesheet."""
    return '"' + re.sub(r"[^\w ·–-]", lambda one: f"\\{ord(one[0]):x} ", text) + '"'


def _browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise CannotPrint(
            "The pages are published, but there is no Chromium to print them with. Install it "
            "(Debian, Ubuntu: apt install chromium; macOS: brew install --cask google-chrome; "
            "Windows: Chrome or Edge, on PATH) and run the command again with --pdf."
        )
    return found


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
    except (OSError, subprocess.TimeoutExpired) as stopped:
        raise CannotPrint(_failed(browser, str(stopped))) from None
    if done.returncode or not made.exists():
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CannotPrint(_failed(browser, said[-1] if said else f"exit {done.returncode}"))
    return made.read_bytes()


def _failed(browser: str, why: str) -> str:
    return (
        f"The pages are published, but {browser} could not print them: {why}. "
        "Try it by hand: open the edition's index.html in it and print."
    )


def _dated(printed: bytes, period: Period) -> bytes:
    """Return a PDF dated by its period's end, so that it doesn't tell when it was printed."""
    return _DATE.sub(f"{period.last_day:%Y%m%d}000000".encode("ascii"), printed)
