"""How long until customers order again, by how satisfied they said they were.

Each customer with an answer counts once, from the answer to the next order; who has not ordered
by the period's end was watched up to then (censored), which is not the same as lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.measures import loyalty
from profitchain.measures.satisfaction import GROUPS, answers_to
from profitchain.panel.edition import Edition
from profitchain.sources.company import Question

LEAST_WATCHED = 0.1  # of a group: a curve's end on fewer says little
MOST_STEPS = 60  # of a drawn curve: more can not be seen, and weigh
SATISFIED, OTHERS = "satisfied", "not satisfied"


def too_few_orders(times: pd.DataFrame, n: int) -> NotEstimable:
    """Return why so few orders after an answer tell nothing (`times` as in `return_curves`)."""
    again = int(times["event"].sum()) if len(times) else 0
    return NotEstimable("too_few_orders_after_an_answer", n=n, again=again, count=len(times))


def satisfaction_groups(rows: pd.DataFrame, question: Question) -> pd.Series:
    """Return the group of each row's `score`, as an ordered category, the least satisfied first.

    NPS has its three groups; other questions have two: satisfied or not. "" where no score is.
    """
    answers = answers_to(rows.assign(question=question.name, n=1), question)
    worst, middle, best = (answers[name] > 0 for name in GROUPS[question.kind])
    names = list(GROUPS["nps"]) if question.kind == "nps" else [OTHERS, SATISFIED]
    members = [worst, middle, best] if question.kind == "nps" else [worst | middle, best]
    groups = np.select([rows["score"].notna() & inside for inside in members], names, default="")
    return pd.Series(pd.Categorical(groups, [*names, ""], ordered=True), index=rows.index)


def return_times(edition: Edition) -> pd.DataFrame:
    """Return one row a customer with an answer in the lookback; no rows where nobody was asked."""
    if edition.has("return_times"):
        return edition.table("return_times")
    return pd.DataFrame(columns=["cluster", "score", "days", "event"], dtype=float)


def return_curves(
    times: pd.DataFrame, question: Question | None, *, smallest: int = 0
) -> pd.DataFrame:
    """Return the share of customers who ordered again, day by day, for each satisfaction group.

    Kaplan-Meier as in `loyalty.time_to_next_order`. A curve ends where fewer than a tenth of
    the group, or than `smallest`, are still watched; a group too small, or with too few orders,
    is left out.

    Parameters
    ----------
    times : one row a customer with an answer
        Reads `score`, `days` (from the answer to the next order, or to the period's end), `event`
        (1 ordered again, 0 still watched).

    Returns
    -------
    One row a group and day: days, group, value, low, high (shares), n (still watched), why.
    """
    if question is None or times.empty:
        return to_frame([NotEstimable("nobody_answered")], days=[0.0], group=[""])
    curves = []
    for name, rows in times.groupby(satisfaction_groups(times, question), observed=True):
        counts = rows.groupby(["days", "event"], as_index=False).size()
        curve = loyalty.time_to_next_order(counts.rename(columns={"size": "n"}))
        if isinstance(curve, NotEstimable) or len(rows) < smallest:
            continue
        curve = curve[curve["n"] >= max(smallest, LEAST_WATCHED * len(rows))]
        curve = loyalty.coarsened(curve, smallest=smallest)
        if len(curve):
            curves.append(curve.assign(group=name))
    if curves:
        return pd.concat(curves, ignore_index=True).assign(why="")
    return to_frame([too_few_orders(times, len(times))], days=[0.0], group=[""])


def thinned(curves: pd.DataFrame, most: int = MOST_STEPS) -> pd.DataFrame:
    """Return curves with at most so many rows a group, evenly spread over the days, to be drawn.

    Each row is the curve's own; the first and the last always are.
    """

    parts = []
    for _group, rows in curves.groupby("group", sort=False):
        days = rows["days"].to_numpy(float)
        places = np.searchsorted(days, np.linspace(days[0], days[-1], most), side="right") - 1
        parts.append(rows.iloc[np.unique(places)])
    return pd.concat(parts, ignore_index=True)


def log_rank_test(
    times: pd.DataFrame, question: Question | None, *, smallest: int = 0
) -> MaybeEstimate:
    """Return the p-value of the test that all groups return at the same pace.

    Log-rank: Mantel (1966), Cancer Chemother. Rep. 50: 163-170.
    """
    from statsmodels.duration.survfunc import survdiff

    if question is None or times.empty:
        return NotEstimable("nobody_answered")
    group = satisfaction_groups(times, question).astype(str)
    again = times["event"].groupby(group).agg(["size", "sum"])
    enough = again["size"].ge(max(smallest, 2)) & again["sum"].ge(loyalty.FEWEST_REPEATS)
    rows = times[group.isin(again.index[enough])]
    if enough.sum() < 2:
        return NotEstimable("too_few_groups_with_orders", n=len(times))
    p = float(survdiff(rows["days"], rows["event"], group[rows.index])[1])
    return Estimate(value=p, low=p, high=p, n=len(rows), unit="p", method="log-rank test")
