"""Checks of rows against another table: unknown customers, unused answers, lines of orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from profitchain.intake import reasons
from profitchain.intake.row_checks import Check, RowKind
from profitchain.intake.table_checks import OUTCOME, USED, Judged, JudgedTable
from profitchain.sources.casts import from_utc
from profitchain.sources.company import Company
from profitchain.sources.temp_tables import materialise
from profitchain.sources.typed_tables import MARK, WHO, TypedTable, typed_name

MEAN_CUSTOMERS = ("customer_id", "referrer_id", "referred_by")


def check_across_tables(
    con: Any, table: TypedTable, judged: Judged, company: Company
) -> tuple[TypedTable, list[Check]]:
    """Return a table, and the checks of its rows against tables that were judged before it."""
    if "identities" in judged:
        table = _by_customer(con, table, judged["identities"])
    match table.schema.table:
        case "orders" if "rates" in judged and "currency" in table.source_names:
            table = _in_one_money(con, table, judged["rates"], company)
            return table, [_without_rate(table)]
        case "responses" if "customers" in judged and "customer_id" in table.source_names:
            table, check = _unknown_customer(con, table, judged)
            return table, [check]
        case "invitations" if "response_id" in table.source_names and "responses" in judged:
            return _without_unused_responses(con, table, judged["responses"]), []
        case "order_lines" if "orders" in judged:
            table = _as_its_order(con, table, judged, company)
            return _with_fate_of_order(con, table, judged["orders"])
        case _:
            return table, []


def _by_customer(con: Any, table: TypedTable, identities: JudgedTable) -> TypedTable:
    """Return a table whose ids of customers are those that aliases stand for: a contact's account.

    Numbers of ids, made when large files were typed, would be of aliases: they are left out.
    """
    names = [c.name for c in table.present if c.name in MEAN_CUSTOMERS]
    if table.schema.table == "customers":
        names = [name for name in names if name != "customer_id"]
    given, rows = _of_outcome(identities, "used"), table.rows
    aliases = given.select(
        __alias=given[typed_name("alias")], __stands_for=given[typed_name("customer_id")]
    )
    aliases = materialise(con, f"aliases_for_{table.schema.table}", aliases)
    for name in map(typed_name, names):
        joined = rows.left_join(aliases, rows[name] == aliases["__alias"])
        known = ibis.coalesce(joined["__stands_for"], joined[name])
        rows = joined.mutate(**{name: known}).drop("__alias", "__stands_for")
    return replace(table, rows=rows.drop(*(n for n in (WHO, MARK) if n in rows.columns)))


def _in_one_money(con: Any, table: TypedTable, rates: JudgedTable, company: Company) -> TypedTable:
    """Return orders with each amount in the firm's currency, by the rate of the order's day."""
    return _at_rate(table, _with_rate(con, table.rows, rates, company, of="orders"))


def _at_rate(table: TypedTable, rows: ir.Table) -> TypedTable:
    """Return a table with its amounts times `__rate`; those without one are set aside for that."""
    names = [typed_name(column.name) for column in table.present if column.kind == "money"]
    rate = rows["__rate"].fill_null(1.0)
    values = {name: (rows[name].cast("float64") * rate).round().cast("int64") for name in names}
    return replace(table, rows=rows.mutate(**values))


def _with_rate(
    con: Any, orders: ir.Table, rates: JudgedTable, company: Company, *, of: str
) -> ir.Table:
    """Return orders with `__rate`: what 1 of their money is worth in the firm's on their day.

    It is 1 of its own currency and where none is given; null before the first rate of a currency.
    """
    given = _of_outcome(rates, "used")
    given = given.select(
        __code=given[typed_name("currency")].upper(),
        __from=given[typed_name("from_date")],
        __worth=given[typed_name("rate")],
    ).filter(ibis._["__worth"] > 0)
    spans = ibis.window(group_by="__code", order_by="__from")
    given = given.mutate(__until=given["__from"].lead().over(spans))
    given = materialise(con, f"rates_of_{of}", given)
    code = orders[typed_name("currency")].strip().upper()
    day = from_utc(orders[typed_name("ordered_at")], company.time_zone).date()
    rows = orders.mutate(__its=code, __day=day)
    within = (rows["__day"] < given["__until"]) | given["__until"].isnull()
    places = [rows["__its"] == given["__code"], rows["__day"] >= given["__from"], within]
    rows = rows.left_join(given, places)
    own = rows["__its"].isnull() | (rows["__its"] == company.currency)
    rate = ibis.ifelse(own, ibis.literal(1.0), rows["__worth"])
    return rows.mutate(__rate=rate).select(*orders.columns, "__rate")


def _without_rate(table: TypedTable) -> Check:
    holds = table.rows["__rate"].isnull()
    return Check(reason=reasons.NO_RATE, kind="broken", holds=holds, column="currency")


def _as_its_order(con: Any, table: TypedTable, judged: Judged, company: Company) -> TypedTable:
    """Return order lines with each amount in the firm's currency, at the rate of its order."""
    if "rates" not in judged or "currency" not in judged["orders"].table.source_names:
        return table
    used = _of_outcome(judged["orders"], "used")
    orders = _with_rate(con, used, judged["rates"], company, of="order_lines")
    orders = orders.select(__priced=orders[typed_name("order_id")], __rate=orders["__rate"])
    rows = table.rows.left_join(orders, table.value("order_id") == orders["__priced"])
    priced = _at_rate(table, rows)
    return replace(priced, rows=priced.rows.select(*table.rows.columns))


def _unknown_customer(con: Any, table: TypedTable, judged: Judged) -> tuple[TypedTable, Check]:
    """Check answers for people who are neither in `customers` nor have ever ordered."""
    who = typed_name("customer_id")
    people = table.rows.select(who).distinct()
    strangers = people.anti_join(_of_outcome(judged["customers"], "used"), who)
    strangers = materialise(con, "strangers", strangers.filter(strangers[who].notnull()))
    if "orders" in judged and int(strangers.count().execute()):
        buyers = _of_outcome(judged["orders"], "used", "cancelled", "left_out")
        few = buyers.semi_join(strangers, who).select(who).distinct()
        strangers = materialise(con, "strangers_without_orders", strangers.anti_join(few, who))
    strangers = strangers.select(__stranger=strangers[who])
    rows = table.rows.left_join(strangers, table.rows[who] == strangers["__stranger"])
    reason, holds = reasons.UNKNOWN_CUSTOMER, rows["__stranger"].notnull()
    return replace(table, rows=rows), Check(
        reason=reason, kind="broken", holds=holds, column="customer_id"
    )


def _of_outcome(judged: JudgedTable, *kinds: RowKind) -> ir.Table:
    numbers = [*judged.numbers(*kinds), *([USED] if "used" in kinds else [])]
    return judged.rows.filter(judged.rows[OUTCOME].isin(numbers))


def _without_unused_responses(con: Any, table: TypedTable, responses: JudgedTable) -> TypedTable:
    """Forget the answer of an invitation that is not among the used answers, or not there yet."""
    name = typed_name("response_id")
    used = _of_outcome(responses, "used")
    used = materialise(con, "used_responses", used.select(__answer=used[name]))
    rows = table.rows.left_join(used, table.rows[name] == used["__answer"])
    return replace(table, rows=rows.mutate(**{name: rows["__answer"]}))


def _with_fate_of_order(
    con: Any, table: TypedTable, orders: JudgedTable
) -> tuple[TypedTable, list[Check]]:
    """Let each order line share the fate of its order, for lines have no time of their own."""
    name = typed_name("order_id")
    kinds: tuple[tuple[RowKind, ...], ...] = (("used",), ("cancelled", "left_out"), ("later",))
    rows = _of_outcome(orders, *(kind for alike in kinds for kind in alike))
    ranks = ((rows[OUTCOME].isin(orders.numbers(*alike)), k) for k, alike in enumerate(kinds) if k)
    rows = rows.mutate(__fate=ibis.cases(*ranks, else_=0))
    fates = rows.group_by(__order=rows[name]).aggregate(__fate=rows["__fate"].min())
    fates = materialise(con, "fates_of_orders", fates)
    rows = table.rows.left_join(fates, table.rows[name] == fates["__order"])
    fate, broken = rows["__fate"], reasons.WITHOUT_ORDER
    return replace(table, rows=rows), [
        Check(reason=reasons.ORDER_LATER, kind="later", holds=fate == 2),
        Check(reason=reasons.ORDER_CANCELLED, kind="cancelled", holds=fate == 1),
        Check(reason=broken, kind="broken", holds=fate.isnull(), column="order_id"),
    ]
