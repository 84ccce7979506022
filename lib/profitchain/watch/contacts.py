"""How long customers wait for an answer and until their matter is closed, and what follows.

Who still waits at the period's end counts as waiting: Kaplan and Meier (1958, JASA 53: 457-481).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, counted
from profitchain.panel.contact_times import BACKLOG, BEFORE_OPENED, CLOSED, FIRST, HAPPENED
from profitchain.panel.edition import Edition
from profitchain.stats.ratios import change

FEWEST = 10
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A period's contacts: hours to the first response and to the close, and who still waits.

    `target` are the hours within which half of the earlier periods' contacts had a first response;
    `within` is the share of the period's that had theirs by then. `wrong` counts contacts that
    were answered or closed before they were opened, which are left out.
    """

    first: MaybeEstimate
    close: MaybeEstimate
    target: MaybeEstimate
    within: MaybeEstimate
    backlog: MaybeEstimate
    backlog_before: MaybeEstimate
    wrong: int


def waiting(edition: Edition) -> Waiting | NotEstimable:
    """Return how long the period's contacts waited; why nothing can be said where nothing can."""
    if not edition.has("contact_times"):
        return NotEstimable("needs_contact_times")
    times, now = edition.table("contact_times"), edition.period
    names = [p.name for p in edition.period.reach()]
    past = times[times["period"].isin(names[:-1])]
    rows = times[times["period"] == str(now)]
    target = median_wait(past[past["step"] == FIRST])
    backlog = times[times["step"] == BACKLOG].set_index("period")["contacts"]
    open_now, open_then = (
        counted(backlog[str(p)], unit="contacts")
        if str(p) in backlog.index
        else NotEstimable("no_such_column", column="closed_at")
        for p in (now, now.previous)
    )
    return Waiting(
        first=median_wait(rows[rows["step"] == FIRST]),
        close=median_wait(rows[rows["step"] == CLOSED]),
        target=target,
        within=_share_within(rows[rows["step"] == FIRST], target),
        backlog=open_now,
        backlog_before=open_then,
        wrong=int(rows.loc[rows["event"] == BEFORE_OPENED, "contacts"].sum()),
    )


def survival(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share still waiting after each number of hours at which somebody was served.

    Parameters
    ----------
    rows : hours, event (1: served after them, 0: still waited), contacts (how many).

    Returns
    -------
    One row a number of hours: hours, waiting (share), low, high (95%, log-log), n at risk.
    """
    rows = rows[rows["event"] != BEFORE_OPENED]
    served = rows["contacts"].where(rows["event"] == HAPPENED, 0)
    by = rows.assign(served=served).groupby("hours")[["contacts", "served"]].sum().sort_index()
    at_risk = by["contacts"][::-1].cumsum()[::-1]
    by = by.assign(n=at_risk)[by["served"] > 0]
    share = (1 - by["served"] / by["n"]).cumprod()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = by["served"] / (by["n"] * (by["n"] - by["served"]))
        error = np.sqrt(terms.cumsum()) / np.abs(np.log(share))
        reach = stats.norm.ppf(0.5 + LEVEL / 2) * error
        low, high = share ** np.exp(reach), share ** np.exp(-reach)
    return pd.DataFrame(
        {"hours": by.index.to_numpy(float), "waiting": share.to_numpy(),
         "low": low.fillna(0.0).to_numpy(), "high": high.fillna(0.0).to_numpy(),
         "n": by["n"].to_numpy(int)}
    )  # fmt: skip


def median_wait(rows: pd.DataFrame) -> MaybeEstimate:
    """Return the hours after which half were served, with the interval of Brookmeyer and Crowley.

    Brookmeyer and Crowley (1982), Biometrics 38: 29-41. An end that isn't reached is the longest
    wait that is known.

    Parameters
    ----------
    rows : as in `survival`.
    """
    rows = rows[rows["event"] != BEFORE_OPENED]
    n = int(rows["contacts"].sum())
    if n < FEWEST:
        return NotEstimable("too_few_contacts", n=n, needed=FEWEST)
    curve, longest = survival(rows), float(rows["hours"].max())
    value = _first_below(curve, "waiting")
    if value is None:
        return NotEstimable("more_than_half_wait", n=n)
    low = _first_below(curve, "low")
    high = _first_below(curve, "high")
    return Estimate(
        value=value, low=value if low is None else min(low, value),
        high=longest if high is None else high, n=n, unit="hours",
        method="Kaplan-Meier, open contacts as waiting",
    )  # fmt: skip


def _first_below(curve: pd.DataFrame, column: str) -> float | None:
    below = curve[curve[column] <= 0.5]
    return float(below["hours"].iloc[0]) if len(below) else None


def _share_within(rows: pd.DataFrame, target: MaybeEstimate) -> MaybeEstimate:
    if isinstance(target, NotEstimable):
        return target
    rows = rows[rows["event"] != BEFORE_OPENED]
    n = int(rows["contacts"].sum())
    if n < FEWEST:
        return NotEstimable("too_few_contacts", n=n, needed=FEWEST)
    curve = survival(rows)
    until = curve[curve["hours"] <= target.value]
    if until.empty:
        return Estimate(value=0.0, low=0.0, high=3.0 / n, n=n, unit="share")
    last = until.iloc[-1]
    return Estimate(value=1 - last["waiting"], low=1 - last["high"], high=1 - last["low"], n=n,
                    unit="share")  # fmt: skip


def sequels(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return what followed contacts soon answered, less what followed the others.

    `ordered` is the difference in the share with an order in the 90 days after, `score` that of
    the next score. Of like customers or not: it goes with the answer, and need not come of it.
    """
    missing = NotEstimable("needs_contact_times")
    if not edition.has("contact_sequels"):
        return {"ordered": missing, "score": missing}
    cells = edition.table("contact_sequels")
    soon, late = (cells[cells["answered"] == k] for k in (1, 0))
    parts = {
        "ordered": ("ordered", "n", "share", (0.0, 1.0)),
        "score": ("total", "scored", "score", None),
    }
    found: dict[str, MaybeEstimate] = {}
    for name, (above, below, unit, bounds) in parts.items():
        side = min(int((part[below] > 0).sum()) for part in (soon, late))
        smallest = max(edition.smallest, FEWEST)
        if side < smallest:
            found[name] = NotEstimable("too_few_contacts", n=side, needed=smallest)
            continue
        found[name] = change(soon, late, numerator=above, denominator=below, unit=unit,
                             bounds=bounds, smallest=smallest)  # fmt: skip
    return found
