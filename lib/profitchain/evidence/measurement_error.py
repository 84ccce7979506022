"""What a noisy score hides: how alike two answers of one customer are, and the link without noise.

One question, asked once, measures satisfaction with error; an error that has nothing to do with
what follows makes the link look weaker than it is (Spearman 1904, Am. J. Psychol. 15: 72-101).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import _, ngettext
from profitchain.effects.repeat_effect import CLUSTERED
from profitchain.stats.glm import Quantities, fitted
from profitchain.stats.margins import average_effect, estimates, stacked
from profitchain.stats.model_design import FEWEST_CUSTOMERS, Design, kish
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import said_frame

CLOSE = 28  # days; two answers this near speak of much the same satisfaction
FEWEST_PAIRS = 50
# Reliabilities found for single items on satisfaction (Wanous and Hudy 2001, Organizational
# Research Methods 4: 361-375; Dolbier et al. 2005, Am. J. Health Promotion 19: 194-198).
STATED = (0.9, 0.8, 0.7, 0.6)
ROOM = 0.05  # a reliability this close above what the controls explain would blow the effect up


def pairs(answers: pd.DataFrame, *, within_days: int = CLOSE) -> pd.DataFrame:
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
    days = pd.to_datetime(ordered["answered_on"])
    before = ordered.groupby("person")["score"].shift(1)
    gap = days.groupby(ordered["person"]).diff().dt.days
    close = before.notna() & (gap <= within_days)
    found = pd.DataFrame(
        {"first": before, "second": ordered["score"], "cluster": ordered["cluster"]}
    )
    return found[close].astype({"first": float, "second": float}).reset_index(drop=True)


def reliability(close: pd.DataFrame, *, level: float = 0.95) -> MaybeEstimate:
    """Return the share of the score's variance that a customer's second answer repeats.

    The intraclass correlation of pairs (`close`: as `pairs` returns), in which both answers count
    alike. Where satisfaction itself moved in between, as between two orders, it is too low: a bound
    from below.

    Returns
    -------
    Estimate in "ratio", at most 1, with an interval clustered by customer; or NotEstimable.
    """
    found = _reliability(close)
    if isinstance(found, NotEstimable):
        return found
    said = estimates(found, unit="ratio", level=level, method=f"pairs of answers; {CLUSTERED}")[0]
    return replace(said, low=max(said.low, -1.0), high=min(said.high, 1.0))


def corrected(
    cells: pd.DataFrame,
    close: pd.DataFrame,
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
    measured = _reliability(close)
    if isinstance(measured, NotEstimable) or measured.values[0] < min(STATED):
        return _within_range(corrections(cells, controls=controls, level=level), cells, level)
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
    every = [1.0, *reliabilities]
    if isinstance(parts, NotEstimable):
        return said_frame([parts] * len(every), reliability=every)
    said = [_corrected(parts, _given(one, parts), level, "reliability stated") for one in every]
    return said_frame(said, reliability=every)


def _reliability(close: pd.DataFrame) -> Quantities | NotEstimable:
    """Return the intraclass correlation and what each cluster brings to its error."""
    count = len(close)
    if count < FEWEST_PAIRS:
        return NotEstimable(_too_few(count), n=count)
    scores = close[["first", "second"]].to_numpy(float)
    apart = scores - scores.mean()
    product, square = apart.prod(axis=1), (apart**2).mean(axis=1)
    if square.mean() == 0:
        return NotEstimable(_("All answers of these customers are the same."), n=count)
    sizes = close.groupby("cluster").size().to_numpy(float)
    if kish(sizes) < FEWEST_CUSTOMERS:
        return NotEstimable(_("Too few customers answered twice within weeks."), n=count)
    value = product.mean() / square.mean()
    influence = (product - value * square) / square.mean() / count
    errors = pd.Series(influence).groupby(close["cluster"].to_numpy()).sum()
    return Quantities(
        values=np.array([value]), errors=_scaled(errors), n=count, effective=kish(sizes)
    )


def _too_few(count: int) -> str:
    return ngettext(
        "Only {n} time did a customer answer twice within {days} days: at least {fewest} are "
        "needed to tell how noisy the score is.",
        "Only {n} times did a customer answer twice within {days} days: at least {fewest} are "
        "needed to tell how noisy the score is.",
        count,
        days=CLOSE,
        fewest=FEWEST_PAIRS,
    )


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
    return Quantities(
        values=np.array([value]),
        errors=_scaled(errors),
        n=design.answers,
        effective=kish(design.answers_of_each),
    )


def _scaled(errors: pd.Series) -> pd.DataFrame:
    count = len(errors)
    return (errors * np.sqrt(count / max(count - 1, 1))).to_frame()


def _given(reliability: float, parts: Quantities) -> Quantities:
    nothing = pd.DataFrame(np.zeros((len(parts.errors), 1)), index=parts.errors.index)
    return replace(parts, values=np.array([reliability]), errors=nothing)


def _corrected(parts: Quantities, measured: Quantities, level: float, how: str) -> MaybeEstimate:
    """Return effect x (1 - R2) / (reliability - R2), the errors of all three carried along."""
    effect, explained = parts.values
    reliable = min(float(measured.values[0]), 1.0)
    if reliable - explained < ROOM:
        return NotEstimable(
            _(
                "A reliability of {reliability} leaves nothing beyond the {explained} that the "
                "controls tell of the score.",
                reliability=f"{reliable:.2f}",
                explained=f"{explained:.2f}",
            ),
            n=parts.n,
        )
    factor = (1 - explained) / (reliable - explained)
    gradient = np.array([
        factor,
        effect * (1 - reliable) / (reliable - explained) ** 2,
        -effect * factor / (reliable - explained),
    ])  # fmt: skip
    together = stacked([parts, measured]).combine(gradient)
    found = replace(together, values=np.array([effect * factor]), n=parts.n)
    method = f"corrected for a noisy score, {how}; {CLUSTERED}"
    return estimates(found, unit="share", level=level, method=method)[0]


def _within_range(rows: pd.DataFrame, cells: pd.DataFrame, level: float) -> MaybeEstimate:
    """Return one estimate for the stated range of reliabilities (the row at 1 left aside)."""
    stated = rows[rows["reliability"] < 1]
    known = stated.dropna(subset=["value"])
    if len(known) < len(stated) or stated.empty:
        why = stated.loc[stated["value"].isna(), "why"]
        none = _("No reliability is stated.")
        return NotEstimable(why.iloc[0] if len(why) else none, n=_n(cells))
    return Estimate(
        value=float(known["value"].median()), low=float(known["low"].min()),
        high=float(known["high"].max()), n=_n(cells), unit="share", level=level,
        method="corrected for a noisy score over a stated range of reliabilities",
    )  # fmt: skip


def _n(cells: pd.DataFrame) -> int:
    return int(cells["n"].sum())
