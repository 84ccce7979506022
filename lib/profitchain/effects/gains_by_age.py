"""What a better experience brings in each stretch of days after it: models of later money.

Each stretch has its own models: a mean that is exponential in score, history and month, the score
straight or bent, its point the same for all histories or not. They are read at the answers of the
last year, weighted to its orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.panel.follow_up import BANDS, CLASSES
from profitchain.stats.glm import Fit, Quantities, fit
from profitchain.stats.margins import average_change, stacked
from profitchain.stats.model_design import Design, Outcome, build
from profitchain.stats.model_matrix import (
    MONTH,
    NUMERIC,
    Basis,
    as_it_is,
    independent,
    restricted_cubic,
)

KNOTS = (0.4, 0.7, 0.9)  # of the scale's length, where the line may bend
FOLLOWED = 200  # answers that a band needs; not tried with fewer
FEWEST_IN_STRATUM = 10  # answers that stand for a class of orders
FEWEST_A_MONTH = 60  # answers, on the mean; with fewer, quarters take the place of months
MODELS = {  # by name: how many of the score's columns they have, and whether histories differ
    "straight line": (1, False),
    "line that may bend": (2, False),
    "straight line, differing by earlier orders": (1, True),
    "line that may bend, differing by earlier orders": (2, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSetting:
    """What all fits share: money's column, controls, how a score gets better, unit and level."""

    money: Outcome
    controls: tuple[str, ...]
    scale: tuple[float, float]
    currency: str
    level: float

    def better(self, scores: np.ndarray) -> np.ndarray:
        return np.asarray(np.minimum(scores + 1, self.scale[1]))

    @property
    def bent(self) -> Basis:
        low, high = self.scale
        return restricted_cubic(np.array([low + part * (high - low) for part in KNOTS]))


def followed(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the cells of each band, as far as enough answers were followed to its end."""
    bands = []
    for place in range(1, len(BANDS) + 1):
        band = cells[cells["band"] == place].reset_index(drop=True)
        if band["n"].sum() < FOLLOWED:
            break
        bands.append(band.assign(**{MONTH: _calendar(band)}))
    return bands


def _calendar(cells: pd.DataFrame) -> pd.Series:
    """Return the month in which each cell's band ends, or its quarter where months are thin."""
    months = cells[MONTH]
    is_thin = cells["n"].sum() < FEWEST_A_MONTH * months.nunique()
    return pd.Series(months // 3 if is_thin else months, dtype="category")


def gains(
    cells: pd.DataFrame,
    orders: pd.DataFrame,
    setting: ModelSetting,
    moves: Sequence[tuple[float, float]] = (),
) -> dict[str, Quantities] | NotEstimable:
    """Return what an experience a point better brings in a band, by each model that is fitted.

    Parameters
    ----------
    moves : instead of a point better: from this score to that one, whatever it was.
    """
    basis, design = setting.bent, _design(cells, setting.bent, setting)
    if isinstance(design, NotEstimable):
        basis, design = as_it_is, _design(cells, as_it_is, setting)
    if isinstance(design, NotEstimable):
        return design
    scores, weights = cells["score"].to_numpy(float), standing_for(cells, orders, setting.controls)
    own = basis(scores)
    pairs = [tuple(basis(np.full(len(scores), end)) for end in move) for move in moves]
    pairs = pairs or [(own, basis(setting.better(scores)))]
    past = np.log1p(cells["prior_orders"].to_numpy(float))[:, None]
    past -= np.average(past[:, 0], weights=cells["n"])
    rest = design.columns[:, own.shape[1] :]
    found: dict[str, Quantities] = {}
    refused = None
    for name, (bends, differs) in MODELS.items():
        if bends > own.shape[1]:
            continue
        model = _fitted(design, _terms(own, bends, past if differs else None), rest)
        if isinstance(model, NotEstimable):
            refused = model
            continue
        ends = [[_terms(end, bends, past if differs else None) for end in pair] for pair in pairs]
        changes = [average_change(model, start, end, weights) for start, end in ends]
        found[name] = replace(stacked(changes), n=changes[0].n)
    return refused if refused and not found else found


def _terms(columns: np.ndarray, bends: int, past: np.ndarray | None) -> np.ndarray:
    """Return a model's terms of the score: so many bends, and its product with the history."""
    parts = [columns[:, :bends]]
    return np.column_stack(parts if past is None else [*parts, columns[:, :1] * past])


def _design(cells: pd.DataFrame, basis: Basis, setting: ModelSetting) -> Design | NotEstimable:
    return build(cells, basis, controls=setting.controls, outcome=setting.money)


def _fitted(design: Design, own: np.ndarray, rest: np.ndarray) -> Fit | NotEstimable:
    """Return a design's model with these terms of the score before the others."""
    columns = np.column_stack([own, rest])
    if not independent(np.column_stack([rest, own]), design.n).all():
        return NotEstimable("scores_not_apart", n=design.answers)
    return fit(replace(design, columns=columns, score_terms=own.shape[1]))


def standing_for(
    cells: pd.DataFrame, orders: pd.DataFrame, controls: Sequence[str] = ()
) -> np.ndarray:
    """Return for how many of the year's orders each cell stands.

    Answers whose band ended within the last 365 days are weighted to the year's orders by class of
    prior orders and categories; a class with fewer than ten answers joins its neighbour.

    Parameters
    ----------
    cells : one row a cell of one band; reads `n`, `recent`, `prior_orders` and the categories.
    orders : as in `worth_of_a_point`.
    """
    names = [name for name in orders if name in controls and name not in NUMERIC and name in cells]
    least = np.searchsorted(CLASSES, np.maximum(cells["prior_orders"], 1), side="right") - 1
    keys = cells[names].assign(prior_orders=np.array(CLASSES)[least])
    counts = cells["n"].to_numpy(float) * (cells["recent"].to_numpy() > 0)
    if not counts.any():
        counts = cells["n"].to_numpy(float)
    by = ["prior_orders", *names]
    answers = keys.assign(answers=counts).groupby(by, observed=True)["answers"].sum()
    strata = answers.to_frame().join(orders.groupby(by)["orders"].sum(), how="outer").fillna(0.0)
    strata["joined"] = _joined(strata["answers"].to_numpy())
    sums = strata.groupby("joined")[["answers", "orders"]].transform("sum")
    each = (sums["orders"] / sums["answers"]).rename("each")
    return np.asarray(counts * keys.join(each, on=by)["each"].to_numpy())


def _joined(answers: np.ndarray) -> np.ndarray:
    """Return which neighbours in a row are taken together, so that each has enough answers."""
    groups, place, so_far = np.zeros(len(answers), int), 0, 0.0
    for at, count in enumerate(answers):
        if so_far >= FEWEST_IN_STRATUM:
            place, so_far = place + 1, 0.0
        groups[at], so_far = place, so_far + count
    return np.where((groups == place) & (so_far < FEWEST_IN_STRATUM), max(place - 1, 0), groups)
