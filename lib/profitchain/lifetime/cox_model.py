"""What goes with ordering again sooner: satisfaction, a customer's history and complaints.

A Cox model (1972, JRSS B 34: 187-220) of the days from an answer to the next order, ties by Efron
(1977, JASA 72: 557-565), errors by Lin and Wei's sandwich (1989, JASA 84: 1074-1078). A hazard
ratio of 1.05 says that on any day, of those who have not yet ordered, 5% more do.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from math import exp

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime.time_to_order import too_few_orders
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import estimates
from profitchain.stats.model_design import EVENTS_PER_TERM, FEWEST_EVENTS, kish
from profitchain.stats.model_matrix import independent, varies

MOST_CUSTOMERS = 20_000  # a sample of so many leaves an error of a third of a percent a point
SCORE = "score"
HISTORY = ("prior_orders", "recency_days", "tenure_days")  # enter as log2(1 + x): doubled
SERVICE = ("contacts", "complaints")  # enter as whether there was any in the year before
LEAST_SPREAD = 0.05  # of a term, whose ratio is for a step of 1: less is too far from a step
FARTHEST = 10.0  # a log hazard ratio per standard deviation beyond it has run away
LARGEST = 700.0  # a log that `exp` still takes
METHOD = "Cox model, Efron ties, sandwich errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxModel:
    """A fitted Cox model: `ratios` are the log hazard ratios of the `terms`, `SCORE` first.

    `columns` (customers x terms), `days`, `event` and `clusters` are what it was fitted on;
    `covariance` is the model's own (inverse information), which the test needs; `of` counts all
    customers with an answer, from whom these may be a sample; `left_out` are terms that hardly
    vary among those who ordered again, or repeat others.
    """

    terms: tuple[str, ...]
    columns: np.ndarray
    days: np.ndarray
    event: np.ndarray
    clusters: np.ndarray
    ratios: Quantities
    covariance: np.ndarray
    of: int
    left_out: tuple[str, ...] = ()


def fit(times: pd.DataFrame) -> CoxModel | NotEstimable:
    """Return the Cox model of the time to the next order, or why there is none.

    Parameters
    ----------
    times : one row a customer with an answer
        Reads `score`, `days`, `event`, `cluster` and those of `HISTORY` and `SERVICE` it has.
    """
    if times.empty:
        return NotEstimable("nobody_answered")
    of, rows = len(times), random_sample(times, MOST_CUSTOMERS)
    if len(rows) == 0 or rows["event"].sum() < FEWEST_EVENTS:
        return too_few_orders(rows, of)
    if rows["score"].nunique() < 2:
        return NotEstimable("all_scores_the_same", n=of)
    columns, terms, left_out = _columns(rows)
    if SCORE not in terms:
        return NotEstimable("too_few_different_scores", n=of)
    events = int(rows["event"].sum())
    if events < EVENTS_PER_TERM * len(terms):
        counts = {"orders": events, "terms": len(terms), "needed": EVENTS_PER_TERM}
        return NotEstimable("too_few_orders_for_the_terms", n=of, **counts)
    days = rows["days"].clip(lower=0.5).to_numpy(float)  # as in `loyalty.time_to_next_order`
    event, clusters = rows["event"].to_numpy(int), rows["cluster"].to_numpy()
    fitted = _fitted(columns, days, event, clusters)
    if fitted is None:
        return NotEstimable("orders_told_perfectly", n=of)
    ratios, covariance = fitted
    return CoxModel(
        terms=terms, columns=columns, days=days, event=event, clusters=clusters,
        ratios=ratios, covariance=covariance, of=of, left_out=left_out,
    )  # fmt: skip


def random_sample(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the rows, or `most` of them drawn by a lot that falls the same each time."""
    if len(rows) <= most:
        return rows
    return rows.iloc[np.sort(np.random.default_rng(1972).permutation(len(rows))[:most])]


def hazard_ratios(model: CoxModel | NotEstimable, *, level: float = 0.95) -> pd.DataFrame:
    """Return every term's hazard ratio: one row a term: term, value, low, high, n, why."""
    if isinstance(model, NotEstimable):
        return to_frame([model], term=[SCORE])
    return to_frame(_ratios_of(model.ratios, level), term=list(model.terms))


def hazard_ratio_per_point(model: CoxModel | NotEstimable, *, level: float = 0.95) -> MaybeEstimate:
    """Return the hazard ratio of one more point of the score, unit "ratio"; 1 is no difference."""
    return model if isinstance(model, NotEstimable) else _ratios_of(model.ratios, level)[0]


def proportionality_test(model: CoxModel | NotEstimable) -> MaybeEstimate:
    """Return the p-value of the test that the score's hazard ratio is the same on every day.

    Grambsch and Therneau (1994, Biometrika 81: 515-526): whether the scaled Schoenfeld residuals
    of the score follow the share who have ordered so far.
    """
    if isinstance(model, NotEstimable):
        return model
    p, n = float(stats.chi2.sf(schoenfeld_test(model)[0], 1)), len(model.days)
    return Estimate(value=p, low=p, high=p, n=n, unit="p", method="Grambsch-Therneau test")


def schoenfeld_test(model: CoxModel) -> np.ndarray:
    """Return each term's chi-squared statistic (1 degree of freedom) of that test."""
    from statsmodels.duration.survfunc import SurvfuncRight

    curve = SurvfuncRight(model.days, model.event)
    when = model.days[model.event == 1]
    ordered = 1 - curve.surv_prob[np.searchsorted(curve.surv_times, when)]
    centred = ordered - ordered.mean()
    data = (model.days, model.event, model.columns)
    residuals, _scores = efron_residuals(*data, model.ratios.values)
    slopes = centred @ residuals @ model.covariance * len(when)
    variance = len(when) * np.diag(model.covariance) * (centred @ centred)
    return np.asarray(slopes**2 / variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyAndLate:
    """The score's hazard ratio up to a day, and of those who had not ordered by then, after it."""

    day: float
    early: MaybeEstimate
    late: MaybeEstimate


def early_and_late(times: pd.DataFrame, *, level: float = 0.95) -> EarlyAndLate:
    """Return the score's hazard ratio up to the median next order, and after it."""
    split = float(times.loc[times["event"] == 1, "days"].median()) if times["event"].any() else 0.0
    before = times.assign(event=times["event"] * (times["days"] <= split))
    before["days"] = before["days"].clip(upper=split)
    after = times[times["days"] > split]
    after = after.assign(days=after["days"] - split)
    early, late = (hazard_ratio_per_point(fit(rows), level=level) for rows in (before, after))
    return EarlyAndLate(day=split, early=early, late=late)


def efron_residuals(
    days: np.ndarray, event: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a Cox model's Schoenfeld residuals (a row an event) and score residuals (a row each).

    With Efron's ties: the l-th of d orders on one day counts the d as at risk with weight 1 - l/d.
    Therneau and Grambsch (2000), Modeling Survival Data, sec. 4.2 and 4.6.
    """
    order = np.argsort(days, kind="stable")
    x, happened = columns[order], event[order] == 1
    x = x - x.mean(axis=0)
    weight = np.exp(x @ values)
    times, first, place = np.unique(days[order], return_index=True, return_inverse=True)
    at = place[happened]
    count = np.bincount(at, minlength=len(times))
    nth = np.arange(len(at)) - np.concatenate([[0], np.cumsum(count)])[at]
    share = nth / count[at]
    both = np.column_stack([weight, weight[:, None] * x])
    risk = np.cumsum(both[::-1], axis=0)[::-1][first]
    tied = _summed(both[happened], at, len(times))
    left = risk[at] - share[:, None] * tied[at]
    mean = left[:, 1:] / left[:, :1]
    average = _summed(mean, at, len(times)) / np.maximum(count, 1)[:, None]
    schoenfeld = x[happened] - average[at]
    hazard = np.column_stack([1 / left[:, 0], mean / left[:, :1]])
    so_far = np.cumsum(_summed(hazard, at, len(times)), axis=0)[place]
    scores = -weight[:, None] * (x * so_far[:, :1] - so_far[:, 1:])
    spared = _summed(share[:, None] * hazard, at, len(times))[at]
    scores[happened] += schoenfeld + weight[happened, None] * (
        x[happened] * spared[:, :1] - spared[:, 1:]
    )
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    in_order = np.argsort(order[happened], kind="stable")
    return schoenfeld[in_order], scores[back]


def _columns(rows: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Return the model's columns, their terms, and the terms that can't be told and are left out.

    Those vary too little among the customers who ordered again, or repeat what others tell.
    """
    by_term = {SCORE: rows["score"].to_numpy(float)}
    for name in HISTORY:
        if name in rows:
            by_term[name] = np.log2(1 + rows[name].fillna(0).clip(lower=0).to_numpy(float))
    by_term |= {name: (rows[name] > 0).to_numpy(float) for name in SERVICE if name in rows}
    again = rows["event"].to_numpy() == 1
    varied = {
        term: column
        for term, column in by_term.items()
        if varies(column[again], least_spread=LEAST_SPREAD)
    }
    columns = np.column_stack([np.ones(len(rows)), *varied.values()])
    keep = independent(columns, np.ones(len(rows)))[1:]
    terms = tuple(term for term, is_kept in zip(varied, keep, strict=True) if is_kept)
    left_out = tuple(term for term in by_term if term not in terms)
    return columns[:, 1:][:, keep], terms, left_out


def _fitted(
    columns: np.ndarray, days: np.ndarray, event: np.ndarray, clusters: np.ndarray
) -> tuple[Quantities, np.ndarray] | None:
    from statsmodels.duration.hazard_regression import PHReg

    scale = columns.std(axis=0)
    even = (columns - columns.mean(axis=0)) / scale
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fitted = PHReg(days, even, status=event, ties="efron").fit()
            values, covariance = np.asarray(fitted.params), np.asarray(fitted.cov_params())
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    if not np.isfinite(covariance).all():
        return None
    if (np.abs(values) + 2 * np.sqrt(np.diag(covariance))).max() >= FARTHEST:
        return None
    values, covariance = values / scale, covariance / np.outer(scale, scale)
    _schoenfeld, scores = efron_residuals(days, event, columns, values)
    brought = pd.DataFrame(scores @ covariance, index=clusters).groupby(level=0).sum()
    sizes = np.bincount(pd.factorize(clusters)[0]).astype(float)
    ratios = Quantities(values=values, errors=brought, n=len(days), effective=kish(sizes))
    return ratios, covariance


def _ratios_of(logs: Quantities, level: float) -> list[Estimate]:
    def ratio(log: float) -> float:
        return exp(min(log, LARGEST))

    return [
        replace(log, value=ratio(log.value), low=ratio(log.low), high=ratio(log.high))
        for log in estimates(logs, unit="ratio", level=level, method=METHOD)
    ]


def _summed(rows: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Return the sums of rows at each place."""
    return np.column_stack([np.bincount(places, column, count) for column in rows.T])
