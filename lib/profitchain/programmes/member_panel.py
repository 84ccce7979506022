"""Customers by month, and when and at which order they joined: where all but lots start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.panel.edition import Edition
from profitchain.programmes.staggered_joining import NEVER, Joining

YEAR = 12
MOST_AT_AN_ORDER = 0.5  # of the members, for an order at which most joined
LATEST_ORDER = 12
SMALL_PLACE = 20  # members; fewer, and a place is put together with others


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPanel:
    """Customers of one programme's firm by month, the last one the period's last.

    Matrices are customers x months. `first` is the month of the first purchase and `joined` that of
    joining (below 0: before the months that are kept; NEVER). `earlier` counts purchases before
    those months, `place` is a code. `members` counts all who joined; `early` of these who joined
    before their first purchase, `others` those set apart since they are in another programme too.
    `has_margin` tells whether money is margin; else it is revenue.
    """

    programme: str
    money: np.ndarray
    spend: np.ndarray
    orders: np.ndarray
    first: np.ndarray
    joined: np.ndarray
    earlier: np.ndarray
    place: np.ndarray
    members: int
    early: int
    others: int
    has_margin: bool

    @property
    def months(self) -> int:
        """How many months there are."""
        return int(self.orders.shape[1])

    def among(self, chosen: np.ndarray) -> MemberPanel:
        """Return the panel of some customers."""
        return MemberPanel(
            programme=self.programme, has_margin=self.has_margin,
            members=self.members, early=self.early, others=self.others,
            **{name: getattr(self, name)[chosen] for name in
               ("money", "spend", "orders", "first", "joined", "earlier", "place")},
        )  # fmt: skip


def member_panels(edition: Edition) -> Iterator[MemberPanel] | NotEstimable:
    """Return the panel of each programme, the one with most members first."""
    if not edition.has("programme_joins"):
        return NotEstimable("needs_table", table="memberships")
    joins = edition.table("programme_joins")
    if joins.empty:
        return NotEstimable("nobody_joined")
    months = edition.table("programme_months")
    if "revenue" not in months:
        return NotEstimable("no_such_outcome", what="spend")
    last = 12 * edition.period.last_day.year + edition.period.last_day.month - 1
    return panels(joins, edition.table("programme_people"), months, last=last)


def panels(
    joins: pd.DataFrame, people: pd.DataFrame, months: pd.DataFrame, *, last: int
) -> Iterator[MemberPanel]:
    """Yield the panel of each programme, the one with most members first.

    Parameters
    ----------
    joins : programme, person, joined (month number).
    people : person, place, first (month number), earlier.
    months : person, month, orders, revenue, and margin where it is known.
    last : the number of the period's last month.
    """
    start = min(int(months["month"].min()), last) if len(months) else last
    rows = pd.Index(people["person"]).get_indexer(months["person"])
    at = months["month"].to_numpy(np.int64) - start
    keep = (rows >= 0) & (at <= last - start)
    shape = (len(people), last - start + 1)

    def matrix(name: str) -> np.ndarray:
        dense = np.zeros(shape)
        np.add.at(dense, (rows[keep], at[keep]), months[name].to_numpy(float)[keep])
        return dense

    has_margin = "margin" in months
    spend, orders = matrix("revenue"), matrix("orders")
    money = matrix("margin") if has_margin else spend
    first = people["first"].to_numpy(np.int64) - start
    for programme in joins["programme"].value_counts().index:
        own = joins[joins["programme"] == programme]
        other = set(joins.loc[joins["programme"] != programme, "person"])
        joined = np.full(len(people), NEVER)
        where = pd.Index(people["person"]).get_indexer(own["person"])
        joined[where[where >= 0]] = own["joined"].to_numpy(np.int64)[where >= 0] - start
        apart = people["person"].isin(other).to_numpy()
        is_member = joined < NEVER
        early = int((is_member & (joined < first)).sum() + (where < 0).sum())
        panel = MemberPanel(
            programme=str(programme), money=money, spend=spend, orders=orders, first=first,
            joined=joined, earlier=people["earlier"].to_numpy(np.int64),
            place=_places(people["place"].to_numpy(), is_member),
            members=len(own), early=early, others=int((apart & is_member).sum()),
            has_margin=has_margin,
        )  # fmt: skip
        yield panel.among(~apart) if apart.any() else panel


def usual_order(panel: MemberPanel) -> int:
    """Return at which order most joined (in the month of joining or the one before), 0 at none.

    At least half of the members, and twice the share of others who bought in the same months: who
    has not come so far buys less than they, and who has come further isn't like them.
    """
    so_far = np.column_stack([panel.earlier, panel.orders]).cumsum(axis=1)
    most, shares = 0, np.zeros((2, LATEST_ORDER + 1))
    for month in np.unique(panel.joined[(panel.joined >= 0) & (panel.joined < panel.months)]):
        since, until = so_far[:, max(month - 1, 0)], so_far[:, month + 1]
        rows = np.flatnonzero((until > since) & (panel.joined >= month))
        is_member = panel.joined[rows] == month
        for number in range(1, LATEST_ORDER + 1):
            came = (since[rows] < number) & (number <= until[rows])
            shares[0, number] += came[is_member].sum()
            if not is_member.all():
                shares[1, number] += is_member.sum() * came[~is_member].mean()
        most += int(is_member.sum())
    number = int((shares[0] - shares[1]).argmax())
    is_usual = shares[0, number] >= max(most * MOST_AT_AN_ORDER, 2 * shares[1, number])
    return number if most and is_usual else 0


def joining_of(panel: MemberPanel, outcome: str) -> Joining:
    """Return customers after the month of their first order, which made them customers.

    Alike are those of a place who bought in the month of joining, or in the month before it alone.
    """
    is_customer = np.arange(panel.months) > panel.first[:, None]
    now = panel.orders > 0
    before = np.pad(now, ((0, 0), (1, 0)))[:, :-1]
    return Joining(
        outcomes=np.where(is_customer, getattr(panel, outcome), np.nan), joined=panel.joined,
        alike=np.where(now | before, 2 * (panel.place[:, None] + 1) + now, -1),
    )  # fmt: skip


def _places(names: np.ndarray, is_member: np.ndarray) -> np.ndarray:
    """Return each customer's place as a code; places of few members are one."""
    codes, _names = pd.factorize(names)
    few = np.bincount(codes[is_member], minlength=codes.max(initial=0) + 1) < SMALL_PLACE
    return np.where(few[codes], -1, codes)
