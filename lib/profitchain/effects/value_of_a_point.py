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
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.gains_by_age import (
    FOLLOWED,
    MODELS,
    ModelSetting,
    followed,
)
from profitchain.effects.gains_by_age import gains as gains_of
from profitchain.effects.repeat_effect import NEEDS as LINK_NEEDS
from profitchain.measures.satisfaction import answers_to, measures_of, public_id
from profitchain.panel.edition import Edition
from profitchain.panel.follow_up import BANDS, DAYS_A_YEAR
from profitchain.panel.store import digest_of, kept_estimate
from profitchain.sources.settings import Question
from profitchain.stats.glm import Quantities
from profitchain.stats.margins import stacked
from profitchain.stats.model_design import Outcome
from profitchain.stats.model_matrix import MONTH
from profitchain.stats.ratios import CLUSTERED

NEEDS = (*LINK_NEEDS, "orders.revenue")  # what a page on it needs of a firm
FURTHER = 0.8  # of v/M: extra orders are better too; 2/3 if effects last, 1 if they are immediate
PARTS = tuple(f"day {start + 1} to {end}" if start else f"first {end} days" for start, end in BANDS)
OF_EXTRA_ORDERS = "experiences of the extra orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The worth of a point, its parts, and the models that it is the mean of.

    `total` is the figure, of customers who are known, whose money of the year is `of`; `share` the
    same as a share of all the year's money, guests' too; `parts` are by days since the experience,
    and of the extra orders' own experiences, which come to the total; `models` are the ways to
    count. Where follow-up is too short, `total` says why, and `within`
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


def money_of(cells: pd.DataFrame) -> Outcome:
    """Return which money speaks of worth: margin where it is known or assumed, else spend."""
    return "margin" if "margin" in cells else "spend"


def money_to_speak_of(edition: Edition) -> Outcome:
    """Return "margin" where all orders of a firm carry their own, else "spend".

    An assumed margin makes no headline.
    """
    year = edition.table("worth_year")
    return "margin" if "margin" in year and edition.assumed_margin is None else "spend"


def figures(worth: Worth, money: Outcome) -> dict[str, MaybeEstimate | Mapping[str, MaybeEstimate]]:
    """Return what is recorded, by id: the figure, its share of the year's money, parts, models.

    In revenue under ids of its own: margin is then not known, or only assumed.
    """
    id = "worth_of_a_point" if money == "margin" else "worth_of_a_point_revenue"
    numbers: dict[str, MaybeEstimate | Mapping[str, MaybeEstimate]] = {
        id: worth.total,
        f"{id}_share": worth.share,
        "worth_of_a_point_by_age": worth.parts,
        "worth_of_a_point_by_model": worth.models,
    }
    if money != "margin":
        numbers["worth_of_a_point"] = NotEstimable("margin_not_given", n=worth.within.n)
    return numbers


def worth_of_the_year(edition: Edition, money: Outcome) -> Worth:
    """Return the worth of a point on a firm's main question, in margin or in revenue."""
    firm = edition.company
    assert firm.main is not None  # without it, the page has nothing to say
    return worth_of_a_point(
        edition.table("worth_cells"), edition.table("worth_orders"), edition.table("worth_year"),
        question=firm.main, controls=firm.controls, money=money, currency=firm.currency,
    )  # fmt: skip


def total_of_the_year(edition: Edition, money: Outcome) -> MaybeEstimate:
    """Return the figure alone, which several pages need: the first of them keeps it."""
    tables = [edition.table(name) for name in ("worth_cells", "worth_orders", "worth_year")]
    return kept_estimate(
        edition.folder.parent, [edition.folder.name, money, *map(digest_of, tables)],
        lambda: worth_of_the_year(edition, money).total,
    )  # fmt: skip


def worth_by_metric(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return the worth of one more point of the metric that is known: the main question's."""
    main = edition.company.main
    if main is None or not edition.has("worth_cells"):
        return {}
    name = public_id(main, edition.company.all_questions)
    if money_to_speak_of(edition) != "margin":
        return {name: NotEstimable("margin_not_own")}
    total = total_of_the_year(edition, "margin")
    gain = gain_of_a_point(edition.table("score_cells"), main)
    if isinstance(total, Estimate) and gain > 0:
        return {name: total.times(1 / gain)}
    return {name: total if isinstance(total, NotEstimable) else NotEstimable("nobody_can_rise")}


def gain_of_a_point(cells: pd.DataFrame, question: Question) -> float:
    """Return by how much the published measure rises if each answer is one point better.

    None above the top of the scale; so points of an NPS and points of its answers are not confused.
    Arithmetic on the answers given: no claim about what follows.
    """
    rows = cells[cells["question"] == question.name]
    best = question.scale[0] if question.easy_is == "low" else question.scale[1]
    up = -1 if question.easy_is == "low" else 1
    raised = rows.assign(score=np.where(rows["score"] == best, best, rows["score"] + up))
    measure = measures_of(question)[0]
    if measure.numerator == measure.denominator or rows.empty:
        return 0.0
    ends = []
    for part in (rows, raised):
        sums = answers_to(part, question)
        ends.append(float(sums[measure.numerator].sum() / sums[measure.denominator].sum()))
    return up * (ends[1] - ends[0]) if measure.unit == "score" else ends[1] - ends[0]


def share_touched(edition: Edition, row: Mapping[str, Any]) -> float:
    """Return which share of the last year's revenue the customers of an action's segments bring."""
    if not _named(edition, row):
        return 1.0
    if not edition.has("customers"):
        return 0.0
    rows, touched = _touched(edition, row)
    money = rows["revenue"].clip(lower=0) if "revenue" in rows else rows["orders"]
    if int(touched.sum()) < edition.smallest or not money.sum():
        return 0.0
    return float(money[touched].sum() / money.sum())


def customers_touched(edition: Edition, row: Mapping[str, Any]) -> float:
    """Return how many customers an action's segments hold."""
    return float(_touched(edition, row)[1].sum()) * edition.stands_for


def _named(edition: Edition, row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(row[name]) for name in edition.company.segments
            if name in row and not pd.isna(row[name])}  # fmt: skip


def _touched(edition: Edition, row: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.Series]:
    """Return the customers, and which of them an action touches."""
    rows = edition.table("customers")
    rows = rows[rows["back"] == 0]
    touched = pd.Series(True, index=rows.index)
    for name, value in _named(edition, row).items():
        touched &= rows[name].astype(str) == value if name in rows else False
    return rows, touched


def worth_of_a_point(
    cells: pd.DataFrame,
    orders: pd.DataFrame,
    year: pd.DataFrame,
    *,
    question: Question,
    controls: Sequence[str] = (),
    money: Outcome,
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
        Reads `orders`, `days_known` and the money's column, and of guests `guest_spend` or the
        like, which counts in the year's money and in nothing else.
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
    setting = ModelSetting(money=money, controls=(*controls, MONTH), scale=question.scale,
                       currency=currency, level=level)  # fmt: skip
    if question.easy_is == "low":
        cells = cells.assign(score=sum(question.scale) - cells["score"])
    too_short = too_short_for_a_year(cells, int(facts["days_known"]))
    bands = followed(cells)
    gains, refused = [], too_short
    for band in bands:
        found = gains_of(band, orders, setting)
        if isinstance(found, NotEstimable):
            refused = refused or found
            break
        gains.append(found)
    names = [n for n in MODELS if all(n in found for found in gains)]
    if not names or not gains or len(gains) < len(bands) or amount <= 0:
        why = refused or NotEstimable("outcome_all_zero", what=money, n=int(cells["n"].sum()))
        return _nothing(why, amount, count)
    models = {name: _of_all([found[name] for found in gains], count) for name in names}
    worth = _worth(models, amount, count, too_short, setting)
    guests = float(facts.get(f"guest_{money}", 0.0))
    if not guests or isinstance(worth.share, NotEstimable):
        return worth
    return replace(worth, share=worth.share.times(amount / (amount + guests)))


def too_short_for_a_year(cells: pd.DataFrame, days: int) -> NotEstimable | None:
    """Return why the figure can't be given, where orders or answers don't reach far enough."""
    if days < DAYS_A_YEAR:
        return NotEstimable("under_a_year_of_orders", days=days, n=int(cells["n"].sum()))
    for place, (_start, end) in enumerate(BANDS, start=1):
        n = int(cells.loc[cells["band"] == place, "n"].sum())
        if n < FOLLOWED:
            return NotEstimable("too_few_followed", answers=n, days=end, needed=FOLLOWED, n=n)
    return None


def _of_all(bands: Sequence[Quantities], count: int) -> Quantities:
    """Return what `count` experiences a point better bring in each band, by one way to count.

    `n` counts the answers that were followed to the first band's end.
    """
    gains = stacked(bands)
    return replace(gains.combine(count * np.eye(len(bands))), n=bands[0].n)


def _worth(
    gains: Mapping[str, Quantities],
    amount: float,
    count: int,
    too_short: NotEstimable | None,
    setting: ModelSetting,
) -> Worth:
    """Return the worth by these models; without the figure where follow-up is too short."""
    models = list(gains.values())
    bands = len(models[0].values)
    is_one = np.eye(bands)
    parts: dict[str, MaybeEstimate] = {
        part: mean_of_models(models, weights, setting)
        for part, weights in zip(PARTS, is_one, strict=False)
    }
    simple = mean_of_models(models, np.ones(bands), setting)
    days = BANDS[bands - 1][1]
    if too_short:
        return replace(_nothing(too_short, amount, count), parts=parts, within=simple, days=days)
    total = compounded(simple, amount)
    parts[OF_EXTRA_ORDERS] = _of_extra_orders(simple, amount)
    return Worth(
        total=total, share=total.times(1 / amount, unit="share"), parts=parts,
        models={name: compounded(mean_of_models([g], np.ones(bands), setting), amount)
                for name, g in gains.items()},
        of=amount, orders=count, within=parts[PARTS[0]], days=BANDS[0][1],
    )  # fmt: skip


def mean_of_models(
    models: Sequence[Quantities], weights: np.ndarray, setting: ModelSetting
) -> Estimate:
    """Return the mean of models, its error that of each and their distance from the mean."""
    sums = [model.combine(weights) for model in models]
    values = np.array([part.values[0] for part in sums])
    errors = np.sqrt([part.covariance[0, 0] for part in sums])
    value = values.mean()
    error = np.sqrt(errors**2 + (values - value) ** 2).mean()
    quantile = stats.t.ppf((1 + setting.level) / 2, min(part.df for part in sums))
    half = float(quantile * error)
    method = f"three ages of follow-up, mean of {len(sums)} models; {CLUSTERED}"
    return Estimate(
        value=float(value), low=float(value) - half, high=float(value) + half, n=sums[0].n,
        unit=setting.currency, level=setting.level, method=method,
    )  # fmt: skip


def compounded(simple: Estimate, amount: float) -> Estimate:
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
