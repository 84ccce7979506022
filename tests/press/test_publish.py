"""The press replaces an edition by a complete one or not at all: whoever fails or is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from editions import Here, contents, publish_here, run_here, write_company

from profitchain import cli
from profitchain.core.errors import ParameterError
from profitchain.pages.failures import Failure, NotebookFailed
from profitchain.press import fork_server, publish, run_cache, run_notebook

PARAMETERS = 'company: str = "data/example"  # folder\nperiod: str = ""  # period'
OPEN = "from profitchain.panel.edition import read_period\n\nedition = read_period(company, period)"
ANSWER = "from profitchain.words import prose\n\nprose.answer('All is well.')"
PATIENCE_SECONDS = 120

posix_only = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def write_notebook(folder: Path, name: str, *code: str, tags: tuple = ("parameters",)) -> Path:
    """Write a notebook of one question, the usual two parameters and some code."""
    cells = [
        nbformat.v4.new_markdown_cell(f"# Is {name} well?"),
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": list(tags)}),
        *(nbformat.v4.new_code_cell(source) for source in (OPEN, *code)),
    ]
    path = folder / f"{name}.ipynb"
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    return path


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, repo) -> Path:
    """A checkout with the library as it is, two short notebooks, and a small company."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(repo / "lib" / "profitchain", root / "lib" / "profitchain")
    (root / "notebooks").mkdir()
    for name in ("00_summary", "03_short"):
        write_notebook(root / "notebooks", name, ANSWER)
    days = pd.date_range("2025-12-01", "2026-03-31", freq="D")
    orders = pd.DataFrame({"customer_id": "C1", "ordered_at": days, "revenue": 1})
    orders.insert(0, "order_id", range(len(days)))
    write_company(root / "data" / "shop", {"orders": orders})
    return root


def report(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `report` on the checkout's own library, as the leader of a group of processes."""
    return subprocess.Popen(
        [sys.executable, "-m", "profitchain", "report", "--company", "data/shop", *arguments],
        cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout / "lib")}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finished(running: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = running.communicate(timeout=PATIENCE_SECONDS)
    return running.returncode, out, err


@pytest.fixture(scope="module")
def published(checkout) -> Path:
    """The checkout's edition, published to a folder named from the current one."""
    code, out, err = finished(report(checkout, "--out", "reports"))
    assert code == 0, err
    return Path(out.strip()).parent


def left_over(reports: Path) -> list[str]:
    return [str(path) for path in reports.rglob(".*")]


def test_the_command_prints_the_path_of_the_index_page(checkout, published):
    assert published == checkout / "reports" / "shop" / "2026Q1"
    assert "All is well." in (published / "index.html").read_text(encoding="utf-8")
    assert (checkout / "reports" / "index.html").is_file()
    assert left_over(checkout / "reports") == []


@posix_only
def test_a_report_killed_at_any_moment_leaves_the_last_edition_and_the_next_run_is_clean(
    checkout, published
):
    before, reports = contents(published), published.parents[1]
    for moment in (0.5, 1.9, 3.3, "record.json"):
        running = report(checkout, "--fresh", "--out", "reports")
        wait_for(moment, reports, running)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        assert contents(published) == before
    assert finished(report(checkout, "--out", "reports"))[0] == 0
    assert contents(published) == before
    assert left_over(reports) == []


def wait_for(moment: float | str, reports: Path, running: subprocess.Popen[str]) -> None:
    """Wait some seconds, or until the making has a file: the last one before the exchange."""
    if isinstance(moment, float):
        time.sleep(moment)
        return
    while running.poll() is None and not list(reports.glob(f"*/.making-*/{moment}")):
        time.sleep(0.001)


@posix_only
def test_a_killed_report_takes_its_workers_with_it(checkout, published):
    slow = write_notebook(checkout / "notebooks", "04_slow", "__import__('time').sleep(600)")
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        running = report(checkout, "--only", "04_slow", "--out", "reports")
        while not kernels_in(slow.parent) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(group(running.pid)) >= 2
        os.kill(running.pid, signal.SIGKILL)
        running.communicate()
    finally:
        slow.unlink()
    while (group(running.pid) or kernels_in(slow.parent)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert group(running.pid) == []
    assert kernels_in(slow.parent) == []


def kernels_in(folder: Path) -> list[int]:
    """Return the processes that lead a session from a folder, as kernels do; [] where unknown."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            leads = os.getsid(int(process.name)) == int(process.name)
            if leads and (process / "cwd").resolve() == folder:
                found.append(int(process.name))
    return found


def group(leader: int) -> list[int]:
    """Return the live processes of a group."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [line.split() for line in listed]
    return [int(pid) for pid, of, state in rows if int(of) == leader and state[0] != "Z"]


@pytest.fixture
def notebooks(tmp_path, checkout, monkeypatch) -> Path:
    """A folder of short notebooks that the press takes for its own."""
    folder = tmp_path / "notebooks"
    shutil.copytree(checkout / "notebooks", folder)
    monkeypatch.setattr(publish, "NOTEBOOKS", folder)
    return folder


BROKEN = "x = 1", "raise KeyError(\n    f'<b>no</b> {__import__(\"os\").getcwd()}/x.csv'\n)"
WORDS = "05_broken.ipynb stopped in cell 5: KeyError: '<b>no</b> …/x.csv'"
ESCAPED = WORDS.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def folders(company: Path) -> list[str]:
    """Return the names of a company's editions, beside which the list of them stands."""
    return sorted(path.name for path in company.iterdir() if path.is_dir())


def test_a_failing_notebook_leaves_the_last_edition_and_an_incomplete_one_beside_it(
    checkout, published, notebooks, tmp_path
):
    reports = Path(shutil.copytree(published.parents[1], tmp_path / "reports"))
    edition, incomplete = (reports / "shop" / name for name in ("2026Q1", "2026Q1.incomplete"))
    before = contents(edition)
    broken = write_notebook(notebooks, "05_broken", *BROKEN)
    with pytest.raises(NotebookFailed) as failed:
        publish.publish(checkout / "data" / "shop", "2026Q1", out=reports)
    told = str(failed.value)
    assert told.startswith(f"{WORDS}. Open the notebook in JupyterLab")
    assert "The last complete edition stands as it was." in told
    assert str(incomplete / "index.html") in told
    assert contents(edition) == before
    assert left_over(reports) == []

    page = read(incomplete / "05_broken.html")
    assert ESCAPED in page and "run it to that cell" in page
    assert "Traceback" not in page and str(tmp_path) not in page
    assert "All is well." in read(incomplete / "03_short.html")
    index = read(incomplete / "index.html")
    assert "This edition is incomplete" in index and ESCAPED in index and "All is well." in index
    assert "This edition is incomplete" not in read(incomplete / "03_short.html")
    record = json.loads(read(incomplete / "record.json"))
    assert (record["complete"], record["failed"]) == (False, {"05_broken": WORDS})
    pages = json.loads(read(incomplete / "pages.json"))["pages"]
    assert [page["failed"] for page in pages] == ["", "", WORDS]
    assert "incomplete" not in read(reports / "index.html")

    broken.unlink()
    publish_here(checkout / "data" / "shop", "2026Q1", out=reports)
    folders = [path.name for path in (reports / "shop").iterdir() if path.is_dir()]
    assert folders == ["2026Q1"]
    assert json.loads(read(edition / "record.json"))["complete"]


def stopped(
    path: Path, _given: object, _environment: object, folders: dict
) -> dict[str, run_notebook.NotebookRun]:
    """Return what comes back from a notebook that fails at once."""
    failure = Failure(notebook=path.name, stop="error", cell=2, error="KeyError: 'x'")
    ran = run_notebook.NotebookRun(path=path, executed=None, why="", seconds=0.0, failed=failure)
    return dict.fromkeys(folders, ran)


@pytest.fixture
def failing(monkeypatch) -> set[str]:
    """Names of notebooks that fail in this test, which needs no kernels; the others run."""
    names: set[str] = set()
    monkeypatch.setenv(fork_server.PLAIN, "plain")
    monkeypatch.setattr(run_cache.RunCache, "find", lambda *_: None)
    monkeypatch.setattr(publish, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(
        publish,
        "run",
        lambda path, *given: (stopped if path.stem in names else run_here)(path, *given),
    )
    return names


def test_a_summary_that_fails_gives_an_index_with_the_reason_and_the_other_pages(
    checkout, notebooks, tmp_path, failing
):
    failing.add("00_summary")
    with pytest.raises(NotebookFailed, match="There is no complete edition of it"):
        publish.publish(checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports")
    incomplete = tmp_path / "reports" / "shop" / "2026Q1.incomplete"
    index = read(incomplete / "index.html")
    assert "This edition is incomplete" in index and "00_summary.ipynb stopped in cell 2" in index
    assert '<a href="03_short.html">Is 03_short well?</a></li>' in index
    assert folders(incomplete.parent) == [incomplete.name]
    assert "No edition yet" in read(tmp_path / "reports" / "index.html")


def test_the_command_ends_with_1_and_the_words_of_the_page(
    checkout, notebooks, tmp_path, failing, capsys
):
    failing.add("03_short")
    shop, out = str(checkout / "data" / "shop"), tmp_path / "reports"
    for _time in range(2):  # the second replaces what the first left
        assert cli.main(["report", "2026Q1", "--company", shop, "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert "03_short.ipynb stopped in cell 2: KeyError: 'x'" in said.err
    assert str(out / "shop" / "2026Q1.incomplete" / "index.html") in said.err
    assert said.out == ""
    assert folders(out / "shop") == ["2026Q1.incomplete"]
    assert left_over(out) == []


def test_a_part_that_fails_replaces_neither_the_edition_nor_the_last_part(
    checkout, notebooks, tmp_path, failing
):
    write_notebook(notebooks, "05_more", ANSWER)
    order = checkout / "data" / "shop", "2026Q1"
    part = publish.publish(*order, out=tmp_path, only=["05_more"]).parent
    before = contents(part)
    failing.add("05_more")
    with pytest.raises(NotebookFailed):
        publish.publish(*order, out=tmp_path, only=["05_more"])
    assert folders(part.parent) == ["2026Q1.part", "2026Q1.part.incomplete"]
    assert contents(part) == before


def test_a_notebook_that_fails_does_so_in_every_language(checkout, notebooks, tmp_path, failing):
    failing.add("03_short")
    with pytest.raises(NotebookFailed):
        publish.publish(
            checkout / "data" / "shop", "2026Q1", out=tmp_path, spoken=["zh-Hant", "en"]
        )
    incomplete = tmp_path / "shop" / "2026Q1.incomplete"
    for folder in (incomplete, incomplete / "en"):
        assert "KeyError: &#39;x&#39;" in read(folder / "03_short.html")
        assert 'class="failed"' in read(folder / "index.html")
    failed = json.loads(read(incomplete / "record.json"))["failed"]
    assert failed == {"03_short": "03_short.ipynb stopped in cell 2: KeyError: 'x'"}


@pytest.mark.parametrize("how", ["forked", "plain"])
def test_a_kernel_that_the_system_ends_leaves_the_other_pages(
    checkout, notebooks, tmp_path, monkeypatch, how
):
    monkeypatch.setenv(fork_server.PLAIN, how)
    write_notebook(notebooks, "05_greedy", "import os\n\nos.kill(os.getpid(), 9)")
    with pytest.raises(NotebookFailed, match=r"05_greedy\.ipynb stopped .*memory ran out"):
        publish.publish(checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports")
    incomplete = tmp_path / "reports" / "shop" / "2026Q1.incomplete"
    assert "Close what else needs memory" in read(incomplete / "05_greedy.html")
    assert "All is well." in read(incomplete / "03_short.html")


def test_a_worker_that_the_system_ends_stops_everything(checkout, notebooks, tmp_path, monkeypatch):
    monkeypatch.setenv(fork_server.PLAIN, "plain")

    class Broken(Here):
        def submit(self, *_work: object) -> Future:
            done = Future()
            done.set_exception(BrokenProcessPool())
            return done

    monkeypatch.setattr(publish, "ProcessPoolExecutor", Broken)
    with pytest.raises(NotebookFailed, match="Nothing was published; the last edition stands"):
        publish.publish(checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports")
    assert list((tmp_path / "reports").rglob("*.html")) == []


def test_what_ran_but_cannot_become_a_page_is_a_failure_too(tmp_path):
    data = {"application/vnd.profitchain.exhibit+json": {"id": "twice", "csv": ""}}
    shown = [nbformat.v4.new_output("display_data", data=data) for _time in range(2)]
    cells = [nbformat.v4.new_code_cell("", outputs=shown)]
    executed = [nbformat.v4.new_notebook(cells=cells)]
    failed = run_notebook.unusable(Path("05_x.ipynb"), executed, {})
    assert "can't become a page: Two exhibits of 05_x are called 'twice'" in failed.words


def test_a_notebook_without_tagged_parameters_is_refused_before_anything_runs(
    notebooks, monkeypatch
):
    monkeypatch.setattr(publish, "_run_all", lambda *_: pytest.fail("a notebook ran"))
    write_notebook(notebooks, "05_untagged", ANSWER, tags=())
    with pytest.raises(ParameterError, match=r"05_untagged\.ipynb has no cell tagged 'parameters'"):
        publish.publish("data/shop")


def test_a_notebook_without_a_kernel_is_refused_before_anything_runs(notebooks, monkeypatch):
    monkeypatch.setattr(publish, "_run_all", lambda *_: pytest.fail("a notebook ran"))
    path = write_notebook(notebooks, "05_homeless", ANSWER)
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["kernelspec"]
    nbformat.write(notebook, path)
    with pytest.raises(ParameterError, match=r"05_homeless\.ipynb names no kernel"):
        publish.publish("data/shop")


@pytest.mark.parametrize(
    ("text", "words"),
    [("<<<<<<< mine", "can't become a page. Notebook does not appear to be JSON"),
     ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "has no question")],
)  # fmt: skip
def test_a_file_that_is_no_notebook_is_refused_before_anything_runs(
    notebooks, monkeypatch, text, words
):
    monkeypatch.setattr(publish, "_run_all", lambda *_: pytest.fail("a notebook ran"))
    (notebooks / "05_odd.ipynb").write_text(text)
    with pytest.raises(ParameterError, match=rf"05_odd\.ipynb .*{words}"):
        publish.publish("data/shop")


def test_a_part_stands_beside_the_whole_edition_and_never_in_its_place(
    checkout, published, notebooks, tmp_path
):
    shutil.copytree(published.parents[1], tmp_path / "reports")
    before = contents(tmp_path / "reports" / "shop" / "2026Q1")
    write_notebook(notebooks, "05_more", ANSWER)
    index = publish.publish(
        checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports", only=["05_more"]
    )
    assert index.parent.name == "2026Q1.part"
    assert contents(tmp_path / "reports" / "shop" / "2026Q1") == before
    assert {path.name for path in index.parent.glob("*.html")} == {"index.html", "05_more.html"}
