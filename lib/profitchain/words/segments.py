"""The sentences and tables on groups that behave alike: "can't be told apart" is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, p_words, plain
from profitchain.core.i18n import N_, _, clauses, following, listed, ngettext
from profitchain.measures.clustering import ClusteringTrial, profile
from profitchain.measures.segment_comparisons import (
    ALIKE,
    APART,
    MeasureByCustomer,
    SegmentComparison,
    outside_funnel,
)
from profitchain.panel.edition import Edition
from profitchain.words import measures, reasons
from profitchain.words.prose import first_capital, sentence, unmarked
from profitchain.words.scores import in_sentence

NO_SEGMENTS = N_(
    "No segment of company.yml stands in table `customers`, so no groups are compared."
)
CAME_BACK = N_("{share} of the previous period's customers came back.")
NONE_APART = N_("{share} of the previous period's customers came back; no group is clearly apart.")
MOST_LISTED = 4  # groups named in a sentence
MARKS = {APART[0]: "up", APART[1]: "down"}


def answer_sentence(found: SegmentComparison, every: Sequence[MeasureByCustomer]) -> str:
    """Return which declared groups truly differ, or that they can't be told apart; "" if none."""
    heads = found.segments[found.segments["why"] == ""]
    if heads.empty:
        return ""
    labels = _labels(every)
    told = [
        _(
            "groups of **{segment} truly differ** in {measures}",
            segment=segment, measures=_measures(rows, labels),
        )
        for segment, rows in heads[heads["verdict"] == "differ"].groupby("segment", sort=False)
    ]  # fmt: skip
    differing = set(heads.loc[heads["verdict"] == "differ", "segment"])
    alike = [name for name in dict.fromkeys(heads["segment"]) if name not in differing]
    compared = listed(labels[name] for name in dict.fromkeys(heads["measure"]))
    if not told:
        return _(
            "**No groups can be told apart**: in {measures}, customers by {segments} differ no "
            "more than chance alone would have it.",
            measures=compared, segments=listed(alike, "or"),
        )  # fmt: skip
    differences = first_capital(clauses(told))
    if not alike:
        return _("{differences}.", differences=differences)
    return _(
        "{differences}; those of {segments} can't be told apart in any measure.",
        differences=differences, segments=listed(alike),
    )  # fmt: skip


def kept_sentence(found: SegmentComparison, all_of_them: MaybeEstimate) -> str:
    """Return which groups keep more or fewer of their customers, in shrunken rates."""
    if isinstance(all_of_them, NotEstimable):
        return _("How many customers come back can't be said: {why}", why=reasons.text(all_of_them))
    rows = found.of("retention_rate")
    apart = rows[rows["verdict"].isin(APART)]
    if apart.empty:
        return sentence(NONE_APART if len(rows) else CAME_BACK, share=all_of_them)
    told = [sentence("{name} {said}", name=row.group, said=_shrunk(row)) for row in _first(apart)]
    more = len(apart) - len(told)
    words = clauses([*told, ngettext("{n} more", "{n} more", more)] if more else told, "，")
    return sentence("Of all, {share} came back; drawn to the mean, {words}.",
                    share=all_of_them, words=words)  # fmt: skip


def segment_sentences(found: SegmentComparison, every: Sequence[MeasureByCustomer]) -> list[str]:
    """Return, a segment each, how much its groups differ beyond chance in every measure."""
    if found.segments.empty:
        return [_(NO_SEGMENTS)]
    labels = _labels(every)
    told = []
    for segment, heads in found.segments.groupby("segment", sort=False):
        parts = [_head(row, labels[row.measure]) for row in heads.itertuples() if not row.why]
        unsaid = [
            _("{measure} can't be compared: {why}", measure=first_capital(labels[row.measure]),
              why=reasons.text(row.why))
            for row in heads.itertuples() if row.why
        ]  # fmt: skip
        found_apart = _("{differences}.", differences=_one_after_the_other(parts)) if parts else ""
        told.append(
            following(_("**By {segment}**.", segment=segment), first_capital(found_apart), *unsaid)
        )
    return told


def funnel_sentence(shown: pd.DataFrame, limits: pd.DataFrame, phi: float) -> str:
    """Return how many groups lie outside the funnel, and how widely they scatter (`phi`)."""
    if phi != phi:
        return _("How widely groups scatter in the funnel can't be said: too few to say.")
    counted = _(
        "In the funnel {outside} of {all} groups lie outside the 95% limits, where chance alone "
        "puts one in twenty.",
        outside=len(outside_funnel(shown, limits)), all=len(shown),
    )  # fmt: skip
    scattered = _(
        "All in all groups scatter no more than chance alone would have it (over-dispersion {phi}; "
        "chance: 1).",
        phi=digits(phi, 2),
    )
    if phi > 1 + 2 * (2 / len(shown)) ** 0.5:
        scattered = _(
            "All in all groups scatter more than chance alone would have it (over-dispersion "
            "{phi}; chance: 1): one outside the limits need not be special.",
            phi=digits(phi, 2),
        )
    return following(counted, scattered)


def gain_sentence(tried: ClusteringTrial | NotEstimable) -> str:
    """Return whether clusters found in the data foretell the next period better than rules."""
    if isinstance(tried, NotEstimable):
        return _(
            "Whether clusters foretell more than rules can't be said: {why}",
            why=reasons.text(tried),
        )
    gain = sentence(
        "Out of time, the clusters' gain in the squared error that is saved is {gain:difference}.",
        otherwise="Whether clusters foretell more than rules can't be said: {why}",
        gain=tried.gain,
    )
    if isinstance(tried.gain, NotEstimable):
        return gain
    return following(_("**{verdict}.**", verdict=verdict(tried)), gain)


def groups_table(found: SegmentComparison, every: Sequence[MeasureByCustomer]) -> pd.DataFrame:
    """Return the groups side by side: in each measure, raw and drawn to the mean.

    Returns
    -------
    One row a group, those of a segment together: group; for each measure NAME_raw and NAME_value,
    NAME_low, NAME_high, NAME_unit, NAME_why, NAME_verdict ("up", "down", "").
    """
    table = pd.DataFrame({"group": []})
    for place, one in enumerate(every):
        rows = found.groups[found.groups["measure"] == one.measure.id]
        name = column_of(one)
        part = pd.DataFrame({
            "group": _names(rows),
            f"{name}, raw": rows["raw_value"].astype(float),
            **{f"{name}_{end}": rows[f"shrunk_{end}"].astype(float) for end in ENDS},
            **{f"{name}_{told}": rows[told] for told in ("unit", "why")},
            f"{name}_verdict": rows["verdict"].map(MARKS).fillna(""),
        })  # fmt: skip
        table = table.merge(part, how="outer", on="group", sort=False) if place else part
    return table.reset_index(drop=True)


ENDS = ("value", "low", "high")


def funnel_frame(found: SegmentComparison) -> pd.DataFrame:
    """Return what the funnel draws: group, segment, customers, value, low, high, unit.

    Where two segments share a group's name, the segment stands before it. Without any group to
    draw, one row that says `why`.
    """
    rows = found.of("retention_rate")
    if rows.empty:
        whys = [*found.segments["why"], unmarked(_(NO_SEGMENTS))]
        frame = pd.DataFrame({"group": [""], **dict.fromkeys(ENDS, np.nan), "n": 0})
        return frame.assign(why=whys[:1], customers=np.nan, segment="", unit="share", verdict="")
    twice = rows["group"].duplicated(keep=False)
    names = rows["group"].where(~twice, _with_segment(rows))
    numbers = {end: rows[f"raw_{end}"].astype(float) for end in ENDS}
    head = {"group": names, "segment": rows["segment"], "customers": rows["n"].astype(int)}
    return pd.DataFrame(head | numbers | {"unit": rows["unit"], "verdict": rows["verdict"]})


def trial_table(tried: ClusteringTrial | NotEstimable) -> pd.DataFrame:
    """Return the trial as a table, the clusters' gain in its last row; empty if there is none."""
    if isinstance(tried, NotEstimable):
        return pd.DataFrame()
    rows = tried.table.drop(columns="n")
    gain = tried.gain
    numbers = {f"saved_{end}": getattr(gain, end, float("nan")) for end in ENDS}
    last = {"way": N_("gain of clusters"), "saved_unit": "share"} | numbers
    last["saved_why"] = getattr(gain, "why", "")
    return pd.concat([rows, pd.DataFrame([last])], ignore_index=True)


def profile_table(
    tried: ClusteringTrial | NotEstimable, customers: pd.DataFrame, edition: Edition
) -> pd.DataFrame:
    """Return the clusters' profile if they foretell better than groups by rule, else no rows."""
    if isinstance(tried, NotEstimable) or not tried.is_worth_showing:
        return pd.DataFrame()
    unit = edition.company.currency
    rows = profile(customers, tried.clusters, unit=unit, smallest=edition.smallest)
    names = [
        _("{number}: {traits}", number=number, traits=_traits(traits))
        for number, traits in zip(rows["cluster"], rows["traits"], strict=True)
    ]
    return rows.drop(columns="traits").assign(cluster=names)


TRAITS = {  # feature: words for low and for high
    "recency_days": (N_("bought lately"), N_("not seen for long")),
    "orders": (N_("order seldom"), N_("order often")),
    "money": (N_("spend little"), N_("spend much")),
    "tenure_days": (N_("new here"), N_("known for long")),
    "discount_share": (N_("pay full price"), N_("buy at a discount")),
    "contacts": (N_("seldom in touch"), N_("often in touch")),
}


def _traits(traits: Sequence[tuple[str, bool]]) -> str:
    """Return the words for what sets a cluster apart from the mean of all."""
    words = [_(TRAITS[name][is_high]) for name, is_high in traits]
    if not words:
        return _("near the mean of all")
    return reduce(lambda first, second: _("{first}, {second}", first=first, second=second), words)


def verdict(tried: ClusteringTrial) -> str:
    """Return which way of grouping foretells the next period better, as a message."""
    if tried.is_worth_showing:
        return _("Clusters found in the data foretell more than groups by rule")
    if not (tried.table["saved_low"] > 0).any():
        return _("Neither groups by rule nor clusters foretell the next period")
    if tried.gain.high < 0:
        return _("Groups by rule foretell more than clusters found in the data")
    return _("Groups by rule do as well as clusters found in the data")


def _labels(every: Sequence[MeasureByCustomer]) -> dict[str, str]:
    return {one.measure.id: in_sentence(measures.label(one.measure)) for one in every}


def _measures(heads: pd.DataFrame, labels: dict[str, str]) -> str:
    return listed(labels[name] for name in heads["measure"])


def _first(apart: pd.DataFrame) -> list[object]:
    """Return the rows to name: the highest and the lowest where there are many."""
    if len(apart) <= MOST_LISTED:
        return list(apart.itertuples())
    return list(pd.concat([apart.iloc[: MOST_LISTED // 2], apart.iloc[-2:]]).itertuples())


def _shrunk(row: object) -> Estimate:
    return Estimate(
        value=row.shrunk_value, low=row.shrunk_low, high=row.shrunk_high, n=int(row.n),
        unit=row.unit,
    )  # fmt: skip


def _head(row: object, measure: str) -> str:
    """Return how much the groups of one segment differ in one measure."""
    words = {"measure": measure, "p": p_words(row.p_adjusted)}
    if row.verdict == ALIKE:
        return _("{measure}: can't be told apart ({p})", **words)
    unit = "percentage points" if row.unit == "share" else row.unit
    spread = plain(row.tau * (100 if row.unit == "share" else 1), unit)
    return _("{measure}: they differ ({p}), by {spread}", spread=spread, **words)


def _one_after_the_other(parts: Sequence[str]) -> str:
    return reduce(lambda first, second: _("{first}; {second}", first=first, second=second), parts)


def _names(rows: pd.DataFrame) -> pd.Series:
    """Return each group's name, after its segment where there are several segments."""
    if rows["segment"].nunique() <= 1:
        return rows["group"].astype(str)
    return _with_segment(rows)


def _with_segment(rows: pd.DataFrame) -> pd.Series:
    names = [
        _("{segment}: {group}", segment=segment, group=group)
        for segment, group in zip(rows["segment"], rows["group"], strict=True)
    ]
    return pd.Series(names, index=rows.index, dtype=object)


def column_of(one: MeasureByCustomer) -> str:
    """Return the name of a measure's columns in `groups_table`."""
    return one.measure.id.removesuffix("_per_customer").removeprefix("latest_")


def money_in(edition: Edition) -> str:
    """Return what customers' money is called here: margin, or revenue if that is not known."""
    return _("margin") if "margin" in edition.table("customers") else _("revenue")
