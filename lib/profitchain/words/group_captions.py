"""The words around the exhibits on groups that behave alike."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import _, following, listed, ngettext
from profitchain.measures.clustering import ClusteringTrial
from profitchain.measures.segment_comparisons import (
    APART,
    MeasureByCustomer,
    SegmentComparison,
    outside_funnel,
)
from profitchain.panel.edition import Edition
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import period_word, unmarked
from profitchain.words.scores import brief
from profitchain.words.segments import NO_SEGMENTS, column_of, gain_sentence, money_in, verdict


def of_groups(
    found: SegmentComparison, every: Sequence[MeasureByCustomer], edition: Edition
) -> Caption:
    """Return the caption of the groups side by side."""
    apart = found.groups[found.groups["verdict"].isin(APART)]
    names = list(dict.fromkeys(apart["group"]))
    message = _("The declared groups can't be told apart")
    if found.groups.empty:
        message = _("No groups are declared")
    if names:
        many = ngettext("{n} group is truly apart in some measure",
                        "{n} groups are truly apart in some measure", len(names))  # fmt: skip
        message = brief(_("Truly apart in some measure: {groups}", groups=listed(names)), many)
    units = {f"{column_of(one)}, raw": one.measure.unit for one in every}
    n = max((len(one.rows) for one in every), default=0)
    return {
        "message": message,
        "measure": _(
            "Raw, and drawn to the mean of all groups as far as their size demands, with 95% "
            "intervals. ▲ ▼: above or below the others of the segment"
        ),
        "source": drawn_from(source(_("Orders and answers"), n), edition.stands_for)
        + _assumed(every, edition),
        "units": units,
        "empty": unmarked(_(NO_SEGMENTS)),
    }


def of_funnel(
    shown: pd.DataFrame, limits: pd.DataFrame, all_of_them: MaybeEstimate, edition: Edition
) -> Caption:
    """Return the caption of the funnel (`shown`: as `funnel_frame`; `limits`: its drawing's)."""
    apart = shown.loc[shown["verdict"].isin(APART), "group"]
    outside = len(outside_funnel(shown, limits))
    message = _("No group keeps clearly more or fewer of its customers")
    if not shown["value"].notna().any():
        message = _("No groups to compare in keeping customers")
    if len(apart):
        many = ngettext("{n} group beyond chance", "{n} groups beyond chance", len(apart))
        message = brief(_("Beyond chance: {groups}", groups=listed(apart)), many)
    told = {
        "message": message,
        "measure": _(
            "Share of the previous period's customers who bought again, by size of the group. Dark "
            "and light: 95% and 99.8% of groups drawn by lot from all of them"
        ),
        "source": drawn_from(
            source(_("Orders; customers active in the previous period"), all_of_them.n),
            edition.stands_for,
        ),
        "description": _(
            "{message}. {outside} of {all} lie outside the 95% limits, where chance alone puts one "
            "in twenty. All shares stand in the table.",
            message=message, outside=outside, all=shown["value"].count(),
        ),
        "x_label": _("customers in the group")
        if edition.stands_for == 1
        else _("customers drawn of the group"),
        "limits": limits,
        "height": 380,
    }  # fmt: skip
    return told | {"middle": getattr(all_of_them, "value", 0.0)}


def of_trial(tried: ClusteringTrial | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of clusters against groups by rule."""
    known = isinstance(tried, ClusteringTrial) and isinstance(tried.gain, Estimate)
    message = _("Clusters against groups by rule: too few to say")
    message = verdict(tried) if known else message
    n = tried.gain.n if known else 0
    return {
        "message": message,
        "measure": _(
            "Share of squared error in the next {period}'s {money} per customer saved against one "
            "mean for all, learnt a period earlier",
            period=period_word(edition.period), money=money_in(edition),
        ),
        "source": drawn_from(
            source(_("Orders; customers known a period ago"), n), edition.stands_for
        ),
        "units": {"groups": "count"},
        "empty": gain_sentence(tried),
    }  # fmt: skip


def of_profile(tried: ClusteringTrial | NotEstimable, edition: Edition) -> Caption:
    """Return the caption of the clusters' profile."""
    n = tried.gain.n if isinstance(tried, ClusteringTrial) else 0
    shown = isinstance(tried, ClusteringTrial) and tried.is_worth_showing
    return {
        "message": _("What the clusters are like") if shown else _("The clusters are not shown"),
        "measure": _(
            "Means per customer a period ago, over the lookback; {money} in the {period} that "
            "followed, with 95% intervals",
            money=money_in(edition), period=period_word(edition.period),
        ),
        "source": drawn_from(
            source(_("Orders; customers known a period ago"), n), edition.stands_for
        ),
        "units": {
            "customers": "customers", "customers_share": "share", "discount_share": "share",
            "money": edition.company.currency,
        },
        "empty": following(_("Not shown."), unmarked(gain_sentence(tried))),
    }  # fmt: skip


def _assumed(every: Sequence[MeasureByCustomer], edition: Edition) -> str:
    rate = edition.assumed_margin
    money = any(one.measure.id == "margin_per_customer" for one in every)
    if not rate or not money:
        return ""
    return _("; margin is assumed at {share} of revenue", share=f"{rate:.0%}")
