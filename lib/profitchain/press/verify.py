"""Whether all that an edition says comes out again from its company's data."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.press.publish import publish
from profitchain.press.published_values import RELATIVE, same_number, values_of

MOST_LINES, LETTERS = 40, 40
KEYS = ["page", "id", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What differs, one line each in `rows`, and what to tell of it.

    `last_digits` are numbers equal to seven digits: two machines may differ so.
    """

    rows: tuple[str, ...]
    last_digits: tuple[str, ...]
    summary: str


def differences(edition: Path, *, company: str | None = None) -> Verification:
    """Publish the edition again in a temporary folder and compare all that stands in its files.

    Raises ParameterError where the folder holds no edition.
    """
    try:
        record = json.loads((edition / "record.json").read_text(encoding="utf-8"))
        published = read_numbers(edition)
    except (OSError, ValueError):
        raise ParameterError(
            f"'{edition}' holds no edition (record.json and findings.json). "
            "Name a folder such as reports/example/2026Q3."
        ) from None
    settings = {name: str(value) for name, value in record["parameters"].items()}
    with tempfile.TemporaryDirectory() as folder:
        index = publish(
            company or f"data/{record['company']}",
            record["period"],
            out=Path(folder),
            only=list(record["seconds"]),
            fresh=True,
            settings=settings,
            spoken=record.get("languages", ()),
            shelf=edition.resolve().parent.parent,
        )
        rows, last_digits, count = compared(edition, index.parent)
    more = [f"and {len(rows) - MOST_LINES:,} more"] if len(rows) > MOST_LINES else []
    lines = [*rows[:MOST_LINES], *more]
    if not rows:
        lines = [f"All {len(published)} findings came out again: {count:,} values of all files."]
    if last_digits:
        lines += [f"{len(last_digits)} differ after the seventh digit, as between machines. "
                  f"The first: {last_digits[0]}"]  # fmt: skip
    return Verification(rows=tuple(rows), last_digits=tuple(last_digits), summary="\n".join(lines))


def compared(edition: Path, again: Path) -> tuple[list[str], list[str], int]:
    """Return what differs between two editions, what does so after seven digits, and all values.

    A line a value, with its file and place. A printed edition (PDF) is not compared.
    """
    ours, theirs = ({path.relative_to(folder) for path in folder.rglob("*.*") if path.is_file()}
                    for folder in (edition, again))  # fmt: skip
    names = sorted(path for path in ours | theirs if path.suffix != ".pdf")
    rows: list[str] = []
    last_digits: list[str] = []
    count = 0
    for name in names:
        if name not in ours & theirs:
            rows.append(f"{'gone' if name in ours else 'new'}: {name}")
            continue
        before, after = values_of(edition / name), values_of(again / name)
        count += len(before)
        if "as a whole" in before:
            rows.append(f"{name} {before['as a whole']}")
            continue
        for place in (key for key in before | after if before.get(key) != after.get(key)):
            was, now = before.get(place), after.get(place)
            near = was is not None and now is not None and same_number(was, now)
            (last_digits if near else rows).append(_line(f"{name} {place}".strip(), was, now))
    return rows, last_digits, count


def _line(place: str, was: str | None, now: str | None) -> str:
    if was is None or now is None:
        return f"{'new' if was is None else 'gone'}: {place}: {_part(was or now or '', 0)}"
    start = next((at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    return f"{place}: {_part(was, start)} was published, {_part(now, start)} came out"


def _part(text: str, start: int) -> str:
    """Return the words around a place in a text."""
    first = max(start - LETTERS, 0)
    part = text[first : start + LETTERS]
    return f"{'…' * bool(first)}{part}{'…' * (len(text) > start + LETTERS)}"


def read_numbers(edition: Path) -> pd.DataFrame:
    """Return an edition's findings: value, low, high, n by page, id and group."""
    entries = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    frame = pd.DataFrame(entries).reindex(columns=[*KEYS, "value", "low", "high", "n"])
    return frame.fillna({"group": ""}).set_index(KEYS).sort_index()


def moved(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return one line for each finding that is gone, new, or not the same to seven digits."""
    lines = [f"gone: {' '.join(key)}" for key in before.index.difference(after.index)]
    lines += [f"new: {' '.join(key)}" for key in after.index.difference(before.index)]
    both = before.index.intersection(after.index)
    left, right = before.loc[both].astype(float), after.loc[both].astype(float)
    differs = ~((left - right).abs() <= RELATIVE * left.abs().clip(lower=1e-6))
    for key, flags in differs.iterrows():
        lines += [
            f"{' '.join(key)} {column}: {left.at[key, column]} was published, "
            f"{right.at[key, column]} came out"
            for column in flags.index[flags]
        ]
    return lines
