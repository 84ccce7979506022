"""Whether customers come back, how often, and what they spend.

All of these are outcomes: none is a satisfaction score, and none may explain another as if it were
one. For a firm without contracts a customer is *retained* who bought in the period before and buys
again in this one; *churn* is the complement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted, to_frame
from profitchain.core.periods import Period
from profitchain.stats.comparisons import (
    Course,
    Measure,
    MeasureSeries,
    measure_series,
    period_totals,
)
from profitchain.stats.ratios import wilson

FEWEST_REPEATS = 5  # below this many events a survival curve says nothing
TOTALS = ("orders", "revenue", "active_customers", "new_customers")


def loyalty_measures(currency: str, within_days: int = 90) -> dict[str, Measure]:
    """Return the measures of loyalty by id; money is in `currency`."""
    share = partial(Measure, unit="share", bounds=(0.0, 1.0))
    stayed = partial(share, denominator="previously_active")
    of_revenue = partial(share, denominator="customer_revenue", counts="customer_orders")
    spent = partial(Measure, unit=currency)
    values = {"within_days": within_days}
    table = [
        share(id="repeat_rate", numerator="repeats", denominator="n", values=values),
        stayed(id="retention_rate", numerator="retained"),
        stayed(id="churn_rate", numerator="lost"),
        Measure(
            id="purchase_frequency",
            numerator="customer_orders",
            denominator="active",
            unit="orders per customer",
        ),
        spent(id="average_order_value", numerator="revenue", denominator="orders"),
        spent(id="revenue_per_customer", numerator="customer_revenue", denominator="active"),
        of_revenue(id="new_revenue_share", numerator="new_revenue"),
        of_revenue(id="returning_revenue_share", numerator="returning_revenue"),
    ]
    return {measure.id: measure for measure in table}


def with_complements(activity: pd.DataFrame) -> pd.DataFrame:
    """Return activity with `lost` (customers) and `returning_revenue`, as the measures need them.

    What is divided by customers or told apart by them is theirs alone: `customer_orders` and
    `customer_revenue` leave out those of guests. Without revenue, there is none of either.

    Parameters
    ----------
    activity : one row a period and cluster
        Reads `previously_active`, `retained` (customers), `orders`, `revenue`, `new_revenue`
        (money), and `guest` (1: not of a customer) where there is such a column.
    """
    of_customers = 1 - activity.get("guest", 0)
    counts = activity.assign(
        lost=activity["previously_active"] - activity["retained"],
        customer_orders=activity["orders"] * of_customers,
    )
    if "revenue" not in activity:
        return counts
    customer_revenue = activity["revenue"] * of_customers
    return counts.assign(
        customer_revenue=customer_revenue,
        returning_revenue=customer_revenue - activity["new_revenue"],
    )


def loyalty_series(
    activity: pd.DataFrame, currency: str, periods: Sequence[Period], *, smallest: int = 0
) -> list[MeasureSeries]:
    """Return every measure that orders alone give, in the last of some periods, with its past.

    Those in money are left out where orders carry no amounts. Shares of revenue aren't said of
    periods in which fewer than `smallest` customers, and not nobody, were new, or were not.
    """
    sums = with_complements(activity)
    measures = loyalty_measures(currency)
    del measures["repeat_rate"]
    counts = activity.groupby("period")[["active", "new"]].sum()
    kinds = counts.assign(active=counts["active"] - counts["new"])
    few = kinds.index[kinds.apply(lambda n: n.between(1, smallest - 1)).any(axis=1)]
    of_one = sums.assign(cluster=sums["cluster"].mask(sums["period"].isin(few), 0))
    return [
        measure_series(of_one if measure.counts else sums, measure, periods, smallest=smallest)
        for measure in measures.values()
        if measure.numerator in sums
    ]


def repeat_rate_series(
    cells: pd.DataFrame, within_days: int, periods: Sequence[Period], *, smallest: int = 0
) -> MeasureSeries:
    """Return the repeat rate of the answers whose window closed in each period.

    Parameters
    ----------
    cells : one row a distinct combination of `closes` (period), `cluster` and others
        Reads `n` (answers) and `repeats` (answers followed by an order in time).
    """
    measure = loyalty_measures("", within_days)["repeat_rate"]
    if len(cells):
        sums = cells.rename(columns={"closes": "period"})
        return measure_series(sums, measure, periods, smallest=smallest)
    nothing = NotEstimable("no_closed_window")
    gaps = to_frame([nothing] * len(periods), period=[str(period) for period in periods])
    return MeasureSeries(
        measure=measure, now=nothing, change=nothing, change_on_year=nothing, trend=gaps
    )


def totals(activity: pd.DataFrame, period: Period, currency: str) -> dict[str, MaybeEstimate]:
    """Return what was counted in full: `orders`, `revenue`, `active_customers`, `new_customers`.

    Refunds are netted from revenue and are not orders; cancelled orders are in neither. Where
    guests bought, `guest_orders` and `guest_revenue` say how much of it is theirs. Revenue isn't
    there where orders carry no amounts.
    """
    here = activity[activity["period"] == str(period)]
    orders = int(here["orders"].sum())
    if not orders:
        names = [name for name in TOTALS if name != "revenue" or name in here]
        return dict.fromkeys(names, NotEstimable("no_orders_in_period", period=period))
    found: dict[str, MaybeEstimate] = {
        "orders": counted(orders, unit="orders"),
        "active_customers": counted(here["active"].sum(), unit="customers"),
        "new_customers": counted(here["new"].sum(), unit="customers"),
    }
    guests = here[here["guest"] == 1] if "guest" in here else here.iloc[:0]
    if len(guests):
        found["guest_orders"] = counted(guests["orders"].sum(), unit="orders")
    if "revenue" in here:
        found["revenue"] = counted(round(here["revenue"].sum(), 2), unit=currency, n=orders)
    if "revenue" in here and len(guests):
        n = int(guests["orders"].sum())
        found["guest_revenue"] = counted(round(guests["revenue"].sum(), 2), unit=currency, n=n)
    return found


def courses(
    totals: Mapping[str, MaybeEstimate], activity: pd.DataFrame, periods: Sequence[Period]
) -> dict[str, Course | MaybeEstimate]:
    """Return what was counted in full (`totals`) with its last periods; guests' without.

    Parameters
    ----------
    activity : one row a period and cluster: `orders`, `revenue`, `active` (customers).
    """
    columns = {"orders": "orders", "revenue": "revenue", "active_customers": "active"}
    found: dict[str, Course | MaybeEstimate] = {
        id: Course(total, period_totals(activity, columns[id], periods, unit=unit))
        for id, total in totals.items()
        if id in columns
        for unit in [getattr(total, "unit", "")]
    }
    guests = ("guest_orders", "guest_revenue")
    return found | {id: totals[id] for id in guests if id in totals}


def growth_on_year(activity: pd.DataFrame, period: Period) -> MaybeEstimate:
    """Return by what share revenue differs from the same period a year before, counted in full.

    A year before counts only where the period before it has orders too: else tables may begin
    within it.

    Parameters
    ----------
    activity : one row a period and cluster: `revenue`, `orders`.
    """
    before, first = period.year_before, period.year_before.previous
    if "revenue" not in activity or not (activity["period"] == str(first)).any():
        return NotEstimable("nothing_counted")
    sums = activity.groupby("period")[["revenue", "orders"]].sum()
    sums = sums.reindex([str(period), str(before)], fill_value=0)
    now, then = sums["revenue"]
    if then <= 0:
        return NotEstimable("nothing_counted")
    return counted(now / then - 1, unit="share", n=int(sums["orders"].iloc[0]))


def cohort_retention(cohorts: pd.DataFrame, *, smallest: int = 0) -> pd.DataFrame:
    """Return the share of each cohort that bought, so many periods after its first order.

    Parameters
    ----------
    cohorts : one row a cohort (period of the first order) and period: `active` customers.
    smallest : cohorts of fewer customers are left out.

    Returns
    -------
    One row a cohort and offset, from 1, that has had its chance: cohort, offset (periods),
    customers, value, low, high (shares, NaN where fewer than `smallest` came, or stayed away).
    `attrs["cohorts"]` counts those of any size and age.
    """
    place = {name: Period(name).ordinal for name in {*cohorts["cohort"], *cohorts["period"]}}
    starts, ends = (cohorts[name].map(place).astype("int64") for name in ("cohort", "period"))
    rows = cohorts.assign(offset=ends - starts)
    sizes = rows[rows["offset"] == 0].set_index("cohort")["active"]
    sizes, last = sizes[sizes >= max(smallest, 1)], max(place.values(), default=0)
    pairs = [
        (cohort, offset, int(size))
        for cohort, size in sizes.items()
        for offset in range(1, last - place[cohort] + 1)
    ]
    chances = pd.DataFrame(pairs, columns=["cohort", "offset", "customers"])
    active = rows[["cohort", "offset", "active"]]
    rows = chances.merge(active, how="left", on=["cohort", "offset"]).fillna({"active": 0})
    quantile = float(stats.norm.ppf(0.975))
    share = rows["active"] / rows["customers"]
    limits = [wilson(p, n, quantile) for p, n in zip(share, rows["customers"], strict=True)]
    found = rows[["cohort", "offset", "customers"]].assign(
        value=share, low=[low for low, _high in limits], high=[high for _low, high in limits]
    )
    few = [
        active.between(1, smallest - 1)
        for active in (rows["active"], rows["customers"] - rows["active"])
    ]
    found.loc[few[0] | few[1], ["value", "low", "high"]] = np.nan
    found.attrs["cohorts"] = cohorts["cohort"].nunique()
    return found


def cohort_table(retention: pd.DataFrame) -> pd.DataFrame:
    """Return cohort retention wide: one row a cohort: cohort, customers, one column an offset."""
    wide = retention.pivot(index=["cohort", "customers"], columns="offset", values="value")
    wide.columns = [f"+{offset}" for offset in wide.columns]
    return wide.reset_index().sort_values("cohort", ignore_index=True)


def time_to_next_order(gaps: pd.DataFrame) -> pd.DataFrame | NotEstimable:
    """Return the share of customers who have ordered again, day by day.

    Kaplan and Meier (1958, JASA 53: 457-481) with Greenwood's variance, log-log intervals;
    customers not yet seen to return are censored on the period's last day.

    Parameters
    ----------
    gaps : one row a distinct `days` and `event` (1 ordered again, 0 censored), `n` customers.

    Returns
    -------
    One row a day with an event, from day 0 to the last on which anybody was watched: days, value,
    low, high (shares ordered again), n at risk. Where the last who were watched came back, that
    day's share is 1, and low that of the day before.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    n, events = int(gaps["n"].sum()), int(gaps.loc[gaps["event"] == 1, "n"].sum())
    if events < FEWEST_REPEATS:
        return NotEstimable("too_few_next_orders", n=n, customers=events)
    # a next order on the same day counts at half a day, so that its customer was at risk
    fit = SurvfuncRight(gaps["days"].clip(lower=0.5), gaps["event"], freq_weights=gaps["n"])
    inside = (fit.surv_prob > 0) & (fit.surv_prob < 1)
    # with weights statsmodels' own error is Tsiatis' for the cumulative hazard: half as wide again
    risk, gone, alive = fit.n_risk[inside], fit.n_events[inside], fit.surv_prob[inside]
    error = np.sqrt(np.cumsum(gone / (risk * (risk - gone))))
    half = stats.norm.ppf(0.975) * error / np.abs(np.log(alive))
    ends = {"low": 1 - alive ** np.exp(-half), "high": 1 - alive ** np.exp(half)}
    curve = {"days": fit.surv_times[inside], "value": 1 - alive, **ends, "n": risk.astype(int)}
    start = pd.DataFrame({"days": [0.0], "value": [0.0], "low": [0.0], "high": [0.0], "n": [n]})
    steps = pd.concat([start, pd.DataFrame(curve)], ignore_index=True)
    last = gaps["days"].max()
    watched = int(gaps.loc[gaps["days"] == last, "n"].sum())
    end = steps.iloc[[-1]].assign(days=float(last), n=watched)
    if fit.surv_prob[-1] == 0:  # the last who were watched came back, of which no error is known
        end[["value", "high"]] = 1.0
    return pd.concat([steps, end], ignore_index=True).drop_duplicates("days", ignore_index=True)


def curve_frame(
    curve: pd.DataFrame | NotEstimable, *, smallest: int = 0, within_days: int = 0
) -> pd.DataFrame:
    """Return the curve for the chart, `coarsened`, or an empty one with the reason."""
    if isinstance(curve, NotEstimable):
        return to_frame([curve], days=[0.0])
    return coarsened(curve, smallest=smallest, within_days=within_days)


def coarsened(curve: pd.DataFrame, *, smallest: int, within_days: float = 0) -> pd.DataFrame:
    """Return those rows of a curve between which `smallest` customers or more have ordered.

    So no step is a single customer's day. The curve ends where fewer are watched; what it says of
    the day `within_days` stays exact.
    """
    curve = curve[curve["n"] >= smallest].reset_index(drop=True)
    alive = 1 - curve["value"].to_numpy()
    before = np.concatenate([alive[:1], alive[:-1]])
    events = curve["n"].to_numpy() * (1 - alive / np.where(before > 0, before, 1))
    kept = [0] if len(curve) else []
    for part in (curve["days"] <= within_days, curve["days"] > within_days):
        places, since = np.flatnonzero(part), 0.0
        first = len(kept)
        for place in places:
            since += events[place]
            if since > smallest - 0.5 and place:
                kept.append(int(place))
                since = 0.0
        if since > 0.5 and len(kept) > first:  # too few after the last step: they go with it
            kept[-1] = int(places[-1])
    return curve.iloc[kept].reset_index(drop=True)


def share_again_within(curve: pd.DataFrame | NotEstimable, days: int) -> MaybeEstimate:
    """Return the share of customers who ordered again within so many days, read off the curve."""
    if isinstance(curve, NotEstimable):
        return curve
    watched, n = curve["days"].iloc[-1], int(curve["n"].iloc[0])
    if days > watched:
        return NotEstimable("nobody_watched", n=n, days=days, longest=float(watched))
    row = curve[curve["days"] <= days].iloc[-1]
    return Estimate(
        value=float(row["value"]), low=float(row["low"]), high=float(row["high"]), n=n,
        unit="share", method="Kaplan-Meier",
    )  # fmt: skip
