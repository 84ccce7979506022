"""How fast and in how much memory: our part beside others', each in fresh processes, medians."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from bench.contests import PARTS, Contender, Contest
from bench.peers import LARGE, PeerMissing
from profitchain.core.errors import ParameterError, ProfitchainError, did_you_mean

BENCHMARKS = Path(__file__).parents[1] / "BENCHMARKS.md"
HOURS = 3600
SPARE = 0.85  # share of the machine's memory that one contender may need
BAR = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One contender's medians: seconds, megabytes at the peak, result; or why there are none.

    `cpu` are the seconds that processors worked, which a busy machine stretches least.
    """

    part: str
    contest: str
    contender: str
    seconds: float | None = None
    cpu: float | None = None
    megabytes: float | None = None
    times_ours: float | None = None
    result: str = ""
    versions: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPlan:
    """What to run: parts by name, how often, at which sizes (none: each part's own)."""

    parts: tuple[str, ...] = tuple(PARTS)
    runs: int = 3
    sizes: tuple[int, ...] = ()
    large: bool = False


def run(order: BenchPlan) -> Iterator[list[Measured]]:
    """Yield what each contest of the parts came to, ours first.

    Raises ParameterError for a part that there isn't.
    """
    for name in order.parts:
        if name not in PARTS:
            raise ParameterError(f"There is no part '{name}'. {did_you_mean(name, list(PARTS))}")
    for name in order.parts:
        for size in order.sizes or PARTS[name].sizes:
            with tempfile.TemporaryDirectory(prefix="bench-") as place:
                try:
                    contests = PARTS[name].contests(size, Path(place))
                except ProfitchainError as error:
                    yield [
                        Measured(part=name, contest=f"{size:,}", contender="", result=f"{error}")
                    ]
                    continue
                for contest in contests:
                    yield contended(name, contest, order)


def run_and_tell(order: BenchPlan, to: Path | None = None) -> list[Measured]:
    """Print each contest's table as it is done; with `to`, write the parts into that page."""
    done: list[Measured] = []
    on = machine()
    for rows in run(order):
        done += rows
        print(table(rows), end="\n\n", flush=True)
        part = rows[0].part
        if to is not None:
            write(
                {part: section(part, [row for row in done if row.part == part], order.runs, on)},
                to,
            )
    return done


def contended(part: str, contest: Contest, order: BenchPlan) -> list[Measured]:
    """Return each contender's medians; they take turns, so that a busy minute strikes all."""
    outcomes: dict[str, list[dict] | str] = {program.name: [] for program in contest.contenders}
    for _turn in range(order.runs):
        for program in contest.contenders:
            runs = outcomes[program.name]
            if isinstance(runs, str):
                continue
            try:
                runs.append(_once(program, order))
            except PeerMissing as error:
                outcomes[program.name] = str(error)
    return compared(
        [_medians(part, contest, program, outcomes[program.name]) for program in contest.contenders]
    )


def compared(rows: Sequence[Measured]) -> list[Measured]:
    """Return the rows with their seconds as multiples of the first's."""
    ours = rows[0].seconds
    if not ours:
        return list(rows)
    return [
        replace(row, times_ours=row.seconds / ours) if row.seconds is not None else row
        for row in rows
    ]


def _once(program: Contender, order: BenchPlan) -> dict:
    """Run a contender once; raises PeerMissing where it can't be."""
    if program.peer in LARGE and not order.large:
        raise PeerMissing("not run: about a gigabyte to install; ask for it with --all")
    if program.gigabytes > SPARE * gigabytes():
        raise PeerMissing(f"not run: needs about {program.gigabytes:,.0f} GB of memory")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    if program.peer:
        environment.pop("PYTHONPATH")
    try:
        done = subprocess.run(program.command(), capture_output=True, text=True, check=False,
                              env=environment, timeout=HOURS)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PeerMissing("stopped after an hour") from None
    if done.returncode:
        raise PeerMissing(f"failed: {_last_error(done.stderr) or f'ended with {done.returncode}'}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _last_error(text: str) -> str:
    """Return the last line that names an error, else the last one, at most 120 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if "Error" in line or "Exception" in line]
    return (named or lines or [""])[-1][:120]


def _medians(part: str, contest: Contest, program: Contender, runs: list[dict] | str) -> Measured:
    names = {"part": part, "contest": contest.title, "contender": program.name}
    if isinstance(runs, str):
        return Measured(**names, result=runs)
    memory = [run["megabytes"] for run in runs if run["megabytes"] is not None]
    return Measured(
        **names,
        seconds=statistics.median(run["seconds"] for run in runs),
        cpu=statistics.median(run["cpu"] for run in runs),
        megabytes=statistics.median(memory) if memory else None,
        result=runs[-1]["result"],
        versions=runs[-1]["versions"],
    )


def gigabytes() -> float:
    """Return the machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    except (AttributeError, ValueError):
        return float("inf")


def machine() -> str:
    """Return the machine in one line: processor, cores, memory, system, Python, load."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{(names or [platform.processor() or platform.machine()])[0]}, {os.cpu_count()} cores, "
        f"{gigabytes():.0f} GB, {platform.system()}, Python {platform.python_version()}{load}"
    )


def table(rows: Sequence[Measured]) -> str:
    """Return rows as a Markdown table, one line a contender."""
    lines = ["| contest | program | seconds | times ours | CPU seconds | MB at the peak | result |",
             "|---|---|---:|---:|---:|---:|---|"]  # fmt: skip
    for row in rows:
        cells = [row.contest, row.contender, _digits(row.seconds), _digits(row.times_ours),
                 _digits(row.cpu),
                 _digits(row.megabytes), row.result.replace("|", "/")]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def bars(rows: Sequence[Measured]) -> str:
    """Return our seconds and megabytes contest by contest, as bars of text."""
    firsts = {row.contest: row for row in reversed(rows)}  # ours come first
    ours = [row for row in rows if row is firsts[row.contest] and row.seconds]
    kinds = {row.contest.rpartition(": ")[0] for row in ours}
    if len(kinds) != 1 or len(ours) < 2:
        return ""  # bars compare sizes of one task
    lines = []
    for unit in ("seconds", "megabytes"):
        most = max(getattr(row, unit) or 0 for row in ours) or 1
        for row in ours:
            amount = getattr(row, unit) or 0
            size = row.contest.rpartition(": ")[2]
            lines.append(
                f"{size:>20} {'█' * max(round(BAR * amount / most), 1)} {_digits(amount)} {unit}"
            )
        lines.append("")
    return "```text\n" + "\n".join(lines).rstrip() + "\n```"


def section(part: str, rows: Sequence[Measured], runs: int, on: str) -> str:
    """Return a part's section of the page: how it was measured, its table, its bars."""
    named: dict[str, str] = {}
    for row in rows:
        named |= row.versions or {}
    versions = ", ".join(f"{name} {number}" for name, number in sorted(named.items()))
    about = f"{date.today()}, {_turns(runs)}. {on}. {versions}."
    texts = [f"## {part}: {PARTS[part].about}", about, table(rows), bars(rows)]
    return "\n\n".join(text for text in texts if text)


def _turns(runs: int) -> str:
    return "one run of each" if runs == 1 else f"medians of {runs} runs"


def write(sections: Mapping[str, str], path: Path = BENCHMARKS) -> None:
    """Write sections into the page; parts that were not run keep theirs."""
    by_part = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            by_part[text.split(":", 1)[0]] = f"## {text.strip()}"
    by_part |= sections
    texts = [by_part[part] for part in PARTS if part in by_part]
    path.write_text("\n\n".join([_PAGE, *texts]) + "\n", encoding="utf-8")


def as_json(rows: Sequence[Measured]) -> str:
    """Return rows as JSON."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def _digits(number: float | None) -> str:
    """Return a number with three significant digits, or a dash."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


_PAGE = """# How fast, in how much memory

Written by `python3 lib bench --write`; its help lists the parts. Every program runs in processes of
its own, in turns, on the same data. Seconds are those of the work named, without imports and, but
for the data path, without reading; CPU seconds are those of all processors, which a busy machine
stretches least; megabytes are the most that the process ever held, all included. *Times ours* above
1: ours is faster; below 1: slower. A *floor* is no competitor: DuckDB reads the columns in question
once (count, smallest, largest), for an edition every column of every table, which nothing that
looks at all values can beat by much. Results stand beside so that it can be seen that all did the
same."""
