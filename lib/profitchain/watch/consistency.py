"""Whether the ways in which customers meet the firm are alike in score, beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.watch.alarms import FEWEST_N
from profitchain.watch.series import Series, borrowed, id_of

PLACES = ("touchpoint", "channel")


def consistency(series: Sequence[Series], metric: str, period: Period) -> MaybeEstimate:
    """Return how far touchpoints lie apart in a measure beyond chance: a standard deviation.

    Channels, where the firm knows no two touchpoints: the same answers never count twice.

    The interval is that of the test of no difference turned round (Q profile: Viechtbauer 2007,
    Stat. Med. 26: 37-52).
    """
    known = [one for one in series if one.id == metric and one.split in PLACES]
    now = [(one.split, *one.frame[one.frame["period"] == str(period)].to_dict("records"))
           for one in known]  # fmt: skip
    by_split = {split: [rows[0] for place, *rows in now if place == split and rows
                        and rows[0]["n"] >= FEWEST_N] for split in PLACES}  # fmt: skip
    rows = max(by_split.values(), key=lambda several: min(len(several), 2))
    if len(rows) < 2:
        return NotEstimable("fewer_than_two_places", n=len(rows))
    values = np.array([row["value"] for row in rows])
    customers = np.array([row["customers"] for row in rows])
    variances = borrowed(np.array([row["variance"] for row in rows]), customers, values)
    if not variances.all():
        return NotEstimable("always_alike", n=int(sum(row["n"] for row in rows)))
    df = len(rows) - 1
    unit = next(one.unit for one in series if one.id == metric)
    if len(rows) == 2:  # the profile has hardly an upper end: half of their distance, as it is
        value, reach = np.ptp(values) / np.sqrt(2), 1.96 * np.sqrt(variances.sum() / 2)
        return Estimate(value=float(value), low=float(max(value - reach, 0.0)),
                        high=float(value + reach), n=int(sum(row["n"] for row in rows)),
                        unit=unit)  # fmt: skip
    low, value, high = (
        _root(values, variances, target)
        for target in (stats.chi2.ppf(0.975, df), float(df), stats.chi2.ppf(0.025, df))
    )
    return Estimate(value=value, low=min(low, value), high=max(high, value),
                    n=int(sum(row["n"] for row in rows)), unit=unit)  # fmt: skip


def _root(values: np.ndarray, variances: np.ndarray, target: float) -> float:
    """Return the spread at which the weighted squares of distances add up to a target."""

    def squares(spread: float) -> float:
        weights = 1 / (variances + spread**2)
        return float(weights @ (values - weights @ values / weights.sum()) ** 2)

    if squares(0.0) <= target:
        return 0.0
    low, high = 0.0, 10 * float(np.ptp(values)) + 1e-9
    while squares(high) > target and high < 1e9:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if squares(middle) > target else (low, middle)
    return (low + high) / 2


def of_main(edition: Edition, series: Sequence[Series]) -> MaybeEstimate:
    """Return `consistency` of the main question in the edition's period."""
    main = edition.company.main
    if main is None:
        return NotEstimable("needs_main_question")
    return consistency(series, id_of(main, edition.company.all_questions), edition.period)
