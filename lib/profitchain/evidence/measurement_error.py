"""What a noisy score hides: how alike two answers of one customer are, and the link without noise.

One question, asked once, measures satisfaction with error; an error that has nothing to do with
what follows makes the link look weaker than it is (Spearman 1904, Am. J. Psychol. 15: 72-101).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.stats.glm import Quantities, fitted
from profitchain.stats.margins import average_effect, estimates, stacked
from profitchain.stats.model_design import FEWEST_CUSTOMERS, Design, kish
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import CLUSTERED

CLOSE = 28  # days; two answers this near speak of much the same satisfaction
FEWEST_PAIRS = 50
# Reliabilities found for single items on satisfaction (Wanous and Hudy 2001, Organizational
# Research Methods 4: 361-375; Dolbier et al. 2005, Am. J. Health Promotion 19: 194-198).
STATED = (0.9, 0.8, 0.7, 0.6)
ROOM = 0.05  # a reliability this close above what the controls explain would blow the effect up


def close_pairs(answers: pd.DataFrame, *, within_days: int = CLOSE) -> pd.DataFrame:
    """Return each two successive answers of one customer that lie close together.

    Parameters
    ----------
    answers : one row an answer
        Reads `person`, `answered_on` (day), `score`, `cluster`.

    Returns
    -------
    One row a pair: first, second (scores), cluster.
    """
    ordered = answers.sort_values(["person", "answered_on"], kind="stable")
    before = ordered.groupby("person")["score"].shift(1).astype(float)
    days = pd.to_datetime(ordered["answered_on"]).groupby(ordered["person"]).diff().dt.days
    second = ordered["score"].astype(float)
    pairs = pd.DataFrame({"first": before, "second": second, "cluster": ordered["cluster"]})
    return pairs[before.notna() & (days <= within_days)].reset_index(drop=True)


def reliability(pairs: pd.DataFrame, *, level: float = 0.95) -> MaybeEstimate:
    """Return the share of the score's variance that a customer's second answer repeats.

    The intraclass correlation of pairs (as `close_pairs` returns), in which both answers count
    alike. Where satisfaction itself moved in between, as between two orders, it is too low: a bound
    from below.

    Returns
    -------
    Estimate in "ratio", at most 1, with an interval clustered by customer; or NotEstimable.
    """
    measured = _reliability(pairs)
    if isinstance(measured, NotEstimable):
        return measured
    method = f"pairs of answers; {CLUSTERED}"
    estimate = estimates(measured, unit="ratio", level=level, method=method)[0]
    return replace(estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))


def corrected_effect(
    cells: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    controls: Sequence[str] = (),
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the adjusted effect of one point of satisfaction freed of the score's noise.

    With pairs of answers the reliability is measured, and its uncertainty is in the interval. With
    too few of them, or pairs less alike than any single question is found to be (satisfaction moved
    then), it is taken from the range that the literature states: the value is that of the range's
    middle, the ends are the near end at the highest and the far end at the lowest.

    Returns
    -------
    Estimate in "share" (per point); NotEstimable where noise would eat up what controls leave.
    """
    measured = _reliability(pairs)
    if isinstance(measured, NotEstimable) or measured.values[0] < min(STATED):
        stated = corrections(cells, controls=controls, level=level).iloc[1:]
        return _over_range(stated, n=int(cells["n"].sum()), level=level)
    parts = _effect_and_explained(cells, controls)
    if isinstance(parts, NotEstimable):
        return parts
    return _corrected(parts, measured, level, "measured on pairs of answers")


def corrections(
    cells: pd.DataFrame,
    *,
    reliabilities: Sequence[float] = STATED,
    controls: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the corrected effect at each stated reliability, beside the one as it is (1).

    The adjusted effect times (1 - R2) / (reliability - R2), R2 what the controls explain of the
    score: classical error in one variable, the others without (Carroll, Ruppert, Stefanski and
    Crainiceanu 2006, Measurement Error in Nonlinear Models, 2nd ed., sec. 3.3). That is exact for
    a straight line and close to it for the logit.

    Returns
    -------
    One row a reliability: reliability, value, low, high (share per point), n, why.
    """
    parts = _effect_and_explained(cells, controls)
    reliabilities = [1.0, *reliabilities]
    if isinstance(parts, NotEstimable):
        return to_frame([parts] * len(reliabilities), reliability=reliabilities)
    nothing = pd.DataFrame(np.zeros((len(parts.errors), 1)), index=parts.errors.index)
    stated = [
        replace(parts, values=np.array([share]), errors=nothing) for share in reliabilities
    ]  # without error
    effects = [_corrected(parts, share, level, "reliability stated") for share in stated]
    return to_frame(effects, reliability=reliabilities)


def _reliability(pairs: pd.DataFrame) -> Quantities | NotEstimable:
    """Return the intraclass correlation and what each cluster brings to its error."""
    count = len(pairs)
    if count < FEWEST_PAIRS:
        return NotEstimable(
            "few_pairs_of_answers", n=count, pairs=count, days=CLOSE, fewest=FEWEST_PAIRS
        )
    scores = pairs[["first", "second"]].to_numpy(float)
    apart = scores - scores.mean()
    product, square = apart.prod(axis=1), (apart**2).mean(axis=1)
    if square.mean() == 0:
        return NotEstimable("pairs_all_the_same", n=count)
    sizes = pairs.groupby("cluster").size().to_numpy(float)
    if kish(sizes) < FEWEST_CUSTOMERS:
        return NotEstimable("few_customers_answered_twice", n=count)
    value = product.mean() / square.mean()
    influence = (product - value * square) / square.mean() / count
    errors = pd.Series(influence).groupby(pairs["cluster"].to_numpy()).sum()
    return _one_quantity(value, errors, n=count, effective=kish(sizes))


def _effect_and_explained(
    cells: pd.DataFrame, controls: Sequence[str]
) -> Quantities | NotEstimable:
    """Return the adjusted effect and what the controls explain of the score, stacked."""
    model = fitted(cells, as_it_is, controls=controls)
    if isinstance(model, NotEstimable):
        return model
    effect = average_effect(model)
    return replace(stacked([effect, _explained(model.design)]), n=effect.n)


def _explained(design: Design) -> Quantities:
    """Return R2 of the score on the controls; their coefficients add no error at their optimum."""
    score, rest, n = design.columns[:, 0], design.columns[:, 1:], design.n
    weight = np.sqrt(n)
    slopes = np.linalg.lstsq(rest * weight[:, None], score * weight, rcond=None)[0]
    left, whole = (score - rest @ slopes) ** 2, (score - np.average(score, weights=n)) ** 2
    total = n @ whole
    value = 1 - n @ left / total
    errors = design.spread(-(left - (1 - value) * whole) / total)
    return _one_quantity(value, errors, n=design.answers, effective=kish(design.answers_of_each))


def _one_quantity(value: float, errors: pd.Series, *, n: int, effective: float) -> Quantities:
    count = len(errors)
    scaled = (errors * np.sqrt(count / max(count - 1, 1))).to_frame()
    return Quantities(values=np.array([value]), errors=scaled, n=n, effective=effective)


def _corrected(parts: Quantities, measured: Quantities, level: float, how: str) -> MaybeEstimate:
    """Return effect x (1 - R2) / (reliability - R2), the errors of all three carried along."""
    effect, explained = parts.values
    reliable = min(float(measured.values[0]), 1.0)
    if reliable - explained < ROOM:
        shares = {"reliability": reliable, "explained": float(explained)}
        return NotEstimable("noise_leaves_nothing", n=parts.n, **shares)
    factor = (1 - explained) / (reliable - explained)
    gradient = np.array([
        factor,
        effect * (1 - reliable) / (reliable - explained) ** 2,
        -effect * factor / (reliable - explained),
    ])  # fmt: skip
    together = stacked([parts, measured]).combine(gradient)
    product = replace(together, values=np.array([effect * factor]), n=parts.n)
    method = f"corrected for a noisy score, {how}; {CLUSTERED}"
    return estimates(product, unit="share", level=level, method=method)[0]


def _over_range(rows: pd.DataFrame, *, n: int, level: float) -> MaybeEstimate:
    """Return one estimate for a range of reliabilities, or why one of them gives none."""
    missing = rows.loc[rows["value"].isna(), "why"]
    if len(missing):
        return NotEstimable(missing.iloc[0], n=n)
    return Estimate(
        value=float(rows["value"].median()), low=float(rows["low"].min()),
        high=float(rows["high"].max()), n=n, unit="share", level=level,
        method="corrected for a noisy score over a stated range of reliabilities",
    )  # fmt: skip
