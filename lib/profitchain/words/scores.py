"""The sentences on satisfaction and loyalty that depend on what the numbers say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import TOO_FEW, as_difference, digits, interval, number, period_short
from profitchain.core.i18n import N_, SOURCE, _, length, spoken
from profitchain.core.periods import Period
from profitchain.sources.company import Question
from profitchain.stats.comparisons import Measure, MeasureSeries
from profitchain.stats.ratios import said_frame
from profitchain.words import reasons
from profitchain.words.measures import definition
from profitchain.words.measures import label as label_of
from profitchain.words.prose import (
    On,
    Prose,
    change_message,
    change_on,
    change_words,
    clauses,
    how,
    listed,
    note,
    period_word,
    sentence,
)
from profitchain.words.reasons import in_words

DIFFERENT = (N_("above the rest"), N_("below the rest"))
COMPLEMENTS = ("churn_rate", "new_revenue_share")  # what another share leaves: no news of its own
_BEFORE = {
    "month": N_("the month before"),
    "quarter": N_("the quarter before"),
    "year": N_("the same period a year before"),
}
LONGEST_MESSAGE = 15  # words, as `exhibits` allows


def trend_description(label: str, trend: pd.DataFrame, unit: str) -> str:
    """Return a trend for those who can't see it: its first and last value, its extremes."""
    known = trend.dropna(subset=["value"])
    if known.empty:
        return _("{label}: no period with enough to say.", label=label)
    places = {
        "first": known.iloc[0],
        "last": known.iloc[-1],
        "lowest": known.loc[known["value"].idxmin()],
        "highest": known.loc[known["value"].idxmax()],
    }
    ends = {
        name: _("{figure} in {period}", figure=_bare(row, unit), period=period_short(row["period"]))
        for name, row in places.items()
    }
    return _(
        "{label} went from {first} to {last}; lowest {lowest}, highest {highest}.",
        label=label,
        **ends,
    )


def score_sentence(story: MeasureSeries, period: Period) -> str:
    """Return a measure's figure and the verdicts on its two changes, as a page's first answer."""
    told = {"label": label_of(story.measure), "now": story.now, "period": period}
    if isinstance(story.now, NotEstimable):
        return _("{label} can't be said: {why}", label=told["label"], why=reasons.text(story.now))
    changes = _changes(story, period)
    if not changes:
        return sentence(
            "{label} stood at **{now:number}** in {period:short} ({now:evidence}), with nothing "
            "before to compare.",
            **told,
        )
    verdicts = clauses((_moved(on, change) for on, change in changes.items()), "，")
    if len(changes) == 2 and all(said.spans_zero for said in changes.values()):
        verdicts = _("no clear change on the {part} or the year", part=period_word(period))
    return sentence(
        "{label} stood at **{now:number}** in {period:short} ({now:evidence}): {verdicts}.",
        verdicts=verdicts,
        **told,
    )


def _moved(on: On, change: Estimate) -> str:
    """Return a verdict and what it is on, set bold where there was a move."""
    told = change_on(change, on)
    return told if change.spans_zero else f"**{told}**"


def changes_sentence(story: MeasureSeries, period: Period) -> str:
    """Return by how much a measure moved, with intervals; "" where nothing can be compared."""
    told = [
        _(
            "{size} against {when} ({level} interval {ends})",
            size=number(said, difference=True, sign=True),
            when=_(_BEFORE[on]),
            level=f"{said.level:.0%}",
            ends=interval(said, difference=True, bare=True),
        )
        for on, said in _changes(story, period).items()
    ]
    return _("The estimated change is {changes}.", changes=clauses(told, "，")) if told else ""


def moves_sentence(stories: Sequence[MeasureSeries], period: Period) -> str:
    """Return which of several measures moved on the previous period; "" where there are none."""
    stories = [story for story in stories if story.measure.id not in COMPLEMENTS]
    known = [story for story in stories if isinstance(story.change, Estimate)]
    if not known:
        return _("No measure can be compared with the period before.") if stories else ""
    moved = [story for story in known if not story.change.spans_zero]
    named = [named_change(label_of(story.measure), change_words(story.change)) for story in moved]
    measures = clauses(named, "，")
    every, rest = {"part": period_word(period), "total": len(known)}, len(known) - len(moved)
    if not named:
        return _("No clear change on the {part} in any of {total} further measures.", **every)
    if not rest:
        return _("Clearly moved on the {part}: {measures}.", measures=measures, **every)
    return _(
        "Clearly moved on the {part}: {measures}; no clear change in {rest} of {total} further "
        "measures.",
        measures=measures,
        rest=rest,
        **every,
    )


def named_change(label: str, change: str) -> str:
    """Return a measure's change with its name before it, as a list in a sentence has it."""
    return _("{label} {change}", label=in_sentence(label), change=change)


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence, in English without its capital.

    Examples
    --------
    >>> in_sentence("Delivery, mean"), in_sentence("NPS")
    ('delivery (mean)', 'NPS')
    """
    if spoken() != SOURCE:
        return label
    label = re.sub(r", ([^,]+)$", r" (\1)", label)
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def scores_table(scores: Iterable[tuple[Measure, MaybeEstimate]]) -> pd.DataFrame:
    """Return scores in rows: measure, definition, value, low, high, n, why, unit."""
    measures, estimates = zip(*scores, strict=True)
    words = {"measure": map(label_of, measures), "definition": map(definition, measures)}
    frame = said_frame(estimates, **{name: list(texts) for name, texts in words.items()})
    return frame.assign(unit=[measure.unit for measure in measures])


def changes_table(stories: Iterable[MeasureSeries], period: Period) -> pd.DataFrame:
    """Return measures in rows: the figure, its changes on the period before and on the year.

    Differences of shares are in percentage points. Each figure has the columns value, low, high,
    unit, why and verdict under its prefix, so that the table shows them as one.
    """
    rows = [
        {
            "measure": label_of(story.measure),
            **_cell("now_", story.now),
            **_change_cell(f"change_on_the_{period.every}_", story.change),
            **_change_cell("change_on_the_year_", story.change_on_year),
            "n": story.now.n,
        }
        for story in stories
    ]
    return pd.DataFrame(rows)


def groups_message(shares: pd.DataFrame, period: Period) -> str:
    """Return the best and the worst group's share in a period."""
    now = shares[shares["period"] == str(period)].dropna(subset=["value"])
    if now.empty:
        return _("Too few answers to show the groups")
    worst, best = (
        _("{share} {group}", share=percent(row["value"]), group=_(row["group"].replace("_", " ")))
        for row in (now.iloc[0], now.iloc[-1])
    )
    return _("{best}, {worst}", best=best, worst=worst)


def segments_message(label: str, groups: pd.DataFrame) -> str:
    """Return which groups differ from the rest, or that none can be told apart."""
    label = _(label)
    shown = groups[groups["verdict"] != ""]
    if len(shown) < 2:
        few = _("{label}: too few groups to compare", label=label)
        return brief(few, _("Too few groups to compare"))
    apart = shown[shown["verdict"].isin(DIFFERENT)]
    if apart.empty:
        none = _("{label}: no group can be told from the rest", label=label)
        return brief(none, _("No group can be told from the rest"))
    sides = [
        _("{groups} {verdict}", groups=listed(map(_, names)), verdict=_(verdict))
        for verdict in DIFFERENT
        if len(names := apart.loc[apart["verdict"] == verdict, "group"])
    ]
    told = _("{above}, {below}", above=sides[0], below=sides[1]) if len(sides) == 2 else sides[0]
    counts = {"count": len(apart), "total": len(shown)}
    otherwise = _("{count} of {total} groups differ from the rest", **counts)
    return brief(_("{label}: {differences}", label=label, differences=told), otherwise)


def brief(message: str, otherwise: str) -> str:
    """Return a message if a reader can take it in, else another: names can be long."""
    return message if length(message) <= LONGEST_MESSAGE else otherwise


def totals_sentence(totals: dict[str, MaybeEstimate], period: Period) -> str:
    """Return what was bought in a period, counted in full."""
    return sentence(
        "In {period}, {active:number} placed {orders:number} worth {revenue:number}.",
        period=period,
        active=totals["active_customers"],
        orders=totals["orders"],
        revenue=totals["revenue"],
    )


def cohorts_message(cohorts: pd.DataFrame, period: Period) -> str:
    """Return how many of all new customers bought in the period after their first."""
    following = cohorts[cohorts["offset"] == 1].dropna(subset=["value"])
    if following.empty:
        return _("Too few new customers to follow")
    share = np.average(following["value"], weights=following["customers"])
    told = {"share": percent(share), "part": period_word(period)}
    return _("{share} of new customers bought in the next {part}", **told)


def cohorts_source(cohorts: pd.DataFrame) -> str:
    """Return the source note of the cohorts, with how far chance alone moves a cell."""
    if cohorts.empty:
        return _("Orders")
    half = (cohorts["high"] - cohorts["low"]).max() / 2
    firsts = cohorts.drop_duplicates("cohort")["customers"].sum()
    return _(
        "Orders, n = {n} new customers; each cell's 95% interval reaches at most {half} percentage "
        "points to either side and stands in the CSV",
        n=digits(firsts, 0),
        half=f"{100 * half:.1f}",
    )


def again_message(again: MaybeEstimate, days: int) -> str:
    """Return the share of customers who order again within so many days."""
    return sentence(
        "{again:number} ordered again within {days} days",
        otherwise="How soon customers order again: too few to say",
        again=again,
        days=days,
    )


def spread(rows: pd.DataFrame) -> str:
    """Return the smallest and largest value of some rows for those who can't see them."""
    known = in_words(rows.dropna(subset=["value"]))
    if known.empty:
        return _("Too few to show any.")
    low, high = known.loc[known["value"].idxmin()], known.loc[known["value"].idxmax()]
    return _(
        "Lowest: {lowest}, {low}; highest: {highest}, {high}.",
        lowest=_(str(low.iloc[0])),
        low=f"{low['value']:.3g}",
        highest=_(str(high.iloc[0])),
        high=f"{high['value']:.3g}",
    )


def definitions(questions: Iterable[Question]) -> Prose:
    """Return each question's definition in words."""
    return note(*dict.fromkeys(how(question) for question in questions))


def measure_definitions(stories: Iterable[MeasureSeries]) -> Prose:
    """Return each measure's definition in words."""
    measures = [story.measure for story in stories]
    words = [{"label": label_of(measure), "meaning": definition(measure)} for measure in measures]
    return note(*[_("**{label}**: {meaning}.", **told) for told in words])


def change_title(story: MeasureSeries, period: Period) -> str:
    """Return an exhibit's message on a measure's change."""
    label, told = label_of(story.measure), {"change": story.change, "period": period}
    is_first = isinstance(story.change, Estimate) and not story.change.spans_zero
    label = label if is_first else in_sentence(label)
    short = _("The score") if is_first else _("the score")
    return brief(change_message(label, **told), change_message(short, **told))


def _changes(story: MeasureSeries, period: Period) -> dict[str, Estimate]:
    """Return the changes that can be said, by what they are on; the one on the year is last."""
    said = {period.every: story.change, "year": story.change_on_year}
    return {on: change for on, change in said.items() if isinstance(change, Estimate)}


def _change_cell(prefix: str, change: MaybeEstimate) -> dict[str, object]:
    cell = _cell(prefix, as_difference(change))
    if isinstance(change, NotEstimable) and not change.n:
        cell[f"{prefix}why"] = _("nothing to compare with")
    return cell | {f"{prefix}verdict": _verdict(change)}


def _cell(prefix: str, said: MaybeEstimate) -> dict[str, object]:
    """Return a figure as columns: value, low, high (NaN where unsaid), unit, why."""
    parts = ("value", "low", "high")
    numbers = {part: getattr(said, part, np.nan) for part in parts}
    told = numbers | {"unit": getattr(said, "unit", ""), "why": getattr(said, "why", "")}
    return {f"{prefix}{name}": item for name, item in told.items()}


def _bare(row: pd.Series, unit: str) -> str:
    said = Estimate(
        value=row["value"], low=row["low"], high=row["high"], n=int(row["n"]), unit=unit
    )
    return number(said)


def percent(share: float) -> str:
    """Return a share as a message says it: whole percents where there are ten."""
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _verdict(change: MaybeEstimate) -> str:
    return TOO_FEW if isinstance(change, NotEstimable) else change.verdict
