"""How often customers buy, when they leave, what they spend: purchase and spend models, fitted.

BG/NBD (Fader, Hardie and Lee 2005, Marketing Science 24: 275-284): while alive a customer buys at
a rate of their own (gamma: r, alpha), and after each repeat purchase leaves with a chance of their
own (beta: a, b). MBG/NBD (Batislam, Denizel and Filiztekin 2007, Int. J. Res. Marketing 24:
201-209; Wagner and Hoppe 2008, JBES 26: 500-512): the same, but the first purchase may be the last
one too. Gamma-Gamma (Fader and Hardie 2013, note on the Gamma-Gamma model): what a customer spends
varies around a mean of their own (p, q, v). All are fitted by maximum likelihood to logs of
parameters, time in weeks; customers alike in all that counts are one cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from profitchain.core.estimates import NotEstimable
from profitchain.stats.glm import Quantities
from profitchain.stats.model_design import kish

DAYS_A_WEEK = 7
FEWEST_REPEATERS = 30  # below so many, four parameters have nothing to be told from
FARTHEST = 7.0  # of a log from its start: a thousand times off, a parameter is at the edge
SETTLED = 1e-4  # the largest slope of the mean log-likelihood that still counts as its top
TWO_SIDED = 1.96  # standard errors to the end of a 95% interval
STEP = 1e-4  # of a parameter's log, for differences
LARGEST_P = 1000.0  # of Gamma-Gamma: a customer's amounts lie within 3% of each other
PURCHASES, SPEND = ("r", "alpha", "a", "b"), ("p", "q", "v")

PurchaseModel = Literal["BG/NBD", "MBG/NBD"]
PURCHASE_MODELS: tuple[PurchaseModel, ...] = get_args(PurchaseModel)
Scores = tuple[np.ndarray, np.ndarray]  # log-likelihood a cell, and its slopes (cells x parameters)
Likelihood = Callable[[np.ndarray], Scores]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """The logs of a model's parameters, with what each cluster brings to their errors.

    `model_errors` are the standard errors of the logs if the model is true (Hessian); those of
    `logs` hold without it (sandwich). `edges` are parameters that ran to the edge of what data can
    tell ("a low"); they are held there and carry no error. `left_out` customers did not count.
    """

    name: str
    names: tuple[str, ...]
    logs: Quantities
    model_errors: np.ndarray
    log_likelihood: float
    edges: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name; alpha in weeks, v in money."""
        return dict(zip(self.names, np.exp(self.logs.values).tolist(), strict=True))


def chances_to_leave(model: str, repeats: np.ndarray) -> np.ndarray:
    """Return how often a customer could have left: MBG/NBD counts the first purchase too."""
    return repeats + 1 if model == "MBG/NBD" else repeats


def fit_purchases(
    customers: pd.DataFrame, model: PurchaseModel = "BG/NBD"
) -> FittedModel | NotEstimable:
    """Return a fitted model of purchases, or why there is none.

    Parameters
    ----------
    customers : one row a customer
        Reads `cluster`, `repeats` (days with a purchase less one), `last_age_days` and `age_days`
        (days from the first such day to the last one, and to now).
    """
    if (back := int((customers["repeats"] > 0).sum())) < FEWEST_REPEATERS:
        return NotEstimable("too_few_came_back", n=back, customers=back, needed=FEWEST_REPEATERS)
    columns = [customers[name].to_numpy() for name in ("repeats", "last_age_days", "age_days")]
    cells, cell_of, n = _cells(*columns)
    repeats, last, age = cells.T
    weeks_then = (last / DAYS_A_WEEK, age / DAYS_A_WEEK)
    likelihood = purchase_likelihood(repeats, *weeks_then, model=model)
    weeks = max(float(np.average(age / DAYS_A_WEEK, weights=n)), 1.0)
    start = np.log([0.5, weeks / 2, 1.0, 2.0])
    return _fit(likelihood, start, n, cell_of, model, clusters=customers["cluster"])


def fit_spend(customers: pd.DataFrame) -> FittedModel | NotEstimable:
    """Return the fitted Gamma-Gamma model of those who came back, or why there is none.

    Customers whose later purchases brought nothing are left out and counted. Where each customer
    pays the same every time, amounts are prices of one contract or made up, and no model of spend.

    Parameters
    ----------
    customers : one row a customer
        Reads `cluster`, `repeats` and `repeat_revenue` (of all purchases after the first day).
    """
    back = customers[customers["repeats"] > 0]
    paid = back[back["repeat_revenue"] > 0]
    if (n := len(paid)) < FEWEST_REPEATERS:
        key = "too_few_came_back_and_paid"
        return NotEstimable(key, n=n, customers=n, needed=FEWEST_REPEATERS)
    repeats, revenue = paid["repeats"].to_numpy(float), paid["repeat_revenue"].to_numpy(float)
    fit = _fit(
        spend_likelihood(repeats, revenue),
        np.log([2.0, 3.0, revenue.sum() / repeats.sum()]),
        np.ones(n),
        np.arange(n),
        "Gamma-Gamma",
        clusters=paid["cluster"],
        left_out=len(back) - n,
    )
    if isinstance(fit, NotEstimable):
        return fit
    if fit.parameters["p"] > LARGEST_P:
        return NotEstimable("spend_hardly_varies", n=fit.logs.n)
    at = SPEND.index("q")  # of 1 or less, no mean exists
    if fit.logs.values[at] > TWO_SIDED * float(np.sqrt(fit.logs.covariance[at, at])):
        return fit
    return NotEstimable("spend_without_a_mean", n=fit.logs.n, q=fit.parameters["q"])


def purchase_likelihood(
    repeats: np.ndarray, last: np.ndarray, age: np.ndarray, model: str = "BG/NBD"
) -> Likelihood:
    """Return a model's log-likelihood as a function of log r, alpha, a, b (times in weeks)."""
    counts, of = np.unique(repeats, return_inverse=True)
    chances = chances_to_leave(model, counts)

    def likelihood(logs: np.ndarray) -> Scores:
        r, alpha, a, b = np.exp(logs)
        still, left = _alive_or_left(logs, repeats, last, age, model)
        both = np.logaddexp(still, left)
        stays = np.exp(still - both)
        of_count = gammaln(r + counts) - gammaln(r) + gammaln(a + b) - gammaln(a + b + chances)
        of_count += gammaln(b + chances) - gammaln(b) + r * logs[1]
        gone = 1 - stays
        spread = (digamma(a + b) - digamma(a + b + chances))[of]
        more = (digamma(b + chances) - digamma(b))[of]
        over = np.where(chances > 0, b + chances - 1, 1)[of]
        waiting = stays * np.log(alpha + age) + gone * np.log(alpha + last)
        inverse = stays / (alpha + age) + gone / (alpha + last)
        slopes = [
            r * ((digamma(r + counts) - digamma(r))[of] + logs[1] - waiting),
            r - alpha * (r + repeats) * inverse,
            a * spread + gone,
            b * (spread + more - gone / over),
        ]
        return of_count[of] + both, np.column_stack(slopes)

    return likelihood


def spend_likelihood(repeats: np.ndarray, revenue: np.ndarray) -> Likelihood:
    """Return Gamma-Gamma's log-likelihood as a function of log p, q, v."""
    counts, of = np.unique(repeats, return_inverse=True)
    constant = -np.log(revenue / repeats)

    def likelihood(logs: np.ndarray) -> Scores:
        p, q, v = np.exp(logs)
        shape, all_in = p * repeats, np.log(v + revenue)
        of_count = gammaln(p * counts + q) - gammaln(p * counts) - gammaln(q) + q * logs[2]
        values = of_count[of] + shape * np.log(revenue) - (shape + q) * all_in + constant
        wider, own = digamma(p * counts + q), digamma(p * counts)
        slopes = [
            shape * ((wider - own)[of] + np.log(revenue) - all_in),
            q * ((wider - digamma(q))[of] + logs[2] - all_in),
            q - v * (shape + q) / (v + revenue),
        ]
        return values, np.column_stack(slopes)

    return likelihood


def alive(
    logs: np.ndarray,
    repeats: np.ndarray,
    last_days: np.ndarray,
    age_days: np.ndarray,
    *,
    model: str = "BG/NBD",
) -> np.ndarray:
    """Return each customer's chance to be alive (0 to 1); by BG/NBD 1 without a repeat."""
    weeks = (last_days / DAYS_A_WEEK, age_days / DAYS_A_WEEK)
    stays, left = _alive_or_left(logs, repeats, *weeks, model)
    return np.asarray(np.exp(stays - np.logaddexp(stays, left)))


def _alive_or_left(
    logs: np.ndarray, repeats: np.ndarray, last: np.ndarray, age: np.ndarray, model: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return log-likelihoods, but for a shared factor: still there, or left at the last purchase.

    Who has had no occasion to leave is there.
    """
    r, alpha, _a, b = np.exp(logs)
    chances = chances_to_leave(model, repeats)
    over = np.where(chances > 0, b + chances - 1, 1)
    left = logs[2] - np.log(over) - (r + repeats) * np.log(alpha + last)
    return -(r + repeats) * np.log(alpha + age), np.where(chances > 0, left, -np.inf)


def _cells(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct rows of whole numbers, which of them each row is, and how many."""
    sizes = [int(column.max()) + 1 for column in columns]
    keys = np.ravel_multi_index([column.astype(np.int64) for column in columns], sizes)
    cells, of, n = np.unique(keys, return_inverse=True, return_counts=True)
    return np.column_stack(np.unravel_index(cells, sizes)).astype(float), of, n.astype(float)


def _fit(
    likelihood: Likelihood,
    start: np.ndarray,
    n: np.ndarray,
    cell_of: np.ndarray,
    model: str,
    *,
    clusters: pd.Series,
    left_out: int = 0,
) -> FittedModel | NotEstimable:
    """Return the parameters at which the likelihood of cells is highest, with their errors."""
    total, names = n.sum(), SPEND if model == "Gamma-Gamma" else PURCHASES
    top = _top(likelihood, start, n / total)
    if top is None:
        return NotEstimable("no_best_fit", n=int(total))
    logs, curvature, free = top
    values, slopes = likelihood(logs)
    spread = np.zeros_like(curvature)
    spread[np.ix_(free, free)] = np.linalg.inv(curvature[np.ix_(free, free)])
    codes, index = pd.factorize(clusters)
    count, influences = len(index), slopes @ spread / total
    errors = [np.bincount(codes, column[cell_of], count) for column in influences.T]
    brought = np.sqrt(count / max(count - 1, 1)) * np.column_stack(errors)
    return FittedModel(
        name=model,
        names=names,
        logs=Quantities(
            values=logs,
            errors=pd.DataFrame(brought, index=index),
            n=int(total),
            effective=kish(np.bincount(codes)),
        ),
        model_errors=np.sqrt(np.diag(spread) / total),
        log_likelihood=float(values @ n),
        edges=tuple(
            f"{name} {'low' if log < first else 'high'}"
            for name, log, first, inside in zip(names, logs, start, free, strict=True)
            if not inside
        ),
        left_out=left_out,
    )


def _top(
    likelihood: Likelihood, start: np.ndarray, shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the best logs, the curvature there, and which of them are inside their bounds."""

    def downhill(logs: np.ndarray) -> tuple[float, np.ndarray]:
        values, slopes = likelihood(logs)
        return -float(shares @ values), -shares @ slopes

    bounds = [(log - FARTHEST, log + FARTHEST) for log in start]
    options = {"gtol": 1e-7, "ftol": 1e-13, "maxiter": 500, "maxls": 50}
    how = {"jac": True, "method": "L-BFGS-B", "bounds": bounds, "options": options}
    logs = minimize(downhill, start, **how).x
    free = np.abs(logs - start) < FARTHEST - STEP
    curvature = _curvature(downhill, logs)
    for _step in range(3):  # Newton's steps from close by, where rounding has stopped the search
        step = _newton(downhill(logs)[1], curvature, free)
        if step is None:
            return None
        logs = logs - step
    curvature = _curvature(downhill, logs)
    settled = np.abs(downhill(logs)[1][free]).max(initial=0) < SETTLED
    return (logs, curvature, free) if settled else None


def _newton(slope: np.ndarray, curvature: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    """Return Newton's step among the free parameters; None where there is no top to step to."""
    step = np.zeros(len(slope))
    inner = curvature[np.ix_(free, free)]
    if free.any() and np.linalg.eigvalsh(inner).min() <= 0:
        return None
    step[free] = np.linalg.solve(inner, slope[free])
    return np.clip(step, -0.1, 0.1)


def _curvature(
    downhill: Callable[[np.ndarray], tuple[float, np.ndarray]], logs: np.ndarray
) -> np.ndarray:
    """Return the Hessian by central differences of the analytic slopes."""
    rows = np.array([
        (downhill(logs + step)[1] - downhill(logs - step)[1]) / (2 * STEP)
        for step in STEP * np.eye(len(logs))
    ])  # fmt: skip
    return np.asarray((rows + rows.T) / 2)
