"""Which notebooks a report runs, and which of them first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from profitchain.core.errors import ParameterError, did_you_mean
from profitchain.exhibits.findings import SUMMARY


def all_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, in the order of their names."""
    return sorted(folder.glob("[0-9]*.ipynb"))


def chosen_notebooks(folder: Path, only: Sequence[str]) -> tuple[Path, ...]:
    """Return the notebooks asked for, with the summary; all of them when none is named."""
    every = {path.stem: path for path in all_notebooks(folder)}
    names = [Path(name).stem for name in only]
    for name in names:
        if name not in every:
            raise ParameterError(f"There is no notebook '{name}'. {did_you_mean(name, every)}")
    return tuple(every[name] for name in every if not names or name in {*names, SUMMARY})


def longest_first(notebooks: Sequence[Path], edition: Path) -> list[Path]:
    """Return notebooks by their last seconds, else by size, so that no long one is left over."""
    seconds: Mapping[str, float] = {}
    with suppress(OSError, ValueError, LookupError):
        earlier_record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
        seconds = earlier_record["seconds"]

    def length(path: Path) -> tuple[float, int]:
        return seconds.get(path.stem, float("inf")), path.stat().st_size

    return sorted(notebooks, key=length, reverse=True)
