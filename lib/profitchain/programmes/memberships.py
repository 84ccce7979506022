"""What members bring above others: as it is, matched on history, and by joining itself.

The raw gap holds who joins; matching holds the history that one sees; difference in differences
sets members' change beside that of customers who bought when they did, so that what makes a member
stays out, seen or not. It can't tell joining from an order at which most join. Only a draw by lot
holds everything: it stands in `lots`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.effects.power import smallest_effect
from profitchain.panel.edition import Edition
from profitchain.programmes import lots
from profitchain.programmes.contrasts import (
    FEWEST_MEMBERS,
    Contrast,
    in_money,
    relative,
    two_means,
)
from profitchain.programmes.member_panel import (
    YEAR,
    MemberPanel,
    joining_of,
    member_panels,
    usual_order,
)
from profitchain.programmes.staggered_joining import (
    NEVER,
    Timing,
    drift_before,
    joining_effect,
)

DESIGNS = ("raw", "matched", "did", "lot")
MOST_ELSEWHERE = 0.5  # of the members in another programme too, or there before their first order
DRIFT = 3  # months before joining, beside as many before these
FEWEST_MONTHS = 3  # after joining, to be followed
ORDERS_FROM = (2, 3, 4, 6, 10, 16, 25)  # classes of orders so far
RECENT_FROM = (1, 2, 4, 7)  # months since the last order
TENURE_FROM = (1, 2, 3, 4, 6, 9, 13, 19)  # months since the first order


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeEffects:
    """What one programme does, by design: money a member a year, and as a share of spend without.

    `drift` is by how much members had moved away from the others before joining, `smallest` the
    smallest drift that would have shown (80% power). `usual_order` is the order at which most
    joined (their third, say), 0 where there is none. `members` joined; `early` of them before their
    first order; `others` are in another programme too.
    """

    programme: str
    effects: dict[str, MaybeEstimate]
    relatives: dict[str, MaybeEstimate]
    drift: MaybeEstimate
    smallest: MaybeEstimate
    usual_order: int
    members: int
    early: int
    others: int
    has_margin: bool

    @property
    def drifted(self) -> bool:
        """Whether members had clearly moved away from the others before joining."""
        return isinstance(self.drift, Estimate) and not self.drift.spans_zero

    @property
    def doubtful(self) -> bool:
        """Whether something else than joining is known to be in what joining itself shows."""
        return self.drifted or self.usual_order > 0

    @property
    def holds(self) -> bool:
        """Whether joining itself may be judged, as far as can be seen."""
        return isinstance(self.drift, Estimate) and not self.doubtful

    @property
    def grade(self) -> str:
        """How far the strongest design can be trusted: one of `GRADES`.

        Joining itself is moderate where it may be judged, and a drift as large as the raw gap
        would have shown.
        """
        if self.best == "lot":
            return "strong"
        raw, smallest = self.effects["raw"], self.smallest
        if self.best != "did" or not self.holds or not isinstance(smallest, Estimate):
            return "weak"
        size = abs(raw.value) if isinstance(raw, Estimate) else 0.0
        return "moderate" if smallest.value <= size else "weak"

    @property
    def best(self) -> str:
        """The strongest design that gives a number; matching never is: "" without any."""
        names = ("lot", "did", "raw")
        return next((n for n in names if isinstance(self.effects[n], Estimate)), "")


def programme_effects(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return the effect of each programme by each design.

    Returns
    -------
    One row a programme and design (raw | matched | did | lot): programme, design, effect (Estimate:
    money a member a year, margin or, where none is known, revenue; or NotEstimable), relative
    (Estimate: share of what members would have spent without, in revenue; or NotEstimable),
    members (who joined), doubtful (something else than joining is known to be in it).
    NotEstimable without memberships or money.
    """
    programmes = programmes_of(edition)
    if isinstance(programmes, NotEstimable):
        return programmes
    rows = [
        {
            "programme": one.programme, "design": design, "effect": one.effects[design],
            "relative": one.relatives[design], "members": one.members,
            "doubtful": design == "did" and one.doubtful,
        }
        for one in programmes for design in DESIGNS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def programmes_of(edition: Edition) -> list[ProgrammeEffects] | NotEstimable:
    """Return what each programme does, the one with most members first."""
    found = member_panels(edition)
    if isinstance(found, NotEstimable):
        return found
    tests = {test.action: test for test in lots.tests_by_lot(edition)}
    return [
        effects_of(panel, currency=edition.company.currency, smallest=edition.smallest,
                   test=tests.get(panel.programme))
        for panel in found
    ]  # fmt: skip


def effects_of(
    panel: MemberPanel, *, currency: str, smallest: int = 0, test: lots.LotEffect | None = None
) -> ProgrammeEffects:
    """Return what one programme does, by design."""
    by_lot: MaybeEstimate = NotEstimable("no_lot_drawn", n=panel.members)
    share: MaybeEstimate = by_lot
    if test is not None:
        by_lot, share = test.a_year, test.share
    contrasts = dict(_contrasts(panel, "money", smallest))
    of_spend = dict(_contrasts(panel, "spend", smallest)) if panel.has_margin else contrasts
    drift = in_money(
        _refused(panel) or drift_before(joining_of(panel, "money"), Timing(base=DRIFT)),
        unit=currency,
    )
    return ProgrammeEffects(
        programme=panel.programme,
        effects={n: in_money(c, unit=currency) for n, c in contrasts.items()} | {"lot": by_lot},
        relatives={n: relative(c) for n, c in of_spend.items()} | {"lot": share},
        drift=drift, smallest=smallest_effect(drift), usual_order=usual_order(panel),
        members=panel.members, early=panel.early, others=panel.others,
        has_margin=panel.has_margin,
    )  # fmt: skip


def raw_gap(panel: MemberPanel, outcome: str, smallest: int = 0) -> Contrast | NotEstimable:
    """Return what members had above others in the last year; all who were customers before it.

    Who joined within the year, or before it and bought first in it, is on neither side.
    """
    start = panel.months - YEAR
    if start < 1:
        return NotEstimable("too_few_months", n=panel.months)
    before = panel.first < start
    members, others = before & (panel.joined < start), before & (panel.joined == NEVER)
    if why := _too_few(members, others, smallest):
        return why
    values = getattr(panel, outcome)[:, start:].sum(axis=1)
    return two_means(values, members, others, method="means of the year")


def matched_gap(panel: MemberPanel, outcome: str, smallest: int = 0) -> Contrast | NotEstimable:
    """Return what members had in the year after joining above others of the same history.

    Same month, and the same class of orders so far, months since the last one and since the first;
    others had not joined by the end of what is compared. Members without such others are left out.
    """
    values, many = getattr(panel, outcome), len(panel.joined)
    above, own = np.zeros(many), np.zeros(many)
    parts, is_matched, compared = np.zeros(many), np.zeros(many, bool), np.zeros(many, bool)
    ahead = min(YEAR, panel.months)
    for group in range(panel.months - FEWEST_MONTHS):
        until = min(group + ahead, panel.months - 1)
        year = values[:, group + 1 : until + 1].sum(axis=1) * YEAR / (until - group)
        known = panel.first <= group
        members, others = known & (panel.joined == group), known & (panel.joined > until)
        if not members.any():
            continue
        history = history_class(panel, group)
        for one in np.unique(history[members]):
            mine, theirs = members & (history == one), others & (history == one)
            n = int(theirs.sum())
            if n < 2:
                continue
            mean = year[theirs].mean()
            above[mine], own[mine], is_matched[mine] = year[mine] - mean, year[mine], True
            parts[theirs] -= mine.sum() * (year[theirs] - mean) / np.sqrt(n * (n - 1))
            compared |= theirs
    if why := _too_few(is_matched, compared, smallest):
        return why
    treated = int(is_matched.sum())
    value, level = float(above[is_matched].mean()), float(own[is_matched].mean())
    spread = np.sqrt(treated / (treated - 1))
    parts[is_matched] += above[is_matched] - value
    level_parts = np.where(is_matched, own - level, 0.0)
    return Contrast(
        value=value, parts=parts * spread / treated, level=level,
        level_parts=level_parts * spread / treated, treated=treated,
        compared=int(compared.sum()), method="exact matching on classes of history",
    )  # fmt: skip


def history_class(panel: MemberPanel, month: int) -> np.ndarray:
    """Return a number for each customer's history at a month's end: orders, recency, tenure."""
    so_far = panel.earlier + panel.orders[:, : month + 1].sum(axis=1)
    bought = panel.orders[:, month::-1] > 0
    since = np.where(bought.any(axis=1), bought.argmax(axis=1), month + 1)
    classes = np.digitize(so_far, ORDERS_FROM) * 100 + np.digitize(since, RECENT_FROM) * 10
    numbers: np.ndarray = classes + np.digitize(month - panel.first, TENURE_FROM)
    return numbers


def by_joining(panel: MemberPanel, outcome: str, smallest: int = 0) -> Contrast | NotEstimable:
    """Return what joining itself brought in the year after it."""
    if (panel.joined < NEVER).sum() < max(smallest, FEWEST_MEMBERS):
        return _few(panel.members, smallest)
    return joining_effect(joining_of(panel, outcome), Timing())


def _contrasts(
    panel: MemberPanel, outcome: str, smallest: int
) -> Iterator[tuple[str, Contrast | NotEstimable]]:
    refused = _refused(panel)
    designs = {"raw": raw_gap, "matched": matched_gap, "did": by_joining}
    for name, design in designs.items():
        yield name, refused or design(panel, outcome, smallest)


def _refused(panel: MemberPanel) -> NotEstimable | None:
    """Return why nothing can be said of a programme at all."""
    if panel.others > MOST_ELSEWHERE * panel.members:
        return NotEstimable("programmes_overlap", n=panel.members, others=panel.others)
    if panel.early > MOST_ELSEWHERE * panel.members:
        return NotEstimable("joined_before_first_order", n=panel.members, early=panel.early)
    return None


def _too_few(members: np.ndarray, others: np.ndarray, smallest: int) -> NotEstimable | None:
    needed = max(smallest, FEWEST_MEMBERS)
    if members.sum() < needed:
        return _few(int(members.sum()), smallest)
    if others.sum() < needed:
        return NotEstimable("nobody_to_compare_with", n=int(members.sum()))
    return None


def _few(n: int, smallest: int) -> NotEstimable:
    return NotEstimable("too_few_members", n=n, members=n, needed=max(smallest, FEWEST_MEMBERS))


def cost_and_return(
    edition: Edition, programmes: list[ProgrammeEffects] | NotEstimable
) -> tuple[MaybeEstimate, MaybeEstimate]:
    """Return what the largest programme cost a member in the year, and its return for each euro.

    From costs of the purpose programme, which must be one programme's; the return is what joining
    itself (or a lot) brings a member a year, by the cost a member.
    """
    if isinstance(programmes, NotEstimable):
        return programmes, programmes
    if not edition.has("channel_costs"):
        missing = NotEstimable("needs_table", table="costs")
        return missing, missing
    costs = edition.table("channel_costs")
    amount = float(costs.loc[costs["purpose"] == "programme", "amount"].sum())
    return returned(programmes, amount, scale=edition.stands_for,
                    currency=edition.company.currency)  # fmt: skip


def returned(
    programmes: list[ProgrammeEffects], amount: float, *, scale: float, currency: str
) -> tuple[MaybeEstimate, MaybeEstimate]:
    """Return the cost a member and the return for each unit of it, of the first programme."""
    first = programmes[0]
    if len(programmes) > 1 or amount <= 0:
        why = NotEstimable("costs_without_purpose", n=first.members)
        return why, why
    each = amount / (first.members * scale)
    cost = counted(each, unit=currency, n=first.members)
    effect = first.effects["lot" if first.best == "lot" else "did"]
    if isinstance(effect, NotEstimable):
        return cost, effect
    if first.best == "did" and first.doubtful:
        return cost, NotEstimable("joining_doubtful", n=effect.n)
    return cost, effect.times(1 / each, unit="ratio")
