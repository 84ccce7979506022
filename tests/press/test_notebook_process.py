"""A notebook in a forked process shows what it shows in a kernel, and leaves nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from papermill.exceptions import PapermillExecutionError

from profitchain.press import fork_server, run_notebook

pytestmark = pytest.mark.skipif(
    not fork_server.can_fork(), reason="notebooks are forked on Linux only"
)

PATIENCE_SECONDS = 300
SHOWS = (
    "import os, signal, sys, threading\n\n[os.getcwd(), sys.path, __name__, hash('a')]",
    "sorted({**os.environ, 'JPY_PARENT_PID': '', 'PYTEST_CURRENT_TEST': ''}.items())",
    "os.getsid(0) == os.getpid()",
    "signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD), sys.stdin.read()",
    "print('said'); print('warned', file=sys.stderr)",
    "!echo by IPython; ls no_such_file\nprint(_exit_code)",
    "print('é' * 3_000_000)",
    "from IPython.display import clear_output, display\n\ndisplay('gone'); clear_output()\n"
    "handle = display('before', display_id='x'); print('between')",
    "handle.update('after')\nhandle",
    "display({'text/plain': '', 'image/png': b'png', 'application/json': {'a': (1, 2)}}, raw=True)",
    "class Rich:\n    def __repr__(self):\n        return 'rich'\n\n"
    "    def _repr_mimebundle_(self, **_):\n        return {'application/x+json': (1,)}\n\nRich()",
    "import matplotlib.pyplot as plt\n\n_ = plt.plot([1, 2]), plt.get_backend()",
    "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\n%who_ls int",
    "%%bash\necho from bash",
    "%%html\n<i>hello</i>",
    "%%capture caught\nprint('caught')",
    "caught.stdout, In[3], Out[1] == _1, type(get_ipython()).__name__",
    "import asyncio\n\nawait asyncio.sleep(0)\nasyncio.get_running_loop().is_running()",
    "from multiprocessing import Pool\n\nwith Pool(2) as pool:\n    print(pool.map(abs, [-1, -2]))",
    "thread = threading.Thread(target=print, args=['by a thread'])\nthread.start()\nthread.join()",
    "import duckdb\n\nduckdb.sql('select sum(range) from range(3_000_000)').fetchall()",
    "import pandas, pyarrow.compute as pc\n\npc.sum(pandas.Series(range(9)).to_numpy())",
    "import logging\n\nlogging.warning('logged')",
    "import profitchain.exhibits.charts, statsmodels.api\n\n1 / 3;",
)  # fmt: skip
FAILS = (
    "1 / 0", "raise KeyError('x')", "1 +", "  x = 1\n y", "import sys; sys.exit(3)",
    "input('Who?')", "import getpass; getpass.getpass()", "%no_such_magic",
    "def f(): f()\ntry: f()\nexcept RecursionError as e: raise e.with_traceback(None)",
    "raise KeyboardInterrupt", "await 1", "assert 1 == 2, 'é'",
    "class E(Exception): pass\n\nraise E('a\\nb')", "exec('1 +')", "raise BaseException('b')",
    "import profitchain; profitchain.nothing", "!true &", "from nowhere import x",
    "class Bad:\n    def __repr__(self):\n        1 / 0\n\nBad()",
)  # fmt: skip
ENDS = (
    "os._exit(3)", "os.kill(os.getpid(), 9)", "exit()", "ctypes.string_at(0)", "os.abort()",
    "threading.Thread(target=os._exit, args=[0]).start(); time.sleep(60)",
)  # fmt: skip
NEEDS = "import ctypes, os, threading, time"
LEAVES = """\
import os, random, sys, numpy, pandas, matplotlib.pyplot as plt
seen = [len(sys.path), os.environ.get("LEFT"), plt.get_fignums(), len(sys.modules["pandas"].LEFT)
        if hasattr(pandas, "LEFT") else None, os.getcwd(), plt.rcParams["lines.linewidth"]]
sys.path.append("left"); os.environ["LEFT"] = "x"; pandas.LEFT = [1]; _ = plt.figure(); plt.close()
os.chdir("/"); plt.rcParams["lines.linewidth"] = 9; random.seed(1); numpy.random.seed(1)
os.path.join = None; pandas.options.display.width = 3"""


def write_notebook(folder: Path, *code: str, tags: Sequence[str] = ()) -> Path:
    about = {"tags": list(tags)}
    cells = [nbformat.v4.new_code_cell(source, metadata=about) for source in code]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "01_shows.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    return path


@pytest.fixture(scope="module")
def forks(repo) -> Iterator[fork_server.Forks]:
    """What runs notebooks, in the environment that the command gives them."""
    _end_all()
    with mock.patch.dict(os.environ, run_notebook.environment_of(Path("nowhere"))):
        for name in ("MPLBACKEND", "PYTEST_CURRENT_TEST"):
            os.environ.pop(name, None)
        assert fork_server.start(repo / "notebooks", "code")
        with fork_server.Forks(2, dict(os.environ)) as forks:
            yield forks
    _end_all()


def _end_all() -> None:
    forkserver._forkserver._stop()
    fork_server._started_with = ""


def execute(path: Path, *engine: str) -> list[list[dict]]:
    """Run a notebook by papermill, in a kernel or by an engine; return what its cells show."""
    import papermill

    if engine:
        import profitchain.press.notebook_process  # noqa: F401
    executed = papermill.execute_notebook(
        str(path), None, kernel_name="python3", progress_bar=False, cwd=str(path.parent),
        raise_on_iopub_timeout=True, engine_name="".join(engine) or None,
    )  # fmt: skip
    return [cell.outputs for cell in executed.cells]


def forked(forks: fork_server.Forks, path: Path) -> list[list[dict]]:
    return forks.submit(execute, path, "profitchain-forked").result(timeout=PATIENCE_SECONDS)


def test_a_forked_notebook_shows_what_a_kernel_shows(tmp_path, forks):
    path, by_a_shell = write_notebook(tmp_path, *SHOWS), "_ = os.system('echo by a shell')"
    ours, theirs = forked(forks, path), execute(path)
    for source, one, other in zip(SHOWS, ours, theirs, strict=True):
        assert one == other, source
    assert "image/png" in str(ours[11])
    path = write_notebook(tmp_path, "import os; print('first')", by_a_shell)
    assert [cell[0]["text"] for cell in forked(forks, path)] == ["first\n", "by a shell\n"]


def test_errors_are_those_of_a_kernel(tmp_path, forks):
    """They leave out how papermill itself stops at one, which another test looks at."""
    path = write_notebook(tmp_path, *FAILS, tags=["raises-exception"])
    stopping = mock.patch("papermill.execute.raise_for_execution_errors")
    with stopping:
        theirs = execute(path)
    ours = forks.submit(_unstopped, path).result(timeout=PATIENCE_SECONDS)
    for source, one, other in zip(FAILS, ours, theirs, strict=True):
        assert _errors(one) == _errors(other), source
        assert _errors(one) or source.startswith("%"), source


def _unstopped(path: Path) -> list[list[dict]]:
    with mock.patch("papermill.execute.raise_for_execution_errors"):
        return execute(path, "profitchain-forked")


def _errors(outputs: list[dict]) -> list[tuple[str, str]]:
    return [(each["ename"], each["evalue"]) for each in outputs if each["output_type"] == "error"]


def test_a_notebook_stops_in_the_cell_that_fails(tmp_path, forks):
    path = write_notebook(tmp_path, "x = 1", "raise KeyError('x')", "import os; os._exit(1)")
    with pytest.raises(PapermillExecutionError) as failed:
        forked(forks, path)
    assert (failed.value.cell_index, failed.value.ename, failed.value.evalue) == (
        1, "KeyError", "'x'"
    )  # fmt: skip


@pytest.mark.parametrize("ends", ENDS)
def test_a_process_that_ends_is_noticed(tmp_path, forks, ends):
    with pytest.raises(BrokenProcessPool):
        forked(forks, write_notebook(tmp_path, NEEDS, ends))


def test_nothing_that_a_notebook_changes_reaches_another(tmp_path, forks):
    path = write_notebook(tmp_path, LEAVES, "seen", "random.random(), numpy.random.rand()")
    path.write_text(path.read_text().replace("random.seed(1); numpy.random.seed(1)", ""))
    first, second = forked(forks, path), forked(forks, path)
    assert first[1] == second[1]
    assert "'LEFT'" not in str(second[1])
    assert first[2] != second[2]  # each draws its own numbers


def test_leaving_ends_a_notebook_and_what_it_started(tmp_path, forks):
    told = tmp_path / "told"
    code = f"""
import os, subprocess, re
child = subprocess.Popen(["sleep", "600"])
open({str(told)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}.")
re.match(r"(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock
"""
    with fork_server.Forks(1, dict(os.environ)) as own:
        future = own.submit(execute, write_notebook(tmp_path, code), "profitchain-forked")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (told.exists() and told.read_text().endswith(".")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert isinstance(future.exception(), BrokenProcessPool)
    for process in told.read_text().strip(".").split():
        status = Path("/proc", process, "status")
        assert not status.exists() or "zombie" in status.read_text()


def test_from_other_code_than_was_imported_nothing_is_forked(forks, repo):
    assert fork_server.start(repo / "notebooks", "code")
    assert not fork_server.start(repo / "notebooks", "other code")
