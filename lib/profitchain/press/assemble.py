"""From notebooks that ran to an edition's files: what they recorded, pages, CSVs, the workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from profitchain.core import group_names, i18n
from profitchain.exhibits import findings
from profitchain.pages import commentary, editions, notebooks, plain_text, receipts
from profitchain.pages import page as pages
from profitchain.pages.commentary import Commentary
from profitchain.pages.notebooks import nbformat
from profitchain.panel.edition import Edition
from profitchain.press import record
from profitchain.press.multilingual import in_language
from profitchain.press.run_notebook import NotebookRun
from profitchain.words.data import warning_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRequest:
    """What to publish: notebooks out of `every` one, and the parameters that differ from theirs.

    `is_anew`: nobody has seen what was published of the period; `is_trial`: nobody will see this.
    """

    edition: Edition
    notebooks: tuple[Path, ...]
    every: tuple[Path, ...]
    settings: Mapping[str, object]
    out: Path
    languages: tuple[str, ...]
    is_anew: bool = False
    is_trial: bool = False

    @property
    def whole(self) -> bool:
        """Whether every notebook is in it; a part never replaces a whole edition."""
        return set(self.notebooks) == set(self.every)

    @property
    def folder(self) -> Path:
        """Where the edition is published."""
        name = str(self.edition.period) + ("" if self.whole else ".part")
        return self.out / self.edition.company.slug / name

    @property
    def incomplete(self) -> Path:
        """Where it lies while a notebook fails: beside its folder, never in its place."""
        return self.folder.with_name(f"{self.folder.name}.incomplete")

    @property
    def notebook_parameters(self) -> dict[str, object]:
        """What notebooks are told, as far as they ask for it."""
        parameters = {
            "company": str(self.edition.company.folder),
            "period": str(self.edition.period),
        }
        return {**parameters, **self.settings}

    def folders(self, building: Path) -> dict[str, Path]:
        """Return where each language's pages are built: the first one's at the top."""
        first, *others = self.languages
        return {first: building} | {tag: building / tag for tag in others}


def write_findings(
    order: EditionRequest, ran: Sequence[Mapping[str, NotebookRun]], building: Path
) -> None:
    """Write what the notebooks recorded, in each language (the summary reads it), and receipts."""
    for tag, folder in order.folders(building).items():
        folder.mkdir(exist_ok=True)
        with i18n.speaking(tag):
            findings.write_findings(
                folder,
                period=order.edition.period,
                stories=_stories(runs[tag] for runs in ran),
                company=order.edition.company.name,
            )
    told = _stories(runs[order.languages[0]] for runs in ran)
    receipts.write_receipts(building, order.edition, told, order.settings)


def commentary_on(order: EditionRequest, ran: Sequence[NotebookRun]) -> Commentary:
    """Return what people say about this edition, each remark where it belongs."""
    firm = order.edition.company
    remarks = commentary.read_commentary(firm.folder, order.edition.period, language=firm.language)
    exhibits = {
        story.name: [exhibit["id"] for exhibit in story.exhibits] for story in _stories(ran)
    }
    return remarks.placed(exhibits, (path.stem for path in order.every))


def workbooks(
    pool: Executor, order: EditionRequest, ran: Sequence[Mapping[str, NotebookRun]], building: Path
) -> list[Future]:
    """Have a workbook written in each language, side by side; return what to wait for."""
    folders = order.folders(building).items()
    return [
        pool.submit(_write_workbook, tag, order, [runs[tag] for runs in ran], folder)
        for tag, folder in folders
    ]


def is_in_workbook(ran: Mapping[str, NotebookRun]) -> bool:
    """Tell whether a notebook has anything that a workbook holds."""
    stories = _stories(ran.values())
    return any(story.exhibits or story.findings or story.why or story.failed for story in stories)


def write_pages(
    pool: Executor, order: EditionRequest, ran: Sequence[Mapping[str, NotebookRun]], building: Path
) -> list[Future]:
    """Have pages, CSVs and plain text written in each language, side by side; return the jobs."""
    jobs = []
    for tag, folder in order.folders(building).items():
        runs = [by_language[tag] for by_language in ran]
        with i18n.speaking(tag):
            site, infos = _site(order, runs), _page_infos(order, runs)
        for run, page in zip(runs, infos, strict=True):
            jobs.append(pool.submit(_write_page, run, site, page, folder))
        jobs.append(pool.submit(_write_plain_text, tag, order, runs, folder))
    return jobs


def _stories(ran: Iterable[NotebookRun]) -> list[pages.PageStory]:
    return [
        pages.collect(run.executed, name=run.path.stem)
        if run.executed is not None
        else findings.PageStory(
            name=run.path.stem,
            question=_question(run.path),
            why=run.why,
            failed=run.failed.words if run.failed else "",
        )
        for run in ran
    ]


def _question(path: Path) -> str:
    """Return a notebook's question in the spoken language."""
    notebook = nbformat.read(path, as_version=4)
    return pages.question_of(in_language(notebook, name=path.stem))


def _site(order: EditionRequest, ran: Sequence[NotebookRun]) -> pages.Site:
    entries = (pages.Entry(run.path.stem, _question(run.path), run.why, run.failed) for run in ran)
    return pages.Site(
        order.edition.company.name,
        order.edition.period,
        tuple(entries),
        language=i18n.spoken(),
        languages=order.languages,
        earlier=editions.earlier(order.folder, order.edition.period),
        is_whole=order.whole,
        brand=order.edition.company.brand,
        logo=order.edition.company.brand.logo_data(order.edition.company.folder),
    )


def _page_infos(order: EditionRequest, ran: Sequence[NotebookRun]) -> list[pages.PageInfo]:
    remarks, versions = commentary_on(order, ran), record.versions()
    return [
        pages.PageInfo(
            name=run.path.stem,
            notebook=run.path.name,
            parameters={"period": str(order.edition.period), **order.settings},
            inputs=order.edition.inputs,
            versions=versions,
            state=notebooks.state_of(run.path),
            remarks=remarks.on(run.path.stem),
        )
        for run in ran
    ]


def _write_page(ran: NotebookRun, site: pages.Site, page: pages.PageInfo, folder: Path) -> None:
    """Write a notebook's page and the CSVs of its exhibits, in the site's language."""
    with i18n.speaking(site.language):
        if ran.failed:
            html = pages.failed_page(site=site, page=page, failure=ran.failed)
        elif ran.executed is None:
            html = pages.not_measured_page(site=site, page=page, why=ran.why)
        else:
            html = pages.render_page(ran.executed, site=site, page=page)
            for name, text in pages.csvs(ran.executed, name=ran.path.stem).items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8", newline="")
        file = pages.Entry(page.name, "").file
        (folder / file).write_text(html, encoding="utf-8", newline="\n")


def _write_workbook(
    tag: str, order: EditionRequest, ran: Sequence[NotebookRun], folder: Path
) -> None:
    from profitchain.pages import workbook  # openpyxl takes half a second to load

    group_names.call(order.edition.company.group_names)
    with i18n.speaking(tag):
        workbook.write_edition_workbook(
            folder,
            _stories(ran),
            {run.path.stem: pages.exhibits_of(run.executed) for run in ran if run.executed},
            company=order.edition.company.name,
            period=order.edition.period,
        )


def _write_plain_text(
    tag: str, order: EditionRequest, ran: Sequence[NotebookRun], folder: Path
) -> None:
    group_names.call(order.edition.company.group_names)
    with i18n.speaking(tag):
        plain_text.write_plain_text(
            folder,
            _stories(ran),
            {run.path.stem: run.executed for run in ran if run.executed is not None},
            title=(order.edition.company.name, order.edition.period),
            warnings=warning_sentences(order.edition),
        )
