"""Checks of one table's rows against another table: strangers, unused answers, lines of orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.intake import reasons
from profitchain.intake.row_checks import Check, RowKind
from profitchain.intake.table_checks import OUTCOME, USED, Judged
from profitchain.sources.temp_tables import materialise
from profitchain.sources.typed_tables import Typed, typed


def check_across_tables(
    con: Any, table: Typed, judged: dict[str, Judged]
) -> tuple[Typed, list[Check]]:
    """Return a table, and the checks of its rows against tables that were judged before it."""
    match table.contract.table:
        case "responses" if "customers" in judged:
            table, check = _unknown_customer(con, table, judged)
            return table, [check]
        case "invitations" if "response_id" in table.theirs and "responses" in judged:
            return _without_unused_responses(con, table, judged["responses"]), []
        case "order_lines" if "orders" in judged:
            return _with_fate_of_order(con, table, judged["orders"])
        case _:
            return table, []


def _unknown_customer(con: Any, table: Typed, judged: dict[str, Judged]) -> tuple[Typed, Check]:
    """Find answers of people who are neither in `customers` nor have ever ordered."""
    who = typed("customer_id")
    asked = table.rows.select(who).distinct()
    strangers = asked.anti_join(_of_outcome(judged["customers"], "used"), who)
    strangers = materialise(con, "strangers", strangers.filter(strangers[who].notnull()))
    if "orders" in judged:
        buyers = _of_outcome(judged["orders"], "used", "cancelled")
        few = buyers.semi_join(strangers, who).select(who).distinct()
        strangers = materialise(con, "strangers_without_orders", strangers.anti_join(few, who))
    strangers = strangers.select(__stranger=strangers[who])
    rows = table.rows.left_join(strangers, table.rows[who] == strangers["__stranger"])
    return replace(table, rows=rows), Check(
        reason=reasons.UNKNOWN_CUSTOMER,
        kind="broken",
        holds=rows["__stranger"].notnull(),
        column="customer_id",
    )


def _of_outcome(judged: Judged, *kinds: RowKind) -> ir.Table:
    numbers = [*judged.numbers(*kinds), *([USED] if "used" in kinds else [])]
    return judged.rows.filter(judged.rows[OUTCOME].isin(numbers))


def _without_unused_responses(con: Any, table: Typed, responses: Judged) -> Typed:
    """Forget the answer of an invitation that is not among the used answers, or not there yet."""
    name = typed("response_id")
    used = _of_outcome(responses, "used")
    used = materialise(con, "used_responses", used.select(__answer=used[name]))
    rows = table.rows.left_join(used, table.rows[name] == used["__answer"])
    return replace(table, rows=rows.mutate(**{name: rows["__answer"]}))


def _with_fate_of_order(con: Any, table: Typed, orders: Judged) -> tuple[Typed, list[Check]]:
    """Let each order line share the fate of its order, for lines have no time of their own."""
    name = typed("order_id")
    kinds: tuple[RowKind, ...] = ("used", "cancelled", "later")
    known = _of_outcome(orders, *kinds)
    rank = ibis.cases(
        *((known[OUTCOME].isin(orders.numbers(kind)), kinds.index(kind)) for kind in kinds[1:]),
        else_=0,
    )
    known = known.mutate(__fate=rank)
    fates = known.group_by(__order=known[name]).aggregate(__fate=known["__fate"].min())
    fates = materialise(con, "fates_of_orders", fates)
    rows = table.rows.left_join(fates, table.rows[name] == fates["__order"])
    table = replace(table, rows=rows)
    fate = rows["__fate"]
    return table, [
        Check(reason=reasons.ORDER_LATER, kind="later", holds=fate == 2),
        Check(reason=reasons.ORDER_CANCELLED, kind="cancelled", holds=fate == 1),
        Check(
            reason=reasons.WITHOUT_ORDER,
            kind="broken",
            holds=fate.isnull(),
            column="order_id",
        ),
    ]
