"""The captions and tables on what customers are worth from now on, and on the model behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain import lifetime
from profitchain.captions import Caption, source
from profitchain.estimates import Estimate, Unsaid
from profitchain.expectancy import Outlook
from profitchain.formats import number, plain
from profitchain.holdouts import CLOSE, MOST_REPEATS, HeldOut, fits
from profitchain.lifetime_groups import Compared
from profitchain.lifetime_value import Prospects
from profitchain.lifetime_words import assumed_clause, count, day_words
from profitchain.store import Edition
from profitchain.wording import listed
from profitchain.worth import framed

CUSTOMERS = "Customers known at the period's end"
MEANING = {
    "r": "BG/NBD r: shape of the rates at which customers buy; below 1 most buy rarely",
    "alpha": "BG/NBD alpha (weeks): r/alpha is the mean rate a week",
    "a": "BG/NBD a: a/(a + b) is the mean chance to leave after a repeat",
    "b": "BG/NBD b",
    "p": "Gamma-Gamma p: how alike a customer's own purchases are",
    "q": "Gamma-Gamma q: how alike customers are; 1 or less has no mean",
    "v": "Gamma-Gamma v: scale of what is paid",
}
MESSAGES = {
    "fits": "The model foresaw what customers then did",
    "unsure": f"The forecast may be right, or off by more than {CLOSE:.0%}",
    "too many": "The model expected more purchases than came",
    "too few": "The model expected fewer purchases than came",
}


def formulas_table(ahead: Prospects, edition: Edition) -> pd.DataFrame:
    """Return the ways to count a customer's value, with what each one counts."""
    contract, money = ahead.contract, ahead.money
    endless = f"{contract.money}, discounted, without end; a skipped {edition.period.every} is lost"
    rows = {
        "m r/(1 + d − r), first payment next": (contract.next_payment, endless),
        "m (1 + d)/(1 + d − r), first payment now": (contract.payment_now, endless),
        "revenue × r/(1 − churn) × lifetime": (
            contract.source,
            "revenue, nothing discounted; r/(1 − churn) is 1 whatever r, so only the lifetime "
            "(1/churn) moves",
        ),
    }
    if not edition.company.contractual:
        what = f"{money}, discounted, {ahead.horizon_months} months; leaving is told from silence"
        rows = {"BG/NBD and Gamma-Gamma": (ahead.of_active, what)} | rows
    numbers = framed([said for said, _ in rows.values()], "").rename(columns=lambda n: n.strip("_"))
    found = pd.DataFrame({"way": list(rows)})
    return pd.concat([found, numbers], axis=1).assign(
        counts=[what for _, what in rows.values()], n=[said.n for said, _ in rows.values()]
    )


def model_table(view: Outlook | Unsaid) -> pd.DataFrame:
    """Return the parameters of both models with their intervals: parameter, value, low, high, n."""
    fits_ = [] if isinstance(view, Unsaid) else [view.purchases, view.spend]
    rows = []
    for found in fits_:
        if isinstance(found, Unsaid):
            continue
        errors = np.sqrt(np.diag(found.logs.covariance))
        for name, log, error, own in zip(
            found.names, found.logs.values, errors, found.model_errors, strict=True
        ):
            low, high = (
                np.exp(log - lifetime.TWO_SIDED * error),
                np.exp(log + lifetime.TWO_SIDED * error),
            )
            value = float(np.exp(log))
            rows.append((MEANING[name], value, low, high, value * error, value * own, found.logs.n))
    names = ["parameter", "value", "low", "high", "robust_error", "model_error", "n"]
    return pd.DataFrame(rows, columns=names)


def of_now(ahead: Prospects, edition: Edition) -> Caption:
    """Return the caption of what is expected of customers."""
    message = f"What a customer's {ahead.money} to come is worth can't be said"
    if isinstance(ahead.mean, Estimate):
        message = f"A customer is worth {number(ahead.mean)} of {ahead.money} to come"
    rate = plain(edition.company.discount_rate, "share")
    return {
        "message": message,
        "measure": f"Means over customers, 95% intervals; discounted at {rate} a year where said",
        "source": source(CUSTOMERS, count(ahead)) + assumed_clause(edition, ahead),
    }


def of_groups(
    groups: pd.DataFrame, compared: Compared | None, ahead: Prospects, edition: Edition
) -> Caption:
    """Return the caption of value by group."""
    message = "Value by how often customers came back" if len(groups) else "No value by group"
    if compared is not None:
        apart = compared.difference
        pair = f"{compared.best} and {compared.worst} customers"
        message = f"No clear difference in value between {pair}"
        if isinstance(apart, Estimate) and not apart.spans_zero:
            way = "more" if apart.value > 0 else "less"
            message = f"{compared.best.capitalize()} are worth {way} than like {compared.worst}"
    return {
        "message": message,
        "measure": f"Expected {ahead.money} a customer in {ahead.horizon_months} months, "
        "discounted; 95% intervals",
        "source": source(CUSTOMERS, count(ahead)) + assumed_clause(edition, ahead),
        "description": f"{message}. Each group's value stands in the table.",
    }


def of_formulas(ahead: Prospects, edition: Edition) -> Caption:
    """Return the caption of the formulas side by side."""
    return {
        "message": "The same customers by other formulas",
        "measure": f"Value of a customer who bought in the period; retention and margin a "
        f"{edition.period.every} from the {edition.period.every}s of the last year; 95% intervals",
        "source": source("Orders; customers of the periods before", ahead.contract.retention.n),
    }


def of_holdout(tried: HeldOut | Unsaid) -> Caption:
    """Return the caption of what was expected and what came, by earlier repeats."""
    if isinstance(tried, Unsaid):
        message, when, n, most = "The model was not tried on the past", "then", tried.n, 0
    else:
        told = isinstance(tried.ratio, Estimate)
        message = MESSAGES[fits(tried.ratio)] if told else "Too little followed to try the model"
        when = f"after {day_words(tried.calibrated_to)}"
        n, most = int(tried.by_repeats["customers"].sum()), tried.by_repeats["repeats"].max()
    return {
        "message": message,
        "measure": f"Purchase days a customer {when}: line and band, expected; dots, what came; "
        "95% intervals",
        "source": source("Customers known at that day", n),
        "description": f"{message}. Expected and what came stand in the table.",
        "unit": "orders",
        "x_label": "repeats before" + f" ({most}: or more)" * bool(most == MOST_REPEATS),
    }


def holdout_frames(tried: HeldOut | Unsaid) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (happened) of the chart: x, value, low, high, n."""
    names = ["repeats", "value", "low", "high", "n"]
    if isinstance(tried, Unsaid):
        nothing = pd.DataFrame({name: pd.Series(dtype=float) for name in names})
        return nothing.assign(why=""), nothing
    rows = tried.by_repeats.rename(columns={"customers": "n"})
    line, dots = (
        rows.rename(columns=lambda name, part=part: name.removeprefix(f"{part}_"))[names]
        for part in ("expected", "happened")
    )
    came = dots[["value", "low", "high"]].add_prefix("came_")
    return pd.concat([line, came], axis=1), dots.dropna(subset=["value"])


def tracking_frames(tried: HeldOut | Unsaid) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (came) of the tracking chart."""
    if isinstance(tried, Unsaid):
        return holdout_frames(tried)
    came = tried.tracking["came"]
    return tried.tracking, tried.tracking[["weeks"]].assign(value=came, low=came, high=came)


def of_tracking(tried: HeldOut | Unsaid) -> Caption:
    """Return the caption of repeats over time, expected and come."""
    if isinstance(tried, Unsaid):
        return of_holdout(tried)
    last, weeks = tried.tracking.iloc[-1], tried.days / lifetime.DAYS_A_WEEK
    message = (
        f"By the end {last['value'] / last['came']:.2f} times as many repeats expected as came"
    )
    return {
        "message": message if last["came"] else "No repeat has come",
        "measure": "Repeat purchase days of all customers by then, newcomers included: line, "
        f"expected (band: error of the parameters); dots, what came; fitted without the last "
        f"{weeks:.0f} weeks",
        "source": source("Customers", int(last["n"])),
        "description": f"{message}. Expected and what came stand in the table.",
        "unit": "orders",
        "x_label": "weeks since the first purchase of all",
    }


def of_model(view: Outlook | Unsaid) -> Caption:
    """Return the caption of the models' parameters."""
    fit = ""
    if isinstance(view, Outlook):
        parts = {"BG/NBD": view.purchases, "Gamma-Gamma": view.spend}
        told = [
            f"{name} {plain(found.log_likelihood, '', places=1)}"
            for name, found in parts.items()
            if not isinstance(found, Unsaid)
        ]
        fit = f"; log-likelihood {listed(told)}"
    return {
        "message": "The parameters of the two models",
        "measure": "Maximum likelihood, time in weeks; robust error: customers independent; model "
        f"error: if the model is true{fit}",
        "source": source(CUSTOMERS, view.purchases.logs.n if isinstance(view, Outlook) else view.n),
        "empty": view.why if isinstance(view, Unsaid) else "",
    }
