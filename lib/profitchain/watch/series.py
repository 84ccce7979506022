"""Each measure period by period, for all and by group, with the error of each of its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from profitchain.measures import response_rate
from profitchain.measures.satisfaction import measures_of, public_id
from profitchain.panel.edition import Edition
from profitchain.panel.watched import COMPLAINTS, ORDERS
from profitchain.sources.settings import Question
from profitchain.stats.disclosure_control import OTHERS

ALIKE = 1e-12  # of a value's square: a variance below it is what rounding leaves of none
LOG = "log"  # of what is counted in full: changes are shares
RATIO_MEASURES = {COMPLAINTS: "complaints_per_100_orders", ORDERS: "average_order_value"}
COLUMNS = ("period", "value", "variance", "n", "customers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A measure of one group of customers, period by period.

    `frame` has one row a period, in order: period (its name), value, variance (of the sampling
    error), n, customers. `scale` is `LOG` where values are logarithms of totals; `split` and
    `group` are "" for all customers. `unit` is that of changes, `total` that of such totals, as
    goals name them. `per_year` is how many periods a year has.
    """

    id: str
    split: str
    group: str
    unit: str
    frame: pd.DataFrame = field(compare=False)
    scale: str = ""
    per_year: int = 4
    total: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        return self.id, self.split, self.group


def all_series(edition: Edition) -> list[Series]:
    """Return every measure that is watched, for all customers and by group, with its past.

    Groups and periods of which nothing may be shown are left out.
    """
    hidden, smallest = set(edition.gate.hidden), edition.smallest
    found = [*_scores(edition), *_totals(edition), *_rates(edition)]
    segments = set(edition.gate.listed(edition.company.segments))
    own = {"", "touchpoint", "channel", *segments}
    kept = []
    for series in found:
        frame = series.frame
        frame = frame[~frame["period"].isin(hidden) & (frame["customers"] >= smallest)]
        if series.split not in own or series.group == OTHERS or frame.empty:
            continue
        kept.append(_with_frame(series, frame.reset_index(drop=True)))
    return kept


def of_sums(sums: pd.DataFrame) -> pd.DataFrame:
    """Return ratios with the variance that customers, each a cluster, give them.

    Where all of a period's customers are alike, one of them varies as in the other periods; 0
    where that tells nothing either. Cochran (1977), Sampling Techniques, 3rd ed., ch. 6.

    Parameters
    ----------
    sums : one row a period: period, customers, n (sum of the denominator), total (of the
        numerator), nn, sn, ss (sums over customers of squares and products).

    Returns
    -------
    One row a period: period, value, variance, n, customers.
    """
    n, customers = sums["n"].to_numpy(float), sums["customers"].to_numpy(float)
    value = sums["total"].to_numpy(float) / n
    squares = sums["ss"] - 2 * value * sums["sn"] + value**2 * sums["nn"]
    small = customers / np.maximum(customers - 1, 1)
    variance = np.maximum(squares.to_numpy(float), 0.0) / n**2 * small
    variance = borrowed(variance, customers, value)
    return pd.DataFrame(
        {"period": sums["period"].to_numpy(), "value": value, "variance": variance,
         "n": n.astype(int), "customers": customers.astype(int)}
    )  # fmt: skip


def borrowed(variance: np.ndarray, customers: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return variances of means; where all customers are alike, one varies as in the other means.

    Examples
    --------
    >>> borrowed(np.array([2.0, 0.0]), np.array([10, 40]), np.array([50.0, 100.0])).tolist()
    [2.0, 0.5]
    """
    told = variance > ALIKE * np.max(value**2, initial=0.0)
    usual = float(np.mean((variance * customers)[told])) if told.any() else 0.0
    return np.where(told, variance, usual / np.maximum(customers, 1))


def of_clusters(rows: pd.DataFrame, *, total: str, n: str) -> pd.DataFrame:
    """Return ratios by period from rows of clusters: as `of_sums` does.

    Parameters
    ----------
    rows : one row or several a period and cluster: period, cluster, and the two named columns.
    """
    people = rows.groupby(["period", "cluster"], as_index=False)[[total, n]].sum()
    people = people[people[n] > 0]
    x, d = people[total].astype(float), people[n].astype(float)
    products = people.assign(n=d, total=x, nn=d * d, sn=x * d, ss=x * x, customers=1)
    sums = products.groupby("period", as_index=False)[["customers", "n", "total", "nn", "sn", "ss"]]
    return of_sums(sums.sum())


def _with_frame(series: Series, frame: pd.DataFrame) -> Series:
    return Series(id=series.id, split=series.split, group=series.group, unit=series.unit,
                  frame=frame, scale=series.scale, per_year=series.per_year,
                  total=series.total)  # fmt: skip


def _scores(edition: Edition) -> Iterator[Series]:
    """Yield the headline measure of each question."""
    if not edition.has("past_sums"):
        return
    sums, questions = edition.table("past_sums"), edition.company.all_questions
    for name, question in edition.company.questions.items():
        unit = measures_of(question)[0].unit
        rows = sums[sums["measure"] == name]
        id = id_of(question, questions)
        yield from _by_group(edition, rows, id=id, unit=unit)


def id_of(question: Question, questions: list[Question]) -> str:
    """Return under which id a question's headline measure is published, or would be."""
    if question in questions:
        return public_id(question, questions)
    return measures_of(question)[0].id


def _by_group(edition: Edition, sums: pd.DataFrame, **about: Any) -> Iterator[Series]:
    for (split, group), rows in _groups(sums):
        yield Series(split=split, group=group, frame=of_sums(rows),
                     per_year=edition.period.per_year, **about)  # fmt: skip


def _groups(sums: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for split, of_split in sums.groupby("split"):
        if split == "":
            yield ("", ""), of_split.sort_values("period")
            continue
        for group, rows in of_split.groupby(str(split)):
            yield (str(split), str(group)), rows.sort_values("period")


def _totals(edition: Edition) -> Iterator[Series]:
    """Yield orders, revenue and customers who bought, as logarithms; order value; complaints."""
    if not edition.has("past_sums"):
        return
    sums = edition.table("past_sums")
    money = not edition.facts.get("no_money")
    currency, minor = edition.company.currency, edition.company.minor_units
    orders = sums[sums["measure"] == ORDERS]
    complaints = sums[sums["measure"] == COMPLAINTS]
    yield from _by_group(edition, complaints, id=RATIO_MEASURES[COMPLAINTS], unit="ratio")
    if money:
        values = orders.assign(total=orders["total"] / minor, sn=orders["sn"] / minor,
                               ss=orders["ss"] / minor**2)  # fmt: skip
        yield from _by_group(edition, values, id=RATIO_MEASURES[ORDERS], unit=currency)
    ways = {"orders": ("n", "nn"), "active_customers": ("customers", "customers")}
    ways |= {"revenue": ("total", "ss")} if money else {}
    units = {"orders": "orders", "active_customers": "customers", "revenue": currency}
    for id, (total, squares) in ways.items():
        for (split, group), rows in _groups(values if id == "revenue" else orders):
            rows = rows[rows[total] > 0]
            amount = rows[total].to_numpy(float)
            frame = pd.DataFrame(
                {"period": rows["period"].to_numpy(), "value": np.log(amount),
                 "variance": rows[squares].to_numpy(float) / amount**2,
                 "n": rows["n"].to_numpy(int), "customers": rows["customers"].to_numpy(int)}
            )  # fmt: skip
            yield Series(id=id, split=split, group=group, unit="share", frame=frame, scale=LOG,
                         per_year=edition.period.per_year, total=units[id])  # fmt: skip


def _rates(edition: Edition) -> Iterator[Series]:
    """Yield the response rate and the repeat rate, for all and by segment and touchpoint."""
    for id, rows, total, n in _rate_rows(edition):
        splits = ["", *(name for name in [*edition.company.segments, "touchpoint"] if name in rows)]
        for split in splits:
            groups: Mapping[str, pd.DataFrame] = (
                {str(name): part for name, part in rows.groupby(split)} if split else {"": rows}
            )
            for group, part in groups.items():
                frame = of_clusters(part, total=total, n=n)
                yield Series(id=id, split=split, group=group, unit="share", frame=frame,
                             per_year=edition.period.per_year)  # fmt: skip


def _rate_rows(edition: Edition) -> Iterator[tuple[str, pd.DataFrame, str, str]]:
    if edition.has("asked_cells") and edition.facts.get("invited"):
        requests = response_rate.requests_of(edition.table("asked_cells"))
        yield "response_rate", _of_trend(edition, requests), "responses", "requests"
    if edition.has("link_cells"):
        cells = edition.table("link_cells")
        if {"cluster", "closes"} <= set(cells.columns) and len(cells):
            rows = cells.assign(period=cells["closes"])
            yield "repeat_rate", _of_trend(edition, rows), "repeats", "n"
    if edition.has("activity"):
        rows = edition.table("activity")
        rows = rows[["period", "cluster", "retained", "previously_active"]]
        yield "retention_rate", _of_trend(edition, rows), "retained", "previously_active"


def _of_trend(edition: Edition, rows: pd.DataFrame) -> pd.DataFrame:
    names = [period.name for period in edition.period.reach()]
    return rows[rows["period"].isin(names)]
