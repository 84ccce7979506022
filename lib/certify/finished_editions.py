"""What finished editions say: sums over groups and months, read from nothing but their files."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd

from profitchain.core.periods import Period

ANSWERS, FOLLOWED = "answers", "answers followed"  # what is counted
OTHERS, SCORE = "(others)", "score"
SATISFACTION, REPEATS = "03_satisfaction", "07_repeat_purchase"
BY_GROUP = {ANSWERS: f"{SATISFACTION}-by-segment", FOLLOWED: f"{REPEATS}-by-segment"}
REPEAT_RATE = "Repeat purchase rate"
LOOKBACK = 12  # months
_TAG = re.compile(r"<[^>]*>")
_SPOKEN = re.compile(r'(?:aria-label|alt|title)="([^"]*)"|<(?:title|desc)>([^<]*)<')


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A published count, and a score where one stands with it: of some groups, over some months.

    No `segment` means all; `groups` are those named, or those that "(others)" stands for.
    """

    of: str
    months: tuple[str, ...]
    n: int
    value: float | None = None
    segment: str = ""
    groups: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str, frozenset[str], tuple[str, ...]]:
        """What it says something of."""
        return self.of, self.segment, self.groups, self.months


def statements_in(edition: Path, names: dict[str, Sequence[str]]) -> Iterator[Statement]:
    """Yield what an edition's CSV files, workbook and findings say.

    Parameters
    ----------
    names : all groups of each segment, as somebody from inside the firm knows them.
    """
    own = months_of(edition.name)
    for table in (_csv(edition, f"{SATISFACTION}-main-score"), _findings(edition, own)):
        for row in table.itertuples():
            yield Statement(of=ANSWERS, months=months_of(row.period), n=int(row.n), value=row.value)
    trends = _csv(edition, "05_loyalty-trends")
    for row in trends[trends["measure"] == REPEAT_RATE].itertuples():
        yield Statement(of=FOLLOWED, months=months_of(row.period), n=int(row.n), value=row.value)
    for of in BY_GROUP:
        name, months = _by_group_in(edition, of)
        yield from _by_group(_csv(edition, name), of, months, names)
        yield from _by_group(_sheet(edition, name), of, months, names)
    rates = _csv(edition, f"{REPEATS}-raw-rates")
    for row in rates[rates["n"] > 0].itertuples():
        yield Statement(of=FOLLOWED, months=_lookback(own), n=int(row.n), value=row.value,
                        segment=SCORE, groups=frozenset({str(int(row.score))}))  # fmt: skip


def shown_in(edition: Path, of: str) -> dict[str, tuple[tuple[str, ...], set[str]]]:
    """Return, by segment, over which months an edition tells of its groups, and of which."""
    name, months = _by_group_in(edition, of)
    rows = _csv(edition, name)
    return {
        str(segment): (months, set(inside["group"])) for segment, inside in rows.groupby("segment")
    }


def _by_group_in(edition: Path, of: str) -> tuple[str, tuple[str, ...]]:
    own = months_of(edition.name)
    return BY_GROUP[of], _lookback(own) if of == FOLLOWED else own


def months_of(period: str) -> tuple[str, ...]:
    """Return the months of a period, by name."""
    about = Period(period)
    return tuple(map(str, pd.period_range(about.first_day, about.last_day, freq="M")))


def texts_of(edition: Path, page: str) -> str:
    """Return all that a page says: its words, tooltips, alternative texts, CSVs, sheets."""
    told = (edition / f"{page}.html").read_text(encoding="utf-8")
    spoken = [" ".join(filter(None, match)) for match in _SPOKEN.findall(told)]
    files = [path.read_text(encoding="utf-8") for path in edition.glob(f"data/{page}*.csv")]
    book = openpyxl.load_workbook(edition / "edition.xlsx", read_only=True)
    cells = [
        str(cell)
        for sheet in book.worksheets
        if sheet.title.startswith(page[:2])
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell is not None
    ]
    found = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    findings = [json.dumps(one, ensure_ascii=False) for one in found if one["page"] == page]
    return html.unescape("\n".join([_TAG.sub(" ", told), *spoken, *files, *cells, *findings]))


def _lookback(own: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(str, pd.period_range(end=own[-1], periods=LOOKBACK, freq="M")))


def _csv(edition: Path, name: str) -> pd.DataFrame:
    path = edition / "data" / f"{name}.csv"
    columns = ["period", "measure", "segment", "group", "value", "n"]
    rows = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=columns)
    return rows[rows["n"].notna()]


def _sheet(edition: Path, name: str) -> pd.DataFrame:
    """Return an exhibit's table as the workbook has it."""
    page, _, exhibit = name.partition("-")
    book = openpyxl.load_workbook(edition / "edition.xlsx", read_only=True)
    title = f"{page[:2]} {exhibit}"
    rows = list(book[title].iter_rows(values_only=True)) if title in book.sheetnames else []
    heads = [at for at, row in enumerate(rows) if {"group", "segment", "n", "value"} <= set(row)]
    if not heads:
        return pd.DataFrame(columns=["segment", "group", "value", "n"])
    table = pd.DataFrame(rows[heads[0] + 1 :], columns=[str(name) for name in rows[heads[0]]])
    return table[pd.to_numeric(table["n"], errors="coerce").notna()]


def _findings(edition: Path, own: Sequence[str]) -> pd.DataFrame:
    found = json.loads((edition / "findings.json").read_text(encoding="utf-8"))
    rows = [
        {"period": edition.name, "n": one["n"], "value": one["value"]}
        for one in found
        if one["id"] == "nps" and not one.get("group")
    ]
    return pd.DataFrame(rows, columns=["period", "n", "value"])


def _by_group(
    table: pd.DataFrame, of: str, months: tuple[str, ...], names: dict[str, Sequence[str]]
) -> Iterator[Statement]:
    for segment, rows in table[table["segment"].isin(list(names))].groupby("segment"):
        named = set(rows["group"]) - {OTHERS}
        for row in rows.itertuples():
            others = frozenset(names[segment]) - named
            groups = others if row.group == OTHERS else frozenset({row.group})
            value = None if pd.isna(row.value) or of == FOLLOWED else float(row.value)
            yield Statement(of=of, months=months, n=int(row.n), value=value, segment=str(segment),
                            groups=groups)  # fmt: skip
