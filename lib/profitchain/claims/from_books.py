"""What winning, keeping, offers and referrals cost and bring, as claims put it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.benefits import acquisition, growth, offers, whole_worth
from profitchain.benefits.acquisition import REFERRAL
from profitchain.claims.verdicts import Figure, at_99, percent_of
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition
from profitchain.stats.clusters import totals

POINTS = 0.05  # of retention, as claims have it


def winning_by_keeping(edition: Edition) -> Figure | NotEstimable:
    """Return winning one customer as times keeping one a year, under three rules for service."""
    found = acquisition.winning_to_keeping(edition)
    if isinstance(found, NotEstimable):
        return found
    readings = {rule: at_99(one) for rule, one in found.items()}
    return Figure(readings=readings, design="counted", all_judged=True)


def winning_above_keeping(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent winning costs more than keeping, under the same rules."""
    found = winning_by_keeping(edition)
    if isinstance(found, NotEstimable):
        return found
    return replace(
        found, readings={name: percent_of(one, less=1) for name, one in found.readings.items()}
    )


def cost_of_referred(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent a referred newcomer costs less than one won otherwise."""
    parts = _costs(edition)
    if isinstance(parts, NotEstimable):
        return parts
    referred, others = parts
    return Figure.of(_less(referred, others), "counted")


def cost_saved_by_referrals(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent referrals bring the mean cost of a newcomer down."""
    parts = _costs(edition)
    if isinstance(parts, NotEstimable):
        return parts
    (spent, many), (spent_otherwise, won) = parts
    together = (spent + spent_otherwise, many + won)
    return Figure.of(_less(together, parts[1]), "counted")


def _costs(
    edition: Edition,
) -> tuple[tuple[float, float], tuple[float, float]] | NotEstimable:
    """Return what was spent and how many came: by referral, and otherwise."""
    if not edition.has("channel_costs"):
        return NotEstimable("needs_table", table="costs")
    if not edition.has("newcomer_months"):
        return NotEstimable("margin_not_own")
    costs, months = edition.table("channel_costs"), edition.table("newcomer_months")
    new = months.groupby("channel")["new"].first() * edition.stands_for
    if REFERRAL not in new.index:
        return NotEstimable("needs_table", table="customers.acquisition_channel")
    is_reward = costs["purpose"] == REFERRAL
    is_referral = is_reward | ((costs["purpose"] == "acquisition") & (costs["channel"] == REFERRAL))
    is_other = (costs["purpose"] == "acquisition") & (costs["channel"] != REFERRAL)
    many, others = float(new[REFERRAL]), float(new.drop(REFERRAL).sum())
    if min(many, others) < acquisition.FEWEST_NEW:
        return NotEstimable("too_few_customers", n=int(many), needed=acquisition.FEWEST_NEW)
    spent = float(costs.loc[is_referral, "amount"].sum())
    otherwise = float(costs.loc[is_other, "amount"].sum())
    if otherwise <= 0:
        return NotEstimable("costs_without_purpose", n=int(others))
    return (spent, many), (otherwise, others)


def _less(part: tuple[float, float], base: tuple[float, float]) -> MaybeEstimate:
    """Return by how many percent the cost of each is lower; numbers of customers are draws."""
    (spent, many), (of_base, others) = part, base
    value = (spent / many) / (of_base / others)
    error = float(np.exp(1.96 * np.sqrt(1 / many + 1 / others)))
    ratio = Estimate(value=value, low=value / error, high=value * error, n=int(many + others),
                     unit="ratio", method=acquisition.METHOD)  # fmt: skip
    return percent_of(at_99(ratio), less=1, factor=-100)


def return_on_rewards(edition: Edition) -> Figure | NotEstimable:
    """Return what referred newcomers' first year leaves, in percent of what referrals cost."""
    parts = _costs(edition)
    worth = whole_worth.referred_newcomer(edition)
    if isinstance(parts, NotEstimable):
        return parts
    if isinstance(worth, NotEstimable):
        return worth
    spent, many = parts[0]
    if spent <= 0:
        return NotEstimable("costs_without_purpose", n=int(many))
    return Figure.of(percent_of(at_99(worth), factor=100 * many / spent), "followed")


def value_of_retention(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the value to come rises: 5 points of retention, and 5%."""
    cells = edition.table("growth_cells") if edition.has("growth_cells") else None
    if cells is None:
        return NotEstimable("needs_table", table="orders")
    if isinstance(known := growth.growth(edition)["net_revenue_retention"], NotEstimable):
        return known
    return value_of_retention_of(cells, discount=edition.company.discount_rate)


def value_of_retention_of(cells: pd.DataFrame, *, discount: float) -> Figure | NotEstimable:
    """Return the same of `growth_cells`: r / (1 + d - r), r of the year before's customers.

    Parameters
    ----------
    cells : came, cluster, customers, before.
    discount : a year.
    """
    kept = cells["customers"].where(cells["came"] == "kept", 0)
    each = totals(cells.assign(kept=kept), ["kept", "before"])
    share, before = float(each["kept"].sum()), float(each["before"].sum())
    if not 0 < share < before:
        return NotEstimable("nobody_kept_or_lost", n=int(before))
    r = share / before
    errors = ((each["kept"] - r * each["before"]) / before).to_numpy()
    half = 1.96 * float(np.sqrt(errors @ errors))
    ways: dict[str, Callable[[float], float]] = {
        "points": lambda one: min(one + POINTS, growth.MOST),
        "relative": lambda one: min(one * (1 + POINTS), growth.MOST),
    }
    readings: dict[str, MaybeEstimate] = {}
    for name, raised in ways.items():
        ends = [100 * (_to_come(raised(one), discount) / _to_come(one, discount) - 1)
                for one in (r, max(r - half, 1e-3), min(r + half, growth.MOST))]  # fmt: skip
        own = Estimate(value=ends[0], low=min(ends), high=max(ends), n=int(before), unit="percent",
                       method="margin x r / (1 + d - r)")  # fmt: skip
        readings[name] = at_99(own)
    return Figure(readings=readings, design="arithmetic", all_judged=True)


def _to_come(r: float, discount: float) -> float:
    parts = {"frequency": 1.0, "basket": 1.0, "margin": 1.0, "retention": r}
    return growth.value_to_come(parts, discount)


def sales_of_offers(edition: Edition) -> Figure | NotEstimable:
    """Return what offers brought beyond the lot's hold-out, in percent of the year's sales."""
    return _of_the_year(edition, "spend")


def margin_of_offers(edition: Edition) -> Figure | NotEstimable:
    """Return the same in margin, after the offers' costs, in percent of the year's margin."""
    return _of_the_year(edition, "margin")


def _of_the_year(edition: Edition, money: str) -> Figure | NotEstimable:
    found = offers.offer_lifts(edition)
    if isinstance(found, NotEstimable):
        return found
    year = edition.table("worth_year").iloc[0]
    if not {money, "spend"} <= set(year.index) or not year[money] > 0:
        return NotEstimable("margin_not_own")
    lifts = [one.lift for one in found if isinstance(one.lift, Estimate)]
    if not lifts:
        return NotEstimable("no_hold_out", n=sum(one.offered for one in found))
    each = float(year["spend"] / year["orders"])
    brought = [
        one.money if money == "margin" else
        one.lift.times(one.offered * each, unit=edition.company.currency)
        for one in found if isinstance(one.lift, Estimate)
    ]  # fmt: skip
    each_percent = 100 / float(year[money])
    known = [one for one in brought if isinstance(one, Estimate)]
    if not known:
        return NotEstimable("margin_not_own")
    return Figure.of(percent_of(at_99(added(known)), factor=each_percent), "lot")


def added(several: list[Estimate]) -> Estimate:
    """Return the sum of independent estimates (different lots)."""
    value = sum(one.value for one in several)
    down = float(np.sqrt(sum((one.value - one.low) ** 2 for one in several)))
    up = float(np.sqrt(sum((one.high - one.value) ** 2 for one in several)))
    n = sum(one.n for one in several)
    return replace(several[0], value=value, low=value - down, high=value + up, n=n)


def brought_by_offers(edition: Edition) -> Figure | NotEstimable:
    """Return which percent of what was taken up on offer would not have been bought anyway."""
    found = offers.offer_lifts(edition)
    if isinstance(found, NotEstimable):
        return found
    known = [one.incremental for one in found if isinstance(one.incremental, Estimate)]
    if not known:
        return NotEstimable("no_hold_out", n=sum(one.offered for one in found))
    largest = max(known, key=lambda one: one.n)
    return Figure.of(percent_of(at_99(largest)), "lot")
