"""What a page needs of a firm, and why it measures nothing where the firm hasn't given it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from profitchain.core.errors import NotMeasured, ParameterError, did_you_mean
from profitchain.core.i18n import _
from profitchain.sources.company import LONGEST_LOOKBACK, LONGEST_WINDOW

EITHER = " | "
CHOICES = ("repeat_within_days", "lookback_months")  # of company.yml, which a call may override
LARGEST_CHOICE = dict(zip(CHOICES, (LONGEST_WINDOW, LONGEST_LOOKBACK), strict=True))
BY_CONTRACT = {  # what contracts give of orders
    "subscriptions.customer_id": "orders.customer_id",
    "subscriptions.started_on": "orders.ordered_at",
    "subscriptions.amount": "orders.revenue",
}


def refuse_tables(tables: Collection[str], needs: Sequence[str]) -> None:
    """Raise NotMeasured for the first table that is needed and not among the firm's.

    Parameters
    ----------
    needs : a table, or a column of it as `orders.revenue`; `a | b`: either.
    """
    for name in needs:
        wanted = [one.partition(".")[0] for one in name.split(EITHER)]
        table = wanted[0]
        paid = "orders" in wanted and "subscriptions" in tables
        if not paid and not set(wanted) & set(tables):
            _refuse(_("needs table `{name}`, which company.yml doesn't name.", name=table))


def refuse_columns(profile: pd.DataFrame, needs: Sequence[str]) -> None:
    """Raise NotMeasured for the first column that is needed and holds nothing, or isn't there.

    Parameters
    ----------
    profile : one row a table and column: `table`, `column`, `missing_share`.
    """
    held = profile[profile["missing_share"] < 1]
    given = set(held["table"] + "." + held["column"])
    given |= {paid for theirs, paid in BY_CONTRACT.items() if theirs in given}
    for name in needs:
        table, dot, column = name.split(EITHER)[0].partition(".")
        if dot and not given & set(name.split(EITHER)):
            words = {"table": table, "column": column}
            _refuse(_("needs column `{column}` of `{table}`, and no row has one.", **words))


def _refuse(what: str) -> None:
    raise NotMeasured(_("Not measured: {what}", what=what))


def made_choices(choices: Mapping[str, int]) -> dict[str, int]:
    """Return the choices that were made (0: none), or raise for one that can't be meant."""
    for name, value in choices.items():
        if name not in CHOICES:
            raise ParameterError(
                f"{name}={value!r}: nothing of this name can be chosen. "
                f"{did_you_mean(name, CHOICES)}"
            )
        if not isinstance(value, int) or not 0 <= value <= LARGEST_CHOICE[name]:
            raise ParameterError(
                f"{name} is {value!r}, but must be a whole number above 0, "
                f"{LARGEST_CHOICE[name]:,} at most, or 0 for what "
                "company.yml says. Change it in the notebook's parameters, or after --set."
            )
    return {name: value for name, value in choices.items() if value}
