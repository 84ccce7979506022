"""A firm's judged tables as wholes, and whether their rows stand for what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from profitchain.intake import reasons, row_account
from profitchain.intake.doubts import ENOUGH, FEW, Doubt, Finding, Stop, Values
from profitchain.intake.hashing import number_of
from profitchain.intake.row_account import Outcome
from profitchain.intake.row_checks import RowKind
from profitchain.intake.table_checks import (
    CONFLICTING,
    OUTCOME,
    REPEATED,
    USED,
    Judged,
    JudgedTable,
)
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE
from profitchain.sources.loading import source_name, sql_name
from profitchain.sources.typed_tables import WHO, typed_name

NOTED = 0.005  # share of rows or money from which on a doubt is told
MINUTE = 60  # seconds between two answers that are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A firm's judged tables with the account of their rows, to be looked at as wholes."""

    con: Any
    company: Company
    judged: Judged
    outcomes: Mapping[str, tuple[Outcome, ...]]
    kept: dict[str, pd.DataFrame] = field(default_factory=dict)  # sums that two findings read

    def rows(self, table: str, *kinds: RowKind) -> ir.Table:
        """Return the judged rows of a table that had one of these fates; used ones if none."""
        return rows_of(self.judged[table], *(kinds or ("used",)))

    def has(self, table: str, *columns: str) -> bool:
        """Tell whether a table is there and has these columns."""
        judged = self.judged.get(table)
        return judged is not None and all(c in judged.table.source_names for c in columns)

    def who(self, rows: ir.Table) -> ir.Value:
        """Return of each row what tells its customer from others: shorter than the id if can be."""
        if WHO in rows.columns:
            return rows[WHO]
        who = rows[typed_name("customer_id")]
        is_short = "orders" in self.judged and WHO in self.judged["orders"].rows.columns
        return number_of(who) if is_short else who


def rows_of(judged: JudgedTable, *kinds: RowKind, cells: bool = False) -> ir.Table:
    """Return the rows that had one of these fates, with the source's own columns if `cells`."""
    rows = judged.cells if cells else judged.rows
    numbers = [*judged.numbers(*kinds), *([USED] if "used" in kinds else [])]
    return rows.filter(rows[OUTCOME].isin(numbers))


def times(holds: ir.BooleanValue) -> ir.IntegerValue:
    """Return of how many rows something holds; not every engine can sum flags."""
    return ibis.ifelse(holds, 1, 0).sum()


def share_words(share: float) -> str:
    """Return a share as a message says it."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def row_findings(gate: Gate) -> Iterator[Finding]:
    """Yield what is doubtful about rows that were set aside, or that repeat others."""
    for table in gate.judged:
        yield from _set_aside(gate, table)
        yield from _repeated(gate, table)
        if any(n == CONFLICTING for n in gate.judged[table].outcomes):
            yield from _conflicting(gate, table)
        yield from _replaced(gate, table)
    for table in ("orders", "responses"):
        if gate.has(table, "customer_id"):
            yield from _done_twice(gate, table)


def _set_aside(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell how many rows broke the contract, and the money in them; stop past the limit."""
    outcomes, limit = gate.outcomes[table], gate.company.limits.set_aside
    total, broken = sum(o.rows for o in outcomes), [o for o in outcomes if _is_lost(o)]
    n = sum(outcome.rows for outcome in broken)
    if totals := sum(o.rows for o in broken if o.reason == reasons.TOTAL):
        key = gate.judged[table].table.schema.unique[0]
        yield Doubt(table=table, column=key, kind="total_rows", values={"n": totals})
    if n < FEW or n < NOTED * total:
        return
    money, of_money = _money(gate, table, broken)
    values: Values = {"n": n, "of": total, "revenue": money}
    if n <= limit * total:
        kind = "set_aside_money" if money > NOTED * of_money else "set_aside"
        yield Doubt(table=table, column=broken[0].column or "", kind=kind, values=values)
        return
    says = [*row_account.faults_of(broken, table), *_other_scale(gate, table, broken)]
    mend = f"limits: {{set_aside: {min(1, round(n / total + 0.01, 2)):g}}}"
    yield Stop(
        table=table,
        says=f"{n:,} of its {total:,} rows ({share_words(n / total)}) can't be used; more than "
        f"{share_words(limit)} may be no fair part of all. {' '.join(says)} If the rest can stand "
        f"for all of them, add to company.yml: {mend}.",
    )


def _is_lost(outcome: Outcome) -> bool:
    """Tell whether rows of an outcome are lost: repeats are not, they have their own findings."""
    same = outcome.reason.startswith(reasons.SAME_KEY.partition("{")[0])
    return outcome.kind == "broken" and outcome.reason != reasons.REPEATED and not same


def _other_scale(gate: Gate, table: str, broken: list[Outcome]) -> list[str]:
    """Return the mend of scores outside their scale: the day since which they are on it."""
    says, judged = [], gate.judged[table]
    for outcome in (o for o in broken if "outside its scale" in o.reason):
        rows, dated_by = judged.rows, typed_name(judged.table.schema.dated_by or "")
        own = [n for n, (reason, _, _) in judged.outcomes.items() if reason == outcome.reason]
        outside = rows.filter(rows[OUTCOME].isin(own))
        at, score = outside[dated_by], outside[typed_name(outcome.column or "")]
        ends = outside.aggregate(last=at.max(), low=score.min(), high=score.max())
        ends = ends.to_pandas().iloc[0]
        used = rows.filter(rows[OUTCOME] == USED)
        after = used.filter(used[dated_by] > ibis.literal(ends["last"].to_pydatetime()))
        question = next(q for q in gate.company.questions.values() if q.column == outcome.column)
        if int(after.count().execute()) >= ENOUGH:
            since = (ends["last"] + timedelta(days=1)).date()
            says.append(
                "If it was asked on another scale up to a day, leave out what is older: questions: "
                f"{question.name}: scale_since: {since} (the last of these rows is of the day "
                "before)."
            )
        elif ends["low"] == ends["high"] == question.scale[1] + 1:
            says.append(
                f"If its scale is coded one too high, take one off: query: SELECT * REPLACE "
                f"({_quoted(judged.table.source_names[question.column])} - 1 AS ...) FROM ..."
            )
    return says


def _money(gate: Gate, table: str, broken: list[Outcome]) -> tuple[int, int]:
    """Return the revenue that could be read of rows set aside, and that of all rows."""
    if table != "orders" or not gate.has(table, "revenue"):
        return 0, 0
    judged, names = gate.judged[table], {outcome.reason for outcome in broken}
    numbers = [n for n, (reason, _, _) in judged.outcomes.items() if reason in names]
    rows = rows_of(judged, "used", "broken")
    revenue = rows[typed_name("revenue")]
    lost = rows[OUTCOME].isin(numbers) if numbers else ibis.literal(False)
    sums = rows.aggregate(lost=revenue.sum(where=lost), all=revenue.sum()).to_pandas().iloc[0]
    return int(sums.fillna(0)["lost"]), int(sums.fillna(0)["all"])


def _repeated(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of rows that stand twice in one file; exports that overlap repeat rows as they must."""
    n = sum(o.rows for o in gate.outcomes[table] if o.reason == reasons.REPEATED)
    total, judged = sum(o.rows for o in gate.outcomes[table]), gate.judged[table]
    if n < FEW or n < 2 * NOTED * total:
        return
    rows = judged.cells.filter(judged.cells[OUTCOME] == REPEATED)
    if judged.table.raw.warehouse or not rows[FILE].notnull().any().execute():
        key = judged.table.schema.unique[0]
        yield Doubt(table=table, column=key, kind="repeated", values={"n": n, "of": total})


def _conflicting(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of versions of one row; stop where a key is none: a row an item, numbers alike."""
    counts = _conflicts(gate, table)
    n, total = counts["n"], sum(outcome.rows for outcome in gate.outcomes[table])
    if not n:
        return
    key, limit = gate.judged[table].table.schema.unique[0], gate.company.limits.shared_keys
    past = n >= FEW and n > limit * total
    mend = (
        " If one row of each may be kept and the rest left out, add to company.yml: limits: "
        f"{{shared_keys: {min(1, n / total + 0.01):.2f}}}."
    )
    own = _quoted(gate.judged[table].table.source_names[key])
    theirs, file = gate.judged[table].table.source_names, source_name(table, gate.company)
    if past and table == "orders" and counts["items"] > n / 2:
        yield Stop(
            table=table,
            says=f"{2 * n:,} of its {total:,} rows share their {key} with another row of the same "
            "customer and time: one row an item? Make one row an order of them, and the items the "
            "table order_lines: tables: orders: {files: {export: "
            f"{file}}}, query: '{_one_row_an_order(theirs)}'}}.{mend}",
        )
    elif past and counts["others"] > n / 2:
        yield Stop(
            table=table,
            says=f"{n:,} of its {total:,} rows have the same {key} as a row of another customer or "
            "another day: do several shops number alike, or do numbers start anew each year? Make "
            f'them differ: tables: {table}: {{files: {{export: {file}}}, query: "SELECT '
            f"* REPLACE (store || '-' || {own} AS {own}) FROM export\"}}.{mend}",
        )
    else:
        yield Doubt(table=table, column=key, kind="versions", values={"n": n, "of": total})


def _replaced(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of rows for which a later file has others of their key: numbers that start anew."""
    judged, why = gate.judged[table], reasons.BY_FORMAT["replaced"]
    older = {number for number, (reason, _, _) in judged.outcomes.items() if reason == why}
    replaced = sum(outcome.rows for outcome in gate.outcomes[table] if outcome.reason == why)
    if replaced < FEW:
        return
    counts, total = _conflicts(gate, table, older), sum(o.rows for o in gate.outcomes[table])
    key, n = judged.table.schema.unique[0], counts["strangers"]
    if n > gate.company.limits.shared_keys * total and n > counts["n"] / 2:
        yield Stop(
            table=table,
            says=f"{n:,} of its {total:,} rows have the same {key} as a row of another customer in "
            "a later file, so they would be left out as older versions of it: do several shops or "
            "tills number alike, or do numbers start anew with each file? Make them differ: put "
            f"what tells the files apart before {key}, in the export or by a query: over them. "
            "If later rows do replace these, add to company.yml: limits: "
            f"{{shared_keys: {min(1, n / total + 0.01):.2f}}}.",
        )
    elif counts["others"] >= max(FEW, NOTED * total):
        values: Values = {"n": counts["others"], "of": total}
        yield Doubt(table=table, column=key, kind="versions", values=values)


def _quoted(name: str) -> str:
    return name if name.isidentifier() else sql_name(name)


def _one_row_an_order(theirs: dict[str, str]) -> str:
    """Return the query that sums up a row an item by order."""
    forms = {
        "order_id": "{}",
        "customer_id": "min({})",
        "ordered_at": "min({})",
        "revenue": "sum(CAST({} AS DECIMAL(18, 2)))",
    }
    columns = [f"{forms[c].format(_quoted(theirs[c]))} AS {c}" for c in forms if c in theirs]
    return f"SELECT {', '.join(columns)} FROM export GROUP BY ALL"


def _conflicts(gate: Gate, table: str, lost_as: Collection[int] = (CONFLICTING,)) -> dict[str, int]:
    """Return how many rows differ from one with their key: n, items, others (n of other events).

    `strangers` are those of another customer, where customers are known; else of another event.
    """
    judged = gate.judged[table]
    names = [name for name in ("customer_id", judged.table.schema.dated_by or "") if name]
    names = [name for name in names if name in judged.table.source_names]
    kept = rows_of(judged, "used", "cancelled")
    lost = judged.rows.filter(judged.rows[OUTCOME].isin(list(lost_as)))
    places = [FILE] if FILE in judged.rows.columns else []
    columns = [*judged.table.keys, *(typed_name(name) for name in names), *places]
    columns = list(dict.fromkeys(columns))
    kept, lost = kept.select(*columns), lost.select(**{f"lost{c}": lost[c] for c in columns})
    pairs = lost.join(kept, [lost[f"lost{key}"] == kept[key] for key in judged.table.keys])
    same = [_alike(pairs, typed_name(name)) for name in names]
    event = same[0] & same[-1] if same else ibis.literal(True)
    here = _alike(pairs, FILE) if places else ibis.literal(True)
    items, others = times(event & here), times(~event)
    if table != "orders" and names[:1] == ["customer_id"]:
        others = times(~same[0])
    strangers = times(~same[0]) if names[:1] == ["customer_id"] else others
    sums = pairs.aggregate(n=pairs.count(), items=items, others=others, strangers=strangers)
    return {name: int(n) for name, n in sums.to_pandas().iloc[0].fillna(0).items()}


def _alike(pairs: ir.Table, column: str) -> ir.BooleanValue:
    value, lost = pairs[column], pairs[f"lost{column}"]
    return (value == lost).fill_null(False) | (value.isnull() & lost.isnull())


def _done_twice(gate: Gate, table: str) -> Iterator[Finding]:
    """Tell of answers or orders that a customer gave alike twice within a minute."""
    judged = gate.judged[table]
    if judged.table.is_large:
        return
    rows, dated_by = gate.rows(table), judged.table.schema.dated_by or ""
    at, alike = rows[typed_name(dated_by)], ("score",) if table == "responses" else ("money",)
    given = [rows[typed_name(c.name)] for c in judged.table.present if c.kind in alike]
    if not given:
        return
    texts = [value.cast("string").fill_null("") + "," for value in given]
    rows = rows.select(who=gate.who(rows), at=at, given=sum(texts[1:], texts[0]))
    rows = rows.filter(rows["who"].notnull())
    order = ibis.window(group_by="who", order_by="at")
    rows = rows.mutate(before=rows["at"].lag().over(order), same=rows["given"].lag().over(order))
    timed = (rows["at"].minute() != 0) | (rows["at"].second() != 0)
    seconds = rows["at"].epoch_seconds() - rows["before"].epoch_seconds()
    twice = timed & (rows["given"] == rows["same"]) & (seconds <= MINUTE)
    sums = rows.aggregate(n=times(twice), of=rows.count())
    n, of = (int(x) for x in sums.to_pandas().iloc[0].fillna(0))
    kind, share = ("answered_twice", NOTED) if table == "responses" else ("ordered_twice", 0.01)
    if n >= FEW and n >= share * of:
        yield Doubt(table=table, column=dated_by, kind=kind, values={"n": n, "of": of})
