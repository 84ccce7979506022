"""The words on clusters found in the data: whether they predict more than rules, what they are."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.i18n import N_, _, following
from profitchain.measures.clustering import ClusteringTrial, Traits, profile
from profitchain.measures.rfm import money_of
from profitchain.panel.edition import Edition
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, sentence, unmarked
from profitchain.words.segments import ENDS

TRAITS = {  # of clusters, by feature: words for low and for high
    "recency_days": (N_("bought lately"), N_("not seen for long")),
    "orders": (N_("order seldom"), N_("order often")),
    "money": (N_("spend little"), N_("spend much")),
    "tenure_days": (N_("new here"), N_("known for long")),
    "discount_share": (N_("pay full price"), N_("buy at a discount")),
    "contacts": (N_("seldom in touch"), N_("often in touch")),
}


def gain_sentence(trial: ClusteringTrial | NotEstimable) -> str:
    """Return whether clusters found in the data predict the next period better than rules."""
    gain = trial if isinstance(trial, NotEstimable) else trial.gain
    words = sentence(
        "Out of time, the clusters' gain in the squared error that is saved is {gain:difference}.",
        otherwise="Whether clusters foretell more than rules can't be said: {why}",
        gain=gain,
    )
    if isinstance(trial, NotEstimable) or isinstance(gain, NotEstimable):
        return words
    return following(_("**{verdict}.**", verdict=_verdict(trial, gain)), words)


def trial_table(trial: ClusteringTrial | NotEstimable) -> pd.DataFrame:
    """Return the trial as a table, the clusters' gain in its last row; empty if there is none."""
    if isinstance(trial, NotEstimable):
        return pd.DataFrame()
    last = {f"saved_{end}": getattr(trial.gain, end, np.nan) for end in ENDS}
    last |= {"way": N_("gain of clusters"), "saved_unit": "share"}
    last["saved_why"] = getattr(trial.gain, "why", "")
    return pd.concat([trial.table.drop(columns="n"), pd.DataFrame([last])], ignore_index=True)


def trial_caption(trial: ClusteringTrial | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of clusters against groups by rule."""
    message, n = _("Clusters against groups by rule: too few to say"), 0
    if isinstance(trial, ClusteringTrial) and isinstance(trial.gain, Estimate):
        message, n = _verdict(trial, trial.gain), trial.gain.n
    return {
        "message": message,
        "measure": _(
            "Share of squared error in the next {period}'s {money} per customer saved against one "
            "mean for all, learnt a period earlier",
            period=period_word(edition.period), money=_money(edition),
        ),
        "source": _of_a_period_ago(n, edition),
        "units": {"groups": "count"},
        "empty": gain_sentence(trial),
    }  # fmt: skip


def profile_table(
    trial: ClusteringTrial | NotEstimable, customers: pd.DataFrame, edition: Edition
) -> pd.DataFrame:
    """Return the clusters' profile if they predict better than groups by rule, else no rows."""
    if isinstance(trial, NotEstimable) or not trial.is_worth_showing:
        return pd.DataFrame()
    unit, smallest = edition.company.currency, edition.smallest
    rows = profile(customers, trial.clusters, unit=unit, smallest=smallest)
    names = [
        _("{number}: {traits}", number=number, traits=_traits(traits))
        for number, traits in zip(rows["cluster"], rows["traits"], strict=True)
    ]
    return rows.drop(columns="traits").assign(cluster=names)


def profile_caption(trial: ClusteringTrial | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of the clusters' profile."""
    is_shown, n = False, 0
    if isinstance(trial, ClusteringTrial):
        is_shown, n = trial.is_worth_showing, trial.gain.n
    return {
        "message": _("What the clusters are like") if is_shown else _("The clusters are not shown"),
        "measure": _(
            "Means per customer a period ago, over the lookback; {money} in the {period} that "
            "followed, with 95% intervals",
            money=_money(edition), period=period_word(edition.period),
        ),
        "source": _of_a_period_ago(n, edition),
        "units": {
            "customers": "customers", "customers_share": "share", "discount_share": "share",
            "money": edition.company.currency,
        },
        "empty": following(_("Not shown."), unmarked(gain_sentence(trial))),
    }  # fmt: skip


def _verdict(trial: ClusteringTrial, gain: Estimate) -> str:
    """Return which way of grouping predicts the next period better, as a message."""
    if trial.is_worth_showing:
        return _("Clusters found in the data foretell more than groups by rule")
    if not (trial.table["saved_low"] > 0).any():
        return _("Neither groups by rule nor clusters foretell the next period")
    if gain.high < 0:
        return _("Groups by rule foretell more than clusters found in the data")
    return _("Groups by rule do as well as clusters found in the data")


def _of_a_period_ago(n: int, edition: Edition) -> str:
    return drawn_from(source(_("Orders; customers known a period ago"), n), edition.stands_for)


def _money(edition: Edition) -> str:
    """Return what customers' money is called here: margin, or revenue if that is not known."""
    return _(money_of(edition.table("customers")))


def _traits(traits: Traits) -> str:
    """Return the words for what sets a cluster apart from the mean of all."""
    words = [_(TRAITS[name][is_high]) for name, is_high in traits]
    if not words:
        return _("near the mean of all")
    return reduce(lambda first, second: _("{first}, {second}", first=first, second=second), words)
