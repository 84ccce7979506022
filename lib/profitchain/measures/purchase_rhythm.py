"""How customers buy: how many orders, how far apart, how much in each, and in which months."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame, with_n
from profitchain.measures.rfm import ordered, per_customer
from profitchain.stats.comparisons import ABOVE_OTHERS, ALIKE, BELOW_OTHERS
from profitchain.stats.disclosure_control import too_small
from profitchain.stats.ratios import ratio

MONTHS_A_YEAR = 12
FEWEST_YEARS = 2
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
UNCOVERED = 3.0  # so many orders expected of days that have none: chance explains 1 in 20
FEWEST_GAPS = 8  # the median's 95% interval ends inside six or more; eight leave some room


def orders_per_customer(now: pd.DataFrame, *, smallest: int = 0) -> MaybeEstimate:
    """Return the mean number of orders in the lookback of those who ordered in it."""
    rows = ordered(now)
    return per_customer(rows, rows["orders"], unit="orders", smallest=smallest)


def share_with(now: pd.DataFrame, least: int, most: float, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the lookback's customers who placed so many orders in it."""
    rows = ordered(now)
    inside = rows["orders"].between(least, most)
    return per_customer(rows, inside, unit="share", bounds=(0.0, 1.0), smallest=smallest)


def once_ever(now: pd.DataFrame, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of all customers ever who bought on one day and no other.

    Parameters
    ----------
    now : one row a customer
        Reads `repeats` (days of purchase after the first, over all the history).
    """
    once = now["repeats"] == 0
    return per_customer(now, once, unit="share", bounds=(0.0, 1.0), smallest=smallest)


def days_between(now: pd.DataFrame, *, smallest: int = 0, level: float = 0.95) -> MaybeEstimate:
    """Return the median over customers of their mean days from one purchase day to the next.

    Only those who ordered in the lookback and have come back at least once have any. The interval
    is that of order statistics, free of any distribution (Conover 1999, Practical Nonparametric
    Statistics, 3.2).

    Parameters
    ----------
    now : one row a customer
        Reads `orders`, `repeats` and `last_age_days` (from the first purchase day to the last).
    """
    customers = ordered(now)
    rows = customers[customers["repeats"] > 0]
    gaps = np.sort((rows["last_age_days"] / rows["repeats"]).to_numpy(float))
    n = len(gaps)
    if 0 < n < smallest:
        return with_n(too_small(n, smallest), len(customers))
    if n < max(smallest, FEWEST_GAPS):
        return NotEstimable("too_few_repeat_customers", n=n, customers=n)
    below = int(stats.binom.ppf((1 - level) / 2, n, 0.5))
    return Estimate(
        value=float(np.median(gaps)), low=float(gaps[max(below - 1, 0)]),
        high=float(gaps[min(n - below, n - 1)]), n=n, unit="days", level=level,
        method="order statistics",
    )  # fmt: skip


def per_order(now: pd.DataFrame, column: str, *, unit: str, smallest: int = 0) -> MaybeEstimate:
    """Return how much of a column (units, money) comes on one order of the lookback."""
    rows = ordered(now)
    if column not in rows:
        return NotEstimable("no_such_column", column=column)
    if len(rows) < max(smallest, 1):
        return NotEstimable("too_few_to_say", n=len(rows))
    return ratio(rows, numerator=column, denominator="orders", unit=unit)


def rhythm(now: pd.DataFrame, *, currency: str, smallest: int = 0) -> dict[str, MaybeEstimate]:
    """Return the figures of the purchase rhythm by name; units an order where they are known."""
    figures = {
        "orders_per_customer": orders_per_customer(now, smallest=smallest),
        "one_order_share": share_with(now, 1, 1, smallest=smallest),
        "two_or_three_share": share_with(now, 2, 3, smallest=smallest),
        "four_or_more_share": share_with(now, 4, np.inf, smallest=smallest),
        "once_ever_share": once_ever(now, smallest=smallest),
        "days_between": days_between(now, smallest=smallest),
    }
    if "quantity" in now:
        figures["units_per_order"] = per_order(now, "quantity", unit="", smallest=smallest)
    revenue = per_order(now, "revenue", unit=currency, smallest=smallest)
    return figures | {"revenue_per_order": revenue}


def season(months: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Return how many orders a day each month of the year has, against the year's middle (1).

    A Poisson mean model of the whole years' monthly orders on month and a bent trend, its errors
    as wide as the months really scatter (McCullagh and Nelder 1989, ch. 6), so that growth is not
    taken for season. Twelve months are compared at once, so whether one differs is judged with
    Bonferroni's correction, not by its own interval.

    Parameters
    ----------
    months : one row a month with orders: `month` (YYYY-MM), `orders`; where known, `first_day` and
        `last_day` of the month that have any (1 to 31), by which the tables' first and last month
        are left out if the tables cover them only in part.

    Returns
    -------
    One row a month of the year, January first: month, value, low, high (ratio), n (orders), why,
    verdict ("above the others", "below the others", "can't be told apart"; "" where unsaid).
    One row with the reason where fewer than two whole years are known.
    """
    rows = _whole_years(months)
    if isinstance(rows, NotEstimable):
        return to_frame([rows], month=MONTHS[:1]).assign(verdict="")
    fits = _fit(rows, level)
    alpha = (1 - level) / max(len(fits), 1)
    no_orders = NotEstimable("no_orders_in_month")
    estimates = [fits[month][0] if month in fits else no_orders for month in range(1, 13)]
    orders = rows.groupby("of_year")["orders"].sum().reindex(range(1, 13)).to_numpy()
    verdicts = [
        "" if month not in fits else ALIKE if not fits[month][1] < alpha
        else ABOVE_OTHERS if fits[month][0].value > 1 else BELOW_OTHERS
        for month in range(1, 13)
    ]  # fmt: skip
    return to_frame(estimates, month=MONTHS).assign(n=orders, verdict=verdicts)


def years_known(months: pd.DataFrame) -> int:
    """Return over how many whole years the season is estimated."""
    rows = _whole_years(months)
    return 0 if isinstance(rows, NotEstimable) else len(rows) // MONTHS_A_YEAR


def _whole_years(months: pd.DataFrame) -> pd.DataFrame | NotEstimable:
    """Return the last whole years month by month: orders, days, of_year (1..12), time (-1..1)."""
    orders = _whole_months(months)
    n_months, needed = len(orders), FEWEST_YEARS * MONTHS_A_YEAR
    if n_months < needed:
        n = int(months["orders"].sum())
        return NotEstimable("two_years_needed", n=n, months=needed - n_months, all=needed)
    orders = orders.iloc[n_months % MONTHS_A_YEAR :]
    return pd.DataFrame({
        "orders": orders.to_numpy(float),
        "days": orders.index.days_in_month,
        "of_year": orders.index.month,
        "time": np.linspace(-1, 1, len(orders)),
    })  # fmt: skip


def _whole_months(months: pd.DataFrame) -> pd.Series:
    """Return the orders of each month that the tables cover to its ends; none: 0."""
    rows = months.set_index(pd.PeriodIndex(months["month"], freq="M"))
    orders = rows["orders"].resample("M").sum() if len(rows) else rows["orders"]
    if "first_day" not in rows or not len(rows):
        return orders
    rows = rows.sort_index()
    first = _is_uncovered(rows, rows["first_day"] - 1, 0)
    last = _is_uncovered(rows, rows.index.days_in_month - rows["last_day"], len(rows) - 1)
    return orders.iloc[int(first) : len(orders) - int(last)]


def _is_uncovered(rows: pd.DataFrame, empty_days: pd.Series, place: int) -> bool:
    """Tell whether a month's days without orders are more than chance and habit would leave."""
    rate = rows["orders"].iloc[place] / rows.index[place].days_in_month
    others, here = empty_days.drop(empty_days.index[place]), empty_days.iloc[place]
    return bool(here * rate > UNCOVERED and here > others.max())


def _fit(rows: pd.DataFrame, level: float) -> dict[int, tuple[Estimate, float]]:
    """Return each month's index and its p-value against 1; months without any order have none."""
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    totals = rows.groupby("of_year")["orders"].sum()
    rows = rows[rows["of_year"].map(totals) > 0]
    names = sorted(rows["of_year"].unique())
    months = np.column_stack([(rows["of_year"] == name).astype(float) for name in names])
    x = np.column_stack([months, rows["time"], rows["time"] ** 2 - (rows["time"] ** 2).mean()])
    model = GLM(rows["orders"], x, family=families.Poisson(), offset=np.log(rows["days"]))
    fit = model.fit(scale="X2")
    k = len(names)
    contrast = np.column_stack([np.eye(k) - 1 / k, np.zeros((k, 2))])
    log_index, covariance = contrast @ fit.params, contrast @ fit.cov_params() @ contrast.T
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    half = stats.t.ppf((1 + level) / 2, fit.df_resid) * errors
    far = np.divide(np.abs(log_index), errors, out=np.zeros(k), where=errors > 0)
    p_values = 2 * stats.t.sf(far, fit.df_resid)
    ends = np.exp(np.column_stack([log_index, log_index - half, log_index + half]))
    estimates = [
        Estimate(
            value=value, low=low, high=high, n=int(totals[name]), unit="ratio", level=level,
            method="Poisson with scatter",
        )
        for name, (value, low, high) in zip(names, ends.tolist(), strict=True)
    ]  # fmt: skip
    return dict(zip(map(int, names), zip(estimates, p_values.tolist(), strict=True), strict=True))
