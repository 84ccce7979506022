"""Opens a firm's tables for one period: checked rows, and an account of every row that came in."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pandas as pd

from profitchain.checks import (
    OUTCOME,
    USED,
    Check,
    Judged,
    RowKind,
    judge,
    used_rows,
)
from profitchain.company import Company
from profitchain.contracts import CONTRACTS, contract_of
from profitchain.conventions import End
from profitchain.errors import ContractError, PeriodError, did_you_mean
from profitchain.periods import Period, last_complete
from profitchain.quarantine import TOO_WIDE, rewrite_quarantine
from profitchain.sources import FILE, ROW, read_source, source_hash, source_name
from profitchain.typed import Typed, type_columns, typed

ORDER = ("customers", "orders", "responses", *CONTRACTS)
_FIRST_ROWS, _LONGEST = 5, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One source as it came: its name (no path), its rows and the sha256 of what it was read from."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of `rows` rows of a table; of broken ones the first few as (place, value)."""

    table: str
    reason: str
    kind: RowKind
    rows: int
    column: str | None = None
    first: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A firm's checked tables in the engine, as they stood at a period's end.

    `tables` holds used rows only, under the contract's names: ids and text VARCHAR, moments
    TIMESTAMP in UTC, days DATE, money BIGINT in minor units, scores DOUBLE, flags BOOLEAN.
    `account` has one row per table and outcome (table, outcome, kind, rows) that sum to the rows
    that came in; `profile` one row per table and column of the used rows (table, column,
    missing_share, distinct, first, last). `notes` are sentences on what could not be done.
    """

    company: Company
    period: Period | None
    con: Any
    tables: dict[str, ir.Table]
    outcomes: tuple[Outcome, ...]
    profile: pd.DataFrame
    inputs: tuple[Input, ...]
    notes: tuple[str, ...] = ()

    @property
    def account(self) -> pd.DataFrame:
        """One row per table and outcome, worst last; the rows of a table sum to those that came in."""
        rows = [(o.table, o.reason, o.kind, o.rows) for o in self.outcomes]
        return pd.DataFrame(rows, columns=["table", "outcome", "kind", "rows"])

    def close(self) -> None:
        """Let go of the engine."""
        self.con.disconnect()


def open_intake(company: Company, period: Period | None = None) -> Intake:
    """Return a firm's checked tables as of a period's end (None: all that there is).

    Rewrites the company's quarantine folder.

    Raises
    ------
    CompanyError, where a source can't be read; ContractError, where a table can't be used: one
    message with every fault of every table; PeriodError, where no order lies before the end.
    """
    end = None
    if period is not None:
        end = End(at=period.ends_at(company.time_zone), day=period.last_day + timedelta(days=1))
    with _engine() as (con, scratch):
        judged, faults = _judge_all(con, company, end, scratch=scratch)
        outcomes = {table: _outcomes(each) for table, each in judged.items()}
        faults |= {t: f for t, o in outcomes.items() if (f := _nothing_usable(t, o, company))}
        if faults:
            raise ContractError(_in_words(faults, company))
        _refuse_empty_past(outcomes["orders"], period)
        notes = _set_aside(con, company, judged, outcomes)
        tables = _publish(con, judged, end)
        return Intake(
            company=company,
            period=period,
            con=con,
            tables=tables,
            outcomes=tuple(o for table in tables for o in outcomes[table]),
            profile=_profile(tables),
            inputs=_inputs(company, outcomes),
            notes=notes,
        )


def last_period(company: Company) -> Period:
    """Return the last period that the orders cover to the end, by the data and not by the clock."""
    with _engine() as (con, scratch):
        try:
            judged, faults = _judge_all(con, company, None, scratch=scratch, only=("orders",))
            if faults:
                raise ContractError(_in_words(faults, company))
            orders = used_rows(judged["orders"], None)
            last = orders.aggregate(last=orders.ordered_at.max()).to_pandas()["last"].iloc[0]
        finally:
            con.disconnect()
    if pd.isna(last):
        raise PeriodError(
            "There is no usable order, so there is no period to report on. "
            "Run `profitchain check` to see why."
        )
    local = last.to_pydatetime().replace(tzinfo=UTC).astimezone(ZoneInfo(company.time_zone))
    return last_complete(local.date(), company.report_every)


def fingerprint(company: Company) -> str:
    """Return a sha256 of company.yml and of everything that its tables are read from."""
    parts = [hashlib.sha256((company.folder / "company.yml").read_bytes()).hexdigest()]
    parts += [f"{table} {source_hash(table, company)}" for table in sorted(company.tables)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def _engine() -> Iterator[tuple[Any, Path]]:
    """Give an in-memory engine, whose overflow goes to the system's scratch place, and a scratch folder."""
    con = ibis.duckdb.connect()
    overflow = Path(tempfile.gettempdir()) / f"profitchain-{uuid4().hex}"
    con.raw_sql(f"SET temp_directory = '{overflow}'; SET TimeZone = 'UTC'")
    with tempfile.TemporaryDirectory(prefix="profitchain-") as scratch:
        try:
            yield con, Path(scratch)
        except BaseException:
            con.disconnect()
            raise


def _judge_all(
    con: Any, company: Company, end: End | None, *, scratch: Path, only: Sequence[str] = ()
) -> tuple[dict[str, Judged], dict[str, list[str]]]:
    """Return each table's judged rows, and the faults of those that can't be read at all."""
    judged: dict[str, Judged] = {}
    faults: dict[str, list[str]] = {}
    for table in dict.fromkeys(ORDER):
        if table not in company.tables or (only and table not in only):
            continue
        raw = read_source(con, table, company, scratch=scratch)
        ready, found = type_columns(con, contract_of(table, company), raw, company, end)
        if ready is None:
            faults[table] = found
            continue
        ready, also = _across_tables(con, ready, judged)
        judged[table] = judge(con, ready, company, end, also=also)
    if not only and not faults:
        faults |= _stray_segments(company, judged)
    return judged, faults


def _across_tables(con: Any, table: Typed, judged: dict[str, Judged]) -> tuple[Typed, list[Check]]:
    """Return a table, and the checks of its rows against tables that were judged before it."""
    match table.contract.table:
        case "responses" if "customers" in judged:
            return table, [_unknown_customer(con, table, judged)]
        case "invitations" if "response_id" in table.theirs and "responses" in judged:
            return _without_unused_responses(table, judged["responses"]), []
        case "order_lines" if "orders" in judged:
            return _with_fate_of_order(table, judged["orders"])
        case _:
            return table, []


def _unknown_customer(con: Any, table: Typed, judged: dict[str, Judged]) -> Check:
    """Find answers of people who are neither in `customers` nor have ever ordered."""
    who = typed("customer_id")
    asked = table.rows.select(who).distinct()
    strangers = asked.anti_join(_of_outcome(judged["customers"], "used"), who)
    strangers = con.create_table("strangers", strangers.filter(strangers[who].notnull()))
    if "orders" in judged:
        buyers = _of_outcome(judged["orders"], "used", "cancelled")
        few = buyers.semi_join(strangers, who).select(who).distinct()
        strangers = con.create_table("strangers_without_orders", strangers.anti_join(few, who))
    return Check(
        reason="unknown customer",
        kind="broken",
        holds=table.value("customer_id").isin(strangers[who]),
        column="customer_id",
    )


def _of_outcome(judged: Judged, *kinds: RowKind) -> ir.Table:
    numbers = [*judged.numbers(*kinds), *([USED] if "used" in kinds else [])]
    return judged.rows.filter(judged.rows[OUTCOME].isin(numbers))


def _without_unused_responses(table: Typed, responses: Judged) -> Typed:
    """Forget the answer of an invitation that is not among the used answers, or not there yet."""
    name = typed("response_id")
    answered = table.rows[name].isin(_of_outcome(responses, "used")[name])
    kept = ibis.ifelse(answered, table.rows[name], ibis.null("string"))
    return replace(table, rows=table.rows.mutate(**{name: kept}))


def _with_fate_of_order(table: Typed, orders: Judged) -> tuple[Typed, list[Check]]:
    """Let each order line share the fate of its order, for lines have no time of their own."""
    name = typed("order_id")
    kinds: tuple[RowKind, ...] = ("used", "cancelled", "later")
    known = _of_outcome(orders, *kinds)
    rank = ibis.cases(
        *((known[OUTCOME].isin(orders.numbers(kind)), kinds.index(kind)) for kind in kinds[1:]),
        else_=0,
    )
    fates = known.group_by(__order=known[name]).aggregate(__fate=rank.min())
    rows = table.rows.left_join(fates, table.rows[name] == fates["__order"])
    table = replace(table, rows=rows)
    fate = rows["__fate"]
    return table, [
        Check(reason="its order lies after the period's end", kind="later", holds=fate == 2),
        Check(reason="its order was cancelled", kind="cancelled", holds=fate == 1),
        Check(
            reason="no usable order has this order_id",
            kind="broken",
            holds=fate.isnull(),
            column="order_id",
        ),
    ]


def _stray_segments(company: Company, judged: dict[str, Judged]) -> dict[str, list[str]]:
    there = {name for each in judged.values() for name in each.table.theirs}
    known = sorted({name for each in judged.values() for name in each.table.raw.columns})
    return {
        "segments": [
            f"Segment '{name}' is a column of no table. {did_you_mean(name, known)} Name it under "
            "columns: of customers, responses or orders if it is called otherwise there."
            for name in company.segments
            if name not in there
        ]
        for _ in range(1)
        if any(name not in there for name in company.segments)
    }


def _outcomes(judged: Judged) -> tuple[Outcome, ...]:
    """Return what became of a table's rows: used first, then what was set aside, the most first."""
    table = judged.table.contract.table
    counts = judged.rows.group_by(OUTCOME).aggregate(n=judged.rows.count()).to_pandas()
    rows = {int(number): int(n) for number, n in zip(counts[OUTCOME], counts["n"], strict=True)}
    first = _first_broken(judged) if set(rows) & set(judged.numbers("broken")) else {}
    found = [
        Outcome(
            table=table,
            reason=reason,
            kind=kind,
            rows=rows[number],
            column=column,
            first=first.get(number, ()),
        )
        for number, (reason, kind, column) in judged.outcomes.items()
        if number in rows
    ]
    if judged.table.raw.rejected:
        found.append(_rejected(judged))
    found.sort(key=lambda outcome: (-outcome.rows, outcome.reason))
    return (Outcome(table=table, reason="used", kind="used", rows=rows.get(USED, 0)), *found)


def _rejected(judged: Judged) -> Outcome:
    rejected = judged.table.raw.rejected
    return Outcome(
        table=judged.table.contract.table,
        reason=TOO_WIDE,
        kind="broken",
        rows=len(rejected),
        first=tuple((str(place), _short(text)) for _, place, text in rejected[:_FIRST_ROWS]),
    )


def _first_broken(judged: Judged) -> dict[int, tuple[tuple[str, str], ...]]:
    """Return the first rows of each broken outcome, as place and the cell that broke it."""
    table, numbers = judged.table, judged.numbers("broken")
    rows = judged.rows.filter(judged.rows[OUTCOME].isin(numbers))
    cells = [
        (rows[OUTCOME] == number, rows[table.theirs[column]].cast("string"))
        for number in numbers
        if (column := judged.outcomes[number][2]) is not None
    ]
    cell = ibis.cases(*cells, else_=ibis.literal("")) if cells else ibis.literal("")
    place = ibis.row_number().over(group_by=rows[OUTCOME], order_by=[rows[FILE], rows[ROW], cell])
    shown = rows.select(OUTCOME, FILE, ROW, cell=cell, place=place)
    first = shown.filter(shown["place"] < _FIRST_ROWS).order_by(OUTCOME, "place").to_pandas()
    return {
        int(number): tuple(
            (_place(file, row, table), _short(text))
            for file, row, text in zip(group[FILE], group[ROW], group["cell"], strict=True)
        )
        for number, group in first.groupby(OUTCOME)
    }


def _place(file: Any, row: Any, table: Typed) -> str:
    if not table.raw.numbered or pd.isna(row):
        return ""
    return f"{int(row)}" if pd.isna(file) else f"{file}:{int(row)}"


def _short(text: Any) -> str:
    plain = "" if pd.isna(text) else " ".join(str(text).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _nothing_usable(table: str, outcomes: tuple[Outcome, ...], company: Company) -> list[str]:
    """Return the faults of a table all of whose rows are broken, or of an empty `orders`."""
    rows = sum(outcome.rows for outcome in outcomes)
    broken = [outcome for outcome in outcomes if outcome.kind == "broken"]
    if rows == 0 and table == "orders":
        return ["It holds no rows. Orders are what every page is made from."]
    if rows == 0 or sum(outcome.rows for outcome in broken) < rows:
        return []
    return [
        f"None of its {rows:,} rows can be used. {_said(outcome)}{_mend(outcome, table)}"
        if k == 0
        else f"{_said(outcome)}{_mend(outcome, table)}"
        for k, outcome in enumerate(broken)
    ]


def _said(outcome: Outcome) -> str:
    """Return an outcome in words, with its first rows."""
    rows = "1 row" if outcome.rows == 1 else f"{outcome.rows:,} rows"
    shown = [f"row {place}: '{cell}'" if place else f"'{cell}'" for place, cell in outcome.first]
    return f"{rows}: {outcome.reason}" + (f" ({'; '.join(shown)})." if shown else ".")


def _mend(outcome: Outcome, table: str) -> str:
    if "read as a time" in outcome.reason or "read as a day" in outcome.reason:
        return (
            f" Declare how {outcome.column} is written: tables: {table}: date_format: "
            "'%d.%m.%y %H:%M' (or: day first, month first, unix)."
        )
    if "read as an amount" in outcome.reason or "read as a number" in outcome.reason:
        return f" Declare tables: {table}: decimal: ',' if it is written 1.234,56."
    if outcome.reason == "unknown customer":
        return " Check that customer_id means the same in both tables."
    if outcome.reason.startswith("no ") and outcome.column:
        return f" Check which column {outcome.column} is mapped to under columns:."
    return ""


def _in_words(faults: dict[str, list[str]], company: Company) -> str:
    """Return every fault of every table in one message."""
    lines: list[str] = []
    for table, found in faults.items():
        source = f" ({source_name(table, company)})" if table in company.tables else ""
        lines.append(f"'{table}'{source} can't be used:")
        lines += [f"  {k}. {fault}" for k, fault in enumerate(found, start=1)]
    return "\n".join(lines)


def _refuse_empty_past(orders: tuple[Outcome, ...], period: Period | None) -> None:
    past = sum(o.rows for o in orders if o.kind in ("used", "cancelled"))
    if past == 0:
        raise PeriodError(
            f"No usable order lies before the end of {period}: all of them came later. "
            "Ask for a later period."
        )


def _set_aside(
    con: Any,
    company: Company,
    judged: dict[str, Judged],
    outcomes: dict[str, tuple[Outcome, ...]],
) -> tuple[str, ...]:
    notes = [
        rewrite_quarantine(
            con,
            company,
            each,
            broken=sum(o.rows for o in outcomes[table] if o.kind == "broken"),
        )
        for table, each in judged.items()
    ]
    return tuple(note for note in notes if note is not None)


def _publish(con: Any, judged: dict[str, Judged], end: End | None) -> dict[str, ir.Table]:
    """Register the used rows of each table under its own name and drop what is no longer needed."""
    tables: dict[str, ir.Table] = {}
    for table in CONTRACTS:
        if table not in judged:
            continue
        rows = used_rows(judged[table], end)
        lasting = judged[table].table.raw.lasting
        tables[table] = con.create_view(table, rows) if lasting else con.create_table(table, rows)
    for table, each in judged.items():
        if not each.table.raw.lasting:
            con.drop_table(f"judged_{table}")
    return tables


def _profile(tables: dict[str, ir.Table]) -> pd.DataFrame:
    """Return one row per table and column; first and last are given for dates and numbers only."""
    columns = ["table", "column", "missing_share", "distinct", "first", "last"]
    rows = [row for name, table in tables.items() for row in _column_profiles(name, table)]
    return pd.DataFrame(rows, columns=columns)


def _column_profiles(name: str, table: ir.Table) -> list[tuple]:
    sums: dict[str, ir.Value] = {"rows": table.count()}
    for k, column in enumerate(table.columns):
        value = table[column]
        ordered = not (value.type().is_string() or value.type().is_boolean())
        sums[f"given_{k}"] = value.count()
        sums[f"distinct_{k}"] = value.approx_nunique()
        sums[f"first_{k}"] = value.min().cast("string") if ordered else ibis.literal("")
        sums[f"last_{k}"] = value.max().cast("string") if ordered else ibis.literal("")
    seen = table.aggregate(**sums).to_pandas().iloc[0].to_dict()
    total = int(seen["rows"])
    return [
        (
            name,
            column,
            1 - int(seen[f"given_{k}"]) / total if total else 0.0,
            int(seen[f"distinct_{k}"]),
            "" if pd.isna(seen[f"first_{k}"]) else str(seen[f"first_{k}"]),
            "" if pd.isna(seen[f"last_{k}"]) else str(seen[f"last_{k}"]),
        )
        for k, column in enumerate(table.columns)
    ]


def _inputs(company: Company, outcomes: dict[str, tuple[Outcome, ...]]) -> tuple[Input, ...]:
    return tuple(
        Input(
            name=source_name(table, company),
            rows=sum(outcome.rows for outcome in outcomes[table]),
            sha256=source_hash(table, company),
        )
        for table in CONTRACTS
        if table in outcomes
    )


def check_report(intake: Intake) -> str:
    """Return the readable account of every row that came in, for the terminal."""
    lines = [
        f"{intake.company.name}: what came in"
        + (f", as of {intake.period}" if intake.period else "")
    ]
    for given in intake.inputs:
        del given
    for table in intake.tables:
        outcomes = [o for o in intake.outcomes if o.table == table]
        total, used = sum(o.rows for o in outcomes), outcomes[0].rows
        lines.append(
            f"\n{table} ({source_name(table, intake.company)}): {total:,} rows in = "
            f"{used:,} used + {total - used:,} set aside"
        )
        lines += [f"  {o.kind:>9}  {_said(o)}" for o in outcomes[1:]]
    return "\n".join([*lines, *(f"\n{note}" for note in intake.notes)])
