"""The page that leads to every complete edition, company by company, the latest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from profitchain import chronicle, findings, languages, wording
from profitchain.findings import LONG_TABLE
from profitchain.folders import aside
from profitchain.pages import TEMPLATES, stylesheet
from profitchain.periods import Period


@dataclass(frozen=True, slots=True)
class EditionLink:
    """One edition in the list of all: its company's name, period, headline and address.

    `long_table` is the address of the findings of all the company's editions.
    """

    company: str
    period: Period
    headline: str
    href: str
    long_table: str = ""

    @property
    def label(self) -> str:
        """The period in words."""
        return wording.period_label(self.period)

    @property
    def sentence(self) -> str:
        """The headline as HTML."""
        return wording.emphasised(self.headline)


def reports_index(editions: Iterable[EditionLink]) -> str:
    """Return the page that leads to every edition, company by company, in the given order."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    ordered = sorted(editions, key=lambda edition: edition.company)
    companies = [(name, list(each)) for name, each in groupby(ordered, lambda one: one.company)]
    template = environment.get_template("reports_index.html.j2")
    return template.render(
        companies=companies, css=stylesheet(), say=wording.TEXT, language=languages.spoken()
    )


def write(out: Path) -> None:
    """Write the page that leads to every edition under `out`; not to parts and incomplete ones."""
    links = []
    for company in sorted(out.glob("[!.]*/"), reverse=True):
        long_table = f"{company.name}/{LONG_TABLE}"
        has_table = (out / long_table).exists()
        for folder in reversed(chronicle.editions(company)):
            told = findings.told(folder)
            link = EditionLink(
                told.company,
                told.period,
                told.headline,
                href=f"{company.name}/{folder.name}/index.html",
                long_table=long_table if has_table else "",
            )
            links.append(link)
    with aside(out / "index.html") as building:
        made = building / "index.html"
        made.write_text(reports_index(links), encoding="utf-8", newline="\n")
        made.replace(out / "index.html")
