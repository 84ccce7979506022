"""A firm's judged tables as wholes, which the gate before its numbers looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from profitchain.intake.hashing import number_of
from profitchain.intake.row_account import Outcome
from profitchain.intake.row_checks import RowKind
from profitchain.intake.table_checks import OUTCOME, USED, Judged, JudgedTable
from profitchain.sources.company import Company
from profitchain.sources.typed_tables import WHO, typed_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A firm's judged tables with the account of their rows, to be looked at as wholes."""

    con: Any
    company: Company
    judged: Judged
    outcomes: Mapping[str, tuple[Outcome, ...]]

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


def share_words(share: float) -> str:
    """Return a share as a message says it."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
