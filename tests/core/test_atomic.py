"""A published folder is the old one or the new one, whenever its maker is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from profitchain.core import atomic
from profitchain.core.errors import ParameterError

GONE = 2**22 + 1  # above the largest process id that Linux gives

KILLED_AT = """
import os, sys
from pathlib import Path
from profitchain.core import atomic as folders

target, moment, atomic = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "atomic"
passed = 0

def counting(step):
    def counted(*arguments, **named):
        global passed
        if passed == moment:
            os._exit(9)
        passed += 1
        return step(*arguments, **named)
    return counted

if not atomic:
    folders._exchanged = lambda made, target: False
folders._exchanged = counting(folders._exchanged)
os.rename, folders.shutil.rmtree = counting(os.rename), counting(folders.shutil.rmtree)
with folders.aside(target) as building:
    (building / "page").write_text("new")
    (building / "data").mkdir()
    folders.exchange(building, target)
"""
MOMENTS = 7  # more than there are renames and removals in a run


def edition(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page").write_text(text)
    return folder


def publish(target: Path, text: str) -> None:
    with atomic.aside(target) as building:
        (building / "page").write_text(text)
        atomic.exchange(building, target)


@pytest.fixture(params=["atomic", "fallback"])
def way(request, monkeypatch) -> str:
    """How folders change places here: in one step, or in two where the system has none."""
    if request.param == "fallback":
        monkeypatch.setattr(atomic, "_exchanged", lambda made, target: False)
    return request.param


def test_the_new_folder_takes_the_old_one_s_place_and_leaves_nothing_beside_it(tmp_path, way):
    target = tmp_path / "firm" / "2026Q3"
    for text in ("first", "second"):
        publish(target, text)
        assert (target / "page").read_text() == text
        assert [path.name for path in target.parent.iterdir()] == ["2026Q3"]


def test_an_error_while_making_leaves_the_old_folder_and_nothing_beside_it(tmp_path, way):
    target = edition(tmp_path / "2026Q3", "old")
    with pytest.raises(ZeroDivisionError), atomic.aside(target) as building:
        (building / "page").write_text("half")
        1 / 0  # noqa: B018
    assert (target / "page").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["2026Q3"]


@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("way_here", ["atomic", "fallback"])
def test_a_kill_at_any_step_keeps_one_whole_edition_and_the_next_run_is_clean(
    tmp_path, way_here, moment
):
    target = edition(tmp_path / "2026Q3", "old")
    other = edition(tmp_path / "2026Q2", "other")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT, target, str(moment), way_here], check=False
    )
    assert killed.returncode in (0, 9)
    if way_here == "atomic":
        assert (target / "page").read_text() in ("old", "new")
    publish(other, "other, again")
    assert (target / "page").read_text() in ("old", "new")
    publish(target, "newer")
    assert (target / "page").read_text() == "newer"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026Q2", "2026Q3"]


def test_an_edition_that_a_killed_run_had_set_aside_comes_back_with_any_later_run(tmp_path):
    edition(tmp_path / f".making-2026Q2-old-{GONE}", "the only copy")
    publish(tmp_path / "2026Q3", "new")
    assert (tmp_path / "2026Q2" / "page").read_text() == "the only copy"


def test_what_was_set_aside_never_replaces_what_was_published_since(tmp_path):
    edition(tmp_path / f".making-2026Q3-old-{GONE}", "older")
    target = edition(tmp_path / "2026Q3", "published")
    with atomic.aside(target):
        assert (target / "page").read_text() == "published"
    assert [path.name for path in tmp_path.iterdir()] == ["2026Q3"]


def test_a_discarded_folder_is_gone_and_does_not_come_back_if_the_run_is_killed_meanwhile(tmp_path):
    gone, half = edition(tmp_path / "2026Q3.incomplete", "x"), edition(tmp_path / "2026Q2", "y")
    atomic.discard(gone)
    assert [path.name for path in tmp_path.iterdir()] == ["2026Q2"]
    atomic.discard(gone)
    half.rename(tmp_path / f".making-2026Q2-{GONE}")
    publish(tmp_path / "2026Q3", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["2026Q3"]


def test_the_folder_of_a_run_that_is_still_at_work_is_left_alone(tmp_path):
    working = edition(tmp_path / f".making-2026Q3-{os.getppid()}", "at work")
    publish(tmp_path / "2026Q3", "new")
    assert (working / "page").read_text() == "at work"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(ParameterError, match=r"Nothing can be written to .*file.*--out"),
        atomic.aside(tmp_path / "file" / "2026Q3"),
    ):
        pass
