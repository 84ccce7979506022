"""A forked kernel behaves as one that starts by itself, and draws its own random numbers."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import nbformat
import pytest

from profitchain.press import fork_server, kernel_provisioner, run_notebook

pytestmark = pytest.mark.skipif(
    not fork_server.can_fork(), reason="kernels are forked on Linux only"
)

SHOWS = (
    "import os, signal, sys, threading\n\n[os.getcwd(), sys.path, __name__, hash('a')]",
    "sorted({**os.environ, 'JPY_PARENT_PID': ''}.items())",
    "os.getsid(0) == os.getpid(), os.getppid() == int(os.environ['JPY_PARENT_PID'])",
    "signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD), sys.stdin.read()",
    "sorted(thread.name.split('-')[0] for thread in threading.enumerate())",
    "print('said'); print('warned', file=sys.stderr); _ = os.system('echo by a shell')",
    "import atexit, matplotlib.pyplot as plt\n\n_ = plt.plot([1, 2]), plt.get_backend()",
    "from multiprocessing import Pool\n\nwith Pool(2) as pool:\n    print(pool.map(abs, [-1, -2]))",
    "import duckdb\n\nduckdb.sql('select sum(range) from range(3_000_000)').fetchall()",
    "import pandas, pyarrow.compute as pc\n\npc.sum(pandas.Series(range(9)).to_numpy())",
    "import profitchain.exhibits.charts, statsmodels.api\n\n1 / 3",
    "raise KeyError('x')",
)


def write_notebook(folder: Path, *code: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in code]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "01_shows.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    return path


@pytest.fixture(scope="module")
def address(repo) -> Iterator[bytes]:
    """Where forked kernels are to be had, in the environment that workers have."""
    end_all()
    with mock.patch.dict(os.environ, run_notebook.environment_of(Path("nowhere"))):
        os.environ.pop("MPLBACKEND", None)
        given = fork_server.start(repo / "notebooks", "code")
        with ProcessPoolExecutor(1, fork_server.ways_to_start()) as pool:
            pool.submit(abs, 1).result()  # workers start when all is imported
        yield given
    kernel_provisioner.use(b"")
    end_all()


def end_all() -> None:
    """End the processes from which workers and kernels are forked, so that the next start anew."""
    forkserver._forkserver._stop()
    fork_server._started = None


def outputs(path: Path, address: bytes) -> list[list[dict]]:
    """Return what a notebook's cells show, by a forked kernel or, without address, a plain one."""
    import papermill

    kernel_provisioner.use(address)
    executed = papermill.execute_notebook(
        str(path), None, kernel_name="python3", progress_bar=False, cwd=str(path.parent),
        raise_on_iopub_timeout=True,
    )  # fmt: skip
    return [cell.outputs for cell in executed.cells]


def test_a_forked_kernel_shows_what_a_plain_one_shows(tmp_path, address):
    path = write_notebook(tmp_path, *SHOWS[:-1])
    forked, plain = outputs(path, address), outputs(path, b"")
    for source, one, other in zip(SHOWS, forked, plain, strict=False):
        assert one == other, source
    assert "(True, True)" in str(forked[2])
    assert "image/png" in str(forked[6])


def test_kernels_forked_from_one_process_draw_different_numbers(tmp_path, address):
    path = write_notebook(tmp_path, "import random, numpy\n\nrandom.random(), numpy.random.rand()",
                          f"import os\n\nos.getppid() == {os.getpid()}")  # fmt: skip
    (first, parent), (second, _parent) = (outputs(path, address) for _time in range(2))
    assert str(first) != str(second)
    assert "False" in str(parent)  # not started by the one who asked


@pytest.mark.parametrize("ends", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_forked_kernel_that_ends_is_noticed(tmp_path, address, ends):
    path = write_notebook(tmp_path, f"import os\n\n{ends}")
    with pytest.raises(RuntimeError, match="died"):
        outputs(path, address)


def test_closing_the_connection_ends_the_kernel(tmp_path, address):
    connection = tmp_path / "kernel.json"
    child = kernel_provisioner.Child(
        address, [kernel_provisioner.LAUNCHER, "-f", str(connection)], None, str(tmp_path)
    )
    pidfd = os.pidfd_open(child.pid)
    assert child.poll() is None
    child._open.close()
    assert select.select([pidfd], [], [], 30)[0]


def test_another_user_s_or_broken_request_is_passed_over(address):
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(address)
        asker.sendall(b"half a requ")
        asker.shutdown(socket.SHUT_WR)
        assert asker.recv(1) == b""


def test_to_other_code_than_was_imported_no_kernel_is_forked(address, repo):
    assert fork_server.start(repo / "notebooks", "code") == address
    assert fork_server.start(repo / "notebooks", "other code") == b""


def test_when_the_process_that_forks_is_gone_kernels_end_and_new_ones_start_plainly(
    tmp_path, address
):
    path = write_notebook(tmp_path, "import os\n\nos.kill(os.getppid(), 9)\nwhile True: pass")
    with pytest.raises(RuntimeError, match="died"):
        outputs(path, address)
    assert "1" in str(outputs(write_notebook(tmp_path, "1"), address))
