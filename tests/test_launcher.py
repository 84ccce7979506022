"""`python3 lib COMMAND` sets itself up from any state of the folder, and passes the command on."""

from __future__ import annotations

import ast
import doctest
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

REPO = Path(__file__).resolve().parent.parent
LAUNCHER = REPO / "lib" / "__main__.py"
WHEEL = "profitchain-1-py3-none-any.whl"
PATIENCE_SECONDS = 120  # an empty environment takes 3 s on an idle core, more on a busy one
TELL = """
import json, os, sys
told = {"arguments": sys.argv[1:], "directory": os.getcwd(), "prefix": sys.prefix}
print(json.dumps({**told, "environment": dict(os.environ)}))
sys.exit(7)
"""

posix_only = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def load_launcher() -> ModuleType:
    specification = importlib.util.spec_from_file_location("launcher", LAUNCHER)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


launcher = load_launcher()


def make_checkout(folder: Path) -> Path:
    """Lay out a checkout whose requirements are one local wheel, so that no network is needed."""
    package = folder / "lib" / "profitchain"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(TELL)
    shutil.copy(LAUNCHER, folder / "lib")
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("profitchain.pth", str(folder / "lib"))
        about = "profitchain-1.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: profitchain\nVersion: 1")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: any")
        wheel.writestr(f"{about}/RECORD", "")
    hashed = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    (folder / "requirements.txt").write_text(f"./{WHEEL}\n")
    (folder / "lib" / "hashed.txt").write_text(f"./{WHEEL} --hash=sha256:{hashed}\n")
    return folder


def start(checkout: Path, *arguments: str, **options: object) -> subprocess.Popen:
    """Start a command of a checkout, to which Ctrl-C means what it does at a terminal."""
    command = [sys.executable, checkout / "lib", *arguments]
    if os.name != "nt":  # whoever runs the tests may ignore it, and children would too
        options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, **options)


def run(checkout: Path, *arguments: str, **options: object) -> tuple[int, str, str]:
    """Run a command of a checkout; give back its exit code, output and error output."""
    process = start(checkout, *arguments, **options)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output, errors


@contextmanager
def half_made(checkout: Path) -> Iterator[subprocess.Popen]:
    """Give a set-up that can't go on: it waits for a package index which never answers."""
    requirements, whole = checkout / "requirements.txt", (checkout / "requirements.txt").read_text()
    with socket.create_server(("127.0.0.1", 0)) as index:
        address = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        requirements.write_text("nothing-of-the-tests==1\n")
        to_index = {"PIP_INDEX_URL": address, "PIP_RETRIES": "0", "NO_PROXY": "127.0.0.1",
                    "PIP_CONFIG_FILE": os.devnull, "no_proxy": "127.0.0.1"}  # fmt: skip
        process = start(checkout, start_new_session=True, env=os.environ | to_index)
        index.settimeout(PATIENCE_SECONDS)
        connection, _address = index.accept()
        with connection:
            yield process
    requirements.write_text(whole)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A checkout that two runs at the same moment have set up, and what the two said."""
    checkout = make_checkout(tmp_path_factory.mktemp("folder with spaces, 中文") / "suite")
    runs = [start(checkout), start(checkout)]
    said = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in runs]
    assert [process.returncode for process in runs] == [7, 7], said
    return checkout, said


def test_two_runs_at_once_set_up_once(ready):
    said = "".join(ready[1])
    assert said.count("Setting up") == 1
    assert said.count("waiting for it") == 1


def test_arguments_directory_and_exit_code_are_passed_on(ready, tmp_path):
    code, output, errors = run(ready[0], "report", "2026Q1", "--set", "a=b c", cwd=tmp_path)
    told = json.loads(output)
    assert (code, errors) == (7, "")
    assert told["arguments"] == ["report", "2026Q1", "--set", "a=b c"]
    assert Path(told["directory"]) == tmp_path.resolve()


def test_neither_an_active_environment_nor_the_current_folder_leaks_in(ready, tmp_path):
    (tmp_path / "profitchain.py").write_text("raise SystemExit('the wrong module was imported')")
    others = {"VIRTUAL_ENV": "/somewhere/else", "PYTHONPATH": str(tmp_path)}
    code, output, _ = run(ready[0], cwd=tmp_path, env={**os.environ, **others})
    told = json.loads(output)
    ours = launcher.Checkout(ready[0])
    assert code == 7
    assert Path(told["prefix"]) == ours.venv
    assert told["environment"]["VIRTUAL_ENV"] == str(ours.venv)
    assert told["environment"]["PATH"].split(os.pathsep)[0] == str(ours.scripts)
    assert "PYTHONPATH" not in told["environment"]


def test_an_environment_filled_by_hand_is_adopted(ready):
    launcher.Checkout(ready[0]).mark.unlink()
    code, _, errors = run(ready[0])
    assert (code, errors) == (7, "")
    assert launcher.why_not_ready(launcher.Checkout(ready[0])) is None


def test_a_file_that_was_tampered_with_is_not_installed(tmp_path):
    checkout = make_checkout(tmp_path / "suite")
    with zipfile.ZipFile(checkout / WHEEL, "a") as wheel:
        wheel.writestr("more.py", "")
    code, _, errors = run(checkout)
    assert code == 1
    assert "HASH" in errors.upper()
    assert not (launcher.Checkout(checkout).venv / "more.py").exists()
    assert launcher.why_not_ready(launcher.Checkout(checkout)) == "the one there was not finished"


def test_every_pin_has_the_hashes_of_its_files():
    text = launcher.Checkout(REPO).requirements.read_text(encoding="utf-8")
    pins = {line.strip() for line in text.splitlines() if "==" in line.partition("#")[0]}
    hashed = launcher.Checkout(REPO).hashed.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", hashed, flags=re.MULTILINE)[1:]
    named = {block.partition("\\")[0].strip() for block in blocks}
    assert named - pins == {"flit-core==3.12.0"}  # what builds the library itself
    assert pins < named
    assert all(re.search(r"\n    --hash=sha256:[0-9a-f]{64}", block) for block in blocks)


@posix_only
@pytest.mark.parametrize(
    ("sent", "to_all", "exit_code"),
    [
        pytest.param(signal.SIGKILL, False, -signal.SIGKILL, id="kill -9"),
        pytest.param(signal.SIGINT, True, 130, id="Ctrl-C", marks=pytest.mark.slow),
    ],
)
def test_a_set_up_stopped_midway_is_rebuilt_by_the_next_run(tmp_path, sent, to_all, exit_code):
    checkout = make_checkout(tmp_path / "suite")
    with half_made(checkout) as process:
        (os.killpg if to_all else os.kill)(process.pid, sent)
        process.wait(timeout=PATIENCE_SECONDS)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == exit_code
    assert "Traceback" not in said
    code, _, errors = run(checkout)
    assert code == 7, errors
    assert "the one there was not finished" in errors
    assert sorted(path.name for path in checkout.glob(".venv*")) == [".venv", ".venv.lock"]


def whole(tmp_path: Path) -> launcher.Checkout:
    """A checkout with the mark of a finished environment and nothing else."""
    checkout = launcher.Checkout(tmp_path)
    checkout.requirements.write_text("pandas==3.1.1\n")
    checkout.hashed.parent.mkdir()
    checkout.hashed.touch()
    checkout.venv.mkdir()
    checkout.mark.write_text(json.dumps(launcher.mark(checkout, python="3.11")))
    return checkout


@pytest.mark.parametrize(
    ("spoil", "python", "reason"),
    [
        (lambda _: None, "3.11", None),
        (lambda checkout: shutil.rmtree(checkout.venv), "3.11", "none yet"),
        (lambda checkout: checkout.mark.unlink(), "3.11", "not finished"),
        (lambda checkout: checkout.mark.write_text(""), "3.11", "not finished"),
        (lambda checkout: checkout.mark.write_text('{"begun": true}'), "3.11", "not finished"),
        (lambda checkout: checkout.requirements.write_text("x==1"), "3.11", "has changed"),
        (lambda checkout: checkout.hashed.write_text("x==1"), "3.11", "has changed"),
        (lambda _: None, "3.12", "its Python has gone"),
        (lambda _: None, None, "is broken"),
    ],
    ids=[
        "whole",
        "missing",
        "unmarked",
        "empty",
        "begun",
        "changed",
        "other hashes",
        "upgraded",
        "broken",
    ],
)
def test_only_a_whole_environment_is_used(tmp_path, monkeypatch, spoil, python, reason):
    checkout = whole(tmp_path)
    monkeypatch.setattr(launcher, "python_version", lambda _: python)
    spoil(checkout)
    found = launcher.why_not_ready(checkout)
    assert found == reason if reason is None else reason in found


def test_an_environment_that_moved_with_its_folder_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "python_version", lambda _: "3.11")
    (tmp_path / "here").mkdir()
    whole(tmp_path / "here").root.rename(tmp_path / "there")
    assert launcher.why_not_ready(launcher.Checkout(tmp_path / "there")) == "its folder has moved"


def link_elsewhere(venv: Path) -> None:
    (venv.parent / "elsewhere").mkdir()
    venv.symlink_to(venv.parent / "elsewhere")


@pytest.mark.parametrize(
    "leave", [Path.mkdir, Path.touch, link_elsewhere], ids=["folder", "file", "link"]
)
def test_a_venv_that_is_not_ours_is_kept_aside(tmp_path, capsys, leave: Callable[[Path], None]):
    checkout = launcher.Checkout(tmp_path)
    leave(checkout.venv)
    launcher.clear_away(checkout)
    assert not os.path.lexists(checkout.venv)
    assert os.path.lexists(checkout.beside("old"))
    assert "kept as .venv.old" in capsys.readouterr().err


def test_an_old_python_gets_a_sentence():
    ast.parse(LAUNCHER.read_text(encoding="utf-8"), feature_version=(3, 6))
    pretend = f"import runpy, sys; sys.version_info = (3, 9); runpy.run_path({str(LAUNCHER)!r})"
    answer = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("profitchain needs Python 3.11 or newer;")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_missing_part_of_python_is_named_with_its_mend(tmp_path, monkeypatch, capsys, missing):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        launcher.importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    (tmp_path / "lib").mkdir()
    for name in ("requirements.txt", "lib/hashed.txt"):
        (tmp_path / name).touch()
    assert launcher.main([], launcher.Checkout(tmp_path)) == 1
    said = capsys.readouterr().err
    assert f"module {missing} is missing" in said
    assert "apt-get install python3." in said


def test_without_a_network_pip_says_what_the_launcher_understands(tmp_path):
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--retries=1", "-d", tmp_path, "pandas==3.1.1"],
        env={**kept, **closed},
        capture_output=True,
        text=True,
    )
    message = launcher.mend(answer.stdout + answer.stderr, launcher.Checkout(tmp_path))
    assert message.startswith("No package index could be reached")


def test_any_other_failure_shows_what_pip_said_last(tmp_path):
    log = "\n".join(f"line {number}" for number in range(100))
    message = launcher.mend(log, launcher.Checkout(tmp_path))
    assert "line 99" in message
    assert "line 50" not in message
    assert launcher.mend("No space left on device", launcher.Checkout(tmp_path)).count("1.2 GB")


def test_the_examples_in_the_launcher_hold():
    assert doctest.testmod(launcher) == (0, 3)


@pytest.mark.slow
def test_a_bare_copy_of_the_tree_sets_itself_up(tmp_path):
    for name in ("lib", "requirements.txt"):
        copy = shutil.copytree if (REPO / name).is_dir() else shutil.copy
        copy(REPO / name, tmp_path / name)
    answer = subprocess.run([sys.executable, tmp_path / "lib", "--help"], capture_output=True)
    assert answer.returncode == 0, answer.stderr
    check = [launcher.Checkout(tmp_path).python, "-m", "pip", "check"]
    assert subprocess.run(check).returncode == 0
