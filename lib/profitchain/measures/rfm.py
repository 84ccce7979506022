"""Which customers carry the business today: groups by recency, frequency and money.

Each customer who ordered in the lookback is placed in a third of each: how lately, how often, how
much (RFM: Hughes 1994, Strategic Database Marketing). The thirds are of this snapshot and hold for
the one before as well, so that a customer who changes groups has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.core.periods import Period
from profitchain.measures.satisfaction import answers_to, measures_of
from profitchain.sources.settings import Question
from profitchain.stats.disclosure_control import too_small, unless_withheld, withheld
from profitchain.stats.ratios import ratio
from profitchain.stats.sampling_weights import factor, group_size, of_all

Money = Literal["margin", "revenue"]
LAPSED, ALL = "Lapsed", "All who ordered"
GROUPS = (
    *("Champions", "Regulars", "Big spenders", "Occasional", "New", "Gone quiet", "Cooling"),
    LAPSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thirds:
    """Where one measure's thirds end: 1 up to `first`, 2 up to `second`, 3 above.

    An end is -inf where ties leave the third empty. `most_common` is the share of customers who
    share one value: above two thirds, the measure can't part them.
    """

    first: float
    second: float
    most_common: float

    @property
    def parts_them(self) -> bool:
        return self.most_common <= 2 / 3

    def of(self, values: pd.Series) -> np.ndarray:
        """Return each value's third, 1 to 3."""
        third: np.ndarray = 1 + (values > self.first).to_numpy() + (values > self.second).to_numpy()
        return third


def snapshot(customers: pd.DataFrame, back: int) -> pd.DataFrame:
    """Return the customers as they stood so many periods ago, with `recency_days`, by `row`."""
    rows = customers[customers["back"] == back].set_index("row", drop=False)
    return rows.assign(recency_days=rows["age_days"] - rows["last_age_days"])


def money_of(customers: pd.DataFrame) -> Money:
    """Return which money speaks of value: margin where it is known or assumed, else revenue."""
    return "margin" if "margin" in customers else "revenue"


def ordered(now: pd.DataFrame) -> pd.DataFrame:
    """Return the customers of a snapshot who ordered within the lookback."""
    return now[now["orders"] > 0]


def per_customer(
    rows: pd.DataFrame,
    values: pd.Series,
    *,
    unit: str,
    bounds: tuple[float, float] | None = None,
    smallest: int = 0,
) -> MaybeEstimate:
    """Return the mean of a value over customers (`rows`: one row a customer, with `cluster`)."""
    sums = pd.DataFrame({"cluster": rows["cluster"], "sum": values.astype(float), "customers": 1})
    return ratio(
        sums, numerator="sum", denominator="customers", unit=unit, bounds=bounds, smallest=smallest
    )


def thirds(values: pd.Series) -> Thirds:
    """Return the ends of the thirds of some values, by mid-ranks: ties stay together.

    Examples
    --------
    >>> ends = thirds(pd.Series([1, 1, 1, 1, 1, 1, 1, 1, 1, 5]))
    >>> ends.of(pd.Series([1, 2, 5])).tolist(), ends.parts_them
    ([2, 3, 3], False)
    """
    if values.empty:
        return Thirds(first=-np.inf, second=-np.inf, most_common=0.0)
    places = (values.rank(method="average") - 0.5) / len(values)
    first, second = (
        float(values[places < end].max()) if (places < end).any() else -np.inf
        for end in (1 / 3, 2 / 3)
    )
    common = float(values.value_counts(normalize=True).iloc[0])
    return Thirds(first=first, second=second, most_common=common)


def limits(now: pd.DataFrame) -> dict[str, Thirds]:
    """Return the thirds of recency (days, fewer is better), frequency (orders) and money.

    Parameters
    ----------
    now : one row a customer, as `snapshot` returns.
    """
    base, money = ordered(now), money_of(now)
    return {
        "recency": thirds(-base["recency_days"]),
        "frequency": thirds(base["orders"]),
        money: thirds(base[money]),
    }


def rfm(now: pd.DataFrame, ends: Mapping[str, Thirds], *, period: Period) -> pd.Series:
    """Return each customer's group, one of `GROUPS`: every customer has exactly one.

    Parameters
    ----------
    now : one row a customer, as `snapshot` returns.
    ends : as `limits` returns, of this or of a later snapshot.
    period : the one that the snapshot ends; who first bought within it is new.
    """
    money = money_of(now)
    days = (period.last_day - period.first_day).days + 1
    lately = ends["recency"].of(-now["recency_days"])
    often = ends["frequency"].of(now["orders"]) == 3
    much = ends[money].of(now[money]) == 3
    first_that_holds = {
        LAPSED: ~(now["orders"] > 0).to_numpy(),
        "New": (now["age_days"] < days).to_numpy(),
        "Champions": (lately == 3) & often & much,
        "Regulars": (lately >= 2) & often,
        "Big spenders": (lately >= 2) & much,
        "Gone quiet": (lately == 1) & (often | much),
        "Cooling": lately == 1,
    }
    groups = np.select(list(first_that_holds.values()), list(first_that_holds), "Occasional")
    return pd.Series(pd.Categorical(groups, categories=GROUPS), index=now.index, name="group")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueGroups:
    """The customers of a snapshot in their groups, and the snapshot before in the same ones.

    `now` and `before` are frames with a column `group`; `before` is empty where history is short.
    """

    now: pd.DataFrame
    before: pd.DataFrame
    ends: Mapping[str, Thirds]
    money: Money


def grouped(customers: pd.DataFrame, period: Period) -> ValueGroups:
    """Return the customers of the last two snapshots in their groups.

    Parameters
    ----------
    customers : one row a customer and snapshot, as the store keeps them.
    """
    now, before = snapshot(customers, 0), snapshot(customers, 1)
    ends = limits(now)
    return ValueGroups(
        now=now.assign(group=rfm(now, ends, period=period)),
        before=before.assign(group=rfm(before, ends, period=period.previous)),
        ends=ends,
        money=money_of(now),
    )


def share_of(
    rows: pd.DataFrame, chosen: pd.Series, column: str, *, smallest: int = 0
) -> MaybeEstimate:
    """Return the share of a column's sum that some customers bring.

    Parameters
    ----------
    rows : one row a customer
        Reads `cluster` and the column; a negative sum (refunds) leaves nothing to share.
    chosen : which customers, one truth a row.
    """
    if chosen.sum() < smallest:
        return too_small(int(chosen.sum()), smallest)
    if rows[column].sum() <= 0:
        return NotEstimable("money_not_above_zero", n=len(rows), money=column)
    sums = rows[["cluster", column]].assign(part=rows[column].where(chosen, 0.0), customers=1)
    return ratio(
        sums, numerator="part", denominator=column, counts="customers",
        unit="share", bounds=(0.0, 1.0),
    )  # fmt: skip


def withheld_groups(rows: pd.DataFrame, smallest: int) -> pd.Series:
    """Return which groups must not be shown, one truth a group of `GROUPS`.

    None of those who ordered can be told from the totals of all who ordered, nor any group from
    the total of all customers. (How many lapsed is the difference of these two totals.)

    Parameters
    ----------
    rows : one row a customer with a `group`: all customers.
    """
    sizes = rows.groupby("group", observed=False).size()
    return withheld(sizes, smallest, already=withheld(sizes.drop(LAPSED), smallest))


def group_table(
    groups: ValueGroups, *, question: Question | None = None, smallest: int = 0
) -> pd.DataFrame:
    """Return how many customers each group has, what they bring, and how satisfied they are.

    Returns
    -------
    One row a group of `GROUPS`: group, customers, change (customers, since the snapshot before),
    share_of_customers, share_of_revenue, share_of_margin (0..1, of the lookback; margin where
    known), orders_per_customer; with a question also score_value, score_low, score_high, score_why,
    answers. NaN stands for all of them where `withheld_groups` says so, for the change also where
    the group was too small before; for answers also below `smallest`.
    """
    now = groups.now
    by_group = now.groupby("group", observed=False)
    sizes = by_group.size()
    table = pd.DataFrame({"customers": sizes})
    if len(groups.before):
        change = sizes - groups.before["group"].value_counts()
        table["change"] = change.astype(float).mask(withheld_groups(groups.before, smallest))
    table = of_all(table, factor(now), squares=sizes)
    table["share_of_customers"] = sizes / max(len(now), 1)
    for column in dict.fromkeys(["revenue", groups.money]):
        total = now[column].sum()
        table[f"share_of_{column}"] = by_group[column].sum() / total if total > 0 else np.nan
    table["orders_per_customer"] = by_group["orders"].mean()
    table = table.astype(float).mask(withheld_groups(now, smallest)).reset_index()
    table = table.assign(group=list(GROUPS))
    return table if question is None else _with_scores(table, now, question, smallest)


def _with_scores(
    table: pd.DataFrame, now: pd.DataFrame, question: Question, smallest: int
) -> pd.DataFrame:
    score, by_group = measures_of(question)[0], now.groupby("group", observed=False)
    cells = now.dropna(subset=["score"]).assign(question=question.name, n=1)
    cells = answers_to(cells[["cluster", "score", "group", "question", "n"]], question)
    hidden, answers = table["customers"].isna(), by_group["score"].count()
    estimates = unless_withheld(
        pd.Series(hidden.to_numpy(), GROUPS),
        by_group.size(),
        smallest,
        lambda group: ratio(cells[cells["group"] == group], **score.parts, smallest=smallest),
    )
    scores = to_frame(estimates.values()).drop(columns="n").assign(unit=score.unit)
    answers = answers.reset_index(drop=True).rename("answers")
    counts = of_all(answers.astype(float), factor(now))
    counts = counts.mask(hidden | answers.between(1, smallest - 1))
    return pd.concat([table, scores.add_prefix("score_"), counts], axis=1)


def group_sizes(groups: ValueGroups, *, smallest: int = 0) -> dict[str, MaybeEstimate]:
    """Return how many customers each group has."""
    now, sizes = groups.now, groups.now["group"].value_counts().reindex(GROUPS)
    hidden = withheld_groups(now, smallest)
    return unless_withheld(hidden, sizes, smallest, lambda group: group_size(sizes[group], now))


def group_shares(
    groups: ValueGroups, column: Money, *, smallest: int = 0
) -> dict[str, MaybeEstimate]:
    """Return which share of revenue or margin of the lookback each group brings."""
    now, sizes = groups.now, groups.now["group"].value_counts()
    return unless_withheld(
        withheld_groups(now, smallest),
        sizes,
        smallest,
        lambda group: share_of(now, now["group"] == group, column, smallest=smallest),
    )
