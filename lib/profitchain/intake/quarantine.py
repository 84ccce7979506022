"""Writes the rows that broke their table's schema, with the reason, for the firm to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir

from profitchain.intake.reasons import TOO_WIDE
from profitchain.intake.row_account import Outcome
from profitchain.intake.table_checks import OUTCOME, JudgedTable
from profitchain.sources.company import Company
from profitchain.sources.csv_dialect import FILE, ROW
from profitchain.sources.temp_tables import save_csv
from profitchain.sources.warehouse_casts import display_text

FOLDER = "quarantine"
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = r"^[+-]?[\d.,]+$"


def rewrite_quarantine(
    con: Any, company: Company, judged: JudgedTable, outcomes: Sequence[Outcome]
) -> str | None:
    """Write `quarantine/<table>.csv` anew, or remove it where nothing is broken.

    Returns a sentence if the folder can't be written: the run goes on without it.
    """
    table, broken = judged.table.schema.table, any(o.kind == "broken" for o in outcomes)
    path = company.folder / FOLDER / f"{table}.csv"
    try:
        if not broken:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
            return None
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f".{table}.{uuid4().hex}.csv")
        try:
            draft.touch()
            save_csv(con, _broken_rows(judged), draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        if not broken and not path.exists():
            return None
        return (
            f"The rows set aside from {table} could not be written to {FOLDER}/{table}.csv "
            f"({error.strerror or 'not writable'}). Make the company folder writable to see them."
        )
    return None


def spreadsheet_safe(text: ir.StringValue) -> ir.StringValue:
    """Return text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    formula = text.re_search(_FORMULA) & ~text.re_search(_NUMBER)
    return ibis.ifelse(formula, ibis.literal("'") + text, text)


def _broken_rows(judged: JudgedTable) -> ir.Table:
    """Return reason, place and the source's own cells of each broken row, in the source's order."""
    raw, numbers = judged.table.raw, judged.numbers("broken")
    rows = judged.broken()
    reason = ibis.cases(*((rows[OUTCOME] == n, judged.outcomes[n][0]) for n in numbers))
    place = rows[ROW].cast("string") if raw.numbered else ibis.literal("")
    cells = [display_text(rows[name], warehouse=raw.warehouse) for name in raw.columns]
    headers = [f"'{name}" if name[0] in "=+-@\t\r" else name for name in raw.columns]
    lines = rows.select(
        __reason=reason,
        __place=ibis.coalesce(rows[FILE] + ":", "") + place,
        __order_file=rows[FILE],
        __order_row=rows[ROW],
        **{f"c{k}": spreadsheet_safe(cell) for k, cell in enumerate(cells)},
    )
    if raw.rejected:
        lines = lines.union(_rejected_rows(judged, lines))
    order = ["__order_file", "__order_row"] if raw.numbered else ["__reason"]
    names = {header: f"c{k}" for k, header in enumerate(headers)}
    ordered = lines.order_by([*order, *(f"c{k}" for k in range(len(headers)))])
    lead = {_free("reason", headers): "__reason", _free("row", headers): "__place"}
    return ordered.select(**{heading: ordered[name] for heading, name in (lead | names).items()})


def _rejected_rows(judged: JudgedTable, like: ir.Table) -> ir.Table:
    """Return the rows that could not be split into columns, their whole text in the first one."""
    raw = judged.table.raw
    kinds = {"file": "string", "row": "int64", "text": "string"}
    lines = ibis.memtable(list(raw.rejected), schema=kinds)
    empty = {f"c{k}": ibis.null("string") for k in range(1, len(raw.columns))}
    return lines.select(
        __reason=ibis.literal(TOO_WIDE),
        __place=ibis.coalesce(lines["file"] + ":", "") + lines["row"].cast("string"),
        __order_file=lines["file"],
        __order_row=lines["row"],
        c0=spreadsheet_safe(lines["text"]),
        **empty,
    ).select(*like.columns)


def _free(name: str, taken: list[str]) -> str:
    while name.lower() in map(str.lower, taken):
        name = f"{name}_"
    return name
