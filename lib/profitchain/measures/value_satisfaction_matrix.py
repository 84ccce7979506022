"""Four fields of customers, by what they bring and how satisfied they say they are.

After Jones and Sasser (1995, Harvard Business Review 73(6): 88-99), who sort customers into
loyalists, mercenaries, hostages and defectors by satisfaction and loyalty. Here value stands for
loyalty: what a customer brought, not what they feel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable
from profitchain.measures.rfm import ALL, Money, money_of, ordered, per_customer, snapshot
from profitchain.sources.settings import Question
from profitchain.stats.disclosure_control import too_small, unless_withheld, withheld
from profitchain.stats.sampling_weights import factor, group_size, of_all

FIELDS = ("Loyal", "Hostages", "At risk", "Deserters")
SILENT_HIGH, SILENT_LOW = "No answer, high value", "No answer, low value"
SILENT, NO_ORDER = "No answer", "No order"
OF_BUYERS = (*FIELDS, SILENT_HIGH, SILENT_LOW)
PLACES = (*OF_BUYERS, NO_ORDER)
SATISFIED_NPS = 7.0  # passives and promoters; from 9 on, most firms' customers would be unhappy


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where value is high (money of the lookback, from `high_from` on) and who is satisfied."""

    money: Money
    high_from: float
    satisfied_at: float
    low_is_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The customers of the last two snapshots, each with the `field` they stand in.

    Both are cut at the same money, the median of `now`.
    """

    now: pd.DataFrame
    before: pd.DataFrame
    cut: Cut


def satisfied_at(question: Question, chosen: float = 0.0) -> float:
    """Return from which score on a customer counts as satisfied (with easy_is: low, up to which).

    `chosen` comes first, then company.yml's, then 7 for NPS, else what `Question` says.
    """
    if chosen:
        return chosen
    if question.kind == "nps" and question.satisfied_from is None:
        return SATISFIED_NPS
    return question.satisfied_at


def fields(
    customers: pd.DataFrame, question: Question | None, *, satisfied_from: float = 0.0
) -> Fields | NotEstimable:
    """Return the four fields of the last two snapshots, or what is missing.

    Parameters
    ----------
    customers : one row a customer and snapshot, as the store keeps them.
    satisfied_from : as `chosen` in `satisfied_at`.
    """
    if question is None or "score" not in customers:
        return NotEstimable("satisfaction_not_known")
    now, before = snapshot(customers, 0), snapshot(customers, 1)
    base, money = ordered(now), money_of(now)
    if base.empty:
        return NotEstimable("nobody_ordered")
    cut = Cut(
        money=money,
        high_from=float(base[money].median()),
        satisfied_at=satisfied_at(question, satisfied_from),
        low_is_good=question.easy_is == "low",
    )
    now, before = (rows.assign(field=place(rows, cut)) for rows in (now, before))
    return Fields(now=now, before=before, cut=cut)


def place(rows: pd.DataFrame, cut: Cut) -> pd.Series:
    """Return where each customer stands, one of `PLACES`.

    Parameters
    ----------
    rows : one row a customer
        Reads `orders`, `score` and the cut's money.
    """
    score, at, high = rows["score"], cut.satisfied_at, rows[cut.money] >= cut.high_from
    good = score <= at if cut.low_is_good else score >= at
    first_that_holds = {
        NO_ORDER: ~(rows["orders"] > 0),
        SILENT_HIGH: score.isna() & high,
        SILENT_LOW: score.isna(),
        "Loyal": high & good,
        "Hostages": high,
        "At risk": good,
    }
    conditions = [condition.to_numpy() for condition in first_that_holds.values()]
    places = np.select(conditions, list(first_that_holds), "Deserters")
    return pd.Series(pd.Categorical(places, categories=PLACES), index=rows.index, name="field")


def withheld_fields(rows: pd.DataFrame, smallest: int) -> pd.Series:
    """Return which places must not be shown, one truth a place of those who ordered.

    How many answered is known, so neither a field nor the silent can be told by subtraction.

    Parameters
    ----------
    rows : one row a customer with a `field`.
    """
    sizes = rows["field"].value_counts().reindex(OF_BUYERS, fill_value=0)
    inside = withheld(sizes[list(FIELDS)], smallest)
    silent = withheld(sizes[[SILENT_HIGH, SILENT_LOW]], smallest)
    return withheld(sizes, smallest, already=pd.concat([inside, silent]))


def field_sizes(matrix: Fields | NotEstimable, *, smallest: int = 0) -> dict[str, MaybeEstimate]:
    """Return how many customers stand in each field."""
    if isinstance(matrix, NotEstimable):
        return dict.fromkeys(FIELDS, matrix)
    now, sizes = matrix.now, matrix.now["field"].value_counts()
    hidden = withheld_fields(now, smallest)[list(FIELDS)]
    return unless_withheld(hidden, sizes, smallest, lambda field: group_size(sizes[field], now))


def not_satisfied_share(
    matrix: Fields | NotEstimable, *, high: bool, smallest: int = 0
) -> MaybeEstimate:
    """Return the share not satisfied of those of high (or low) value who answered."""
    if isinstance(matrix, NotEstimable):
        return matrix
    pair = FIELDS[:2] if high else FIELDS[2:]  # satisfied, not satisfied
    rows = matrix.now[matrix.now["field"].isin(pair)]
    if not withheld_fields(matrix.now, smallest)[list(pair)].any():
        return _share(rows, rows["field"] == pair[1], smallest=smallest)
    good, bad = (int((rows["field"] == field).sum()) for field in pair)
    if max(good, bad) < smallest:
        return too_small(good + bad, smallest)
    if 0 < bad < smallest:
        return NotEstimable("few_not_satisfied", smallest=smallest)
    if 0 < good < smallest:
        return NotEstimable("few_satisfied", smallest=smallest)
    return too_small(good + bad, smallest)


def answered_share(now: pd.DataFrame, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the lookback's customers of whom an answer is known."""
    if "score" not in now:
        return NotEstimable("needs_main_question")
    base = ordered(now)
    return _share(base, base["score"].notna(), smallest=smallest)


def field_table(matrix: Fields | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return what each field holds and brings, the silent and all beneath.

    Returns
    -------
    One row a field: field, customers (of all), change (since the snapshot before, where there is
    one), the money's total, share_of_customers, share_of_answers (of those with one) and share_of_
    the money (0..1). NaN stands for all of them where `withheld_fields` says so, for
    the change also where the field was too small before.
    """
    if isinstance(matrix, NotEstimable):
        return pd.DataFrame(columns=["field", "customers"])
    base, money = ordered(matrix.now), matrix.cut.money
    rows = base.groupby("field", observed=False)
    table = pd.DataFrame({"customers": rows.size(), money: rows[money].sum()})
    if len(matrix.before):
        table.insert(1, "change", table["customers"] - matrix.before["field"].value_counts())
    table = table.loc[list(OF_BUYERS)].astype(float)
    hidden = withheld_fields(matrix.now, smallest)
    table.loc[ALL] = table.sum()
    table["share_of_customers"] = table["customers"] / max(len(base), 1)
    answers = table["customers"].where(table.index.isin(list(FIELDS)))
    table["share_of_answers"] = answers / answers.sum() if answers.sum() else np.nan
    total = table.loc[ALL, money]
    table[f"share_of_{money}"] = table[money] / total if total > 0 else np.nan
    table.loc[hidden[hidden].index] = np.nan
    if "change" in table:
        before = withheld_fields(matrix.before, smallest)
        table.loc[before[before].index, "change"] = np.nan
    return _of_all(table, base, money).rename_axis("field").reset_index()


def _of_all(table: pd.DataFrame, base: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Return the table with counts and money of all customers, told from those drawn."""
    expansion, customers = factor(base), table["customers"]
    squares = (base[money] ** 2).groupby(base["field"], observed=False).sum()
    squares = squares.reindex(table.index, fill_value=squares.sum())
    counts = {name: of_all(table[name], expansion, squares=customers)
              for name in ("customers", "change") if name in table}  # fmt: skip
    return table.assign(**counts, **{money: of_all(table[money], expansion, squares=squares)})


def field_moves(matrix: Fields | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return where the customers of each field a period ago stand now.

    Returns
    -------
    One row a field before and place now: before, customers (of all, in it before), now, moved
    (customers of all), share (of its row). Fields that `withheld_fields` held back then are left
    out; a cell that could tell of fewer than `smallest` is NaN.
    """
    if isinstance(matrix, NotEstimable):
        return pd.DataFrame(columns=["before", "customers", "now", "moved", "share"])
    counts = _moved_counts(matrix, smallest)
    hidden = counts.apply(lambda row: withheld(row, smallest), axis=1)
    table = counts.mask(hidden) if len(counts) else counts
    table = table.rename_axis(index="before", columns="now").reset_index()
    tidy = table.melt(id_vars="before", var_name="now", value_name="moved")
    customers, expansion = tidy["before"].map(counts.sum(axis=1)).astype(int), factor(matrix.before)
    tidy = tidy.assign(share=tidy["moved"] / customers, moved=of_all(tidy["moved"], expansion))
    tidy.insert(1, "customers", of_all(customers, expansion).astype(int))
    return tidy


def _moved_counts(matrix: Fields, smallest: int) -> pd.DataFrame:
    """Return how many of each field before (rows, if they may be shown) stand in each place now."""
    before = _together(matrix.before["field"])
    now = _together(matrix.now["field"].reindex(matrix.before.index))
    places = [*FIELDS, SILENT, NO_ORDER]
    counts = pd.crosstab(before, now).reindex(index=places[:-1], columns=places, fill_value=0)
    hidden = withheld_fields(matrix.before, smallest).reindex(places[:-1], fill_value=False)
    return counts[(counts.sum(axis=1) >= max(smallest, 1)) & ~hidden]


def moved_from(matrix: Fields, fields: Sequence[str]) -> pd.DataFrame:
    """Return the customers who stood in some fields a period ago, one row each."""
    return matrix.before[_together(matrix.before["field"]).isin(list(fields))]


def moves_table(moved: pd.DataFrame) -> pd.DataFrame:
    """Return the moves wide: one row a field before, one column a place now (shares of the row)."""
    if moved.empty:
        return moved
    wide = moved.pivot(index=["before", "customers"], columns="now", values="share")
    wide = wide[list(dict.fromkeys(moved["now"]))].reset_index().rename_axis(columns=None)
    order = {field: at for at, field in enumerate([*FIELDS, SILENT])}
    return wide.sort_values("before", key=lambda names: names.map(order), ignore_index=True)


def moved_share(
    matrix: Fields | NotEstimable, field: str, place: str = "", *, smallest: int = 0
) -> MaybeEstimate:
    """Return the share of a field's customers a period ago who now stand in a place.

    Without a `place`: who have left the field since.
    """
    if isinstance(matrix, NotEstimable):
        return matrix
    rows, to = matrix.before[matrix.before["field"] == field], place or field
    counts = _moved_counts(matrix, smallest)
    if field not in counts.index:
        return too_small(len(rows), smallest)
    if withheld(counts.loc[field], smallest)[to]:
        return too_small(int(counts.at[field, to]), smallest)
    now = matrix.now["field"].reindex(rows.index)
    return _share(rows, (now == to) == bool(place), smallest=smallest)


def _together(places: pd.Series) -> pd.Series:
    silent = dict.fromkeys([SILENT_HIGH, SILENT_LOW], SILENT)
    return places.astype(str).replace(silent)


def _share(rows: pd.DataFrame, chosen: pd.Series, *, smallest: int) -> MaybeEstimate:
    if len(rows) < max(smallest, 1):
        return too_small(len(rows), smallest)
    return per_customer(rows, chosen, unit="share", bounds=(0.0, 1.0))
