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
from profitchain.measures.disclosure_control import too_small, withheld
from profitchain.measures.rfm import ALL, Money, money_of, ordered, snapshot
from profitchain.sources.settings import Question
from profitchain.stats.ratios import ratio
from profitchain.stats.sampling_weights import factor, group_size, of_all

FIELDS = ("Loyal", "Hostages", "At risk", "Deserters")
SILENT_HIGH, SILENT_LOW = "No answer, high value", "No answer, low value"
SILENT, NO_ORDER = "No answer", "No order"
MOVES = ["before", "customers", "now", "moved", "share"]
PLACES = (*FIELDS, SILENT_HIGH, SILENT_LOW, NO_ORDER)
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
    return Fields(
        now=now.assign(field=place(now, cut)),
        before=before.assign(field=place(before, cut)),
        cut=cut,
    )


def place(rows: pd.DataFrame, cut: Cut) -> pd.Series:
    """Return where each customer stands, one of `PLACES`.

    Parameters
    ----------
    rows : one row a customer
        Reads `orders`, `score` and the cut's money.
    """
    high = rows[cut.money] >= cut.high_from
    good = rows["score"] <= cut.satisfied_at if cut.low_is_good else (
        rows["score"] >= cut.satisfied_at
    )  # fmt: skip
    conditions = [
        ~(rows["orders"] > 0), rows["score"].isna() & high, rows["score"].isna(),
        high & good, high, good,
    ]  # fmt: skip
    names = [NO_ORDER, SILENT_HIGH, SILENT_LOW, "Loyal", "Hostages", "At risk"]
    found = np.select([one.to_numpy() for one in conditions], names, "Deserters")
    return pd.Series(pd.Categorical(found, categories=PLACES), index=rows.index, name="field")


def answered(now: pd.DataFrame) -> pd.DataFrame:
    """Return the customers who stand in one of the four fields."""
    return now[now["field"].isin(list(FIELDS))]


def withheld_fields(rows: pd.DataFrame, smallest: int) -> pd.Series:
    """Return which places must not be shown, one truth a place of those who ordered.

    How many answered is known, so neither a field nor the silent can be told by subtraction.

    Parameters
    ----------
    rows : one row a customer with a `field`.
    """
    sizes = rows["field"].value_counts().reindex(PLACES[:-1], fill_value=0)
    inside = withheld(sizes[list(FIELDS)], smallest)
    silent = withheld(sizes[[SILENT_HIGH, SILENT_LOW]], smallest)
    return withheld(sizes, smallest, already=pd.concat([inside, silent]))


def field_sizes(found: Fields | NotEstimable, *, smallest: int = 0) -> dict[str, MaybeEstimate]:
    """Return how many customers stand in each field."""
    if isinstance(found, NotEstimable):
        return dict.fromkeys(FIELDS, found)
    sizes, hidden = found.now["field"].value_counts(), withheld_fields(found.now, smallest)
    return {
        field: too_small(int(sizes[field]), smallest)
        if hidden[field]
        else group_size(sizes[field], found.now)
        for field in FIELDS
    }


def not_satisfied_share(
    found: Fields | NotEstimable, *, high: bool, smallest: int = 0
) -> MaybeEstimate:
    """Return the share not satisfied of those of high (or low) value who answered."""
    if isinstance(found, NotEstimable):
        return found
    pair = good, bad = ("Loyal", "Hostages") if high else ("At risk", "Deserters")
    rows = found.now[found.now["field"].isin(pair)]
    if withheld_fields(found.now, smallest)[list(pair)].any():
        return _one_sided((rows["field"] == good).sum(), (rows["field"] == bad).sum(), smallest)
    return _share(rows, rows["field"] == bad, smallest=smallest)


def _one_sided(good: int, bad: int, smallest: int) -> NotEstimable:
    if max(good, bad) < smallest:
        return too_small(int(good + bad), smallest)
    if 0 < bad < smallest:
        return NotEstimable("few_not_satisfied", smallest=smallest)
    if 0 < good < smallest:
        return NotEstimable("few_satisfied", smallest=smallest)
    return NotEstimable("beside_a_small_group")


def answered_share(now: pd.DataFrame, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of the lookback's customers of whom an answer is known."""
    if "score" not in now:
        return NotEstimable("needs_main_question")
    base = ordered(now)
    return _share(base, base["score"].notna(), smallest=smallest)


def field_table(found: Fields | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return what each field holds and brings, the silent and all beneath.

    Returns
    -------
    One row a field: field, customers (of all), change (since the snapshot before, where there is
    one), the money's total, share_of_customers, share_of_answers (of those with one) and share_of_
    the money (0..1). NaN stands for all of them where `withheld_fields` says so, for
    the change also where the field was too small before.
    """
    if isinstance(found, NotEstimable):
        return pd.DataFrame(columns=["field", "customers"])
    base, money = ordered(found.now), found.cut.money
    rows = base.groupby("field", observed=False)
    table = pd.DataFrame({"customers": rows.size(), money: rows[money].sum()})
    if len(found.before):
        table.insert(1, "change", table["customers"] - found.before["field"].value_counts())
    table = table.loc[list(PLACES[:-1])].astype(float)
    hidden = withheld_fields(found.now, smallest)
    table.loc[ALL] = table.sum()
    table["share_of_customers"] = table["customers"] / max(len(base), 1)
    inside = table.index.isin(list(FIELDS))
    known = table.loc[inside, "customers"].sum()
    table["share_of_answers"] = (table["customers"] / known).where(inside) if known else np.nan
    total = table.loc[ALL, money]
    table[f"share_of_{money}"] = table[money] / total if total > 0 else np.nan
    table.loc[hidden[hidden].index] = np.nan
    if "change" in table:
        before = withheld_fields(found.before, smallest)
        table.loc[before[before].index, "change"] = np.nan
    return _of_all(table, base, money).rename_axis("field").reset_index()


def _of_all(table: pd.DataFrame, base: pd.DataFrame, money: Money) -> pd.DataFrame:
    """Return the table with counts and money of all customers, told from those drawn."""
    each, customers = factor(base), table["customers"]
    squares = (base[money] ** 2).groupby(base["field"], observed=False).sum()
    squares = squares.reindex(table.index, fill_value=squares.sum())
    counts = {name: of_all(table[name], each, squares=customers)
              for name in ("customers", "change") if name in table}  # fmt: skip
    return table.assign(**counts, **{money: of_all(table[money], each, squares=squares)})


def moves(found: Fields | NotEstimable, *, smallest: int = 0) -> pd.DataFrame:
    """Return where the customers of each field a period ago stand now.

    Returns
    -------
    One row a field before and place now: before, customers (of all, in it before), now, moved
    (customers of all), share (of its row). Fields that `withheld_fields` held back then are left
    out; a cell that could tell of fewer than `smallest` is NaN.
    """
    if isinstance(found, NotEstimable):
        return pd.DataFrame(columns=MOVES)
    counts = _moved_counts(found, smallest)
    sizes = counts.sum(axis=1)
    hidden = counts.apply(lambda row: withheld(row, smallest), axis=1)
    shown = counts.mask(hidden) if len(counts) else counts
    shown = shown.rename_axis(index="before", columns="now").reset_index()
    tidy = shown.melt(id_vars="before", var_name="now", value_name="moved")
    customers, each = tidy["before"].map(sizes).astype(int), factor(found.before)
    tidy = tidy.assign(share=tidy["moved"] / customers, moved=of_all(tidy["moved"], each))
    tidy.insert(1, "customers", of_all(customers, each).astype(int))
    return tidy


def _moved_counts(found: Fields, smallest: int) -> pd.DataFrame:
    """Return how many of each field before (rows, if they may be shown) stand in each place now."""
    before = _together(found.before["field"])
    now = _together(found.now["field"].reindex(found.before.index))
    places = [*FIELDS, SILENT, NO_ORDER]
    counts = pd.crosstab(before, now).reindex(index=places[:-1], columns=places, fill_value=0)
    hidden = withheld_fields(found.before, smallest).reindex(places[:-1], fill_value=False)
    return counts[(counts.sum(axis=1) >= max(smallest, 1)) & ~hidden]


def moved_from(found: Fields, fields: Sequence[str]) -> pd.DataFrame:
    """Return the customers who stood in some fields a period ago, one row each."""
    return found.before[_together(found.before["field"]).isin(list(fields))]


def moves_table(told: pd.DataFrame) -> pd.DataFrame:
    """Return the moves wide: one row a field before, one column a place now (shares of the row)."""
    if told.empty:
        return told
    wide = told.pivot(index=["before", "customers"], columns="now", values="share")
    wide = wide[list(dict.fromkeys(told["now"]))].reset_index().rename_axis(columns=None)
    order = {field: at for at, field in enumerate([*FIELDS, SILENT])}
    return wide.sort_values("before", key=lambda names: names.map(order), ignore_index=True)


def moved_out(found: Fields | NotEstimable, field: str, *, smallest: int = 0) -> MaybeEstimate:
    """Return the share of a field's customers a period ago who have left it since."""
    return _moved(found, field, field, smallest=smallest, out=True)


def moved_to(
    found: Fields | NotEstimable, field: str, place: str, *, smallest: int = 0
) -> MaybeEstimate:
    """Return the share of a field's customers a period ago who stand in a place now."""
    return _moved(found, field, place, smallest=smallest)


def _moved(
    found: Fields | NotEstimable, field: str, place: str, *, smallest: int, out: bool = False
) -> MaybeEstimate:
    if isinstance(found, NotEstimable):
        return found
    rows = found.before[found.before["field"] == field]
    counts = _moved_counts(found, smallest)
    if field not in counts.index:
        return too_small(len(rows), smallest)
    if withheld(counts.loc[field], smallest)[place]:
        return too_small(int(counts.at[field, place]), smallest)
    now = found.now["field"].reindex(rows.index)
    return _share(rows, (now == place) != out, smallest=smallest)


def _together(places: pd.Series) -> pd.Series:
    silent = dict.fromkeys([SILENT_HIGH, SILENT_LOW], SILENT)
    return places.astype(str).replace(silent)


def _share(rows: pd.DataFrame, chosen: pd.Series, *, smallest: int) -> MaybeEstimate:
    if len(rows) < max(smallest, 1):
        return too_small(len(rows), smallest)
    sums = pd.DataFrame({"cluster": rows["cluster"], "in": chosen.astype(int), "customers": 1})
    return ratio(sums, numerator="in", denominator="customers", unit="share", bounds=(0.0, 1.0))
