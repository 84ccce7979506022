"""Who will order nothing in the next period: chances learnt from earlier periods, tried on a later.

Nobody signs off in a firm without contracts, so leaving is told by silence: a customer of the
lookback who orders nothing in the period after a snapshot. The trial is out of time: the model
learns from periods that had ended before the edition's began, predicts the edition's, and is
judged by what came; then it learns from all and predicts the next. Each feature is a column that
the firm could have computed on that day; whether a customer answered a survey counts as history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.lifetime.cox_model import random_sample
from profitchain.stats.forecast_scores import (
    METHOD,
    auc,
    brier_skill,
    calibration_bins,
    gain,
    lift,
    simple_logit,
)
from profitchain.stats.glm import Quantities, fit
from profitchain.stats.margins import wald_test
from profitchain.stats.model_design import EVENTS_PER_TERM, FEWEST_EVENTS
from profitchain.stats.model_matrix import independent, varies
from profitchain.stats.ratios import Linearised, ratio, stated

Forecast = Literal["history", "satisfaction"]
Judge = Literal["auc", "brier_skill", "lift"]
FORECASTS: tuple[Forecast, ...] = ("history", "satisfaction")  # the fuller last
UNITS: dict[Judge, str] = {"auc": "ratio", "brier_skill": "share", "lift": "ratio"}
FIGURES = ("churn_auc", "churn_brier_skill", "churn_auc_gain_from_satisfaction")
MOST_ROWS = 200_000  # a model of a dozen terms learns no more from more
COIN = 0.5  # the AUC of a forecast that knows nothing
NEEDED = 3  # snapshots: to learn from, to try on, to look ahead from
CONSTANT = "constant"
SATISFACTION = ("score", "score, by the age of the answer")  # all else is history
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnFeatures:
    """Which features a model reads, and what they are measured from.

    `satisfied`: whether the score is among them, as distance from `middle`. The season is not: of
    the few earlier periods at most one shares it, which differs by whatever else was new then.
    """

    satisfied: bool
    middle: float

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the features as columns, the constant first and satisfaction last.

        Parameters
        ----------
        rows : one row a customer and snapshot, as in `forecast_churn`.
        """
        features = {CONSTANT: np.ones(len(rows)), **_habits(rows)}
        features |= {name: _log(rows[name]) for name in ("contacts", "complaints") if name in rows}
        if "score" in rows:
            features["answered"] = rows["score"].notna().to_numpy(float)
        if self.satisfied:
            distance = (rows["score"] - self.middle).fillna(0.0).to_numpy(float)
            age = rows["score_age_days"].fillna(0.0).to_numpy(float) / DAYS_A_YEAR
            features |= dict(zip(SATISFACTION, (distance, distance * age), strict=True))
        return pd.DataFrame(features, index=rows.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnModel:
    """A logit of leaving: its features, the names of those it kept, and their coefficients."""

    features: ChurnFeatures
    names: tuple[str, ...]
    coefficients: Quantities

    def columns(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the kept features of some customers (rows as in `forecast_churn`)."""
        return np.asarray(self.features.of(rows)[list(self.names)])

    def chances(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the chance that each customer orders nothing in the period after."""
        return np.asarray(expit(self.columns(rows) @ self.coefficients.values))

    @property
    def satisfaction_p(self) -> MaybeEstimate:
        """The p-value of the test that the scores tell nothing beyond history."""
        is_score = np.array([name in SATISFACTION for name in self.names])
        if not is_score.any():
            return NotEstimable("no_scores_that_differ", n=self.coefficients.n)
        scores = self.coefficients.combine(np.eye(len(is_score))[is_score])
        return wald_test(scores, "Wald test, clustered by customer").estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnForecast:
    """What was predicted for the edition's period and came true or not; what is for the next.

    `trial`: one row a customer of the base a period ago: cluster, outcome (1 ordered nothing),
    answered (0/1), and the chance by each of `FORECASTS` (history alone where there are no
    scores). `base_rate`: the share that left in the periods learnt from. `now`: the rows of the
    present base with `chance`, by `model`; `per_year`: periods in a year.
    """

    trial: pd.DataFrame
    base_rate: float
    now: pd.DataFrame
    model: ChurnModel
    per_year: int

    @property
    def forecasts(self) -> list[Forecast]:
        """The forecasts that were tried, the fuller last."""
        return [name for name in FORECASTS if name in self.trial]


MaybeForecast = ChurnForecast | NotEstimable


def recency_days(rows: pd.DataFrame) -> pd.Series:
    """Return the days since the last purchase day (reads `age_days`, `last_age_days`)."""
    return rows["age_days"] - rows["last_age_days"]


def lookback_base(customers: pd.DataFrame, back: int | None = None) -> pd.DataFrame:
    """Return who ordered within the lookback: those of a snapshot, or (None) of all."""
    bought = customers["orders"] > 0
    return customers[bought if back is None else bought & (customers["back"] == back)]


def inactive_share(
    customers: pd.DataFrame, *, within_days: int, smallest: int = 0
) -> MaybeEstimate:
    """Return the share of the lookback's customers without an order in the last so many days.

    Churn as a firm without contracts can count it; customers who came within those days are not
    inactive.
    """
    now = lookback_base(customers, 0)
    rows = now.assign(inactive=(recency_days(now) >= within_days).astype(int), n=1)
    return ratio(
        rows, numerator="inactive", denominator="n", unit="share", bounds=(0.0, 1.0),
        smallest=smallest,
    )  # fmt: skip


def forecast_churn(customers: pd.DataFrame, *, per_year: int) -> MaybeForecast:
    """Return what history, and history with satisfaction, predicted and predict.

    Parameters
    ----------
    customers : one row a customer and snapshot
        Reads `back` (0: the edition's end), `row`, `cluster`, `sampled`, `repeats`,
        `last_age_days`, `age_days`, `orders`, `revenue`, `next_orders`, and where present
        `contacts`, `complaints`, `score`, `score_age_days`.
    per_year : periods in a year.
    """
    rows = lookback_base(customers)
    now, backs = rows[rows["back"] == 0], set(rows["back"])
    if not {0, 1} <= backs or len(backs) < NEEDED:
        return NotEstimable("too_few_period_ends", n=len(now), needed=NEEDED, known=len(backs))
    has_scores = "score" in rows and rows["score"].nunique() > 1
    chances: dict[str, np.ndarray] = {}
    then = rows[(rows["back"] == 1) & (rows["sampled"] == 1)]
    for name in FORECASTS if has_scores else FORECASTS[:1]:
        early = fit_churn_model(rows, ahead_of=1, satisfied=name == "satisfaction")
        if isinstance(early, NotEstimable):
            return early
        chances[name] = early.chances(then)
    model = fit_churn_model(rows, ahead_of=0, satisfied=has_scores)
    if isinstance(model, NotEstimable):
        return model
    answered = then["score"].notna().astype(int) if has_scores else 0
    trial = {"cluster": then["cluster"], "outcome": _left(then), "answered": answered, **chances}
    return ChurnForecast(
        trial=pd.DataFrame(trial),
        base_rate=float(_left(rows[rows["back"] > 1]).mean()),
        now=now.assign(chance=model.chances(now)),
        model=model,
        per_year=per_year,
    )


def fit_churn_model(
    customers: pd.DataFrame, *, ahead_of: int, satisfied: bool
) -> ChurnModel | NotEstimable:
    """Return the logit of leaving, from the snapshots before the one that it predicts for.

    Parameters
    ----------
    customers : as in `forecast_churn`, the base only.
    ahead_of : the snapshot (`back`) to predict for; its outcome and later ones are not read.
    """
    rows = customers[(customers["back"] > ahead_of) & (customers["sampled"] == 1)]
    if len(rows) > MOST_ROWS:  # of customers drawn by lot
        people = pd.DataFrame({"row": rows["row"].unique()})
        drawn = random_sample(people, int(len(people) * MOST_ROWS / len(rows)))
        rows = rows[rows["row"].isin(drawn["row"])]
    left, n = _left(rows), rows["row"].nunique()
    rarer = int(min(left.sum(), len(left) - left.sum()))
    middle = float(rows["score"].mean()) if satisfied and rows["score"].notna().any() else 0.0
    features = ChurnFeatures(satisfied=satisfied, middle=middle)
    columns = features.of(rows)
    columns = columns.loc[:, _vary_in_both(columns, left)]
    keep = independent(columns.to_numpy(), np.ones(len(rows)))
    fewest = max(FEWEST_EVENTS, EVENTS_PER_TERM * (int(keep.sum()) - 1))
    if rarer < fewest:
        key = "too_few_stayed_away" if left.sum() == rarer else "too_few_ordered_again"
        return NotEstimable(key, n=n, rarer=rarer, count=len(left), fewest=fewest)
    columns = columns.loc[:, keep]
    design = simple_logit(columns.to_numpy(), left, rows["cluster"].to_numpy())
    logit = fit(design, separable=False)
    if isinstance(logit, NotEstimable):
        return NotEstimable("leavers_told_perfectly", n=n)
    return ChurnModel(features=features, names=tuple(columns), coefficients=logit.coefficients)


def forecast_quality(
    forecast: ChurnForecast, judge: Judge, *, answered_only: bool = False
) -> dict[str, MaybeEstimate]:
    """Return a figure of each forecast, and (key "gain") what satisfaction adds to it.

    `answered_only`: judged by the customers who had answered.
    """
    trial = forecast.trial
    trial = trial[trial["answered"] == 1] if answered_only else trial
    skill = partial(brier_skill, base_rate=forecast.base_rate)
    judges: dict[Judge, Callable[..., Linearised | NotEstimable]]
    judges = {"auc": auc, "brier_skill": skill, "lift": lift}
    outcome, clusters = trial["outcome"].to_numpy(), trial["cluster"].to_numpy()
    scores = {
        name: judges[judge](outcome, trial[name].to_numpy(), clusters)
        for name in forecast.forecasts
    }
    bounds = (0.0, 1.0) if judge == "auc" else None
    figures: dict[str, MaybeEstimate] = {
        name: _stated(score, UNITS[judge], bounds) for name, score in scores.items()
    }
    if len(scores) == 1:
        return figures | {"gain": NotEstimable("satisfaction_untried", n=len(trial))}
    added = gain(scores["satisfaction"], scores["history"])
    return figures | {"gain": _stated(added, UNITS[judge], None)}


def beats_a_coin(forecast: ChurnForecast) -> bool:
    """Return whether the fuller forecast is surely better than a coin at who stays away."""
    area = forecast_quality(forecast, "auc")[forecast.forecasts[-1]]
    return isinstance(area, NotEstimable) or area.low > COIN


def calibration(forecast: MaybeForecast, *, smallest: int = 0) -> pd.DataFrame:
    """Return the fuller forecast and what came, as `forecast_scores.calibration_bins`."""
    if isinstance(forecast, NotEstimable):
        return to_frame([forecast], predicted=[0.0])
    return calibration_bins(forecast.trial, forecast.forecasts[-1], smallest=smallest)


def recorded_quality(forecast: MaybeForecast) -> dict[str, MaybeEstimate]:
    """Return how well leaving was predicted, by the ids under which it is recorded."""
    if isinstance(forecast, NotEstimable):
        return dict.fromkeys(FIGURES, forecast)
    areas, skills = forecast_quality(forecast, "auc"), forecast_quality(forecast, "brier_skill")
    fuller = forecast.forecasts[-1]
    return dict(zip(FIGURES, (areas[fuller], skills[fuller], areas["gain"]), strict=True))


def _left(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(rows["next_orders"] == 0, dtype=float)


def _vary_in_both(columns: pd.DataFrame, left: np.ndarray) -> list[bool]:
    """Return which columns vary enough, in either outcome, to be judged; the constant stays."""
    parts = [columns[left == kind] for kind in (0, 1)]
    return [
        name == CONSTANT or all(varies(part[name].to_numpy()) for part in parts) for name in columns
    ]


def _stated(
    score: Linearised | NotEstimable, unit: str, bounds: tuple[float, float] | None
) -> MaybeEstimate:
    if isinstance(score, NotEstimable):
        return score
    return stated(score, unit=unit, bounds=bounds, method=METHOD)


def _habits(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return features of buying: how long ago, against one's own pace, how often, how much."""
    recency, repeats = recency_days(rows), rows["repeats"].to_numpy(float)
    has_repeats = repeats > 0
    gap = np.maximum(rows["last_age_days"].to_numpy(float) / np.maximum(repeats, 1), 1.0)
    revenue = rows["revenue"].to_numpy(float)
    return {
        "recency": _log(recency),
        "recency in own gaps": np.where(has_repeats, np.log1p(recency.clip(lower=0) / gap), 0.0),
        "one purchase": (~has_repeats).astype(float),
        "repeats": np.log1p(repeats),
        "orders": _log(rows["orders"]),
        "days from first to last purchase": _log(rows["last_age_days"]),
        "revenue": np.sign(revenue) * np.log1p(np.abs(revenue)),
    }


def _log(column: pd.Series) -> np.ndarray:
    return np.asarray(np.log1p(column.fillna(0).clip(lower=0).to_numpy(float)))
