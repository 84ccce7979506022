"""The worth of a point on a caller's own orders and answers: columns by name, no company needed.

The same sums as the engine's (`panel.follow_up`), by sorting, and the same fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.errors import ContractError
from profitchain.effects.value_of_a_point import Worth
from profitchain.effects.value_of_a_point import worth_of_a_point as worth_of_cells
from profitchain.panel.event_order import A_DAY
from profitchain.panel.follow_up import (
    BANDS,
    CLASSES,
    CLOSED_WITHIN,
    DAYS_A_YEAR,
    MILLIONTHS,
)
from profitchain.panel.panel import SECONDS_A_DAY
from profitchain.sources.settings import Question
from profitchain.stats import plain_frames

HISTORY = ("prior_orders", "recency", "tenure")
SPAN = 2**34  # seconds: more than any firm's history
AGES = np.arange(400)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What `value_of_a_point.worth_of_a_point` reads: cells, the year's orders, their sums."""

    cells: pd.DataFrame
    orders: pd.DataFrame
    year: pd.DataFrame


def worth_of_a_point(
    orders: pd.DataFrame,
    answers: pd.DataFrame,
    *,
    customer: str,
    ordered_at: str,
    amount: str,
    answered_at: str,
    score: str,
    scale: tuple[float, float] = (0, 10),
    controls: Sequence[str] = (),
    ends_at: str | None = None,
    currency: str = "EUR",
    level: float = 0.95,
) -> Worth:
    """Return what the last 365 days would have brought, had each experience been a point better.

    None rises above the top of the scale. Held alike are the customer's number of earlier orders,
    the days since the last and the first of them, the month, and `controls`.

    Parameters
    ----------
    orders : one row an order; a negative amount is a refund: netted, and no experience.
    answers : one row an answer.
    customer : the column of both that tells customers apart.
    ordered_at, answered_at : columns of moments; those with a zone are put in UTC.
    amount : column of orders: margin, or revenue.
    score : column of answers; a higher one is better.
    scale : the worst and the best score that could be given.
    controls : columns of both that are categories known before the answer.
    ends_at : the first moment after the year, by default that after the last order.

    Returns
    -------
    Worth: `total`, its `share` of the year's amount, `parts` by age and `models`. Where orders or
    answers don't reach far enough, `total` says why, and `within` is what is known.

    Examples
    --------
    >>> orders = pd.DataFrame({"who": ["a", "b"], "at": ["2026-01-01", "2026-03-01"], "eur": 20.0})
    >>> answers = pd.DataFrame(
    ...     {"who": ["a", "b"], "at": ["2026-01-04", "2026-03-02"], "nps": [9, 6]}
    ... )
    >>> worth = worth_of_a_point(
    ...     orders,
    ...     answers,
    ...     customer="who",
    ...     ordered_at="at",
    ...     amount="eur",
    ...     answered_at="at",
    ...     score="nps",
    ... )
    >>> print(worth.total)
    Orders are known for 59 days only: a year of them is needed. (n = 0)
    """
    plain_frames.check_level(level)
    question = Question(name="score", kind="rating", scale=scale)
    kept = {str(name): name for name in controls}
    given = plain_frames.columns_of(answers, who=customer, at=answered_at, score=score, **kept)
    bought = plain_frames.columns_of(orders, who=customer, at=ordered_at, amount=amount, **kept)
    given["score"] = plain_frames.numbers(given["score"], score, scale)
    bought["amount"] = plain_frames.numbers(bought["amount"], amount)
    given["at"], bought["at"] = (
        _moments(given["at"], answered_at),
        _moments(bought["at"], ordered_at),
    )
    given, bought = given.dropna(), bought.dropna()
    if bought.empty or given.empty:
        raise ContractError("No order or no answer is complete. Give customers, moments, numbers.")
    codes, _names = pd.factorize(pd.concat([bought["who"], given["who"]]))
    bought["cluster"], given["cluster"] = codes[: len(bought)], codes[len(bought) :]
    end = bought["at"].max() + 1
    if ends_at is not None:
        end = int(_moments(pd.Series([ends_at]), "ends_at").iloc[0])
    followed = follow_up(bought, given, end=end, categories=[*kept])
    return worth_of_cells(
        followed.cells, followed.orders, followed.year, question=question, money="margin",
        controls=(*HISTORY, *kept), currency=currency, level=level,
    )  # fmt: skip


def _moments(column: pd.Series, name: str) -> pd.Series:
    """Return moments as whole seconds since 1970, NaN where there is none."""
    missing = plain_frames.days(column, name).isna()
    moments = pd.to_datetime(column, utc=True, format="ISO8601" if column.dtype == "str" else None)
    seconds = moments.dt.tz_localize(None).astype("datetime64[s]").astype("int64")
    return seconds.where(~missing)


def follow_up(
    orders: pd.DataFrame, answers: pd.DataFrame, *, end: float, categories: Sequence[str] = ()
) -> FollowUp:
    """Return what followed each answer in three bands, and the orders of the last 365 days.

    Parameters
    ----------
    orders : one row an order: cluster, at (seconds since 1970), amount, categories.
    answers : one row an answer: cluster, at, score, categories.
    end : the first second after the year; what comes later is left out.
    """
    orders = orders[orders["at"] < end].sort_values(["cluster", "at"], kind="stable")
    answers = answers[answers["at"] < end].reset_index(drop=True)
    bought = orders[orders["amount"] >= 0]
    keys = _keys(bought)
    first = np.searchsorted(keys, bought["cluster"].to_numpy() * SPAN)
    nth = pd.Series(np.arange(len(bought)) - first + 1, index=bought.index)
    in_year = orders["at"] >= end - DAYS_A_YEAR * SECONDS_A_DAY
    judged = bought[in_year.reindex(bought.index)]
    histories = _histories(answers, bought, keys)
    delay = histories["recency_days"]
    usual = (
        int(delay[delay >= 0].sort_values().iloc[(int((delay >= 0).sum()) - 1) // 2])
        if ((delay >= 0).any())
        else 0
    )
    weight = _weights(end - judged["at"].to_numpy(), usual)
    cells = pd.concat([answers[["score", *categories, "cluster"]], histories], axis=1)
    least = np.searchsorted(CLASSES, nth[judged.index].to_numpy(), side="right") - 1
    classes = judged.assign(prior_orders=np.array(CLASSES)[least])
    by = ["prior_orders", *categories]
    year = {"orders": [len(judged)], "margin": [orders.loc[in_year, "amount"].sum()],
            "days_known": [int(end - orders["at"].min()) // SECONDS_A_DAY]}  # fmt: skip
    return FollowUp(
        cells=_in_bands(cells, answers, orders, weight, end),
        orders=classes.groupby(by, observed=True).size().rename("orders").reset_index(),
        year=pd.DataFrame(year),
    )


def _keys(rows: pd.DataFrame) -> np.ndarray:
    """Return one ascending number for customer and moment."""
    return np.asarray(rows["cluster"].to_numpy(np.int64) * SPAN + rows["at"].to_numpy(np.int64))


def _histories(answers: pd.DataFrame, bought: pd.DataFrame, keys: np.ndarray) -> pd.DataFrame:
    """Return prior_orders, recency_days and tenure_days as `panel.histories` has them."""
    at, moments = answers["at"].to_numpy(), bought["at"].to_numpy()
    before = np.searchsorted(keys, _keys(answers), side="left")
    start = np.searchsorted(keys, answers["cluster"].to_numpy(np.int64) * SPAN)
    prior = before - start
    last, first = (moments[np.clip(place, 0, len(moments) - 1)] for place in (before - 1, start))
    days = [(at - then) // SECONDS_A_DAY for then in (last, first)]
    recency, tenure = (np.where(prior > 0, gap, nothing)
                       for gap, nothing in zip(days, (-1, 0), strict=True))  # fmt: skip
    return pd.DataFrame({"prior_orders": prior, "recency_days": recency, "tenure_days": tenure})


def _weights(ages: np.ndarray, delay: int) -> np.ndarray:
    """Return for each age in days the share of orders old enough, as `follow_up.weights`."""
    days = np.sort(ages // SECONDS_A_DAY)
    after, upto = (len(days) - np.searchsorted(days, AGES + delay, side)
                   for side in ("right", "left"))  # fmt: skip
    return np.asarray(np.floor((after + upto) * (MILLIONTHS // 2) / max(len(days), 1)) / MILLIONTHS)


def _in_bands(
    cells: pd.DataFrame,
    answers: pd.DataFrame,
    orders: pd.DataFrame,
    weight: np.ndarray,
    end: float,
) -> pd.DataFrame:
    """Return one row an answer and band that it was followed to the end of.

    An answer at midnight is a day: it is followed from that day's end (`panel.event_order`).
    """
    moments = answers["at"]
    answers = answers.assign(at=moments.mask(moments % A_DAY == 0, moments + A_DAY - 1))
    keys, own = _keys(orders), _keys(answers)
    after = np.searchsorted(keys, own, side="right")
    last = np.searchsorted(keys, own + BANDS[-1][1] * SECONDS_A_DAY, side="right")
    counts = last - after
    row = np.repeat(np.arange(len(answers)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + after[row]
    age = keys[place] - own[row]
    amount = orders["amount"].to_numpy(float)[place]
    worth = amount * weight[age // SECONDS_A_DAY]
    bands = []
    for number, (start, until) in enumerate(BANDS, start=1):
        inside = (age > start * SECONDS_A_DAY) & (age <= until * SECONDS_A_DAY)
        came = np.bincount(row[inside & (amount >= 0)], minlength=len(answers)) > 0
        money = np.bincount(row[inside], worth[inside], len(answers))
        closes = answers["at"].to_numpy() + until * SECONDS_A_DAY
        month = closes.astype("datetime64[s]").astype("datetime64[M]").astype(int) + 1970 * 12
        recent = (closes >= end - DAYS_A_YEAR * SECONDS_A_DAY).astype(int)
        band = cells.assign(band=number, month=month, recent=recent, n=1,
                            repeats=came.astype(int), margin=money)  # fmt: skip
        bands.append(band[(closes < end) & (closes >= end - CLOSED_WITHIN * SECONDS_A_DAY)])
    return pd.concat(bands, ignore_index=True)
