"""What goes with a score in the same answers, as claims put it: quality, value, service.

Questions are found by their names: quality; price or value; service. Another firm's claims name
their own estimand; without such a question a claim can't be tested.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.claims.verdicts import LEVEL, Figure, at_99, percent_of, weaker
from profitchain.core.errors import NotMeasured
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.drivers.from_edition import driver_rows
from profitchain.drivers.mending import one_point_more, probit_of
from profitchain.drivers.moments import Driver, DriverAnswers, read_drivers
from profitchain.drivers.shares import DriverShares, driver_shares
from profitchain.panel.edition import Edition
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import estimates
from profitchain.stats.ols import least_squares

QUALITY = ("quality", "product_quality", "product")
VALUE = ("value", "price", "value_for_money", "perceived_value")
SERVICE = ("service", "staff", "friendliness", "responsiveness", "convenience")


def share_of_quality(edition: Edition) -> Figure | NotEstimable:
    """Return which percent of the differences go with quality: of all, of those explained."""
    found = _shares(edition)
    if isinstance(found, NotEstimable):
        return found
    shares, names = found
    place = _place(names, QUALITY)
    if place is None:
        return _no_question("quality")
    readings = {
        name: percent_of(shares.estimates(of_all=of_all, level=LEVEL)[place])
        for name, of_all in (("all", True), ("explained", False))
    }
    return Figure(readings=readings, design="same_answers", all_judged=True)


def quality_above_others(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points of the explained differences quality leads the next driver."""
    found = _shares(edition)
    if isinstance(found, NotEstimable):
        return found
    shares, names = found
    place = _place(names, QUALITY)
    if place is None:
        return _no_question("quality")
    apart = [shares.explained.combine(_less_of(place, other, len(names)))
             for other in range(len(names)) if other != place]  # fmt: skip
    each = [_stated(one) for one in apart]
    return Figure.of(weaker(*each), "same_answers")


def service_and_value(edition: Edition) -> Figure | NotEstimable:
    """Return the less clear of two: what one more point of service, of value goes with."""
    answers = _answers(edition)
    if isinstance(answers, NotEstimable):
        return answers
    names = [driver.name for driver in answers.drivers]
    places = [_place(names, SERVICE), _place(names, VALUE)]
    if None in places:
        return _no_question("service")
    model = probit_of(answers)
    if isinstance(model, NotEstimable):
        return model
    rows = one_point_more(answers, model)
    rows = rows[rows["outcome"] == "mean"].set_index("driver")
    each = [at_99(Estimate.of(rows.loc[names[place]], unit="score"))
            for place in places if place is not None]  # fmt: skip
    return Figure.of(weaker(*each), "same_answers")


def score_per_1_percent_value(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the score differs for 1% more perceived value."""
    rows = _pairs(edition, [VALUE])
    if isinstance(rows, NotEstimable):
        return rows
    return score_per_value_of(rows)


def score_per_value_of(rows: pd.DataFrame) -> Figure | NotEstimable:
    """Return the slope of the score on the first item, times mean item by mean score.

    Parameters
    ----------
    rows : one row an answer: cluster, score, item0.
    """
    slope = _slope(rows, rows[["item0"]].to_numpy(float))
    if isinstance(slope, NotEstimable):
        return slope
    factor = float(rows["item0"].mean() / rows["score"].mean())
    own = percent_of(_stated(slope, unit="score"), factor=factor)
    return Figure.of(own, "same_answers")


def value_and_score(edition: Edition) -> Figure | NotEstimable:
    """Return the correlation of perceived value and score in the same answers."""
    rows = _pairs(edition, [VALUE])
    return rows if isinstance(rows, NotEstimable) else correlation_of(rows)


def correlation_of(rows: pd.DataFrame) -> Figure | NotEstimable:
    """Return Pearson's correlation of score and first item, by customers (rows as before)."""
    spread = rows["item0"].std() / rows["score"].std() if rows["score"].nunique() > 1 else 0.0
    slope = _slope(rows, rows[["item0"]].to_numpy(float))
    if isinstance(slope, NotEstimable):
        return slope
    # the slope of standardised score on standardised item; its error by Fisher's z would be alike
    own = _stated(slope.combine(np.array([[spread]])), unit="correlation")
    return Figure.of(own, "same_answers")


def quality_offsets_price(edition: Edition) -> Figure | NotEstimable:
    """Return by how much less a point of value counts (score) for one more point of quality."""
    rows = _pairs(edition, [QUALITY, VALUE])
    return rows if isinstance(rows, NotEstimable) else offset_of(rows)


def offset_of(rows: pd.DataFrame) -> Figure | NotEstimable:
    """Return minus the product's coefficient beside both items (cluster, score, item0, item1)."""
    first, second = (rows[name] - rows[name].mean() for name in ("item0", "item1"))
    slope = _slope(rows, (first * second).to_numpy()[:, None], beside=[first, second])
    if isinstance(slope, NotEstimable):
        return slope
    own = _stated(slope.combine(np.array([[-1.0]])), unit="score")
    return Figure.of(own, "same_answers")


def _slope(
    rows: pd.DataFrame, regressor: np.ndarray, beside: Sequence[pd.Series] = ()
) -> Quantities | NotEstimable:
    if rows["score"].nunique() < 2:
        return NotEstimable("all_scores_the_same", n=len(rows))
    others = np.column_stack([np.ones(len(rows)), *(one.to_numpy(float) for one in beside)])
    return least_squares(regressor, rows[["score"]].to_numpy(float), rows["cluster"].to_numpy(),
                         others=others)  # fmt: skip


def _stated(quantity: Quantities, unit: str = "points") -> MaybeEstimate:
    one = estimates(quantity, unit=unit, level=LEVEL)[0]
    return one.times(100, unit="points") if unit == "points" else one


def _less_of(place: int, other: int, many: int) -> np.ndarray:
    row = np.zeros((1, many))
    row[0, place], row[0, other] = 1.0, -1.0
    return row


def _shares(edition: Edition) -> tuple[DriverShares, list[str]] | NotEstimable:
    answers = _answers(edition)
    if isinstance(answers, NotEstimable):
        return answers
    shares = driver_shares(answers)
    if isinstance(shares, NotEstimable):
        return shares
    return shares, [driver.name for driver in answers.drivers]


def _answers(edition: Edition) -> DriverAnswers | NotEstimable:
    rows = _rows(edition)
    return rows if isinstance(rows, NotEstimable) else read_drivers(*rows)


def _rows(edition: Edition) -> tuple[pd.DataFrame, list[Driver]] | NotEstimable:
    try:
        return driver_rows(edition)
    except NotMeasured:
        return NotEstimable("needs_drivers")


def _pairs(edition: Edition, names: Sequence[Sequence[str]]) -> pd.DataFrame | NotEstimable:
    """Return one row an answer to score and items: cluster, score, item0, item1."""
    found = _rows(edition)
    if isinstance(found, NotEstimable):
        return found
    cells, drivers = found
    places = [_place([driver.name for driver in drivers], one) for one in names]
    columns = [drivers[place].column for place in places if place is not None]
    if len(columns) < len(names):
        return _no_question(names[places.index(None)][0])
    given = cells[cells[["score", *columns]].notna().all(axis=1)]
    if given.empty:
        return NotEstimable("nothing_counted")
    rows = given.loc[given.index.repeat(given["n"].astype(int))]
    items = {f"item{place}": rows[column].astype(float) for place, column in enumerate(columns)}
    kept = pd.DataFrame({"cluster": rows["cluster"], "score": rows["score"], **items})
    return kept.reset_index(drop=True)


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((at for one in known for at, name in enumerate(names) if name == one), None)


def _no_question(name: str) -> NotEstimable:
    return NotEstimable("needs_question", question=name)
