"""From notebooks to a published edition: run, render, replace the last one whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import nbformat

from profitchain import (
    archive,
    chronicle,
    commentary,
    findings,
    handout,
    imprint,
    languages,
    pages,
    parameters,
    shelf,
    shipped,
)
from profitchain.commentary import Commentary
from profitchain.errors import ParameterError, did_you_mean
from profitchain.failures import NotebookFailed
from profitchain.folders import aside, discard, exchange
from profitchain.runs import Ran, ended, environment_of, run
from profitchain.store import ROOT, Edition, read_period
from profitchain.turns import in_words
from profitchain.workers import start_worker

NOTEBOOKS = ROOT / "notebooks"
REPORTS = ROOT / "reports"
SUMMARY = "00_summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to publish: notebooks by name, and the parameters that differ from their own."""

    edition: Edition
    notebooks: tuple[Path, ...]
    settings: Mapping[str, object]
    out: Path
    languages: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every notebook is in it; a part never replaces a whole edition."""
        return set(self.notebooks) == set(_all_notebooks())

    @property
    def folder(self) -> Path:
        """Where the edition is published."""
        name = str(self.edition.period) + ("" if self.whole else ".part")
        return self.out / self.edition.company.slug / name

    @property
    def incomplete(self) -> Path:
        """Where it lies while a notebook fails: beside its folder, never in its place."""
        return self.folder.with_name(f"{self.folder.name}.incomplete")


def publish(
    company: str | Path,
    period: str = "",
    *,
    out: Path = REPORTS,
    only: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    spoken: Sequence[str] = (),
) -> Path:
    """Run the notebooks of an edition, render them, publish it; return its index page.

    `spoken` are the languages of its pages, the company's own if none is named. The first one's
    pages are the edition's, each other's stand in a folder inside it.

    Raises ProfitchainError, and leaves the published edition as it was, when a parameter is
    unknown, the data can't be used or a notebook fails; in the last case an incomplete edition,
    which says so, lies beside it.
    """
    notebooks = _chosen(only)
    chosen = parameters.typed(notebooks, settings or {})
    asked = [languages.check(tag) for tag in spoken]
    edition = read_period(company, period)
    tags = tuple(dict.fromkeys(asked or [edition.company.language]))
    order = Order(
        edition=edition, notebooks=notebooks, settings=chosen, out=out.resolve(), languages=tags
    )
    with aside(order.folder) as building:
        ran = _run_all(order, building)
        said = _commentary(order, ran)
        imprint.write(building, edition, order.settings, ran, said, spoken=order.languages)
        is_complete = not any(one.failed for one in ran)
        exchange(building, order.folder if is_complete else order.incomplete)
        if is_complete:
            discard(order.incomplete)
    chronicle.write(order.folder.parent)
    shelf.write(order.out)
    if not is_complete:
        raise NotebookFailed(_failed(order, ran))
    return order.folder / "index.html"


def _all_notebooks() -> list[Path]:
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def _chosen(only: Sequence[str]) -> tuple[Path, ...]:
    """Return the notebooks asked for, with the summary; all of them when none is named."""
    every = {path.stem: path for path in _all_notebooks()}
    names = [Path(name).stem for name in only]
    for name in names:
        if name not in every:
            raise ParameterError(f"There is no notebook '{name}'. {did_you_mean(name, every)}")
    return tuple(every[name] for name in every if not names or name in {*names, SUMMARY})


def _run_all(order: Order, building: Path) -> list[Ran]:
    """Run the notebooks side by side, then the summary on their findings; write all pages."""
    from tqdm import tqdm

    body = [path for path in order.notebooks if path.stem != SUMMARY]
    last = [path for path in order.notebooks if path.stem == SUMMARY]
    workers = max(1, min(len(body), os.cpu_count() or 1))
    with (
        tqdm(total=len(order.notebooks), unit="notebook", leave=False) as bar,
        ProcessPoolExecutor(workers, get_context("spawn"), start_worker) as pool,
    ):
        ran = _finished(pool, body, order, building, bar)
        _write_findings(order, ran, building)
        ran += _finished(pool, last, order, building, bar)
    ran.sort(key=_path)
    _write_findings(order, ran, building)
    for tag, folder in _folders(order, building).items():
        with languages.speaking(tag):
            told = [one[tag] for one in ran]
            _write_pages(order, told, folder)
            _write_workbook(order, told, folder)
    return [_one_of(each, order.languages[0]) for each in ran]


def _folders(order: Order, building: Path) -> dict[str, Path]:
    """Return where each language's pages are built: the first one's at the top."""
    first, *others = order.languages
    return {first: building} | {tag: building / tag for tag in others}


def _one_of(ran: Mapping[str, Ran], tag: str) -> Ran:
    """Return what stands for a notebook in all languages: where it failed, or in the first one."""
    return next((one for one in ran.values() if one.failed), ran[tag])


def _path(ran: Mapping[str, Ran]) -> Path:
    return next(iter(ran.values())).path


def _finished(
    pool: ProcessPoolExecutor,
    notebooks: Sequence[Path],
    order: Order,
    building: Path,
    bar: object,
) -> list[dict[str, Ran]]:
    given = {
        "company": str(order.edition.company.folder),
        "period": str(order.edition.period),
        **order.settings,
    }
    how = (given, environment_of(building), _folders(order, building))
    waiting: dict[Future[dict[str, Ran]], Path] = {
        pool.submit(run, path, *how): path for path in notebooks
    }
    ran = []
    try:
        for future in as_completed(waiting):
            bar.set_description(
                ", ".join(p.stem for f, p in waiting.items() if not f.done()) or "pages"
            )
            ran.append(future.result())
            bar.update()
    except BrokenProcessPool:
        raise ended("A notebook") from None
    finally:
        for future in waiting:
            future.cancel()
    return sorted(ran, key=_path)  # not in the order in which they ended


def _stories(ran: Iterable[Ran]) -> list[pages.PageStory]:
    return [
        pages.collect(one.executed, name=one.path.stem)
        if one.executed is not None
        else findings.PageStory(
            name=one.path.stem,
            question=_question(one.path),
            why=one.why,
            failed=one.failed.words if one.failed else "",
        )
        for one in ran
    ]


def _question(path: Path) -> str:
    """Return a notebook's question in the spoken language."""
    notebook = nbformat.read(path, as_version=4)
    return pages.question_of(in_words(notebook, name=path.stem))


def _write_findings(order: Order, ran: Sequence[Mapping[str, Ran]], building: Path) -> None:
    for tag, folder in _folders(order, building).items():
        folder.mkdir(exist_ok=True)
        with languages.speaking(tag):
            findings.write(
                folder,
                period=order.edition.period,
                stories=_stories(one[tag] for one in ran),
                company=order.edition.company.name,
            )


def _commentary(order: Order, ran: Sequence[Ran]) -> Commentary:
    """Return what people say about this edition, each remark where it belongs."""
    firm = order.edition.company
    said = commentary.read(firm.folder, order.edition.period, language=firm.language)
    shown = {story.name: [each["id"] for each in story.exhibits] for story in _stories(ran)}
    return said.placed(shown, (path.stem for path in _all_notebooks()))


def _write_pages(order: Order, ran: Sequence[Ran], folder: Path) -> None:
    said = _commentary(order, ran)
    entries = tuple(
        pages.Entry(one.path.stem, _question(one.path), one.why, one.failed) for one in ran
    )
    site = pages.Site(
        order.edition.company.name,
        order.edition.period,
        entries,
        language=languages.spoken(),
        languages=order.languages,
        earlier=archive.earlier(order.folder, order.edition.period),
        is_whole=order.whole,
    )
    for one, entry in zip(ran, entries, strict=True):
        page = _page_info(order, one.path, said)
        if one.failed:
            html = pages.failed_page(site=site, page=page, failure=one.failed)
        elif one.executed is None:
            html = pages.not_measured_page(site=site, page=page, why=one.why)
        else:
            html = pages.render_page(one.executed, site=site, page=page)
            for name, text in pages.csvs(one.executed, name=one.path.stem).items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8", newline="")
        (folder / entry.file).write_text(html, encoding="utf-8", newline="\n")


def _write_workbook(order: Order, ran: Sequence[Ran], folder: Path) -> None:
    known = [one for one in ran if one.executed is not None]
    handout.write(
        folder,
        _stories(ran),
        {one.path.stem: pages.exhibits_of(one.executed) for one in known},
        company=order.edition.company.name,
        period=order.edition.period,
    )


def _page_info(order: Order, path: Path, said: Commentary) -> pages.PageInfo:
    return pages.PageInfo(
        name=path.stem,
        notebook=path.name,
        parameters={"period": str(order.edition.period), **order.settings},
        inputs=order.edition.inputs,
        versions=imprint.versions(),
        state=shipped.state_of(path),
        remarks=said.on(path.stem),
    )


def _failed(order: Order, ran: Iterable[Ran]) -> str:
    """Return which notebooks failed, what to do, where the pages lie and which stand."""
    with languages.speaking(languages.SOURCE):
        told = [f"{one.failed.words}. {one.failed.advice}" for one in ran if one.failed]
    period = f"{order.edition.company.name}, {order.edition.period}"
    stands = (
        "The last complete edition stands as it was."
        if order.folder.exists()
        else "There is no complete edition of it."
    )
    where = order.incomplete / "index.html"
    return "\n".join([*told, f"The edition of {period} is incomplete. {stands} See {where}"])
