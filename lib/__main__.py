"""Make the environment once, then hand the command over to it: `python3 lib COMMAND`.

Standard library only. The environment is `.venv` beside this folder. It is made again when
`requirements.txt` changes, when the folder moves, and when it is broken or half-made: a mark
inside it says which requirements it holds, and is written last. This file keeps to words that
Python 3.6 can read, so that an old Python gives a sentence and not a SyntaxError.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"profitchain needs Python 3.11 or newer; {sys.executable} is "
        f"{sys.version_info[0]}.{sys.version_info[1]}. "
        "Install a newer one and run the same command with it, as in: python3.12 lib report"
    )

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

PROBE = "import sys, profitchain; print('%d.%d' % sys.version_info[:2])"
HOLDS_EVERY_PIN = """
import importlib.metadata, pathlib, re, sys, profitchain
lines = pathlib.Path("requirements.txt").read_text(encoding="utf-8").splitlines()
pins = [match for match in (re.fullmatch(r"([\\w.-]+)==(\\S+)", line) for line in lines) if match]
here = pathlib.Path(profitchain.__file__).resolve().is_relative_to(pathlib.Path("lib").resolve())
sys.exit(not here or any(importlib.metadata.version(pin[1]) != pin[2] for pin in pins))
"""
OFFLINE = re.compile(
    r"Failed to establish a new connection|NewConnectionError|name resolution|getaddrinfo failed"
    r"|Name or service not known|nodename nor servname|Network is unreachable|ProxyError"
    r"|Connection refused|ConnectTimeoutError|Read timed out|SSLError"
)
NEVER_PASSED_ON = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV_PROMPT")
PIP_ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER")


class SetUpError(Exception):
    """The environment can't be made; the message says the one thing that mends it."""


@dataclass(frozen=True)
class Checkout:
    """Where the parts of one checkout lie."""

    root: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        return self.venv / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def mark(self) -> Path:
        return self.venv / "profitchain-set-up.json"

    @property
    def log(self) -> Path:
        return self.venv / "profitchain-set-up.log"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements.txt"

    @property
    def hashed(self) -> Path:
        """What requirements.txt pins, with the hash of every file."""
        return self.root / "lib" / "hashed.txt"

    def beside(self, ending: str) -> Path:
        """Return the hidden path `.venv.ending` beside the environment."""
        return self.root / f".venv.{ending}"


def main(arguments: Sequence[str], checkout: Checkout) -> int:
    """Run a command of the package in the checkout's own environment, made if need be."""
    try:
        make_ready(checkout)
    except SetUpError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"Could not set up {checkout.venv}: {error}. Mend that, then run the same again.")
        return 1
    except KeyboardInterrupt:
        say("Stopped. The next run starts the set-up afresh.")
        return 130
    return hand_over(arguments, checkout)


def make_ready(checkout: Checkout) -> None:
    """Make the environment unless it is there and whole; one process at a time does so."""
    if why_not_ready(checkout) is None:
        return
    with alone(checkout.beside("lock")) as lock:
        reason = why_not_ready(checkout)
        if reason is None:
            return
        if not adopt(checkout):
            need_modules("venv", "ensurepip")
            say(f"Setting up the environment in .venv: {reason}. This takes a minute or two.")
            set_up(checkout, lock=lock)


def why_not_ready(checkout: Checkout) -> str | None:
    """Return why the environment can't be used as it stands, or None if it can."""
    if not os.path.lexists(checkout.venv):
        return "there is none yet"
    try:
        found = json.loads(checkout.mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "the one there was not finished"
    if found.keys() != mark(checkout, python="").keys():
        return "the one there was not finished"
    wanted = mark(checkout, python=found["python"])
    if found["requirements"] != wanted["requirements"]:
        return "requirements.txt has changed"
    if found["folder"] != wanted["folder"]:
        return "its folder has moved"
    if found["python"] != python_version(checkout):
        return "the one there is broken, or its Python has gone"
    return None


def mark(checkout: Checkout, *, python: str) -> dict[str, str]:
    """Return what the mark of a finished environment says."""
    pins = checkout.requirements.read_bytes() + checkout.hashed.read_bytes()
    digest = hashlib.sha256(pins).hexdigest()
    return {"requirements": digest, "folder": str(checkout.venv), "python": python}


def python_version(checkout: Checkout) -> str | None:
    """Return the version (`3.11`) of an environment that can import the package, else None."""
    try:
        answer = subprocess.run(
            [checkout.python, "-I", "-c", PROBE], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def adopt(checkout: Checkout) -> bool:
    """Mark an environment that somebody filled by hand from requirements.txt; tell if it is one."""
    if checkout.mark.exists() or not python_version(checkout):
        return False
    command = [str(checkout.python), "-I", "-c", HOLDS_EVERY_PIN]
    if subprocess.run(command, cwd=checkout.root, capture_output=True, check=False).returncode:
        return False
    finish(checkout)
    return True


@contextlib.contextmanager
def alone(path: Path) -> Iterator[int]:
    """Hold the lock at `path`, waiting for whoever holds it; it ends with its holder's life.

    Yields its file descriptor. Children that inherit it keep the lock, so that an installer
    whose parent was killed is waited for and not fought.
    """
    with path.open("a") as file:
        if not try_lock(file):
            say("Another run is setting up .venv; waiting for it.")
            while not try_lock(file):
                time.sleep(0.2)
        yield file.fileno()


def try_lock(file: IO) -> bool:
    """Lock an open file if nobody else has, and tell whether it is ours."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def need_modules(*names: str) -> None:
    """Raise SetUpError if this Python lacks a part that Debian and Ubuntu package apart."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise SetUpError(
            f"{sys.executable} can't make an environment: its module {missing[0]} is missing. "
            f"On Debian and Ubuntu, `sudo apt-get install {package}` brings it; "
            "then run the same command again."
        )


def set_up(checkout: Checkout, *, lock: int) -> None:
    """Make the environment from nothing; until the last line it counts as unfinished."""
    clear_away(checkout)
    checkout.venv.mkdir()
    checkout.mark.write_text('{"begun": true}', encoding="utf-8")
    # The base interpreter, for sys.executable may be that of the environment just removed.
    base = getattr(sys, "_base_executable", None) or sys.executable
    run(checkout, [base, "-I", "-m", "venv", str(checkout.venv)], lock=lock)
    pip = [str(checkout.python), "-I", "-m", "pip", "install", "--no-user", "--no-input"]
    pip += ["--disable-pip-version-check", "--no-deps"]
    hashed = str(checkout.hashed.relative_to(checkout.root))
    run(checkout, [*pip, "--require-hashes", "--requirement", hashed], lock=lock)
    # All pins are there by now; what is left is the library itself, built by a pinned builder.
    itself = ["--no-build-isolation", "--requirement", checkout.requirements.name]
    run(checkout, [*pip, *itself], lock=lock)
    finish(checkout)


def clear_away(checkout: Checkout) -> None:
    """Remove an environment of ours; one that somebody else made is kept as `.venv.old`."""
    gone = checkout.beside("gone")
    shutil.rmtree(gone, ignore_errors=True)
    if not os.path.lexists(checkout.venv):
        return
    if checkout.mark.exists():
        checkout.venv.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        return
    old = checkout.beside("old")
    if os.path.lexists(old):
        old.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    checkout.venv.rename(old)
    say("The .venv that was here is not one that this command made; it is kept as .venv.old.")


def finish(checkout: Checkout) -> None:
    """Write the mark, whole or not at all, once the environment can import the package."""
    version = python_version(checkout)
    if version is None:
        raise SetUpError(f"The new environment can't import profitchain; see {checkout.log}.")
    draft = checkout.mark.with_suffix(".draft")
    draft.write_text(json.dumps(mark(checkout, python=version)), encoding="utf-8")
    draft.replace(checkout.mark)


def run(checkout: Checkout, command: Sequence[str], *, lock: int) -> None:
    """Run one step of the set-up, showing how far it is; raise SetUpError if it fails."""
    with checkout.log.open("a", encoding="utf-8") as log:
        step = subprocess.Popen(
            command,
            cwd=checkout.root,
            env=installer_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=() if os.name == "nt" else (lock,),
        )
        try:
            follow(step, checkout)
        finally:
            step.terminate()
            step.wait()
    if step.returncode:
        raise SetUpError(mend(read(checkout.log), checkout))


def installer_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for venv and pip: nothing that sends packages elsewhere."""
    left_out = (*NEVER_PASSED_ON, *PIP_ELSEWHERE, "VIRTUAL_ENV")
    kept = {name: value for name, value in variables.items() if name not in left_out}
    return {**kept, "PYTHONUNBUFFERED": "1", "PIP_NO_COLOR": "1"}


def follow(step: subprocess.Popen, checkout: Checkout) -> None:
    """Wait for a step and keep one line on its progress; without a terminal, one every 10 s."""
    terminal = sys.stderr.isatty()
    before = installed(checkout)
    said, last = "", time.monotonic()
    while step.poll() is None:
        time.sleep(0.1)
        line = progress(
            read(checkout.log),
            requirements=read(checkout.requirements),
            done=installed(checkout) - before,
        )
        if line != said and (terminal or time.monotonic() - last > 10):
            say(line, passing=terminal)
            said, last = line, time.monotonic()
    if terminal:
        say("", passing=True)


def progress(log: str, *, requirements: str, done: int) -> str:
    """Return how far pip is, from what it has printed and the packages it has put in place.

    Examples
    --------
    >>> pins = "numpy==2.4.6\\npandas==3.1.1\\n"
    >>> progress("Collecting numpy==2.4.6 (from -r requirements.txt)", requirements=pins, done=0)
    'fetching 1 of 2 packages: numpy'
    >>> progress("Installing collected packages: numpy, pandas", requirements=pins, done=1)
    'installing 2 of 2 packages: pandas'
    """
    order = re.search(r"^Installing collected packages: (.+)$", log, re.MULTILINE)
    if order:
        names = order[1].split(", ")
        at = min(done, len(names) - 1)
        return f"installing {at + 1} of {len(names)} packages: {names[at]}"
    fetched = re.findall(r"^Collecting ([\w.-]+)", log, re.MULTILINE)
    if not fetched:
        return "making an empty environment"
    pins = len(re.findall(r"^[\w.-]+==", requirements, re.MULTILINE))
    total = max(pins - len(re.findall(r"^Ignoring ", log, re.MULTILINE)), len(fetched))
    return f"fetching {len(fetched)} of {total} packages: {fetched[-1]}"


def installed(checkout: Checkout) -> int:
    """Return how many packages are whole in the environment (pip writes RECORD last)."""
    base = {"base": str(checkout.venv), "platbase": str(checkout.venv)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=base))
    return sum(1 for _ in packages.glob("*.dist-info/RECORD"))


def mend(log: str, checkout: Checkout) -> str:
    """Return the message for a step that failed: what went wrong and the one thing to do."""
    if "No space left on device" in log:
        return "The disk is full; the environment takes 1.2 GB. Free some, then run it again."
    tail = "\n".join(log.strip().splitlines()[-12:])
    if OFFLINE.search(tail):
        return (
            "No package index could be reached, and the set-up needs one, once. Connect to the "
            "network, or name your firm's index (python3 -m pip config set global.index-url "
            f"ADDRESS), then run the same command again. Details: {checkout.log}"
        )
    return f"The set-up failed:\n{tail}\nAll of it: {checkout.log}. The next run starts afresh."


def hand_over(arguments: Sequence[str], checkout: Checkout) -> int:
    """Become the package's command (on Windows: run it and pass on its exit code)."""
    command = [str(checkout.python), "-P", "-m", "profitchain", *arguments]
    environment = command_environment(os.environ, checkout)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(checkout.python, command, environment)
    try:
        return subprocess.call(command, env=environment)
    except KeyboardInterrupt:
        return 130


def command_environment(variables: Mapping[str, str], checkout: Checkout) -> dict[str, str]:
    """Return the variables for the package: our environment active, no other one mixed in."""
    kept = {name: value for name, value in variables.items() if name not in NEVER_PASSED_ON}
    path = os.pathsep.join(filter(None, [str(checkout.scripts), variables.get("PATH")]))
    return {**kept, "VIRTUAL_ENV": str(checkout.venv), "PATH": path}


def read(path: Path) -> str:
    """Return a text file's content; nothing if it isn't there yet."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def say(text: str, *, passing: bool = False) -> None:
    """Tell the person at the terminal; a passing line is written over by the next."""
    if passing:
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r" + text[:width].ljust(width) + ("" if text else "\r"))
    else:
        sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Checkout(Path(__file__).resolve().parent.parent)))
