"""Who answered in two periods: the sums from which a score's change is taken apart.

Expressions are as in `panel`.
"""

from __future__ import annotations

import itertools

import ibis
from ibis.expr.types import Table

from profitchain.core.periods import Period
from profitchain.panel.context import Context
from profitchain.sources.exact_sums import PLACES, exact_sum, millionths, whole_sum

BOTH, CAME, GONE, SILENT = "both", "came", "gone", "silent"
AMOUNTS = ("t0", "n0", "t1", "n1")  # sum of values and answers, before and now
_PLACES = {"t0": PLACES, "n0": 0, "t1": PLACES, "n1": 0}
PRODUCTS = tuple(itertools.combinations_with_replacement(AMOUNTS, 2))


def moved_sums(context: Context, answers: Table, orders: Table | None) -> Table:
    """Return against, kind, customers, t0, n0, t1, n1 and sums of their products by customer.

    One row a period that this one is set against (the last one, a year before) and kind of
    customer: answered in `both`, only now (`came`), only before and without an order in the
    window to the period's end (`gone`), only before otherwise (`silent`).

    Parameters
    ----------
    answers : one row an answer: who, period, worth (what it counts; NULL: not answered).
    orders : customer_id, ordered_at; None of a firm without any: nobody is known to have gone.
    """
    known = answers.filter(answers.worth.notnull())
    parts = [
        _against(context, known, orders, before)
        for before in dict.fromkeys([context.period.previous, context.period.year_before])
    ]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return rows.order_by(["against", "kind"])


def _against(context: Context, rows: Table, orders: Table | None, before: Period) -> Table:
    then, now = rows.period == before.name, rows.period == context.period.name
    worth = millionths(rows.worth)
    people = rows.group_by("who").aggregate(
        t0=whole_sum(ibis.ifelse(then, worth, 0)), n0=whole_sum(ibis.ifelse(then, 1, 0)),
        t1=whole_sum(ibis.ifelse(now, worth, 0)), n1=whole_sum(ibis.ifelse(now, 1, 0)),
    )  # fmt: skip
    people = people.filter((people.n0 > 0) | (people.n1 > 0))
    gone = ibis.literal(False)
    if orders is not None:
        since = context.ends_at - ibis.interval(days=context.company.repeat_within_days)
        lately = orders.filter(orders.ordered_at >= since, orders.ordered_at < context.ends_at)
        buyers = lately.select(who=lately.customer_id).distinct().mutate(buys=ibis.literal(True))
        people = people.left_join(buyers, "who").drop("who_right")
        gone = people.buys.isnull()
    kind = ibis.cases(
        ((people.n0 > 0) & (people.n1 > 0), BOTH), (people.n1 > 0, CAME), (gone, GONE),
        else_=SILENT,
    )  # fmt: skip
    people = people.mutate(kind=kind)
    sums = {name: exact_sum(people[name], _PLACES[name]) for name in AMOUNTS}
    sums |= {
        f"{a}_{b}": exact_sum(people[a] * people[b], _PLACES[a] + _PLACES[b]) for a, b in PRODUCTS
    }
    found = people.group_by("kind").aggregate(customers=people.count(), **sums)
    return found.mutate(against=ibis.literal(before.name))
