"""Loyalty and value from a caller's own orders: one row an order, columns by name, no company."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, to_frame
from profitchain.core.periods import Period, months_before
from profitchain.measures import concentration as concentrations
from profitchain.measures import rfm as rfm_groups
from profitchain.stats import plain_frames, ratios


def read_orders(
    orders: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    revenue: str | None = None,
    as_of: str | pd.Timestamp | None = None,
) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Return a frame's orders up to a day, checked: customer, day, revenue; and that day.

    Parameters
    ----------
    orders : one row an order
        Rows without a customer, moment or revenue are left out; so is what came after `as_of`.
    as_of : the last day that counts; by default that of the last order.
    """
    rows = plain_frames.columns_of(orders, customer=customer, day=ordered_at, revenue=revenue)
    rows["day"] = plain_frames.days(rows["day"], ordered_at)
    money = rows.get("revenue", pd.Series(0.0, index=rows.index))
    rows["revenue"] = plain_frames.numbers(money, revenue or "revenue")
    rows, _left_out = plain_frames.complete(rows, ["customer", "day", "revenue"])
    end = rows["day"].max() if as_of is None else pd.Timestamp(as_of).normalize()
    return rows[rows["day"] <= end].reset_index(drop=True), end


def purchase_history(
    orders: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    revenue: str | None = None,
    as_of: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return one row a customer: what models of repeat buying read (recency, frequency, money).

    Several orders on one day are one occasion. Negative revenue is a refund, not a purchase.

    Parameters
    ----------
    orders : one row an order.
    revenue : column with what was paid; without it, the columns of money are 0.
    as_of : the last day that counts; by default that of the last order.

    Returns
    -------
    One row a customer who bought: the customer's column, repeats (days with a purchase less one),
    last_age_days and age_days (from the first such day to the last one, and to `as_of`),
    recency_days (their difference), orders, revenue (net of refunds), paid (without them),
    repeat_revenue (paid after the first day).

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {
    ...         "who": ["a", "a", "b"],
    ...         "at": ["2026-01-01", "2026-01-11", "2026-01-05"],
    ...         "revenue": [10.0, 30.0, 5.0],
    ...     }
    ... )
    >>> history = purchase_history(
    ...     orders, customer="who", ordered_at="at", revenue="revenue", as_of="2026-01-31"
    ... )
    >>> history[["who", "repeats", "last_age_days", "age_days", "repeat_revenue"]].values.tolist()
    [['a', 1, 10, 30, 30.0], ['b', 0, 0, 26, 0.0]]
    """
    rows, end = read_orders(
        orders, customer=customer, ordered_at=ordered_at, revenue=revenue, as_of=as_of
    )
    bought = rows[rows["revenue"] >= 0]
    first = bought.groupby("customer")["day"].transform("min")
    by = bought.assign(later=bought["revenue"].where(bought["day"] > first, 0.0)).groupby(
        "customer"
    )
    history = pd.DataFrame({
        "repeats": by["day"].nunique() - 1,
        "last_age_days": (by["day"].max() - by["day"].min()).dt.days,
        "age_days": (end - by["day"].min()).dt.days,
        "orders": by.size(),
        "revenue": rows.groupby("customer")["revenue"].sum(),
        "paid": by["revenue"].sum(),
        "repeat_revenue": by["later"].sum(),
    })  # fmt: skip
    history = history[history["repeats"].notna()].astype({"repeats": int, "orders": int})
    history = history.astype({"last_age_days": int, "age_days": int})
    history.insert(3, "recency_days", history["age_days"] - history["last_age_days"])
    return history.rename_axis(customer).reset_index()


def retention(
    orders: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    period: Period | str,
    revenue: str | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the share of the customers of the period before who bought again in this one.

    Churn, for a firm without contracts, is the complement.

    Parameters
    ----------
    orders : one row an order; where `revenue` is named, rows below 0 are refunds and don't count.
    period : 2026Q3, 2026-09 or 2026.

    Examples
    --------
    >>> who = list("abcdefgh") + list("abcd")
    >>> days = ["2025-11-02"] * 8 + ["2026-02-03"] * 4
    >>> orders = pd.DataFrame({"who": who, "at": days})
    >>> retention(orders, customer="who", ordered_at="at", period="2026Q1").value
    0.5
    """
    now = Period(period)
    rows, _end = read_orders(orders, customer=customer, ordered_at=ordered_at, revenue=revenue)
    rows = rows[rows["revenue"] >= 0]

    def buyers(of: Period) -> pd.Index:
        inside = rows["day"].between(pd.Timestamp(of.first_day), pd.Timestamp(of.last_day))
        return pd.Index(rows.loc[inside, "customer"].unique())

    before = buyers(now.previous)
    sums = pd.DataFrame({"cluster": range(len(before)), "retained": before.isin(buyers(now))})
    sums = sums.assign(retained=sums["retained"].astype(int), previously_active=1)
    return ratios.ratio(
        sums, numerator="retained", denominator="previously_active", unit="share",
        bounds=(0.0, 1.0), level=level,
    )  # fmt: skip


def purchase_frequency(
    orders: pd.DataFrame, *, customer: str, level: float = 0.95
) -> MaybeEstimate:
    """Return how many orders a customer placed, of those who placed any.

    Parameters
    ----------
    orders : one row an order of the time in question; rows without a customer are left out.

    Examples
    --------
    >>> orders = pd.DataFrame({"who": list("aabcdefff")})
    >>> purchase_frequency(orders, customer="who").value
    1.5
    """
    rows = plain_frames.columns_of(orders, customer=customer)
    sizes = rows.dropna().groupby("customer").size()
    sums = pd.DataFrame({"cluster": range(len(sizes)), "orders": sizes.to_numpy(), "active": 1})
    return ratios.ratio(sums, numerator="orders", denominator="active", unit="orders", level=level)


def average_order_value(
    orders: pd.DataFrame,
    *,
    customer: str,
    revenue: str,
    currency: str = "EUR",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return net revenue per order, with an interval clustered by customer.

    Parameters
    ----------
    orders : one row an order; a row with negative revenue is a refund: it is netted, and no order.

    Examples
    --------
    >>> orders = pd.DataFrame({"who": list("abcdef"), "revenue": [10, 20, 30, 20, 40, 60]})
    >>> average_order_value(orders, customer="who", revenue="revenue").value
    30.0
    """
    rows = plain_frames.columns_of(orders, cluster=customer, revenue=revenue)
    rows["revenue"] = plain_frames.numbers(rows["revenue"], revenue)
    rows["cluster"] = plain_frames.clusters(rows["cluster"])
    rows, left_out = plain_frames.complete(rows, ["cluster", "revenue"])
    sums = rows.assign(orders=(rows["revenue"] >= 0).astype(int))
    estimate = ratios.ratio(
        sums, numerator="revenue", denominator="orders", unit=currency, level=level
    )
    return plain_frames.with_left_out(estimate, left_out)


def concentration(customers: pd.DataFrame, *, amount: str, top: float = 0.1) -> pd.DataFrame:
    """Return how much of the business few customers carry: the top's share, and the Gini index.

    Parameters
    ----------
    customers : one row a customer, as `purchase_history` returns.
    amount : column with what each brought; 100 customers at least.
    top : which share of the customers, the largest first.

    Returns
    -------
    Two rows: measure ("top_share", 0 to 1; "gini", 0 if all bring the same, 1 if one brings all),
    value, low, high, n, why.

    References
    ----------
    Beach and Davidson (1983), Rev. Econ. Stud. 50: 723-735; Davidson (2009), J. Econometrics 150:
    30-40.

    Examples
    --------
    >>> df = pd.DataFrame({"revenue": [10.0] * 180 + [90.0] * 20})
    >>> concentration(df, amount="revenue")[["measure", "value"]].round(2).values.tolist()
    [['top_share', 0.5], ['gini', 0.4]]
    """
    rows = plain_frames.columns_of(customers, amount=amount)
    amounts = plain_frames.numbers(rows["amount"], amount).dropna()
    estimates = [concentrations.top_share(amounts, top=top), concentrations.gini(amounts)]
    return to_frame(estimates, measure=["top_share", "gini"])


def rfm(
    orders: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    revenue: str,
    period: Period | str,
    lookback_months: int = 12,
) -> pd.DataFrame:
    """Return each customer's group by recency, frequency and money, at the end of a period.

    Thirds of those who ordered in the lookback; ties stay together.

    Parameters
    ----------
    orders : one row an order.
    period : 2026Q3, 2026-09 or 2026; who first bought within it is new.

    Returns
    -------
    One row a customer: the customer's column, recency_days, orders and revenue of the lookback,
    group ("Champions", "Regulars", "Big spenders", "Occasional", "New", "Gone quiet", "Cooling",
    "Lapsed").

    References
    ----------
    Hughes (1994), Strategic Database Marketing.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {
    ...         "who": list("aaabbc"),
    ...         "revenue": [50, 60, 70, 10, 10, 10],
    ...         "at": [
    ...             "2025-11-01",
    ...             "2026-01-10",
    ...             "2026-03-30",
    ...             "2025-08-01",
    ...             "2025-08-20",
    ...             "2024-01-01",
    ...         ],
    ...     }
    ... )
    >>> groups = rfm(orders, customer="who", ordered_at="at", revenue="revenue", period="2026Q1")
    >>> groups["group"].tolist()
    ['Champions', 'Cooling', 'Lapsed']
    """
    now = Period(period)
    end, start = pd.Timestamp(now.last_day), now.shift(1).first_day
    start = pd.Timestamp(months_before(start, lookback_months))
    columns = {"customer": customer, "ordered_at": ordered_at, "revenue": revenue}
    whole = purchase_history(orders, **columns, as_of=end).set_index(customer)
    rows, _end = read_orders(orders, **columns, as_of=end)
    by = rows[rows["day"] >= start].groupby("customer")["revenue"]
    recent = pd.DataFrame({"orders": by.apply(lambda paid: (paid >= 0).sum()), "revenue": by.sum()})
    recent = recent.reindex(whole.index, fill_value=0)
    customers = whole[["recency_days", "age_days"]].join(recent)
    customers["group"] = rfm_groups.rfm(customers, rfm_groups.limits(customers), period=now)
    return customers.drop(columns="age_days").rename_axis(customer).reset_index()
