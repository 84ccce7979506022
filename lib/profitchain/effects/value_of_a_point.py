"""What a point of satisfaction is worth: the margin of a year, had its experiences been better.

Defined once: the margin that the last 365 days would have brought on top, had every experience in
them been one point better and none above the top. Each order counts as one experience. What comes
of it is counted from the customer's later orders in three bands of days after the answer, each a
mean model of its own, so that orders brought forward show as a later part below zero. Measured on
invented shops whose truth is known (`python3 lib certify`), beside six other ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition
from profitchain.panel.follow_up import BANDS, CLASSES, DAYS_A_YEAR
from profitchain.sources.settings import Question
from profitchain.stats.glm import Fit, Quantities, fit
from profitchain.stats.margins import average_change, stacked
from profitchain.stats.model_design import build
from profitchain.stats.model_matrix import NUMERIC, Basis, as_it_is, restricted_cubic
from profitchain.stats.ratios import CLUSTERED

KNOTS = (0.4, 0.7, 0.9)  # of the scale's length, where the line may bend
FOLLOWED = 200  # answers that a band needs; not tried with fewer
FEWEST_IN_STRATUM = 10  # answers that stand for a class of orders
FEWEST_A_MONTH = 60  # answers, on the mean; with fewer, quarters take the place of months
FURTHER = 0.8  # of v/M: extra orders are better too; 2/3 if effects last, 1 if they are immediate
MODELS = ("straight line", "line that may bend")
PARTS = tuple(f"day {start + 1} to {end}" if start else f"first {end} days" for start, end in BANDS)
OF_EXTRA_ORDERS = "experiences of the extra orders"
MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The worth of a point, its parts, and the models that it is the mean of.

    `total` is the figure, `share` the same as a share of `of` (the year's money); `parts` are by
    days since the experience, and of the extra orders' own experiences, which come to the total;
    `models` are the ways to count. Where follow-up is too short, `total` says why, and `within`
    the first `days` is what is known; 0 days where nothing is.
    """

    total: MaybeEstimate
    share: MaybeEstimate
    parts: Mapping[str, MaybeEstimate]
    models: Mapping[str, MaybeEstimate]
    of: float
    orders: int
    within: MaybeEstimate
    days: int

    @property
    def brought_forward(self) -> bool:
        """Whether what comes after the first band lies below zero: orders come only sooner."""
        later = [self.parts.get(part) for part in PARTS[1:]]
        values = [part.value for part in later if isinstance(part, Estimate)]
        return bool(values) and sum(values) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What all fits share: money's column, controls, how a score gets better, unit and level."""

    money: str
    controls: tuple[str, ...]
    scale: tuple[float, float]
    currency: str
    level: float

    def better(self, scores: np.ndarray) -> np.ndarray:
        return np.minimum(scores + 1, self.scale[1])

    @property
    def bases(self) -> tuple[Basis, Basis]:
        low, high = self.scale
        knots = np.array([low + part * (high - low) for part in KNOTS])
        return as_it_is, restricted_cubic(knots)


def money_of(cells: pd.DataFrame) -> str:
    """Return which money speaks of worth: margin where it is known or assumed, else spend."""
    return "margin" if "margin" in cells else "spend"


def money_to_speak_of(edition: Edition) -> str:
    """Return "margin" where all orders of a firm carry their own, else "spend".

    An assumed margin makes no headline.
    """
    year = edition.table("worth_year")
    return "margin" if "margin" in year and edition.assumed_margin is None else "spend"


def worth_of_the_year(edition: Edition, money: str) -> Worth:
    """Return the worth of a point on a firm's main question, in margin or in revenue."""
    firm = edition.company
    assert firm.main is not None  # without it, the page has nothing to say
    return worth_of_a_point(
        edition.table("worth_cells"), edition.table("worth_orders"), edition.table("worth_year"),
        question=firm.main, controls=firm.controls, money=money, currency=firm.currency,
    )  # fmt: skip


def worth_of_a_point(
    cells: pd.DataFrame,
    orders: pd.DataFrame,
    year: pd.DataFrame,
    *,
    question: Question,
    controls: Sequence[str] = (),
    money: str,
    currency: str,
    level: float = 0.95,
) -> Worth:
    """Return what the year would have brought, had each experience been a point better.

    Parameters
    ----------
    cells : one row a band and combination alike, as `follow_up.worth_cells`.
    orders : one row a class of prior orders and categories
        Reads `prior_orders`, `orders` and those of the controls that it has.
    year : one row
        Reads `orders`, `days_known` and the money's column.
    money : "margin" or "spend".

    References
    ----------
    Robins (1986), Math. Modelling 7: 1393-1512 (standardisation); Lin, Feuer, Etzioni and Wax
    (1997), Biometrics 53: 419-434 (costs by stretch of follow-up); Santos Silva and Tenreyro
    (2006), Rev. Econ. Stat. 88: 641-658 (Poisson for money); Buckland, Burnham and Augustin
    (1997), Biometrics 53: 603-618 (errors with a choice of models).
    """
    facts = year.iloc[0]
    count, amount = int(facts["orders"]), float(facts.get(money, 0.0))
    setting = _Setting(money=money, controls=(*controls, MONTH), scale=question.scale,
                       currency=currency, level=level)  # fmt: skip
    if question.easy_is == "low":
        cells = cells.assign(score=sum(question.scale) - cells["score"])
    too_short = _too_short(cells, int(facts["days_known"]))
    bands = _followed(cells)
    weights = [standing_for(band, orders, setting.controls) for band in bands]
    models = [_model(bands, basis, weights, setting) for basis in setting.bases]
    fitted = {n: m for n, m in zip(MODELS, models, strict=True) if not isinstance(m, NotEstimable)}
    refused = too_short or next((m for m in models if isinstance(m, NotEstimable)), None)
    if not bands or not fitted or amount <= 0:
        why = refused or NotEstimable("outcome_all_zero", what=money, n=int(cells["n"].sum()))
        return _nothing(why, amount, count)
    gains = {name: g.combine(count * np.eye(len(bands))) for name, g in fitted.items()}
    return _worth(gains, amount, count, too_short, setting)


def _too_short(cells: pd.DataFrame, days: int) -> NotEstimable | None:
    """Return why the figure can't be given, where orders or answers don't reach far enough."""
    if days < DAYS_A_YEAR:
        return NotEstimable("under_a_year_of_orders", days=days, n=int(cells["n"].sum()))
    for place, (_start, end) in enumerate(BANDS, start=1):
        n = int(cells.loc[cells["band"] == place, "n"].sum())
        if n < FOLLOWED:
            return NotEstimable("too_few_followed", answers=n, days=end, needed=FOLLOWED, n=n)
    return None


def _followed(cells: pd.DataFrame) -> list[pd.DataFrame]:
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
    return (months // 3 if is_thin else months).astype("category")


def _model(
    bands: Sequence[pd.DataFrame],
    basis: Basis,
    weights: Sequence[np.ndarray],
    setting: _Setting,
) -> Quantities | NotEstimable:
    """Return what one experience a point better brings in each band, by one way to count.

    `n` counts the answers that were followed to the first band's end.
    """
    gains = []
    for cells, weight in zip(bands, weights, strict=True):
        model = _fitted(cells, basis, setting)
        if isinstance(model, NotEstimable):
            return model
        scores = cells["score"].to_numpy(float)
        gains.append(average_change(model, scores, setting.better(scores), weight))
    return replace(stacked(gains), n=gains[0].n)


def _fitted(cells: pd.DataFrame, basis: Basis, setting: _Setting) -> Fit | NotEstimable:
    design = build(cells, basis, controls=setting.controls, outcome=setting.money)
    return design if isinstance(design, NotEstimable) else fit(design)


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
    return counts * keys.join(each, on=by)["each"].to_numpy()


def _joined(answers: np.ndarray) -> np.ndarray:
    """Return which neighbours in a row are taken together, so that each has enough answers."""
    groups, place, so_far = np.zeros(len(answers), int), 0, 0.0
    for at, count in enumerate(answers):
        if so_far >= FEWEST_IN_STRATUM:
            place, so_far = place + 1, 0.0
        groups[at], so_far = place, so_far + count
    return np.where((groups == place) & (so_far < FEWEST_IN_STRATUM), max(place - 1, 0), groups)


def _worth(
    gains: Mapping[str, Quantities],
    amount: float,
    count: int,
    too_short: NotEstimable | None,
    setting: _Setting,
) -> Worth:
    """Return the worth by these models; without the figure where follow-up is too short."""
    models = list(gains.values())
    bands = len(models[0].values)
    is_one = np.eye(bands)
    parts: dict[str, MaybeEstimate] = {
        part: _mean(models, weights, setting) for part, weights in zip(PARTS, is_one, strict=False)
    }
    simple = _mean(models, np.ones(bands), setting)
    days = BANDS[bands - 1][1]
    if too_short:
        return replace(_nothing(too_short, amount, count), parts=parts, within=simple, days=days)
    total = _compounded(simple, amount)
    parts[OF_EXTRA_ORDERS] = _of_extra_orders(simple, amount)
    return Worth(
        total=total, share=total.times(1 / amount, unit="share"), parts=parts,
        models={name: _compounded(_mean([g], np.ones(bands), setting), amount)
                for name, g in gains.items()},
        of=amount, orders=count, within=parts[PARTS[0]], days=BANDS[0][1],
    )  # fmt: skip


def _mean(models: Sequence[Quantities], weights: np.ndarray, setting: _Setting) -> Estimate:
    """Return the mean of models, its error that of each and their distance from the mean."""
    sums = [model.combine(weights) for model in models]
    values = np.array([part.values[0] for part in sums])
    errors = np.sqrt([part.covariance[0, 0] for part in sums])
    value = values.mean()
    error = np.sqrt(errors**2 + (values - value) ** 2).mean()
    quantile = stats.t.ppf((1 + setting.level) / 2, min(part.df for part in sums))
    half = float(quantile * error)
    method = f"three ages of follow-up, {' and '.join(MODELS)}; {CLUSTERED}"
    return Estimate(
        value=float(value), low=float(value) - half, high=float(value) + half, n=sums[0].n,
        unit=setting.currency, level=setting.level, method=method,
    )  # fmt: skip


def _compounded(simple: Estimate, amount: float) -> Estimate:
    """Return the gain with that of the extra orders' own better experiences."""
    value = simple.value
    return _around(simple, value * (1 + FURTHER * value / amount), 1 + 2 * FURTHER * value / amount)


def _of_extra_orders(simple: Estimate, amount: float) -> Estimate:
    value = simple.value
    return _around(simple, FURTHER * value**2 / amount, 2 * FURTHER * value / amount)


def _around(simple: Estimate, value: float, factor: float) -> Estimate:
    """Return a function's value with the interval that its slope makes of the gain's (delta)."""
    half = abs(factor) * (simple.high - simple.low) / 2
    return replace(simple, value=value, low=value - half, high=value + half)


def _nothing(why: NotEstimable, amount: float, count: int) -> Worth:
    return Worth(
        total=why, share=why, parts={}, models={}, of=amount, orders=count, within=why, days=0
    )
