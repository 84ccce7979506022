"""A report that is stopped at any step leaves the last edition whole; the next run is the same.

`python3 lib certify --faults 200` kills real processes, fills real disks and takes odd names.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from editions import Here, run_here

from certify.breakable import Shop, contents, in_words, make_shop
from profitchain import cli
from profitchain.core import provenance
from profitchain.press import fork_server, publish

TIMES = 3  # that a report is stopped in each way
NOBODY = 2**22 + 1  # no process has this number
WRITES = ((io, "open"), (os, "mkdir"), (os, "rename"), (os, "replace"))
REMOVALS = ((os, "unlink"), (os, "rmdir"))


class Killed(BaseException):
    """Stands for the end of a process: nothing is cleaned up after it."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """A small firm in a checkout of its own, reported in this process; its edition is published."""
    with pytest.MonkeyPatch.context() as patch:
        shop = make_shop(tmp_path_factory.mktemp("faults") / "checkout")
        patch.setattr(publish, "NOTEBOOKS", shop.root / "notebooks")
        patch.setattr(provenance, "NOTEBOOKS", shop.root / "notebooks")
        patch.setenv(fork_server.PLAIN, "plain")
        patch.setattr(publish, "ProcessPoolExecutor", Here)
        patch.setattr(publish, "run", run_here)
        assert report(shop) == 0
        yield shop


def report(shop: Shop, *more: str) -> int:
    where = [f"--company={shop.company}", f"--out={shop.out}"]
    return cli.main(["report", "2026Q1", "--fresh", *where, *more])


@contextmanager
def broken(shop: Shop, at: int, error: BaseException) -> Iterator[list[str]]:
    """Let the step `at` that writes in a firm's or editions' folder fail, and all after it.

    A killed process removes nothing any more either. Yields the steps that were done.
    """
    steps: list[str] = []

    def guarded(call, name: str, counts: bool):
        def step(path, *more, **how):
            is_write = name != "open" or set(str(more[:1] or how.get("mode", "r"))) & set("wxa+")
            if is_write and str(path).startswith((str(shop.out), str(shop.company))):
                if len(steps) >= at and (counts or isinstance(error, Killed)):
                    raise error
                steps.extend([f"{name} {path}"] * counts)
            return call(path, *more, **how)

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: NOBODY)
        for calls, counts in ((WRITES, True), (REMOVALS, False)):
            for module, name in calls:
                patch.setattr(module, name, guarded(getattr(module, name), name, counts))
        yield steps


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
CLOSED = OSError(errno.EROFS, os.strerror(errno.EROFS))


@pytest.mark.parametrize("error", [Killed(), FULL, CLOSED], ids=["killed", "full", "read-only"])
def test_a_report_that_stops_at_any_step_spoils_nothing(shop, error, capsys):
    reference, luck = contents(shop.edition), np.random.default_rng(16)
    with broken(shop, 10**9, error) as steps:
        assert report(shop) == 0
    for at in sorted(luck.choice(len(steps), TIMES, replace=False)):
        is_first = bool(luck.integers(2))
        if is_first:
            shutil.rmtree(shop.out)
            shutil.rmtree(shop.company / ".store")
        capsys.readouterr()
        with broken(shop, int(at), error) as done:
            if isinstance(error, Killed):
                with pytest.raises(Killed):
                    report(shop)
            elif report(shop):
                assert not in_words(capsys.readouterr().err), done[-1:]
        assert contents(shop.edition) in (({}, reference) if is_first else (reference,)), done[-1:]
        assert report(shop) == 0, done[-1:]
        assert contents(shop.edition) == reference, done[-1:]
        assert not list(shop.out.rglob(".making-*")), done[-1:]


def test_what_a_killed_run_left_goes_with_the_next_run_that_has_nothing_to_do(shop, capsys):
    command = ["report", "2026Q1", f"--company={shop.company}", f"--out={shop.out}"]
    assert cli.main(command) == 0
    left = shop.edition.with_name(f".making-2026Q1-{NOBODY}")
    left.mkdir()
    assert cli.main(command) == 0
    assert "Nothing has changed" in capsys.readouterr().err
    assert not left.exists()


ODD = ["it's a\\b\n {x} ${HOME} %s 毛線", "a*[b]?", "x" * 200]


@pytest.mark.parametrize("name", ODD)
def test_a_folder_of_an_odd_name_makes_no_other_edition(shop, name, tmp_path, capsys):
    company = tmp_path / name
    shutil.copytree(shop.company, company, ignore=shutil.ignore_patterns(".store"))
    own = Shop(root=shop.root, company=company, out=tmp_path / "out" / name)
    assert report(own) == 0
    assert contents(own.edition) == contents(shop.edition)


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9"), "y" * 256])
def test_a_name_that_cannot_be_is_refused_in_a_sentence(shop, name, tmp_path, capsys):
    assert report(Shop(root=shop.root, company=shop.company, out=tmp_path / name)) == 1
    said = capsys.readouterr().err
    assert not in_words(said) and ("UTF-8" in said or "File name too long" in said)
