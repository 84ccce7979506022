"""What the page on response may say of the rate, its groups, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.formats import digits, period_short
from profitchain.core.group_names import group_name, segment_name
from profitchain.core.i18n import N_, _, length, ngettext
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.stats.sampling_weights import of_all, stands_for
from profitchain.words.captions import drawn_sentences
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import first_capital, following
from profitchain.words.scores import (
    percent,
    score_sentence,
    segments_of,
    trend_of,
)

THIS_PAGE = N_("This page")
LONGEST_NAMES = 5  # words of a group and its segment in a message


def rate_answer(rate: MeasureSeries, edition: Edition) -> str:
    """Return the rate with its changes, and below it what keeps it from being all of response."""
    facts = edition.facts
    unknown = _(
        "**Who was asked is not known**: no invitations name the answers that they led to. So "
        "there is no response rate here; the page compares customers who bought and answered with "
        "customers who bought and did not, asked or not."
    )
    first, _break, small = score_sentence(rate, edition.period).partition("\n")
    more = following(small, uncounted_sentence(facts), "" if facts.get("invited") else unknown)
    return f"{first}\n{more}" if more else first


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


def response_trend(rate: MeasureSeries, *, edition: Edition) -> Presentation:
    """Return the rate over time."""
    return trend_of(rate, edition.period, whose_requests(edition.facts))


def groups_of_requests(measure: Measure, groups: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the rate by group, and which groups stand apart; months in their order, by name."""
    months = groups[groups["segment"] == "month"].sort_values("group")
    named = months.assign(group=months["group"].map(period_short))
    groups = pd.concat([named, groups.drop(months.index)])
    return segments_of(measure, groups, whose_requests(edition.facts), edition.period)


by_group = groups_of_requests


def by_history(measure: Measure, groups: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return the rate by history before asking, and which groups stand apart."""
    rows = whose_requests(edition.facts)
    return segments_of(measure, groups, rows, edition.period, label=_("By history"))


def missing(profile: pd.DataFrame, requests: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return who is missing, and the largest clear difference, in percentage points."""
    table = profile.assign(answered_unit="share", silent_unit="share")
    numbers = [f"difference_{part}" for part in ("value", "low", "high")]
    table[numbers] = table[numbers] * 100
    table = table.assign(difference_unit="percentage points")
    asked = int(requests["requests"].sum())
    rows = source(whose_requests(edition.facts), asked, edition.period)
    values: dict[str, object] = {"rows": rows}
    known = profile.dropna(subset=["difference_value"])
    clear = known[(known["difference_low"] > 0) | (known["difference_high"] < 0)]
    if clear.empty:
        return Presentation(table, "none", values)
    most = clear.loc[clear["difference_value"].abs().idxmax()]
    values |= {
        "segment": first_capital(_(segment_name(most["segment"]).replace("_", " "))),
        "group": _(group_name(most["segment"], most["group"])),
        "answered": percent(most["answered_value"]),
        "silent": percent(most["silent_value"]),
    }
    long = length(f"{values['segment']} {values['group']}") > LONGEST_NAMES
    return Presentation(table, "some" if long else "apart", values)


def answers_left_out(*, edition: Edition) -> list[Said | str]:
    """Return how many of the period's answers belong to no request, and of whom this is told."""
    facts = edition.facts
    unasked = facts.get("unasked", 0)
    count = digits(of_all(pd.Series([unasked]), stands_for(facts)).iloc[0], 0)
    key = "once_a_period"
    if facts.get("invited"):
        key = "unasked" if unasked else "none_unasked"
    return [Said(key, {"count": count}), *drawn_sentences(THIS_PAGE, facts)]


def whose_requests(facts: Mapping[str, int]) -> str:
    """Return whose requests are counted: invitations, or customers who bought."""
    return _("Invitations") if facts.get("invited") else _("Customers who bought")
