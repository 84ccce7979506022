"""Where a year's revenue came from, and how much growth was earned, not bought.

Net revenue retention is what the customers of the year before brought this year, by what they
brought then; earned growth adds what referred newcomers brought (Reichheld, Darnell and Burns 2021,
HBR 99(6): 80-91). Both stand on the revenue of the year before, so that they tie to the books. What
retention, frequency, basket, margin and length are worth is the value still to come of a customer
of the year, margin a year times r / (1 + d - r) (Gupta and Lehmann 2003, J. Interactive Marketing
17(1): 9-24), shifted by one lever at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import (
    Estimate,
    MaybeEstimate,
    NotEstimable,
    counted,
    to_frame,
    with_n,
)
from profitchain.panel.edition import Edition
from profitchain.stats.clusters import totals
from profitchain.stats.disclosure_control import too_small, withheld
from profitchain.stats.ratios import CLUSTERED, ratio

PAST, NEW = "year before's customers", "others who came"  # groups of few, put together
WAYS = ("kept", "lost", "reactivated", "referred", "won")
STEPS = ("year before", "lost", "change of the kept", "reactivated", "referred", "won", "this year")
FEWEST_KEPT = 10  # customers
IDENTITY = 1e-7
TWO_YEARS = 730  # days
MOST = 0.999  # retention can't reach 1: the value would have no end without discount


def growth(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return `net_revenue_retention` and `earned_growth`, shares of the year before's revenue."""
    if why := _opened_lately(edition):
        return dict.fromkeys(("net_revenue_retention", "earned_growth"), why)
    knows = _knows_referrals(edition)
    cells, few = edition.table("growth_cells"), edition.smallest
    return net_retention(cells, knows_referrals=knows, smallest=few)


def net_retention(
    cells: pd.DataFrame, *, knows_referrals: bool, smallest: int = 0
) -> dict[str, MaybeEstimate]:
    """Return net revenue retention, and earned growth, with intervals clustered by customer.

    Parameters
    ----------
    cells : one row a way to have come and cluster
        Reads came, cluster, customers, before, revenue, revenue_before.
    smallest : the fewest referred customers of whom both figures together may tell.
    """
    why = _too_short(cells)
    if why:
        return dict.fromkeys(("net_revenue_retention", "earned_growth"), why)
    is_kept, is_referred = cells["came"].isin(["kept", "lost"]), cells["came"] == "referred"
    rows = cells.assign(
        kept=cells["revenue"].where(is_kept, 0.0),
        earned=cells["revenue"].where(is_kept | is_referred, 0.0) - cells["revenue_before"],
    )
    n = int(cells["before"].sum())
    found = [ratio(rows, numerator=name, denominator="revenue_before", unit="share")
             for name in ("kept", "earned")]  # fmt: skip
    kept, earned = (with_n(one, n) for one in found)
    if not knows_referrals:
        earned = NotEstimable("needs_table", table="referrals", n=n)
    elif 0 < cells.loc[is_referred, "customers"].sum() < smallest:
        earned = too_small(n, smallest)
    return {"net_revenue_retention": kept, "earned_growth": earned}


def bridge(edition: Edition) -> pd.DataFrame:
    """Return step, value, low, high, n, why: from the year before's revenue to this year's.

    Counted in full; the steps between the first and the last add up to their difference. Steps
    of too few customers to show are put together (`PAST`, `NEW`).
    """
    cells = edition.table("growth_cells")
    if why := _opened_lately(edition) or _too_short(cells):
        return to_frame([why], step=["this year"])
    return bridge_of(cells, currency=edition.company.currency, scale=edition.stands_for,
                     smallest=edition.smallest)  # fmt: skip


def bridge_of(
    cells: pd.DataFrame, *, currency: str, scale: float = 1.0, smallest: int = 0
) -> pd.DataFrame:
    """Return the bridge of `growth_cells` (see `bridge`)."""
    sums = cells.groupby("came")[["customers", "before", "revenue", "revenue_before"]].sum()
    sums = sums.reindex(list(WAYS), fill_value=0.0)
    new = sums["customers"][list(WAYS[2:])]
    if 0 < new.sum() < smallest:  # they are the rest of the year
        return to_frame([too_small(int(new.sum()), smallest)], step=["this year"])
    past = pd.Series({"change of the kept": sums["customers"]["kept"],
                      "lost": sums["before"]["lost"]})  # fmt: skip
    few = [*_few(past, smallest), *_few(new, smallest)]
    now, before = scale * sums["revenue"], scale * sums["revenue_before"]
    values = {
        "lost": (now["lost"] - before["lost"], past["lost"], PAST),
        "change of the kept": (now["kept"] - before["kept"], past["change of the kept"], PAST),
        **{way: (now[way], new[way], NEW) for way in WAYS[2:]},
    }
    steps = {"year before": [before.sum(), sums["before"].sum()]}
    for name, (value, n, pool) in values.items():
        step = steps.setdefault(pool if name in few else name, [0.0, 0.0])
        step[:] = step[0] + value, step[1] + n
    steps["this year"] = [now.sum(), sums["customers"].sum()]
    figures = [counted(round(value, 2), unit=currency, n=round(n * scale))
               for value, n in steps.values()]  # fmt: skip
    return to_frame(figures, step=list(steps))


def _few(customers: pd.Series, smallest: int) -> list[str]:
    hidden = withheld(customers, smallest)
    return list(hidden.index[hidden])


def levers(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return by how much the value to come of a customer of the year differs, lever by lever."""
    cells = edition.table("growth_cells")
    if "margin" not in cells or edition.assumed_margin is not None:
        return NotEstimable("margin_not_own")
    if why := _opened_lately(edition):
        return why
    return levers_of(cells, discount=edition.company.discount_rate)


def levers_of(cells: pd.DataFrame, *, discount: float) -> pd.DataFrame | NotEstimable:
    """Return lever, step, value, low, high, n, why: shares of the value still to come.

    `step` is "+1%" (of itself) or "+1 point" (retention, margin: shares). Retention stays below 1.

    Parameters
    ----------
    cells : as in `net_retention`, with orders and margin.
    discount : a year.
    """
    if why := _too_short(cells):
        return why
    kept = cells["customers"].where(cells["came"] == "kept", 0)
    names = ["kept", "before", "customers", "orders", "revenue", "margin"]
    each = totals(cells.assign(kept=kept), names)
    sums, n = each.sum().to_numpy(), int(each["customers"].sum())
    if not (0 < sums[0] < sums[1]) or sums[5] <= 0:
        return NotEstimable("nobody_kept_or_lost", n=n)
    effective = len(each)
    apart = (each - each.mean()).to_numpy()
    covariance = apart.T @ apart * effective / (effective - 1)
    rows, figures = [], []
    for lever, step in LEVERS:
        shifted = _gain(LEVERS[lever, step], discount)
        slopes = _gradient(shifted, sums)
        half = float(scipy.stats.norm.ppf(0.975) * np.sqrt(max(slopes @ covariance @ slopes, 0.0)))
        half = half if half > IDENTITY else 0.0  # 1% more basket is 1% more value, whoever buys
        value = round(shifted(sums), 12)
        figures.append(Estimate(value=value, low=value - half, high=value + half, n=n,
                                unit="share", method=CLUSTERED))  # fmt: skip
        rows.append((lever, step))
    frame = to_frame(figures)
    frame.insert(0, "lever", [lever for lever, _ in rows])
    frame.insert(1, "step", [step for _, step in rows])
    return frame


def value_to_come(parts: Mapping[str, float], discount: float) -> float:
    """Return margin a year times r / (1 + d - r): what a customer of this year still brings.

    Examples
    --------
    >>> one = {"frequency": 1.0, "basket": 100.0, "margin": 0.5, "retention": 0.8}
    >>> round(value_to_come(one, 0.10), 2)
    133.33
    """
    r = min(parts["retention"], MOST)
    yearly = parts["frequency"] * parts["basket"] * parts["margin"]
    return yearly * r / (1 + discount - r)


def _longer(parts: dict[str, float]) -> dict[str, float]:
    """Return the parts with a mean length, 1 / (1 - r) years, that is 1% longer."""
    return parts | {"retention": 1 - (1 - parts["retention"]) / 1.01}


def _more(name: str) -> Callable[[dict[str, float]], dict[str, float]]:
    return lambda parts: parts | {name: parts[name] * 1.01}


def _point(name: str) -> Callable[[dict[str, float]], dict[str, float]]:
    return lambda parts: parts | {name: parts[name] + 0.01}


LEVERS: dict[tuple[str, str], Callable[[dict[str, float]], dict[str, float]]] = {
    ("retention", "+1 point"): _point("retention"),
    ("margin", "+1 point"): _point("margin"),
    ("retention", "+1%"): _more("retention"),
    ("length", "+1%"): _longer,
    ("frequency", "+1%"): _more("frequency"),
    ("basket", "+1%"): _more("basket"),
    ("margin", "+1%"): _more("margin"),
}


def _gain(
    shift: Callable[[dict[str, float]], dict[str, float]], discount: float
) -> Callable[[np.ndarray], float]:
    """Return how a share of the value to come follows from the sums, with a lever shifted."""

    def gain(sums: np.ndarray) -> float:
        kept, before, customers, orders, revenue, margin = sums
        parts = {"retention": kept / before, "frequency": orders / customers,
                 "basket": revenue / orders, "margin": margin / revenue}  # fmt: skip
        return value_to_come(shift(parts), discount) / value_to_come(parts, discount) - 1

    return gain


def _gradient(function: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    steps = np.maximum(np.abs(at) * 1e-5, 1e-6)
    moved = [(function(at + h), function(at - h)) for h in np.diag(steps)]
    return np.array([up - down for up, down in moved]) / (2 * steps)


def _knows_referrals(edition: Edition) -> bool:
    held = edition.table("profile")
    held = held[held["missing_share"] < 1]
    return bool(((held["table"] == "referrals") | (held["column"] == "referred_by")).any())


def _opened_lately(edition: Edition) -> NotEstimable | None:
    """Return why a year before can't be compared: orders don't reach back through all of it."""
    days = int(edition.table("worth_year")["days_known"].iloc[0])
    return NotEstimable("under_two_years_of_orders", days=days) if days < TWO_YEARS else None


def _too_short(cells: pd.DataFrame) -> NotEstimable | None:
    """Return why two years can't be compared: none before, or too few customers kept."""
    before = int(cells["before"].sum())
    if before < FEWEST_KEPT or cells["revenue_before"].sum() <= 0:
        return NotEstimable("no_year_before", n=before, customers=before, needed=FEWEST_KEPT)
    return None
