"""The words on who answered: the rate, its groups, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.formats import digits, period_label
from profitchain.core.group_names import group_name, segment_name
from profitchain.core.i18n import N_, _, following, ngettext
from profitchain.core.periods import Period
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.stats.sampling_weights import of_all, stands_for
from profitchain.words import captions
from profitchain.words.captions import Caption, described, source
from profitchain.words.prose import first_capital
from profitchain.words.scores import brief, percent, segments_message, spread

THIS_PAGE = N_("This page")


def known_sentence(facts: Mapping[str, int]) -> str:
    """Return whether it is known who was asked, and what the page counts where it isn't."""
    if facts.get("invited"):
        return _("Who was asked is known: invitations name the answers that they led to.")
    return _(
        "**Who was asked is not known**: no invitations name the answers that they led to. So "
        "there is no response rate here; the page compares customers who bought and answered with "
        "customers who bought and did not, asked or not."
    )


def anonymous_sentence(facts: Mapping[str, int], n: int, period: Period) -> str:
    """Return how many of a period's `n` answers to the main question name nobody, or ""."""
    unnamed = facts.get("anonymous_now", 0)
    if not unnamed:
        return ""
    words = {"n": digits(unnamed, 0), "total": digits(n, 0), "period": period_label(period)}
    if unnamed == n:
        return _(
            "All answers of {period} are anonymous: they count for the scores, each as a customer "
            "of its own, and can't be followed to orders.",
            **words,
        )
    return ngettext(
        "{n} of the {total} answers of {period} is anonymous: it counts for the scores, as a "
        "customer of its own, and can't be followed to orders.",
        "{n} of the {total} answers of {period} are anonymous: they count for the scores, each as "
        "a customer of its own, and can't be followed to orders.",
        unnamed,
        **words,
    )


def uncounted_sentence(facts: Mapping[str, int]) -> str:
    """Return that anonymous answers count for nobody asked, so that shares are too low, or ""."""
    unnamed = facts.get("anonymous", 0)
    if not unnamed:
        return ""
    return ngettext(
        "{n} of the {total} answers so far is anonymous: nobody knows who gave it, so more "
        "answered than this counts.",
        "{n} of the {total} answers so far are anonymous: nobody knows who gave them, so more "
        "answered than this counts.",
        unnamed,
        n=digits(unnamed, 0),
        total=digits(facts["answers"], 0),
    )


def unfollowed_sentence(facts: Mapping[str, int]) -> str:
    """Return how many of all answers so far can't be followed, since they name nobody, or ""."""
    unnamed = facts.get("anonymous", 0)
    if not unnamed:
        return ""
    return ngettext(
        "{n} of the {total} answers so far is anonymous and can't be followed to orders: it counts "
        "for the scores and is left out here.",
        "{n} of the {total} answers so far are anonymous and can't be followed to orders: they "
        "count for the scores and are left out here.",
        unnamed,
        n=digits(unnamed, 0),
        total=digits(facts["answers"], 0),
    )


def missing_table(profile: pd.DataFrame) -> pd.DataFrame:
    """Return who is missing as a table, differences in percentage points."""
    table = profile.assign(answered_unit="share", silent_unit="share")
    numbers = [f"difference_{part}" for part in ("value", "low", "high")]
    table[numbers] = table[numbers] * 100
    return table.assign(difference_unit="percentage points")


def rate_caption(rate: MeasureSeries, period: Period, facts: Mapping[str, int]) -> Caption:
    """Return the caption of the rate over time."""
    return captions.trend(rate, period, rows=_rows(facts))


def groups_caption(
    measure: Measure, groups: pd.DataFrame, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of the rate by group."""
    caption = captions.segments(measure, groups, period)
    n = int(groups.groupby("segment")["n"].sum().max()) if len(groups) else 0
    return caption | {"source": source(_rows(facts), n, period)}


def history_caption(
    measure: Measure, groups: pd.DataFrame, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of the rate by history before asking."""
    caption = groups_caption(measure, groups, period, facts)
    named = groups.assign(group=[_(str(name)) for name in groups["group"]])
    message = segments_message(_("By history"), named)
    return caption | {"message": message, "description": described(message, spread(named))}


def missing_caption(
    profile: pd.DataFrame, n: int, period: Period, facts: Mapping[str, int]
) -> Caption:
    """Return the caption of who is missing: the largest clear difference (`n` requests)."""
    estimated = profile.dropna(subset=["difference_value"])
    clear = estimated[(estimated["difference_low"] > 0) | (estimated["difference_high"] < 0)]
    message = _("No group is clearly rarer among those who answered")
    if len(clear):
        most = clear.loc[clear["difference_value"].abs().idxmax()]
        shares = [percent(most[f"{side}_value"]) for side in ("answered", "silent")]
        message = brief(
            _(
                "{segment}, {group}: {answered} of those who answered, {silent} of the others",
                segment=first_capital(_(segment_name(most["segment"]).replace("_", " "))),
                group=_(group_name(most["segment"], most["group"])),
                answered=shares[0],
                silent=shares[1],
            ),
            _("Some groups are rarer among those who answered"),
        )
    return {
        "message": message,
        "measure": _(
            "Share of each group among those who answered and among those who did not, {period}; "
            "95% intervals",
            period=period_label(period),
        ),
        "source": source(_rows(facts), n, period),
    }


def counted_sentence(facts: Mapping[str, int]) -> str:
    """Return how many of the period's answers belong to no request, and of whom this is told."""
    return following(_unasked_sentence(facts), *captions.drawn_sentences(THIS_PAGE, facts))


def _unasked_sentence(facts: Mapping[str, int]) -> str:
    unasked = facts.get("unasked", 0)
    count = digits(of_all(pd.Series([unasked]), stands_for(facts)).iloc[0], 0)
    if facts.get("invited"):
        none = N_(
            "None of the period's answers to the main question came without an invitation; such "
            "answers are left out here."
        )
        some = N_(
            "{count} of the period's answers to the main question came without an invitation; such "
            "answers are left out here."
        )
        return _(some if unasked else none, count=count)
    return _(
        "A customer is asked once a period, from the first purchase in it on, and all answers that "
        "followed a purchase of that period count; {count} of the period's answers to the main "
        "question followed none and are left out.",
        count=count,
    )


def _rows(facts: Mapping[str, int]) -> str:
    return _("Invitations") if facts.get("invited") else _("Customers who bought")
