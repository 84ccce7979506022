"""What every summary starts from: the firm, the period, the checked tables.

Expressions are Ibis', so the work stays in the engine. Instants are UTC without a zone mark and
money is in minor units, as `intake` leaves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import ibis
from ibis.expr.types import Column, Table, Value

from profitchain.core.periods import Period, months_before, starts_at
from profitchain.sources.company import Company
from profitchain.sources.engine_functions import by_span
from profitchain.sources.typed_tables import MARK, WHO

MOST_MONTHS = 120
LONG_AGO = "earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every summary needs: the firm, the period, the checked tables, the engine's name.

    `by_contract`: its orders are `contracts.payments`, and coming back is staying.
    `unnamed` has what `tables` leave out since nobody knows whose it is: the `orders` of guests and
    anonymous `responses`, as far as there are any.
    """

    company: Company
    period: Period
    tables: Mapping[str, Table]
    engine: str = "duckdb"
    by_contract: bool = False
    unnamed: Mapping[str, Table] = field(default_factory=dict)

    @property
    def periods(self) -> list[Period]:
        """The periods that are summed up, this one last: the trend's, and to a year before."""
        return self.period.reach()

    @property
    def score_column(self) -> str:
        """The column of the main question; only for a firm that has one."""
        assert self.company.main is not None
        return self.company.main.column

    @property
    def ends_at(self) -> Value:
        """The first instant after the period."""
        return ibis.timestamp(self.period.ends_at(self.company.time_zone))

    @property
    def lookback_months(self) -> int:
        """How many months the lookback has: two hundred years where the firm names none."""
        return self.company.lookback_months or 12 * 200

    @property
    def lookback_starts_at(self) -> Value:
        """The first instant of the months whose closed windows the link is fitted on."""
        first = months_before(self.period.shift(1).first_day, self.lookback_months)
        return ibis.timestamp(starts_at(first, self.company.time_zone))

    @property
    def periods_and_one_before(self) -> list[Period]:
        """The periods and the one before them, which tells whom the first retained."""
        return [self.periods[0].previous, *self.periods]

    @property
    def key(self) -> str:
        """The column by which customers are joined: `__who` in large pieces, else the id."""
        orders = self.tables.get("orders")
        return "customer_id" if orders is None or WHO not in orders.columns else WHO

    def by_id(self) -> Context:
        """Return the context with customers told apart by their ids alone."""
        if self.key == "customer_id":
            return self
        orders = self.tables["orders"]
        names = [name for name in orders.columns if name not in (WHO, MARK)]
        return replace(self, tables={**self.tables, "orders": orders.select(*names)})

    def all_orders(self, columns: Sequence[str]) -> Table:
        """Return order_id and those of some columns that orders have, guests' orders among them."""
        orders, guests = self.tables["orders"], self.unnamed.get("orders")
        names = ["order_id", *(name for name in columns if name in orders.columns)]
        return orders.select(*names).union(guests.select(*names)) if guests is not None else orders

    def period_of(self, instant: Column) -> Column:
        """The name of the period that an instant falls in, NULL outside them all."""
        names = [period.name for period in self.periods]
        return by_span(instant, self.starts, [None, *names, None], kind="string")

    def month_of(self, instant: Column) -> Column:
        """The name of the month that an instant falls in, of the last `MOST_MONTHS`."""
        last, zone = Period.containing(self.period.last_day, "month"), self.company.time_zone
        months = [last.shift(-back) for back in reversed(range(MOST_MONTHS))]
        starts = [month.starts_at(zone) for month in months]
        names = [LONG_AGO, *(month.name for month in months)]
        return by_span(instant, starts, names, kind="string")

    @property
    def starts(self) -> list[datetime]:
        """The first instant of each period, and the first after them all."""
        zone = self.company.time_zone
        return [*(p.starts_at(zone) for p in self.periods), self.period.ends_at(zone)]


def with_revenue(context: Context) -> Context:
    """Return the context with revenue in its orders: where none is known, each has 0.

    An order without an amount is a purchase. What is summed up of these zeros reaches no page:
    `Edition.table` leaves money out where the firm has none.
    """
    orders = context.tables.get("orders")
    if orders is None or "revenue" in orders.columns:
        return context
    orders = orders.mutate(revenue=ibis.literal(0, "int64"))
    return replace(context, tables={**context.tables, "orders": orders})


def purchases(orders: Table) -> Table:
    """Return the orders that are purchases: a row with negative revenue is a refund."""
    return orders.filter(orders.revenue >= 0)
