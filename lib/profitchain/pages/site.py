"""What pages share: the edition around them (pages, periods, languages), templates, stylesheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.dates import format_date

from profitchain.core import i18n as languages
from profitchain.core.i18n import N_
from profitchain.core.periods import Period
from profitchain.exhibits.findings import LONG_TABLE, SUMMARY
from profitchain.pages import notebooks
from profitchain.pages.commentary import Remark
from profitchain.pages.editions import PublishedEdition
from profitchain.pages.failures import Failure
from profitchain.sources.brand import Brand
from profitchain.words import prose

TEMPLATES = Path(__file__).parent / "templates"
GROUPS = {  # what pages ask, and the numbers that their notebooks begin with
    N_("How are we doing?"): ("01", "02", "03", "04", "05"),
    N_("What is it worth?"): ("07", "08", "09", "13", "14"),
    N_("Which customers?"): ("06", "10", "11", "12"),
    N_("What next?"): ("15", "16", "17"),
    N_("More"): (),
}
MOST_EARLIER = 12  # periods on a page; all stand on the firm's own


def group_of(name: str) -> str:
    """Return under which question a notebook's page stands; one that firms add, under "More"."""
    groups = (group for group, numbers in GROUPS.items() if name[:2] in numbers)
    return next(groups, list(GROUPS)[-1])


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in its edition: its notebook's name, its question, why not measured, why not made."""

    name: str
    question: str
    why: str = ""
    failed: Failure | None = None

    @property
    def file(self) -> str:
        """The page's file inside the edition."""
        return "index.html" if self.name == SUMMARY else f"{self.name}.html"


@dataclass(frozen=True, slots=True)
class Site:
    """The edition that a page belongs to, in the language `language` of its `languages`.

    The first language's pages lie in the edition's folder, the others' in folders inside it.
    `earlier` are editions of earlier periods, the newest first.
    `is_whole`: so its findings stand in the long table of all the company's editions. `logo` is a
    data URI.
    """

    company: str
    period: Period
    pages: tuple[Entry, ...]
    language: str = "en"
    languages: tuple[str, ...] = ("en",)
    earlier: tuple[PublishedEdition, ...] = ()
    is_whole: bool = False
    brand: Brand = field(default_factory=Brand)
    logo: str = ""

    @property
    def top(self) -> str:
        """What leads from a page to the edition's folder: "" or "../"."""
        return "" if self.language == self.languages[0] else "../"

    @property
    def archive(self) -> str:
        """What leads from a page to the list of the firm's editions, later ones included."""
        return f"{self.top}../index.html"

    @property
    def editions(self) -> str:
        """What leads from a page to the list of all editions."""
        return f"{self.top}../../index.html"

    def leads_to(self, name: str) -> list[Entry]:
        """Return the pages that a page's navigation leads to: those with something to say."""
        order = list(GROUPS)
        shown = [entry for entry in self.pages if not entry.why or entry.name == name]
        first = [entry for entry in shown if entry.name == SUMMARY]
        others = [entry for entry in shown if entry.name != SUMMARY]
        return first + sorted(others, key=lambda entry: order.index(group_of(entry.name)))

    def before(self, file: str) -> list[tuple[str, str]]:
        """Return the periods before, in words, and what leads to the same page in each."""
        return [
            (
                prose.period_heading(edition.period),
                f"{self.top}../{edition.page(file, self.language)}",
            )
            for edition in self.earlier[:MOST_EARLIER]
        ]

    @property
    def long_table(self) -> str:
        """What leads from a page to the findings of all editions; "" where its own aren't there."""
        return f"{self.top}../{LONG_TABLE}" if self.is_whole else ""

    def tongues(self, file: str) -> list[tuple[str, str, str]]:
        """Return each language's tag, its own name, and what leads to a page in it."""
        folders = {tag: f"{tag}/" for tag in self.languages} | {self.languages[0]: ""}
        return [
            (tag, languages.name(tag), f"{self.top}{folders[tag]}{file}") for tag in self.languages
        ]

    @property
    def next_edition(self) -> str:
        """When the next edition comes, in words; "" where company.yml does not say."""
        day = self.brand.next_edition
        return format_date(day, "long", locale=languages.locale()) if day else ""

    @property
    def missing(self) -> list[Entry]:
        """The pages whose notebooks failed: with any, the edition is incomplete."""
        return [entry for entry in self.pages if entry.failed]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """What made a page: printed in its record, the same on every run of the same inputs.

    `inputs` are rows with name, rows and sha256; `state` is the notebook's against the shipped one;
    `remarks` are what people say on this page.
    """

    name: str
    notebook: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: Sequence[Mapping[str, object]] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    state: notebooks.State = "shipped"
    remarks: tuple[Remark, ...] = ()


@cache
def stylesheet() -> str:
    """Return the one stylesheet of all pages, without comments and line ends."""
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"\s*([{};,])\s*|\s*\n\s*", r"\1", text)
    return re.sub(r"(?<=[\w-]): (?=[^{}]*[;}])|;(?=})", lambda cut: cut[0].rstrip("; "), text)


def filled(template: str, **parts: object) -> str:
    """Return a template's page in the spoken language; what it is given is escaped."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    around = {"css": stylesheet(), "say": prose.TEXT, "language": languages.spoken()}
    return environment.get_template(template).render(around | parts) + "\n"
