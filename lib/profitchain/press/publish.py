"""From notebooks to a published edition: run, render, replace the last one whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profitchain.core import i18n
from profitchain.core.atomic import aside, discard, exchange
from profitchain.core.errors import ParameterError
from profitchain.core.provenance import NOTEBOOKS, REPORTS, code_of
from profitchain.disclosure import ledger, restating
from profitchain.exhibits import findings_history
from profitchain.pages import editions, index_pages
from profitchain.pages.failures import Failure, NotebookFailed
from profitchain.panel.edition import read_period
from profitchain.press import edition_cache, fork_server, parameters, record, run_cache
from profitchain.press.assemble import (
    EditionRequest,
    commentary_on,
    is_in_workbook,
    workbooks,
    write_findings,
    write_pages,
)
from profitchain.press.chosen_notebooks import all_notebooks, chosen_notebooks, longest_first
from profitchain.press.edition_cache import ReportRequest
from profitchain.press.fork_server import Forks
from profitchain.press.run_notebook import (
    NotebookRun,
    ended,
    environment_of,
    ready_worker,
    run,
    run_forked,
    stopped,
)

SUMMARY = "00_summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """What an order is worked off with: workers, runs kept earlier and the keys of these ones."""

    pool: ProcessPoolExecutor
    kernels: Forks | ProcessPoolExecutor
    earlier: run_cache.RunCache
    building: Path
    bar: Any
    keys: dict[Path, str]


def publish(
    company: str | Path,
    period: str = "",
    *,
    out: Path = REPORTS,
    only: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    spoken: Sequence[str] = (),
    fresh: bool = False,
    restate: bool = False,
    shelf: Path | None = None,
) -> Path:
    """Run the notebooks of an edition, render them, publish it; return its index page.

    `spoken` are the languages of its pages, the company's own if none is named. The first one's
    pages are the edition's, each other's stand in a folder inside it. A notebook of which nothing
    changed since it ran doesn't run again, unless all is to be `fresh`. What was published stands
    where replacing it could tell of few customers, unless nobody has seen it and it is to be
    `restate`d. With a `shelf`, the edition is one beside those there, and counts as not published.

    Raises ProfitchainError, and leaves the published edition as it was, when a parameter is
    unknown, the data can't be used or a notebook fails; in the last case an incomplete edition,
    which says so, lies beside it.
    """
    notebooks = chosen_notebooks(NOTEBOOKS, only)
    chosen = parameters.typed(notebooks, settings or {})
    tongues = [i18n.check(tag) for tag in spoken]
    code = code_of(NOTEBOOKS)  # known before any of it is imported to run
    is_forked = fork_server.start(NOTEBOOKS, code)
    with ledger.on_shelf(shelf or out), _workers(len(notebooks)) as pool:
        edition = read_period(company, period)
        order = EditionRequest(
            edition=edition, notebooks=notebooks, every=tuple(all_notebooks(NOTEBOOKS)),
            settings=chosen, out=out.resolve(),
            languages=tuple(dict.fromkeys(tongues or [edition.company.language])),
            is_anew=restate, is_trial=shelf is not None,
        )  # fmt: skip
        if _stands(order):
            return order.folder / "index.html"
        earlier = _earlier_runs(order, code, is_fresh=fresh)
        words = {"out": out, "only": only, "settings": settings, "spoken": spoken}
        request = ReportRequest.of(company, period, **words)
        is_known = all(earlier.key(path) for path in notebooks)  # all that they read
        made_of = edition_cache.sources(request, code, NOTEBOOKS) if is_known else ""
        with _kernels(is_forked, pool) as kernels, aside(order.folder) as building:
            ran = _run_all(order, building, (pool, kernels), earlier)
            _put_in_place(order, building, ran)
    _write_lists(order)
    _refuse_failed(order, ran)
    if made_of and made_of == edition_cache.sources(request, code_of(NOTEBOOKS), NOTEBOOKS):
        edition_cache.mark_edition(request, made_of, order.folder)
    return order.folder / "index.html"


def _earlier_runs(order: EditionRequest, code: str, *, is_fresh: bool) -> run_cache.RunCache:
    return run_cache.RunCache(
        edition=order.edition, notebooks=NOTEBOOKS, code=code,
        parameters=order.notebook_parameters, tags=order.languages, is_fresh=is_fresh,
    )  # fmt: skip


def _refuse_failed(order: EditionRequest, ran: Sequence[NotebookRun]) -> None:
    if any(page_run.failed for page_run in ran):
        raise NotebookFailed(_failed(order, ran))


def _stands(order: EditionRequest) -> bool:
    """Tell whether what was published stands, and say why; raise where it isn't there any more."""
    edition = order.edition
    if order.is_anew or order.is_trial or not order.whole:
        return False
    why = restating.why_it_stands(edition.company, edition.gate, edition.folder)
    if not why:
        return False
    does = "stands as it was published" if order.folder.exists() else "can't be published"
    says = (
        f"{edition.period} {does}: {why}, so that comparing editions would tell of them. "
        "If nobody has seen what was published, add --restate."
    )
    if not order.folder.exists():
        raise ParameterError(says)
    print(says, file=sys.stderr)
    return True


def _write_lists(order: EditionRequest) -> None:
    """Write the lists of editions; say which are in none because a file can't be read."""
    findings_history.write_long_table(order.folder.parent)
    index_pages.write_index_pages(order.out)
    for firm in editions.firms_in(order.out):
        for folder in findings_history.torn_editions(firm):
            print(
                f"{firm.name}/{folder.name} is in no list: its record.json, findings.json or "
                f"pages.json can't be read. Publish it anew: report {folder.name}.",
                file=sys.stderr,
            )


def _put_in_place(order: EditionRequest, building: Path, ran: Sequence[NotebookRun]) -> None:
    remarks = commentary_on(order, ran)
    record.write_record(
        building, order.edition, order.settings, ran, remarks, spoken=order.languages
    )
    is_complete = not any(page_run.failed for page_run in ran)
    target = order.folder if is_complete else order.incomplete
    record.keep_published(building, target)
    if is_complete and order.whole and not order.is_trial:
        edition = order.edition
        restating.write_down(edition.company, edition.gate, edition.folder, anew=order.is_anew)
    exchange(building, target)
    if is_complete:
        discard(order.incomplete)


def _workers(most: int) -> ProcessPoolExecutor:
    number = max(1, min(most, os.cpu_count() or 1))
    return ProcessPoolExecutor(
        number, fork_server.ways_to_start(), ready_worker, (dict(os.environ),)
    )


def _kernels(
    is_forked: bool, pool: ProcessPoolExecutor
) -> AbstractContextManager[Forks | ProcessPoolExecutor]:
    """Return what runs notebooks: a new forked process for each, or workers that start kernels."""
    return Forks(os.cpu_count() or 1, dict(os.environ)) if is_forked else nullcontext(pool)


def _run_all(
    order: EditionRequest,
    building: Path,
    workers: tuple[ProcessPoolExecutor, Forks | ProcessPoolExecutor],
    earlier: run_cache.RunCache,
) -> list[NotebookRun]:
    """Run the notebooks side by side, then the summary on their findings; write all pages."""
    from tqdm import tqdm

    body = [path for path in order.notebooks if path.stem != SUMMARY]
    last = [path for path in order.notebooks if path.stem == SUMMARY]
    with tqdm(total=len(order.notebooks), unit="notebook", leave=False) as bar:
        pool, kernels = workers
        shop = _Shop(
            pool=pool, kernels=kernels, earlier=earlier, building=building, bar=bar, keys={}
        )
        ran = _finished(shop, longest_first(body, order.folder), order)
        write_findings(order, ran, building)
        books = workbooks(pool, order, ran, building)
        read = [
            folder / name
            for folder in order.folders(building).values()
            for name in ("findings.json", "pages.json")
        ]
        summary_runs = _finished(shop, last, order, reads=read)
        ran = sorted(ran + summary_runs, key=_path)
        write_findings(order, ran, building)
        if any(map(is_in_workbook, summary_runs)):  # the shipped summary holds none of its own
            _wait(books)
            books = workbooks(pool, order, ran, building)
        pages = write_pages(pool, order, ran, building)
        _keep_new(shop, ran)
        _wait([*books, *pages])
    return [_one_of(runs, order.languages[0]) for runs in ran]


def _wait(jobs: Iterable[Future]) -> None:
    try:
        for job in jobs:
            job.result()
    except BrokenProcessPool:
        raise ended("A page") from None


def _keep_new(shop: _Shop, ran: Sequence[Mapping[str, NotebookRun]]) -> None:
    """Keep what ran for the next report."""
    new = [runs for runs in ran if _is_worth_keeping(runs) and shop.keys[_path(runs)]]
    if new and shop.earlier.still_holds():
        for runs in new:
            shop.earlier.keep(runs, shop.keys[_path(runs)])


def _is_worth_keeping(ran: Mapping[str, NotebookRun]) -> bool:
    return not any(page_run.failed or page_run.is_earlier for page_run in ran.values())


def _one_of(ran: Mapping[str, NotebookRun], tag: str) -> NotebookRun:
    """Return what stands for a notebook in all languages: where it failed, or in the first one."""
    return next((page_run for page_run in ran.values() if page_run.failed), ran[tag])


def _path(ran: Mapping[str, NotebookRun]) -> Path:
    return next(iter(ran.values())).path


def _finished(
    shop: _Shop, notebooks: Sequence[Path], order: EditionRequest, *, reads: Sequence[Path] = ()
) -> list[dict[str, NotebookRun]]:
    """Return notebooks' runs: earlier ones where nothing changed since, else new ones."""
    ran = []
    is_forked = isinstance(shop.kernels, Forks)
    work: Any = run_forked if is_forked else run
    how: Any = (
        order.notebook_parameters,
        environment_of(shop.building),
        order.folders(shop.building),
    )
    waiting: dict[Future[dict[str, NotebookRun]], Path] = {}
    for path in notebooks:
        key = shop.keys[path] = shop.earlier.key(path, reads=reads)
        earlier = shop.earlier.find(path, key)
        if earlier is None:
            waiting[shop.kernels.submit(work, path, *how)] = path
        else:
            ran.append(earlier)
            shop.bar.update()
    try:
        for future in as_completed(waiting):
            names = sorted(path.stem for job, path in waiting.items() if not job.done())
            shop.bar.set_description(", ".join(names) or "pages")
            if is_forked and isinstance(future.exception(), BrokenProcessPool):
                failure = Failure(notebook=waiting[future].name, stop="ended")
                ran.append(stopped(waiting[future], order.languages, failure))
            else:
                ran.append(future.result())
            shop.bar.update()
    except BrokenProcessPool:
        raise ended("A notebook") from None
    finally:
        for future in waiting:
            future.cancel()
    return sorted(ran, key=_path)  # not in the order in which they ended


def _failed(order: EditionRequest, ran: Iterable[NotebookRun]) -> str:
    """Return which notebooks failed, what to do, where the pages lie and which stand."""
    with i18n.speaking(i18n.SOURCE):
        failures = [
            f"{page_run.failed.words}. {page_run.failed.advice}"
            for page_run in ran
            if page_run.failed
        ]
    period = f"{order.edition.company.name}, {order.edition.period}"
    stands = (
        "The last complete edition stands as it was."
        if order.folder.exists()
        else "There is no complete edition of it."
    )
    where = order.incomplete / "index.html"
    return "\n".join([*failures, f"The edition of {period} is incomplete. {stands} See {where}"])
