"""The words on groups that behave alike: "can't be told apart" is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, p_words, plain
from profitchain.core.group_names import group_name, segment_name, with_group_names
from profitchain.core.i18n import N_, _, clauses, following, listed, ngettext
from profitchain.measures.segment_comparisons import (
    APART,
    MeasureByCustomer,
    SegmentComparison,
    outside_funnel,
)
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ALIKE
from profitchain.words import measures, reasons
from profitchain.words.captions import Caption, drawn_from, source
from profitchain.words.prose import first_capital, sentence, unmarked
from profitchain.words.scores import brief, in_sentence

NO_SEGMENTS = N_(
    "No segment of company.yml stands in table `customers`, so no groups are compared."
)
CAME_BACK = N_("{share} of the previous period's customers came back.")
NONE_APART = N_("{share} of the previous period's customers came back; no group is clearly apart.")
MOST_LISTED = 4  # groups named in a sentence
MARKS = dict(zip(APART, ("up", "down"), strict=True))
ENDS = ("value", "low", "high")


def answer_sentence(fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer]) -> str:
    """Return which declared groups differ beyond chance, or that none do; "" without groups."""
    heads = fair.segments[fair.segments["why"] == ""]
    if heads.empty:
        return ""
    labels = heads["measure"].map(_labels(by_customer))
    differ, named = heads["verdict"] == "differ", heads["segment"].map(segment_name)
    differences = [
        _(
            "groups of **{segment} differ beyond chance** in {measures}",
            segment=segment, measures=listed(names),
        )
        for segment, names in labels[differ].groupby(named, sort=False)
    ]  # fmt: skip
    apart = set(named[differ])
    alike = [name for name in dict.fromkeys(named) if name not in apart]
    if not differences:
        return _(
            "**No groups can be told apart**: in {measures}, customers by {segments} differ no "
            "more than chance alone would have it.",
            measures=listed(dict.fromkeys(labels)), segments=listed(alike, "or"),
        )  # fmt: skip
    words = first_capital(clauses(differences))
    if not alike:
        return _("{differences}.", differences=words)
    return _(
        "{differences}; those of {segments} can't be told apart in any measure.",
        differences=words, segments=listed(alike),
    )  # fmt: skip


def retention_sentence(fair: SegmentComparison, of_all: MaybeEstimate) -> str:
    """Return which groups keep more or fewer of their customers, in shrunken rates."""
    if isinstance(of_all, NotEstimable):
        return _("How many customers come back can't be said: {why}", why=reasons.text(of_all))
    rows = fair.of("retention_rate")
    apart = rows[rows["verdict"].isin(APART)]
    if apart.empty:
        return sentence(NONE_APART if len(rows) else CAME_BACK, share=of_all)
    more = max(len(apart) - MOST_LISTED, 0)
    first = apart.iloc[: MOST_LISTED // 2], apart.iloc[-MOST_LISTED // 2 :]
    named = [
        sentence(
            "{name} {said}",
            name=group_name(row.segment, row.group),
            said=Estimate.of(row, prefix="shrunk_"),
        )
        for row in (pd.concat(first) if more else apart).itertuples()
    ]
    words = clauses([*named, ngettext("{n} more", "{n} more", more)] if more else named, "，")
    return sentence(
        "Of all, {share} came back; drawn to the mean, {words}.", share=of_all, words=words
    )


def segment_sentences(
    fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer]
) -> list[str]:
    """Return, a segment each, how much its groups differ beyond chance in every measure."""
    if fair.segments.empty:
        return [_(NO_SEGMENTS)]
    labels, sentences = _labels(by_customer), []
    for segment, heads in fair.segments.groupby("segment", sort=False):
        differences = [_difference(row, labels) for row in heads.itertuples() if not row.why]
        words = _("{differences}.", differences=_joined(differences)) if differences else ""
        unsaid = [
            _("{measure} can't be compared: {why}", measure=first_capital(labels[row.measure]),
              why=reasons.text(row.why))
            for row in heads.itertuples() if row.why
        ]  # fmt: skip
        by = _("**By {segment}**.", segment=segment_name(segment))
        sentences.append(following(by, first_capital(words), *unsaid))
    return sentences


def funnel_sentence(groups: pd.DataFrame, limits: pd.DataFrame, phi: float) -> str:
    """Return how many groups lie outside the funnel, and how widely they scatter (`phi`)."""
    if phi != phi:
        return _("How widely groups scatter in the funnel can't be said: too few to say.")
    counted = _(
        "In the funnel {outside} of {all} groups lie outside the 95% limits, where chance alone "
        "puts one in twenty.",
        outside=len(outside_funnel(groups, limits)), all=len(groups),
    )  # fmt: skip
    scattered = N_(
        "All in all groups scatter no more than chance alone would have it (over-dispersion {phi}; "
        "chance: 1)."
    )
    if phi > 1 + 2 * (2 / len(groups)) ** 0.5:
        scattered = N_(
            "All in all groups scatter more than chance alone would have it (over-dispersion "
            "{phi}; chance: 1): one outside the limits need not be special."
        )
    return following(counted, _(scattered, phi=digits(phi, 2)))


def groups_table(fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer]) -> pd.DataFrame:
    """Return the groups side by side: in each measure, raw and drawn to the mean.

    Returns
    -------
    One row a group, those of a segment together: group; for each measure NAME_raw and NAME_value,
    NAME_low, NAME_high, NAME_unit, NAME_why, NAME_verdict ("up", "down", "").
    """
    table = pd.DataFrame({"group": []})
    for place, measure in enumerate(by_customer):
        rows = fair.groups[fair.groups["measure"] == measure.measure.id]
        name = _column_of(measure)
        several = rows["segment"].nunique() > 1
        part = pd.DataFrame({
            "group": _with_segment(rows) if several else rows["group"].astype(str),
            f"{name}, raw": rows["raw_value"].astype(float),
            **{f"{name}_{end}": rows[f"shrunk_{end}"].astype(float) for end in ENDS},
            **{f"{name}_{column}": rows[column] for column in ("unit", "why")},
            f"{name}_verdict": rows["verdict"].map(MARKS).fillna(""),
        })  # fmt: skip
        table = table.merge(part, how="outer", on="group", sort=False) if place else part
    return table.reset_index(drop=True)


def comparison_caption(
    fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer], edition: Edition
) -> Caption:
    """Return the caption of the groups side by side."""
    message = _("The declared groups can't be told apart")
    if fair.groups.empty:
        message = _("No groups are declared")
    apart = with_group_names(fair.groups[fair.groups["verdict"].isin(APART)])
    if names := dict.fromkeys(apart["group"]):
        many = ngettext(
            "{n} group lies apart beyond chance in some measure",
            "{n} groups lie apart beyond chance in some measure",
            len(names),
        )
        message = brief(
            _("Apart beyond chance in some measure: {groups}", groups=listed(names)), many
        )
    rows = source(_("Orders and answers"), max((len(m.rows) for m in by_customer), default=0))
    rows, rate = drawn_from(rows, edition.stands_for), edition.assumed_margin
    if rate and any(measure.measure.id == "margin_per_customer" for measure in by_customer):
        rows += _("; margin is assumed at {share} of revenue", share=f"{rate:.0%}")
    return {
        "message": message,
        "measure": _(
            "Raw, and drawn to the mean of all groups as far as their size demands, with 95% "
            "intervals. ▲ ▼: above or below the others of the segment"
        ),
        "source": rows,
        "units": {f"{_column_of(measure)}, raw": measure.measure.unit for measure in by_customer},
        "empty": unmarked(_(NO_SEGMENTS)),
    }


def funnel_frame(fair: SegmentComparison) -> pd.DataFrame:
    """Return what the funnel draws: group, segment, customers, value, low, high, unit.

    Where two segments share a group's name, the segment stands before it. Without any group to
    draw, one row that says `why`.
    """
    rows = fair.of("retention_rate")
    if rows.empty:
        whys = [*fair.segments["why"], unmarked(_(NO_SEGMENTS))]
        frame = pd.DataFrame({"group": [""], **dict.fromkeys(ENDS, np.nan), "n": 0})
        return frame.assign(why=whys[:1], customers=np.nan, segment="", unit="share", verdict="")
    twice = rows["group"].duplicated(keep=False)
    return pd.DataFrame({
        "group": rows["group"].where(~twice, _with_segment(rows)),
        "segment": rows["segment"],
        "customers": rows["n"].astype(int),
        **{end: rows[f"raw_{end}"].astype(float) for end in ENDS},
        "unit": rows["unit"],
        "verdict": rows["verdict"],
    })  # fmt: skip


def funnel_caption(
    groups: pd.DataFrame, limits: pd.DataFrame, of_all: MaybeEstimate, edition: Edition
) -> Caption:
    """Return the caption of the funnel (`groups`: as `funnel_frame`; `limits`: its drawing's)."""
    apart = with_group_names(groups[groups["verdict"].isin(APART)])["group"]
    message = _("No group keeps clearly more or fewer of its customers")
    if not groups["value"].notna().any():
        message = _("No groups to compare in keeping customers")
    if len(apart):
        many = ngettext("{n} group beyond chance", "{n} groups beyond chance", len(apart))
        message = brief(_("Beyond chance: {groups}", groups=listed(apart)), many)
    drawn, rows = edition.stands_for, _("Orders; customers active in the previous period")
    return {
        "message": message,
        "measure": _(
            "Share of the previous period's customers who bought again, by size of the group. Dark "
            "and light: 95% and 99.8% of groups drawn by lot from all of them"
        ),
        "source": drawn_from(source(rows, of_all.n), drawn),
        "description": _(
            "{message}. {outside} of {all} lie outside the 95% limits, where chance alone puts one "
            "in twenty. All shares stand in the table.",
            message=message, outside=len(outside_funnel(groups, limits)),
            all=groups["value"].count(),
        ),
        "x_label": _("customers in the group") if drawn == 1 else _("customers drawn of the group"),
        "limits": limits,
        "height": 380,
        "middle": getattr(of_all, "value", 0.0),
    }  # fmt: skip


def _labels(by_customer: Sequence[MeasureByCustomer]) -> dict[str, str]:
    return {entry.measure.id: in_sentence(measures.label(entry.measure)) for entry in by_customer}


def _difference(row: Any, labels: dict[str, str]) -> str:
    """Return how much the groups of one segment differ in one measure."""
    words = {"measure": labels[row.measure], "p": p_words(row.p_adjusted)}
    if row.verdict == ALIKE:
        return _("{measure}: can't be told apart ({p})", **words)
    unit, scale = ("percentage points", 100) if row.unit == "share" else (row.unit, 1)
    spread = plain(row.tau * scale, unit)
    return _("{measure}: they differ ({p}), by {spread}", spread=spread, **words)


def _joined(parts: Sequence[str]) -> str:
    return reduce(lambda first, second: _("{first}; {second}", first=first, second=second), parts)


def _with_segment(rows: pd.DataFrame) -> pd.Series:
    """Return each group after its segment, as findings name it."""
    return rows["segment"].astype(str) + ": " + rows["group"].astype(str)


def _column_of(measure: MeasureByCustomer) -> str:
    """Return the name of a measure's columns in `groups_table`."""
    return measure.measure.id.removesuffix("_per_customer").removeprefix("latest_")
