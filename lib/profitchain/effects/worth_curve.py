"""What an experience of each score is worth within the year: the curve behind the worth of a point.

The same bands, models and weights as `value_of_a_point`, so that what moves scores by any other
way than a point each is counted in the same money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.effects.gains_by_age import MODELS, ModelSetting, followed
from profitchain.effects.gains_by_age import gains as gains_of
from profitchain.effects.value_of_a_point import (
    compounded,
    mean_of_models,
    money_to_speak_of,
    too_short_for_a_year,
)
from profitchain.panel.edition import Edition
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.model_matrix import MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthCurve:
    """Money of the year that an experience brings at each score, more than at the lowest.

    `models` by name (one number a score); `orders` are the year's, each one experience; `of` is the
    year's money.
    """

    scores: np.ndarray
    models: Mapping[str, Quantities]
    orders: int
    of: float
    setting: ModelSetting

    def money(self, changes: Sequence[Quantities]) -> tuple[list[Estimate], Quantities]:
        """Return what changes of the scores' shares are worth in the year, each, and together.

        Parameters
        ----------
        changes : for each, by how much the share of each score changes.
        """
        by_model = [self._by(curve, changes) for curve in self.models.values()]
        together = replace(
            by_model[0],
            values=np.mean([model.values for model in by_model], axis=0),
            errors=sum(model.errors for model in by_model) / len(by_model),
        )
        each = [
            compounded(mean_of_models(by_model, one, self.setting), self.of)
            for one in np.eye(len(changes))
        ]
        return each, together

    def _by(self, curve: Quantities, changes: Sequence[Quantities]) -> Quantities:
        """Return the money by one model: its own error, and that of the changed shares."""
        both = stacked([curve, *changes])
        levels = len(self.scores)
        slopes = np.zeros((len(changes), len(both.values)))
        values = np.empty(len(changes))
        for place, change in enumerate(changes):
            start = levels * (place + 1)
            slopes[place, :levels] = change.values
            slopes[place, start : start + levels] = curve.values
            values[place] = change.values @ curve.values
        moved = both.combine(self.orders * slopes)
        return replace(moved, values=self.orders * values, n=changes[0].n)


def worth_curve(edition: Edition, scores: np.ndarray) -> WorthCurve | NotEstimable:
    """Return what an experience of each of these scores is worth within the year.

    Parameters
    ----------
    scores : ascending, on the main question's scale; a higher one is better.
    """
    firm = edition.company
    assert firm.main is not None
    setting = ModelSetting(money=money_to_speak_of(edition), controls=(*firm.controls, MONTH),
                           scale=firm.main.scale, currency=firm.currency, level=0.95)  # fmt: skip
    cells, orders = edition.table("worth_cells"), edition.table("worth_orders")
    if firm.main.easy_is == "low":
        cells = cells.assign(score=sum(firm.main.scale) - cells["score"])
    return curve_of_cells(cells, orders, edition.table("worth_year"), scores, setting)


def curve_of_cells(
    cells: pd.DataFrame,
    orders: pd.DataFrame,
    year: pd.DataFrame,
    scores: np.ndarray,
    setting: ModelSetting,
) -> WorthCurve | NotEstimable:
    """Return the same of cells, orders and the year as `value_of_a_point.worth_of_a_point` reads.

    Parameters
    ----------
    cells : one row a band and combination alike.
    orders : one row a class of prior orders and categories.
    year : one row: `orders`, `days_known` and the money's column.
    """
    facts = year.iloc[0]
    if too_short := too_short_for_a_year(cells, int(facts["days_known"])):
        return too_short
    if not (amount := float(facts.get(setting.money, 0.0))) > 0:
        return NotEstimable("outcome_all_zero", what=setting.money, n=int(cells["n"].sum()))
    moves = [(float(scores[0]), float(score)) for score in scores]
    gains = []
    for band in followed(cells):
        found = gains_of(band, orders, setting, moves)
        if isinstance(found, NotEstimable):
            return found
        gains.append(found)
    names = [name for name in MODELS if all(name in found for found in gains)]
    if not names:
        return NotEstimable("no_stable_fit", n=int(cells["n"].sum()))
    add_up = np.tile(np.eye(len(scores)), len(gains))
    models = {name: stacked([found[name] for found in gains]).combine(add_up) for name in names}
    return WorthCurve(
        scores=scores, models=models, orders=int(facts["orders"]), of=amount, setting=setting
    )
