"""Whether a firm's store is only a cache: topped up through any history, it gives the same numbers.

Each history is a small firm whose files come, change and go between editions, whose store loses
files or has them garbled, and whose runs are killed. What its last edition was made from must be,
bit by bit, what a copy of the firm with an empty store gives.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from certify.compiled_once import compile_once
from certify.history_firms import HistoryFirm
from profitchain.core.errors import ProfitchainError
from profitchain.panel.edition import open_edition

ASIDE = "quarantine"
NEVER, ALWAYS = 10**12, 0
PIECES = {
    "intake.parquet_cache.KEPT": ALWAYS, "panel.store.ALWAYS_HASHED": 4_000,
    "intake.parquet_cache.PIECE": 9_000, "intake.parquet_cache.SMALL_PIECE": 9_000,
}  # fmt: skip
BY_NUMBER = {**PIECES, "intake.parquet_cache.LARGE": ALWAYS}
KINDS: Mapping[str, Mapping[str, int]] = {
    "tables in pieces": {**PIECES, "intake.parquet_cache.LARGE": NEVER},
    "customers by number, some drawn": {
        **BY_NUMBER, "panel.customers.DRAWN_FROM": 5, "panel.customers.DRAWN": 20,
        "stats.clusters.MANY": 10, "panel.snapshots.SAMPLED": 10,
    },
    "customers by number, all kept": BY_NUMBER,
    "nothing in pieces": {},
}  # fmt: skip
RUNS = 2  # of a history after its first, the last one judged
KILLED, SPOILT = 0.5, 0.7  # chances before a run
MANIFEST = "manifest.json"


@dataclass(kw_only=True)
class History:
    """What one history was and came to: `differing` names files, and columns within them."""

    kind: str
    number: int
    told: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)


def play(number: int, *, seed: int = 2026, kind: str = "", runs: int = RUNS) -> History:
    """Play a history and judge what it came to; the same number and seed give the same one.

    Kills come at moments that the machine decides, so that what they leave may differ. Every
    second firm has orders and answers alone.
    """
    kind = kind or list(KINDS)[number % len(KINDS)]
    luck = np.random.default_rng([seed, number])
    history = History(kind=kind, number=number)
    with tempfile.TemporaryDirectory() as name, thresholds(kind):
        firm = HistoryFirm(folder=Path(name) / "firm", luck=luck, told=history.told)
        firm.found(only_orders=bool(number // len(KINDS) % 2))
        start = time.monotonic()
        _run(firm.folder, firm.period())
        takes = time.monotonic() - start
        for _later in range(runs):
            period = firm.period()
            _befall(firm, history.counts, kind, period, within=takes)
            ours = _run(firm.folder, period)
            firm.told.append(f"ran {period}")
            history.counts["runs"] += 1
        fresh = Path(name) / "fresh"
        shutil.copytree(firm.folder, fresh, ignore=shutil.ignore_patterns(".store", "quarantine"))
        anew = _run(fresh, period)
        history.differing += _differences(ours, anew)
        history.counts["files compared"] += len(anew.files)
        history.counts["refused alike"] += bool(anew.refusal)
    return history


def _befall(firm: HistoryFirm, counts: Counter[str], kind: str, period: str, within: float) -> None:
    """Let things become of a firm and its store, and a run be killed."""
    for _change in range(int(firm.luck.integers(1, 6))):
        firm.change()
        counts["changes"] += 1
    if firm.luck.random() < SPOILT:
        counts["files spoilt"] += _spoil(firm)
    if firm.luck.random() < KILLED:
        counts["kills"] += 1
        firm.told.append(_killed(firm.folder, period, kind, firm.luck.uniform(0, within)))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended: with an entry of the store and the quarantine, or with a refusal.

    The quarantine is left out where the entry stood already: what it says is of the last one made.
    """

    files: Mapping[str, Path]
    refusal: str = ""


@contextmanager
def thresholds(kind: str) -> Iterator[None]:
    """Let small tables be kept as large ones are."""
    with ExitStack() as stack:
        for place, value in KINDS[kind].items():
            stack.enter_context(mock.patch(f"profitchain.{place}", value))
        yield


def _run(folder: Path, period: str) -> Ended:
    """Prepare an edition, or open one that stands."""
    stood = _made(folder)
    try:
        entry = open_edition(folder, period).folder
    except ProfitchainError as error:
        return Ended(files={}, refusal=str(error))
    files = {path.name: path for path in entry.iterdir() if path.name != MANIFEST}
    if stood.get(entry) != _made(folder)[entry]:
        files |= {f"{ASIDE}/{path.name}": path for path in (folder / ASIDE).glob("*.csv")}
    return Ended(files=files)


def _made(folder: Path) -> dict[Path, int]:
    """Return the entries of a store, each with what tells it from another of its name."""
    return {p.parent: p.stat().st_ino for p in (folder / ".store").glob(f"*/{MANIFEST}")}


def _killed(folder: Path, period: str, kind: str, after: float) -> str:
    """Kill a run in a process of its own after some seconds; tell whether it was done by then."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    running = context.Process(target=_run_apart, args=(folder, period, kind))
    running.start()
    running.join(after)
    running.kill()
    running.join()
    return "a run was done before its kill" if running.exitcode == 0 else "killed a run"


def _run_apart(folder: Path, period: str, kind: str) -> None:
    with thresholds(kind):
        _run(folder, period)


def _spoil(firm: HistoryFirm) -> int:
    """Remove, cut, garble or empty some files of the store; return how many."""
    paths = sorted(path for path in (firm.folder / ".store").rglob("*") if path.is_file())
    many = min(int(firm.luck.integers(1, 6)), len(paths))
    for path in firm.luck.choice(np.array(paths, dtype=object), many, replace=False):
        held, fate = path.read_bytes(), firm.luck.choice(["removed", "cut", "garbled", "emptied"])
        if fate == "removed":
            path.unlink()
        elif fate == "cut":
            path.write_bytes(held[: len(held) // 2])
        elif fate == "garbled":
            at = int(firm.luck.integers(max(len(held), 1)))
            path.write_bytes(held[:at] + bytes([held[at] ^ 1] if held else [7]) + held[at + 1 :])
        else:
            path.write_bytes(b"")
        firm.told.append(f"{fate} {path.relative_to(firm.folder / '.store')}")
    return many


def _differences(ours: Ended, anew: Ended) -> list[str]:
    """Return the files, and their columns, in which two runs differ."""
    if ours.refusal != anew.refusal:
        return [f"refusal {ours.refusal!r}, anew {anew.refusal!r}"]
    is_kept = not any(name.startswith(ASIDE) for name in ours.files)
    there = {n: p for n, p in anew.files.items() if not (is_kept and n.startswith(ASIDE))}
    found = [f"{name} is on one side" for name in sorted(ours.files.keys() ^ there.keys())]
    for name in sorted(ours.files.keys() & there.keys()):
        found += differing_columns(name, ours.files[name], there[name])
    return found


def differing_columns(name: str, ours: Path, anew: Path) -> list[str]:
    """Return the columns of a file whose values differ in any bit; its name of other files."""
    if ours.read_bytes() == anew.read_bytes():
        return []
    if ours.suffix != ".parquet":
        return [name]
    first, second = pq.read_table(ours), pq.read_table(anew)
    if first.schema != second.schema or first.num_rows != second.num_rows:
        return [f"{name}: columns or rows"]
    columns = [c for c in first.column_names if _bits(first[c]) != _bits(second[c])]
    return [f"{name}: {', '.join(columns)}"] if columns else []


def _bits(column: pa.ChunkedArray) -> tuple[bytes, object]:
    """Return which values are missing, and the others bit by bit."""
    missing = column.is_null().to_numpy().tobytes()
    if pa.types.is_floating(column.type):
        return missing, column.drop_null().to_numpy().tobytes()
    return missing, column.to_pylist()


def run(histories: int, seed: int) -> int:
    """Play histories and print what they came to; return 1 if any store gave other numbers."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    played = []
    with ProcessPoolExecutor(mp_context=context, initializer=compile_once) as workers:
        for one in workers.map(partial(play, seed=seed), range(histories)):
            played.append(one)
            told = f"\n{one.number}: {one.differing}\n  {'; '.join(one.told)}\n"
            print(told if one.differing else ".", end="", flush=True, file=sys.stderr)
    print(f"\n{table(played).to_string(index=False)}")
    return int(any(one.differing for one in played))


def table(played: Sequence[History]) -> pd.DataFrame:
    """Return one row a kind of history: histories, what was done, and how many differ."""
    rows = pd.DataFrame([
        {"kind": one.kind, "histories": 1, **one.counts, "differing": int(bool(one.differing))}
        for one in played
    ])  # fmt: skip
    return rows.fillna(0).groupby("kind", sort=False).sum().astype(int).reset_index()
