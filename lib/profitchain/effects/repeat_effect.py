"""What goes with one more point of satisfaction: do those who give it order again more often?

Every function reads *cells*: one row for each distinct combination of score, history, segments and
cluster among the answers whose window has closed, with `n` (answers), `repeats` (answers followed
by an order inside the window) and the sums of `orders`, `spend` and `margin`. Frames hold NaN only
in rows whose `why` says the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.stats.disclosure_control import customers_by, too_small, withheld
from profitchain.stats.glm import PENALISED, Fit, Quantities, fitted
from profitchain.stats.margins import average_effect, estimates, standardised
from profitchain.stats.model_design import Outcome, refusal
from profitchain.stats.model_matrix import Controls, as_it_is, categories
from profitchain.stats.ratios import CLUSTERED, ratio

NEEDS = ("orders.customer_id", "responses.customer_id")  # what a page on it needs of a firm


def lookback(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells whose window closed within the company's `lookback_months`."""
    return cells[cells["in_lookback"].astype(bool)].reset_index(drop=True)


def raw_rates(
    cells: pd.DataFrame,
    *,
    scale: tuple[float, float] | None = None,
    smallest: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the share that ordered again at each score, nothing adjusted.

    Returns
    -------
    One row a score that was given (all whole scores of `scale`, if one is named): score, value,
    low, high (shares), n, why.
    """
    if cells["n"].sum() == 0 and scale is None:
        return nothing(cells)
    scores = sorted(cells["score"].unique())
    if scale is not None:
        scores = sorted({*scores, *np.arange(scale[0], scale[1] + 1)})
    sizes = customers_by(cells, "score", "n").reindex(scores, fill_value=0)
    hidden = withheld(sizes, smallest)
    rates = [
        too_small(sizes[score], smallest)
        if hidden[score]
        else ratio(
            cells[cells["score"] == score],
            numerator="repeats",
            denominator="n",
            unit="share",
            bounds=(0.0, 1.0),
            smallest=smallest,
            level=level,
        )
        for score in scores
    ]
    return to_frame(rates, score=[float(score) for score in scores])


def repeat_effect(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return by how much the repeat probability differs, on average, for one more point.

    The average marginal effect of a logit in which the score is linear.

    Returns
    -------
    Estimate in "share" (0.02: two more in a hundred order again), or NotEstimable.
    """
    return effect_of_a_point(cells, outcome="repeats", controls=controls, unit="share", level=level)


def effect_of_a_point(
    cells: pd.DataFrame,
    *,
    outcome: Outcome,
    controls: Sequence[str] = (),
    unit: str,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the average marginal effect of one point on an outcome's mean, per answer.

    Where the score tells perfectly who came back, a slope tells nothing of a cliff: there it is the
    difference of `rates_one_point_up`.
    """
    model = fitted(cells, as_it_is, controls=controls, outcome=outcome)
    if isinstance(model, NotEstimable):
        return model
    if model.penalised and not isinstance(up := rates_one_point_up(cells, controls), NotEstimable):
        method = f"difference of rates score by score; {adjustment(model)}; {CLUSTERED}"
        return estimates(up, unit=unit, level=level, method=method)[0]
    kind = "logit" if outcome == "repeats" else "Poisson mean model"
    method = f"average marginal effect ({kind}); {adjustment(model)}; {CLUSTERED}"
    return estimates(average_effect(model), unit=unit, level=level, method=method)[0]


def rates_one_point_up(
    cells: pd.DataFrame, controls: Sequence[str] = ()
) -> Quantities | NotEstimable:
    """Return the mean difference in the repeat rate if each answer were a point higher.

    Each score has a standardised rate of its own; between scores that were given the rate is
    interpolated, and the highest stays.
    """
    counts = cells[cells["n"] > 0].groupby("score")["n"].sum()
    scores, shares = counts.index.to_numpy(float), counts.to_numpy(float) / counts.sum()
    model = fitted(cells, categories(scores[1:]), controls=controls)
    if isinstance(model, NotEstimable):
        return model
    each = np.eye(len(scores))
    above = np.column_stack([np.interp(scores + 1, scores, one) for one in each])
    return standardised(model, scores).combine(shares @ (above - each))


def controls_used(cells: pd.DataFrame, *, controls: Sequence[str]) -> Controls | NotEstimable:
    """Return which controls the effect of one point is adjusted for, with notes on the others."""
    model = fitted(cells, as_it_is, controls=controls)
    return model if isinstance(model, NotEstimable) else model.design.controls


def nothing(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the one row, without a score, that says why there are no rates at all."""
    return to_frame([NotEstimable(refusal(cells) or "no_window_closed")], score=[np.nan])


def adjustment(model: Fit) -> str:
    """Return a method's clause on what a model adjusts for, and whether it had to be penalised."""
    controls = model.design.controls
    used = f"adjusted for {', '.join(controls.used)}" if controls.used else "not adjusted"
    used = f"{PENALISED}; {used}" if model.penalised else used
    dropped = [dict(note.values).get("control") for note in controls.notes]
    left_out = [str(name) for name in dropped if name and name not in controls.used]
    return f"{used}, without {', '.join(left_out)}" if left_out else used
