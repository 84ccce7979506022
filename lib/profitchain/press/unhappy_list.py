"""Unhappy customers of value whom nobody has spoken to: a list that stays within the firm.

Where company.yml says so (`leave_alone`), a share of them is left alone by lot, and a file
remembers whom, so that a later list can tell what calling did.
"""

from __future__ import annotations

import hashlib

import pandas as pd

from profitchain.core.estimates import NotEstimable
from profitchain.lifetime import churn_model, contact_value
from profitchain.measures.satisfaction import GROUPS
from profitchain.panel.edition import Edition

FILE = "unhappy.csv"
OF_VALUE = 2 / 3  # the upper third
PARTS = 2**32


def unhappy(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return the present customers whose last score is of the worst group, most value first.

    Only those of the upper third by value without a contact. One row a customer: row, value,
    score, score_age_days.
    """
    main = edition.company.main
    if main is None or not edition.has("customers") or edition.facts.get("no_money"):
        return NotEstimable("satisfaction_not_known")
    customers = edition.table("customers")
    seen = churn_model.forecast_churn(customers, per_year=edition.period.per_year)
    plan = contact_value.contact_value(customers, seen)
    if isinstance(plan, NotEstimable):
        return plan
    listed = contact_value.at_risk_list(plan, main)
    now = customers[customers["back"] == 0].set_index("row")
    rows = listed.join(now[["score", "score_age_days", "contacts"]], on="row")
    worth = rows["value"] >= rows["value"].quantile(OF_VALUE)
    worst = rows["score_group"] == GROUPS[main.kind][0]
    rows = rows[worth & worst & (rows["contacts"] == 0)].sort_values("value", ascending=False)
    return rows[["row", "value", "score", "score_age_days"]].reset_index(drop=True)


def left_alone(customers: pd.Series, *, share: float, seed: str) -> pd.Series:
    """Return which customers the lot leaves alone: the same ones for the same seed, in any order.

    Examples
    --------
    >>> int(left_alone(pd.Series([f"c{k}" for k in range(2000)]), share=0.1, seed="2026Q3").sum())
    212
    """
    draws = [
        int.from_bytes(hashlib.sha256(f"{seed}|{one}".encode()).digest()[:4], "big")
        for one in customers
    ]
    return pd.Series(draws, index=customers.index, dtype="int64") < share * PARTS


def with_lot(rows: pd.DataFrame, known: pd.DataFrame, *, share: float, period: str) -> pd.DataFrame:
    """Return the list with `left_alone` (yes, no): who was drawn in this period stays as drawn.

    Parameters
    ----------
    rows : one row a customer: customer_id and others.
    known : all that was drawn so far, as `lot_files.drawn_lists`.
    """
    drawn = left_alone(rows["customer_id"], share=share, seed=period)
    earlier = known[known["period"] == period].set_index("customer_id")["left_alone"]
    new = pd.Series(drawn.map({True: "yes", False: "no"}).to_numpy(), index=rows["customer_id"])
    lot = earlier.reindex(new.index).fillna(new)
    return rows.assign(left_alone=lot.to_numpy())
