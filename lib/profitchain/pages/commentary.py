"""What people say about an edition: their words, by whom and when, beside what was computed.

`<company>/commentary/<period>.md` holds sections: a heading with the place, a line with author,
date and sign-off, and text. It is read anew on every run and never written.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from babel.dates import format_date

from profitchain.core import i18n
from profitchain.core.errors import PeriodError
from profitchain.core.i18n import _
from profitchain.core.periods import Period
from profitchain.exhibits.findings import SUMMARY
from profitchain.pages import sanitise

FOLDER = "commentary"
INDEX = {"index", "edition", SUMMARY}  # names of an edition's first page
_SECTION = re.compile(r"^##[ \t]+(.+?)[ \t#]*$", flags=re.M)
_FENCE = re.compile(r"^(```|~~~).*?^\1", flags=re.M | re.S)
_TITLE = re.compile(r"\A\s*#[ \t]+.*$", flags=re.M)
_BY = re.compile(
    r"\s*([*_]*)(?P<author>[^\n]+?)[,，]\s*(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[,，;；]\s*(?:not signed off|"
    r"(?:signed off(?: by)?|簽核|核准|签核|批准)\s*[:：]?\s*(?P<signed>[^\n]+?)))?\1[ \t]*$",
    flags=re.I | re.M,
)
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", flags=re.S)
_PILCROW = re.compile(r'<a class="anchor-link".*?</a>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One section: whose words, of which day, where they belong, as Markdown.

    `anchor` is as written; `page` and `exhibit` what it means ("" for the page as a whole).
    `why` says what keeps it from its place; such a remark stands on the index.
    """

    anchor: str
    text: str
    author: str = ""
    day: date | None = None
    signed: str = ""
    page: str = ""
    exhibit: str = ""
    why: str = ""
    language: str = "en"

    @property
    def html(self) -> str:
        """The remark as a box of its own, with nothing in it that runs or calls home."""
        from nbconvert.filters import markdown2html_mistune

        label, reason = html.escape(_("Commentary")), html.escape(self.why)
        why = f'<p class="no-place">{reason}</p>' if self.why else ""
        by = f'<p class="by"><strong>{label}</strong> {html.escape(self.by)}</p>'
        text = _PILCROW.sub("", markdown2html_mistune(self.text))
        text = sanitise.safe_html(_HEADING.sub(r"<p><strong>\2</strong></p>", text), classes=False)
        other = f' lang="{self.language}"' if self.language != i18n.spoken() else ""
        return (
            f'<div class="commentary" role="note" aria-label="{label}">{why}{by}'
            f'<div class="words"{other}>{text.strip()}</div></div>'
        )

    @property
    def by(self) -> str:
        """Whose words these are, of which day, and who has signed them off."""
        if not self.author or self.day is None:
            return self.anchor
        words = {
            "author": self.author,
            "day": format_date(self.day, "long", locale=i18n.locale()),
            "signed": self.signed,
        }
        if self.signed:
            return _("{author}, {day}; signed off by {signed}", **words)
        return _("{author}, {day}; not signed off", **words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commentary:
    """All remarks on one period; `sha256` is that of their file, "" where there is none."""

    remarks: tuple[Remark, ...] = ()
    file: str = ""
    sha256: str = ""

    def placed(self, exhibits: Mapping[str, Iterable[str]], pages: Iterable[str]) -> Commentary:
        """Return the same with each remark on its page, or on the index with the reason.

        `exhibits` are the ids on each page of this edition, by page; `pages` all pages there are.
        """
        ids = {page: list(on_page) for page, on_page in exhibits.items()}
        remarks = tuple(_placed(remark, ids, {*pages, *ids}) for remark in self.remarks)
        return replace(self, remarks=remarks)

    def on(self, page: str) -> tuple[Remark, ...]:
        """Return the remarks on a page, in the order in which they were written."""
        return tuple(remark for remark in self.remarks if remark.page == page)

    def as_json(self) -> dict[str, object] | None:
        """Return what an edition's record says of it; None where there is nothing."""
        if not self.remarks:
            return None
        without = sum(bool(remark.why) for remark in self.remarks)
        numbers = {"count": len(self.remarks), "without_place": without}
        return {"file": self.file, "sha256": self.sha256, **numbers}


def read_commentary(folder: Path, period: Period, *, language: str = "en") -> Commentary:
    """Return what people wrote on a period (`folder`: the company's); mostly, nothing.

    What can't be read as a section is kept, with the reason, and so is a file of no period.
    `language` is the one people are taken to write in: the firm's.
    """
    strays = tuple(
        Remark(
            anchor=path.name,
            text="",
            page=SUMMARY,
            why=_(
                "The file {name} belongs to no period: name it as in 2026Q3.md",
                name=f"{FOLDER}/{path.name}",
            ),
        )
        for path in sorted((folder / FOLDER).glob("*"))
        if _may_be_commentary(path) and not _is_of_a_period(path)
    )
    path = folder / FOLDER / f"{period}.md"
    file = f"{FOLDER}/{path.name}"
    if not path.is_file():
        return Commentary(remarks=strays)
    try:
        raw = path.read_bytes()
    except OSError:
        why = _("The file {name} can't be opened", name=file)
        return Commentary(remarks=(Remark(anchor=path.name, text="", why=why), *strays))
    remarks = (replace(remark, language=language) for remark in (*_sections(raw), *strays))
    return Commentary(remarks=tuple(remarks), file=file, sha256=hashlib.sha256(raw).hexdigest())


def remarks_html(remarks: Iterable[Remark], exhibit: str = "") -> str:
    """Return the boxes that stand below an exhibit, or ("") below a page's answer."""
    boxes = (remark for remark in remarks if remark.exhibit == exhibit and not remark.why)
    return "\n".join(remark.html for remark in boxes)


def _may_be_commentary(path: Path) -> bool:
    return path.is_file() and path.name[0] not in ".~" and path.stem.lower() != "readme"


def _is_of_a_period(path: Path) -> bool:
    try:
        return path.suffix == ".md" and bool(Period(path.stem))
    except PeriodError:
        return False


def _sections(raw: bytes) -> Iterator[Remark]:
    """Yield the sections of a file, each as it was written where it can't be read as one."""
    try:
        text, broken = raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        text = raw.decode("utf-8", errors="replace")
        broken = _("The file isn't written in UTF-8: save it as UTF-8")
    text = text.replace("\r\n", "\n")
    code = [range(*fence.span()) for fence in _FENCE.finditer(text)]
    heads = [
        head for head in _SECTION.finditer(text) if not any(head.start() in lines for lines in code)
    ]
    before = _TITLE.sub("", text[: heads[0].start() if heads else None], count=1).strip()
    if before:
        why = _("No heading above it names a page, as in ## 03_satisfaction")
        yield Remark(anchor="", text=before, page=SUMMARY, why=broken or why)
    ends = [*(head.start() for head in heads), len(text)][1:]
    for head, end in zip(heads, ends, strict=True):
        remark = _section(head[1], text[head.end() : end].strip("\n"))
        yield replace(remark, why=remark.why or broken)


def _section(anchor: str, text: str) -> Remark:
    """Return one section; its first line of text says by whom it is."""
    anchor = anchor.strip("`* ")
    by = _BY.match(text)
    try:
        day = date.fromisoformat(by["day"]) if by else None
    except ValueError:
        day = None
    if by is None or day is None:
        why = _(
            "Its first line must say by whom and when it is, as in *Ana Silva, 2026-10-05* or "
            "*Ana Silva, 2026-10-05, signed off: M. Weber*"
        )
        return Remark(anchor=anchor, text=text.strip(), why=why)
    words, signed = text[by.end() :].strip(), (by["signed"] or "").strip()
    why = "" if words else _("There are no words below the line with its author")
    author = by["author"].strip()
    return Remark(anchor=anchor, text=words, author=author, day=day, signed=signed, why=why)


def _placed(remark: Remark, exhibits: Mapping[str, list[str]], pages: set[str]) -> Remark:
    """Return a remark with its page and exhibit, or on the index with the reason."""
    if remark.why:
        return replace(remark, page=SUMMARY)
    name, _sharp, exhibit = remark.anchor.partition("#")
    page = re.sub(r"\.(html|ipynb)$", "", name.strip())
    page = SUMMARY if page.lower() in INDEX else page
    if page not in pages:
        why = _("There is no page “{page}”; a page is called as its notebook", page=page)
        for near in get_close_matches(page, sorted(pages), n=1):
            why = _("There is no page “{page}”; did you mean “{near}”?", page=page, near=near)
        return replace(remark, page=SUMMARY, why=why)
    others = exhibits.get(page, [exhibit])
    if not exhibit or exhibit in others:
        return replace(remark, page=page, exhibit=exhibit)
    words = {"page": page, "exhibit": exhibit, "known": i18n.listed(others)}
    why = _("The page {page} has no exhibit “{exhibit}”, nor any other", **words)
    if others:
        why = _("The page {page} has no exhibit “{exhibit}”; it has {known}", **words)
    return replace(remark, page=SUMMARY, why=why)
