"""What came in, how much of it could be used, and why the rest could not."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, counted

KINDS = ("used", "later", "cancelled", "broken")
MOSTLY_EMPTY = 0.2  # a column with more missing than this is worth a line


def by_table(account: pd.DataFrame) -> pd.DataFrame:
    """Return rows in and what became of them, table by table.

    Parameters
    ----------
    account : one row a table and outcome
        Reads `table`, `kind` (used, later, cancelled, broken) and `rows`.

    Returns
    -------
    One row a table: table, rows_in, used, later, cancelled, broken; rows_in is the others' sum.
    """
    wide = account.pivot_table(index="table", columns="kind", values="rows", aggfunc="sum")
    wide = wide.reindex(columns=list(KINDS)).fillna(0).astype(int)
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
    empty = profile[profile["missing_share"] > MOSTLY_EMPTY]
    empty = empty[["table", "column", "missing_share"]]
    return empty.sort_values("missing_share", ascending=False, kind="stable", ignore_index=True)


def total(account: pd.DataFrame, kind: str | None = None) -> Estimate:
    """Return how many rows came in, or how many met one outcome."""
    rows = account if kind is None else account[account["kind"] == kind]
    return counted(rows["rows"].sum(), unit="rows")
