"""What a company's tables hold and what became of their rows, in plain values."""

from __future__ import annotations

from typing import Any

from profitchain.intake.intake import open_intake
from profitchain.sources.company import Company


def orders_of(company: Company) -> list[tuple[Any, ...]]:
    """Return the used orders as (id, customer, instant in UTC, revenue), by id."""
    intake = open_intake(company)
    frame = intake.tables["orders"].to_pandas().sort_values("order_id")
    intake.close()
    money = frame["revenue"] / company.minor_units
    times = frame["ordered_at"].astype(str)
    return list(zip(frame["order_id"], frame["customer_id"], times, money, strict=True))


def account_of(company: Company, table: str = "orders") -> dict[str, int]:
    """Return the rows of each outcome of a table, in words."""
    intake = open_intake(company)
    account = intake.account
    intake.close()
    own = account[account["table"] == table]
    return {str(words): int(n) for words, n in zip(own["outcome"], own["rows"], strict=True)}
