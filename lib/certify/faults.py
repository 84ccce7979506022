"""What a report leaves behind when it is broken: without room, in an odd place or time, killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from certify.breakable import Shop, Trial, after, contents, finished, in_words, make_shop
from certify.kills import kills_of

ODD_NAMES = {
    "an apostrophe": "it's", "a backslash": "back\\slash", "a new line": "new\nline",
    "200 letters": "x" * 200, "a quote": 'a "b"', "blanks": " a  b ", "braces": "{x} ${HOME} %s",
    "a leading hyphen": "-rf", "a glob": "a*[b]?", "letters of the far east": "毛線",
    "no UTF-8": os.fsdecode(b"caf\xe9"), "255 letters": "y" * 255,
}  # fmt: skip
ENVIRONMENTS = {
    "no HOME": {"HOME": None, "USER": None, "LOGNAME": None},
    "a HOME that isn't there": {"HOME": "/nonexistent/home"},
    "locale C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "locale of Turkey": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "output in ASCII": {"PYTHONIOENCODING": "ascii"},
    "a zone": {"TZ": "Pacific/Kiritimati"},
    "no temporary folder": {"TMPDIR": "/nonexistent/tmp"},
}
YEAR = 365 * 86_400  # seconds


def _broken(fault: str, shop: Shop, mended: Shop, reference: Mapping[str, bytes]) -> Trial:
    """Run under a fault, judge what the run said, then what it left."""
    before = contents(mended.edition)
    code, told = finished(shop.start("--fresh"))
    why = in_words(told) if code else ""
    if not code and contents(shop.edition) != reference:
        why = "it said nothing and published another edition"
    return Trial(fault=fault, why=why or after(mended, before, reference))


@contextmanager
def _mounted(place: Path, size: int) -> Iterator[None]:
    """Hold what lies in a folder on a small disk of memory; needs the right to mount."""
    aside = place.with_name(f"{place.name}.aside")
    place.mkdir(parents=True, exist_ok=True)
    shutil.copytree(place, aside)
    options = f"size={max(size, 4096)}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        with suppress(shutil.Error, OSError):
            shutil.copytree(aside, place, dirs_exist_ok=True)
        yield
        shutil.rmtree(aside)
        shutil.copytree(place, aside)
    finally:
        subprocess.run(["umount", "-l", place], check=True)
        shutil.copytree(aside, place, dirs_exist_ok=True)
        shutil.rmtree(aside)


def without_room(
    shop: Shop, reference: Mapping[str, bytes], luck: np.random.Generator, *, what: str
) -> Trial:
    """Run where the disk of one folder fills up at some point."""
    places = {"out": shop.out, "store": shop.company / ".store",
              "temp": shop.root / "tmp", "home": shop.root / "home"}  # fmt: skip
    place = places[what]
    held = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    environment = {"TMPDIR": str(places["temp"]), "HOME": str(places["home"])}
    for name in ("temp", "home"):
        places[name].mkdir(exist_ok=True)
    own = Shop(root=shop.root, company=shop.company, out=shop.out, environment=environment)
    with _mounted(place, held + int(luck.uniform(0, 400_000))):
        before = contents(own.edition)
        code, told = finished(own.start("--fresh"))
        why = in_words(told) if code else ""
        if contents(own.edition) not in (before, reference):
            why = "the edition that stands is torn"
    return Trial(fault=f"no room: {what}", why=why or after(shop, reference, reference))


def read_only(shop: Shop, reference: Mapping[str, bytes], *, what: str) -> Trial:
    """Run where a folder may only be read."""
    place = {"out": shop.out, "store": shop.company / ".store", "company": shop.company}[what]
    with _mounted(place, 50_000_000):
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        code, told = finished(shop.start("--fresh"))
        why = in_words(told) if code else ""
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
    return Trial(fault=f"read-only: {what}", why=why or after(shop, reference, reference))


def clock_off(shop: Shop, reference: Mapping[str, bytes], *, years: int) -> Trial:
    """Run a year before or after everything else was made, then again today."""
    folder = shop.root / f"clock{years}"
    folder.mkdir(exist_ok=True)
    shifted = f"import time\n_now = time.time\ntime.time = lambda: _now() + {years * YEAR}\n"
    (folder / "sitecustomize.py").write_text(shifted, encoding="utf-8")
    for path in [*shop.out.rglob("*"), *(shop.company / ".store").rglob("*")]:
        at = time.time() - years * YEAR
        os.utime(path, (at, at))
    paths = os.pathsep.join([str(folder), str(shop.root / "lib")])
    own = Shop(root=shop.root, company=shop.company, out=shop.out,
               environment={"PYTHONPATH": paths})  # fmt: skip
    return _broken(f"clock {years:+} year", own, shop, reference)


def odd_place(shop: Shop, reference: Mapping[str, bytes], name: str, *, what: str) -> Trial:
    """Run for a firm, or into a folder, of an odd name."""
    folder = shop.root / "odd" / f"{what}" / name
    shutil.rmtree(folder, ignore_errors=True)
    company = folder if what == "company" else shop.company
    if what == "company":
        shutil.copytree(shop.company, folder, ignore=shutil.ignore_patterns(".store"))
    own = Shop(root=shop.root, company=company, out=folder if what == "out" else shop.out)
    return _broken(f"odd name: {what}", own, own, reference)


def four_at_once(shop: Shop, reference: Mapping[str, bytes]) -> Trial:
    """Run four reports of one edition at once."""
    ended = [finished(running) for running in [shop.start("--fresh") for _ in range(4)]]
    why = next((in_words(told) for code, told in ended if code), "")
    return Trial(fault="four at once", why=why or after(shop, reference, reference))


def trials_of(shop: Shop, times: int, seed: int) -> Iterator[Callable[[], Trial]]:
    """Yield what to try but kills: every fault, and disks that fill up the more often."""
    luck = np.random.default_rng(seed)
    finished(shop.start("--fresh"))
    reference = contents(shop.edition)
    for name, variables in ENVIRONMENTS.items():
        own = Shop(root=shop.root, company=shop.company, out=shop.out, environment=variables)
        yield partial(_broken, name, own, shop, reference)
    for name in ODD_NAMES.values():
        for what in ("company", "out"):
            yield partial(odd_place, shop, reference, name, what=what)
    for years in (-1, 1):
        yield partial(clock_off, shop, reference, years=years)
    yield partial(four_at_once, shop, reference)
    if can_mount():
        for what in ("out", "store", "temp", "home"):
            for _time in range(max(times // 20, 1)):
                yield partial(without_room, shop, reference, luck, what=what)
        for what in ("out", "store", "company"):
            yield partial(read_only, shop, reference, what=what)


def can_mount() -> bool:
    """Tell whether small disks can be made here: as root, on Linux."""
    with tempfile.TemporaryDirectory() as place:
        try:
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True, stderr=-3)
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", place], check=True)
    return True


def try_faults(times: int, *, seed: int = 2026) -> pd.DataFrame:
    """Break reports in every way; return fault, tried, held, failed and the first why."""
    with tempfile.TemporaryDirectory() as folder:
        shop = make_shop(Path(folder) / "checkout")
        told = []
        for trial in [*kills_of(shop, times, seed), *trials_of(shop, times, seed)]:
            told.append(trial())
            print("." if not told[-1].why else f"\n{told[-1]}", end="", flush=True, file=sys.stderr)
    rows = pd.DataFrame([{"fault": one.fault, "why": one.why} for one in told])
    rows["failed"] = (rows["why"] != "").astype(int)
    sums = rows.groupby("fault", sort=False).agg(
        tried=("failed", "size"), failed=("failed", "sum"), first=("why", "max")
    )
    sums.insert(1, "held", sums["tried"] - sums["failed"])
    return sums.reset_index()


def run(times: int, seed: int) -> int:
    """Break reports in every way and print what held; return 1 if something did not."""
    held = try_faults(times, seed=seed)
    print(held.to_string(index=False))
    return int(held["failed"].sum() > 0)
