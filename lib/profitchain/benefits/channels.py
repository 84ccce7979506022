"""How many of the referred order, and which channel brings customers who stay.

Loyal referrers are loyal by the orders before the referral. Channels are told apart only beyond
chance: each against all others, false discoveries held at 5% (Benjamini and Hochberg 1995, JRSS B
57: 289-300).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ABOVE_OTHERS, ALIKE, BELOW_OTHERS, RatioParts
from profitchain.stats.ratios import benjamini_hochberg, change, linearise, ratio

LOYAL, OTHERS = "loyal", "others"
FEWEST_FAILED = 10  # referred who never ordered; fewer among many: such referrals aren't recorded
MOST_CONVERTED = 0.9
FEWEST_OF_A_CHANNEL = 30  # customers
MOST_FALSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The share of the referred who ordered within a quarter, by who referred them.

    `rates`: of those by loyal customers and by others; `difference`: loyal less others, clustered
    by referrer.
    """

    rates: Mapping[str, MaybeEstimate]
    every: MaybeEstimate
    difference: MaybeEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What became of newcomers by channel in the year after their first order.

    `retained` (share who ordered again) and `margin` (money each; or why it isn't known): one row
    a channel: channel, value, low, high, n, why, p_adjusted, verdict.
    """

    retained: pd.DataFrame
    margin: pd.DataFrame | NotEstimable

    @property
    def are_apart(self) -> bool:
        frames = [self.retained, *([self.margin] if isinstance(self.margin, pd.DataFrame) else [])]
        return any((frame["verdict"] != ALIKE).any() for frame in frames)


def referral_conversion(edition: Edition) -> Conversion | NotEstimable:
    """Return how many of the referred ordered within 91 days, or why it isn't known."""
    if not edition.has("conversion_cells"):
        return NotEstimable("needs_table", table="referrals")
    return conversion_of(edition.table("conversion_cells"), smallest=edition.smallest)


def conversion_of(cells: pd.DataFrame, *, smallest: int = 0) -> Conversion | NotEstimable:
    """Return conversion of the referrals of loyal customers and of others.

    A table that hardly holds a referral without an order can't tell how many ordered.

    Parameters
    ----------
    cells : one row a loyalty and referrer: loyal (bool), cluster, referred, ordered.
    """
    n, ordered = (int(cells[name].sum()) for name in ("referred", "ordered"))
    if not n:
        return NotEstimable("nothing_counted")
    if n - ordered < FEWEST_FAILED and ordered > MOST_CONVERTED * n:
        return NotEstimable("only_referrals_that_ordered", n=n, referred=n, ordered=ordered)
    is_loyal = cells["loyal"].astype(bool)
    sides = {LOYAL: cells[is_loyal], OTHERS: cells[~is_loyal]}
    return Conversion(
        rates={name: ratio(rows, **_parts(), smallest=smallest) for name, rows in sides.items()},
        every=ratio(cells, **_parts(), smallest=smallest),
        difference=change(sides[LOYAL], sides[OTHERS], **_parts(), smallest=smallest),
    )


def _parts() -> RatioParts:
    return RatioParts(
        numerator="ordered", denominator="referred", unit="share", bounds=(0.0, 1.0), counts=""
    )


def channels(edition: Edition) -> Channels | NotEstimable:
    """Return who was retained, and what margin each brought, by channel; or why it isn't known."""
    if not edition.has("channel_cells"):
        return NotEstimable("no_such_column", column="acquisition_channel")
    cells = edition.table("channel_cells")
    has_margin = "margin" in cells and edition.assumed_margin is None
    return channels_of(cells if has_margin else cells.drop(columns="margin", errors="ignore"),
                       currency=edition.company.currency, smallest=edition.smallest)  # fmt: skip


def channels_of(
    cells: pd.DataFrame, *, currency: str, smallest: int = 0
) -> Channels | NotEstimable:
    """Return newcomers' first year by channel, the best retained first.

    Parameters
    ----------
    cells : one row a channel and cluster: channel, cluster, customers, retained, margin (if known).
    """
    fewest = max(FEWEST_OF_A_CHANNEL, smallest)
    many = cells.groupby("channel")["customers"].sum()
    names = many.index[many >= fewest]
    if not len(names):
        n = int(many.max()) if len(many) else 0
        return NotEstimable("too_few_customers", n=n, needed=fewest)
    shown = cells[cells["channel"].isin(names)]
    retained = _by_channel(shown, "retained", "share", (0.0, 1.0), smallest)
    order = retained.sort_values("value", ascending=False, kind="stable")
    margin: pd.DataFrame | NotEstimable = NotEstimable("margin_not_own")
    if "margin" in cells:
        margin = _by_channel(shown, "margin", currency, None, smallest)
        margin = margin.loc[order.index].reset_index(drop=True)
    return Channels(retained=order.reset_index(drop=True), margin=margin)


def _by_channel(
    cells: pd.DataFrame,
    name: str,
    unit: str,
    bounds: tuple[float, float] | None,
    smallest: int,
) -> pd.DataFrame:
    """Return one row a channel, and whether it differs from all others together."""
    groups = dict(list(cells.groupby("channel")))
    values = [ratio(rows, numerator=name, denominator="customers", unit=unit, bounds=bounds,
                    smallest=smallest) for rows in groups.values()]  # fmt: skip
    frame = to_frame(values, channel=list(groups))
    tests = [_against(rows, cells[cells["channel"] != channel], name)
             for channel, rows in groups.items()]  # fmt: skip
    frame["p_adjusted"] = benjamini_hochberg(np.array([p for p, _above in tests]))
    is_apart = frame["p_adjusted"] < MOST_FALSE
    words = [ABOVE_OTHERS if above else BELOW_OTHERS for _p, above in tests]
    frame["verdict"] = np.where(is_apart, words, ALIKE)
    return frame


def _against(rows: pd.DataFrame, others: pd.DataFrame, name: str) -> tuple[float, bool]:
    """Return the p-value of a channel's ratio against that of all others, and if it is above."""
    own, rest = (linearise(part, name, "customers") for part in (rows, others))
    if isinstance(own, NotEstimable) or isinstance(rest, NotEstimable):
        return np.nan, False
    apart, error = own.value - rest.value, np.sqrt(own.variance + rest.variance)
    if not error > 0:
        return np.nan, apart > 0
    df = (own.variance + rest.variance) ** 2 / (
        own.variance**2 / own.df + rest.variance**2 / rest.df
    )
    return float(2 * scipy.stats.t.sf(abs(apart) / error, df)), bool(apart > 0)
