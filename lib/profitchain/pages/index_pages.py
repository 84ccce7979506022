"""The pages that lead to editions: a firm's periods and questions, and all firms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.atomic import aside
from profitchain.exhibits.findings import LONG_TABLE, SUMMARY, PageStory
from profitchain.pages import editions as archive
from profitchain.pages.editions import INDEX, PDF, PublishedEdition
from profitchain.pages.site import filled
from profitchain.words import prose

UNFOLDED = 8  # periods of a question that a firm's page shows without a click


@dataclass(frozen=True, slots=True)
class Line:
    """One period in a list: its words, what leads to it, what it says (HTML), in which language.

    `pdf` leads to the edition on paper, where it was printed.
    """

    label: str
    href: str
    sentence: str
    language: str
    pdf: str = ""


def write_index_pages(out: Path) -> None:
    """Write the page of each firm's folder, and the one that leads to every firm's editions."""
    firms = {folder: archive.editions_of(folder) for folder in archive.firms(out)}
    for folder, editions in firms.items():
        tongue = editions[0].languages[0] if editions else i18n.SOURCE
        with i18n.speaking(tongue if tongue in i18n.available() else i18n.SOURCE):
            _write(folder / INDEX, firm_index(editions))
    _write(out / INDEX, reports_index([editions for editions in firms.values() if editions]))


def firm_index(editions: Sequence[PublishedEdition]) -> str:
    """Return a firm's page: its editions, the newest first, then each question over all of them.

    It is made anew with each edition, so earlier editions, which stay as they are, lead to later
    ones through it.
    """
    lines = [_line(each, INDEX, each.headline) for each in editions]
    questions = [(question, list(_course(name, editions))) for name, question in _asked(editions)]
    company = editions[0].company if editions else prose.TEXT["editions_title"]
    return filled(
        "firm_index.html.j2",
        company=company,
        lines=lines,
        questions=questions,
        unfolded=UNFOLDED,
        long_table=LONG_TABLE if editions else "",
    )


def reports_index(firms: Sequence[Sequence[PublishedEdition]]) -> str:
    """Return the page that leads to every edition, firm by firm, each firm's newest first."""
    companies = []
    for editions in sorted(firms, key=lambda each: each[0].company):
        folder = editions[0].folder.parent.name
        lines = [_line(each, INDEX, each.headline, f"{folder}/") for each in editions]
        table = editions[0].folder.parent / LONG_TABLE
        href = f"{folder}/{LONG_TABLE}" if table.exists() else ""
        companies.append((editions[0].company, f"{folder}/{INDEX}", lines, href))
    return filled("reports_index.html.j2", companies=companies)


def _asked(editions: Sequence[PublishedEdition]) -> list[tuple[str, str]]:
    """Return every question's page and words, as the newest edition that asks it puts them."""
    asked: dict[str, str] = {}
    for edition in editions:
        for page in edition.pages:
            if page.name != SUMMARY:
                asked.setdefault(page.name, page.question)
    return sorted(asked.items())


def _course(name: str, editions: Sequence[PublishedEdition]) -> Iterator[Line]:
    for edition in editions:
        for page in edition.pages:
            if page.name == name:
                line = _line(edition, page.file, _said(page))
                yield replace(line, label=prose.period_short(edition.period))


def _said(page: PageStory) -> str:
    if page.why:
        return f"{prose.TEXT['not_measured']}: {prose.reason(page.why)}"
    return page.answers[0] if page.answers else ""


def _line(edition: PublishedEdition, file: str, sentence: str, before: str = "") -> Line:
    return Line(
        label=prose.period_label(edition.period),
        href=before + edition.page(file, edition.languages[0]),
        sentence=prose.emphasised(sentence),
        language=edition.languages[0],
        pdf=f"{before}{edition.folder.name}/{PDF}" if (edition.folder / PDF).exists() else "",
    )


def _write(path: Path, text: str) -> None:
    with aside(path) as building:
        made = building / INDEX
        made.write_text(text, encoding="utf-8", newline="\n")
        made.replace(path)
