"""Models of a caller's own customers: one row a customer or order, columns by name, no company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.errors import ContractError, ParameterError, did_you_mean
from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.lifetime import bgnbd_gammagamma, expected_value
from profitchain.lifetime import cox_model as cox_models
from profitchain.lifetime.bgnbd_gammagamma import PURCHASE_MODELS, PurchaseModel
from profitchain.measures import loyalty
from profitchain.measures.from_orders import read_orders
from profitchain.stats import plain_frames

MOST = 100_000  # days or purchases of one customer: 270 years
TERMS = (*cox_models.HISTORY, *cox_models.SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerModel:
    """A model fitted by maximum likelihood: parameters by name, with intervals of each.

    Times are in weeks, money as it came. `edges` are parameters that ran to the edge of what data
    can tell; `left_out` customers did not count.
    """

    parameters: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    log_likelihood: float
    n: int
    edges: tuple[str, ...] = ()
    left_out: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a parameter: parameter, value, low, high, n."""
        columns = {"value": self.parameters, "low": self.low, "high": self.high}
        frame = pd.DataFrame(columns).rename_axis("parameter").reset_index()
        return frame.assign(n=self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeValue:
    """What customers will bring: the `mean` of all, their share `alive`, and customer by customer.

    `money` is what they bring ("margin" or "revenue"), `model` that of purchases. The interval of
    `alive` reaches over both models: nobody sees who has left.

    `customers` has one row a customer, in the caller's order: alive (chance, 0 to 1),
    expected_orders (days with a purchase within the horizon), value (discounted money).
    """

    mean: Estimate
    money: str
    model: str
    alive: Estimate
    customers: pd.DataFrame = field(repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows customer by customer."""
        return self.customers.copy()


def fit_bgnbd(
    customers: pd.DataFrame,
    *,
    repeats: str = "repeats",
    last_age_days: str = "last_age_days",
    age_days: str = "age_days",
    model: PurchaseModel = "BG/NBD",
    level: float = 0.95,
) -> CustomerModel | NotEstimable:
    """Return the BG/NBD or MBG/NBD model of how often customers buy and when they leave.

    Parameters
    ----------
    customers : one row a customer, as `purchase_history` returns.
    repeats : column with the days with a purchase less one (elsewhere: frequency).
    last_age_days : days from the first purchase to the last one (elsewhere: recency).
    age_days : days from the first purchase to now (elsewhere: T).
    model : "MBG/NBD", by which customers may leave with their first purchase too, or "BG/NBD".

    Returns
    -------
    CustomerModel with r, alpha (weeks), a, b; or NotEstimable, as below 30 who came back.

    References
    ----------
    Fader, Hardie and Lee (2005), Marketing Science 24: 275-284; Batislam, Denizel and Filiztekin
    (2007), Int. J. Res. Marketing 24: 201-209.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> customers = pd.DataFrame({"repeats": rng.negative_binomial(1, 0.5, 500), "age_days": 365})
    >>> customers["last_age_days"] = 60 * customers["repeats"].clip(upper=6)
    >>> list(fit_bgnbd(customers).parameters)
    ['r', 'alpha', 'a', 'b']
    """
    plain_frames.check_level(level)
    columns = {"repeats": repeats, "last_age_days": last_age_days, "age_days": age_days}
    rows = _customers(customers, columns)
    if model not in PURCHASE_MODELS:
        raise ParameterError(f"model: '{model}' is neither of {', '.join(PURCHASE_MODELS)}.")
    fit = bgnbd_gammagamma.fit_purchases(rows, model)
    return _as_model(fit, level, len(customers) - len(rows))


def fit_gamma_gamma(
    customers: pd.DataFrame,
    *,
    repeats: str = "repeats",
    repeat_revenue: str = "repeat_revenue",
    level: float = 0.95,
) -> CustomerModel | NotEstimable:
    """Return the Gamma-Gamma model of what customers who came back spend on a day with a purchase.

    Parameters
    ----------
    customers : one row a customer, as `purchase_history` returns.
    repeats : column with the days with a purchase less one.
    repeat_revenue : column with all that was paid after the first such day (not the mean).

    Returns
    -------
    CustomerModel with p, q, v (money); or NotEstimable, as where no mean may exist.

    References
    ----------
    Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> mean = 60 / rng.gamma(5, 1, 500)
    >>> customers = pd.DataFrame({"repeats": 2, "repeat_revenue": rng.gamma(8, mean)})
    >>> fit_gamma_gamma(customers).to_frame()["parameter"].tolist()
    ['p', 'q', 'v']
    """
    plain_frames.check_level(level)
    rows = _customers(customers, {"repeats": repeats, "repeat_revenue": repeat_revenue})
    return _as_model(bgnbd_gammagamma.fit_spend(rows), level, len(customers) - len(rows))


def customer_lifetime_value(
    history: pd.DataFrame,
    *,
    horizon_months: int = 36,
    yearly_discount: float = 0.10,
    margin: float | None = None,
    currency: str = "EUR",
) -> LifetimeValue | NotEstimable:
    """Return what customers will bring from now on, discounted, by purchase and spend models.

    Of BG/NBD and MBG/NBD the one is used that has the higher likelihood; spend is Gamma-Gamma's.

    Parameters
    ----------
    history : one row a customer, as `purchase_history` returns (with `revenue`).
    horizon_months : how far ahead money counts.
    yearly_discount : what money in a year counts less than money now, as a rate.
    margin : the share of revenue that is left as margin; without it, revenue is expected.

    Returns
    -------
    LifetimeValue; its intervals hold the errors of the parameters and of the sample of customers.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> orders = pd.DataFrame({"who": rng.integers(0, 400, 1500).astype(str)})
    >>> orders["at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 365, 1500), "D")
    >>> orders["paid"] = rng.gamma(4, 10, 1500)
    >>> from profitchain.measures.from_orders import purchase_history
    >>> history = purchase_history(orders, customer="who", ordered_at="at", revenue="paid")
    >>> ahead = customer_lifetime_value(history, horizon_months=12, margin=0.4)
    >>> ahead.to_frame().columns.tolist(), ahead.mean.unit
    (['who', 'alive', 'expected_orders', 'value'], 'EUR')
    """
    option = plain_frames.option
    option("horizon_months", horizon_months, example=12, above=0, at_most=1200)
    option("yearly_discount", yearly_discount, example=0.1, above=-1, below=1)
    if margin is not None:
        option("margin", margin, example=0.4, above=-1, at_most=1)
    names = ("repeats", "last_age_days", "age_days", "repeat_revenue", "revenue", "paid")
    rows = _customers(history, {name: name for name in names})
    if len(rows) < len(history):
        raise ContractError(
            "The history has missing values. Make it by purchase_history, which leaves them out."
        )
    if margin is not None:
        rows["margin"] = margin * rows["revenue"]
    models = expected_value.fit_models(rows, float(rows["paid"].sum()), currency=currency)
    if isinstance(models, NotEstimable):
        return models
    if models.no_money is not None:
        return models.no_money
    there = expected_value.alive(models)
    terms = {"months": horizon_months, "yearly_discount": yearly_discount}
    value = expected_value.money(expected_value.orders(there, **terms))
    expected = expected_value.orders(there, months=horizon_months)
    each = {"alive": there.values, "expected_orders": expected.values, "value": value.values}
    own = history[[name for name in history.columns[:1] if name not in names]]
    return LifetimeValue(
        mean=expected_value.mean_estimate(value, currency),
        money=models.money,
        model=models.purchases.name,
        alive=expected_value.share_alive(models),
        customers=pd.concat([own.reset_index(drop=True), pd.DataFrame(each)], axis=1),
    )


def time_to_next_order(
    orders: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    as_of: str | pd.Timestamp | None = None,
) -> pd.DataFrame | NotEstimable:
    """Return the share of customers who have ordered again, day by day after their first order.

    Kaplan and Meier's curve with Greenwood's variance on the log-log scale. Who has not come back
    by `as_of` was watched up to then; several orders on one day are one.

    Parameters
    ----------
    orders : one row an order.
    as_of : the last day that counts; by default that of the last order.

    Returns
    -------
    One row a day with an event: days, value, low, high (shares), n at risk; or NotEstimable.

    References
    ----------
    Kaplan and Meier (1958), JASA 53: 457-481.

    Examples
    --------
    >>> orders = pd.DataFrame(
    ...     {
    ...         "who": list("abcdef") * 2,
    ...         "at": ["2026-01-01"] * 6
    ...         + [
    ...             "2026-01-11",
    ...             "2026-01-11",
    ...             "2026-01-21",
    ...             "2026-01-21",
    ...             "2026-01-21",
    ...             "2026-01-01",
    ...         ],
    ...     }
    ... )
    >>> curve = time_to_next_order(orders, customer="who", ordered_at="at", as_of="2026-01-31")
    >>> curve[["days", "value"]].round(3).values.tolist()
    [[0.0, 0.0], [10.0, 0.333], [20.0, 0.833], [30.0, 0.833]]
    """
    rows, end = read_orders(orders, customer=customer, ordered_at=ordered_at, as_of=as_of)
    if rows.empty:
        return NotEstimable("too_few_next_orders", n=0, customers=0)
    first = rows.groupby("customer")["day"].min()
    later = rows[rows["day"] > rows["customer"].map(first)].groupby("customer")["day"].min()
    later = later.reindex(first.index)
    gaps = pd.DataFrame({
        "days": (later.fillna(end) - first).dt.days,
        "event": later.notna().astype(int),
    })  # fmt: skip
    return loyalty.time_to_next_order(gaps.groupby(["days", "event"]).size().reset_index(name="n"))


def cox_model(
    customers: pd.DataFrame,
    *,
    score: str,
    days: str,
    event: str,
    controls: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Return what goes with ordering again sooner: hazard ratios of a Cox model.

    A ratio of 1.05 says that on any day, of those who have not yet ordered, 5% more do. Ties by
    Efron; errors by Lin and Wei's sandwich; of more than 20,000 customers a sample.

    Parameters
    ----------
    customers : one row a customer with an answer.
    score, days : columns with the score, and the days watched until the next order.
    event : column with 1 where that order came, 0 where it was not seen to.
    controls : of prior_orders, recency_days, tenure_days (each enters as log2(1 + x)), contacts and
        complaints (any, or none).

    Returns
    -------
    One row a term, the score's first: term, value, low, high (ratios), n, why.

    References
    ----------
    Cox (1972), JRSS B 34: 187-220; Lin and Wei (1989), JASA 84: 1074-1078.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"csat": rng.integers(1, 6, 500)})
    >>> df["days"] = np.ceil(rng.exponential(100 / 1.2 ** df["csat"]))
    >>> ratios = cox_model(df.assign(came=1), score="csat", days="days", event="came")
    >>> ratios.loc[0, ["low", "high"]].gt(1.2).tolist()
    [False, True]
    """
    plain_frames.check_level(level)
    for name in controls:
        if name not in TERMS:
            raise ParameterError(
                f"controls: '{name}' is none that this model knows. {did_you_mean(name, TERMS)} "
                "Rename the column to it."
            )
    named = {"score": score, "days": days, "event": event, **{name: name for name in controls}}
    rows = plain_frames.columns_of(customers, **named)
    for ours, name in named.items():
        rows[ours] = plain_frames.numbers(rows[ours], name)
    rows["score"] = plain_frames.scores(rows["score"], score)
    rows["event"] = plain_frames.zero_or_one(rows["event"], event)
    rows, left_out = plain_frames.complete(rows, ["score", "days", "event"])
    model = cox_models.fit(rows.assign(cluster=np.arange(len(rows))))
    frame = cox_models.hazard_ratios(model, level=level)
    frame.attrs["left_out"] = left_out
    return frame


def _customers(customers: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return complete rows with our names and a cluster each; days and counts whole, from 0."""
    rows = plain_frames.columns_of(customers, **columns)
    for ours, name in columns.items():
        rows[ours] = plain_frames.numbers(rows[ours], name)
        if ours.endswith("revenue") or ours == "paid":
            continue
        whole = rows[ours].between(0, MOST) & (rows[ours] % 1 == 0)
        wrong = rows[ours][rows[ours].notna() & ~whole]
        if len(wrong):
            raise ContractError(
                f"{name!r} holds {wrong.iloc[0]:g}, but counts and days are whole numbers from 0 "
                f"to {MOST:,}. Give days, not weeks or dates."
            )
    rows, _left_out = plain_frames.complete(rows, list(columns))
    if not {"last_age_days", "age_days"} <= set(columns):
        return rows.assign(cluster=np.arange(len(rows)))
    if (rows["last_age_days"] > rows["age_days"]).any():
        raise ContractError(
            f"{columns['last_age_days']!r} is larger than {columns['age_days']!r} in some rows, as "
            "if they had bought after now. Count both from the first purchase."
        )
    if ((rows["repeats"] == 0) != (rows["last_age_days"] == 0)).any():
        raise ContractError(
            f"{columns['last_age_days']!r} is 0 where {columns['repeats']!r} isn't, or the other "
            "way round. Count it from the first purchase to the last one, not from that to now."
        )
    return rows.assign(cluster=np.arange(len(rows)))


def _as_model(
    fit: bgnbd_gammagamma.FittedModel | NotEstimable, level: float, left_out: int
) -> CustomerModel | NotEstimable:
    if isinstance(fit, NotEstimable):
        return fit
    logs, quantile = fit.logs, float(stats.t.ppf((1 + level) / 2, fit.logs.df))
    half = quantile * np.sqrt(np.diag(logs.covariance))
    low, high = (np.exp(logs.values + side * half).tolist() for side in (-1, 1))
    return CustomerModel(
        parameters=fit.parameters,
        low=dict(zip(fit.names, low, strict=True)),
        high=dict(zip(fit.names, high, strict=True)),
        log_likelihood=fit.log_likelihood,
        n=logs.n,
        edges=fit.edges,
        left_out=fit.left_out + left_out,
    )
