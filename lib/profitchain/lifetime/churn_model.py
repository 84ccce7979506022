"""Who will order nothing in the next period: chances learnt from earlier periods, tried on a later.

Nobody signs off in a firm without contracts, so leaving is told by silence: a customer of the
lookback who orders nothing in the period after a snapshot. The trial is out of time: the model
learns from periods that had ended before the edition's began, foretells the edition's, and is
judged by what came; then it learns from all and foretells the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.lifetime.churn_features import SATISFACTION, Signs, recency_days, with_season
from profitchain.lifetime.cox_model import sampled
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
from profitchain.stats.model_matrix import independent
from profitchain.stats.ratios import Linearised, ratio, said_frame, stated

Forecast = Literal["history", "satisfaction"]
Judge = Literal["auc", "brier_skill", "lift"]
FORECASTS: tuple[Forecast, ...] = ("history", "satisfaction")  # the fuller last
UNITS: dict[Judge, str] = {"auc": "ratio", "brier_skill": "share", "lift": "ratio"}
FIGURES = ("churn_auc", "churn_brier_skill", "churn_auc_gain_from_satisfaction")
MOST_ROWS = 200_000  # a model of a dozen terms learns no more from more
COIN = 0.5  # the AUC of a forecast that knows nothing
NEEDED = 3  # snapshots: to learn from, to try on, to look ahead from


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A logit of leaving: its signs, the names of those it kept, and their coefficients."""

    signs: Signs
    kept: tuple[str, ...]
    coefficients: Quantities

    def columns(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the kept signs of some customers (rows as in `foresee`)."""
        return self.signs.of(rows)[list(self.kept)].to_numpy()

    def chances(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the chance that each customer orders nothing in the period after."""
        return expit(self.columns(rows) @ self.coefficients.values)

    @property
    def satisfaction_p(self) -> MaybeEstimate:
        """The p-value of the test that the scores tell nothing beyond history."""
        told = np.array([name in SATISFACTION for name in self.kept])
        if not told.any():
            return NotEstimable("no_scores_that_differ", n=self.coefficients.n)
        chosen = self.coefficients.combine(np.eye(len(told))[told])
        return wald_test(chosen, "Wald test, clustered by customer").estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What was foretold for the edition's period and came true or not; what is for the next.

    `trial`: one row a customer of the base a period ago: cluster, outcome (1 ordered nothing),
    answered (0/1), and the chance told by each of `FORECASTS` (history alone where there are no
    scores). `base_rate`: the share that left in the periods learnt from. `now`: the rows of the
    present base with `chance`, by `model`; `per_year`: periods in a year.
    """

    trial: pd.DataFrame
    base_rate: float
    now: pd.DataFrame
    model: Model
    per_year: int

    @property
    def forecasts(self) -> list[Forecast]:
        """The forecasts that were tried, the fuller last."""
        return [name for name in FORECASTS if name in self.trial]


def base(customers: pd.DataFrame, back: int | None = None) -> pd.DataFrame:
    """Return who ordered within the lookback: those of a snapshot, or (None) of all."""
    bought = customers["orders"] > 0
    return customers[bought if back is None else bought & (customers["back"] == back)]


def quiet_share(customers: pd.DataFrame, *, within_days: int, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the lookback's customers without an order in the last so many days.

    Churn as a firm without contracts can count it; customers who came within those days are not
    quiet.
    """
    now = base(customers, 0)
    rows = now.assign(quiet=(recency_days(now) >= within_days).astype(int), n=1)
    shape = {"unit": "share", "bounds": (0.0, 1.0), "smallest": smallest}
    return ratio(rows, numerator="quiet", denominator="n", **shape)


def foresee(customers: pd.DataFrame, *, per_year: int) -> Foresight | NotEstimable:
    """Return what history, and history with satisfaction, foretold and foretell.

    Parameters
    ----------
    customers : one row a customer and snapshot
        Reads `back` (0: the edition's end), `row`, `cluster`, `sampled`, `repeats`,
        `last_age_days`, `age_days`, `orders`, `revenue`, `next_orders`, and where present
        `contacts`, `complaints`, `score`, `score_age_days`.
    per_year : periods in a year, to tell which snapshots share a season.
    """
    known = base(customers)
    backs = set(known["back"])
    if not {0, 1} <= backs or len(backs) < NEEDED:
        n = int((known["back"] == 0).sum())
        return NotEstimable("too_few_period_ends", n=n, needed=NEEDED, known=len(backs))
    scored = "score" in known and known["score"].nunique() > 1
    tried: list[Forecast] = ["history", "satisfaction"] if scored else ["history"]
    how = {"per_year": per_year}
    early = {n: learn(known, ahead_of=1, satisfied=n == "satisfaction", **how) for n in tried}
    last = learn(known, ahead_of=0, satisfied=scored, **how)
    for one in (*early.values(), last):
        if isinstance(one, NotEstimable):
            return one
    now, then = known[known["back"] == 0], known[(known["back"] == 1) & (known["sampled"] == 1)]
    return Foresight(
        trial=pd.DataFrame(
            {
                "cluster": then["cluster"],
                "outcome": _left(then),
                "answered": then["score"].notna().astype(int) if scored else 0,
                **{name: model.chances(then) for name, model in early.items()},
            }
        ),
        base_rate=float(_left(known[known["back"] > 1]).mean()),
        now=now.assign(chance=last.chances(now)),
        model=last,
        per_year=per_year,
    )


def learn(
    known: pd.DataFrame, *, ahead_of: int, satisfied: bool, per_year: int
) -> Model | NotEstimable:
    """Return the logit of leaving, from the snapshots before the one that it foretells for.

    Parameters
    ----------
    known : as in `foresee`, the base only.
    ahead_of : the snapshot (`back`) to foretell for; its outcome and later ones are not read.
    """
    rows = _within(known[(known["back"] > ahead_of) & (known["sampled"] == 1)])
    left, customers = _left(rows), rows["row"].nunique()
    rarer = int(min(left.sum(), len(left) - left.sum()))
    middle = float(rows["score"].mean()) if satisfied and rows["score"].notna().any() else 0.0
    signs = Signs(satisfied=satisfied, middle=middle, ahead_of=ahead_of, per_year=per_year)
    signs = with_season(signs, rows)
    columns = signs.of(rows)
    columns = columns.loc[:, _often_enough(columns.to_numpy(), left)]
    keep = independent(columns.to_numpy(), np.ones(len(rows)))
    fewest = max(FEWEST_EVENTS, EVENTS_PER_TERM * (int(keep.sum()) - 1))
    if rarer < fewest:
        key = "too_few_stayed_away" if left.sum() == rarer else "too_few_ordered_again"
        counts = {"rarer": f"{rarer:,}", "count": f"{len(left):,}", "fewest": fewest}
        return NotEstimable(key, n=customers, **counts)
    columns = columns.loc[:, keep]
    found = fit(simple_logit(columns.to_numpy(), left, rows["cluster"].to_numpy()))
    if isinstance(found, NotEstimable):
        return NotEstimable("leavers_told_perfectly", n=customers)
    return Model(signs=signs, kept=tuple(columns), coefficients=found.coefficients)


def judged(
    seen: Foresight, judge: Judge, *, answered_only: bool = False
) -> dict[str, MaybeEstimate]:
    """Return a figure of each forecast, and (key "gain") what satisfaction adds to it.

    `answered_only`: judged by the customers who had answered.
    """
    trial = seen.trial[seen.trial["answered"] == 1] if answered_only else seen.trial
    found = {name: _figure(judge, trial, name, seen.base_rate) for name in seen.forecasts}
    bounds = (0.0, 1.0) if judge == "auc" else None
    said = {name: _stated(one, unit=UNITS[judge], bounds=bounds) for name, one in found.items()}
    if len(found) == 1:
        return said | {"gain": NotEstimable("satisfaction_untried", n=len(trial))}
    added = gain(found["satisfaction"], found["history"])
    return said | {"gain": _stated(added, unit=UNITS[judge])}


def foretells(seen: Foresight) -> bool:
    """Tell whether the fuller forecast is surely better than a coin at who stays away."""
    ranked = judged(seen, "auc")[seen.forecasts[-1]]
    return isinstance(ranked, NotEstimable) or ranked.low > COIN


def calibration(seen: Foresight | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return the fuller forecast beside what came, as `forecasts.calibration_bins`."""
    if isinstance(seen, NotEstimable):
        return said_frame([seen], foretold=[0.0])
    return calibration_bins(seen.trial, seen.forecasts[-1], smallest=smallest)


def figures_of(seen: Foresight | NotEstimable) -> dict[str, MaybeEstimate]:
    """Return how well leaving was foretold, by the ids under which it is recorded."""
    if isinstance(seen, NotEstimable):
        return dict.fromkeys(FIGURES, seen)
    ranked, skilled = judged(seen, "auc"), judged(seen, "brier_skill")
    fuller = seen.forecasts[-1]
    return dict(zip(FIGURES, (ranked[fuller], skilled[fuller], ranked["gain"]), strict=True))


def _left(rows: pd.DataFrame) -> np.ndarray:
    return (rows["next_orders"].to_numpy() == 0).astype(float)


def _often_enough(columns: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return which signs differ from their usual value often enough in both outcomes to judge."""
    usual = np.array([stats.mode(column).mode for column in columns.T])
    unusual = columns != usual
    counts = np.array([unusual[left == kind].sum(axis=0) for kind in (0, 1)])
    return (counts.min(axis=0) >= EVENTS_PER_TERM) | (columns.std(axis=0) == 0)


def _within(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of so many customers, drawn by lot, that there are `MOST_ROWS` or fewer."""
    if len(rows) <= MOST_ROWS:
        return rows
    people = pd.DataFrame({"row": rows["row"].unique()})
    drawn = sampled(people, int(len(people) * MOST_ROWS / len(rows)))
    return rows[rows["row"].isin(drawn["row"])]


def _figure(
    judge: Judge, trial: pd.DataFrame, name: Forecast, base_rate: float
) -> Linearised | NotEstimable:
    told = tuple(trial[column].to_numpy() for column in ("outcome", name, "cluster"))
    if judge == "brier_skill":
        return brier_skill(*told, base_rate=base_rate)
    return auc(*told) if judge == "auc" else lift(*told)


def _stated(one: Linearised | NotEstimable, **how: object) -> MaybeEstimate:
    return one if isinstance(one, NotEstimable) else stated(one, method=METHOD, **how)
