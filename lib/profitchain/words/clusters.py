"""Whether clusters found in the data predict more than groups by rule, and what they are like."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import N_, _
from profitchain.measures.clustering import ClusteringTrial, Traits, profile
from profitchain.measures.rfm import money_of
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.captions import drawn_from
from profitchain.words.presentation import Presentation, source
from profitchain.words.segments import ENDS

TRAITS = {  # of clusters, by feature: words for low and for high
    "recency_days": (N_("bought lately"), N_("not seen for long")),
    "orders": (N_("order seldom"), N_("order often")),
    "money": (N_("spend little"), N_("spend much")),
    "tenure_days": (N_("new here"), N_("known for long")),
    "discount_share": (N_("pay full price"), N_("buy at a discount")),
    "contacts": (N_("seldom in touch"), N_("often in touch")),
}


def clusters_tried(trial: ClusteringTrial | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the trial, the clusters' gain in its last row, and its verdict."""
    gain = trial if isinstance(trial, NotEstimable) else trial.gain
    values = {"why": reasons.text(gain) if isinstance(gain, NotEstimable) else ""}
    values |= {"money": _(money_of(edition.table("customers")))}
    values |= {"source": _of_a_period_ago(gain.n if isinstance(gain, Estimate) else 0, edition)}
    return Presentation(trial_table(trial), verdict(trial), values)


def trial_table(trial: ClusteringTrial | NotEstimable) -> pd.DataFrame:
    """Return the trial as a table, the clusters' gain in its last row; empty if there is none."""
    if isinstance(trial, NotEstimable):
        return pd.DataFrame()
    last = {f"saved_{end}": getattr(trial.gain, end, np.nan) for end in ENDS}
    last |= {"way": N_("gain of clusters"), "saved_unit": "share"}
    last["saved_why"] = getattr(trial.gain, "why", "")
    return pd.concat([trial.table.drop(columns="n"), pd.DataFrame([last])], ignore_index=True)


def verdict(trial: ClusteringTrial | NotEstimable) -> str:
    """Return which way of grouping predicts the next period better, a key of the trial's words."""
    if isinstance(trial, NotEstimable) or isinstance(trial.gain, NotEstimable):
        return "unknown"
    if trial.is_worth_showing:
        return "clusters_better"
    if not (trial.table["saved_low"] > 0).any():
        return "neither"
    return "rules_better" if trial.gain.high < 0 else "rules_as_well"


def clusters_found(
    trial: ClusteringTrial, customers: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return the clusters' profile, named by what sets each most apart from the mean of all."""
    unit, smallest = edition.company.currency, edition.smallest
    rows = profile(customers, trial.clusters, unit=unit, smallest=smallest)
    names = [
        _("{number}: {traits}", number=number, traits=_traits(traits))
        for number, traits in zip(rows["cluster"], rows["traits"], strict=True)
    ]
    values = {"money": _(money_of(edition.table("customers")))}
    values |= {"source": _of_a_period_ago(trial.gain.n, edition)}
    shown = rows.drop(columns="traits").assign(cluster=names)
    units = {"customers": "customers", "money": unit}
    units |= dict.fromkeys(("customers_share", "discount_share"), "share")
    return Presentation(shown, "profile", values, {"units": units})


def _of_a_period_ago(n: int, edition: Edition) -> str:
    return drawn_from(source(_("Orders; customers known a period ago"), n), edition.stands_for)


def _traits(traits: Traits) -> str:
    """Return the words for what sets a cluster apart from the mean of all."""
    words = [_(TRAITS[name][is_high]) for name, is_high in traits]
    if not words:
        return _("near the mean of all")
    return reduce(lambda first, second: _("{first}, {second}", first=first, second=second), words)
