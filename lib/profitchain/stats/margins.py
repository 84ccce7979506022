"""From a fitted model to numbers one can say: average effects, standardised rates, tests.

The errors of the coefficients are carried along by the delta method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from profitchain.core.estimates import Estimate
from profitchain.stats.glm import Fit, Quantities, in_blocks, levels_of
from profitchain.stats.model_matrix import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Wald:
    """A test that several effects are all zero: F with `df` and `df_rest` degrees of freedom."""

    p: float
    statistic: float
    df: int
    df_rest: float
    n: int
    method: str

    @property
    def estimate(self) -> Estimate:
        """The p-value in the form of the record, where it is its own interval."""
        return Estimate(
            value=self.p, low=self.p, high=self.p, n=self.n, unit="p", method=self.method
        )


def average_effect(model: Fit) -> Quantities:
    """Return the average marginal effect of the first score term: the mean of slope x coefficient.

    For a logit with the score linear that is mean(p (1 - p)) beta, p at each answer's own score and
    controls. The interval is conditional on the answers' scores and controls, as statsmodels'
    `get_margeff(at="overall")`. A penalised logit has cliffs, of which a slope at whole scores
    tells nothing: there it is the mean of `steps`.
    """
    if model.penalised:
        change, gradients = steps(model)
        share = model.design.n / model.design.n.sum()
        carried = model.coefficients.combine(share @ gradients)
        return replace(carried, values=np.array([share @ change]))
    design, values = model.design, model.coefficients.values
    answers, steepness, gradient = design.n.sum(), 0.0, np.zeros(len(values))
    for rows in in_blocks(len(design.n)):
        columns, share = design.columns[rows], design.n[rows] / answers
        _, slope, curvature = levels_of(columns @ values, binary=design.binary)
        gradient += values[0] * (share * curvature) @ columns
        steepness += share @ slope
    gradient[0] += steepness
    carried = model.coefficients.combine(gradient)
    return replace(carried, values=np.array([values[0] * steepness]))


def raised(model: Fit, points: float, scale: tuple[float, float]) -> Quantities:
    """Return the mean difference of the outcome if every score were so many points higher.

    None goes beyond the end of the scale. Each answer keeps its own history (g-computation;
    Haneuse and Rotnitzky 2013, Stat. Med. 32: 5260-5277, on shifted exposures).
    """
    design = model.design
    before = design.columns[:, : design.score_terms]
    after = design.basis(np.clip(before[:, 0] + points, *scale))  # the first term is the score
    return average_change(model, before, after, design.n)


def steps(model: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's change of the mean from its score to one point above.

    And how that moves with each coefficient (rows x terms).
    """
    change, gradients = np.zeros(len(model.design.n)), np.zeros(model.design.columns.shape)
    for sign, points in ((1.0, 1.0), (-1.0, 0.0)):
        columns = model.design.columns.astype(float)
        columns[:, 0] += points
        mean, slope, _ = levels_of(columns @ model.coefficients.values, binary=model.design.binary)
        change += sign * mean
        gradients += sign * slope[:, None] * columns
    return change, gradients


def standardised(model: Fit, scores: Numbers) -> Quantities:
    """Return the mean outcome if every answer had each of these scores in turn, all else as it was.

    Also known as g-computation or predictive margins (Lane and Nelder 1982, Biometrics 38:
    613-621).
    """
    design = model.design
    share, terms = design.n / design.n.sum(), design.score_terms
    rest, others = model.rest, design.columns[:, terms:]
    values, gradients = [], []
    for row in design.basis(np.asarray(scores, float)):
        mean, slope, _ = levels_of(rest + row @ model.score_part, binary=design.binary)
        values.append(share @ mean)
        gradients.append(np.concatenate([row * (share @ slope), (share * slope) @ others]))
    carried = model.coefficients.combine(np.array(gradients))
    return replace(carried, values=np.array(values))


def average_change(
    model: Fit, before: np.ndarray, after: np.ndarray, weights: Numbers
) -> Quantities:
    """Return the weighted mean of what the outcome changes by as each row's score does.

    Parameters
    ----------
    before, after : the score's terms of each row of the model's design (rows x terms).
    weights : one number a row; they are scaled to 1.
    """
    share, terms = np.asarray(weights, float), model.design.score_terms
    share, rest, others = share / share.sum(), model.rest, model.design.columns[:, terms:]
    value, gradient = 0.0, np.zeros(len(model.coefficients.values))
    for sign, columns in ((1, after), (-1, before)):
        predictor = rest + columns @ model.score_part
        mean, slope, _ = levels_of(predictor, binary=model.design.binary)
        value += sign * float(share @ mean)
        steepness = share * slope
        gradient += sign * np.concatenate([steepness @ columns, steepness @ others])
    return replace(model.coefficients.combine(gradient), values=np.array([value]))


def stacked(parts: Sequence[Quantities]) -> Quantities:
    """Return quantities of several fits as one; customers found in both make them covary."""
    errors = pd.concat([part.errors for part in parts], axis=1).fillna(0.0)
    errors.columns = range(errors.shape[1])
    values = np.concatenate([part.values for part in parts])
    return Quantities(
        values=values, errors=errors, n=sum(part.n for part in parts),
        effective=min(part.effective for part in parts),
    )  # fmt: skip


def estimates(
    quantities: Quantities, *, unit: str, share: bool = False, level: float = 0.95, method: str = ""
) -> list[Estimate]:
    """Return each quantity with its t interval; a `share` on the logit scale, so within 0 and 1."""
    values, n = quantities.values, quantities.n
    quantile = float(stats.t.ppf((1 + level) / 2, quantities.df))
    half = quantile * np.sqrt(np.diag(quantities.covariance))
    low, high = values - half, values + half
    if share:
        spread = half / (values * (1 - values))
        low, high = expit(logit(values) - spread), expit(logit(values) + spread)
    return [
        Estimate(
            value=value, low=min(bottom, value), high=max(top, value),
            n=n, unit=unit, level=level, method=method,
        )
        for value, bottom, top in np.column_stack([values, low, high]).tolist()
    ]  # fmt: skip


def wald_test(quantities: Quantities, method: str) -> Wald:
    """Return the test that all these quantities are zero."""
    values, tests = quantities.values, len(quantities.values)
    statistic = float(values @ np.linalg.solve(quantities.covariance, values)) / tests
    return Wald(
        p=float(stats.f.sf(statistic, tests, quantities.df)), statistic=statistic, df=tests,
        df_rest=quantities.df, n=quantities.n, method=method,
    )  # fmt: skip
