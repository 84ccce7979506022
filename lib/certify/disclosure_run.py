"""Publishes editions of small firms, erases customers, publishes on, and attacks what came out."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from unittest import mock

import pandas as pd

from certify.breakable import contents
from certify.disclosure_attack import KINDS, Attack, attacked
from certify.disclosure_firms import erase, write_firm
from profitchain.press import publish

PAGES = ("00_summary", "03_satisfaction", "05_loyalty", "07_repeat_purchase")
QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")
ERASED = 3
GIVEN_AWAY = ("exact", "near", "named", "changed", "moved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kind of firm, and which editions it publishes before customers are erased and after.

    `again` are made once more; `month` is one that was published before, in which those answered
    who are erased, and the last of which anything was told before.
    """

    groups: Mapping[str, int] = field(default_factory=lambda: {"region": 5, "tier": 4})
    smallest: int = 10
    before: Sequence[str] = ("2025-01", "2025-02", "2025-03", "2025Q1")
    after: Sequence[str] = ("2025Q2", "2025")
    again: Sequence[str] = ("2025-02", "2025Q1")
    month: str = "2025-03"


CASES = {
    "months, their quarter, the year": Case(),
    "3 regions, 2 tiers: quarters, the year": Case(
        groups={"region": 3, "tier": 2}, before=QUARTERS, after=("2025",), again=("2025Q4",),
        month="2025-12",
    ),
    "groups of 5: a quarter, then months": Case(
        smallest=5, before=("2025Q1",), after=("2025-04", "2025Q2"),
        again=("2025Q1",),
    ),
}  # fmt: skip


def attack_firm(answers: int, seed: int, case: Case) -> pd.DataFrame:
    """Return what came out before an erasure, after it, and with nothing hidden: a row each.

    Parameters
    ----------
    answers : of the firm, a year.
    """
    segments, smallest = list(case.groups), case.smallest
    with tempfile.TemporaryDirectory() as name, _few_pages(Path(name)):
        firm, out = Path(name) / "firm", Path(name) / "out"
        write_firm(firm, answers, seed, groups=case.groups, smallest=smallest)
        first = answers_of(firm, segments)
        editions = _published(firm, out, case.before)
        rows = [_row("before", attacked(editions, first, segments, smallest=smallest), 0)]
        stood = {edition: contents(edition) for edition in editions}
        gone = sorted(first.loc[first["month"] == case.month, "customer"].unique())[:ERASED]
        erase(firm, gone)
        left = answers_of(firm, segments)
        editions = [*editions, *_published(firm, out, case.after)]
        _published(firm, out, case.again)
        moved = sum(contents(edition) != was for edition, was in stood.items())
        told = _told_of(first, gone, case.month)
        rows.append(_row("after", attacked(editions, told, segments, smallest=smallest), moved))
        about = (firm / "company.yml").read_text(encoding="utf-8")
        open_to_all = about.replace(f"smallest_group: {smallest}", "smallest_group: 1")
        (firm / "company.yml").write_text(open_to_all, encoding="utf-8")
        editions = _published(firm, Path(name) / "nothing hidden", ["2025Q1"])
        rows.append(
            _row("nothing hidden", attacked(editions, left, segments, smallest=smallest), 0)
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
        "score": score.astype(str),
        **{segment: answers["customer_id"].map(customers[segment]) for segment in segments},
    })  # fmt: skip


def _told_of(rows: pd.DataFrame, gone: Sequence[str], last: str) -> pd.DataFrame:
    """Return the answers that are told of: of those erased, in the months published before."""
    is_gone = rows["customer"].isin(list(gone))
    late = {name: rows[name].mask(is_gone & (rows[name] > last)) for name in ("month", "closes")}
    return rows.assign(**late)


def run(answers: Sequence[int], seed: int) -> int:
    """Attack firms of each kind and print what came out; return 1 if anything was given away."""
    tables = []
    for n in answers:
        for name, case in CASES.items():
            tables.append(attack_firm(n, seed, case).assign(answers=n, publishes=name))
            print(tables[-1].set_index(["answers", "publishes", "editions"]).to_string())
    table = pd.concat(tables)
    hidden = table[table["editions"] != "nothing hidden"]
    return int(hidden[[*GIVEN_AWAY]].to_numpy().sum() > 0)


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
