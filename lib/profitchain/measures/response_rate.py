"""Who answers: the share of all who were asked, over time and by what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.core.periods import Period
from profitchain.stats.comparisons import EVERYBODY, Measure, MeasureSeries, by_groups
from profitchain.stats.disclosure_control import customers_by, unless_withheld, withheld
from profitchain.stats.ratios import change, ratio

PRIOR, RECENCY = "orders before", "last order before"
HISTORIES = (PRIOR, RECENCY)
PRIOR_BANDS = ("no order", "1 order", "2–3 orders", "4 or more orders")
RECENCY_BANDS = ("never", "up to 30 days", "31–90 days", "91–365 days", "over a year")
NOT_GROUPS = ("period", "closes", *HISTORIES)
SHARE = (0.0, 1.0)


def rate_of(*, invited: bool) -> Measure:
    """Return what can be known of response: the rate, or only who of the buyers answered."""
    return Measure(
        id="response_rate" if invited else "active_customers_who_answered",
        numerator="responses", denominator="requests", unit="share", bounds=SHARE,
    )  # fmt: skip


def requests_of(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the requests with sums for the rate, and their history in bands.

    Parameters
    ----------
    pairs : one row a distinct combination of what was known of a request
        Reads `n`, `in_time` (answered by the end of the period of asking), `prior_orders`,
        `recency_days` (-1: no earlier order) and, if there, `asks` (0: a further answer).
    """
    prior = np.digitize(pairs["prior_orders"].to_numpy(float), [1, 2, 4])
    recency = np.digitize(pairs["recency_days"].to_numpy(float), [0, 31, 91, 366])
    requests = pairs["n"] * pairs.get("asks", 1)
    return pairs.assign(
        requests=requests,
        responses=requests * pairs["in_time"],
        **{PRIOR: np.take(PRIOR_BANDS, prior), RECENCY: np.take(RECENCY_BANDS, recency)},
    )


def groups_of(pairs: pd.DataFrame) -> list[str]:
    """Return the columns that name groups of requests: segments of customers, and touchpoint."""
    is_number = pd.api.types.is_numeric_dtype
    return [name for name in pairs if name not in NOT_GROUPS and not is_number(pairs[name])]


def in_period(pairs: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return the requests of one period."""
    return pairs[pairs["period"] == str(period)].reset_index(drop=True)


def by_group(
    requests: pd.DataFrame, measure: Measure, groups: Sequence[str], *, smallest: int
) -> pd.DataFrame:
    """Return the rate by segment and touchpoint, as `comparisons.by_groups` does."""
    if not groups:
        requests, groups = requests.assign(**{EVERYBODY: "all requests"}), [EVERYBODY]
    return by_groups(requests, measure, groups, smallest=smallest)


def published(
    rate: MeasureSeries, groups: pd.DataFrame, *, invited: bool
) -> list[MeasureSeries | tuple[Measure, pd.DataFrame | MaybeEstimate]]:
    """Return the rate and its groups to record, or why there is none where nobody knows who was."""
    if invited:
        return [rate, (rate.measure, groups)]
    return [(rate_of(invited=True), NotEstimable("asked_unknown"))]


def by_history(requests: pd.DataFrame, measure: Measure, *, smallest: int) -> pd.DataFrame:
    """Return the rate by orders before and by days since the last one, as `by_group` does.

    The bands stand in their own order, the fewest first; a history that all share is left out.
    """
    frame = by_group(requests, measure, _several(requests, HISTORIES), smallest=smallest)
    order = sorted(frame.index, key=lambda row: _band(frame.at[row, "group"]))
    return frame.loc[order].reset_index(drop=True)


def profile(requests: pd.DataFrame, groups: Sequence[str], *, smallest: int) -> pd.DataFrame:
    """Return who is missing: what share each group is of those who answered and of the others.

    Returns
    -------
    One row a group, where there are several: segment, group, then value, low, high and why under
    `answered_`, `silent_` (shares) and `difference_` (the first less the second).
    """
    pairs, estimates = [], []
    for name in _several(requests, [*groups, *HISTORIES]):
        sizes = customers_by(requests, name, "requests")
        sizes = sizes.reindex(sorted(sizes.index, key=_band))
        of_both = partial(_of_both, requests, name)
        shown = unless_withheld(withheld(sizes, smallest), sizes, smallest, of_both)
        pairs += [(name, str(group)) for group in shown]
        estimates += [of if isinstance(of, tuple) else (of, of, of) for of in shown.values()]
    sides = zip(*estimates, strict=True) if estimates else ((), (), ())
    frames = [
        to_frame(side).drop(columns="n").add_prefix(f"{prefix}_")
        for prefix, side in zip(("answered", "silent", "difference"), sides, strict=True)
    ]
    return pd.concat([pd.DataFrame(pairs, columns=["segment", "group"]), *frames], axis=1)


def _band(group: str) -> tuple[int, str]:
    """Return what sorts groups: bands of history in their order, others by name and first."""
    bands = (*PRIOR_BANDS, *RECENCY_BANDS)
    return (bands.index(group) + 1 if group in bands else 0), group


def _several(requests: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return those columns that tell at least two groups apart."""
    return [name for name in names if requests[name].nunique() > 1]


def _of_both(
    requests: pd.DataFrame, name: str, group: str
) -> tuple[MaybeEstimate, MaybeEstimate, MaybeEstimate]:
    """Return a group's share of those who answered, of those who didn't, and their difference."""
    inside = requests[name] == group
    answered, silent = (
        pd.DataFrame({"cluster": requests["cluster"], "of": n, "inside": n * inside})
        for n in (requests["responses"], requests["requests"] - requests["responses"])
    )
    share = Measure(id="share", numerator="inside", denominator="of", unit="share", bounds=SHARE)
    return (
        ratio(answered, **share.parts),
        ratio(silent, **share.parts),
        change(answered, silent, **share.parts),
    )
