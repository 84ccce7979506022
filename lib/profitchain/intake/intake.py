"""Opens a firm's tables for one period: checked rows, and an account of every row that came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis.expr.types as ir
import pandas as pd

from profitchain.core.errors import ContractError, PeriodError, did_you_mean
from profitchain.core.periods import Period, last_complete
from profitchain.exports.file_parts import (
    export_hint,
    has_parts,
    read_parts,
)
from profitchain.intake import (
    gate_files,
    gate_keys,
    gate_orders,
    gate_values,
    reasons,
    row_account,
)
from profitchain.intake.column_profiles import column_profiles
from profitchain.intake.cross_checks import check_across_tables
from profitchain.intake.doubts import Doubt
from profitchain.intake.fingerprints import source_hashes
from profitchain.intake.gate import Gate, row_findings
from profitchain.intake.parquet_cache import read_cached
from profitchain.intake.quarantine import rewrite_quarantine
from profitchain.intake.row_account import KIND_WORDS, Outcome, outcome_in_words, outcomes_of
from profitchain.intake.table_checks import (
    CONFLICTING,
    OUTCOME,
    USED,
    Judged,
    JudgedTable,
    judge,
    used_rows,
)
from profitchain.sources.company import Company
from profitchain.sources.date_number_formats import End
from profitchain.sources.engine import close, is_embedded, open_engine
from profitchain.sources.loading import read_source, source_name
from profitchain.sources.number_words import Emptied
from profitchain.sources.schemas import MAY_DRIVE, SCHEMAS, schema_of
from profitchain.sources.temp_tables import materialise, view
from profitchain.sources.typed_tables import type_columns, typed_name
from profitchain.sources.warehouse import read_from_engine

GATES = (
    row_findings, gate_orders.order_findings, gate_keys.id_findings, gate_files.file_findings,
    gate_values.value_findings,
)  # fmt: skip
READING_ORDER = ("identities", "rates", "customers", "orders", "responses", *SCHEMAS)
LEADING = {
    "orders": "order",
    "subscriptions": "contract",
    "responses": "answer",
}  # what covers periods, and one row of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One source as it came: its name (no path), its rows, the sha256 of what it was read from."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A firm's checked tables in the engine, as they stood at a period's end.

    `tables` holds used rows only, under the schema's names: ids and text VARCHAR, moments
    TIMESTAMP in UTC, days DATE, money BIGINT in minor units, scores DOUBLE, flags BOOLEAN.
    `account` has one row per table and outcome (table, outcome, kind, rows) that sum to the rows
    that came in; `profile` one row per table and column of the used rows (table, column,
    missing_share, distinct, first, last); `distinct` is about right above a million rows. `doubts`
    are what is doubtful in tables as wholes; `notes` are sentences on what could not be done, and
    on what was seen; `emptied` names, by table, the values that counted as nothing given in a
    question's column, with their rows.
    """

    company: Company
    period: Period | None
    con: Any
    tables: dict[str, ir.Table]
    outcomes: tuple[Outcome, ...]
    profile: pd.DataFrame
    inputs: tuple[Input, ...]
    doubts: tuple[Doubt, ...] = ()
    notes: tuple[str, ...] = ()
    emptied: dict[str, tuple[Emptied, ...]] = field(default_factory=dict)

    @property
    def account(self) -> pd.DataFrame:
        """One row per table and outcome; the rows of a table sum to those that came in."""
        rows = [(o.table, o.reason, o.kind, o.rows) for o in self.outcomes]
        return pd.DataFrame(rows, columns=["table", "outcome", "kind", "rows"])

    def close(self) -> None:
        """Let go of the engine."""
        close(self.con)


def open_intake(company: Company, period: Period | None = None) -> Intake:
    """Return a firm's checked tables as of a period's end, and rewrite its quarantine folder.

    Raises CompanyError where a source can't be read, ContractError with all faults of all tables
    where one can't be used, PeriodError where no order lies before the end (or no answer, of a firm
    without orders).
    """
    end = end_of(company, period)
    with open_engine(company) as (con, scratch):
        judged, faults = judge_all(con, company, end, scratch=scratch)
        outcomes = {name: outcomes_of(table) for name, table in judged.items()}
        for name, account in outcomes.items():
            if unusable := row_account.unusable_faults(name, account, company):
                faults[name] = unusable
        if faults:
            raise ContractError(row_account.faults_in_words(faults, company))
        lead = leading_table(company)
        if not sum(o.rows for o in outcomes[lead] if o.kind in ("used", "cancelled")):
            raise PeriodError(
                f"No usable {LEADING[lead]} lies before the end of {period}: all of them came "
                "later. Ask for a later period."
            )
        notes = [rewrite_quarantine(con, company, judged[name], outcomes[name]) for name in judged]
        gate = Gate(con=con, company=company, judged=judged, outcomes=outcomes)
        doubts, notes = _looked_at(gate), [*notes, gate_orders.statuses_line(gate)]
        if "orders" in judged and "revenue" not in judged["orders"].table.source_names:
            notes.append(
                "orders: there is no revenue. Orders are counted, and no money is reported."
            )
        tables, hashes = _publish(con, judged, end), source_hashes(con, company)
        rows = {name: sum(outcome.rows for outcome in outcomes[name]) for name in tables}
        inputs = [
            Input(name=source_name(name, company), rows=rows[name], sha256=hashes[name])
            for name in tables
        ]
        return Intake(
            company=company, period=period, con=con, tables=tables, inputs=tuple(inputs),
            outcomes=tuple(outcome for name in tables for outcome in outcomes[name]),
            profile=column_profiles(tables, {name: outcomes[name][0].rows for name in tables}),
            doubts=tuple(doubts), notes=tuple(filter(None, notes)),
            emptied={name: of.table.emptied for name, of in judged.items() if of.table.emptied},
        )  # fmt: skip


def leading_table(company: Company) -> str:
    """Return the table whose rows say which periods a firm covers: the first of `LEADING`."""
    return next(name for name in LEADING if name in company.tables)


def _looked_at(gate: Gate) -> list[Doubt]:
    """Return what is doubtful in tables as wholes; stop where one is past a limit."""
    doubts: list[Doubt] = []
    stops: dict[str, list[str]] = {}
    for finding in (found for look in GATES for found in look(gate)):
        if isinstance(finding, Doubt):
            doubts.append(finding)
        else:
            stops.setdefault(finding.table, []).append(finding.says)
    if stops:
        raise ContractError(row_account.faults_in_words(stops, gate.company))
    return doubts


def end_of(company: Company, period: Period | None) -> End | None:
    """Return the first moment and day that a period doesn't know of; None where there is no end."""
    if period is None:
        return None
    return End(at=period.ends_at(company.time_zone), day=period.last_day + timedelta(days=1))


def last_period(company: Company) -> Period:
    """Return the last period that the orders cover to the end, by the data and not by the clock.

    Of a firm without orders, the last that its contracts cover, by when they began or ended, or
    that its answers cover. A day far from all others, as one of the year 2062, does not count.
    """
    lead = leading_table(company)
    with open_engine(company) as (con, scratch):
        judged, faults = judge_all(con, company, None, scratch=scratch, only=(lead,))
        if faults:
            raise ContractError(row_account.faults_in_words(faults, company))
        account = outcomes_of(judged[lead])
        if unusable := row_account.unusable_faults(lead, account, company):
            raise ContractError(row_account.faults_in_words({lead: unusable}, company))
        rows, at, zone = judged[lead].rows, str(SCHEMAS[lead].dated_by), company.time_zone
        pauses = gate_values.pauses_of(rows, at, zone)
        last_day = gate_values.last_usual_day(pauses)
        rows = rows.filter(rows[OUTCOME].isin(_reaching(judged[lead])))
        last = rows.aggregate(last=rows[typed_name(at)].max()).to_pandas()["last"].iloc[0]
        day = None if pd.isna(last) else _local_day(last, company)
        if day and last_day is not None and (day - last_day).days > 1:  # not by an hour of summer
            day = last_day
        if day and lead == "subscriptions" and "ended_on" in judged[lead].table.source_names:
            day = gate_values.last_day_under_contract(rows, pauses, day)
        close(con)
    if day is None:
        raise PeriodError(
            f"There is no usable {LEADING[lead]}, so there is no period to report on: "
            + " ".join(map(outcome_in_words, account[1:]))
        )
    return last_complete(day, company.report_every, company.year_starts)


def _local_day(at: pd.Timestamp, company: Company) -> date:
    """Return the day of a moment by the firm's clock."""
    return at.to_pydatetime().replace(tzinfo=UTC).astimezone(ZoneInfo(company.time_zone)).date()


def _reaching(orders: JudgedTable) -> list[int]:
    """Return the outcomes of orders that show how far a table reaches; cancelled ones do not."""
    also = (reasons.NO_SALE, reasons.FREE, reasons.REPEATED)
    numbers = [n for n, (reason, _, _) in orders.outcomes.items() if reason in also]
    return [USED, CONFLICTING, *numbers]


def judge_all(
    con: Any, company: Company, end: End | None, *, scratch: Path, only: Sequence[str] = ()
) -> tuple[Judged, dict[str, list[str]]]:
    """Return each table's judged rows, and the faults of those that can't be read at all.

    `only` these tables, if any are named, with those that they are checked against among them.
    """
    judged: Judged = {}
    faults: dict[str, list[str]] = {}
    for name in dict.fromkeys(READING_ORDER):
        if name not in company.tables or (only and name not in only):
            continue
        if has_parts(company.tables[name]):
            schema = schema_of(name, company)
            raw, refusals = read_parts(con, schema, company, end=end, scratch=scratch)
            if raw is None:
                faults[name] = refusals
                continue
        elif is_embedded(con):
            raw = read_source(con, name, company, scratch=scratch)
        else:
            raw = read_from_engine(con, name, company)
        table, refusals = type_columns(con, schema_of(name, company), raw, company, end)
        if table is None:
            faults[name] = [*refusals, *export_hint(schema_of(name, company), raw)]
            continue
        table, also = check_across_tables(con, read_cached(con, table, company), judged, company)
        judged[name] = judge(con, table, company, end, also=also)
    if not only and not faults:
        faults |= _stray_segments(company, judged)
    return judged, faults


def _stray_segments(company: Company, judged: Judged) -> dict[str, list[str]]:
    """Return a fault for each segment, and each further driver, that no table has."""
    tables = [judgement.table for judgement in judged.values()]
    names = {name for table in tables for name in table.source_names}
    columns = sorted({name for table in tables for name in table.raw.columns})
    stray = [
        f"Segment '{name}' is a column of no table. {did_you_mean(name, columns)} If it is called "
        "otherwise there, name it under columns: of customers, responses or orders."
        for name in company.segments
        if name not in names
    ]
    may_drive = [table for name, table in judged.items() if name in MAY_DRIVE]
    known = {name for judgement in may_drive for name in judgement.table.source_names}
    stray += [
        f"drivers: '{name}' is a column of neither responses nor orders. "
        f"{did_you_mean(name, columns)}"
        for name in company.driving_columns
        if name not in known
    ]
    return {"segments and drivers": stray} if stray else {}


def _publish(con: Any, judged: Judged, end: End | None) -> dict[str, ir.Table]:
    """Register the used rows of each table under its own name and drop what is no longer needed."""
    tables: dict[str, ir.Table] = {}
    for name in SCHEMAS:
        if name not in judged:
            continue
        rows, table = used_rows(judged[name], end), judged[name].table
        if not table.raw.warehouse:
            is_large = table.is_large or (table.raw.lasting and not table.raw.paths)
            rows = (view if is_large else materialise)(con, name, rows)
        tables[name] = rows
    for name in judged:
        if not judged[name].table.raw.lasting:
            con.drop_table(f"judged_{name}")
    return tables


def check_report(intake: Intake) -> str:
    """Return the readable account of every row that came in, for the terminal."""
    until = f", as of {intake.period}" if intake.period else ""
    lines = [f"{intake.company.name}: what came in{until}"]
    for table in intake.tables:
        outcomes = [outcome for outcome in intake.outcomes if outcome.table == table]
        total, used = sum(outcome.rows for outcome in outcomes), outcomes[0].rows
        lines.append(
            f"\n{table} ({source_name(table, intake.company)}): {total:,} rows in = "
            f"{used:,} used + {total - used:,} set aside"
        )
        lines += [
            f"  {KIND_WORDS.get(outcome.kind, outcome.kind):>9}  {outcome_in_words(outcome)}"
            for outcome in outcomes[1:]
        ]
        lines += [
            f"  {'not given':>9}  {one.column}: '{one.value}' in {one.rows:,} rows; what else they "
            "say is used."
            for one in intake.emptied.get(table, ())
        ]
    return "\n".join([*lines, *(f"\n{note}" for note in intake.notes)])
