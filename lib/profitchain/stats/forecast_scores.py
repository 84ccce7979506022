"""How good predicted chances were, once it is known what happened: ranking, accuracy, calibration.

A forecast is judged on customers and a period that it was not made from. Its interval holds the
fitted model fixed and says how far the figure would move with other customers. Errors are kept
customer by customer, so that two forecasts of the same customers are compared as a pair.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from profitchain.core.estimates import Estimate, NotEstimable, Reason, to_frame
from profitchain.stats.glm import fit
from profitchain.stats.margins import estimates
from profitchain.stats.model_design import FEWEST_EVENTS, Design, kish
from profitchain.stats.model_matrix import Controls, as_it_is
from profitchain.stats.ratios import Linearised, ratio

TOP = 0.1  # lift looks at the tenth predicted the highest chance
BINS = 10
SURE = 1e-9  # chances nearer to 0 or 1 count as this near
METHOD = "out of time, 95% interval clustered by customer"


def _refusal(outcome: np.ndarray) -> NotEstimable | None:
    """Return why a forecast of these outcomes (1 came true, 0 not) can't be judged, or None."""
    came, n = int(outcome.sum()), len(outcome)
    if min(came, n - came) >= FEWEST_EVENTS:
        return None
    counts = {"left": came, "count": n, "needed": FEWEST_EVENTS}
    return NotEstimable(Reason.of("too_few_of_either_kind", **counts), n=n)


def auc(outcome: np.ndarray, chance: np.ndarray, clusters: np.ndarray) -> Linearised | NotEstimable:
    """Return how often a leaver was predicted a higher chance than a stayer; ties count half.

    0.5 is a coin, 1 a perfect ranking. Hanley and McNeil (1982, Radiology 143: 29-36); errors by
    DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44: 837-845), whose variance they add up to.
    """
    if refused := _refusal(outcome):
        return refused
    left = outcome == 1
    ranks = stats.rankdata(chance)
    errors = np.empty(len(chance))
    for kind, others, sign in ((left, ~left, 1), (~left, left, -1)):
        below = (ranks[kind] - stats.rankdata(chance[kind])) / others.sum()
        won = below if sign > 0 else 1 - below
        count = kind.sum()
        errors[kind] = (won - won.mean()) / np.sqrt(count * (count - 1.0))
        value = float(won.mean())
    return _linearised(value, errors, clusters, rarer=int(min(left.sum(), (~left).sum())))


def brier_skill(
    outcome: np.ndarray, chance: np.ndarray, clusters: np.ndarray, *, base_rate: float
) -> Linearised | NotEstimable:
    """Return by which share a forecast's squared error is smaller than the base rate's.

    0 is no better than telling everybody the same chance, the share that left in the periods the
    model learnt from; 1 is perfect; it may fall below 0. Brier (1950, Monthly Weather Review 78:
    1-3); Murphy (1973, J. Appl. Meteorol. 12: 215-223).
    """
    if refused := _refusal(outcome):
        return refused
    missed, plain = (outcome - chance) ** 2, (outcome - base_rate) ** 2
    left = missed.sum() / plain.sum()
    errors = -_scaled(missed - left * plain) / plain.sum()
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    return _linearised(1 - left, errors, clusters, rarer=rarer)


def lift(
    outcome: np.ndarray, chance: np.ndarray, clusters: np.ndarray, *, top: float = TOP
) -> Linearised | NotEstimable:
    """Return how many times as often those predicted the highest chances left as everybody.

    `top` is the share of customers looked at; of customers with one chance at its edge each counts
    in part, so that no accident of their order decides.
    """
    if refused := _refusal(outcome):
        return refused
    target = top * len(chance)
    edge = np.sort(chance)[::-1][max(int(np.ceil(target)) - 1, 0)]
    above, at = chance > edge, chance == edge
    inside = above + at * (target - above.sum()) / at.sum()
    share, all_share = inside @ outcome / target, outcome.mean()
    value = share / all_share
    errors = _scaled(inside * (outcome - share)) / target / all_share
    errors -= value * (outcome - all_share) / len(outcome) / all_share
    return _linearised(float(value), errors, clusters, rarer=max(int(target), 2))


def gain(
    better: Linearised | NotEstimable, worse: Linearised | NotEstimable
) -> Linearised | NotEstimable:
    """Return one figure less the same figure of another forecast of the same customers."""
    if isinstance(better, NotEstimable) or isinstance(worse, NotEstimable):
        return better if isinstance(better, NotEstimable) else worse
    errors = better.errors - worse.errors
    return replace(better, value=better.value - worse.value, errors=errors)


def calibration_bins(trial: pd.DataFrame, column: str, *, smallest: int = 0) -> pd.DataFrame:
    """Return predicted chances beside what came true, by tenths of the predicted.

    Parameters
    ----------
    trial : one row a customer: `outcome`, `cluster` and the named column of chances.

    Returns
    -------
    One row a bin, fewer where that leaves too few customers: predicted (mean chance), value, low,
    high (share that left), n, why.
    """
    count = int(np.clip(len(trial) // max(smallest, 20), 1, BINS))
    place = trial[column].rank(method="average", pct=True)
    rows = trial.assign(n=1, place=np.ceil(place * count))
    parts = [part for _place, part in rows.groupby("place") if len(part) >= max(smallest, 1)]
    shares = [
        ratio(
            part, numerator="outcome", denominator="n", unit="share", bounds=(0.0, 1.0),
            smallest=smallest,
        )
        for part in parts
    ]  # fmt: skip
    return to_frame(shares, predicted=[part[column].mean() for part in parts])


def calibration_line(
    outcome: np.ndarray, chance: np.ndarray, clusters: np.ndarray
) -> dict[str, Estimate | NotEstimable]:
    """Return `slope` (1: chances neither too bold nor too shy) and `drift` of predicted chances.

    The slope is that of a logit of the outcome on the predicted log odds (Cox 1958, Biometrika 45:
    562-565); `drift` is the share that left less the mean chance, 0 where the level is right.
    """
    if refused := _refusal(outcome):
        return dict.fromkeys(("slope", "drift"), refused)
    n = len(outcome)
    odds = logit(np.clip(chance, SURE, 1 - SURE))
    missed = ratio(
        pd.DataFrame({"cluster": clusters, "missed": outcome - chance, "n": 1}),
        numerator="missed", denominator="n", unit="share",
    )  # fmt: skip
    if odds.std() < SURE:
        return {"slope": NotEstimable("all_chances_the_same", n=n), "drift": missed}
    model = fit(
        simple_logit(np.column_stack([np.ones(n), odds]), outcome, clusters), separable=False
    )
    if isinstance(model, NotEstimable):
        return {"slope": model, "drift": missed}
    slope = estimates(model.coefficients.combine(np.array([0.0, 1.0])), unit="ratio")[0]
    return {"slope": slope, "drift": missed}


def simple_logit(columns: np.ndarray, outcome: np.ndarray, clusters: np.ndarray) -> Design:
    """Return a logit of 0/1 outcomes as `glm.fit` takes it: the constant comes first."""
    return Design(
        columns=columns, score_terms=0, total=np.asarray(outcome, float), n=np.ones(len(outcome)),
        clusters=clusters, binary=True, basis=as_it_is, controls=Controls(),
    )  # fmt: skip


def _scaled(errors: np.ndarray) -> np.ndarray:
    return np.asarray(errors * np.sqrt(len(errors) / (len(errors) - 1)))


def _linearised(
    value: float, errors: np.ndarray, clusters: np.ndarray, *, rarer: int
) -> Linearised:
    """Return a figure with its errors by cluster; `rarer` customers bound what it rests on."""
    codes, names = pd.factorize(clusters)
    sizes = np.bincount(codes).astype(float)
    summed = pd.Series(np.bincount(codes, errors), index=names)
    return Linearised(
        value=value, errors=summed, n=len(errors), effective=min(kish(sizes), float(rarer))
    )
