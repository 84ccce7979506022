"""What one point of satisfaction goes with in money, line by line, nothing counted twice.

Repeat margin is the figure of page 08, and in it already is what better customers buy on offer and
pay in price. Beside it stand what referred newcomers bring in their first year less rewards, and
what complaints cost. Saved acquisition is no line: growth isn't held fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from profitchain.benefits.acquisition import FEWEST_NEW, REFERRAL
from profitchain.benefits.after_scores import QUARTER, AfterScores, cost_of_a_complaint
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.value_of_a_point import money_to_speak_of, total_of_the_year
from profitchain.panel.edition import Edition

LINES = ("repeat margin", "referred newcomers", "complaints saved")


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeWorth:
    """The lines of the bridge, each an estimate or why there is none, and their sum."""

    lines: Mapping[str, MaybeEstimate]
    total: MaybeEstimate

    @property
    def missing(self) -> list[str]:
        return [name for name, line in self.lines.items() if isinstance(line, NotEstimable)]


def whole_worth(
    edition: Edition, referrals: AfterScores | NotEstimable, complaints: AfterScores | NotEstimable
) -> WholeWorth:
    """Return the money of a year that goes with one more point for every experience of it."""
    lines = {
        LINES[0]: _repeat_margin(edition),
        LINES[1]: _referred(edition, referrals),
        LINES[2]: _complaints(edition, complaints),
    }
    return WholeWorth(lines=lines, total=sum_of(lines))


def sum_of(lines: Mapping[str, MaybeEstimate]) -> MaybeEstimate:
    """Return the sum of the lines that are known, none without the first.

    Lines share customers in ways nobody measures: ends are added up, the widest it can be.
    """
    first = next(iter(lines.values()))
    if isinstance(first, NotEstimable):
        return first
    known = [line for line in lines.values() if isinstance(line, Estimate)]
    value, low, high = (
        sum(getattr(line, end) for line in known) for end in ("value", "low", "high")
    )
    return replace(first, value=value, low=low, high=high, method="ends of the lines added up")


def product(count: Estimate, money: Estimate) -> Estimate:
    """Return a count times money each; both errors count (delta method, independent)."""
    value = count.value * money.value
    down, up = (
        float(np.hypot((one - count.value) * money.value, (other - money.value) * count.value))
        for one, other in ((count.low, money.low), (count.high, money.high))
    )
    return replace(count, value=value, low=value - down, high=value + up, unit=money.unit)


def _repeat_margin(edition: Edition) -> MaybeEstimate:
    if edition.company.main is None or not edition.has("worth_cells"):
        return NotEstimable("needs_main_question")
    if money_to_speak_of(edition) != "margin":
        return NotEstimable("margin_not_own")
    return total_of_the_year(edition, "margin")


def _referred(edition: Edition, found: AfterScores | NotEstimable) -> MaybeEstimate:
    """Return extra referrals of the year times a referred newcomer's first year less the reward."""
    if isinstance(found, NotEstimable):
        return found
    if isinstance(found.slope, NotEstimable):
        return found.slope
    worth = referred_newcomer(edition)
    if isinstance(worth, NotEstimable):
        return worth
    quarters = float(edition.table("year_exposure")["exposure"].iloc[0]) / QUARTER
    can_rise = _can_rise(edition, "referral_cells", "exposure")
    referrals = found.slope.times(quarters * edition.stands_for * can_rise)
    return product(referrals, worth)


def _complaints(edition: Edition, found: AfterScores | NotEstimable) -> MaybeEstimate:
    if isinstance(found, NotEstimable):
        return found
    if isinstance(found.slope, NotEstimable):
        return found.slope
    cost = cost_of_a_complaint(edition)
    if cost is None:
        return NotEstimable("no_such_column", column="cost")
    orders = float(edition.table("year_exposure")["orders"].iloc[0]) * edition.stands_for
    factor = -orders * _can_rise(edition, "complaint_cells", "orders") * cost
    return found.slope.times(factor, unit=edition.company.currency)


def referred_newcomer(edition: Edition) -> MaybeEstimate:
    """Return the margin of a referred newcomer's first year, as far as known, less the reward."""
    if not edition.has("newcomer_months"):
        return NotEstimable("margin_not_own")
    reward = _reward(edition)
    rows = edition.table("newcomer_months")
    rows = rows[rows["channel"] == REFERRAL] if REFERRAL in set(rows["channel"]) else rows
    sums = rows.groupby("months")[["customers", "margin", "squares"]].sum()
    sums = sums[sums["customers"] >= FEWEST_NEW]
    if sums.empty:
        return NotEstimable("too_few_customers", needed=FEWEST_NEW)
    last = sums.iloc[-1]
    n, mean = float(last["customers"]), float(last["margin"] / last["customers"])
    half = 1.96 * float(max(last["squares"] / n - mean**2, 0.0) / n) ** 0.5
    left = mean - reward
    return Estimate(value=left, low=left - half, high=left + half, n=int(n),
                    unit=edition.company.currency, method="newcomers known for a year")  # fmt: skip


def _reward(edition: Edition) -> float:
    """Return what a referral cost in the year: the rewards of the books by referred newcomers."""
    if not edition.has("channel_costs"):
        return 0.0
    costs, cells = edition.table("channel_costs"), edition.table("growth_cells")
    spent = float(costs.loc[costs["purpose"] == REFERRAL, "amount"].sum())
    many = float(cells.loc[cells["came"] == "referred", "customers"].sum()) * edition.stands_for
    return spent / many if many else 0.0


def _can_rise(edition: Edition, table: str, weight: str) -> float:
    """Return the share whose score can rise by a point: those below the best end."""
    cells: pd.DataFrame = edition.table(table)
    main = edition.company.main
    assert main is not None
    best = main.scale[0 if main.easy_is == "low" else 1]
    total = float(cells[weight].sum())
    return float(cells.loc[cells["score"] != best, weight].sum()) / total if total else 0.0
