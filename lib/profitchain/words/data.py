"""The sentences on what came in: how many rows, what broke, whether the period is whole."""

from __future__ import annotations

import pandas as pd

from profitchain.core.formats import digits, period_short
from profitchain.core.i18n import N_, _, ngettext
from profitchain.core.periods import Period
from profitchain.intake.reasons import reason_in_words
from profitchain.words.prose import clauses, listed, period_word


def rows_sentence(account: pd.DataFrame) -> str:
    """Return how many rows came in, from how many tables, and what became of them."""
    rows = account.groupby("kind")["rows"].sum()
    aside = {
        "later": N_("{count} lie after the period's end"),
        "cancelled": N_("{count} belong to cancelled orders"),
    }
    used = _("**{count} were used**", count=digits(rows.get("used", 0), 0))
    told = [
        _(words, count=digits(rows[kind], 0)) for kind, words in aside.items() if rows.get(kind)
    ]
    none, some = _("none broke the data contract"), N_("{count} broke the data contract")
    broken = _(some, count=digits(rows["broken"], 0)) if rows.get("broken") else none
    return ngettext(
        "{rows} rows came in from {n} table: {fates}.",
        "{rows} rows came in from {n} tables: {fates}.",
        account["table"].nunique(),
        rows=digits(rows.sum(), 0),
        fates=clauses([used, *told, broken], "，"),
    )


def broken_sentence(account: pd.DataFrame) -> str:
    """Return in which tables rows broke the contract; "" where none did."""
    broken = account[(account["kind"] == "broken") & (account["rows"] > 0)]
    if broken.empty:
        return ""
    by_table = broken.groupby("table")["rows"].sum().sort_values(ascending=False, kind="stable")
    named = [
        _("{count} in `{table}`", count=digits(rows, 0), table=table)
        for table, rows in by_table.items()
    ]
    return _(
        "What broke the contract was set aside, with a reason for each row: {tables}.",
        tables=clauses(named, "，"),
    )


def reasons_table(aside: pd.DataFrame) -> pd.DataFrame:
    """Return why rows were set aside (as `data_quality.reasons`), the reasons in words."""
    return aside.assign(reason=aside["reason"].map(reason_in_words))


def part_sentence(days: int, period: Period) -> str:
    """Return a warning that the period's last days have no order, or "" if they are few.

    A twentieth of the period is let pass: a small firm does not sell every day.
    """
    length = (period.last_day - period.first_day).days + 1
    if days <= length / 20:
        return ""
    return ngettext(
        "**The {part} may not be whole**: its last {n} day has no order. If tables end before it "
        "does, its figures are of a part and compare badly with whole ones.",
        "**The {part} may not be whole**: its last {n} days have no order. If tables end before it "
        "does, its figures are of a part and compare badly with whole ones.",
        days,
        part=period_word(period),
    )


def account_message(account: pd.DataFrame) -> str:
    """Return an exhibit's message: how many of all rows broke the contract."""
    broken = account.loc[account["kind"] == "broken", "rows"].sum()
    if not broken:
        return _("No row broke the data contract")
    counts = {"count": digits(broken, 0), "total": digits(account["rows"].sum(), 0)}
    return _("{count} of {total} rows broke the data contract", **counts)


def coverage_message(orders: pd.DataFrame) -> str:
    """Return whether some period since the first orders stands out by having hardly any."""
    orders = orders[orders["value"].notna().cummax()]
    thin = orders[orders["value"].fillna(0) < 0.2 * orders["value"].median()]
    if thin.empty:
        return _("No period stands out as empty")
    named = listed(period_short(name) for name in thin["period"][:3])
    return _("Hardly any orders in {periods}", periods=named)
