"""The words around the exhibits on value today: groups, curve, profit, rhythm and season."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping

import numpy as np
import pandas as pd

from profitchain.captions import Caption, source
from profitchain.concentration import TOP
from profitchain.estimates import Estimate, Said
from profitchain.formats import number, period_label, plain
from profitchain.rhythm import ABOVE, BELOW
from profitchain.satisfaction import measures_of
from profitchain.store import Edition
from profitchain.value_groups import Groups, ordered
from profitchain.value_words import lookback_words
from profitchain.worth_words import assumed_clause

DASH = "–"


def of_groups(table: pd.DataFrame, groups: Groups, edition: Edition) -> Caption:
    """Return the caption of the value groups."""
    main = edition.company.main
    score = f"; {measures_of(main)[0].label}: latest answers, 95% intervals" if main else ""
    before = "; change: since the snapshot before" if "change" in table else ""
    shares = [name for name in table if name.startswith("share_of")]
    few = few_clause(table, edition)
    return {
        "message": _groups_message(table, groups),
        "measure": f"All customers known at the end of {period_label(edition.period)}; money and "
        f"orders of {lookback_words(edition)}, counted in full{before}{score}{few}",
        "source": source("Customers", len(groups.now)) + assumed_clause(edition, groups.money),
        "units": dict.fromkeys(shares, "share") | {"customers": "count", "change": "count"},
        "empty": "No customer is known.",
    }


def few_clause(table: pd.DataFrame, edition: Edition, *, mark: str = DASH) -> str:
    """Return what an empty cell of counts means; "" where there is none."""
    counts = [name for name in ("n", "customers", "change", "answers", "moved") if name in table]
    if not table[counts].isna().any(axis=None):
        return ""
    return (
        f"; {mark}: fewer than {edition.smallest} customers, or not shown so that so few can't be "
        "told by subtraction"
    )


def shown_groups(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return the table of groups with the score under the question's own name, to be shown."""
    main = edition.company.main
    name = measures_of(main)[0].label.replace(" ", "_") if main else ""
    name = {"Net_promoter_score": "NPS"}.get(name, name)
    renamed = {
        f"score_{part}": f"{name}_{part}" for part in ("value", "low", "high", "why", "unit")
    }
    hidden = table["customers"].isna()  # a cell has room for "too few", or for a dash
    table = table.assign(score_why=np.where(hidden, DASH, "")) if main else table
    return table.rename(columns=renamed).drop(columns="orders_per_customer")


def of_lorenz(curves: pd.DataFrame, shares: Mapping[str, Said], edition: Edition) -> Caption:
    """Return the caption of the Lorenz curves."""
    said = shares["top_decile_revenue_share"]
    message = "Too few customers to say how much the top ones carry"
    if isinstance(said, Estimate):
        message = f"The top tenth carries {number(said)} of revenue"
    above = bool((curves["value"] > 1).any())
    dips = "; above 100%: the last customers' sums are negative" if above else ""
    return {
        "message": message,
        "measure": "Share of net revenue and margin that the top customers of "
        f"{period_label(edition.period)} bring, the largest first (Lorenz curve); bands: 95% "
        f"intervals{dips}",
        "source": source("Customers who ordered", said.n, edition.period)
        + assumed_clause(edition, "margin"),
        "description": f"{message}. The line lies above the diagonal on which all would bring the "
        "same; its values stand in the table.",
        "mark": TOP,
    }


def of_profit(table: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of profit by value group."""
    currency, last = edition.company.currency, table.iloc[-1]
    message = "What each group of customers brings"
    if last.notna().get("profit_value", False):
        message = f"A customer leaves {plain(last['profit_value'], currency)} after cost to serve"
    money = ["revenue", "discount", "margin", "contact_cost", "other_costs"]
    return {
        "message": message,
        "measure": f"Means per customer who ordered in {lookback_words(edition)}, {currency}; "
        "discounts are already off revenue"
        + "; profit with its 95% interval" * ("profit_value" in table)
        + few_clause(table, edition),
        "source": source("Customers", int(np.nan_to_num(last["n"])))
        + assumed_clause(edition, "margin"),
        "units": dict.fromkeys([name for name in money if name in table], currency)
        | {"at_a_loss": "share", "n": "count"},
        "total": True,
    }


def of_rhythm(said: Mapping[str, Said], edition: Edition) -> Caption:
    """Return the caption of the purchase rhythm."""
    one = said["Customers with one order"]
    message = "How often, how far apart and how much customers buy"
    if isinstance(one, Estimate):
        message = f"{number(one)} of customers ordered only once"
    return {
        "message": message,
        "measure": f"Customers who ordered in {lookback_words(edition)}; days between purchases: "
        "of those who came back, over all their history; 95% intervals",
        "source": source("Customers", said["Orders per customer"].n),
    }


def of_season(season: pd.DataFrame, years: int) -> Caption:
    """Return the caption of the months of the year."""
    known = season.dropna(subset=["value"])
    clear = known[known["verdict"].isin([ABOVE, BELOW])]
    message = "No month of the year clearly stands out"
    if len(clear):
        far = clear.loc[np.log(clear["value"]).abs().idxmax()]
        message = (
            f"{month_name[far.name + 1]} stands out, at {far['value']:.2f} times the year's middle"
        )
    return {
        "message": message if len(known) else "Too short a history to tell a season",
        "measure": "Orders a day in each month against the year's middle (1), growth taken out; "
        f"{years} whole years; 95% intervals, month by month; a month stands out if it does after "
        "Bonferroni's correction for twelve",
        "source": source("Orders", season["n"].sum()),
        "description": f"{message}. The values stand in the table.",
        "unit": "ratio",
    }


def of_dimensions(table: pd.DataFrame, now: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the seven dimensions."""
    known = int(table["value"].notna().sum())
    return {
        "message": f"{known} of the seven dimensions of value can be measured here",
        "measure": f"One figure a dimension, customers who ordered in {lookback_words(edition)}; "
        "95% intervals",
        "source": source("Customers who ordered", len(ordered(now))),
    }


def _groups_message(table: pd.DataFrame, groups: Groups) -> str:
    column = f"share_of_{groups.money}"
    known = table.dropna(subset=[column, "customers"])
    if known.empty or not len(ordered(groups.now)):
        return "No group is large enough to show"
    top = known.loc[known[column].idxmax()]
    share, many = f"{top[column]:.0%}", f"{top['share_of_customers']:.0%}"
    return f"{top['group']}: {many} of customers, {share} of {groups.money}"
