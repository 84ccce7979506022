"""Regressions on cells, equal to those on single answers; errors robust to repeated customers.

A fit keeps what each cluster (customer, or bucket of customers) brings to the error of each
coefficient, scaled so that the sum of squares is the cluster-robust variance with the factor
G/(G-1) (N-1)/(N-k), N counting answers: the same numbers as statsmodels' `cov_type="cluster"` on
one row an answer. Whatever is computed from coefficients carries its errors along (the delta
method), so that differences, stacked models and tests need no further formula.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from profitchain.core.cache import remembered
from profitchain.core.estimates import NotEstimable
from profitchain.stats.model_design import Design, Outcome, kish, model_of
from profitchain.stats.model_matrix import BLOCK, Basis
from profitchain.stats.penalised_logit import halves, penalised, shifted_mean
from profitchain.stats.ratios import Linearised

PENALISED = "penalised fit (Firth 1993)"  # in the method of what comes from one
FARTHEST = 15.0  # a linear predictor beyond it means a probability of 3 in ten million: separation
STEPS = 30
MANY = 200_000  # rows above which statsmodels' decompositions take most of time and memory
EVERY = 16  # of so many rows one, for a start
SETTLED = 1e-8  # the largest step, on the log or logit scale, after which none follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """Numbers estimated together, and what each cluster brings to their errors.

    `errors` (clusters x numbers): the sums of their products are the covariances.
    """

    values: np.ndarray
    errors: pd.DataFrame
    n: int
    effective: float

    @property
    def covariance(self) -> np.ndarray:
        errors = self.errors.to_numpy()
        return np.asarray(errors.T @ errors)

    @property
    def linear(self) -> Linearised:
        """The first of them, as a ratio is stated."""
        return Linearised(
            value=float(self.values[0]), errors=self.errors[0], n=self.n, effective=self.effective
        )

    @property
    def df(self) -> float:
        """Degrees of freedom: effective clusters (`kish`, by answers) less one.

        With clusters of one size that is statsmodels' G - 1; where a few customers give most
        answers, G - 1 covers 85% where 95% is said (Carter, Schnepel and Steigerwald 2017,
        Rev. Econ. Stat. 99: 698-709).
        """
        return self.effective - 1

    def combine(self, weights: np.ndarray) -> Quantities:
        """Return linear combinations (`weights`: results x numbers)."""
        weights = np.atleast_2d(weights)
        errors = pd.DataFrame(self.errors.to_numpy() @ weights.T, index=self.errors.index)
        return replace(self, values=weights @ self.values, errors=errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted model: its design and its coefficients, the score's terms first.

    `penalised` where the terms tell perfectly who came back (`penalised_logit`).
    """

    design: Design
    coefficients: Quantities
    penalised: bool = False

    @property
    def score_part(self) -> np.ndarray:
        return self.coefficients.values[: self.design.score_terms]

    @property
    def rest(self) -> np.ndarray:
        terms = self.design.score_terms
        return np.asarray(self.design.columns[:, terms:] @ self.coefficients.values[terms:])

    @property
    def predictor(self) -> np.ndarray:
        return np.asarray(self.design.columns @ self.coefficients.values)


def fit(design: Design, *, separable: bool = True) -> Fit | NotEstimable:
    """Return the fitted model: a logit for repeats, a Poisson mean model for orders and money.

    The Poisson model needs only that the mean is exponential in the terms, not that amounts are
    counts (Gourieroux, Monfort and Trognon 1984, Econometrica 52: 701-720); refunds that turn a
    sum negative are allowed. Where the score tells perfectly who came back, a logit is penalised,
    or refused if it is not to be `separable`; where the controls do by themselves, there is
    nothing left to compare.
    """
    values = _finite(design)
    if values is not None:
        return _with_errors(design, values, _errors(design, values))
    if not design.binary:
        return NotEstimable("no_stable_fit", n=design.answers)
    if separable and _finite(design.without_score()) is not None:
        values = penalised(design.columns, design.total, design.n)
    if values is None:
        return NotEstimable("perfectly_told", n=design.answers)
    errors = _penalised_errors(design, values)
    return replace(_with_errors(design, values, errors), penalised=True)


def _finite(design: Design) -> np.ndarray | None:
    """Return the coefficients, or None where there are none or they stand for certainty."""
    values = _solve(
        design.columns, design.total, design.n, binary=design.binary, score_terms=design.score_terms
    )
    if values is None or not design.binary:
        return values
    return None if np.abs(design.columns @ values).max() > FARTHEST else values


def _with_errors(design: Design, values: np.ndarray, errors: pd.DataFrame) -> Fit:
    effective = kish(design.answers_of_each)
    coefficients = Quantities(values=values, errors=errors, n=design.answers, effective=effective)
    return Fit(design=design, coefficients=coefficients)


def fitted(
    cells: pd.DataFrame, basis: Basis, *, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Fit | NotEstimable:
    """Return `model_of` and `fit` in one: the model, or the first reason why there is none."""
    design = model_of(cells, basis, controls=controls, outcome=outcome)
    return design if isinstance(design, NotEstimable) else fit(design)


def in_blocks(rows: int) -> Iterator[slice]:
    """Yield blocks of rows that together are all: one where they are few."""
    step = BLOCK if rows > MANY else max(rows, 1)
    yield from (slice(start, start + step) for start in range(0, rows, step))


def levels_of(predictor: np.ndarray, *, binary: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean at a linear predictor, its slope and its curvature."""
    if not binary:
        mean = np.exp(predictor)
        return mean, mean, mean
    mean = expit(predictor)
    slope = mean * (1 - mean)
    return mean, slope, slope * (1 - 2 * mean)


def _solve(
    columns: np.ndarray, total: np.ndarray, n: np.ndarray, *, binary: bool, score_terms: int
) -> np.ndarray | None:
    """Return the coefficients, or None where the fit runs away or does not settle."""
    mean = total.sum() / n.sum()
    if mean <= 0 or (binary and mean >= 1):
        return None
    start = np.zeros(columns.shape[1])
    start[score_terms] = logit(mean) if binary else np.log(mean)
    fit = _by_statsmodels if len(n) <= MANY else _by_newton  # quicker again than remembered
    with np.errstate(all="ignore"):
        return fit(columns, total, n, start, binary=binary)


@remembered
def _by_statsmodels(
    columns: np.ndarray, total: np.ndarray, n: np.ndarray, start: np.ndarray, *, binary: bool
) -> np.ndarray | None:
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    if binary:
        outcome = np.column_stack([total, n - total])
        model = GLM(outcome, columns, family=families.Binomial())
    else:
        model = GLM(total / n, columns, family=families.Poisson(), var_weights=n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model.fit(start_params=start, maxiter=STEPS, tol_criterion="params")
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    settled = result.converged and np.isfinite(result.params).all()
    return np.asarray(result.params) if settled else None


def _by_newton(
    columns: np.ndarray, total: np.ndarray, n: np.ndarray, start: np.ndarray, *, binary: bool
) -> np.ndarray | None:
    """Return what statsmodels would, in a tenth of its memory.

    With canonical links Newton's steps are those of iteratively reweighted least squares. A few
    rows alone bring it near where it ends, so that all of them are gone through only twice or so.
    """
    few = (columns[::EVERY], total[::EVERY], n[::EVERY])
    near = _newton(*few, start, binary=binary)
    values = None if near is None else _newton(columns, total, n, near, binary=binary)
    return _newton(columns, total, n, start, binary=binary) if values is None else values


def _newton(
    columns: np.ndarray, total: np.ndarray, n: np.ndarray, values: np.ndarray, *, binary: bool
) -> np.ndarray | None:
    """Return where Newton's steps settle from some values, or None where they don't."""
    for _step in range(STEPS):
        slope, curvature = _slope_and_curvature(columns, total, n, values, binary=binary)
        try:
            step = np.linalg.solve(curvature, slope)
        except np.linalg.LinAlgError:
            return None
        values = values + step
        if not np.isfinite(values).all():
            return None
        if np.abs(step).max() < SETTLED:
            return values
    return None


def _slope_and_curvature(
    columns: np.ndarray, total: np.ndarray, n: np.ndarray, values: np.ndarray, *, binary: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-likelihood's slope at these coefficients, and its curvature's negative."""
    slope, curvature = np.zeros(len(values)), np.zeros((len(values), len(values)))
    for start in range(0, len(n), BLOCK):
        rows, weights = columns[start : start + BLOCK], n[start : start + BLOCK]
        mean, steepness, _curvature = levels_of(rows @ values, binary=binary)
        slope += (total[start : start + BLOCK] - weights * mean) @ rows
        curvature += rows.T @ (rows * (weights * steepness)[:, None])
    return slope, curvature


def _errors(design: Design, values: np.ndarray, mean: np.ndarray | None = None) -> pd.DataFrame:
    """Return what each cluster brings to each coefficient's error."""
    if mean is None:
        predictor = design.columns @ values
        mean = expit(predictor) if design.binary else np.exp(predictor)
    scores = design.left_over(mean)
    count, answers = len(scores), design.n.sum()
    factor = count / (count - 1) * (answers - 1) / (answers - len(values))
    return np.sqrt(factor) * scores @ bread_of(design, values)


def _penalised_errors(design: Design, values: np.ndarray) -> pd.DataFrame:
    """Return the same of a penalised logit, what the penalty brings in rows of its own."""
    model = (design.columns, design.n, values)
    errors = _errors(design, values, shifted_mean(*model))
    spread, turn = np.linalg.eigh(halves(*model))
    of_halves = np.sqrt(np.maximum(spread, 0))[:, None] * turn.T @ bread_of(design, values)
    names = [f"half answers {place}" for place in range(len(values))]
    rows = pd.DataFrame(of_halves, index=names, columns=errors.columns)
    return pd.concat([errors, rows])


def bread_of(design: Design, values: np.ndarray) -> np.ndarray:
    """Return how far the coefficients move per unit of the model's equations (terms x terms)."""
    data = (design.columns, design.total, design.n)
    return np.linalg.inv(_slope_and_curvature(*data, values, binary=design.binary)[1])
