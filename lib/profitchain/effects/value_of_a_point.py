"""What a point of satisfaction is worth: from the score to margin, customer by customer, a year.

Cells are as in `repeat_effect`; money is in whole units of the firm's currency. One more point is a
difference between customers of like history, "goes with" and not "brings".

To whom it is multiplied out was chosen by truth. Where everybody's experience in an invented shop
of 100,000 customers was one point higher for a year, one window for every customer who bought in
it came to 0.70 to 1.05 of the margin gained in that year (six worlds); one window for every order,
so that windows of one customer overlap, to 0.92 to 1.44. Two errors offset each other there: the
straight line overstates a point (0.099 orders for 0.054 in truth), a window leaves out the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_columns
from profitchain.effects.repeat_effect import effect_of_a_point, repeat_effect
from profitchain.effects.spend_effect import Amount, two_part_effect
from profitchain.stats.clusters import returned
from profitchain.stats.model_design import Outcome
from profitchain.stats.ratios import ratio

AMOUNTS: tuple[Amount, ...] = ("orders", "spend", "margin")
DAYS_A_YEAR = 365
A_YEAR = "a year"  # behind a currency, as a unit
OF_THOSE_WHO_DO = {
    "orders": "orders, of those who do",
    "spend": "spend, of those who do",
    "margin": "margin, of those who do",
}
ALL_TOGETHER = {
    "spend": "spend per answer, all together",
    "margin": "margin per answer, all together",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The customers to whom an effect is multiplied out, counted in full.

    `customers` bought within the last 365 days; `windows` is how often in a year a customer counts
    as active in a window of `within_days`: the mean number active in one, times windows a year.
    """

    customers: int
    windows: float
    within_days: int

    @property
    def windows_each(self) -> float:
        """How many windows a year an active customer counts in."""
        return self.windows / self.customers

    @property
    def active(self) -> float:
        """How many customers are active in one window, on average."""
        return self.windows * self.within_days / DAYS_A_YEAR


def active_base(active: pd.DataFrame, within_days: int) -> Base | NotEstimable:
    """Return the active base of the year up to the period's end.

    Windows follow each other without a gap, the last ending with the period. Those that reach back
    before the first order are left out, so that a young firm is not taken for a small one.

    Parameters
    ----------
    active : one row a window of `within_days` and one for the whole year
        Reads `span` ("window", "year"), `back` (0 for the last), `customers`, `days_known`.
    """
    if active.empty:
        return NotEstimable("nobody_bought_in_a_year")
    days = min(int(active["days_known"].iloc[0]), DAYS_A_YEAR)
    whole = max(days // within_days, 1)
    windows = active[(active["span"] == "window") & (active["back"] < whole)]
    customers = int(active.loc[active["span"] == "year", "customers"].sum())
    mean = float(windows["customers"].sum()) / whole
    if not mean or not customers:
        return NotEstimable("nobody_bought_in_windows")
    return Base(
        customers=customers, windows=mean * DAYS_A_YEAR / within_days, within_days=within_days
    )


def money_of(cells: pd.DataFrame) -> Amount:
    """Return which money speaks of worth: margin where it is known or assumed, else spend."""
    return "margin" if "margin" in cells else "spend"


def for_the_base(effect: MaybeEstimate, base: Base | NotEstimable) -> MaybeEstimate:
    """Return an effect per customer and window for the whole active base and a year."""
    return _times(effect, base, base.windows if isinstance(base, Base) else 0.0)


def for_a_customer(effect: MaybeEstimate, base: Base | NotEstimable) -> MaybeEstimate:
    """Return an effect per customer and window for an active customer and a year."""
    return _times(effect, base, base.windows_each if isinstance(base, Base) else 0.0)


def amounts_a_year(
    amounts: Mapping[str, MaybeEstimate], base: Base | NotEstimable
) -> dict[str, MaybeEstimate]:
    """Return each amount's effect (per customer and window) for the whole base and a year."""
    return {name: for_the_base(effect, base) for name, effect in amounts.items()}


def multiplied_out(effect: MaybeEstimate, base: Base | NotEstimable) -> dict[str, MaybeEstimate]:
    """Return an effect of one window on its way from one customer to the whole base (its unit)."""
    yearly = {
        "one active customer, a year": for_a_customer(effect, base),
        "the whole active base, a year": for_the_base(effect, base),
    }
    return {"one customer, one window": effect} | {
        name: worth.times(1, unit=f"{worth.unit} {A_YEAR}")
        if isinstance(worth, Estimate)
        else worth
        for name, worth in yearly.items()
    }


def chain(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), currency: str, level: float = 0.95
) -> pd.DataFrame:
    """Return the steps from score to money: how it stands now, and with one more point.

    The levels are means over the answers; the differences are average marginal effects, adjusted.
    The last row multiplies the steps: the chance to come back times the money of those who do.

    Returns
    -------
    One row a step: step, then now_ and one_more_point_ value, low, high, why, unit; n.
    """

    def level_of(rows: pd.DataFrame, outcome: Outcome, unit: str) -> MaybeEstimate:
        bounds = (0.0, 1.0) if outcome == "repeats" else None
        return ratio(
            rows, numerator=outcome, denominator="n", unit=unit, bounds=bounds, level=level
        )

    back, money = returned(cells), money_of(cells)
    steps = ["come back"]
    now = [level_of(cells, "repeats", "share")]
    more = [repeat_effect(cells, controls=controls, level=level)]
    for outcome in (name for name in AMOUNTS if name in cells):
        unit = "orders" if outcome == "orders" else currency
        steps.append(OF_THOSE_WHO_DO[outcome])
        now.append(level_of(back, outcome, unit))
        effect = effect_of_a_point(back, outcome=outcome, controls=controls, unit=unit)
        if isinstance(effect, NotEstimable):
            effect = NotEstimable("of_those_back", why=effect.why, n=effect.n)
        more.append(effect)
    if money in cells:
        steps.append(ALL_TOGETHER[money])
        now.append(level_of(cells, money, currency))
        more.append(
            two_part_effect(cells, outcome=money, controls=controls, unit=currency, level=level)
        )
    columns = [to_columns(now, "now"), to_columns(map(_in_points, more), "one_more_point")]
    frame = pd.concat([pd.DataFrame({"step": steps}), *columns], axis=1)
    return frame.assign(n=[estimate.n for estimate in now])


def _in_points(estimate: MaybeEstimate) -> MaybeEstimate:
    if isinstance(estimate, NotEstimable) or estimate.unit != "share":
        return estimate
    return estimate.times(100, unit="percentage points")


def _times(effect: MaybeEstimate, base: Base | NotEstimable, factor: float) -> MaybeEstimate:
    if isinstance(effect, NotEstimable):
        return effect
    return base if isinstance(base, NotEstimable) else effect.times(factor)


def ways_to_count(
    one_mean: Mapping[str, MaybeEstimate],
    two_parts: Mapping[str, MaybeEstimate],
    lifted: MaybeEstimate,
    money: str,
) -> dict[str, MaybeEstimate]:
    """Return the worth of a point per answer as three models see it.

    `lifted`: every answer one point up, none above the top, on a line that may bend.
    """
    return {
        "one mean, every point the same": one_mean[money],
        "in two steps: come back, then spend": two_parts[money],
        "a line that may bend, tops stay": lifted,
    }
