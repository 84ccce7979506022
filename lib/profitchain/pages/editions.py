"""Which editions a firm has published, and what leads to a page in each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from profitchain.core import i18n
from profitchain.core.periods import Period
from profitchain.exhibits import findings, findings_history
from profitchain.exhibits.findings import PageStory

INDEX, PDF, SUMMARY_PDF = "index.html", "edition.pdf", "summary.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEdition:
    """One published edition: whose, of when, in which languages, and what its pages say."""

    folder: Path
    company: str
    period: Period
    headline: str
    languages: tuple[str, ...]
    pages: tuple[PageStory, ...]

    @property
    def folders(self) -> dict[str, Path]:
        """Where each language's pages are: the first one's at the top."""
        first, *others = self.languages
        return {first: self.folder} | {tag: self.folder / tag for tag in others}

    def page(self, file: str, language: str) -> str:
        """Return what leads from the firm's folder to a page; to the index where it is missing."""
        within = f"{language}/" if language in self.languages[1:] else ""
        has = (self.folder / within / file).exists()
        return f"{self.folder.name}/{within}{file if has else INDEX}"


def published_edition(folder: Path) -> PublishedEdition:
    """Return what an edition's folder holds."""
    story = findings.edition_story(folder)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return PublishedEdition(
        folder=folder,
        company=story.company,
        period=story.period,
        headline=story.headline,
        languages=tuple(record.get("languages", [i18n.SOURCE])),
        pages=story.pages,
    )


def editions_of(company: Path) -> tuple[PublishedEdition, ...]:
    """Return a firm's whole published editions, the newest first."""
    return tuple(map(published_edition, reversed(findings_history.whole_editions(company))))


def earlier(folder: Path, period: Period) -> tuple[PublishedEdition, ...]:
    """Return the editions beside an edition's folder whose periods ended before its own.

    Later ones are left out: an edition made again must come out as it was.
    """
    day = period.last_day
    editions = editions_of(folder.parent)
    return tuple(edition for edition in editions if edition.period.last_day < day)


def firms_in(out: Path) -> list[Path]:
    """Return the folders under `out` that hold editions of a firm, parts of them included."""
    return sorted({record.parent.parent for record in out.glob("[!.]*/*/record.json")})
