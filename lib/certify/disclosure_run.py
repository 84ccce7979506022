"""Publishes editions of a small firm, erases customers, publishes on, and attacks what came out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from unittest import mock

import pandas as pd

from certify.breakable import contents
from certify.disclosure_attack import KINDS, Attack, attacked
from certify.disclosure_firms import GROUPS, erase, write_firm
from profitchain.press import publish

PAGES = ("00_summary", "02_response", "03_satisfaction", "05_loyalty", "06_value",
         "07_repeat_purchase")  # fmt: skip
BEFORE = ("2025-01", "2025-02", "2025-03", "2025Q1")
AFTER = ("2025-02", "2025Q1", "2025Q2", "2025")  # two made again, a later and an enclosing one
LAST_BEFORE = "2025-03"  # months up to it were published before the erasure
ERASED = 3
SMALLEST = 10


def attack_firm(answers: int, seed: int) -> pd.DataFrame:
    """Return what came out before an erasure, after it, and with nothing hidden: a row each.

    Parameters
    ----------
    answers : of the firm, a year.
    """
    segments = list(GROUPS)
    rows = []
    with tempfile.TemporaryDirectory() as name, _few_pages(Path(name)):
        firm, out = Path(name) / "firm", Path(name) / "out"
        write_firm(firm, answers, seed)
        first = answers_of(firm, segments)
        editions = _published(firm, out, BEFORE)
        rows.append(_row("before", attacked(editions, first, segments, smallest=SMALLEST), 0))
        stood = {edition: contents(edition) for edition in editions}
        gone = sorted(first.loc[first["month"] == LAST_BEFORE, "customer"].unique())[:ERASED]
        erase(firm, gone)
        left = answers_of(firm, segments)
        editions = [*editions, *_published(firm, out, AFTER[2:])]
        _published(firm, out, AFTER[:2])
        moved = sum(contents(edition) != was for edition, was in stood.items())
        attack = attacked(editions, _told_of(first, gone), segments, smallest=SMALLEST)
        rows.append(_row("after", attack, moved))
        told = (firm / "company.yml").read_text(encoding="utf-8")
        open_to_all = told.replace(f"smallest_group: {SMALLEST}", "smallest_group: 1")
        (firm / "company.yml").write_text(open_to_all, encoding="utf-8")
        editions = _published(firm, Path(name) / "nothing hidden", ["2025Q1"])
        rows.append(
            _row("nothing hidden", attacked(editions, left, segments, smallest=SMALLEST), 0)
        )
    return pd.DataFrame(rows)


def answers_of(firm: Path, segments: Sequence[str]) -> pd.DataFrame:
    """Return the answers of a firm's tables as `attacked` reads them."""
    customers = pd.read_csv(firm / "customers.csv").set_index("customer_id")
    answers = pd.read_csv(firm / "responses.csv", parse_dates=["responded_at"])
    days = pd.Timedelta(30, "D")
    score = answers["nps"]
    return pd.DataFrame({
        "customer": answers["customer_id"],
        "month": answers["responded_at"].dt.strftime("%Y-%m"),
        "closes": (answers["responded_at"] + days).dt.strftime("%Y-%m"),
        "kind": pd.cut(score, [-1, 6, 8, 10], labels=KINDS[::-1]).astype(str),
        **{segment: answers["customer_id"].map(customers[segment]) for segment in segments},
    })  # fmt: skip


def _told_of(rows: pd.DataFrame, gone: Sequence[str]) -> pd.DataFrame:
    """Return the answers that are told of: of those erased, in the months published before."""
    is_gone = rows["customer"].isin(list(gone))
    late = {
        name: rows[name].mask(is_gone & (rows[name] > LAST_BEFORE)) for name in ("month", "closes")
    }
    return rows.assign(**late)


def run(answers: Sequence[int], seed: int) -> int:
    """Attack firms and print what came out; return 1 if anything was given away."""
    tables = [attack_firm(n, seed).assign(answers=n) for n in answers]
    table = pd.concat(tables)
    print(table.set_index(["answers", "editions"]).to_string())
    hidden = table[table["editions"] != "nothing hidden"]
    return int(hidden[["exact", "near", "named", "changed", "moved"]].to_numpy().sum() > 0)


def _row(editions: str, attack: Attack, moved: int) -> dict[str, object]:
    return {"editions": editions, **asdict(attack), "moved": moved}


def _published(firm: Path, out: Path, periods: Sequence[str]) -> list[Path]:
    return [publish.publish(firm, period, out=out).parent for period in periods]


@contextmanager
def _few_pages(folder: Path) -> Iterator[None]:
    """Let editions consist of the pages that count customers by group and period."""
    (folder / "notebooks").mkdir()
    for name in PAGES:
        shutil.copy(publish.NOTEBOOKS / f"{name}.ipynb", folder / "notebooks")
    with mock.patch.object(publish, "NOTEBOOKS", folder / "notebooks"):
        yield
