"""Which of the firm's groups differ beyond chance; that none does is an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, p_words, plain
from profitchain.core.group_names import group_name, segment_name, with_group_names
from profitchain.core.i18n import N_, _, clauses, following, listed, ngettext
from profitchain.measures.segment_comparisons import (
    APART,
    MeasureByCustomer,
    SegmentComparison,
    funnel,
    outside_funnel,
    over_dispersion,
)
from profitchain.panel.edition import Edition
from profitchain.stats.comparisons import ALIKE
from profitchain.words import measures, reasons
from profitchain.words.captions import drawn_from
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.prose import first_capital, unmarked
from profitchain.words.scores import brief, in_sentence
from profitchain.words.value import beside

NO_SEGMENTS = N_(
    "No segment of company.yml stands in table `customers`, so no groups are compared."
)
MOST_LISTED = 4  # groups named in a sentence
MARKS = dict(zip(APART, ("up", "down"), strict=True))
ENDS = ("value", "low", "high")


def differences(
    fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer]
) -> list[Said | str]:
    """Return which declared groups differ beyond chance, or that none do; nothing without any."""
    heads = fair.segments[fair.segments["why"] == ""]
    labels = heads["measure"].map(_labels(by_customer))
    differ, named = heads["verdict"] == "differ", heads["segment"].map(segment_name)
    measured = labels[differ].groupby(named, sort=False)
    apart = [
        _("customers **differ by {segment}** in {measures}", segment=name, measures=listed(among))
        for name, among in measured
    ]
    alike = [name for name in dict.fromkeys(named) if name not in set(named[differ])]
    values = {"differences": first_capital(clauses(apart)), "segments": listed(alike, "or")}
    if heads.empty:
        return []
    if not apart:
        return [Said("alike", values | {"measures": listed(dict.fromkeys(labels))})]
    return [Said("some_differ" if alike else "all_differ", values)]


def kept(fair: SegmentComparison, of_all: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return which groups keep more or fewer of their customers, drawn to the mean."""
    if isinstance(of_all, NotEstimable):
        return [Said("no_retention", {"why": reasons.text(of_all)})]
    rows = fair.of("retention_rate")
    apart = rows[rows["verdict"].isin(APART)]
    if apart.empty:
        return [Said("none_apart" if len(rows) else "came_back", {"share": of_all})]
    more = max(len(apart) - MOST_LISTED, 0)
    first = apart.iloc[: MOST_LISTED // 2], apart.iloc[-MOST_LISTED // 2 :]
    shrunk = {
        group_name(row.segment, row.group): Estimate.of(row, prefix="shrunk_")
        for row in (pd.concat(first) if more else apart).itertuples()
    }
    named = [_("{name} {value}", name=name, value=number(one)) for name, one in shrunk.items()]
    ends = [
        _("{name} {value}", name=name, value=interval(one, bare=True))
        for name, one in shrunk.items()
    ]
    others = [ngettext("{n} more", "{n} more", more)] if more else []
    values = {"share": of_all, "words": listed([*named, *others]), "ends": clauses(ends)}
    return [Said("some_apart", values)]


def apart(
    fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer], *, edition: Edition
) -> list[str]:
    """Return by segment how much its groups differ in every measure, then how they scatter."""
    if fair.segments.empty:
        return [_(NO_SEGMENTS)]
    labels, sentences = _labels(by_customer), []
    for segment, heads in fair.segments.groupby("segment", sort=False):
        parts = [_difference(row, labels) for row in heads.itertuples() if not row.why]
        words = _("{differences}.", differences=first_capital(beside(*parts))) if parts else ""
        unsaid = [
            _("{measure} can't be compared: {why}", measure=first_capital(labels[row.measure]),
              why=reasons.text(row.why))
            for row in heads.itertuples() if row.why
        ]  # fmt: skip
        by = _("**By {segment}**.", segment=segment_name(segment))
        sentences.append(following(by, words, *unsaid))
    return [*sentences, _scatter(funnel_frame(fair), by_customer[0])]


def groups(
    fair: SegmentComparison, by_customer: Sequence[MeasureByCustomer], *, edition: Edition
) -> Presentation:
    """Return the groups side by side, and those that lie apart in some measure."""
    apart = with_group_names(fair.groups[fair.groups["verdict"].isin(APART)])
    names = dict.fromkeys(apart["group"])
    says = "apart" if names else "none" if fair.groups.empty else "alike"
    many = ngettext("{n} group", "{n} groups", len(names))
    rows = source(_("Orders and answers"), max((len(m.rows) for m in by_customer), default=0))
    rows, rate = drawn_from(rows, edition.stands_for), edition.assumed_margin
    if rate and any(measure.measure.id == "margin_per_customer" for measure in by_customer):
        rows += _("; margin is assumed at {share} of revenue", share=f"{rate:.0%}")
    values = {"groups": brief(listed(names), many), "source": rows, "none": _(NO_SEGMENTS)}
    units = {f"{_column_of(measure)}, raw": measure.measure.unit for measure in by_customer}
    return Presentation(groups_table(fair, by_customer), says, values, {"units": units})


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


def groups_funnel(
    fair: SegmentComparison,
    by_customer: MeasureByCustomer,
    of_all: MaybeEstimate,
    *,
    edition: Edition,
) -> Presentation:
    """Return the groups in the funnel of what chance does, and those beyond it."""
    rows = funnel_frame(fair)
    limits = funnel(by_customer, rows)
    names = with_group_names(rows[rows["verdict"].isin(APART)])["group"]
    says = "apart" if len(names) else "alike" if rows["value"].notna().any() else "none"
    note = source(_("Orders; customers active in the previous period"), of_all.n)
    values = {
        "groups": brief(listed(names), ngettext("{n} group", "{n} groups", len(names))),
        "source": drawn_from(note, edition.stands_for),
        "outside": len(outside_funnel(rows, limits)),
        "all": int(rows["value"].count()),
    }
    drawn = edition.stands_for != 1
    x = _("customers drawn of the group") if drawn else _("customers in the group")
    middle = getattr(of_all, "value", 0.0)
    return Presentation(rows, says, values, {"limits": limits, "middle": middle, "x_label": x})


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


def _scatter(groups: pd.DataFrame, by_customer: MeasureByCustomer) -> str:
    """Return how many groups lie outside the funnel, and how widely they scatter."""
    phi = over_dispersion(groups, by_customer)
    if phi != phi:
        return _("How widely groups scatter in the funnel can't be said: too few to say.")
    limits = funnel(by_customer, groups)
    counts = {"outside": len(outside_funnel(groups, limits)), "all": len(groups)}
    wide = N_(
        "{outside} of {all} groups lie outside the 95% limits; chance puts one in twenty there. "
        "Groups scatter more than by chance (over-dispersion {phi}; chance: 1)."
    )
    usual = N_(
        "{outside} of {all} groups lie outside the 95% limits; chance puts one in twenty there. "
        "Groups scatter no more than by chance (over-dispersion {phi}; chance: 1)."
    )
    is_wide = phi > 1 + 2 * (2 / len(groups)) ** 0.5
    return _(wide if is_wide else usual, phi=digits(phi, 2), **counts)


def _difference(row: Any, labels: Mapping[str, str]) -> str:
    """Return how much the groups of one segment differ in one measure."""
    words = {"measure": labels[row.measure], "p": p_words(row.p_adjusted)}
    if row.verdict == ALIKE:
        return _("{measure}: no clear difference ({p})", **words)
    unit, scale = ("percentage points", 100) if row.unit == "share" else (row.unit, 1)
    spread = plain(row.tau * scale, unit)
    return _("{measure}: they differ ({p}), by {spread}", spread=spread, **words)


def _labels(by_customer: Sequence[MeasureByCustomer]) -> dict[str, str]:
    return {entry.measure.id: in_sentence(measures.label(entry.measure)) for entry in by_customer}


def _with_segment(rows: pd.DataFrame) -> pd.Series:
    """Return each group after its segment, as findings name it."""
    return rows["segment"].astype(str) + ": " + rows["group"].astype(str)


def _column_of(measure: MeasureByCustomer) -> str:
    """Return the name of a measure's columns in `groups_table`."""
    return measure.measure.id.removesuffix("_per_customer").removeprefix("latest_")
