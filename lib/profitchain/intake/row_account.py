"""Says what became of every row that came in, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from profitchain.intake.reasons import FOLDED, TOO_WIDE, UNKNOWN_CUSTOMER, UNREADABLE
from profitchain.intake.row_checks import RowKind
from profitchain.intake.table_checks import OUTCOME, USED, JudgedTable
from profitchain.sources.casts import UNIX
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.date_number_formats import format_that_reads
from profitchain.sources.loading import source_name
from profitchain.sources.schemas import DATES
from profitchain.sources.typed_tables import TypedTable
from profitchain.sources.warehouse_casts import display_text

_FIRST_ROWS, _LONGEST = 5, 60
_MANY = 0.02  # share of rows from which on it is asked how all dates could be read
_SECONDS_A_YEAR, _ROUNDED_FROM = 31_556_952, 10_000
KIND_WORDS = {"left_out": "left out"}  # as the terminal says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of `rows` rows of a table; of broken ones the first few as (place, value).

    Where many dates can't be read, `declared` is how they were read, and `readable` names the
    formats that read all.
    """

    table: str
    reason: str
    kind: RowKind
    rows: int
    column: str | None = None
    first: tuple[tuple[str, str], ...] = ()
    declared: str | None = None
    readable: tuple[str, ...] = ()


def outcomes_of(judged: JudgedTable) -> tuple[Outcome, ...]:
    """Return what became of a table's rows: used first, then what was set aside, the most first."""
    table, rejected = judged.table.schema.table, judged.table.raw.rejected
    counts = judged.rows.group_by(OUTCOME).aggregate(n=judged.rows.count()).to_pandas()
    rows = {int(number): int(n) for number, n in zip(counts[OUTCOME], counts["n"], strict=True)}
    total = sum(rows.values())
    first = _first_broken(judged) if set(rows) & set(judged.numbers("broken")) else {}
    outcomes = [
        Outcome(
            table=table, reason=reason, kind=kind, rows=rows[number], column=column,
            first=first.get(number, ()), **_readable(judged, reason, column, rows[number] / total),
        )
        for number, (reason, kind, column) in judged.outcomes.items()
        if number in rows
    ]  # fmt: skip
    if rejected:
        lines = tuple((str(place), _short(text)) for _, place, text in rejected[:_FIRST_ROWS])
        outcomes.append(
            Outcome(table=table, reason=TOO_WIDE, kind="broken", rows=len(rejected), first=lines)
        )
    if folded := judged.table.raw.folded:
        outcomes.append(Outcome(table=table, reason=FOLDED, kind="left_out", rows=folded))
    outcomes.sort(key=lambda outcome: (-outcome.rows, outcome.reason))
    return (Outcome(table=table, reason="used", kind="used", rows=rows.get(USED, 0)), *outcomes)


def _readable(judged: JudgedTable, reason: str, column: str | None, share: float) -> dict[str, Any]:
    """Return which formats read all dates of a column, where many of them can't be read."""
    table = judged.table
    of_dates = {c.name: c for c in table.present if c.kind in DATES}
    is_unread = column in of_dates and reason == UNREADABLE[of_dates[column].kind].format(
        column=column
    )
    if column is None or not is_unread or table.raw.warehouse or share <= _MANY:
        return {}
    source, kind = table.source_names[column], of_dates[column].kind
    reads = format_that_reads(judged.cells, source, kind=kind)
    return {"declared": table.formats.get(column), "readable": reads}


def _first_broken(judged: JudgedTable) -> dict[int, tuple[tuple[str, str], ...]]:
    """Return the first rows of each broken outcome, as place and the cell that broke it."""
    table, numbers = judged.table, judged.numbers("broken")
    rows = judged.broken()
    cells = [
        (
            rows[OUTCOME] == number,
            display_text(rows[table.source_names[column]], warehouse=table.raw.warehouse),
        )
        for number in numbers
        if (column := judged.outcomes[number][2]) is not None
    ]
    cell = ibis.cases(*cells, else_=ibis.literal("")) if cells else ibis.literal("")
    place = ibis.row_number().over(group_by=rows[OUTCOME], order_by=[rows[FILE], rows[ROW], cell])
    ranked = rows.select(OUTCOME, FILE, ROW, cell=cell, place=place)
    first = ranked.filter(ranked["place"] < _FIRST_ROWS).order_by(OUTCOME, "place").to_pandas()
    return {
        int(number): tuple(
            (_place(file, row, table), _short(text))
            for file, row, text in zip(group[FILE], group[ROW], group["cell"], strict=True)
        )
        for number, group in first.groupby(OUTCOME)
    }


def _place(file: Any, row: Any, table: TypedTable) -> str:
    if not table.raw.numbered or pd.isna(row):
        return ""
    return f"{int(row)}" if pd.isna(file) else f"{file}:{int(row)}"


def _short(text: Any) -> str:
    plain = "" if pd.isna(text) else " ".join(str(text).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def unusable_faults(table: str, outcomes: tuple[Outcome, ...], company: Company) -> list[str]:
    """Return the faults of a table all of whose rows are broken, or of an empty `orders`.

    Of a firm without orders, an empty `responses`.
    """
    rows = sum(outcome.rows for outcome in outcomes)
    broken = [outcome for outcome in outcomes if outcome.kind == "broken"]
    if rows == 0 and table == "orders":
        return ["It holds no rows. Orders are what every page is made from."]
    if rows == 0 and table == "responses" and "orders" not in company.tables:
        return ["It holds no rows. Answers are what this firm's pages are made from."]
    if rows == 0 or sum(outcome.rows for outcome in broken) < rows:
        return []
    faults = faults_of(broken, table)
    return [f"None of its {rows:,} rows can be used. {faults[0]}", *faults[1:]]


def faults_of(broken: Sequence[Outcome], table: str) -> list[str]:
    """Return broken outcomes in words, each with its mend."""
    return [f"{outcome_in_words(outcome)}{_mend(outcome, table)}" for outcome in broken]


def outcome_in_words(outcome: Outcome) -> str:
    """Return an outcome in words, with its first rows."""
    rows = "1 row" if outcome.rows == 1 else f"{outcome.rows:,} rows"
    pairs = [(place and f"row {place}", cell and f"'{cell}'") for place, cell in outcome.first]
    examples = "; ".join(filter(None, (": ".join(filter(None, pair)) for pair in pairs)))
    return f"{rows}: {outcome.reason}" + (f" ({examples})." if examples else ".")


def _mend(outcome: Outcome, table: str) -> str:
    """Return what mends broken rows: the line of company.yml, where one does; else nothing."""
    if any(f"read as a {what}" in outcome.reason for what in ("time", "day", "month")):
        return _mend_of_dates(outcome, table)
    if "read as an amount" in outcome.reason or "read as a number" in outcome.reason:
        return (
            f" Declare tables: {table}: decimal: ',' if it is written 1.234,56, or missing: "
            f"{{{outcome.column}: [...]}} for words that mean nothing given."
        )
    if outcome.reason == UNKNOWN_CUSTOMER:
        return " Check that customer_id means the same in both tables."
    if outcome.reason.startswith("no ") and outcome.column:
        return f" Check which column {outcome.column} is mapped to under columns:."
    return ""


def _mend_of_dates(outcome: Outcome, table: str) -> str:
    reads = [written for written in outcome.readable if written != outcome.declared]
    if not reads:
        return (
            f" Declare how {outcome.column} is written: tables: {table}: date_format: "
            "'%d.%m.%y %H:%M' (or: day first, month first, unix, unix_ms, excel, roc)."
        )
    quoted = [f"'{written}'" if "%" in written else written for written in reads]
    mend = f"date_format: {{{outcome.column}: {quoted[0]}}}, which reads all of them"
    others = f" (so does {' and '.join(quoted[1:])})" if quoted[1:] else ""
    asked = ""
    if outcome.declared in UNIX and outcome.first and reads[0] in UNIX:
        year = _year_of(outcome.first[0][1], UNIX[outcome.declared])
        asked = f" As {outcome.declared} these are the years {year:,}; did you mean {reads[0]}?"
    return f"{asked} Declare tables: {table}: {mend}{others}."


def _year_of(cell: str, microseconds: int) -> int:
    """Return the year that a count since 1970 would mean, thousands of years rounded."""
    try:
        year = 1970 + float(cell) * microseconds / 1e6 / _SECONDS_A_YEAR
    except ValueError:
        return 0
    return int(year) if abs(year) < _ROUNDED_FROM else round(year / 1000) * 1000


def faults_in_words(faults: dict[str, list[str]], company: Company) -> str:
    """Return every fault of every table in one message."""
    lines: list[str] = []
    for table, sentences in faults.items():
        source = f" ({source_name(table, company)})" if table in company.tables else ""
        lines.append(f"'{table}'{source} can't be used:")
        lines += [f"  {k}. {fault}" for k, fault in enumerate(sentences, start=1)]
    return "\n".join(lines)
