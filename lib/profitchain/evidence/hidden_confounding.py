"""How strong something that nobody recorded would have to be to explain the link away.

The link is read here as a straight line, repeats on score and controls: only there is the bias of
a left-out variable known exactly. Cinelli and Hazlett (2020, JRSS B 82: 39-67) state it by two
shares of variance: what the hidden confounder explains of the score, and what of the outcome,
both beyond the controls. Cells are as in `repeat_effect`; all sums are taken over answers, and as
the outcome is 0 or 1 its sum of squares is its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.repeat_effect import adjustment
from profitchain.stats.glm import fitted
from profitchain.stats.margins import standardised
from profitchain.stats.model_design import kish, model_of
from profitchain.stats.model_matrix import as_it_is
from profitchain.stats.ratios import CLUSTERED

TIMES = (1, 2, 3)  # a hidden confounder so many times as strong as an observed control
OUTCOME = -1  # its place among the moments; the score stands first, the controls between
CURVE_POINTS = 120
MARGIN = 1.25  # how far a drawing reaches beyond what it must show
LEAST_REACH = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class StraightLine:
    """The link as least squares sees it, and all that its sensitivity follows from.

    `moments` are sums of products about the means of score, controls and outcome; `names` say for
    each column of controls to which control it belongs. `error` is the classical standard error of
    `effect`, `error_clustered` the one robust to repeated customers, `quantile` its t quantile.
    """

    moments: np.ndarray
    names: tuple[str, ...]
    effect: float
    error: float
    error_clustered: float
    quantile: float
    df: int
    n: int
    level: float = 0.95

    @property
    def reach(self) -> float:
        """The effect in units in which a hidden confounder's two shares are said: |t| / sqrt(df).

        Its square is the partial Cohen's f2 of the score with the outcome.
        """
        return float(abs(self.effect) / (self.error * np.sqrt(self.df)))

    @property
    def critical(self) -> float:
        """The part of `reach` that the interval takes up, with the errors robust to customers."""
        return float(self.quantile * self.error_clustered / (self.error * np.sqrt(self.df - 1)))

    @property
    def partial_r2(self) -> float:
        """The share of the outcome's variance beyond the controls that the score explains."""
        return self.reach**2 / (1 + self.reach**2)

    @property
    def score_r2(self) -> float:
        """The share of the score's variance that the controls explain."""
        return 1 - unexplained(self.moments, 0, self.places_of()) / float(self.moments[0, 0])

    def places_of(self, *, without: str = "") -> list[int]:
        """Return the places of the controls among the moments, those of one control left out."""
        return [place for place, name in enumerate(self.names, start=1) if name != without]


def straight_line(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> StraightLine | NotEstimable:
    """Return least squares of repeats (0 or 1) on score and controls, one row an answer.

    Its effect of a point is a difference of probabilities ("share"), as the average marginal
    effect of the logit, and close to it.
    """
    design = model_of(cells, as_it_is, controls=controls)
    if isinstance(design, NotEstimable):
        return design
    columns = np.column_stack([design.columns[:, 0], design.columns[:, 2:]])  # no constant
    middle = np.average(columns, axis=0, weights=design.n)
    columns = columns - middle
    share = design.total.sum() / design.n.sum()
    moments = _moments(columns, design.n, design.total, share)
    inverse = np.linalg.inv(moments[:-1, :-1])
    slopes = inverse @ moments[:-1, OUTCOME]
    left = float(moments[OUTCOME, OUTCOME] - slopes @ moments[:-1, OUTCOME])
    if left <= 0:
        return NotEstimable("scores_tell_perfectly", n=design.answers)
    sums = design.left_over(share + columns @ slopes).to_numpy()
    brought = (np.delete(sums, 1, axis=1) - sums[:, [1]] * middle) @ inverse[0]
    count, k = len(sums), columns.shape[1] + 1
    factor = count / (count - 1) * (design.answers - 1) / (design.answers - k)
    return StraightLine(
        moments=moments,
        names=design.controls.names,
        effect=float(slopes[0]),
        error=float(np.sqrt(left / (design.answers - k) * inverse[0, 0])),
        error_clustered=float(np.sqrt(factor * brought @ brought)),
        quantile=float(stats.t.ppf((1 + level) / 2, kish(design.answers_of_each) - 1)),
        df=design.answers - k,
        n=design.answers,
        level=level,
    )


def robustness_value(reach: float, critical: float = 0.0) -> float:
    """Return the share of both score and outcome that a hidden confounder must explain.

    With `critical` 0 to bring the effect to zero, else to bring the near end of its interval there.

    References
    ----------
    Cinelli and Hazlett (2020), JRSS B 82: 39-67, eq. 17 and 19, with the limit that applies where
    the interval alone is wide (their R package sensemakr, `robustness_value`).

    Examples
    --------
    >>> round(robustness_value(0.1), 4), robustness_value(0.1, critical=0.2)
    (0.0951, 0.0)
    """
    left = reach - critical
    if left <= 0:
        return 0.0
    if critical > 0 and reach > 1 / critical:
        return float((reach**2 - critical**2) / (1 + reach**2))
    return float(2 / (1 + np.sqrt(1 + 4 / left**2)))


def robustness(line: StraightLine | NotEstimable) -> tuple[MaybeEstimate, MaybeEstimate]:
    """Return the robustness value of the effect, and that of its being clear of zero.

    The first is an Estimate in "share" whose ends are the robustness values of the effect's ends;
    the second is a limit, and so its own interval.
    """
    if isinstance(line, NotEstimable):
        return line, line
    value, low = robustness_value(line.reach), robustness_value(line.reach, line.critical)
    robust = Estimate(
        value=value, low=low, high=robustness_value(line.reach + line.critical), n=line.n,
        unit="share", level=line.level, method="Cinelli and Hazlett 2020",
    )  # fmt: skip
    return robust, replace(robust, value=low, high=low)


def effect_of_line(line: StraightLine | NotEstimable) -> MaybeEstimate:
    """Return the effect of a point as the straight line has it, in "share"."""
    return line if isinstance(line, NotEstimable) else effect_beside(line, 0.0, 0.0)


def benchmarks(
    line: StraightLine | NotEstimable, *, times: Sequence[float] = TIMES
) -> pd.DataFrame:
    """Return what would be left of the effect if something hidden were as strong as each control.

    A control counts with all its columns together. "So many times as strong" speaks of the shares
    of variance that it explains, of the score and of the outcome alike.

    Returns
    -------
    One row a control and strength: control, times, score_share, outcome_share (0 to 1, what the
    hidden confounder would explain beyond the controls), value, low, high (share per point), n,
    why. The controls that would leave the least stand first.

    References
    ----------
    Cinelli and Hazlett (2020), sec. 4.4: a bound for a group of covariates.
    """
    columns = ["control", "times", "score_share", "outcome_share", "value", "low", "high", "n"]
    if isinstance(line, NotEstimable):
        return pd.DataFrame(columns=columns).assign(why="")
    rows = []
    for control in dict.fromkeys(line.names):
        shares = _own_shares(line, control)
        for strength in times:
            bound = _bound(*shares, strength)
            left = effect_beside(line, *bound)
            rows.append((control, strength, *bound, left.value, left.low, left.high, left.n))
    frame = pd.DataFrame(rows, columns=columns).assign(why="")
    least = (frame["value"] * np.sign(line.effect)).groupby(frame["control"]).transform("min")
    frame = frame.assign(least=least).sort_values(["least", "control", "times"], ignore_index=True)
    return frame.drop(columns="least")


def contours(line: StraightLine, *, reach: tuple[float, float]) -> pd.DataFrame:
    """Return the lines on which a hidden confounder leaves half of the effect, or none, or no sign.

    Parameters
    ----------
    reach : the largest shares drawn, of the score and of the outcome, from 0 to 1.

    Returns
    -------
    One row a place on a line: line ("half left", "no longer clear", "nothing left"), score_share,
    outcome_share; only what lies within the drawing.
    """
    x = np.linspace(0, reach[0], CURVE_POINTS + 1)[1:]
    gone = line.reach**2 * (1 - x) / x
    shares = {
        "half left": 0.5**2 * gone,
        "no longer clear": _outcome_share_unclear(line, x),
        "nothing left": gone,
    }
    frames = [
        pd.DataFrame({"line": name, "score_share": x, "outcome_share": y})
        for name, y in shares.items()
    ]
    places = pd.concat(frames, ignore_index=True)
    return places[places["outcome_share"].between(0, reach[1])].reset_index(drop=True)


def drawn_to(line: StraightLine, compared: pd.DataFrame) -> tuple[float, float]:
    """Return how far a drawing of `contours` must reach to show the compared controls as well."""
    least = max(robustness_value(line.reach), LEAST_REACH)
    shares = compared[["score_share", "outcome_share"]].to_numpy(float)
    across, up = shares.max(axis=0, initial=least).tolist()
    return min(1.0, MARGIN * across), min(1.0, MARGIN * up)


def risk_ratio(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return how many times as likely a repeat is for one more point, all else as it is.

    The standardised probability half a point above the mean score over that half a point below it,
    so that it does not leave the scale; in "ratio", with a delta-method interval on its logarithm.
    """
    model = fitted(cells, as_it_is, controls=controls)
    if isinstance(model, NotEstimable):
        return model
    middle = float(np.average(cells["score"].astype(float), weights=cells["n"]))
    rates = standardised(model, [middle - 0.5, middle + 0.5])
    below, above = rates.values
    logged = rates.combine(np.array([-1 / below, 1 / above]))
    half = stats.t.ppf((1 + level) / 2, logged.df) * np.sqrt(logged.covariance[0, 0])
    value, low, high = (above / below * np.exp([0.0, -half, half])).tolist()
    method = f"standardised risk ratio (logit); {adjustment(model)}; {CLUSTERED}"
    return Estimate(
        value=value, low=low, high=high, n=logged.n, unit="ratio", level=level, method=method
    )


def e_value(ratio: MaybeEstimate) -> MaybeEstimate:
    """Return how strongly something hidden must go with both score and repeats, as a risk ratio.

    An Estimate in "ratio", from 1 on; its ends are the E-values of the risk ratio's ends, 1 where
    the interval includes it.

    References
    ----------
    VanderWeele and Ding (2017), Annals of Internal Medicine 167: 268-274.

    Examples
    --------
    >>> strength = e_value(Estimate(value=3.9, low=1.8, high=8.7, n=500, unit="ratio"))
    >>> round(strength.value, 1), round(strength.low, 1)
    (7.3, 3.0)
    """
    if isinstance(ratio, NotEstimable):
        return ratio
    if not isinstance(ratio, Estimate) or ratio.unit != "ratio" or ratio.low <= 0:
        raise ParameterError(
            f"An E-value is of a risk ratio above 0, not of {ratio!r}. Pass what risk_ratio "
            "returns."
        )
    ends = (ratio.low, ratio.high) if ratio.value >= 1 else (1 / ratio.high, 1 / ratio.low)
    ratios = np.maximum([max(ratio.value, 1 / ratio.value), *ends], 1.0)
    value, low, high = (ratios + np.sqrt(ratios * (ratios - 1))).tolist()
    method = "VanderWeele and Ding 2017"
    return Estimate(
        value=value, low=low, high=high, n=ratio.n, unit="ratio", level=ratio.level, method=method
    )


def _moments(columns: np.ndarray, n: np.ndarray, total: np.ndarray, share: float) -> np.ndarray:
    """Return the sums of products about the means, over answers, of the columns and the outcome."""
    inner = columns.T @ (columns * n[:, None])
    across = columns.T @ (total - n * share)
    own = n.sum() * share * (1 - share)
    return np.block([[inner, across[:, None]], [across[None, :], np.array([[own]])]])


def unexplained(moments: np.ndarray, target: int, others: Sequence[int]) -> float:
    """Return the sum of squares of one variable that some others leave unexplained.

    `moments` are those of a `StraightLine`; `target` and `others` are places among them.
    """
    if not len(others):
        return float(moments[target, target])
    inner, across = moments[np.ix_(others, others)], moments[others, target]
    return float(moments[target, target] - across @ np.linalg.solve(inner, across))


def _own_shares(line: StraightLine, control: str) -> tuple[float, float]:
    """Return what one control explains of score and outcome beyond the other controls."""
    moments, others, all_of_them = line.moments, line.places_of(without=control), line.places_of()
    of_score = 1 - unexplained(moments, 0, all_of_them) / unexplained(moments, 0, others)
    without = unexplained(moments, OUTCOME, [0, *others])
    of_outcome = 1 - unexplained(moments, OUTCOME, [0, *all_of_them]) / without
    return max(of_score, 0.0), max(of_outcome, 0.0)


def _bound(of_score: float, of_outcome: float, times: float) -> tuple[float, float]:
    """Return the most that something so many times as strong as a control can explain."""
    score = times * of_score / (1 - of_score)
    if score >= 1 or of_outcome >= 1:
        return min(score, 1.0), 1.0
    between = times * of_score**2 / ((1 - times * of_score) * (1 - of_score))
    if between >= 1:
        return score, 1.0
    lift = (np.sqrt(times) + np.sqrt(between)) / np.sqrt(1 - between)
    return score, float(min(lift**2 * of_outcome / (1 - of_outcome), 1.0))


def effect_beside(line: StraightLine, of_score: float, of_outcome: float) -> Estimate:
    """Return the effect beside a hidden confounder of this strength that works against it.

    `of_score` and `of_outcome` are the shares (0 to 1) of what the controls leave that it explains.
    """
    of_score = min(of_score, 1 - 1e-9)
    taken = line.error * np.sqrt(line.df) * np.sqrt(of_outcome * of_score / (1 - of_score))
    value = np.sign(line.effect) * (abs(line.effect) - taken)
    lost = line.df / (line.df - 1) if of_score or of_outcome else 1.0
    half = line.quantile * line.error_clustered
    half *= np.sqrt((1 - of_outcome) / (1 - of_score) * lost)
    return Estimate(
        value=float(value), low=float(value - half), high=float(value + half), n=line.n,
        unit="share", level=line.level, method=f"straight line; {CLUSTERED}",
    )  # fmt: skip


def _outcome_share_unclear(line: StraightLine, x: np.ndarray) -> np.ndarray:
    """Return the share of the outcome at which the interval reaches zero (NaN: it never does).

    With outcome share sin2(a), effect sqrt(1-x) = reach-unit sqrt(x) sin(a) + half-width cos(a).
    """
    bias = np.sqrt(x)
    size = np.sqrt(bias**2 + line.critical**2)
    target = line.reach * np.sqrt(1 - x) / size
    angle = np.arcsin(np.where(target <= 1, target, np.nan)) - np.arctan2(line.critical, bias)
    return np.asarray(np.where(angle >= 0, np.sin(angle) ** 2, np.nan))
