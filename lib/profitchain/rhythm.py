"""How customers buy: how many orders, how far apart, how much in each, and in which months."""

from __future__ import annotations

from calendar import month_abbr

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.estimates import Estimate, Said, Unsaid
from profitchain.ratios import ratio, said_frame
from profitchain.value_groups import ordered

MONTHS_A_YEAR = 12
FEWEST_YEARS = 2
FEWEST_GAPS = 8  # the median's 95% interval ends inside six or more; eight leave some room


def orders_per_customer(now: pd.DataFrame, *, smallest: int = 0) -> Said:
    """Return the mean number of orders in the lookback of those who ordered in it."""
    return _of_base(now, ordered(now)["orders"], unit="orders", smallest=smallest)


def share_with(now: pd.DataFrame, least: int, most: float, *, smallest: int = 0) -> Said:
    """Return the share of the lookback's customers who placed so many orders in it."""
    inside = ordered(now)["orders"].between(least, most).astype(int)
    return _of_base(now, inside, unit="share", bounds=(0.0, 1.0), smallest=smallest)


def days_between(now: pd.DataFrame, *, smallest: int = 0, level: float = 0.95) -> Said:
    """Return the median over customers of their mean days from one purchase day to the next.

    Only those who ordered in the lookback and have come back at least once have any. The interval
    is that of order statistics, free of any distribution (Conover 1999, Practical Nonparametric
    Statistics, 3.2).

    Parameters
    ----------
    now : one row a customer
        Reads `orders`, `repeats` and `last_age_days` (from the first purchase day to the last).
    """
    rows = ordered(now)
    rows = rows[rows["repeats"] > 0]
    gaps = np.sort((rows["last_age_days"] / rows["repeats"]).to_numpy(float))
    n = len(gaps)
    if n < max(smallest, FEWEST_GAPS):
        return Unsaid(why=f"Too few to say: {n} customers came back.", n=n)
    below = int(stats.binom.ppf((1 - level) / 2, n, 0.5))
    return Estimate(
        value=float(np.median(gaps)), low=float(gaps[max(below - 1, 0)]),
        high=float(gaps[min(n - below, n - 1)]), n=n, unit="days", level=level,
        method="order statistics",
    )  # fmt: skip


def per_order(now: pd.DataFrame, column: str, *, unit: str, smallest: int = 0) -> Said:
    """Return how much of a column (units, money) comes on one order of the lookback."""
    rows = ordered(now)
    if column not in rows:
        return Unsaid(why=f"Not known: no table holds `{column}`.")
    if len(rows) < max(smallest, 1):
        return Unsaid(why="Too few to say.", n=len(rows))
    return ratio(rows[["cluster", column, "orders"]], numerator=column, denominator="orders",
                 unit=unit)  # fmt: skip


def rhythm(now: pd.DataFrame, *, currency: str, smallest: int = 0) -> dict[str, Said]:
    """Return the figures of the purchase rhythm, by what they are called."""
    few = {"smallest": smallest}
    units = per_order(now, "quantity", unit="", **few)
    said = {
        "Orders per customer": orders_per_customer(now, **few),
        "Customers with one order": share_with(now, 1, 1, **few),
        "… with two or three": share_with(now, 2, 3, **few),
        "… with four or more": share_with(now, 4, np.inf, **few),
        "Days between purchases, median": days_between(now, **few),
        "Units per order": units,
        "Revenue per order": per_order(now, "revenue", unit=currency, **few),
    }
    return {
        name: one for name, one in said.items() if name != "Units per order" or "quantity" in now
    }


def season(months: pd.DataFrame) -> pd.DataFrame:
    """Return how many orders a day each month of the year has, against the year's middle (1).

    A Poisson mean model of the whole years' monthly orders on month and a bent trend, its errors
    as wide as the months really scatter (McCullagh and Nelder 1989, ch. 6), so that growth is not
    taken for season.

    Parameters
    ----------
    months : one row a month with orders: `month` (YYYY-MM), `orders`; the last one is whole.

    Returns
    -------
    One row a month of the year, January first: month, value, low, high (ratio), n (orders), why.
    One row with the reason where fewer than two whole years are known.
    """
    every = _whole_years(months)
    if isinstance(every, Unsaid):
        return said_frame([every], month=[month_abbr[1]])
    here = [every[every["of_year"] == month]["orders"].sum() for month in range(1, 13)]
    fitted = _fit(every)
    said = [
        fitted[month] if month in fitted else Unsaid(why="No orders in this month of any year.")
        for month in range(1, 13)
    ]
    return said_frame(said, month=list(month_abbr)[1:]).assign(n=here)


def years_known(months: pd.DataFrame) -> int:
    """Return over how many whole years the season is told."""
    every = _whole_years(months)
    return 0 if isinstance(every, Unsaid) else len(every) // MONTHS_A_YEAR


def _whole_years(months: pd.DataFrame) -> pd.DataFrame | Unsaid:
    """Return the last whole years month by month: orders, days, of_year (1..12), time (-1..1)."""
    by_month = months.set_index(pd.PeriodIndex(months["month"], freq="M"))["orders"]
    every = by_month.resample("M").sum() if len(by_month) else by_month
    known = len(every)
    if known < FEWEST_YEARS * MONTHS_A_YEAR:
        missing = FEWEST_YEARS * MONTHS_A_YEAR - known
        why = (
            f"Needs two whole years of orders; {missing} of {FEWEST_YEARS * 12} months are missing."
        )
        return Unsaid(why=why, n=int(months["orders"].sum()))
    every = every.iloc[known % MONTHS_A_YEAR :]
    return pd.DataFrame(
        {
            "orders": every.to_numpy(float),
            "days": every.index.days_in_month,
            "of_year": every.index.month,
            "time": np.linspace(-1, 1, len(every)),
        }
    )


def _fit(every: pd.DataFrame, level: float = 0.95) -> dict[int, Estimate]:
    """Return each month's index with its interval; months without any order have none."""
    import statsmodels.api as sm

    totals = every.groupby("of_year")["orders"].sum()
    every = every[every["of_year"].map(totals) > 0]
    names = sorted(every["of_year"].unique())
    months = np.column_stack([(every["of_year"] == name).astype(float) for name in names])
    x = np.column_stack([months, every["time"], every["time"] ** 2 - (every["time"] ** 2).mean()])
    model = sm.GLM(every["orders"], x, family=sm.families.Poisson(), offset=np.log(every["days"]))
    fit = model.fit(scale="X2")
    k = len(names)
    contrast = np.column_stack([np.eye(k) - 1 / k, np.zeros((k, 2))])
    log_index, covariance = contrast @ fit.params, contrast @ fit.cov_params() @ contrast.T
    half = stats.t.ppf((1 + level) / 2, fit.df_resid) * np.sqrt(np.diag(covariance))
    return {
        int(name): Estimate(
            value=float(np.exp(at)), low=float(np.exp(at - wide)), high=float(np.exp(at + wide)),
            n=int(totals[name]), unit="ratio", level=level, method="Poisson with scatter",
        )
        for name, at, wide in zip(names, log_index, half, strict=True)
    }  # fmt: skip


def _of_base(
    now: pd.DataFrame,
    values: pd.Series,
    *,
    unit: str,
    bounds: tuple[float, float] | None = None,
    smallest: int = 0,
) -> Said:
    rows = ordered(now)
    sums = pd.DataFrame({"cluster": rows["cluster"], "sum": values, "customers": 1})
    return ratio(
        sums, numerator="sum", denominator="customers", unit=unit, bounds=bounds, smallest=smallest
    )
