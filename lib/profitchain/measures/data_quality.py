"""What came in, how much of it could be used and why the rest could not, and what the books say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, counted
from profitchain.core.periods import Period
from profitchain.stats.comparisons import period_totals

if TYPE_CHECKING:
    from profitchain.panel.edition import Edition

KINDS = ("used", "later", "cancelled", "broken")
LEFT_OUT = "left_out"  # by an export's format, or by a later export: only where there are such rows
MOSTLY_EMPTY = 0.2  # a column with more missing than this is worth a line
IN_THE_BOOKS = ("revenue", "orders", "active_customers")
AGREES, DIFFERS = "agrees", "differs"
COLUMNS = ("measure", "ours", "books", "difference", "apart", "unit", "verdict")


def by_table(account: pd.DataFrame) -> pd.DataFrame:
    """Return rows in and what became of them, table by table.

    Parameters
    ----------
    account : one row a table and outcome
        Reads `table`, `kind` (used, later, cancelled, broken, left_out) and `rows`.

    Returns
    -------
    One row a table: table, rows_in, used, later, cancelled, broken, where there are such rows
    left_out; rows_in is the others' sum.
    """
    wide = account.pivot_table(index="table", columns="kind", values="rows", aggfunc="sum")
    kinds = [*KINDS, *([LEFT_OUT] if (account["kind"] == LEFT_OUT).any() else [])]
    wide = wide.reindex(columns=kinds).fillna(0).astype(int)
    wide.insert(0, "rows_in", wide.sum(axis=1))
    return wide.reset_index().rename_axis(columns=None)


def reasons(account: pd.DataFrame) -> pd.DataFrame:
    """Return why rows were set aside: table, reason (as kept), rows; the most frequent first."""
    aside = account[(account["kind"] != "used") & (account["rows"] > 0)]
    aside = aside.rename(columns={"outcome": "reason"})[["table", "reason", "rows"]]
    return aside.sort_values(
        ["rows", "table", "reason"], ascending=[False, True, True], ignore_index=True
    )


def gaps_in_columns(profile: pd.DataFrame) -> pd.DataFrame:
    """Return the columns with many empty cells, emptiest first: table, column, missing_share."""
    empty = profile.loc[
        profile["missing_share"] > MOSTLY_EMPTY, ["table", "column", "missing_share"]
    ]
    return empty.sort_values("missing_share", ascending=False, kind="stable", ignore_index=True)


def total(account: pd.DataFrame, kind: str) -> Estimate:
    """Return how many rows met one outcome."""
    return counted(account.loc[account["kind"] == kind, "rows"].sum(), unit="rows")


def by_period(edition: Edition) -> tuple[pd.DataFrame, str]:
    """Return what shows whether tables cover the time, as `period_totals`, and its unit.

    That is "orders", or of a firm without them, "answers" to the main question.
    """
    periods, main = edition.periods, edition.company.main
    if edition.has("activity") or main is None:
        return period_totals(edition.table("activity"), "orders", periods, unit="orders"), "orders"
    cells = edition.table("score_cells")
    answers = cells[cells["question"] == main.name]
    return period_totals(answers, "n", periods, unit="answers"), "answers"


def books_of(edition: Edition) -> pd.DataFrame | None:
    """Return the firm's control totals; None where it gives none."""
    return edition.table("control_totals") if edition.has("control_totals") else None


def compare_with_books(
    totals: Mapping[str, MaybeEstimate],
    books: pd.DataFrame | None,
    period: Period,
    *,
    tolerance: float,
) -> pd.DataFrame:
    """Return our totals of a period and those of the books.

    Parameters
    ----------
    totals : by measure, counted in full.
    books : one row a period and measure
        Reads `period`, `measure`, `amount` (whole units); None where the firm gives none.
    tolerance : the share of the books' amount by which ours may differ.

    Returns
    -------
    One row a measure that the books name for this period: measure, ours, books, difference (ours
    less the books'), apart (its share of the books', NaN where they say 0), unit, verdict
    ("agrees", "differs").
    """
    rows = []
    if books is not None:
        here = books[books["period"].astype(str) == str(period)].set_index("measure")["amount"]
        for name in IN_THE_BOOKS:
            total = totals.get(name)
            if name in here.index and isinstance(total, Estimate):
                booked = float(here[name])
                difference = round(total.value - booked, 2)
                apart = difference / abs(booked) if booked else float("nan")
                agree = abs(difference) <= tolerance * abs(booked) + 1e-9
                verdict = AGREES if agree else DIFFERS
                rows.append((name, total.value, booked, difference, apart, total.unit, verdict))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def differing(checked: pd.DataFrame) -> pd.DataFrame:
    """Return the measures that differ by more than the tolerance, the farthest first."""
    apart = checked[checked["verdict"] == DIFFERS]
    return apart.sort_values("apart", key=lambda share: -share.abs(), na_position="first")
