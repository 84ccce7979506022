"""Whether an edition's numbers come out again from its company's data."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.press.publish import publish

RELATIVE = 1e-9  # two machines may differ in the last digits, never in the ninth
KEYS = ["page", "id", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Findings that differ, one line each in `rows`, and what to tell of them."""

    rows: tuple[str, ...]
    summary: str


def differences(edition: Path, *, company: str | None = None) -> Verification:
    """Publish the edition again in a temporary folder and compare all findings.

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
            shelf=edition.resolve().parent.parent,
        )
        again = read_numbers(index.parent)
    rows = tuple(moved(published, again))
    summary = "\n".join(rows) if rows else f"All {len(published)} findings came out again."
    return Verification(rows=rows, summary=summary)


def read_numbers(edition: Path) -> pd.DataFrame:
    """Return an edition's findings: value, low, high, n by page, id and group."""
    entries = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    frame = pd.DataFrame(entries).reindex(columns=[*KEYS, "value", "low", "high", "n"])
    return frame.fillna({"group": ""}).set_index(KEYS).sort_index()


def moved(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return one line for each finding that is gone, new, or not the same to nine digits."""
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
