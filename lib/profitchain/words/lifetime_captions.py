"""The captions and tables on what customers are worth from now on, and on the model behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _, pgettext
from profitchain.effects.value_of_a_point import framed
from profitchain.lifetime import bgnbd_gammagamma
from profitchain.lifetime.by_group import ScoreGroupComparison
from profitchain.lifetime.customer_value import Prospects
from profitchain.lifetime.expected_value import Outlook
from profitchain.lifetime.holdout_test import CLOSE, MOST_REPEATS, HeldOut, fits
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.lifetime import assumed_clause, count, day_words, stands_for
from profitchain.words.prose import first_capital, listed, period_word, periods_word

CUSTOMERS = N_("Customers known at the period's end")
GROUPS = (  # of customers, as exhibits show them
    *(N_("Latest answer"), N_("Repeats so far"), N_("Latest answer, among like customers")),
    *(N_("no answer"), N_("never came back"), N_("came back once"), N_("came back more often")),
)
MEANING = {
    "r": N_("BG/NBD r: shape of the rates at which customers buy; below 1 most buy rarely"),
    "alpha": N_("BG/NBD alpha (weeks): r/alpha is the mean rate a week"),
    "a": N_("BG/NBD a: a/(a + b) is the mean chance to leave after a repeat"),
    "b": "BG/NBD b",
    "p": N_("Gamma-Gamma p: how alike a customer's own purchases are"),
    "q": N_("Gamma-Gamma q: how alike customers are; 1 or less has no mean"),
    "v": N_("Gamma-Gamma v: scale of what is paid"),
}
MESSAGES = {
    "fits": N_("The model foresaw what customers then did"),
    "unsure": N_("The forecast may be right, or off by more than {share}"),
    "too many": N_("The model expected more purchases than came"),
    "too few": N_("The model expected fewer purchases than came"),
}


def prospects_table(ahead: Prospects) -> dict[str, MaybeEstimate]:
    """Return what is expected of customers, by what each figure is."""
    money, months = _(ahead.money), ahead.horizon_months
    if ahead.under_contract:
        return {
            N_("kept from one period to the next"): ahead.contract.retention,
            _("{money} a period", money=money): ahead.contract.margin,
            _("{money} to come, discounted", money=money): ahead.mean,
            _("{money} to come, discounted: all customers", money=money): ahead.total,
        }
    figures = {N_("alive"): ahead.share_alive}
    for span, days in ahead.orders.items():
        figures[_("days with an order in {months} months", months=span)] = days
    for span, brought in ahead.brought.items():
        figures[_("{money} in {months} months", money=money, months=span)] = brought
    if isinstance(ahead.view, NotEstimable):
        return figures
    words = {"money": money, "months": months}
    return figures | {
        _("{money} in {months} months, discounted", **words): ahead.mean,
        _("{money} in {months} months, discounted: all customers", **words): ahead.total,
        _("{money} in {months} months, discounted: a new customer", **words): ahead.new_customer,
    }


def formulas_table(ahead: Prospects, edition: Edition) -> pd.DataFrame:
    """Return the ways to count a customer's value, with what each one counts."""
    contract = ahead.contract
    endless = _(
        "{money}, discounted, without end; a skipped {period} is lost",
        money=_(contract.money), period=period_word(edition.period),
    )  # fmt: skip
    undiscounted = _(
        "revenue, nothing discounted; r/(1 − churn) is 1 whatever r, so only the lifetime "
        "(1/churn) moves"
    )
    rows = {
        N_("m r/(1 + d − r), first payment next"): (contract.next_payment, endless),
        N_("m (1 + d)/(1 + d − r), first payment now"): (contract.payment_now, endless),
        N_("revenue × r/(1 − churn) × lifetime"): (contract.source, undiscounted),
    }
    if not edition.company.contractual:
        what = _(
            "{money}, discounted, {months} months; leaving is told from silence",
            money=_(ahead.money), months=ahead.horizon_months,
        )  # fmt: skip
        rows = {N_("BG/NBD and Gamma-Gamma"): (ahead.of_active, what)} | rows
    numbers = framed([said for said, _what in rows.values()], "").rename(
        columns=lambda n: n.strip("_")
    )
    found = pd.DataFrame({"way": list(rows)})
    return pd.concat([found, numbers], axis=1).assign(
        counts=[what for _said, what in rows.values()], n=[said.n for said, _what in rows.values()]
    )


def model_table(view: Outlook | NotEstimable) -> pd.DataFrame:
    """Return the parameters of both models with their intervals: parameter, value, low, high, n."""
    fits_ = [] if isinstance(view, NotEstimable) else [view.purchases, view.spend]
    rows = []
    for found in fits_:
        if isinstance(found, NotEstimable):
            continue
        errors = np.sqrt(np.diag(found.logs.covariance))
        for name, log, error, own in zip(
            found.names, found.logs.values, errors, found.model_errors, strict=True
        ):
            low, high = (
                np.exp(log - bgnbd_gammagamma.TWO_SIDED * error),
                np.exp(log + bgnbd_gammagamma.TWO_SIDED * error),
            )
            value = float(np.exp(log))
            rows.append((MEANING[name], value, low, high, value * error, value * own, found.logs.n))
    names = ["parameter", "value", "low", "high", "robust_error", "model_error", "n"]
    return pd.DataFrame(rows, columns=names)


def of_now(ahead: Prospects, edition: Edition) -> Caption:
    """Return the caption of what is expected of customers."""
    words = {"money": _(ahead.money)}
    message = _("What a customer's {money} to come is worth can't be said", **words)
    if isinstance(ahead.mean, Estimate):
        words |= {"value": number(ahead.mean)}
        message = _("A customer is worth {value} of {money} to come", **words)
    return {
        "message": message,
        "measure": _(
            "Means over customers, 95% intervals; discounted at {rate} a year where said",
            rate=plain(edition.company.discount_rate, "share"),
        ),
        "source": _of_customers(ahead, edition),
    }


def of_groups(
    groups: pd.DataFrame, compared: ScoreGroupComparison | None, ahead: Prospects, edition: Edition
) -> Caption:
    """Return the caption of value by group."""
    message = _("Value by how often customers came back") if len(groups) else _("No value by group")
    message = message if compared is None else _compared_message(compared)
    return {
        "message": message,
        "measure": _(
            "Expected {money} a customer in {months} months, discounted; 95% intervals",
            money=_(ahead.money),
            months=ahead.horizon_months,
        ),
        "source": _of_customers(ahead, edition),
        "description": _(
            "{message}. Each group's value stands in the table.", message=message
        ),
    }  # fmt: skip


def _compared_message(compared: ScoreGroupComparison) -> str:
    apart, words = compared.difference, {"best": _(compared.best), "worst": _(compared.worst)}
    if isinstance(apart, NotEstimable) or apart.spans_zero:
        return _("No clear difference in value between {best} and {worst} customers", **words)
    words |= {"best": first_capital(words["best"])}
    if apart.value > 0:
        return _("{best} are worth more than like {worst}", **words)
    return _("{best} are worth less than like {worst}", **words)


def _of_customers(ahead: Prospects, edition: Edition) -> str:
    rows = drawn_from(source(_(CUSTOMERS), count(ahead)), stands_for(ahead))
    return rows + assumed_clause(edition, ahead)


def of_formulas(ahead: Prospects, edition: Edition) -> Caption:
    """Return the caption of the formulas side by side."""
    return {
        "message": _("The same customers by other formulas"),
        "measure": _(
            "Value of a customer who bought in the period; retention and margin a {period} from "
            "the {periods} of the last year; 95% intervals",
            period=period_word(edition.period),
            periods=periods_word(edition.period),
        ),
        "source": source(_("Orders; customers of the periods before"), ahead.contract.retention.n),
    }


def of_holdout(tried: HeldOut | NotEstimable) -> Caption:
    """Return the caption of what was expected and what came, by earlier repeats."""
    if isinstance(tried, NotEstimable):
        when = pgettext("when purchases came", "then")
        message, n, most = _("The model was not tried on the past"), tried.n, 0
    else:
        message = _("Too little followed to try the model")
        if isinstance(tried.ratio, Estimate):
            message = _(MESSAGES[fits(tried.ratio)], share=f"{CLOSE:.0%}")
        when = _("after {day}", day=day_words(tried.calibrated_to))
        n, most = int(tried.by_repeats["customers"].sum()), tried.by_repeats["repeats"].max()
    before = _("repeats before")
    if most == MOST_REPEATS:
        before = _("repeats before ({most}: or more)", most=most)
    return {
        "message": message,
        "measure": _(
            "Purchase days a customer {when}: line and band, expected; dots, what came; "
            "95% intervals",
            when=when,
        ),
        "source": source(_("Customers known at that day"), n),
        "description": _beside_the_table(message),
        "unit": "orders",
        "x_label": before,
    }


def _beside_the_table(message: str) -> str:
    return _("{message}. Expected and what came stand in the table.", message=message)


def holdout_frames(tried: HeldOut | NotEstimable) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (happened) of the chart: x, value, low, high, n."""
    names = ["repeats", "value", "low", "high", "n"]
    if isinstance(tried, NotEstimable):
        nothing = pd.DataFrame({name: pd.Series(dtype=float) for name in names})
        return nothing.assign(why=""), nothing
    rows = tried.by_repeats.rename(columns={"customers": "n"})
    line, dots = (
        rows.rename(columns=lambda name, part=part: name.removeprefix(f"{part}_"))[names]
        for part in ("expected", "happened")
    )
    came = dots[["value", "low", "high"]].add_prefix("came_")
    return pd.concat([line, came], axis=1), dots.dropna(subset=["value"])


def tracking_frames(tried: HeldOut | NotEstimable) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the line (expected) and the dots (came) of the tracking chart."""
    if isinstance(tried, NotEstimable):
        return holdout_frames(tried)
    came = tried.tracking["came"]
    return tried.tracking, tried.tracking[["weeks"]].assign(value=came, low=came, high=came)


def of_tracking(tried: HeldOut | NotEstimable) -> Caption:
    """Return the caption of repeats over time, expected and come."""
    if isinstance(tried, NotEstimable):
        return of_holdout(tried)
    last, weeks = tried.tracking.iloc[-1], tried.days / bgnbd_gammagamma.DAYS_A_WEEK
    message = _("No repeat has come")
    if last["came"]:
        message = _(
            "By the end {times} times as many repeats expected as came",
            times=digits(last["value"] / last["came"], 2),
        )
    return {
        "message": message,
        "measure": _(
            "Repeat purchase days of all customers by then, newcomers included: line, expected "
            "(band: error of the parameters); dots, what came; fitted without the last {weeks} "
            "weeks",
            weeks=digits(weeks, 0),
        ),
        "source": source(_("Customers"), int(last["n"])),
        "description": _beside_the_table(message),
        "unit": "orders",
        "x_label": _("weeks since the first purchase of all"),
    }


def of_model(view: Outlook | NotEstimable) -> Caption:
    """Return the caption of the models' parameters."""
    fit = ""
    if isinstance(view, Outlook):
        parts = {"BG/NBD": view.purchases, "Gamma-Gamma": view.spend}
        told = [
            f"{name} {plain(found.log_likelihood, '', places=1)}"
            for name, found in parts.items()
            if not isinstance(found, NotEstimable)
        ]
        fit = _("; log-likelihood {models}", models=listed(told))
    n = view.purchases.logs.n if isinstance(view, Outlook) else view.n
    return {
        "message": _("The parameters of the two models"),
        "measure": _(
            "Maximum likelihood, time in weeks; robust error: customers independent; model error: "
            "if the model is true{fit}",
            fit=fit,
        ),
        "source": source(_(CUSTOMERS), n),
        "empty": reasons.text(view) if isinstance(view, NotEstimable) else "",
    }
