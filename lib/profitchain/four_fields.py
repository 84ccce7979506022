"""Four fields of customers, by what they bring and how satisfied they say they are.

After Jones and Sasser (1995, Harvard Business Review 73(6): 88-99), who sort customers into
loyalists, mercenaries, hostages and defectors by satisfaction and loyalty. Here value stands for
loyalty: what a customer brought, not what they feel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.estimates import Said, Unsaid, counted
from profitchain.ratios import ratio
from profitchain.settings import Question
from profitchain.value_groups import Money, money_of, ordered, snapshot, too_small

FIELDS = {
    "Loyal": "much and satisfied",
    "Hostages": "much though dissatisfied",
    "At risk": "little though satisfied: they could as well go elsewhere",
    "Deserters": "little and dissatisfied",
}
SILENT_HIGH, SILENT_LOW = "No answer, high value", "No answer, low value"
NO_ORDER = "No order"
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
) -> Fields | Unsaid:
    """Return the four fields of the last two snapshots, or what is missing.

    Parameters
    ----------
    customers : one row a customer and snapshot, as the store keeps them.
    satisfied_from : as `chosen` in `satisfied_at`.
    """
    if question is None or "score" not in customers:
        return Unsaid(why="Satisfaction is not known: needs table `responses` and a main question.")
    now, before = snapshot(customers, 0), snapshot(customers, 1)
    base, money = ordered(now), money_of(now)
    if base.empty:
        return Unsaid(why="Nobody ordered within the lookback.")
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


def field_sizes(found: Fields | Unsaid, *, smallest: int = 0) -> dict[str, Said]:
    """Return how many customers stand in each field, counted in full."""
    if isinstance(found, Unsaid):
        return dict.fromkeys(FIELDS, found)
    sizes = found.now["field"].value_counts()
    return {
        field: counted(sizes[field], unit="customers")
        if sizes[field] >= smallest
        else too_small(int(sizes[field]), smallest)
        for field in FIELDS
    }


def dissatisfied_share(found: Fields | Unsaid, *, high: bool, smallest: int = 0) -> Said:
    """Return the dissatisfied share of those of high (or low) value who answered."""
    if isinstance(found, Unsaid):
        return found
    good, bad = ("Loyal", "Hostages") if high else ("At risk", "Deserters")
    rows = found.now[found.now["field"].isin([good, bad])]
    return _share(rows, rows["field"] == bad, smallest=smallest)


def answered_share(now: pd.DataFrame, *, smallest: int = 0) -> Said:
    """Return the share of the lookback's customers of whom an answer is known."""
    if "score" not in now:
        return Unsaid(why="Needs table `responses` and a main question.")
    base = ordered(now)
    return _share(base, base["score"].notna(), smallest=smallest)


def field_table(found: Fields | Unsaid, *, smallest: int = 0) -> pd.DataFrame:
    """Return what each field holds and brings, the silent and all beneath.

    Returns
    -------
    One row a field: field, customers, change (since the snapshot before, where there is one),
    the money's total, share_of_customers, share_of_answers (of those with one) and
    share_of_ the money (0..1). Below `smallest` customers NaN stands for all of them.
    """
    if isinstance(found, Unsaid):
        return pd.DataFrame(columns=["field", "customers"])
    base, money = ordered(found.now), found.cut.money
    rows = base.groupby("field", observed=False)
    table = pd.DataFrame({"customers": rows.size(), money: rows[money].sum()})
    if len(found.before):
        table.insert(1, "change", table["customers"] - found.before["field"].value_counts())
    table = table.loc[list(PLACES[:-1])].astype(float)
    small = table["customers"].between(1, smallest - 1)
    table.loc["All who ordered"] = table.sum()
    table["share_of_customers"] = table["customers"] / max(len(base), 1)
    inside = table.index.isin(list(FIELDS))
    known = table.loc[inside, "customers"].sum()
    table["share_of_answers"] = (table["customers"] / known).where(inside) if known else np.nan
    total = table.loc["All who ordered", money]
    table[f"share_of_{money}"] = table[money] / total if total > 0 else np.nan
    table.loc[small[small].index] = np.nan
    return table.rename_axis("field").reset_index()


def moves(found: Fields | Unsaid, *, smallest: int = 0) -> pd.DataFrame:
    """Return where the customers of each field a period ago stand now.

    Returns
    -------
    One row a field before and place now: before, customers (in it before), now, moved (customers),
    share (of its row). Fields of fewer than `smallest` are left out; a cell of fewer, unless it
    is empty, is NaN.
    """
    if isinstance(found, Unsaid):
        return pd.DataFrame(columns=MOVES)
    before = _together(found.before["field"])
    now = _together(found.now["field"].reindex(found.before.index))
    places = [*FIELDS, "No answer", NO_ORDER]
    counts = pd.crosstab(before, now).reindex(index=places[:-1], columns=places, fill_value=0)
    sizes = counts.sum(axis=1)
    counts = counts[sizes >= max(smallest, 1)]
    shown = counts.mask((counts > 0) & (counts < smallest))
    shown = shown.rename_axis(index="before", columns="now").reset_index()
    tidy = shown.melt(id_vars="before", var_name="now", value_name="moved")
    customers = tidy["before"].map(sizes).astype(int)
    tidy.insert(1, "customers", customers)
    return tidy.assign(share=tidy["moved"] / customers)


def moves_table(told: pd.DataFrame) -> pd.DataFrame:
    """Return the moves wide: one row a field before, one column a place now (shares of the row)."""
    if told.empty:
        return told
    wide = told.pivot(index=["before", "customers"], columns="now", values="share")
    wide = wide[list(dict.fromkeys(told["now"]))].reset_index().rename_axis(columns=None)
    order = {field: at for at, field in enumerate([*FIELDS, "No answer"])}
    return wide.sort_values("before", key=lambda names: names.map(order), ignore_index=True)


def moved_out(found: Fields | Unsaid, field: str, *, smallest: int = 0) -> Said:
    """Return the share of a field's customers a period ago who have left it since."""
    return moved_to(found, field, [name for name in PLACES if name != field], smallest=smallest)


def moved_to(found: Fields | Unsaid, field: str, places: list[str], *, smallest: int = 0) -> Said:
    """Return the share of a field's customers a period ago who stand in one of some places now."""
    if isinstance(found, Unsaid):
        return found
    rows = found.before[found.before["field"] == field]
    now = found.now["field"].reindex(rows.index)
    return _share(rows, now.isin(places), smallest=smallest)


def _together(places: pd.Series) -> pd.Series:
    silent = dict.fromkeys([SILENT_HIGH, SILENT_LOW], "No answer")
    return places.astype(str).replace(silent)


def _share(rows: pd.DataFrame, chosen: pd.Series, *, smallest: int) -> Said:
    if len(rows) < max(smallest, 1):
        return too_small(len(rows), smallest)
    sums = pd.DataFrame({"cluster": rows["cluster"], "in": chosen.astype(int), "customers": 1})
    return ratio(sums, numerator="in", denominator="customers", unit="share", bounds=(0.0, 1.0))
