"""The pages that lead to editions: a firm's periods and questions, and all firms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.atomic import aside
from profitchain.exhibits.findings import LONG_TABLE, SUMMARY, PageStory
from profitchain.pages.editions import INDEX, PDF, PublishedEdition, editions_of, firms_in
from profitchain.pages.sanitise import printable
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
    firms, pages = {folder: editions_of(folder) for folder in firms_in(out)}, {}
    for folder, editions in firms.items():
        tongue = editions[0].languages[0] if editions else i18n.SOURCE
        with i18n.speaking(tongue if tongue in i18n.available() else i18n.SOURCE):
            pages[folder / INDEX] = firm_index(editions)
    pages[out / INDEX] = reports_index([editions for editions in firms.values() if editions])
    for path, text in pages.items():
        with aside(path) as building:
            made = building / INDEX
            made.write_text(printable(text), encoding="utf-8", newline="\n")
            made.replace(path)


def firm_index(editions: Sequence[PublishedEdition]) -> str:
    """Return a firm's page: its editions, the newest first, then each question over all of them.

    It is made anew with each edition, so earlier editions, which stay as they are, lead to later
    ones through it.
    """
    course: dict[str, list[Line]] = {}
    question: dict[str, str] = {}  # as the newest edition that asks it puts it
    for edition in editions:
        for page in edition.pages:
            if page.name != SUMMARY:
                line = _line(edition, page.file, _answer(page))
                short = replace(line, label=prose.period_short(edition.period))
                course.setdefault(page.name, []).append(short)
                question.setdefault(page.name, page.question)
    return filled(
        "firm_index.html.j2",
        company=editions[0].company if editions else prose.TEXT["editions_title"],
        lines=[_line(edition, INDEX, edition.headline) for edition in editions],
        questions=[(question[name], course[name]) for name in sorted(course)],
        unfolded=UNFOLDED,
        long_table=LONG_TABLE if editions else "",
    )


def reports_index(firms: Sequence[Sequence[PublishedEdition]]) -> str:
    """Return the page that leads to every edition, firm by firm, each firm's newest first."""
    companies = []
    for editions in sorted(firms, key=lambda editions: editions[0].company):
        folder = editions[0].folder.parent
        lines = [_line(edition, INDEX, edition.headline, f"{folder.name}/") for edition in editions]
        table = f"{folder.name}/{LONG_TABLE}" if (folder / LONG_TABLE).exists() else ""
        companies.append((editions[0].company, f"{folder.name}/{INDEX}", lines, table))
    return filled("reports_index.html.j2", companies=companies)


def _answer(page: PageStory) -> str:
    if page.why:
        return f"{prose.TEXT['not_measured']}: {prose.reason(page.why)}"
    return page.answers[0] if page.answers else ""


def _line(edition: PublishedEdition, file: str, sentence: str, before: str = "") -> Line:
    return Line(
        label=prose.period_heading(edition.period),
        href=before + edition.page(file, edition.languages[0]),
        sentence=prose.emphasised(sentence),
        language=edition.languages[0],
        pdf=f"{before}{edition.folder.name}/{PDF}" if (edition.folder / PDF).exists() else "",
    )
