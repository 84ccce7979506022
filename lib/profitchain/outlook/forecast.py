"""What the next four periods bring, measure by measure, and what was predicted of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.periods import Period
from profitchain.outlook import base_and_newcomers, rolling
from profitchain.outlook.history import CUSTOMERS, History, ended_early, history
from profitchain.outlook.rolling import Forecast
from profitchain.panel.edition import Edition

UNITS = {"orders": "orders", CUSTOMERS: "customers"}
MOST_TRIED = 8  # earlier periods that are predicted once more
FEWEST_JUDGED = 4
FAILED = 0.05  # a chance of so few inside, were the intervals right


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The next periods of each measure (orders, customers, revenue, margin), as far as predicted.

    `base` says why the lifetime model has no part in it, where it has none.
    """

    past: History
    coming: tuple[Period, ...]
    measures: Mapping[str, Forecast | NotEstimable]
    base: NotEstimable | None
    currency: str

    @property
    def headline(self) -> str:
        """What the answer is about: revenue, or orders where no money is known."""
        return "revenue" if "revenue" in self.measures else "orders"

    @property
    def first(self) -> Forecast | NotEstimable:
        return self.measures[self.headline]

    def unit(self, measure: str) -> str:
        return UNITS.get(measure, self.currency)

    def estimates(self, measure: str, level: float = 0.95) -> pd.DataFrame:
        """Return period, value, low, high, n, why: the next four periods of a measure."""
        found = self.measures.get(measure, NotEstimable("no_such_column", column=measure))
        names = [str(period) for period in self.coming]
        if isinstance(found, NotEstimable):
            return to_frame([found], period=names[:1]).assign(unit="")
        rows = [found.estimate(ahead, self.unit(measure), level=level)
                for ahead in range(1, len(names) + 1)]  # fmt: skip
        return to_frame(rows, period=names).assign(unit=self.unit(measure))

    @property
    def mase(self) -> MaybeEstimate:
        found = self.first
        return found if isinstance(found, NotEstimable) else found.mase


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """What was predicted of periods that are over, and what came: value, low, high, came, inside.

    `rows` has one row a period, the latest first; `level` is that of their intervals; `published`
    tells whether earlier editions predicted it, else the same method did so from earlier origins.
    """

    rows: pd.DataFrame
    level: float
    published: bool

    @property
    def inside(self) -> int:
        return int(self.rows["inside"].sum())

    @property
    def bias(self) -> MaybeEstimate:
        """By how much more came than was predicted on the mean, as a share of the predicted."""
        n = len(self.rows)
        if n < FEWEST_JUDGED:
            return NotEstimable("too_few_origins", n=n, needed=FEWEST_JUDGED)
        apart = (self.rows["came"] / self.rows["value"] - 1).to_numpy(float)
        half = float(stats.t.ppf(0.975, n - 1) * apart.std(ddof=1) / np.sqrt(n))
        mean = float(apart.mean())
        return Estimate(value=mean, low=mean - half, high=mean + half, n=n, unit="share")

    @property
    def failed(self) -> bool:
        """Whether so few periods fell inside that the intervals can't be right."""
        n = len(self.rows)
        if n < FEWEST_JUDGED:
            return False
        return bool(stats.binom.cdf(self.inside, n, self.level) < FAILED)


def outlook(edition: Edition) -> Outlook:
    """Return what the next periods bring, by the method of each measure that erred least so far."""
    past = history(edition)
    period = edition.period
    coming = tuple(period.shift(ahead) for ahead in range(1, rolling.PERIODS + 1))
    firm = edition.company.currency
    if ended_early(edition, past):
        why = NotEstimable("orders_end_early", n=len(past.sums),
                           days=edition.facts["days_uncovered"])  # fmt: skip
        none = dict.fromkeys(past.measures, why)
        return Outlook(past=past, coming=coming, measures=none, base=why, currency=firm)
    orders = base_and_newcomers.base_and_newcomers(edition, past)
    measures = {name: rolling.predict(past.steps(name), others=others_of(orders, past, name))
                for name in past.measures}  # fmt: skip
    base = orders if isinstance(orders, NotEstimable) else None
    return Outlook(past=past, coming=coming, measures=measures, base=base, currency=firm)


def others_of(
    orders: np.ndarray | NotEstimable, past: History, measure: str
) -> dict[str, np.ndarray]:
    """Return what base and newcomers say of a measure; nothing of customers, who order often."""
    if isinstance(orders, NotEstimable) or measure == CUSTOMERS:
        return {}
    track = orders if measure == "orders" else base_and_newcomers.as_money(orders, past, measure)
    return {base_and_newcomers.NAME: track}


def track_record(
    ahead: Outlook, published: pd.DataFrame | None = None, *, level: float = 0.80
) -> TrackRecord | NotEstimable:
    """Return what was predicted of the headline's measure one period ahead, and what came.

    Parameters
    ----------
    published : what earlier editions recorded of it: period (predicted), value, low, high (95%).
        Without any, the same method predicts each of the last periods from what was known before.
    """
    came = ahead.past.by_period(ahead.headline)
    if published is not None and len(published):
        rows = published[published["period"].isin(list(came))]
        if len(rows):
            return _record(rows, came, level=0.95, published=True)
    if isinstance(ahead.first, NotEstimable):
        return ahead.first
    rows = pd.DataFrame(list(_predicted_before(ahead, level)),
                        columns=["period", "value", "low", "high"])  # fmt: skip
    if rows.empty:
        return NotEstimable("too_few_origins", needed=1)
    return _record(rows, came, level=level, published=False)


def _predicted_before(ahead: Outlook, level: float) -> list[tuple[str, float, float, float]]:
    steps, past, found = ahead.past.steps(ahead.headline), ahead.past, []
    assert isinstance(ahead.first, Forecast)
    base = ahead.first.tracks.get(base_and_newcomers.NAME)
    for back in range(1, MOST_TRIED + 1):
        count = len(steps.values) - back * past.per
        if count <= 0:
            break
        others = {} if base is None else {base_and_newcomers.NAME: base[: count + 1]}
        then = rolling.predict(steps.until(count), others=others)
        if isinstance(then, Forecast):
            name = str(past.period.shift(1 - back))
            ends = float(then.low[level][0]), float(then.high[level][0])
            found.append((name, float(then.values[0]), *ends))
    return found


def _record(
    rows: pd.DataFrame, came: Mapping[str, float], *, level: float, published: bool
) -> TrackRecord:
    rows = rows.assign(came=[came[name] for name in rows["period"]])
    rows["inside"] = rows["came"].between(rows["low"], rows["high"])
    order = rows["period"].map(lambda name: Period(name).first_day)
    rows = rows.loc[order.sort_values(ascending=False).index].reset_index(drop=True)
    names = ["period", "value", "low", "high", "came", "inside"]
    return TrackRecord(rows=rows[names], level=level, published=published)
