"""What a customer leaves after the cost to serve them: margin less contacts, programme, the rest.

Revenue is what was paid, discounts already off it; margin is revenue less the goods; profit is
margin less what the tables say was spent on serving customers. Three sums, never one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.measures.rfm import ALL, GROUPS, LAPSED, ordered, per_customer
from profitchain.stats.disclosure_control import too_small, unless_withheld, withheld
from profitchain.stats.sampling_weights import factor, of_all

if TYPE_CHECKING:
    from profitchain.panel.edition import Edition

By = Literal["orders", "customers"]
SHARED = ("retention", "service")  # spent on all who buy
OF_MEMBERS = "programme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """Which costs of the lookback are charged to customers, and how (whole units of currency).

    Sums are those of all customers, also where some are drawn.
    `contacts` is each customer's own; `programme` is shared equally by members who ordered;
    `shared`, by purpose, by all who ordered. `left_out`, by purpose, is charged to nobody.
    `in_service` tells that the cost of contacts was taken out of the purpose service, which holds
    it, so that it counts once. `elsewhere` was spent on contacts of customers without an order.
    """

    contacts: float | None
    programme: float
    shared: Mapping[str, float]
    left_out: Mapping[str, float]
    in_service: bool
    elsewhere: float

    @property
    def is_known(self) -> bool:
        """Whether any cost to serve is known at all."""
        return self.contacts is not None or bool(self.programme) or bool(self.shared)


def costing(now: pd.DataFrame, costs: pd.DataFrame) -> Costing:
    """Return how the costs of the lookback are charged.

    Parameters
    ----------
    now : one row a customer
        Reads `orders` and, where known, `contact_cost` and `member`.
    costs : one row a purpose: `purpose`, `amount`; no rows where the firm gives none.
    """
    spent = costs.groupby("purpose")["amount"].sum().to_dict()
    base, expansion, contacts, elsewhere = ordered(now), factor(now), None, 0.0
    if "contact_cost" in now:
        contacts = expansion * float(now["contact_cost"].sum())
        other = now.loc[now["orders"] <= 0, "contact_cost"]
        squares = pd.Series([other @ other])
        elsewhere = float(of_all(pd.Series([other.sum()]), expansion, squares=squares).iloc[0])
    programme = spent.pop(OF_MEMBERS, 0.0)
    shared = {purpose: spent.pop(purpose) for purpose in SHARED if purpose in spent}
    in_service = contacts is not None and "service" in shared
    if contacts is not None and in_service:
        shared["service"] = max(shared["service"] - contacts, 0.0)
    if "member" not in base or not base["member"].sum():
        shared |= {OF_MEMBERS: programme} if programme else {}
        programme = 0.0
    return Costing(
        contacts=contacts, programme=programme, shared=shared, left_out=spent,
        in_service=in_service, elsewhere=elsewhere,
    )  # fmt: skip


def costs_of(edition: Edition) -> pd.DataFrame:
    """Return the costs of the lookback by purpose (`purpose`, `amount`), no rows where unknown."""
    if edition.has("cost_sums"):
        return edition.table("cost_sums")
    return pd.DataFrame({"purpose": pd.Series(dtype=str), "amount": pd.Series(dtype=float)})


def profits(now: pd.DataFrame, costs: Costing, *, by: By = "orders") -> pd.DataFrame:
    """Return what each customer of the lookback brought, cost and left.

    Parameters
    ----------
    now : one row a customer, as `rfm.snapshot` returns.
    by : whether `shared` costs follow orders, or are the same for each customer.

    Returns
    -------
    The rows of customers who ordered, with `contact_cost`, `other_costs` (programme and shared)
    and, where margin and some cost are known, `profit` (money of the lookback).
    """
    if by not in get_args(By):
        raise ParameterError(f"shared_by is {by!r}, but must be one of {', '.join(get_args(By))}.")
    base, expansion = ordered(now).assign(customers=1), factor(now)
    weight = base[by] / max(base[by].sum(), 1)
    other = weight * (sum(costs.shared.values()) / expansion)
    if costs.programme:
        other = other + costs.programme / expansion * base["member"] / base["member"].sum()
    base = base.assign(other_costs=other)
    if "margin" in base and costs.is_known:
        base["profit"] = base["margin"] - base.get("contact_cost", 0.0) - other
        base["at_a_loss"] = (base["profit"] < 0).astype(int)
    return base


def profit_per_customer(rows: pd.DataFrame, *, currency: str, smallest: int = 0) -> MaybeEstimate:
    """Return profit per customer of the lookback; cost rates are taken as given.

    Parameters
    ----------
    rows : one row a customer, as `profits` returns.
    """
    return _mean(rows, "profit", unit=currency, smallest=smallest)


def loss_share(rows: pd.DataFrame, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the lookback's customers who cost more than their margin."""
    return _mean(rows, "at_a_loss", unit="share", bounds=(0.0, 1.0), smallest=smallest)


def profit_table(rows: pd.DataFrame, *, currency: str, smallest: int = 0) -> pd.DataFrame:
    """Return money per customer by value group, all of them in the last row.

    Parameters
    ----------
    rows : one row a customer, as `profits` returns, with `group`.

    Returns
    -------
    One row a group: group, n (customers); revenue, discount, margin, contact_cost, other_costs
    (means a customer, where known); where profit is: profit_value, profit_low, profit_high,
    profit_why, at_a_loss (share). NaN stands for all of a group that `withheld` holds back.
    """
    groups = {group: rows[rows["group"] == group] for group in GROUPS if group != LAPSED}
    sizes = pd.Series({group: len(part) for group, part in groups.items()})
    hidden = withheld(sizes, smallest)
    groups[ALL], sizes[ALL], hidden[ALL] = rows, len(rows), 0 < len(rows) < smallest
    money = ["revenue", "discount", "margin", "contact_cost", "other_costs"]
    money = [name for name in money if name in rows and (rows[name] != 0).any()]
    means = {name: {"n": len(part), **part[money].mean()} for name, part in groups.items()}
    table = pd.DataFrame(means, dtype=float).T.mask(hidden).rename_axis("group").reset_index()
    if "profit" not in rows:
        return table

    def estimates(column: str, unit: str) -> Iterable[MaybeEstimate]:
        mean = partial(_mean, column=column, unit=unit, smallest=smallest)
        return unless_withheld(hidden, sizes, smallest, lambda name: mean(groups[name])).values()

    profit = to_frame(estimates("profit", currency)).drop(columns="n").assign(unit=currency)
    losses = to_frame(estimates("at_a_loss", "share"))["value"]
    return pd.concat([table, profit.add_prefix("profit_")], axis=1).assign(at_a_loss=losses)


def _mean(
    rows: pd.DataFrame,
    column: str,
    *,
    unit: str,
    bounds: tuple[float, float] | None = None,
    smallest: int = 0,
) -> MaybeEstimate:
    if len(rows) < max(smallest, 1):
        return too_small(len(rows), smallest)
    if column not in rows:
        return NotEstimable("no_costs" if "margin" in rows else "no_margin")
    return per_customer(rows, rows[column], unit=unit, bounds=bounds)
