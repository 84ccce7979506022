"""The press publishes all or nothing: whoever fails or is killed, the last edition stands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from editions import contents, write_company

from profitchain import press, runs
from profitchain.errors import ParameterError

PARAMETERS = 'company: str = "data/example"  # folder\nperiod: str = ""  # period'
OPEN = "from profitchain.store import read_period\n\nedition = read_period(company, period)"
ANSWER = "from profitchain import wording\n\nwording.answer('All is well.')"
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
        running = report(checkout, "--out", "reports")
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
    running = report(checkout, "--out", "reports")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(group(running.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    while group(running.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert group(running.pid) == []


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
    monkeypatch.setattr(press, "NOTEBOOKS", folder)
    return folder


def test_a_failing_notebook_is_named_with_cell_and_error_and_nothing_is_published(
    checkout, published, notebooks, tmp_path
):
    shutil.copytree(published.parents[1], tmp_path / "reports")
    edition = tmp_path / "reports" / "shop" / "2026Q1"
    before = contents(tmp_path / "reports")
    write_notebook(notebooks, "05_broken", "x = 1", "1 / 0")
    with pytest.raises(runs.NotebookFailed) as failed:
        press.publish(checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports")
    told = str(failed.value)
    assert told.startswith("05_broken.ipynb stopped in cell 5: ZeroDivisionError: division by zero")
    assert "Nothing was published; the last edition stands." in told
    assert edition.is_dir() and contents(tmp_path / "reports") == before
    assert left_over(tmp_path / "reports") == []


def test_a_kernel_that_the_system_ends_is_said_to_have_ended(checkout, notebooks, tmp_path):
    write_notebook(notebooks, "05_greedy", "import os\n\nos._exit(9)")
    with pytest.raises(runs.NotebookFailed, match=r"05_greedy\.ipynb stopped .*memory ran out"):
        press.publish(checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports")
    assert list((tmp_path / "reports").rglob("*.html")) == []


def test_a_notebook_without_tagged_parameters_is_refused_before_anything_runs(
    notebooks, monkeypatch
):
    monkeypatch.setattr(press, "_run_all", lambda *_: pytest.fail("a notebook ran"))
    write_notebook(notebooks, "05_untagged", ANSWER, tags=())
    with pytest.raises(ParameterError, match=r"05_untagged\.ipynb has no cell tagged 'parameters'"):
        press.publish("data/shop")


def test_a_notebook_without_a_kernel_is_refused_before_anything_runs(notebooks, monkeypatch):
    monkeypatch.setattr(press, "_run_all", lambda *_: pytest.fail("a notebook ran"))
    path = write_notebook(notebooks, "05_homeless", ANSWER)
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["kernelspec"]
    nbformat.write(notebook, path)
    with pytest.raises(ParameterError, match=r"05_homeless\.ipynb names no kernel"):
        press.publish("data/shop")


def test_a_part_stands_beside_the_whole_edition_and_never_in_its_place(
    checkout, published, notebooks, tmp_path
):
    shutil.copytree(published.parents[1], tmp_path / "reports")
    before = contents(tmp_path / "reports" / "shop" / "2026Q1")
    write_notebook(notebooks, "05_more", ANSWER)
    index = press.publish(
        checkout / "data" / "shop", "2026Q1", out=tmp_path / "reports", only=["05_more"]
    )
    assert index.parent.name == "2026Q1.part"
    assert contents(tmp_path / "reports" / "shop" / "2026Q1") == before
    assert {path.name for path in index.parent.glob("*.html")} == {"index.html", "05_more.html"}
