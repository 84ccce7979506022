"""What offers bring beyond what would have been bought anyway: by kind, and by the score before.

Accepted among the offered less bought among those held out by lot, times the offers made, times
what an acceptance leaves. Without a hold-out there is a rate and no lift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.measures.satisfaction import GROUPS, answers_to
from profitchain.panel.edition import Edition
from profitchain.panel.response_windows import HELD_OUT, OFFERED
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import RatioParts
from profitchain.stats.ratios import change, ratio

PARTS = {"numerator": "accepted", "denominator": "n", "unit": "share", "bounds": (0.0, 1.0)}
FEWEST_ACCEPTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLift:
    """What offers of one kind bring.

    `lift` is the share accepted of the offered less that bought of the held out, None where no lot
    was drawn; `rate` the share accepted of the offered; `incremental` the share of acceptances that
    would not have come anyway; `money` the margin of those less what the offers cost.
    """

    kind: str
    offered: int
    rate: MaybeEstimate
    lift: MaybeEstimate
    incremental: MaybeEstimate
    money: MaybeEstimate


def offer_lifts(edition: Edition) -> list[OfferLift] | NotEstimable:
    """Return what offers of each kind bring, or why nothing can be said."""
    if not edition.has("offer_cells"):
        return NotEstimable("needs_table", table="offers")
    cells = edition.table("offer_cells")
    if cells.empty:
        return NotEstimable("nothing_counted")
    margin = margin_of_an_order(edition)
    return [
        offer_lift(rows, kind=str(kind), margin=margin, currency=edition.company.currency,
                   scale=edition.stands_for, smallest=edition.smallest)
        for kind, rows in cells.groupby("kind")
    ]  # fmt: skip


def margin_of_an_order(edition: Edition) -> tuple[float, float] | NotEstimable:
    """Return margin as a share of revenue and margin of a mean order, of the year's orders."""
    year = edition.table("worth_year").iloc[0]
    if "margin" not in year or not year["spend"] > 0 or edition.assumed_margin is not None:
        return NotEstimable("margin_not_own", n=int(year["orders"]))
    return float(year["margin"] / year["spend"]), float(year["margin"] / year["orders"])


def offer_lift(
    cells: pd.DataFrame,
    *,
    kind: str,
    margin: tuple[float, float] | NotEstimable,
    currency: str,
    scale: float = 1.0,
    smallest: int = 0,
) -> OfferLift:
    """Return what offers of one kind bring.

    Parameters
    ----------
    cells : one row a lot and cluster; reads lot, cluster, n, accepted, and revenue (of what was
        accepted) and cost where given.
    margin : share of revenue that is margin; margin of a mean order, for where no amount is given.
    """
    offered = cells[cells["lot"] != HELD_OUT]
    drawn, held = cells[cells["lot"] == OFFERED], cells[cells["lot"] == HELD_OUT]
    rate = ratio(offered, **_parts(), smallest=smallest)
    many = round(float(offered["n"].sum()) * scale)
    if held.empty:
        none = NotEstimable("no_hold_out", n=int(offered["n"].sum()))
        return OfferLift(
            kind=kind, offered=many, rate=rate, lift=none, incremental=none, money=none
        )
    lift = change(drawn, held, **_parts(), smallest=smallest)
    return OfferLift(
        kind=kind, offered=many, rate=rate, lift=lift,
        incremental=_incremental(lift, drawn),
        money=_money(lift, offered, margin, currency, scale),
    )  # fmt: skip


def lift_by_score(edition: Edition) -> pd.DataFrame:
    """Return the lift of all kinds by the group of the score before: group, value, low, high, n."""
    main = edition.company.main
    if main is None or not edition.has("offer_cells"):
        return to_frame([], group=[])
    cells = edition.table("offer_cells").dropna(subset=["score"])
    grouped = rows_by_group(cells, main)
    values = [
        change(rows[rows["lot"] == OFFERED], rows[rows["lot"] == HELD_OUT], **_parts(),
               smallest=edition.smallest)
        for rows in grouped.values()
    ]  # fmt: skip
    return to_frame(values, group=list(grouped))


def rows_by_group(cells: pd.DataFrame, question: Question) -> dict[str, pd.DataFrame]:
    """Return the rows of each group of a question's scores, worst to best; those with rows."""
    counted = answers_to(cells.assign(question=question.name, n=1), question)
    rows = {name: cells[counted[name].to_numpy() > 0] for name in GROUPS[question.kind]}
    return {name: part for name, part in rows.items() if len(part)}


def _parts() -> RatioParts:
    return RatioParts(**PARTS)  # type: ignore[typeddict-item]


def _incremental(lift: MaybeEstimate, drawn: pd.DataFrame) -> MaybeEstimate:
    """Return the share of acceptances that the offer brought: lift by rate (delta method)."""
    if isinstance(lift, NotEstimable):
        return lift
    accepted, n = float(drawn["accepted"].sum()), float(drawn["n"].sum())
    if accepted < FEWEST_ACCEPTED:
        return NotEstimable("too_few_events", n=int(accepted), needed=FEWEST_ACCEPTED)
    rate = accepted / n
    held = rate - lift.value
    se_rate = np.sqrt(rate * (1 - rate) / n)
    se_held = np.sqrt(max(((lift.high - lift.low) / 3.92) ** 2 - se_rate**2, 0.0))
    half = 1.96 * float(np.hypot(se_held / rate, held * se_rate / rate**2))
    value = lift.value / rate
    return Estimate(value=value, low=value - half, high=min(value + half, max(1.0, value)),
                    n=int(accepted), unit="share", method="delta method")  # fmt: skip


def _money(
    lift: MaybeEstimate,
    offered: pd.DataFrame,
    margin: tuple[float, float] | NotEstimable,
    currency: str,
    scale: float,
) -> MaybeEstimate:
    """Return lift times offers times the margin of an acceptance, less what the offers cost.

    An acceptance's own amount is used where given, never the first basket; else a mean order's.
    """
    if isinstance(lift, NotEstimable):
        return lift
    if isinstance(margin, NotEstimable):
        return margin
    share, of_an_order = margin
    accepted = float(offered["accepted"].sum())
    if "revenue" in offered and accepted and offered["revenue"].sum() > 0:
        of_an_order = share * float(offered["revenue"].sum()) / accepted
    cost = float(offered["cost"].sum()) * scale if "cost" in offered else 0.0
    money = lift.times(float(offered["n"].sum()) * scale * of_an_order, unit=currency)
    return Estimate(value=money.value - cost, low=money.low - cost, high=money.high - cost,
                    n=lift.n, unit=currency, method=lift.method)  # fmt: skip
